// cubic.c - ramps add up to any curve (通用近似定理)
//
// A ReLU unit is a ramp: flat up to its corner, straight after it. Enough of
// them, each with its own corner, slope and sign, add up to a bent line as near
// to a curve as one likes: six, chosen by eye, follow a cubic. Straight pieces
// half as long have a quarter of the error. Trained units place their corners
// themselves: mostly better than evenly while they are few, worse when many.
// The theorem that C cites (Hornik et al. 1989) is about squashing functions
// (挤压函数), such as the sigmoid, which ReLU is not. Leshno et al. 1993 proved
// it for every piecewise continuous activation function except polynomials.
//
// Source: C, universal approximation, the cubic and its six ReLUs.
// Run: make cubic && ./cubic
// Ends with: result: rmse_1.5=0.0872 rmse_2=0.4107 max_error=2.3 rmse_6=...
//
// Contents: 1 six units by eye  2 a net of any width  3 training  4 table
//           5 figures  6 main

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

// ---- 1. Six units by eye ----------------------------------------------------

// [C cubic] f(x) = x^3 + x^2 - x - 1
static double cubic(double x) {
    return x * x * x + x * x - x - 1.0;
}

// One ramp: sign * R(w x + b), R(z) = max(0, z).
typedef struct {
    double sign, w, b;
} Unit;

enum { UNITS = 6 };
static const Unit lecture[UNITS] = {{-1, -5, -7.7}, {-1, -1.2, -1.3},
                                    {-1, 1.2, 1},   {+1, 1.2, -0.2},
                                    {+1, 2, -1.1},  {+1, 5, -5}};

static double unit_value(const Unit *u, double x) {
    return u->sign * fmax(0.0, u->w * x + u->b);
}

// [C six ReLUs] f(x) = -n1 - n2 - n3 + n4 + n5 + n6
// C prints the six units; their signs stand in its figure.
static double six_units(double x, void *unused) {
    (void)unused;
    double sum = 0.0;
    for (int i = 0; i < UNITS; i++)
        sum += unit_value(&lecture[i], x);
    return sum;
}

typedef struct {
    double rmse; // root of the mean squared error
    double max;  // largest absolute error
} Fit;

// Errors of y(x) from the cubic on -limit, -limit + 0.001, ..., limit. Both
// ends count; on [-2, 2], where they are bad, a coarser grid shows more error.
static Fit measure(double (*y)(double x, void *context), void *context,
                   double limit) {
    Fit fit = {0};
    int steps = (int)lround(2.0 * limit / 0.001);
    for (int i = 0; i <= steps; i++) {
        double x = -limit + 2.0 * limit * i / steps;
        double error = fabs(y(x, context) - cubic(x));
        fit.rmse += error * error / (steps + 1);
        fit.max = fmax(fit.max, error);
    }
    fit.rmse = sqrt(fit.rmse);
    return fit;
}

// ---- 2. A net of any width --------------------------------------------------

enum { POINTS = 101 };

typedef struct {
    // set by net_init
    int units;
    Params params;
    Tensor w1, b1, w2, b2, dw1, db1, dw2, db2;
    // written by forward, read by backward
    Tensor h; // [N, units]
    Tensor y; // [N, 1]
    // gradients of these
    Tensor dh, dy;
} Net;

