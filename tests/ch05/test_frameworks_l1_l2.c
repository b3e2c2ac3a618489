// The penalties' gradients beside Keras's and PyTorch's
// (golden/make_frameworks.py).

#define main l1_l2_main
#include "ch05_regularization/l1_l2.c"
#undef main

#include "golden.h"
#include "testing.h"

enum { SIZE = 6 };

typedef void AddGradient(Tensor *dw, const Tensor *w, float lambda);

// lambda w is rounded once or twice, to 2^-24 of less than 0.02.
static void assert_gradient(AddGradient *add, float lambda, const char *name) {
    Tensor w = golden("frameworks.txt", "", "penalized");
    Tensor want = golden("frameworks.txt", "", name), dw = {0};
    ck_assert_uint_eq(w.size, SIZE);
    tensor_resize_like(&dw, &w);
    tensor_fill(&dw, 0.0f);
    add(&dw, &w, lambda);
    assert_close(dw.data, want.data, SIZE, 4e-9, name);
    tensor_free(&w);
    tensor_free(&want);
    tensor_free(&dw);
}

// Of |w| at 0, too: the gradient there is 0.
START_TEST(l1_is_the_same) {
    assert_gradient(l1_add_gradient, 0.01f, "keras.l1");
}
END_TEST

// Keras's L2(0.01) adds 0.02 w, PyTorch's weight_decay=0.01 half of that.
START_TEST(l2_is_twice_weight_decay) {
    assert_gradient(l2_add_gradient, 0.01f, "keras.l2");
    assert_gradient(l2_add_gradient, 0.005f, "torch.weight_decay");
}
END_TEST

int main(void) {
    const Test tests[] = {{l1_is_the_same}, {l2_is_twice_weight_decay}};
    return run_tests("frameworks_l1_l2", tests, sizeof tests / sizeof *tests);
}
