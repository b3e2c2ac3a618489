// The optimizers and schedules that test_optim.c leaves out, beside PyTorch in
// double precision (golden/make_optim_table.py), and what all of them promise.

#include <math.h>
#include <string.h>

#include "golden.h"
#include "optim.h"
#include "testing.h"

enum { STEPS = 20, SIZE = 6 };

// The numbers called name in optim_table.txt.
static void numbers(float *values, int count, const char *name) {
    Tensor t = golden("optim_table.txt", "", name);
    ck_assert_uint_eq(t.size, count);
    memcpy(values, t.data, t.size * sizeof *values);
    tensor_free(&t);
}

// ---- Optimizers -------------------------------------------------------------

// With |w| < 4 a step rounds w by 2^-23 at most, and its own length d by less
// than 16 roundings' worth, 2^-20 |d|. All d together are less than 8 (the
// script checks both), so 20 steps are off by less than 20 * 2^-23 + 2^-17.
// epsilon in the wrong place moves the third weight by 0.01 and more.
static const double TOLERANCE = 1e-5;

static void follow(OptimizerKind kind, float lr, const char *name) {
    float start[SIZE], grads[STEPS * SIZE], want[STEPS * SIZE];
    numbers(start, SIZE, "start");
    numbers(grads, STEPS * SIZE, "grads");
    numbers(want, STEPS * SIZE, name);
    Tensor w = tensor_view(start, 1, SIZE);
    Optimizer o;
    optimizer_init(&o, kind, lr);
    for (int t = 0; t < STEPS; t++) {
        Tensor g = tensor_view(grads + t * SIZE, 1, SIZE);
        optimizer_look_ahead(&o, &w); // moves nothing: not NESTEROV
        optimizer_step(&o, &w, &g);
        ck_assert_int_eq(o.step, t + 1);
        assert_close(w.data, want + t * SIZE, SIZE, TOLERANCE, name);
    }
    optimizer_free(&o);
}

START_TEST(steps_are_pytorchs) {
    follow(ADAGRAD, 0.1f, "adagrad");
    follow(RMSPROP, 0.01f, "rmsprop");
    follow(ADADELTA, 1.0f, "adadelta");
    follow(ADAMW, 0.1f, "adamw");
}
END_TEST

// w after a step is Table 3.1's; after looking ahead it is PyTorch's.
START_TEST(nesterov_has_two_forms) {
    float start[SIZE], c[SIZE], table[STEPS * SIZE], ahead[STEPS * SIZE];
    numbers(start, SIZE, "start");
    numbers(c, SIZE, "curvature");
    numbers(table, STEPS * SIZE, "nesterov");
    numbers(ahead, STEPS * SIZE, "nesterov_ahead");
    Tensor w = tensor_view(start, 1, SIZE), g = {0};
    tensor_resize(&g, 1, SIZE);
    Optimizer o;
    optimizer_init(&o, NESTEROV, 0.05f);
    optimizer_look_ahead(&o, &w);
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < SIZE; i++)
            g.data[i] = c[i] * w.data[i];
        optimizer_step(&o, &w, &g);
        assert_close(w.data, table + t * SIZE, SIZE, TOLERANCE, "table");
        optimizer_look_ahead(&o, &w);
        optimizer_look_ahead(&o, &w); // once is enough
        assert_close(w.data, ahead + t * SIZE, SIZE, TOLERANCE, "ahead");
    }
    tensor_free(&g);
    optimizer_free(&o);
}
END_TEST

// The first step of each: with m = v = 0 the formulas become short.
START_TEST(first_steps) {
    const float g0 = 0.5f, lr = 0.01f;
    const struct {
        OptimizerKind kind;
        double want;
    } first[] = {
        {SGD, 0.01 * 0.5},
        {MOMENTUM, 0.01 * 0.5},
        {NESTEROV, 0.01 * 0.5},
        {ADAGRAD, 0.01},                     // lr g / |g|
        {RMSPROP, 0.01 / sqrt(0.1)},         // v = 0.1 g^2
        {ADADELTA, 0.01 * 1e-3 / sqrt(0.1)}, // sqrt(eps) / sqrt(0.1)
        {ADAM, 0.01},                        // the corrections undo 1 - beta
        {ADAMW, 0.01 + 0.01 * 0.01},         // and a hundredth of lr of w = 1
    };
    for (size_t k = 0; k < sizeof first / sizeof *first; k++) {
        float w0 = 1.0f, gradient = g0;
        Tensor w = tensor_view(&w0, 1, 1), g = tensor_view(&gradient, 1, 1);
        Optimizer o;
        optimizer_init(&o, first[k].kind, lr);
        optimizer_look_ahead(&o, &w);
        optimizer_step(&o, &w, &g);
        // 1 - w: two roundings of numbers near 1; Adadelta's eps^2 / v is 4e-5
        // of its step
        ck_assert_double_eq_tol(1.0 - (double)w0, first[k].want, 1.3e-7);
        optimizer_free(&o);
    }
}
END_TEST

// B's RMSProp has no epsilon: 0 / 0 where a gradient has always been zero.
START_TEST(rmsprop_needs_epsilon) {
    float values[2] = {1.0f, 1.0f}, gradients[2] = {0.0f, 0.5f};
    Tensor w = tensor_view(values, 1, 2), g = tensor_view(gradients, 1, 2);
    Optimizer o;
    optimizer_init(&o, RMSPROP, 0.01f);
    optimizer_step(&o, &w, &g);
    ck_assert_float_eq(values[0], 1.0f);
    ck_assert_float_lt(values[1], 1.0f);
    o.epsilon = 0.0f;
    o.v.data[0] = 0.0f;
    optimizer_step(&o, &w, &g);
    ck_assert(isnan(values[0]));
    optimizer_free(&o);
}
END_TEST

