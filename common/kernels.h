// kernels.h - the innermost loops, once per instruction set, chosen at run
// time.
//
// Everything in this library that is worth a vector instruction goes through
// one table of functions. The same text, kernels_body.inc, is compiled three
// times: kernels_portable.c (4 floats at once, any machine), kernels_avx2.c (8)
// and kernels_avx512.c (16). A program that only wants the result uses blas.h,
// conv.h or vmath.h; this page is for who wants to know where the time goes.

#ifndef DL_KERNELS_H
#define DL_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

// A sum over up to three nested indices, outermost first: how often each is
// stepped, and by how many floats that moves each operand. A matrix product
// sums over k alone; a convolution sums over channel, kernel row and kernel
// column, in the picture as it lies in memory (so no im2col copy is made).
typedef struct {
    int n[3];       // trip counts, each >= 1
    ptrdiff_t a[3]; // floats from one step to the next in a
    ptrdiff_t b[3]; // and in b
} Sum;

// The Sum of three levels, outermost first, given as count, step in a, step in
// b. Levels of a single step are moved outwards, where they cost nothing.
Sum sum_of(int n0, ptrdiff_t a0, ptrdiff_t b0, int n1, ptrdiff_t a1,
           ptrdiff_t b1, int n2, ptrdiff_t a2, ptrdiff_t b2);

// Rows are dealt out evenly over strips of at most mr: 50 rows with mr = 14 are
// 13 + 13 + 12 + 12. The first `longer` strips have one row more than `even`.
typedef struct {
    int even, longer;
} Deal;

typedef struct {
    int first, rows;
} Strip;

static inline Deal deal_of(int strips, int m) {
    return (Deal){m / strips, m % strips};
}

// Strip number t; strip_of is for who needs only one.
Strip strip_at(Deal deal, int t);
Strip strip_of(int t, int strips, int m);

typedef struct {
    const char *name;  // "portable", "avx2", "avx512"
    int lanes;         // floats in one vector: 4, 8, 16
    int mr, nr;        // a convolution's register tile: rows, columns (2 lanes)
    int rows, vectors; // a product's: rows, and columns in vectors
    int width;         // floats between two columns of a packed strip of rows
    int dot;           // the dot tile is dot x dot

    // The micro-kernel: a tile of sums, all held in registers.
    //     c[i * ldc + j] (+)= sum over s of a[a(s) + i * a_row] * b[b(s) + j]
    // for i < rows, j < columns: at most (kernel's) rows x vectors * lanes, or
    // mr x nr where columns > lanes. a_row = 1: the rows of a lie side by side
    // (packed). Any other a_row: they lie as in A, with steps of one float, for
    // an A that is read so seldom that packing it would not pay; then no more
    // than (kernel's) rows. The columns of b lie side by side, up to the next
    // multiple of lanes. add: add to c, otherwise overwrite it.
    void (*tile)(int rows, int columns, float *c, ptrdiff_t ldc, bool add,
                 const float *a, ptrdiff_t a_row, const float *b,
                 const Sum *sum);

    // dot x dot sums whose innermost index is lanes long and adjacent in both;
    // every lane keeps a sum of its own:
    //     sums[(i * dot + j) * lanes + l] += sum over s of
    //                       a[a(s) + i * a_row + l] * b[b(s) + j * b_row + l]
    // for i < rows, j < columns (both <= dot).
    void (*dot_tile)(int rows, int columns, float *sums, const float *a,
                     ptrdiff_t a_row, const float *b, ptrdiff_t b_row,
                     const Sum *sum);
    // to[q] = the sum of the lanes of sums[q * lanes ...], q < count.
    void (*add_lanes)(float *to, const float *sums, int count);

    // Packs a panel: to[p * width + i] = from[i * rs + p * cs], i < rows, p <
    // k. One of the strides is 1. width is a multiple of lanes; rows <= width,
    // and <= 3 lanes where rs = 1. What lies beyond rows is unspecified (and
    // multiplied into sums nobody reads). `to` has room for lanes more columns
    // than k.
    void (*pack)(float *to, int width, const float *from, ptrdiff_t rs,
                 ptrdiff_t cs, int rows, int k);

    // Element by element over n floats; y may be x. See vmath.h for accuracy.
    void (*exp)(float *y, const float *x, size_t n);
    void (*tanh)(float *y, const float *x, size_t n);
    void (*sigmoid)(float *y, const float *x, size_t n);

    // BLAS level 1.  y += alpha x;  the return value is sum of x_i y_i.
    void (*axpy)(size_t n, float alpha, const float *x, float *y);
    float (*dot_product)(size_t n, const float *x, const float *y);

    float (*sum)(size_t n, const float *x);

    // Max-pooling of a tile while it is hot. tiles holds `squares` tiles of
    // [rows, nr], one per pixel of a square; y[i * y_row + l] becomes their
    // maximum + bias[i], or 0 if relu and that is negative, and winner the
    // number of the tile it came from, 255 where relu made it 0.
    void (*pool)(float *y, uint8_t *winner, ptrdiff_t y_row, const float *tiles,
                 int squares, int rows, const float *bias, bool relu);
    // Its way back, for a row of `count` squares of pool x pool pixels, d_row
    // floats from one row of pixels to the next: pixel q of square p becomes
    //     winner[p * nr + l] == q ? dy[p * nr + l] : 0
    void (*unpool)(float *d, ptrdiff_t d_row, const float *dy,
                   const uint8_t *winner, int pool, int count);

    // One Adam step, see optim.h for the formula and the names.
    void (*adam)(float *w, float *m, float *v, const float *g, size_t n,
                 float step_size, float beta1, float beta2, float root_scale,
                 float epsilon, float shrink);

    // One time step of a recurrent cell (recurrent.h) for `rows` sequences, H
    // units each. gates [rows, 4 H] holds a + u of i f g o on the way in, the
    // gates themselves on the way out; for the GRU a + u of r z, a_n and u_n.
    // Backward turns gates into the gradients of what they were before forward,
    // and dc, and the GRU's dh, into what goes to the step before.
    void (*rnn_backward)(float *dgates, const float *dh, const float *h,
                         size_t n);
    void (*lstm_forward)(int rows, int H, float *gates, float *c, float *h,
                         const float *c_before);
    void (*lstm_backward)(int rows, int H, float *gates, float *dc,
                          const float *dh, const float *c,
                          const float *c_before);
    void (*gru_forward)(int rows, int H, float *gates, float *h,
                        const float *h_before);
    void (*gru_backward)(int rows, int H, float *gates, float *dh,
                         const float *h_before);
} Kernels;

// The best table this processor and operating system can run, or the one that
// the environment variable DL_KERNEL names. Aborts if it names none: programs
// call kernels_choose first, which can say so politely.
const Kernels *kernels(void);

// Chooses by name; NULL or "" chooses the best. False, with the names that
// would work, if this machine does not have it.
bool kernels_choose(const char *name, Error *err);

// The i-th table this machine can run, slowest first; NULL after the last.
const Kernels *kernels_available(int i);

#endif
