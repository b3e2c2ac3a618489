// The tape against apple_tax, chain_rule, central differences and a net's
// gradients that were written by hand.

#define main autograd_main
#include "ch03_backprop/autograd.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// The figures of apple_tax: 71.5, and the lecture's derivatives.
START_TEST(redoes_apple_tax) {
    Tape t = {0};
    int total = apple_tax(&t);
    backward(&t, total);
    const double grad[] = {11.0, 2.2, 16.5, 3.3, 65.0};
    ck_assert_double_eq_tol(t.node[total].value, 71.5, 1e-12);
    for (int i = APPLES; i <= TAX; i++)
        ck_assert_double_eq_tol(t.node[i].grad, grad[i], 1e-12);
    tape_free(&t);
}
END_TEST

// Those of chain_rule, whole numbers: dz/dx = dz/dy = 2(x + y).
START_TEST(redoes_chain_rule) {
    const double xs[] = {2, -3, 0.5}, ys[] = {1, 1, 4};
    for (int i = 0; i < 3; i++) {
        Tape t = {0};
        int z = chain(&t, xs[i], ys[i]);
        backward(&t, z);
        ck_assert_double_eq(t.node[z].value, (xs[i] + ys[i]) * (xs[i] + ys[i]));
        ck_assert_double_eq(t.node[0].grad, 2.0 * (xs[i] + ys[i]));
        ck_assert_double_eq(t.node[1].grad, 2.0 * (xs[i] + ys[i]));
        tape_free(&t);
    }
}
END_TEST

// Sigmoid's derivative is y(1 - y), though the tape has never heard of it: a
// dozen roundings of 1e-16 on the way.
START_TEST(finds_the_derivative_of_sigmoid) {
    Tape t = {0};
    int result = neuron(&t, 2.0, 1.5, -1.0);
    double y = t.node[result].value;
    ck_assert_double_eq_tol(y, 1.0 / (1.0 + exp(-2.0)), 1e-15);
    backward(&t, result);
    ck_assert_double_eq_tol(t.node[0].grad, 1.5 * y * (1.0 - y), 1e-15);
    ck_assert_double_eq_tol(t.node[1].grad, 2.0 * y * (1.0 - y), 1e-15);
    ck_assert_double_eq_tol(t.node[2].grad, y * (1.0 - y), 1e-15);
    tape_free(&t);
}
END_TEST

// A tape that holds the net's first parameters.
static Tape new_net(uint64_t seed) {
    Tape t = {0};
    Rng rng;
    rng_seed(&rng, seed);
    record_parameters(&t, &rng);
    return t;
}

// Topological order: whatever a node needs lies before it, at every node.
START_TEST(inputs_lie_before_their_node) {
    Tape t = new_net(1);
    Samples samples = exclusive_or();
    ck_assert_int_eq(t.count, PARAMETERS);
    ck_assert_int_eq(net_loss(&t, &samples), t.count - 1);
    for (int i = 0; i < t.count; i++)
        if (t.node[i].op != LEAF) {
            ck_assert_int_lt(t.node[i].a, i);
            ck_assert_int_lt(t.node[i].b, i);
        }
    tape_free(&t);
}
END_TEST

// The node's value for x and y: 0 for an Op that `evaluate` does not know.
static double value_of(Op op, double x, double y) {
    const Node node[] = {{.value = x}, {.value = y}};
    return evaluate(node, &(Node){.op = op, .a = 0, .b = 1, .power = y});
}

// One node over leaves 0 and 1 (the second of which most do not use), against
// the slope. With h = 1e-5 the central difference truncates h^2 / 6 times a
// third derivative below 20, 3e-10, and rounds a result below 10 to 1e-15 / h.
static void check_slope(Op op, double x, double y) {
    Tape t = {0};
    leaf(&t, "x", x);
    leaf(&t, "y", y);
    int z = record(&t, (Node){.op = op, .a = 0, .b = 1, .power = y});
    backward(&t, z);
    ck_assert_msg(fabs(t.node[0].grad) > 0.05, "Op %d passes nothing on", op);
    for (int i = 0; i < 2; i++) {
        double got = t.node[i].grad, want = slope(&t, z, i, 1e-5);
        ck_assert_msg(
            fabs(got - want) < 1e-9,
            "Op %d at x = %g, y = %g: d/d%c is %.9g by node_backward, "
            "%.9g by differences",
            op, x, y, i == 0 ? 'x' : 'y', got, want);
    }
    tape_free(&t);
}

