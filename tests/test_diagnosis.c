// diagnosis.h: what is said of a training, and what is not.

#include "diagnosis.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "run.h"

#include "testing.h"

// The training that run_function looks at.
static struct {
    int batches;
    float loss, hidden;
    bool has_hidden;
} training;

static void end_training(void) {
    Progress p;
    float units[6] = {0, 0, 0, 0, training.hidden, 0};
    Tensor hidden = tensor_view(units, 2, 2, 3);
    progress_init(&p, 1, training.batches, true);
    progress_epoch(&p, 1);
    for (int i = 0; i < training.batches; i++)
        progress_batch(&p, training.loss);
    diagnose(&p, 10, training.has_hidden ? &hidden : NULL, 0.25f);
    exit(run_end());
}

static Run with(int batches, float loss, float hidden) {
    training.batches = batches;
    training.loss = loss;
    training.hidden = hidden;
    training.has_hidden = true;
    return run_function(end_training);
}

static void check(Run run, const char *trouble, const char *says) {
    char word[64];
    snprintf(word, sizeof word, "trouble=%s\n", trouble);
    ck_assert_int_eq(run.status, 0);
    assert_says(run.output, word);
    assert_says(run.output, says);
    assert_says(run.output, "--lr (it was 0.25)");
}

// ln 10 = 2.3026; 0.9 of it is 2.0723, twice it 4.6052.
START_TEST(each_trouble_has_its_name) {
    check(with(60, 2.3f, 1), "guessing", "that of guessing ln 10 = 2.303");
    check(with(60, 2.08f, 1), "guessing", "little was learned");
    check(with(60, 4.60f, 1), "guessing", "little was learned");
    check(with(60, 4.61f, 1), "exploded", "the steps are too long");
    check(with(60, 2.3f, 0), "dead", "all 3 units of the last hidden layer");
    check(with(60, 9.0f, 0), "dead", "dead ReLUs");
    // these need no steps to show
    check(with(3, 9.3f, 1), "exploded", "the training loss is 9.3,");
    check(with(3, 2.3f, 0), "dead", "dead ReLUs");
}
END_TEST

// Two epochs of 60 batches; the second one's loss goes from first to last.
static float first, last;

static void end_second_epoch(void) {
    Progress p;
    progress_init(&p, 2, 60, true);
    progress_epoch(&p, 1);
    for (int i = 0; i < 60; i++)
        progress_batch(&p, 0.5f);
    progress_epoch(&p, 2);
    for (int i = 0; i < 60; i++)
        progress_batch(&p, i < 30 ? first : last);
    diagnose(&p, 10, NULL, 0.25f);
    exit(run_end());
}

static Run second_epoch(float a, float b) {
    first = a;
    last = b;
    return run_function(end_second_epoch);
}

// A collapse shows against an earlier epoch; what is learned late is no
// trouble.
START_TEST(epochs_are_compared) {
    check(second_epoch(1.9f, 1.9f), "rising", "rose to 1.900; in an earlier");
    ck_assert_str_eq(second_epoch(0.9f, 0.9f).output, "result:\n");
    ck_assert_str_eq(second_epoch(0.3f, 0.3f).output, "result:\n");
    check(second_epoch(0.5f, 2.3f), "rising", "rose to 1.400");
    check(second_epoch(2.3f, 9.0f), "exploded", "is 9,");
}
END_TEST

// Three epochs, each with one loss throughout.
static struct {
    int batches;
    float loss[3];
} epochs;

static void end_third_epoch(void) {
    Progress p;
    progress_init(&p, 3, epochs.batches, true);
    for (int epoch = 1; epoch <= 3; epoch++) {
        progress_epoch(&p, epoch);
        for (int i = 0; i < epochs.batches; i++)
            progress_batch(&p, epochs.loss[epoch - 1]);
    }
    diagnose(&p, 10, NULL, 0.25f);
    exit(run_end());
}

static Run third_epoch(int batches, float a, float b, float c) {
    epochs.batches = batches;
    epochs.loss[0] = a, epochs.loss[1] = b, epochs.loss[2] = c;
    return run_function(end_third_epoch);
}

// Steps of all epochs count: three of 20 are not too few to have learned in.
// And the best epoch is what the last one is compared with, not the one before.
START_TEST(all_epochs_count) {
    check(third_epoch(20, 2.3f, 2.3f, 2.3f), "guessing", "little was learned");
    ck_assert_str_eq(third_epoch(16, 2.3f, 2.3f, 2.3f).output, "result:\n");
    check(third_epoch(20, 0.5f, 0.9f, 1.4f), "rising", "it was 0.500");
    check(third_epoch(20, 0.9f, 0.5f, 1.4f), "rising", "it was 0.500");
}
END_TEST

START_TEST(a_good_training_is_left_alone) {
    ck_assert_str_eq(with(60, 2.07f, 1).output, "result:\n");
    ck_assert_str_eq(with(60, 0.01f, -1).output, "result:\n");
    // too few steps to say
    ck_assert_str_eq(with(49, 2.30f, 1).output, "result:\n");
    ck_assert_str_eq(with(49, 9.0f, 1).output, "result:\n");
    training.has_hidden = false;
    training.batches = 60;
    training.loss = 0.5f;
    ck_assert_str_eq(run_function(end_training).output, "result:\n");
}
END_TEST

// The programs ask. A rate of 10 kills the ReLUs of one and carries the other,
// which has none, far away.
START_TEST(programs_say_what_went_wrong) {
    const char *few = "--data synthetic --limit 1500 --epochs 3 --quiet "
                      "--plot none --threads 1";
    const struct {
        const char *program, *trouble;
    } cases[] = {{"mlp --lr 10", "dead"},
                 {"lenet --lr 10", "dead"},
                 {"lstm --lr 10", "exploded"},
                 {"gru --lr 10", "exploded"}};
    for (int i = 0; i < 4; i++) {
        char word[64];
        snprintf(word, sizeof word, "trouble=%s\n", cases[i].trouble);
        Run run = run_well("%s %s", cases[i].program, few);
        assert_says(run.output, word);
    }
    Run run = run_program("char_lstm --lr 10 --clip 1e9 --epochs 3 --quiet "
                          "--plot none");
    assert_says(run.output, "trouble=exploded\n");
    run = run_program("linear_fit --lr 0.9 --quiet --plot none");
    assert_says(run.output, "trouble=exploded\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {each_trouble_has_its_name},
        {epochs_are_compared},
        {all_epochs_count},
        {a_good_training_is_left_alone},
        {programs_say_what_went_wrong, .seconds = 200},
    };
    return run_tests("diagnosis", tests, sizeof tests / sizeof *tests);
}
