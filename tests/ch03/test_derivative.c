// The lecture's slopes and partial derivatives, and the shape of the error.

#define main derivative_main
#include "ch03_backprop/derivative.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// (x + h)^2 + 1 - (x^2 + 1) over h is 2x + h exactly. What is left is rounding:
// each y is at most 5, its last digit 8.9e-16, and h divides that by 1e-4.
START_TEST(forward_quotient_is_2x_and_a_step) {
    for (int x = 1; x <= 2; x++)
        ck_assert_double_eq_tol(forward_difference(parabola, x, 1e-4),
                                2 * x + 1e-4, 2e-11);
}
END_TEST

// A parabola has no third derivative: the central difference truncates nothing.
START_TEST(central_quotient_is_2x) {
    for (int x = 1; x <= 2; x++)
        ck_assert_double_eq_tol(central_difference(parabola, x, 1e-4), 2 * x,
                                2e-11);
    ck_assert_double_eq_tol(central_difference(parabola, 1.0, 0.5), 2.0, 1e-14);
}
END_TEST

// At (1, 2, 3) f is 1 + 6 + 4 + 27, and the lecture's formulas give 8, 7, 27.
START_TEST(partials_by_formula) {
    const double at[VARIABLES] = {1.0, 2.0, 3.0};
    double d[VARIABLES];
    ck_assert_double_eq(polynomial(at), 38.0);
    polynomial_gradient(d, at);
    ck_assert_double_eq(d[0], 8.0);
    ck_assert_double_eq(d[1], 7.0);
    ck_assert_double_eq(d[2], 27.0);
}
END_TEST

// In x and y f is a parabola, in z the central difference is h^2 = 1e-8 too
// large (z^3: (3 z^2 h + h^3) / h). |f| < 100 has a last digit of 1.4e-14.
START_TEST(partials_are_slopes) {
    const double point[][VARIABLES] = {
        {1, 2, 3}, {-2, 0.5, 1}, {0, 0, 2}, {3, -1, -2.5}};
    const double h = 1e-4, excess[VARIABLES] = {0, 0, 1e-8};
    for (int p = 0; p < 4; p++) {
        double d[VARIABLES];
        polynomial_gradient(d, point[p]);
        for (int i = 0; i < VARIABLES; i++)
            ck_assert_double_eq_tol(
                partial_difference(polynomial, point[p], i, h),
                d[i] + excess[i], 1e-9);
    }
}
END_TEST

// The right arm of the U: exp's forward quotient errs by h / 2 + h^2 / 6, its
// central one by h^2 / 6 + h^4 / 120, relative to the slope. The second term
// changes the ratios 10 and 100 by 0.3 % at most; rounding (4e-16 / h) by less.
START_TEST(truncation_grows_with_the_order) {
    Method method[METHODS];
    list_methods(method);
    const Method *forward = &method[2], *central = &method[3];
    ck_assert_double_eq_tol(relative_error(forward, 1e-3), 5e-4, 5e-7);
    ck_assert_double_eq_tol(relative_error(forward, 1e-2) /
                                relative_error(forward, 1e-3),
                            10.0, 0.04);
    ck_assert_double_eq_tol(relative_error(central, 1e-2) /
                                relative_error(central, 1e-3),
                            100.0, 0.4);
}
END_TEST

// The left arm: rounding of the two values (an epsilon each, or half of it
// if the library's exp is good) and of x + h (half an epsilon, as x < 2) cannot
// exceed 3 epsilon / h; the mean over 16 points is no hundredth of that either.
START_TEST(rounding_grows_as_the_step_shrinks) {
    Method method[METHODS];
    list_methods(method);
    for (int m = 0; m < METHODS; m++) {
        double h = 100.0 * method[m].epsilon;
        ck_assert_double_lt(relative_error(&method[m], h), 0.03 + h);
        ck_assert_double_gt(relative_error(&method[m], h), 0.0003);
    }
}
END_TEST

// The U's bottom: constants aside it lies at epsilon^(1 / (order + 1)); the
// constants are between 1/3 and 3 here, the grid has four steps to a decade.
START_TEST(best_step_is_where_theory_says) {
    Method method[METHODS];
    list_methods(method);
    for (int m = 0; m < METHODS; m++) {
        double h = best_step(&method[m]);
        double theory = pow(method[m].epsilon, 1.0 / (method[m].order + 1));
        ck_assert_double_gt(h, theory / 6.0);
        ck_assert_double_lt(h, theory * 6.0);
        ck_assert_double_gt(relative_error(&method[m], 1.0),
                            100.0 * relative_error(&method[m], h));
        ck_assert_double_gt(relative_error(&method[m], method[m].epsilon),
                            100.0 * relative_error(&method[m], h));
    }
    ck_assert_double_lt(relative_error(&method[1], best_step(&method[1])),
                        relative_error(&method[0], best_step(&method[0])));
    ck_assert_double_lt(relative_error(&method[3], best_step(&method[3])),
                        relative_error(&method[2], best_step(&method[2])));
}
END_TEST

