// playground.c - what a line, a layer and two layers can separate (线性可分)
//
// One neuron cuts the plane along a straight line. A hidden layer cuts it along
// several and adds the pieces up; a second one bends even the cuts. And a ring
// that no line splits in (x, y) is split by one in polar coordinates (极坐标系)
// (r, theta): what is hard depends on how the data are represented (表示).
//
// Source: A fig. 5-8, linearly separable and not; B, Cartesian and polar
// coordinates.
// Run: make playground && ./playground
// Ends with: result: blobs=1.000 xor=0.4.. spirals=0.6.. circle=0.5.. ...
//
// Contents: 1 data  2 model  3 training  4 the best line  5 figures  6 main

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "memory.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. Data ----------------------------------------------------------------

enum { BLOBS, XOR, SPIRALS, CIRCLE, POLAR, SETS };
static const char *const set_name[SETS] = {"blobs", "xor", "spirals", "circle",
                                           "polar"};

// Points of the plane, every second one of class 1.
typedef struct {
    Tensor x; // [N, 2]
    Tensor t; // [N, 1], 0 or 1
} Points;

static void points_free(Points *p) {
    tensor_free(&p->x);
    tensor_free(&p->t);
}

static void put_polar(float *x, float r, float theta) {
    x[0] = r * cosf(theta);
    x[1] = r * sinf(theta);
}

// [B polar] (x, y) -> (r, theta), r = sqrt(x^2 + y^2), theta = atan2(y, x)
// B names the two systems. -pi < theta <= pi
static void to_polar(float *x) {
    float r = sqrtf(x[0] * x[0] + x[1] * x[1]), theta = atan2f(x[1], x[0]);
    x[0] = r;
    x[1] = theta;
}

// One point of class t, all within about 3 of the origin.
static void draw_point(float *x, int set, int t, Rng *rng) {
    const float pi = 3.14159265f;
    float u = rng_uniform(rng), sign = t ? 1.0f : -1.0f;
    float a = rng_normal(rng), b = rng_normal(rng);
    switch (set) {
    case BLOBS: // around (1.2, 1.2) or (-1.2, -1.2)
        x[0] = 1.2f * sign + 0.5f * a;
        x[1] = 1.2f * sign + 0.5f * b;
        break;
    case XOR: // class 1 where the signs of x and y differ
        x[0] = (u < 0.5f ? -1.2f : 1.2f) + 0.35f * a;
        x[1] = (u < 0.5f ? 1.2f : -1.2f) * sign + 0.35f * b;
        break;
    case SPIRALS: // one and a half turns, the arms half a turn apart
        put_polar(x, 0.3f + 2.3f * u, (3.0f * u + (float)t) * pi);
        x[0] += 0.06f * a;
        x[1] += 0.06f * b;
        break;
    default: // CIRCLE and POLAR; class 1: a ring around class 0
        put_polar(x, t ? 2.1f + 0.15f * a : 1.1f * sqrtf(rng_uniform(rng)),
                  2.0f * pi * u);
        if (set == POLAR)
            to_polar(x);
    }
}

static void points_draw(Points *p, int set, int N, Rng *rng) {
    tensor_resize(&p->x, 2, N, 2);
    tensor_resize(&p->t, 2, N, 1);
    for (int n = 0; n < N; n++) {
        draw_point(p->x.data + 2 * n, set, n % 2, rng);
        p->t.data[n] = (float)(n % 2);
    }
}

// ---- 2. Model ---------------------------------------------------------------

enum { HIDDEN = 8, NETS = 3 };

// One output neuron behind 0, 1 or 2 hidden layers of 8 ReLU units; z > 0, its
// logit, means class 1.
static void net_init(ReluNet *net, int hidden, Rng *rng) {
    const int sizes[NETS][NETS + 1] = {
        {2, 1}, {2, HIDDEN, 1}, {2, HIDDEN, HIDDEN, 1}};
    relu_net_init(net, hidden + 2, sizes[hidden], rng);
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, points;
    float lr;
} Options;

