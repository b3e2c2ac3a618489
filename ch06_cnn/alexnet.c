// alexnet.c - AlexNet's ideas, one taken out at a time (AlexNet)
//
// C names five features of AlexNet: ReLU instead of sigmoid, so that gradients
// survive in depth; dropout (C: 丢弃学习) against overfitting; overlapping
// maximum pooling (重叠的最大池化) instead of the average, which blurs; local
// response normalization (LRN, 局部正规化), which lets strong channels damp the
// others and generalizes better; and a GPU. Here a small net has the first
// four, and four nets lack one each. What this shows: without ReLU the net does
// not learn. What it cannot show: the other three change the test error by less
// than another seed does, and the net without dropout is even a little better.
//
//     layer   output shape
//     conv1   [ 8, 28, 28]   5 x 5, ReLU
//     lrn     [ 8, 28, 28]   over 5 channels
//     pool1   [ 8, 13, 13]   maximum of 3 x 3, 2 apart
//     conv2   [16, 13, 13]   5 x 5, ReLU
//     pool2   [16,  6,  6]   maximum of 3 x 3, 2 apart
//     fc1     [128]          ReLU, half of them dropped
//     fc2     [10]           softmax
//
// Source: C, AlexNet, which prints no formula; those of Krizhevsky et al. 2012.
// Run: make alexnet && ./alexnet
// Ends with: result: all=6.. sigmoid=88.. apart=6.. no_lrn=6.. ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 table  6 charts  7 main

#include <math.h>
#include <stdio.h>

#include "channels.h"
#include "cli.h"
#include "conv.h"
#include "data.h"
#include "diagnosis.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"
#include "vmath.h"

// ---- 1. Model ---------------------------------------------------------------

// Which ideas a net has.
typedef struct {
    const char *name, *key;
    bool relu, overlap, lrn, dropout;
} Ideas;

typedef struct {
    // set by net_init
    Ideas ideas;
    Params params;
    Tensor conv1_w, conv1_b, conv2_w, conv2_b, fc1_w, fc1_b, fc2_w, fc2_b;
    Tensor dconv1_w, dconv1_b, dconv2_w, dconv2_b;
    Tensor dfc1_w, dfc1_b, dfc2_w, dfc2_b;
    Conv2d conv1, conv2;
    Lrn lrn;
    // written by forward, read by backward
    Tensor conv1_y, lrn_y, lrn_scale, pool1, winner1; // [N, 8, ...]
    Tensor conv2_y, pool2, winner2;                   // [N, 16, ...]
    Tensor fc1, fc1_kept, mask;                       // [N, 128]
    Tensor logits;                                    // [N, 10]
    // gradients of these
    Tensor dconv1, dlrn, dpool1, dconv2, dpool2, dfc1, dlogits;
} Net;

