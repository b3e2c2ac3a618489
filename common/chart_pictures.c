// chart_pictures.c - many small pictures on one sheet.

#include <math.h>
#include <stddef.h>

#include "chart.h"
#include "error.h"

// A picture's darkest and brightest value; a flat one gets a range of 1.
static void range_of(const float *picture, int n, float *low, float *high) {
    *low = *high = picture[0];
    for (int i = 1; i < n; i++) {
        *low = fminf(*low, picture[i]);
        *high = fmaxf(*high, picture[i]);
    }
    if (*high == *low)
        *high = *low + 1.0f;
}

// One row per pixel: x to the right, y downwards (so -y), grey from 0 to 1.
static void write_picture(Chart *chart, const float *picture, int H, int W,
                          int left, int top) {
    float low, high;
    range_of(picture, H * W, &low, &high);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) {
            double grey = (double)((picture[i * W + j] - low) / (high - low));
            chart_row(chart, 3, (double)(left + j), (double)-(top + i), grey);
        }
    chart_break(chart);
    chart_break(chart);
}

void chart_pictures(Chart *chart, const float *pictures, int count, int H,
                    int W, int columns, const char *const *captions) {
    REQUIRE(count > 0 && columns > 0, "%d pictures in %d columns", count,
            columns);
    // room between pictures, and above them for a caption
    const int apart = W + (W + 9) / 10;
    const int below = H + (captions != NULL ? H / 2 : (H + 9) / 10);
    const int rows = (count + columns - 1) / columns;
    chart_script(chart,
                 "unset border; unset tics; unset key; unset colorbox\n"
                 "unset grid; set palette gray; set size ratio -1\n"
                 "set margins 1, 1, 1, 4\n"
                 "set xrange [-1:%d]; set yrange [%d:%d]\n",
                 columns * apart, -rows * below, captions != NULL ? H / 2 : 1);
    for (int p = 0; p < count; p++) {
        int left = p % columns * apart, top = p / columns * below;
        chart_columns(chart, "x,y,grey");
        write_picture(chart, pictures + (ptrdiff_t)p * H * W, H, W, left, top);
        if (captions != NULL)
            chart_script(chart, "set label \"%s\" at %g,%g center\n",
                         captions[p], left + (W - 1) / 2.0, H * 0.2 - top);
    }
    chart_script(chart,
                 "plot for [i=0:%d] DATA index i using 1:2:3 with image\n",
                 count - 1);
}
