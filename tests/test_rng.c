// rng.h: the generator is the published one, and what is made of it has the
// distribution it should. Every bound below is a number of standard errors of
// the statistic under the true distribution, written beside it. The seeds are
// fixed, so a test that passes once passes always. (Long loops count what is
// wrong and check once: Check writes to a pipe at every ck_assert.)

#include "testing.h"

#include <math.h>
#include <string.h>

#include "rng.h"

enum { DRAWS = 1000000 };

// Six standard errors: a right generator would fail once in 10^9 seeds.
static const double SIGMAS = 6;

static void assert_near(double got, double want, double standard_error,
                        const char *what) {
    ck_assert_msg(fabs(got - want) <= SIGMAS * standard_error,
                  "%s is %.6f, not %.6f (standard error %.2g)", what, got, want,
                  standard_error);
}

// Sum of (seen - expected)^2 / expected. With k cells its mean is k - 1 and
// its variance 2 (k - 1).
static void assert_even(const int *seen, int cells, int total,
                        const char *what) {
    double expected = (double)total / cells, chi2 = 0;
    for (int i = 0; i < cells; i++)
        chi2 += (seen[i] - expected) * (seen[i] - expected) / expected;
    double mean = cells - 1, bound = mean + SIGMAS * sqrt(2 * mean);
    ck_assert_msg(chi2 <= bound, "%s: chi-square is %.1f, at most %.1f", what,
                  chi2, bound);
}

// ---- 1. The generator ------------------------------------------------------

// First outputs of xoshiro256** from the state {1, 2, 3, 4}: the test vector of
// the authors' C code, as other implementations print it too.
START_TEST(outputs_are_the_published_ones) {
    const uint64_t want[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
        10595114339597558777u,
        2904607092377533576u,
    };
    Rng rng = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_uint_eq(rng_next(&rng), want[i]);
}
END_TEST

// First outputs of splitmix64 from the state 1234567, likewise.
START_TEST(seed_fills_the_state_by_splitmix64) {
    const uint64_t want[] = {6457827717110365317u, 3203168211198807973u,
                             9817491932198370423u, 4593380528125082431u};
    Rng rng;
    rng_seed(&rng, 1234567);
    for (int i = 0; i < 4; i++)
        ck_assert_uint_eq(rng.state[i], want[i]);
}
END_TEST

// xoshiro256** once more, written from the paper's figure over the bits of
// each step's old state instead of in place.
static uint64_t xoshiro(uint64_t s[4]) {
    uint64_t a = s[0], b = s[1], c = s[2], d = s[3];
    uint64_t five = b * 5, turned = five << 7 | five >> 57;
    uint64_t e = d ^ b;
    s[0] = a ^ e;
    s[1] = b ^ c ^ a;
    s[2] = c ^ a ^ (b << 17);
    s[3] = e << 45 | e >> 19;
    return turned * 9;
}

START_TEST(long_run_agrees_with_the_paper) {
    Rng rng;
    rng_seed(&rng, 2024);
    uint64_t state[4];
    memcpy(state, rng.state, sizeof state);
    int wrong = 0;
    for (int i = 0; i < 100000; i++)
        wrong += rng_next(&rng) != xoshiro(state);
    ck_assert_int_eq(wrong, 0);
}
END_TEST

START_TEST(copies_replay_and_seeds_differ) {
    Rng a, b;
    rng_seed(&a, 0);
    ck_assert_uint_ne(a.state[0] | a.state[1] | a.state[2] | a.state[3], 0);
    b = a;
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(rng_next(&a), rng_next(&b));
    rng_seed(&a, 1);
    rng_seed(&b, 2);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_ne(rng_next(&a), rng_next(&b));
}
END_TEST

// ---- 2. Distributions ------------------------------------------------------

START_TEST(uniform_is_uniform) {
    enum { CELLS = 64 };
    Rng rng;
    rng_seed(&rng, 3);
    double sum = 0, squares = 0;
    int seen[CELLS] = {0}, wrong = 0, odd = 0;
    for (int i = 0; i < DRAWS; i++) {
        float u = rng_uniform(&rng), scaled = u * 0x1p24f;
        if (!(u >= 0.0f && u < 1.0f) || scaled != floorf(scaled)) {
            wrong++; // outside [0, 1), or not a multiple of 2^-24
            continue;
        }
        odd += (int)scaled & 1;
        double centred = (double)u - 0.5;
        sum += centred;
        squares += centred * centred;
        seen[(int)(u * CELLS)]++;
    }
    ck_assert_int_eq(wrong, 0);
    // Var u = 1/12; Var (u - 1/2)^2 = 1/80 - 1/144 = 1/180
    assert_near(sum / DRAWS, 0, sqrt(1.0 / 12 / DRAWS), "mean - 1/2");
    assert_near(squares / DRAWS, 1.0 / 12, sqrt(1.0 / 180 / DRAWS), "variance");
    assert_near(odd, 0.5 * DRAWS, sqrt(0.25 * DRAWS), "odd last bits");
    assert_even(seen, CELLS, DRAWS, "uniform");
}
END_TEST

