// One step of each, in numbers small enough for paper; then nets, by seeds.

#define main weight_decay_main
#include "ch05_regularization/weight_decay.c"
#undef main

#include <string.h>

#include "tables.h"
#include "testing.h"
#include "threads.h"

// w = 2, g = 0.5, eta = 0.1, lambda = 0.01: 0.99 * 2 - 0.05 = 1.93 either way.
START_TEST(one_step_of_sgd) {
    float a = 2.0f, ga = 0.5f, b = 2.0f, gb = 0.5f;
    Tensor wa = tensor_view(&a, 1, 1), dwa = tensor_view(&ga, 1, 1);
    Tensor wb = tensor_view(&b, 1, 1), dwb = tensor_view(&gb, 1, 1);
    Optimizer sgd;
    optimizer_init(&sgd, SGD, 0.1f);
    l2_gradient(&dwa, &wa, 0.01f / sgd.lr);
    optimizer_step(&sgd, &wa, &dwa);
    decay_weights(&wb, 0.01f);
    optimizer_step(&sgd, &wb, &dwb);
    // three roundings of numbers up to 2, each at most 2^-23
    ck_assert_float_eq_tol(a, 1.93f, 4e-7f);
    ck_assert_float_eq_tol(b, 1.93f, 4e-7f);
    optimizer_free(&sgd);
}
END_TEST

// [D weight decay] at alpha = 0.01, as printed: 1 / 0.995, 1 / 0.98, 1 / 0.5
// and 1 / -0.5. Weights grow, and a larger lambda is not the weaker one.
START_TEST(the_printed_decay_grows) {
    const float lambda[] = {0.5f, 2.0f, 50.0f, 150.0f};
    const float factor[] = {1 / 0.995f, 1 / 0.98f, 1 / 0.5f, 1 / -0.5f};
    for (int i = 0; i < 4; i++) {
        float w = 3.0f;
        Tensor t = tensor_view(&w, 1, 1);
        decay_as_printed(&t, lambda[i], 0.01f);
        ck_assert_float_eq_tol(w, 3.0f * factor[i], 1e-5f);
        ck_assert_float_gt(fabsf(w), 3.0f);
    }
}
END_TEST

// A decay shrinks, the more the larger lambda: 3 * 0.995 and 3 * 0.98.
START_TEST(a_larger_lambda_decays_more) {
    const float lambda[] = {0.5f, 2.0f}, want[] = {2.985f, 2.94f};
    for (int i = 0; i < 2; i++) {
        float w = 3.0f;
        Tensor t = tensor_view(&w, 1, 1);
        decay_weights(&t, lambda[i] * 0.01f);
        ck_assert_float_eq_tol(w, want[i], 1e-6f);
    }
}
END_TEST

// Without the half in the penalty, lambda sum of w^2 has the gradient
// 2 lambda w: the decay that does the same is 2 eta lambda.
START_TEST(the_half_decides_the_factor) {
    float a = 2.0f, ga = 0.5f, b = 2.0f, gb = 0.5f;
    Tensor wa = tensor_view(&a, 1, 1), dwa = tensor_view(&ga, 1, 1);
    Tensor wb = tensor_view(&b, 1, 1), dwb = tensor_view(&gb, 1, 1);
    Optimizer sgd;
    optimizer_init(&sgd, SGD, 0.1f);
    ga += 2.0f * 0.05f * a;
    optimizer_step(&sgd, &wa, &dwa);
    decay_weights(&wb, 2.0f * sgd.lr * 0.05f);
    optimizer_step(&sgd, &wb, &dwb);
    ck_assert_float_eq_tol(a, 1.93f, 4e-7f);
    ck_assert_float_eq_tol(b, 1.93f, 4e-7f);
    optimizer_free(&sgd);
}
END_TEST

static void train_two(Trained t[2], const Options *o, OptimizerKind kind) {
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    o->common.seed);
    train(&t[0], &set, o, kind, L2_PENALTY);
    train(&t[1], &set, o, kind, DECAY);
    dataset_free(&set);
    dataset_free(&validation);
}

