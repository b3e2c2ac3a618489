// The spread of each initialization, and which nets learn.

#include "spoil.h"
#include "spy.h"

#define main init_main
#include "ch04_optimizers/init.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// Drawn digits and a net with these beginnings.
static void setup(Dataset *set, ReluNet *net, Kind kind, uint64_t seed) {
    Rng rng;
    rng_seed(&rng, seed);
    digits_draw(set, 100, seed);
    make_net(net, set, &rng);
    init_weights(net, kind, &rng);
}

// [B Gaussian] [B uniform] the variance is 0.01, not the standard deviation.
// The sample variance of n numbers has a relative standard deviation of
// sqrt(2 / n) if they are normal, less if uniform: 5 of those are allowed.
START_TEST(spread_is_as_the_formula_says) {
    Dataset set;
    for (int kind = SMALL; kind <= HE; kind++) {
        ReluNet net;
        setup(&set, &net, (Kind)kind, 3);
        for (int l = 0; l <= HIDDEN; l++) {
            double in = net.w[l].shape[1], out = net.w[l].shape[0];
            const double want[KINDS] = {[SMALL] = 1e-4,
                                        [GAUSSIAN] = 0.01,
                                        [UNIFORM] = 0.01,
                                        [XAVIER] = 2 / (in + out),
                                        [HE] = 2 / in};
            double n = (double)net.w[l].size, got = pow(rms(&net.w[l]), 2);
            ck_assert_double_eq_tol(got / want[kind], 1, 5 * sqrt(2 / n));
            ck_assert_double_eq(rms(&net.b[l]), 0);
        }
        relu_net_free(&net);
        dataset_free(&set);
    }
}
END_TEST

// Equal weights get equal gradients: a layer stays as good as a single unit. Of
// all-zero weights none ever moves, and of the biases only the last ones do.
START_TEST(constant_units_stay_alike) {
    const Options o = {
        .common = {.quiet = true}, .epochs = 2, .batch = 10, .lr = 0.1f};
    for (int kind = ZERO; kind <= CONSTANT; kind++) {
        Dataset set;
        ReluNet net;
        Rng rng;
        Outcome outcome = {.epochs = 0};
        rng_seed(&rng, 1);
        setup(&set, &net, (Kind)kind, 1);
        look_inside(&outcome, &net, &set);
        train(&outcome, &net, &set, &o, &rng);
        evaluate(&outcome, &net, &set);
        ck_assert_int_eq(outcome.units, 1);
        ck_assert_double_eq(outcome.gradient[HIDDEN] > 0, kind == CONSTANT);
        for (int l = 0; l <= HIDDEN && kind == ZERO; l++) {
            ck_assert_double_eq(outcome.gradient[l], 0);
            ck_assert_double_eq(rms(&net.w[l]), 0);
            ck_assert_double_eq(rms(&net.db[l]) > 0, l == HIDDEN);
            ck_assert_double_eq(rms(&net.b[l]) > 0, l == HIDDEN);
        }
        init_weights(&net, HE, &rng); // and the count can count
        evaluate(&outcome, &net, &set);
        ck_assert_int_gt(outcome.units, WIDTH / 2);
        relu_net_free(&net);
        dataset_free(&set);
    }
}
END_TEST

// From one layer to the next the rms is multiplied by sqrt(fan_in Var(w) / 2).
// Over four layers, ln(rms) of one net strays by sqrt(4 * 5 / WIDTH) / 2 = 0.22
// (Hanin & Nica 2019: 5 / WIDTH for the variance of ln(square) per layer) and
// lies half that variance lower, 0.05; of a mean of 20 nets, 5 sigma are 0.25.
START_TEST(signal_keeps_its_size) {
    const double factor[KINDS] = {[SMALL] = 0.01 * sqrt(50),
                                  [GAUSSIAN] = 0.1 * sqrt(50),
                                  [UNIFORM] = 0.1 * sqrt(50),
                                  [XAVIER] = sqrt(0.5),
                                  [HE] = 1};
    const Kind kinds[] = {SMALL, GAUSSIAN, UNIFORM, XAVIER, HE};
    for (int k = 0; k < 5; k++) {
        double mean = 0;
        for (uint64_t seed = 1; seed <= 20; seed++) {
            Dataset set;
            ReluNet net;
            Outcome outcome = {.epochs = 0};
            setup(&set, &net, kinds[k], seed);
            look_inside(&outcome, &net, &set);
            mean += log(outcome.size[4] / outcome.size[0]) / 20;
            relu_net_free(&net);
            dataset_free(&set);
        }
        ck_assert_double_eq_tol(mean, 4 * log(factor[kinds[k]]), 0.3);
    }
}
END_TEST

// 100 digits in batches of 50 are two steps in each of two epochs, for the
// earlier training and for each of the eight nets; every epoch is shuffled, and
// nothing else is.
START_TEST(all_trainings_are_as_long) {
    run_spied(init_main, "init --limit 100 --epochs 2 --batch 50 --data "
                         "synthetic --threads 1 --plot none --quiet");
    ck_assert_int_eq(spy.steps, 9 * 4);
    ck_assert_int_eq(spy.shuffled, 9 * 2);
}
END_TEST

// 240 steps at rate 0.1 teach all but `zero' and `small' to read.
START_TEST(tests_on_unseen_digits) {
    Run run = run_on_turned_labels(
        init_main, "init --limit 600 --epochs 4 --batch 10 --lr 0.1 --data "
                   "synthetic --threads 1 --plot none --quiet");
    const Kind kinds[] = {GAUSSIAN, UNIFORM, HE, PRETRAINED};
    for (int k = 0; k < 4; k++)
        assert_turned_are_wrong(100 -
                                100 * result_value(&run, kind_name[kinds[k]]));
}
END_TEST

