// autoencoder.c - squeeze a digit through k numbers and get it back (自编码器)
//
// A net is trained to reconstruct its input, but in its middle it has only k
// units: their outputs, the code (编码), must hold all that matters of the 784
// pixels. No label is needed. The code has other uses than decoding (解码): to
// draw digits as points, and as features for a classifier.
//
//     784 - 256 - 64 - k - 64 - 256 - 784     ReLU; code linear, output sigmoid
//
// A net of linear layers could do no better than the first k principal
// components, so those are what it is compared with.
//
// Source: D, autoencoder, dimension reduction, classification.
// Run: make autoencoder && ./autoencoder
// Ends with: result: mse_2=0.03.. mse_32=0.007. pca_mse_2=0.05.. ...
//
// Contents: 1 model  2 training  3 codes  4 a classifier on codes  5 figures
//           6 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "data.h"
#include "figure.h"
#include "integers.h"
#include "layers.h"
#include "loss.h"
#include "memory.h"
#include "metrics.h"
#include "optim.h"
#include "params.h"
#include "pca.h"
#include "progress.h"
#include "run.h"
#include "vmath.h"

// ---- 1. Model ---------------------------------------------------------------

enum { LAYERS = 6, CODE = 2, LAST = 5, PIXELS = 784 };

typedef struct {
    // set by net_init: slices of two flat arrays, params.value and .grad
    Params params;
    Tensor w[LAYERS], b[LAYERS], dw[LAYERS], db[LAYERS];
    // written by forward, read by backward: [N, 256] [N, 64] [N, k] [N, 64]
    // [N, 256], and last the logits of the pixels [N, 784]
    Tensor y[LAYERS];
    // gradients of these
    Tensor dy[LAYERS];
} Autoencoder;

static void net_init(Autoencoder *net, int k, Rng *rng) {
    *net = (Autoencoder){0};
    const ParamSpec table[] = {
        // name, value, gradient, shape
        {"encoder1.weight", &net->w[0], &net->dw[0], {256, PIXELS}},
        {"encoder1.bias", &net->b[0], &net->db[0], {256}},
        {"encoder2.weight", &net->w[1], &net->dw[1], {64, 256}},
        {"encoder2.bias", &net->b[1], &net->db[1], {64}},
        {"code.weight", &net->w[2], &net->dw[2], {k, 64}},
        {"code.bias", &net->b[2], &net->db[2], {k}},
        {"decoder1.weight", &net->w[3], &net->dw[3], {64, k}},
        {"decoder1.bias", &net->b[3], &net->db[3], {64}},
        {"decoder2.weight", &net->w[4], &net->dw[4], {256, 64}},
        {"decoder2.bias", &net->b[4], &net->db[4], {256}},
        {"output.weight", &net->w[5], &net->dw[5], {PIXELS, 256}},
        {"output.bias", &net->b[5], &net->db[5], {PIXELS}},
    };
    params_init(&net->params, table, sizeof table / sizeof *table);
    params_init_he(&net->params, rng);
}

static void net_free(Autoencoder *net) {
    for (int l = 0; l < LAYERS; l++) {
        tensor_free(&net->y[l]);
        tensor_free(&net->dy[l]);
    }
    params_free(&net->params);
}

static bool has_relu(int layer) {
    return layer != CODE && layer != LAST;
}

// [D autoencoder] code = encoder(x), pixels = sigmoid(decoder(code))
// D has it in words. x [N, 784] -> y[CODE] [N, k], y[LAST] [N, 784]
static void net_forward(Autoencoder *net, const Tensor *x) {
    for (int l = 0; l < LAYERS; l++) {
        linear_forward(&net->y[l], l > 0 ? &net->y[l - 1] : x, &net->w[l],
                       &net->b[l]);
        if (has_relu(l))
            relu_forward(&net->y[l], &net->y[l]);
    }
}

// dy[LAST] -> the gradients of all weights.
static void net_backward(Autoencoder *net, const Tensor *x) {
    for (int l = LAST; l >= 0; l--) {
        if (has_relu(l))
            relu_backward(&net->dy[l], &net->dy[l], &net->y[l]);
        linear_backward(l > 0 ? &net->dy[l - 1] : NULL, &net->dw[l],
                        &net->db[l], &net->dy[l], l > 0 ? &net->y[l - 1] : x,
                        &net->w[l]);
    }
}

// ---- 2. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, limit;
    float lr;
    const char *data;
} Options;

