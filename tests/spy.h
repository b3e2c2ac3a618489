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
//     assert_first_step_has_a_gradient();

#ifndef DL_SPY_H
#define DL_SPY_H

#include <math.h>

#include "data.h"
#include "optim.h"
#include "testing.h"

enum { SPY_STEPS = 20000 }; // what comes after is only counted
static struct {
    int steps;              // calls of optimizer_step
    float lr[SPY_STEPS];    // the learning rate of each
    double norm[SPY_STEPS]; // the length of each gradient
    int passes, shuffled;   // calls of batches_start; those with a generator
    const uint8_t *learned; // the pictures of the last of these
    int learned_passes;     // calls without one, on the same pictures
} spy;

static inline void spy_step(Optimizer *optimizer, Tensor *w, const Tensor *g) {
    if (spy.steps < SPY_STEPS) {
        double squares = 0;
        for (size_t i = 0; i < g->size; i++)
            squares += (double)g->data[i] * (double)g->data[i];
        spy.norm[spy.steps] = sqrt(squares);
        spy.lr[spy.steps] = optimizer->lr;
    }
    spy.steps++;
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
// nothing is left from another.
static inline void spied(int (*program)(int, char **), const char *words) {
    int status = call_main(program, words);
    if (status != 0)
        fail_here("%s ended with status %d", words, status);
    if (spy.steps == 0)
        fail_here("%s: optimizer_step was never called", words);
}

// The gradient of the first step is not zero: it was computed before the step.
// Who steps first takes nothing at first, and is one batch late from then on.
static inline void first_gradient(void) {
    if (!(spy.norm[0] > 0))
        fail_here("the first gradient is 0: is optimizer_step called before "
                  "the backward pass?");
}

// The schedule goes by steps: each of a training's `steps` has its own rate,
// and the next training begins anew.
static inline void assert_one_cycle(int steps, float peak) {
    for (int t = 0; t < spy.steps; t++) {
        float want = one_cycle(t % steps, steps, peak);
        if (spy.lr[t] != want)
            fail_here("step %d of %d: rate %g, not %g", t % steps, steps,
                      (double)spy.lr[t], (double)want);
    }
}

// `epochs` passes, of all nets together, are in an order drawn anew, and no
// other pass, an evaluation, is over what was learned from.
static inline void assert_passes(int epochs) {
    if (spy.shuffled != epochs)
        fail_here("%d passes over the training set are shuffled, not %d",
                  spy.shuffled, epochs);
    if (spy.passes <= spy.shuffled)
        fail_here("no evaluation was seen");
    if (spy.learned_passes > 0)
        fail_here("%d evaluations are on the pictures it learned from",
                  spy.learned_passes);
}

// The nets of several runs, `steps` steps each, start from other weights: their
// first gradients have another length.
static inline void assert_runs_differ(int steps) {
    if (spy.steps <= steps || spy.norm[0] == spy.norm[steps])
        fail_here("two runs have the same first gradient: is the seed the same "
                  "for all of them?");
}

// After a run with so small a --clip that every gradient is longer: each has
// just that length, to a few roundings of its floats.
static inline void assert_steps_are_clipped(double clip) {
    for (int t = 0; t < spy.steps; t++)
        if (!(fabs(spy.norm[t] / clip - 1) < 1e-5))
            fail_here("step %d: the length of the gradient is %g, not the %g "
                      "of --clip: is it clipped after the backward pass?",
                      t + 1, spy.norm[t], clip);
}

#define assert_one_cycle(...)   FROM_HERE(assert_one_cycle(__VA_ARGS__))
#define assert_passes(...)      FROM_HERE(assert_passes(__VA_ARGS__))
#define assert_runs_differ(...) FROM_HERE(assert_runs_differ(__VA_ARGS__))
#define assert_steps_are_clipped(...)                                          \
    FROM_HERE(assert_steps_are_clipped(__VA_ARGS__))
#define run_spied(...)                     FROM_HERE(spied(__VA_ARGS__))
#define assert_first_step_has_a_gradient() FROM_HERE(first_gradient())

#endif
