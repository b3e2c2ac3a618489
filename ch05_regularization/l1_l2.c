// l1_l2.c - a penalty on large weights (L1 与 L2 正则化)
//
// A net of 32 ReLU memorizes 200 noisy windows, wrong labels and all. If the
// loss also counts the size of the weights, a weight has to earn its size: the
// training loss stays higher, the validation loss comes out lower. L2 shrinks
// all weights; L1 pulls at each with the same force, large or small, and so
// makes the useless ones exactly zero (稀疏), which costs some accuracy here.
//
// B prints the penalty lambda ||w||_2, with no square. Here it is lambda times
// the sum of squares, whose gradient is 2 lambda w: only a square gives weight
// decay. The program prints both gradients at one vector.
//
// Source: B, L1 and L2 (its setting: 32 ReLU, Adam 0.03, 1000 epochs); A and D
//         name both; the proximal step: Parikh & Boyd 2014
// Run: make l1_l2 && ./l1_l2
// Ends with: result: loss_0=0.0001 loss_1e-4=0.00.. loss_1e-3=0.01.. ...
//
// Contents: 1 penalties  2 evaluation  3 training  4 experiments  5 charts
//           6 main

#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "blas.h"
#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "run.h"
#include "relu_net.h"

enum { HIDDEN = 32 };

// ---- 1. Penalties -----------------------------------------------------------

typedef enum { L2, L1_SUBGRADIENT, L1_PROXIMAL } Penalty;

// Penalties are on weights; a bias costs nothing, for it bends no boundary.

// [B L2 regularization] L += lambda sum of w^2,  so dw += 2 lambda w
static void l2_add_gradient(Tensor *dw, const Tensor *w, float lambda) {
    saxpy((int)w->size, 2.0f * lambda, w->data, dw->data);
}

// The same pull, lambda in all, however large or small the weights are. At
// w = 0 there is no gradient, and none is added.
// [B Lp regularization] L += lambda ||w||_2 as printed, dw += lambda w/||w||_2
static void l2_add_gradient_as_printed(Tensor *dw, const Tensor *w,
                                       float lambda) {
    float norm = sqrtf(sdot((int)w->size, w->data, w->data));
    if (norm > 0.0f)
        saxpy((int)w->size, lambda / norm, w->data, dw->data);
}

// [B L1 regularization] L += lambda sum of |w|,  so dw += lambda sign(w)
static void l1_add_gradient(Tensor *dw, const Tensor *w, float lambda) {
    for (size_t i = 0; i < w->size; i++)
        dw->data[i] += w->data[i] > 0.0f   ? lambda
                       : w->data[i] < 0.0f ? -lambda
                                           : 0.0f;
}

// The slope of |w| jumps at 0, and steps of a fixed slope jump over it again
// and again. The proximal step (Daubechies et al. 2004) is taken after the
// optimizer's: towards 0 by rate * lambda, and it stops there. Adam's rate is
// each weight's own, lr / (sqrt(v) + eps), so this one's must be, too: v points
// to Adam's running means for w, `correction` is its 1 - beta2^t.
// [Parikh 2014] w = sign(w) max(0, |w| - rate lambda)
static void l1_shrink(Tensor *w, const float *v, float lambda, float lr,
                      float correction) {
    for (size_t i = 0; i < w->size; i++) {
        float rate = lr / (sqrtf(v[i] / correction) + 1e-8f);
        float left = fmaxf(0.0f, fabsf(w->data[i]) - rate * lambda);
        w->data[i] = copysignf(left, w->data[i]);
    }
}

static void penalize_gradient(ReluNet *net, Penalty penalty, float lambda) {
    for (int l = 0; l < net->layers; l++) {
        if (penalty == L2)
            l2_add_gradient(&net->dw[l], &net->w[l], lambda);
        else if (penalty == L1_SUBGRADIENT)
            l1_add_gradient(&net->dw[l], &net->w[l], lambda);
    }
}

