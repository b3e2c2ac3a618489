// lenet.c - LeNet reads handwritten digits (卷积神经网络 LeNet)
//
// A convolutional net slides the same few small kernels over the whole picture:
// a stroke is a stroke wherever it lies, so 520 weights serve all 784 pixels.
// Pooling then keeps only that a feature is there, not exactly where. Two such
// stages feed an ordinary two-layer net, and three passes over 60,000 digits
// teach all of it.
//
//     layer   output shape     weights
//     input   [ 1, 28, 28]                                padded to 32 x 32
//     conv1   [20, 28, 28]     20 * ( 1 * 5 * 5 + 1) =     520   5 x 5, ReLU
//     pool1   [20, 14, 14]                                       2 x 2 maximum
//     conv2   [50, 10, 10]     50 * (20 * 5 * 5 + 1) =  25,050   5 x 5, ReLU
//     pool2   [50,  5,  5]                                       2 x 2 maximum
//     fc1     [500]           500 * (50 * 5 * 5 + 1) = 625,500   ReLU
//     fc2     [10]             10 * (500 + 1)        =   5,010   softmax
//                                                      656,080
//
// Source: C, LeNet: 32 x 32 pixels, two stages of convolution and pooling, 500,
// then 10, softmax. C's LeNet slide names no activation after the convolutions,
// its other slides do (卷积-激活-池化). 20 and 50 kernels are those of Caffe's
// example; LeCun's LeNet-5 of 1998 is another net (see architectures.c).
// Run: make lenet && ./lenet   (make mnist fetches the real digits)
// Ends with: result: test_accuracy=0.99.. test_loss=0.02.. epochs=3 ...
//
// Contents: 1 model  2 forward and backward  3 evaluation  4 training
//           5 charts  6 a picture of your own  7 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "augment.h"
#include "checkpoint.h"
#include "cli.h"
#include "conv.h"
#include "data.h"
#include "diagnosis.h"
#include "figure.h"
#include "history.h"
#include "image.h"
#include "layers.h"
#include "loss.h"
#include "memory.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "progress.h"
#include "run.h"
#include "safetensors.h"

// ---- 1. Model ---------------------------------------------------------------

typedef struct {
    // set by lenet_init: slices of two flat arrays, params.value and .grad
    Params params;
    Tensor conv1_w, conv1_b, conv2_w, conv2_b, fc1_w, fc1_b, fc2_w, fc2_b;
    Tensor dconv1_w, dconv1_b, dconv2_w, dconv2_b;
    Tensor dfc1_w, dfc1_b, dfc2_w, dfc2_b;
    Conv2d conv1, conv2;
    // written by forward, read by backward
    Tensor pool1;  // [N, 20, 14, 14]
    Tensor pool2;  // [N, 50, 5, 5]
    Tensor fc1;    // [N, 500]
    Tensor logits; // [N, 10]
    // gradients of these
    Tensor dpool1, dpool2, dfc1, dlogits;
} LeNet;

