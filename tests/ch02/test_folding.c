// Pieces counted against bounds and against a second way of counting; mirror
// points; the same number of weights on both sides.

#define main folding_main
#include "ch02_mlp/folding.c"
#undef main

#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

START_TEST(bounds_by_hand) {
    ck_assert_int_eq(shallow_bound(1, 3), 4);
    ck_assert_int_eq(shallow_bound(2, 1), 2);
    ck_assert_int_eq(shallow_bound(2, 2), 4);
    ck_assert_int_eq(shallow_bound(2, 3), 7); // three lines cut 7 parts
    ck_assert_int_eq(folding_bound(1, 1, 3), 4);
    ck_assert_int_eq(folding_bound(1, 8, 3), 2187 * 4); // 3^7
    ck_assert_int_eq(folding_bound(2, 1, 4), 11);       // 1 + 4 + 6
    ck_assert_int_eq(folding_bound(2, 3, 4), 16 * 11);  // (4/2)^(2 * 2)
    ck_assert_int_eq(folding_bound(2, 2, 5), 4 * 16);   // 5/2 rounds down
}
END_TEST

// The nets that fold have just as many pieces as Montufar et al. promise.
START_TEST(folded_line_meets_bound) {
    Net net;
    for (int width = 1; width <= 7; width++)
        for (int layers = 1; layers <= 5; layers++) {
            build_folding(&net, 1, layers, width);
            ck_assert_int_eq(count_on_line(&net, 0.0, 1.0),
                             folding_bound(1, layers, width));
        }
}
END_TEST

START_TEST(folded_plane_meets_bound) {
    Net net;
    for (int layers = 1; layers <= 4; layers++) {
        build_folding(&net, 2, layers, 4);
        ck_assert_int_eq(count_on_grid(&net, GRID_POINTS),
                         folding_bound(2, layers, 4));
    }
    build_folding(&net, 2, 2, 6);
    ck_assert_int_eq(count_on_grid(&net, GRID_POINTS), folding_bound(2, 2, 6));
}
END_TEST

// Depth wins at the same number of weights: on a line from two layers on, in
// the plane from three on, and not at two (44 < 46).
START_TEST(deep_beats_shallow_at_equal_weights) {
    Rng rng;
    Net net;
    rng_seed(&rng, 1);
    for (int inputs = 1; inputs <= 2; inputs++)
        for (int l = 1; l <= shape[inputs].layers; l++) {
            Row row = count_row(inputs, l, &rng);
            build_folding(&net, inputs, 1, row.units);
            ck_assert_int_eq(net_weights(&net), row.weights);
            ck_assert_int_eq(row.shallow, shallow_bound(inputs, row.units));
            ck_assert_int_eq(row.deep,
                             folding_bound(inputs, l, shape[inputs].width));
            ck_assert_int_eq(row.deep > row.shallow, l > inputs);
        }
}
END_TEST

// Twenty nets, no two of them one, and their mean.
START_TEST(random_pieces_are_a_mean) {
    Rng rng, again;
    rng_seed(&rng, 1);
    again = rng;
    double random = count_row(1, 3, &rng).random, mean = 0.0;
    int least = 1000, most = 0;
    for (int i = 0; i < STARTS; i++) {
        Net net;
        build_random(&net, 1, 3, shape[1].width, &again);
        int pieces = count_on_line(&net, -10.0, 10.0);
        mean += (double)pieces / STARTS;
        least = pieces < least ? pieces : least;
        most = pieces > most ? pieces : most;
    }
    ck_assert_int_lt(least, most);
    ck_assert_double_eq_tol(random, mean, 1e-9);
}
END_TEST

// Rows as count_row might find them, all numbers different. bound: what
// folding_bound and shallow_bound say.
static const Row rows[MAX_LAYERS] = {
    {10, 11, 12, 13, 1.5}, {20, 21, 22, 23, 2.5}, {30, 31, 32, 33, 3.5},
    {40, 41, 42, 43, 4.5}, {50, 51, 52, 53, 5.5}, {60, 61, 62, 63, 6.5},
    {70, 71, 72, 73, 7.5}, {80, 81, 82, 83, 8.5}};

static void print_both(void) {
    print_rows(1, rows);
    print_rows(2, rows);
}