// Every node that `evaluate` computes, and so also one that a reader adds.
START_TEST(every_operation_knows_its_slope) {
    const double xs[] = {0.7, 1.3, 2.0};
    int kinds = 0;
    for (int op = ADD; op <= RELU || value_of((Op)op, 0.7, 2.5) != 0.0; op++) {
        for (int i = 0; i < 3; i++)
            check_slope((Op)op, xs[i], 2.5);
        kinds++;
    }
    ck_assert_int_ge(kinds, 6);
}
END_TEST

// Forward, each operation by the C library's own functions.
START_TEST(values_are_right) {
    Tape t = {0};
    leaf(&t, "x", 1.5);
    leaf(&t, "y", -2.0);
    ck_assert_double_eq(t.node[add(&t, 0, 1)].value, -0.5);
    ck_assert_double_eq(t.node[mul(&t, 0, 1)].value, -3.0);
    ck_assert_double_eq(t.node[power(&t, 1, 3.0)].value, -8.0);
    ck_assert_double_eq(t.node[apply(&t, EXP, 0)].value, exp(1.5));
    ck_assert_double_eq(t.node[apply(&t, TANH, 0)].value, tanh(1.5));
    ck_assert_double_eq(t.node[apply(&t, RELU, 0)].value, 1.5);
    ck_assert_double_eq(t.node[apply(&t, RELU, 1)].value, 0.0);
    tape_free(&t);
}
END_TEST

// ReLU lets no gradient through where its input is negative.
START_TEST(relu_blocks_what_is_negative) {
    Tape t = {0};
    leaf(&t, "x", -0.3);
    backward(&t, apply(&t, RELU, 0));
    ck_assert_double_eq(t.node[0].grad, 0.0);
    tape_free(&t);
}
END_TEST

// x * x + x: 2x + 1, from three arrows. What the result does not use gets 0,
// and a second backward pass starts from 0.
START_TEST(what_is_used_twice_adds_up) {
    Tape t = {0};
    int x = leaf(&t, "x", 3.0), unused = leaf(&t, "u", 5.0);
    int z = add(&t, mul(&t, x, x), x);
    int later = mul(&t, z, unused);
    for (int i = 0; i < 2; i++) {
        backward(&t, z);
        ck_assert_double_eq(t.node[x].grad, 7.0);
        ck_assert_double_eq(t.node[unused].grad, 0.0);
        ck_assert_double_eq(t.node[later].grad, 0.0);
    }
    backward(&t, later);
    ck_assert_double_eq(t.node[x].grad, 35.0);
    ck_assert_double_eq(t.node[unused].grad, 12.0);
    // (5 + x) x: the sum adds to what the product has left there
    backward(&t, mul(&t, add(&t, unused, x), x));
    ck_assert_double_eq(t.node[x].grad, 11.0);
    backward(&t, mul(&t, add(&t, x, unused), x));
    ck_assert_double_eq(t.node[x].grad, 11.0);
    tape_free(&t);
}
END_TEST

