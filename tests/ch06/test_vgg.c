// The field by experiment, gradients through a stack, its method, what its
// table and chart show, and the counts of the banner.

#include "spy.h"

#define main vgg_main
#include "ch06_cnn/vgg.c"
#undef main

#include "figures.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"

// A pixel reaches, through positive weights, exactly `field` columns.
START_TEST(field_by_experiment) {
    for (int layers = 1; layers <= 3; layers++) {
        float weights[9], bias[1] = {0}, picture[15 * 15] = {0};
        Tensor w = tensor_view(weights, 4, 1, 1, 3, 3), y = {0};
        Tensor b = tensor_view(bias, 1, 1);
        Tensor x = tensor_view(picture, 4, 1, 1, 15, 15);
        Conv2d conv = {.padding = 1};
        tensor_fill(&w, 1.0f);
        picture[7 * 15 + 7] = 1.0f;
        for (int l = 0; l < layers; l++) {
            conv2d_forward(&conv, &y, &x, &w, &b);
            tensor_copy(&x, &y);
        }
        int reached = 0;
        for (int j = 0; j < 15; j++)
            reached += picture[7 * 15 + j] != 0.0f;
        ck_assert_int_eq(reached, receptive_field(3, layers));
        conv2d_free(&conv);
        tensor_free(&y);
    }
}
END_TEST

typedef struct {
    Net net;
    Tensor x; // [2, 1, 28, 28]
} Step;

static void step_init(Step *s) {
    Rng rng;
    rng_seed(&rng, 3);
    net_init(&s->net, 3, 3, &rng);
    s->x = noise_tensor(4, 2, 1, 28, 28);
}

static double loss_of(void *context) {
    static const int labels[2] = {3, 8};
    Step *s = context;
    net_forward(&s->net, &s->x);
    return (double)softmax_cross_entropy(&s->net.dlogits, &s->net.logits,
                                         labels);
}

// Tensor by tensor. The loss, near 2, is known to 2 * 6e-8, so over a step of
// 1e-3 a slope to 2e-4.
START_TEST(gradients_are_slopes) {
    Step s;
    step_init(&s);
    loss_of(&s);
    net_backward(&s.net);
    assert_slopes_along(loss_of, &s, &s.net.params, 1e-3, 0.02);
    net_free(&s.net);
}
END_TEST

// Behind a convolution with its ReLU nothing is negative, and of noise much is
// 0.
START_TEST(each_layer_of_a_stack_has_its_relu) {
    Step s;
    step_init(&s);
    net_forward(&s.net, &s.x);
    for (int l = 0; l < s.net.convs; l++) {
        const Tensor *y = &s.net.y[l];
        int zeros = 0;
        for (size_t i = 0; i < y->size; i++) {
            ck_assert_msg(y->data[i] >= 0, "layer %d has no ReLU", l);
            zeros += y->data[i] == 0;
        }
        ck_assert_msg(zeros > 0, "layer %d: nothing is 0", l);
    }
    net_free(&s.net);
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
    Digits digits = synthetic_digits(100, 1);
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
static const Plan made_up[PLANS] = {{"5", 5, 1, {1, 2}, 1.5, 6416, 1},
                                    {"3-3", 3, 2, {3, 5}, 4, 4640, 1},
                                    {"7", 7, 1, {7, 10}, 8.5, 12560, 1},
                                    {"3-3-3", 3, 3, {13, 15}, 14, 6960, 1}};
static const Options two_runs = {.common = {.plot = "svg"}, .runs = 2};

static void print_made_up(void) {
    print_table(made_up, &two_runs);
}

START_TEST(a_row_has_its_blocks_numbers) {
    static const char *const rows[PLANS] = {"5 ", "3-3 ", "7 ", "3-3-3 "};
    Run run = run_function(print_made_up);
    for (int p = 0; p < PLANS; p++) {
        const double field = p < 2 ? 5 : 7;
        const double want[] = {field, field, (double)made_up[p].weights,
                               made_up[p].mean_error};
        assert_row(run.output, rows[p], want, 4, 0);
    }
}
END_TEST

// Left the weights of each block, right its errors, in rows of its name.
START_TEST(a_row_of_the_figure_has_its_blocks_numbers) {
    static const char *const names[PLANS] = {"5 × 5", "3 × 3 twice", "7 × 7",
                                             "3 × 3 three times"};
    const double weights[] = {6416, 4640, 12560, 6960},
                 means[] = {1.5, 4, 8.5, 14},
                 errors[] = {1, 2, 3, 5, 7, 10, 13, 15},
                 rows[] = {0, 0, 1, 1, 2, 2, 3, 3};
    const char *file = "out/ch06/vgg.csv", *figure = "out/ch06/vgg.fig";
    hide_gnuplot();
    draw(made_up, &two_runs, "made up");
    assert_column(file, 0, "weights", weights, PLANS, 0);
    assert_column(file, 0, "mean error", means, PLANS, 0);
    assert_column(file, 1, "row", rows, 8, 0);
    assert_column(file, 1, "error", errors, 8, 0);
    assert_mark(figure, 0, "ranks", "weights", NULL, "");
    assert_mark(figure, 0, "points", "mean error", "row", "");
    assert_mark(figure, 1, "points", "error", "row", "");
    ck_assert_str_eq(panel_of(figure, 0), "Weights of the block");
    ck_assert_str_eq(panel_of(figure, 1), "Test error (%)");
    for (int p = 0; p < PLANS; p++)
        ck_assert_str_eq(figure_words(figure, "tick", p), names[p]);
    assert_says(figure_words(figure, "title", 0), "5 × 5 with 72 %");
    assert_says(figure_words(figure, "title", 0), "7 × 7 with 55 %");
}
END_TEST

// What the weights of the trained blocks add up to.
START_TEST(weights_of_the_banner) {
    Run run =
        run_for_result("vgg --limit 100 --epochs 1 --runs 1 --data synthetic");
    ck_assert_double_eq(result_value(&run, "weights_5"), 6416);
    ck_assert_double_eq(result_value(&run, "weights_33"), 4640);
    ck_assert_double_eq(result_value(&run, "weights_7"), 12560);
    ck_assert_double_eq(result_value(&run, "weights_333"), 6960);
    ck_assert_double_le(result_value(&run, "error_333"), 100);
}
END_TEST

int main(void) {
    const Test tests[] = {{field_by_experiment},
                          {gradients_are_slopes},
                          {each_layer_of_a_stack_has_its_relu},
                          {each_step_has_its_rate_and_its_gradient},
                          {mean_error_is_over_all_runs},
                          {a_row_has_its_blocks_numbers},
                          {a_row_of_the_figure_has_its_blocks_numbers},
                          {weights_of_the_banner}};
    return run_tests("vgg", tests, sizeof tests / sizeof *tests);
}
