#define TEST_HELPER
#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "error.h"

// ---- 1. The runner ----------------------------------------------------------

enum { DEFAULT_SECONDS = 10, MOST_PRINTED = 1 << 20 };
static const rlim_t MOST_MEMORY = (rlim_t)2 << 30, MOST_WRITTEN = 256 << 20;

// How a test's process ended, seen from inside. It lies in memory which the
// runner and its children share.
typedef struct {
    bool finished;     // the test function returned
    bool exited;       // the process called exit(); a failed ck_assert does not
    char skipped[256]; // why the test did not apply here, or ""
    Place place;       // the last line that made a check
} Ending;

// Check's fixtures take no arguments, so what they need stands here.
static struct {
    const Test *tests; // [count]
    Ending *endings;   // [count], shared between processes
    SRunner *check;
    size_t current;   // number of the current test, from 1
    pid_t process;    // of the current test
    double started;   // the current test, by now()
    double deadline;  // for what the current test runs
    off_t log;        // bytes of stdout before the current test
    int stopped;      // tests that Check let pass although they did not finish
    char folder[256]; // holds one scratch folder per test
} runner;

static Path join(const char *folder, const char *file) {
    Path path;
    int length = snprintf(path.text, sizeof path.text, "%s/%s", folder, file);
    REQUIRE(length >= 0 && (size_t)length < sizeof path.text,
            "the path %s/%s is too long", folder, file);
    return path;
}

// Not the library's seconds_now(): that one is tested here.
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// The test's limit: what its entry says, times $SLOWER.
static double seconds_of(const Test *test) {
    const char *slower = getenv("SLOWER");
    double times = slower != NULL ? strtod(slower, NULL) : 1;
    return (test->seconds > 0 ? test->seconds : DEFAULT_SECONDS) *
           (times > 0 ? times : 1);
}

// ---- 1.1 Verdicts -----------------------------------------------------------

// What a test prints is no verdict: the program that it includes could print
// the same. run.sh opens descriptor 3 for verdicts and sends a secret word on
// stdin, with which each of them must begin. A test's process has neither.
//
// That stops whatever runs in a test, not what runs in the runner: run.sh
// refuses functions that are called before main, but not macros that rewrite
// the test after the #include. Nor does it stop a search through memory,
// the parent's too (/proc): for that, tests would have to run as another user.
static struct {
    int descriptor;
    size_t length;  // of the secret word; 0: run by hand, nobody listens
    char line[512]; // begins with it; a pipe takes so many bytes as a whole
} channel;

static void channel_open(void) {
    const char *descriptor = getenv("TEST_CHANNEL");
    if (descriptor == NULL)
        return;
    channel.descriptor = atoi(descriptor);
    unsetenv("TEST_CHANNEL");
    char *at = channel.line;
    while (channel.length < 64 && read(STDIN_FILENO, at, 1) == 1 && *at != '\n')
        at++, channel.length++;
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
}

static void channel_close(void) {
    if (channel.length > 0)
        close(channel.descriptor);
    memset(&channel, 0, sizeof channel);
}

