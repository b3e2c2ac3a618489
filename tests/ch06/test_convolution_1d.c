// Dice, polynomials and the integral as they must be; and what turning the
// kernel changes; the same in the tables and in the chart.

#define main convolution_1d_main
#include "ch06_cnn/convolution_1d.c"
#undef main

#include <stdlib.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

START_TEST(dice) {
    double ways[SUMS], sum = 0;
    two_dice(ways);
    for (int n = 0; n < SUMS; n++) {
        ck_assert_double_eq(ways[n], FACES - abs(n - 5));
        sum += ways[n];
    }
    ck_assert_double_eq(sum, 36);
}
END_TEST

// (1 + 2x + 3x^2)(4 - x) = 4 + 7x + 10x^2 - 3x^3, and the same the other way
// round. An impulse gives back what it is convolved with.
START_TEST(products_of_polynomials) {
    const double f[] = {1, 2, 3}, g[] = {4, -1}, want[] = {4, 7, 10, -3};
    const double impulse[] = {0, 1};
    double fg[4], gf[4], same[4];
    convolve(fg, f, 3, g, 2);
    convolve(gf, g, 2, f, 3);
    convolve(same, f, 3, impulse, 2);
    for (int n = 0; n < 4; n++) {
        ck_assert_double_eq(fg[n], want[n]);
        ck_assert_double_eq(gf[n], want[n]);
        ck_assert_double_eq(same[n], n > 0 ? f[n - 1] : 0);
    }
}
END_TEST

// Over one step of width h around m the integral of exp(-s) is
// exp(-m) 2 sinh(h/2), the sum has exp(-m) h: so the sum is the integral times
// (h/2) / sinh(h/2), up to double rounding of at most 64 terms below 1.
START_TEST(integral_and_sum) {
    for (int steps = 1; steps <= FINEST; steps *= 2) {
        double y[MOST + FINEST], half = 0.5 / steps;
        double part = half / sinh(half);
        remembered_in_steps(y, steps);
        for (int n = 0; n < HOURS * steps; n++)
            ck_assert_double_eq_tol(y[n], part * remembered((n + 1.0) / steps),
                                    1e-14);
        ck_assert_double_eq_tol(remembered_error(steps),
                                (1 - part) * (1 - exp(-1)), 1e-14);
    }
}
END_TEST

START_TEST(turned_and_not) {
    Pictures p = pictures();
    Map correlation = correlate_2d(p.x, p.k),
        convolution = convolve_2d(p.x, p.k);
    const double corner[] = {15, 16, 6, 15}; // convolution.c's
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(correlation.y[i / 2][i % 2], corner[i]);
    // C's 2-D sum, where the kernel f covers the picture g whole
    for (int i = K - 1; i < SIZE; i++)
        for (int j = K - 1; j < SIZE; j++) {
            double s = 0;
            for (int m = 0; m < K; m++)
                for (int n = 0; n < K; n++)
                    s += p.k[m][n] * p.x[i - m][j - n];
            ck_assert_double_eq(convolution.y[i - K + 1][j - K + 1], s);
        }
    ck_assert_double_eq(convolution.y[0][0], 11);
    // the impulse: the kernel itself, or its mirror image
    Map same = convolve_2d(p.spot, p.k), mirrored = correlate_2d(p.spot, p.k);
    for (int u = 0; u < K; u++)
        for (int v = 0; v < K; v++) {
            ck_assert_double_eq(same.y[u][v], p.k[u][v]);
            ck_assert_double_eq(mirrored.y[u][v], p.k[2 - u][2 - v]);
        }
}
END_TEST

