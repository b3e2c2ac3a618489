// mlp.c - a multilayer perceptron reads handwritten digits (多层感知机)
//
// Every pixel is an input, every layer is a matrix product and a ReLU, and the
// output is ten scores that softmax turns into probabilities. Nothing tells the
// net that pixels have neighbors, and still it reads 98 of 100 digits after
// less than a minute of training. The digits are in three sets: a training set
// (训练集), a validation set (验证集), and a test set (测试集) that is used
// once, at the end. After each epoch the validation set shows the accuracy on
// digits that the net was not trained on. The settings are fixed here; to
// choose one, use the validation set, never the test set.
//
//     layer   output   weights
//     input   [784]
//     fc1     [128]    128 * (784 + 1) = 100,480    ReLU
//     fc2     [ 64]     64 * (128 + 1) =   8,256    ReLU
//     fc3     [ 10]     10 * ( 64 + 1) =     650    softmax
//                                        109,386
//
// Source: A exercise 3; B, a net of two hidden layers on a batch; C, precision,
// recall and F1; D, training, validation and test set.
// Run: make mlp && ./mlp   (make mnist fetches the real digits)
// Ends with: result: test_accuracy=0.98.. validation_accuracy=0.98.. ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training  5 main

#include <stdio.h>

#include "checkpoint.h"
#include "cli.h"
#include "data.h"
#include "diagnosis.h"
#include "history.h"
#include "integers.h"
#include "layers.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"
#include "safetensors.h"

// ---- 1. Model ---------------------------------------------------------------

typedef struct {
    // set by mlp_init: slices of two flat arrays, params.value and .grad
    Params params;
    Tensor fc1_w, fc1_b, fc2_w, fc2_b, fc3_w, fc3_b;
    Tensor dfc1_w, dfc1_b, dfc2_w, dfc2_b, dfc3_w, dfc3_b;
    float dropout; // probability that a hidden unit is left out of a step
    // written by forward, read by backward
    Tensor fc1;          // [N, hidden]
    Tensor fc2;          // [N, hidden / 2]
    Tensor logits;       // [N, 10]
    Tensor mask1, mask2; // like fc1 and fc2: 0 for what was dropped
    // gradients of these
    Tensor dfc1, dfc2, dlogits;
} Mlp;

