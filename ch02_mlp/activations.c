// activations.c - what a neuron does with its weighted sum (激活函数)
//
// Without a bend between them, two layers are one: W2 (W1 x) = (W2 W1) x. An
// activation function is that bend, and its slope decides how much of an error
// signal comes back through it: of a sigmoid at most a quarter. Softmax is the
// one of the last layer: it turns any scores into shares that add up to 1.
//
// Source: C, activation functions, softmax; A eq. (2), (11).
// Run: make activations && ./activations
// Ends with: result: softmax_1=0.0561 softmax_2=0.9232 softmax_3=0.0207 ...
//
// Contents: 1 functions and their slopes  2 softmax  3 tables  4 chart  5 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"

// ---- 1. Functions and their slopes ------------------------------------------

// [C step] f(x) = 1 if x >= 0, else 0. Its slope is 0 wherever it has one, so
// no error signal ever comes back: gradient descent cannot train a step.
static double step(double x) {
    return x >= 0.0 ? 1.0 : 0.0;
}

static double step_slope(double x) {
    return x == 0.0 ? (double)NAN : 0.0;
}

// [A eq.2] sigmoid(x) = 1 / (1 + exp(-x)), a step that leaves no corner.
static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

// sigmoid' = y (1 - y) for y = sigmoid(x): the way back needs only the output.
static double sigmoid_slope(double x) {
    double y = sigmoid(x);
    return y * (1.0 - y);
}

// [A eq.11] tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x)), which is
// 2 sigmoid(2x) - 1: the same curve, from -1 to 1. The C library's own does not
// overflow.
static double tanh_slope(double x) {
    double y = tanh(x);
    return 1.0 - y * y;
}

// [C ReLU] f(x) = max(0, x): slope 1 or 0, so nothing fades on the way back
// through a unit that is on, and nothing returns through one that is off.
static double relu(double x) {
    return x > 0.0 ? x : 0.0;
}

// At the corner any slope from 0 to 1 would do; 0 is what everybody takes.
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

// The formula as it is written: exp(x) is infinite in a double from x = 710 on,
// and infinity / infinity is not a number.
static void softmax_naive(double *y, const double *x, int n) {
    double sum = 0.0;
    for (int k = 0; k < n; k++)
        sum += exp(x[k]);
    for (int j = 0; j < n; j++)
        y[j] = exp(x[j]) / sum;
}

// [C softmax] y_j = exp(x_j) / sum over k of exp(x_k). A number c that all x
// share cancels: exp(x_j - c) = exp(x_j) / exp(c). With c = the largest x, no
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
    printf("\nThrough ten sigmoids an error shrinks to at most 0.25^10 = %.1g; "
           "through ten\nReLUs that are on it does not shrink at all.\n\n",
           pow(0.25, 10));
}

static void print_shares(const char *what, const double *y) {
    printf("  %-34s", what);
    for (int k = 0; k < CLASSES; k++)
        if (isnan(y[k])) // whose sign printf would show, too
            printf(" %8s", "nan");
        else
            printf(" %8.4f", y[k]);
    printf("\n");
}

static void print_softmax(const double *y) {
    double big[CLASSES], naive[CLASSES], stable[CLASSES];
    for (int k = 0; k < CLASSES; k++)
        big[k] = lecture_x[k] + 1e4;
    softmax_naive(naive, big, CLASSES);
    softmax(stable, big, CLASSES);
    printf("Softmax: scores become shares that add up to 1\n\n");
    print_shares("scores x", lecture_x);
    print_shares("softmax(x)", y);
    printf("  %-34s %8s %8s %8s  sum 0.999\n", "the slide prints", "0.056",
           "0.923", "0.02");
    print_shares("softmax(x + 10000), as written", naive);
    print_shares("softmax(x + 10000), maximum taken", stable);
    printf("\nIts slopes dy_i/dx_j: each column adds up to 0\n\n");
    for (int i = 0; i < CLASSES; i++) {
        double row[CLASSES];
        for (int j = 0; j < CLASSES; j++)
            row[j] = softmax_slope(y, i, j);
        print_shares(i == 0 ? "i = 1" : i == 1 ? "i = 2" : "i = 3", row);
    }
    printf("\n");
}

// ---- 4. The chart -----------------------------------------------------------

enum { LEFT = -500, RIGHT = 500 }; // x from -5 to 5 in hundredths

// Columns: x, each function and its slope, the share of the middle score when
// it alone is moved to x, and that share's slope.
static void write_curves(Chart *chart) {
    chart_columns(chart, "x,step,slope,sigmoid,slope,tanh,slope,ReLU,slope,"
                         "softmax,slope");
    for (int i = LEFT; i <= RIGHT; i++) {
        double x = i / 100.0, f[ACTIVATIONS], d[ACTIVATIONS], y[CLASSES];
        for (int a = 0; a < ACTIVATIONS; a++) {
            f[a] = activations[a].f(x);
            d[a] = activations[a].slope(x);
        }
        softmax(y, (double[]){lecture_x[0], x, lecture_x[2]}, CLASSES);
        chart_row(chart, 11, x, f[0], d[0], f[1], d[1], f[2], d[2], f[3], d[3],
                  y[1], softmax_slope(y, 1, 1));
    }
}

static void draw(const double *shares, const char *format) {
    static const char *const title[] = {
        "Step: the slope is 0, nothing is learned",
        "Sigmoid: the slope is at most 0.25", "Tanh: the slope is at most 1",
        "ReLU: the slope is 1 or 0",
        "Softmax: the share of a score that moves"};
    Chart chart;
    if (!chart_open(&chart, "ch02", "activations", format))
        return;
    chart_size(&chart, 1080, 620);
    write_curves(&chart);
    chart_break(&chart);
    chart_break(&chart);
    chart_columns(&chart, "class,score,share");
    for (int k = 0; k < CLASSES; k++)
        chart_row(&chart, 3, k + 1.0, lecture_x[k], shares[k]);
    chart_script(&chart, "set multiplot layout 2,3 title 'Activation "
                         "functions, solid, and their slopes, dashed'\n"
                         "unset key; set xrange [-5:5]; set xlabel 'x'\n");
    for (int i = 0; i <= ACTIVATIONS; i++)
        chart_script(&chart,
                     "set title '%s'; set yrange [%s]\n"
                     "plot DATA index 0 using 1:%d with lines lt 1, "
                     "'' index 0 using 1:%d with lines lt 2\n",
                     title[i],
                     i == 3   ? "-0.2:5"
                     : i == 2 ? "-1.1:1.1"
                              : "-0.1:1.1",
                     2 * i + 2, 2 * i + 3);
    chart_script(&chart,
                 "set title 'Softmax of 1.2, 4.0 and 0.2'\n"
                 "set xrange [0.4:3.6]; set yrange [0:1.1]; set xtics 1\n"
                 "set xlabel 'class'; set ylabel 'share'; set boxwidth 0.6\n"
                 "plot DATA index 1 using 1:3 with boxes lt 1, '' index 1 "
                 "using 1:($3+0.06):(sprintf('%%.4f', $3)) with labels\n"
                 "unset multiplot\n");
    chart_close(&chart);
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
        print_softmax(shares);
    }
    draw(shares, o.plot);
    printf("result: softmax_1=%.4f softmax_2=%.4f softmax_3=%.4f "
           "max_sigmoid_slope=%g max_tanh_slope=%g\n",
           shares[0], shares[1], shares[2], max_slope(&activations[1]),
           max_slope(&activations[2]));
    return 0;
}
