// conv.c - convolution at the speed of a matrix product, without an im2col
// copy.
//
// A convolution is a matrix product whose right-hand matrix is the picture seen
// through a sliding window. Writing that matrix out (im2col) copies each pixel
// KH * KW times. Here nr pictures are laid side by side instead, pixel by
// pixel, a *group*; for AVX-512 that is 32 pictures:
//
//     x_panels  [group][C][H + 2 padding][W + 2 padding][nr]
//
// Now "one pixel of nr pictures" is one row of the right-hand matrix, just what
// the kernel's tile wants (kernels.h), and sliding the window only moves the
// address it reads from. Every output pixel is its own small matrix product,
//
//     tile [O rows, nr pictures] = sum over (c, u, v) of w[o][c][u][v] * pixel,
//
// the three indices being the three levels of a Sum. The layout also makes
// backward a product of the same kind: for dx, the sum runs over (o, u, v) and
// leaves out the taps that fall outside, rather than multiplying padding; for
// dw it runs over the output's pixels and the pictures (dot_tile).
//
// While a tile is hot, bias, ReLU and max-pooling are applied to it, so that
// only the pooled result goes to memory.

#include "conv.h"

#include <string.h>

#include "blas.h"
#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"

// Floats of one group in each of the panels, with room for what the packing
// kernel may write beyond the end (lanes pixels).
static size_t x_group(const Conv2d *s) {
    int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    return (size_t)(s->C * Hp * Wp + 16) * (size_t)kernels()->nr;
}

static size_t y_group(const Conv2d *s) {
    return (size_t)(s->O * s->PH * s->PW + 16) * (size_t)kernels()->nr;
}

static size_t d_group(const Conv2d *s) {
    return (size_t)(s->O * s->OH * s->OW) * (size_t)kernels()->nr;
}

static int group_count(const Conv2d *s) {
    return ceil_div(s->N, kernels()->nr);
}

static void set_sizes(Conv2d *s, const Tensor *x, const Tensor *w,
                      const Tensor *b) {
    s->stride = max_int(s->stride, 1);
    s->pool = max_int(s->pool, 1);
    s->N = x->shape[0], s->C = x->shape[1], s->H = x->shape[2];
    s->W = x->shape[3];
    s->O = w->shape[0], s->KH = w->shape[2], s->KW = w->shape[3];
    REQUIRE(x->ndim == 4 && w->ndim == 4 && w->shape[1] == s->C &&
                b->size == (size_t)s->O,
            "conv2d: x is %s, w is %s, b is %s", tensor_shape(x).text,
            tensor_shape(w).text, tensor_shape(b).text);
    int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    REQUIRE(s->KH <= Hp && s->KW <= Wp,
            "conv2d: the kernel %s is larger than the picture %s padded by %d",
            tensor_shape(w).text, tensor_shape(x).text, s->padding);
    s->OH = (Hp - s->KH) / s->stride + 1;
    s->OW = (Wp - s->KW) / s->stride + 1;
    s->PH = s->OH / s->pool, s->PW = s->OW / s->pool;
    REQUIRE(s->pool < 16, "conv2d: a winner's byte cannot name %d x %d pixels",
            s->pool, s->pool);
    REQUIRE(s->PH > 0 && s->PW > 0, "conv2d: nothing left after pooling by %d",
            s->pool);
}

// A buffer of size floats; only ever grows.
static float *buffer(Tensor *t, size_t size) {
    REQUIRE(size < 0x7fffffff, "conv2d: %zu floats in one buffer", size);
    tensor_resize(t, 1, (int)size);
    return t->data;
}

// ---- Pictures to panels and back --------------------------------------------

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

