#include "gradcheck.h"

#include <math.h>
#include <string.h>

#include "memory.h"

static double shifted(double (*f)(void *), void *context, float *w, double h) {
    float was = *w;
    *w = (float)((double)was + h);
    double y = f(context);
    *w = was;
    return y;
}

GradCheck grad_check(double (*f)(void *context), void *context, float *w,
                     const float *grad, size_t n, size_t samples, double h,
                     double floor) {
    GradCheck result = {0};
    size_t step = samples >= n ? 1 : n / samples;
    double here = f(context);
    for (size_t i = 0; i < n; i += step) {
        double up = shifted(f, context, &w[i], h) - here;
        double down = here - shifted(f, context, &w[i], -h);
        double numeric = (up + down) / (2.0 * h), analytic = (double)grad[i];
        double size = fabs(numeric) + fabs(analytic);
        result.largest = fmax(result.largest, fabs(analytic));
        if (fabs(up - down) > 0.5 * fabs(up + down) &&
            fabs(up - down) > 2.0 * h * floor) {
            result.skipped++;
            continue;
        }
        double error = size < floor ? 0.0 : fabs(numeric - analytic) / size;
        // written so that NaN, which is not <= anything, is the worst of all
        if (!(error <= result.worst)) {
            result.worst = isnan(error) ? (double)INFINITY : error;
            result.where = i;
            result.analytic = analytic;
            result.numeric = numeric;
        }
    }
    return result;
}

double grad_check_along(double (*f)(void *context), void *context, float *w,
                        const float *grad, size_t n, double h) {
    double squares = 0.0, y[2];
    for (size_t i = 0; i < n; i++)
        squares += (double)grad[i] * (double)grad[i];
    double length = sqrt(squares);
    if (!(length > 0.0))
        return (double)INFINITY;
    float *was = mem_alloc(n, sizeof *was);
    memcpy(was, w, n * sizeof *was);
    for (int side = 0; side < 2; side++) {
        double scale = (side == 0 ? h : -h) / length;
        for (size_t i = 0; i < n; i++)
            w[i] = (float)((double)was[i] + scale * (double)grad[i]);
        y[side] = f(context);
    }
    memcpy(w, was, n * sizeof *was);
    mem_free(was);
    return fabs((y[0] - y[1]) / (2.0 * h) / length - 1.0);
}
