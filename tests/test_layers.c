// test_layers.c - every layer forward and backward against PyTorch (golden
// files in double precision), what the golden files cannot show, and central
// differences.
//
// Tolerance of the golden comparisons: each result is a sum of at most k
// products of numbers from [-1, 1), so it is off by at most (k + 3) u k with
// u = eps / 2, the 3 for a bias and for rounding the golden number itself.

#include "testing.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "conv.h"
#include "golden.h"
#include "gradcheck.h"
#include "layers.h"
#include "numbers.h"

static double of_terms(int k) {
    return (k + 3) * (double)FLT_EPSILON / 2 * k;
}

static void assert_golden(const Tensor *got, const char *layer,
                          const char *name, int k) {
    Tensor want = golden("layers.txt", layer, name);
    ck_assert_msg(tensor_same_shape(got, &want), "%s%s is %s, not %s", layer,
                  name, tensor_shape(got).text, tensor_shape(&want).text);
    assert_close(got->data, want.data, want.size, of_terms(k), layer);
    tensor_free(&want);
}

// ---- 1. Linear --------------------------------------------------------------

START_TEST(linear_as_in_pytorch) {
    Tensor x = golden("layers.txt", "linear", ".x"), y = {0}, dx = {0};
    Tensor w = golden("layers.txt", "linear", ".w"), dw = {0};
    Tensor b = golden("layers.txt", "linear", ".b"), db = {0};
    Tensor dy = golden("layers.txt", "linear", ".dy");
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        tensor_resize_like(&dw, &w), tensor_resize_like(&db, &b);
        tensor_fill(&dw, 9), tensor_fill(&db, 9); // to be overwritten
        linear_forward(&y, &x, &w, &b);
        linear_backward(&dx, &dw, &db, &dy, &x, &w);
        assert_golden(&y, "linear", ".y", 4);
        assert_golden(&dx, "linear", ".dx", 5);
        assert_golden(&dw, "linear", ".dw", 3);
        assert_golden(&db, "linear", ".db", 3);
    }
    release(&x, &y, &dx, &w, &dw, &b, &db, &dy, NULL);
}
END_TEST

// [2, 3, 2, 2] is read as [2, 12]; dx comes back in the shape of x.
START_TEST(linear_flattens) {
    Tensor x = noise_tensor(1, 2, 3, 2, 2), w = noise_tensor(2, 5, 12, 0, 0);
    Tensor b = noise_tensor(3, 5, 0, 0, 0), dy = noise_tensor(4, 2, 5, 0, 0);
    Tensor y = {0}, dx = {0}, dw = {0}, db = {0}, flat_y = {0}, flat_dx = {0};
    Tensor flat = tensor_view(x.data, 2, 2, 12);
    tensor_resize_like(&dw, &w), tensor_resize_like(&db, &b);
    linear_forward(&y, &x, &w, &b);
    linear_backward(&dx, &dw, &db, &dy, &x, &w);
    linear_forward(&flat_y, &flat, &w, &b);
    linear_backward(&flat_dx, &dw, &db, &dy, &flat, &w);
    ck_assert_str_eq(tensor_shape(&y).text, "[2, 5]");
    ck_assert(tensor_same_shape(&dx, &x));
    ck_assert_mem_eq(y.data, flat_y.data, 10 * sizeof(float));
    ck_assert_mem_eq(dx.data, flat_dx.data, 24 * sizeof(float));
    release(&y, &dx, &dw, &db, &flat_y, &flat_dx, NULL);
}
END_TEST

START_TEST(linear_shapes_must_fit) {
    Tensor x = noise_tensor(1, 2, 13, 0, 0), w = noise_tensor(2, 5, 12, 0, 0);
    Tensor b = noise_tensor(3, 5, 0, 0, 0), y = {0};
    linear_forward(&y, &x, &w, &b);
}
END_TEST