// All points at once in every step, so an epoch is one step.
static void train(ReluNet *net, const Points *p, const Options *o) {
    Progress progress;
    Optimizer adam;
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        relu_net_forward(net, &p->x);
        // [D binary cross entropy] L = -(1/N) sum of t log p + (1-t) log(1-p)
        float loss = sigmoid_cross_entropy(&net->dlogits, &net->logits, &p->t);
        relu_net_backward(net, &p->x);
        adam.lr = one_cycle(adam.step, o->epochs, o->lr);
        optimizer_step(&adam, &net->params.value, &net->params.grad);
        progress_batch(&progress, loss);
    }
    progress_mean_loss(&progress); // wipes the bar
    optimizer_free(&adam);
}

static double accuracy(ReluNet *net, const Points *p) {
    int N = p->x.shape[0], right = 0;
    relu_net_forward(net, &p->x);
    for (int n = 0; n < N; n++)
        right += (net->logits.data[n] > 0.0f) == (p->t.data[n] > 0.5f);
    return finished((double)right / N);
}

// ---- 4. The best line -------------------------------------------------------

typedef struct {
    float along; // position in the line's normal direction
    int sign;    // +1 for class 1, -1 for class 0
} Projected;

static int by_position(const void *a, const void *b) {
    float x = ((const Projected *)a)->along, y = ((const Projected *)b)->along;
    return (x > y) - (x < y);
}

// How many of the points the best line gets right, of all lines in 360
// directions: what no training of one neuron can beat. From the first to the
// last point, the line passes one after the other to its other side.
static double best_line(const Points *p) {
    int N = p->x.shape[0], best = 0;
    Projected *q = mem_alloc((size_t)N, sizeof *q);
    for (int degree = 0; degree < 360; degree++) {
        float c = cosf((float)degree * 0.0174532925f);
        float s = sinf((float)degree * 0.0174532925f);
        int right = 0; // with every point on the side called class 1
        for (int n = 0; n < N; n++) {
            bool one = p->t.data[n] > 0.5f;
            q[n].along = c * p->x.data[2 * n] + s * p->x.data[2 * n + 1];
            q[n].sign = one ? 1 : -1;
            right += one;
        }
        qsort(q, (size_t)N, sizeof *q, by_position);
        best = right > best ? right : best;
        for (int n = 0; n < N; n++) {
            right -= q[n].sign;
            best = right > best ? right : best;
        }
    }
    mem_free(q);
    return (double)best / N;
}

// ---- 5. Figures -------------------------------------------------------------

// Everything that is drawn: per data set its points and three trained nets.
typedef struct {
    Points points[SETS];
    ReluNet net[SETS][NETS];  // with 0, 1, 2 hidden layers
    double right[SETS][NETS]; // on fresh points
    double best_line[SETS];   // likewise
} Playground;

enum { SIDE = 51, SHOWN = 150 }; // a map has SIDE x SIDE cells

// What unit `unit` of layer `layer` puts out all over the plane: the last
// layer's output through the sigmoid; a hidden unit's relative to its largest,
// from 0.3 to 1, so that the edge is seen beyond which it is silent, 0.
static void write_map(Figure *f, ReluNet *net, int layer, int unit) {
    Tensor grid = {0};
    tensor_resize(&grid, 2, SIDE * SIDE, 2);
    for (int i = 0; i < SIDE * SIDE; i++) {
        grid.data[2 * i] = 6.4f * (float)(i % SIDE) / (SIDE - 1) - 3.2f;
        grid.data[2 * i + 1] = 6.4f * (float)(i / SIDE) / (SIDE - 1) - 3.2f;
    }
    relu_net_forward(net, &grid);
    const bool last = layer == net->layers - 1;
    const Tensor *y = last ? &net->logits : &net->hidden[layer];
    float largest = 1e-6f;
    for (size_t i = 0; i < y->size; i++)
        if ((int)i % y->shape[1] == unit)
            largest = fmaxf(largest, y->data[i]);
    figure_table(f, "x,y,output");
    for (int i = 0; i < SIDE * SIDE; i++) {
        float out = y->data[i * y->shape[1] + unit];
        if (last)
            out = 1.0f / (1.0f + expf(-out));
        else
            out = out > 0.0f ? 0.3f + 0.7f * out / largest : 0.0f;
        figure_row(f, grid.data[2 * i], grid.data[2 * i + 1], out);
    }
    tensor_free(&grid);
}

