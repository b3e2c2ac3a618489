// The library beside Keras and PyTorch (golden/make_frameworks.py): with their
// constants it gives their numbers, or it differs by what the table of
// common/README.md says.

#define main init_main
#include "ch04_optimizers/init.c"
#undef main

#include <string.h>

#include "batchnorm.h"
#include "golden.h"
#include "layers.h"
#include "params.h"
#include "testing.h"

enum { STEPS = 20, SIZE = 6 };

static void numbers(float *values, int count, const char *name) {
    Tensor t = golden("frameworks.txt", "", name);
    ck_assert_uint_eq(t.size, count);
    memcpy(values, t.data, t.size * sizeof *values);
    tensor_free(&t);
}

static double number(const char *name, size_t index) {
    return golden_number("frameworks.txt", "", name, index);
}

// ---- Initializers -----------------------------------------------------------

enum { OUT = 250, IN = 400, DRAWS = OUT * IN };

// Of n draws: the mean, the variance about 0 and the largest |w|.
typedef struct {
    double mean, variance, largest;
} Spread;

static Spread spread_of(const float *w, size_t n) {
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < n; i++) {
        double value = (double)w[i];
        sum += value;
        squares += value * value;
        if (fabs(value) > largest)
            largest = fabs(value);
    }
    return (Spread){sum / (double)n, squares / (double)n, largest};
}

// The same of what PyTorch drew, DRAWS numbers too.
static Spread pytorch_spread(const char *name) {
    return (Spread){0, number(name, 0), number(name, 1)};
}

// Five standard deviations: those of a mean are sigma / sqrt(n), those of a
// variance sqrt(2 / n) of it if the draws are normal, less if they are uniform
// or truncated.
static void assert_spread(Spread s, double variance) {
    ck_assert_double_eq_tol(s.mean, 0, 5 * sqrt(variance / DRAWS));
    ck_assert_double_eq_tol(s.variance / variance, 1, 5 * sqrt(2.0 / DRAWS));
}

// Uniform in [-r, r]: no draw beyond, but one beyond r (1 - 20 / n), except
// with probability e^-20. The largest |w| is a float: r may be rounded up.
static void assert_bound(Spread s, double r) {
    ck_assert_double_le(s.largest, r * (1 + 1e-6));
    ck_assert_double_ge(s.largest, r * (1 - 20.0 / DRAWS));
}

static Spread drawn(Kind kind) {
    static float w[DRAWS];
    Rng rng;
    rng_seed(&rng, 1);
    for (int i = 0; i < DRAWS; i++)
        w[i] = first_weight(kind, IN, OUT, &rng);
    return spread_of(w, DRAWS);
}

// A layer [OUT, IN] as params_init_he leaves it, and its biases.
static Spread he_layer(Spread *bias) {
    Tensor w, dw, b, db;
    const ParamSpec table[] = {{"weight", &w, &dw, {OUT, IN}},
                               {"bias", &b, &db, {OUT}}};
    Params params;
    Rng rng;
    rng_seed(&rng, 2);
    params_init(&params, table, 2);
    params_init_he(&params, &rng);
    Spread s = spread_of(w.data, w.size);
    *bias = spread_of(b.data, b.size);
    params_free(&params);
    return s;
}

// Keras's default bias is zeros; nn.Linear draws it.
START_TEST(biases_are_zero_or_drawn) {
    Spread bias;
    he_layer(&bias);
    ck_assert_double_eq(bias.largest, 0);
    ck_assert_double_eq(drawn(ZERO).largest, 0);
    Spread constant = drawn(CONSTANT);
    ck_assert_double_eq_tol(constant.mean, constant.largest, 1e-9);
    assert_spread(pytorch_spread("torch.linear_bias"), 1.0 / (3 * IN));
    assert_bound(pytorch_spread("torch.linear_bias"), 1 / sqrt(IN));
}
END_TEST

