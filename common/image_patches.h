// image_patches.h - the ink of a photo in patches, and which may be a digit.

#ifndef DL_IMAGE_PATCHES_H
#define DL_IMAGE_PATCHES_H

#include <stdbool.h>

#include "tensor.h"

// Rows top .. bottom-1 and columns left .. right-1.
typedef struct {
    int left, top, right, bottom;
} Box;

int box_width(Box b);
int box_height(Box b);

// The smallest box around both.
Box box_union(Box a, Box b);

// How far two boxes are apart, on the axis on which that is more; 0 if they
// overlap.
int box_gap(Box a, Box b);

// A connected component: pixels of ink that touch, by corners too.
typedef struct {
    Box box;
    int area;    // in pixels
    int edge;    // how many of them lie on the picture's edge
    int corners; // and how many in its corners
    int sides;   // of the picture's four sides, how many it touches
    double mass; // sum of its ink
    double
        strength; // mean of its ink, weighted by the ink: specks do not count
} Patch;

typedef struct {
    Tensor ink;   // [H, W], a view of the caller's
    int *label;   // [H, W]: 0 paper, else 1 + the index of its patch
    Patch *patch; // [count]
    int count;
} Patches;

// All patches of ink above threshold. Release them by patches_free.
void patches_find(Patches *all, const Tensor *ink, float threshold);
void patches_free(Patches *all);

// False for specks, frames, stains and thumbs, and for what the edge of the
// picture cuts, unless all four sides do: that is a picture cropped tight.
bool patch_may_be_digit(const Patches *all, int index);

// True if the picture's edge cuts the patch as it cuts a stroke: on a short
// piece of the outline. A desk or a thumb lies along more than a fifth.
bool patch_is_cut_stroke(const Patch *p);

// The index of the patch that is most likely the digit; -1 if none may be.
int patches_main(const Patches *all);

// The index of the patch of the most ink, wherever it lies; -1 if none is large
// enough for a digit.
int patches_largest(const Patches *all);

#endif
