// What every schedule of the program begins and ends with, that the rate is
// really used, and that a rate that falls ends lower.

#define main schedules_main
#include "ch04_optimizers/schedules.c"
#undef main

#include "numbers.h"
#include "testing.h"

enum { CONSTANT, INVERSE, EXPONENTIAL, COSINE, ONE_CYCLE = SCHEDULES - 1 };

// (float)t / T and powers of t-th roots are good to 1e-6 of lr.
START_TEST(begin_and_end) {
    const struct {
        int schedule;
        double last;
    } end[] = {{CONSTANT, 0.3},
               {INVERSE, 0.3 / (1.0 + 9.0 * 0.999)},
               {EXPONENTIAL, 0.3 * pow(1.0 / 30.0, 0.999)},
               {COSINE, 0.15 * (1.0 + cos(3.14159265358979 * 0.999))},
               {4, 0.01},
               {5, 0.01 + 0.145 * (1.0 + cos(3.14159265358979 * 0.998))},
               {6, 0.3 / 32.0},
               {7, 0.3 / 25.0},
               {8, 0.01},
               {ONE_CYCLE, 0.3 / 250000.0}};
    for (int s = 0; s < SCHEDULES; s++) {
        double last = (double)schedules[s].rate(999, 1000, 0.3f);
        ck_assert_int_eq(end[s].schedule, s);
        ck_assert_double_eq_tol(last, end[s].last, 1e-6);
        ck_assert_float_eq_tol(schedules[s].rate(0, 1000, 0.3f),
                               s == ONE_CYCLE ? 0.012f : 0.3f, 1e-7f);
    }
}
END_TEST

// B's own numbers: 1000 epochs, 0.3 until 500, 0.05 until 900, then 0.01.
START_TEST(the_lectures_table) {
    const struct {
        long epoch; // counted from 1, as the lecture does
        float rate;
    } want[] = {{1, 0.3f},    {500, 0.3f},  {501, 0.05f},
                {900, 0.05f}, {901, 0.01f}, {1000, 0.01f}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_float_eq_tol(by_table(want[i].epoch - 1, 1000, 0.3f),
                               want[i].rate, 1e-7f);
}
END_TEST

static Options small_options(void) {
    return (Options){.common = {.quiet = true},
                     .epochs = 4,
                     .batch = 8,
                     .hidden = 32,
                     .seeds = 1,
                     .lr = 0.3f};
}

static Digits synthetic(int limit, uint64_t seed) {
    Error err;
    Digits digits;
    ck_assert(digits_load(&digits, "synthetic", limit, seed, &err));
    use_threads(1);
    return digits;
}

// The noise of small batches keeps a constant rate from settling. Three seeds
// of nets, on as many sets of digits.
START_TEST(falling_rates_end_lower) {
    const int falling[] = {INVERSE, EXPONENTIAL, COSINE, 4, 5, 8, ONE_CYCLE};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Digits digits = synthetic(1500, seed);
        Options o = small_options();
        Curve without = {{0}, 0};
        train(&without, &digits, &o, CONSTANT, seed);
        ck_assert_double_gt(without.loss[0], 2.0); // ln 10 = 2.3 and more
        ck_assert_double_lt(without.loss[4], 1.5); // it does learn
        for (size_t i = 0; i < sizeof falling / sizeof *falling; i++) {
            Curve with = {{0}, 0};
            train(&with, &digits, &o, falling[i], seed);
            ck_assert_double_eq(with.loss[0], without.loss[0]);
            ck_assert_double_lt(with.loss[4], without.loss[4]);
        }
        digits_free(&digits);
    }
}
END_TEST

// Two seeds give the mean of what each gives alone.
START_TEST(curves_are_means) {
    Digits digits = synthetic(200, 1);
    Options o = small_options();
    Curve one = {{0}, 0}, two = {{0}, 0}, both = {{0}, 0};
    train(&one, &digits, &o, COSINE, 1);
    train(&two, &digits, &o, COSINE, 2);
    o.seeds = 2;
    train(&both, &digits, &o, COSINE, 1);
    train(&both, &digits, &o, COSINE, 2);
    ck_assert_double_eq_tol(both.loss[4], (one.loss[4] + two.loss[4]) / 2,
                            1e-12);
    ck_assert_double_eq_tol(both.test_error,
                            (one.test_error + two.test_error) / 2, 1e-12);
    digits_free(&digits);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("schedules --quiet --plot none --data synthetic "
                          "--limit 300 --epochs 2 --seeds 1");
    ck_assert_int_eq(run.status, 0);
    for (int s = 0; s < SCHEDULES; s++)
        ck_assert_double_gt(result_value(&run, schedules[s].name), 0.0);
    run = run_program("schedules --plot none --data synthetic --limit 1 "
                      "--epochs 1 --seeds 1");
    ck_assert_int_eq(run.status, 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{begin_and_end},
                          {the_lectures_table},
                          {falling_rates_end_lower},
                          {curves_are_means},
                          {prints_its_result}};
    return run_tests("schedules", tests, sizeof tests / sizeof *tests);
}
