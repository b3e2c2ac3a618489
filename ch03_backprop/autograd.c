// autograd.c - derivatives of any computation (自动求导)
//
// apple_tax spells its graph out twice, forward and backward. Here every
// operation also records on a tape what it did and to which numbers. The tape
// is then the graph (有向无环图), each node after its inputs, and read backward
// it gives every number its derivative.
//
// Source: C, backpropagation, its add, multiply and square nodes, its graphs;
// B, automatic differentiation as in PyTorch, on a graph recorded during the
// computation. The exp, tanh and ReLU nodes are in no lecture: Baydin et al.
// 2018.
// Run: make autograd && ./autograd
// Ends with: result: pays=71.5 dapple_price=2.2 dz_dx=6 loss=0.007606 ...
//
// Contents: 1 tape  2 operations  3 backward  4 graphs  5 a net on the tape
//           6 the same by hand  7 training  8 tables and figures  9 main

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "figure_graph.h"
#include "cli.h"
#include "error.h"
#include "figure.h"
#include "memory.h"
#include "progress.h"
#include "rng.h"
#include "run.h"

// ---- 1. The tape ------------------------------------------------------------

typedef enum { LEAF, ADD, MUL, POW, EXP, TANH, RELU } Op;

// A number: what it is, how it came about, and d(result)/d(it).
typedef struct {
    Op op;
    int a, b;         // its inputs' places on the tape: before its own
    double power;     // of POW
    const char *name; // of a LEAF; NULL if it is never printed
    double value, grad;
} Node;

typedef struct {
    Node *node; // [capacity], released by tape_free
    int count, capacity;
} Tape;

static void tape_free(Tape *t) {
    mem_free(t->node);
    *t = (Tape){0};
}

static void make_room(Tape *t) {
    Tape larger = {.count = t->count, .capacity = 2 * t->capacity + 64};
    larger.node = mem_alloc((size_t)larger.capacity, sizeof *larger.node);
    if (t->count > 0)
        memcpy(larger.node, t->node, (size_t)t->count * sizeof *larger.node);
    tape_free(t);
    *t = larger;
}

// ---- 2. Operations, forward and backward ------------------------------------

static double evaluate(const Node *node, const Node *z) {
    double x = node[z->a].value, y = node[z->b].value;
    switch (z->op) {
    case LEAF:
        break;
    case ADD:
        return x + y;
    case MUL:
        return x * y;
    case POW:
        return pow(x, z->power);
    case EXP:
        return exp(x);
    case TANH:
        return tanh(x);
    case RELU:
        return fmax(0.0, x);
    }
    return z->value;
}

// Node z adds its share to its inputs' gradients. It adds, because a number
// used twice gets a gradient from both uses.
static void node_backward(Node *node, const Node *z) {
    Node *x = &node[z->a], *y = &node[z->b];
    double dz = z->grad;
    switch (z->op) {
    case LEAF:
        break;
    case ADD: // [C add node] dx = dz, dy = dz
        x->grad += dz;
        y->grad += dz;
        break;
    case MUL: // [C mul node] dx = dz y, dy = dz x
        x->grad += dz * y->value;
        y->grad += dz * x->value;
        break;
    case POW: // [C power node] dx = dz p x^(p-1)
        x->grad += dz * z->power * pow(x->value, z->power - 1.0);
        break;
    case EXP: // [Baydin 2018 exp node] dx = dz exp(x) = dz z
        x->grad += dz * z->value;
        break;
    case TANH: // [Baydin 2018 tanh node] dx = dz (1 - tanh(x)^2) = dz (1 - z^2)
        x->grad += dz * (1.0 - z->value * z->value);
        break;
    case RELU: // [Baydin 2018 ReLU node] dx = dz where x > 0, else 0
        x->grad += x->value > 0.0 ? dz : 0.0;
        break;
    }
}

