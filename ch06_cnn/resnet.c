// resnet.c - deeper must not be worse: residual connections (残差结构)
//
// A deeper net can do all that a shallower one does: its extra layers need only
// pass their input on. Plain nets fail to learn even that: from some depth on
// they get worse, on the training set too. So give every pair of layers a way
// around it, y = relu(F(x) + x): to pass x on, F need only be 0, and backward
// the gradient reaches every layer through a chain of plain additions.
//
//     layer        output shape   weights
//     input        [ 1, 28, 28]
//     conv         [16,  7,  7]       416   5 x 5 stride 2, ReLU, 2 x 2 maximum
//     n blocks     [16,  7,  7]   4,672 n   twice 3 x 3, batch norm, ReLU
//     average      [16]
//     fc           [10]               170   softmax
//
// The plain net is the same without "+ x": as many layers (2 n + 2) and
// weights, and the same initial values.
//
// Source: C, ResNet (残差结构), in words: it eases vanishing gradients
// (梯度消失). The block is that of He, Zhang, Ren & Sun 2016, who find that
// batch norm keeps gradients from vanishing and that the training error of deep
// plain nets grows all the same. This program measures that error.
// Run: make resnet && ./resnet
// Ends with: result: plain_8=2.. plain_20=7.. plain_32=45.. residual_8=2.. ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 experiments  6 chart  7 main

#include <stdio.h>

#include "batchnorm.h"
#include "channels.h"
#include "cli.h"
#include "conv.h"
#include "data.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

enum { C = 16, MAX_BLOCKS = 15 };

// A 3 x 3 convolution and its batch norm: x, y [N, 16, 7, 7]
typedef struct {
    Tensor w, gamma, beta, dw, dgamma, dbeta; // slices of the net's params
    Conv2d conv;
    BatchNorm norm;
    Tensor y; // written by forward, read by backward
} Layer;

typedef struct {
    // set by resnet_init
    bool residual;
    int blocks;
    Params params;
    Tensor stem_w, stem_b, fc_w, fc_b, dstem_w, dstem_b, dfc_w, dfc_b;
    Conv2d stem;
    Layer layer[2 * MAX_BLOCKS]; // two a block
    char names[6 * MAX_BLOCKS][20];
    Tensor no_bias, dno_bias; // [C] zeros: normalizing takes a bias away again
    // written by forward, read by backward
    Tensor stem_y;  // [N, 16, 7, 7]
    Tensor average; // [N, 16]
    Tensor logits;  // [N, 10]
    Tensor dy, dh, around, daverage, dlogits;
} ResNet;

static void resnet_init(ResNet *net, int blocks, bool residual, Rng *rng) {
    *net = (ResNet){.residual = residual, .blocks = blocks};
    net->stem = (Conv2d){.stride = 2, .padding = 2, .relu = true, .pool = 2};
    ParamSpec table[4 + 6 * MAX_BLOCKS] = {
        {"stem.weight", &net->stem_w, &net->dstem_w, {C, 1, 5, 5}},
        {"stem.bias", &net->stem_b, &net->dstem_b, {C}},
        {"fc.weight", &net->fc_w, &net->dfc_w, {10, C}},
        {"fc.bias", &net->fc_b, &net->dfc_b, {10}},
    };
    for (int i = 0; i < 2 * blocks; i++) {
        Layer *l = &net->layer[i];
        const ParamSpec three[] = {{"weight", &l->w, &l->dw, {C, C, 3, 3}},
                                   {"gamma", &l->gamma, &l->dgamma, {C}},
                                   {"beta", &l->beta, &l->dbeta, {C}}};
        for (int k = 0; k < 3; k++) {
            char *name = net->names[3 * i + k];
            snprintf(name, sizeof *net->names, "%d.%s", i, three[k].name);
            table[4 + 3 * i + k] = three[k];
            table[4 + 3 * i + k].name = name;
        }
        l->conv = (Conv2d){.padding = 1};
        batchnorm_init(&l->norm, C);
    }
    params_init(&net->params, table, 4 + 6 * blocks);
    params_init_he(&net->params, rng);
    for (int i = 0; i < 2 * blocks; i++)
        tensor_fill(&net->layer[i].gamma, 1.0f);
    tensor_resize(&net->no_bias, 1, C);
    tensor_resize(&net->dno_bias, 1, C);
    tensor_fill(&net->no_bias, 0.0f);
}

