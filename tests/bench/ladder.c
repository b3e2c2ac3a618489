// ladder.c - from three loops to the machine's limit, one rung at a time.
//
// Every rung multiplies the same two matrices and differs from the one before
// in a single idea; common/README.md has a paragraph on each. From the register
// tile on it is common/gemm.c that runs, and only its kernel is exchanged.
// Draws out/common/gemm_ladder.svg.
//
// usage: ladder [svg|png|pdf|dumb|none]

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "blas.h"
#include "error.h"
#include "figure.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "metrics.h"
#include "progress.h"
#include "threads.h"

enum { SIZE = 1024, BLOCK = 64 };

typedef void Multiply(float *restrict c, const float *a, const float *b);

// ---- 1. The rungs that are plain C ------------------------------------------

static void three_loops(float *restrict c, const float *a, const float *b) {
    sgemm_ref('N', 'N', SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0, c, SIZE);
}

// The sum outside, the columns inside: B and C are read along memory, and the
// additions of the innermost loop do not wait for each other.
static void reordered(float *restrict c, const float *a, const float *b) {
    memset(c, 0, SIZE * SIZE * sizeof *c);
    for (int i = 0; i < SIZE; i++)
        for (int k = 0; k < SIZE; k++)
            for (int j = 0; j < SIZE; j++)
                c[i * SIZE + j] += a[i * SIZE + k] * b[k * SIZE + j];
}

// The same, a block of B at a time, which stays in L1 for all rows of A.
static void blocked(float *restrict c, const float *a, const float *b) {
    memset(c, 0, SIZE * SIZE * sizeof *c);
    for (int k0 = 0; k0 < SIZE; k0 += BLOCK)
        for (int j0 = 0; j0 < SIZE; j0 += BLOCK)
            for (int i = 0; i < SIZE; i++)
                for (int k = k0; k < k0 + BLOCK; k++)
                    for (int j = j0; j < j0 + BLOCK; j++)
                        c[i * SIZE + j] += a[i * SIZE + k] * b[k * SIZE + j];
}

// The same with the block copied: its rows no longer lie a page apart.
static void packed(float *restrict c, const float *a, const float *b) {
    float block[BLOCK][BLOCK];
    memset(c, 0, SIZE * SIZE * sizeof *c);
    for (int k0 = 0; k0 < SIZE; k0 += BLOCK)
        for (int j0 = 0; j0 < SIZE; j0 += BLOCK) {
            for (int k = 0; k < BLOCK; k++)
                memcpy(block[k], b + (k0 + k) * SIZE + j0, sizeof block[k]);
            for (int i = 0; i < SIZE; i++)
                for (int k = 0; k < BLOCK; k++)
                    for (int j = 0; j < BLOCK; j++)
                        c[i * SIZE + j0 + j] +=
                            a[i * SIZE + k0 + k] * block[k][j];
        }
}

// ---- 2. The rungs that are the library -------------------------------------

static void library(float *restrict c, const float *a, const float *b) {
    sgemm('N', 'N', SIZE, SIZE, SIZE, 1, a, SIZE, b, SIZE, 0, c, SIZE);
}

typedef struct {
    const char *name;
    Multiply *multiply;
    const char *kernel; // for the library's
    bool all_cores;
} Rung;

static const Rung rungs[] = {
    {"three loops", three_loops, NULL, false},
    {"reordered loops", reordered, NULL, false},
    {"blocked", blocked, NULL, false},
    {"packed", packed, NULL, false},
    {"register tile", library, "portable", false},
    {"AVX2", library, "avx2", false},
    {"AVX-512", library, "avx512", false},
    {"all cores", library, "", true},
};
enum { RUNGS = sizeof rungs / sizeof *rungs };

// ---- 3. Measuring and drawing ----------------------------------------------

// Median of 3 rates, GFLOP/s, each over at least 20 ms.
static double rate(const Rung *rung, float *c, const float *a, const float *b) {
    const double flops = 2.0 * SIZE * SIZE * SIZE;
    double rates[3];
    rung->multiply(c, a, b);
    for (int r = 0; r < 3; r++) {
        int times = 0;
        double start = seconds_now(), spent;
        do {
            rung->multiply(c, a, b);
            times++;
            spent = seconds_now() - start;
        } while (spent < 20e-3);
        rates[r] = times * flops / spent * 1e-9;
    }
    return median(rates, 3);
}

// A rung that gives another product measures nothing: sums of 1024
// terms of at most 1, in any order, agree to 1024 * 1024 * 2^-24, twice.
static void check(const char *name, const float *c, const float *want) {
    for (int i = 0; i < SIZE * SIZE; i++)
        REQUIRE(fabsf(c[i] - want[i]) < 2.0f * SIZE * SIZE / (1 << 24),
                "%s: element %d is %g, not %g", name, i, (double)c[i],
                (double)want[i]);
}

static void draw(const double rates[RUNGS], const char *format) {
    Figure f;
    int shown = 0;
    if (!figure_open(&f, "common", "gemm_ladder", format))
        return;
    figure_title(&f, "The same product, %d × %d × %d, rung by rung", SIZE, SIZE,
                 SIZE);
    figure_caption(&f, "Each rung changes one thing in how the same sums are "
                       "computed; rungs this machine cannot run are missing.");
    figure_table(&f, "rung,GFLOP/s");
    for (int i = 0; i < RUNGS; i++)
        if (rates[i] > 0) {
            figure_row(&f, i, rates[i]);
            figure_tick(&f, 'y', shown++, "%s", rungs[i].name);
        }
    figure_x(&f, "GFLOP/s (logarithmic)");
    figure_log(&f, 'x');
    figure_range(&f, 'x', 0.1, 2000.0);
    figure_ranks(&f, 2, "%.3g", "");
    figure_close(&f);
}

int main(int argc, char **argv) {
    const char *format = argc > 1 ? argv[1] : "svg";
    const size_t size = SIZE * SIZE;
    const int cores = threads_count();
    float *a = mem_alloc(size, sizeof *a), *b = mem_alloc(size, sizeof *b);
    float *c = mem_alloc(size, sizeof *c), *want = mem_alloc(size, sizeof *c);
    for (size_t i = 0; i < size; i++) {
        a[i] = (float)(i % 101) / 100.0f;
        b[i] = (float)(i % 97) / 96.0f;
    }
    three_loops(want, a, b);
    double rates[RUNGS] = {0};
    printf("%d x %d x %d, GFLOP/s\n", SIZE, SIZE, SIZE);
    for (int i = 0; i < RUNGS; i++) {
        Error err;
        const Rung *rung = &rungs[i];
        if (rung->kernel != NULL && !kernels_choose(rung->kernel, &err))
            continue; // not on this machine
        threads_set(rung->all_cores ? cores : 1);
        rates[i] = rate(rung, c, a, b);
        check(rung->name, c, want);
        printf("  %-24s %7.1f\n", rung->name, rates[i]);
    }
    draw(rates, format);
    mem_free(a);
    mem_free(b);
    mem_free(c);
    mem_free(want);
    return 0;
}
