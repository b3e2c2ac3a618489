// checkpoint.h: a state that comes back bit for bit, and files that are not
// one.

#include "checkpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

// ---- A run of a kind --------------------------------------------------------

// "Trains" two weights by Adam on random gradients.
typedef struct {
    Params params;
    Tensor w, dw;
    Optimizer adam;
    Rng rng;
    int epoch;
    Checkpoint checkpoint;
} Toy;

static const char settings[] = "epochs=5 lr=0.1 seed=1";
static const uint8_t data[] = {1, 2, 3, 4};

static bool toy_init(Toy *t, const char *path, const char *resume,
                     const char *with, Error *err) {
    *t = (Toy){.epoch = 0};
    const ParamSpec table[] = {{"w", &t->w, &t->dw, {2}}};
    rng_seed(&t->rng, 1);
    params_init(&t->params, table, 1);
    optimizer_init(&t->adam, ADAM, 0.1f);
    return checkpoint_init(&t->checkpoint, path, resume, with, data,
                           sizeof data, err);
}

static void toy_free(Toy *t) {
    params_free(&t->params);
    optimizer_free(&t->adam);
    checkpoint_free(&t->checkpoint);
}

static void toy_start(Toy *t) {
    checkpoint_model(&t->checkpoint, &t->params, &t->adam, &t->rng);
    checkpoint_item(&t->checkpoint, "epoch", &t->epoch, sizeof t->epoch);
    checkpoint_start(&t->checkpoint);
}

static void toy_train(Toy *t, int epochs) {
    for (; t->epoch < epochs; checkpoint_save(&t->checkpoint)) {
        for (int i = 0; i < 2; i++)
            t->dw.data[i] = rng_normal(&t->rng);
        optimizer_step(&t->adam, &t->params.value, &t->params.grad);
        t->epoch++;
    }
}

static void run_to(Toy *t, int epochs, const char *path, const char *resume) {
    Error err;
    ck_assert_msg(toy_init(t, path, resume, settings, &err), "%s", err.message);
    toy_start(t);
    toy_train(t, epochs);
}

// ---- 1. Going on ------------------------------------------------------------

// Stopped after each of 0 .. 4 epochs: the same bits as one run of five.
START_TEST(goes_on_with_the_same_bits) {
    Toy whole, first, second;
    run_to(&whole, 5, NULL, NULL);
    for (int epochs = 0; epochs < 5; epochs++) {
        run_to(&first, epochs, "toy.ck", NULL);
        run_to(&second, 5, NULL, "toy.ck");
        ck_assert_int_eq(memcmp(whole.w.data, second.w.data, 8), 0);
        ck_assert_int_eq(memcmp(whole.adam.m.data, second.adam.m.data, 8), 0);
        ck_assert_int_eq(memcmp(whole.adam.v.data, second.adam.v.data, 8), 0);
        ck_assert_int_eq(memcmp(&whole.rng, &second.rng, sizeof whole.rng), 0);
        ck_assert_int_eq(second.adam.step, 5);
        toy_free(&first);
        toy_free(&second);
        ck_assert_int_eq(unlink("toy.ck"), 0);
    }
    toy_free(&whole);
}
END_TEST

// A run that resumes goes on writing: to the same file, or to another one.
START_TEST(writes_on) {
    Toy t;
    run_to(&t, 2, "toy.ck", NULL);
    toy_free(&t);
    run_to(&t, 3, NULL, "toy.ck");
    toy_free(&t);
    run_to(&t, 4, "other.ck", "toy.ck");
    toy_free(&t);
    run_to(&t, 0, NULL, "toy.ck");
    ck_assert_int_eq(t.epoch, 3);
    toy_free(&t);
    run_to(&t, 0, "other.ck", "other.ck");
    ck_assert_int_eq(t.epoch, 4);
    toy_free(&t);
}
END_TEST

START_TEST(the_same_name_replaces_a_block) {
    Error err;
    Checkpoint c;
    int first = 1, second = 2, read = 0;
    ck_assert(checkpoint_init(&c, "x.ck", NULL, "", data, 4, &err));
    checkpoint_item(&c, "number", &first, sizeof first);
    checkpoint_item(&c, "number", &second, sizeof second);
    ck_assert_int_eq(c.count, 1);
    checkpoint_save(&c);
    checkpoint_free(&c);
    ck_assert(checkpoint_init(&c, NULL, "x.ck", "", data, 4, &err));
    checkpoint_item(&c, "number", &read, sizeof read);
    checkpoint_start(&c);
    ck_assert_int_eq(read, 2);
    checkpoint_free(&c);
}
END_TEST