START_TEST(linear_bias_must_fit) {
    Tensor x = noise_tensor(1, 2, 12, 0, 0), w = noise_tensor(2, 5, 12, 0, 0);
    Tensor b = noise_tensor(3, 4, 0, 0, 0), y = {0};
    linear_forward(&y, &x, &w, &b);
}
END_TEST

START_TEST(linear_dy_must_fit) {
    Tensor x = noise_tensor(1, 2, 12, 0, 0), w = noise_tensor(2, 5, 12, 0, 0);
    Tensor dy = noise_tensor(4, 2, 4, 0, 0), dw = {0}, db = {0};
    tensor_resize_like(&dw, &w), tensor_resize(&db, 1, 5);
    linear_backward(NULL, &dw, &db, &dy, &x, &w);
}
END_TEST

// ---- 2. ReLU ----------------------------------------------------------------

START_TEST(relu_as_in_pytorch) {
    Tensor x = golden("layers.txt", "relu", ".x"), y = {0}, dx = {0};
    Tensor dy = golden("layers.txt", "relu", ".dy");
    relu_forward(&y, &x);
    relu_backward(&dx, &dy, &y);
    assert_golden(&y, "relu", ".y", 1);
    assert_golden(&dx, "relu", ".dx", 1);
    relu_forward(&x, &x), relu_backward(&dy, &dy, &x); // in place
    assert_golden(&x, "relu", ".y", 1);
    assert_golden(&dy, "relu", ".dx", 1);
    release(&x, &y, &dx, &dy, NULL);
}
END_TEST

// At 0 the slope is taken as 0, as everywhere.
START_TEST(relu_at_zero) {
    float values[] = {0.0f, -0.0f, 1e-30f, -1e-30f}, ones[] = {1, 1, 1, 1};
    Tensor x = tensor_view(values, 1, 4), dy = tensor_view(ones, 1, 4);
    Tensor y = {0}, dx = {0};
    relu_forward(&y, &x), relu_backward(&dx, &dy, &y);
    const float want_y[] = {0, 0, 1e-30f, 0}, want_dx[] = {0, 0, 1, 0};
    for (int i = 0; i < 4; i++)
        ck_assert(y.data[i] == want_y[i] && dx.data[i] == want_dx[i]);
    release(&y, &dx, NULL);
}
END_TEST

// ---- 3. Dropout -------------------------------------------------------------

// A mask element m has mean 1 and variance p / (1 - p). So the mean of n
// products x m, x fixed, is off from that of x by a standard error of
// sqrt(p / (1 - p) mean(x^2) / n), and the share of zeros from p by
// sqrt(p (1 - p) / n). Six of each are allowed.
static void check_dropout(float rate) {
    enum { N = 200000 };
    const double p = (double)rate;
    Tensor x = noise_tensor(1, 200, N / 200, 0, 0), y = {0}, mask = {0};
    Rng rng;
    rng_seed(&rng, 3);
    dropout_forward(&y, &mask, &x, rate, &rng);
    double sum_x = 0, sum_y = 0, squares = 0, zeros = 0;
    for (int i = 0; i < N; i++) {
        double before = (double)x.data[i], after = (double)y.data[i];
        sum_x += before, sum_y += after, squares += before * before;
        zeros += mask.data[i] == 0;
        bool kept = mask.data[i] == 1.0f / (1.0f - rate);
        if (!(kept || mask.data[i] == 0) ||
            y.data[i] != x.data[i] * mask.data[i])
            ck_abort_msg("mask[%d] is %g", i, (double)mask.data[i]);
    }
    ck_assert(tensor_same_shape(&y, &x) && tensor_same_shape(&mask, &x));
    ck_assert_double_eq_tol(sum_y / N, sum_x / N,
                            6 * sqrt(p / (1 - p) * squares / N / N) + 1e-12);
    ck_assert_double_eq_tol(zeros / N, p, 6 * sqrt(p * (1 - p) / N) + 1e-12);
    release(&y, &mask, NULL);
}

