// channels.h - what the classic convolutional nets do with channels (通道).
//
// x is [N, C, H, W] as in conv.h; backward overwrites its outputs and takes
// what forward was given, as in layers.h. A residual connection needs nothing
// new: forward tensor_add(&y, &x), and backward dy goes both ways.
//
// Sources: Krizhevsky et al. 2012 (AlexNet) for the normalization, Szegedy et
// al. 2015 (GoogLeNet) for joining, Lin et al. 2014 for global averages.

#ifndef DL_CHANNELS_H
#define DL_CHANNELS_H

#include "tensor.h"

// Local response normalization: a pixel is damped by the same pixel of its
// `size` nearest channels, itself among them, so that strong ones stand out.
//     s_c = k + alpha * sum of x_j^2 over |j - c| <= size / 2, 0 <= j < C
//     y_c = x_c / s_c^beta
// size is odd. (PyTorch's alpha is that of the paper, which is this one, times
// size.)
typedef struct {
    int size;             // 5 in the paper
    float k, alpha, beta; // 2, 1e-4, 0.75
} Lrn;

// scale [like x] gets s.
void lrn_forward(const Lrn *lrn, Tensor *y, Tensor *scale, const Tensor *x);
//     dx_c = dy_c / s_c^beta
//            - 2 alpha beta x_c * sum of dy_j y_j / s_j over |j - c| <= size /
//            2
// dx may be dy.
void lrn_backward(const Lrn *lrn, Tensor *dx, const Tensor *dy, const Tensor *x,
                  const Tensor *y, const Tensor *scale);

// y [N, C_0 + C_1 + ..., H, W]: the channels of x[0], then those of x[1] ...
// The parts have the same N, H and W.
void concat_forward(Tensor *y, const Tensor *const *x, int count);
// The way back cuts dy into parts again: dx[i] like x[i].
void concat_backward(Tensor *const *dx, const Tensor *dy,
                     const Tensor *const *x, int count);

// y [N, C]: the mean of each channel. Backward every pixel gets dy / (H W).
void global_avgpool_forward(Tensor *y, const Tensor *x);
void global_avgpool_backward(Tensor *dx, const Tensor *dy, const Tensor *x);

#endif
