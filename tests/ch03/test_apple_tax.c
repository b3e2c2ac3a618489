// Every number of the lecture's two figures, and the chain rule itself.

#define main apple_tax_main
#include "ch03_backprop/apple_tax.c"
#undef main

#include "testing.h"

static double total_with(int edge, double value) {
    Edge e[EDGES];
    fill_basket(e, 2, 3);
    e[edge].value = value;
    buy(e);
    return e[TOTAL].value;
}

START_TEST(two_apples) {
    Edge e[EDGES];
    fill_basket(e, 2, 0);
    buy(e);
    ck_assert_double_eq_tol(e[TOTAL].value, 22.0, 1e-12);
    ck_assert_double_eq_tol(e[APPLE].grad, 2.2, 1e-12);
    ck_assert_double_eq_tol(e[APPLES].grad, 11.0, 1e-12);
    ck_assert_double_eq_tol(e[TAX].grad, 20.0, 1e-12);
}
END_TEST

START_TEST(apples_and_oranges) {
    Edge e[EDGES];
    fill_basket(e, 2, 3);
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
    fill_basket(e, 2, 3);
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

int main(void) {
    const Test tests[] = {{two_apples},
                          {apples_and_oranges},
                          {gradients_are_slopes},
                          {prints_its_result}};
    return run_tests("apple_tax", tests, sizeof tests / sizeof *tests);
}
