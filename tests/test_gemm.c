// test_gemm.c - blas.h against its definitions, with every kernel.
//
// Tolerances. A sum of k products computed in any order, fused or not, is off
// by at most gamma_k * S with S = sum of |a||b|, gamma_k = k u / (1 - k u) and
// u = eps / 2 (Higham 2002, eq. 3.5). Scaling by alpha and adding beta c adds
// three roundings. Two computations of the same sum therefore differ by at most
// (k + 4) eps S, where S is the same product with all signs made positive.

#include "testing.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blas.h"
#include "integers.h"
#include "kernels.h"
#include "numbers.h"
#include "threads.h"

// ---- 1. sgemm ---------------------------------------------------------------

typedef struct {
    char ta, tb;
    int m, n, k;
    float alpha, beta;
    int pad; // lda, ldb, ldc are so much wider than the rows
} Product;

typedef struct {
    float *a, *b, *c;              // as passed to sgemm
    float *want, *allowed;         // C by sgemm_ref, and how far off it may be
    int lda, ldb, ldc;             //
    size_t a_size, b_size, c_size; // floats up to the last one that is used
} Matrices;

// The last row of a matrix ends where its last element ends, not at ld.
static size_t room(int rows, int columns, int ld) {
    return (size_t)(rows - 1) * (size_t)ld + (size_t)columns;
}

static float *positive(const float *x, size_t n) {
    float *y = malloc(n * sizeof *y);
    for (size_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
    return y;
}

static float *copy(const float *x, size_t n) {
    float *y = malloc(n * sizeof *y);
    return memcpy(y, x, n * sizeof *y);
}

// What lies between the rows of C: sgemm must leave it as it is.
static const float PAD = 12345.0f;

static void pad_rows(float *c, const Product *p, int ldc) {
    for (int i = 0; i < p->m - 1; i++)
        for (int j = p->n; j < ldc; j++)
            c[(size_t)i * (size_t)ldc + (size_t)j] = PAD;
}

// Both the definition and the bound of its error are sgemm_ref.
static Matrices make(const Product *p) {
    Matrices x;
    bool at = p->ta == 'T', bt = p->tb == 'T';
    x.lda = (at ? p->m : p->k) + p->pad, x.ldb = (bt ? p->k : p->n) + p->pad;
    x.ldc = p->n + p->pad;
    x.a_size = at ? room(p->k, p->m, x.lda) : room(p->m, p->k, x.lda);
    x.b_size = bt ? room(p->n, p->k, x.ldb) : room(p->k, p->n, x.ldb);
    x.c_size = room(p->m, p->n, x.ldc);
    x.a = guarded(x.a_size), x.b = guarded(x.b_size), x.c = guarded(x.c_size);
    fill_noise(x.a, x.a_size, 1);
    fill_noise(x.b, x.b_size, 2);
    fill_noise(x.c, x.c_size, 3);
    pad_rows(x.c, p, x.ldc);

    x.want = copy(x.c, x.c_size);
    sgemm_ref(p->ta, p->tb, p->m, p->n, p->k, p->alpha, x.a, x.lda, x.b, x.ldb,
              p->beta, x.want, x.ldc);
    float *a = positive(x.a, x.a_size), *b = positive(x.b, x.b_size);
    x.allowed = positive(x.c, x.c_size);
    sgemm_ref(p->ta, p->tb, p->m, p->n, p->k, fabsf(p->alpha), a, x.lda, b,
              x.ldb, fabsf(p->beta), x.allowed, x.ldc);
    for (size_t i = 0; i < x.c_size; i++)
        x.allowed[i] *= (float)(p->k + 4) * FLT_EPSILON;
    pad_rows(x.allowed, p, x.ldc);
    for (size_t i = 0; i < x.c_size; i++)
        if (x.allowed[i] == PAD)
            x.allowed[i] = 0; // between the rows: not one bit
    free(a), free(b);
    return x;
}

static void done(Matrices *x) {
    guarded_free(x->a, x->a_size), guarded_free(x->b, x->b_size);
    guarded_free(x->c, x->c_size), free(x->want), free(x->allowed);
}

static void check_product(const Product *p) {
    Matrices x = make(p);
    float *before = copy(x.c, x.c_size);
    char what[96];
    snprintf(what, sizeof what, "%c%c %d x %d x %d, alpha %g, beta %g, pad %d",
             p->ta, p->tb, p->m, p->n, p->k, (double)p->alpha, (double)p->beta,
             p->pad);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        memcpy(x.c, before, x.c_size * sizeof *before);
        // beta = 0 means that C is only written, so what it held must not
        // matter
        for (int i = 0; p->beta == 0.0f && i < p->m; i++)
            for (int j = 0; j < p->n; j++)
                x.c[(size_t)i * (size_t)x.ldc + (size_t)j] = NAN;
        sgemm(p->ta, p->tb, p->m, p->n, p->k, p->alpha, x.a, x.lda, x.b, x.ldb,
              p->beta, x.c, x.ldc);
        assert_within(x.c, x.want, x.allowed, x.c_size, what);
    }
    free(before), done(&x);
}

static void check_transposes(Product p) {
    const char names[] = "NT";
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++) {
            p.ta = names[a], p.tb = names[b];
            check_product(&p);
        }
}

