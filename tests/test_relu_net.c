// The ready-made net: the layers it is made of, and its gradients.

#include "gradcheck.h"
#include "layers.h"
#include "loss.h"
#include "relu_net.h"
#include "testing.h"

enum { N = 5, D = 7, CLASSES = 3 };

typedef struct {
    ReluNet net;
    Tensor x;
    int labels[N];
} Fixture;

static void fixture_init(Fixture *f, int count, const int *sizes) {
    Rng rng;
    rng_seed(&rng, 11);
    *f = (Fixture){.x = {0}};
    relu_net_init(&f->net, count, sizes, &rng);
    tensor_resize(&f->x, 4, N, 1, 1, D); // pictures are read as rows
    for (size_t i = 0; i < f->x.size; i++)
        f->x.data[i] = rng_normal(&rng);
    for (int n = 0; n < N; n++)
        f->labels[n] = n % CLASSES;
    for (int l = 0; l < f->net.layers; l++) // biases that matter
        for (size_t i = 0; i < f->net.b[l].size; i++)
            f->net.b[l].data[i] = 0.3f * rng_normal(&rng);
}

static void fixture_free(Fixture *f) {
    relu_net_free(&f->net);
    tensor_free(&f->x);
}

static double loss_of(void *context) {
    Fixture *f = context;
    relu_net_forward(&f->net, &f->x);
    return (double)softmax_cross_entropy(&f->net.dlogits, &f->net.logits,
                                         f->labels);
}

START_TEST(is_its_layers) {
    Fixture f;
    Tensor hidden = {0}, logits = {0};
    fixture_init(&f, 3, (int[]){D, 4, CLASSES});
    relu_net_forward(&f.net, &f.x);
    linear_forward(&hidden, &f.x, &f.net.w[0], &f.net.b[0]);
    relu_forward(&hidden, &hidden);
    linear_forward(&logits, &hidden, &f.net.w[1], &f.net.b[1]);
    ck_assert_int_eq(f.net.logits.shape[0], N);
    ck_assert_int_eq(f.net.logits.shape[1], CLASSES);
    assert_close(f.net.logits.data, logits.data, logits.size, 0.0, "logits");
    ck_assert_uint_eq(f.net.params.value.size, D * 4 + 4 + 4 * 3 + 3);
    tensor_free(&hidden);
    tensor_free(&logits);
    fixture_free(&f);
}
END_TEST

// The loss is a float near 1, so known to 6e-8; divided by 2 h = 2e-3 that is
// 3e-5, and what the central difference itself neglects is of order h^2. Of
// gradients above the floor of 1e-2 both are less than 1 %.
START_TEST(gradients_are_slopes) {
    const int sizes[][5] = {{D, CLASSES}, {D, 6, CLASSES}, {D, 6, 5, 4, 3}};
    const int counts[] = {2, 3, 5};
    for (int i = 0; i < 3; i++) {
        Fixture f;
        fixture_init(&f, counts[i], sizes[i]);
        loss_of(&f);
        relu_net_backward(&f.net, &f.x);
        Params *params = &f.net.params;
        GradCheck check =
            grad_check(loss_of, &f, params->value.data, params->grad.data,
                       params->grad.size, params->grad.size, 1e-3, 1e-2);
        assert_slopes("the parameters", &check, 1e-2, 0.05,
                      params->grad.size / 10);
        fixture_free(&f);
    }
}
END_TEST

START_TEST(one_size_is_no_net) {
    Rng rng;
    ReluNet net;
    rng_seed(&rng, 1);
    relu_net_init(&net, 1, (int[]){D}, &rng);
}
END_TEST

int main(void) {
    const Test tests[] = {{is_its_layers},
                          {gradients_are_slopes},
                          {one_size_is_no_net, .signal = SIGABRT}};
    return run_tests("relu_net", tests, sizeof tests / sizeof *tests);
}
