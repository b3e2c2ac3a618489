// The fit is the loss's minimum; over 50 seeds training error only falls with
// the degree, validation error turns up, and lambda shrinks the weights.

#define main polyfit_main
#include "ch05_regularization/polyfit.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

enum { SEEDS = 50 };

// As the program does: its noise is a float.
static void draw_points(Points *train, Points *validation, uint64_t seed) {
    Rng rng;
    rng_seed(&rng, seed);
    measure(train, TRAIN, (double)0.3f, &rng);
    measure(validation, VALIDATION, (double)0.3f, &rng);
}

static double penalized(const Polynomial *p, const Points *on, double lambda) {
    double e = error_of(p, on), sum = e * e;
    for (int k = 1; k <= DEGREE; k++)
        sum += lambda * p->w[k] * p->w[k];
    return sum;
}

// A cubic through its own points comes back. The normal equations of cubics
// on [-1, 1] have a condition number below 1e3: 1e-12 is a thousand times
// what rounding costs.
START_TEST(finds_a_cubic) {
    const double want[] = {0.5, -1, 2, 3};
    Points p;
    Rng rng;
    rng_seed(&rng, 1);
    measure(&p, TRAIN, 0.0, &rng);
    for (int n = 0; n < TRAIN; n++) {
        double x = p.x[n];
        p.y[n] = want[0] + x * (want[1] + x * (want[2] + x * want[3]));
    }
    Polynomial got = fit(&p, 3, 0.0);
    for (int k = 0; k <= 3; k++)
        ck_assert_double_eq_tol(got.w[k], want[k], 1e-12);
    ck_assert_double_eq(got.w[4], 0);
}
END_TEST

// The gradient of a quadratic by central differences is exact up to rounding,
// 1e-16 / 1e-4; away from the minimum it is far from 0.
START_TEST(gradient_is_zero_at_the_fit) {
    Points train, validation;
    draw_points(&train, &validation, 1);
    for (double lambda = 1e-3; lambda < 10; lambda *= 10) {
        Polynomial p = fit(&train, 5, lambda), off = p;
        off.w[1] += 0.1;
        for (int k = 0; k <= 5; k++) {
            Polynomial a = p, b = p;
            a.w[k] += 1e-4;
            b.w[k] -= 1e-4;
            double slope = (penalized(&a, &train, lambda) -
                            penalized(&b, &train, lambda)) /
                           2e-4;
            ck_assert_double_eq_tol(slope, 0, 1e-10);
        }
        ck_assert_double_gt(penalized(&off, &train, lambda),
                            penalized(&p, &train, lambda) + 1e-3);
    }
}
END_TEST

// B's overfitting: with the degree the training error only falls, while the
// validation error is least in between.
START_TEST(degree_overfits) {
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Points train, validation;
        draw_points(&train, &validation, seed);
        double before = HUGE_VAL;
        for (int degree = 1; degree <= DEGREE; degree++) {
            Polynomial p = fit(&train, degree, 0.0);
            // spaces of polynomials contain each other; 1e-9 is for rounding
            ck_assert_double_le(error_of(&p, &train), before + 1e-9);
            before = error_of(&p, &train);
        }
        int best = best_degree(&train, &validation);
        ck_assert(best >= 3 && best <= 8);
        Polynomial low = fit(&train, 1, 0.0), good = fit(&train, best, 0.0),
                   high = fit(&train, DEGREE, 0.0);
        ck_assert_double_gt(error_of(&low, &validation),
                            error_of(&good, &validation));
        ck_assert_double_gt(error_of(&high, &validation),
                            1.1 * error_of(&good, &validation));
    }
}
END_TEST

// A penalty makes the high orders small and the training error larger; the
// right one lowers the validation error.
START_TEST(lambda_shrinks_weights) {
    const double lambda[] = {0, 1e-5, 1e-3, 0.1};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Points train, validation;
        draw_points(&train, &validation, seed);
        double before = HUGE_VAL, plain = 0, error = 0;
        for (int i = 0; i < 4; i++) {
            Polynomial p = fit(&train, DEGREE, lambda[i]);
            ck_assert_double_lt(high_order(&p, 4), before);
            before = high_order(&p, 4);
            ck_assert_double_ge(error_of(&p, &train), error - 1e-9);
            error = error_of(&p, &train);
            if (i == 0)
                plain = error_of(&p, &validation);
            if (i == 2)
                ck_assert_double_lt(error_of(&p, &validation), plain);
        }
    }
}
END_TEST

// w_3, w_4, w_5 small: the curve is its quadratic part. By hand, at x = 1:
// 0.1 + 0.2 + 0.3. Over seeds, of fits of degree 5: a stronger penalty brings
// the curve closer, to 0.03 and less, and never farther off than the sum.
START_TEST(small_weights_leave_a_quadratic) {
    Polynomial hand = {{5, -7, 9, 0.1, 0.2, 0.3}};
    ck_assert_double_eq_tol(distance_from_quadratic(&hand), 0.6, 1e-14);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        Points train, validation;
        draw_points(&train, &validation, seed);
        double before = HUGE_VAL;
        for (int i = 0; i < STRENGTHS; i++) {
            Polynomial p = fit(&train, 5, strengths[i]);
            double distance = distance_from_quadratic(&p);
            ck_assert_double_lt(distance, before);
            ck_assert_double_le(distance, high_order(&p, 3) + 1e-12);
            before = distance;
            if (i == 0)
                ck_assert_double_gt(distance, 1.0);
        }
        ck_assert_double_lt(before, 0.03);
    }
}
END_TEST

