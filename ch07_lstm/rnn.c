// rnn.c - a net with a memory, step by step (循环神经网络 RNN)
//
// A recurrent net has a state h (隐状态), its short-term memory (短期记忆). At
// every step it mixes the input with the state of the step before, by the same
// weights each time: so its state can hold what was earlier. The backward pass
// goes through the steps from the last to the first and adds up the gradients
// of the shared weights.
//
// C has five patterns of inputs and outputs; the same loops serve four:
//
//     one-to-one    XOR of two bits in one step: no memory needed
//     one-to-many   a number, then nothing: count down from it
//     many-to-one   bits one by one: is the number of ones odd? C's example is
//                   the mood of a sentence (情感分析)
//     many-to-many  two bits a step: add two binary numbers, with the carry in
//                   h. C's example is the kind of each word (词性标注)
//
// The fifth, a many-to-many that answers only after it has read everything
// (机器翻译, machine translation), is exercise 3 of the README.
//
// Source: C, the five patterns; C and D, the RNN in words; its formula: Elman
// 1990; backpropagation through time: Werbos 1990.
// Run: make rnn && ./rnn
// Ends with: result: one_to_one=1.000 one_to_many=1.000 many_to_one=1.000 ...
//
// Contents: 1 forward  2 backward  3 gradient check  4 tasks  5 training
//           6 figure  7 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "blas.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "rng.h"
#include "run.h"

// ---- 1. Forward -------------------------------------------------------------

enum { D = 8, H = 24, C = 8, MAX_T = 8 }; // inputs, units, classes, steps

// Weights, and also their gradients: both are one block of WEIGHTS floats.
typedef struct {
    float wx[H][D], wh[H][H], b[H];
    float wy[C][H], by[C];
} Weights;
enum { WEIGHTS = sizeof(Weights) / sizeof(float) };

typedef struct {
    int T;             // steps
    float x[MAX_T][D]; // all zero at a step without input
    int label[MAX_T];  // the right answer; -1 where none is needed
} Sequence;

// Steps count from 0; the state before step t is h[t], the one after it
// h[t + 1], and h[0] is zero.
typedef struct {
    Weights w;
    Sequence s; // the current one
    // written by forward, read by backward
    float h[MAX_T + 1][H];
    float logits[MAX_T][C];
    // gradients of all these
    Weights dw;
    float dh[MAX_T + 1][H];
    float dlogits[MAX_T][C];
} Rnn;

// All weights uniform in +-1 / sqrt(H).
static void rnn_init(Rnn *net, Rng *rng) {
    *net = (Rnn){0};
    float *w = (float *)&net->w;
    for (int i = 0; i < WEIGHTS; i++)
        w[i] = (2.0f * rng_uniform(rng) - 1.0f) / sqrtf(H);
}

// The cross entropy of one answer, and its gradient with respect to the logits.
// [D RNN output] logits_t = Wy h_t + by
static float answer(Rnn *net, int t, int label) {
    for (int c = 0; c < C; c++) {
        net->logits[t][c] = net->w.by[c];
        for (int j = 0; j < H; j++)
            net->logits[t][c] += net->w.wy[c][j] * net->h[t + 1][j];
    }
    Tensor logits = tensor_view(net->logits[t], 2, 1, C);
    Tensor dlogits = tensor_view(net->dlogits[t], 2, 1, C);
    return softmax_cross_entropy(&dlogits, &logits, &label);
}

// Returns the loss, a sum over the steps that need an answer.
static double rnn_forward(Rnn *net) {
    const Sequence *s = &net->s;
    double loss = 0.0;
    for (int t = 0; t < s->T; t++) {
        for (int j = 0; j < H; j++) {
            // [C RNN] h_t = tanh(Wx x_t + Wh h_{t-1} + b)
            // [D RNN state] the same; both have words only: x_t and h_{t-1}
            float sum = net->w.b[j];
            for (int d = 0; d < D; d++)
                sum += net->w.wx[j][d] * s->x[t][d];
            for (int k = 0; k < H; k++)
                sum += net->w.wh[j][k] * net->h[t][k];
            net->h[t + 1][j] = tanhf(sum);
        }
        // [C patterns] to one: logits_T alone; to many: logits_1 ... logits_T
        if (s->label[t] >= 0)
            loss += (double)answer(net, t, s->label[t]);
    }
    return loss;
}

// ---- 2. Backward ------------------------------------------------------------