// Computes a number, records it, returns its place. A node can only use what is
// on the tape already, so that the tape is in topological order: read forward,
// inputs come before the nodes that use them; read backward, after them.
static int record(Tape *t, Node z) {
    REQUIRE(z.op == LEAF ||
                (z.a >= 0 && z.a < t->count && z.b >= 0 && z.b < t->count),
            "inputs %d and %d of a tape of %d", z.a, z.b, t->count);
    if (t->count == t->capacity)
        make_room(t);
    z.value = evaluate(t->node, &z);
    t->node[t->count] = z;
    return t->count++;
}

static int leaf(Tape *t, const char *name, double value) {
    return record(t, (Node){.op = LEAF, .name = name, .value = value});
}

static int add(Tape *t, int x, int y) {
    return record(t, (Node){.op = ADD, .a = x, .b = y});
}

static int mul(Tape *t, int x, int y) {
    return record(t, (Node){.op = MUL, .a = x, .b = y});
}

static int power(Tape *t, int x, double p) {
    return record(t, (Node){.op = POW, .a = x, .power = p});
}

// The functions of one number: EXP, TANH, RELU.
static int apply(Tape *t, Op op, int x) {
    return record(t, (Node){.op = op, .a = x});
}

// ---- 3. Backward ------------------------------------------------------------

// From the last node to the first: when a node's turn comes, all nodes that use
// it have had theirs, so that its own gradient is complete.
// [C backpropagation] dL/dx = sum over all z that use x of dL/dz dz/dx
static void backward(Tape *t, int result) {
    for (int i = 0; i < t->count; i++)
        t->node[i].grad = 0.0;
    t->node[result].grad = 1.0;
    for (int i = result; i >= 0; i--)
        node_backward(t->node, &t->node[i]);
}

// The same derivative the slow way: the tape is replayed with leaf i moved by h
// to either side. Two replays per leaf, hidden weights included; one backward
// pass gives all derivatives at once.
static double slope(Tape *t, int result, int i, double h) {
    const double was = t->node[i].value, moved[] = {was + h, was - h, was};
    double y[3];
    for (int m = 0; m < 3; m++) {
        t->node[i].value = moved[m];
        for (int k = 0; k < t->count; k++)
            t->node[k].value = evaluate(t->node, &t->node[k]);
        y[m] = t->node[result].value;
    }
    return (y[0] - y[1]) / (2.0 * h);
}

// ---- 4. Three graphs to look at ---------------------------------------------

enum { APPLES, APPLE, ORANGES, ORANGE, TAX }; // leaves 0 to 4

// [C apple tax] total = (apples * apple + oranges * orange) * tax
static int apple_tax(Tape *t) {
    leaf(t, "apple count", 2);
    leaf(t, "apple price", 10);
    leaf(t, "orange count", 3);
    leaf(t, "orange price", 15);
    leaf(t, "tax", 1.1);
    // One a line: C does not say which argument of a call is computed first.
    int all_apples = mul(t, APPLES, APPLE);
    int all_oranges = mul(t, ORANGES, ORANGE);
    return mul(t, add(t, all_apples, all_oranges), TAX);
}

// [C chain rule] z = t^2, t = x + y; x and y are leaves 0 and 1
static int chain(Tape *t, double x, double y) {
    leaf(t, "x", x);
    leaf(t, "y", y);
    return power(t, add(t, 0, 1), 2.0);
}

// A neuron with a sigmoid, 1 / (1 + exp(-(wx + b))), from what there is.
static int neuron(Tape *t, double w, double x, double b) {
    leaf(t, "w", w);
    leaf(t, "x", x);
    leaf(t, "b", b);
    int s = add(t, mul(t, 0, 1), 2);
    int e = apply(t, EXP, mul(t, s, leaf(t, "constant", -1.0)));
    return power(t, add(t, e, leaf(t, "constant", 1.0)), -1.0);
}

// ---- 5. A net on the tape ---------------------------------------------------

