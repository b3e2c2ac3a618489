// Gradients by a matrix: worked by hand, against differences, and against the
// library's linear layer.

#define main matrix_grad_main
#include "ch03_backprop/matrix_grad.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

static void set(Tensor *t, const float *values) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = values[i];
}

// What a layer passes back for a signal dZ.
typedef struct {
    Tensor dH, dW, db;
} Gradients;

static Gradients gradients_of(const Layer *layer, const Tensor *dZ) {
    Gradients g = {0};
    layer_backward(&g.dH, &g.dW, &g.db, layer, dZ);
    layer_backward(&g.dH, &g.dW, &g.db, layer, dZ); // overwrites the first
    return g;
}

static void gradients_free(Gradients *g) {
    tensor_free(&g->dH);
    tensor_free(&g->dW);
    tensor_free(&g->db);
}

// a = (1, 2), b = (3, 4, 5): the outer product, whole numbers and so exact.
START_TEST(gradient_by_X_is_the_outer_product) {
    Rng rng;
    Bilinear f;
    Tensor dX = {0};
    rng_seed(&rng, 1);
    bilinear_init(&f, 2, 3, &rng);
    set(&f.a, (const float[]){1, 2});
    set(&f.b, (const float[]){3, 4, 5});
    set(&f.X, (const float[]){1, 0, 2, 0, 1, 1});
    ck_assert_double_eq(bilinear(&f), 3 + 10 + 2 * (4 + 5));
    bilinear_backward(&dX, &f);
    bilinear_backward(&dX, &f); // overwrites the first
    assert_close(dX.data, (const float[]){3, 4, 5, 6, 8, 10}, 6, 0.0, "dX");
    ck_assert_str_eq(tensor_shape(&dX).text, "[2, 3]");
    tensor_free(&dX);
    bilinear_free(&f);
}
END_TEST

// H = [1 2; 3 4], W = [1 0; 2 1; 0 3], b = (10, 20, 30), and the signal from
// above [1 0 2; 0 1 1]: products of whole numbers, worked on paper.
START_TEST(layer_worked_by_hand) {
    enum { N = 2, D = 2, M = 3 };
    Rng rng;
    Layer layer;
    float signal[] = {1, 0, 2, 0, 1, 1};
    const Tensor dZ = tensor_view(signal, 2, N, M);
    rng_seed(&rng, 1);
    layer_init(&layer, N, D, M, &rng);
    set(&layer.H, (const float[]){1, 2, 3, 4});
    set(&layer.W, (const float[]){1, 0, 2, 1, 0, 3});
    set(&layer.b, (const float[]){10, 20, 30});
    layer_forward(&layer);
    const float Z[] = {11, 24, 36, 13, 30, 42};
    assert_close(layer.Z.data, Z, N * M, 0.0, "Z");
    ck_assert_double_eq(layer_loss(&layer),
                        0.5 * (121 + 576 + 1296 + 169 + 900 + 1764));
    Gradients g = gradients_of(&layer, &dZ);
    assert_close(g.dH.data, (const float[]){1, 6, 2, 4}, N * D, 0.0, "dH");
    assert_close(g.dW.data, (const float[]){1, 2, 3, 4, 5, 8}, M * D, 0.0,
                 "dW");
    assert_close(g.db.data, (const float[]){1, 1, 3}, M, 0.0, "db");

    // [B matrix by matrix] dZ/dW has four indices: H_nd where m = k, else 0. Z
    // is linear in W, so a step of 1 finds it exactly; summed with the signal
    // it is the weight gradient.
    float sums[M * D] = {0};
    for (int k = 0; k < M; k++)
        for (int d = 0; d < D; d++) {
            layer.W.data[k * D + d] += 1.0f;
            layer_forward(&layer);
            layer.W.data[k * D + d] -= 1.0f;
            for (int n = 0; n < N; n++)
                for (int m = 0; m < M; m++) {
                    float slope = layer.Z.data[n * M + m] - Z[n * M + m];
                    float h = layer.H.data[n * D + d];
                    ck_assert_float_eq(slope, m == k ? h : 0.0f);
                    sums[k * D + d] += signal[n * M + m] * slope;
                }
        }
    assert_close(g.dW.data, sums, M * D, 0.0, "dW");
    gradients_free(&g);
    layer_free(&layer);
}
END_TEST

