// test_eigen.c - A v = lambda v, right angles, known spectra; and what
// principal components promise.

#include "testing.h"

#include <float.h>
#include <math.h>

#include "eigen.h"
#include "memory.h"
#include "pca.h"
#include "rng.h"
#include "svd.h"

typedef struct {
    int n;
    double *a, *values, *vectors;
} Problem;

static Problem problem_new(int n) {
    size_t N = (size_t)n;
    return (Problem){n, mem_alloc(N * N, 8), mem_alloc(N, 8),
                     mem_alloc(N * N, 8)};
}

static void problem_free(Problem *p) {
    mem_free(p->a);
    mem_free(p->values);
    mem_free(p->vectors);
}

static void set(Problem *p, int i, int j, double value) {
    p->a[i * p->n + j] = p->a[j * p->n + i] = value;
}

// Solves, then holds the answer against its definition. Householder and QR are
// backward stable: both errors are a small multiple of n * eps * the largest
// eigenvalue (Golub & Van Loan, 8.3); 10 stands for that multiple.
static void solve_and_check(Problem *p) {
    int n = p->n;
    eigen_symmetric(p->values, p->vectors, p->a, n);
    double largest = fmax(fabs(p->values[0]), fabs(p->values[n - 1]));
    largest = fmax(largest, DBL_MIN); // a matrix of zeros
    double error = 10.0 * n * DBL_EPSILON;
    for (int k = 0; k < n; k++) {
        const double *v = p->vectors + k * n;
        if (k > 0)
            ck_assert_double_ge(p->values[k - 1], p->values[k]);
        for (int i = 0; i < n; i++) {
            double av = 0.0;
            for (int j = 0; j < n; j++)
                av += p->a[i * n + j] * v[j];
            ck_assert_double_eq_tol(av, p->values[k] * v[i], error * largest);
        }
        double peak = 0.0;
        for (int l = 0; l < n; l++) {
            double product = 0.0;
            for (int j = 0; j < n; j++)
                product += v[j] * p->vectors[l * n + j];
            ck_assert_double_eq_tol(product, k == l, error);
            peak = fabs(v[l]) > fabs(peak) ? v[l] : peak;
        }
        ck_assert_double_gt(peak, 0.0);
    }
}

START_TEST(two_by_two_by_hand) {
    Problem p = problem_new(2);
    set(&p, 0, 0, 2.0), set(&p, 0, 1, 1.0), set(&p, 1, 1, 2.0);
    solve_and_check(&p);
    ck_assert_double_eq_tol(p.values[0], 3.0, 1e-15);
    ck_assert_double_eq_tol(p.values[1], 1.0, 1e-15);
    ck_assert_double_eq_tol(p.vectors[0], sqrt(0.5), 1e-15);
    ck_assert_double_eq_tol(p.vectors[1], sqrt(0.5), 1e-15);
    problem_free(&p);
}
END_TEST

START_TEST(random_matrices) {
    const int sizes[] = {1, 2, 3, 4, 5, 17, 64, 100, 200};
    Rng rng;
    rng_seed(&rng, 1);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        Problem p = problem_new(sizes[s]);
        double trace = 0.0, sum = 0.0;
        for (int i = 0; i < p.n; i++) {
            for (int j = 0; j <= i; j++)
                set(&p, i, j, (double)rng_normal(&rng));
            trace += p.a[i * p.n + i];
        }
        solve_and_check(&p);
        for (int i = 0; i < p.n; i++)
            sum += p.values[i];
        ck_assert_double_eq_tol(sum, trace, 1e-12 * p.n);
        problem_free(&p);
    }
}
END_TEST

// Nothing to clear, nothing to turn, eigenvalues that are equal.
START_TEST(zero_identity_and_rank_one) {
    Problem p = problem_new(20);
    solve_and_check(&p);
    ck_assert_double_eq(p.values[0], 0.0);
    for (int i = 0; i < p.n; i++)
        set(&p, i, i, 3.0);
    solve_and_check(&p);
    ck_assert_double_eq(p.values[19], 3.0);
    for (int i = 0; i < p.n; i++)
        for (int j = 0; j <= i; j++)
            set(&p, i, j, (double)(i + 1) * (j + 1));
    solve_and_check(&p); // x x^T has one eigenvalue, |x|^2 = 1 + 4 + ... + 400
    ck_assert_double_eq_tol(p.values[0], 2870.0, 1e-10);
    ck_assert_double_eq_tol(p.values[1], 0.0, 1e-10);
    problem_free(&p);
}
END_TEST

