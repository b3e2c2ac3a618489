// test_params.c - one table, two flat arrays, and the model's views of them.

#include "testing.h"

#include <math.h>

#include "memory.h"
#include "params.h"

typedef struct {
    Params params;
    Tensor w, dw, b, db, kernel, dkernel;
} Net;

enum { W = 200 * 50, BIAS = 200, KERNEL = 40 * 8 * 5 * 5 };

static void net_init(Net *net) {
    const ParamSpec table[] = {
        {"fc.weight", &net->w, &net->dw, {200, 50}},
        {"fc.bias", &net->b, &net->db, {200}},
        {"conv.weight", &net->kernel, &net->dkernel, {40, 8, 5, 5}},
    };
    params_init(&net->params, table, 3);
}

START_TEST(slices_lie_one_after_the_other) {
    Net net;
    net_init(&net);
    ck_assert_uint_eq(net.params.value.size, W + BIAS + KERNEL);
    ck_assert_ptr_eq(net.w.data, net.params.value.data);
    ck_assert_ptr_eq(net.b.data, net.w.data + W);
    ck_assert_ptr_eq(net.kernel.data, net.b.data + BIAS);
    ck_assert_ptr_eq(net.dw.data, net.params.grad.data);
    ck_assert_ptr_eq(net.db.data, net.dw.data + W);
    ck_assert_ptr_eq(net.dkernel.data, net.db.data + BIAS);
    params_free(&net.params);
}
END_TEST

START_TEST(views_have_the_shapes_of_the_table) {
    Net net;
    net_init(&net);
    ck_assert_str_eq(tensor_shape(&net.w).text, "[200, 50]");
    ck_assert_str_eq(tensor_shape(&net.db).text, "[200]");
    ck_assert_str_eq(tensor_shape(&net.dkernel).text, "[40, 8, 5, 5]");
    ck_assert_uint_eq(net.kernel.capacity, 0);
    params_free(&net.params);
}
END_TEST

START_TEST(everything_starts_at_zero) {
    Net net;
    net_init(&net);
    for (size_t i = 0; i < net.params.value.size; i++)
        ck_assert(net.params.value.data[i] == 0 &&
                  net.params.grad.data[i] == 0);
    params_free(&net.params);
}
END_TEST

START_TEST(free_empties_the_views_too) {
    Net net;
    net_init(&net);
    params_free(&net.params);
    ck_assert_ptr_null(net.params.value.data);
    ck_assert_ptr_null(net.params.table);
    ck_assert_ptr_null(net.w.data);
    ck_assert_ptr_null(net.dkernel.data);
    params_free(&net.params); // twice does no harm
}
END_TEST

static double mean_square(const Tensor *t) {
    double sum = 0;
    for (size_t i = 0; i < t->size; i++)
        sum += (double)t->data[i] * (double)t->data[i];
    return sum / (double)t->size;
}

// The variance of n squared normals has a relative deviation of sqrt(2 / n):
// 1.6 % for the 8000 numbers of the kernel. Four of those are allowed.
START_TEST(he_has_the_variance_2_over_fan_in) {
    Net net;
    net_init(&net);
    tensor_fill(&net.params.value, 7);
    Rng rng;
    rng_seed(&rng, 1);
    params_init_he(&net.params, &rng);
    double allowed = 4 * sqrt(2.0 / KERNEL);
    ck_assert_double_eq_tol(mean_square(&net.w) / (2.0 / 50), 1, allowed);
    ck_assert_double_eq_tol(mean_square(&net.kernel) / (2.0 / 200), 1, allowed);
    ck_assert_double_eq(mean_square(&net.b), 0);
    ck_assert_double_eq(mean_square(&net.params.grad), 0);
    params_free(&net.params);
}
END_TEST

START_TEST(he_is_the_same_for_the_same_seed) {
    Net a, b;
    net_init(&a), net_init(&b);
    Rng rng;
    rng_seed(&rng, 5);
    params_init_he(&a.params, &rng);
    rng_seed(&rng, 5);
    params_init_he(&b.params, &rng);
    assert_close(a.w.data, b.w.data, W, 0, "weight");
    ck_assert(a.w.data[0] != a.w.data[1]);
    params_free(&a.params), params_free(&b.params);
}
END_TEST

// (3, 0, ..., -4) has length 5: left alone by a limit of 6, and made
// (0.6, 0, ..., -0.8) times 2 by one of 2. Each step rounds once or twice.
START_TEST(clipping_keeps_the_direction) {
    Net net;
    net_init(&net);
    float *g = net.params.grad.data;
    g[0] = 3.0f;
    g[W + BIAS + KERNEL - 1] = -4.0f;
    ck_assert_float_eq_tol(params_clip_grad_norm(&net.params, 6.0f), 5, 1e-6);
    ck_assert(g[0] == 3.0f && g[W + BIAS + KERNEL - 1] == -4.0f);
    ck_assert_float_eq_tol(params_clip_grad_norm(&net.params, 2.0f), 5, 1e-6);
    ck_assert_float_eq_tol(g[0], 1.2, 1e-6);
    ck_assert(g[1] == 0.0f);
    ck_assert_float_eq_tol(g[W + BIAS + KERNEL - 1], -1.6, 1e-6);
    tensor_fill(&net.params.grad, 0.0f); // no gradient: nothing is divided
    ck_assert(params_clip_grad_norm(&net.params, 1.0f) == 0.0f);
    ck_assert(g[0] == 0.0f);
    params_free(&net.params);
}
END_TEST

static void init_named(const char *first, const char *second) {
    Params params;
    Tensor t[4];
    const ParamSpec table[] = {{first, &t[0], &t[1], {2}},
                               {second, &t[2], &t[3], {3, 2}}};
    params_init(&params, table, 2);
}

START_TEST(a_name_twice_aborts) {
    init_named("bias", "bias");
}
END_TEST

START_TEST(a_name_that_json_would_escape_aborts) {
    init_named("bias", "the \"weight\"");
}
END_TEST

START_TEST(an_empty_name_aborts) {
    init_named("", "weight");
}
END_TEST

START_TEST(a_missing_shape_aborts) {
    Params params;
    Tensor t[2];
    params_init(&params, &(ParamSpec){"w", &t[0], &t[1], {0}}, 1);
}
END_TEST

START_TEST(too_many_parameters_abort) {
    Params params;
    Tensor t[2];
    const int shape = 65537; // its square, cut to an int, is 131073
    params_init(&params, &(ParamSpec){"w", &t[0], &t[1], {shape, shape}}, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {slices_lie_one_after_the_other},
        {views_have_the_shapes_of_the_table},
        {everything_starts_at_zero},
        {free_empties_the_views_too},
        {he_has_the_variance_2_over_fan_in},
        {he_is_the_same_for_the_same_seed},
        {clipping_keeps_the_direction},
        {a_name_twice_aborts, .signal = SIGABRT},
        {a_name_that_json_would_escape_aborts, .signal = SIGABRT},
        {an_empty_name_aborts, .signal = SIGABRT},
        {a_missing_shape_aborts, .signal = SIGABRT},
        {too_many_parameters_abort, .signal = SIGABRT},
    };
    return run_tests("params", tests, sizeof tests / sizeof *tests);
}