// What went wrong in a layer must not be hidden by the next one.
START_TEST(nan_is_kept) {
    const float values[] = {NAN, -1, 2, -1, -1, -1, -1, 3, 4};
    Tensor x = {0}, y = {0}, winner = {0};
    tensor_resize(&x, 4, 1, 1, 3, 3);
    for (int at = 0; at < 9; at++) {
        for (int i = 0; i < 9; i++)
            x.data[(at + i) % 9] = values[i];
        relu_forward(&y, &x);
        for (int i = 0; i < 9; i++)
            ck_assert(isnan(y.data[i]) == isnan(x.data[i]));
        maxpool_forward(&y, &winner, &x, 3, 1);
        ck_assert(isnan(y.data[0]) && winner.data[0] == (float)at);
        maxpool_same_forward(&y, &winner, &x, 3);
        ck_assert(isnan(y.data[4]) && winner.data[4] == (float)at);
    }
    tensor_free(&x);
    tensor_free(&y);
    tensor_free(&winner);
}
END_TEST

START_TEST(dropout_keeps_the_mean) {
    check_dropout(0.0f), check_dropout(0.1f);
    check_dropout(0.5f), check_dropout(0.9f);
}
END_TEST

// dx = dy mask: what was dropped gets nothing, the rest 1 / (1 - p) of dy.
START_TEST(dropout_gradient) {
    Tensor x = noise_tensor(1, 4, 50, 0, 0), dy = noise_tensor(2, 4, 50, 0, 0);
    Tensor y = {0}, mask = {0}, dx = {0};
    Rng rng;
    rng_seed(&rng, 1);
    dropout_forward(&y, &mask, &x, 0.5f, &rng);
    dropout_backward(&dx, &dy, &mask);
    int dropped = 0;
    for (size_t i = 0; i < x.size; i++) {
        bool gone = y.data[i] == 0;
        dropped += gone;
        ck_assert(dx.data[i] == (gone ? 0 : 2 * dy.data[i]));
    }
    ck_assert(dropped > 50 && dropped < 150);
    dropout_backward(&dy, &dy, &mask); // in place
    ck_assert_mem_eq(dy.data, dx.data, dx.size * sizeof(float));
    release(&y, &mask, &dx, NULL);
}
END_TEST

START_TEST(dropout_of_everything_aborts) {
    Tensor x = noise_tensor(1, 4, 0, 0, 0), y = {0}, mask = {0};
    Rng rng;
    rng_seed(&rng, 1);
    dropout_forward(&y, &mask, &x, 1.0f, &rng);
}
END_TEST

// ---- 4. Pooling -------------------------------------------------------------

START_TEST(maxpool_as_in_pytorch) {
    const char *names[] = {"maxpool2", "maxpool3_stride2"};
    for (int i = 0; i < 2; i++) {
        Tensor x = golden("layers.txt", names[i], ".x"), y = {0}, winner = {0};
        Tensor dy = golden("layers.txt", names[i], ".dy"), dx = {0};
        maxpool_forward(&y, &winner, &x, 2 + i, 2);
        maxpool_backward(&dx, &dy, &winner, &x);
        assert_golden(&y, names[i], ".y", 1);
        assert_golden(&dx, names[i], ".dx", 4); // up to 4 windows overlap
        release(&x, &y, &winner, &dy, &dx, NULL);
    }
}
END_TEST

START_TEST(avgpool_as_in_pytorch) {
    const char *names[] = {"avgpool2", "avgpool3_stride1"};
    for (int i = 0; i < 2; i++) {
        Tensor x = golden("layers.txt", names[i], ".x"), y = {0};
        Tensor dy = golden("layers.txt", names[i], ".dy"), dx = {0};
        avgpool_forward(&y, &x, 2 + i, 2 - i);
        avgpool_backward(&dx, &dy, &x, 2 + i, 2 - i);
        assert_golden(&y, names[i], ".y", 9);
        assert_golden(&dx, names[i], ".dx", 9);
        release(&x, &y, &dy, &dx, NULL);
    }
}
END_TEST

