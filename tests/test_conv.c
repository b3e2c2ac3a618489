// test_conv.c - the fast convolution against its definition (conv_ref.c).
//
// Two kinds of numbers. Whole ones: all sums are exact in float32, whatever
// their order, so fast and slow must agree in every bit, ties of the pooling
// included. And noise, where a sum of k products may differ by (k + 2) eps
// sum |a||b|, the bound of two computations of it (test_gemm.c), which is the
// same convolution with all signs made positive.

#include "testing.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conv.h"
#include "gradcheck.h"
#include "kernels.h"
#include "layers.h"
#include "numbers.h"
#include "threads.h"

typedef struct {
    int N, C, H, W, O, KH, KW, stride, padding;
    bool relu;
    int pool;
} Shape;

// Kernels 1 to 11 wide, batches around 8, 16 and 32 pictures, O and C around
// the tiles' 6 and 14 rows and the dot tiles' 3 and 5.
static const Shape SHAPES[] = {
    // N  C   H   W   O KH KW  s  p  relu pool
    {1, 1, 1, 1, 1, 1, 1, 1, 0, false, 1},
    {1, 1, 4, 4, 1, 3, 3, 1, 0, false, 1},
    {2, 3, 5, 7, 4, 1, 1, 1, 0, false, 1},
    {3, 2, 6, 5, 5, 3, 3, 1, 1, false, 1},
    {7, 3, 8, 8, 6, 3, 3, 2, 1, true, 1},
    {8, 5, 7, 9, 7, 5, 5, 1, 2, true, 2},
    {9, 6, 9, 7, 13, 3, 5, 1, 0, false, 2},
    {15, 7, 6, 6, 14, 3, 3, 1, 1, true, 2},
    {16, 4, 5, 5, 15, 3, 3, 1, 1, true, 1},
    {17, 13, 4, 5, 3, 3, 2, 1, 0, false, 1},
    {31, 2, 8, 6, 11, 5, 3, 2, 2, true, 1},
    {32, 1, 12, 12, 5, 5, 5, 1, 2, true, 2},
    {33, 14, 5, 4, 6, 2, 4, 1, 1, false, 3},
    {65, 3, 6, 7, 2, 3, 3, 3, 1, true, 1},
    {3, 15, 9, 9, 29, 7, 7, 1, 3, true, 3},
    {2, 3, 27, 23, 16, 11, 11, 4, 2, true, 1},
    {4, 1, 9, 30, 3, 1, 6, 1, 0, true, 2},
    {5, 2, 10, 10, 4, 4, 4, 3, 3, true, 2},
    {2, 2, 3, 3, 2, 6, 6, 1, 2, false, 1}, // larger than the bare picture
    {3, 2, 9, 8, 5, 1, 1, 3, 0, false, 1}, // pixels that no window touches
    {2, 2, 7, 7, 3, 2, 2, 3, 0, true, 1},
    {1, 20, 12, 12, 50, 5, 5, 1, 0, true, 2}, // LeNet's second layer
    {3, 1, 11, 7, 2, 3, 3, 1, 1, true, 5},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES };

typedef struct {
    char text[128];
} What;

static What what(const Shape *s, const char *which) {
    What w;
    snprintf(w.text, sizeof w.text,
             "%s of [%d, %d, %d, %d] * [%d, %d, %d], stride %d, padding %d, "
             "relu %d, pool %d",
             which, s->N, s->C, s->H, s->W, s->O, s->KH, s->KW, s->stride,
             s->padding, s->relu, s->pool);
    return w;
}

static Conv2d conv_of(const Shape *s) {
    return (Conv2d){s->stride, s->padding, .relu = s->relu, .pool = s->pool};
}

static int pooled_size(const Shape *s, int size, int kernel) {
    return ((size + 2 * s->padding - kernel) / s->stride + 1) / s->pool;
}

// ---- 1. The definition, layer by layer --------------------------------------

