// learning_rate.c - too small, right, too large (学习率)
//
// The gradient gives the direction, the learning rate the length of the step.
// Too small, and training converges but slowly; too large, and each step
// overshoots by more than it gains. On a parabola the limit can be computed; on
// a net it has to be tried, and the lecture tries it: one hidden layer of 32
// ReLU, SGD, three rates, 1000 epochs and 5000. Its data are unknown, so that
// its losses cannot be reproduced, only their order.
//
// Source: B, the runs with different learning rates; C, steps too large.
// Run: make learning_rate && ./learning_rate
// Ends with: result: loss_0.3=.. loss_0.05=.. loss_0.01=.. loss_0.01_5000=..
//
// Contents: 1 a parabola  2 training  3 table  4 figures  5 main

#include <math.h>
#include <stdio.h>

#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "memory.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"
#include "surfaces.h"

// ---- 1. A parabola ----------------------------------------------------------

enum { PARABOLA_RATES = 4, PARABOLA_STEPS = 12 };
static const double parabola_rates[PARABOLA_RATES] = {0.03, 0.3, 0.9, 1.03};

// [C gradient descent] x <- x - lr dL/dx
// L = x^2, dL/dx = 2 x: every step multiplies x by 1 - 2 lr. That shrinks x
// for 0 < lr < 1, changes its sign for lr > 1/2, and grows it for lr > 1.
static double parabola_step(double x, double lr) {
    return x - lr * 2.0 * x;
}

// ---- 2. Training ------------------------------------------------------------

enum { HIDDEN = 32 };

typedef struct {
    float lr;
    int epochs;
    double lecture; // the loss that B prints; 0: none
    const char *remark;
    // written by train
    float *loss;     // [epochs], training loss before each step
    float last;      // training loss at the end
    double accuracy; // on the validation set
} Training;

// The whole training set, or validation set, as one batch.
static void take_all(Batches *batches, const Dataset *set) {
    batches_init(batches, set, set->count);
    batches_start(batches, NULL);
    batches_next(batches);
}

static double accuracy_on(ReluNet *net, const Dataset *set) {
    Confusion confusion = {.classes = 2};
    Batches batches;
    take_all(&batches, set);
    relu_net_forward(net, &batches.x);
    confusion_add(&confusion, &net->logits, batches.labels);
    batches_free(&batches);
    return confusion_accuracy(&confusion);
}

// An epoch is one step here: the gradient of all 200 pictures at once. So the
// curves show the effect of the learning rate alone, without any noise.
static void train(Training *run, const Dataset *set, const Dataset *validation,
                  uint64_t seed, bool quiet) {
    Rng rng;
    ReluNet net;
    Batches all;
    Progress progress;
    Optimizer sgd;
    rng_seed(&rng, seed);
    relu_net_init(&net, 3, (int[]){CHARACTER_PIXELS, HIDDEN, 2}, &rng);
    take_all(&all, set);
    progress_init(&progress, run->epochs, 1, quiet);
    optimizer_init(&sgd, SGD, run->lr);
    run->loss = mem_alloc((size_t)run->epochs, sizeof *run->loss);

    for (int epoch = 1; epoch <= run->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        relu_net_forward(&net, &all.x);
        float loss =
            softmax_cross_entropy(&net.dlogits, &net.logits, all.labels);
        relu_net_backward(&net, &all.x);
        optimizer_step(&sgd, &net.params.value, &net.params.grad);
        progress_batch(&progress, loss);
        run->loss[epoch - 1] = loss;
    }
    progress_mean_loss(&progress); // wipes the bar
    relu_net_forward(&net, &all.x);
    run->last = (float)finished(
        (double)softmax_cross_entropy(NULL, &net.logits, all.labels));
    run->accuracy = accuracy_on(&net, validation);
    optimizer_free(&sgd);
    batches_free(&all);
    relu_net_free(&net);
}

// ---- 3. The table -----------------------------------------------------------

enum { RIGHT, SMALL, PATIENT, TOO_SMALL, TOO_LARGE, RUNS };

