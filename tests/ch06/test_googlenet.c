// Each weight's gradient, the shapes and counts of the banner, what silencing a
// branch does, and the program: its method, and what its table and charts show.

#include "spy.h"

#define main googlenet_main
#include "ch06_cnn/googlenet.c"
#undef main

#include "digits.h"
#include "figures.h"
#include "gradcheck.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

typedef struct {
    GoogLeNet net;
    Tensor x; // [4, 1, 28, 28]
    int labels[4];
} Step;

static void step_init(Step *s) {
    Rng rng;
    rng_seed(&rng, 3);
    *s = (Step){.labels = {0, 1, 2, 1}};
    googlenet_init(&s->net, &rng);
    // biases of 0 leave ReLUs at exactly 0, their kink, where all inputs are 0
    for (int i = 0; i < s->net.params.count; i++) {
        const Tensor *b = s->net.params.table[i].value;
        for (size_t k = 0; b->ndim == 1 && k < b->size; k++)
            b->data[k] = 0.2f * noise(7, k);
    }
    s->x = noise_tensor(5, 4, 1, 28, 28);
}

static double loss_of(void *context) {
    Step *s = context;
    googlenet_forward(&s->net, &s->x);
    return (double)softmax_cross_entropy(&s->net.dlogits, &s->net.logits,
                                         s->labels);
}

// Along its own gradient each tensor changes the loss by |grad| a unit. The
// loss rounds to 2e-7, over 2 h = 4e-3 and gradients of 0.03 and more: 2e-3.
// What bends within so small a step is kinks that are passed: less than 1 % in
// all tensors. A branch that is missing is off by its own size; where it lies
// at right angles to the rest single elements notice, the coarse way: there a
// kink bends a few per cent.
START_TEST(gradients_are_slopes) {
    Step s;
    step_init(&s);
    loss_of(&s);
    googlenet_backward(&s.net);
    assert_slopes_along(loss_of, &s, &s.net.params, 2e-3, 0.02);
    GradCheck g = grad_check(loss_of, &s, s.net.stem_b.data, s.net.dstem_b.data,
                             STEM, STEM, 1e-3, 0.05);
    assert_slopes("stem.bias", &g, 0.1, 0.05, STEM);
    googlenet_free(&s.net);
}
END_TEST

START_TEST(shapes_and_weights_of_the_banner) {
    Step s;
    step_init(&s);
    loss_of(&s);
    ck_assert_str_eq(tensor_shape(&s.net.x).text, "[4, 16, 7, 7]");
    ck_assert_str_eq(tensor_shape(&s.net.y).text, "[4, 64, 7, 7]");
    ck_assert_str_eq(tensor_shape(&s.net.average).text, "[4, 64, 3, 3]");
    ck_assert_uint_eq(s.net.params.value.size, 9830);
    ck_assert_int_eq(weights_of(POINT, STEM), 272);
    ck_assert_int_eq(weights_of(REDUCE3, STEM) + weights_of(CONV3, 8), 1888);
    ck_assert_int_eq(weights_of(REDUCE5, STEM) + weights_of(CONV5, 4), 1280);
    ck_assert_int_eq(weights_of(CONV5, STEM), 4812);
    googlenet_free(&s.net);
}
END_TEST

// Channels 16 .. 39 are the 3 x 3's: silenced they are 0, the others as before.
START_TEST(silences_one_branch) {
    Step s;
    step_init(&s);
    loss_of(&s);
    Tensor before = {0};
    tensor_copy(&before, &s.net.y);
    s.net.without = 1;
    loss_of(&s);
    double sum = 0;
    for (size_t i = 0; i < before.size; i++) {
        size_t channel = i / 49 % JOINED;
        bool silent = channel >= 16 && channel < 40;
        sum += silent ? (double)before.data[i] : 0;
        ck_assert(s.net.y.data[i] == (silent ? 0 : before.data[i]));
    }
    ck_assert_double_gt(sum, 1);
    tensor_free(&before);
    googlenet_free(&s.net);
}
END_TEST

// In batches of 256 the last one is smaller. Floats add up to 300 losses of
// about 2.3 with an error of a few 1e-7 of them.
START_TEST(mean_loss_is_over_digits) {
    Step s;
    step_init(&s);
    Dataset first, last;
    digits_draw(&first, 300, 1);
    double loss = evaluate(&s.net, &first).loss;
    dataset_hold_out(&last, &first, 44);
    double parts = (256 * evaluate(&s.net, &first).loss +
                    44 * evaluate(&s.net, &last).loss) /
                   300;
    ck_assert_double_eq_tol(loss, parts, 5e-6);
    dataset_free(&first);
    googlenet_free(&s.net);
}
END_TEST

