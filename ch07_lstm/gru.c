// gru.c - a GRU beside an RNN and an LSTM on MNIST, row by row (门控循环单元
// GRU)
//
// An LSTM has three gates and keeps a second state, c. A GRU makes do with two
// gates and h alone: z says how much of the old state stays, and what it gives
// up is filled with the new; r says how much of the old the new may see. That
// is three quarters of an LSTM's weights, for about the same accuracy.
//
//     cell   weights of 28 inputs, 128 units, and 10 answers
//     RNN    1 * 128 * (28 + 128 + 1 + 1) + 10 * (128 + 1) = 21,514
//     GRU    3 * 128 * (28 + 128 + 1 + 1) + 10 * (128 + 1) = 61,962
//     LSTM   4 * 128 * (28 + 128 + 1 + 1) + 10 * (128 + 1) = 82,186
//
// D says that a GRU, unlike an RNN, shares one weight matrix across time steps.
// All three do; what distinguishes the GRU are its gates. Each is trained for
// only 3 epochs (lstm: 5).
//
// Source: D names the GRU and prints no formula; formulas: Cho et al. 2014.
// Run: make gru && ./gru   (make mnist first)
// Ends with: result: rnn=0.96.. gru=0.98.. lstm=0.98.. rnn_seconds=... ...
//
// Contents: 1 the cell  2 evaluation  3 training  4 table  5 figure  6 main

#include <math.h>
#include <stdio.h>

#include "checkpoint.h"
#include "cli.h"
#include "data.h"
#include "diagnosis.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "recurrent_net.h"
#include "run.h"

// ---- 1. The cell ------------------------------------------------------------

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

// One row of a product and its bias: wx x + bx, or wh h + bh.
static double sum(const Tensor *w, const Tensor *b, int row, const float *x) {
    double a = (double)b->data[row];
    for (int d = 0; d < w->shape[1]; d++)
        a += (double)(w->data[row * w->shape[1] + d] * x[d]);
    return a;
}

// One step of one sequence: h [H] from before [H] and x [D]. The gates' rows
// lie one below the other, r z n. The library does this for all steps of a
// batch.
static void gru_step(float *h, const float *before, const float *x,
                     const CellWeights *w) {
    const int H = w->wh.shape[1];
    for (int j = 0; j < H; j++) {
        // [Cho 2014 gates] r, z = sigmoid(Wx x_t + bx + Wh h_{t-1} + bh)
        double r =
            sigmoid(sum(&w->wx, &w->bx, j, x) + sum(&w->wh, &w->bh, j, before));
        double z = sigmoid(sum(&w->wx, &w->bx, j + H, x) +
                           sum(&w->wh, &w->bh, j + H, before));
        // [Cho 2014 new] n = tanh(Wx x_t + bx + r * (Wh h_{t-1} + bh))
        double n = tanh(sum(&w->wx, &w->bx, j + 2 * H, x) +
                        r * sum(&w->wh, &w->bh, j + 2 * H, before));
        // [Cho 2014 state] h_t = (1 - z) * n + z * h_{t-1}
        h[j] = (float)((1.0 - z) * n + z * (double)before[j]);
    }
}

// A picture through the net by gru_step, against the library's last state: the
// largest difference. x [28, N, 28] is the library's input.
static double difference(const RecurrentNet *net, const Tensor *x) {
    const int T = x->shape[0], N = x->shape[1], D = x->shape[2];
    Tensor last = recurrent_state(&net->cell, T), h = {0};
    tensor_resize(&h, 2, 2, last.shape[1]); // of this step and of the other
    tensor_fill(&h, 0.0f);
    for (int t = 0; t < T; t++) // picture 0
        gru_step(h.data + (t + 1) % 2 * h.shape[1], h.data + t % 2 * h.shape[1],
                 x->data + t * N * D, &net->cell_w);
    double most = 0.0;
    for (int j = 0; j < h.shape[1]; j++)
        most =
            fmax(most,
                 fabs((double)(h.data[T % 2 * h.shape[1] + j] - last.data[j])));
    tensor_free(&h);
    return most;
}

// ---- 2. Evaluation ----------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, hidden;
    float lr, clip;
    const char *data, *checkpoint, *resume;
} Options;