static void train(Autoencoder *net, const Dataset *set, const Options *o,
                  Rng *rng) {
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
            Tensor x =
                tensor_view(batches.x.data, 2, batches.x.shape[0], PIXELS);
            net_forward(net, &x);
            // the target is the input itself: each pixel a yes or a no
            float loss =
                sigmoid_cross_entropy(&net->dy[LAST], &net->y[LAST], &x);
            net_backward(net, &x);
            adam.lr = one_cycle(adam.step, steps, o->lr);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        float loss = progress_mean_loss(&progress);
        if (!o->common.quiet && !stop_requested())
            printf("code of %2d  epoch %2d/%d  training loss %.2f\n",
                   net->y[CODE].shape[1], epoch, o->epochs, (double)loss);
    }
    optimizer_free(&adam);
    batches_free(&batches);
}

// ---- 3. Codes ---------------------------------------------------------------

// Both ways to k numbers and back: a net, or, where net is NULL, k components.
typedef struct {
    Autoencoder *net;
    const Pca *pca;
    int k;
} Coder;

// x [N, 784] -> code [N, k] -> back [N, 784], between 0 and 1 as pixels are.
static void code_and_back(Tensor *code, Tensor *back, const Coder *coder,
                          const Tensor *x) {
    if (coder->net != NULL) {
        net_forward(coder->net, x);
        tensor_copy(code, &coder->net->y[CODE]);
        tensor_resize_like(back, &coder->net->y[LAST]);
        vsigmoid(back->data, coder->net->y[LAST].data, back->size);
    } else {
        pca_project(code, coder->pca, x, coder->k);
        pca_restore(back, coder->pca, code);
        for (size_t i = 0; i < back->size; i++)
            back->data[i] = fminf(fmaxf(back->data[i], 0.0f), 1.0f);
    }
}

// A set of digits as codes, and what is left of the pixels.
typedef struct {
    Tensor code; // [N, k]
    int *labels; // [N]
    double mse;  // of the digits that come back, per pixel
} Codes;

static void codes_free(Codes *c) {
    tensor_free(&c->code);
    mem_free(c->labels);
}

static void encode(Codes *c, const Coder *coder, const Dataset *set) {
    Batches batches;
    Tensor code = {0}, back = {0};
    batches_init(&batches, set, 500);
    tensor_resize(&c->code, 2, set->count, coder->k);
    c->labels = mem_alloc((size_t)set->count, sizeof *c->labels);
    c->mse = 0.0;
    for (int first = 0; batches_next(&batches); first += batches.batch) {
        int N = batches.x.shape[0];
        Tensor x = tensor_view(batches.x.data, 2, N, PIXELS);
        code_and_back(&code, &back, coder, &x);
        c->mse += (double)mse_loss(NULL, &back, &x) * N / set->count;
        memcpy(c->code.data + (ptrdiff_t)first * coder->k, code.data,
               code.size * sizeof(float));
        memcpy(c->labels + first, batches.labels,
               (size_t)N * sizeof *c->labels);
    }
    c->mse = finished(c->mse);
    tensor_free(&code);
    tensor_free(&back);
    batches_free(&batches);
}

// ---- 4. A classifier on codes -----------------------------------------------

// Each coordinate minus its mean over its standard deviation, both those of the
// training codes: an optimizer's steps then suit all of them.
static void standardize(Codes *train, Codes *test) {
    const int k = train->code.shape[1];
    for (int j = 0; j < k; j++) {
        double mean = 0.0, square = 0.0, N = train->code.shape[0];
        for (size_t i = (size_t)j; i < train->code.size; i += (size_t)k)
            mean += (double)train->code.data[i] / N;
        for (size_t i = (size_t)j; i < train->code.size; i += (size_t)k)
            square += pow((double)train->code.data[i] - mean, 2.0) / N;
        float scale = (float)(1.0 / sqrt(square + 1e-12));
        Tensor *both[] = {&train->code, &test->code};
        for (int b = 0; b < 2; b++)
            for (size_t i = (size_t)j; i < both[b]->size; i += (size_t)k)
                both[b]->data[i] = (both[b]->data[i] - (float)mean) * scale;
    }
}