// ---- 2. What is refused -----------------------------------------------------

static void refuses(const char *path, const char *resume, const char *with,
                    const char *says) {
    Toy t;
    Error err = {""};
    ck_assert(!toy_init(&t, path, resume, with, &err));
    assert_says(err.message, says);
    toy_free(&t);
}

START_TEST(other_settings_are_named) {
    Toy t;
    run_to(&t, 1, "toy.ck", NULL);
    toy_free(&t);
    refuses(NULL, "toy.ck", "epochs=7 lr=0.1 seed=1",
            "it has epochs=5, this run epochs=7");
    refuses(NULL, "toy.ck", "epochs=5 lr=0.1 seed=2", "this run seed=2");
    refuses(NULL, "toy.ck", "epochs=55 lr=0.1 seed=1", "this run epochs=55");
    refuses(NULL, "none.ck", settings, "cannot open none.ck");
    // and other data, wherever they lie
    Error err;
    Checkpoint c;
    const uint8_t other[] = {1, 2, 3, 5};
    ck_assert(!checkpoint_init(&c, NULL, "toy.ck", settings, other, 4, &err));
    assert_says(err.message, "it has data=");
}
END_TEST

START_TEST(a_fresh_run_overwrites_no_checkpoint) {
    Toy t;
    run_to(&t, 1, "toy.ck", NULL);
    toy_free(&t);
    refuses("toy.ck", NULL, settings, "toy.ck exists; continue it");
    run_to(&t, 1, "other.ck", NULL);
    toy_free(&t);
    refuses("toy.ck", "other.ck", settings, "toy.ck exists");
}
END_TEST

// Cut at any byte, or with any bit turned: never taken for a checkpoint.
START_TEST(damage_is_noticed) {
    Toy t;
    Error err;
    FileBytes whole;
    run_to(&t, 2, "toy.ck", NULL);
    toy_free(&t);
    ck_assert(file_read(&whole, "toy.ck", 1 << 20, &err));
    for (size_t i = 0; i < whole.size; i += 3) {
        FileBytes part = {whole.bytes, i};
        ck_assert(file_replace("bad.ck", &part, &err));
        refuses(NULL, "bad.ck", settings, "bad.ck is damaged");
        whole.bytes[i] ^= 4;
        ck_assert(file_replace("bad.ck", &whole, &err));
        refuses(NULL, "bad.ck", settings, "bad.ck is damaged");
        whole.bytes[i] ^= 4;
    }
    file_free(&whole);
}
END_TEST

static void restore_what_is_not_there(void) {
    Error err;
    Checkpoint c;
    int none = 0;
    if (!checkpoint_init(&c, NULL, "toy.ck", settings, data, 4, &err))
        exit(9);
    checkpoint_item(&c, "nothing", &none, sizeof none);
    checkpoint_start(&c);
}

static void restore_another_size(void) {
    Error err;
    Checkpoint c;
    char epoch[3];
    if (!checkpoint_init(&c, NULL, "toy.ck", settings, data, 4, &err))
        exit(9);
    checkpoint_item(&c, "epoch", epoch, sizeof epoch);
    checkpoint_start(&c);
}

START_TEST(missing_blocks_are_named) {
    Toy t;
    run_to(&t, 1, "toy.ck", NULL);
    toy_free(&t);
    Run run = run_function(restore_what_is_not_there);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "4 bytes of nothing");
    run = run_function(restore_another_size);
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "3 bytes of epoch");
}
END_TEST

// ---- 3. Killed at random moments --------------------------------------------

static const struct {
    const char *name, *flags;
} programs[] = {
    {"mlp", "--limit 2000 --epochs 6"},
    {"lenet", "--limit 300 --epochs 4 --augment"},
    {"lstm", "--limit 300 --epochs 4"},
    {"gru", "--limit 200 --epochs 2"},
    {"char_lstm", "--limit 2000 --epochs 6 --hidden 32"},
};

