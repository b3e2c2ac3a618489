// The lecture's weights give the truth tables, on the right side of the line.

#define main gates_main
#include "ch01_perceptron/gates.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// 0 and 1 change places from AND to NAND: the lecture's `not AND(x1, x2)`.
START_TEST(truth_tables) {
    const Gate a = and_gate(), o = or_gate(), n = nand_gate();
    ck_assert_str_eq(outputs_of(&a, fire).text, "0001");
    ck_assert_str_eq(outputs_of(&o, fire).text, "0111");
    ck_assert_str_eq(outputs_of(&n, fire).text, "1110");
}
END_TEST

START_TEST(thresholds_of_the_lecture) {
    ck_assert(and_gate().theta == 0.7 && or_gate().theta == 0.2);
    ck_assert(and_gate().w1 == 0.5 && and_gate().w2 == 0.5);
    ck_assert(nand_gate().w1 == -0.5 && nand_gate().theta == -0.7);
}
END_TEST

// With theta = 0.5 the sum of 01 and 10 equals the threshold: "greater" makes
// the neuron AND, the step function (1 at 0) makes it OR. The lecture's three
// gates have no such sum and do not depend on the convention.
START_TEST(two_conventions_are_two_gates) {
    const Gate edge = gate_on_its_threshold();
    ck_assert_str_eq(outputs_of(&edge, fire).text, "0001");
    ck_assert_str_eq(outputs_of(&edge, fire_by_step).text, "0111");
    const Gate gates[] = {and_gate(), or_gate(), nand_gate()};
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(outputs_of(&gates[i], fire).text,
                         outputs_of(&gates[i], fire_by_step).text);
}
END_TEST

// The three gates' weights are alike; these are not.
START_TEST(each_input_has_its_own_weight) {
    const Gate left = {"x1 and not x2", 1.0, -1.0, 0.5};
    const Gate right = {"x2 and not x1", -1.0, 1.0, 0.5};
    ck_assert_str_eq(outputs_of(&left, fire).text, "0010");
    ck_assert_str_eq(outputs_of(&right, fire).text, "0100");
}
END_TEST

// In each panel the side that is shaded, from the line to the upper end or the
// lower, is the one where the gate fires: at all four points, whatever the signs
// of the weights.
static void check_panel(int panel, const Gate *g) {
    const char *file = "out/ch01/gates.csv", *figure = "out/ch01/gates.fig";
    double x[3], line[3], end[3];
    ck_assert_str_eq(panel_of(figure, 2 * panel), g->name);
    ck_assert_int_eq(chart_column(file, 2 * panel, "x1", x, 3), 3);
    chart_column(file, 2 * panel, "line", line, 3);
    chart_column(file, 2 * panel, "fires up to", end, 3);
    assert_mark(figure, 2 * panel, "band", "x1", "line", "");
    for (int i = 0; i < 4; i++) {
        double part = (i / 2 - x[0]) / (x[1] - x[0]);
        double y = line[0] + part * (line[1] - line[0]);
        bool shaded = (i % 2 > y) == (end[0] > 0.5);
        ck_assert_msg(shaded == fire(g, i / 2, i % 2),
                      "figure of %s: the point %d %d is %s, and the gate %s",
                      g->name, i / 2, i % 2, shaded ? "shaded" : "not shaded",
                      shaded ? "rests" : "fires");
    }
    // ones are filled, zeros open; that is figure_answers
    assert_mark(figure, 2 * panel + 1, "points", "x1", "x2", "");
}

START_TEST(shades_the_side_that_fires) {
    const Gate gates[] = {and_gate(),
                          or_gate(),
                          nand_gate(),
                          {"x1 and not x2", 1.0, -1.0, 0.5},
                          {"x1", 2.0, 1.0, 1.5}};
    const int count = sizeof gates / sizeof *gates;
    hide_gnuplot();
    draw(gates, count, "svg");
    for (int i = 0; i < count; i++)
        check_panel(i, &gates[i]);
}
END_TEST

// The sum and the output for each pair of inputs, and the same four points in
// the chart. A reader's own gates stand after these three.
START_TEST(shows_sums_and_outputs) {
    const Gate gates[] = {and_gate(), or_gate(), nand_gate()};
    Run run = run_for_charts("gates");
    for (int g = 0; g < 3; g++) {
        const char *table = from_line(run.output, gates[g].name);
        double y[4];
        for (int i = 0; i < 4; i++) {
            double sum = gates[g].w1 * (i / 2) + gates[g].w2 * (i % 2);
            y[i] = fire(&gates[g], i / 2, i % 2);
            ck_assert_double_eq(truth_number(table, i / 2, i % 2, 0), sum);
            ck_assert_double_eq(truth_number(table, i / 2, i % 2, 1), y[i]);
        }
        const char *file = "out/ch01/gates.csv";
        assert_column(file, 2 * g + 1, "x1", (double[]){0, 0, 1, 1}, 4, 0);
        assert_column(file, 2 * g + 1, "x2", (double[]){0, 1, 0, 1}, 4, 0);
        assert_column(file, 2 * g + 1, "y", y, 4, 0);
    }
}
END_TEST

// With theta = 0.5 the first rule makes the neuron AND, the second OR. And the
// page names the lecture's word for AND, which is usually that for OR.
START_TEST(says_which_word_is_which) {
    Run run = run_program("gates --plot none");
    const char *table = from_line(run.output, "theta = 0.5");
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(truth_number(table, i / 2, i % 2, 1), i == 3);
        ck_assert_double_eq(truth_number(table, i / 2, i % 2, 2), i > 0);
    }
    assert_says(table, "逻辑和");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("gates");
    assert_says(run.output, "result: and=0001 or=0111 nand=1110");
}
END_TEST

int main(void) {
    const Test tests[] = {{truth_tables},
                          {thresholds_of_the_lecture},
                          {two_conventions_are_two_gates},
                          {each_input_has_its_own_weight},
                          {shades_the_side_that_fires},
                          {shows_sums_and_outputs},
                          {says_which_word_is_which},
                          {prints_its_result}};
    return run_tests("gates", tests, sizeof tests / sizeof *tests);
}
