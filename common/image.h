// image.h - gray pictures in and out of files, and a stranger's digit made to
// look like one of MNIST's.

#ifndef DL_IMAGE_H
#define DL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "tensor.h"

// Reads a PNG, a JPEG (turned as its Exif says; where libjpeg was found), or a
// PBM, PGM or PPM (P1 to P6) as [H, W] in [0, 1], 0 = black. Colors become gray
// by 0.299 R + 0.587 G + 0.114 B; transparency lies on white, or, if nothing
// would be seen there, what is not transparent becomes white on black. At most
// 16384 pixels a side and 67 million in all. False with a message that says
// what is wrong with the file, or what to type to convert it.
bool image_read(Tensor *image, const char *path, Error *err);

// Writes levels [H, W], 0 black to 255 white, row by row, as a gray PNG. False
// with a message if it cannot; a file that was there then stays as it was.
bool image_write(const char *path, const uint8_t *levels, int H, int W,
                 Error *err);

// Why a digit may be read wrongly.
typedef enum {
    DOUBT_NONE,
    DOUBT_EMPTY,   // nothing is as large as a digit
    DOUBT_SEVERAL, // more than one thing might be the digit
    DOUBT_CUT,     // the digit touches the picture's edge, or a frame
    DOUBT_FAINT,   // its ink is hardly stronger than the paper's noise
} DigitDoubt;

// Finds the digit in a photo and makes it into what MNIST's authors made of
// theirs: ink bright on black, its bounding box scaled to fit 20 x 20 with its
// proportions kept, moved by whole pixels so that its center of mass comes to
// lie in pixel (14, 14). Dark on light or light on dark, a thin pen or a
// pencil, small or large; light that falls off, ruled lines, specks, a printed
// frame, a stain and the desk around the sheet are wiped away. image is [H, W],
// digit becomes [1, 1, 28, 28] in [0, 1], all 0 if nothing is found; one of
// MNIST's own digits stays what it is. Read it surely only if the result is
// DOUBT_NONE.
DigitDoubt image_to_digit(Tensor *digit, const Tensor *image);

// What is wrong and, in a second line, what to crop: the end of a sentence, ""
// for DOUBT_NONE.
const char *digit_doubt(DigitDoubt doubt);

// Prints the picture [1, 1, H, W] or [H, W] as text, two characters a pixel
// wide, for a look in the terminal. Of one wider than 40 pixels only every
// second, third ... row and column is shown, so that 80 characters are enough.
void image_print(const Tensor *image);

#endif
