#define TEST_HELPER
#include "method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "digits.h"
#include "metrics.h"

enum { TRAIN = 1000, TEST = 500 };

// ---- 1. Spoiling -----------------------------------------------------------

void turn_labels(Dataset *set) {
    for (int n = 0; n < set->count; n++)
        set->labels[n] = (uint8_t)((set->labels[n] + 1) % set->classes);
}

// A bar of two columns, further to the right for a higher class.
void turn_into_bars(Dataset *set, int first) {
    const int H = set->rows, W = set->cols, K = set->classes;
    for (int n = first; n < set->count; n++) {
        uint8_t *picture = set->pixels + (size_t)n * (size_t)(H * W);
        memset(picture, 0, (size_t)(H * W));
        for (int row = 0; row < H; row++)
            memset(picture + row * W + set->labels[n] * (W - 2) / (K - 1), 255,
                   2);
    }
}

static void sort_by_label(Dataset *set) {
    const size_t size = (size_t)(set->rows * set->cols);
    Dataset from = *set;
    set->pixels = malloc((size_t)set->count * size);
    set->labels = malloc((size_t)set->count);
    int to = 0;
    for (int label = 0; label < set->classes; label++)
        for (int n = 0; n < set->count; n++)
            if (from.labels[n] == label) {
                memcpy(set->pixels + (size_t)to * size,
                       from.pixels + (size_t)n * size, size);
                set->labels[to++] = (uint8_t)label;
            }
    free(from.pixels);
    free(from.labels);
}

// ---- 2. As files -----------------------------------------------------------

static void put_big_endian(FILE *out, int number) {
    for (int shift = 24; shift >= 0; shift -= 8)
        putc(number >> shift & 255, out);
}

// One IDX file: the sizes of `ndim` dimensions, then bytes.
static void write_idx(const char *folder, const char *name, int ndim,
                      const int *shape, const uint8_t *bytes) {
    char path[1200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    ck_assert_msg(out != NULL, "cannot write %s", path);
    put_big_endian(out, 0x800 + ndim);
    size_t size = 1;
    for (int i = 0; i < ndim; i++) {
        put_big_endian(out, shape[i]);
        size *= (size_t)shape[i];
    }
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    ck_assert_int_eq(fclose(out), 0);
}

static void write_set(const char *folder, const char *name,
                      const Dataset *set) {
    const int shape[] = {set->count, set->rows, set->cols};
    char file[64];
    snprintf(file, sizeof file, "%s-images-idx3-ubyte", name);
    write_idx(folder, file, 3, shape, set->pixels);
    snprintf(file, sizeof file, "%s-labels-idx1-ubyte", name);
    write_idx(folder, file, 1, shape, set->labels);
}

Run run_on_sets(const char *command_line, Dataset *train, Dataset *test) {
    Path folder = scratch_path("digits");
    mkdir(folder.text, 0777);
    write_set(folder.text, "train", train);
    write_set(folder.text, "t10k", test);
    dataset_free(train);
    dataset_free(test);
    return run_well("%s --data '%s' --threads 1 --plot none --quiet",
                    command_line, folder.text);
}

// Which part of the answers on these two sets was right.
static double part_right(const char *command_line, const char *name,
                         Scale scale, Dataset *train, Dataset *test) {
    Run run = run_on_sets(command_line, train, test);
    return (result_value(&run, name) - scale.wrong) /
           (scale.right - scale.wrong);
}

// ---- 3. In memory ----------------------------------------------------------

Digits synthetic_digits(int limit, uint64_t seed) {
    Error err;
    Digits digits;
    ck_assert_msg(digits_load(&digits, "synthetic", limit, seed, &err), "%s",
                  err.message);
    return digits;
}

void few_digits(Digits *digits, int count) {
    Dataset *train = &digits->train, *test = &digits->test;
    *digits = synthetic_digits(count, 1);
    ck_assert_int_eq(test->count, train->count);
    memcpy(test->pixels, train->pixels, dataset_bytes(train));
    memcpy(test->labels, train->labels, (size_t)train->count);
    turn_labels(test);
}

void assert_few_are_wrong(double error, double least) {
    ck_assert_msg(error > least,
                  "the test digits are the training digits with labels that "
                  "are one too high, and yet only %.0f %% of the answers are "
                  "wrong, not more than %.0f %%: it learns from the test set, "
                  "or it is tested on the training set",
                  error, least);
}

void assert_turned_are_wrong(double error) {
    ck_assert_msg(error > 80,
                  "all test labels are one too high, and yet the error is only "
                  "%g %%: is it that of the training digits?",
                  error);
}

Batches one_batch(const Dataset *set) {
    Batches batches;
    batches_init(&batches, set, set->count);
    batches_start(&batches, NULL);
    ck_assert(batches_next(&batches));
    return batches;
}

void label_as_answered(Dataset *set, const Tensor *logits) {
    const int K = logits->shape[1];
    for (int n = 0; n < set->count; n++)
        set->labels[n] = (uint8_t)argmax(logits->data + n * K, K);
}

void assert_slopes_along(double (*loss)(void *context), void *context,
                         const Params *params, double h, double off) {
    for (int i = 0; i < params->count; i++) {
        const ParamSpec *p = &params->table[i];
        double error = grad_check_along(loss, context, p->value->data,
                                        p->grad->data, p->value->size, h);
        if (!(error < off))
            fail_here("%s: the slope of the loss along the gradient is %.3g %% "
                      "off, %g %% allowed",
                      p->name, 100 * error, 100 * off);
    }
}

// ---- 4. What must hold -----------------------------------------------------

void assert_test_is_unseen(const char *command_line, const char *name,
                           Scale scale) {
    Dataset train, test;
    digits_draw(&train, TRAIN, 1);
    digits_draw(&test, TEST, 2);
    turn_labels(&test);
    double right = part_right(command_line, name, scale, &train, &test);
    ck_assert_msg(right < 0.2,
                  "%s: all test labels are one too high, and yet %s counts "
                  "%.0f %% of the answers as right: it learns from the test "
                  "set, or it is tested on the training set",
                  command_line, name, 100 * right);
}

void assert_validation_is_unseen(const char *command_line, const char *name,
                                 Scale scale, int held) {
    Dataset train, test;
    digits_draw(&train, TRAIN, 1);
    digits_draw(&test, TEST, 2);
    turn_into_bars(&train, TRAIN - held);
    double right = part_right(command_line, name, scale, &train, &test);
    ck_assert_msg(right < 0.5,
                  "%s: the last %d digits, kept for validation, are bars like "
                  "none before them, and yet %s counts %.0f %% of the answers "
                  "as right: it learns from them too, or it is validated on "
                  "what it learned from",
                  command_line, held, name, 100 * right);
}

void assert_shuffles(const char *command_line, const char *name, Scale scale,
                     double least) {
    Dataset train, test;
    digits_draw(&train, TRAIN, 1);
    digits_draw(&test, TEST, 2);
    sort_by_label(&train);
    double right = part_right(command_line, name, scale, &train, &test);
    ck_assert_msg(right > least,
                  "%s: the training digits are sorted, and %s counts only "
                  "%.0f %% of the answers as right, not more than %.0f %%: are "
                  "they shuffled anew for each epoch?",
                  command_line, name, 100 * right, 100 * least);
}
