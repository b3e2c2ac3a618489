// The rule on made-up losses, then the curve's shape and the restored weights.

#define main early_stopping_main
#include "ch05_regularization/early_stopping.c"
#undef main

#include "numbers.h"
#include "testing.h"

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

// Over seeds: the training loss goes to 0, the validation loss turns up in
// between, and the weights the net ends with are the best epoch's.
START_TEST(validation_turns_up) {
    for (uint64_t seed = 1; seed <= 6; seed++) {
        Options o = {.common = {.seed = seed, .quiet = true},
                     .epochs = 1000,
                     .lr = 0.001f};
        Dataset set, validation;
        characters_draw(&set, &validation, CHARACTER_TRAIN,
                        CHARACTER_VALIDATION, seed);
        ReluNet net;
        Rng rng;
        Best best = {0};
        Curves curves = {0};
        rng_seed(&rng, seed);
        train(&net, &best, &curves, &set, &validation, &o, &rng);
        ck_assert_int_eq(curves.epochs, 1000);
        ck_assert_float_lt(curves.train[999], 0.01f);
        ck_assert(best.epoch > 20 && best.epoch < 500);
        ck_assert_float_gt(best.train_loss, 10 * curves.train[999]);
        ck_assert_float_gt(curves.validation[999], 1.3f * best.validation_loss);
        Batches held;
        batches_init(&held, &validation, validation.count);
        batches_start(&held, NULL);
        batches_next(&held);
        ck_assert_float_eq(loss_on(&net, &held), best.validation_loss);
        batches_free(&held);
        mem_free(curves.train);
        mem_free(curves.validation);
        tensor_free(&best.weights);
        relu_net_free(&net);
        dataset_free(&set);
        dataset_free(&validation);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("early_stopping --quiet --plot none --patience 10");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "last_epoch"),
                        result_value(&run, "best_epoch") + 10);
    run = run_program("early_stopping --quiet --plot none --epochs 1");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "best_epoch"), 1);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {keeps_the_best_weights}, {validation_turns_up}, {prints_its_result}};
    use_threads(1);
    return run_tests("early_stopping", tests, sizeof tests / sizeof *tests);
}
