// The optimizers that test_optim.c leaves out, beside PyTorch in double
// precision; the schedules beside the lectures' formulas in Python
// (golden/make_optim_table.py); momentum beside the printed form; and what all
// of them promise.

#include <math.h>
#include <string.h>

#include "golden.h"
#include "numbers.h"
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

// ---- The lectures' momentum -------------------------------------------------

// A Table 3.1 and B: g_k = beta g_{k-1} - alpha dL;  theta_k += g_k.
static double glide(double *theta, double g, double gradient, double alpha) {
    g = (double)0.9f * g - alpha * gradient;
    *theta += g;
    return g;
}

// One weight, the library's momentum: the step -lr m that it takes.
static double library_step(Optimizer *o, float lr, float gradient) {
    float value = 0.0f; // at 0 the step is not rounded to w's last digit
    Tensor w = tensor_view(&value, 1, 1), g = tensor_view(&gradient, 1, 1);
    o->lr = lr;
    optimizer_step(o, &w, &g);
    return (double)value;
}

// The same path as long as lr is constant. 500 gradients of at most 1: |m| is
// below 10 and off by less than 10 * 3 roundings, 2^-19; lr m by 0.3 of that.
START_TEST(momentum_is_the_printed_one_at_a_constant_rate) {
    Optimizer o;
    optimizer_init(&o, MOMENTUM, 0.3f);
    double theta = 0.0, g = 0.0, w = 0.0;
    for (int k = 1; k <= 500; k++) {
        float gradient = noise(5, (size_t)k);
        g = glide(&theta, g, (double)gradient, (double)0.3f);
        double step = library_step(&o, 0.3f, gradient);
        w += step;
        ck_assert_double_eq_tol(step, g, 0.3 / 524288);
    }
    ck_assert_double_eq_tol(w, theta, 500 * 0.3 / 524288);
    optimizer_free(&o);
}
END_TEST

// After a cut it is another: 500 steps with g = 1 reach -lr 10 = -3, and the
// library's m = 10 is multiplied by the new rate. (printed_updates has the
// printed form: 0.9 of -3 and then -0.05.)
START_TEST(momentum_after_a_cut_of_the_rate) {
    Optimizer o;
    optimizer_init(&o, MOMENTUM, 0.3f);
    double step = 0.0;
    for (int k = 1; k <= 500; k++)
        step = library_step(&o, 0.3f, 1.0f);
    ck_assert_double_eq_tol(step, -3.0, 1e-5);
    ck_assert_double_eq_tol(library_step(&o, 0.05f, 1.0f), -0.5, 1e-5);
    optimizer_free(&o);
}
END_TEST

// With a constant gradient Adam's m and v are too small by 1 - beta^t; the
// corrected ones are g and g^2 at every t, so that every step is lr.
START_TEST(adam_corrects_its_means) {
    float value = 0.0f, gradient = 0.5f;
    Tensor w = tensor_view(&value, 1, 1), g = tensor_view(&gradient, 1, 1);
    Optimizer o;
    optimizer_init(&o, ADAM, 0.01f);
    for (int t = 1; t <= 100; t++) {
        optimizer_step(&o, &w, &g);
        double part1 = 1.0 - pow((double)0.9f, t);
        double part2 = 1.0 - pow((double)0.999f, t);
        // t roundings of 2^-24
        ck_assert_double_eq_tol((double)o.m.data[0] / part1, 0.5, 1e-5);
        ck_assert_double_eq_tol((double)o.v.data[0] / part2, 0.25, 1e-5);
        ck_assert_double_eq_tol((double)value, -0.01 * t, 1e-5);
    }
    ck_assert_double_lt((double)o.v.data[0], 0.25 * 0.1); // uncorrected: 0.095
    optimizer_free(&o);
}
END_TEST

// ---- Schedules --------------------------------------------------------------

enum { RATES = 100 };
static const long until[] = {50, 90, 100};
static const float rates[] = {0.3f, 0.05f, 0.01f};

static float rate_of(int schedule, long t) {
    const float lr = 0.3f, floor = 0.01f;
    switch (schedule) {
    case 0:
        return inverse_time_decay(t, lr, 0.1f);
    case 1:
        return exponential_decay(t, lr, 0.1f);
    case 2:
        return cosine_decay(t, RATES, lr);
    case 3:
        return held_decay(t, 40, lr, floor, 0.1f);
    case 4:
        return held_decay_then_floor(t, 40, RATES, lr, floor, 0.1f);
    case 5:
        return held_decay_repaired(t, 40, lr, floor, 0.1f);
    case 6:
        return held_decay(t, 20, lr, floor, 1.0f);
    case 7:
        return held_decay_then_floor(t, 20, RATES, lr, floor, 1.0f);
    case 8:
        return held_decay_repaired(t, 20, lr, floor, 1.0f);
    case 9:
        return step_decay(t, 25, lr, 0.5f);
    case 10:
        return divided_decay(t, 30, lr, 10.0f);
    case 11:
        return piecewise_rate(t, 3, until, rates);
    default:
        return one_cycle(t, RATES, lr);
    }
}

