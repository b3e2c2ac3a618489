// augment.h - random changes to a picture that leave its meaning alone.

#ifndef DL_AUGMENT_H
#define DL_AUGMENT_H

#include "rng.h"
#include "tensor.h"

// How far each change may go; 0 turns it off.
typedef struct {
    float shift;  // pixels, in x and in y
    float rotate; // degrees, either way
    float zoom;   // 0.1: between 1 / 1.1 and 1.1 times the size
    float shear;  // degrees
    float flip;   // probability of mirroring left and right (not for digits)
    float flip_vertical; // probability of swapping top and bottom, likewise
    float noise;         // standard deviation of what is added to each pixel
} Augment;

// Replaces each picture of x [N, 1, H, W] by itself moved, turned and scaled
// about its center by amounts drawn uniformly from the ranges of `by`, sampled
// bilinearly, with zeros from outside; then noise is added. Results do not
// depend on the number of threads: each picture draws from a stream of its own.
void augment_batch(Tensor *x, const Augment *by, Rng *rng);

#endif
