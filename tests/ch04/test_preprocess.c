// Each scaling by hand on a few numbers, whitening to I, and what it is for.

#define main preprocess_main
#include "ch04_optimizers/preprocess.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// People as the program draws them: x is shoe size and height, t the weight.
typedef struct {
    Tensor x, t;
} People;

static People draw(uint64_t seed) {
    Rng rng;
    People p = {.x = {0}};
    rng_seed(&rng, seed);
    draw_people(&p.x, &p.t, &rng);
    return p;
}

static Tensor rescaled(const People *p, Scale scale) {
    Tensor y = {0};
    tensor_copy(&y, &p->x);
    rescale(&y, scale);
    return y;
}

static void free_people(People *p) {
    tensor_free(&p->x);
    tensor_free(&p->t);
}

// [A eq.15] 2, 4, 10 -> 0, 1/4, 1 and -1, -1/2, 1; all exact in a float.
START_TEST(min_max_by_hand) {
    float numbers[] = {2, 4, 10};
    Tensor x = tensor_view(numbers, 2, 3, 1);
    min_max(&x, 0, 0, 1);
    assert_close(numbers, (const float[]){0, 0.25f, 1}, 3, 0.0, "x");
    min_max(&x, 0, -1, 1);
    assert_close(numbers, (const float[]){-1, -0.5f, 1}, 3, 0.0, "x");
}
END_TEST

// [A eq.15] [A eq.18] a constant column becomes 0 (or the low end), not NaN: in
// a column of its own, beside one that varies.
START_TEST(constant_columns_become_zero) {
    const float values[] = {0, 172.3f, -1e-30f};
    for (int k = 0; k < 3; k++) {
        float c = values[k], numbers[] = {c, 1, c, 2, c, 3, c, 4};
        Tensor x = tensor_view(numbers, 2, 4, 2);
        standardize(&x);
        for (int n = 0; n < 4; n++)
            ck_assert_float_eq(numbers[2 * n], 0);
        ck_assert_double_eq_tol(deviation_of(&x, 1), 1, 1e-6);
        for (int n = 0; n < 4; n++)
            numbers[2 * n] = c;
        min_max(&x, 0, 0, 1);
        for (int n = 0; n < 4; n++)
            ck_assert_float_eq(numbers[2 * n], 0);
        min_max(&x, 0, -1, 1);
        for (int n = 0; n < 4; n++)
            ck_assert_float_eq(numbers[2 * n], -1);
    }
}
END_TEST

// What the program says of MNIST: 67 pixels are 0 in all 60,000 digits.
START_TEST(constant_pixels_of_mnist) {
    Error err;
    Digits digits;
    const char *folder = mnist_dir_or_skip("constant_pixels_of_mnist");
    if (folder == NULL)
        return;
    ck_assert(digits_load(&digits, folder, 0, 1, &err));
    const Dataset *set = &digits.train;
    ck_assert_int_eq(set->count, 60000);
    int constant = 0, pixels = SIDE * SIDE;
    for (int p = 0; p < pixels; p++) {
        bool zero = true;
        for (int n = 0; n < set->count; n++)
            zero &= set->pixels[(size_t)n * pixels + p] == 0;
        constant += zero;
    }
    ck_assert_int_eq(constant, 67);
    digits_free(&digits);
}
END_TEST

// [A eq.15] its weakness: one outlier, and all others are pressed to one end of
// [0, 1]. Their heights span 6 deviations of 8 cm, about 50 cm; the outlier is
// 1550 cm away: 0.03. Standardizing does not help.
START_TEST(an_outlier_squeezes_the_others) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        People p = draw(seed);
        ck_assert_double_gt(width_of_others(&p.x, false, false), 0.9);
        ck_assert_double_lt(width_of_others(&p.x, true, false), 0.05);
        ck_assert_double_gt(width_of_others(&p.x, false, true), 5);
        ck_assert_double_lt(width_of_others(&p.x, true, true), 1);
        free_people(&p);
    }
}
END_TEST

