// The gradient through both masks and the penalty, what is dropped when, the
// claim over seeds, and what the figures are drawn from.

#include <signal.h>

#include "layers.h"
#include "plane.h"
#include "spy.h"

// Calls of dropout_forward, by the p they are given: 0 or not; a stop after so
// many; and validation labels that are all wrong.
static struct {
    int rows, whole, dropping, stop_at;
    float p;
    bool turned;
} seen;

static void spy_dropout(Tensor *y, Tensor *mask, const Tensor *x, float p,
                        Rng *rng) {
    seen.rows = x->shape[0] > seen.rows ? x->shape[0] : seen.rows;
    seen.whole += p == 0.0f;
    seen.dropping += p > 0.0f;
    seen.p = p > 0.0f ? p : seen.p;
    if (seen.whole + seen.dropping == seen.stop_at)
        raise(SIGINT);
    dropout_forward(y, mask, x, p, rng);
}
#define dropout_forward spy_dropout

static void spy_moons(PlanePoints *p, int N, Rng *rng) {
    plane_moons(p, N, rng);
    for (int n = 0; n < N && N > 60 && seen.turned; n++)
        p->t.data[n] = 1.0f - p->t.data[n];
}
#define plane_moons spy_moons

#define main boundary_main
#include "ch05_regularization/boundary.c"
#undef main

#include <stdlib.h>
#include <unistd.h>

#include "figures.h"
#include "gradcheck.h"
#include "numbers.h"
#include "tables.h"
#include "testing.h"
#include "threads.h"

// ---- 1. Model ---------------------------------------------------------------

typedef struct {
    ReluNet *net;
    Tensor mask[LAST], x, t;
    float p, lambda;
} Context;

static double loss_of(void *context) {
    Context *c = context;
    Rng rng;
    double loss = 0;
    rng_seed(&rng, 3); // the same masks each time
    net_forward(c->net, c->mask, c->p, &c->x, &rng);
    for (int l = 0; l <= LAST; l++)
        loss += (double)c->lambda * tensor_norm(&c->net->w[l]) *
                tensor_norm(&c->net->w[l]);
    return loss + (double)sigmoid_cross_entropy(&c->net->dlogits,
                                                &c->net->logits, &c->t);
}

// float32 rounding of a loss of about 1, 6e-8, over a step of 1e-2: 6e-6 of
// gradients of 1e-3 and more. Biases are no part of the penalty.
static void check_slopes(float p, float lambda) {
    ReluNet net;
    Rng rng;
    float t[] = {0, 1, 1, 0, 1, 0};
    rng_seed(&rng, 2);
    relu_net_init(&net, 4, (int[]){2, 8, 8, 1}, &rng);
    for (int l = 0; l <= LAST; l++)
        fill_noise(net.b[l].data, net.b[l].size, 7);
    Context c = {.net = &net, .p = p, .lambda = lambda};
    c.x = noise_tensor(5, 6, 2, 0, 0);
    c.t = tensor_view(t, 2, 6, 1);
    loss_of(&c);
    net_backward(&net, c.mask, &c.x);
    add_l2_gradient(&net, lambda);
    GradCheck g =
        grad_check(loss_of, &c, net.params.value.data, net.params.grad.data,
                   net.params.value.size, net.params.value.size, 1e-2, 1e-3);
    assert_slopes("the parameters", &g, 0.02, 0.05, net.params.value.size / 4);
    relu_net_free(&net);
    release(&c.mask[0], &c.mask[1], NULL);
}

START_TEST(gradients_are_slopes) {
    check_slopes(0.0f, 0.0f);
    check_slopes(0.5f, 0.0f);
    check_slopes(0.0f, 0.1f);
}
END_TEST

