// chain_rule.c - slopes along a chain multiply (链式求导法则)
//
// z depends on t and t depends on x: if t moves twice as fast as x and z three
// times as fast as t, then z moves six times as fast as x. So each step of a
// computation needs only its own slope, the local derivative (局部导数). It
// receives the derivative of the result with respect to its output,
// multiplies, and passes the product on.
//
// Source: C, the chain rule and what nodes do backward.
// Run: make chain_rule && ./chain_rule
// Ends with: result: z=9 dz_dt=6 dz_dx=6 dz_dy=6
//
// Contents: 1 nodes, backward  2 the chain  3 tables  4 figure  5 main

#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. Nodes, backward -----------------------------------------------------

// All derivatives are those of the final result: dz is what arrives at a node
// from its output, dx and dy are what leaves it through its inputs.

// z moves as fast as x or y: both local derivatives are 1.
// [C add node] z = x + y: dx = dz, dy = dz
static void add_backward(double *dx, double *dy, double dz) {
    *dx = dz;
    *dy = dz;
}

// z moves y times as fast as x: the inputs swap places.
// [C mul node] z = x y: dx = dz y, dy = dz x
static void mul_backward(double *dx, double *dy, double dz, double x,
                         double y) {
    *dx = dz * y;
    *dy = dz * x;
}

// The lecture's signal E is dz here. A node multiplies it by its own slope.
// [C local derivative] dt = E dz/dt
// [C power node] z = t^2: dz/dt = 2t
static double square_backward(double dz, double t) {
    return dz * 2.0 * t;
}

// The same from a multiply node whose inputs are both t: one arrow that forks.
// What comes back through the two branches is added, and t + t = 2t.
static double fork_backward(double dz, double t) {
    double left, right;
    mul_backward(&left, &right, dz, t, t);
    return left + right;
}

// ---- 2. The chain -----------------------------------------------------------

typedef struct {
    double x, y, t, z;     // forward
    double dx, dy, dt, dz; // backward
} Chain;

static void chain_forward(Chain *c, double x, double y) {
    c->x = x;
    c->y = y;
    c->t = c->x + c->y;
    c->z = c->t * c->t;
}

// [C chain rule] dz/dx = dz/dt dt/dx = 2t * 1 = 2(x + y)
static void chain_backward(Chain *c) {
    c->dz = 1.0; // dz/dz
    c->dt = square_backward(c->dz, c->t);
    add_backward(&c->dx, &c->dy, c->dt);
}

// What the chain rule has to agree with: z from both sides of x.
static double slope_by_differences(double x, double y, double h) {
    Chain up, down;
    chain_forward(&up, x + h, y);
    chain_forward(&down, x - h, y);
    return (up.z - down.z) / (2.0 * h);
}

// ---- 3. Tables --------------------------------------------------------------

static void print_chain(const Chain *c) {
    printf("z = t^2, t = x + y\n\n"
           "       value dz/d(value)\n"
           "  z %9g  %9g   dz/dz: the backward pass starts with 1\n"
           "  t %9g  %9g   times the slope of z = t^2, 2t = %g\n"
           "  x %9g  %9g   times the slope of t = x + y, 1\n"
           "  y %9g  %9g   likewise\n\n",
           c->z, c->dz, c->t, c->dt, 2.0 * c->t, c->x, c->dx, c->y, c->dy);
    printf("  dz/dx = 2(x + y)        %9g\n"
           "  by differences, h = 1e-4 %14.6f\n"
           "  z = t * t, one arrow forked: dz/dt = t + t = %g\n\n",
           2.0 * (c->x + c->y), slope_by_differences(c->x, c->y, 1e-4),
           fork_backward(c->dz, c->t));
}

// One node of each kind receives the same signal.
static void print_nodes(double x, double y, double signal) {
    double dx, dy;
    printf("A signal of %g arrives at a node with x = %g and y = %g\n\n",
           signal, x, y);
    add_backward(&dx, &dy, signal);
    printf("  x + y   passes %4g to x and %4g to y: unchanged\n", dx, dy);
    mul_backward(&dx, &dy, signal, x, y);
    printf("  x * y   passes %4g to x and %4g to y: times the other input\n\n",
           dx, dy);
}

// ---- 4. The figure ----------------------------------------------------------

// A panel: a curve of two columns, its tangent (0: it is a line itself), and the
// point where they touch.
static void draw_panel(Figure *f, int x, int y, int tangent) {
    static const char *const names[] = {"", "x", "t", "z"};
    figure_use(f, 0);
    figure_x(f, "%s", names[x]);
    figure_y(f, "%s", names[y]);
    figure_step(f, 'x', 1.0);
    figure_lines(f, x, y, "");
    if (tangent > 0) {
        figure_pen(f, (Pen){.color = PEN_VERMILION, .solid = true});
        figure_lines(f, x, tangent, "");
    }
    figure_use(f, 1);
    figure_pen(f, (Pen){.color = PEN_BLACK, .point = POINT_DOT, .size = 1.4});
    figure_points(f, x, y, "");
}

static void draw(const Chain *c, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch03", "chain_rule", format))
        return;
    figure_title(&f, "Slopes along the chain multiply: 1 × %.4g = %.4g", c->dt,
                 c->dx);
    figure_caption(&f, "Each step alone, then both together; the red tangents "
                       "touch the curves at the black points.");
    figure_table(&f, "x,t,z,tangent over t,tangent over x");
    for (int i = -40; i <= 40; i++) {
        Chain near;
        chain_forward(&near, c->x + i / 20.0, c->y);
        figure_row(&f, near.x, near.t, near.z, c->z + c->dt * (near.t - c->t),
                   c->z + c->dx * (near.x - c->x));
    }
    figure_table(&f, "x,t,z");
    figure_row(&f, c->x, c->t, c->z);

    figure_panel(&f, "t = x + y: slope 1");
    draw_panel(&f, 1, 2, 0);
    figure_panel(&f, "z = t²: slope %.4g", c->dt);
    draw_panel(&f, 2, 3, 4);
    figure_panel(&f, "z = (x + y)²: slope %.4g", c->dx);
    draw_panel(&f, 1, 3, 5);
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    float x = 2.0f, y = 1.0f;
    const Option table[] = {
        option_float("x", &x, -1000.0, 1000.0, "where to take the derivative"),
        option_float("y", &y, -1000.0, 1000.0, "and the other input"),
    };
    cli_parse(&o, "chain_rule",
              "The chain rule on z = t^2, t = x + y, and what an add node and "
              "a multiply node do backward.",
              table, sizeof table / sizeof *table, argc, argv);
    Chain chain;
    chain_forward(&chain, (double)x, (double)y);
    chain_backward(&chain);
    if (!o.quiet) {
        print_chain(&chain);
        print_nodes(10.0, 5.0, 1.3);
    }
    draw(&chain, o.plot);
    run_result("z=%g dz_dt=%g dz_dx=%g dz_dy=%g", chain.z, chain.dt, chain.dx,
               chain.dy);
    return run_end();
}
