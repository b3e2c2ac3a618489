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

#include "cli.h"
#include "figure.h"
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

// A table's columns x and y as a filled shape.
static void fill_ball(Figure *f, int x, int y) {
    figure_pen(f, (Pen){.color = PEN_BLUE});
    figure_area(f, x, y, "%s", "");
    figure_pen(f, (Pen){.color = PEN_BLUE});
    figure_lines(f, x, y, "%s", "");
    figure_x(f, "w₁");
    figure_y(f, "w₂");
    figure_square(f);
}

static void draw_balls(const char *format) {
    static const double p[] = {0.5, 1, 2, 4, HUGE_VAL};
    static const char *const names[] = {"p = 0.5, not a norm", "L1", "L2", "L4",
                                        "L∞"};
    Figure f;
    if (!figure_open(&f, "ch05", "norms_balls", format))
        return;
    figure_title(
        &f,
        "Unit balls: L1's has its corners on the axes, where a weight is 0");
    figure_caption(
        &f, "The vectors of norm at most 1. From p = 0.5 to p = ∞ the ball "
            "grows; L∞ has its corners where both weights are equally large.");
    figure_table(&f,
                 "x_half,y_half,x_L1,y_L1,x_L2,y_L2,x_L4,y_L4,x_Linf,y_Linf");
    for (int i = 0; i <= 720; i++) {
        Point at[5];
        for (int k = 0; k < 5; k++)
            at[k] = on_ball(i * 0.5, p[k]);
        figure_row(&f, at[0].x, at[0].y, at[1].x, at[1].y, at[2].x, at[2].y,
                   at[3].x, at[3].y, at[4].x, at[4].y);
    }
    figure_grid(&f, 5);
    figure_share(&f);
    for (int k = 0; k < 5; k++) {
        figure_panel(&f, "%s", names[k]);
        figure_panel_size(&f, 150, 150);
        figure_range(&f, 'x', -1.2, 1.2);
        figure_range(&f, 'y', -1.2, 1.2);
        fill_ball(&f, 2 * k + 1, 2 * k + 2);
    }
    figure_close(&f);
}

// The ball of table 0, three circles of the bowl, the outermost through the
// touch, and both points.
static void draw_panel(Figure *f, const char *name, int column, Point bottom,
                       Point touch) {
    double radius = hypot(bottom.x - touch.x, bottom.y - touch.y);
    figure_panel(f, "%s: touched at (%.2g, %.2g)", name, touch.x, touch.y);
    figure_range(f, 'x', -1.3, 2.0);
    figure_range(f, 'y', -1.2, 2.6);
    figure_use(f, 0);
    fill_ball(f, column, column + 1);
    figure_table(f, "x,y");
    for (int i = 1; i <= 3; i++) {
        if (i > 1)
            figure_gap(f);
        for (int degrees = 0; degrees <= 360; degrees += 3) {
            Point around = bottom_at(degrees, radius * i / 3.0);
            figure_row(f, bottom.x + around.x, bottom.y + around.y);
        }
    }
    figure_pen(f, (Pen){.color = PEN_GRAY, .width = 1.2});
    figure_lines(f, 1, 2, "%s", "");
    figure_table(f, "bottom x,bottom y,touch x,touch y");
    figure_row(f, bottom.x, bottom.y, touch.x, touch.y);
    figure_pen(f, (Pen){.color = PEN_GRAY, .point = POINT_CROSS});
    figure_points(f, 1, 2, "%s", "");
    figure_pen(f,
               (Pen){.color = PEN_VERMILION, .point = POINT_DOT, .size = 1.6});
    figure_points(f, 3, 4, "%s", "");
}

static void draw_corner(const char *format) {
    Figure f;
    Point bottom = {0.5, 1.7};
    if (!figure_open(&f, "ch05", "norms_corner", format))
        return;
    figure_title(
        &f,
        "The loss touches L1's ball at a corner, where w₁ = 0; L2's has none");
    figure_caption(&f, "Circles are contours of the loss around its minimum "
                       "(×); the dot is the lowest loss that the ball "
                       "allows.");
    figure_table(&f, "l1_x,l1_y,l2_x,l2_y");
    for (int i = 0; i <= 720; i++) {
        Point a = on_ball(i * 0.5, 1.0), b = on_ball(i * 0.5, 2.0);
        figure_row(&f, a.x, a.y, b.x, b.y);
    }
    figure_share(&f);
    draw_panel(&f, "L1", 1, bottom, touch_l1(bottom));
    draw_panel(&f, "L2", 3, bottom, touch_l2(bottom));
    figure_close(&f);
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
