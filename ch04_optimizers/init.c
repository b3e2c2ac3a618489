// init.c - what the weights are before the first step (参数初始化)
//
// With all weights zero a ReLU net learns nothing but the biases of its output
// layer; with all weights equal, the units of a layer stay equal; with weights
// that are too small, the signal fades from layer to layer. The variance 0.01
// of the lecture suits layers of 100 units, not of 25; Xavier and He compute a
// variance for each width. Weights from an earlier training (预训练) do best.
//
// Source: A and B, initialization; Glorot & Bengio 2010; He et al. 2015.
// Run: make init && ./init   (make mnist fetches the real digits)
// Ends with: result: zero=0.11.. constant=0.26.. small=0.11.. ...
//
// Try: WIDTH 25 and 400 (which rows hardly change?);
//      UNIFORM_R 0.05 (does the signal still reach layer 5?).
//
// Contents: 1 eight initializations  2 what they do  3 training
//           4 the earlier training  5 table  6 figures  7 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "data.h"
#include "digits.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"
#include "safetensors.h"

// ---- 1. Eight initializations -----------------------------------------------

typedef enum {
    ZERO,
    CONSTANT,
    SMALL,
    GAUSSIAN,
    UNIFORM,
    XAVIER,
    HE,
    PRETRAINED,
    KINDS
} Kind;

static const char *const kind_name[KINDS] = {"zero",     "constant",  "small",
                                             "gaussian", "uniform",   "xavier",
                                             "he",       "pretrained"};
static const char *const kind_text[KINDS] = {"all zero",
                                             "all 0.01",
                                             "Gaussian, σ = 0.01",
                                             "Gaussian, σ² = 0.01",
                                             "uniform, σ² = 0.01",
                                             "Xavier",
                                             "He",
                                             "pre-trained"};

enum { HIDDEN = 5, WIDTH = 100 }; // hidden layers, and units in each

// B gives the Gaussian's variance, 0.01, but no r for the uniform weights: this
// r gives them the same variance, r^2 / 3 = 0.01.
static const float GAUSSIAN_SIGMA = 0.1f, UNIFORM_R = 0.17320508f;

static float uniform(Rng *rng, float r) {
    return r * (2 * rng_uniform(rng) - 1);
}

// One weight of a layer of fan_in inputs and fan_out outputs. A sum of fan_in
// products has fan_in times the variance of one, so Var(w) = 1 / fan_in keeps
// the signal's size; ReLU sets half of it to zero, so He takes 2 / fan_in.
// Xavier is a compromise with the backward pass, which sums fan_out products,
// and assumes tanh.
static float first_weight(Kind kind, int fan_in, int fan_out, Rng *rng) {
    switch (kind) {
    case CONSTANT:
        return 0.01f;
    case SMALL: // ten times less: what happens if 0.01 is read as sigma
        return 0.1f * GAUSSIAN_SIGMA * rng_normal(rng);
    case GAUSSIAN: // [B Gaussian] w ~ N(0, 0.01), so sigma = 0.1
        return GAUSSIAN_SIGMA * rng_normal(rng);
    case UNIFORM: // [B uniform] w ~ U(-r, r), r = sqrt(3 * 0.01) = 0.173
        return uniform(rng, UNIFORM_R);
    case XAVIER: // [Glorot 2010] w ~ U(-r, r), r = sqrt(6 / (fan_in + fan_out))
        return uniform(rng, sqrtf(6.0f / (float)(fan_in + fan_out)));
    case HE: // [He 2015] w ~ N(0, 2 / fan_in)
        return sqrtf(2.0f / (float)fan_in) * rng_normal(rng);
    default:
        return 0.0f;
    }
}

// [A fixed values] b = 0
// The random weights already make the units of a layer different.
static void init_weights(ReluNet *net, Kind kind, Rng *rng) {
    for (int l = 0; l < net->layers; l++) {
        Tensor *w = &net->w[l]; // [fan_out, fan_in]
        for (size_t i = 0; i < w->size; i++)
            w->data[i] = first_weight(kind, w->shape[1], w->shape[0], rng);
        tensor_fill(&net->b[l], 0.0f);
    }
}

// A net of the one shape that this program is about, its weights to come.
static void make_net(ReluNet *net, const Dataset *set, Rng *rng) {
    int D = set->rows * set->cols;
    const int sizes[] = {D, WIDTH, WIDTH, WIDTH, WIDTH, WIDTH, set->classes};
    relu_net_init(net, HIDDEN + 2, sizes, rng);
}

// ---- 2. What they do to the first batch -------------------------------------

// The square root of the mean square: the size of a layer's numbers.
static double rms(const Tensor *t) {
    double sum = 0;
    for (size_t i = 0; i < t->size; i++)
        sum += (double)t->data[i] * (double)t->data[i];
    return sqrt(sum / (double)t->size);
}

