// Gradients and Hessians are the slopes of values and of gradients, and the
// lowest points are where they are said to be.

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "figures.h"
#include "surfaces.h"
#include "tables.h"
#include "testing.h"

// Central differences with h = 1e-5 are off by h^2 f''' / 6, at most 1e-7 for
// Rosenbrock's third derivative of 2400 |x|, and by the rounding of f / h,
// 1e-16 * 4000 / 1e-5 = 4e-8; the gradient's by ten times as much.
START_TEST(slopes) {
    const double h = 1e-5;
    double largest = 0;
    for (int kind = 0; kind < SURFACES; kind++) {
        const Surface *s = surface((SurfaceKind)kind);
        for (double x = -2; x <= 2; x += 0.37)
            for (double y = -2; y <= 2; y += 0.41) {
                double g[2], hess[3], up[2], down[2];
                s->gradient(x, y, g);
                s->hessian(x, y, hess);
                double gx = (s->value(x + h, y) - s->value(x - h, y)) / (2 * h);
                double gy = (s->value(x, y + h) - s->value(x, y - h)) / (2 * h);
                ck_assert_double_eq_tol(g[0], gx, 1e-6);
                ck_assert_double_eq_tol(g[1], gy, 1e-6);
                s->gradient(x + h, y, up);
                s->gradient(x - h, y, down);
                ck_assert_double_eq_tol(hess[0], (up[0] - down[0]) / (2 * h),
                                        1e-5);
                ck_assert_double_eq_tol(hess[1], (up[1] - down[1]) / (2 * h),
                                        1e-5);
                s->gradient(x, y + h, up);
                s->gradient(x, y - h, down);
                ck_assert_double_eq_tol(hess[2], (up[1] - down[1]) / (2 * h),
                                        1e-5);
                largest = fmax(largest, fabs(g[0]));
            }
    }
    ck_assert_double_gt(largest, 100.0);
}
END_TEST

START_TEST(lowest_points) {
    const struct {
        SurfaceKind kind;
        double x, y;
    } at[] = {{BOWL, 0, 0},
              {ROSENBROCK, 1, 1},
              {SADDLE, 0, 1},
              {SADDLE, 0, -1},
              {HOLLOWS, 0, 0}};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        const Surface *s = surface(at[i].kind);
        double g[2];
        s->gradient(at[i].x, at[i].y, g);
        ck_assert_double_eq(g[0], 0.0);
        ck_assert_double_eq(g[1], 0.0);
        ck_assert_double_eq(s->value(at[i].x, at[i].y), s->lowest);
    }
    // and nothing in the picture lies lower; the start is inside it
    for (int kind = 0; kind < SURFACES; kind++) {
        const Surface *s = surface((SurfaceKind)kind);
        for (int k = 0; k < 2; k++) {
            ck_assert_double_gt(s->start[k], s->range[k][0]);
            ck_assert_double_lt(s->start[k], s->range[k][1]);
        }
        for (double x = s->range[0][0]; x < s->range[0][1]; x += 0.01)
            for (double y = s->range[1][0]; y < s->range[1][1]; y += 0.01)
                ck_assert_double_ge(s->value(x, y), s->lowest);
    }
}
END_TEST

// The saddle is level at (0, 0) but no minimum; a hollow near (pi, 0) is a
// minimum, but not the lowest point.
START_TEST(difficulties) {
    double g[2], h[3];
    surface(SADDLE)->gradient(0, 0, g);
    surface(SADDLE)->hessian(0, 0, h);
    ck_assert_double_eq(g[0], 0.0);
    ck_assert_double_eq(g[1], 0.0);
    ck_assert(h[0] > 0 && h[2] < 0);
    surface(BOWL)->hessian(1, 1, h);
    ck_assert_double_eq(h[2] / h[0], 100.0);
    double x = 3.0, y = 0.0;
    for (int i = 0; i < 200; i++) { // gradient descent into the hollow
        surface(HOLLOWS)->gradient(x, y, g);
        x -= 0.1 * g[0], y -= 0.1 * g[1];
    }
    surface(HOLLOWS)->hessian(x, y, h);
    ck_assert_double_eq_tol(x, 2.99, 0.01);
    ck_assert(fabs(g[0]) < 1e-12 && h[0] > 0 && h[0] * h[2] > h[1] * h[1]);
    ck_assert_double_gt(surface(HOLLOWS)->value(x, y), 0.5);
}
END_TEST

static double tilted(const void *context, double x, double y) {
    (void)context;
    return x + 100.0 * y;
}

// x goes to the right, y upwards, each over its own range.
START_TEST(a_map_is_not_transposed) {
    enum { SIDE = 121, POINTS = SIDE * SIDE };
    static double x[POINTS], y[POINTS], height[POINTS];
    const double range[2][2] = {{0, 1}, {2, 4}};
    Figure f;
    hide_gnuplot();
    ck_assert(figure_open(&f, "ch99", "map", "svg"));
    figure_title(&f, "A map");
    figure_caption(&f, "Higher to the right, and higher still upwards.");
    SurfaceMap map = surface_map(&f, tilted, NULL, range);
    surface_show(&f, &map);
    figure_close(&f);
    const char *file = "out/ch99/map.csv";
    ck_assert_int_eq(chart_column(file, 0, "x", x, POINTS), POINTS);
    chart_column(file, 0, "y", y, POINTS);
    chart_column(file, 0, "height", height, POINTS);
    for (int i = 0; i < POINTS; i++) {
        ck_assert(x[i] >= 0 && x[i] <= 1 && y[i] >= 2 && y[i] <= 4);
        ck_assert_msg(fabs(height[i] - tilted(NULL, x[i], y[i])) < 1e-3,
                      "the height at %g, %g is %g", x[i], y[i], height[i]);
    }
    file = "out/ch99/map.fig";
    for (int k = 0; k < 2; k++) {
        ck_assert_double_eq(figure_attribute(file, "range", k, "low"),
                            range[k][0]);
        ck_assert_double_eq(figure_attribute(file, "range", k, "high"),
                            range[k][1]);
    }
    assert_mark(file, 0, "heat", "x", "y", "");
    ck_assert_double_eq(figure_attribute(file, "heat", 0, "low"), 200);
    ck_assert_double_eq(figure_attribute(file, "heat", 0, "high"), 401);
}
END_TEST

START_TEST(no_such_surface) {
    surface(SURFACES);
}
END_TEST

int main(void) {
    const Test tests[] = {{slopes},
                          {lowest_points, .seconds = 20},
                          {difficulties},
                          {a_map_is_not_transposed},
                          {no_such_surface, .signal = SIGABRT}};
    return run_tests("surfaces", tests, sizeof tests / sizeof *tests);
}
