// LeNet with its pooling apart: the same logits and gradients as PyTorch's, and
// as lenet's from a file; the gradient by the pixels; and what it shows, in
// words and pictures.

#include "spy.h"

#define main feature_maps_main
#include "ch06_cnn/feature_maps.c"
#undef main

#include <string.h>

#include "digits.h"
#include "figures.h"
#include "golden.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
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

// Another generator draws other pixels for "anywhere", and only there: the
// strongest are the same. The answers of a net that has learned but a little
// hang on a few pixels.
START_TEST(anywhere_is_drawn) {
    Net net;
    Rng rng;
    Dataset set;
    Evaluation e[2];
    const Options o = {
        .common = {.quiet = true}, .epochs = 2, .batch = 10, .lr = 3e-3f};
    rng_seed(&rng, 1);
    net_init(&net, &rng);
    digits_draw(&set, 100, 1);
    train(&net, &set, &o, &rng);
    for (uint64_t seed = 0; seed < 2; seed++) {
        rng_seed(&rng, seed);
        e[seed] = evaluate(&net, &set, &rng);
    }
    ck_assert_mem_eq(&e[0].plain, &e[1].plain, sizeof e[0].plain);
    ck_assert_mem_eq(&e[0].salient, &e[1].salient, sizeof e[0].salient);
    ck_assert_mem_ne(&e[0].anywhere, &e[1].anywhere, sizeof e[0].anywhere);
    dataset_free(&set);
    net_free(&net);
}
END_TEST

// ---- 3. The program ---------------------------------------------------------

START_TEST(reads_lenets_weights) {
    Run lenet = run_for_result("lenet --data synthetic --threads 1 --limit 500 "
                               "--epochs 2 --save weights");
    Run maps = run_for_result(
        "feature_maps --data synthetic --threads 1 --limit 500 --load weights");
    ck_assert_double_gt(result_value(&maps, "test_accuracy"), 0.2);
    ck_assert_double_eq(result_value(&maps, "test_accuracy"),
                        result_value(&lenet, "test_accuracy"));
}
END_TEST

// 300 synthetic digits: a difference of 10 % is 30 of them; with these three
// seeds it is 63 and more. The sentence says the same as the result line.
START_TEST(salient_pixels_matter_more) {
    for (int seed = 1; seed <= 3; seed++) {
        Run run = run_program(
            "feature_maps --limit 300 --epochs 4 --batch 16 --seed %d "
            "--data synthetic --plot none --threads 1",
            seed);
        double plain = result_value(&run, "test_accuracy");
        double salient = result_value(&run, "salient_inverted");
        double anywhere = result_value(&run, "anywhere_inverted");
        ck_assert_double_gt(anywhere, salient + 0.1);
        ck_assert_double_ge(plain, anywhere);
        const char *line = from_line(run.output, "Of all");
        ck_assert_double_eq_tol(table_number(line, "", 0), 100 * plain, 0.01);
        ck_assert_double_eq_tol(table_number(line, "", 2), 100 * salient, 0.01);
        line = strchr(line, '\n') + 1;
        ck_assert_double_eq_tol(table_number(line, "", 0), 100 * anywhere,
                                0.01);
    }
}
END_TEST

// 20 digits in batches of 8 are three steps an epoch.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(feature_maps_main,
              "feature_maps --epochs 2 --limit 20 --batch 8 --lr 0.01 --data "
              "synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 6);
    assert_one_cycle(6, 0.01f);
    assert_passes(2);
    assert_first_step_has_a_gradient();
}
END_TEST

// Picture number i of a figure is this map.
static void assert_map(const char *name, int i, const float *map, int size) {
    char file[64];
    snprintf(file, sizeof file, "out/ch06/feature_maps_%s.csv", name);
    assert_pixels(file, i, map, size, 1e-5);
}

// Which of these maps has the fourth largest sum: three are larger.
static int fourth(const Tensor *maps) {
    int C = maps->shape[1], size = (int)maps->size / C;
    double sums[MAPS] = {0};
    for (int i = 0; i < C * size; i++)
        sums[i / size] += (double)maps->data[i];
    for (int k = 0; k < C; k++) {
        int larger = 0;
        for (int other = 0; other < C; other++)
            larger += sums[other] > sums[k];
        if (larger == 3)
            return k;
    }
    return -1;
}