START_TEST(prints_a_row_for_each_depth) {
    Run run = run_function(print_both);
    const char *table = run.output;
    for (int inputs = 1; inputs <= 2; inputs++) {
        table = from_line(table, "layers");
        for (int l = 1; l <= shape[inputs].layers; l++) {
            const Row *row = &rows[l - 1];
            double want[7];
            int n = 0;
            want[n++] = row->weights;
            want[n++] = (double)folding_bound(inputs, l, shape[inputs].width);
            want[n++] = row->deep;
            if (inputs == 1) // random nets: on a line only
                want[n++] = row->random;
            want[n++] = row->units;
            want[n++] = (double)shallow_bound(inputs, row->units);
            want[n++] = row->shallow;
            char label[8];
            snprintf(label, sizeof label, "%d ", l);
            assert_row(table, label, want, n, 0);
        }
        table = strchr(table, '\n'); // past this header
    }
}
END_TEST

// Zigzags of one, two and three layers, then what the second table says.
START_TEST(draws_lines_and_their_growth) {
    enum { SHOWN = 1081 };
    const char *file = "out/ch02/folding.csv";
    double x[SHOWN], y[SHOWN];
    hide_gnuplot();
    draw_line(rows, "svg");
    for (int l = 0; l < 3; l++) {
        static const char *const layers[] = {"1 layer", "2 layers", "3 layers"};
        Net net;
        uint64_t pattern;
        build_folding(&net, 1, l + 1, shape[1].width);
        for (int i = 0; i < SHOWN; i++) {
            x[i] = i / (SHOWN - 1.0);
            y[i] = net_value(&net, &x[i], &pattern);
        }
        assert_column(file, 0, layers[l], y, SHOWN, 1e-5);
    }
    assert_column(file, 0, "x", x, SHOWN, 1e-6);
    const double weights[] = {10, 20, 30, 40, 50, 60, 70, 80};
    const double folded[] = {12, 22, 32, 42, 52, 62, 72, 82};
    const double random[] = {1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5};
    const double shallow[] = {13, 23, 33, 43, 53, 63, 73, 83};
    assert_column(file, 1, "weights", weights, 8, 0);
    assert_column(file, 1, "folded", folded, 8, 0);
    assert_column(file, 1, "random", random, 8, 0);
    assert_column(file, 1, "one layer", shallow, 8, 0);

    const char *figure = "out/ch02/folding.fig";
    assert_mark(figure, 0, "lines", "x", "1 layer", "");
    for (int l = 0; l < 3; l++)
        ck_assert_double_eq(figure_attribute(figure, "lines", l, "y"), l + 2);
    ck_assert_str_eq(figure_words(figure, "panel", 0),
                     "1 layer of 3 units: 12 pieces");
    ck_assert_str_eq(figure_words(figure, "panel", 2),
                     "3 layers of 3 units: 32 pieces");
    assert_mark(figure, 1, "linespoints", "weights", "folded", "folded");
    assert_mark(figure, 1, "linespoints", "weights", "random", "random");
    assert_mark(figure, 1, "linespoints", "weights", "one layer", "one layer");
}
END_TEST

// Dark (1) where a unit switches between a cell and its right or lower
// neighbor, from 0 to 0.5 elsewhere. The net is not symmetric in x1 and x2.
START_TEST(draws_creases_dark) {
    enum { CELLS = SIDE * SIDE };
    static double x1[CELLS], x2[CELLS], shade[CELLS];
    Figure f;
    Net net;
    build_folding(&net, 2, 1, 4);
    net.w[0][0][0] += 0.5;
    hide_gnuplot();
    ck_assert(figure_open(&f, "ch02", "plane", "svg"));
    figure_title(&f, "A plane");
    figure_caption(&f, "With its creases.");
    write_plane(&f, &net);
    figure_close(&f);
    const char *file = "out/ch02/plane.csv";
    ck_assert_int_eq(chart_column(file, 0, "x1", x1, CELLS), CELLS);
    chart_column(file, 0, "x2", x2, CELLS);
    chart_column(file, 0, "y", shade, CELLS);
    int dark = 0;
    for (int i = 0; i < CELLS; i++) {
        const int a = (int)(x1[i] * SIDE), b = (int)(x2[i] * SIDE);
        const int step[3][2] = {{a, b}, {a + 1, b}, {a, b + 1}};
        uint64_t pattern[3];
        for (int k = 0; k < 3; k++) {
            const double x[2] = {(step[k][0] + 0.5) / SIDE,
                                 (step[k][1] + 0.5) / SIDE};
            net_value(&net, x, &pattern[k]);
        }
        bool edge = pattern[0] != pattern[1] || pattern[0] != pattern[2];
        ck_assert_msg(edge ? shade[i] == 1 : shade[i] >= 0 && shade[i] <= 0.5,
                      "(%g, %g): %g", x1[i], x2[i], shade[i]);
        dark += edge;
    }
    ck_assert_int_gt(dark, SIDE);
    ck_assert_int_lt(dark, CELLS / 10);
}
END_TEST

