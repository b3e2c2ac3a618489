// A's equations against C's single product and the library; and what the cell
// that a person made does with its sequence.

#define main lstm_cell_main
#include "ch07_lstm/lstm_cell.c"
#undef main

#include "numbers.h"
#include "testing.h"

// sigmoid(5) and sigmoid(-5), to six digits: how far a gate opens and closes.
static const double OPEN = 0.993307, CLOSED = 0.006693;

START_TEST(starts_from_zero) {
    // c_1 = i g + f 0 and h_1 = o tanh(c_1), for i = o = sigmoid(-5)
    State s[T];
    run(&by_hand, step, s);
    ck_assert_double_eq_tol(s[0].c[0], CLOSED * tanh(1.5 * 0.9), 1e-6);
    ck_assert_double_eq_tol(s[0].h[0], CLOSED * tanh(s[0].c[0]), 1e-6);
}
END_TEST

START_TEST(gates_do_as_they_are_told) {
    State s[T];
    run(&by_hand, step, s);
    for (int t = 0; t < T; t++) {
        bool store = sequence[t][1] > 0, show = sequence[t][2] > 0;
        ck_assert_double_eq_tol(s[t].gate[INPUT][0], store ? OPEN : CLOSED,
                                1e-6);
        ck_assert_double_eq_tol(s[t].gate[OUTPUT][0], show ? OPEN : CLOSED,
                                1e-6);
        ck_assert_double_eq_tol(s[t].gate[NEW][0], tanh(1.5 * sequence[t][0]),
                                1e-12);
    }
    // held: f = 0.993 at every step; forgotten after it was shown
    ck_assert_double_eq_tol(s[4].gate[FORGET][0], OPEN, 1e-3);
    ck_assert_double_lt(s[SHOW + 1].gate[FORGET][0], 0.05);
    ck_assert_double_gt(s[SHOW].h[0], 0.6);
    ck_assert_double_lt(s[SHOW_AGAIN].h[0], 0.05);
}
END_TEST

// Three ways to write one cell, for weights of all kinds. In double a gate's
// sum of 5 terms below 3 can be off by 5 * 3 * 1.1e-16, twice; in float by 5 *
// 3 * 6e-8. T steps hand that on with slopes below 1 and add their own.
START_TEST(three_forms_agree) {
    const double rounding = T * 5 * 3 * 6e-8;
    for (uint32_t seed = 1; seed <= 20; seed++) {
        Cell w;
        double *all = &w.wx[0][0][0];
        for (size_t i = 0; i < sizeof w / sizeof *all; i++)
            all[i] = 3.0 * (double)noise(seed, i);
        State a[T], c[T], library[T];
        run(&w, step, a);
        run(&w, step_concatenated, c);
        run_library(&w, library);
        ck_assert_double_lt(difference(a, c), T * 2 * 5 * 3 * 1.1e-16);
        ck_assert_double_lt(difference(a, library), rounding);
        double shown = 0.0; // far above rounding, or nothing was compared
        for (int t = 0; t < T; t++)
            shown += fabs(a[t].h[0]);
        ck_assert_double_gt(shown, 100 * rounding);
    }
}
END_TEST

// The erratum: with anything but h_{t-1} in C's [h, x] the numbers differ.
START_TEST(the_state_matters) {
    State before = {.c = {0.5}, .h = {0.6}}, other = {.c = {0.5}, .h = {0.1}};
    State now, now_other;
    step_concatenated(&by_hand, &now, &before, sequence[0]);
    step_concatenated(&by_hand, &now_other, &other, sequence[0]);
    ck_assert_double_gt(fabs(now.c[0] - now_other.c[0]), 0.3);
}
END_TEST

START_TEST(prints_its_result) {
    Run result = run_program("lstm_cell --quiet --plot none");
    ck_assert_int_eq(result.status, 0);
    State s[T];
    run(&by_hand, step, s);
    // four digits are printed
    ck_assert_double_eq_tol(result_value(&result, "held"), s[4].c[0], 6e-5);
    ck_assert_double_eq_tol(result_value(&result, "held"), 0.7701, 6e-5);
    ck_assert_double_eq_tol(result_value(&result, "shown"), 0.6427, 6e-5);
    ck_assert_double_eq_tol(result_value(&result, "shown_again"), 0.0148, 6e-5);
    ck_assert_double_lt(result_value(&result, "concatenated"), 1e-14);
    ck_assert_double_lt(result_value(&result, "library"), 1e-5);
}
END_TEST

int main(void) {
    const Test tests[] = {{starts_from_zero},
                          {gates_do_as_they_are_told},
                          {three_forms_agree},
                          {the_state_matters},
                          {prints_its_result}};
    return run_tests("lstm_cell", tests, sizeof tests / sizeof *tests);
}
