// test_loss.c - softmax, cross entropy and mean squared error: by hand, against
// PyTorch, at the ends of the float range, and by central differences.
//
// Tolerance. A softmax is a ratio of exponentials, each within 2 ulp (vmath.h),
// their sum within `classes` more; a few roundings follow: 16 eps covers ten
// classes. What is multiplied by 16 eps is at most max(1, |result|).

#include "testing.h"

#include <float.h>
#include <math.h>

#include "golden.h"
#include "gradcheck.h"
#include "loss.h"
#include "numbers.h"

static const double TOLERANCE = 16 * (double)FLT_EPSILON;

static void labels_of(int *labels, int n) {
    for (int i = 0; i < n; i++)
        labels[i] = (int)golden_number("loss.txt", "", "labels", (size_t)i);
}

// ---- 1. Softmax -------------------------------------------------------------

START_TEST(softmax_as_in_pytorch) {
    Tensor x = golden("loss.txt", "", "logits"), y = {0};
    Tensor want = golden("loss.txt", "", "softmax");
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        softmax_forward(&y, &x);
        assert_close(y.data, want.data, want.size, TOLERANCE, "softmax");
    }
    softmax_forward(&x, &x); // in place
    assert_close(x.data, y.data, y.size, 0, "softmax in place");
    release(&x, &y, &want, NULL);
}
END_TEST

// exp(1e4) is infinite; e^(x - max) is not, and only differences count.
START_TEST(softmax_of_huge_numbers) {
    float values[] = {1e4f,  1e4f + 1, 1e4f - 2, -1e4f,   -1e4f, -1e4f,
                      3e38f, -3e38f,   0,        -1e-30f, 0,     1e-30f};
    Tensor x = tensor_view(values, 2, 4, 3), y = {0};
    softmax_forward(&y, &x);
    double e1 = exp(1), e2 = exp(-2), sum = 1 + e1 + e2;
    const float want[] = {(float)(1 / sum),
                          (float)(e1 / sum),
                          (float)(e2 / sum),
                          1.0f / 3,
                          1.0f / 3,
                          1.0f / 3,
                          1,
                          0,
                          0,
                          1.0f / 3,
                          1.0f / 3,
                          1.0f / 3};
    assert_close(y.data, want, 12, TOLERANCE, "softmax");
    release(&y, NULL);
}
END_TEST

// ---- 2. Cross entropy -------------------------------------------------------

START_TEST(cross_entropy_as_in_pytorch) {
    Tensor x = golden("loss.txt", "", "logits"), d = {0};
    Tensor want = golden("loss.txt", "", "dlogits");
    int labels[4];
    labels_of(labels, 4);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        double loss = (double)softmax_cross_entropy(&d, &x, labels);
        double expected = golden_number("loss.txt", "", "cross_entropy", 0);
        ck_assert_double_eq_tol(loss, expected, TOLERANCE * expected);
        assert_close(d.data, want.data, want.size, TOLERANCE, "dlogits");
    }
    float with = softmax_cross_entropy(&d, &x, labels);
    ck_assert(softmax_cross_entropy(NULL, &x, labels) == with);
    release(&x, &d, &want, NULL);
}
END_TEST

// Knowing nothing about ten classes costs ln 10; a logit ln 3 above one other
// is a probability of 3/4.
START_TEST(cross_entropy_by_hand) {
    float zeros[10] = {0}, pair[] = {logf(3), 0};
    Tensor x = tensor_view(zeros, 2, 1, 10), d = {0};
    int label = 7;
    float loss = softmax_cross_entropy(&d, &x, &label);
    ck_assert_double_eq_tol((double)loss, log(10), TOLERANCE * log(10));
    for (int j = 0; j < 10; j++)
        ck_assert_double_eq_tol((double)d.data[j], 0.1 - (j == 7), TOLERANCE);

    x = tensor_view(pair, 2, 1, 2), label = 0;
    loss = softmax_cross_entropy(&d, &x, &label);
    ck_assert_double_eq_tol((double)loss, log(4.0 / 3), TOLERANCE);
    ck_assert_double_eq_tol((double)d.data[0], -0.25, TOLERANCE);
    ck_assert_double_eq_tol((double)d.data[1], 0.25, TOLERANCE);
    tensor_free(&d);
}
END_TEST

