#include "batchnorm.h"

#include <math.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "threads.h"

void batchnorm_init(BatchNorm *bn, int D) {
    *bn = (BatchNorm){.momentum = 0.1f, .eps = 1e-5f};
    tensor_resize(&bn->running_mean, 1, D);
    tensor_resize(&bn->running_var, 1, D);
    tensor_resize(&bn->inverse_sigma, 1, D);
    tensor_fill(&bn->running_mean, 0.0f);
    tensor_fill(&bn->running_var, 1.0f);
}

void batchnorm_free(BatchNorm *bn) {
    tensor_free(&bn->running_mean);
    tensor_free(&bn->running_var);
    tensor_free(&bn->normal);
    tensor_free(&bn->inverse_sigma);
}

static void require_shapes(const BatchNorm *bn, const Tensor *x,
                           const Tensor *gamma, const Tensor *beta) {
    size_t D = bn->running_mean.size;
    REQUIRE(x->ndim >= 2 && (size_t)x->shape[1] == D && gamma->size == D &&
                beta->size == D,
            "batchnorm of %zu features: x is %s, gamma %s, beta %s", D,
            tensor_shape(x).text, tensor_shape(gamma).text,
            tensor_shape(beta).text);
}

// The numbers of one feature: `rows` runs of `run` neighbours, one run a
// picture, `apart` floats from one to the next. run is 1 for x [N, D], and H W
// for [N, C, H, W].
typedef struct {
    int rows, run, apart;
} Layout;

static Layout layout_of(const Tensor *x) {
    int N = x->shape[0], D = x->shape[1];
    int run = (int)(x->size / (size_t)(N * D));
    return (Layout){N, run, D * run};
}

static double run_sum(const float *x, int run) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < run; i++)
        sum += (double)x[i];
    return sum;
}

static double run_squares(const float *x, int run, double mean) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < run; i++)
        sum += ((double)x[i] - mean) * ((double)x[i] - mean);
    return sum;
}

