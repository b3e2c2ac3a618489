// hyperparam.c - who chooses the learning rate? (超参数: 网格搜索, 随机搜索)
//
// What training does not learn has to be tried. Grid search tries all pairs of
// ten decay rates beta and ten learning rates alpha; random search spends the
// same hundred trials on pairs drawn at random, and so sees a hundred values of
// each, not ten.
//
// Source: A eq. (25), the grid's table, random search; Bergstra & Bengio 2012.
// Run: make hyperparam && ./hyperparam
// Ends with: result: grid_best=0.8660 random_best=0.8640 ...
//
// Try: --grid lecture (the table of A as printed: how many cells learn?).
//
// Contents: 1 what is tried  2 a trial  3 the search  4 figure  5 main

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "data.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"
#include "threads.h"

// ---- 1. What is tried -------------------------------------------------------

enum { SIDE = 10, TRIALS = SIDE * SIDE };
typedef enum { GRID, RANDOM, SEARCHES } Search;
static const char *const search_name[SEARCHES] = {"grid", "random"};

typedef struct {
    double alpha;    // the first learning rate
    double beta;     // how fast it decays: alpha / (1 + beta t)
    double accuracy; // on validation digits; NaN before it is tried
} Trial;

// From u = 0 to 1: low .. low + span, or, where powers of ten matter and the
// exponents are spread evenly, low .. low 10^span.
typedef struct {
    double low, span;
    bool log;
} Axis;

typedef struct {
    const char *name;
    Axis beta, alpha;
} Grid;

static const Grid grids[] = {
    {"log", {1e-4, 4, true}, {1e-3, 4, true}},   // 0.0001 .. 1, 0.001 .. 10
    {"lecture", {1, 9, false}, {0.1, -9, true}}, // 1 .. 10, 0.1 .. 10^-10
};

static double on_axis(const Axis *axis, double u) {
    return axis->log ? axis->low * pow(10, axis->span * u)
                     : axis->low + axis->span * u;
}

// [A grid] all pairs (beta_i, alpha_j), i, j = 1 .. 10
// A takes beta = 1 .. 10 and alpha = 10^-1 .. 10^-10: --grid lecture.
static Trial grid_point(const Grid *grid, int n) {
    return (Trial){.beta = on_axis(&grid->beta, n / SIDE / (SIDE - 1.0)),
                   .alpha = on_axis(&grid->alpha, n % SIDE / (SIDE - 1.0)),
                   .accuracy = (double)NAN};
}

// [A random search] as many pairs as trials are allowed, drawn at random
static Trial random_point(const Grid *grid, Rng *rng) {
    double u = (double)rng_uniform(rng), v = (double)rng_uniform(rng);
    return (Trial){.beta = on_axis(&grid->beta, u),
                   .alpha = on_axis(&grid->alpha, v),
                   .accuracy = (double)NAN};
}

static void plan(Trial trials[SEARCHES][TRIALS], const Grid *grid, Rng *rng) {
    for (int n = 0; n < TRIALS; n++) {
        trials[GRID][n] = grid_point(grid, n);
        trials[RANDOM][n] = random_point(grid, rng);
    }
}

// ---- 2. A trial -------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit;
    const char *data, *grid;
} Options;

static double evaluate(ReluNet *net, const Dataset *set) {
    Confusion confusion = {.classes = set->classes};
    Batches batches;
    batches_init(&batches, set, 250);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        relu_net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return confusion_accuracy(&confusion);
}

// [A eq.25] min over theta of L(theta_hyper, theta), the inner minimum
// Trains a net of 32 ReLU with these two numbers and returns its accuracy on
// `judge`. Every trial begins with the same weights and the same order. A loss
// that is no longer a number ends it: that, too, is an answer.
static double try_out(const Trial *trial, const Dataset *train,
                      const Dataset *judge, const Options *o) {
    Rng rng;
    ReluNet net;
    Batches batches;
    Optimizer sgd;
    rng_seed(&rng, o->common.seed);
    const int sizes[] = {train->rows * train->cols, 32, train->classes};
    relu_net_init(&net, 3, sizes, &rng);
    batches_init(&batches, train, o->batch);
    optimizer_init(&sgd, SGD, (float)trial->alpha);
    float loss = 0;
    for (int epoch = 1; epoch <= o->epochs && isfinite(loss); epoch++) {
        batches_start(&batches, &rng);
        while (isfinite(loss) && batches_next(&batches)) {
            relu_net_forward(&net, &batches.x);
            loss = softmax_cross_entropy(&net.dlogits, &net.logits,
                                         batches.labels);
            relu_net_backward(&net, &batches.x);
            // [A eq.20] alpha_t = alpha / (1 + beta t)
            sgd.lr = inverse_time_decay(sgd.step, (float)trial->alpha,
                                        (float)trial->beta);
            optimizer_step(&sgd, &net.params.value, &net.params.grad);
        }
    }
    double accuracy = evaluate(&net, judge);
    optimizer_free(&sgd);
    batches_free(&batches);
    relu_net_free(&net);
    return accuracy;
}

