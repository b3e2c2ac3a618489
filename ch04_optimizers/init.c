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
// Ends with: result: test_accuracy zero=0.11.. constant=0.26.. small=0.11.. ...
//
// Try: WIDTH 25 and 400 (which rows hardly change?);
//      UNIFORM_R 0.05 (does the signal still reach layer 5?).
//
// Contents: 1 eight initializations  2 what they do  3 B's quiz  4 training
//           5 the earlier training  6 table  7 charts  8 main

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>

#include "blas.h"
#include "chart.h"
#include "cli.h"
#include "data.h"
#include "digits.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
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

enum { BINS = 64 }; // of log10(activation), from 1e-8 to 1e2

typedef struct {
    double size[HIDDEN];         // rms of the activations
    double gradient[HIDDEN + 1]; // rms of dw, per layer of weights
    double share[HIDDEN][BINS];  // histogram of the positive activations
    double epoch_loss[100];      // training loss, [epochs]
    int epochs, units;           // that differ in the last hidden layer, after
    double accuracy;             // on test digits, after
} Outcome;

static int bin_of(float activation) {
    int bin = (int)floor((log10((double)activation) + 8) * BINS / 10);
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}

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
    for (int l = 0; l < HIDDEN; l++) {
        const Tensor *a = &net->hidden[l];
        outcome->size[l] = rms(a);
        for (size_t i = 0; i < a->size; i++)
            if (a->data[i] > 0)
                outcome->share[l][bin_of(a->data[i])] += 1.0 / (double)a->size;
    }
    batches_free(&batches);
}

// ---- 3. B's quiz ------------------------------------------------------------

// All parameters zero: what cannot be done, (A) compute the loss, (B) adjust
// the output layer, (C) adjust the hidden layers? It depends on h = f(0), the
// output of every hidden unit: 0.5 for the sigmoid, 0 for tanh and ReLU.
typedef enum { SIGMOID, TANH, RELU, ACTIVATIONS } Activation;
static const char *const activation_name[ACTIVATIONS] = {"sigmoid", "tanh",
                                                         "ReLU"};
enum { QUIZ_LAYERS = 3, QUIZ_WIDTH = 16, QUIZ_STEPS = 300 };
static const float QUIZ_RATE = 5.0f;

// Steps count from 1. A layer of which no gradient is ever nonzero has 0.
typedef struct {
    double first_loss, last_loss;
    int weights[QUIZ_LAYERS]; // first step with a nonzero gradient,
    int biases[QUIZ_LAYERS];  // from the first layer to the output layer
    int units; // of the last hidden layer that differ, at the end
} Quiz;

static float activation(Activation f, float x) {
    if (f == SIGMOID)
        return 1 / (1 + expf(-x));
    return f == TANH ? tanhf(x) : fmaxf(0, x);
}

// The slope, from the output y.
static float slope(Activation f, float y) {
    if (f == SIGMOID)
        return y * (1 - y);
    return f == TANH ? 1 - y * y : (float)(y > 0);
}

static void quiz_forward(ReluNet *net, const Tensor *x, Activation f) {
    for (int l = 0; l < QUIZ_LAYERS - 1; l++) {
        Tensor *h = &net->hidden[l];
        linear_forward(h, x, &net->w[l], &net->b[l]);
        for (size_t i = 0; i < h->size; i++)
            h->data[i] = activation(f, h->data[i]);
        x = h;
    }
    linear_forward(&net->logits, x, &net->w[QUIZ_LAYERS - 1],
                   &net->b[QUIZ_LAYERS - 1]);
}

static void quiz_backward(ReluNet *net, const Tensor *x, Activation f) {
    const Tensor *dy = &net->dlogits;
    for (int l = QUIZ_LAYERS - 1; l > 0; l--) {
        Tensor *dh = &net->dhidden[l - 1], *h = &net->hidden[l - 1];
        linear_backward(dh, &net->dw[l], &net->db[l], dy, h, &net->w[l]);
        for (size_t i = 0; i < h->size; i++)
            dh->data[i] *= slope(f, h->data[i]);
        dy = dh;
    }
    linear_backward(NULL, &net->dw[0], &net->db[0], dy, x, &net->w[0]);
}