// A relative error: of e^(-beta t) it is that of beta t, 10 * 2^-24, and of the
// cosine near its end the rounding of pi t / T, absolute and so within 2^-22 of
// lr: assert_close measures against max(1, rate), which covers both.
START_TEST(schedules_are_the_printed_ones) {
    const char *const names[] = {
        "inverse_time",  "exponential", "cosine",    "held",
        "held_floor",    "repaired",    "held_fast", "held_floor_fast",
        "repaired_fast", "step",        "divided",   "piecewise",
        "one_cycle"};
    for (int s = 0; s < 13; s++) {
        float want[RATES], got[RATES];
        numbers(want, RATES, names[s]);
        for (int t = 0; t < RATES; t++)
            got[t] = rate_of(s, t);
        assert_close(got, want, RATES, 1e-6, names[s]);
    }
}
END_TEST

// 0.3 / (1 + 0.1 * 41) = 0.0588: from T0 = 40 to 41 both printed forms fall to
// a fifth, the repaired one by 1 / 1.1. At t = T0 all three still hold.
START_TEST(the_jump_after_the_hold) {
    for (int s = 3; s <= 5; s++)
        ck_assert_float_eq(rate_of(s, 40), 0.3f);
    ck_assert_double_eq_tol((double)rate_of(3, 41), 0.3 / 5.1, 1e-8);
    ck_assert_double_eq_tol((double)rate_of(4, 41), 0.3 / 5.1, 1e-8);
    ck_assert_double_eq_tol((double)rate_of(5, 41), 0.3 / 1.1, 1e-7);
}
END_TEST

// (24) has no comparison with the floor: it may jump up to it as well as down.
// Step 0.9 T itself still decays, however large T is.
START_TEST(the_last_tenth) {
    ck_assert_double_eq_tol((double)rate_of(4, 90), 0.03, 1e-8);
    ck_assert_float_eq(rate_of(4, 91), 0.01f);
    ck_assert_float_lt(rate_of(7, 90), 0.01f); // 0.3 / 91
    ck_assert_float_eq(rate_of(7, 91), 0.01f);
    for (long T = 10; T <= 100000000; T *= 10) {
        ck_assert_float_gt(
            held_decay_then_floor(T / 10 * 9, 0, T, 1.0f, 0.0f, 0.0f), 0.5f);
        ck_assert_float_eq(
            held_decay_then_floor(T / 10 * 9 + 1, 0, T, 1.0f, 0.0f, 0.0f),
            0.0f);
    }
}
END_TEST

// No schedule rises but one_cycle, and (24) where (20) is below the floor. The
// floors hold from then on.
START_TEST(decays_fall) {
    for (int s = 0; s < 12; s++) {
        ck_assert_float_eq(rate_of(s, 0), 0.3f);
        for (long t = 1; t < RATES; t++)
            if (s != 7 || t != 91)
                ck_assert_float_le(rate_of(s, t), rate_of(s, t - 1));
        ck_assert_float_lt(rate_of(s, RATES - 1), 0.3f);
    }
    for (int s = 3; s <= 8; s++)
        ck_assert_float_eq(rate_of(s, 1000), 0.01f);
    ck_assert_float_eq(rate_of(11, 1000), 0.01f);
}
END_TEST

// The hold wins where (20) is below the floor before T0: (23)'s first case.
START_TEST(the_hold_is_the_first_case) {
    ck_assert_float_eq(held_decay(35, 40, 0.3f, 0.01f, 1.0f), 0.3f);
    ck_assert_float_eq(held_decay(41, 40, 0.3f, 0.01f, 1.0f), 0.01f);
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
                          {momentum_is_the_printed_one_at_a_constant_rate},
                          {momentum_after_a_cut_of_the_rate},
                          {adam_corrects_its_means},
                          {schedules_are_the_printed_ones},
                          {the_jump_after_the_hold},
                          {the_last_tenth},
                          {the_hold_is_the_first_case},
                          {decays_fall}};
    return run_tests("optim_table", tests, sizeof tests / sizeof *tests);
}
