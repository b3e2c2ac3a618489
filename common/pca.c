#include "pca.h"

#include <string.h>

#include "blas.h"
#include "eigen.h"
#include "error.h"
#include "integers.h"
#include "memory.h"

// Rows are centred and multiplied this many at a time, and the products added
// up in double: a sum of 60,000 floats would lose digits.
enum { ROWS = 1000 };

static void mean_of(Tensor *mean, const Tensor *x, int N, int D) {
    double *sum = mem_alloc((size_t)D, sizeof *sum);
    for (int n = 0; n < N; n++)
        for (int d = 0; d < D; d++)
            sum[d] += (double)x->data[(size_t)n * (size_t)D + (size_t)d];
    tensor_resize(mean, 1, D);
    for (int d = 0; d < D; d++)
        mean->data[d] = (float)(sum[d] / N);
    mem_free(sum);
}

// C [D, D] = (1 / (N - 1)) sum of (x - m)^T (x - m)
static void covariance_of(double *C, const Tensor *mean, const Tensor *x, int N,
                          int D) {
    Tensor centred = {0}, part = {0};
    tensor_resize(&centred, 2, min_int(ROWS, N), D);
    tensor_resize(&part, 2, D, D);
    for (int first = 0; first < N; first += ROWS) {
        int rows = min_int(ROWS, N - first);
        memcpy(centred.data, x->data + (size_t)first * (size_t)D,
               (size_t)rows * (size_t)D * sizeof(float));
        for (int n = 0; n < rows; n++)
            saxpy(D, -1.0f, mean->data, centred.data + n * D);
        sgemm('T', 'N', D, D, rows, 1.0f, centred.data, D, centred.data, D,
              0.0f, part.data, D);
        for (size_t i = 0; i < part.size; i++)
            C[i] += (double)part.data[i] / (N - 1);
    }
    tensor_free(&centred);
    tensor_free(&part);
}

void pca_fit(Pca *pca, const Tensor *x) {
    int N = x->shape[0], D = (int)(x->size / (size_t)N);
    REQUIRE(N >= 2, "principal components of x %s", tensor_shape(x).text);
    mean_of(&pca->mean, x, N, D);
    double *C = mem_alloc((size_t)D * (size_t)D, sizeof *C);
    double *vectors = mem_alloc((size_t)D * (size_t)D, sizeof *vectors);
    double *values = mem_alloc((size_t)D, sizeof *values);
    covariance_of(C, &pca->mean, x, N, D);
    eigen_symmetric(values, vectors, C, D);
    tensor_resize(&pca->components, 2, D, D);
    tensor_resize(&pca->variance, 1, D);
    for (size_t i = 0; i < pca->components.size; i++)
        pca->components.data[i] = (float)vectors[i];
    for (int d = 0; d < D; d++) // rounding may leave a zero just below zero
        pca->variance.data[d] = values[d] > 0.0 ? (float)values[d] : 0.0f;
    mem_free(C);
    mem_free(vectors);
    mem_free(values);
}

void pca_free(Pca *pca) {
    tensor_free(&pca->mean);
    tensor_free(&pca->components);
    tensor_free(&pca->variance);
}

double pca_explained(const Pca *pca, int k) {
    double kept = 0.0, all = 0.0;
    for (int d = 0; d < pca->variance.shape[0]; d++) {
        all += (double)pca->variance.data[d];
        kept += d < k ? (double)pca->variance.data[d] : 0.0;
    }
    return all > 0.0 ? kept / all : 1.0;
}

void pca_project(Tensor *y, const Pca *pca, const Tensor *x, int k) {
    int N = x->shape[0], D = pca->mean.shape[0];
    REQUIRE(x->size == (size_t)N * (size_t)D && k >= 1 && k <= D,
            "x is %s, %d of %d components", tensor_shape(x).text, k, D);
    Tensor centred = {0};
    tensor_copy(&centred, x);
    for (int n = 0; n < N; n++)
        saxpy(D, -1.0f, pca->mean.data, centred.data + (size_t)n * (size_t)D);
    tensor_resize(y, 2, N, k);
    sgemm('N', 'T', N, k, D, 1.0f, centred.data, D, pca->components.data, D,
          0.0f, y->data, k);
    tensor_free(&centred);
}

void pca_restore(Tensor *x, const Pca *pca, const Tensor *y) {
    int N = y->shape[0], k = y->shape[1], D = pca->mean.shape[0];
    REQUIRE(y->ndim == 2 && k <= D, "y is %s, D is %d", tensor_shape(y).text,
            D);
    tensor_resize(x, 2, N, D);
    for (int n = 0; n < N; n++)
        memcpy(x->data + (size_t)n * (size_t)D, pca->mean.data,
               (size_t)D * sizeof(float));
    sgemm('N', 'N', N, D, k, 1.0f, y->data, k, pca->components.data, D, 1.0f,
          x->data, D);
}
