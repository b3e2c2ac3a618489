// spy.h - what a program does at each step of its training.
//
// Included before the program, it lets the calls of optimizer_step and
// batches_start go through functions that note what they are given:
//
//     #include "spy.h"
//     #define main mlp_main
//     #include "ch02_mlp/mlp.c"
//     #undef main
//
//     run_spied(mlp_main, "mlp --epochs 2 --limit 200 --plot none --quiet");
//     assert_steps_are_fresh();

#ifndef DL_SPY_H
#define DL_SPY_H

#include <math.h>
#include <string.h>

#include "data.h"
#include "optim.h"
#include "testing.h"

enum { SPY_STEPS = 20000 };
static struct {
    int steps;              // calls of optimizer_step
    float lr[SPY_STEPS];    // the learning rate of each
    double norm[SPY_STEPS]; // the length of each gradient
    int passes, shuffled;   // calls of batches_start; those with a generator
    const uint8_t *learned; // the pictures of the last of these
    int learned_passes;     // calls without one, on the same pictures
} spy;

static inline void spy_step(Optimizer *optimizer, Tensor *w, const Tensor *g) {
    ck_assert_int_lt(spy.steps, SPY_STEPS);
    double squares = 0;
    for (size_t i = 0; i < g->size; i++)
        squares += (double)g->data[i] * (double)g->data[i];
    spy.norm[spy.steps] = sqrt(squares);
    spy.lr[spy.steps++] = optimizer->lr;
    optimizer_step(optimizer, w, g);
}

static inline void spy_start(Batches *b, Rng *rng) {
    spy.passes++;
    spy.shuffled += rng != NULL;
    if (rng != NULL)
        spy.learned = b->set->pixels;
    else
        spy.learned_passes += b->set->pixels == spy.learned;
    batches_start(b, rng);
}

#define optimizer_step spy_step
#define batches_start  spy_start

// Calls a program's main with these words. A test is a process of its own, so
// it happens once in each, with nothing left from another.
static inline void run_spied(int (*program)(int, char **), const char *words) {
    static char text[512], *argv[64];
    int argc = 0;
    ck_assert_uint_lt(strlen(words), sizeof text);
    strcpy(text, words);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    ck_assert_int_eq(program(argc, argv), 0);
    ck_assert_msg(spy.steps > 0, "%s: optimizer_step was never called", words);
}

// The gradient of the first step is not zero: it was computed before the step.
// Who steps first takes nothing at first, and is one batch late from then on.
static inline void assert_first_step_has_a_gradient(void) {
    ck_assert_msg(spy.norm[0] > 0,
                  "the first gradient is 0: is optimizer_step called before "
                  "the backward pass?");
}

// The schedule goes by steps: each of a training's `steps` has its own rate, and
// the next training begins anew.
static inline void assert_one_cycle(int steps, float peak) {
    for (int t = 0; t < spy.steps; t++) {
        float want = one_cycle(t % steps, steps, peak);
        ck_assert_msg(spy.lr[t] == want, "step %d of %d: rate %g, not %g",
                      t % steps, steps, (double)spy.lr[t], (double)want);
    }
}

// `epochs` passes, of all nets together, are in an order drawn anew, and no
// other pass: an evaluation, is over what was learned from.
static inline void assert_passes(int epochs) {
    ck_assert_msg(spy.shuffled == epochs,
                  "%d passes over the training set are shuffled, not %d",
                  spy.shuffled, epochs);
    ck_assert_msg(spy.passes > spy.shuffled, "no evaluation was seen");
    ck_assert_msg(spy.learned_passes == 0,
                  "%d evaluations are on the pictures it learned from",
                  spy.learned_passes);
}

// The nets of several runs, `steps` steps each, start from other weights: their
// first gradients have another length.
static inline void assert_runs_differ(int steps) {
    ck_assert_int_gt(spy.steps, steps);
    ck_assert_msg(spy.norm[0] != spy.norm[steps],
                  "two runs have the same first gradient: is the seed the same "
                  "for all of them?");
}

#endif
