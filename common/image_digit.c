// image_digit.c - a digit from anywhere, made to look like one of MNIST's.
//
// The net has seen nothing but MNIST: bright ink on black, 20 pixels high or
// wide, centred. What it is shown must be made the same way, or the best net
// reads nonsense.

#include "image.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "memory.h"

enum {
    SIDE = 28,   // of the result
    BOX = 20,    // longer side of the digit in it
    CENTRE = 14, // the pixel in which the centre of mass lies
};

// Ink lies in rows top .. bottom-1 and columns left .. right-1.
typedef struct {
    int left, top, right, bottom;
} Box;

// ---- 1. Which pixels are ink -----------------------------------------------

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// The pixels of the picture's border in ascending order; *n is their number.
// The caller frees them.
static float *sorted_border(const Tensor *image, size_t *n) {
    size_t height = (size_t)image->shape[0], width = (size_t)image->shape[1];
    float *border = mem_alloc_raw(2 * (height + width), sizeof *border);
    *n = 0;
    for (size_t x = 0; x < width; x++) {
        border[(*n)++] = image->data[x];
        border[(*n)++] = image->data[(height - 1) * width + x];
    }
    for (size_t y = 0; y < height; y++) {
        border[(*n)++] = image->data[y * width];
        border[(*n)++] = image->data[y * width + width - 1];
    }
    qsort(border, *n, sizeof *border, compare_floats);
    return border;
}

// How dark ink stands out from its paper. Light ink is the same after all tones
// have changed their sign.
typedef struct {
    bool dark;   // ink on light paper
    float paper; // tone of the paper: the median of the border
    float range; // from the paper to the strongest ink
    float noise; // from the paper to the quarter of the border most like ink
} Contrast;

static Contrast measure_contrast(const Tensor *image) {
    size_t n;
    float *border = sorted_border(image, &n);
    Contrast c = {.paper = border[n / 2]};
    float low = c.paper, high = c.paper;
    for (size_t i = 0; i < image->size; i++) {
        low = fminf(low, image->data[i]);
        high = fmaxf(high, image->data[i]);
    }
    c.dark = c.paper - low > high - c.paper;
    c.range = c.dark ? c.paper - low : high - c.paper;
    c.noise =
        c.dark ? c.paper - border[n / 4] : border[n - 1 - n / 4] - c.paper;
    mem_free(border);
    return c;
}

// ink [H, W] = how much of it lies on each pixel, 0 .. 1. What is not clearly
// stronger than the paper's own noise counts as paper. (A quarter of normal
// noise exceeds 0.67 standard deviations; five times that is 3.4 of them.)
static void find_ink(Tensor *ink, const Tensor *image, const Contrast *c) {
    float threshold = fminf(fmaxf(5 * c->noise / c->range, 0.1f), 0.5f);
    tensor_resize_like(ink, image);
    for (size_t i = 0; i < image->size; i++) {
        float difference = image->data[i] - c->paper;
        float amount = (c->dark ? -difference : difference) / c->range;
        ink->data[i] = amount > threshold ? amount : 0.0f;
    }
}

// ---- 2. Specks of dust -----------------------------------------------------

typedef struct {
    Tensor *ink;
    uint8_t *seen; // [H, W]: how many searches have come by here
    int *patch;    // pixels of the patch in hand, in the order they were found
} Search;

// Collects the patch of ink that hangs together with the pixel `start`, corners
// included, and returns the number of its pixels.
static int find_patch(Search *s, int start, uint8_t search, double *mass) {
    int height = s->ink->shape[0], width = s->ink->shape[1], count = 0;
    *mass = 0;
    s->seen[start] = search;
    s->patch[count++] = start;
    for (int i = 0; i < count; i++) {
        int y = s->patch[i] / width, x = s->patch[i] % width;
        *mass += (double)s->ink->data[s->patch[i]];
        for (int k = 0; k < 9; k++) {
            int v = y + k / 3 - 1, u = x + k % 3 - 1, pixel = v * width + u;
            if (v >= 0 && v < height && u >= 0 && u < width &&
                s->ink->data[pixel] > 0 && s->seen[pixel] < search) {
                s->seen[pixel] = search;
                s->patch[count++] = pixel;
            }
        }
    }
    return count;
}

// Wipes away every patch with less than 2 % of the largest one's ink: a first
// search finds the largest, a second one wipes.
static void remove_specks(Tensor *ink) {
    int n = (int)ink->size;
    Search s = {ink, mem_alloc(ink->size, sizeof *s.seen),
                mem_alloc_raw(ink->size, sizeof *s.patch)};
    double mass, largest = 0;
    for (int i = 0; i < n; i++)
        if (ink->data[i] > 0 && s.seen[i] < 1) {
            find_patch(&s, i, 1, &mass);
            largest = fmax(largest, mass);
        }
    for (int i = 0; i < n; i++)
        if (ink->data[i] > 0 && s.seen[i] < 2) {
            int count = find_patch(&s, i, 2, &mass);
            for (int k = 0; k < count && mass < 0.02 * largest; k++)
                ink->data[s.patch[k]] = 0;
        }
    mem_free(s.seen);
    mem_free(s.patch);
}

// ---- 3. Where the digit lies -----------------------------------------------

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

// The centre of mass of the box's ink, from the box's corner, in pixels.
static void find_centre(const Tensor *ink, Box box, double *cx, double *cy) {
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

// ---- 4. The digit in 28 x 28 -----------------------------------------------

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
// that its centre of mass comes to lie in the pixel CENTRE, as MNIST's do, but
// no part of it beyond an edge.
static int margin(double centre, double length) {
    double wanted = ceil(CENTRE - centre);
    return (int)fmax(0, fmin(wanted, SIDE - ceil(length)));
}

static void resample(Tensor *digit, const Tensor *ink, Box box) {
    int width = box.right - box.left, height = box.bottom - box.top;
    double size = fmax(width, height) / BOX; // of a new pixel in old ones
    double cx, cy;
    find_centre(ink, box, &cx, &cy);
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

bool image_to_digit(Tensor *digit, const Tensor *image, Error *err) {
    REQUIRE(image->ndim == 2, "the image is %s, not [H, W]",
            tensor_shape(image).text);
    Contrast contrast = measure_contrast(image);
    if (contrast.range < 0.04f)
        return error_set(err, "the picture is empty: all of it has one tone");
    Tensor ink = {0};
    find_ink(&ink, image, &contrast);
    remove_specks(&ink);
    resample(digit, &ink, find_box(&ink));
    stretch_contrast(digit);
    tensor_free(&ink);
    return true;
}
