// train_simple.c - training steps per second of the convolutional net of
// "Deep Learning from Scratch": 30 kernels 5 x 5, ReLU, pool 2 x 2, 100 units.

#include "conv.h"
#include "layers.h"
#include "loss.h"
#include "optim.h"
#include "params.h"
#include "train.h"

typedef struct {
    Params params;
    Tensor conv_w, conv_b, fc1_w, fc1_b, fc2_w, fc2_b;
    Tensor dconv_w, dconv_b, dfc1_w, dfc1_b, dfc2_w, dfc2_b;
    Conv2d conv;
    Tensor x, pool, fc1, logits; // [N, 1, 28, 28] [N, 30, 12, 12] [N, 100] ...
    Tensor dpool, dfc1, dlogits;
    int labels[N];
    Optimizer adam;
} Net;

static void forward(void *bench) {
    Net *n = bench;
    conv2d_forward(&n->conv, &n->pool, &n->x, &n->conv_w, &n->conv_b);
    linear_forward(&n->fc1, &n->pool, &n->fc1_w, &n->fc1_b);
    relu_forward(&n->fc1, &n->fc1);
    linear_forward(&n->logits, &n->fc1, &n->fc2_w, &n->fc2_b);
}

static void backward(void *bench) {
    Net *n = bench;
    linear_backward(&n->dfc1, &n->dfc2_w, &n->dfc2_b, &n->dlogits, &n->fc1,
                    &n->fc2_w);
    relu_backward(&n->dfc1, &n->dfc1, &n->fc1);
    linear_backward(&n->dpool, &n->dfc1_w, &n->dfc1_b, &n->dfc1, &n->pool,
                    &n->fc1_w);
    conv2d_backward(&n->conv, NULL, &n->dconv_w, &n->dconv_b, &n->dpool,
                    &n->conv_w);
}

static void update(void *bench) {
    Net *n = bench;
    optimizer_step(&n->adam, &n->params.value, &n->params.grad);
}

static void step(void *bench) {
    Net *n = bench;
    forward(n);
    softmax_cross_entropy(&n->dlogits, &n->logits, n->labels);
    backward(n);
    update(n);
}

int main(int argc, char **argv) {
    Rng rng;
    Net net = {.conv = {.relu = true, .pool = 2}}, *n = &net;
    const ParamSpec table[] = {
        {"conv.weight", &n->conv_w, &n->dconv_w, {30, 1, 5, 5}},
        {"conv.bias", &n->conv_b, &n->dconv_b, {30}},
        {"fc1.weight", &n->fc1_w, &n->dfc1_w, {100, 30 * 12 * 12}},
        {"fc1.bias", &n->fc1_b, &n->dfc1_b, {100}},
        {"fc2.weight", &n->fc2_w, &n->dfc2_w, {10, 100}},
        {"fc2.bias", &n->fc2_b, &n->dfc2_b, {10}},
    };
    rng_seed(&rng, 1);
    params_init(&n->params, table, sizeof table / sizeof *table);
    params_init_he(&n->params, &rng);
    optimizer_init(&n->adam, ADAM, 1e-3f);
    tensor_resize(&n->x, 4, N, 1, 28, 28);
    random_batch(&n->x, n->labels, &rng);
    step(n);

    const double conv = 30.0 * 24 * 24 * 25, fc = 100.0 * (4320 + 10);
    const Part parts[] = {
        {"forward", forward, conv + fc},
        {"backward", backward, conv + 2 * fc},
        {"Adam", update, 0},
    };
    report(argc, argv, "simple", step, n, parts, sizeof parts / sizeof *parts);
    Tensor *all[] = {&n->x,     &n->pool, &n->fc1,    &n->logits,
                     &n->dpool, &n->dfc1, &n->dlogits};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    conv2d_free(&n->conv);
    optimizer_free(&n->adam);
    params_free(&n->params);
    return 0;
}
