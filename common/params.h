// params.h - a model's parameters as one flat array, its gradients as another.
//
// A model lists its parameters once, in a table of name, value, gradient and
// shape. params_init lays them out one after the other in two flat arrays of
// the same order and turns the model's Tensors into views of them. So an
// optimizer, a gradient check, clipping and saving are single loops over
// params.value and params.grad, whatever the model looks like.
//
//     const ParamSpec table[] = {
//         {"fc.weight", &net->w, &net->dw, {10, 784}},
//         {"fc.bias", &net->b, &net->db, {10}},
//     };
//     params_init(&net->params, table, 2);

#ifndef DL_PARAMS_H
#define DL_PARAMS_H

#include "rng.h"
#include "tensor.h"

typedef struct {
    const char *name;           // "conv1.weight", as PyTorch would call it
    Tensor *value;              // the model's tensor, turned into a view
    Tensor *grad;               // and its gradient's
    int shape[TENSOR_MAX_DIMS]; // zeros after the last dimension
} ParamSpec;

typedef struct {
    Tensor value;     // [all parameters]
    Tensor grad;      // [all parameters], same order
    int count;        // entries in the table
    ParamSpec *table; // a copy of it
} Params;

// Allocates both arrays, all zero, and points every Tensor of the table into
// them. Names must outlive params (string literals do), be all different, and
// be printable without spaces, quotation marks and backslashes, because they
// are the keys in a file of weights. params_free empties the Tensors, too.
void params_init(Params *params, const ParamSpec *table, int count);
void params_free(Params *params);

// He initialisation (He et al. 2015): weights ~ N(0, 2 / fan_in), biases 0.
// What has two or more dimensions is a weight; fan_in is the number of inputs
// of one output: the product of all dimensions but the first.
void params_init_he(Params *params, Rng *rng);

// Gradient clipping (Pascanu et al. 2013): if the length of the whole gradient
// (the root of the sum of all squares) is above most, scales it down to most.
// Its direction stays. Returns the length before.
float params_clip_grad_norm(Params *params, float most);

#endif
