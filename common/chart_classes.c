// chart_classes.c - points that are written as the name of their class.

#include <stddef.h>

#include "chart.h"
#include "error.h"

void chart_classes(Chart *chart, const float *x, const float *y, int step,
                   const int *labels, int count, int block) {
    REQUIRE(count > 0 && step > 0 && block >= 0, "%d points, step %d, block %d",
            count, step, block);
    chart_columns(chart, "x,y,class");
    for (ptrdiff_t i = 0; i < count; i++)
        chart_row(chart, 3, (double)x[i * step], (double)y[i * step],
                  (double)labels[i]);
    chart_break(chart);
    chart_break(chart);
    // ten colours of about the same darkness: as letters, all can be read
    chart_script(chart,
                 "colour(k) = int(word('29362 12351232 0 40563 13983232 "
                 "3829413 12343447 9200640 8355711 6175897', int(k) %% 10 + "
                 "1))\n"
                 "plot DATA index %d using 1:2:(sprintf('%%d', $3)):(colour($3"
                 ")) with labels textcolor rgb variable font ',9' notitle\n",
                 block);
}
