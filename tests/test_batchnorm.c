// Against PyTorch in double precision (golden/make_batchnorm.py), against
// central differences, and folded against unfolded.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batchnorm.h"
#include "conv.h"
#include "golden.h"
#include "layers.h"
#include "numbers.h"
#include "testing.h"
#include "threads.h"

enum { N = 5, D = 3 };

// The numbers of one line of the golden file.
static void golden_line(float *values, int count, const char *name) {
    FILE *file = fopen(golden_path("batchnorm.txt").text, "r");
    ck_assert_ptr_nonnull(file);
    char line[1024];
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        char *at = strchr(line, ' ');
        *at++ = '\0';
        found = strcmp(line, name) == 0;
        for (int i = 0; found && i < count; i++)
            values[i] = strtof(at, &at);
    }
    fclose(file);
    ck_assert_msg(found, "no %s in the golden file", name);
}

static void assert_golden(const Tensor *got, const char *name) {
    float want[N * D];
    golden_line(want, (int)got->size, name);
    // a handful of float roundings (6e-8) of numbers below 10, once divided by
    // a deviation of no less than 1
    assert_close(got->data, want, got->size, 2e-6, name);
}

START_TEST(equals_pytorch) {
    float g[D], b[D], first[N * D], values[N * D], weight[N * D];
    golden_line(g, D, "gamma");
    golden_line(b, D, "beta");
    golden_line(first, N * D, "first");
    golden_line(values, N * D, "x");
    golden_line(weight, N * D, "weight");
    Tensor gamma = tensor_view(g, 1, D), beta = tensor_view(b, 1, D);
    Tensor x0 = tensor_view(first, 2, N, D), x = tensor_view(values, 2, N, D);
    Tensor dy = tensor_view(weight, 2, N, D);
    Tensor y = {0}, dx = {0}, dgamma = {0}, dbeta = {0};
    BatchNorm bn;
    batchnorm_init(&bn, D);
    batchnorm_forward(&bn, &y, &x0, &gamma, &beta);
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    batchnorm_backward(&bn, &dx, &dgamma, &dbeta, &dy, &gamma);
    assert_golden(&y, "y");
    assert_golden(&dx, "dx");
    assert_golden(&dgamma, "dgamma");
    assert_golden(&dbeta, "dbeta");
    assert_golden(&bn.running_mean, "running_mean");
    assert_golden(&bn.running_var, "running_var");
    batchnorm_infer(&bn, &y, &x, &gamma, &beta);
    assert_golden(&y, "used");
    Tensor *owned[] = {&y, &dx, &dgamma, &dbeta};
    for (int i = 0; i < 4; i++)
        tensor_free(owned[i]);
    batchnorm_free(&bn);
}
END_TEST

// A channel of [N, C, H, W] is a feature of N H W numbers (make_channels.py).
// Sums are in double; x of up to 5 is rounded a handful of times, u = 6e-8.
static void assert_channels(const Tensor *got, const char *name) {
    Tensor want = golden("channels.txt", "bn", name);
    ck_assert_uint_eq(got->size, want.size);
    assert_close(got->data, want.data, want.size, 2e-6, name);
    tensor_free(&want);
}

START_TEST(channels_as_in_pytorch) {
    Tensor gamma = golden("channels.txt", "bn", ".gamma");
    Tensor beta = golden("channels.txt", "bn", ".beta");
    Tensor first = golden("channels.txt", "bn", ".first");
    Tensor x = golden("channels.txt", "bn", ".x");
    Tensor dy = golden("channels.txt", "bn", ".dy");
    Tensor y = {0}, dx = {0}, dgamma = {0}, dbeta = {0};
    BatchNorm bn;
    batchnorm_init(&bn, 3);
    batchnorm_forward(&bn, &y, &first, &gamma, &beta);
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    batchnorm_backward(&bn, &dx, &dgamma, &dbeta, &dy, &gamma);
    ck_assert(tensor_same_shape(&y, &x) && tensor_same_shape(&dx, &x));
    assert_channels(&y, ".y");
    assert_channels(&dx, ".dx");
    assert_channels(&dgamma, ".dgamma");
    assert_channels(&dbeta, ".dbeta");
    assert_channels(&bn.running_mean, ".running_mean");
    assert_channels(&bn.running_var, ".running_var");
    batchnorm_infer(&bn, &y, &x, &gamma, &beta);
    assert_channels(&y, ".used");
    release(&gamma, &beta, &first, &x, &dy, &y, &dx, &dgamma, &dbeta, NULL);
    batchnorm_free(&bn);
}
END_TEST

