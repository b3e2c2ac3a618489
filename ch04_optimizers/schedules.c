// schedules.c - large steps first, small ones later (学习率衰减)
//
// A stochastic gradient is noisy: at a constant learning rate the noise keeps
// the weights jumping around the minimum. A large rate gets near quickly, a
// small one settles; a schedule goes from the one to the other (one cycle warms
// up first). Here are those of the lectures, drawn, and the same net trained
// with each of them and with none. A's (23) and (24) are shown as printed, with
// a jump where the hold ends, and (23) repaired.
//
// Source: A eq. (20)-(24); D, halving and lr/tau; B, 0.3, 0.05, 0.01; the one
// cycle of Smith & Topin 2018. The formulas are in common/optim.c.
// Run: make schedules && ./schedules
// Ends with: result: constant=.. inverse_time=.. exponential=.. cosine=.. ...
//
// Contents: 1 the schedules  2 A's equations  3 training  4 table  5 figures
//           6 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "data.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. The schedules -------------------------------------------------------

// The rate of step t of T, if the first is lr. (20), (23) and (24) share their
// beta, for which (20) ends at lr / 10; (23) and (24) hold lr for half of T.
static float beta(long T) {
    return 9.0f / (float)T;
}

static long hold(long T) {
    return T / 2;
}

static float constant(long t, long T, float lr) {
    (void)t, (void)T;
    return lr;
}

static float inverse_time(long t, long T, float lr) {
    return inverse_time_decay(t, lr, beta(T));
}

static float exponential(long t, long T, float lr) {
    return exponential_decay(t, lr, logf(30.0f) / (float)T);
}

static float cosine(long t, long T, float lr) {
    return cosine_decay(t, T, lr);
}

static float held(long t, long T, float lr) {
    return held_decay(t, hold(T), lr, lr / 30.0f, beta(T));
}

static float held_floor(long t, long T, float lr) {
    return held_decay_then_floor(t, hold(T), T, lr, lr / 30.0f, beta(T));
}

static float repaired(long t, long T, float lr) {
    return held_decay_repaired(t, hold(T), lr, lr / 30.0f, beta(T));
}

static float halving(long t, long T, float lr) {
    return step_decay(t, T / 6 + 1, lr, 0.5f);
}

static float dividing(long t, long T, float lr) {
    return divided_decay(t, T / 3 + 1, lr, 5.0f);
}

// [B schedule] 0.3, 0.05, 0.01 for 50, 40, 10 % of T, scaled to begin with lr
static float by_table(long t, long T, float lr) {
    const long until[] = {T / 2, T * 9 / 10, T};
    const float rates[] = {lr, lr * 0.05f / 0.3f, lr * 0.01f / 0.3f};
    return piecewise_rate(t, 3, until, rates);
}

enum {
    CONSTANT,
    INVERSE,
    EXPONENTIAL,
    COSINE,
    HELD,
    HELD_FLOOR,
    REPAIRED,
    HALVING,
    DIVIDING,
    TABLE,
    ONE_CYCLE,
    SCHEDULES
};

static const struct {
    const char *name, *title, *source;
    float (*rate)(long t, long T, float lr);
} schedules[SCHEDULES] = {
    [CONSTANT] = {"constant", "constant", "no schedule", constant},
    [INVERSE] = {"inverse_time", "inverse time", "A (20)", inverse_time},
    [EXPONENTIAL] = {"exponential", "exponential", "A (21)", exponential},
    [COSINE] = {"cosine", "cosine", "A (22)", cosine},
    [HELD] = {"held", "hold, decay", "A (23)", held},
    [HELD_FLOOR] = {"held_floor", "hold, decay, floor", "A (24)", held_floor},
    [REPAIRED] = {"repaired", "hold, then decay", "(23) repaired", repaired},
    [HALVING] = {"halving", "halved 5 times", "D halving", halving},
    [DIVIDING] = {"dividing", "divided by τ = 5", "D division", dividing},
    [TABLE] = {"table", "0.3, 0.05, 0.01", "B", by_table},
    [ONE_CYCLE] = {"one_cycle", "one cycle", "Smith, Topin", one_cycle},
};

// ---- 2. A's equations -------------------------------------------------------

// The rates at step t by (20) to (24) and the repaired (23), with round numbers
// that show the jumps.
enum { COLUMNS = 6 };
static void by_equations(float rates[COLUMNS], long t) {
    const float lr = 0.3f, beta = 0.1f, floor = 0.01f;
    const long T0 = 40, T = 100;
    rates[0] = inverse_time_decay(t, lr, beta);
    rates[1] = exponential_decay(t, lr, beta);
    rates[2] = cosine_decay(t, T, lr);
    rates[3] = held_decay(t, T0, lr, floor, beta);
    rates[4] = held_decay_then_floor(t, T0, T, lr, floor, beta);
    rates[5] = held_decay_repaired(t, T0, lr, floor, beta);
}