// The way back, for one channel without border. Whole blocks are transposed in
// place; what hangs over the edge goes through a small square.
static void unpack_channel(float *x, ptrdiff_t apart, const float *panel,
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

static void pack_pictures(Conv2d *s, const Tensor *x) {
    const int nr = kernels()->nr, plane = s->H * s->W;
    const int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    const ptrdiff_t apart = (ptrdiff_t)s->C * plane;
    float *panels = buffer(&s->x_panels, x_group(s) * (size_t)group_count(s));
#pragma omp parallel for
    for (int g = 0; g < group_count(s); g++) {
        float *panel = panels + (size_t)g * x_group(s);
        int pictures = min_int(nr, s->N - g * nr);
        if (pictures < nr) // nobody's pictures: zero, for dw sums over them
            memset(panel, 0, x_group(s) * sizeof *panel);
        for (int c = 0; c < s->C; c++)
            pack_channel(panel + c * Hp * Wp * nr,
                         x->data + g * nr * apart + c * plane, apart, pictures,
                         s->H, s->W, s->padding);
    }
}

// ---- Forward ----------------------------------------------------------------

// Output channels first .. first + rows - 1 of one group: for every square of
// pool x pool output pixels the tiles, then their maximum.
static void forward_tiles(Conv2d *s, int g, int first, int rows,
                          const float *weights, const float *bias) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, width = kernel->width;
    const int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    const float *x = s->x_panels.data + (size_t)g * x_group(s);
    size_t y_at = (size_t)g * y_group(s) + (size_t)(first * s->PH * s->PW * nr);
    float *y = s->y_panels.data + y_at;
    uint8_t *winner = s->winner + y_at;
    const Sum sum = sum_of(s->C, s->KH * s->KW * width, Hp * Wp * nr, //
                           s->KH, s->KW * width, Wp * nr,             //
                           s->KW, width, nr);
    const int squares = s->pool * s->pool, tile_size = rows * nr;
    float *tiles = mem_alloc_raw((size_t)(squares * tile_size), sizeof *tiles);
    for (int i = 0; i < s->PH; i++) {
        for (int j = 0; j < s->PW; j++) {
            for (int q = 0; q < squares; q++) {
                int row = (i * s->pool + q / s->pool) * s->stride;
                int col = (j * s->pool + q % s->pool) * s->stride;
                kernel->tile(rows, nr, tiles + q * tile_size, nr, false,
                             weights, 1, x + (row * Wp + col) * nr, &sum);
            }
            int at = (i * s->PW + j) * nr;
            kernel->pool(y + at, winner + at, s->PH * s->PW * nr, tiles,
                         squares, rows, bias + first, s->relu);
        }
    }
    mem_free(tiles);
}

void conv2d_forward(Conv2d *s, Tensor *y, const Tensor *x, const Tensor *w,
                    const Tensor *b) {
    set_sizes(s, x, w, b);
    pack_pictures(s, x);
    const Kernels *kernel = kernels();
    const int groups = group_count(s), strips = ceil_div(s->O, kernel->mr);
    const int taps = s->C * s->KH * s->KW, width = kernel->width;
    const int plane = s->PH * s->PW, nr = kernel->nr;
    size_t y_size = y_group(s) * (size_t)groups;
    buffer(&s->y_panels, y_size);
    if (y_size > s->winner_capacity) {
        mem_free(s->winner);
        s->winner = mem_alloc(y_size, 1);
        s->winner_capacity = y_size;
    }
    size_t strip_size = (size_t)width * (size_t)(taps + kernel->lanes);
    float *weights = buffer(&s->weights, strip_size * (size_t)strips);
    tensor_resize(y, 4, s->N, s->O, s->PH, s->PW);

#pragma omp parallel
    {
#pragma omp for
        for (int t = 0; t < strips; t++) {
            Strip strip = strip_of(t, strips, s->O);
            kernel->pack(weights + (size_t)t * strip_size, width,
                         w->data + (ptrdiff_t)strip.first * taps, taps, 1,
                         strip.rows, taps);
        }
#pragma omp for
        for (int item = 0; item < groups * strips; item++) {
            int g = item / strips, t = item % strips;
            Strip strip = strip_of(t, strips, s->O);
            forward_tiles(s, g, strip.first, strip.rows,
                          weights + (size_t)t * strip_size, b->data);
            const float *panel = s->y_panels.data + (size_t)g * y_group(s);
            for (int o = strip.first; o < strip.first + strip.rows; o++)
                unpack_channel(y->data + (g * nr * s->O + o) * (ptrdiff_t)plane,
                               (ptrdiff_t)s->O * plane, panel + o * plane * nr,
                               min_int(nr, s->N - g * nr), plane);
        }
    }
}

// ---- Backward ---------------------------------------------------------------

// d [OH][OW][nr] of one group and kernel o: dy goes back to the pixel that won
// its square, all others get 0.
static void unpool(const Conv2d *s, float *d, const Tensor *dy, int g, int o) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, plane = s->PH * s->PW, pool = s->pool;
    const int pictures = min_int(nr, s->N - g * nr);
    const size_t at = (size_t)g * y_group(s) + (size_t)(o * plane * nr);
    float *pooled = mem_alloc_raw((size_t)((plane + 16) * nr), sizeof *pooled);
    const ptrdiff_t apart = (ptrdiff_t)s->O * plane;
    kernel->pack(pooled, nr, dy->data + g * nr * apart + o * plane, apart, 1,
                 pictures, plane);
    for (int p = 0; pictures < nr && p < plane; p++)
        memset(pooled + p * nr + pictures, 0,
               (size_t)(nr - pictures) * sizeof *pooled);
    if (s->OH % pool != 0 || s->OW % pool != 0)
        memset(d, 0, (size_t)(s->OH * s->OW * nr) * sizeof *d);
    for (int i = 0; i < s->PH; i++)
        kernel->unpool(d + i * pool * s->OW * nr, s->OW * nr,
                       pooled + i * s->PW * nr, s->winner + at + i * s->PW * nr,
                       pool, s->PW);
    mem_free(pooled);
}

