#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "digits.h"
#include "memory.h"
#include "run.h"

enum {
    SYNTHETIC_TRAIN = 20000,
    SYNTHETIC_TEST = 4000,
    DIGIT_SIDE = 28,
    DIGIT_CLASSES = 10,
    PATH_SIZE = 1280, // a folder's name and a file's
};

// ---- data sets --------------------------------------------------------------

void dataset_free(Dataset *set) {
    mem_free(set->pixels);
    mem_free(set->labels);
    *set = (Dataset){0};
}

size_t dataset_bytes(const Dataset *set) {
    return (size_t)set->count * (size_t)(set->rows * set->cols);
}

// No pixel moves: two views share one block, and set goes on owning it.
void dataset_hold_out(Dataset *held, Dataset *set, int count) {
    REQUIRE(count > 0 && count < set->count,
            "%d of %d pictures cannot be held out", count, set->count);
    set->count -= count;
    *held = *set;
    held->count = count;
    held->pixels += dataset_bytes(set);
    held->labels += set->count;
}

// ---- the digits: found in files or drawn ------------------------------------

static const char TRAIN_IMAGES[] = "train-images-idx3-ubyte";
static const char TRAIN_LABELS[] = "train-labels-idx1-ubyte";
static const char TEST_IMAGES[] = "t10k-images-idx3-ubyte";
static const char TEST_LABELS[] = "t10k-labels-idx1-ubyte";

// A name that is too long is cut off, and then no file has it.
static void join(char path[PATH_SIZE], const char *folder, const char *file) {
    snprintf(path, PATH_SIZE, "%s/%s", folder, file);
}

// Reads one half of the set. The nets of this book are made for 28 x 28 pixels
// and ten classes, so anything else is refused here and not by a crash there.
static bool load_pair(Dataset *set, const char *folder, const char *images,
                      const char *labels, Error *err) {
    char image_path[PATH_SIZE], label_path[PATH_SIZE];
    join(image_path, folder, images);
    join(label_path, folder, labels);
    if (!idx_load(set, image_path, label_path, err))
        return false;
    if (set->rows != DIGIT_SIDE || set->cols != DIGIT_SIDE)
        return error_set(err, "%s holds pictures of %d x %d, not 28 x 28",
                         image_path, set->rows, set->cols);
    if (set->classes > DIGIT_CLASSES)
        return error_set(err,
                         "%s has the label %d, more than the ten of digits",
                         label_path, set->classes - 1);
    // Ten also if the few that a small file holds are all zeros and ones.
    set->classes = DIGIT_CLASSES;
    return true;
}

// Reads all four files, or says what to do next.
static bool load_folder(Digits *digits, const char *folder, Error *err) {
    snprintf(digits->source, sizeof digits->source, "%s", folder);
    if (load_pair(&digits->train, folder, TRAIN_IMAGES, TRAIN_LABELS, err) &&
        load_pair(&digits->test, folder, TEST_IMAGES, TEST_LABELS, err))
        return true;
    digits_free(digits);
    Error cause = *err;
    return error_set(err,
                     "%.400s; run `make mnist` to fetch the digits, or use "
                     "--data synthetic",
                     cause.message);
}

static bool has_file(const char *folder, const char *file) {
    char path[PATH_SIZE];
    join(path, folder, file);
    if (access(path, F_OK) == 0)
        return true;
    strncat(path, ".gz", PATH_SIZE - strlen(path) - 1);
    return access(path, F_OK) == 0;
}

// True if any of the four files is there: then the folder is meant to be used,
// and what is wrong with it is told rather than passed over in silence.
static bool has_digits(const char *folder) {
    return has_file(folder, TRAIN_IMAGES) || has_file(folder, TRAIN_LABELS) ||
           has_file(folder, TEST_IMAGES) || has_file(folder, TEST_LABELS);
}

static int at_most(int count, int limit) {
    return limit > 0 && limit < count ? limit : count;
}

// Twice the seed and one more: no two runs share a set, and none is tested on
// what it, or a run with another seed, was trained on.
static void draw_digits(Digits *digits, int limit, uint64_t seed) {
    int train = at_most(SYNTHETIC_TRAIN, limit);
    int test = at_most(SYNTHETIC_TEST, limit);
    digits_draw(&digits->train, train, 2 * seed);
    digits_draw(&digits->test, test, 2 * seed + 1);
    digits->synthetic = true;
    snprintf(digits->source, sizeof digits->source, "synthetic digits");
}

