// z = (x + y)^2: the lecture's derivative, and what each node passes on.

#define main chain_rule_main
#include "ch03_backprop/chain_rule.c"
#undef main

#include <math.h>

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

// In each panel the curve rises at its point as the tangent does. Over 1/10 to
// either side the difference of a parabola is exact; the file has 7 digits of
// numbers up to 25, which makes 5e-6 / 0.1.
START_TEST(tangents_touch_their_curves) {
    enum { POINTS = 81, MIDDLE = 40 };
    double column[3][POINTS];
    const char *const names[] = {"x", "t", "z"};
    run_for_charts("chain_rule --quiet");
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(chart_column("out/ch03/chain_rule.csv", 0, names[i],
                                      column[i], POINTS),
                         POINTS);
    for (int p = 0; p < POINTS; p++) {
        double x = column[0][p], t = column[1][p], z = column[2][p];
        ck_assert_double_eq_tol(x, 2.0 + (p - MIDDLE) / 20.0, 1e-6);
        ck_assert_double_eq_tol(t, x + 1.0, 1e-6);
        ck_assert_double_eq_tol(z, t * t, 1e-5);
    }
    const char *script = text_of("out/ch03/chain_rule.gp");
    for (int panel = 0; panel < 3; panel++) {
        int from, to;
        double value, slope, at;
        script = after_text(script, "plot DATA using ");
        ck_assert_int_eq(sscanf(script, "%d:%d", &from, &to), 2);
        script = after_text(script, ", ");
        ck_assert_int_eq(
            sscanf(script, "%lf + %lf * (x - %lf)", &value, &slope, &at), 3);
        const double *u = column[from - 1], *v = column[to - 1];
        double want =
            (v[MIDDLE + 2] - v[MIDDLE - 2]) / (u[MIDDLE + 2] - u[MIDDLE - 2]);
        ck_assert_msg(fabs(slope - want) < 1e-4 &&
                          fabs(at - u[MIDDLE]) < 1e-6 &&
                          fabs(value - v[MIDDLE]) < 1e-5,
                      "%s over %s: the tangent at %g has the slope %g, the "
                      "curve %g",
                      names[to - 1], names[from - 1], at, slope, want);
    }
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