static void resnet_free(ResNet *net) {
    for (int i = 0; i < 2 * net->blocks; i++) {
        conv2d_free(&net->layer[i].conv);
        batchnorm_free(&net->layer[i].norm);
        tensor_free(&net->layer[i].y);
    }
    Tensor *own[] = {&net->no_bias, &net->dno_bias, &net->stem_y,
                     &net->average, &net->logits,   &net->dy,
                     &net->dh,      &net->around,   &net->daverage,
                     &net->dlogits};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        tensor_free(own[i]);
    conv2d_free(&net->stem);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

static void layer_forward(ResNet *net, Layer *l, const Tensor *x,
                          bool training) {
    conv2d_forward(&l->conv, &l->y, x, &l->w, &net->no_bias);
    if (training)
        batchnorm_forward(&l->norm, &l->y, &l->y, &l->gamma, &l->beta);
    else
        batchnorm_infer(&l->norm, &l->y, &l->y, &l->gamma, &l->beta);
}

static void layer_backward(ResNet *net, Layer *l, Tensor *dx, Tensor *dy) {
    batchnorm_backward(&l->norm, dy, &l->dgamma, &l->dbeta, dy, &l->gamma);
    conv2d_backward(&l->conv, dx, &l->dw, &net->dno_bias, dy, &l->w);
}

// [C ResNet] y = relu(F(x) + x)
// F(x) = norm(w2 * relu(norm(w1 * x)))
static void block_forward(ResNet *net, Layer *l, const Tensor *x,
                          bool training) {
    layer_forward(net, &l[0], x, training);
    relu_forward(&l[0].y, &l[0].y);
    layer_forward(net, &l[1], &l[0].y, training);
    if (net->residual)
        tensor_add(&l[1].y, x);
    relu_forward(&l[1].y, &l[1].y);
}

// net->dy is that of this block's y before, and that of its x after. What comes
// in goes through F and, untouched, around it: dx = dF/dx dy + dy.
static void block_backward(ResNet *net, Layer *l) {
    Tensor *dy = &net->dy, *dh = &net->dh;
    relu_backward(dy, dy, &l[1].y);
    tensor_copy(&net->around, dy);
    layer_backward(net, &l[1], dh, dy);
    relu_backward(dh, dh, &l[0].y);
    layer_backward(net, &l[0], dy, dh);
    if (net->residual)
        tensor_add(dy, &net->around);
}

// x [N, 1, 28, 28] -> logits [N, 10]
static void resnet_forward(ResNet *net, const Tensor *x, bool training) {
    conv2d_forward(&net->stem, &net->stem_y, x, &net->stem_w, &net->stem_b);
    const Tensor *y = &net->stem_y;
    for (int i = 0; i < net->blocks; i++) {
        block_forward(net, &net->layer[2 * i], y, training);
        y = &net->layer[2 * i + 1].y;
    }
    global_avgpool_forward(&net->average, y);
    linear_forward(&net->logits, &net->average, &net->fc_w, &net->fc_b);
}

static void resnet_backward(ResNet *net) {
    linear_backward(&net->daverage, &net->dfc_w, &net->dfc_b, &net->dlogits,
                    &net->average, &net->fc_w);
    global_avgpool_backward(&net->dy, &net->daverage, &net->stem_y);
    for (int i = net->blocks - 1; i >= 0; i--)
        block_backward(net, &net->layer[2 * i]);
    conv2d_backward(&net->stem, NULL, &net->dstem_w, &net->dstem_b, &net->dy,
                    &net->stem_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

// The part of wrong answers, in per cent.
static double error_on(ResNet *net, const Dataset *set) {
    Confusion confusion = {.classes = 10};
    Batches batches;
    batches_init(&batches, set, 256);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        resnet_forward(net, &batches.x, false);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, limit, runs;
    float lr;
    const char *data;
} Options;

// Returns the last epoch's mean loss.
static float train(ResNet *net, const Dataset *set, const Options *o,
                   Rng *rng) {
    float epoch_loss = 0.0f;
    Batches batches;
    Progress progress;
    Optimizer momentum;
    batches_init(&batches, set, 32);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&momentum, MOMENTUM, o->lr);
    long steps = (long)o->epochs * batches.count;

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            resnet_forward(net, &batches.x, true);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            resnet_backward(net);
            momentum.lr = one_cycle(momentum.step, steps, o->lr);
            optimizer_step(&momentum, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        epoch_loss = progress_mean_loss(&progress);
    }
    optimizer_free(&momentum);
    batches_free(&batches);
    return epoch_loss;
}

// ---- 5. Experiments ---------------------------------------------------------

enum { DEPTHS = 3, PLAIN = 0, RESIDUAL, KINDS, MAX_RUNS = 10 };
static const int blocks_of[DEPTHS] = {3, 9, 15};
static const char *const kind_name[KINDS] = {"plain", "residual"};

// One kind of net at one depth, and the means over its runs.
typedef struct {
    int layers;
    double train_error[MAX_RUNS]; // of each run; all errors in per cent
    double mean_loss, mean_train, mean_test;
} Experiment;

// Both kinds of one depth start from the same weights and see the same batches.
static void run(Experiment *e, int blocks, bool residual, const Digits *digits,
                const Options *o) {
    e->layers = 2 * blocks + 2;
    for (int r = 0; r < o->runs; r++) {
        ResNet net;
        Rng rng;
        rng_seed(&rng, o->common.seed + (uint64_t)r);
        resnet_init(&net, blocks, residual, &rng);
        e->mean_loss += (double)train(&net, &digits->train, o, &rng) / o->runs;
        e->train_error[r] = error_on(&net, &digits->train);
        e->mean_train += e->train_error[r] / o->runs;
        e->mean_test += error_on(&net, &digits->test) / o->runs;
        resnet_free(&net);
    }
    if (o->common.quiet || stop_requested())
        return;
    printf("  %-9s %6d %10.3f %10.2f %10.2f    ", kind_name[residual],
           e->layers, e->mean_loss, e->mean_test, e->mean_train);
    for (int r = 0; r < o->runs; r++)
        printf(" %5.2f", e->train_error[r]);
    printf("\n");
}

// ---- 6. The chart -----------------------------------------------------------

static void draw(Experiment e[KINDS][DEPTHS], const Options *o) {
    Figure f;
    if (!figure_open(&f, "ch06", "resnet", o->common.plot))
        return;
    const Experiment *plain = &e[PLAIN][DEPTHS - 1],
                     *residual = &e[RESIDUAL][DEPTHS - 1];
    figure_title(&f,
                 "%d layers: training error %.1f %% for a plain net, %.1f %% "
                 "for a residual one",
                 plain->layers, plain->mean_train, residual->mean_train);
    figure_caption(&f, "The training error by depth; rings are seeds, lines "
                       "their means.");
    figure_x(&f, "layers");
    figure_y(&f, "training error (%%)");
    figure_range(&f, 'y', 0.0, NAN);

    figure_table(&f, "layers,plain mean,residual mean");
    for (int d = 0; d < DEPTHS; d++) {
        figure_row(&f, e[PLAIN][d].layers, e[PLAIN][d].mean_train,
                   e[RESIDUAL][d].mean_train);
        figure_tick(&f, 'x', e[PLAIN][d].layers, "%d", e[PLAIN][d].layers);
    }
    figure_lines(&f, 1, 2, "%s", kind_name[PLAIN]);
    figure_lines(&f, 1, 3, "%s", kind_name[RESIDUAL]);

    figure_table(&f, "layers,plain,residual");
    for (int d = 0; d < DEPTHS; d++)
        for (int r = 0; r < o->runs; r++)
            figure_row(&f, e[PLAIN][d].layers, e[PLAIN][d].train_error[r],
                       e[RESIDUAL][d].train_error[r]);
    figure_pen(&f, (Pen){.color = PEN_BLUE, .point = POINT_RING});
    figure_points(&f, 1, 2, "%s", "");
    figure_pen(&f, (Pen){.color = PEN_ORANGE, .point = POINT_RING});
    figure_points(&f, 1, 3, "%s", "");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_int("limit", &o->limit, 1, 60000, "training digits to use"),
        option_int("runs", &o->runs, 1, MAX_RUNS,
                   "seeds to train each net with, from --seed on"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o->common, "resnet",
              "Plain and residual nets of 8, 20 and 32 layers on a few digits: "
              "plain ones get worse with depth, residual ones do not.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 5,
                 .limit = 1500,
                 .runs = 3,
                 .lr = 0.05f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, 0, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    if (digits.train.count > o.limit)
        digits.train.count = o.limit;
    if (digits.test.count > 2 * o.limit)
        digits.test.count = 2 * o.limit;
    digits_say(&digits, o.common.quiet);

    if (!o.common.quiet)
        printf("%d epochs, the same for each; means of %d seeds\n\n"
               "  net       layers  last loss  test err. train err.     by "
               "seed (%%)\n",
               o.epochs, o.runs);
    Experiment e[KINDS][DEPTHS] = {0};
    for (int kind = PLAIN; kind < KINDS; kind++)
        for (int d = 0; d < DEPTHS; d++)
            run(&e[kind][d], blocks_of[d], kind == RESIDUAL, &digits, &o);
    draw(e, &o);
    if (!o.common.quiet)
        printf("\n");
    for (int kind = PLAIN; kind < KINDS; kind++)
        for (int d = 0; d < DEPTHS; d++)
            run_result("%s_%d=%.2f", kind_name[kind], e[kind][d].layers,
                       e[kind][d].mean_train);
    run_result("seed=%llu data=%s", (unsigned long long)o.common.seed,
               digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
