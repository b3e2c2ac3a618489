// pca.h - principal components: the directions in which data vary most
// (主成分).
//
// With the mean m and the covariance C = (1 / (N - 1)) (X - m)^T (X - m) of the
// rows of X [N, D], the components are C's eigenvectors and the variances along
// them its eigenvalues (Pearson 1901, Hotelling 1933). No other k directions
// keep as much of the variance as the first k.

#ifndef DL_PCA_H
#define DL_PCA_H

#include "tensor.h"

typedef struct {
    Tensor mean;       // [D]
    Tensor components; // [D, D], row k is the k-th direction, of length 1
    Tensor variance;   // [D], largest first
} Pca;

// From the rows of x [N, ...], N >= 2, read as [N, D].
void pca_fit(Pca *pca, const Tensor *x);
void pca_free(Pca *pca);

// The part of the whole variance that the first k components keep: 0 .. 1.
double pca_explained(const Pca *pca, int k);

// y [N, k] = (x - m) W^T, W being the first k components.
void pca_project(Tensor *y, const Pca *pca, const Tensor *x, int k);

// x [N, D] = y W + m, for y [N, k]: what is left of x after pca_project.
void pca_restore(Tensor *x, const Pca *pca, const Tensor *y);

#endif
