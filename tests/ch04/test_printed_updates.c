// The printed updates beside numbers computed from the lectures' formulas in
// Python, and where they and the library's part.

#define main printed_updates_main
#include "ch04_optimizers/printed_updates.c"
#undef main

#include "figures.h"
#include "golden.h"
#include "tables.h"
#include "testing.h"

enum { STEPS = 20, SIZE = 6 };

static double number(const char *name, int i) {
    return golden_number("optim_table.txt", "", name, (size_t)i);
}

// The file has nine digits; 20 steps add up their roundings.
static const double DIGITS = 1e-7;

// 20 given gradients for 6 weights; the rate is 0.01, after 10 steps 0.001.
START_TEST(momentum_and_adadelta_are_the_lectures) {
    for (int i = 0; i < SIZE; i++) {
        Printed m = {.theta = number("start", i)}, a = m;
        for (int k = 0; k < STEPS; k++) {
            const int at = k * SIZE + i;
            double g = number("grads", at);
            momentum_as_printed(&m, g, k < 10 ? 0.01 : 0.001, 0.9);
            ck_assert_double_eq_tol(m.theta, number("momentum_printed", at),
                                    DIGITS);
            adadelta_as_printed(&a, g, 0.9, 1e-6);
            ck_assert_double_eq_tol(a.theta, number("adadelta_printed", at),
                                    DIGITS);
        }
    }
}
END_TEST

// On L = theta^2 / 2 from 1, alpha = 0.1: g = -0.1, theta = 0.9; then the
// gradient is taken at 0.9 - 0.09 = 0.81, g = -0.09 - 0.081, theta = 0.729.
START_TEST(nesterov_by_hand) {
    Printed p = {.theta = 1.0};
    nesterov_as_printed(&p, nesterov_ahead(&p, 0.9), 0.1, 0.9);
    ck_assert_double_eq_tol(p.theta, 0.9, 1e-15);
    ck_assert_double_eq_tol(nesterov_ahead(&p, 0.9), 0.81, 1e-15);
    nesterov_as_printed(&p, nesterov_ahead(&p, 0.9), 0.1, 0.9);
    ck_assert_double_eq_tol(p.theta, 0.729, 1e-15);
}
END_TEST

// B's numbers. A step of at most 3 is off by 10 * 3 roundings in the library.
START_TEST(the_cut_of_the_rate) {
    static Glide out;
    Options o = {.rho = 0.9f, .before = 0.3f, .after = 0.05f};
    glide(&out, &o);
    for (int t = 1; t <= CUT; t++)
        ck_assert_double_eq_tol(out.printed[t], out.library[t], 1e-5);
    ck_assert_double_eq_tol(out.printed[CUT + 1], -2.75, 1e-5);
    ck_assert_double_eq_tol(out.library[CUT + 1], -0.5, 1e-5);
    ck_assert_double_eq_tol(out.sum_after, -0.5, 1e-5);
    for (int k = 0; CUT + 1 + k <= SHOWN; k++)
        ck_assert_double_eq_tol(out.printed[CUT + 1 + k],
                                -0.5 - 2.25 * pow(0.9, k), 1e-5);
    o.after = o.before;
    glide(&out, &o);
    ck_assert_double_eq_tol(out.printed[SHOWN], out.library[SHOWN], 1e-5);
    ck_assert_double_eq_tol(out.sum_after, out.printed[CUT + 1], 1e-5);

    // with another momentum, too: steps of 0.3 / (1 - 0.5)
    o.rho = 0.5f;
    glide(&out, &o);
    ck_assert_double_eq_tol(out.printed[CUT], -0.6, 1e-5);
    ck_assert_double_eq_tol(out.library[CUT], -0.6, 1e-5);
}
END_TEST

// Gradients that differ: then it matters which of them is the oldest.
START_TEST(the_sum_weighs_old_gradients_less) {
    const double g[] = {4.0, -1.0, 0.5, 2.0};
    Printed p = {0};
    for (int t = 1; t <= 4; t++) {
        momentum_as_printed(&p, g[t - 1], 0.3, 0.9);
        ck_assert_double_eq_tol(momentum_sum(g, t, 0.3, 0.9), p.g, 1e-15);
    }
    ck_assert_double_eq_tol(p.g, -0.3 * (2.916 - 0.81 + 0.45 + 2.0), 1e-15);
}
END_TEST

// At a constant rate the weights differ by the float's roundings: 2^-24 of
// |w| < 1 in each step and as much of its length, which momentum sums up.
START_TEST(the_same_path_at_a_constant_rate) {
    for (int kind = MOMENTUM; kind <= NESTEROV; kind++) {
        ck_assert_double_lt(largest_difference((OptimizerKind)kind, 1.0), 2e-6);
        ck_assert_double_gt(largest_difference((OptimizerKind)kind, 10.0),
                            0.01);
    }
}
END_TEST

// Zeiler's form in double: 100 steps with the same gradient.
static double adadelta_by_zeiler(double g) {
    double v = 0, u = 0, w = 0;
    for (int k = 0; k < 100; k++) {
        v = 0.9 * v + 0.1 * g * g;
        double step = sqrt((u + 1e-6) / (v + 1e-6)) * g;
        u = 0.9 * u + 0.1 * step * step;
        w -= step;
    }
    return w;
}

