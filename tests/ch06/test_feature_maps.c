// LeNet with its pooling apart: the same logits and gradients as PyTorch's, and
// as lenet's from a file; the gradient by the pixels; and what it shows.

#define main feature_maps_main
#include "ch06_cnn/feature_maps.c"
#undef main

#include <string.h>
#include <unistd.h>

#include "golden.h"
#include "numbers.h"
#include "testing.h"
#include "threads.h"

// ---- 1. The net against PyTorch ---------------------------------------------

enum { PICTURES = 3 };
static const int labels[PICTURES] = {7, 0, 3};

// The net and the batch of lenet.txt: weights and three pictures of noise.
static void golden_net(Net *net, Tensor *x) {
    // one scale per entry of net_init's table, as in make_golden.py
    const float scales[] = {0.5f,    0.0625f, 0.125f, 0.0625f,
                            0.0625f, 0.0625f, 0.125f, 0.0625f};
    uint32_t seed = (uint32_t)golden_number("lenet.txt", "", "seed", 0);
    Rng rng;
    rng_seed(&rng, 1);
    net_init(net, &rng);
    for (int p = 0; p < net->params.count; p++) {
        Tensor *w = net->params.table[p].value;
        fill_noise(w->data, w->size, seed + (uint32_t)p);
        for (size_t i = 0; i < w->size; i++)
            w->data[i] *= scales[p];
    }
    *x = noise_tensor(seed + 8, PICTURES, 1, 28, 28);
    for (size_t i = 0; i < x->size; i++)
        x->data[i] = (x->data[i] + 1) / 2;
}

START_TEST(logits_as_in_pytorch) {
    Net net;
    Tensor x;
    golden_net(&net, &x);
    Tensor want = golden("lenet.txt", "", "logits");
    Tensor allowed = golden("lenet.txt", "", "logits.allowed");
    for (int kernel = 0; use_kernel(kernel); kernel++) {
        net_forward(&net, &x);
        ck_assert(tensor_same_shape(&net.logits, &want));
        assert_within(net.logits.data, want.data, allowed.data, 30, "logits");
    }
    release(&want, &allowed, NULL);
    net_free(&net);
}
END_TEST

// The sums of each gradient, plain and absolute; asking for dx changes none.
START_TEST(gradients_as_in_pytorch) {
    Net net;
    Tensor x, dx = {0};
    golden_net(&net, &x);
    net_forward(&net, &x);
    softmax_cross_entropy(&net.dlogits, &net.logits, labels);
    for (int with_dx = 0; with_dx < 2; with_dx++) {
        tensor_fill(&net.params.grad, 9); // to be overwritten
        net_backward(&net, with_dx ? &dx : NULL);
        for (int p = 0; p < net.params.count; p++) {
            const ParamSpec *spec = &net.params.table[p];
            double sum = 0, size = 0, want[3];
            for (size_t i = 0; i < spec->grad->size; i++) {
                sum += (double)spec->grad->data[i];
                size += fabs((double)spec->grad->data[i]);
            }
            for (size_t i = 0; i < 3; i++)
                want[i] = golden_number("lenet.txt", spec->name, ".sums", i);
            ck_assert_double_eq_tol(sum, want[0], want[2]);
            ck_assert_double_eq_tol(size, want[1], want[2]);
            ck_assert_double_gt(size, 100 * want[2]); // or nothing was compared
        }
    }
    tensor_free(&dx);
    net_free(&net);
}
END_TEST

START_TEST(shapes_of_each_layer) {
    Net net;
    Tensor x;
    golden_net(&net, &x);
    net_forward(&net, &x);
    ck_assert_str_eq(tensor_shape(&net.conv1).text, "[3, 20, 28, 28]");
    ck_assert_str_eq(tensor_shape(&net.pool1).text, "[3, 20, 14, 14]");
    ck_assert_str_eq(tensor_shape(&net.conv2).text, "[3, 50, 10, 10]");
    ck_assert_str_eq(tensor_shape(&net.pool2).text, "[3, 50, 5, 5]");
    ck_assert_uint_eq(net.params.value.size, 656080);
    net_free(&net);
}
END_TEST

