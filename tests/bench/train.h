// train.h - how the train_*.c files measure a net: a whole training step, then
// its parts, on batches of random numbers, which cost what pictures cost.

#ifndef DL_BENCH_TRAIN_H
#define DL_BENCH_TRAIN_H

#include <stdio.h>

#include "blas.h"
#include "metrics.h"
#include "progress.h"
#include "rng.h"
#include "tensor.h"

enum { N = 64, ROUNDS = 9, REPEAT = 10 };

// Median seconds of one call, over ROUNDS rounds of REPEAT calls.
static inline double seconds_of(void (*work)(void *), void *net) {
    double times[ROUNDS];
    work(net);
    for (int r = 0; r < ROUNDS; r++) {
        double from = seconds_now();
        for (int i = 0; i < REPEAT; i++)
            work(net);
        times[r] = (seconds_now() - from) / REPEAT;
    }
    return median(times, ROUNDS);
}

// One part of a step: its work, and the multiply-adds of one sample in it.
typedef struct {
    const char *name;
    void (*work)(void *net);
    double multiply_adds;
} Part;

// Prints every part, with its share of peak GFLOP/s a core, then samples/s.
static inline void report(const char *name, void (*step)(void *), void *net,
                          const Part *parts, int count, double peak) {
    const int threads = blas_threads();
    printf("%s, batch %d, %d thread(s):\n", name, N, threads);
    for (int i = 0; i < count; i++) {
        double t = seconds_of(parts[i].work, net);
        double rate = 2.0 * N * parts[i].multiply_adds / t * 1e-9;
        printf("  %-16s %7.3f ms", parts[i].name, 1e3 * t);
        if (rate > 0)
            printf(" %6.0f GFLOP/s %4.0f %% of peak", rate,
                   100 * rate / (threads * peak));
        printf("\n");
    }
    printf("samples/s %.0f\n", N / seconds_of(step, net));
}

// A batch of random numbers in [0, 1) and of random labels.
static inline void random_batch(Tensor *x, int labels[N], Rng *rng) {
    for (size_t i = 0; i < x->size; i++)
        x->data[i] = rng_uniform(rng);
    for (int n = 0; n < N; n++)
        labels[n] = rng_below(rng, 10);
}

// GFLOP/s of the register tile on operands in L1, in the calling thread: the
// ceiling for everything else.
double peak_rate(void);

#endif
