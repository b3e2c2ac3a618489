// recurrent_net.h - one recurrent layer and a linear one, ready-made: for
// programs whose subject is not the net but what it is asked to remember.
//
//     x [T, N, D] -> cell -> the last state [N, H] -> linear -> logits
//     x [T, N, D] -> cell -> every state [T N, H]  -> linear -> logits
//
//     RecurrentNet net;
//     recurrent_net_init(&net, LSTM, 28, 128, 10, &rng);
//     recurrent_net_forward(&net, &x, LAST_STATE);
//     float loss = softmax_cross_entropy(&net.dlogits, &net.logits, labels);
//     recurrent_net_backward(&net, &x);
//     params_clip_grad_norm(&net.params, 1.0f);
//     optimizer_step(&optimizer, &net.params.value, &net.params.grad);

#ifndef DL_RECURRENT_NET_H
#define DL_RECURRENT_NET_H

#include "params.h"
#include "recurrent.h"
#include "rng.h"
#include "tensor.h"

// Which states are asked: many-to-one, or many-to-many.
typedef enum { LAST_STATE, EVERY_STATE } Asked;

typedef struct {
    // set by recurrent_net_init: slices of params.value and .grad
    Params params;
    CellWeights cell_w, dcell_w;
    Tensor fc_w, fc_b, dfc_w, dfc_b; // [classes, H], [classes]
    // written by forward, read by backward
    Recurrent cell; // cell.h0 may be set, or carried (recurrent.h)
    Asked asked;
    Tensor logits; // [N, classes], or [T N, classes], step by step
    // gradients of these; dlogits is written by the loss
    Tensor dstates, dlogits;
} RecurrentNet;

// D inputs, H units. The cell's weights as cell_init draws them, the linear
// layer's as params_init_he does.
void recurrent_net_init(RecurrentNet *net, CellKind kind, int D, int H,
                        int classes, Rng *rng);
void recurrent_net_free(RecurrentNet *net);

void recurrent_net_forward(RecurrentNet *net, const Tensor *x, Asked asked);
// net->dlogits -> params.grad, for the x that forward was given; what
// recurrent_backward leaves in net->cell.dh is there too.
void recurrent_net_backward(RecurrentNet *net, const Tensor *x);

#endif