// The columns that one unit in the middle sees: 5; one more by the pooling; of
// six pooled columns, two pixels apart, 6 + 4 * 2; and two more. With weights
// of 1 and no biases, a unit is above 0 if the only pixel lies in its field.
START_TEST(deeper_units_see_more) {
    Net net;
    Rng rng;
    Tensor x = {0};
    rng_seed(&rng, 1);
    net_init(&net, &rng);
    tensor_fill(&net.params.value, 1);
    tensor_fill(&net.conv1_b, 0);
    tensor_fill(&net.conv2_b, 0);
    tensor_resize(&x, 4, 1, 1, 28, 28);
    const Tensor *layers[] = {&net.conv1, &net.pool1, &net.conv2, &net.pool2};
    const int want[] = {5, 6, 14, 16};
    int seen[4] = {0};
    for (int column = 0; column < 28; column++) {
        tensor_fill(&x, 0);
        x.data[14 * 28 + column] = 1;
        net_forward(&net, &x);
        for (int l = 0; l < 4; l++) {
            int H = layers[l]->shape[2], W = layers[l]->shape[3];
            seen[l] += layers[l]->data[H / 2 * W + W / 2] > 0;
        }
    }
    for (int l = 0; l < 4; l++)
        ck_assert_int_eq(seen[l], want[l]);
    tensor_free(&x);
    net_free(&net);
}
END_TEST

// ---- 2. Saliency ------------------------------------------------------------

// Without biases, ReLU and maximum make the net homogeneous, f(a x) = a f(x),
// so by Euler's theorem sum over p of x_p df/dx_p = f(x): no step, no kinks.
// Sums of 25, 500, 1250 and 500 terms are rounded on the way, at most 2275
// times by 6e-8 = 1.4e-4 of what is added up.
START_TEST(gradient_times_picture_is_the_logit) {
    Net net;
    Rng rng;
    Tensor x = noise_tensor(3, 5, 1, 28, 28), dx = {0};
    rng_seed(&rng, 1);
    net_init(&net, &rng);
    saliency(&net, &dx, &x);
    ck_assert(tensor_same_shape(&dx, &x));
    for (int n = 0; n < 5; n++) {
        const float *logits = net.logits.data + n * 10;
        double logit = (double)logits[argmax(logits, 10)], sum = 0, size = 0;
        for (int p = n * 784; p < (n + 1) * 784; p++) {
            sum += (double)dx.data[p] * (double)x.data[p];
            size += fabs((double)dx.data[p] * (double)x.data[p]);
        }
        ck_assert_double_gt(logit, 0.05);
        ck_assert_double_eq_tol(sum, logit, 1.4e-4 * size);
    }
    tensor_free(&dx);
    net_free(&net);
}
END_TEST

// One copy is the picture itself; the mean of twenty with noise points the same
// way, and is shorter.
START_TEST(smooths_over_copies) {
    Net net;
    Rng rng;
    Tensor x = noise_tensor(3, 2, 1, 28, 28), dx = {0}, mean = {0};
    rng_seed(&rng, 1);
    net_init(&net, &rng);
    saliency(&net, &dx, &x);
    mean_saliency(&net, &mean, &x, 1, &rng);
    ck_assert_mem_eq(mean.data, dx.data, x.size * sizeof(float));
    mean_saliency(&net, &mean, &x, 20, &rng);
    double dot = 0, dx2 = 0, mean2 = 0;
    for (size_t i = 0; i < x.size; i++) {
        dot += (double)dx.data[i] * (double)mean.data[i];
        dx2 += (double)dx.data[i] * (double)dx.data[i];
        mean2 += (double)mean.data[i] * (double)mean.data[i];
    }
    // 1568 directions: chance gives a cosine of 1/40
    ck_assert_double_gt(dot / sqrt(dx2 * mean2), 0.25);
    ck_assert_double_lt(mean2, dx2);
    release(&dx, &mean, NULL);
    net_free(&net);
}
END_TEST

