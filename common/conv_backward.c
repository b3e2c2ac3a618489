// conv_backward.c - convolution's way back, on the layout of conv.c.
//
// Both gradients are products of the same kind as forward's. For dx the sum
// runs over (o, u, v) and leaves out the taps that fall outside, rather than
// multiplying padding. For dw it runs over the output's pixels and the pictures
// (dot_tile). d, the gradient of the pixels before pooling, is larger than dy
// by the square of the pool: it is made for a few kernels at a time, and used
// while it is in the cache.

#include "conv.h"

#include <string.h>

#include "blas.h"
#include "conv_panels.h"
#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "threads.h"

// d [OH][OW][nr] of one group and kernel o: dy goes back to the pixel that won
// its square, all others get 0.
static void unpool(const Conv2d *s, float *d, const Tensor *dy, int g, int o) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, plane = s->PH * s->PW, pool = s->pool;
    const int pictures = min_int(nr, s->N - g * nr);
    const size_t at = (size_t)g * conv2d_y_group(s) + (size_t)(o * plane * nr);
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
    const float *x = s->x_panels.data + (size_t)g * conv2d_x_group(s) +
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
    for (int g = 0; g < conv2d_groups(s); g++) {
        t->d = keep ? s->d_panels.data + (size_t)g * conv2d_d_group(s) +
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
    const float *d = s->d_panels.data + (size_t)g * conv2d_d_group(s);
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
        conv2d_unpack_channel(
            dx->data + g * nr * apart + (ptrdiff_t)(strip.first + c) * plane,
            apart, panel + c * plane * nr, min_int(nr, s->N - g * nr), plane);
    mem_free(panel);
}

// w as backward_pixels reads it: [strip of C][O][KH][KW][width], c innermost.
static void pack_for_pixels(Conv2d *s, const Tensor *w, int strips,
                            size_t strip_size) {
    const Kernels *kernel = kernels();
    const int taps = s->KH * s->KW, width = kernel->width;
    float *weights = conv2d_buffer(&s->weights, strip_size * (size_t)strips);
    for (int t = 0; t < strips; t++) {
        Strip strip = strip_of(t, strips, s->C);
        for (int o = 0; o < s->O; o++)
            kernel->pack(weights + (size_t)t * strip_size +
                             (size_t)(o * taps * width),
                         width, w->data + (o * s->C + strip.first) * taps, taps,
                         1, strip.rows, taps);
    }
}

// What the parts of a backward pass need: one part for each tile of kernels,
// then one for each group and strip of input channels.
typedef struct {
    Conv2d *s;
    Tensor *dx, *dw, *db;
    const Tensor *dy;
    int tiles, strips;
    size_t strip_size;
} Backward;

static void kernels_part(void *context, int part) {
    const Backward *b = context;
    const Strip o = strip_of(part, b->tiles, b->s->O);
    KernelTile t = {.first = o.first, .rows = o.rows};
    backward_kernels(b->s, b->dw, b->db, b->dy, &t, b->dx != NULL);
}

static void pixels_part(void *context, int part) {
    const Backward *b = context;
    const int g = part / b->strips, t = part % b->strips;
    backward_pixels(b->s, b->dx, g, strip_of(t, b->strips, b->s->C),
                    b->s->weights.data + (size_t)t * b->strip_size);
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
    Backward b = {.s = s, .dx = dx, .dw = dw, .db = db, .dy = dy};
    const int groups = conv2d_groups(s);
    if (dx != NULL)
        conv2d_buffer(&s->d_panels, conv2d_d_group(s) * (size_t)groups);
    b.tiles = ceil_div(s->O, kernel->dot);
    threads_run(b.tiles, kernels_part, &b);
    if (dx == NULL)
        return;

    b.strips = ceil_div(s->C, kernel->mr);
    b.strip_size =
        (size_t)kernel->width * (size_t)(s->O * s->KH * s->KW + kernel->lanes);
    pack_for_pixels(s, w, b.strips, b.strip_size);
    tensor_resize(dx, 4, s->N, s->C, s->H, s->W);
    threads_run(groups * b.strips, pixels_part, &b);
}
