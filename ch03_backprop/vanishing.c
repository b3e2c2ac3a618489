// vanishing.c - gradients that vanish and explode (梯度消失, 梯度爆炸)
//
// On its way back through a deep net a gradient is multiplied, layer by layer,
// by the weights and by the slope of the activation. Fifty factors of a half
// make 1e-15, fifty of two make 1e15: the first layers learn nothing, or far
// too much. Weights drawn to the measure of the layer keep the factor near 1.
//
// Source: A, C, vanishing gradients. Run: make vanishing && ./vanishing
// Ends with: result: sigmoid_xavier=... tanh_xavier=... relu_he=... depth=50
//
// Contents: 1 activations  2 initial weights  3 the net  4 measuring
//           5 table  6 charts  7 main

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "chart.h"
#include "cli.h"
#include "layers.h"
#include "rng.h"
#include "tensor.h"
#include "vmath.h"

// ---- 1. Activations ---------------------------------------------------------

typedef enum { SIGMOID, TANH, RELU, ACTIVATIONS } Activation;

// y = f(z), element by element; y may be z.
static void activate(Activation f, Tensor *y, const Tensor *z) {
    tensor_resize_like(y, z);
    if (f == SIGMOID)
        vsigmoid(y->data, z->data, z->size);
    else if (f == TANH)
        vtanh(y->data, z->data, z->size);
    else
        relu_forward(y, z);
}

// f'(z), told by y = f(z).
// [C sigmoid slope] y(1 - y), 1/4 at the very most
static float slope(Activation f, float y) {
    return f == SIGMOID ? y * (1.0f - y)
           : f == TANH  ? 1.0f - y * y
                        : (y > 0.0f ? 1.0f : 0.0f);
}

// ---- 2. Initial weights -----------------------------------------------------

typedef enum { SMALL, LARGE, XAVIER, HE, INITS } Init;

// The standard deviation of a weight in a layer with so many inputs and
// outputs. Xavier's keeps a signal's variance on the way there and back, if the
// activation lets it through; He's makes up for the half that ReLU takes away.
// [Glorot 2010] 2 / (inputs + outputs)   (Glorot & Bengio 2010)
// [He 2015] 2 / inputs                   (He et al. 2015)
static float deviation(Init init, int inputs, int outputs) {
    return init == SMALL    ? 0.01f
           : init == LARGE  ? 0.5f
           : init == XAVIER ? sqrtf(2.0f / (float)(inputs + outputs))
                            : sqrtf(2.0f / (float)inputs);
}

// ---- 3. The net -------------------------------------------------------------

enum { MAX_DEPTH = 50, N = 64 };

// Layers of equal width with the same activation, y[l] = f(y[l-1] w[l]^T + b);
// y[0] is the input. Biases begin at 0, as they do in practice.
typedef struct {
    // set by net_init
    int width;
    Activation f;
    Tensor w[MAX_DEPTH + 1]; // [width, width]; w[0] is not used
    Tensor b;                // [width], for all layers, 0
    // written by forward
    Tensor y[MAX_DEPTH + 1]; // [N, width]
    // written by backward
    Tensor dy[MAX_DEPTH + 1]; // [N, width]
    Tensor dw, db;            // of the layer in hand
} Net;

static void fill_normal(Tensor *t, float factor, Rng *rng) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = factor * rng_normal(rng);
}

static void net_init(Net *net, int width, Activation f, Init init, Rng *rng) {
    *net = (Net){.width = width, .f = f};
    tensor_resize(&net->y[0], 2, N, width);
    fill_normal(&net->y[0], 1.0f, rng);
    for (int l = 1; l <= MAX_DEPTH; l++) {
        tensor_resize(&net->w[l], 2, width, width);
        fill_normal(&net->w[l], deviation(init, width, width), rng);
    }
    tensor_resize(&net->b, 1, width);
    tensor_fill(&net->b, 0.0f);
    tensor_resize_like(&net->dw, &net->w[1]);
    tensor_resize_like(&net->db, &net->b);
}

static void net_free(Net *net) {
    for (int l = 0; l <= MAX_DEPTH; l++) {
        tensor_free(&net->w[l]);
        tensor_free(&net->y[l]);
        tensor_free(&net->dy[l]);
    }
    tensor_free(&net->b);
    tensor_free(&net->dw);
    tensor_free(&net->db);
}

static void net_forward(Net *net, int depth) {
    for (int l = 1; l <= depth; l++) {
        linear_forward(&net->y[l], &net->y[l - 1], &net->w[l], &net->b);
        activate(net->f, &net->y[l], &net->y[l]);
    }
}

// From dy[depth], what the loss has to say about the output, to dy[0].
// [C vanishing gradient] dL/dy_{l-1} = (dL/dy_l * f'(z_l)) w_l: every layer
// multiplies by a slope and by weights
static void net_backward(Net *net, int depth) {
    Tensor dz = {0};
    for (int l = depth; l >= 1; l--) {
        tensor_resize_like(&dz, &net->dy[l]);
        for (size_t i = 0; i < dz.size; i++)
            dz.data[i] = net->dy[l].data[i] * slope(net->f, net->y[l].data[i]);
        linear_backward(&net->dy[l - 1], &net->dw, &net->db, &dz,
                        &net->y[l - 1], &net->w[l]);
    }
    tensor_free(&dz);
}

// ---- 4. Measuring -----------------------------------------------------------

// Gradient norms, all relative to that at the net's output.
typedef struct {
    double of[ACTIVATIONS][INITS][MAX_DEPTH + 1];
} Norms;

