// Worked windows, channels apart, layers.h as a second opinion, and the shift;
// what its table and charts show.

#define main pooling_main
#include "ch06_cnn/pooling.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "digits.h"
#include "figures.h"
#include "layers.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"

START_TEST(worked_example) {
    const float most[] = {2, 3, 4, 2}, mean[] = {1, 1.5f, 2.25f, 1},
                overlapping[] = {3, 3, 4, 4};
    float y[4];
    pool(y, example[0], MAXIMUM, 2, 2, 1, 4, 4);
    assert_close(y, most, 4, 0, "maximum");
    pool(y, example[0], AVERAGE, 2, 2, 1, 4, 4);
    assert_close(y, mean, 4, 0, "average");
    pool(y, example[0], MAXIMUM, 3, 1, 1, 4, 4);
    assert_close(y, overlapping, 4, 0, "overlapping maximum");

    // no ReLU behind it: what is below 0 stays there
    const float below[] = {-1, -2, -3, -4};
    pool(y, below, MAXIMUM, 2, 2, 1, 2, 2);
    ck_assert_float_eq(y[0], -1);
    pool(y, below, AVERAGE, 2, 2, 1, 2, 2);
    ck_assert_float_eq(y[0], -2.5f);
}
END_TEST

// The library's pooling, written apart from this one, gives the same bits: both
// take windows inside the picture and add in the same order.
START_TEST(agrees_with_the_layer) {
    enum { C = 3, H = 9, W = 11 };
    float x[C * H * W], y[C * H * W];
    fill_noise(x, C * H * W, 1);
    Tensor in = tensor_view(x, 4, 1, C, H, W), out = {0}, winner = {0};
    for (int size = 1; size <= 4; size++)
        for (int stride = 1; stride <= 3; stride++) {
            maxpool_forward(&out, &winner, &in, size, stride);
            pool(y, x, MAXIMUM, size, stride, C, H, W);
            ck_assert_int_eq(out.shape[2], pooled_size(H, size, stride));
            ck_assert_mem_eq(y, out.data, out.size * sizeof *y);
            avgpool_forward(&out, &in, size, stride);
            pool(y, x, AVERAGE, size, stride, C, H, W);
            ck_assert_mem_eq(y, out.data, out.size * sizeof *y);
        }
    tensor_free(&out);
    tensor_free(&winner);
}
END_TEST

START_TEST(change_is_relative) {
    const float a[] = {3, 4}, b[] = {3, 4}, c[] = {0, 0}, d[] = {3, 0};
    ck_assert_double_eq(change(a, b, 2), 0);
    ck_assert_double_eq(change(a, c, 2), 1);
    ck_assert_double_eq_tol(change(a, d, 2), 0.8, 1e-15);
    ck_assert_double_eq(change(c, c, 2), 0);
}
END_TEST

// A dot in the middle of a window stays in it.
START_TEST(a_dot_inside_a_window) {
    float x[PIXELS] = {0}, moved[PIXELS], y[49], y_moved[49];
    x[9 * SIDE + 9] = 1;
    shift(moved, x);
    ck_assert(moved[9 * SIDE + 9] == 0 && moved[9 * SIDE + 10] == 1);
    pool(y, x, MAXIMUM, 4, 4, 1, SIDE, SIDE);
    pool(y_moved, moved, MAXIMUM, 4, 4, 1, SIDE, SIDE);
    ck_assert_mem_eq(y, y_moved, sizeof y);
}
END_TEST

// On drawn digits of any seed: the larger the window, the less is changed; C
// says that a small shift leaves the output as it was, yet half of it changes.
// Average pooling is the more robust one at 4 x 4 and 7 x 7, not at 14 x 14.
START_TEST(a_shift_changes_less_the_larger_the_window) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Digits digits = synthetic_digits(200, seed);
        Changes c = measure(&digits.test, 200);
        ck_assert_double_eq(c.maximum[0], c.average[0]);
        for (int w = 1; w < WINDOWS; w++) {
            ck_assert_double_lt(c.maximum[w], c.maximum[w - 1]);
            ck_assert_double_lt(c.average[w], c.average[w - 1]);
        }
        ck_assert_double_gt(c.maximum[1], 0.3);
        ck_assert_double_lt(c.maximum[1], 0.9 * c.maximum[0]);
        ck_assert_double_lt(c.average[2], c.maximum[2]);
        ck_assert_double_lt(c.average[3], c.maximum[3]);
        ck_assert_double_lt(c.maximum[4], c.average[4]);
        digits_free(&digits);
    }
}
END_TEST

// Of three digits it is the mean of each.
START_TEST(change_is_a_mean_over_digits) {
    Dataset set;
    digits_draw(&set, 3, 1);
    double all = change_by_shift(&set, 3, MAXIMUM, 2), mean = 0;
    for (int n = 0; n < 3; n++) {
        Dataset one = set;
        one.pixels += n * PIXELS;
        mean += change_by_shift(&one, 1, MAXIMUM, 2) / 3;
    }
    ck_assert_double_eq_tol(all, mean, 1e-12);
    dataset_free(&set);
}
END_TEST