// A difference of (at most) second-order functions truncates nothing, and is
// computed in double precision. What is left is the float32 of the formula:
// sums of up to 7 products, each rounded by 6e-8 of their absolute sum, which
// is a few times the largest gradient at most.
static void agree(const char *name, const Tensor *d, double (*f)(const void *),
                  const void *context, Tensor *w) {
    Tensor numeric = {0}, before = {0};
    tensor_copy(&before, w);
    numeric_gradient(&numeric, f, context, w);
    assert_close(w->data, before.data, w->size, 0.0, "the moved tensor");
    ck_assert_double_gt(tensor_norm(&numeric), 0.25);
    double error = gradient_error(d, &numeric);
    ck_assert_msg(error < 2e-6, "%s of %s: %g off the differences", name,
                  tensor_shape(d).text, error);
    tensor_free(&numeric);
    tensor_free(&before);
}

// The layer's signal is Z itself: its loss is half the sum of Z^2.
START_TEST(formulas_agree_with_differences) {
    const int sizes[][3] = {{5, 4, 3}, {1, 7, 2}, {6, 1, 5}, {4, 4, 4}};
    for (int s = 0; s < 4; s++) {
        Rng rng;
        Bilinear f;
        Layer layer;
        Tensor dX = {0};
        rng_seed(&rng, (uint64_t)s);
        bilinear_init(&f, sizes[s][0], sizes[s][1], &rng);
        bilinear_backward(&dX, &f);
        agree("dX", &dX, bilinear, &f, &f.X);

        layer_init(&layer, sizes[s][0], sizes[s][1], sizes[s][2], &rng);
        layer_forward(&layer);
        Gradients g = gradients_of(&layer, &layer.Z);
        agree("dH", &g.dH, layer_loss, &layer, &layer.H);
        agree("dW", &g.dW, layer_loss, &layer, &layer.W);
        agree("db", &g.db, layer_loss, &layer, &layer.b);
        tensor_free(&dX);
        gradients_free(&g);
        bilinear_free(&f);
        layer_free(&layer);
    }
}
END_TEST

// Chapter 2's layer is this one: the same sums, whose few terms may only be
// rounded in another order.
START_TEST(is_the_librarys_linear_layer) {
    Rng rng;
    Layer layer;
    Tensor Z = {0};
    rng_seed(&rng, 7);
    layer_init(&layer, 5, 4, 3, &rng);
    layer_forward(&layer);
    Gradients ours = gradients_of(&layer, &layer.Z), its = {0};
    tensor_resize_like(&its.dW, &layer.W);
    tensor_resize_like(&its.db, &layer.b);
    linear_forward(&Z, &layer.H, &layer.W, &layer.b);
    linear_backward(&its.dH, &its.dW, &its.db, &layer.Z, &layer.H, &layer.W);
    assert_close(layer.Z.data, Z.data, Z.size, 1e-6, "Z");
    assert_close(ours.dH.data, its.dH.data, its.dH.size, 1e-6, "dH");
    assert_close(ours.dW.data, its.dW.data, its.dW.size, 1e-6, "dW");
    assert_close(ours.db.data, its.db.data, its.db.size, 1e-6, "db");
    tensor_free(&Z);
    gradients_free(&ours);
    gradients_free(&its);
    layer_free(&layer);
}
END_TEST

// And gradient_error would notice: one element of three off by a tenth.
START_TEST(error_is_relative_to_the_largest) {
    float a[] = {1.0f, -4.0f, 2.0f}, b[] = {1.0f, -4.0f, 2.4f};
    Tensor ta = tensor_view(a, 1, 3), tb = tensor_view(b, 1, 3);
    ck_assert_double_eq(gradient_error(&ta, &ta), 0.0);
    ck_assert_double_eq_tol(gradient_error(&ta, &tb), 0.1, 1e-7);
}
END_TEST

static const char file[] = "out/ch03/matrix_grad.csv";
static const char figure[] = "out/ch03/matrix_grad.fig";