// Exclusive or: +1 where the inputs differ, -1 where they agree.
enum { N = 4, D = 2, H = 8, PARAMETERS = H * (D + 1) + H + 1 };

typedef struct {
    double x[N][D], target[N];
} Samples;

static Samples exclusive_or(void) {
    return (Samples){.x = {{0, 0}, {0, 1}, {1, 0}, {1, 1}},
                     .target = {-1, 1, 1, -1}};
}

// Where parameters stand, on the tape and in arrays: hidden unit h has its
// weights and, as number D, its bias; then the output's weights and bias.
static int hidden_at(int h, int d) {
    return h * (D + 1) + d;
}

static int output_at(int h) {
    return H * (D + 1) + h;
}

// y = tanh(sum over h of v_h relu(w_h x + b_h) + c), one number at a time.
static int net(Tape *t, const double *x) {
    int sum = output_at(H), input[D];
    for (int d = 0; d < D; d++)
        input[d] = leaf(t, NULL, x[d]);
    for (int h = 0; h < H; h++) {
        int s = hidden_at(h, D);
        for (int d = 0; d < D; d++)
            s = add(t, s, mul(t, hidden_at(h, d), input[d]));
        sum = add(t, sum, mul(t, output_at(h), apply(t, RELU, s)));
    }
    return apply(t, TANH, sum);
}

// Mean of (y - target)^2. Returns its place; the parameters lie before it.
static int net_loss(Tape *t, const Samples *samples) {
    int sum = leaf(t, NULL, 0.0);
    for (int n = 0; n < N; n++) {
        int minus_target = leaf(t, NULL, -samples->target[n]);
        int error = add(t, net(t, samples->x[n]), minus_target);
        sum = add(t, sum, power(t, error, 2.0));
    }
    return mul(t, sum, leaf(t, NULL, 1.0 / N));
}

// ---- 6. The same by hand ----------------------------------------------------

// Forward and backward in the ordinary way, for comparison: what the tape saves
// us from deriving. Adds d(loss)/d(w) to dw and returns the sample's loss.
static double by_hand(double *dw, const double *w, const double *x,
                      double target) {
    double hidden[H], sum = w[output_at(H)];
    for (int h = 0; h < H; h++) {
        double s = w[hidden_at(h, D)];
        for (int d = 0; d < D; d++)
            s += w[hidden_at(h, d)] * x[d];
        hidden[h] = fmax(0.0, s);
        sum += w[output_at(h)] * hidden[h];
    }
    double y = tanh(sum), error = y - target;
    double dsum = 2.0 * error / N * (1.0 - y * y);
    dw[output_at(H)] += dsum;
    for (int h = 0; h < H; h++) {
        double ds = hidden[h] > 0.0 ? dsum * w[output_at(h)] : 0.0;
        dw[output_at(h)] += dsum * hidden[h];
        for (int d = 0; d < D; d++)
            dw[hidden_at(h, d)] += ds * x[d];
        dw[hidden_at(h, D)] += ds;
    }
    return error * error / N;
}

// The largest |tape's gradient - hand-written gradient| over all parameters.
static double compare(const Tape *t, const Samples *samples, double *loss) {
    double w[PARAMETERS], dw[PARAMETERS] = {0}, largest = 0.0;
    for (int p = 0; p < PARAMETERS; p++)
        w[p] = t->node[p].value;
    *loss = 0.0;
    for (int n = 0; n < N; n++)
        *loss += by_hand(dw, w, samples->x[n], samples->target[n]);
    for (int p = 0; p < PARAMETERS; p++)
        largest = fmax(largest, fabs(t->node[p].grad - dw[p]));
    return largest;
}

// ---- 7. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs;
    float lr;
} Options;

enum { MAX_EPOCHS = 5000 };

// Both losses after each epoch, and the largest difference of the gradients.
typedef struct {
    int epochs, nodes;
    double loss; // the last
    double tape[MAX_EPOCHS], hand[MAX_EPOCHS];
    double difference;
} Record;

