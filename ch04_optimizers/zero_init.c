// zero_init.c - a quiz: what if all parameters start at 0? (参数初始化)
//
// Lecture B asks which is impossible then: (A) to compute the loss, (B) to
// adjust the output layer, (C) to adjust the hidden layers. The gradient reaches
// a hidden layer through the weights above it, and these are 0. What happens
// after the first step depends on f(0), the output of every hidden unit: 0.5
// for the sigmoid, 0 for tanh and ReLU. So the same net is trained with each.
//
// Source: B, the quiz on initialization, which prints no answer
// Run: make zero_init && ./zero_init   (make mnist fetches the real digits)
// Ends with: result: sigmoid=C tanh=C relu=C sigmoid_loss=1.5786 ...
//
// Try: --steps 3000: does the sigmoid's net learn to read, with all units of a
//      layer equal? LAYERS 4: when does the lowest layer move?
//
// Contents: 1 three activations  2 the net  3 the quiz  4 table  5 figure  6 main

#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "cli.h"
#include "data.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. Three activations ---------------------------------------------------

typedef enum { SIGMOID, TANH, RELU, ACTIVATIONS } Activation;
static const char *const activation_name[ACTIVATIONS] = {"sigmoid", "tanh",
                                                         "ReLU"};

static float activation(Activation f, float x) {
    if (f == SIGMOID)
        return 1 / (1 + expf(-x));
    return f == TANH ? tanhf(x) : fmaxf(0, x);
}

// The derivative, from the output y.
static float slope(Activation f, float y) {
    if (f == SIGMOID)
        return y * (1 - y);
    return f == TANH ? 1 - y * y : (float)(y > 0);
}

// ---- 2. The net -------------------------------------------------------------

enum { LAYERS = 3, WIDTH = 16 }; // of weights: two hidden layers and an output

static void net_forward(ReluNet *net, const Tensor *x, Activation f) {
    for (int l = 0; l < LAYERS - 1; l++) {
        Tensor *h = &net->hidden[l]; // [N, WIDTH]
        linear_forward(h, x, &net->w[l], &net->b[l]);
        for (size_t i = 0; i < h->size; i++)
            h->data[i] = activation(f, h->data[i]);
        x = h;
    }
    linear_forward(&net->logits, x, &net->w[LAYERS - 1], &net->b[LAYERS - 1]);
}

// dL/dh of a layer is dL/dz of the next times its weights: 0 if these are 0.
static void net_backward(ReluNet *net, const Tensor *x, Activation f) {
    const Tensor *dz = &net->dlogits;
    for (int l = LAYERS - 1; l > 0; l--) {
        Tensor *dh = &net->dhidden[l - 1], *h = &net->hidden[l - 1];
        linear_backward(dh, &net->dw[l], &net->db[l], dz, h, &net->w[l]);
        for (size_t i = 0; i < h->size; i++)
            dh->data[i] *= slope(f, h->data[i]);
        dz = dh;
    }
    linear_backward(NULL, &net->dw[0], &net->db[0], dz, x, &net->w[0]);
}

// ---- 3. The quiz ------------------------------------------------------------

enum { MOST_STEPS = 10000 };

typedef struct {
    CommonOptions common;
    int steps, limit;
    float lr;
    const char *data;
} Options;

// Steps count from 1. A layer whose gradient is never anything but 0 has 0.
typedef struct {
    int weights[LAYERS]; // first step with a nonzero gradient,
    int biases[LAYERS];  // from the lowest layer to the output layer
    bool alike;          // are all units of the last hidden layer equal?
    int steps;
    double loss[MOST_STEPS]; // before each step
} Quiz;

static bool nonzero(const Tensor *t) {
    for (size_t i = 0; i < t->size; i++)
        if (t->data[i] != 0)
            return true;
    return false;
}

// Does every unit of h [N, WIDTH] output what the first one does?
static bool units_alike(const Tensor *h) {
    for (size_t i = 0; i < h->size; i++)
        if (h->data[i] != h->data[i - i % WIDTH])
            return false;
    return true;
}

// [B quiz] all zero: A the loss, B the output layer, C the hidden layers?
// Gradient descent on one batch, all digits; notes when each layer first moves.
static void take_quiz(Quiz *quiz, const Dataset *set, Activation f,
                      const Options *o) {
    ReluNet net;
    Batches all;
    Rng rng;
    int sizes[LAYERS + 1] = {set->rows * set->cols};
    for (int l = 1; l < LAYERS; l++)
        sizes[l] = WIDTH;
    sizes[LAYERS] = set->classes;
    rng_seed(&rng, o->common.seed);
    relu_net_init(&net, LAYERS + 1, sizes, &rng);
    tensor_fill(&net.params.value, 0);
    batches_init(&all, set, set->count);
    batches_start(&all, NULL);
    batches_next(&all);
    *quiz = (Quiz){.steps = o->steps};

    for (int step = 1; step <= o->steps; step++) {
        net_forward(&net, &all.x, f);
        quiz->loss[step - 1] = (double)softmax_cross_entropy(
            &net.dlogits, &net.logits, all.labels);
        net_backward(&net, &all.x, f);

        for (int l = 0; l < LAYERS; l++) {
            if (quiz->weights[l] == 0 && nonzero(&net.dw[l]))
                quiz->weights[l] = step;
            if (quiz->biases[l] == 0 && nonzero(&net.db[l]))
                quiz->biases[l] = step;
        }

        saxpy((int)net.params.value.size, -o->lr, net.params.grad.data,
              net.params.value.data);
    }
    quiz->alike = units_alike(&net.hidden[LAYERS - 2]);
    batches_free(&all);
    relu_net_free(&net);
}

