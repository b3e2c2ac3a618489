// Over seeds and sizes: a net trained on changed digits reads more of them.
// What each kind of change does is tested in tests/test_augment.c.

#include "augment.h"
#include "spy.h"

// How many batches were changed.
static int changed;
static void spy_augment(Tensor *x, const Augment *by, Rng *rng) {
    changed++;
    augment_batch(x, by, rng);
}
#define augment_batch spy_augment

#define main augment_main
#include "ch05_regularization/augment.c"
#undef main

#include "digits.h"
#include "figures.h"
#include "method.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

// Each run learns from digits of its own.
START_TEST(parts_do_not_overlap) {
    uint8_t pixels[100] = {0}, labels[100] = {0};
    Dataset set = {pixels, labels, 100, 1, 1, 10};
    for (int run = 0; run < 3; run++) {
        Dataset some = part(&set, run, 30);
        ck_assert_int_eq(some.count, 30);
        ck_assert_ptr_eq(some.pixels, pixels + 30 * run);
        ck_assert_ptr_eq(some.labels, labels + 30 * run);
    }
    Dataset all = part(&set, 2, 1000); // more than there are: all there are
    ck_assert_int_eq(all.count, 100);
    ck_assert_ptr_eq(all.pixels, pixels);
}
END_TEST

static void small_net(ReluNet *net, Rng *rng, uint64_t seed) {
    rng_seed(rng, seed);
    relu_net_init(net, 3, (int[]){784, 128, 10}, rng);
}

// Every batch of a training is changed, if any; no batch of an evaluation is.
// 23 steps over five batches of 20 are five epochs, each of them shuffled; over
// 15 batches two. And no digit is ever mirrored.
START_TEST(changes_every_training_batch_only) {
    Digits digits = synthetic_digits(300, 1);
    const Options o = {.common = {.quiet = true}, .steps = 23};
    for (int augmented = 0; augmented < 2; augmented++)
        for (int count = 100; count <= 300; count += 200) {
            ReluNet net;
            Rng rng;
            small_net(&net, &rng, 1);
            Dataset some = part(&digits.train, 0, count);
            spy.steps = spy.passes = spy.shuffled = changed = 0;
            train(&net, &some, augmented == 1, &o, &rng);
            ck_assert_int_eq(spy.steps, count == 100 ? 25 : 30);
            ck_assert_int_eq(changed, augmented ? spy.steps : 0);
            ck_assert_int_eq(spy.shuffled, count == 100 ? 5 : 2);
            changed = 0;
            error_on(&net, &digits.test);
            ck_assert_int_eq(changed, 0);
            relu_net_free(&net);
        }
    ck_assert_float_eq(training_strength.flip, 0);
    ck_assert_float_eq(training_strength.flip_vertical, 0);
    digits_free(&digits);
}
END_TEST

// Two runs: with seed and seed + 1, on the first 100 digits and the next, each
// tested on the test digits. Both errors count.
START_TEST(the_mean_is_of_all_runs) {
    Digits digits = synthetic_digits(300, 1);
    const Options o = {
        .common = {.seed = 4, .quiet = true}, .steps = 150, .runs = 2};
    double sum = 0, one[2];
    for (int run = 0; run < 2; run++) {
        ReluNet net;
        Rng rng;
        Dataset some = part(&digits.train, run, 100);
        small_net(&net, &rng, 4 + (uint64_t)run);
        train(&net, &some, false, &o, &rng);
        sum += one[run] = error_on(&net, &digits.test);
        relu_net_free(&net);
    }
    ck_assert_double_ne(one[0], one[1]);
    Errors errors = measure(&digits, 100, false, &o);
    ck_assert_double_eq(errors.each[0], one[0]);
    ck_assert_double_eq(errors.each[1], one[1]);
    ck_assert_double_eq_tol(errors.mean, sum / 2, 1e-9);
    digits_free(&digits);
}
END_TEST

// Made-up errors: 30, 20, 10 with digits as they are, half of it if they are
// changed; of two runs, one is 1 above the mean and one below.
static Errors made_up[SIZES][2] = {{{{31, 29}, 30}, {{16, 14}, 15}},
                                   {{{21, 19}, 20}, {{11, 9}, 10}},
                                   {{{11, 9}, 10}, {{6, 4}, 5}}};
static void print_them(void) {
    const Options o = {.steps = 1, .runs = 1};
    print_table(made_up, &o);
}

