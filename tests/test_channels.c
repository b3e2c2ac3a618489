// test_channels.c - the layers of the classic nets against PyTorch
// (golden/make_channels.py, double precision) and central differences, and what
// golden numbers cannot show.

#include "testing.h"

#include <float.h>
#include <math.h>

#include "channels.h"
#include "golden.h"
#include "gradcheck.h"
#include "layers.h"
#include "numbers.h"

static Tensor get(const char *layer, const char *name) {
    return golden("channels.txt", layer, name);
}

// Numbers from [-1, 1), so each result is a sum of at most `terms` products no
// larger than 1 and each product is rounded at most ten times (powf is right to
// one ulp): off by at most (terms + 10) u terms, u = eps / 2.
static void assert_golden(const Tensor *got, const char *layer,
                          const char *name, int terms) {
    Tensor want = get(layer, name);
    ck_assert_msg(tensor_same_shape(got, &want), "%s%s is %s, not %s", layer,
                  name, tensor_shape(got).text, tensor_shape(&want).text);
    assert_close(got->data, want.data, want.size,
                 (terms + 10) * (double)FLT_EPSILON / 2 * terms, layer);
    tensor_free(&want);
}

// ---- 1. Local response normalization ----------------------------------------

// The terms of dx: dy s^-beta, and 2 alpha beta (at most 2) times `size`.
static void check_lrn(const char *name, Lrn lrn) {
    Tensor x = get(name, ".x"), dy = get(name, ".dy");
    Tensor y = {0}, scale = {0}, dx = {0};
    lrn_forward(&lrn, &y, &scale, &x);
    lrn_backward(&lrn, &dx, &dy, &x, &y, &scale);
    assert_golden(&y, name, ".y", 1);
    assert_golden(&dx, name, ".dx", 1 + 2 * lrn.size);
    lrn_backward(&lrn, &dy, &dy, &x, &y, &scale); // in place
    assert_golden(&dy, name, ".dx", 1 + 2 * lrn.size);
    release(&x, &dy, &y, &scale, &dx, NULL);
}

START_TEST(lrn_as_in_pytorch) {
    check_lrn("lrn5", (Lrn){5, 2.0f, 1e-4f, 0.75f});
    check_lrn("lrn3", (Lrn){3, 1.0f, 0.5f, 0.75f});
    check_lrn("lrn9", (Lrn){9, 1.0f, 2.0f, 0.5f}); // wider than the channels
}
END_TEST

// k = 0, alpha = 1, beta = 1/2, all channels: a pixel becomes a unit vector, 3
// and 4 turn into 3/5 and 4/5.
START_TEST(lrn_by_hand) {
    float values[] = {3, 4};
    Tensor x = tensor_view(values, 4, 1, 2, 1, 1), y = {0}, scale = {0};
    lrn_forward(&(Lrn){3, 0.0f, 1.0f, 0.5f}, &y, &scale, &x);
    const float want[] = {0.6f, 0.8f}, sums[] = {25, 25};
    assert_close(y.data, want, 2, 3 * (double)FLT_EPSILON, "y");
    assert_close(scale.data, sums, 2, 0, "scale");
    release(&y, &scale, NULL);
}
END_TEST

START_TEST(lrn_size_is_odd) {
    Tensor x = noise_tensor(1, 1, 2, 3, 3), y = {0}, scale = {0};
    lrn_forward(&(Lrn){4, 2.0f, 1e-4f, 0.75f}, &y, &scale, &x);
}
END_TEST

// ---- 2. Joining -------------------------------------------------------------

START_TEST(concat_as_in_pytorch) {
    Tensor a = get("concat", ".a"), b = get("concat", ".b");
    Tensor c = get("concat", ".c"), dy = get("concat", ".dy"), y = {0};
    Tensor da = {0}, db = {0}, dc = {0};
    const Tensor *parts[] = {&a, &b, &c};
    Tensor *dparts[] = {&da, &db, &dc};
    concat_forward(&y, parts, 3);
    concat_backward(dparts, &dy, parts, 3);
    assert_golden(&y, "concat", ".y", 1);
    assert_golden(&da, "concat", ".da", 1);
    assert_golden(&db, "concat", ".db", 1);
    assert_golden(&dc, "concat", ".dc", 1);
    concat_backward(dparts, &y, parts, 3); // cut up again
    ck_assert_mem_eq(dc.data, c.data, c.size * sizeof(float));
    release(&a, &b, &c, &dy, &y, &da, &db, &dc, NULL);
}
END_TEST

START_TEST(concat_sizes_must_fit) {
    Tensor a = noise_tensor(1, 2, 1, 3, 4), b = noise_tensor(2, 2, 1, 4, 3);
    Tensor y = {0};
    const Tensor *parts[] = {&a, &b};
    concat_forward(&y, parts, 2);
}
END_TEST