// Of equals the first wins, and gets all of the gradient.
START_TEST(maxpool_of_equals) {
    float values[] = {5, 5, 5, 5}, one[] = {1};
    Tensor x = tensor_view(values, 4, 1, 1, 2, 2), y = {0}, winner = {0};
    Tensor dy = tensor_view(one, 4, 1, 1, 1, 1), dx = {0};
    maxpool_forward(&y, &winner, &x, 2, 2);
    maxpool_backward(&dx, &dy, &winner, &x);
    ck_assert(y.data[0] == 5 && dx.data[0] == 1);
    ck_assert(dx.data[1] == 0 && dx.data[2] == 0 && dx.data[3] == 0);
    release(&y, &winner, &dx, NULL);
}
END_TEST

// 3 x 3 windows one apart over a single large pixel: all nine pass its gradient
// back to it.
START_TEST(overlapping_windows_add_up) {
    float values[25] = {[12] = 1}, ones[9];
    for (int i = 0; i < 9; i++)
        ones[i] = (float)(i + 1);
    Tensor x = tensor_view(values, 4, 1, 1, 5, 5), y = {0}, winner = {0};
    Tensor dy = tensor_view(ones, 4, 1, 1, 3, 3), dx = {0};
    maxpool_forward(&y, &winner, &x, 3, 1);
    maxpool_backward(&dx, &dy, &winner, &x);
    for (int i = 0; i < 25; i++)
        ck_assert(dx.data[i] == (i == 12 ? 45 : 0));
    release(&y, &winner, &dx, NULL);
}
END_TEST

START_TEST(window_larger_than_picture) {
    Tensor x = noise_tensor(1, 1, 1, 3, 5), y = {0}, winner = {0};
    maxpool_forward(&y, &winner, &x, 4, 1);
}
END_TEST

// ---- 5. Convolution ---------------------------------------------------------

// The fast one and its definition.
static void check_conv(const char *name, Conv2d c, int terms) {
    Tensor x = golden("layers.txt", name, ".x"), y = {0}, dx = {0};
    Tensor w = golden("layers.txt", name, ".w"), dw = {0};
    Tensor b = golden("layers.txt", name, ".b"), db = {0};
    Tensor dy = golden("layers.txt", name, ".dy");
    tensor_resize_like(&dw, &w), tensor_resize_like(&db, &b);
    bool fused = c.relu || c.pool > 1; // what conv_ref does not do
    for (int kernel = fused ? 0 : -1; kernel < 0 || use_kernel(kernel);
         kernel++) {
        tensor_fill(&dw, 9), tensor_fill(&db, 9);
        if (kernel < 0) {
            conv2d_ref_forward(&y, &x, &w, &b, c.stride, c.padding);
            conv2d_ref_backward(&dx, &dw, &db, &dy, &x, &w, c.stride,
                                c.padding);
        } else {
            conv2d_forward(&c, &y, &x, &w, &b);
            conv2d_backward(&c, &dx, &dw, &db, &dy, &w);
        }
        assert_golden(&y, name, ".y", terms);
        assert_golden(&dx, name, ".dx", terms);
        assert_golden(&dw, name, ".dw", terms);
        assert_golden(&db, name, ".db", terms);
    }
    conv2d_free(&c);
    release(&x, &y, &dx, &w, &dw, &b, &db, &dy, NULL);
}

// The last number: the longest of all sums, over c, u, v forward, over o, u, v
// or over all outputs of a channel backward.
START_TEST(convolution_as_in_pytorch) {
    check_conv("conv3x3", (Conv2d){.stride = 1}, 27);
    check_conv("conv3x3_stride2", (Conv2d){.stride = 2, .padding = 1}, 18);
    check_conv("conv5x5", (Conv2d){.stride = 1, .padding = 2}, 50);
    check_conv("conv1x1", (Conv2d){.stride = 1}, 24);
    check_conv("conv2x4_stride3", (Conv2d){.stride = 3, .padding = 3}, 50);
    check_conv("conv_relu_pool",
               (Conv2d){.padding = 1, .relu = true, .pool = 2}, 27);
}
END_TEST

