// The lecture's weights give the truth tables, on the right side of the line.

#define main gates_main
#include "ch01_perceptron/gates.c"
#undef main

#include "testing.h"

START_TEST(truth_tables) {
    const Gate a = and_gate(), o = or_gate(), n = nand_gate();
    ck_assert_str_eq(outputs_of(&a).text, "0001");
    ck_assert_str_eq(outputs_of(&o).text, "0111");
    ck_assert_str_eq(outputs_of(&n).text, "1110");
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

START_TEST(prints_its_result) {
    Run run = run_program("gates --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_str_eq(run.output, "result: and=0001 or=0111 nand=1110\n");
}
END_TEST

int main(void) {
    const Test tests[] = {{truth_tables},
                          {thresholds_of_the_lecture},
                          {at_the_threshold_it_rests},
                          {prints_its_result}};
    return run_tests("gates", tests, sizeof tests / sizeof *tests);
}
