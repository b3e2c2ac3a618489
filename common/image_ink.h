// image_ink.h - from a photo to its ink: the first half of image_to_digit.
//
// Paper is never evenly white: light falls off, a hand throws a shadow, a
// notebook is ruled. So ink is what is darker than the paper *around it*.
// Light ink is the same after ink_invert.

#ifndef DL_IMAGE_INK_H
#define DL_IMAGE_INK_H

#include <stdbool.h>

#include "tensor.h"

// Paper is taken to be at least a quarter as light as white: below, there is no
// telling ink from noise.
#define INK_DARKEST_PAPER 0.25f

// Shrinks image [H, W] until its longer side has at most 1000 pixels, each the
// mean of a square of old ones, and blurs it a little if it is noisy. Returns
// the standard deviation of the noise that is left.
float ink_prepare(Tensor *photo, const Tensor *image);

// Smaller pictures, like MNIST's own, are no photos but were made by a program:
// their paper is even, and whatever stands out from it is ink.
bool ink_is_photo(const Tensor *photo);

// The median tone of the picture's edge.
float ink_border(const Tensor *photo);

// Every tone becomes 1 - tone.
void ink_invert(Tensor *photo);

// The value below which a fraction q of the n > 0 values lies. Sorts them.
float ink_quantile(float *values, int n, double q);

// ink [H, W] = how much darker than the paper around it each pixel is, as a
// fraction of the paper's tone: light that falls off changes nothing about it.
// Negative where the pixel is lighter.
void ink_find(Tensor *ink, const Tensor *photo);

// Sets to 0 every thin straight line that runs across the whole picture,
// upright or level within 5 degrees: ruled and squared paper, a margin. Ink
// below threshold does not count. Where a stroke crosses a line, the stroke
// stays.
void ink_wipe_lines(Tensor *ink, float threshold);

// digit [1, 1, 28, 28] = what ink [H, W] has on it, scaled to fit 20 x 20, its
// center of mass in pixel (14, 14), its strongest pixel 1. Some ink is above 0.
void ink_center(Tensor *digit, const Tensor *ink);

#endif
