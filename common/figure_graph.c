#include "figure_graph.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"

// A unit of the drawing is 100 pixels wide and high, so that circles are round.
static const double column_width = 1.25, row_height = 0.86, radius = 0.27;

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

// From the edge of one node, or the end of its name, to the edge of another: x,
// y, dx, dy.
static void write_arrow(Figure *f, const Place *from, const char *name,
                        const Place *to) {
    double dx = to->x - from->x, dy = to->y - from->y;
    double length = hypot(dx, dy), gap = radius + 0.03;
    double begin = fmax(gap, 0.035 * (double)strlen(name) + 0.05);
    figure_row(f, from->x + dx / length * begin, from->y + dy / length * begin,
               dx * (1.0 - (begin + gap) / length),
               dy * (1.0 - (begin + gap) / length));
}

static void draw_arrows(Figure *f, const Place *at, const GraphNode *nodes,
                        int count) {
    figure_table(f, "x,y,dx,dy");
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 2 && at[i].used; k++)
            if (nodes[i].inputs[k] >= 0) {
                int from = nodes[i].inputs[k];
                write_arrow(f, &at[from], nodes[from].label, &at[i]);
            }
    figure_arrows(f, 1, 2, 3, 4);
}

// Inputs as names, operations as circles with their sign; above each its value,
// below it the derivative.
static void draw_nodes(Figure *f, const Place *at, const GraphNode *nodes,
                       int count) {
    figure_table(f, "x,y,circle,above,below,value,derivative");
    for (int i = 0; i < count; i++) {
        double apart = is_input(&nodes[i]) ? 0.21 : radius + 0.14;
        if (at[i].used)
            figure_row(f, at[i].x, at[i].y, !is_input(&nodes[i]),
                       at[i].y + apart, at[i].y - apart, nodes[i].above,
                       nodes[i].below);
    }
    figure_pen(f, (Pen){.color = PEN_BLUE, .column = 3, .value = 1.0});
    figure_circles(f, 1, 2, radius);
    figure_values(f, 1, 4, 6, "%.4g", 0.0);
    figure_pen(f, (Pen){.color = PEN_VERMILION});
    figure_values(f, 1, 5, 7, "%.4g", 0.0);
    for (int i = 0; i < count; i++)
        if (at[i].used) {
            bool sign = !is_input(&nodes[i]) && strlen(nodes[i].label) <= 2;
            figure_pen(f, (Pen){.size = sign ? 1.5 : 1.0});
            figure_note(f, at[i].x, at[i].y, 'c', "%s", nodes[i].label);
        }
}

void graph_draw(Figure *f, const GraphNode *nodes, int count) {
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

    if (!f->captioned)
        figure_caption(
            f, "Above each node its value, from the forward pass; below "
               "it, from the backward pass, the derivative of the "
               "result with respect to it.");
    double left = -0.6, right = at[count - 1].x + 0.6;
    double bottom = -row_height * (rows - 1) - 0.6, top = 0.6;
    figure_bare(f);
    figure_range(f, 'x', left, right);
    figure_range(f, 'y', bottom, top);
    figure_panel_size(f, (int)(100.0 * (right - left)),
                      (int)(100.0 * (top - bottom)));
    draw_arrows(f, at, nodes, count);
    draw_nodes(f, at, nodes, count);
}
