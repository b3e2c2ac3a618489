// folding.c - depth folds space
//
// A ReLU net is made of flat pieces; each place where a unit switches is a
// crease between two of them. One layer can only cut the space by a line per
// unit. But two units can also fold it: |z| = R(z) + R(-z) (绝对值整流函数)
// lays mirror points (镜像点) on top of each other. What later layers do is
// then done to both halves at once, so pieces multiply with depth and only add
// up with width.
//
// Source: B, units with an absolute value and their mirror points, after
// Montufar et al. 2014; bounds: the same paper, and Zaslavsky 1975.
// Run: make folding && ./folding
// Ends with: result: deep_1d=8748 shallow_1d=32 deep_2d=704 shallow_2d=191 ...
//
// Contents: 1 a net  2 mirrors  3 folds  4 pieces on a line
//           5 pieces of a plane  6 bounds  7 tables  8 figures  9 main

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "error.h"
#include "figure.h"
#include "memory.h"
#include "rng.h"
#include "run.h"

// ---- 1. A net ---------------------------------------------------------------

enum { MAX_LAYERS = 8, MAX_WIDTH = 32 };

// One or two inputs, layers of `width` ReLUs, one output without a bias.
typedef struct {
    int inputs, layers, width;
    double w[MAX_LAYERS][MAX_WIDTH][MAX_WIDTH]; // [layer][unit][its input]
    double b[MAX_LAYERS][MAX_WIDTH];
    double v[MAX_WIDTH]; // y = sum of v_i h_i
} Net;

// How many numbers one layer takes from the one before.
static int fan_in(const Net *net, int layer) {
    return layer == 0 ? net->inputs : net->width;
}

static int net_weights(const Net *net) {
    int count = net->width;
    for (int l = 0; l < net->layers; l++)
        count += net->width * (fan_in(net, l) + 1);
    return count;
}

// y for x [inputs]. Bit l * width + i of *pattern tells whether unit i of layer
// l is on: within one pattern every unit is linear, and so is the net.
static double net_value(const Net *net, const double *x, uint64_t *pattern) {
    double h[2][MAX_WIDTH], y = 0.0;
    *pattern = 0;
    for (int l = 0; l < net->layers; l++)
        for (int i = 0; i < net->width; i++) {
            const double *in = l == 0 ? x : h[(l + 1) % 2];
            double z = net->b[l][i];
            for (int j = 0; j < fan_in(net, l); j++)
                z += net->w[l][i][j] * in[j];
            h[l % 2][i] = z > 0.0 ? z : 0.0;
            *pattern |= (uint64_t)(z > 0.0) << (l * net->width + i) % 64;
        }
    for (int i = 0; i < net->width; i++)
        y += net->v[i] * h[(net->layers + 1) % 2][i];
    return y;
}

// He's weights, and biases as large.
static void build_random(Net *net, int inputs, int layers, int width,
                         Rng *rng) {
    *net = (Net){.inputs = inputs, .layers = layers, .width = width};
    for (int l = 0; l < layers; l++)
        for (int i = 0; i < width; i++) {
            for (int j = 0; j < fan_in(net, l); j++)
                net->w[l][i][j] =
                    (double)rng_normal(rng) * sqrt(2.0 / fan_in(net, l));
            net->b[l][i] = (double)rng_normal(rng);
        }
    for (int i = 0; i < width; i++)
        net->v[i] = (double)rng_normal(rng);
}

// ---- 2. Mirrors -------------------------------------------------------------

// A neuron's weighted sum of a point of the plane.
static double weighted_sum(const double w[2], double b, const double x[2]) {
    return w[0] * x[0] + w[1] * x[1] + b;
}

// [B absolute value] |z| = R(z) + R(-z), z = w x + b
static double absolute_unit(const double w[2], double b, const double x[2]) {
    double z = weighted_sum(w, b, x);
    return fmax(0.0, z) + fmax(0.0, -z);
}

// [B mirror axis] x' = x - 2 (w x + b) w / |w|^2
// The mirror is the line w x + b = 0 (in more dimensions a hyperplane), given
// by the weights and the bias: with z for x, x' has -z.
static void mirror(double image[2], const double w[2], double b,
                   const double x[2]) {
    double z = weighted_sum(w, b, x), square = w[0] * w[0] + w[1] * w[1];
    for (int k = 0; k < 2; k++)
        image[k] = x[k] - 2.0 * z * w[k] / square;
}

