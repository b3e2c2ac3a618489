// googlenet.c - an Inception block: four branches side by side (GoogLeNet)
//
// Which kernel size is right for a layer? An Inception block takes several at
// once: 1 x 1, 3 x 3, 5 x 5 and a maximum; the outputs are joined on channels,
// and the next layer picks. A 1 x 1 convolution in front of a large kernel (a
// bottleneck) cuts the channels that it has to pass over.
//
//     layer       output shape   weights
//     stem        [16,  7,  7]       416   5 x 5 stride 2, ReLU, 2 x 2 maximum
//     inception   [64,  7,  7]             four branches, ReLU everywhere:
//                  16                272     1 x 1
//                  24              1,888     1 x 1 to 8, then 3 x 3
//                  12              1,280     1 x 1 to 4, then 5 x 5
//                  12                204     3 x 3 maximum, then 1 x 1
//     average     [64,  3,  3]             3 x 3 stride 2
//     fc          [10]             5,770   softmax
//                                  9,830
//
// Source: C, GoogLeNet (Inception 并行卷积结构), which leaves the block to the
// paper: Szegedy et al. 2015.
// Run: make googlenet && ./googlenet
// Ends with: result: test_accuracy=0.98.. test_loss=0.04.. epochs=3 ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 branch by branch  6 main

#include <math.h>
#include <stdio.h>

#include "channels.h"
#include "cli.h"
#include "conv.h"
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
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

// The six convolutions of the block, and which of them ends each branch.
enum { POINT, REDUCE3, CONV3, REDUCE5, CONV5, POOLED, CONVS };
enum { STEM = 16, JOINED = 16 + 24 + 12 + 12, BRANCHES = 4, NONE = -1 };
static const int size_of[CONVS] = {1, 1, 3, 1, 5, 1};
static const int channels_of[CONVS] = {16, 8, 24, 4, 12, 12};
static const int inputs_of[CONVS] = {STEM, STEM, 8, STEM, 4, STEM};
static const int branch_end[BRANCHES] = {POINT, CONV3, CONV5, POOLED};

typedef struct {
    // set by googlenet_init
    Params params;
    Tensor stem_w, stem_b, fc_w, fc_b, dstem_w, dstem_b, dfc_w, dfc_b;
    Tensor w[CONVS], b[CONVS], dw[CONVS], db[CONVS];
    Conv2d stem, conv[CONVS];
    char names[2 * CONVS][24];
    int without; // a branch whose output is taken as 0, or NONE
    // written by forward, read by backward
    Tensor x, h[CONVS];     // [N, 16, 7, 7]; [N, channels, 7, 7] after ReLU
    Tensor pooled, winner;  // the maximum of each 3 x 3 window of x
    Tensor y;               // the four branches joined, [N, 64, 7, 7]
    Tensor average, logits; // [N, 64, 3, 3]; [N, 10]
    Tensor dx, dh[CONVS], dpooled, part, dy, daverage, dlogits;
} GoogLeNet;

static void googlenet_init(GoogLeNet *net, Rng *rng) {
    static const char *const name[CONVS] = {
        "1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_1x1"};
    *net = (GoogLeNet){.without = NONE};
    net->stem = (Conv2d){.stride = 2, .padding = 2, .relu = true, .pool = 2};
    ParamSpec table[4 + 2 * CONVS] = {
        {"stem.weight", &net->stem_w, &net->dstem_w, {STEM, 1, 5, 5}},
        {"stem.bias", &net->stem_b, &net->dstem_b, {STEM}},
        {"fc.weight", &net->fc_w, &net->dfc_w, {10, JOINED * 3 * 3}},
        {"fc.bias", &net->fc_b, &net->dfc_b, {10}},
    };
    for (int k = 0; k < CONVS; k++) {
        int out = channels_of[k], size = size_of[k];
        char(*names)[24] = &net->names[2 * k];
        snprintf(names[0], sizeof names[0], "%s.weight", name[k]);
        snprintf(names[1], sizeof names[1], "%s.bias", name[k]);
        table[4 + 2 * k] = (ParamSpec){
            names[0], &net->w[k], &net->dw[k], {out, inputs_of[k], size, size}};
        table[5 + 2 * k] =
            (ParamSpec){names[1], &net->b[k], &net->db[k], {out}};
        net->conv[k] = (Conv2d){.padding = size / 2, .relu = true};
    }
    params_init(&net->params, table, 4 + 2 * CONVS);
    params_init_he(&net->params, rng);
}

