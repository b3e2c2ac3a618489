// activations.c - what a neuron does with its weighted sum (激活函数)
//
// Without an activation function between them, two layers are one:
// W2 (W1 x) = (W2 W1) x. It makes a net nonlinear, and its slope decides how
// much of an error passes back through it: of a sigmoid at most a quarter.
// Softmax is the one of the last layer: it turns any scores into shares that
// add up to 1. As printed, tanh and softmax overflow; both have a form that
// does not.
//
// Source: C, activation functions, softmax; A eq. (2), (11).
// Run: make activations && ./activations
// Ends with: result: softmax_1=0.0561 softmax_2=0.9232 softmax_3=0.0207 ...
//
// Contents: 1 functions and their slopes  2 softmax  3 tables  4 figure  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. Functions and their slopes ------------------------------------------

// [C step] f(x) = 1 if x >= 0, else 0
// C's perceptron fires only above its threshold, sum > theta: the two differ
// where x = sum - theta is 0, and agree everywhere else. The slope is 0 where
// there is one, so no error passes back: gradient descent cannot train a step.
static double step(double x) {
    return x >= 0.0 ? 1.0 : 0.0;
}

static double step_slope(double x) {
    return x == 0.0 ? (double)NAN : 0.0;
}

// [A eq.2] sigmoid(x) = 1 / (1 + exp(-x))
// [C sigmoid] sigmoid(x) = 1 / (1 + exp(-x))
// A step without a corner.
static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

// [C sigmoid slope] sigmoid' = y (1 - y) for y = sigmoid(x), at most 1/4
// The backward pass needs only the output y, and no division.
static double sigmoid_slope(double x) {
    double y = sigmoid(x);
    return y * (1.0 - y);
}

// [A eq.11] tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))
// As printed: exp overflows beyond 709, and infinity / infinity is NaN.
static double tanh_printed_in_a(double x) {
    return (exp(x) - exp(-x)) / (exp(x) + exp(-x));
}

// [C tanh] tanh(x) = (1 - exp(-2x)) / (1 + exp(-2x))
// The same function, numerator and denominator divided by exp(x). It is right
// for every positive x, and NaN below -355, where exp(-2x) overflows.
static double tanh_printed_in_c(double x) {
    return (1.0 - exp(-2.0 * x)) / (1.0 + exp(-2.0 * x));
}

// The curve is that of 2 sigmoid(2x) - 1, from -1 to 1. All else here takes the
// C library's tanh, which never overflows. tanh' = 1 - y^2 for y = tanh(x).
static double tanh_slope(double x) {
    double y = tanh(x);
    return 1.0 - y * y;
}

// [C ReLU] f(x) = x if x > 0, else 0
// Slope 1 or 0: an error passes back unchanged through a unit that is on, and
// not at all through one that is off.
static double relu(double x) {
    return x > 0.0 ? x : 0.0;
}

// At the corner any slope from 0 to 1 would do; 0 is the usual choice.
static double relu_slope(double x) {
    return x > 0.0 ? 1.0 : 0.0;
}

typedef struct {
    const char *name;
    double (*f)(double);
    double (*slope)(double);
} Activation;

enum { ACTIVATIONS = 4 };
static const Activation activations[ACTIVATIONS] = {
    {"step", step, step_slope},
    {"sigmoid", sigmoid, sigmoid_slope},
    {"tanh", tanh, tanh_slope},
    {"ReLU", relu, relu_slope},
};

// The largest slope on a grid of [-10, 10] that has 0 on it.
static double max_slope(const Activation *a) {
    double max = 0.0;
    for (int i = -1000; i <= 1000; i++)
        max = fmax(max, a->slope(i / 100.0)); // fmax passes over NaN
    return max;
}

// ---- 2. Softmax -------------------------------------------------------------

// [C softmax] y_j = exp(x_j) / sum over k of exp(x_k)
// As printed: exp(x) is infinite in a double from x = 710 on, and infinity /
// infinity is NaN.
static void softmax_naive(double *y, const double *x, int n) {
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += exp(x[k]);
    for (int j = 0; j < n; j++)
        y[j] = exp(x[j]) / sum;
}

