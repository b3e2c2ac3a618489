// optimizer_race.c - eight optimizers learn the same digits (不同优化方法比较)
//
// On a net of 50,000 weights one sees of an optimizer only how fast the loss
// falls. With the rates that they usually start with, the eight are far apart;
// with the rate that suits each best they arrive almost together: a race says
// little that does not say how rates were chosen. B's race is run as well, a
// falling rate against Adam, on data of our own: B does not print its data.
//
// Source: A Table 3.1; B, SGD at 0.3, 0.05, 0.01 against Adam at 0.03, 32 ReLU,
// 1000 epochs. The updates are in common/optim.c.
// Run: make optimizer_race && ./optimizer_race
// Ends with: result: sgd=.. momentum=.. ... sgd_0.3=.. schedule=.. ...
//
// Contents: 1 racers  2 training  3 several seeds  4 a race  5 figures  6 main

#include <math.h>
#include <stdio.h>

#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "integers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. Racers --------------------------------------------------------------

enum { DIGIT_RACERS = OPTIMIZER_KINDS, RIVALS = 3 };

typedef struct {
    const char *name, *key; // for readers, and in the result line
    OptimizerKind kind;
    float lr;
    bool steps; // the rate falls in B's steps
} Racer;

// On digits, each at its best rate: of 0.1, 0.2, 0.5, 1 ... 100 times the usual
// one that with the lowest loss after 5 epochs, from a net that does not race.
static const Racer racers[DIGIT_RACERS] = {
    {"SGD", "sgd", SGD, 0.5f, false},
    {"momentum", "momentum", MOMENTUM, 0.05f, false},
    {"Nesterov", "nesterov", NESTEROV, 0.05f, false},
    {"AdaGrad", "adagrad", ADAGRAD, 0.05f, false},
    {"RMSProp", "rmsprop", RMSPROP, 0.002f, false},
    {"Adadelta", "adadelta", ADADELTA, 2.0f, false},
    {"Adam", "adam", ADAM, 0.002f, false},
    {"AdamW", "adamw", ADAMW, 0.002f, false},
};

static const Racer rivals[RIVALS] = {
    {"SGD 0.3", "sgd_0.3", SGD, 0.3f, false},
    {"SGD 0.3, 0.05, 0.01", "schedule", SGD, 0.3f, true},
    {"Adam 0.03", "adam_0.03", ADAM, 0.03f, false},
};

// [B schedule] 0.3 for epochs 1-500, 0.05 for 501-900, 0.01 for 901-1000; with
// another number T of epochs, in the same proportions. t counts from 0.
static float rate(const Racer *racer, long t, long T) {
    const long until[] = {T / 2, T * 9 / 10, T};
    return racer->steps
               ? piecewise_rate(t, 3, until, (float[]){0.3f, 0.05f, 0.01f})
               : racer->lr;
}

// ---- 2. Training ------------------------------------------------------------

enum { MOST_POINTS = 1000, MOST_SEEDS = 9, BATCH = 100 };

// What is raced on. parts: points of the curve per epoch.
typedef struct {
    const Dataset *train, *test;
    int hidden, batch, epochs, parts;
} Task;

// One run. A point of the loss is the mean over the batches of a part of an
// epoch, before each one's step.
typedef struct {
    double loss[MOST_POINTS];
    double seconds; // of all steps; reading the test set is not included
    double error;   // on the test set at the end, per cent
} Lap;

static double error_on(ReluNet *net, const Dataset *set) {
    Confusion confusion = {.classes = set->classes};
    Batches batches;
    batches_init(&batches, set, 256);
    while (batches_next(&batches)) {
        relu_net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return 100.0 - 100.0 * confusion_accuracy(&confusion);
}

// The same seed: the same first weights, and the same batches in their order.
static void train(Lap *lap, const Task *task, const Racer *racer, uint64_t seed,
                  bool quiet) {
    Rng rng;
    ReluNet net;
    Batches batches;
    Progress progress;
    Optimizer optimizer;
    int pixels = task->train->rows * task->train->cols;
    rng_seed(&rng, seed);
    relu_net_init(&net, 3, (int[]){pixels, task->hidden, task->train->classes},
                  &rng);
    batches_init(&batches, task->train, task->batch);
    progress_init(&progress, task->epochs, batches.count, quiet);
    optimizer_init(&optimizer, racer->kind, racer->lr);
    int in_part[MOST_POINTS] = {0};
    double start = seconds_now();
    *lap = (Lap){.seconds = 0};

    for (int epoch = 1; epoch <= task->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, &rng);
        for (int b = 0; batches_next(&batches); b++) {
            optimizer.lr = rate(racer, epoch - 1, task->epochs);
            optimizer_look_ahead(&optimizer, &net.params.value); // Nesterov
            relu_net_forward(&net, &batches.x);
            float loss = softmax_cross_entropy(&net.dlogits, &net.logits,
                                               batches.labels);
            relu_net_backward(&net, &batches.x);
            optimizer_step(&optimizer, &net.params.value, &net.params.grad);
            progress_batch(&progress, loss);
            int p = (epoch - 1) * task->parts + b * task->parts / batches.count;
            lap->loss[p] += (double)loss;
            in_part[p]++;
        }
    }
    progress_mean_loss(&progress); // wipes the bar
    lap->seconds = seconds_now() - start;
    for (int p = 0; p < MOST_POINTS; p++)
        lap->loss[p] /= in_part[p]; // NaN: was not run
    lap->error = error_on(&net, task->test);
    optimizer_free(&optimizer);
    batches_free(&batches);
    relu_net_free(&net);
}