// Around the register tiles: 6 and 14 rows, vectors of 4, 8, 16, two of them.
START_TEST(tile_edges) {
    const int m[] = {1, 2, 5, 6, 7, 13, 14, 15, 28, 29};
    const int n[] = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65};
    const int k[] = {1, 2, 9};
    for (int i = 0; i < 10; i++)
        for (int j = 0; j < 14; j++)
            for (int l = 0; l < 3; l++)
                check_transposes((Product){.m = m[i],
                                           .n = n[j],
                                           .k = k[l],
                                           .alpha = 1,
                                           .pad = (i + j) % 3});
}
END_TEST

START_TEST(every_alpha_and_beta) {
    const float alpha[] = {0, 1, 0.5f, -1}, beta[] = {0, 1, 0.3f};
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++)
            for (int pad = 0; pad < 8; pad += 7) {
                Product p = {.alpha = alpha[i], .beta = beta[j], .pad = pad};
                p.m = 30, p.n = 35, p.k = 20;
                check_transposes(p);
                p.m = 150, p.n = 3, p.k = 300; // thin, and two blocks of k
                check_transposes(p);
            }
}
END_TEST

// Around gemm.c's KC = 256, DIRECT_TO = 64 and MC = 504, and two blocks of
// each.
START_TEST(block_edges) {
    const int k[] = {255, 256, 257, 511, 513}, m[] = {64, 65, 503, 504, 506};
    for (int i = 0; i < 5; i++) {
        check_transposes((Product){.m = 15, .n = 33, .k = k[i], .alpha = 1});
        check_transposes((Product){
            .m = m[i], .n = 40, .k = 10, .alpha = 1, .beta = 1, .pad = 1});
    }
    check_transposes((Product){
        .m = 505, .n = 65, .k = 257, .alpha = 0.5f, .beta = 0.3f, .pad = 3});
}
END_TEST

// More than NC = 1024 columns, several blocks of them, for one thread and
// shared out.
START_TEST(wide) {
    for (int threads = 1; threads <= 2; threads++) {
        threads_set(threads);
        check_transposes((Product){
            .m = 9, .n = 4099, .k = 5, .alpha = 1, .beta = 0.3f, .pad = 2});
        check_product(&(Product){'N', 'N', 31, 4160, 260, 1, 0, 0});
        check_product(&(Product){'N', 'N', 506, 1030, 20, 1, 0, 0});
    }
}
END_TEST

// Few columns and many rows: A is read where it lies, and C ends in a vector.
START_TEST(thin) {
    const int n[] = {1, 2, 3, 5, 10, 17, 20}, m[] = {17, 33, 65, 70, 300};
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < 5; j++)
            check_transposes((Product){.m = m[j],
                                       .n = n[i],
                                       .k = 25,
                                       .alpha = -1,
                                       .beta = j % 2 * 0.3f,
                                       .pad = j % 2});
}
END_TEST

// The shapes that the programs use most (batch 64; conv as a plain product).
START_TEST(training_shapes) {
    const Product shapes[] = {
        {'N', 'T', 64, 128, 784, 1, 1, 0}, {'T', 'N', 128, 784, 64, 1, 0, 0},
        {'N', 'N', 64, 784, 128, 1, 0, 0}, {'N', 'T', 64, 10, 500, 1, 1, 0},
        {'T', 'N', 10, 500, 64, 1, 0, 0},  {'N', 'N', 20, 784, 25, 1, 0, 0},
        {'N', 'T', 1000, 20, 25, 1, 0, 0}, {'N', 'N', 1, 500, 1250, 1, 0, 0},
    };
    for (int threads = 1; threads <= 3; threads++) {
        threads_set(threads);
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            check_product(&shapes[i]);
    }
}
END_TEST

// An empty sum is 0 (BLAS): C = beta C. And nothing at all touches nothing.
START_TEST(empty) {
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        float a[4] = {1, 1, 1, 1}, c[4] = {1, 2, 3, 4};
        sgemm('N', 'N', 2, 2, 0, 1, a, 1, a, 2, 0.5f, c, 2);
        ck_assert(c[0] == 0.5f && c[1] == 1 && c[2] == 1.5f && c[3] == 2);
        sgemm('N', 'N', 0, 2, 2, 1, a, 2, a, 2, 0, c, 2);
        sgemm('N', 'N', 2, 0, 2, 1, a, 2, a, 2, 0, c, 2);
        ck_assert(c[0] == 0.5f && c[1] == 1 && c[2] == 1.5f && c[3] == 2);
        sgemm('N', 'N', 2, 2, 0, 1, a, 1, a, 2, 0, c, 2);
        ck_assert(c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0);
    }
}
END_TEST

// alpha = 0: C = beta C, whatever A and B hold (Blackford et al. 2002).
START_TEST(alpha_zero_reads_nothing) {
    float none[16], x[4], c[4], y[2], a[4];
    for (int i = 0; i < 16; i++)
        none[i] = i % 2 ? NAN : INFINITY;
    memcpy(x, none, sizeof x);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        for (int i = 0; i < 4; i++)
            c[i] = a[i] = (float)i, y[i / 2] = 2;
        sgemm('T', 'N', 2, 2, 3, 0, none, 2, none, 2, 0.5f, c, 2);
        ck_assert(c[0] == 0 && c[1] == 0.5f && c[2] == 1 && c[3] == 1.5f);
        sgemm_ref('N', 'T', 2, 2, 3, 0, none, 3, none, 3, 2, c, 2);
        ck_assert(c[0] == 0 && c[1] == 1 && c[2] == 2 && c[3] == 3);
        sgemm('N', 'N', 2, 2, 3, 0, none, 3, none, 2, 0, c, 2);
        ck_assert(c[0] == 0 && c[1] == 0 && c[2] == 0 && c[3] == 0);
        for (int t = 0; t < 2; t++)
            sgemv("NT"[t], 2, 2, 0, none, 2, x, 0.5f, y);
        ck_assert(y[0] == 0.5f && y[1] == 0.5f);
        sgemm('N', 'N', 2, 2, 3, 0, NULL, 3, NULL, 2, 0, c, 2);
        sgemm('T', 'T', 2, 2, 0, 1, NULL, 2, NULL, 0, 0, c, 2);
        sger(2, 2, 0, x, x, a, 2);
        ck_assert(a[0] == 0 && a[1] == 1 && a[2] == 2 && a[3] == 3);
    }
}
END_TEST

