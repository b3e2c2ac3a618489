// vanishing.c - gradients that vanish and explode (梯度消失, 梯度爆炸)
//
// In the backward pass through a deep net a gradient is multiplied, layer by
// layer, by the weights and by the slope of the activation. Fifty factors of a
// half make 1e-15, fifty of two make 1e15: the first layers learn nothing, or
// far too much. Weights whose variance fits the layer keep the factor near 1.
//
// Source: A and C, vanishing and exploding gradients; three claims of C (ReLU
// avoids both, at most seven layers, the scale of the input) are put to the
// test. The initial weights are in no lecture: Glorot & Bengio 2010, He et al.
// 2015.
// Run: make vanishing && ./vanishing
// Ends with: result: sigmoid_xavier=2.02e-31 tanh_xavier=1.77e-01 ...
//
// Contents: 1 activations  2 initial weights  3 the net  4 measuring
//           5 tables  6 figure  7 main

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "figure.h"
#include "layers.h"
#include "rng.h"
#include "run.h"
#include "tensor.h"
#include "threads.h"
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

// f'(z), computed from y = f(z). The lecture says the sigmoid's slope needs a
// division; y(1 - y) needs none. (Its y = 1 / (1 + exp(-z)) does.)
// [C sigmoid slope] f'(z) = y (1 - y), at most 1/4
static float slope(Activation f, float y) {
    return f == SIGMOID ? y * (1.0f - y)
           : f == TANH  ? 1.0f - y * y
                        : (y > 0.0f ? 1.0f : 0.0f);
}

// ---- 2. Initial weights -----------------------------------------------------

typedef enum { SMALL, LARGE, XAVIER, HE, INITS } Init;

// The standard deviation of a weight in a layer with these inputs and outputs.
// Xavier's keeps a signal's variance forward and backward, if the activation
// lets it through; He's makes up for the half that ReLU takes away.
// [Glorot 2010] Var(w) = 2 / (inputs + outputs)
// [He 2015] Var(w) = 2 / inputs
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
    Tensor dw, db;            // of the current layer
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

// From dy[depth], the derivative with respect to the output, to dy[0]. Every
// layer multiplies by a slope and by weights.
// [C vanishing gradient] dL/dy_{l-1} = (dL/dy_l * f'(z_l)) w_l
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

// Inputs as the lecture has them: normalized to 0..1, and as the pixels come.
enum { TO_1, TO_255, SCALES };

typedef struct {
    int depth; // of the nets in the tables and in `scaled`
    // the norm of layer 1's gradient, relative to that at the net's output, in
    // nets of 2, 3, ... MAX_DEPTH layers
    double first[ACTIVATIONS][INITS][MAX_DEPTH + 1];
    double scaled[ACTIVATIONS][INITS][SCALES]; // the same, by the input
} Measured;

// Of the nets of `depth` layers.
static double first_layer(const Measured *m, Activation f, Init init) {
    return m->first[f][init][m->depth];
}

// The same net twice: with inputs in 0..1, and with these times 255.
static void measure_scales(double norms[SCALES], Net *net, int depth,
                           Rng *rng) {
    const float largest[SCALES] = {1.0f, 255.0f};
    Tensor x = {0}, dy = {0};
    tensor_resize_like(&x, &net->y[0]);
    tensor_resize_like(&dy, &net->y[depth]);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = rng_uniform(rng);
    fill_normal(&dy, 1.0f, rng);

    for (int s = 0; s < SCALES; s++) {
        for (size_t i = 0; i < x.size; i++)
            net->y[0].data[i] = largest[s] * x.data[i];
        net_forward(net, depth);
        tensor_copy(&net->dy[depth], &dy);
        net_backward(net, depth);
        norms[s] = tensor_norm(&net->dy[1]) / tensor_norm(&dy);
    }
    tensor_free(&x);
    tensor_free(&dy);
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
        m->first[f][init][depth] =
            tensor_norm(&net.dy[1]) / tensor_norm(&net.dy[depth]);
    }
    measure_scales(m->scaled[f][init], &net, m->depth, &rng);
    net_free(&net);
}

// What the parts need: one part for each of twelve kinds of net, independent of
// each other.
typedef struct {
    Measured *m;
    int width;
    uint64_t seed;
} Measuring;

static void measure_kind(void *context, int i) {
    const Measuring *of = context;
    measure(of->m, (Activation)(i / INITS), (Init)(i % INITS), of->width,
            of->seed);
}

static void measure_all(Measured *m, int width, uint64_t seed) {
    threads_run(ACTIVATIONS * INITS, measure_kind,
                &(Measuring){m, width, seed});
}

// The factor that one layer multiplies the gradient by, on average.
static double per_layer(const Measured *m, Activation f, Init init) {
    return pow(first_layer(m, (Activation)f, (Init)init), 1.0 / (m->depth - 1));
}

