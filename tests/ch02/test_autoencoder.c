// The autoencoder's gradients, codes and what comes back, the classifier on
// codes, which digits are for what, and the nets against principal components.

#include "spy.h"

#define main autoencoder_main
#include "ch02_mlp/autoencoder.c"
#undef main

#include "digits.h"
#include "figures.h"
#include "gradcheck.h"
#include "method.h"
#include "tables.h"
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

// The code is its layer's weighted sum, negative ones and all.
START_TEST(code_is_linear) {
    Problem p;
    problem_init(&p);
    net_forward(&p.net, &p.x);
    Tensor sum = {0}, *code = &p.net.y[CODE];
    linear_forward(&sum, &p.net.y[CODE - 1], &p.net.w[CODE], &p.net.b[CODE]);
    assert_close(code->data, sum.data, sum.size, 1e-5, "code");
    float least = 0.0f;
    for (size_t i = 0; i < sum.size; i++)
        least = fminf(least, sum.data[i]);
    ck_assert_msg(least < 0.0f, "no sum is negative: this shows nothing");
    tensor_free(&sum);
    problem_free(&p);
}
END_TEST

// "Components" that are the pixels themselves: k of them keep the first k.
static void keep_pixels(Pca *pca) {
    *pca = (Pca){0};
    tensor_resize(&pca->mean, 1, PIXELS);
    tensor_fill(&pca->mean, 0.0f);
    tensor_resize(&pca->components, 2, PIXELS, PIXELS);
    tensor_fill(&pca->components, 0.0f);
    for (int p = 0; p < PIXELS; p++)
        pca->components.data[p * (PIXELS + 1)] = 1.0f;
}

// 500 digits and 200 bars, which lose more by it, in batches of 500: the error
// of all is that of the 700 pictures, not of the two batches. Errors of about
// 0.05 are summed in float.
START_TEST(error_is_over_digits) {
    enum { HALF = PIXELS / 2 };
    Pca pca;
    Dataset digits, bars;
    Codes all = {0}, first = {0}, last = {0};
    const Coder coder = {.pca = &pca, .k = HALF};
    keep_pixels(&pca);
    digits_draw(&digits, 700, 1);
    turn_into_bars(&digits, 500);
    encode(&all, &coder, &digits);
    for (int n = 0; n < 700; n++) {
        ck_assert_int_eq(all.labels[n], digits.labels[n]);
        for (int p = 0; p < HALF; p++) {
            double code = 255.0 * (double)all.code.data[n * HALF + p];
            ck_assert_int_eq(lround(code), digits.pixels[n * PIXELS + p]);
        }
    }
    dataset_hold_out(&bars, &digits, 200);
    encode(&first, &coder, &digits);
    encode(&last, &coder, &bars);
    ck_assert_double_gt(fabs(last.mse / first.mse - 1.0), 0.05);
    ck_assert_double_eq_tol(all.mse, (500 * first.mse + 200 * last.mse) / 700,
                            1e-6);
    codes_free(&all);
    codes_free(&first);
    codes_free(&last);
    dataset_free(&digits);
    pca_free(&pca);
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

// Codes at -1 are of class 0, at 1 of class 1. All test codes lie beside 1: by
// their own mean half of them would be 0.
START_TEST(test_codes_have_the_scale_of_training) {
    float codes[] = {-1.1f, -0.9f, 0.9f, 1.1f}, beside[] = {0.8f, 1.2f};
    int labels[] = {0, 0, 1, 1}, ones[] = {1, 1};
    Codes train_codes = {.code = tensor_view(codes, 2, 4, 1), .labels = labels};
    Codes test_codes = {.code = tensor_view(beside, 2, 2, 1), .labels = ones};
    ck_assert_double_eq(classify(&train_codes, &test_codes), 1.0);
}
END_TEST

// The test set is bars, ten pictures that are no digits. Nets and components
// that never saw them bring them back badly: errors 0.115, 0.110 and 0.054, and
// a classifier that never saw them gets at most two classes by chance. Who
// learned from them, or was measured on the digits learned, has errors of at
// most 0.054, 0.046 and 0.010, or gets 7 to 10 of 10.
START_TEST(keeps_its_sets_apart) {
    Dataset train_set, test_set;
    digits_draw(&train_set, 500, 1);
    digits_draw(&test_set, 200, 2);
    turn_into_bars(&test_set, 0);
    Run run =
        run_on_sets("autoencoder --epochs 4 --batch 25", &train_set, &test_set);
    ck_assert_double_gt(result_value(&run, "mse_2"), 0.08);
    ck_assert_double_gt(result_value(&run, "mse_32"), 0.08);
    ck_assert_double_gt(result_value(&run, "pca_mse_32"), 0.03);
    ck_assert_double_lt(result_value(&run, "code_accuracy"), 0.4);
    ck_assert_double_lt(result_value(&run, "pca_accuracy"), 0.4);
}
END_TEST

// 300 digits in batches of 64 are five steps an epoch, for each of two nets;
// then come 300 steps of each of four classifiers.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(autoencoder_main, "autoencoder --epochs 2 --limit 300 --batch 64 "
                                "--lr 0.01 --data synthetic --plot none "
                                "--quiet --threads 1");
    ck_assert_int_eq(spy.steps, 2 * 10 + 4 * 300);
    for (int t = 0; t < spy.steps; t++)
        ck_assert_float_eq(spy.lr[t],
                           t < 20 ? one_cycle(t % 10, 10, 0.01f)
                                  : one_cycle((t - 20) % 300, 300, 0.2f));
    assert_first_step_has_a_gradient();
    ck_assert_int_eq(spy.shuffled, 2 * 2);
}
END_TEST