// [C slope at 1] [C slope at 2] [C partials] as the lecture prints them. In a
// row of the first table, after x0: y0, x1, y1, dy/dx (2x and the step), dy
// rounded and its quotient, the central difference, 2x.
START_TEST(prints_the_lectures_numbers) {
    Run run = run_well("derivative --plot none");
    const char *slopes = from_line(run.output, "x0");
    const double want[][8] = {{2, 1.0001, 2.00020001, 2.0001, 0.0002, 2, 2, 2},
                              {5, 2.0001, 5.00040001, 4.0001, 0.0004, 4, 4, 4}};
    assert_row(slopes, "1", want[0], 8, 1e-9);
    assert_row(slopes, "2", want[1], 8, 1e-9);
    ck_assert_double_eq(rounded_rise(1.0, 0.75), 3 * 0.75); // from 2.75
    const double at[] = {8, 8, 7, 7, 27, 27};
    assert_row(run.output, "df/dx = 2x + 3y", at, 2, 1e-6);
    assert_row(run.output, "df/dy = 3x + 2y", at + 2, 2, 1e-6);
    assert_row(run.output, "df/dz = 3z^2", at + 4, 2, 1e-6);
}
END_TEST

// Per method the best step, its error and the theory's step, in this order. Two
// digits are printed: a twentieth of a number at most.
START_TEST(prints_the_best_steps) {
    Method method[METHODS];
    list_methods(method);
    Run run = run_program("derivative --plot none");
    for (int m = 0; m < METHODS; m++) {
        double h = best_step(&method[m]);
        const double want[] = {
            h, relative_error(&method[m], h),
            pow(method[m].epsilon, 1.0 / (1 + method[m].order))};
        for (int i = 0; i < 3; i++) {
            double got = table_number(run.output, method[m].name, i);
            ck_assert_double_eq_tol(got / want[i], 1.0, 0.06);
        }
    }
}
END_TEST

// The tangents' slopes are 2x and the step; the secant goes through 1, 2 and
// 2, 5. Seven digits of numbers below 10. In the other chart each curve is that
// of its name: where the step is large, h/2 for forward and h^2/6 for central,
// up to terms of h/3 and h^2/20 of that; at 1e-10 a float has long lost the
// step (an error of 1), a double has not.
START_TEST(draws_each_curve_by_its_name) {
    enum { ROWS = 61 };
    double x[ROWS], y[ROWS], h[STEPS], e[STEPS];
    const char *const names[] = {"tangent at x = 1", "tangent at x = 2",
                                 "secant with step 1"};
    const char *const words[] = {"at x = 1, step 0.0001: slope 2.0001",
                                 "at x = 2, step 0.0001: slope 4.0001",
                                 "at x = 1, step 1: slope 3"};
    const double at[] = {1, 2, 1}, slope[] = {2.0001, 4.0001, 3};
    Method method[METHODS];
    list_methods(method);
    run_for_charts("derivative --quiet");
    const char *file = "out/ch03/derivative_tangent.csv";
    ck_assert_int_eq(chart_column(file, 0, "x", x, ROWS), ROWS);
    for (int c = 0; c < 3; c++) {
        chart_column(file, 0, names[c], y, ROWS);
        for (int i = 0; i < ROWS; i++) {
            double want = parabola(at[c]) + slope[c] * (x[i] - at[c]);
            ck_assert_double_eq_tol(y[i], want, 1e-5);
        }
        assert_mark("out/ch03/derivative_tangent.fig", 0, "lines", "x",
                    names[c], words[c]);
    }

    file = "out/ch03/derivative_error.csv";
    ck_assert_int_eq(chart_column(file, 0, "step", h, STEPS), STEPS);
    for (int m = 0; m < METHODS; m++) {
        const bool is_float = strncmp(method[m].name, "float", 5) == 0;
        chart_column(file, 0, method[m].name, e, STEPS);
        for (int i = 4; i <= 6; i++) { // steps of 0.1 to 0.03
            double want = method[m].order == 1 ? h[i] / 2 : h[i] * h[i] / 6;
            ck_assert_double_eq_tol(e[i] / want, 1.0, 0.05);
        }
        ck_assert_msg((e[40] > 0.5) == is_float, "%s, step %g: the error is %g",
                      method[m].name, h[40], e[40]);
        const char *figure = "out/ch03/derivative_error.fig";
        assert_mark(figure, 0, "lines", "step", method[m].name,
                    method[m].order == 1 ? "forward" : "central");
        ck_assert_double_eq(figure_attribute(figure, "lines", m, "y"), m + 2);
        ck_assert(strncmp(figure_words(figure, "panel", m / 2), method[m].name,
                          5) == 0);
    }
}
END_TEST

// --step reaches the quotients.
START_TEST(step_is_the_step) {
    Run run = run_program("derivative --step 0.5 --quiet --plot none");
    ck_assert_double_eq(result_value(&run, "slope_at_1"), 2.5);
    ck_assert_double_eq(result_value(&run, "df_dz"), 27.25); // 3z^2 + h^2
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("derivative");
    ck_assert_str_eq(run.output, "result: slope_at_1=2.0001 slope_at_2=4.0001 "
                                 "df_dx=8 df_dy=7 df_dz=27\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{forward_quotient_is_2x_and_a_step},
                          {central_quotient_is_2x},
                          {partials_by_formula},
                          {partials_are_slopes},
                          {truncation_grows_with_the_order},
                          {rounding_grows_as_the_step_shrinks},
                          {best_step_is_where_theory_says},
                          {prints_the_lectures_numbers},
                          {prints_the_best_steps},
                          {draws_each_curve_by_its_name},
                          {step_is_the_step},
                          {prints_its_result}};
    return run_tests("derivative", tests, sizeof tests / sizeof *tests);
}
