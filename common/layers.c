#include "layers.h"

#include <math.h>
#include <string.h>

#include "blas.h"
#include "error.h"
#include "integers.h"
#include "kernels.h"

// ---- Linear ----------------------------------------------------------------

void linear_forward(Tensor *y, const Tensor *x, const Tensor *w,
                    const Tensor *b) {
    int N = x->shape[0], M = w->shape[0], D = w->shape[1];
    REQUIRE(w->ndim == 2 && x->size == (size_t)N * (size_t)D &&
                b->size == (size_t)M,
            "linear: x is %s, w is %s, b is %s", tensor_shape(x).text,
            tensor_shape(w).text, tensor_shape(b).text);
    tensor_resize(y, 2, N, M);
    for (int n = 0; n < N; n++) // every row starts as b; the product is added
        memcpy(y->data + n * M, b->data, (size_t)M * sizeof(float));
    sgemm('N', 'T', N, M, D, 1.0f, x->data, D, w->data, D, 1.0f, y->data, M);
}

void linear_backward(Tensor *dx, Tensor *dw, Tensor *db, const Tensor *dy,
                     const Tensor *x, const Tensor *w) {
    int N = x->shape[0], M = w->shape[0], D = w->shape[1];
    REQUIRE(dy->shape[0] == N && dy->shape[1] == M && dw->size == w->size,
            "linear: dy is %s, x is %s, w is %s, dw is %s",
            tensor_shape(dy).text, tensor_shape(x).text, tensor_shape(w).text,
            tensor_shape(dw).text);
    sgemm('T', 'N', M, D, N, 1.0f, dy->data, M, x->data, D, 0.0f, dw->data, D);
    column_sums(N, M, dy->data, M, db->data);
    if (dx == NULL)
        return;
    tensor_resize_like(dx, x);
    sgemm('N', 'N', N, D, M, 1.0f, dy->data, M, w->data, D, 0.0f, dx->data, D);
}

// ---- ReLU ------------------------------------------------------------------

// Which units are on is as good as random: a branch per unit would be guessed
// wrong every second time. So both loops are asked to run in vectors.
void relu_forward(Tensor *y, const Tensor *x) {
    tensor_resize_like(y, x);
    const float *in = x->data;
    float *out = y->data;
#pragma omp simd
    for (size_t i = 0; i < x->size; i++)
        out[i] = in[i] <= 0.0f ? 0.0f : in[i]; // NaN stays NaN
}

void relu_backward(Tensor *dx, const Tensor *dy, const Tensor *y) {
    REQUIRE(dy->size == y->size, "relu: dy is %s, y is %s",
            tensor_shape(dy).text, tensor_shape(y).text);
    tensor_resize_like(dx, dy);
    const float *out = y->data, *from = dy->data;
    float *to = dx->data;
#pragma omp simd
    for (size_t i = 0; i < y->size; i++) {
        float value = from[i]; // read in any case, so that no branch is needed
        to[i] = out[i] <= 0.0f ? 0.0f : value;
    }
}

// ---- Dropout ---------------------------------------------------------------

static void multiply(Tensor *y, const Tensor *a, const Tensor *b) {
    REQUIRE(a->size == b->size, "dropout: %s against a mask of %s",
            tensor_shape(a).text, tensor_shape(b).text);
    tensor_resize_like(y, a);
    for (size_t i = 0; i < a->size; i++)
        y->data[i] = a->data[i] * b->data[i];
}

void dropout_forward(Tensor *y, Tensor *mask, const Tensor *x, float p,
                     Rng *rng) {
    REQUIRE(p >= 0.0f && p < 1.0f, "dropout: p is %g", (double)p);
    tensor_resize_like(mask, x);
    float keep = 1.0f / (1.0f - p);
    for (size_t i = 0; i < x->size; i++)
        mask->data[i] = rng_uniform(rng) < p ? 0.0f : keep;
    multiply(y, x, mask);
}

void dropout_backward(Tensor *dx, const Tensor *dy, const Tensor *mask) {
    multiply(dx, dy, mask);
}

// ---- Pooling ---------------------------------------------------------------

// y's shape for windows of size x size on x.
static void pooled_shape(Tensor *y, const Tensor *x, int size, int stride) {
    REQUIRE(x->ndim == 4 && size > 0 && stride > 0 && size <= x->shape[2] &&
                size <= x->shape[3],
            "pooling: x is %s, window %d, stride %d", tensor_shape(x).text,
            size, stride);
    tensor_resize(y, 4, x->shape[0], x->shape[1],
                  (x->shape[2] - size) / stride + 1,
                  (x->shape[3] - size) / stride + 1);
}

