// Gradients through deep nets: right by differences, and vanishing, exploding
// or surviving where theory says so.

#define main vanishing_main
#include "ch03_backprop/vanishing.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

static const char *const names[] = {"sigmoid", "tanh", "ReLU"},
                         *const inits[] = {"small", "large", "Xavier", "He"};

// f'(z) from y against the central difference of f. In float32 a step of 0.01
// rounds by 6e-8 / 0.01 and truncates 1e-4 / 6 times a third derivative of 2.
START_TEST(slopes_are_slopes) {
    const float zs[] = {-3.0f, -0.7f, 0.3f, 1.0f, 2.5f}, h = 0.01f;
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int i = 0; i < 5; i++) {
            float z[] = {zs[i] - h, zs[i], zs[i] + h};
            Tensor x = tensor_view(z, 1, 3), y = {0};
            activate((Activation)f, &y, &x);
            ck_assert_float_eq_tol(slope((Activation)f, y.data[1]),
                                   (y.data[2] - y.data[0]) / (z[2] - z[0]),
                                   1e-4f);
            tensor_free(&y);
        }
}
END_TEST

// Nothing passes a sigmoid by more than a quarter, or a tanh by more than 1.
START_TEST(largest_slopes) {
    ck_assert_float_eq(slope(SIGMOID, 0.5f), 0.25f);
    ck_assert_float_eq(slope(TANH, 0.0f), 1.0f);
    for (int i = 0; i <= 100; i++)
        ck_assert_float_le(slope(SIGMOID, (float)i / 100.0f), 0.25f);
}
END_TEST

// [Glorot 2010] [He 2015]
START_TEST(deviations_are_the_papers) {
    ck_assert_float_eq(deviation(XAVIER, 64, 64), 0.125f);
    ck_assert_float_eq_tol(deviation(XAVIER, 100, 50), sqrtf(2.0f / 150.0f),
                           1e-8f);
    ck_assert_float_eq_tol(deviation(HE, 100, 50), sqrtf(0.02f), 1e-8f);
}
END_TEST

// ---- Backward by differences ------------------------------------------------

typedef struct {
    Net net;
    Tensor signal;
} Probe;

enum { DEPTH = 3 };

// L = sum of signal * output, so that dL/d(output) is the signal.
static double probe_loss(void *context) {
    Probe *p = context;
    net_forward(&p->net, DEPTH);
    double loss = 0.0;
    for (size_t i = 0; i < p->signal.size; i++)
        loss += (double)p->signal.data[i] * (double)p->net.y[DEPTH].data[i];
    return loss;
}

// All 64 x 6 inputs. One input moves six outputs of size 1 or so, each rounded
// by 6e-8: over 2h that is 2e-5 for h = 0.01, and 1e-3 for ReLU, whose step is
// smaller so that few units cross their kink within it. Both are 2 % of the
// floor below which elements are not compared.
START_TEST(backward_is_the_derivative) {
    for (int f = 0; f < ACTIVATIONS; f++) {
        Rng rng;
        Probe p = {0};
        rng_seed(&rng, 3);
        net_init(&p.net, 6, (Activation)f, LARGE, &rng);
        net_forward(&p.net, DEPTH);
        tensor_resize_like(&p.signal, &p.net.y[DEPTH]);
        fill_normal(&p.signal, 1.0f, &rng);
        tensor_copy(&p.net.dy[DEPTH], &p.signal);
        net_backward(&p.net, DEPTH);
        Tensor *x = &p.net.y[0];
        GradCheck check = grad_check(probe_loss, &p, x->data, p.net.dy[0].data,
                                     x->size, x->size, f == RELU ? 2e-4 : 0.01,
                                     f == RELU ? 0.05 : 1e-3);
        assert_slopes(names[f], &check, 0.02, 1e-2, x->size / 4);
        tensor_free(&p.signal);
        net_free(&p.net);
    }
}
END_TEST

// ---- What becomes of it -----------------------------------------------------

// A layer of width n multiplies a ReLU net's gradient by s sqrt(n / 2), half of
// the slopes being 1: by 1 with He's s, by 0.707 with Xavier's, by 2.83 with
// 0.5. Widths of 64 scatter the logarithm of a factor by about sqrt(5 / 2n) =
// 0.2, its mean over 49 layers by 0.03; three times that is allowed: He's
// gradient stays between 0.01 and 100, Xavier's falls below 1e-5.
static void relu_multiplies_as_computed(const Measured *m) {
    ck_assert_double_eq_tol(log(per_layer(m, RELU, HE)), 0.0, 0.09);
    ck_assert_double_eq_tol(log(per_layer(m, RELU, XAVIER)), log(sqrt(0.5)),
                            0.09);
    ck_assert_double_eq_tol(log(per_layer(m, RELU, LARGE)),
                            log(0.5 * sqrt(32.0)), 0.09);
}