START_TEST(shows_digits_as_they_are_first) {
    Run run = run_function(print_them);
    const char *table = from_line(run.output, "digits");
    for (int i = 0; i < SIZES; i++) {
        char row[16];
        snprintf(row, sizeof row, "%d ", sizes[i]);
        const double want[] = {made_up[i][0].mean, made_up[i][1].mean};
        assert_row(table, row, want, 2, 0);
    }
    hide_gnuplot();
    draw_errors(made_up, 2, "svg");
    const char *file = "out/ch05/augment_errors.csv";
    assert_column(file, 0, "as they are", (double[]){30, 20, 10}, SIZES, 0);
    assert_column(file, 0, "augmented", (double[]){15, 10, 5}, SIZES, 0);
    assert_column(file, 1, "augmented", (double[]){16, 14, 11, 9, 6, 4}, 6, 0);
    const char *figure = "out/ch05/augment_errors.fig";
    assert_says(figure_words(figure, "title", 0), "100 digits");
    assert_says(figure_words(figure, "title", 0), "from 30.0 to 15.0 %");
    assert_mark(figure, 0, "lines", "digits", "as they are", "original");
    assert_mark(figure, 0, "lines", "digits", "augmented", "augmented");
    assert_mark(figure, 1, "points", "digits", "augmented", "");
}
END_TEST

// Above, six digits; the row "flip x" has each of them from right to left.
START_TEST(a_row_has_its_kind_of_change) {
    enum { SIDE = 28, PIXELS = SIDE * SIDE };
    float digit[PIXELS], flipped[PIXELS];
    Dataset set;
    digits_draw(&set, SHOWN, 1);
    hide_gnuplot();
    draw_kinds(&set, "svg");
    const char *figure = "out/ch05/augment_kinds.fig";
    for (int row = 0; row <= KINDS; row++)
        ck_assert_str_eq(figure_words(figure, "tick", row),
                         row == 0 ? "original" : kinds[row - 1].name);
    const int flip = 5; // its row
    ck_assert_str_eq(kinds[flip - 1].name, "flip x");
    for (int n = 0; n < SHOWN; n++) {
        for (int p = 0; p < PIXELS; p++) {
            digit[p] = (float)set.pixels[n * PIXELS + p] / 255.0f;
            flipped[p / SIDE * SIDE + SIDE - 1 - p % SIDE] = digit[p];
        }
        const char *file = "out/ch05/augment_kinds.csv";
        assert_pixels(file, n, digit, PIXELS, 1e-5);
        assert_pixels(file, flip * SHOWN + n, flipped, PIXELS, 1e-4);
    }
    dataset_free(&set);
}
END_TEST

// [B data augmentation] Every run by itself: its digits, its first weights,
// with and without. On the same 1000 test digits the gain of 600 steps is 3 to
// 7 points.
START_TEST(helps_with_few_digits) {
    Digits digits = synthetic_digits(1000, 1);
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {
            .common = {.seed = seed, .quiet = true}, .steps = 600, .runs = 1};
        double plain[2];
        for (int i = 0; i < 2; i++) {
            plain[i] = measure(&digits, sizes[i], false, &o).mean;
            ck_assert_double_lt(measure(&digits, sizes[i], true, &o).mean,
                                plain[i] - 2.0);
        }
        ck_assert_double_lt(plain[1], plain[0]); // more digits help, too
    }
    digits_free(&digits);
}
END_TEST

// The program's own errors in per cent: of 100 digits as they are and changed,
// of 1000 as they are.
START_TEST(many_digits_beat_few) {
    const char *folder = mnist_dir_or_skip("many_digits_beat_few");
    if (folder == NULL)
        return;
    Error err;
    Digits digits;
    Options o = {
        .common = {.seed = 1, .quiet = true}, .steps = 1500, .runs = 3};
    ck_assert(digits_load(&digits, folder, 0, 1, &err));
    ck_assert_double_eq_tol(measure(&digits, 100, false, &o).mean, 30.28, 1.0);
    ck_assert_double_eq_tol(measure(&digits, 100, true, &o).mean, 19.43, 1.0);
    ck_assert_double_eq_tol(measure(&digits, 1000, false, &o).mean, 10.80, 1.0);
    digits_free(&digits);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("augment --steps 1 --runs 1 --data synthetic");
    ck_assert_double_gt(result_value(&run, "error_100"), 0);
    ck_assert_double_gt(result_value(&run, "augmented_1000"), 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{parts_do_not_overlap},
                          {changes_every_training_batch_only},
                          {the_mean_is_of_all_runs},
                          {shows_digits_as_they_are_first},
                          {a_row_has_its_kind_of_change},
                          {helps_with_few_digits, .seconds = 100},
                          {many_digits_beat_few, .seconds = 60},
                          {prints_its_result, .seconds = 20}};
    threads_set(1);
    return run_tests("ch05_augment", tests, sizeof tests / sizeof *tests);
}
