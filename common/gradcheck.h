// gradcheck.h - is a hand-written gradient the derivative of its function?

#ifndef DL_GRADCHECK_H
#define DL_GRADCHECK_H

#include <stddef.h>

typedef struct {
    double worst; // largest relative error |num - ana| / (|num| + |ana|);
                  // infinite if one of them is NaN
    size_t where; // its index, and there:
    double analytic, numeric;
    double largest; // largest |analytic|: 0 means nothing was tested
    size_t skipped; // at a kink: left and right derivative differ
} GradCheck;

// Compares grad[i] with the central difference
//     (f(w + h e_i) - f(w - h e_i)) / 2h
// for `samples` indices spread over n (all of them if samples >= n). f computes
// the loss from the w it has been told of and may use context; h about 1e-3
// suits float32. Elements where both are below `floor` count as equal; where
// forward and backward difference disagree by more than half (a ReLU or a
// maximum switches inside the step) the element is skipped and counted.
GradCheck grad_check(double (*f)(void *context), void *context, float *w,
                     const float *grad, size_t n, size_t samples, double h,
                     double floor);

// The same in one step along the gradient itself: f must rise by |grad| per
// unit of length. A net's kinks, of which a few lie in any step, bend single
// elements by much and this sum by little. Returns the relative error,
// |num / |grad| - 1|; infinite if grad is all zero. h is the length of the step
// in w.
double grad_check_along(double (*f)(void *context), void *context, float *w,
                        const float *grad, size_t n, double h);

#endif