// One map of each layer, made anew from the same weights: the fourth picture of
// each row, in whose title the layer's size stands.
static void check_layers(Net *net, const Dataset *set, int index) {
    Tensor x = {0};
    int first, second;
    tensor_resize(&x, 4, 1, 1, 28, 28);
    copy_digit(x.data, set, index);
    net_forward(net, &x);
    first = fourth(&net->conv1);
    second = fourth(&net->conv2);
    assert_map("kernels", 3, net->conv1_w.data + first * 25, 25);
    assert_map("kernels", 13, net->conv1.data + first * 784, 784);
    assert_map("layers", 3, net->conv1.data + first * 784, 784);
    assert_map("layers", 13, net->pool1.data + first * 196, 196);
    assert_map("layers", 23, net->conv2.data + second * 100, 100);
    assert_map("layers", 33, net->pool2.data + second * 25, 25);
    tensor_free(&x);

    static const char *const sizes[] = {"28 × 28", "14 × 14", "10 × 10",
                                        "5 × 5"};
    const char *figure = "out/ch06/feature_maps_layers.fig";
    for (int l = 0; l < 4; l++)
        assert_says(panel_of(figure, 10 * l), sizes[l]);
    figure = "out/ch06/feature_maps_kernels.fig";
    ck_assert_double_eq(figure_attribute(figure, "heat", 0, "low"),
                        -figure_attribute(figure, "heat", 0, "high"));
    ck_assert_double_eq(figure_attribute(figure, "heat", 10, "low"), 0);
    ck_assert_str_eq(panel_of(figure, 0), "Kernels, 5 × 5");
}

// The first digit of each class, and below it the plain gradient of its answer.
// That smoothed, in the third row, is not the same.
static void check_saliency(Net *net, const Dataset *set) {
    Tensor x = {0}, dx = {0};
    tensor_resize(&x, 4, 1, 1, 28, 28);
    for (int k = 0; k < 10; k++) {
        int first = 0;
        while (set->labels[first] != k)
            first++;
        copy_digit(x.data, set, first);
        assert_map("saliency", k, x.data, 784);
        saliency(net, &dx, &x);
        for (int p = 0; p < 784; p++)
            dx.data[p] = fabsf(dx.data[p]);
        assert_map("saliency", 10 + k, dx.data, 784);
    }
    double plain[784], smooth[784], apart = 0;
    const char *file = "out/ch06/feature_maps_saliency.csv";
    chart_column(file, 19, "value", plain, 784);
    chart_column(file, 29, "value", smooth, 784);
    double most = figure_attribute("out/ch06/feature_maps_saliency.fig", "heat",
                                   10, "high");
    for (int p = 0; p < 784; p++)
        apart = fmax(apart, fabs(plain[p] - smooth[p]));
    ck_assert_double_gt(apart, 0.1 * most);
    release(&x, &dx, NULL);
}

// A net that has learned nothing, from a file; --limit 40 has all ten classes.
START_TEST(draws_the_digit_asked_for) {
    Error err;
    Rng rng;
    Net net;
    Digits digits;
    rng_seed(&rng, 3);
    net_init(&net, &rng);
    ck_assert(safetensors_save("weights", &net.params, &err));
    run_for_charts("feature_maps --load weights --data synthetic --limit 40 "
                   "--digit 19 --quiet --threads 1");
    digits = synthetic_digits(40, 1);
    check_layers(&net, &digits.test, 19);
    check_saliency(&net, &digits.test);
    digits_free(&digits);
    net_free(&net);
}
END_TEST

START_TEST(smallest_run_and_bad_ones) {
    run_for_result(
        "feature_maps --data synthetic --threads 1 --limit 1 --batch 1");
    Run run = run_program("feature_maps --data synthetic --limit 5 --digit 5");
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "try --digit 4");
    run = run_program("feature_maps --data synthetic --limit 5 --load nowhere");
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "nowhere");
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
                          {anywhere_is_drawn},
                          {reads_lenets_weights, .seconds = 20},
                          {salient_pixels_matter_more, .seconds = 60},
                          {each_step_has_its_rate_and_its_gradient},
                          {draws_the_digit_asked_for},
                          {smallest_run_and_bad_ones}};
    threads_set(1);
    return run_tests("feature_maps", tests, sizeof tests / sizeof *tests);
}
