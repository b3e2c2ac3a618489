// convolution_1d.c - what mathematics calls a convolution (卷积的定义)
//
// All pairs f(a) g(b) with a + b = t, multiplied and added up: element t of the
// convolution f * g, and the sum of two dice is one. For functions of time the
// sum becomes an integral: what was learned at each moment, times how much of
// it is remembered now. In both, one of the two runs backward. The window that
// a net slides does not turn its kernel around, so strictly it computes a
// cross-correlation (互相关); to weights that are learned this is all the same.
//
// Source: C, what is convolution (什么是卷积), discrete and multi-dimensional
// convolution, and memory among its examples. The discrete forms print × for *.
// Run: make convolution_1d && ./convolution_1d
// Ends with: result: seven=6 error_h1=0.025590 error_h16=0.000103 ...
//
// Contents: 1 the sum  2 the integral  3 turned or not  4 charts  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. The sum -------------------------------------------------------------

// y has nf + ng - 1 elements; f and g count as 0 beyond their ends.
// [C discrete convolution] s(t) = sum over a of f(a) g(t - a)
static void convolve(double *y, const double *f, int nf, const double *g,
                     int ng) {
    for (int t = 0; t < nf + ng - 1; t++) {
        y[t] = 0.0;
        for (int a = 0; a < nf; a++)
            if (t - a >= 0 && t - a < ng)
                y[t] += f[a] * g[t - a];
    }
}

enum { FACES = 6, SUMS = 2 * FACES - 1 };

// In how many of the 36 ways two dice add up to n + 2.
static void two_dice(double ways[SUMS]) {
    const double die[FACES] = {1, 1, 1, 1, 1, 1};
    convolve(ways, die, FACES, die, FACES);
}

static void print_dice(void) {
    double ways[SUMS];
    two_dice(ways);
    printf("In how many of 36 ways two dice give each sum: a convolution.\n\n"
           "    sum ");
    for (int n = 0; n < SUMS; n++)
        printf("%5d", n + 2);
    printf("\n    ways");
    for (int n = 0; n < SUMS; n++)
        printf("%5g", ways[n]);
    printf("\n\n");
}

// ---- 2. The integral --------------------------------------------------------

enum { HOURS = 4, FINEST = 16, MOST = HOURS * FINEST };

// C's third example: a lesson fills the first hour, f(a) = 1 there; u hours
// after it was learned, a share g(u) = exp(-u) is left. How much is left at t?
// [C continuous convolution] s(t) = integral over a of f(a) g(t - a)
// C integrates memory from 0 to +infinity. Nothing is remembered before it was
// learned, g(u) = 0 for u < 0: so the integral ends at t, here at min(t, 1).
static double remembered(double t) {
    return t < 1.0 ? 1.0 - exp(-t) : exp(1.0 - t) - exp(-t);
}

// The integral as a sum in steps of h = 1 / steps hours, f and g taken in the
// middle of each step and da = h. y[n] belongs to the time (n + 1) h.
static void remembered_in_steps(double y[MOST + FINEST], int steps) {
    double f[FINEST], g[MOST], h = 1.0 / steps;
    for (int n = 0; n < steps; n++)
        f[n] = 1.0;
    for (int n = 0; n < HOURS * steps; n++)
        g[n] = exp(-(n + 0.5) * h) * h;
    convolve(y, f, steps, g, HOURS * steps);
}

// The largest difference of the two at any of the sum's times.
static double remembered_error(int steps) {
    double y[MOST + FINEST], worst = 0.0;
    remembered_in_steps(y, steps);
    for (int n = 0; n < HOURS * steps; n++)
        worst = fmax(worst, fabs(y[n] - remembered((n + 1.0) / steps)));
    return worst;
}

static void print_remembered(void) {
    printf("Memory, s(t) = the integral of f(a) g(t - a): an hour's lesson, "
           "forgotten like\nexp(-t). As a sum in steps of h, half the step "
           "makes a quarter of the error:\n\n    h    ");
    for (int steps = 1; steps <= FINEST; steps *= 2)
        printf("%12g", 1.0 / steps);
    printf("\n    error");
    for (int steps = 1; steps <= FINEST; steps *= 2)
        printf("%12.6f", remembered_error(steps));
    printf("\n\n");
}

// ---- 3. Turned or not -------------------------------------------------------

enum { SIZE = 5, K = 3, OUT = SIZE - K + 1 };

typedef struct {
    double y[OUT][OUT];
} Map;

// The sliding window of convolution.c, the one that C computes by hand.
// [Goodfellow 2016 cross-correlation] y[i][j] = sum k[u][v] x[i+u][j+v]
static Map correlate_2d(double x[SIZE][SIZE], double k[K][K]) {
    Map map = {{{0}}};
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < OUT; j++)
            for (int u = 0; u < K; u++)
                for (int v = 0; v < K; v++)
                    map.y[i][j] += k[u][v] * x[i + u][j + v];
    return map;
}

// The formula that C prints: all pairs whose rows and columns add up.
// Where the kernel covers x whole, this is the window turned by 180 degrees.
// [C convolution 2-D] s(i, j) = sum over m, n of f(m, n) g(i - m, j - n)
// With f = k, g = x and y[i][j] = s(i+K-1, j+K-1): k[m][n] x[i+K-1-m][j+K-1-n].
static Map convolve_2d(double x[SIZE][SIZE], double k[K][K]) {
    double turned[K][K];
    for (int m = 0; m < K; m++)
        for (int n = 0; n < K; n++)
            turned[K - 1 - m][K - 1 - n] = k[m][n];
    return correlate_2d(x, turned);
}

