// image_lines.c - thin straight lines across the picture are no ink.
//
// As in a Hough transform (Duda & Hart 1972), every line votes: for each slope
// and each place where it may begin, we count the pixels of thin ink along it.

#include "image_ink.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "integers.h"
#include "memory.h"

// The ink as rows along which the lines run: itself, or turned.
typedef struct {
    float *ink;
    int length, count;  // of a row in pixels; number of rows
    size_t along, step; // from one pixel to the next, from one row to the next
} Rows;

// thin [length, count], so that a column of the picture is contiguous: 1 where
// ink above threshold is at most `limit` pixels thick across the rows.
static void find_thin(uint8_t *thin, const Rows *r, float threshold,
                      int limit) {
    memset(thin, 0, (size_t)r->length * (size_t)r->count);
    for (int x = 0; x < r->length; x++) {
        uint8_t *column = thin + (size_t)x * (size_t)r->count;
        const float *ink = r->ink + (size_t)x * r->along;
        for (int y = 0, first = 0; y <= r->count; y++)
            if (y == r->count || ink[(size_t)y * r->step] <= threshold) {
                if (y - first <= limit)
                    memset(column + first, 1, (size_t)(y - first));
                first = y + 1;
            }
    }
}

// votes [count] = in how many of the columns looked at the line that begins in
// row y, and has gone `rise` rows at its end, meets near ink. Returns how many
// columns are looked at: some 200 say it as well as all 1000.
static int count_votes(uint16_t *votes, const uint8_t *near, const Rows *r,
                       int rise) {
    const int every = r->length / 256 + 1;
    memset(votes, 0, (size_t)r->count * sizeof *votes);
    for (int x = 0; x < r->length; x += every) {
        int shift = (int)lround((double)rise * x / r->length);
        const uint8_t *column = near + (size_t)x * (size_t)r->count;
        int first = max_int(0, -shift),
            end = min_int(r->count, r->count - shift);
#pragma omp simd
        for (int y = first; y < end; y++)
            votes[y] = (uint16_t)(votes[y] + column[y + shift]);
    }
    return (r->length - 1) / every + 1;
}

// near = thin, spread by `slack` across the rows: paper is not flat, and a
// lens bends lines.
static void spread(uint8_t *near, const uint8_t *thin, const Rows *r,
                   int slack) {
    memset(near, 0, (size_t)r->length * (size_t)r->count);
    for (int x = 0; x < r->length; x++) {
        size_t column = (size_t)x * (size_t)r->count;
        for (int y = 0; y < r->count; y++)
            for (int d = -slack; d <= slack && thin[column + (size_t)y]; d++)
                if (y + d >= 0 && y + d < r->count)
                    near[column + (size_t)(y + d)] = 1;
    }
}

static void wipe_line(const Rows *r, const uint8_t *thin, int y, int rise,
                      int slack) {
    for (int x = 0; x < r->length; x++) {
        int at = y + (int)lround((double)rise * x / r->length);
        for (int v = max_int(at - slack, 0);
             v <= min_int(at + slack, r->count - 1); v++)
            if (thin[(size_t)x * (size_t)r->count + (size_t)v])
                r->ink[(size_t)x * r->along + (size_t)v * r->step] = 0;
    }
}

static void wipe_rows(const Rows *r, float threshold) {
    // Chosen by photos drawn for it: the thickest line, a margin, has 0.7 % of
    // the page's width, the thinnest pen 1.2 %. We let a line stray by 0.3 %
    // from straight, and a digit, a desk or a shadow hide 40 % of it.
    const int limit = max_int(r->length, r->count) / 100 + 1,
              slack = r->length / 300;
    const int steepest = (int)(tan(5 * 3.14159 / 180) * r->length);
    size_t size = (size_t)r->length * (size_t)r->count;
    uint8_t *thin = mem_alloc_raw(size, 1), *near = mem_alloc_raw(size, 1);
    uint16_t *votes = mem_alloc((size_t)r->count, sizeof *votes);
    find_thin(thin, r, threshold, limit);
    spread(near, thin, r, slack);
    for (int rise = -steepest; rise <= steepest; rise++) {
        int columns = count_votes(votes, near, r, rise);
        for (int y = 0; y < r->count; y++)
            if (10 * votes[y] >= 6 * columns)
                wipe_line(r, thin, y, rise, slack + limit / 2);
    }
    mem_free(votes);
    mem_free(near);
    mem_free(thin);
}

void ink_wipe_lines(Tensor *ink, float threshold) {
    int H = ink->shape[0], W = ink->shape[1];
    const Rows level = {ink->data, W, H, 1, (size_t)W};
    const Rows upright = {ink->data, H, W, (size_t)W, 1};
    wipe_rows(&level, threshold);
    wipe_rows(&upright, threshold);
    // where lines cross, each made the other thick until now
    wipe_rows(&level, threshold);
}