// A slanted mirror that misses the origin, 3 x1 + 4 x2 - 10 = 0. Returns by how
// much the unit's output differs between three points and their images.
static double print_slanted(bool quiet) {
    static const double w[2] = {3, 4}, b = -10;
    static const double x[3][2] = {{5, 5}, {-5, 0}, {2, 1}};
    double largest = 0.0;
    if (!quiet)
        printf("A unit |z|, z = 3 x1 + 4 x2 - 10: its mirror is the line "
               "z = 0\n\n           x     z   |z|      image     z   |z|\n");
    for (int i = 0; i < 3; i++) {
        double image[2], y = absolute_unit(w, b, x[i]);
        mirror(image, w, b, x[i]);
        double there = absolute_unit(w, b, image);
        largest = fmax(largest, fabs(y - there));
        if (!quiet)
            printf("    (%2g, %2g) %5g %5g   (%2g, %2g) %5g %5g\n", x[i][0],
                   x[i][1], weighted_sum(w, b, x[i]), y, image[0], image[1],
                   weighted_sum(w, b, image), there);
    }
    if (!quiet)
        printf("\n");
    return largest;
}

// The mirrors x_k = 0, from weights 1 and -1 and bias 0: |x_k| for each input,
// and then random layers that see only these. Mirror points give one output.
static void build_mirror(Net *net, int inputs, Rng *rng) {
    build_random(net, inputs, 3, 2 * inputs, rng);
    for (int i = 0; i < net->width; i++) {
        for (int k = 0; k < inputs; k++)
            net->w[0][i][k] = k != i / 2 ? 0.0 : i % 2 == 0 ? 1.0 : -1.0;
        net->b[0][i] = 0.0;
        for (int k = 0; k < inputs; k++)
            net->w[1][i][2 * k + 1] = net->w[1][i][2 * k];
    }
}

// ---- 3. Folds ---------------------------------------------------------------

// Adds factor * u_k to unit i of a layer, where u is the folded point. Before
// any fold u is the input. After a fold of p units per input it is their
// zigzag, up and down p times: R(pu) - 2 R(pu - 1) + 2 R(pu - 2) - ...
static void add_coordinate(Net *net, int layer, int i, int k, double factor) {
    int p = net->width / net->inputs;
    if (layer == 0)
        net->w[0][i][k] += factor;
    else
        for (int j = 0; j < p; j++)
            net->w[layer][i][k * p + j] += factor * (j == 0       ? 1.0
                                                     : j % 2 == 1 ? -2.0
                                                                  : 2.0);
}

// The last layer cuts the folded square [0, 1]^inputs, each unit once. On a
// line the cuts are evenly spaced; the first unit looks left, the others right.
// In the plane the lines touch a deltoid, a triangle with hollow sides: that
// way each two of them cross inside the square, and never three in one point.
static void cut(Net *net) {
    int last = net->layers - 1, n = net->width;
    for (int i = 0; i < n; i++) {
        if (net->inputs == 1) {
            double side = i == 0 ? -1.0 : 1.0;
            add_coordinate(net, last, i, 0, side);
            net->b[last][i] = -side * (i + 1.0) / (n + 1.0);
        } else {
            double angle = acos(-1.0) * (i + 0.5) / n;
            double c = cos(angle), s = sin(angle);
            add_coordinate(net, last, i, 0, c);
            add_coordinate(net, last, i, 1, s);
            net->b[last][i] = 0.15 * sin(3.0 * angle) - 0.5 * (c + s);
        }
        net->v[i] = i < 2 ? 1.0 : i % 2 == 0 ? -2.0 : 2.0;
    }
}

// [Montufar 2014] u <- R(pu) - 2 R(pu - 1) + 2 R(pu - 2) - ...
// All layers but the last fold: each input is laid into p = width / inputs
// sheets. Unit j of input k is R(p u_k - j), for j = 0 .. p - 1;
// add_coordinate adds them up.
static void build_folding(Net *net, int inputs, int layers, int width) {
    *net = (Net){.inputs = inputs, .layers = layers, .width = width};
    int p = width / inputs;
    for (int l = 0; l < layers - 1; l++)
        for (int i = 0; i < width; i++) {
            add_coordinate(net, l, i, i / p, p);
            net->b[l][i] = -(i % p);
        }
    cut(net);
}

// ---- 4. Pieces on a line ----------------------------------------------------

// On a stretch where no unit switches, each unit is slope * x + intercept.
typedef struct {
    double slope, intercept;
} Line;

