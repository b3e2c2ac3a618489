// z = (x + y)^2: the lecture's derivative, and what each node passes on.

#define main chain_rule_main
#include "ch03_backprop/chain_rule.c"
#undef main

#include "testing.h"

// Small whole numbers and halves: every product below is exact.
START_TEST(derivative_is_twice_the_sum) {
    const double xs[] = {2, 0, -3, 0.5}, ys[] = {1, 0, 1, 4};
    for (int i = 0; i < 4; i++) {
        Chain c;
        chain_forward(&c, xs[i], ys[i]);
        chain_backward(&c);
        ck_assert_double_eq(c.t, xs[i] + ys[i]);
        ck_assert_double_eq(c.z, c.t * c.t);
        ck_assert_double_eq(c.dz, 1.0);
        ck_assert_double_eq(c.dt, 2.0 * c.t);
        ck_assert_double_eq(c.dx, 2.0 * (xs[i] + ys[i]));
        ck_assert_double_eq(c.dy, 2.0 * (xs[i] + ys[i]));
    }
}
END_TEST

// z is a parabola in x, so the central difference truncates nothing; z < 21 has
// a last digit of 3.6e-15, which the step of 1e-4 turns into 3.6e-11.
START_TEST(derivative_is_the_slope) {
    const double xs[] = {2, -3, 0.5}, ys[] = {1, 1, 4};
    for (int i = 0; i < 3; i++) {
        Chain c;
        chain_forward(&c, xs[i], ys[i]);
        chain_backward(&c);
        ck_assert_double_gt(c.dx * c.dx, 0.0);
        ck_assert_double_eq_tol(slope_by_differences(xs[i], ys[i], 1e-4), c.dx,
                                1e-10);
    }
}
END_TEST

START_TEST(add_passes_on_and_multiply_swaps) {
    double dx, dy;
    add_backward(&dx, &dy, 1.3);
    ck_assert_double_eq(dx, 1.3);
    ck_assert_double_eq(dy, 1.3);
    mul_backward(&dx, &dy, 1.3, 10.0, 5.0);
    ck_assert_double_eq(dx, 1.3 * 5.0);
    ck_assert_double_eq(dy, 1.3 * 10.0);
}
END_TEST

// t * t is t^2: the two branches' derivatives add up to the power node's.
START_TEST(a_fork_adds) {
    ck_assert_double_eq(square_backward(1.5, 3.0), 9.0);
    ck_assert_double_eq(fork_backward(1.5, 3.0), 9.0);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("chain_rule --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: z=9 dz_dt=6 dz_dx=6 dz_dy=6\n");
    run = run_program("chain_rule --quiet --plot none --x -3 --y=-1");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: z=16 dz_dt=-8 dz_dx=-8 dz_dy=-8\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{derivative_is_twice_the_sum},
                          {derivative_is_the_slope},
                          {add_passes_on_and_multiply_swaps},
                          {a_fork_adds},
                          {prints_its_result}};
    return run_tests("chain_rule", tests, sizeof tests / sizeof *tests);
}
