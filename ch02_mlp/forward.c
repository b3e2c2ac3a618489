// forward.c - a net is layer after layer, and shapes must fit (前向传播)
//
// A layer multiplies its input by a matrix, adds a bias and applies an
// activation function; its output is the next layer's input. Four lectures
// write this down in four ways: W x + b for one vector (A), a loop over layers
// of columns (D), XW + B with W transposed (C), X W^T + b for a batch of rows
// (B). All weights here are multiples of 0.5, and every value between input and
// output is printed: redo each line on paper.
//
// Source: A eq. (1)-(6), fig. 4; B, a net of two hidden layers on a batch, and
// its loss; C, indices of weights, A = XW + B; D, forward propagation.
// Run: make forward && ./forward
// Ends with: result: y=0.2472 y_deeper=0.9380 mse=0.3566 a=2.5,-0.5,2 ...
//
// Contents: 1 nets  2 A: one vector  3 D: a loop over layers
//           4 C: W transposed  5 B: a batch of rows  6 printing  7 figure
//           8 main
//
// Try: change one weight of w1; redo z, h and y on paper before you run.
//      In build_8_4_3_1 swap the 3 and the 4 of layer 2: why is it refused?

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "figure.h"
#include "layers.h"
#include "loss.h"
#include "run.h"

// ---- 1. Nets ----------------------------------------------------------------

enum { MAX_LAYERS = 3, SAMPLES = 3 };

// A fully connected net. Layers are counted from 1, as in the lectures; the
// input is layer 0 and has no weights.
typedef struct {
    int layers;
    Tensor w[MAX_LAYERS + 1]; // [outputs, inputs]
    Tensor b[MAX_LAYERS + 1]; // [outputs]
    Tensor z[MAX_LAYERS + 1]; // weighted sums: [outputs] or [outputs, m]
    Tensor a[MAX_LAYERS + 1]; // outputs, like z; a[0] = x
} Net;

// The three inputs x_k and targets y_k of A's loss (6), one per row.
static float samples[SAMPLES][8] = {{1, 0, 2, 1, 0, 1, -1, 0},
                                    {0, 1, 1, 0, 2, -1, 0, 1},
                                    {1, 1, 0, -1, 1, 0, 2, 1}};
static float targets[SAMPLES] = {0.5f, 1.5f, 1};

// The first layer of both of A's nets: 8 inputs, 4 units.
static float w1[4][8] = {{-1, -0.5f, 0.5f, -1, 0, -0.5f, -1, 0},
                         {1, 0, 1, -1, -0.5f, -0.5f, 0, -1},
                         {-1, 0, 0.5f, -1, 1, 0.5f, 0, 0.5f},
                         {0, -0.5f, 0.5f, -0.5f, -0.5f, 0.5f, 0, 0.5f}};
static float b1[4] = {0.5f, -0.5f, -0.5f, 1};

// What follows it: one output at once, or after three more units.
static float w2[1][4] = {{1, -1, 2, 0.5f}}, b2[1] = {-0.5f};
static float deeper_w2[3][4] = {{2, -1, -1, 0}, {0, 2, 2, 0}, {1, 0, 0, 1}};
static float deeper_b2[3] = {1, -2, -0.5f};
static float deeper_w3[1][3] = {{1, -2, 1}}, deeper_b3[1] = {0.5f};

// Appends a layer of M units with D inputs each; w and b stay the caller's.
static void add_layer(Net *net, int M, int D, float *w, float *b) {
    int l = ++net->layers;
    REQUIRE(l <= MAX_LAYERS, "%d layers, but MAX_LAYERS is %d", l, MAX_LAYERS);
    REQUIRE(l == 1 || net->w[l - 1].shape[0] == D,
            "layer %d has %d inputs, but layer %d has %d outputs", l, D, l - 1,
            net->w[l - 1].shape[0]);
    net->w[l] = tensor_view(w, 2, M, D);
    net->b[l] = tensor_view(b, 1, M);
}

static void build_8_4_1(Net *net) {
    *net = (Net){0};
    add_layer(net, 4, 8, w1[0], b1);
    add_layer(net, 1, 4, w2[0], b2);
}

