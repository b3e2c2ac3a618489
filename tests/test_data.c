// test_data.c - IDX files whole and damaged, and where the digits come from.

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "data.h"

// ---- 1. Files made for a test -----------------------------------------------

typedef struct {
    uint8_t bytes[4096];
    size_t size;
} Bytes;

static void put_number(Bytes *b, uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8)
        b->bytes[b->size++] = (uint8_t)(number >> shift);
}

// Pixel i of all is 7 i mod 256, label i is i mod 10.
static Bytes idx_pictures(uint32_t count, uint32_t rows, uint32_t cols) {
    Bytes b = {.size = 0};
    put_number(&b, 0x803);
    put_number(&b, count);
    put_number(&b, rows);
    put_number(&b, cols);
    for (uint32_t i = 0; i < count * rows * cols; i++)
        b.bytes[b.size++] = (uint8_t)(7 * i);
    return b;
}

static Bytes idx_labels(uint32_t count) {
    Bytes b = {.size = 0};
    put_number(&b, 0x801);
    put_number(&b, count);
    for (uint32_t i = 0; i < count; i++)
        b.bytes[b.size++] = (uint8_t)(i % 10);
    return b;
}

static Bytes gzipped(const Bytes *plain) {
    Bytes b;
    z_stream z = {.next_in = (Bytef *)plain->bytes,
                  .avail_in = (uInt)plain->size,
                  .next_out = b.bytes,
                  .avail_out = sizeof b.bytes};
    // 16 more than the window: a gzip header
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    b.size = z.total_out;
    deflateEnd(&z);
    return b;
}

static Path put(const char *name, const Bytes *b) {
    return write_bytes(name, b->bytes, b->size);
}

// Loads the pair from memory and expects it to be refused, with the message
// holding `expected`, and the set left empty.
static void assert_refused(const Bytes *images, const Bytes *labels,
                           const char *expected) {
    Path image_path = put("images", images);
    Path label_path = put("labels", labels);
    Dataset set;
    Error err = {""};
    ck_assert(!idx_load(&set, image_path.text, label_path.text, 0, &err));
    assert_says(err.message, expected);
    assert_says(err.message, scratch_path("").text);
    ck_assert(set.pixels == NULL && set.labels == NULL && set.count == 0);
}

// ---- 2. IDX -----------------------------------------------------------------

static void assert_reads_back(const char *images, const char *labels) {
    Dataset set;
    Error err = {""};
    ck_assert_msg(idx_load(&set, images, labels, 0, &err), "%s", err.message);
    ck_assert_int_eq(set.count, 12);
    ck_assert_int_eq(set.rows, 5);
    ck_assert_int_eq(set.cols, 3);
    ck_assert_int_eq(set.classes, 10);
    for (int i = 0; i < 12 * 5 * 3; i++)
        ck_assert_int_eq(set.pixels[i], 7 * i % 256);
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(set.labels[i], i % 10);
    dataset_free(&set);
    ck_assert_ptr_null(set.pixels);
}

START_TEST(plain_and_gzipped_read_the_same) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(12);
    Bytes images_gz = gzipped(&images), labels_gz = gzipped(&labels);
    Path plain = put("images", &images);
    put("labels.gz", &labels_gz);
    // named without .gz, found with it
    assert_reads_back(plain.text, scratch_path("labels").text);
    // gzipped, whatever the name says
    Path mislabelled = put("packed", &images_gz);
    assert_reads_back(mislabelled.text, scratch_path("labels.gz").text);
}
END_TEST

static void try_to_read(void) {
    Dataset set;
    Error err = {"it was read"};
    idx_load(&set, scratch_path("images").text, scratch_path("labels").text, 0,
             &err);
    puts(err.message);
}

// Whichever block is refused, the file is not blamed.
START_TEST(no_memory_is_no_damage) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(12);
    Bytes images_gz = gzipped(&images), labels_gz = gzipped(&labels);
    put("images.gz", &images_gz), put("labels.gz", &labels_gz);
    assert_blames_memory(try_to_read, 512, 8);
}
END_TEST

START_TEST(two_classes_at_least) {
    Bytes images = idx_pictures(1, 2, 2), labels = idx_labels(1);
    Path image_path = put("images", &images);
    Path label_path = put("labels", &labels);
    Dataset set;
    Error err;
    ck_assert(idx_load(&set, image_path.text, label_path.text, 0, &err));
    ck_assert_int_eq(set.classes, 2);
    dataset_free(&set);
}
END_TEST

