// Sets of pictures as people have them: every common name, labels of other
// kinds, names of classes, and what is said of the rest. The values are those
// of the set itself, however it is laid out.

#include "idx_find.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"

#include "testing.h"

// ---- 1. Sets to be found ----------------------------------------------------

enum { TRAIN = 12, TEST = 11, PIXELS = 28 * 28 };

// Bytes to be written, big-endian.
typedef struct {
    uint8_t bytes[TRAIN * PIXELS * 4 + 64];
    size_t size;
} Bytes;

static void put_number(Bytes *b, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
        b->bytes[b->size++] = (uint8_t)(number >> shift);
}

// Pixel (i, j) of picture n; not symmetric, so that a transposed one shows.
static uint8_t pixel(int n, int i, int j) {
    return (uint8_t)(9 * i + 3 * j + n);
}

typedef enum { AS_BYTES, TRANSPOSED, AS_FLOATS } Kind;

static Bytes pictures(int count, Kind kind) {
    static Bytes b;
    b.size = 0;
    put_number(&b, kind == AS_FLOATS ? 0xd03 : 0x803);
    put_number(&b, (uint32_t)count);
    put_number(&b, 28);
    put_number(&b, 28);
    for (int n = 0; n < count; n++)
        for (int p = 0; p < PIXELS; p++) {
            int i = p / 28, j = p % 28;
            uint8_t value =
                kind == TRANSPOSED ? pixel(n, j, i) : pixel(n, i, j);
            float part = (float)value / 255.0f;
            uint32_t bits;
            memcpy(&bits, &part, sizeof bits);
            if (kind == AS_FLOATS)
                put_number(&b, bits);
            else
                b.bytes[b.size++] = value;
        }
    return b;
}

// Labels first, first + 1, ... up to classes of them, as bytes, or, with
// columns > 0, in rows of so many integers.
static Bytes labels(int count, int first, int classes, int columns) {
    static Bytes b;
    b.size = 0;
    static const uint32_t magic[] = {0x801, 0xc01, 0xc02};
    put_number(&b, magic[columns < 2 ? columns : 2]);
    put_number(&b, (uint32_t)count);
    if (columns > 1)
        put_number(&b, (uint32_t)columns);
    for (int n = 0; n < count; n++) {
        int label = first + n % classes;
        for (int c = 0; c < columns; c++)
            put_number(&b, c == 0 ? (uint32_t)label : 777777u);
        if (columns == 0)
            b.bytes[b.size++] = (uint8_t)label;
    }
    return b;
}

static void put(const char *path, const Bytes *b) {
    write_bytes(path, b->bytes, b->size);
}

// Writes the four files under these names.
static void put_set(const char *const name[4], Kind kind) {
    unsetenv("MNIST_DIR");
    Bytes b = pictures(TRAIN, kind);
    put(name[0], &b);
    b = labels(TRAIN, 0, 10, 0);
    put(name[1], &b);
    b = pictures(TEST, kind);
    put(name[2], &b);
    b = labels(TEST, 0, 10, 0);
    put(name[3], &b);
}

static const char *const plain[4] = {
    "set/train-images-idx3-ubyte", "set/train-labels-idx1-ubyte",
    "set/t10k-images-idx3-ubyte", "set/t10k-labels-idx1-ubyte"};

static void check_set(const Digits *d, int classes) {
    ck_assert_int_eq(d->train.count, TRAIN);
    ck_assert_int_eq(d->test.count, TEST);
    ck_assert_int_eq(d->train.classes, classes);
    ck_assert_int_eq(d->test.classes, classes);
    const Dataset *both[] = {&d->train, &d->test};
    for (int s = 0; s < 2; s++)
        for (int n = 0; n < both[s]->count; n++) {
            ck_assert_int_eq(both[s]->labels[n], n % classes);
            for (int p = 0; p < PIXELS; p++)
                ck_assert_int_eq(both[s]->pixels[n * PIXELS + p],
                                 pixel(n, p / 28, p % 28));
        }
}

// Loads where and compares it with what was written.
static void check_found(const char *where, const char *name, int classes) {
    Digits d;
    Error err;
    ck_assert_msg(digits_load(&d, where, 0, 1, &err), "%s: %s", where,
                  err.message);
    ck_assert_str_eq(digits_name(&d), name);
    check_set(&d, classes);
    digits_free(&d);
}

