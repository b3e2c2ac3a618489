// lstm_cell.c - the gates of an LSTM, one step at a time (门控机制)
//
// An LSTM keeps a number c. At each step three gates between 0 and 1 decide how
// much of it to forget, how much of something new to let in, and how much to
// show. Here the weights are chosen by hand, as in chapter 1: one cell that
// stores a value at the input "store", holds it, shows it at the input
// "show", and then forgets it. Training finds such weights automatically.
//
//     here           A                          C
//     i              模型输入量 the input       输入门 input gate
//     f              遗忘门 forget gate         遗忘门 forget gate
//     g, the new     记忆门 memory gate         tanh 层 tanh layer, C~
//     o              输出量 the output          输出门 output gate
//     c, the state   状态量 state               细胞状态 cell state, C
//     h, the shown   隐含变量 hidden variable   隐状态 hidden state
//
// Source: A eq. (8) to (14), with h_0 = c_0 = 0; C, the same with h and x
// joined in one vector.
// Run: make lstm_cell && ./lstm_cell
// Ends with: result: held=0.7701 shown=0.6427 shown_again=0.0148 ...
//
// Contents: 1 the cell  2 C's form  3 the sequence  4 the library  5 table
//           6 figures  7 main

#include <math.h>
#include <stdio.h>

#include "figure_graph.h"
#include "cli.h"
#include "error.h"
#include "figure.h"
#include "recurrent.h"
#include "run.h"

// ---- 1. The cell ------------------------------------------------------------

enum { D = 3, MAX_H = 4 }; // inputs, and units at most

// Gates in PyTorch's order; each has a row of weights per unit.
enum { INPUT, FORGET, NEW, OUTPUT, GATES };

typedef struct {
    int H; // units: one here
    double wx[GATES][MAX_H][D];
    double wh[GATES][MAX_H][MAX_H]; // [to unit j][from unit k]
    double b[GATES][MAX_H];
} Cell;

// What a cell holds after a step, and how its gates stood in it.
typedef struct {
    double gate[GATES][MAX_H]; // i, f, g, o
    double c[MAX_H];
    double h[MAX_H];
} State;

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double squash(int gate, double sum) {
    return gate == NEW ? tanh(sum) : sigmoid(sum);
}

// The second half of a step, the same for both ways to write the first. C's
// text adds i_t * C_t to the state, but its formula has C~_t; and C prints the
// last line as t_t = o_t * tanh(C_t), where h_t is meant.
static void update(int H, State *now, const State *before) {
    for (int j = 0; j < H; j++) {
        double i = now->gate[INPUT][j], f = now->gate[FORGET][j];
        double g = now->gate[NEW][j], o = now->gate[OUTPUT][j];

        // [A eq.13] c_t = f_t * c_{t-1} + i_t * g_t
        // [C state update] C_t = f_t * C_{t-1} + i_t * C~_t
        now->c[j] = f * before->c[j] + i * g;

        // [A eq.14] h_t = o_t * tanh(c_t)
        // [C hidden state] h_t = o_t * tanh(C_t)
        now->h[j] = o * tanh(now->c[j]);
    }
}

static void step(const Cell *w, State *now, const State *before,
                 const double x[D]) {
    const int H = w->H;
    for (int gate = 0; gate < GATES; gate++)
        for (int j = 0; j < H; j++) {
            // Row j of one gate. A calls both b^o and b^g the bias of the
            // output; b^g is the bias of g.
            // [A eq.8] i_t = sigmoid(Wx^i x_t + Wh^i h_{t-1} + b^i)
            // [A eq.9] f_t = sigmoid(Wx^f x_t + Wh^f h_{t-1} + b^f)
            // [A eq.10] g_t = tanh(Wx^g x_t + Wh^g h_{t-1} + b^g)
            // [A eq.12] o_t = sigmoid(Wx^o x_t + Wh^o h_{t-1} + b^o)
            double sum = w->b[gate][j];
            for (int d = 0; d < D; d++)
                sum += w->wx[gate][j][d] * x[d];
            for (int k = 0; k < H; k++)
                sum += w->wh[gate][j][k] * before->h[k];
            now->gate[gate][j] = squash(gate, sum);
        }
    update(H, now, before);
}

// ---- 2. C's form ------------------------------------------------------------

// C has one weight matrix [H, H + D] for each gate: its first H columns are for
// the state, the others for the input.
typedef struct {
    double rows[MAX_H][MAX_H + D];
} Joined;

static Joined join_weights(const Cell *w, int gate) {
    Joined W = {0};
    for (int j = 0; j < w->H; j++)
        for (int k = 0; k < w->H + D; k++)
            W.rows[j][k] =
                k < w->H ? w->wh[gate][j][k] : w->wx[gate][j][k - w->H];
    return W;
}

