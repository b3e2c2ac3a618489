// Every number of the lecture's two figures, and the chain rule itself.

#define main apple_tax_main
#include "ch03_backprop/apple_tax.c"
#undef main

#include <string.h>

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
    Run run = run_program("apple_tax --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: pays_two_apples=22 pays=71.5 "
                                 "dapple_price=2.2 dtax=65\n");
}
END_TEST

// Two apples have no oranges; values stand left of derivatives.
START_TEST(prints_what_the_example_has) {
    Run run = run_program("apple_tax --plot none");
    ck_assert_int_eq(run.status, 0);
    const char *second = strstr(run.output, "2 apples at 10 and 3 oranges");
    const char *orange = strstr(run.output, "orange count");
    ck_assert_ptr_nonnull(second);
    ck_assert(orange > second);
    ck_assert_ptr_null(strstr(run.output, "(null)"));
    ck_assert_ptr_nonnull(
        strstr(run.output, "  apple price          10        2.2\n"));
    ck_assert_ptr_nonnull(
        strstr(run.output, "  orange price         15        3.3\n"));
    ck_assert_ptr_nonnull(strstr(run.output, "0.22 = 2.2 x 0.1"));
    ck_assert_ptr_nonnull(strstr(run.output, "1.1 = 11 x 0.1"));
    ck_assert_ptr_nonnull(strstr(run.output, "2 = 20 x 0.1"));
}
END_TEST

// The chart's file: each arrow with its value, then its derivative.
START_TEST(draws_value_and_derivative) {
    Edge e[EDGES];
    fill_basket(e);
    buy(e);
    double value[EDGES], derivative[EDGES];
    run_for_charts("apple_tax --quiet");
    const char *file = "out/ch03/apple_tax.csv";
    ck_assert_int_eq(chart_column(file, 0, "value", value, EDGES), EDGES);
    chart_column(file, 0, "derivative", derivative, EDGES);
    for (int i = 0; i < EDGES; i++) {
        ck_assert_double_eq_tol(value[i], e[i].value, 1e-6);
        ck_assert_double_eq_tol(derivative[i], e[i].grad, 1e-6);
    }
}
END_TEST

int main(void) {
    const Test tests[] = {{two_apples},
                          {a_rise_is_multiplied_by_the_derivative},
                          {apples_and_oranges},
                          {gradients_are_slopes},
                          {prints_its_result},
                          {prints_what_the_example_has},
                          {draws_value_and_derivative}};
    return run_tests("apple_tax", tests, sizeof tests / sizeof *tests);
}
