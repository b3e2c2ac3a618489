// test_corpus.c - characters as places, a file that knows its vocabulary, and
// streams that go on where they left off.

#include "corpus.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "file.h"
#include "memory.h"
#include "safetensors.h"
#include "testing.h"

// ---- 1. Vocabulary ----------------------------------------------------------

START_TEST(places_are_in_order_of_appearance) {
    Path path = write_text("text", "中文abcab中中abababababab");
    Vocabulary v = {0};
    Corpus c;
    Error err;
    ck_assert_msg(corpus_load(&c, &v, path.text, 0, &err), "%s", err.message);
    const uint32_t codes[] = {0x4E2D, 0x6587, 'a', 'b', 'c'};
    const int text[] = {0, 1, 2, 3, 4, 2, 3, 0, 0, 2, 3};
    ck_assert_int_eq(v.size, 5);
    ck_assert_mem_eq(v.codes, codes, sizeof codes);
    ck_assert_mem_eq(c.text, text, sizeof text);
    ck_assert_int_eq(c.train + c.held, 21);
    ck_assert_int_eq(c.held, 2);
    corpus_free(&c);
    // with the vocabulary at hand, a text must do with it
    ck_assert(corpus_load(&c, &v, path.text, 20, &err));
    ck_assert_int_eq(c.train + c.held, 20);
    ck_assert_int_eq(v.size, 5);
    corpus_free(&c);
    path = write_text("other", "abababababababababab字");
    ck_assert(!corpus_load(&c, &v, path.text, 0, &err));
    assert_says(err.message, "'字' (U+5B57)");
    ck_assert_ptr_null(c.text);
    vocabulary_free(&v);
}
END_TEST

START_TEST(prompts_are_encoded_or_refused) {
    Vocabulary v = {0};
    Places places;
    Error err;
    ck_assert(!vocabulary_encode(&places, &v, "a", "--prompt", &err));
    ck_assert(vocabulary_add(&v, 'b'));
    ck_assert(vocabulary_add(&v, 0x10FFFF));
    ck_assert(!vocabulary_add(&v, 'b'));
    ck_assert(vocabulary_encode(&places, &v,
                                "\xF4\x8F\xBF\xBF"
                                "bb",
                                "--prompt", &err));
    const int want[] = {1, 0, 0, 0}; // and the one too many
    ck_assert_int_eq(places.count, 3);
    ck_assert_mem_eq(places.places, want, sizeof want);
    mem_free(places.places);
    ck_assert(vocabulary_encode(&places, &v, "", "--prompt", &err));
    ck_assert_int_eq(places.count, 0);
    ck_assert_int_eq(places.places[0], 0);
    mem_free(places.places);
    ck_assert(!vocabulary_encode(&places, &v, "bc", "--prompt", &err));
    assert_says(err.message, "--prompt has the character 'c' (U+0063)");
    ck_assert(!vocabulary_encode(&places, &v, "b\xC3", "--prompt", &err));
    assert_says(err.message, "--prompt is not UTF-8");
    vocabulary_free(&v);
}
END_TEST

START_TEST(no_code_point_aborts) {
    Vocabulary v = {0};
    vocabulary_add(&v, 0x110000);
}
END_TEST

// ---- 2. Files ---------------------------------------------------------------

typedef struct {
    Params params;
    Tensor w, dw;
} Net;

static void net_init(Net *net, float value) {
    const ParamSpec table[] = {{"w", &net->w, &net->dw, {2, 3}}};
    params_init(&net->params, table, 1);
    tensor_fill(&net->params.value, value);
}