static void build_8_4_3_1(Net *net) {
    *net = (Net){0};
    add_layer(net, 4, 8, w1[0], b1);
    add_layer(net, 3, 4, deeper_w2[0], deeper_b2);
    add_layer(net, 1, 3, deeper_w3[0], deeper_b3);
}

static void net_free(Net *net) {
    tensor_free(&net->a[0]);
    for (int l = 1; l <= net->layers; l++) {
        tensor_free(&net->z[l]);
        tensor_free(&net->a[l]);
    }
}

static int net_weights(const Net *net) {
    int count = 0;
    for (int l = 1; l <= net->layers; l++)
        count += (int)(net->w[l].size + net->b[l].size);
    return count;
}

// ---- 2. A: one vector -------------------------------------------------------

// z [M] = W x + b for W [M, D], x [D], b [M]: each row of W is one neuron. For
// columns x [D, m], z [M, m] has b added to each of its columns.
static void affine(Tensor *z, const Tensor *w, const Tensor *x,
                   const Tensor *b) {
    int M = w->shape[0], D = w->shape[1], m = (int)x->size / D;
    REQUIRE(x->shape[0] == D, "W has %d columns, but x has %d rows", D,
            x->shape[0]);
    if (x->ndim == 1)
        tensor_resize(z, 1, M);
    else
        tensor_resize(z, 2, M, m);

    for (int i = 0; i < M; i++)
        for (int k = 0; k < m; k++) {
            float sum = b->data[i];
            for (int j = 0; j < D; j++)
                sum += w->data[i * D + j] * x->data[j * m + k];
            z->data[i * m + k] = sum;
        }
}

// [A eq.2] sigmoid(z) = 1 / (1 + exp(-z))
static void sigmoid(Tensor *a, const Tensor *z) {
    tensor_resize_like(a, z);
    for (size_t i = 0; i < z->size; i++)
        a->data[i] = 1.0f / (1.0f + expf(-z->data[i]));
}

// [A eq.4] y = W2 sigmoid(W1 x + b1) + b2
// The net 8-4-1. The output has no sigmoid: it may be any number.
static void one_hidden_layer(Net *net, const Tensor *x) {
    tensor_copy(&net->a[0], x);

    // [A eq.1] h = sigmoid(W1 x + b1)
    affine(&net->z[1], &net->w[1], x, &net->b[1]);
    sigmoid(&net->a[1], &net->z[1]);

    // [A eq.3] y = W2 h + b2
    affine(&net->z[2], &net->w[2], &net->a[1], &net->b[2]);
    tensor_copy(&net->a[2], &net->z[2]);
}

// [A eq.5] y = W3 sigmoid(W2 sigmoid(W1 x + b1) + b2) + b3
// The net 8-4-3-1.
static void two_hidden_layers(Net *net, const Tensor *x) {
    tensor_copy(&net->a[0], x);
    affine(&net->z[1], &net->w[1], x, &net->b[1]);
    sigmoid(&net->a[1], &net->z[1]);
    affine(&net->z[2], &net->w[2], &net->a[1], &net->b[2]);
    sigmoid(&net->a[2], &net->z[2]);
    affine(&net->z[3], &net->w[3], &net->a[2], &net->b[3]);
    tensor_copy(&net->a[3], &net->z[3]);
}

// [A eq.6] L = (1/N) sum over k of (f(x_k) - y_k)^2
// Here y is one number. For a vector, read (6) as the squared length.
static float mean_squared_error(const float *f, const float *y, int N) {
    float sum = 0.0f;
    for (int k = 0; k < N; k++)
        sum += (f[k] - y[k]) * (f[k] - y[k]);
    return sum / (float)N;
}

// ---- 3. D: a loop over layers -----------------------------------------------

