// train.h - how the train_*.c files measure a net: a whole training step, then
// its parts, on batches of random numbers, which cost what pictures cost.

#ifndef DL_BENCH_TRAIN_H
#define DL_BENCH_TRAIN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "progress.h"
#include "rng.h"
#include "tensor.h"
#include "threads.h"

enum { N = 64, ROUNDS = 9, REPEAT = 10 };

// GFLOP/s of multiply-adds that wait for nothing (peak.c), in the calling
// thread and this moment: half a millisecond of them.
double peak_rate(void);

// Medians over ROUNDS rounds.
typedef struct {
    double seconds; // one call
    double peak;    // GFLOP/s that a core could do at that time
} Timing;

// Times REPEAT calls at a time, and the peak before each: on a machine shared
// with others both change from moment to moment.
static inline Timing time_of(void (*work)(void *), void *net) {
    double times[ROUNDS], peaks[ROUNDS];
    work(net);
    for (int r = 0; r < ROUNDS; r++) {
        peaks[r] = peak_rate();
        double from = seconds_now();
        for (int i = 0; i < REPEAT; i++)
            work(net);
        times[r] = (seconds_now() - from) / REPEAT;
    }
    return (Timing){median(times, ROUNDS), median(peaks, ROUNDS)};
}

// One part of a step: its work, and the multiply-adds of one sample in it.
typedef struct {
    const char *name;
    void (*work)(void *net);
    double multiply_adds;
} Part;

// Prints every part, with its share of the peak of all threads, then samples/s.
// Only the last if the program's last argument is "rate". The second argument
// is the number of threads; 0, or none: one per core.
static inline void report(int argc, char **argv, const char *name,
                          void (*step)(void *), void *net, const Part *parts,
                          int count) {
    threads_set(argc > 2 ? atoi(argv[2]) : 0);
    const int threads = threads_count();
    if (argc < 2 || strcmp(argv[argc - 1], "rate") != 0) {
        printf("%s, batch %d, %d thread(s):\n", name, N, threads);
        for (int i = 0; i < count; i++) {
            Timing t = time_of(parts[i].work, net);
            double rate = 2.0 * N * parts[i].multiply_adds / t.seconds * 1e-9;
            printf("  %-16s %7.3f ms", parts[i].name, 1e3 * t.seconds);
            if (rate > 0)
                printf(" %6.0f GFLOP/s %4.0f %% of peak", rate,
                       100 * rate / (threads * t.peak));
            printf("\n");
        }
    }
    printf("samples/s %.0f\n", N / time_of(step, net).seconds);
}

// A batch of random numbers in [0, 1) and of random labels.
static inline void random_batch(Tensor *x, int labels[N], Rng *rng) {
    for (size_t i = 0; i < x->size; i++)
        x->data[i] = rng_uniform(rng);
    for (int n = 0; n < N; n++)
        labels[n] = rng_below(rng, 10);
}

#endif