// Sure and right costs 0; sure and wrong costs the distance, not infinity.
START_TEST(cross_entropy_of_huge_logits) {
    float values[] = {1e4f, 0, -1e4f};
    Tensor x = tensor_view(values, 2, 1, 3), d = {0};
    int right = 0, wrong = 2;
    ck_assert(softmax_cross_entropy(&d, &x, &right) == 0);
    ck_assert(d.data[0] == 0 && d.data[1] == 0 && d.data[2] == 0);
    ck_assert(softmax_cross_entropy(&d, &x, &wrong) == 2e4f);
    ck_assert(d.data[0] == 1 && d.data[1] == 0 && d.data[2] == -1);
    tensor_free(&d);
}
END_TEST

// The rows of dlogits sum to 0: probability is only moved about.
START_TEST(gradient_moves_probability) {
    Tensor x = noise_tensor(1, 6, 10, 0, 0), d = {0};
    int labels[] = {0, 9, 4, 4, 1, 3};
    softmax_cross_entropy(&d, &x, labels);
    for (int n = 0; n < 6; n++) {
        double sum = 0;
        for (int j = 0; j < 10; j++)
            sum += (double)d.data[n * 10 + j];
        ck_assert_double_eq_tol(sum, 0, TOLERANCE);
    }
    tensor_free(&d);
}
END_TEST

START_TEST(nan_in_nan_out) {
    int labels[] = {0, 1};
    for (int bad = 0; bad < 6; bad++) {
        float values[] = {1, 2, 3, 4, 5, 6};
        values[bad] = bad % 2 ? NAN : INFINITY;
        Tensor x = tensor_view(values, 2, 2, 3), d = {0};
        // inf wherever it stands: its distance to the maximum is inf - inf
        float loss = softmax_cross_entropy(&d, &x, labels);
        ck_assert_msg(!isfinite(loss), "[%d]: %g", bad, (double)loss);
        tensor_free(&d);
    }
}
END_TEST

static void with_label(int label) {
    Tensor x = noise_tensor(1, 1, 3, 0, 0);
    softmax_cross_entropy(NULL, &x, &label);
}

START_TEST(label_in_range) {
    with_label(0), with_label(2);
}
END_TEST

START_TEST(label_too_large) {
    with_label(3);
}
END_TEST

START_TEST(label_negative) {
    with_label(-1);
}
END_TEST

// ---- 3. Mean squared error --------------------------------------------------

START_TEST(mse_as_in_pytorch) {
    Tensor y = golden("loss.txt", "", "y"),
           t = golden("loss.txt", "", "target");
    Tensor want = golden("loss.txt", "", "dy"), dy = {0};
    double loss = (double)mse_loss(&dy, &y, &t);
    ck_assert_double_eq_tol(loss, golden_number("loss.txt", "", "mse", 0),
                            TOLERANCE);
    assert_close(dy.data, want.data, want.size, TOLERANCE, "dy");
    ck_assert(mse_loss(NULL, &y, &t) == (float)loss);
    release(&y, &t, &want, &dy, NULL);
}
END_TEST

// (1 + 4 + 9 + 0) / 4, and twice the differences over 4.
START_TEST(mse_by_hand) {
    float a[] = {1, 2, 0, 5}, b[] = {0, 4, -3, 5};
    Tensor y = tensor_view(a, 2, 2, 2), t = tensor_view(b, 2, 2, 2), dy = {0};
    ck_assert(mse_loss(&dy, &y, &t) == 3.5f);
    const float want[] = {0.5f, -1, 1.5f, 0};
    assert_close(dy.data, want, 4, 0, "dy");
    tensor_free(&dy);
}
END_TEST

START_TEST(mse_shapes_must_fit) {
    Tensor y = noise_tensor(1, 2, 3, 0, 0), t = noise_tensor(1, 3, 2, 0, 0);
    mse_loss(NULL, &y, &t);
}
END_TEST

// ---- 4. Central differences -------------------------------------------------

typedef struct {
    Tensor x, target;
    int labels[5];
    bool mse;
} Checked;

static double loss(void *context) {
    Checked *c = context;
    return (double)(c->mse ? mse_loss(NULL, &c->x, &c->target)
                           : softmax_cross_entropy(NULL, &c->x, c->labels));
}

