// The tape against apple_tax, chain_rule, central differences and a net's
// gradients that were written by hand.

#define main autograd_main
#include "ch03_backprop/autograd.c"
#undef main

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

// Topological order: whatever a node needs lies before it, at every node.
START_TEST(inputs_lie_before_their_node) {
    Tape t = {0};
    Rng rng;
    Samples samples = exclusive_or();
    rng_seed(&rng, 1);
    record_parameters(&t, &rng);
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

// One node of each kind over leaf 0 (and 1), against the slope. With h = 1e-5
// the central difference truncates h^2 / 6 times a third derivative below 20,
// 3e-10, and rounds a result below 10 by 1e-15 / 1e-5.
static int one_node(Tape *t, Op op, double x, double y) {
    leaf(t, "x", x);
    leaf(t, "y", y);
    return op == ADD   ? add(t, 0, 1)
           : op == MUL ? mul(t, 0, 1)
           : op == POW ? power(t, 0, y)
                       : apply(t, op, 0);
}

START_TEST(every_operation_knows_its_slope) {
    const Op ops[] = {ADD, MUL, POW, EXP, TANH, RELU};
    const double xs[] = {0.7, 1.3, 2.0};
    for (int o = 0; o < 6; o++)
        for (int i = 0; i < 3; i++) {
            Tape t = {0};
            int z = one_node(&t, ops[o], xs[i], 2.5);
            backward(&t, z);
            ck_assert_double_gt(fabs(t.node[0].grad), 0.05);
            ck_assert_double_eq_tol(t.node[0].grad, slope(&t, z, 0, 1e-5),
                                    1e-9);
            if (ops[o] == ADD || ops[o] == MUL) {
                ck_assert_double_gt(fabs(t.node[1].grad), 0.05);
                ck_assert_double_eq_tol(t.node[1].grad, slope(&t, z, 1, 1e-5),
                                        1e-9);
            }
            tape_free(&t);
        }
}
END_TEST

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

START_TEST(relu_blocks_what_is_negative) {
    Tape t = {0};
    leaf(&t, "x", -0.3);
    int z = apply(&t, RELU, 0);
    backward(&t, z);
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
        Tape t = {0};
        Rng rng;
        rng_seed(&rng, seed);
        record_parameters(&t, &rng);
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

START_TEST(an_input_from_the_future_aborts) {
    Tape t = {0};
    leaf(&t, "x", 1.0);
    add(&t, 0, 1);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("autograd --quiet --plot none --epochs 20");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_eq(result_value(&run, "pays"), 71.5);
    ck_assert_double_eq(result_value(&run, "dapple_price"), 2.2);
    ck_assert_double_eq(result_value(&run, "dz_dx"), 6.0);
    ck_assert_double_eq(result_value(&run, "epochs"), 20.0);
    ck_assert_double_lt(result_value(&run, "difference"), 1e-6);
    ck_assert_double_gt(result_value(&run, "loss"), 0.0);
}
END_TEST

int main(void) {
    const Test tests[] = {{redoes_apple_tax},
                          {redoes_chain_rule},
                          {finds_the_derivative_of_sigmoid},
                          {inputs_lie_before_their_node},
                          {every_operation_knows_its_slope},
                          {values_are_right},
                          {relu_blocks_what_is_negative},
                          {what_is_used_twice_adds_up},
                          {net_agrees_with_hand_and_differences},
                          {learns_exclusive_or},
                          {an_input_from_the_future_aborts, .signal = SIGABRT},
                          {prints_its_result}};
    return run_tests("autograd", tests, sizeof tests / sizeof *tests);
}
