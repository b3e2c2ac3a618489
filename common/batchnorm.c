#include "batchnorm.h"

#include <math.h>

#include "error.h"

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
    REQUIRE(x->ndim == 2 && (size_t)x->shape[1] == D && gamma->size == D &&
                beta->size == D,
            "batchnorm of %zu features: x is %s, gamma %s, beta %s", D,
            tensor_shape(x).text, tensor_shape(gamma).text,
            tensor_shape(beta).text);
}

// Mean and sum of squared distances of feature d, in double: two passes, since
// mean(x^2) - mean(x)^2 cancels.
static void moments(const Tensor *x, int d, double *mean, double *squares) {
    int N = x->shape[0], D = x->shape[1];
    *mean = *squares = 0.0;
    for (int n = 0; n < N; n++)
        *mean += (double)x->data[n * D + d] / N;
    for (int n = 0; n < N; n++) {
        double distance = (double)x->data[n * D + d] - *mean;
        *squares += distance * distance;
    }
}

// [D batch normalization] y = gamma (x - mean) / sqrt(sigma^2 + eps) + beta
void batchnorm_forward(BatchNorm *bn, Tensor *y, const Tensor *x,
                       const Tensor *gamma, const Tensor *beta) {
    require_shapes(bn, x, gamma, beta);
    int N = x->shape[0], D = x->shape[1];
    REQUIRE(N >= 2, "a batch of %d has no variance", N);
    tensor_resize_like(&bn->normal, x);
    tensor_resize_like(y, x);
    for (int d = 0; d < D; d++) {
        double mean, squares;
        moments(x, d, &mean, &squares);
        double inverse = 1.0 / sqrt(squares / N + (double)bn->eps);
        bn->inverse_sigma.data[d] = (float)inverse;
        bn->running_mean.data[d] +=
            bn->momentum * ((float)mean - bn->running_mean.data[d]);
        bn->running_var.data[d] += bn->momentum * ((float)(squares / (N - 1)) -
                                                   bn->running_var.data[d]);
        for (int n = 0; n < N; n++) {
            int i = n * D + d;
            float normal = (float)(((double)x->data[i] - mean) * inverse);
            bn->normal.data[i] = normal;
            y->data[i] = gamma->data[d] * normal + beta->data[d];
        }
    }
}

void batchnorm_backward(BatchNorm *bn, Tensor *dx, Tensor *dgamma,
                        Tensor *dbeta, const Tensor *dy, const Tensor *gamma) {
    REQUIRE(tensor_same_shape(dy, &bn->normal), "dy is %s, y was %s",
            tensor_shape(dy).text, tensor_shape(&bn->normal).text);
    int N = dy->shape[0], D = dy->shape[1];
    tensor_resize_like(dx, dy);
    tensor_resize_like(dgamma, gamma);
    tensor_resize_like(dbeta, gamma);
    for (int d = 0; d < D; d++) {
        double sum = 0.0, sum_normal = 0.0;
        for (int n = 0; n < N; n++) {
            sum += (double)dy->data[n * D + d];
            sum_normal += (double)dy->data[n * D + d] *
                          (double)bn->normal.data[n * D + d];
        }
        dgamma->data[d] = (float)sum_normal;
        dbeta->data[d] = (float)sum;
        float scale = gamma->data[d] * bn->inverse_sigma.data[d];
        float mean = (float)(sum / N), mean_normal = (float)(sum_normal / N);
        // x moves the mean and the variance, too: their share is taken off
        for (int n = 0; n < N; n++) {
            int i = n * D + d;
            dx->data[i] =
                scale * (dy->data[i] - mean - bn->normal.data[i] * mean_normal);
        }
    }
}

// gamma / sqrt(running_var + eps) of feature d.
static float used_scale(const BatchNorm *bn, const Tensor *gamma, int d) {
    return gamma->data[d] / sqrtf(bn->running_var.data[d] + bn->eps);
}

void batchnorm_infer(const BatchNorm *bn, Tensor *y, const Tensor *x,
                     const Tensor *gamma, const Tensor *beta) {
    require_shapes(bn, x, gamma, beta);
    int N = x->shape[0], D = x->shape[1];
    tensor_resize_like(y, x);
    for (int d = 0; d < D; d++) {
        float scale = used_scale(bn, gamma, d);
        for (int n = 0; n < N; n++)
            y->data[n * D + d] =
                (x->data[n * D + d] - bn->running_mean.data[d]) * scale +
                beta->data[d];
    }
}

void batchnorm_fold(const BatchNorm *bn, Tensor *w, Tensor *b,
                    const Tensor *gamma, const Tensor *beta) {
    int D = w->shape[0], K = w->shape[1];
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