// With Keras's stddev and bounds, which are not PyTorch's defaults.
START_TEST(normal_and_uniform) {
    static float w[DRAWS];
    Rng rng;
    rng_seed(&rng, 3);
    for (int i = 0; i < DRAWS; i++)
        w[i] = 0.05f * rng_normal(&rng);
    assert_spread(spread_of(w, DRAWS), 0.05 * 0.05);
    assert_spread(pytorch_spread("torch.normal"), 0.05 * 0.05);
    for (int i = 0; i < DRAWS; i++)
        w[i] = uniform(&rng, 0.05f);
    assert_spread(spread_of(w, DRAWS), 0.05 * 0.05 / 3);
    assert_bound(spread_of(w, DRAWS), 0.05);
    assert_spread(pytorch_spread("torch.uniform"), 0.05 * 0.05 / 3);
    assert_bound(pytorch_spread("torch.uniform"), 0.05);
}
END_TEST

// A normal number, drawn again while it is beyond two deviations: Keras.
static float truncated(float deviation, Rng *rng) {
    float z = rng_normal(rng);
    while (fabsf(z) > 2.0f)
        z = rng_normal(rng);
    return deviation * z;
}

// What Keras divides by in VarianceScaling: the deviation that a standard
// normal has left, sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)).
static const double KEPT = 0.87962566103423978;

// PyTorch cuts at -2 and 2 whatever std is: at std = 0.02 nothing is cut.
START_TEST(truncation_shrinks_the_deviation) {
    static float w[DRAWS];
    Rng rng;
    rng_seed(&rng, 4);
    for (int i = 0; i < DRAWS; i++)
        w[i] = truncated(0.05f, &rng);
    assert_spread(spread_of(w, DRAWS), pow(0.05 * KEPT, 2));
    assert_spread(pytorch_spread("torch.trunc_normal"), KEPT * KEPT);
    ck_assert_double_le(number("torch.trunc_normal", 1), 2);
    assert_spread(pytorch_spread("torch.trunc_normal_002"), 0.02 * 0.02);
    ck_assert_double_gt(number("torch.trunc_normal_002", 1), 4 * 0.02);
}
END_TEST

START_TEST(glorot_is_the_same) {
    double variance = 2.0 / (IN + OUT), r = sqrt(6.0 / (IN + OUT));
    assert_spread(drawn(XAVIER), variance);
    assert_bound(drawn(XAVIER), r);
    assert_spread(pytorch_spread("torch.xavier_uniform"), variance);
    assert_bound(pytorch_spread("torch.xavier_uniform"), r);
}
END_TEST

// Keras widens the normal, cuts it at two of its deviations and so keeps the
// variance; ours and PyTorch's have draws beyond, in 10^5 some of 4 deviations.
START_TEST(he_differs_in_the_tails) {
    double variance = 2.0 / IN, cut = 2 / KEPT * sqrt(variance);
    static float w[DRAWS];
    Spread bias, ours = he_layer(&bias);
    Rng rng;
    rng_seed(&rng, 5);
    for (int i = 0; i < DRAWS; i++)
        w[i] = truncated((float)(sqrt(variance) / KEPT), &rng);
    assert_spread(spread_of(w, DRAWS), variance);
    // the density at the cut is 0.23 KEPT per deviation: e^-20 that none of all
    // draws is so near to it
    double most = spread_of(w, DRAWS).largest;
    ck_assert_double_le(most, cut * (1 + 1e-6));
    ck_assert_double_ge(most, cut * (1 - 90.0 / DRAWS));
    assert_spread(ours, variance);
    assert_spread(drawn(HE), variance);
    assert_spread(pytorch_spread("torch.kaiming_normal"), variance);
    // phi(2) = e^-2 / sqrt(2 pi) and 2 Phi(2) - 1 = erf(sqrt 2): a few ulps
    double phi = exp(-2) / sqrt(2 * acos(-1.0)), inside = erf(sqrt(2.0));
    ck_assert_double_eq_tol(KEPT, sqrt(1 - 4 * phi / inside), 1e-15);
    ck_assert_double_gt(ours.largest, 4 * sqrt(variance));
    ck_assert_double_gt(number("torch.kaiming_normal", 1), 4 * sqrt(variance));
}
END_TEST

