#include "vmath.h"

#include "kernels.h"

void vexp(float *y, const float *x, size_t n) {
    kernels()->exp(y, x, n);
}

void vtanh(float *y, const float *x, size_t n) {
    kernels()->tanh(y, x, n);
}

void vsigmoid(float *y, const float *x, size_t n) {
    kernels()->sigmoid(y, x, n);
}