START_TEST(concat_dy_must_fit) {
    Tensor a = noise_tensor(1, 2, 1, 3, 4), dy = noise_tensor(2, 2, 2, 3, 4);
    Tensor da = {0}, *dparts[] = {&da};
    const Tensor *parts[] = {&a};
    concat_backward(dparts, &dy, parts, 1);
}
END_TEST

// ---- 3. Averages and maxima -------------------------------------------------

START_TEST(global_average_as_in_pytorch) {
    Tensor x = get("average", ".x"), dy = get("average", ".dy");
    Tensor y = {0}, dx = {0};
    global_avgpool_forward(&y, &x);
    global_avgpool_backward(&dx, &dy, &x);
    assert_golden(&y, "average", ".y", 15);
    assert_golden(&dx, "average", ".dx", 1);
    release(&x, &dy, &y, &dx, NULL);
}
END_TEST

START_TEST(maxpool_same_as_in_pytorch) {
    for (int size = 3; size <= 5; size += 2) {
        const char *name = size == 3 ? "maxpool_same3" : "maxpool_same5";
        Tensor x = get(name, ".x"), dy = get(name, ".dy");
        Tensor y = {0}, winner = {0}, dx = {0};
        maxpool_same_forward(&y, &winner, &x, size);
        maxpool_backward(&dx, &dy, &winner, &x);
        assert_golden(&y, name, ".y", 1);
        assert_golden(&dx, name, ".dx", 24); // all windows may meet in one
        release(&x, &dy, &y, &winner, &dx, NULL);
    }
}
END_TEST

// ---- 4. Central differences -------------------------------------------------

enum { LRN, CONCAT, AVERAGE };

// L = sum of y * dy, so that dL/dy = dy.
typedef struct {
    Tensor x, y, scale, dy;
    int layer;
} Checked;

static const Lrn strong = {3, 1.0f, 1.0f, 0.75f};

static double loss(void *context) {
    Checked *c = context;
    const Tensor *parts[] = {&c->x, &c->x}; // joined with itself
    if (c->layer == LRN)
        lrn_forward(&strong, &c->y, &c->scale, &c->x);
    else if (c->layer == CONCAT)
        concat_forward(&c->y, parts, 2);
    else
        global_avgpool_forward(&c->y, &c->x);
    double sum = 0;
    for (size_t i = 0; i < c->y.size; i++)
        sum += (double)c->y.data[i] * (double)c->dy.data[i];
    return sum;
}

// Two layers are linear: only rounding is left, an ulp of y, 2^-23, a few times
// over, divided by 2 h = 2^-3: 4e-6 on gradients above 0.02, or 2e-4. LRN
// bends: its third derivative, at most about 10, times h^2 / 6 = 6.5e-4 is
// below 1e-2 at h = 2^-4; so it is given a smaller h, with 2^-7: 1e-4 for the
// bend and 2^-23 / 2^-6 = 8e-6 a few times over for rounding, of 0.02: 1e-2.
static void assert_gradient(Checked *c, const Tensor *dx) {
    bool bent = c->layer == LRN;
    GradCheck g = grad_check(loss, c, c->x.data, dx->data, c->x.size, c->x.size,
                             bent ? 0x1p-7 : 0x1p-4, 0.02);
    const char *names[] = {"LRN dx", "concat dx", "average dx"};
    assert_slopes(names[c->layer], &g, bent ? 1e-2 : 2e-4, 0.05, 0);
}

START_TEST(gradients_by_central_differences) {
    Checked c = {.layer = LRN};
    Tensor dx = {0}, other = {0};
    c.x = noise_tensor(1, 2, 5, 2, 3), c.dy = noise_tensor(2, 2, 5, 2, 3);
    loss(&c);
    lrn_backward(&strong, &dx, &c.dy, &c.x, &c.y, &c.scale);
    assert_gradient(&c, &dx);

    c.layer = CONCAT, c.dy = noise_tensor(3, 2, 10, 2, 3);
    const Tensor *parts[] = {&c.x, &c.x};
    Tensor *dparts[] = {&dx, &other};
    concat_backward(dparts, &c.dy, parts, 2);
    tensor_add(&dx, &other);
    assert_gradient(&c, &dx);

    c.layer = AVERAGE, c.dy = noise_tensor(4, 2, 5, 0, 0);
    global_avgpool_backward(&dx, &c.dy, &c.x);
    assert_gradient(&c, &dx);
    release(&dx, &other, &c.y, &c.scale, NULL);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {lrn_as_in_pytorch},
        {lrn_by_hand},
        {lrn_size_is_odd, .signal = SIGABRT},
        {concat_as_in_pytorch},
        {concat_sizes_must_fit, .signal = SIGABRT},
        {concat_dy_must_fit, .signal = SIGABRT},
        {global_average_as_in_pytorch},
        {maxpool_same_as_in_pytorch},
        {gradients_by_central_differences},
    };
    return run_tests("channels", tests, sizeof tests / sizeof *tests);
}
