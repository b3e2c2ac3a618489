// Losses of worked vectors by hand, slopes against differences, and what the
// program says about minima and zeros. (The library's losses: test_loss.)

#define main losses_main
#include "ch02_mlp/losses.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// Errors 0.5, 0, -2: (0.25 + 0 + 4) / 3, which C's sentence does not divide,
// and (0.5 + 0 + 2) / 3.
START_TEST(worked_vectors) {
    ck_assert_double_eq_tol(loss_of(&examples[MSE]), 4.25 / 3, 1e-15);
    ck_assert_double_eq_tol(loss_of(&examples[MAE]), 2.5 / 3, 1e-15);
    // exp(-3 L) is the probability of getting all three right
    ck_assert_double_eq_tol(exp(-3 * loss_of(&examples[BINARY])),
                            0.9 * 0.8 * 0.5, 1e-15);
    ck_assert_double_eq_tol(exp(-loss_of(&examples[RIGHT])), 0.9232, 1e-15);
    ck_assert_double_eq_tol(exp(-loss_of(&examples[WRONG])), 0.0561, 1e-15);
    ck_assert_double_eq_tol(exp(-10 * loss_of(&examples[SOFT])),
                            0.0561 * pow(0.9232, 8) * 0.0207, 1e-15);
}
END_TEST

// Truncation h^2/6 |L'''| with L''' = 2 t / y^3 <= 2 * 0.1 / 0.0207^3 = 22547
// (the first and third share of SOFT; WRONG has 2 / 0.0561^3 = 11327): 3.8e-9
// at h = 1e-6. Rounding: an ulp of 4.4e-16 over h, 4.4e-10. MAE is kept off its
// corner by its own example but for y = 2, which has to be 0.
START_TEST(slopes_are_derivatives) {
    const double h = 1e-6;
    for (int i = 0; i < EXAMPLES; i++) {
        const Example *e = &examples[i];
        double dy[N], unused[N], y[N], largest = 0.0;
        e->loss(dy, e->y, e->t, N);
        for (int k = 0; k < N; k++) {
            for (int j = 0; j < N; j++)
                y[j] = e->y[j];
            y[k] = e->y[k] + h;
            double up = e->loss(unused, y, e->t, N);
            y[k] = e->y[k] - h;
            double down = e->loss(unused, y, e->t, N);
            ck_assert_double_eq_tol(dy[k], (up - down) / (2 * h), 5e-9);
            largest = fmax(largest, fabs(dy[k]));
        }
        ck_assert_msg(largest > 0.3, "%s: all slopes are zero", e->name);
    }
}
END_TEST

START_TEST(zero_shares) {
    double dy[2], sure[2] = {1, 0}, t[2] = {1, 0}, other[2] = {0, 1};
    ck_assert_double_eq(cross_entropy(dy, sure, t, 2), 0.0);
    ck_assert_double_eq(dy[0], -1.0);
    ck_assert_double_eq(dy[1], 0.0);
    ck_assert_double_eq(binary_cross_entropy(dy, sure, t, 2), 0.0);
    ck_assert_double_eq(dy[0], -0.5);
    ck_assert_double_eq(dy[1], 0.5);
    ck_assert(isinf(cross_entropy(dy, sure, other, 2)));
    ck_assert(isinf(binary_cross_entropy(dy, sure, other, 2)));
}
END_TEST

// The erratum: the formula for two classes is the general one.
START_TEST(binary_is_categorical_for_two) {
    double db[1], dc[2], yes[2] = {1, 0}, no[2] = {0, 1};
    for (int i = 1; i < 20; i++) {
        double y[2] = {i / 20.0, 1.0 - i / 20.0};
        ck_assert_double_eq(binary_cross_entropy(db, y, &yes[0], 1),
                            cross_entropy(dc, y, yes, 2));
        ck_assert_double_eq(db[0], dc[0]);
        ck_assert_double_eq(binary_cross_entropy(db, y, &no[0], 1),
                            cross_entropy(dc, y, no, 2));
        ck_assert_double_eq(db[0], -dc[1]);
    }
}
END_TEST

// MSE multiplies the error by 1 - 0.2 in each step. MAE takes 0.1 off: after 9
// steps 0.05 is left, and then it is -0.05, 0.05, -0.05 ...
START_TEST(squared_error_settles) {
    for (int steps = 0; steps <= STEPS; steps++)
        ck_assert_double_eq_tol(descend(mse, 0.95, 0.1, steps),
                                0.95 * pow(0.8, steps), 1e-14);
    for (int steps = 9; steps <= 1000; steps++)
        ck_assert_double_eq_tol(descend(mae, 0.95, 0.1, steps),
                                steps % 2 == 1 ? 0.05 : -0.05, 1e-12);
    double t[5] = {1, 2, 3, 4, 100};
    ck_assert_double_eq(best_constant(mse, t), 22.0);
    ck_assert_double_eq(best_constant(mae, t), 3.0);
}
END_TEST

