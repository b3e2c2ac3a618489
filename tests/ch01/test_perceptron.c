// Finitely many mistakes, below Novikoff's bound; XOR in a circle.

#define main perceptron_main
#include "ch01_perceptron/perceptron.c"
#undef main

#include "figures.h"
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

// Panel number i: the line after each epoch is where the sum is 0; on the shaded
// side of the last one lie the points at which the neuron fires.
static void check_panel(int i, const Gate *g, const char *name) {
    const char *csv = "out/ch01/perceptron_lines.csv";
    const char *figure = "out/ch01/perceptron_lines.fig";
    enum { POINTS = ACROSS + 1, MOST = POINTS * MAX_EPOCHS };
    double x1[MOST], line[MOST], end[MOST], y[4];
    ck_assert_int_eq(chart_column(csv, 2 * i, "line", line, MOST),
                     POINTS * g->epochs);
    chart_column(csv, 2 * i, "x1", x1, MOST);
    chart_column(csv, 2 * i, "fires up to", end, MOST);
    for (int row = 0; row < POINTS * g->epochs; row++) {
        const double *w = g->w[1 + row / POINTS];
        const double at[WEIGHTS] = {x1[row], line[row], 1.0};
        ck_assert_msg(w[W2] == 0.0 || fabs(dot(w, at)) < 1e-5,
                      "%s: the line after epoch %d is not where the sum is 0",
                      name, 1 + row / POINTS);
    }

    const double *last = g->w[g->epochs];
    for (int s = 0; s < 4; s++) {
        const double *x = g->samples[s].x;
        bool above = x[W2] > (-last[BIAS] - last[W1] * x[W1]) / last[W2];
        bool shaded = above == (end[0] > 0.5);
        ck_assert_msg(dot(last, x) == 0.0 || shaded == (dot(last, x) > 0.0),
                      "%s: the point %g %g is on the wrong side", name, x[W1],
                      x[W2]);
        y[s] = g->samples[s].target;
    }
    assert_column(csv, 2 * i + 1, "y", y, 4, 0);
    assert_mark(figure, 2 * i, "band", "x1", "line", "");
    assert_mark(figure, 2 * i, "lines", "x1", "line", "");
    assert_mark(figure, 2 * i + 1, "points", "x1", "x2", "");

    // the strong line and the shade are those of the last epoch
    ck_assert_double_eq(figure_attribute(figure, "lines", 2 * i + 1, "value"),
                        g->epochs);
    ck_assert_double_eq(figure_attribute(figure, "band", i, "value"),
                        g->epochs);
    assert_says(panel_of(figure, 2 * i), name);
}

START_TEST(draws_a_line_for_each_epoch) {
    Gate a = trained("0001"), o = trained("0111"), n = trained("1110");
    run_for_charts("perceptron --quiet");
    check_panel(0, &a, "AND: 10 mistakes");
    check_panel(1, &o, "OR: 4 mistakes");
    check_panel(2, &n, "NAND: 11 mistakes");
}
END_TEST

// XOR's weights, sample by sample, for six cycles.
START_TEST(draws_the_circle_of_xor) {
    enum { STEPS = 25 };
    static const char *const names[] = {"w₁", "w₂", "b"};
    static const char *const columns[] = {"w1", "w2", "b"};
    Gate g = trained("0110");
    double w[WEIGHTS] = {0}, history[WEIGHTS][STEPS];
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < WEIGHTS; i++)
            history[i][step] = w[i];
        learn(w, &g.samples[step % 4]);
    }
    run_for_charts("perceptron --quiet");
    const char *figure = "out/ch01/perceptron_xor.fig";
    for (int i = 0; i < WEIGHTS; i++) {
        assert_column("out/ch01/perceptron_xor.csv", 0, columns[i], history[i],
                      STEPS, 0);
        assert_mark(figure, 0, "steps", "step", columns[i], "");
        ck_assert_str_eq(figure_words(figure, "panel", i), names[i]);
        ck_assert_double_eq(figure_attribute(figure, "steps", i, "y"), 2 + i);
    }
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("perceptron");
    assert_says(run.output, "result: and_mistakes=10 or_mistakes=4 "
                            "nand_mistakes=11 xor_cycle=1 ");
}
END_TEST

// What the line and the shade of a frame answer for an input.
static int answer_of_frame(int frame, const Sample *s) {
    const char *file = "out/ch01/perceptron_film.csv";
    double x[2], line[2], end[1];
    double all[ACROSS + 1];
    ck_assert_int_eq(chart_column(file, 3 * frame, "x1", all, ACROSS + 1),
                     ACROSS + 1);
    x[0] = all[0], x[1] = all[ACROSS];
    chart_column(file, 3 * frame, "line", all, ACROSS + 1);
    line[0] = all[0], line[1] = all[ACROSS];
    chart_column(file, 3 * frame, "fires up to", end, 1);
    double part = (s->x[W1] - x[0]) / (x[1] - x[0]);
    double y = line[0] + part * (line[1] - line[0]);
    double above = s->x[W2] - y;
    return end[0] > 0.5 ? above > 1e-9 : above < -1e-9; // on the line: 0
}

// A frame for each mistake: the frame before answers the ringed input wrongly;
// the last one answers all inputs right.
START_TEST(film_shows_each_mistake) {
    Gate g;
    gate_init(&g, "NAND", "1110");
    gate_train(&g);
    hide_gnuplot();
    draw_film(&g, "svg");
    ck_assert_int_eq(figure_count("out/ch01/perceptron_film.fig", "panel"),
                     g.mistakes);
    for (int k = 1; k < g.mistakes; k++) {
        double x1, x2;
        chart_column("out/ch01/perceptron_film.csv", 3 * k + 2, "x1", &x1, 1);
        chart_column("out/ch01/perceptron_film.csv", 3 * k + 2, "x2", &x2, 1);
        const Sample *s = &g.samples[2 * (int)x1 + (int)x2];
        ck_assert_int_ne(answer_of_frame(k - 1, s), (int)s->target);
    }
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(answer_of_frame(g.mistakes - 1, &g.samples[i]),
                         (int)g.samples[i].target);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {learns_what_a_line_separates},
        {bounds_by_hand},
        {first_epochs_by_hand},
        {delta_rule_finds_the_line},
        {prints_what_each_gate_learned},
        {regression_follows_the_seed},
        {draws_a_line_for_each_epoch},
        {draws_the_circle_of_xor},
        {prints_its_result},
        {film_shows_each_mistake},
    };
    return run_tests("perceptron", tests, sizeof tests / sizeof *tests);
}
