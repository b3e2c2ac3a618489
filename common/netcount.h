// netcount.h - what a net costs, counted from its description.
//
// A description is a list of calls, one per layer; each adds a row with the
// layer's output shape, its weights and its multiply-adds for one picture. No
// number is computed: this is for nets that are too large to train here.
//
//     NetCount net;
//     netcount_init(&net, "LeNet", 1, 28, 28);
//     netcount_conv(&net, "conv1", 20, 5, 1, 2);
//     netcount_pool(&net, "pool1", 2, 2, 0);
//     netcount_linear(&net, "fc", 10);
//     printf("%ld\n", net.weights);
//     netcount_free(&net);
//
// Branches: keep net.out and net.depth, let each branch start from them, and
// set both to what joins them. Papers count depth like this: layers with
// weights on the longest path, without a shortcut's 1 x 1 and shorter branches.

#ifndef DL_NETCOUNT_H
#define DL_NETCOUNT_H

typedef struct {
    int C, H, W; // channels, rows, columns
} PictureShape;

typedef struct {
    char name[24];
    PictureShape out;
    long weights;         // biases and batch norm's γ and β among them
    long units;           // outputs of a layer that computes with weights
    double multiply_adds; // of one picture
} LayerCount;

typedef struct {
    const char *name;
    PictureShape out; // of the last layer: the input of the next
    int depth;        // layers with weights between the picture and out
    LayerCount *layers;
    int count;
    // of all layers
    long weights, units;
    double multiply_adds;
} NetCount;

void netcount_init(NetCount *net, const char *name, int C, int H, int W);
void netcount_free(NetCount *net);

// O kernels of size x size over all C channels, with biases:
//     weights = O (C size² + 1),   multiply-adds = O H' W' C size²
//     H' = (H + 2 padding - size) / stride + 1, W' likewise
void netcount_conv(NetCount *net, const char *name, int O, int size, int stride,
                   int padding);
// The same in groups: each kernel sees only C / groups channels.
void netcount_grouped(NetCount *net, const char *name, int O, int size,
                      int stride, int padding, int groups);
// The same with batch norm instead of biases: O (C size² + 2) weights.
void netcount_conv_norm(NetCount *net, const char *name, int O, int size,
                        int stride, int padding);

// Stride 1, no padding, and each kernel sees only some of the channels;
// connections counts the pairs of a channel and a kernel that sees it, so
// weights = connections size² + O, with one bias per kernel.
void netcount_sparse(NetCount *net, const char *name, int O, int size,
                     int connections);

// Subsampling as in 1998, size x size windows side by side: their sum times a
// weight, plus a bias, both the channel's own. weights = 2 C.
void netcount_subsample(NetCount *net, const char *name, int size);

// A layer without weights that keeps the shape, such as local response
// normalization; its few operations are not counted.
void netcount_lrn(NetCount *net, const char *name);

// No weights. The last window may hang over the edge, as Caffe and the papers
// round: H' = ceil((H + 2 padding - size) / stride) + 1.
void netcount_pool(NetCount *net, const char *name, int size, int stride,
                   int padding);

// M units, each connected to all C H W inputs: weights = M (C H W + 1).
void netcount_linear(NetCount *net, const char *name, int M);

// M radial basis functions: the squared distance of the inputs to each of M
// vectors that a person chose. weights = 0, none is trained; a layer all the
// same.
void netcount_rbf(NetCount *net, const char *name, int M);

// lenet.c, 656,080 weights, which two programs count: init and all its layers
// on a picture of 28 x 28 that conv1 pads to 32 x 32. For others see
// architectures.c.
void netcount_lenet(NetCount *net);

#endif
