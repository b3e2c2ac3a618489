// The lecture's softmax, the largest slopes, every slope against a difference.
// (The library's fast forms have tests of their own: test_vmath, test_loss.)

#define main activations_main
#include "ch02_mlp/activations.c"
#undef main

#include <stdlib.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

START_TEST(lecture_softmax) {
    double y[CLASSES];
    softmax(y, lecture_x, CLASSES);
    // half a unit of the last digit that the lecture prints
    ck_assert_double_eq_tol(y[0], 0.056, 0.0005);
    ck_assert_double_eq_tol(y[1], 0.923, 0.0005);
    ck_assert_double_eq_tol(y[2], 0.0207, 0.00005);
    ck_assert_double_eq_tol(y[0] + y[1] + y[2], 1.0, 1e-15);
    // the erratum: at the digits of the others, the slide's 0.02 is not this
    ck_assert_double_gt(fabs(y[2] - 0.02), 0.0005);
}
END_TEST

// e^4.0 is 54.60; the lecture's 54.58 is off by more than its last digit, and
// still its shares are right to every digit it prints.
START_TEST(lecture_powers) {
    ck_assert_double_eq_tol(exp(lecture_x[0]), 3.32, 0.005);
    ck_assert_double_eq_tol(exp(lecture_x[1]), 54.60, 0.005);
    ck_assert_double_gt(exp(lecture_x[1]) - 54.58, 0.005);
    ck_assert_double_eq_tol(exp(lecture_x[2]), 1.22, 0.005);
    double sum = 3.32 + 54.58 + 1.22, y[CLASSES];
    softmax(y, lecture_x, CLASSES);
    ck_assert_double_eq_tol(3.32 / sum, y[0], 0.0005);
    ck_assert_double_eq_tol(54.58 / sum, y[1], 0.0005);
}
END_TEST

// (1 - t) / (1 + t) with t = exp(-2x) = 1/3 is 1/2. Both printed forms are
// right to a few ulps where they are numbers, and NaN where an exp overflows.
START_TEST(tanh_as_printed) {
    ck_assert_double_eq_tol(tanh_printed_in_a(log(3.0) / 2), 0.5, 1e-15);
    ck_assert_double_eq_tol(tanh_printed_in_c(log(3.0) / 2), 0.5, 1e-15);
    for (double x = -20.0; x <= 20.0; x += 0.25) {
        ck_assert_double_eq_tol(tanh_printed_in_a(x), tanh(x), 1e-15);
        ck_assert_double_eq_tol(tanh_printed_in_c(x), tanh(x), 1e-15);
    }
    // log of the largest double is 709.78, and half of it 354.89
    ck_assert_double_eq(tanh_printed_in_a(709.7), 1.0);
    ck_assert_double_eq(tanh_printed_in_a(-709.7), -1.0);
    ck_assert(isnan(tanh_printed_in_a(709.8)));
    ck_assert(isnan(tanh_printed_in_a(-709.8)));
    ck_assert_double_eq(tanh_printed_in_c(-354.8), -1.0);
    ck_assert(isnan(tanh_printed_in_c(-355.0)));
    ck_assert_double_eq(tanh_printed_in_c(1e4), 1.0);
    ck_assert_double_eq(activations[2].f(-1e4), -1.0);
    ck_assert_double_eq(activations[2].f(1e4), 1.0);
}
END_TEST

START_TEST(largest_slopes) {
    const double want[ACTIVATIONS] = {0.0, 0.25, 1.0, 1.0};
    for (int a = 0; a < ACTIVATIONS; a++)
        ck_assert_double_eq(max_slope(&activations[a]), want[a]);
}
END_TEST

