// The lecture's gradient, the bowl, and every step of the way down it.

#define main linear_fit_main
#include "ch03_backprop/linear_fit.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// 2x(xw - y), worked by hand: 2 * 1.5 * (1.5 * 2 - 0.8) = 3 * 2.2 and so on.
START_TEST(gradient_is_the_lectures) {
    ck_assert_double_eq_tol(dloss_at(1.5, 0.8, 2.0), 6.6, 1e-15);
    ck_assert_double_eq_tol(loss_at(1.5, 0.8, 2.0), 4.84, 2e-15);
    ck_assert_double_eq(dloss_at(2.0, 4.0, 2.0), 0.0);
    ck_assert_double_eq(dloss_at(2.0, 4.0, 1.0), -8.0);
    ck_assert_double_eq(dloss_at(-1.0, 3.0, 0.0), 6.0);
}
END_TEST

// With w = 0 the mean squared error is the mean of y^2: 1.44 + 3.24 + 10.89 +
// 15.21 + 25 over 5 points.
START_TEST(loss_is_the_mean_squared_error) {
    Points p = measured();
    ck_assert_double_eq_tol(mean_loss(&p, 0.0), 55.78 / 5.0, 1e-14);
}
END_TEST

// The loss is a parabola in w: a central difference truncates nothing, even
// with a step of 1/2. What remains is the rounding of losses below 100.
START_TEST(gradient_is_the_slope) {
    Points p = measured();
    const double w[] = {-3.0, 0.0, 1.0, 2.0, 4.0};
    for (int i = 0; i < 5; i++) {
        double up = loss_at(1.5, 0.8, w[i] + 0.5);
        double down = loss_at(1.5, 0.8, w[i] - 0.5);
        ck_assert_double_gt(fabs(up - down), 0.1);
        ck_assert_double_eq_tol(dloss_at(1.5, 0.8, w[i]), up - down, 1e-13);
        up = mean_loss(&p, w[i] + 0.5);
        down = mean_loss(&p, w[i] - 0.5);
        ck_assert_double_eq_tol(mean_dloss(&p, w[i]), up - down, 1e-13);
    }
}
END_TEST

// The best w is the sum of xy over the sum of xx, 27.65 / 13.75; the gradient
// there is 0 and the loss on either side higher.
START_TEST(best_weight_is_the_bottom) {
    Points p = measured();
    double best = best_weight(&p);
    ck_assert_double_eq_tol(best, 27.65 / 13.75, 1e-14);
    ck_assert_double_eq_tol(mean_dloss(&p, best), 0.0, 1e-14);
    ck_assert_double_gt(mean_loss(&p, best + 0.01), mean_loss(&p, best));
    ck_assert_double_gt(mean_loss(&p, best - 0.01), mean_loss(&p, best));
}
END_TEST

// The gradient is 2 m (w - best), m = mean(x^2) = 2.75, so that step k is at
// best + (1 - 2 lr m)^k (start - best): 0.725^k for a rate of 0.05.
START_TEST(steps_shrink_the_distance) {
    Points p = measured();
    double best = best_weight(&p);
    Descent path;
    train(&path, &p, 0.0, 0.05, 20);
    ck_assert_int_eq(path.epochs, 20);
    for (int k = 0; k <= 20; k++) {
        double w = best - pow(0.725, k) * best;
        ck_assert_double_eq_tol(path.step[k].w, w, 1e-13);
        ck_assert_double_eq_tol(path.step[k].loss, mean_loss(&p, w), 1e-12);
        ck_assert_double_eq_tol(path.step[k].dloss, mean_dloss(&p, w), 1e-12);
    }
}
END_TEST

// 1 / (2 m) reaches the bottom in one step; beyond 1 / m each step is worse.
START_TEST(the_rate_decides) {
    Points p = measured();
    Descent path;
    train(&path, &p, 0.0, 1.0 / 5.5, 1);
    ck_assert_double_eq_tol(path.step[1].w, best_weight(&p), 1e-14);
    train(&path, &p, 0.0, 0.99 / 2.75, 30);
    for (int k = 1; k <= 30; k++)
        ck_assert_double_lt(path.step[k].loss, path.step[k - 1].loss);
    train(&path, &p, 0.0, 1.01 / 2.75, 30);
    for (int k = 1; k <= 30; k++)
        ck_assert_double_gt(path.step[k].loss, path.step[k - 1].loss);
}
END_TEST