// Any number of layers; g is sigmoid, and after the last layer nothing. Each
// column of x [D, m] is one sample, and so is each column of all z and a.
static void net_forward(Net *net, const Tensor *x) {
    tensor_copy(&net->a[0], x);
    for (int l = 1; l <= net->layers; l++) {
        // [D layer input] Z[l] = W[l] A[l-1] + b[l]
        affine(&net->z[l], &net->w[l], &net->a[l - 1], &net->b[l]);

        // [D layer output] A[l] = g[l](Z[l])
        if (l < net->layers)
            sigmoid(&net->a[l], &net->z[l]);
        else
            tensor_copy(&net->a[l], &net->z[l]);
    }
}

// ---- 4. C: W transposed -----------------------------------------------------

// X [1, 2], W [2, 3], B [1, 3]. C writes w_12 for the weight to neuron 1 from
// input 2: W's columns are neurons, so w_12 stands in row 2 and column 1.
static float c_x[2] = {1, 2};
static float c_w[2][3] = {{1, 0.5f, -1},  // w_11 w_21 w_31
                          {0.5f, -1, 2}}; // w_12 w_22 w_32
static float c_b[3] = {0.5f, 1, -1};

// [C affine layer] A = XW + B, for X [N, D], W [D, M], B [M]
// No transpose is needed, since this W is the W^T of A, B and D.
static void affine_c(Tensor *a, const Tensor *x, const Tensor *w,
                     const Tensor *b) {
    int N = x->shape[0], D = w->shape[0], M = w->shape[1];
    tensor_resize(a, 2, N, M);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < M; i++) {
            // [C one neuron of a layer] a_1 = w_11 x_1 + w_12 x_2 + b_1
            float sum = b->data[i];
            for (int j = 0; j < D; j++)
                sum += w->data[j * M + i] * x->data[n * D + j];
            a->data[n * M + i] = sum;
        }
}

// ---- 5. B: a batch of rows --------------------------------------------------

enum { BATCH = 4, CLASSES = 3 }; // m and C

static float batch_x[BATCH][2] = {{1, 2}, {2, -1}, {-1, 1}, {0, 1}};
static float batch_y[BATCH][CLASSES] = {
    {1, 0, 0}, {0, 1, 0}, {0, 0, 1}, {1, 0, 0}}; // one-hot
static float batch_w1[3][2] = {{0, 1}, {-1, -1}, {0.5f, -1}};
static float batch_b1[3] = {0, 2, -1};
static float batch_w2[2][3] = {{-1, 1, 1}, {-1, 0.5f, 0}};
static float batch_b2[2] = {-0.5f, 1};
static float batch_w[CLASSES][2] = {{1, -1}, {1, 0}, {-1, 1}};
static float batch_b[CLASSES] = {1, 0, 0.5f};

static void build_classifier(Net *net) {
    *net = (Net){0};
    add_layer(net, 3, 2, batch_w1[0], batch_b1);
    add_layer(net, 2, 3, batch_w2[0], batch_b2);
    add_layer(net, CLASSES, 2, batch_w[0], batch_b);
}

// Each row of X [m, d] is one sample; b is added to every row.
static void batch_forward(Net *net, const Tensor *x) {
    tensor_copy(&net->a[0], x);

    // [B hidden layer 1] h1 = ReLU(X W1^T + b1): [m, d] [d1, d]^T -> [m, d1]
    linear_forward(&net->z[1], x, &net->w[1], &net->b[1]);
    relu_forward(&net->a[1], &net->z[1]);

    // [B hidden layer 2] h2 = ReLU(h1 W2^T + b2): [m, d1] [d2, d1]^T -> [m, d2]
    linear_forward(&net->z[2], &net->a[1], &net->w[2], &net->b[2]);
    relu_forward(&net->a[2], &net->z[2]);

    // [B output layer] Y = softmax(Z) = softmax(h2 W^T + b): Z and Y [m, C]
    linear_forward(&net->z[3], &net->a[2], &net->w[3], &net->b[3]);
    softmax_forward(&net->a[3], &net->z[3]);
}

// [B batch loss] L = -(1/m) sum over all elements of Y* log Y
static double batch_loss(const Tensor *y, const Tensor *truth) {
    double sum = 0.0;
    for (size_t i = 0; i < y->size; i++)
        if (truth->data[i] > 0.0f) // 0 log y = 0
            sum -= (double)truth->data[i] * log((double)y->data[i]);
    return sum / y->shape[0];
}