// Calls that would read or write beyond a matrix, and what is said of each.
static int wrong_call;
static const char *const complaint[] = {
    "ld of A is 3, but its rows have 4",
    "ld of A is 1, but its rows have 2",
    "ld of B is 1, but its rows have 2",
    "ld of C is 1, but its rows have 2",
    "A is -1 x 4",
    "B is 4 x -1",
    "trans of A is 'X'",
    "trans of B is 'n'",
    "ld of B is 3, but its rows have 4",
    "ld of C is 1, but its rows have 2",
    "ld of A is 1, but its rows have 2",
    "trans is 'C'",
    "lda is 1, but a row has 2",
    "lda is 1, but a row has 2",
    "lda is 1, but a row has 2",
    "a matrix of -1 x 2",
    "B has no columns",
};

static void call_wrongly(void) {
    float a[16] = {0}, c[16] = {0};
    PackedMatrix b = {0};
    switch (wrong_call) {
    case 0:
        sgemm('N', 'N', 2, 2, 4, 1, a, 3, a, 2, 0, c, 2);
        break;
    case 1:
        sgemm('T', 'N', 2, 2, 4, 1, a, 1, a, 2, 0, c, 2);
        break;
    case 2:
        sgemm('N', 'N', 2, 2, 4, 1, a, 4, a, 1, 0, c, 2);
        break;
    case 3:
        sgemm('N', 'N', 2, 2, 4, 1, a, 4, a, 2, 0, c, 1);
        break;
    case 4:
        sgemm('N', 'N', -1, 2, 4, 1, a, 4, a, 2, 0, c, 2);
        break;
    case 5:
        sgemm('N', 'N', 2, -1, 4, 1, a, 4, a, 2, 0, c, 2);
        break;
    case 6:
        sgemm('X', 'N', 2, 2, 4, 1, a, 4, a, 2, 0, c, 2);
        break;
    case 7:
        sgemm('N', 'n', 2, 2, 4, 1, a, 4, a, 2, 0, c, 2);
        break;
    case 8:
        sgemm_pack(&b, 'T', 2, 4, a, 3);
        break;
    case 9:
        sgemm_pack(&b, 'N', 2, 2, a, 2);
        sgemm_packed(2, a, 2, &b, 0, c, 1);
        break;
    case 10:
        sgemm_pack(&b, 'N', 2, 2, a, 2);
        sgemm_packed(2, a, 1, &b, 0, c, 2);
        break;
    case 11:
        sgemv('C', 2, 2, 1, a, 2, a, 0, c);
        break;
    case 12:
        sgemv('N', 2, 2, 1, a, 1, a, 0, c);
        break;
    case 13:
        sger(2, 2, 1, a, a, c, 1);
        break;
    case 14:
        column_sums(2, 2, a, 1, c);
        break;
    case 15:
        sger(-1, 2, 1, a, a, c, 2);
        break;
    case 16:
        sgemm_pack(&b, 'N', 0, 2, a, 0);
        break;
    }
}

START_TEST(wrong_calls_are_refused) {
    const int cases = sizeof complaint / sizeof *complaint;
    for (wrong_call = 0; wrong_call < cases; wrong_call++) {
        Run run = run_function(call_wrongly);
        ck_assert_msg(run.status == 128 + SIGABRT, "case %d ended with %d",
                      wrong_call, run.status);
        assert_says(run.output, complaint[wrong_call]);
    }
}
END_TEST

// B packed once: the same sums in the same order as sgemm's, so the same bits.
static void check_packed(const Product *p) {
    Matrices x = make(p);
    float *before = copy(x.c, x.c_size);
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        PackedMatrix packed = {0};
        float *want = copy(before, x.c_size);
        sgemm('N', p->tb, p->m, p->n, p->k, 1.0f, x.a, x.lda, x.b, x.ldb,
              p->beta, want, x.ldc);
        sgemm_pack(&packed, p->tb, p->n, p->k, x.b, x.ldb);
        for (int again = 0; again < 2; again++) { // packing outlives a product
            memcpy(x.c, before, x.c_size * sizeof *before);
            sgemm_packed(p->m, x.a, x.lda, &packed, p->beta, x.c, x.ldc);
            assert_within(x.c, x.want, x.allowed, x.c_size, "packed");
            ck_assert(memcmp(x.c, want, x.c_size * sizeof *want) == 0);
        }
        packed_free(&packed), free(want);
    }
    free(before), done(&x);
}

