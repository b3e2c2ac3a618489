// The lecture's softmax, the largest slopes, every slope against a difference,
// and the library's fast forms against the formulas.

#define main activations_main
#include "ch02_mlp/activations.c"
#undef main

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "loss.h"
#include "tables.h"
#include "testing.h"
#include "vmath.h"

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
    ck_assert_double_eq(max_slope(&activations[0]), 0.0);
    ck_assert_double_eq(max_slope(&activations[1]), 0.25);
    ck_assert_double_eq(max_slope(&activations[2]), 1.0);
    ck_assert_double_eq(max_slope(&activations[3]), 1.0);
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

// vmath.h promises 4 ulp of a result of at most 1, 2.4e-7; softmax divides two
// such values (2 ulp each) and rounds once more.
START_TEST(library_agrees) {
    float x[101], fast[101];
    for (int i = 0; i <= 100; i++)
        x[i] = (float)(i - 50) / 5.0f;
    vsigmoid(fast, x, 101);
    for (int i = 0; i <= 100; i++)
        ck_assert_double_eq_tol((double)fast[i], sigmoid((double)x[i]), 2.4e-7);
    vtanh(fast, x, 101);
    for (int i = 0; i <= 100; i++)
        ck_assert_double_eq_tol((double)fast[i], tanh((double)x[i]), 2.4e-7);

    float scores[CLASSES] = {1.2f, 4.0f, 0.2f};
    Tensor row = tensor_view(scores, 2, 1, CLASSES);
    double y[CLASSES];
    softmax(y, lecture_x, CLASSES);
    softmax_forward(&row, &row);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol((double)scores[k], y[k], 6e-7);
}
END_TEST

START_TEST(prints_both_sides) {
    Run run = run_program("activations --plot none");
    ck_assert_int_eq(run.status, 0);
    static const char *const lines[] = {
        "step      0.000   0.000   1.000   1.000   1.000   0\n",
        "This step is 1 at 0 (x >= 0). C's perceptron fires only above its\n"
        "threshold (sum > theta)",
        "  A: (e^x - e^-x) / (e^x + e^-x)     nan -1.0000 -0.7616  0.7616  "
        "1.0000     nan\n"
        "  C: (1 - e^-2x) / (1 + e^-2x)       nan     nan -0.7616  0.7616  "
        "1.0000  1.0000\n",
        "3.3201  54.5982   1.2214\n",
        "3.32    54.58     1.22\n",
        "0.0561   0.9232   0.0207\n",
        "0.056    0.923     0.02  sum 0.999\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_says(run.output, lines[i]);
}
END_TEST

// The curves from -5 to 5 in steps of a hundredth: x, and step, sigmoid, tanh
// and ReLU, each with its slope. A step has none at 0.
START_TEST(curves_are_in_the_chart) {
    ck_assert_int_eq(chdir(scratch_path("").text), 0);
    Run run = run_program("activations --quiet --plot svg");
    ck_assert_int_eq(run.status, 0);
    const char *text = text_of("out/ch02/activations.csv");
    const char *const first =
        "softmax,slope\n-5,0,0,0.006692851,0.006648057,-0.9999092,0.0001815832,"
        "0,0,";
    const char *const rows[] = {
        first, "\n0,1,,0.5,0.25,0,1,0,0,",
        "\n1,1,0,0.7310586,0.1966119,0.7615942,0.4199743,1,1,", "\n4.99,1,0,"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_says(text, rows[i]);
    int lines = 0;
    for (const char *c = text; strncmp(c, "\n\n", 2) != 0; c++)
        lines += *c == '\n';
    ck_assert_int_eq(lines, 1001); // and the names of the columns
}
END_TEST

// With 10,000 added to the scores, the formula as printed has no number left in
// its row, and the other one has the shares.
START_TEST(only_the_stable_row_has_numbers) {
    Run run = run_program("activations --plot none");
    const char *naive = from_line(run.output, "softmax(x + 10000), as printed");
    double nan_first = strtod(strstr(naive, "printed") + 7, NULL);
    ck_assert_msg(isnan(nan_first), "as printed: %g", nan_first);
    double y[CLASSES];
    softmax(y, lecture_x, CLASSES);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol(
            table_number(run.output, "softmax(x + 10000), minus maximum", k),
            y[k], 6e-5);
}
END_TEST

// The curve of the share that moves ends near 0 on the left and near 1 on the
// right; where its score is the lecture's, 4, it is the lecture's share. The
// bars are the shares. 7 digits are written.
START_TEST(draws_softmax) {
    enum { SHOWN = 1001 };
    static double x[SHOWN], share[SHOWN], slope[SHOWN];
    double bar[CLASSES], y[CLASSES];
    run_for_charts("activations --quiet");
    const char *file = "out/ch02/activations.csv";
    ck_assert_int_eq(chart_column(file, 0, "x", x, SHOWN), SHOWN);
    chart_column(file, 0, "softmax", share, SHOWN);
    chart_column(file, 0, "softmax+1", slope, SHOWN);
    for (int i = 0; i < SHOWN; i++) {
        softmax(y, (double[]){1.2, x[i], 0.2}, CLASSES);
        ck_assert_msg(fabs(share[i] - y[1]) < 1e-6 &&
                          fabs(slope[i] - y[1] * (1 - y[1])) < 1e-6,
                      "score %g: share %g, slope %g", x[i], share[i], slope[i]);
    }
    softmax(y, lecture_x, CLASSES);
    ck_assert_int_eq(chart_column(file, 1, "share", bar, CLASSES), CLASSES);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol(bar[k], y[k], 1e-6);
}
END_TEST

// A panel's title begins with the name of the column that is drawn below it,
// solid; its slope, dashed, is the next column.
START_TEST(panels_have_the_curves_of_their_titles) {
    enum { SHOWN = 1001 };
    static double drawn[SHOWN], named[SHOWN];
    run_for_charts("activations --quiet");
    static char script[8192];
    snprintf(script, sizeof script, "%s", text_of("out/ch02/activations.gp"));
    static const char *const names[] = {"step", "sigmoid", "tanh", "ReLU",
                                        "softmax"};
    int panels = 0;
    for (const char *at = script; (at = strstr(at, "set title '")) != NULL;) {
        int curve, slope;
        at += strlen("set title '");
        const char *plot = strstr(at, "plot ");
        if (sscanf(plot,
                   "plot DATA index 0 using 1:%d with lines lt 1, '' index 0 "
                   "using 1:%d with lines lt 2",
                   &curve, &slope) < 2)
            continue; // the bars
        int a = 0;
        while (a < 5 && strncasecmp(at, names[a], strlen(names[a])) != 0)
            a++;
        ck_assert_msg(a < 5, "whose panel is this? %.40s", at);
        char number[16];
        snprintf(number, sizeof number, "x+%d", curve - 1);
        chart_column("out/ch02/activations.csv", 0, number, drawn, SHOWN);
        chart_column("out/ch02/activations.csv", 0, names[a], named, SHOWN);
        for (int i = 0; i < SHOWN; i++)
            ck_assert_msg(drawn[i] == named[i],
                          "the panel of %s shows column %d", names[a], curve);
        ck_assert_int_eq(slope, curve + 1);
        panels++;
    }
    ck_assert_int_eq(panels, 5);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("activations --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
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
                          {library_agrees},
                          {prints_both_sides},
                          {curves_are_in_the_chart},
                          {only_the_stable_row_has_numbers},
                          {draws_softmax},
                          {panels_have_the_curves_of_their_titles},
                          {prints_its_result}};
    return run_tests("activations", tests, sizeof tests / sizeof *tests);
}