// ---- 5. The tables ----------------------------------------------------------

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
        printf("  %-7s %.4f%s", init_name(init),
               (double)deviation((Init)init, width, width),
               init < INITS - 1 ? " " : "");
    printf("\n");
    for (int f = 0; f < ACTIVATIONS; f++) {
        printf("  %-8s", activation_name(f));
        for (int init = 0; init < INITS; init++)
            printf("  %-7.0e (%4.2f)%s",
                   first_layer(m, (Activation)f, (Init)init),
                   per_layer(m, (Activation)f, (Init)init),
                   init < INITS - 1 ? " " : "");
        printf("\n");
    }
    printf("\nBeside each name its weights' standard deviation. 0 is what "
           "float32 makes of a\nnumber below 1e-45.\n\n");
}

// What 255 times the input does to layer 1's gradient: a factor of at least 1.
static double scale_factor(const Measured *m, int f, int init) {
    double ratio = m->scaled[f][init][TO_255] / m->scaled[f][init][TO_1];
    return fmax(ratio, 1.0 / ratio);
}

static void print_scales(const Measured *m) {
    printf("The same with inputs in 0..1 | with these inputs times 255\n\n"
           "  %-8s",
           "");
    for (int init = LARGE; init < INITS; init++)
        printf(init < HE ? "  %-18s" : "  %s", init_name(init));
    printf("\n");
    for (int f = 0; f < ACTIVATIONS; f++) {
        printf("  %-8s", activation_name(f));
        for (int init = LARGE; init < INITS; init++)
            printf("  %7.1e | %7.1e%s", m->scaled[f][init][TO_1],
                   m->scaled[f][init][TO_255], init < HE ? " " : "");
        printf("\n");
    }
    printf("\n");
}

static void print_claims(const Measured *m) {
    double largest = 1.0;
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int init = LARGE; init < INITS; init++)
            largest = fmax(largest, scale_factor(m, f, init));
    printf(
        "Three claims of the lecture, and what these nets of %d layers do\n"
        "- at most about seven layers: tanh keeps %.1e of the gradient with\n"
        "  Xavier's weights, ReLU %.1e with He's\n"
        "- inputs in 0..1 make the gradient vanish, larger ones explode: 255\n"
        "  times the input changes it by a factor of %.1f at most\n"
        "- ReLU avoids vanishing and exploding: %.1e with Xavier's weights,\n"
        "  %.1e with large ones\n\n",
        m->depth, first_layer(m, TANH, XAVIER), first_layer(m, RELU, HE),
        largest, first_layer(m, RELU, XAVIER), first_layer(m, RELU, LARGE));
}

// ---- 6. The figure ----------------------------------------------------------

// A panel for each activation, a curve for each initialization.
static void draw(const Measured *m, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch03", "vanishing_depth", format))
        return;
    figure_title(&f,
                 "%d layers multiply a gradient by %.2g (ReLU, He) or %.0e "
                 "(sigmoid, Xavier)",
                 MAX_DEPTH, m->first[RELU][HE][MAX_DEPTH],
                 m->first[SIGMOID][XAVIER][MAX_DEPTH]);
    figure_caption(&f, "What is left at the first layer of a gradient of 1 at "
                       "the output, by the net's depth; lecture C says that a "
                       "net has at most about seven layers.");
    figure_grid(&f, ACTIVATIONS);
    figure_share(&f);
    figure_legend(&f);
    for (int a = 0; a < ACTIVATIONS; a++) {
        figure_table(&f, "depth,small,large,Xavier,He");
        for (int d = 2; d <= MAX_DEPTH; d++)
            figure_row(&f, d, m->first[a][SMALL][d], m->first[a][LARGE][d],
                       m->first[a][XAVIER][d], m->first[a][HE][d]);
        figure_panel(&f, "%s", activation_name(a));
        figure_x(&f, "depth (layers)");
        figure_y(&f, "gradient at the first layer");
        figure_range(&f, 'x', 0.0, MAX_DEPTH);
        figure_range(&f, 'y', 1e-30, 1e25);
        figure_log(&f, 'y');
        for (int init = 0; init < INITS; init++)
            figure_lines(&f, 1, 2 + init, "%s", init_name(init));
        figure_vertical(&f, 7.0, "7 layers");
    }
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    int depth = 50, width = 64;
    const Option table[] = {
        option_int("depth", &depth, 2, MAX_DEPTH,
                   "layers of the nets in the tables"),
        option_int("width", &width, 1, 128, "units in each layer"),
    };
    cli_parse(&o, "vanishing",
              "What a deep net does to a gradient in the backward pass, by "
              "activation, initial weights and scale of the input.",
              table, sizeof table / sizeof *table, argc, argv);
    Measured m = {.depth = depth};
    measure_all(&m, width, o.seed);
    if (!o.quiet) {
        print_table(&m, width);
        print_scales(&m);
        print_claims(&m);
    }
    draw(&m, o.plot);
    run_result("sigmoid_xavier=%.2e tanh_xavier=%.2e relu_xavier=%.2e "
               "relu_he=%.2e depth=%d",
               first_layer(&m, SIGMOID, XAVIER), first_layer(&m, TANH, XAVIER),
               first_layer(&m, RELU, XAVIER), first_layer(&m, RELU, HE), depth);
    return run_end();
}