static void mlp_init(Mlp *net, int hidden, int classes, float dropout,
                     Rng *rng) {
    *net = (Mlp){.dropout = dropout};
    const ParamSpec table[] = {
        // name, value, gradient, shape
        {"fc1.weight", &net->fc1_w, &net->dfc1_w, {hidden, 784}},
        {"fc1.bias", &net->fc1_b, &net->dfc1_b, {hidden}},
        {"fc2.weight", &net->fc2_w, &net->dfc2_w, {hidden / 2, hidden}},
        {"fc2.bias", &net->fc2_b, &net->dfc2_b, {hidden / 2}},
        {"fc3.weight", &net->fc3_w, &net->dfc3_w, {classes, hidden / 2}},
        {"fc3.bias", &net->fc3_b, &net->dfc3_b, {classes}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void mlp_free(Mlp *net) {
    Tensor *activations[] = {&net->fc1,   &net->fc2,    &net->logits,
                             &net->mask1, &net->mask2,  &net->dfc1,
                             &net->dfc2,  &net->dlogits};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        tensor_free(activations[i]);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

// x [N, 1, 28, 28], read as [N, 784] -> logits [N, 10]. rng draws which units
// are dropped; NULL means that the net is not being trained and keeps all.
static void mlp_forward(Mlp *net, const Tensor *x, Rng *rng) {
    bool drop = rng != NULL && net->dropout > 0.0f;

    // [B hidden layer 1] h1 = ReLU(X W1^T + b1)
    linear_forward(&net->fc1, x, &net->fc1_w, &net->fc1_b);
    relu_forward(&net->fc1, &net->fc1);
    if (drop)
        dropout_forward(&net->fc1, &net->mask1, &net->fc1, net->dropout, rng);

    // [B hidden layer 2] h2 = ReLU(h1 W2^T + b2)
    linear_forward(&net->fc2, &net->fc1, &net->fc2_w, &net->fc2_b);
    relu_forward(&net->fc2, &net->fc2);
    if (drop)
        dropout_forward(&net->fc2, &net->mask2, &net->fc2, net->dropout, rng);

    // [B output layer] Y = softmax(Z), Z = h2 W^T + b
    // Z are the logits; the loss takes the softmax.
    linear_forward(&net->logits, &net->fc2, &net->fc3_w, &net->fc3_b);
}

// dlogits -> the gradients of all weights: the same lines, from the last to the
// first. x needs none. A dropped unit has a mask of 0 and an output of 0, so
// relu_backward may look at the output behind the dropout.
static void mlp_backward(Mlp *net, const Tensor *x) {
    bool drop = net->dropout > 0.0f;
    linear_backward(&net->dfc2, &net->dfc3_w, &net->dfc3_b, &net->dlogits,
                    &net->fc2, &net->fc3_w);
    if (drop)
        dropout_backward(&net->dfc2, &net->dfc2, &net->mask2);
    relu_backward(&net->dfc2, &net->dfc2, &net->fc2);
    linear_backward(&net->dfc1, &net->dfc2_w, &net->dfc2_b, &net->dfc2,
                    &net->fc1, &net->fc2_w);
    if (drop)
        dropout_backward(&net->dfc1, &net->dfc1, &net->mask1);
    relu_backward(&net->dfc1, &net->dfc1, &net->fc1);
    linear_backward(NULL, &net->dfc1_w, &net->dfc1_b, &net->dfc1, x,
                    &net->fc1_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

typedef struct {
    Confusion confusion;
    double loss; // mean cross entropy
} Evaluation;

static Evaluation evaluate(Mlp *net, const Dataset *set) {
    Evaluation e = {.confusion = {.classes = set->classes}};
    Batches batches;
    batches_init(&batches, set, 256);
    while (batches_next(&batches)) {
        mlp_forward(net, &batches.x, NULL);
        confusion_add(&e.confusion, &net->logits, batches.labels);
        float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        e.loss += (double)loss * batches.x.shape[0] / set->count;
    }
    batches_free(&batches);
    return e;
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, hidden;
    float lr, dropout;
    const char *data;
} Options;

// Returns how many digits a second the training steps took.
static double train(Mlp *net, const Dataset *training,
                    const Dataset *validation, const Options *o,
                    History *history, Checkpoint *checkpoint, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, training, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    history_init(history, o->epochs, batches.count);
    long steps = (long)o->epochs * batches.count, digits = 0;
    double seconds = 0.0;
    checkpoint_model(checkpoint, &net->params, &adam, rng);
    history_checkpoint(history, checkpoint, o->epochs);
    checkpoint_start(checkpoint);

    for (int epoch = history->epochs + 1;
         epoch <= o->epochs && !stop_requested(); epoch++) {
        double start = seconds_now();
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            mlp_forward(net, &batches.x, rng);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            mlp_backward(net, &batches.x);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
            history_batch(history, loss);
            digits += batches.x.shape[0];
        }
        seconds += seconds_now() - start;
        float loss = progress_mean_loss(&progress);
        Evaluation e = evaluate(net, validation);
        if (stop_requested())
            break; // in the middle of this epoch
        double accuracy = confusion_accuracy(&e.confusion);
        history_epoch(history, (float)(100.0 - 100.0 * accuracy));
        if (!o->common.quiet)
            printf("epoch %2d/%d  training loss %.4f  validation loss %.4f  "
                   "accuracy %.2f %%\n",
                   epoch, o->epochs, (double)loss, e.loss, 100.0 * accuracy);
        checkpoint_save(checkpoint);
    }
    diagnose(&progress, training->classes, &net->fc2, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
    return (double)digits / seconds;
}

// ---- 5. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_int("hidden", &o->hidden, 2, 4096,
                   "units of the first hidden layer; the second has half"),
        option_float("dropout", &o->dropout, 0.0, 0.9,
                     "probability to leave out a hidden unit"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
    };
    cli_parse(&o->common, "mlp",
              "A multilayer perceptron with two hidden layers learns to read "
              "handwritten digits and reports its accuracy, precision, recall "
              "and F1.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    RunFiles files = {0};
    Options o = {.common = {.seed = 1, .files = &files},
                 .epochs = 10,
                 .batch = 64,
                 .lr = 4e-3f,
                 .hidden = 128};
    parse(&o, argc, argv);

    Error err;
    Digits digits;
    Dataset validation;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);
    if (digits.train.count < 2)
        die("one training digit cannot be split; give --limit 2 or more");
    dataset_hold_out(&validation, &digits.train,
                     max_int(1, digits.train.count / 12));

    Rng rng;
    Mlp net;
    rng_seed(&rng, o.common.seed);
    mlp_init(&net, o.hidden, digits.train.classes, o.dropout, &rng);
    if (files.load != NULL && !safetensors_load(files.load, &net.params, &err))
        die("%s", err.message);

    Checkpoint checkpoint;
    if (!checkpoint_init(&checkpoint, files.checkpoint, files.resume,
                         o.common.settings, digits.train.pixels,
                         dataset_bytes(&digits.train), &err))
        die("%s", err.message);

    double start = seconds_now(), speed = 0.0;
    History history = {0};
    if (files.trains)
        speed = train(&net, &digits.train, &validation, &o, &history,
                      &checkpoint, &rng);
    double seconds = seconds_now() - start;

    Evaluation validated = evaluate(&net, &validation);
    Evaluation test = evaluate(&net, &digits.test);
    if (!o.common.quiet && !stop_requested()) {
        printf("\nthe %d test digits, seen now for the first time:\n",
               digits.test.count);
        confusion_print(&test.confusion);
    }
    if (files.save != NULL && !safetensors_save(files.save, &net.params, &err))
        run_error("%s", err.message);
    const char *data = digits_name(&digits);
    history_draw(&history, "ch02", "mlp_curves", "MLP", data,
                 "validation error", o.common.plot);
    confusion_draw(&test.confusion, "ch02", "mlp_confusion", "MLP", data,
                   o.common.plot);

    run_result("test_accuracy=%.4f validation_accuracy=%.4f "
               "test_loss=%.4f epochs=%d seconds=%.1f digits_per_second=%.0f "
               "seed=%llu data=%s",
               finished(confusion_accuracy(&test.confusion)),
               finished(confusion_accuracy(&validated.confusion)),
               finished(test.loss), history.epochs, seconds, speed,
               (unsigned long long)o.common.seed, digits_name(&digits));
    history_free(&history);
    checkpoint_free(&checkpoint);
    mlp_free(&net);
    digits_free(&digits);
    return run_end();
}
