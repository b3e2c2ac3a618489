// The parabola's border, and the lecture's order over several seeds.

#define main learning_rate_main
#include "ch04_optimizers/learning_rate.c"
#undef main

#include <string.h>
#include <unistd.h>

#include "testing.h"
#include "threads.h"

// x after n steps is (1 - 2 lr)^n: a geometric series, whose powers double
// arithmetic gives to n roundings.
START_TEST(parabola) {
    for (int r = 0; r < PARABOLA_RATES; r++) {
        double lr = parabola_rates[r], x = 1.0;
        for (int n = 1; n <= 20; n++) {
            x = parabola_step(x, lr);
            ck_assert_double_eq_tol(x, pow(1.0 - 2.0 * lr, n),
                                    20 * 2.3e-16 * fabs(x) + 1e-300);
        }
        ck_assert_int_eq(fabs(x) < 1.0, lr < 1.0);
    }
    // the slope of x^2 by a central difference, exact for a parabola
    double slope = (1.001 * 1.001 - 0.999 * 0.999) / 0.002;
    ck_assert_double_eq_tol(1.0 - parabola_step(1.0, 1.0), slope, 1e-12);
}
END_TEST

// 0.3 below 0.05 below 0.01 after 1000 epochs, 0.01 better after 5000, and 3
// no better than a guess: for five seeds, which are five nets and five sets.
// The losses of seed 1 are the program's: far below B's 0.158 for 0.3 and 0.258
// for 0.05, whose pictures are others.
START_TEST(the_lectures_order) {
    threads_set(1); // as the program does
    for (uint64_t seed = 1; seed <= 5; seed++) {
        Dataset set, validation;
        characters_draw(&set, &validation, CHARACTER_TRAIN,
                        CHARACTER_VALIDATION, seed);
        struct {
            float lr;
            int epochs;
        } setting[RUNS] = {{0.3f, 1000},
                           {0.05f, 1000},
                           {0.01f, 1000},
                           {0.01f, 5000},
                           {3.0f, 1000}};
        const float of_seed_1[RUNS] = {0.0037f, 0.0821f, 0.3215f, 0.0816f,
                                       0.6927f};
        float last[RUNS];
        for (int r = 0; r < RUNS; r++) {
            Training run = {.lr = setting[r].lr, .epochs = setting[r].epochs};
            train(&run, &set, &validation, seed, true);
            last[r] = run.last;
            if (seed == 1)
                ck_assert_float_eq_tol(last[r], of_seed_1[r], 1e-4f);
            // not the training set's, which 0.3 has memorized
            ck_assert_double_lt(run.accuracy, 0.95);
            mem_free(run.loss);
        }
        ck_assert_float_lt(2.0f * last[0], last[1]);
        ck_assert_float_lt(2.0f * last[1], last[2]);
        ck_assert_float_lt(2.0f * last[3], last[2]);
        // small steps: rate times epochs decides (0.05 1000 = 0.01 5000)
        ck_assert_float_eq_tol(last[3] / last[1], 1, 0.02f);
        ck_assert_float_gt(last[4], 0.6f); // ln 2 = 0.693 knows nothing
        dataset_free(&set);
        dataset_free(&validation);
    }
}
END_TEST

// What train reports is what a second look at the same run gives.
START_TEST(reports_what_it_did) {
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    1);
    Training once = {.lr = 0.05f, .epochs = 60}, more = once;
    more.epochs = 61;
    train(&once, &set, &validation, 1, true);
    train(&more, &set, &validation, 1, true);
    for (int e = 0; e < 60; e++) {
        ck_assert_float_eq(once.loss[e], more.loss[e]);
        ck_assert(e == 0 || once.loss[e] < once.loss[e - 1]);
    }
    ck_assert_float_eq(once.last, more.loss[60]);
    ck_assert_double_gt(once.accuracy, 0.6);
    ck_assert_double_lt(once.accuracy, 1.0); // one label in twenty is wrong
    mem_free(once.loss);
    mem_free(more.loss);
    dataset_free(&set);
    dataset_free(&validation);
}
END_TEST

// The chart's file: a block for each run, a row for each epoch, and in it the
// loss that train had before that step, to the seven digits of the file.
START_TEST(draws_the_losses) {
    static const float rates[RUNS] = {0.3f, 0.05f, 0.01f, 0.01f, 3.0f};
    ck_assert_int_eq(chdir(scratch_path("").text), 0);
    Run run = run_program("learning_rate --plot svg --epochs 20 --quiet");
    ck_assert_int_eq(run.status, 0);
    FILE *csv = fopen("out/ch04/learning_rate.csv", "r");
    ck_assert_ptr_nonnull(csv);
    Dataset set, validation;
    characters_draw(&set, &validation, CHARACTER_TRAIN, CHARACTER_VALIDATION,
                    1);
    threads_set(1); // as the program does
    for (int r = 0; r < RUNS; r++) {
        Training t = {.lr = rates[r], .epochs = r == PATIENT ? 100 : 20};
        char line[64];
        train(&t, &set, &validation, 1, true);
        ck_assert_ptr_nonnull(fgets(line, sizeof line, csv));
        ck_assert_str_eq(line, "epoch,loss\n");
        for (int e = 1; e <= t.epochs; e++) {
            int epoch;
            float loss;
            ck_assert_int_eq(fscanf(csv, "%d,%f\n", &epoch, &loss), 2);
            ck_assert_int_eq(epoch, e);
            ck_assert_float_eq_tol(loss, t.loss[e - 1], 1e-6f);
        }
        mem_free(t.loss);
    }
    ck_assert_int_eq(fgetc(csv), EOF);
    fclose(csv);
    dataset_free(&set);
    dataset_free(&validation);
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_program("learning_rate --quiet --plot none --epochs 100");
    ck_assert_int_eq(run.status, 0);
    double loss = result_value(&run, "loss_0.01");
    ck_assert_double_lt(result_value(&run, "loss_0.3"), loss);
    ck_assert_double_lt(result_value(&run, "loss_0.05"), loss);
    ck_assert_double_lt(result_value(&run, "loss_0.01_500"), loss);
    run = run_program("learning_rate --plot none --epochs 1 --lr 1000");
    ck_assert_int_eq(run.status, 0);
    ck_assert_ptr_nonnull(strstr(run.output, " 0.158 ")); // B's two losses
    ck_assert_ptr_nonnull(strstr(run.output, " 0.258 "));
}
END_TEST

int main(void) {
    const Test tests[] = {{parabola},
                          {the_lectures_order, .seconds = 40},
                          {reports_what_it_did},
                          {draws_the_losses},
                          {prints_its_result}};
    return run_tests("learning_rate", tests, sizeof tests / sizeof *tests);
}
