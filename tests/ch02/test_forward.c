// Every printed number by hand: A's equations, D's loop, C's layer, B's batch.

#define main forward_main
#include "ch02_mlp/forward.c"
#undef main

#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// sigmoid(1) and sigmoid(2); sigmoid(-z) = 1 - sigmoid(z).
static const float S1 = 0.7310585786f, S2 = 0.8807970780f;

// A weighted sum of four terms up to 4, and an expf: a few 2^-24 of 4.
static const double FEW_ULPS = 2e-6;

static void check(const Tensor *t, const float *want, size_t n,
                  const char *what) {
    ck_assert_uint_eq(t->size, n);
    assert_close(t->data, want, n, FEW_ULPS, what);
}

static Tensor sample(int k) {
    return tensor_view(samples[k], 1, 8);
}

// z_1 = -1 + 1 - 1 - 0.5 + 1 + 0.5 = 0 for x = (1 0 2 1 0 1 -1 0), and so on.
START_TEST(equations_1_to_4) {
    Net net;
    build_8_4_1(&net);
    Tensor x = sample(0);
    one_hidden_layer(&net, &x);
    check(&net.z[1], (float[]){0, 1, -1, 2}, 4, "z = W1 x + b1");
    check(&net.a[1], (float[]){0.5f, S1, 1 - S1, S2}, 4, "h");
    float y = 0.5f - S1 + 2 * (1 - S1) + 0.5f * S2 - 0.5f; // 0.2472
    check(&net.a[2], &y, 1, "y");
    ck_assert_int_eq(net_weights(&net), 8 * 4 + 4 + 4 + 1);
    net_free(&net);
}
END_TEST

START_TEST(equation_5) {
    Net net;
    build_8_4_3_1(&net);
    Tensor x = sample(0);
    two_hidden_layers(&net, &x);
    check(&net.a[1], (float[]){0.5f, S1, 1 - S1, S2}, 4, "h1");
    // 2(0.5) - 0.7311 - 0.2689 + 1, then 2(0.7311) + 2(0.2689) - 2, then
    // 0.5 + 0.8808 - 0.5
    check(&net.z[2], (float[]){1, 0, S2}, 3, "z2");
    check(&net.a[2], (float[]){S1, 0.5f, 0.7069874f}, 3, "h2");
    check(&net.a[3], (float[]){0.9380459f}, 1,
          "y = h2_1 - 2 h2_2 + h2_3 + 0.5");
    ck_assert_int_eq(net_weights(&net), 36 + 15 + 4);
    net_free(&net);
}
END_TEST

// Errors 0.4380, -0.6857, -0.6385: (0.1919 + 0.4702 + 0.4077) / 3.
START_TEST(equation_6) {
    Net net, deeper;
    float f[SAMPLES];
    ck_assert_double_eq_tol((double)run_a_and_d(&net, &deeper, true), 0.3565812,
                            FEW_ULPS);
    // f, one sample at a time
    for (int k = 0; k < SAMPLES; k++) {
        Tensor x = sample(k);
        two_hidden_layers(&deeper, &x);
        f[k] = deeper.a[3].data[0];
    }
    assert_close(f, (float[]){0.9380459f, 0.8143191f, 0.3614852f}, 3, FEW_ULPS,
                 "f(x_k)");
    ck_assert_double_eq_tol((double)mean_squared_error(f, targets, SAMPLES),
                            0.3565812, FEW_ULPS);
    net_free(&net);
    net_free(&deeper);
}
END_TEST

