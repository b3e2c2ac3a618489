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

// LeNet-5's S2 and C3; what only keeps the shape, or is not trained.
START_TEST(layers_of_1998) {
    NetCount net;
    netcount_init(&net, "old", 6, 28, 28);
    netcount_subsample(&net, "S2", 2);
    ck_assert(net.out.C == 6 && net.out.H == 14 && net.out.W == 14);
    ck_assert_int_eq(net.weights, 12);
    netcount_lrn(&net, "lrn");
    ck_assert(net.out.C == 6 && net.out.H == 14 && net.out.W == 14);
    netcount_sparse(&net, "C3", 16, 5, 60);
    ck_assert(net.out.C == 16 && net.out.H == 10 && net.out.W == 10);
    ck_assert_int_eq(net.layers[2].weights, 60 * 25 + 16);
    ck_assert_double_eq(net.layers[2].multiply_adds, 60.0 * 25 * 100);
    netcount_rbf(&net, "output", 10);
    ck_assert_int_eq(net.weights, 12 + 1516);
    ck_assert_int_eq(net.layers[3].units, 10);
    netcount_free(&net);
}
END_TEST

// Poolings and normalization are no layers, and have no units.
START_TEST(depth_and_units) {
    NetCount net;
    netcount_init(&net, "deep", 1, 8, 8);
    netcount_conv(&net, "conv", 3, 3, 1, 1);
    netcount_lrn(&net, "lrn");
    netcount_pool(&net, "pool", 2, 2, 0);
    ck_assert_int_eq(net.depth, 1);
    netcount_linear(&net, "fc", 5);
    ck_assert_int_eq(net.depth, 2);
    ck_assert_int_eq(net.units, 3 * 8 * 8 + 5);
    netcount_free(&net);
}
END_TEST

START_TEST(more_connections_than_pairs) {
    NetCount net;
    netcount_init(&net, "five", 2, 9, 9);
    netcount_sparse(&net, "conv", 3, 3, 7);
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
                          {layers_of_1998},
                          {depth_and_units},
                          {more_connections_than_pairs, .signal = SIGABRT},
                          {kernel_too_large, .signal = SIGABRT}};
    return run_tests("netcount", tests, sizeof tests / sizeof *tests);
}
