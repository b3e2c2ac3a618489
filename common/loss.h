// loss.h - what a net is blamed for, and the first gradient of its way back.

#ifndef DL_LOSS_H
#define DL_LOSS_H

#include "tensor.h"

// Row by row, y_j = exp(x_j) / sum over k of exp(x_k), for x [N, classes]. The
// row's maximum is subtracted first: it cancels, and nothing overflows.
// y may be x.
void softmax_forward(Tensor *y, const Tensor *x);

// Softmax and cross entropy in one step, for integer labels:
//     L = - (1/N) sum over n of log softmax(logits[n])[label[n]]
//     dlogits = (softmax(logits) - one_hot(label)) / N
// logits [N, classes]; dlogits is resized, and may be NULL. Returns L; NaN in
// gives NaN out. A label outside 0 .. classes-1 aborts.
float softmax_cross_entropy(Tensor *dlogits, const Tensor *logits,
                            const int *labels);

// Sigmoid and binary cross entropy in one step, for one or more yes-or-no
// outputs and targets between 0 and 1 (a pixel may be half black), p =
// sigmoid(logits):
//     L = - (1/N) sum over n, j of t log p + (1 - t) log(1 - p)
//     dlogits = (p - t) / N
// logits and target [N, M]; dlogits is resized, and may be NULL. Nothing
// overflows, however sure the net is; NaN in gives NaN out.
float sigmoid_cross_entropy(Tensor *dlogits, const Tensor *logits,
                            const Tensor *target);

// Mean squared error: L = (1/n) sum of (y - t)^2 over all n elements, and
// dy = (2/n) (y - t), the same as PyTorch. dy may be NULL.
float mse_loss(Tensor *dy, const Tensor *y, const Tensor *target);

#endif
