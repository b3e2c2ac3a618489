#include "image_ink.h"

#include <math.h>
#include <stdlib.h>

#include "integers.h"
#include "memory.h"

static float *row_of(const Tensor *t, int y) {
    return t->data + (size_t)y * (size_t)t->shape[1];
}

static int compare_floats(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

float ink_quantile(float *values, int n, double q) {
    qsort(values, (size_t)n, sizeof *values, compare_floats);
    return values[(int)(q * (n - 1) + 0.5)];
}

// ---- 1. Size and noise ------------------------------------------------------

// The mean of the rows and columns from (y, x) on, `size` of each, or as many
// as there are.
static float block_mean(const Tensor *image, int y, int x, int size) {
    int bottom = min_int(y + size, image->shape[0]);
    int right = min_int(x + size, image->shape[1]);
    float sum = 0;
    for (int i = y; i < bottom; i++)
        for (int j = x; j < right; j++)
            sum += row_of(image, i)[j];
    return sum / (float)((bottom - y) * (right - x));
}

static void shrink(Tensor *photo, const Tensor *image) {
    enum { SIDE_MAX = 1000 }; // a pen of 0.5 mm on A4 is still 2 pixels wide
    int H = image->shape[0], W = image->shape[1];
    int size = (max_int(H, W) - 1) / SIDE_MAX + 1; // of a square that becomes 1
    tensor_resize(photo, 2, (H - 1) / size + 1, (W - 1) / size + 1);
    for (int y = 0; y < photo->shape[0]; y++)
        for (int x = 0; x < photo->shape[1]; x++)
            row_of(photo, y)[x] = block_mean(image, y * size, x * size, size);
}

// The standard deviation of the noise, from the differences between neighbors:
// those of normal noise have a lower quartile of 0.45 deviations. The quartile,
// not the median: edges of ink are no noise.
static float measure_noise(const Tensor *photo) {
    enum { SAMPLES = 4096 }; // enough for 2 % of error
    int W = photo->shape[1], n = 0;
    size_t step = photo->size / SAMPLES + 1;
    float *difference = mem_alloc(SAMPLES, sizeof *difference);
    for (size_t i = 0; i + 1 < photo->size; i += step)
        if ((int)(i % (size_t)W) < W - 1)
            difference[n++] = fabsf(photo->data[i + 1] - photo->data[i]);
    float noise = n > 0 ? ink_quantile(difference, n, 0.25) / 0.45f : 0;
    mem_free(difference);
    return noise;
}

// Each pixel becomes the mean of the 3 x 3 around it.
static void blur(Tensor *photo) {
    Tensor sharp = {0};
    tensor_copy(&sharp, photo);
    for (int y = 0; y < photo->shape[0]; y++)
        for (int x = 0; x < photo->shape[1]; x++) {
            int top = max_int(y - 1, 0), left = max_int(x - 1, 0);
            row_of(photo, y)[x] = block_mean(&sharp, top, left, 3);
        }
    tensor_free(&sharp);
}

float ink_prepare(Tensor *photo, const Tensor *image) {
    shrink(photo, image);
    float noise = measure_noise(photo);

    // A pencil is 0.3 darker than its paper: 0.02 would be a fifteenth of that.
    // In a picture of less than 64 pixels most differences are edges.
    const float noisy = 0.02f;
    if (noise > noisy && ink_is_photo(photo)) {
        blur(photo);
        noise /= 3; // the mean of nine
    }
    return noise;
}

bool ink_is_photo(const Tensor *photo) {
    return photo->shape[0] >= 64 || photo->shape[1] >= 64;
}

void ink_invert(Tensor *photo) {
    for (size_t i = 0; i < photo->size; i++)
        photo->data[i] = 1 - photo->data[i];
}

// ---- 2. The paper -----------------------------------------------------------
//
// A gray-scale closing (Gonzalez & Woods, Digital Image Processing, 9.6) fills
// what is dark and narrower than its window, whatever the light around: first
// each point takes the lightest tone of its window, then the darkest of those.
// We take the 90 % and 10 % quantiles instead, so that no speck decides, and
// work on the medians of tiles, which noise and thin lines do not change.

enum { TILES = 32 }; // along the longer side

// How many pixels a tile is wide and high.
static int tile_size(const Tensor *photo) {
    return (max_int(photo->shape[0], photo->shape[1]) - 1) / TILES + 1;
}

static void tile_medians(Tensor *tiles, const Tensor *photo) {
    int size = tile_size(photo), H = photo->shape[0], W = photo->shape[1];
    float *tones = mem_alloc((size_t)size * (size_t)size, sizeof *tones);
    tensor_resize(tiles, 2, (H - 1) / size + 1, (W - 1) / size + 1);
    for (int i = 0; i < tiles->shape[0]; i++)
        for (int j = 0; j < tiles->shape[1]; j++) {
            int n = 0;
            for (int y = i * size; y < min_int((i + 1) * size, H); y++)
                for (int x = j * size; x < min_int((j + 1) * size, W); x++)
                    tones[n++] = row_of(photo, y)[x];
            row_of(tiles, i)[j] = ink_quantile(tones, n, 0.5);
        }
    mem_free(tones);
}

// Each tile becomes the quantile q of the window around it.
static void rank_filter(Tensor *tiles, int radius, double q) {
    int H = tiles->shape[0], W = tiles->shape[1];
    Tensor from = {0};
    tensor_copy(&from, tiles);
    float *window = mem_alloc(tiles->size, sizeof *window);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int n = 0;
            for (int i = max_int(y - radius, 0); i < min_int(y + radius + 1, H);
                 i++)
                for (int j = max_int(x - radius, 0);
                     j < min_int(x + radius + 1, W); j++)
                    window[n++] = row_of(&from, i)[j];
            row_of(tiles, y)[x] = ink_quantile(window, n, q);
        }
    mem_free(window);
    tensor_free(&from);
}

