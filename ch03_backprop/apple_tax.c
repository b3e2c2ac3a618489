// apple_tax.c - a computational graph, forward and backward (计算图)
//
// Apples cost 10, oranges 15, the shop adds 10 % tax: what do we pay, and by
// how much would that change if a price rose a little? Forward (正向传播), each
// node computes its output from its inputs. Backward, each node receives the
// derivative of the total with respect to its output and passes on, by the
// chain rule, the derivative with respect to each input. That is all there is
// to backpropagation (误差反向传播).
//
// Source: C, Tom's two apples, then three oranges with them. The graphs and
// their numbers are figures there; only 2.2, 11 and 20 are in the text.
// Run: make apple_tax && ./apple_tax
// Ends with: result: pays_two_apples=22 pays=71.5 dapple_price=2.2 dtax=65
//
// Contents: 1 nodes  2 two graphs  3 tables  4 chart  5 main

#include <stdio.h>

#include "chart.h"
#include "cli.h"
#include "run.h"

// ---- 1. Nodes ---------------------------------------------------------------

// One arrow of the graph: the number that travels forward along it, and
// d(total)/d(value), which travels back.
typedef struct {
    const char *name; // NULL: not in this graph
    double value;
    double grad;
} Edge;

// The signal times the other input: the inputs swap places.
// [C mul node] z = x y: dx = dz y, dy = dz x
static void mul_forward(Edge *z, const Edge *x, const Edge *y) {
    z->value = x->value * y->value;
}

static void mul_backward(const Edge *z, Edge *x, Edge *y) {
    x->grad = z->grad * y->value;
    y->grad = z->grad * x->value;
}

// Both local derivatives are 1: the signal is passed on unchanged.
// [C add node] z = x + y: dx = dz, dy = dz
static void add_forward(Edge *z, const Edge *x, const Edge *y) {
    z->value = x->value + y->value;
}

static void add_backward(const Edge *z, Edge *x, Edge *y) {
    x->grad = z->grad;
    y->grad = z->grad;
}

// ---- 2. Two graphs ----------------------------------------------------------

enum { APPLES, APPLE, ORANGES, ORANGE, TAX, SUM_A, SUM_O, SUM, TOTAL, EDGES };

// The nodes are numbered 1 2 in the forward pass and 2 1 in the backward pass:
// each backward line needs the gradient that the one above it has left.
// [C two apples] total = apples * apple * tax
static void buy_apples(Edge e[EDGES]) {
    mul_forward(&e[SUM_A], &e[APPLES], &e[APPLE]); // 1
    mul_forward(&e[TOTAL], &e[SUM_A], &e[TAX]);    // 2

    e[TOTAL].grad = 1.0;                            // d(total)/d(total)
    mul_backward(&e[TOTAL], &e[SUM_A], &e[TAX]);    // 2
    mul_backward(&e[SUM_A], &e[APPLES], &e[APPLE]); // 1
}

// Two more nodes, 2 and 3, for the oranges.
// [C apple tax] total = (apples * apple + oranges * orange) * tax
static void buy(Edge e[EDGES]) {
    mul_forward(&e[SUM_A], &e[APPLES], &e[APPLE]);   // 1
    mul_forward(&e[SUM_O], &e[ORANGES], &e[ORANGE]); // 2
    add_forward(&e[SUM], &e[SUM_A], &e[SUM_O]);      // 3
    mul_forward(&e[TOTAL], &e[SUM], &e[TAX]);        // 4

    e[TOTAL].grad = 1.0;                              // d(total)/d(total)
    mul_backward(&e[TOTAL], &e[SUM], &e[TAX]);        // 4
    add_backward(&e[SUM], &e[SUM_A], &e[SUM_O]);      // 3
    mul_backward(&e[SUM_O], &e[ORANGES], &e[ORANGE]); // 2
    mul_backward(&e[SUM_A], &e[APPLES], &e[APPLE]);   // 1
}

// What the inputs are; the other edges are computed from them.
static void fill_apples(Edge e[EDGES]) {
    const Edge inputs[EDGES] = {
        [APPLES] = {"apple count", 2, 0}, [APPLE] = {"apple price", 10, 0},
        [TAX] = {"tax", 1.1, 0},          [SUM_A] = {"before tax", 0, 0},
        [TOTAL] = {"total", 0, 0},
    };
    for (int i = 0; i < EDGES; i++)
        e[i] = inputs[i];
}

static void fill_basket(Edge e[EDGES]) {
    const Edge inputs[EDGES] = {
        [APPLES] = {"apple count", 2, 0},
        [APPLE] = {"apple price", 10, 0},
        [ORANGES] = {"orange count", 3, 0},
        [ORANGE] = {"orange price", 15, 0},
        [TAX] = {"tax", 1.1, 0},
        [SUM_A] = {"all apples", 0, 0},
        [SUM_O] = {"all oranges", 0, 0},
        [SUM] = {"before tax", 0, 0},
        [TOTAL] = {"total", 0, 0},
    };
    for (int i = 0; i < EDGES; i++)
        e[i] = inputs[i];
}