START_TEST(vocabulary_travels_with_the_weights) {
    Path path = scratch_path("net");
    Net saved, loaded;
    Vocabulary v = {0}, back = {0};
    Error err;
    net_init(&saved, 0.1f);
    net_init(&loaded, 7.0f);
    const uint32_t codes[] = {'x', 0x10FFFF, 0, 0xFFFFF, 0x4E2D};
    for (int i = 0; i < 5; i++)
        vocabulary_add(&v, codes[i]);
    ck_assert(vocabulary_save(path.text, &v, &saved.params, &err));
    int shape[TENSOR_MAX_DIMS];
    ck_assert(safetensors_shape(path.text, "vocabulary", shape, &err));
    ck_assert_int_eq(shape[0], 5);
    ck_assert_msg(vocabulary_load(path.text, &back, &loaded.params, 5, &err),
                  "%s", err.message);
    ck_assert_int_eq(back.size, 5);
    ck_assert_mem_eq(back.codes, codes, sizeof codes);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(back.place[codes[i]], i + 1);
    ck_assert_mem_eq(loaded.w.data, saved.w.data, 6 * sizeof(float));
    // a model for another number of characters
    vocabulary_free(&back);
    ck_assert(!vocabulary_load(path.text, &back, &loaded.params, 4, &err));
    assert_says(err.message, "does not have the shape [4]");
    vocabulary_free(&v);
    params_free(&saved.params);
    params_free(&loaded.params);
}
END_TEST

// The last code point becomes another float, in the file.
static void assert_code_refused(float code) {
    Path path = scratch_path("net");
    Net net;
    Vocabulary v = {0}, back = {0};
    Error err;
    FileBytes file;
    net_init(&net, 1.0f);
    vocabulary_add(&v, 'a');
    vocabulary_add(&v, 'b');
    ck_assert(vocabulary_save(path.text, &v, &net.params, &err));
    ck_assert(file_read(&file, path.text, 1 << 20, &err));
    uint32_t bits;
    memcpy(&bits, &code, 4);
    for (int i = 0; i < 4; i++) // little-endian, on any machine
        file.bytes[file.size - 4 + (size_t)i] = (uint8_t)(bits >> 8 * i);
    // as if saved so: with the checksum of the net's floats and the two codes
    char crc[9];
    uint8_t *header_crc =
        (uint8_t *)strstr((char *)file.bytes + 8, "crc32") + 8;
    const size_t data = 4 * (2 + net.params.value.size);
    snprintf(crc, sizeof crc, "%08lx",
             crc32_z(0, file.bytes + file.size - data, data));
    memcpy(header_crc, crc, 8);
    ck_assert(file_replace(path.text, &file, &err));
    file_free(&file);
    tensor_fill(&net.params.value, 2.0f);
    ck_assert_msg(!vocabulary_load(path.text, &back, &net.params, 2, &err),
                  "%g was taken", (double)code);
    assert_says(err.message, isfinite(code) ? "is damaged: its vocabulary"
                                            : "holds NaN or infinity");
    ck_assert_int_eq(back.size, 0);
    ck_assert_float_eq(net.w.data[0], 2.0f);
    vocabulary_free(&v);
    params_free(&net.params);
}

