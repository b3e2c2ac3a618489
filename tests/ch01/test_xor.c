// At most three rows for one neuron, all four for two layers.

#define main xor_main
#include "ch01_perceptron/xor.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

START_TEST(one_neuron_gets_three) {
    Search best = search();
    ck_assert_int_eq(best.right, 3);
    ck_assert_int_eq(rows_right(best.w1, best.w2, best.theta), 3);
    ck_assert_int_eq((int)best.tried, 81 * 81 * 81);
    // half the distance from a corner to the diagonal of two others
    ck_assert_double_eq_tol(best.margin, 0.5 / sqrt(2.0), 1e-12);
}
END_TEST

// 10 and 01 look alike to every gate above, but not to this neuron.
START_TEST(inputs_keep_their_order) {
    ck_assert_int_eq(neuron(1, -1, 0.5, 1, 0), 1);
    ck_assert_int_eq(neuron(1, -1, 0.5, 0, 1), 0);
}
END_TEST

// The search could report three for any target; AND, which one neuron can do,
// shows that four are counted where four are right.
START_TEST(rows_are_counted) {
    ck_assert_int_eq(rows_right(0, 0, 1), 2);          // never fires
    ck_assert_int_eq(rows_right(0.5, 0.5, 0.2), 3);    // OR: wrong at 1 1
    ck_assert_int_eq(rows_right(-0.5, -0.5, -0.7), 3); // NAND: wrong at 0 0
    ck_assert_int_eq(rows_right(0.5, 0.5, 0.7), 1);    // AND: right at 0 0
}
END_TEST

START_TEST(two_layers_get_four) {
    for (int x1 = 0; x1 <= 1; x1++)
        for (int x2 = 0; x2 <= 1; x2++) {
            ck_assert_int_eq(xor_of_gates(x1, x2), x1 != x2);
            ck_assert_int_eq(xor_network(x1, x2), x1 != x2);
        }
}
END_TEST

START_TEST(margin_is_a_distance) {
    // x1 + x2 = 0.5: the origin and the two ones lie 0.5 / sqrt(2) away
    ck_assert_double_eq_tol(margin_of(1, 1, 0.5), 0.5 / sqrt(2.0), 1e-15);
    ck_assert_double_eq_tol(margin_of(3, 3, 1.5), 0.5 / sqrt(2.0), 1e-15);
}
END_TEST

// The network fires where one input is larger by more than 0.5, whichever it
// is; the neuron on one side of its line. Each has its panel, with the ones and
// zeros of XOR on top.
START_TEST(draws_both_regions) {
    enum { POINTS = 121 * 121 };
    static double x1[POINTS], x2[POINTS], neuron_fires[POINTS], fires[POINTS];
    run_for_charts("xor --quiet");
    const char *file = "out/ch01/xor.csv";
    Search best = search();
    ck_assert_int_eq(chart_column(file, 0, "x1", x1, POINTS), POINTS);
    chart_column(file, 0, "x2", x2, POINTS);
    chart_column(file, 0, "neuron", neuron_fires, POINTS);
    chart_column(file, 0, "network", fires, POINTS);
    for (int i = 0; i < POINTS; i++) {
        double apart = fabs(x1[i] - x2[i]) - 0.5;
        double above = best.w1 * x1[i] + best.w2 * x2[i] - best.theta;
        ck_assert_msg(fires[i] == (apart > 0) || fabs(apart) < 1e-6,
                      "the network at %g, %g: %g", x1[i], x2[i], fires[i]);
        ck_assert_msg(neuron_fires[i] == (above > 0) || fabs(above) < 1e-6,
                      "the neuron at %g, %g: %g", x1[i], x2[i],
                      neuron_fires[i]);
    }

    const char *figure = "out/ch01/xor.fig";
    const double y[] = {0, 1, 1, 0};
    for (int i = 0; i < 2; i++)
        ck_assert_double_eq(figure_attribute(figure, "heat", i, "v"), 3 + i);
    assert_says(figure_words(figure, "panel", 0), "neuron");
    assert_says(figure_words(figure, "panel", 1), "layers");
    assert_column(file, 1, "xor", y, 4, 0);
    assert_mark(figure, 1, "points", "x1", "x2", "");
    ck_assert_double_eq(figure_attribute(figure, "points", 0, "column"), 3);
}
END_TEST

// The columns after x1 and x2: XOR, one neuron, the gates, two layers.
START_TEST(prints_all_four_rows) {
    Search best = search();
    Run run = run_program("xor --plot none");
    for (int i = 0; i < 4; i++) {
        int x1 = i / 2, x2 = i % 2, is = x1 != x2;
        int one = neuron(best.w1, best.w2, best.theta, x1, x2);
        const int want[] = {is, one, is, is};
        for (int column = 0; column < 4; column++)
            ck_assert_double_eq(truth_number(run.output, x1, x2, column),
                                want[column]);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("xor");
    ck_assert_str_eq(run.output,
                     "result: best_single=3 gates=0110 network=0110\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{one_neuron_gets_three},   {rows_are_counted},
                          {two_layers_get_four},     {margin_is_a_distance},
                          {inputs_keep_their_order}, {draws_both_regions},
                          {prints_all_four_rows},    {prints_its_result}};
    return run_tests("xor", tests, sizeof tests / sizeof *tests);
}
