// threads.c - the pool: workers that claim parts, and sleep between the runs.
//
// The heart of a run is one number, `left`: the parts that are not claimed yet.
// A thread that lowers it from a positive value owns a part. The caller sets
// it, claims parts like any worker until none is left, and then waits only for
// parts that workers have claimed and not yet finished.
//
// How threads wait decides the speed. To wake one that sleeps takes about 20
// microseconds, longer than many a loop runs. One that spins, checking again
// and again, goes on at once, but keeps a CPU from other programs and from the
// very thread it waits for. So a thread spins for SPIN microseconds, which
// covers the gap between two loops of a training step, and then sleeps.

#include "threads.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cpus.h"
#include "error.h"
#include "integers.h"
#include "progress.h"

// Measured on two cores: 20 microseconds cost the MLP a tenth of its speed, and
// 200 cost LeNet a tenth beside another program.
enum { SPIN = 50 };

// The pool is global: all callers share the same CPUs.
static struct {
    int threads; // that a run may use; 0: not known yet
    bool spins;  // there is a CPU for each of them
    atomic_bool busy;

    // the run: written by its caller before `left`, read by who claimed a part
    void (*task)(void *context, int part);
    void *context;
    int parts;
    atomic_int left;       // not claimed; below 0 when threads found none
    atomic_int unfinished; // not done

    // workers: `lock` guards `sleeping` and `stop`
    int workers;
    pthread_t worker[MAX_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    int sleeping;
    bool stop;
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
          .work = PTHREAD_COND_INITIALIZER,
          .done = PTHREAD_COND_INITIALIZER};

// ---- 1. Parts ---------------------------------------------------------------

// Claims parts until none is left. Returns whether this thread has finished the
// last part of the run.
static bool run_parts(void) {
    int left, done = 0;
    while ((left = atomic_fetch_sub(&pool.left, 1)) > 0) {
        pool.task(pool.context, pool.parts - left);
        done++;
    }
    return done > 0 && atomic_fetch_sub(&pool.unfinished, done) == done;
}

static bool has_parts(void) {
    return atomic_load(&pool.left) > 0;
}

static bool is_over(void) {
    return atomic_load(&pool.unfinished) == 0;
}

// Checks a condition for SPIN microseconds, or only once. Returns whether it
// came true.
static bool spin_until(bool (*condition)(void)) {
    const double start = seconds_now();
    bool met;
    do
        met = condition();
    while (!met && pool.spins && seconds_now() - start < SPIN * 1e-6);
    return met;
}

// ---- 2. Workers -------------------------------------------------------------

// Wakes up to two workers, if there are parts for them. Each worker that wakes
// up does the same, so that with many cores no thread has to wake them all.
static void wake_workers(int parts) {
    pthread_mutex_lock(&pool.lock);
    int wake = min_int(2, min_int(parts, pool.sleeping));
    pthread_mutex_unlock(&pool.lock);
    while (wake-- > 0)
        pthread_cond_signal(&pool.work);
}

// Returns true when there are parts to claim, false when the worker is to end.
static bool wait_for_parts(void) {
    if (spin_until(has_parts))
        return true;
    pthread_mutex_lock(&pool.lock);
    pool.sleeping++;
    while (!has_parts() && !pool.stop)
        pthread_cond_wait(&pool.work, &pool.lock);
    pool.sleeping--;
    const bool stop = pool.stop;
    pthread_mutex_unlock(&pool.lock);
    wake_workers(atomic_load(&pool.left) - 1);
    return !stop;
}

static void *work(void *unused) {
    (void)unused;
    while (wait_for_parts())
        if (run_parts()) {
            // Under the lock, the caller is asleep or has yet to check.
            pthread_mutex_lock(&pool.lock);
            pthread_cond_signal(&pool.done);
            pthread_mutex_unlock(&pool.lock);
        }
    return NULL;
}

// Ends the workers: at exit, and before a fork, whose child has none of them.
static void stop_workers(void) {
    pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
    while (pool.workers > 0)
        pthread_join(pool.worker[--pool.workers], NULL);
    pool.stop = false;
}

// If a task ends the program, the parts that are left are not begun, and nobody
// waits: the thread that ends it may be a worker, and so may another one that
// fails at the same moment.
static void stop_at_exit(void) {
    if (atomic_load(&pool.busy))
        atomic_store(&pool.left, 0);
    else
        stop_workers();
}

// Starts the workers that are missing, or as many as the system allows. They
// block all signals, which so reach the main thread.
static void start_workers(void) {
    static bool prepared;
    if (!prepared) {
        prepared = true;
        pthread_atfork(stop_workers, NULL, NULL);
        atexit(stop_at_exit);
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool.workers < pool.threads - 1) {
        if (pthread_create(&pool.worker[pool.workers], NULL, work, NULL) != 0)
            pool.threads = pool.workers + 1;
        else
            pool.workers++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// ---- 3. Runs ----------------------------------------------------------------

void threads_set(int threads) {
    REQUIRE(!atomic_load(&pool.busy), "threads_set(%d) in a task", threads);
    const int cpus = cpus_allowed("");
    stop_workers();
    pool.threads = min_int(threads > 0 ? threads : cpus, MAX_THREADS);
    pool.spins = pool.threads <= cpus;
}

int threads_count(void) {
    if (atomic_load(&pool.busy))
        return 1;
    if (pool.threads == 0)
        threads_set(0);
    return pool.threads;
}

static void wait_for_others(void) {
    if (spin_until(is_over))
        return;
    pthread_mutex_lock(&pool.lock);
    while (!is_over())
        pthread_cond_wait(&pool.done, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void threads_run(int parts, void (*task)(void *context, int part),
                 void *context) {
    if (parts <= 1 || threads_count() == 1 ||
        atomic_exchange(&pool.busy, true)) {
        for (int part = 0; part < parts; part++)
            task(context, part);
        return;
    }
    start_workers();
    pool.task = task;
    pool.context = context;
    pool.parts = parts;
    atomic_store(&pool.unfinished, parts);
    atomic_store(&pool.left, parts);
    wake_workers(parts - 1); // one is for the caller
    if (!run_parts())
        wait_for_others();
    atomic_store(&pool.busy, false);
}
