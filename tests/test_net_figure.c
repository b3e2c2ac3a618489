// test_net_figure.c - the picture of a net: its layers in order, their shapes.

#include "net_figure.h"

#include <stdlib.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

static const char figure[] = "out/test/net.fig", file[] = "out/test/net.csv";

static void draw_lenet(void) {
    NetCount net;
    hide_gnuplot();
    netcount_lenet(&net);
    net_draw(&net, (PictureShape){1, 28, 28}, "test", "net", "svg");
    netcount_free(&net);
}

// Name, shape and weights of each layer, from left to right.
START_TEST(layers_stand_in_order) {
    static const char *const words[] = {
        "input", "1 × 28 × 28",                     // no weights
        "conv1", "20 × 28 × 28", "520 weights",     //
        "pool1", "20 × 14 × 14",                    //
        "conv2", "50 × 10 × 10", "25,050 weights",  //
        "pool2", "50 × 5 × 5",                      //
        "fc1",   "500",          "625,500 weights", //
        "fc2",   "10",           "5,010 weights"};
    double x = 0.0;
    draw_lenet();
    ck_assert_int_eq(figure_count(figure, "note"), 18);
    for (int i = 0; i < 18; i++) {
        ck_assert_str_eq(figure_words(figure, "note", i), words[i]);
        ck_assert_double_ge(figure_attribute(figure, "note", i, "x"), x);
        x = figure_attribute(figure, "note", i, "x");
    }
    ck_assert_str_eq(
        figure_words(figure, "title", 0),
        "LeNet, 20-50-500: 95 % of its 656,080 weights are in fc1");
}
END_TEST

// Pictures as stacks of sheets, half as large after each pooling; fully
// connected layers as columns.
START_TEST(sheets_are_as_large_as_the_layer) {
    const int sheets[] = {1, 5, 5, 6, 6};
    const double side[] = {28, 28, 14, 10, 5};
    double x[16];
    draw_lenet();
    ck_assert_int_eq(figure_count(figure, "boxes"), 5);
    ck_assert_int_eq(figure_count(figure, "circles"), 2);
    for (int i = 0; i < 5; i++) {
        int table = i == 0 ? 0 : 2 * i - 1;
        ck_assert_int_eq(chart_column(file, table, "x", x, 16), sheets[i]);
        ck_assert_double_eq_tol(figure_attribute(figure, "boxes", i, "radius"),
                                0.75 * side[i] / 28.0, 1e-6);
    }
}
END_TEST

// Between a layer and the next, from left to right.
START_TEST(arrows_lead_from_layer_to_layer) {
    draw_lenet();
    ck_assert_int_eq(figure_count(figure, "arrows"), 6);
    double before = 0.0;
    for (int i = 0; i < 6; i++) {
        double x, dx;
        chart_column(file, 2 + 2 * i, "x", &x, 1);
        chart_column(file, 2 + 2 * i, "dx", &dx, 1);
        ck_assert(x > before && dx > 0.3);
        before = x + dx;
    }
}
END_TEST

int main(void) {
    const Test tests[] = {{layers_stand_in_order},
                          {sheets_are_as_large_as_the_layer},
                          {arrows_lead_from_layer_to_layer}};
    return run_tests("net_figure", tests, sizeof tests / sizeof *tests);
}