// 32,000 units of each hidden layer: the share that is dropped is p, give or take
// 0.0024; what stays is scaled, so that the mean over many draws is the plain
// net's output. The two layers' masks are two.
START_TEST(drops_units_of_both_layers) {
    enum { N = 1000, H = 32 };
    const float p = 0.25f;
    ReluNet net;
    Rng rng;
    Tensor mask[LAST] = {0}, x = noise_tensor(5, N, 2, 0, 0);
    rng_seed(&rng, 2);
    relu_net_init(&net, 4, (int[]){2, H, H, 1}, &rng);
    net_forward(&net, mask, p, &x, &rng);

    int same = 0;
    for (int l = 0; l < LAST; l++) {
        int dropped = 0;
        for (int i = 0; i < N * H; i++) {
            float m = mask[l].data[i], h = net.hidden[l].data[i];
            ck_assert(m == 0.0f || m == 1.0f / (1.0f - p));
            ck_assert(m > 0.0f || h == 0.0f);
            dropped += m == 0.0f;
            same += l == 0 && (m == 0.0f) == (mask[1].data[i] == 0.0f);
        }
        ck_assert_double_eq_tol((double)dropped / (N * H), 0.25, 0.012);
    }
    ck_assert_double_eq_tol((double)same / (N * H), 0.25 * 0.25 + 0.75 * 0.75,
                            0.015);

    // Without p it is the net as it is used.
    Tensor plain = {0};
    net_forward(&net, mask, 0.0f, &x, &rng);
    tensor_copy(&plain, &net.logits);
    relu_net_forward(&net, &x);
    assert_close(plain.data, net.logits.data, N, 1e-6, "logits with p = 0");
    release(&mask[0], &mask[1], &plain, NULL);
    relu_net_free(&net);
}
END_TEST

// The first hidden unit that stays has 1 / (1 - p) times its plain output.
START_TEST(what_stays_is_scaled) {
    enum { N = 20, H = 8 };
    ReluNet net;
    Rng rng;
    Tensor mask[LAST] = {0}, x = noise_tensor(5, N, 2, 0, 0), plain = {0};
    rng_seed(&rng, 2);
    relu_net_init(&net, 4, (int[]){2, H, H, 1}, &rng);
    relu_net_forward(&net, &x);
    tensor_copy(&plain, &net.hidden[0]);
    net_forward(&net, mask, 0.75f, &x, &rng);
    for (int i = 0; i < N * H; i++)
        plain.data[i] *= mask[0].data[i] > 0.0f ? 4.0f : 0.0f;
    assert_close(net.hidden[0].data, plain.data, N * H, 1e-6, "hidden 1");
    release(&mask[0], &mask[1], &plain, NULL);
    relu_net_free(&net);
}
END_TEST

// ---- 2. Training ------------------------------------------------------------

static const Options defaults = {.common = {.seed = 1, .quiet = true},
                                 .epochs = 1000,
                                 .hidden = 32,
                                 .runs = 5,
                                 .lr = 0.005f,
                                 .lambda = 0.003f,
                                 .p = 0.5f};
static Film film;

// Two hidden layers, ten epochs: 20 calls for each net, and none on the map's
// cells or the validation points.
START_TEST(drops_in_training_of_one_net) {
    Options o = defaults;
    PlaneScore s[NETS];
    o.epochs = 10;
    o.p = 0.3f;
    run(s, &film, 1, &o);
    ck_assert_int_eq(seen.whole, 2 * 20);
    ck_assert_int_eq(seen.dropping, 20);
    ck_assert_float_eq(seen.p, 0.3f);
    ck_assert_int_eq(seen.rows, TRAIN);
}
END_TEST

// One step for each epoch of each net, at the rate of --lr, after a backward pass.
START_TEST(steps_once_an_epoch) {
    run_spied(boundary_main, "boundary --epochs 5 --runs 2 --lr 0.01 "
                             "--plot none --quiet");
    ck_assert_int_eq(spy.steps, 2 * NETS * 5);
    for (int t = 0; t < spy.steps; t++)
        ck_assert_float_eq(spy.lr[t], 0.01f);
    assert_first_step_has_a_gradient();
    assert_runs_differ(NETS * 5);
}
END_TEST

