// PCA is SVD; t-SNE's probabilities, divergence and gradient by definition;
// what trustworthiness counts.

#define main reduce_main
#include "ch02_mlp/reduce.c"
#undef main

#include <string.h>

#include "digits.h"
#include "gradcheck.h"
#include "method.h"
#include "numbers.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// N points of K normal numbers each.
static Tensor cloud(int N, int K, uint64_t seed) {
    Tensor x = {0};
    Rng rng;
    rng_seed(&rng, seed);
    tensor_resize(&x, 2, N, K);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = rng_normal(&rng);
    return x;
}

START_TEST(distances_by_hand) {
    float points[] = {0, 0, 3, 4, 0, 1};
    Tensor x = tensor_view(points, 2, 3, 2), d = {0};
    squared_distances(&d, &x);
    const float want[] = {0, 25, 1, 25, 0, 18, 1, 18, 0};
    assert_close(d.data, want, 9, 0.0, "squared distance");
    tensor_free(&d);
}
END_TEST

// Three others at the same distance: 1/3 each, entropy log 3, for any beta.
START_TEST(neighbors_by_hand) {
    const float d[] = {7, 0, 7, 7}, want[] = {1 / 3.0f, 0, 1 / 3.0f, 1 / 3.0f};
    float p[4];
    double H = neighbor_row(p, d, 1, 4, 1e3);
    ck_assert_double_eq_tol(H, log(3.0), 1e-7);
    assert_close(p, want, 4, 1e-7, "p");
}
END_TEST

// The entropy found is within 1e-5 of the log of the perplexity; the definition
// here is summed from floats, whose rounding adds less than 1e-5 again.
START_TEST(neighbors_have_the_perplexity) {
    const int N = 60;
    Tensor x = cloud(N, 5, 1), d = {0}, p = {0};
    squared_distances(&d, &x);
    neighbors(&p, &d, 12.0);
    double all = 0.0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            all += (double)p.data[i * N + j];
            ck_assert(p.data[i * N + j] == p.data[j * N + i]);
            ck_assert(p.data[i * N + j] >= 0.0f);
        }
    ck_assert_double_eq_tol(all, 1.0, 1e-5);

    // On a circle of equal steps all points see the same, so p_j|i = N p_ij.
    for (int i = 0; i < N; i++) {
        x.data[5 * i] = cosf(6.28318531f * (float)i / (float)N);
        x.data[5 * i + 1] = sinf(6.28318531f * (float)i / (float)N);
        for (int k = 2; k < 5; k++)
            x.data[5 * i + k] = 0.0f;
    }
    squared_distances(&d, &x);
    neighbors(&p, &d, 12.0);
    for (int i = 0; i < N; i++) {
        double H = 0.0;
        for (int j = 0; j < N; j++) {
            double q = (double)(p.data[i * N + j] * (float)N);
            H -= q > 0.0 ? q * log(q) : 0.0;
        }
        ck_assert_double_eq_tol(H, log(12.0), 2e-5);
    }
    release(&x, &d, &p, NULL);
}
END_TEST

static void small_map(Tsne *t) {
    Tensor x = cloud(14, 5, 2);
    Rng rng;
    rng_seed(&rng, 3);
    tsne_init(t, &x, 4.0, &rng);
    for (size_t i = 0; i < t->y.size; i++)
        t->y.data[i] *= 100.0f; // spread over a few units
    tensor_free(&x);
}

START_TEST(divergence_is_its_definition) {
    Tsne t;
    small_map(&t);
    const float *a = t.y.data, *b = a + t.N;
    double Z = 0.0, kl = 0.0;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < t.N; i++)
            for (int j = 0; j < t.N; j++) {
                double u = 1.0 / (1.0 + pow((double)(a[i] - a[j]), 2.0) +
                                  pow((double)(b[i] - b[j]), 2.0));
                double p = (double)t.p.data[i * t.N + j];
                if (round == 0)
                    Z += i != j ? u : 0.0;
                else if (p > 0.0)
                    kl += p * log(p / (u / Z));
            }
    ck_assert_double_gt(kl, 0.1);
    ck_assert_double_eq_tol(tsne_divergence(&t), kl, 1e-5);
    tsne_free(&t);
}
END_TEST

static double divergence_of(void *context) {
    return tsne_divergence(context);
}

