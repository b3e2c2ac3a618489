// The GRU's formulas against the library's two forms and a step by hand; the
// weights of the banner; and that no net has more of them for more steps.

#include "spy.h"

#define main gru_main
#include "ch07_lstm/gru.c"
#undef main

#include "method.h"
#include "numbers.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// One step of a unit that held 0.6 and reads 0.5; weights and biases of r z n.
static float step_of(float wx[3], float wh[3], float bx[3], float bh[3]) {
    CellWeights w = {.wx = tensor_view(wx, 2, 3, 1),
                     .wh = tensor_view(wh, 2, 3, 1),
                     .bx = tensor_view(bx, 1, 3),
                     .bh = tensor_view(bh, 1, 3)};
    float h, before = 0.6f, x = 0.5f;
    gru_step(&h, &before, &x, &w);
    return h;
}

START_TEST(a_step_by_hand) {
    float wx[3] = {1.0f, -2.0f, 0.5f}, wh[3] = {0.5f, 1.0f, 2.0f};
    float bx[3] = {0.1f, 0.2f, 0.3f}, bh[3] = {0.0f, -0.1f, 0.4f};
    double r = 1 / (1 + exp(-(0.5 + 0.1 + 0.3)));
    double z = 1 / (1 + exp(-(-1.0 + 0.2 + 0.6 - 0.1)));
    double n = tanh(0.25 + 0.3 + r * (1.2 + 0.4));
    // numbers below 2, a few roundings of 6e-8 each
    ck_assert_double_eq_tol((double)step_of(wx, wh, bx, bh),
                            (1 - z) * n + z * 0.6, 5e-7);
}
END_TEST

// z = 1 keeps the state to the bit, z = 0 replaces it.
START_TEST(z_keeps_or_replaces) {
    float wx[3] = {0.0f, 0.0f, 1.0f}, zeros[3] = {0};
    float open[3] = {0.0f, 100.0f, 0.0f}, closed[3] = {0.0f, -100.0f, 0.0f};
    ck_assert_float_eq(step_of(wx, zeros, open, zeros), 0.6f);
    ck_assert_float_eq(step_of(wx, zeros, closed, zeros), (float)tanh(0.5));
}
END_TEST

// Sums of 7 and 9 products of numbers below 1, with weights below 1: off by 18
// * 6e-8 in float; twelve steps with slopes below 1 hand it on.
START_TEST(agrees_with_the_library) {
    enum { T = 12, N = 3, IN = 7, UNITS = 9 };
    Rng rng;
    RecurrentNet net;
    rng_seed(&rng, 4);
    recurrent_net_init(&net, GRU, IN, UNITS, 2, &rng);
    for (size_t i = 0; i < net.params.value.size; i++)
        net.params.value.data[i] = noise(9, i);
    Tensor x = noise_tensor(2, T, N, IN, 0);
    recurrent_net_forward(&net, &x, LAST_STATE);
    ck_assert_double_lt(difference(&net, &x), T * 18 * 6e-8);
    recurrent_ref_forward(&net.cell, &x, &net.cell_w);
    ck_assert_double_lt(difference(&net, &x), T * 18 * 6e-8);
    // and it notices another picture
    x.data[0] += 1.0f;
    ck_assert_double_gt(difference(&net, &x), 100 * T * 18 * 6e-8);
    recurrent_net_free(&net);
}
END_TEST

// D's erratum: one set of weights for all steps is what every recurrent net
// has, an RNN and an LSTM as much as a GRU. The same net reads 28 steps and 7,
// and its last state is that of the same step.
START_TEST(every_cell_shares_its_weights) {
    const size_t banner[CELLS] = {21514, 61962, 82186};
    for (int i = 0; i < CELLS; i++) {
        Rng rng;
        RecurrentNet net;
        rng_seed(&rng, 1);
        recurrent_net_init(&net, cells[i], 28, 128, 10, &rng);
        ck_assert_uint_eq(net.params.value.size, banner[i]);
        Tensor x = noise_tensor(2, 28, 2, 28, 0), at_7 = {0};
        recurrent_net_forward(&net, &x, LAST_STATE);
        Tensor state = recurrent_state(&net.cell, 7);
        tensor_copy(&at_7, &state);
        Tensor beginning = tensor_view(x.data, 3, 7, 2, 28);
        recurrent_net_forward(&net, &beginning, LAST_STATE);
        state = recurrent_state(&net.cell, 7);
        // the same formulas; the sums' order may depend on the size
        assert_close(state.data, at_7.data, state.size, 1e-5,
                     cell_name(cells[i]));
        ck_assert_uint_eq(net.params.value.size, banner[i]);
        tensor_free(&at_7);
        recurrent_net_free(&net);
    }
}
END_TEST

// Few digits, three epochs: the GRU reads 0.32 to 0.38 for seeds 1 to 3.
START_TEST(short_run) {
    Run run = run_for_result(
        "gru --limit 1500 --epochs 3 --data synthetic --hidden 32");
    ck_assert_double_gt(result_value(&run, "gru"), 0.3); // guessing: 0.1
    ck_assert_double_eq(result_value(&run, "epochs"), 3);
    // 28 steps of sums of 32 and 28 numbers
    ck_assert_double_lt(result_value(&run, "difference"), 28 * 60 * 6e-8);
}
END_TEST

