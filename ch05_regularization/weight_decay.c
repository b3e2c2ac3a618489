// weight_decay.c - is weight decay L2? Under SGD yes, under Adam no (权值衰减)
//
// Weight decay subtracts a fraction lambda of every weight in each step; an L2
// penalty adds its gradient to the loss's. Under plain SGD the two are the same
// step, under Adam they are not: B says both. What B leaves unsaid is the
// factor, lambda_L2 = lambda / eta for the penalty (lambda_L2 / 2) sum of w^2.
// Adam divides a gradient by its size, and the penalty's with it: a weight of
// large gradients is hardly decayed at all. AdamW decays outside of Adam's
// step. D's formula, run as printed, lets the weights grow.
//
// Source: B, weight decay; D, rule 1; AdamW: Loshchilov & Hutter 2019
// Run: make weight_decay && ./weight_decay
// Ends with: result: sgd_first_step=5.2e-08 sgd_difference=3.6e-04 ...
//
// Contents: 1 decays  2 training  3 tables  4 chart  5 main

#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "characters.h"
#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "memory.h"
#include "optim.h"
#include "progress.h"
#include "relu_net.h"
#include "run.h"

enum { HIDDEN = 32 };

// ---- 1. Decays --------------------------------------------------------------

// Everything is decayed here, biases too: it keeps the comparison to one line.

// The penalty is (lambda_L2 / 2) sum of w^2; without the half its gradient
// would be 2 lambda_L2 w, and the equal decay lambda = 2 eta lambda_L2.
// [B L2 regularization] L += lambda_L2 / 2 sum of w^2,  so g += lambda_L2 w
static void l2_gradient(Tensor *g, const Tensor *w, float lambda_l2) {
    saxpy((int)w->size, lambda_l2, w->data, g->data);
}

// The optimizer's step subtracts eta g afterwards.
// [B weight decay] theta_t = (1 - lambda) theta_{t-1} - eta g_t
static void decay_weights(Tensor *w, float lambda) {
    sscal((int)w->size, 1.0f - lambda, w->data);
}

// For 0 < lambda alpha < 1 the factor is above 1, and the larger lambda, the
// larger it is. With the other sign it shrinks: 1 / (1 + lambda alpha) is, for
// small lambda alpha, the decay 1 - lambda alpha.
// [D weight decay] w = w / (1 - lambda alpha), as printed: weights GROW
static float printed_factor(float lambda, float alpha) {
    return 1.0f / (1.0f - lambda * alpha);
}

static void decay_as_printed(Tensor *w, float lambda, float alpha) {
    sscal((int)w->size, printed_factor(lambda, alpha), w->data);
}

// ---- 2. Training ------------------------------------------------------------

typedef enum { L2_PENALTY, DECAY, DECAY_AS_PRINTED, WAYS } Way;

typedef struct {
    CommonOptions common;
    int epochs;
    float lr_sgd, lr_adam, lambda;
} Options;

// The weights after training, and their length after each epoch.
typedef struct {
    Tensor first;   // the weights after one step
    Tensor w;       // after the last, [all parameters]
    double *length; // [epochs + 1], the L2 norm
    int epochs;     // done
} Trained;

// With L2_PENALTY lambda_L2 = lambda / eta. With DECAY and ADAM the step is
// that of ADAMW with weight_decay = lambda / eta.
static void train(Trained *result, const Dataset *set, const Options *o,
                  OptimizerKind kind, Way way) {
    ReluNet net;
    Batches batches;
    Progress progress;
    Optimizer optimizer;
    Rng rng;
    rng_seed(&rng, o->common.seed);
    relu_net_init(&net, 3, (int[]){CHARACTER_PIXELS, HIDDEN, 2}, &rng);
    batches_init(&batches, set, set->count);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&optimizer, kind, kind == SGD ? o->lr_sgd : o->lr_adam);
    Tensor *w = &net.params.value, *g = &net.params.grad;
    *result = (Trained){.length = mem_alloc((size_t)o->epochs + 1, 8)};
    result->length[0] = tensor_norm(w);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, NULL);
        while (batches_next(&batches)) {
            relu_net_forward(&net, &batches.x);
            float loss = softmax_cross_entropy(&net.dlogits, &net.logits,
                                               batches.labels);
            relu_net_backward(&net, &batches.x);
            if (way == L2_PENALTY)
                l2_gradient(g, w, o->lambda / optimizer.lr);
            else if (way == DECAY)
                decay_weights(w, o->lambda);
            else
                decay_as_printed(w, 1.0f, o->lambda); // D's lambda is 1
            optimizer_step(&optimizer, w, g);
            progress_batch(&progress, loss);
        }
        result->length[epoch] = tensor_norm(w);
        if (epoch == 1)
            tensor_copy(&result->first, w);
        result->epochs = epoch;
    }
    progress_mean_loss(&progress);
    tensor_copy(&result->w, w);
    optimizer_free(&optimizer);
    batches_free(&batches);
    relu_net_free(&net);
}