START_TEST(known_values) {
    ck_assert_double_eq(step(0.0), 1.0); // 1 at x >= 0, as the lecture has it
    ck_assert_double_eq(step(-1e-300), 0.0);
    ck_assert(isnan(step_slope(0.0)));
    ck_assert_double_eq(sigmoid(0.0), 0.5);
    ck_assert_double_eq_tol(sigmoid(log(3.0)), 0.75, 1e-15);
    ck_assert_double_eq(sigmoid(-1e4), 0.0);
    ck_assert_double_eq(sigmoid(1e4), 1.0);
    ck_assert_double_eq(relu(-3.0), 0.0);
    ck_assert_double_eq(relu(3.0), 3.0);
    ck_assert_double_eq(relu_slope(0.0), 0.0); // C: no gradient where x <= 0
    for (double x = -5.0; x <= 5.0; x += 0.25)
        ck_assert_double_eq_tol(tanh(x), 2.0 * sigmoid(2.0 * x) - 1.0, 1e-15);
}
END_TEST

// Truncation: h^2/6 |f'''| <= 1e-10/6 * 2 (tanh''' is -2 at 0). Rounding: half
// an ulp of each value of up to 5, 4.4e-16, over 2h, twice: 4.4e-11. The grid
// keeps its distance from the corners at 0.
START_TEST(slopes_are_derivatives) {
    const double h = 1e-5;
    for (int a = 0; a < ACTIVATIONS; a++) {
        double largest = 0.0;
        for (double x = -4.95; x < 5.0; x += 0.1) {
            double (*f)(double) = activations[a].f;
            double numeric = (f(x + h) - f(x - h)) / (2.0 * h);
            double slope = activations[a].slope(x);
            ck_assert_double_eq_tol(slope, numeric, 1e-10);
            largest = fmax(largest, fabs(slope));
        }
        ck_assert_msg(a == 0 || largest > 0.2, "%s: all slopes are zero",
                      activations[a].name);
    }
}
END_TEST

// The same step; softmax's third derivatives are below 1 and its values too.
START_TEST(softmax_slopes_are_derivatives) {
    const double h = 1e-5;
    double y[CLASSES], up[CLASSES], down[CLASSES], x[CLASSES], largest = 0.0;
    softmax(y, lecture_x, CLASSES);
    for (int j = 0; j < CLASSES; j++) {
        for (int k = 0; k < CLASSES; k++)
            x[k] = lecture_x[k];
        x[j] = lecture_x[j] + h;
        softmax(up, x, CLASSES);
        x[j] = lecture_x[j] - h;
        softmax(down, x, CLASSES);
        for (int i = 0; i < CLASSES; i++) {
            double slope = softmax_slope(y, i, j);
            ck_assert_double_eq_tol(slope, (up[i] - down[i]) / (2 * h), 1e-10);
            largest = fmax(largest, fabs(slope));
        }
    }
    ck_assert_double_gt(largest, 0.05);
}
END_TEST

// A shift of 1e4 costs each score an ulp of 1e4, 1.8e-12, and no more.
START_TEST(stable_where_naive_is_not) {
    double x[CLASSES], y[CLASSES], want[CLASSES], naive[CLASSES];
    softmax(want, lecture_x, CLASSES);
    softmax_naive(naive, lecture_x, CLASSES);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol(naive[k], want[k], 1e-15);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int k = 0; k < CLASSES; k++)
            x[k] = lecture_x[k] + sign * 1e4;
        softmax(y, x, CLASSES);
        softmax_naive(naive, x, CLASSES);
        for (int k = 0; k < CLASSES; k++) {
            ck_assert_double_eq_tol(y[k], want[k], 4e-12);
            ck_assert(isnan(naive[k])); // inf / inf, and 0 / 0
        }
    }
}
END_TEST

// tanh as the lectures print it, the digits of C beside the program's own, and,
// with 10,000 added to the scores, the form of softmax that still has numbers.
START_TEST(prints_both_sides) {
    double y[CLASSES];
    softmax(y, lecture_x, CLASSES);
    Run run = run_program("activations --plot none");
    assert_row(run.output, "step", (double[]){0, 0, 1, 1, 1, 0}, 6, 0);
    assert_row(run.output, "sigmoid",
               (double[]){0.119, 0.269, 0.5, 0.731, 0.881, 0.25}, 6, 6e-4);
    assert_row(run.output, "A:", (double[]){NAN, -1, -0.7616, 0.7616, 1, NAN},
               6, 6e-5);
    assert_row(run.output, "C:", (double[]){NAN, NAN, -0.7616, 0.7616, 1, 1}, 6,
               6e-5);
    assert_row(run.output, "e^x", (double[]){3.3201, 54.5982, 1.2214}, 3, 6e-5);
    assert_row(run.output, "C prints", (double[]){3.32, 54.58, 1.22}, 3, 0);
    const char *shares = from_line(run.output, "softmax(x)");
    assert_row(shares, "softmax(x)", y, 3, 6e-5);
    assert_row(shares, "C prints", (double[]){0.056, 0.923, 0.02, 0.999}, 4, 0);
    assert_row(shares, "softmax(x + 10000), as printed",
               (double[]){NAN, NAN, NAN}, 3, 0);
    assert_row(shares, "softmax(x + 10000), minus maximum", y, 3, 6e-5);
}
END_TEST