// Same points, same first weights: with lambda = 0 and p = 0 the three nets are
// one, and each option changes its own net alone.
START_TEST(three_nets_of_one_start) {
    Options o = defaults;
    PlaneScore same[NETS], s[NETS];
    o.epochs = 30;
    o.lambda = o.p = 0.0f;
    run(same, &film, 1, &o);
    ck_assert_double_eq(same[L2].train_loss, same[NONE].train_loss);
    ck_assert_double_eq(same[DROPOUT].train_loss, same[NONE].train_loss);
    o.lambda = 0.01f;
    run(s, &film, 1, &o);
    ck_assert_double_eq(s[NONE].train_loss, same[NONE].train_loss);
    ck_assert_double_gt(s[L2].train_loss, same[L2].train_loss);
    ck_assert_double_eq(s[DROPOUT].train_loss, same[DROPOUT].train_loss);
    o.lambda = 0.0f;
    o.p = 0.5f;
    run(s, &film, 1, &o);
    ck_assert_double_eq(s[L2].train_loss, same[L2].train_loss);
    ck_assert_double_gt(s[DROPOUT].train_loss, same[DROPOUT].train_loss);
}
END_TEST

// The program's own runs. Validation loss of seeds 1, 2 and 3: 2.18, 2.72, 3.20
// with neither, 0.42, 0.47, 0.45 with L2, 0.68, 0.98, 1.14 with dropout.
// Boundary: 16.1, 9.4, 11.0; 11.6, 7.7, 10.2; 11.2, 7.6, 8.5.
START_TEST(memorizing_costs_on_new_points) {
    double length[NETS] = {0};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        PlaneScore s[NETS];
        run(s, &film, seed, &defaults);
        ck_assert_double_eq(s[NONE].train_error, 0);
        ck_assert_double_lt(s[NONE].train_loss, 0.03);
        ck_assert_double_gt(s[NONE].loss, 1.5);
        ck_assert_double_lt(s[L2].loss, 0.3 * s[NONE].loss);
        ck_assert_double_lt(s[DROPOUT].loss, 0.6 * s[NONE].loss);
        ck_assert_double_lt(s[L2].loss, 0.8 * s[DROPOUT].loss);
        for (int kind = 0; kind < NETS; kind++) {
            length[kind] += s[kind].length;
            if (kind != NONE) {
                ck_assert_double_gt(s[kind].train_error, 1);
                ck_assert_double_lt(s[kind].length, s[NONE].length);
            }
        }
    }
    ck_assert_double_lt(length[L2], 0.9 * length[NONE]);
    ck_assert_double_lt(length[DROPOUT], 0.85 * length[NONE]);
}
END_TEST

// With all labels of the new points turned, what was right is wrong: 100 - 20 %.
// Nothing was learned from them, and nothing else is reported.
START_TEST(validates_on_new_points) {
    Options o = defaults;
    PlaneScore s[NETS], turned[NETS];
    o.epochs = 100;
    run(s, &film, 1, &o);
    seen.turned = true;
    run(turned, &film, 1, &o);
    for (int kind = 0; kind < NETS; kind++) {
        ck_assert_double_eq(turned[kind].train_loss, s[kind].train_loss);
        ck_assert_double_eq_tol(turned[kind].error, 100 - s[kind].error, 1e-9);
        ck_assert_double_gt(turned[kind].error, 60);
    }
}
END_TEST

START_TEST(seeds_differ) {
    Options o = defaults;
    PlaneScore one[NETS], two[NETS];
    o.epochs = 10;
    run(one, &film, 1, &o);
    float first = film.points.x.data[0];
    run(two, &film, 2, &o);
    ck_assert_float_ne(film.points.x.data[0], first);
    ck_assert_double_ne(two[NONE].loss, one[NONE].loss);
}
END_TEST

