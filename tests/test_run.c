// run.h: the result line, the exit status, and what a signal leaves of both.

#include "run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "figure.h"

#include "testing.h"

// ---- 1. The result line -----------------------------------------------------

static void report(void) {
    run_begin();
    run_result("accuracy=%.2f loss=%g", 0.987, 0.5);
    run_result("seed=%d", 3);
    exit(run_end());
}

START_TEST(words_are_joined) {
    Run run = run_function(report);
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: accuracy=0.99 loss=0.5 seed=3\n");
}
END_TEST

static void report_too_much(void) {
    for (int i = 0; i < 200; i++)
        run_result("figure_%d=%d", i, i);
}

START_TEST(too_long_a_line_aborts) {
    Run run = run_function(report_too_much);
    ck_assert_int_eq(run.status, 128 + SIGABRT);
    assert_says(run.output, "the result line is longer");
}
END_TEST

static void report_nothing(void) {
    exit(run_end());
}

START_TEST(no_words_are_a_line_too) {
    ck_assert_str_eq(run_function(report_nothing).output, "result:\n");
}
END_TEST

// A NaN that no stop explains is not hidden.
static void report_nan(void) {
    run_result("loss=%g other=%g", finished((double)NAN), finished(1.0));
    exit(run_end());
}

START_TEST(nan_is_shown_unless_stopped) {
    Run run = run_function(report_nan);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, "nan other=1\n");
}
END_TEST

static void fail_to_save(void) {
    run_error("cannot write %s", "x.st");
    run_result("accuracy=%g", 0.5);
    exit(run_end());
}

START_TEST(an_error_is_said_and_remembered) {
    Run run = run_function(fail_to_save);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "error: cannot write x.st\n");
    assert_says(run.output, "result: accuracy=0.5\n");
}
END_TEST

static void get_into_trouble(void) {
    run_trouble("guessing", "the loss stays at %g", 2.3);
    run_trouble("exploded", "never said: one diagnosis is enough");
    run_result("accuracy=%g", 0.1);
    exit(run_end());
}

START_TEST(trouble_stands_in_the_line) {
    Run run = run_function(get_into_trouble);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, "warning: the loss stays at 2.3\n");
    assert_says(run.output, "result: accuracy=0.1 trouble=guessing\n");
    assert_never_says(run.output, "never said");
}
END_TEST

static void end_by_failing(void) {
    run_result("accuracy=%g", 0.1);
    run_fail("diverged", "the loss became NaN");
}

START_TEST(a_failed_run_ends_with_its_line) {
    Run run = run_function(end_by_failing);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "error: the loss became NaN\n");
    assert_says(run.output, "result: accuracy=0.1 trouble=diverged\n");
}
END_TEST

// ---- 2. Signals -------------------------------------------------------------

static int signal_sent = SIGINT;

// One figure before the signal, one after it, and a mean of both.
static void be_stopped(void) {
    signal(SIGHUP, SIG_DFL); // under nohup it would be left alone
    run_catch_signals();
    double first = finished(0.25);
    raise(signal_sent);
    double second = finished(0.75);
    run_result("first=%g second=%.4f mean=%g seed=%d", first, second,
               (first + second) / 2, 1);
    exit(run_end());
}

static void check_stop(int number) {
    signal_sent = number;
    Run run = run_function(be_stopped);
    ck_assert_int_eq(run.status, 128 + number);
    assert_says(run.output, "interrupted: ");
    assert_says(run.output, "result: first=0.25 seed=1 interrupted=1\n");
}

START_TEST(a_stop_leaves_what_was_finished) {
    check_stop(SIGINT);
    check_stop(SIGTERM);
    check_stop(SIGHUP);
}
END_TEST

static void stop_once(void) {
    run_catch_signals();
    printf("%d", stop_requested());
    raise(SIGINT);
    printf("%d", stop_requested());
    fflush(stdout);
}

static void stop_twice(void) {
    stop_once();
    run_catch_signals(); // as the next net's training does
    printf("%d", stop_requested());
    fflush(stdout);
    raise(SIGINT);
    printf("not reached");
}

START_TEST(the_second_signal_kills) {
    Run run = run_function(stop_twice);
    ck_assert_int_eq(run.status, 128 + SIGINT);
    ck_assert_str_eq(run.output, "011");
}
END_TEST

static void hang_up_under_nohup(void) {
    signal(SIGHUP, SIG_IGN);
    run_catch_signals();
    raise(SIGHUP);
    printf("%d", stop_requested());
}

START_TEST(nohup_is_respected) {
    ck_assert_str_eq(run_function(hang_up_under_nohup).output, "0");
}
END_TEST

static void draw_after_a_stop(void) {
    Figure f;
    stop_once();
    printf("%d", figure_open(&f, "ch01", "gates", "svg"));
    printf("%d", access("out", F_OK) == 0);
}

START_TEST(a_stopped_run_draws_no_chart) {
    ck_assert_str_eq(run_function(draw_after_a_stop).output, "0100");
}
END_TEST

// ---- 3. Output --------------------------------------------------------------

// A program whose stdout goes to `file`, seen from outside.
static Run run_into(const char *redirection) {
    return run_program("gates --quiet --plot none %s", redirection);
}

START_TEST(lost_output_is_an_error) {
    const char *redirections[] = {">&-", ">/dev/full", "--help >/dev/full"};
    for (int i = access("/dev/full", W_OK) == 0 ? 2 : 0; i >= 0; i--) {
        Run run = run_into(redirections[i]);
        ck_assert_msg(run.status == 1, "%s: %d", redirections[i], run.status);
        assert_says(run.output, "could not be written");
    }
}
END_TEST

// What goes to a closed stdout must not land in the next file that is opened.
START_TEST(a_closed_stdout_is_given_to_no_file) {
    Run run = run_program("gates --plot svg >&-");
    ck_assert_int_eq(run.status, 1);
    assert_never_says(text_of("out/ch01/gates.csv"), "result:");
}
END_TEST

// A pipe's reader sees a line when it is printed, not when the program ends.
START_TEST(lines_arrive_one_by_one) {
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(project_path("mlp").text, "mlp", "--data", "synthetic", "--limit",
              "1000", "--epochs", "1000", "--plot", "none", (char *)NULL);
        _exit(127);
    }
    char text[64] = "";
    ck_assert_int_gt(read(ends[0], text, sizeof text - 1), 0);
    ck_assert_int_eq(strncmp(text, "data: ", 6), 0);
    ck_assert_int_eq(kill(child, 0), 0); // it goes on
    kill(child, SIGKILL);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {words_are_joined},
        {too_long_a_line_aborts},
        {no_words_are_a_line_too},
        {nan_is_shown_unless_stopped},
        {an_error_is_said_and_remembered},
        {trouble_stands_in_the_line},
        {a_failed_run_ends_with_its_line},
        {a_stop_leaves_what_was_finished},
        {the_second_signal_kills},
        {nohup_is_respected},
        {a_stopped_run_draws_no_chart},
        {lost_output_is_an_error},
        {a_closed_stdout_is_given_to_no_file},
        {lines_arrive_one_by_one},
    };
    return run_tests("run", tests, sizeof tests / sizeof *tests);
}
