// Every number of the lecture's two figures, and the chain rule itself.

#define main apple_tax_main
#include "ch03_backprop/apple_tax.c"
#undef main

#include <math.h>
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
    assert_never_says(run.output, "(null)");
    assert_says(run.output, "  apple price          10        2.2\n");
    assert_says(run.output, "  orange price         15        3.3\n");
    assert_says(run.output, "0.22 = 2.2 x 0.1");
    assert_says(run.output, "1.1 = 11 x 0.1");
    assert_says(run.output, "2 = 20 x 0.1");
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

// The file's columns, one number an arrow: its start, its end, what it carries.
typedef struct {
    double x[EDGES], y[EDGES], to_x[EDGES], to_y[EDGES], value[EDGES];
} Arrows;

static Arrows drawn_arrows(void) {
    Arrows a;
    const char *file = "out/ch03/apple_tax.csv";
    run_for_charts("apple_tax --quiet");
    ck_assert_int_eq(chart_column(file, 0, "x", a.x, EDGES), EDGES);
    chart_column(file, 0, "y", a.y, EDGES);
    chart_column(file, 0, "dx", a.to_x, EDGES);
    chart_column(file, 0, "dy", a.to_y, EDGES);
    chart_column(file, 0, "value", a.value, EDGES);
    for (int i = 0; i < EDGES; i++) {
        a.to_x[i] += a.x[i];
        a.to_y[i] += a.y[i];
    }
    return a;
}

// Each circle has the sign of what it does: of the two arrows that end at its
// edge, 0.27 from its middle, it makes the one that begins there.
START_TEST(draws_the_right_node) {
    Arrows a = drawn_arrows();
    const char *script = text_of("out/ch03/apple_tax.gp");
    int nodes = 0;
    while ((script = strstr(script, "circle at ")) != NULL) {
        double x, y, sum = 0.0, product = 1.0, out = 0.0;
        ck_assert_int_eq(sscanf(script += 10, "%lf,%lf", &x, &y), 2);
        for (int i = 0; i < EDGES; i++) {
            if (hypot(a.to_x[i] - x, a.to_y[i] - y) < 0.35) {
                sum += a.value[i];
                product *= a.value[i];
            }
            if (hypot(a.x[i] - x, a.y[i] - y) < 0.35)
                out = a.value[i];
        }
        const char *sign = after_text(script, "set label '");
        double want = sign[0] == '+' ? sum : product;
        ck_assert_msg(fabs(out - want) < 1e-6,
                      "the node at %g, %g is drawn as %.2s, which makes %g of "
                      "its inputs, not %g",
                      x, y, sign, want, out);
        nodes++;
    }
    ck_assert_int_eq(nodes, 4);
}
END_TEST

START_TEST(draws_names_and_numbers_in_their_place) {
    Arrows a = drawn_arrows();
    Edge e[EDGES];
    fill_basket(e);
    const char *script = text_of("out/ch03/apple_tax.gp");
    for (int i = APPLES; i <= TAX; i++) {
        char label[64];
        double x, y;
        snprintf(label, sizeof label, "set label '%s' at ", e[i].name);
        const char *at = after_text(script, label);
        ck_assert_int_eq(sscanf(at, "%lf,%lf", &x, &y), 2);
        ck_assert_msg(x == a.x[i] && y == a.y[i],
                      "%s stands at %g, %g, and its arrow begins at %g, %g",
                      e[i].name, x, y, a.x[i], a.y[i]);
    }
    // column 5 is the value, 6 the derivative: that one is below the arrow
    for (int i = 0; i < 2; i++) {
        double offset;
        int column;
        script = after_text(script, "($2+$4*0.45");
        ck_assert_int_eq(sscanf(script, "%lf):%d", &offset, &column), 2);
        ck_assert_msg((column == 5) == (offset > 0.0),
                      "column %d is drawn %g above its arrow", column, offset);
    }
}
END_TEST

// From, to, the rise of the total, and the derivative that explains it.
START_TEST(prints_rises) {
    const int inputs[] = {APPLE, APPLES, TAX};
    Edge e[EDGES];
    fill_apples(e);
    buy_apples(e);
    Run run = run_program("apple_tax --plot none");
    const char *table = from_line(run.output, "input");
    for (int i = 0; i < 3; i++) {
        const Edge *in = &e[inputs[i]];
        const double want[] = {in->value, in->value + 0.1, 0.1 * in->grad,
                               in->grad};
        for (int column = 0; column < 4; column++)
            ck_assert_double_eq_tol(table_number(table, in->name, column),
                                    want[column], 1e-9);
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
                          {draws_value_and_derivative},
                          {draws_the_right_node},
                          {draws_names_and_numbers_in_their_place},
                          {prints_rises}};
    return run_tests("apple_tax", tests, sizeof tests / sizeof *tests);
}
