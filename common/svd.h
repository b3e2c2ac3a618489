// svd.h - singular values: a matrix as rotation, stretching, rotation
// (奇异值分解).
//
// Any X [N, D] is U S V^T: V's columns are at right angles to one another, so
// are U's, and S is diagonal. Here one-sided Jacobi (Hestenes 1958): pair by
// pair, the columns of X are turned in their common plane until all are at
// right angles to one another. The product of the turns is V, so what is left
// is X V = U S, and the lengths of its columns are the singular values. X^T X
// is never formed, nothing is squared, and small singular values keep their
// digits.
//
// The rows of X being N centred examples, V's columns are the principal
// components (pca.h), U S the examples' coordinates along them, and s^2 / (N -
// 1) the variances.

#ifndef DL_SVD_H
#define DL_SVD_H

// columns [D, N] holds X, one column after the other, and becomes U S, longest
// column first; singular [D] gets the lengths. Returns the number of sweeps
// over all pairs: 6 to 10, each of up to 5 D^2 N operations.
int svd_columns(double *columns, double *singular, int D, int N);

#endif
