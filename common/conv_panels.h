// conv_panels.h - pictures laid side by side, the layout of conv.c.
//
// nr pictures (kernels.h) are a group: a panel holds their numbers pixel by
// pixel, and at each pixel those of all nr pictures, so that one pixel of a
// group is two vectors. Only conv.c and conv_backward.c need this.

#ifndef DL_CONV_PANELS_H
#define DL_CONV_PANELS_H

#include "conv.h"

// Groups of the last forward pass; the last one may be partly empty.
int conv2d_groups(const Conv2d *s);

// Floats of one group in x_panels [C][H + 2 padding][W + 2 padding][nr], in
// y_panels [O][PH][PW][nr], both with room for what the packing kernel may
// write beyond the end (lanes pixels), and in d_panels [O][OH][OW][nr].
size_t conv2d_x_group(const Conv2d *s);
size_t conv2d_y_group(const Conv2d *s);
size_t conv2d_d_group(const Conv2d *s);

// Makes t a buffer of that many floats, and returns it; it only ever grows.
float *conv2d_buffer(Tensor *t, size_t size);

// x [N, C, H, W] to x_panels, with a border of zeros, and zeros for the
// pictures that a group lacks.
void conv2d_pack_pictures(Conv2d *s, const Tensor *x);

// The way back, for one channel without border: `pictures` planes of that many
// pixels, `apart` floats from one to the next.
void conv2d_unpack_channel(float *x, ptrdiff_t apart, const float *panel,
                           int pictures, int pixels);

#endif
