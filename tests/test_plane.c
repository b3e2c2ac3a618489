// The moons are where they should be, a net's answers are not turned round, and
// each number of a score is what its name says.

#include <math.h>
#include <stdio.h>

#include "figures.h"
#include "numbers.h"
#include "plane.h"
#include "tables.h"
#include "testing.h"

// Around each arc the points scatter by 0.25 in each direction: their distance
// from its center, sign * (-0.5, -0.25), is 1 on average and deviates by about
// as much; 4000 points know the mean to 0.004. Class 0 is the upper arc.
START_TEST(moons_are_half_circles) {
    enum { N = 4000 };
    PlanePoints p = {0};
    Rng rng;
    rng_seed(&rng, 1);
    plane_moons(&p, N, &rng);
    double mean = 0, square = 0, height[2] = {0}, right[2] = {0};
    for (int n = 0; n < N; n++) {
        double sign = n % 2 ? -1 : 1;
        double x = (double)p.x.data[2 * n], y = (double)p.x.data[2 * n + 1];
        double r = hypot(x + 0.5 * sign, y + 0.25 * sign);
        mean += r / N;
        square += r * r / N;
        height[n % 2] += y * 2 / N;
        right[n % 2] += x * 2 / N;
    }
    ck_assert_double_eq_tol(mean, 1.03, 0.02);
    ck_assert_double_eq_tol(sqrt(square - mean * mean), 0.25, 0.02);
    // the mean height of a half circle is 2 / pi
    for (int class = 0; class < 2; class ++) {
        double sign = class ? -1 : 1;
        ck_assert_double_eq_tol(height[class], sign * (2 / 3.14159 - 0.25),
                                0.04);
        ck_assert_double_eq_tol(right[class], sign * -0.5, 0.07);
    }
    plane_points_free(&p);
}
END_TEST

// Three of 60 labels, one of them of class 1; 50 of 1000, half of each.
START_TEST(one_label_in_twenty_is_wrong) {
    const struct {
        int count, wrong[2];
    } sets[] = {{60, {2, 1}}, {1000, {25, 25}}};
    for (int i = 0; i < 2; i++) {
        PlanePoints p = {0};
        Rng rng;
        int wrong[2] = {0};
        rng_seed(&rng, 1);
        plane_moons(&p, sets[i].count, &rng);
        for (int n = 0; n < sets[i].count; n++) {
            ck_assert(p.t.data[n] == 0.0f || p.t.data[n] == 1.0f);
            wrong[n % 2] += p.t.data[n] != (float)(n % 2);
        }
        ck_assert_int_eq(wrong[0], sets[i].wrong[0]);
        ck_assert_int_eq(wrong[1], sets[i].wrong[1]);
        plane_points_free(&p);
    }
}
END_TEST

// One neuron, logit = a x + b y + c.
static void neuron(ReluNet *net, float a, float b, float c) {
    Rng rng;
    rng_seed(&rng, 1);
    relu_net_init(net, 2, (int[]){2, 1}, &rng);
    net->w[0].data[0] = a;
    net->w[0].data[1] = b;
    net->b[0].data[0] = c;
}

static double sigmoid(double z) {
    return 1 / (1 + exp(-z));
}

// Cells go from left to right, then upwards, (0, 0) in the middle.
START_TEST(a_map_is_not_turned) {
    static PlaneMap map;
    ReluNet net;
    neuron(&net, 1, 2, 0.1f);
    plane_look(&map, &net);
    const struct {
        int column, row;
    } at[] = {{0, 0}, {40, 0}, {0, 30}, {20, 15}, {7, 29}};
    for (int i = 0; i < 5; i++) {
        double x = 0.12 * (at[i].column - 20), y = 0.12 * (at[i].row - 15);
        ck_assert_double_eq_tol(
            (double)map.p[at[i].row * PLANE_COLUMNS + at[i].column],
            sigmoid(x + 2 * y + 0.1), 1e-5);
    }
    relu_net_free(&net);
}
END_TEST