START_TEST(packed_once_is_the_same) {
    // edges of tiles, of blocks of k (256), of m (252); and n beyond a block
    const int sizes[][3] = {{1, 1, 1},      {7, 33, 5},   {13, 128, 512},
                            {64, 512, 128}, {3, 65, 257}, {260, 20, 30},
                            {5, 4100, 3}};
    const float betas[] = {0.0f, 1.0f, 0.5f};
    for (int i = 0; i < 7; i++)
        for (int t = 0; t < 2; t++)
            for (int b = 0; b < 3; b++) {
                Product p = {.ta = 'N', .tb = "NT"[t], .alpha = 1.0f};
                p.m = sizes[i][0], p.n = sizes[i][1], p.k = sizes[i][2];
                p.beta = betas[b], p.pad = b;
                check_packed(&p);
            }
}
END_TEST

// Threads share out C and nobody shares a sum.
START_TEST(same_bits_for_any_number_of_threads) {
    const Product shapes[] = {
        {'N', 'N', 100, 130, 90, 1, 0, 0},  // by columns
        {'N', 'T', 130, 100, 300, 1, 1, 1}, // by rows, two blocks of k
        {'T', 'N', 2000, 10, 65, 0.5f, 0.3f, 0},
        {'T', 'T', 10, 2000, 65, 1, 1, 0},
        {'N', 'N', 8, 1333, 100, 1, 0, 0},
        {'N', 'N', 40, 48, 600, 1, 0, 0}, // B as it lies for part of C only
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const Product *p = &shapes[i];
        Matrices x = make(p);
        float *before = copy(x.c, x.c_size), *one = NULL;
        ck_assert_int_ge(p->m * p->n * p->k, 1024 * 1024); // gemm.c's threshold
        for (int kernel = 0; use_kernel(kernel); kernel++)
            for (int threads = 1; threads <= 3; threads++) {
                threads_set(threads);
                memcpy(x.c, before, x.c_size * sizeof *before);
                sgemm(p->ta, p->tb, p->m, p->n, p->k, p->alpha, x.a, x.lda, x.b,
                      x.ldb, p->beta, x.c, x.ldc);
                if (threads == 1)
                    free(one), one = copy(x.c, x.c_size);
                ck_assert_mem_eq(x.c, one, x.c_size * sizeof *one);
            }
        free(one), free(before), done(&x);
    }
}
END_TEST

// ---- 2. Vectors, and a matrix with a vector ---------------------------------

static const int LENGTHS[] = {0,  1,  2,  3,  4,  5,  7,  8,   15,
                              16, 17, 31, 33, 63, 64, 65, 127, 1000};
enum { LENGTH_COUNT = sizeof LENGTHS / sizeof *LENGTHS };

static void assert_one(double got, double want, double allowed,
                       const char *what, int n) {
    if (!(fabs(got - want) <= allowed))
        ck_abort_msg("%s of %d, %s: %.9g is not %.9g: %.3g allowed", what, n,
                     kernels()->name, got, want, allowed);
}

START_TEST(sdot_is_a_sum_of_products) {
    for (int kernel = 0; use_kernel(kernel); kernel++)
        for (int l = 0; l < LENGTH_COUNT; l++) {
            int n = LENGTHS[l];
            float *x = guarded((size_t)n), *y = guarded((size_t)n);
            fill_noise(x, (size_t)n, 4), fill_noise(y, (size_t)n, 5);
            double sum = 0, size = 0;
            for (int i = 0; i < n; i++) {
                sum += (double)x[i] * (double)y[i];
                size += fabs((double)x[i] * (double)y[i]);
            }
            // one computation in float, the other exact: half of (n + 4) eps
            double allowed = (n + 4) * (double)FLT_EPSILON / 2 * size;
            assert_one((double)sdot(n, x, y), sum, allowed, "sdot", n);
        }
}
END_TEST

START_TEST(saxpy_and_sscal_go_element_by_element) {
    for (int kernel = 0; use_kernel(kernel); kernel++)
        for (int l = 0; l < LENGTH_COUNT; l++) {
            int n = LENGTHS[l];
            float *x = guarded((size_t)n), *y = guarded((size_t)n);
            fill_noise(x, (size_t)n, 6), fill_noise(y, (size_t)n, 7);
            saxpy(n, -0.7f, x, y);
            for (int i = 0; i < n; i++) {
                double px = (double)-0.7f * (double)x[i];
                double py = (double)noise(7, (size_t)i);
                // two roundings, each of half an eps
                double allowed = (double)FLT_EPSILON * (fabs(px) + fabs(py));
                assert_one((double)y[i], px + py, allowed, "saxpy", n);
            }
            sscal(n, -0.7f, x);
            for (int i = 0; i < n; i++)
                ck_assert(x[i] == -0.7f * noise(6, (size_t)i));
        }
}
END_TEST

// y against plain loops in double, for one size, trans, alpha and beta.
static void check_gemv(char trans, int m, int n, float alpha, float beta) {
    const int lda = n + 3, inputs = trans == 'T' ? m : n;
    const int outputs = trans == 'T' ? n : m;
    float *a = guarded(room(m, n, lda)), *x = guarded((size_t)inputs);
    float *y = guarded((size_t)outputs);
    fill_noise(a, room(m, n, lda), 8), fill_noise(x, (size_t)inputs, 9);
    fill_noise(y, (size_t)outputs, 10);
    if (beta == 0.0f)
        y[0] = NAN;
    sgemv(trans, m, n, alpha, a, lda, x, beta, y);
    for (int i = 0; i < outputs; i++) {
        double sum = 0, size = 0;
        for (int j = 0; j < inputs; j++) {
            float a_ij = trans == 'T' ? a[j * lda + i] : a[i * lda + j];
            sum += (double)a_ij * (double)x[j];
            size += fabs((double)a_ij * (double)x[j]);
        }
        double old = (double)(beta * noise(10, (size_t)i));
        size = fabs((double)alpha) * size + fabs(old);
        double allowed = (inputs + 4) * (double)FLT_EPSILON / 2 * size;
        assert_one((double)y[i], (double)alpha * sum + old, allowed, "sgemv",
                   inputs);
    }
}

