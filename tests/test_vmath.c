// test_vmath.c - exp, tanh and sigmoid over the whole float range.
//
// An error is counted in ulp, units in the last place: the distance from the
// exact result (double precision, right to 2^-29 ulp of a float) in steps
// between neighbouring floats there. Perfect rounding is 0.5.

#include "testing.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "numbers.h"
#include "vmath.h"

typedef struct {
    const char *name;
    void (*vector)(float *y, const float *x, size_t n);
    double (*exact)(double x);
    double most; // ulp, as vmath.h states
} Function;

static double exact_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static const Function FUNCTIONS[] = {
    {"exp", vexp, exp, 2},
    {"tanh", vtanh, tanh, 4},
    {"sigmoid", vsigmoid, exact_sigmoid, 4},
};
enum { FUNCTION_COUNT = 3 };

// Infinity counts as the float that would come after the largest, 2^128, and
// what is larger than that as infinity. Floats from 2^e on are 2^(e-23) apart,
// but never nearer than 2^-149, the step between subnormals.
static double ulps(float got, double want) {
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : INFINITY;
    double g = fmax(-0x1p128, fmin(0x1p128, (double)got));
    want = fmax(-0x1p128, fmin(0x1p128, want));
    int exponent = want == 0 ? -126 : ilogb(want);
    exponent = exponent < -126 ? -126 : exponent > 127 ? 127 : exponent;
    return fabs(g - want) / ldexp(1, exponent - 23);
}

static float from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// ---- 1. Accuracy ------------------------------------------------------------

enum { BLOCK = 4096 };

static void check_block(const Function *f, const float *x, size_t n) {
    float y[BLOCK];
    double want[BLOCK];
    for (size_t i = 0; i < n; i++)
        want[i] = f->exact((double)x[i]);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        f->vector(y, x, n);
        for (size_t i = 0; i < n; i++)
            if (!(ulps(y[i], want[i]) <= f->most))
                ck_abort_msg("%s(%.9g) of %s is %.9g, not %.9g: %.2f ulp",
                             f->name, (double)x[i], kernels()->name,
                             (double)y[i], want[i], ulps(y[i], want[i]));
    }
}

// Every stride-th float of [first, last], as bit patterns; and their negatives.
static void check_range(uint32_t first, uint32_t last, uint32_t stride) {
    float x[BLOCK];
    size_t n = 0;
    for (uint64_t bits = first; bits <= last; bits += stride) {
        x[n++] = from_bits((uint32_t)bits);
        x[n++] = from_bits((uint32_t)bits | 0x80000000u);
        if (n < BLOCK && bits + stride <= last)
            continue;
        for (int f = 0; f < FUNCTION_COUNT; f++)
            check_block(&FUNCTIONS[f], x, n);
        n = 0;
    }
}

// 0 to infinity and on through the NaNs; stride odd, so every low bit is met.
START_TEST(every_exponent) {
    check_range(0, 0x7fffffff, 1501);
}
END_TEST

// 2^-14 to 128, where results are neither 1, x nor infinity.
START_TEST(where_it_matters) {
    check_range(0x38800000, 0x43000000, 61);
}
END_TEST

// e^x from the last normal result to the last subnormal one, and to overflow.
START_TEST(near_the_ends_of_exp) {
    float x[BLOCK];
    for (int i = 0; i < BLOCK; i++)
        x[i] = -104.5f + (float)i * (18.0f / BLOCK);
    check_block(&FUNCTIONS[0], x, BLOCK);
    ck_assert(FUNCTIONS[0].exact((double)x[0]) < 0x1p-150);
    for (int i = 0; i < BLOCK; i++)
        x[i] = 88.5f + (float)i * (1.0f / BLOCK);
    check_block(&FUNCTIONS[0], x, BLOCK);
}
END_TEST

// ---- 2. Special values ------------------------------------------------------

static void assert_value(const Function *f, float x, float want) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        float y;
        f->vector(&y, &x, 1);
        bool same =
            isnan(want) ? isnan(y) : y == want && signbit(y) == signbit(want);
        ck_assert_msg(same, "%s(%g) of %s is %g, not %g", f->name, (double)x,
                      kernels()->name, (double)y, (double)want);
    }
}

START_TEST(special_values) {
    const float x[] = {0.0f,      -0.0f,    INFINITY, -INFINITY, NAN,
                       0x1p-149f, -FLT_MIN, FLT_MAX,  -FLT_MAX};
    const float want[FUNCTION_COUNT][9] = {
        {1, 1, INFINITY, 0, NAN, 1, 1, INFINITY, 0},
        {0.0f, -0.0f, 1, -1, NAN, 0x1p-149f, -FLT_MIN, 1, -1},
        {0.5f, 0.5f, 1, 0, NAN, 0.5f, 0.5f, 1, 0},
    };
    for (int f = 0; f < FUNCTION_COUNT; f++)
        for (int i = 0; i < 9; i++)
            assert_value(&FUNCTIONS[f], x[i], want[f][i]);
}
END_TEST

// A NaN keeps to its lane.
START_TEST(nan_does_not_spread) {
    float x[33], y[33];
    for (int f = 0; f < FUNCTION_COUNT; f++)
        for (int kernel = 0; use_kernel(kernel); kernel++)
            for (int bad = 0; bad < 33; bad++) {
                memset(x, 0, sizeof x);
                x[bad] = NAN;
                FUNCTIONS[f].vector(y, x, 33);
                for (int i = 0; i < 33; i++)
                    ck_assert(isnan(y[i]) == (i == bad));
            }
}
END_TEST

// ---- 3. Lengths -------------------------------------------------------------

// Any length, in place too, touches exactly n floats, and gives each element
// the same bits whichever lane it is in.
START_TEST(any_length_and_in_place) {
    enum { MOST = 70 };
    for (int f = 0; f < FUNCTION_COUNT; f++)
        for (int kernel = 0; use_kernel(kernel); kernel++)
            for (size_t n = 0; n <= MOST; n++) {
                float *x = guarded(n), *y = guarded(n + 1), one;
                fill_noise(x, n, 1);
                y[n] = 7;
                FUNCTIONS[f].vector(y, x, n);
                ck_assert(y[n] == 7);
                for (size_t i = 0; i < n; i++) {
                    ck_assert(x[i] == noise(1, i));
                    FUNCTIONS[f].vector(&one, &x[i], 1);
                    ck_assert(y[i] == one);
                }
                FUNCTIONS[f].vector(x, x, n);
                ck_assert(n == 0 || memcmp(x, y, n * sizeof *x) == 0);
            }
}
END_TEST

int main(void) {
    const Test tests[] = {
        {every_exponent, .seconds = 20}, {where_it_matters, .seconds = 40},
        {near_the_ends_of_exp},          {special_values},
        {nan_does_not_spread},           {any_length_and_in_place},
    };
    return run_tests("vmath", tests, sizeof tests / sizeof *tests);
}
