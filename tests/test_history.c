// test_history.c - the learning curves: which batches a point stands for, where
// it is drawn, and the file that a chart leaves.

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "figures.h"
#include "history.h"
#include "tables.h"

// Batch i of a run has the loss i.
static void run_epochs(History *h, int epochs, int batches) {
    history_init(h, epochs, batches);
    for (int epoch = 0; epoch < epochs; epoch++) {
        for (int i = 0; i < batches; i++)
            history_batch(h, (float)(epoch * batches + i));
        history_epoch(h, (float)(10 - epoch));
    }
}

START_TEST(twenty_points_per_epoch) {
    History h;
    run_epochs(&h, 3, 100);
    ck_assert_int_eq(h.points, 60);
    for (int i = 0; i < 60; i++) // five batches each: 5i .. 5i + 4
        ck_assert(h.loss[i] == (float)(5 * i + 2));
    ck_assert_int_eq(h.epochs, 3);
    ck_assert(h.error[0] == 10 && h.error[2] == 8);
    history_free(&h);
    ck_assert_ptr_null(h.loss);
    history_free(&h); // twice does no harm
}
END_TEST

// 938 batches (60,000 digits by 64) are not a multiple of 20: every batch is in
// one point, and the parts are as even as they can be.
START_TEST(uneven_parts) {
    History h;
    run_epochs(&h, 2, 938);
    ck_assert_int_eq(h.points, 40);
    int next = 0;
    for (int i = 0; i < 40; i++) {
        // a mean of consecutive losses tells how many there were
        int count = (int)(2 * (h.loss[i] - (float)next) + 1.5f);
        ck_assert(count == 46 || count == 47);
        next += count;
    }
    ck_assert_int_eq(next, 2 * 938);
    history_free(&h);
}
END_TEST

// With few batches a point is one batch, and still in its place in the epoch.
START_TEST(fewer_batches_than_points) {
    for (int batches = 1; batches <= 20; batches++) {
        History h;
        run_epochs(&h, 2, batches);
        ck_assert_int_eq(h.points, 2 * batches);
        for (int i = 0; i < h.points; i++)
            ck_assert(h.loss[i] == (float)i);
        history_free(&h);
    }
}
END_TEST

// After Ctrl-C: a part that was not finished is left out.
START_TEST(stopped_in_the_middle) {
    History h;
    history_init(&h, 5, 40);
    for (int i = 0; i < 7; i++)
        history_batch(&h, (float)i);
    history_epoch(&h, 50);
    ck_assert_int_eq(h.points, 3);
    ck_assert(h.loss[2] == 4.5f && h.epochs == 1);
    history_free(&h);
}
END_TEST

// The chart's data: x is the epoch, whatever the number of batches.
START_TEST(draws_against_epochs) {
    History h;
    run_epochs(&h, 2, 4);
    h.loss[0] = 0.5f; // the axis is a logarithm
    history_draw(&h, "ch99", "curves", "A test", "toys", "test error", "svg");
    FILE *in = fopen("out/ch99/curves.csv", "r");
    ck_assert_ptr_nonnull(in);
    char text[1024] = "";
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, in), 0);
    fclose(in);
    ck_assert_str_eq(text, "epoch,training loss\n"
                           "0.125,0.5\n0.375,1\n0.625,2\n0.875,3\n"
                           "1.125,4\n1.375,5\n1.625,6\n1.875,7\n"
                           "\n\nepoch,error,beside\n1,10,1.1\n2,9,2.1\n");
    history_free(&h);
}
END_TEST

// 40 batches are 20 points: two batches each, and still x is the epoch. The
// first panel is the loss, block 0.
START_TEST(draws_many_batches_against_epochs) {
    double x[40], loss[40];
    hide_gnuplot();
    History h;
    run_epochs(&h, 2, 40);
    history_draw(&h, "ch99", "curves", "A test", "toys", "test error", "svg");
    const char *file = "out/ch99/curves.csv";
    ck_assert_int_eq(chart_column(file, 0, "epoch", x, 40), 40);
    chart_column(file, 0, "training loss", loss, 40);
    for (int i = 0; i < 40; i++) {
        ck_assert_double_eq_tol(x[i], (i + 0.5) / 20, 1e-6);
        ck_assert_double_eq_tol(loss[i], 2 * i + 0.5, 1e-6);
    }
    const char *figure = "out/ch99/curves.fig";
    ck_assert_str_eq(figure_words(figure, "title", 0),
                     "A test on toys: test error 9.00 % after epoch 2");
    ck_assert_str_eq(panel_of(figure, 0), "Training loss");
    ck_assert_str_eq(panel_of(figure, 1), "Error (%)");
    assert_mark(figure, 0, "lines", "epoch", "training loss", "");
    assert_mark(figure, 1, "linespoints", "epoch", "error", "");
    history_free(&h);
}
END_TEST

// One epoch of 27 batches, written; another History reads it and goes on. Its
// curves are those of one that was never stopped.
START_TEST(a_checkpoint_keeps_all_of_it) {
    enum { EPOCHS = 2, BATCHES = 27 };
    History whole, first, second;
    Checkpoint c;
    Error err;
    run_epochs(&whole, EPOCHS, BATCHES);
    history_init(&first, EPOCHS, BATCHES);
    ck_assert(checkpoint_init(&c, "h.ck", NULL, "toy", "d", 1, &err));
    history_checkpoint(&first, &c, EPOCHS);
    checkpoint_start(&c);
    for (int i = 0; i < BATCHES; i++)
        history_batch(&first, (float)i);
    history_epoch(&first, 10);
    checkpoint_save(&c);
    checkpoint_free(&c);

    history_init(&second, EPOCHS, BATCHES);
    ck_assert(checkpoint_init(&c, NULL, "h.ck", "toy", "d", 1, &err));
    history_checkpoint(&second, &c, EPOCHS);
    checkpoint_start(&c);
    for (int i = BATCHES; i < 2 * BATCHES; i++)
        history_batch(&second, (float)i);
    history_epoch(&second, 9);
    ck_assert_int_eq(second.points, whole.points);
    ck_assert_int_eq(second.epochs, whole.epochs);
    for (int i = 0; i < whole.points; i++)
        ck_assert_float_eq(second.loss[i], whole.loss[i]);
    for (int i = 0; i < EPOCHS; i++)
        ck_assert_float_eq(second.error[i], whole.error[i]);
    checkpoint_free(&c);
    history_free(&whole);
    history_free(&first);
    history_free(&second);
}
END_TEST

START_TEST(nothing_to_draw) {
    History h = {0};
    history_draw(&h, "ch99", "curves", "A test", "toys", "test error", "svg");
    ck_assert(access("out", F_OK) != 0);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {twenty_points_per_epoch},      {uneven_parts},
        {fewer_batches_than_points},    {stopped_in_the_middle},
        {draws_against_epochs},         {draws_many_batches_against_epochs},
        {a_checkpoint_keeps_all_of_it}, {nothing_to_draw},
    };
    return run_tests("history", tests, sizeof tests / sizeof *tests);
}
