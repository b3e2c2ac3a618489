// convolution_1d.c - what mathematics calls a convolution (卷积的定义)
//
// All pairs f[m] g[k] with m + k = n, multiplied and added up: that is the n-th
// element of the convolution f * g, and the sum of two dice is one. Where f and
// g are functions of time the sum becomes an integral: what was done at each
// moment, times how much of it is left now. One of the two runs backwards in
// it; the nets' sliding window does not turn its kernel around, and so is a
// cross-correlation (互相关) by name. Weights that are learned do not mind.
//
// Source: A and D, convolution; C, convolution.
// Run: make convolution_1d && ./convolution_1d
// Ends with: result: seven=6 error_h1=0.025590 error_h16=0.000103 ...
//
// Contents: 1 the sum  2 the integral  3 turned or not  4 charts  5 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"

// ---- 1. The sum -------------------------------------------------------------

// y has nf + ng - 1 elements; f and g count as 0 beyond their ends.
// [C discrete convolution] (f * g)[n] = sum over m of f[m] g[n - m]
static void convolve(double *y, const double *f, int nf, const double *g,
                     int ng) {
    for (int n = 0; n < nf + ng - 1; n++) {
        y[n] = 0.0;
        for (int m = 0; m < nf; m++)
            if (n - m >= 0 && n - m < ng)
                y[n] += f[m] * g[n - m];
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
    printf("Two dice add up to so much in so many of 36 ways, which is a "
           "convolution:\n\n    sum ");
    for (int n = 0; n < SUMS; n++)
        printf("%5d", n + 2);
    printf("\n    ways");
    for (int n = 0; n < SUMS; n++)
        printf("%5g", ways[n]);
    printf("\n\n");
}

// ---- 2. The integral --------------------------------------------------------

enum { HOURS = 4, FINEST = 16, MOST = HOURS * FINEST };

// A medicine drips in during the first hour, g(t) = 1, and of what was given
// t hours ago f(t) = exp(-t) is left. How much is in the blood?
// [C continuous convolution] (f * g)(t) = integral of f(s) g(t - s) ds
static double medicine(double t) {
    return t < 1.0 ? 1.0 - exp(-t) : exp(1.0 - t) - exp(-t);
}

// The integral as a sum in steps of h = 1 / steps hours, f and g taken in the
// middle of each step and ds = h. y[n] belongs to the time (n + 1) h.
static void medicine_in_steps(double y[MOST + FINEST], int steps) {
    double f[MOST], g[FINEST], h = 1.0 / steps;
    for (int m = 0; m < HOURS * steps; m++)
        f[m] = exp(-(m + 0.5) * h) * h;
    for (int m = 0; m < steps; m++)
        g[m] = 1.0;
    convolve(y, f, HOURS * steps, g, steps);
}

// The largest difference of the two at any of the sum's times.
static double medicine_error(int steps) {
    double y[MOST + FINEST], worst = 0.0;
    medicine_in_steps(y, steps);
    for (int n = 0; n < HOURS * steps; n++)
        worst = fmax(worst, fabs(y[n] - medicine((n + 1.0) / steps)));
    return worst;
}

static void print_medicine(void) {
    printf("An integral is such a sum in steps of h; with half the h it is off "
           "by a quarter:\n\n    h    ");
    for (int steps = 1; steps <= FINEST; steps *= 2)
        printf("%12g", 1.0 / steps);
    printf("\n    error");
    for (int steps = 1; steps <= FINEST; steps *= 2)
        printf("%12.6f", medicine_error(steps));
    printf("\n\n");
}

// ---- 3. Turned or not -------------------------------------------------------

enum { SIZE = 5, K = 3, OUT = SIZE - K + 1 };

typedef struct {
    double y[OUT][OUT];
} Map;

// The sliding window of convolution.c.
// [Goodfellow 2016 cross-correlation] y[i][j] = sum over u, v of k[u][v] x[i + u][j + v]
static Map correlate_2d(double x[SIZE][SIZE], double k[K][K]) {
    Map map = {{{0}}};
    for (int i = 0; i < OUT; i++)
        for (int j = 0; j < OUT; j++)
            for (int u = 0; u < K; u++)
                for (int v = 0; v < K; v++)
                    map.y[i][j] += k[u][v] * x[i + u][j + v];
    return map;
}

// All pairs whose rows add up to i + K - 1 and columns to j + K - 1: the same
// window, with the kernel turned by 180 degrees.
// [C convolution 2-D] y[i][j] = sum over u, v of k[u][v] x[i+K-1-u][j+K-1-v]
static Map convolve_2d(double x[SIZE][SIZE], double k[K][K]) {
    double turned[K][K];
    for (int u = 0; u < K; u++)
        for (int v = 0; v < K; v++)
            turned[u][v] = k[K - 1 - u][K - 1 - v];
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

// A single 1 answers with the kernel itself, or with its mirror image: the
// plainest way to find out which of the two a library computes.
static void print_turned(void) {
    Pictures p = pictures();
    Map kernel = {{{0}}};
    for (int u = 0; u < K; u++)
        for (int v = 0; v < K; v++)
            kernel.y[u][v] = p.k[u][v];
    const Map maps[] = {kernel, correlate_2d(p.x, p.k), convolve_2d(p.x, p.k),
                        correlate_2d(p.spot, p.k), convolve_2d(p.spot, p.k)};
    printf("The lecture's 5 x 5 picture, then a single 1, under the kernel as "
           "nets lay it\non (correlation), and turned by 180 degrees "
           "(convolution):\n\n  %-13s  %-13s  %-13s  %-13s  %s\n",
           "kernel", "correlation", "convolution", "corr. of a 1",
           "conv. of a 1");
    for (int i = 0; i < OUT; i++, printf("\n"))
        for (int n = 0; n < 5; n++)
            printf("%4g%4g%4g%s", maps[n].y[i][0], maps[n].y[i][1],
                   maps[n].y[i][2], n < 4 ? "   " : "");
    printf("\n");
}

// ---- 4. Charts --------------------------------------------------------------

// Left: one moment t, g running backwards from it. Right: all of them.
static void draw(const char *format) {
    const double t = 1.6;
    Chart chart;
    if (!chart_open(&chart, "ch06", "convolution_1d", format))
        return;
    chart_size(&chart, 900, 420);
    chart_columns(&chart, "s,f(s),g(t - s),f(s) g(t - s)");
    for (double s = -0.5; s <= 3.0; s += 0.01) {
        double f = s < 0.0 ? 0.0 : exp(-s), g = s > t - 1.0 && s < t;
        chart_row(&chart, 4, s, f, g, f * g);
    }
    chart_break(&chart);
    chart_break(&chart);
    chart_columns(&chart, "t,integral");
    for (int n = 0; n <= 100 * HOURS; n++)
        chart_row(&chart, 2, n / 100.0, medicine(n / 100.0));
    for (int steps = 1; steps <= 4; steps *= 4) {
        double y[MOST + FINEST];
        medicine_in_steps(y, steps);
        chart_break(&chart);
        chart_break(&chart);
        chart_columns(&chart,
                      steps == 1 ? "t,sum with h = 1" : "t,sum with h = 1/4");
        for (int n = 0; n < HOURS * steps; n++)
            chart_row(&chart, 2, (n + 1.0) / steps, y[n]);
    }
    chart_script(&chart,
                 "set multiplot layout 1,2 title 'A convolution: for each t, "
                 "the area under f(s) g(t - s)'\n"
                 "set yrange [0:1.25]\n"
                 "set xlabel 's, hours'; set ylabel 'part of the dose'\n"
                 "set label 't' at %g,1.1 center\n"
                 "set label 'area %.3f' at 1.1,0.09 center front\n"
                 "plot DATA index 0 using 1:4 with filledcurves y1=0 "
                 "fc rgb '#f5c96b', DATA index 0 using 1:2 with lines lt 1 "
                 "lw 2, DATA index 0 using 1:3 with lines lt 2 lw 2\n"
                 "unset label; set yrange [0:0.8]\n"
                 "set xlabel 't, hours'; set ylabel '(f * g)(t)'\n"
                 "set label 't = %g' at %g,%g point pt 7 ps 1.5 offset 1,1\n"
                 "plot DATA index 1 using 1:2 with lines lw 2, "
                 "DATA index 2 using 1:2 with points pt 4 ps 1.5, "
                 "DATA index 3 using 1:2 with points pt 6\n"
                 "unset multiplot\n",
                 t, medicine(t), t, t, medicine(t));
    chart_close(&chart);
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
        print_medicine();
        print_turned();
    }
    draw(o.plot);
    double ways[SUMS];
    two_dice(ways);
    Pictures p = pictures();
    printf("result: seven=%g error_h1=%.6f error_h16=%.6f correlation=%g "
           "convolution=%g\n",
           ways[7 - 2], medicine_error(1), medicine_error(16),
           correlate_2d(p.x, p.k).y[0][0], convolve_2d(p.x, p.k).y[0][0]);
    return 0;
}
