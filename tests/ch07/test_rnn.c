// A recurrent net by hand: one step with worked numbers, the gradient of every
// weight through six steps, the tasks' answers, and that all four are learnt.

#define main rnn_main
#include "ch07_lstm/rnn.c"
#undef main

#include "gradcheck.h"
#include "recurrent.h"
#include "testing.h"

// One unit, h_t = tanh(0.5 x_t + 0.25 h_{t-1} + 0.1), x = 1, 0: the others have
// no weights and stay at tanh(0) = 0.
START_TEST(worked_numbers) {
    Rnn net = {.s = {.T = 2, .label = {-1, 1}}};
    net.w.wx[0][0] = 0.5f;
    net.w.wh[0][0] = 0.25f;
    net.w.b[0] = 0.1f;
    net.w.wy[1][0] = 2.0f;
    net.s.x[0][0] = 1.0f;
    double h1 = tanh(0.6), h2 = tanh(0.25 * h1 + 0.1);
    double loss = rnn_forward(&net);
    ck_assert_double_eq_tol((double)net.h[1][0], h1, 1e-7); // of floats below 1
    ck_assert_double_eq_tol((double)net.h[2][0], h2, 1e-7);
    ck_assert_float_eq(net.h[2][1], 0.0f);
    // seven scores of 0 and one of 2 h_2
    double p = exp(2 * h2) / (exp(2 * h2) + 7);
    ck_assert_double_eq_tol(loss, -log(p), 1e-6);
    // back: dh_2 = 2 (p - 1), da_2 = dh_2 (1 - h_2^2), dh_1 = 0.25 da_2; wx
    // saw an input at step 1 only, b has a part of each step
    rnn_backward(&net);
    double da2 = 2 * (p - 1) * (1 - h2 * h2), da1 = 0.25 * da2 * (1 - h1 * h1);
    ck_assert_double_eq_tol((double)net.dw.wx[0][0], da1, 1e-6);
    ck_assert_double_eq_tol((double)net.dw.wh[0][0], da2 * h1, 1e-6);
    ck_assert_double_eq_tol((double)net.dw.b[0], da1 + da2, 1e-6);
}
END_TEST

static double loss_of(void *net) {
    return rnn_forward(net);
}

// Asked at the last of six steps, and at all of them. A loss below 16, floats
// 1e-6 apart there, a few roundings: with h = 1e-2 a slope is known to 3 * 1e-6
// / 2e-2 = 1.5e-4, which is 1 % of the sum of two slopes of 1e-2, the floor;
// the third derivative adds h^2 / 6 of it.
START_TEST(gradients_are_slopes) {
    for (int asked = 0; asked < 2; asked++) {
        Rng rng;
        Rnn net;
        rng_seed(&rng, 5);
        rnn_init(&net, &rng);
        net.s = (Sequence){.T = 6};
        for (int t = 0; t < 6; t++) {
            net.s.label[t] = asked == 1 || t == 5 ? t : -1;
            for (int d = 0; d < D; d++)
                net.s.x[t][d] = rng_normal(&rng);
        }
        rnn_forward(&net);
        rnn_backward(&net);
        GradCheck g =
            grad_check(loss_of, &net, (float *)&net.w, (float *)&net.dw,
                       WEIGHTS, WEIGHTS, 1e-2, 1e-2);
        assert_slopes("weight", &g, 1e-2, 0.1, 0);
    }
}
END_TEST