typedef struct {
    int count; // pieces so far, neighbors on one line counted as one
    Line last;
} Pieces;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Lines z [width] of a layer's units before the ReLU, and where in (left,
// right) they cross zero, in order; returns how many do.
static int find_creases(double crease[MAX_WIDTH], Line z[MAX_WIDTH],
                        const Net *net, int layer, const Line *in, double left,
                        double right) {
    int count = 0;
    double margin = 1e-9 * (right - left); // rounding is no crease
    for (int i = 0; i < net->width; i++) {
        z[i] = (Line){0.0, net->b[layer][i]};
        for (int j = 0; j < fan_in(net, layer); j++) {
            z[i].slope += net->w[layer][i][j] * in[j].slope;
            z[i].intercept += net->w[layer][i][j] * in[j].intercept;
        }
        double x = -z[i].intercept / z[i].slope;
        if (x > left + margin && x < right - margin) // false if NaN
            crease[count++] = x;
    }
    qsort(crease, (size_t)count, sizeof *crease, by_size);
    return count;
}

// Walks from left to right through the pieces: a layer's creases cut the
// stretch into parts, and in each part the next layer's cut again.
static void walk(Pieces *pieces, const Net *net, int layer, const Line *in,
                 double left, double right) {
    if (layer == net->layers) {
        Line y = {0.0, 0.0};
        for (int i = 0; i < net->width; i++) {
            y.slope += net->v[i] * in[i].slope;
            y.intercept += net->v[i] * in[i].intercept;
        }
        double change = fabs(y.slope - pieces->last.slope);
        if (pieces->count == 0 || change > 1e-6 * (1.0 + fabs(y.slope)))
            pieces->count++;
        pieces->last = y;
        return;
    }
    double crease[MAX_WIDTH + 1], begin = left;
    Line z[MAX_WIDTH], h[MAX_WIDTH];
    int creases = find_creases(crease, z, net, layer, in, left, right);
    crease[creases] = right;
    for (int c = 0; c <= creases; c++) {
        double middle = (begin + crease[c]) / 2.0;
        for (int i = 0; i < net->width; i++) {
            bool on = z[i].slope * middle + z[i].intercept > 0.0;
            h[i] = on ? z[i] : (Line){0.0, 0.0};
        }
        walk(pieces, net, layer + 1, h, begin, crease[c]);
        begin = crease[c];
    }
}

// The linear pieces of a net of one input on [left, right], exactly.
static int count_on_line(const Net *net, double left, double right) {
    Pieces pieces = {0};
    const Line x = {1.0, 0.0};
    walk(&pieces, net, 0, &x, left, right);
    return pieces.count;
}

// ---- 5. Pieces of a plane ---------------------------------------------------