typedef struct {
    Tensor x, w, b, dy;           // given
    Tensor conv, relu, y, winner; // what each layer computes on its own
    Tensor drelu, dconv, dx, dw, db;
} Layers;

static void layers_init(Layers *l, const Shape *s) {
    *l = (Layers){0};
    l->x = noise_tensor(1, s->N, s->C, s->H, s->W);
    l->w = noise_tensor(2, s->O, s->C, s->KH, s->KW);
    l->b = noise_tensor(3, s->O, 0, 0, 0);
    l->dy = noise_tensor(4, s->N, s->O, pooled_size(s, s->H, s->KH),
                         pooled_size(s, s->W, s->KW));
    tensor_resize_like(&l->dw, &l->w);
    tensor_resize_like(&l->db, &l->b);
}

static void layers_free(Layers *l) {
    release(&l->conv, &l->relu, &l->y, &l->winner, &l->drelu, &l->dconv, &l->dx,
            &l->dw, &l->db, NULL);
    Tensor *given[] = {&l->x, &l->w, &l->b, &l->dy};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i]->capacity == 0 && given[i]->data != NULL)
            guarded_free(given[i]->data, given[i]->size);
        else
            tensor_free(given[i]);
}

static void layers_run(Layers *l, const Shape *s) {
    conv2d_ref_forward(&l->conv, &l->x, &l->w, &l->b, s->stride, s->padding);
    if (s->relu)
        relu_forward(&l->relu, &l->conv);
    else
        tensor_copy(&l->relu, &l->conv);
    maxpool_forward(&l->y, &l->winner, &l->relu, s->pool, s->pool);

    maxpool_backward(&l->drelu, &l->dy, &l->winner, &l->relu);
    if (s->relu)
        relu_backward(&l->dconv, &l->drelu, &l->relu);
    else
        tensor_copy(&l->dconv, &l->drelu);
    conv2d_ref_backward(&l->dx, &l->dw, &l->db, &l->dconv, &l->x, &l->w,
                        s->stride, s->padding);
}

// ---- 2. Whole numbers: the same bits ----------------------------------------

static void assert_equal(const Tensor *got, const Tensor *want, const Shape *s,
                         const char *which) {
    ck_assert_msg(tensor_same_shape(got, want), "%s is %s, not %s",
                  what(s, which).text, tensor_shape(got).text,
                  tensor_shape(want).text);
    // as numbers, so that -0 is 0
    for (size_t i = 0; i < got->size; i++)
        if (!(got->data[i] == want->data[i]))
            ck_abort_msg("%s, %s: [%zu] is %g, not %g", kernels()->name,
                         what(s, which).text, i, (double)got->data[i],
                         (double)want->data[i]);
}

static void check_whole(const Shape *s) {
    Layers l;
    layers_init(&l, s);
    fill_whole(l.x.data, l.x.size, 3, 1);
    fill_whole(l.w.data, l.w.size, 2, 2);
    fill_whole(l.b.data, l.b.size, 9, 3);
    fill_whole(l.dy.data, l.dy.size, 5, 4);
    layers_run(&l, s);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Conv2d c = conv_of(s);
        Tensor y = {0}, dx = {0}, dw = {0}, db = {0};
        tensor_resize_like(&dw, &l.w), tensor_fill(&dw, 777);
        tensor_resize_like(&db, &l.b), tensor_fill(&db, 777);
        conv2d_forward(&c, &y, &l.x, &l.w, &l.b);
        assert_equal(&y, &l.y, s, "y");
        conv2d_backward(&c, &dx, &dw, &db, &l.dy, &l.w);
        assert_equal(&dx, &l.dx, s, "dx");
        assert_equal(&dw, &l.dw, s, "dw");
        assert_equal(&db, &l.db, s, "db");
        release(&y, &dx, &dw, &db, NULL);
        conv2d_free(&c);
    }
    layers_free(&l);
}

START_TEST(whole_numbers_agree_in_every_bit) {
    for (int i = 0; i < SHAPE_COUNT; i++)
        check_whole(&SHAPES[i]);
    mark_point();
}
END_TEST