// Sigmoid: at most a quarter times s sqrt(n), so at most 0.25 with Xavier's
// s = 1/8 and 0.35 with He's, give or take the scatter; fifty layers leave less
// than 1e-20. Small weights finish any gradient: even tanh's layers multiply by
// no more than 0.01 * 8.
static void gradients_vanish_or_survive(const Measured *m) {
    ck_assert_double_lt(m->first[SIGMOID][LARGE][MAX_DEPTH], 1e-6);
    ck_assert_double_lt(m->first[SIGMOID][XAVIER][MAX_DEPTH], 1e-25);
    ck_assert_double_lt(m->first[SIGMOID][HE][MAX_DEPTH], 1e-20);
    for (int f = 0; f < ACTIVATIONS; f++)
        ck_assert_double_lt(m->first[f][SMALL][MAX_DEPTH], 1e-40);
    ck_assert_double_gt(m->first[TANH][LARGE][MAX_DEPTH], 1e5);
    ck_assert_double_gt(m->first[TANH][XAVIER][MAX_DEPTH], 1e-3);
    ck_assert_double_lt(m->first[TANH][XAVIER][MAX_DEPTH], 1e1);
}

// A sigmoid net's first layer gets less with every two layers more.
static void deeper_nets_keep_less(const Measured *m) {
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int init = 0; init < INITS; init++)
            ck_assert_double_gt(m->first[f][init][2], 0.0);
    for (int depth = 4; depth <= MAX_DEPTH; depth += 2)
        ck_assert_double_lt(m->first[SIGMOID][XAVIER][depth],
                            m->first[SIGMOID][XAVIER][depth - 2]);
}

// The lecture explains vanishing and exploding by the input's scale. A ReLU net
// without biases is homogeneous: 255 times the input changes no slope, but
// for a unit within rounding of 0. Sigmoid and tanh saturate a little more in
// the first layers: a factor below 10, where 49 layers multiply by 1e-31.
static void the_inputs_scale_hardly_matters(const Measured *m) {
    for (int init = LARGE; init < INITS; init++) {
        ck_assert_double_lt(scale_factor(m, RELU, init), 1.01);
        ck_assert_double_lt(scale_factor(m, TANH, init), 10.0);
        ck_assert_double_lt(scale_factor(m, SIGMOID, init), 10.0);
    }
    ck_assert_double_lt(m->scaled[SIGMOID][XAVIER][TO_255], 1e-25);
    ck_assert_double_gt(m->scaled[RELU][LARGE][TO_1], 1e18);
}

// Seed 1, which the page quotes: what 255 times the input does to tanh's
// gradient, and how far large weights blow up ReLU's. With large weights tanh's
// net (not here) is chaotic, and rounding decides whether 1.8 or 3.2.
static void the_programs_numbers(const Measured *m) {
    ck_assert_double_eq_tol(scale_factor(m, TANH, XAVIER), 2.315, 0.02);
    ck_assert_double_eq_tol(scale_factor(m, TANH, HE), 2.160, 0.02);
    ck_assert_double_eq_tol(m->first[RELU][LARGE][MAX_DEPTH] / 2.3e22, 1, 0.03);
}

// Three seeds of twelve kinds of nets, against all that is said above.
START_TEST(gradients_through_fifty_layers) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Measured m = {.depth = MAX_DEPTH};
        measure_all(&m, 64, seed);
        relu_multiplies_as_computed(&m);
        gradients_vanish_or_survive(&m);
        deeper_nets_keep_less(&m);
        the_inputs_scale_hardly_matters(&m);
        if (seed == 1)
            the_programs_numbers(&m);
    }
}
END_TEST

// 2^10 over the ten layers between the last of 11 and the first.
START_TEST(a_layers_factor_is_the_root) {
    Measured m = {.depth = 11};
    m.first[TANH][HE][11] = 1024.0;
    ck_assert_double_eq_tol(per_layer(&m, TANH, HE), 2.0, 1e-14);
}
END_TEST