static void googlenet_free(GoogLeNet *net) {
    for (int k = 0; k < CONVS; k++) {
        conv2d_free(&net->conv[k]);
        tensor_free(&net->h[k]);
        tensor_free(&net->dh[k]);
    }
    Tensor *own[] = {&net->x,  &net->pooled,   &net->winner,
                     &net->y,  &net->average,  &net->logits,
                     &net->dx, &net->dpooled,  &net->part,
                     &net->dy, &net->daverage, &net->dlogits};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        tensor_free(own[i]);
    conv2d_free(&net->stem);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

static void conv_forward(GoogLeNet *net, int k, const Tensor *x) {
    conv2d_forward(&net->conv[k], &net->h[k], x, &net->w[k], &net->b[k]);
}

static void conv_backward(GoogLeNet *net, int k, Tensor *dx) {
    conv2d_backward(&net->conv[k], dx, &net->dw[k], &net->db[k], &net->dh[k],
                    &net->w[k]);
}

// [C Inception] y = [1x1(x), 3x3(1x1(x)), 5x5(1x1(x)), 1x1(max(x))]
static void inception_forward(GoogLeNet *net) {
    conv_forward(net, POINT, &net->x);
    conv_forward(net, REDUCE3, &net->x);
    conv_forward(net, CONV3, &net->h[REDUCE3]);
    conv_forward(net, REDUCE5, &net->x);
    conv_forward(net, CONV5, &net->h[REDUCE5]);
    maxpool_same_forward(&net->pooled, &net->winner, &net->x, 3);
    conv_forward(net, POOLED, &net->pooled);
    const Tensor *parts[BRANCHES];
    for (int i = 0; i < BRANCHES; i++) {
        parts[i] = &net->h[branch_end[i]];
        if (i == net->without)
            tensor_fill(&net->h[branch_end[i]], 0.0f);
    }
    concat_forward(&net->y, parts, BRANCHES);
}

// dy is cut up again; x went into all four branches, so dx is the sum of four.
static void inception_backward(GoogLeNet *net) {
    const Tensor *parts[BRANCHES];
    Tensor *dparts[BRANCHES];
    for (int i = 0; i < BRANCHES; i++) {
        parts[i] = &net->h[branch_end[i]];
        dparts[i] = &net->dh[branch_end[i]];
    }
    concat_backward(dparts, &net->dy, parts, BRANCHES);
    conv_backward(net, POINT, &net->dx);
    conv_backward(net, CONV3, &net->dh[REDUCE3]);
    conv_backward(net, REDUCE3, &net->part);
    tensor_add(&net->dx, &net->part);
    conv_backward(net, CONV5, &net->dh[REDUCE5]);
    conv_backward(net, REDUCE5, &net->part);
    tensor_add(&net->dx, &net->part);
    conv_backward(net, POOLED, &net->dpooled);
    maxpool_backward(&net->part, &net->dpooled, &net->winner, &net->x);
    tensor_add(&net->dx, &net->part);
}

static void googlenet_forward(GoogLeNet *net, const Tensor *x) {
    conv2d_forward(&net->stem, &net->x, x, &net->stem_w, &net->stem_b);
    inception_forward(net);
    avgpool_forward(&net->average, &net->y, 3, 2);
    linear_forward(&net->logits, &net->average, &net->fc_w, &net->fc_b);
}

static void googlenet_backward(GoogLeNet *net) {
    linear_backward(&net->daverage, &net->dfc_w, &net->dfc_b, &net->dlogits,
                    &net->average, &net->fc_w);
    avgpool_backward(&net->dy, &net->daverage, &net->y, 3, 2);
    inception_backward(net);
    conv2d_backward(&net->stem, NULL, &net->dstem_w, &net->dstem_b, &net->dx,
                    &net->stem_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

typedef struct {
    double accuracy, loss; // mean cross entropy
} Score;

static Score evaluate(GoogLeNet *net, const Dataset *set) {
    Confusion confusion = {.classes = 10};
    Score score = {0};
    Batches batches;
    batches_init(&batches, set, 256);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        googlenet_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
        float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        score.loss += (double)loss * batches.x.shape[0] / set->count;
    }
    score.loss = finished(score.loss);
    score.accuracy = finished(confusion_accuracy(&confusion));
    batches_free(&batches);
    return score;
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, limit;
    float lr;
    const char *data;
} Options;

static Score train(GoogLeNet *net, const Digits *digits, const Options *o,
                   History *history, Rng *rng) {
    Score score = {(double)NAN, (double)NAN}; // of the last complete epoch
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, &digits->train, 64);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    history_init(history, o->epochs, batches.count);
    long steps = (long)o->epochs * batches.count;

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            googlenet_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            googlenet_backward(net);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
            history_batch(history, loss);
        }
        float loss = progress_mean_loss(&progress);
        Score now = evaluate(net, &digits->test);
        if (stop_requested())
            break; // in the middle of this epoch
        score = now;
        history_epoch(history, (float)(100.0 - 100.0 * score.accuracy));
        if (!o->common.quiet)
            printf("epoch %d/%d  training loss %.4f  test loss %.4f  "
                   "test accuracy %.2f %%\n",
                   epoch, o->epochs, (double)loss, score.loss,
                   100.0 * score.accuracy);
    }
    diagnose(&progress, 10, NULL, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
    return score;
}

