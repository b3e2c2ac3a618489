// newton.c - steps that know how the slope changes (牛顿法, 拟牛顿法,
// 共轭梯度法)
//
// A gradient says which way is down but not how far. Newton's method also uses
// the second derivatives and goes where the parabola through this point has its
// minimum. The lecture multiplies this step by a rate η: with η = 1 the number
// of correct digits doubles in every step near a minimum, with η = 0.5 the
// error is only halved. BFGS builds its matrix from the gradients it has seen,
// and nonlinear conjugate gradient (Polak-Ribiere+) mixes each direction with
// the last one; both need gradients only.
//
// Source: B, Newton's method. B names the other two without a formula: theirs
// are those of Nocedal & Wright, Numerical Optimization, 2006.
// Run: make newton && ./newton
// Ends with: result: surface=rosenbrock gradient_descent_steps=43605 ...
//
// Try: --eta 0.9 or 0.1 (by which factor does |g| fall per step?);
//      close_enough 1e-4 (which method saves the most steps?).
//
// Contents: 1 linear algebra of two  2 line search  3 directions  4 descent
//           5 table  6 figures  7 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "figure.h"
#include "run.h"
#include "surfaces.h"

// ---- 1. Linear algebra of two -----------------------------------------------

static double dot(const double a[2], const double b[2]) {
    return a[0] * b[0] + a[1] * b[1];
}

static double length(const double a[2]) {
    return sqrt(dot(a, a));
}

// p = -H^-1 g, with H = [h0 h1; h1 h2]
static void solve(double p[2], const double h[3], const double g[2]) {
    double det = h[0] * h[2] - h[1] * h[1];
    p[0] = -(h[2] * g[0] - h[1] * g[1]) / det;
    p[1] = -(h[0] * g[1] - h[1] * g[0]) / det;
}

// The smaller eigenvalue of H: above zero where the surface is a bowl.
static double lowest_curvature(const double h[3]) {
    double middle = (h[0] + h[2]) / 2, half = (h[0] - h[2]) / 2;
    return middle - sqrt(half * half + h[1] * h[1]);
}

// ---- 2. Line search ---------------------------------------------------------

// A point of the surface, and what was asked to get there.
typedef struct {
    double w[2], f, g[2];
} Point;

typedef struct {
    int steps, gradients, hessians;
} Cost;

static Point look(const Surface *s, double x, double y, Cost *cost) {
    Point point = {.w = {x, y}, .f = s->value(x, y)};
    s->gradient(x, y, point.g);
    cost->gradients++;
    return point;
}

// [Nocedal 2006 Wolfe] f(t) <= f(0) + c1 t m, |f'(t)| <= c |m|, m = g . p < 0
// Goes t p from a. The first condition keeps t from being too long (c1 = 1e-4),
// the second from being too short. Doubles t until a good one lies between
// `low` and `high`, then closes in: where the slope changes sign, to where a
// straight line between the two slopes is zero (exact on a parabola), else to
// the middle.
static Point line_search(const Surface *s, const Point *a, const double p[2],
                         double t, double c, Cost *cost) {
    double m = dot(a->g, p), low = 0, high = (double)INFINITY, low_slope = m;
    double rounding = 1e-15 * (1 + fabs(a->f)); // f cannot be told finer
    Point b = *a;
    for (int tries = 0; tries < 60; tries++) {
        b = look(s, a->w[0] + t * p[0], a->w[1] + t * p[1], cost);
        double slope = dot(b.g, p), guess = 0.5;
        bool too_high = !(b.f <= a->f + 1e-4 * t * m + rounding);
        if (!too_high && fabs(slope) <= -c * m)
            break;
        if (!too_high && slope < 0) {
            low = t;
            low_slope = slope;
        } else {
            high = t;
            if (slope > 0)
                guess = low_slope / (low_slope - slope);
        }
        guess = fmin(fmax(guess, 0.1), 0.9);
        t = isinf(high) ? 2 * t : low + guess * (high - low);
    }
    return b;
}

// ---- 3. Directions ----------------------------------------------------------

typedef enum { DESCENT, NEWTON, DAMPED, GUARDED, BFGS, CG, METHODS } Method;

static const char *const method_name[METHODS] = {
    "gradient descent", "Newton", "Newton, damped",
    "Newton, guarded",  "BFGS",   "CG (PR+)"};

// [Nocedal 2006 Hessian modification] p = -(H + t I)^-1 g
// With t = 0 this is Newton's direction, to the stationary point of the
// quadratic model, even if that is a saddle or a summit. Guarded, t is large
// enough to make H + t I positive definite; where H already is, t stays 0.
static void newton_direction(double p[2], const Surface *s, const Point *a,
                             bool guarded, Cost *cost) {
    double h[3], t = 0;
    s->hessian(a->w[0], a->w[1], h);
    cost->hessians++;
    double lowest = lowest_curvature(h);
    if (guarded && lowest <= 0)
        t = 0.01 * (fabs(h[0]) + fabs(h[2])) - lowest;
    solve(p, (const double[3]){h[0] + t, h[1], h[2] + t}, a->g);
}

