// Gradients through deep nets: right by differences, and vanishing, exploding
// or surviving where theory says so.

#define main vanishing_main
#include "ch03_backprop/vanishing.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "tables.h"
#include "testing.h"

static const char *const names[] = {"sigmoid", "tanh", "ReLU"};

// f'(z) from y against the central difference of f. In float32 a step of 0.01
// rounds by 6e-8 / 0.01 and truncates 1e-4 / 6 times a third derivative of 2.
START_TEST(slopes_are_slopes) {
    const float zs[] = {-3.0f, -0.7f, 0.3f, 1.0f, 2.5f}, h = 0.01f;
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int i = 0; i < 5; i++) {
            float z[] = {zs[i] - h, zs[i], zs[i] + h};
            Tensor x = tensor_view(z, 1, 3), y = {0};
            activate((Activation)f, &y, &x);
            float difference = (y.data[2] - y.data[0]) / (z[2] - z[0]);
            ck_assert_msg(fabsf(slope((Activation)f, y.data[1]) - difference) <
                              1e-4f,
                          "%s at %g", names[f], (double)zs[i]);
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
// 0.2, its mean over 49 layers by 0.03; three times that is allowed.
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
static void gradients_vanish(const Measured *m) {
    for (int init = 0; init < INITS; init++)
        ck_assert_double_lt(m->layer.of[SIGMOID][init][1], 1e-6);
    ck_assert_double_lt(m->layer.of[SIGMOID][XAVIER][1], 1e-25);
    ck_assert_double_lt(m->layer.of[SIGMOID][HE][1], 1e-20);
    for (int f = 0; f < ACTIVATIONS; f++)
        ck_assert_double_lt(m->layer.of[f][SMALL][1], 1e-40);
    ck_assert_double_lt(m->layer.of[RELU][XAVIER][1], 1e-5);
}

static void gradients_explode_or_survive(const Measured *m) {
    ck_assert_double_gt(m->layer.of[RELU][LARGE][1], 1e18);
    ck_assert_double_gt(m->layer.of[TANH][LARGE][1], 1e5);
    ck_assert_double_gt(m->layer.of[TANH][XAVIER][1], 1e-3);
    ck_assert_double_lt(m->layer.of[TANH][XAVIER][1], 1e1);
    ck_assert_double_gt(m->layer.of[RELU][HE][1], 1e-2);
    ck_assert_double_lt(m->layer.of[RELU][HE][1], 1e2);
}

// The output's own gradient is 1 in every net, and the deepest net's first
// layer is the last point of the curve over depths.
static void norms_are_relative(const Measured *m) {
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int init = 0; init < INITS; init++) {
            ck_assert_double_eq(m->layer.of[f][init][MAX_DEPTH], 1.0);
            ck_assert_double_eq(m->layer.of[f][init][1],
                                m->first.of[f][init][MAX_DEPTH]);
            ck_assert_double_gt(m->first.of[f][init][2], 0.0);
        }
    for (int depth = 4; depth <= MAX_DEPTH; depth += 2)
        ck_assert_double_lt(m->first.of[SIGMOID][XAVIER][depth],
                            m->first.of[SIGMOID][XAVIER][depth - 2]);
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

// Seed 1: what 255 times the input does to tanh's gradient. With large weights
// (not here) the net is chaotic, and rounding decides whether 1.8 or 3.2.
static void scale_factors_of_the_program(const Measured *m) {
    ck_assert_double_eq_tol(scale_factor(m, TANH, XAVIER), 2.315, 0.02);
    ck_assert_double_eq_tol(scale_factor(m, TANH, HE), 2.160, 0.02);
}

START_TEST(gradients_through_fifty_layers) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Measured m = {.depth = MAX_DEPTH};
        measure_all(&m, 64, seed);
        relu_multiplies_as_computed(&m);
        gradients_vanish(&m);
        gradients_explode_or_survive(&m);
        norms_are_relative(&m);
        the_inputs_scale_hardly_matters(&m);
        if (seed == 1)
            scale_factors_of_the_program(&m);
    }
}
END_TEST

// The number that follows some words of the output.
static double number_after(const Run *run, const char *words) {
    const char *at = strstr(run->output, words);
    ck_assert_msg(at != NULL, "no \"%s\"", words);
    return strtod(at + strlen(words), NULL);
}

// 2^10 over the ten layers between the last of 11 and the first.
START_TEST(a_layers_factor_is_the_root) {
    Measured m = {.depth = 11};
    m.layer.of[TANH][HE][1] = 1024.0;
    ck_assert_double_eq_tol(per_layer(&m, TANH, HE), 2.0, 1e-14);
}
END_TEST

// A number of a row, of which one digit is printed (it may be off by half of
// itself) or two (by a twentieth).
static void check_number(const char *table, int f, int column, double want,
                         double tolerance) {
    double got = table_number(table, names[f], column);
    ck_assert_msg(fabs(got / want - 1.0) < tolerance,
                  "%s, number %d: %g, not %g", names[f], column + 1, got, want);
}