static void print_equations(void) {
    const long times[] = {0, 40, 41, 80, 90, 91};
    printf(
        "A's equations: rate 0.3 at t = 0, beta 0.1, T0 = 40, T = 100, floor "
        "0.01\n\n  %5s %9s %9s %9s %9s %9s %14s\n",
        "t", "(20)", "(21)", "(22)", "(23)", "(24)", "(23) repaired");
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        float rates[COLUMNS];
        by_equations(rates, times[i]);
        printf("  %5ld", times[i]);
        for (int c = 0; c < COLUMNS; c++)
            printf(c < COLUMNS - 1 ? " %9.4f" : " %14.4f\n", (double)rates[c]);
    }
    printf("\n");
}

// ---- 3. Training ------------------------------------------------------------

enum { MOST_EPOCHS = 100 };

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, hidden, seeds;
    float lr;
    const char *data;
} Options;

// Means over all seeds.
typedef struct {
    double loss[MOST_EPOCHS + 1]; // of the training set, after each epoch
    double test_error;            // per cent, after the last
} Curve;

static double evaluate(ReluNet *net, const Dataset *set, double *loss) {
    Confusion confusion = {.classes = 10};
    Batches batches;
    batches_init(&batches, set, 256);
    batches_start(&batches, NULL);
    *loss = 0.0;
    while (batches_next(&batches)) {
        relu_net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
        float mean = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        *loss += (double)mean * batches.x.shape[0] / set->count;
    }
    batches_free(&batches);
    return 100.0 - 100.0 * confusion_accuracy(&confusion);
}

static void train(Curve *curve, const Digits *digits, const Options *o,
                  int schedule, uint64_t seed) {
    Rng rng;
    ReluNet net;
    Batches batches;
    Progress progress;
    Optimizer sgd;
    rng_seed(&rng, seed);
    relu_net_init(&net, 3, (int[]){784, o->hidden, 10}, &rng);
    batches_init(&batches, &digits->train, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&sgd, SGD, o->lr);
    long steps = (long)o->epochs * batches.count;
    double loss_now;
    evaluate(&net, &digits->train, &loss_now);
    curve->loss[0] += loss_now / o->seeds;

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, &rng);
        while (batches_next(&batches)) {
            relu_net_forward(&net, &batches.x);
            float loss = softmax_cross_entropy(&net.dlogits, &net.logits,
                                               batches.labels);
            relu_net_backward(&net, &batches.x);
            sgd.lr = schedules[schedule].rate(sgd.step, steps, o->lr);
            optimizer_step(&sgd, &net.params.value, &net.params.grad);
            progress_batch(&progress, loss);
        }
        progress_mean_loss(&progress); // wipes the bar
        evaluate(&net, &digits->train, &loss_now);
        curve->loss[epoch] += loss_now / o->seeds;
    }
    curve->test_error += evaluate(&net, &digits->test, &loss_now) / o->seeds;
    if (stop_requested()) // then this seed is missing from the mean
        curve->loss[o->epochs] = (double)NAN;
    optimizer_free(&sgd);
    batches_free(&batches);
    relu_net_free(&net);
}

// ---- 4. The table -----------------------------------------------------------

static void print_table(const Curve curves[SCHEDULES], const Options *o) {
    printf("784-%d-10 ReLU, SGD, batches of %d, %d epochs; means of %d seeds:"
           "\n\n  %-32s %10s %9s %13s %10s\n",
           o->hidden, o->batch, o->epochs, o->seeds, "schedule", "first rate",
           "last rate", "training loss", "test error");
    for (int s = 0; s < SCHEDULES; s++) {
        // printf counts bytes, a reader letters: τ has two bytes
        int width = 18 + (schedules[s].rate == dividing);
        printf("  %-*s %-13s %10.4f %9.1e %13.4f %8.2f %%\n", width,
               schedules[s].title, schedules[s].source,
               (double)schedules[s].rate(0, 1000, o->lr),
               (double)schedules[s].rate(999, 1000, o->lr),
               curves[s].loss[o->epochs], curves[s].test_error);
    }

    // What it costs that the printed decay counts from 0, not from T0.
    const double end = curves[REPAIRED].loss[o->epochs];
    printf("\nWhere the hold ends, (23) and (24) as printed fall from %.4f to "
           "%.4f in one\nstep. Their training loss is %.2f and %.2f times that "
           "of the repaired form.\n\n",
           (double)held(hold(1000), 1000, o->lr),
           (double)held(hold(1000) + 1, 1000, o->lr),
           curves[HELD].loss[o->epochs] / end,
           curves[HELD_FLOOR].loss[o->epochs] / end);
}

