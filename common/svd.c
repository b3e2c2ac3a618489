#include "svd.h"

#include <math.h>
#include <stddef.h>

#include "error.h"

// Turns the columns x and y [N] in their plane until they are at right angles,
// and returns how far they were from it: |x . y| / (|x| |y|).
static double make_orthogonal(double *x, double *y, int N, double negligible) {
    double xx = 0.0, yy = 0.0, xy = 0.0;
#pragma omp simd reduction(+ : xx, yy, xy)
    for (int n = 0; n < N; n++) {
        xx += x[n] * x[n];
        yy += y[n] * y[n];
        xy += x[n] * y[n];
    }
    if (xx <= negligible || yy <= negligible || fabs(xy) < 1e-8 * sqrt(xx * yy))
        return 0.0;
    double cot = (yy - xx) / (2.0 * xy); // of twice the angle
    double t = copysign(1.0, cot) / (fabs(cot) + sqrt(1.0 + cot * cot));
    double c = 1.0 / sqrt(1.0 + t * t), s = c * t;
#pragma omp simd
    for (int n = 0; n < N; n++) {
        double was = x[n];
        x[n] = c * was - s * y[n];
        y[n] = s * was + c * y[n];
    }
    return fabs(xy) / sqrt(xx * yy);
}

// Longest column first.
static void sort_columns(double *columns, double *length, int D, int N) {
    for (int i = 0; i < D; i++) {
        int best = i;
        for (int j = i + 1; j < D; j++)
            best = length[j] > length[best] ? j : best;
        double was = length[i];
        length[i] = length[best];
        length[best] = was;
        for (ptrdiff_t n = 0; n < N; n++) {
            was = columns[(ptrdiff_t)i * N + n];
            columns[(ptrdiff_t)i * N + n] = columns[(ptrdiff_t)best * N + n];
            columns[(ptrdiff_t)best * N + n] = was;
        }
    }
}

int svd_columns(double *columns, double *singular, int D, int N) {
    double all = 0.0, worst = 1.0;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)D * N; i++)
        all += columns[i] * columns[i];
    int sweeps = 0;
    for (; worst > 0.0; sweeps++) {
        REQUIRE(sweeps < 60, "the columns are not orthogonal after %d sweeps",
                sweeps);
        worst = 0.0;
        for (ptrdiff_t i = 0; i < D; i++)
            for (ptrdiff_t j = i + 1; j < D; j++)
                worst = fmax(worst,
                             make_orthogonal(columns + i * N, columns + j * N,
                                             N, 1e-28 * all));
    }
    for (int i = 0; i < D; i++) {
        double square = 0.0;
        for (ptrdiff_t n = 0; n < N; n++)
            square +=
                columns[(ptrdiff_t)i * N + n] * columns[(ptrdiff_t)i * N + n];
        singular[i] = sqrt(square);
    }
    sort_columns(columns, singular, D, N);
    return sweeps;
}
