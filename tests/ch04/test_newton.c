// The line search's promise, each method's defining property, and where each
// one ends on the four surfaces.

#define main newton_main
#include "ch04_optimizers/newton.c"
#undef main

#include "figures.h"
#include "tables.h"
#include "testing.h"

// H p = -g, put in again. The numbers are of order 100, so a few ulp of 100.
START_TEST(newton_solves_its_equations) {
    const double h[3] = {7, -3, 40}, g[2] = {5, -11};
    double p[2];
    solve(p, h, g);
    ck_assert_double_eq_tol(h[0] * p[0] + h[1] * p[1], -g[0], 1e-13);
    ck_assert_double_eq_tol(h[1] * p[0] + h[2] * p[1], -g[1], 1e-13);
    // eigenvalues of [2 1; 1 2] are 1 and 3
    ck_assert_double_eq_tol(lowest_curvature((const double[3]){2, 1, 2}), 1,
                            1e-15);
}
END_TEST

// Both of Wolfe's conditions, along the gradient, from points all over each
// surface and from first steps that are far too short and far too long.
START_TEST(line_search_keeps_wolfe) {
    const double steps[] = {1e-6, 1e-2, 1, 1e3}, c[] = {0.1, 0.9};
    int searches = 0;
    for (int i = 0; i < SURFACES; i++)
        for (int n = 0; n < 25; n++)
            for (int k = 0; k < 8; k++) {
                const Surface *s = surface((SurfaceKind)i);
                Cost cost = {0};
                double x = -1.3 + 0.63 * (n % 5), y = -1.1 + 0.57 * (n / 5);
                Point a = look(s, x, y, &cost);
                double p[2] = {-a.g[0], -a.g[1]}, m = dot(a.g, p);
                Point b = line_search(s, &a, p, steps[k / 2], c[k % 2], &cost);
                double t = ((b.w[0] - x) * p[0] + (b.w[1] - y) * p[1]) / -m;
                ck_assert_double_le(b.f, a.f + 0.99e-4 * t * m + 1e-14);
                ck_assert_double_le(fabs(dot(b.g, p)), -1.0001 * c[k % 2] * m);
                ck_assert_int_le(cost.gradients, 60);
                searches++;
            }
    ck_assert_int_eq(searches, SURFACES * 25 * 8);
}
END_TEST

// B y = s, the secant equation; B stays symmetric by construction.
START_TEST(bfgs_maps_y_to_s) {
    double B[3] = {2, 0.5, 1}, s[2] = {0.3, -0.7}, y[2] = {1.1, -0.4};
    bfgs_update(B, s, y);
    ck_assert_double_eq_tol(B[0] * y[0] + B[1] * y[1], s[0], 1e-14);
    ck_assert_double_eq_tol(B[1] * y[0] + B[2] * y[1], s[1], 1e-14);
    ck_assert_double_gt(lowest_curvature(B), 0);
}
END_TEST

// [B quasi-Newton] B is positive definite, in every step, from points
// all over each surface. The smaller eigenvalue is compared with rounding
// errors of the larger one.
START_TEST(bfgs_stays_positive_definite) {
    int steps = 0;
    for (int i = 0; i < SURFACES; i++)
        for (int n = 0; n < 25; n++) {
            const Surface *s = surface((SurfaceKind)i);
            Cost cost = {0};
            Memory memory = {.B = {1, 0, 1}};
            Point a =
                look(s, -1.3 + 0.63 * (n % 5), -1.1 + 0.57 * (n / 5), &cost);
            for (; length(a.g) >= close_enough && cost.steps < 200; steps++) {
                a = bfgs_step(s, &a, &memory, &cost);
                cost.steps++;
                ck_assert_double_gt(lowest_curvature(memory.B),
                                    1e-15 * (memory.B[0] + memory.B[2]));
            }
            ck_assert_double_lt(length(a.g), close_enough);
        }
    ck_assert_int_gt(steps, SURFACES * 25);
}
END_TEST

