// test_safetensors.c - weights survive the way to the disk and back, and
// damaged files do no damage.

#include "testing.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "safetensors.h"

// ---- 1. A small net, and files made for a test ------------------------------

typedef struct {
    Params params;
    Tensor w, dw, b, db, conv, dconv;
} Net;

enum { COUNT = 12 + 3 + 18 };

static void net_init(Net *net) {
    const ParamSpec table[] = {
        {"fc.weight", &net->w, &net->dw, {3, 4}},
        {"fc.bias", &net->b, &net->db, {3}},
        {"conv.weight", &net->conv, &net->dconv, {2, 1, 3, 3}},
    };
    params_init(&net->params, table, 3);
    for (int i = 0; i < COUNT; i++)
        net->params.value.data[i] = (float)i;
}

// What safetensors_save writes for this net, without padding, behind the
// checksum, which Python's zlib.crc32 gave; and the header of a file that has
// none.
#define ENTRIES                                                                \
    "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":[0,48]" \
    "}"                                                                        \
    ",\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[48,60]}"  \
    ",\"conv.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,3,3],"                 \
    "\"data_offsets\":[60,132]}}"
static const char SAVED_HEADER[] =
    "{\"__metadata__\":{\"crc32\":\"d1208dad\"}," ENTRIES;
static const char BARE_HEADER[] = "{" ENTRIES;

// A file with this header and data_size bytes of 0x3f after it.
static Path write_file(const char *header, size_t data_size) {
    static uint8_t bytes[8192];
    size_t length = strlen(header);
    memset(bytes, 0x3f, sizeof bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)length >> (8 * i));
    memcpy(bytes + 8, header, length);
    return write_bytes("net.safetensors", bytes, 8 + length + data_size);
}

// Not loaded, and not a single weight changed.
static void assert_refused(const char *path, const char *expected) {
    Net net;
    net_init(&net);
    Error err = {""};
    ck_assert(!safetensors_load(path, &net.params, &err));
    assert_says(err.message, expected);
    assert_says(err.message, path);
    for (int i = 0; i < COUNT; i++)
        ck_assert(net.params.value.data[i] == (float)i);
    params_free(&net.params);
}

static void assert_loads(const char *path, Net *net) {
    Error err = {""};
    bool ok = safetensors_load(path, &net->params, &err);
    ck_assert_msg(ok, "%s", err.message);
}

static void assert_saves(const char *path, const Net *net) {
    Error err = {""};
    bool ok = safetensors_save(path, &net->params, &err);
    ck_assert_msg(ok, "%s", err.message);
}

static FileBytes read_bytes(const char *path) {
    FileBytes file;
    Error err = {""};
    ck_assert_msg(file_read(&file, path, 1 << 20, &err), "%s", err.message);
    return file;
}

