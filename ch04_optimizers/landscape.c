// landscape.c - what does the loss of a net look like around its minimum?
// (神经网络的目标函数)
//
// A net has thousands of weights; we can look along two directions of them at
// a time. Random ones would be unfair, because a net with large weights hardly
// changes in a step that ruins one with small weights: so each unit's part of a
// direction is made as long as the unit's own weights are (filter
// normalization). Then a sharp minimum and a flat one can be compared: the same
// net, trained as usual, and trained with its weights shaken in every step.
//
// Source: B, objective functions of deep nets, from Li et al. 2018; A fig. 13.
// Run: make landscape && ./landscape
// Ends with: result: sharp_loss=0.0013 flat_loss=0.0019 sharp_rise=0.1847 ...
//
// Try: --seed 2 to 8 (is the flat minimum the better net?);
//      shake_of 0.2 instead of 0.5 (how flat is the flat minimum then?).
//
// Contents: 1 the loss  2 directions  3 two minima  4 the surface  5 report
//           6 figure  7 main

#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

// ---- 1. The loss ------------------------------------------------------------

enum { HIDDEN = 32, NETS = 2, SIDE = 61, DIRECTIONS = 20 };
static const float shake_of[NETS] = {0.0f, 0.5f}; // of the weights' length
static const char *const net_name[NETS] = {"sharp", "flat"};

typedef struct {
    CommonOptions common;
    int epochs, batch;
    float lr;
} Options;

// All windows of the set at once: the loss and the accuracy.
static double loss_of(ReluNet *net, const Dataset *set, double *accuracy) {
    Confusion confusion = {.classes = set->classes};
    Batches all;
    batches_init(&all, set, set->count);
    batches_start(&all, NULL);
    batches_next(&all);
    relu_net_forward(net, &all.x);
    double loss = (double)softmax_cross_entropy(NULL, &net->logits, all.labels);
    confusion_add(&confusion, &net->logits, all.labels);
    if (accuracy != NULL)
        *accuracy = confusion_accuracy(&confusion);
    batches_free(&all);
    return loss;
}

// ---- 2. Directions ----------------------------------------------------------

// d of one unit, as long as its weights w.
static void normalize_row(float *d, const float *w, int count) {
    double dd = 0, ww = 0;
    for (int i = 0; i < count; i++) {
        dd += (double)d[i] * (double)d[i];
        ww += (double)w[i] * (double)w[i];
    }
    float scale = dd > 0 ? (float)sqrt(ww / dd) : 0.0f;
    for (int i = 0; i < count; i++)
        d[i] *= scale;
}

// [Li 2018 filter normalization] d_i <- d_i / |d_i| * |w_i| for each unit i
// A random direction, for all parameters. Biases stay where they are.
static void random_direction(Tensor *d, const ReluNet *net, Rng *rng) {
    tensor_resize_like(d, &net->params.value);
    tensor_fill(d, 0.0f);
    for (int l = 0; l < net->layers; l++) {
        const Tensor *w = &net->w[l]; // [M, D], a row for each unit
        int M = w->shape[0], D = w->shape[1];
        float *part = d->data + (w->data - net->params.value.data);
        for (int i = 0; i < M * D; i++)
            part[i] = rng_normal(rng);
        for (int m = 0; m < M; m++)
            normalize_row(part + m * D, w->data + m * D, D);
    }
}

// ---- 3. Two minima ----------------------------------------------------------

// Trains; with shake > 0 every gradient is computed that far from the weights,
// in a random direction. On average it is then the gradient of the mean loss
// around the weights, and this mean is low only in a wide minimum.
static void train(ReluNet *net, const Dataset *set, float shake,
                  const Options *o, Rng *rng) {
    Tensor w = {0}, d = {0}, *value = &net->params.value;
    Batches batches;
    Progress progress;
    Optimizer sgd;
    batches_init(&batches, set, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&sgd, SGD, o->lr);
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            tensor_copy(&w, value);
            random_direction(&d, net, rng);
            saxpy((int)d.size, shake, d.data, value->data);
            relu_net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            relu_net_backward(net, &batches.x);
            tensor_copy(value, &w);
            optimizer_step(&sgd, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        progress_mean_loss(&progress);
    }
    tensor_free(&w);
    tensor_free(&d);
    optimizer_free(&sgd);
    batches_free(&batches);
}

// ---- 4. The surface ---------------------------------------------------------

// [Li 2018 surface] f(a, b) = L(w + a d1 + b d2)
static double loss_at(ReluNet *net, const Dataset *set, const Tensor *w,
                      double a, const Tensor *d1, double b, const Tensor *d2) {
    Tensor *moved = &net->params.value;
    for (size_t i = 0; i < w->size; i++)
        moved->data[i] =
            w->data[i] + (float)a * d1->data[i] + (float)b * d2->data[i];
    double loss = loss_of(net, set, NULL);
    tensor_copy(moved, w); // back to the minimum
    return loss;
}

typedef struct {
    double loss, validation, accuracy; // at the minimum
    double rise; // of the loss, half as far out as the weights are long,
                 // mean over some directions
    double surface[SIDE][SIDE]; // a and b from -1 to 1
} View;

static double axis(int i) {
    return 2.0 * i / (SIDE - 1) - 1;
}

