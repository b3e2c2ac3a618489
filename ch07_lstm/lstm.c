// lstm.c - an LSTM reads handwritten digits row by row (长短期记忆网络 LSTM)
//
// The net sees one row of 28 pixels at a time, from top to bottom, and never
// goes back: it must remember what the upper rows looked like. After the last
// row, a linear layer predicts the digit from the state of its 128 units. The
// same weights serve every row, so backpropagation runs backward through all
// 28 steps and adds up the gradients of each (随时间反向传播 BPTT).
//
//     layer   output shape     weights
//     input   [28 steps, 28]
//     lstm    [28 steps, 128]  4 * 128 * (28 + 128 + 1 + 1) = 80,896
//     fc      [10]             10 * (128 + 1)               =  1,290
//                                                             82,186
//
// A's exercise 5 asks for a deep recurrent net on MNIST. This one is deep in
// time: one layer, 28 steps. lstm_cell.c has the equations,
// common/recurrent_ref.c their backward pass, common/recurrent.c the fast form.
//
// Source: A, exercise 5; C, LSTM.
// Run: make lstm && ./lstm   (make mnist fetches the real digits)
// Ends with: result: test_accuracy=0.99.. test_loss=0.02.. epochs=5 ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 figure  6 main

#include <math.h>
#include <stdio.h>

#include "checkpoint.h"
#include "cli.h"
#include "data.h"
#include "diagnosis.h"
#include "figure.h"
#include "history.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "recurrent.h"
#include "run.h"
#include "safetensors.h"

// ---- 1. Model ---------------------------------------------------------------

typedef struct {
    // set by lstm_init: slices of two flat arrays, params.value and .grad
    Params params;
    CellWeights lstm_w, dlstm_w;
    Tensor fc_w, fc_b, dfc_w, dfc_b;
    // written by forward, read by backward
    Tensor steps;   // [28, N, 28], the rows of N pictures
    Recurrent lstm; // all its states and gates
    Tensor logits;  // [N, 10]
    // gradients of these
    Tensor dlast, dlogits;
} Lstm;

enum { STEPS = 28, PIXELS = 28 }; // a picture's rows, and the pixels of one