// The curves from -5 to 5 in steps of a hundredth, each beside its slope (a
// step has none at 0), the share of a score that moves, and bars of the three
// shares. 7 digits are written. The title of a panel begins with the name of
// its curve.
START_TEST(curves_are_in_the_chart) {
    enum { SHOWN = 1001, CURVES = ACTIVATIONS + 1 };
    static const char *const names[] = {"step", "sigmoid", "tanh", "ReLU",
                                        "softmax"};
    static const char *const titles[] = {"Step", "Sigmoid", "Tanh", "ReLU",
                                         "Softmax:"};
    static double x[SHOWN], f[CURVES][SHOWN], slope[CURVES][SHOWN];
    double y[CLASSES];
    for (int i = 0; i < SHOWN; i++) {
        x[i] = (i - 500) / 100.0;
        for (int a = 0; a < ACTIVATIONS; a++) {
            f[a][i] = activations[a].f(x[i]);
            slope[a][i] = activations[a].slope(x[i]);
        }
        softmax(y, (double[]){1.2, x[i], 0.2}, CLASSES);
        f[ACTIVATIONS][i] = y[1];
        slope[ACTIVATIONS][i] = y[1] * (1 - y[1]);
    }
    run_for_charts("activations --quiet");
    const char *file = "out/ch02/activations.csv";
    assert_column(file, 0, "x", x, SHOWN, 1e-9);
    for (int a = 0; a < CURVES; a++) {
        char column[16];
        assert_column(file, 0, names[a], f[a], SHOWN, 1e-6);
        snprintf(column, sizeof column, "%s+1", names[a]);
        assert_column(file, 0, column, slope[a], SHOWN, 1e-6);
        // marks have columns by number, the first is 1
        snprintf(column, sizeof column, "x+%d", 2 * a + 1);
        assert_column(file, 0, column, f[a], SHOWN, 1e-6);
    }
    softmax(y, lecture_x, CLASSES);
    assert_column(file, 1, "share", y, CLASSES, 1e-6);

    const char *figure = "out/ch02/activations.fig";
    for (int a = 0; a < CURVES; a++) {
        ck_assert_str_eq(figure_words(figure, "lines", 2 * a), "function");
        ck_assert_str_eq(figure_words(figure, "lines", 2 * a + 1), "slope");
        for (int i = 0; i < 2; i++)
            ck_assert_double_eq(
                figure_attribute(figure, "lines", 2 * a + i, "y"),
                2 * a + 2 + i);
        assert_says(figure_words(figure, "panel", a), titles[a]);
    }
    assert_mark(figure, 1, "bars", NULL, "share", "");
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq(atof(figure_words(figure, "tick", k)),
                            lecture_x[k]);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("activations");
    ck_assert_str_eq(run.output, "result: softmax_1=0.0561 softmax_2=0.9232 "
                                 "softmax_3=0.0207 max_sigmoid_slope=0.25 "
                                 "max_tanh_slope=1\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{lecture_softmax},
                          {lecture_powers},
                          {tanh_as_printed},
                          {largest_slopes},
                          {known_values},
                          {slopes_are_derivatives},
                          {softmax_slopes_are_derivatives},
                          {stable_where_naive_is_not},
                          {prints_both_sides},
                          {curves_are_in_the_chart},
                          {prints_its_result}};
    return run_tests("activations", tests, sizeof tests / sizeof *tests);
}