// Three variances: Keras 2 / (in + out), PyTorch 1 / (3 in), ours 2 / in.
START_TEST(dense_layers_begin_differently) {
    Spread bias, ours = he_layer(&bias);
    Spread pytorch = pytorch_spread("torch.linear_weight");
    assert_spread(drawn(XAVIER), 2.0 / (IN + OUT));
    assert_spread(pytorch, 1.0 / (3 * IN));
    assert_bound(pytorch, 1 / sqrt(IN));
    // each variance is known to 5 sqrt(2 / n)
    ck_assert_double_eq_tol(ours.variance / pytorch.variance / 6, 1,
                            10 * sqrt(2.0 / DRAWS));
}
END_TEST

// ---- Optimizers -------------------------------------------------------------

// Twenty steps: each rounds w, below 4, by 2^-23 at most and its own length by
// less than 2^-20 of it, and all lengths together are below 8 (the script
// checks both): less than 20 * 2^-23 + 2^-17.
static const double TOLERANCE = 1e-5;

// What is to be done before a step, to the optimizer or to the gradient at w.
typedef void Prepare(Optimizer *o, const Tensor *w, Tensor *g);

// The path of an optimizer on the given gradients.
static void walk(Optimizer *o, Prepare *prepare, float *path) {
    float start[SIZE], grads[STEPS * SIZE];
    numbers(start, SIZE, "start");
    numbers(grads, STEPS * SIZE, "grads");
    Tensor w = tensor_view(start, 1, SIZE);
    optimizer_look_ahead(o, &w);
    for (int t = 0; t < STEPS; t++) {
        Tensor g = tensor_view(grads + t * SIZE, 1, SIZE);
        if (prepare != NULL)
            prepare(o, &w, &g);
        optimizer_step(o, &w, &g);
        optimizer_look_ahead(o, &w);
        memcpy(path + t * SIZE, start, sizeof start);
    }
    optimizer_free(o);
}

static void follow(Optimizer o, Prepare *prepare, const char *name) {
    float path[STEPS * SIZE], want[STEPS * SIZE];
    numbers(want, STEPS * SIZE, name);
    walk(&o, prepare, path);
    assert_close(path, want, STEPS * SIZE, TOLERANCE, name);
}

static Optimizer optimizer(OptimizerKind kind, float lr) {
    Optimizer o;
    optimizer_init(&o, kind, lr);
    return o;
}

// PyTorch's but for its momentum of 0, RMSprop's alpha of 0.99 and rate of 0.01
// and Adagrad's epsilon of 1e-10.
START_TEST(defaults_are_in_the_table) {
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++) {
        Optimizer o = optimizer((OptimizerKind)kind, 1.0f);
        ck_assert_float_eq(o.momentum, 0.9f);
        ck_assert_float_eq(o.rho, 0.9f);
        ck_assert_float_eq(o.beta1, 0.9f);
        ck_assert_float_eq(o.beta2, 0.999f);
        ck_assert_float_eq(o.epsilon, kind == ADADELTA ? 1e-6f : 1e-8f);
        ck_assert_float_eq(o.weight_decay, 0.01f);
    }
    const float lr[OPTIMIZER_KINDS] = {
        [SGD] = 0.01f,     [MOMENTUM] = 0.01f, [NESTEROV] = 0.01f,
        [ADAGRAD] = 0.01f, [RMSPROP] = 0.001f, [ADADELTA] = 1.0f,
        [ADAM] = 0.001f,   [ADAMW] = 0.001f};
    for (int kind = 0; kind < OPTIMIZER_KINDS; kind++)
        ck_assert_float_eq(optimizer_usual_lr((OptimizerKind)kind), lr[kind]);
}
END_TEST

START_TEST(sgd_is_the_same) {
    follow(optimizer(SGD, 0.01f), NULL, "keras.sgd");
    follow(optimizer(SGD, 0.01f), NULL, "torch.sgd");
}
END_TEST