// [A eq.16] to [A eq.19] 2, 4, 4, 6: mean 4, sum of squares 8, by N - 1 = 3.
START_TEST(standardize_by_hand) {
    float numbers[] = {2, 4, 4, 6};
    Tensor x = tensor_view(numbers, 2, 4, 1);
    ck_assert_double_eq(mean_of(&x, 0), 4);
    ck_assert_double_eq_tol(deviation_of(&x, 0), sqrt(8.0 / 3), 1e-15);
    center(&x);
    ck_assert_float_eq(numbers[0], -2);
    ck_assert_float_eq(numbers[3], 2);
    standardize(&x);
    ck_assert_double_eq_tol((double)numbers[0], -2 / sqrt(8.0 / 3), 1e-7);
    ck_assert_float_eq(numbers[1], 0);
}
END_TEST

// L L^T = C, above the diagonal nothing.
START_TEST(cholesky_by_hand) {
    double C[D][D] = {{4, 6}, {6, 25}}, L[D][D];
    cholesky(L, C);
    ck_assert_double_eq(L[0][0], 2);
    ck_assert_double_eq(L[0][1], 0);
    ck_assert_double_eq(L[1][0], 3);
    ck_assert_double_eq(L[1][1], 4);
}
END_TEST

// Covariance = I to 1e-3 after both whitenings, for several seeds; not before.
// Rounding leaves 1e-5 at most: heights of 172 are kept to 172 * 2^-24, a
// millionth of their deviation, and the valley is ten times as narrow.
START_TEST(whitened_is_white) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        People p = draw(seed);
        for (int k = 0; k < SCALES; k++) {
            Tensor y = rescaled(&p, (Scale)k);
            double error = whiteness_error(&y);
            if (k == PCA_WHITE || k == CHOLESKY_WHITE)
                ck_assert_double_lt(error, 1e-5);
            else
                ck_assert_double_gt(error, 0.5);
            ck_assert_double_eq_tol(mean_of(&y, 0), 0, 1e-5);
            ck_assert_double_eq_tol(mean_of(&y, 1), 0, 1e-5);
            tensor_free(&y);
        }
        free_people(&p);
    }
}
END_TEST

// Any whitening gives covariance I; Cholesky's, L z = x - mean, begins with
// column 0 standardized, and PCA's does not.
START_TEST(cholesky_keeps_the_order_of_columns) {
    People p = draw(3);
    Tensor y = rescaled(&p, CHOLESKY_WHITE), standard = rescaled(&p, STANDARD),
           pca = rescaled(&p, PCA_WHITE);
    double C[D][D], L[D][D], apart = 0;
    covariance(C, &p.x);
    cholesky(L, C);
    double mean0 = mean_of(&p.x, 0), mean1 = mean_of(&p.x, 1);
    for (int n = 0; n < N; n++) {
        const float *z = &y.data[n * D], *x = &p.x.data[n * D];
        double z0 = (double)z[0], z1 = (double)z[1];
        ck_assert_double_eq_tol(z0, (double)standard.data[n * D], 1e-5);
        ck_assert_double_eq_tol(L[0][0] * z0, (double)x[0] - mean0, 1e-4);
        ck_assert_double_eq_tol(L[1][0] * z0 + L[1][1] * z1,
                                (double)x[1] - mean1, 1e-3);
        apart = fmax(apart, fabs((double)pca.data[n * D] - z0));
    }
    ck_assert_double_gt(apart, 0.5);
    tensor_free(&y);
    tensor_free(&standard);
    tensor_free(&pca);
    free_people(&p);
}
END_TEST

// x = (u, u^2), u = -2 .. 2: no correlation, variances 2.5 and 3.5, so u^2 is
// component 0. White, but z_1 tells z_0: if they were independent, the mean of
// z_1^2 z_0 would be 0; it is the sum of u^2 (u^2 - 2) / (2.5 sqrt(3.5)) by 5.
START_TEST(uncorrelated_is_not_independent) {
    float numbers[] = {-2, 4, -1, 1, 0, 0, 1, 1, 2, 4};
    Tensor x = tensor_view(numbers, 2, 5, D);
    double product = 0;
    pca_whiten(&x);
    ck_assert_double_lt(whiteness_error(&x), 1e-5);
    for (int n = 0; n < 5; n++) {
        double z0 = (double)numbers[2 * n], z1 = (double)numbers[2 * n + 1];
        product += z1 * z1 * z0 / 5;
    }
    ck_assert_double_eq_tol(fabs(product), 14 / (2.5 * sqrt(3.5)) / 5, 1e-4);
}
END_TEST

