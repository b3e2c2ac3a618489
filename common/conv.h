// conv.h - convolution, with bias, ReLU and max-pooling done on the way.
//
// x is [N, C, H, W]: N pictures of C channels. w is [O, C, KH, KW]: O kernels,
// b is [O]. What every library calls convolution is a cross-correlation (the
// kernel is not mirrored):
//     y[n][o][i][j] = b[o] + sum over c, u, v of
//                     w[o][c][u][v] * x[n][c][i * stride + u - padding]
//                                           [j * stride + v - padding]
// with zeros outside the picture, so the output's size is
//     OH = (H + 2 * padding - KH) / stride + 1,   OW likewise.
// Backward, with dy = dL/dy:
//     db[o]          = sum over n, i, j of dy[n][o][i][j]
//     dw[o][c][u][v] = sum over n, i, j of dy[n][o][i][j] * (that x)
//     dx             = every x collects w * dy from each output it took part in
// The *_ref functions are these formulas in plain loops. Source: LeCun et al.
// 1998; conv.c says how the fast form works.

#ifndef DL_CONV_H
#define DL_CONV_H

#include <stdbool.h>
#include <stdint.h>

#include "tensor.h"

// One layer: declare it with its settings, Conv2d c = {.stride = 1, ...}; the
// rest is written by forward, read by backward, released by conv2d_free.
typedef struct {
    int stride;  // 0 counts as 1
    int padding; // zeros around the picture
    bool relu;   // y = max(0, y) afterwards
    int pool;    // then the maximum of each pool x pool square; 0 or 1: none,
                 // 15 at most

    // sizes of the last forward pass
    int N, C, H, W, O, KH, KW, OH, OW, PH, PW;
    // x and y for nr pictures at a time, pixel by pixel: see conv.c
    Tensor x_panels, y_panels, d_panels, weights;
    uint8_t *winner;        // which pixel of its square each y is; 255: none
    size_t winner_capacity; // bytes
} Conv2d;

// y [N, O, PH, PW] = pool(relu(x * w + b)); PH = OH / pool, PW = OW / pool,
// rows and columns that do not fill a square are dropped. y is resized.
void conv2d_forward(Conv2d *conv, Tensor *y, const Tensor *x, const Tensor *w,
                    const Tensor *b);

// From dy, the gradient of the last forward pass's y, those of its x, w and b.
// dx may be NULL (the first layer needs none) and is resized; dw and db have
// the shapes of w and b and are overwritten.
void conv2d_backward(Conv2d *conv, Tensor *dx, Tensor *dw, Tensor *db,
                     const Tensor *dy, const Tensor *w);

void conv2d_free(Conv2d *conv);

// The definition, without ReLU and pooling.
void conv2d_ref_forward(Tensor *y, const Tensor *x, const Tensor *w,
                        const Tensor *b, int stride, int padding);
void conv2d_ref_backward(Tensor *dx, Tensor *dw, Tensor *db, const Tensor *dy,
                         const Tensor *x, const Tensor *w, int stride,
                         int padding);

#endif
