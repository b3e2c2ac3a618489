// test_figure_graph.c - where the nodes of a drawn graph stand.

#include "figure_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// (a * b + c) * d, and an input that nothing uses
static const GraphNode nodes[] = {
    {"a", {-1, -1}, 1, 11}, {"b", {-1, -1}, 2, 12},
    {"c", {-1, -1}, 3, 13}, {"d", {-1, -1}, 4, 14},
    {"e", {-1, -1}, 5, 15}, {"×", {0, 1}, 6, 16},
    {"+", {5, 2}, 7, 17},   {"×", {6, 3}, 8, (double)NAN},
};

static const char table_file[] = "out/test/graph.csv";

static void draw(void) {
    Figure f;
    ck_assert(figure_open(&f, "test", "graph", "svg"));
    figure_title(&f, "A graph");
    graph_draw(&f, nodes, 8);
    figure_close(&f);
}

// Columns are 1.25 apart and rows 0.86. Inputs stand before what uses them: a and
// b before their product, c before the sum, d before the last product; e is left
// out. An operation stands half-way between its inputs: rows 0.5, (0.5 + 2) / 2,
// (1.25 + 3) / 2.
START_TEST(nodes_stand_where_they_are_used) {
    enum { NODES = 7 };
    const double column[NODES] = {0, 0, 1, 2, 1, 2, 3};
    const double row[NODES] = {0, 1, 2, 3, 0.5, 1.25, 2.125};
    double x[NODES], y[NODES], circle[NODES];
    draw();
    for (int i = 0; i < NODES; i++) {
        x[i] = 1.25 * column[i];
        y[i] = -0.86 * row[i];
        circle[i] = i >= 4;
    }
    assert_column(table_file, 1, "x", x, NODES, 1e-6);
    assert_column(table_file, 1, "y", y, NODES, 1e-6);
    assert_column(table_file, 1, "circle", circle, NODES, 0);
    for (int i = 0; i < NODES; i++) { // e, number 4, is not among them
        const char *label = nodes[i < 4 ? i : i + 1].label;
        ck_assert_str_eq(figure_words("out/test/graph.fig", "note", i), label);
        ck_assert_double_eq_tol(
            figure_attribute("out/test/graph.fig", "note", i, "x"), x[i], 1e-6);
        ck_assert_double_eq_tol(
            figure_attribute("out/test/graph.fig", "note", i, "y"), y[i], 1e-6);
    }
}
END_TEST

// The value above the node, the derivative below it.
START_TEST(values_stand_above_derivatives_below) {
    double above[7], below[7], y[7];
    const double values[] = {1, 2, 3, 4, 6, 7, 8};
    const double derivatives[] = {11, 12, 13, 14, 16, 17, (double)NAN};
    draw();
    assert_column(table_file, 1, "value", values, 7, 0);
    assert_column(table_file, 1, "derivative", derivatives, 7, 0);
    chart_column(table_file, 1, "y", y, 7);
    chart_column(table_file, 1, "above", above, 7);
    chart_column(table_file, 1, "below", below, 7);
    for (int i = 0; i < 7; i++)
        ck_assert(above[i] > y[i] && below[i] < y[i]);
    const char *figure = "out/test/graph.fig";
    assert_mark(figure, 1, "values", "x", "above", "");
    assert_mark(figure, 1, "values", "x", "below", "");
    ck_assert_double_eq(figure_attribute(figure, "values", 0, "v"), 6);
    ck_assert_double_eq(figure_attribute(figure, "values", 1, "v"), 7);
}
END_TEST

// Six arrows, each to the right, shorter than the way by 0.3 at either end.
START_TEST(arrows_end_at_the_circles) {
    double dx[7], dy[7];
    draw();
    ck_assert_int_eq(chart_column(table_file, 0, "dx", dx, 7), 6);
    chart_column(table_file, 0, "dy", dy, 7);
    for (int i = 0; i < 6; i++) {
        ck_assert_double_gt(dx[i], 0.0);
        double way = hypot(dx[i], dy[i]) + 0.6;
        ck_assert_double_eq_tol(way * dx[i] / hypot(dx[i], dy[i]), 1.25, 1e-5);
    }
}
END_TEST

// A name of 12 letters is 0.42 long to either side.
START_TEST(arrows_leave_room_for_names) {
    const GraphNode named[] = {{"orange count", {-1, -1}, 3, 1},
                               {"x²", {0, -1}, 9, 1}};
    double x, dx;
    Figure f;
    ck_assert(figure_open(&f, "test", "graph", "svg"));
    figure_title(&f, "A name");
    graph_draw(&f, named, 2);
    figure_close(&f);
    chart_column(table_file, 0, "x", &x, 1);
    chart_column(table_file, 0, "dx", &dx, 1);
    ck_assert_double_ge(x, 0.42);
    ck_assert_double_eq_tol(x + dx, 1.25 - 0.3, 1e-6);
}
END_TEST

START_TEST(gnuplot_draws_it) {
    if (system("gnuplot --version > gnuplot.txt 2>&1") != 0) {
        skip_test("gnuplot_draws_it", "no gnuplot (run `make deps`)");
        return;
    }
    draw();
    ck_assert_int_eq(access("out/test/graph.svg", F_OK), 0);
}
END_TEST

START_TEST(a_node_before_its_input_aborts) {
    const GraphNode wrong[] = {{"a", {-1, -1}, 0, 0}, {"+", {1, 0}, 0, 0}};
    Figure f;
    ck_assert(figure_open(&f, "test", "graph", "svg"));
    graph_draw(&f, wrong, 2);
}
END_TEST

START_TEST(an_input_as_result_aborts) {
    Figure f;
    ck_assert(figure_open(&f, "test", "graph", "svg"));
    graph_draw(&f, nodes, 5);
}
END_TEST

int main(void) {
    const Test tests[] = {{nodes_stand_where_they_are_used},
                          {values_stand_above_derivatives_below},
                          {arrows_end_at_the_circles},
                          {arrows_leave_room_for_names},
                          {gnuplot_draws_it},
                          {a_node_before_its_input_aborts, .signal = SIGABRT},
                          {an_input_as_result_aborts, .signal = SIGABRT}};
    return run_tests("figure_graph", tests, sizeof tests / sizeof *tests);
}