// Three folded nets and, as the last, one layer, each under its own numbers.
START_TEST(draws_the_plane_of_each_net) {
    static const char *const panels[] = {
        "1 layer of 4 units: 12 pieces", "2 layers of 4 units: 22 pieces",
        "3 layers of 4 units: 32 pieces", "1 layer of 31 units: 33 pieces"};
    const char *figure = "out/ch02/folding_2d.fig";
    hide_gnuplot();
    draw_plane(rows, "svg");
    for (int i = 0; i < 4; i++)
        ck_assert_str_eq(panel_of(figure, i), panels[i]);
    ck_assert_str_eq(figure_words(figure, "title", 0),
                     "30 weights make 32 pieces in three layers, 33 in one");
}
END_TEST

// Weights as the eye counts them: [3, 1] + 3, [3, 3] + 3, 3 to the output.
START_TEST(weights_by_hand) {
    Net net;
    build_folding(&net, 1, 2, 3);
    ck_assert_int_eq(net_weights(&net), 6 + 12 + 3);
    build_folding(&net, 2, 3, 4);
    ck_assert_int_eq(net_weights(&net), 12 + 20 + 20 + 4);
}
END_TEST

// One layer switches at -b/w and nowhere else.
START_TEST(shallow_random_by_corners) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Rng rng;
        Net net;
        int corners = 0;
        rng_seed(&rng, seed);
        build_random(&net, 1, 1, 24, &rng);
        for (int i = 0; i < 24; i++)
            corners += fabs(net.b[0][i] / net.w[0][i][0]) < 10.0;
        ck_assert_int_eq(count_on_line(&net, -10.0, 10.0), corners + 1);
    }
}
END_TEST

// Pieces by slopes between 200,001 points: a change of slope at a point, or at
// two points in a row where the corner lies between, is one corner. A piece
// shorter than three steps of 1e-4 can be missed, never invented; so few are
// that of 20 nets at most a tenth may differ.
static int count_by_slopes(const Net *net) {
    enum { STEPS = 200000 };
    int count = 1, since = 2;
    double before = 0.0, slope = 0.0, last_y = 0.0;
    for (int i = 0; i <= STEPS; i++) {
        double x = -10.0 + 20.0 * i / STEPS;
        uint64_t pattern;
        double y = net_value(net, &x, &pattern);
        slope = (y - last_y) * STEPS / 20.0;
        since++;
        // rounding: 1e-15 of values below 1e3, over a step of 1e-4
        if (i >= 2 && fabs(slope - before) > 1e-7 && since >= 2) {
            count++;
            since = 0;
        }
        before = slope;
        last_y = y;
    }
    return count;
}

START_TEST(deep_random_by_slopes) {
    int same = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Rng rng;
        Net net;
        rng_seed(&rng, seed);
        build_random(&net, 1, 2 + (int)seed % 3, 6, &rng);
        int exact = count_on_line(&net, -10.0, 10.0);
        int sampled = count_by_slopes(&net);
        ck_assert_int_le(sampled, exact);
        same += sampled == exact;
    }
    ck_assert_int_ge(same, 18);
}
END_TEST

// Whatever the weights, one layer stays below its bound.
START_TEST(bound_holds_for_any_layer) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        Rng rng;
        Net net;
        rng_seed(&rng, seed);
        build_random(&net, 2, 1, 8, &rng);
        ck_assert_int_le(count_on_grid(&net, 200), shallow_bound(2, 8));
        build_random(&net, 1, 1, 8, &rng);
        ck_assert_int_le(count_on_line(&net, -1e3, 1e3), shallow_bound(1, 8));
    }
}
END_TEST

