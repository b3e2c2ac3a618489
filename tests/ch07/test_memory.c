// The task, the biases that keep, the gradient through time against a
// difference, and who remembers for how long.

#include "spy.h"

#define main memory_main
#include "ch07_lstm/memory.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "blas.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

static const Options defaults = {.common = {.seed = 1},
                                 .epochs = 4,
                                 .hidden = 8,
                                 .lr = 3e-3f,
                                 .keep = 5.0f,
                                 .clip = 1.0f};

// Each step one symbol; the first of the one kind, all others of the other.
START_TEST(only_the_first_step_tells) {
    enum { T = 20, N = 500 };
    Tensor x = {0};
    int labels[N], often[SYMBOLS] = {0};
    Rng rng;
    rng_seed(&rng, 1);
    draw_sequences(&x, labels, T, N, &rng);
    for (int row = 0; row < T * N; row++) {
        const float *step = x.data + row * D;
        float sum = 0.0f;
        for (int d = 0; d < D; d++)
            sum += step[d];
        int symbol = argmax(step, D);
        ck_assert_float_eq(sum, 1.0f);
        ck_assert_int_eq(symbol < SYMBOLS, row < N);
        if (row < N) {
            ck_assert_int_eq(symbol, labels[row]);
            often[symbol]++;
        }
    }
    // 125 each, standard deviation 9.7
    for (int k = 0; k < SYMBOLS; k++)
        ck_assert_int_le(abs(often[k] - 125), 49);
    tensor_free(&x);
}
END_TEST

// The same random weights with and without, but for the bias of f and z by
// +keep, and that of i by -keep.
START_TEST(biases_are_where_they_belong) {
    const int pairs[2][2] = {{OPEN_LSTM, PLAIN_LSTM}, {OPEN_GRU, PLAIN_GRU}};
    Options o = defaults;
    o.keep = 3.0f;
    for (int p = 0; p < 2; p++) {
        RecurrentNet with, without;
        Rng rng;
        rng_seed(&rng, 2);
        net_init(&with, &variants[pairs[p][0]], &o, &rng);
        rng_seed(&rng, 2);
        net_init(&without, &variants[pairs[p][1]], &o, &rng);
        const float *a = with.cell_w.bx.data, *b = without.cell_w.bx.data;
        for (int j = 0; j < (int)with.cell_w.bx.size; j++) {
            const int gate = j / 8; // i f g o, or r z n
            float want = gate == 1 ? 3.0f : gate == 0 && p == 0 ? -3.0f : 0.0f;
            // floats near 3 are 2.4e-7 apart
            ck_assert_float_eq_tol(a[j] - b[j], want, 1e-6f);
        }
        assert_close(with.cell_w.wh.data, without.cell_w.wh.data,
                     with.cell_w.wh.size, 0, "Wh");
        recurrent_net_free(&with);
        recurrent_net_free(&without);
    }
}
END_TEST

// measure() begins anew at each t. A single pass back over the whole sequence
// must find the same: it leaves da, the gradients of what is inside an RNN's
// tanh, and dL/dh_t = da_{t+1} Wh. Sums of 8 products in float, 8 * 6e-8 each
// time, over up to 100 steps.
START_TEST(gradients_of_the_whole_sequence) {
    Norms norms;
    Options o = defaults;
    measure(&norms, &variants[PLAIN_RNN], &o);
    Rng rng;
    RecurrentNet net;
    Tensor x = {0}, dh = {0};
    int labels[BATCH];
    rng_seed(&rng, o.common.seed);
    net_init(&net, &variants[PLAIN_RNN], &o, &rng);
    draw_sequences(&x, labels, BACK, BATCH, &rng);
    recurrent_net_forward(&net, &x, LAST_STATE);
    softmax_cross_entropy(&net.dlogits, &net.logits, labels);
    recurrent_net_backward(&net, &x);
    tensor_resize(&dh, 2, BATCH, 8);
    for (int t = BACK - 1; t >= 0; t--) {
        const float *da = net.cell.gates.data + t * BATCH * 8; // of step t + 1
        sgemm('N', 'N', BATCH, 8, 8, 1.0f, da, 8, net.cell_w.wh.data, 8, 0.0f,
              dh.data, 8);
        ck_assert_double_eq_tol(norms.dh[t] / tensor_norm(&dh), 1.0,
                                (BACK - t) * 8 * 6e-8);
    }
    tensor_free(&x);
    tensor_free(&dh);
    recurrent_net_free(&net);
}
END_TEST