static void lstm_init(Lstm *net, int hidden, int classes, Rng *rng) {
    *net = (Lstm){.lstm = {.kind = LSTM}};
    const int rows = 4 * hidden;
    CellWeights *w = &net->lstm_w, *dw = &net->dlstm_w;
    const ParamSpec table[] = {
        // name, value, gradient, shape
        {"lstm.weight_ih_l0", &w->wx, &dw->wx, {rows, PIXELS}},
        {"lstm.weight_hh_l0", &w->wh, &dw->wh, {rows, hidden}},
        {"lstm.bias_ih_l0", &w->bx, &dw->bx, {rows}},
        {"lstm.bias_hh_l0", &w->bh, &dw->bh, {rows}},
        {"fc.weight", &net->fc_w, &net->dfc_w, {classes, hidden}},
        {"fc.bias", &net->fc_b, &net->dfc_b, {classes}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
    cell_init(w, rng);
}

static void lstm_free(Lstm *net) {
    tensor_free(&net->steps);
    tensor_free(&net->logits);
    tensor_free(&net->dlast);
    tensor_free(&net->dlogits);
    recurrent_free(&net->lstm);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

// x [N, 1, 28, 28] -> logits [N, 10], from the state after the last row.
static void lstm_forward(Lstm *net, const Tensor *x) {
    steps_first(&net->steps, x);
    recurrent_forward(&net->lstm, &net->steps, &net->lstm_w);
    Tensor last = recurrent_state(&net->lstm, STEPS);
    linear_forward(&net->logits, &last, &net->fc_w, &net->fc_b);
}

// dlogits -> the gradients of all weights: the same lines, from the last to the
// first. The pictures need no gradient.
static void lstm_backward(Lstm *net) {
    Tensor last = recurrent_state(&net->lstm, STEPS);
    linear_backward(&net->dlast, &net->dfc_w, &net->dfc_b, &net->dlogits, &last,
                    &net->fc_w);
    recurrent_backward(&net->lstm, NULL, &net->dlstm_w, &net->dlast,
                       &net->steps, &net->lstm_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

typedef struct {
    Confusion confusion;
    double loss; // mean cross entropy
} Evaluation;

static Evaluation evaluate(Lstm *net, const Dataset *set) {
    Evaluation e = {.confusion = {.classes = set->classes}};
    Batches batches;
    batches_init(&batches, set, 256);
    while (batches_next(&batches)) {
        lstm_forward(net, &batches.x);
        confusion_add(&e.confusion, &net->logits, batches.labels);
        float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        e.loss += (double)loss * batches.x.shape[0] / set->count;
    }
    batches_free(&batches);
    e.loss = finished(e.loss);
    return e;
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, hidden;
    float lr, clip;
    const char *data;
} Options;

// A's exercise 5: a recurrent net, trained and tested on MNIST.
static Evaluation train(Lstm *net, const Digits *digits, const Options *o,
                        History *history, Checkpoint *checkpoint, Rng *rng) {
    Evaluation e = {.loss = (double)NAN}; // of the last complete epoch
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, &digits->train, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    history_init(history, o->epochs, batches.count);
    long steps = (long)o->epochs * batches.count;
    checkpoint_model(checkpoint, &net->params, &adam, rng);
    history_checkpoint(history, checkpoint, o->epochs);
    checkpoint_item(checkpoint, "evaluation", &e, sizeof e);
    checkpoint_start(checkpoint);

    for (int epoch = history->epochs + 1;
         epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            lstm_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            lstm_backward(net);
            params_clip_grad_norm(&net->params, o->clip);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
            history_batch(history, loss);
        }
        float loss = progress_mean_loss(&progress);
        Evaluation now = evaluate(net, &digits->test);
        if (stop_requested())
            break; // in the middle of this epoch
        e = now;
        double accuracy = confusion_accuracy(&e.confusion);
        history_epoch(history, (float)(100.0 - 100.0 * accuracy));
        if (!o->common.quiet)
            printf("epoch %d/%d  training loss %.4f  test loss %.4f  "
                   "test accuracy %.2f %%\n",
                   epoch, o->epochs, (double)loss, e.loss, 100.0 * accuracy);
        checkpoint_save(checkpoint);
    }
    diagnose(&progress, digits->train.classes, NULL, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
    return e;
}

// ---- 5. The figure ----------------------------------------------------------

// belief [28, classes]: the net's prediction if each row were the last.
static void read_slowly(Lstm *net, const Dataset *set, int index,
                        Tensor *belief) {
    float rows[STEPS * PIXELS];
    for (int i = 0; i < STEPS * PIXELS; i++)
        rows[i] = (float)set->pixels[index * STEPS * PIXELS + i] / 255.0f;
    Tensor x = tensor_view(rows, 4, 1, 1, STEPS, PIXELS);
    lstm_forward(net, &x);
    Tensor states = recurrent_states(&net->lstm); // [28, 1, hidden]
    linear_forward(belief, &states, &net->fc_w, &net->fc_b);
    softmax_forward(belief, belief);
}

// The row from which on the prediction is the last one's, from 1.
static int settled(const Tensor *belief, int classes) {
    int t = STEPS - 1, answer = argmax(belief->data + t * classes, classes);
    while (t > 0 && argmax(belief->data + (t - 1) * classes, classes) == answer)
        t--;
    return t + 1;
}

// The digit, and beside each of its rows the prediction after it.
static void draw_digit(Figure *f, const uint8_t *pixels, const Tensor *belief,
                       int classes) {
    int row = settled(belief, classes);
    figure_panel(f, "");
    figure_table(f, "x,row,ink");
    for (int p = 0; p < STEPS * PIXELS; p++)
        figure_row(f, p % PIXELS + 1, p / PIXELS + 1, pixels[p] / 255.0);
    figure_panel_size(f, 224, 224);
    figure_tick(f, 'x', 1, "");
    figure_y(f, "row");
    figure_range(f, 'y', STEPS + 0.5, 0.5);
    figure_heat(f, 1, 2, 3, HEAT_INK, 0.0, 1.0);
    figure_horizontal(f, row - 0.5, "");

    figure_panel(f, "%d, from row %d on",
                 argmax(belief->data + (STEPS - 1) * classes, classes), row);
    figure_table(f, "digit,row,probability");
    for (int p = 0; p < STEPS * classes; p++)
        figure_row(f, p % classes, p / classes + 1, belief->data[p]);
    figure_panel_size(f, 180, 224);
    figure_x(f, "predicted digit");
    figure_step(f, 'x', 1.0);
    figure_tick(f, 'y', 1, "");
    figure_range(f, 'y', STEPS + 0.5, 0.5);
    figure_heat(f, 1, 2, 3, HEAT_BLUES, 0.0, 1.0);
    figure_horizontal(f, row - 0.5, "");
}

enum { SHOWN = 4 };

// The first test digits.
static void draw_reading(Lstm *net, const Dataset *set, const char *data,
                         const char *format) {
    Figure f;
    Tensor belief = {0};
    int first = STEPS, last = 1;
    if (set->count < SHOWN || !figure_open(&f, "ch07", "lstm_reading", format))
        return;
    figure_grid(&f, 4);
    for (int i = 0; i < SHOWN; i++) {
        read_slowly(net, set, i, &belief);
        draw_digit(&f, set->pixels + i * STEPS * PIXELS, &belief, set->classes);
        int row = settled(&belief, set->classes);
        first = row < first ? row : first;
        last = row > last ? row : last;
    }
    figure_title(&f,
                 "LSTM on %s: four answers, settled after %d to %d of %d rows",
                 data, first, last, STEPS);
    figure_caption(
        &f,
        "Beside each row of a digit, the net's prediction after reading that "
        "far, darker where it is surer; below the line it no longer changes.");
    figure_close(&f);
    tensor_free(&belief);
}

// ---- 6. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_int("hidden", &o->hidden, 1, 2048, "units of the LSTM"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_float("clip", &o->clip, 1e-6, 1e9,
                     "longest gradient that is left as it is"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
    };
    cli_parse(&o->common, "lstm",
              "An LSTM reads handwritten digits row by row, from top to "
              "bottom, and reports its accuracy.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    RunFiles files = {0};
    Options o = {.common = {.seed = 1, .files = &files},
                 .epochs = 5,
                 .batch = 64,
                 .hidden = 128,
                 .lr = 5e-3f,
                 .clip = 1.0f};
    parse(&o, argc, argv);

    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);

    Rng rng;
    Lstm net;
    rng_seed(&rng, o.common.seed);
    lstm_init(&net, o.hidden, digits.train.classes, &rng);
    if (files.load != NULL && !safetensors_load(files.load, &net.params, &err))
        die("%s", err.message);

    Checkpoint checkpoint;
    if (!checkpoint_init(&checkpoint, files.checkpoint, files.resume,
                         o.common.settings, digits.train.pixels,
                         dataset_bytes(&digits.train), &err))
        die("%s", err.message);

    double start = seconds_now();
    History history = {0};
    Evaluation e = files.trains
                       ? train(&net, &digits, &o, &history, &checkpoint, &rng)
                       : evaluate(&net, &digits.test);
    double seconds = seconds_now() - start;

    if (!o.common.quiet && !stop_requested())
        confusion_print(&e.confusion);
    if (files.save != NULL && !safetensors_save(files.save, &net.params, &err))
        run_error("%s", err.message);
    const char *data = digits_name(&digits);
    history_draw(&history, "ch07", "lstm_curves", "LSTM", data, "test error",
                 o.common.plot);
    confusion_draw(&e.confusion, "ch07", "lstm_confusion", "LSTM", data,
                   o.common.plot);
    draw_reading(&net, &digits.test, data, o.common.plot);

    double accuracy =
        isnan(e.loss) ? (double)NAN : confusion_accuracy(&e.confusion);
    run_result("test_accuracy=%.4f test_loss=%.4f epochs=%d seconds=%.1f "
               "seed=%llu data=%s",
               accuracy, e.loss, history.epochs, seconds,
               (unsigned long long)o.common.seed, digits_name(&digits));
    history_free(&history);
    checkpoint_free(&checkpoint);
    lstm_free(&net);
    digits_free(&digits);
    return run_end();
}
