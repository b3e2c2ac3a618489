// image.h - grey pictures in and out of files, and a stranger's digit made to
// look like one of MNIST's.

#ifndef DL_IMAGE_H
#define DL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "tensor.h"

// Reads a PNG (any kind; colours become grey by 0.299 R + 0.587 G + 0.114 B,
// transparency lies on white) or a PGM/PPM (P2 P3 P5 P6) as [H, W] in [0, 1],
// 0 = black. At most 16384 pixels a side and 67 million in all. False with a
// message that says what is wrong with the file and which formats are read.
bool image_read(Tensor *image, const char *path, Error *err);

// Writes levels [H, W], 0 black to 255 white, row by row, as a gray PNG. False
// with a message if it cannot; a file that was there then stays as it was.
bool image_write(const char *path, const uint8_t *levels, int H, int W,
                 Error *err);

typedef enum { DOUBT_NONE, DOUBT_EMPTY, DOUBT_SEVERAL, DOUBT_CUT, DOUBT_FAINT } DigitDoubt;
DigitDoubt image_to_digit(Tensor *digit, const Tensor *image);

// Prints the picture [1, 1, H, W] or [H, W] as text, two characters a pixel
// wide, for a look in the terminal. Of one wider than 40 pixels only every
// second, third ... row and column is shown, so that 80 characters are enough.
void image_print(const Tensor *image);

#endif
