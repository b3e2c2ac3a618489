// Every number of the lecture's two figures, and the chain rule itself.

#define main apple_tax_main
#include "ch03_backprop/apple_tax.c"
#undef main

#include <math.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

static double total_with(int edge, double value) {
    Edge e[EDGES];
    fill_basket(e);
    e[edge].value = value;
    buy(e);
    return e[TOTAL].value;
}

START_TEST(two_apples) {
    Edge e[EDGES];
    fill_apples(e);
    buy_apples(e);
    ck_assert_double_eq_tol(e[TOTAL].value, 22.0, 1e-12);
    ck_assert_double_eq_tol(e[APPLE].grad, 2.2, 1e-12);
    ck_assert_double_eq_tol(e[APPLES].grad, 11.0, 1e-12);
    ck_assert_double_eq_tol(e[TAX].grad, 20.0, 1e-12);
    ck_assert_double_eq_tol(e[SUM_A].value, 20.0, 1e-12);
    ck_assert_double_eq_tol(e[SUM_A].grad, 1.1, 1e-12);
}
END_TEST

// The lecture's reading of 2.2, 11 and 20: a rise of the input reaches the
// total that many times as large. Rounding: an ulp of 42 (7e-15) over the rise.
START_TEST(a_rise_is_multiplied_by_the_derivative) {
    const double rises[] = {0.1, 1.0, -0.5};
    for (int i = 0; i < 3; i++) {
        double r = rises[i];
        ck_assert_double_eq_tol(rise_of_total(APPLE, r) / r, 2.2, 2e-13);
        ck_assert_double_eq_tol(rise_of_total(APPLES, r) / r, 11.0, 2e-13);
        ck_assert_double_eq_tol(rise_of_total(TAX, r) / r, 20.0, 2e-13);
    }
}
END_TEST

// The second figure.
START_TEST(apples_and_oranges) {
    Edge e[EDGES];
    fill_basket(e);
    buy(e);
    ck_assert_double_eq_tol(e[TOTAL].value, 71.5, 1e-12);
    ck_assert_double_eq_tol(e[APPLES].grad, 11.0, 1e-12);
    ck_assert_double_eq_tol(e[APPLE].grad, 2.2, 1e-12);
    ck_assert_double_eq_tol(e[ORANGE].grad, 3.3, 1e-12);
    ck_assert_double_eq_tol(e[ORANGES].grad, 16.5, 1e-12);
    ck_assert_double_eq_tol(e[TAX].grad, 65.0, 1e-12);
}
END_TEST

