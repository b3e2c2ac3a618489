// image_center.c - a digit's ink, scaled and moved as MNIST's authors did.

#include "image_ink.h"
#include "image_patches.h"

#include <math.h>
#include <stddef.h>

enum {
    SIDE = 28,   // of the result
    BOX = 20,    // longer side of the digit in it
    CENTER = 14, // the pixel in which the center of mass lies
};

// ---- 1. Where the digit lies -----------------------------------------------

static Box find_box(const Tensor *ink) {
    int height = ink->shape[0], width = ink->shape[1];
    Box box = {width, height, 0, 0};
    const float *pixel = ink->data;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            if (*pixel++ > 0) {
                box.left = x < box.left ? x : box.left;
                box.top = y < box.top ? y : box.top;
                box.right = x >= box.right ? x + 1 : box.right;
                box.bottom = y + 1;
            }
    return box;
}

// The center of mass of the box's ink, from the box's corner, in pixels.
static void find_center(const Tensor *ink, Box box, double *cx, double *cy) {
    double mass = 0, mx = 0, my = 0;
    for (int y = box.top; y < box.bottom; y++)
        for (int x = box.left; x < box.right; x++) {
            double m =
                (double)
                    ink->data[(size_t)y * (size_t)ink->shape[1] + (size_t)x];
            mass += m;
            mx += m * (x - box.left + 0.5);
            my += m * (y - box.top + 0.5);
        }
    *cx = mx / mass;
    *cy = my / mass;
}

// ---- 2. The digit in 28 x 28 -----------------------------------------------

// How much of pixel i lies between from and to.
static double overlap(int i, double from, double to) {
    return fmax(0, fmin(i + 1, to) - fmax(i, from));
}

// The ink in the square of this size at (x, y), but nothing from outside box.
static double ink_in_square(const Tensor *ink, Box box, double x, double y,
                            double size) {
    int left = (int)fmax(floor(x), box.left);
    int top = (int)fmax(floor(y), box.top);
    double sum = 0;
    for (int i = top; i < box.bottom && i < y + size; i++) {
        const float *row = ink->data + (size_t)i * (size_t)ink->shape[1];
        double height = overlap(i, y, y + size);
        for (int j = left; j < box.right && j < x + size; j++)
            sum += height * overlap(j, x, x + size) * (double)row[j];
    }
    return sum;
}

// The whole number of pixels that the digit begins from the result's edge, so
// that its center of mass comes to lie in the pixel CENTER, as MNIST's do, but
// no part of it beyond an edge.
static int margin(double center, double length) {
    double wanted = ceil(CENTER - center);
    return (int)fmax(0, fmin(wanted, SIDE - ceil(length)));
}

static void resample(Tensor *digit, const Tensor *ink, Box box) {
    int width = box.right - box.left, height = box.bottom - box.top;
    double size = fmax(width, height) / BOX; // of a new pixel in old ones
    double cx, cy;
    find_center(ink, box, &cx, &cy);
    int left = margin(cx / size, width / size);
    int top = margin(cy / size, height / size);
    tensor_resize(digit, 4, 1, 1, SIDE, SIDE);
    for (int i = 0; i < SIDE * SIDE; i++) {
        double x = box.left + (i % SIDE - left) * size;
        double y = box.top + (i / SIDE - top) * size;
        double sum = ink_in_square(ink, box, x, y, size);
        digit->data[i] = (float)(sum / (size * size));
    }
}

// A thin pen in a large picture has become a faint grey: the strongest tone
// becomes 1 again.
static void stretch_contrast(Tensor *digit) {
    float largest = 0;
    for (size_t i = 0; i < digit->size; i++)
        largest = fmaxf(largest, digit->data[i]);
    for (size_t i = 0; i < digit->size; i++)
        digit->data[i] /= largest;
}

void ink_center(Tensor *digit, const Tensor *ink) {
    resample(digit, ink, find_box(ink));
    stretch_contrast(digit);
}
