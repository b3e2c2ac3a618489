// xor_relu.c - a hidden layer re-represents the input (表示学习)
//
// No straight line separates the ones of XOR (异或) from its zeros. Two ReLU
// units see the four corners differently: (0,0) and (1,1) fall onto one point,
// and in the plane of the hidden layer's outputs (h1, h2) a straight line
// separates them. The units can be written down; gradient descent finds them,
// too, from some random weights: the program counts from how many.
//
// Source: B, XOR by two ReLU units without bias; A, representation learning.
// Run: make xor_relu && ./xor_relu
// Ends with: result: y=0,0.5,0.5,0 learned=21 starts=100 loss=0.0000 ...
//
// Contents: 1 model  2 data  3 training  4 tables  5 figure  6 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

// Two ReLU units and a weighted sum of them, six weights, no bias.
typedef struct {
    // set by net_init
    Params params;
    Tensor w1, w2, dw1, dw2; // [2, 2] and [1, 2]
    Tensor no_bias, unused;  // zeros, and where their gradient goes
    // written by forward, read by backward
    Tensor h; // [N, 2]
    Tensor y; // [N, 1]
    // gradients of these
    Tensor dh, dy;
} Net;

static void net_init(Net *net, Rng *rng) {
    *net = (Net){0};
    const ParamSpec table[] = {
        {"w1", &net->w1, &net->dw1, {2, 2}},
        {"w2", &net->w2, &net->dw2, {1, 2}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
    tensor_resize(&net->no_bias, 1, net->w1.shape[0]);
    tensor_resize(&net->unused, 1, net->w1.shape[0]);
    tensor_fill(&net->no_bias, 0.0f);
}

static void net_free(Net *net) {
    Tensor *owned[] = {&net->no_bias, &net->unused, &net->h,
                       &net->y,       &net->dh,     &net->dy};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        tensor_free(owned[i]);
    params_free(&net->params);
}

// [B XOR] h = ReLU(W1 x),  y = W2 h
// For a batch x [N, 2]. B prints a table of x, h and y: that of set_by_hand.
static void net_forward(Net *net, const Tensor *x) {
    Tensor zero = tensor_view(net->no_bias.data, 1, 1);
    linear_forward(&net->h, x, &net->w1, &net->no_bias);
    relu_forward(&net->h, &net->h);
    linear_forward(&net->y, &net->h, &net->w2, &zero);
}

static void net_backward(Net *net, const Tensor *x) {
    Tensor db = tensor_view(net->unused.data, 1, 1);
    linear_backward(&net->dh, &net->dw2, &db, &net->dy, &net->h, &net->w2);
    relu_backward(&net->dh, &net->dh, &net->h);
    linear_backward(NULL, &net->dw1, &net->unused, &net->dh, x, &net->w1);
}

// [B XOR] h1 = R(x1 - x2),  h2 = R(x2 - x1),  y = h1/2 + h2/2
// h1 is on where x1 alone is 1, h2 where x2 alone is.
static void set_by_hand(Net *net) {
    const float w1[4] = {1, -1, -1, 1}, w2[2] = {0.5f, 0.5f};
    tensor_fill(&net->w1, 0.0f); // for more than two units
    tensor_fill(&net->w2, 0.0f);
    for (int i = 0; i < 4; i++)
        net->w1.data[i] = w1[i];
    for (int i = 0; i < 2; i++)
        net->w2.data[i] = w2[i];
}

// ---- 2. Data ----------------------------------------------------------------

enum { CORNERS = 4 };

typedef struct {
    float x[CORNERS * 2], t[CORNERS];
} Xor;

static const Xor xor_table = {.x = {0, 0, 0, 1, 1, 0, 1, 1}, .t = {0, 1, 1, 0}};

// Runs the net on the four corners; returns the loss.
static float see_corners(Net *net) {
    Xor data = xor_table;
    Tensor x = tensor_view(data.x, 2, CORNERS, 2);
    Tensor target = tensor_view(data.t, 2, CORNERS, 1);
    net_forward(net, &x);
    return mse_loss(NULL, &net->y, &target);
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, starts;
    float lr;
} Options;

// From the net's random weights; returns the last loss. All four corners are
// one batch, so that an epoch is a step.
static float train(Net *net, const Options *o) {
    Xor data = xor_table;
    Tensor x = tensor_view(data.x, 2, CORNERS, 2);
    Tensor target = tensor_view(data.t, 2, CORNERS, 1);
    Progress progress;
    Optimizer sgd;
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    optimizer_init(&sgd, SGD, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        net_forward(net, &x);
        float loss = mse_loss(&net->dy, &net->y, &target);
        net_backward(net, &x);
        optimizer_step(&sgd, &net->params.value, &net->params.grad);
        progress_batch(&progress, loss);
    }
    progress_mean_loss(&progress); // wipes the bar
    optimizer_free(&sgd);
    return see_corners(net);
}

// Where gradient descent comes to rest; only the first is XOR.
enum { LEARNED, ONE_MISSED, ALIKE, DEAD, ELSEWHERE, ENDS };
static const struct {
    double loss;
    const char *what;
} ends[ELSEWHERE] = {
    [LEARNED] = {0.0, "XOR is learned"},
    [ONE_MISSED] = {1.0 / 4, "one of the two ones is missed: y = 0 there"},
    [ALIKE] = {1.0 / 3, "y = (x1 + x2) / 3: no unit tells x1 from x2"},
    [DEAD] = {1.0 / 2, "both units are dead: y = 0 everywhere"},
};

static int which_end(float loss) {
    int end = LEARNED;
    while (end < ELSEWHERE && !(fabs((double)loss - ends[end].loss) < 1e-3))
        end++;
    return end;
}

// Trains from o->starts random weights and counts where they end; the net is
// left with those that had the smallest loss. Returns how many starts there
// were, o->starts unless the run was stopped.
static int train_all(Net *net, int count[ENDS], const Options *o, Rng *rng) {
    float best_loss = INFINITY;
    Tensor best = {0};
    tensor_copy(&best, &net->params.value);
    int starts = 0;
    for (; starts < o->starts; starts++) {
        params_init_he(&net->params, rng);
        float loss = train(net, o);
        if (stop_requested())
            break; // on its way
        count[which_end(loss)]++;
        if (loss < best_loss) {
            best_loss = loss;
            tensor_copy(&best, &net->params.value);
        }
    }
    tensor_copy(&net->params.value, &best);
    tensor_free(&best);
    return starts;
}

// ---- 4. Tables --------------------------------------------------------------

static void print_net(const char *title, const Net *net, float threshold) {
    const float *w = net->w1.data, *v = net->w2.data;
    int units = net->h.shape[1]; // the first two are shown
    printf("%s\n\n  h1 = R(%5.2f x1 %+5.2f x2)   h2 = R(%5.2f x1 %+5.2f x2)   "
           "y = %4.2f h1 %+4.2f h2\n\n   x1 x2      h1     h2        y   "
           "y > %g   XOR\n",
           title, (double)w[0], (double)w[1], (double)w[2], (double)w[3],
           (double)v[0], (double)v[1], (double)threshold);
    for (int n = 0; n < CORNERS; n++)
        printf("   %2g %2g   %6.3f %6.3f   %6.3f   %5d   %3g\n",
               (double)xor_table.x[2 * n], (double)xor_table.x[2 * n + 1],
               (double)net->h.data[units * n],
               (double)net->h.data[units * n + 1], (double)net->y.data[n],
               net->y.data[n] > threshold, (double)xor_table.t[n]);
    printf("\n");
}

static void print_ends(const int count[ENDS], const Options *o) {
    printf("%d random starts, %d steps of gradient descent each\n\n  starts   "
           "loss   where it came to rest\n",
           o->starts, o->epochs);
    for (int end = 0; end < ELSEWHERE; end++)
        printf("  %6d %6.3f   %s\n", count[end], ends[end].loss,
               ends[end].what);
    printf("  %6d          elsewhere, or still on the way\n", count[ELSEWHERE]);
    printf(
        "\nA unit that is off at every corner gets no slope: it stays dead. "
        "More units\nthan needed make a good start likely (exercise 6).\n\n");
}

// ---- 5. The figure ----------------------------------------------------------

enum { GRID = 101 };

// The corners, as the space of the inputs or the hidden one has them.
static void draw_corners(Figure *f, Net *net, bool hidden) {
    see_corners(net);
    const float *at = hidden ? net->h.data : xor_table.x;
    const int stride = hidden ? net->h.shape[1] : 2;
    figure_table(f, "a,b,target");
    for (int n = 0; n < CORNERS; n++)
        figure_row(f, at[stride * n], at[stride * n + 1], xor_table.t[n]);
    figure_answers(f, 1, 2, 3);

    // (0,0), the first, is always at 0 there, and (1,1), the last, may be
    const float *last = at + (ptrdiff_t)stride * (CORNERS - 1);
    if (fabsf(last[0]) + fabsf(last[1]) < 0.05f)
        figure_note(f, 0.1, 0.0, 'l', "both zeros");
}

// A panel: where y lies above the threshold, over the inputs (hidden false) or
// over (h1, h2).
static void draw_space(Figure *f, Net *net, bool hidden, double threshold) {
    figure_x(f, hidden ? "h₁" : "x₁");
    figure_y(f, hidden ? "h₂" : "x₂");
    figure_square(f);
    figure_step(f, 'x', 0.5);
    figure_step(f, 'y', 0.5);

    // from -0.3 to where all corners can be seen
    double side = 2.0;
    see_corners(net);
    for (int n = 0; hidden && n < CORNERS * net->h.shape[1]; n++)
        side = fmax(side, 0.5 + 1.1 * (double)net->h.data[n]);
    figure_table(f, "a,b,above");
    for (int i = 0; i < GRID * GRID; i++) {
        double a = -0.3 + side * (i % GRID) / (GRID - 1);
        double b = -0.3 + side * (double)(i / GRID) / (GRID - 1);
        float point[2] = {(float)a, (float)b};
        Tensor x = tensor_view(point, 2, 1, 2);
        net_forward(net, &x);
        double y =
            hidden ? a * (double)net->w2.data[0] + b * (double)net->w2.data[1]
                   : (double)net->y.data[0];
        figure_row(f, a, b, y > threshold);
    }
    figure_heat(f, 1, 2, 3, HEAT_BLUES, 0.0, 3.0);
    draw_corners(f, net, hidden);
}

static void draw(Net *by_hand, Net *learned, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "xor_relu", format))
        return;
    figure_title(&f, "Two ReLUs can put both zeros of XOR on one point: then a "
                     "line separates");
    figure_caption(
        &f, "Left, the inputs; right, the outputs of the two hidden units. The "
            "net outputs 1 in the shaded part; XOR is 1 at the filled points.");
    figure_grid(&f, 2);
    for (int i = 0; i < 2; i++) {
        Net *net = i == 0 ? by_hand : learned;
        const double threshold = i == 0 ? 0.25 : 0.5;
        figure_panel(&f, i == 0 ? "By hand: inputs" : "Trained: inputs");
        draw_space(&f, net, false, threshold);
        figure_panel(&f, i == 0 ? "By hand: hidden layer"
                                : "Trained: hidden layer");
        draw_space(&f, net, true, threshold);
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    Options o = {
        .common = {.seed = 1}, .epochs = 1000, .starts = 100, .lr = 0.1f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 1000000, "steps from each start"),
        option_int("starts", &o.starts, 1, 100000, "random first weights"),
        option_float("lr", &o.lr, 1e-9, 10.0, "learning rate"),
    };
    cli_parse(&o.common, "xor_relu",
              "Two ReLU units without bias turn XOR into something that a "
              "straight line can part: set by hand, then learned.",
              table, sizeof table / sizeof *table, argc, argv);
    Rng rng;
    Net by_hand, learned;
    rng_seed(&rng, o.common.seed);
    net_init(&by_hand, &rng);
    net_init(&learned, &rng);
    set_by_hand(&by_hand);
    see_corners(&by_hand);
    if (!o.common.quiet)
        print_net("Set by hand", &by_hand, 0.25f);

    int count[ENDS] = {0};
    int starts = train_all(&learned, count, &o, &rng);
    float loss = see_corners(&learned);
    if (!o.common.quiet && !stop_requested()) {
        print_ends(count, &o);
        print_net("The best of them", &learned, 0.5f);
    }
    draw(&by_hand, &learned, o.common.plot);
    const float *y = by_hand.y.data;
    run_result("y=%g,%g,%g,%g learned=%d starts=%d loss=%.4f seed=%llu",
               (double)y[0], (double)y[1], (double)y[2], (double)y[3],
               count[LEARNED], starts, finished((double)loss),
               (unsigned long long)o.common.seed);
    net_free(&by_hand);
    net_free(&learned);
    return run_end();
}