static void check_refused(const char *where, const char *says) {
    Digits d;
    Error err;
    ck_assert(!digits_load(&d, where, 0, 1, &err));
    assert_says(err.message, says);
}

// ---- 2. Names ---------------------------------------------------------------

START_TEST(common_names_are_found) {
    const struct {
        const char *name[4], *where, *called;
    } layouts[] = {
        {{"a/train-images-idx3-ubyte", "a/train-labels-idx1-ubyte",
          "a/t10k-images-idx3-ubyte", "a/t10k-labels-idx1-ubyte"},
         "a",
         "a"},
        {{"dots/train-images.idx3-ubyte", "dots/train-labels.idx1-ubyte",
          "dots/t10k-images.idx3-ubyte", "dots/t10k-labels.idx1-ubyte"},
         "dots/",
         "dots"},
        {{"root/MNIST/raw/train-images-idx3-ubyte",
          "root/MNIST/raw/train-labels-idx1-ubyte",
          "root/MNIST/raw/t10k-images-idx3-ubyte",
          "root/MNIST/raw/t10k-labels-idx1-ubyte"},
         "root",
         "mnist"},
        {{"kaggle/train-images-idx3-ubyte/train-images-idx3-ubyte",
          "kaggle/train-labels-idx1-ubyte/train-labels-idx1-ubyte",
          "kaggle/t10k-images-idx3-ubyte/t10k-images-idx3-ubyte",
          "kaggle/t10k-labels-idx1-ubyte/t10k-labels-idx1-ubyte"},
         "kaggle",
         "kaggle"},
        {{"My Course/Train-Images-IDX3-ubyte",
          "My Course/Train-Labels-IDX1-ubyte",
          "My Course/T10k-Images-IDX3-ubyte",
          "My Course/T10k-Labels-IDX1-ubyte"},
         "My Course",
         "my-course"},
        {{"q/qmnist-train-images-idx3-ubyte", "q/qmnist-train-labels-idx2-int",
          "q/qmnist-test-images-idx3-ubyte", "q/qmnist-test-labels-idx2-int"},
         "q",
         "qmnist"},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        put_set(layouts[i].name, AS_BYTES);
        check_found(layouts[i].where, layouts[i].called, 10);
    }
}
END_TEST

// EMNIST's folder holds six sets; its pictures lie on their side.
START_TEST(one_of_several_sets_is_named) {
    const char *const digits[4] = {"e/emnist-digits-train-images-idx3-ubyte",
                                   "e/emnist-digits-train-labels-idx1-ubyte",
                                   "e/emnist-digits-test-images-idx3-ubyte",
                                   "e/emnist-digits-test-labels-idx1-ubyte"};
    const char *const mnist[4] = {"e/emnist-mnist-train-images-idx3-ubyte",
                                  "e/emnist-mnist-train-labels-idx1-ubyte",
                                  "e/emnist-mnist-test-images-idx3-ubyte",
                                  "e/emnist-mnist-test-labels-idx1-ubyte"};
    put_set(digits, TRANSPOSED);
    check_found("e", "emnist-digits", 10);
    put_set(mnist, TRANSPOSED);
    check_refused("e", "e holds several sets; name one: --data "
                       "e/emnist-digits, or --data e/emnist-mnist");
    check_found("e/emnist-digits", "emnist-digits", 10);
    check_found("e/emnist-mnist", "emnist-mnist", 10);
    check_refused("e/emnist", "is no folder, and no set");
}
END_TEST

// Beside its unpacked copy a set is not two; the nearer one is taken.
START_TEST(copies_are_no_second_set) {
    const char *const raw[4] = {"set/MNIST/raw/train-images-idx3-ubyte",
                                "set/MNIST/raw/train-labels-idx1-ubyte",
                                "set/MNIST/raw/t10k-images-idx3-ubyte",
                                "set/MNIST/raw/t10k-labels-idx1-ubyte"};
    put_set(plain, AS_BYTES);
    put_set(raw, TRANSPOSED);
    check_found("set", "set", 10);
}
END_TEST