// Pixels that never have ink: whole rows and columns of zeros.
START_TEST(empty_rows) {
    Problem p = problem_new(30);
    Rng rng;
    rng_seed(&rng, 2);
    for (int i = 0; i < p.n; i++)
        for (int j = 0; j <= i; j++)
            if (i % 3 != 0 && j % 3 != 0)
                set(&p, i, j, (double)rng_normal(&rng));
    solve_and_check(&p);
    problem_free(&p);
}
END_TEST

// The string with n beads: 2 on the diagonal, -1 beside it, and eigenvalues
// 2 - 2 cos(k pi / (n + 1)).
START_TEST(vibrating_string) {
    Problem p = problem_new(50);
    for (int i = 0; i < p.n; i++) {
        set(&p, i, i, 2.0);
        if (i > 0)
            set(&p, i, i - 1, -1.0);
    }
    solve_and_check(&p);
    for (int i = 0; i < p.n; i++) {
        double want = 2.0 - 2.0 * cos((p.n - i) * acos(-1.0) / (p.n + 1));
        ck_assert_double_eq_tol(p.values[i], want, 1e-13);
    }
    problem_free(&p);
}
END_TEST

START_TEST(nan_aborts) {
    Problem p = problem_new(3);
    set(&p, 1, 0, (double)NAN);
    eigen_symmetric(p.values, p.vectors, p.a, p.n);
}
END_TEST

// 2,500 points (three chunks of rows) along (3, 4) / 5 with a standard
// deviation of 5 and across it with 1, about (10, -20). A variance estimated
// from N normal numbers is off by sqrt(2 / N) = 2.8 % of itself, an axis by
// about 1 / 5 / sqrt(N) / (1 - 1 / 25) = 0.004: four times that is allowed.
START_TEST(finds_the_axes_of_a_cloud) {
    const int N = 2500;
    Tensor x = {0}, y = {0}, back = {0};
    Pca pca = {0};
    Rng rng;
    rng_seed(&rng, 3);
    tensor_resize(&x, 2, N, 2);
    for (int n = 0; n < N; n++) {
        float along = 5.0f * rng_normal(&rng), across = rng_normal(&rng);
        x.data[2 * n] = 10.0f + 0.6f * along - 0.8f * across;
        x.data[2 * n + 1] = -20.0f + 0.8f * along + 0.6f * across;
    }
    pca_fit(&pca, &x);
    ck_assert_float_eq_tol(pca.mean.data[0], 10.0f, 0.4f);
    ck_assert_float_eq_tol(pca.mean.data[1], -20.0f, 0.4f);
    ck_assert_float_eq_tol(pca.variance.data[0], 25.0f, 25.0f * 0.112f);
    ck_assert_float_eq_tol(pca.variance.data[1], 1.0f, 0.112f);
    ck_assert_float_eq_tol(pca.components.data[0], 0.6f, 0.016f);
    ck_assert_float_eq_tol(pca.components.data[1], 0.8f, 0.016f);
    double share = (double)pca.variance.data[0] /
                   (double)(pca.variance.data[0] + pca.variance.data[1]);
    ck_assert_double_eq_tol(pca_explained(&pca, 1), share, 1e-6);
    ck_assert_double_eq_tol(pca_explained(&pca, 2), 1.0, 1e-12);

    // What is projected has mean 0, and the variance that was promised.
    pca_project(&y, &pca, &x, 1);
    double mean = 0.0, variance = 0.0;
    for (int n = 0; n < N; n++)
        mean += (double)y.data[n] / N;
    for (int n = 0; n < N; n++)
        variance += pow((double)y.data[n] - mean, 2.0) / (N - 1);
    ck_assert_double_eq_tol(mean, 0.0, 1e-5);
    ck_assert_double_eq_tol(variance, (double)pca.variance.data[0], 1e-3);

    // All components together lose nothing; the mean squared error of the first
    // alone is the variance of the second (N - 1 of N).
    pca_restore(&back, &pca, &y);
    double lost = 0.0;
    for (size_t i = 0; i < x.size; i++)
        lost += pow((double)(x.data[i] - back.data[i]), 2.0) / (N - 1);
    ck_assert_double_eq_tol(lost, (double)pca.variance.data[1], 1e-3);
    pca_project(&y, &pca, &x, 2);
    pca_restore(&back, &pca, &y);
    assert_close(back.data, x.data, x.size, 1e-5, "restored");
    tensor_free(&x);
    tensor_free(&y);
    tensor_free(&back);
    pca_free(&pca);
}
END_TEST

