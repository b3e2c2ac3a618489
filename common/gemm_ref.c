// gemm_ref.c - what a matrix product is: three loops. The first rung.

#include "blas.h"

void sgemm_ref(char transa, char transb, int m, int n, int k, float alpha,
               const float *a, int lda, const float *b, int ldb, float beta,
               float *c, int ldc) {
    if (alpha == 0.0f)
        k = 0; // A and B are not read
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            float sum = 0.0f;
            for (int p = 0; p < k; p++) {
                float a_ip = transa == 'T' ? a[p * lda + i] : a[i * lda + p];
                float b_pj = transb == 'T' ? b[j * ldb + p] : b[p * ldb + j];
                sum += a_ip * b_pj;
            }
            float *c_ij = &c[i * ldc + j];
            *c_ij = alpha * sum + (beta == 0.0f ? 0.0f : beta * *c_ij);
        }
    }
}
