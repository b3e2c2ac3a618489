// early_stopping.c - stop when new pictures get worse (早停)
//
// A net that trains long enough learns its training windows by heart: their
// loss goes to zero. The loss on windows it never saw falls at first, and then
// rises, as what is learned is noise. Nothing in the training loss tells, so a
// validation set has to: keep the weights of its best epoch and go back there.
//
// Source: B, early stopping. Run: make early_stopping && ./early_stopping
// Ends with: result: best_epoch=106 best_train=0.255 best_validation=0.420 ...
//
// Contents: 1 keeping the best  2 training  3 table  4 chart  5 main

#include <stdio.h>

#include "characters.h"
#include "chart.h"
#include "cli.h"
#include "loss.h"
#include "memory.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"

enum { HIDDEN = 32 };

// ---- 1. Keeping the best ----------------------------------------------------

typedef struct {
    int epoch; // of the smallest validation loss; 0: none yet
    float train_loss, validation_loss;
    Tensor weights; // of that epoch
} Best;

// [B early stopping] keep the weights of the smallest validation loss
static void keep_if_best(Best *best, int epoch, float train_loss,
                         float validation_loss, const Tensor *weights) {
    if (best->epoch > 0 && validation_loss >= best->validation_loss)
        return;
    best->epoch = epoch;
    best->train_loss = train_loss;
    best->validation_loss = validation_loss;
    tensor_copy(&best->weights, weights);
}

// True if patience epochs have passed without a better one; 0: never.
static bool out_of_patience(const Best *best, int epoch, int patience) {
    return patience > 0 && epoch - best->epoch >= patience;
}

// ---- 2. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, patience;
    float lr;
} Options;

typedef struct {
    int epochs;                // done
    float *train, *validation; // the loss after each epoch, [epochs]
} Curves;

static float loss_on(ReluNet *net, const Batches *b) {
    relu_net_forward(net, &b->x);
    return softmax_cross_entropy(NULL, &net->logits, b->labels);
}

static void train(ReluNet *net, Best *best, Curves *curves, const Dataset *set,
                  const Dataset *validation, const Options *o, Rng *rng) {
    Batches batches, held;
    Progress progress;
    Optimizer adam;
    relu_net_init(net, 3, (int[]){CHARACTER_PIXELS, HIDDEN, 2}, rng);
    batches_init(&batches, set, set->count); // one batch is the whole set
    batches_init(&held, validation, validation->count);
    batches_start(&held, NULL);
    batches_next(&held);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    curves->train = mem_alloc((size_t)o->epochs, sizeof(float));
    curves->validation = mem_alloc((size_t)o->epochs, sizeof(float));

    for (int epoch = 1;
         epoch <= o->epochs && (epoch == 1 || !stop_requested()) &&
         !out_of_patience(best, epoch - 1, o->patience);
         epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) { // once
            relu_net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            relu_net_backward(net, &batches.x);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        float train_loss = loss_on(net, &batches);
        float validation_loss = loss_on(net, &held);
        keep_if_best(best, epoch, train_loss, validation_loss,
                     &net->params.value);
        curves->train[epoch - 1] = train_loss;
        curves->validation[epoch - 1] = validation_loss;
        curves->epochs = epoch;
    }
    progress_mean_loss(&progress);
    tensor_copy(&net->params.value, &best->weights); // back to the best epoch
    optimizer_free(&adam);
    batches_free(&held);
    batches_free(&batches);
}

// ---- 3. The table -----------------------------------------------------------

static void print_table(const Best *best, const Curves *curves) {
    int last = curves->epochs;
    printf("%d training and %d validation windows, %d ReLU\n\n"
           "  %-26s %8s %10s %12s\n"
           "  %-26s %8d %10.3f %12.3f\n  %-26s %8d %10.3f %12.3f\n"
           "  %-26s %8d %10s %12s\n  %-26s %8d %10s %12s\n\n",
           CHARACTER_TRAIN, CHARACTER_VALIDATION, HIDDEN, "", "epoch",
           "training", "validation", "best, weights kept", best->epoch,
           (double)best->train_loss, (double)best->validation_loss, "last",
           last, (double)curves->train[last - 1],
           (double)curves->validation[last - 1], "the lecture's best", 194,
           "0.259", "0.040", "the lecture's last", 1000, "0.000", "1.420");
}

// ---- 4. The chart -----------------------------------------------------------

static void draw(const Best *best, const Curves *curves, const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch05", "early_stopping", format))
        return;
    chart_columns(&chart, "epoch,training,validation");
    for (int e = 1; e <= curves->epochs; e++)
        chart_row(&chart, 3, (double)e, (double)curves->train[e - 1],
                  (double)curves->validation[e - 1]);
    chart_script(&chart,
                 "set title 'The training loss only falls; the validation loss "
                 "turns up after epoch %d'\n"
                 "set xlabel 'epoch'; set ylabel 'cross entropy'\n"
                 "set yrange [0:*]\n"
                 "set arrow from %d,graph 0 to %d,graph 1 nohead lt 0 lw 2\n"
                 "set label 'stop here' at %d,graph 0.94 offset 1,0\n"
                 "plot DATA using 1:2 with lines, DATA using 1:3 with lines\n",
                 best->epoch, best->epoch, best->epoch, best->epoch);
    chart_close(&chart);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: so small a net is done before a second one has woken up
    Options o = {
        .common = {.seed = 1, .threads = 1}, .epochs = 1000, .lr = 0.001f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "passes over the windows"),
        option_int("patience", &o.patience, 0, 100000,
                   "stop so many epochs after the best (0: never)"),
        option_float("lr", &o.lr, 1e-9, 10.0, "Adam's learning rate"),
    };
    cli_parse(&o.common, "early_stopping",
              "A small net over-fits; the epoch of the smallest validation "
              "loss is found and its weights restored.",
              table, sizeof table / sizeof *table, argc, argv);
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    o.common.seed);
    ReluNet net;
    Rng rng;
    Best best = {0};
    Curves curves = {0};
    rng_seed(&rng, o.common.seed);
    train(&net, &best, &curves, &set, &validation, &o, &rng);
    if (!o.common.quiet)
        print_table(&best, &curves);
    draw(&best, &curves, o.common.plot);
    printf("result: best_epoch=%d best_train=%.3f best_validation=%.3f "
           "last_epoch=%d last_train=%.3f last_validation=%.3f seed=%llu\n",
           best.epoch, (double)best.train_loss, (double)best.validation_loss,
           curves.epochs, (double)curves.train[curves.epochs - 1],
           (double)curves.validation[curves.epochs - 1],
           (unsigned long long)o.common.seed);
    mem_free(curves.train);
    mem_free(curves.validation);
    tensor_free(&best.weights);
    relu_net_free(&net);
    dataset_free(&set);
    dataset_free(&validation);
    return 0;
}