static int by_pattern(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

// Distinct patterns of a net of two inputs at grid x grid points of [0, 1]^2: a
// piece so thin that it slips between the points is missed.
static int count_on_grid(const Net *net, int grid) {
    REQUIRE(net->inputs == 2 && net->layers * net->width <= 64,
            "%d inputs, %d units", net->inputs, net->layers * net->width);
    uint64_t *seen = mem_alloc((size_t)(grid * grid), sizeof *seen);
    int count = 0, distinct = 0;
    for (int i = 0; i < grid * grid; i++) {
        double x[2] = {(i % grid + 0.5) / grid, (i / grid + 0.5) / grid};
        uint64_t pattern;
        net_value(net, x, &pattern);
        if (count == 0 || seen[count - 1] != pattern) // most have a twin
            seen[count++] = pattern;
    }
    qsort(seen, (size_t)count, sizeof *seen, by_pattern);
    for (int i = 0; i < count; i++)
        distinct += i == 0 || seen[i] != seen[i - 1];
    mem_free(seen);
    return distinct;
}

// ---- 6. Bounds --------------------------------------------------------------

// n lines cut a plane, n points a line, into at most this many parts: the sum
// of n over j for j = 0 .. inputs (Zaslavsky 1975). One layer cannot do more.
static long shallow_bound(int inputs, int n) {
    return 1 + n + (inputs == 2 ? n * (n - 1) / 2 : 0);
}

// The best net of this shape has at least so many pieces (Montufar et al.
// 2014): (width / inputs)^(inputs (layers - 1)) times the last layer's.
static long folding_bound(int inputs, int layers, int width) {
    long bound = shallow_bound(inputs, width);
    for (int i = 0; i < inputs * (layers - 1); i++)
        bound *= width / inputs;
    return bound;
}

// ---- 7. Tables --------------------------------------------------------------

// Width and depth of the two tables, and how the pieces are counted.
static const struct {
    int width, layers;
} shape[3] = {[1] = {3, 8}, [2] = {4, 4}};
enum { STARTS = 20, GRID_POINTS = 600 };

static int count_pieces(const Net *net) {
    return net->inputs == 1 ? count_on_line(net, 0.0, 1.0)
                            : count_on_grid(net, GRID_POINTS);
}

typedef struct {
    int weights, units; // units: of one layer with as many weights
    int deep, shallow;  // pieces counted
    double random;      // mean of STARTS random deep nets, on [-10, 10]
} Row;

static Row count_row(int inputs, int layers, Rng *rng) {
    Net deep, shallow, random;
    build_folding(&deep, inputs, layers, shape[inputs].width);
    Row row = {.weights = net_weights(&deep), .deep = count_pieces(&deep)};
    row.units = row.weights / (inputs + 2); // inputs, bias and v of each
    build_folding(&shallow, inputs, 1, row.units);
    row.shallow = count_pieces(&shallow);
    for (int i = 0; i < STARTS && inputs == 1; i++) {
        build_random(&random, 1, layers, deep.width, rng);
        row.random += (double)count_on_line(&random, -10.0, 10.0) / STARTS;
    }
    return row;
}

static void print_rows(int inputs, const Row *row) {
    int width = shape[inputs].width;
    printf("Linear pieces %s: layers of %d units beside one wide layer\n\n"
           "                 deep and thin: pieces        shallow and wide\n"
           "  layers weights     bound   folded%s     units   bound  counted\n",
           inputs == 1 ? "on a line" : "of a plane", width,
           inputs == 1 ? "  random" : "        ");
    for (int l = 1; l <= shape[inputs].layers; l++, row++) {
        printf("  %6d %7d %9ld %8d", l, row->weights,
               folding_bound(inputs, l, width), row->deep);
        printf(inputs == 1 ? " %7.1f" : "        ", row->random);
        printf("  %8d %7ld %8d\n", row->units,
               shallow_bound(inputs, row->units), row->shallow);
    }
    printf("\n");
}

// The largest difference of a net's output between mirror points: of a line's
// two, (-0.7) and (0.7), and of the plane's four, (+-0.7, +-0.2).
static double print_mirror(Rng *rng, bool quiet) {
    Net net;
    uint64_t pattern;
    double largest = 0.0;
    if (!quiet)
        printf("|x_k| = R(x_k) + R(-x_k), then random layers: mirror points "
               "give one output\n\n");
    for (int inputs = 1; inputs <= 2; inputs++) {
        build_mirror(&net, inputs, rng);
        double first = net_value(&net, (double[]){0.7, 0.2}, &pattern);
        for (int i = 0; i < 2 * inputs; i++) {
            double x[2] = {i % 2 ? -0.7 : 0.7, i / 2 ? -0.2 : 0.2};
            double y = net_value(&net, x, &pattern);
            largest = fmax(largest, fabs(y - first));
            if (!quiet && inputs == 1)
                printf("  f(%4.1f) = %.6f%s", x[0], y, i % 2 ? "\n" : "      ");
            else if (!quiet)
                printf("  f(%4.1f, %4.1f) = %.6f%s", x[0], x[1], y,
                       i % 2 ? "\n" : "");
        }
    }
    if (!quiet)
        printf("\n");
    return largest;
}

// ---- 8. Figures -------------------------------------------------------------

static void draw_line(const Row *row, const char *format) {
    Figure f;
    Net net[3];
    if (!figure_open(&f, "ch02", "folding", format))
        return;
    figure_title(&f, "Linear pieces multiply with depth and only add up with "
                     "width");
    figure_caption(&f,
                   "Folding nets of one, two and three layers on [0, 1]; last, "
                   "how many pieces a number of weights makes in up to %d "
                   "layers, in random nets and in one wide layer.",
                   shape[1].layers);
    figure_grid(&f, 2);
    figure_table(&f, "x,1 layer,2 layers,3 layers");
    for (int l = 0; l < 3; l++)
        build_folding(&net[l], 1, l + 1, shape[1].width);
    for (int i = 0; i <= 1080; i++) { // a multiple of 36: no corner is cut off
        double x = i / 1080.0, y[3];
        uint64_t pattern;
        for (int l = 0; l < 3; l++)
            y[l] = net_value(&net[l], &x, &pattern);
        figure_row(&f, x, y[0], y[1], y[2]);
    }
    for (int l = 0; l < 3; l++) {
        figure_panel(&f,
                     l == 0 ? "%d layer of %d units: %d pieces"
                            : "%d layers of %d units: %d pieces",
                     l + 1, shape[1].width, row[l].deep);
        figure_x(&f, "x");
        figure_y(&f, "y");
        figure_range(&f, 'y', 0.0, (double)NAN);
        figure_pen(&f, (Pen){.color = PEN_BLUE});
        figure_lines(&f, 1, l + 2, "");
    }

    figure_panel(&f, "With the same number of weights");
    figure_table(&f, "weights,folded,random,one layer");
    for (int l = 0; l < shape[1].layers; l++)
        figure_row(&f, row[l].weights, row[l].deep, row[l].random,
                   row[l].shallow);
    figure_x(&f, "weights");
    figure_y(&f, "pieces");
    figure_log(&f, 'y');
    figure_range(&f, 'y', 1.0, 20000.0);
    figure_linespoints(&f, 1, 2, "folded");
    figure_linespoints(&f, 1, 3, "random");
    figure_linespoints(&f, 1, 4, "one layer");
    figure_close(&f);
}

enum { SIDE = 200 };

// The output, scaled to 0 .. 0.5; 1 where the pattern changes to the next
// cell's on the right or below.
static void write_plane(Figure *f, const Net *net) {
    static uint64_t pattern[SIDE + 1][SIDE + 1];
    static double y[SIDE + 1][SIDE + 1];
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (int i = 0; i <= SIDE; i++)
        for (int j = 0; j <= SIDE; j++) {
            double x[2] = {(j + 0.5) / SIDE, (i + 0.5) / SIDE};
            y[i][j] = net_value(net, x, &pattern[i][j]);
            least = fmin(least, y[i][j]);
            most = fmax(most, y[i][j]);
        }
    figure_table(f, "x1,x2,y");
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            bool edge = pattern[i][j] != pattern[i][j + 1] ||
                        pattern[i][j] != pattern[i + 1][j];
            double shade = 0.5 * (y[i][j] - least) / (most - least);
            figure_row(f, (j + 0.5) / SIDE, (i + 0.5) / SIDE,
                       edge ? 1.0 : shade);
        }
    figure_heat(f, 1, 2, 3, HEAT_BLUES, 0.0, 1.0);
}

