// Penalties as gradients, the exact zeros, and the lecture's order over seeds.

#define main l1_l2_main
#include "ch05_regularization/l1_l2.c"
#undef main

#include <string.h>

#include "gradcheck.h"
#include "testing.h"
#include "threads.h"

static double l2_of(void *context) {
    const Tensor *w = context;
    double sum = 0;
    for (size_t i = 0; i < w->size; i++)
        sum += (double)w->data[i] * (double)w->data[i];
    return 0.01 * sum;
}

static double l1_of(void *context) {
    const Tensor *w = context;
    double sum = 0;
    for (size_t i = 0; i < w->size; i++)
        sum += fabs((double)w->data[i]);
    return 0.01 * sum;
}

// The square's central difference is exact, |w| has one away from its kink;
// what is left is the rounding of w +- h: 6e-8 / 1e-3.
START_TEST(gradients_are_slopes) {
    float value[] = {0.5f, -1.0f, 2.0f, -0.25f}, grad[4] = {0};
    Tensor w = tensor_view(value, 1, 4), dw = tensor_view(grad, 1, 4);
    l2_add_gradient(&dw, &w, 0.01f);
    GradCheck c = grad_check(l2_of, &w, value, grad, 4, 4, 1e-3, 1e-9);
    assert_slopes("L2", &c, 1e-3, 0.03, 0);
    tensor_fill(&dw, 0.0f);
    l1_add_gradient(&dw, &w, 0.01f);
    c = grad_check(l1_of, &w, value, grad, 4, 4, 1e-3, 1e-9);
    assert_slopes("L1", &c, 1e-3, 0.009, 0);
}
END_TEST

// w = (3, -4), lambda = 0.1: squared, 2 lambda w = (0.6, -0.8); as B prints it,
// lambda w / 5 = (0.06, -0.08), which is just as long for w = (30, -40).
START_TEST(squared_and_printed_l2) {
    float value[] = {3, -4}, far[] = {30, -40}, zero[] = {0, 0}, grad[2] = {0};
    const float squared[] = {0.6f, -0.8f}, printed[] = {0.06f, -0.08f};
    Tensor w = tensor_view(value, 1, 2), dw = tensor_view(grad, 1, 2);
    l2_add_gradient(&dw, &w, 0.1f);
    assert_close(grad, squared, 2, 1e-7, "2 lambda w");
    tensor_fill(&dw, 0.0f);
    l2_add_gradient_as_printed(&dw, &w, 0.1f);
    assert_close(grad, printed, 2, 1e-8, "lambda w / ||w||");
    tensor_fill(&dw, 0.0f);
    w = tensor_view(far, 1, 2);
    l2_add_gradient_as_printed(&dw, &w, 0.1f);
    assert_close(grad, printed, 2, 1e-8, "lambda w / ||w||");
    w = tensor_view(zero, 1, 2);
    l2_add_gradient_as_printed(&dw, &w, 0.1f);
    assert_close(grad, printed, 2, 1e-8, "nothing added");
}
END_TEST

// sqrt(v) = 1: every weight steps by lr lambda = 0.5 towards 0, no further.
START_TEST(shrinks_to_zero_and_stops) {
    float value[] = {0.75f, -0.75f, 0.5f, 0.25f, -0.125f, 0.0f};
    const float v[] = {1, 1, 1, 1, 1, 1}, want[] = {0.25f, -0.25f, 0, 0, 0, 0};
    Tensor w = tensor_view(value, 1, 6);
    l1_shrink(&w, v, 5.0f, 0.1f, 1.0f);
    assert_close(value, want, 6, 1e-6, "shrunk");
    for (int i = 2; i < 6; i++)
        ck_assert_float_eq(value[i], 0.0f);
}
END_TEST

// The step is proximal: it minimizes rate lambda |w| + (w - u)^2 / 2.
START_TEST(shrink_is_a_minimum) {
    for (float u = -1.0f; u <= 1.0f; u += 0.05f) {
        float w = u;
        const float one = 1.0f;
        Tensor t = tensor_view(&w, 1, 1);
        l1_shrink(&t, &one, 3.0f, 0.1f, 1.0f);
        double least = 0.3 * fabs((double)w) + 0.5 * pow((double)(w - u), 2);
        for (double q = -1; q <= 1; q += 0.01)
            ck_assert_double_ge(0.3 * fabs(q) + 0.5 * pow(q - (double)u, 2),
                                least - 1e-7);
    }
}
END_TEST