// Each frame is the net after its epoch: the last one of a run of so many.
START_TEST(frames_are_the_nets_of_their_epochs) {
    enum { SOME = 7 };
    static PlaneMap maps[NETS];
    Options o = defaults;
    PlaneScore s[NETS];
    o.epochs = 200;
    run(s, &film, 1, &o);
    ck_assert_int_eq(film.epoch[0], 1);
    ck_assert_int_eq(film.epoch[FRAMES - 1], 200);
    for (int k = 2; k < FRAMES; k++) // closer at first, but for rounding
        ck_assert_int_ge(film.epoch[k] - film.epoch[k - 1] + 1,
                         film.epoch[k - 1] - film.epoch[k - 2]);
    ck_assert_int_lt(film.epoch[FRAMES / 2], 70);

    for (int kind = 0; kind < NETS; kind++)
        maps[kind] = film.map[kind][SOME];
    o.epochs = film.epoch[SOME];
    run(s, &film, 1, &o);
    for (int kind = 0; kind < NETS; kind++) {
        assert_close(film.map[kind][FRAMES - 1].p, maps[kind].p, PLANE_CELLS, 0,
                     net_name[kind]);
        ck_assert_double_eq(plane_boundary(&maps[kind]), s[kind].length);
    }
}
END_TEST

// ---- 3. What is printed -----------------------------------------------------

static PlaneScore made_up[NETS] = {{0.01, 0.5, 3, 20.5, 16},
                                   {0.11, 1.5, 1, 12.5, 12},
                                   {0.21, 2.5, 2, 15.5, 17}};
static void print_them(void) {
    print_table(made_up, 7);
}

// Here dropout's boundary is longer, so it does not lower both.
START_TEST(prints_its_table) {
    Run r = run_function(print_them);
    assert_80_columns(&r);
    for (int kind = 0; kind < NETS; kind++) {
        const PlaneScore *s = &made_up[kind];
        const double want[] = {s->train_loss, s->train_error, s->loss, s->error,
                               s->length};
        assert_row(r.output, net_name[kind], want, 5, 0);
    }
    assert_says(r.output, "medians of 7 runs");
    assert_says(r.output, "the training error is 0.5 %; 5.0 % of the labels");
    assert_says(r.output, "\nL2 lowers the");
    assert_says(r.output, "\nDropout does not lower both the");
}
END_TEST

// Two runs: the median is their mean, of seeds 3 and 4.
START_TEST(prints_its_result) {
    Options o = defaults;
    PlaneScore one[NETS], two[NETS];
    o.epochs = 50;
    run(one, &film, 3, &o);
    run(two, &film, 4, &o);
    Run r = run_for_result("boundary --epochs 50 --runs 2 --seed 3");
    const struct {
        const char *name;
        double want;
    } numbers[] = {
        {"none_train", (one[NONE].train_loss + two[NONE].train_loss) / 2},
        {"none_validation", (one[NONE].loss + two[NONE].loss) / 2},
        {"l2_validation", (one[L2].loss + two[L2].loss) / 2},
        {"dropout_validation", (one[DROPOUT].loss + two[DROPOUT].loss) / 2},
        {"seed", 3}};
    for (int i = 0; i < 5; i++)
        ck_assert_double_eq_tol(result_value(&r, numbers[i].name),
                                numbers[i].want, 6e-4);
}
END_TEST

// The defaults are those that the README shows.
START_TEST(the_default_run) {
    Run r = run_well("boundary --plot none");
    assert_80_columns(&r);
    ck_assert_double_lt(result_value(&r, "none_train"), 0.004);
    ck_assert_double_eq_tol(result_value(&r, "none_validation"), 2.72, 0.4);
    ck_assert_double_eq_tol(result_value(&r, "l2_validation"), 0.424, 0.04);
    ck_assert_double_eq_tol(result_value(&r, "dropout_validation"), 1.05, 0.3);
    assert_says(r.output, "\nL2 lowers the");
    assert_says(r.output, "\nDropout lowers the");
}
END_TEST

// Stopped in the second of the three nets: the first one's numbers stand, those
// of the others are left out, and nothing is drawn.
static void run_and_stop(void) {
    seen.whole = seen.dropping = 0;
    seen.stop_at = 50; // the second call of its fifth epoch
    int status =
        call_main(boundary_main, "boundary --epochs 20 --runs 1 --plot svg");
    printf("%d calls", seen.whole + seen.dropping);
    exit(status);
}

