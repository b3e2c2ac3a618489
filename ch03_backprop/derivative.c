// derivative.c - the slope of a curve as a limit (导数)
//
// A derivative is what (f(x + h) - f(x)) / h tends to as the step h goes to 0:
// the slope of the tangent. A computer has to stop before 0, and where it stops
// matters: a large step cuts the curve off (truncation), a tiny one takes the
// difference of two numbers that agree in nearly all their digits (rounding).
// Hence the best step, and the better formula that looks to both sides.
//
// Source: C, derivatives and partial derivatives (偏导数) with their examples;
// the central difference is in no lecture: Nocedal & Wright 2006.
// Run: make derivative && ./derivative
// Ends with: result: slope_at_1=2.0001 slope_at_2=4.0001 df_dx=8 df_dy=7 ...
//
// Contents: 1 difference quotients  2 the lecture's functions  3 the error
//           4 tables  5 figures  6 main

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "figure.h"
#include "run.h"

// ---- 1. Difference quotients ------------------------------------------------

// The lecture's step is dx, its quotient dy/dx; here the limit stops at h > 0.
// [C derivative] f'(x) = lim (f(x + h) - f(x)) / h for h -> 0
static double forward_difference(double (*f)(double), double x, double h) {
    return (f(x + h) - f(x)) / h;
}

// Both sides of x: the curve's bend makes one side too steep and the other too
// flat, and in the middle that cancels.
// [Nocedal 2006 central difference] f'(x) ~ (f(x + h) - f(x - h)) / 2h
static double central_difference(double (*f)(double), double x, double h) {
    return (f(x + h) - f(x - h)) / (2.0 * h);
}

enum { VARIABLES = 3 }; // x, y, z

// Only variable i moves; the others are held constant.
// [C partial derivative] df/dv_i ~ (f(.. v_i + h ..) - f(.. v_i - h ..)) / 2h
static double partial_difference(double (*f)(const double *v), const double *v,
                                 int i, double h) {
    double up[VARIABLES], down[VARIABLES];
    memcpy(up, v, sizeof up);
    memcpy(down, v, sizeof down);
    up[i] += h;
    down[i] -= h;
    return (f(up) - f(down)) / (2.0 * h);
}

// ---- 2. The lecture's functions ---------------------------------------------

// y = x^2 + 1, whose derivative is 2x.
static double parabola(double x) {
    return x * x + 1.0;
}

// f(x, y, z) = x^2 + 3xy + y^2 + z^3
static double polynomial(const double *v) {
    double x = v[0], y = v[1], z = v[2];
    return x * x + 3.0 * x * y + y * y + z * z * z;
}

// [C partials] df/dx = 2x + 3y,  df/dy = 3x + 2y,  df/dz = 3z^2
static void polynomial_gradient(double *d, const double *v) {
    double x = v[0], y = v[1], z = v[2];
    d[0] = 2.0 * x + 3.0 * y;
    d[1] = 3.0 * x + 2.0 * y;
    d[2] = 3.0 * z * z;
}

// ---- 3. The error, step by step ---------------------------------------------

// Four ways to the slope of exp. exp is its own derivative, so the relative
// error is known: h / 2 for the forward quotient, h^2 / 6 for the central one.
static double forward_float(double at, double step) {
    float x = (float)at, h = (float)step;
    return (double)((expf(x + h) - expf(x)) / h);
}

static double central_float(double at, double step) {
    float x = (float)at, h = (float)step;
    return (double)((expf(x + h) - expf(x - h)) / (2.0f * h));
}

static double forward_double(double x, double h) {
    return forward_difference(exp, x, h);
}

static double central_double(double x, double h) {
    return central_difference(exp, x, h);
}

enum { METHODS = 4, STEPS = 65, POINTS = 16 };

// Truncation grows like h^order, rounding like epsilon / h. Their sum is least
// where both are about the same: at h = epsilon^(1 / (order + 1)).
typedef struct {
    const char *name;
    double (*quotient)(double x, double h);
    double epsilon; // distance from 1 to the next number
    int order;
} Method;