// ---- 5. Figures -------------------------------------------------------------

// A panel for each family of schedules.
static void draw_schedules(float lr, const char *format) {
    static const struct {
        const char *title;
        int first, last;
    } families[] = {{"Falling from the first step", CONSTANT, COSINE},
                    {"Constant for the first half", HELD, REPAIRED},
                    {"In steps", HALVING, TABLE},
                    {"Up, then down", ONE_CYCLE, ONE_CYCLE}};
    Figure f;
    if (!figure_open(&f, "ch04", "schedules", format))
        return;
    figure_title(&f, "The learning rate over training: large steps first, "
                     "small ones later");
    figure_caption(&f,
                   "Lecture A's equations (20) to (24) and a corrected (23), "
                   "D's halving and division, B's table, and one cycle.");
    figure_grid(&f, 2);
    for (int k = 0; k < 4; k++) {
        figure_panel(&f, "%s", families[k].title);
        figure_x(&f, "fraction of training");
        figure_y(&f, "learning rate");
        figure_range(&f, 'x', 0.0, 1.0);
        figure_range(&f, 'y', 0.0, 1.06 * (double)lr);
        for (int s = families[k].first; s <= families[k].last; s++) {
            figure_table(&f, "time,rate");
            for (long t = 0; t < 1000; t += 2)
                figure_row(&f, (double)t / 1000.0,
                           schedules[s].rate(t, 1000, lr));
            figure_lines(&f, 1, 2, "%s", schedules[s].title);
        }
    }
    figure_close(&f);
}

static void draw_training(const Curve curves[SCHEDULES], const Options *o,
                          const char *data) {
    static const int shown[] = {CONSTANT, EXPONENTIAL, COSINE, ONE_CYCLE};
    Figure f;
    if (!figure_open(&f, "ch04", "schedules_training", o->common.plot))
        return;
    figure_title(
        &f,
        "A decaying learning rate ends at a lower loss (%s, mean of %d seeds)",
        data, o->seeds);
    figure_caption(&f, "Left, the training loss after each epoch; right, after "
                       "the last one, for all schedules.");

    figure_panel(&f, "Over training");
    figure_table(&f, "epoch,constant,exponential,cosine,one cycle");
    for (int e = 1; e <= o->epochs; e++)
        figure_row(&f, e, curves[CONSTANT].loss[e], curves[EXPONENTIAL].loss[e],
                   curves[COSINE].loss[e], curves[ONE_CYCLE].loss[e]);
    figure_x(&f, "epoch");
    figure_y(&f, "training loss");
    figure_log(&f, 'y');
    for (int k = 0; k < 4; k++)
        figure_lines(&f, 1, 2 + k, "%s", schedules[shown[k]].title);

    figure_panel(&f, "At the end");
    figure_table(&f, "schedule,loss");
    for (int s = 0; s < SCHEDULES; s++) {
        figure_row(&f, s, curves[s].loss[o->epochs]);
        figure_tick(&f, 'y', s, "%s", schedules[s].title);
    }
    figure_x(&f, "training loss after %d epochs", o->epochs);
    figure_ranks(&f, 2, "%.3f", "");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: too small a net for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 8,
                 .batch = 8,
                 .limit = 3000,
                 .hidden = 32,
                 .seeds = 3,
                 .lr = 0.3f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, MOST_EPOCHS,
                   "passes over the digits"),
        option_int("batch", &o.batch, 1, 60000, "digits per step"),
        option_float("lr", &o.lr, 1e-6, 10.0, "learning rate at the start"),
        option_int("hidden", &o.hidden, 1, 4096, "hidden units"),
        option_int("seeds", &o.seeds, 1, 100, "runs to take the mean of"),
        option_text("data", &o.data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o.limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
    };
    cli_parse(&o.common, "schedules",
              "Learning rates that fall during training: each drawn, and the "
              "same net trained with it and without.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);

    if (!o.common.quiet)
        print_equations();
    Curve curves[SCHEDULES] = {{{0}, 0}};
    for (int s = 0; s < SCHEDULES; s++)
        for (int k = 0; k < o.seeds; k++)
            train(&curves[s], &digits, &o, s, o.common.seed + (uint64_t)k);
    if (!o.common.quiet && !stop_requested())
        print_table(curves, &o);
    draw_schedules(o.lr, o.common.plot);
    draw_training(curves, &o, digits_name(&digits));
    for (int s = 0; s < SCHEDULES; s++)
        run_result("%s=%.4f", schedules[s].name, curves[s].loss[o.epochs]);
    run_result("data=%s", digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
