// batchnorm.h - batch normalization (Ioffe & Szegedy 2015): every feature of a
// batch gets mean 0 and variance 1, then a scale and a shift that are learned.
//
//     training:  mean, var over the batch (var divided by N)
//                y = gamma (x - mean) / sqrt(var + eps) + beta
//                running_mean += momentum (mean - running_mean), and
//                running_var likewise with the unbiased variance (divided by N
//                - 1)
//     use:       the same with the running ones, so that a picture's answer
//                does not depend on its neighbors
//
// With gamma = sqrt(var + eps) and beta = mean, y is x again: scale and shift
// can undo the normalization, so the layer takes nothing away from the net.
//
// A feature of [N, D] is a column. In [N, C, H, W] it is a channel: mean and
// variance go over its N H W numbers, since a convolution treats all pixels
// alike. D stands for C then, and N for N H W.
//
// Defaults and conventions are PyTorch's: momentum 0.1, eps 1e-5.

#ifndef DL_BATCHNORM_H
#define DL_BATCHNORM_H

#include "tensor.h"

typedef struct {
    // set by batchnorm_init; a program may change them
    float momentum, eps;
    // written in training, read in use
    Tensor running_mean, running_var; // [D], from 0 and 1
    // written by forward, read by backward
    Tensor normal;        // (x - mean) / sqrt(var + eps), like x
    Tensor inverse_sigma; // 1 / sqrt(var + eps), [D]
} BatchNorm;

void batchnorm_init(BatchNorm *bn, int D);
void batchnorm_free(BatchNorm *bn);

// Training: x [N, D] or [N, D, H, W], at least 2 numbers a feature; gamma and
// beta [D]. y may be x.
void batchnorm_forward(BatchNorm *bn, Tensor *y, const Tensor *x,
                       const Tensor *gamma, const Tensor *beta);

// With n = normal, and means over the batch:
//     dgamma = sum of dy n,  dbeta = sum of dy
//     dx = gamma / sigma (dy - mean(dy) - n mean(dy n))
// dx may be dy.
void batchnorm_backward(BatchNorm *bn, Tensor *dx, Tensor *dgamma,
                        Tensor *dbeta, const Tensor *dy, const Tensor *gamma);

// Use: with the running mean and variance. y may be x.
void batchnorm_infer(const BatchNorm *bn, Tensor *y, const Tensor *x,
                     const Tensor *gamma, const Tensor *beta);

// Folds the trained normalization into the layer before it, linear with w
// [D, K] or a convolution with w [D, C, KH, KW], b [D], which then does both:
// w_d *= s_d, b_d = (b_d - running_mean_d) s_d + beta_d, with s = gamma /
// sqrt(running_var + eps). Nothing is left to do.
void batchnorm_fold(const BatchNorm *bn, Tensor *w, Tensor *b,
                    const Tensor *gamma, const Tensor *beta);

#endif