// Every kernel size with every padding and stride, on a small picture.
START_TEST(all_small_settings) {
    for (int size = 1; size <= 7; size++)
        for (int padding = 0; padding <= 3; padding++)
            for (int stride = 1; stride <= 3; stride++) {
                Shape s = {2,
                           2,
                           7,
                           8,
                           3,
                           size,
                           (size + 1) / 2,
                           stride,
                           padding,
                           true,
                           1 + (size + padding + stride) % 2};
                if (pooled_size(&s, s.H, s.KH) > 0 &&
                    pooled_size(&s, s.W, s.KW) > 0)
                    check_whole(&s);
            }
    mark_point();
}
END_TEST

// ---- 3. Noise: within the bound ---------------------------------------------

static void make_positive(Tensor *t) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = fabsf(t->data[i]);
}

static void scale(Tensor *t, float factor) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] *= factor;
}

// The bounds of y, dx, dw and db, in the places of these.
static Layers bounds_of(const Layers *l, const Shape *s) {
    Layers m = {0};
    tensor_copy(&m.x, &l->x), tensor_copy(&m.w, &l->w);
    tensor_copy(&m.b, &l->b), tensor_copy(&m.dconv, &l->dconv);
    tensor_resize_like(&m.dw, &l->w), tensor_resize_like(&m.db, &l->b);
    make_positive(&m.x), make_positive(&m.w), make_positive(&m.b);
    make_positive(&m.dconv);
    conv2d_ref_forward(&m.conv, &m.x, &m.w, &m.b, s->stride, s->padding);
    // a maximum is off by no more than the worst of its candidates
    maxpool_forward(&m.y, &m.winner, &m.conv, s->pool, s->pool);
    conv2d_ref_backward(&m.dx, &m.dw, &m.db, &m.dconv, &m.x, &m.w, s->stride,
                        s->padding);
    int taps = s->KH * s->KW;
    int outputs = s->N * l->conv.shape[2] * l->conv.shape[3];
    scale(&m.y, (float)(s->C * taps + 1 + 2) * FLT_EPSILON);
    scale(&m.dx, (float)(s->O * taps + 2) * FLT_EPSILON);
    scale(&m.dw, (float)(outputs + 2) * FLT_EPSILON);
    scale(&m.db, (float)(outputs + 2) * FLT_EPSILON);
    return m;
}

// Forward as it is; ReLU and a maximum are off by no more than what goes in.
// Backward without them, for there rounding could decide which way a gradient
// goes (whole numbers have checked that).
static void check_noise(const Shape *s, bool backward) {
    Layers l;
    layers_init(&l, s);
    layers_run(&l, s);
    Layers m = bounds_of(&l, s);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Conv2d c = conv_of(s);
        Tensor y = {0}, dx = {0}, dw = {0}, db = {0};
        conv2d_forward(&c, &y, &l.x, &l.w, &l.b);
        assert_within(y.data, l.y.data, m.y.data, y.size, what(s, "y").text);
        tensor_resize_like(&dw, &l.w), tensor_resize_like(&db, &l.b);
        conv2d_backward(&c, backward ? &dx : NULL, &dw, &db, &l.dy, &l.w);
        if (backward) {
            assert_within(dx.data, l.dx.data, m.dx.data, dx.size,
                          what(s, "dx").text);
            assert_within(dw.data, l.dw.data, m.dw.data, dw.size,
                          what(s, "dw").text);
            assert_within(db.data, l.db.data, m.db.data, db.size,
                          what(s, "db").text);
        }
        release(&y, &dx, &dw, &db, NULL);
        conv2d_free(&c);
    }
    layers_free(&m), layers_free(&l);
}

START_TEST(noise_agrees_within_the_bound) {
    for (int i = 0; i < SHAPE_COUNT; i++) {
        Shape s = SHAPES[i];
        check_noise(&s, false);
        s.relu = false, s.pool = 1;
        check_noise(&s, true);
    }
}
END_TEST