// The tone at pixel (y, x) between the centers of the four tiles around it.
static float paper_at(const Tensor *tiles, int size, int y, int x) {
    float v = ((float)y + 0.5f) / (float)size - 0.5f;
    float u = ((float)x + 0.5f) / (float)size - 0.5f;
    v = fminf(fmaxf(v, 0), (float)(tiles->shape[0] - 1));
    u = fminf(fmaxf(u, 0), (float)(tiles->shape[1] - 1));
    int i = (int)v, j = (int)u;
    const float *above = row_of(tiles, i);
    const float *below = row_of(tiles, min_int(i + 1, tiles->shape[0] - 1));
    int right = min_int(j + 1, tiles->shape[1] - 1);
    float dv = v - (float)i, du = u - (float)j;
    return (1 - dv) * ((1 - du) * above[j] + du * above[right]) +
           dv * ((1 - du) * below[j] + du * below[right]);
}

float ink_border(const Tensor *photo) {
    int H = photo->shape[0], W = photo->shape[1], n = 0;
    float *border = mem_alloc(2 * (size_t)(H + W), sizeof *border);
    for (int x = 0; x < W; x++) {
        border[n++] = row_of(photo, 0)[x];
        border[n++] = row_of(photo, H - 1)[x];
    }
    for (int y = 0; y < H; y++) {
        border[n++] = row_of(photo, y)[0];
        border[n++] = row_of(photo, y)[W - 1];
    }
    float median = ink_quantile(border, n, 0.5);
    mem_free(border);
    return median;
}

// The paper's tone at the centers of the tiles.
static void find_paper(Tensor *tiles, const Tensor *photo) {
    tile_medians(tiles, photo);
    if (!ink_is_photo(photo)) {
        tensor_fill(tiles, ink_border(photo));
        return;
    }

    // A window of two thirds of the picture: no stroke is as wide.
    int radius = max_int(max_int(tiles->shape[0], tiles->shape[1]) / 3, 1);
    rank_filter(tiles, radius, 0.9);
    rank_filter(tiles, radius, 0.1);
}

void ink_find(Tensor *ink, const Tensor *photo) {
    Tensor tiles = {0};
    find_paper(&tiles, photo);

    tensor_resize_like(ink, photo);
    for (int y = 0; y < photo->shape[0]; y++)
        for (int x = 0; x < photo->shape[1]; x++) {
            float paper = paper_at(&tiles, tile_size(photo), y, x);
            row_of(ink, y)[x] =
                (paper - row_of(photo, y)[x]) / fmaxf(paper, INK_DARKEST_PAPER);
        }
    tensor_free(&tiles);
}