// Six points, 6, 3 and 1 to either side along three axes that are no columns of
// each other: the components are these axes, as rows, and the variances 2/5 of
// the squares.
START_TEST(components_are_rows) {
    const float axis[3][3] = {{1, 2, 2}, {-2, -1, 2}, {2, -2, 1}};
    const float reach[] = {6, 3, 1};
    float points[6 * 3];
    for (int i = 0; i < 18; i++)
        points[i] = (i / 9 == 0 ? 1.0f : -1.0f) * reach[i / 3 % 3] *
                    axis[i / 3 % 3][i % 3] / 3.0f;
    Tensor x = tensor_view(points, 2, 6, 3);
    Pca pca = {0};
    pca_fit(&pca, &x);
    for (int k = 0; k < 3; k++) {
        float along = 0.0f;
        for (int d = 0; d < 3; d++)
            along += pca.components.data[3 * k + d] * axis[k][d] / 3.0f;
        ck_assert_msg(fabsf(fabsf(along) - 1.0f) < 1e-5f,
                      "component %d is not axis %d: their product is %g", k, k,
                      (double)along);
        ck_assert_float_eq_tol(pca.variance.data[k], 0.4f * reach[k] * reach[k],
                               1e-4f);
    }
    pca_free(&pca);
}
END_TEST

// X = (3, 0; 4, 5), columns (3, 4) and (0, 5): X^T X = (25, 20; 20, 25) has the
// eigenvalues 45 and 5.
START_TEST(singular_values_by_hand) {
    double columns[] = {3, 4, 0, 5}, singular[2];
    svd_columns(columns, singular, 2, 2);
    ck_assert_double_eq_tol(singular[0], sqrt(45.0), 1e-14);
    ck_assert_double_eq_tol(singular[1], sqrt(5.0), 1e-14);
    ck_assert_double_eq_tol(hypot(columns[0], columns[1]), sqrt(45.0), 1e-14);
    ck_assert_double_eq_tol(columns[0] * columns[2] + columns[1] * columns[3],
                            0.0, 1e-7);
}
END_TEST

// Two ways to one thing: s^2 are the eigenvalues of X^T X; more columns than
// rows leave D - N zeros; an empty column does no harm. The columns are
// orthogonal to 1e-8, so the squares agree to about 1e-15 of the largest; 1e-12
// allows for the rounding of 40 sums of 25.
START_TEST(singular_values_are_roots_of_eigenvalues) {
    enum { N = 25, D = 40 };
    double columns[D * N], singular[D];
    Problem p = problem_new(D);
    Rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < D * N; i++)
        columns[i] = i / N == 7 ? 0.0 : (double)rng_normal(&rng);
    for (int i = 0; i < D; i++)
        for (int j = 0; j <= i; j++) {
            double product = 0.0;
            for (int n = 0; n < N; n++)
                product += columns[i * N + n] * columns[j * N + n];
            set(&p, i, j, product);
        }
    solve_and_check(&p);
    int sweeps = svd_columns(columns, singular, D, N);
    ck_assert_int_le(sweeps, 15);
    for (int i = 0; i < D; i++)
        ck_assert_double_eq_tol(singular[i] * singular[i], p.values[i],
                                1e-12 * p.values[0]);
    ck_assert_double_gt(singular[N - 1], 0.1);
    problem_free(&p);
}
END_TEST

int main(void) {
    const Test tests[] = {{two_by_two_by_hand},
                          {random_matrices},
                          {zero_identity_and_rank_one},
                          {empty_rows},
                          {vibrating_string},
                          {nan_aborts, .signal = SIGABRT},
                          {finds_the_axes_of_a_cloud},
                          {components_are_rows},
                          {singular_values_by_hand},
                          {singular_values_are_roots_of_eigenvalues}};
    return run_tests("eigen", tests, sizeof tests / sizeof *tests);
}
