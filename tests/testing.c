#include "testing.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"

// ---- 1. The runner ----------------------------------------------------------

// How a test's process ended, seen from inside. It lies in memory which the
// runner and its children share.
typedef struct {
    bool finished; // the test function returned
    bool exited;   // the process called exit(); a failed ck_assert does not
} Ending;

// Check's fixtures take no arguments, so what they need stands here.
static struct {
    Ending *endings;  // [count], shared between processes
    size_t current;   // number of the test in hand, from 1
    pid_t process;    // of the test in hand
    char folder[256]; // holds one scratch folder per test
} runner;

static Path join(const char *folder, const char *file) {
    Path path;
    int length = snprintf(path.text, sizeof path.text, "%s/%s", folder, file);
    REQUIRE(length >= 0 && (size_t)length < sizeof path.text,
            "the path %s/%s is too long", folder, file);
    return path;
}

// In the runner, before each test's process is started.
static void next_test(void) {
    runner.current++;
}

static void note_exit(void) {
    // a function under run_function is a process of its own
    if (getpid() == runner.process)
        runner.endings[runner.current - 1].exited = true;
}

// In the test's process, before and after the test function.
static void enter_test(void) {
    runner.process = getpid();
    atexit(note_exit);
    REQUIRE(mkdir(scratch_path("").text, 0777) == 0, "cannot make %s",
            scratch_path("").text);
}

static void leave_test(void) {
    runner.endings[runner.current - 1].finished = true;
}

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *where) {
    (void)info, (void)type, (void)where;
    return remove(path);
}

static void runner_start(size_t count) {
    const char *tmp = getenv("TMPDIR");
    Path folder = join(tmp != NULL && tmp[0] ? tmp : "/tmp", "test.XXXXXX");
    REQUIRE(strlen(folder.text) < sizeof runner.folder, "TMPDIR is too long");
    REQUIRE(mkdtemp(folder.text) != NULL, "cannot make %s", folder.text);
    strcpy(runner.folder, folder.text);
    // one more than needed: mmap refuses a length of zero
    runner.endings =
        mmap(NULL, (count + 1) * sizeof *runner.endings, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(runner.endings != MAP_FAILED, "no shared memory");
}

static void runner_stop(size_t count) {
    munmap(runner.endings, (count + 1) * sizeof *runner.endings);
    nftw(runner.folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// Each test is a Check case of its own, so that CK_RUN_CASE can name it.
static TCase *case_of(const Test *test) {
    TCase *tcase = tcase_create(test->test->name);
    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_unchecked_fixture(tcase, next_test, NULL);
    tcase_add_checked_fixture(tcase, enter_test, leave_test);
    if (test->signal != 0)
        tcase_add_test_raise_signal(tcase, test->test, test->signal);
    else if (test->exit_status != 0)
        tcase_add_exit_test(tcase, test->test, test->exit_status);
    else
        tcase_add_test(tcase, test->test);
    return tcase;
}

// Counts the tests that Check let pass although they stopped before their end.
static int count_stopped(const Test *tests, size_t count, SRunner *sr) {
    TestResult **results = srunner_results(sr);
    int stopped = 0;
    for (size_t i = 0; i < count; i++) {
        const Ending *ending = &runner.endings[i];
        bool whole = tests[i].signal != 0        ? true
                     : tests[i].exit_status != 0 ? ending->exited
                                                 : ending->finished;
        if (tr_rtype(results[i]) != CK_PASS || whole)
            continue;
        printf("%s:%d:E:%s: stopped before its end: %s\n", tests[i].test->file,
               tests[i].test->line, tests[i].test->name,
               tests[i].exit_status != 0 ? "a check failed" : "it called exit");
        stopped++;
    }
    free(results);
    return stopped;
}

int run_tests(const char *name, const Test *tests, size_t count) {
    runner_start(count);
    Suite *suite = suite_create(name);
    for (size_t i = 0; i < count; i++)
        suite_add_tcase(suite, case_of(&tests[i]));
    SRunner *sr = srunner_create(suite);
    srunner_set_fork_status(sr, CK_FORK);
    srunner_run_all(sr, CK_NORMAL);

    int ran = srunner_ntests_run(sr);
    int bad = srunner_ntests_failed(sr);
    if (ran == 0 || (size_t)ran != count) {
        printf("%s: only %d of %zu tests were run\n", name, ran, count);
        bad++;
    } else
        bad += count_stopped(tests, count, sr);
    srunner_free(sr);
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
    printf("skip: %s: no MNIST in %s (set MNIST_DIR, or run `make mnist`)\n",
           test, folder);
    fflush(stdout);
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

// Like fork, but the child's output goes to *from, its input is empty, and an
// alarm (which exec keeps) ends it.
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
        signal(SIGALRM, SIG_DFL); // Check has a handler of its own
        alarm(RUN_SECONDS);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

static Run collect(pid_t child, int from) {
    Run run = {0};
    size_t used = 0, half = sizeof run.output / 2;
    for (;;) {
        // the last line matters most: when the room is full, drop the older
        // half
        if (used == sizeof run.output - 1) {
            memmove(run.output, run.output + half, used - half);
            used -= half;
        }
        ssize_t got =
            read(from, run.output + used, sizeof run.output - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    run.output[used] = '\0';
    close(from);
    int status = 0;
    waitpid(child, &status, 0);
    run.status =
        WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return run;
}

Run run_program(const char *command_line) {
    Path root = project_root();
    char script[4096];
    // $0 is the root: no character in its name can be taken for shell syntax
    int length =
        snprintf(script, sizeof script, "exec %s%s",
                 command_line[0] == '/' ? "" : "\"$0\"/", command_line);
    REQUIRE(length > 0 && (size_t)length < sizeof script, "command too long");
    int from;
    pid_t child = fork_apart(&from);
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", script, root.text, (char *)NULL);
        _exit(127);
    }
    return collect(child, from);
}

Run run_function(void (*function)(void)) {
    int from;
    pid_t child = fork_apart(&from);
    if (child == 0) {
        function();
        fflush(NULL);
        _exit(0);
    }
    return collect(child, from);
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
            ck_abort_msg("%s[%zu] is %.9g, not %.9g: %.3g apart, %.3g allowed",
                         what, i, g, w, error, most);
    }
    mark_point();
}

double result_value(const Run *run, const char *name) {
    const char *line = NULL, *next = run->output;
    while ((next = strstr(next, "result: ")) != NULL)
        line = next, next += strlen("result: ");
    ck_assert_msg(line != NULL, "no result line in: %s", run->output);
    char key[64];
    snprintf(key, sizeof key, " %s=", name);
    const char *found = strstr(line, key);
    ck_assert_msg(found != NULL, "no %s in: %s", name, line);
    return strtod(found + strlen(key), NULL);
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
        char command[256];
        snprintf(command, sizeof command,
                 "%s --data synthetic --threads 1 --plot none --quiet "
                 "--seed %d",
                 command_line, seed);
        Run run = run_program(command);
        ck_assert_int_eq(run.status, 0);
        ck_assert_double_gt(result_value(&run, "test_accuracy"), accuracy);
        ck_assert_double_lt(result_value(&run, "test_loss"), loss);
    }
}