static void lenet_init(LeNet *net, int classes, Rng *rng) {
    *net = (LeNet){
        .conv1 = {.padding = 2, .relu = true, .pool = 2},
        .conv2 = {.padding = 0, .relu = true, .pool = 2},
    };
    const ParamSpec table[] = {
        // name, value, gradient, shape
        {"conv1.weight", &net->conv1_w, &net->dconv1_w, {20, 1, 5, 5}},
        {"conv1.bias", &net->conv1_b, &net->dconv1_b, {20}},
        {"conv2.weight", &net->conv2_w, &net->dconv2_w, {50, 20, 5, 5}},
        {"conv2.bias", &net->conv2_b, &net->dconv2_b, {50}},
        {"fc1.weight", &net->fc1_w, &net->dfc1_w, {500, 50 * 5 * 5}},
        {"fc1.bias", &net->fc1_b, &net->dfc1_b, {500}},
        {"fc2.weight", &net->fc2_w, &net->dfc2_w, {classes, 500}},
        {"fc2.bias", &net->fc2_b, &net->dfc2_b, {classes}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void lenet_free(LeNet *net) {
    Tensor *activations[] = {&net->pool1,  &net->pool2,  &net->fc1,
                             &net->logits, &net->dpool1, &net->dpool2,
                             &net->dfc1,   &net->dlogits};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        tensor_free(activations[i]);
    conv2d_free(&net->conv1);
    conv2d_free(&net->conv2);
    params_free(&net->params);
}

// ---- 2. Forward and backward ------------------------------------------------

// [A eq.7] y = f_CNN(x)
// [C LeNet] conv 5x5, pool, conv 5x5, pool, FC 500, ReLU, FC 10, softmax
// x [N, 1, 28, 28] -> logits [N, 10]; the softmax is in the loss.
static void lenet_forward(LeNet *net, const Tensor *x) {
    conv2d_forward(&net->conv1, &net->pool1, x, &net->conv1_w, &net->conv1_b);
    conv2d_forward(&net->conv2, &net->pool2, &net->pool1, &net->conv2_w,
                   &net->conv2_b);
    linear_forward(&net->fc1, &net->pool2, &net->fc1_w, &net->fc1_b);
    relu_forward(&net->fc1, &net->fc1);
    linear_forward(&net->logits, &net->fc1, &net->fc2_w, &net->fc2_b);
}

// dlogits -> the gradients of all weights: the same lines, from the last to the
// first. The first layer's input needs no gradient.
static void lenet_backward(LeNet *net) {
    linear_backward(&net->dfc1, &net->dfc2_w, &net->dfc2_b, &net->dlogits,
                    &net->fc1, &net->fc2_w);
    relu_backward(&net->dfc1, &net->dfc1, &net->fc1);
    linear_backward(&net->dpool2, &net->dfc1_w, &net->dfc1_b, &net->dfc1,
                    &net->pool2, &net->fc1_w);
    conv2d_backward(&net->conv2, &net->dpool1, &net->dconv2_w, &net->dconv2_b,
                    &net->dpool2, &net->conv2_w);
    conv2d_backward(&net->conv1, NULL, &net->dconv1_w, &net->dconv1_b,
                    &net->dpool1, &net->conv1_w);
}

// ---- 3. Evaluation ----------------------------------------------------------

enum { MISTAKES = 24 };

typedef struct {
    Confusion confusion;
    double loss; // mean cross entropy
    // the mistakes the net was surest of, worst first
    int mistakes;
    struct {
        int index, truth, taken;
        float loss; // -log of the probability given to the truth
    } mistake[MISTAKES];
} Evaluation;

// Sorts one more mistake in, if it is among the worst.
static void add_mistake(Evaluation *e, int index, int truth, int taken,
                        float loss) {
    int i = e->mistakes < MISTAKES ? e->mistakes++ : MISTAKES;
    for (; i > 0 && e->mistake[i - 1].loss < loss; i--)
        if (i < MISTAKES)
            e->mistake[i] = e->mistake[i - 1];
    if (i < MISTAKES) {
        e->mistake[i].index = index;
        e->mistake[i].truth = truth;
        e->mistake[i].taken = taken;
        e->mistake[i].loss = loss;
    }
}

static Evaluation evaluate(LeNet *net, const Dataset *set) {
    Evaluation e = {.confusion = {.classes = set->classes}};
    Batches batches;
    batches_init(&batches, set, 256);
    batches_start(&batches, NULL);
    for (int first = 0; batches_next(&batches); first += batches.batch) {
        int N = batches.x.shape[0];
        lenet_forward(net, &batches.x);
        confusion_add(&e.confusion, &net->logits, batches.labels);
        float loss = softmax_cross_entropy(NULL, &net->logits, batches.labels);
        e.loss += (double)loss * N / set->count;
        for (int n = 0; n < N; n++) {
            const int K = set->classes;
            Tensor row = tensor_view(net->logits.data + n * K, 2, 1, K);
            int truth = batches.labels[n], taken = argmax(row.data, K);
            if (taken != truth)
                add_mistake(&e, first + n, truth, taken,
                            softmax_cross_entropy(NULL, &row, &truth));
        }
    }
    batches_free(&batches);
    e.loss = finished(e.loss);
    return e;
}

// ---- 4. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit;
    float lr;
    const char *data, *classify;
    bool augment;
} Options;

static Evaluation train(LeNet *net, const Digits *digits, const Options *o,
                        History *history, Checkpoint *checkpoint, Rng *rng) {
    // one pixel and ten degrees: what a hand does, and no more
    const Augment strength = {
        .shift = 1.0f, .rotate = 10.0f, .zoom = 0.1f, .shear = 10.0f};
    Evaluation e = {.loss = (double)NAN}; // of the last complete epoch
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, &digits->train, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    history_init(history, o->epochs, batches.count);
    long steps = (long)o->epochs * batches.count;
    checkpoint_model(checkpoint, &net->params, &adam, rng);
    history_checkpoint(history, checkpoint, o->epochs);
    checkpoint_item(checkpoint, "evaluation", &e, sizeof e);
    checkpoint_start(checkpoint);

    for (int epoch = history->epochs + 1;
         epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            if (o->augment)
                augment_batch(&batches.x, &strength, rng);
            lenet_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            lenet_backward(net);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
            history_batch(history, loss);
        }
        float loss = progress_mean_loss(&progress);
        Evaluation now = evaluate(net, &digits->test);
        if (stop_requested())
            break; // in the middle of this epoch
        e = now;
        double accuracy = confusion_accuracy(&e.confusion);
        history_epoch(history, (float)(100.0 - 100.0 * accuracy));
        if (!o->common.quiet)
            printf("epoch %d/%d  training loss %.4f  test loss %.4f  "
                   "test accuracy %.2f %%\n",
                   epoch, o->epochs, (double)loss, e.loss, 100.0 * accuracy);
        checkpoint_save(checkpoint);
    }
    diagnose(&progress, digits->train.classes, &net->fc1, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
    return e;
}

// ---- 5. Charts --------------------------------------------------------------

static void draw_mistakes(const Evaluation *e, const Dataset *set,
                          const char *format) {
    Figure f;
    if (e->mistakes == 0 || !figure_open(&f, "ch06", "lenet_mistakes", format))
        return;
    int H = set->rows, W = set->cols, pixels = H * W;
    char text[MISTAKES][24];
    const char *captions[MISTAKES];
    float *pictures = mem_alloc((size_t)(e->mistakes * pixels), sizeof(float));
    for (int i = 0; i < e->mistakes; i++) {
        const uint8_t *from = set->pixels + e->mistake[i].index * pixels;
        for (int p = 0; p < pixels; p++)
            pictures[i * pixels + p] = (float)from[p] / 255.0f;
        snprintf(text[i], sizeof text[i], "%d → %d", e->mistake[i].truth,
                 e->mistake[i].taken);
        captions[i] = text[i];
    }
    double wrong = 1.0 - confusion_accuracy(&e->confusion);
    figure_title(&f,
                 "LeNet misreads %.0f of %d digits; these are its most "
                 "confident mistakes",
                 wrong * (double)confusion_total(&e->confusion), set->count);
    figure_caption(&f, "True class → prediction above each digit, the most "
                       "confident mistake first.");
    figure_pictures(&f, &(Sheet){.pixels = pictures,
                                 .count = e->mistakes,
                                 .H = H,
                                 .W = W,
                                 .columns = 8,
                                 .high = 1.0,
                                 .heat = HEAT_INK,
                                 .captions = captions});
    figure_close(&f);
    mem_free(pictures);
}

enum { CONV1_KERNELS = 20, KERNEL_PIXELS = 5 * 5 };

// Copies the kernels to `sorted`, the one of largest weights first; returns the
// largest size of a weight.
static float sort_kernels(float *sorted, const float *kernels) {
    float size[CONV1_KERNELS] = {0}, most = 0.0f;
    for (int i = 0; i < CONV1_KERNELS * KERNEL_PIXELS; i++) {
        size[i / KERNEL_PIXELS] += kernels[i] * kernels[i];
        most = fmaxf(most, fabsf(kernels[i]));
    }
    for (int to = 0; to < CONV1_KERNELS; to++) {
        int k = argmax(size, CONV1_KERNELS);
        memcpy(sorted + to * KERNEL_PIXELS, kernels + k * KERNEL_PIXELS,
               KERNEL_PIXELS * sizeof *sorted);
        size[k] = -1.0f; // taken
    }
    return most;
}

static void draw_kernels(const LeNet *net, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "lenet_kernels", format))
        return;
    float sorted[CONV1_KERNELS * KERNEL_PIXELS];
    double most = (double)sort_kernels(sorted, net->conv1_w.data);
    figure_title(&f,
                 "No one chose the weights of these %d kernels: LeNet "
                 "learned them",
                 CONV1_KERNELS);
    figure_caption(&f, "5 × 5 weights each, on one scale, the largest first: a "
                       "kernel answers where there is ink on red and none on "
                       "blue.");
    figure_pictures(&f, &(Sheet){.pixels = sorted,
                                 .count = CONV1_KERNELS,
                                 .H = 5,
                                 .W = 5,
                                 .columns = 10,
                                 .low = -most,
                                 .high = most,
                                 .heat = HEAT_DIVERGING});
    figure_scale(&f, "weight");
    figure_close(&f);
}

