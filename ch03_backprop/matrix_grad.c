// matrix_grad.c - derivatives with respect to a matrix (矩阵及向量求导)
//
// A loss is one number, a weight matrix has thousands. The derivative of the
// loss with respect to the matrix has the same shape: each element says how
// fast the loss changes with that one weight. For the two products that nets
// are made of, it is a product again, and only one product has the right shape.
//
// Source: B, backpropagation through Z = h2 W^T + b (h2 is H here) and the
// example f = a^T X b. B names dL/db and prints no formula: the sum is ours.
// Run: make matrix_grad && ./matrix_grad
// Ends with: result: dX_error=0e+00 dH_error=..e-08 dW_error=1e-07 ...
//
// Contents: 1 f = a^T X b  2 Z = H W^T + b  3 the slow way  4 tables  5 chart
//           6 main

#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "chart.h"
#include "cli.h"
#include "rng.h"
#include "run.h"
#include "tensor.h"

static void fill_normal(Tensor *t, Rng *rng) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = rng_normal(rng);
}

// ---- 1. f = a^T X b ---------------------------------------------------------

typedef struct {
    Tensor a; // [R]
    Tensor X; // [R, C]
    Tensor b; // [C]
} Bilinear;

static void bilinear_init(Bilinear *f, int R, int C, Rng *rng) {
    *f = (Bilinear){0};
    tensor_resize(&f->a, 1, R);
    tensor_resize(&f->X, 2, R, C);
    tensor_resize(&f->b, 1, C);
    fill_normal(&f->a, rng);
    fill_normal(&f->X, rng);
    fill_normal(&f->b, rng);
}

static void bilinear_free(Bilinear *f) {
    tensor_free(&f->a);
    tensor_free(&f->X);
    tensor_free(&f->b);
}

// Written out: the sum over p and q of a_p X_pq b_q.
// [B bilinear form] f = a^T X b
static double bilinear(const void *context) {
    const Bilinear *f = context;
    int R = f->X.shape[0], C = f->X.shape[1];
    double sum = 0.0;
    for (int i = 0; i < R; i++)
        for (int j = 0; j < C; j++)
            sum += (double)f->a.data[i] * (double)f->X.data[i * C + j] *
                   (double)f->b.data[j];
    return sum;
}

// X_ij appears once in that sum, with the factor a_i b_j: an outer product.
// [B bilinear gradient] df/dX_ij = a_i b_j, df/dX = a b^T
static void bilinear_backward(Tensor *dX, const Bilinear *f) {
    int R = f->X.shape[0], C = f->X.shape[1];
    tensor_resize_like(dX, &f->X);
    tensor_fill(dX, 0.0f);
    sger(R, C, 1.0f, f->a.data, f->b.data, dX->data, C);
}

// ---- 2. Z = H W^T + b -------------------------------------------------------

// A layer and a loss after it, L = (1/2) sum of Z^2, chosen because dL/dZ is
// then Z itself. What follows is the same for any loss.
typedef struct {
    Tensor H; // [N, D] a batch of N hidden vectors
    Tensor W; // [M, D]
    Tensor b; // [M]
    Tensor Z; // [N, M]
} Layer;

static void layer_init(Layer *layer, int N, int D, int M, Rng *rng) {
    *layer = (Layer){0};
    tensor_resize(&layer->H, 2, N, D);
    tensor_resize(&layer->W, 2, M, D);
    tensor_resize(&layer->b, 1, M);
    tensor_resize(&layer->Z, 2, N, M);
    fill_normal(&layer->H, rng);
    fill_normal(&layer->W, rng);
    fill_normal(&layer->b, rng);
}

static void layer_free(Layer *layer) {
    tensor_free(&layer->H);
    tensor_free(&layer->W);
    tensor_free(&layer->b);
    tensor_free(&layer->Z);
}

// b is added to every row. B writes h2 for H.
// [B linear layer] Z = h2 W^T + b
static void layer_forward(Layer *layer) {
    int N = layer->H.shape[0], D = layer->H.shape[1], M = layer->W.shape[0];
    for (int n = 0; n < N; n++)
        for (int m = 0; m < M; m++)
            layer->Z.data[n * M + m] = layer->b.data[m];
    sgemm('N', 'T', N, M, D, 1.0f, layer->H.data, D, layer->W.data, D, 1.0f,
          layer->Z.data, M);
}