static void draw_plane(const Row *row, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "folding_2d", format))
        return;
    figure_title(&f, "%d weights make %d pieces in three layers, %d in one",
                 row[2].weights, row[2].deep, row[2].shallow);
    figure_caption(&f, "The unit square cut into pieces on which the net is "
                       "linear, lines being their edges; the stronger the "
                       "color, the larger the output.");
    figure_grid(&f, 2);
    figure_share(&f);
    for (int i = 0; i < 4; i++) {
        Net net;
        if (i < 3)
            build_folding(&net, 2, i + 1, shape[2].width);
        else
            build_folding(&net, 2, 1, row[2].units);
        figure_panel(&f,
                     net.layers == 1 ? "%d layer of %d units: %d pieces"
                                     : "%d layers of %d units: %d pieces",
                     net.layers, net.width,
                     i == 3 ? row[2].shallow : row[i].deep);
        figure_x(&f, "x₁");
        figure_y(&f, "x₂");
        figure_square(&f);
        write_plane(&f, &net);
    }
    figure_close(&f);
}

// ---- 9. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    cli_parse(&o, "folding",
              "Mirrors points in an absolute value, then counts the linear "
              "pieces of ReLU nets, deep and thin against shallow and wide, on "
              "a line and in the plane.",
              NULL, 0, argc, argv);
    Rng rng;
    Row row[3][MAX_LAYERS];
    rng_seed(&rng, o.seed);
    double slanted = print_slanted(o.quiet);
    double difference = fmax(slanted, print_mirror(&rng, o.quiet));
    for (int inputs = 1; inputs <= 2; inputs++) {
        for (int l = 0; l < shape[inputs].layers; l++)
            row[inputs][l] = count_row(inputs, l + 1, &rng);
        if (!o.quiet)
            print_rows(inputs, row[inputs]);
    }
    draw_line(row[1], o.plot);
    draw_plane(row[2], o.plot);
    run_result("deep_1d=%d shallow_1d=%d deep_2d=%d shallow_2d=%d "
               "random_1d=%.1f mirror_difference=%g seed=%llu",
               row[1][7].deep, row[1][7].shallow, row[2][3].deep,
               row[2][3].shallow, row[1][7].random, difference,
               (unsigned long long)o.seed);
    return run_end();
}
