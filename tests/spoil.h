// spoil.h - a program on sets that are spoiled, without a file.
//
// Included before the program, it lets the calls of digits_load and
// characters_draw go through functions that turn labels:
//
//     #include "spoil.h"
//     #define main landscape_main
//     #include "ch04_optimizers/landscape.c"
//     #undef main
//
//     Run run = run_on_turned_labels(landscape_main, "landscape --epochs 20");
//     ck_assert_double_lt(table_number(run.output, "sharp", 3), 50);
//
// Every test label is then one too high (0 for 9), or every validation label of
// the characters the other one. Who measures on what he has learned from, or
// learns from what he measures on, is still right; who keeps the sets apart is
// wrong as often as he was right before.

#ifndef DL_SPOIL_H
#define DL_SPOIL_H

#include <stdlib.h>

#include "characters.h"
#include "data.h"
#include "method.h"
#include "testing.h"

static struct {
    bool turned;
    int (*program)(int, char **);
    const char *words;
} spoil;

static inline bool spoil_load(Digits *digits, const char *folder, int limit,
                              uint64_t seed, Error *err) {
    bool loaded = digits_load(digits, folder, limit, seed, err);
    if (loaded && spoil.turned)
        turn_labels(&digits->test);
    return loaded;
}

static inline void spoil_draw(Dataset *train, Dataset *validation,
                              int train_count, int validation_count,
                              uint64_t seed) {
    characters_draw(train, validation, train_count, validation_count, seed);
    if (spoil.turned)
        turn_labels(validation);
}

#define digits_load     spoil_load
#define characters_draw spoil_draw

static inline void spoil_run(void) {
    int status = call_main(spoil.program, spoil.words);
    if (status != 0)
        exit(status);
}

// Calls a program's main with these words, in a process of its own.
static inline Run run_on_turned_labels(int (*program)(int, char **),
                                       const char *words) {
    spoil.turned = true;
    spoil.program = program;
    spoil.words = words;
    Run run = run_function(spoil_run);
    spoil.turned = false;
    if (run.status != 0)
        fail_here("%s ended with status %d: %s", words, run.status, run.output);
    return run;
}
#define run_on_turned_labels(...) FROM_HERE(run_on_turned_labels(__VA_ARGS__))

#endif