// Large enough for threads; each channel's sums stay in one hand.
START_TEST(same_for_any_number_of_threads) {
    Tensor x = noise_tensor(1, 8, 5, 32, 32),
           gamma = noise_tensor(2, 5, 0, 0, 0);
    Tensor y[2] = {{0}}, dx[2] = {{0}}, dgamma = {0}, dbeta = {0};
    for (int i = 0; i < 2; i++) {
        BatchNorm bn;
        threads_set(1 + 2 * i);
        batchnorm_init(&bn, 5);
        batchnorm_forward(&bn, &y[i], &x, &gamma, &gamma);
        batchnorm_backward(&bn, &dx[i], &dgamma, &dbeta, &x, &gamma);
        batchnorm_free(&bn);
    }
    ck_assert_mem_eq(y[0].data, y[1].data, x.size * sizeof(float));
    ck_assert_mem_eq(dx[0].data, dx[1].data, x.size * sizeof(float));
    release(&y[0], &y[1], &dx[0], &dx[1], &dgamma, &dbeta, NULL);
}
END_TEST

// Mean 0 and variance var / (var + eps), however far away the numbers lie: at
// 1000 a float's step is 6e-5, of which the mean sees a part.
START_TEST(output_is_normal) {
    Tensor x = noise_tensor(7, 64, D, 0, 0), y = {0};
    float g[D] = {1, 1, 1}, b[D] = {0};
    Tensor gamma = tensor_view(g, 1, D), beta = tensor_view(b, 1, D);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = 1000.0f + x.data[i];
    BatchNorm bn;
    batchnorm_init(&bn, D);
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    for (int d = 0; d < D; d++) {
        double sum = 0, squares = 0;
        for (int n = 0; n < 64; n++) {
            sum += (double)y.data[n * D + d];
            squares += pow((double)y.data[n * D + d], 2);
        }
        ck_assert_double_eq_tol(sum / 64, 0, 1e-6);
        ck_assert_double_eq_tol(squares / 64, 1, 1e-4); // eps / var = 3e-5
    }
    tensor_free(&y);
    batchnorm_free(&bn);
}
END_TEST

// The layer can undo itself: gamma = sqrt(sigma^2 + eps) and beta = mu give x
// back. Rounding of numbers up to 8, three times.
START_TEST(gamma_and_beta_can_undo_it) {
    Tensor x = noise_tensor(8, 32, D, 0, 0), y = {0};
    float g[D] = {1, 1, 1}, b[D] = {0};
    Tensor gamma = tensor_view(g, 1, D), beta = tensor_view(b, 1, D);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = 5.0f + 3.0f * x.data[i];
    BatchNorm bn;
    batchnorm_init(&bn, D);
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    ck_assert_float_gt(fabsf(y.data[0] - x.data[0]), 1.0f);
    for (int d = 0; d < D; d++) {
        double mean = 0;
        for (int n = 0; n < 32; n++)
            mean += (double)x.data[n * D + d] / 32;
        g[d] = 1.0f / bn.inverse_sigma.data[d];
        b[d] = (float)mean;
    }
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    assert_close(y.data, x.data, x.size, 1e-6, "x again");
    tensor_free(&y);
    batchnorm_free(&bn);
}
END_TEST

// One feature with the values -4 and 4: y.
static void normalize_pair(float y[2], float gamma, float beta) {
    float values[] = {-4, 4};
    Tensor x = tensor_view(values, 2, 2, 1), out = {0};
    Tensor g = tensor_view(&gamma, 1, 1), b = tensor_view(&beta, 1, 1);
    BatchNorm bn;
    batchnorm_init(&bn, 1);
    batchnorm_forward(&bn, &out, &x, &g, &b);
    memcpy(y, out.data, 2 * sizeof *y);
    tensor_free(&out);
    batchnorm_free(&bn);
}

// D calls sigma the deviation and prints its root below the line. With
// sigma = 4 that is 2, and y = 2; dividing by 4 gives 1.
START_TEST(divides_by_the_deviation) {
    float y[2];
    normalize_pair(y, 1, 0);
    ck_assert_float_eq_tol(y[1], 1.0f, 1e-6f);
}
END_TEST

