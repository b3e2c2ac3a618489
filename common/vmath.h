// vmath.h - exp, tanh and sigmoid of whole arrays, a vector at a time.
//
// Errors against the exact result, over all 2^32 floats: exp at most 2 ulp,
// tanh and sigmoid at most 4 ulp, subnormal results included (tests/test_vmath
// measures it). exp(-inf) = 0, exp(inf) = inf, tanh(+-0) = +-0, NaN gives NaN.
// The formulas are in kernels_body.inc. y may be x.

#ifndef DL_VMATH_H
#define DL_VMATH_H

#include <stddef.h>

void vexp(float *y, const float *x, size_t n);
void vtanh(float *y, const float *x, size_t n);
void vsigmoid(float *y, const float *x, size_t n); // 1 / (1 + exp(-x))

#endif
