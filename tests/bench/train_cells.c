// train_cells.c - training steps per second of RNN, LSTM and GRU: 28 rows of 28
// pixels, 128 units, the last state to ten classes.
//
// usage: train_cells lstm|gru|rnn

#include <string.h>

#include "loss.h"
#include "optim.h"
#include "recurrent_net.h"
#include "train.h"

enum { STEPS = 28, PIXELS = 28, UNITS = 128 };

typedef struct {
    RecurrentNet net;
    Optimizer adam;
    Tensor x;
    int labels[N];
} Bench;

static void forward(void *bench) {
    Bench *b = bench;
    recurrent_net_forward(&b->net, &b->x, LAST_STATE);
}

// As it stands only after forward: backward writes over the gates.
static void both_ways(void *bench) {
    Bench *b = bench;
    forward(b);
    recurrent_net_backward(&b->net, &b->x);
}

static void update(void *bench) {
    Bench *b = bench;
    optimizer_step(&b->adam, &b->net.params.value, &b->net.params.grad);
}

static void step(void *bench) {
    Bench *b = bench;
    forward(b);
    softmax_cross_entropy(&b->net.dlogits, &b->net.logits, b->labels);
    recurrent_net_backward(&b->net, &b->x);
    update(b);
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "lstm";
    CellKind kind = strcmp(name, "gru") == 0   ? GRU
                    : strcmp(name, "rnn") == 0 ? RNN
                                               : LSTM;
    Rng rng;
    Bench b = {0};
    rng_seed(&rng, 1);
    recurrent_net_init(&b.net, kind, PIXELS, UNITS, 10, &rng);
    optimizer_init(&b.adam, ADAM, 1e-3f);
    tensor_resize(&b.x, 3, STEPS, N, PIXELS);
    random_batch(&b.x, b.labels, &rng);
    step(&b);

    // per gate and step: what the inputs and what the states are multiplied by
    const double once =
        cell_gates(kind) * UNITS * (STEPS * PIXELS + (STEPS - 1.0) * UNITS);
    const double states = cell_gates(kind) * UNITS * (STEPS - 1.0) * UNITS;
    const Part parts[] = {
        {"forward", forward, once},
        {"both ways", both_ways, 2 * once + states}, // no gradient of x
        {"Adam", update, 0},
    };
    report(argc, argv, name, step, &b, parts, sizeof parts / sizeof *parts);
    optimizer_free(&b.adam);
    tensor_free(&b.x);
    recurrent_net_free(&b.net);
    return 0;
}
