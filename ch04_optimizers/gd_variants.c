// gd_variants.c - how many samples per step? (批量、随机、小批量梯度下降)
//
// The gradient of the loss is a mean over all samples. Batch gradient descent
// computes the whole mean for one good step; stochastic gradient descent takes
// one sample and steps at once, in a direction that is right on average only;
// mini-batches are the compromise, and come nearest to the minimum in the same
// number of passes. A mean over n samples costs n times as much, but its noise
// falls only with the square root of n.
//
// Source: B and C, gradient descent: batch, stochastic, mini-batch.
// Run: make gd_variants && ./gd_variants
// Ends with: result: batch_loss=1.07819 minibatch_loss=0.44829 ...
//
// Try: --batch 4 or 64; --lr 0.01 (which of the three gains from it?).
//
// Contents: 1 samples  2 loss and gradient  3 the three variants  4 noise and
//           cost  5 figures  6 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "error.h"
#include "memory.h"
#include "progress.h"
#include "rng.h"
#include "run.h"
#include "surfaces.h"

// ---- 1. Samples -------------------------------------------------------------

enum { N = 256, WEIGHTS = 2 };
enum { SLOPE, SHIFT };

// Points near the line t = 2 x - 1.
typedef struct {
    double x[N], t[N];
} Samples;

static void samples_draw(Samples *s, Rng *rng) {
    for (int n = 0; n < N; n++) {
        s->x[n] = 4.0 * (double)rng_uniform(rng) - 1.0;
        s->t[n] = 2.0 * s->x[n] - 1.0 + (double)rng_normal(rng);
    }
}

// ---- 2. Loss and gradient ---------------------------------------------------

// The mean over the samples index[0 .. count-1] of L = (w x + b - t)^2 / 2, and
// of its gradient.
static double loss_and_gradient(double g[WEIGHTS], const Samples *s,
                                const int *index, int count,
                                const double w[WEIGHTS]) {
    double loss = 0.0;
    g[SLOPE] = g[SHIFT] = 0.0;
    for (int i = 0; i < count; i++) {
        int n = index[i];
        double error = w[SLOPE] * s->x[n] + w[SHIFT] - s->t[n];
        loss += 0.5 * error * error / count;
        g[SLOPE] += error * s->x[n] / count;
        g[SHIFT] += error / count;
    }
    return loss;
}

static void all_of_them(int index[N]) {
    for (int n = 0; n < N; n++)
        index[n] = n;
}

static double whole_loss(const Samples *s, const double w[WEIGHTS]) {
    int index[N];
    double g[WEIGHTS];
    all_of_them(index);
    return loss_and_gradient(g, s, index, N, w);
}

// The lowest point of the bowl: where both mean gradients are zero.
static void least_squares(double w[WEIGHTS], const Samples *s) {
    double x = 0.0, t = 0.0, xx = 0.0, xt = 0.0;
    for (int n = 0; n < N; n++) {
        x += s->x[n] / N;
        t += s->t[n] / N;
        xx += s->x[n] * s->x[n] / N;
        xt += s->x[n] * s->t[n] / N;
    }
    w[SLOPE] = (xt - x * t) / (xx - x * x);
    w[SHIFT] = t - w[SLOPE] * x;
}

// ---- 3. The three variants --------------------------------------------------

typedef struct {
    const char *name;
    int batch; // samples per step
    int steps;
    double *path;     // [steps + 1, 2]
    double last_loss; // of all samples, mean over the steps of the last epoch
} Descent;

