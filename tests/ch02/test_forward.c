// Every printed number by hand: A's equations, D's loop, C's layer, B's batch.

#define main forward_main
#include "ch02_mlp/forward.c"
#undef main

#include <string.h>

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

static const char chart_file[] = "out/ch02/forward.csv";

// A block of its own for each net: a unit's bias, then its weights.
static void check_weights(const Net *net, int block) {
    double weight[64];
    int n = 0;
    for (int l = 1; l <= net->layers; l++)
        for (int i = 0, D = net->w[l].shape[1]; i < net->w[l].shape[0]; i++) {
            weight[n++] = (double)net->b[l].data[i];
            for (int j = 0; j < D; j++)
                weight[n++] = (double)net->w[l].data[i * D + j];
        }
    assert_column(chart_file, block, "weight", weight, n, 0);
}

// The line for the weight from input j to unit i: 2.5 |w| thick, dashed where
// the weight is negative, and not there where it is 0.
static void check_lines(const char *script, const Net *net, int l, int left) {
    const int M = net->w[l].shape[0], D = net->w[l].shape[1];
    for (int i = 0; i < M; i++)
        for (int j = 0; j < D; j++) {
            double w = (double)net->w[l].data[i * D + j], width = 0.0;
            char arrow[64], options[64] = "";
            snprintf(arrow, sizeof arrow, "set arrow from %d,%g to %d,%g ",
                     left, (D - 1) / 2.0 - j, left + 2, (M - 1) / 2.0 - i);
            const char *line = strstr(script, arrow);
            if (line != NULL)
                ck_assert_msg(sscanf(line + strlen(arrow),
                                     "nohead lt 1 lw %lf%63[^\n]", &width,
                                     options) >= 1,
                              "%.80s", line);
            bool dashed = strstr(options, "dt") != NULL;
            ck_assert_msg(width == 2.5 * fabs(w) && dashed == (w < 0),
                          "layer %d, weight %g from input %d to unit %d: drawn "
                          "%g wide, %s",
                          l, w, j + 1, i + 1, width,
                          dashed ? "dashed" : "not dashed");
        }
}

// The units of both nets, column by column, with their outputs: the deeper net
// has run three samples, of which the first is drawn.
START_TEST(weights_are_in_the_chart) {
    Net net[2];
    double x[29], y[29], value[29];
    int n = 0;
    run_a_and_d(&net[0], &net[1], true);
    for (int k = 0; k < 2; k++)
        for (int l = 0; l <= net[k].layers; l++) {
            const Tensor *a = &net[k].a[l];
            const int M = a->shape[0], m = (int)a->size / M;
            for (int i = 0; i < M; i++, n++) {
                x[n] = 6 * k + 2 * l;
                y[n] = (M - 1) / 2.0 - i;
                value[n] = (double)a->data[i * m];
            }
        }
    run_for_charts("forward --quiet");
    assert_column(chart_file, 0, "x", x, n, 0);
    assert_column(chart_file, 0, "y", y, n, 0);
    assert_column(chart_file, 0, "value", value, n, 1e-6);
    check_weights(&net[0], 1);
    check_weights(&net[1], 2);

    const char *script = text_of("out/ch02/forward.gp");
    for (int k = 0; k < 2; k++) {
        for (int l = 1; l <= net[k].layers; l++)
            check_lines(script, &net[k], l, 6 * k + 2 * (l - 1));
        net_free(&net[k]);
    }
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
