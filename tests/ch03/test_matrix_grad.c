// Gradients by a matrix: worked by hand, against differences, and against the
// library's linear layer.

#define main matrix_grad_main
#include "ch03_backprop/matrix_grad.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "tables.h"
#include "testing.h"

static void set(Tensor *t, const float *values) {
    for (size_t i = 0; i < t->size; i++)
        t->data[i] = values[i];
}

static void assert_is(const Tensor *t, const float *values, size_t n) {
    ck_assert_uint_eq(t->size, n);
    for (size_t i = 0; i < n; i++)
        ck_assert_float_eq(t->data[i], values[i]);
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
    bilinear_backward(&dX, &f); // overwrites what the first has left
    assert_is(&dX, (const float[]){3, 4, 5, 6, 8, 10}, 6);
    ck_assert_int_eq(dX.shape[0], 2);
    tensor_free(&dX);
    bilinear_free(&f);
}
END_TEST

// H = [1 2; 3 4], W = [1 0; 2 1; 0 3], b = (10, 20, 30), and the signal from
// above [1 0 2; 0 1 1]: products of whole numbers, worked on paper.
START_TEST(layer_worked_by_hand) {
    Rng rng;
    Layer layer;
    Tensor dH = {0}, dW = {0}, db = {0};
    float signal[] = {1, 0, 2, 0, 1, 1};
    Tensor dZ = tensor_view(signal, 2, 2, 3);
    rng_seed(&rng, 1);
    layer_init(&layer, 2, 2, 3, &rng);
    set(&layer.H, (const float[]){1, 2, 3, 4});
    set(&layer.W, (const float[]){1, 0, 2, 1, 0, 3});
    set(&layer.b, (const float[]){10, 20, 30});
    layer_forward(&layer);
    assert_is(&layer.Z, (const float[]){11, 24, 36, 13, 30, 42}, 6);
    ck_assert_double_eq(layer_loss(&layer),
                        0.5 * (121 + 576 + 1296 + 169 + 900 + 1764));
    layer_backward(&dH, &dW, &db, &layer, &dZ);
    layer_backward(&dH, &dW, &db, &layer, &dZ); // likewise
    assert_is(&dH, (const float[]){1, 6, 2, 4}, 4);
    assert_is(&dW, (const float[]){1, 2, 3, 4, 5, 8}, 6);
    assert_is(&db, (const float[]){1, 1, 3}, 3);
    tensor_free(&dH);
    tensor_free(&dW);
    tensor_free(&db);
    layer_free(&layer);
}
END_TEST

// B's dZ/dW by differences: four indices, H_nd where m = k and 0 elsewhere. Z
// is linear in W and whole numbers are exact, so a step of 1 finds it exactly;
// summed with the signal it is the weight gradient.
START_TEST(a_matrix_by_a_matrix_has_four_indices) {
    enum { N = 2, D = 2, M = 3 };
    Rng rng;
    Layer layer;
    float signal[] = {1, 0, 2, 0, 1, 1}, before[N * M], sums[M * D] = {0};
    Tensor dH = {0}, dW = {0}, db = {0}, dZ = tensor_view(signal, 2, N, M);
    int nonzero = 0;
    rng_seed(&rng, 1);
    layer_init(&layer, N, D, M, &rng);
    set(&layer.H, (const float[]){1, 2, 3, 4});
    set(&layer.W, (const float[]){1, 0, 2, 1, 0, 3});
    set(&layer.b, (const float[]){10, 20, 30});
    layer_forward(&layer);
    memcpy(before, layer.Z.data, sizeof before);
    layer_backward(&dH, &dW, &db, &layer, &dZ);
    for (int k = 0; k < M; k++)
        for (int d = 0; d < D; d++) {
            layer.W.data[k * D + d] += 1.0f;
            layer_forward(&layer);
            layer.W.data[k * D + d] -= 1.0f;
            for (int n = 0; n < N; n++)
                for (int m = 0; m < M; m++) {
                    float slope = layer.Z.data[n * M + m] - before[n * M + m];
                    float h = layer.H.data[n * D + d];
                    ck_assert_float_eq(slope, m == k ? h : 0.0f);
                    nonzero += slope != 0.0f;
                    sums[k * D + d] += signal[n * M + m] * slope;
                }
        }
    ck_assert_int_eq(nonzero, N * M * D);
    assert_is(&dW, sums, M * D);
    tensor_free(&dH);
    tensor_free(&dW);
    tensor_free(&db);
    layer_free(&layer);
}
END_TEST

