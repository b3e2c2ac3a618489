// The MLP's gradients, its dropout, its three sets, and what it reaches.

#define main mlp_main
#include "ch02_mlp/mlp.c"
#undef main

#include <string.h>

#include "gradcheck.h"
#include "testing.h"

// A batch of noise with labels, and a net small enough to differentiate.
typedef struct {
    Mlp net;
    Tensor x;
    int labels[6];
    Rng dropped; // drawn from anew by each forward pass: the same masks
    bool training;
} Problem;

static void problem_init(Problem *p, float dropout) {
    *p = (Problem){.training = dropout > 0.0f};
    Rng rng;
    rng_seed(&rng, 5);
    rng_seed(&p->dropped, 4);
    mlp_init(&p->net, 16, dropout, &rng);
    for (size_t i = 0; i < p->net.fc1_b.size; i++)
        p->net.fc1_b.data[i] = 0.3f * rng_normal(&rng);
    tensor_resize(&p->x, 4, 6, 1, 28, 28);
    for (size_t i = 0; i < p->x.size; i++)
        p->x.data[i] = rng_uniform(&rng);
    for (int n = 0; n < 6; n++)
        p->labels[n] = rng_below(&rng, 10);
}

static void problem_free(Problem *p) {
    mlp_free(&p->net);
    tensor_free(&p->x);
}

static double problem_loss(void *context) {
    Problem *p = context;
    Rng rng = p->dropped;
    mlp_forward(&p->net, &p->x, p->training ? &rng : NULL);
    return (double)softmax_cross_entropy(&p->net.dlogits, &p->net.logits,
                                         p->labels);
}

// Every parameter tensor by central differences. The loss is about 2.5, floats
// there are 2.4e-7 apart, so with h = 1e-3 a slope is known to 2.4e-7 / 2e-3 =
// 1.2e-4; the third derivative adds h^2 / 6, far less. Slopes below the floor
// of 2e-2 are not compared; above it the relative error is at most 1.2e-4 /
// 2e-2 = 6e-3. (A ReLU that switches inside the step has no slope: this seed
// has none near.)
static void check_gradients(float dropout) {
    Problem p;
    problem_init(&p, dropout);
    problem_loss(&p);
    mlp_backward(&p.net, &p.x);
    for (int i = 0; i < p.net.params.count; i++) {
        ParamSpec *s = &p.net.params.table[i];
        GradCheck g = grad_check(problem_loss, &p, s->value->data,
                                 s->grad->data, s->value->size, 60, 1e-3, 2e-2);
        ck_assert_msg(g.worst < 1e-2, "%s[%zu]: %g", s->name, g.where, g.worst);
        ck_assert_msg(g.largest > 4e-2, "%s: all gradients are 0", s->name);
        ck_assert_msg(g.skipped <= 6, "%s: %zu kinks", s->name, g.skipped);
    }
    problem_free(&p);
}

START_TEST(gradients_are_slopes) {
    check_gradients(0.0f);
}
END_TEST

START_TEST(gradients_are_slopes_under_dropout) {
    check_gradients(0.4f);
}
END_TEST

START_TEST(has_the_weights_of_the_banner) {
    Mlp net;
    Rng rng;
    rng_seed(&rng, 1);
    mlp_init(&net, 128, 0.0f, &rng);
    ck_assert_uint_eq(net.params.value.size, 109386);
    ck_assert_uint_eq(net.fc1_w.size + net.fc1_b.size, 100480);
    ck_assert_uint_eq(net.fc2_w.size + net.fc2_b.size, 8256);
    ck_assert_uint_eq(net.fc3_w.size + net.fc3_b.size, 650);
    mlp_free(&net);
}
END_TEST

