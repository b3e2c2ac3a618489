// The MLP's gradients, its dropout, its three sets, and what it reaches.

#include "spy.h"

#define main mlp_main
#include "ch02_mlp/mlp.c"
#undef main

#include "digits.h"
#include "gradcheck.h"
#include "method.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"

// A batch of noise with labels, and a net small enough to differentiate.
typedef struct {
    Mlp net;
    Tensor x;
    int labels[6];
    Rng dropped; // drawn from anew by each forward pass: the same masks
    bool training;
} Problem;

static void problem_init(Problem *p, float dropout) {
    *p = (Problem){.training = dropout > 0.0f};
    Rng rng;
    rng_seed(&rng, 5);
    rng_seed(&p->dropped, 4);
    mlp_init(&p->net, 16, 10, dropout, &rng);
    for (size_t i = 0; i < p->net.fc1_b.size; i++)
        p->net.fc1_b.data[i] = 0.3f * rng_normal(&rng);
    tensor_resize(&p->x, 4, 6, 1, 28, 28);
    for (size_t i = 0; i < p->x.size; i++)
        p->x.data[i] = rng_uniform(&rng);
    for (int n = 0; n < 6; n++)
        p->labels[n] = rng_below(&rng, 10);
}

static void problem_free(Problem *p) {
    mlp_free(&p->net);
    tensor_free(&p->x);
}

static double problem_loss(void *context) {
    Problem *p = context;
    Rng rng = p->dropped;
    mlp_forward(&p->net, &p->x, p->training ? &rng : NULL);
    return (double)softmax_cross_entropy(&p->net.dlogits, &p->net.logits,
                                         p->labels);
}

// Every parameter tensor by central differences. The loss is about 2.5, floats
// there are 2.4e-7 apart, so with h = 1e-3 a slope is known to 2.4e-7 / 2e-3 =
// 1.2e-4; the third derivative adds h^2 / 6, far less. Slopes below the floor
// of 2e-2 are not compared; above it the relative error is at most 1.2e-4 /
// 2e-2 = 6e-3. (A ReLU that switches inside the step has no slope: this seed
// has none near.)
static void check_gradients(float dropout) {
    Problem p;
    problem_init(&p, dropout);
    problem_loss(&p);
    mlp_backward(&p.net, &p.x);
    for (int i = 0; i < p.net.params.count; i++) {
        ParamSpec *s = &p.net.params.table[i];
        GradCheck g = grad_check(problem_loss, &p, s->value->data,
                                 s->grad->data, s->value->size, 60, 1e-3, 2e-2);
        assert_slopes(s->name, &g, 1e-2, 4e-2, 6);
    }
    problem_free(&p);
}

START_TEST(gradients_are_slopes) {
    check_gradients(0.0f);
}
END_TEST

START_TEST(gradients_are_slopes_under_dropout) {
    check_gradients(0.4f);
}
END_TEST

START_TEST(has_the_weights_of_the_banner) {
    Mlp net;
    Rng rng;
    rng_seed(&rng, 1);
    mlp_init(&net, 128, 10, 0.0f, &rng);
    ck_assert_uint_eq(net.params.value.size, 109386);
    ck_assert_uint_eq(net.fc1_w.size + net.fc1_b.size, 100480);
    ck_assert_uint_eq(net.fc2_w.size + net.fc2_b.size, 8256);
    ck_assert_uint_eq(net.fc3_w.size + net.fc3_b.size, 650);
    mlp_free(&net);
}
END_TEST

// The net again, from the library's layers, on weights of the test's own.
START_TEST(each_hidden_layer_has_its_relu) {
    Problem p;
    Tensor h1 = {0}, h2 = {0}, z = {0};
    problem_init(&p, 0.0f);
    problem_loss(&p);
    const Mlp *net = &p.net;
    linear_forward(&h1, &p.x, &net->fc1_w, &net->fc1_b);
    relu_forward(&h1, &h1);
    linear_forward(&h2, &h1, &net->fc2_w, &net->fc2_b);
    relu_forward(&h2, &h2);
    linear_forward(&z, &h2, &net->fc3_w, &net->fc3_b);
    ck_assert_str_eq(tensor_shape(&h1).text, "[6, 16]");
    ck_assert_str_eq(tensor_shape(&h2).text, "[6, 8]");
    ck_assert_str_eq(tensor_shape(&net->logits).text, "[6, 10]");
    assert_close(net->logits.data, z.data, z.size, 1e-6, "logits");
    release(&h1, &h2, &z, NULL);
    problem_free(&p);
}
END_TEST

