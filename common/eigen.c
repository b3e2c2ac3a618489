#include "eigen.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "threads.h"

static double dot(const double *x, const double *y, int n) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void add(double *y, double alpha, const double *x, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

// ---- 1. Tridiagonal ---------------------------------------------------------

// The mirror H = I - v v^T that turns x [m] into (alpha, 0, ..., 0): v = s (x -
// alpha e_1), with s so that |v|^2 = 2. alpha gets the sign that does not
// cancel. x becomes v; if there is nothing to clear, v = 0 and H = I. Returns
// alpha.
static double mirror(double *x, int m) {
    double norm = sqrt(dot(x, x, m)), first = x[0];
    if (dot(x + 1, x + 1, m - 1) == 0.0) {
        memset(x, 0, (size_t)m * sizeof *x);
        return first;
    }
    double alpha = first > 0.0 ? -norm : norm;
    x[0] -= alpha;
    // |x - alpha e_1|^2 = 2 alpha^2 - 2 alpha first
    double scale = sqrt(1.0 / (alpha * (alpha - first)));
    for (int i = 0; i < m; i++)
        x[i] *= scale;
    return alpha;
}

// Rows are cut into parts of 32; few of them are done before a second thread
// is awake.
static int parts_of(int rows) {
    return rows > 128 ? ceil_div(rows, 32) : 1;
}

// What the parts of one step need: one part for each strip of the m rows of B,
// whose first element is b[0].
typedef struct {
    double *b, *p;
    const double *v;
    int m, n;
} Mirroring;

// p = B v
static void multiply_strip(void *context, int part) {
    const Mirroring *s = context;
    const Strip rows = strip_of(part, parts_of(s->m), s->m);
    for (int i = rows.first; i < rows.first + rows.rows; i++)
        s->p[i] = dot(s->b + (size_t)i * (size_t)s->n, s->v, s->m);
}

// B -= v p^T + p v^T
static void update_strip(void *context, int part) {
    const Mirroring *s = context;
    const Strip rows = strip_of(part, parts_of(s->m), s->m);
    for (int i = rows.first; i < rows.first + rows.rows; i++) {
        double *row = s->b + (size_t)i * (size_t)s->n;
        add(row, -s->v[i], s->p, s->m);
        add(row, -s->p[i], s->v, s->m);
    }
}

// A [n, n], whole, becomes T with diagonal d [n] and off-diagonal e [n - 1].
// Row k of A is left with the mirror v_k in its elements k + 1 .. n - 1.
static void tridiagonal(double *d, double *e, double *a, int n) {
    double *p = mem_alloc((size_t)n, sizeof *p);
    for (int k = 0; k + 1 < n; k++) {
        const int first = k + 1, m = n - first;
        double *v = a + (size_t)k * (size_t)n + first;
        d[k] = a[(size_t)k * (size_t)n + k];
        e[k] = mirror(v, m);
        // H B H = B - v w^T - w v^T  with  p = B v,  w = p - (p . v / 2) v
        double *b = a + (size_t)first * (size_t)n + first;
        Mirroring step = {b, p, v, m, n};
        threads_run(parts_of(m), multiply_strip, &step);
        add(p, -0.5 * dot(p, v, m), v, m);
        threads_run(parts_of(m), update_strip, &step);
    }
    d[n - 1] = a[(size_t)n * (size_t)n - 1];
    mem_free(p);
}

// ---- 2. Diagonal ------------------------------------------------------------

// Rows x and y turned in their plane: x' = c x + s y, y' = c y - s x.
static void rotate(double *x, double *y, double c, double s, int n) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        double was = x[i];
        x[i] = c * was + s * y[i];
        y[i] = c * y[i] - s * was;
    }
}