// 99.73 %, not 99 %: of a million, five deviations of sqrt(p (1 - p) / 1e6).
START_TEST(three_deviations) {
    Rng rng;
    rng_seed(&rng, 7);
    double within = within_three(1000000, &rng);
    ck_assert_double_eq_tol(within, 0.9973002, 5 * 5.2e-5);
}
END_TEST

// The best weights have no gradient: the mean of (x . w - t) x is zero. Steps:
// with condition k the error falls by (k - 1) / (k + 1) each step, the loss by
// its square, so a millionth takes at most ln(1e-3) / ln((k - 1) / (k + 1)).
START_TEST(rounder_is_faster) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        People p = draw(seed);
        int steps[SCALES];
        for (int k = 0; k < SCALES; k++) {
            Tensor y = rescaled(&p, (Scale)k);
            Descent d = descend(&y, &p.t);
            double gradient = 0, size = 0, target = 0;
            for (int n = 0; n < N; n++)
                target += (double)p.t.data[n] / N;
            for (int n = 0; n < N; n++) {
                double a = (double)y.data[n * D], b = (double)y.data[n * D + 1];
                double off = a * d.best[0] + b * d.best[1] -
                             ((double)p.t.data[n] - target);
                gradient += off * a / N;
                size += fabs(off * a) / N;
            }
            ck_assert_double_gt(size, 0.1);
            ck_assert_double_lt(fabs(gradient), 1e-5 * size);
            double fall = (d.eigen[0] - d.eigen[1]) / (d.eigen[0] + d.eigen[1]);
            ck_assert_int_le(d.steps, (int)(log(1e-3) / log(fall)) + 1);
            steps[k] = d.steps;
            ck_assert_int_gt(d.steps, 0);
            tensor_free(&y);
        }
        ck_assert_int_lt(steps[STANDARD] * 3, steps[CENTERED]);
        ck_assert_int_eq(steps[PCA_WHITE], 1);
        ck_assert_int_eq(steps[CHOLESKY_WHITE], 1);
        free_people(&p);
    }
}
END_TEST

// After size normalization each center of mass lies within a pixel (two of the
// doubled ones) of the middle, wherever it was before.
START_TEST(pictures_are_centered) {
    Rng rng;
    rng_seed(&rng, 3);
    float *pictures = mem_alloc(2 * SHEET * PIXELS, sizeof *pictures);
    normalize_pictures(pictures, &rng);
    double farthest = 0;
    for (int k = 0; k < 2 * SHEET; k++) {
        double ink = 0, x = 0, y = 0;
        for (int p = 0; p < PIXELS; p++) {
            double v = (double)pictures[k * PIXELS + p];
            ink += v;
            x += v * (p % CANVAS);
            y += v * (p / CANVAS);
        }
        double off = hypot(x / ink - 28, y / ink - 28);
        if (k < SHEET)
            farthest = fmax(farthest, off);
        else
            ck_assert_double_lt(off, 2);
    }
    ck_assert_double_gt(farthest, 4);
    mem_free(pictures);
}
END_TEST

// The covariance of two columns of a chart.
static double covariance_of(const double *a, const double *b) {
    double mean_a = 0, mean_b = 0, sum = 0;
    for (int n = 0; n < N; n++) {
        mean_a += a[n] / N;
        mean_b += b[n] / N;
    }
    for (int n = 0; n < N; n++)
        sum += (a[n] - mean_a) * (b[n] - mean_b) / (N - 1);
    return sum;
}

