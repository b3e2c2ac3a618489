#include "digits.h"

#include <math.h>

#include "error.h"
#include "handwriting.h"
#include "memory.h"
#include "threads.h"

enum {
    CLASSES = 10,
    SIDE = 28, // of a picture, in pixels
    AREA = SIDE * SIDE,
    BOX = 20, // the larger side of the ink
};

// A pen's tip: full ink out to radius - softness / 2 from its middle, none
// beyond radius + softness / 2. Both in pixels.
typedef struct {
    float radius, softness;
} Pen;

// A pen of 1.4 to 3.4 pixels, seldom a thicker one.
static Pen choose_pen(Rng *rng) {
    float u = rng_uniform(rng), v = rng_uniform(rng), w = rng_uniform(rng);
    return (Pen){.radius = 0.7f + u + 0.9f * v * v * v,
                 .softness = 0.9f + 0.6f * w};
}

// Scales the curve, proportions kept, so that with the ink's margin around it
// it fills the box, and moves it to the middle of the picture.
static void fit(Curve *curve, float margin) {
    Point low = curve->at[0], high = low;
    for (int i = 1; i < curve->count; i++) {
        low.x = fminf(low.x, curve->at[i].x);
        low.y = fminf(low.y, curve->at[i].y);
        high.x = fmaxf(high.x, curve->at[i].x);
        high.y = fmaxf(high.y, curve->at[i].y);
    }
    float scale = BOX - 2.0f * margin;
    scale /= fmaxf(high.x - low.x, high.y - low.y);
    for (int i = 0; i < curve->count; i++) {
        Point *p = &curve->at[i];
        p->x = 0.5f * SIDE + scale * (p->x - 0.5f * (low.x + high.x));
        p->y = 0.5f * SIDE + scale * (p->y - 0.5f * (low.y + high.y));
    }
}

// The first pixel that a line from a to b can ink, or the last one: its lower
// end minus `reach`, or its upper end plus it.
static int first_pixel(float a, float b, float reach) {
    return (int)fmaxf(fminf(a, b) - reach, 0.0f);
}

static int last_pixel(float a, float b, float reach) {
    return (int)fminf(fmaxf(a, b) + reach, SIDE - 1.0f);
}

// nearest [SIDE, SIDE] holds the squared distance from each pixel's middle to
// the curve so far; the line from a to b may be nearer. Pixels beyond reach are
// left out.
static void measure_line(float *nearest, const Point *a, const Point *b,
                         float reach) {
    float dx = b->x - a->x, dy = b->y - a->y;
    float scale = 1.0f / fmaxf(dx * dx + dy * dy, 1e-12f); // if a is b
    int x0 = first_pixel(a->x, b->x, reach), x1 = last_pixel(a->x, b->x, reach);
    int y0 = first_pixel(a->y, b->y, reach), y1 = last_pixel(a->y, b->y, reach);
    for (int y = y0; y <= y1; y++) {
        for (int x = x0; x <= x1; x++) {
            float px = (float)x + 0.5f - a->x, py = (float)y + 0.5f - a->y;
            // the line's nearest point is a + t (b - a), 0 <= t <= 1
            float t = fminf(fmaxf((px * dx + py * dy) * scale, 0.0f), 1.0f);
            float ex = px - t * dx, ey = py - t * dy;
            float *d = &nearest[y * SIDE + x];
            *d = fminf(*d, ex * ex + ey * ey);
        }
    }
}

// ink [SIDE, SIDE] = 255 near the curve, 0 away from it, and between them an
// edge that is soft and a little ragged, as scanned paper is.
static void apply_ink(uint8_t *ink, const Curve *curve, Pen pen, Rng *rng) {
    float nearest[AREA], reach = pen.radius + pen.softness;
    for (int i = 0; i < AREA; i++)
        nearest[i] = reach * reach;
    for (int i = 0; i < curve->count; i++) {
        const Point *b = &curve->at[i], *a = b->starts ? b : b - 1;
        measure_line(nearest, a, b, reach);
    }
    for (int i = 0; i < AREA; i++) {
        float edge = pen.radius - sqrtf(nearest[i]);
        if (edge > -0.5f * pen.softness)
            edge += 0.4f * (rng_uniform(rng) - 0.5f);
        float value = edge / pen.softness + 0.5f;
        ink[i] = (uint8_t)(255.0f * fminf(fmaxf(value, 0.0f), 1.0f));
    }
}

// pixels = ink, moved by whole pixels so that its centre of mass lies within
// half a pixel of pixel (14, 14), where MNIST's lies.
static void centre(uint8_t *pixels, const uint8_t *ink) {
    int mass = 0, mx = 0, my = 0;
    for (int i = 0; i < AREA; i++) {
        mass += ink[i];
        mx += ink[i] * (i % SIDE);
        my += ink[i] * (i / SIDE);
    }
    // mx / mass, rounded to nearest
    int dx = SIDE / 2 - (2 * mx + mass) / (2 * mass);
    int dy = SIDE / 2 - (2 * my + mass) / (2 * mass);
    for (int i = 0; i < AREA; i++) {
        int x = i % SIDE - dx, y = i / SIDE - dy;
        bool inside = x >= 0 && x < SIDE && y >= 0 && y < SIDE;
        pixels[i] = inside ? ink[y * SIDE + x] : 0;
    }
}

static void draw_digit(uint8_t *pixels, int digit, Rng *rng) {
    Curve curve;
    uint8_t ink[AREA];
    Pen pen = choose_pen(rng);
    handwriting_write(&curve, digit, rng);
    fit(&curve, pen.radius + 0.5f * pen.softness);
    apply_ink(ink, &curve, pen, rng);
    centre(pixels, ink);
}

// As many of each digit as of any other, or one more, in random order.
static void draw_labels(uint8_t *labels, int count, Rng *rng) {
    int *order = mem_alloc((size_t)count, sizeof *order);
    for (int i = 0; i < count; i++)
        order[i] = i % CLASSES;
    rng_shuffle(rng, order, count);
    for (int i = 0; i < count; i++)
        labels[i] = (uint8_t)order[i];
    mem_free(order);
}

// What the parts of drawing need: one part for each picture, with a random
// stream of its own, so that nothing depends on who draws it.
typedef struct {
    Dataset *set;
    uint64_t key;
} Drawing;

static void draw_picture(void *context, int i) {
    const Drawing *d = context;
    Rng own;
    rng_seed(&own, d->key + (uint64_t)i);
    draw_digit(d->set->pixels + (size_t)i * AREA, d->set->labels[i], &own);
}

void digits_draw(Dataset *set, int count, uint64_t seed) {
    REQUIRE(count > 0, "count is %d", count);
    Rng rng;
    rng_seed(&rng, seed);
    *set = (Dataset){.count = count, .rows = SIDE, .cols = SIDE};
    set->classes = CLASSES;
    set->labels = mem_alloc((size_t)count, 1);
    set->pixels = mem_alloc((size_t)count, AREA);
    draw_labels(set->labels, count, &rng);
    threads_run(count, draw_picture, &(Drawing){set, rng_next(&rng)});
}