// One implicit QR step on rows lo .. hi of T. The first rotation is the one
// that T - mu I would get, mu being the eigenvalue of the last 2 x 2 block that
// is nearer to its corner; it leaves a bulge z beside the off-diagonal, which
// the others chase out at the end.
static void qr_step(double *d, double *e, double *vectors, int lo, int hi,
                    int n) {
    double half = 0.5 * (d[hi - 1] - d[hi]), b = e[hi - 1];
    double mu = d[hi] - b * b / (half + copysign(hypot(half, b), half));
    double x = d[lo] - mu, z = e[lo];
    for (int k = lo; k < hi; k++) {
        double r = hypot(x, z), c = r > 0.0 ? x / r : 1.0;
        double s = r > 0.0 ? z / r : 0.0;
        if (k > lo)
            e[k - 1] = r;
        double dk = d[k], ek = e[k], next = d[k + 1];
        d[k] = c * c * dk + 2.0 * c * s * ek + s * s * next;
        d[k + 1] = s * s * dk - 2.0 * c * s * ek + c * c * next;
        e[k] = c * s * (next - dk) + (c * c - s * s) * ek;
        x = e[k];
        if (k + 1 < hi) {
            z = s * e[k + 1];
            e[k + 1] *= c;
        }
        rotate(vectors + (size_t)k * (size_t)n,
               vectors + (size_t)(k + 1) * (size_t)n, c, s, n);
    }
}

// T's eigenvalues, into d, and its eigenvectors, as rows.
static void diagonal(double *d, double *e, double *vectors, int n) {
    double largest = 0.0;
    for (int i = 0; i < n; i++)
        largest = fmax(largest, fabs(d[i]) + (i + 1 < n ? fabs(e[i]) : 0.0));
    const double negligible = DBL_EPSILON * largest;
    memset(vectors, 0, (size_t)n * (size_t)n * sizeof *vectors);
    for (int i = 0; i < n; i++)
        vectors[(size_t)i * (size_t)n + (size_t)i] = 1.0;
    int steps = 0;
    for (int hi = n - 1; hi > 0;) {
        int lo = hi;
        while (lo > 0 && fabs(e[lo - 1]) > negligible)
            lo--;
        if (lo == hi) { // the last row stands alone: d[hi] is an eigenvalue
            hi--;
            continue;
        }
        qr_step(d, e, vectors, lo, hi, n);
        REQUIRE(++steps < 50 * n, "no eigenvalues after %d steps", steps);
    }
}

// ---- 3. Both ----------------------------------------------------------------

// What the parts of reflecting need: one part for each row.
typedef struct {
    double *vectors;
    const double *mirrors;
    int n;
} Reflecting;

// A row of vectors, an eigenvector of T, through the mirrors in reverse order:
// an eigenvector of A.
static void reflect_row(void *context, int i) {
    const Reflecting *r = context;
    const size_t n = (size_t)r->n;
    double *row = r->vectors + (size_t)i * n;
    for (int k = r->n - 2; k >= 0; k--) {
        const double *v = r->mirrors + (size_t)k * n + k + 1;
        int m = r->n - k - 1;
        add(row + k + 1, -dot(row + k + 1, v, m), v, m);
    }
}

static void swap_rows(double *x, double *y, int n) {
    for (int i = 0; i < n; i++) {
        double was = x[i];
        x[i] = y[i];
        y[i] = was;
    }
}

// Largest eigenvalue first, largest element of each vector positive.
static void put_in_order(double *values, double *vectors, int n) {
    for (int i = 0; i < n; i++) {
        int best = i;
        for (int j = i + 1; j < n; j++)
            if (values[j] > values[best])
                best = j;
        double *row = vectors + (size_t)i * (size_t)n;
        if (best != i) {
            swap_rows(&values[i], &values[best], 1);
            swap_rows(row, vectors + (size_t)best * (size_t)n, n);
        }
        double peak = 0.0;
        for (int j = 0; j < n; j++)
            if (fabs(row[j]) > fabs(peak))
                peak = row[j];
        for (int j = 0; j < n && peak < 0.0; j++)
            row[j] = -row[j];
    }
}

void eigen_symmetric(double *values, double *vectors, const double *a, int n) {
    REQUIRE(n > 0, "n is %d", n);
    double *work = mem_alloc((size_t)n * (size_t)n, sizeof *work);
    double *e = mem_alloc((size_t)n, sizeof *e);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            double value = a[(size_t)i * (size_t)n + (size_t)j];
            REQUIRE(isfinite(value), "a[%d][%d] is %g", i, j, value);
            work[(size_t)i * (size_t)n + (size_t)j] = value;
            work[(size_t)j * (size_t)n + (size_t)i] = value;
        }
    tridiagonal(values, e, work, n);
    diagonal(values, e, vectors, n);
    threads_run(n, reflect_row, &(Reflecting){vectors, work, n});
    put_in_order(values, vectors, n);
    mem_free(work);
    mem_free(e);
}
