// Shapes, gradients with each set of ideas, and the one claim that is large
// enough to assert: ReLU learns where sigmoid does not.

#define main alexnet_main
#include "ch06_cnn/alexnet.c"
#undef main

#include "gradcheck.h"
#include "numbers.h"
#include "testing.h"
#include "threads.h"

enum { N = 3 };

typedef struct {
    Net net;
    float pixels[N * 784];
    Tensor x;
} Fixture;

static const int labels[N] = {3, 8, 1};

static void fixture_init(Fixture *f, const Ideas *ideas) {
    Rng rng;
    rng_seed(&rng, 5);
    net_init(&f->net, ideas, &rng);
    fill_noise(f->pixels, N * 784, 6);
    f->x = tensor_view(f->pixels, 4, N, 1, 28, 28);
    f->net.lrn.alpha = 0.1f; // at 1e-4 a forgotten LRN would not be noticed
}

// The same units are dropped every time.
static double loss_of(void *fixture) {
    Fixture *f = fixture;
    Rng rng;
    rng_seed(&rng, 7);
    net_forward(&f->net, &f->x, &rng);
    return (double)softmax_cross_entropy(&f->net.dlogits, &f->net.logits,
                                         labels);
}

START_TEST(shapes) {
    Fixture f;
    fixture_init(&f, &nets[0]);
    loss_of(&f);
    ck_assert_int_eq(f.net.pool1.shape[2], 13);
    ck_assert_int_eq(f.net.pool2.shape[3], 6);
    net_free(&f.net);
    fixture_init(&f, &nets[2]); // windows apart
    loss_of(&f);
    ck_assert_int_eq(f.net.pool1.shape[2], 14);
    ck_assert_int_eq(f.net.pool2.shape[3], 7);
    net_free(&f.net);
}
END_TEST

// A loss near 2 is known to 2 * 6e-8, so a slope over 2e-3 to 1e-4: of a
// gradient 5e-3 long, and all are longer, that is 2 %.
START_TEST(gradients_are_slopes) {
    for (int k = 0; k < NETS; k++) {
        Fixture f;
        fixture_init(&f, &nets[k]);
        loss_of(&f);
        net_backward(&f.net);
        for (int p = 0; p < f.net.params.count; p++) {
            const ParamSpec *spec = &f.net.params.table[p];
            double error =
                grad_check_along(loss_of, &f, spec->value->data,
                                 spec->grad->data, spec->value->size, 1e-3);
            ck_assert_double_lt(error, 0.03);
        }
        net_free(&f.net);
    }
}
END_TEST

// In use nothing is dropped: the same answer twice, and another than in
// training.
START_TEST(drops_in_training_only) {
    Fixture f;
    fixture_init(&f, &nets[0]);
    net_forward(&f.net, &f.x, NULL);
    float first = f.net.logits.data[0];
    net_forward(&f.net, &f.x, NULL);
    ck_assert_float_eq(f.net.logits.data[0], first);
    loss_of(&f);
    ck_assert_float_ne(f.net.logits.data[0], first);
    net_free(&f.net);
}
END_TEST

START_TEST(relu_learns_where_sigmoid_does_not) {
    Error err;
    Digits digits;
    ck_assert(digits_load(&digits, "synthetic", 1000, 1, &err));
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {.common = {.seed = seed, .quiet = true},
                     .epochs = 6,
                     .batch = 50,
                     .runs = 1,
                     .lr = 1e-3f};
        Outcome relu = try_ideas(&nets[0], &digits, &o);
        Outcome sigmoid = try_ideas(&nets[1], &digits, &o);
        // to guess costs log 10 = 2.303
        ck_assert_double_lt(relu.loss[5], 1.5);
        ck_assert_double_gt(sigmoid.loss[5], 2.0);
    }
    digits_free(&digits);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("alexnet --quiet --plot none --limit 100 --epochs 1 "
                          "--runs 1 --data synthetic");
    ck_assert_int_eq(run.status, 0);
    ck_assert(result_value(&run, "all") <= 100);
    ck_assert(result_value(&run, "no_lrn") <= 100);
}
END_TEST

int main(void) {
    const Test tests[] = {{shapes},
                          {gradients_are_slopes},
                          {drops_in_training_only},
                          {relu_learns_where_sigmoid_does_not, .seconds = 200},
                          {prints_its_result}};
    threads_set(1); // so small a net is done before a second one has woken up
    return run_tests("alexnet", tests, sizeof tests / sizeof *tests);
}