START_TEST(sgemv_both_ways) {
    const int sizes[] = {1, 2, 7, 16, 33, 100};
    const float alpha[] = {1, -0.5f}, beta[] = {0, 1, 0.3f};
    for (int kernel = 0; use_kernel(kernel); kernel++)
        for (int i = 0; i < 36; i++)
            for (int s = 0; s < 6; s++) {
                int m = sizes[i / 6], n = sizes[i % 6];
                check_gemv('N', m, n, alpha[s % 2], beta[s / 2]);
                check_gemv('T', m, n, alpha[s % 2], beta[s / 2]);
            }
}
END_TEST

START_TEST(sger_adds_all_products) {
    enum { M = 7, N = 37, LD = N + 2 };
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        float *a = guarded(room(M, N, LD)), *x = guarded(M), *y = guarded(N);
        fill_noise(a, room(M, N, LD), 11);
        fill_noise(x, M, 12), fill_noise(y, N, 13);
        sger(M, N, -2.5f, x, y, a, LD);
        for (size_t i = 0; i < room(M, N, LD); i++) {
            double was = (double)noise(11, i), add = 0;
            if (i % LD < N) // alpha x is rounded, times y, and the sum
                add = -2.5 * (double)x[i / LD] * (double)y[i % LD];
            double allowed =
                add != 0 ? (double)FLT_EPSILON * (fabs(was) + 1.5 * fabs(add))
                         : 0;
            assert_one((double)a[i], was + add, allowed, "sger", (int)i);
        }
    }
}
END_TEST

// Narrow, wide, and large enough for two threads; what lies between the rows
// is not added.
START_TEST(column_sums_in_the_order_of_rows) {
    const int sizes[][2] = {{1, 1}, {5, 64}, {7, 65}, {3, 200}, {2100, 150}};
    for (int kernel = 0; use_kernel(kernel); kernel++)
        for (int i = 0; i < 5; i++) {
            const int m = sizes[i][0], n = sizes[i][1], lda = n + 3;
            float *a = guarded(room(m, n, lda)), *sums = guarded((size_t)n);
            fill_noise(a, room(m, n, lda), 14);
            column_sums(m, n, a, lda, sums);
            for (int j = 0; j < n; j++) {
                float want = 0;
                for (int row = 0; row < m; row++)
                    want += a[row * lda + j];
                ck_assert_float_eq(sums[j], want);
            }
            guarded_free(a, room(m, n, lda)), guarded_free(sums, (size_t)n);
        }
}
END_TEST

// ---- 3. The kernels themselves ----------------------------------------------

// Three kinds of Sum: a product's; a sliding window over channels; and the way
// back, which goes forwards in one operand and backwards in the other.
typedef struct {
    Sum sum;
    size_t a_size, b_size; // floats each operand spans, up to `last` more
    ptrdiff_t b_start;     // where b begins in its block
} Terms;

static Terms terms_of(int kind, ptrdiff_t a_step, ptrdiff_t b_step,
                      size_t a_last, size_t b_last) {
    const ptrdiff_t A = a_step, B = b_step;
    Terms t = {.sum = {{1, 1, 19}, {0, 0, A}, {0, 0, B}}};
    if (kind == 1) // 3 channels of 5 x 6, window 2 x 4
        t.sum = (Sum){{3, 2, 4}, {8 * A, 4 * A, A}, {30 * B, 6 * B, B}};
    if (kind == 2)
        t.sum = (Sum){{3, 2, 4}, {8 * A, 4 * A, A}, {30 * B, -6 * B, -B}};
    ptrdiff_t a_end = 0, b_end = 0;
    for (int level = 0; level < 3; level++) {
        ptrdiff_t b_way = (t.sum.n[level] - 1) * t.sum.b[level];
        a_end += (t.sum.n[level] - 1) * t.sum.a[level];
        b_end += b_way > 0 ? b_way : 0;
        t.b_start -= b_way < 0 ? b_way : 0;
    }
    t.a_size = (size_t)a_end + a_last;
    t.b_size = (size_t)(t.b_start + b_end) + b_last;
    return t;
}

// sum over s of |a[a(s) + i] b[b(s) + j]| and, through *sum, without the bars;
// `adjacent` terms lie next to each other at each step.
static double add_up(double *sum, const float *a, const float *b, const Sum *s,
                     int adjacent) {
    double size = 0;
    *sum = 0;
    for (int p = 0; p < s->n[0]; p++)
        for (int q = 0; q < s->n[1]; q++)
            for (int r = 0; r < s->n[2]; r++)
                for (int l = 0; l < adjacent; l++) {
                    double product =
                        (double)a[p * s->a[0] + q * s->a[1] + r * s->a[2] + l] *
                        (double)b[p * s->b[0] + q * s->b[1] + r * s->b[2] + l];
                    *sum += product;
                    size += fabs(product);
                }
    return size;
}

