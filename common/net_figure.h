// net_figure.h - a net as a picture, from the description that counts it.

#ifndef DL_NET_FIGURE_H
#define DL_NET_FIGURE_H

#include "netcount.h"

// Draws out/<chapter>/<name>: the input and each layer's output from left to
// right, channels as a stack of sheets whose side is H, units that see all
// before them as a column of circles; above it its name, below it its shape and
// its weights. input: the shape that netcount_init got. Readable up to some
// twelve layers.
void net_draw(const NetCount *net, PictureShape input, const char *chapter,
              const char *name, const char *format);

#endif
