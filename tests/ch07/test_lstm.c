// LSTM on rows of pixels: its gradients through all 28 steps, its size, and
// what it reaches.

#include "spy.h"

#define main lstm_main
#include "ch07_lstm/lstm.c"
#undef main

#include <string.h>

#include "digits.h"
#include "gradcheck.h"
#include "method.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

enum { N = 4, HIDDEN = 12 };

// A few pictures of noise with labels, and a net small enough to differentiate.
typedef struct {
    Lstm net;
    Tensor x;
    int labels[N];
} Problem;

static void problem_init(Problem *p) {
    *p = (Problem){.labels = {3, 1, 4, 9}};
    Rng rng;
    rng_seed(&rng, 5);
    lstm_init(&p->net, HIDDEN, 10, &rng);
    tensor_resize(&p->x, 4, N, 1, STEPS, PIXELS);
    for (size_t i = 0; i < p->x.size; i++)
        p->x.data[i] = rng_uniform(&rng);
}

static void problem_free(Problem *p) {
    lstm_free(&p->net);
    tensor_free(&p->x);
}

static double problem_loss(void *context) {
    Problem *p = context;
    lstm_forward(&p->net, &p->x);
    return (double)softmax_cross_entropy(&p->net.dlogits, &p->net.logits,
                                         p->labels);
}

// The loss is about 2.5, where floats are 2.4e-7 apart, and has a few roundings
// of that size: with h = 1e-2 a slope is known to 3 * 2.4e-7 / 2e-2 = 4e-5; the
// third derivative adds h^2 / 6 = 2e-5 of it. Slopes below the floor of 5e-3
// are not compared; above it the relative error is at most 1 %.
START_TEST(gradients_are_slopes) {
    Problem p;
    problem_init(&p);
    problem_loss(&p);
    lstm_backward(&p.net);
    for (int i = 0; i < p.net.params.count; i++) {
        ParamSpec *s = &p.net.params.table[i];
        GradCheck g = grad_check(problem_loss, &p, s->value->data,
                                 s->grad->data, s->value->size, 80, 1e-2, 5e-3);
        assert_slopes(s->name, &g, 1e-2, 2e-2, 0);
    }
    problem_free(&p);
}
END_TEST

// A pixel of the first row must be felt 28 steps later, and rows must come in
// order: turning the picture upside down changes the answer.
START_TEST(reads_from_top_to_bottom) {
    Problem p;
    problem_init(&p);
    lstm_forward(&p.net, &p.x);
    float before = p.net.logits.data[0], of_other = p.net.logits.data[10];
    p.x.data[5] += 1.0f; // first picture, first row
    lstm_forward(&p.net, &p.x);
    ck_assert(p.net.logits.data[0] != before);
    ck_assert(p.net.logits.data[10] == of_other);
    // the first step saw the first row of each picture
    const float *steps = p.net.steps.data;
    ck_assert(memcmp(steps, p.x.data, PIXELS * sizeof(float)) == 0);
    ck_assert(memcmp(steps + PIXELS, p.x.data + STEPS * PIXELS,
                     PIXELS * sizeof(float)) == 0);
    problem_free(&p);
}
END_TEST

START_TEST(has_the_weights_of_the_banner) {
    Lstm net;
    Rng rng;
    rng_seed(&rng, 1);
    lstm_init(&net, 128, 10, &rng);
    ck_assert_uint_eq(net.params.value.size, 82186);
    ck_assert_uint_eq(net.fc_w.size + net.fc_b.size, 1290);
    lstm_free(&net);
}
END_TEST

// What the chart shows: 28 rows of probabilities, the last one the answer.
START_TEST(believes_what_it_answers) {
    Problem p;
    problem_init(&p);
    uint8_t pixels[STEPS * PIXELS];
    for (int i = 0; i < STEPS * PIXELS; i++)
        pixels[i] = (uint8_t)(i % 256);
    Dataset set = {.pixels = pixels, .count = 1, .rows = 28, .cols = 28};
    Tensor belief = {0}, answer = {0};
    read_slowly(&p.net, &set, 0, &belief);
    ck_assert_str_eq(tensor_shape(&belief).text, "[28, 10]");
    softmax_forward(&answer, &p.net.logits);
    assert_close(belief.data + 270, answer.data, 10, 1e-6, "last row");
    tensor_free(&belief);
    tensor_free(&answer);
    problem_free(&p);
}
END_TEST

