// The best line by hand, polar coordinates, and who can tell what apart. (The
// nets and their loss have tests of their own: test_relu_net, test_loss.)

#define main playground_main
#include "ch02_mlp/playground.c"
#undef main

#include "testing.h"

// XOR's four corners: three, as chapter 1 found. AND's: four. One class: all.
START_TEST(best_line_of_four_corners) {
    float x[] = {-1, -1, -1, 1, 1, -1, 1, 1};
    float xor_t[] = {0, 1, 1, 0}, and_t[] = {0, 0, 0, 1}, ones[] = {1, 1, 1, 1};
    Points p = {.x = tensor_view(x, 2, 4, 2)};
    p.t = tensor_view(xor_t, 2, 4, 1);
    ck_assert_double_eq(best_line(&p), 0.75);
    p.t = tensor_view(and_t, 2, 4, 1);
    ck_assert_double_eq(best_line(&p), 1.0);
    p.t = tensor_view(ones, 2, 4, 1);
    ck_assert_double_eq(best_line(&p), 1.0);
}
END_TEST

START_TEST(polar_coordinates_by_hand) {
    float x[] = {0, -2}, diagonal[] = {-3, 3};
    to_polar(x);
    ck_assert_float_eq_tol(x[0], 2.0f, 1e-6f);
    ck_assert_float_eq_tol(x[1], -1.57079633f, 1e-6f);
    to_polar(diagonal);
    ck_assert_float_eq_tol(diagonal[0], 4.24264069f, 1e-6f);
    ck_assert_float_eq_tol(diagonal[1], 2.35619449f, 1e-6f);
}
END_TEST

// For three seeds: what a line can do one neuron does, what no line can do no
// neuron does (a trained one is a line), and two hidden layers do everything.
// A line through the best gap of the ring takes all 500 inner points and the
// ring beyond x = 1.1: arccos(1.1 / 2.1) / pi = 32 % of it, 66 % in all.
START_TEST(hidden_layers_bend_the_boundary) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {.common = {.quiet = true},
                     .epochs = 1500,
                     .points = 400,
                     .lr = 0.03f};
        Playground g = {0};
        Rng rng;
        rng_seed(&rng, seed);
        for (int s = 0; s < SETS; s++)
            play(&g, s, &o, &rng);
        for (int s = 0; s < SETS; s++) {
            // the best of 360 directions, or a hair between two of them
            ck_assert_double_le(g.right[s][0], g.best_line[s] + 0.005);
            bool splits = s == BLOBS || s == POLAR;
            ck_assert_msg((g.right[s][0] > 0.98) == splits, "%s: %g",
                          set_name[s], g.right[s][0]);
            ck_assert_msg((g.best_line[s] > 0.98) == splits, "%s: %g",
                          set_name[s], g.best_line[s]);
            ck_assert_msg(g.right[s][2] > 0.95, "%s: %g", set_name[s],
                          g.right[s][2]);
        }
        ck_assert_double_ge(g.right[XOR][1], 0.95);
        ck_assert_double_ge(g.right[CIRCLE][1], 0.95);
        ck_assert_double_le(g.right[SPIRALS][1], 0.90);
        ck_assert_double_eq_tol(g.best_line[CIRCLE], 0.66, 0.05);
        for (int s = 0; s < SETS; s++) {
            points_free(&g.points[s]);
            for (int l = 0; l < NETS; l++)
                relu_net_free(&g.net[s][l]);
        }
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("playground --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_ge(result_value(&run, "blobs"), 0.98);
    ck_assert_double_ge(result_value(&run, "polar"), 0.98);
    ck_assert_double_le(result_value(&run, "circle"), 0.75);
    ck_assert_double_ge(result_value(&run, "spirals_hidden"), 0.95);
    Run small = run_program("playground --quiet --plot none --points 2 "
                            "--epochs 1");
    ck_assert_int_eq(small.status, 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{best_line_of_four_corners},
                          {polar_coordinates_by_hand},
                          {hidden_layers_bend_the_boundary, .seconds = 40},
                          {prints_its_result, .seconds = 20}};
    return run_tests("playground", tests, sizeof tests / sizeof *tests);
}
