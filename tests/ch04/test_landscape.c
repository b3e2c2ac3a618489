// Directions as long as the weights they belong to, the surface through the
// minimum, and that the flat minimum is flat.

#include "spoil.h"
#include "spy.h"

#define main landscape_main
#include "ch04_optimizers/landscape.c"
#undef main

#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

static double row_length(const float *row, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)row[i] * (double)row[i];
    return sqrt(sum);
}

// Row by row |d| = |w|, a few roundings of float apart (n additions in double,
// one product in float: 1e-6 is ample); biases 0; and the direction is random.
START_TEST(rows_are_as_long_as_weights) {
    Rng rng;
    ReluNet net;
    Tensor d = {0}, e = {0};
    const int sizes[] = {7, 5, 3};
    rng_seed(&rng, 4);
    relu_net_init(&net, 3, sizes, &rng);
    for (int i = 0; i < 7; i++)
        net.w[0].data[i] *= 100; // one unit far larger than the others
    random_direction(&d, &net, &rng);
    random_direction(&e, &net, &rng);
    size_t at = 0;
    for (int l = 0; l < 2; l++) {
        int M = sizes[l + 1], D = sizes[l];
        for (int m = 0; m < M; m++, at += (size_t)D) {
            double length = row_length(net.w[l].data + m * D, D);
            ck_assert_double_gt(length, 0.01);
            ck_assert_double_eq_tol(row_length(d.data + at, D) / length, 1,
                                    1e-6);
            double cosine = 0;
            for (int i = 0; i < D; i++)
                cosine +=
                    (double)(d.data[at + (size_t)i] * e.data[at + (size_t)i]);
            ck_assert_double_lt(cosine / length / length, 0.999);
        }
        for (int m = 0; m < M; m++, at++)
            ck_assert_float_eq(d.data[at], 0);
    }
    ck_assert_uint_eq(at, d.size);
    tensor_free(&d);
    tensor_free(&e);
    relu_net_free(&net);
}
END_TEST

// A net of 4 units with its first weights, and 50 windows.
typedef struct {
    Rng rng;
    ReluNet net;
    Dataset set, other;
    Tensor w; // the weights
} Small;

static void small_init(Small *s, uint64_t seed) {
    *s = (Small){.w = {0}};
    rng_seed(&s->rng, seed);
    characters_draw(&s->set, &s->other, 50, 10, seed);
    relu_net_init(&s->net, 3, (int[]){CHARACTER_PIXELS, 4, 2}, &s->rng);
    tensor_copy(&s->w, &s->net.params.value);
}

static void small_free(Small *s) {
    relu_net_free(&s->net);
    dataset_free(&s->set);
    dataset_free(&s->other);
    tensor_free(&s->w);
}

// Its purpose: a unit's weights times 10 and the next layer's by 10 is the same
// net; a direction scaled along with it meets the same losses.
START_TEST(same_net_same_surface) {
    Small s;
    Tensor d = {0};
    double loss[2];
    small_init(&s, 9);
    for (int k = 0; k < 2; k++) {
        if (k == 1) // exact in binary: 8 instead of 10
            for (size_t i = 0; i < s.w.size; i++)
                s.w.data[i] *= i < s.net.w[0].size ? 8 : 0.125f;
        tensor_copy(&s.net.params.value, &s.w);
        Rng again = s.rng;
        random_direction(&d, &s.net, &again);
        loss[k] = loss_at(&s.net, &s.set, &s.w, 0.7, &d, 0, &d);
    }
    ck_assert_double_gt(fabs(loss[0] - loss_of(&s.net, &s.set, NULL)), 1e-3);
    ck_assert_double_eq_tol(loss[0], loss[1], 1e-5); // normalized in float
    // and the weights are where they were
    assert_close(s.net.params.value.data, s.w.data, s.w.size, 0.0, "weights");
    tensor_free(&d);
    small_free(&s);
}
END_TEST