// [B gradient descent] w <- w - lr dL/dw, L the mean over n samples
// [C batch] n = N
// [C stochastic] n = 1
// [C mini-batch] n = batch_size, between the two
static void descend(Descent *d, const Samples *s, int epochs, double lr,
                    Rng *rng) {
    int index[N], count = 0, per_epoch = (N + d->batch - 1) / d->batch;
    double w[WEIGHTS] = {-1.0, 2.0}, g[WEIGHTS];
    d->steps = epochs * per_epoch;
    d->path = mem_alloc((size_t)(d->steps + 1) * WEIGHTS, sizeof *d->path);
    all_of_them(index);
    for (int epoch = 1; epoch <= epochs; epoch++) {
        rng_shuffle(rng, index, N);
        for (int first = 0; first < N; first += d->batch) {
            int n = first + d->batch <= N ? d->batch : N - first;
            d->path[count * 2 + SLOPE] = w[SLOPE];
            d->path[count++ * 2 + SHIFT] = w[SHIFT];
            double loss = loss_and_gradient(g, s, index + first, n, w);
            if (!isfinite(loss))
                die("%s: the loss became infinite in step %d: try a smaller "
                    "--lr",
                    d->name, count);
            w[SLOPE] -= lr * g[SLOPE];
            w[SHIFT] -= lr * g[SHIFT];
            if (epoch == epochs)
                d->last_loss += whole_loss(s, w) / per_epoch;
        }
    }
    d->path[count * 2 + SLOPE] = w[SLOPE];
    d->path[count * 2 + SHIFT] = w[SHIFT];
}

// ---- 4. Noise and cost ------------------------------------------------------

enum { SIZES = 9, DRAWS = 2000 }; // batches of 1, 2, 4, .. 256

typedef struct {
    int batch;
    double noise;  // root of the mean of |gradient - true gradient|^2
    double theory; // what statistics expects
    double cost;   // microseconds per gradient, the quickest
} Noise;

// Where the paths begin, over many random batches. Without replacement, the
// noise of a mean of n is  sigma sqrt((N - n) / (n (N - 1)))  with sigma that
// of one sample.
static void measure(Noise noise[SIZES], const Samples *s, Rng *rng) {
    const double w[WEIGHTS] = {-1.0, 2.0};
    int index[N];
    double truth[WEIGHTS], g[WEIGHTS], sigma2 = 0.0;
    all_of_them(index);
    loss_and_gradient(truth, s, index, N, w);
    for (int n = 0; n < N; n++) {
        loss_and_gradient(g, s, &index[n], 1, w);
        sigma2 += (pow(g[0] - truth[0], 2) + pow(g[1] - truth[1], 2)) / N;
    }
    for (int k = 0; k < SIZES; k++) {
        int n = 1 << k;
        double sum = 0.0, seconds = (double)INFINITY;
        for (int i = 0; i < DRAWS; i++) {
            rng_shuffle(rng, index, N);
            double start = seconds_now();
            loss_and_gradient(g, s, index, n, w);
            seconds = fmin(seconds, seconds_now() - start);
            sum += pow(g[0] - truth[0], 2) + pow(g[1] - truth[1], 2);
        }
        noise[k] = (Noise){.batch = n,
                           .noise = sqrt(sum / DRAWS),
                           .theory = sqrt(sigma2 * (N - n) / (n * (N - 1.0))),
                           .cost = 1e6 * seconds};
    }
}

static void print_tables(const Descent d[3], const Noise noise[SIZES],
                         int epochs, double least) {
    printf("The same %d passes over %d samples, least possible loss %.4f:\n\n"
           "  %-12s %9s %7s   loss above the least, in the last pass\n",
           epochs, N, least, "", "per step", "steps");
    for (int k = 0; k < 3; k++)
        printf("  %-12s %9d %7d   %.5f\n", d[k].name, d[k].batch, d[k].steps,
               d[k].last_loss - least);
    printf("\nThe gradient at the start, from random batches:\n\n  %7s %12s "
           "%12s %14s\n",
           "samples", "noise", "in theory", "us per step");
    for (int k = 0; k < SIZES; k++)
        printf("  %7d %12.4f %12.4f %14.2f\n", noise[k].batch, noise[k].noise,
               noise[k].theory, noise[k].cost);
    printf("\n");
}

// ---- 5. Figures -------------------------------------------------------------

static double log_loss(const void *context, double w, double b) {
    const Samples *s = context;
    return log10(whole_loss(s, (const double[]){w, b}));
}