static void trained_free(Trained *t) {
    tensor_free(&t->first);
    tensor_free(&t->w);
    mem_free(t->length);
}

// |a - b| / the longer of the two
static double difference(const Tensor *a, const Tensor *b) {
    double sum = 0.0;
    for (size_t i = 0; i < a->size; i++)
        sum += pow((double)a->data[i] - (double)b->data[i], 2.0);
    return sqrt(sum) / fmax(tensor_norm(a), tensor_norm(b));
}

// ---- 3. Tables --------------------------------------------------------------

static const char *const way_names[WAYS] = {"L2 penalty", "weight decay",
                                            "as D prints it"};

static void print_table(Trained t[2][WAYS], const Options *o) {
    printf("lambda %g, %d epochs; lambda_L2 = lambda / eta: %g (SGD), %g "
           "(Adam)\n\n  %-10s %-16s %8s   %s\n  %37s   %12s %12s\n",
           (double)o->lambda, o->epochs, (double)(o->lambda / o->lr_sgd),
           (double)(o->lambda / o->lr_adam), "optimizer", "way", "|w|",
           "difference from L2's weights", "", "first step", "last step");
    for (int k = 0; k < 2; k++)
        for (int way = 0; way < WAYS; way++)
            printf("  %-10s %-16s %8.4f   %12.2g %12.2g\n",
                   k == 0 ? "SGD" : "Adam", way_names[way],
                   t[k][way].length[t[k][way].epochs],
                   difference(&t[k][L2_PENALTY].first, &t[k][way].first),
                   difference(&t[k][L2_PENALTY].w, &t[k][way].w));
    printf(
        "\nSGD: L2 and weight decay take the same step up to rounding, which "
        "training\namplifies where a ReLU is about to switch. Adam: they end "
        "in two different nets.\nB says so of SGD and of Adam. Weight decay "
        "beside Adam's step is AdamW.\n\nD's formula as printed (its lambda 1, "
        "its alpha %g) ends with |w| = %.2f\nunder SGD and %.2f under Adam, "
        "weight decay with %.2f and %.2f.\n\n",
        (double)o->lambda, tensor_norm(&t[0][DECAY_AS_PRINTED].w),
        tensor_norm(&t[1][DECAY_AS_PRINTED].w), tensor_norm(&t[0][DECAY].w),
        tensor_norm(&t[1][DECAY].w));
}

static const float printed_lambdas[] = {0.5f, 1.0f, 2.0f, 50.0f, 150.0f};
enum { PRINTED = sizeof printed_lambdas / sizeof *printed_lambdas };

// What one step of D's rule multiplies each weight by.
static void print_factors(void) {
    const float alpha = 0.01f;
    printf("D's factor per step at alpha = %g\n\n  %-8s %20s %22s\n",
           (double)alpha, "lambda", "1/(1 - lambda alpha)",
           "decay 1 - lambda alpha");
    for (int i = 0; i < PRINTED; i++) {
        float lambda = printed_lambdas[i];
        printf("  %-8g %20.3f %22.3f\n", (double)lambda,
               (double)printed_factor(lambda, alpha),
               (double)(1.0f - lambda * alpha));
    }
    printf("\nD calls the decay weaker for lambda > 1 and stronger for lambda "
           "< 1. It is the\nother way round: a larger lambda decays more, and "
           "in D's formula grows more,\nuntil lambda alpha > 1 flips the sign "
           "of every weight.\n\n");
}

