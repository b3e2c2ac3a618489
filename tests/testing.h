// testing.h - what every test file shares: the runner, paths and comparisons.
//
// A test file ends with
//
//     int main(void) {
//         const Test tests[] = {
//             {resize_keeps_memory},
//             {bad_shape_aborts, .signal = SIGABRT},
//             {no_memory_dies, .exit_status = 1},
//             {net_learns, .seconds = 20},
//         };
//         return run_tests("tensor", tests, sizeof tests / sizeof *tests);
//     }
//
// To see one test alone: CK_RUN_CASE=bad_shape_aborts build/release/tests/...
// (it then exits with 1, because not every test was run).

#ifndef DL_TESTING_H
#define DL_TESTING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "messages.h"

// ck_assert_float_eq prints its floats, which promotes them to double.
#pragma GCC diagnostic ignored "-Wdouble-promotion"

// Fields that a test's entry leaves out are zero, which is what is meant.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

typedef struct {
    const TTest *test; // what START_TEST(name) defines as name
    int signal;        // 0, or the signal the test must end with (SIGABRT)
    int exit_status;   // 0, or the status it must exit with (1, 2)
    double seconds;    // 0 (10 s), or its time limit; times $SLOWER
} Test;

// Runs each test in a process of its own and prints Check's summary. Returns 0
// only if every one ran, and ran to its end. That closes three holes of Check:
// a test that calls exit(0) half-way passes there, so does a failed ck_assert
// where the exit status 1 is expected, and so does a run that selects no test.
// run.sh is told the verdicts apart from what the tests print.
//
// A test has 2 GiB of memory, writes files of at most 256 MiB, and whatever it
// started ends with it. Its time limit should be ten times what it takes on a
// quiet machine; `make test SLOWER=10` makes every limit ten times longer.
int run_tests(const char *name, const Test *tests, size_t count);
bool memory_can_be_limited(void); // not under AddressSanitizer

// |got - want| <= tolerance * max(1, |want|), else the test fails and says
// which element it was. NaN fails.
void assert_close(const float *got, const float *want, size_t n,
                  double tolerance, const char *what);

typedef struct {
    char text[1024];
} Path;

// The path of a file of the project, or of one in tests/golden/, from any
// working folder: project_path("tests/run.sh"), golden_path("conv.bin").
Path project_path(const char *file);
Path golden_path(const char *file);

// A file in a folder that is fresh for each test, and where it runs; removed by
// the runner. scratch_path("") is the folder itself.
Path scratch_path(const char *file);

// Such a file with these bytes, or this text, in folders that are made if need
// be.
Path write_bytes(const char *file, const void *bytes, size_t size);
Path write_text(const char *file, const char *text);

// The test cannot be run here; it should return now. why: "no gnuplot".
void skip_test(const char *test, const char *why);

// The MNIST folder: $MNIST_DIR, else data/mnist at the project's root. NULL if
// the files are not there, after skip_test().
const char *mnist_dir_or_skip(const char *test);

// The text of a file, say of a chart's CSV, of less than 4 MiB. The next call
// overwrites it; the test fails if there is no such file.
const char *text_of(const char *file);

// How something that was run ended, and what it said.
typedef struct {
    int status;         // exit status; 128 + signal number if killed
    char output[65536]; // stdout and stderr; the last 32 KiB if it is long
} Run;

// Runs a program that lies at the project's root (or a path below it, or an
// absolute one) with its arguments as a shell would read them; the command line
// is written as for printf:
//     Run run = run_program("lenet --limit 200 --seed %d", seed);
// Input is empty. The test fails if the program does not end within its time,
// or prints without end; after run_well also if it ends with another status than
// 0. run_for_result adds --plot none --quiet to the line, and the result line
// must be all that is printed.
typedef enum { RUN_ANYHOW, RUN_WELL, RUN_FOR_RESULT } How;
Run run_line(How how, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define run_program(...)    FROM_HERE(run_line(RUN_ANYHOW, __VA_ARGS__))
#define run_well(...)       FROM_HERE(run_line(RUN_WELL, __VA_ARGS__))
#define run_for_result(...) FROM_HERE(run_line(RUN_FOR_RESULT, __VA_ARGS__))

// Calls a program's main, in the test itself, with these words; returns its
// exit status.
int call_main(int (*program)(int, char **), const char *words);

// The same as run_program for a function, in a process of its own: what die()
// and REQUIRE() say can be looked at.
Run run_function(void (*function)(void));

// read prints "it was read" or an error message. With 0, step, ... most KiB of
// memory left, as far as the system can limit it (Linux, no sanitizer), the
// message must blame the memory, not the file.
void assert_blames_memory(void (*read)(void), int most, int step);

// No line is longer than 80 bytes, but for those that begin with "result:" or
// "data:".
void assert_80_columns(const Run *run);

// With seeds 1 to 3, on synthetic digits: "mlp --epochs 3" ends with more than
// this test_accuracy and less than this test_loss.
void assert_learns(const char *command_line, double accuracy, double loss);

// The number that the result line gives a name: 0.99 for "test_accuracy" in
// "result: test_accuracy=0.99 epochs=3". The test fails if there is none.
double result_value(const Run *run, const char *name);

// The result lines of these two outputs are the same, but for what a clock
// measured (seconds=, digits_per_second=, faster=). what: whose they are.
void assert_same_result(const char *one, const char *other, const char *what);

#define write_bytes(...)          FROM_HERE(write_bytes(__VA_ARGS__))
#define write_text(...)           FROM_HERE(write_text(__VA_ARGS__))
#define assert_close(...)         FROM_HERE(assert_close(__VA_ARGS__))
#define text_of(...)              FROM_HERE(text_of(__VA_ARGS__))
#define assert_blames_memory(...) FROM_HERE(assert_blames_memory(__VA_ARGS__))
#define assert_80_columns(...)    FROM_HERE(assert_80_columns(__VA_ARGS__))
#define assert_learns(...)        FROM_HERE(assert_learns(__VA_ARGS__))
#define result_value(...)         FROM_HERE(result_value(__VA_ARGS__))
#define assert_same_result(...)   FROM_HERE(assert_same_result(__VA_ARGS__))

#endif