// [B quiz] all zero: A the loss, B the output layer, C the hidden layers?
// Gradient descent on one batch, from zero; notes when each layer first moves.
static Quiz take_quiz(const Dataset *set, Activation f, Rng *rng) {
    ReluNet net;
    Batches all;
    Quiz quiz = {.units = 0};
    const int sizes[] = {set->rows * set->cols, QUIZ_WIDTH, QUIZ_WIDTH,
                         set->classes};
    relu_net_init(&net, QUIZ_LAYERS + 1, sizes, rng);
    tensor_fill(&net.params.value, 0);
    batches_init(&all, set, set->count < 500 ? set->count : 500);
    batches_start(&all, NULL);
    batches_next(&all);

    for (int step = 1; step <= QUIZ_STEPS; step++) {
        quiz_forward(&net, &all.x, f);
        quiz.last_loss = (double)softmax_cross_entropy(&net.dlogits,
                                                       &net.logits, all.labels);
        quiz_backward(&net, &all.x, f);
        if (step == 1)
            quiz.first_loss = quiz.last_loss;
        for (int l = 0; l < QUIZ_LAYERS; l++) {
            if (quiz.weights[l] == 0 && rms(&net.dw[l]) > 0)
                quiz.weights[l] = step;
            if (quiz.biases[l] == 0 && rms(&net.db[l]) > 0)
                quiz.biases[l] = step;
        }
        saxpy((int)net.params.value.size, -QUIZ_RATE, net.params.grad.data,
              net.params.value.data);
    }
    quiz.units = different_units(&net.hidden[QUIZ_LAYERS - 2]);
    batches_free(&all);
    relu_net_free(&net);
    return quiz;
}

// Which options are true of the first step: the letters, "C" for instance.
static void true_options(char letters[4], const Quiz *q) {
    int last = QUIZ_LAYERS - 1;
    bool output = q->weights[last] == 1 || q->biases[last] == 1, hidden = false;
    for (int l = 0; l < last; l++)
        hidden |= q->weights[l] == 1 || q->biases[l] == 1;
    snprintf(letters, 4, "%s%s%s", isfinite(q->first_loss) ? "" : "A",
             output ? "" : "B", hidden ? "" : "C");
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit;
    float lr;
    const char *data, *load;
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
    outcome->accuracy = confusion_accuracy(&confusion);
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
        while (!stop_requested() && batches_next(&batches)) {
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

// ---- 5. The earlier training ------------------------------------------------

// A seed for drawn digits that no task uses: data.h draws with 2 seed and
// 2 seed + 1, and this one counts down from the largest number.
static uint64_t pretraining_seed(uint64_t seed) {
    return UINT64_MAX - seed;
}

// [A pre-training] w = the weights that an earlier training ended with
// Trained on digits that the computer has drawn, never on those of the task,
// and left in a file.
static void write_pretrained(const char *path, const Dataset *like,
                             const Options *o) {
    Error err;
    Dataset drawn;
    ReluNet net;
    Rng rng;
    Outcome outcome = {.epochs = 0};
    rng_seed(&rng, o->common.seed);
    digits_draw(&drawn, like->count, pretraining_seed(o->common.seed));
    make_net(&net, like, &rng);
    init_weights(&net, HE, &rng);
    train(&outcome, &net, &drawn, o, &rng);
    if (!safetensors_save(path, &net.params, &err))
        die("%s; a place to write to can be named: --load FILE", err.message);
    relu_net_free(&net);
    dataset_free(&drawn);
}

// ---- 6. The table -----------------------------------------------------------

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
           "how frequent each digit is.\n");
}

static void print_quiz(const Quiz quiz[ACTIVATIONS]) {
    printf("\nThe lecture's quiz: with all parameters 0, which is impossible: "
           "(A) to compute\nthe loss, (B) to adjust the output layer, (C) to "
           "adjust the hidden layers? Two\nhidden layers of %d units, %d steps "
           "at rate %g. The step in which each first\nmoves:\n\n",
           QUIZ_WIDTH, QUIZ_STEPS, (double)QUIZ_RATE);
    printf("  %-7s %7s %8s %8s %8s %9s %15s  %s\n", "", "output", "(biases)",
           "hidden 2", "hidden 1", "last loss", "different units", "step 1");
    for (int f = 0; f < ACTIVATIONS; f++) {
        const Quiz *q = &quiz[f];
        const int steps[] = {q->weights[2], q->biases[2], q->weights[1],
                             q->weights[0]};
        char letters[4];
        true_options(letters, q);
        printf("  %-7s", activation_name[f]);
        for (int i = 0; i < 4; i++)
            if (steps[i] > 0)
                printf(" %*d", i == 0 ? 7 : 8, steps[i]);
            else
                printf(" %*s", i == 0 ? 7 : 8, "never");
        printf(" %9.4f %15d  %s\n", q->last_loss, q->units, letters);
    }
    printf("\nThe gradient reaches a hidden layer through the weights above "
           "it, which are 0:\nhence C, in step 1. Sigmoid units output 0.5, so "
           "the output weights move at once\nand one more hidden layer in each "
           "step, but all units of a layer stay equal.\nWith tanh and ReLU "
           "the output weights are stuck, too: only the output biases\n"
           "move.\n\n");
}

