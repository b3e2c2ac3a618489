// forward.c - a net is layer after layer, and shapes must fit (前向传播)
//
// A layer multiplies its input by a matrix, adds a bias and bends the result;
// its output is the next one's input. Fed one vector, that is W x + b; fed a
// batch, one vector per row, it is X W^T + b: the same numbers, all at once.
// Most mistakes in a net are mistakes of shape, so every shape is printed here.
//
// Source: A eq. (1)-(6); B, batch form; C, A = XW + B.
// Run: make forward && ./forward
// Ends with: result: y=... y_deeper=... weights=41 weights_deeper=55 ...
//
// Contents: 1 one vector  2 a batch  3 printing  4 chart  5 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"
#include "layers.h"
#include "loss.h"
#include "rng.h"
#include "vmath.h"

// ---- 1. One vector ----------------------------------------------------------

enum { MAX_LAYERS = 3 };

// A fully connected net of any few layers, its input and its output included.
typedef struct {
    int layers;
    Tensor w[MAX_LAYERS];     // [outputs, inputs]
    Tensor b[MAX_LAYERS];     // [outputs]
    Tensor h[MAX_LAYERS + 1]; // h[0] = x, h[l] = output of layer l
} Net;

static void fill_normal(Tensor *t, float deviation, Rng *rng) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = deviation * rng_normal(rng);
}

// size [layers + 1]: 8, 4, 1 makes two layers.
static void net_init(Net *net, const int *size, int layers, Rng *rng) {
    *net = (Net){.layers = layers};
    for (int l = 0; l < layers; l++) {
        tensor_resize(&net->w[l], 2, size[l + 1], size[l]);
        tensor_resize(&net->b[l], 1, size[l + 1]);
        fill_normal(&net->w[l], 1.0f / sqrtf((float)size[l]), rng);
        fill_normal(&net->b[l], 0.1f, rng);
    }
}

static void net_free(Net *net) {
    tensor_free(&net->h[0]);
    for (int l = 0; l < net->layers; l++) {
        tensor_free(&net->w[l]);
        tensor_free(&net->b[l]);
        tensor_free(&net->h[l + 1]);
    }
}

static int net_weights(const Net *net) {
    int count = 0;
    for (int l = 0; l < net->layers; l++)
        count += (int)(net->w[l].size + net->b[l].size);
    return count;
}

// y [M] = W x + b, for W [M, D], x [D], b [M]: each row of W is one neuron.
static void affine(Tensor *y, const Tensor *w, const Tensor *x,
                   const Tensor *b) {
    int M = w->shape[0], D = w->shape[1];
    tensor_resize(y, 1, M);
    for (int i = 0; i < M; i++) {
        float sum = b->data[i];
        for (int j = 0; j < D; j++)
            sum += w->data[i * D + j] * x->data[j];
        y->data[i] = sum;
    }
}

// [A eq.1-5] 8-4-1:    y = W2 sigmoid(W1 x + b1) + b2
// [A eq.6]   8-4-3-1:  y = W3 sigmoid(W2 sigmoid(W1 x + b1) + b2) + b3
// The last layer has no sigmoid: its output may be any number.
static void net_forward(Net *net, const Tensor *x) {
    tensor_copy(&net->h[0], x);
    for (int l = 0; l < net->layers; l++) {
        Tensor *h = &net->h[l + 1];
        affine(h, &net->w[l], &net->h[l], &net->b[l]);
        if (l < net->layers - 1)
            vsigmoid(h->data, h->data, h->size);
    }
}

// ---- 2. A batch -------------------------------------------------------------

// [B batch form] For X [m, d], one example per row:
//     H1 = ReLU(X W1^T + b1)       W1 [d1, d],  H1 [m, d1]
//     H2 = ReLU(H1 W2^T + b2)      W2 [d2, d1], H2 [m, d2]
//     Y  = softmax(H2 W^T + b)     W  [C, d2],  Y  [m, C]
// b is added to every row. linear_forward is X W^T + b.
static void batch_forward(Net *net, const Tensor *x) {
    tensor_copy(&net->h[0], x);
    for (int l = 0; l < net->layers; l++) {
        Tensor *h = &net->h[l + 1];
        linear_forward(h, &net->h[l], &net->w[l], &net->b[l]);
        if (l < net->layers - 1)
            relu_forward(h, h);
        else
            softmax_forward(h, h);
    }
}