static void check_tile(const Kernels *k, int rows, int columns, int kind,
                       bool add) {
    const int whole = ceil_div(columns, k->lanes) * k->lanes;
    const ptrdiff_t ldc = whole + 5;
    const ptrdiff_t b_step = columns > k->nr ? whole : k->nr;
    Terms t = terms_of(kind, k->width, b_step, (size_t)rows, (size_t)whole);
    float *a = guarded(t.a_size), *b = guarded(t.b_size);
    size_t c_size = room(rows, columns, (int)ldc);
    float *c = guarded(c_size);
    fill_noise(a, t.a_size, 20), fill_noise(b, t.b_size, 21);
    fill_noise(c, c_size, 22);
    b += t.b_start;
    k->tile(rows, columns, c, ldc, add, a, 1, b, &t.sum);
    for (size_t at = 0; at < c_size; at++) {
        int i = (int)at / (int)ldc, j = (int)at % (int)ldc;
        double was = (double)noise(22, at), sum = was, allowed = 0;
        if (j < columns) {
            double size = add_up(&sum, a + i, b + j, &t.sum, 1);
            sum += add ? was : 0, size += add ? fabs(was) : 0;
            allowed = (24 + 1) * (double)FLT_EPSILON / 2 * size;
        }
        assert_one((double)c[at], sum, allowed, "tile", rows);
    }
}

// Rows that lie lda apart give, bit for bit, what the same rows packed give.
static void check_unpacked(const Kernels *k, int rows, int columns, bool add) {
    const int terms = 37, lda = terms + 3, nr = k->vectors * k->lanes;
    const int ldc = nr + 5;
    float a[8 * 40], packed[37 * 16], b[37 * 48], c[2][8 * 53];
    fill_noise(a, sizeof a / sizeof *a, 23);
    fill_noise(b, sizeof b / sizeof *b, 24);
    for (int i = 0; i < 2; i++)
        fill_noise(c[i], sizeof c[i] / sizeof *c[i], 25);
    for (int p = 0; p < terms; p++)
        for (int i = 0; i < k->width; i++)
            packed[p * k->width + i] = i < rows ? a[i * lda + p] : 0;
    Sum sum = {{1, 1, terms}, {0, 0, k->width}, {0, 0, nr}};
    k->tile(rows, columns, c[0], ldc, add, packed, 1, b, &sum);
    sum.a[2] = 1;
    k->tile(rows, columns, c[1], ldc, add, a, lda, b, &sum);
    ck_assert_mem_eq(c[0], c[1], sizeof c[0]);
}

START_TEST(unpacked_rows_give_the_same) {
    for (int i = 0; kernels_available(i) != NULL; i++) {
        use_kernel(i);
        const int columns_of_all = kernels()->vectors * kernels()->lanes;
        for (int rows = 1; rows <= kernels()->rows; rows++)
            for (int columns = 1; columns <= columns_of_all; columns++) {
                check_unpacked(kernels(), rows, columns, false);
                check_unpacked(kernels(), rows, columns, true);
            }
    }
}
END_TEST

START_TEST(tile_of_every_size) {
    for (int i = 0; kernels_available(i) != NULL; i++) {
        const Kernels *k = kernels_available(i);
        use_kernel(i);
        for (int rows = 1; rows <= k->mr; rows++) {
            const bool product = rows <= k->rows; // else a convolution's
            const int most = (product ? k->vectors : 2) * k->lanes;
            for (int columns = product ? 1 : k->lanes + 1; columns <= most;
                 columns++)
                for (int kind = 0; kind < 3; kind++) {
                    check_tile(k, rows, columns, kind, false);
                    check_tile(k, rows, columns, kind, true);
                }
        }
    }
}
END_TEST

static void check_dot_tile(const Kernels *k, int rows, int columns, int kind) {
    const size_t lanes = (size_t)k->lanes, row = 7 * lanes;
    Terms t =
        terms_of(kind, k->lanes, k->lanes, (size_t)(rows - 1) * row + lanes,
                 (size_t)(columns - 1) * lanes + lanes);
    float *a = guarded(t.a_size), *b = guarded(t.b_size);
    float sums[5 * 5 * 16], c[5 * 5];
    const size_t count = (size_t)(k->dot * k->dot);
    fill_noise(a, t.a_size, 23), fill_noise(b, t.b_size, 24);
    fill_noise(sums, count * lanes, 25);
    b += t.b_start;
    k->dot_tile(rows, columns, sums, a, (ptrdiff_t)row, b, k->lanes, &t.sum);
    k->add_lanes(c, sums, (int)count);
    for (size_t at = 0; at < count; at++) {
        int i = (int)at / k->dot, j = (int)at % k->dot;
        double want = 0, size = 0;
        if (i < rows && j < columns)
            size = add_up(&want, a + i * (ptrdiff_t)row, b + j * k->lanes,
                          &t.sum, k->lanes);
        for (size_t l = 0; l < lanes; l++) {
            double was = (double)noise(25, at * lanes + l);
            want += was, size += fabs(was);
        }
        // 24 steps, what was there, and the lanes added up
        double allowed = (24 + 1 + k->lanes) * (double)FLT_EPSILON / 2 * size;
        assert_one((double)c[at], want, allowed, "dot_tile", rows);
    }
}

START_TEST(dot_tile_of_every_size) {
    for (int i = 0; kernels_available(i) != NULL; i++) {
        const Kernels *k = kernels_available(i);
        use_kernel(i);
        for (int rows = 1; rows <= k->dot; rows++)
            for (int columns = 1; columns <= k->dot; columns++)
                for (int kind = 0; kind < 3; kind++)
                    check_dot_tile(k, rows, columns, kind);
    }
}
END_TEST

