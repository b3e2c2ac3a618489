// One step of each, in numbers small enough for paper; then nets, by seeds.

#define main weight_decay_main
#include "ch05_regularization/weight_decay.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

static float sgd_step(float w, float g) {
    Tensor weight = tensor_view(&w, 1, 1), gradient = tensor_view(&g, 1, 1);
    Optimizer sgd;
    optimizer_init(&sgd, SGD, 0.1f);
    optimizer_step(&sgd, &weight, &gradient);
    optimizer_free(&sgd);
    return w;
}

// w = 2, g = 0.5, eta = 0.1, lambda = 0.01: 0.99 * 2 - 0.05 = 1.93 by decay and
// by the penalty (lambda_L2 / 2) w^2 with lambda_L2 = lambda / eta = 0.1.
// Without the half the gradient is 2 lambda_L2 w: lambda_L2 = 0.05 does the
// same.
START_TEST(one_step_of_sgd) {
    float decayed = 2.0f, w = 2.0f, g = 0.5f;
    Tensor decay = tensor_view(&decayed, 1, 1);
    Tensor weight = tensor_view(&w, 1, 1), gradient = tensor_view(&g, 1, 1);
    decay_weights(&decay, 0.01f);
    l2_gradient(&gradient, &weight, 0.01f / 0.1f);
    // three roundings of numbers up to 2, each at most 2^-23
    ck_assert_float_eq_tol(sgd_step(decayed, 0.5f), 1.93f, 4e-7f);
    ck_assert_float_eq_tol(sgd_step(w, g), 1.93f, 4e-7f);
    ck_assert_float_eq_tol(sgd_step(w, 0.5f + 2.0f * 0.05f * w), 1.93f, 4e-7f);
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
// one length. Under SGD, L2 and decay take the same first step. D's factor at
// alpha = 0.01 grows, 1 / (1 - 0.01 lambda), decay shrinks.
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
    // left SGD, right Adam, each with its own three columns
    const char *figure = "out/ch05/weight_decay.fig";
    for (int i = 0; i < 6; i++)
        ck_assert_double_eq(figure_attribute(figure, "lines", i, "y"), i + 2);
    assert_mark(figure, 0, "lines", "epoch", "SGD decay", "weight decay");
    assert_mark(figure, 0, "lines", "epoch", "Adam L2", "L2 penalty");
    assert_mark(figure, 0, "lines", "epoch", "Adam as printed",
                "as D prints it");
    ck_assert_str_eq(figure_words(figure, "panel", 0), "SGD");
    ck_assert_str_eq(figure_words(figure, "panel", 1), "Adam");

    double decayed = result_value(&run, "length_adamw");
    ck_assert_double_gt(result_value(&run, "length_as_printed"),
                        decayed + 0.05);
    ck_assert_double_gt(fabs(result_value(&run, "length_L2") - decayed), 0.05);
    ck_assert_double_lt(result_value(&run, "sgd_first_step"), 2e-7);
    ck_assert_double_gt(result_value(&run, "adam_difference"), 0.1);

    const char *table = from_line(run.output, "lambda   ");
    const double lambda[] = {0.5, 2, 150};
    for (int i = 0; i < 3; i++) {
        char row[16];
        snprintf(row, sizeof row, "%g ", lambda[i]);
        ck_assert_double_eq_tol(table_number(table, row, 0),
                                1 / (1 - 0.01 * lambda[i]), 6e-4);
        ck_assert_double_eq_tol(table_number(table, row, 1),
                                1 - 0.01 * lambda[i], 6e-4);
    }
}
END_TEST

int main(void) {
    const Test tests[] = {{one_step_of_sgd},
                          {the_printed_decay_grows},
                          {a_larger_lambda_decays_more},
                          {l2_is_decay_under_sgd_only},
                          {decay_under_adam_is_adamw},
                          {shows_each_way_by_its_name}};
    threads_set(1);
    return run_tests("weight_decay", tests, sizeof tests / sizeof *tests);
}