// Kernels first .. first + rows - 1, all that belongs to them: d [rows][OH][OW]
// [nr], of one group at a time, and what it gives for db and dw.
typedef struct {
    int first, rows;
    float *d;
    float *sums; // [KH][dot * dot][lanes], for one channel and dot columns
} KernelTile;

// So many floats of d stay in L1 while the window's rows pass over them.
enum { D_IN_L1 = 6 * 1024 };

// dw += for this tile, group g, channel c: every tap is the dot product, over
// pictures and pixels, of d with x moved by that tap.
static void backward_weights(const Conv2d *s, Tensor *dw, const KernelTile *t,
                             int g, int c) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, dot = kernel->dot, lanes = kernel->lanes;
    const int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    const int d_row = s->OW * nr, x_row = s->stride * Wp * nr;
    const int at_once = max_int(1, D_IN_L1 / (t->rows * d_row));
    const int of_row = dot * dot * lanes; // sums of one row of the window
    const float *x = s->x_panels.data + (size_t)g * x_group(s) +
                     (size_t)(c * Hp * Wp) * (size_t)nr;
    for (int v = 0; v < s->KW; v += dot) {
        const int columns = min_int(dot, s->KW - v);
        memset(t->sums, 0, (size_t)(s->KH * of_row) * sizeof *t->sums);
        for (int i = 0; i < s->OH; i += at_once) {
            const int rows = min_int(at_once, s->OH - i);
            Sum sum = sum_of(rows, d_row, x_row, s->OW, nr, s->stride * nr,
                             nr / lanes, lanes, lanes);
            if (s->stride == 1) // a row's pixels are adjacent: a longer loop
                sum = sum_of(1, 0, 0, rows, d_row, x_row, d_row / lanes, lanes,
                             lanes);
            for (int u = 0; u < s->KH; u++)
                kernel->dot_tile(t->rows, columns, t->sums + u * of_row,
                                 t->d + i * d_row, s->OH * d_row,
                                 x + i * x_row + (u * Wp + v) * nr, nr, &sum);
        }
        for (int u = 0; u < s->KH; u++) {
            float taps[5 * 5];
            kernel->add_lanes(taps, t->sums + u * of_row, dot * dot);
            for (int o = 0; o < t->rows; o++)
                saxpy(columns, 1.0f, taps + o * dot,
                      dw->data +
                          (((t->first + o) * s->C + c) * s->KH + u) * s->KW +
                          v);
        }
    }
}

// d, dw and db of one tile, group after group. d is kept in d_panels if dx will
// need it; otherwise each group overwrites the one before, in L2.
static void backward_kernels(Conv2d *s, Tensor *dw, Tensor *db,
                             const Tensor *dy, KernelTile *t, bool keep) {
    const Kernels *kernel = kernels();
    const size_t plane = (size_t)(s->OH * s->OW * kernel->nr);
    const size_t taps = (size_t)(s->C * s->KH * s->KW);
    const size_t sums_size =
        (size_t)(s->KH * kernel->dot * kernel->dot * kernel->lanes);
    t->sums = mem_alloc_raw(sums_size, sizeof *t->sums);
    float *scratch = NULL;
    if (!keep)
        scratch = mem_alloc_raw((size_t)t->rows * plane, sizeof *scratch);
    memset(dw->data + (size_t)t->first * taps, 0,
           (size_t)t->rows * taps * sizeof *dw->data);
    memset(db->data + t->first, 0, (size_t)t->rows * sizeof *db->data);
    for (int g = 0; g < group_count(s); g++) {
        t->d = keep ? s->d_panels.data + (size_t)g * d_group(s) +
                          (size_t)t->first * plane
                    : scratch;
        for (int o = 0; o < t->rows; o++) {
            float *d = t->d + (size_t)o * plane;
            unpool(s, d, dy, g, t->first + o);
            db->data[t->first + o] += kernel->sum(plane, d);
        }
        for (int c = 0; c < s->C; c++)
            backward_weights(s, dw, t, g, c);
    }
    mem_free(scratch);
    mem_free(t->sums);
}

// The taps that reach input pixel `at` (counted with padding) along one axis:
// first, and how many, `stride` apart; the first one's output is out.
typedef struct {
    int first, count, out;
} Taps;

static Taps taps_of(int at, int kernel_size, int outputs, int stride) {
    Taps t = {max_int(0, at - (outputs - 1) * stride), 0, 0};
    while ((at - t.first) % stride != 0)
        t.first++;
    int last = min_int(kernel_size - 1, at);
    if (t.first <= last)
        t.count = (last - t.first) / stride + 1;
    t.out = (at - t.first) / stride;
    return t;
}