// torchvision's root with MNIST and FashionMNIST below it.
START_TEST(sets_in_two_folders_are_rivals) {
    const char *const one[4] = {"root/MNIST/raw/train-images-idx3-ubyte",
                                "root/MNIST/raw/train-labels-idx1-ubyte",
                                "root/MNIST/raw/t10k-images-idx3-ubyte",
                                "root/MNIST/raw/t10k-labels-idx1-ubyte"};
    const char *const two[4] = {"root/KMNIST/raw/train-images-idx3-ubyte",
                                "root/KMNIST/raw/train-labels-idx1-ubyte",
                                "root/KMNIST/raw/t10k-images-idx3-ubyte",
                                "root/KMNIST/raw/t10k-labels-idx1-ubyte"};
    put_set(one, AS_BYTES);
    put_set(two, AS_BYTES);
    check_refused("root", "--data root/MNIST/raw, or --data root/KMNIST/raw");
    check_found("root/MNIST", "mnist", 10);
    check_found("root/KMNIST/raw", "kmnist", 10);
}
END_TEST

START_TEST(what_is_there_is_named) {
    put_set(plain, AS_BYTES);
    ck_assert_int_eq(remove(plain[3]), 0);
    check_refused("set", "has no t10k-labels-idx1-ubyte");
    check_refused("set", "what is there: t10k-images-idx3-ubyte");
    write_text("kaggle.d/train.csv", "label,pixel0\n7,0\n");
    check_refused("kaggle.d", "holds no IDX files");
    check_refused("kaggle.d", "but train.csv; README.md, Data");
    ck_assert_int_eq(mkdir("empty", 0777), 0);
    check_refused("empty", "empty holds no IDX files");
    check_refused("nowhere", "nowhere is no folder");
    ck_assert(idx_is_there("set") && !idx_is_there("kaggle.d"));
}
END_TEST

// Sets in data/mnist are found under any name: no silent synthetic run.
START_TEST(data_mnist_may_have_dots) {
    const char *const dots[4] = {"data/mnist/train-images.idx3-ubyte",
                                 "data/mnist/train-labels.idx1-ubyte",
                                 "data/mnist/t10k-images.idx3-ubyte",
                                 "data/mnist/t10k-labels.idx1-ubyte"};
    put_set(dots, AS_BYTES);
    check_found(NULL, "mnist", 10);
    ck_assert_int_eq(remove(dots[0]), 0);
    check_refused(NULL, "has no train-images-idx3-ubyte");
}
END_TEST

// ---- 3. Labels and pixels of other kinds ------------------------------------

static void put_labels(int first, int classes, int columns) {
    Bytes b = labels(TRAIN, first, classes, columns);
    put(plain[1], &b);
    b = labels(TEST, first, classes, columns);
    put(plain[3], &b);
}

START_TEST(labels_may_be_integers) {
    put_set(plain, AS_BYTES);
    put_labels(0, 10, 8); // QMNIST: the class and seven other things
    check_found("set", "set", 10);
    put_labels(0, 10, 1);
    check_found("set", "set", 10);
    put_labels(300, 10, 1);
    check_refused("set", "has the label 300");
}
END_TEST

// EMNIST's letters count from 1. A set that only lacks zeros is left alone.
START_TEST(labels_may_begin_at_one) {
    put_set(plain, AS_BYTES);
    put_labels(1, 11, 0); // 1 to 11
    check_found("set", "set", 11);
    put_labels(0, 11, 0); // 0 to 10
    check_found("set", "set", 11);
    Digits d;
    Error err;
    put_labels(1, 9, 0); // 1 to 9
    ck_assert(digits_load(&d, "set", 0, 1, &err));
    ck_assert_int_eq(d.train.labels[0], 1);
    ck_assert_int_eq(d.train.classes, 10);
    digits_free(&d);
    put_labels(51, 12, 0); // up to 62, but MAX_CLASSES are 0 to 61
    check_refused("set", "the label 62");
}
END_TEST

START_TEST(pixels_may_be_floats) {
    put_set(plain, AS_FLOATS);
    check_found("set", "set", 10);
}
END_TEST

// More classes than ten: three programs learn them, the others say so.
START_TEST(programs_take_more_classes) {
    put_set(plain, AS_BYTES);
    put_labels(1, 12, 0);
    const char *all[] = {"mlp", "lenet", "lstm"};
    for (int i = 0; i < 3; i++) {
        Run run = run_well("%s --data set --epochs 1 --plot none", all[i]);
        assert_80_columns(&run);
        assert_says(run.output, "most often mistaken for");
        assert_says(run.output, "data=set");
    }
    Run run = run_program("vgg --data set --plot none");
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "set has 12 classes");
}
END_TEST

