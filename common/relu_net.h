// relu_net.h - the fully connected net of chapter 2, ready-made: for programs
// whose subject is not the net but how it is trained.
//
//     x [N, D] -> linear -> ReLU -> ... -> linear -> logits [N, classes]
//
//     ReluNet net;
//     relu_net_init(&net, 3, (int[]){784, 128, 10}, &rng); // one hidden layer
//     relu_net_forward(&net, &batches.x);
//     float loss = softmax_cross_entropy(&net.dlogits, &net.logits, labels);
//     relu_net_backward(&net, &batches.x);
//     optimizer_step(&optimizer, &net.params.value, &net.params.grad);

#ifndef DL_RELU_NET_H
#define DL_RELU_NET_H

#include "params.h"
#include "rng.h"
#include "tensor.h"

enum { RELU_NET_LAYERS = 6 };

typedef struct {
    // set by relu_net_init
    int layers;    // of weights: one more than there are hidden layers
    Params params; // all that follow are slices of params.value and .grad
    Tensor w[RELU_NET_LAYERS], b[RELU_NET_LAYERS]; // [M, D], [M]
    Tensor dw[RELU_NET_LAYERS], db[RELU_NET_LAYERS];
    // written by forward, read by backward
    Tensor hidden[RELU_NET_LAYERS - 1]; // after ReLU, [N, M]
    Tensor logits;                      // [N, classes]
    // gradients of these; dlogits is written by the loss
    Tensor dhidden[RELU_NET_LAYERS - 1], dlogits;
} ReluNet;

// sizes: D, the hidden layers' widths, the classes; count of them, 2 ..
// RELU_NET_LAYERS + 1. Weights as params_init_he draws them, biases zero.
void relu_net_init(ReluNet *net, int count, const int *sizes, Rng *rng);
void relu_net_free(ReluNet *net);

// x [N, D], or [N, C, H, W] with C H W = D.
void relu_net_forward(ReluNet *net, const Tensor *x);
// net->dlogits -> params.grad, for the x that forward was given.
void relu_net_backward(ReluNet *net, const Tensor *x);

#endif