static int files_in_scratch(void) {
    DIR *folder = opendir(scratch_path("").text);
    int count = 0;
    for (struct dirent *e; (e = readdir(folder)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(folder);
    return count;
}

// ---- 2. Whole files ---------------------------------------------------------

START_TEST(what_is_saved_comes_back_bit_by_bit) {
    Net net, copy;
    net_init(&net), net_init(&copy);
    const float odd[] = {-0.0f, 1e-45f, -3.4028235e38f, 0.1f};
    memcpy(net.params.value.data + 7, odd, sizeof odd);
    Path path = scratch_path("net.safetensors");
    assert_saves(path.text, &net);
    assert_loads(path.text, &copy);
    ck_assert_mem_eq(net.params.value.data, copy.params.value.data,
                     COUNT * sizeof(float));
    ck_assert_int_eq(files_in_scratch(), 1); // nothing temporary is left
    params_free(&net.params), params_free(&copy.params);
}
END_TEST

// A net with such weights answers nonsense, and nothing else would say so.
START_TEST(what_is_no_number_is_refused) {
    const float odd[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        Net net;
        net_init(&net);
        net.params.value.data[COUNT - 1] = odd[i];
        Path path = scratch_path("net.safetensors");
        assert_saves(path.text, &net);
        assert_refused(path.text, "holds NaN or infinity");
        params_free(&net.params);
    }
}
END_TEST

START_TEST(the_bytes_are_those_of_the_format) {
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    assert_saves(path.text, &net);
    FileBytes file = read_bytes(path.text);
    size_t text = strlen(SAVED_HEADER), length = (text + 7) / 8 * 8;
    ck_assert_uint_eq(file.size, 8 + length + 4 * COUNT);
    ck_assert_uint_eq(file.bytes[0] + 256u * file.bytes[1], length);
    ck_assert_mem_eq(file.bytes + 2, "\0\0\0\0\0\0", 6);
    ck_assert_mem_eq(file.bytes + 8, SAVED_HEADER, text);
    for (size_t i = text; i < length; i++)
        ck_assert_int_eq(file.bytes[8 + i], ' ');
    // the number 1, then 2, little-endian
    ck_assert_mem_eq(file.bytes + 8 + length + 4, "\0\0\x80\x3f\0\0\0\x40", 8);
    file_free(&file);
    params_free(&net.params);
}
END_TEST

START_TEST(saving_keeps_the_rights_of_a_new_file) {
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    mode_t mask = umask(022);
    assert_saves(path.text, &net);
    umask(mask);
    struct stat info;
    ck_assert_int_eq(stat(path.text, &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0644);
    params_free(&net.params);
}
END_TEST

START_TEST(a_file_from_python_is_read) {
    Net net;
    net_init(&net);
    assert_loads(golden_path("net.safetensors").text, &net);
    for (int i = 0; i < 12; i++)
        ck_assert(net.w.data[i] == (float)i - 0.5f);
    for (int i = 0; i < 3; i++)
        ck_assert(net.b.data[i] == (float)-i);
    for (int i = 0; i < 18; i++)
        ck_assert(net.conv.data[i] == (float)(1.0 / (i + 1)));
    params_free(&net.params);
}
END_TEST

// As another program may write it again: the checksum goes by the model's
// order.
START_TEST(the_checksum_survives_another_order) {
    const char header[] =
        "{\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}"
        ",\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":"
        "[12,60]},\"conv.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,3,3],"
        "\"data_offsets\":[60,132]},\"__metadata__\":{\"crc32\":\"d1208dad\"}}";
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    assert_saves(path.text, &net);
    FileBytes saved = read_bytes(path.text);
    const uint8_t *data = saved.bytes + saved.size - 4 * COUNT;
    uint8_t bytes[1024] = {strlen(header) % 256, strlen(header) / 256};
    uint8_t *at = bytes + 8 + strlen(header);
    memcpy(bytes + 8, header, strlen(header));
    memcpy(at, data + 48, 12), memcpy(at + 12, data, 48);
    memcpy(at + 60, data + 60, 72);
    tensor_fill(&net.params.value, -1.0f);
    assert_loads(
        write_bytes("net.safetensors", bytes, 8 + strlen(header) + 132).text,
        &net);
    for (int i = 0; i < COUNT; i++)
        ck_assert(net.params.value.data[i] == (float)i);
    file_free(&saved);
    params_free(&net.params);
}
END_TEST

START_TEST(space_and_order_do_not_matter) {
    Net net;
    net_init(&net);
    const char *header =
        " {\n\t\"conv.weight\" : { \"data_offsets\" : [ 0 , 72 ] ,\r\n"
        "\"dtype\" : \"F32\" , \"shape\" : [2, 1, 3, 3] } , "
        "\"__metadata__\" : { } ,"
        "\"fc.bias\":{\"shape\":[3],\"dtype\":\"F32\",\"data_offsets\":[72,84]"
        "},\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[3,4],\"data_offsets\":"
        "[84,132]} } \n ";
    assert_loads(write_file(header, 132).text, &net);
    ck_assert(net.b.data[2] == 0x1.7e7e7ep-1f); // 0x3f3f3f3f
    params_free(&net.params);
}
END_TEST

// ---- 3. Damaged files -------------------------------------------------------

START_TEST(cut_short_anywhere_is_refused) {
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    assert_saves(path.text, &net);
    FileBytes file = read_bytes(path.text);
    for (size_t size = 0; size < file.size; size++)
        assert_refused(write_bytes("net.safetensors", file.bytes, size).text,
                       "cut short");
    file_free(&file);
    params_free(&net.params);
}
END_TEST

// The word crc32 itself may be damaged: then the file has no checksum, and its
// weights are as they were.
START_TEST(any_flipped_bit_is_refused) {
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    assert_saves(path.text, &net);
    FileBytes file = read_bytes(path.text);
    const size_t word =
        8 + (size_t)(strstr(SAVED_HEADER, "crc32") - SAVED_HEADER);
    for (size_t i = 0; i < file.size; i++)
        for (int bit = 0; bit < 8; bit++) {
            bool in_data = i >= file.size - 4 * COUNT;
            file.bytes[i] ^= (uint8_t)(1 << bit);
            if (i < word || i >= word + strlen("crc32"))
                assert_refused(
                    write_bytes("net.safetensors", file.bytes, file.size).text,
                    in_data ? "not those that were saved" : "");
            file.bytes[i] ^= (uint8_t)(1 << bit);
        }
    file_free(&file);
    params_free(&net.params);
}
END_TEST

// Every byte replaced by each sign that means something in JSON: some of these
// files are right (a space for a space), but none may crash.
START_TEST(any_wrong_sign_is_survived) {
    const char signs[] = "\"\\{}[],: 0e-\n";
    char header[sizeof BARE_HEADER];
    Net net;
    net_init(&net);
    for (size_t i = 0; i < sizeof BARE_HEADER - 1; i++)
        for (size_t s = 0; s < sizeof signs; s++) {
            memcpy(header, BARE_HEADER, sizeof header);
            header[i] = signs[s];
            Error err;
            Path path = write_file(header, 132);
            bool same = BARE_HEADER[i] == signs[s];
            ck_assert_int_eq(safetensors_load(path.text, &net.params, &err),
                             same);
        }
    params_free(&net.params);
}
END_TEST

// BARE_HEADER with its first `old` replaced by `new`.
static void assert_change_refused(const char *old, const char *new,
                                  const char *expected) {
    char header[1024];
    const char *at = strstr(BARE_HEADER, old);
    ck_assert_msg(at != NULL, "%s is not in the header", old);
    snprintf(header, sizeof header, "%.*s%s%s", (int)(at - BARE_HEADER),
             BARE_HEADER, new, at + strlen(old));
    assert_refused(write_file(header, 132).text, expected);
}

START_TEST(every_disagreement_is_told) {
    const struct {
        const char *old, *new, *expected;
    } changes[] = {
        {"fc.bias", "fc.b", "holds \"fc.b\", which this model does not have"},
        {"fc.bias", "fc.weight", "lists fc.weight twice"},
        {"[3,4]", "[4,3]", "fc.weight does not have the shape [3, 4]"},
        {"[3,4]", "[12]", "fc.weight does not have the shape [3, 4]"},
        {"[3,4]", "[3,4,1,1,1]", "fc.weight does not have the shape"},
        {"[3,4]", "[]", "fc.weight does not have the shape"},
        {"[3,4]", "[3,4,]", "not understood"},
        {"[3,4]", "[3 4]", "not understood"},
        {"[3,4]", "[03,4]", "not understood"},
        {"[3,4]", "[-3,4]", "not understood"},
        {"[3,4]", "[3.0,4]", "not understood"},
        {"[3,4]", "[18446744073709551619,4]", "not understood"},
        {"\"shape\":[3,4],", "", "does not have the shape"},
        {"\"F32\"", "\"F16\"", "fc.weight is not stored as F32"},
        {"\"F32\"", "\"\"", "fc.weight is not stored as F32"},
        {"\"dtype\":\"F32\",", "", "fc.weight is not stored as F32"},
        {"[0,48]", "[0,52]", "data_offsets of fc.weight do not fit"},
        {"[0,48]", "[48,0]", "data_offsets of fc.weight do not fit"},
        {"[0,48]", "[0]", "data_offsets of fc.weight do not fit"},
        {"[0,48]", "[0,48,48]", "data_offsets of fc.weight do not fit"},
        {"[0,48]", "[999999999999999000,999999999999999048]", "do not fit"},
        {"[0,48]", "[100,148]", "data_offsets of fc.weight do not fit"},
        {"[0,48]", "[4,52]", "lies over"},
        {"[48,60]", "[0,12]", "fc.bias lies over fc.weight"},
        {",\"fc.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[48,"
         "60]}",
         "", "does not hold fc.bias"},
        {"\"dtype\"", "\"type\"", "not understood"},
        {"}}", "},}", "not understood"},
        {"}}", "}}}", "not understood"},
        {"}}", "}", "not understood"},
        {BARE_HEADER, "{}", "not understood"},
        {BARE_HEADER, "[]", "not understood"},
        {BARE_HEADER, "{\"__metadata__\":{\"a\":1}}", "not understood"},
        {BARE_HEADER, "{\"__metadata__\":{}}", "does not hold fc.weight"},
        {BARE_HEADER, "{\"never ends", "not understood"},
        {BARE_HEADER, "{\"never ends\\", "not understood"},
        {BARE_HEADER, "not JSON at all", "not understood"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        assert_change_refused(changes[i].old, changes[i].new,
                              changes[i].expected);
}
END_TEST

START_TEST(bytes_that_belong_to_nothing_are_refused) {
    assert_refused(write_file(BARE_HEADER, 133).text, "133 bytes of data");
}
END_TEST

START_TEST(what_is_no_safetensors_file_is_refused) {
    assert_refused(scratch_path("nowhere").text, "No such file");
    assert_refused(scratch_path("").text, "Is a directory");
    // as a length: far more than there is
    const char text[] = "epoch,train,test\n1,0.2,0.3\n";
    assert_refused(write_bytes("net.safetensors", text, sizeof text).text,
                   "not a safetensors file");
    assert_refused(
        write_bytes("net.safetensors", "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)
            .text,
        "not a safetensors file");
    assert_refused(
        write_bytes("net.safetensors", "\xfb\xff\xff\xff\xff\xff\xff\xff{}", 10)
            .text,
        "not a safetensors file");
}
END_TEST

static void assert_no_shape(const char *path, const char *name,
                            const char *expected) {
    int shape[TENSOR_MAX_DIMS];
    Error err = {""};
    ck_assert(!safetensors_shape(path, name, shape, &err));
    assert_says(err.message, expected);
    assert_says(err.message, path);
}

START_TEST(shapes_are_told_before_loading) {
    int shape[TENSOR_MAX_DIMS];
    Error err;
    Path path = write_file(BARE_HEADER, 132);
    ck_assert(safetensors_shape(path.text, "fc.weight", shape, &err));
    const int weight[] = {3, 4, 0, 0}, bias[] = {3, 0, 0, 0};
    ck_assert_mem_eq(shape, weight, sizeof shape);
    ck_assert(safetensors_shape(path.text, "fc.bias", shape, &err));
    ck_assert_mem_eq(shape, bias, sizeof shape);
    assert_no_shape(path.text, "fc.b", "does not hold fc.b");
    assert_no_shape(scratch_path("nowhere").text, "fc.bias", "No such file");
    // the last tensor's floats are cut short
    path = write_file(BARE_HEADER, 131);
    ck_assert(safetensors_shape(path.text, "fc.bias", shape, &err));
    assert_no_shape(path.text, "conv.weight", "cut short");
}
END_TEST

// Sizes that a program would allocate memory for are there, or are refused.
START_TEST(shapes_without_data_are_refused) {
    // 12 floats are there; the product of the last one is 12 in 64 bits
    const char *const shapes[] = {"[3,5]",
                                  "[2,5]",
                                  "[0]",
                                  "[]",
                                  "[3,4,1,1,1]",
                                  "[4294967308]",
                                  "[2147483647,2]",
                                  "[0,12]",
                                  "[4,384773,742155,48448661]"};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        char header[200];
        snprintf(header, sizeof header,
                 "{\"w\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":"
                 "[0,48]}}",
                 shapes[i]);
        assert_no_shape(write_file(header, 48).text, "w", "does not fit");
    }
    assert_no_shape(write_file("{\"w\":", 48).text, "w", "not understood");
}
END_TEST

// ---- 4. Saving when it does not work ----------------------------------------

static void assert_save_fails(const char *path, const char *expected) {
    Net net;
    net_init(&net);
    Error err = {""};
    ck_assert(!safetensors_save(path, &net.params, &err));
    assert_says(err.message, expected);
    assert_says(err.message, path);
    params_free(&net.params);
}

START_TEST(where_nothing_can_be_written) {
    assert_save_fails(scratch_path("no/folder/here").text, "No such file");
    assert_save_fails(scratch_path("").text, "it is not a file");
    assert_save_fails("/dev/null", "it is not a file");
}
END_TEST

// A limit on the size of files is a full disk that needs no disk. No ck_assert
// here: Check's own notes go through a file as well.
static void save_on_a_full_disk(void) {
    Net net;
    net_init(&net);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, 100});
    Error err = {"saved!"};
    safetensors_save(scratch_path("net.safetensors").text, &net.params, &err);
    puts(err.message);
    params_free(&net.params);
}

START_TEST(a_full_disk_leaves_the_old_weights) {
    Net net;
    net_init(&net);
    Path path = scratch_path("net.safetensors");
    net.params.value.data[0] = 42;
    assert_saves(path.text, &net);
    Run run = run_function(save_on_a_full_disk);
    assert_says(run.output, "File too large");
    ck_assert_int_eq(files_in_scratch(), 1);
    net.params.value.data[0] = 0;
    assert_loads(path.text, &net);
    ck_assert(net.params.value.data[0] == 42);
    params_free(&net.params);
}
END_TEST

// Saves 1 1 1 ..., 2 2 2 ... for ever.
static void save_until_killed(const char *path, Params *params) {
    Error err;
    for (int i = 0;; i++) {
        tensor_fill(&params->value, (float)(1 + i % 2));
        if (!safetensors_save(path, params, &err))
            _exit(1);
    }
}

START_TEST(a_kill_at_any_moment_leaves_a_whole_file) {
    Params params;
    Tensor w, dw;
    params_init(&params, &(ParamSpec){"w", &w, &dw, {200, 100}}, 1);
    Path path = scratch_path("net.safetensors");
    Error err;
    ck_assert(safetensors_save(path.text, &params, &err));
    Rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            save_until_killed(path.text, &params);
        usleep((useconds_t)rng_below(&rng, 10000));
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        ck_assert(WIFSIGNALED(status)); // it was still at work
        bool ok = safetensors_load(path.text, &params, &err);
        ck_assert_msg(ok, "kill %d: %s", i, err.message);
        for (size_t k = 1; k < w.size; k++)
            ck_assert(w.data[k] == w.data[0]);
    }
    ck_assert(w.data[0] > 0); // some of the saves were finished
    params_free(&params);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {what_is_saved_comes_back_bit_by_bit},
        {what_is_no_number_is_refused},
        {the_bytes_are_those_of_the_format},
        {saving_keeps_the_rights_of_a_new_file},
        {a_file_from_python_is_read},
        {the_checksum_survives_another_order},
        {space_and_order_do_not_matter},
        {cut_short_anywhere_is_refused, .seconds = 20},
        {any_flipped_bit_is_refused, .seconds = 150},
        {any_wrong_sign_is_survived, .seconds = 150},
        {every_disagreement_is_told},
        {bytes_that_belong_to_nothing_are_refused},
        {what_is_no_safetensors_file_is_refused},
        {shapes_are_told_before_loading},
        {shapes_without_data_are_refused},
        {where_nothing_can_be_written},
        {a_full_disk_leaves_the_old_weights},
        {a_kill_at_any_moment_leaves_a_whole_file, .seconds = 40},
    };
    return run_tests("safetensors", tests, sizeof tests / sizeof *tests);
}