// ---- 4. Independent of threads, and of what was computed before -------------

typedef struct {
    Tensor y, dx, dw, db;
} Result;

static Result run(Conv2d *c, const Layers *l) {
    Result r = {0};
    tensor_resize_like(&r.dw, &l->w), tensor_resize_like(&r.db, &l->b);
    conv2d_forward(c, &r.y, &l->x, &l->w, &l->b);
    conv2d_backward(c, &r.dx, &r.dw, &r.db, &l->dy, &l->w);
    return r;
}

static void result_free(Result *r) {
    release(&r->y, &r->dx, &r->dw, &r->db, NULL);
}

static void assert_same_bits(const Result *a, const Result *b) {
    ck_assert(tensor_same_shape(&a->y, &b->y));
    ck_assert_mem_eq(a->y.data, b->y.data, a->y.size * sizeof(float));
    ck_assert_mem_eq(a->dx.data, b->dx.data, a->dx.size * sizeof(float));
    ck_assert_mem_eq(a->dw.data, b->dw.data, a->dw.size * sizeof(float));
    ck_assert_mem_eq(a->db.data, b->db.data, a->db.size * sizeof(float));
}

START_TEST(same_bits_for_any_number_of_threads) {
    for (int i = 0; i < SHAPE_COUNT; i++)
        for (int kernel = 0; use_kernel(kernel); kernel++) {
            const Shape *s = &SHAPES[i];
            Layers l;
            layers_init(&l, s);
            Result one = {0};
            for (int threads = 1; threads <= 3; threads++) {
                threads_set(threads);
                Conv2d c = conv_of(s);
                Result r = run(&c, &l);
                if (threads == 1)
                    one = r;
                assert_same_bits(&r, &one);
                if (threads > 1)
                    result_free(&r);
                conv2d_free(&c);
            }
            result_free(&one);
            layers_free(&l);
        }
}
END_TEST

// One struct for batches that grow and shrink, and then for a layer of other
// sizes, gives what a fresh one gives: nothing old is left in its buffers.
START_TEST(one_struct_for_changing_sizes) {
    const int batches[] = {5, 40, 3, 16, 17, 1, 64, 33};
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Conv2d old = {.padding = 1, .relu = true, .pool = 2};
        for (int i = 0; i < 8; i++)
            for (int other = 0; other < 2; other++) {
                Shape s = {batches[i], 3, 6, 9, 7, 3, 3, 1, 1, true, 2};
                if (other)
                    s.C = 8, s.H = 5, s.W = 5, s.O = 4, s.KH = 5;
                Layers l;
                layers_init(&l, &s);
                Conv2d fresh = conv_of(&s);
                Result a = run(&old, &l), b = run(&fresh, &l);
                assert_same_bits(&a, &b);
                result_free(&a), result_free(&b);
                conv2d_free(&fresh);
                layers_free(&l);
            }
        conv2d_free(&old);
        conv2d_free(&old); // twice does no harm
    }
}
END_TEST

// What an earlier, larger batch left behind must not count, NaN least of all:
// it would survive being multiplied by 0.
START_TEST(a_bad_batch_leaves_nothing_behind) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Shape s = {64, 3, 7, 9, 7, 3, 3, 1, 1, false, 1};
        Conv2d c = conv_of(&s), fresh = conv_of(&s);
        Layers bad, l;
        layers_init(&bad, &s);
        tensor_fill(&bad.x, NAN), tensor_fill(&bad.dy, NAN);
        Result r = run(&c, &bad);
        ck_assert(isnan(r.dw.data[0]));
        result_free(&r);
        s.N = 35;
        layers_init(&l, &s);
        Result a = run(&c, &l), b = run(&fresh, &l);
        assert_same_bits(&a, &b);
        result_free(&a), result_free(&b);
        conv2d_free(&c), conv2d_free(&fresh);
        layers_free(&bad), layers_free(&l);
    }
}
END_TEST