// `from` ends with its last element: reading beyond it is a SIGSEGV. (Reading
// between the rows is allowed; the gaps hold NaN.)
static void check_pack(const Kernels *k, int width, int rows, int columns,
                       int gap, bool along) {
    int ld = (along ? columns : rows) + gap;
    size_t size = along ? room(rows, columns, ld) : room(columns, rows, ld);
    ptrdiff_t rs = along ? ld : 1, cs = along ? 1 : ld;
    float *from = guarded(size);
    size_t to_size = (size_t)width * (size_t)(columns + k->lanes);
    float *to = guarded(to_size);
    for (size_t i = 0; i < size; i++)
        from[i] = NAN;
    for (int i = 0; i < rows; i++)
        for (int p = 0; p < columns; p++)
            from[i * rs + p * cs] = (float)(1000 * i + p);
    k->pack(to, width, from, rs, cs, rows, columns);
    for (int i = 0; i < rows; i++)
        for (int p = 0; p < columns; p++)
            if (to[p * width + i] != (float)(1000 * i + p))
                ck_abort_msg("pack of %d x %d into %d, gap %d, %s, %s: [%d][%d]"
                             " is %g",
                             rows, columns, width, gap,
                             along ? "columns adjacent" : "rows adjacent",
                             k->name, i, p, (double)to[p * width + i]);
    guarded_free(from, size), guarded_free(to, to_size);
}

START_TEST(pack_both_ways) {
    const int columns[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 50};
    for (int i = 0; kernels_available(i) != NULL; i++) {
        const Kernels *k = kernels_available(i);
        for (int width = k->width; width <= k->nr; width += k->lanes)
            for (int rows = 1; rows <= width; rows++)
                for (int c = 0; c < 13; c++)
                    for (int gap = 0; gap < 12; gap += 1 + gap * 2) {
                        check_pack(k, width, rows, columns[c], gap, true);
                        check_pack(k, width, rows, columns[c], gap, false);
                    }
    }
    mark_point();
}
END_TEST

START_TEST(sum_adds_up) {
    for (int i = 0; kernels_available(i) != NULL; i++)
        for (int l = 0; l < LENGTH_COUNT; l++) {
            const size_t n = (size_t)LENGTHS[l];
            float *x = guarded(n);
            fill_noise(x, n, 26);
            use_kernel(i);
            double sum = 0, size = 0;
            for (size_t j = 0; j < n; j++)
                sum += (double)x[j], size += fabs((double)x[j]);
            double allowed = (double)n * (double)FLT_EPSILON / 2 * size;
            assert_one((double)kernels()->sum(n, x), sum, allowed, "sum",
                       LENGTHS[l]);
        }
}
END_TEST

// What pool must give at one place: the maximum of the squares, the first of
// equals, plus bias; one rounding, so every bit is known.
static float pooled(uint8_t *winner, const float *tiles, int squares,
                    int tile_size, float bias, bool relu) {
    int best = 0;
    for (int q = 1; q < squares; q++)
        if (tiles[q * tile_size] > tiles[best * tile_size])
            best = q;
    float y = tiles[best * tile_size] + bias;
    *winner = (uint8_t)(relu && !(y > 0) ? 255 : best);
    return relu && !(y > 0) ? 0.0f : y;
}

static void check_pool(const Kernels *k, int squares, int rows, bool relu) {
    enum { PLACES = 3 }; // rows of y lie three tiles apart
    const int tile_size = rows * k->nr;
    const ptrdiff_t y_row = PLACES * k->nr;
    float *tiles = guarded((size_t)(squares * tile_size)), bias[14], y[14 * 96];
    uint8_t winner[14 * 96], want_winner;
    // few different values: many ties, and sums of exactly 0
    fill_whole(tiles, (size_t)(squares * tile_size), 3, 27);
    fill_whole(bias, 14, 2, 28);
    k->pool(y, winner, y_row, tiles, squares, rows, bias, relu);
    for (int i = 0; i < rows; i++)
        for (int l = 0; l < k->nr; l++) {
            float want = pooled(&want_winner, tiles + i * k->nr + l, squares,
                                tile_size, bias[i], relu);
            ck_assert(y[i * y_row + l] == want);
            ck_assert_uint_eq(winner[i * y_row + l], want_winner);
        }
}

START_TEST(pool_takes_the_first_maximum) {
    for (int i = 0; kernels_available(i) != NULL; i++)
        for (int squares = 1; squares <= 9; squares += squares == 1 ? 3 : 5)
            for (int rows = 1; rows <= kernels_available(i)->mr; rows++) {
                check_pool(kernels_available(i), squares, rows, false);
                check_pool(kernels_available(i), squares, rows, true);
            }
}
END_TEST

// What pixel `at` of rows of d_row floats is after unpool, or PAD beyond the
// squares.
static float unpooled(int at, int d_row, const float *dy, const uint8_t *winner,
                      int pool, int count, int nr) {
    int column = at % d_row / nr, square = column / pool;
    if (square >= count)
        return PAD;
    int from = square * nr + at % nr;
    int q = at / d_row * pool + column % pool;
    return winner[from] == q ? dy[from] : 0.0f;
}