// [Nocedal 2006 BFGS] B <- (I - r s y') B (I - r y s') + r s s', 1 / r = s . y
// B [b0 b1; b1 b2] stands for H^-1; s is the last step and y what it did to the
// gradient, and the new B maps y to s as H^-1 does.
static void bfgs_update(double B[3], const double s[2], const double y[2]) {
    double r = 1 / dot(s, y);
    double By[2] = {B[0] * y[0] + B[1] * y[1], B[1] * y[0] + B[2] * y[1]};
    double k = r * (1 + r * dot(y, By));
    B[0] += k * s[0] * s[0] - 2 * r * s[0] * By[0];
    B[1] += k * s[0] * s[1] - r * (s[0] * By[1] + s[1] * By[0]);
    B[2] += k * s[1] * s[1] - 2 * r * s[1] * By[1];
}

// [Nocedal 2006 Polak-Ribiere] beta = max(0, g . (g - last) / |last|^2)
static double polak_ribiere(const double g[2], const double last[2]) {
    double y[2] = {g[0] - last[0], g[1] - last[1]};
    return fmax(0, dot(g, y) / dot(last, last));
}

// ---- 4. Descent -------------------------------------------------------------

static const double close_enough = 1e-8; // |g|
enum { MAX_STEPS = 100000, KEPT = 1000, TAIL = 5 };

typedef struct {
    Cost cost;
    Point end;
    double gradient[KEPT + 1]; // |g| after so many steps
    double path[KEPT + 1][2];
    double tail[TAIL]; // the last few |g|
} Walk;

// What a method remembers from step to step.
typedef struct {
    double B[3];   // BFGS: stands for H^-1
    double p[2];   // CG: the last direction,
    double last_t; // how far it went, and how steep it was
    double last_m;
} Memory;

// Keeps |g| and where we are for the table and the charts.
static void note(Walk *walk, const Point *a) {
    memmove(walk->tail, walk->tail + 1, (TAIL - 1) * sizeof *walk->tail);
    walk->tail[TAIL - 1] = length(a->g);
    if (walk->cost.steps > KEPT)
        return;
    walk->gradient[walk->cost.steps] = length(a->g);
    memcpy(walk->path[walk->cost.steps], a->w, sizeof a->w);
}

// [B gradient descent] w <- w - eta dL/dw
static Point descent_step(const Surface *s, const Point *a, double eta,
                          Cost *cost) {
    return look(s, a->w[0] - eta * a->g[0], a->w[1] - eta * a->g[1], cost);
}

// [B Newton] w <- w - eta H^-1 dL/dw
static Point newton_step(const Surface *s, const Point *a, double eta,
                         Cost *cost) {
    double p[2];
    newton_direction(p, s, a, false, cost);
    return look(s, a->w[0] + eta * p[0], a->w[1] + eta * p[1], cost);
}

// Guarded against saddles and summits, and by a line search instead of eta.
static Point guarded_step(const Surface *s, const Point *a, Cost *cost) {
    double p[2];
    newton_direction(p, s, a, true, cost);
    return line_search(s, a, p, 1, 0.9, cost);
}

// [B quasi-Newton] a positive definite B takes the place of H^-1
static Point bfgs_step(const Surface *s, const Point *a, Memory *m,
                       Cost *cost) {
    const double *B = m->B, *g = a->g;
    double p[2] = {-B[0] * g[0] - B[1] * g[1], -B[1] * g[0] - B[2] * g[1]};
    double t = cost->steps == 0 ? fmin(1, 1 / length(g)) : 1;
    Point b = line_search(s, a, p, t, 0.9, cost);
    double step[2] = {b.w[0] - a->w[0], b.w[1] - a->w[1]};
    double y[2] = {b.g[0] - g[0], b.g[1] - g[1]};
    // [Nocedal 2006 BFGS scaling] B = (s . y) / (y . y) I, before the update
    if (cost->steps == 0)
        m->B[0] = m->B[2] = dot(step, y) / dot(y, y);
    if (dot(step, y) > 0) // the search ensures it, up to rounding
        bfgs_update(m->B, step, y);
    return b;
}