// A difference of (at most) second-order functions truncates nothing, and is
// computed in double precision. What is left is the float32 of the formula:
// sums of up to 7 products, each rounded by 6e-8 of their absolute sum, which
// is a few times the largest gradient at most.
static void agree(const Tensor *d, double (*f)(const void *),
                  const void *context, Tensor *w) {
    Tensor numeric = {0}, before = {0};
    tensor_copy(&before, w);
    numeric_gradient(&numeric, f, context, w);
    double largest = 0.0;
    for (size_t i = 0; i < w->size; i++) {
        ck_assert_float_eq(w->data[i], before.data[i]);
        largest = fmax(largest, fabs((double)numeric.data[i]));
    }
    ck_assert_double_gt(largest, 0.05);
    ck_assert_double_lt(gradient_error(d, &numeric), 2e-6);
    tensor_free(&numeric);
    tensor_free(&before);
}

static const int sizes[][3] = {{5, 4, 3}, {1, 7, 2}, {6, 1, 5}, {4, 4, 4}};

START_TEST(bilinear_agrees_with_differences) {
    for (int s = 0; s < 4; s++) {
        Rng rng;
        Bilinear f;
        Tensor dX = {0};
        rng_seed(&rng, (uint64_t)s);
        bilinear_init(&f, sizes[s][0], sizes[s][1], &rng);
        bilinear_backward(&dX, &f);
        agree(&dX, bilinear, &f, &f.X);
        tensor_free(&dX);
        bilinear_free(&f);
    }
}
END_TEST

START_TEST(layer_agrees_with_differences) {
    for (int s = 0; s < 4; s++) {
        Rng rng;
        Layer layer;
        Tensor dH = {0}, dW = {0}, db = {0};
        rng_seed(&rng, (uint64_t)s);
        layer_init(&layer, sizes[s][0], sizes[s][1], sizes[s][2], &rng);
        layer_forward(&layer);
        layer_backward(&dH, &dW, &db, &layer, &layer.Z);
        agree(&dH, layer_loss, &layer, &layer.H);
        agree(&dW, layer_loss, &layer, &layer.W);
        agree(&db, layer_loss, &layer, &layer.b);
        tensor_free(&dH);
        tensor_free(&dW);
        tensor_free(&db);
        layer_free(&layer);
    }
}
END_TEST

