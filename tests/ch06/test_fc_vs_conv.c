// The lecture's number, and that only sharing is free of the picture's size.

#define main fc_vs_conv_main
#include "ch06_cnn/fc_vs_conv.c"
#undef main

#include "testing.h"

START_TEST(the_lectures_picture) {
    ck_assert_double_eq(fully_connected(800, 1024, 2), 655362048);
    // 796 x 796 places of 25 weights, twenty times
    ck_assert_double_eq(locally_connected(800, 5, 20), 316808000);
    ck_assert_double_eq(shared(5, 20), 500);
}
END_TEST

// With one place only, local and shared are the same; with every pixel in the
// window, local is fully connected.
START_TEST(they_meet_at_their_ends) {
    ck_assert_double_eq(locally_connected(5, 5, 20), shared(5, 20));
    ck_assert_double_eq(locally_connected(28, 28, 7), 28 * 28 * 7);
    ck_assert_double_eq(fully_connected(28, 7, 0), 28 * 28 * 7);
}
END_TEST

START_TEST(lenets_own_count) {
    NetCount net;
    netcount_lenet(&net);
    const long weights[] = {520, 0, 25050, 0, 625500, 5010};
    ck_assert_int_eq(net.count, 6);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(net.layers[i].weights, weights[i]);
    ck_assert_int_eq(net.weights, 656080);
    netcount_free(&net);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("fc_vs_conv --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "fully_connected"), 655362048);
    ck_assert_double_eq(result_value(&run, "lenet"), 656080);
    // 20 * 28 * 28 outputs: a convolution alone makes no layer smaller
    ck_assert_ptr_nonnull(
        strstr(run.output, "  conv1    784 -> 15680 values "));
}
END_TEST

int main(void) {
    const Test tests[] = {{the_lectures_picture},
                          {they_meet_at_their_ends},
                          {lenets_own_count},
                          {prints_its_result}};
    return run_tests("fc_vs_conv", tests, sizeof tests / sizeof *tests);
}