// Cell [i][j] is the loss at w + a d1 + b d2, a along j and b along i, with two
// different directions.
START_TEST(a_cell_off_the_axes) {
    Small s;
    Tensor d1 = {0}, d2 = {0};
    const int cells[][2] = {{2, SIDE - 3}, {SIDE - 1, 0}, {5, 9}};
    View view = {0};
    small_init(&s, 6);
    Rng again = s.rng;
    look_around(&view, &s.net, &s.set, &s.rng);
    for (int n = 0; n <= DIRECTIONS; n++) // the last one is d1
        random_direction(&d1, &s.net, &again);
    random_direction(&d2, &s.net, &again);
    for (int c = 0; c < 3; c++) {
        int i = cells[c][0], j = cells[c][1];
        float a = (float)axis(j), b = (float)axis(i);
        for (size_t k = 0; k < s.w.size; k++)
            s.net.params.value.data[k] =
                s.w.data[k] + a * d1.data[k] + b * d2.data[k];
        ck_assert_double_eq(view.surface[i][j], loss_of(&s.net, &s.set, NULL));
        ck_assert_double_ne(view.surface[i][j], view.surface[j][i]);
    }
    tensor_free(&d1);
    tensor_free(&d2);
    small_free(&s);
}
END_TEST

// From -1 to 1, the minimum in the middle.
START_TEST(axis_runs_from_end_to_end) {
    ck_assert_double_eq(axis(0), -1);
    ck_assert_double_eq(axis(SIDE - 1), 1);
    ck_assert_double_eq(axis(SIDE / 2), 0);
}
END_TEST

// Four seeds: both memorize their windows, and around the flat minimum the loss
// rises by less than half as much. Its middle is the loss itself. The flat net
// reads more validation windows, but its validation loss is lower on some seeds
// and higher on others.
START_TEST(flat_is_flat) {
    Options o = {
        .common = {.quiet = true}, .epochs = 300, .batch = 10, .lr = 0.1f};
    int lower = 0, higher = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        Dataset set, validation;
        static View views[NETS];
        o.common.seed = seed;
        characters_draw(&set, &validation, CHARACTER_TRAIN,
                        CHARACTER_VALIDATION, seed);
        for (int k = 0; k < NETS; k++) {
            views[k] = explore(shake_of[k], &set, &validation, &o);
            ck_assert_double_lt(views[k].loss, 0.05);
            ck_assert_double_eq(views[k].surface[SIDE / 2][SIDE / 2],
                                views[k].loss);
        }
        ck_assert_double_lt(views[1].rise, 0.5 * views[0].rise);
        ck_assert_double_gt(views[1].rise, 0);
        ck_assert_double_gt(views[1].accuracy, views[0].accuracy);
        lower += views[1].validation < views[0].validation;
        higher += views[1].validation > views[0].validation;
        dataset_free(&set);
        dataset_free(&validation);
    }
    ck_assert_int_gt(lower, 0);
    ck_assert_int_gt(higher, 0);
}
END_TEST

// 200 windows in batches of 10 are 20 steps an epoch, each in another order.
// Where nothing shakes it, a net's gradient is not 0 in the first step.
START_TEST(shuffles_the_windows) {
    run_spied(landscape_main, "landscape --epochs 2 --plot none --quiet");
    ck_assert_int_eq(spy.steps, NETS * 2 * 20);
    ck_assert_int_eq(spy.shuffled, NETS * 2);
    assert_first_step_has_a_gradient();
}
END_TEST

// After 30 epochs both nets read some 80 of 100 windows of either set, so with
// every validation label turned 20. The shaken one's training loss is higher.
START_TEST(validates_on_unseen_windows) {
    Run run = run_on_turned_labels(landscape_main,
                                   "landscape --epochs 30 --plot none");
    for (int k = 0; k < NETS; k++) {
        const char *row = net_name[k];
        char name[32];
        double loss = table_number(run.output, row, 0),
               far_out = table_number(run.output, row, 1),
               validation = table_number(run.output, row, 2),
               right = table_number(run.output, row, 3);
        ck_assert_msg(right < 50 && validation > 2 * loss,
                      "%s: all validation labels are wrong, and yet %g %% of "
                      "the answers are right and the loss is %g (in training "
                      "%g): are training and validation windows mixed up?",
                      row, right, validation, loss);
        snprintf(name, sizeof name, "%s_loss", row);
        ck_assert_double_eq_tol(loss, result_value(&run, name), 1e-6);
        snprintf(name, sizeof name, "%s_rise", row);
        ck_assert_double_eq_tol(far_out - loss, result_value(&run, name), 2e-4);
        snprintf(name, sizeof name, "%s_validation", row);
        ck_assert_double_eq_tol(validation, result_value(&run, name), 1e-6);
    }
    ck_assert_double_lt(result_value(&run, "sharp_loss"),
                        result_value(&run, "flat_loss"));
}
END_TEST