// Chapter 2's layer is this one: the same sums, whose few terms may only be
// rounded in another order.
START_TEST(is_the_librarys_linear_layer) {
    Rng rng;
    Layer layer;
    Tensor Z = {0}, dH = {0}, dW = {0}, db = {0};
    Tensor lH = {0}, lW = {0}, lb = {0};
    rng_seed(&rng, 7);
    layer_init(&layer, 5, 4, 3, &rng);
    layer_forward(&layer);
    layer_backward(&dH, &dW, &db, &layer, &layer.Z);
    tensor_resize_like(&lW, &layer.W);
    tensor_resize_like(&lb, &layer.b);
    linear_forward(&Z, &layer.H, &layer.W, &layer.b);
    linear_backward(&lH, &lW, &lb, &layer.Z, &layer.H, &layer.W);
    assert_close(layer.Z.data, Z.data, Z.size, 1e-6, "Z");
    assert_close(dH.data, lH.data, lH.size, 1e-6, "dH");
    assert_close(dW.data, lW.data, lW.size, 1e-6, "dW");
    assert_close(db.data, lb.data, lb.size, 1e-6, "db");
    Tensor *all[] = {&Z, &dH, &dW, &db, &lH, &lW, &lb};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
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

// The gradients that the program shows with its seed, 1.
typedef struct {
    Tensor dX, dH, dW, db;
} Shown;

static Shown shown_gradients(void) {
    Rng rng;
    Bilinear f;
    Layer layer;
    Shown s = {0};
    rng_seed(&rng, 1);
    bilinear_init(&f, 6, 8, &rng);
    layer_init(&layer, 5, 4, 3, &rng);
    bilinear_backward(&s.dX, &f);
    layer_forward(&layer);
    layer_backward(&s.dH, &s.dW, &s.db, &layer, &layer.Z);
    bilinear_free(&f);
    layer_free(&layer);
    return s;
}

static void shown_free(Shown *s) {
    tensor_free(&s->dX);
    tensor_free(&s->dH);
    tensor_free(&s->dW);
    tensor_free(&s->db);
}

// Below each name the matrix, row by row, with three decimals: after the word
// "formula" and again after "differences".
START_TEST(prints_every_matrix_under_its_name) {
    Shown s = shown_gradients();
    const char *const names[] = {"df/dX", "dL/dH", "dL/dW", "dL/db"};
    const char *const words[] = {"formula", "differences"};
    const Tensor *want[] = {&s.dX, &s.dH, &s.dW, &s.db};
    Run run = run_program("matrix_grad --plot none");
    for (int m = 0; m < 4; m++)
        for (int w = 0; w < 2; w++) {
            char *at = (char *)from_line(run.output, names[m]);
            at = (char *)after_text(from_line(at, words[w]), words[w]);
            for (size_t i = 0; i < want[m]->size; i++) {
                double x = strtod(at, &at), right = (double)want[m]->data[i];
                ck_assert_msg(fabs(x - right) < 6e-4,
                              "%s by %s: element %zu is %g, not %g", names[m],
                              words[w], i, x, right);
            }
        }
    shown_free(&s);
}
END_TEST

// Seven digits of numbers below 100.
static void check_block(int block, const Tensor *d) {
    enum { MOST = 48 };
    double row[MOST], column[MOST], formula[MOST];
    const char *file = "out/ch03/matrix_grad.csv";
    ck_assert_int_eq(chart_column(file, block, "row", row, MOST), d->size);
    chart_column(file, block, "column", column, MOST);
    chart_column(file, block, "formula", formula, MOST);
    for (size_t i = 0; i < d->size; i++) {
        int at = ((int)row[i] - 1) * d->shape[1] + (int)column[i] - 1;
        ck_assert_msg(at >= 0 && at < (int)d->size &&
                          fabs(formula[i] - (double)d->data[at]) < 1e-4,
                      "block %d, row %g, column %g: %g", block, row[i],
                      column[i], formula[i]);
    }
}

START_TEST(draws_each_matrix_under_its_title) {
    int block;
    Shown s = shown_gradients();
    run_for_charts("matrix_grad --quiet");
    check_block(0, &s.dX);
    check_block(1, &s.dW);
    const char *script = text_of("out/ch03/matrix_grad.gp");
    const char *const titles[] = {"'df/dX", "'dL/dW"};
    for (int i = 0; i < 2; i++) {
        const char *plot =
            after_text(after_text(script, titles[i]), "DATA index ");
        ck_assert_int_eq(sscanf(plot, "%d", &block), 1);
        ck_assert_int_eq(block, i);
    }
    shown_free(&s);
}
END_TEST

// In dX each element is one product, and may be exact. A sum of products in
// float32 is not: an error of 0 would mean that a number was compared with
// itself.
START_TEST(errors_are_not_of_itself) {
    Run run = run_program("matrix_grad --quiet --plot none");
    ck_assert_double_gt(result_value(&run, "dH_error"), 0.0);
    ck_assert_double_gt(result_value(&run, "dW_error"), 0.0);
}
END_TEST

START_TEST(prints_its_result) {
    const char *const names[] = {"dX_error", "dH_error", "dW_error",
                                 "db_error"};
    Run run = run_program("matrix_grad --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    for (int i = 0; i < 4; i++) {
        ck_assert_double_ge(result_value(&run, names[i]), 0.0);
        ck_assert_double_lt(result_value(&run, names[i]), 2e-6);
    }
    run = run_program("matrix_grad --plot none");
    assert_says(run.output, "5 x 3 x 3 x 4 = 180 numbers");
    assert_says(run.output, "m = k (60 of");
}
END_TEST

int main(void) {
    const Test tests[] = {{gradient_by_X_is_the_outer_product},
                          {layer_worked_by_hand},
                          {a_matrix_by_a_matrix_has_four_indices},
                          {bilinear_agrees_with_differences},
                          {layer_agrees_with_differences},
                          {is_the_librarys_linear_layer},
                          {error_is_relative_to_the_largest},
                          {prints_every_matrix_under_its_name},
                          {draws_each_matrix_under_its_title},
                          {errors_are_not_of_itself},
                          {prints_its_result}};
    return run_tests("matrix_grad", tests, sizeof tests / sizeof *tests);
}