// Random weights and biases, so that no ReLU stands on its kink. The slope's
// own error: h^2 with moderate third derivatives and 1e-16 / h, both 1e-10.
START_TEST(net_agrees_with_hand_and_differences) {
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Tape t = {0};
        Rng rng;
        Samples samples = exclusive_or();
        rng_seed(&rng, seed);
        for (int p = 0; p < PARAMETERS; p++)
            leaf(&t, NULL, 0.5 * (double)rng_normal(&rng));
        int loss = net_loss(&t, &samples);
        backward(&t, loss);
        double by_hand_loss, largest = 0.0;
        ck_assert_double_lt(compare(&t, &samples, &by_hand_loss), 1e-6);
        ck_assert_double_eq_tol(by_hand_loss, t.node[loss].value, 1e-14);
        for (int p = 0; p < PARAMETERS; p++) {
            largest = fmax(largest, fabs(t.node[p].grad));
            ck_assert_double_eq_tol(t.node[p].grad, slope(&t, loss, p, 1e-5),
                                    1e-7);
        }
        ck_assert_double_gt(largest, 0.05);
        t.node[3].grad += 0.25; // and a wrong one is noticed
        ck_assert_double_eq_tol(compare(&t, &samples, &by_hand_loss), 0.25,
                                1e-6);
        tape_free(&t);
    }
}
END_TEST

// From a loss above 0.5 the default run ends below 0.05, for five seeds out of
// five; at no step do the two gradients differ by more than 1e-6.
START_TEST(learns_exclusive_or) {
    Samples samples = exclusive_or();
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Options o = {
            .common = {.seed = seed, .quiet = true}, .epochs = 300, .lr = 0.1f};
        Tape t = new_net(seed);
        Record r = train(&t, &samples, &o);
        ck_assert_int_eq(r.epochs, 300);
        ck_assert_double_gt(r.tape[0], 0.5);
        ck_assert_double_lt(r.loss, 0.05);
        ck_assert_double_lt(r.difference, 1e-6);
        ck_assert_int_lt(t.count, 500); // each epoch begins a new tape
        for (int i = 0; i < r.epochs; i++)
            ck_assert_double_eq_tol(r.tape[i], r.hand[i], 1e-12);
        tape_free(&t);
    }
}
END_TEST

// One epoch moves every parameter by the rate times its gradient before the
// step, which by_hand knows too: the two differ by rounding alone.
START_TEST(a_step_is_the_rate_times_the_gradient) {
    Samples samples = exclusive_or();
    Options o = {.common = {.quiet = true}, .epochs = 2, .lr = 0.03f};
    Tape t = new_net(1);
    double w[PARAMETERS];
    for (int p = 0; p < PARAMETERS; p++)
        w[p] = t.node[p].value;
    for (int epoch = 0; epoch < o.epochs; epoch++) {
        double dw[PARAMETERS] = {0};
        for (int n = 0; n < N; n++)
            by_hand(dw, w, samples.x[n], samples.target[n]);
        for (int p = 0; p < PARAMETERS; p++)
            w[p] -= (double)o.lr * dw[p];
    }
    train(&t, &samples, &o);
    for (int p = 0; p < PARAMETERS; p++)
        ck_assert_double_eq_tol(t.node[p].value, w[p], 1e-12);
    tape_free(&t);
}
END_TEST

// The tape of apple_tax as a table: what each node is and of which two, its
// value, its derivative and, of leaves, the derivative by differences. The
// result line has the derivatives of two graphs and the loss of the seed's net.
START_TEST(prints_the_tape) {
    Tape t = {0};
    backward(&t, apple_tax(&t));
    Run run = run_well("autograd --seed 7 --epochs 20 --plot none");
    for (int i = 0; i < t.count; i++) {
        const Node *z = &t.node[i];
        const bool is_leaf = z->op == LEAF;
        char row[64];
        if (is_leaf)
            snprintf(row, sizeof row, "%d %s", i, z->name);
        else
            snprintf(row, sizeof row, "%d %s %d %d", i,
                     z->op == ADD ? "add" : "mul", z->a, z->b);
        const double want[] = {z->value, z->grad, z->grad};
        assert_row(run.output, row, want, 2 + is_leaf, 1e-5);
    }
    tape_free(&t);
    ck_assert_double_eq(result_value(&run, "pays"), 71.5);
    ck_assert_double_eq(result_value(&run, "dapple_price"), 2.2);
    ck_assert_double_eq(result_value(&run, "dz_dx"), 6.0);
    ck_assert_double_eq(result_value(&run, "epochs"), 20.0);
    ck_assert_double_lt(result_value(&run, "difference"), 1e-6);
    Samples samples = exclusive_or();
    Options o = {.common = {.quiet = true}, .epochs = 20, .lr = 0.1f};
    t = new_net(7);
    ck_assert_double_eq_tol(result_value(&run, "loss"),
                            train(&t, &samples, &o).loss, 1e-6);
    tape_free(&t);
}
END_TEST