// The options that are true of the first step, as letters: "C" for instance.
static void true_options(char letters[4], const Quiz *q) {
    int last = LAYERS - 1;
    bool output = q->weights[last] == 1 || q->biases[last] == 1, hidden = false;
    for (int l = 0; l < last; l++)
        hidden |= q->weights[l] == 1 || q->biases[l] == 1;
    snprintf(letters, 4, "%s%s%s", isfinite(q->loss[0]) ? "" : "A",
             output ? "" : "B", hidden ? "" : "C");
}

// ---- 4. The table -----------------------------------------------------------

static void print_step(int width, int step) {
    if (step > 0)
        printf(" %*d", width, step);
    else
        printf(" %*s", width, "never");
}

static void print_quiz(const Quiz quiz[ACTIVATIONS], int digits,
                       const Options *o) {
    printf("With all parameters 0, which is impossible: (A) to compute the "
           "loss, (B) to\nadjust the output layer, (C) to adjust the hidden "
           "layers?\n\n%d hidden layers of %d units, %d digits, %d steps at "
           "rate %g. The step in which\nthe weights of each layer first move, "
           "and the output layer's biases:\n\n  %-8s",
           LAYERS - 1, WIDTH, digits, o->steps, (double)o->lr, "");
    for (int l = 1; l < LAYERS; l++)
        printf(" hidden %d", l);
    printf(" %8s %7s  %-7s %11s %9s\n", "output", "biases", "answer",
           "units alike", "last loss");
    for (int f = 0; f < ACTIVATIONS; f++) {
        const Quiz *q = &quiz[f];
        char letters[4];
        true_options(letters, q);
        printf("  %-8s", activation_name[f]);
        for (int l = 0; l < LAYERS; l++)
            print_step(8, q->weights[l]);
        print_step(7, q->biases[LAYERS - 1]);
        printf("  %-7s %11s %9.4f\n", letters, q->alike ? "yes" : "no",
               q->loss[q->steps - 1]);
    }
    printf(
        "\nIn the first step the answer is C for all three: the output "
        "biases always move.\nThen they differ. Sigmoid units output 0.5, so "
        "the output weights move at once\nand the hidden layers one after the "
        "other; but all units of a layer stay equal.\nWith tanh and ReLU "
        "every hidden unit outputs 0, so the output weights never\nmove: "
        "the net learns how frequent each digit is, and no more.\n\n");
}

// ---- 5. The figure ----------------------------------------------------------

static void draw(const Quiz quiz[ACTIVATIONS], const char *format) {
    Figure f;
    int last = quiz[0].steps - 1;
    if (!figure_open(&f, "ch04", "zero_init", format))
        return;
    figure_title(&f,
                 "From all zeros the sigmoid net ends at loss %.2f, tanh and "
                 "ReLU at %.2f",
                 quiz[SIGMOID].loss[last], quiz[RELU].loss[last]);
    figure_caption(&f, "With tanh and ReLU only the output biases learn, so "
                       "their curves coincide.");
    figure_table(&f, "step,sigmoid,tanh,ReLU");
    for (int s = 0; s <= last; s++)
        figure_row(&f, s + 1, quiz[SIGMOID].loss[s], quiz[TANH].loss[s],
                   quiz[RELU].loss[s]);
    figure_x(&f, "step");
    figure_y(&f, "training loss");
    figure_range(&f, 'y', 0.0, NAN);
    figure_lines(&f, 1, 2, "sigmoid");
    figure_pen(&f, (Pen){.width = 5.0, .solid = true});
    figure_lines(&f, 1, 3, "tanh");
    figure_lines(&f, 1, 4, "ReLU");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: too small a net for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .steps = 300,
                 .limit = 500,
                 .lr = 5.0f};
    const Option table[] = {
        option_int("steps", &o.steps, LAYERS, MOST_STEPS,
                   "steps of gradient descent"),
        option_float("lr", &o.lr, 1e-6, 100.0, "learning rate"),
        option_text("data", &o.data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o.limit, 1, 60000, "digits to train on"),
    };
    cli_parse(&o.common, "zero_init",
              "A net whose parameters are all 0 at the start: which layers "
              "move, and when, with sigmoid, tanh and ReLU.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);

    static Quiz quiz[ACTIVATIONS];
    for (int f = 0; f < ACTIVATIONS; f++)
        take_quiz(&quiz[f], &digits.train, (Activation)f, &o);

    if (!o.common.quiet)
        print_quiz(quiz, digits.train.count, &o);
    draw(quiz, o.common.plot);

    char letters[ACTIVATIONS][4];
    for (int f = 0; f < ACTIVATIONS; f++)
        true_options(letters[f], &quiz[f]);
    run_result("sigmoid=%s tanh=%s relu=%s sigmoid_loss=%.4f "
               "tanh_loss=%.4f relu_loss=%.4f seed=%llu data=%s",
               letters[SIGMOID], letters[TANH], letters[RELU],
               quiz[SIGMOID].loss[o.steps - 1], quiz[TANH].loss[o.steps - 1],
               quiz[RELU].loss[o.steps - 1], (unsigned long long)o.common.seed,
               digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
