// conv_panels.c - between pictures and panels.

#include "conv_panels.h"

#include <string.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "threads.h"

size_t conv2d_x_group(const Conv2d *s) {
    int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    return (size_t)(s->C * Hp * Wp + 16) * (size_t)kernels()->nr;
}

size_t conv2d_y_group(const Conv2d *s) {
    return (size_t)(s->O * s->PH * s->PW + 16) * (size_t)kernels()->nr;
}

size_t conv2d_d_group(const Conv2d *s) {
    return (size_t)(s->O * s->OH * s->OW) * (size_t)kernels()->nr;
}

int conv2d_groups(const Conv2d *s) {
    return ceil_div(s->N, kernels()->nr);
}

float *conv2d_buffer(Tensor *t, size_t size) {
    REQUIRE(size < 0x7fffffff, "conv2d: %zu floats in one buffer", size);
    tensor_resize(t, 1, (int)size);
    return t->data;
}

// One channel of `pictures` pictures, [H, W] each and `apart` floats from one
// to the next, as a panel of pixels with a border of zeros.
static void pack_channel(float *panel, const float *x, ptrdiff_t apart,
                         int pictures, int H, int W, int padding) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, Wp = W + 2 * padding;
    if (padding == 0) { // no border: one long row
        kernel->pack(panel, nr, x, apart, 1, pictures, H * W);
        return;
    }
    // pack may write beyond a row's end, so zeros come after it
    size_t edge = (size_t)padding * (size_t)nr;
    memset(panel, 0, (size_t)padding * (size_t)Wp * (size_t)nr * sizeof *panel);
    float *row = panel + padding * Wp * nr;
    for (int i = 0; i < H; i++, row += Wp * nr) {
        memset(row, 0, edge * sizeof *row);
        kernel->pack(row + edge, nr, x + i * W, apart, 1, pictures, W);
        memset(row + edge + W * nr, 0, edge * sizeof *row);
    }
    memset(row, 0, (size_t)padding * (size_t)Wp * (size_t)nr * sizeof *row);
}

// Whole blocks are transposed in place; what hangs over the edge goes through a
// small square.
void conv2d_unpack_channel(float *x, ptrdiff_t apart, const float *panel,
                           int pictures, int pixels) {
    const Kernels *kernel = kernels();
    const int lanes = kernel->lanes, nr = kernel->nr;
    float square[16 * (16 + 16)];
    for (int n = 0; n < pictures; n += lanes) {
        for (int p = 0; p < pixels; p += lanes) {
            const float *from = panel + p * nr + n;
            float *to = x + n * apart + p;
            int rows = min_int(pictures - n, lanes);
            int columns = min_int(pixels - p, lanes);
            if (rows == lanes && columns == lanes) {
                kernel->pack(to, (int)apart, from, nr, 1, lanes, lanes);
                continue;
            }
            kernel->pack(square, lanes, from, nr, 1, columns, lanes);
            for (int i = 0; i < rows; i++)
                memcpy(to + i * apart, square + i * lanes,
                       (size_t)columns * sizeof *to);
        }
    }
}

// What the parts of packing need: one part for each group.
typedef struct {
    const Conv2d *s;
    float *panels;
    const Tensor *x;
} Packing;

static void pack_group(void *context, int g) {
    const Packing *p = context;
    const Conv2d *s = p->s;
    const int nr = kernels()->nr, plane = s->H * s->W;
    const int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    const ptrdiff_t apart = (ptrdiff_t)s->C * plane;
    float *panel = p->panels + (size_t)g * conv2d_x_group(s);
    int pictures = min_int(nr, s->N - g * nr);
    if (pictures < nr) // nobody's pictures: zero, for dw sums over them
        memset(panel, 0, conv2d_x_group(s) * sizeof *panel);
    for (int c = 0; c < s->C; c++)
        pack_channel(panel + c * Hp * Wp * nr,
                     p->x->data + g * nr * apart + c * plane, apart, pictures,
                     s->H, s->W, s->padding);
}

void conv2d_pack_pictures(Conv2d *s, const Tensor *x) {
    const int groups = conv2d_groups(s);
    float *panels =
        conv2d_buffer(&s->x_panels, conv2d_x_group(s) * (size_t)groups);
    threads_run(groups, pack_group, &(Packing){s, panels, x});
}