// Z_nm = sum over d of H_nd W_md + b_m, so H_nd moves Z_nm by W_md, for every
// m; W_md moves it by H_nd and b_m by 1, for every n. B writes dZ/dh2 = W and
// dZ/dW = h2 for the middle factors. Strictly each has four indices:
// dZ_nm/dW_kd = H_nd if m = k and 0 if not. Summed with dL/dZ_nm over n and m
// they leave the products below.
static void layer_backward(Tensor *dH, Tensor *dW, Tensor *db,
                           const Layer *layer, const Tensor *dZ) {
    int N = layer->H.shape[0], D = layer->H.shape[1], M = layer->W.shape[0];
    tensor_resize_like(dH, &layer->H);
    tensor_resize_like(dW, &layer->W);
    tensor_resize_like(db, &layer->b);
    // [B input gradient] dL/dh2 = dL/dZ W: [N, M] [M, D] = [N, D]
    sgemm('N', 'N', N, D, M, 1.0f, dZ->data, M, layer->W.data, D, 0.0f,
          dH->data, D);
    // [B weight gradient] dL/dW = (dL/dZ)^T h2: [M, N] [N, D] = [M, D]
    sgemm('T', 'N', M, D, N, 1.0f, dZ->data, M, layer->H.data, D, 0.0f,
          dW->data, D);
    // [B bias gradient] dL/db = sum over the rows of dL/dZ
    tensor_fill(db, 0.0f);
    for (int n = 0; n < N; n++)
        saxpy(M, 1.0f, dZ->data + n * M, db->data);
}

// The loss in double precision and plain loops: the slow way's function.
static double layer_loss(const void *context) {
    const Layer *layer = context;
    int N = layer->H.shape[0], D = layer->H.shape[1], M = layer->W.shape[0];
    double loss = 0.0;
    for (int n = 0; n < N; n++)
        for (int m = 0; m < M; m++) {
            double z = (double)layer->b.data[m];
            for (int d = 0; d < D; d++)
                z += (double)layer->H.data[n * D + d] *
                     (double)layer->W.data[m * D + d];
            loss += 0.5 * z * z;
        }
    return loss;
}

// ---- 3. The slow way --------------------------------------------------------

// dw[i] = (f(w + h e_i) - f(w - h e_i)) / 2h, an element at a time. Both
// functions here are of second order at most in each element, so that a step as
// large as 1/2 cuts nothing off, and keeps rounding small.
static void numeric_gradient(Tensor *dw, double (*f)(const void *),
                             const void *context, Tensor *w) {
    const float h = 0.5f;
    tensor_resize_like(dw, w);
    for (size_t i = 0; i < w->size; i++) {
        float was = w->data[i], up = was + h, down = was - h;
        w->data[i] = up;
        double above = f(context);
        w->data[i] = down;
        double below = f(context);
        w->data[i] = was;
        // the actual step: was + h has been rounded
        double step = (double)up - (double)down;
        dw->data[i] = (float)((above - below) / step);
    }
}

// The largest difference between two gradients, relative to their largest
// element.
static double gradient_error(const Tensor *a, const Tensor *b) {
    double difference = 0.0, largest = 0.0;
    for (size_t i = 0; i < a->size; i++) {
        difference =
            fmax(difference, fabs((double)a->data[i] - (double)b->data[i]));
        largest = fmax(largest, fabs((double)b->data[i]));
    }
    return difference / largest;
}

// ---- 4. Tables --------------------------------------------------------------

static void print_matrix(const char *name, const Tensor *t) {
    int rows = t->shape[0], columns = (int)(t->size / (size_t)rows);
    for (int i = 0; i < rows; i++) {
        printf("  %-11s", i == 0 ? name : "");
        for (int j = 0; j < columns; j++)
            printf(" %7.3f", (double)t->data[i * columns + j]);
        printf("\n");
    }
}

static void print_gradient(const char *name, const char *formula,
                           const Tensor *d, const Tensor *numeric) {
    printf("%s = %s %s, relative difference %.0e\n", name, formula,
           tensor_shape(d).text, gradient_error(d, numeric));
    print_matrix("formula", d);
    print_matrix("differences", numeric);
    printf("\n");
}

// B's middle factor, which is no matrix.
static void print_jacobian(const Layer *layer) {
    int N = layer->H.shape[0], D = layer->H.shape[1], M = layer->W.shape[0];
    printf("The lecture writes dZ/dh2 = W and dZ/dW = h2. dZ_nm/dW_kd has four "
           "indices:\n%d x %d x %d x %d = %d numbers, H_nd where m = k (%d of "
           "them) and 0 elsewhere. Only\nsummed with dL/dZ_nm do they become a "
           "matrix of W's shape.\n\n",
           N, M, M, D, N * M * M * D, N * M * D);
}