// Of each step w and loss, with six decimals, and four digits of the gradient.
START_TEST(prints_each_step) {
    Points p = measured();
    Descent path;
    train(&path, &p, 0.0, 0.05, 20);
    Run run = run_program("linear_fit --lr 0.05 --plot none");
    const char *table = from_line(run.output, "step");
    const int steps[] = {0, 1, 2, 5, 20};
    for (int i = 0; i < 5; i++) {
        int k = steps[i];
        char row[16];
        snprintf(row, sizeof row, "%d ", k);
        const double want[] = {path.step[k].w, path.step[k].loss};
        assert_row(table, row, want, 2, 1e-6);
        ck_assert_double_eq_tol(table_number(table, row, 2), path.step[k].dloss,
                                1e-6 + 1e-3 * fabs(path.step[k].dloss));
    }
    // the factor that steps_shrink_the_distance finds
    ck_assert_double_eq(table_number(run.output, "1 - 2 lr mean(x^2) =", 0),
                        0.725);
}
END_TEST

// --start reaches the first step.
START_TEST(start_is_the_start) {
    Points p = measured();
    Descent path;
    train(&path, &p, -3.0, 0.02, 1);
    Run run = run_program("linear_fit --start -3 --lr 0.02 --epochs 1 --quiet "
                          "--plot none");
    ck_assert_double_eq_tol(result_value(&run, "w"), path.step[1].w, 1e-5);
}
END_TEST

// A table for each line that is drawn, then the points, the bowl and the steps.
// Seven digits of losses below 20.
START_TEST(draws_the_bowl_and_the_steps) {
    enum { MOST = 101, LINES = 5, POINTS = LINES, BOWL, STEPS };
    const int shown[LINES] = {0, 1, 2, 4, 20};
    const char *file = "out/ch03/linear_fit.csv";
    const char *figure = "out/ch03/linear_fit.fig";
    double x[MOST], y[MOST];
    Points p = measured();
    Descent path;
    train(&path, &p, 0.0, (double)0.05f, 20);
    run_for_charts("linear_fit --quiet");
    for (int i = 0; i < LINES; i++) {
        char words[16];
        snprintf(words, sizeof words, "step %d", shown[i]);
        ck_assert_int_eq(chart_column(file, i, "x", x, MOST), 2);
        chart_column(file, i, "prediction", y, MOST);
        for (int k = 0; k < 2; k++)
            ck_assert_double_eq_tol(y[k], path.step[shown[i]].w * x[k], 1e-5);
        ck_assert_double_gt(x[1], x[0]);
        assert_mark(figure, i, "lines", "x", "prediction", words);
    }
    ck_assert_str_eq(figure_words(figure, "title", 0),
                     "From w = 0, step 20 reaches w = 2.008; w = 2.011 is "
                     "best");
    assert_column(file, POINTS, "x", p.x, N, 1e-6);
    assert_column(file, POINTS, "y", p.y, N, 1e-6);
    assert_mark(figure, POINTS, "points", "x", "y", "");
    ck_assert_str_eq(panel_of(figure, POINTS), "The line prediction = w x");

    for (int table = BOWL; table <= STEPS; table++) {
        int count = chart_column(file, table, "w", x, MOST);
        chart_column(file, table, "loss", y, MOST);
        ck_assert_int_eq(count, table == BOWL ? MOST : 21);
        for (int i = 0; i < count; i++) {
            ck_assert_double_eq_tol(y[i], mean_loss(&p, x[i]), 2e-5);
            if (table == STEPS)
                ck_assert_double_eq_tol(x[i], path.step[i].w, 1e-6);
        }
        assert_mark(figure, table, table == BOWL ? "lines" : "linespoints", "w",
                    "loss", "");
        ck_assert_str_eq(panel_of(figure, table),
                         "The bowl and the steps down");
    }
}
END_TEST

// A rate too large is a warning, with both losses; where the loss overflows, an
// error. Each names the rate below which every step goes down, 1 / 2.75.
START_TEST(warns_of_a_rate_too_large) {
    Run run = run_well("linear_fit --lr 0.5 --epochs 3 --quiet --plot none");
    const double want[] = {55.78 / 5.0, result_value(&run, "loss"), 0.364};
    for (int i = 0; i < 3; i++) // three digits are printed
        ck_assert_double_eq_tol(
            table_number(run.output, "warning:", i) / want[i], 1.0, 5e-3);
    run = run_program("linear_fit --plot none --lr 10 --epochs 1000");
    ck_assert_int_eq(run.status, 1);
    ck_assert_double_eq(table_number(run.output, "error:", 1), 0.364);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("linear_fit");
    ck_assert_str_eq(run.output, "result: w=2.007672 best_w=2.010909 "
                                 "loss=0.0357 epochs=20 lr=0.05\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{gradient_is_the_lectures},
                          {loss_is_the_mean_squared_error},
                          {gradient_is_the_slope},
                          {best_weight_is_the_bottom},
                          {steps_shrink_the_distance},
                          {the_rate_decides},
                          {prints_each_step},
                          {start_is_the_start},
                          {draws_the_bowl_and_the_steps},
                          {warns_of_a_rate_too_large},
                          {prints_its_result}};
    return run_tests("linear_fit", tests, sizeof tests / sizeof *tests);
}