// The length of the printable character of UTF-8 that text begins with; 0 if it
// begins with something else.
static size_t character(const char *text) {
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80)
        return byte[0] >= ' ' && byte[0] != 0x7F;
    size_t n = byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    unsigned code = byte[0] & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((byte[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (byte[i] & 0x3F);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    bool whole = byte[0] >= 0xC2 && code >= least[n] && code <= 0x10FFFF;
    return whole && !surrogate && (code & 0xFFFE) != 0xFFFE ? n : 0;
}

// Sends "WORD 3 failed 0.012 name file:line message", in one line of plain
// text. The last one that is sent about a test counts.
static void channel_send(size_t i, const char *verdict, double seconds,
                         const char *file, int line, const char *message) {
    if (channel.length == 0)
        return;
    char *at = channel.line + channel.length;
    char *end = channel.line + sizeof channel.line - 1;
    at +=
        snprintf(at, (size_t)(end - at), " %zu %s %.3f %.80s %.80s:%d ", i + 1,
                 verdict, seconds, runner.tests[i].test->name, file, line);
    for (size_t n; *message != '\0'; message += n > 0 ? n : 1) {
        n = character(message);
        if (at + (n > 0 ? n : 1) >= end)
            break;
        if (n == 0)
            *at++ = *message == '\n' ? ' ' : '?';
        for (size_t k = 0; k < n; k++)
            *at++ = message[k];
    }
    *at++ = '\n';
    size_t size = (size_t)(at - channel.line);
    if (write(channel.descriptor, channel.line, size) != (ssize_t)size)
        channel_close();
}

// ---- 1.2 Before and after each test -----------------------------------------

// In the runner, before each test's process is started.
static void next_test(void) {
    const char *only = getenv("CK_RUN_CASE");
    do
        runner.current++;
    while (only != NULL &&
           strcmp(runner.tests[runner.current - 1].test->name, only) != 0);
    struct stat log;
    bool file = fstat(STDOUT_FILENO, &log) == 0 && S_ISREG(log.st_mode);
    runner.log = file ? log.st_size : -1;
    runner.started = now();
}

static void note_exit(void) {
    // a function under run_function is a process of its own
    if (getpid() == runner.process)
        runner.endings[runner.current - 1].exited = true;
}

static void limit(int what, rlim_t most) {
    struct rlimit old;
    if (getrlimit(what, &old) == 0 && old.rlim_max > most)
        setrlimit(what, &(struct rlimit){most, most});
}

// AddressSanitizer maps terabytes and could not go on under a limit. macOS has
// none.
bool memory_can_be_limited(void) {
#if !defined(__linux__) || defined(__SANITIZE_ADDRESS__)
    return false;
#elif defined(__has_feature)
    return !__has_feature(address_sanitizer);
#else
    return true;
#endif
}

// In the test's process, before and after the test function. Whatever the test
// starts must end a little before the test does, so that it can say who it was.
static void enter_test(void) {
    channel_close();
    runner.process = getpid();
    runner.deadline =
        now() + 0.8 * seconds_of(&runner.tests[runner.current - 1]);
    atexit(note_exit);
    const Test *test = &runner.tests[runner.current - 1];
    Place *place = &runner.endings[runner.current - 1].place;
    *place = (Place){test->test->file, test->test->line};
    note_lines_in(place);
    limit(RLIMIT_FSIZE,
          MOST_WRITTEN + (rlim_t)(runner.log > 0 ? runner.log : 0));
    if (memory_can_be_limited())
        limit(RLIMIT_DATA, MOST_MEMORY);
    const Path folder = scratch_path("");
    REQUIRE(mkdir(folder.text, 0777) == 0 && chdir(folder.text) == 0,
            "cannot make %s", folder.text);
}

static void leave_test(void) {
    runner.endings[runner.current - 1].finished = true;
}

#ifdef __linux__
static pid_t parent_of(pid_t process) {
    char file[64], text[512] = "";
    snprintf(file, sizeof file, "/proc/%d/stat", (int)process);
    FILE *in = fopen(file, "r");
    if (in == NULL)
        return 0;
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    // "12 (name) S 10 ...": 10 is the parent; the name may hold a ')', too
    const char *name_end = strrchr(text, ')');
    return name_end != NULL && strlen(name_end) > 4 ? atoi(name_end + 4) : 0;
}

static void kill_children(void) {
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(processes)) != NULL;) {
        pid_t process = atoi(entry->d_name);
        if (process > 0 && parent_of(process) == getpid())
            kill(process, SIGKILL);
    }
    closedir(processes);
}
#endif

// Check kills the process group of a test that has ended. On Linux those that
// left the group (setsid) have become children of the runner: they end, too.
static void end_leftovers(void) {
#ifdef __linux__
    for (int round = 0; round < 1000; round++) {
        pid_t ended = waitpid(-1, NULL, WNOHANG);
        if (ended < 0)
            return;
        if (ended == 0) {
            kill_children();
            usleep(1000);
        }
    }
#endif
}