// Adds the gradients of this sequence's loss to net->dw.
static void rnn_backward(Rnn *net) {
    const Sequence *s = &net->s;
    memset(net->dh, 0, sizeof net->dh);
    for (int t = s->T - 1; t >= 0; t--) {
        float *h = net->h[t + 1], *dh = net->dh[t + 1];
        for (int c = 0; c < C && s->label[t] >= 0; c++) { // of the answer
            net->dw.by[c] += net->dlogits[t][c];
            for (int j = 0; j < H; j++) {
                net->dw.wy[c][j] += net->dlogits[t][c] * h[j];
                dh[j] += net->dlogits[t][c] * net->w.wy[c][j];
            }
        }
        for (int j = 0; j < H; j++) {
            // [Werbos 1990] da_t = dh_t (1 - h_t^2), dh_{t-1} = Wh^T da_t,
            // dWh = sum over t of da_t h_{t-1}^T
            float da = dh[j] * (1.0f - h[j] * h[j]);
            net->dw.b[j] += da;
            for (int d = 0; d < D; d++)
                net->dw.wx[j][d] += da * s->x[t][d];
            for (int k = 0; k < H; k++) {
                net->dw.wh[j][k] += da * net->h[t][k];
                net->dh[t][k] += da * net->w.wh[j][k];
            }
        }
    }
}

// ---- 3. The gradient check --------------------------------------------------

static double length(const float v[H]) {
    return sqrt((double)sdot(H, v, v));
}

// A net that answers at the last of six steps: the gradient of the state before
// the first, which has come back through all of them, against central
// differences. Returns their relative difference, |a - b| / |b|.
static double check_gradient(uint64_t seed, bool quiet) {
    const float step = 0.03f;
    float between[H];
    Rng rng;
    Rnn net;
    rng_seed(&rng, seed);
    rnn_init(&net, &rng);
    net.s = (Sequence){.T = 6, .label = {-1, -1, -1, -1, -1, 2}};
    for (int i = 0; i < 6 * D; i++)
        net.s.x[i / D][i % D] = rng_normal(&rng);
    rnn_forward(&net);
    rnn_backward(&net);
    for (int j = 0; j < H; j++) {
        net.h[0][j] = step;
        double up = rnn_forward(&net);
        net.h[0][j] = -step;
        double slope = (up - rnn_forward(&net)) / (2.0 * (double)step);
        net.h[0][j] = 0.0f;
        between[j] = (float)slope - net.dh[0][j];
    }
    double error = length(between) / length(net.dh[0]);
    if (!quiet)
        printf("|dL/dh_6| = %.4f, and six steps back |dL/dh_0| = %.4f. Central "
               "differences\nagree with dL/dh_0 up to a relative difference of "
               "%.1e.\n\n",
               length(net.dh[6]), length(net.dh[0]), error);
    return error;
}

// ---- 4. Tasks ---------------------------------------------------------------

// Each fills an empty sequence of length T, with its answers.
static void draw_sum(Sequence *s, Rng *rng) {
    int carry = 0; // the digit of weight 1 comes first, as on paper
    for (int t = 0; t < s->T; t++) {
        int a = rng_below(rng, 2), b = rng_below(rng, 2);
        s->x[t][0] = (float)a, s->x[t][1] = (float)b;
        s->label[t] = (a + b + carry) % 2;
        carry = (a + b + carry) / 2;
    }
}

static void draw_countdown(Sequence *s, Rng *rng) {
    int number = rng_below(rng, C);
    s->x[0][number] = 1.0f; // one-hot
    for (int t = 0; t < s->T; t++)
        s->label[t] = number - t > 0 ? number - t : 0;
}

static void draw_parity(Sequence *s, Rng *rng) {
    int ones = 0;
    s->T = 1 + rng_below(rng, s->T); // shorter ones, too: they teach the rule
    for (int t = 0; t < s->T; t++) {
        int bit = rng_below(rng, 2);
        s->x[t][0] = (float)bit;
        ones += bit;
    }
    s->label[s->T - 1] = ones % 2;
}

typedef struct {
    const char *pattern, *text;
    void (*draw)(Sequence *s, Rng *rng);
    int bits;   // inputs that are bits; 0: a one-hot number
    int length; // steps
} Task;

enum { TASKS = 4 }; // XOR is the sum of one digit each
static const Task tasks[TASKS] = {
    {"one-to-one", "XOR", draw_sum, 2, 1},
    {"one-to-many", "count down", draw_countdown, 0, 8},
    {"many-to-one", "odd or even", draw_parity, 1, 6},
    {"many-to-many", "add", draw_sum, 2, 8},
};

static void draw_sequence(Sequence *s, const Task *task, Rng *rng) {
    *s = (Sequence){.T = task->length};
    memset(s->label, -1, sizeof s->label); // -1 is all bits, in any int
    task->draw(s, rng);
}

// ---- 5. Training ------------------------------------------------------------

enum { BATCH = 16, TESTED = 1000 };

