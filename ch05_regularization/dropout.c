// dropout.c - units dropped at random (丢弃法 or 舍弃法, dropout)
//
// In each training step every hidden unit is set to 0 with probability p, so no
// unit can rely on another being there. Memorizing gets harder: the larger p,
// the higher the training loss. Whether new pictures gain is another question:
// on the small task the error rate differs by no more than from seed to seed
// (p = 0.9 lowers only the loss: the net is less sure of itself); on 1000
// digits p = 0.5 lowers it by 0.4 points, the mean of five seeds.
//
// B sets units to 0 and stops there. With all units on, the next layer then
// gets 1 / (1 - p) times the input it was trained on. Srivastava et al. scale
// by 1 - p at test time; here the units that stay are scaled by 1 / (1 - p) in
// training (inverted dropout), and the trained net is used as it is.
//
// Source: B, dropout (its setting: 32 ReLU, Adam 0.03, 1000 epochs); Srivastava
//         et al. 2014
// Run: make dropout && ./dropout
// Ends with: result: loss_0=0.0001 loss_0.1=0.00.. loss_0.5=0.0.. ...
//
// Contents: 1 model  2 evaluation  3 training  4 small task  5 digits
//           6 chart  7 main

#include <stdio.h>

#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

// x -> linear -> ReLU -> dropout -> linear -> logits
typedef struct {
    // set by net_init
    float p; // of a hidden unit to be dropped while training
    Params params;
    Tensor w1, b1, w2, b2, dw1, db1, dw2, db2;
    // written by forward, read by backward
    Tensor hidden, mask; // [N, M]
    Tensor logits;       // [N, classes]
    // gradients of these
    Tensor dhidden, dlogits;
} Net;