// Squares in float are right to 1e-7, so the divergence, about 1, to 1e-7 too;
// over 2 h = 0.02 that is 5e-6. Its third derivative, of the order of the slope
// itself, adds h^2 / 6 = 2e-5 of it. Slopes below 5e-3 are not compared: 5e-6 /
// 5e-3 = 1e-3.
START_TEST(gradient_is_the_slope) {
    Tsne t;
    small_map(&t);
    tsne_gradient(&t, 1.0f);
    GradCheck g = grad_check(divergence_of, &t, t.y.data, t.dy.data, t.y.size,
                             t.y.size, 1e-2, 5e-3);
    assert_slopes("t-SNE dy", &g, 2e-3, 0.02, 0);
    tsne_free(&t);
}
END_TEST

// Two points, four coordinates: the gradient drives the first on (gain 1.2) and
// the second back (0.8); the third, which stands still, counts as driven back;
// and a gain of 0.01 does not fall any lower. v = 0.5 v - 10 gain dy, and the
// middle of each coordinate ends at 0.
START_TEST(step_by_hand) {
    float y[] = {1, 2, 3, 4}, dy[] = {-1, 1, 0, 1}, v[] = {2, 2, 0, 2};
    float gain[] = {1, 1, 1, 0.01f};
    Tsne t = {.N = 2,
              .y = tensor_view(y, 2, 2, 2),
              .dy = tensor_view(dy, 2, 2, 2),
              .velocity = tensor_view(v, 2, 2, 2),
              .gain = tensor_view(gain, 2, 2, 2)};
    tsne_step(&t, 10.0f, 0.5f);
    const float want_gain[] = {1.2f, 0.8f, 0.8f, 0.01f};
    const float want_v[] = {13, -7, 0, 0.9f};
    const float want_y[] = {9.5f, -9.5f, -0.95f, 0.95f}; // 14 -5; 3 4.9
    assert_close(gain, want_gain, 4, 1e-6, "gain");
    assert_close(v, want_v, 4, 1e-6, "velocity");
    assert_close(y, want_y, 4, 1e-6, "y");
}
END_TEST

// Seven points on a line, each twice as far out as the last, and a map that
// takes the first one to the far end. With k = 1: the first and the last are
// now each other's nearest, though sixth in the data (5 + 5), and the second's
// nearest left is the third, its second in the data (1). 1 - 2 * 11 / (7 * 10).
START_TEST(trust_by_hand) {
    float line[] = {0, 1, 3, 7, 15, 31, 63};
    float map[] = {64, 0, 1, 0, 3, 0, 7, 0, 15, 0, 31, 0, 63, 0};
    Tensor x = tensor_view(line, 2, 7, 1), y = tensor_view(map, 2, 7, 2);
    Tensor d = {0};
    squared_distances(&d, &x);
    ck_assert_double_eq_tol(trustworthiness(&d, &y, 1), 1.0 - 22.0 / 70.0,
                            1e-12);
    map[0] = 0.0f;
    ck_assert_double_eq(trustworthiness(&d, &y, 1), 1.0);
    ck_assert_double_eq(trustworthiness(&d, &y, 3), 1.0);
    tensor_free(&d);
}
END_TEST

// More pixels than examples, and more examples than pixels.
START_TEST(svd_is_pca) {
    const int shape[2][2] = {{20, 30}, {50, 12}};
    for (int s = 0; s < 2; s++) {
        const int N = shape[s][0], D = shape[s][1];
        Tensor x = cloud(N, D, 4), flat = {0}, turned = {0};
        for (int n = 0; n < N; n++) { // two axes longer than the rest
            x.data[n * D] *= 5.0f;
            x.data[n * D + 1] = 3.0f * x.data[n * D + 1] + 9;
        }
        Pca pca = {0};
        double apart = 1.0;
        pca_fit(&pca, &x);
        pca_project(&flat, &pca, &x, 2);
        svd_map(&turned, &apart, &x, &pca, &flat);
        ck_assert_double_le(apart, 1e-4);
        ck_assert_double_gt(apart, 0.0);
        for (int i = 0; i < 2 * N; i++)
            ck_assert_float_eq_tol(fabsf(turned.data[i]), fabsf(flat.data[i]),
                                   1e-4f * 20.0f);
        pca_free(&pca);
        release(&x, &flat, &turned, NULL);
    }
}
END_TEST

