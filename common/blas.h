// blas.h - vectors and matrices, by the names that every library uses for them.
//
// The first letter is the type (s: float32), then what it does. Matrices are
// row-major; lda is the number of floats from one row of A to the next, at
// least its width, so that a part of a larger matrix can be used in place. A
// product that does not keep to this is refused by REQUIRE. As in every BLAS,
// in levels 2 and 3 alpha = 0 means that A, B and x are not read, whatever they
// hold.
// The *_ref functions are the definitions, in plain loops: read them first.
// The others give the same up to rounding, 100 times as fast (README.md shows
// how, rung by rung), and the same bits for any number of threads.
// Source: Lawson et al. 1979 (level 1), Dongarra et al. 1988, 1990 (2 and 3).

#ifndef DL_BLAS_H
#define DL_BLAS_H

#include "tensor.h"

// Level 1: vectors of n floats.
float sdot(int n, const float *x, const float *y);        // x . y
void saxpy(int n, float alpha, const float *x, float *y); // y += alpha x
void sscal(int n, float alpha, float *x);                 // x *= alpha

// Level 2: A is m x n.
//   sgemv:  y = alpha op(A) x + beta y;  trans 'N': op(A) = A, 'T': A^T
//   sger:   A += alpha x y^T             x has m floats, y has n
void sgemv(char trans, int m, int n, float alpha, const float *a, int lda,
           const float *x, float beta, float *y);
void sger(int m, int n, float alpha, const float *x, const float *y, float *a,
          int lda);
// sums[j] = sum over i of a[i][j]: how a bias collects its gradient.
void column_sums(int m, int n, const float *a, int lda, float *sums);

// Level 3:  C = alpha op(A) op(B) + beta C.
// op(A) is m x k, op(B) is k x n, C is m x n. transa 'N': A is stored as m x k;
// 'T': as k x m. transb likewise. beta = 0 overwrites C, whatever it held.
void sgemm(char transa, char transb, int m, int n, int k, float alpha,
           const float *a, int lda, const float *b, int ldb, float beta,
           float *c, int ldc);
void sgemm_ref(char transa, char transb, int m, int n, int k, float alpha,
               const float *a, int lda, const float *b, int ldb, float beta,
               float *c, int ldc);

// The same with alpha = 1 and a B that many products share, as a recurrent
// net's weights do at every time step: it is copied into the kernel's order
// once. sgemm_packed works in the calling thread alone. b must not change
// meanwhile; it has a column at least.
typedef struct {
    // set by sgemm_pack
    char transb;
    int n, k, ldb;
    const float *b;
    Tensor panels; // [blocks of k, panels of n, floats]
} PackedMatrix;

void sgemm_pack(PackedMatrix *to, char transb, int n, int k, const float *b,
                int ldb);
void sgemm_packed(int m, const float *a, int lda, const PackedMatrix *b,
                  float beta, float *c, int ldc);
void packed_free(PackedMatrix *packed);

#endif