// Squared and absolute error with their slopes; binary cross entropy at y = 1/2
// for both labels; and by the score z, where the slope of the cross entropy is
// y - 1, that of the squared error 2 (y - 1) y (1 - y). Each curve, above, and
// its slope, below, has the name of its column.
START_TEST(curves_are_in_the_chart) {
    run_for_charts("losses --quiet");
    const char *text = text_of("out/ch02/losses.csv");
    static const char *const rows[] = {
        "error,squared,slope,absolute,slope\n-2,4,-4,2,-1\n",
        "\n-0.01,0.0001,-0.02,0.01,-1\n0,0,0,0,0\n0.01,0.0001,0.02,0.01,1\n",
        "\n2,4,4,2,1\n",
        "y,t = 1,slope,t = 0,slope\n",
        "\n0.5,0.6931472,-2,0.6931472,2\n",
        "z,cross entropy,slope,squared,slope\n",
        "\n0,0.6931472,-0.5,0.25,-0.25\n"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_says(text, rows[i]);

    static const char *const names[3][2] = {{"squared", "absolute"},
                                            {"t = 1", "t = 0"},
                                            {"cross entropy", "squared"}};
    const char *figure = "out/ch02/losses.fig";
    for (int i = 0; i < 12; i++) { // two curves above three times, then below
        int c = i / 2 % 3, slopes = i / 6;
        ck_assert_str_eq(figure_words(figure, "lines", i), names[c][i % 2]);
        ck_assert_double_eq(figure_attribute(figure, "lines", i, "table"), c);
        ck_assert_double_eq(figure_attribute(figure, "lines", i, "y"),
                            2 + 2 * (i % 2) + slopes);
        ck_assert_str_eq(figure_words(figure, "label", i | 1),
                         slopes ? "slope" : "loss");
    }
}
END_TEST

// The columns of each example: y, t, L and the slopes, to the decimals printed.
// Under each number of steps the error after them, and the best constants: the
// mean of 1 2 3 4 100 squares best, its median is nearest. And three losses of
// a true class whose score is 1000 below the other's.
START_TEST(prints_its_tables) {
    Run run = run_program("losses --plot none");
    for (int i = 0; i < EXAMPLES; i++) {
        const Example *e = &examples[i];
        double dy[N], L = e->loss(dy, e->y, e->t, N);
        const double want[10] = {e->y[0], e->y[1], e->y[2], e->t[0], e->t[1],
                                 e->t[2], L,       dy[0],   dy[1],   dy[2]};
        assert_row(run.output, e->name, want, 10, 0.00501);
    }

    const char *table = from_line(run.output, "steps");
    double squared[5], absolute[5];
    for (int column = 0; column < 5; column++) {
        const double steps = table_number(table, "steps", column);
        squared[column] = 0.95 * pow(0.8, steps);
        absolute[column] = fmod(steps, 2) == 1 ? 0.05 : -0.05;
    }
    assert_row(table, "MSE", squared, 5, 1e-4);
    assert_row(table, "MAE", absolute, 5, 1e-4);
    const char *constants = after_text(table, "1 2 3 4 100");
    ck_assert_double_eq(strtod(after_text(constants, "is"), NULL), 22);
    ck_assert_double_eq(strtod(after_text(constants, ","), NULL), 3);

    const char *loss = from_line(run.output, "inf"); // of log 0
    loss = strchr(loss, '\n') + 1;
    ck_assert_double_eq_tol(strtod(loss, NULL), -log(1e-7), 0.01);
    loss = strchr(loss, '\n') + 1;
    ck_assert_double_eq(strtod(loss, NULL), 1000);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("losses");
    ck_assert_str_eq(run.output,
                     "result: mse=1.416667 mae=0.833333 binary=0.340550 "
                     "cross_entropy=0.079909 descent_mse=0.0001 "
                     "descent_mae=0.0500\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {worked_vectors},        {slopes_are_derivatives},
        {zero_shares},           {binary_is_categorical_for_two},
        {squared_error_settles}, {curves_are_in_the_chart},
        {prints_its_tables},     {prints_its_result}};
    return run_tests("losses", tests, sizeof tests / sizeof *tests);
}
