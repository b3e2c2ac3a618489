// feature_maps.c - what the layers of a LeNet see (特征映射)
//
// A kernel is a small picture of what it looks for; its feature map shows where
// it found that: strokes in the first layer, pieces of digits in the second. A
// gradient taken back to the pixels says which of them the answer hangs on
// (saliency). Is that true? Invert those pixels, and as many others.
//
// Source: A, a deep convolutional net (figures 9 and 10); C, LeNet; saliency is
// Simonyan et al. 2014. The net is lenet.c's with pooling as a step of its own,
// so that every map can be seen; --load takes what ./lenet --save wrote.
// Run: make feature_maps && ./feature_maps
// Ends with: result: test_accuracy=0.99.. salient_inverted=0.7.. ...
//
// Contents: 1 model  2 training  3 saliency  4 evaluation  5 charts  6 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "blas.h"
#include "cli.h"
#include "conv.h"
#include "data.h"
#include "diagnosis.h"
#include "figure.h"
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

enum { MAPS = 50 }; // of a layer, at most

typedef struct {
    // set by net_init
    Params params;
    Tensor conv1_w, conv1_b, conv2_w, conv2_b, fc1_w, fc1_b, fc2_w, fc2_b;
    Tensor dconv1_w, dconv1_b, dconv2_w, dconv2_b;
    Tensor dfc1_w, dfc1_b, dfc2_w, dfc2_b;
    Conv2d step1, step2;
    // written by forward, read by backward
    Tensor conv1;          // [N, 20, 28, 28]
    Tensor pool1, winner1; // [N, 20, 14, 14]
    Tensor conv2;          // [N, 50, 10, 10]
    Tensor pool2, winner2; // [N, 50, 5, 5]
    Tensor fc1;            // [N, 500]
    Tensor logits;         // [N, 10]
    // gradients of these
    Tensor dconv1, dpool1, dconv2, dpool2, dfc1, dlogits;
} Net;

