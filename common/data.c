#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "cli.h"
#include "digits.h"
#include "idx_find.h"
#include "integers.h"
#include "memory.h"
#include "run.h"
#include "text.h"

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

// EMNIST's files hold each picture's columns where others have its rows.
static void transpose_pictures(Dataset *set) {
    const int side = set->rows;
    for (int n = 0; n < set->count; n++) {
        uint8_t *p = set->pixels + (size_t)n * (size_t)(side * side);
        for (int i = 0; i < side; i++)
            for (int j = 0; j < i; j++) {
                uint8_t kept = p[i * side + j];
                p[i * side + j] = p[j * side + i];
                p[j * side + i] = kept;
            }
    }
}

static int least_label(const Dataset *set) {
    int least = set->labels[0];
    for (int i = 1; i < set->count; i++)
        least = set->labels[i] < least ? set->labels[i] : least;
    return least;
}

// Labels that count from 1 (EMNIST's letters, 1 to 26) count from 0 afterwards.
// A set of digits that only lacks zeros has no label above 9.
static void count_from_zero(Digits *d) {
    bool from_one = d->train.classes > DIGIT_CLASSES &&
                    least_label(&d->train) == 1 && least_label(&d->test) >= 1;
    Dataset *both[] = {&d->train, &d->test};
    for (int s = 0; s < 2 && from_one; s++) {
        for (int i = 0; i < both[s]->count; i++)
            both[s]->labels[i]--;
        both[s]->classes--;
    }
}

// One number of classes for both halves, ten at least, even if the few digits
// of a small file are all zeros and ones.
static bool agree_on_classes(Digits *d, const char *where, Error *err) {
    int classes = max_int(d->train.classes, d->test.classes);
    classes = max_int(classes, DIGIT_CLASSES);
    if (classes > MAX_CLASSES)
        return error_set(err,
                         "%.300s has the label %d, more than the %d classes "
                         "that programs can tell apart",
                         where, classes - 1, MAX_CLASSES);
    d->train.classes = d->test.classes = classes;
    return true;
}

// Labels and pictures as they are in LeCun's files.
static bool load_set(Digits *d, const IdxSet *set, Error *err) {
    if (!idx_load(&d->train, set->path[TRAIN_IMAGES], set->path[TRAIN_LABELS],
                  DIGIT_SIDE, err) ||
        !idx_load(&d->test, set->path[TEST_IMAGES], set->path[TEST_LABELS],
                  DIGIT_SIDE, err))
        return false;
    if (strncmp(set->name, "emnist", 6) == 0) {
        transpose_pictures(&d->train);
        transpose_pictures(&d->test);
    }
    count_from_zero(d);
    return agree_on_classes(d, set->path[TRAIN_LABELS], err);
}

// Sets that are known by their 10,000 test labels (CRC-32), whatever their
// folder is called.
static const struct {
    uLong crc;
    const char *name;
} known_sets[] = {{0xee8604d9, "mnist"}, {0x242bc73f, "fashion"}};

static bool name_digits(Digits *d, const IdxSet *set, Error *err) {
    uLong crc = crc32_z(0, d->test.labels, (size_t)d->test.count);
    snprintf(d->name, sizeof d->name, "%s", set->name);
    for (size_t i = 0; i < sizeof known_sets / sizeof *known_sets; i++)
        if (known_sets[i].crc == crc)
            snprintf(d->name, sizeof d->name, "%s", known_sets[i].name);
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", set->path[TRAIN_IMAGES]);
    *strrchr(folder, '/') = '\0';
    return class_names_load(&d->classes, folder, set->name, d->train.classes,
                            err);
}

// Reads all four files, or says what to do next.
static bool load_folder(Digits *digits, const char *folder, Error *err) {
    IdxSet set;
    const char *advice =
        mem_advise("use --data synthetic: sets are read whole");
    snprintf(digits->source, sizeof digits->source, "%s", folder);
    text_make_plain(digits->source); // for a terminal
    const bool read =
        idx_find(&set, folder, err) && load_set(digits, &set, err);
    mem_advise(advice);
    if (read) {
        if (name_digits(digits, &set, err))
            return true;
        digits_free(digits);
        return false; // the pictures are right
    }
    digits_free(digits);
    Error cause = *err;
    return error_set(err,
                     "%.400s; run `make mnist` to fetch the digits, or use "
                     "--data synthetic",
                     cause.message);
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
    strcpy(digits->name, "synthetic");
    Error unused; // there is no file to be wrong
    class_names_load(&digits->classes, "", "", DIGIT_CLASSES, &unused);
    snprintf(digits->source, sizeof digits->source, "synthetic digits");
}

bool digits_load(Digits *digits, const char *folder, int limit, uint64_t seed,
                 Error *err) {
    *digits = (Digits){0};
    const char *from_environment = getenv("MNIST_DIR");
    const char *here = "data/mnist";
    char beside[PATH_SIZE], program[1024];
    snprintf(beside, sizeof beside, "%s/%s",
             cli_program_folder(program, sizeof program), here);

    bool ok = true;
    if (folder != NULL && strcmp(folder, "synthetic") == 0)
        draw_digits(digits, limit, seed);
    else if (folder != NULL)
        ok = load_folder(digits, folder, err);
    else if (from_environment != NULL && from_environment[0] != '\0')
        ok = load_folder(digits, from_environment, err);
    else if (idx_is_there(here))
        ok = load_folder(digits, here, err);
    else if (idx_is_there(beside))
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

static void say_classes(const Digits *digits) {
    char names[MAX_CLASSES * 26] = ""; // each with ", "
    for (int k = 0; k < digits->train.classes; k++) {
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", k > 0 ? ", " : "",
                 digits->classes.name[k]);
    }
    text_print_wrapped(stdout, names, printf("classes: "), 9, 80);
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
        printf("data: %d training and %d test %s from %s\n", train, test,
               digits->classes.from_file ? "pictures" : "digits",
               digits->source);
    if (digits->classes.from_file)
        say_classes(digits);
}

const char *digits_name(const Digits *digits) {
    return digits->name;
}

bool digits_are_ten(const Digits *digits, Error *err) {
    return digits->train.classes == DIGIT_CLASSES ||
           error_set(err,
                     "%.300s has %d classes, and the nets of this program have "
                     "ten outputs; use mlp, lenet or lstm for it",
                     digits->source, digits->train.classes);
}

const char *digits_class(const Digits *digits, int k) {
    return digits->classes.name[k];
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