START_TEST(cut_short_anywhere_is_refused) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(12);
    Bytes whole_images = images, whole_labels = labels;
    for (images.size = 0; images.size < whole_images.size; images.size++)
        assert_refused(&images, &labels, "cut short");
    images = whole_images;
    for (labels.size = 0; labels.size < whole_labels.size; labels.size++)
        assert_refused(&images, &labels, "cut short");
}
END_TEST

// Also inside the checksum at the end, when all the pictures have been read.
START_TEST(gzip_cut_short_anywhere_is_refused) {
    Bytes plain = idx_pictures(12, 5, 3), labels = idx_labels(12);
    Bytes images = gzipped(&plain);
    size_t whole = images.size;
    for (images.size = 0; images.size < whole; images.size++)
        assert_refused(&images, &labels, images.size < 2 ? "cut" : "damaged");
}
END_TEST

START_TEST(gzip_with_a_wrong_checksum_is_refused) {
    Bytes plain = idx_pictures(12, 5, 3), labels = idx_labels(12);
    Bytes images = gzipped(&plain);
    images.bytes[images.size - 8] ^= 1;
    assert_refused(&images, &labels, "incorrect data check");
}
END_TEST

START_TEST(one_byte_too_many_is_refused) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(12);
    images.size++;
    assert_refused(&images, &labels, "images is longer than its header");
    images.size--;
    labels.size++;
    assert_refused(&images, &labels, "labels is longer than its header");
    images.size++;
    Bytes packed = gzipped(&images);
    assert_refused(&packed, &labels, "images is longer than its header");
}
END_TEST

START_TEST(another_magic_number_is_refused) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(12);
    assert_refused(&labels, &images, "begins with 0x00000801 instead of");
    assert_refused(&images, &images, "begins with 0x00000803 instead of");
    images.bytes[2] = 0x0e; // IDX of floats
    assert_refused(&images, &labels, "begins with 0x00000e03 instead of");
}
END_TEST

START_TEST(different_counts_are_refused) {
    Bytes images = idx_pictures(12, 5, 3), labels = idx_labels(13);
    assert_refused(&images, &labels, "12 pictures");
    assert_refused(&images, &labels, "13 labels");
}
END_TEST

START_TEST(no_pictures_are_refused) {
    Bytes none = idx_pictures(0, 28, 28), flat = idx_pictures(3, 0, 28);
    Bytes labels = idx_labels(3), no_labels = idx_labels(0);
    Bytes images = idx_pictures(3, 5, 5);
    assert_refused(&none, &labels, "is empty");
    assert_refused(&flat, &labels, "is empty");
    assert_refused(&images, &no_labels, "is empty");
}
END_TEST

// From here on an allocation of 1 GiB fails. (AddressSanitizer has terabytes
// mapped and cannot be limited so: there only the messages are tested.)
static void limit_memory(void) {
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu", &pages) != 1 || pages > 1 << 24)
        skip_test("huge_claims_allocate_nothing", "memory is not limited");
    else
        setrlimit(RLIMIT_AS, &(struct rlimit){1 << 30, 1 << 30});
    if (f != NULL)
        fclose(f);
}

START_TEST(huge_claims_allocate_nothing) {
    const struct {
        uint32_t size[3];
        const char *expected;
    } claims[] = {
        {{4000000000u, 28, 28}, "damaged or too large"},
        {{4000000000u, 1, 1}, "damaged or too large"},
        {{0x7fffffff, 28, 28}, "damaged or too large"},
        {{60000, 65536, 65536}, "damaged or too large"},
        {{1, 4097, 1}, "damaged or too large"},
        {{1300000, 28, 28}, "cut short"}, // 0.95 GiB, just admitted
    };
    limit_memory();
    Bytes labels = idx_labels(12);
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        Bytes images = {.size = 0};
        put_number(&images, 0x803);
        for (int j = 0; j < 3; j++)
            put_number(&images, claims[i].size[j]);
        put_number(&images, 0);
        assert_refused(&images, &labels, claims[i].expected);
    }
}
END_TEST

START_TEST(a_missing_file_or_a_folder_is_refused) {
    Bytes labels = idx_labels(12);
    Path label_path = put("labels", &labels);
    Dataset set;
    Error err;
    ck_assert(
        !idx_load(&set, scratch_path("no").text, label_path.text, 0, &err));
    assert_says(err.message, "No such file");
    ck_assert(!idx_load(&set, scratch_path("").text, label_path.text, 0, &err));
    assert_says(err.message, "Is a directory");
}
END_TEST

