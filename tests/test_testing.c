// The runner is trusted by every other test, so here it is shown tests that it
// must not let pass. This binary runs itself: `test_testing NAME` runs the one
// bad test of that name, and the outer tests look at how that ends.

#include "figures.h"
#include "tables.h"
#include "testing.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "error.h"

// ---- 1. Tests that must not pass, and one that must -------------------------

START_TEST(good) {
    ck_assert_int_eq(1, 1);
}
END_TEST

START_TEST(exits_half_way) {
    exit(0);
}
END_TEST

START_TEST(fails) {
    ck_assert_int_eq(1, 2);
}
END_TEST

START_TEST(aborts) {
    abort();
}
END_TEST

START_TEST(dies) {
    die("on purpose");
}
END_TEST

// What a program under test might do in place of its work.

START_TEST(leaves_half_way) {
    _exit(0);
}
END_TEST

START_TEST(crashes) {
    raise(SIGSEGV);
}
END_TEST

START_TEST(hangs) {
    for (;;)
        pause();
}
END_TEST

START_TEST(runs_what_hangs) {
    run_program("/bin/sleep 77");
}
END_TEST

START_TEST(prints_without_end) {
    static char much[1 << 20];
    for (;;)
        fwrite(memset(much, 'x', sizeof much), sizeof much, 1, stdout);
}
END_TEST

START_TEST(runs_what_prints_without_end) {
    run_program("/usr/bin/yes");
}
END_TEST

START_TEST(claims_and_leaves) {
    puts("100%: Checks: 1000, Failures: 0, Errors: 0\n1000 passed, 0 failed");
    if (write(3, "1 passed 0 x x.c:1\n", 19) > 0)
        puts("somebody took it");
    fflush(stdout);
    _exit(0);
}
END_TEST

START_TEST(kills_the_runner) {
    kill(getppid(), SIGKILL);
}
END_TEST

// A child in a session of its own is in no process group of the test. Its
// number goes into the file $CHILD.
START_TEST(leaves_a_child) {
    pid_t child = fork();
    if (child == 0) {
        setsid();
        FILE *file = fopen(getenv("CHILD"), "w");
        fprintf(file, "%d", (int)getpid());
        fclose(file);
        for (;;)
            pause();
    }
    while (access(getenv("CHILD"), F_OK) != 0)
        usleep(1000);
}
END_TEST

START_TEST(takes_much_memory) {
    ck_assert_ptr_null(malloc((size_t)3 << 30));
}
END_TEST

START_TEST(nan_is_not_close) {
    const float got[] = {1.0f, NAN}, want[] = {1.0f, 2.0f};
    assert_close(got, want, 2, 1e-3, "x");
}
END_TEST

START_TEST(far_is_not_close) {
    const float got[] = {1.0f, 200.3f}, want[] = {1.0f, 200.0f};
    assert_close(got, want, 2, 1e-3, "x");
}
END_TEST

START_TEST(says_it_otherwise) {
    const char *text = "epoch 1\nloss=0.25 seed=1\n";
    assert_says(text, "seed=1");
    assert_never_says(text, "epoch 2");
    assert_says(text, "loss=0.50");
}
END_TEST

START_TEST(says_too_much) {
    const char *text = "loss=0.25 seed=1\n";
    assert_never_says(text, "seed");
}
END_TEST

START_TEST(has_another_number) {
    assert_row("OR 3 4\nAND 10 4\n", "AND", (double[]){10, 5}, 2, 0.5);
}
END_TEST

START_TEST(draws_another_number) {
    Path file = write_text("c.csv", "x,y\n1,2\n2,\n");
    assert_column(file.text, 0, "x", (double[]){1, 2}, 2, 0);
    assert_column(file.text, 0, "y", (double[]){2, 3}, 2, 0);
}
END_TEST

START_TEST(draws_too_much) {
    Path file = write_text("c.csv", "x\n1\n2\n");
    assert_column(file.text, 0, "x", (double[]){1}, 1, 0);
}
END_TEST

