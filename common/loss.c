#include "loss.h"

#include <math.h>

#include "error.h"
#include "vmath.h"

// y = exp(x - max x) for one row; returns the sum of y.
static float exp_row(float *y, const float *x, int n, float *max) {
    *max = x[0];
    for (int j = 1; j < n; j++)
        *max = x[j] > *max ? x[j] : *max;
    for (int j = 0; j < n; j++)
        y[j] = x[j] - *max;
    vexp(y, y, (size_t)n);
    float sum = 0.0f;
    for (int j = 0; j < n; j++)
        sum += y[j];
    return sum;
}

void softmax_forward(Tensor *y, const Tensor *x) {
    int N = x->shape[0], classes = (int)(x->size / (size_t)N);
    tensor_resize_like(y, x);
    for (int n = 0; n < N; n++) {
        float *row = y->data + n * classes, max;
        float sum = exp_row(row, x->data + n * classes, classes, &max);
        for (int j = 0; j < classes; j++)
            row[j] /= sum;
    }
}

float softmax_cross_entropy(Tensor *dlogits, const Tensor *logits,
                            const int *labels) {
    REQUIRE(logits->ndim == 2, "logits are %s", tensor_shape(logits).text);
    int N = logits->shape[0], classes = logits->shape[1];
    Tensor own = {0}, *d = dlogits != NULL ? dlogits : &own;
    tensor_resize_like(d, logits);
    double loss = 0.0; // a sum of thousands: double keeps its last digits
    for (int n = 0; n < N; n++) {
        REQUIRE(labels[n] >= 0 && labels[n] < classes,
                "label %d of picture %d, but %d classes", labels[n], n,
                classes);
        const float *x = logits->data + n * classes;
        float *row = d->data + n * classes, max;
        float sum = exp_row(row, x, classes, &max);
        // -log(exp(x - max) / sum) without ever dividing
        loss += (double)(logf(sum) - (x[labels[n]] - max));
        for (int j = 0; j < classes; j++)
            row[j] = (row[j] / sum - (j == labels[n])) / (float)N;
    }
    tensor_free(&own);
    return (float)(loss / N);
}

// Written out, an output's loss is max(z, 0) - t z - log(max(p, 1 - p)), and a
// sum of logarithms is one logarithm of a product: of up to 64 factors between
// a half and one, at least 2^-64.
float sigmoid_cross_entropy(Tensor *dlogits, const Tensor *logits,
                            const Tensor *target) {
    REQUIRE(tensor_same_shape(logits, target), "logits are %s, target is %s",
            tensor_shape(logits).text, tensor_shape(target).text);
    enum { FACTORS = 64 };
    const float N = (float)logits->shape[0];
    Tensor own = {0}, *d = dlogits != NULL ? dlogits : &own;
    tensor_resize_like(d, logits);
    vsigmoid(d->data, logits->data, logits->size);
    double loss = 0.0, product = 1.0;
    for (size_t i = 0; i < logits->size; i++) {
        float z = logits->data[i], t = target->data[i], p = d->data[i];
        loss += (double)((z > 0.0f ? z : 0.0f) - t * z);
        product *= (double)(p > 0.5f ? p : 1.0f - p);
        if (i % FACTORS == FACTORS - 1) {
            loss -= log(product);
            product = 1.0;
        }
        d->data[i] = (p - t) / N;
    }
    loss -= log(product);
    tensor_free(&own);
    return (float)(loss / (double)N);
}

float mse_loss(Tensor *dy, const Tensor *y, const Tensor *target) {
    REQUIRE(tensor_same_shape(y, target), "mse: y is %s, target is %s",
            tensor_shape(y).text, tensor_shape(target).text);
    if (dy != NULL)
        tensor_resize_like(dy, y);
    double loss = 0.0;
    for (size_t i = 0; i < y->size; i++) {
        float e = y->data[i] - target->data[i];
        loss += (double)e * (double)e;
        if (dy != NULL)
            dy->data[i] = 2.0f * e / (float)y->size;
    }
    return (float)(loss / (double)y->size);
}