START_TEST(median_is_the_middle) {
    double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};
    ck_assert_double_eq(median(odd, 3), 2);
    ck_assert_double_eq(median(even, 4), 2.5);
}
END_TEST

// The lecture: 0.000, 0.012, 0.107, 0.276. Medians of 15 seeds; in a lot of
// five, three may have been thrown out by Adam just before the end.
START_TEST(training_loss_rises_with_lambda) {
    Options o = {.common = {.seed = 101, .quiet = true},
                 .epochs = 1000,
                 .runs = 15,
                 .lr = 0.03f};
    Trained t[4];
    for (int i = 0; i < 4; i++)
        run(&t[i], experiments[i].penalty, experiments[i].lambda, &o);
    for (int i = 1; i < 4; i++)
        ck_assert_double_gt(t[i].outcome.train_loss,
                            1.5 * t[i - 1].outcome.train_loss);
    ck_assert_double_lt(t[0].outcome.train_loss, 0.0015);
    ck_assert_double_lt(t[3].outcome.validation_loss,
                        0.5 * t[0].outcome.validation_loss);
}
END_TEST

// The program's own runs, seeds 1 to 5. As lambda falls, so does the loss, and
// what rounding makes of it grows: the portable kernels give 0.0027, 0.0160 and
// 0.0693 instead of 0.0018, 0.0141 and 0.0683.
START_TEST(losses_of_the_default_run) {
    const double loss[] = {0, 0.0022, 0.015, 0.069},
                 within[] = {0.0005, 0.0012, 0.0045, 0.014};
    Options o = {.common = {.seed = 1, .quiet = true},
                 .epochs = 1000,
                 .runs = 5,
                 .lr = 0.03f};
    for (int i = 0; i < 4; i++) {
        Trained t;
        run(&t, experiments[i].penalty, experiments[i].lambda, &o);
        ck_assert_double_eq_tol(t.outcome.train_loss, loss[i], within[i]);
    }
}
END_TEST

// And they cost accuracy: over seeds 1 to 9 the medians are 0.780 without a
// penalty, 0.755 with L1.
START_TEST(only_proximal_l1_gives_zeros) {
    Options o = {.common = {.seed = 1, .quiet = true},
                 .epochs = 1000,
                 .runs = 9,
                 .lr = 0.03f};
    Trained t[EXPERIMENTS];
    for (int i = 0; i < EXPERIMENTS; i++)
        run(&t[i], experiments[i].penalty, experiments[i].lambda, &o);
    for (int i = 0; i < 5; i++)
        ck_assert_double_lt(t[i].outcome.zeros, 0.001);
    ck_assert_double_gt(t[5].outcome.zeros, 0.8);
    ck_assert_double_lt(t[5].outcome.zeros, 1.0);
    ck_assert_double_lt(t[5].outcome.accuracy, t[0].outcome.accuracy - 0.01);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("l1_l2 --quiet --plot none --epochs 1 --runs 1");
    ck_assert_int_eq(run.status, 0);
    ck_assert(result_value(&run, "loss_5e-3") > 0);
    result_value(&run, "L1_zeros");
    run = run_program("l1_l2 --plot none --epochs 1 --runs 1");
    ck_assert_ptr_nonnull(strstr(run.output, "32 ReLU, Adam 0.03, 1 epochs"));
    ck_assert_ptr_nonnull(strstr(run.output, "(0.60, -0.80)\n"));
    ck_assert_ptr_nonnull(strstr(run.output, "(0.06, -0.08)\n"));
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes},
                          {squared_and_printed_l2},
                          {shrinks_to_zero_and_stops},
                          {shrink_is_a_minimum},
                          {median_is_the_middle},
                          {training_loss_rises_with_lambda, .seconds = 100},
                          {losses_of_the_default_run, .seconds = 40},
                          {only_proximal_l1_gives_zeros, .seconds = 100},
                          {prints_its_result}};
    threads_set(1); // so small a net is slower with two
    return run_tests("l1_l2", tests, sizeof tests / sizeof *tests);
}