START_TEST(a_stop_reports_no_half_runs) {
    Options o = defaults;
    PlaneScore s[NETS];
    o.epochs = 20;
    run(s, &film, 1, &o);
    Run r = run_function(run_and_stop);
    ck_assert_int_eq(r.status, 130);
    ck_assert_double_eq_tol(result_value(&r, "none_validation"), s[NONE].loss,
                            6e-4);
    assert_never_says(r.output, "l2_validation");
    assert_never_says(r.output, "dropout_validation");
    assert_says(r.output, " seed=1 interrupted=1\n50 calls");
    assert_never_says(r.output, "training points");
    ck_assert_int_ne(access("out/ch05/boundary.fig", F_OK), 0);
    ck_assert_int_ne(access("out/ch05/boundary_film.fig", F_OK), 0);
}
END_TEST

// ---- 4. Figures -------------------------------------------------------------

// Cell i of net `kind` holds a number of its own in frame k.
static float answer(int kind, int k, int i) {
    return (float)((i + 7 * k + 300 * kind) % 1000) / 1000;
}

static void make_up_film(void) {
    Rng rng;
    rng_seed(&rng, 1);
    plane_moons(&film.points, TRAIN, &rng);
    for (int k = 0; k < FRAMES; k++)
        film.epoch[k] = 3 * k + 1;
    for (int kind = 0; kind < NETS; kind++)
        for (int k = 0; k < FRAMES; k++)
            for (int i = 0; i < PLANE_CELLS; i++)
                film.map[kind][k].p[i] = answer(kind, k, i);
    hide_gnuplot();
}

static void assert_map(const char *file, int kind, int k) {
    double want[PLANE_CELLS];
    char column[32];
    for (int i = 0; i < PLANE_CELLS; i++)
        want[i] = (double)answer(kind, k, i);
    snprintf(column, sizeof column, "epoch %d", 3 * k + 1);
    assert_column(file, 2 * kind, column, want, PLANE_CELLS, 6e-4);
}

// Three panels of the last frame, each below its name and its validation error,
// with the training points and their labels on top.
START_TEST(draws_each_net_below_its_name) {
    const char *file = "out/ch05/boundary.csv", *fig = "out/ch05/boundary.fig";
    const char *titles[NETS] = {"No regularization: validation error 20.5 %",
                                "L2: validation error 12.5 %",
                                "Dropout: validation error 15.5 %"};
    double labels[TRAIN];
    make_up_film();
    draw(&film, made_up, "svg");
    ck_assert_int_eq(figure_count(fig, "panel"), NETS);
    for (int n = 0; n < TRAIN; n++)
        labels[n] = (double)film.points.t.data[n];
    for (int kind = 0; kind < NETS; kind++) {
        assert_map(file, kind, FRAMES - 1);
        assert_column(file, 2 * kind + 1, "label", labels, TRAIN, 0);
        assert_mark(fig, 2 * kind, "heat", "x", "y", "");
        assert_mark(fig, 2 * kind + 1, "points", "x", "y", "");
        ck_assert_str_eq(panel_of(fig, 2 * kind), titles[kind]);
        ck_assert_double_eq(figure_attribute(fig, "heat", kind, "v"), 3);
    }
}
END_TEST

