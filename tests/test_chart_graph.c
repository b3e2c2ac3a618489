// test_chart_graph.c - where the nodes of a drawn graph stand.

#include "chart_graph.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "testing.h"

// (a * b + c) * d, and an input that nothing uses
static const GraphNode nodes[] = {
    {"a", {-1, -1}, 1, 11}, {"b", {-1, -1}, 2, 12},
    {"c", {-1, -1}, 3, 13}, {"d", {-1, -1}, 4, 14},
    {"e", {-1, -1}, 5, 15}, {"×", {0, 1}, 6, 16},
    {"+", {5, 2}, 7, 17},   {"×", {6, 3}, 8, (double)NAN},
};

typedef struct {
    double x, y, distance, value, derivative;
} Row;

// The rows of one block of the CSV file, as numbers; an empty cell is -1.
static int read_block(Row *rows, int block) {
    FILE *file = fopen("out/test/graph.csv", "r");
    ck_assert_ptr_nonnull(file);
    char line[256];
    int at = 0, count = 0, blank = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        blank = line[0] == '\n' ? blank + 1 : 0;
        at += blank == 2;
        Row r = {.distance = -1, .value = -1, .derivative = -1};
        if (at == block && sscanf(line, "%lf,%lf,%lf,%lf,%lf", &r.x, &r.y,
                                  &r.distance, &r.value, &r.derivative) >= 2)
            rows[count++] = r;
    }
    fclose(file);
    return count;
}

static void draw(void) {
    graph_draw(nodes, 8, "test", "graph", "A graph", "svg");
}

// Columns are 1.25 apart and rows 0.86; a and b stand before their product, c
// before the sum, d before the last product; e is left out.
START_TEST(inputs_stand_before_what_uses_them) {
    Row rows[16];
    draw();
    ck_assert_int_eq(read_block(rows, 1), 4);
    const double column[] = {0, 0, 1, 2};
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq_tol(rows[i].x, 1.25 * column[i], 1e-6);
        ck_assert_double_eq_tol(rows[i].y, -0.86 * i, 1e-6);
        ck_assert_double_eq(rows[i].value, i + 1);
        ck_assert_double_eq(rows[i].derivative, i + 11);
    }
}
END_TEST

// Each half-way between its inputs: rows 0.5, (0.5 + 2) / 2, (1.25 + 3) / 2.
START_TEST(operations_stand_between_their_inputs) {
    Row rows[16];
    draw();
    ck_assert_int_eq(read_block(rows, 2), 3);
    const double row[] = {0.5, 1.25, 2.125};
    for (int i = 0; i < 3; i++) {
        ck_assert_double_eq_tol(rows[i].x, 1.25 * (i + 1), 1e-6);
        ck_assert_double_eq_tol(rows[i].y, -0.86 * row[i], 1e-6);
        ck_assert_double_eq(rows[i].value, i + 6);
    }
    ck_assert_double_eq(rows[1].derivative, 17);
    ck_assert_double_eq(rows[2].derivative, -1); // NAN leaves it empty
}
END_TEST

// Six arrows, each to the right, shorter than the way by 0.3 at either end.
START_TEST(arrows_end_at_the_circles) {
    Row rows[16];
    draw();
    ck_assert_int_eq(read_block(rows, 0), 6);
    for (int i = 0; i < 6; i++) {
        double dx = rows[i].distance, dy = rows[i].value;
        ck_assert_double_gt(dx, 0.0);
        double way = hypot(dx, dy) + 0.6;
        ck_assert_double_eq_tol(way * dx / hypot(dx, dy), 1.25, 1e-5);
    }
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
    graph_draw(wrong, 2, "test", "graph", "", "none");
}
END_TEST

START_TEST(an_input_as_result_aborts) {
    graph_draw(nodes, 5, "test", "graph", "", "none");
}
END_TEST

int main(void) {
    const Test tests[] = {{inputs_stand_before_what_uses_them},
                          {operations_stand_between_their_inputs},
                          {arrows_end_at_the_circles},
                          {gnuplot_draws_it},
                          {a_node_before_its_input_aborts, .signal = SIGABRT},
                          {an_input_as_result_aborts, .signal = SIGABRT}};
    return run_tests("chart_graph", tests, sizeof tests / sizeof *tests);
}
