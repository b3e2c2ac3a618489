// early_stopping.c - stop when new pictures get worse (提前停止 early stopping)
//
// A net that trains long enough memorizes its training windows: their loss
// goes to zero. The loss on windows that it never saw falls at first and then
// rises, because what is learned late is noise. The training loss does not show
// this, so a validation set has to: keep the weights of its best epoch and
// return to them.
//
// B stops when the error rate on the validation set no longer falls; its own
// experiment reads the best epoch off the validation loss, and so do we. By
// default every run goes on to the last epoch, to show what stopping saves;
// --patience stops early.
//
// Source: B, early stopping (its setting: 32 ReLU, Adam 0.03, 1000 epochs)
// Run: make early_stopping && ./early_stopping
// Ends with: result: best_epoch=22 best_train=0.344 best_validation=0.423 ...
//
// Contents: 1 keeping the best  2 training  3 table  4 chart  5 main

#include <stdio.h>

#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "memory.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

enum { HIDDEN = 32, MAX_RUNS = 20 };

// ---- 1. Keeping the best ----------------------------------------------------

typedef struct {
    int epoch; // of the smallest validation loss; 0: none yet
    float train_loss, validation_loss;
    Tensor weights; // of that epoch
} Best;

// [B early stopping] keep the weights of the epoch of least validation loss
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
    int epochs, patience, runs;
    float lr;
} Options;

typedef struct {
    int epochs;                // done
    float *train, *validation; // the loss after each epoch, [epochs]
} Curves;

// What one seed comes to.
typedef struct {
    Best best;
    Curves curves;
    bool complete; // no stop came before its end
} Outcome;

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

    for (int epoch = 1; epoch <= o->epochs && !stop_requested() &&
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
    if (best->epoch > 0) // back to the best epoch
        tensor_copy(&net->params.value, &best->weights);
    optimizer_free(&adam);
    batches_free(&held);
    batches_free(&batches);
}

// One run, with windows and first weights of its own.
static void run(Outcome *r, uint64_t seed, const Options *o) {
    Dataset set, validation;
    ReluNet net;
    Rng rng;
    *r = (Outcome){0};
    rng_seed(&rng, seed);
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    seed);
    train(&net, &r->best, &r->curves, &set, &validation, o, &rng);
    r->complete = !stop_requested();
    relu_net_free(&net);
    dataset_free(&set);
    dataset_free(&validation);
}

static void outcome_free(Outcome *r) {
    mem_free(r->curves.train);
    mem_free(r->curves.validation);
    tensor_free(&r->best.weights);
}

// ---- 3. The table -----------------------------------------------------------

static void print_row(const char *name, int epoch, double train,
                      double validation) {
    printf("  %-22s %8d %10.3f %12.3f\n", name, epoch, train, validation);
}

static void print_table(const Outcome *r, const Options *o) {
    const Best *best = &r->best;
    const Curves *curves = &r->curves;
    int last = curves->epochs;
    printf("%d training and %d validation windows, %d ReLU, Adam %g\n\n"
           "  %-22s %8s %10s %12s\n",
           CHARACTER_TRAIN, CHARACTER_VALIDATION, HIDDEN, (double)o->lr, "",
           "epoch", "training", "validation");
    print_row("best, weights kept", best->epoch, (double)best->train_loss,
              (double)best->validation_loss);
    print_row("last", last, (double)curves->train[last - 1],
              (double)curves->validation[last - 1]);
    print_row("the lecture's best", 194, 0.259, 0.040);
    print_row("the lecture's last", 1000, 0.000, 1.420);
    printf("\nThe lecture (Adam 0.03) takes pictures that are not published, "
           "four of them for\nvalidation. What should agree is the shape: the "
           "validation loss falls, then\nrises while the training loss goes on "
           "to 0.\n\n");
}

// Where to stop depends on the windows and on the first weights.
static void print_seeds(const Outcome *outcomes, const Options *o) {
    printf("Each seed has windows and first weights of its own\n\n"
           "  %-8s %12s %18s %18s\n",
           "seed", "best epoch", "validation, best", "validation, last");
    for (int i = 0; i < o->runs; i++) {
        const Outcome *r = &outcomes[i];
        printf("  %-8llu %12d %18.3f %18.3f\n",
               (unsigned long long)o->common.seed + (unsigned long long)i,
               r->best.epoch, (double)r->best.validation_loss,
               (double)r->curves.validation[r->curves.epochs - 1]);
    }
    printf("\n");
}

// ---- 4. The chart -----------------------------------------------------------

static void draw(const Best *best, const Curves *curves, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "early_stopping", format))
        return;
    figure_title(&f,
                 "The validation loss is lowest at epoch %d; the training "
                 "loss goes on falling",
                 best->epoch);
    figure_caption(&f, "After the dashed line the net only memorizes its "
                       "training set.");
    figure_table(&f, "epoch,training,validation");
    for (int e = 1; e <= curves->epochs; e++)
        figure_row(&f, e, curves->train[e - 1], curves->validation[e - 1]);
    figure_x(&f, "epoch");
    figure_log(&f, 'x'); // the best one comes early
    figure_y(&f, "cross entropy");
    figure_range(&f, 'y', 0.0, NAN);
    figure_lines(&f, 1, 2, "training");
    figure_lines(&f, 1, 3, "validation");
    figure_vertical(&f, best->epoch, "stop here");
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

static void print_result(const Outcome *r, const Options *o) {
    const Best *best = &r->best;
    const Curves *curves = &r->curves;
    if (r->complete)
        run_result("best_epoch=%d best_train=%.3f best_validation=%.3f "
                   "last_epoch=%d last_train=%.3f last_validation=%.3f",
                   best->epoch, (double)best->train_loss,
                   (double)best->validation_loss, curves->epochs,
                   (double)curves->train[curves->epochs - 1],
                   (double)curves->validation[curves->epochs - 1]);
    run_result("seed=%llu", (unsigned long long)o->common.seed);
}

int main(int argc, char **argv) {
    // one thread: the net is too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 1000,
                 .runs = 5,
                 .lr = 0.03f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "passes over the windows"),
        option_int("patience", &o.patience, 0, 100000,
                   "stop this many epochs after the best (0: never)"),
        option_int("runs", &o.runs, 1, MAX_RUNS,
                   "seeds to try; the first is the one charted"),
        option_float("lr", &o.lr, 1e-9, 10.0, "Adam's learning rate"),
    };
    cli_parse(&o.common, "early_stopping",
              "A small net overfits; the epoch of least validation loss is "
              "found and its weights restored.",
              table, sizeof table / sizeof *table, argc, argv);
    Outcome outcomes[MAX_RUNS];
    for (int i = 0; i < o.runs; i++)
        run(&outcomes[i], o.common.seed + (uint64_t)i, &o);

    if (!o.common.quiet && !stop_requested()) {
        print_table(&outcomes[0], &o);
        print_seeds(outcomes, &o);
    }
    draw(&outcomes[0].best, &outcomes[0].curves, o.common.plot);
    print_result(&outcomes[0], &o);
    for (int i = 0; i < o.runs; i++)
        outcome_free(&outcomes[i]);
    return run_end();
}
