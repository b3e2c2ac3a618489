// conv_ref.c - convolution as it is defined, one product at a time.

#include <string.h>

#include "conv.h"
#include "error.h"

// Element [a][b][i][j] of a four-dimensional tensor.
static float *at(const Tensor *t, int a, int b, int i, int j) {
    const int *s = t->shape;
    return t->data + ((a * s[1] + b) * (ptrdiff_t)s[2] + i) * s[3] + j;
}

static bool inside(const Tensor *x, int i, int j) {
    return i >= 0 && i < x->shape[2] && j >= 0 && j < x->shape[3];
}

void conv2d_ref_forward(Tensor *y, const Tensor *x, const Tensor *w,
                        const Tensor *b, int stride, int padding) {
    int N = x->shape[0], C = x->shape[1], O = w->shape[0];
    int KH = w->shape[2], KW = w->shape[3];
    int OH = (x->shape[2] + 2 * padding - KH) / stride + 1;
    int OW = (x->shape[3] + 2 * padding - KW) / stride + 1;
    tensor_resize(y, 4, N, O, OH, OW);
    for (int n = 0; n < N; n++)
        for (int o = 0; o < O; o++)
            for (int i = 0; i < OH; i++)
                for (int j = 0; j < OW; j++) {
                    float sum = b->data[o];
                    for (int c = 0; c < C; c++)
                        for (int u = 0; u < KH; u++)
                            for (int v = 0; v < KW; v++) {
                                int row = i * stride + u - padding;
                                int col = j * stride + v - padding;
                                if (inside(x, row, col))
                                    sum += *at(w, o, c, u, v) *
                                           *at(x, n, c, row, col);
                            }
                    *at(y, n, o, i, j) = sum;
                }
}

// The same loops: where forward adds w * x to y, backward hands dy back to both
// factors.
void conv2d_ref_backward(Tensor *dx, Tensor *dw, Tensor *db, const Tensor *dy,
                         const Tensor *x, const Tensor *w, int stride,
                         int padding) {
    tensor_resize_like(dx, x);
    tensor_fill(dx, 0.0f);
    tensor_fill(dw, 0.0f);
    tensor_fill(db, 0.0f);
    for (int n = 0; n < dy->shape[0]; n++)
        for (int o = 0; o < dy->shape[1]; o++)
            for (int i = 0; i < dy->shape[2]; i++)
                for (int j = 0; j < dy->shape[3]; j++) {
                    float d = *at(dy, n, o, i, j);
                    db->data[o] += d;
                    for (int c = 0; c < x->shape[1]; c++)
                        for (int u = 0; u < w->shape[2]; u++)
                            for (int v = 0; v < w->shape[3]; v++) {
                                int row = i * stride + u - padding;
                                int col = j * stride + v - padding;
                                if (!inside(x, row, col))
                                    continue;
                                *at(dw, o, c, u, v) +=
                                    d * *at(x, n, c, row, col);
                                *at(dx, n, c, row, col) +=
                                    d * *at(w, o, c, u, v);
                            }
                }
}
