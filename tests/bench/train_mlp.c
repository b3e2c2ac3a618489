// train_mlp.c - training steps per second of the MLP 784-128-64-10.

#define main mlp_main
#include "ch02_mlp/mlp.c"
#undef main

#include "train.h"

typedef struct {
    Mlp net;
    Optimizer adam;
    Tensor x;
    int labels[N];
} Bench;

static void forward(void *bench) {
    Bench *b = bench;
    mlp_forward(&b->net, &b->x, NULL);
}

static void backward(void *bench) {
    Bench *b = bench;
    mlp_backward(&b->net, &b->x);
}

static void update(void *bench) {
    Bench *b = bench;
    optimizer_step(&b->adam, &b->net.params.value, &b->net.params.grad);
}

static void step(void *bench) {
    Bench *b = bench;
    forward(b);
    softmax_cross_entropy(&b->net.dlogits, &b->net.logits, b->labels);
    backward(b);
    update(b);
}

int main(int argc, char **argv) {
    Rng rng;
    Bench b = {0};
    rng_seed(&rng, 1);
    mlp_init(&b.net, 128, 10, 0.0f, &rng);
    optimizer_init(&b.adam, ADAM, 1e-3f);
    tensor_resize(&b.x, 4, N, 1, 28, 28);
    random_batch(&b.x, b.labels, &rng);
    step(&b);

    const double fc1 = 784.0 * 128, rest = 128.0 * 64 + 64.0 * 10;
    const Part parts[] = {
        {"forward", forward, fc1 + rest},
        {"backward", backward, fc1 + 2 * rest}, // no dx in the first layer
        {"Adam", update, 0},
    };
    report(argc, argv, "mlp", step, &b, parts, sizeof parts / sizeof *parts);
    optimizer_free(&b.adam);
    tensor_free(&b.x);
    mlp_free(&b.net);
    return 0;
}