// Upright it crosses 31 rows, level 41 columns; from corner to corner it is a
// staircase of both; where all is one class there is none. An island of one cell
// has four sides, at the map's corner two.
START_TEST(lengths_of_lines) {
    const struct {
        float a, b, c;
        double sides;
    } lines[] = {{1, 0, 0.06f, 31},
                 {0, 1, 0.06f, 41},
                 {1.5f, 2, 0.01f, 41 + 30},
                 {0, 0, 1, 0}};
    static PlaneMap map;
    for (int i = 0; i < 4; i++) {
        ReluNet net;
        neuron(&net, lines[i].a, lines[i].b, lines[i].c);
        plane_look(&map, &net);
        ck_assert_double_eq_tol(plane_boundary(&map), 0.12 * lines[i].sides,
                                i == 2 ? 0.25 : 1e-9);
        relu_net_free(&net);
    }
    map = (PlaneMap){{0}};
    map.p[5 * PLANE_COLUMNS + 7] = 1;
    ck_assert_double_eq_tol(plane_boundary(&map), 0.48, 1e-9);
    map.p[PLANE_CELLS - 1] = 1;
    ck_assert_double_eq_tol(plane_boundary(&map), 0.72, 1e-9);
    map.p[2 * PLANE_COLUMNS - 1] = 1; // three sides, at the right edge
    ck_assert_double_eq_tol(plane_boundary(&map), 1.08, 1e-9);
}
END_TEST

static PlanePoints points(int N, const float *x, const float *t) {
    PlanePoints p = {0};
    tensor_resize(&p.x, 2, N, 2);
    tensor_resize(&p.t, 2, N, 1);
    for (int n = 0; n < N; n++) {
        p.x.data[2 * n] = x[n];
        p.x.data[2 * n + 1] = 9; // the neuron does not look
        p.t.data[n] = t[n];
    }
    return p;
}

START_TEST(scores_by_hand) {
    PlanePoints train = points(2, (float[]){1, -2}, (float[]){1, 0});
    PlanePoints fresh =
        points(4, (float[]){1, 0.4f, -1, -3}, (float[]){0, 1, 0, 0});
    ReluNet net;
    neuron(&net, 1, 0, 0.0f);
    PlaneScore s = plane_score(&net, &train, &fresh);
    ck_assert_double_eq(s.train_error, 0);
    ck_assert_double_eq(s.error, 25);
    ck_assert_double_eq_tol(s.train_loss,
                            -(log(sigmoid(1)) + log(sigmoid(2))) / 2, 1e-6);
    ck_assert_double_eq_tol(s.loss,
                            -(log(sigmoid(-1)) + log(sigmoid(0.4)) +
                              log(sigmoid(1)) + log(sigmoid(3))) /
                                4,
                            1e-6);
    ck_assert_double_eq_tol(s.length, 0.12 * 31, 1e-9);
    relu_net_free(&net);
    plane_points_free(&train);
    plane_points_free(&fresh);
}
END_TEST

// Each number by itself, and of every second score only.
START_TEST(medians_number_by_number) {
    const PlaneScore s[6] = {{1, 20, 300, 4000, 50000}, {9, 9, 9, 9, 9},
                             {3, 10, 200, 6000, 10000}, {9, 9, 9, 9, 9},
                             {2, 30, 100, 5000, 30000}, {9, 9, 9, 9, 9}};
    PlaneScore m = plane_median(s, 3, 2);
    ck_assert_double_eq(m.train_loss, 2);
    ck_assert_double_eq(m.train_error, 20);
    ck_assert_double_eq(m.loss, 200);
    ck_assert_double_eq(m.error, 5000);
    ck_assert_double_eq(m.length, 30000);
}
END_TEST