static const Changes made_up = {{0.6, 0.487, 0.36, 0.26, 0.05},
                                {0.6, 0.5, 0.33, 0.22, 0.18}};
static void print_made_up(void) {
    print_changes(&made_up, 10);
}

// A row: the window, the output's size twice, and both changes in per cent.
// What is said below of 2 x 2 is the same.
START_TEST(a_row_has_its_windows_changes) {
    Run run = run_function(print_made_up);
    for (int w = 0; w < WINDOWS; w++) {
        char row[24];
        snprintf(row, sizeof row, "%d x %d ", windows[w], windows[w]);
        const double side = SIDE / windows[w];
        const double want[] = {side, side, round(100 * made_up.maximum[w]),
                               round(100 * made_up.average[w])};
        assert_row(run.output, row, want, 4, 0);
    }
    assert_says(from_line(run.output, "14 x 14"), " 49 %");
}
END_TEST

START_TEST(a_curve_has_its_kinds_changes) {
    double window[WINDOWS], most[WINDOWS], mean[WINDOWS];
    for (int w = 0; w < WINDOWS; w++) {
        window[w] = windows[w];
        most[w] = 100 * made_up.maximum[w];
        mean[w] = 100 * made_up.average[w];
    }
    hide_gnuplot();
    draw_changes(&made_up, "made up", "svg");
    const char *file = "out/ch06/pooling_shift.csv";
    assert_column(file, 0, "window", window, WINDOWS, 0);
    assert_column(file, 0, "maximum", most, WINDOWS, 1e-6);
    assert_column(file, 0, "average", mean, WINDOWS, 1e-6);
    const char *figure = "out/ch06/pooling_shift.fig";
    assert_mark(figure, 0, "bars", NULL, "maximum", "maximum");
    assert_mark(figure, 0, "bars", NULL, "average", "average");
    ck_assert_str_eq(figure_words(figure, "tick", 4), "14 × 14");
    char title[64];
    snprintf(title, sizeof title, "%.0f %% of a digit, %.0f %%", most[0],
             most[1]);
    assert_says(figure_words(figure, "title", 0), title);
}
END_TEST

// Each picture of the sheet is what its caption says: the digit, or below it
// the one moved by a pixel, in windows of size x size of which the largest or
// the mean is kept.
START_TEST(a_picture_is_what_its_caption_says) {
    Dataset set;
    float x[PIXELS], moved[PIXELS], y[PIXELS], shown[PIXELS];
    digits_draw(&set, 1, 1);
    read_digit(x, &set, 0);
    shift(moved, x);
    hide_gnuplot();
    draw_pictures(&set, "svg");
    const char *figure = "out/ch06/pooling_pictures.fig";
    ck_assert_str_eq(figure_words(figure, "tick", 1), "moved");
    for (int k = 0; k < 2 * VIEWS; k++) {
        const char *above = figure_words(figure, "note", k % VIEWS);
        const char *first = strpbrk(above, "0123456789");
        PoolKind kind = strstr(above, "mean") != NULL ? AVERAGE : MAXIMUM;
        int size = first != NULL ? atoi(first) : 1;
        int stride = strstr(above, "stride 2") != NULL ? 2 : size;
        pool(y, k < VIEWS ? x : moved, kind, size, stride, 1, SIDE, SIDE);
        stretch(shown, y, pooled_size(SIDE, size, stride));
        assert_pixels("out/ch06/pooling_pictures.csv", k, shown, PIXELS, 1e-5);
    }
    dataset_free(&set);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_well("pooling --plot none --limit 20 --data synthetic");
    const char *out = run.output;
    ck_assert_double_eq(table_number(out, "maximum, 2 x 2, stride 2", 0), 2);
    ck_assert_double_eq(table_number(out, "average, 2 x 2, stride 2", 0), 1);
    ck_assert_double_eq(table_number(out, "maximum, 3 x 3, stride 1", 0), 3);
    assert_says(run.output, "max=2,3,4,2 ");
    ck_assert_double_lt(result_value(&run, "max2_change"),
                        result_value(&run, "unpooled_change"));
}
END_TEST

// The README's percentages; three digits are printed.
START_TEST(a_shift_on_mnist) {
    if (mnist_dir_or_skip("a_shift_on_mnist") == NULL)
        return;
    Run run = run_for_result("pooling");
    ck_assert_double_eq_tol(result_value(&run, "unpooled_change"), 0.621, 6e-4);
    ck_assert_double_eq_tol(result_value(&run, "max2_change"), 0.487, 6e-4);
    ck_assert_double_eq_tol(result_value(&run, "max4_change"), 0.360, 6e-4);
}
END_TEST

int main(void) {
    const Test tests[] = {{worked_example},
                          {agrees_with_the_layer},
                          {change_is_relative},
                          {a_dot_inside_a_window},
                          {a_shift_changes_less_the_larger_the_window},
                          {change_is_a_mean_over_digits},
                          {a_row_has_its_windows_changes},
                          {a_curve_has_its_kinds_changes},
                          {a_picture_is_what_its_caption_says},
                          {prints_its_result},
                          {a_shift_on_mnist}};
    return run_tests("pooling", tests, sizeof tests / sizeof *tests);
}
