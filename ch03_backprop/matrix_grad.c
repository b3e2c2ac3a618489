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
// Contents: 1 f = a^T X b  2 Z = H W^T + b  3 the slow way  4 tables  5 figure
//           6 main

#include <math.h>
#include <stdio.h>

#include "blas.h"
#include "cli.h"
#include "figure.h"
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

typedef struct {
    const char *name, *formula;
    const Tensor *d, *numeric; // by the formula, by differences
} Gradient;

static void print_gradient(const Gradient *g) {
    printf("%s = %s %s, relative difference %.0e\n", g->name, g->formula,
           tensor_shape(g->d).text, gradient_error(g->d, g->numeric));
    print_matrix("formula", g->d);
    print_matrix("differences", g->numeric);
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

// ---- 5. The figure ----------------------------------------------------------

// df/dX as a multiplication table: a at its left, b below it.
static void draw_product(Figure *f, const Bilinear *of, const Tensor *dX) {
    int R = dX->shape[0], C = dX->shape[1];
    float largest = 0.0f;
    figure_panel(f, "df/dX = a bᵀ");
    figure_x(f, "b");
    figure_y(f, "a");
    figure_table(f, "column,row,product");
    for (int k = 0; k < R * C; k++) {
        figure_row(f, k % C, k / C, dX->data[k]);
        largest = fmaxf(largest, fabsf(dX->data[k]));
    }
    for (int i = 0; i < R; i++)
        figure_tick(f, 'y', i, "%.2f", (double)of->a.data[i]);
    for (int j = 0; j < C; j++)
        figure_tick(f, 'x', j, "%.2f", (double)of->b.data[j]);
    figure_range(f, 'x', -0.5, C - 0.5);
    figure_range(f, 'y', R - 0.5, -0.5);
    // half of the scale is kept free, so that all numbers can be read
    double half = 2.0 * (double)largest;
    figure_heat(f, 1, 2, 3, HEAT_DIVERGING, -half, half);
    figure_values(f, 1, 2, 3, "%.2f", 0.0);
}

static void draw(const Bilinear *of, const Gradient *gradients, int count,
                 const char *format) {
    Figure f;
    double error = 0.0;
    if (!figure_open(&f, "ch03", "matrix_grad", format))
        return;
    for (int i = 0; i < count; i++)
        error =
            fmax(error, gradient_error(gradients[i].d, gradients[i].numeric));
    figure_title(&f,
                 "a bᵀ is a multiplication table; formulas and differences "
                 "agree to %.0e",
                 error);
    figure_caption(
        &f,
        "Left, each number is its row's a times its column's b; right, points "
        "lie on the diagonal where formula and finite differences agree.");
    draw_product(&f, of, gradients[0].d);
    figure_panel(&f, "All elements of the gradients");
    figure_x(&f, "by finite differences");
    figure_y(&f, "by the formula");
    for (int i = 0; i < count; i++) {
        figure_table(&f, "differences,formula");
        for (size_t k = 0; k < gradients[i].d->size; k++)
            figure_row(&f, gradients[i].numeric->data[k],
                       gradients[i].d->data[k]);
        figure_points(&f, 1, 2, "%s", gradients[i].name);
    }
    figure_close(&f);
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

    const Gradient gradients[] = {
        {"df/dX", "a b^T", &dX, &nX},
        {"dL/dH", "(dL/dZ) W", &dH, &nH},
        {"dL/dW", "(dL/dZ)^T H", &dW, &nW},
        {"dL/db", "column sums of dL/dZ", &db, &nb},
    };
    for (int i = 0; i < 4 && !o.quiet; i++)
        print_gradient(&gradients[i]);
    if (!o.quiet)
        print_jacobian(&layer);
    draw(&f, gradients, 4, o.plot);
    run_result("dX_error=%.0e dH_error=%.0e dW_error=%.0e db_error=%.0e",
               gradient_error(&dX, &nX), gradient_error(&dH, &nH),
               gradient_error(&dW, &nW), gradient_error(&db, &nb));

    Tensor *tensors[] = {&dX, &dH, &dW, &db, &nX, &nH, &nW, &nb};
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++)
        tensor_free(tensors[i]);
    bilinear_free(&f);
    layer_free(&layer);
    return run_end();
}