// Column k of every Z and A is sample k.
START_TEST(loop_over_layers) {
    Net net, deeper;
    run_a_and_d(&net, &deeper, true);
    check(&deeper.a[0], (float[]){1, 0, 1, 0, 1,  1, 2,  1, 0, 1, 0, -1,
                                  0, 2, 1, 1, -1, 0, -1, 0, 2, 0, 1, 1},
          24, "A[0]");
    check(&deeper.z[1], (float[]){0, 1, -2, 1, -1, 0, -1, 2, 1, 2, 0, 1}, 12,
          "Z[1]");
    check(&deeper.a[1],
          (float[]){0.5f, S1, 1 - S2, S1, 1 - S1, 0.5f, 1 - S1, S2, S1, S2,
                    0.5f, S1},
          12, "A[1]");
    check(&deeper.z[2],
          (float[]){1, 1.3123787f, 0.0073473f, 0, 0.2994770f, 0.4621172f, S2,
                    S1, 0.3502615f},
          9, "Z[2]");
    check(&deeper.a[2],
          (float[]){S1, 0.7879109f, 0.5018368f, 0.5f, 0.5743147f, 0.6135163f,
                    0.7069874f, 0.6750375f, 0.5866810f},
          9, "A[2]");
    float y[] = {0.9380459f, 0.8143191f, 0.3614852f};
    check(&deeper.z[3], y, 3, "Z[3]");
    check(&deeper.a[3], y, 3, "A[3] = Z[3]: g[3] does nothing");

    // and on one vector the loop gives what A's equations give
    Tensor x = sample(0);
    net_forward(&net, &x);
    float y_of_a = 0.5f - S1 + 2 * (1 - S1) + 0.5f * S2 - 0.5f;
    check(&net.a[2], &y_of_a, 1, "y of 8-4-1 by the loop");
    net_free(&net);
    net_free(&deeper);
}
END_TEST

START_TEST(weights_on_their_side) {
    Tensor a = {0}, z = {0}, x = tensor_view(c_x, 1, 2);
    run_c(&a, true);
    ck_assert_str_eq(tensor_shape(&a).text, "[1, 3]");
    // 1 + 1 + 0.5, 0.5 - 2 + 1, -1 + 4 - 1
    check(&a, (float[]){2.5f, -0.5f, 2}, 3, "A = XW + B");

    // the same layer as A writes it: W has a row per neuron
    float turned[6] = {1, 0.5f, 0.5f, -1, -1, 2};
    Tensor w = tensor_view(turned, 2, 3, 2), b = tensor_view(c_b, 1, 3);
    affine(&z, &w, &x, &b);
    check(&z, (float[]){2.5f, -0.5f, 2}, 3, "W x + b");

    // two rows X = (1 2), (3 -1): 3 - 0.5 + 0.5, 1.5 + 1 + 1, -3 - 2 - 1
    float rows[4] = {1, 2, 3, -1};
    Tensor two = tensor_view(rows, 2, 2, 2), cw = tensor_view(c_w[0], 2, 2, 3);
    affine_c(&a, &two, &cw, &b);
    check(&a, (float[]){2.5f, -0.5f, 2, 3, 3.5f, -6}, 6, "two rows");
    tensor_free(&a);
    tensor_free(&z);
}
END_TEST

START_TEST(batch_of_rows) {
    Net net;
    run_b(&net, true);
    check(&net.z[1], (float[]){2, -1, -2.5f, -1, 1, 1, 1, 2, -2.5f, 1, 1, -2},
          12, "X W1^T + b1");
    check(&net.a[1], (float[]){2, 0, 0, 0, 1, 1, 1, 2, 0, 1, 1, 0}, 12, "h1");
    check(&net.z[2], (float[]){-2.5f, -1, 1.5f, 1.5f, 0.5f, 1, -0.5f, 0.5f}, 8,
          "h1 W2^T + b2");
    check(&net.a[2], (float[]){0, 0, 1.5f, 1.5f, 0.5f, 1, 0, 0.5f}, 8, "h2");
    check(&net.z[3],
          (float[]){1, 0, 0.5f, 1, 1.5f, 0.5f, 0.5f, 0.5f, 1, 0.5f, 0, 1}, 12,
          "Z = h2 W^T + b");
    // e^1, e^0 and e^0.5 over their sum; e^0.5, e^0.5 and e^1 over theirs
    check(&net.a[3],
          (float[]){0.5064804f, 0.1863237f, 0.3071959f, 0.3071959f, 0.5064804f,
                    0.1863237f, 0.2740686f, 0.2740686f, 0.4518628f, 0.3071959f,
                    0.1863237f, 0.5064804f},
          12, "Y = softmax(Z)");
    net_free(&net);
}
END_TEST