// Of a test that prints without end, the beginning is enough.
static void shorten_log(void) {
    struct stat log;
    if (runner.log < 0 || fstat(STDOUT_FILENO, &log) != 0 ||
        log.st_size <= runner.log + MOST_PRINTED)
        return;
    if (ftruncate(STDOUT_FILENO, runner.log + MOST_PRINTED) == 0)
        lseek(STDOUT_FILENO, 0, SEEK_END);
}

// What Check says of the test, except that some tests pass there which stopped
// before their end.
static void judge(void) {
    size_t i = runner.current - 1;
    const Test *test = &runner.tests[i];
    const Ending *ending = &runner.endings[i];
    double seconds = now() - runner.started;
    TestResult **results = srunner_results(runner.check);
    TestResult *result = results[srunner_ntests_run(runner.check) - 1];
    bool whole = test->signal != 0        ? true
                 : test->exit_status != 0 ? ending->exited
                                          : ending->finished;
    const char *file = test->test->file, *message = "";
    int line = test->test->line;
    if (tr_rtype(result) != CK_PASS) {
        // a crash or a time limit knows only what was done before it
        Place at = {tr_lfile(result), tr_lno(result)};
        if (tr_rtype(result) == CK_ERROR || at.file == NULL)
            at = ending->place;
        channel_send(i, "failed", seconds, at.file, at.line, tr_msg(result));
    } else if (!whole) {
        message = test->exit_status != 0
                      ? "stopped before its end: a check failed"
                      : "stopped before its end: it called exit";
        printf("%s:%d:E:%s: %s\n", file, line, test->test->name, message);
        fflush(stdout);
        channel_send(i, "failed", seconds, file, line, message);
        runner.stopped++;
    } else
        channel_send(i, ending->skipped[0] ? "skipped" : "passed", seconds,
                     file, line, ending->skipped);
    free(results);
}

// In the runner, after each test's process has ended.
static void test_ended(void) {
    end_leftovers();
    shorten_log();
    judge();
}

