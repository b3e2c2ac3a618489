// Every program, for a second or two. On a terminal of 80 columns no line
// wraps, no progress bar wipes what was printed, none is left behind, and the
// result line is whole: elsewhere stdout is a pipe or a file, so that only
// these tests see what a reader sees. With more threads the result is the same.

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "utf8.h"

#include "testing.h"

// ---- 1. A terminal ----------------------------------------------------------

enum { COLUMNS = 80 };

// What happens on one line of the screen, character by character.
typedef struct {
    const char *program;
    char line[4 * COLUMNS + 1]; // what stands there, in UTF-8
    int bytes, column;
    char result[4096]; // the result line's pieces, joined
    bool in_result;
    const char *wrong; // the first thing that went wrong
    char where[4 * COLUMNS + 1];
} Terminal;

static void complain(Terminal *t, const char *wrong) {
    if (t->wrong == NULL) {
        t->wrong = wrong;
        strcpy(t->where, t->line);
    }
}

static bool is_bar(const char *line) {
    int epoch, epochs, used = 0;
    return sscanf(line, "epoch %d/%d [%n", &epoch, &epochs, &used) == 2 &&
           used > 0;
}

static void clear_line(Terminal *t) {
    t->bytes = t->column = 0;
    t->line[0] = '\0';
}

static void end_line(Terminal *t) {
    if (is_bar(t->line))
        complain(t, "a progress bar is left behind");
    if (t->bytes > 0 && t->line[t->bytes - 1] == ' ')
        complain(t, "blanks at the end of a line");
    bool begins = strncmp(t->line, "result:", 7) == 0;
    t->in_result = begins || (t->in_result && t->line[0] == ' ');
    if (t->in_result) {
        size_t n = strlen(t->result);
        snprintf(t->result + n, sizeof t->result - n, "%s ", t->line);
    }
    clear_line(t);
}

static void put(Terminal *t, const char *bytes, int count, int columns) {
    t->column += columns;
    if (t->column > COLUMNS) {
        complain(t, "a line wraps");
        return;
    }
    memcpy(t->line + t->bytes, bytes, (size_t)count);
    t->bytes += count;
    t->line[t->bytes] = '\0';
}

// "\r" goes back to the first column: only a bar may be written over.
static void go_back(Terminal *t) {
    if (t->bytes > 0 && !is_bar(t->line))
        complain(t, "a progress bar wipes a line");
    clear_line(t);
}

// One character, or one of the two control sequences that programs use.
// Returns how many bytes it took.
static int feed(Terminal *t, const char *at, int left) {
    if (*at == '\n')
        return end_line(t), 1;
    if (*at == '\r')
        return left > 1 && at[1] == '\n' ? 1 : (go_back(t), 1);
    if (*at == '\033') {
        if (left < 3 || memcmp(at, "\033[K", 3) != 0)
            complain(t, "an unknown control sequence");
        return 3;
    }
    int bytes = 1;
    int32_t code = utf8_first((const uint8_t *)at, (size_t)left, &bytes);
    if (code < 0)
        return complain(t, "not UTF-8"), 1;
    put(t, at, bytes, utf8_columns((uint32_t)code));
    return bytes;
}

// ---- 2. A program on it -----------------------------------------------------

// Flags that make a run short, where the program has them, and what some need.
static const char *const short_run[] = {"--data synthetic", "--limit 200",
                                        "--epochs 2",       "--runs 1",
                                        "--seeds 1",        "--plot none"};
static const struct {
    const char *program, *flags;
} special[] = {{"augment", "--steps 60"},
               {"memory", "--longest 20"},
               {"early_stopping", "--epochs 50"}};