// [C softmax] y_j = exp(x_j - m) / sum over k of exp(x_k - m), m the largest x
// The printed form, numerator and denominator divided by exp(m). Now no
// exponent is above 0 and one is exactly 0: the sum lies between 1 and n.
static void softmax(double *y, const double *x, int n) {
    double max = x[0], sum = 0.0;
    for (int k = 1; k < n; k++)
        max = fmax(max, x[k]);
    for (int k = 0; k < n; k++)
        sum += exp(x[k] - max);
    for (int j = 0; j < n; j++)
        y[j] = exp(x[j] - max) / sum;
}

// dy_i/dx_j = y_i ((i == j) - y_j): a share grows at all the others' expense.
static double softmax_slope(const double *y, int i, int j) {
    return y[i] * ((i == j) - y[j]);
}

enum { CLASSES = 3 };
static const double lecture_x[CLASSES] = {1.2, 4.0, 0.2};

// ---- 3. Tables --------------------------------------------------------------

static void print_functions(void) {
    printf(
        "What a neuron does with its weighted sum x\n\n"
        "           f(-2)   f(-1)    f(0)    f(1)    f(2)   largest slope\n");
    for (int i = 0; i < ACTIVATIONS; i++) {
        printf("  %-7s", activations[i].name);
        for (int x = -2; x <= 2; x++)
            printf(" %7.3f", activations[i].f(x));
        printf("   %g\n", max_slope(&activations[i]));
    }
    printf("\nThis step is 1 at 0 (x >= 0). C's perceptron fires only "
           "above its\nthreshold (sum > theta): at x = sum - theta = 0 it says "
           "0.\n\n"
           "Through ten sigmoids an error shrinks to at most 0.25^10 = %.1g; "
           "through ten\nReLUs that are on it does not shrink at all.\n\n",
           pow(0.25, 10));
}

// NaN without the sign that printf would show, too.
static void print_value(double value, int width) {
    if (isnan(value))
        printf(" %*s", width, "nan");
    else
        printf(" %*.4f", width, value);
}

static void print_tanh(void) {
    static const double at[] = {-800, -400, -1, 1, 400, 800};
    enum { COUNT = sizeof at / sizeof *at };
    const struct {
        const char *what;
        double (*f)(double);
    } form[] = {{"A: (e^x - e^-x) / (e^x + e^-x)", tanh_printed_in_a},
                {"C: (1 - e^-2x) / (1 + e^-2x)", tanh_printed_in_c},
                {"tanh of the C library", tanh}};
    printf("tanh as two lectures print it: e^710 is too large for a double\n\n"
           "  %-30s",
           "x");
    for (int i = 0; i < COUNT; i++)
        printf(" %7g", at[i]);
    printf("\n");
    for (int k = 0; k < 3; k++) {
        printf("  %-30s", form[k].what);
        for (int i = 0; i < COUNT; i++)
            print_value(form[k].f(at[i]), 7);
        printf("\n");
    }
    printf("\n");
}

static void print_shares(const char *what, const double *y) {
    printf("  %-34s", what);
    for (int k = 0; k < CLASSES; k++)
        print_value(y[k], 8);
    printf("\n");
}

static void print_softmax(const double *y) {
    double power[CLASSES], big[CLASSES], naive[CLASSES], stable[CLASSES];
    for (int k = 0; k < CLASSES; k++) {
        power[k] = exp(lecture_x[k]);
        big[k] = lecture_x[k] + 1e4;
    }
    softmax_naive(naive, big, CLASSES);
    softmax(stable, big, CLASSES);
    printf("Softmax: scores become shares that add up to 1\n\n");
    print_shares("scores x", lecture_x);
    print_shares("e^x", power);
    printf("  %-34s %8s %8s %8s\n", "C prints", "3.32", "54.58", "1.22");
    print_shares("softmax(x)", y);
    printf("  %-34s %8s %8s %8s  sum 0.999\n", "C prints", "0.056", "0.923",
           "0.02");
    printf(
        "\n  e^4 is 54.60, not 54.58: no digit of the shares changes. 0.02 is "
        "0.0207 with\n  one digit fewer than its neighbors.\n\n");
    print_shares("softmax(x + 10000), as printed", naive);
    print_shares("softmax(x + 10000), minus maximum", stable);
    printf("\nIts slopes dy_i/dx_j: each column adds up to 0\n\n");
    for (int i = 0; i < CLASSES; i++) {
        double row[CLASSES];
        for (int j = 0; j < CLASSES; j++)
            row[j] = softmax_slope(y, i, j);
        print_shares(i == 0 ? "i = 1" : i == 1 ? "i = 2" : "i = 3", row);
    }
    printf("\n");
}