// All of a tape is drawn: values, derivatives, and these names and signs.
static void assert_drawn(const char *name, const Tape *t,
                         const char *const *words) {
    char file[64];
    double value[32], derivative[32];
    snprintf(file, sizeof file, "out/ch03/%s.csv", name);
    for (int i = 0; i < t->count; i++) {
        value[i] = t->node[i].value;
        derivative[i] = t->node[i].grad;
    }
    assert_column(file, 1, "value", value, t->count, 1e-6);
    assert_column(file, 1, "derivative", derivative, t->count, 1e-6);
    snprintf(file, sizeof file, "out/ch03/%s.fig", name);
    for (int i = 0; i < t->count; i++)
        ck_assert_str_eq(figure_words(file, "note", i), words[i]);
}

START_TEST(draws_the_tape) {
    const char *const of_chain[] = {"x", "y", "+", "x²"};
    const char *const of_neuron[] = {"w",        "x",        "b",  "×",
                                     "+",        "constant", "×",  "exp",
                                     "constant", "+",        "1/x"};
    Tape square = {0}, unit = {0};
    backward(&square, chain(&square, 2.0, 1.0));
    backward(&unit, neuron(&unit, 2.0, 1.5, -1.0));
    run_for_charts("autograd --epochs 40 --quiet");
    assert_drawn("autograd_chain_rule", &square, of_chain);
    assert_drawn("autograd_neuron", &unit, of_neuron);
    tape_free(&square);
    tape_free(&unit);

    // by hand, the same loss, where it is drawn: every second epoch of 40
    enum { EPOCHS = 40 };
    double tape[EPOCHS], hand[EPOCHS];
    int drawn = 0;
    const char *file = "out/ch03/autograd_training.csv";
    ck_assert_int_eq(chart_column(file, 0, "loss on the tape", tape, EPOCHS),
                     EPOCHS);
    chart_column(file, 0, "loss by hand", hand, EPOCHS);
    for (int i = 0; i < EPOCHS; i++)
        if (!isnan(hand[i])) {
            ck_assert_double_eq_tol(hand[i], tape[i], 1e-5);
            drawn++;
        }
    ck_assert_int_ge(drawn, 10);
    file = "out/ch03/autograd_training.fig";
    assert_mark(file, 0, "lines", "epoch", "loss on the tape", "on the tape");
    assert_mark(file, 0, "points", "epoch", "loss by hand", "by hand");
}
END_TEST

// A node may not use what is not on the tape yet, which keeps the order.
START_TEST(an_input_from_the_future_aborts) {
    Tape t = {0};
    leaf(&t, "x", 1.0);
    add(&t, 0, 1);
}
END_TEST

// Who adds an operation and forgets its name is told so.
START_TEST(an_operation_without_a_name_aborts) {
    kind_of((Op)99);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {redoes_apple_tax},
        {redoes_chain_rule},
        {finds_the_derivative_of_sigmoid},
        {inputs_lie_before_their_node},
        {every_operation_knows_its_slope},
        {values_are_right},
        {relu_blocks_what_is_negative},
        {what_is_used_twice_adds_up},
        {net_agrees_with_hand_and_differences},
        {learns_exclusive_or},
        {a_step_is_the_rate_times_the_gradient},
        {prints_the_tape},
        {draws_the_tape},
        {an_input_from_the_future_aborts, .signal = SIGABRT},
        {an_operation_without_a_name_aborts, .signal = SIGABRT}};
    return run_tests("autograd", tests, sizeof tests / sizeof *tests);
}