// ---- 6. Printing ------------------------------------------------------------

// At most four decimals, without zeros at the end.
static void print_number(float x, int width) {
    char text[32];
    snprintf(text, sizeof text, "%.4f", (double)x);
    size_t length = strlen(text);
    while (text[length - 1] == '0')
        length--;
    length -= text[length - 1] == '.';
    printf("%*.*s", width, (int)length, text);
}

static void print_row(const char *label, const float *x, int columns) {
    printf("  %-27s", label);
    for (int j = 0; j < columns; j++)
        print_number(x[j], columns > 4 ? 6 : 9);
    printf("\n");
}

// "name [shape]" and the rows; a vector is one row.
static void print_tensor(const char *name, const Tensor *t) {
    int columns = t->shape[t->ndim - 1], rows = (int)t->size / columns;
    char label[128];
    snprintf(label, sizeof label, "%s %s", name, tensor_shape(t).text);
    for (int i = 0; i < rows; i++)
        print_row(i == 0 ? label : "", t->data + i * columns, columns);
}

static void print_8_4_1(const Net *net) {
    printf("A: one vector x through the net 8-4-1, %d weights and biases\n\n",
           net_weights(net));
    print_tensor("x", &net->a[0]);
    print_tensor("W1", &net->w[1]);
    print_tensor("b1", &net->b[1]);
    print_tensor("z = W1 x + b1", &net->z[1]);
    print_tensor("(1)  h = sigmoid(z)", &net->a[1]);
    print_tensor("W2", &net->w[2]);
    print_tensor("b2", &net->b[2]);
    print_tensor("(3)  y = W2 h + b2", &net->a[2]);
    printf("\n");
}

static void print_8_4_3_1(const Net *net) {
    printf("One layer more, 8-4-3-1: the same x, W1, b1 and h1 = h; %d weights "
           "and biases\n\n",
           net_weights(net));
    print_tensor("W2", &net->w[2]);
    print_tensor("b2", &net->b[2]);
    print_tensor("z2 = W2 h1 + b2", &net->z[2]);
    print_tensor("h2 = sigmoid(z2)", &net->a[2]);
    print_tensor("W3", &net->w[3]);
    print_tensor("b3", &net->b[3]);
    print_tensor("(5)  y = W3 h2 + b3", &net->a[3]);
    printf("\n");
}

// net: 8-4-3-1 after net_forward on all samples, as columns.
static void print_loop(const Net *net) {
    printf("D: the same net as a loop, Z[l] = W[l] A[l-1] + b[l], A[l] = "
           "g[l](Z[l]).\nA[0] has three samples x_k for columns; the first is "
           "the x above.\n\n");
    print_tensor("A[0] = X", &net->a[0]);
    for (int l = 1; l <= net->layers; l++) {
        char name[16];
        snprintf(name, sizeof name, "Z[%d]", l);
        print_tensor(name, &net->z[l]);
        snprintf(name, sizeof name, "A[%d]", l);
        print_tensor(name, &net->a[l]);
    }
}

// f [N]: the net's outputs f(x_k).
static void print_loss(const float *f) {
    printf("\nA: the mean squared error of these three, (6)\n\n"
           "     k   f(x_k)      y_k   f - y   (f - y)^2\n");
    for (int k = 0; k < SAMPLES; k++) {
        float error = f[k] - targets[k];
        printf("  %4d  %7.4f  %7.1f %7.4f  %10.4f\n", k + 1, (double)f[k],
               (double)targets[k], (double)error, (double)(error * error));
    }
    printf("  L = the mean of the last column: %.4f\n\n",
           (double)mean_squared_error(f, targets, SAMPLES));
}

