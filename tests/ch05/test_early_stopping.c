// The rule on made-up losses, then the curve's shape and the restored weights.

#define main early_stopping_main
#include "ch05_regularization/early_stopping.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

// [B early stopping] The least validation loss decides which weights are kept;
// patience counts the epochs since then.
START_TEST(keeps_the_best_weights) {
    const float losses[] = {3, 2, 2, 1, 4, 1};
    Best best = {0};
    for (int e = 1; e <= 6; e++) {
        float w = (float)e;
        Tensor weights = tensor_view(&w, 1, 1);
        keep_if_best(&best, e, 0.5f, losses[e - 1], &weights);
    }
    ck_assert_int_eq(best.epoch, 4); // the first of equals
    ck_assert_float_eq(best.validation_loss, 1.0f);
    ck_assert_float_eq(best.weights.data[0], 4.0f);
    ck_assert(!out_of_patience(&best, 6, 3));
    ck_assert(out_of_patience(&best, 7, 3));
    ck_assert(!out_of_patience(&best, 1000, 0));
    tensor_free(&best.weights);
}
END_TEST

static const Options lecture = {
    .common = {.quiet = true}, .epochs = 1000, .lr = 0.03f};

// Over seeds, at the lecture's own rate of 0.03: the training loss goes to 0,
// the validation loss turns up long before. The best epochs of the first five
// seeds, 22 to 64, are those that the README gives.
START_TEST(validation_turns_up) {
    const int best_epochs[] = {22, 49, 25, 36, 64, 40};
    for (uint64_t seed = 1; seed <= 6; seed++) {
        Outcome r;
        run(&r, seed, &lecture);
        ck_assert_int_eq(r.curves.epochs, 1000);
        ck_assert_float_lt(r.curves.train[999], 0.002f);
        // give or take what rounding on another processor may do
        ck_assert_int_ge(r.best.epoch, best_epochs[seed - 1] - 1);
        ck_assert_int_le(r.best.epoch, best_epochs[seed - 1] + 1);
        ck_assert_float_gt(r.best.train_loss, 0.2f);
        ck_assert_float_gt(r.curves.validation[999],
                           3.0f * r.best.validation_loss);
        outcome_free(&r);
    }
}
END_TEST

// The net ends with the weights of the best epoch.
START_TEST(best_weights_are_restored) {
    Dataset set, validation;
    ReluNet net;
    Rng rng;
    Outcome r = {0};
    Batches held;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    1);
    rng_seed(&rng, 1);
    train(&net, &r.best, &r.curves, &set, &validation, &lecture, &rng);
    batches_init(&held, &validation, validation.count);
    batches_start(&held, NULL);
    batches_next(&held);
    ck_assert_float_eq(loss_on(&net, &held), r.best.validation_loss);
    batches_free(&held);
    outcome_free(&r);
    relu_net_free(&net);
    dataset_free(&set);
    dataset_free(&validation);
}
END_TEST

// After 200 epochs both seeds are past their best: the training loss lies below
// the validation loss, and that above its least. The two seeds are two.
START_TEST(shows_training_and_validation_by_their_names) {
    enum { EPOCHS = 200 };
    double training[EPOCHS], validation[EPOCHS];
    Run run = run_for_charts("early_stopping --runs 2 --epochs 200");
    const char *file = "out/ch05/early_stopping.csv";
    ck_assert_int_eq(chart_column(file, 0, "training", training, EPOCHS),
                     EPOCHS);
    chart_column(file, 0, "validation", validation, EPOCHS);
    ck_assert_double_eq_tol(training[EPOCHS - 1],
                            result_value(&run, "last_train"), 6e-4);
    ck_assert_double_eq_tol(validation[EPOCHS - 1],
                            result_value(&run, "last_validation"), 6e-4);
    ck_assert_double_lt(training[EPOCHS - 1], 0.5 * validation[EPOCHS - 1]);
    const char *figure = "out/ch05/early_stopping.fig";
    assert_mark(figure, 0, "lines", "epoch", "training", "training");
    assert_mark(figure, 0, "lines", "epoch", "validation", "validation");
    ck_assert_double_eq(figure_attribute(figure, "vertical", 0, "at"),
                        result_value(&run, "best_epoch"));

    ck_assert_double_eq(table_number(run.output, "best,", 1),
                        result_value(&run, "best_train"));
    ck_assert_double_eq(table_number(run.output, "best,", 2),
                        result_value(&run, "best_validation"));
    const char *seeds = from_line(run.output, "seed ");
    ck_assert_double_lt(table_number(seeds, "1 ", 1),
                        table_number(seeds, "1 ", 2));
    ck_assert_double_ne(table_number(seeds, "1 ", 2),
                        table_number(seeds, "2 ", 2));
}
END_TEST

// The defaults are the lecture's, 1000 epochs of Adam 0.03: another rate ends
// with other losses than the README's.
START_TEST(prints_its_result) {
    Run run = run_for_result("early_stopping --runs 1");
    ck_assert_double_eq(result_value(&run, "last_epoch"), 1000);
    ck_assert_double_eq_tol(result_value(&run, "best_train"), 0.344, 0.003);
    ck_assert_double_eq_tol(result_value(&run, "best_validation"), 0.423,
                            0.003);
    ck_assert_double_eq_tol(result_value(&run, "last_validation"), 2.144, 0.02);
    run = run_for_result("early_stopping --runs 1 --patience 10");
    ck_assert_double_eq(result_value(&run, "last_epoch"),
                        result_value(&run, "best_epoch") + 10);
    run = run_for_result("early_stopping --epochs 1");
    ck_assert_double_eq(result_value(&run, "best_epoch"), 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{keeps_the_best_weights},
                          {validation_turns_up, .seconds = 20},
                          {best_weights_are_restored},
                          {shows_training_and_validation_by_their_names},
                          {prints_its_result}};
    threads_set(1);
    return run_tests("early_stopping", tests, sizeof tests / sizeof *tests);
}
