// surfaces.h - four landscapes of two weights, on which optimizers are watched.
//
// Each has one difficulty of real losses, and nothing else: a long narrow
// valley, the same bent, a ridge between two valleys, and hollows that are not
// the deepest one.

#ifndef DL_SURFACES_H
#define DL_SURFACES_H

#include "figure.h"

typedef enum {
    BOWL,       // (x^2 + 100 y^2) / 2: 100 times as steep across as along
    ROSENBROCK, // (1 - x)^2 + 100 (y - x^2)^2, a bent valley (Rosenbrock 1960)
    SADDLE,     // x^2 / 2 - y^2 / 2 + y^4 / 4: level at (0, 0), lowest at
                // (0, 1) and (0, -1)
    HOLLOWS,    // (x^2 + y^2) / 10 + 1 - cos(2x) cos(2y): lowest at (0, 0),
                // with hollows around that are less deep
    SURFACES
} SurfaceKind;

typedef struct {
    const char *name; // "bowl": for tables and file names
    const char *text; // "an ill-conditioned bowl": for titles
    double start[2];
    double lowest;      // the least value
    double range[2][2]; // what a chart shows of x and of y
    double (*value)(double x, double y);
    void (*gradient)(double x, double y, double g[2]);
    void (*hessian)(double x, double y, double h[3]); // xx, xy, yy
} Surface;

const Surface *surface(SurfaceKind kind);

// Heights over a grid of points, as a table of a figure. height(context, x, y)
// should make the bands even: the logarithm of a loss rather than the loss.
typedef struct {
    int table;
    double low, high; // of all heights
    double range[2][2];
} SurfaceMap;
SurfaceMap surface_map(Figure *f,
                       double (*height)(const void *context, double x,
                                        double y),
                       const void *context, const double range[2][2]);

// Shows it in the current panel, darker where it is higher. What follows is
// drawn on top of it.
void surface_show(Figure *f, const SurfaceMap *map);

// A path over it, a table's columns 1 and 2: white below, so that it can be seen
// everywhere, and a black point where it begins.
void surface_path(Figure *f, double point_size);

// The height of a Surface for it: its value above the lowest, log scale.
double surface_height(const void *surface, double x, double y);

#endif