// The first points of a set: as many as can be told apart.
static void write_points(Figure *f, const Points *p) {
    figure_table(f, "x,y,class");
    for (int n = 0; n < p->x.shape[0] && n < SHOWN; n++)
        figure_row(f, p->x.data[2 * n], p->x.data[2 * n + 1], p->t.data[n]);
}

// Begins a small panel; all are of the same square of the plane.
static void begin_panel(Figure *f, int side, const char *x, const char *row) {
    figure_panel_size(f, side, side);
    figure_x(f, "%s", x);
    figure_y(f, "%s", row);
    for (const char *axis = "xy"; *axis != '\0'; axis++) {
        figure_range(f, *axis, -3.2, 3.2);
        figure_step(f, *axis, 3.0);
    }
}

static void show_points(Figure *f, int table, double size) {
    figure_use(f, table);
    for (int t = 0; t < 2; t++) {
        figure_pen(f, (Pen){.color = t == 0 ? PEN_BLUE : PEN_VERMILION,
                            .point = t == 0 ? POINT_DOT : POINT_TRIANGLE,
                            .size = size,
                            .column = 3,
                            .value = t});
        figure_points(f, 1, 2, "");
    }
}

// Blue where the output says class 0, orange for class 1, paler where it is
// less sure; the boundary is the step between them.
static void draw_regions(Playground *g, const char *format) {
    static const char *const row[NETS] = {"one neuron", "8 hidden units",
                                          "8 + 8 hidden units"};
    Figure f;
    if (!figure_open(&f, "ch02", "playground_regions", format))
        return;
    figure_title(&f,
                 "One neuron gets %.0f %% of the spirals right, two hidden "
                 "layers %.0f %%",
                 100.0 * g->right[SPIRALS][0], 100.0 * g->right[SPIRALS][2]);
    figure_caption(&f,
                   "Orange where the net says class 1 (triangles), blue "
                   "where it says 0 (dots), paler where it is less sure; "
                   "polar is the circle in (r, θ), where one line is enough.");
    figure_grid(&f, SETS);
    figure_share(&f);
    for (int s = 0; s < SETS; s++)
        write_points(&f, &g->points[s]);
    for (int l = 0; l < NETS; l++)
        for (int s = 0; s < SETS; s++) {
            figure_panel(&f, "%s: %.0f %%", set_name[s],
                         100.0 * g->right[s][l]);
            begin_panel(&f, 160, s == POLAR ? "r (upwards: θ)" : "x", row[l]);
            write_map(&f, &g->net[s][l], l, 0);
            figure_heat(&f, 1, 2, 3, HEAT_CLASSES, 0.0, 1.0);
            show_points(&f, s, 0.5);
        }
    figure_close(&f);
}