// [C affine layer] A = XW + B keeps W the other way round, as [inputs, outputs]
// (B's W^T), and so needs no transpose: X [N, D], W [D, M], B [M], A [N, M].
static void affine_c(Tensor *a, const Tensor *x, const Tensor *w,
                     const Tensor *b) {
    int N = x->shape[0], D = w->shape[0], M = w->shape[1];
    tensor_resize(a, 2, N, M);
    for (int n = 0; n < N; n++)
        for (int i = 0; i < M; i++) {
            float sum = b->data[i];
            for (int j = 0; j < D; j++)
                sum += x->data[n * D + j] * w->data[j * M + i];
            a->data[n * M + i] = sum;
        }
}

static void transpose(Tensor *to, const Tensor *from) {
    int R = from->shape[0], C = from->shape[1];
    tensor_resize(to, 2, C, R);
    for (int i = 0; i < R; i++)
        for (int j = 0; j < C; j++)
            to->data[j * R + i] = from->data[i * C + j];
}

static double largest_difference(const Tensor *a, const Tensor *b) {
    double largest = 0.0;
    for (size_t i = 0; i < a->size; i++)
        largest = fmax(largest, fabs((double)(a->data[i] - b->data[i])));
    return largest;
}

// The largest difference between one layer computed in the three forms: a
// vector at a time (A), a batch (B), and a batch with W the other way (C).
static double compare_forms(const Net *net, const Tensor *x) {
    const Tensor *w = &net->w[0], *b = &net->b[0];
    Tensor batch = {0}, wt = {0}, a = {0}, one = {0};
    linear_forward(&batch, x, w, b);
    transpose(&wt, w);
    affine_c(&a, x, &wt, b);
    double largest = largest_difference(&batch, &a);
    int D = w->shape[1], M = w->shape[0];
    for (int n = 0; n < x->shape[0]; n++) {
        Tensor row = tensor_view(x->data + n * D, 1, D);
        Tensor out = tensor_view(batch.data + n * M, 1, M);
        affine(&one, w, &row, b);
        largest = fmax(largest, largest_difference(&one, &out));
    }
    Tensor *temporary[] = {&batch, &wt, &a, &one};
    for (int i = 0; i < 4; i++)
        tensor_free(temporary[i]);
    return largest;
}

// ---- 3. Printing ------------------------------------------------------------

static void print_row(const char *name, const Tensor *t, int row) {
    int columns = t->shape[t->ndim - 1];
    printf("  %-4s", name);
    for (int j = 0; j < columns; j++)
        printf(" %7.4f", (double)t->data[row * columns + j]);
    printf("\n");
}

// Each layer as an equation, then the same with every letter's shape.
static void print_net(const char *title, const Net *net) {
    const char *name[MAX_LAYERS + 1] = {"x", "h1", "h2", "y"};
    name[net->layers] = "y";
    printf("%s: %d weights\n\n", title, net_weights(net));
    print_row("x", &net->h[0], 0);
    for (int l = 0; l < net->layers; l++) {
        bool last = l == net->layers - 1;
        printf("  %-2s = %sW%d %s + b%d%s   %s = %s %s + %s\n", name[l + 1],
               last ? "" : "sigmoid(", l + 1, name[l], l + 1, last ? "" : ")",
               tensor_shape(&net->h[l + 1]).text, tensor_shape(&net->w[l]).text,
               tensor_shape(&net->h[l]).text, tensor_shape(&net->b[l]).text);
        print_row("", &net->h[l + 1], 0);
    }
    printf("\n");
}

static void print_batch(const Net *net, double difference) {
    static const char *line[] = {"H1 = ReLU(X  W1^T + b1)",
                                 "H2 = ReLU(H1 W2^T + b2)",
                                 "Y  = softmax(H2 W^T + b)"};
    int m = net->h[0].shape[0];
    printf("A batch of %d, one example per row: X %s\n\n", m,
           tensor_shape(&net->h[0]).text);
    for (int l = 0; l < net->layers; l++)
        printf("  %-25s %s = %s %s^T + %s\n", line[l],
               tensor_shape(&net->h[l + 1]).text, tensor_shape(&net->h[l]).text,
               tensor_shape(&net->w[l]).text, tensor_shape(&net->b[l]).text);
    printf("\n  Y, whose rows add up to 1:\n");
    for (int n = 0; n < m; n++)
        print_row("", &net->h[net->layers], n);
    printf("\nThe first layer in three forms, W x + b row by row, X W^T + b "
           "and XW + B:\nlargest difference %.1g.\n\n",
           difference);
}