static void net_init(Net *net, int D, int M, int classes, float p, Rng *rng) {
    *net = (Net){.p = p};
    const ParamSpec table[] = {
        {"fc1.weight", &net->w1, &net->dw1, {M, D}},
        {"fc1.bias", &net->b1, &net->db1, {M}},
        {"fc2.weight", &net->w2, &net->dw2, {classes, M}},
        {"fc2.bias", &net->b2, &net->db2, {classes}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void net_free(Net *net) {
    Tensor *activations[] = {&net->hidden, &net->mask, &net->logits,
                             &net->dhidden, &net->dlogits};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        tensor_free(activations[i]);
    params_free(&net->params);
}

// rng NULL: the trained net is used, nothing is dropped. The scale is ours.
// [B dropout] h = mask * relu(x w^T + b) / (1 - p),  mask 0 with probability p
static void net_forward(Net *net, const Tensor *x, Rng *rng) {
    linear_forward(&net->hidden, x, &net->w1, &net->b1);
    relu_forward(&net->hidden, &net->hidden);
    if (rng != NULL)
        dropout_forward(&net->hidden, &net->mask, &net->hidden, net->p, rng);
    linear_forward(&net->logits, &net->hidden, &net->w2, &net->b2);
}

// ReLU's backward pass needs only the sign of its output: scaling keeps it, and
// a dropped unit is 0 and gets no gradient either way.
static void net_backward(Net *net, const Tensor *x) {
    linear_backward(&net->dhidden, &net->dw2, &net->db2, &net->dlogits,
                    &net->hidden, &net->w2);
    dropout_backward(&net->dhidden, &net->dhidden, &net->mask);
    relu_backward(&net->dhidden, &net->dhidden, &net->hidden);
    linear_backward(NULL, &net->dw1, &net->db1, &net->dhidden, x, &net->w1);
}

// ---- 2. Evaluation ----------------------------------------------------------

typedef struct {
    double loss, error; // mean cross entropy; error rate in per cent
} Score;

// rng NULL: of the trained net as it is used; else with units dropped.
static Score evaluate(Net *net, const Dataset *set, Rng *rng) {
    Confusion confusion = {.classes = set->classes};
    Score score = {0};
    Batches batches;
    batches_init(&batches, set, 1000);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        net_forward(net, &batches.x, rng);
        confusion_add(&confusion, &net->logits, batches.labels);
        float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        score.loss += (double)loss * batches.x.shape[0] / set->count;
    }
    score.loss = finished(score.loss);
    score.error = finished(100.0 - 100.0 * confusion_accuracy(&confusion));
    batches_free(&batches);
    return score;
}

// The training loss as each step sees it: the mean over many draws of units.
static double loss_with_units_dropped(Net *net, const Dataset *set, Rng *rng) {
    enum { DRAWS = 50 };
    double sum = 0.0;
    for (int n = 0; n < DRAWS; n++)
        sum += evaluate(net, set, rng).loss;
    return sum / DRAWS;
}

// ---- 3. Training ------------------------------------------------------------

enum { MAX_RUNS = 20, RATES = 4 };
static const float rates[RATES] = {0.0f, 0.1f, 0.5f, 0.9f};
enum { NONE, LITTLE, HALF, MOST }; // their places

typedef struct {
    CommonOptions common;
    int epochs, runs, digit_epochs, limit;
    const char *data;
} Options;

static void train(Net *net, const Dataset *set, int batch, int epochs, float lr,
                  const Options *o, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, set, batch);
    progress_init(&progress, epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, lr);

    for (int epoch = 1; epoch <= epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            net_forward(net, &batches.x, rng);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            net_backward(net, &batches.x);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
    }
    progress_mean_loss(&progress);
    optimizer_free(&adam);
    batches_free(&batches);
}

// ---- 4. The small task ------------------------------------------------------

typedef struct {
    // medians of the runs
    double train_loss, dropped_loss, validation_loss, validation_error;
    double errors[MAX_RUNS]; // on validation, of each run
} Outcome;

static Outcome run_characters(float p, const Options *o) {
    double loss[MAX_RUNS], dropped[MAX_RUNS];
    double validation_loss[MAX_RUNS];
    Outcome outcome = {0};
    for (int run = 0; run < o->runs; run++) {
        uint64_t seed = o->common.seed + (uint64_t)run;
        Dataset set, validation;
        Net net;
        Rng rng;
        rng_seed(&rng, seed);
        characters_draw(&set, &validation, CHARACTER_TRAIN,
                        CHARACTER_VALIDATION, seed);
        net_init(&net, CHARACTER_PIXELS, 32, 2, p, &rng);
        train(&net, &set, set.count, o->epochs, 0.03f, o, &rng);
        loss[run] = evaluate(&net, &set, NULL).loss;
        dropped[run] = loss_with_units_dropped(&net, &set, &rng);
        Score score = evaluate(&net, &validation, NULL);
        validation_loss[run] = score.loss;
        outcome.errors[run] = score.error;
        net_free(&net);
        dataset_free(&set);
        dataset_free(&validation);
    }
    outcome.train_loss = median(loss, o->runs);
    outcome.dropped_loss = median(dropped, o->runs);
    outcome.validation_loss = median(validation_loss, o->runs);
    outcome.validation_error = median(outcome.errors, o->runs);
    return outcome;
}

static void print_characters(const Outcome *outcomes, const Options *o) {
    static const char *const lecture[RATES] = {"0.000", "0.028", "0.210",
                                               "0.602"};
    printf("%d windows, 32 ReLU, Adam 0.03, %d epochs; medians of %d runs\n\n"
           "  %-6s %9s %15s %10s %12s %12s\n",
           CHARACTER_TRAIN, o->epochs, o->runs, "p", "lecture", "units dropped",
           "training", "validation", "error");
    for (int i = 0; i < RATES; i++)
        printf("  %-6g %9s %15.3f %10.3f %12.3f %10.1f %%\n", (double)rates[i],
               lecture[i], outcomes[i].dropped_loss, outcomes[i].train_loss,
               outcomes[i].validation_loss, outcomes[i].validation_error);
    printf(
        "\nThe lecture's column is its training loss, on pictures that are not "
        "published.\nIt does not say whether units were dropped while it was "
        "measured; ours is\nmeasured both ways, with units dropped and with "
        "all units on (training). On new\nwindows p = %g changes the loss "
        "from %.3f to %.3f, the error from %.1f %% to\n%.1f %%.\n\n",
        (double)rates[HALF], outcomes[NONE].validation_loss,
        outcomes[HALF].validation_loss, outcomes[NONE].validation_error,
        outcomes[HALF].validation_error);
}

// ---- 5. Digits --------------------------------------------------------------

// Few digits and a wide net: that is where there is something to regularize.
static Score run_digits(float p, const Digits *digits, const Options *o) {
    Net net;
    Rng rng;
    rng_seed(&rng, o->common.seed);
    net_init(&net, digits->train.rows * digits->train.cols, 512,
             digits->train.classes, p, &rng);
    train(&net, &digits->train, 50, o->digit_epochs, 0.001f, o, &rng);
    Score score = evaluate(&net, &digits->test, NULL);
    net_free(&net);
    return score;
}

// ---- 6. The chart -----------------------------------------------------------

static void draw(const Outcome *outcomes, int runs, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "dropout", format))
        return;
    const Outcome *without = &outcomes[NONE], *half = &outcomes[HALF];
    figure_title(&f,
                 "Dropping half of the units: training loss %.3f → %.3f, "
                 "error %.1f → %.1f %%",
                 without->train_loss, half->train_loss,
                 without->validation_error, half->validation_error);
    figure_caption(
        &f,
        "Bars are medians over the seeds; on the right each ring is one seed.");
    figure_table(&f, "p,training loss,validation error");
    for (int i = 0; i < RATES; i++)
        figure_row(&f, rates[i], outcomes[i].train_loss,
                   outcomes[i].validation_error);
    for (int k = 0; k < 2; k++) {
        figure_panel(&f, k == 0 ? "Training samples: cross entropy"
                                : "New samples: error (%%)");
        for (int i = 0; i < RATES; i++)
            figure_tick(&f, 'x', i, "%g", (double)rates[i]);
        figure_x(&f, "p, the fraction of hidden units dropped");
        figure_pen(&f, (Pen){.color = k == 0 ? PEN_BLUE : PEN_ORANGE});
        figure_bars(&f, 2 + k, k == 0 ? "%.3f" : "", "%s", "");
    }
    figure_table(&f, "row,validation error");
    for (int i = 0; i < RATES; i++)
        for (int run = 0; run < runs; run++)
            figure_row(&f, i, outcomes[i].errors[run]);
    figure_pen(&f, (Pen){.color = PEN_BLACK, .point = POINT_RING});
    figure_points(&f, 1, 2, "%s", "");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 100000,
                   "steps of each run of the small task"),
        option_int("runs", &o->runs, 1, MAX_RUNS, "runs to take the median of"),
        option_int("digit-epochs", &o->digit_epochs, 1, 1000,
                   "passes over the digits"),
        option_int("limit", &o->limit, 1, 60000, "training digits to use"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o->common, "dropout",
              "Dropout of 0, 10, 50 and 90 % of the hidden units on a small "
              "task, and with and without on a few digits.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    // one thread: the net is too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 1000,
                 .runs = 5,
                 .digit_epochs = 20,
                 .limit = 1000};
    parse(&o, argc, argv);
    Outcome outcomes[RATES];
    for (int i = 0; i < RATES; i++)
        outcomes[i] = run_characters(rates[i], &o);
    if (!o.common.quiet && !stop_requested())
        print_characters(outcomes, &o);
    draw(outcomes, o.runs, o.common.plot);

    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, 0, o.common.seed, &err))
        die("%s", err.message);
    if (digits.train.count > o.limit)
        digits.train.count = o.limit; // all test digits stay
    digits_say(&digits, o.common.quiet);
    Score without = run_digits(rates[NONE], &digits, &o);
    Score with = run_digits(rates[HALF], &digits, &o);
    if (!o.common.quiet && !stop_requested())
        printf("512 ReLU, %d epochs: test error %.2f %% without, %.2f %% with "
               "p = %g\n\n",
               o.digit_epochs, without.error, with.error, (double)rates[HALF]);
    run_result("loss_0=%.4f loss_0.1=%.4f loss_0.5=%.4f loss_0.9=%.4f "
               "error_without=%.2f error_with=%.2f seed=%llu data=%s",
               outcomes[NONE].train_loss, outcomes[LITTLE].train_loss,
               outcomes[HALF].train_loss, outcomes[MOST].train_loss,
               without.error, with.error, (unsigned long long)o.common.seed,
               digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
