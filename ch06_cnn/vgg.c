// vgg.c - small kernels in stacks (VGG)
//
// Two 3 x 3 convolutions on top of each other see as far as one of 5 x 5, three
// as far as one of 7 x 7, with fewer weights and with a ReLU in between. VGG is
// built of nothing else. Here both kinds of net read the same digits: equal
// receptive fields, equal channels, only the large kernel replaced by a stack.
//
//     block   layers, 16 channels   field    weights
//     5       5 x 5                 5 x 5    25 * 16² + 16     =  6,416
//     3-3     3 x 3, 3 x 3          5 x 5    2 (9 * 16² + 16)  =  4,640
//     7       7 x 7                 7 x 7    49 * 16² + 16     = 12,560
//     3-3-3   3 x 3, three times    7 x 7    3 (9 * 16² + 16)  =  6,960
//
// Source: C, VGG: kernels of 3 x 3, stride 1, padding 1, pooling of 2 x 2. Why
// stacks: Simonyan & Zisserman 2015, and receptive field (感受野).
// Run: make vgg && ./vgg
// Ends with: result: error_5=3.6. error_33=3.2. error_7=3.0. error_333=3.0. ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 table  6 chart  7 main

#include <stdio.h>

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

// ---- 1. Model ---------------------------------------------------------------

enum { CHANNELS = 16, SIDE = 7, MOST = 1 + 3 }; // convolutions, at most

// All nets begin with a 3 x 3 convolution to 16 channels and a 2 x 2 pooling;
// then comes the block on 14 x 14, a pooling again, and a linear layer.
typedef struct {
    // set by net_init
    int convs; // the first one, and the block's
    Params params;
    Tensor w[MOST], b[MOST], dw[MOST], db[MOST]; // [O, C, K, K], [O]
    Tensor fc_w, fc_b, dfc_w, dfc_b;             // [10, 16 * 7 * 7], [10]
    Conv2d conv[MOST];
    // written by forward, read by backward
    Tensor y[MOST]; // after ReLU and pooling
    Tensor logits;  // [N, 10]
    // gradients of these
    Tensor dy[MOST], dlogits;
} Net;

// [Simonyan 2015] n layers of K x K see 1 + n (K - 1) pixels
static int receptive_field(int size, int layers) {
    return 1 + layers * (size - 1);
}

static void net_init(Net *net, int size, int layers, Rng *rng) {
    static const char *const names[MOST][2] = {
        {"conv1.weight", "conv1.bias"},
        {"block1.weight", "block1.bias"},
        {"block2.weight", "block2.bias"},
        {"block3.weight", "block3.bias"}};
    *net = (Net){.convs = 1 + layers};
    ParamSpec table[2 * MOST + 2];
    int count = 0;
    for (int l = 0; l < net->convs; l++) {
        int K = l > 0 ? size : 3, C = l > 0 ? CHANNELS : 1;
        net->conv[l] = (Conv2d){.padding = K / 2, .relu = true};
        if (l == 0 || l == layers)
            net->conv[l].pool = 2;
        table[count++] = (ParamSpec){
            names[l][0], &net->w[l], &net->dw[l], {CHANNELS, C, K, K}};
        table[count++] =
            (ParamSpec){names[l][1], &net->b[l], &net->db[l], {CHANNELS}};
    }
    table[count++] = (ParamSpec){
        "fc.weight", &net->fc_w, &net->dfc_w, {10, CHANNELS * SIDE * SIDE}};
    table[count++] = (ParamSpec){"fc.bias", &net->fc_b, &net->dfc_b, {10}};
    params_init(&net->params, table, count);
    params_init_he(&net->params, rng);
}