// How many units of a layer [N, M] answer differently from those before them.
static int different_units(const Tensor *a) {
    int N = a->shape[0], M = a->shape[1], count = 0;
    for (int j = 0; j < M; j++) {
        bool fresh = true;
        for (int i = 0; i < j && fresh; i++) {
            bool same = true;
            for (int n = 0; n < N && same; n++)
                same = fabsf(a->data[n * M + i] - a->data[n * M + j]) <=
                       1e-5f * fabsf(a->data[n * M + i]);
            fresh = !same;
        }
        count += fresh;
    }
    return count;
}

typedef struct {
    double size[HIDDEN];         // rms of the activations
    double gradient[HIDDEN + 1]; // rms of dw, per layer of weights
    double epoch_loss[100];      // training loss, [epochs]
    int epochs, units;           // that differ in the last hidden layer, after
    double accuracy;             // on test digits, after
} Outcome;

// One forward and one backward pass, before anything is learned.
static void look_inside(Outcome *outcome, ReluNet *net, const Dataset *set) {
    Batches batches;
    batches_init(&batches, set, set->count < 500 ? set->count : 500);
    batches_start(&batches, NULL);
    batches_next(&batches);
    relu_net_forward(net, &batches.x);
    softmax_cross_entropy(&net->dlogits, &net->logits, batches.labels);
    relu_net_backward(net, &batches.x);
    for (int l = 0; l <= HIDDEN; l++)
        outcome->gradient[l] = rms(&net->dw[l]);
    for (int l = 0; l < HIDDEN; l++)
        outcome->size[l] = rms(&net->hidden[l]);
    batches_free(&batches);
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit;
    float lr;
    const char *data, *load, *save;
} Options;

static void evaluate(Outcome *outcome, ReluNet *net, const Dataset *set) {
    Confusion confusion = {.classes = set->classes};
    Batches batches;
    batches_init(&batches, set, 500);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        relu_net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    outcome->accuracy = finished(confusion_accuracy(&confusion));
    outcome->units = different_units(&net->hidden[HIDDEN - 1]);
    batches_free(&batches);
}