// He initialization, as chapter 2's nets have it: N(0, 2 / inputs), biases 0.
static void record_parameters(Tape *t, Rng *rng) {
    for (int p = 0; p < PARAMETERS; p++) {
        bool bias = p == output_at(H) || (p < output_at(0) && p % (D + 1) == D);
        double inputs = p < output_at(0) ? D : H;
        leaf(t, NULL,
             bias ? 0.0 : sqrt(2.0 / inputs) * (double)rng_normal(rng));
    }
}

static Record train(Tape *t, const Samples *samples, const Options *o) {
    Record r = {0};
    Progress progress;
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    if (!o->common.quiet)
        printf("A net of %d weights learns exclusive or\n\n"
               "  %-6s %12s %12s %14s\n",
               PARAMETERS, "epoch", "loss, tape", "by hand", "difference");
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        t->count = PARAMETERS; // the parameters stay, the rest is new
        int loss = net_loss(t, samples);
        backward(t, loss);
        r.difference =
            fmax(r.difference, compare(t, samples, &r.hand[r.epochs]));
        for (int p = 0; p < PARAMETERS; p++)
            t->node[p].value -= (double)o->lr * t->node[p].grad;
        r.loss = t->node[loss].value;
        r.tape[r.epochs++] = r.loss;
        r.nodes = t->count;
        progress_batch(&progress, (float)r.loss);
        if (o->common.quiet || (epoch % 50 != 0 && epoch != o->epochs))
            continue;
        progress_mean_loss(&progress); // wipes the bar
        printf("  %-6d %12.6f %12.6f %14.1e\n", epoch, r.loss,
               r.hand[epoch - 1], r.difference);
    }
    r.loss = finished(r.loss);
    r.difference = finished(r.difference);
    return r;
}

// ---- 8. Tables and figures --------------------------------------------------

// What a table calls an operation, what stands in its circle, how many inputs
// it has. A new one needs a line here.
typedef struct {
    const char *name, *sign;
    int inputs;
} OpKind;

static OpKind kind_of(Op op) {
    static const OpKind kinds[] = {
        [LEAF] = {"leaf", "", 0},     [ADD] = {"add", "+", 2},
        [MUL] = {"mul", "×", 2},      [POW] = {"pow", "xⁿ", 1},
        [EXP] = {"exp", "exp", 1},    [TANH] = {"tanh", "tanh", 1},
        [RELU] = {"relu", "ReLU", 1},
    };
    REQUIRE((size_t)op < sizeof kinds / sizeof *kinds && kinds[op].name != NULL,
            "operation %d has no name: give it a line in kinds[]", (int)op);
    return kinds[op];
}

// What stands in the node's circle, or the name of a leaf.
static const char *label_of(const Node *z) {
    if (z->op == POW && z->power == 2.0)
        return "x²";
    if (z->op == POW && z->power == -1.0)
        return "1/x";
    return z->op == LEAF ? z->name : kind_of(z->op).sign;
}

// The whole tape, whose last node is the result.
static void draw_tape(const Tape *t, const char *name, const char *computed,
                      const char *format) {
    GraphNode nodes[GRAPH_NODES];
    for (int i = 0; i < t->count; i++) {
        const Node *z = &t->node[i];
        int inputs = kind_of(z->op).inputs;
        nodes[i] = (GraphNode){
            .label = label_of(z),
            .inputs = {inputs > 0 ? z->a : -1, inputs > 1 ? z->b : -1},
            .above = z->value,
            .below = z->grad,
        };
    }
    Figure f;
    if (!figure_open(&f, "ch03", name, format))
        return;
    figure_title(&f, "%s: one backward pass gives all %d derivatives", computed,
                 t->count);
    graph_draw(&f, nodes, t->count);
    figure_close(&f);
}

