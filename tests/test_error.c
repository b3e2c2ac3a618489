// error.h: each of the three kinds of error says what it should and ends the
// way it should.

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"

START_TEST(set_returns_false_and_formats) {
    Error err = {"before"};
    ck_assert(!error_set(&err, "cannot open %s: %d", "x.gz", 42));
    ck_assert_str_eq(err.message, "cannot open x.gz: 42");
}
END_TEST

START_TEST(set_cuts_a_long_message) {
    char text[4096];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    Error err;
    error_set(&err, "%s", text);
    ck_assert_uint_eq(strlen(err.message), sizeof err.message - 1);
}
END_TEST

static void die_of_a_missing_file(void) {
    die("no %s: run `make mnist`", "digits");
}

START_TEST(die_says_why_and_exits_with_1) {
    Run run = run_function(die_of_a_missing_file);
    ck_assert_int_eq(run.status, 1);
    ck_assert_str_eq(run.output, "error: no digits: run `make mnist`\n");
}
END_TEST

static void require_the_impossible(void) {
    int a = 2, b = 3;
    REQUIRE(a == b, "a is %d, b is %d", a, b);
}

START_TEST(require_says_where_and_aborts) {
    Run run = run_function(require_the_impossible);
    ck_assert_int_eq(run.status, 128 + SIGABRT);
    assert_says(run.output, "test_error.c:");
    assert_says(run.output, "required: a == b\n");
    assert_says(run.output, "a is 2, b is 3\n");
}
END_TEST

START_TEST(require_looks_once) {
    int looked = 0;
    REQUIRE(++looked == 1, "looked %d times", looked);
    ck_assert_int_eq(looked, 1);
}
END_TEST

static void say_a_command(void) {
    say("error", "no folder %s", "\033]0;x\a");
}

START_TEST(names_do_not_command_the_terminal) {
    ck_assert_str_eq(run_function(say_a_command).output,
                     "error: no folder ?]0;x?\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {set_returns_false_and_formats},
        {set_cuts_a_long_message},
        {die_says_why_and_exits_with_1},
        {require_says_where_and_aborts},
        {require_looks_once},
        {names_do_not_command_the_terminal},
    };
    return run_tests("error", tests, sizeof tests / sizeof *tests);
}