static void net_init(Net *net, Rng *rng) {
    *net = (Net){.step1 = {.padding = 2, .relu = true},
                 .step2 = {.padding = 0, .relu = true}};
    const ParamSpec table[] = {
        {"conv1.weight", &net->conv1_w, &net->dconv1_w, {20, 1, 5, 5}},
        {"conv1.bias", &net->conv1_b, &net->dconv1_b, {20}},
        {"conv2.weight", &net->conv2_w, &net->dconv2_w, {50, 20, 5, 5}},
        {"conv2.bias", &net->conv2_b, &net->dconv2_b, {50}},
        {"fc1.weight", &net->fc1_w, &net->dfc1_w, {500, 50 * 5 * 5}},
        {"fc1.bias", &net->fc1_b, &net->dfc1_b, {500}},
        {"fc2.weight", &net->fc2_w, &net->dfc2_w, {10, 500}},
        {"fc2.bias", &net->fc2_b, &net->dfc2_b, {10}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void net_free(Net *net) {
    Tensor *activations[] = {
        &net->conv1,   &net->pool1,  &net->winner1, &net->conv2,  &net->pool2,
        &net->winner2, &net->fc1,    &net->logits,  &net->dconv1, &net->dpool1,
        &net->dconv2,  &net->dpool2, &net->dfc1,    &net->dlogits};
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
        tensor_free(activations[i]);
    conv2d_free(&net->step1);
    conv2d_free(&net->step2);
    params_free(&net->params);
}

// [A fig.9] x → convolution → pooling → convolution → pooling → two layers
static void net_forward(Net *net, const Tensor *x) {
    conv2d_forward(&net->step1, &net->conv1, x, &net->conv1_w, &net->conv1_b);
    maxpool_forward(&net->pool1, &net->winner1, &net->conv1, 2, 2);
    conv2d_forward(&net->step2, &net->conv2, &net->pool1, &net->conv2_w,
                   &net->conv2_b);
    maxpool_forward(&net->pool2, &net->winner2, &net->conv2, 2, 2);
    linear_forward(&net->fc1, &net->pool2, &net->fc1_w, &net->fc1_b);
    relu_forward(&net->fc1, &net->fc1);
    linear_forward(&net->logits, &net->fc1, &net->fc2_w, &net->fc2_b);
}

// dx, the gradient by the picture, may be NULL: training does not ask for it.
static void net_backward(Net *net, Tensor *dx) {
    linear_backward(&net->dfc1, &net->dfc2_w, &net->dfc2_b, &net->dlogits,
                    &net->fc1, &net->fc2_w);
    relu_backward(&net->dfc1, &net->dfc1, &net->fc1);
    linear_backward(&net->dpool2, &net->dfc1_w, &net->dfc1_b, &net->dfc1,
                    &net->pool2, &net->fc1_w);
    maxpool_backward(&net->dconv2, &net->dpool2, &net->winner2, &net->conv2);
    conv2d_backward(&net->step2, &net->dpool1, &net->dconv2_w, &net->dconv2_b,
                    &net->dconv2, &net->conv2_w);
    maxpool_backward(&net->dconv1, &net->dpool1, &net->winner1, &net->conv1);
    conv2d_backward(&net->step1, dx, &net->dconv1_w, &net->dconv1_b,
                    &net->dconv1, &net->conv1_w);
}

// ---- 2. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit, digit;
    float lr;
    const char *data, *load;
} Options;

static void train(Net *net, const Dataset *set, const Options *o, Rng *rng) {
    Batches batches;
    Progress progress;
    Optimizer adam;
    batches_init(&batches, set, o->batch);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    long steps = (long)o->epochs * batches.count;
    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        batches_start(&batches, rng);
        while (batches_next(&batches)) {
            net_forward(net, &batches.x);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            net_backward(net, NULL);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        float loss = progress_mean_loss(&progress);
        if (!o->common.quiet && !stop_requested())
            printf("epoch %d/%d  training loss %.4f\n", epoch, o->epochs,
                   (double)loss);
    }
    diagnose(&progress, 10, &net->fc1, o->lr);
    optimizer_free(&adam);
    batches_free(&batches);
}

// ---- 3. Saliency ------------------------------------------------------------

// dx [like x] = d logits[k] / dx, k the answer, which is argmax logits.
static void saliency(Net *net, Tensor *dx, const Tensor *x) {
    net_forward(net, x);
    tensor_resize_like(&net->dlogits, &net->logits);
    tensor_fill(&net->dlogits, 0.0f);
    for (int n = 0; n < x->shape[0]; n++) {
        int k = argmax(net->logits.data + n * 10, 10);
        net->dlogits.data[n * 10 + k] = 1.0f;
    }
    net_backward(net, dx);
}

// The same as the mean over copies of x with noise: the picture's own gradient
// jumps with every maximum that pooling took (Smilkov et al. 2017).
static void mean_saliency(Net *net, Tensor *mean, const Tensor *x, int copies,
                          Rng *rng) {
    float noise = copies > 1 ? 0.3f : 0.0f;
    Tensor copy = {0}, dx = {0};
    tensor_resize_like(&copy, x);
    tensor_resize_like(mean, x);
    tensor_fill(mean, 0.0f);
    for (int c = 0; c < copies; c++) {
        for (size_t i = 0; i < x->size; i++)
            copy.data[i] = x->data[i] + noise * rng_normal(rng);
        saliency(net, &dx, &copy);
        saxpy((int)x->size, 1.0f / (float)copies, dx.data, mean->data);
    }
    tensor_free(&copy);
    tensor_free(&dx);
}

// ---- 4. Evaluation ----------------------------------------------------------

enum { INVERTED = 20 }; // pixels of each picture

typedef struct {
    Confusion plain, salient, anywhere; // as it is, and where it was inverted
} Evaluation;

// y [like x] = x, but where |strength| is largest ink becomes paper and paper
// ink; strength is 0 there afterwards.
static void invert_strongest(Tensor *y, const Tensor *x, Tensor *strength) {
    int N = x->shape[0], pixels = (int)x->size / N;
    tensor_copy(y, x);
    for (int k = 0; k < N * INVERTED; k++) {
        float *s = strength->data + k / INVERTED * pixels;
        int best = 0;
        for (int p = 1; p < pixels; p++)
            best = fabsf(s[p]) > fabsf(s[best]) ? p : best;
        float *pixel = y->data + k / INVERTED * pixels + best;
        *pixel = 1.0f - *pixel;
        s[best] = 0.0f;
    }
}

static Evaluation evaluate(Net *net, const Dataset *set, Rng *rng) {
    Evaluation e = {{.classes = 10}, {.classes = 10}, {.classes = 10}};
    Tensor strength = {0}, other = {0};
    Batches batches;
    batches_init(&batches, set, 250);
    batches_start(&batches, NULL);
    while (batches_next(&batches)) {
        saliency(net, &strength, &batches.x);
        confusion_add(&e.plain, &net->logits, batches.labels);
        invert_strongest(&other, &batches.x, &strength);
        net_forward(net, &other);
        confusion_add(&e.salient, &net->logits, batches.labels);
        for (size_t i = 0; i < strength.size; i++)
            strength.data[i] = rng_uniform(rng);
        invert_strongest(&other, &batches.x, &strength);
        net_forward(net, &other);
        confusion_add(&e.anywhere, &net->logits, batches.labels);
    }
    batches_free(&batches);
    tensor_free(&strength);
    tensor_free(&other);
    return e;
}

// ---- 5. Charts --------------------------------------------------------------

enum { SHOWN = 10 }; // pictures in a row

// The order of the maps [1, C, H, W], the one of largest sum first.
static void sort_maps(int *order, const Tensor *maps) {
    int C = maps->shape[1], size = (int)maps->size / C;
    float sums[MAPS] = {0};
    for (int i = 0; i < C * size; i++)
        sums[i / size] += maps->data[i];
    for (int to = 0; to < C; to++) {
        order[to] = argmax(sums, C);
        sums[order[to]] = -1.0f; // no sum after ReLU is: taken
    }
}

// A sheet of `count` maps or kernels of t in this order. On one scale: from 0 to
// the largest, or as far below 0 if there are negative numbers.
static void draw_sheet(Figure *f, const Tensor *t, const int *order,
                       int count) {
    int H = t->shape[2], W = t->shape[3], size = H * W;
    float *pixels = mem_alloc((size_t)(count * size), sizeof(float));
    float least = 0.0f, most = 1e-9f;
    for (int i = 0; i < count * size; i++) {
        pixels[i] = t->data[order[i / size] * size + i % size];
        least = fminf(least, pixels[i]);
        most = fmaxf(most, fabsf(pixels[i]));
    }
    figure_panel_size(f, 720, 80);
    figure_pictures(f,
                    &(Sheet){.pixels = pixels,
                             .count = count,
                             .H = H,
                             .W = W,
                             .columns = SHOWN,
                             .low = least < 0.0f ? -(double)most : 0.0,
                             .high = (double)most,
                             .heat = least < 0.0f ? HEAT_DIVERGING : HEAT_INK});
    mem_free(pixels);
}

static void copy_digit(float *to, const Dataset *set, int index) {
    int pixels = set->rows * set->cols;
    for (int p = 0; p < pixels; p++)
        to[p] = (float)set->pixels[index * pixels + p] / 255.0f;
}

// Each kernel of the first layer, and below it its map of the digit.
static void draw_kernels(const Net *net, const char *format) {
    int order[MAPS];
    Figure f;
    if (!figure_open(&f, "ch06", "feature_maps_kernels", format))
        return;
    sort_maps(order, &net->conv1);
    figure_title(&f,
                 "Each kernel responds to different strokes of the same digit");
    figure_caption(&f, "The ten kernels of the first layer that respond most "
                       "to this digit: red weights are positive, blue ones "
                       "negative; darker is a stronger response.");
    figure_grid(&f, 1);
    figure_panel(&f, "Kernels, 5 × 5");
    draw_sheet(&f, &net->conv1_w, order, SHOWN);
    figure_panel(&f, "Their feature maps of the digit");
    draw_sheet(&f, &net->conv1, order, SHOWN);
    figure_close(&f);
}

// What each layer makes of one digit; returns the answer.
static int draw_layers(Net *net, const Dataset *set, int index,
                       const char *format) {
    int order[MAPS];
    Figure f;
    Tensor x = {0};
    tensor_resize(&x, 4, 1, 1, set->rows, set->cols);
    copy_digit(x.data, set, index);
    net_forward(net, &x);
    tensor_free(&x);
    const int answer = argmax(net->logits.data, 10);
    draw_kernels(net, format);
    if (!figure_open(&f, "ch06", "feature_maps_layers", format))
        return answer;
    const struct {
        const char *words;
        const Tensor *maps;
    } layers[] = {
        {"First convolution, 28 × 28: strokes", &net->conv1},
        {"First pooling, 14 × 14", &net->pool1},
        {"Second convolution, 10 × 10: pieces of digits", &net->conv2},
        {"Second pooling, 5 × 5: the input of the last layers", &net->pool2}};
    figure_title(&f, "Layer by layer a %d loses its shape; the net predicts %d",
                 set->labels[index], answer);
    figure_caption(&f, "The ten strongest maps of each layer, on a scale of "
                       "the layer's own; a pooled map stands below the map it "
                       "comes from.");
    figure_grid(&f, 1);
    for (int l = 0; l < 4; l++) {
        if (l % 2 == 0) // pooling keeps the order of its convolution
            sort_maps(order, layers[l].maps);
        figure_panel(&f, "%s", layers[l].words);
        draw_sheet(&f, layers[l].maps, order, SHOWN);
    }
    figure_close(&f);
    return answer;
}

// A test digit of each class; its |gradient|; and that smoothed.
static void draw_saliency(Net *net, const Dataset *set, const Evaluation *e,
                          Rng *rng, const char *format) {
    static const char *const words[] = {
        "Ten test digits",
        "|gradient| of the prediction with respect to the pixel",
        "The same, mean of 100 noisy copies"};
    const int order[SHOWN] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    Figure f;
    if (!figure_open(&f, "ch06", "feature_maps_saliency", format))
        return; // a hundred copies cost seconds
    Tensor x = {0}, dx = {0};
    tensor_resize(&x, 4, SHOWN, 1, set->rows, set->cols);
    tensor_fill(&x, 0.0f);
    for (int i = set->count - 1; i >= 0; i--)
        copy_digit(x.data + set->labels[i] * set->rows * set->cols, set, i);
    figure_title(&f,
                 "Inverting %d random pixels leaves %.0f %% right, the most "
                 "salient %.0f %%",
                 INVERTED, 100.0 * confusion_accuracy(&e->anywhere),
                 100.0 * confusion_accuracy(&e->salient));
    figure_caption(&f, "Darker pixels matter more to the answer; each row has "
                       "a scale of its own.");
    figure_grid(&f, 1);
    for (int row = 0; row < 3; row++) {
        figure_panel(&f, "%s", words[row]);
        if (row > 0)
            mean_saliency(net, &dx, &x, row == 1 ? 1 : 100, rng);
        for (size_t p = 0; p < dx.size; p++)
            dx.data[p] = fabsf(dx.data[p]);
        draw_sheet(&f, row == 0 ? &x : &dx, order, SHOWN);
    }
    figure_close(&f);
    tensor_free(&x);
    tensor_free(&dx);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .epochs = 1, .batch = 64, .lr = 3e-3f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o.batch, 1, 60000, "digits per step"),
        option_float("lr", &o.lr, 1e-9, 10.0, "peak learning rate"),
        option_int("digit", &o.digit, 0, 59999, "the test digit to look at"),
        option_input("load", &o.load,
                     "read what ./lenet --save wrote instead of training"),
        option_text("data", &o.data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o.limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
    };
    cli_parse(&o.common, "feature_maps",
              "What the layers of a LeNet make of a digit, and which pixels "
              "its answer hangs on.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    if (o.digit >= digits.test.count)
        die("there is no test digit %d; try --digit %d", o.digit,
            digits.test.count - 1);
    digits_say(&digits, o.common.quiet);

    Rng rng;
    Net net;
    rng_seed(&rng, o.common.seed);
    net_init(&net, &rng);
    if (o.load == NULL)
        train(&net, &digits.train, &o, &rng);
    else if (!safetensors_load(o.load, &net.params, &err))
        die("%s", err.message);

    Evaluation e = evaluate(&net, &digits.test, &rng);
    int answer = draw_layers(&net, &digits.test, o.digit, o.common.plot);
    if (!stop_requested())
        draw_saliency(&net, &digits.test, &e, &rng, o.common.plot);
    double plain = finished(confusion_accuracy(&e.plain));
    double salient = finished(confusion_accuracy(&e.salient));
    double anywhere = finished(confusion_accuracy(&e.anywhere));
    if (!o.common.quiet && !stop_requested())
        printf("Test digit %d, a %d, is read as a %d.\nOf all %.2f %% are "
               "read right; of all with %d pixels inverted, %.2f %%\nif these "
               "have the largest gradients, %.2f %% if they are any.\n\n",
               o.digit, digits.test.labels[o.digit], answer, 100.0 * plain,
               INVERTED, 100.0 * salient, 100.0 * anywhere);
    run_result("test_accuracy=%.4f salient_inverted=%.4f "
               "anywhere_inverted=%.4f seed=%llu data=%s",
               plain, salient, anywhere, (unsigned long long)o.common.seed,
               digits_name(&digits));
    net_free(&net);
    digits_free(&digits);
    return run_end();
}
