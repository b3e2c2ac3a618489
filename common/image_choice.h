// image_choice.h - which ink in a photo is the digit: how dark it must be, and
// whether it is dark on light or light on dark.

#ifndef DL_IMAGE_CHOICE_H
#define DL_IMAGE_CHOICE_H

#include <stdbool.h>

#include "image_patches.h"
#include "tensor.h"

// The digit as dark ink; as light ink in a photo that is inverted.
typedef struct {
    Tensor ink; // [H, W], without lines
    Patches patches;
    int main;       // index of the digit's largest patch, or -1
    float noise;    // standard deviation of the paper's
    float faintest; // ink that is more than noise
    float paper;    // ink that still counts as paper: a shadow
} Choice;

// Chooses the digit as dark or as light ink; noise is that of ink_prepare.
// False if nothing stands free: then c holds the largest thing there is (or
// main is -1), as ink of the kind that the picture's edge suggests. The photo
// may be left inverted. Release c by choice_free.
bool choice_find(Choice *c, Tensor *photo, float noise);
void choice_free(Choice *c);

#endif