static void cut_rate(Optimizer *o, const Tensor *w, Tensor *g) {
    (void)w, (void)g;
    if (o->step == STEPS / 2)
        o->lr *= 0.125f;
}

// Keras's velocity is the sum of -lr g, each with the lr of its time: what m
// remembers from before the cut must not be cut with lr.
static void cut_rate_of_the_new(Optimizer *o, const Tensor *w, Tensor *g) {
    cut_rate(o, w, g);
    for (size_t i = 0; i < o->m.size && o->step == STEPS / 2; i++)
        o->m.data[i] /= 0.125f;
}

START_TEST(momentum_differs_after_a_cut) {
    follow(optimizer(MOMENTUM, 0.05f), NULL, "keras.momentum");
    follow(optimizer(MOMENTUM, 0.05f), NULL, "torch.momentum");
    follow(optimizer(MOMENTUM, 0.05f), cut_rate, "torch.momentum_cut");
    follow(optimizer(MOMENTUM, 0.05f), cut_rate_of_the_new,
           "keras.momentum_cut");
    size_t first = (STEPS - 1) * SIZE; // a weight with gradients of size 1
    ck_assert_double_gt(fabs(number("keras.momentum_cut", first) -
                             number("torch.momentum_cut", first)),
                        0.01);
}
END_TEST

static void bowl(Optimizer *o, const Tensor *w, Tensor *g) {
    (void)o;
    numbers(g->data, SIZE, "curvature");
    for (size_t i = 0; i < g->size; i++)
        g->data[i] *= w->data[i];
}

// Their w is ours after optimizer_look_ahead.
START_TEST(nesterov_is_theirs_ahead) {
    follow(optimizer(NESTEROV, 0.05f), bowl, "keras.nesterov");
    follow(optimizer(NESTEROV, 0.05f), bowl, "torch.nesterov");
}
END_TEST

// sqrt(v + epsilon) from v = 0.1 is sqrt(v) from v = 0.1 + epsilon.
static void accumulator_of_keras(Optimizer *o, const Tensor *w, Tensor *g) {
    (void)g;
    if (o->step > 0)
        return;
    tensor_resize_like(&o->v, w);
    tensor_fill(&o->v, 0.1f + 1e-7f);
}

// From v = 0 the first step is lr, whatever g; from 0.1 one of 2^-21 is nil.
START_TEST(adagrad_begins_elsewhere) {
    Optimizer o = optimizer(ADAGRAD, 0.01f);
    o.epsilon = 0.0f;
    follow(o, accumulator_of_keras, "keras.adagrad");
    o.epsilon = 1e-10f;
    follow(o, NULL, "torch.adagrad");
    float start[SIZE];
    numbers(start, SIZE, "start");
    double still = (double)start[4];
    ck_assert_double_lt(fabs(number("keras.adagrad", 4) - still), 1e-7);
    ck_assert_double_eq_tol(fabs(number("torch.adagrad", 4) - still), 0.01,
                            1e-4);
}
END_TEST

// sqrt(v + epsilon) cannot be made sqrt(v) + epsilon. They agree where g is
// large, here of size 1 and 4; of 2^-10, ours goes half as far again, of 2^-21
// a thousand times as far.
START_TEST(rmsprop_has_epsilon_elsewhere) {
    Optimizer o = optimizer(RMSPROP, 0.01f);
    o.rho = 0.99f;
    follow(o, NULL, "torch.rmsprop");
    float path[STEPS * SIZE], start[SIZE];
    numbers(start, SIZE, "start");
    o = optimizer(RMSPROP, 0.001f);
    o.epsilon = 1e-7f;
    walk(&o, NULL, path);
    double factor[SIZE];
    for (int i = 0; i < SIZE; i++) {
        size_t last = (size_t)((STEPS - 1) * SIZE + i);
        double keras = number("keras.rmsprop", last);
        factor[i] =
            (double)(path[last] - start[i]) / (keras - (double)start[i]);
        if (i == 0 || i == 3 || i == 5)
            ck_assert_double_eq_tol((double)path[last], keras, TOLERANCE);
    }
    ck_assert_double_eq_tol(factor[1], 1.5, 0.05);
    ck_assert_double_gt(factor[4], 1000);
}
END_TEST