static void penalize_weights(ReluNet *net, Penalty penalty, float lambda,
                             const Optimizer *adam) {
    float correction = 1.0f - powf(adam->beta2, (float)adam->step);
    for (int l = 0; l < net->layers && penalty == L1_PROXIMAL; l++) {
        ptrdiff_t first = net->w[l].data - net->params.value.data;
        l1_shrink(&net->w[l], adam->v.data + first, lambda, adam->lr,
                  correction);
    }
}

// ---- 2. Evaluation ----------------------------------------------------------

typedef struct {
    double train_loss, validation_loss; // the penalty not counted
    double accuracy;                    // on validation
    double zeros;                       // fraction of the weights that are 0
    double mean;                        // mean |w|
} Outcome;

static double loss_on(ReluNet *net, const Dataset *set, double *accuracy) {
    Confusion confusion = {.classes = 2};
    Batches batches;
    batches_init(&batches, set, set->count);
    batches_start(&batches, NULL);
    batches_next(&batches);
    relu_net_forward(net, &batches.x);
    float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
    confusion_add(&confusion, &net->logits, batches.labels);
    *accuracy = finished(confusion_accuracy(&confusion));
    batches_free(&batches);
    return finished((double)loss);
}

static Outcome evaluate(ReluNet *net, const Dataset *train,
                        const Dataset *validation) {
    Outcome r = {0};
    size_t count = 0;
    r.train_loss = loss_on(net, train, &r.accuracy);
    r.validation_loss = loss_on(net, validation, &r.accuracy);
    for (int l = 0; l < net->layers; l++) {
        for (size_t i = 0; i < net->w[l].size; i++) {
            r.zeros += net->w[l].data[i] == 0.0f;
            r.mean += fabs((double)net->w[l].data[i]);
        }
        count += net->w[l].size;
    }
    r.zeros = finished(r.zeros / (double)count);
    r.mean = finished(r.mean / (double)count);
    return r;
}

// ---- 3. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, runs;
    float lr;
} Options;

static void train(ReluNet *net, const Dataset *set, const Options *o,
                  Penalty penalty, float lambda, uint64_t seed) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    Rng rng;
    rng_seed(&rng, seed); // every penalty starts from the same weights
    relu_net_init(net, 3, (int[]){CHARACTER_PIXELS, HIDDEN, 2}, &rng);
    batches_init(&batches, set, set->count); // one batch is the whole set
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, &rng);
        while (batches_next(&batches)) {
            relu_net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            relu_net_backward(net, &batches.x);
            penalize_gradient(net, penalty, lambda);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            penalize_weights(net, penalty, lambda, &adam);
            progress_batch(&progress, loss);
        }
    }
    progress_mean_loss(&progress);
    optimizer_free(&adam);
    batches_free(&batches);
}

// ---- 4. Experiments ---------------------------------------------------------

typedef struct {
    Penalty penalty;
    float lambda;
    const char *name, *lecture;
} Experiment;

static const Experiment experiments[] = {
    {L2, 0.0f, "none", "0.000"},
    {L2, 1e-4f, "L2, 1e-4", "0.012"},
    {L2, 1e-3f, "L2, 1e-3", "0.107"},
    {L2, 5e-3f, "L2, 5e-3", "0.276"},
    {L1_SUBGRADIENT, 1e-3f, "L1, 1e-3, sign", "-"},
    {L1_PROXIMAL, 1e-3f, "L1, 1e-3, proximal", "-"},
};
enum { EXPERIMENTS = sizeof experiments / sizeof *experiments };
// its rows
enum { NONE, WEAK_L2, MIDDLE_L2, STRONGEST_L2, BY_SIGN, PROXIMAL };

enum { MAX_RUNS = 20 };
typedef struct {
    Outcome outcome; // the median of all runs, number by number
    // the first layer's weights of the first run, [HIDDEN, 10, 10]
    float weights[HIDDEN * CHARACTER_PIXELS];
} Trained;

static Outcome median_outcome(const Outcome *runs, int n) {
    double x[5][MAX_RUNS];
    for (int r = 0; r < n; r++) {
        x[0][r] = runs[r].train_loss;
        x[1][r] = runs[r].validation_loss;
        x[2][r] = runs[r].accuracy;
        x[3][r] = runs[r].zeros;
        x[4][r] = runs[r].mean;
    }
    return (Outcome){median(x[0], n), median(x[1], n), median(x[2], n),
                     median(x[3], n), median(x[4], n)};
}

