// batchnorm.c - normalizing inside the net (批标准化 batch normalization)
//
// In a deep net each layer's input changes its size whenever the layers before
// it learn. Batch normalization gives every feature mean 0 and variance 1 over
// the current batch, then a learned scale and shift: the net tolerates a larger
// learning rate, and with it trains faster and better. At a small rate it is
// slower and worse. In the trained net running means replace those of the
// batch, folded into the weights.
//
// D's two other rules of thumb are tried on top. Weight decay alone gains
// nothing here; with learning rate decay too, the net comes out about as good
// as without either.
//
// Source: D, rules 1 to 3; Ioffe & Szegedy 2015
// Run: make batchnorm && ./batchnorm
// Ends with: result: plain_slow=13.. normalized_slow=1... plain_fast=25.. ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 experiments  6 chart  7 main

#include <math.h>
#include <stdio.h>

#include "batchnorm.h"
#include "blas.h"
#include "cli.h"
#include "data.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

enum { DEPTH = 10, WIDTH = 64, LAYERS = DEPTH + 1, MAX_EPOCHS = 100 };

// DEPTH times linear, batch norm (or none), ReLU; then linear: the logits.
typedef struct {
    // set by net_init
    bool normalize;
    Params params;
    Tensor w[LAYERS], b[LAYERS], dw[LAYERS], db[LAYERS];
    Tensor gamma[DEPTH], beta[DEPTH], dgamma[DEPTH], dbeta[DEPTH];
    BatchNorm bn[DEPTH];
    char names[4 * LAYERS][16];
    // written by forward, read by backward
    Tensor hidden[DEPTH]; // [N, WIDTH]
    Tensor logits;        // [N, classes]
    // gradients of these
    Tensor dhidden[DEPTH], dlogits;
} Net;

static void net_init(Net *net, int D, int classes, bool normalize, Rng *rng) {
    *net = (Net){.normalize = normalize};
    ParamSpec table[4 * LAYERS];
    int count = 0;
    for (int l = 0; l < LAYERS; l++) {
        int in = l == 0 ? D : WIDTH, out = l == DEPTH ? classes : WIDTH;
        table[count++] = (ParamSpec){"w", &net->w[l], &net->dw[l], {out, in}};
        table[count++] = (ParamSpec){"b", &net->b[l], &net->db[l], {out}};
        if (l == DEPTH)
            break;
        batchnorm_init(&net->bn[l], WIDTH);
        table[count++] =
            (ParamSpec){"gamma", &net->gamma[l], &net->dgamma[l], {WIDTH}};
        table[count++] =
            (ParamSpec){"beta", &net->beta[l], &net->dbeta[l], {WIDTH}};
    }
    for (int i = 0; i < count; i++) {
        snprintf(net->names[i], sizeof *net->names, "%s%d", table[i].name,
                 i / 4);
        table[i].name = net->names[i];
    }
    params_init(&net->params, table, count);
    params_init_he(&net->params, rng);
    for (int l = 0; l < DEPTH; l++)
        tensor_fill(&net->gamma[l], 1.0f);
}

static void net_free(Net *net) {
    for (int l = 0; l < DEPTH; l++) {
        tensor_free(&net->hidden[l]);
        tensor_free(&net->dhidden[l]);
        batchnorm_free(&net->bn[l]);
    }
    tensor_free(&net->logits);
    tensor_free(&net->dlogits);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

static void net_forward(Net *net, const Tensor *x, bool training) {
    for (int l = 0; l < DEPTH; l++) {
        Tensor *h = &net->hidden[l];
        linear_forward(h, l == 0 ? x : &net->hidden[l - 1], &net->w[l],
                       &net->b[l]);
        if (net->normalize && training)
            batchnorm_forward(&net->bn[l], h, h, &net->gamma[l], &net->beta[l]);
        else if (net->normalize)
            batchnorm_infer(&net->bn[l], h, h, &net->gamma[l], &net->beta[l]);
        relu_forward(h, h);
    }
    linear_forward(&net->logits, &net->hidden[DEPTH - 1], &net->w[DEPTH],
                   &net->b[DEPTH]);
}

static void net_backward(Net *net, const Tensor *x) {
    const Tensor *dy = &net->dlogits;
    for (int l = DEPTH; l >= 0; l--) {
        linear_backward(l == 0 ? NULL : &net->dhidden[l - 1], &net->dw[l],
                        &net->db[l], dy, l == 0 ? x : &net->hidden[l - 1],
                        &net->w[l]);
        if (l == 0)
            break;
        Tensor *dh = &net->dhidden[l - 1];
        relu_backward(dh, dh, &net->hidden[l - 1]);
        if (net->normalize)
            batchnorm_backward(&net->bn[l - 1], dh, &net->dgamma[l - 1],
                               &net->dbeta[l - 1], dh, &net->gamma[l - 1]);
        dy = dh;
    }
}

// The trained net without its normalization, which goes into the weights.
static void net_fold(Net *net) {
    for (int l = 0; l < DEPTH; l++)
        batchnorm_fold(&net->bn[l], &net->w[l], &net->b[l], &net->gamma[l],
                       &net->beta[l]);
    net->normalize = false;
}

// ---- 3. Evaluation ----------------------------------------------------------

// The error rate, in per cent.
static double error_on(Net *net, const Dataset *set) {
    Confusion confusion = {.classes = set->classes};
    Batches batches;
    batches_init(&batches, set, 1000);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        net_forward(net, &batches.x, false);
        confusion_add(&confusion, &net->logits, batches.labels);
    }
    batches_free(&batches);
    return finished(100.0 - 100.0 * confusion_accuracy(&confusion));
}

