// What a failed check guesses, and the readers of tables and charts that checks
// look through. (What a failed check prints: test_testing.c.)

#include "digits.h"
#include "method.h"
#include "tables.h"
#include "testing.h"

#include <math.h>
#include <string.h>

// ---- 1. Guesses ------------------------------------------------------------

START_TEST(one_number) {
    ck_assert_str_eq(guess_number(-2.2, 2.2), ": the sign is wrong");
    ck_assert_str_eq(guess_number(13.2, 2.2), ": 6 times too large");
    ck_assert_str_eq(guess_number(0.05, -0.2),
                     ": 4 times too small, with the wrong sign");
    ck_assert_str_eq(guess_number(5, 2), ": 2.5 times as much");
    ck_assert_str_eq(guess_number(0, 2), ": is it computed at all?");
    ck_assert_str_eq(guess_number((double)NAN, 2),
                     ": this is no number (0/0, log of -1)");
}
END_TEST

// Where nothing is plain, nothing is said.
START_TEST(no_guess) {
    ck_assert_str_eq(guess_number(1, 0), "");
    ck_assert_str_eq(guess_number(2.0001, 2), "");
    const float got[] = {1, 5, 2, 7}, want[] = {3, 1, 4, 1};
    ck_assert_str_eq(guess_numbers(got, want, 4), "");
    ck_assert_str_eq(guess_numbers(got, want, 2), "");
}
END_TEST

START_TEST(many_numbers) {
    const float want[] = {1, 2, 3, 4, 5, 6};
    const struct {
        float got[6];
        const char *guess;
    } cases[] = {
        {{0}, ": all are 0: are they computed at all?"},
        {{-1, -2, -3, -4, -5, -6}, ": the sign is wrong"},
        {{32, 64, 96, 128, 160, 192}, ": 32 times too large"},
        {{6, 5, 4, 3, 2, 1}, ": the right numbers, in reverse order"},
        {{2, 3, 4, 5, 6, 1}, ": the right numbers, one place off"},
        {{1, 4, 2, 5, 3, 6},
         ": the right numbers, but a matrix of 2 x 3 is transposed"},
        {{1, 3, 5, 2, 4, 6},
         ": the right numbers, but a matrix of 3 x 2 is transposed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(guess_numbers(cases[i].got, want, 6), cases[i].guess);
}
END_TEST

// ---- 2. Tables and charts --------------------------------------------------

START_TEST(numbers_of_a_table) {
    const char *text = "2 apples\n\n"
                       "  arrow         value  slope\n"
                       "  apple price      10    2.2\n"
                       "3 oranges\n"
                       "  apple price      11   3.50 of 7\n";
    ck_assert_double_eq(table_number(text, "apple price", 0), 10);
    ck_assert_double_eq(table_number(text, "apple price", 1), 2.2);
    const char *second = from_line(text, "3 oranges");
    ck_assert_double_eq(table_number(second, "apple price", 1), 3.5);
    ck_assert_double_eq(table_number(second, "apple price", 2), 7);
    assert_row(text, "apple price", (double[]){10, 2.25}, 2, 0.06);
    assert_row("x nan 1\n", "x", (double[]){NAN, 1}, 2, 0);
}
END_TEST

START_TEST(columns_of_a_chart) {
    write_text("c.csv",
               "x,sine,slope\n1,2,\n4,,6\n\n7,8,9\n\n\nclass,n\n5,50\n\n\n"
               "0,1,2\n");
    double x[9];
    ck_assert_int_eq(chart_column("c.csv", 0, "sine", x, 9), 3);
    ck_assert(x[0] == 2 && isnan(x[1]) && x[2] == 8);
    assert_column("c.csv", 0, "sine+1", (double[]){NAN, 6, 9}, 3, 0);
    assert_column("c.csv", 1, "n", (double[]){50.25}, 1, 0.3);
    // without a header of its own a block has the first one's
    ck_assert_int_eq(chart_column("c.csv", 2, "slope", x, 9), 1);
    ck_assert(x[0] == 2);
}
END_TEST

// ---- 3. Spoiled data -------------------------------------------------------

START_TEST(labels_are_turned_and_bars_drawn) {
    Dataset set, as_drawn;
    digits_draw(&set, 30, 1);
    digits_draw(&as_drawn, 30, 1);
    turn_labels(&set);
    for (int n = 0; n < 30; n++)
        ck_assert_int_eq(set.labels[n], (as_drawn.labels[n] + 1) % 10);
    turn_into_bars(&set, 20);
    ck_assert_mem_eq(set.pixels, as_drawn.pixels, 20 * 784);
    for (int n = 20; n < 30; n++) {
        const uint8_t *row = set.pixels + n * 784 + 28;
        int left = (int)((const uint8_t *)memchr(row, 255, 28) - row);
        ck_assert_int_eq(left, set.labels[n] * 26 / 9);
        ck_assert_int_eq(row[left + 1], 255);
    }
    dataset_free(&set);
    dataset_free(&as_drawn);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {one_number},         {no_guess},
        {many_numbers},       {numbers_of_a_table},
        {columns_of_a_chart}, {labels_are_turned_and_bars_drawn}};
    return run_tests("messages", tests, sizeof tests / sizeof *tests);
}