static void draw_training(const Record *r, const char *format) {
    Figure f;
    if (r->epochs == 0 || !figure_open(&f, "ch03", "autograd_training", format))
        return;
    figure_title(
        &f,
        "Autograd and formulas by hand agree: gradients differ by at most %.0e",
        r->difference);
    figure_caption(
        &f,
        "A net of %d weights learns XOR from the gradients of the tape; the "
        "rings are the loss of the same weights by formulas derived by hand.",
        PARAMETERS);
    figure_table(&f, "epoch,loss on the tape,loss by hand");
    for (int i = 0; i < r->epochs; i++)
        figure_row(&f, i + 1, r->tape[i],
                   i % (1 + r->epochs / 25) == 0 ? r->hand[i] : (double)NAN);
    figure_x(&f, "epoch");
    figure_y(&f, "mean squared error");
    figure_log(&f, 'y');
    figure_lines(&f, 1, 2, "on the tape");
    figure_pen(&f, (Pen){.color = PEN_VERMILION, .point = POINT_RING});
    figure_points(&f, 1, 3, "by hand");
    figure_close(&f);
}

static void print_tape(Tape *t, const char *title) {
    printf("%s\n\n  %4s %-14s %10s %11s %15s\n", title, "", "", "value",
           "derivative", "by differences");
    for (int i = 0; i < t->count; i++) {
        const Node z = t->node[i];
        const OpKind kind = kind_of(z.op);
        char text[40];
        if (z.op == LEAF)
            snprintf(text, sizeof text, "%s", z.name);
        else if (kind.inputs == 2)
            snprintf(text, sizeof text, "%s %d %d", kind.name, z.a, z.b);
        else
            snprintf(text, sizeof text, "%s %d", kind.name, z.a);
        printf("  %4d %-14s %10.6g %11.6g", i, text, z.value, z.grad);
        if (z.op == LEAF)
            printf(" %15.6g", slope(t, t->count - 1, i, 1e-5));
        printf("\n");
    }
    printf("\n");
}

// Runs backward from the last node, and prints.
static void show(Tape *t, const char *title, bool quiet) {
    backward(t, t->count - 1);
    if (!quiet)
        print_tape(t, title);
}

// ---- 9. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, MAX_EPOCHS, "steps of training"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
    };
    cli_parse(&o->common, "autograd",
              "A tape that records every operation and gives all derivatives; "
              "with it a small net learns exclusive or.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .epochs = 300, .lr = 0.1f};
    parse(&o, argc, argv);

    Tape shop = {0}, square = {0}, unit = {0};
    int total = apple_tax(&shop);
    chain(&square, 2.0, 1.0);
    neuron(&unit, 2.0, 1.5, -1.0);
    show(&shop, "Apples and oranges with tax", o.common.quiet);
    show(&square, "z = t^2, t = x + y", o.common.quiet);
    show(&unit, "A neuron, 1 / (1 + exp(-(wx + b)))", o.common.quiet);
    draw_tape(&square, "autograd_chain_rule", "z = (x + y)²", o.common.plot);
    draw_tape(&unit, "autograd_neuron", "A sigmoid neuron", o.common.plot);

    Rng rng;
    Tape tape = {0};
    Samples samples = exclusive_or();
    rng_seed(&rng, o.common.seed);
    record_parameters(&tape, &rng);
    Record r = train(&tape, &samples, &o);
    if (!o.common.quiet)
        printf(
            "\nEach epoch records %d nodes on the tape; the last column is the "
            "largest\ndifference between the two gradients so far.\n\n",
            r.nodes);
    draw_training(&r, o.common.plot);

    run_result("pays=%g dapple_price=%g dz_dx=%g loss=%.6f "
               "difference=%.0e epochs=%d",
               shop.node[total].value, shop.node[APPLE].grad,
               square.node[0].grad, r.loss, r.difference, r.epochs);
    tape_free(&shop);
    tape_free(&square);
    tape_free(&unit);
    tape_free(&tape);
    return run_end();
}