// A panel's curves: those of its activation, named as the initial weights are.
// Seven digits are written; through 50 layers another compiler's rounding may
// change the fifth.
static void check_curves(const Measured *m) {
    const char *file = "out/ch03/vanishing_depth.csv";
    const char *figure = "out/ch03/vanishing_depth.fig";
    double x[MAX_DEPTH];
    for (int f = 0; f < ACTIVATIONS; f++) {
        for (int init = 0; init < INITS; init++) {
            int count = chart_column(file, f, inits[init], x, MAX_DEPTH);
            ck_assert_int_eq(count, MAX_DEPTH - 1);
            for (int i = 0; i < count; i++) {
                double want = m->first[f][init][2 + i];
                ck_assert_msg(fabs(x[i] - want) <= 1e-3 * want,
                              "%s, %s, %d layers: %g, not %g", names[f],
                              inits[init], 2 + i, x[i], want);
            }
            assert_mark(figure, f, "lines", "depth", inits[init], inits[init]);
        }
        ck_assert_str_eq(panel_of(figure, f), names[f]);
        ck_assert_double_eq(figure_attribute(figure, "vertical", f, "at"), 7);
    }
}

// A small net of its own width, where the numbers differ in every place of the
// two tables. Of a number one digit is printed (it may be off by half of
// itself), of the second table's two (by a twentieth).
START_TEST(shows_what_it_measured) {
    Measured m = {.depth = 6};
    measure_all(&m, 10, 1);
    Run run = run_for_charts("vanishing --depth 6 --width 10");
    const char *table = from_line(run.output, names[0]),
               *scales = from_line(from_line(table, names[RELU]) + 1, names[0]);
    const char *head = run.output;
    for (int init = 0; init < INITS; init++) { // its deviation beside each name
        head = after_text(head, inits[init]);
        ck_assert_double_eq_tol(strtod(head, NULL),
                                (double)deviation((Init)init, 10, 10), 1e-4);
    }
    for (int f = 0; f < ACTIVATIONS; f++) {
        for (int init = 0; init < INITS; init++) {
            double want = m.first[f][init][6];
            ck_assert_double_eq_tol(table_number(table, names[f], init) / want,
                                    1, 0.51);
        }
        for (int i = 0; i < (INITS - LARGE) * SCALES; i++) {
            double want = m.scaled[f][LARGE + i / SCALES][i % SCALES];
            ck_assert_double_eq_tol(table_number(scales, names[f], i) / want, 1,
                                    0.06);
        }
    }
    check_curves(&m);
}
END_TEST

// Made-up numbers: each claim quotes those of its own nets, in this order.
static Measured made_up = {.depth = 50};
static void claim_them(void) {
    print_claims(&made_up);
}

START_TEST(claims_quote_their_own_nets) {
    const char *const want[] = {"1.1e-01", "2.2e+00", " 3.3 ", "4.4e-08",
                                "5.5e+22"};
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int init = 0; init < INITS; init++)
            made_up.scaled[f][init][TO_1] = made_up.scaled[f][init][TO_255] = 1;
    made_up.scaled[SIGMOID][HE][TO_1] = 3.3; // the largest, as a fall
    made_up.scaled[TANH][LARGE][TO_255] = 3.2;
    made_up.first[TANH][XAVIER][50] = 0.11;
    made_up.first[RELU][HE][50] = 2.2;
    made_up.first[RELU][XAVIER][50] = 4.4e-8;
    made_up.first[RELU][LARGE][50] = 5.5e22;
    Run run = run_function(claim_them);
    const char *at = run.output;
    for (int i = 0; i < 5; i++)
        at = after_text(at, want[i]);
}
END_TEST

// The program's numbers, to the digits printed; and a net of one unit runs.
START_TEST(prints_its_result) {
    Run run = run_for_result("vanishing");
    ck_assert_double_lt(result_value(&run, "sigmoid_xavier"), 1e-25);
    ck_assert_double_eq_tol(result_value(&run, "tanh_xavier") / 0.177, 1,
                            0.005);
    ck_assert_double_eq_tol(result_value(&run, "relu_xavier") / 7.23e-8, 1,
                            0.005);
    ck_assert_double_eq_tol(result_value(&run, "relu_he") / 1.72, 1, 0.005);
    ck_assert_double_eq(result_value(&run, "depth"), 50.0);
    run = run_for_result("vanishing --depth 2 --width 1");
}
END_TEST

int main(void) {
    const Test tests[] = {{slopes_are_slopes},
                          {largest_slopes},
                          {deviations_are_the_papers},
                          {backward_is_the_derivative},
                          {gradients_through_fifty_layers, .seconds = 100},
                          {a_layers_factor_is_the_root},
                          {shows_what_it_measured},
                          {claims_quote_their_own_nets},
                          {prints_its_result, .seconds = 100}};
    return run_tests("vanishing", tests, sizeof tests / sizeof *tests);
}