// dx for channels first .. first + rows - 1 of one group, pixel by pixel.
static void backward_pixels(Conv2d *s, Tensor *dx, int g, Strip strip,
                            const float *weights) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, width = kernel->width, plane = s->H * s->W;
    const int kernel_taps = s->KH * s->KW;
    const float *d = s->d_panels.data + (size_t)g * d_group(s);
    size_t size = (size_t)(strip.rows * plane + 16) * (size_t)nr;
    float *panel = mem_alloc_raw(size, sizeof *panel);
    for (int i = 0; i < s->H; i++) {
        Taps u = taps_of(i + s->padding, s->KH, s->OH, s->stride);
        for (int j = 0; j < s->W; j++) {
            Taps v = taps_of(j + s->padding, s->KW, s->OW, s->stride);
            float *to = panel + (i * s->W + j) * nr;
            if (u.count == 0 || v.count == 0) {
                for (int c = 0; c < strip.rows; c++)
                    memset(to + c * plane * nr, 0, (size_t)nr * sizeof *to);
                continue;
            }
            // taps go forwards in w while the outputs they meet go backwards
            const Sum sum =
                sum_of(s->O, kernel_taps * width, s->OH * s->OW * nr, //
                       u.count, s->stride * s->KW * width, -s->OW * nr, v.count,
                       s->stride * width, -nr);
            kernel->tile(strip.rows, nr, to, (ptrdiff_t)plane * nr, false,
                         weights + (u.first * s->KW + v.first) * width, 1,
                         d + (u.out * s->OW + v.out) * nr, &sum);
        }
    }
    const ptrdiff_t apart = (ptrdiff_t)s->C * plane;
    for (int c = 0; c < strip.rows; c++)
        unpack_channel(
            dx->data + g * nr * apart + (ptrdiff_t)(strip.first + c) * plane,
            apart, panel + c * plane * nr, min_int(nr, s->N - g * nr), plane);
    mem_free(panel);
}

// w as backward_pixels reads it: [strip of C][O][KH][KW][width], c innermost.
static void pack_for_pixels(Conv2d *s, const Tensor *w, int strips,
                            size_t strip_size) {
    const Kernels *kernel = kernels();
    const int taps = s->KH * s->KW, width = kernel->width;
    float *weights = buffer(&s->weights, strip_size * (size_t)strips);
#pragma omp parallel for
    for (int t = 0; t < strips; t++) {
        Strip strip = strip_of(t, strips, s->C);
        for (int o = 0; o < s->O; o++)
            kernel->pack(weights + (size_t)t * strip_size +
                             (size_t)(o * taps * width),
                         width, w->data + (o * s->C + strip.first) * taps, taps,
                         1, strip.rows, taps);
    }
}

void conv2d_backward(Conv2d *s, Tensor *dx, Tensor *dw, Tensor *db,
                     const Tensor *dy, const Tensor *w) {
    REQUIRE(dy->ndim == 4 && dy->shape[0] == s->N && dy->shape[1] == s->O &&
                dy->shape[2] == s->PH && dy->shape[3] == s->PW,
            "conv2d: dy is %s, but y was [%d, %d, %d, %d]",
            tensor_shape(dy).text, s->N, s->O, s->PH, s->PW);
    REQUIRE(tensor_same_shape(dw, w), "conv2d: dw is %s, w is %s",
            tensor_shape(dw).text, tensor_shape(w).text);
    const Kernels *kernel = kernels();
    const int groups = group_count(s), tiles = ceil_div(s->O, kernel->dot);
    if (dx != NULL)
        buffer(&s->d_panels, d_group(s) * (size_t)groups);
#pragma omp parallel for
    for (int item = 0; item < tiles; item++) {
        const Strip o = strip_of(item, tiles, s->O);
        KernelTile t = {.first = o.first, .rows = o.rows};
        backward_kernels(s, dw, db, dy, &t, dx != NULL);
    }
    if (dx == NULL)
        return;

    const int strips = ceil_div(s->C, kernel->mr);
    size_t strip_size =
        (size_t)kernel->width * (size_t)(s->O * s->KH * s->KW + kernel->lanes);
    pack_for_pixels(s, w, strips, strip_size);
    tensor_resize(dx, 4, s->N, s->C, s->H, s->W);
#pragma omp parallel for
    for (int item = 0; item < groups * strips; item++)
        backward_pixels(s, dx, item / strips,
                        strip_of(item % strips, strips, s->C),
                        s->weights.data + (size_t)(item % strips) * strip_size);
}

void conv2d_free(Conv2d *s) {
    tensor_free(&s->x_panels);
    tensor_free(&s->y_panels);
    tensor_free(&s->d_panels);
    tensor_free(&s->weights);
    mem_free(s->winner);
    s->winner = NULL;
    s->winner_capacity = 0;
}