// Where element `out` of y's plane starts its window in x's plane.
static int window_start(const Tensor *y, const Tensor *x, int out, int stride) {
    int OW = y->shape[3], W = x->shape[3];
    return out / OW * stride * W + out % OW * stride;
}

// NaN counts as the largest: a maximum must not hide what went wrong.
static bool is_larger(float a, float b) {
    return a > b || isnan(a);
}

void maxpool_forward(Tensor *y, Tensor *winner, const Tensor *x, int size,
                     int stride) {
    pooled_shape(y, x, size, stride);
    tensor_resize_like(winner, y);
    int planes = x->shape[0] * x->shape[1], W = x->shape[3];
    int in = x->shape[2] * W, out = y->shape[2] * y->shape[3];
    for (int p = 0; p < planes; p++) {
        const float *plane = x->data + (ptrdiff_t)p * in;
        for (int o = 0; o < out; o++) {
            int start = window_start(y, x, o, stride), best = start;
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    if (is_larger(plane[start + i * W + j], plane[best]))
                        best = start + i * W + j;
            y->data[(ptrdiff_t)p * out + o] = plane[best];
            winner->data[(ptrdiff_t)p * out + o] = (float)best;
        }
    }
}

void maxpool_same_forward(Tensor *y, Tensor *winner, const Tensor *x,
                          int size) {
    REQUIRE(x->ndim == 4 && size > 0 && size % 2 == 1,
            "pooling: x is %s, window %d", tensor_shape(x).text, size);
    tensor_resize_like(y, x);
    tensor_resize_like(winner, x);
    const int planes = x->shape[0] * x->shape[1], reach = size / 2;
    const int H = x->shape[2], W = x->shape[3];
    for (int p = 0; p < planes; p++) {
        const float *plane = x->data + (ptrdiff_t)p * H * W;
        for (int o = 0; o < H * W; o++) {
            int top = max_int(o / W - reach, 0),
                left = max_int(o % W - reach, 0);
            int bottom = min_int(o / W + reach, H - 1);
            int right = min_int(o % W + reach, W - 1);
            int best = top * W + left;
            for (int i = top; i <= bottom; i++)
                for (int j = left; j <= right; j++)
                    if (is_larger(plane[i * W + j], plane[best]))
                        best = i * W + j;
            y->data[(ptrdiff_t)p * H * W + o] = plane[best];
            winner->data[(ptrdiff_t)p * H * W + o] = (float)best;
        }
    }
}

void maxpool_backward(Tensor *dx, const Tensor *dy, const Tensor *winner,
                      const Tensor *x) {
    tensor_resize_like(dx, x);
    tensor_fill(dx, 0.0f);
    int planes = x->shape[0] * x->shape[1];
    int in = x->shape[2] * x->shape[3], out = dy->shape[2] * dy->shape[3];
    for (int p = 0; p < planes; p++)
        for (int o = 0; o < out; o++) {
            ptrdiff_t at = (ptrdiff_t)p * out + o;
            dx->data[(ptrdiff_t)p * in + (int)winner->data[at]] += dy->data[at];
        }
}

void avgpool_forward(Tensor *y, const Tensor *x, int size, int stride) {
    pooled_shape(y, x, size, stride);
    int planes = x->shape[0] * x->shape[1], W = x->shape[3];
    int in = x->shape[2] * W, out = y->shape[2] * y->shape[3];
    for (int p = 0; p < planes; p++)
        for (int o = 0; o < out; o++) {
            const float *window =
                x->data + (ptrdiff_t)p * in + window_start(y, x, o, stride);
            float sum = 0.0f;
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    sum += window[i * W + j];
            y->data[(ptrdiff_t)p * out + o] = sum / (float)(size * size);
        }
}

void avgpool_backward(Tensor *dx, const Tensor *dy, const Tensor *x, int size,
                      int stride) {
    tensor_resize_like(dx, x);
    tensor_fill(dx, 0.0f);
    int planes = x->shape[0] * x->shape[1], W = x->shape[3];
    int in = x->shape[2] * W, out = dy->shape[2] * dy->shape[3];
    for (int p = 0; p < planes; p++)
        for (int o = 0; o < out; o++) {
            float *window =
                dx->data + (ptrdiff_t)p * in + window_start(dy, x, o, stride);
            float share =
                dy->data[(ptrdiff_t)p * out + o] / (float)(size * size);
            for (int i = 0; i < size; i++)
                for (int j = 0; j < size; j++)
                    window[i * W + j] += share;
        }
}
