// test_text.c - numbers that are numbers, words that are alike, lines that fit.

#include "text.h"

#include "testing.h"

START_TEST(whole_numbers_are_read_whole) {
    long long value;
    ck_assert(text_to_whole("-12", &value) && value == -12);
    ck_assert(text_to_whole("007", &value) && value == 7);
    ck_assert(text_to_whole("9223372036854775807", &value));
    ck_assert(value == 9223372036854775807);
    const char *wrong[] = {
        "",
        "-",
        "--1",
        "+1",
        " 1",
        "1 ",
        "1x",
        "0x10",
        "1.0",
        "1e3",
        "9223372036854775808",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!text_to_whole(wrong[i], &value), "'%s'", wrong[i]);
}
END_TEST

START_TEST(numbers_are_read_whole) {
    double value;
    ck_assert(text_to_number("-1.5e-3", &value) && value == -1.5e-3);
    ck_assert(text_to_number(".5", &value) && value == 0.5);
    ck_assert(text_to_number("5.", &value) && value == 5);
    ck_assert(text_to_number("1E+2", &value) && value == 100);
    const char *wrong[] = {
        "",   "-",     ".",   "e",   "+1",   " 1",  "1 ",   "1x",    "1e",
        "1,", "1.2.3", "0x1", "nan", "-nan", "inf", "-inf", "1e999", "-1e999",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!text_to_number(wrong[i], &value), "'%s'", wrong[i]);
}
END_TEST

START_TEST(distance_counts_letters) {
    ck_assert_int_eq(text_distance("", ""), 0);
    ck_assert_int_eq(text_distance("abc", ""), 3);
    ck_assert_int_eq(text_distance("", "abc"), 3);
    ck_assert_int_eq(text_distance("epoch", "epochs"), 1);
    ck_assert_int_eq(text_distance("kitten", "sitting"), 3);
    ck_assert_int_eq(text_distance("saturday", "sunday"), 3);
}
END_TEST

START_TEST(distance_of_a_long_word_aborts) {
    text_distance("a", "12345678901234567890123456789012");
}
END_TEST

START_TEST(one_of_several_words) {
    ck_assert(text_is_one_of("svg", "svg|png|pdf"));
    ck_assert(text_is_one_of("png", "svg|png|pdf"));
    ck_assert(text_is_one_of("pdf", "svg|png|pdf"));
    const char *wrong[] = {"", "sv", "svgs", "PNG", "svg|png", "|", "jpg"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(!text_is_one_of(wrong[i], "svg|png|pdf"), "'%s'",
                      wrong[i]);
}
END_TEST

static void print_in_nine_columns(void) {
    text_print_wrapped(stdout, "aaaa bbbb c  d\ne longer-than-that f", 0, 2, 9);
}

static void print_behind_a_label(void) {
    text_print_wrapped(stdout, "aaaa bbbb", 5, 2, 9);
}

// Letters of all alphabets are plain; U+009B, which begins a command as ESC [
// does, is not. Half a character is left as it is.
START_TEST(plain_text_holds_no_command) {
    const char *const plain[] = {"", "a b~", "\u00A0\u00E9\u6570\u5B57",
                                 "\xC2"};
    for (int i = 0; i < 4; i++)
        ck_assert(text_is_plain(plain[i]));
    const char *const other[][2] = {
        {"\033]0;x\a", "?]0;x?"},
        {"a\tb\n", "a?b?"},
        {"\x7F", "?"},
        {"a\xC2\x9B"
         "31m",
         "a??31m"},
        {"\xC2\x80\xC2\xA0", "??\xC2\xA0"},
    };
    for (int i = 0; i < 5; i++) {
        char text[16];
        strcpy(text, other[i][0]);
        ck_assert(!text_is_plain(text));
        text_make_plain(text);
        ck_assert_str_eq(text, other[i][1]);
        ck_assert(text_is_plain(text));
    }
}
END_TEST

START_TEST(lines_end_where_they_must) {
    ck_assert_str_eq(run_function(print_in_nine_columns).output,
                     "aaaa bbbb\n"
                     "  c d e\n"
                     "  longer-than-that\n"
                     "  f\n");
    ck_assert_str_eq(run_function(print_behind_a_label).output, "aaaa\n"
                                                                "  bbbb\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {whole_numbers_are_read_whole},
        {numbers_are_read_whole},
        {distance_counts_letters},
        {distance_of_a_long_word_aborts, .signal = SIGABRT},
        {one_of_several_words},
        {plain_text_holds_no_command},
        {lines_end_where_they_must},
    };
    return run_tests("text", tests, sizeof tests / sizeof *tests);
}