static void draw_paths(const Descent d[3], const Samples *s, int epochs,
                       const char *format) {
    const double range[2][2] = {{-1.6, 3.6}, {-3.2, 2.6}};
    Figure f;
    if (!figure_open(&f, "ch04", "gd_variants_paths", format))
        return;
    figure_title(&f,
                 "The fewer samples per step, the more steps in %d epochs, "
                 "and the noisier",
                 epochs);
    figure_caption(&f, "All paths begin at the black point and see the same "
                       "samples; darker is a higher loss.");
    figure_share(&f);
    SurfaceMap map = surface_map(&f, log_loss, s, range);
    for (int k = 0; k < 3; k++) {
        figure_panel(&f, "%s, %d per step: %d steps", d[k].name, d[k].batch,
                     d[k].steps);
        figure_x(&f, "slope w");
        figure_y(&f, "bias b");
        surface_show(&f, &map);
        figure_table(&f, "w,b");
        for (int i = 0; i <= d[k].steps; i++)
            figure_row(&f, d[k].path[2 * i], d[k].path[2 * i + 1]);
        surface_path(&f, d[k].steps < 500 ? 0.5 : 0.2);
    }
    figure_close(&f);
}

static void draw_noise(const Noise noise[SIZES], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "gd_variants_noise", format))
        return;
    figure_title(&f,
                 "A 16-sample gradient has %.0f %% of one sample's noise at "
                 "%.1f times the time",
                 100.0 * noise[4].noise / noise[0].noise,
                 noise[4].cost / noise[0].cost);
    figure_caption(
        &f,
        "Points are measured, the line is theory: noise falls as one over the "
        "square root of the number of samples. All %d together have none.",
        N);

    figure_panel(&f, "Noise of the gradient");
    figure_table(&f, "samples,measured,theory");
    for (int k = 0; k < SIZES - 1; k++) // 0 cannot stand on a log axis
        figure_row(&f, noise[k].batch, noise[k].noise, noise[k].theory);
    figure_x(&f, "samples per step");
    figure_y(&f, "distance from the true gradient");
    figure_log(&f, 'x');
    figure_log(&f, 'y');
    figure_lines(&f, 1, 3, "");
    figure_points(&f, 1, 2, "");

    figure_panel(&f, "Time per step");
    figure_table(&f, "samples,microseconds");
    for (int k = 0; k < SIZES; k++)
        figure_row(&f, noise[k].batch, noise[k].cost);
    figure_x(&f, "samples per step");
    figure_y(&f, "microseconds");
    figure_log(&f, 'x');
    figure_log(&f, 'y');
    figure_linespoints(&f, 1, 2, "");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    int epochs = 20, batch = 16;
    float lr = 0.1f;
    const Option table[] = {
        option_int("epochs", &epochs, 1, 1000, "passes over the 256 samples"),
        option_int("batch", &batch, 1, N, "samples in a mini-batch"),
        option_float("lr", &lr, 1e-6, 10.0, "learning rate"),
    };
    cli_parse(&o, "gd_variants",
              "Batch, mini-batch and stochastic gradient descent fit a line: "
              "three paths over one loss surface, their noise and their cost.",
              table, sizeof table / sizeof *table, argc, argv);
    Rng rng;
    Samples samples;
    Noise noise[SIZES];
    Descent descents[3] = {{.name = "batch", .batch = N},
                           {.name = "mini-batch", .batch = batch},
                           {.name = "stochastic", .batch = 1}};
    double best[WEIGHTS];
    rng_seed(&rng, o.seed);
    samples_draw(&samples, &rng);
    least_squares(best, &samples);
    double least = whole_loss(&samples, best);
    for (int k = 0; k < 3; k++)
        descend(&descents[k], &samples, epochs, (double)lr, &rng);
    measure(noise, &samples, &rng);
    if (!o.quiet)
        print_tables(descents, noise, epochs, least);
    draw_paths(descents, &samples, epochs, o.plot);
    draw_noise(noise, o.plot);
    run_result("batch_loss=%.5f minibatch_loss=%.5f stochastic_loss=%.5f "
               "least=%.5f noise_1=%.2f noise_16=%.2f",
               descents[0].last_loss, descents[1].last_loss,
               descents[2].last_loss, least, noise[0].noise, noise[4].noise);
    for (int k = 0; k < 3; k++)
        mem_free(descents[k].path);
    return run_end();
}