// A cell at row i, column j is dX_ij; beside the rows stands a, below the
// columns b. Seven digits of numbers below 10.
static void check_product(const Bilinear *f, const Tensor *dX) {
    enum { MOST = 48 };
    double row[MOST], column[MOST], product[MOST];
    int R = dX->shape[0], C = dX->shape[1];
    ck_assert_int_eq(chart_column(file, 0, "row", row, MOST), R * C);
    chart_column(file, 0, "column", column, MOST);
    chart_column(file, 0, "product", product, MOST);
    for (int i = 0; i < R * C; i++) {
        int at = (int)row[i] * C + (int)column[i];
        ck_assert_msg(at >= 0 && at < R * C &&
                          fabs(product[i] - (double)dX->data[at]) < 1e-5,
                      "row %g, column %g: %g", row[i], column[i], product[i]);
    }
    assert_mark(figure, 0, "heat", "column", "row", "");
    const char *description = text_of(figure);
    for (int i = 0; i < R + C; i++) {
        char tick[64];
        float x = i < R ? f->a.data[i] : f->b.data[i - R];
        snprintf(tick, sizeof tick, "tick\taxis=%c at=%d\t%%.2f\t%.2f\n",
                 i < R ? 'y' : 'x', i < R ? i : i - R, (double)x);
        ck_assert_msg(strstr(description, tick) != NULL, "no %s", tick);
    }
}

// Both numbers of each element; seven digits of numbers below 100.
static void check_elements(int table, const Tensor *d, const char *name) {
    enum { MOST = 48 };
    double formula[MOST];
    for (size_t i = 0; i < d->size; i++)
        formula[i] = (double)d->data[i];
    assert_column(file, table, "formula", formula, (int)d->size, 1e-5);
    assert_column(file, table, "differences", formula, (int)d->size, 1e-5);
    assert_mark(figure, table, "points", "differences", "formula", name);
    ck_assert_str_eq(panel_of(figure, table), "All elements of the gradients");
}

// Below each name the matrix, row by row, with three decimals, after the word
// "formula" and again after "differences"; the result line has each error. In
// dX an element is one product, and may be exact. A sum of products in float32
// is not: an error of 0 would mean that a number was compared with itself.
START_TEST(shows_every_matrix_under_its_name) {
    Rng rng;
    Bilinear f;
    Layer layer;
    Tensor dX = {0};
    rng_seed(&rng, 1); // the program's
    bilinear_init(&f, 6, 8, &rng);
    layer_init(&layer, 5, 4, 3, &rng);
    bilinear_backward(&dX, &f);
    layer_forward(&layer);
    Gradients g = gradients_of(&layer, &layer.Z);

    const char *const names[] = {"dX", "dH", "dW", "db"};
    const char *const words[] = {"formula", "differences"};
    const Tensor *want[] = {&dX, &g.dH, &g.dW, &g.db};
    Run run = run_for_charts("matrix_grad");
    for (int m = 0; m < 4; m++) {
        char title[32], result[32];
        snprintf(title, sizeof title, "d%c/%s", m == 0 ? 'f' : 'L', names[m]);
        snprintf(result, sizeof result, "%s_error", names[m]);
        for (int w = 0; w < 2; w++) {
            char *at = (char *)from_line(run.output, title);
            at = (char *)after_text(from_line(at, words[w]), words[w]);
            for (size_t i = 0; i < want[m]->size; i++) {
                double x = strtod(at, &at), right = (double)want[m]->data[i];
                ck_assert_msg(fabs(x - right) < 6e-4,
                              "%s by %s: element %zu is %g, not %g", title,
                              words[w], i, x, right);
            }
        }
        double error = result_value(&run, result);
        ck_assert_double_lt(error, 2e-6);
        ck_assert_double_ge(error, m == 1 || m == 2 ? 1e-12 : 0.0);
    }
    // N M M D = 180 numbers of dZ/dW, of which N M D = 60 are not 0
    const char *counts = from_line(run.output, "5 x 3 x 3 x 4 =");
    ck_assert_double_eq(table_number(counts, "5 x 3 x 3 x 4 =", 0), 180);
    ck_assert_int_eq(atoi(after_text(counts, "m = k (")), 60);

    check_product(&f, &dX);
    for (int m = 0; m < 4; m++) {
        char name[16];
        snprintf(name, sizeof name, "d%c/%s", m == 0 ? 'f' : 'L', names[m]);
        check_elements(1 + m, want[m], name);
    }
    tensor_free(&dX);
    gradients_free(&g);
    bilinear_free(&f);
    layer_free(&layer);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradient_by_X_is_the_outer_product},
                          {layer_worked_by_hand},
                          {formulas_agree_with_differences},
                          {is_the_librarys_linear_layer},
                          {error_is_relative_to_the_largest},
                          {shows_every_matrix_under_its_name}};
    return run_tests("matrix_grad", tests, sizeof tests / sizeof *tests);
}