// ---- 5. Branch by branch ----------------------------------------------------

// The trained net's error without each of the branches, in per cent.
static void silence(GoogLeNet *net, double error[BRANCHES],
                    const Dataset *set) {
    for (int i = 0; i < BRANCHES; i++) {
        net->without = i;
        error[i] = 100.0 - 100.0 * evaluate(net, set).accuracy;
    }
    net->without = NONE;
}

// A 1 x 1 in front saves weights: the large kernel sees fewer inputs.
static int weights_of(int k, int inputs) {
    return channels_of[k] * (inputs * size_of[k] * size_of[k] + 1);
}

static const char *const branch_name[BRANCHES] = {
    "1 x 1", "1 x 1 - 3 x 3", "1 x 1 - 5 x 5", "max - 1 x 1"};

static void print_branches(const double error[BRANCHES]) {
    printf("\n  branch          channels   weights  with no 1 x 1 in front  "
           "error without it\n");
    for (int i = 0; i < BRANCHES; i++) {
        int end = branch_end[i], weights = weights_of(end, inputs_of[end]);
        if (size_of[end] > 1)
            weights += weights_of(end - 1, STEM);
        printf("  %-14s %9d %9d %23d %15.2f %%\n", branch_name[i],
               channels_of[end], weights, weights_of(end, STEM), error[i]);
    }
    printf("\n");
}

static void draw(const double without[BRANCHES], double error,
                 const char *format) {
    static const char *const names[BRANCHES] = {"1 × 1", "1 × 1, 3 × 3",
                                                "1 × 1, 5 × 5", "max, 1 × 1"};
    Figure f;
    int worst = 0;
    if (!figure_open(&f, "ch06", "googlenet_branches", format))
        return;
    figure_table(&f, "branch,error");
    figure_row(&f, 0, error);
    figure_tick(&f, 'y', 0, "all four");
    for (int i = 0; i < BRANCHES; i++) {
        worst = without[i] > without[worst] ? i : worst;
        figure_row(&f, i + 1, without[i]);
        figure_tick(&f, 'y', i + 1, "without %s", names[i]);
    }
    figure_title(
        &f, "Without one branch (%s) the test error goes from %.1f to %.1f %%",
        names[worst], error, without[worst]);
    figure_caption(&f, "The trained net, and the same with one branch of its "
                       "Inception block set to 0.");
    figure_panel_size(&f, 480, 220);
    figure_x(&f, "test error (%%)");
    figure_ranks(&f, 2, "%.1f", "%s", "");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000, "digits to use (0: all)"),
    };
    cli_parse(&o->common, "googlenet",
              "A net with an Inception block of four branches learns to read "
              "digits; then each branch is left out in turn.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .epochs = 3, .lr = 5e-3f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    Rng rng;
    GoogLeNet net;
    History history = {0};
    double without[BRANCHES];
    rng_seed(&rng, o.common.seed);
    googlenet_init(&net, &rng);
    double start = seconds_now();
    Score score = train(&net, &digits, &o, &history, &rng);
    double seconds = seconds_now() - start;
    silence(&net, without, &digits.test);
    if (!o.common.quiet && !stop_requested())
        print_branches(without);
    history_draw(&history, "ch06", "googlenet_curves", "GoogLeNet",
                 digits_name(&digits), "test error", o.common.plot);
    draw(without, 100.0 - 100.0 * score.accuracy, o.common.plot);
    run_result("test_accuracy=%.4f test_loss=%.4f epochs=%d seconds=%.1f "
               "seed=%llu data=%s",
               score.accuracy, score.loss, history.epochs, seconds,
               (unsigned long long)o.common.seed, digits_name(&digits));
    history_free(&history);
    googlenet_free(&net);
    digits_free(&digits);
    return run_end();
}
