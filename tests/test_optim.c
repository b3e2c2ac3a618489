// test_optim.c - optimizers and the learning rate's schedule, step by step
// against PyTorch (golden files in double precision).

#include "testing.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "golden.h"
#include "numbers.h"
#include "optim.h"
#include "threads.h"

enum { STEPS = 20, W = 6 };

static const double U = (double)FLT_EPSILON / 2;

// ---- 1. Optimizers ----------------------------------------------------------

// 20 steps on the golden gradients; after each, w against PyTorch's, within
// `allowed` for every step so far of every parameter.
static void check_path(Optimizer o, const char *name, const double *allowed) {
    Tensor w = golden("optim.txt", "", "start");
    Tensor grads = golden("optim.txt", "", "grads");
    for (int t = 0; t < STEPS; t++) {
        Tensor g = tensor_view(grads.data + t * W, 1, W);
        optimizer_step(&o, &w, &g);
        for (int i = 0; i < W; i++) {
            double want =
                golden_number("optim.txt", "", name, (size_t)(t * W + i));
            double apart = fabs((double)w.data[i] - want);
            if (!(apart <= (t + 1) * allowed[i]))
                ck_abort_msg("%s, step %d, w[%d] is %.9g, not %.9g: %.2g apart",
                             name, t + 1, i, (double)w.data[i], want, apart);
        }
    }
    ck_assert_int_eq(o.step, STEPS);
    optimizer_free(&o);
    tensor_free(&w), tensor_free(&grads);
}

// The largest each w and each gradient becomes, for the bounds below.
static double largest(const char *name, int i) {
    double most = 0;
    for (int t = 0; t < STEPS; t++)
        most = fmax(most, fabs(golden_number("optim.txt", "", name,
                                             (size_t)(t * W + i))));
    return most;
}

// Each step rounds the gradient itself (in the file), lr, lr g and w.
START_TEST(sgd_as_in_pytorch) {
    double allowed[W];
    for (int i = 0; i < W; i++)
        allowed[i] = U * (3 * 0.1 * largest("grads", i) + largest("sgd", i));
    Optimizer o;
    optimizer_init(&o, SGD, 0.1f);
    check_path(o, "sgd", allowed);
}
END_TEST

// m is at most 10 times the largest g (the sum of 0.9^t) and has an error of
// at most 10 * 3 roundings of that; then lr m and w are rounded.
START_TEST(momentum_as_in_pytorch) {
    double allowed[W];
    for (int i = 0; i < W; i++)
        allowed[i] =
            U * (33 * 0.01 * 10 * largest("grads", i) + largest("momentum", i));
    Optimizer o;
    optimizer_init(&o, MOMENTUM, 0.01f);
    check_path(o, "momentum", allowed);
}
END_TEST

// A mean that remembers t steps has a relative error of at most 4 t u, against
// the mean of |g| or of g^2. The first is at most twice the root of the second
// here (they weight the steps differently), so a step of lr is off by
// (2 + 2 / 2) 4 t u lr and two dozen roundings: (12 * 20 + 24) u lr. That a
// coefficient such as 0.999f is rounded, its mean and its correction see alike.
START_TEST(adam_as_in_pytorch) {
    double allowed[W];
    for (int i = 0; i < W; i++)
        allowed[i] = U * (264 * 0.01 + largest("adam", i));
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Optimizer o;
        optimizer_init(&o, ADAM, 0.01f);
        check_path(o, "adam", allowed);
    }
}
END_TEST

// Whatever the size of the gradient, Adam's first step is lr.
START_TEST(adam_steps_by_lr) {
    float values[] = {0, 0, 0, 0}, grads[] = {1e-3f, -1, 1e3f, 0};
    Tensor w = tensor_view(values, 1, 4), g = tensor_view(grads, 1, 4);
    Optimizer o;
    optimizer_init(&o, ADAM, 0.5f);
    optimizer_step(&o, &w, &g);
    const float want[] = {-0.5f, 0.5f, -0.5f, 0};
    assert_close(w.data, want, 4, 2e-5, "w"); // epsilon / 1e-3 = 1e-5 is seen
    optimizer_free(&o);
}
END_TEST