// f = z = sigmoid(5) = 0.9933: 100 steps leave 0.51 of the gradient by the
// direct way, to which weights and other gates add or take a little; a cell
// that starts half open has less than 1e-17 left of it, as an RNN has.
START_TEST(gates_carry_the_gradient) {
    Options o = defaults;
    o.hidden = 32;
    for (int seed = 1; seed <= 3; seed++) {
        Norms rnn, lstm, gru, plain;
        o.common.seed = (uint64_t)seed;
        measure(&rnn, &variants[PLAIN_RNN], &o);
        measure(&lstm, &variants[OPEN_LSTM], &o);
        measure(&gru, &variants[OPEN_GRU], &o);
        measure(&plain, &variants[PLAIN_LSTM], &o);
        ck_assert_double_lt(rnn.dh[0] / rnn.dh[BACK], 1e-15);
        ck_assert_double_lt(plain.dh[0] / plain.dh[BACK], 1e-15);
        ck_assert_double_gt(gru.dh[0] / gru.dh[BACK], 0.25);
        ck_assert_double_lt(gru.dh[0] / gru.dh[BACK], 1.0);
        ck_assert_double_gt(lstm.dc[0] / lstm.dc[BACK - 1], 0.25);
        ck_assert_double_lt(lstm.dc[0] / lstm.dc[BACK - 1], 1.0);
        // h of an LSTM is only a detour, but one that does not get longer
        ck_assert_double_gt(lstm.dh[0] / lstm.dh[BACK / 2], 0.25);
    }
}
END_TEST

// Batches, and first weights, that depend on the seed; and another batch at
// each step: what comes up once cannot be memorized. At so small a rate no
// weight changes, so only the batch makes one gradient differ from the next.
START_TEST(batches_are_fresh) {
    Options o = defaults;
    o.common.quiet = true;
    o.epochs = 1;
    o.lr = 1e-30f;
    o.clip = 1e9f;
    for (o.common.seed = 1; o.common.seed <= 2; o.common.seed++)
        train(&variants[OPEN_LSTM], 10, &o);
    ck_assert_int_eq(spy.steps, 2 * BATCHES);
    assert_first_step_has_a_gradient();
    for (int t = 1; t < 2 * BATCHES; t++)
        ck_assert_double_ne(spy.norm[t], spy.norm[t - 1]);
    assert_runs_differ(BATCHES);
}
END_TEST

START_TEST(gradients_are_clipped) {
    Options o = defaults;
    o.common.quiet = true;
    o.epochs = 1;
    o.clip = 1e-4f;
    train(&variants[OPEN_GRU], 10, &o);
    assert_steps_are_clipped(1e-4);
}
END_TEST

// The longest of all, by the LSTM alone: a whole run takes six times as long.
// It is right every time, with seeds 1 to 3. And 100 steps by the GRU.
START_TEST(open_gates_recall_long_sequences) {
    Options o = defaults;
    o.hidden = 32;
    o.common.quiet = true;
    ck_assert_int_eq(lengths[LENGTHS - 1], 300);
    ck_assert_double_ge(train(&variants[OPEN_LSTM], lengths[LENGTHS - 1], &o),
                        0.99);
    o.epochs = 3; // of the four
    ck_assert_double_ge(train(&variants[OPEN_GRU], 100, &o), 0.99);
}
END_TEST

static bool recalls(int variant, int T, int seed) {
    Options o = defaults;
    o.hidden = 32;
    o.common = (CommonOptions){.seed = (uint64_t)seed, .quiet = true};
    return train(&variants[variant], T, &o) >= 0.9;
}

// The errata: C and D have the LSTM solve the vanishing gradient, and D has an
// RNN capture long-range dependence. With biases around 0 an LSTM recalls no
// more than an RNN, and neither recalls 30 steps; with its gates open it does.
// Seeds 2 and 3; seed 1 is below.
START_TEST(the_default_lstm_recalls_no_more_than_an_rnn) {
    for (int seed = 2; seed <= 3; seed++) {
        ck_assert(!recalls(PLAIN_RNN, 30, seed));
        ck_assert(!recalls(PLAIN_LSTM, 30, seed));
        ck_assert(recalls(OPEN_LSTM, 30, seed));
        ck_assert(!recalls(PLAIN_LSTM, 20, seed) ||
                  recalls(PLAIN_RNN, 20, seed));
    }
}
END_TEST