// ---- 3. Where the digits come from ------------------------------------------

// Writes the four files of a set of 5 + 3 digits into folder, which is made.
static void write_digits(const char *folder, uint32_t rows) {
    char name[64];
    const char *parts[] = {"train", "t10k"};
    for (int i = 0; i < 2; i++) {
        Bytes images = idx_pictures(i == 0 ? 5 : 3, rows, 28);
        Bytes labels = idx_labels(i == 0 ? 5 : 3);
        snprintf(name, sizeof name, "%s/%s-images-idx3-ubyte", folder,
                 parts[i]);
        put(name, &images);
        snprintf(name, sizeof name, "%s/%s-labels-idx1-ubyte", folder,
                 parts[i]);
        put(name, &labels);
    }
}

static void assert_loads(Digits *digits, const char *folder, int limit) {
    Error err = {""};
    ck_assert_msg(digits_load(digits, folder, limit, 1, &err), "%s",
                  err.message);
}

static void assert_fails(const char *folder, const char *expected) {
    Digits digits;
    Error err = {""};
    ck_assert(!digits_load(&digits, folder, 0, 1, &err));
    assert_says(err.message, expected);
    assert_says(err.message, "run `make mnist`");
    assert_says(err.message, "use --data synthetic");
    ck_assert(digits.train.pixels == NULL && digits.test.pixels == NULL);
}

START_TEST(a_folder_is_read_and_limited) {
    write_digits("set", 28);
    Digits digits;
    assert_loads(&digits, scratch_path("set").text, 0);
    ck_assert_int_eq(digits.train.count, 5);
    ck_assert_int_eq(digits.test.count, 3);
    ck_assert_int_eq(digits.train.classes, 10); // although the labels are 0..4
    ck_assert_int_eq(digits.test.classes, 10);
    ck_assert(!digits.synthetic);
    ck_assert_str_eq(digits.source, scratch_path("set").text);
    ck_assert_str_eq(digits_name(&digits), "set"); // what its folder is called
    digits_free(&digits);
    assert_loads(&digits, scratch_path("set").text, 2);
    ck_assert_int_eq(digits.train.count, 2);
    ck_assert_int_eq(digits.test.count, 2);
    digits_free(&digits);
}
END_TEST

START_TEST(the_environment_names_the_folder) {
    write_digits("set", 28);
    setenv("MNIST_DIR", scratch_path("set").text, 1);
    Digits digits;
    assert_loads(&digits, NULL, 0);
    ck_assert_int_eq(digits.train.count, 5);
    digits_free(&digits);
    assert_fails("nowhere", "nowhere"); // --data is first
    setenv("MNIST_DIR", "nowhere", 1);
    assert_fails(NULL, "nowhere is no folder");
    assert_loads(&digits, "synthetic", 10); // by name, whatever there is
    ck_assert(digits.synthetic);
    digits_free(&digits);
    setenv("MNIST_DIR", "", 1); // as good as none
    assert_loads(&digits, NULL, 10);
    ck_assert(digits.synthetic);
    digits_free(&digits);
}
END_TEST

START_TEST(data_mnist_is_found_or_complained_about) {
    write_digits("data/mnist", 28);
    unsetenv("MNIST_DIR");
    Digits digits;
    assert_loads(&digits, NULL, 0);
    ck_assert_str_eq(digits.source, "data/mnist");
    ck_assert_int_eq(digits.test.count, 3);
    digits_free(&digits);
    // half a set is not passed over in silence
    ck_assert_int_eq(remove("data/mnist/train-images-idx3-ubyte"), 0);
    assert_fails(NULL, "train-images-idx3-ubyte");
}
END_TEST

START_TEST(what_cannot_be_digits_is_refused) {
    write_digits("flat", 12);
    assert_fails(scratch_path("flat").text, "12 x 28, not 28 x 28");
    write_digits("letters", 28);
    Bytes labels = idx_labels(5);
    labels.bytes[labels.size - 1] = 62;
    put("letters/train-labels-idx1-ubyte", &labels);
    assert_fails(scratch_path("letters").text, "the label 62");
}
END_TEST

START_TEST(synthetic_digits_come_in_full_number) {
    unsetenv("MNIST_DIR");
    Digits digits;
    assert_loads(&digits, NULL, 0);
    ck_assert(digits.synthetic);
    ck_assert_str_eq(digits_name(&digits), "synthetic");
    ck_assert_int_eq(digits.train.count, 20000);
    ck_assert_int_eq(digits.test.count, 4000);
    ck_assert_int_eq(digits.train.rows, 28);
    digits_free(&digits);
}
END_TEST

