// Shapes, gradients with each set of ideas, and the one claim that is large
// enough to assert: ReLU learns where sigmoid does not. Then its method, and
// what its table and charts show.

#include "spy.h"

#define main alexnet_main
#include "ch06_cnn/alexnet.c"
#undef main

#include "digits.h"
#include "figures.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
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

// The banner's; windows that do not overlap leave a row and a column more.
START_TEST(shapes) {
    for (int overlap = 0; overlap < 2; overlap++) {
        Fixture f;
        fixture_init(&f, &nets[overlap ? 0 : 2]);
        loss_of(&f);
        ck_assert_int_eq(f.net.pool1.shape[2], overlap ? 13 : 14);
        ck_assert_int_eq(f.net.pool2.shape[3], overlap ? 6 : 7);
        net_free(&f.net);
    }
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
        assert_slopes_along(loss_of, &f, &f.net.params, 1e-3, 0.03);
        net_free(&f.net);
    }
}
END_TEST

// In use nothing is dropped, and nothing halved, for what is kept in training
// is doubled: the answer is that of a net without dropout, not that of
// training.
START_TEST(drops_in_training_only) {
    Fixture f;
    fixture_init(&f, &nets[0]);
    net_forward(&f.net, &f.x, NULL);
    float in_use = f.net.logits.data[0];
    loss_of(&f);
    ck_assert_float_ne(f.net.logits.data[0], in_use);
    f.net.ideas.dropout = false;
    net_forward(&f.net, &f.x, NULL);
    ck_assert_float_eq(f.net.logits.data[0], in_use);
    net_free(&f.net);
}
END_TEST

// With every other unit dropped the net gives other answers.
START_TEST(evaluates_without_dropout) {
    Net net;
    Rng rng;
    Dataset set;
    rng_seed(&rng, 1);
    net_init(&net, &nets[0], &rng);
    digits_draw(&set, 300, 1);
    Batches all = one_batch(&set);
    net_forward(&net, &all.x, NULL);
    label_as_answered(&set, &net.logits);
    ck_assert_double_eq(error_on(&net, &set), 0);
    batches_free(&all);
    dataset_free(&set);
    net_free(&net);
}
END_TEST

// The net without one idea has the three others.
START_TEST(each_net_lacks_the_idea_of_its_name) {
    for (int k = 0; k < NETS; k++) {
        const bool has[] = {nets[k].relu, nets[k].overlap, nets[k].lrn,
                            nets[k].dropout};
        for (int i = 0; i < 4; i++)
            ck_assert_msg(has[i] == (i != k - 1), "%s: its idea %d is %s",
                          nets[k].name, i + 1, has[i] ? "there" : "missing");
    }
}
END_TEST

// To guess costs log 10 = 2.303. With ReLU the loss is 1.5 by now, with sigmoid
// 2.4.
START_TEST(relu_learns_where_sigmoid_does_not) {
    Digits digits;
    few_digits(&digits, 100);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {.common = {.seed = seed, .quiet = true},
                     .epochs = 6,
                     .batch = 10,
                     .runs = 1,
                     .lr = 3e-3f};
        Outcome relu = try_ideas(&nets[0], &digits, &o);
        Outcome sigmoid = try_ideas(&nets[1], &digits, &o);
        ck_assert_double_lt(relu.loss[5], 1.9);
        ck_assert_double_gt(sigmoid.loss[5], 2.2);
    }
    digits_free(&digits);
}
END_TEST

// Three runs are three seeds, and the loss is their mean.
START_TEST(means_are_over_all_runs) {
    Digits digits;
    few_digits(&digits, 20);
    Options o = {.common = {.seed = 1, .quiet = true},
                 .epochs = 2,
                 .batch = 10,
                 .runs = 3,
                 .lr = 3e-3f};
    Outcome all = try_ideas(&nets[0], &digits, &o);
    assert_runs_differ(4);
    double mean = 0;
    o.runs = 1;
    for (int run = 0; run < 3; run++, o.common.seed++) {
        Outcome one = try_ideas(&nets[0], &digits, &o);
        mean += one.loss[1] / 3;
        ck_assert_double_eq(all.error[run], one.error[0]);
    }
    ck_assert_double_eq_tol(all.loss[1], mean, 1e-12);
    digits_free(&digits);
}
END_TEST