// One layer of ten neurons with softmax, trained on all codes at once: whatever
// it gets right, the code has laid out so that planes separate it. Returns the
// accuracy on the test codes.
static double classify(Codes *train_codes, Codes *test_codes) {
    enum { STEPS = 300 };
    const int k = train_codes->code.shape[1];
    Params params = {0};
    Tensor w, b, dw, db, logits = {0}, dlogits = {0};
    const ParamSpec table[] = {{"weight", &w, &dw, {10, k}},
                               {"bias", &b, &db, {10}}};
    Optimizer adam;
    standardize(train_codes, test_codes);
    params_init(&params, table, 2);
    optimizer_init(&adam, ADAM, 0.0f);
    for (int step = 0; step < STEPS && !stop_requested(); step++) {
        linear_forward(&logits, &train_codes->code, &w, &b);
        softmax_cross_entropy(&dlogits, &logits, train_codes->labels);
        linear_backward(NULL, &dw, &db, &dlogits, &train_codes->code, &w);
        adam.lr = one_cycle(adam.step, STEPS, 0.2f);
        optimizer_step(&adam, &params.value, &params.grad);
    }
    Confusion confusion = {.classes = 10};
    linear_forward(&logits, &test_codes->code, &w, &b);
    confusion_add(&confusion, &logits, test_codes->labels);
    optimizer_free(&adam);
    params_free(&params);
    tensor_free(&logits);
    tensor_free(&dlogits);
    return finished(confusion_accuracy(&confusion));
}

// ---- 5. Figures -------------------------------------------------------------

enum { SIZES = 2, METHODS = 4, SHOWN = 10 };
static const int code_size[SIZES] = {32, 2};
static const char *const method_name[METHODS] = {"code of 32", "32 components",
                                                 "code of 2", "2 components"};

// Everything that is compared, in the order of method_name.
typedef struct {
    Autoencoder net[SIZES]; // with a code of 32, of 2
    Pca pca;
    Coder coder[METHODS];
    Codes test[METHODS];
    double accuracy[METHODS];
} Comparison;

// The first test digit of each kind, 0 to 9, as x [10, 784]; where there is
// none, the first of all.
static void one_of_each(Tensor *x, const Dataset *set) {
    tensor_resize(x, 2, SHOWN, PIXELS);
    for (int digit = 0; digit < SHOWN; digit++) {
        int n = 0;
        while (n < set->count && set->labels[n] != digit)
            n++;
        const uint8_t *from = set->pixels + (n < set->count ? n : 0) * PIXELS;
        for (int p = 0; p < PIXELS; p++)
            x->data[digit * PIXELS + p] = (float)from[p] / 255.0f;
    }
}

static void draw_pictures(const Comparison *c, const Dataset *set,
                          const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "autoencoder_pictures", format))
        return;
    Tensor x = {0}, code = {0}, back = {0}, sheet = {0};
    const char *rows[1 + METHODS] = {"ten digits"};
    one_of_each(&x, set);
    tensor_resize(&sheet, 3, 1 + METHODS, SHOWN, PIXELS);
    memcpy(sheet.data, x.data, x.size * sizeof(float));
    for (int m = 0; m < METHODS; m++) {
        rows[m + 1] = method_name[m];
        code_and_back(&code, &back, &c->coder[m], &x);
        memcpy(sheet.data + (size_t)(m + 1) * x.size, back.data,
               x.size * sizeof(float));
    }
    figure_title(&f,
                 "From two numbers the net rebuilds digits with error "
                 "%.3f, PCA with %.3f",
                 c->test[2].mse, c->test[3].mse);
    figure_caption(&f, "The first test digit of each kind and its "
                       "reconstructions from 32 and from 2 numbers, the net's "
                       "code or principal components; the error is the mean "
                       "square per pixel.");
    figure_pictures(&f, &(Sheet){.pixels = sheet.data,
                                 .count = (1 + METHODS) * SHOWN,
                                 .H = 28,
                                 .W = 28,
                                 .columns = SHOWN,
                                 .low = 0.0,
                                 .high = 1.0,
                                 .heat = HEAT_INK,
                                 .rows = rows});
    figure_close(&f);
    tensor_free(&x);
    tensor_free(&code);
    tensor_free(&back);
    tensor_free(&sheet);
}

// How many per cent of the codes have a smaller number k than code n.
static double rank_of(const Codes *codes, int n, int k) {
    const float *code = codes->code.data;
    const int N = codes->code.shape[0];
    int smaller = 0;
    for (int i = 0; i < N; i++)
        smaller += code[2 * i + k] < code[2 * n + k];
    return 100.0 * smaller / N;
}