START_TEST(shapes) {
    Net net;
    run_b(&net, true);
    static const char *const w[] = {"", "[3, 2]", "[2, 3]", "[3, 2]"};
    static const char *const a[] = {"[4, 2]", "[4, 3]", "[4, 2]", "[4, 3]"};
    for (int l = 1; l <= 3; l++) {
        ck_assert_str_eq(tensor_shape(&net.w[l]).text, w[l]);
        ck_assert_str_eq(tensor_shape(&net.z[l]).text, a[l]);
    }
    for (int l = 0; l <= 3; l++)
        ck_assert_str_eq(tensor_shape(&net.a[l]).text, a[l]);
    net_free(&net);
}
END_TEST

// Shares 0.5065, 0.5065, 0.4519 and 0.3072 of the true classes: the mean of
// 0.6803, 0.6803, 0.7944 and 1.1803. The library takes labels instead.
START_TEST(loss_of_the_batch) {
    Net net;
    ck_assert_double_eq_tol(run_b(&net, true), 0.8337964, FEW_ULPS);
    int label[BATCH] = {0, 1, 2, 0};
    ck_assert_double_eq_tol(
        (double)softmax_cross_entropy(NULL, &net.z[3], label), 0.8337964,
        FEW_ULPS);
    net_free(&net);

    // a share of 0 where the truth is 0 costs nothing; shared truth counts
    float y[4] = {1, 0, 0.5f, 0.5f}, t[4] = {1, 0, 0.5f, 0.5f};
    Tensor ty = tensor_view(y, 2, 2, 2), tt = tensor_view(t, 2, 2, 2);
    ck_assert_double_eq_tol(batch_loss(&ty, &tt), log(2.0) / 2, 1e-15);
}
END_TEST

// The first row of each matrix stands beside its name and shape. Sums are
// negative here where a ReLU leaves 0.
START_TEST(prints_every_number) {
    static const struct {
        const char *name;
        int n;
        double row[8];
    } want[] = {
        {"W1 [4, 8]", 8, {-1, -0.5, 0.5, -1, 0, -0.5, -1, 0}},
        {"z = W1 x + b1 [4]", 4, {0, 1, -1, 2}},
        {"(1)  h = sigmoid(z) [4]", 4, {0.5, 0.7311, 0.2689, 0.8808}},
        {"(3)  y = W2 h + b2 [1]", 1, {0.2472}},
        {"(5)  y = W3 h2 + b3 [1]", 1, {0.938}},
        {"Z[2] [3, 3]", 3, {1, 1.3124, 0.0073}},
        {"W = (w_11 w_21 w_31) [2, 3]", 3, {1, 0.5, -1}},
        {"(w_12 w_22 w_32)", 3, {0.5, -1, 2}},
        {"X           m x d [4, 2]", 2, {1, 2}},
        {"W1         d1 x d [3, 2]", 2, {0, 1}},
        {"X W1^T + b1 [4, 3]", 3, {2, -1, -2.5}},
        {"h1 = ReLU  m x d1 [4, 3]", 3, {2, 0, 0}},
        {"W2        d2 x d1 [2, 3]", 3, {-1, 1, 1}},
        {"h1 W2^T + b2 [4, 2]", 2, {-2.5, -1}},
        {"h2 = ReLU  m x d2 [4, 2]", 2, {0, 0}},
        {"W          C x d2 [3, 2]", 2, {1, -1}},
        {"Z           m x C [4, 3]", 3, {1, 0, 0.5}},
        {"Y = softmax m x C [4, 3]", 3, {0.5065, 0.1863, 0.3072}},
        {"Y* (truth)  m x C [4, 3]", 3, {1, 0, 0}},
    };
    Run run = run_program("forward --plot none");
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_row(run.output, want[i].name, want[i].row, want[i].n, 0);
    assert_row(from_line(run.output, "k "), "2 ",
               (double[]){0.8143, 1.5, -0.6857, 0.4702}, 4, 0);
    assert_says(run.output, "a_2 = w_21 x_1 + w_22 x_2 + b_2 = "
                            "(0.5)(1) + (-1)(2) + (1) = -0.5\n");

    run = run_for_result("forward");
    ck_assert_str_eq(run.output, "result: y=0.2472 y_deeper=0.9380 mse=0.3566 "
                                 "a=2.5,-0.5,2 cross_entropy=0.8338 weights=41 "
                                 "weights_deeper=55\n");
}
END_TEST