START_TEST(inverts_the_strongest) {
    Tensor x = {0}, y = {0}, strength = {0};
    tensor_resize(&x, 4, 2, 1, 8, 8);
    tensor_resize(&strength, 4, 2, 1, 8, 8);
    for (int i = 0; i < 128; i++) {
        x.data[i] = 0.25f;
        strength.data[i] = i % 2 ? (float)i + 1 : -(float)i - 1;
    }
    invert_strongest(&y, &x, &strength);
    for (int i = 0; i < 128; i++) {
        bool strong = i % 64 >= 64 - INVERTED;
        ck_assert_float_eq(y.data[i], strong ? 0.75f : 0.25f);
        ck_assert_float_eq(x.data[i], 0.25f);
    }
    release(&x, &y, &strength, NULL);
}
END_TEST

// ---- 3. The program ---------------------------------------------------------

static Run run_well(const char *program, const char *arguments) {
    char command[512];
    ck_assert_int_eq(chdir(scratch_path("").text), 0);
    snprintf(command, sizeof command,
             "%s --data synthetic --plot none --quiet --threads 1 %s", program,
             arguments);
    Run run = run_program(command);
    ck_assert_msg(run.status == 0, "%s: %s", command, run.output);
    return run;
}

START_TEST(reads_lenets_weights) {
    Run lenet = run_well("lenet", "--limit 500 --epochs 2 --save weights");
    Run maps = run_well("feature_maps", "--limit 500 --load weights");
    ck_assert_double_gt(result_value(&maps, "test_accuracy"), 0.2);
    ck_assert_double_eq(result_value(&maps, "test_accuracy"),
                        result_value(&lenet, "test_accuracy"));
}
END_TEST

// 500 synthetic digits: a difference of 5 % is 25 of them.
START_TEST(salient_pixels_matter_more) {
    for (int seed = 1; seed <= 3; seed++) {
        char arguments[64];
        snprintf(arguments, sizeof arguments,
                 "--limit 500 --epochs 4 --batch 32 --seed %d", seed);
        Run run = run_well("feature_maps", arguments);
        double salient = result_value(&run, "salient_inverted");
        double anywhere = result_value(&run, "anywhere_inverted");
        ck_assert_double_gt(anywhere, salient + 0.05);
        ck_assert_double_ge(result_value(&run, "test_accuracy"), anywhere);
    }
}
END_TEST

START_TEST(same_for_any_number_of_threads) {
    Run one = run_well("feature_maps", "--limit 100 --threads 1");
    Run two = run_well("feature_maps", "--limit 100 --threads 2");
    ck_assert_str_eq(one.output, two.output);
}
END_TEST

START_TEST(draws_its_charts) {
    run_well("feature_maps", "--limit 20 --digit 19 --plot svg");
    static const char *const names[] = {"kernels", "conv1", "pool1",
                                        "conv2",   "pool2", "saliency"};
    for (int i = 0; i < 6; i++) {
        char path[64];
        snprintf(path, sizeof path, "out/ch06/feature_maps_%s.csv", names[i]);
        ck_assert_msg(access(path, R_OK) == 0, "no %s", path);
    }
}
END_TEST

START_TEST(smallest_run_and_bad_ones) {
    run_well("feature_maps", "--limit 1 --batch 1");
    Run run = run_program("feature_maps --data synthetic --limit 5 --digit 5");
    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.output, "try --digit 4"));
    run = run_program("feature_maps --data synthetic --limit 5 --load nowhere");
    ck_assert_int_eq(run.status, 1);
    ck_assert_ptr_nonnull(strstr(run.output, "nowhere"));
    ck_assert_int_eq(run_program("feature_maps --epochs 0").status, 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{logits_as_in_pytorch},
                          {gradients_as_in_pytorch},
                          {shapes_of_each_layer},
                          {deeper_units_see_more},
                          {gradient_times_picture_is_the_logit},
                          {smooths_over_copies},
                          {inverts_the_strongest},
                          {reads_lenets_weights, .seconds = 20},
                          {salient_pixels_matter_more, .seconds = 60},
                          {same_for_any_number_of_threads},
                          {draws_its_charts, .seconds = 20},
                          {smallest_run_and_bad_ones}};
    threads_set(1);
    return run_tests("feature_maps", tests, sizeof tests / sizeof *tests);
}