START_TEST(adadelta_differs_in_defaults) {
    follow(optimizer(ADADELTA, 1.0f), NULL, "torch.adadelta");
    Optimizer o = optimizer(ADADELTA, 0.001f);
    o.rho = 0.95f;
    o.epsilon = 1e-7f;
    follow(o, NULL, "keras.adadelta");
}
END_TEST

// alpha m / (sqrt(v) + 1e-7) divided by the root of 1 - beta2^t, above and
// below the line.
static void epsilon_hat(Optimizer *o, const Tensor *w, Tensor *g) {
    (void)w, (void)g;
    double correct2 = 1.0 - pow((double)o->beta2, (double)(o->step + 1));
    o->epsilon = (float)(1e-7 / sqrt(correct2));
}

// The first step: lr g / (|g| + epsilon) here, and 1e-7 sqrt(1000) = 3.2e-6 for
// epsilon in Keras.
START_TEST(adam_has_another_epsilon) {
    follow(optimizer(ADAM, 0.001f), NULL, "torch.adam");
    follow(optimizer(ADAM, 0.001f), epsilon_hat, "keras.adam");
    Optimizer o = optimizer(ADAM, 0.001f);
    epsilon_hat(&o, NULL, NULL);
    // beta2 is a float: 1 - beta2 is 1e-3 to 2^-25 / 1e-3, its root to half
    ck_assert_double_eq_tol((double)o.epsilon / (1e-7 * sqrt(1000)), 1, 2e-5);
}
END_TEST

START_TEST(adamw_differs_in_defaults) {
    follow(optimizer(ADAMW, 0.001f), NULL, "torch.adamw");
    Optimizer o = optimizer(ADAMW, 0.001f);
    o.weight_decay = 0.004f;
    follow(o, epsilon_hat, "keras.adamw");
}
END_TEST

static void decay_gradient(Optimizer *o, const Tensor *w, Tensor *g) {
    (void)o;
    for (size_t i = 0; i < g->size; i++)
        g->data[i] += 0.5f * w->data[i];
}

// weight_decay of PyTorch's Adam is in the gradient, that of AdamW outside.
START_TEST(decay_is_in_the_gradient_or_not) {
    follow(optimizer(ADAM, 0.01f), decay_gradient, "torch.adam_decay");
    Optimizer o = optimizer(ADAMW, 0.01f);
    o.weight_decay = 0.5f;
    follow(o, NULL, "torch.adamw_decay");
    size_t last = (STEPS - 1) * SIZE + 4; // where the decay is the gradient
    ck_assert_double_gt(fabs(number("torch.adam_decay", last) -
                             number("torch.adamw_decay", last)),
                        0.01);
}
END_TEST

// ---- Schedules --------------------------------------------------------------

// A rate is below 0.3. Its error: e^(-beta t), where beta t is at most 10.4 and
// rounded to 24 bits, and cos(pi t / T), absolute, both within 2^-20 of it.
enum { RATES = 150 };
static const float LR = 0.3f;

static void assert_rates(float rate(long t), int count, const char *name) {
    float got[RATES], want[RATES];
    numbers(want, RATES, name);
    for (int t = 0; t < count; t++)
        got[t] = rate(t);
    assert_close(got, want, (size_t)count, 1e-6, name);
}

// decay_rate / decay_steps = 0.5 / 10
static float inverse_rate(long t) {
    return inverse_time_decay(t, LR, 0.05f);
}

// gamma = 0.5^(1 / 10): beta = -ln(gamma)
static float exponential_rate(long t) {
    return exponential_decay(t, LR, -logf(0.5f) / 10);
}

static float step_rate(long t) {
    return step_decay(t, 30, LR, 0.1f);
}

static float cosine_rate(long t) {
    return cosine_decay(t, 100, LR);
}