// By rank, since most digits' numbers lie in a small crowd.
static void draw_codes(const Comparison *c, const char *format) {
    static const char *const title[SIZES] = {"Two units of the net",
                                             "Two principal components"};
    Figure f;
    if (!figure_open(&f, "ch02", "autoencoder_code", format))
        return;
    figure_title(&f,
                 "Classified from two numbers: %.0f %% right with the net, "
                 "%.0f %% with PCA",
                 100.0 * c->accuracy[2], 100.0 * c->accuracy[3]);
    figure_caption(&f, "Each test digit written where its two numbers put it; "
                       "the axes are their ranks, which spreads crowds.");
    for (int m = 0; m < SIZES; m++) {
        const Codes *codes = &c->test[2 + m];
        const float *code = codes->code.data;
        figure_panel(&f, "%s: %.0f %%", title[m], 100.0 * c->accuracy[2 + m]);
        figure_panel_size(&f, 440, 400);
        figure_x(&f, "rank of the first number (%%)");
        figure_y(&f, "rank of the second number (%%)");
        figure_table(&f, "x,y,class,x rank,y rank");
        for (int n = 0; n < codes->code.shape[0] && n < 1000; n++)
            figure_row(&f, code[2 * n], code[2 * n + 1], codes->labels[n],
                       rank_of(codes, n, 0), rank_of(codes, n, 1));
        figure_digits(&f, 4, 5, 3);
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 1000, "passes over the digits"),
        option_int("batch", &o->batch, 1, 60000, "digits per step"),
        option_float("lr", &o->lr, 1e-9, 10.0, "peak learning rate"),
        option_text("data", &o->data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &o->limit, 0, 60000,
                   "digits to train and to test on (0: all)"),
    };
    cli_parse(&o->common, "autoencoder",
              "Squeezes digits through 2 and through 32 numbers, brings them "
              "back, and classifies them by those numbers.",
              table, sizeof table / sizeof *table, argc, argv);
}

// From at most 10,000 digits: more hardly turn the components any further.
static void fit_pca(Pca *pca, const Dataset *set) {
    Batches batches;
    batches_init(&batches, set, min_int(10000, set->count));
    batches_next(&batches);
    pca_fit(pca, &batches.x);
    batches_free(&batches);
}

static void compare(Comparison *c, const Digits *digits) {
    for (int m = 0; m < METHODS; m++) {
        Codes train_codes = {0};
        c->coder[m] = (Coder){.net = m % 2 == 0 ? &c->net[m / 2] : NULL,
                              .pca = &c->pca,
                              .k = code_size[m / 2]};
        encode(&train_codes, &c->coder[m], &digits->train);
        encode(&c->test[m], &c->coder[m], &digits->test);
        c->accuracy[m] = classify(&train_codes, &c->test[m]);
        codes_free(&train_codes);
    }
}

static void print(const Comparison *c) {
    printf("\n  %-14s %24s %30s\n", "", "squared error per pixel",
           "right by a linear classifier");
    for (int m = 0; m < METHODS; m++)
        printf("  %-14s %24.4f %28.1f %%\n", method_name[m], c->test[m].mse,
               100.0 * c->accuracy[m]);
    printf("\n");
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .epochs = 8, .batch = 128, .lr = 3e-3f};
    parse(&o, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, o.data, o.limit, o.common.seed, &err) ||
        !digits_are_ten(&digits, &err))
        die("%s", err.message);
    if (digits.train.count < 2)
        die("one digit has no principal components; give --limit 2 or more");
    digits_say(&digits, o.common.quiet);

    Rng rng;
    Comparison c = {0};
    double start = seconds_now();
    rng_seed(&rng, o.common.seed);
    for (int s = 0; s < SIZES; s++) {
        net_init(&c.net[s], code_size[s], &rng);
        train(&c.net[s], &digits.train, &o, &rng);
    }
    for (int m = 0; m < METHODS; m++)
        c.test[m].mse = c.accuracy[m] = (double)NAN;
    if (!stop_requested()) {
        fit_pca(&c.pca, &digits.train);
        compare(&c, &digits);
    }
    double seconds = seconds_now() - start;

    if (!o.common.quiet && !stop_requested())
        print(&c);
    draw_pictures(&c, &digits.test, o.common.plot);
    draw_codes(&c, o.common.plot);
    run_result("mse_2=%.4f mse_32=%.4f pca_mse_2=%.4f pca_mse_32=%.4f "
               "code_accuracy=%.4f pca_accuracy=%.4f seconds=%.1f seed=%llu "
               "data=%s",
               c.test[2].mse, c.test[0].mse, c.test[3].mse, c.test[1].mse,
               c.accuracy[0], c.accuracy[1], seconds,
               (unsigned long long)o.common.seed, digits_name(&digits));
    for (int m = 0; m < METHODS; m++)
        codes_free(&c.test[m]);
    for (int s = 0; s < SIZES; s++)
        net_free(&c.net[s]);
    pca_free(&c.pca);
    digits_free(&digits);
    return run_end();
}