typedef struct {
    int depth;   // of the nets in `layer`
    Norms layer; // by layer, 1 ... depth
    Norms first; // layer 1's, by the depth of the net, 2 ... MAX_DEPTH
} Measured;

static double norm(const Tensor *t) {
    double sum = 0.0;
    for (size_t i = 0; i < t->size; i++)
        sum += (double)t->data[i] * (double)t->data[i];
    return sqrt(sum);
}

// Nets of 2, 3, ... 50 layers, each the beginning of the next. The loss is left
// open: some gradient, here a random one, arrives at the output.
static void measure(Measured *m, Activation f, Init init, int width,
                    uint64_t seed) {
    Rng rng;
    Net net;
    rng_seed(&rng, seed);
    net_init(&net, width, f, init, &rng);
    net_forward(&net, MAX_DEPTH);
    for (int depth = 2; depth <= MAX_DEPTH; depth++) {
        tensor_resize_like(&net.dy[depth], &net.y[depth]);
        fill_normal(&net.dy[depth], 1.0f, &rng);
        net_backward(&net, depth);
        double output = norm(&net.dy[depth]);
        m->first.of[f][init][depth] = norm(&net.dy[1]) / output;
        for (int l = 1; l <= depth && depth == m->depth; l++)
            m->layer.of[f][init][l] = norm(&net.dy[l]) / output;
    }
    net_free(&net);
}

// Twelve kinds of net, none waiting for another, over the threads there are.
static void measure_all(Measured *m, int width, uint64_t seed) {
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < ACTIVATIONS * INITS; i++)
        measure(m, (Activation)(i / INITS), (Init)(i % INITS), width, seed);
}

// The factor that one layer multiplies the gradient by, on average.
static double per_layer(const Measured *m, Activation f, Init init) {
    return pow(m->layer.of[f][init][1], 1.0 / (m->depth - 1));
}

// ---- 5. The table -----------------------------------------------------------

static const char *activation_name(int f) {
    static const char *const name[] = {"sigmoid", "tanh", "ReLU"};
    return name[f];
}

static const char *init_name(int init) {
    static const char *const name[] = {"small", "large", "Xavier", "He"};
    return name[init];
}

static void print_table(const Measured *m, int width) {
    printf("The first layer's gradient over the last one's, in nets of %d "
           "layers of %d\nunits; in brackets the factor per layer.\n\n  %-8s",
           m->depth, width, "");
    for (int init = 0; init < INITS; init++)
        printf("  %-7s %.4f ", init_name(init),
               (double)deviation((Init)init, width, width));
    printf("\n");
    for (int f = 0; f < ACTIVATIONS; f++) {
        printf("  %-8s", activation_name(f));
        for (int init = 0; init < INITS; init++)
            printf("  %-7.0e (%4.2f) ", m->layer.of[f][init][1],
                   per_layer(m, (Activation)f, (Init)init));
        printf("\n");
    }
    printf("\nBeside each name its weights' standard deviation. 0 is what "
           "float32 makes of a\nnumber below 1e-45.\n\n");
}

// ---- 6. Charts --------------------------------------------------------------

// One panel an activation, one curve an initialisation.
static void draw(const Norms *norms, int from, int to, const char *name,
                 const char *title, const char *x, const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch03", name, format))
        return;
    chart_size(&chart, 1000, 460);
    for (int f = 0; f < ACTIVATIONS; f++) {
        chart_columns(&chart, "number,small,large,Xavier,He");
        for (int i = from; i <= to; i++)
            chart_row(&chart, 5, (double)i, norms->of[f][SMALL][i],
                      norms->of[f][LARGE][i], norms->of[f][XAVIER][i],
                      norms->of[f][HE][i]);
        chart_break(&chart);
        chart_break(&chart);
    }
    chart_script(&chart,
                 "set multiplot layout 1,3 title '%s'\n"
                 "set xlabel '%s'; set xrange [0:%d]\n"
                 "set logscale y; set format y '10^{%%T}'\n"
                 "set yrange [1e-30:1e25]; set ytics 1e5\n",
                 title, x, to);
    for (int f = 0; f < ACTIVATIONS; f++)
        chart_script(&chart,
                     "set title '%s'; set ylabel '%s'\n"
                     "plot for [c=2:5] DATA index %d using 1:c with lines lt "
                     "c-1\n",
                     activation_name(f),
                     f == 0 ? "gradient norm, output = 1" : "", f);
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    int depth = 50, width = 64;
    const Option table[] = {
        option_int("depth", &depth, 2, MAX_DEPTH, "layers of the net shown"),
        option_int("width", &width, 1, 128, "units in each layer"),
    };
    cli_parse(&o, "vanishing",
              "What becomes of a gradient on its way back through a deep net, "
              "by activation and initial weights.",
              table, sizeof table / sizeof *table, argc, argv);
    Measured m = {.depth = depth};
    measure_all(&m, width, o.seed);
    if (!o.quiet)
        print_table(&m, width);
    draw(&m.layer, 1, depth, "vanishing_layers",
         "The gradient on its way back, from the last layer to the first",
         "layer", o.plot);
    draw(&m.first, 2, MAX_DEPTH, "vanishing_depth",
         "What reaches the first layer, in ever deeper nets",
         "depth of the net (layers)", o.plot);
    printf("result: sigmoid_xavier=%.2e tanh_xavier=%.2e relu_xavier=%.2e "
           "relu_he=%.2e depth=%d\n",
           m.layer.of[SIGMOID][XAVIER][1], m.layer.of[TANH][XAVIER][1],
           m.layer.of[RELU][XAVIER][1], m.layer.of[RELU][HE][1], depth);
    return 0;
}
