// Worked windows, channels apart, layers.h as a second opinion, and the shift.

#define main pooling_main
#include "ch06_cnn/pooling.c"
#undef main

#include <string.h>

#include "layers.h"
#include "numbers.h"
#include "testing.h"

START_TEST(worked_example) {
    float y[4];
    pool(y, example[0], MAXIMUM, 2, 2, 1, 4, 4);
    ck_assert(y[0] == 2 && y[1] == 3 && y[2] == 4 && y[3] == 2);
    pool(y, example[0], AVERAGE, 2, 2, 1, 4, 4);
    ck_assert(y[0] == 1 && y[1] == 1.5f && y[2] == 2.25f && y[3] == 1);
    pool(y, example[0], MAXIMUM, 3, 1, 1, 4, 4);
    ck_assert(y[0] == 3 && y[1] == 3 && y[2] == 4 && y[3] == 4);

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

// On drawn digits of any seed: less is changed the larger the window, and never
// as much as without pooling.
START_TEST(larger_windows_change_less) {
    Error err;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Digits digits;
        ck_assert(digits_load(&digits, "synthetic", 100, seed, &err));
        Changes c = measure(&digits.test, 100);
        for (int w = 1; w < WINDOWS; w++) {
            ck_assert_double_lt(c.maximum[w], c.maximum[w - 1]);
            ck_assert_double_lt(c.average[w], c.average[w - 1]);
        }
        ck_assert_double_eq(c.maximum[0], c.average[0]);
        digits_free(&digits);
    }
}
END_TEST

// C says that a small shift leaves the output as it was; it changes half of it.
// Average pooling is the more robust one at 4 x 4 and 7 x 7, not at 14 x 14.
START_TEST(a_shift_changes_the_output) {
    Error err;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Digits digits;
        ck_assert(digits_load(&digits, "synthetic", 200, seed, &err));
        Changes c = measure(&digits.test, 200);
        ck_assert(c.maximum[1] > 0.3 && c.maximum[1] < 0.9 * c.maximum[0]);
        ck_assert_double_lt(c.average[2], c.maximum[2]);
        ck_assert_double_lt(c.average[3], c.maximum[3]);
        ck_assert_double_lt(c.maximum[4], c.average[4]);
        digits_free(&digits);
    }
}
END_TEST

static void print_made_up(void) {
    Changes c = {{0.6, 0.487, 0.36, 0.26, 0.05}, {0.6, 0.5, 0.33, 0.22, 0.18}};
    print_changes(&c, 10);
}

START_TEST(says_what_the_table_shows) {
    Run run = run_function(print_made_up);
    ck_assert_ptr_nonnull(strstr(run.output, "maximum changes\nby 49 %;"));
}
END_TEST

START_TEST(prints_its_result) {
    Run run =
        run_program("pooling --quiet --plot none --limit 20 --data synthetic");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output, "max=2,3,4,2 "));
    ck_assert_double_lt(result_value(&run, "max2_change"),
                        result_value(&run, "unpooled_change"));
}
END_TEST

// The README's percentages; three digits are printed.
START_TEST(a_shift_on_mnist) {
    if (mnist_dir_or_skip("a_shift_on_mnist") == NULL)
        return;
    Run run = run_program("pooling --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
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
                          {larger_windows_change_less},
                          {a_shift_changes_the_output},
                          {says_what_the_table_shows},
                          {prints_its_result},
                          {a_shift_on_mnist}};
    return run_tests("pooling", tests, sizeof tests / sizeof *tests);
}
