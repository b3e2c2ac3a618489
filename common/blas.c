// blas.c - levels 1 and 2: one pass over a vector, or over a matrix.

#include "blas.h"

#ifdef _OPENMP
#include <omp.h>
#endif

#include "kernels.h"

int blas_threads(void) {
#ifdef _OPENMP
    return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
    return 1;
#endif
}

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

// A^T x is a sum of rows, A x a dot product per row: either way A is read once,
// along its rows, as it lies in memory.
void sgemv(char trans, int m, int n, float alpha, const float *a, int lda,
           const float *x, float beta, float *y) {
    int outputs = trans == 'T' ? n : m;
    for (int i = 0; i < outputs; i++)
        y[i] = beta == 0.0f ? 0.0f : beta * y[i];
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
    for (int i = 0; i < m; i++)
        saxpy(n, alpha * x[i], y, a + (long)i * lda);
}