// No variance at all: eps keeps it finite.
START_TEST(a_constant_becomes_zero) {
    float values[] = {5, 5}, g = 1, b = 0;
    Tensor x = tensor_view(values, 2, 2, 1), y = {0};
    Tensor gamma = tensor_view(&g, 1, 1), beta = tensor_view(&b, 1, 1);
    BatchNorm bn;
    batchnorm_init(&bn, 1);
    batchnorm_forward(&bn, &y, &x, &gamma, &beta);
    ck_assert_float_eq(y.data[0], 0.0f);
    tensor_free(&y);
    batchnorm_free(&bn);
}
END_TEST

// D multiplies by gamma and by beta. Normal numbers of -1 and 1, gamma = 2 and
// beta = 10 give 8 and 12; D's product would be -20 and 20. (eps takes 3e-7 of
// the 1, twice, and 12 is rounded to 5e-7.)
START_TEST(beta_is_added) {
    float y[2];
    normalize_pair(y, 2, 10);
    ck_assert_float_eq_tol(y[0], 8.0f, 2e-6f);
    ck_assert_float_eq_tol(y[1], 12.0f, 2e-6f);
}
END_TEST

// A folded layer rounds once less per number: 1e-6 of outputs up to some 10.
START_TEST(folding_changes_nothing) {
    Tensor x = noise_tensor(1, 8, 6, 0, 0), w = noise_tensor(2, D, 6, 0, 0);
    Tensor b = noise_tensor(3, D, 0, 0, 0), gamma = noise_tensor(4, D, 0, 0, 0);
    Tensor beta = noise_tensor(5, D, 0, 0, 0), y = {0}, z = {0};
    BatchNorm bn;
    batchnorm_init(&bn, D);
    linear_forward(&y, &x, &w, &b);
    batchnorm_forward(&bn, &z, &y, &gamma, &beta);
    batchnorm_infer(&bn, &z, &y, &gamma, &beta);
    batchnorm_fold(&bn, &w, &b, &gamma, &beta);
    linear_forward(&y, &x, &w, &b);
    assert_close(y.data, z.data, z.size, 1e-5, "folded");
    ck_assert_float_gt(fabsf(z.data[0]), 0.01f);
    tensor_free(&y);
    tensor_free(&z);
    batchnorm_free(&bn);
}
END_TEST

// A convolution's weights have more dimensions, and fold the same way.
START_TEST(folds_into_a_convolution) {
    Tensor x = noise_tensor(1, 4, 2, 5, 5), w = noise_tensor(2, D, 2, 3, 3);
    Tensor b = noise_tensor(3, D, 0, 0, 0), gamma = noise_tensor(4, D, 0, 0, 0);
    Tensor beta = noise_tensor(5, D, 0, 0, 0), y = {0}, z = {0};
    BatchNorm bn;
    batchnorm_init(&bn, D);
    conv2d_ref_forward(&y, &x, &w, &b, 1, 1);
    batchnorm_forward(&bn, &z, &y, &gamma, &beta);
    batchnorm_infer(&bn, &z, &y, &gamma, &beta);
    batchnorm_fold(&bn, &w, &b, &gamma, &beta);
    conv2d_ref_forward(&y, &x, &w, &b, 1, 1);
    assert_close(y.data, z.data, z.size, 1e-5, "folded");
    release(&y, &z, NULL);
    batchnorm_free(&bn);
}
END_TEST

START_TEST(one_picture_has_no_variance) {
    Tensor x = noise_tensor(1, 1, D, 0, 0), gamma = noise_tensor(2, D, 0, 0, 0);
    Tensor y = {0};
    BatchNorm bn;
    batchnorm_init(&bn, D);
    batchnorm_forward(&bn, &y, &x, &gamma, &gamma);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {equals_pytorch},
        {channels_as_in_pytorch},
        {same_for_any_number_of_threads},
        {output_is_normal},
        {gamma_and_beta_can_undo_it},
        {divides_by_the_deviation},
        {a_constant_becomes_zero},
        {beta_is_added},
        {folding_changes_nothing},
        {folds_into_a_convolution},
        {one_picture_has_no_variance, .signal = SIGABRT},
    };
    return run_tests("batchnorm", tests, sizeof tests / sizeof *tests);
}
