// Early stopping beside Keras's (golden/make_frameworks.py); PyTorch has none.

#define main early_stopping_main
#include "ch05_regularization/early_stopping.c"
#undef main

#include "golden.h"
#include "testing.h"

enum { EPOCHS = 15, PATIENCES = 7 };

// How many epochs are trained on losses that are given.
static int epochs_done(Best *best, const Tensor *losses, int patience) {
    int epoch = 0;
    while (epoch < EPOCHS && !out_of_patience(best, epoch, patience)) {
        float loss = losses->data[epoch++], w = (float)epoch;
        Tensor weights = tensor_view(&w, 1, 1);
        keep_if_best(best, epoch, 0.0f, loss, &weights);
    }
    return epoch;
}

// With the same losses, training stops after the same epoch.
START_TEST(patience_is_the_same) {
    Tensor losses = golden("frameworks.txt", "", "losses");
    Tensor stop = golden("frameworks.txt", "", "keras.stop");
    ck_assert_uint_eq(losses.size, EPOCHS);
    ck_assert_uint_eq(stop.size, PATIENCES);
    for (int patience = 1; patience < PATIENCES; patience++) {
        Best best = {0};
        ck_assert_int_eq(epochs_done(&best, &losses, patience),
                         (int)stop.data[patience]);
        tensor_free(&best.weights);
    }
    tensor_free(&losses);
    tensor_free(&stop);
}
END_TEST

// 0 is Keras's default and stops there as 1 does; here it means never.
START_TEST(patience_0_is_not) {
    Tensor losses = golden("frameworks.txt", "", "losses");
    Tensor stop = golden("frameworks.txt", "", "keras.stop");
    Best best = {0};
    ck_assert_float_eq(stop.data[0], stop.data[1]);
    ck_assert_int_lt((int)stop.data[0], EPOCHS);
    ck_assert_int_eq(epochs_done(&best, &losses, 0), EPOCHS);
    tensor_free(&best.weights);
    tensor_free(&losses);
    tensor_free(&stop);
}
END_TEST

int main(void) {
    const Test tests[] = {{patience_is_the_same}, {patience_0_is_not}};
    return run_tests("frameworks_stop", tests, sizeof tests / sizeof *tests);
}