// ---- 4. The chart -----------------------------------------------------------

static void draw(Trained t[2][WAYS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "weight_decay", format))
        return;
    const double *sgd[] = {t[0][0].length, t[0][1].length, t[0][2].length};
    const double *adam[] = {t[1][0].length, t[1][1].length, t[1][2].length};
    const int epochs = t[0][0].epochs;
    figure_title(&f,
                 "Final |w|, L2 and weight decay: %.2f and %.2f (SGD), %.2f "
                 "and %.2f (Adam)",
                 sgd[0][epochs], sgd[1][epochs], adam[0][epochs],
                 adam[1][epochs]);
    figure_caption(
        &f,
        "The norm of all weights after each epoch. Weight decay outside Adam's "
        "step is AdamW; lecture D's formula as printed lets the weights grow.");
    figure_table(&f, "epoch,SGD L2,SGD decay,SGD as printed,Adam L2,"
                     "Adam decay,Adam as printed");
    for (int e = 0; e <= epochs; e++)
        figure_row(&f, e, sgd[0][e], sgd[1][e], sgd[2][e], adam[0][e],
                   adam[1][e], adam[2][e]);
    figure_share(&f);
    for (int k = 0; k < 2; k++) {
        figure_panel(&f, "%s", k == 0 ? "SGD" : "Adam");
        figure_x(&f, "epoch");
        figure_y(&f, "|w|, the norm of all weights");
        figure_pen(&f, (Pen){.color = PEN_SKY, .width = 5.0});
        figure_lines(&f, 1, 3 * k + 2, "%s", way_names[L2_PENALTY]);
        figure_pen(&f, (Pen){.color = PEN_BLACK});
        figure_lines(&f, 1, 3 * k + 3, "%s", way_names[DECAY]);
        figure_pen(&f, (Pen){.color = PEN_VERMILION});
        figure_lines(&f, 1, 3 * k + 4, "%s", way_names[DECAY_AS_PRINTED]);
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: the net is too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 300,
                 .lr_sgd = 0.1f,
                 .lr_adam = 0.01f,
                 .lambda = 0.0005f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "steps of each run"),
        option_float("lr", &o.lr_sgd, 1e-9, 10.0, "SGD's learning rate"),
        option_float("lr-adam", &o.lr_adam, 1e-9, 10.0, "Adam's learning rate"),
        option_float("lambda", &o.lambda, 1e-6, 0.01,
                     "the fraction of each weight that a step subtracts"),
    };
    cli_parse(&o.common, "weight_decay",
              "Weight decay against an L2 penalty, under SGD, where they are "
              "the same, and under Adam, where they are not.",
              table, sizeof table / sizeof *table, argc, argv);
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    o.common.seed);
    Trained t[2][WAYS];
    for (int way = 0; way < WAYS; way++) {
        train(&t[0][way], &set, &o, SGD, (Way)way);
        train(&t[1][way], &set, &o, ADAM, (Way)way);
    }
    if (!o.common.quiet && !stop_requested()) {
        print_table(t, &o);
        print_factors();
    }
    draw(t, o.common.plot);
    if (!stop_requested())
        run_result("sgd_first_step=%.1e sgd_difference=%.1e "
                   "adam_difference=%.3f length_L2=%.2f length_adamw=%.2f "
                   "length_as_printed=%.2f",
                   difference(&t[0][L2_PENALTY].first, &t[0][DECAY].first),
                   difference(&t[0][L2_PENALTY].w, &t[0][DECAY].w),
                   difference(&t[1][L2_PENALTY].w, &t[1][DECAY].w),
                   tensor_norm(&t[1][L2_PENALTY].w),
                   tensor_norm(&t[1][DECAY].w),
                   tensor_norm(&t[1][DECAY_AS_PRINTED].w));
    run_result("seed=%llu", (unsigned long long)o.common.seed);
    for (int i = 0; i < 2 * WAYS; i++)
        trained_free(&t[i / WAYS][i % WAYS]);
    dataset_free(&set);
    dataset_free(&validation);
    return run_end();
}