// The same by the library: one cell, two ways to write it. Sums of 33 terms
// below 3 are off by 33 * 3 * 6e-8 at most; six steps hand that on.
START_TEST(agrees_with_the_library) {
    Rng rng;
    Rnn net;
    rng_seed(&rng, 3);
    rnn_init(&net, &rng);
    net.s = (Sequence){.T = 6, .label = {-1, -1, -1, -1, -1, 0}};
    for (int i = 0; i < 6 * D; i++)
        net.s.x[i / D][i % D] = rng_normal(&rng);
    float zeros[H] = {0};
    CellWeights w = {.wx = tensor_view(net.w.wx[0], 2, H, D),
                     .wh = tensor_view(net.w.wh[0], 2, H, H),
                     .bx = tensor_view(net.w.b, 1, H),
                     .bh = tensor_view(zeros, 1, H)};
    Tensor x = tensor_view(net.s.x[0], 3, 6, 1, D);
    Recurrent cell = {.kind = RNN};
    recurrent_forward(&cell, &x, &w);
    rnn_forward(&net);
    assert_close(net.h[1], recurrent_states(&cell).data, 6 * H,
                 6 * 33 * 3 * 6e-8, "states");
    recurrent_free(&cell);
}
END_TEST

// By the rules of the tasks, told in another way than the program does.
START_TEST(tasks_have_the_right_answers) {
    Rng rng;
    rng_seed(&rng, 2);
    for (int n = 0; n < 1000; n++) {
        Sequence s;
        int a = 0, b = 0, sum = 0, odd = 0;
        draw_sequence(&s, &tasks[3], &rng);
        for (int t = 0; t < 8; t++) {
            a += (int)s.x[t][0] << t;
            b += (int)s.x[t][1] << t;
            sum += s.label[t] << t;
        }
        ck_assert_int_eq(sum, (a + b) % 256);

        draw_sequence(&s, &tasks[2], &rng);
        ck_assert(s.T >= 1 && s.T <= 6);
        for (int t = 0; t < s.T; t++) {
            odd ^= s.x[t][0] > 0.0f;
            ck_assert_int_eq(s.label[t], t == s.T - 1 ? odd : -1);
        }

        draw_sequence(&s, &tasks[1], &rng);
        ck_assert_float_eq(s.x[0][s.label[0]], 1.0f);
        for (int t = 1; t < 8; t++) {
            ck_assert_int_eq(s.label[t],
                             s.label[t - 1] > 0 ? s.label[t - 1] - 1 : 0);
            ck_assert_int_eq(argmax(s.x[t], D), 0);
            ck_assert_float_eq(s.x[t][0], 0.0f);
        }

        draw_sequence(&s, &tasks[0], &rng);
        ck_assert_int_eq(s.T, 1);
        ck_assert_int_eq(s.label[0], s.x[0][0] != s.x[0][1]);
    }
}
END_TEST

// Three seeds, all perfect; and not before the training.
START_TEST(learns_all_four) {
    for (int seed = 1; seed <= 3; seed++) {
        char command[80];
        snprintf(command, sizeof command, "rnn --seed %d --quiet --plot none",
                 seed);
        Run run = run_program(command);
        ck_assert_int_eq(run.status, 0);
        ck_assert_double_eq(result_value(&run, "one_to_one"), 1.0);
        ck_assert_double_eq(result_value(&run, "one_to_many"), 1.0);
        ck_assert_double_eq(result_value(&run, "many_to_one"), 1.0);
        ck_assert_double_eq(result_value(&run, "many_to_many"), 1.0);
        // loss of about 2, known to 2.4e-7 or so, over 0.06: 4e-6 for each of
        // 24 slopes, 2e-5 in length, of 0.006 or more; and a step^2 / 6
        ck_assert_double_lt(result_value(&run, "gradient_error"), 5e-3);
    }
    Run early = run_program("rnn --steps 1 --quiet --plot none");
    ck_assert_int_eq(early.status, 0);
    ck_assert_double_lt(result_value(&early, "one_to_many"), 0.5);
    ck_assert_double_lt(result_value(&early, "many_to_many"), 0.5);
}
END_TEST

int main(void) {
    const Test tests[] = {{worked_numbers},
                          {gradients_are_slopes},
                          {agrees_with_the_library},
                          {tasks_have_the_right_answers},
                          {learns_all_four, .seconds = 60}};
    return run_tests("rnn", tests, sizeof tests / sizeof *tests);
}