// One penalty, from the seeds seed, seed + 1, ...: windows and first weights.
// The median, not the mean: as the loss goes to 0, Adam divides by almost 0,
// and at this learning rate a net is now and then thrown far out.
static void run(Trained *trained, Penalty penalty, float lambda,
                const Options *o) {
    Outcome outcomes[MAX_RUNS];
    for (int run = 0; run < o->runs; run++) {
        uint64_t seed = o->common.seed + (uint64_t)run;
        Dataset set, validation;
        ReluNet net;
        characters_draw(&set, &validation, CHARACTER_TRAIN,
                        CHARACTER_VALIDATION, seed);
        train(&net, &set, o, penalty, lambda, seed);
        outcomes[run] = evaluate(&net, &set, &validation);
        for (size_t k = 0; run == 0 && k < net.w[0].size; k++)
            trained->weights[k] = net.w[0].data[k];
        relu_net_free(&net);
        dataset_free(&set);
        dataset_free(&validation);
    }
    trained->outcome = median_outcome(outcomes, o->runs);
}

static void print_table(const Trained *trained, const Options *o) {
    printf("%d windows, %d ReLU, Adam %g, %d epochs; medians of %d runs\n\n"
           "  %-20s %-8s %8s %11s %9s %7s %7s\n",
           CHARACTER_TRAIN, HIDDEN, (double)o->lr, o->epochs, o->runs,
           "penalty", "lecture", "training", "validation", "accuracy",
           "mean |w|", "zeros");
    for (int i = 0; i < EXPERIMENTS; i++) {
        const Outcome *r = &trained[i].outcome;
        printf("  %-20s %-8s %8.3f %11.3f %7.1f %% %8.4f %5.1f %%\n",
               experiments[i].name, experiments[i].lecture, r->train_loss,
               r->validation_loss, 100.0 * r->accuracy, r->mean,
               100.0 * r->zeros);
    }
    printf("\nThe lecture's column is its training loss, on pictures that are "
           "not published:\nits order should agree, not its size. Proximal L1 "
           "makes %.0f %% of the weights 0;\n%.1f %% of the validation windows "
           "come out right, %.1f %% with no penalty.\n\n",
           100.0 * trained[PROXIMAL].outcome.zeros,
           100.0 * trained[PROXIMAL].outcome.accuracy,
           100.0 * trained[NONE].outcome.accuracy);
}

typedef void AddGradient(Tensor *dw, const Tensor *w, float lambda);

static void print_gradient(const char *penalty, AddGradient *add) {
    float w[2] = {3.0f, -4.0f}, dw[2] = {0.0f, 0.0f};
    Tensor from = tensor_view(w, 1, 2), to = tensor_view(dw, 1, 2);
    add(&to, &from, 0.1f);
    printf("  %-34s (%.2f, %.2f)\n", penalty, (double)dw[0], (double)dw[1]);
}

static void print_gradients(void) {
    printf("Gradients of the penalties at w = (3, -4), lambda = 0.1\n\n");
    print_gradient("L2 here: lambda sum of w^2", l2_add_gradient);
    print_gradient("L2 as B prints it: lambda ||w||_2",
                   l2_add_gradient_as_printed);
    print_gradient("L1: lambda sum of |w|", l1_add_gradient);
    printf("\n");
}

// ---- 5. Charts --------------------------------------------------------------

static void draw_losses(const Trained *trained, const char *format) {
    Figure f;
    int groups = 0;
    if (!figure_open(&f, "ch05", "l1_l2_losses", format))
        return;
    figure_title(&f, "L2 raises the training loss and lowers the validation "
                     "loss");
    figure_caption(&f, "The same net trained with four strengths λ of the "
                       "penalty; medians over the seeds.");
    figure_table(&f, "penalty,training loss,validation loss");
    for (int i = 0; i < EXPERIMENTS; i++)
        if (experiments[i].penalty == L2) {
            figure_row(&f, experiments[i].lambda, trained[i].outcome.train_loss,
                       trained[i].outcome.validation_loss);
            figure_tick(&f, 'x', groups++, "%g", (double)experiments[i].lambda);
        }
    figure_x(&f, "λ");
    figure_y(&f, "cross entropy");
    figure_bars(&f, 2, "%.3f", "training loss");
    figure_bars(&f, 3, "%.3f", "validation loss");
    figure_close(&f);
}