// The largest change of a logit by folding; the net stays folded.
static double fold_error(Net *net, const Dataset *set) {
    Batches batches;
    Tensor before = {0};
    double worst = 0.0;
    batches_init(&batches, set, 1000);
    batches_start(&batches, NULL);
    batches_next(&batches);
    net_forward(net, &batches.x, false);
    tensor_copy(&before, &net->logits);
    net_fold(net);
    net_forward(net, &batches.x, false);
    for (size_t i = 0; i < before.size; i++)
        worst =
            fmax(worst, fabs((double)(before.data[i] - net->logits.data[i])));
    tensor_free(&before);
    batches_free(&batches);
    return finished(worst);
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, limit;
    const char *data;
} Options;

typedef struct {
    const char *name;
    bool normalize;
    float lr, weight_decay;
    bool decay_rate; // divide the learning rate by 10 after each third
    // results
    int epochs;
    double loss[MAX_EPOCHS]; // mean training loss of each epoch
    double test_error;
    double length;    // of all weights, the L2 norm
    double last_rate; // of the last step
} Experiment;

static double weights_length(const Net *net) {
    double sum = 0.0;
    for (int l = 0; l < LAYERS; l++)
        sum += pow(tensor_norm(&net->w[l]), 2.0);
    return sqrt(sum);
}

static void train(Net *net, Experiment *e, const Dataset *set, const Options *o,
                  Rng *rng) {
    enum { BATCH = 50 };
    Batches batches;
    Progress progress;
    Optimizer sgd;
    batches_init(&batches, set, BATCH);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&sgd, SGD, e->lr);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            if (batches.x.shape[0] < 2)
                break; // a batch of one has no variance
            net_forward(net, &batches.x, true);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            net_backward(net, &batches.x);
            if (e->decay_rate) // rule 3
                sgd.lr =
                    divided_decay(epoch - 1, (o->epochs + 2) / 3, e->lr, 10.0f);
            // rule 1, in the form that shrinks: see weight_decay.c
            for (int l = 0; l < LAYERS; l++)
                sscal((int)net->w[l].size, 1.0f - sgd.lr * e->weight_decay,
                      net->w[l].data);
            optimizer_step(&sgd, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        e->loss[epoch - 1] = (double)progress_mean_loss(&progress);
        e->epochs = epoch;
    }
    e->length = weights_length(net);
    e->last_rate = (double)sgd.lr;
    optimizer_free(&sgd);
    batches_free(&batches);
}

// ---- 5. Experiments ---------------------------------------------------------

enum { PLAIN_SLOW, NORMAL_SLOW, PLAIN_FAST, NORMAL_FAST, DECAYED, BOTH, COUNT };

static void set_up(Experiment e[COUNT]) {
    const Experiment table[COUNT] = {
        [PLAIN_SLOW] = {.name = "plain, rate 0.02", .lr = 0.02f},
        [NORMAL_SLOW] = {.name = "batch norm, rate 0.02",
                         .normalize = true,
                         .lr = 0.02f},
        [PLAIN_FAST] = {.name = "plain, rate 0.2", .lr = 0.2f},
        [NORMAL_FAST] = {.name = "batch norm, rate 0.2",
                         .normalize = true,
                         .lr = 0.2f},
        [DECAYED] = {.name = "  and weight decay 0.005",
                     .normalize = true,
                     .lr = 0.2f,
                     .weight_decay = 0.005f},
        [BOTH] = {.name = "  and the rate / 10 twice",
                  .normalize = true,
                  .lr = 0.2f,
                  .weight_decay = 0.005f,
                  .decay_rate = true},
    };
    for (int i = 0; i < COUNT; i++)
        e[i] = table[i];
}

// Trains and tests; returns what folding changes (0 without batch norm).
static double run(Experiment *e, const Digits *digits, const Options *o) {
    Net net;
    Rng rng;
    rng_seed(&rng, o->common.seed); // all start from the same weights
    net_init(&net, digits->train.rows * digits->train.cols,
             digits->train.classes, e->normalize, &rng);
    train(&net, e, &digits->train, o, &rng);
    e->test_error = error_on(&net, &digits->test);
    double change = e->normalize ? fold_error(&net, &digits->test) : 0.0;
    net_free(&net);
    return change;
}

