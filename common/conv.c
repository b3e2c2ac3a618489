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
// the three indices being the three levels of a Sum. conv_backward.c has the
// way back, conv_panels.c the layout.
//
// While a tile is hot, bias, ReLU and max-pooling are applied to it, so that
// only the pooled result goes to memory.

#include "conv.h"

#include "conv_panels.h"
#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "threads.h"

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

// Output channels first .. first + rows - 1 of one group: for every square of
// pool x pool output pixels the tiles, then their maximum.
static void forward_tiles(Conv2d *s, int g, int first, int rows,
                          const float *weights, const float *bias) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, width = kernel->width;
    const int Hp = s->H + 2 * s->padding, Wp = s->W + 2 * s->padding;
    const float *x = s->x_panels.data + (size_t)g * conv2d_x_group(s);
    size_t y_at =
        (size_t)g * conv2d_y_group(s) + (size_t)(first * s->PH * s->PW * nr);
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

// The strips of w, one after the other, as kernel->tile reads them.
static void pack_weights(const Conv2d *s, float *to, const Tensor *w,
                         int strips, size_t strip_size) {
    const Kernels *kernel = kernels();
    const int taps = s->C * s->KH * s->KW;
    for (int t = 0; t < strips; t++) {
        const Strip strip = strip_of(t, strips, s->O);
        kernel->pack(to + (size_t)t * strip_size, kernel->width,
                     w->data + (ptrdiff_t)strip.first * taps, taps, 1,
                     strip.rows, taps);
    }
}

// What the parts of a forward pass need: one part for each group and strip.
typedef struct {
    Conv2d *s;
    Tensor *y;
    const float *weights, *bias;
    int strips;
    size_t strip_size;
} Forward;

static void forward_part(void *context, int part) {
    const Forward *f = context;
    Conv2d *s = f->s;
    const int g = part / f->strips, t = part % f->strips;
    const int plane = s->PH * s->PW, nr = kernels()->nr;
    const Strip strip = strip_of(t, f->strips, s->O);
    forward_tiles(s, g, strip.first, strip.rows,
                  f->weights + (size_t)t * f->strip_size, f->bias);

    // Back from panels to pictures, while they are hot.
    const float *panel = s->y_panels.data + (size_t)g * conv2d_y_group(s);
    for (int o = strip.first; o < strip.first + strip.rows; o++)
        conv2d_unpack_channel(f->y->data +
                                  (g * nr * s->O + o) * (ptrdiff_t)plane,
                              (ptrdiff_t)s->O * plane, panel + o * plane * nr,
                              min_int(nr, s->N - g * nr), plane);
}

void conv2d_forward(Conv2d *s, Tensor *y, const Tensor *x, const Tensor *w,
                    const Tensor *b) {
    set_sizes(s, x, w, b);
    conv2d_pack_pictures(s, x);
    const Kernels *kernel = kernels();
    const int groups = conv2d_groups(s), strips = ceil_div(s->O, kernel->mr);
    const int taps = s->C * s->KH * s->KW;
    size_t y_size = conv2d_y_group(s) * (size_t)groups;
    conv2d_buffer(&s->y_panels, y_size);
    if (y_size > s->winner_capacity) {
        mem_free(s->winner);
        s->winner = mem_alloc(y_size, 1);
        s->winner_capacity = y_size;
    }
    size_t strip_size = (size_t)kernel->width * (size_t)(taps + kernel->lanes);
    float *weights = conv2d_buffer(&s->weights, strip_size * (size_t)strips);
    tensor_resize(y, 4, s->N, s->O, s->PH, s->PW);
    pack_weights(s, weights, w, strips, strip_size);
    threads_run(groups * strips, forward_part,
                &(Forward){s, y, weights, b->data, strips, strip_size});
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
