#include "history.h"

#include "chart.h"
#include "integers.h"
#include "memory.h"

void history_init(History *h, int epochs, int batches) {
    *h = (History){.batches = batches,
                   .parts = min_int(batches, HISTORY_POINTS)};
    h->loss = mem_alloc((size_t)(epochs * HISTORY_POINTS), sizeof *h->loss);
    h->error = mem_alloc((size_t)epochs, sizeof *h->error);
}

void history_free(History *h) {
    mem_free(h->loss);
    mem_free(h->error);
    *h = (History){0};
}

void history_batch(History *h, float loss) {
    h->loss_sum += loss;
    h->loss_count++;
    h->batch++;
    if (h->batch * h->parts / h->batches > h->points) {
        h->loss[h->points++] = h->loss_sum / (float)h->loss_count;
        h->loss_sum = 0.0f;
        h->loss_count = 0;
    }
}

void history_epoch(History *h, float error) {
    h->error[h->epochs++] = error;
}

void history_checkpoint(History *h, Checkpoint *c, int epochs) {
    checkpoint_item(c, "history.points", &h->points, sizeof h->points);
    checkpoint_item(c, "history.epochs", &h->epochs, sizeof h->epochs);
    checkpoint_item(c, "history.batch", &h->batch, sizeof h->batch);
    checkpoint_item(c, "history.loss", h->loss,
                    (size_t)(epochs * HISTORY_POINTS) * sizeof *h->loss);
    checkpoint_item(c, "history.error", h->error,
                    (size_t)epochs * sizeof *h->error);
}

void history_draw(const History *h, const char *chapter, const char *name,
                  const char *title, const char *what, const char *format) {
    Chart chart;
    if (h->points == 0 || !chart_open(&chart, chapter, name, format))
        return;
    chart_size(&chart, 900, 400);
    chart_columns(&chart, "epoch,training loss");
    for (int i = 0; i < h->points; i++)
        chart_row(&chart, 2, (i + 0.5) / h->parts, (double)h->loss[i]);
    chart_break(&chart);
    chart_break(&chart);
    chart_columns(&chart, "epoch,error");
    for (int i = 0; i < h->epochs; i++)
        chart_row(&chart, 2, i + 1.0, (double)h->error[i]);
    chart_script(&chart,
                 "set multiplot layout 1,2 title '%s'\n"
                 "set xlabel 'epoch'; unset key; set xrange [0:%g]\n"
                 "set logscale y; set ylabel 'training loss'\n"
                 "plot DATA index 0 using 1:2 with lines lt 1\n"
                 "unset logscale y; set ylabel '%s (%%)'; set yrange [0:*]\n",
                 title, h->epochs * 1.08, what);
    chart_script(&chart,
                 "plot DATA index 1 using 1:2 with linespoints lt 5 pt 7%s\n"
                 "unset multiplot\n",
                 h->epochs > 10 ? ""
                                : ", '' index 1 using 1:2:(sprintf('%.2f', "
                                  "$2)) with labels offset 1.5,1");
    chart_close(&chart);
}
