// test_metrics.c - a confusion matrix counted by hand, and what follows from
// it.

#include "testing.h"

#include <math.h>
#include <string.h>

#include "figures.h"
#include "metrics.h"
#include "tables.h"

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
//     truth    0   1   2          precision   recall   F1
//       0      3   1   0     0    3 / 4       3 / 4    3 / 4
//       1      0   2   2     1    2 / 3       2 / 4    4 / 7
//       2      1   0   1     2    1 / 3       1 / 2    2 / 5
//
// Not symmetric: truth and prediction, precision and recall are told apart.
static const long by_hand_counts[3][3] = {{3, 1, 0}, {0, 2, 2}, {1, 0, 1}};
static const double by_hand_precision[] = {3.0 / 4, 2.0 / 3, 1.0 / 3},
                    by_hand_recall[] = {3.0 / 4, 2.0 / 4, 1.0 / 2},
                    by_hand_f1[] = {3.0 / 4, 4.0 / 7, 2.0 / 5};

static Confusion by_hand(void) {
    const int truth[] = {0, 1, 2, 0, 1, 0, 1, 0, 2, 1};
    const int taken[] = {0, 1, 0, 0, 2, 1, 2, 0, 2, 1};
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
    Confusion c = by_hand();
    for (int t = 0; t < 3; t++)
        for (int p = 0; p < 3; p++)
            ck_assert_msg(c.count[t][p] == by_hand_counts[t][p],
                          "%d taken for %d: %ld times, not %ld", t, p,
                          c.count[t][p], by_hand_counts[t][p]);
    ck_assert_int_eq(confusion_total(&c), 10);
}
END_TEST

START_TEST(ratios) {
    Confusion c = by_hand();
    ck_assert_double_eq(confusion_accuracy(&c), 0.6);
    for (int k = 0; k < 3; k++) {
        ck_assert_double_eq(confusion_precision(&c, k), by_hand_precision[k]);
        ck_assert_double_eq(confusion_recall(&c, k), by_hand_recall[k]);
        ck_assert_double_eq_tol(confusion_f1(&c, k), by_hand_f1[k], 1e-15);
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

// A row is a truth: how often each was predicted, then precision, recall, F1
// with three decimals, under these words.
START_TEST(prints_a_table) {
    Run run = run_function(print_by_hand);
    const char *head = after_text(run.output, "precision");
    after_text(after_text(head, "recall"), "F1");
    for (int t = 0; t < 3; t++) {
        const char row[] = {(char)('0' + t), '\0'};
        for (int p = 0; p < 3; p++)
            ck_assert_double_eq(table_number(run.output, row, p),
                                (double)by_hand_counts[t][p]);
        ck_assert_double_eq_tol(table_number(run.output, row, 3),
                                by_hand_precision[t], 6e-4);
        ck_assert_double_eq_tol(table_number(run.output, row, 4),
                                by_hand_recall[t], 6e-4);
        ck_assert_double_eq_tol(table_number(run.output, row, 5), by_hand_f1[t],
                                6e-4);
    }
}
END_TEST

// Of ten threes three were found, and seven were taken for a five; one five and
// four eights were taken for a three.
static void print_twelve(void) {
    Confusion c = {.classes = 12};
    c.count[3][3] = 3, c.count[3][5] = 7;
    c.count[5][3] = 1, c.count[5][5] = 9;
    c.count[8][3] = 4, c.count[8][8] = 6;
    confusion_print(&c);
}

START_TEST(many_classes_are_a_list) {
    Run run = run_function(print_twelve);
    const double want[] = {3.0 / 8, 3.0 / 10, 1.0 / 3, 5};
    for (int column = 0; column < 4; column++)
        ck_assert_double_eq_tol(table_number(run.output, "3", column),
                                want[column], 6e-4);
    ck_assert_double_eq(table_number(run.output, "8", 3), 3);
    assert_says(from_line(run.output, "3"), "7 times");
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

// x is the prediction, y the truth, and the axes are called so.
START_TEST(draws_the_counts) {
    double x[9], y[9], n[9], mistakes[9];
    hide_gnuplot();
    Confusion c = by_hand();
    confusion_draw(&c, "ch99", "confusion", "A test", "toys", "svg");
    const char *file = "out/ch99/confusion.csv";
    ck_assert_int_eq(chart_column(file, 0, "predicted", x, 9), 9);
    chart_column(file, 0, "true", y, 9);
    chart_column(file, 0, "count", n, 9);
    chart_column(file, 0, "mistakes", mistakes, 9);
    for (int i = 0; i < 9; i++) { // none: nothing is written there
        double want = (double)by_hand_counts[(int)y[i]][(int)x[i]];
        ck_assert_msg(want > 0.0 ? n[i] == want : isnan(n[i]),
                      "%g predicted as %g: %g times", y[i], x[i], n[i]);
        ck_assert_double_eq(mistakes[i], x[i] == y[i] ? 0.0 : want);
    }
    const char *figure = "out/ch99/confusion.fig";
    ck_assert_str_eq(figure_words(figure, "label", 0), "predicted class");
    ck_assert_str_eq(figure_words(figure, "label", 1), "true class");
    assert_mark(figure, 0, "heat", "predicted", "true", "");
    ck_assert_double_eq(figure_attribute(figure, "heat", 0, "v"), 4);
    ck_assert_double_eq(figure_attribute(figure, "values", 0, "v"), 3);
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
        {many_classes_are_a_list},
        {ten_classes_fit_80_columns},
        {draws_the_counts},
        {add_as_it_should_be},
        {other_number_of_classes, .signal = SIGABRT},
        {label_too_large, .signal = SIGABRT},
        {label_negative, .signal = SIGABRT},
    };
    return run_tests("metrics", tests, sizeof tests / sizeof *tests);
}