// 300 digits in batches of 64 are five steps an epoch, and the order is a new
// one in each; the RNN, which comes first, learns at half the rate.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(gru_main,
              "gru --epochs 2 --limit 300 --hidden 12 --lr 0.01 --clip 0.001 "
              "--data synthetic --plot none --quiet");
    ck_assert_int_eq(spy.steps, CELLS * 10);
    for (int t = 0; t < CELLS * 10; t++) {
        float peak = t < 10 ? 0.005f : 0.01f;
        ck_assert_float_eq(spy.lr[t], one_cycle(t % 10, 10, peak));
    }
    assert_first_step_has_a_gradient();
    assert_steps_are_clipped(0.001);
    ck_assert_int_eq(spy.shuffled, CELLS * 2);
}
END_TEST

// The same digits, of which one batch is all: only the seed makes the first
// weights, and so the first gradient, other ones.
START_TEST(seed_changes_the_run) {
    Digits digits = synthetic_digits(64, 1);
    Options o = {.common = {.quiet = true},
                 .epochs = 1,
                 .batch = 64,
                 .hidden = 12,
                 .lr = 0.01f,
                 .clip = 1e9f};
    for (o.common.seed = 1; o.common.seed <= 2; o.common.seed++) {
        Outcome outcome = {0};
        Checkpoint none = {0};
        train(&outcome, GRU, &digits, &o, &none);
    }
    assert_runs_differ(1);
    digits_free(&digits);
}
END_TEST

// Of unspoiled test digits all three read more: the GRU a half, the LSTM 0.4 to
// 0.5, the RNN 0.3.
START_TEST(tests_on_unseen_digits) {
    assert_test_is_unseen("gru --epochs 3 --batch 16 --hidden 16 --lr 0.02",
                          "gru", ACCURACY);
}
END_TEST

// Table, chart and result line say the same of each cell: its weights, its
// accuracy. The three are right in different parts of 1,000 digits; the chart
// has the error, in per cent.
START_TEST(table_chart_and_result_agree) {
    const char *const names[CELLS] = {"rnn", "gru", "lstm"};
    const char *file = "out/ch07/gru.csv", *figure = "out/ch07/gru.fig";
    double weights[CELLS], error[CELLS], seconds[CELLS];
    Run run = run_for_charts("gru --epochs 1 --limit 1000 --batch 16 --hidden "
                             "16 --lr 0.02 --data synthetic");
    ck_assert_int_eq(chart_column(file, 0, "weights", weights, CELLS), CELLS);
    chart_column(file, 0, "seconds", seconds, CELLS);
    chart_column(file, 0, "error (%)", error, CELLS);
    const char *table = from_line(run.output, "cell ");
    for (int i = 0; i < CELLS; i++) {
        const char *row = cell_name(cells[i]);
        char clock[16];
        snprintf(clock, sizeof clock, "%s_seconds", names[i]);
        double right = result_value(&run, names[i]);
        int want = cell_gates(cells[i]) * 16 * (28 + 16 + 2) + 10 * (16 + 1);
        ck_assert_double_eq(table_number(table, row, 0), want);
        ck_assert_double_eq_tol(weights[i], want / 1000.0, 1e-4);
        // a percentage has two digits, seconds have one
        ck_assert_double_eq_tol(table_number(table, row, 3), 100 * right,
                                0.011);
        ck_assert_double_eq_tol(error[i], 100 - 100 * right, 0.011);
        ck_assert_double_eq_tol(seconds[i], result_value(&run, clock), 0.051);
        if (i > 0)
            ck_assert_double_ne(error[i], error[i - 1]);
        ck_assert_str_eq(figure_words(figure, "tick", i), row);
    }
    const char *const columns[] = {"weights", "seconds", "error (%)"};
    const char *const panels[] = {"Weights (thousands)",
                                  "Training time (seconds)", "Test error (%)"};
    for (int i = 0; i < 3; i++) { // a panel for each column, in their order
        assert_mark(figure, 0, "bars", NULL, columns[i], "");
        ck_assert_double_eq(figure_attribute(figure, "bars", i, "y"), i + 1);
        ck_assert_str_eq(figure_words(figure, "panel", i), panels[i]);
    }
}
END_TEST

// One epoch of the three, of a third of the digits. Seeds 1 to 3: GRU 0.945 to
// 0.955, LSTM 0.934 to 0.937, RNN 0.80 to 0.84.
START_TEST(reads_real_digits) {
    if (mnist_dir_or_skip("reads_real_digits") == NULL)
        return;
    // one thread: beside other programs, two would wait for each other
    Run run = run_for_result("gru --epochs 1 --limit 20000 --threads 1");
    ck_assert_double_ge(result_value(&run, "gru"), 0.9);
    ck_assert_double_ge(result_value(&run, "lstm"), 0.9);
    ck_assert_double_ge(result_value(&run, "rnn"), 0.5);
}
END_TEST

int main(void) {
    const Test tests[] = {{a_step_by_hand},
                          {z_keeps_or_replaces},
                          {agrees_with_the_library},
                          {every_cell_shares_its_weights},
                          {short_run, .seconds = 20},
                          {each_step_has_its_rate_and_its_gradient},
                          {seed_changes_the_run},
                          {tests_on_unseen_digits},
                          {table_chart_and_result_agree},
                          {reads_real_digits, .seconds = 150}};
    return run_tests("gru", tests, sizeof tests / sizeof *tests);
}
