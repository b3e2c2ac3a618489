// test_utf8.c - the bytes that are characters, those that are not, and lines.

#include "utf8.h"

#include <stdio.h>
#include <string.h>

#include "testing.h"

static bool decode(Utf8Text *text, const char *bytes, Error *err) {
    return utf8_decode(text, (const uint8_t *)bytes, strlen(bytes), "it", err);
}

// The first and the last code point of each length, and what lies around the
// surrogates: worked out from the table in utf8.h.
START_TEST(characters_at_each_border) {
    const struct {
        const char *bytes;
        uint32_t code;
    } cases[] = {
        {"A", 0x41},
        {"\x7F", 0x7F},
        {"\xC2\x80", 0x80},
        {"\xDF\xBF", 0x7FF},
        {"\xE0\xA0\x80", 0x800},
        {"\xED\x9F\xBF", 0xD7FF},
        {"\xEE\x80\x80", 0xE000},
        {"\xE4\xB8\xAD", 0x4E2D}, // the character zhong, middle
        {"\xEF\xBF\xBF", 0xFFFF},
        {"\xF0\x90\x80\x80", 0x10000},
        {"\xF0\x9F\x98\x80", 0x1F600},
        {"\xF4\x8F\xBF\xBF", 0x10FFFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Utf8Text text;
        Error err;
        ck_assert_msg(decode(&text, cases[i].bytes, &err), "%s", err.message);
        ck_assert_int_eq(text.count, 1);
        ck_assert_uint_eq(text.codes[0], cases[i].code);
        utf8_free(&text);
    }
}
END_TEST

START_TEST(what_is_no_character_is_refused) {
    const char *const wrong[] = {
        "\x80",             // a following byte that follows nothing
        "\xBF",             //
        "\xC3",             // cut short, by the end
        "\xE4\xB8",         //
        "\xF0\x9F\x98",     //
        "\xC3(",            // and by another character
        "\xE4\xB8(",        //
        "\xF0(\x98\x80",    //
        "\xC0\x80",         // overlong: U+0000 in two bytes,
        "\xC1\xBF",         // U+007F in two,
        "\xE0\x9F\xBF",     // U+07FF in three,
        "\xF0\x8F\xBF\xBF", // U+FFFF in four
        "\xED\xA0\x80",     // halves of UTF-16 pairs: U+D800
        "\xED\xBF\xBF",     // and U+DFFF
        "\xF4\x90\x80\x80", // U+110000
        "\xF5\x80\x80\x80",
        "\xF8\x88\x80\x80\x80",
        "\xFE",
        "\xFF",
        "\xC3\xC3\xA4", // the first of two first bytes
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char bytes[16], place[32];
        Utf8Text text;
        Error err;
        snprintf(bytes, sizeof bytes, "ab%s", wrong[i]);
        ck_assert_msg(!decode(&text, bytes, &err), "number %zu", i);
        ck_assert_ptr_null(text.codes);
        snprintf(place, sizeof place, "byte 3, 0x%02X", (uint8_t)wrong[i][0]);
        assert_says(err.message, place);
    }
}
END_TEST

// What would complete a character lies beyond the end.
static void check_guess(const char *bytes, size_t size, const char *says) {
    Utf8Text text;
    Error err;
    ck_assert(!utf8_decode(&text, (const uint8_t *)bytes, size, "a.txt", &err));
    assert_says(err.message, says);
}

// "Caf\u00e9 au lait" and "\u4e2d\u6587\u5b57" as others write them: the whole
// command stands in the message.
START_TEST(other_encodings_are_guessed) {
    const char *latin1 = "Caf\351 au lait", *gbk = "\326\320\316\304\327\326";
    const char utf16[] = "\377\376C\0a\0f\0\351\0 \0";
    const char big[] = "\0C\0a\0f\0\351";
    check_guess(latin1, strlen(latin1),
                "iconv -f WINDOWS-1252 -t UTF-8 'a.txt' > utf8.txt");
    check_guess(gbk, strlen(gbk), "iconv -f GB18030 -t UTF-8 'a.txt'");
    check_guess(utf16, sizeof utf16 - 1, "iconv -f UTF-16 -t");
    check_guess(utf16 + 2, sizeof utf16 - 3, "iconv -f UTF-16LE -t");
    check_guess(big, sizeof big - 1, "iconv -f UTF-16BE -t");
    // plain English in UTF-16 has no byte that UTF-8 does not admit
    check_guess("a\0b\0c\0", 6, "iconv -f UTF-16LE -t");
    check_guess("\303\251b\344\270", 5, "its last character is cut off");
    check_guess("\303\251b\344\270", 5, "head -c 3 'a.txt' > utf8.txt");
    check_guess("Zo\353", 3, "iconv -f WINDOWS-1252");
}
END_TEST

START_TEST(line_ends_become_newlines) {
    const char *bytes = "a\r\nb\rc\n\r\n\r";
    const char *want = "a\nb\nc\n\n\n";
    Utf8Text text;
    Error err;
    ck_assert(
        utf8_decode(&text, (const uint8_t *)bytes, strlen(bytes), "a", &err));
    ck_assert_int_eq(text.count, (int)strlen(want));
    for (int i = 0; i < text.count; i++)
        ck_assert_uint_eq(text.codes[i], (uint32_t)want[i]);
    utf8_free(&text);
}
END_TEST

START_TEST(nothing_beyond_the_end_is_read) {
    const uint8_t bytes[] = "\xF0\x9F\x98\x80";
    for (size_t size = 1; size < 4; size++) {
        Utf8Text text;
        Error err;
        ck_assert(!utf8_decode(&text, bytes, size, "it", &err));
    }
}
END_TEST

// Every code point there is, and back; no other number is decoded.
START_TEST(all_characters_survive) {
    for (uint32_t code = 0; code <= UTF8_LAST; code++) {
        bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        Utf8 one = utf8_encode(code);
        int length, want = code < 0x80      ? 1
                           : code < 0x800   ? 2
                           : code < 0x10000 ? 3
                                            : 4;
        int32_t back =
            utf8_first((const uint8_t *)one.text, strlen(one.text), &length);
        if (surrogate)
            ck_assert_int_eq(back, -1);
        else if (control)
            ck_assert_str_eq(one.text, " ");
        else if ((uint32_t)back != code || length != want)
            ck_abort_msg("U+%04X came back as %d in %d", code, back, length);
    }
}
END_TEST

START_TEST(empty_text_zero_bytes_and_byte_order_marks) {
    Utf8Text text;
    Error err;
    ck_assert(utf8_decode(&text, NULL, 0, "it", &err));
    ck_assert_int_eq(text.count, 0);
    utf8_free(&text);
    const uint8_t bytes[] = "\xEF\xBB\xBFx\0\xEF\xBB\xBF";
    ck_assert(utf8_decode(&text, bytes, sizeof bytes - 1, "it", &err));
    ck_assert_int_eq(text.count, 3); // only the first mark is left out
    ck_assert_uint_eq(text.codes[0], 'x');
    ck_assert_uint_eq(text.codes[1], 0);
    ck_assert_uint_eq(text.codes[2], 0xFEFF);
    utf8_free(&text);
}
END_TEST

static void print(const char *bytes, int indent, int width) {
    Utf8Text text;
    Error err;
    decode(&text, bytes, &err);
    utf8_print_wrapped(text.codes, text.count, indent, width);
    utf8_free(&text);
}

static void print_words(void) {
    print("one two three\nfour fives", 2, 10);
}
static void print_long_word(void) {
    print("abcdefgh i", 0, 5);
}
static void print_chinese(void) {
    print("床前明月光，\n\n疑是a b", 1, 8);
}
static void print_controls(void) {
    print("a\033[31mb\tc\n", 0, 80);
}
static void print_nothing(void) {
    print("", 3, 80);
}

START_TEST(lines_fit) {
    // 8 columns behind 2 blanks; the blank at the break is gone
    ck_assert_str_eq(run_function(print_words).output,
                     "  one two\n  three\n  four\n  fives\n");
    ck_assert_str_eq(run_function(print_long_word).output, "abcde\nfgh i\n");
    // 7 columns: three wide characters each
    ck_assert_str_eq(run_function(print_chinese).output,
                     " 床前明\n 月光，\n\n 疑是a b\n");
    // nothing reaches the terminal that it would obey
    ck_assert_str_eq(run_function(print_controls).output, "a [31mb c\n");
    ck_assert_str_eq(run_function(print_nothing).output, "\n");
}
END_TEST

START_TEST(wide_and_narrow) {
    ck_assert_int_eq(utf8_columns('a'), 1);
    ck_assert_int_eq(utf8_columns(0xE4), 1);
    ck_assert_int_eq(utf8_columns(0x2019), 1); // a quotation mark
    ck_assert_int_eq(utf8_columns(0x3002), 2); // the Chinese full stop
    ck_assert_int_eq(utf8_columns(0x4E2D), 2);
    ck_assert_int_eq(utf8_columns(0xFF0C), 2); // the wide comma
    ck_assert_int_eq(utf8_columns(0x1F600), 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{characters_at_each_border},
                          {what_is_no_character_is_refused},
                          {other_encodings_are_guessed},
                          {line_ends_become_newlines},
                          {nothing_beyond_the_end_is_read},
                          {all_characters_survive},
                          {empty_text_zero_bytes_and_byte_order_marks},
                          {lines_fit},
                          {wide_and_narrow}};
    return run_tests("utf8", tests, sizeof tests / sizeof *tests);
}