// ---- 4. What is no IDX file -------------------------------------------------

START_TEST(other_files_are_recognized) {
    const struct {
        const char *text, *says;
    } files[] = {
        {"<!DOCTYPE html><html>", "it is a web page"},
        {"PK\003\004archive", "it is a ZIP archive; unpack it"},
        {"label,pixel0,pixel1\n", "it is CSV; README.md, Data"},
        {"\003\010", "it is little-endian"},
        {"garbage", "begins with 0x67617262 instead of 0x00000803"},
    };
    put_set(plain, AS_BYTES);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        Bytes b = {.size = strlen(files[i].text)};
        memcpy(b.bytes, files[i].text, b.size);
        b.size = b.size < 4 ? 4 : b.size; // with zeros behind
        put(plain[0], &b);
        check_refused("set", files[i].says);
    }
}
END_TEST

START_TEST(gzipped_twice_is_recognized) {
    put_set(plain, AS_BYTES);
    ck_assert_int_eq(system("cd set && gzip t* && for f in *; do "
                            "gzip -c $f >x && mv x $f; done"),
                     0);
    check_refused("set", "gzipped twice; unpack it once: gunzip");
}
END_TEST

// ---- 5. What classes are called ---------------------------------------------

START_TEST(classes_have_names) {
    Digits d;
    Error err;
    put_set(plain, AS_BYTES);
    ck_assert(digits_load(&d, "set", 0, 1, &err));
    ck_assert_str_eq(digits_class(&d, 7), "7");
    ck_assert(!d.classes.from_file);
    digits_free(&d);
    write_text("set/classes.txt",
               "# ten\nzero\xC2\x9B\n one \r\ntwo\n3\n4\n5\n6\n7\n"
               "eight or so\n\n"
               "\u6570\u5B57\u6570\u5B57\u6570\u5B57\u6570\u5B57\xC2\x9B");
    ck_assert_msg(digits_load(&d, "set", 0, 1, &err), "%s", err.message);
    ck_assert_str_eq(digits_class(&d, 0), "zero??");
    ck_assert_str_eq(digits_class(&d, 1), "one");
    ck_assert_str_eq(digits_class(&d, 8), "eight or so");
    // whole characters, and none that a terminal would obey
    ck_assert_str_eq(digits_class(&d, 9),
                     "\u6570\u5B57\u6570\u5B57\u6570\u5B57\u6570");
    digits_free(&d);
    write_text("set/classes.txt", "a\nb\n");
    check_refused("set", "classes.txt has 2 names for 10 classes");
}
END_TEST

START_TEST(emnist_brings_its_mapping) {
    const char *const letters[4] = {"e/emnist-letters-train-images-idx3-ubyte",
                                    "e/emnist-letters-train-labels-idx1-ubyte",
                                    "e/emnist-letters-test-images-idx3-ubyte",
                                    "e/emnist-letters-test-labels-idx1-ubyte"};
    Digits d;
    Error err;
    put_set(letters, TRANSPOSED);
    write_text("e/emnist-letters-mapping.txt",
               "1 65 97\n2 66 98\n3 67\n4 68\n5 69\n6 70\n7 71\n8 72\n9 73\n"
               "10 74\n");
    ck_assert_msg(digits_load(&d, "e", 0, 1, &err), "%s", err.message);
    ck_assert_str_eq(digits_class(&d, 0), "A");
    ck_assert_str_eq(digits_class(&d, 9), "J");
    digits_free(&d);
    write_text("e/emnist-letters-mapping.txt", "A is the first\n");
    check_refused("e", "is not a label and a code");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {common_names_are_found},     {one_of_several_sets_is_named},
        {copies_are_no_second_set},   {sets_in_two_folders_are_rivals},
        {what_is_there_is_named},     {data_mnist_may_have_dots},
        {labels_may_be_integers},     {labels_may_begin_at_one},
        {pixels_may_be_floats},       {programs_take_more_classes},
        {other_files_are_recognized}, {gzipped_twice_is_recognized},
        {classes_have_names},         {emnist_brings_its_mapping},
    };
    return run_tests("idx_find", tests, sizeof tests / sizeof *tests);
}