// The first layer asks for no dx; the others must not change by that.
// A NaN in the picture reaches every output whose field holds it, through ReLU
// and through the maximum, wherever it lies in the window.
START_TEST(nan_is_kept) {
    enum { SIDE = 12 };
    Tensor x = {0}, w = {0}, b = {0}, y = {0};
    tensor_resize(&x, 4, 1, 1, SIDE, SIDE);
    tensor_resize(&w, 4, 9, 1, 1, 1);
    tensor_resize(&b, 1, 9);
    tensor_fill(&b, 0.0f);
    for (int o = 0; o < 9; o++)
        w.data[o] = o % 2 == 0 ? 1.0f : -1.0f;
    for (int pool = 1; pool <= 3; pool++)
        for (int at = 0; at < SIDE * SIDE; at += 7) {
            Conv2d c = {.relu = true, .pool = pool};
            tensor_fill(&x, 1.0f);
            x.data[at] = NAN;
            conv2d_forward(&c, &y, &x, &w, &b);
            int side = SIDE / pool;
            int place = at / SIDE / pool * side + at % SIDE / pool;
            for (size_t i = 0; i < y.size; i++)
                ck_assert_msg(isnan(y.data[i]) ==
                                  ((int)i % (side * side) == place),
                              "pool %d, NaN at %d: y[%zu] = %g", pool, at, i,
                              (double)y.data[i]);
            conv2d_free(&c);
        }
    tensor_free(&x);
    tensor_free(&w);
    tensor_free(&b);
    tensor_free(&y);
}
END_TEST

START_TEST(dx_may_be_null) {
    Shape s = SHAPES[4];
    Layers l;
    layers_init(&l, &s);
    Conv2d c = conv_of(&s);
    Result with = run(&c, &l), without = with;
    without.dw = (Tensor){0}, without.db = (Tensor){0};
    tensor_resize_like(&without.dw, &l.w),
        tensor_resize_like(&without.db, &l.b);
    conv2d_backward(&c, NULL, &without.dw, &without.db, &l.dy, &l.w);
    assert_same_bits(&with, &without);
    release(&without.dw, &without.db, NULL);
    result_free(&with);
    conv2d_free(&c), layers_free(&l);
}
END_TEST

// ---- 5. The gradient is the derivative --------------------------------------

typedef struct {
    Conv2d conv;
    Layers l;
    Tensor y;
} Checked;

// L = sum of y * dy, so that dL/dy = dy.
static double loss(void *context) {
    Checked *c = context;
    conv2d_forward(&c->conv, &c->y, &c->l.x, &c->l.w, &c->l.b);
    double sum = 0;
    for (size_t i = 0; i < c->y.size; i++)
        sum += (double)c->y.data[i] * (double)c->l.dy.data[i];
    return sum;
}

// L is linear in each single weight or pixel as long as no ReLU or maximum
// switches (such elements are skipped), so the step may be large and only
// rounding counts: each y is off by at most (27 + 3) eps/2 * 28 (28 numbers of
// at most 1), 5e-5. Those are independent of sign; a few of them in a
// difference divided by 2 h = 0.25 leave about 1e-4, of gradients around 1.
static void check_gradient(Shape s, size_t least) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Checked c = {.conv = conv_of(&s)};
        layers_init(&c.l, &s);
        Result r = run(&c.conv, &c.l);
        struct {
            Tensor *value, *grad;
        } pairs[] = {{&c.l.x, &r.dx}, {&c.l.w, &r.dw}, {&c.l.b, &r.db}};
        for (int i = 0; i < 3; i++) {
            size_t n = pairs[i].value->size;
            GradCheck g = grad_check(loss, &c, pairs[i].value->data,
                                     pairs[i].grad->data, n, n, 0.125, 1e-2);
            ck_assert_msg(g.worst < 1e-2 && g.largest > 0.1 &&
                              (n - g.skipped) * 100 >= n * least,
                          "%s: tensor %d [%zu] is off by %g (largest %g, %zu "
                          "of %zu skipped)",
                          kernels()->name, i, g.where, g.worst, g.largest,
                          g.skipped, n);
        }
        result_free(&r);
        tensor_free(&c.y);
        conv2d_free(&c.conv), layers_free(&c.l);
    }
}