START_TEST(synthetic_digits_follow_the_seed) {
    unsetenv("MNIST_DIR");
    Digits a, b, other;
    Error err;
    ck_assert(digits_load(&a, NULL, 20, 1, &err));
    ck_assert(digits_load(&b, NULL, 20, 1, &err));
    ck_assert(digits_load(&other, NULL, 20, 2, &err));
    size_t size = 20 * 28 * 28;
    ck_assert_int_eq(a.test.count, 20);
    ck_assert_mem_eq(a.train.pixels, b.train.pixels, size);
    ck_assert_mem_eq(a.test.labels, b.test.labels, 20);
    ck_assert_mem_ne(a.train.pixels, a.test.pixels, size);
    ck_assert_mem_ne(a.train.pixels, other.train.pixels, size);
    ck_assert_mem_ne(a.test.pixels, other.train.pixels, size);
    // one by one: no test digit is a training digit of either seed
    for (int i = 0; i < 20; i++)
        for (int j = 0; j < 20; j++) {
            const uint8_t *test = a.test.pixels + i * 784;
            ck_assert_mem_ne(test, a.train.pixels + j * 784, 784);
            ck_assert_mem_ne(test, other.train.pixels + j * 784, 784);
        }
    digits_free(&a), digits_free(&b), digits_free(&other);
}
END_TEST

static void say_what_there_is(void) {
    Digits digits = {.train.count = 5,
                     .train.classes = 2,
                     .test.count = 3,
                     .source = "a/folder",
                     .classes.name = {"cat", "dog"}};
    digits_say(&digits, false);
    digits.classes.from_file = true;
    digits_say(&digits, false);
    digits.classes.from_file = false;
    digits_say(&digits, true);
    digits.synthetic = true;
    digits_say(&digits, false);
}

START_TEST(what_is_said_about_the_data) {
    Run run = run_function(say_what_there_is);
    ck_assert_str_eq(run.output,
                     "data: 5 training and 3 test digits from a/folder\n"
                     "data: 5 training and 3 test pictures from a/folder\n"
                     "classes: cat, dog\n"
                     "data: 5 training and 3 test digits, synthetic; for real "
                     "ones: make mnist\n");
}
END_TEST

// ---- 4. The real digits -----------------------------------------------------

static void assert_sums(const Dataset *set, int count, unsigned long pixels,
                        unsigned long labels) {
    size_t size = (size_t)count * 28 * 28;
    ck_assert_int_eq(set->count, count);
    ck_assert_uint_eq(crc32_z(0, set->pixels, size), pixels);
    ck_assert_uint_eq(crc32_z(0, set->labels, (size_t)count), labels);
}

START_TEST(mnist_is_what_it_should_be) {
    const char *folder = mnist_dir_or_skip("mnist_is_what_it_should_be");
    if (folder == NULL)
        return;
    Digits digits;
    assert_loads(&digits, folder, 0);
    ck_assert_int_eq(digits.train.labels[0], 5);
    ck_assert_int_eq(digits.test.labels[0], 7);
    assert_sums(&digits.train, 60000, 0xf3639b56, 0xba07e8ef);
    assert_sums(&digits.test, 10000, 0xe4ca5f57, 0xee8604d9);
    digits_free(&digits);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {plain_and_gzipped_read_the_same},
        {no_memory_is_no_damage},
        {two_classes_at_least},
        {cut_short_anywhere_is_refused},
        {gzip_cut_short_anywhere_is_refused},
        {gzip_with_a_wrong_checksum_is_refused},
        {one_byte_too_many_is_refused},
        {another_magic_number_is_refused},
        {different_counts_are_refused},
        {no_pictures_are_refused},
        {huge_claims_allocate_nothing},
        {a_missing_file_or_a_folder_is_refused},
        {a_folder_is_read_and_limited},
        {the_environment_names_the_folder},
        {data_mnist_is_found_or_complained_about},
        {what_cannot_be_digits_is_refused},
        {synthetic_digits_come_in_full_number, .seconds = 20},
        {synthetic_digits_follow_the_seed},
        {what_is_said_about_the_data},
        {mnist_is_what_it_should_be},
    };
    return run_tests("data", tests, sizeof tests / sizeof *tests);
}