START_TEST(damaged_vocabularies_are_refused) {
    const float wrong[] = {(float)'a', -1.0f, 98.5f,    1114112.0f,
                           1e30f,      NAN,   INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_code_refused(wrong[i]);
}
END_TEST

// ---- 3. Corpus --------------------------------------------------------------

START_TEST(the_tale_is_plain) {
    Vocabulary v = {0};
    Corpus c;
    Error err;
    ck_assert(corpus_load(&c, &v, NULL, 0, &err));
    ck_assert_int_eq(c.train + c.held, 7367);
    ck_assert_int_eq(c.held, 736);
    for (int i = 0; i < v.size; i++)
        ck_assert(v.codes[i] == '\n' ||
                  (v.codes[i] >= ' ' && v.codes[i] < 127));
    // what is kept apart has nothing that is nowhere else
    int known = 0;
    for (int i = 0; i < c.train; i++)
        known = c.text[i] > known ? c.text[i] : known;
    ck_assert_int_eq(known, v.size - 1);
    corpus_free(&c);
    vocabulary_free(&v);
}
END_TEST

static void assert_text_refused(const char *path, int limit,
                                const char *expected) {
    Vocabulary v = {0};
    Corpus c;
    Error err;
    ck_assert(!corpus_load(&c, &v, path, limit, &err));
    assert_says(err.message, expected);
    ck_assert_ptr_null(c.text);
    ck_assert_int_eq(v.size, 0);
}

START_TEST(bad_texts_are_refused) {
    assert_text_refused(scratch_path("nowhere").text, 0, "No such file");
    assert_text_refused(scratch_path("").text, 0, "directory");
    assert_text_refused(NULL, 19, "the tale has 19 characters");
    assert_text_refused(write_text("empty", "").text, 0, "has 0 characters");
    Path path = write_text("few", "中文中文中文中文中文中文中文中文中文a");
    assert_text_refused(path.text, 0, "has 19 characters"); // 55 bytes
    path = write_text("latin1", "a text of more than twenty letters: \xE4");
    assert_text_refused(path.text, 0, "byte 37, 0xE4");
}
END_TEST

// ---- 4. Streams -------------------------------------------------------------

enum { MOST = 60 };

// Every stream reads its part of the text from the first to the last character,
// piece after piece, and each label is what comes next.
static void check_streams(int count, int streams, int steps) {
    int text[MOST];
    for (int i = 0; i < count; i++)
        text[i] = i;
    Streams s;
    streams_init(&s, text, count, streams, steps, MOST);
    ck_assert(s.N >= 1 && s.N <= streams && s.T >= 1 && s.T <= steps);
    ck_assert_int_lt(s.N * s.length, count);
    for (int pass = 0; pass < 2; pass++) {
        for (int piece = 0; piece < s.count; piece++) {
            ck_assert(streams_next(&s));
            for (int row = 0; row < s.T * s.N; row++) {
                int t = row / s.N, n = row % s.N;
                int at = n * s.length + piece * s.T + t;
                ck_assert_int_eq(s.labels[row], at + 1);
                for (int j = 0; j < MOST; j++)
                    ck_assert(s.x.data[row * MOST + j] == (j == at));
            }
        }
        ck_assert(!streams_next(&s));
    }
    // not read: less than a character of each stream for each piece, and N
    ck_assert_int_lt(count - 1 - s.N * s.T * s.count, s.N * (s.count + 1));
    streams_free(&s);
}

START_TEST(streams_go_on_where_they_left_off) {
    for (int count = 2; count <= MOST; count += count < 10 ? 1 : 7)
        for (int streams = 1; streams <= 9; streams += 2)
            for (int steps = 1; steps <= 70; steps += steps < 5 ? 1 : 13)
                check_streams(count, streams, steps);
}
END_TEST

START_TEST(one_character_makes_no_stream) {
    int text = 0;
    Streams s;
    streams_init(&s, &text, 1, 1, 1, 1);
}
END_TEST

START_TEST(one_hot_is_one_hot) {
    Tensor x = {0};
    const int places[] = {2, 0};
    const float want[] = {0, 0, 1, 1, 0, 0};
    one_hot(&x, places, 2, 3);
    ck_assert_str_eq(tensor_shape(&x).text, "[2, 1, 3]");
    ck_assert_mem_eq(x.data, want, sizeof want);
    tensor_free(&x);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {places_are_in_order_of_appearance},
        {prompts_are_encoded_or_refused},
        {no_code_point_aborts, .signal = SIGABRT},
        {vocabulary_travels_with_the_weights},
        {damaged_vocabularies_are_refused},
        {the_tale_is_plain},
        {bad_texts_are_refused},
        {streams_go_on_where_they_left_off, .seconds = 20},
        {one_character_makes_no_stream, .signal = SIGABRT},
        {one_hot_is_one_hot},
    };
    return run_tests("corpus", tests, sizeof tests / sizeof *tests);
}
