// threads.h: every part once, on as many threads as there are, whatever is done
// with them in between.

#include "testing.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

// What the system refuses cannot be had by force, so the pool is compiled in
// with a pthread_create that allows only so many threads.
static int allowed = 1000;

static int create_if_allowed(pthread_t *thread, const pthread_attr_t *attr,
                             void *(*start)(void *), void *argument) {
    if (allowed == 0)
        return EAGAIN;
    allowed--;
    return pthread_create(thread, attr, start, argument);
}

#define pthread_create create_if_allowed
#include "common/threads.c"
#undef pthread_create

static const int numbers[] = {1, 2, 3, 8, 64};
enum { NUMBERS = sizeof numbers / sizeof *numbers, MOST_PARTS = 1000 };

// ---- 1. Every part once -----------------------------------------------------

// No atomics: a part that runs twice at a time, or after the run, is also a
// data race, which ThreadSanitizer finds.
static void count_part(void *context, int part) {
    int *counts = context;
    counts[part]++;
}

static void assert_runs(int parts) {
    int counts[MOST_PARTS] = {0};
    threads_run(parts, count_part, counts);
    for (int i = 0; i < MOST_PARTS; i++)
        ck_assert_msg(counts[i] == (i < parts), "%d threads: %d of %d ran %d x",
                      threads_count(), i, parts, counts[i]);
}

START_TEST(every_part_runs_once) {
    static const int parts[] = {0, 1, 2, 3, 7, 65, MOST_PARTS};
    for (int n = 0; n < NUMBERS; n++) {
        threads_set(numbers[n]);
        for (int round = 0; round < 50; round++)
            for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
                assert_runs(parts[p]);
    }
}
END_TEST

// Runs so short that a worker still looks for parts of one when the next
// begins.
START_TEST(short_runs_follow_each_other) {
    for (int threads = 2; threads <= 4; threads++) {
        int counts[4] = {0};
        threads_set(threads);
        for (int round = 1; round <= 5000; round++) {
            threads_run(2 + round % 3, count_part, counts);
            ck_assert_int_eq(counts[0], round);
            ck_assert_int_eq(counts[1], round);
        }
        ck_assert_int_eq(counts[2], 3334);
        ck_assert_int_eq(counts[3], 1667);
    }
}
END_TEST

// Runs so far apart that all workers sleep.
START_TEST(sleeping_workers_are_woken) {
    const struct timespec pause = {0, 2000000};
    for (int n = 0; n < NUMBERS; n++) {
        threads_set(numbers[n]);
        for (int round = 0; round < 20; round++) {
            assert_runs(65);
            nanosleep(&pause, NULL);
        }
    }
}
END_TEST

START_TEST(number_changes_between_runs) {
    for (int round = 0; round < 100; round++) {
        const int threads = 1 + round * 7 % 10;
        threads_set(threads);
        ck_assert_int_eq(threads_count(), threads);
        assert_runs(20);
    }
}
END_TEST

// ---- 2. On several threads --------------------------------------------------

// Waits, a minute at most, until the number is reached.
static void await(atomic_int *number, int reached) {
    const double start = seconds_now();
    const struct timespec pause = {0, 100000};
    while (atomic_load(number) < reached && seconds_now() - start < 60)
        nanosleep(&pause, NULL);
}

// A run of `parts` that ends only when all have begun: each needs a thread.
typedef struct {
    atomic_int begun;
    int parts;
} Meeting;

static void meet(void *context, int part) {
    Meeting *m = context;
    (void)part;
    atomic_fetch_add(&m->begun, 1);
    await(&m->begun, m->parts);
}

static bool all_meet(int parts) {
    const double start = seconds_now();
    Meeting m = {.parts = parts};
    threads_run(parts, meet, &m);
    return seconds_now() - start < 60;
}

START_TEST(parts_run_at_the_same_time) {
    for (int threads = 2; threads <= 16; threads++) {
        threads_set(threads);
        ck_assert_msg(all_meet(threads), "%d threads never met", threads);
    }
}
END_TEST

// Part 0 ends when all others have: other threads must take them.
static void wait_in_part_0(void *context, int part) {
    atomic_int *done = context;
    if (part == 0)
        await(done, 99);
    else
        atomic_fetch_add(done, 1);
}

START_TEST(slow_part_holds_up_no_other) {
    for (int threads = 2; threads <= 3; threads++) {
        atomic_int done = 0;
        const double start = seconds_now();
        threads_set(threads);
        threads_run(100, wait_in_part_0, &done);
        ck_assert_int_eq(done, 99);
        ck_assert_double_lt(seconds_now() - start, 60);
    }
}
END_TEST

// All parts of a thread that has its run for itself, in order.
typedef struct {
    pthread_t thread;
    int next;
} Alone;

static void expect_order(void *context, int part) {
    Alone *a = context;
    ck_assert(pthread_equal(a->thread, pthread_self()));
    ck_assert_int_eq(part, a->next++);
}

static void run_alone(void *context, int part) {
    Alone a = {pthread_self(), 0};
    (void)context;
    (void)part;
    threads_run(100, expect_order, &a);
    ck_assert_int_eq(a.next, 100);
}

static void run_inside(void *context, int part) {
    ck_assert_int_eq(threads_count(), 1);
    run_alone(context, part);
}

START_TEST(one_thread_runs_parts_in_order) {
    threads_set(1);
    run_alone(NULL, 0);
}
END_TEST

START_TEST(run_inside_a_task_stays_in_its_thread) {
    threads_set(3);
    for (int round = 0; round < 20; round++)
        threads_run(8, run_inside, NULL);
    ck_assert_int_eq(threads_count(), 3);
    ck_assert(all_meet(3));
}
END_TEST

