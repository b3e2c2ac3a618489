// gemm.c - sgemm of this library beside OpenBLAS, shape by shape, in one run.

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "blas.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "train.h"

typedef void CblasSgemm(int order, int ta, int tb, int m, int n, int k,
                        float alpha, const float *a, int lda, const float *b,
                        int ldb, float beta, float *c, int ldc);

typedef struct {
    int m, n, k;
    char ta, tb;
} Shape;

static void call(CblasSgemm *peer, const Shape *s, const float *a,
                 const float *b, float *c) {
    int lda = s->ta == 'T' ? s->m : s->k, ldb = s->tb == 'T' ? s->k : s->n;
    if (peer == NULL)
        sgemm(s->ta, s->tb, s->m, s->n, s->k, 1, a, lda, b, ldb, 0, c, s->n);
    else
        peer(101, s->ta == 'T' ? 112 : 111, s->tb == 'T' ? 112 : 111, s->m,
             s->n, s->k, 1, a, lda, b, ldb, 0, c, s->n);
}

// GFLOP/s of calls that take some two milliseconds in all.
static double rate(CblasSgemm *peer, const Shape *s, const float *a,
                   const float *b, float *c) {
    double flops = 2.0 * s->m * s->n * s->k;
    int repeat = 1 + (int)(2e-3 * 200e9 / flops);
    double start = seconds_now();
    for (int i = 0; i < repeat; i++)
        call(peer, s, a, b, c);
    return flops * repeat / (seconds_now() - start) * 1e-9;
}

// Medians over ROUNDS rounds, and of the ratios within a round: a neighbour who
// slows the machine down slows everything in that round.
typedef struct {
    double ours, of_peak, theirs, ratio;
} Row;

static Row compare(CblasSgemm *peer, const Shape *s, const float *a,
                   const float *b, float *c) {
    enum { GEMM_ROUNDS = 31 };
    double ours[GEMM_ROUNDS], of_peak[GEMM_ROUNDS];
    double theirs[GEMM_ROUNDS] = {0}, ratio[GEMM_ROUNDS] = {0};
    for (int r = -1; r < GEMM_ROUNDS; r++) { // once to warm up
        int at = max_int(r, 0);
        double peak = peak_rate();
        ours[at] = rate(NULL, s, a, b, c);
        of_peak[at] = ours[at] / peak;
        if (peer != NULL) {
            theirs[at] = rate(peer, s, a, b, c);
            ratio[at] = ours[at] / theirs[at];
        }
    }
    return (Row){median(ours, GEMM_ROUNDS), median(of_peak, GEMM_ROUNDS),
                 median(theirs, GEMM_ROUNDS), median(ratio, GEMM_ROUNDS)};
}

int main(int argc, char **argv) {
    threads_set(argc > 1 ? atoi(argv[1]) : 0);
    static const Shape shapes[] = {
        {512, 512, 512, 'N', 'N'}, {1024, 1024, 1024, 'N', 'N'},
        {64, 128, 784, 'N', 'T'},  {128, 784, 64, 'T', 'N'},
        {64, 784, 128, 'N', 'N'},  {64, 512, 156, 'N', 'T'},
        {128, 512, 128, 'N', 'T'}, {512, 156, 64, 'T', 'N'},
        {64, 500, 1250, 'N', 'T'}, {20, 784, 25, 'N', 'N'},
        {50, 100, 500, 'N', 'N'},  {36864, 20, 25, 'N', 'T'},
        {4096, 50, 500, 'N', 'T'},
    };
    void *library = dlopen("libopenblas.so.0", RTLD_NOW);
    CblasSgemm *peer = NULL;
    if (library != NULL)
        *(void **)&peer = dlsym(library, "cblas_sgemm");
    const char *core = getenv("OPENBLAS_CORETYPE");
    double peak = 0; // a processor may need a moment for its widest vectors
    for (int i = 0; i < 50; i++)
        peak = fmax(peak, peak_rate());
    printf("kernel %s, %d thread(s), peak %.0f GFLOP/s a core; OpenBLAS %s\n",
           kernels()->name, threads_count(), peak,
           peer == NULL ? "not found"
           : core       ? core
                        : "as it comes");
    printf("%5s %5s %5s    %8s %6s %9s %6s\n", "m", "n", "k", "GFLOP/s", "peak",
           "OpenBLAS", "ratio");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const Shape *s = &shapes[i];
        size_t na = (size_t)s->m * (size_t)s->k,
               nb = (size_t)s->k * (size_t)s->n;
        size_t nc = (size_t)s->m * (size_t)s->n;
        float *a = mem_alloc(na, 4), *b = mem_alloc(nb, 4),
              *c = mem_alloc(nc, 4);
        for (size_t j = 0; j < na; j++)
            a[j] = 0.001f * (float)(j % 1000);
        for (size_t j = 0; j < nb; j++)
            b[j] = 0.001f * (float)(j % 777);
        Row row = compare(peer, s, a, b, c);
        printf("%5d %5d %5d %c%c %8.1f %5.0f%%", s->m, s->n, s->k, s->ta, s->tb,
               row.ours, 100 * row.of_peak);
        if (peer != NULL)
            printf(" %9.1f %6.2f", row.theirs, row.ratio);
        printf("\n");
        mem_free(a);
        mem_free(b);
        mem_free(c);
    }
    return 0;
}