// [B Newton] w - eta H^-1 g. On the bowl, whose H is constant, a step leaves
// 1 - eta of w: |g| after n steps is that power of the first one.
START_TEST(eta_scales_newtons_step) {
    const double etas[] = {0.25, 0.5, 0.9};
    for (int k = 0; k < 3; k++) {
        Walk walk = descend(DAMPED, surface(BOWL), etas[k]);
        ck_assert_int_gt(walk.cost.steps, 5);
        for (int n = 0; n <= 5; n++)
            for (int i = 0; i < 2; i++)
                ck_assert_double_eq_tol(walk.path[n][i],
                                        pow(1 - etas[k], n) * walk.path[0][i],
                                        1e-14);
    }
    // Near any level point the factor is the same: linear, not quadratic.
    Walk walk = descend(DAMPED, surface(ROSENBROCK), 0.5);
    double factor = walk.tail[TAIL - 1] / walk.tail[TAIL - 2];
    ck_assert_double_eq_tol(factor, 0.5, 1e-6);
}
END_TEST

// [Nocedal 2006 Polak-Ribiere] what would be negative is 0: a new beginning.
START_TEST(polak_ribiere_forgets) {
    const double g[2] = {1, 2}, last[2] = {3, 1};
    // g . (g - last) = 1 * -2 + 2 * 1 = 0, of 10
    ck_assert_double_eq(polak_ribiere(g, last), 0);
    ck_assert_double_eq(polak_ribiere(last, g), 1); // 3 * 2 + 1 * -1 = 5, of 5
    const double half[2] = {1.5, 0.5};              // the same direction
    ck_assert_double_eq(polak_ribiere(half, last), 0);
}
END_TEST

// A parabola is Newton's own: one step. CG with an exact line search needs as
// many steps as there are weights; on a parabola our search is exact.
START_TEST(bowl_takes_one_step) {
    ck_assert_int_eq(descend(NEWTON, surface(BOWL), 1).cost.steps, 1);
    ck_assert_int_eq(descend(GUARDED, surface(BOWL), 0).cost.steps, 1);
    ck_assert_int_eq(descend(CG, surface(BOWL), 0).cost.steps, 2);
}
END_TEST

// All arrive; only Newton's plain step, which does not know down from up, in a
// place that is no minimum.
START_TEST(where_they_end) {
    for (int i = 0; i < SURFACES; i++)
        for (int k = 0; k < METHODS; k++) {
            const Surface *s = surface((SurfaceKind)i);
            const double eta[METHODS] = {rate_of[i], 1, 0.5};
            Walk walk = descend((Method)k, s, eta[k]);
            bool plain = k == NEWTON || k == DAMPED;
            bool lost = plain && (i == SADDLE || i == HOLLOWS);
            ck_assert_double_lt(length(walk.end.g), 1e-8);
            ck_assert_str_eq(kind_of(s, &walk), lost           ? "saddle"
                                                : i == HOLLOWS ? "hollow"
                                                               : "lowest");
        }
}
END_TEST

// Near Rosenbrock's minimum: gradient descent's |g| falls by a constant factor,
// 1 - 0.001 * 0.3994 (the Hessian's smaller eigenvalue there); Newton's error
// is squared, e' <= C e^2, with the C of the step before.
START_TEST(linear_and_quadratic) {
    Walk walk = descend(DESCENT, surface(ROSENBROCK), 0.001);
    double factor = walk.tail[TAIL - 1] / walk.tail[TAIL - 2];
    ck_assert_double_eq_tol(factor, 1 - 0.001 * 0.39936, 1e-6);
    ck_assert_int_gt(walk.cost.steps, 10000);

    Surface near = *surface(SADDLE);
    near.start[0] = 0;
    near.start[1] = 1.1; // y' = 2 y^3 / (3 y^2 - 1): e' = 3/2 e^2 + O(e^3)
    Walk newton = descend(NEWTON, &near, 1);
    for (int n = 0; n < 3; n++) {
        double e = newton.path[n][1] - 1, next = newton.path[n + 1][1] - 1;
        // the next term, -7/2 e^3, is at most that part of 3/2 e^2; and ulp
        ck_assert_double_eq_tol(next, 1.5 * e * e, 4 * e * e * e + 1e-15);
        ck_assert_double_gt(next, 0);
    }
}
END_TEST

