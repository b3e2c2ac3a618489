// test_metrics.c - a confusion matrix counted by hand, and what follows from
// it.

#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "metrics.h"

START_TEST(median_is_the_middle_one) {
    ck_assert_double_eq(median((double[]){3, 1, 2}, 3), 2);
    ck_assert_double_eq(median((double[]){4, 1, 3, 2}, 4), 2.5);
    ck_assert_double_eq(median((double[]){7}, 1), 7);
    // an unfinished run among them: there is no median yet
    for (int i = 0; i < 3; i++) {
        double x[] = {3, 1, 2};
        x[i] = (double)NAN;
        ck_assert(isnan(median(x, 3)));
    }
}
END_TEST

START_TEST(argmax_takes_the_first_of_equals) {
    const float x[] = {1, 3, -2, 3, 0};
    ck_assert_int_eq(argmax(x, 5), 1);
    ck_assert_int_eq(argmax(x + 2, 3), 1);
    ck_assert_int_eq(argmax(x, 1), 0);
    const float below[] = {-5, -2, -9};
    ck_assert_int_eq(argmax(below, 3), 1);
}
END_TEST

// Ten pictures of three classes, in two batches:
//
//              taken for
//     truth    0   1   2          precision   recall
//       0      3   1   0     0    3 / 4       3 / 4
//       1      1   2   1     1    2 / 4       2 / 4
//       2      0   1   1     2    1 / 2       1 / 2
static Confusion by_hand(void) {
    const int truth[] = {0, 1, 2, 0, 1, 0, 1, 0, 2, 1};
    const int taken[] = {0, 1, 1, 0, 0, 1, 2, 0, 2, 1};
    float logits[10 * 3] = {0};
    for (int i = 0; i < 10; i++)
        logits[i * 3 + taken[i]] = 1 + (float)i;
    Confusion c = {.classes = 3};
    Tensor first = tensor_view(logits, 2, 4, 3);
    Tensor second = tensor_view(logits + 12, 2, 6, 3);
    confusion_add(&c, &first, truth);
    confusion_add(&c, &second, truth + 4);
    return c;
}

START_TEST(counts) {
    const long want[3][3] = {{3, 1, 0}, {1, 2, 1}, {0, 1, 1}};
    Confusion c = by_hand();
    for (int t = 0; t < 3; t++)
        for (int p = 0; p < 3; p++)
            ck_assert_int_eq(c.count[t][p], want[t][p]);
    ck_assert_int_eq(confusion_total(&c), 10);
}
END_TEST

START_TEST(ratios) {
    Confusion c = by_hand();
    const double want[] = {0.75, 0.5, 0.5};
    ck_assert_double_eq(confusion_accuracy(&c), 0.6);
    for (int k = 0; k < 3; k++) {
        ck_assert_double_eq(confusion_precision(&c, k), want[k]);
        ck_assert_double_eq(confusion_recall(&c, k), want[k]);
        ck_assert_double_eq_tol(confusion_f1(&c, k), want[k], 1e-15);
    }
}
END_TEST

// Precision divides by the column, recall by the row; F1 is 2 P R / (P + R).
START_TEST(precision_is_not_recall) {
    Confusion c = {.classes = 2, .count = {{8, 2}, {24, 6}}};
    ck_assert_double_eq(confusion_precision(&c, 0), 8.0 / 32);
    ck_assert_double_eq(confusion_recall(&c, 0), 8.0 / 10);
    ck_assert_double_eq_tol(confusion_f1(&c, 0), 0.4 / 1.05, 1e-15);
    ck_assert_double_eq(confusion_precision(&c, 1), 6.0 / 8);
    ck_assert_double_eq(confusion_recall(&c, 1), 6.0 / 30);
    ck_assert_double_eq(confusion_accuracy(&c), 14.0 / 40);
}
END_TEST

// A class never met, or never named, divides by nothing.
START_TEST(empty_classes_give_zero) {
    Confusion c = {.classes = 3, .count = {{4, 0, 0}, {2, 0, 0}}};
    ck_assert_double_eq(confusion_precision(&c, 1), 0);
    ck_assert_double_eq(confusion_recall(&c, 1), 0);
    ck_assert_double_eq(confusion_recall(&c, 2), 0);
    ck_assert_double_eq(confusion_f1(&c, 2), 0);
    Confusion none = {.classes = 3};
    ck_assert_double_eq(confusion_accuracy(&none), 0);
}
END_TEST

static void print_by_hand(void) {
    Confusion c = by_hand();
    confusion_print(&c);
}

START_TEST(prints_a_table) {
    Run run = run_function(print_by_hand);
    ck_assert_str_eq(run.output,
                     "truth     0    1    2  precision recall   F1\n"
                     "    0     3    1    0     0.750  0.750 0.750\n"
                     "    1     1    2    1     0.500  0.500 0.500\n"
                     "    2     0    1    1     0.500  0.500 0.500\n");
}
END_TEST

static void print_ten(void) {
    Confusion c = {.classes = 10};
    for (int k = 0; k < 10; k++)
        c.count[k][k] = 1135; // the most of one digit in MNIST
    confusion_print(&c);
}

START_TEST(ten_classes_fit_80_columns) {
    Run run = run_function(print_ten);
    int lines = 0;
    for (char *line = strtok(run.output, "\n"); line != NULL;
         line = strtok(NULL, "\n"), lines++)
        ck_assert_uint_le(strlen(line), 80);
    ck_assert_int_eq(lines, 11);
}
END_TEST

START_TEST(draws_the_counts) {
    ck_assert_int_eq(chdir(scratch_path("").text), 0);
    Confusion c = by_hand();
    confusion_draw(&c, "ch99", "confusion", "A test", "svg");
    FILE *in = fopen("out/ch99/confusion.csv", "r");
    ck_assert_ptr_nonnull(in);
    char text[512] = "";
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, in), 0);
    fclose(in);
    ck_assert_str_eq(text, "predicted,true,count\n"
                           "0,0,3\n1,0,1\n2,0,0\n"
                           "0,1,1\n1,1,2\n2,1,1\n"
                           "0,2,0\n1,2,1\n2,2,1\n");
}
END_TEST

static void add(int classes, int label) {
    float logits[40] = {0};
    Tensor x = tensor_view(logits, 2, 1, 4);
    Confusion c = {.classes = classes};
    confusion_add(&c, &x, &label);
}

START_TEST(add_as_it_should_be) {
    add(4, 3);
}
END_TEST

START_TEST(other_number_of_classes) {
    add(5, 3);
}
END_TEST

START_TEST(label_too_large) {
    add(4, 4);
}
END_TEST

START_TEST(label_negative) {
    add(4, -1);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {median_is_the_middle_one},
        {argmax_takes_the_first_of_equals},
        {counts},
        {ratios},
        {precision_is_not_recall},
        {empty_classes_give_zero},
        {prints_a_table},
        {ten_classes_fit_80_columns},
        {draws_the_counts},
        {add_as_it_should_be},
        {other_number_of_classes, .signal = SIGABRT},
        {label_too_large, .signal = SIGABRT},
        {label_negative, .signal = SIGABRT},
    };
    return run_tests("metrics", tests, sizeof tests / sizeof *tests);
}
