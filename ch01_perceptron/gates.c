// gates.c - one neuron is a logic gate (感知机, 神经元)
//
// A perceptron adds up its weighted inputs and fires if the sum exceeds a
// threshold (阈值). Three numbers make it AND, another three OR, and AND with
// every sign turned is NAND (与非门). Each gate is a line through the plane of
// its inputs: on one side the output is 1, on the other 0.
//
// Source: C, the perceptron, its code of AND and OR, and the step function.
// Run: make gates && ./gates
// Ends with: result: and=0001 or=0111 nand=1110
//
// Contents: 1 the perceptron  2 three gates  3 tables  4 figure  5 main

#include <stdbool.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. The perceptron ------------------------------------------------------

typedef struct {
    const char *name;
    double w1, w2; // weights
    double theta;  // threshold
} Gate;

static double sum_of(const Gate *g, int x1, int x2) {
    return g->w1 * x1 + g->w2 * x2;
}

// [C perceptron] y = 1 if w1 x1 + w2 x2 > theta, else 0
static int fire(const Gate *g, int x1, int x2) {
    return sum_of(g, x1, x2) > g->theta;
}

// The lecture's other convention: its step function is 1 at 0, so that a neuron
// made from it fires also when the sum equals the threshold.
// [C step] f(x) = 1 if x >= 0, else 0
static int fire_by_step(const Gate *g, int x1, int x2) {
    return sum_of(g, x1, x2) - g->theta >= 0.0;
}

// ---- 2. Three gates ---------------------------------------------------------

// [C AND] w = (0.5, 0.5), theta = 0.7: only both inputs together exceed it
static Gate and_gate(void) {
    return (Gate){"AND", 0.5, 0.5, 0.7};
}

// [C OR] w = (0.5, 0.5), theta = 0.2: one input is enough
static Gate or_gate(void) {
    return (Gate){"OR", 0.5, 0.5, 0.2};
}

// The lecture negates AND's answer; turning all signs of AND does the same with
// one neuron, because no sum of AND equals its threshold.
// [C NAND] y = not AND(x1, x2): w = (-0.5, -0.5), theta = -0.7
static Gate nand_gate(void) {
    Gate g = and_gate();
    return (Gate){"NAND", -g.w1, -g.w2, -g.theta};
}

// The sum of one input equals this threshold: the two conventions disagree.
static Gate gate_on_its_threshold(void) {
    return (Gate){"on its threshold", 0.5, 0.5, 0.5};
}

// ---- 3. The tables ----------------------------------------------------------

// The four outputs in the order 00, 01, 10, 11, as text: AND is "0001".
typedef struct {
    char text[5];
} Outputs;

static Outputs outputs_of(const Gate *g, int (*rule)(const Gate *, int, int)) {
    Outputs out = {""};
    for (int i = 0; i < 4; i++)
        out.text[i] = rule(g, i / 2, i % 2) ? '1' : '0';
    return out;
}

static void print_gate(const Gate *g) {
    printf("%s: fires if %g x1 %c %g x2 > %g\n\n", g->name, g->w1,
           g->w2 < 0 ? '-' : '+', g->w2 < 0 ? -g->w2 : g->w2, g->theta);
    printf("    x1  x2    sum   y\n");
    for (int x1 = 0; x1 <= 1; x1++)
        for (int x2 = 0; x2 <= 1; x2++)
            printf("    %2d  %2d  %5.1f   %d\n", x1, x2,
                   sum_of(g, x1, x2) + 0.0, fire(g, x1, x2));
    printf("\n");
}

static void print_threshold(void) {
    const Gate g = gate_on_its_threshold();
    printf("theta = %g: two conventions, two gates\n\n"
           "    x1  x2    sum   sum > theta   sum - theta >= 0\n",
           g.theta);
    for (int x1 = 0; x1 <= 1; x1++)
        for (int x2 = 0; x2 <= 1; x2++)
            printf("    %2d  %2d  %5.1f   %11d   %16d\n", x1, x2,
                   sum_of(&g, x1, x2), fire(&g, x1, x2),
                   fire_by_step(&g, x1, x2));
    printf("\nThe lecture's gates use the first (if tmp <= theta: return 0), "
           "its step function\nthe second. Here the first is AND, the second "
           "OR. With 0.7 and 0.2 no sum equals\nthe threshold, and both agree."
           "\n\nThe lecture calls AND 逻辑和, logical sum: the usual name of "
           "OR, which it calls\n逻辑或. AND is the logical product, 逻辑与."
           "\n\n");
}

// ---- 4. The figure ----------------------------------------------------------

// A panel for each gate: its line over the four inputs.
static void draw(const Gate *gates, int count, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch01", "gates", format))
        return;
    figure_title(&f, "A gate is a line: inputs on its shaded side give 1");
    figure_caption(&f, "Filled points are inputs for which the gate outputs 1, "
                       "open ones those for which it outputs 0.");
    figure_grid(&f, count);
    figure_share(&f);
    for (int i = 0; i < count; i++) {
        const Gate *g = &gates[i];
        figure_panel(&f, "%s", g->name);
        figure_x(&f, "x₁");
        figure_y(&f, "x₂");
        figure_square(&f);
        for (const char *axis = "xy"; *axis != '\0'; axis++) {
            figure_range(&f, *axis, -0.4, 1.4);
            figure_step(&f, *axis, 1.0);
        }

        // The line w1 x1 + w2 x2 = theta, and the side of it that fires.
        figure_table(&f, "x1,line,fires up to");
        for (int k = 0; k <= 90; k++) {
            double x1 = -0.4 + 0.02 * k;
            figure_row(&f, x1, (g->theta - g->w1 * x1) / g->w2,
                       g->w2 > 0.0 ? 1.4 : -0.4);
        }
        figure_band(&f, 1, 2, 3, "");
        figure_lines(&f, 1, 2, "");

        figure_table(&f, "x1,x2,y");
        for (int p = 0; p < 4; p++)
            figure_row(&f, p / 2, p % 2, fire(g, p / 2, p % 2));
        figure_answers(&f, 1, 2, 3);
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "gates",
              "One neuron as a logic gate: AND, OR and NAND as weights and a "
              "threshold.",
              NULL, 0, argc, argv);
    const Gate gates[] = {and_gate(), or_gate(), nand_gate()};
    for (int i = 0; i < 3 && !o.quiet; i++)
        print_gate(&gates[i]);
    if (!o.quiet)
        print_threshold();
    draw(gates, 3, o.plot);
    run_result("and=%s or=%s nand=%s", outputs_of(&gates[0], fire).text,
               outputs_of(&gates[1], fire).text,
               outputs_of(&gates[2], fire).text);
    return run_end();
}
