#include "augment.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "memory.h"
#include "threads.h"

// Where a pixel of the new picture comes from, both places measured from the
// center, x to the right and y down:
//     x_old = xx * x_new + xy * y_new + dx
//     y_old = yx * x_new + yy * y_new + dy
// Going from new to old leaves no holes; from old to new would.
typedef struct {
    float xx, xy, dx;
    float yx, yy, dy;
} Map;

// Uniform in -range .. range.
static float either_way(float range, Rng *rng) {
    return range * (2.0f * rng_uniform(rng) - 1.0f);
}

// True with this probability. Nothing is drawn for 0, so that a change that is
// off leaves the others as they were.
static bool happens(float probability, Rng *rng) {
    return probability > 0.0f && rng_uniform(rng) < probability;
}

static float radians(float degrees) {
    return degrees * (3.14159265f / 180.0f);
}

// The old picture goes to  new = rotate * shear * zoom * old + shift,  so the
// map back is  old = 1/zoom * [1 -k; 0 1] * [c s; -s c] * (new - shift).
static Map draw_map(const Augment *by, Rng *rng) {
    float angle = radians(either_way(by->rotate, rng));
    float k = tanf(radians(either_way(by->shear, rng)));
    float grow = either_way(by->zoom, rng);
    float shift_x = either_way(by->shift, rng);
    float shift_y = either_way(by->shift, rng);
    float c = cosf(angle), s = sinf(angle);
    // as often twice as large as half as large, were zoom 1
    float shrink = grow < 0.0f ? 1.0f - grow : 1.0f / (1.0f + grow);
    Map map = {.xx = shrink * (c + k * s), .xy = shrink * (s - k * c)};
    map.yx = shrink * -s;
    map.yy = shrink * c;
    map.dx = -(map.xx * shift_x + map.xy * shift_y);
    map.dy = -(map.yx * shift_x + map.yy * shift_y);
    // the old picture is mirrored before all else
    if (happens(by->flip, rng)) {
        map.xx = -map.xx;
        map.xy = -map.xy;
        map.dx = -map.dx;
    }
    if (happens(by->flip_vertical, rng)) {
        map.yx = -map.yx;
        map.yy = -map.yy;
        map.dy = -map.dy;
    }
    return map;
}

enum { BEFORE = 1, AFTER = 2, PADDING = BEFORE + AFTER };

// Copies a picture [H, W] to the middle of one whose border is zero: a column
// and a row before it and two after it.
static void pad(float *padded, const float *picture, int H, int W) {
    int stride = W + PADDING;
    for (int y = 0; y < H; y++)
        memcpy(padded + (y + BEFORE) * stride + BEFORE, picture + y * W,
               (size_t)W * sizeof *picture);
}

static float clamp(float x, float high) {
    return x > 0.0f ? (x < high ? x : high) : 0.0f; // NaN becomes 0
}

// picture [H, W] = the padded one [H + 3, W + 3] seen through the map. What
// lies outside is taken from the nearest place on the border, where all is
// zero.
static void warp(float *picture, const float *padded, int H, int W,
                 const Map *map) {
    int stride = W + PADDING;
    float middle_x = 0.5f * (float)(W - 1), middle_y = 0.5f * (float)(H - 1);
    for (int y = 0; y < H; y++) {
        float ny = (float)y - middle_y;
        float row_x = map->xy * ny + map->dx + middle_x + BEFORE;
        float row_y = map->yy * ny + map->dy + middle_y + BEFORE;
        for (int x = 0; x < W; x++) {
            float nx = (float)x - middle_x;
            float u = clamp(row_x + map->xx * nx, (float)(W + BEFORE));
            float v = clamp(row_y + map->yx * nx, (float)(H + BEFORE));
            int left = (int)u, top = (int)v;
            float fx = u - (float)left, fy = v - (float)top;
            // bilinear: along x in the rows above and below, then along y
            const float *p = padded + top * stride + left, *q = p + stride;
            float above = p[0] + fx * (p[1] - p[0]);
            float below = q[0] + fx * (q[1] - q[0]);
            picture[y * W + x] = above + fy * (below - above);
        }
    }
}

// What the parts of a batch need: one part for each picture, with a random
// stream of its own.
typedef struct {
    Tensor *x;
    const Augment *by;
    uint64_t key;
} Distorting;

static void distort_picture(void *context, int i) {
    const Distorting *d = context;
    const int H = d->x->shape[2], W = d->x->shape[3];
    size_t padded_size = (size_t)(H + PADDING) * (size_t)(W + PADDING);
    float *padded = mem_alloc(padded_size, sizeof *padded);
    float *picture = d->x->data + (size_t)i * (size_t)H * (size_t)W;
    Rng own;
    rng_seed(&own, d->key + (uint64_t)i);
    Map map = draw_map(d->by, &own);
    pad(padded, picture, H, W);
    warp(picture, padded, H, W, &map);
    for (int p = 0; d->by->noise > 0.0f && p < H * W; p++)
        picture[p] += d->by->noise * rng_normal(&own);
    mem_free(padded);
}

void augment_batch(Tensor *x, const Augment *by, Rng *rng) {
    REQUIRE(x->ndim == 4 && x->shape[1] == 1, "x is %s, not [N, 1, H, W]",
            tensor_shape(x).text);
    threads_run(x->shape[0], distort_picture,
                &(Distorting){x, by, rng_next(rng)});
}
