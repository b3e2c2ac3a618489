// The counts of the banner, the field by experiment, gradients through a stack,
// and that a stack loses nothing. Then its method, and what its table and chart
// show.

#include "spy.h"

#define main vgg_main
#include "ch06_cnn/vgg.c"
#undef main

#include "gradcheck.h"
#include "numbers.h"
#include "tables.h"
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

// Behind a convolution with its ReLU nothing is negative, and of noise much is 0.
START_TEST(each_layer_of_a_stack_has_its_relu) {
    Net net;
    Rng rng;
    Tensor x = noise_tensor(4, 2, 1, 28, 28);
    rng_seed(&rng, 3);
    net_init(&net, 3, 3, &rng);
    net_forward(&net, &x);
    for (int l = 0; l < net.convs; l++) {
        int zeros = 0;
        for (size_t i = 0; i < net.y[l].size; i++) {
            ck_assert_msg(net.y[l].data[i] >= 0, "layer %d has no ReLU", l);
            zeros += net.y[l].data[i] == 0;
        }
        ck_assert_msg(zeros > 0, "layer %d: nothing is 0", l);
    }
    guarded_free(x.data, x.size);
    net_free(&net);
}
END_TEST

// Four nets, two runs each, two epochs of three steps.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(vgg_main, "vgg --epochs 2 --limit 20 --batch 8 --runs 2 --lr "
                        "0.01 --data synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 4 * 2 * 2 * 3);
    assert_one_cycle(6, 0.01f);
    assert_passes(4 * 2 * 2);
    assert_runs_differ(6);
    assert_first_step_has_a_gradient();
}
END_TEST

// 87, 82 and 82 % with every kernel: the mean is none of them.
START_TEST(mean_error_is_over_all_runs) {
    Error err;
    Digits digits;
    ck_assert(digits_load(&digits, "synthetic", 100, 1, &err));
    Options o = {.common = {.seed = 1, .quiet = true},
                 .epochs = 1,
                 .batch = 10,
                 .runs = 3,
                 .lr = 3e-3f};
    Plan plan = {.size = 3, .layers = 2};
    try_plan(&plan, &digits, &o);
    const double *e = plan.error;
    ck_assert_double_gt(fabs(plan.mean_error - e[2]), 0.1);
    ck_assert_double_eq_tol(plan.mean_error, (e[0] + e[1] + e[2]) / 3, 1e-9);
    digits_free(&digits);
}
END_TEST

// Numbers of which no two are alike.
static void make_up(Plan plans[PLANS]) {
    const Plan all[PLANS] = {{"5", 5, 1, {1, 2}, 1.5, 6416, 1},
                             {"3-3", 3, 2, {3, 5}, 4, 4640, 1},
                             {"7", 7, 1, {7, 10}, 8.5, 12560, 1},
                             {"3-3-3", 3, 3, {13, 15}, 14, 6960, 1}};
    memcpy(plans, all, sizeof all);
}

static void print_made_up(void) {
    Plan plans[PLANS];
    make_up(plans);
    print_table(plans, &(Options){.runs = 2});
}

START_TEST(a_row_has_its_blocks_numbers) {
    static const char *const rows[PLANS] = {"5 ", "3-3 ", "7 ", "3-3-3 "};
    Run run = run_function(print_made_up);
    Plan plans[PLANS];
    make_up(plans);
    for (int p = 0; p < PLANS; p++) {
        const double field = p < 2 ? 5 : 7;
        const double want[] = {field, field, (double)plans[p].weights,
                               plans[p].mean_error};
        for (int i = 0; i < 4; i++) {
            double got = table_number(run.output, rows[p], i);
            ck_assert_msg(got == want[i], "block %s, column %d: %g, not %g",
                          plans[p].name, i, got, want[i]);
        }
    }
}
END_TEST

// Block 0 of the file has an arrow from each large kernel to its stack, block
// p + 1 the points that are called plan p.
START_TEST(a_point_has_its_blocks_numbers) {
    Plan plans[PLANS];
    Options o = {.common = {.plot = "svg"}, .runs = 2};
    make_up(plans);
    hide_gnuplot();
    draw(plans, &o, "made up");
    const char *file = "out/ch06/vgg.csv";
    double from[2], to[2];
    ck_assert_int_eq(chart_column(file, 0, "weights", from, 2), 2);
    ck_assert_int_eq(chart_column(file, 0, "to weights", to, 2), 2);
    for (int p = 0; p < PLANS; p++) {
        double weights[2], error[2];
        ck_assert_int_eq(chart_column(file, p + 1, "weights", weights, 2), 2);
        ck_assert_int_eq(chart_column(file, p + 1, "error", error, 2), 2);
        for (int run = 0; run < 2; run++) {
            ck_assert_double_eq(weights[run], (double)plans[p].weights);
            ck_assert_double_eq(error[run], plans[p].error[run]);
        }
        ck_assert_double_eq(weights[0], p % 2 ? to[p / 2] : from[p / 2]);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("vgg --quiet --plot none --limit 100 --epochs 1 "
                          "--runs 1 --data synthetic");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "weights_5"), 6416);
    ck_assert_double_eq(result_value(&run, "weights_33"), 4640);
    ck_assert_double_eq(result_value(&run, "weights_7"), 12560);
    ck_assert_double_eq(result_value(&run, "weights_333"), 6960);
    ck_assert(result_value(&run, "error_333") <= 100);
}
END_TEST

int main(void) {
    const Test tests[] = {{weights_of_the_banner},
                          {field_by_experiment},
                          {gradients_are_slopes},
                          {each_layer_of_a_stack_has_its_relu},
                          {each_step_has_its_rate_and_its_gradient},
                          {mean_error_is_over_all_runs},
                          {a_row_has_its_blocks_numbers},
                          {a_point_has_its_blocks_numbers},
                          {prints_its_result}};
    return run_tests("vgg", tests, sizeof tests / sizeof *tests);
}
