// norms.c - how long is a vector, and why L1 makes weights zero (范数)
//
// A penalty on weights needs one number for their size: a norm. L1 adds the
// lengths up, L2 squares them first, L-infinity sees only the largest, L0 just
// counts what is not zero. All vectors of norm 1 make a ball, and that of L1
// has its corners on the axes, where a weight is 0: a corner is what a loss
// bowl most often touches first, so L1 gives zeros (稀疏) and L2 does not.
//
// Source: B, norms and regularization
// Run: make norms && ./norms
// Ends with: result: L0=2 L1=7 L2=5 Linf=4 corners_L1=0.54 corners_L2=0
//
// Contents: 1 norms  2 the corner  3 tables  4 charts  5 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"
#include "run.h"

static const double PI = 3.14159265358979324;

// ---- 1. Norms ---------------------------------------------------------------

// [B L0 norm] ||x||_0 = how many x_i are not 0
static double norm_l0(const double *x, int n) {
    int count = 0;
    for (int i = 0; i < n; i++)
        count += x[i] != 0.0;
    return count;
}

// [B L1 norm] ||x||_1 = sum of |x_i|
static double norm_l1(const double *x, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += fabs(x[i]);
    return sum;
}

// [B L2 norm] ||x||_2 = sqrt(sum of x_i^2)
static double norm_l2(const double *x, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

// [B Linf norm] ||x||_inf = largest |x_i|
static double norm_inf(const double *x, int n) {
    double largest = 0.0;
    for (int i = 0; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

// Divided by the largest element first, so that no power overflows.
// [B Lp norm] ||x||_p = (sum of |x_i|^p)^(1/p), p > 0
static double norm_lp(const double *x, int n, double p) {
    double largest = norm_inf(x, n), sum = 0.0;
    if (largest == 0.0)
        return 0.0;
    for (int i = 0; i < n; i++)
        sum += pow(fabs(x[i]) / largest, p);
    return largest * pow(sum, 1.0 / p);
}

// ---- 2. The corner ----------------------------------------------------------

typedef struct {
    double x, y;
} Point;

// A round bowl's lowest point is `bottom`, outside the unit ball. The lowest
// point inside the ball is where the growing circles around `bottom` first
// touch it: the ball's point that is nearest to `bottom`.

// By symmetry we may look at the edge (t, 1 - t), 0 <= t <= 1, alone. There
// (t - a)^2 + (1 - t - b)^2 is least at t = (1 + a - b) / 2; where that lies
// beyond an end, the end, a corner, is nearest.
static Point touch_l1(Point bottom) {
    double a = fabs(bottom.x), b = fabs(bottom.y);
    double t = fmin(fmax((1.0 + a - b) / 2.0, 0.0), 1.0);
    return (Point){copysign(t, bottom.x), copysign(1.0 - t, bottom.y)};
}

// The circle's nearest point lies on the line to its center.
static Point touch_l2(Point bottom) {
    double length = hypot(bottom.x, bottom.y);
    return (Point){bottom.x / length, bottom.y / length};
}

enum { DIRECTIONS = 36000 };

static Point bottom_at(double degrees, double distance) {
    double angle = degrees * PI / 180.0;
    return (Point){distance * cos(angle), distance * sin(angle)};
}

// The fraction of all directions of the bowl in which one weight comes out as
// exactly 0. The directions miss the axes themselves by half a step.
static double zeros(Point (*touch)(Point), double distance) {
    int count = 0;
    for (int i = 0; i < DIRECTIONS; i++) {
        Point w = touch(bottom_at(360.0 * (i + 0.5) / DIRECTIONS, distance));
        count += w.x == 0.0 || w.y == 0.0;
    }
    return (double)count / DIRECTIONS;
}

// ---- 3. Tables --------------------------------------------------------------

enum { LONGEST = 4 };
typedef struct {
    const char *text;
    int n;
    double x[LONGEST];
} Vector;

static const Vector vectors[] = {
    {"(3, -4)", 2, {3, -4}},
    {"(5, 0)", 2, {5, 0}},
    {"(1, 1, 1, 1)", 4, {1, 1, 1, 1}},
    {"(2, 0, 0, 0)", 4, {2, 0, 0, 0}},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static void print_norms(void) {
    printf("  %-14s %8s %8s %8s %8s %8s\n", "vector", "L0", "L1", "L2", "L3",
           "Linf");
    for (int i = 0; i < VECTORS; i++) {
        const Vector *v = &vectors[i];
        printf("  %-14s %8g %8g %8g %8.4f %8g\n", v->text, norm_l0(v->x, v->n),
               norm_l1(v->x, v->n), norm_l2(v->x, v->n),
               norm_lp(v->x, v->n, 3.0), norm_inf(v->x, v->n));
    }
    printf("\nL2 cannot tell the last two apart; L1 calls the one of many small"
           " weights\ntwice as large as the sparse one.\n\n"
           "Lp of (3, -4) goes to the largest element as p grows:\n\n  p ");
    for (int p = 1; p <= 64; p *= 2)
        printf("%8d", p);
    printf("\n  Lp");
    for (int p = 1; p <= 64; p *= 2)
        printf("%8.4f", norm_lp(vectors[0].x, 2, p));
    printf("\n\n");
}

static void print_corners(void) {
    printf("A bowl of any direction, its lowest point so far from 0, is "
           "lowered onto the\nunit ball. How often does it touch where a "
           "weight is exactly 0?\n\n  %-14s %8s %8s\n",
           "distance", "L1", "L2");
    for (double distance = 1.25; distance <= 10.0; distance *= 2.0)
        printf("  %-14g %6.1f %% %6.1f %%\n", distance,
               100.0 * zeros(touch_l1, distance),
               100.0 * zeros(touch_l2, distance));
    printf("\nThe corners are 4 points of the border, and yet they catch most "
           "bowls.\n\n");
}

// ---- 4. Charts --------------------------------------------------------------

// The point of the unit ball of Lp in direction `degrees`; p = HUGE_VAL: Linf.
static Point on_ball(double degrees, double p) {
    Point d = bottom_at(degrees, 1.0);
    double x[2] = {d.x, d.y};
    double norm = isinf(p) ? norm_inf(x, 2) : norm_lp(x, 2, p);
    return (Point){d.x / norm, d.y / norm};
}

static void draw_balls(const char *format) {
    static const double p[] = {0.5, 1, 2, 4, HUGE_VAL};
    Chart chart;
    if (!chart_open(&chart, "ch05", "norms_balls", format))
        return;
    chart_size(&chart, 560, 600);
    chart_columns(&chart,
                  "x_half,y_half,x_L1,y_L1,x_L2,y_L2,x_L4,y_L4,x_Linf,y_Linf");
    // all five in one table: x, y of each
    for (int i = 0; i <= 720; i++) {
        Point at[5];
        for (int k = 0; k < 5; k++)
            at[k] = on_ball(i * 0.5, p[k]);
        chart_row(&chart, 10, at[0].x, at[0].y, at[1].x, at[1].y, at[2].x,
                  at[2].y, at[3].x, at[3].y, at[4].x, at[4].y);
    }
    chart_script(
        &chart,
        "set title \'All vectors of norm 1: L1 has corners on the axes\'\n"
        "set xlabel 'w_1'; set ylabel 'w_2'\n"
        "set size ratio -1; set xrange [-1.2:1.2]; "
        "set yrange [-1.2:1.2]\n"
        "plot DATA using 1:2 with lines title 'p = 0.5 (no norm)', "
        "DATA using 3:4 with lines lw 3 title 'L1', "
        "DATA using 5:6 with lines lw 3 title 'L2', "
        "DATA using 7:8 with lines title 'L4', "
        "DATA using 9:10 with lines title 'L∞'\n");
    chart_close(&chart);
}

// One panel: ball, the bowl's circles, the outermost through the touch.
static void draw_panel(Chart *chart, const char *name, int column, Point bottom,
                       Point touch) {
    double radius = hypot(bottom.x - touch.x, bottom.y - touch.y);
    chart_script(chart, "unset object\nset title '%s'\n", name);
    for (int i = 1; i <= 3; i++)
        chart_script(chart,
                     "set object circle at %g,%g size %g fillstyle empty "
                     "border lt 1 lw 1.5\n",
                     bottom.x, bottom.y, radius * i / 3.0);
    chart_script(chart,
                 "plot DATA using %d:%d with filledcurves closed lt 3 "
                 "fillstyle transparent solid 0.3, "
                 "'+' using (%g):(%g) every ::0::0 with points pt 1 ps 1.5 lw "
                 "2 lt 1, "
                 "'+' using (%g):(%g) every ::0::0 with points pt 7 ps 1.6 lt "
                 "7\n",
                 column, column + 1, bottom.x, bottom.y, touch.x, touch.y);
}

static void draw_corner(const char *format) {
    Chart chart;
    Point bottom = {0.5, 1.7}, l1 = touch_l1(bottom), l2 = touch_l2(bottom);
    if (!chart_open(&chart, "ch05", "norms_corner", format))
        return;
    chart_size(&chart, 900, 520);
    chart_columns(&chart, "l1_x,l1_y,l2_x,l2_y");
    for (int i = 0; i <= 720; i++) {
        Point a = on_ball(i * 0.5, 1.0), b = on_ball(i * 0.5, 2.0);
        chart_row(&chart, 4, a.x, a.y, b.x, b.y);
    }
    chart_script(&chart, "set multiplot layout 1,2 title 'The bowl (+ is its "
                         "lowest point) touches L1 at a corner: w_1 = 0'\n"
                         "set size ratio -1; unset key\n"
                         "set xrange [-1.3:2]; set yrange [-1.2:2.6]\n"
                         "set xlabel 'w_1'; set ylabel 'w_2'\n");
    char name[64];
    snprintf(name, sizeof name, "L1: touches at (%.2g, %.2g)", l1.x, l1.y);
    draw_panel(&chart, name, 1, bottom, l1);
    snprintf(name, sizeof name, "L2: touches at (%.2f, %.2f)", l2.x, l2.y);
    draw_panel(&chart, name, 3, bottom, l2);
    chart_script(&chart, "unset multiplot\n");
    chart_close(&chart);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "norms",
              "L0, L1, L2, Lp and L-infinity of small vectors, their unit "
              "balls, and why a penalty on L1 makes weights exactly zero.",
              NULL, 0, argc, argv);
    if (!o.quiet) {
        print_norms();
        print_corners();
    }
    draw_balls(o.plot);
    draw_corner(o.plot);
    const Vector *v = &vectors[0];
    run_result("L0=%g L1=%g L2=%g Linf=%g corners_L1=%.3g corners_L2=%g",
               norm_l0(v->x, v->n), norm_l1(v->x, v->n), norm_l2(v->x, v->n),
               norm_inf(v->x, v->n), zeros(touch_l1, 2.0),
               zeros(touch_l2, 2.0));
    return run_end();
}