static void list_methods(Method method[METHODS]) {
    const Method list[METHODS] = {
        {"float forward", forward_float, (double)FLT_EPSILON, 1},
        {"float central", central_float, (double)FLT_EPSILON, 2},
        {"double forward", forward_double, DBL_EPSILON, 1},
        {"double central", central_double, DBL_EPSILON, 2},
    };
    memcpy(method, list, sizeof list);
}

// Step number i: from 1 down to 1e-16, four to a power of ten.
static double step_size(int i) {
    return pow(10.0, -i / 4.0);
}

// Mean of |quotient - slope| / slope over points between 1 and 2: at a single
// point the rounding error may happen to be 0.
static double relative_error(const Method *method, double h) {
    double sum = 0.0;
    for (int p = 0; p < POINTS; p++) {
        double x = 1.0 + (p + 0.5) / POINTS, slope = exp(x);
        sum += fabs(method->quotient(x, h) - slope) / slope;
    }
    return sum / POINTS;
}

static double best_step(const Method *method) {
    int best = 0;
    for (int i = 1; i < STEPS; i++)
        if (relative_error(method, step_size(i)) <
            relative_error(method, step_size(best)))
            best = i;
    return step_size(best);
}

// ---- 4. Tables --------------------------------------------------------------

// As the lecture writes it, dy rounded to the step's last digit.
static double rounded_rise(double x, double h) {
    return round((parabola(x + h) - parabola(x)) / h) * h;
}

// [C slope at 1] x0 = 1, y0 = 2; x1 = 1.0001, y1 = 2.00020001; dy/dx ~ 2
// [C slope at 2] x0 = 2, y0 = 5; x1 = 2.0001, y1 = 5.00040001; dy/dx ~ 4
static void print_slopes(double h) {
    printf("y = x^2 + 1, from x0 to x1 = x0 + %g\n\n"
           "  x0  y0 %11s %12s %10s      dy rounded   %9s  2x\n",
           h, "x1", "y1", "dy/dx", "central");
    for (int x = 1; x <= 2; x++)
        printf("  %2d %3g %11.9g %12.9g %10.6f   %6g/%g = %g %9.6f %3d\n", x,
               parabola(x), x + h, parabola(x + h),
               forward_difference(parabola, x, h), rounded_rise(x, h), h,
               rounded_rise(x, h) / h, central_difference(parabola, x, h),
               2 * x);
    printf("\ndy/dx is the slope 2x plus the step. Rounded as in the lecture, "
           "dy is\n%g and %g, without the step; in the central difference the "
           "step cancels.\n",
           rounded_rise(1, h), rounded_rise(2, h));
}

static void print_partials(const double *v, double h) {
    static const char *const formula[VARIABLES] = {
        "df/dx = 2x + 3y", "df/dy = 3x + 2y", "df/dz = 3z^2"};
    double d[VARIABLES];
    polynomial_gradient(d, v);
    printf("\nf = x^2 + 3xy + y^2 + z^3 at (%g, %g, %g)\n\n  %-16s %8s %13s\n",
           v[0], v[1], v[2], "", "formula", "central");
    for (int i = 0; i < VARIABLES; i++)
        printf("  %-16s %8g %13.8f\n", formula[i], d[i],
               partial_difference(polynomial, v, i, h));
}

static void print_best_steps(const Method method[METHODS]) {
    printf("\nThe slope of exp: which step is best?\n\n  %-16s %9s %14s %9s\n",
           "", "best step", "error there", "theory");
    for (int m = 0; m < METHODS; m++) {
        double h = best_step(&method[m]);
        printf("  %-16s %9.1e %14.1e %9.1e = epsilon^(1/%d)\n", method[m].name,
               h, relative_error(&method[m], h),
               pow(method[m].epsilon, 1.0 / (method[m].order + 1)),
               method[m].order + 1);
    }
    printf("\n");
}

// ---- 5. Figures -------------------------------------------------------------

// The line through (at, f(at)) with that slope.
static double line(double at, double slope, double x) {
    return parabola(at) + slope * (x - at);
}