static void step_concatenated(const Cell *w, State *now, const State *before,
                              const double x[D]) {
    // State and input in one vector, [h_{t-1}, x_t].
    const int H = w->H;
    double hx[MAX_H + D];
    for (int k = 0; k < H + D; k++)
        hx[k] = k < H ? before->h[k] : x[k - H];

    for (int gate = 0; gate < GATES; gate++) {
        // C's text calls the candidate C_t at the input gate, and prints the
        // heading of the output gate (输出门) as 胜出门.
        // [C forget gate] f_t = sigmoid(W_f [h_{t-1}, x_t] + b_f)
        // [C input gate] i_t = sigmoid(W_i [h_{t-1}, x_t] + b_i)
        // [C candidate] C~_t = tanh(W_C [h_{t-1}, x_t] + b_C)
        // [C output gate] o_t = sigmoid(W_o [h_{t-1}, x_t] + b_o)
        Joined W = join_weights(w, gate);
        for (int j = 0; j < H; j++) {
            double sum = 0.0;
            for (int k = 0; k < H + D; k++)
                sum += W.rows[j][k] * hx[k];
            now->gate[gate][j] = squash(gate, sum + w->b[gate][j]);
        }
    }
    update(H, now, before);
}

// ---- 3. The sequence --------------------------------------------------------

enum { T = 13 };

// The inputs of a step: a value, which changes all the time, and two orders.
// A counts them from x_0, but its state before the first input is h_0: here the
// first input is x_1.
static const double sequence[T][D] = {
    // value, store, show
    {0.9, 0, 0}, {0.2, 0, 0}, {0.7, 1, 0}, {0.4, 0, 0}, {0.1, 0, 0},
    {0.8, 0, 1}, {0.3, 0, 0}, {0.6, 0, 1}, {0.5, 1, 0}, {0.2, 0, 0},
    {0.9, 0, 0}, {0.4, 0, 1}, {0.7, 0, 0},
};
enum { STORE = 2, SHOW = 5, SHOW_AGAIN = 7 }; // steps, from 0

// A gate whose sum is 5 is open (0.993), at -5 it is closed (0.007).
static const Cell by_hand = {
    .H = 1,
    // open when told to store
    .wx[INPUT] = {{0, 10, 0}},
    .b[INPUT] = {-5},
    // open, but for storing, and after the state was shown (h_{t-1} = 0.6)
    .wx[FORGET] = {{0, -10, 0}},
    .wh[FORGET] = {{-15}},
    .b[FORGET] = {5},
    // the value itself, nearly
    .wx[NEW] = {{1.5, 0, 0}},
    // open when told to show
    .wx[OUTPUT] = {{0, 0, 10}},
    .b[OUTPUT] = {-5},
};

typedef void Step(const Cell *w, State *now, const State *before,
                  const double x[D]);

static void run(const Cell *w, Step *one_step, State states[T]) {
    REQUIRE(w->H >= 1 && w->H <= MAX_H, "lstm_cell: %d units, but 1 to %d fit",
            w->H, MAX_H);

    // [A initial state] h_0 = c_0 = 0
    const State zeros = {0};
    for (int t = 0; t < T; t++) {
        states[t] = zeros;
        one_step(w, &states[t], t > 0 ? &states[t - 1] : &zeros, sequence[t]);
    }
}

// ---- 4. The library ---------------------------------------------------------

enum { MAX_ROWS = GATES * MAX_H };

// The same cell by recurrent.h, in float32: its gates lie side by side, i f g
// o, and of its two biases one is b and the other zero.
static void run_library(const Cell *w, State states[T]) {
    const int H = w->H;
    float wx[MAX_ROWS * D], wh[MAX_ROWS * MAX_H], bx[MAX_ROWS], bh[MAX_ROWS];
    float inputs[T * D];
    for (int row = 0; row < GATES * H; row++) {
        for (int d = 0; d < D; d++)
            wx[row * D + d] = (float)w->wx[row / H][row % H][d];
        for (int k = 0; k < H; k++)
            wh[row * H + k] = (float)w->wh[row / H][row % H][k];
        bx[row] = (float)w->b[row / H][row % H];
        bh[row] = 0.0f;
    }
    for (int i = 0; i < T * D; i++)
        inputs[i] = (float)sequence[i / D][i % D];
    CellWeights weights = {.wx = tensor_view(wx, 2, GATES * H, D),
                           .wh = tensor_view(wh, 2, GATES * H, H),
                           .bx = tensor_view(bx, 1, GATES * H),
                           .bh = tensor_view(bh, 1, GATES * H)};
    Tensor x = tensor_view(inputs, 3, T, 1, D);
    Recurrent cell = {.kind = LSTM};
    recurrent_forward(&cell, &x, &weights);

    for (int t = 0; t < T; t++) {
        states[t] = (State){0};
        for (int j = 0; j < H; j++) {
            for (int gate = 0; gate < GATES; gate++)
                states[t].gate[gate][j] =
                    (double)cell.gates.data[(t * GATES + gate) * H + j];
            states[t].c[j] = (double)cell.c.data[(t + 1) * H + j];
            states[t].h[j] = (double)cell.h.data[(t + 1) * H + j];
        }
    }
    recurrent_free(&cell);
}