// More parameters than one thread's slice: every one is stepped, exactly once,
// for any number of threads.
START_TEST(adam_reaches_every_parameter) {
    enum { N = 3 * 16384 + 5 };
    Tensor one = {0};
    for (int threads = 1; threads <= 3; threads++) {
        threads_set(threads);
        Tensor w = noise_tensor(1, N, 0, 0, 0), g = noise_tensor(2, N, 0, 0, 0);
        Optimizer o;
        optimizer_init(&o, ADAM, 0.5f);
        optimizer_step(&o, &w, &g);
        for (size_t i = 0; i < N; i++) {
            float want = noise(1, i) - (g.data[i] > 0 ? 0.5f : -0.5f);
            // noise of 2^-23 is not far above epsilon: 0 moves nothing at all
            if (fabsf(g.data[i]) > 1e-3f && fabsf(w.data[i] - want) > 1e-4f)
                ck_abort_msg("w[%zu] is %g, not %g", i, (double)w.data[i],
                             (double)want);
        }
        optimizer_step(&o, &w, &g);
        if (threads == 1)
            tensor_copy(&one, &w);
        ck_assert_mem_eq(w.data, one.data, N * sizeof(float));
        optimizer_free(&o);
    }
    tensor_free(&one);
}
END_TEST

// The rate may change between steps: that is all a schedule does.
START_TEST(rate_may_change) {
    float value = 1, grad = 1;
    Tensor w = tensor_view(&value, 1, 1), g = tensor_view(&grad, 1, 1);
    Optimizer o;
    optimizer_init(&o, SGD, 0.5f);
    optimizer_step(&o, &w, &g);
    ck_assert(value == 0.5f);
    o.lr = 0.25f;
    optimizer_step(&o, &w, &g);
    ck_assert(value == 0.25f);
}
END_TEST

START_TEST(sizes_must_fit) {
    Tensor w = noise_tensor(1, 4, 0, 0, 0), g = noise_tensor(2, 5, 0, 0, 0);
    Optimizer o;
    optimizer_init(&o, SGD, 0.5f);
    optimizer_step(&o, &w, &g);
}
END_TEST

// ---- 2. The schedule --------------------------------------------------------

// Half a cosine between two rates: cosf and its argument are within some 4 u of
// 2, times the peak, and as much again for the rest.
START_TEST(one_cycle_as_in_pytorch) {
    const struct {
        int steps;
        const char *name;
    } cycles[] = {{5, "one_cycle_5"},
                  {10, "one_cycle_10"},
                  {37, "one_cycle_37"},
                  {100, "one_cycle_100"}};
    for (int c = 0; c < 4; c++)
        for (int t = 0; t < cycles[c].steps; t++) {
            double got = (double)one_cycle(t, cycles[c].steps, 0.003f);
            double want =
                golden_number("optim.txt", "", cycles[c].name, (size_t)t);
            ck_assert_msg(fabs(got - want) <= 16 * U * 0.003,
                          "%s[%d] is %.9g, not %.9g", cycles[c].name, t, got,
                          want);
        }
}
END_TEST

// From peak / 25 up to the peak, and down to peak / 250,000, for any length a
// program may be run with.
START_TEST(one_cycle_rises_and_falls) {
    for (long steps = 1; steps <= 300; steps++) {
        float most = 0;
        for (long t = 0; t < steps; t++) {
            float rate = one_cycle(t, steps, 1);
            ck_assert(rate >= 4e-6f * 0.99f && rate <= 1.0f);
            most = fmaxf(most, rate);
        }
        if (steps >= 10) {
            ck_assert(most > 0.95f);
            ck_assert_float_eq_tol(one_cycle(0, steps, 1), 0.04f, 1e-6f);
        }
        if (steps >= 2)
            ck_assert_float_eq_tol(one_cycle(steps - 1, steps, 1), 4e-6f,
                                   1e-6f);
    }
}
END_TEST

int main(void) {
    const Test tests[] = {
        {sgd_as_in_pytorch},
        {momentum_as_in_pytorch},
        {adam_as_in_pytorch},
        {adam_steps_by_lr},
        {adam_reaches_every_parameter},
        {rate_may_change},
        {sizes_must_fit, .signal = SIGABRT},
        {one_cycle_as_in_pytorch},
        {one_cycle_rises_and_falls},
    };
    return run_tests("optim", tests, sizeof tests / sizeof *tests);
}