START_TEST(unpool_gives_to_the_winner_alone) {
    enum { COUNT = 5 };
    for (int i = 0; kernels_available(i) != NULL; i++) {
        const Kernels *k = kernels_available(i);
        float *dy = guarded((size_t)(COUNT * k->nr));
        uint8_t winner[COUNT * 32];
        fill_noise(dy, (size_t)(COUNT * k->nr), 29);
        dy[2] = NAN; // of a place that no pixel below won: must not spread
        for (int p = 0; p < COUNT * k->nr; p++)
            winner[p] = (uint8_t)(p % 11 == 2 ? 255 : p % 11);
        for (int pool = 1; pool <= 3; pool++) {
            // rows one pixel longer than their squares, but for the last
            const int d_row = (COUNT * pool + 1) * k->nr;
            const int size = pool * d_row - k->nr;
            float *d = guarded((size_t)size);
            for (int p = 0; p < size; p++)
                d[p] = PAD;
            k->unpool(d, d_row, dy, winner, pool, COUNT);
            for (int p = 0; p < size; p++)
                ck_assert(d[p] ==
                          unpooled(p, d_row, dy, winner, pool, COUNT, k->nr));
            guarded_free(d, (size_t)size);
        }
        guarded_free(dy, (size_t)(COUNT * k->nr));
    }
}
END_TEST

START_TEST(strips_are_even_and_complete) {
    for (int m = 1; m <= 60; m++)
        for (int mr = 1; mr <= 14; mr++) {
            int strips = ceil_div(m, mr), next = 0;
            for (int t = 0; t < strips; t++) {
                Strip s = strip_of(t, strips, m);
                ck_assert_int_eq(s.first, next);
                ck_assert(s.rows == m / strips || s.rows == m / strips + 1);
                ck_assert_int_le(s.rows, mr);
                next += s.rows;
            }
            ck_assert_int_eq(next, m);
        }
}
END_TEST

// The same terms in the same order, whichever levels have a single step; and
// the innermost level has one only if all have.
START_TEST(sum_of_keeps_the_terms) {
    for (int counts = 0; counts < 8; counts++) {
        const int n[] = {counts & 1 ? 3 : 1, counts & 2 ? 4 : 1,
                         counts & 4 ? 5 : 1};
        Sum s = sum_of(n[0], 1000, 7000, n[1], 100, -700, n[2], 10, 70);
        ck_assert(s.n[2] > 1 || s.n[0] * s.n[1] == 1);
        ck_assert(s.n[1] > 1 || s.n[0] == 1);
        int terms = s.n[0] * s.n[1] * s.n[2];
        ck_assert_int_eq(terms, n[0] * n[1] * n[2]);
        for (int t = 0; t < terms; t++) {
            int i = t / (n[1] * n[2]), j = t / n[2] % n[1], l = t % n[2];
            int p = t / (s.n[1] * s.n[2]), q = t / s.n[2] % s.n[1];
            int r = t % s.n[2];
            ck_assert_int_eq(p * s.a[0] + q * s.a[1] + r * s.a[2],
                             i * 1000 + j * 100 + l * 10);
            ck_assert_int_eq(p * s.b[0] + q * s.b[1] + r * s.b[2],
                             i * 7000 - j * 700 + l * 70);
        }
    }
}
END_TEST

// ---- 4. The choice ----------------------------------------------------------

START_TEST(kernels_are_chosen_by_name) {
    Error err;
    ck_assert_str_eq(kernels_available(0)->name, "portable");
    ck_assert_ptr_null(kernels_available(-1));
    int last = 0;
    for (int i = 0; kernels_available(i) != NULL; last = i++) {
        ck_assert(kernels_choose(kernels_available(i)->name, &err));
        ck_assert_ptr_eq(kernels(), kernels_available(i));
        ck_assert(!kernels_choose("sse9", &err)); // and the choice stays
        ck_assert_ptr_eq(kernels(), kernels_available(i));
    }
    assert_says(err.message, "sse9");
    assert_says(err.message, kernels_available(last)->name);
    ck_assert(kernels_choose(NULL, &err));
    ck_assert_ptr_eq(kernels(), kernels_available(last));
    ck_assert(kernels_choose("portable", &err) && kernels_choose("", &err));
    ck_assert_ptr_eq(kernels(), kernels_available(last));
}
END_TEST

START_TEST(environment_chooses) {
    setenv("DL_KERNEL", "portable", 1);
    ck_assert_str_eq(kernels()->name, "portable");
}
END_TEST

START_TEST(environment_that_names_none_aborts) {
    setenv("DL_KERNEL", "sse9", 1);
    kernels();
}
END_TEST

int main(void) {
    threads_set(1); // and more where that is what is tested
    const Test tests[] = {
        {tile_edges},
        {every_alpha_and_beta},
        {block_edges},
        {wide},
        {thin},
        {training_shapes},
        {empty},
        {alpha_zero_reads_nothing},
        {wrong_calls_are_refused},
        {packed_once_is_the_same},
        {same_bits_for_any_number_of_threads},
        {sdot_is_a_sum_of_products},
        {saxpy_and_sscal_go_element_by_element},
        {sgemv_both_ways},
        {sger_adds_all_products},
        {column_sums_in_the_order_of_rows},
        {tile_of_every_size},
        {unpacked_rows_give_the_same},
        {dot_tile_of_every_size},
        {pack_both_ways},
        {sum_adds_up},
        {pool_takes_the_first_maximum},
        {unpool_gives_to_the_winner_alone},
        {strips_are_even_and_complete},
        {sum_of_keeps_the_terms},
        {kernels_are_chosen_by_name},
        {environment_chooses},
        {environment_that_names_none_aborts, .signal = SIGABRT},
    };
    return run_tests("gemm", tests, sizeof tests / sizeof *tests);
}