static void net_free(Net *net) {
    for (int l = 0; l < net->convs; l++) {
        tensor_free(&net->y[l]);
        tensor_free(&net->dy[l]);
        conv2d_free(&net->conv[l]);
    }
    tensor_free(&net->logits);
    tensor_free(&net->dlogits);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

// x [N, 1, 28, 28] -> logits [N, 10]
static void net_forward(Net *net, const Tensor *x) {
    for (int l = 0; l < net->convs; l++)
        conv2d_forward(&net->conv[l], &net->y[l], l > 0 ? &net->y[l - 1] : x,
                       &net->w[l], &net->b[l]);
    linear_forward(&net->logits, &net->y[net->convs - 1], &net->fc_w,
                   &net->fc_b);
}

// dlogits -> the gradients of all weights. The pictures need none.
static void net_backward(Net *net) {
    int last = net->convs - 1;
    linear_backward(&net->dy[last], &net->dfc_w, &net->dfc_b, &net->dlogits,
                    &net->y[last], &net->fc_w);
    for (int l = last; l >= 0; l--)
        conv2d_backward(&net->conv[l], l > 0 ? &net->dy[l - 1] : NULL,
                        &net->dw[l], &net->db[l], &net->dy[l], &net->w[l]);
}

// ---- 3. Evaluation ----------------------------------------------------------

// Per cent of the digits that are read wrong.
static double error_on(Net *net, const Dataset *set) {
    Confusion confusion = {.classes = 10};
    Batches batches;
    batches_init(&batches, set, 256);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// ---- 4. Training ------------------------------------------------------------

enum { PLANS = 4, MOST_RUNS = 10 };

typedef struct {
    const char *name;
    int size, layers; // of a block
    // written by try_plan
    double error[MOST_RUNS], mean_error; // on the test set, %
    size_t weights;                      // of the block
    double seconds;                      // of one run's training
} Plan;

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, runs;
    float lr;
    const char *data;
} Options;

static void train(Net *net, const Dataset *set, const Options *o, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, set, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    long steps = (long)o->epochs * batches.count;

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            net_backward(net);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
    }
    progress_mean_loss(&progress); // wipes the bar
    diagnose(&progress, 10, NULL, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
}

static void try_plan(Plan *plan, const Digits *digits, const Options *o) {
    for (int run = 0; run < o->runs; run++) {
        Net net;
        Rng rng;
        rng_seed(&rng, o->common.seed + (uint64_t)run);
        net_init(&net, plan->size, plan->layers, &rng);
        plan->weights = 0;
        for (int l = 1; l < net.convs; l++)
            plan->weights += net.w[l].size + net.b[l].size;
        double start = seconds_now();
        train(&net, &digits->train, o, &rng);
        plan->seconds += (seconds_now() - start) / o->runs;
        plan->error[run] = error_on(&net, &digits->test);
        plan->mean_error += plan->error[run] / o->runs;
        net_free(&net);
    }
}

// ---- 5. The table -----------------------------------------------------------

static void print_table(const Plan plans[PLANS], const Options *o) {
    printf("\n%-7s %7s %9s   %s\n", "block", "field", "weights",
           "test error, and of each seed");
    for (int p = 0; p < PLANS; p++) {
        int field = receptive_field(plans[p].size, plans[p].layers);
        printf("%-7s %3d x %-2d %8zu   %.2f %%  (", plans[p].name, field, field,
               plans[p].weights, plans[p].mean_error);
        for (int run = 0; run < o->runs; run++)
            printf("%s%.2f", run > 0 ? ", " : "", plans[p].error[run]);
        printf(")  %.1f s a run\n", plans[p].seconds);
    }
    printf("\n");
}

// ---- 6. The chart -----------------------------------------------------------

static void draw(const Plan plans[PLANS], const Options *o, const char *data) {
    static const char *const names[PLANS] = {"5 × 5", "3 × 3 twice", "7 × 7",
                                             "3 × 3 three times"};
    Figure f;
    if (!figure_open(&f, "ch06", "vgg", o->common.plot))
        return;
    figure_title(&f,
                 "Stacked 3 × 3 kernels see 5 × 5 with %.0f %% of its weights, "
                 "7 × 7 with %.0f %%",
                 100.0 * (double)plans[1].weights / (double)plans[0].weights,
                 100.0 * (double)plans[3].weights / (double)plans[2].weights);
    figure_caption(&f,
                   "Left, the weights of a block of %d channels; right, the "
                   "test error on %s, a ring for each seed, a square for the "
                   "mean.",
                   CHANNELS, data);
    figure_table(&f, "row,weights,mean error");
    for (int p = 0; p < PLANS; p++)
        figure_row(&f, p, plans[p].weights, plans[p].mean_error);
    figure_panel(&f, "Weights of the block");
    figure_panel_size(&f, 300, 200);
    for (int p = 0; p < PLANS; p++)
        figure_tick(&f, 'y', p, "%s", names[p]);
    figure_ranks(&f, 2, "%.0f", "%s", "");

    figure_panel(&f, "Test error (%%)");
    figure_panel_size(&f, 300, 200);
    figure_tick(&f, 'y', 0.0, "%s", ""); // the names stand at the left
    figure_range(&f, 'y', PLANS - 0.5, -0.5);
    figure_pen(&f,
               (Pen){.color = PEN_ORANGE, .point = POINT_SQUARE, .size = 1.4});
    figure_points(&f, 3, 1, "%s", "");
    figure_table(&f, "row,error");
    for (int p = 0; p < PLANS; p++)
        for (int run = 0; run < o->runs; run++)
            figure_row(&f, p, plans[p].error[run]);
    figure_pen(&f, (Pen){.color = PEN_BLUE, .point = POINT_RING, .size = 1.2});
    figure_points(&f, 2, 1, "%s", "");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_int("limit", &o->limit, 1, 60000, "digits to train on"),
        option_int("runs", &o->runs, 1, MOST_RUNS,
                   "seeds to try, from --seed on"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o->common, "vgg",
              "Stacks of 3 x 3 convolutions against single ones of 5 x 5 and "
              "7 x 7, on MNIST.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 2,
                 .batch = 64,
                 .limit = 10000,
                 .runs = 3,
                 .lr = 3e-3f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    Plan plans[PLANS] = {{.name = "5", .size = 5, .layers = 1},
                         {.name = "3-3", .size = 3, .layers = 2},
                         {.name = "7", .size = 7, .layers = 1},
                         {.name = "3-3-3", .size = 3, .layers = 3}};
    for (int p = 0; p < PLANS; p++)
        try_plan(&plans[p], &digits, &o);
    if (!o.common.quiet && !stop_requested())
        print_table(plans, &o);
    draw(plans, &o, digits_name(&digits));
    run_result("error_5=%.2f error_33=%.2f error_7=%.2f error_333=%.2f "
               "weights_5=%zu weights_33=%zu weights_7=%zu weights_333=%zu "
               "seed=%llu data=%s",
               plans[0].mean_error, plans[1].mean_error, plans[2].mean_error,
               plans[3].mean_error, plans[0].weights, plans[1].weights,
               plans[2].weights, plans[3].weights,
               (unsigned long long)o.common.seed, digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
