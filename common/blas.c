// blas.c - levels 1 and 2: one pass over a vector, or over a matrix.

#include "blas.h"

#include <string.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "threads.h"

float sdot(int n, const float *x, const float *y) {
    return kernels()->dot_product((size_t)n, x, y);
}

void saxpy(int n, float alpha, const float *x, float *y) {
    kernels()->axpy((size_t)n, alpha, x, y);
}

void sscal(int n, float alpha, float *x) {
    for (int i = 0; i < n; i++)
        x[i] *= alpha;
}

// A matrix of m rows of n floats, ld apart: what every caller must keep.
static void check_matrix(int m, int n, int ld) {
    REQUIRE(m >= 0 && n >= 0, "a matrix of %d x %d", m, n);
    REQUIRE(ld >= n, "lda is %d, but a row has %d floats", ld, n);
}

// A^T x is a sum of rows, A x a dot product per row: either way A is read once,
// along its rows, as it lies in memory.
void sgemv(char trans, int m, int n, float alpha, const float *a, int lda,
           const float *x, float beta, float *y) {
    REQUIRE(trans == 'N' || trans == 'T', "trans is '%c'", trans);
    check_matrix(m, n, lda);
    int outputs = trans == 'T' ? n : m;
    for (int i = 0; i < outputs; i++)
        y[i] = beta == 0.0f ? 0.0f : beta * y[i];
    if (alpha == 0.0f)
        return;
    for (int i = 0; i < m; i++) {
        const float *row = a + (long)i * lda;
        if (trans == 'T')
            saxpy(n, alpha * x[i], row, y);
        else
            y[i] += alpha * sdot(n, row, x);
    }
}

void sger(int m, int n, float alpha, const float *x, const float *y, float *a,
          int lda) {
    check_matrix(m, n, lda);
    if (alpha == 0.0f)
        return;
    for (int i = 0; i < m; i++)
        saxpy(n, alpha * x[i], y, a + (long)i * lda);
}

// The columns of a large matrix are cut into strips of a few cache lines.
typedef struct {
    int m, n, strip;
    const float *a;
    int lda;
    float *sums;
} ColumnSums;

static void sum_strip(void *context, int part) {
    const ColumnSums *s = context;
    const int j = part * s->strip;
    for (int i = 0; i < s->m; i++)
        kernels()->axpy((size_t)min_int(s->strip, s->n - j), 1.0f,
                        s->a + (ptrdiff_t)i * s->lda + j, s->sums + j);
}

void column_sums(int m, int n, const float *a, int lda, float *sums) {
    enum { STRIP = 64, PARALLEL_FROM = 256 * 1024 };
    check_matrix(m, n, lda);
    const int strip = (double)m * n >= PARALLEL_FROM ? STRIP : max_int(n, 1);
    memset(sums, 0, (size_t)n * sizeof *sums);
    threads_run(ceil_div(n, strip), sum_strip,
                &(ColumnSums){m, n, strip, a, lda, sums});
}