// Four ways with an error, an accuracy and two test codes each, all different.
static Comparison made_up(void) {
    static float code[METHODS][4];
    static int labels[] = {3, 7};
    Comparison c = {0};
    for (int m = 0; m < METHODS; m++) {
        for (int i = 0; i < 4; i++)
            code[m][i] = (float)(10 * m + (i % 2 == 0 ? i : 4 - i));
        c.test[m] = (Codes){.code = tensor_view(code[m], 2, 2, 2),
                            .labels = labels,
                            .mse = 0.01 * (m + 1)};
        c.accuracy[m] = 0.5 + 0.1 * m;
    }
    return c;
}

static void print_made_up(void) {
    Comparison c = made_up();
    print(&c);
}

START_TEST(prints_errors_and_accuracies) {
    Run run = run_function(print_made_up);
    for (int m = 0; m < METHODS; m++) {
        const double want[] = {0.01 * (m + 1), 50 + 10 * m};
        assert_row(run.output, method_name[m], want, 2, 1e-6);
    }
}
END_TEST

// The left panel has the net's two numbers of each digit, the right one the two
// components; the first of the two digits has the smaller x, the larger y.
START_TEST(draws_codes_of_two) {
    const Comparison c = made_up();
    hide_gnuplot();
    draw_codes(&c, "svg");
    for (int panel = 0; panel < 2; panel++) {
        const char *file = "out/ch02/autoencoder_code.csv";
        const int m = 2 + panel;
        const double x[] = {10 * m, 10 * m + 2}, y[] = {10 * m + 3, 10 * m + 1};
        assert_column(file, panel, "x", x, 2, 0);
        assert_column(file, panel, "y", y, 2, 0);
        char accuracy[16];
        snprintf(accuracy, sizeof accuracy, "%d %%", 50 + 10 * m);
        assert_column(file, panel, "class", (double[]){3, 7}, 2, 0);
        assert_column(file, panel, "x rank", (double[]){0, 50}, 2, 0);
        assert_column(file, panel, "y rank", (double[]){50, 0}, 2, 0);
        const char *figure = "out/ch02/autoencoder_code.fig";
        assert_mark(figure, panel, "digits", "x rank", "y rank", "");
        ck_assert_double_eq(figure_attribute(figure, "digits", panel, "v"), 3);
        assert_says(panel_of(figure, panel), accuracy);
        assert_says(panel_of(figure, panel), panel == 0 ? "net" : "component");
    }
}
END_TEST

