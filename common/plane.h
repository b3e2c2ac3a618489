// plane.h - two classes of points in the plane, and what a net answers all over
// it.
//
//     Rng rng;
//     PlanePoints train = {0}, fresh = {0};
//     PlaneMap map;
//     plane_moons(&train, 60, &rng);
//     plane_moons(&fresh, 1000, &rng);
//     ...                          // a ReluNet 2 - ... - 1 learns the first
//     plane_look(&map, &net);      // its answers, cell by cell
//     PlaneScore s = plane_score(&net, &train, &fresh);
//
// A net of one output, its logit: above 0 means class 1.

#ifndef DL_PLANE_H
#define DL_PLANE_H

#include "figure.h"
#include "relu_net.h"
#include "rng.h"
#include "tensor.h"

// ---- Points -----------------------------------------------------------------

typedef struct {
    Tensor x; // [N, 2]
    Tensor t; // [N, 1], 0 or 1
} PlanePoints;

enum { PLANE_WRONG = 20 }; // one label in 20 is wrong

// Draws two noisy half moons that reach into each other, every second point of
// class 1. One label in PLANE_WRONG is the other class's, as in real data.
void plane_moons(PlanePoints *p, int N, Rng *rng);
void plane_points_free(PlanePoints *p);

// ---- The net's answers ------------------------------------------------------

// Cells of side PLANE_CELL around (0, 0), row by row from below. They reach to
// 2.46 left and right, to 1.86 up and down: all around the moons.
enum {
    PLANE_COLUMNS = 41,
    PLANE_ROWS = 31,
    PLANE_CELLS = PLANE_COLUMNS * PLANE_ROWS
};
#define PLANE_CELL  0.12
#define PLANE_APART (PLANE_CELL * (PLANE_COLUMNS + 2)) // of maps side by side

typedef struct {
    float p[PLANE_CELLS]; // the probability of class 1 in the cell's middle
} PlaneMap;

void plane_look(PlaneMap *map, ReluNet *net);

// The length of the class boundary along the sides of cells. A straight one
// across the map has 3.7 to 8.5; every bend around single points adds to it.
double plane_boundary(const PlaneMap *map);

// ---- Its score --------------------------------------------------------------

// NaN after a stop (run.h).
typedef struct {
    double train_loss, train_error; // mean cross entropy; per cent wrong
    double loss, error;             // the same on validation points
    double length;                  // of the class boundary
} PlaneScore;

PlaneScore plane_score(ReluNet *net, const PlanePoints *train,
                       const PlanePoints *validation);

// Is its validation loss lower and its boundary shorter?
bool plane_smoother(const PlaneScore *s, const PlaneScore *than);

// The median of each number, of `count` scores that lie `apart` places apart.
PlaneScore plane_median(const PlaneScore *scores, int count, int apart);

// ---- Figures ----------------------------------------------------------------

// Writes two tables: the maps, with a column for each, named by its epoch, and
// the points; all of it `right` units to the right.
void plane_tables(Figure *f, const PlaneMap *maps, const int *epochs, int count,
                  const PlanePoints *p, double right);

// In a panel without axes: number `map` of the maps of that table, and on top
// the points of the next one. Class 0 is blue, class 1 orange, paler where the
// net is less sure.
void plane_show(Figure *f, int table, int map);

#endif