// Exactly one output, bit by bit: |x| hands on the same number. And not because
// all outputs are one: another point gives another.
START_TEST(mirror_points) {
    int differ = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        Rng rng, again;
        Net net;
        uint64_t pattern;
        rng_seed(&rng, seed);
        again = rng;
        ck_assert_double_eq(print_mirror(&rng, true), 0.0);
        build_mirror(&net, 1, &again);
        build_mirror(&net, 2, &again); // the one that was looked at last
        double y = net_value(&net, (double[]){0.7, 0.2}, &pattern);
        differ += fabs(net_value(&net, (double[]){0.2, 0.7}, &pattern) - y) > 0;
    }
    ck_assert_int_ge(differ, 15); // some nets are dead everywhere
}
END_TEST

// z = 3 * 5 + 4 * 5 - 10 = 25 and (5, 5) - 2 (3, 4) = (-1, -3), where z = -25.
START_TEST(slanted_mirror) {
    const double w[2] = {3, 4}, x[2] = {5, 5};
    double image[2], back[2];
    mirror(image, w, -10, x);
    ck_assert_double_eq(image[0], -1);
    ck_assert_double_eq(image[1], -3);
    ck_assert_double_eq(weighted_sum(w, -10, image), -25);
    ck_assert_double_eq(absolute_unit(w, -10, x), 25);
    ck_assert_double_eq(absolute_unit(w, -10, image), 25);
    mirror(back, w, -10, image);
    ck_assert_double_eq(back[0], 5);
    ck_assert_double_eq(back[1], 5);

    // the bias counts: another mirror, another image
    mirror(image, w, 15, x); // z = 50
    ck_assert_double_eq(image[0], -7);
    ck_assert_double_eq(image[1], -11);
    ck_assert_double_eq(print_slanted(true), 0.0);
    Run run = run_program("folding --plot none");
    assert_says(run.output,
                "    ( 5,  5)    25    25   (-1, -3)   -25    25\n"
                "    (-5,  0)   -25    25   ( 1,  8)    25    25\n"
                "    ( 2,  1)     0     0   ( 2,  1)     0     0\n");
}
END_TEST

START_TEST(patterns_tell_units) {
    Net net;
    uint64_t pattern;
    build_folding(&net, 1, 2, 2); // R(2x), R(2x - 1), then cuts at 1/3, 2/3
    double x = 0.25;              // folded to 1/2: neither cut is on
    ck_assert_double_eq(net_value(&net, &x, &pattern), 0.0);
    ck_assert_uint_eq(pattern, 1);
    x = 0.5; // folded to 1: the right cut is on, the second fold not yet
    ck_assert_double_eq_tol(net_value(&net, &x, &pattern), 1.0 / 3, 1e-15);
    ck_assert_uint_eq(pattern, 1 | 8);
    x = 1.0; // folded to 0: the left cut is on
    ck_assert_double_eq_tol(net_value(&net, &x, &pattern), 1.0 / 3, 1e-15);
    ck_assert_uint_eq(pattern, 1 | 2 | 4);
}
END_TEST

START_TEST(too_many_units_for_a_pattern) {
    Net net;
    build_folding(&net, 2, 8, 10);
    count_on_grid(&net, 10);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("folding");
    assert_says(run.output, "result: deep_1d=8748 shallow_1d=32 deep_2d=704 "
                            "shallow_2d=191 random_1d=");
    ck_assert_double_eq(result_value(&run, "mirror_difference"), 0.0);
    // random nets are nowhere near what folding can do, whatever the seed
    for (uint64_t seed = 2; seed <= 4; seed++) {
        Rng rng;
        rng_seed(&rng, seed);
        double random = count_row(1, 8, &rng).random;
        ck_assert_double_lt(random, 32);
        ck_assert_double_gt(random, 2);
    }
}
END_TEST

int main(void) {
    const Test tests[] = {{bounds_by_hand},
                          {folded_line_meets_bound},
                          {folded_plane_meets_bound},
                          {deep_beats_shallow_at_equal_weights},
                          {random_pieces_are_a_mean},
                          {prints_a_row_for_each_depth},
                          {draws_lines_and_their_growth},
                          {draws_creases_dark},
                          {draws_the_plane_of_each_net},
                          {weights_by_hand},
                          {shallow_random_by_corners},
                          {deep_random_by_slopes, .seconds = 20},
                          {bound_holds_for_any_layer},
                          {mirror_points},
                          {slanted_mirror},
                          {patterns_tell_units},
                          {too_many_units_for_a_pattern, .signal = SIGABRT},
                          {prints_its_result, .seconds = 20}};
    return run_tests("folding", tests, sizeof tests / sizeof *tests);
}