// ---- 4. The figure ----------------------------------------------------------

enum { LEFT = -500, RIGHT = 500 }; // x from -5 to 5 in hundredths

// Each function and its slope, then the share of the middle score when it alone
// is moved to x, and that share's slope.
static void write_curves(Figure *f) {
    figure_table(f, "x,step,slope,sigmoid,slope,tanh,slope,ReLU,slope,"
                    "softmax,slope");
    for (int i = LEFT; i <= RIGHT; i++) {
        double x = i / 100.0, v[ACTIVATIONS], d[ACTIVATIONS], y[CLASSES];
        for (int a = 0; a < ACTIVATIONS; a++) {
            v[a] = activations[a].f(x);
            d[a] = activations[a].slope(x);
        }
        softmax(y, (double[]){lecture_x[0], x, lecture_x[2]}, CLASSES);
        figure_row(f, x, v[0], d[0], v[1], d[1], v[2], d[2], v[3], d[3], y[1],
                   softmax_slope(y, 1, 1));
    }
}

static void draw(const double *shares, const char *format) {
    static const struct {
        const char *title;
        double low, high;
    } panel[] = {{"Step: the slope is 0", -0.1, 1.1},
                 {"Sigmoid: slope at most 0.25", -0.1, 1.1},
                 {"Tanh: slope at most 1", -1.1, 1.1},
                 {"ReLU: the slope is 0 or 1", -0.2, 5.0},
                 {"Softmax: one score x varies", -0.1, 1.1}};
    Figure f;
    if (!figure_open(&f, "ch02", "activations", format))
        return;
    figure_title(&f, "The slope decides how much of an error flows back: a "
                     "step passes none");
    figure_caption(
        &f, "Solid, each activation function; dashed, its slope. Last, the "
            "softmax of lecture C's scores: probabilities that sum to 1.");
    figure_grid(&f, 3);
    figure_legend(&f);
    write_curves(&f);
    for (int i = 0; i <= ACTIVATIONS; i++) {
        figure_panel(&f, "%s", panel[i].title);
        figure_x(&f, "x");
        figure_range(&f, 'y', panel[i].low, panel[i].high);
        figure_lines(&f, 1, 2 * i + 2, "function");
        figure_lines(&f, 1, 2 * i + 3, "slope");
    }

    figure_panel(&f, "Softmax of three scores");
    figure_table(&f, "class,score,share");
    for (int k = 0; k < CLASSES; k++) {
        figure_row(&f, k + 1, lecture_x[k], shares[k]);
        figure_tick(&f, 'x', k, "%.1f", lecture_x[k]);
    }
    figure_x(&f, "score");
    figure_y(&f, "probability");
    figure_range(&f, 'y', 0.0, 1.1);
    figure_bars(&f, 3, "%.4f", "");
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "activations",
              "Step, sigmoid, tanh, ReLU and softmax, each beside its slope, "
              "and why softmax subtracts the largest score first.",
              NULL, 0, argc, argv);
    double shares[CLASSES];
    softmax(shares, lecture_x, CLASSES);
    if (!o.quiet) {
        print_functions();
        print_tanh();
        print_softmax(shares);
    }
    draw(shares, o.plot);
    run_result("softmax_1=%.4f softmax_2=%.4f softmax_3=%.4f "
               "max_sigmoid_slope=%g max_tanh_slope=%g",
               shares[0], shares[1], shares[2], max_slope(&activations[1]),
               max_slope(&activations[2]));
    return run_end();
}
