// conv_speed.c - the loops as they are defined and as they are computed
//
// A convolutional layer is six nested loops around one multiplication, and that
// is how conv_ref.c writes it down. conv.c computes the same sums as a matrix
// product (矩阵乘法): a tile of outputs stays in the processor's registers
// while its products are added up, many at once. Only the order of the
// additions is another, so the two differ by rounding and by nothing else.
//
// Source: C, convolution operations; common/README.md shows the fast form.
// Run: make conv_speed && ./conv_speed
// Ends with: result: rounding=0.08.. faster=.. kernel=avx512 seed=1
//
// Contents: 1 layers  2 equal to rounding  3 the race  4 chart  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "conv.h"
#include "figure.h"
#include "kernels.h"
#include "progress.h"
#include "rng.h"
#include "run.h"

// ---- 1. Layers --------------------------------------------------------------

typedef struct {
    const char *name;
    int N, C, size, O, kernel, padding;
} Layer;

static const Layer layers[] = {
    {"LeNet conv1", 32, 1, 28, 20, 5, 2},
    {"LeNet conv2", 32, 20, 14, 50, 5, 0},
    {"64 to 64, 3 x 3", 32, 64, 7, 64, 3, 1},
};
enum { LAYERS = sizeof layers / sizeof *layers };

typedef struct {
    double gflop, naive, fast;   // work; seconds
    double difference, rounding; // the largest; in parts of what is allowed
} Race;

// ---- 2. Equal to rounding ---------------------------------------------------

// Noise, or the sizes of what is there.
static void fill(Tensor *t, Rng *rng) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = rng != NULL ? rng_normal(rng) : fabsf(t->data[i]);
}

// Two sums of the same k products in float32, in whatever order, differ by at
// most (k + 2) eps times the sum of the products' sizes, eps = 2^-23.
static void compare(Race *r, const Tensor *slow, const Tensor *fast,
                    const Tensor *sizes, int k) {
    for (size_t i = 0; i < slow->size; i++) {
        double apart = fabs((double)slow->data[i] - (double)fast->data[i]);
        double allowed = (k + 2) * 0x1p-23 * (double)sizes->data[i];
        r->difference = fmax(r->difference, apart);
        r->rounding = fmax(r->rounding, apart / allowed);
    }
}

// ---- 3. The race ------------------------------------------------------------

// The six loops of conv_ref.c against conv.c, on noise.
static Race race(const Layer *l, Rng *rng) {
    Race r = {.fast = HUGE_VAL};
    Conv2d conv = {.padding = l->padding};
    Tensor x = {0}, w = {0}, b = {0}, slow = {0}, fast = {0}, sizes = {0};
    Tensor *all[] = {&x, &w, &b, &slow, &fast, &sizes};
    int k = l->C * l->kernel * l->kernel;
    tensor_resize(&x, 4, l->N, l->C, l->size, l->size);
    tensor_resize(&w, 4, l->O, l->C, l->kernel, l->kernel);
    tensor_resize(&b, 1, l->O);
    for (int i = 0; i < 3; i++)
        fill(all[i], rng);
    double start = seconds_now();
    conv2d_ref_forward(&slow, &x, &w, &b, 1, l->padding);
    r.naive = seconds_now() - start;
    for (int run = 0; run < 5; run++) { // the first one has to find memory
        start = seconds_now();
        conv2d_forward(&conv, &fast, &x, &w, &b);
        r.fast = fmin(r.fast, seconds_now() - start);
    }
    for (int i = 0; i < 3; i++)
        fill(all[i], NULL);
    start = seconds_now();
    conv2d_ref_forward(&sizes, &x, &w, &b, 1, l->padding);
    r.naive = fmin(r.naive, seconds_now() - start);
    compare(&r, &slow, &fast, &sizes, k + 1); // and the bias
    r.gflop = 2e-9 * k * (double)slow.size;
    for (int i = 0; i < 6; i++)
        tensor_free(all[i]);
    conv2d_free(&conv);
    return r;
}

static void print_races(const Race *r) {
    printf("The loops as they are defined, and as they are computed:\n\n"
           "  %-16s %9s %9s %7s %11s %11s\n",
           "layer", "naive", "fast", "faster", "difference", "of allowed");
    for (int i = 0; i < LAYERS; i++)
        printf("  %-16s %6.1f ms %6.2f ms %6.0fx %11.1e %11.3f\n",
               layers[i].name, 1e3 * r[i].naive, 1e3 * r[i].fast,
               r[i].naive / r[i].fast, r[i].difference, r[i].rounding);
    printf("\nSums in another order are rounded otherwise: allowed is "
           "(k + 2) eps sum |w x|\nfor k products. Times are of this run, on "
           "one core.\n\n");
}

// ---- 4. Chart ---------------------------------------------------------------

static void draw(const Race *r, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "conv_speed", format))
        return;
    double slow = 0.0, fast = 0.0;
    figure_table(&f, "row,six loops (conv_ref.c),fast (conv.c)");
    for (int i = 0; i < LAYERS; i++) {
        slow += r[i].naive;
        fast += r[i].fast;
        figure_row(&f, i, r[i].gflop / r[i].naive, r[i].gflop / r[i].fast);
        figure_tick(&f, 'y', i, "%s", layers[i].name);
    }
    figure_title(&f,
                 "As a matrix product the same sums take 1/%.0f of the six "
                 "loops' time",
                 slow / fast);
    figure_caption(&f, "Each layer's speed in both forms on one core; the x "
                       "axis is logarithmic.");
    figure_panel_size(&f, 480, 170);
    figure_x(&f, "speed (GFLOP/s)");
    figure_log(&f, 'x');
    figure_range(&f, 'y', LAYERS - 0.5, -0.5);
    figure_pen(&f, (Pen){.size = 1.6});
    figure_points(&f, 2, 1, "six loops (conv_ref.c)");
    figure_pen(&f, (Pen){.size = 1.6});
    figure_points(&f, 3, 1, "matrix product (conv.c)");
    figure_values(&f, 2, 1, 2, "%.1f", 14.0);
    figure_values(&f, 3, 1, 3, "%.0f", 14.0);
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one core against one core: the six loops know nothing of threads
    CommonOptions o = {.seed = 1, .threads = 1};
    cli_parse(&o, "conv_speed",
              "The six loops of a convolution against the fast form of the "
              "library: equal to rounding, and how many times as fast.",
              NULL, 0, argc, argv);
    Rng rng;
    Race races[LAYERS];
    double rounding = 0.0, naive = 0.0, fast = 0.0;
    rng_seed(&rng, o.seed);
    for (int i = 0; i < LAYERS; i++) {
        races[i] = race(&layers[i], &rng);
        rounding = fmax(rounding, races[i].rounding);
        naive += races[i].naive;
        fast += races[i].fast;
    }
    if (!o.quiet)
        print_races(races);
    draw(races, o.plot);
    run_result("rounding=%.4f faster=%.1f kernel=%s seed=%llu", rounding,
               naive / fast, kernels()->name, (unsigned long long)o.seed);
    return run_end();
}
