#include "surfaces.h"

#include <math.h>
#include <string.h>

#include "error.h"

// ---- 1. The surfaces --------------------------------------------------------

static double bowl(double x, double y) {
    return 0.5 * (x * x + 100.0 * y * y);
}

static void bowl_gradient(double x, double y, double g[2]) {
    g[0] = x;
    g[1] = 100.0 * y;
}

static void bowl_hessian(double x, double y, double h[3]) {
    (void)x, (void)y;
    h[0] = 1.0, h[1] = 0.0, h[2] = 100.0;
}

static double rosenbrock(double x, double y) {
    double a = 1.0 - x, b = y - x * x;
    return a * a + 100.0 * b * b;
}

static void rosenbrock_gradient(double x, double y, double g[2]) {
    double b = y - x * x;
    g[0] = -2.0 * (1.0 - x) - 400.0 * x * b;
    g[1] = 200.0 * b;
}

static void rosenbrock_hessian(double x, double y, double h[3]) {
    h[0] = 2.0 - 400.0 * (y - 3.0 * x * x);
    h[1] = -400.0 * x;
    h[2] = 200.0;
}

static double saddle(double x, double y) {
    return 0.5 * x * x - 0.5 * y * y + 0.25 * y * y * y * y;
}

static void saddle_gradient(double x, double y, double g[2]) {
    g[0] = x;
    g[1] = y * y * y - y;
}

static void saddle_hessian(double x, double y, double h[3]) {
    (void)x;
    h[0] = 1.0, h[1] = 0.0, h[2] = 3.0 * y * y - 1.0;
}

static double hollows(double x, double y) {
    return 0.1 * (x * x + y * y) + 1.0 - cos(2.0 * x) * cos(2.0 * y);
}

static void hollows_gradient(double x, double y, double g[2]) {
    g[0] = 0.2 * x + 2.0 * sin(2.0 * x) * cos(2.0 * y);
    g[1] = 0.2 * y + 2.0 * cos(2.0 * x) * sin(2.0 * y);
}

static void hollows_hessian(double x, double y, double h[3]) {
    h[0] = h[2] = 0.2 + 4.0 * cos(2.0 * x) * cos(2.0 * y);
    h[1] = -4.0 * sin(2.0 * x) * sin(2.0 * y);
}

static const Surface surfaces[SURFACES] = {
    [BOWL] = {.name = "bowl",
              .text = "an ill-conditioned bowl",
              .start = {-4.0, 0.7},
              .lowest = 0.0,
              .range = {{-5.0, 2.0}, {-1.0, 1.0}},
              .value = bowl,
              .gradient = bowl_gradient,
              .hessian = bowl_hessian},
    [ROSENBROCK] = {.name = "rosenbrock",
                    .text = "Rosenbrock's bent valley",
                    .start = {-1.2, 1.0},
                    .lowest = 0.0,
                    .range = {{-1.8, 1.8}, {-0.8, 2.4}},
                    .value = rosenbrock,
                    .gradient = rosenbrock_gradient,
                    .hessian = rosenbrock_hessian},
    [SADDLE] = {.name = "saddle",
                .text = "a saddle between two valleys",
                .start = {-1.5, 0.001},
                .lowest = -0.25,
                .range = {{-2.0, 1.2}, {-1.7, 1.7}},
                .value = saddle,
                .gradient = saddle_gradient,
                .hessian = saddle_hessian},
    [HOLLOWS] = {.name = "hollows",
                 .text = "a valley with local minima",
                 .start = {-4.0, 3.4},
                 .lowest = 0.0,
                 .range = {{-5.0, 2.6}, {-2.6, 5.0}},
                 .value = hollows,
                 .gradient = hollows_gradient,
                 .hessian = hollows_hessian},
};

const Surface *surface(SurfaceKind kind) {
    REQUIRE(kind < SURFACES, "there is no surface %d", kind);
    return &surfaces[kind];
}

// ---- 2. Drawing them --------------------------------------------------------

double surface_height(const void *context, double x, double y) {
    const Surface *s = context;
    return log10(s->value(x, y) - s->lowest + 0.01);
}

SurfaceMap surface_map(Figure *f,
                       double (*height)(const void *context, double x,
                                        double y),
                       const void *context, const double range[2][2]) {
    enum { SIDE = 121 };
    SurfaceMap map = {.low = HUGE_VAL, .high = -HUGE_VAL};
    memcpy(map.range, range, sizeof map.range);
    figure_table(f, "x,y,height");
    map.table = f->table;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double x =
                range[0][0] + (range[0][1] - range[0][0]) * j / (SIDE - 1);
            double y =
                range[1][0] + (range[1][1] - range[1][0]) * i / (SIDE - 1);
            double h = height(context, x, y);
            map.low = fmin(map.low, h);
            map.high = fmax(map.high, h);
            figure_row(f, x, y, h);
        }
    return map;
}

void surface_show(Figure *f, const SurfaceMap *map) {
    figure_use(f, map->table);
    figure_range(f, 'x', map->range[0][0], map->range[0][1]);
    figure_range(f, 'y', map->range[1][0], map->range[1][1]);
    figure_heat(f, 1, 2, 3, HEAT_BANDS, map->low, map->high);
}

void surface_path(Figure *f, double point_size) {
    figure_pen(f, (Pen){.color = PEN_WHITE, .width = 3.5});
    figure_lines(f, 1, 2, "");
    figure_pen(f, (Pen){.color = PEN_VERMILION,
                        .width = 1.0,
                        .solid = true,
                        .point = POINT_DOT,
                        .size = point_size});
    figure_linespoints(f, 1, 2, "");
    figure_pen(f, (Pen){.color = PEN_BLACK,
                        .point = POINT_DOT,
                        .size = 1.2,
                        .first = true});
    figure_points(f, 1, 2, "");
}
