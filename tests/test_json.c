// test_json.c - the cursor over JSON text reads what is there, and no further.

#include "testing.h"

#include <string.h>

#include "json.h"

static Json cursor(const char *text) {
    return (Json){text, text + strlen(text)};
}

START_TEST(signs_with_space_around) {
    Json json = cursor(" \t{\r\n:x");
    ck_assert(json_sign(&json, '{'));
    ck_assert(!json_sign(&json, '}'));
    ck_assert(json_sign(&json, ':'));
    ck_assert_int_eq(*json.at, 'x');
}
END_TEST

START_TEST(words_keep_their_space_and_escapes) {
    Json json = cursor("\" a \\\" b\\\\\",\"\"");
    Word word;
    ck_assert(json_word(&json, &word));
    ck_assert(word_is(word, " a \\\" b\\\\"));
    ck_assert(!word_is(word, " a"));
    ck_assert(json_sign(&json, ','));
    ck_assert(json_word(&json, &word));
    ck_assert(word_is(word, ""));
    ck_assert(json.at == json.end);
}
END_TEST

START_TEST(a_word_has_no_line_breaks) {
    Json json = cursor("\"a\nb\"");
    Word word;
    ck_assert(!json_word(&json, &word));
}
END_TEST

START_TEST(lists_count_more_than_they_store) {
    Json json = cursor("[ 0, 12 ,999999999999999999 ]x");
    uint64_t list[3] = {7, 7, 7};
    int count;
    ck_assert(json_list(&json, list, 2, &count));
    ck_assert_int_eq(count, 3);
    ck_assert_uint_eq(list[0], 0);
    ck_assert_uint_eq(list[1], 12);
    ck_assert_uint_eq(list[2], 7); // not touched
    ck_assert_int_eq(*json.at, 'x');
    json = cursor("[999999999999999999]");
    ck_assert(json_list(&json, list, 1, &count));
    ck_assert_uint_eq(list[0], 999999999999999999u);
}
END_TEST

START_TEST(words_are_found_in_objects) {
    const char *right[] = {"{}", "{ }", "{\"a\":\"b\"}",
                           " { \"a\" : \"b\" , \"c\" : \"}\" } "};
    const char *found[] = {NULL, NULL, "b", "b"}; // what belongs to a
    const char *wrong[] = {"",          "{",
                           "{\"a\"}",   "{\"a\":}",
                           "{\"a\":1}", "{\"a\":\"b\",}",
                           "{,}",       "{\"a\" \"b\"}"};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        Json json = cursor(right[i]);
        Word value;
        ck_assert(json_words(&json, "a", &value) && json.at == json.end);
        ck_assert(found[i] == NULL ? value.text == NULL
                                   : word_is(value, found[i]));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Json json = cursor(wrong[i]);
        Word value;
        ck_assert_msg(!json_words(&json, "a", &value), "%s was read", wrong[i]);
    }
}
END_TEST

// The text goes on behind the end that the cursor is given: whatever needs the
// rest must not be found.
START_TEST(nothing_is_read_beyond_the_end) {
    const char word[] = "\"a\\\"b\"", list[] = "[10, 784]";
    const char object[] = "{\"a\":\"b\\\\\"}";
    Word found;
    uint64_t numbers[2];
    int count;
    for (size_t n = 0; n < strlen(word); n++)
        ck_assert(!json_word(&(Json){word, word + n}, &found));
    for (size_t n = 0; n < strlen(list); n++)
        ck_assert(!json_list(&(Json){list, list + n}, numbers, 2, &count));
    for (size_t n = 0; n < strlen(object); n++)
        ck_assert(!json_words(&(Json){object, object + n}, "a", &found));
}
END_TEST

int main(void) {
    const Test tests[] = {
        {signs_with_space_around},    {words_keep_their_space_and_escapes},
        {a_word_has_no_line_breaks},  {lists_count_more_than_they_store},
        {words_are_found_in_objects}, {nothing_is_read_beyond_the_end},
    };
    return run_tests("json", tests, sizeof tests / sizeof *tests);
}
