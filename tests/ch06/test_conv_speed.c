// The two forms differ by rounding only, and by rounding at all; a difference
// beyond it is seen. No times: the machine may be busy.

#define main conv_speed_main
#include "ch06_cnn/conv_speed.c"
#undef main

#include "numbers.h"
#include "testing.h"
#include "threads.h"

START_TEST(equal_to_rounding) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Rng rng;
        rng_seed(&rng, 7);
        for (int i = 0; i < LAYERS; i++) {
            Race r = race(&layers[i], &rng);
            ck_assert_msg(r.rounding <= 1.0, "%s: %g", layers[i].name,
                          r.rounding);
            ck_assert_double_gt(r.difference, 0.0); // or nothing was compared
            ck_assert_double_gt(r.naive, 0.0);
            ck_assert_double_gt(r.fast, 0.0);
        }
    }
}
END_TEST

// 32 pictures of 20 x 28 x 28 pixels, 25 products each, two operations.
START_TEST(counts_the_work) {
    Rng rng;
    rng_seed(&rng, 1);
    ck_assert_double_eq_tol(race(&layers[0], &rng).gflop,
                            32.0 * 20 * 28 * 28 * 25 * 2 * 1e-9, 1e-12);
}
END_TEST

// One product of size 2, allowed (1 + 2) 2^-23 2: a difference of 2^-20 is
// 8/6 of that.
START_TEST(sees_a_difference) {
    float a[] = {1, 2, 3}, b[] = {1, 2 + 0x1p-20f, 3}, c[] = {2, 2, 2};
    Tensor slow = tensor_view(a, 1, 3), fast = tensor_view(b, 1, 3);
    Tensor sizes = tensor_view(c, 1, 3);
    Race r = {0};
    compare(&r, &slow, &fast, &sizes, 1);
    ck_assert_double_eq(r.difference, 0x1p-20);
    ck_assert_double_eq_tol(r.rounding, 8.0 / 6.0, 1e-12);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("conv_speed --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    double rounding = result_value(&run, "rounding");
    ck_assert(rounding > 0 && rounding <= 1);
    ck_assert(result_value(&run, "faster") > 0);
    ck_assert(result_value(&run, "seed") == 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{equal_to_rounding, .seconds = 40},
                          {counts_the_work},
                          {sees_a_difference},
                          {prints_its_result, .seconds = 20}};
    threads_set(1);
    return run_tests("conv_speed", tests, sizeof tests / sizeof *tests);
}
