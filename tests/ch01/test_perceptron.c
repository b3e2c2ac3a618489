// Finitely many mistakes, below Novikoff's bound; XOR in a circle.

#define main perceptron_main
#include "ch01_perceptron/perceptron.c"
#undef main

#include "tables.h"
#include "testing.h"

static Gate trained(const char *outputs) {
    Gate g;
    gate_init(&g, "gate", outputs);
    gate_train(&g);
    return g;
}

// Of the 16 functions of two bits, XOR (0110) and its opposite (1001) are the
// only ones that no line separates.
START_TEST(learns_what_a_line_separates) {
    for (int f = 0; f < 16; f++) {
        char outputs[5] = "";
        for (int i = 0; i < 4; i++)
            outputs[i] = f >> i & 1 ? '1' : '0';
        Gate g = trained(outputs);
        int right = 0;
        for (int i = 0; i < 4; i++)
            right += (dot(g.w[g.epochs], g.samples[i].x) > 0.0) ==
                     (g.samples[i].target > 0.5);
        bool separable = f != 6 && f != 9;
        ck_assert_msg((right == 4) == separable, "%s: %d right", outputs,
                      right);
        ck_assert_msg((g.cycle == 0) == separable, "%s: a cycle of %d", outputs,
                      g.cycle);
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

// Epochs, mistakes, the bound; then the line that was learned.
START_TEST(prints_what_each_gate_learned) {
    const char *const names[] = {"AND", "OR", "NAND"};
    const char *const outputs[] = {"0001", "0111", "1110"};
    Run run = run_program("perceptron --plot none");
    for (int i = 0; i < 3; i++) {
        Gate g = trained(outputs[i]);
        const double *w = g.w[g.epochs];
        const double want[] = {g.epochs, g.mistakes, round(novikoff(&g)),
                               w[W1],    w[W2],      w[BIAS]};
        assert_row(run.output, names[i], want, 6, 0);
    }
}
END_TEST

// The row of 1,000 samples has the weights that the result line has, to three
// digits and to two.
START_TEST(regression_follows_the_seed) {
    double w[WEIGHTS];
    Rng rng;
    rng_seed(&rng, 3);
    regress(w, true, &rng);
    Run run = run_program("perceptron --seed 3 --plot none");
    assert_row(run.output, "1000", w, WEIGHTS, 0.0006);
    ck_assert_double_eq_tol(result_value(&run, "w1"), w[W1], 0.006);
    ck_assert_double_eq_tol(result_value(&run, "w2"), w[W2], 0.006);
    ck_assert_double_eq_tol(result_value(&run, "b"), w[BIAS], 0.006);
}
END_TEST

// A script's lines are x2 = (-b - w1 x) / w2 after every epoch where there is
// one; only the last is thick.
static void check_lines(const Gate *g, const char *name) {
    char file[64];
    double y[4];
    for (int i = 0; i < 4; i++)
        y[i] = g->samples[i].target;
    snprintf(file, sizeof file, "out/ch01/%s.csv", name);
    assert_column(file, 0, "y", y, 4, 0);

    snprintf(file, sizeof file, "out/ch01/%s.gp", name);
    const char *script = after_text(text_of(file), "plot ");
    double a, b, c, thick = 0.0, others = 0.0;
    for (int e = 1; e <= g->epochs; e++) {
        const double *w = g->w[e];
        if (w[W2] == 0.0)
            continue;
        script = after_text(script, "  (") - 1;
        ck_assert_int_eq(sscanf(script,
                                "(%lf - %lf * x) / %lf with lines lw %lf", &a,
                                &b, &c, &thick),
                         4);
        const double at[WEIGHTS] = {0.25, (a - b * 0.25) / c, 1.0};
        ck_assert_msg(fabs(dot(w, at)) < 1e-12,
                      "%s: the line after epoch %d is not where the sum is 0: "
                      "%.40s",
                      name, e, script);
        if (e < g->epochs)
            others = fmax(others, thick);
    }
    ck_assert_double_gt(thick, others);
}

// And XOR's weights, sample by sample, for six cycles.
START_TEST(draws_lines_and_the_circle_of_xor) {
    Gate a = trained("0001"), o = trained("0111"), g = trained("0110");
    run_for_charts("perceptron --quiet");
    check_lines(&a, "perceptron_and");
    check_lines(&o, "perceptron_or");

    enum { STEPS = 25 };
    double w[WEIGHTS] = {0}, w1[STEPS], w2[STEPS], b[STEPS];
    for (int step = 0; step < STEPS; step++) {
        w1[step] = w[W1], w2[step] = w[W2], b[step] = w[BIAS];
        learn(w, &g.samples[step % 4]);
    }
    const char *file = "out/ch01/perceptron_xor.csv";
    assert_column(file, 0, "w1", w1, STEPS, 0);
    assert_column(file, 0, "w2", w2, STEPS, 0);
    assert_column(file, 0, "b", b, STEPS, 0);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("perceptron");
    assert_says(run.output, "result: and_mistakes=10 or_mistakes=4 "
                            "nand_mistakes=11 xor_cycle=1 ");
}
END_TEST

int main(void) {
    const Test tests[] = {{learns_what_a_line_separates},
                          {bounds_by_hand},
                          {first_epochs_by_hand},
                          {delta_rule_finds_the_line},
                          {prints_what_each_gate_learned},
                          {regression_follows_the_seed},
                          {draws_lines_and_the_circle_of_xor},
                          {prints_its_result}};
    return run_tests("perceptron", tests, sizeof tests / sizeof *tests);
}