static void *run_often(void *unused) {
    (void)unused;
    for (int round = 0; round < 2000; round++)
        assert_runs(20);
    return NULL;
}

// Whoever finds the pool busy runs all parts alone.
START_TEST(two_callers_do_not_mix) {
    pthread_t other;
    threads_set(3);
    ck_assert_int_eq(pthread_create(&other, NULL, run_often, NULL), 0);
    run_often(NULL);
    pthread_join(other, NULL);
}
END_TEST

// ---- 3. What a process does besides -----------------------------------------

static void exit_if_all_meet(void) {
    if (!all_meet(3))
        exit(3);
    assert_runs(100);
    exit(42);
}

START_TEST(fork_has_a_pool_of_its_own) {
    threads_set(3);
    for (int round = 0; round < 5; round++) {
        ck_assert(all_meet(3));
        Run run = run_function(exit_if_all_meet);
        ck_assert_msg(run.status == 42, "%d: %s", run.status, run.output);
    }
    ck_assert(all_meet(3));
}
END_TEST

// Workers block signals, so that the main thread gets them; its own mask stays.
static void look_at_mask(void *context, int part) {
    const pthread_t *main_thread = context;
    sigset_t blocked;
    (void)part;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    const bool is_main = pthread_equal(*main_thread, pthread_self());
    ck_assert_int_eq(sigismember(&blocked, SIGINT), !is_main);
    ck_assert_int_eq(sigismember(&blocked, SIGTERM), !is_main);
}

START_TEST(signals_are_the_main_threads) {
    pthread_t main_thread = pthread_self();
    threads_set(4);
    ck_assert(all_meet(4));
    for (int round = 0; round < 100; round++)
        threads_run(50, look_at_mask, &main_thread);
}
END_TEST

typedef struct {
    pthread_t caller;
    bool caller_dies; // or the worker
} Death;

static void die_in_one(void *context, int part) {
    const Death *d = context;
    (void)part;
    if ((pthread_equal(pthread_self(), d->caller) != 0) == d->caller_dies)
        die("in a task");
    usleep(1000);
}

static void die_in_the_caller(void) {
    threads_set(2);
    threads_run(100000, die_in_one, &(Death){pthread_self(), true});
}

static void die_in_a_worker(void) {
    threads_set(2);
    threads_run(100000, die_in_one, &(Death){pthread_self(), false});
}

static void die_in_all(void *context, int part) {
    (void)context, (void)part;
    die("in a task");
}

static void die_in_every_thread(void) {
    threads_set(4);
    threads_run(1000, die_in_all, NULL);
}

// All parts would take 50 s.
START_TEST(task_may_end_the_program) {
    const double start = seconds_now();
    for (int round = 0; round < 5; round++) {
        Run run = run_function(die_in_the_caller);
        ck_assert_int_eq(run.status, 1);
        ck_assert_str_eq(run.output, "error: in a task\n");
        run = run_function(die_in_every_thread); // who is first says it
        ck_assert_int_eq(run.status, 1);
        assert_says(run.output, "error: in a task\n");
        run = run_function(die_in_a_worker);
        ck_assert_int_eq(run.status, 1);
        ck_assert_str_eq(run.output, "error: in a task\n");
    }
    ck_assert_double_lt(seconds_now() - start, 40);
}
END_TEST

// ---- 4. How many ------------------------------------------------------------

START_TEST(default_is_what_the_process_may_use) {
    const int cpus = min_int(cpus_allowed(""), MAX_THREADS);
    ck_assert_int_eq(threads_count(), cpus);
    threads_set(77);
    ck_assert_int_eq(threads_count(), 77);
    threads_set(0);
    ck_assert_int_eq(threads_count(), cpus);
    threads_set(MAX_THREADS + 1);
    ck_assert_int_eq(threads_count(), MAX_THREADS);
}
END_TEST

START_TEST(spins_only_with_a_cpu_for_each) {
    const int cpus = cpus_allowed("");
    threads_set(cpus);
    ck_assert(pool.spins);
    threads_set(cpus + 1);
    ck_assert(!pool.spins);
}
END_TEST

START_TEST(goes_on_with_the_threads_it_gets) {
    for (allowed = 0; allowed < 3;) {
        const int got = allowed;
        threads_set(8);
        assert_runs(100);
        ck_assert_int_eq(threads_count(), got + 1);
        ck_assert(got == 0 || all_meet(got + 1));
        allowed = got + 1;
    }
}
END_TEST

static void set_threads(void *context, int part) {
    (void)context;
    if (part == 0) // two messages at a time would garble the summary
        threads_set(3);
}

START_TEST(number_cannot_change_in_a_task) {
    threads_set(2);
    threads_run(2, set_threads, NULL);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {every_part_runs_once, .seconds = 20},
        {short_runs_follow_each_other},
        {sleeping_workers_are_woken},
        {number_changes_between_runs},
        {parts_run_at_the_same_time},
        {slow_part_holds_up_no_other},
        {one_thread_runs_parts_in_order},
        {run_inside_a_task_stays_in_its_thread},
        {two_callers_do_not_mix, .seconds = 60},
        {fork_has_a_pool_of_its_own},
        {signals_are_the_main_threads},
        {task_may_end_the_program},
        {default_is_what_the_process_may_use},
        {spins_only_with_a_cpu_for_each},
        {goes_on_with_the_threads_it_gets},
        {number_cannot_change_in_a_task, .signal = SIGABRT},
    };
    return run_tests("threads", tests, sizeof tests / sizeof *tests);
}
