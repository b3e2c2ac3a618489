#include "run.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "text.h"

enum { MAX_RESULT = 1024, LINE_WIDTH = 80 };

// A process has one run, and a signal handler takes no argument: so the run's
// state is not handed around but stands here.
static volatile sig_atomic_t caught; // the signal, 0 before
static struct {
    char result[MAX_RESULT]; // "name=value name=value ..."
    const char *trouble;     // NULL: none
    int status;              // to exit with
} run;

// ---- 1. Output --------------------------------------------------------------

// A closed descriptor 1 would be given to the next file that is opened, and
// the program's lines would land in it. /dev/null, opened for reading, takes
// its place: writing to it fails, as it should.
static void keep_standard_descriptors(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDONLY); // takes the lowest free number: fd
}

// At exit. Some errors (a full disk on a network) show only when closing.
static void close_stdout(void) {
    bool lost = ferror(stdout) != 0;
    lost |= fclose(stdout) != 0; // not ||: it is closed in any case
    if (!lost)
        return;
    say("error", "the output could not be written: is the disk full, or "
                 "stdout closed?");
    _exit(1);
}

// A shell script starts what runs in its background with SIGINT ignored. A run
// is to be stopped by a signal at any moment, so it takes none of that over.
static void heed_signal(int number) {
    struct sigaction old;
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
        signal(number, SIG_DFL);
}

void run_begin(void) {
    static bool begun;
    if (begun)
        return;
    begun = true;
    keep_standard_descriptors();
    heed_signal(SIGINT);
    heed_signal(SIGTERM);
    setvbuf(stdout, NULL, _IOLBF, 0);
    atexit(close_stdout);
}

// ---- 2. Signals -------------------------------------------------------------

static void on_signal(int number) {
    caught = number;
}

// Restores the default action on the first signal, so that the second kills.
static void catch_signal(int number) {
    struct sigaction old, action = {.sa_handler = on_signal,
                                    .sa_flags = SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    if (number == SIGHUP && sigaction(number, NULL, &old) == 0 &&
        old.sa_handler == SIG_IGN) // nohup
        return;
    sigaction(number, &action, NULL);
}

void run_catch_signals(void) {
    if (stop_requested())
        return; // a second signal kills whatever was begun since
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    catch_signal(SIGHUP);
}

bool stop_requested(void) {
    return caught != 0;
}

double finished(double figure) {
    return stop_requested() ? (double)NAN : figure;
}

// ---- 3. The result line -----------------------------------------------------

static void add_words(const char *format, va_list args) {
    size_t used = strlen(run.result);
    if (used > 0)
        run.result[used++] = ' ';
    size_t room = sizeof run.result - used;
    int length = vsnprintf(run.result + used, room, format, args);
    REQUIRE(length >= 0 && (size_t)length + 1 < room,
            "the result line is longer than %d characters", MAX_RESULT - 2);
}

void run_result(const char *format, ...) {
    va_list args;
    va_start(args, format);
    add_words(format, args);
    va_end(args);
}

// "loss=nan", "loss=-nan": a figure that a stopped run did not finish.
static bool is_unfinished(const char *word) {
    const char *value = strchr(word, '=');
    return value != NULL &&
           (strcmp(value, "=nan") == 0 || strcmp(value, "=-nan") == 0);
}

static void drop_unfinished(void) {
    char words[MAX_RESULT];
    strcpy(words, run.result);
    run.result[0] = '\0';
    for (char *w = strtok(words, " "); w != NULL; w = strtok(NULL, " "))
        if (!is_unfinished(w))
            run_result("%s", w);
}

int run_end(void) {
    if (stop_requested()) {
        drop_unfinished();
        run_result("interrupted=1");
        say("interrupted", "the result line has what was finished; unfinished "
                           "charts are not drawn");
    }
    if (run.trouble != NULL)
        run_result("trouble=%s", run.trouble);
    printf("result:%s", run.result[0] != '\0' ? " " : "");
    if (isatty(STDOUT_FILENO))
        text_print_wrapped(stdout, run.result, 8, 8, LINE_WIDTH);
    else
        printf("%s\n", run.result);
    return stop_requested() ? 128 + caught : run.status;
}

// ---- 4. Trouble -------------------------------------------------------------

void run_trouble(const char *kind, const char *format, ...) {
    if (run.trouble != NULL)
        return;
    run.trouble = kind;
    va_list args;
    va_start(args, format);
    say_list("warning", format, args);
    va_end(args);
}

void run_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say_list("error", format, args);
    va_end(args);
    run.status = 1;
}

void run_fail(const char *kind, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say_list("error", format, args);
    va_end(args);
    run.trouble = kind;
    run_end();
    exit(1);
}
