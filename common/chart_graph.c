#include "chart_graph.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "chart.h"
#include "error.h"

// A unit of the drawing is 100 pixels wide and high, so that circles are round.
static const double column_width = 1.25, row_height = 0.86, radius = 0.27;
static const double name_end = 0.22; // right of an input's place

typedef struct {
    bool used;
    bool placed; // in its row
    double x, y; // column and row first, then the place in the drawing
} Place;

static bool is_input(const GraphNode *node) {
    return node->inputs[0] < 0 && node->inputs[1] < 0;
}

// ---- 1. Where each node stands ----------------------------------------------

// Marks what the last node depends on, and puts each operation one column
// behind the later of its inputs.
static void place_columns(Place *at, const GraphNode *nodes, int count) {
    at[count - 1].used = true;
    for (int i = count - 1; i >= 0; i--)
        for (int k = 0; k < 2; k++) {
            int from = nodes[i].inputs[k];
            REQUIRE(from < i, "node %d takes node %d, which comes later", i,
                    from);
            if (at[i].used && from >= 0)
                at[from].used = true;
        }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2; k++)
            if (nodes[i].inputs[k] >= 0)
                at[i].x = fmax(at[i].x, at[nodes[i].inputs[k]].x + 1.0);
}

// Inputs move to the right, up to the column before the first that uses them.
static void move_inputs(Place *at, const GraphNode *nodes, int count) {
    for (int i = 0; i < count; i++)
        if (is_input(&nodes[i]))
            at[i].x = (double)INFINITY;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) {
            int from = nodes[i].inputs[k];
            if (at[i].used && from >= 0 && is_input(&nodes[from]))
                at[from].x = fmin(at[from].x, at[i].x - 1.0);
        }
}

// An input takes the next free row, an operation the middle of its inputs'. Met
// in this order, rows of different branches do not mix.
static double place_row(Place *at, const GraphNode *nodes, int i, int *rows) {
    if (at[i].placed)
        return at[i].y;
    at[i].placed = true;
    if (is_input(&nodes[i]))
        return at[i].y = (*rows)++;
    double sum = 0.0;
    int count = 0;
    for (int k = 0; k < 2; k++)
        if (nodes[i].inputs[k] >= 0) {
            sum += place_row(at, nodes, nodes[i].inputs[k], rows);
            count++;
        }
    return at[i].y = sum / count;
}

// ---- 2. Drawing -------------------------------------------------------------

// From the edge of one node to the edge of another: x, y, dx, dy.
static void write_arrow(Chart *chart, const Place *from, const Place *to) {
    double dx = to->x - from->x, dy = to->y - from->y;
    double length = hypot(dx, dy), gap = radius + 0.03;
    chart_row(chart, 4, from->x + dx / length * gap,
              from->y + dy / length * gap, dx * (1.0 - 2.0 * gap / length),
              dy * (1.0 - 2.0 * gap / length));
}

// The numbers of all inputs, or of all operations, and how far from the node.
static void write_numbers(Chart *chart, const Place *at, const GraphNode *nodes,
                          int count, bool inputs) {
    chart_break(chart);
    chart_break(chart);
    chart_columns(chart, "x,y,distance,value,derivative");
    for (int i = 0; i < count; i++)
        if (at[i].used && is_input(&nodes[i]) == inputs)
            chart_row(chart, 5, at[i].x, at[i].y, inputs ? 0.21 : radius + 0.12,
                      nodes[i].above, nodes[i].below);
}

// Block 0 holds the arrows, 1 the inputs' numbers, 2 the operations'.
static void write_data(Chart *chart, const Place *at, const GraphNode *nodes,
                       int count) {
    chart_columns(chart, "x,y,dx,dy");
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2 && at[i].used; k++)
            if (nodes[i].inputs[k] >= 0)
                write_arrow(chart, &at[nodes[i].inputs[k]], &at[i]);
    write_numbers(chart, at, nodes, count, true);
    write_numbers(chart, at, nodes, count, false);
}

static void write_nodes(Chart *chart, const Place *at, const GraphNode *nodes,
                        int count) {
    for (int i = 0; i < count; i++) {
        if (!at[i].used)
            continue;
        if (is_input(&nodes[i]))
            chart_script(chart, "set label '%s' at %g,%g right front\n",
                         nodes[i].label, at[i].x + name_end, at[i].y);
        else
            chart_script(chart,
                         "set object circle at %g,%g size %g fillstyle solid "
                         "fillcolor rgb '#e8f1fa' front\n"
                         "set label '%s' at %g,%g center front%s\n",
                         at[i].x, at[i].y, radius, nodes[i].label, at[i].x,
                         at[i].y,
                         strlen(nodes[i].label) <= 2 ? " font ',20'" : "");
    }
}

void graph_draw(const GraphNode *nodes, int count, const char *chapter,
                const char *name, const char *title, const char *format) {
    REQUIRE(count > 0 && count <= GRAPH_NODES, "a graph of %d nodes", count);
    REQUIRE(!is_input(&nodes[count - 1]), "the last node, %d, is an input",
            count - 1);
    Place at[GRAPH_NODES] = {0};
    int rows = 0;
    place_columns(at, nodes, count);
    move_inputs(at, nodes, count);
    place_row(at, nodes, count - 1, &rows);
    for (int i = 0; i < count; i++) {
        at[i].x *= column_width;
        at[i].y *= -row_height;
    }

    Chart chart;
    if (!chart_open(&chart, chapter, name, format))
        return;
    // room for names at the left and the last circle at the right, but also for
    // the title above
    double left = -1.3, right = at[count - 1].x + 0.6;
    double widen = fmax(0.0, 6.4 - (right - left)) / 2.0;
    left -= widen;
    right += widen;
    double bottom = -row_height * (rows - 1) - 0.6, top = 1.0;
    int width = (int)(100.0 * (right - left));
    int height = (int)(100.0 * (top - bottom));
    chart_size(&chart, width, height);
    write_data(&chart, at, nodes, count);
    chart_script(&chart,
                 "set label '%s' at screen 0.5,screen %g center\n"
                 "unset border; unset tics; unset grid; unset key\n"
                 "set lmargin at screen 0; set rmargin at screen 1\n"
                 "set bmargin at screen 0; set tmargin at screen 1\n"
                 "set xrange [%g:%g]; set yrange [%g:%g]\n",
                 title, 1.0 - 25.0 / height, left, right, bottom, top);
    write_nodes(&chart, at, nodes, count);
    chart_script(&chart,
                 "number(c) = valid(c) ? sprintf('%%.4g', column(c)) : ''\n"
                 "shift = %g\n"
                 "plot DATA index 0 using 1:2:3:4 with vectors lt 1 lw 1.5, "
                 "\\\n"
                 "  DATA index 1 using ($1+shift):($2+$3):(number(4)) "
                 "with labels right, \\\n"
                 "  DATA index 1 using ($1+shift):($2-$3):(number(5)) "
                 "with labels right textcolor rgb '#d55e00', \\\n"
                 "  DATA index 2 using 1:($2+$3):(number(4)) with labels, "
                 "\\\n"
                 "  DATA index 2 using 1:($2-$3):(number(5)) with labels "
                 "textcolor rgb '#d55e00'\n",
                 name_end);
    chart_close(&chart);
}
