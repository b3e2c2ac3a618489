#include "channels.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "integers.h"
#include "threads.h"

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

// What the parts of a forward pass need: one part for each picture.
typedef struct {
    const Lrn *lrn;
    Tensor *y, *scale;
    const Tensor *x;
} LrnForward;

static void lrn_forward_picture(void *context, int n) {
    const LrnForward *f = context;
    const Lrn *lrn = f->lrn;
    const int C = f->x->shape[1], P = plane_of(f->x);
    const float *in = f->x->data + n * C * P;
    float *out = f->y->data + n * C * P, *s = f->scale->data + n * C * P;
    for (int i = 0; i < C * P; i++)
        out[i] = in[i] * in[i];
    sum_neighbours(s, out, C, P, lrn->size / 2, lrn->k, lrn->alpha);
    for (int i = 0; i < C * P; i++)
        out[i] = in[i] * powf(s[i], -lrn->beta);
}

// [C LRN] y_c = x_c / (k + alpha sum x_j^2)^beta
void lrn_forward(const Lrn *lrn, Tensor *y, Tensor *scale, const Tensor *x) {
    require_odd(lrn, x);
    tensor_resize_like(y, x);
    tensor_resize_like(scale, x);
    threads_run(x->shape[0], lrn_forward_picture,
                &(LrnForward){lrn, y, scale, x});
}

// What the parts of a backward pass need: one part for each picture.
typedef struct {
    const Lrn *lrn;
    Tensor *dx;
    const Tensor *dy, *x, *y, *scale;
    Tensor term, shared; // [N, C, P]: dy y / s, and its sums
} LrnBackward;

static void lrn_backward_picture(void *context, int n) {
    const LrnBackward *b = context;
    const Lrn *lrn = b->lrn;
    const int C = b->x->shape[1], P = plane_of(b->x);
    const ptrdiff_t at = (ptrdiff_t)n * C * P;
    for (ptrdiff_t i = at; i < at + C * P; i++)
        b->term.data[i] = b->dy->data[i] * b->y->data[i] / b->scale->data[i];
    sum_neighbours(b->shared.data + at, b->term.data + at, C, P, lrn->size / 2,
                   0.0f, 2.0f * lrn->alpha * lrn->beta);
    for (ptrdiff_t i = at; i < at + C * P; i++)
        b->dx->data[i] = b->dy->data[i] * powf(b->scale->data[i], -lrn->beta) -
                         b->x->data[i] * b->shared.data[i];
}

void lrn_backward(const Lrn *lrn, Tensor *dx, const Tensor *dy, const Tensor *x,
                  const Tensor *y, const Tensor *scale) {
    require_odd(lrn, x);
    REQUIRE(tensor_same_shape(dy, x) && tensor_same_shape(y, x) &&
                tensor_same_shape(scale, x),
            "lrn: dy is %s, x is %s", tensor_shape(dy).text,
            tensor_shape(x).text);
    LrnBackward b = {lrn, dx, dy, x, y, scale, {0}, {0}};
    tensor_resize_like(&b.term, x);
    tensor_resize_like(&b.shared, x);
    tensor_resize_like(dx, x);
    threads_run(x->shape[0], lrn_backward_picture, &b);
    tensor_free(&b.term);
    tensor_free(&b.shared);
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