static void train(Outcome *outcome, ReluNet *net, const Dataset *set,
                  const Options *o, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer sgd;
    batches_init(&batches, set, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&sgd, SGD, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            relu_net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            relu_net_backward(net, &batches.x);
            optimizer_step(&sgd, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        float loss = progress_mean_loss(&progress);
        outcome->epoch_loss[outcome->epochs++] = (double)loss;
    }
    optimizer_free(&sgd);
    batches_free(&batches);
}

// ---- 4. The earlier training ------------------------------------------------

// A seed for drawn digits that no task uses: data.h draws with 2 seed and
// 2 seed + 1, and this one counts down from the largest number.
static uint64_t pretraining_seed(uint64_t seed) {
    return UINT64_MAX - seed;
}

// [A pre-training] w = the weights that an earlier training ended with
// Of a file, or trained here on digits that the computer has drawn, never on
// those of the task.
static void train_earlier(ReluNet *net, const Dataset *like, const Options *o) {
    Error err;
    Dataset drawn;
    Rng rng;
    Outcome outcome = {.epochs = 0};
    rng_seed(&rng, o->common.seed);
    make_net(net, like, &rng);
    if (o->load == NULL) {
        digits_draw(&drawn, like->count, pretraining_seed(o->common.seed));
        init_weights(net, HE, &rng);
        train(&outcome, net, &drawn, o, &rng);
        dataset_free(&drawn);
    } else if (!safetensors_load(o->load, &net->params, &err))
        die("%s", err.message);

    if (o->save != NULL && !stop_requested() &&
        !safetensors_save(o->save, &net->params, &err))
        run_error("%s", err.message);
}

// ---- 5. The table -----------------------------------------------------------

static void print_head(void) {
    printf("\n%d hidden layers of %d ReLU. Before training: the size (rms) of "
           "each layer's\noutput and of the first layer's gradient. After it: "
           "loss, accuracy, and how many\nof the last hidden layer's units "
           "differ from one another.\n\n",
           HIDDEN, WIDTH);
    printf("%-11s %7s %7s %7s %7s %7s %8s %6s %6s %5s\n", "", "layer 1", "2",
           "3", "4", "5", "dw1", "loss", "right", "units");
}

static void print_row(Kind kind, const Outcome *outcome) {
    printf("%-11s", kind_name[kind]);
    for (int l = 0; l < HIDDEN; l++)
        printf(" %7.1g", outcome->size[l]);
    printf(" %8.1g %6.3f %4.1f %% %5d\n", outcome->gradient[0],
           outcome->epochs > 0 ? outcome->epoch_loss[outcome->epochs - 1]
                               : (double)NAN,
           100 * outcome->accuracy, outcome->units);
}

static void print_zero(const Outcome *zero) {
    printf("\nAll zero, the gradients of the weights of layers 1 to %d are",
           HIDDEN + 1);
    for (int l = 0; l <= HIDDEN; l++)
        printf(" %g%s", zero->gradient[l], l < HIDDEN ? "," : ".");
    printf("\nEvery hidden unit outputs 0, so the next layer's weights get a "
           "zero gradient;\nand because those weights are 0, no gradient "
           "reaches the hidden layer either.\nOnly the output biases learn: "
           "how frequent each digit is. With the sigmoid\nmore moves: see "
           "zero_init.\n\n");
}

// ---- 6. Figures -------------------------------------------------------------

// Zeros cannot stand on a logarithmic axis: the first kind is left out.
static void draw_activations(const Outcome outcomes[KINDS],
                             const char *format) {
    Figure f;
    const Outcome *small = &outcomes[SMALL], *he = &outcomes[HE];
    if (!figure_open(&f, "ch04", "init_activations", format))
        return;
    figure_title(&f,
                 "By layer %d the signal is divided by %.0f with σ = 0.01, by "
                 "%.1f with He",
                 HIDDEN, small->size[0] / small->size[HIDDEN - 1],
                 he->size[0] / he->size[HIDDEN - 1]);
    figure_caption(
        &f, "The root mean square of each hidden layer's outputs before "
            "training. All-zero weights give 0 everywhere and are not drawn.");
    figure_table(&f, "layer,constant,small,gaussian,uniform,xavier,he,"
                     "pretrained");
    for (int l = 0; l < HIDDEN; l++)
        figure_row(&f, l + 1, outcomes[CONSTANT].size[l],
                   outcomes[SMALL].size[l], outcomes[GAUSSIAN].size[l],
                   outcomes[UNIFORM].size[l], outcomes[XAVIER].size[l],
                   outcomes[HE].size[l], outcomes[PRETRAINED].size[l]);
    figure_x(&f, "hidden layer");
    figure_step(&f, 'x', 1.0);
    figure_y(&f, "size of the outputs (rms)");
    figure_log(&f, 'y');
    for (int k = CONSTANT; k < KINDS; k++)
        figure_linespoints(&f, 1, 1 + k, "%s", kind_text[k]);
    figure_close(&f);
}

static void draw_training(const Outcome outcomes[KINDS], int epochs,
                          const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "init_training", format))
        return;
    figure_title(&f,
                 "The same net after %d epochs: loss %.2f from σ² = 0.01, %.2f "
                 "from σ = 0.01",
                 epochs, outcomes[GAUSSIAN].epoch_loss[epochs - 1],
                 outcomes[SMALL].epoch_loss[epochs - 1]);
    figure_caption(&f, "The mean training loss of each epoch, from eight "
                       "initializations.");
    figure_x(&f, "epoch");
    figure_step(&f, 'x', 1 + epochs / 10);
    figure_y(&f, "training loss");
    figure_range(&f, 'y', 0.0, NAN);
    for (int k = 0; k < KINDS; k++) {
        figure_table(&f, "epoch,loss");
        for (int e = 0; e < epochs; e++)
            figure_row(&f, e + 1, outcomes[k].epoch_loss[e]);
        figure_linespoints(&f, 1, 2, "%s", kind_text[k]);
    }
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 100, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
        option_input("load", &o->load, "begin `pretrained' from these weights"),
        option_output("save", &o->save,
                      "write the weights that it begins from"),
    };
    cli_parse(&o->common, "init",
              "Eight ways to choose a net's first weights: what each does to "
              "the signal, and what the net then learns.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 5,
                 .batch = 50,
                 .lr = 0.05f,
                 .limit = 5000};
    parse(&o, argc, argv);

    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    ReluNet earlier;
    train_earlier(&earlier, &digits.train, &o);

    Outcome outcomes[KINDS] = {{.epochs = 0}};
    if (!o.common.quiet)
        print_head();
    for (int k = 0; k < KINDS; k++) {
        Rng rng;
        ReluNet net;
        rng_seed(&rng, o.common.seed);
        make_net(&net, &digits.train, &rng);
        init_weights(&net, (Kind)k, &rng);
        if (k == PRETRAINED)
            tensor_copy(&net.params.value, &earlier.params.value);
        look_inside(&outcomes[k], &net, &digits.train);
        train(&outcomes[k], &net, &digits.train, &o, &rng);
        evaluate(&outcomes[k], &net, &digits.test);
        if (!o.common.quiet && !stop_requested())
            print_row((Kind)k, &outcomes[k]);
        relu_net_free(&net);
    }
    if (!o.common.quiet && !stop_requested())
        print_zero(&outcomes[ZERO]);
    draw_activations(outcomes, o.common.plot);
    draw_training(outcomes, o.epochs, o.common.plot);

    for (int k = 0; k < KINDS; k++)
        run_result("%s=%.4f", kind_name[k], outcomes[k].accuracy);
    run_result("zero_gradient=%g seed=%llu data=%s", outcomes[ZERO].gradient[0],
               (unsigned long long)o.common.seed, digits_name(&digits));
    relu_net_free(&earlier);
    digits_free(&digits);
    return run_end();
}
