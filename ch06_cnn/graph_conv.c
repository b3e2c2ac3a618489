// graph_conv.c - a convolution on a network of people (图神经网络)
//
// A pixel's neighbors lie around it, a person's are the people they know. The
// graph convolution needs no grid: each node takes a weighted sum of itself and
// its neighbors, then one small layer, the same for all. Of a karate club that
// broke in two the net is told the two leaders only; two layers carry that
// along the edges to the other 32 members.
//
// Source: A, graph neural networks (深度图神经网络), in words. The formulas are
// those of Kipf & Welling 2017; the club is Zachary's (1977).
// Run: make graph_conv && ./graph_conv
// Ends with: result: right=33 of=34 mean_right=33.00 without_graph=17.95 ...
//
// Contents: 1 the club  2 model  3 training  4 table  5 layout  6 chart  7 main

#include <complex.h>
#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "cli.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"

// ---- 1. The club ------------------------------------------------------------

enum { NODES = 34, EDGES = 78, HIDDEN = 16 };
enum { INSTRUCTOR, PRESIDENT, CLUBS };
static const int leader[CLUBS] = {1, 34}; // the two whose club is told

// Who met whom outside the lessons; members are numbered from 1 as in Zachary.
static const int edges[EDGES][2] = {
    {1, 2},   {1, 3},   {1, 4},   {1, 5},   {1, 6},   {1, 7},   {1, 8},
    {1, 9},   {1, 11},  {1, 12},  {1, 13},  {1, 14},  {1, 18},  {1, 20},
    {1, 22},  {1, 32},  {2, 3},   {2, 4},   {2, 8},   {2, 14},  {2, 18},
    {2, 20},  {2, 22},  {2, 31},  {3, 4},   {3, 8},   {3, 9},   {3, 10},
    {3, 14},  {3, 28},  {3, 29},  {3, 33},  {4, 8},   {4, 13},  {4, 14},
    {5, 7},   {5, 11},  {6, 7},   {6, 11},  {6, 17},  {7, 17},  {9, 31},
    {9, 33},  {9, 34},  {10, 34}, {14, 34}, {15, 33}, {15, 34}, {16, 33},
    {16, 34}, {19, 33}, {19, 34}, {20, 34}, {21, 33}, {21, 34}, {23, 33},
    {23, 34}, {24, 26}, {24, 28}, {24, 30}, {24, 33}, {24, 34}, {25, 26},
    {25, 28}, {25, 32}, {26, 32}, {27, 30}, {27, 34}, {28, 34}, {29, 32},
    {29, 34}, {30, 33}, {30, 34}, {31, 33}, {31, 34}, {32, 33}, {32, 34},
    {33, 34},
};

// Whom each followed when the club broke in two. 9 had met the president's side
// more often, but was three weeks from the instructor's black belt.
static const int club[NODES] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, // 1 .. 17
    0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, // 18 .. 34
};

static int degree(int node) {
    int count = 0;
    for (int e = 0; e < EDGES; e++)
        count += edges[e][0] == node || edges[e][1] == node;
    return count;
}

// [Kipf 2017 S] S = D^-1/2 (A + I) D^-1/2, D the degrees of A + I
// The I is the node itself, which would forget what it knew; the roots keep the
// many edges of a leader from drowning the rest. Without the graph S = I.
static void fill_mix(Tensor *mix, bool graph) {
    tensor_resize(mix, 2, NODES, NODES);
    tensor_fill(mix, 0.0f);
    for (int i = 0; i < NODES; i++)
        mix->data[i * NODES + i] =
            graph ? 1.0f / (float)(degree(i + 1) + 1) : 1.0f;
    for (int e = 0; e < EDGES && graph; e++) {
        int i = edges[e][0], j = edges[e][1];
        double weight = 1.0 / sqrt((degree(i) + 1.0) * (degree(j) + 1.0));
        mix->data[(i - 1) * NODES + j - 1] = (float)weight;
        mix->data[(j - 1) * NODES + i - 1] = (float)weight;
    }
}

// ---- 2. Model ---------------------------------------------------------------

// mix -> linear -> ReLU -> mix -> linear -> logits. All that is known of a node
// is which one it is, x = I (one-hot rows), so the first S x is S itself.
typedef struct {
    // set by net_init
    Params params;
    Tensor w1, w2, dw1, dw2;
    Tensor no_bias, unused; // [HIDDEN] zeros, and where their gradient goes
    Tensor mix;             // S [NODES, NODES]
    // written by forward, read by backward
    Tensor h, mixed_h; // [NODES, HIDDEN]
    Tensor logits;     // [NODES, CLUBS]
    // gradients of these
    Tensor dh, dmixed_h, dlogits;
} Net;