enum { SHOWN = 8 };

// Copies the SHOWN units of largest sum |w|, largest first.
static void largest_units(float *pictures, const float *weights) {
    bool used[HIDDEN] = {false};
    for (int s = 0; s < SHOWN; s++) {
        int best = -1;
        float most = -1.0f;
        for (int u = 0; u < HIDDEN; u++) {
            float sum = 0.0f;
            for (int p = 0; p < CHARACTER_PIXELS; p++)
                sum += fabsf(weights[u * CHARACTER_PIXELS + p]);
            if (!used[u] && sum > most) {
                most = sum;
                best = u;
            }
        }
        used[best] = true;
        for (int p = 0; p < CHARACTER_PIXELS; p++)
            pictures[s * CHARACTER_PIXELS + p] =
                weights[best * CHARACTER_PIXELS + p];
    }
}

// All on one scale, white at 0: red weights are positive, blue ones negative.
static void draw_weights(const Trained *trained, const char *format) {
    const int rows[] = {NONE, STRONGEST_L2, PROXIMAL};
    float pictures[3 * SHOWN * CHARACTER_PIXELS];
    float most = 0.0f;
    Figure f;
    if (!figure_open(&f, "ch05", "l1_l2_weights", format))
        return;
    for (int r = 0; r < 3; r++)
        largest_units(pictures + r * SHOWN * CHARACTER_PIXELS,
                      trained[rows[r]].weights);
    for (int i = 0; i < 3 * SHOWN * CHARACTER_PIXELS; i++)
        most = fmaxf(most, fabsf(pictures[i]));
    figure_title(&f, "L1 makes most weights 0; L2 only makes them small");
    figure_caption(&f,
                   "The first-layer weights of the %d strongest units, on "
                   "one scale: white is 0, blue negative, red positive.",
                   SHOWN);
    const char *names[] = {"no penalty", "L2", "L1"};
    figure_pictures(&f, &(Sheet){.pixels = pictures,
                                 .count = 3 * SHOWN,
                                 .H = CHARACTER_SIDE,
                                 .W = CHARACTER_SIDE,
                                 .columns = SHOWN,
                                 .low = -(double)most,
                                 .high = (double)most,
                                 .heat = HEAT_DIVERGING,
                                 .rows = names});
    figure_scale(&f, "weight");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: the net is too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 1000,
                 .runs = 5,
                 .lr = 0.03f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "steps of each run"),
        option_int("runs", &o.runs, 1, MAX_RUNS, "runs to take the median of"),
        option_float("lr", &o.lr, 1e-9, 10.0, "Adam's learning rate"),
    };
    cli_parse(&o.common, "l1_l2",
              "A small net with penalties on its weights: none, L2 of three "
              "strengths, L1 in two forms.",
              table, sizeof table / sizeof *table, argc, argv);
    Trained trained[EXPERIMENTS];
    for (int i = 0; i < EXPERIMENTS; i++)
        run(&trained[i], experiments[i].penalty, experiments[i].lambda, &o);
    if (!o.common.quiet && !stop_requested()) {
        print_table(trained, &o);
        print_gradients();
    }
    draw_losses(trained, o.common.plot);
    draw_weights(trained, o.common.plot);
    run_result(
        "loss_0=%.4f loss_1e-4=%.4f loss_1e-3=%.4f loss_5e-3=%.4f "
        "L1_zeros=%.3f accuracy_0=%.4f accuracy_L1=%.4f seed=%llu",
        trained[NONE].outcome.train_loss, trained[WEAK_L2].outcome.train_loss,
        trained[MIDDLE_L2].outcome.train_loss,
        trained[STRONGEST_L2].outcome.train_loss,
        trained[PROXIMAL].outcome.zeros, trained[NONE].outcome.accuracy,
        trained[PROXIMAL].outcome.accuracy, (unsigned long long)o.common.seed);
    return run_end();
}