START_TEST(draws_another_picture) {
    Path file = write_text("c.csv", "x,value\n1,4\n2,8\n3,6\n");
    assert_pixels(file.text, 0, (const float[]){4, 8, 6}, 3, 1e-6);
    assert_pixels(file.text, 0, (const float[]){4, 8, 9}, 3, 0.2);
}
END_TEST

START_TEST(says_more_than_its_result) {
    run_for_result("/bin/sh -c 'echo result: a=1'");
    run_for_result("/bin/sh -c 'echo epoch 1; echo result: a=1'");
}
END_TEST

// The entry called name; several entries try one function in several ways.
static int run_inner(const char *name) {
    unsetenv("CK_RUN_CASE"); // of the outer test
    const struct {
        const char *name;
        Test test;
    } table[] = {
        {"good", {good}},
        {"exits_half_way", {exits_half_way}},
        {"fails", {fails}},
        {"aborts", {aborts}},
        {"abort_expected", {aborts, .signal = SIGABRT}},
        {"no_abort", {good, .signal = SIGABRT}},
        {"fails_not_aborts", {fails, .signal = SIGABRT}},
        {"exit_expected", {dies, .exit_status = 1}},
        {"no_exit", {good, .exit_status = 1}},
        {"fails_not_exits", {fails, .exit_status = 1}},
        {"leaves_half_way", {leaves_half_way}},
        {"crashes", {crashes}},
        {"hangs", {hangs, .seconds = 0.2}},
        {"runs_what_hangs", {runs_what_hangs, .seconds = 2}},
        {"prints_without_end", {prints_without_end, .seconds = 60}},
        {"runs_what_prints_without_end",
         {runs_what_prints_without_end, .seconds = 60}},
        {"claims_and_leaves", {claims_and_leaves}},
        {"kills_the_runner", {kills_the_runner}},
        {"leaves_a_child", {leaves_a_child}},
        {"takes_much_memory", {takes_much_memory}},
        {"nan_is_not_close", {nan_is_not_close}},
        {"far_is_not_close", {far_is_not_close}},
        {"says_it_otherwise", {says_it_otherwise}},
        {"says_too_much", {says_too_much}},
        {"has_another_number", {has_another_number}},
        {"draws_another_number", {draws_another_number}},
        {"draws_too_much", {draws_too_much}},
        {"draws_another_picture", {draws_another_picture}},
        {"says_more_than_its_result", {says_more_than_its_result}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcmp(table[i].name, name) == 0)
            return run_tests(name, &table[i].test, 1);
    return strcmp(name, "nothing") == 0 ? run_tests(name, NULL, 0) : 2;
}

// ---- 2. What the runner makes of them --------------------------------------

static char self[PATH_MAX]; // absolute path of this binary, set by main

// True if the runner calls the inner test passed.
static bool passes(const char *name) {
    // from the root on, as run_program takes it: without the root's own name,
    // which may hold blanks or quotation marks
    size_t root = strlen(project_path("").text);
    Run run = run_program("%s %s", self + root, name);
    ck_assert_msg(run.status == 0 || run.status == 1, "%s ends with %d: %s",
                  name, run.status, run.output);
    return run.status == 0;
}

START_TEST(good_tests_pass) {
    ck_assert(passes("good"));
    ck_assert(passes("abort_expected"));
    ck_assert(passes("exit_expected"));
}
END_TEST

START_TEST(bad_tests_fail) {
    ck_assert(!passes("fails"));
    ck_assert(!passes("aborts"));
    ck_assert(!passes("no_abort"));
    ck_assert(!passes("fails_not_aborts"));
    ck_assert(!passes("no_exit"));
}
END_TEST

START_TEST(exit_half_way_is_noticed) {
    ck_assert(!passes("exits_half_way"));
    ck_assert(!passes("leaves_half_way"));
}
END_TEST

START_TEST(failed_check_is_no_exit) {
    ck_assert(!passes("fails_not_exits"));
}
END_TEST

START_TEST(nothing_run_is_a_failure) {
    ck_assert(!passes("nothing"));
    setenv("CK_RUN_SUITE", "mistyped", 1);
    ck_assert(!passes("good"));
}
END_TEST

START_TEST(close_is_relative_and_refuses_nan) {
    ck_assert(!passes("nan_is_not_close"));
    ck_assert(!passes("far_is_not_close"));
    const float got[] = {200.1f, 0.0009f}, want[] = {200.0f, 0.0f};
    assert_close(got, want, 2, 1e-3, "x");
}
END_TEST

// The same by way of run.sh, which must end so and say this.
static void assert_run_sh(const char *name, const char *end, const char *says) {
    setenv("SELF", self, 1);
    unsetenv("SLOWER"); // of tests that hang
    char script[128];
    snprintf(script, sizeof script, "#!/bin/sh\nexec \"$SELF\" %s\n", name);
    ck_assert_int_eq(chmod(write_text("cheat", script).text, 0755), 0);
    Run run = run_program("tests/run.sh \"$PWD\"/cheat");
    size_t size = strlen(run.output), last = strlen(end);
    ck_assert_msg(size > last && strcmp(run.output + size - last, end) == 0,
                  "%s does not end with %s: %s", name, end, run.output);
    assert_says(run.output, says);
}

static const char lost[] = "\n0 passed, 1 failed\n";

START_TEST(what_is_printed_is_no_verdict) {
    assert_run_sh("good", "\n1 passed, 0 failed\n", "cheat ");
    assert_run_sh("claims_and_leaves", lost, "it called exit");
    Run run = run_program("tests/run.sh \"$PWD\"/cheat");
    assert_never_says(run.output, "somebody took it");
    assert_run_sh("exits_half_way", lost, "it called exit");
    assert_run_sh("fails", lost, "1 is 1, not 2");
}
END_TEST

START_TEST(missing_words_are_told_with_the_nearest) {
    assert_run_sh("says_it_otherwise", lost,
                  "text does not say \"loss=0.50\"; what comes nearest is "
                  "\"loss=0.25 seed=1\"");
    assert_run_sh("says_too_much", lost, "text must not say \"seed\"");
    assert_run_sh("says_more_than_its_result", lost,
                  "--plot none --quiet prints more than its result line:");
}
END_TEST

START_TEST(wrong_numbers_are_told_with_their_place) {
    assert_run_sh("has_another_number", lost,
                  "number 2 of the line of \"AND\" is 4, not 5 (1 apart, 0.5 "
                  "allowed)");
    assert_run_sh("draws_another_number", lost, ", block 0, row 2: y is nan");
    assert_run_sh("draws_too_much", lost, "has more than 1 rows, not 1");
    assert_run_sh("draws_another_picture", lost, "row 3: value is 6, not 9");
}
END_TEST

START_TEST(a_crash_loses_no_test) {
    assert_run_sh("crashes", lost, "failed: crashes, "); // ASan: exits
    assert_run_sh("kills_the_runner", lost, "not run: the runner ended");
}
END_TEST

START_TEST(what_hangs_is_ended) {
    assert_run_sh("hangs", lost, "imeout");
    assert_run_sh("runs_what_hangs", lost,
                  "/bin/sleep 77 did not end within the test's time limit");
}
END_TEST

START_TEST(output_without_end_is_cut) {
    assert_run_sh("prints_without_end", lost, "ile size limit");
    assert_run_sh("runs_what_prints_without_end", lost,
                  "/usr/bin/yes printed more than 64 MB");
}
END_TEST

START_TEST(memory_is_limited) {
    if (memory_can_be_limited())
        assert_run_sh("takes_much_memory", "\n1 passed, 0 failed\n", "cheat");
    else
        skip_test("memory_is_limited", "not with this compiler's sanitizer");
}
END_TEST

START_TEST(nothing_stays_behind) {
#ifdef __linux__
    setenv("CHILD", scratch_path("child").text, 1);
    assert_run_sh("leaves_a_child", "\n1 passed, 0 failed\n", "cheat ");
    ck_assert_int_eq(kill(atoi(text_of("child")), 0), -1);
#endif
}
END_TEST

// ---- 3. Running and paths --------------------------------------------------

static void say_both_and_abort(void) {
    printf("to stdout\n");
    fprintf(stderr, "to stderr\n");
    fflush(stdout);
    abort();
}

static void say_much(void) {
    for (int i = 0; i < 20000; i++)
        printf("line %d\n", i);
    printf("result: accuracy=0.5 loss=-1.25e-2\n");
}

static void read_input(void) {
    char byte;
    exit(read(STDIN_FILENO, &byte, 1) == 0 ? 7 : 8);
}

START_TEST(run_tells_output_and_status) {
    Run run = run_function(say_both_and_abort);
    ck_assert_int_eq(run.status, 128 + SIGABRT);
    assert_says(run.output, "to stdout\n");
    assert_says(run.output, "to stderr\n");
    ck_assert_ptr_nonnull(freopen(self, "r", stdin)); // not what it gets
    ck_assert_int_eq(run_function(read_input).status, 7);
    ck_assert_int_eq(run_program("/bin/sh -c 'exit 3'").status, 3);
    ck_assert_int_eq(run_program("no_such_program").status, 127);
}
END_TEST

static void leave_a_writer(void) {
    printf("to stdout\n");
    fflush(stdout);
    if (fork() > 0)
        return;
    for (int i = 0; i < 770; i++) {
        usleep(100000);
        printf("late\n");
        fflush(stdout);
    }
    _exit(0);
}

START_TEST(a_childs_children_are_not_waited_for) {
    time_t started = time(NULL);
    Run run = run_function(leave_a_writer);
    ck_assert_str_eq(run.output, "to stdout\n");
    ck_assert_int_le(time(NULL) - started, 3);
}
END_TEST

START_TEST(long_output_keeps_its_end) {
    Run run = run_function(say_much);
    ck_assert_uint_ge(strlen(run.output), sizeof run.output / 2 - 1);
    assert_never_says(run.output, "line 99\n");
    assert_says(run.output, "line 17999\nline 18000\n");
    ck_assert_double_eq(result_value(&run, "accuracy"), 0.5);
    ck_assert_double_eq(result_value(&run, "loss"), -0.0125);
}
END_TEST

START_TEST(paths_hold_from_any_folder) {
    ck_assert_int_eq(access("nothing", F_OK), -1);
    write_text("file", "1,2\n");
    ck_assert_int_eq(access("file", F_OK), 0);
    ck_assert_str_eq(text_of("file"), "1,2\n");
    ck_assert_int_eq(access(project_path("tests/testing.h").text, R_OK), 0);
    Path golden = project_path("tests/golden/x");
    ck_assert_str_eq(golden_path("x").text, golden.text);
}
END_TEST

START_TEST(scratch_is_fresh_for_each_test) {
    ck_assert_int_eq(access(scratch_path("file").text, F_OK), -1);
}
END_TEST

int main(int argc, char **argv) {
    if (argc > 1)
        return run_inner(argv[1]);
    if (realpath(argv[0], self) == NULL)
        return 2;
    const Test tests[] = {
        {good_tests_pass},
        {bad_tests_fail},
        {exit_half_way_is_noticed},
        {failed_check_is_no_exit},
        {nothing_run_is_a_failure},
        {close_is_relative_and_refuses_nan},
        {what_is_printed_is_no_verdict, .seconds = 20},
        {missing_words_are_told_with_the_nearest},
        {wrong_numbers_are_told_with_their_place},
        {a_crash_loses_no_test, .seconds = 20},
        {what_hangs_is_ended, .seconds = 40},
        {output_without_end_is_cut, .seconds = 150},
        {memory_is_limited},
        {nothing_stays_behind},
        {a_childs_children_are_not_waited_for},
        {run_tells_output_and_status},
        {long_output_keeps_its_end},
        {paths_hold_from_any_folder},
        {scratch_is_fresh_for_each_test},
    };
    return run_tests("testing", tests, sizeof tests / sizeof *tests);
}