typedef struct {
    double x[SIZE][SIZE], spot[SIZE][SIZE], k[K][K];
} Pictures;

// convolution.c's picture and kernel, and a single 1 in the dark.
static Pictures pictures(void) {
    return (Pictures){.x = {{1, 2, 3, 0, 1},
                            {0, 1, 2, 3, 0},
                            {3, 0, 1, 2, 3},
                            {2, 3, 0, 1, 2},
                            {1, 2, 3, 0, 1}},
                      .spot = {[2] = {0, 0, 1}},
                      .k = {{2, 0, 1}, {0, 1, 2}, {1, 0, 2}}};
}

// Convolved, a single 1 gives the kernel itself; correlated, the kernel turned:
// the plainest test of which of the two a library computes.
static void print_turned(void) {
    Pictures p = pictures();
    Map kernel = {{{0}}};
    for (int u = 0; u < K; u++)
        for (int v = 0; v < K; v++)
            kernel.y[u][v] = p.k[u][v];
    const Map maps[] = {kernel, correlate_2d(p.x, p.k), convolve_2d(p.x, p.k),
                        correlate_2d(p.spot, p.k), convolve_2d(p.spot, p.k)};
    printf("The lecture defines convolution by g(t - a), which turns one of "
           "the two; then it\nslides windows without turning the kernel; then "
           "it calls SciPy's convolve2d,\nwhich turns it. Its 5 x 5 picture "
           "and a single 1, both ways:\n\n"
           "  %-13s  %-13s  %-13s  %-13s  %s\n",
           "kernel", "correlation", "convolution", "corr. of a 1",
           "conv. of a 1");
    for (int i = 0; i < OUT; i++, printf("\n"))
        for (int n = 0; n < 5; n++)
            printf("%4g%4g%4g%s", maps[n].y[i][0], maps[n].y[i][1],
                   maps[n].y[i][2], n < 4 ? "   " : "");
    printf("\n");
}

// ---- 4. Charts --------------------------------------------------------------

// One moment t: g runs backward from it, and the area under the product counts.
static void draw_moment(Figure *f, double t) {
    figure_panel(f, "t = %g: the area is %.3f", t, remembered(t));
    figure_table(f, "a,f(a),g(t - a),f(a) g(t - a)");
    for (int i = -50; i <= 300; i++) {
        double a = i / 100.0, f_a = a > 0.0 && a < 1.0;
        double g = a > t ? 0.0 : exp(a - t);
        figure_row(f, a, f_a, g, f_a * g);
    }
    figure_x(f, "a (hours)");
    figure_range(f, 'y', 0.0, 1.25);
    figure_pen(f, (Pen){.color = PEN_BLACK});
    figure_area(f, 1, 4, "f(a) g(t − a)");
    figure_lines(f, 1, 2, "f(a)");
    figure_lines(f, 1, 3, "g(t − a)");
    figure_vertical(f, t, "t");
}

// All moments: the integral, and its sums.
static void draw_all(Figure *f, double t) {
    figure_panel(f, "Every t");
    figure_table(f, "t,integral");
    for (int n = 0; n <= 100 * HOURS; n++)
        figure_row(f, n / 100.0, remembered(n / 100.0));
    figure_x(f, "t (hours)");
    figure_range(f, 'y', 0.0, 0.75);
    figure_pen(f, (Pen){.color = PEN_BLACK, .solid = true});
    figure_lines(f, 1, 2, "(f ∗ g)(t)");
    for (int steps = 1; steps <= 4; steps *= 4) {
        double y[MOST + FINEST];
        remembered_in_steps(y, steps);
        figure_table(f, "t,sum");
        for (int n = 0; n < HOURS * steps; n++)
            figure_row(f, (n + 1.0) / steps, y[n]);
        figure_pen(f, steps == 1 ? (Pen){.point = POINT_RING, .size = 2.0}
                                 : (Pen){.point = POINT_DOT, .size = 0.8});
        figure_points(f, 1, 2, "sum, h = %s", steps == 1 ? "1" : "1/4");
    }
    figure_vertical(f, t, "t");
}

static void draw(const char *format) {
    const double t = 1.6;
    Figure f;
    if (!figure_open(&f, "ch06", "convolution_1d", format))
        return;
    figure_title(&f, "A convolution: for each t, the area under f(a) g(t − a)");
    figure_caption(&f,
                   "Left, what was learned at hour a and how much of it is "
                   "left at t = %g; right, the shaded area for every t, and "
                   "its approximation by sums with step h.",
                   t);
    figure_legend(&f);
    draw_moment(&f, t);
    draw_all(&f, t);
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "convolution_1d",
              "Convolution as mathematics defines it: the sum, the integral, "
              "and how it differs from the window that nets slide.",
              NULL, 0, argc, argv);
    if (!o.quiet) {
        print_dice();
        print_remembered();
        print_turned();
    }
    draw(o.plot);
    double ways[SUMS];
    two_dice(ways);
    Pictures p = pictures();
    run_result("seven=%g error_h1=%.6f error_h16=%.6f correlation=%g "
               "convolution=%g",
               ways[7 - 2], remembered_error(1), remembered_error(16),
               correlate_2d(p.x, p.k).y[0][0], convolve_2d(p.x, p.k).y[0][0]);
    return run_end();
}