static float one_cycle_rate(long t) {
    return one_cycle(t, RATES, LR);
}

START_TEST(inverse_time_is_the_same) {
    assert_rates(inverse_rate, RATES, "keras.inverse_time");
    assert_rates(inverse_rate, RATES, "torch.inverse_time");
}
END_TEST

START_TEST(exponential_is_the_same) {
    assert_rates(exponential_rate, RATES, "keras.exponential");
    assert_rates(exponential_rate, RATES, "torch.exponential");
}
END_TEST

START_TEST(step_is_the_same) {
    assert_rates(step_rate, RATES, "keras.step");
    assert_rates(step_rate, RATES, "torch.step");
}
END_TEST

// After the end Keras stays at 0, the others climb again.
START_TEST(cosine_differs_after_the_end) {
    assert_rates(cosine_rate, 101, "keras.cosine");
    assert_rates(cosine_rate, RATES, "torch.cosine");
    ck_assert_double_eq(number("keras.cosine", RATES - 1), 0);
    ck_assert_float_gt(cosine_rate(RATES - 1), 0.45f * LR);
}
END_TEST

static const float STAIRS[] = {0.3f, 0.03f, 0.003f};

static float stairs_before(long t) {
    return piecewise_rate(t, 3, (long[]){50, 90, RATES}, STAIRS);
}

static float stairs_after(long t) {
    return piecewise_rate(t, 3, (long[]){51, 91, RATES}, STAIRS);
}

// Step 50 itself has the old rate in Keras, the new one here and in PyTorch.
START_TEST(piecewise_differs_at_the_boundary) {
    assert_rates(stairs_before, RATES, "torch.piecewise");
    assert_rates(stairs_after, RATES, "keras.piecewise");
    ck_assert_float_eq(stairs_before(50), 0.03f);
    ck_assert_float_eq(stairs_after(50), 0.3f);
}
END_TEST

// PyTorch's momentum goes from 0.95 down to 0.85 at the peak, and up again.
START_TEST(one_cycle_moves_the_rate_only) {
    float momentum[RATES];
    assert_rates(one_cycle_rate, RATES, "torch.one_cycle_lr");
    numbers(momentum, RATES, "torch.one_cycle_momentum");
    ck_assert_float_eq(momentum[0], 0.95f);
    ck_assert_float_eq_tol(momentum[44], 0.85f, 1e-6f); // 0.3 * 150 - 1
    ck_assert_float_eq_tol(momentum[RATES - 1], 0.95f, 1e-6f);
}
END_TEST

// ---- Regularizers and losses ------------------------------------------------

// Ones become 0 or 1 / (1 - p). The part of zeros is p to five deviations.
static void assert_dropout(float p, const char *name) {
    Tensor x = {0}, y = {0}, mask = {0};
    Rng rng;
    rng_seed(&rng, 1);
    tensor_resize(&x, 1, 100000);
    tensor_fill(&x, 1.0f);
    dropout_forward(&y, &mask, &x, p, &rng);
    float kept = (float)number(name, 1);
    double zeros = 0;
    for (size_t i = 0; i < y.size; i++) {
        zeros += y.data[i] == 0.0f;
        if (y.data[i] != 0.0f)
            ck_assert_float_eq_tol(y.data[i], kept, 1e-6f);
    }
    ck_assert_double_eq_tol(zeros / 1e5, (double)p,
                            5 * sqrt((double)(p * (1 - p)) / 1e5));
    tensor_free(&x);
    tensor_free(&y);
    tensor_free(&mask);
}

START_TEST(dropout_is_the_same) {
    assert_dropout(0.5f, "torch.dropout");
    assert_dropout(0.2f, "torch.dropout_02");
}
END_TEST

enum { N = 5, D = 3 };