// evaluate takes 256 at once, so the last batch of 300 is smaller. Floats add
// up to losses of about 2.3 with an error of a few 1e-7 of them.
START_TEST(mean_loss_is_over_digits) {
    Lstm net;
    Rng rng;
    Dataset all, first, last;
    rng_seed(&rng, 3);
    lstm_init(&net, HIDDEN, 10, &rng);
    digits_draw(&all, 300, 1);
    first = all;
    dataset_hold_out(&last, &first, 44);
    double parts =
        (256 * evaluate(&net, &first).loss + 44 * evaluate(&net, &last).loss) /
        300;
    ck_assert_double_eq_tol(evaluate(&net, &all).loss, parts, 5e-6);
    dataset_free(&all);
    lstm_free(&net);
}
END_TEST

// 300 digits in batches of 64 are five steps an epoch, and the order is a new
// one in each.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(lstm_main,
              "lstm --epochs 2 --limit 300 --hidden 12 --lr 0.01 --clip 0.001 "
              "--data synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, 10);
    assert_one_cycle(10, 0.01f);
    assert_first_step_has_a_gradient();
    assert_steps_are_clipped(0.001);
    ck_assert_int_eq(spy.shuffled, 2);
}
END_TEST

// On the same digits only the seed makes another net.
START_TEST(seed_changes_the_run) {
    double loss[2];
    for (int i = 0; i < 2; i++) {
        Dataset train, test;
        digits_draw(&train, 64, 1);
        digits_draw(&test, 64, 2);
        Run run = run_on_sets(i == 0 ? "lstm --epochs 1 --hidden 12 --seed 1"
                                     : "lstm --epochs 1 --hidden 12 --seed 2",
                              &train, &test);
        loss[i] = result_value(&run, "test_loss");
    }
    ck_assert_double_ne(loss[0], loss[1]);
}
END_TEST

// The line of the last epoch and the result line have the same test loss, to
// the four digits behind the point of both, and the same accuracy.
START_TEST(prints_the_training_loss_first) {
    Run run = run_well("lstm --epochs 2 --limit 100 --hidden 12 --lr 0.1 "
                       "--data synthetic --plot none");
    double test_loss = result_value(&run, "test_loss");
    ck_assert_double_ne(table_number(run.output, "epoch 2/2", 0), test_loss);
    ck_assert_double_eq(table_number(run.output, "epoch 2/2", 1), test_loss);
    ck_assert_double_eq_tol(table_number(run.output, "epoch 2/2", 2),
                            100 * result_value(&run, "test_accuracy"), 0.006);
}
END_TEST

// The answer is 2. It is so from row 25 on; the same answer at row 4
// does not count, for it did not stay.
START_TEST(settles_when_the_answer_stays) {
    float p[STEPS * 10] = {0};
    for (int t = 0; t < STEPS; t++)
        p[10 * t + (t == 3 || t >= 24 ? 2 : 7)] = 0.9f;
    Tensor belief = tensor_view(p, 2, STEPS, 10);
    ck_assert_int_eq(settled(&belief, 10), 25);
    for (int t = 0; t < STEPS; t++)
        p[10 * t + 2] = 1.0f;
    ck_assert_int_eq(settled(&belief, 10), 1);
}
END_TEST

