// Every number of the lecture's two figures, and the chain rule itself.

#define main apple_tax_main
#include "ch03_backprop/apple_tax.c"
#undef main

#include <math.h>

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

// The chart's file has an arrow a row: start, direction, value and derivative.
// The script draws the circles, and writes the names and numbers at the arrows.
START_TEST(draws_the_graph) {
    enum { X, Y, DX, DY, VALUE, DERIVATIVE, COLUMNS };
    const char *const names[] = {"x", "y", "dx", "dy", "value", "derivative"};
    double c[COLUMNS][EDGES];
    Edge e[EDGES];
    fill_basket(e);
    buy(e);
    run_for_charts("apple_tax --quiet");
    for (int i = 0; i < COLUMNS; i++)
        ck_assert_int_eq(
            chart_column("out/ch03/apple_tax.csv", 0, names[i], c[i], EDGES),
            EDGES);
    for (int i = 0; i < EDGES; i++) {
        ck_assert_double_eq_tol(c[VALUE][i], e[i].value, 1e-6);
        ck_assert_double_eq_tol(c[DERIVATIVE][i], e[i].grad, 1e-6);
    }

    // a node's circle has a radius of 0.27: of the arrows that end there it
    // makes the one that begins there
    const char *script = text_of("out/ch03/apple_tax.gp"), *at = script;
    for (int nodes = 0; nodes < 4; nodes++) {
        double x, y, sum = 0.0, product = 1.0, out = 0.0;
        at = after_text(at, "circle at ");
        ck_assert_int_eq(sscanf(at, "%lf,%lf", &x, &y), 2);
        for (int i = 0; i < EDGES; i++) {
            if (hypot(c[X][i] + c[DX][i] - x, c[Y][i] + c[DY][i] - y) < 0.35) {
                sum += e[i].value;
                product *= e[i].value;
            }
            if (hypot(c[X][i] - x, c[Y][i] - y) < 0.35)
                out = e[i].value;
        }
        at = after_text(at, "set label '");
        double want = at[0] == '+' ? sum : product;
        ck_assert_msg(fabs(out - want) < 1e-6,
                      "the node at %g, %g is drawn as %.2s, which makes %g of "
                      "its inputs, not %g",
                      x, y, at, want, out);
    }

    // an input's name stands where its arrow begins
    for (int i = APPLES; i <= TAX; i++) {
        char label[64];
        double x, y;
        snprintf(label, sizeof label, "set label '%s' at ", e[i].name);
        at = after_text(script, label);
        ck_assert_int_eq(sscanf(at, "%lf,%lf", &x, &y), 2);
        ck_assert_msg(x == c[X][i] && y == c[Y][i],
                      "%s stands at %g, %g, and its arrow begins at %g, %g",
                      e[i].name, x, y, c[X][i], c[Y][i]);
    }

    // column 5 is the value, 6 the derivative: that one is below the arrow
    at = script;
    for (int i = 0; i < 2; i++) {
        double offset;
        int column;
        at = after_text(at, "($2+$4*0.45");
        ck_assert_int_eq(sscanf(at, "%lf):%d", &offset, &column), 2);
        ck_assert_msg((column == 5) == (offset > 0.0),
                      "column %d is drawn %g above its arrow", column, offset);
    }
}
END_TEST

int main(void) {
    const Test tests[] = {
        {two_apples},         {a_rise_is_multiplied_by_the_derivative},
        {apples_and_oranges}, {gradients_are_slopes},
        {prints_its_result},  {prints_values_then_derivatives},
        {draws_the_graph}};
    return run_tests("apple_tax", tests, sizeof tests / sizeof *tests);
}