// What a 2 x 2 pooling leaves of 28 x 28 is 7 x 7, one of 3 x 3 leaves 6 x 6.
static void net_init(Net *net, const Ideas *ideas, Rng *rng) {
    *net = (Net){.ideas = *ideas,
                 .conv1 = {.padding = 2},
                 .conv2 = {.padding = 2},
                 .lrn = {.size = 5, .k = 2, .alpha = 1e-4f, .beta = 0.75f}};
    int side = ideas->overlap ? 6 : 7;
    const ParamSpec table[] = {
        {"conv1.weight", &net->conv1_w, &net->dconv1_w, {8, 1, 5, 5}},
        {"conv1.bias", &net->conv1_b, &net->dconv1_b, {8}},
        {"conv2.weight", &net->conv2_w, &net->dconv2_w, {16, 8, 5, 5}},
        {"conv2.bias", &net->conv2_b, &net->dconv2_b, {16}},
        {"fc1.weight", &net->fc1_w, &net->dfc1_w, {128, 16 * side * side}},
        {"fc1.bias", &net->fc1_b, &net->dfc1_b, {128}},
        {"fc2.weight", &net->fc2_w, &net->dfc2_w, {10, 128}},
        {"fc2.bias", &net->fc2_b, &net->dfc2_b, {10}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void net_free(Net *net) {
    Tensor *all[] = {
        &net->conv1_y, &net->lrn_y,    &net->lrn_scale, &net->pool1,
        &net->winner1, &net->conv2_y,  &net->pool2,     &net->winner2,
        &net->fc1,     &net->fc1_kept, &net->mask,      &net->logits,
        &net->dconv1,  &net->dlrn,     &net->dpool1,    &net->dconv2,
        &net->dpool2,  &net->dfc1,     &net->dlogits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    conv2d_free(&net->conv1);
    conv2d_free(&net->conv2);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

// [C AlexNet ReLU] y = max(0, x)
// In place; the net without it takes y = 1 / (1 + e^-x).
static void activate(const Net *net, Tensor *y) {
    if (net->ideas.relu)
        relu_forward(y, y);
    else
        vsigmoid(y->data, y->data, y->size);
}

// dy of the output y becomes dx: y > 0 ? dy : 0, or dy y (1 - y).
static void activate_backward(const Net *net, Tensor *dy, const Tensor *y) {
    if (net->ideas.relu)
        relu_backward(dy, dy, y);
    else
        for (size_t i = 0; i < dy->size; i++)
            dy->data[i] *= y->data[i] * (1.0f - y->data[i]);
}

// [C overlapping pooling] windows of 3 × 3, 2 apart
// With a stride of 2 they overlap. The net without it: 2 × 2, stride 2.
static int window(const Net *net) {
    return net->ideas.overlap ? 3 : 2;
}

// x [N, 1, 28, 28] -> logits [N, 10]. rng draws what is dropped; NULL: nothing,
// the net is not being trained.
static void net_forward(Net *net, const Tensor *x, Rng *rng) {
    conv2d_forward(&net->conv1, &net->conv1_y, x, &net->conv1_w, &net->conv1_b);
    activate(net, &net->conv1_y);
    const Tensor *y = &net->conv1_y;
    if (net->ideas.lrn) {
        // [C LRN] y_c = x_c / (k + α Σ x_j²)^β, j near c
        lrn_forward(&net->lrn, &net->lrn_y, &net->lrn_scale, y);
        y = &net->lrn_y;
    }
    maxpool_forward(&net->pool1, &net->winner1, y, window(net), 2);
    conv2d_forward(&net->conv2, &net->conv2_y, &net->pool1, &net->conv2_w,
                   &net->conv2_b);
    activate(net, &net->conv2_y);
    maxpool_forward(&net->pool2, &net->winner2, &net->conv2_y, window(net), 2);
    linear_forward(&net->fc1, &net->pool2, &net->fc1_w, &net->fc1_b);
    activate(net, &net->fc1);
    y = &net->fc1;
    if (net->ideas.dropout && rng != NULL) {
        dropout_forward(&net->fc1_kept, &net->mask, &net->fc1, 0.5f, rng);
        y = &net->fc1_kept;
    }
    linear_forward(&net->logits, y, &net->fc2_w, &net->fc2_b);
}

// dlogits -> the gradients of all weights, after a forward pass with rng.
static void net_backward(Net *net) {
    bool drop = net->ideas.dropout;
    linear_backward(&net->dfc1, &net->dfc2_w, &net->dfc2_b, &net->dlogits,
                    drop ? &net->fc1_kept : &net->fc1, &net->fc2_w);
    if (drop)
        dropout_backward(&net->dfc1, &net->dfc1, &net->mask);
    activate_backward(net, &net->dfc1, &net->fc1);
    linear_backward(&net->dpool2, &net->dfc1_w, &net->dfc1_b, &net->dfc1,
                    &net->pool2, &net->fc1_w);
    maxpool_backward(&net->dconv2, &net->dpool2, &net->winner2, &net->conv2_y);
    activate_backward(net, &net->dconv2, &net->conv2_y);
    conv2d_backward(&net->conv2, &net->dpool1, &net->dconv2_w, &net->dconv2_b,
                    &net->dconv2, &net->conv2_w);
    maxpool_backward(&net->dconv1, &net->dpool1, &net->winner1,
                     net->ideas.lrn ? &net->lrn_y : &net->conv1_y);
    if (net->ideas.lrn)
        lrn_backward(&net->lrn, &net->dconv1, &net->dconv1, &net->conv1_y,
                     &net->lrn_y, &net->lrn_scale);
    activate_backward(net, &net->dconv1, &net->conv1_y);
    conv2d_backward(&net->conv1, NULL, &net->dconv1_w, &net->dconv1_b,
                    &net->dconv1, &net->conv1_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

// Per cent of the digits that are read wrong.
static double error_on(Net *net, const Dataset *set) {
    Confusion confusion = {.classes = 10};
    Batches batches;
    batches_init(&batches, set, 250);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        net_forward(net, &batches.x, NULL);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// ---- 4. Training ------------------------------------------------------------

enum { NETS = 5, MOST_RUNS = 9, MOST_EPOCHS = 100 };

static const Ideas nets[NETS] = {
    {"all four", "all", true, true, true, true},
    {"sigmoid for ReLU", "sigmoid", false, true, true, true},
    {"disjoint windows", "apart", true, false, true, true},
    {"without LRN", "no_lrn", true, true, false, true},
    {"without dropout", "no_dropout", true, true, true, false},
};

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, runs;
    float lr;
    const char *data;
} Options;

typedef struct {
    double loss[MOST_EPOCHS]; // training loss of each epoch, mean of the runs
    double error[MOST_RUNS];  // test error of each run, %
    double median;            // of them
} Outcome;

static void train(Net *net, const Dataset *set, const Options *o,
                  Outcome *outcome, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, set, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            net_forward(net, &batches.x, rng);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            net_backward(net);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        outcome->loss[epoch - 1] +=
            (double)progress_mean_loss(&progress) / o->runs;
    }
    if (net->ideas.relu) // with sigmoid it may not learn: that is the point
        diagnose(&progress, 10, NULL, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
}

static Outcome try_ideas(const Ideas *ideas, const Digits *digits,
                         const Options *o) {
    Outcome outcome = {.median = 0};
    for (int run = 0; run < o->runs; run++) {
        Net net;
        Rng rng;
        rng_seed(&rng, o->common.seed + (uint64_t)run);
        net_init(&net, ideas, &rng);
        train(&net, &digits->train, o, &outcome, &rng);
        outcome.error[run] = error_on(&net, &digits->test);
        net_free(&net);
    }
    double sorted[MOST_RUNS];
    for (int run = 0; run < o->runs; run++)
        sorted[run] = outcome.error[run];
    outcome.median = median(sorted, o->runs);
    for (int e = 0; e < o->epochs; e++)
        outcome.loss[e] = finished(outcome.loss[e]);
    return outcome;
}

// ---- 5. The table -----------------------------------------------------------

static void print_table(const Outcome outcomes[NETS], const Options *o) {
    printf("\n%-18s %13s %13s %12s   of each seed\n", "", "loss, epoch 1",
           "last epoch", "test error");
    for (int k = 0; k < NETS; k++) {
        printf("%-18s %13.3f %13.3f %10.2f %%  ", nets[k].name,
               outcomes[k].loss[0], outcomes[k].loss[o->epochs - 1],
               outcomes[k].median);
        for (int run = 0; run < o->runs && run < 3; run++)
            printf(" %.2f", outcomes[k].error[run]);
        printf("\n");
    }
    printf("\n");
}

// ---- 6. Charts --------------------------------------------------------------

static void draw_losses(const Outcome outcomes[NETS], const Options *o,
                        const char *data) {
    Figure f;
    if (!figure_open(&f, "ch06", "alexnet_relu", o->common.plot))
        return;
    const int last = o->epochs - 1;
    figure_title(&f,
                 "After %d epochs the training loss is %.2f with ReLU, %.2f "
                 "with sigmoid",
                 o->epochs, outcomes[0].loss[last], outcomes[1].loss[last]);
    figure_caption(&f,
                   "The same net with either activation, on %d digits of %s; "
                   "guessing is a loss of 2.3.",
                   o->limit, data);
    figure_table(&f, "epoch,with ReLU,with sigmoid");
    for (int e = 0; e < o->epochs; e++)
        figure_row(&f, e + 1, outcomes[0].loss[e], outcomes[1].loss[e]);
    figure_x(&f, "epoch");
    figure_step(&f, 'x', ceil(o->epochs / 10.0));
    figure_y(&f, "training loss");
    figure_range(&f, 'y', 0.0, NAN);
    figure_linespoints(&f, 1, 2, "with ReLU");
    figure_linespoints(&f, 1, 3, "with sigmoid");
    figure_close(&f);
}

// By how much leaving out one idea, ReLU not counted, moves the median.
static double largest_change(const Outcome outcomes[NETS]) {
    double largest = 0.0;
    for (int k = 0; k < NETS; k++)
        if (nets[k].relu)
            largest =
                fmax(largest, fabs(outcomes[k].median - outcomes[0].median));
    return largest;
}

// The net without ReLU is left out: its error would hide the others'.
static void draw_errors(const Outcome outcomes[NETS], const Options *o,
                        const char *data) {
    Figure f;
    if (!figure_open(&f, "ch06", "alexnet_ideas", o->common.plot))
        return;
    figure_title(
        &f,
        "Removing one of three ideas moves the error by at most %.1f points",
        largest_change(outcomes));
    figure_caption(&f,
                   "Rings are seeds, squares their medians, on %d digits of "
                   "%s; with sigmoid instead of ReLU the error is %.0f %%.",
                   o->limit, data, outcomes[1].median);
    figure_panel_size(&f, 480, 200);
    figure_x(&f, "test error (%%)");

    int rows = 0;
    figure_table(&f, "row,median");
    for (int k = 0; k < NETS; k++)
        if (nets[k].relu) {
            figure_row(&f, rows, outcomes[k].median);
            figure_tick(&f, 'y', rows++, "%s", nets[k].name);
        }
    figure_range(&f, 'y', rows - 0.5, -0.5);
    figure_pen(&f,
               (Pen){.color = PEN_ORANGE, .point = POINT_SQUARE, .size = 1.4});
    figure_points(&f, 2, 1, "median");

    figure_table(&f, "row,test error");
    for (int k = 0, row = 0; k < NETS; row += nets[k++].relu)
        for (int run = 0; run < o->runs && nets[k].relu; run++)
            figure_row(&f, row, outcomes[k].error[run]);
    figure_pen(&f, (Pen){.color = PEN_BLUE, .point = POINT_RING, .size = 1.2});
    figure_points(&f, 2, 1, "one seed");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, MOST_EPOCHS,
                   "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
        option_int("limit", &o->limit, 1, 60000, "digits to train on"),
        option_int("runs", &o->runs, 1, MOST_RUNS,
                   "seeds to try, from --seed on"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o->common, "alexnet",
              "A small net with AlexNet's four ideas, and without each of "
              "them, on MNIST.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 5,
                 .batch = 50,
                 .limit = 3000,
                 .runs = 3,
                 .lr = 1e-3f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    Outcome outcomes[NETS];
    for (int k = 0; k < NETS; k++)
        outcomes[k] = try_ideas(&nets[k], &digits, &o);
    if (!o.common.quiet && !stop_requested())
        print_table(outcomes, &o);
    draw_losses(outcomes, &o, digits_name(&digits));
    draw_errors(outcomes, &o, digits_name(&digits));
    for (int k = 0; k < NETS; k++)
        run_result("%s=%.2f", nets[k].key, outcomes[k].median);
    run_result("relu_loss=%.3f sigmoid_loss=%.3f seed=%llu data=%s",
               outcomes[0].loss[0], outcomes[1].loss[0],
               (unsigned long long)o.common.seed, digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
