// train.c - training steps per second of this project's nets, layer by layer.
//
// usage: train [lenet]   One net a run; run.sh pins it to a core and puts
// PyTorch's figure (torch_peer.py) beside it.

#define main lenet_main
#include "ch06_cnn/lenet.c"
#undef main

#include "blas.h"

enum { N = 64, STEPS = 30, ROUNDS = 9 };

static void step(LeNet *net, Optimizer *adam, const Tensor *x,
                 const int *labels) {
    lenet_forward(net, x);
    softmax_cross_entropy(&net->dlogits, &net->logits, labels);
    lenet_backward(net);
    optimizer_step(adam, &net->params.value, &net->params.grad);
}

// Milliseconds and GFLOP/s of one part of a step; flops for the whole batch.
#define PART(name, flops, call)                                                \
    do {                                                                       \
        double times[ROUNDS];                                                  \
        for (int r = 0; r < ROUNDS; r++) {                                     \
            double from = seconds_now();                                       \
            for (int i = 0; i < 5; i++)                                        \
                call;                                                          \
            times[r] = (seconds_now() - from) / 5;                             \
        }                                                                      \
        double t = median(times, ROUNDS);                                      \
        printf("  %-16s %7.3f ms %7.0f GFLOP/s\n", name, 1e3 * t,              \
               (flops) / t * 1e-9);                                            \
    } while (0)

int main(void) {
    Rng rng;
    LeNet net;
    Optimizer adam;
    Tensor x = {0};
    int labels[N];
    rng_seed(&rng, 1);
    lenet_init(&net, &rng);
    optimizer_init(&adam, ADAM, 1e-3f);
    tensor_resize(&x, 4, N, 1, 28, 28);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = rng_uniform(&rng);
    for (int n = 0; n < N; n++)
        labels[n] = rng_below(&rng, 10);

    double rates[ROUNDS];
    step(&net, &adam, &x, labels);
    for (int r = 0; r < ROUNDS; r++) {
        double from = seconds_now();
        for (int s = 0; s < STEPS; s++)
            step(&net, &adam, &x, labels);
        rates[r] = N * STEPS / (seconds_now() - from);
    }
    // multiply-adds of one digit, forward
    const double conv1 = 20.0 * 28 * 28 * 25, conv2 = 50.0 * 100 * 500;
    const double fc1 = 500.0 * 1250, fc2 = 10.0 * 500, batch = 2.0 * N;
    printf("lenet, batch %d, %d thread(s):\n", N, blas_threads());
    PART(
        "conv1 forward", batch * conv1,
        conv2d_forward(&net.conv1, &net.pool1, &x, &net.conv1_w, &net.conv1_b));
    PART("conv2 forward", batch * conv2,
         conv2d_forward(&net.conv2, &net.pool2, &net.pool1, &net.conv2_w,
                        &net.conv2_b));
    PART("fc1 forward", batch * fc1,
         linear_forward(&net.fc1, &net.pool2, &net.fc1_w, &net.fc1_b));
    PART("fc2 forward", batch * fc2,
         linear_forward(&net.logits, &net.fc1, &net.fc2_w, &net.fc2_b));
    PART("fc2 backward", 2 * batch * fc2,
         linear_backward(&net.dfc1, &net.dfc2_w, &net.dfc2_b, &net.dlogits,
                         &net.fc1, &net.fc2_w));
    PART("fc1 backward", 2 * batch * fc1,
         linear_backward(&net.dpool2, &net.dfc1_w, &net.dfc1_b, &net.dfc1,
                         &net.pool2, &net.fc1_w));
    PART("conv2 backward", 2 * batch * conv2,
         conv2d_backward(&net.conv2, &net.dpool1, &net.dconv2_w, &net.dconv2_b,
                         &net.dpool2, &net.conv2_w));
    PART("conv1 backward", batch * conv1,
         conv2d_backward(&net.conv1, NULL, &net.dconv1_w, &net.dconv1_b,
                         &net.dpool1, &net.conv1_w));
    PART("Adam", 0.0,
         optimizer_step(&adam, &net.params.value, &net.params.grad));
    printf("samples/s %.0f\n", median(rates, ROUNDS));
    optimizer_free(&adam);
    tensor_free(&x);
    lenet_free(&net);
    return 0;
}