// The 8 hidden units that split the circle, and the 8 + 8 of the spirals: white
// where a unit is silent, so that the edge is its boundary.
static void draw_units(Playground *g, const char *format) {
    const struct {
        int set, hidden, layer;
        const char *label;
    } row[] = {{CIRCLE, 1, 0, "circle"},
               {SPIRALS, 2, 0, "spirals, layer 1"},
               {SPIRALS, 2, 1, "spirals, layer 2"}};
    Figure f;
    if (!figure_open(&f, "ch02", "playground_units", format))
        return;
    figure_title(&f, "In layer 1 a unit is active beyond a line, in layer 2 "
                     "beyond a bent one");
    figure_caption(&f,
                   "Each hidden unit's output over the plane: the stronger the "
                   "color, the larger the output; no color where it is 0.");
    figure_grid(&f, HIDDEN);
    figure_share(&f);
    write_points(&f, &g->points[CIRCLE]);
    write_points(&f, &g->points[SPIRALS]);
    for (int r = 0; r < 3; r++)
        for (int u = 0; u < HIDDEN; u++) {
            ReluNet *net = &g->net[row[r].set][row[r].hidden];
            figure_panel(&f, "Unit %d", u + 1);
            begin_panel(&f, 105, "x", row[r].label);
            write_map(&f, net, row[r].layer, u);
            figure_heat(&f, 1, 2, 3, HEAT_BLUES, 0.0, 1.5);
            show_points(&f, row[r].set == SPIRALS, 0.3);
        }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

static void play(Playground *g, int set, const Options *o, Rng *rng) {
    Points fresh = {0};
    points_draw(&g->points[set], set, o->points, rng);
    points_draw(&fresh, set, 1000, rng);
    g->best_line[set] = best_line(&fresh);
    for (int hidden = 0; hidden < NETS; hidden++) {
        ReluNet *net = &g->net[set][hidden];
        net_init(net, hidden, rng);
        train(net, &g->points[set], o);
        g->right[set][hidden] = accuracy(net, &fresh);
    }
    points_free(&fresh);
}

static void print(const Playground *g) {
    printf("right of 1000 fresh points, in per cent; no line beats the best "
           "one\n\n  %-8s %11s %12s %12s %14s\n",
           "data", "best line", "one neuron", "8 hidden", "8 + 8 hidden");
    for (int s = 0; s < SETS; s++)
        printf("  %-8s %11.1f %12.1f %12.1f %14.1f\n", set_name[s],
               100.0 * g->best_line[s], 100.0 * g->right[s][0],
               100.0 * g->right[s][1], 100.0 * g->right[s][2]);
    const ReluNet *one = &g->net[POLAR][0];
    printf("\npolar is the circle in (r, theta): there one neuron does, by\n"
           "%.2f r %+.2f theta %+.2f > 0\n\n",
           (double)one->w[0].data[0], (double)one->w[0].data[1],
           (double)one->b[0].data[0]);
}

int main(int argc, char **argv) {
    Options o = {
        .common = {.seed = 1}, .epochs = 1500, .points = 400, .lr = 0.03f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "passes over the points"),
        option_int("points", &o.points, 2, 5000, "points to learn from"),
        option_float("lr", &o.lr, 1e-9, 10.0, "peak learning rate"),
    };
    cli_parse(&o.common, "playground",
              "Blobs, XOR, spirals and a ring in the plane: what one neuron, "
              "one hidden layer and two can tell apart.",
              table, sizeof table / sizeof *table, argc, argv);

    Rng rng;
    Playground g = {0};
    rng_seed(&rng, o.common.seed);
    for (int s = 0; s < SETS; s++)
        play(&g, s, &o, &rng);
    if (!o.common.quiet && !stop_requested())
        print(&g);
    draw_regions(&g, o.common.plot);
    draw_units(&g, o.common.plot);

    for (int s = 0; s < SETS; s++)
        run_result("%s=%.3f", set_name[s], g.right[s][0]);
    run_result("xor_hidden=%.3f circle_hidden=%.3f spirals_hidden=%.3f "
               "seed=%llu",
               g.right[XOR][2], g.right[CIRCLE][2], g.right[SPIRALS][2],
               (unsigned long long)o.common.seed);
    for (int s = 0; s < SETS; s++) {
        points_free(&g.points[s]);
        for (int l = 0; l < NETS; l++)
            relu_net_free(&g.net[s][l]);
    }
    return run_end();
}