// What was learned: the table, the charts, the first words of the result line.
static void show_results(const Evaluation *e, const History *history,
                         const LeNet *net, const Digits *digits,
                         const Options *o) {
    const char *format = o->common.plot;
    if (!o->common.quiet && !stop_requested())
        confusion_print(&e->confusion);
    const char *data = digits_name(digits);
    history_draw(history, "ch06", "lenet_curves", "LeNet", data, "test error",
                 format);
    confusion_draw(&e->confusion, "ch06", "lenet_confusion", "LeNet", data,
                   format);
    draw_mistakes(e, &digits->test, format);
    draw_kernels(net, format);
    run_result("test_accuracy=%.4f test_loss=%.4f",
               confusion_accuracy(&e->confusion), e->loss);
}

// ---- 6. A picture of your own -----------------------------------------------

// A picture of yours, made to look like one of MNIST's.
typedef struct {
    const char *path;
    Tensor digit;     // [1, 1, 28, 28]
    DigitDoubt doubt; // of the photo, before any net has seen it
} Picture;

// False with a message if the file cannot be read.
static bool picture_read(Picture *picture, const char *path, Error *err) {
    Tensor image = {0};
    bool ok = image_read(&image, path, err);
    if (ok) {
        picture->path = path;
        picture->doubt = image_to_digit(&picture->digit, &image);
    }
    tensor_free(&image);
    return ok;
}