static void check_dropped(const Tensor *mask, const Tensor *units, size_t n,
                          int least, int most) {
    int dropped = 0;
    ck_assert_uint_eq(mask->size, n);
    for (size_t i = 0; i < n; i++) {
        dropped += mask->data[i] == 0.0f;
        if (mask->data[i] == 0.0f)
            ck_assert(units->data[i] == 0.0f);
    }
    ck_assert_int_ge(dropped, least);
    ck_assert_int_le(dropped, most);
}

// 0.4 of the units of both hidden layers are dropped in training. Four standard
// deviations around the mean: 4.8 around 38.4 of the first layer's 6 * 16
// units, 3.4 around 19.2 of the second's 6 * 8.
START_TEST(drops_units_of_both_layers) {
    Problem p;
    problem_init(&p, 0.4f);
    problem_loss(&p);
    check_dropped(&p.net.mask1, &p.net.fc1, 96, 20, 57);
    check_dropped(&p.net.mask2, &p.net.fc2, 48, 6, 32);
    problem_free(&p);
}
END_TEST

// 300 test digits, in batches of 256: the last one is smaller, and its digits
// count no more than others. Floats add up to 300 losses of about 2.3 with an
// error of a few 1e-7 of them. And no unit is dropped, as with a dropout of 0.
START_TEST(evaluates_all_units_on_all_digits) {
    Mlp net;
    Rng rng;
    rng_seed(&rng, 3);
    mlp_init(&net, 16, 10, 0.5f, &rng);
    Digits digits = synthetic_digits(300, 1);
    double loss = evaluate(&net, &digits.test).loss;
    net.dropout = 0.0f;
    ck_assert_double_eq(evaluate(&net, &digits.test).loss, loss);
    Dataset last;
    dataset_hold_out(&last, &digits.test, 44);
    double sum = 256 * evaluate(&net, &digits.test).loss +
                 44 * evaluate(&net, &last).loss;
    ck_assert_double_eq_tol(loss, sum / 300, 5e-6);
    mlp_free(&net);
    digits_free(&digits);
}
END_TEST

// 25 of 300 digits are held out; 275 in batches of 64 are five steps an epoch.
// Both epochs shuffle them.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(mlp_main, "mlp --epochs 2 --limit 300 --lr 0.01 --data synthetic "
                        "--plot none --quiet");
    ck_assert_int_eq(spy.steps, 10);
    assert_one_cycle(10, 0.01f);
    assert_first_step_has_a_gradient();
    ck_assert_int_eq(spy.shuffled, 2);
}
END_TEST

// The training loss, nearly 0 after 40 epochs, stands left of the validation
// loss, which is not.
START_TEST(prints_the_training_loss_first) {
    Run run = run_program("mlp --epochs 40 --limit 100 --lr 0.01 --data "
                          "synthetic --plot none");
    ck_assert_double_lt(table_number(run.output, "epoch 40/40", 0), 0.1);
    ck_assert_double_gt(table_number(run.output, "epoch 40/40", 1), 0.3);
}
END_TEST

// After few steps of the same digits: another seed, or dropout, is another net.
START_TEST(options_change_the_run) {
    const char *const lines[] = {"mlp --epochs 1", "mlp --epochs 1 --seed 2",
                                 "mlp --epochs 1 --dropout 0.5"};
    double loss[3];
    for (int i = 0; i < 3; i++) {
        Dataset train_set, test_set;
        digits_draw(&train_set, 100, 1);
        digits_draw(&test_set, 100, 2);
        Run run = run_on_sets(lines[i], &train_set, &test_set);
        loss[i] = result_value(&run, "test_loss");
        ck_assert_msg(i == 0 || loss[i] != loss[0],
                      "%s: test_loss %g, as without it", lines[i], loss[i]);
    }
}
END_TEST