static void print_c(const Tensor *x, const Tensor *w, const Tensor *b,
                    const Tensor *a) {
    printf("C: A = XW + B for one row X. w_12^(1) is a weight of layer 1, to "
           "neuron 1 from\ninput 2; the superscript (1) is left out here.\n\n");
    print_tensor("X = (x_1 x_2)", x);
    print_row("W = (w_11 w_21 w_31) [2, 3]", w->data, 3);
    print_row("    (w_12 w_22 w_32)", w->data + 3, 3);
    print_tensor("B = (b_1 b_2 b_3)", b);
    for (int i = 0; i < 3; i++)
        printf("  a_%d = w_%d1 x_1 + w_%d2 x_2 + b_%d = (%g)(%g) + (%g)(%g) + "
               "(%g) = %g\n",
               i + 1, i + 1, i + 1, i + 1, (double)w->data[i],
               (double)x->data[0], (double)w->data[3 + i], (double)x->data[1],
               (double)b->data[i], (double)a->data[i]);
    print_tensor("A = XW + B", a);
    printf("\n");
}

static void print_batch(const Net *net, const Tensor *truth, double loss) {
    printf("B: a batch, one sample per row: m = %d samples of d = %d inputs, "
           "d1 = %d and d2 = %d\nhidden units, C = %d classes\n\n",
           net->a[0].shape[0], net->a[0].shape[1], net->w[1].shape[0],
           net->w[2].shape[0], net->w[3].shape[0]);
    print_tensor("X           m x d", &net->a[0]);
    print_tensor("W1         d1 x d", &net->w[1]);
    print_tensor("b1             d1", &net->b[1]);
    print_tensor("X W1^T + b1", &net->z[1]);
    print_tensor("h1 = ReLU  m x d1", &net->a[1]);
    print_tensor("W2        d2 x d1", &net->w[2]);
    print_tensor("b2             d2", &net->b[2]);
    print_tensor("h1 W2^T + b2", &net->z[2]);
    print_tensor("h2 = ReLU  m x d2", &net->a[2]);
    print_tensor("W          C x d2", &net->w[3]);
    print_tensor("b               C", &net->b[3]);
    print_tensor("Z           m x C", &net->z[3]);
    print_tensor("Y = softmax m x C", &net->a[3]);
    print_tensor("Y* (truth)  m x C", truth);
    printf("\n  L = the mean over the rows of -log(the true class's share): "
           "%.4f\n\n",
           loss);
}

// ---- 7. The figure ----------------------------------------------------------

enum { APART = 3 }; // columns of neurons

// A neuron's height on the page: each layer is centered on 0.
static double height(const Tensor *a, int i) {
    return ((double)a->shape[0] - 1.0) / 2.0 - i;
}

// One line per weight, as thick as it is large, in steps of 0.5: `thickness` is
// -4 .. 4, negative for a negative weight.
static void draw_weights(Figure *f, const Net *net) {
    figure_table(f, "x,y,weight,thickness");
    for (int l = 1; l <= net->layers; l++)
        for (int i = 0; i < net->w[l].shape[0]; i++)
            for (int j = 0; j < net->w[l].shape[1]; j++) {
                float w = net->w[l].data[i * net->w[l].shape[1] + j];
                float thickness = copysignf(fminf(ceilf(2 * fabsf(w)), 4), w);
                if (l + i + j > 1)
                    figure_gap(f);
                figure_row(f, APART * (l - 1), height(&net->a[l - 1], j), w,
                           thickness);
                figure_row(f, APART * l, height(&net->a[l], i), w, thickness);
            }
    for (int k = -4; k <= 4; k++) {
        PenColor color = k < 0 ? PEN_VERMILION : PEN_BLUE;
        Pen pen = {.color = color, .width = abs(k), .column = 4, .value = k};
        if (k != 0) {
            figure_pen(f, pen);
            figure_lines(f, 1, 2, "");
        }
    }
}

