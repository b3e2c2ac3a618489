// test_gradcheck.c - the test of gradients, tested: right ones pass, wrong ones
// are caught and named, and one that is all zero cannot hide.

#include "testing.h"

#include <math.h>
#include <string.h>

#include "gradcheck.h"
#include "numbers.h"

enum { N = 12 };

// f(w) = sum of (i + 1) w_i^2 / 2, whose gradient is (i + 1) w_i. A quadratic's
// central difference has no truncation error, and the sum is in double, so only
// the rounding of w + h counts: 2^-24 of it over h = 2^-10, about 1e-4.
static double quadratic(void *context) {
    const float *w = context;
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += (i + 1) * (double)w[i] * (double)w[i] / 2;
    return sum;
}

typedef struct {
    float w[N], grad[N];
} Point;

static Point quadratic_point(void) {
    Point p;
    fill_noise(p.w, N, 1);
    for (int i = 0; i < N; i++)
        p.grad[i] = (float)(i + 1) * p.w[i];
    return p;
}

static GradCheck check(Point *p, size_t samples) {
    return grad_check(quadratic, p->w, p->w, p->grad, N, samples, 0x1p-10,
                      1e-6);
}

START_TEST(right_gradient_passes) {
    Point p = quadratic_point(), before = p;
    GradCheck g = check(&p, N);
    ck_assert_msg(g.worst < 1e-3, "worst is %g at %zu", g.worst, g.where);
    ck_assert(g.skipped == 0 && g.largest > 1);
    ck_assert_mem_eq(&p, &before, sizeof p); // w is as it was, bit for bit
}
END_TEST

// A step of 1/16 changes nothing for a quadratic if both sides are looked at;
// one side alone would be off by 1 / 32 of (i + 1), 3 % of w = 1.
START_TEST(both_sides_are_looked_at) {
    Point p = quadratic_point();
    for (int i = 0; i < N; i++)
        p.w[i] = 1, p.grad[i] = (float)(i + 1);
    GradCheck g = grad_check(quadratic, p.w, p.w, p.grad, N, N, 1.0 / 16, 1e-6);
    ck_assert_msg(g.worst < 1e-6, "worst is %g at %zu", g.worst, g.where);
}
END_TEST

// 1 % off, a wrong sign, one forgotten, two exchanged.
START_TEST(wrong_gradient_is_caught) {
    Point p = quadratic_point();
    p.grad[7] *= 1.01f;
    GradCheck g = check(&p, N);
    ck_assert_double_eq_tol(g.worst, 0.01 / 2.01, 1e-3);
    ck_assert_uint_eq(g.where, 7);

    p = quadratic_point(), p.grad[3] = -p.grad[3];
    g = check(&p, N);
    ck_assert_double_eq_tol(g.worst, 1, 1e-3);
    ck_assert_uint_eq(g.where, 3);

    p = quadratic_point(), p.grad[11] = 0;
    g = check(&p, N);
    ck_assert_double_eq_tol(g.worst, 1, 1e-12);
    ck_assert_uint_eq(g.where, 11);
}
END_TEST

// Where a function is flat in truth, so is a right gradient: no error, but
// `largest` says that nothing was tested. A zero gradient of a function that is
// not flat is wrong by 100 %.
static double flat(void *context) {
    (void)context;
    return 3.5;
}

START_TEST(all_zero_gradient_is_seen) {
    Point p = quadratic_point();
    memset(p.grad, 0, sizeof p.grad);
    GradCheck g = check(&p, N);
    ck_assert(g.largest == 0 && g.worst == 1);
    g = grad_check(flat, NULL, p.w, p.grad, N, N, 0x1p-10, 1e-6);
    ck_assert(g.largest == 0 && g.worst == 0);
}
END_TEST

static bool is_caught(double value) {
    Point p = quadratic_point();
    p.grad[5] = (float)value;
    GradCheck g = check(&p, N);
    return !(g.worst < 1e-3); // the way round that NaN passes
}

START_TEST(nan_is_caught) {
    ck_assert(is_caught((double)NAN));
    ck_assert(is_caught((double)INFINITY));
    Point p = quadratic_point();
    p.w[5] = NAN; // the loss itself
    GradCheck g = check(&p, N);
    ck_assert(!(g.worst < 1e-3));
}
END_TEST