// Five nets, two epochs of three steps, on 20 digits in batches of 8.
START_TEST(shuffles_and_tests_on_unseen_digits) {
    run_spied(alexnet_main, "alexnet --epochs 2 --limit 20 --batch 8 --runs 1 "
                            "--data synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 5 * 2 * 3);
    assert_passes(5 * 2);
    assert_first_step_has_a_gradient();
}
END_TEST

// Numbers of which no two are alike.
static Outcome made_up[NETS];
static void make_up(void) {
    for (int k = 0; k < NETS; k++)
        made_up[k] = (Outcome){.loss = {k + 2.5, k + 0.25},
                               .error = {10.5 + k, 20.5 + k},
                               .median = 30.5 + k};
}

static const Options two_epochs = {
    .common = {.plot = "svg"}, .epochs = 2, .runs = 2};
static void print_made_up(void) {
    print_table(made_up, &two_epochs);
}

START_TEST(a_row_has_its_nets_numbers) {
    make_up();
    Run run = run_function(print_made_up);
    for (int k = 0; k < NETS; k++) {
        const double want[] = {k + 2.5, k + 0.25, 30.5 + k, 10.5 + k, 20.5 + k};
        assert_row(run.output, nets[k].name, want, 5, 0);
    }
}
END_TEST

START_TEST(a_curve_has_its_nets_numbers) {
    // nets[1] has no ReLU and is not shown among the ideas
    const double median[] = {30.5, 32.5, 33.5, 34.5},
                 error[] = {10.5, 20.5, 12.5, 22.5, 13.5, 23.5, 14.5, 24.5},
                 row[] = {0, 0, 1, 1, 2, 2, 3, 3};
    make_up();
    hide_gnuplot();
    draw_losses(made_up, &two_epochs, "made up");
    draw_errors(made_up, &two_epochs, "made up");
    const char *relu = "out/ch06/alexnet_relu.csv";
    assert_column(relu, 0, "with ReLU", made_up[0].loss, 2, 0);
    assert_column(relu, 0, "with sigmoid", made_up[1].loss, 2, 0);
    const char *figure = "out/ch06/alexnet_relu.fig";
    assert_mark(figure, 0, "linespoints", "epoch", "with ReLU", "with ReLU");
    assert_mark(figure, 0, "linespoints", "epoch", "with sigmoid",
                "with sigmoid");
    assert_says(figure_words(figure, "title", 0), "0.25 with ReLU, 1.25 with");

    const char *ideas = "out/ch06/alexnet_ideas.csv";
    assert_column(ideas, 0, "median", median, NETS - 1, 0);
    assert_column(ideas, 1, "row", row, 8, 0);
    assert_column(ideas, 1, "test error", error, 8, 0);
    figure = "out/ch06/alexnet_ideas.fig";
    assert_mark(figure, 0, "points", "median", "row", "median");
    assert_mark(figure, 1, "points", "test error", "row", "one seed");
    assert_says(figure_words(figure, "title", 0), "at most 4.0 points");
    assert_says(figure_words(figure, "caption", 0), "is 32 %"); // 31.5, rounded
    for (int k = 0; k < NETS - 1; k++)
        ck_assert_str_eq(figure_words(figure, "tick", k),
                         nets[k > 0 ? k + 1 : 0].name);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result(
        "alexnet --limit 100 --epochs 1 --runs 1 --data synthetic");
    ck_assert_double_le(result_value(&run, "all"), 100);
    ck_assert_double_le(result_value(&run, "no_lrn"), 100);
}
END_TEST

int main(void) {
    const Test tests[] = {{shapes},
                          {gradients_are_slopes},
                          {drops_in_training_only},
                          {evaluates_without_dropout},
                          {each_net_lacks_the_idea_of_its_name},
                          {relu_learns_where_sigmoid_does_not, .seconds = 200},
                          {means_are_over_all_runs},
                          {shuffles_and_tests_on_unseen_digits},
                          {a_row_has_its_nets_numbers},
                          {a_curve_has_its_nets_numbers},
                          {prints_its_result}};
    threads_set(1); // so small a net is done before a second one has woken up
    return run_tests("alexnet", tests, sizeof tests / sizeof *tests);
}
