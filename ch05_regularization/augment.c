// augment.c - more pictures out of few (数据增强 data augmentation)
//
// A digit that is shifted, rotated, zoomed or noisy is still that digit. So
// each time a training picture comes up it is changed a little at random: the
// net never sees the same one twice and cannot memorize it. The fewer pictures
// there are, the more this is worth. A change should keep the meaning: a
// mirrored 2 is not a digit, so flips are shown but not trained on.
//
// Source: B, data augmentation (rotation, flip, zoom, shift, noise); the shear
//         is ours
// Run: make augment && ./augment
// Ends with: result: error_100=30.28 augmented_100=19.43 error_300=18.52 ...
//
// Contents: 1 kinds of change  2 evaluation  3 training  4 table  5 charts
//           6 main

#include <stddef.h>
#include <stdio.h>

#include "augment.h"
#include "cli.h"
#include "data.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. Kinds of change -----------------------------------------------------

typedef struct {
    const char *name;
    Augment by;
} Kind;

// Stronger than for training, to be seen.
static const Kind kinds[] = {
    {"shift", {.shift = 5.0f}}, {"rotate", {.rotate = 35.0f}},
    {"zoom", {.zoom = 0.5f}},   {"shear", {.shear = 30.0f}},
    {"flip x", {.flip = 1.0f}}, {"flip y", {.flip_vertical = 1.0f}},
    {"noise", {.noise = 0.2f}},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

// What a net is trained with: no flip, for digits are not symmetric.
static const Augment training_strength = {.shift = 2.0f,
                                          .rotate = 10.0f,
                                          .zoom = 0.1f,
                                          .shear = 5.0f,
                                          .noise = 0.05f};

// ---- 2. Evaluation ----------------------------------------------------------

// The error rate, in per cent.
static double error_on(ReluNet *net, const Dataset *set) {
    Confusion confusion = {.classes = set->classes};
    Batches batches;
    batches_init(&batches, set, 1000);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        relu_net_forward(net, &batches.x);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// ---- 3. Training ------------------------------------------------------------

enum { SIZES = 3, BATCH = 20, MAX_RUNS = 20 };
static const int sizes[SIZES] = {100, 300, 1000};

typedef struct {
    CommonOptions common;
    int steps, runs;
    const char *data;
} Options;

// Few pictures get as many steps as many do, so more epochs.
// [B data augmentation] each picture is changed anew whenever it comes up
static void train(ReluNet *net, const Dataset *set, bool augmented,
                  const Options *o, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, set, BATCH);
    int epochs = (o->steps + batches.count - 1) / batches.count;
    progress_init(&progress, epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, 0.001f);

    for (int epoch = 1; epoch <= epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            if (augmented)
                augment_batch(&batches.x, &training_strength, rng);
            relu_net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            relu_net_backward(net, &batches.x);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
    }
    progress_mean_loss(&progress);
    optimizer_free(&adam);
    batches_free(&batches);
}

// Run number `run` has pictures of its own: the run-th `count` of the set.
static Dataset part(const Dataset *set, int run, int count) {
    Dataset some = *set;
    if (count > set->count)
        count = set->count;
    int first = run * count % (set->count - count + 1);
    some.pixels += (ptrdiff_t)first * set->rows * set->cols;
    some.labels += first;
    some.count = count;
    return some;
}

typedef struct {
    double each[MAX_RUNS], mean; // of the runs, in per cent
} Errors;

// The test errors of several runs.
static Errors measure(const Digits *digits, int count, bool augmented,
                      const Options *o) {
    Errors errors = {.mean = 0.0};
    for (int run = 0; run < o->runs; run++) {
        Dataset some = part(&digits->train, run, count);
        ReluNet net;
        Rng rng;
        rng_seed(&rng, o->common.seed + (uint64_t)run);
        relu_net_init(&net, 3,
                      (int[]){some.rows * some.cols, 128, some.classes}, &rng);
        train(&net, &some, augmented, o, &rng);
        errors.each[run] = error_on(&net, &digits->test);
        errors.mean += errors.each[run] / o->runs;
        relu_net_free(&net);
    }
    return errors;
}

// ---- 4. The table -----------------------------------------------------------

static void print_table(Errors errors[SIZES][2], const Options *o) {
    printf("128 ReLU, Adam 0.001, %d steps of %d digits; means of %d runs\n\n"
           "  %-10s %14s %14s\n",
           o->steps, BATCH, o->runs, "digits", "original", "augmented");
    for (int i = 0; i < SIZES; i++)
        printf("  %-10d %12.2f %% %12.2f %%\n", sizes[i], errors[i][0].mean,
               errors[i][1].mean);
    printf("\n");
}

// ---- 5. Charts --------------------------------------------------------------

enum { SHOWN = 6 };

// Six digits as they are, and below them a row for each kind of change.
static void draw_kinds(const Dataset *set, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "augment_kinds", format))
        return;
    int H = set->rows, W = set->cols, row = SHOWN * H * W;
    const char *names[1 + KINDS] = {"original"};
    Tensor sheet = {0};
    Rng rng;
    rng_seed(&rng, 1);
    tensor_resize(&sheet, 4, (1 + KINDS) * SHOWN, 1, H, W);
    for (int i = 0; i < (1 + KINDS) * row; i++)
        sheet.data[i] =
            (float)set->pixels[i % row % (set->count * H * W)] / 255.0f;
    for (int k = 0; k < KINDS; k++) {
        Tensor copies =
            tensor_view(sheet.data + (k + 1) * row, 4, SHOWN, 1, H, W);
        augment_batch(&copies, &kinds[k].by, &rng);
        names[k + 1] = kinds[k].name;
    }
    figure_title(&f, "A digit that is moved or noisy is still that digit; "
                     "flipped, it may not be");
    figure_caption(&f, "Each row changes the digits of the first row in one "
                       "way, more strongly than in training.");
    figure_panel_size(&f, 480, 480);
    figure_pictures(&f, &(Sheet){.pixels = sheet.data,
                                 .count = (1 + KINDS) * SHOWN,
                                 .H = H,
                                 .W = W,
                                 .columns = SHOWN,
                                 .high = 1.0,
                                 .heat = HEAT_INK,
                                 .rows = names});
    figure_close(&f);
    tensor_free(&sheet);
}