// Beside each of four digits stands what the net, saved in the same run, makes
// of it. Six digits are written.
START_TEST(draws_each_digit_and_its_reading) {
    enum { MOST = STEPS * PIXELS };
    run_for_charts("lstm --limit 4 --epochs 1 --hidden 12 --lr 0.1 --data "
                   "synthetic --quiet --save net.safetensors");
    Lstm net;
    Rng rng;
    Digits digits = synthetic_digits(4, 1);
    Error err;
    Tensor belief = {0};
    double x[MOST], row[MOST], ink[MOST], p[MOST];
    const char *file = "out/ch07/lstm_reading.csv";
    rng_seed(&rng, 1);
    lstm_init(&net, HIDDEN, 10, &rng);
    ck_assert(safetensors_load("net.safetensors", &net.params, &err));
    for (int n = 0; n < SHOWN; n++) {
        ck_assert_int_eq(chart_column(file, 2 * n, "x", x, MOST), MOST);
        chart_column(file, 2 * n, "row", row, MOST);
        chart_column(file, 2 * n, "ink", ink, MOST);
        const uint8_t *pixels = digits.test.pixels + n * MOST;
        for (int i = 0; i < MOST; i++) {
            int pixel = ((int)row[i] - 1) * PIXELS + (int)x[i] - 1;
            ck_assert_double_eq_tol(ink[i], pixels[pixel] / 255.0, 1e-5);
        }
        read_slowly(&net, &digits.test, n, &belief);
        const int block = 2 * n + 1;
        ck_assert_int_eq(chart_column(file, block, "digit", x, MOST), 280);
        chart_column(file, block, "row", row, MOST);
        chart_column(file, block, "probability", p, MOST);
        for (int i = 0; i < 280; i++) {
            float want = belief.data[((int)row[i] - 1) * 10 + (int)x[i]];
            ck_assert_double_eq_tol(p[i], (double)want, 1e-5);
        }
        char title[32];
        const char *figure = "out/ch07/lstm_reading.fig";
        int from = settled(&belief, 10);
        snprintf(title, sizeof title, "%d, from row %d on",
                 argmax(belief.data + 270, 10), from);
        ck_assert_str_eq(panel_of(figure, block), title);
        assert_mark(figure, block, "heat", "digit", "row", "");
        assert_mark(figure, block - 1, "heat", "x", "row", "");
        for (int i = 2 * n; i < 2 * n + 2; i++) // between two rows
            ck_assert_double_eq(figure_attribute(figure, "horizontal", i, "at"),
                                from - 0.5);
    }
    tensor_free(&belief);
    digits_free(&digits);
    lstm_free(&net);
}
END_TEST

// A net that is loaded has the loss that it was saved with.
START_TEST(weights_survive_a_file) {
    Path file = scratch_path("lstm.safetensors");
    const char flags[] = "lstm --limit 600 --data synthetic --threads 1 "
                         "--plot none --quiet";
    Run saved = run_well("%s --epochs 2 --save '%s'", flags, file.text),
        loaded = run_well("%s --load '%s'", flags, file.text);
    ck_assert_double_eq(result_value(&saved, "test_loss"),
                        result_value(&loaded, "test_loss"));
    ck_assert_double_eq(result_value(&loaded, "epochs"), 0.0);
}
END_TEST

START_TEST(smallest_run) {
    Run run = run_for_result(
        "lstm --limit 1 --epochs 1 --batch 1 --hidden 1 --data synthetic");
    ck_assert_double_eq(result_value(&run, "epochs"), 1.0);
}
END_TEST

// A tenth of the answers would be right by chance, with a loss of log 10 = 2.3.
// Seeds 1 to 3 reach 0.635, 0.629, 0.611 and losses of 0.97, 1.00, 1.07. The
// bounds are five deviations of a mean of 800 digits away.
START_TEST(learns_synthetic_digits) {
    assert_learns("lstm --limit 800 --epochs 6 --batch 32", 0.52, 1.25);
}
END_TEST

// Seeds 1 to 3 would be right in 0.4 to 0.5 of unspoiled test digits.
START_TEST(tests_on_unseen_digits) {
    assert_test_is_unseen("lstm --epochs 4 --batch 16 --hidden 16 --lr 0.02",
                          "test_accuracy", ACCURACY);
}
END_TEST

// One epoch of the five; the README has what all five reach.
START_TEST(learns_in_one_epoch) {
    if (mnist_dir_or_skip("learns_in_one_epoch") == NULL)
        return;
    // one thread: beside other programs, two would wait for each other
    Run run = run_for_result("lstm --epochs 1 --threads 1");
    ck_assert_double_ge(result_value(&run, "test_accuracy"), 0.97);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes},
                          {reads_from_top_to_bottom},
                          {has_the_weights_of_the_banner},
                          {believes_what_it_answers},
                          {mean_loss_is_over_digits},
                          {each_step_has_its_rate_and_its_gradient},
                          {seed_changes_the_run},
                          {prints_the_training_loss_first},
                          {settles_when_the_answer_stays},
                          {draws_each_digit_and_its_reading},
                          {weights_survive_a_file},
                          {smallest_run},
                          {learns_synthetic_digits, .seconds = 60},
                          {tests_on_unseen_digits},
                          {learns_in_one_epoch, .seconds = 150}};
    return run_tests("lstm", tests, sizeof tests / sizeof *tests);
}