// Each frame shows the three maps of its epoch, from left to right, the names
// above.
START_TEST(the_film_shows_each_epoch) {
    const char *file = "out/ch05/boundary_film.csv",
               *fig = "out/ch05/boundary_film.fig";
    make_up_film();
    draw_film(&film, made_up, "svg");
    ck_assert_int_eq(figure_count(fig, "film"), 1);
    ck_assert_int_eq(figure_count(fig, "panel"), FRAMES);
    for (int k = 0; k < FRAMES; k++) {
        char epoch[32];
        snprintf(epoch, sizeof epoch, "Epoch %d", 3 * k + 1);
        ck_assert_str_eq(figure_words(fig, "panel", k), epoch);
        for (int kind = 0; kind < NETS; kind++) {
            int i = NETS * k + kind;
            assert_map(file, kind, k);
            ck_assert_double_eq(figure_attribute(fig, "heat", i, "table"),
                                2 * kind);
            ck_assert_double_eq(figure_attribute(fig, "heat", i, "v"), 3 + k);
            ck_assert_str_eq(figure_words(fig, "note", i), net_title[kind]);
            ck_assert_double_eq_tol(figure_attribute(fig, "note", i, "x"),
                                    kind * PLANE_APART, 1e-6);
        }
    }
    double x[PLANE_CELLS];
    for (int kind = 0; kind < NETS; kind++) {
        chart_column(file, 2 * kind, "x", x, PLANE_CELLS);
        ck_assert_double_eq_tol(x[PLANE_COLUMNS / 2], kind * PLANE_APART, 1e-6);
    }
}
END_TEST

// The title claims what the drawn run shows, and only then: a training error
// below the 5 % of wrong labels, and both nets better in both numbers.
static void assert_title(bool claims, int kind, PlaneScore s) {
    PlaneScore scores[NETS] = {
        {0.01, 0, 3, 20, 16}, {0.1, 5, 1, 12, 12}, {0.2, 5, 2, 15, 10}};
    scores[kind] = s;
    draw(&film, scores, "svg");
    const char *title = figure_words("out/ch05/boundary.fig", "title", 0);
    ck_assert_int_eq(strncmp(title, "Memorizing bends", 16) == 0, claims);
}

START_TEST(the_title_is_true) {
    make_up_film();
    assert_title(true, NONE, (PlaneScore){0.01, 4.9, 3, 20, 16});
    assert_title(false, NONE, (PlaneScore){0.01, 5, 3, 20, 16});
    assert_title(false, L2, (PlaneScore){0.1, 5, 3.1, 12, 12});
    assert_title(false, L2, (PlaneScore){0.1, 5, 1, 12, 17});
    assert_title(false, DROPOUT, (PlaneScore){0.1, 5, 3.1, 12, 12});
    assert_title(false, DROPOUT, (PlaneScore){0.1, 5, 1, 12, 17});
}
END_TEST

// The first seed's run is the one that is drawn.
START_TEST(draws_the_first_run) {
    Options o = defaults;
    PlaneScore s[NETS];
    double x[TRAIN];
    o.epochs = 30;
    run(s, &film, 5, &o);
    run_for_charts("boundary --epochs 30 --runs 3 --seed 5");
    for (int n = 0; n < TRAIN; n++)
        x[n] = (double)film.points.x.data[2 * n];
    assert_column("out/ch05/boundary.csv", 1, "x", x, TRAIN, 1e-6);
    const char *title = figure_words("out/ch05/boundary.fig", "panel", L2);
    ck_assert_double_eq_tol(atof(after_text(title, "error ")), s[L2].error,
                            0.06);
    ck_assert_str_eq(figure_words("out/ch05/boundary_film.fig", "panel", 0),
                     "Epoch 1");
}
END_TEST

int main(void) {
    const Test tests[] = {{gradients_are_slopes},
                          {drops_units_of_both_layers},
                          {what_stays_is_scaled},
                          {drops_in_training_of_one_net},
                          {steps_once_an_epoch},
                          {three_nets_of_one_start},
                          {memorizing_costs_on_new_points, .seconds = 20},
                          {validates_on_new_points},
                          {seeds_differ},
                          {frames_are_the_nets_of_their_epochs},
                          {prints_its_table},
                          {prints_its_result},
                          {the_default_run, .seconds = 20},
                          {a_stop_reports_no_half_runs},
                          {draws_each_net_below_its_name},
                          {the_film_shows_each_epoch},
                          {the_title_is_true},
                          {draws_the_first_run}};
    threads_set(1);
    return run_tests("boundary", tests, sizeof tests / sizeof *tests);
}