// With a step h the difference has a truncation error of h^2/6 |L'''|, where
// |L'''| <= 1/5 (one of five rows), 8e-6 for h = 1/64; and a rounding error of
// an ulp of L (1.2e-7 for L < 2), divided by 2 h: 4e-6. Together 1.2e-5, of
// gradients above the floor of 2e-3: less than 1 %.
START_TEST(gradients_by_central_differences) {
    for (int mse = 0; mse < 2; mse++) {
        Checked c = {.labels = {0, 6, 3, 3, 1}, .mse = mse};
        c.x = noise_tensor(1, 5, 7, 0, 0);
        c.target = noise_tensor(2, 5, 7, 0, 0);
        Tensor d = {0};
        if (mse)
            mse_loss(&d, &c.x, &c.target);
        else
            softmax_cross_entropy(&d, &c.x, c.labels);
        GradCheck g =
            grad_check(loss, &c, c.x.data, d.data, 35, 35, 0x1p-6, 2e-3);
        assert_slopes("dx", &g, 0.01, 0.05, 0);
        tensor_free(&d);
    }
}
END_TEST

// ---- 5. Sigmoid and binary cross entropy ------------------------------------

// z = 0 is a toss of a coin: log 2, whatever t. z = 100 costs nothing for t = 1
// and 100 for t = 0, where exp(100) would have left the floats; 3e38 likewise.
START_TEST(binary_by_hand) {
    float z[] = {0, 100, 100, -100, 0, -3e38f}, t[] = {1, 1, 0, 0, 0.3f, 0};
    Tensor x = tensor_view(z, 2, 3, 2), target = tensor_view(t, 2, 3, 2);
    Tensor d = {0};
    double loss = (double)sigmoid_cross_entropy(&d, &x, &target);
    double want = (2 * log(2.0) + 100) / 3;
    ck_assert_double_eq_tol(loss, want, TOLERANCE * want);
    const float slopes[] = {-0.5f / 3, 0, 1.0f / 3, 0, 0.2f / 3, 0};
    assert_close(d.data, slopes, 6, TOLERANCE, "dlogits");
    ck_assert((double)sigmoid_cross_entropy(NULL, &x, &target) == loss);
    z[3] = NAN;
    ck_assert(isnan(sigmoid_cross_entropy(&d, &x, &target)));
    release(&d, NULL);
}
END_TEST

// Against the definition in double, over more outputs than one logarithm takes,
// and each slope by a central difference of that definition: with a step of
// 1e-4 it is right to 1e-8 / 6 and the rounding of doubles.
START_TEST(binary_is_its_definition) {
    enum { N = 5, M = 70 };
    float z[N * M], t[N * M];
    Tensor x = tensor_view(z, 2, N, M), target = tensor_view(t, 2, N, M);
    Tensor d = {0};
    double want = 0.0;
    for (int i = 0; i < N * M; i++) {
        z[i] = (float)((i * 37) % 101 - 50) * 0.2f;
        t[i] = (float)((i * 17) % 11) / 10.0f;
        double e = exp(-(double)z[i]), p = 1 / (1 + e);
        want -= ((double)t[i] * log(p) + (1 - (double)t[i]) * log1p(-p)) / N;
    }
    double loss = (double)sigmoid_cross_entropy(&d, &x, &target);
    ck_assert_double_eq_tol(loss, want, TOLERANCE * want);
    double largest = 0.0;
    for (int i = 0; i < N * M; i++) {
        double h = 1e-4, side[2];
        for (int k = 0; k < 2; k++) {
            double at = (double)z[i] + (k == 0 ? h : -h);
            side[k] = (log1p(exp(at)) - (double)t[i] * at) / N;
        }
        double slope = (side[0] - side[1]) / (2 * h);
        ck_assert_double_eq_tol((double)d.data[i], slope, TOLERANCE);
        largest = fmax(largest, fabs(slope));
    }
    ck_assert(largest > 0.1);
    release(&d, NULL);
}
END_TEST

START_TEST(binary_shapes_must_fit) {
    float z[6] = {0};
    Tensor x = tensor_view(z, 2, 3, 2), target = tensor_view(z, 2, 2, 3);
    sigmoid_cross_entropy(NULL, &x, &target);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {softmax_as_in_pytorch},
        {softmax_of_huge_numbers},
        {cross_entropy_as_in_pytorch},
        {cross_entropy_by_hand},
        {cross_entropy_of_huge_logits},
        {gradient_moves_probability},
        {nan_in_nan_out},
        {label_in_range},
        {label_too_large, .signal = SIGABRT},
        {label_negative, .signal = SIGABRT},
        {mse_as_in_pytorch},
        {mse_by_hand},
        {mse_shapes_must_fit, .signal = SIGABRT},
        {gradients_by_central_differences},
        {binary_by_hand},
        {binary_is_its_definition},
        {binary_shapes_must_fit, .signal = SIGABRT},
    };
    return run_tests("loss", tests, sizeof tests / sizeof *tests);
}