// A panel: a net and what each neuron puts out for x_1.
static void draw_net(Figure *f, const Net *net, const char *name) {
    const double margin = 0.7, unit = 42.0; // in pixels
    const double width = APART * net->layers + 2.0 * margin;
    figure_panel(f, "%s: y = %.4f", name, (double)net->a[net->layers].data[0]);
    figure_bare(f);
    figure_panel_size(f, (int)(unit * width), (int)(unit * 8.8));
    figure_range(f, 'x', -margin, width - margin);
    figure_range(f, 'y', -4.6, 4.2);
    draw_weights(f, net);

    figure_table(f, "x,y,value");
    for (int l = 0; l <= net->layers; l++) {
        const char *words = l == 0 ? "input" : "hidden";
        figure_note(f, APART * l, -4.3, 'c', "%s",
                    l == net->layers ? "output" : words);
        int M = net->a[l].shape[0], m = (int)net->a[l].size / M; // m samples
        for (int i = 0; i < M; i++)
            figure_row(f, APART * l, height(&net->a[l], i),
                       net->a[l].data[i * m]);
    }
    figure_circles(f, 1, 2, 0.42);
    figure_values(f, 1, 2, 3, "%.2f", 0.0);
}

static void draw(const Net *net, const Net *deeper, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch02", "forward", format))
        return;
    figure_title(&f, "Each layer computes its outputs from those of the layer "
                     "before");
    figure_caption(&f, "In each circle the neuron's output for the first "
                       "sample; a line is as thick as its weight is large, "
                       "dashed where it is negative, missing where it is 0.");
    draw_net(&f, net, "8-4-1");
    draw_net(&f, deeper, "8-4-3-1");
    figure_close(&f);
}

// ---- 8. Main ----------------------------------------------------------------

// A's two nets on x_1, then D's loop with all samples as columns. Returns the
// mean squared error of the deeper one.
static float run_a_and_d(Net *net, Net *deeper, bool quiet) {
    build_8_4_1(net);
    build_8_4_3_1(deeper);
    Tensor x = tensor_view(samples[0], 1, 8), columns = {0};
    one_hidden_layer(net, &x);
    two_hidden_layers(deeper, &x);
    if (!quiet) {
        print_8_4_1(net);
        print_8_4_3_1(deeper);
    }

    tensor_resize(&columns, 2, 8, SAMPLES);
    for (int j = 0; j < 8; j++)
        for (int k = 0; k < SAMPLES; k++)
            columns.data[j * SAMPLES + k] = samples[k][j];
    net_forward(deeper, &columns);
    const float *f = deeper->a[deeper->layers].data;
    if (!quiet) {
        print_loop(deeper);
        print_loss(f);
    }
    tensor_free(&columns);
    return mean_squared_error(f, targets, SAMPLES);
}

// a [1, 3]: C's layer.
static void run_c(Tensor *a, bool quiet) {
    Tensor x = tensor_view(c_x, 2, 1, 2), w = tensor_view(c_w[0], 2, 2, 3);
    Tensor b = tensor_view(c_b, 2, 1, 3);
    affine_c(a, &x, &w, &b);
    if (!quiet)
        print_c(&x, &w, &b, a);
}

// B's batch through its net; returns the loss.
static double run_b(Net *net, bool quiet) {
    Tensor x = tensor_view(batch_x[0], 2, BATCH, 2);
    Tensor truth = tensor_view(batch_y[0], 2, BATCH, CLASSES);
    build_classifier(net);
    batch_forward(net, &x);
    double loss = batch_loss(&net->a[3], &truth);
    if (!quiet)
        print_batch(net, &truth, loss);
    return loss;
}

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "forward",
              "Runs small nets forward in the notation of each lecture, with "
              "numbers to redo on paper: one vector, a loop over layers, a "
              "batch, its loss.",
              NULL, 0, argc, argv);
    Net net, deeper, classifier;
    Tensor a = {0};
    float mse = run_a_and_d(&net, &deeper, o.quiet);
    run_c(&a, o.quiet);
    double cross_entropy = run_b(&classifier, o.quiet);
    draw(&net, &deeper, o.plot);

    run_result("y=%.4f y_deeper=%.4f mse=%.4f a=%g,%g,%g "
               "cross_entropy=%.4f weights=%d weights_deeper=%d",
               (double)net.a[2].data[0], (double)deeper.a[3].data[0],
               (double)mse, (double)a.data[0], (double)a.data[1],
               (double)a.data[2], cross_entropy, net_weights(&net),
               net_weights(&deeper));
    net_free(&net);
    net_free(&deeper);
    net_free(&classifier);
    tensor_free(&a);
    return run_end();
}