START_TEST(gradient_by_central_differences) {
    check_gradient((Shape){2, 3, 6, 5, 4, 3, 3, 1, 1, false, 1}, 100);
    check_gradient((Shape){3, 2, 7, 7, 3, 3, 3, 2, 1, false, 1}, 100);
}
END_TEST

// ---- 6. Shapes that do not fit ----------------------------------------------

static void forward(int N, int C, int KC, int size, int pool) {
    Conv2d c = {.pool = pool};
    Tensor x = noise_tensor(1, N, C, 5, 5), w = noise_tensor(2, 2, KC, size, 3);
    Tensor b = noise_tensor(3, 2, 0, 0, 0), y = {0};
    conv2d_forward(&c, &y, &x, &w, &b);
    tensor_free(&y), conv2d_free(&c);
}

START_TEST(forward_as_it_should_be) {
    forward(2, 3, 3, 3, 1);
}
END_TEST

START_TEST(channels_differ) {
    forward(2, 3, 4, 3, 1);
}
END_TEST

START_TEST(kernel_larger_than_picture) {
    forward(2, 3, 3, 6, 1);
}
END_TEST

START_TEST(nothing_left_after_pooling) {
    forward(2, 3, 3, 3, 4);
}
END_TEST

// A square of 16 x 16 has 256 pixels, more than a winner's byte can name.
START_TEST(pooling_too_large) {
    Conv2d c = {.padding = 10, .pool = 16};
    Tensor x = noise_tensor(1, 1, 1, 5, 5), w = noise_tensor(2, 1, 1, 3, 3);
    Tensor b = noise_tensor(3, 1, 0, 0, 0), y = {0};
    conv2d_forward(&c, &y, &x, &w, &b);
}
END_TEST

static void backward(int n, int o, int dw_size) {
    Shape s = {2, 3, 5, 5, 4, 3, 3, 1, 0, false, 1};
    Layers l;
    layers_init(&l, &s);
    Conv2d c = conv_of(&s);
    Tensor y = {0}, dy = noise_tensor(4, n, o, 3, 3), dw = {0};
    tensor_resize(&dw, 4, 4, 3, dw_size, 3);
    conv2d_forward(&c, &y, &l.x, &l.w, &l.b);
    conv2d_backward(&c, NULL, &dw, &l.db, &dy, &l.w);
    release(&y, &dw, NULL);
    conv2d_free(&c), layers_free(&l);
}

START_TEST(backward_as_it_should_be) {
    backward(2, 4, 3);
}
END_TEST

START_TEST(dy_of_another_batch) {
    backward(3, 4, 3);
}
END_TEST

START_TEST(dy_of_other_channels) {
    backward(2, 3, 3);
}
END_TEST

START_TEST(dw_unlike_w) {
    backward(2, 4, 2);
}
END_TEST

int main(void) {
    threads_set(1); // and more where that is what is tested
    const Test tests[] = {
        {whole_numbers_agree_in_every_bit},
        {all_small_settings},
        {noise_agrees_within_the_bound},
        {same_bits_for_any_number_of_threads},
        {one_struct_for_changing_sizes},
        {a_bad_batch_leaves_nothing_behind},
        {nan_is_kept},
        {dx_may_be_null},
        {gradient_by_central_differences},
        {forward_as_it_should_be},
        {channels_differ, .signal = SIGABRT},
        {kernel_larger_than_picture, .signal = SIGABRT},
        {nothing_left_after_pooling, .signal = SIGABRT},
        {pooling_too_large, .signal = SIGABRT},
        {backward_as_it_should_be},
        {dy_of_another_batch, .signal = SIGABRT},
        {dy_of_other_channels, .signal = SIGABRT},
        {dw_unlike_w, .signal = SIGABRT},
    };
    return run_tests("conv", tests, sizeof tests / sizeof *tests);
}
