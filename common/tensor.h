// tensor.h - up to four dimensions of float32, contiguous, row-major.
//
// Row-major: the last index moves fastest, so element [i][j] of a tensor of
// shape [R, C] is data[i * C + j], and a tensor [N, C, H, W] is N pictures, one
// after the other.
//
// Ownership: a Tensor that is all zero ({0}) is empty and ready for use. A
// function that computes a tensor gives it its shape by tensor_resize, which
// allocates what is missing and keeps what is there; so a net's activations
// are allocated by its first forward pass and never again. tensor_free releases
// them. A *view* (tensor_view, the slices of params.h) borrows its memory from
// somebody else: it has a capacity of 0, is not freed, and cannot grow.

#ifndef DL_TENSOR_H
#define DL_TENSOR_H

#include <stdbool.h>
#include <stddef.h>

enum { TENSOR_MAX_DIMS = 4 };

typedef struct {
    float *data;
    int ndim;                   // 1 .. 4; 0 while empty
    int shape[TENSOR_MAX_DIMS]; // entries beyond ndim are 1
    size_t size;                // product of the shape, in floats
    size_t capacity;            // floats owned; 0 for a view
} Tensor;

// Gives t the shape (ndim dimensions, each an int > 0):
//     tensor_resize(&y, 2, N, M);
// The contents are unspecified afterwards. On a view only the number of rows
// (the first dimension) may change, and only downwards.
void tensor_resize(Tensor *t, int ndim, ...);

// Gives t the shape of other.
void tensor_resize_like(Tensor *t, const Tensor *other);

// A view of data, which stays the caller's:
//     Tensor row = tensor_view(x.data + i * D, 2, 1, D);
Tensor tensor_view(float *data, int ndim, ...);

// Releases what t owns and makes it empty again.
void tensor_free(Tensor *t);

// Every element = value.
void tensor_fill(Tensor *t, float value);

// to = from, element by element; to is resized.
void tensor_copy(Tensor *to, const Tensor *from);

// a += b, element by element; shapes must agree.
void tensor_add(Tensor *a, const Tensor *b);

// sqrt(sum of t_i^2), the L2 norm of all elements. Summed in double: a float's
// square underflows long before the float.
double tensor_norm(const Tensor *t);

// True if both have the same dimensions.
bool tensor_same_shape(const Tensor *a, const Tensor *b);

// The shape as text for messages: tensor_shape(&x).text is "[64, 1, 28, 28]".
typedef struct {
    char text[64];
} ShapeText;
ShapeText tensor_shape(const Tensor *t);

#endif
