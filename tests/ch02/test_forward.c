// Shapes, eq. (5) and (6) written out once more, and three forms of one layer.

#define main forward_main
#include "ch02_mlp/forward.c"
#undef main

#include <string.h>

#include "testing.h"

static double sigmoid(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double weight(const Net *net, int l, int i, int j) {
    return (double)net->w[l].data[i * net->w[l].shape[1] + j];
}

static double bias(const Net *net, int l, int i) {
    return (double)net->b[l].data[i];
}

static void normal_vector(Tensor *x, int n, Rng *rng) {
    tensor_resize(x, 1, n);
    fill_normal(x, 1.0f, rng);
}

// Layer l of unit i fed from before [inputs], in double.
static double unit(const Net *net, int l, int i, const double *before) {
    double sum = bias(net, l, i);
    for (int j = 0; j < net->w[l].shape[1]; j++)
        sum += weight(net, l, i, j) * before[j];
    return sum;
}

// A sum of 9 products below 3, in float: 9 * 3 * 2^-24 = 1.6e-6. The next layer
// carries it on by at most 3: four weights below 3 behind a sigmoid's 1/4, or
// six below 1/2 behind a ReLU. Three layers: 1.6e-6 (1 + 3 + 9) = 21e-6; twice
// that leaves room for vsigmoid's and vexp's ulps.
enum { MICRO = 40 };

START_TEST(equation_5) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Rng rng;
        Net net;
        Tensor x = {0};
        rng_seed(&rng, seed);
        net_init(&net, (int[]){8, 4, 1}, 2, &rng);
        normal_vector(&x, 8, &rng);
        net_forward(&net, &x);
        double in[8], h[4];
        for (int j = 0; j < 8; j++)
            in[j] = (double)x.data[j];
        for (int i = 0; i < 4; i++) {
            h[i] = sigmoid(unit(&net, 0, i, in));
            ck_assert_double_eq_tol((double)net.h[1].data[i], h[i],
                                    MICRO * 1e-6);
        }
        ck_assert_double_eq_tol((double)net.h[2].data[0], unit(&net, 1, 0, h),
                                MICRO * 1e-6);
        ck_assert_int_eq(net_weights(&net), 8 * 4 + 4 + 4 + 1);
        net_free(&net);
        tensor_free(&x);
    }
}
END_TEST

START_TEST(equation_6) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Rng rng;
        Net net;
        Tensor x = {0};
        rng_seed(&rng, seed);
        net_init(&net, (int[]){8, 4, 3, 1}, 3, &rng);
        normal_vector(&x, 8, &rng);
        net_forward(&net, &x);
        double in[8], h1[4], h2[3];
        for (int j = 0; j < 8; j++)
            in[j] = (double)x.data[j];
        for (int i = 0; i < 4; i++)
            h1[i] = sigmoid(unit(&net, 0, i, in));
        for (int i = 0; i < 3; i++)
            h2[i] = sigmoid(unit(&net, 1, i, h1));
        ck_assert_double_eq_tol((double)net.h[3].data[0], unit(&net, 2, 0, h2),
                                MICRO * 1e-6);
        ck_assert_int_eq(net_weights(&net), 36 + 15 + 4);
        net_free(&net);
        tensor_free(&x);
    }
}
END_TEST

START_TEST(shapes) {
    Rng rng;
    Net net;
    Tensor x = {0};
    rng_seed(&rng, 1);
    net_init(&net, (int[]){8, 6, 4, 3}, 3, &rng);
    tensor_resize(&x, 2, 5, 8);
    fill_normal(&x, 1.0f, &rng);
    batch_forward(&net, &x);
    static const char *const w[] = {"[6, 8]", "[4, 6]", "[3, 4]"};
    static const char *const h[] = {"[5, 8]", "[5, 6]", "[5, 4]", "[5, 3]"};
    for (int l = 0; l < 3; l++)
        ck_assert_str_eq(tensor_shape(&net.w[l]).text, w[l]);
    for (int l = 0; l <= 3; l++)
        ck_assert_str_eq(tensor_shape(&net.h[l]).text, h[l]);
    net_free(&net);
    tensor_free(&x);
}
END_TEST