// A shaken net's step begins where the net was, not where the shake led: at a
// rate of almost 0 its weights stay.
START_TEST(a_shake_is_taken_back) {
    Small s;
    const Options o = {
        .common = {.quiet = true}, .epochs = 1, .batch = 10, .lr = 1e-9f};
    small_init(&s, 2);
    train(&s.net, &s.set, 0.5f, &o, &s.rng);
    assert_close(s.net.params.value.data, s.w.data, s.w.size, 1e-6, "weights");
    small_free(&s);
}
END_TEST

// A made-up surface: the loss is 2 a + b + 4 for the one net, 3 more for the
// other. Both stand on one scale.
START_TEST(draws_a_along_the_first_direction) {
    enum { CELLS = SIDE * SIDE };
    static View views[NETS];
    static double a[CELLS], b[CELLS], loss[CELLS];
    views[0].rise = 0.5;
    views[1].rise = 0.25;
    for (int k = 0; k < NETS; k++)
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++)
                views[k].surface[i][j] = 2 * axis(j) + axis(i) + 4 + 3 * k;
    hide_gnuplot();
    draw(views, "svg");
    assert_says(figure_words("out/ch04/landscape_contours.fig", "title", 0),
                "by 0.50 (sharp) and 0.25 (flat)");
    for (int k = 0; k < NETS; k++) {
        const char *file = "out/ch04/landscape_contours.csv",
                   *figure = "out/ch04/landscape_contours.fig";
        chart_column(file, k, "log10 loss", loss, CELLS);
        assert_says(panel_of(figure, k), k == 0 ? "Sharp" : "Flat");
        assert_mark(figure, k, "heat", "a", "b", "");
        ck_assert_double_eq(figure_attribute(figure, "heat", k, "v"), 3);
        ck_assert_double_eq(figure_attribute(figure, "heat", k, "high"),
                            figure_attribute(figure, "heat", 0, "high"));
        chart_column(file, k, "a", a, CELLS);
        chart_column(file, k, "b", b, CELLS);
        for (int i = 0; i < SIDE; i++)
            ck_assert_double_eq_tol(pow(10, loss[i]),
                                    2 * a[i] + b[i] + 4 + 3 * k, 1e-5);
    }
}
END_TEST

static View reported[NETS];
static void report_them(void) {
    const Options o = {.epochs = 1, .batch = 10, .lr = 0.1f};
    report(reported, &o);
}

// Made-up nets: the flat one has the lower loss and the higher accuracy, then
// neither. What the page says of it follows from the numbers.
START_TEST(says_whether_the_flat_net_is_better) {
    reported[0] = (View){.validation = 0.6, .accuracy = 0.7};
    reported[1] = (View){.validation = 0.5, .accuracy = 0.8};
    Run better = run_function(report_them);
    reported[1] = (View){.validation = 0.7, .accuracy = 0.6};
    Run worse = run_function(report_them);
    assert_never_says(better.output, " not ");
    assert_says(worse.output, "not lower");
    assert_says(worse.output, "not higher");
}
END_TEST

// --quiet
START_TEST(prints_nothing_but_its_result) {
    Run run = run_for_result("landscape --epochs 2");
    ck_assert_int_eq(strncmp(run.output, "result: ", 8), 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{rows_are_as_long_as_weights},
                          {same_net_same_surface},
                          {a_cell_off_the_axes},
                          {axis_runs_from_end_to_end},
                          {flat_is_flat, .seconds = 100},
                          {shuffles_the_windows},
                          {validates_on_unseen_windows},
                          {a_shake_is_taken_back},
                          {draws_a_along_the_first_direction},
                          {says_whether_the_flat_net_is_better},
                          {prints_nothing_but_its_result}};
    return run_tests("landscape", tests, sizeof tests / sizeof *tests);
}