// ---- 7. Charts --------------------------------------------------------------

static void draw_activations(const Outcome outcomes[KINDS],
                             const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch04", "init_activations", format))
        return;
    chart_size(&chart, 1200, 640);
    chart_script(&chart,
                 "set multiplot layout 2,4 title 'Does the signal reach "
                 "layer 5? Positive outputs of each hidden layer, "
                 "before training'\n"
                 "set logscale x; set xrange [1e-8:100]\n"
                 "set format x '10^{%%L}'; set xtics 1e-8,100\n"
                 "set xlabel 'output'; set yrange [0:*]\n"
                 "set key inside left top vertical samplen 2\n");
    int block = 0;
    for (int k = CONSTANT; k < KINDS; k++) {
        chart_script(&chart, "set title '%s'\nset ylabel '%s'\nplot ",
                     kind_text[k], k % 4 == 1 ? "share of outputs (%)" : "");
        for (int l = 0; l < HIDDEN; l++, block++) {
            chart_columns(&chart, "output,share");
            for (int i = 0; i < BINS; i++)
                chart_row(&chart, 2, pow(10, (i + 0.5) * 10 / BINS - 8),
                          100 * outcomes[k].share[l][i]);
            chart_break(&chart);
            chart_break(&chart);
            chart_script(&chart,
                         "%sDATA index %d using 1:2 with lines title 'layer "
                         "%d'",
                         l > 0 ? ", \\\n  " : "", block, l + 1);
        }
        chart_script(&chart, "\nunset key\n");
    }
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
}

static void draw_training(const Outcome outcomes[KINDS], int epochs,
                          const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch04", "init_training", format))
        return;
    for (int k = 0; k < KINDS; k++) {
        chart_columns(&chart, "epoch,loss");
        for (int e = 0; e < outcomes[k].epochs; e++)
            chart_row(&chart, 2, e + 1.0, outcomes[k].epoch_loss[e]);
        chart_break(&chart);
        chart_break(&chart);
    }
    chart_script(&chart,
                 "set title 'The same net, eight initializations: σ² = 0.01 "
                 "learns, σ = 0.01 does not'\n"
                 "set xlabel 'epoch'; set ylabel 'training loss'\n"
                 "set xrange [0.9:%g]; set xtics 1; set yrange [0:*]\nplot ",
                 epochs + 0.1);
    for (int k = 0; k < KINDS; k++)
        chart_script(&chart,
                     "%sDATA index %d using 1:2 with linespoints title '%s'",
                     k > 0 ? ", \\\n  " : "", k, kind_text[k]);
    chart_script(&chart, "\n");
    chart_close(&chart);
}

// ---- 8. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 100, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "use only so many digits (0: all)"),
        option_text("load", &o->load, "FILE",
                    "begin `pretrained' from these weights"),
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
    const char *pretrained = o.load;
    if (pretrained == NULL) {
        pretrained = "out/ch04/init_pretrained.safetensors";
        mkdir("out", 0777);
        mkdir("out/ch04", 0777);
        write_pretrained(pretrained, &digits.train, &o);
    }

    Outcome outcomes[KINDS] = {{.epochs = 0}};
    if (!o.common.quiet)
        print_head();
    for (int k = 0; k < KINDS; k++) {
        Rng rng;
        ReluNet net;
        rng_seed(&rng, o.common.seed);
        make_net(&net, &digits.train, &rng);
        init_weights(&net, (Kind)k, &rng);
        if (k == PRETRAINED && !safetensors_load(pretrained, &net.params, &err))
            die("%s", err.message);
        look_inside(&outcomes[k], &net, &digits.train);
        train(&outcomes[k], &net, &digits.train, &o, &rng);
        evaluate(&outcomes[k], &net, &digits.test);
        if (!o.common.quiet)
            print_row((Kind)k, &outcomes[k]);
        relu_net_free(&net);
    }
    Quiz quiz[ACTIVATIONS];
    for (int f = 0; f < ACTIVATIONS; f++) {
        Rng rng;
        rng_seed(&rng, o.common.seed);
        quiz[f] = take_quiz(&digits.train, (Activation)f, &rng);
    }
    if (!o.common.quiet) {
        print_zero(&outcomes[ZERO]);
        print_quiz(quiz);
    }
    draw_activations(outcomes, o.common.plot);
    draw_training(outcomes, o.epochs, o.common.plot);

    printf("result: test_accuracy");
    for (int k = 0; k < KINDS; k++)
        printf(" %s=%.4f", kind_name[k], outcomes[k].accuracy);
    printf(" zero_gradient=%g seed=%llu data=%s\n", outcomes[ZERO].gradient[0],
           (unsigned long long)o.common.seed, digits_name(&digits));
    digits_free(&digits);
    return 0;
}
