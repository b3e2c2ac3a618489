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
// Contents: 1 data  2 model  3 training  4 the best line  5 charts  6 main

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "chart.h"
#include "cli.h"
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

// ---- 5. Charts --------------------------------------------------------------

// Everything that is drawn: per data set its points and three trained nets.
typedef struct {
    Points points[SETS];
    ReluNet net[SETS][NETS];  // with 0, 1, 2 hidden layers
    double right[SETS][NETS]; // on fresh points
    double best_line[SETS];   // likewise
} Playground;

enum { SIDE = 61 }; // a map has 61 x 61 cells

// What unit `unit` of layer `layer` puts out all over the plane, as a block of
// the chart's CSV: the last layer's output through the sigmoid, a hidden unit's
// relative to its largest.
static void write_map(Chart *chart, ReluNet *net, int layer, int unit) {
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
    chart_columns(chart, "x,y,output");
    for (int i = 0; i < SIDE * SIDE; i++) {
        float out = y->data[i * y->shape[1] + unit];
        out = last ? 1.0f / (1.0f + expf(-out)) : out / largest;
        chart_row(chart, 3, (double)grid.data[2 * i],
                  (double)grid.data[2 * i + 1], (double)out);
    }
    chart_break(chart);
    chart_break(chart);
    tensor_free(&grid);
}

static void write_points(Chart *chart, const Points *p) {
    chart_columns(chart, "x,y,class");
    for (int n = 0; n < p->x.shape[0]; n++)
        chart_row(chart, 3, (double)p->x.data[2 * n],
                  (double)p->x.data[2 * n + 1], (double)p->t.data[n]);
    chart_break(chart);
    chart_break(chart);
}

// A sheet of rows x columns small maps, all of the same square of the plane, up
// to `top` of the picture's height and `gap` apart.
static void start_sheet(Chart *chart, int rows, int columns, double top,
                        double gap, const char *title) {
    chart_script(chart,
                 "unset key; unset colorbox; unset grid; set cbrange [0:1]\n"
                 "set border 15; set tics scale 0 format ''; set size ratio 1\n"
                 "set xrange [-3.2:3.2]; set yrange [-3.2:3.2]\n"
                 "set multiplot layout %d,%d title '%s' "
                 "margins 0.04,0.99,0.02,%g spacing 0.01,%g\n",
                 rows, columns, title, top, gap);
}

// Block `map` of the CSV with the points of block `points` on top.
static void draw_map(Chart *chart, int map, int points, double point_size) {
    const char *style[] = {"pt 7 lc rgb '#0072b2'", "pt 9 lc rgb '#5a2600'"};
    chart_script(chart, "plot DATA index %d using 1:2:3 with image", map);
    for (int t = 0; t < 2; t++)
        chart_script(chart,
                     ", \\\n  DATA index %d using ($3 == %d ? $1 : NaN):2 "
                     "with points ps %g %s",
                     points, t, point_size, style[t]);
    chart_script(chart, "\n");
}

// Blue where the output says class 0, orange for class 1, paler where it is
// less sure; the boundary is the step between them.
static void draw_regions(Playground *g, const char *format) {
    static const char *const row[NETS] = {"one neuron", "8 hidden units",
                                          "8 + 8 hidden units"};
    Chart chart;
    if (!chart_open(&chart, "ch02", "playground_regions", format))
        return;
    chart_size(&chart, 1000, 720);
    start_sheet(&chart, NETS, SETS, 0.89, 0.06,
                "What one neuron, one and two hidden layers tell apart");
    chart_script(&chart, "set palette defined (0 '#7fb8d8', 0.499 '#e5f1f8', "
                         "0.501 '#fdf1d9', 1 '#f2cf80')\n");
    for (int s = 0; s < SETS; s++)
        write_points(&chart, &g->points[s]);
    for (int l = 0; l < NETS; l++)
        for (int s = 0; s < SETS; s++) {
            write_map(&chart, &g->net[s][l], l, 0);
            chart_script(&chart, "set title '%s: %.0f %%'; set ylabel '%s'\n",
                         s == POLAR ? "(r, θ)" : set_name[s],
                         100.0 * g->right[s][l], s == 0 ? row[l] : "");
            draw_map(&chart, SETS + l * SETS + s, s, 0.35);
        }
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
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
    Chart chart;
    if (!chart_open(&chart, "ch02", "playground_units", format))
        return;
    chart_size(&chart, 1000, 450);
    start_sheet(&chart, 3, HIDDEN, 0.91, 0.03,
                "Where each hidden unit answers: in the first layer beyond a "
                "line, in the second beyond a bent one");
    chart_script(&chart, "set palette defined (0 'white', 0.001 '#ece3f0', "
                         "1 '#a06fae')\n");
    write_points(&chart, &g->points[CIRCLE]);
    write_points(&chart, &g->points[SPIRALS]);
    for (int r = 0; r < 3; r++)
        for (int u = 0; u < HIDDEN; u++) {
            ReluNet *net = &g->net[row[r].set][row[r].hidden];
            write_map(&chart, net, row[r].layer, u);
            chart_script(&chart, "set ylabel '%s'\n",
                         u == 0 ? row[r].label : "");
            draw_map(&chart, 2 + r * HIDDEN + u, row[r].set == SPIRALS, 0.15);
        }
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
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
