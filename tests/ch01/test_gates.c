// The lecture's weights give the truth tables, on the right side of the line.

#define main gates_main
#include "ch01_perceptron/gates.c"
#undef main

#include <string.h>
#include <unistd.h>

#include "testing.h"

START_TEST(truth_tables) {
    const Gate a = and_gate(), o = or_gate(), n = nand_gate();
    ck_assert_str_eq(outputs_of(&a, fire).text, "0001");
    ck_assert_str_eq(outputs_of(&o, fire).text, "0111");
    ck_assert_str_eq(outputs_of(&n, fire).text, "1110");
}
END_TEST

// The lecture's NAND is `not AND(x1, x2)`; ours is a neuron of its own.
START_TEST(nand_is_not_and) {
    const Gate a = and_gate(), n = nand_gate();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(fire(&n, i / 2, i % 2), !fire(&a, i / 2, i % 2));
}
END_TEST

START_TEST(thresholds_of_the_lecture) {
    ck_assert(and_gate().theta == 0.7 && or_gate().theta == 0.2);
    ck_assert(and_gate().w1 == 0.5 && and_gate().w2 == 0.5);
    ck_assert(nand_gate().w1 == -0.5 && nand_gate().theta == -0.7);
}
END_TEST

// The rule is "greater than": a sum that equals the threshold does not fire.
START_TEST(at_the_threshold_it_rests) {
    const Gate g = {"edge", 1.0, 1.0, 1.0};
    ck_assert_int_eq(fire(&g, 1, 0), 0);
    ck_assert_int_eq(fire(&g, 1, 1), 1);
}
END_TEST

// With theta = 0.5 the sum of 01 and 10 equals the threshold: "greater" makes
// the neuron AND, the step function (1 at 0) makes it OR. The lecture's three
// gates have no such sum and do not depend on the convention.
START_TEST(two_conventions_are_two_gates) {
    const Gate edge = gate_on_its_threshold();
    ck_assert_str_eq(outputs_of(&edge, fire).text, "0001");
    ck_assert_str_eq(outputs_of(&edge, fire_by_step).text, "0111");
    const Gate gates[] = {and_gate(), or_gate(), nand_gate()};
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(outputs_of(&gates[i], fire).text,
                         outputs_of(&gates[i], fire_by_step).text);
}
END_TEST

// The chart's file has the truth tables, its script the lines: the lecture's
// weights and thresholds.
START_TEST(draws_the_gates) {
    ck_assert_int_eq(chdir(scratch_path("").text), 0);
    Run run = run_program("gates --quiet --plot svg");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(text_of("out/ch01/gates.csv"),
                     "x1,x2,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n\n\n"
                     "x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,1\n\n\n"
                     "x1,x2,y\n0,0,1\n0,1,1\n1,0,1\n1,1,0\n\n\n");
    const char *script = text_of("out/ch01/gates.gp");
    ck_assert_ptr_nonnull(
        strstr(script, "'AND'\nline(x) = (0.7 - 0.5 * x) / 0.5\n"));
    ck_assert_ptr_nonnull(
        strstr(script, "'OR'\nline(x) = (0.2 - 0.5 * x) / 0.5\n"));
    ck_assert_ptr_nonnull(
        strstr(script, "'NAND'\nline(x) = (-0.7 - -0.5 * x) / -0.5\n"));
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("gates --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: and=0001 or=0111 nand=1110\n");
}
END_TEST

START_TEST(says_which_word_is_which) {
    Run run = run_program("gates --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output, "calls AND 逻辑和"));
    ck_assert_ptr_nonnull(strstr(
        run.output, "     0   1    0.5             0                  1\n"
                    "     1   0    0.5             0                  1\n"));
}
END_TEST

int main(void) {
    const Test tests[] = {{truth_tables},
                          {nand_is_not_and},
                          {thresholds_of_the_lecture},
                          {at_the_threshold_it_rests},
                          {two_conventions_are_two_gates},
                          {draws_the_gates},
                          {prints_its_result},
                          {says_which_word_is_which}};
    return run_tests("gates", tests, sizeof tests / sizeof *tests);
}