typedef struct {
    bool sure;
    int digit;      // the most likely one
    Tensor softmax; // [1, classes]: the probability of each
} Prediction;

static float certainty(const Prediction *p) {
    return p->softmax.data[p->digit];
}

// Sure only if the photo shows one digit, whole, and the net gives it 90 %.
static void predict(Prediction *p, LeNet *net, const Picture *picture) {
    const float bound = 0.9f; // 98.5 % of MNIST's test digits get as much
    lenet_forward(net, &picture->digit);
    softmax_forward(&p->softmax, &net->logits);
    p->digit = argmax(p->softmax.data, p->softmax.shape[1]);
    p->sure = picture->doubt == DOUBT_NONE && certainty(p) >= bound;
}

static void print_prediction(const Prediction *p, const Picture *picture,
                             const Digits *digits) {
    printf("\n%s as LeNet sees it:\n\n", picture->path);
    image_print(&picture->digit);
    for (int k = 0; k < p->softmax.shape[1]; k++)
        printf("  %-10.10s %6.2f %% %.*s\n", digits_class(digits, k),
               100.0 * (double)p->softmax.data[k],
               (int)(40.0f * p->softmax.data[k] + 0.5f),
               "########################################");
    if (p->sure)
        printf("\nThis is a %s.\n", digits_class(digits, p->digit));
    else if (picture->doubt != DOUBT_NONE)
        printf("\nNot sure: %s.\n", digit_doubt(picture->doubt));
    else
        printf("\nNot sure: perhaps a %s;\ncrop the picture to the one "
               "digit.\n",
               digits_class(digits, p->digit));
}

// The result line says predicted=7 certainty=0.98, or predicted=unsure.
static void classify(LeNet *net, const Picture *picture, const Digits *digits) {
    Prediction p = {0};
    predict(&p, net, picture);
    print_prediction(&p, picture, digits);
    if (p.sure)
        run_result("predicted=%d", p.digit);
    else
        run_result("predicted=unsure");
    run_result("certainty=%.2f", (double)certainty(&p));
    tensor_free(&p.softmax);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
        option_bool("augment", &o->augment,
                    "shift, turn and zoom the training digits"),
        option_input("classify", &o->classify,
                     "then read a photo of a digit (PNG, JPEG, PGM)"),
    };
    cli_parse(&o->common, "lenet",
              "LeNet, a small convolutional net, learns to read handwritten "
              "digits and reports its test accuracy.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    RunFiles files = {0};
    Options o = {.common = {.seed = 1, .files = &files},
                 .epochs = 3,
                 .batch = 64,
                 .lr = 3e-3f};
    parse(&o, argc, argv);

    // A photo that cannot be read is told before the training, not after it.
    Error err;
    Picture picture = {0};
    if (o.classify != NULL && !picture_read(&picture, o.classify, &err))
        die("%s", err.message);
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.common.quiet);

    Rng rng;
    LeNet net;
    Checkpoint checkpoint;
    rng_seed(&rng, o.common.seed);
    lenet_init(&net, digits.train.classes, &rng);
    if (files.load != NULL && !safetensors_load(files.load, &net.params, &err))
        die("%s", err.message);
    if (!checkpoint_init(&checkpoint, files.checkpoint, files.resume,
                         o.common.settings, digits.train.pixels,
                         dataset_bytes(&digits.train), &err))
        die("%s", err.message);

    // With loaded weights and a photo only the photo is looked at.
    double start = seconds_now();
    History history = {0};
    Evaluation e = {.loss = (double)NAN};
    if (files.trains)
        e = train(&net, &digits, &o, &history, &checkpoint, &rng);
    else if (o.classify == NULL)
        e = evaluate(&net, &digits.test);
    double seconds = seconds_now() - start;
    if (files.save != NULL && !safetensors_save(files.save, &net.params, &err))
        run_error("%s", err.message);

    if (!isnan(e.loss))
        show_results(&e, &history, &net, &digits, &o);
    run_result("epochs=%d seconds=%.1f seed=%llu data=%s", history.epochs,
               seconds, (unsigned long long)o.common.seed,
               digits_name(&digits));
    if (o.classify != NULL && !stop_requested())
        classify(&net, &picture, &digits);
    tensor_free(&picture.digit);
    history_free(&history);
    checkpoint_free(&checkpoint);
    lenet_free(&net);
    digits_free(&digits);
    return run_end();
}