START_TEST(below_is_even_and_in_range) {
    const int bounds[] = {1, 2, 3, 7, 10, 100};
    Rng rng;
    rng_seed(&rng, 4);
    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++) {
        int seen[101] = {0}, n = bounds[b];
        for (int i = 0; i < DRAWS / 10; i++) {
            int r = rng_below(&rng, n);
            seen[r >= 0 && r < n ? r : 100]++;
        }
        ck_assert_int_eq(seen[100], 0); // none was out of range
        if (n > 1)
            assert_even(seen, n, DRAWS / 10, "below");
    }
}
END_TEST

START_TEST(below_zero_is_a_bug) {
    Rng rng;
    rng_seed(&rng, 5);
    rng_below(&rng, 0);
}
END_TEST

// For x ~ N(0, 1): Var x = 1, Var x^2 = 2, Var x^3 = 15, Var x^4 = 96.
START_TEST(normal_has_the_moments) {
    Rng rng;
    rng_seed(&rng, 6);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, lag = 0, before = 0;
    int within3 = 0;
    for (int i = 0; i < DRAWS; i++) {
        double x = (double)rng_normal(&rng);
        m1 += x, m2 += x * x, m3 += x * x * x, m4 += x * x * x * x;
        lag += x * before, before = x;
        within3 += fabs(x) < 3;
    }
    const double n = DRAWS, p = erf(3 / sqrt(2)); // P(|x| < 3) = 0.9973
    assert_near(m1 / n, 0, sqrt(1 / n), "mean");
    assert_near(m2 / n, 1, sqrt(2 / n), "second moment");
    assert_near(m3 / n, 0, sqrt(15 / n), "third moment");
    assert_near(m4 / n, 3, sqrt(96 / n), "fourth moment");
    assert_near(lag / n, 0, sqrt(1 / n), "correlation of neighbours");
    assert_near(within3 / n, p, sqrt(p * (1 - p) / n), "share within 3 sigma");
}
END_TEST

// Each of the 4! orders of four items gets a number, and all are as frequent.
START_TEST(shuffle_reaches_every_order_alike) {
    enum { ROUNDS = 240000 };
    Rng rng;
    rng_seed(&rng, 7);
    int seen[256] = {0}, orders[24], count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int x[] = {0, 1, 2, 3};
        rng_shuffle(&rng, x, 4);
        seen[x[0] << 6 | x[1] << 4 | x[2] << 2 | x[3]]++;
    }
    for (int i = 0; i < 256; i++)
        if (seen[i] > 0) {
            ck_assert_int_lt(count, 24);
            orders[count++] = seen[i];
        }
    ck_assert_int_eq(count, 24);
    assert_even(orders, 24, ROUNDS, "shuffle");
}
END_TEST

START_TEST(shuffle_keeps_the_items) {
    enum { N = 1000 };
    Rng rng;
    rng_seed(&rng, 8);
    int items[N], seen[N] = {0}, fixed = 0;
    for (int i = 0; i < N; i++)
        items[i] = i;
    rng_shuffle(&rng, items, N);
    for (int i = 0; i < N; i++) {
        ck_assert(items[i] >= 0 && items[i] < N);
        ck_assert_int_eq(seen[items[i]]++, 0);
        fixed += items[i] == i;
    }
    ck_assert_int_lt(fixed, 10); // one on average, whatever N; 10: 1 in 10^7
    rng_shuffle(&rng, items, 0); // nothing to do, nothing touched
    rng_shuffle(&rng, items, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {outputs_are_the_published_ones},
        {seed_fills_the_state_by_splitmix64},
        {long_run_agrees_with_the_paper},
        {copies_replay_and_seeds_differ},
        {uniform_is_uniform},
        {below_is_even_and_in_range},
        {below_zero_is_a_bug, .signal = SIGABRT},
        {normal_has_the_moments},
        {shuffle_reaches_every_order_alike},
        {shuffle_keeps_the_items},
    };
    return run_tests("rng", tests, sizeof tests / sizeof *tests);
}
