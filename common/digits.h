// digits.h - handwritten digits drawn by the computer, for when there is no
// MNIST.
//
// Each digit is a few strokes in one of several handwritings (handwriting.h):
// its points tremble, the whole is bent, slanted and turned, then drawn by a
// pen of random width, anti-aliased, and laid out as MNIST lays out its own:
// 20 x 20 pixels, centre of mass in the middle of 28 x 28. No pixel of MNIST
// went into them, yet a LeNet trained on these alone for three epochs reads
// about 96 % of MNIST's test digits.

#ifndef DL_DIGITS_H
#define DL_DIGITS_H

#include "data.h"

// Draws count digits, labels 0 .. 9 in random order. The same seed gives the
// same pictures on every machine. The caller frees set by dataset_free.
void digits_draw(Dataset *set, int count, uint64_t seed);

#endif