START_TEST(constants_are_the_textbooks) {
    Optimizer o;
    optimizer_init(&o, ADAM, optimizer_usual_lr(ADAM));
    ck_assert_float_eq(o.lr, 0.001f);
    ck_assert_float_eq(o.beta1, 0.9f);
    ck_assert_float_eq(o.beta2, 0.999f);
    ck_assert_float_eq(o.epsilon, 1e-8f);
    ck_assert_float_eq(o.momentum, 0.9f);
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++) {
        ck_assert_str_ne(optimizer_name((OptimizerKind)kind), "");
        ck_assert_float_gt(optimizer_usual_lr((OptimizerKind)kind), 0.0f);
    }
}
END_TEST

START_TEST(nesterov_must_look_ahead) {
    float value = 1.0f;
    Tensor w = tensor_view(&value, 1, 1);
    Optimizer o;
    optimizer_init(&o, NESTEROV, 0.01f);
    optimizer_step(&o, &w, &w);
}
END_TEST

START_TEST(sizes_must_agree) {
    float values[2] = {0};
    Tensor w = tensor_view(values, 1, 2), g = tensor_view(values, 1, 1);
    Optimizer o;
    optimizer_init(&o, SGD, 0.01f);
    optimizer_step(&o, &w, &g);
}
END_TEST

START_TEST(no_such_kind) {
    float value = 0.0f;
    Tensor w = tensor_view(&value, 1, 1);
    Optimizer o;
    optimizer_init(&o, OPTIMIZER_KINDS, 0.01f);
    optimizer_step(&o, &w, &w);
}
END_TEST

// ---- Schedules --------------------------------------------------------------

enum { RATES = 100 };
static const long until[] = {50, 90, 100};
static const float rates[] = {0.3f, 0.05f, 0.01f};

static float rate_of(int schedule, long t) {
    const float lr = 0.3f;
    switch (schedule) {
    case 0:
        return inverse_time_decay(t, lr, 0.1f);
    case 1:
        return exponential_decay(t, lr, 0.95f);
    case 2:
        return cosine_decay(t, RATES, lr);
    case 3:
        return held_exponential_decay(t, 40, lr, 0.01f, 0.9f);
    case 4:
        return held_cosine_decay(t, 40, RATES, lr, 0.01f);
    case 5:
        return step_decay(t, 25, lr, 0.5f);
    case 6:
        return divided_decay(t, 30, lr, 10.0f);
    case 7:
        return piecewise_rate(t, 3, until, rates);
    default:
        return one_cycle(t, RATES, lr);
    }
}

// A relative error: of beta^t it is t times that of beta, 100 * 2^-25, and of
// the cosine near its end the rounding of pi t / T, absolute and so within
// 2^-22 of lr: assert_close measures against max(1, rate), which covers both.
START_TEST(schedules_are_pytorchs) {
    const char *const names[] = {
        "inverse_time",     "exponential", "cosine",
        "held_exponential", "held_cosine", "step",
        "divided",          "piecewise",   "one_cycle"};
    for (int s = 0; s < 9; s++) {
        float want[RATES], got[RATES];
        numbers(want, RATES, names[s]);
        for (int t = 0; t < RATES; t++)
            got[t] = rate_of(s, t);
        assert_close(got, want, RATES, 1e-6, names[s]);
    }
}
END_TEST

// The lecture leaves t = T0 to neither case of (23). Both give lr.
START_TEST(the_case_of_equality) {
    for (int s = 3; s <= 4; s++) {
        ck_assert_float_eq(rate_of(s, 39), 0.3f);
        ck_assert_float_eq(rate_of(s, 40), 0.3f);
        ck_assert_float_lt(rate_of(s, 41), 0.3f);
    }
    ck_assert_float_eq(exponential_decay(40 - 40, 0.3f, 0.9f), 0.3f);
    ck_assert_float_eq(cosine_decay(40 - 40, 60, 0.3f), 0.3f);
}
END_TEST

// No schedule but one_cycle ever rises, and floors hold for ever.
START_TEST(decays_fall) {
    for (int s = 0; s < 8; s++) {
        ck_assert_float_eq(rate_of(s, 0), 0.3f);
        for (long t = 1; t < RATES; t++)
            ck_assert_float_le(rate_of(s, t), rate_of(s, t - 1));
        ck_assert_float_lt(rate_of(s, RATES - 1), 0.3f);
    }
    ck_assert_float_eq(rate_of(3, 1000), 0.01f);
    ck_assert_float_eq_tol(rate_of(4, 1000), 0.01f, 1e-7f);
    ck_assert_float_eq(rate_of(7, 1000), 0.01f);
    ck_assert_float_eq(held_cosine_decay(7, 10, 10, 0.3f, 0.0f), 0.3f);
}
END_TEST

int main(void) {
    const Test tests[] = {{steps_are_pytorchs},
                          {nesterov_has_two_forms},
                          {first_steps},
                          {rmsprop_needs_epsilon},
                          {constants_are_the_textbooks},
                          {nesterov_must_look_ahead, .signal = SIGABRT},
                          {sizes_must_agree, .signal = SIGABRT},
                          {no_such_kind, .signal = SIGABRT},
                          {schedules_are_pytorchs},
                          {the_case_of_equality},
                          {decays_fall}};
    return run_tests("optim_table", tests, sizeof tests / sizeof *tests);
}
