// run.h - how a run ends: with its result line, stopped by a signal, or failed.
//
// A program says at its end what it found, and returns what run_end returns:
//
//     run_result("test_accuracy=%.4f seed=%d", accuracy, seed);
//     return run_end(); // result: test_accuracy=0.9912 seed=1
//
// Ctrl-C (SIGINT), SIGTERM and SIGHUP ask a run to end. Its loops test
// stop_requested(); what they had not completed by then is no result. So every
// figure goes through finished(), which makes it NaN after a stop. NaN spreads
// through means and ratios by itself, and the result line leaves out what is
// NaN:
//
//     result: sgd=0.4120 seed=1 interrupted=1      (momentum was not finished)
//
// A stopped run draws no figures (figure.h): one of a finished run may be there.

#ifndef DL_RUN_H
#define DL_RUN_H

#include <stdbool.h>
#include <stdnoreturn.h>

// Called by cli_parse. stdout is written line by line, also into a pipe or a
// file, so that a run that is killed leaves the lines so far. If stdout cannot
// be written (a full disk, a closed descriptor), the program says so at its end
// and exits with 1.
void run_begin(void);

// From here on the first signal only asks; progress_init calls it. The second
// signal of the same kind kills. SIGHUP stays ignored under nohup.
void run_catch_signals(void);

// True once a signal has come. Loops test it: while (!stop_requested() && ...).
bool stop_requested(void);

// figure, or NaN if a stop was requested before it was complete.
double finished(double figure);

// Adds printf-style words "name=value" to the result line, blanks between them.
void run_result(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Training went wrong, but the program can go on: prints "warning: ..." on
// stderr and adds trouble=KIND to the result line. The first one counts.
void run_trouble(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Something asked for failed (the weights could not be saved), but the rest is
// worth having: prints "error: ..." on stderr; run_end then returns 1.
void run_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Training cannot go on: prints "error: ..." and the result line with
// trouble=KIND, and exits with 1.
noreturn void run_fail(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Prints the result line, the last one on stdout; on a terminal it is broken
// between words. Returns main's exit status: 0, 1 after run_error, or 128 + the
// signal's number after a stop (Ctrl-C 130, SIGTERM 143, SIGHUP 129).
int run_end(void);

#endif