// The first rows of the kernel, of what the two sums make of the picture, and
// of what they make of a single 1: the kernel turned, and the kernel.
START_TEST(a_grid_stands_under_its_title) {
    Run run = run_program("convolution_1d --plot none");
    Pictures p = pictures();
    const Map maps[] = {correlate_2d(p.x, p.k), convolve_2d(p.x, p.k),
                        correlate_2d(p.spot, p.k), convolve_2d(p.spot, p.k)};
    double got[16];
    ck_assert_int_eq(numbers_below(run.output, "kernel  ", got, 16), 15);
    for (int i = 0; i < 15; i++)
        ck_assert_double_eq(got[i],
                            i < 3 ? p.k[0][i] : maps[i / 3 - 1].y[0][i % 3]);
    // seven, with six ways, is the sixth sum
    ck_assert_double_eq(table_number(run.output, "sum", 5), 7);
    ck_assert_double_eq(table_number(run.output, "ways", 5), 6);
}
END_TEST

// Left f(a), 1 in the first hour, and g(1.6 - a), which grows up to a = 1.6 and
// is 0 from then on. Right, element n of the sum in steps of h at (n + 1) h.
START_TEST(a_curve_has_its_functions_values) {
    enum { MANY = 400 };
    double a[MANY], f[MANY], g[MANY], product[MANY];
    run_for_charts("convolution_1d --quiet");
    const char *file = "out/ch06/convolution_1d.csv",
               *figure = "out/ch06/convolution_1d.fig";
    int count = chart_column(file, 0, "a", a, MANY);
    ck_assert_int_gt(count, 300);
    chart_column(file, 0, "f(a)", f, MANY);
    chart_column(file, 0, "g(t - a)", g, MANY);
    chart_column(file, 0, "f(a) g(t - a)", product, MANY);
    for (int i = 0; i < count; i++) {
        if (fabs(a[i]) < 0.005 || fabs(a[i] - 1) < 0.005 ||
            fabs(a[i] - 1.6) < 0.005)
            continue; // a jump, which rounding may move by one
        double lesson = a[i] > 0 && a[i] < 1;
        double left = a[i] < 1.6 ? exp(a[i] - 1.6) : 0;
        ck_assert_msg(f[i] == lesson && fabs(g[i] - left) < 1e-5 &&
                          fabs(product[i] - lesson * left) < 1e-5,
                      "at a = %g: f %g, g %g, product %g", a[i], f[i], g[i],
                      product[i]);
    }
    for (int block = 2; block <= 3; block++) {
        const int steps = block == 2 ? 1 : 4, many = HOURS * steps;
        double t[MOST], y[MOST + FINEST];
        for (int n = 0; n < many; n++)
            t[n] = (n + 1.0) / steps;
        remembered_in_steps(y, steps);
        assert_column(file, block, "t", t, many, 1e-6);
        assert_column(file, block, "sum", y, many, 1e-6);
        assert_mark(figure, block, "points", "t", "sum",
                    block == 2 ? "sum, h = 1" : "sum, h = 1/4");
    }
    assert_mark(figure, 0, "lines", "a", "f(a)", "f(a)");
    assert_mark(figure, 0, "lines", "a", "g(t - a)", "g(t − a)");
    assert_mark(figure, 0, "area", "a", "f(a) g(t - a)", "f(a) g(t − a)");
    assert_mark(figure, 1, "lines", "t", "integral", "(f ∗ g)(t)");
    for (int panel = 0; panel < 2; panel++)
        ck_assert_double_eq(figure_attribute(figure, "vertical", panel, "at"),
                            1.6);
    // the area is that of [0, 1] under exp(a - 1.6): exp(-0.6) - exp(-1.6)
    ck_assert_str_eq(figure_words(figure, "panel", 0),
                     "t = 1.6: the area is 0.347");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("convolution_1d");
    ck_assert_str_eq(run.output,
                     "result: seven=6 error_h1=0.025590 error_h16=0.000103 "
                     "correlation=15 convolution=11\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{dice},
                          {products_of_polynomials},
                          {integral_and_sum},
                          {turned_and_not},
                          {a_grid_stands_under_its_title},
                          {a_curve_has_its_functions_values},
                          {prints_its_result}};
    return run_tests("convolution_1d", tests, sizeof tests / sizeof *tests);
}