// Shoe sizes vary by 2 and heights by 8 (of 400 people: to 3.5 %, 5 deviations
// are 18 %); standardized both vary by 1, whitened they are uncorrelated, too.
// The paths end at the weights that the people were drawn with, 2 and 0.6.
START_TEST(shows_scaled_clouds) {
    double a[N], b[N], w[KEPT + 1];
    Run run = run_for_charts("preprocess");
    for (int k = 0; k < SCALES; k++) {
        const char *file = "out/ch04/preprocess_clouds.csv";
        ck_assert_int_eq(chart_column(file, k, "a", a, N), N);
        chart_column(file, k, "b", b, N);
        ck_assert_str_eq(panel_of("out/ch04/preprocess_clouds.fig", k),
                         scale_name[k]);
        assert_mark("out/ch04/preprocess_clouds.fig", k, "points", "a", "b",
                    "");
        double aa = covariance_of(a, a), bb = covariance_of(b, b),
               ab = covariance_of(a, b);
        if (k == CENTERED) {
            ck_assert_double_eq_tol(sqrt(aa), 2, 0.36);
            ck_assert_double_eq_tol(sqrt(bb), 8, 1.44);
        } else {
            ck_assert_double_eq_tol(aa, 1, 1e-4);
            ck_assert_double_eq_tol(bb, 1, 1e-4);
            ck_assert_int_eq(fabs(ab) < 1e-4, k != STANDARD);
        }
    }
    const char *file = "out/ch04/preprocess_paths.csv";
    int points = chart_column(file, 1, "w1", w, KEPT + 1);
    ck_assert_double_eq_tol(w[points - 1], 2, 0.4); // noise 4 of 70 kg
    chart_column(file, 1, "w2", w, KEPT + 1);
    ck_assert_double_eq_tol(w[points - 1], 0.6, 0.2);
    file = "out/ch04/preprocess_paths.fig";
    for (int k = CENTERED; k <= PCA_WHITE; k++) {
        ck_assert_str_eq(panel_of(file, 2 * k + 1), scale_name[k]);
        assert_mark(file, 2 * k + 1, "linespoints", "w1", "w2", "");
    }
    int steps[3];
    ck_assert_int_eq(sscanf(figure_words(file, "title", 0),
                            "%*[^:]: %d centered, %d standardized, %d",
                            &steps[0], &steps[1], &steps[2]),
                     3);
    ck_assert_double_eq(steps[0], result_value(&run, "steps_centered"));
    ck_assert_double_eq(steps[1], result_value(&run, "steps_standardized"));
    ck_assert_double_eq(steps[2], result_value(&run, "steps_whitened"));

    file = "out/ch04/preprocess_pictures.fig";
    ck_assert_str_eq(figure_words(file, "tick", 0), "before");
    ck_assert_str_eq(figure_words(file, "tick", 1), "after");

    // the eigenvalues of [1 r; r 1] are 1 + r and 1 - r
    const char *row = scale_name[STANDARD];
    double r = table_number(run.output, row, 1);
    ck_assert_double_eq_tol(r, 0.8, 0.1);
    ck_assert_double_eq_tol(table_number(run.output, row, 3), (1 + r) / (1 - r),
                            0.06);
    ck_assert_double_eq(table_number(run.output, row, 4),
                        result_value(&run, "steps_standardized"));
    ck_assert_double_eq(result_value(&run, "steps_whitened"), 1);
    ck_assert_double_eq(result_value(&run, "within_3"), 0.9972);
}
END_TEST

int main(void) {
    const Test tests[] = {{min_max_by_hand},
                          {standardize_by_hand},
                          {constant_columns_become_zero},
                          {constant_pixels_of_mnist, .seconds = 20},
                          {an_outlier_squeezes_the_others},
                          {cholesky_by_hand},
                          {whitened_is_white},
                          {cholesky_keeps_the_order_of_columns},
                          {uncorrelated_is_not_independent},
                          {three_deviations},
                          {rounder_is_faster},
                          {shows_scaled_clouds},
                          {pictures_are_centered}};
    return run_tests("preprocess", tests, sizeof tests / sizeof *tests);
}