// The total is linear in each input, so the central difference is exact up to
// rounding: an ulp of 71.5 (1.4e-14) over the step of 1e-3.
START_TEST(gradients_are_slopes) {
    Edge e[EDGES];
    fill_basket(e);
    buy(e);
    for (int i = APPLES; i <= TAX; i++) {
        double h = 1e-3, v = e[i].value;
        double slope = (total_with(i, v + h) - total_with(i, v - h)) / (2 * h);
        ck_assert_double_eq_tol(e[i].grad, slope, 2e-11);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("apple_tax");
    ck_assert_str_eq(run.output, "result: pays_two_apples=22 pays=71.5 "
                                 "dapple_price=2.2 dtax=65\n");
}
END_TEST

// Values stand left of derivatives, and each graph lists its own arrows. Of a
// rise: from, to, the rise of the total, and the derivative that explains it.
START_TEST(prints_values_then_derivatives) {
    const int inputs[] = {APPLE, APPLES, TAX};
    Edge two[EDGES], basket[EDGES];
    fill_apples(two);
    buy_apples(two);
    fill_basket(basket);
    buy(basket);
    Run run = run_program("apple_tax --plot none");
    const char *rises = from_line(run.output, "input"),
               *second = from_line(run.output, "2 apples at 10 and 3");
    for (int i = 0; i < EDGES; i++) {
        if (two[i].name != NULL) {
            ck_assert(from_line(run.output, two[i].name) < rises);
            assert_row(run.output, two[i].name,
                       (const double[]){two[i].value, two[i].grad}, 2, 1e-9);
        }
        assert_row(second, basket[i].name,
                   (const double[]){basket[i].value, basket[i].grad}, 2, 1e-9);
    }
    ck_assert(from_line(run.output, "orange count") > second);
    assert_never_says(run.output, "(null)");
    for (int i = 0; i < 3; i++) {
        const Edge *in = &two[inputs[i]];
        const double want[] = {in->value, in->value + 0.1, 0.1 * in->grad,
                               in->grad};
        assert_row(rises, in->name, want, 4, 1e-9);
    }
}
END_TEST

static int nearest(const double *x, const double *y, double to_x, double to_y) {
    int best = 0;
    for (int i = 0; i < EDGES; i++)
        if (hypot(x[i] - to_x, y[i] - to_y) <
            hypot(x[best] - to_x, y[best] - to_y))
            best = i;
    return best;
}

// A node for each edge, with its value and derivative, and its name or sign. Of
// the values at the other end of its arrows a sign makes its own.
START_TEST(draws_the_graph) {
    enum { ARROWS = 8 };
    const char *const signs[] = {"×", "×", "+", "×"};
    const char *file = "out/ch03/apple_tax.csv";
    const char *figure = "out/ch03/apple_tax.fig";
    double value[EDGES], derivative[EDGES], at[2][EDGES], arrow[4][ARROWS];
    double sum[EDGES] = {0}, product[EDGES];
    Edge e[EDGES];
    fill_basket(e);
    buy(e);
    run_for_charts("apple_tax --quiet");
    for (int i = 0; i < EDGES; i++) {
        value[i] = e[i].value;
        derivative[i] = e[i].grad;
        product[i] = 1.0;
        ck_assert_str_eq(figure_words(figure, "note", i),
                         i <= TAX ? e[i].name : signs[i - SUM_A]);
    }
    assert_column(file, 1, "value", value, EDGES, 1e-6);
    assert_column(file, 1, "derivative", derivative, EDGES, 1e-6);
    ck_assert_double_eq(table_number(figure_words(figure, "title", 0), "We", 0),
                        71.5);

    for (int k = 0; k < 2; k++)
        chart_column(file, 1, k == 0 ? "x" : "y", at[k], EDGES);
    for (int k = 0; k < 4; k++) {
        const char *const names[] = {"x", "y", "dx", "dy"};
        ck_assert_int_eq(chart_column(file, 0, names[k], arrow[k], ARROWS),
                         ARROWS);
    }
    for (int i = 0; i < ARROWS; i++) {
        double x = arrow[0][i], y = arrow[1][i];
        int from = nearest(at[0], at[1], x, y);
        int to = nearest(at[0], at[1], x + arrow[2][i], y + arrow[3][i]);
        sum[to] += value[from];
        product[to] *= value[from];
    }
    for (int i = SUM_A; i < EDGES; i++)
        ck_assert_double_eq_tol(value[i], i == SUM ? sum[i] : product[i], 1e-9);
}
END_TEST

// In the film each value comes after those that it is made from, and each
// derivative after the one that it is a multiple of.
START_TEST(film_goes_forward_then_back) {
    static const int next[EDGES] = {
        [APPLES] = SUM_A, [APPLE] = SUM_A, [ORANGES] = SUM_O, [ORANGE] = SUM_O,
        [SUM_A] = SUM,    [SUM_O] = SUM,   [SUM] = TOTAL,     [TAX] = TOTAL};
    const char *file = "out/ch03/apple_tax_film.csv";
    int value_from[EDGES] = {0}, derivative_from[EDGES] = {0};
    run_for_charts("apple_tax --quiet");
    int frames = figure_count("out/ch03/apple_tax_film.fig", "panel");
    for (int k = 0; k < frames; k++) {
        double value[EDGES], derivative[EDGES];
        chart_column(file, 2 * k + 1, "value", value, EDGES);
        chart_column(file, 2 * k + 1, "derivative", derivative, EDGES);
        for (int i = 0; i < EDGES; i++) {
            value_from[i] += isnan(value[i]);
            derivative_from[i] += isnan(derivative[i]);
        }
    }
    for (int i = 0; i < TOTAL; i++) {
        ck_assert_int_lt(value_from[i], value_from[next[i]]);
        ck_assert_int_gt(derivative_from[i], derivative_from[next[i]]);
        ck_assert_int_lt(derivative_from[i], frames);
    }
    ck_assert_int_gt(derivative_from[TOTAL], value_from[TOTAL]);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {two_apples},         {a_rise_is_multiplied_by_the_derivative},
        {apples_and_oranges}, {gradients_are_slopes},
        {prints_its_result},  {prints_values_then_derivatives},
        {draws_the_graph},    {film_goes_forward_then_back}};
    return run_tests("apple_tax", tests, sizeof tests / sizeof *tests);
}
