// photos.h - photos of a digit as students take them, drawn from a seed.
//
// What a camera sees of a pen on paper: a digit of 28 x 28 enlarged, with a
// crisp edge, on paper that is noisy, unevenly lit, ruled, framed, stained, on
// a desk ...

#ifndef DL_TESTS_PHOTOS_H
#define DL_TESTS_PHOTOS_H

#include <stdint.h>

#include "rng.h"
#include "tensor.h"

typedef enum {
    // one digit that can be read
    PHOTO_PLAIN,
    PHOTO_UNEVEN,     // light falls to a third
    PHOTO_VIGNETTE,   // and from the middle
    PHOTO_SHADOW,     // a hand's, soft
    PHOTO_RULED,      // a notebook
    PHOTO_SQUARED,    // paper for arithmetic
    PHOTO_TILTED,     // ruled, turned by two degrees
    PHOTO_MARGIN,     // one upright line
    PHOTO_PENCIL,     // 0.3 darker than its paper
    PHOTO_FAINT,      // a pencil on paper ruled as darkly
    PHOTO_THIN,       // pen
    PHOTO_THICK,      // pen
    PHOTO_INVERTED,   // light on dark
    PHOTO_CHALK,      // rough
    PHOTO_BOARD,      // white, with glare
    PHOTO_CORNER,     // a small digit far from the middle
    PHOTO_TIGHT,      // cropped to the digit
    PHOTO_DESK,       // at the left and below
    PHOTO_ON_TABLE,   // a table all around
    PHOTO_NOISY,      // in the dark
    PHOTO_SALT,       // dead pixels
    PHOTO_STAIN,      // coffee
    PHOTO_HEADING,    // small print above
    PHOTO_FRAME,      // a form's box
    PHOTO_TOOLBAR,    // a screen in dark mode
    PHOTO_KINDS_READ, // how many kinds these are
    // nothing that can be read
    PHOTO_EMPTY = PHOTO_KINDS_READ,
    PHOTO_EMPTY_RULED,
    PHOTO_EMPTY_DESK,
    PHOTO_EMPTY_FRAME,
    PHOTO_TWO, // digits
    PHOTO_CUT, // by the upper edge
    PHOTO_KINDS,
} PhotoKind;

const char *photo_name(PhotoKind kind);

// photo [H, W] = digit [28, 28], 0 paper to 255 ink, as this kind of photo.
void photo_draw(Tensor *photo, const uint8_t *digit, PhotoKind kind, Rng *rng);

#endif