// Row 0: the first digit of each kind. Row m + 1: what comes back by way m,
// here the first 300, 400, 500 or 600 pixels.
START_TEST(draws_digits_and_what_comes_back) {
    Pca pca;
    Dataset set;
    Comparison c = {0};
    keep_pixels(&pca);
    digits_draw(&set, 100, 1);
    for (int m = 0; m < METHODS; m++)
        c.coder[m] = (Coder){.pca = &pca, .k = 300 + 100 * m};
    hide_gnuplot();
    draw_pictures(&c, &set, "svg");
    for (int row = 0; row <= METHODS; row++)
        for (int digit = 0; digit < SHOWN; digit++) {
            int n = 0, kept = row == 0 ? PIXELS : 200 + 100 * row;
            while (set.labels[n] != digit)
                n++;
            double value[PIXELS] = {0};
            for (int p = 0; p < kept; p++)
                value[p] = set.pixels[n * PIXELS + p] / 255.0;
            assert_column("out/ch02/autoencoder_pictures.csv",
                          row * SHOWN + digit, "value", value, PIXELS, 1e-6);
        }
    for (int m = 0; m < METHODS; m++) // below the digits themselves
        ck_assert_str_eq(
            figure_words("out/ch02/autoencoder_pictures.fig", "tick", m + 1),
            method_name[m]);
    dataset_free(&set);
    pca_free(&pca);
}
END_TEST

// More numbers, more left of the digit, by net and by components; and a net of
// 2 beats 2 components. For three seeds, on drawn digits.
START_TEST(larger_codes_keep_more) {
    for (int seed = 1; seed <= 3; seed++) {
        Run run = run_for_result(
            "autoencoder --data synthetic --limit 600 --epochs 16 "
            "--batch 16 --lr 0.006 --threads 1 --seed %d",
            seed);
        double net_2 = result_value(&run, "mse_2");
        double pca_2 = result_value(&run, "pca_mse_2");
        ck_assert_double_lt(result_value(&run, "mse_32"), 0.8 * net_2);
        ck_assert_double_lt(result_value(&run, "pca_mse_32"), 0.8 * pca_2);
        ck_assert_double_lt(net_2, pca_2);
        ck_assert_double_gt(result_value(&run, "code_accuracy"), 0.5);
        ck_assert_double_gt(result_value(&run, "pca_accuracy"), 0.5);
    }
}
END_TEST

START_TEST(beats_components_on_mnist) {
    if (mnist_dir_or_skip("beats_components_on_mnist") == NULL)
        return;
    Run run = run_for_result("autoencoder --limit 10000 --epochs 6 --batch 64 "
                             "--threads 1");
    ck_assert_double_lt(result_value(&run, "mse_2"),
                        result_value(&run, "pca_mse_2"));
    ck_assert_double_lt(result_value(&run, "mse_32"),
                        result_value(&run, "pca_mse_32"));
}
END_TEST

START_TEST(smallest_runs) {
    run_for_result("autoencoder --data synthetic --limit 2 --epochs 1 "
                   "--threads 1");
    Run one = run_program("autoencoder --data synthetic --limit 1 --epochs 1 "
                          "--plot none --quiet");
    ck_assert_int_eq(one.status, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes, .seconds = 20},
                          {codes_come_back, .seconds = 20},
                          {code_is_linear},
                          {error_is_over_digits},
                          {test_codes_have_the_scale_of_training},
                          {keeps_its_sets_apart},
                          {each_step_has_its_rate_and_its_gradient},
                          {prints_errors_and_accuracies},
                          {draws_codes_of_two},
                          {draws_digits_and_what_comes_back},
                          {classifier_needs_codes_that_say_something},
                          {larger_codes_keep_more, .seconds = 150},
                          {beats_components_on_mnist, .seconds = 150},
                          {smallest_runs}};
    return run_tests("autoencoder", tests, sizeof tests / sizeof *tests);
}