enum { CELLS = 3, MAX_EPOCHS = 100 };
static const CellKind cells[CELLS] = {RNN, GRU, LSTM};

typedef struct {
    int weights, epochs;
    double seconds;           // of training
    double error[MAX_EPOCHS]; // on the test digits, after each epoch, in %
    double difference;        // to gru_step, for the GRU
} Outcome;

// The error rate on the test digits, in per cent.
static double evaluate(RecurrentNet *net, const Dataset *set, Tensor *x) {
    Confusion confusion = {.classes = 10};
    Batches batches;
    batches_init(&batches, set, 256);
    while (batches_next(&batches)) {
        steps_first(x, &batches.x);
        recurrent_net_forward(net, x, LAST_STATE);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// ---- 3. Training ------------------------------------------------------------

// At the rate at which the gates learn best, the plain RNN gets worse.
static float peak_of(CellKind kind, const Options *o) {
    return kind == RNN ? o->lr / 2.0f : o->lr;
}

// r: of this cell, from a run that is resumed or all zero.
static void train(Outcome *r, CellKind kind, const Digits *digits,
                  const Options *o, Checkpoint *checkpoint) {
    Rng rng;
    RecurrentNet net;
    Tensor x = {0}; // [28, N, 28]
    Batches batches;
    Progress progress;
    Optimizer adam;
    rng_seed(&rng, o->common.seed);
    recurrent_net_init(&net, kind, digits->train.cols, o->hidden, 10, &rng);
    batches_init(&batches, &digits->train, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    long steps = (long)o->epochs * batches.count;
    r->weights = (int)net.params.value.size;
    checkpoint_model(checkpoint, &net.params, &adam, &rng);
    if (r->epochs > 0) // the checkpoint is of this cell
        checkpoint_start(checkpoint);

    for (int epoch = r->epochs + 1; epoch <= o->epochs && !stop_requested();
         epoch++) {
        double start = seconds_now();
        progress_epoch(&progress, epoch);
        batches_start(&batches, &rng);
        while (batches_next(&batches)) {
            steps_first(&x, &batches.x);
            recurrent_net_forward(&net, &x, LAST_STATE);
            float loss = softmax_cross_entropy(&net.dlogits, &net.logits,
                                               batches.labels);
            recurrent_net_backward(&net, &x);
            params_clip_grad_norm(&net.params, o->clip);
            adam.lr = one_cycle(adam.step, steps, peak_of(kind, o));
            optimizer_step(&adam, &net.params.value, &net.params.grad);
            progress_batch(&progress, loss);
        }
        double seconds = seconds_now() - start;
        float loss = progress_mean_loss(&progress);
        double error = evaluate(&net, &digits->test, &x);
        if (stop_requested())
            break; // in the middle of this epoch
        r->seconds += seconds;
        r->error[r->epochs++] = error;
        if (kind == GRU)
            r->difference = difference(&net, &x);
        checkpoint_save(checkpoint);
        if (!o->common.quiet)
            printf(
                "%-4s  epoch %d/%d  training loss %.4f  test error %.2f %%\n",
                cell_name(kind), epoch, o->epochs, (double)loss,
                r->error[epoch - 1]);
    }
    diagnose(&progress, 10, NULL, o->lr);
    tensor_free(&x);
    optimizer_free(&adam);
    batches_free(&batches);
    recurrent_net_free(&net);
}

// ---- 4. The table -----------------------------------------------------------

// NaN if a stop came before the last epoch.
static double final_error(const Outcome *r, const Options *o) {
    return r->epochs == o->epochs ? r->error[o->epochs - 1] : (double)NAN;
}

static void print_outcomes(const Outcome outcomes[CELLS], int steps) {
    printf("\n  cell  weights  a set for each step  seconds  test accuracy\n");
    for (int i = 0; i < CELLS; i++)
        printf("  %-4s  %7d  %19d  %7.1f  %11.2f %%\n", cell_name(cells[i]),
               outcomes[i].weights, outcomes[i].weights * steps,
               outcomes[i].seconds,
               100.0 - outcomes[i].error[outcomes[i].epochs - 1]);
    printf(
        "\nAll three use one set of weights at all %d steps; the third column "
        "counts a set\nfor each step. The GRU's states by its formulas and by "
        "the library differ by\n%.0e.\n\n",
        steps, outcomes[1].difference);
}

// ---- 5. The figure ----------------------------------------------------------

// A panel for each quantity, a bar for each cell.
static void draw(const Outcome outcomes[CELLS], const char *data,
                 const char *format) {
    static const struct {
        const char *title, *number;
    } panels[] = {{"Weights (thousands)", "%.1f"},
                  {"Training time (seconds)", "%.1f"},
                  {"Test error (%)", "%.2f"}};
    const Outcome *gru = &outcomes[1], *lstm = &outcomes[2];
    Figure f;
    if (!figure_open(&f, "ch07", "gru", format))
        return;
    figure_title(&f,
                 "A GRU has %.0f %% of an LSTM's weights; errors: GRU %.2f %%, "
                 "LSTM %.2f %%",
                 100.0 * gru->weights / lstm->weights,
                 gru->error[gru->epochs - 1], lstm->error[lstm->epochs - 1]);
    figure_caption(&f,
                   "RNN, GRU and LSTM with the same number of units on %s, "
                   "after epoch %d.",
                   data, gru->epochs);
    figure_table(&f, "weights,seconds,error (%)");
    for (int i = 0; i < CELLS; i++)
        figure_row(&f, outcomes[i].weights / 1000.0, outcomes[i].seconds,
                   outcomes[i].error[outcomes[i].epochs - 1]);
    for (int p = 0; p < 3; p++) {
        figure_panel(&f, "%s", panels[p].title);
        for (int i = 0; i < CELLS; i++)
            figure_tick(&f, 'x', i, "%s", cell_name(cells[i]));
        figure_bars(&f, p + 1, panels[p].number, "%s", "");
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, MAX_EPOCHS,
                   "passes over the digits, for each cell"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_int("hidden", &o->hidden, 1, 2048, "units of each cell"),
        option_float("lr", &o->lr, 1e-9, 10.0,
                     "peak learning rate (half of it for the RNN)"),
        option_float("clip", &o->clip, 1e-6, 1e9,
                     "longest gradient that is left as it is"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
        option_output("checkpoint", &o->checkpoint,
                      "write the state of the run there after each epoch"),
        option_input("resume", &o->resume, "continue from this checkpoint"),
    };
    cli_parse(&o->common, "gru",
              "A GRU reads handwritten digits row by row, beside an RNN and an "
              "LSTM: weights, time and accuracy of each.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 3,
                 .batch = 64,
                 .hidden = 128,
                 .lr = 5e-3f,
                 .clip = 1.0f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);

    Outcome outcomes[CELLS] = {{0}};
    Checkpoint checkpoint;
    if (!checkpoint_init(&checkpoint, o.checkpoint, o.resume, o.common.settings,
                         digits.train.pixels, dataset_bytes(&digits.train),
                         &err))
        die("%s", err.message);
    checkpoint_item(&checkpoint, "outcomes", outcomes, sizeof outcomes);
    checkpoint_start(&checkpoint);
    for (int i = 0; i < CELLS; i++)
        if (outcomes[i].epochs < o.epochs)
            train(&outcomes[i], cells[i], &digits, &o, &checkpoint);
    if (!o.common.quiet && !stop_requested())
        print_outcomes(outcomes, digits.train.rows);
    draw(outcomes, digits_name(&digits), o.common.plot);
    const double error[CELLS] = {final_error(&outcomes[0], &o),
                                 final_error(&outcomes[1], &o),
                                 final_error(&outcomes[2], &o)};
    run_result("rnn=%.4f gru=%.4f lstm=%.4f rnn_seconds=%.1f gru_seconds=%.1f "
               "lstm_seconds=%.1f difference=%.0e epochs=%d seed=%llu data=%s",
               1.0 - error[0] / 100.0, 1.0 - error[1] / 100.0,
               1.0 - error[2] / 100.0, outcomes[0].seconds, outcomes[1].seconds,
               outcomes[2].seconds,
               isnan(error[1]) ? error[1] : outcomes[1].difference, o.epochs,
               (unsigned long long)o.common.seed, digits_name(&digits));
    checkpoint_free(&checkpoint);
    digits_free(&digits);
    return run_end();
}
