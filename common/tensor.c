#include "tensor.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "memory.h"

// Writes ndim and shape, checks them, and returns the number of elements.
static size_t set_shape(Tensor *t, int ndim, va_list dims) {
    REQUIRE(ndim >= 1 && ndim <= TENSOR_MAX_DIMS, "ndim is %d", ndim);
    size_t size = 1;
    t->ndim = ndim;
    for (int i = 0; i < TENSOR_MAX_DIMS; i++) {
        t->shape[i] = i < ndim ? va_arg(dims, int) : 1;
        REQUIRE(t->shape[i] > 0, "dimension %d is %d", i, t->shape[i]);
        REQUIRE(size <= SIZE_MAX / sizeof(float) / (size_t)t->shape[i],
                "the tensor %s is too large to address", tensor_shape(t).text);
        size *= (size_t)t->shape[i];
    }
    return size;
}

void tensor_resize(Tensor *t, int ndim, ...) {
    va_list dims;
    va_start(dims, ndim);
    size_t size = set_shape(t, ndim, dims);
    va_end(dims);
    bool is_view = t->data != NULL && t->capacity == 0;
    REQUIRE(!is_view || size <= t->size,
            "a view of %zu floats cannot grow to %s", t->size,
            tensor_shape(t).text);
    if (!is_view && size > t->capacity) {
        mem_free(t->data);
        t->data = mem_alloc(size, sizeof(float));
        t->capacity = size;
    }
    t->size = size;
}

void tensor_resize_like(Tensor *t, const Tensor *other) {
    const int *s = other->shape;
    tensor_resize(t, other->ndim, s[0], s[1], s[2], s[3]);
}

Tensor tensor_view(float *data, int ndim, ...) {
    Tensor t = {.data = data};
    va_list dims;
    va_start(dims, ndim);
    t.size = set_shape(&t, ndim, dims);
    va_end(dims);
    return t;
}

void tensor_free(Tensor *t) {
    if (t->capacity > 0)
        mem_free(t->data);
    *t = (Tensor){0};
}

void tensor_fill(Tensor *t, float value) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = value;
}

void tensor_copy(Tensor *to, const Tensor *from) {
    tensor_resize_like(to, from);
    memcpy(to->data, from->data, from->size * sizeof(float));
}

void tensor_add(Tensor *a, const Tensor *b) {
    REQUIRE(tensor_same_shape(a, b), "a is %s, b is %s", tensor_shape(a).text,
            tensor_shape(b).text);
    for (size_t i = 0; i < a->size; i++)
        a->data[i] += b->data[i];
}

double tensor_norm(const Tensor *t) {
    double sum = 0;
    for (size_t i = 0; i < t->size; i++)
        sum += (double)t->data[i] * (double)t->data[i];
    return sqrt(sum);
}

bool tensor_same_shape(const Tensor *a, const Tensor *b) {
    return a->ndim == b->ndim &&
           memcmp(a->shape, b->shape, sizeof a->shape) == 0;
}

ShapeText tensor_shape(const Tensor *t) {
    ShapeText s = {"["};
    size_t used = 1;
    for (int i = 0; i < t->ndim; i++)
        used += (size_t)snprintf(s.text + used, sizeof s.text - used, "%s%d",
                                 i > 0 ? ", " : "", t->shape[i]);
    snprintf(s.text + used, sizeof s.text - used, "]");
    return s;
}
