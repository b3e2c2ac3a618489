// train_lenet.c - training steps per second of LeNet, layer by layer.
//
// run.sh pins it to a core and puts PyTorch's figure (torch_peer.py) beside it.

#define main lenet_main
#include "ch06_cnn/lenet.c"
#undef main

#include "train.h"

typedef struct {
    LeNet net;
    Optimizer adam;
    Tensor x;
    int labels[N];
} Bench;

static void step(void *bench) {
    Bench *b = bench;
    lenet_forward(&b->net, &b->x);
    softmax_cross_entropy(&b->net.dlogits, &b->net.logits, b->labels);
    lenet_backward(&b->net);
    optimizer_step(&b->adam, &b->net.params.value, &b->net.params.grad);
}

static void conv1_forward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    conv2d_forward(&n->conv1, &n->pool1, &((Bench *)bench)->x, &n->conv1_w,
                   &n->conv1_b);
}

static void conv2_forward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    conv2d_forward(&n->conv2, &n->pool2, &n->pool1, &n->conv2_w, &n->conv2_b);
}

static void fc1_forward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    linear_forward(&n->fc1, &n->pool2, &n->fc1_w, &n->fc1_b);
}

static void fc2_forward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    linear_forward(&n->logits, &n->fc1, &n->fc2_w, &n->fc2_b);
}

static void fc2_backward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    linear_backward(&n->dfc1, &n->dfc2_w, &n->dfc2_b, &n->dlogits, &n->fc1,
                    &n->fc2_w);
}

static void fc1_backward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    linear_backward(&n->dpool2, &n->dfc1_w, &n->dfc1_b, &n->dfc1, &n->pool2,
                    &n->fc1_w);
}

static void conv2_backward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    conv2d_backward(&n->conv2, &n->dpool1, &n->dconv2_w, &n->dconv2_b,
                    &n->dpool2, &n->conv2_w);
}

static void conv1_backward(void *bench) {
    LeNet *n = &((Bench *)bench)->net;
    conv2d_backward(&n->conv1, NULL, &n->dconv1_w, &n->dconv1_b, &n->dpool1,
                    &n->conv1_w);
}

static void update(void *bench) {
    Bench *b = bench;
    optimizer_step(&b->adam, &b->net.params.value, &b->net.params.grad);
}

int main(int argc, char **argv) {
    Rng rng;
    Bench b = {0};
    rng_seed(&rng, 1);
    lenet_init(&b.net, 10, &rng);
    optimizer_init(&b.adam, ADAM, 1e-3f);
    tensor_resize(&b.x, 4, N, 1, 28, 28);
    random_batch(&b.x, b.labels, &rng);
    step(&b);

    const double conv1 = 20.0 * 28 * 28 * 25, conv2 = 50.0 * 100 * 500;
    const double fc1 = 500.0 * 1250, fc2 = 10.0 * 500;
    const Part parts[] = {
        {"conv1 forward", conv1_forward, conv1},
        {"conv2 forward", conv2_forward, conv2},
        {"fc1 forward", fc1_forward, fc1},
        {"fc2 forward", fc2_forward, fc2},
        {"fc2 backward", fc2_backward, 2 * fc2},
        {"fc1 backward", fc1_backward, 2 * fc1},
        {"conv2 backward", conv2_backward, 2 * conv2},
        {"conv1 backward", conv1_backward, conv1}, // no dx
        {"Adam", update, 0},
    };
    report(argc, argv, "lenet", step, &b, parts, sizeof parts / sizeof *parts);
    optimizer_free(&b.adam);
    tensor_free(&b.x);
    lenet_free(&b.net);
    return 0;
}