// The program's name and the flags of a short run.
static void command_line(char *line, size_t size, const char *program) {
    Run help = run_program("%s --help", program);
    int n = snprintf(line, size, "%s", program);
    for (size_t i = 0; i < sizeof short_run / sizeof *short_run; i++) {
        char flag[32];
        snprintf(flag, sizeof flag, "\n  %.*s ",
                 (int)strcspn(short_run[i], " "), short_run[i]);
        bool is_text = strstr(help.output, "--data FILE") != NULL;
        if (strstr(help.output, flag) != NULL && !(is_text && i == 0))
            n += snprintf(line + n, size - (size_t)n, " %s", short_run[i]);
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (strcmp(special[i].program, program) == 0)
            snprintf(line + n, size - (size_t)n, " %s", special[i].flags);
}

// Starts it with stdin, stdout and stderr on a new terminal; returns the
// master's end.
static int start(const char *program, pid_t *child) {
    char line[1024];
    snprintf(line, sizeof line, "exec \"$0\"/%s", program);
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct winsize window = {.ws_col = COLUMNS, .ws_row = 24};
    ck_assert_int_eq(ioctl(slave, TIOCSWINSZ, &window), 0);
    *child = fork();
    if (*child == 0) {
        setenv("TERM", "xterm", 1);
        for (int fd = 0; fd <= 2; fd++)
            dup2(slave, fd);
        execl("/bin/sh", "sh", "-c", line, project_path("").text, (char *)NULL);
        _exit(127);
    }
    close(slave);
    return master;
}

// Reads up to the end of the program and follows it on the screen. A character
// may come in two pieces: the last bytes wait for the next read.
static void watch(Terminal *t, int master) {
    char buffer[8192];
    int kept = 0;
    for (;;) {
        ssize_t got = read(master, buffer + kept, sizeof buffer - 4096);
        int left = kept + (got > 0 ? (int)got : 0), at = 0;
        while (left - at > (got > 0 ? 4 : 0))
            at += feed(t, buffer + at, left - at);
        kept = left > at ? left - at : 0;
        memmove(buffer, buffer + at, (size_t)kept);
        if (got <= 0)
            break;
    }
    close(master);
}

static void check_program(const char *program) {
    Terminal t = {.program = program};
    char line[1000], three[1024];
    pid_t child;
    int status;
    command_line(line, sizeof line, program);
    snprintf(three, sizeof three, "%s --threads 3", line);
    strcat(line, " --threads 1");
    watch(&t, start(line, &child));
    waitpid(child, &status, 0);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: %d", line,
                  status);
    ck_assert_msg(t.wrong == NULL, "%s: %s: %s", line, t.wrong, t.where);
    Run again = run_well("%s", three);
    assert_same_result(t.result, again.output, three);
}

// ---- 3. The tests -----------------------------------------------------------

// The names of the programs of chapters first .. last.
static void check_chapters(int first, int last) {
    glob_t found;
    unsetenv("MNIST_DIR");
    for (int chapter = first; chapter <= last; chapter++) {
        char pattern[32];
        snprintf(pattern, sizeof pattern, "ch%02d_*/*.c", chapter);
        ck_assert_int_eq(glob(project_path(pattern).text, 0, NULL, &found), 0);
        for (size_t i = 0; i < found.gl_pathc; i++) {
            char *name = strrchr(found.gl_pathv[i], '/') + 1;
            name[strlen(name) - 2] = '\0'; // without ".c"
            check_program(name);
        }
        globfree(&found);
    }
}

START_TEST(chapters_1_to_3) {
    check_chapters(1, 3);
}
END_TEST

START_TEST(chapter_4) {
    check_chapters(4, 4);
}
END_TEST

START_TEST(chapter_5) {
    check_chapters(5, 5);
}
END_TEST

START_TEST(chapter_6) {
    check_chapters(6, 6);
}
END_TEST

START_TEST(chapter_7) {
    check_chapters(7, 7);
}
END_TEST

// The screen itself: what it must notice.
static const char *wrong_with(const char *text) {
    static Terminal t;
    t = (Terminal){.program = "none"};
    for (int at = 0, n = (int)strlen(text); at < n;)
        at += feed(&t, text + at, n - at);
    return t.wrong != NULL ? t.wrong : "nothing";
}

START_TEST(the_screen_notices) {
    char wide[100];
    memset(wide, 'x', 81);
    strcpy(wide + 81, "\n");
    ck_assert_str_eq(wrong_with(wide), "a line wraps");
    ck_assert_str_eq(wrong_with(wide + 1), "nothing");
    ck_assert_str_eq(wrong_with("a row\r\033[Kepoch 1/2 [=>"),
                     "a progress bar wipes a line");
    ck_assert_str_eq(wrong_with("\repoch 1/2 [=>  ] 1/3\n"),
                     "a progress bar is left behind");
    ck_assert_str_eq(wrong_with("\repoch 1/2 [=>  ] 1/3\r\033[Ka row\n"),
                     "nothing");
    ck_assert_str_eq(wrong_with("a \n"), "blanks at the end of a line");
    ck_assert_str_eq(wrong_with("\033[2J"), "an unknown control sequence");
    ck_assert_str_eq(wrong_with("\xff"), "not UTF-8");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {the_screen_notices},        {chapters_1_to_3, .seconds = 100},
        {chapter_4, .seconds = 40},  {chapter_5, .seconds = 60},
        {chapter_6, .seconds = 100}, {chapter_7, .seconds = 40},
    };
    return run_tests("terminal", tests, sizeof tests / sizeof *tests);
}