// The line for the weight from input j to unit i, between two units of their
// columns: it has the weight, and is as thick as twice its size, rounded up.
static void check_lines(const Net *net, int table) {
    enum { MOST = 128 };
    double x[MOST], y[MOST], weight[MOST], thickness[MOST];
    const char *file = "out/ch02/forward.csv";
    int n = 0, rows = chart_column(file, table, "x", x, MOST);
    chart_column(file, table, "y", y, MOST);
    chart_column(file, table, "weight", weight, MOST);
    chart_column(file, table, "thickness", thickness, MOST);
    for (int l = 1; l <= net->layers; l++) {
        const int M = net->w[l].shape[0], D = net->w[l].shape[1];
        for (int k = 0; k < M * D; k++, n += 2) {
            const double w = (double)net->w[l].data[k];
            ck_assert_double_eq(x[n], 3 * (l - 1));
            ck_assert_double_eq(y[n], (D - 1) / 2.0 - k % D);
            ck_assert_double_eq(x[n + 1], 3 * l);
            ck_assert_double_eq(y[n + 1], (M - 1) / 2.0 - (double)(k / D));
            ck_assert_double_eq(weight[n], w);
            ck_assert_double_eq(thickness[n], 2 * w); // multiples of 0.5
            ck_assert_double_eq(thickness[n + 1], 2 * w);
        }
    }
    ck_assert_int_eq(rows, n);
}

// Lines of column 4, k: |k| pixels wide, dashed (vermilion) where negative.
static void check_pens(int first) {
    const char *figure = "out/ch02/forward.fig";
    const char *text = text_of(figure);
    for (int i = 0; i < 8; i++) {
        const int k = i < 4 ? i - 4 : i - 3;
        char line[80];
        ck_assert_double_eq(
            figure_attribute(figure, "lines", first + i, "value"), k);
        snprintf(line, sizeof line, "color=%s width=%d column=4 value=%d",
                 k < 0 ? "vermilion" : "blue", abs(k), k);
        assert_says(text, line);
    }
}

// The units of both nets, column by column, with their outputs: the deeper net
// has run three samples, of which the first is drawn.
START_TEST(weights_are_in_the_chart) {
    run_for_charts("forward --quiet");
    Net net[2];
    run_a_and_d(&net[0], &net[1], true);
    for (int k = 0; k < 2; k++) {
        double x[16], y[16], value[16];
        int n = 0;
        for (int l = 0; l <= net[k].layers; l++) {
            const Tensor *a = &net[k].a[l];
            const int M = a->shape[0], m = (int)a->size / M;
            for (int i = 0; i < M; i++, n++) {
                x[n] = 3 * l;
                y[n] = (M - 1) / 2.0 - i;
                value[n] = (double)a->data[i * m];
            }
        }
        const char *file = "out/ch02/forward.csv";
        assert_column(file, 2 * k + 1, "x", x, n, 0);
        assert_column(file, 2 * k + 1, "y", y, n, 0);
        assert_column(file, 2 * k + 1, "value", value, n, 1e-6);
        check_lines(&net[k], 2 * k);
        check_pens(8 * k);
        net_free(&net[k]);
    }
    const char *figure = "out/ch02/forward.fig";
    ck_assert_str_eq(panel_of(figure, 0), "8-4-1: y = 0.2472");
    ck_assert_str_eq(panel_of(figure, 2), "8-4-3-1: y = 0.9380");
}
END_TEST

START_TEST(layers_must_fit) {
    Net net = {0};
    add_layer(&net, 4, 8, w1[0], b1);
    add_layer(&net, 4, 3, deeper_w2[0], deeper_b2); // 3 inputs, 4 outputs
}
END_TEST

START_TEST(input_must_fit) {
    Net net;
    build_8_4_1(&net);
    Tensor x = tensor_view(samples[0], 1, 7);
    one_hidden_layer(&net, &x);
}
END_TEST

int main(void) {
    const Test tests[] = {{equations_1_to_4},
                          {equation_5},
                          {equation_6},
                          {loop_over_layers},
                          {weights_on_their_side},
                          {batch_of_rows},
                          {shapes},
                          {loss_of_the_batch},
                          {prints_every_number},
                          {weights_are_in_the_chart},
                          {layers_must_fit, .signal = SIGABRT},
                          {input_must_fit, .signal = SIGABRT}};
    return run_tests("forward", tests, sizeof tests / sizeof *tests);
}