static void look_around(View *view, ReluNet *net, const Dataset *set,
                        Rng *rng) {
    Tensor w = {0}, d1 = {0}, d2 = {0};
    tensor_copy(&w, &net->params.value);
    view->rise = 0;
    for (int n = 0; n < DIRECTIONS; n++) {
        random_direction(&d1, net, rng);
        double there = loss_at(net, set, &w, 0.5, &d1, 0, &d1);
        view->rise += (there - view->loss) / DIRECTIONS;
    }
    random_direction(&d1, net, rng);
    random_direction(&d2, net, rng);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            view->surface[i][j] =
                loss_at(net, set, &w, axis(j), &d1, axis(i), &d2);
    tensor_free(&w);
    tensor_free(&d1);
    tensor_free(&d2);
}

// Both nets begin with the same weights and see the same directions.
static View explore(float shake, const Dataset *train_set,
                    const Dataset *validation, const Options *o) {
    View view;
    Rng rng;
    ReluNet net;
    const int sizes[] = {CHARACTER_PIXELS, HIDDEN, 2};
    rng_seed(&rng, o->common.seed);
    relu_net_init(&net, 3, sizes, &rng);
    train(&net, train_set, shake, o, &rng);
    view.loss = finished(loss_of(&net, train_set, NULL));
    view.validation = finished(loss_of(&net, validation, &view.accuracy));
    rng_seed(&rng, o->common.seed + 1);
    look_around(&view, &net, train_set, &rng);
    view.rise = finished(view.rise);
    relu_net_free(&net);
    return view;
}

// ---- 5. Report --------------------------------------------------------------

static void report(const View views[NETS], const Options *o) {
    printf(
        "%d windows of %d x %d pixels, %d ReLU, %d epochs of SGD in batches "
        "of %d,\nrate %g; the flat one with its weights shaken by half their "
        "length at each step\n\n  %-8s %13s %17s %17s %9s\n",
        CHARACTER_TRAIN, CHARACTER_SIDE, CHARACTER_SIDE, HIDDEN, o->epochs,
        o->batch, (double)o->lr, "minimum", "training loss",
        "as far out as 0.5", "validation loss", "right");
    for (int k = 0; k < NETS; k++)
        printf("  %-8s %13.4f %17.4f %17.4f %7.1f %%\n", net_name[k],
               views[k].loss, views[k].loss + views[k].rise,
               views[k].validation, 100 * views[k].accuracy);
    printf(
        "\nThe flat minimum is flat because training shook the weights. Is "
        "it better, too?\nIts validation loss is %s than the sharp one's, its "
        "accuracy %s.\nAnother --seed may say otherwise.\n\n",
        views[1].validation < views[0].validation ? "lower" : "not lower",
        views[1].accuracy > views[0].accuracy ? "higher" : "not higher");
}

// ---- 6. Figure --------------------------------------------------------------

static void draw(const View views[NETS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "landscape_contours", format))
        return;
    figure_title(&f,
                 "Half the weights' norm away, the loss rises by %.2f (sharp) "
                 "and %.2f (flat)",
                 views[0].rise, views[1].rise);
    figure_caption(&f,
                   "The loss around two minima of the same net, along two "
                   "random directions with the norm of the weights; in the "
                   "title, means over %d directions.",
                   DIRECTIONS);
    figure_share(&f);
    for (int k = 0; k < NETS; k++) {
        figure_panel(
            &f, k == 0 ? "Sharp minimum: loss %.4f" : "Flat minimum: loss %.4f",
            views[k].loss);
        figure_x(&f, "direction 1");
        figure_y(&f, "direction 2");
        figure_step(&f, 'x', 0.5);
        figure_step(&f, 'y', 0.5);
        figure_square(&f);
        figure_table(&f, "a,b,log10 loss");
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                figure_row(&f, axis(j), axis(i), log10(views[k].surface[i][j]));
        figure_heat(&f, 1, 2, 3, HEAT_BANDS, -3, 1);
    }
    figure_scale(&f, "log₁₀ of the loss");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 10000, "passes over the windows"),
        option_int("batch", &o->batch, 1, CHARACTER_TRAIN, "windows per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
    };
    cli_parse(&o->common, "landscape",
              "The loss around the minimum of a small net, trained as usual "
              "and with its weights shaken.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .epochs = 300, .batch = 10, .lr = 0.1f};
    parse(&o, argc, argv);
    Dataset train_set, validation;
    characters_draw(&train_set, &validation, CHARACTER_TRAIN,
                    CHARACTER_VALIDATION, o.common.seed);
    View views[NETS];
    for (int k = 0; k < NETS; k++)
        views[k] = explore(shake_of[k], &train_set, &validation, &o);
    if (!o.common.quiet && !stop_requested())
        report(views, &o);
    draw(views, o.common.plot);
    run_result("sharp_loss=%.4f flat_loss=%.4f "
               "sharp_rise=%.4f flat_rise=%.4f sharp_validation=%.4f "
               "flat_validation=%.4f seed=%llu",
               views[0].loss, views[1].loss, views[0].rise, views[1].rise,
               views[0].validation, views[1].validation,
               (unsigned long long)o.common.seed);
    dataset_free(&train_set);
    dataset_free(&validation);
    return run_end();
}
