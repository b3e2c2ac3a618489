// eigen.h - eigenvalues and eigenvectors of a symmetric matrix.
//
// A symmetric A [n, n] has n real eigenvalues and n eigenvectors at right
// angles to one another:  A v_i = lambda_i v_i,  v_i . v_j = (i == j).
//
// Two steps (Golub & Van Loan, Matrix Computations, 8.3):
//   1. Householder reflections make A tridiagonal, T = Q^T A Q: each one clears
//      a column below the first off-diagonal, as a mirror turns a vector onto
//      an axis. 2 n^3 operations.
//   2. QR steps with Wilkinson's shift let T's off-diagonal die away, two or
//      three per eigenvalue; each is a chain of plane rotations, which the
//      eigenvectors go along with. About 6 n^3.
//
// Why not Jacobi's method, which is half as long: it takes 6-10 sweeps of 6 n^3
// operations, ten seconds and more for the 784 pixels of a digit instead of
// one. Why not LAPACK: it would be one more library to install for two pages of
// C.
//
// All in double; each eigenvalue is right to about n * 2^-53 * the largest, and
// the vectors of a group of eigenvalues as far as the group stands apart.

#ifndef DL_EIGEN_H
#define DL_EIGEN_H

// values [n], largest first; vectors [n, n], row i belongs to values[i], has
// length 1, and its element of largest magnitude is positive (an eigenvector's
// sign is arbitrary: this makes results comparable). a [n, n] is symmetric
// (only its lower triangle is read), finite, and left alone.
void eigen_symmetric(double *values, double *vectors, const double *a, int n);

#endif
