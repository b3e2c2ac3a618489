// Shapes, weights and multiply-adds of single layers, by hand.

#include "netcount.h"
#include "testing.h"

// (28, 31), padding 2, kernel 5, stride 3 gives 10 x 11: C's worked example.
START_TEST(convolution) {
    NetCount net;
    netcount_init(&net, "one", 2, 28, 31);
    netcount_conv(&net, "conv", 7, 5, 3, 2);
    ck_assert(net.out.C == 7 && net.out.H == 10 && net.out.W == 11);
    ck_assert_int_eq(net.weights, 7 * (2 * 25 + 1));
    ck_assert_double_eq(net.multiply_adds, 7.0 * 10 * 11 * 2 * 25);
    netcount_free(&net);
}
END_TEST

START_TEST(groups_and_norm) {
    NetCount net;
    netcount_init(&net, "two", 8, 9, 9);
    netcount_grouped(&net, "grouped", 6, 3, 1, 1, 2);
    ck_assert_int_eq(net.weights, 6 * (4 * 9 + 1));
    netcount_conv_norm(&net, "normed", 5, 1, 2, 0);
    ck_assert_int_eq(net.layers[1].weights, 5 * (6 + 2));
    ck_assert(net.out.H == 5 && net.out.W == 5);
    netcount_free(&net);
}
END_TEST

// The last window hangs over: 112 by 3, stride 2 gives 56, not 55.
START_TEST(pooling_and_linear) {
    NetCount net;
    netcount_init(&net, "three", 4, 112, 112);
    netcount_pool(&net, "pool", 3, 2, 0);
    ck_assert(net.out.C == 4 && net.out.H == 56 && net.out.W == 56);
    ck_assert_int_eq(net.weights, 0);
    netcount_linear(&net, "fc", 10);
    ck_assert_int_eq(net.weights, 10 * (4 * 56 * 56 + 1));
    ck_assert_double_eq(net.multiply_adds, 10.0 * 4 * 56 * 56);
    netcount_free(&net);
}
END_TEST

START_TEST(kernel_too_large) {
    NetCount net;
    netcount_init(&net, "four", 1, 3, 3);
    netcount_conv(&net, "conv", 1, 5, 1, 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{convolution},
                          {groups_and_norm},
                          {pooling_and_linear},
                          {kernel_too_large, .signal = SIGABRT}};
    return run_tests("netcount", tests, sizeof tests / sizeof *tests);
}