// ---- 1.3 All tests ----------------------------------------------------------

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void runner_start(const Test *tests, size_t count) {
    runner.tests = tests;
    const char *tmp = getenv("TMPDIR");
    Path folder = join(tmp != NULL && tmp[0] ? tmp : "/tmp", "test.XXXXXX");
    REQUIRE(mkdtemp(folder.text) != NULL, "cannot make %s", folder.text);
    char *absolute = realpath(folder.text, NULL); // tests go elsewhere
    REQUIRE(absolute != NULL && strlen(absolute) < sizeof runner.folder,
            "TMPDIR is too long");
    strcpy(runner.folder, absolute);
    free(absolute);
    // one more than needed: mmap refuses a length of zero
    runner.endings =
        mmap(NULL, (count + 1) * sizeof *runner.endings, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(runner.endings != MAP_FAILED, "no shared memory");
#ifdef __linux__
    prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
    // Until a test has ended, it has failed: so no early end makes one vanish.
    channel_open();
    for (size_t i = 0; i < count; i++)
        channel_send(i, "failed", 0, tests[i].test->file, tests[i].test->line,
                     "not run: the runner ended before it");
}

static void runner_stop(size_t count) {
    channel_close();
    munmap(runner.endings, (count + 1) * sizeof *runner.endings);
    nftw(runner.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// Each test is a Check case of its own, so that CK_RUN_CASE can name it.
static TCase *case_of(const Test *test) {
    TCase *tcase = tcase_create(test->test->name);
    tcase_set_timeout(tcase, seconds_of(test));
    tcase_add_unchecked_fixture(tcase, next_test, test_ended);
    tcase_add_checked_fixture(tcase, enter_test, leave_test);
    if (test->signal != 0)
        tcase_add_test_raise_signal(tcase, test->test, test->signal);
    else if (test->exit_status != 0)
        tcase_add_exit_test(tcase, test->test, test->exit_status);
    else
        tcase_add_test(tcase, test->test);
    return tcase;
}

int run_tests(const char *name, const Test *tests, size_t count) {
    setenv("CK_MAX_MSG_SIZE", "65536", 0); // it exits on a longer message
    runner_start(tests, count);
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++)
        suite_add_tcase(suite, case_of(&tests[i]));
    runner.check = srunner_create(suite);
    srunner_set_fork_status(runner.check, CK_FORK);
    srunner_run_all(runner.check, CK_NORMAL);

    int ran = srunner_ntests_run(runner.check);
    int bad = srunner_ntests_failed(runner.check) + runner.stopped;
    if (ran == 0 || (size_t)ran != count) {
        printf("%s: only %d of %zu tests were run\n", name, ran, count);
        bad++;
    }
    srunner_free(runner.check);
    runner_stop(count);
    return bad == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// ---- 2. Paths ---------------------------------------------------------------

// Shortens path to the nearest folder above it that is the project's root.
static bool walk_up(char *path) {
    for (;;) {
        Path mark = join(path, "tests/testing.h");
        if (access(mark.text, R_OK) == 0)
            return true;
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
    }
}

// From where the test's binary lies; where the system does not tell (no /proc),
// from the working folder.
static Path project_root(void) {
    Path path = {""};
    if (readlink("/proc/self/exe", path.text, sizeof path.text - 1) > 0 &&
        walk_up(path.text))
        return path;
    bool found = getcwd(path.text, sizeof path.text) != NULL;
    REQUIRE(found && walk_up(path.text),
            "the project is neither above the test's binary nor above here");
    return path;
}

Path project_path(const char *file) {
    return join(project_root().text, file);
}

Path golden_path(const char *file) {
    return join(project_path("tests/golden").text, file);
}

Path scratch_path(const char *file) {
    char number[32];
    snprintf(number, sizeof number, "%zu", runner.current);
    Path folder = join(runner.folder, number);
    return file[0] == '\0' ? folder : join(folder.text, file);
}

Path write_bytes(const char *file, const void *bytes, size_t size) {
    Path path = scratch_path(file);
    char *slash = path.text + strlen(scratch_path("").text);
    while ((slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        mkdir(path.text, 0777);
        *slash = '/';
    }
    FILE *out = fopen(path.text, "wb");
    bool written = out != NULL && fwrite(bytes, 1, size, out) == size;
    if (out == NULL || fclose(out) != 0 || !written)
        fail_here("cannot write %s", path.text);
    return path;
}

Path write_text(const char *file, const char *text) {
    return write_bytes(file, text, strlen(text));
}

void skip_test(const char *test, const char *why) {
    Ending *ending = &runner.endings[runner.current - 1];
    snprintf(ending->skipped, sizeof ending->skipped, "%.255s", why);
    printf("skip: %s: %s\n", test, why);
    fflush(stdout);
}

static bool holds_mnist(const char *folder) {
    return access(join(folder, "train-images-idx3-ubyte").text, R_OK) == 0 ||
           access(join(folder, "train-images-idx3-ubyte.gz").text, R_OK) == 0;
}

const char *mnist_dir_or_skip(const char *test) {
    static Path fetched;
    fetched = project_path("data/mnist");
    const char *named = getenv("MNIST_DIR");
    const char *folder = named != NULL && named[0] ? named : fetched.text;
    if (holds_mnist(folder))
        return folder;
    char why[sizeof fetched.text + 64];
    snprintf(why, sizeof why,
             "no MNIST in %s (set MNIST_DIR, or run `make mnist`)", folder);
    skip_test(test, why);
    return NULL;
}

const char *text_of(const char *file) {
    static char text[1 << 22];
    FILE *in = fopen(file, "r");
    ck_assert_msg(in != NULL, "no file %s", file);
    size_t size = fread(text, 1, sizeof text, in);
    fclose(in);
    ck_assert_msg(size < sizeof text, "%s is too long", file);
    text[size] = '\0';
    return text;
}

// ---- 3. Running something apart ---------------------------------------------

enum { MOST_OUTPUT = 64 << 20, PIPE_HOLDS = 1 << 20 };

// Like fork, but the child's output goes to *from, and its input is empty.
static pid_t fork_apart(int *from) {
    int ends[2];
    REQUIRE(pipe(ends) == 0, "no pipe");
    fflush(NULL);
    pid_t child = fork();
    REQUIRE(child >= 0, "no process");
    if (child == 0) {
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

// Adds what there is to read; returns how much that was, 0 at the end. The last
// line matters most: when the room is full, the older half is dropped.
static size_t read_some(int from, Run *run, size_t *used) {
    size_t room = sizeof run->output - 1, half = sizeof run->output / 2;
    if (*used == room) {
        memmove(run->output, run->output + half, *used - half);
        *used -= half;
    }
    ssize_t got = read(from, run->output + *used, room - *used);
    if (got <= 0)
        return 0;
    *used += (size_t)got;
    run->output[*used] = '\0';
    return (size_t)got;
}

// Reads until the child has ended. Its own children may hold the pipe open, and
// write to it: they are not waited for.
static Run collect(pid_t child, int from, const char *name) {
    Run run = {0};
    size_t used = 0, all = 0, late = 0; // late: bytes after the child's end
    int status = 0;
    for (bool open = true, ended = false; !ended || open;) {
        ended = ended || waitpid(child, &status, WNOHANG) == child;
        struct pollfd pipe = {.fd = open ? from : -1, .events = POLLIN};
        if (poll(&pipe, 1, ended ? 0 : open ? 10 : 1) > 0) {
            size_t got = read_some(from, &run, &used);
            open = got > 0;
            all += got;
            late += ended ? got : 0;
        } else if (ended)
            break;
        if (late > PIPE_HOLDS)
            break;
        bool endless = all > MOST_OUTPUT;
        if (endless || (!ended && now() > runner.deadline)) {
            kill(child, SIGKILL);
            ck_abort_msg("%s %s", name,
                         endless ? "printed more than 64 MB"
                                 : "did not end within the test's time limit");
        }
    }
    close(from);
    run.status =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return run;
}

Run run_line(How how, const char *format, ...) {
    static const char quietly[] = " --plot none --quiet";
    Path root = project_root();
    char line[4096], script[sizeof line + 16];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    REQUIRE(length > 0 && (size_t)length + sizeof quietly < sizeof line,
            "command too long");
    if (how == RUN_FOR_RESULT)
        strcat(line, quietly);
    // $0 is the root: no character in its name can be taken for shell syntax
    snprintf(script, sizeof script, "exec %s%s",
             line[0] == '/' ? "" : "\"$0\"/", line);
    int from;
    pid_t child = fork_apart(&from);
    if (child == 0) {
        for (int i = 3; i < 64; i++)
            close(i); // Check's own
        execl("/bin/sh", "sh", "-c", script, root.text, (char *)NULL);
        _exit(127);
    }
    Run run = collect(child, from, line);
    if (how != RUN_ANYHOW && run.status != 0)
        fail_here("%s ended with status %d: %s", line, run.status, run.output);
    if (how == RUN_FOR_RESULT) {
        const char *end = strchr(run.output, '\n');
        if (strncmp(run.output, "result: ", 8) != 0 || end == NULL ||
            end[1] != '\0')
            fail_here("%s prints more than its result line:\n%s", line,
                      run.output);
    }
    return run;
}

int call_main(int (*program)(int, char **), const char *words) {
    static char text[512], *argv[64];
    int argc = 0;
    REQUIRE(strlen(words) < sizeof text, "too long: %s", words);
    strcpy(text, words);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    return program(argc, argv);
}

Run run_function(void (*function)(void)) {
    int from;
    pid_t child = fork_apart(&from);
    if (child == 0) {
        function();
        fflush(NULL);
        _exit(0);
    }
    return collect(child, from, "the function");
}

// Takes all there is, in blocks of 1 KiB, and gives the last ones back.
static void allow_memory(int kib) {
    enum { MOST = 1 << 14 };
    static void *block[MOST];
    unsigned long pages = 0; // of the whole process
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu", &pages) != 1)
        return;
    fclose(f);
    rlim_t bytes = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    setrlimit(RLIMIT_AS, &(struct rlimit){bytes, bytes});
    int count = 0;
    while (count < MOST && (block[count] = malloc(1000)) != NULL)
        count++;
    for (int i = 0; i < kib && count > 0; i++)
        free(block[--count]);
}

// run_function hands nothing to its function.
static struct {
    void (*read)(void);
    int kib;
} little;

static void read_with_little_memory(void) {
    allow_memory(little.kib);
    little.read();
}

void assert_blames_memory(void (*read)(void), int most, int step) {
    little.read = read;
    for (little.kib = 0; little.kib <= most; little.kib += step) {
        Run run = run_function(read_with_little_memory);
        ck_assert_msg(strstr(run.output, "emory") != NULL ||
                          strcmp(run.output, "it was read\n") == 0,
                      "with %d KiB: %s", little.kib, run.output);
    }
}

// ---- 4. Comparisons --------------------------------------------------------

void assert_close(const float *got, const float *want, size_t n,
                  double tolerance, const char *what) {
    for (size_t i = 0; i < n; i++) {
        double g = (double)got[i], w = (double)want[i];
        double error = fabs(g - w), most = tolerance * fmax(1, fabs(w));
        // written so that NaN, which is not <= anything, fails
        if (!(error <= most))
            fail_here("%s[%zu] is %.9g, not %.9g (%.3g apart, %.3g allowed)%s",
                      what, i, g, w, error, most, guess_numbers(got, want, n));
    }
}

// From the last result line on.
static const char *result_line(const char *output) {
    const char *line = NULL, *next = output;
    while ((next = strstr(next, "result: ")) != NULL)
        line = next, next += strlen("result: ");
    if (line == NULL)
        fail_here("no result line in: %s", output);
    return line;
}

double result_value(const Run *run, const char *name) {
    const char *line = result_line(run->output);
    char key[64];
    snprintf(key, sizeof key, " %s=", name);
    const char *found = strstr(line, key);
    if (found == NULL)
        fail_here("no %s in: %s", name, line);
    return strtod(found + strlen(key), NULL);
}

// Its words, without those that hang on the clock.
static void copy_result(char *copy, size_t size, const char *output) {
    static const char *const times[] = {"seconds=", "_per_second=", "faster="};
    char words[4096], *rest = words;
    snprintf(words, sizeof words, "%s", result_line(output));
    size_t used = 0;
    for (char *word; (word = strtok_r(rest, " \n", &rest)) != NULL;) {
        bool is_time = false;
        for (size_t i = 0; i < sizeof times / sizeof *times; i++)
            is_time |= strstr(word, times[i]) != NULL;
        if (!is_time)
            used += (size_t)snprintf(copy + used, size - used, "%s ", word);
    }
}

void assert_same_result(const char *one, const char *other, const char *what) {
    char a[4096], b[4096];
    copy_result(a, sizeof a, one);
    copy_result(b, sizeof b, other);
    if (strcmp(a, b) != 0)
        fail_here("%s: not the same result:\n%s\n%s", what, a, b);
}

void assert_80_columns(const Run *run) {
    for (const char *line = run->output; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (strncmp(line, "result:", 7) != 0 && strncmp(line, "data:", 5) != 0)
            ck_assert_msg(n <= 80, "%zu bytes: %.*s", n, (int)n, line);
        line += n + (line[n] == '\n');
    }
}

void assert_learns(const char *command_line, double accuracy, double loss) {
    for (int seed = 1; seed <= 3; seed++) {
        Run run =
            run_well("%s --data synthetic --threads 1 --plot none --quiet "
                     "--seed %d",
                     command_line, seed);
        ck_assert_double_gt(result_value(&run, "test_accuracy"), accuracy);
        ck_assert_double_lt(result_value(&run, "test_loss"), loss);
    }
}