// By how much the total of two apples rises if one input rises.
static double rise_of_total(int input, double rise) {
    Edge before[EDGES], after[EDGES];
    fill_apples(before);
    fill_apples(after);
    after[input].value += rise;
    buy_apples(before);
    buy_apples(after);
    return after[TOTAL].value - before[TOTAL].value;
}

// ---- 3. The tables ----------------------------------------------------------

static void print_basket(const char *title, const Edge e[EDGES]) {
    printf("%s\n\n  %-14s %8s   %s\n", title, "arrow", "value",
           "d(total)/d(value)");
    for (int i = 0; i < EDGES; i++)
        if (e[i].name != NULL)
            printf("  %-14s %8g   %8g\n", e[i].name, e[i].value, e[i].grad);
    printf("\n");
}

// The total is linear in each input, so that this holds for a rise of any size.
// [C 2.2, 11 and 20] rise of the total = derivative * rise of the input
static void print_meaning(const Edge e[EDGES]) {
    const int inputs[] = {APPLE, APPLES, TAX};
    const double rise = 0.1;
    printf("What a derivative means: raise one input by %g\n\n"
           "  %-14s %8s %8s   %s\n",
           rise, "input", "from", "to", "the total rises by");
    for (int i = 0; i < 3; i++) {
        const Edge *input = &e[inputs[i]];
        double total = rise_of_total(inputs[i], rise);
        printf("  %-14s %8g %8g   %.4g = %.4g x %g\n", input->name,
               input->value, input->value + rise, total, input->grad, rise);
    }
    printf("\n");
}

// ---- 4. The chart -----------------------------------------------------------

// The graph as the lecture draws it: every arrow from (x, y) to (x + dx, y +
// dy) with its value above and its derivative below.
static void draw(const Edge e[EDGES], const char *format) {
    static const double arrow[EDGES][4] = {
        [APPLES] = {0.0, 3.2, 1.74, -0.58},  [APPLE] = {0.0, 1.8, 1.74, 0.58},
        [ORANGES] = {0.0, 1.2, 1.74, -0.58}, [ORANGE] = {0.0, -0.2, 1.74, 0.58},
        [TAX] = {4.0, -0.4, 1.84, 1.68},     [SUM_A] = {2.25, 2.4, 1.55, -0.75},
        [SUM_O] = {2.25, 0.6, 1.55, 0.75},   [SUM] = {4.3, 1.5, 1.4, 0.0},
        [TOTAL] = {6.3, 1.5, 1.5, 0.0},
    };
    Chart chart;
    if (!chart_open(&chart, "ch03", "apple_tax", format))
        return;
    chart_size(&chart, 880, 440);
    chart_columns(&chart, "x,y,dx,dy,value,derivative");
    for (int i = 0; i < EDGES; i++) {
        const double *a = arrow[i];
        chart_row(&chart, 6, a[0], a[1], a[2], a[3], e[i].value, e[i].grad);
    }
    chart_script(&chart,
                 "set title 'Above each arrow its value, below it "
                 "d(total)/d(value): we pay %g'\n"
                 "unset border; unset tics; unset grid; unset key\n"
                 "set xrange [-2.1:8.2]; set yrange [-0.7:3.6]\n",
                 e[TOTAL].value);
    for (int i = 0; i < SUM_A; i++)
        chart_script(&chart, "set label '%s' at %g,%g right offset -1,0\n",
                     e[i].name, arrow[i][0], arrow[i][1]);
    static const struct {
        const char *sign;
        double x, y;
    } node[] = {{"×", 2, 2.5}, {"×", 2, 0.5}, {"+", 4.05, 1.5}, {"×", 6, 1.5}};
    for (int i = 0; i < 4; i++)
        chart_script(&chart,
                     "set object circle at %g,%g size 0.27 fillstyle solid "
                     "fillcolor rgb '#e8f1fa' front\n"
                     "set label '%s' at %g,%g center front font ',20'\n",
                     node[i].x, node[i].y, node[i].sign, node[i].x, node[i].y);
    chart_script(&chart,
                 "plot DATA using 1:2:3:4 with vectors lt 1 lw 1.5, \\\n"
                 "  DATA using ($1+$3*0.45):($2+$4*0.45+0.24):5 with labels, "
                 "\\\n"
                 "  DATA using ($1+$3*0.45):($2+$4*0.45-0.24):6 with labels "
                 "textcolor rgb '#d55e00'\n");
    chart_close(&chart);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(
        &o, "apple_tax",
        "A computational graph forward and backward: what 2 apples and 3 "
        "oranges cost with tax, and the derivative with respect to each input.",
        NULL, 0, argc, argv);
    Edge two_apples[EDGES], basket[EDGES];
    fill_apples(two_apples);
    fill_basket(basket);
    buy_apples(two_apples);
    buy(basket);
    if (!o.quiet) {
        print_basket("2 apples at 10, tax 10 %", two_apples);
        print_meaning(two_apples);
        print_basket("2 apples at 10 and 3 oranges at 15, tax 10 %", basket);
    }
    draw(basket, o.plot);
    run_result("pays_two_apples=%g pays=%g dapple_price=%g dtax=%g",
               two_apples[TOTAL].value, basket[TOTAL].value, basket[APPLE].grad,
               basket[TAX].grad);
    return run_end();
}