static void net_init(Net *net, int units) {
    *net = (Net){.units = units};
    const ParamSpec table[] = {
        {"w1", &net->w1, &net->dw1, {units, 1}},
        {"b1", &net->b1, &net->db1, {units}},
        {"w2", &net->w2, &net->dw2, {1, units}},
        {"b2", &net->b2, &net->db2, {1}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
}

static void net_free(Net *net) {
    Tensor *owned[] = {&net->h, &net->y, &net->dh, &net->dy};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        tensor_free(owned[i]);
    params_free(&net->params);
}

// He's weights, and biases that put each corner, -b/w, somewhere in [-2, 2].
// With biases of 0 all corners would lie at x = 0, and many would stay there.
static void net_start(Net *net, Rng *rng) {
    params_init_he(&net->params, rng);
    for (int i = 0; i < net->units; i++)
        net->b1.data[i] = -net->w1.data[i] * (4.0f * rng_uniform(rng) - 2.0f);
}

// y = W2 ReLU(W1 x + b1) + b2 for x [N, 1]
static void net_forward(Net *net, const Tensor *x) {
    linear_forward(&net->h, x, &net->w1, &net->b1);
    relu_forward(&net->h, &net->h);
    linear_forward(&net->y, &net->h, &net->w2, &net->b2);
}

static void net_backward(Net *net, const Tensor *x) {
    linear_backward(&net->dh, &net->dw2, &net->db2, &net->dy, &net->h,
                    &net->w2);
    relu_backward(&net->dh, &net->dh, &net->h);
    linear_backward(NULL, &net->dw1, &net->db1, &net->dh, x, &net->w1);
}

// The same net, set instead of trained: corners evenly spaced from -2 on, and
// at each the slope changes so that the line meets the cubic at the next.
static void net_interpolate(Net *net) {
    double step = 4.0 / net->units, slope = 0.0;
    for (int i = 0; i < net->units; i++) {
        double corner = -2.0 + step * i;
        double next = (cubic(corner + step) - cubic(corner)) / step;
        net->w1.data[i] = 1.0f;
        net->b1.data[i] = (float)-corner;
        net->w2.data[i] = (float)(next - slope);
        slope = next;
    }
    net->b2.data[0] = (float)cubic(-2.0);
}

// For measure: one x at a time, context is a Net.
static double net_value(double x, void *context) {
    Net *net = context;
    float point = (float)x;
    Tensor one = tensor_view(&point, 2, 1, 1);
    net_forward(net, &one);
    return (double)net->y.data[0];
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, starts;
    float lr;
} Options;

// From the net's present weights, on POINTS values of the cubic in one batch.
static void train(Net *net, const Options *o) {
    float values[POINTS], targets[POINTS];
    for (int i = 0; i < POINTS; i++) {
        values[i] = -2.0f + 4.0f * (float)i / (POINTS - 1);
        targets[i] = (float)cubic((double)values[i]);
    }
    Tensor x = tensor_view(values, 2, POINTS, 1);
    Tensor target = tensor_view(targets, 2, POINTS, 1);
    Progress progress;
    Optimizer adam;
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        net_forward(net, &x);
        float loss = mse_loss(&net->dy, &net->y, &target);
        net_backward(net, &x);
        adam.lr = one_cycle(adam.step, o->epochs, o->lr);
        optimizer_step(&adam, &net->params.value, &net->params.grad);
        progress_batch(&progress, loss);
    }
    progress_mean_loss(&progress); // wipes the bar
    optimizer_free(&adam);
}

enum { WIDTHS = 4, MAX_STARTS = 100 };
static const int widths[WIDTHS] = {6, 12, 24, 48};

typedef struct {
    Fit interpolated, best;
    int starts;
    double rmse[MAX_STARTS]; // of each start
} Result;

// Trains the net o->starts times and leaves it with the best weights.
static Result train_starts(Net *net, const Options *o, Rng *rng) {
    Result r = {.best = {.rmse = (double)INFINITY}};
    Tensor best = {0};
    net_interpolate(net);
    r.interpolated = measure(net_value, net, 2.0);
    for (; r.starts < o->starts && !stop_requested(); r.starts++) {
        net_start(net, rng);
        train(net, o);
        Fit fit = measure(net_value, net, 2.0);
        r.rmse[r.starts] = fit.rmse;
        if (fit.rmse < r.best.rmse) {
            r.best = fit;
            tensor_copy(&best, &net->params.value);
        }
    }
    if (r.starts > 0)
        tensor_copy(&net->params.value, &best);
    r.best.rmse = finished(r.best.rmse);
    tensor_free(&best);
    return r;
}

// ---- 4. Table ---------------------------------------------------------------

static void print_lecture(const Fit *narrow, const Fit *wide) {
    printf("f(x) = x^3 + x^2 - x - 1 by six ReLUs, "
           "-n1 - n2 - n3 + n4 + n5 + n6\n\n");
    for (int i = 0; i < UNITS; i++)
        printf("  n%d = R(%4g x %+4g)   corner at %6.3f   added with sign %c\n",
               i + 1, lecture[i].w, lecture[i].b, -lecture[i].b / lecture[i].w,
               lecture[i].sign > 0 ? '+' : '-');
    printf("\n  on [-1.5, 1.5]: RMSE %.4f, largest error %.2f\n"
           "  on [-2, 2]:     RMSE %.4f, largest error %.2f (at x = 2)\n"
           "  both every 0.001, ends included\n\n",
           narrow->rmse, narrow->max, wide->rmse, wide->max);
}

static void print_width(int units, const Result *r) {
    printf("  %5d %10.4f %10.4f %12.4f  ", units, r->interpolated.rmse,
           r->best.rmse, r->best.max);
    for (int i = 0; i < r->starts && i < 5; i++) // as many as a line holds
        printf(" %.3f", r->rmse[i]);
    printf("\n");
}

// ---- 5. Figures -------------------------------------------------------------

// Two panels: the sum of six units beside the cubic, then each unit with its
// sign. The trained net's units are w2 R(w1 x + b1); its sum has b2 besides.
static void show_units(Figure *f, const char *how, const Unit units[UNITS],
                       double bias) {
    static const char *const names[UNITS] = {"n₁", "n₂", "n₃",
                                             "n₄", "n₅", "n₆"};
    figure_table(f, "x,cubic,sum,n1,n2,n3,n4,n5,n6");
    for (int i = -200; i <= 200; i++) {
        double x = i / 100.0, n[UNITS], sum = bias;
        for (int u = 0; u < UNITS; u++)
            sum += n[u] = unit_value(&units[u], x);
        figure_row(f, x, cubic(x), sum, n[0], n[1], n[2], n[3], n[4], n[5]);
    }
    figure_panel(f, "%s: the sum", how);
    figure_x(f, "x");
    figure_range(f, 'y', -4.0, 9.5);
    figure_lines(f, 1, 3, "sum");
    figure_pen(f, (Pen){.color = PEN_BLACK});
    figure_lines(f, 1, 2, "cubic");
    figure_panel(f, "%s: each unit", how);
    figure_x(f, "x");
    for (int u = 0; u < UNITS; u++)
        figure_lines(f, 1, 4 + u, "%s", names[u]);
}

// net: the trained one of six units.
static void draw_units(const Net *net, const Fit *by_eye, const Fit *fit,
                       const char *format) {
    Figure f;
    Unit trained[UNITS];
    if (!figure_open(&f, "ch02", "cubic", format))
        return;
    for (int i = 0; i < UNITS; i++)
        trained[i] = (Unit){(double)net->w2.data[i], (double)net->w1.data[i],
                            (double)net->b1.data[i]};
    figure_title(&f,
                 "A cubic from six ReLU units: error %.2f by eye, %.2f trained",
                 by_eye->rmse, fit->rmse);
    figure_caption(
        &f, "Each unit is 0 on one side of its corner and a straight line on "
            "the other; the error is the root mean square on [−2, 2].");
    figure_grid(&f, 2);
    show_units(&f, "By eye", lecture, 0.0);
    show_units(&f, "Trained", trained, (double)net->b2.data[0]);
    figure_close(&f);
}

static void draw_errors(const Result result[WIDTHS], const Fit *by_eye,
                        const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "cubic_error", format))
        return;
    figure_title(&f, "Evenly spaced corners: twice as many, a quarter of the "
                     "error");
    figure_caption(&f, "The error of nets of 6 to 48 ReLU units on [−2, 2], "
                       "both axes logarithmic; training moves the corners "
                       "itself, each time from a new random start.");
    figure_x(&f, "ReLU units");
    figure_y(&f, "root mean squared error");
    figure_log(&f, 'x');
    figure_log(&f, 'y');
    figure_range(&f, 'x', 5.0, 58.0);

    figure_table(&f, "units,each start");
    for (int i = 0; i < WIDTHS; i++) {
        figure_tick(&f, 'x', widths[i], "%d", widths[i]);
        for (int s = 0; s < result[i].starts; s++)
            figure_row(&f, widths[i], result[i].rmse[s]);
    }
    figure_pen(&f, (Pen){.color = PEN_GRAY, .point = POINT_CROSS});
    figure_points(&f, 1, 2, "trained, each start");
    figure_table(&f, "units,evenly spaced,best trained");
    for (int i = 0; i < WIDTHS; i++)
        figure_row(&f, widths[i], result[i].interpolated.rmse,
                   result[i].best.rmse);
    figure_linespoints(&f, 1, 2, "evenly spaced");
    figure_linespoints(&f, 1, 3, "best trained");
    figure_table(&f, "units,by eye");
    figure_row(&f, UNITS, by_eye->rmse);
    figure_pen(&f,
               (Pen){.color = PEN_BLACK, .point = POINT_DIAMOND, .size = 1.2});
    figure_points(&f, 1, 2, "six by eye");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    Options o = {
        .common = {.seed = 1}, .epochs = 4000, .starts = 5, .lr = 0.05f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 1000000, "steps from each start"),
        option_int("starts", &o.starts, 1, MAX_STARTS, "random first weights"),
        option_float("lr", &o.lr, 1e-9, 10.0, "peak learning rate"),
    };
    cli_parse(&o.common, "cubic",
              "Ramps add up to a cubic: six ReLUs chosen by eye, then nets of "
              "6, 12, 24 and 48 trained units.",
              table, sizeof table / sizeof *table, argc, argv);
    Fit narrow = measure(six_units, NULL, 1.5);
    Fit wide = measure(six_units, NULL, 2.0);
    if (!o.common.quiet) {
        print_lecture(&narrow, &wide);
        printf("Nets on [-2, 2], RMSE; %d starts of %d steps with Adam\n\n"
               "  units     evenly    trained  its largest   each start\n"
               "            spaced    (best)         error\n",
               o.starts, o.epochs);
    }
    Rng rng;
    Net net[WIDTHS];
    Result result[WIDTHS];
    rng_seed(&rng, o.common.seed);
    for (int i = 0; i < WIDTHS; i++) {
        net_init(&net[i], widths[i]);
        result[i] = train_starts(&net[i], &o, &rng);
        if (!o.common.quiet && !stop_requested())
            print_width(widths[i], &result[i]);
    }
    if (!o.common.quiet && !stop_requested())
        printf(
            "\nThat weights exist does not mean that training finds them.\n\n");
    draw_units(&net[0], &wide, &result[0].best, o.common.plot);
    draw_errors(result, &wide, o.common.plot);
    run_result("rmse_1.5=%.4f rmse_2=%.4f max_error=%.1f rmse_6=%.4f "
               "rmse_12=%.4f rmse_24=%.4f rmse_48=%.4f seed=%llu",
               narrow.rmse, wide.rmse, wide.max, result[0].best.rmse,
               result[1].best.rmse, result[2].best.rmse, result[3].best.rmse,
               (unsigned long long)o.common.seed);
    for (int i = 0; i < WIDTHS; i++)
        net_free(&net[i]);
    return run_end();
}