// ---- 3. Several seeds -------------------------------------------------------

typedef struct {
    double least, median, most;
} Band;

typedef struct {
    int count; // of points
    Band loss[MOST_POINTS];
    double seconds, error; // the least, and the median
} Curve;

static Band band(double *x, int n) {
    double middle = median(x, n); // which sorts x
    return (Band){x[0], middle, x[n - 1]};
}

// Of the times the least: what else the machine does can only lengthen it.
static void summarize(Curve *curve, const Lap *laps, int seeds, int points) {
    double x[MOST_SEEDS];
    curve->count = points;
    for (int p = 0; p < points; p++) {
        for (int s = 0; s < seeds; s++)
            x[s] = laps[s].loss[p];
        curve->loss[p] = band(x, seeds);
    }
    for (int s = 0; s < seeds; s++)
        x[s] = laps[s].error;
    curve->error = median(x, seeds);
    for (int s = 0; s < seeds; s++)
        x[s] = laps[s].seconds;
    curve->seconds = band(x, seeds).least;
}

static Band last(const Curve *curve) {
    return curve->loss[curve->count - 1];
}

// ---- 4. A race --------------------------------------------------------------

static void print_race(const Curve *curves, const Racer *field, int count,
                       const Task *task, const char *title, int seeds) {
    printf("%s: %d ReLU, %d at once, %d epochs, %d seeds\n\n"
           "  %-19s %6s %9s %19s %11s %8s\n",
           title, task->hidden, task->batch, task->epochs, seeds, "optimizer",
           "lr", "loss", "least .. most", "test error", "ms/epoch");
    for (int k = 0; k < count; k++) {
        Band end = last(&curves[k]);
        printf("  %-19s %6g %9.5f  %8.5f ..%8.5f %9.2f %% %8.1f\n",
               field[k].name, (double)field[k].lr, end.median, end.least,
               end.most, curves[k].error,
               1000.0 * curves[k].seconds / task->epochs);
    }
    printf("\n");
}

// What B's race can and cannot say here.
static void print_rivals(const Curve curves[RIVALS], int pictures) {
    double constant = last(&curves[0]).median;
    double falling = last(&curves[1]).median;
    printf(
        "B does not print its data; ours are %d drawn pictures, all in "
        "each step.\nSuch a gradient has no noise; the falling rate "
        "ends at %.2f times the loss of\nthe constant 0.3. B's summary "
        "recommends a dynamic rate: where steps are noisy\nit ends lower, as "
        "./schedules shows.\n\n",
        pictures, falling / constant);
}

// Seed by seed, so that a busy minute of the machine hits all racers.
static void race(Curve *curves, const Task *task, const Racer *field, int count,
                 const CommonOptions *o, int seeds, const char *title) {
    static Lap laps[DIGIT_RACERS][MOST_SEEDS]; // too large for some stacks
    int done = 0; // seeds that no stop has cut short
    do {
        for (int k = 0; k < count; k++)
            train(&laps[k][done], task, &field[k], o->seed + (uint64_t)done,
                  o->quiet);
        done += !stop_requested();
    } while (done < seeds && !stop_requested());
    for (int k = 0; k < count; k++)
        summarize(&curves[k], laps[k], max_int(done, 1),
                  task->epochs * task->parts);
    if (!o->quiet && done > 0)
        print_race(curves, field, count, task, title, done);
    for (int k = 0; k < count && done < seeds; k++) // the median lacks some
        curves[k].loss[curves[k].count - 1].median = (double)NAN;
}

// ---- 5. Figures -------------------------------------------------------------

// The least and the most of the final medians.
static Band final_losses(const Curve *curves) {
    double x[DIGIT_RACERS];
    for (int k = 0; k < DIGIT_RACERS; k++)
        x[k] = last(&curves[k]).median;
    return band(x, DIGIT_RACERS);
}

// A table of final losses, one row per optimizer, and its points.
static void draw_ends(Figure *f, const Curve *curves, PenColor color,
                      const char *name) {
    figure_table(f, "optimizer,least,median,most");
    for (int k = 0; k < DIGIT_RACERS; k++) {
        Band end = last(&curves[k]);
        figure_row(f, k, end.least, end.median, end.most);
    }
    for (int column = 2; column <= 4; column++) {
        bool middle = column == 3;
        figure_pen(f, (Pen){.color = color,
                            .point = middle ? POINT_DOT : POINT_RING,
                            .size = middle ? 1.1 : 0.7});
        figure_points(f, column, 1, "%s", middle ? name : "");
    }
}

