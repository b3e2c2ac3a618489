// A's equations against C's form and the library, with one unit and several;
// and what the cell with weights chosen by hand does with its sequence.

#define main lstm_cell_main
#include "ch07_lstm/lstm_cell.c"
#undef main

#include <string.h>

#include "numbers.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// sigmoid(5) and sigmoid(-5), to six digits: how far a gate opens and closes.
static const double OPEN = 0.993307, CLOSED = 0.006693;

START_TEST(starts_from_zero) {
    // c_1 = i g + f 0 and h_1 = o tanh(c_1), for i = o = sigmoid(-5)
    State s[T];
    run(&by_hand, step, s);
    ck_assert_double_eq_tol(s[0].c[0], CLOSED * tanh(1.5 * 0.9), 1e-6);
    ck_assert_double_eq_tol(s[0].h[0], CLOSED * tanh(s[0].c[0]), 1e-6);
}
END_TEST

// A gate is open where its order says so; the value is held until it was shown.
START_TEST(gates_do_as_they_are_told) {
    State s[T];
    run(&by_hand, step, s);
    for (int t = 0; t < T; t++) {
        bool store = sequence[t][1] > 0, show = sequence[t][2] > 0;
        ck_assert_double_eq_tol(s[t].gate[INPUT][0], store ? OPEN : CLOSED,
                                1e-6);
        ck_assert_double_eq_tol(s[t].gate[OUTPUT][0], show ? OPEN : CLOSED,
                                1e-6);
        ck_assert_double_eq_tol(s[t].gate[NEW][0], tanh(1.5 * sequence[t][0]),
                                1e-12);
    }
    // held: f = 0.993 at every step; forgotten after it was shown
    ck_assert_double_eq_tol(s[4].gate[FORGET][0], OPEN, 1e-3);
    ck_assert_double_lt(s[SHOW + 1].gate[FORGET][0], 0.05);
    ck_assert_double_gt(s[SHOW].h[0], 0.6);
    ck_assert_double_lt(s[SHOW_AGAIN].h[0], 0.05);
}
END_TEST

static void random_cell(Cell *w, int H, uint32_t seed) {
    *w = (Cell){.H = H};
    size_t i = 0;
    for (int gate = 0; gate < GATES; gate++)
        for (int j = 0; j < H; j++) {
            for (int d = 0; d < D; d++)
                w->wx[gate][j][d] = 3.0 * (double)noise(seed, i++);
            for (int k = 0; k < H; k++)
                w->wh[gate][j][k] = 3.0 * (double)noise(seed, i++);
            w->b[gate][j] = 3.0 * (double)noise(seed, i++);
        }
}

// Three ways to write one cell, for weights of all kinds. In double a gate's
// sum of H + 4 terms below 3 can be off by (H + 4) * 3 * 1.1e-16, twice; in
// float by (H + 4) * 3 * 6e-8. T steps add theirs and hand on what they got,
// mostly by slopes below 1. A transposed Wh differs by 0.1 or more.
START_TEST(three_forms_agree) {
    for (int H = 1; H <= MAX_H; H++)
        for (uint32_t seed = 1; seed <= 20; seed++) {
            const double terms = T * (H + 4) * 3, rounding = terms * 6e-8;
            Cell w;
            State a[T], c[T], library[T];
            random_cell(&w, H, seed);
            run(&w, step, a);
            run(&w, step_concatenated, c);
            run_library(&w, library);
            ck_assert_double_lt(difference(a, c), 2 * terms * 1.1e-16);
            ck_assert_double_lt(difference(a, library), rounding);
            // far above rounding, or nothing was compared
            for (int j = 0; j < H; j++) {
                double shown = 0.0;
                for (int t = 0; t < T; t++)
                    shown += fabs(a[t].h[j]);
                ck_assert_double_gt(shown, 100 * rounding);
            }
        }
}
END_TEST

// Two units and weights that are not symmetric: Wh's row j is unit j's, its
// column k what unit j makes of unit k's h.
static const Cell two_units = {
    .H = 2,
    .wx = {{{1, 0, 2}, {0, -1, 1}},
           {{0, 1, 0}, {2, 0, -1}},
           {{1, 1, 0}, {0, 0, 1}},
           {{-1, 0, 0}, {0, 2, 0}}},
    .wh = {{{0.5, 2}, {-1, 0}},
           {{0, -3}, {1, 1}},
           {{1, 0}, {2, -0.5}},
           {{0, 1}, {-2, 0}}},
    .b = {{0.1, 0.2}, {0.3, -0.1}, {-0.2, 0}, {0, 0.4}},
};

