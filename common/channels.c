#include "channels.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "integers.h"

// Floats of one channel of one picture; without H and W it is one number.
static int plane_of(const Tensor *x) {
    return (int)(x->size / (size_t)(x->shape[0] * x->shape[1]));
}

// ---- Local response normalization -------------------------------------------

// to[c] = start + factor * sum of the planes `from` of the channels near c: one
// picture, [C, P].
static void sum_neighbours(float *to, const float *from, int C, int P,
                           int reach, float start, float factor) {
    for (int c = 0; c < C; c++) {
        float *sum = to + c * P;
        for (int p = 0; p < P; p++)
            sum[p] = 0.0f;
        for (int j = max_int(0, c - reach); j <= min_int(C - 1, c + reach); j++)
            for (int p = 0; p < P; p++)
                sum[p] += from[j * P + p];
        for (int p = 0; p < P; p++)
            sum[p] = start + factor * sum[p];
    }
}

static void require_odd(const Lrn *lrn, const Tensor *x) {
    REQUIRE(x->ndim == 4 && lrn->size > 0 && lrn->size % 2 == 1,
            "lrn: x is %s, size %d", tensor_shape(x).text, lrn->size);
}

// [C LRN] y_c = x_c / (k + alpha sum x_j^2)^beta
void lrn_forward(const Lrn *lrn, Tensor *y, Tensor *scale, const Tensor *x) {
    require_odd(lrn, x);
    tensor_resize_like(y, x);
    tensor_resize_like(scale, x);
    const int N = x->shape[0], C = x->shape[1], P = plane_of(x);
#pragma omp parallel for
    for (int n = 0; n < N; n++) {
        const float *in = x->data + n * C * P;
        float *out = y->data + n * C * P, *s = scale->data + n * C * P;
        for (int i = 0; i < C * P; i++)
            out[i] = in[i] * in[i];
        sum_neighbours(s, out, C, P, lrn->size / 2, lrn->k, lrn->alpha);
        for (int i = 0; i < C * P; i++)
            out[i] = in[i] * powf(s[i], -lrn->beta);
    }
}

void lrn_backward(const Lrn *lrn, Tensor *dx, const Tensor *dy, const Tensor *x,
                  const Tensor *y, const Tensor *scale) {
    require_odd(lrn, x);
    REQUIRE(tensor_same_shape(dy, x) && tensor_same_shape(y, x) &&
                tensor_same_shape(scale, x),
            "lrn: dy is %s, x is %s", tensor_shape(dy).text,
            tensor_shape(x).text);
    const int N = x->shape[0], C = x->shape[1], P = plane_of(x);
    Tensor term = {0}, shared = {0}; // [N, C, P]: dy y / s, and its sums
    tensor_resize_like(&term, x);
    tensor_resize_like(&shared, x);
    tensor_resize_like(dx, x);
#pragma omp parallel for
    for (int n = 0; n < N; n++) {
        const ptrdiff_t at = (ptrdiff_t)n * C * P;
        for (ptrdiff_t i = at; i < at + C * P; i++)
            term.data[i] = dy->data[i] * y->data[i] / scale->data[i];
        sum_neighbours(shared.data + at, term.data + at, C, P, lrn->size / 2,
                       0.0f, 2.0f * lrn->alpha * lrn->beta);
        for (ptrdiff_t i = at; i < at + C * P; i++)
            dx->data[i] = dy->data[i] * powf(scale->data[i], -lrn->beta) -
                          x->data[i] * shared.data[i];
    }
    tensor_free(&term);
    tensor_free(&shared);
}

// ---- Joining channels -------------------------------------------------------

// [C Inception] y = the channels of x_0, then those of x_1, ...
void concat_forward(Tensor *y, const Tensor *const *x, int count) {
    const int N = x[0]->shape[0], P = plane_of(x[0]);
    int C = 0;
    for (int i = 0; i < count; i++) {
        REQUIRE(x[i]->ndim == 4 && x[i]->shape[0] == N &&
                    x[i]->shape[2] == x[0]->shape[2] &&
                    x[i]->shape[3] == x[0]->shape[3],
                "concat: x[0] is %s, x[%d] is %s", tensor_shape(x[0]).text, i,
                tensor_shape(x[i]).text);
        C += x[i]->shape[1];
    }
    tensor_resize(y, 4, N, C, x[0]->shape[2], x[0]->shape[3]);
    float *to = y->data;
    for (int n = 0; n < N; n++)
        for (int i = 0; i < count; i++) {
            int floats = x[i]->shape[1] * P;
            memcpy(to, x[i]->data + n * floats, (size_t)floats * sizeof *to);
            to += floats;
        }
}

void concat_backward(Tensor *const *dx, const Tensor *dy,
                     const Tensor *const *x, int count) {
    const int N = dy->shape[0], P = plane_of(dy);
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        tensor_resize_like(dx[i], x[i]);
        size += x[i]->size;
    }
    REQUIRE(size == dy->size, "concat: dy is %s, the %d parts have %zu numbers",
            tensor_shape(dy).text, count, size);
    const float *from = dy->data;
    for (int n = 0; n < N; n++)
        for (int i = 0; i < count; i++) {
            int floats = x[i]->shape[1] * P;
            memcpy(dx[i]->data + n * floats, from,
                   (size_t)floats * sizeof *from);
            from += floats;
        }
}

// ---- Global average ---------------------------------------------------------

void global_avgpool_forward(Tensor *y, const Tensor *x) {
    const int planes = x->shape[0] * x->shape[1], P = plane_of(x);
    tensor_resize(y, 2, x->shape[0], x->shape[1]);
    for (int i = 0; i < planes; i++) {
        const float *plane = x->data + i * P;
        float sum = 0.0f;
        for (int p = 0; p < P; p++)
            sum += plane[p];
        y->data[i] = sum / (float)P;
    }
}

void global_avgpool_backward(Tensor *dx, const Tensor *dy, const Tensor *x) {
    const int planes = x->shape[0] * x->shape[1], P = plane_of(x);
    REQUIRE(dy->size == (size_t)planes, "global average: dy is %s, x is %s",
            tensor_shape(dy).text, tensor_shape(x).text);
    tensor_resize_like(dx, x);
    for (int i = 0; i < planes; i++)
        for (int p = 0; p < P; p++)
            dx->data[i * P + p] = dy->data[i] / (float)P;
}