static void draw_race(const Curve *usual, const Curve *best, const Task *task,
                      const char *data, int seeds, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "optimizer_race", format))
        return;
    Band before = final_losses(usual), after = final_losses(best);
    figure_title(&f,
                 "Final loss: %.2f to %.2f at default learning rates, %.2f to "
                 "%.2f at the best",
                 before.least, before.most, after.least, after.most);
    figure_caption(&f,
                   "Training loss after %d epochs (%s): dots are the medians "
                   "of %d seeds, rings the lowest and the highest.",
                   task->epochs, data, seeds);
    figure_x(&f, "training loss");
    figure_log(&f, 'x');
    figure_panel_size(&f, 620, 300);
    figure_range(&f, 'y', DIGIT_RACERS - 0.5, -0.5);
    for (int k = 0; k < DIGIT_RACERS; k++)
        figure_tick(&f, 'y', k, "%s", racers[k].name);
    draw_ends(&f, usual, PEN_ORANGE, "default rate");
    draw_ends(&f, best, PEN_BLUE, "best rate");
    figure_close(&f);
}

static void draw_rivals(const Curve *curves, int T, int seeds,
                        const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "optimizer_race_steps", format))
        return;
    figure_title(&f,
                 "Without noise, a decaying rate ends at %.1f times the loss "
                 "of a constant one",
                 last(&curves[1]).median / last(&curves[0]).median);
    figure_caption(&f,
                   "Medians of %d seeds, and a band from the lowest to the "
                   "highest. Every step uses all the data.",
                   seeds);
    figure_x(&f, "epoch");
    figure_range(&f, 'x', 0.0, T);
    figure_y(&f, "training loss");
    figure_log(&f, 'y');
    figure_vertical(&f, T / 2, "to 0.05");
    figure_vertical(&f, T * 9 / 10, "to 0.01");
    for (int k = 0; k < RIVALS; k++) {
        const Curve *c = &curves[k];
        figure_table(&f, "epoch,least,median,most");
        for (int p = 0; p < c->count; p++) // each the mean of a part
            figure_row(&f, (p + 0.5) / c->count * T, c->loss[p].least,
                       c->loss[p].median, c->loss[p].most);
        figure_band(&f, 1, 2, 4, "");
        figure_lines(&f, 1, 3, "%s", rivals[k].name);
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: so small a net is done before a second one has woken up
    CommonOptions o = {.seed = 1, .threads = 1};
    int epochs = 4, seeds = 3, limit = 0;
    const char *data = NULL;
    const Option table[] = {
        option_int("epochs", &epochs, 1, 100, "passes over the digits"),
        option_int("seeds", &seeds, 1, MOST_SEEDS, "runs of each racer"),
        option_int("limit", &limit, 0, 60000, "digits to use (0: all)"),
        option_text("data", &data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o, "optimizer_race",
              "Eight optimizers train the same net on the same digits; then a "
              "rate that falls in steps races Adam on a small task.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    Dataset windows, validation;
    if (!digits_load(&digits, data, limit, o.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.quiet);
    characters_draw(&windows, &validation, CHARACTER_TRAIN,
                    CHARACTER_VALIDATION, o.seed);
    int parts = min_int(4, ceil_div(digits.train.count, BATCH));
    Task large = {&digits.train, &digits.test, 64, BATCH, epochs, parts};
    Task small = {&windows, &validation, 32, windows.count, 1000, 1};

    static Curve usual[DIGIT_RACERS], best[DIGIT_RACERS], steps[RIVALS];
    Racer beginners[DIGIT_RACERS]; // the same at their usual rates
    for (int k = 0; k < DIGIT_RACERS; k++) {
        beginners[k] = racers[k];
        beginners[k].lr = optimizer_usual_lr(racers[k].kind);
    }
    race(usual, &large, beginners, DIGIT_RACERS, &o, seeds, "Usual rates");
    race(best, &large, racers, DIGIT_RACERS, &o, seeds, "Best rates");
    race(steps, &small, rivals, RIVALS, &o, seeds, "Character or background");
    if (!o.quiet && !stop_requested())
        print_rivals(steps, windows.count);
    draw_race(usual, best, &large, digits_name(&digits), seeds, o.plot);
    draw_rivals(steps, small.epochs, seeds, o.plot);
    for (int k = 0; k < DIGIT_RACERS; k++)
        run_result("%s=%.4f", racers[k].key, last(&best[k]).median);
    for (int k = 0; k < RIVALS; k++)
        run_result("%s=%.5f", rivals[k].key, last(&steps[k]).median);
    run_result("sgd_usual=%.4f adam_usual=%.4f seeds=%d data=%s",
               last(&usual[SGD]).median, last(&usual[ADAM]).median, seeds,
               digits_name(&digits));
    digits_free(&digits);
    dataset_free(&windows);
    dataset_free(&validation);
    return run_end();
}
