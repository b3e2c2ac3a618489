// B's quiz for three activations: which layers move, and when.

#define main zero_init_main
#include "ch04_optimizers/zero_init.c"
#undef main

#include "digits.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// The loss of a net that knows only how frequent each class is: the entropy.
static double entropy(const Dataset *set) {
    double sum = 0;
    for (int k = 0; k < set->classes; k++) {
        double p = 0;
        for (int n = 0; n < set->count; n++)
            p += (set->labels[n] == k) / (double)set->count;
        sum -= p > 0 ? p * log(p) : 0;
    }
    return sum;
}

static Options default_options(uint64_t seed) {
    return (Options){.common = {.seed = seed}, .steps = 300, .lr = 5.0f};
}

// [B quiz] C for all three, in the first step. From then on the sigmoid's
// layers move one by one, its units all equal; tanh and ReLU learn no more than
// the frequencies (300 steps at rate 5 come within 1e-6 of the entropy).
START_TEST(quiz_answers) {
    static Quiz q;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Dataset set;
        Options o = default_options(seed);
        digits_draw(&set, 200, seed);
        for (int f = 0; f < ACTIVATIONS; f++) {
            char letters[4];
            take_quiz(&q, &set, (Activation)f, &o);
            true_options(letters, &q);
            ck_assert_str_eq(letters, "C");
            ck_assert_double_eq_tol(q.loss[0], log(10), 1e-6);
            for (int l = 0; l < LAYERS; l++) {
                bool output = l == LAYERS - 1, moves = f == SIGMOID;
                int step = LAYERS - l;
                ck_assert_int_eq(q.weights[l], moves ? step : 0);
                ck_assert_int_eq(q.biases[l], moves || output ? step : 0);
            }
            ck_assert(q.alike);
            double last = q.loss[o.steps - 1];
            if (f == SIGMOID)
                ck_assert_double_lt(last, entropy(&set) - 1e-4);
            else
                ck_assert_double_eq_tol(last, entropy(&set), 1e-6);
        }
        dataset_free(&set);
    }
}
END_TEST

// One unit of one digit is enough to differ.
START_TEST(units_that_differ_are_seen) {
    float equal[2 * WIDTH], other[2 * WIDTH];
    for (int i = 0; i < 2 * WIDTH; i++)
        equal[i] = other[i] = i < WIDTH ? 0.25f : 0.5f; // two digits
    other[2 * WIDTH - 1] = 0.25f;
    Tensor a = tensor_view(equal, 2, 2, WIDTH);
    Tensor b = tensor_view(other, 2, 2, WIDTH);
    ck_assert(units_alike(&a));
    ck_assert(!units_alike(&b));
}
END_TEST

// Each derivative by a central difference: its error is 3.3e-5, a sixth of the
// step squared times the third derivative, at most 2, and 1e-5, the rounding of
// float over the step.
START_TEST(slopes_are_derivatives) {
    const float at[] = {-1.3f, -0.4f, 0.2f, 0.9f};
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int i = 0; i < 4; i++) {
            Activation a = (Activation)f;
            float up = activation(a, at[i] + 0.01f),
                  down = activation(a, at[i] - 0.01f);
            ck_assert_double_eq_tol((double)slope(a, activation(a, at[i])),
                                    (double)(up - down) / 0.02, 5e-5);
        }
}
END_TEST

// Where nothing but the loss is there it is B and C, where that is infinite A.
START_TEST(letters_of_other_answers) {
    static Quiz stuck, none;
    char letters[4];
    stuck.loss[0] = 2;
    true_options(letters, &stuck);
    ck_assert_str_eq(letters, "BC");
    none.loss[0] = (double)INFINITY;
    none.weights[0] = none.biases[2] = 1;
    true_options(letters, &none);
    ck_assert_str_eq(letters, "A");
}
END_TEST

// 100 steps take the sigmoid's loss below the others', which stay where they
// began: each digit is as frequent as any other. The losses of the result
// line, of the table and at the end of the curves are one.
START_TEST(shows_each_activation_by_its_name) {
    enum { STEPS = 100 };
    double loss[STEPS];
    Run run =
        run_for_charts("zero_init --data synthetic --limit 50 --steps 100");
    const char *const result[ACTIVATIONS] = {"sigmoid_loss", "tanh_loss",
                                             "relu_loss"};
    const char *table = from_line(run.output, "sigmoid");
    assert_says(run.output, "result: sigmoid=C tanh=C relu=C ");
    for (int f = 0; f < ACTIVATIONS; f++) {
        const char *name = activation_name[f], *row = from_line(table, name);
        char answer, alike[8];
        double want = result_value(&run, result[f]);
        ck_assert_int_eq(
            chart_column("out/ch04/zero_init.csv", 0, name, loss, STEPS),
            STEPS);
        ck_assert_double_eq_tol(loss[STEPS - 1], want, 6e-5);
        assert_mark("out/ch04/zero_init.fig", 0, "lines", "step", name, name);
        // the layers' weights from the first on, the output's biases, the loss
        const double moves[] = {3, 2, 1, 1, want}, never[] = {1, want};
        if (f == SIGMOID)
            assert_row(row, name, moves, 5, 1e-6);
        else
            assert_row(row, name, never, 2, 1e-6);
        ck_assert_int_eq(
            sscanf(row, " %*s %*s %*s %*s %*s %c %7s", &answer, alike), 2);
        ck_assert_int_eq(answer, 'C');
        ck_assert_str_eq(alike, "yes");
    }
    char title[128];
    snprintf(title, sizeof title,
             "From all zeros the sigmoid net ends at loss %.2f, tanh and ReLU "
             "at %.2f",
             result_value(&run, "sigmoid_loss"),
             result_value(&run, "relu_loss"));
    ck_assert_str_eq(figure_words("out/ch04/zero_init.fig", "title", 0), title);
    ck_assert_double_lt(result_value(&run, "sigmoid_loss"),
                        result_value(&run, "tanh_loss") - 1e-3);
}
END_TEST

int main(void) {
    const Test tests[] = {{quiz_answers, .seconds = 20},
                          {units_that_differ_are_seen},
                          {slopes_are_derivatives},
                          {letters_of_other_answers},
                          {shows_each_activation_by_its_name}};
    return run_tests("zero_init", tests, sizeof tests / sizeof *tests);
}