// After one batch of x [N, D].
static void normalized(BatchNorm *bn, float momentum, float eps,
                       const char *name) {
    float x[N * D], gamma[D], beta[D], want[N * D];
    numbers(x, N * D, "bn.x");
    numbers(gamma, D, "bn.gamma");
    numbers(beta, D, "bn.beta");
    numbers(want, N * D, name);
    Tensor tx = tensor_view(x, 2, N, D), y = {0};
    Tensor tgamma = tensor_view(gamma, 1, D), tbeta = tensor_view(beta, 1, D);
    batchnorm_init(bn, D);
    ck_assert_float_eq(bn->momentum, 0.1f);
    ck_assert_float_eq(bn->eps, 1e-5f);
    bn->momentum = momentum;
    bn->eps = eps;
    batchnorm_forward(bn, &y, &tx, &tgamma, &tbeta);
    // a handful of roundings of numbers of size 1
    assert_close(y.data, want, N * D, 1e-6, name);
    tensor_free(&y);
}

// Keras's momentum is the share of the old, and its variance is divided by N,
// ours by N - 1: what is added to 0.99 is N / (N - 1) times Keras's.
START_TEST(batchnorm_averages_differently) {
    BatchNorm keras, torch;
    float mean[D], var[D];
    normalized(&torch, 0.1f, 1e-5f, "torch.bn.y");
    numbers(mean, D, "torch.bn.mean");
    numbers(var, D, "torch.bn.var");
    assert_close(torch.running_mean.data, mean, D, 1e-6, "mean");
    assert_close(torch.running_var.data, var, D, 1e-6, "variance");
    normalized(&keras, 1 - 0.99f, 1e-3f, "keras.bn.y");
    numbers(mean, D, "keras.bn.mean");
    assert_close(keras.running_mean.data, mean, D, 1e-6, "mean");
    for (size_t d = 0; d < D; d++) {
        double new_part = number("keras.bn.var", d) - 0.99;
        ck_assert_double_eq_tol((double)keras.running_var.data[d],
                                0.99 + new_part * N / (N - 1), 3e-7);
        ck_assert_double_gt(new_part / (N - 1), 1e-4); // the test can see it
    }
    batchnorm_free(&keras);
    batchnorm_free(&torch);
}
END_TEST

// Probabilities in the place of logits: softmax is applied twice.
START_TEST(cross_entropy_takes_logits) {
    const int labels[] = {3, 0, 4, 3};
    Tensor logits = golden("frameworks.txt", "", "logits"), p = {0};
    double loss = (double)softmax_cross_entropy(NULL, &logits, labels);
    ck_assert_double_eq_tol(loss, number("keras.cross_entropy", 0), 1e-6);
    ck_assert_double_eq_tol(loss, number("torch.cross_entropy", 0), 1e-6);
    softmax_forward(&p, &logits);
    double twice = (double)softmax_cross_entropy(NULL, &p, labels);
    ck_assert_double_eq_tol(twice, number("torch.cross_entropy_of_p", 0), 1e-6);
    ck_assert_double_lt(twice, 0.6 * loss);
    tensor_free(&logits);
    tensor_free(&p);
}
END_TEST

int main(void) {
    const Test tests[] = {{biases_are_zero_or_drawn},
                          {normal_and_uniform},
                          {truncation_shrinks_the_deviation},
                          {glorot_is_the_same},
                          {he_differs_in_the_tails},
                          {dense_layers_begin_differently},
                          {defaults_are_in_the_table},
                          {sgd_is_the_same},
                          {momentum_differs_after_a_cut},
                          {nesterov_is_theirs_ahead},
                          {adagrad_begins_elsewhere},
                          {rmsprop_has_epsilon_elsewhere},
                          {adadelta_differs_in_defaults},
                          {adam_has_another_epsilon},
                          {adamw_differs_in_defaults},
                          {decay_is_in_the_gradient_or_not},
                          {inverse_time_is_the_same},
                          {exponential_is_the_same},
                          {step_is_the_same},
                          {cosine_differs_after_the_end},
                          {piecewise_differs_at_the_boundary},
                          {one_cycle_moves_the_rate_only},
                          {dropout_is_the_same},
                          {batchnorm_averages_differently},
                          {cross_entropy_takes_logits}};
    return run_tests("frameworks", tests, sizeof tests / sizeof *tests);
}