// Three roundings of 2^-24 relative to the weight: below 2e-7 in the first
// step. Later a ReLU near its kink may switch in one net and not in the other.
START_TEST(l2_is_decay_under_sgd_only) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Options o = {.common = {.seed = seed, .quiet = true},
                     .epochs = 100,
                     .lr_sgd = 0.1f,
                     .lr_adam = 0.01f,
                     .lambda = 0.0005f};
        Trained t[2];
        train_two(t, &o, SGD);
        ck_assert_double_lt(difference(&t[0].first, &t[1].first), 2e-7);
        double sgd = difference(&t[0].w, &t[1].w);
        ck_assert_double_gt(tensor_norm(&t[0].w), 1.0);
        trained_free(&t[0]);
        trained_free(&t[1]);
        train_two(t, &o, ADAM);
        ck_assert_double_gt(difference(&t[0].first, &t[1].first), 1e-3);
        ck_assert_double_gt(difference(&t[0].w, &t[1].w), 0.3);
        ck_assert_double_gt(difference(&t[0].w, &t[1].w), 20 * sgd);
        trained_free(&t[0]);
        trained_free(&t[1]);
    }
}
END_TEST

// Decay before ADAM's step is the library's ADAMW.
START_TEST(decay_under_adam_is_adamw) {
    float a[3] = {1, -2, 3}, b[3] = {1, -2, 3};
    Tensor wa = tensor_view(a, 1, 3), wb = tensor_view(b, 1, 3);
    Optimizer adam, adamw;
    optimizer_init(&adam, ADAM, 0.01f);
    optimizer_init(&adamw, ADAMW, 0.01f);
    adamw.weight_decay = 0.1f;
    for (int step = 0; step < 10; step++) {
        float grad[3] = {0.1f, 0.2f * (float)step, -3.0f};
        Tensor g = tensor_view(grad, 1, 3);
        decay_weights(&wa, 0.01f * 0.1f);
        optimizer_step(&adam, &wa, &g);
        optimizer_step(&adamw, &wb, &g);
    }
    // 1 - lr decay is rounded in both: some 2^-24 of 3 in each of ten steps
    assert_close(a, b, 3, 2e-6, "weights");
    ck_assert_float_lt(a[0], 0.95f);
    optimizer_free(&adam);
    optimizer_free(&adamw);
}
END_TEST

// Under Adam the three ways end at three lengths: those of the result line (two
// decimals), in the table (four) and at the ends of the curves, which begin at
// one length. D's factor at 0.01 grows, 1 / (1 - 0.02), decay shrinks, 1 -
// 0.02.
START_TEST(shows_each_way_by_its_name) {
    enum { EPOCHS = 40 };
    double length[EPOCHS + 1], start = 0;
    Run run = run_for_charts("weight_decay --epochs 40");
    const struct {
        const char *row, *column, *result;
    } ways[] = {
        {"Adam       L2 penalty", "Adam L2", "length_L2"},
        {"Adam       weight decay", "Adam decay", "length_adamw"},
        {"Adam       as D prints it", "Adam as printed", "length_as_printed"}};
    for (int i = 0; i < 3; i++) {
        double want = result_value(&run, ways[i].result);
        ck_assert_int_eq(chart_column("out/ch05/weight_decay.csv", 0,
                                      ways[i].column, length, EPOCHS + 1),
                         EPOCHS + 1);
        ck_assert_double_eq_tol(length[EPOCHS], want, 0.006);
        ck_assert_double_eq_tol(table_number(run.output, ways[i].row, 0), want,
                                0.006);
        start = i == 0 ? length[0] : start;
        ck_assert_double_eq(length[0], start);
        ck_assert_double_ne(length[1], start);
    }
    ck_assert_double_gt(result_value(&run, "length_as_printed"),
                        result_value(&run, "length_adamw") + 0.05);
    ck_assert_double_gt(fabs(result_value(&run, "length_L2") -
                             result_value(&run, "length_adamw")),
                        0.05);
    const char *table = from_line(run.output, "lambda   ");
    ck_assert_double_eq_tol(table_number(table, "2 ", 0), 1 / 0.98, 6e-4);
    ck_assert_double_eq_tol(table_number(table, "2 ", 1), 0.98, 6e-4);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("weight_decay --plot none --epochs 40");
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, " 1.005 ");
    assert_says(run.output, " -2.000 ");
    ck_assert_double_lt(result_value(&run, "sgd_first_step"), 2e-7);
    ck_assert_double_gt(result_value(&run, "adam_difference"), 0.1);
    ck_assert_double_gt(result_value(&run, "length_as_printed"),
                        result_value(&run, "length_adamw"));
}
END_TEST

int main(void) {
    const Test tests[] = {{one_step_of_sgd},
                          {the_printed_decay_grows},
                          {a_larger_lambda_decays_more},
                          {the_half_decides_the_factor},
                          {l2_is_decay_under_sgd_only},
                          {decay_under_adam_is_adamw},
                          {shows_each_way_by_its_name},
                          {prints_its_result}};
    threads_set(1);
    return run_tests("weight_decay", tests, sizeof tests / sizeof *tests);
}