// ---- 5. The chart -----------------------------------------------------------

// A block of the data: a gradient by formula and by differences.
static void write_gradient(Chart *chart, const Tensor *d,
                           const Tensor *numeric) {
    int R = d->shape[0], C = d->shape[1];
    chart_columns(chart, "row,column,formula,differences");
    for (int i = 0; i < R; i++)
        for (int j = 0; j < C; j++)
            chart_row(chart, 4, i + 1.0, j + 1.0, (double)d->data[i * C + j],
                      (double)numeric->data[i * C + j]);
}

// A row of two heat maps, both on the same scale.
static void draw_gradient(Chart *chart, const char *title, int block,
                          const Tensor *d) {
    float largest = 0.0f;
    for (size_t i = 0; i < d->size; i++)
        largest = fmaxf(largest, fabsf(d->data[i]));
    chart_script(chart,
                 "set cbrange [%g:%g]\n"
                 "set xrange [0.5:%d.5]; set yrange [%d.5:0.5]\n"
                 "set title '%s by the formula'\n"
                 "plot DATA index %d using 2:1:3 with image pixels\n"
                 "set title 'by differences, an element at a time'\n"
                 "plot DATA index %d using 2:1:4 with image pixels\n",
                 -(double)largest, (double)largest, d->shape[1], d->shape[0],
                 title, block, block);
}

static void draw(const Tensor *dX, const Tensor *nX, const Tensor *dW,
                 const Tensor *nW, const char *format) {
    Chart chart;
    if (!chart_open(&chart, "ch03", "matrix_grad", format))
        return;
    chart_size(&chart, 900, 640);
    write_gradient(&chart, dX, nX);
    chart_break(&chart);
    chart_break(&chart);
    write_gradient(&chart, dW, nW);
    chart_script(&chart,
                 "unset key; unset grid; unset border; set tics scale 0\n"
                 "set xtics 1; set ytics 1\n"
                 "set xlabel 'column'; set ylabel 'row'\n"
                 "set multiplot layout 2,2 title 'One product gives the whole "
                 "gradient; in abᵀ every row is b, scaled'\n");
    draw_gradient(&chart, "df/dX = abᵀ", 0, dX);
    draw_gradient(&chart, "dL/dW = (dL/dZ)ᵀH", 1, dW);
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    cli_parse(&o, "matrix_grad",
              "Derivatives with respect to a matrix: of a^T X b and of a "
              "layer, by formula and by differences.",
              NULL, 0, argc, argv);
    Rng rng;
    Bilinear f;
    Layer layer;
    rng_seed(&rng, o.seed);
    bilinear_init(&f, 6, 8, &rng);
    layer_init(&layer, 5, 4, 3, &rng);

    Tensor dX = {0}, dH = {0}, dW = {0}, db = {0};
    bilinear_backward(&dX, &f);
    layer_forward(&layer);
    layer_backward(&dH, &dW, &db, &layer, &layer.Z);

    Tensor nX = {0}, nH = {0}, nW = {0}, nb = {0};
    numeric_gradient(&nX, bilinear, &f, &f.X);
    numeric_gradient(&nH, layer_loss, &layer, &layer.H);
    numeric_gradient(&nW, layer_loss, &layer, &layer.W);
    numeric_gradient(&nb, layer_loss, &layer, &layer.b);

    if (!o.quiet) {
        print_gradient("df/dX", "a b^T", &dX, &nX);
        print_gradient("dL/dH", "(dL/dZ) W", &dH, &nH);
        print_gradient("dL/dW", "(dL/dZ)^T H", &dW, &nW);
        print_gradient("dL/db", "column sums of dL/dZ", &db, &nb);
        print_jacobian(&layer);
    }
    draw(&dX, &nX, &dW, &nW, o.plot);
    run_result("dX_error=%.0e dH_error=%.0e dW_error=%.0e db_error=%.0e",
               gradient_error(&dX, &nX), gradient_error(&dH, &nH),
               gradient_error(&dW, &nW), gradient_error(&db, &nb));

    Tensor *gradients[] = {&dX, &dH, &dW, &db, &nX, &nH, &nW, &nb};
    for (size_t i = 0; i < sizeof gradients / sizeof *gradients; i++)
        tensor_free(gradients[i]);
    bilinear_free(&f);
    layer_free(&layer);
    return run_end();
}