// Small nets, whose numbers differ in every place of the two tables.
START_TEST(prints_what_it_measured) {
    Measured m = {.depth = 6};
    measure_all(&m, 8, 1);
    Run run = run_program("vanishing --depth 6 --width 8 --plot none");
    for (int f = 0; f < ACTIVATIONS; f++) {
        const char *table = from_line(run.output, names[0]);
        for (int init = 0; init < INITS; init++)
            check_number(table, f, init, m.layer.of[f][init][1], 0.51);
        table = from_line(from_line(table, names[RELU]) + 1, names[0]);
        for (int init = LARGE; init < INITS; init++)
            for (int s = 0; s < SCALES; s++)
                check_number(table, f, (init - LARGE) * SCALES + s,
                             m.scaled[f][init][s], 0.06);
    }
    // beside each name its standard deviation
    const char *head = after_text(run.output, "small");
    head = after_text(head, "Xavier");
    ck_assert_double_eq_tol(strtod(head, NULL), (double)deviation(XAVIER, 8, 8),
                            1e-4);
    head = after_text(head, "He");
    ck_assert_double_eq_tol(strtod(head, NULL), (double)deviation(HE, 8, 8),
                            1e-4);
    const double tanh_kept = number_after(&run, "tanh keeps "),
                 relu_kept = number_after(&run, "weights, ReLU ");
    ck_assert_double_eq_tol(tanh_kept / m.layer.of[TANH][XAVIER][1], 1, 0.06);
    ck_assert_double_eq_tol(relu_kept / m.layer.of[RELU][HE][1], 1, 0.06);
    ck_assert_double_eq_tol(
        result_value(&run, "relu_he") / m.layer.of[RELU][HE][1], 1, 0.006);
}
END_TEST

// A panel's curves: those of its activation, named as the initial weights are.
static void check_curves(const char *name, int from, int to,
                         const Norms *norms) {
    const char *const columns[] = {"small", "large", "Xavier", "He"};
    char file[64];
    double x[MAX_DEPTH];
    snprintf(file, sizeof file, "out/ch03/%s.csv", name);
    for (int f = 0; f < ACTIVATIONS; f++)
        for (int init = 0; init < INITS; init++) {
            int count = chart_column(file, f, columns[init], x, MAX_DEPTH);
            ck_assert_int_eq(count, to - from + 1);
            for (int i = 0; i < count; i++) {
                double want = norms->of[f][init][from + i];
                ck_assert_msg(fabs(x[i] - want) <= 1e-5 * want,
                              "%s, %s, %s at %d: %g, not %g", name, names[f],
                              columns[init], from + i, x[i], want);
            }
        }
    snprintf(file, sizeof file, "out/ch03/%s.gp", name);
    const char *script = text_of(file);
    for (int f = 0; f < ACTIVATIONS; f++) {
        char title[64];
        snprintf(title, sizeof title, "set title '%s'", names[f]);
        script = after_text(after_text(script, title), "DATA index ");
        ck_assert_int_eq(atoi(script), f);
    }
}

START_TEST(draws_what_it_measured) {
    Measured m = {.depth = 6};
    measure_all(&m, 8, 1);
    run_for_charts("vanishing --depth 6 --width 8 --quiet");
    check_curves("vanishing_layers", 1, 6, &m.layer);
    check_curves("vanishing_depth", 2, MAX_DEPTH, &m.first);
}
END_TEST

START_TEST(same_result_for_any_number_of_threads) {
    Run one = run_program("vanishing --width 16 --plot none --threads 1");
    Run two = run_program("vanishing --width 16 --plot none --threads 2");
    ck_assert_int_eq(one.status, 0);
    ck_assert_str_eq(one.output, two.output);
}
END_TEST

// The program's numbers, to the digits printed; the largest factor is 3.2 or,
// where rounding makes tanh's with large weights smaller, Xavier's 2.3.
START_TEST(prints_its_result) {
    Run run = run_program("vanishing --plot none");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_lt(result_value(&run, "sigmoid_xavier"), 1e-25);
    ck_assert_double_eq_tol(result_value(&run, "tanh_xavier") / 0.177, 1,
                            0.005);
    ck_assert_double_eq_tol(result_value(&run, "relu_xavier") / 7.23e-8, 1,
                            0.005);
    ck_assert_double_eq_tol(result_value(&run, "relu_he") / 1.72, 1, 0.005);
    ck_assert_double_eq(result_value(&run, "depth"), 50.0);
    double largest = number_after(&run, "changes it by a factor of ");
    ck_assert_double_ge(largest, 2.2);
    ck_assert_double_le(largest, 5.0);
    ck_assert_double_eq_tol(
        number_after(&run, "Xavier's weights,\n  ") / 2.3e22, 1, 0.03);
    run = run_program("vanishing --quiet --plot none --depth 2 --width 1");
    ck_assert_int_eq(run.status, 0);
}
END_TEST

int main(void) {
    const Test tests[] = {{slopes_are_slopes},
                          {largest_slopes},
                          {deviations_are_the_papers},
                          {backward_is_the_derivative},
                          {gradients_through_fifty_layers, .seconds = 100},
                          {a_layers_factor_is_the_root},
                          {prints_what_it_measured},
                          {draws_what_it_measured},
                          {same_result_for_any_number_of_threads},
                          {prints_its_result, .seconds = 100}};
    return run_tests("vanishing", tests, sizeof tests / sizeof *tests);
}