// The table's numbers of a variant, a percentage for each of three lengths and
// the gradient, are those of the two figures and of the result line. Six digits
// are written in a file, one behind the point of a percentage, and one in all
// of a gradient: it may be a third off.
static void assert_recalled(const Run *run, int variant, int recalled) {
    const char *row = variants[variant].name;
    const char *accuracies = "out/ch07/memory_accuracy.csv";
    const char *gradients = "out/ch07/memory_gradient.csv";
    enum { CELLS = LENGTHS * VARIANTS };
    double length[CELLS], cell[CELLS], right[CELLS], dh[BACK + 1];
    int most = 0, seen = 0;
    ck_assert_int_eq(chart_column(accuracies, 0, "length", length, CELLS),
                     CELLS);
    chart_column(accuracies, 0, "cell", cell, CELLS);
    chart_column(accuracies, 0, "right (%)", right, CELLS);
    ck_assert_int_eq(chart_column(gradients, 0, row, dh, BACK + 1), BACK + 1);
    assert_mark("out/ch07/memory_gradient.fig", 0, "lines", "steps back", row,
                row);
    const char *figure = "out/ch07/memory_accuracy.fig";
    assert_mark(figure, 0, "values", "length", "cell", "");
    ck_assert_double_eq(figure_attribute(figure, "values", 0, "v"), 3);
    ck_assert_str_eq(figure_words(figure, "tick", LENGTHS + variant), row);
    for (int i = 0; i < CELLS; i++) {
        int l = (int)length[i];
        if ((int)cell[i] != variant)
            continue;
        seen++;
        ck_assert_int_eq(atoi(figure_words(figure, "tick", l)), lengths[l]);
        ck_assert_int_eq(isnan(right[i]), l >= 3); // not tried
        if (l >= 3)
            continue;
        ck_assert_double_eq_tol(table_number(run->output, row, l), right[i],
                                0.051);
        most = right[i] >= 90 ? lengths[l] : most;
    }
    ck_assert_int_eq(seen, LENGTHS);
    ck_assert_int_eq(recalled, most);

    Norms norms;
    Options o = defaults;
    o.hidden = 32;
    measure(&norms, &variants[variant], &o);
    double left = norms.dh[0] / norms.dh[BACK];
    ck_assert_double_eq_tol(table_number(run->output, row, 3) / left, 1, 0.35);
    ck_assert_double_eq_tol(dh[0], 1, 1e-6); // relative to the last step
    ck_assert_double_eq_tol(dh[BACK] / left, 1, 0.01);
}

// The first numbers of a text, whatever words are between them.
static void numbers_in(const char *text, double *x, int count) {
    for (int found = 0; found < count;) {
        char *end;
        text += strspn(text, " \n(");
        ck_assert_msg(*text != '\0', "only %d numbers of %d", found, count);
        x[found] = strtod(text, &end);
        found += end > text;
        text = end + strcspn(end, " \n(");
    }
}

// For seeds 1 to 3: RNN 10, 10, 20; LSTM and GRU all that they are given; with
// biases around 0 they end at 10 and 20. With seed 1 an RNN and a plain LSTM
// are right at 10 steps every time, and at 20 as often as by chance. What is
// printed about the lectures' claims has the numbers of the table above it.
START_TEST(who_remembers) {
    const char *const names[] = {"rnn", "lstm", "gru", "lstm_bias_0",
                                 "gru_bias_0"};
    int recalled[VARIANTS];
    double left[VARIANTS];
    Run run = run_for_charts("memory --longest 30");
    for (int i = 0; i < VARIANTS; i++) {
        recalled[i] = (int)result_value(&run, names[i]);
        left[i] = table_number(run.output, variants[i].name, 3);
        assert_recalled(&run, i, recalled[i]);
    }
    ck_assert_int_eq(recalled[PLAIN_RNN], 10);
    ck_assert_int_eq(recalled[OPEN_LSTM], 30);
    ck_assert_int_eq(recalled[OPEN_GRU], 30);
    ck_assert_int_eq(recalled[PLAIN_LSTM], 10);
    ck_assert_double_eq(result_value(&run, "rnn_gradient"), left[PLAIN_RNN]);
    ck_assert_double_eq(result_value(&run, "gru_gradient"), left[OPEN_GRU]);
    ck_assert_double_lt(left[PLAIN_RNN], 1e-15);
    ck_assert_double_gt(left[OPEN_GRU], 0.25);

    // the RNN: steps, of so many; the LSTM with biases of 0: steps, gradient,
    // the RNN's; with --keep 5: steps, gradient
    const double want[] = {10,
                           30,
                           0,
                           10,
                           left[PLAIN_LSTM],
                           left[PLAIN_RNN],
                           5,
                           30,
                           left[OPEN_LSTM]};
    double claims[9];
    numbers_in(from_line(run.output, "Measured:"), claims, 9);
    for (int i = 0; i < 9; i++)
        ck_assert_double_eq(claims[i], want[i]);
}
END_TEST

START_TEST(smallest_run) {
    Run run =
        run_for_result("memory --epochs 1 --hidden 1 --longest 10 --threads 2");
    ck_assert_double_le(result_value(&run, "rnn"), 10);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {only_the_first_step_tells},
        {biases_are_where_they_belong},
        {gradients_of_the_whole_sequence},
        {gates_carry_the_gradient, .seconds = 20},
        {batches_are_fresh},
        {gradients_are_clipped},
        {open_gates_recall_long_sequences, .seconds = 40},
        {the_default_lstm_recalls_no_more_than_an_rnn, .seconds = 150},
        {who_remembers, .seconds = 100},
        {smallest_run}};
    threads_set(1); // too little to share
    return run_tests("memory", tests, sizeof tests / sizeof *tests);
}