// A's epsilon outside the root below: a gradient g far below sqrt(eps) moves
// the printed form by sqrt(eps) g / (sqrt(0.1) g + eps) at first, the library's
// by g.
START_TEST(adadelta_parts_where_gradients_are_small) {
    const double g = 1e-6;
    Printed p = {0};
    Library l;
    adadelta_as_printed(&p, g, 0.9, 1e-6);
    ck_assert_double_eq_tol(p.theta, -1e-3 * g / (sqrt(0.1) * g + 1e-6), 1e-12);
    library_init(&l, ADADELTA, 0.0f);
    ck_assert_double_eq_tol(library_step(&l, g), -g, 1e-12);
    optimizer_free(&l.optimizer);

    for (double s = 1.0; s > 1e-7; s *= 1e-2) // 100 roundings of 2^-24
        ck_assert_double_eq_tol(adadelta_library(s) / adadelta_by_zeiler(s),
                                1.0, 1e-5);
    ck_assert_double_eq_tol(adadelta_printed(1.0) / adadelta_by_zeiler(1.0),
                            1.0, 1e-4);
    ck_assert_double_gt(adadelta_printed(1e-4) / adadelta_by_zeiler(1e-4), 30);
    ck_assert_double_gt(adadelta_printed(1e-6) / adadelta_by_zeiler(1e-6), 500);
}
END_TEST

// The first step is eta / sqrt(1 - alpha), whatever the gradient; h becomes g^2
// and the step eta. Without epsilon a gradient of 0 gives 0 / 0.
START_TEST(rmsprop_steps_have_one_length) {
    for (double g = 1e-3; g < 1e4; g *= 10.0) {
        double library;
        Printed p = {0};
        rmsprop_as_printed(&p, g, 0.01, 0.9);
        ck_assert_double_eq_tol(p.theta, -0.01 / sqrt(0.1), 1e-12);
        p = rmsprop_steps(g, &library);
        double left = 1.0 - pow(0.9, 100); // h is g^2 times this
        ck_assert_double_eq_tol(p.g, -1.0 / sqrt(left), 1e-14);
        ck_assert_double_eq_tol(library, -g / (g * sqrt(left) + 1e-8), 1e-6);
    }
    double library;
    ck_assert(isnan(rmsprop_steps(0.0, &library).g));
    ck_assert_double_eq(library, 0.0);
}
END_TEST

// After the cut the printed form steps by 2.75, the library's by 0.5. The two
// differ after a cut only, and Adadelta's ratio is that of its row (three
// digits and more are printed).
START_TEST(shows_printed_before_library) {
    enum { ROWS = SHOWN - CUT + 21 };
    double t[ROWS], printed[ROWS], library[ROWS];
    const char *file = "out/ch04/printed_updates.csv";
    Run run = run_for_charts("printed_updates");
    ck_assert_int_eq(chart_column(file, 0, "t", t, ROWS), ROWS);
    chart_column(file, 0, "printed", printed, ROWS);
    chart_column(file, 0, "library", library, ROWS);
    file = "out/ch04/printed_updates.fig";
    assert_mark(file, 0, "lines", "t", "printed", "inside (A and B)");
    assert_mark(file, 0, "lines", "t", "library", "outside (library)");
    ck_assert_double_eq(figure_attribute(file, "vertical", 0, "at"), CUT);
    ck_assert_str_eq(figure_words(file, "title", 0),
                     "First step after the cut: -2.75 with the rate in "
                     "the velocity, -0.50 outside");
    for (int i = 0; i < ROWS; i++)
        if (t[i] == CUT + 1) {
            ck_assert_double_eq_tol(printed[i], -2.75, 1e-5);
            ck_assert_double_eq_tol(library[i], -0.5, 1e-5);
        }
    for (int kind = MOMENTUM; kind <= NESTEROV; kind++) {
        const char *row = optimizer_name((OptimizerKind)kind);
        ck_assert_double_lt(table_number(run.output, row, 0), 2e-6);
        ck_assert_double_gt(table_number(run.output, row, 1), 0.01);
    }
    const char *adadelta = from_line(run.output, "Adadelta"),
               *adam = after_text(run.output, "v^\n");
    const double ratio = table_number(adadelta, "1e-04", 2);
    ck_assert_double_gt(ratio, 30);
    ck_assert_double_eq(ratio, result_value(&run, "adadelta_ratio"));
    ck_assert_double_eq_tol(ratio * table_number(adadelta, "1e-04", 1) /
                                table_number(adadelta, "1e-04", 0),
                            1, 1e-2);

    // t = 501: the rate, the two steps; B's sum is the library's
    assert_row(run.output, "501", (const double[]){0.05, -2.75, -0.5}, 3, 0.0);
    ck_assert_double_eq(result_value(&run, "printed_step"), -2.75);
    ck_assert_double_eq(result_value(&run, "library_step"), -0.5);
    ck_assert_double_eq(result_value(&run, "sum"), -0.5);
    assert_says(run.output, "0 / 0 ");
    // [B Adam] m, m^, v and v^ after ten gradients of 0.5
    const double m = 1 - pow(0.9, 10), v = 1 - pow(0.999, 10);
    const double moments[] = {0.5 * m, 0.5, 0.25 * v, 0.25};
    assert_row(adam, "10", moments, 4, 5.1e-5);
    ck_assert_double_eq_tol(table_number(adam, "10", 2), 0.25 * v, 6e-7);
    run = run_program("printed_updates --plot none --rho 0");
    assert_80_columns(&run);
    run = run_program("printed_updates --plot none --rho 1");
    ck_assert_int_eq(run.status, 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{momentum_and_adadelta_are_the_lectures},
                          {nesterov_by_hand},
                          {the_cut_of_the_rate},
                          {the_sum_weighs_old_gradients_less},
                          {the_same_path_at_a_constant_rate},
                          {adadelta_parts_where_gradients_are_small},
                          {rmsprop_steps_have_one_length},
                          {shows_printed_before_library}};
    return run_tests("printed_updates", tests, sizeof tests / sizeof *tests);
}