// A few samples of many elements are spread over all of them.
static double count_calls(void *context) {
    ++*(int *)context;
    return 0;
}

START_TEST(samples_are_spread) {
    float w[1000], grad[1000] = {0};
    fill_noise(w, 1000, 1);
    int calls = 0;
    GradCheck g =
        grad_check(count_calls, &calls, w, grad, 1000, 10, 1e-3, 1e-6);
    ck_assert_int_eq(calls, 1 + 2 * 10);
    grad[900] = 1; // the last of the ten
    g = grad_check(count_calls, &calls, w, grad, 1000, 10, 1e-3, 1e-6);
    ck_assert(g.where == 900 && g.worst == 1 && g.largest == 1);
    grad[900] = 0, grad[901] = 1; // none of them
    g = grad_check(count_calls, &calls, w, grad, 1000, 10, 1e-3, 1e-6);
    ck_assert(g.worst == 0);
}
END_TEST

// max(0, w_0) + w_1: at a kink both one-sided derivatives are right, so the
// element is left out, and counted; its neighbour is checked as ever.
static double hinge(void *context) {
    const float *w = context;
    return fmax(0, (double)w[0]) + (double)w[1];
}

START_TEST(kinks_are_skipped_and_counted) {
    float w[] = {1e-4f, 1}, grad[] = {1, 1};
    GradCheck g = grad_check(hinge, w, w, grad, 2, 2, 0x1p-10, 1e-6);
    ck_assert(g.skipped == 1 && g.worst < 1e-3);
    grad[1] = 0.9f;
    g = grad_check(hinge, w, w, grad, 2, 2, 0x1p-10, 1e-6);
    ck_assert(g.skipped == 1 && g.where == 1 && g.worst > 0.05);
    w[0] = 0.5f, grad[1] = 1; // far from the kink
    g = grad_check(hinge, w, w, grad, 2, 2, 0x1p-10, 1e-6);
    ck_assert(g.skipped == 0 && g.worst < 1e-3);
}
END_TEST

// What is below the floor counts as equal, what is above it does not.
START_TEST(floor_hides_only_what_is_below) {
    Point p = quadratic_point();
    memset(p.grad, 0, sizeof p.grad);
    p.grad[2] = 1e-4f;
    GradCheck g = grad_check(flat, NULL, p.w, p.grad, N, N, 0x1p-10, 1e-3);
    ck_assert(g.worst == 0);
    g = grad_check(flat, NULL, p.w, p.grad, N, N, 0x1p-10, 1e-5);
    ck_assert(g.worst == 1 && g.where == 2);
}
END_TEST

// The quadratic's central difference is exact but for rounding: 1e-3 is far
// more than float32 needs. One wrong element, no gradient, and NaN are noticed.
START_TEST(along_the_gradient) {
    Point p = quadratic_point();
    float before = p.w[0];
    ck_assert_double_lt(
        grad_check_along(quadratic, p.w, p.w, p.grad, N, 0x1p-10), 1e-3);
    ck_assert(p.w[0] == before);
    p.grad[1] += 5.0f;
    ck_assert_double_gt(
        grad_check_along(quadratic, p.w, p.w, p.grad, N, 0x1p-10), 1e-2);
    memset(p.grad, 0, sizeof p.grad);
    ck_assert(isinf(grad_check_along(quadratic, p.w, p.w, p.grad, N, 0x1p-10)));
    p.grad[2] = NAN;
    ck_assert(isinf(grad_check_along(quadratic, p.w, p.w, p.grad, N, 0x1p-10)));
}
END_TEST

int main(void) {
    const Test tests[] = {
        {right_gradient_passes},
        {both_sides_are_looked_at},
        {wrong_gradient_is_caught},
        {all_zero_gradient_is_seen},
        {nan_is_caught},
        {samples_are_spread},
        {kinks_are_skipped_and_counted},
        {floor_hides_only_what_is_below},
        {along_the_gradient},
    };
    return run_tests("gradcheck", tests, sizeof tests / sizeof *tests);
}