// Row n of a batch is example n alone: ReLU in the middle, softmax at the end.
START_TEST(batch_rows_are_vectors) {
    Rng rng;
    Net net;
    Tensor x = {0};
    rng_seed(&rng, 2);
    net_init(&net, (int[]){8, 6, 4, 3}, 3, &rng);
    tensor_resize(&x, 2, 5, 8);
    fill_normal(&x, 1.0f, &rng);
    batch_forward(&net, &x);
    for (int n = 0; n < 5; n++) {
        double h[3][8], y[3], sum = 0.0;
        for (int j = 0; j < 8; j++)
            h[0][j] = (double)x.data[n * 8 + j];
        for (int l = 0; l < 2; l++)
            for (int i = 0; i < net.w[l].shape[0]; i++)
                h[l + 1][i] = fmax(0.0, unit(&net, l, i, h[l]));
        for (int k = 0; k < 3; k++)
            sum += y[k] = exp(unit(&net, 2, k, h[2]));
        for (int k = 0; k < 3; k++)
            ck_assert_double_eq_tol((double)net.h[3].data[n * 3 + k],
                                    y[k] / sum, MICRO * 1e-6);
    }
    ck_assert_double_lt(compare_forms(&net, &x), MICRO * 1e-6);
    net_free(&net);
    tensor_free(&x);
}
END_TEST

// compare_forms must be able to see a difference.
START_TEST(forms_are_compared) {
    float a[2] = {1, 2}, b[2] = {1, 2.5f};
    Tensor ta = tensor_view(a, 1, 2), tb = tensor_view(b, 1, 2);
    ck_assert_double_eq(largest_difference(&ta, &tb), 0.5);
    // [1 2] [1 2 3; 4 5 6] + [10 20 30] by hand
    float w[6] = {1, 2, 3, 4, 5, 6}, c[3] = {10, 20, 30};
    Tensor x = tensor_view(a, 2, 1, 2), tw = tensor_view(w, 2, 2, 3);
    Tensor tc = tensor_view(c, 1, 3), out = {0}, wt = {0};
    affine_c(&out, &x, &tw, &tc);
    assert_close(out.data, (float[]){19, 32, 45}, 3, 0.0, "XW + B");
    transpose(&wt, &tw);
    assert_close(wt.data, (float[]){1, 4, 2, 5, 3, 6}, 6, 0.0, "W^T");
    affine(&out, &wt, &ta, &tc);
    assert_close(out.data, (float[]){19, 32, 45}, 3, 0.0, "W x + b");
    tensor_free(&out);
    tensor_free(&wt);
}
END_TEST

START_TEST(prints_every_shape) {
    Run run = run_program("forward --plot none");
    ck_assert_int_eq(run.status, 0);
    static const char *const lines[] = {
        "h1 = sigmoid(W1 x + b1)   [4] = [4, 8] [8] + [4]",
        "y  = W2 h1 + b2   [1] = [1, 4] [4] + [1]",
        "h2 = sigmoid(W2 h1 + b2)   [3] = [3, 4] [4] + [3]",
        "H1 = ReLU(X  W1^T + b1)   [5, 6] = [5, 8] [6, 8]^T + [6]",
        "Y  = softmax(H2 W^T + b)  [5, 3] = [5, 4] [3, 4]^T + [3]",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        ck_assert_msg(strstr(run.output, lines[i]) != NULL, "no %s", lines[i]);
    ck_assert_double_eq(result_value(&run, "weights"), 41);
    ck_assert_double_eq(result_value(&run, "weights_deeper"), 55);
    ck_assert_double_lt(result_value(&run, "difference"), MICRO * 1e-6);
}
END_TEST

START_TEST(seed_counts) {
    Run one = run_program("forward --plot none --quiet --seed 1");
    Run again = run_program("forward --plot none --quiet");
    Run two = run_program("forward --plot none --quiet --seed 2");
    ck_assert_str_eq(one.output, again.output);
    ck_assert_str_ne(one.output, two.output);
}
END_TEST

int main(void) {
    const Test tests[] = {{equation_5},
                          {equation_6},
                          {shapes},
                          {batch_rows_are_vectors},
                          {forms_are_compared},
                          {prints_every_shape},
                          {seed_counts}};
    return run_tests("forward", tests, sizeof tests / sizeof *tests);
}
