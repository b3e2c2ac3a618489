#include "history.h"

#include <math.h>

#include "figure.h"
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
                  const char *net, const char *data, const char *error,
                  const char *format) {
    Figure f;
    if (h->points == 0 || !figure_open(&f, chapter, name, format))
        return;
    if (h->epochs > 0)
        figure_title(&f, "%s on %s: %s %.2f %% after epoch %d", net, data,
                     error, (double)h->error[h->epochs - 1], h->epochs);
    else
        figure_title(&f, "%s on %s: the first epoch", net, data);
    figure_caption(&f, "Left, the training loss, each point the mean of a part "
                       "of an epoch; right, the error after each epoch.");

    figure_panel(&f, "Training loss");
    figure_table(&f, "epoch,training loss");
    for (int i = 0; i < h->points; i++)
        figure_row(&f, (i + 0.5) / h->parts, h->loss[i]);
    figure_x(&f, "epoch");
    figure_log(&f, 'y');
    figure_lines(&f, 1, 2, "");

    figure_panel(&f, "Error (%%)");
    figure_table(&f, "epoch,error,beside");
    for (int i = 0; i < h->epochs; i++)
        figure_row(&f, i + 1, h->error[i], i + 1 + 0.05 * h->epochs);
    figure_x(&f, "epoch");
    figure_range(&f, 'x', 0.0, h->epochs + 0.1 * (h->epochs + 1));
    figure_range(&f, 'y', 0.0, (double)NAN);
    figure_pen(&f, (Pen){.color = PEN_VERMILION, .point = POINT_DOT});
    figure_linespoints(&f, 1, 2, "");
    if (h->epochs <= 10) { // then there is room for each number
        figure_step(&f, 'x', 1.0);
        figure_values(&f, 3, 2, 2, "%.2f", 9.0);
    }
    figure_close(&f);
}
