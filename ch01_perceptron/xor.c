// xor.c - what one neuron cannot do, two layers can (异或, 多层感知机)
//
// XOR says 1 where exactly one input is 1. Those two points lie on one diagonal
// of a square and the two zeros on the other, and no straight line separates
// the diagonals: of all weights and thresholds tried here, none gets more than
// three rows right. Two neurons that each cut off one corner, and a third that
// joins them, get all four: depth bends the line.
//
// Source: C, the perceptron's limit and the multilayer perceptron.
// Run: make xor && ./xor
// Ends with: result: best_single=3 gates=0110 network=0110
//
// Contents: 1 one neuron  2 two layers  3 the search  4 figure  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. One neuron ----------------------------------------------------------

// [C perceptron] y = 1 if w1 x1 + w2 x2 > theta, else 0
static int neuron(double w1, double w2, double theta, double x1, double x2) {
    return w1 * x1 + w2 * x2 > theta;
}

// ---- 2. Two layers ----------------------------------------------------------

// [C XOR gates] s1 = not AND(x1, x2), s2 = OR(x1, x2), y = AND(s1, s2)
// The lecture's `not AND` is a neuron here: NAND, as in gates.c.
static int xor_of_gates(double x1, double x2) {
    int s1 = neuron(-0.5, -0.5, -0.7, x1, x2); // NAND
    int s2 = neuron(0.5, 0.5, 0.2, x1, x2);    // OR
    return neuron(0.5, 0.5, 0.7, s1, s2);      // AND
}

// Every threshold is 0.5, as the lecture sets it: h1 is x1 without x2, h2 is x2
// without x1, and y is h1 or h2.
// [C XOR network] h1 = [x1 - x2 > 0.5], h2 = [x2 - x1 > 0.5],
// y = [h1 + h2 > 0.5]
static int xor_network(double x1, double x2) {
    int h1 = neuron(1, -1, 0.5, x1, x2);
    int h2 = neuron(-1, 1, 0.5, x1, x2);
    return neuron(1, 1, 0.5, h1, h2);
}

// ---- 3. The search ----------------------------------------------------------

typedef struct {
    double w1, w2, theta;
    int right;     // rows of XOR it gets right
    double margin; // distance of its line from the nearest of the four points
    long tried;    // neurons looked at
} Search;

static int rows_right(double w1, double w2, double theta) {
    int right = 0;
    for (int x1 = 0; x1 <= 1; x1++)
        for (int x2 = 0; x2 <= 1; x2++)
            right += neuron(w1, w2, theta, x1, x2) == (x1 != x2);
    return right;
}

static double margin_of(double w1, double w2, double theta) {
    double nearest = (double)INFINITY, length = sqrt(w1 * w1 + w2 * w2);
    for (int i = 0; i < 4; i++)
        nearest = fmin(nearest, fabs(w1 * (i / 2) + w2 * (i % 2) - theta));
    return length > 0.0 ? nearest / length : 0.0;
}

// Every neuron with w1, w2, theta in -2 .. 2, a twentieth apart. A grid proves
// nothing about the points between; the sentence main prints does: adding up
// the two rows that must fire and the two that must not gives a contradiction.
// Among equals the one whose line keeps the largest distance is kept.
static Search search(void) {
    Search best = {0};
    for (int i = -40; i <= 40; i++)
        for (int j = -40; j <= 40; j++)
            for (int k = -40; k <= 40; k++) {
                double w1 = i / 20.0, w2 = j / 20.0, theta = k / 20.0;
                int right = rows_right(w1, w2, theta);
                double margin = margin_of(w1, w2, theta);
                best.tried++;
                if (right > best.right ||
                    (right == best.right && margin > best.margin)) {
                    best.w1 = w1, best.w2 = w2, best.theta = theta;
                    best.right = right, best.margin = margin;
                }
            }
    return best;
}

// ---- 4. The figure ----------------------------------------------------------

// The plane as the best single neuron and as the network color it.
static void draw(const Search *best, const char *format) {
    enum { CELLS = 121 };
    Figure f;
    if (!figure_open(&f, "ch01", "xor", format))
        return;
    figure_title(&f, "No line separates the filled points from the open ones; "
                     "two layers do");
    figure_caption(
        &f, "XOR is 1 at the filled points, which should lie in the shaded "
            "region, where the output is 1; at the open ones it is 0.");
    figure_share(&f);
    figure_table(&f, "x1,x2,neuron,network");
    for (int i = 0; i < CELLS * CELLS; i++) {
        double x1 = -0.5 + 2.0 * (i % CELLS + 0.5) / CELLS;
        double x2 = -0.5 + 2.0 * (double)(i / CELLS + 0.5) / CELLS;
        figure_row(&f, x1, x2, neuron(best->w1, best->w2, best->theta, x1, x2),
                   xor_network(x1, x2));
    }
    figure_table(&f, "x1,x2,xor");
    for (int i = 0; i < 4; i++)
        figure_row(&f, i / 2, i % 2, i / 2 != i % 2);

    for (int k = 0; k < 2; k++) {
        if (k == 0)
            figure_panel(&f, "One neuron: at most %d of 4 right", best->right);
        else
            figure_panel(&f, "Two layers: 4 of 4");
        figure_x(&f, "x₁");
        figure_y(&f, "x₂");
        figure_square(&f);
        figure_step(&f, 'x', 1.0);
        figure_step(&f, 'y', 1.0);
        figure_use(&f, 0);
        figure_heat(&f, 1, 2, 3 + k, HEAT_BLUES, 0.0, 3.0);
        figure_use(&f, 1);
        figure_answers(&f, 1, 2, 3);
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

static void print_tables(const Search *best) {
    printf(
        "One neuron: of %ld tried, the best gets %d of 4 rows right\n"
        "(widest margin: w1 = %g, w2 = %g, theta = %g).\n"
        "No other can do better: XOR asks for w2 > theta and w1 > theta, but\n"
        "0 <= theta and w1 + w2 <= theta; the first two add up to\n"
        "w1 + w2 > 2 theta >= theta, which the last one forbids.\n\n",
        best->tried, best->right, best->w1, best->w2, best->theta);
    printf("    x1  x2   XOR   one neuron   AND(NAND, OR)   two layers\n");
    for (int x1 = 0; x1 <= 1; x1++)
        for (int x2 = 0; x2 <= 1; x2++)
            printf("    %2d  %2d   %3d   %10d   %13d   %10d\n", x1, x2,
                   x1 != x2, neuron(best->w1, best->w2, best->theta, x1, x2),
                   xor_of_gates(x1, x2), xor_network(x1, x2));
    printf("\n");
}

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "xor",
              "No single neuron computes XOR; two layers of three neurons do.",
              NULL, 0, argc, argv);
    Search best = search();
    if (!o.quiet)
        print_tables(&best);
    draw(&best, o.plot);
    run_result("best_single=%d gates=%d%d%d%d network=%d%d%d%d", best.right,
               xor_of_gates(0, 0), xor_of_gates(0, 1), xor_of_gates(1, 0),
               xor_of_gates(1, 1), xor_network(0, 0), xor_network(0, 1),
               xor_network(1, 0), xor_network(1, 1));
    return run_end();
}
