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
// Contents: 1 nodes  2 two graphs  3 tables  4 figures  5 main

#include <stdio.h>

#include "figure_graph.h"
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

// ---- 4. The figures ---------------------------------------------------------

// The graph as the lecture draws it, each edge at the node that it comes from.
static void make_graph(GraphNode nodes[EDGES], const Edge e[EDGES]) {
    const GraphNode operations[EDGES] = {
        [SUM_A] = {.label = "×", .inputs = {APPLES, APPLE}},
        [SUM_O] = {.label = "×", .inputs = {ORANGES, ORANGE}},
        [SUM] = {.label = "+", .inputs = {SUM_A, SUM_O}},
        [TOTAL] = {.label = "×", .inputs = {SUM, TAX}},
    };
    for (int i = 0; i < EDGES; i++) {
        nodes[i] = operations[i];
        if (i <= TAX)
            nodes[i] = (GraphNode){.label = e[i].name, .inputs = {-1, -1}};
        nodes[i].above = e[i].value;
        nodes[i].below = e[i].grad;
    }
}

static void draw(const Edge e[EDGES], const char *format) {
    Figure f;
    GraphNode nodes[EDGES];
    if (!figure_open(&f, "ch03", "apple_tax", format))
        return;
    figure_title(&f, "We pay %g; if the price of an apple rises by 1, %g more",
                 e[TOTAL].value, e[APPLE].grad);
    make_graph(nodes, e);
    graph_draw(&f, nodes, EDGES);
    figure_close(&f);
}

// The values come in from the left, then the derivatives run back.
static void draw_film(const Edge e[EDGES], const char *format) {
    static const char *const frame[] = {
        "The inputs",
        "Forward: the products",
        "Forward: the sum",
        "Forward: the tax",
        "Backward: it starts from 1",
        "Backward: the tax",
        "Backward: the sum passes it on",
        "Backward: the products swap their inputs"};
    enum { FRAMES = sizeof frame / sizeof *frame };
    // in which frame an edge gets its value, and its derivative
    static const int forward[EDGES] = {
        [SUM_A] = 1, [SUM_O] = 1, [SUM] = 2, [TOTAL] = 3};
    static const int backward[EDGES] = {
        [TOTAL] = 4,  [TAX] = 5,   [SUM] = 5,     [SUM_A] = 6, [SUM_O] = 6,
        [APPLES] = 7, [APPLE] = 7, [ORANGES] = 7, [ORANGE] = 7};
    Figure f;
    if (!figure_open(&f, "ch03", "apple_tax_film", format))
        return;
    figure_title(&f, "The total is computed from left to right, its "
                     "derivatives from right to left");
    figure_film(&f, 4);
    for (int k = 0; k < FRAMES; k++) {
        GraphNode nodes[EDGES];
        make_graph(nodes, e);
        for (int i = 0; i < EDGES; i++) {
            nodes[i].above = k >= forward[i] ? e[i].value : (double)NAN;
            nodes[i].below = k >= backward[i] ? e[i].grad : (double)NAN;
        }
        figure_panel(&f, "%s", frame[k]);
        graph_draw(&f, nodes, EDGES);
    }
    figure_close(&f);
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
    draw_film(basket, o.plot);
    run_result("pays_two_apples=%g pays=%g dapple_price=%g dtax=%g",
               two_apples[TOTAL].value, basket[TOTAL].value, basket[APPLE].grad,
               basket[TAX].grad);
    return run_end();
}