// Eight heaps in ten dimensions, three times: a flat shadow lays some of them
// on one another, t-SNE finds room for all.
START_TEST(tsne_keeps_neighbors) {
    const Options o = {.common = {.quiet = true, .seed = 1},
                       .epochs = 400,
                       .lr = 100.0f,
                       .perplexity = 10.0f};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Tensor center = cloud(8, 10, seed), x = cloud(120, 10, seed + 10);
        Tensor flat = {0}, bent = {0}, d = {0};
        Pca pca = {0};
        double divergence;
        for (int i = 0; i < 1200; i++)
            x.data[i] =
                0.6f * x.data[i] + center.data[i / 10 % 8 * 10 + i % 10];
        pca_fit(&pca, &x);
        pca_project(&flat, &pca, &x, 2);
        tsne_map(&bent, &divergence, &x, &o);
        squared_distances(&d, &x);
        double shadow = trustworthiness(&d, &flat, 10);
        double trust = trustworthiness(&d, &bent, 10);
        ck_assert_double_gt(shadow, 0.6);
        ck_assert_double_gt(trust, fmax(shadow + 0.05, 0.9));
        release(&center, &x, &flat, &bent, &d, NULL);
        pca_free(&pca);
    }
}
END_TEST

// Pictures of 25 squares, each of another grey, in 25 heaps of 11: in heap h
// square h is brighter. Between heaps lie 2 * 135^2, within them 2 * 25 * 22^2,
// with a deviation of a fifth: in all 25 directions the ten neighbors of a
// picture are the rest of its heap. Five directions leave a fifth of both, with
// deviations of half and more: there heaps overlap, and the trust of t-SNE is
// 0.80, not 0.995. Two directions, those of the PCA map, keep still less: 0.66.
START_TEST(thirty_components_come_first) {
    enum { HEAPS = 25, EACH = 11, COUNT = HEAPS * EACH };
    Dataset set, test;
    digits_draw(&set, COUNT, 1);
    digits_draw(&test, 10, 1);
    memset(set.pixels, 0, COUNT * 784);
    Rng rng;
    rng_seed(&rng, 1);
    for (int n = 0; n < COUNT; n++) {
        const int heap = n % HEAPS;
        uint8_t *picture = set.pixels + n * 784;
        for (int k = 0; k < HEAPS; k++) {
            float grey = (k == heap ? 205.0f : 70.0f) + 22 * rng_normal(&rng);
            for (int i = 0; i < 16; i++)
                picture[(k / 5 * 5 + i / 4) * 28 + k % 5 * 5 + i % 4] =
                    (uint8_t)fmaxf(0.0f, fminf(grey, 255.0f));
        }
    }
    Run run = run_on_sets("reduce --epochs 300 --perplexity 8", &set, &test);
    double bent = result_value(&run, "tsne_trust");
    double flat = result_value(&run, "pca_trust");
    ck_assert_msg(bent > 0.93, "t-SNE: %g: were there 30 components?", bent);
    ck_assert_msg(flat < 0.8, "PCA: %g: is it trust in the pixels?", flat);
}
END_TEST

// Perplexity 3 and 20 are two maps with two divergences.
START_TEST(perplexity_counts) {
    Options o = {.common = {.quiet = true, .seed = 1},
                 .epochs = 5,
                 .lr = 10.0f,
                 .perplexity = 3.0f};
    Tensor x = cloud(80, 5, 1), y = {0};
    double few, many;
    tsne_map(&y, &few, &x, &o);
    o.perplexity = 20.0f;
    tsne_map(&y, &many, &x, &o);
    ck_assert_double_gt(fabs(few - many), 0.1);
    release(&x, &y, NULL);
}
END_TEST

// Steps 1 to 50 take p four times too large, steps 1 to 250 have a momentum of
// 0.5, those after 0.8. The same steps one by one end at the same map, and the
// divergence reported is the one there.
START_TEST(steps_follow_their_schedule) {
    const Options o = {
        .common = {.quiet = true}, .epochs = 252, .lr = 1.0f, .perplexity = 4};
    Tsne t, want;
    small_map(&t);
    small_map(&want);
    double divergence = tsne_train(&t, &o);
    for (int step = 1; step <= 252; step++) {
        tsne_gradient(&want, step <= 50 ? 4.0f : 1.0f);
        tsne_step(&want, 1.0f, step <= 250 ? 0.5f : 0.8f);
    }
    assert_close(t.y.data, want.y.data, t.y.size, 0.0, "y");
    ck_assert_double_eq(divergence, tsne_divergence(&want));
    tsne_free(&t);
    tsne_free(&want);
}
END_TEST

