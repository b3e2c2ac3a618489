// The autoencoder's gradients, codes and their way back, the classifier on
// codes, and the nets against principal components.

#define main autoencoder_main
#include "ch02_mlp/autoencoder.c"
#undef main

#include "gradcheck.h"
#include "testing.h"

typedef struct {
    Autoencoder net;
    Tensor x; // [4, 784]
} Problem;

static void problem_init(Problem *p) {
    *p = (Problem){0};
    Rng rng;
    rng_seed(&rng, 8);
    net_init(&p->net, 3, &rng);
    tensor_resize(&p->x, 2, 4, PIXELS);
    for (size_t i = 0; i < p->x.size; i++)
        p->x.data[i] = rng_uniform(&rng);
}

static void problem_free(Problem *p) {
    net_free(&p->net);
    tensor_free(&p->x);
}

// The loss per pixel, so that slopes need no tolerances of their own.
static double problem_loss(void *context) {
    Problem *p = context;
    Tensor *d = &p->net.dy[LAST];
    net_forward(&p->net, &p->x);
    double loss =
        (double)sigmoid_cross_entropy(d, &p->net.y[LAST], &p->x) / PIXELS;
    for (size_t i = 0; i < d->size; i++)
        d->data[i] /= PIXELS;
    return loss;
}

// Every parameter tensor by central differences. The loss of a digit is about
// 780, where floats are 6e-5 apart: rounded to the nearest, and per pixel, it
// is right to 4e-8, so with h = 4e-3 a slope is known to 2 * 4e-8 / 8e-3 =
// 1e-5. The smallest of the tensors' largest slopes is 8e-4; those below a
// quarter of the largest are not compared. 1e-5 / 2e-4 = 0.05.
START_TEST(gradients_are_slopes) {
    Problem p;
    problem_init(&p);
    problem_loss(&p);
    net_backward(&p.net, &p.x);
    for (int i = 0; i < p.net.params.count; i++) {
        ParamSpec *s = &p.net.params.table[i];
        float largest = 0.0f;
        for (size_t j = 0; j < s->grad->size; j++)
            largest = fmaxf(largest, fabsf(s->grad->data[j]));
        ck_assert_msg(largest > 8e-4f, "%s: %g", s->name, (double)largest);
        GradCheck g =
            grad_check(problem_loss, &p, s->value->data, s->grad->data,
                       s->value->size, 150, 4e-3, 0.25 * (double)largest);
        assert_slopes(s->name, &g, 0.05, 0, s->value->size);
    }
    problem_free(&p);
}
END_TEST

// A net's digits come back through its sigmoid; components restore what lies in
// their span.
START_TEST(codes_come_back) {
    Problem p;
    problem_init(&p);
    Tensor code = {0}, back = {0};
    Coder coder = {.net = &p.net, .k = 3};
    code_and_back(&code, &back, &coder, &p.x);
    ck_assert_int_eq(code.shape[1], 3);
    ck_assert_int_eq(back.shape[1], PIXELS);
    for (size_t i = 0; i < back.size; i++) {
        double z = (double)p.net.y[LAST].data[i];
        ck_assert_double_eq_tol((double)back.data[i], 1 / (1 + exp(-z)), 1e-6);
    }
    Pca pca = {0};
    pca_fit(&pca, &p.x); // four pictures span three directions
    coder = (Coder){.pca = &pca, .k = 3};
    code_and_back(&code, &back, &coder, &p.x);
    assert_close(back.data, p.x.data, back.size, 1e-5, "restored");
    pca_free(&pca);
    tensor_free(&code);
    tensor_free(&back);
    problem_free(&p);
}
END_TEST

// Ten heaps around the corners of a regular decagon, far apart: a linear
// classifier gets them all, whatever the codes' scale and offset. Labels that
// say nothing get a tenth, give or take four times sqrt(0.09 / 2000).
START_TEST(classifier_needs_codes_that_say_something) {
    enum { N = 2000 };
    Codes train_codes = {0}, test_codes = {0};
    Codes *both[] = {&train_codes, &test_codes};
    Rng rng;
    rng_seed(&rng, 7);
    for (int b = 0; b < 2; b++) {
        tensor_resize(&both[b]->code, 2, N, 2);
        both[b]->labels = mem_alloc(N, sizeof(int));
        for (int n = 0; n < N; n++) {
            int label = both[b]->labels[n] = rng_below(&rng, 10);
            float angle = 0.6283185f * (float)label;
            both[b]->code.data[2 * n] =
                500.0f + 100.0f * (cosf(angle) + 0.05f * rng_normal(&rng));
            both[b]->code.data[2 * n + 1] =
                0.01f * (sinf(angle) + 0.05f * rng_normal(&rng));
        }
    }
    ck_assert_double_ge(classify(&train_codes, &test_codes), 0.99);
    for (int b = 0; b < 2; b++)
        for (int n = 0; n < N; n++)
            both[b]->labels[n] = rng_below(&rng, 10);
    ck_assert_double_eq_tol(classify(&train_codes, &test_codes), 0.1, 0.027);
    codes_free(&train_codes);
    codes_free(&test_codes);
}
END_TEST

// More numbers, more left of the digit, by net and by components; and a net of
// 2 beats 2 components. For two seeds, on drawn digits.
START_TEST(larger_codes_keep_more) {
    for (int seed = 1; seed <= 2; seed++) {
        char line[128];
        snprintf(
            line, sizeof line,
            "autoencoder --data synthetic --limit 2000 --epochs 16 --batch "
            "32 --plot none --quiet --threads 1 --seed %d",
            seed);
        Run run = run_program(line);
        ck_assert_int_eq(run.status, 0);
        double net_2 = result_value(&run, "mse_2"),
               net_32 = result_value(&run, "mse_32"),
               pca_2 = result_value(&run, "pca_mse_2"),
               pca_32 = result_value(&run, "pca_mse_32");
        ck_assert_double_lt(net_32, 0.8 * net_2);
        ck_assert_double_lt(pca_32, 0.8 * pca_2);
        ck_assert_double_lt(net_2, pca_2);
        ck_assert_double_gt(result_value(&run, "code_accuracy"), 0.5);
        ck_assert_double_gt(result_value(&run, "pca_accuracy"), 0.5);
    }
}
END_TEST

START_TEST(beats_components_on_mnist) {
    if (mnist_dir_or_skip("beats_components_on_mnist") == NULL)
        return;
    Run run = run_program("autoencoder --limit 10000 --epochs 6 --batch 64 "
                          "--plot none --quiet --threads 1");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_lt(result_value(&run, "mse_2"),
                        result_value(&run, "pca_mse_2"));
    ck_assert_double_lt(result_value(&run, "mse_32"),
                        result_value(&run, "pca_mse_32"));
}
END_TEST

START_TEST(smallest_runs) {
    Run two = run_program("autoencoder --data synthetic --limit 2 --epochs 1 "
                          "--plot none --quiet");
    ck_assert_int_eq(two.status, 0);
    Run one = run_program("autoencoder --data synthetic --limit 1 --epochs 1 "
                          "--plot none --quiet");
    ck_assert_int_eq(one.status, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes, .seconds = 20},
                          {codes_come_back, .seconds = 20},
                          {classifier_needs_codes_that_say_something},
                          {larger_codes_keep_more, .seconds = 150},
                          {beats_components_on_mnist, .seconds = 150},
                          {smallest_runs}};
    return run_tests("autoencoder", tests, sizeof tests / sizeof *tests);
}