// What each method asks for: gradient descent a gradient a step and one at the
// start, Newton's method a Hessian, BFGS and CG no Hessian. With eta = 0.9 the
// damped step leaves a tenth of |g| (two digits are printed), and the guarded
// one, which converges quadratically, less than a tenth.
START_TEST(the_table_counts_what_was_asked) {
    Run run = run_program("newton --plot none --eta 0.9");
    const char *table = from_line(run.output, "method");
    for (int k = 0; k < METHODS; k++) {
        const char *row = method_name[k];
        double steps = table_number(table, row, 0),
               gradients = table_number(table, row, 1),
               hessians = table_number(table, row, 2);
        bool newtons = k == NEWTON || k == DAMPED || k == GUARDED;
        ck_assert_double_eq(hessians, newtons ? steps : 0);
        ck_assert_double_gt(gradients, steps);
        if (k == DESCENT)
            ck_assert_double_eq(gradients, steps + 1);
    }

    const char *tails = after_text(run.output, "|g| "),
               *damped = method_name[DAMPED], *guarded = method_name[GUARDED];
    ck_assert_double_eq_tol(table_number(tails, damped, 4) /
                                table_number(tails, damped, 3),
                            0.1, 0.01);
    ck_assert_double_lt(table_number(tails, guarded, 4),
                        0.01 * table_number(tails, guarded, 3));
}
END_TEST

// Over the saddle all paths begin at the start; Newton's two end at (0, 0), the
// others at (0, 1) or (0, -1), as their panels say.
START_TEST(draws_where_each_method_ends) {
    static double x[KEPT + 1], y[KEPT + 1];
    const char *csv = "out/ch04/newton_paths.csv",
               *file = "out/ch04/newton_paths.fig";
    run_for_charts("newton --quiet");
    for (int k = 0; k < METHODS; k++) {
        bool saddle = k == NEWTON || k == DAMPED;
        char panel[64];
        int last = chart_column(csv, k + 1, "x", x, KEPT + 1) - 1;
        chart_column(csv, k + 1, "y", y, KEPT + 1);
        ck_assert_double_eq_tol(x[0], surface(SADDLE)->start[0], 1e-6);
        ck_assert_double_eq_tol(y[0], surface(SADDLE)->start[1], 1e-6);
        ck_assert_double_eq_tol(x[last], 0.0, 1e-6);
        ck_assert_double_eq_tol(fabs(y[last]), !saddle, 1e-6);
        snprintf(panel, sizeof panel, "%s: %s", method_name[k],
                 saddle ? "at the saddle" : "in the valley");
        ck_assert_str_eq(panel_of(file, k + 1), panel);
        assert_mark(file, k + 1, "linespoints", "x", "y", "");
    }
}
END_TEST

// Each name stands near the end of its curve, which has a point for each step
// and one before them; gradient descent's is cut off.
START_TEST(draws_each_curve_by_its_name) {
    const int steps[METHODS] = {60, 6, 56, 25, 42, 28};
    double step[64];
    run_for_charts("newton --quiet");
    for (int k = 0; k < METHODS; k++) {
        const char *file = "out/ch04/newton_convergence.fig";
        ck_assert_int_eq(chart_column("out/ch04/newton_convergence.csv", k,
                                      "step", step, 64),
                         steps[k] + 1);
        ck_assert_str_eq(figure_words(file, "note", k), method_name[k]);
        ck_assert_double_eq_tol(figure_attribute(file, "note", k, "x"),
                                steps[k], 3.5);
        assert_mark(file, k, "linespoints", "step", "gradient", "");
    }
    ck_assert_str_eq(
        figure_words("out/ch04/newton_convergence.fig", "title", 0),
        "A bent valley takes Newton 6 steps, BFGS 42, gradient descent 43605");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("newton");
    ck_assert_str_eq(run.output,
                     "result: surface=rosenbrock gradient_descent_steps=43605 "
                     "newton_steps=6 damped_steps=56 guarded_steps=25 "
                     "bfgs_steps=42 cg_steps=28\n");
    ck_assert_int_eq(run_program("newton --eta 1").status, 2);
}
END_TEST

int main(void) {
    const Test tests[] = {{newton_solves_its_equations},
                          {line_search_keeps_wolfe},
                          {bfgs_maps_y_to_s},
                          {bfgs_stays_positive_definite},
                          {eta_scales_newtons_step},
                          {polak_ribiere_forgets},
                          {bowl_takes_one_step},
                          {where_they_end},
                          {linear_and_quadratic},
                          {the_table_counts_what_was_asked},
                          {draws_where_each_method_ends},
                          {draws_each_curve_by_its_name},
                          {prints_its_result}};
    return run_tests("newton", tests, sizeof tests / sizeof *tests);
}
