// The counts of the banner, the field by experiment, gradients through a stack,
// and that a stack loses nothing.

#define main vgg_main
#include "ch06_cnn/vgg.c"
#undef main

#include "gradcheck.h"
#include "numbers.h"
#include "testing.h"

START_TEST(weights_of_the_banner) {
    const struct {
        int size, layers, field;
        size_t weights;
    } plans[] = {
        {5, 1, 5, 6416}, {3, 2, 5, 4640}, {7, 1, 7, 12560}, {3, 3, 7, 6960}};
    for (int p = 0; p < 4; p++) {
        Net net;
        Rng rng;
        rng_seed(&rng, 1);
        net_init(&net, plans[p].size, plans[p].layers, &rng);
        size_t weights = 0;
        for (int l = 1; l < net.convs; l++)
            weights += net.w[l].size + net.b[l].size;
        ck_assert_uint_eq(weights, plans[p].weights);
        ck_assert_int_eq(receptive_field(plans[p].size, plans[p].layers),
                         plans[p].field);
        net_free(&net);
    }
}
END_TEST

// A pixel reaches, through positive weights, exactly `field` columns.
START_TEST(field_by_experiment) {
    for (int layers = 1; layers <= 3; layers++) {
        float row[2][1 * 15 * 15] = {{0}};
        row[0][7 * 15 + 7] = 1.0f;
        Tensor y = {0}, w = {0}, b = {0};
        tensor_resize(&w, 4, 1, 1, 3, 3);
        tensor_fill(&w, 1.0f);
        tensor_resize(&b, 1, 1);
        tensor_fill(&b, 0.0f);
        Conv2d conv = {.padding = 1};
        for (int l = 0; l < layers; l++) {
            Tensor x = tensor_view(row[0], 4, 1, 1, 15, 15);
            conv2d_forward(&conv, &y, &x, &w, &b);
            memcpy(row[0], y.data, sizeof row[0]);
        }
        int reached = 0;
        for (int j = 0; j < 15; j++)
            reached += row[0][7 * 15 + j] != 0.0f;
        ck_assert_int_eq(reached, receptive_field(3, layers));
        conv2d_free(&conv);
        tensor_free(&y);
        tensor_free(&w);
        tensor_free(&b);
    }
}
END_TEST

typedef struct {
    Net *net;
    const Tensor *x;
    const int *labels;
} Context;

static double loss_of(void *context) {
    Context *c = context;
    net_forward(c->net, c->x);
    return (double)softmax_cross_entropy(&c->net->dlogits, &c->net->logits,
                                         c->labels);
}

// Tensor by tensor. The loss, near 2, is known to 2 * 6e-8, so over a step of
// 1e-3 a slope to 2e-4.
START_TEST(gradients_are_slopes) {
    Net net;
    Rng rng;
    rng_seed(&rng, 3);
    net_init(&net, 3, 3, &rng);
    float pixels[2 * 784];
    fill_noise(pixels, 2 * 784, 4);
    Tensor x = tensor_view(pixels, 4, 2, 1, 28, 28);
    const int labels[2] = {3, 8};
    Context context = {&net, &x, labels};
    loss_of(&context);
    net_backward(&net);
    for (int p = 0; p < net.params.count; p++) {
        const ParamSpec *spec = &net.params.table[p];
        double error =
            grad_check_along(loss_of, &context, spec->value->data,
                             spec->grad->data, spec->value->size, 1e-3);
        ck_assert_double_lt(error, 0.02);
    }
    net_free(&net);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("vgg --quiet --plot none --limit 200 --epochs 1 "
                          "--runs 1 --data synthetic");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "weights_33"), 4640);
    ck_assert(result_value(&run, "error_333") <= 100);
}
END_TEST

int main(void) {
    const Test tests[] = {{weights_of_the_banner},
                          {field_by_experiment},
                          {gradients_are_slopes},
                          {prints_its_result}};
    return run_tests("vgg", tests, sizeof tests / sizeof *tests);
}
