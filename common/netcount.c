// netcount.c - output shapes, weights and multiply-adds, layer by layer.

#include "netcount.h"

#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "integers.h"

enum { MOST_LAYERS = 256 };

void netcount_init(NetCount *net, const char *name, int C, int H, int W) {
    *net = (NetCount){.name = name, .out = {C, H, W}};
    net->layers = calloc(MOST_LAYERS, sizeof *net->layers);
    if (net->layers == NULL)
        die("out of memory for the layers of %s", name);
}

void netcount_free(NetCount *net) {
    free(net->layers);
    *net = (NetCount){0};
}

static void add_layer(NetCount *net, const char *name, PictureShape out,
                      long weights, double multiply_adds) {
    REQUIRE(net->count < MOST_LAYERS, "%s has more than %d layers", net->name,
            MOST_LAYERS);
    LayerCount *layer = &net->layers[net->count++];
    snprintf(layer->name, sizeof layer->name, "%s", name);
    layer->out = net->out = out;
    layer->weights = weights;
    layer->multiply_adds = multiply_adds;
    net->weights += weights;
    net->multiply_adds += multiply_adds;
}

// beside: numbers that each kernel has beside its weights.
static void add_conv(NetCount *net, const char *name, int O, int size,
                     int stride, int padding, int groups, int beside) {
    const PictureShape in = net->out;
    REQUIRE(in.C % groups == 0 && O % groups == 0,
            "%s: %d channels and %d kernels in %d groups", name, in.C, O,
            groups);
    REQUIRE(in.H + 2 * padding >= size && in.W + 2 * padding >= size,
            "%s: a kernel of %d on a picture of %d x %d, padded by %d", name,
            size, in.H, in.W, padding);
    PictureShape out = {O, (in.H + 2 * padding - size) / stride + 1,
                        (in.W + 2 * padding - size) / stride + 1};
    const long kernel = (long)(in.C / groups) * size * size;
    add_layer(net, name, out, O * (kernel + beside),
              (double)O * out.H * out.W * (double)kernel);
}

void netcount_conv(NetCount *net, const char *name, int O, int size, int stride,
                   int padding) {
    add_conv(net, name, O, size, stride, padding, 1, 1);
}

void netcount_grouped(NetCount *net, const char *name, int O, int size,
                      int stride, int padding, int groups) {
    add_conv(net, name, O, size, stride, padding, groups, 1);
}

void netcount_conv_norm(NetCount *net, const char *name, int O, int size,
                        int stride, int padding) {
    add_conv(net, name, O, size, stride, padding, 1, 2);
}

void netcount_pool(NetCount *net, const char *name, int size, int stride,
                   int padding) {
    const PictureShape in = net->out;
    PictureShape out = {in.C, ceil_div(in.H + 2 * padding - size, stride) + 1,
                        ceil_div(in.W + 2 * padding - size, stride) + 1};
    add_layer(net, name, out, 0, 0);
}

void netcount_linear(NetCount *net, const char *name, int M) {
    const long D = (long)net->out.C * net->out.H * net->out.W;
    add_layer(net, name, (PictureShape){M, 1, 1}, M * (D + 1),
              (double)M * (double)D);
}

void netcount_lenet(NetCount *net) {
    netcount_init(net, "LeNet", 1, 28, 28);
    netcount_conv(net, "conv1", 20, 5, 1, 2);
    netcount_pool(net, "pool1", 2, 2, 0);
    netcount_conv(net, "conv2", 50, 5, 1, 0);
    netcount_pool(net, "pool2", 2, 2, 0);
    netcount_linear(net, "fc1", 500);
    netcount_linear(net, "fc2", 10);
}