// ---- 4. The chart -----------------------------------------------------------

enum { APART = 2 }; // columns of neurons

// A neuron's height on the page: each layer is centred on 0.
static double height(const Tensor *h, int i) {
    return ((double)h->size - 1.0) / 2.0 - i;
}

// The net with its first column at x = left; a line is as thick as its weight
// is large, blue where positive, dashed where negative.
static void draw_net(Chart *chart, const Net *net, int left) {
    for (int l = 0; l < net->layers; l++)
        for (int i = 0; i < net->w[l].shape[0]; i++)
            for (int j = 0; j < net->w[l].shape[1]; j++) {
                float w = net->w[l].data[i * net->w[l].shape[1] + j];
                chart_script(chart,
                             "set arrow from %d,%g to %d,%g nohead lt 1 lw %.2f"
                             "%s\n",
                             left + APART * l, height(&net->h[l], j),
                             left + APART * (l + 1), height(&net->h[l + 1], i),
                             4.0 * fabs((double)w) + 0.2,
                             w > 0 ? "" : " lc rgb '#d55e00' dt (6,3)");
            }
    for (int l = 0; l <= net->layers; l++)
        for (int i = 0; i < (int)net->h[l].size; i++)
            chart_row(chart, 3, (double)(left + APART * l),
                      height(&net->h[l], i), (double)net->h[l].data[i]);
}

static void draw(const Net *net, const Net *deeper, const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch02", "forward", format))
        return;
    chart_size(&chart, 1000, 560);
    chart_columns(&chart, "x,y,value");
    draw_net(&chart, net, 0);
    draw_net(&chart, deeper, APART * (net->layers + 1));
    chart_script(&chart,
                 "set title '8-4-1 and 8-4-3-1: weights (thick is large, "
                 "dashed is negative) and what each neuron says'\n"
                 "unset border; unset tics; unset grid; unset key\n"
                 "set xrange [-0.7:%g]; set yrange [-4.1:4.1]\n"
                 "set style fill solid 1 border lc rgb '#404040'\n"
                 "plot DATA using 1:2:(0.36) with circles lc rgb '#e8f1fa', "
                 "'' using 1:2:(sprintf('%%.2f', $3)) with labels\n",
                 APART * (net->layers + deeper->layers + 1) + 0.7);
    chart_close(&chart);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    cli_parse(&o, "forward",
              "Runs small nets forward, one vector and then a batch, and "
              "prints every shape on the way.",
              NULL, 0, argc, argv);
    Rng rng;
    Net net, deeper, classifier;
    Tensor x = {0}, batch = {0};
    rng_seed(&rng, o.seed);
    net_init(&net, (int[]){8, 4, 1}, 2, &rng);
    net_init(&deeper, (int[]){8, 4, 3, 1}, 3, &rng);
    net_init(&classifier, (int[]){8, 6, 4, 3}, 3, &rng);
    tensor_resize(&x, 1, 8);
    tensor_resize(&batch, 2, 5, 8);
    fill_normal(&x, 1.0f, &rng);
    fill_normal(&batch, 1.0f, &rng);

    net_forward(&net, &x);
    net_forward(&deeper, &x);
    batch_forward(&classifier, &batch);
    double difference = compare_forms(&classifier, &batch);
    if (!o.quiet) {
        print_net("The 8-4-1 network", &net);
        print_net("One layer more, 8-4-3-1", &deeper);
        print_batch(&classifier, difference);
    }
    draw(&net, &deeper, o.plot);
    printf("result: y=%.4f y_deeper=%.4f weights=%d weights_deeper=%d "
           "difference=%.1g\n",
           (double)net.h[2].data[0], (double)deeper.h[3].data[0],
           net_weights(&net), net_weights(&deeper), difference);
    net_free(&net);
    net_free(&deeper);
    net_free(&classifier);
    tensor_free(&x);
    tensor_free(&batch);
    return 0;
}
