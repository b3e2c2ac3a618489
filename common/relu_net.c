#include "relu_net.h"

#include "error.h"
#include "layers.h"

// Layer l's names in a file of weights.
static const char *const weight_names[RELU_NET_LAYERS] = {
    "fc1.weight", "fc2.weight", "fc3.weight",
    "fc4.weight", "fc5.weight", "fc6.weight"};
static const char *const bias_names[RELU_NET_LAYERS] = {
    "fc1.bias", "fc2.bias", "fc3.bias", "fc4.bias", "fc5.bias", "fc6.bias"};

void relu_net_init(ReluNet *net, int count, const int *sizes, Rng *rng) {
    REQUIRE(count >= 2 && count <= RELU_NET_LAYERS + 1, "%d sizes", count);
    *net = (ReluNet){.layers = count - 1};
    ParamSpec table[2 * RELU_NET_LAYERS];
    for (int l = 0; l < net->layers; l++) {
        int D = sizes[l], M = sizes[l + 1];
        table[2 * l] =
            (ParamSpec){weight_names[l], &net->w[l], &net->dw[l], {M, D}};
        table[2 * l + 1] =
            (ParamSpec){bias_names[l], &net->b[l], &net->db[l], {M}};
    }
    params_init(&net->params, table, 2 * net->layers);
    params_init_he(&net->params, rng);
}

void relu_net_free(ReluNet *net) {
    for (int l = 0; l < RELU_NET_LAYERS - 1; l++) {
        tensor_free(&net->hidden[l]);
        tensor_free(&net->dhidden[l]);
    }
    tensor_free(&net->logits);
    tensor_free(&net->dlogits);
    params_free(&net->params);
}

void relu_net_forward(ReluNet *net, const Tensor *x) {
    int last = net->layers - 1;
    for (int l = 0; l < last; l++) {
        linear_forward(&net->hidden[l], l == 0 ? x : &net->hidden[l - 1],
                       &net->w[l], &net->b[l]);
        relu_forward(&net->hidden[l], &net->hidden[l]);
    }
    linear_forward(&net->logits, last == 0 ? x : &net->hidden[last - 1],
                   &net->w[last], &net->b[last]);
}

void relu_net_backward(ReluNet *net, const Tensor *x) {
    const Tensor *dy = &net->dlogits;
    for (int l = net->layers - 1; l > 0; l--) {
        linear_backward(&net->dhidden[l - 1], &net->dw[l], &net->db[l], dy,
                        &net->hidden[l - 1], &net->w[l]);
        relu_backward(&net->dhidden[l - 1], &net->dhidden[l - 1],
                      &net->hidden[l - 1]);
        dy = &net->dhidden[l - 1];
    }
    linear_backward(NULL, &net->dw[0], &net->db[0], dy, x, &net->w[0]);
}