// ---- 3. The search ----------------------------------------------------------

// What the parts of the search need: one part for each trial.
typedef struct {
    Trial (*trials)[TRIALS];
    const Dataset *train, *judge;
    const Options *o;
    Progress *progress;
    pthread_mutex_t lock; // for the progress bar
} Searching;

static void search_one(void *context, int i) {
    Searching *s = context;
    Trial *trial = &s->trials[i / TRIALS][i % TRIALS];
    if (stop_requested())
        return;
    trial->accuracy = finished(try_out(trial, s->train, s->judge, s->o));
    pthread_mutex_lock(&s->lock);
    if (!isnan(trial->accuracy))
        progress_batch(s->progress, (float)(1 - trial->accuracy));
    pthread_mutex_unlock(&s->lock);
}

// [A eq.25] theta_hyper* = argmin (min over theta of L(theta_hyper, theta))
// The outer minimum; the loss it compares is the error on validation digits,
// which the inner one has not seen. Each core takes the next free trial. Trials
// depend on nothing but their own numbers, so the order does not matter.
static void search_all(Trial trials[SEARCHES][TRIALS], const Dataset *train,
                       const Dataset *judge, const Options *o) {
    Progress progress;
    Searching s = {trials, train,     judge,
                   o,      &progress, PTHREAD_MUTEX_INITIALIZER};
    progress_init(&progress, 1, SEARCHES * TRIALS, o->common.quiet);
    progress_epoch(&progress, 1);
    threads_run(SEARCHES * TRIALS, search_one, &s);
    progress_mean_loss(&progress); // wipes the bar
}

// The best trial of one search; the earliest of equals.
static const Trial *best_of(const Trial trials[TRIALS]) {
    const Trial *best = &trials[0];
    for (int n = 1; n < TRIALS; n++)
        if (trials[n].accuracy > best->accuracy)
            best = &trials[n];
    return best;
}

// How many trials of a search read more than twice what guessing would.
static int count_learned(const Trial trials[TRIALS], int classes) {
    int count = 0;
    for (int n = 0; n < TRIALS; n++)
        count += trials[n].accuracy > 2.0 / classes;
    return count;
}

// How many read what the untrained net reads.
static int count_unmoved(const Trial trials[TRIALS], double untrained) {
    int count = 0;
    for (int n = 0; n < TRIALS; n++)
        count += trials[n].accuracy == untrained;
    return count;
}

// ---- 4. Figure --------------------------------------------------------------

// Powers of ten that are spread evenly stand along the axis as exponents.
static double coordinate(const Axis *axis, double value) {
    return axis->log ? log10(value) : value;
}

// Half a cell of the grid around the first and the last value.
static void draw_axis(Figure *f, char which, const Axis *axis) {
    static const char *const powers[] = {"10⁻¹⁰", "10⁻⁹", "10⁻⁸", "10⁻⁷",
                                         "10⁻⁶",  "10⁻⁵", "10⁻⁴", "10⁻³",
                                         "10⁻²",  "0.1",  "1",    "10"};
    double a = coordinate(axis, on_axis(axis, 0)),
           b = coordinate(axis, on_axis(axis, 1));
    double low = fmin(a, b), high = fmax(a, b), half = (high - low) / 18;
    figure_range(f, which, low - half, high + half);
    for (int power = (int)low; axis->log && power <= (int)high; power++)
        figure_tick(f, which, power, "%s", powers[power + 10]);
}