// The largest difference of any gate or state; unused units are zero in both.
static double difference(const State a[T], const State b[T]) {
    double most = 0.0;
    for (int t = 0; t < T; t++)
        for (int j = 0; j < MAX_H; j++) {
            for (int gate = 0; gate < GATES; gate++)
                most =
                    fmax(most, fabs(a[t].gate[gate][j] - b[t].gate[gate][j]));
            most = fmax(most, fabs(a[t].c[j] - b[t].c[j]));
            most = fmax(most, fabs(a[t].h[j] - b[t].h[j]));
        }
    return most;
}

// ---- 5. The table -----------------------------------------------------------

static void print_states(const State states[T]) {
    printf("  t  value store show |     i     f     g     o |     c     h\n");
    for (int t = 0; t < T; t++) {
        const State *s = &states[t];
        const char *remark = sequence[t][1] > 0                  ? "  stored"
                             : sequence[t][2] > 0                ? "  shown"
                             : t > 0 && s->gate[FORGET][0] < 0.5 ? "  forgets"
                                                                 : "";
        printf(" %2d  %5.1f %5.0f %4.0f |%6.3f%6.3f%6.3f%6.3f |%6.3f%6.3f%s\n",
               t + 1, sequence[t][0], sequence[t][1], sequence[t][2],
               s->gate[INPUT][0], s->gate[FORGET][0], s->gate[NEW][0],
               s->gate[OUTPUT][0], s->c[0], s->h[0], remark);
    }
}

// ---- 6. The figures ---------------------------------------------------------

// A panel; all have the same steps.
static void begin_panel(Figure *f, const char *title) {
    figure_panel(f, "%s", title);
    figure_x(f, "step t");
    figure_step(f, 'x', 1.0);
    figure_range(f, 'y', -0.05, 1.25);
    figure_panel_size(f, 600, 150);
}

// The orders: upright lines, and what each of them is.
static void draw_orders(Figure *f) {
    figure_pen(f, (Pen){.color = PEN_ORANGE, .width = 6.0, .solid = true});
    figure_impulses(f, 1, 3, "");
    figure_pen(f, (Pen){.color = PEN_GREEN, .width = 6.0, .solid = true});
    figure_impulses(f, 1, 4, "");
    for (int t = 0; t < T; t++)
        if (sequence[t][1] > 0.0 || sequence[t][2] > 0.0)
            figure_note(f, t + 1, 1.12, 'c', "%s",
                        sequence[t][1] > 0.0 ? "store" : "show");
}

static void draw(const State states[T], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch07", "lstm_cell", format))
        return;
    figure_title(&f,
                 "A cell holds %.2f for %d steps, shows %.2f once and then "
                 "forgets it",
                 states[SHOW - 1].c[0], SHOW - STORE, states[SHOW].h[0]);
    figure_caption(&f, "At “store” the input gate lets the value into the "
                       "cell, at “show” the output gate lets it out; in "
                       "between, the forget gate stays open and keeps it.");
    figure_grid(&f, 1);
    figure_share(&f);
    figure_table(&f, "t,value,store,show,input gate i,forget gate f,"
                     "candidate g,output gate o,cell c,hidden state h");
    for (int t = 0; t < T; t++) {
        const State *s = &states[t];
        figure_row(&f, t + 1, sequence[t][0], sequence[t][1], sequence[t][2],
                   s->gate[INPUT][0], s->gate[FORGET][0], s->gate[NEW][0],
                   s->gate[OUTPUT][0], s->c[0], s->h[0]);
    }
    begin_panel(&f, "Input");
    draw_orders(&f);
    figure_linespoints(&f, 1, 2, "value");
    begin_panel(&f, "Gates");
    figure_linespoints(&f, 1, 5, "input gate i");
    figure_linespoints(&f, 1, 6, "forget gate f");
    figure_linespoints(&f, 1, 8, "output gate o");
    begin_panel(&f, "State");
    figure_linespoints(&f, 1, 7, "candidate g");
    figure_linespoints(&f, 1, 9, "cell c");
    figure_linespoints(&f, 1, 10, "hidden state h");
    figure_close(&f);
}