// ---- 6. Central differences -------------------------------------------------

// L = sum of y * dy over a layer's y, so that dL/dy = dy.
typedef struct {
    Tensor x, w, b, y, winner, dy;
    enum { LINEAR, MAXPOOL, AVGPOOL } layer;
} Checked;

static double loss(void *context) {
    Checked *c = context;
    if (c->layer == LINEAR)
        linear_forward(&c->y, &c->x, &c->w, &c->b);
    else if (c->layer == MAXPOOL)
        maxpool_forward(&c->y, &c->winner, &c->x, 3, 2);
    else
        avgpool_forward(&c->y, &c->x, 3, 2);
    double sum = 0;
    for (size_t i = 0; i < c->y.size; i++)
        sum += (double)c->y.data[i] * (double)c->dy.data[i];
    return sum;
}

// L is linear in every single element, so the only error is rounding: an ulp of
// y, 2^-23, a few times over, divided by 2 h = 2^-2. Relative to gradients
// above the floor of 0.02: 1e-4.
static void assert_gradient(Checked *c, const Tensor *value,
                            const Tensor *grad) {
    GradCheck g = grad_check(loss, c, value->data, grad->data, value->size,
                             value->size, 0.125, 0.02);
    const char *names[] = {"linear", "max pooling", "average pooling"};
    assert_slopes(names[c->layer], &g, 1e-4, 0.1, 0);
}

// 0, 1, 2, ... in random order: no step of 1/8 lets another maximum win.
static void put_apart(Tensor *x) {
    int order[1000];
    Rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < x->size; i++)
        order[i] = (int)i;
    rng_shuffle(&rng, order, (int)x->size);
    for (size_t i = 0; i < x->size; i++)
        x->data[i] = (float)order[i];
}

START_TEST(gradients_by_central_differences) {
    Checked c = {.layer = LINEAR};
    c.x = noise_tensor(1, 5, 7, 0, 0), c.w = noise_tensor(2, 6, 7, 0, 0);
    c.b = noise_tensor(3, 6, 0, 0, 0), c.dy = noise_tensor(4, 5, 6, 0, 0);
    Tensor dx = {0}, dw = {0}, db = {0};
    tensor_resize_like(&dw, &c.w), tensor_resize_like(&db, &c.b);
    linear_backward(&dx, &dw, &db, &c.dy, &c.x, &c.w);
    assert_gradient(&c, &c.x, &dx);
    assert_gradient(&c, &c.w, &dw);
    assert_gradient(&c, &c.b, &db);

    Checked p = {.layer = AVGPOOL};
    p.x = noise_tensor(1, 2, 2, 7, 9), p.dy = noise_tensor(4, 2, 2, 3, 4);
    avgpool_backward(&dx, &p.dy, &p.x, 3, 2);
    assert_gradient(&p, &p.x, &dx);

    p.layer = MAXPOOL;
    put_apart(&p.x);
    loss(&p); // fills winner
    maxpool_backward(&dx, &p.dy, &p.winner, &p.x);
    assert_gradient(&p, &p.x, &dx);
    release(&dx, &dw, &db, &c.y, &p.y, &p.winner, NULL);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {linear_as_in_pytorch},
        {linear_flattens},
        {linear_shapes_must_fit, .signal = SIGABRT},
        {linear_bias_must_fit, .signal = SIGABRT},
        {linear_dy_must_fit, .signal = SIGABRT},
        {relu_as_in_pytorch},
        {relu_at_zero},
        {nan_is_kept},
        {dropout_keeps_the_mean},
        {dropout_gradient},
        {dropout_of_everything_aborts, .signal = SIGABRT},
        {maxpool_as_in_pytorch},
        {avgpool_as_in_pytorch},
        {maxpool_of_equals},
        {overlapping_windows_add_up},
        {window_larger_than_picture, .signal = SIGABRT},
        {convolution_as_in_pytorch},
        {gradients_by_central_differences},
    };
    return run_tests("layers", tests, sizeof tests / sizeof *tests);
}
