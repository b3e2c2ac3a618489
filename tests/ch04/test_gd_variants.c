// The gradient, its noise, and who wins.

#define main gd_variants_main
#include "ch04_optimizers/gd_variants.c"
#undef main

#include <stdlib.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

static Samples samples_of(uint64_t seed, Rng *rng) {
    Samples s;
    rng_seed(rng, seed);
    samples_draw(&s, rng);
    return s;
}

// The loss is a parabola: a central difference is exact but for the rounding
// of losses near 10 (1e-15) over the step of 1e-3.
START_TEST(gradient_is_the_slope) {
    Rng rng;
    Samples s = samples_of(1, &rng);
    int index[N];
    double w[2] = {0.3, -0.4}, g[2], unused[2];
    all_of_them(index);
    for (int count = 1; count <= N; count *= 4) {
        loss_and_gradient(g, &s, index, count, w);
        for (int k = 0; k < 2; k++) {
            double up[2] = {w[0], w[1]}, down[2] = {w[0], w[1]};
            up[k] += 1e-3, down[k] -= 1e-3;
            double slope = (loss_and_gradient(unused, &s, index, count, up) -
                            loss_and_gradient(unused, &s, index, count, down)) /
                           2e-3;
            ck_assert_double_eq_tol(g[k], slope, 1e-11);
            ck_assert_double_gt(fabs(g[k]), 0.01);
        }
    }
}
END_TEST

// One sample's gradient is right on average: the mean of all 256 is the batch's
// (sums of numbers up to 30, so 256 roundings of 4e-15 at most).
START_TEST(stochastic_gradients_average_to_the_batch) {
    Rng rng;
    Samples s = samples_of(2, &rng);
    int index[N];
    double w[2] = {-1.0, 2.0}, whole[2], one[2], mean[2] = {0, 0};
    all_of_them(index);
    loss_and_gradient(whole, &s, index, N, w);
    for (int n = 0; n < N; n++) {
        loss_and_gradient(one, &s, &index[n], 1, w);
        mean[0] += one[0] / N;
        mean[1] += one[1] / N;
    }
    ck_assert_double_eq_tol(mean[0], whole[0], 1e-12);
    ck_assert_double_eq_tol(mean[1], whole[1], 1e-12);
}
END_TEST

// Its gradient is 0, and it is near the line that the samples were drawn about.
START_TEST(least_squares_is_the_lowest_point) {
    Rng rng;
    Samples s = samples_of(3, &rng);
    int index[N];
    double w[2], g[2];
    all_of_them(index);
    least_squares(w, &s);
    loss_and_gradient(g, &s, index, N, w);
    ck_assert_double_eq_tol(g[0], 0.0, 1e-12);
    ck_assert_double_eq_tol(g[1], 0.0, 1e-12);
    // of 256 points with noise of 1 the line is known to about 1 / 16
    ck_assert_double_eq_tol(w[SLOPE], 2.0, 0.3);
    ck_assert_double_eq_tol(w[SHIFT], -1.0, 0.4);
}
END_TEST

// Squared deviations of single gradients have a spread of their own, about
// twice their mean: the mean of 2000 is known to 2 / sqrt(2000), its root to
// half of that, 2.2 %, and five deviations are 11 %.
START_TEST(noise_is_as_in_theory) {
    Rng rng;
    Samples s = samples_of(4, &rng);
    Noise noise[SIZES];
    measure(noise, &s, &rng);
    for (int k = 0; k < SIZES - 1; k++) {
        ck_assert_int_eq(noise[k].batch, 1 << k);
        ck_assert_double_gt(noise[k].theory, 0.0);
        ck_assert_double_eq_tol(noise[k].noise / noise[k].theory, 1.0, 0.11);
        ck_assert_double_ge(noise[k].cost, 0.0);
    }
    // without replacement the last batch is everybody
    ck_assert_double_lt(noise[SIZES - 1].noise, 1e-12);
    ck_assert_double_eq(noise[SIZES - 1].theory, 0.0);
    // a sixteenth of the samples: four times the noise, a little less because
    // 16 of 256 are not few
    ck_assert_double_eq_tol(noise[0].theory / noise[4].theory,
                            4.0 * sqrt(255.0 / 240.0), 1e-12);
}
END_TEST