// The matrix printed and the one drawn are one: of 200 test digits, as many are
// on the diagonal as the result line says. The validation error after the last
// epoch is in per cent.
START_TEST(counts_the_test_digits) {
    enum { CELLS = 100 };
    double predicted[CELLS], truth[CELLS], count[CELLS], error[3];
    Run run = run_for_charts("mlp --limit 200 --epochs 2 --data synthetic");
    const char *file = "out/ch02/mlp_confusion.csv";
    ck_assert_int_eq(chart_column(file, 0, "count", count, CELLS), CELLS);
    chart_column(file, 0, "predicted", predicted, CELLS);
    chart_column(file, 0, "true", truth, CELLS);
    const char *matrix = from_line(run.output, "truth");
    double all = 0, right = 0;
    for (int i = 0; i < CELLS; i++) {
        char row[4];
        snprintf(row, sizeof row, "%d ", (int)truth[i]);
        count[i] = isnan(count[i]) ? 0 : count[i]; // an empty cell
        ck_assert_double_eq(table_number(matrix, row, (int)predicted[i]),
                            count[i]);
        all += count[i];
        right += predicted[i] == truth[i] ? count[i] : 0;
    }
    ck_assert_double_eq(all, 200);
    ck_assert_double_eq_tol(right, 200 * result_value(&run, "test_accuracy"),
                            0.1);

    ck_assert_int_eq(
        chart_column("out/ch02/mlp_curves.csv", 1, "error", error, 3), 2);
    ck_assert_double_eq_tol(
        error[1], 100 - 100 * result_value(&run, "validation_accuracy"), 0.006);
}
END_TEST

START_TEST(weights_survive_a_file) {
    Path file = scratch_path("mlp.safetensors");
    const char flags[] = "mlp --limit 600 --data synthetic";
    Run saved = run_for_result("%s --epochs 1 --save '%s'", flags, file.text),
        loaded = run_for_result("%s --load '%s'", flags, file.text);
    ck_assert_double_gt(result_value(&saved, "test_accuracy"), 0.2);
    ck_assert_double_eq(result_value(&saved, "test_loss"),
                        result_value(&loaded, "test_loss"));
    ck_assert_double_eq(result_value(&loaded, "epochs"), 0.0);
}
END_TEST

START_TEST(smallest_runs) {
    run_for_result("mlp --limit 2 --epochs 1 --data synthetic");
    Run one = run_program("mlp --limit 1 --epochs 1 --data synthetic "
                          "--plot none --quiet");
    ck_assert_int_eq(one.status, 1);
    assert_says(one.output, "--limit 2");
}
END_TEST

// A tenth of the answers would be right by chance, with a loss of log 10 = 2.3.
// Seeds 1 to 3 reach 0.755, 0.785, 0.740 and losses of 0.74, 0.68, 0.81. The
// bounds are five deviations of a mean of 800 digits away.
START_TEST(learns_synthetic_digits) {
    assert_learns("mlp --limit 800 --epochs 3", 0.66, 1.0);
}
END_TEST

// The last twelfth of the training digits is kept for validation: 83 of 1,000.
// By chance 8 of them would be right; the program is right in 4.
START_TEST(keeps_its_three_sets_apart) {
    assert_test_is_unseen("mlp --epochs 3", "test_accuracy", ACCURACY);
    assert_validation_is_unseen("mlp --epochs 3", "validation_accuracy",
                                ACCURACY, 83);
}
END_TEST

START_TEST(reads_98_of_100_digits) {
    if (mnist_dir_or_skip("reads_98_of_100_digits") == NULL)
        return;
    // one thread: beside other programs, two would wait for each other
    Run run = run_for_result("mlp --threads 1");
    ck_assert_double_ge(result_value(&run, "test_accuracy"), 0.98);
    ck_assert_double_ge(result_value(&run, "validation_accuracy"), 0.98);
    ck_assert_double_le(result_value(&run, "test_loss"), 0.1);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes},
                          {gradients_are_slopes_under_dropout},
                          {has_the_weights_of_the_banner},
                          {each_hidden_layer_has_its_relu},
                          {drops_units_of_both_layers},
                          {evaluates_all_units_on_all_digits},
                          {each_step_has_its_rate_and_its_gradient},
                          {prints_the_training_loss_first},
                          {options_change_the_run},
                          {counts_the_test_digits},
                          {weights_survive_a_file},
                          {smallest_runs},
                          {learns_synthetic_digits},
                          {keeps_its_three_sets_apart},
                          {reads_98_of_100_digits, .seconds = 150}};
    return run_tests("mlp", tests, sizeof tests / sizeof *tests);
}
