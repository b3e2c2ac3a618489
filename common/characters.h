// characters.h - character or background? A task small enough to overfit.
//
// A machine that reads a street sign first asks of every window of the picture
// whether it shows a character at all. Here a window is 10 x 10 grey pixels.
// A character (label 1) is a whole digit of digits.h, seen at half its size.
// Background (label 0) is a piece of one at full size: strokes too, but of
// something that the window does not hold. Then light, contrast and strong
// noise are added, and one label in twenty is wrong, as labels of real data
// are. A net of a few thousand weights learns 200 such windows by heart, noise
// and wrong labels and all: its training loss goes to zero while its
// validation loss, after a minimum, grows again.
//
//     Dataset train, validation;
//     characters_draw(&train, &validation, CHARACTER_TRAIN,
//                     CHARACTER_VALIDATION, seed);
//     ...                        // Batches deals them out like any Dataset
//     dataset_free(&train);
//     dataset_free(&validation);
//
// Programs that train on them do so with one thread (--threads 1 by default):
// the products are so small that waiting for a second one takes longer.
//
// Source: B, whose lecture trains nets of one hidden layer of 32 ReLU on such
// pictures (chapters 4 and 5); its own pictures are not published.

#ifndef DL_CHARACTERS_H
#define DL_CHARACTERS_H

#include <stdint.h>

#include "data.h"

enum {
    CHARACTER_SIDE = 10, // pixels
    CHARACTER_PIXELS = CHARACTER_SIDE * CHARACTER_SIDE,
    CHARACTER_TRAIN = 200, // how many the programs use
    CHARACTER_VALIDATION = 400,
    CHARACTER_WRONG = 20, // one label in so many is wrong
};

// Draws two sets, half characters and half background in random order. The two
// come from different digits. The same seed gives the same pictures on every
// machine; the caller frees both sets by dataset_free. Both counts > 0.
void characters_draw(Dataset *train, Dataset *validation, int train_count,
                     int validation_count, uint64_t seed);

#endif