// All samples at once take the steps of gradient descent, whatever their order:
// w <- w - 0.1 dL/dw from (-1, 2), dL/dw the mean over all samples, with 256
// roundings of 4e-15. Every step goes down; the distance to the lowest point
// shrinks by a factor in each, and 3000 steps leave the rounding.
START_TEST(the_batch_follows_the_gradient) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Rng rng;
        Samples s = samples_of(seed, &rng);
        Descent d = {.name = "batch", .batch = N};
        int index[N];
        double g[2], least[2];
        all_of_them(index);
        descend(&d, &s, 3000, 0.1, &rng);
        ck_assert_int_eq(d.steps, 3000);
        ck_assert_double_eq(d.path[SLOPE], -1.0);
        ck_assert_double_eq(d.path[SHIFT], 2.0);
        for (int t = 0; t < 30; t++) {
            const double *w = d.path + 2 * t, *next = w + 2;
            loss_and_gradient(g, &s, index, N, w);
            for (int k = 0; k < 2; k++)
                ck_assert_double_eq_tol(next[k], w[k] - 0.1 * g[k], 1e-12);
            ck_assert_double_lt(whole_loss(&s, next), whole_loss(&s, w));
        }
        const double *end = d.path + (size_t)d.steps * 2;
        least_squares(least, &s);
        ck_assert_double_eq_tol(end[0], least[0], 1e-9);
        ck_assert_double_eq_tol(end[1], least[1], 1e-9);
        mem_free(d.path);
    }
}
END_TEST

// A last batch that is smaller takes part: 256 = 5 * 50 + 6.
START_TEST(uneven_batches) {
    Rng rng;
    Samples s = samples_of(6, &rng);
    Descent d = {.name = "d", .batch = 50};
    descend(&d, &s, 2, 0.1, &rng);
    ck_assert_int_eq(d.steps, 12);
    ck_assert_double_gt(fabs(d.path[24] - d.path[22]), 0.0);
    mem_free(d.path);
}
END_TEST

// With the same passes over the data mini-batches come nearest: the batch is
// still on its way, the single samples jump about.
START_TEST(minibatches_win) {
    for (uint64_t seed = 1; seed <= 10; seed++) {
        Rng rng;
        Samples s = samples_of(seed, &rng);
        Descent d[3] = {{.name = "batch", .batch = N},
                        {.name = "mini", .batch = 16},
                        {.name = "one", .batch = 1}};
        double w[2];
        least_squares(w, &s);
        double least = whole_loss(&s, w);
        for (int k = 0; k < 3; k++) {
            descend(&d[k], &s, 20, 0.1, &rng);
            mem_free(d[k].path);
            ck_assert_double_gt(d[k].last_loss, least);
        }
        ck_assert_double_lt(5 * (d[1].last_loss - least),
                            d[2].last_loss - least);
        ck_assert_double_lt(d[2].last_loss, d[0].last_loss);
    }
}
END_TEST

// Which sample a step took that took one: its gradient is (error x, error), so
// the two parts of the step have the ratio x.
static int sample_of(const Samples *s, const double *step) {
    double x =
        (step[2 + SLOPE] - step[SLOPE]) / (step[2 + SHIFT] - step[SHIFT]);
    int nearest = 0;
    for (int n = 1; n < N; n++)
        if (fabs(s->x[n] - x) < fabs(s->x[nearest] - x))
            nearest = n;
    return nearest;
}

// Every epoch takes each sample once, in an order of its own: of 256 samples
// one stands where it stood before, on average; ten do so once in ten million
// epochs.
START_TEST(each_epoch_has_its_order) {
    enum { EPOCHS = 3 };
    Rng rng;
    Samples s = samples_of(8, &rng);
    Descent d = {.name = "d", .batch = 1};
    int before[N];
    descend(&d, &s, EPOCHS, 1e-3, &rng);
    all_of_them(before);
    for (int e = 0; e < EPOCHS; e++) {
        int times[N] = {0}, same = 0;
        for (int i = 0; i < N; i++) {
            int n = sample_of(&s, d.path + 2 * (e * N + i));
            times[n]++;
            same += n == before[i];
            before[i] = n;
        }
        for (int n = 0; n < N; n++)
            ck_assert_int_eq(times[n], 1);
        ck_assert_msg(same < 10,
                      "epoch %d: %d of %d samples come when they came in the "
                      "epoch before (in the first: in the set): are they "
                      "shuffled in every epoch?",
                      e + 1, same, N);
    }
    mem_free(d.path);
}
END_TEST