// If the labels are what the net without branch i answers, the net without this
// branch has no error, and none of the three others is right in all.
START_TEST(each_error_is_that_without_its_branch) {
    Step s;
    Dataset set;
    step_init(&s);
    digits_draw(&set, 60, 1);
    Batches all = one_batch(&set);
    for (int i = 0; i < BRANCHES; i++) {
        double error[BRANCHES];
        s.net.without = i;
        googlenet_forward(&s.net, &all.x);
        label_as_answered(&set, &s.net.logits);
        silence(&s.net, error, &set);
        ck_assert_int_eq(s.net.without, NONE);
        for (int k = 0; k < BRANCHES; k++)
            ck_assert_msg((error[k] == 0) == (k == i),
                          "without branch %d, on the answers without branch "
                          "%d, the error is %g %%",
                          k, i, error[k]);
    }
    batches_free(&all);
    dataset_free(&set);
    googlenet_free(&s.net);
}
END_TEST

// 65 digits in batches of 64 are two steps an epoch.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(googlenet_main, "googlenet --epochs 2 --limit 65 --lr 0.01 "
                              "--data synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 4);
    assert_one_cycle(4, 0.01f);
    assert_passes(2);
    assert_first_step_has_a_gradient();
}
END_TEST

static const double made_up[BRANCHES] = {11.5, 22.5, 33.5, 44.5};
static void print_made_up(void) {
    print_branches(made_up);
}

// The banner's weights; 24 (16 * 9 + 1) = 3,480 and 12 (16 * 25 + 1) = 4,812
// with no 1 x 1 in front.
START_TEST(a_row_has_its_branchs_numbers) {
    const double want[BRANCHES][4] = {{16, 272, 272, 11.5},
                                      {24, 1888, 3480, 22.5},
                                      {12, 1280, 4812, 33.5},
                                      {12, 204, 204, 44.5}};
    Run run = run_function(print_made_up);
    for (int i = 0; i < BRANCHES; i++) {
        char row[24]; // with the blank that "1 x 1" needs to be the first row
        snprintf(row, sizeof row, "%s ", branch_name[i]);
        assert_row(run.output, row, want[i], 4, 0);
    }
}
END_TEST

// The bar at 0 has all branches, the one at i + 1, which carries the name of
// branch i, has its error.
START_TEST(a_bar_has_its_branchs_error) {
    const double bars[] = {0, 1, 2, 3, 4},
                 errors[] = {5, 11.5, 22.5, 33.5, 44.5};
    const char *file = "out/ch06/googlenet_branches.csv";
    hide_gnuplot();
    draw(made_up, 5, "svg");
    assert_column(file, 0, "branch", bars, 5, 0);
    assert_column(file, 0, "error", errors, 5, 0);
    const char *figure = "out/ch06/googlenet_branches.fig";
    assert_mark(figure, 0, "ranks", "error", NULL, "");
    ck_assert_str_eq(figure_words(figure, "tick", 2), "without 1 × 1, 3 × 3");
    assert_says(figure_words(figure, "title", 0), "(max, 1 × 1)");
    assert_says(figure_words(figure, "title", 0), "from 5.0 to 44.5 %");
}
END_TEST

// Guessing is right in 10 % of 800, with a standard error of 1.1 %, at a loss
// of 2.3.
START_TEST(learns_synthetic_digits) {
    assert_learns("googlenet --limit 800 --epochs 4", 0.5, 2);
}
END_TEST

// Of 65 digits each is 1.5 %; the curve is in per cent, of wrong answers.
START_TEST(prints_its_result) {
    Run run = run_for_charts("googlenet --quiet --data synthetic --limit 65 "
                             "--epochs 1");
    const double error = 100 - 100 * result_value(&run, "test_accuracy");
    assert_column("out/ch06/googlenet_curves.csv", 1, "error", &error, 1, 1e-4);
    ck_assert_double_gt(result_value(&run, "test_loss"), 0);
    ck_assert_double_eq(result_value(&run, "epochs"), 1);
    assert_never_says(run.output, "epoch 1/1"); // it is --quiet
    ck_assert_int_eq(run_program("googlenet --epochs 0").status, 2);
}
END_TEST

int main(void) {
    threads_set(1);
    const Test tests[] = {
        {gradients_are_slopes},
        {shapes_and_weights_of_the_banner},
        {silences_one_branch},
        {mean_loss_is_over_digits},
        {each_error_is_that_without_its_branch},
        {each_step_has_its_rate_and_its_gradient},
        {a_row_has_its_branchs_numbers},
        {a_bar_has_its_branchs_error},
        {learns_synthetic_digits, .seconds = 40},
        {prints_its_result},
    };
    return run_tests("googlenet", tests, sizeof tests / sizeof *tests);
}