// Two maps of two points, each with its name and trustworthiness above it.
START_TEST(draws_each_map_under_its_name) {
    static const int drawn[2] = {PCA, TSNE};
    static const char *const title[2] = {"PCA: trustworthiness 0.500",
                                         "t-SNE: trustworthiness 0.750"};
    float at[MAPS][4] = {{0, 1, 2, 3}, {10, 11, 12, 13}, {20, 21, 22, 23}};
    Tensor map[MAPS];
    const double trust[MAPS] = {0.5, 0.625, 0.75};
    const int labels[] = {4, 9};
    for (int m = 0; m < MAPS; m++)
        map[m] = tensor_view(at[m], 2, 2, 2);
    hide_gnuplot();
    draw_maps(map, trust, labels, "digits", "svg");
    for (int i = 0; i < 2; i++) {
        const char *file = "out/ch02/reduce_maps.csv";
        const char *figure = "out/ch02/reduce_maps.fig";
        const double x[] = {10 * drawn[i], 10 * drawn[i] + 2};
        const double y[] = {10 * drawn[i] + 1, 10 * drawn[i] + 3};
        assert_column(file, i, "x", x, 2, 0);
        assert_column(file, i, "y", y, 2, 0);
        assert_column(file, i, "class", (double[]){4, 9}, 2, 0);
        assert_mark(figure, i, "digits", "x", "y", "");
        ck_assert_str_eq(panel_of(figure, i), title[i]);
        assert_says(figure_words(figure, "title", 0), "0.50 with PCA, 0.75");
    }
}
END_TEST

// Variances 55, 30, 10 and 5: three components keep 95 %, the first number to
// reach 90.
START_TEST(draws_explained_variance_in_percent) {
    float variance[200] = {55, 30, 10, 5};
    const Pca pca = {.variance = tensor_view(variance, 1, 200)};
    double components[201], explained[201] = {0, 55, 85, 95};
    for (int k = 0; k <= 200; k++) {
        components[k] = k;
        explained[k] = k < 4 ? explained[k] : 100;
    }
    hide_gnuplot();
    draw_variance(&pca, "svg");
    const char *file = "out/ch02/reduce_variance.csv";
    assert_column(file, 0, "components", components, 201, 0);
    assert_column(file, 0, "explained", explained, 201, 1e-4);
    const char *figure = "out/ch02/reduce_variance.fig";
    assert_mark(figure, 0, "lines", "components", "explained", "");
    ck_assert_double_eq(figure_attribute(figure, "vertical", 0, "at"), 3);
    assert_says(figure_words(figure, "title", 0), "3 of 200 components");
}
END_TEST

// 50 steps, in which a difference would grow.
START_TEST(same_result_for_any_number_of_threads) {
    Run one = run_for_result("reduce --data synthetic --limit 60 --epochs 50 "
                             "--threads 1");
    Run two = run_for_result("reduce --data synthetic --limit 60 --epochs 50 "
                             "--threads 2");
    assert_same_result(one.output, two.output, "reduce with 1 thread, with 2");
    ck_assert_double_le(result_value(&one, "apart"), 1e-4);
    ck_assert_double_eq(result_value(&one, "pca_trust"),
                        result_value(&one, "svd_trust"));
    run_for_result("reduce --data synthetic --limit 10 --epochs 1");
}
END_TEST

// Half the steps of the README's run, and its numbers: 0.746 and 0.974 (0.973
// with the portable kernels). A map without training is left at 0.5.
START_TEST(trust_on_mnist) {
    if (mnist_dir_or_skip("trust_on_mnist") == NULL)
        return;
    Run run = run_for_result("reduce --epochs 500 --threads 1");
    ck_assert_double_eq_tol(result_value(&run, "pca_trust"), 0.746, 1.1e-3);
    ck_assert_double_eq_tol(result_value(&run, "tsne_trust"), 0.974, 5e-3);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {distances_by_hand},
        {neighbors_by_hand},
        {neighbors_have_the_perplexity},
        {divergence_is_its_definition},
        {gradient_is_the_slope},
        {step_by_hand},
        {trust_by_hand},
        {svd_is_pca},
        {tsne_keeps_neighbors},
        {thirty_components_come_first},
        {perplexity_counts},
        {steps_follow_their_schedule},
        {draws_each_map_under_its_name},
        {draws_explained_variance_in_percent},
        {same_result_for_any_number_of_threads, .seconds = 40},
        {trust_on_mnist, .seconds = 100}};
    return run_tests("reduce", tests, sizeof tests / sizeof *tests);
}