// What the figure and the table say of a net is so before it is trained. The
// table has one digit; other compilers round otherwise. The curves of training
// end at the table's loss.
START_TEST(shows_nets_before_training) {
    const int seed = 5;
    Digits digits = synthetic_digits(100, seed);
    const char *file = "out/ch04/init_activations.fig";
    double size[HIDDEN], layer[HIDDEN], loss[3];
    Run run = run_for_charts("init --limit 100 --epochs 3 --batch 5 --lr 0.1 "
                             "--data synthetic --seed 5 --threads 1");
    for (int kind = CONSTANT; kind <= HE; kind++) {
        Rng rng;
        ReluNet net;
        Outcome want = {.epochs = 0};
        rng_seed(&rng, seed);
        make_net(&net, &digits.train, &rng);
        init_weights(&net, (Kind)kind, &rng);
        look_inside(&want, &net, &digits.train);
        const char *name = kind_name[kind],
                   *csv = "out/ch04/init_activations.csv";
        chart_column(csv, 0, name, size, HIDDEN);
        chart_column(csv, 0, "layer", layer, HIDDEN);
        assert_mark(file, 0, "linespoints", "layer", name, kind_text[kind]);
        for (int l = 0; l < HIDDEN; l++) {
            ck_assert_double_eq(layer[l], l + 1);
            ck_assert_double_eq_tol(size[l] / want.size[l], 1, 1e-3);
            ck_assert_double_eq_tol(table_number(run.output, name, l) / size[l],
                                    1, 0.5);
        }
        if (kind == SMALL) {
            const char *title = figure_words(file, "title", 0);
            ck_assert_double_eq_tol(atof(after_text(title, "divided by ")),
                                    size[0] / size[HIDDEN - 1], 0.51);
        }
        double gradient = table_number(run.output, kind_name[kind], HIDDEN);
        ck_assert_double_eq_tol(gradient / want.gradient[0], 1, 0.5);
        relu_net_free(&net);
    }
    digits_free(&digits);
    for (int kind = 0; kind < KINDS; kind++) {
        chart_column("out/ch04/init_training.csv", kind, "loss", loss, 3);
        ck_assert_double_eq_tol(
            loss[2], table_number(run.output, kind_name[kind], HIDDEN + 1),
            6e-4);
        assert_mark("out/ch04/init_training.fig", kind, "linespoints", "epoch",
                    "loss", kind_text[kind]);
    }
}
END_TEST

// Three seeds, few digits: what has a signal learns, what has none does not.
START_TEST(he_learns_and_zero_does_not) {
    for (int seed = 1; seed <= 3; seed++) {
        Run run = run_for_result("init --threads 1 --data synthetic --limit "
                                 "800 --epochs 5 --lr 0.1 --seed %d",
                                 seed);
        ck_assert_double_eq(result_value(&run, "zero_gradient"), 0);
        ck_assert_double_lt(result_value(&run, "zero"), 0.2);
        ck_assert_double_lt(result_value(&run, "small"), 0.2);
        ck_assert_double_gt(result_value(&run, "gaussian"), 0.25);
        ck_assert_double_gt(result_value(&run, "uniform"), 0.25);
        ck_assert_double_gt(result_value(&run, "he"), 0.25);
        ck_assert_double_gt(result_value(&run, "pretrained"),
                            result_value(&run, "he") + 0.05);
    }
}
END_TEST

// With synthetic digits too, the earlier training has other ones than the task.
START_TEST(the_earlier_training_has_other_digits) {
    for (uint64_t seed = 0; seed <= 3; seed++) {
        Digits digits = synthetic_digits(50, seed);
        Dataset drawn;
        digits_draw(&drawn, 50, pretraining_seed(seed));
        size_t bytes = dataset_bytes(&drawn);
        ck_assert_int_ne(memcmp(drawn.pixels, digits.train.pixels, bytes), 0);
        ck_assert_int_ne(memcmp(drawn.pixels, digits.test.pixels, bytes), 0);
        dataset_free(&drawn);
        digits_free(&digits);
    }
}
END_TEST

static Run run_small(const char *more) {
    return run_program(
        "init --threads 1 --data synthetic --limit 100 --epochs 1 --quiet "
        "--plot none %s",
        more);
}

// The file that --save leaves is what --load begins from, and that of another
// seed leads elsewhere; a missing one is refused.
START_TEST(begins_from_a_file) {
    Run first = run_small("--save w.safetensors");
    Run second = run_small("--load w.safetensors");
    ck_assert_int_eq(second.status, 0);
    ck_assert_str_eq(first.output, second.output);
    ck_assert_int_eq(run_small("--seed 2 --save w.safetensors").status, 0);
    Run other = run_small("--load w.safetensors");
    ck_assert_double_ne(result_value(&other, "pretrained"),
                        result_value(&first, "pretrained"));
    ck_assert_double_eq(result_value(&other, "he"), result_value(&first, "he"));
    ck_assert_int_eq(run_small("--load nothing.safetensors").status, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {{spread_is_as_the_formula_says},
                          {constant_units_stay_alike},
                          {signal_keeps_its_size, .seconds = 20},
                          {all_trainings_are_as_long},
                          {tests_on_unseen_digits},
                          {shows_nets_before_training},
                          {he_learns_and_zero_does_not, .seconds = 20},
                          {the_earlier_training_has_other_digits},
                          {begins_from_a_file}};
    return run_tests("init", tests, sizeof tests / sizeof *tests);
}