// The fraction of TESTED fresh sequences with all answers right.
static double evaluate(Rnn *net, const Task *task, Rng *rng) {
    int right = 0;
    for (int n = 0; n < TESTED; n++) {
        int wrong = 0, *label = net->s.label;
        draw_sequence(&net->s, task, rng);
        rnn_forward(net);
        for (int t = 0; t < net->s.T; t++)
            wrong += label[t] >= 0 && argmax(net->logits[t], C) != label[t];
        right += wrong == 0;
    }
    return (double)right / TESTED;
}

// Every batch is fresh: nothing can be memorized.
static void train(Rnn *net, const Task *task, int steps, Rng *rng) {
    Tensor value = tensor_view((float *)&net->w, 1, WEIGHTS);
    Tensor grad = tensor_view((float *)&net->dw, 1, WEIGHTS);
    Optimizer adam;
    optimizer_init(&adam, ADAM, 5e-3f);
    for (int step = 0; step < steps; step++) {
        tensor_fill(&grad, 0.0f);
        for (int n = 0; n < BATCH; n++) {
            draw_sequence(&net->s, task, rng);
            rnn_forward(net);
            rnn_backward(net);
        }
        optimizer_step(&adam, &value, &grad);
    }
    optimizer_free(&adam);
}

// Trains a net for the task and leaves a sequence of full length in it. Returns
// the fraction of fresh ones that it gets right.
static double run_task(Rnn *net, const Task *task, int steps,
                       const CommonOptions *o) {
    Rng rng;
    rng_seed(&rng, o->seed);
    rnn_init(net, &rng);
    train(net, task, steps, &rng);
    double right = evaluate(net, task, &rng);
    do
        draw_sequence(&net->s, task, &rng);
    while (net->s.T < task->length);
    rnn_forward(net);
    if (!o->quiet)
        printf("  %-12s  %-11s  steps: %d  right: %5.1f %%\n", task->pattern,
               task->text, task->length, 100.0 * right);
    return right;
}

// ---- 6. The figure ----------------------------------------------------------

// A column of states for each step, its input below, its answer above.
static void draw_task(Figure *f, const Rnn *net, const Task *task) {
    const Sequence *s = &net->s;
    figure_panel(f, "%s: %s", task->pattern, task->text);
    figure_table(f, "step,unit,state");
    for (int k = 0; k < s->T * H; k++)
        figure_row(f, k / H + 1, k % H + 1, net->h[k / H + 1][k % H]);
    figure_x(f, "input, step by step");
    figure_y(f, "unit");
    figure_step(f, 'y', H / 4);
    figure_range(f, 'y', 0.5, H + 2.5);
    figure_heat(f, 1, 2, 3, HEAT_DIVERGING, -1.0, 1.0);
    for (int t = 0; t < s->T; t++) {
        if (task->bits == 2)
            figure_tick(f, 'x', t + 1, "%g %g", (double)s->x[t][0],
                        (double)s->x[t][1]);
        else if (task->bits == 1)
            figure_tick(f, 'x', t + 1, "%g", (double)s->x[t][0]);
        else if (t == 0) // one-hot: which number it is
            figure_tick(f, 'x', t + 1, "%d", argmax(s->x[t], D));
        if (s->label[t] >= 0)
            figure_note(f, t + 1, H + 1.5, 'c', "%d",
                        argmax(net->logits[t], C));
    }
}

static void draw(const Rnn nets[TASKS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch07", "rnn", format))
        return;
    figure_title(&f,
                 "All that a net knows of earlier steps is its state, %d "
                 "numbers",
                 H);
    figure_caption(
        &f,
        "Each column is the state after a step, with the step's input below "
        "and the net's output above; XOR, which needs no memory, is left out.");
    for (int i = 1; i < TASKS; i++)
        draw_task(&f, &nets[i], &tasks[i]);
    figure_scale(&f, "state");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1, .threads = 1};
    int steps = 2000;
    const Option option = option_int("steps", &steps, 1, 1000000,
                                     "batches of 16 sequences per task");
    cli_parse(&o, "rnn",
              "A recurrent net in plain loops, forward and backward, on four "
              "of the five patterns of inputs and outputs.",
              &option, 1, argc, argv);
    double error = check_gradient(o.seed, o.quiet);
    if (!o.quiet)
        printf("Four of C's five patterns; of %d fresh sequences, these have "
               "every answer\nright:\n",
               TESTED);
    Rnn nets[TASKS];
    double right[TASKS];
    for (int i = 0; i < TASKS; i++)
        right[i] = run_task(&nets[i], &tasks[i], steps, &o);
    draw(nets, o.plot);
    run_result("one_to_one=%.3f one_to_many=%.3f many_to_one=%.3f "
               "many_to_many=%.3f gradient_error=%.1e seed=%llu",
               right[0], right[1], right[2], right[3], error,
               (unsigned long long)o.seed);
    return run_end();
}
