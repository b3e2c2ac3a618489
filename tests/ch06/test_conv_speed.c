// The two forms differ by rounding only, and by rounding at all; a difference
// beyond it is seen. No times: the machine may be busy. But what is printed of
// them fits together.

#define main conv_speed_main
#include "ch06_cnn/conv_speed.c"
#undef main

#include "figures.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

START_TEST(equal_to_rounding) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        Rng rng;
        rng_seed(&rng, 7);
        for (int i = 0; i < LAYERS; i++) {
            Race r = race(&layers[i], &rng);
            ck_assert_double_le(r.rounding, 1.0);
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

// Layer i: six loops in 0.5 (i + 1) s, the fast form in a tenth of that.
static Race made_up[LAYERS];
static void make_up(void) {
    for (int i = 0; i < LAYERS; i++)
        made_up[i] = (Race){.gflop = 2 + i,
                            .naive = 0.5 * (i + 1),
                            .fast = 0.05 * (i + 1),
                            .difference = 0.25,
                            .rounding = 0.125};
}

static void print_made_up(void) {
    print_races(made_up);
}

START_TEST(a_row_has_its_layers_times) {
    make_up();
    Run run = run_function(print_made_up);
    for (int i = 0; i < LAYERS; i++) {
        const double want[] = {500 * (i + 1), 50 * (i + 1), 10, 0.25, 0.125};
        assert_row(run.output, layers[i].name, want, 5, 0);
    }
}
END_TEST

START_TEST(a_bar_has_its_forms_speed) {
    double slow[LAYERS], fast[LAYERS];
    make_up();
    hide_gnuplot();
    draw(made_up, "svg");
    for (int i = 0; i < LAYERS; i++) {
        slow[i] = (2 + i) / (0.5 * (i + 1));
        fast[i] = (2 + i) / (0.05 * (i + 1));
    }
    const char *file = "out/ch06/conv_speed.csv";
    assert_column(file, 0, "six loops (conv_ref.c)", slow, LAYERS, 1e-6);
    assert_column(file, 0, "fast (conv.c)", fast, LAYERS, 1e-6);
    const char *figure = "out/ch06/conv_speed.fig";
    assert_mark(figure, 0, "points", "six loops (conv_ref.c)", "row",
                "six loops (conv_ref.c)");
    assert_mark(figure, 0, "points", "fast (conv.c)", "row",
                "matrix product (conv.c)");
    assert_says(figure_words(figure, "title", 0), "1/10 ");
    for (int i = 0; i < LAYERS; i++)
        ck_assert_str_eq(figure_words(figure, "tick", i), layers[i].name);
}
END_TEST

// The result is the quotient of the table's columns, which are printed to 0.01
// ms: half of that is little of the fast form's times, together a ms or more.
START_TEST(prints_its_result) {
    Run run = run_well("conv_speed --plot none");
    double naive = 0, fast = 0;
    for (int i = 0; i < LAYERS; i++) {
        naive += table_number(run.output, layers[i].name, 0);
        fast += table_number(run.output, layers[i].name, 1);
    }
    double faster = result_value(&run, "faster");
    ck_assert_double_eq_tol(faster, naive / fast, 0.2 * faster);
    ck_assert_double_gt(result_value(&run, "rounding"), 0);
    ck_assert_double_le(result_value(&run, "rounding"), 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{equal_to_rounding, .seconds = 40},
                          {counts_the_work},
                          {sees_a_difference},
                          {a_row_has_its_layers_times},
                          {a_bar_has_its_forms_speed},
                          {prints_its_result, .seconds = 20}};
    threads_set(1);
    return run_tests("conv_speed", tests, sizeof tests / sizeof *tests);
}
