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
//           6 chart  7 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"
#include "error.h"
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

// ---- 6. The chart -----------------------------------------------------------

static void draw(const State states[T], const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch07", "lstm_cell", format))
        return;
    chart_size(&chart, 760, 760);
    chart_columns(&chart, "t,value,store,show,input gate i,forget gate f,"
                          "new g,output gate o,cell c,shown h");
    for (int t = 0; t < T; t++) {
        const State *s = &states[t];
        chart_row(&chart, 10, t + 1.0, sequence[t][0], sequence[t][1],
                  sequence[t][2], s->gate[INPUT][0], s->gate[FORGET][0],
                  s->gate[NEW][0], s->gate[OUTPUT][0], s->c[0], s->h[0]);
    }
    chart_script(
        &chart,
        "set multiplot layout 3,1 title 'A cell that stores a value, holds "
        "it, shows it once, and forgets it'\n"
        "set xrange [0.5:%d.5]; set yrange [-0.05:1.1]; set xtics 1\n"
        "set key outside right center vertical width 0\n"
        "set lmargin 8; set rmargin 22\n"
        "set ylabel 'input x'\n"
        "plot DATA using 1:($3 > 0 ? $3 : NaN) with impulses lt 1 lw 8 dt "
        "solid title 'store', \\\n"
        "  '' using 1:($4 > 0 ? $4 : NaN) with impulses lt 2 lw 8 dt solid "
        "title 'show', \\\n"
        "  '' using 1:2 with linespoints lt 3\n"
        "set ylabel 'gates'\n"
        "plot DATA using 1:5 with linespoints lt 1, \\\n"
        "  '' using 1:6 with linespoints lt 4, \\\n"
        "  '' using 1:8 with linespoints lt 2\n"
        "set ylabel 'state'; set xlabel 'step t'\n"
        "plot DATA using 1:7 with linespoints lt 6 lw 1, \\\n"
        "  '' using 1:9 with linespoints lt 3, \\\n"
        "  '' using 1:10 with linespoints lt 5\n"
        "unset multiplot\n",
        T);
    chart_close(&chart);
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
    run_result("held=%.4f shown=%.4f shown_again=%.4f concatenated=%.0e "
               "library=%.0e",
               states[SHOW - 1].c[0], states[SHOW].h[0],
               states[SHOW_AGAIN].h[0], joined, rounding);
    return run_end();
}