static void net_init(Net *net, bool graph, Rng *rng) {
    *net = (Net){0};
    const ParamSpec table[] = {
        {"conv1.weight", &net->w1, &net->dw1, {HIDDEN, NODES}},
        {"conv2.weight", &net->w2, &net->dw2, {CLUBS, HIDDEN}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
    tensor_resize(&net->no_bias, 1, HIDDEN);
    tensor_fill(&net->no_bias, 0.0f);
    tensor_resize(&net->unused, 1, HIDDEN);
    fill_mix(&net->mix, graph);
}

static void net_free(Net *net) {
    Tensor *owned[] = {&net->mix, &net->no_bias,  &net->unused,
                       &net->h,   &net->mixed_h,  &net->logits,
                       &net->dh,  &net->dmixed_h, &net->dlogits};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        tensor_free(owned[i]);
    params_free(&net->params);
}

// mixed [NODES, D] = S h: every node takes the weighted sum of itself and its
// neighbors. S is symmetric, so this is its own backward pass: what came along
// an edge returns along it with the same weight.
static void mix_nodes(Tensor *mixed, const Tensor *mix, const Tensor *h) {
    int D = h->shape[1];
    tensor_resize_like(mixed, h);
    sgemm('N', 'N', NODES, D, NODES, 1.0f, mix->data, NODES, h->data, D, 0.0f,
          mixed->data, D);
}

// [Kipf 2017] H' = ReLU(S H W)
// W is chapter 2's linear layer, one for all nodes as a kernel is for all
// pixels; the formula has no bias.
static void net_forward(Net *net) {
    Tensor zeros = tensor_view(net->no_bias.data, 1, CLUBS);
    linear_forward(&net->h, &net->mix, &net->w1, &net->no_bias);
    relu_forward(&net->h, &net->h);
    mix_nodes(&net->mixed_h, &net->mix, &net->h);
    linear_forward(&net->logits, &net->mixed_h, &net->w2, &zeros);
}

static void net_backward(Net *net) {
    Tensor unused = tensor_view(net->unused.data, 1, CLUBS);
    linear_backward(&net->dmixed_h, &net->dw2, &unused, &net->dlogits,
                    &net->mixed_h, &net->w2);
    mix_nodes(&net->dh, &net->mix, &net->dmixed_h);
    relu_backward(&net->dh, &net->dh, &net->h);
    linear_backward(NULL, &net->dw1, &net->unused, &net->dh, &net->mix,
                    &net->w1);
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, runs;
    float lr;
} Options;

// The mean cross entropy of the two leaders. All others have no label, and get
// no gradient of their own.
static float leaders_loss(Net *net) {
    tensor_resize_like(&net->dlogits, &net->logits);
    tensor_fill(&net->dlogits, 0.0f);
    float loss = 0.0f;
    for (int k = 0; k < CLUBS; k++) {
        int at = (leader[k] - 1) * CLUBS;
        Tensor logits = tensor_view(net->logits.data + at, 2, 1, CLUBS);
        Tensor dlogits = tensor_view(net->dlogits.data + at, 2, 1, CLUBS);
        loss += softmax_cross_entropy(&dlogits, &logits, &k) / CLUBS;
        sscal(CLUBS, 1.0f / CLUBS, dlogits.data);
    }
    return loss;
}

static void train(Net *net, const Options *o) {
    Progress progress;
    Optimizer adam;
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        net_forward(net);
        float loss = leaders_loss(net);
        net_backward(net);
        optimizer_step(&adam, &net->params.value, &net->params.grad);
        progress_batch(&progress, loss);
    }
    progress_mean_loss(&progress); // wipes the bar
    optimizer_free(&adam);
}

// What nets that start from different random weights say in the end.
typedef struct {
    double p[NODES];   // of having followed the president, the nets' mean
    double right;      // members that p puts into the right club
    double mean_right; // and that a net of its own does
} Outcome;

static bool is_right(double p, int i) {
    return (p > 0.5) == (club[i] == PRESIDENT);
}

static Outcome run(bool graph, const Options *o) {
    Outcome out = {0};
    for (int r = 0; r < o->runs; r++) {
        Net net;
        Rng rng;
        rng_seed(&rng, o->common.seed + (uint64_t)r);
        net_init(&net, graph, &rng);
        train(&net, o);
        net_forward(&net);
        softmax_forward(&net.logits, &net.logits);
        for (int i = 0; i < NODES; i++) {
            double p = (double)net.logits.data[i * CLUBS + PRESIDENT];
            out.p[i] += p;
            out.mean_right += is_right(p, i);
        }
        net_free(&net);
    }
    out.mean_right = finished(out.mean_right / o->runs);
    for (int i = 0; i < NODES; i++)
        out.right += is_right(out.p[i] /= o->runs, i);
    out.right = finished(out.right);
    return out;
}

// ---- 4. Table ---------------------------------------------------------------

static void print_members(const Outcome *out, double without_graph,
                          const Options *o) {
    static const char *const side[CLUBS] = {"instructor", "president"};
    printf("  %-6s %7s   %-11s %-11s %s\n", "member", "friends", "followed",
           "prediction", "P(president)");
    for (int i = 0; i < NODES; i++)
        printf("  %-6d %7d   %-11s %-11s %12.3f%s\n", i + 1, degree(i + 1),
               side[club[i]], side[out->p[i] > 0.5], out->p[i],
               is_right(out->p[i], i) ? "" : "  wrong");
    printf("\nOf %d members a net puts %.2f into the right club (mean of %d "
           "nets),\nwithout the graph %.2f: those it is told and half the "
           "rest.\n\n",
           NODES, out->mean_right, o->runs, without_graph);
}

// ---- 5. Layout --------------------------------------------------------------

// Where each node is drawn, x + y i (Fruchterman & Reingold 1991): all push
// each other away with 1 / distance, friends pull with distance^2, and nobody
// moves farther in a step than a bound that shrinks to 0. Then the leaders, the
// first member and the last, are put at 0 and 1.
static void lay_out(double complex at[NODES]) {
    for (int i = 0; i < NODES; i++)
        at[i] = 3.0 * cexp(i * (double complex)I); // a circle
    for (double most = 0.6; most > 0.0; most -= 0.0006) {
        double complex force[NODES] = {0};
        for (int k = 0; k < NODES * NODES; k++) {
            double complex away = at[k / NODES] - at[k % NODES];
            force[k / NODES] += away / (pow(cabs(away), 2.0) + 1e-9);
        }
        for (int e = 0; e < EDGES; e++) {
            int i = edges[e][0] - 1, j = edges[e][1] - 1;
            double complex pull = (at[j] - at[i]) * cabs(at[j] - at[i]);
            force[i] += pull;
            force[j] -= pull;
        }
        for (int i = 0; i < NODES; i++)
            at[i] += force[i] * fmin(1.0, most / (cabs(force[i]) + 1e-9));
    }
    double complex origin = at[0], axis = at[NODES - 1] - at[0];
    for (int i = 0; i < NODES; i++)
        at[i] = (at[i] - origin) / axis;
}

// ---- 6. Chart ---------------------------------------------------------------

static void draw_edges(Figure *f, const double complex at[NODES]) {
    figure_table(f, "x,y");
    for (int e = 0; e < EDGES; e++) {
        double complex from = at[edges[e][0] - 1], to = at[edges[e][1] - 1];
        if (e > 0)
            figure_gap(f);
        figure_row(f, creal(from), cimag(from));
        figure_row(f, creal(to), cimag(to));
    }
    figure_pen(f, (Pen){.color = PEN_GRAY, .width = 0.7});
    figure_lines(f, 1, 2, "%s", "");
}

// Members as numbers in a circle or square; those that are told or wrong on a
// larger one.
static void draw_members(Figure *f, const Outcome *out,
                         const double complex at[NODES]) {
    figure_table(f, "x,y,member,P(president),wrong,told,predicted");
    for (int i = 0; i < NODES; i++)
        figure_row(f, creal(at[i]), cimag(at[i]), i + 1, out->p[i],
                   !is_right(out->p[i], i), i + 1 == leader[club[i]],
                   out->p[i] > 0.5);
    const struct {
        const char *words;
        Pen pen; // with the column and its value
    } marks[] = {
        {"labeled",
         {PEN_BLACK, POINT_DOT, .size = 3.9, .column = 6, .value = 1}},
        {"wrong",
         {PEN_VERMILION, POINT_DOT, .size = 3.9, .column = 5, .value = 1}},
        {"predicted: the instructor's club",
         {PEN_SKY, POINT_DOT, .size = 3.0, .column = 7, .value = 0}},
        {"predicted: the president's club",
         {PEN_ORANGE, POINT_SQUARE, .size = 2.8, .column = 7, .value = 1}},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        figure_pen(f, marks[i].pen);
        figure_points(f, 1, 2, "%s", marks[i].words);
    }
    figure_values(f, 1, 2, 3, "%.0f", 0.0);
}

static void draw(const Outcome *out, const char *format) {
    double complex at[NODES];
    Figure f;
    if (!figure_open(&f, "ch06", "graph_conv", format))
        return;
    figure_title(
        &f,
        "With two members labeled, the net puts %.0f of %d into the right club",
        out->right, NODES);
    figure_caption(&f, "Each line joins two members who met outside the "
                       "lessons; the color is the club that the net predicts.");
    figure_bare(&f);
    figure_square(&f);
    figure_panel_size(&f, 760, 400);
    lay_out(at);
    draw_edges(&f, at);
    draw_members(&f, out, at);
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: too small a net for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 200,
                 .runs = 20,
                 .lr = 0.01f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "steps of each net"),
        option_int("runs", &o.runs, 1, 1000, "nets to take the mean of"),
        option_float("lr", &o.lr, 1e-9, 10.0, "learning rate"),
    };
    cli_parse(&o.common, "graph_conv",
              "A graph convolution is told which side the two leaders of a "
              "karate club took, and predicts that of the other 32 members.",
              table, sizeof table / sizeof *table, argc, argv);
    Outcome with = run(true, &o), without = run(false, &o);
    if (!o.common.quiet && !stop_requested())
        print_members(&with, without.mean_right, &o);
    draw(&with, o.common.plot);
    run_result("right=%.0f of=%d mean_right=%.2f without_graph=%.2f runs=%d "
               "seed=%llu",
               with.right, NODES, with.mean_right, without.mean_right, o.runs,
               (unsigned long long)o.common.seed);
    return run_end();
}