// What the table shows, and what it does not.
static void print_comparison(const Training runs[RUNS]) {
    double p = runs[RIGHT].accuracy;
    double sigma = sqrt(p * (1 - p) / CHARACTER_VALIDATION);
    printf("\nThe lecture's data are unknown: only the order of its losses can "
           "agree with\nours. If steps are small, only rate times epochs "
           "counts: %g for %d\nepochs ends at %.4f, %g for %d at %.4f.\n",
           (double)runs[SMALL].lr, runs[SMALL].epochs, (double)runs[SMALL].last,
           (double)runs[PATIENT].lr, runs[PATIENT].epochs,
           (double)runs[PATIENT].last);
    bool follows = runs[TOO_SMALL].accuracy < runs[SMALL].accuracy &&
                   runs[SMALL].accuracy < p;
    printf("\nThe remarks speak of the training loss. Validation accuracy %s "
           "it:\nafter %d epochs it is %.1f %% at rate %g, %.1f %% at %g and "
           "%.1f %% at %g\n(±%.1f %%, from %d windows). A lower training loss "
           "is not yet a better net:\nchapter 5.\n\n",
           follows ? "follows" : "does not follow", runs[RIGHT].epochs,
           100 * runs[TOO_SMALL].accuracy, (double)runs[TOO_SMALL].lr,
           100 * runs[SMALL].accuracy, (double)runs[SMALL].lr, 100 * p,
           (double)runs[RIGHT].lr, 100 * sigma, CHARACTER_VALIDATION);
}

static void print_table(const Training runs[RUNS]) {
    printf("x is multiplied by 1 - 2 lr in each step down the parabola L = x^2:"
           "\n\n  %6s %8s   %s\n",
           "lr", "1 - 2 lr", "x after 0, 1, 2, ... steps");
    for (int r = 0; r < PARABOLA_RATES; r++) {
        double lr = parabola_rates[r], x = 1.0;
        printf("  %6g %8g  ", lr, parabola_step(1.0, lr));
        for (int step = 0; step <= 6; step++, x = parabola_step(x, lr))
            printf(" %6.3f", x);
        printf("\n");
    }
    printf("\nCharacter or background, a hidden layer of %d ReLU, gradient "
           "descent:\n\n  %6s %7s  %13s %8s  %19s\n",
           HIDDEN, "lr", "epochs", "training loss", "lecture",
           "validation accuracy");
    for (int r = 0; r < RUNS; r++) {
        printf("  %6g %7d  %13.4f ", (double)runs[r].lr, runs[r].epochs,
               (double)runs[r].last);
        if (runs[r].lecture > 0)
            printf("%8.3f", runs[r].lecture);
        else
            printf("%8s", "-");
        printf("  %17.1f %%  %s\n", 100.0 * runs[r].accuracy, runs[r].remark);
    }
    print_comparison(runs);
}

// ---- 4. Figures -------------------------------------------------------------

static void draw_parabola(const char *format) {
    static const char *const words[PARABOLA_RATES] = {
        "too small", "just right", "nearly too large", "too large"};
    Figure f;
    if (!figure_open(&f, "ch04", "learning_rate_parabola", format))
        return;
    figure_title(&f, "Above η = 1 each step overshoots by more than it gains: "
                     "the loss grows");
    figure_caption(&f,
                   "%d steps of gradient descent on L = x², from the black "
                   "point at x = 1.",
                   PARABOLA_STEPS);
    figure_grid(&f, PARABOLA_RATES);
    figure_share(&f);
    figure_table(&f, "x,loss");
    for (int i = -22; i <= 22; i++)
        figure_row(&f, 0.1 * i, 0.01 * i * i);
    for (int r = 0; r < PARABOLA_RATES; r++) {
        figure_panel(&f, "η = %g: %s", parabola_rates[r], words[r]);
        figure_x(&f, "x");
        figure_y(&f, "L = x²");
        figure_range(&f, 'x', -2.2, 2.2);
        figure_range(&f, 'y', -0.2, 4.4);
        figure_use(&f, 0);
        figure_pen(&f, (Pen){.color = PEN_GRAY, .width = 1.0});
        figure_lines(&f, 1, 2, "");
        figure_table(&f, "x,loss");
        double x = 1.0;
        for (int step = 0; step <= PARABOLA_STEPS; step++) {
            figure_row(&f, x, x * x);
            x = parabola_step(x, parabola_rates[r]);
        }
        surface_path(&f, 0.7);
    }
    figure_close(&f);
}

