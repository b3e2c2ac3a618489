// handwriting.h - the curves that pens follow when people write digits.

#ifndef DL_HANDWRITING_H
#define DL_HANDWRITING_H

#include <stdbool.h>

#include "rng.h"

typedef struct {
    float x, y;  // x to the right, y down
    bool starts; // the pen is set down here: no line leads to this point
    bool corner; // the curve may turn sharply here
} Point;

enum { CURVE_POINTS = 128 };

typedef struct {
    Point at[CURVE_POINTS];
    int count;
} Curve;

// Writes a digit (0 .. 9) in one of several handwritings, by a trembling hand,
// bent, slanted and turned. The curve's points are to be joined by straight
// lines; it is about one unit high and lies around (0, 0).
void handwriting_write(Curve *curve, int digit, Rng *rng);

#endif
