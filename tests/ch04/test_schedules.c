// What every schedule of the program begins and ends with, that the rate is
// really used, and that a rate that falls ends lower.

#define main schedules_main
#include "ch04_optimizers/schedules.c"
#undef main

#include <string.h>

#include "testing.h"
#include "threads.h"

// (float)t / T and powers of t-th roots are good to 1e-6 of lr.
START_TEST(begin_and_end) {
    const struct {
        int schedule;
        double last;
    } end[] = {{CONSTANT, 0.3},
               {INVERSE, 0.3 / (1.0 + 9.0 * 0.999)},
               {EXPONENTIAL, 0.3 * pow(1.0 / 30.0, 0.999)},
               {COSINE, 0.15 * (1.0 + cos(3.14159265358979 * 0.999))},
               {HELD, 0.3 / (1.0 + 9.0 * 0.999)},
               {HELD_FLOOR, 0.01},
               {REPAIRED, 0.3 / (1.0 + 9.0 * 0.499)},
               {HALVING, 0.3 / 32.0},
               {DIVIDING, 0.3 / 25.0},
               {TABLE, 0.01},
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

// The table of A's equations: at t = 41 both printed forms stand at 0.3 / 5.1
// while the repaired one has just begun to fall.
START_TEST(the_lectures_equations) {
    const struct {
        long t;
        double want[COLUMNS];
    } rows[] = {
        {40, {0.06, 0.3 * exp(-4.0), 0.0, 0.3, 0.3, 0.3}},
        {41,
         {0.3 / 5.1, 0.3 * exp(-4.1), 0.0, 0.3 / 5.1, 0.3 / 5.1, 0.3 / 1.1}},
        {90, {0.03, 0.3 * exp(-9.0), 0.0, 0.03, 0.03, 0.05}},
        {91, {0.3 / 10.1, 0.3 * exp(-9.1), 0.0, 0.3 / 10.1, 0.01, 0.3 / 6.1}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        float got[COLUMNS];
        by_equations(got, rows[i].t);
        for (int c = 0; c < COLUMNS; c++) {
            double want = rows[i].want[c];
            if (c == 2)
                want = 0.15 *
                       (1.0 + cos(3.14159265358979 * 0.01 * (double)rows[i].t));
            ck_assert_double_eq_tol((double)got[c], want, 1e-7);
        }
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
    threads_set(1);
    return digits;
}

// The noise of small batches keeps a constant rate from settling; and the jump
// of (23) and (24) as printed costs more than it gains. Three seeds of nets, on
// as many sets of digits.
START_TEST(falling_rates_end_lower) {
    const int falling[] = {INVERSE,  EXPONENTIAL, COSINE,   HELD,  HELD_FLOOR,
                           REPAIRED, HALVING,     DIVIDING, TABLE, ONE_CYCLE};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Digits digits = synthetic(1500, seed);
        Options o = small_options();
        Curve without = {{0}, 0};
        train(&without, &digits, &o, CONSTANT, seed);
        ck_assert_double_gt(without.loss[0], 2.0); // ln 10 = 2.3 and more
        ck_assert_double_lt(without.loss[4], 1.5); // it does learn
        double end[SCHEDULES] = {0};
        for (size_t i = 0; i < sizeof falling / sizeof *falling; i++) {
            Curve with = {{0}, 0};
            train(&with, &digits, &o, falling[i], seed);
            ck_assert_double_eq(with.loss[0], without.loss[0]);
            ck_assert_double_lt(with.loss[4], without.loss[4]);
            end[falling[i]] = with.loss[4];
        }
        ck_assert_double_lt(1.1 * end[REPAIRED], end[HELD]);
        ck_assert_double_lt(1.1 * end[REPAIRED], end[HELD_FLOOR]);
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
    const char *row = strstr(run.output, "\n     41 ");
    ck_assert_ptr_nonnull(row);
    const char want[] = "    0.0588    0.0050    0.1918    0.0588    0.0588  "
                        "       0.2727\n";
    ck_assert_int_eq(strncmp(row + 8, want, sizeof want - 1), 0);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {begin_and_end},      {the_lectures_equations},
        {the_lectures_table}, {falling_rates_end_lower, .seconds = 20},
        {curves_are_means},   {prints_its_result}};
    return run_tests("schedules", tests, sizeof tests / sizeof *tests);
}