// The charts and tables of seed 1, each column against the fit that its header
// names. The charts have seven digits, the tables three or four decimals.
START_TEST(shows_each_fit_by_its_name) {
    enum { POINTS = 201 };
    double training[DEGREE], validation[DEGREE], x[POINTS], y[POINTS];
    Points train, other;
    Run run = run_for_charts("polyfit");
    draw_points(&train, &other, 1);

    const char *file = "out/ch05/polyfit_error.csv";
    for (int degree = 1; degree <= DEGREE; degree++) {
        Polynomial p = fit(&train, degree, 0.0);
        char row[8];
        snprintf(row, sizeof row, "%d ", degree);
        const double errors[] = {error_of(&p, &train), error_of(&p, &other)};
        assert_row(run.output, row, errors, 2, 1e-4);
        training[degree - 1] = errors[0];
        validation[degree - 1] = errors[1];
    }
    assert_column(file, 0, "training", training, DEGREE, 1e-5);
    assert_column(file, 0, "validation", validation, DEGREE, 1e-5);
    const char *figure = "out/ch05/polyfit_error.fig";
    assert_mark(figure, 0, "linespoints", "degree", "training", "training");
    assert_mark(figure, 0, "linespoints", "degree", "validation", "validation");
    assert_says(figure_words(figure, "title", 0), "degree 3");
    ck_assert_double_eq_tol(figure_attribute(figure, "horizontal", 0, "at"),
                            0.3, 1e-6);

    const struct {
        const char *name;
        Polynomial p;
    } curves[] = {{"p1", fit(&train, 1, 0)},
                  {"p3", fit(&train, 3, 0)},
                  {"p12", fit(&train, DEGREE, 0)},
                  {"penalty", fit(&train, DEGREE, (double)1e-3f)}};
    file = "out/ch05/polyfit_curves.csv";
    chart_column(file, 1, "x", x, POINTS);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(chart_column(file, 1, curves[i].name, y, POINTS),
                         POINTS);
        for (int n = 0; n < POINTS; n += 10)
            ck_assert_double_eq_tol(y[n], predict(&curves[i].p, x[n]), 1e-3);
    }
    // in each panel the truth, then its fit
    figure = "out/ch05/polyfit_curves.fig";
    const char *const panels[] = {"Degree 1", "Degree 3", "Degree 12",
                                  "Degree 12, λ = 0.001"};
    assert_mark(figure, 1, "lines", "x", "truth", "true curve");
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(figure_words(figure, "panel", i), panels[i]);
        assert_mark(figure, 1, "lines", "x", curves[i].name, "fitted curve");
        ck_assert_double_eq(figure_attribute(figure, "lines", 2 * i + 1, "y"),
                            3 + i);
    }

    Polynomial strong = fit(&train, DEGREE, 0.1);
    double weight[DEGREE];
    file = "out/ch05/polyfit_weights.csv";
    for (int k = 1; k <= DEGREE; k++)
        weight[k - 1] = fabs(strong.w[k]);
    assert_column(file, 3, "weight", weight, DEGREE, 1e-5);
    assert_mark("out/ch05/polyfit_weights.fig", 3, "linespoints", "order",
                "weight", "λ = 0.1");

    const char *table = from_line(run.output, "Degree 12");
    ck_assert_double_eq_tol(table_number(table, "0.1 ", 0),
                            error_of(&strong, &train), 1e-4);
    ck_assert_double_eq_tol(table_number(table, "0.1 ", 2),
                            high_order(&strong, 4), 1e-3);
    Polynomial five = fit(&train, 5, 0.0); // w_3 and w_5 have two signs
    ck_assert_double_gt(high_order(&five, 3),
                        distance_from_quadratic(&five) + 0.1);
    table = from_line(run.output, "Degree 5");
    ck_assert_double_eq_tol(table_number(table, "0 ", 1), high_order(&five, 3),
                            1e-4);
    ck_assert_double_eq_tol(table_number(table, "0 ", 2),
                            distance_from_quadratic(&five), 1e-4);
}
END_TEST

// The README's numbers; and no noise is no error.
START_TEST(prints_its_result) {
    Run run = run_well("polyfit --plot none");
    ck_assert_double_eq(result_value(&run, "best_degree"), 3);
    assert_says(run.output, "0.3626  best\n");
    ck_assert_double_eq_tol(result_value(&run, "train_12"), 0.2247, 2e-4);
    ck_assert_double_eq_tol(result_value(&run, "validation_12"), 2.2998, 2e-4);
    ck_assert_double_eq_tol(result_value(&run, "validation_12_lambda"), 0.3780,
                            2e-4);
    run = run_for_result("polyfit --noise 0");
}
END_TEST

int main(void) {
    const Test tests[] = {{finds_a_cubic},
                          {gradient_is_zero_at_the_fit},
                          {degree_overfits},
                          {lambda_shrinks_weights},
                          {small_weights_leave_a_quadratic},
                          {shows_each_fit_by_its_name},
                          {prints_its_result}};
    return run_tests("polyfit", tests, sizeof tests / sizeof *tests);
}