// Two epochs are 2, 2 * 4 and 2 * 256 steps; all paths begin at slope -1 and
// shift 2. The table's losses have five decimals, as the result line's.
START_TEST(shows_what_it_did) {
    const char *const name[3] = {"batch", "mini-batch", "stochastic"};
    const char *const result[3] = {"batch_loss", "minibatch_loss",
                                   "stochastic_loss"};
    const int steps[3] = {2, 8, 2 * N};
    static double w[2 * N + 2], b[2 * N + 2];
    Run run = run_for_charts("gd_variants --epochs 2 --batch 64");
    for (int k = 0; k < 3; k++) {
        const char *file = "out/ch04/gd_variants_paths.csv";
        int points = chart_column(file, k + 1, "w", w, 2 * N + 2);
        chart_column(file, k + 1, "b", b, 2 * N + 2);
        ck_assert_int_eq(points, steps[k] + 1);
        ck_assert_double_eq_tol(w[0], -1.0, 1e-6);
        ck_assert_double_eq_tol(b[0], 2.0, 1e-6);
        ck_assert_double_eq(table_number(run.output, name[k], 1), steps[k]);
        const char *panel = panel_of("out/ch04/gd_variants_paths.fig", k + 1);
        assert_says(panel, name[k]);
        ck_assert_int_eq(atoi(after_text(panel, "step: ")), steps[k]);
        ck_assert_double_eq_tol(table_number(run.output, name[k], 2),
                                result_value(&run, result[k]) -
                                    result_value(&run, "least"),
                                2.1e-5);
    }

    // measured to 11 % (above)
    double measured[SIZES], theory[SIZES], cost[SIZES];
    const char *file = "out/ch04/gd_variants_noise.csv";
    ck_assert_int_eq(chart_column(file, 0, "measured", measured, SIZES),
                     SIZES - 1);
    chart_column(file, 0, "theory", theory, SIZES);
    for (int k = 0; k < SIZES - 1; k++) {
        double n = 1 << k;
        ck_assert_double_eq_tol(theory[k] / theory[0],
                                sqrt((N - n) / (n * (N - 1))), 1e-5);
        ck_assert_double_eq_tol(measured[k] / theory[k], 1.0, 0.11);
    }
    chart_column(file, 1, "microseconds", cost, SIZES);
    ck_assert_double_gt(cost[SIZES - 1], cost[0]);
    file = "out/ch04/gd_variants_noise.fig";
    assert_mark(file, 0, "lines", "samples", "theory", "");
    assert_mark(file, 0, "points", "samples", "measured", "");
    assert_mark(file, 1, "linespoints", "samples", "microseconds", "");
    ck_assert_double_eq_tol(
        atof(after_text(figure_words(file, "title", 0), "has ")),
        100.0 * measured[4] / measured[0], 0.51);
}
END_TEST

// A batch as large as the set runs; a rate too large is an error that names it.
START_TEST(limits_are_told) {
    Run run = run_well("gd_variants --plot none --epochs 1 --batch 256");
    run = run_program("gd_variants --plot none --lr 10 --epochs 1000");
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "smaller --lr");
}
END_TEST

int main(void) {
    const Test tests[] = {{gradient_is_the_slope},
                          {stochastic_gradients_average_to_the_batch},
                          {least_squares_is_the_lowest_point},
                          {noise_is_as_in_theory},
                          {the_batch_follows_the_gradient},
                          {uneven_batches},
                          {minibatches_win},
                          {each_epoch_has_its_order},
                          {shows_what_it_did},
                          {limits_are_told}};
    return run_tests("gd_variants", tests, sizeof tests / sizeof *tests);
}