static double sigma(double x) {
    return 1 / (1 + exp(-x));
}

// What both lectures print, by hand: f_t, i_t, C~_t and o_t from [h_{t-1},
// x_t], then C_t = f_t * C_{t-1} + i_t * C~_t and h_t = o_t * tanh(C_t), which
// C prints as t_t. Sums of 6 numbers below 2 in double.
static void assert_step_by_hand(Step *one_step) {
    const State before = {.c = {0.5, -0.8}, .h = {0.6, -0.4}};
    const double x[D] = {1, -0.5, 0.25};
    const double i[2] = {sigma(0.3 - 0.8 + 1 + 0.5 + 0.1),
                         sigma(-0.6 + 0.75 + 0.2)};
    const double f[2] = {sigma(1.2 - 0.5 + 0.3),
                         sigma(0.6 - 0.4 + 2 - 0.25 - 0.1)};
    const double g[2] = {tanh(0.6 + 1 - 0.5 - 0.2), tanh(1.2 + 0.2 + 0.25)};
    const double o[2] = {sigma(-0.4 - 1), sigma(-1.2 - 1 + 0.4)};
    State now = {0};
    one_step(&two_units, &now, &before, x);
    for (int j = 0; j < 2; j++) {
        double c = f[j] * before.c[j] + i[j] * g[j];
        ck_assert_double_eq_tol(now.gate[INPUT][j], i[j], 1e-14);
        ck_assert_double_eq_tol(now.gate[FORGET][j], f[j], 1e-14);
        ck_assert_double_eq_tol(now.gate[NEW][j], g[j], 1e-14);
        ck_assert_double_eq_tol(now.gate[OUTPUT][j], o[j], 1e-14);
        ck_assert_double_eq_tol(now.c[j], c, 1e-14);
        ck_assert_double_eq_tol(now.h[j], o[j] * tanh(c), 1e-14);
    }
}

START_TEST(a_step_of_two_units_by_hand) {
    assert_step_by_hand(step);
}
END_TEST

START_TEST(concatenated_as_printed) {
    assert_step_by_hand(step_concatenated);
    // W [h, x]: the state's columns first, then the input's
    const double W_f[2][2 + D] = {{0, -3, 0, 1, 0}, {1, 1, 2, 0, -1}};
    Joined W = join_weights(&two_units, FORGET);
    for (int j = 0; j < 2; j++)
        for (int k = 0; k < 2 + D; k++)
            ck_assert_double_eq(W.rows[j][k], W_f[j][k]);
}
END_TEST

// What a reader sees of step t + 1, in the order of the table's columns.
static void seen_at(double seen[9], const State *s, int t) {
    const double all[] = {sequence[t][0],
                          sequence[t][1],
                          sequence[t][2],
                          s->gate[INPUT][0],
                          s->gate[FORGET][0],
                          s->gate[NEW][0],
                          s->gate[OUTPUT][0],
                          s->c[0],
                          s->h[0]};
    memcpy(seen, all, sizeof all);
}

// The table's lines begin with the step, a bar stands for no number, and three
// digits are printed; the chart has the same by the names of its columns.
START_TEST(shows_each_gate_by_its_name) {
    const char *const names[] = {
        "value",         "store",         "show",
        "input gate i",  "forget gate f", "candidate g",
        "output gate o", "cell c",        "hidden state h"};
    Run result = run_for_charts("lstm_cell");
    State s[T];
    double column[9][T];
    run(&by_hand, step, s);
    for (int t = 0; t < T; t++) {
        char row[8];
        double seen[9];
        snprintf(row, sizeof row, "%d ", t + 1);
        seen_at(seen, &s[t], t);
        assert_row(result.output, row, seen, 9, 6e-4);
        for (int i = 0; i < 9; i++)
            column[i][t] = seen[i];
    }
    for (int i = 0; i < 9; i++)
        assert_column("out/ch07/lstm_cell.csv", 0, names[i], column[i], T,
                      1e-5);
}
END_TEST