// [B conjugate gradient] conjugate directions instead of H^-1
// beta = 0 drops the last direction and starts afresh.
static Point cg_step(const Surface *s, const Point *a, const double last[2],
                     Memory *m, Cost *cost) {
    double beta = cost->steps == 0 ? 0 : polak_ribiere(a->g, last);
    for (int i = 0; i < 2; i++)
        m->p[i] = -a->g[i] + beta * m->p[i];
    double slope = dot(a->g, m->p), t = 1 / length(a->g);
    if (cost->steps > 0) // as much lower as the last step, to first order
        t = m->last_t * m->last_m / slope;
    Point b = line_search(s, a, m->p, t, 0.1, cost);
    double went[2] = {b.w[0] - a->w[0], b.w[1] - a->w[1]};
    m->last_t = length(went) / length(m->p);
    m->last_m = slope;
    return b;
}

static Point next_point(Method method, const Surface *s, const Point *a,
                        double eta, const double last[2], Memory *memory,
                        Cost *cost) {
    switch (method) {
    case DESCENT:
        return descent_step(s, a, eta, cost);
    case GUARDED:
        return guarded_step(s, a, cost);
    case BFGS:
        return bfgs_step(s, a, memory, cost);
    case CG:
        return cg_step(s, a, last, memory, cost);
    default:
        return newton_step(s, a, eta, cost);
    }
}

// eta: of gradient descent and of Newton's method; the others search a line. A
// walk also ends where numbers do: where |g| is NaN.
static Walk descend(Method method, const Surface *s, double eta) {
    Walk walk = {.cost = {0}};
    Memory memory = {.B = {1, 0, 1}};
    Cost *cost = &walk.cost;
    Point a = look(s, s->start[0], s->start[1], cost);
    double last[2] = {0, 0};
    note(&walk, &a);
    while (length(a.g) >= close_enough && cost->steps < MAX_STEPS) {
        Point b = next_point(method, s, &a, eta, last, &memory, cost);
        memcpy(last, a.g, sizeof last);
        a = b;
        cost->steps++;
        note(&walk, &a);
    }
    walk.end = a;
    return walk;
}

// ---- 5. The table -----------------------------------------------------------

// The largest of 1, 0.5, 0.1, 0.05 ... that goes well.
static const double rate_of[SURFACES] = {
    [BOWL] = 0.01, [ROSENBROCK] = 0.001, [SADDLE] = 0.5, [HOLLOWS] = 0.1};

// What kind of point a walk has ended in.
static const char *kind_of(const Surface *s, const Walk *walk) {
    double h[3];
    s->hessian(walk->end.w[0], walk->end.w[1], h);
    if (!(length(walk->end.g) < close_enough))
        return "not there";
    if (lowest_curvature(h) > 0)
        return walk->end.f < s->lowest + 1e-9 ? "lowest" : "hollow";
    return h[0] * h[2] < h[1] * h[1] ? "saddle" : "summit";
}

// Three decimals, and no "-0.000".
static double tidy(double x) {
    return round(1000 * x) / 1000 + 0.0;
}

static void print_table(const Surface *s, const Walk walks[METHODS],
                        double rate, double eta) {
    printf("%s, from (%g, %g),\ngradient descent with η = %g, Newton with η = "
           "1, damped with η = %g\n\n",
           s->text, s->start[0], s->start[1], rate, eta);
    printf("  %-17s %6s %9s %8s %8s %7s %7s  %s\n", "method", "steps",
           "gradients", "Hessians", "x", "y", "f", "which is");
    for (int k = 0; k < METHODS; k++) {
        const Cost *cost = &walks[k].cost;
        const Point *end = &walks[k].end;
        printf("  %-17s %6d %9d %8d %8.3f %7.3f %7.3f  %s\n", method_name[k],
               cost->steps, cost->gradients, cost->hessians, tidy(end->w[0]),
               tidy(end->w[1]), tidy(end->f), kind_of(s, &walks[k]));
    }
    printf("\n");
}

// The last |g| of three walks: what linear and what quadratic means.
static void print_tails(const Walk walks[METHODS], double eta) {
    const Method shown[] = {DESCENT, DAMPED, GUARDED};
    const char *const text[] = {"halved: linear", "times 1-η: linear",
                                "squared: quadratic"};
    printf("The last |g| of three methods on the saddle's surface, as each "
           "nears its end\n(damped: η = %g):\n\n",
           eta);
    for (int k = 0; k < 3; k++) {
        printf("  %-17s", method_name[shown[k]]);
        for (int i = 0; i < TAIL; i++)
            printf(" %.1e", walks[shown[k]].tail[i]);
        printf("  %s\n", text[k]);
    }
    printf("\nWith η < 1 Newton's method converges as gradient descent does, "
           "by a constant\nfactor in each step; but its factor is 1 - η in "
           "every valley, however narrow.\nQuadratic convergence needs η = 1. "
           "With either η it can end at a saddle.\n\n");
}

// ---- 6. Figures -------------------------------------------------------------