static void draw_errors(Errors errors[SIZES][2], int runs, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "augment_errors", format))
        return;
    figure_title(&f,
                 "With %d digits, augmentation takes the test error from %.1f "
                 "to %.1f %%",
                 sizes[0], errors[0][0].mean, errors[0][1].mean);
    figure_caption(&f, "The curves are means; each run, with digits of its "
                       "own, is a ring.");
    figure_x(&f, "training digits");
    figure_log(&f, 'x');
    figure_y(&f, "test error (%%)");
    figure_range(&f, 'y', 0.0, NAN);

    figure_table(&f, "digits,as they are,augmented");
    for (int i = 0; i < SIZES; i++)
        figure_row(&f, sizes[i], errors[i][0].mean, errors[i][1].mean);
    figure_lines(&f, 1, 2, "original");
    figure_lines(&f, 1, 3, "augmented");

    figure_table(&f, "digits,as they are,augmented");
    for (int i = 0; i < SIZES; i++)
        for (int run = 0; run < runs; run++)
            figure_row(&f, sizes[i], errors[i][0].each[run],
                       errors[i][1].each[run]);
    figure_pen(&f, (Pen){.color = PEN_BLUE, .point = POINT_RING});
    figure_points(&f, 1, 2, "%s", "");
    figure_pen(&f, (Pen){.color = PEN_ORANGE, .point = POINT_RING});
    figure_points(&f, 1, 3, "%s", "");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: the net is too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1}, .steps = 1500, .runs = 3};
    const Option table[] = {
        option_int("steps", &o.steps, 1, 1000000, "steps of each run"),
        option_int("runs", &o.runs, 1, MAX_RUNS, "runs to take the mean of"),
        option_text("data", &o.data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o.common, "augment",
              "Shows seven kinds of data augmentation and trains a net on 100, "
              "300 and 1000 digits with and without.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, 0, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    Errors errors[SIZES][2];
    for (int i = 0; i < SIZES; i++)
        for (int augmented = 0; augmented < 2; augmented++)
            errors[i][augmented] =
                measure(&digits, sizes[i], augmented == 1, &o);
    if (!o.common.quiet && !stop_requested())
        print_table(errors, &o);
    draw_kinds(&digits.train, o.common.plot);
    draw_errors(errors, o.runs, o.common.plot);
    for (int i = 0; i < SIZES; i++)
        run_result("error_%d=%.2f augmented_%d=%.2f", sizes[i],
                   errors[i][0].mean, sizes[i], errors[i][1].mean);
    run_result("seed=%llu data=%s", (unsigned long long)o.common.seed,
               digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
