// Over seeds and sizes: a net trained on changed digits reads more of them.
// What each kind of change does is tested in tests/test_augment.c.

#define main augment_main
#include "ch05_regularization/augment.c"
#undef main

#include "testing.h"
#include "threads.h"

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

// Every run by itself: its digits, its first weights, with and without. The
// gain is some 10 % of 1000 test digits, several times the 1.4 % by which
// their choice lets an error of 25 % vary.
START_TEST(helps_with_few_digits) {
    const char *folder = mnist_dir_or_skip("helps_with_few_digits");
    if (folder == NULL)
        folder = "synthetic";
    Error err;
    Digits digits;
    ck_assert(digits_load(&digits, folder, 0, 1, &err));
    digits.test.count = 1000;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {
            .common = {.seed = seed, .quiet = true}, .steps = 1000, .runs = 1};
        double plain[2];
        for (int i = 0; i < 2; i++) {
            plain[i] = mean_error(&digits, sizes[i], false, &o);
            ck_assert_double_lt(mean_error(&digits, sizes[i], true, &o),
                                plain[i] - 2.0);
        }
        ck_assert_double_lt(plain[1], plain[0]); // more digits help, too
    }
    digits_free(&digits);
}
END_TEST

// The program's errors in per cent with digits as they are: 100 of them, and
// 1000.
START_TEST(many_digits_beat_few) {
    const char *folder = mnist_dir_or_skip("many_digits_beat_few");
    if (folder == NULL)
        return;
    Error err;
    Digits digits;
    Options o = {
        .common = {.seed = 1, .quiet = true}, .steps = 1500, .runs = 3};
    ck_assert(digits_load(&digits, folder, 0, 1, &err));
    ck_assert_double_eq_tol(mean_error(&digits, 100, false, &o), 30.28, 1.0);
    ck_assert_double_eq_tol(mean_error(&digits, 1000, false, &o), 10.80, 1.0);
    digits_free(&digits);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("augment --quiet --plot none --steps 1 --runs 1 "
                          "--data synthetic");
    ck_assert_int_eq(run.status, 0);
    ck_assert(result_value(&run, "error_100") > 0);
    ck_assert(result_value(&run, "augmented_1000") > 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{parts_do_not_overlap},
                          {helps_with_few_digits, .seconds = 100},
                          {many_digits_beat_few, .seconds = 40},
                          {prints_its_result, .seconds = 20}};
    threads_set(1);
    return run_tests("ch05_augment", tests, sizeof tests / sizeof *tests);
}