bool digits_load(Digits *digits, const char *folder, int limit, uint64_t seed,
                 Error *err) {
    *digits = (Digits){0};
    const char *from_environment = getenv("MNIST_DIR");
    const char *here = "data/mnist";
    char beside[PATH_SIZE], program[1024];
    join(beside, cli_program_folder(program, sizeof program), here);

    bool ok = true;
    if (folder != NULL && strcmp(folder, "synthetic") == 0)
        draw_digits(digits, limit, seed);
    else if (folder != NULL)
        ok = load_folder(digits, folder, err);
    else if (from_environment != NULL && from_environment[0] != '\0')
        ok = load_folder(digits, from_environment, err);
    else if (has_digits(here))
        ok = load_folder(digits, here, err);
    else if (has_digits(beside))
        ok = load_folder(digits, beside, err);
    else
        draw_digits(digits, limit, seed);

    // Files are read and checked whole; only then is the rest left unused.
    digits->train.count = at_most(digits->train.count, limit);
    digits->test.count = at_most(digits->test.count, limit);
    return ok;
}

void digits_free(Digits *digits) {
    dataset_free(&digits->train);
    dataset_free(&digits->test);
    *digits = (Digits){0};
}

void digits_say(const Digits *digits, bool quiet) {
    if (quiet)
        return;
    int train = digits->train.count, test = digits->test.count;
    if (digits->synthetic)
        printf(
            "data: %d training and %d test digits, synthetic; for real ones: "
            "make mnist\n",
            train, test);
    else
        printf("data: %d training and %d test digits from %s\n", train, test,
               digits->source);
}

const char *digits_name(const Digits *digits) {
    return digits->synthetic ? "synthetic" : "mnist";
}

// ---- batches ----------------------------------------------------------------

void batches_init(Batches *b, const Dataset *set, int batch) {
    REQUIRE(set->count > 0 && batch > 0,
            "%d pictures cannot be dealt out in batches of %d", set->count,
            batch);
    *b = (Batches){.set = set, .batch = at_most(batch, set->count)};
    b->count = (set->count - 1) / b->batch + 1;
    b->order = mem_alloc((size_t)set->count, sizeof *b->order);
    b->labels = mem_alloc((size_t)b->batch, sizeof *b->labels);
    batches_start(b, NULL);
}

void batches_free(Batches *b) {
    mem_free(b->order);
    mem_free(b->labels);
    tensor_free(&b->x);
    *b = (Batches){0};
}

void batches_start(Batches *b, Rng *rng) {
    // From the set's own order, so that a pass depends on rng alone and not on
    // the passes before it.
    for (int i = 0; i < b->set->count; i++)
        b->order[i] = i;
    if (rng != NULL)
        rng_shuffle(rng, b->order, b->set->count);
    b->next = 0;
}

// Bytes to floats in [0, 1], the same division as in PyTorch's ToTensor.
static void to_floats(float *x, const uint8_t *pixels, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++)
        x[i] = (float)pixels[i] / 255.0f;
}

// Asks for n bytes to be brought from memory, a cache line at a time, without
// waiting for them: a picture at random is in no cache, and the processor
// cannot guess which one comes next.
static void fetch_ahead(const uint8_t *pixels, int n) {
    for (int i = 0; i < n; i += 64)
        __builtin_prefetch(pixels + i);
}

bool batches_next(Batches *b) {
    const Dataset *set = b->set;
    int left = set->count - b->next;
    if (left <= 0 || (b->next > 0 && stop_requested()))
        return false;
    int n = at_most(left, b->batch), size = set->rows * set->cols;
    const int *order = b->order + b->next;
    tensor_resize(&b->x, 4, n, 1, set->rows, set->cols);
    for (int i = 0; i < n; i++) {
        size_t picture = (size_t)order[i];
        if (i + 2 < n)
            fetch_ahead(set->pixels + (size_t)order[i + 2] * (size_t)size,
                        size);
        to_floats(b->x.data + (size_t)i * (size_t)size,
                  set->pixels + picture * (size_t)size, size);
        b->labels[i] = set->labels[picture];
    }
    b->next += n;
    return true;
}
