// Finitely many mistakes, below Novikoff's bound; XOR in a circle.

#define main perceptron_main
#include "ch01_perceptron/perceptron.c"
#undef main

#include "testing.h"

static Gate trained(const char *outputs) {
    Gate g;
    gate_init(&g, "gate", outputs);
    gate_train(&g);
    return g;
}

static bool right(const Gate *g) {
    const double *w = g->w[g->epochs];
    for (int i = 0; i < 4; i++)
        if ((dot(w, g->samples[i].x) > 0.0) != (g->samples[i].target > 0.5))
            return false;
    return true;
}

// Of the 16 functions of two bits, XOR (0110) and its opposite (1001) are the
// only ones that no line separates.
START_TEST(learns_what_a_line_separates) {
    for (int f = 0; f < 16; f++) {
        char outputs[5] = "";
        for (int i = 0; i < 4; i++)
            outputs[i] = f >> i & 1 ? '1' : '0';
        Gate g = trained(outputs);
        bool separable = f != 6 && f != 9;
        ck_assert_msg(right(&g) == separable, "%s", outputs);
        ck_assert_msg((g.cycle == 0) == separable, "%s", outputs);
        if (separable)
            ck_assert_double_le(g.mistakes, novikoff(&g) + 1e-6);
        else
            ck_assert(isinf(novikoff(&g)));
    }
}
END_TEST

// The best separators by hand: AND has w = (2, 2, -3), so that every sample's
// sum is at least 1 and gamma = 1 / sqrt(17); OR has (2, 2, -1) and 1 / 3. The
// longest input is (1, 1, 1), R^2 = 3. The search's last grid is 3.15 * 0.2^9 /
// 60 = 3e-8 wide and the margin's slope at most R, so gamma is right to 1e-7.
START_TEST(bounds_by_hand) {
    Gate a = trained("0001"), o = trained("0111"), n = trained("1110");
    ck_assert_double_eq_tol(novikoff(&a), 3.0 * 17.0, 51 * 2e-6);
    ck_assert_double_eq_tol(novikoff(&o), 3.0 * 9.0, 27 * 2e-6);
    ck_assert_double_eq_tol(novikoff(&n), 3.0 * 17.0, 51 * 2e-6);
}
END_TEST

// One pass over OR's samples by hand: 00 right; 01 wrong, w = (0, 1, 1); 10
// right (b = 1); 11 right. The second: 00 now wrong, w = (0, 1, 0); 01 right;
// 10 wrong, w = (1, 1, 1); 11 right.
START_TEST(first_epochs_by_hand) {
    Gate g = trained("0111");
    const double one[WEIGHTS] = {0, 1, 1}, two[WEIGHTS] = {1, 1, 1};
    ck_assert_mem_eq(g.w[1], one, sizeof one);
    ck_assert_mem_eq(g.w[2], two, sizeof two);
}
END_TEST

// 1000 samples with noise 0.05 and lr 0.1: the weights keep wandering with a
// variance of about lr * noise^2 / 2 per direction (1.1e-2), and what is left
// of the start has shrunk by exp(-lr * 1000 * 0.046), the smallest eigenvalue
// of E[x x^T] being 0.046: 1e-2. Five times their sum is the tolerance.
START_TEST(delta_rule_finds_the_line) {
    for (int seed = 1; seed <= 5; seed++) {
        double w[WEIGHTS];
        Rng rng;
        rng_seed(&rng, (uint64_t)seed);
        regress(w, true, &rng);
        ck_assert_double_eq_tol(w[W1], 2.0, 0.11);
        ck_assert_double_eq_tol(w[W2], -1.0, 0.11);
        ck_assert_double_eq_tol(w[BIAS], 0.5, 0.11);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("perceptron --quiet --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output,
                                 "result: and_mistakes=10 or_mistakes=4 "
                                 "nand_mistakes=11 xor_cycle=1 "));
}
END_TEST

int main(void) {
    const Test tests[] = {{learns_what_a_line_separates},
                          {bounds_by_hand},
                          {first_epochs_by_hand},
                          {delta_rule_finds_the_line},
                          {prints_its_result}};
    return run_tests("perceptron", tests, sizeof tests / sizeof *tests);
}
