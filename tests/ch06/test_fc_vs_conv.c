// The lecture's number, and that only sharing is free of the picture's size;
// the same in table and chart.

#define main fc_vs_conv_main
#include "ch06_cnn/fc_vs_conv.c"
#undef main

#include "figures.h"
#include "tables.h"
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

// Weights, and MiB of four bytes each, printed to 0.1. LeNet's first layer:
// from 784 pixels and a bias to each of 20 x 28 x 28 outputs, so that a
// convolution alone makes nothing smaller.
START_TEST(a_row_has_its_layers_weights) {
    Run run = run_well("fc_vs_conv --plot none");
    const struct {
        const char *row;
        double weights;
    } rows[] = {{"fully connected to 1024 units, then to 2", 655362048},
                {"20 units of 5 x 5 pixels at every place", 316808000},
                {"20 shared kernels of 5 x 5", 500},
                {"1024 shared kernels of 5 x 5", 25600}};
    for (int i = 0; i < 4; i++) {
        double weights = table_number(run.output, rows[i].row, 0);
        double size = table_number(run.output, rows[i].row, 1);
        ck_assert_double_eq(weights, rows[i].weights);
        ck_assert_double_eq_tol(size, weights * 4 / (1024 * 1024), 0.051);
    }
    const double conv1[] = {784, 15680, 520, 15680.0 * 785};
    assert_row(run.output, "conv1", conv1, 4, 0);
    ck_assert_double_eq(result_value(&run, "fully_connected"), 655362048);
    ck_assert_double_eq(result_value(&run, "lenet"), 656080);
}
END_TEST

START_TEST(a_curve_has_its_layers_weights) {
    double side[8], dense[8], local[8], kernels[8];
    for (int i = 0; i < 8; i++) {
        side[i] = 8 << i;
        dense[i] = fully_connected(8 << i, 1024, 2);
        local[i] = locally_connected(8 << i, 5, 20);
        kernels[i] = 500;
    }
    run_for_charts("fc_vs_conv --quiet");
    const char *file = "out/ch06/fc_vs_conv.csv";
    assert_column(file, 0, "side", side, 8, 0);
    assert_column(file, 0, "1024 fully connected units", dense, 8, 1e-6);
    assert_column(file, 0, "20 units of 5 x 5 at every place", local, 8, 1e-6);
    assert_column(file, 0, "20 shared kernels of 5 x 5", kernels, 8, 0);
    const char *figure = "out/ch06/fc_vs_conv.fig";
    assert_mark(figure, 0, "linespoints", "side", "1024 fully connected units",
                "fully connected");
    assert_mark(figure, 0, "linespoints", "side",
                "20 units of 5 x 5 at every place", "5 × 5, not shared");
    assert_mark(figure, 0, "linespoints", "side", "20 shared kernels of 5 x 5",
                "5 × 5, shared");
    assert_says(figure_words(figure, "title", 0), "500");
}
END_TEST

int main(void) {
    const Test tests[] = {{the_lectures_picture},
                          {they_meet_at_their_ends},
                          {lenets_own_count},
                          {a_row_has_its_layers_weights},
                          {a_curve_has_its_layers_weights}};
    return run_tests("fc_vs_conv", tests, sizeof tests / sizeof *tests);
}
