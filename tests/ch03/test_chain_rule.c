// z = (x + y)^2: the lecture's derivative, and what each node passes on.

#define main chain_rule_main
#include "ch03_backprop/chain_rule.c"
#undef main

#include <math.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// Small whole numbers and halves: every product below is exact. z is a parabola
// in x, so the central difference truncates nothing; z < 21 has a last digit of
// 3.6e-15, which the step of 1e-4 turns into 3.6e-11.
START_TEST(derivative_is_twice_the_sum) {
    const double xs[] = {2, 0, -3, 0.5}, ys[] = {1, 0, 1, 4};
    for (int i = 0; i < 4; i++) {
        Chain c;
        chain_forward(&c, xs[i], ys[i]);
        chain_backward(&c);
        ck_assert_double_eq(c.t, xs[i] + ys[i]);
        ck_assert_double_eq(c.z, c.t * c.t);
        ck_assert_double_eq(c.dz, 1.0);
        ck_assert_double_eq(c.dt, 2.0 * c.t);
        ck_assert_double_eq(c.dx, 2.0 * (xs[i] + ys[i]));
        ck_assert_double_eq(c.dy, 2.0 * (xs[i] + ys[i]));
        ck_assert_double_eq_tol(slope_by_differences(xs[i], ys[i], 1e-4), c.dx,
                                1e-10);
    }
}
END_TEST

// What the lecture says of the two nodes.
START_TEST(add_passes_on_and_multiply_swaps) {
    double dx, dy;
    add_backward(&dx, &dy, 1.3);
    ck_assert_double_eq(dx, 1.3);
    ck_assert_double_eq(dy, 1.3);
    mul_backward(&dx, &dy, 1.3, 10.0, 5.0);
    ck_assert_double_eq(dx, 1.3 * 5.0);
    ck_assert_double_eq(dy, 1.3 * 10.0);
}
END_TEST

// t * t is t^2: the two branches' derivatives add up to the power node's.
START_TEST(a_fork_adds) {
    ck_assert_double_eq(square_backward(1.5, 3.0), 9.0);
    ck_assert_double_eq(fork_backward(1.5, 3.0), 9.0);
}
END_TEST

// Rows z, t, x, y: a value, then d z / d(value).
START_TEST(prints_the_chain) {
    Chain c;
    chain_forward(&c, 2, 1);
    chain_backward(&c);
    Run run = run_program("chain_rule --plot none");
    const char *table = from_line(run.output, "value");
    assert_row(table, "z", (const double[]){c.z, c.dz}, 2, 0.0);
    assert_row(table, "t", (const double[]){c.t, c.dt}, 2, 0.0);
    assert_row(table, "x", (const double[]){c.x, c.dx}, 2, 0.0);
    assert_row(table, "y", (const double[]){c.y, c.dy}, 2, 0.0);
    // a signal of 1.3 at x = 10, y = 5
    assert_row(run.output, "x * y", (const double[]){6.5, 13}, 2, 0.0);
}
END_TEST

// Each curve is the one of its axes, and a tangent rises as its curve does at
// its point. Over 1/10 to either side the difference of a parabola is exact; the
// file has 7 digits of numbers up to 25, which makes 5e-6 / 0.1.
START_TEST(tangents_touch_their_curves) {
    enum { POINTS = 81, MIDDLE = 40 };
    const char *const names[] = {"x", "t", "z", "tangent over t",
                                 "tangent over x"};
    const char *const axes[] = {"x", "t", "t", "z", "x", "z"};
    const char *const panels[] = {"t = x + y: slope 1", "z = t²: slope 6",
                                  "z = (x + y)²: slope 6"};
    const char *figure = "out/ch03/chain_rule.fig";
    double c[5][POINTS];
    run_for_charts("chain_rule --quiet");
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(
            chart_column("out/ch03/chain_rule.csv", 0, names[i], c[i], POINTS),
            POINTS);
    for (int p = 0; p < POINTS; p++) {
        ck_assert_double_eq_tol(c[0][p], 2.0 + (p - MIDDLE) / 20.0, 1e-6);
        ck_assert_double_eq_tol(c[1][p], c[0][p] + 1.0, 1e-6);
        ck_assert_double_eq_tol(c[2][p], c[1][p] * c[1][p], 1e-5);
    }
    for (int i = 3; i < 5; i++) {
        ck_assert_double_eq_tol(c[i][MIDDLE], c[2][MIDDLE], 1e-5);
        ck_assert_double_eq_tol(c[i][MIDDLE + 2] - c[i][MIDDLE - 2],
                                c[2][MIDDLE + 2] - c[2][MIDDLE - 2], 1e-5);
    }
    for (int i = 0; i < 3; i++) {
        assert_column("out/ch03/chain_rule.csv", 1, names[i], &c[i][MIDDLE], 1,
                      1e-6);
        ck_assert_str_eq(figure_words(figure, "panel", i), panels[i]);
        for (int k = 0; k < 2; k++)
            ck_assert_str_eq(figure_words(figure, "label", 2 * i + k),
                             axes[2 * i + k]);
        assert_mark(figure, 0, "lines", axes[2 * i], axes[2 * i + 1], "");
        assert_mark(figure, 1, "points", axes[2 * i], axes[2 * i + 1], "");
    }
    assert_mark(figure, 0, "lines", "t", "tangent over t", "");
    assert_mark(figure, 0, "lines", "x", "tangent over x", "");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("chain_rule");
    ck_assert_str_eq(run.output, "result: z=9 dz_dt=6 dz_dx=6 dz_dy=6\n");
    run = run_for_result("chain_rule --x -3 --y=-1");
    ck_assert_str_eq(run.output, "result: z=16 dz_dt=-8 dz_dx=-8 dz_dy=-8\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{derivative_is_twice_the_sum},
                          {add_passes_on_and_multiply_swaps},
                          {a_fork_adds},
                          {prints_the_chain},
                          {tangents_touch_their_curves},
                          {prints_its_result}};
    return run_tests("chain_rule", tests, sizeof tests / sizeof *tests);
}