// 0.4 of the 6 * 16 units of the first layer are dropped in training (at least
// 20 and at most 57 of 96 are: four standard deviations of 4.8 around 38.4),
// and none in a test.
START_TEST(drops_units_in_training_only) {
    Problem p;
    problem_init(&p, 0.4f);
    problem_loss(&p);
    int dropped = 0;
    for (size_t i = 0; i < p.net.mask1.size; i++) {
        dropped += p.net.mask1.data[i] == 0.0f;
        if (p.net.mask1.data[i] == 0.0f)
            ck_assert(p.net.fc1.data[i] == 0.0f);
    }
    ck_assert_int_ge(dropped, 20);
    ck_assert_int_le(dropped, 57);

    p.training = false;
    double with_all = problem_loss(&p);
    p.net.dropout = 0.0f;
    ck_assert_double_eq(problem_loss(&p), with_all);
    problem_free(&p);
}
END_TEST

// What must not depend on the clock.
static void strip_times(Run *run) {
    char *from = strstr(run->output, " seconds="),
         *to = strstr(run->output, " seed=");
    ck_assert(from != NULL && to != NULL);
    memmove(from, to, strlen(to) + 1);
}

START_TEST(same_result_for_any_number_of_threads) {
    const char flags[] = "--limit 600 --epochs 2 --data synthetic --dropout "
                         "0.2 --plot none --quiet";
    char one[160], two[160];
    snprintf(one, sizeof one, "mlp %s --threads 1", flags);
    snprintf(two, sizeof two, "mlp %s --threads 2", flags);
    Run first = run_program(one), second = run_program(two);
    ck_assert_int_eq(first.status, 0);
    strip_times(&first);
    strip_times(&second);
    ck_assert_str_eq(first.output, second.output);
}
END_TEST

START_TEST(weights_survive_a_file) {
    Path file = scratch_path("mlp.safetensors");
    char save[1200], load[1200];
    const char flags[] = "mlp --limit 600 --epochs 1 --data synthetic "
                         "--plot none --quiet";
    snprintf(save, sizeof save, "%s --save '%s'", flags, file.text);
    snprintf(load, sizeof load, "%s --load '%s'", flags, file.text);
    Run saved = run_program(save), loaded = run_program(load);
    ck_assert_int_eq(saved.status, 0);
    ck_assert_int_eq(loaded.status, 0);
    ck_assert_double_gt(result_value(&saved, "test_accuracy"), 0.2);
    ck_assert_double_eq(result_value(&saved, "test_loss"),
                        result_value(&loaded, "test_loss"));
    ck_assert_double_eq(result_value(&loaded, "epochs"), 0.0);
}
END_TEST

START_TEST(smallest_runs) {
    Run two = run_program("mlp --limit 2 --epochs 1 --data synthetic "
                          "--plot none --quiet");
    ck_assert_int_eq(two.status, 0);
    Run one = run_program("mlp --limit 1 --epochs 1 --data synthetic "
                          "--plot none --quiet");
    ck_assert_int_eq(one.status, 1);
    ck_assert_ptr_nonnull(strstr(one.output, "--limit 2"));
}
END_TEST

START_TEST(reads_98_of_100_digits) {
    if (mnist_dir_or_skip("reads_98_of_100_digits") == NULL)
        return;
    // one thread: beside other programs, two would wait for each other
    Run run = run_program("mlp --threads 1 --plot none --quiet");
    ck_assert_int_eq(run.status, 0);
    ck_assert_double_ge(result_value(&run, "test_accuracy"), 0.98);
    ck_assert_double_ge(result_value(&run, "validation_accuracy"), 0.98);
    ck_assert_double_le(result_value(&run, "test_loss"), 0.1);
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes},
                          {gradients_are_slopes_under_dropout},
                          {has_the_weights_of_the_banner},
                          {drops_units_in_training_only},
                          {same_result_for_any_number_of_threads},
                          {weights_survive_a_file},
                          {smallest_runs},
                          {reads_98_of_100_digits}};
    return run_tests("mlp", tests, sizeof tests / sizeof *tests);
}