static double run_dot(const float *x, const float *y, int run) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (int i = 0; i < run; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

// Mean and sum of squared distances of feature d, in double: two passes, since
// mean(x^2) - mean(x)^2 cancels.
static void moments(const Tensor *x, int d, double *mean, double *squares) {
    Layout l = layout_of(x);
    const float *from = x->data + d * l.run;
    *mean = *squares = 0.0;
    for (int n = 0; n < l.rows; n++)
        *mean += run_sum(from + n * l.apart, l.run) / (l.rows * l.run);
    for (int n = 0; n < l.rows; n++)
        *squares += run_squares(from + n * l.apart, l.run, *mean);
}

static void normalize(BatchNorm *bn, Tensor *y, const Tensor *x, int d,
                      float gamma, float beta) {
    Layout l = layout_of(x);
    double mean, squares, count = (double)(l.rows * l.run);
    moments(x, d, &mean, &squares);
    double inverse = 1.0 / sqrt(squares / count + (double)bn->eps);
    bn->inverse_sigma.data[d] = (float)inverse;
    bn->running_mean.data[d] +=
        bn->momentum * ((float)mean - bn->running_mean.data[d]);
    bn->running_var.data[d] += bn->momentum * ((float)(squares / (count - 1)) -
                                               bn->running_var.data[d]);
    for (int n = 0; n < l.rows; n++) {
        int at = n * l.apart + d * l.run;
        for (int i = at; i < at + l.run; i++) {
            float normal = (float)(((double)x->data[i] - mean) * inverse);
            bn->normal.data[i] = normal;
            y->data[i] = gamma * normal + beta;
        }
    }
}

// Features are cut into parts of some 8192 numbers: fewer are computed sooner
// than a second thread is awake.
static int parts_of(const Tensor *x) {
    return min_int(x->shape[1], max_int(1, (int)(x->size / 8192)));
}

// What the parts of a forward pass need: one part for each strip of features.
typedef struct {
    BatchNorm *bn;
    Tensor *y;
    const Tensor *x, *gamma, *beta;
} Forward;

static void normalize_strip(void *context, int part) {
    const Forward *f = context;
    const Strip s = strip_of(part, parts_of(f->x), f->x->shape[1]);
    for (int d = s.first; d < s.first + s.rows; d++)
        normalize(f->bn, f->y, f->x, d, f->gamma->data[d], f->beta->data[d]);
}

// D prints the denominator sqrt(sigma) and calls sigma the standard deviation.
// [D batch normalization] y = gamma (x - mean) / sqrt(sigma^2 + eps) + beta
void batchnorm_forward(BatchNorm *bn, Tensor *y, const Tensor *x,
                       const Tensor *gamma, const Tensor *beta) {
    require_shapes(bn, x, gamma, beta);
    Layout l = layout_of(x);
    REQUIRE(l.rows * l.run >= 2, "a batch of %d has no variance",
            l.rows * l.run);
    tensor_resize_like(&bn->normal, x);
    tensor_resize_like(y, x);
    threads_run(parts_of(x), normalize_strip,
                &(Forward){bn, y, x, gamma, beta});
}

static void denormalize(BatchNorm *bn, Tensor *dx, Tensor *dgamma,
                        Tensor *dbeta, const Tensor *dy, int d, float gamma) {
    Layout l = layout_of(dy);
    double sum = 0.0, sum_normal = 0.0, count = (double)(l.rows * l.run);
    for (int n = 0; n < l.rows; n++) {
        int at = n * l.apart + d * l.run;
        sum += run_sum(dy->data + at, l.run);
        sum_normal += run_dot(dy->data + at, bn->normal.data + at, l.run);
    }
    dgamma->data[d] = (float)sum_normal;
    dbeta->data[d] = (float)sum;
    float scale = gamma * bn->inverse_sigma.data[d];
    float mean = (float)(sum / count);
    float mean_normal = (float)(sum_normal / count);
    // x also moves the mean and the variance: their share is subtracted
    for (int n = 0; n < l.rows; n++) {
        int at = n * l.apart + d * l.run;
        for (int i = at; i < at + l.run; i++)
            dx->data[i] =
                scale * (dy->data[i] - mean - bn->normal.data[i] * mean_normal);
    }
}

// What the parts of a backward pass need: one part for each strip of features.
typedef struct {
    BatchNorm *bn;
    Tensor *dx, *dgamma, *dbeta;
    const Tensor *dy, *gamma;
} Backward;

static void denormalize_strip(void *context, int part) {
    const Backward *b = context;
    const Strip s = strip_of(part, parts_of(b->dy), b->dy->shape[1]);
    for (int d = s.first; d < s.first + s.rows; d++)
        denormalize(b->bn, b->dx, b->dgamma, b->dbeta, b->dy, d,
                    b->gamma->data[d]);
}

void batchnorm_backward(BatchNorm *bn, Tensor *dx, Tensor *dgamma,
                        Tensor *dbeta, const Tensor *dy, const Tensor *gamma) {
    REQUIRE(tensor_same_shape(dy, &bn->normal), "dy is %s, y was %s",
            tensor_shape(dy).text, tensor_shape(&bn->normal).text);
    tensor_resize_like(dx, dy);
    tensor_resize_like(dgamma, gamma);
    tensor_resize_like(dbeta, gamma);
    threads_run(parts_of(dy), denormalize_strip,
                &(Backward){bn, dx, dgamma, dbeta, dy, gamma});
}

// gamma / sqrt(running_var + eps) of feature d.
static float used_scale(const BatchNorm *bn, const Tensor *gamma, int d) {
    return gamma->data[d] / sqrtf(bn->running_var.data[d] + bn->eps);
}

void batchnorm_infer(const BatchNorm *bn, Tensor *y, const Tensor *x,
                     const Tensor *gamma, const Tensor *beta) {
    require_shapes(bn, x, gamma, beta);
    Layout l = layout_of(x);
    tensor_resize_like(y, x);
    for (int d = 0; d < x->shape[1]; d++) {
        float scale = used_scale(bn, gamma, d);
        float mean = bn->running_mean.data[d];
        for (int n = 0; n < l.rows; n++) {
            int at = n * l.apart + d * l.run;
            for (int i = at; i < at + l.run; i++)
                y->data[i] = (x->data[i] - mean) * scale + beta->data[d];
        }
    }
}

void batchnorm_fold(const BatchNorm *bn, Tensor *w, Tensor *b,
                    const Tensor *gamma, const Tensor *beta) {
    int D = w->shape[0], K = (int)(w->size / (size_t)D);
    REQUIRE((size_t)D == bn->running_mean.size && b->size == (size_t)D,
            "batchnorm of %zu features folded into w %s, b %s",
            bn->running_mean.size, tensor_shape(w).text, tensor_shape(b).text);
    for (int d = 0; d < D; d++) {
        float scale = used_scale(bn, gamma, d);
        for (int k = 0; k < K; k++)
            w->data[d * K + k] *= scale;
        b->data[d] =
            (b->data[d] - bn->running_mean.data[d]) * scale + beta->data[d];
    }
}