// |g| against steps in the bent valley. Each name stands where its curve ends;
// that of the guarded method left of it, because CG's follows closely.
static void draw_convergence(const Walk walks[METHODS], const char *format) {
    enum { SHOWN = 60 };
    Figure f;
    if (!figure_open(&f, "ch04", "newton_convergence", format))
        return;
    figure_title(&f,
                 "A bent valley takes Newton %d steps, BFGS %d, gradient "
                 "descent %d",
                 walks[NEWTON].cost.steps, walks[BFGS].cost.steps,
                 walks[DESCENT].cost.steps);
    figure_caption(
        &f, "Newton and BFGS bend down: each step gains more digits than the "
            "last. Damped Newton ends as a straight line: linear convergence.");
    figure_x(&f, "step");
    figure_y(&f, "norm of the gradient");
    figure_log(&f, 'y');
    figure_range(&f, 'x', 0.0, SHOWN + 16);
    figure_range(&f, 'y', 1e-10, 1e4);
    figure_panel_size(&f, 640, 340);
    for (int k = 0; k < METHODS; k++) {
        const Walk *walk = &walks[k];
        int last = walk->cost.steps < SHOWN ? walk->cost.steps : SHOWN;
        figure_table(&f, "step,gradient");
        for (int n = 0; n <= last; n++)
            figure_row(&f, n, walk->gradient[n]);
        Pen pen = {.color = (PenColor)(PEN_BLUE + k), .size = 0.5};
        figure_pen(&f, pen);
        figure_linespoints(&f, 1, 2, "");
        bool left = k == GUARDED;
        figure_pen(&f, (Pen){.color = pen.color});
        figure_note(&f, left ? last - 3 : last + 1,
                    left ? 1e-5 : fmax(walk->gradient[last], 1e-9),
                    left ? 'r' : 'l', "%s", method_name[k]);
    }
    figure_close(&f);
}

// What kind of point each method ends at, where there is a saddle.
static void draw_paths(const Walk walks[METHODS], const char *format) {
    Figure f;
    const Surface *s = surface(SADDLE);
    if (!figure_open(&f, "ch04", "newton_paths", format))
        return;
    figure_title(&f, "Newton's method goes to where the gradient is 0: here, "
                     "to the saddle");
    figure_caption(&f, "From the same start, the black point; darker is "
                       "higher. Guarded, Newton's method goes downhill only.");
    figure_share(&f);
    SurfaceMap map = surface_map(&f, surface_height, s, s->range);
    for (int k = 0; k < METHODS; k++) {
        bool saddle = strcmp(kind_of(s, &walks[k]), "saddle") == 0;
        figure_panel(&f, "%s: %s", method_name[k],
                     saddle ? "at the saddle" : "in the valley");
        figure_x(&f, "x");
        figure_y(&f, "y");
        surface_show(&f, &map);
        figure_table(&f, "x,y");
        for (int n = 0; n <= walks[k].cost.steps && n <= KEPT; n++)
            figure_row(&f, walks[k].path[n][0], walks[k].path[n][1]);
        surface_path(&f, 0.5);
    }
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    float eta = 0.5f;
    const Option table[] = {
        option_float("eta", &eta, 0.01, 0.99, "rate of the damped Newton step"),
    };
    cli_parse(&o, "newton",
              "Gradient descent, Newton's method, BFGS and nonlinear conjugate "
              "gradient go down the same four surfaces.",
              table, sizeof table / sizeof *table, argc, argv);
    const double newton_eta[METHODS] = {[NEWTON] = 1, [DAMPED] = (double)eta};
    static Walk walks[SURFACES][METHODS]; // too large for the stack
    for (int i = 0; i < SURFACES; i++) {
        const Surface *s = surface((SurfaceKind)i);
        for (int k = 0; k < METHODS; k++)
            walks[i][k] = descend((Method)k, s,
                                  k == DESCENT ? rate_of[i] : newton_eta[k]);
        if (!o.quiet)
            print_table(s, walks[i], rate_of[i], (double)eta);
    }
    if (!o.quiet)
        print_tails(walks[SADDLE], (double)eta);
    draw_convergence(walks[ROSENBROCK], o.plot);
    draw_paths(walks[SADDLE], o.plot);
    const Walk *valley = walks[ROSENBROCK];
    run_result("surface=rosenbrock gradient_descent_steps=%d "
               "newton_steps=%d damped_steps=%d guarded_steps=%d bfgs_steps=%d "
               "cg_steps=%d",
               valley[DESCENT].cost.steps, valley[NEWTON].cost.steps,
               valley[DAMPED].cost.steps, valley[GUARDED].cost.steps,
               valley[BFGS].cost.steps, valley[CG].cost.steps);
    return run_end();
}