// Seven curves in this order, the first in panel 1, three in each of the others;
// the orders stand above their steps.
START_TEST(draws_each_gate_by_its_name) {
    const char *const names[] = {
        "value",       "input gate i", "forget gate f", "output gate o",
        "candidate g", "cell c",       "hidden state h"};
    const char *const panels[] = {"Input", "Gates", "State"};
    const char *figure = "out/ch07/lstm_cell.fig";
    run_for_charts("lstm_cell --quiet");
    for (int i = 0; i < 7; i++) {
        assert_mark(figure, 0, "linespoints", "t", names[i], names[i]);
        ck_assert_str_eq(figure_words(figure, "linespoints", i), names[i]);
    }
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(figure_words(figure, "panel", i), panels[i]);
    assert_mark(figure, 0, "impulses", "t", "store", "");
    assert_mark(figure, 0, "impulses", "t", "show", "");
    int orders = 0;
    for (int t = 0; t < T; t++)
        for (int d = 1; d < D; d++)
            if (sequence[t][d] > 0) {
                ck_assert_str_eq(figure_words(figure, "note", orders),
                                 d == 1 ? "store" : "show");
                ck_assert_double_eq(
                    figure_attribute(figure, "note", orders++, "x"), t + 1);
            }
    ck_assert_int_eq(figure_count(figure, "note"), orders);
}
END_TEST

// h_6 from the graph's inputs, in the order of its nodes: c4, f5, i5, g5, f6, i6,
// g6, o6.
static double shown(const double x[8]) {
    double c5 = x[0] * x[1] + x[2] * x[3];
    return x[7] * tanh(c5 * x[4] + x[5] * x[6]);
}

// The graph of two steps has the cell's own values, and below each input the
// slope that a difference quotient finds.
START_TEST(graph_has_values_and_slopes) {
    enum { NODES_SHOWN = 16, LEAVES = 8 };
    // in the file operations stand behind the inputs, as they are numbered
    double value[NODES_SHOWN], derivative[NODES_SHOWN], x[LEAVES];
    State states[T];
    run(&by_hand, step, states);
    run_for_charts("lstm_cell --quiet");
    const char *file = "out/ch07/lstm_cell_graph.csv";
    ck_assert_int_eq(chart_column(file, 1, "value", value, NODES_SHOWN),
                     NODES_SHOWN);
    chart_column(file, 1, "derivative", derivative, NODES_SHOWN);
    ck_assert_double_eq_tol(value[C4], states[3].c[0], 1e-6);
    ck_assert_double_eq_tol(value[C5], states[4].c[0], 1e-6);
    ck_assert_double_eq_tol(value[C6], states[5].c[0], 1e-6);
    ck_assert_double_eq_tol(value[H6], states[5].h[0], 1e-6);
    for (int i = 0; i < LEAVES; i++)
        x[i] = value[i];
    ck_assert_double_eq_tol(shown(x), value[H6], 1e-6);
    for (int i = 0; i < LEAVES; i++) {
        const double h = 1e-4, at = x[i];
        x[i] = at + h;
        double up = shown(x);
        x[i] = at - h;
        ck_assert_double_eq_tol(derivative[i], (up - shown(x)) / (2.0 * h),
                                1e-6);
        x[i] = at;
    }
}
END_TEST

// The README's four digits.
START_TEST(prints_its_result) {
    Run result = run_for_result("lstm_cell");
    ck_assert_double_eq_tol(result_value(&result, "held"), 0.7701, 6e-5);
    ck_assert_double_eq_tol(result_value(&result, "shown"), 0.6427, 6e-5);
    ck_assert_double_eq_tol(result_value(&result, "shown_again"), 0.0148, 6e-5);
    ck_assert_double_lt(result_value(&result, "concatenated"), 1e-14);
    ck_assert_double_lt(result_value(&result, "library"), 1e-5);
    // float32 rounds: two forms that agree to the bit are one form
    ck_assert_double_gt(result_value(&result, "library"), 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{starts_from_zero},
                          {gates_do_as_they_are_told},
                          {three_forms_agree},
                          {a_step_of_two_units_by_hand},
                          {concatenated_as_printed},
                          {shows_each_gate_by_its_name},
                          {draws_each_gate_by_its_name},
                          {graph_has_values_and_slopes},
                          {prints_its_result}};
    return run_tests("lstm_cell", tests, sizeof tests / sizeof *tests);
}