// TOO_SMALL is left out: its curve is the beginning of PATIENT's.
static void draw_losses(const Training runs[RUNS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "learning_rate", format))
        return;
    figure_title(&f,
                 "After %d epochs the loss is %.2g at rate %g, %.2g at %g, "
                 "%.2g at %g",
                 runs[RIGHT].epochs, (double)runs[RIGHT].last,
                 (double)runs[RIGHT].lr, (double)runs[TOO_SMALL].last,
                 (double)runs[TOO_SMALL].lr, (double)runs[TOO_LARGE].last,
                 (double)runs[TOO_LARGE].lr);
    figure_caption(
        &f,
        "One hidden layer of %d ReLU units, all samples in each step. While "
        "steps are small, only learning rate × epochs matters.",
        HIDDEN);
    figure_x(&f, "epoch");
    figure_y(&f, "training loss");
    figure_log(&f, 'x');
    figure_log(&f, 'y');
    for (int r = 0; r < RUNS; r++)
        if (r != TOO_SMALL) {
            figure_table(&f, "epoch,loss");
            for (int e = 0; e < runs[r].epochs; e += e / 100 + 1) // log axis
                figure_row(&f, e + 1, runs[r].loss[e]);
            figure_lines(&f, 1, 2, "η = %g", (double)runs[r].lr);
        }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // too small a net for a second thread to pay off
    CommonOptions o = {.seed = 1, .threads = 1};
    int epochs = 1000;
    float large = 3.0f;
    const Option table[] = {
        option_int("epochs", &epochs, 1, 100000,
                   "epochs, five times as many in the small and patient run"),
        option_float("lr", &large, 1e-6, 1000.0, "the rate that is too large"),
    };
    cli_parse(&o, "learning_rate",
              "The same net trained with learning rates that are too small, "
              "right and too large.",
              table, sizeof table / sizeof *table, argc, argv);
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    o.seed);
    // [B learning rates] 0.3 and 0.05 for 1000 epochs, 0.01 for 1000 and 5000
    Training runs[RUNS] = {
        [RIGHT] = {.lr = 0.3f, .lecture = 0.158, .remark = "right"},
        [SMALL] = {.lr = 0.05f, .lecture = 0.258, .remark = "small"},
        [PATIENT] = {.lr = 0.01f, .remark = "small but patient"},
        [TOO_SMALL] = {.lr = 0.01f, .remark = "too small"},
        [TOO_LARGE] = {.lr = large, .remark = "too large"},
    };
    for (int r = 0; r < RUNS; r++) {
        runs[r].epochs = r == PATIENT ? 5 * epochs : epochs;
        train(&runs[r], &set, &validation, o.seed, o.quiet);
    }
    if (!o.quiet && !stop_requested())
        print_table(runs);
    draw_parabola(o.plot);
    draw_losses(runs, o.plot);
    run_result("loss_0.3=%.4f loss_0.05=%.4f loss_0.01=%.4f "
               "loss_0.01_%d=%.4f loss_%g=%.4f",
               (double)runs[RIGHT].last, (double)runs[SMALL].last,
               (double)runs[TOO_SMALL].last, runs[PATIENT].epochs,
               (double)runs[PATIENT].last, (double)large,
               (double)runs[TOO_LARGE].last);
    for (int r = 0; r < RUNS; r++)
        mem_free(runs[r].loss);
    dataset_free(&set);
    dataset_free(&validation);
    return run_end();
}