static void print_table(const Experiment e[COUNT]) {
    printf("%d hidden layers of %d ReLU, SGD\n\n  %-28s %12s %12s %10s\n",
           DEPTH, WIDTH, "", "first epoch", "last epoch", "test error");
    for (int i = 0; i < COUNT; i++)
        printf("  %-28s %12.4f %12.4f %8.2f %%\n", e[i].name, e[i].loss[0],
               e[i].loss[e[i].epochs - 1], e[i].test_error);
    printf("\nThe epochs' numbers are mean training losses.\n\n");
}

// D's rules of thumb: what each one changes in the rows above.
static void print_rules(const Experiment e[COUNT]) {
    double plain = fmin(e[PLAIN_SLOW].test_error, e[PLAIN_FAST].test_error);
    double normal = fmin(e[NORMAL_SLOW].test_error, e[NORMAL_FAST].test_error);
    printf("D's rules of thumb, by test error\n\n"
           "  %-22s %5.2f %% -> %5.2f %%   each at its better rate\n"
           "  %-22s %5.2f %% -> %5.2f %%   length of the weights %.1f -> %.1f\n"
           "  %-22s %5.2f %% -> %5.2f %%   last rate %g -> %g\n\n",
           "rule 2: batch norm", plain, normal, "+ rule 1: weight decay",
           e[NORMAL_FAST].test_error, e[DECAYED].test_error,
           e[NORMAL_FAST].length, e[DECAYED].length, "+ rule 3: rate decay",
           e[DECAYED].test_error, e[BOTH].test_error, e[DECAYED].last_rate,
           e[BOTH].last_rate);
}

// ---- 6. The chart -----------------------------------------------------------

static void draw(const Experiment e[COUNT], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "batchnorm", format))
        return;
    const int last = e[NORMAL_FAST].epochs - 1;
    figure_title(&f,
                 "Batch norm: final loss %.2f → %.2f at rate %g, %.2f → %.2f "
                 "at rate %g",
                 e[PLAIN_FAST].loss[last], e[NORMAL_FAST].loss[last],
                 (double)e[PLAIN_FAST].lr, e[PLAIN_SLOW].loss[last],
                 e[NORMAL_SLOW].loss[last], (double)e[PLAIN_SLOW].lr);
    figure_caption(&f,
                   "The mean training loss of each epoch, with batch norm and "
                   "without, in a net of %d hidden layers.",
                   DEPTH);
    figure_table(&f, "epoch,plain slow,norm slow,plain fast,norm fast");
    for (int i = 0; i <= last; i++)
        figure_row(&f, i + 1, e[PLAIN_SLOW].loss[i], e[NORMAL_SLOW].loss[i],
                   e[PLAIN_FAST].loss[i], e[NORMAL_FAST].loss[i]);
    figure_share(&f);
    for (int i = PLAIN_SLOW; i <= PLAIN_FAST; i += 2) {
        figure_panel(&f, "Learning rate %g", (double)e[i].lr);
        figure_x(&f, "epoch");
        figure_y(&f, "training loss");
        figure_range(&f, 'y', 0.0, NAN);
        figure_linespoints(&f, 1, 2 + i, "plain");
        figure_linespoints(&f, 1, 3 + i, "batch norm");
    }
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: the layers are too small for a second one to pay off
    Options o = {
        .common = {.seed = 1, .threads = 1}, .epochs = 12, .limit = 2000};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, MAX_EPOCHS,
                   "passes over the digits"),
        option_int("limit", &o.limit, 2, 60000, "training digits to use"),
        option_text("data", &o.data, "DIR",
                    "folder of the IDX files, or: synthetic"),
    };
    cli_parse(&o.common, "batchnorm",
              "A deep net on a few digits with and without batch "
              "normalization, then with weight decay and a falling rate.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, 0, o.common.seed, &err))
        die("%s", err.message);
    if (digits.train.count > o.limit)
        digits.train.count = o.limit; // all test digits stay
    digits_say(&digits, o.common.quiet);

    Experiment e[COUNT];
    double change[COUNT];
    set_up(e);
    for (int i = 0; i < COUNT; i++)
        change[i] = run(&e[i], &digits, &o);
    if (!o.common.quiet && !stop_requested()) {
        print_table(e);
        print_rules(e);
    }
    draw(e, o.common.plot);
    run_result("plain_slow=%.2f normalized_slow=%.2f plain_fast=%.2f "
               "normalized_fast=%.2f decays=%.2f fold_error=%.1e seed=%llu "
               "data=%s",
               e[PLAIN_SLOW].test_error, e[NORMAL_SLOW].test_error,
               e[PLAIN_FAST].test_error, e[NORMAL_FAST].test_error,
               e[BOTH].test_error, change[NORMAL_FAST],
               (unsigned long long)o.common.seed, digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
