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

// units = 0: a layer without weights, a pooling or LRN.
static void add_layer(NetCount *net, const char *name, PictureShape out,
                      long weights, long units, double multiply_adds) {
    REQUIRE(net->count < MOST_LAYERS, "%s has more than %d layers", net->name,
            MOST_LAYERS);
    LayerCount *layer = &net->layers[net->count++];
    snprintf(layer->name, sizeof layer->name, "%s", name);
    layer->out = net->out = out;
    layer->weights = weights;
    layer->units = units;
    layer->multiply_adds = multiply_adds;
    net->weights += weights;
    net->units += units;
    net->multiply_adds += multiply_adds;
    net->depth += units > 0;
}

static long volume(PictureShape s) {
    return (long)s.C * s.H * s.W;
}

// connections: pairs of a kernel and a channel that it sees. beside: numbers
// that each kernel has beside its weights.
static void add_conv(NetCount *net, const char *name, int O, int size,
                     int stride, int padding, int connections, int beside) {
    const PictureShape in = net->out;
    REQUIRE(in.H + 2 * padding >= size && in.W + 2 * padding >= size,
            "%s: a kernel of %d on a picture of %d x %d, padded by %d", name,
            size, in.H, in.W, padding);
    PictureShape out = {O, (in.H + 2 * padding - size) / stride + 1,
                        (in.W + 2 * padding - size) / stride + 1};
    const long kernels = (long)connections * size * size;
    add_layer(net, name, out, kernels + (long)O * beside, volume(out),
              (double)kernels * out.H * out.W);
}

void netcount_conv(NetCount *net, const char *name, int O, int size, int stride,
                   int padding) {
    add_conv(net, name, O, size, stride, padding, O * net->out.C, 1);
}

void netcount_grouped(NetCount *net, const char *name, int O, int size,
                      int stride, int padding, int groups) {
    const int C = net->out.C;
    REQUIRE(C % groups == 0 && O % groups == 0,
            "%s: %d channels and %d kernels in %d groups", name, C, O, groups);
    add_conv(net, name, O, size, stride, padding, O * (C / groups), 1);
}

void netcount_conv_norm(NetCount *net, const char *name, int O, int size,
                        int stride, int padding) {
    add_conv(net, name, O, size, stride, padding, O * net->out.C, 2);
}

void netcount_pool(NetCount *net, const char *name, int size, int stride,
                   int padding) {
    const PictureShape in = net->out;
    PictureShape out = {in.C, ceil_div(in.H + 2 * padding - size, stride) + 1,
                        ceil_div(in.W + 2 * padding - size, stride) + 1};
    add_layer(net, name, out, 0, 0, 0);
}

void netcount_sparse(NetCount *net, const char *name, int O, int size,
                     int connections) {
    REQUIRE(connections >= O && connections <= O * net->out.C,
            "%s: %d connections of %d channels and %d kernels", name,
            connections, net->out.C, O);
    add_conv(net, name, O, size, 1, 0, connections, 1);
}

void netcount_subsample(NetCount *net, const char *name, int size) {
    const PictureShape in = net->out;
    PictureShape out = {in.C, in.H / size, in.W / size};
    add_layer(net, name, out, 2 * in.C, volume(out), (double)volume(out));
}

void netcount_lrn(NetCount *net, const char *name) {
    add_layer(net, name, net->out, 0, 0, 0);
}

void netcount_linear(NetCount *net, const char *name, int M) {
    const long D = volume(net->out);
    add_layer(net, name, (PictureShape){M, 1, 1}, M * (D + 1), M,
              (double)M * (double)D);
}

void netcount_rbf(NetCount *net, const char *name, int M) {
    const long D = volume(net->out);
    add_layer(net, name, (PictureShape){M, 1, 1}, 0, M, (double)M * (double)D);
}

void netcount_lenet(NetCount *net) {
    netcount_init(net, "LeNet, 20-50-500", 1, 28, 28);
    netcount_conv(net, "conv1", 20, 5, 1, 2);
    netcount_pool(net, "pool1", 2, 2, 0);
    netcount_conv(net, "conv2", 50, 5, 1, 0);
    netcount_pool(net, "pool2", 2, 2, 0);
    netcount_linear(net, "fc1", 500);
    netcount_linear(net, "fc2", 10);
}