static void draw_tangents(double h, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch03", "derivative_tangent", format))
        return;
    double slope1 = forward_difference(parabola, 1.0, h);
    double slope2 = forward_difference(parabola, 2.0, h);
    double secant = forward_difference(parabola, 1.0, 1.0);
    figure_title(&f,
                 "The slope at x = 1 is %g with a step of 1, and %.5g with "
                 "a step of %g",
                 secant, slope1, h);
    figure_caption(&f, "The shorter the step, the closer the line through the "
                       "curve's two points is to the tangent.");
    figure_table(&f, "x,y = x² + 1,tangent at x = 1,tangent at x = 2,"
                     "secant with step 1");
    for (int i = 0; i <= 60; i++) {
        double x = -0.5 + i * 3.5 / 60.0;
        figure_row(&f, x, parabola(x), line(1.0, slope1, x),
                   line(2.0, slope2, x), line(1.0, secant, x));
    }
    figure_x(&f, "x");
    figure_y(&f, "y");
    figure_range(&f, 'y', -1.5, 10.0);
    figure_lines(&f, 1, 2, "y = x² + 1");
    figure_lines(&f, 1, 3, "at x = 1, step %g: slope %.5g", h, slope1);
    figure_lines(&f, 1, 4, "at x = 2, step %g: slope %.5g", h, slope2);
    figure_lines(&f, 1, 5, "at x = 1, step 1: slope %g", secant);

    figure_table(&f, "x,y");
    figure_row(&f, 1.0, parabola(1.0));
    figure_row(&f, 2.0, parabola(2.0));
    figure_pen(&f, (Pen){.color = PEN_BLACK, .point = POINT_DOT, .size = 1.4});
    figure_points(&f, 1, 2, "");
    figure_close(&f);
}

// A panel for each precision, both on the same scales.
static void draw_errors(const Method method[METHODS], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch03", "derivative_error", format))
        return;
    figure_title(&f, "Too large a step has truncation error, too small a step "
                     "rounding error");
    figure_caption(
        &f, "The error of the slope of exp against the step, on logarithmic "
            "axes; each curve is lowest at its best step.");
    figure_table(&f, "step,float forward,float central,double forward,"
                     "double central");
    for (int i = 0; i < STEPS; i++) {
        double h = step_size(i), e[METHODS];
        for (int m = 0; m < METHODS; m++)
            e[m] = relative_error(&method[m], h);
        figure_row(&f, h, e[0], e[1], e[2], e[3]);
    }
    figure_share(&f);
    for (int m = 0; m < METHODS; m += 2) {
        figure_panel(&f, "%s: best steps %.0e and %.0e",
                     m == 0 ? "float" : "double", best_step(&method[m]),
                     best_step(&method[m + 1]));
        figure_x(&f, "step h");
        figure_y(&f, "relative error of the slope");
        figure_log(&f, 'x');
        figure_log(&f, 'y');
        figure_range(&f, 'y', 1e-14, 30.0);
        figure_lines(&f, 1, m + 2, "forward");
        figure_lines(&f, 1, m + 3, "central");
        figure_note(&f, 2e-16, 1e-13, 'l', "← rounding");
        figure_note(&f, 1.0, 1e-13, 'r', "truncation →");
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    float step = 1e-4f;
    const Option table[] = {
        option_float("step", &step, 1e-12, 1.0, "the step h of the quotients"),
    };
    cli_parse(&o, "derivative",
              "Slopes as difference quotients, beside the formulas, and how "
              "the step decides their error.",
              table, 1, argc, argv);
    const double h = (double)step, at[VARIABLES] = {1.0, 2.0, 3.0};
    Method method[METHODS];
    list_methods(method);
    if (!o.quiet) {
        print_slopes(h);
        print_partials(at, h);
        print_best_steps(method);
    }
    draw_tangents(h, o.plot);
    draw_errors(method, o.plot);
    run_result("slope_at_1=%.6g slope_at_2=%.6g df_dx=%.6g df_dy=%.6g "
               "df_dz=%.6g",
               forward_difference(parabola, 1.0, h),
               forward_difference(parabola, 2.0, h),
               partial_difference(polynomial, at, 0, h),
               partial_difference(polynomial, at, 1, h),
               partial_difference(polynomial, at, 2, h));
    return run_end();
}