START_TEST(smoother_is_both) {
    const PlaneScore s = {.loss = 1, .length = 5};
    const PlaneScore lower = {.loss = 0.9, .length = 5};
    const PlaneScore shorter = {.loss = 1, .length = 4};
    const PlaneScore both = {.loss = 0.9, .length = 4};
    ck_assert(!plane_smoother(&s, &s));
    ck_assert(!plane_smoother(&lower, &s));
    ck_assert(!plane_smoother(&shorter, &s));
    ck_assert(plane_smoother(&both, &s));
    ck_assert(!plane_smoother(&s, &both));
}
END_TEST

// Two maps and two points, moved by 10: the second map is shown.
START_TEST(draws_maps_and_points) {
    static PlaneMap maps[2];
    double x[PLANE_CELLS], y[PLANE_CELLS], p[2][PLANE_CELLS];
    for (int i = 0; i < PLANE_CELLS; i++) {
        x[i] = 0.12 * (i % 41 - 20) + 10;
        y[i] = 0.12 * (i / 41 - 15);
        for (int k = 0; k < 2; k++) {
            maps[k].p[i] = (float)((i + k * 100) % 500) / 500;
            p[k][i] = (double)maps[k].p[i];
        }
    }
    PlanePoints points_drawn = points(2, (float[]){1, -2}, (float[]){1, 0});
    Figure f;
    hide_gnuplot();
    ck_assert(figure_open(&f, "ch99", "plane", "svg"));
    figure_title(&f, "Two maps");
    figure_caption(&f, "The second one is shown.");
    plane_tables(&f, maps, (int[]){3, 8}, 2, &points_drawn, 10);
    plane_show(&f, 0, 1);
    figure_close(&f);

    const char *file = "out/ch99/plane.csv", *figure = "out/ch99/plane.fig";
    assert_column(file, 0, "x", x, PLANE_CELLS, 1e-6);
    assert_column(file, 0, "y", y, PLANE_CELLS, 1e-6);
    assert_column(file, 0, "epoch 3", p[0], PLANE_CELLS, 6e-4);
    assert_column(file, 0, "epoch 8", p[1], PLANE_CELLS, 6e-4);
    assert_column(file, 1, "x", (double[]){11, 8}, 2, 1e-6);
    assert_column(file, 1, "y", (double[]){9, 9}, 2, 1e-6);
    assert_column(file, 1, "label", (double[]){1, 0}, 2, 0);

    assert_mark(figure, 0, "heat", "x", "y", "");
    ck_assert_double_eq(figure_attribute(figure, "heat", 0, "v"), 4);
    ck_assert_double_eq(figure_attribute(figure, "heat", 0, "low"), 0);
    ck_assert_double_eq(figure_attribute(figure, "heat", 0, "high"), 1);
    assert_mark(figure, 1, "points", "x", "y", "");
    ck_assert_int_eq(figure_count(figure, "points"), 4); // each on a white one
    for (int i = 0; i < 4; i++) {
        ck_assert_double_eq(figure_attribute(figure, "points", i, "column"), 3);
        ck_assert_double_eq(figure_attribute(figure, "points", i, "value"),
                            i / 2);
    }
    const char *description = text_of(figure);
    assert_says(description, "color=blue point=dot size=0.8 column=3 value=0");
    assert_says(description,
                "color=vermilion point=triangle size=0.8 column=3 value=1");
    plane_points_free(&points_drawn);
}
END_TEST

START_TEST(a_net_of_two_outputs) {
    static PlaneMap map;
    ReluNet net;
    Rng rng;
    rng_seed(&rng, 1);
    relu_net_init(&net, 2, (int[]){2, 2}, &rng);
    plane_look(&map, &net);
}
END_TEST

int main(void) {
    const Test tests[] = {{moons_are_half_circles},
                          {one_label_in_twenty_is_wrong},
                          {a_map_is_not_turned},
                          {lengths_of_lines},
                          {scores_by_hand},
                          {medians_number_by_number},
                          {smoother_is_both},
                          {draws_maps_and_points},
                          {a_net_of_two_outputs, .signal = SIGABRT}};
    return run_tests("plane", tests, sizeof tests / sizeof *tests);
}