// Two steps as a graph, t = 5 and 6: what the cell holds goes from one to the
// next, and the gradient of h_6 runs back the same way. The gates are inputs
// here; what they depend on is left out.
enum {
    C4,
    F5,
    I5,
    G5,
    F6,
    I6,
    G6,
    O6,
    KEPT5,
    NEW5,
    C5,
    KEPT6,
    NEW6,
    C6,
    TANH,
    H6,
    NODES
};

// As chapter 3's add and multiply nodes do it, from the last node to the first:
// the derivative of the last one with respect to each.
static void graph_backward(GraphNode nodes[NODES]) {
    nodes[H6].below = 1.0;
    for (int i = H6; i >= 0; i--) {
        GraphNode *z = &nodes[i], *a = nodes, *b = nodes;
        if (z->inputs[0] < 0)
            continue; // an input of the graph
        a += z->inputs[0];
        b += z->inputs[1] < 0 ? z->inputs[0] : z->inputs[1];
        if (i == TANH) {
            a->below += z->below * (1.0 - z->above * z->above);
        } else if (i == C5 || i == C6) { // a sum
            a->below += z->below;
            b->below += z->below;
        } else { // a product
            a->below += z->below * b->above;
            b->below += z->below * a->above;
        }
    }
}

static void draw_graph(const State states[T], const char *format) {
    const State *before = &states[3], *five = &states[4], *six = &states[5];
    const double tanh_c = tanh(six->c[0]);
    GraphNode nodes[NODES] = {
        [C4] = {"c₄", {-1, -1}, before->c[0], 0},
        [F5] = {"f₅", {-1, -1}, five->gate[FORGET][0], 0},
        [I5] = {"i₅", {-1, -1}, five->gate[INPUT][0], 0},
        [G5] = {"g₅", {-1, -1}, five->gate[NEW][0], 0},
        [F6] = {"f₆", {-1, -1}, six->gate[FORGET][0], 0},
        [I6] = {"i₆", {-1, -1}, six->gate[INPUT][0], 0},
        [G6] = {"g₆", {-1, -1}, six->gate[NEW][0], 0},
        [O6] = {"o₆", {-1, -1}, six->gate[OUTPUT][0], 0},
        [KEPT5] = {"×", {C4, F5}, before->c[0] * five->gate[FORGET][0], 0},
        [NEW5] = {"×", {I5, G5}, five->gate[INPUT][0] * five->gate[NEW][0], 0},
        [C5] = {"c₅", {KEPT5, NEW5}, five->c[0], 0},
        [KEPT6] = {"×", {C5, F6}, five->c[0] * six->gate[FORGET][0], 0},
        [NEW6] = {"×", {I6, G6}, six->gate[INPUT][0] * six->gate[NEW][0], 0},
        [C6] = {"c₆", {KEPT6, NEW6}, six->c[0], 0},
        [TANH] = {"tanh", {C6, -1}, tanh_c, 0},
        [H6] = {"h₆", {TANH, O6}, six->gate[OUTPUT][0] * tanh_c, 0},
    };
    graph_backward(nodes);

    Figure f;
    if (!figure_open(&f, "ch07", "lstm_cell_graph", format))
        return;
    figure_title(&f,
                 "The forget gates pass %.0f %% of the cell's gradient back "
                 "over two steps",
                 100.0 * nodes[C4].below / nodes[C6].below);
    figure_caption(&f, "Two steps of the cell; c₅ and c₆ are sums, h₆ is a "
                       "product. Above each node its value, below it the "
                       "derivative of h₆ with respect to it.");
    graph_draw(&f, nodes, NODES);
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "lstm_cell",
              "Every gate of an LSTM over a short sequence: a cell that stores "
              "a value, holds it, shows it once, and forgets it.",
              NULL, 0, argc, argv);
    State states[T], concatenated[T], library[T];
    run(&by_hand, step, states);
    run(&by_hand, step_concatenated, concatenated);
    run_library(&by_hand, library);
    double joined = difference(states, concatenated);
    double rounding = difference(states, library);
    if (!o.quiet) {
        print_states(states);
        printf("\nC joins state and input, W [h, x]; A adds two products. The "
               "results agree to\n%.0e, the library's, in float32, to %.0e.\n",
               joined, rounding);
    }
    draw(states, o.plot);
    draw_graph(states, o.plot);
    run_result("held=%.4f shown=%.4f shown_again=%.4f concatenated=%.0e "
               "library=%.0e",
               states[SHOW - 1].c[0], states[SHOW].h[0],
               states[SHOW_AGAIN].h[0], joined, rounding);
    return run_end();
}