static void draw(Trial trials[SEARCHES][TRIALS], const Trial *best[SEARCHES],
                 const Grid *grid, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "hyperparam_map", format))
        return;
    figure_title(&f,
                 "%d trials: a grid tries %d values of each hyperparameter, "
                 "random search %d",
                 TRIALS, SIDE, TRIALS);
    figure_caption(&f, "Darker is a higher validation accuracy; a ring is "
                       "around the best trial.");
    figure_share(&f);
    for (int s = 0; s < SEARCHES; s++) {
        figure_panel(&f,
                     s == GRID ? "Grid search: best %.1f %%"
                               : "Random search: best %.1f %%",
                     100 * best[s]->accuracy);
        figure_x(&f, "decay β");
        figure_y(&f, "learning rate α");
        draw_axis(&f, 'x', &grid->beta);
        draw_axis(&f, 'y', &grid->alpha);
        figure_panel_size(&f, 320, 320);
        figure_table(&f, "beta,alpha,accuracy,best");
        for (int n = 0; n < TRIALS; n++) {
            const Trial *t = &trials[s][n];
            figure_row(&f, coordinate(&grid->beta, t->beta),
                       coordinate(&grid->alpha, t->alpha), 100 * t->accuracy,
                       t == best[s]);
        }
        if (s == GRID) {
            figure_heat(&f, 1, 2, 3, HEAT_BLUES, 0, 100);
        } else { // an edge around the pale points
            figure_pen(&f, (Pen){.color = PEN_GRAY, .size = 1.6});
            figure_points(&f, 1, 2, "");
            figure_pen(&f, (Pen){.size = 1.4});
            figure_colored(&f, 1, 2, 3, HEAT_BLUES, 0, 100);
            figure_scale(&f, "validation accuracy (%%)");
        }
        figure_pen(&f, (Pen){.color = PEN_VERMILION,
                             .point = POINT_RING,
                             .size = 2,
                             .column = 4,
                             .value = 1});
        figure_points(&f, 1, 2, "");
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 3, 60000,
                   "digits to use, a third of them to validate"),
        option_text("grid", &o->grid, "log|lecture",
                    "which values: spread over the powers of ten that matter, "
                    "or the lecture's"),
    };
    cli_parse(&o->common, "hyperparam",
              "Grid search and random search for a learning rate and its "
              "decay.",
              table, sizeof table / sizeof *table, argc, argv);
}

static void report(const Trial *best[SEARCHES], const int learned[SEARCHES],
                   int unmoved, const Grid *grid, double test) {
    printf("  %-8s %10s %10s   %-24s   %s\n", "search", "alpha", "beta",
           "best validation accuracy", "trials that learn");
    for (int s = 0; s < SEARCHES; s++)
        printf("  %-8s %10.4g %10.4g   %22.2f %%   %10d of %d\n",
               search_name[s], best[s]->alpha, best[s]->beta,
               100 * best[s]->accuracy, learned[s], TRIALS);
    printf("\nOn the test digits, which took no part in the choice, the better "
           "setting reads\n%.2f %%. A trial learns if it reads more than "
           "twice what guessing would.\n",
           100 * test);
    if (grid == &grids[0])
        printf("The lecture prints another grid, beta = 1 .. 10 and alpha = "
               "10^-1 .. 10^-10:\n--grid lecture.\n\n");
    else
        printf("In the lecture's grid %d of %d cells read what the untrained "
               "net reads: with\nbeta = 1 the rate falls to a hundredth within "
               "99 steps, and from alpha = 10^-3\ndown hardly any training "
               "moves the weights far enough to change an answer.\n\n",
               unmoved, TRIALS);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1},
                 .epochs = 5,
                 .batch = 20,
                 .limit = 1500,
                 .grid = "log"};
    parse(&o, argc, argv);

    Error err;
    Digits digits;
    Dataset judge;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    if (digits.train.count < 3)
        die("%d digits cannot be split into training and validation; use a "
            "larger set",
            digits.train.count);
    dataset_hold_out(&judge, &digits.train, digits.train.count / 3);

    Rng rng;
    Trial trials[SEARCHES][TRIALS];
    rng_seed(&rng, o.common.seed);
    const Grid *grid = &grids[strcmp(o.grid, grids[0].name) != 0];
    plan(trials, grid, &rng);
    search_all(trials, &digits.train, &judge, &o);

    const Trial *best[SEARCHES] = {best_of(trials[GRID]),
                                   best_of(trials[RANDOM])};
    const int learned[] = {count_learned(trials[GRID], judge.classes),
                           count_learned(trials[RANDOM], judge.classes)};
    int unmoved = 0; // only the remark on the lecture's grid asks for it
    if (!o.common.quiet && grid != &grids[0]) {
        const Trial idle = {.alpha = 0};
        unmoved = count_unmoved(trials[GRID],
                                try_out(&idle, &digits.train, &judge, &o));
    }
    const Trial *chosen =
        best[best[RANDOM]->accuracy > best[GRID]->accuracy ? RANDOM : GRID];
    double test = try_out(chosen, &digits.train, &digits.test, &o);
    if (!o.common.quiet && !stop_requested())
        report(best, learned, unmoved, grid, test);
    draw(trials, best, grid, o.common.plot);
    run_result("grid_best=%.4f random_best=%.4f test_accuracy=%.4f "
               "grid_learned=%.0f random_learned=%.0f seed=%llu data=%s",
               finished(best[GRID]->accuracy), finished(best[RANDOM]->accuracy),
               finished(test), finished(learned[GRID]),
               finished(learned[RANDOM]), (unsigned long long)o.common.seed,
               digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
