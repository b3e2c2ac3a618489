// layers.h - the layers of a feed-forward net, each with its way back.
//
// x is a batch, its first dimension N; y = f(x) is resized by the forward
// function, dx like x by the backward one. A gradient is d + name: dy is dL/dy
// for the loss L. Backward overwrites its outputs, and takes what forward was
// given. *_relu backward reads the output y, not the input: the sign is the
// same.

#ifndef DL_LAYERS_H
#define DL_LAYERS_H

#include <stdint.h>

#include "rng.h"
#include "tensor.h"

// y [N, M] = x [N, D] w^T + b, with w [M, D] and b [M]. An x of more dimensions
// is read as [N, D], D = everything but N, so flattening costs nothing.
void linear_forward(Tensor *y, const Tensor *x, const Tensor *w,
                    const Tensor *b);

// dw [M, D] = dy^T x,  db [M] = sum of the rows of dy,  dx = dy w in the shape
// of x; dx may be NULL.
void linear_backward(Tensor *dx, Tensor *dw, Tensor *db, const Tensor *dy,
                     const Tensor *x, const Tensor *w);

// y = max(0, x). y may be x.
void relu_forward(Tensor *y, const Tensor *x);
// dx = dy where y > 0, else 0. dx may be dy.
void relu_backward(Tensor *dx, const Tensor *dy, const Tensor *y);

// Inverted dropout (Srivastava et al. 2014): each element is dropped with
// probability p, the others are scaled by 1 / (1 - p), so that the mean stays.
// mask [like x] gets 0 or 1 / (1 - p). 0 <= p < 1. y may be x.
void dropout_forward(Tensor *y, Tensor *mask, const Tensor *x, float p,
                     Rng *rng);
// dx = dy * mask. dx may be dy.
void dropout_backward(Tensor *dx, const Tensor *dy, const Tensor *mask);

// Pooling over size x size windows, `stride` apart, windows inside the picture:
// y [N, C, (H - size) / stride + 1, (W - size) / stride + 1].
// max: winner [like y] gets the index into x of each maximum (the first of
// equals), where all of dy goes. It holds floats, exact up to 2^24 per picture.
void maxpool_forward(Tensor *y, Tensor *winner, const Tensor *x, int size,
                     int stride);
void maxpool_backward(Tensor *dx, const Tensor *dy, const Tensor *winner,
                      const Tensor *x);
// The same, one apart and with a border, so that y is as large as x: windows of
// odd size centred on each pixel, cut off where they leave the picture. For
// maxpool_backward there is no difference.
void maxpool_same_forward(Tensor *y, Tensor *winner, const Tensor *x, int size);
// average: dy is shared equally by the window.
void avgpool_forward(Tensor *y, const Tensor *x, int size, int stride);
void avgpool_backward(Tensor *dx, const Tensor *dy, const Tensor *x, int size,
                      int stride);

#endif