// The program with its flags, killed again and again and resumed each time, a
// little later at every turn; then let alone to its end.
static Run kill_and_resume(const char *flags, int kills) {
    for (int i = 0; i < kills; i++) {
        bool begun = access("run.ck", F_OK) == 0;
        run_program("%s --%s run.ck & sleep 0.%02d; kill -9 $!", flags,
                    begun ? "resume" : "checkpoint", 6 + 7 * i);
    }
    return run_well("%s --%s run.ck", flags,
                    access("run.ck", F_OK) == 0 ? "resume" : "checkpoint");
}

START_TEST(killed_again_and_again) {
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        bool saves = strcmp(programs[i].name, "gru") != 0;
        bool reads_digits = strcmp(programs[i].name, "char_lstm") != 0;
        char flags[512], line[600];
        snprintf(flags, sizeof flags, "%s %s %s --plot none --quiet",
                 programs[i].name, programs[i].flags,
                 reads_digits ? "--data synthetic" : "");
        Run alone = run_well("%s %s", flags, saves ? "--save alone.st" : "");
        snprintf(line, sizeof line, "%s %s", flags,
                 saves ? "--save killed.st" : "");
        Run killed = kill_and_resume(line, i == 0 ? 8 : 3);
        assert_same_result(alone.output, killed.output, flags);
        Error err;
        FileBytes a = {0}, b = {0};
        ck_assert(!saves || (file_read(&a, "alone.st", 1 << 22, &err) &&
                             file_read(&b, "killed.st", 1 << 22, &err)));
        ck_assert_msg(
            a.size == b.size &&
                (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0),
            "%s: other weights", programs[i].name);
        file_free(&a);
        file_free(&b);
        unlink("run.ck");
    }
}
END_TEST

// What --load and --resume begin with is never ignored, nor mixed.
START_TEST(load_trains_on_or_tests) {
    const char *few = "mlp --data synthetic --limit 300 --plot none --quiet";
    Run run = run_program("%s --epochs 2 --save first.st", few);
    double first = result_value(&run, "test_loss");
    run = run_program("%s --load first.st", few);
    ck_assert_double_eq(result_value(&run, "test_loss"), first);
    ck_assert_double_eq(result_value(&run, "epochs"), 0);
    run = run_program("%s --load first.st --epochs 3", few);
    ck_assert_double_eq(result_value(&run, "epochs"), 3);
    ck_assert_double_lt(result_value(&run, "test_loss"), first);
    run = run_program("%s --load first.st --resume first.st", few);
    ck_assert_int_eq(run.status, 2);
    assert_says(run.output, "both bring weights");
    run = run_program("%s --load first.st --checkpoint c.ck", few);
    ck_assert_int_eq(run.status, 2);
    assert_says(run.output, "is written while training");
}
END_TEST

// One file cannot be the weights and the checkpoint.
START_TEST(save_is_another_file) {
    const char *few = "mlp --data synthetic --limit 300 --epochs 1 --plot none";
    Run run = run_program("%s --checkpoint x --save x", few);
    ck_assert_int_eq(run.status, 2);
    assert_says(run.output, "are both x");
    run_well("%s --checkpoint x", few);
    ck_assert_int_eq(run_program("%s --resume x --save ./x", few).status, 2);
    // another name of the same file is no other checkpoint
    run_well("%s --resume x --checkpoint ./x", few);
    // and a new name is written at once, even if no epoch is left
    run_well("%s --resume x --checkpoint y", few);
    ck_assert_int_eq(access("y", F_OK), 0);
    run = run_program("lenet --data synthetic --limit 300 --epochs 1 "
                      "--plot none --resume x");
    ck_assert_int_eq(run.status, 1);
    assert_says(run.output, "it has program=mlp, this run program=lenet");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {goes_on_with_the_same_bits},
        {writes_on},
        {the_same_name_replaces_a_block},
        {other_settings_are_named},
        {a_fresh_run_overwrites_no_checkpoint},
        {damage_is_noticed, .seconds = 40},
        {missing_blocks_are_named},
        {killed_again_and_again, .seconds = 150},
        {load_trains_on_or_tests},
        {save_is_another_file},
    };
    return run_tests("checkpoint", tests, sizeof tests / sizeof *tests);
}
