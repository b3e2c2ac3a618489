// The worked vectors, the shape of the balls, and the corner by search.

#define main norms_main
#include "ch05_regularization/norms.c"
#undef main

#include <stdlib.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

// (3, -4) by hand. L2 takes four small weights for one large, L1 does not.
START_TEST(worked_vectors) {
    const double x[] = {3, -4};
    ck_assert_double_eq(norm_l0(x, 2), 2);
    ck_assert_double_eq(norm_l1(x, 2), 7);
    ck_assert_double_eq(norm_l2(x, 2), 5);
    ck_assert_double_eq(norm_inf(x, 2), 4);
    // the cube root of 27 + 64
    ck_assert_double_eq_tol(norm_lp(x, 2, 3), 4.497941445275415, 1e-14);
    ck_assert_double_eq_tol(norm_lp(x, 2, 1), 7, 1e-14);
    ck_assert_double_eq_tol(norm_lp(x, 2, 2), 5, 1e-14);
    const double ones[] = {1, 1, 1, 1}, sparse[] = {2, 0, 0, 0};
    ck_assert_double_eq(norm_l2(ones, 4), norm_l2(sparse, 4));
    ck_assert_double_eq(norm_l1(ones, 4), 2 * norm_l1(sparse, 4));
    ck_assert_double_eq(norm_l0(sparse, 4), 1);
}
END_TEST

// Of a fixed vector Lp only falls with p, to L-infinity, and does not overflow.
START_TEST(lp_falls_to_linf) {
    const double x[] = {3e200, -4e200, 1e199}, zero[] = {0, 0};
    double before = HUGE_VAL;
    for (double p = 0.5; p <= 1024; p *= 2) {
        double norm = norm_lp(x, 3, p);
        ck_assert(isfinite(norm));
        ck_assert_double_le(norm, before);
        before = norm;
    }
    ck_assert_double_eq(before, norm_inf(x, 3));
    ck_assert_double_eq(norm_lp(zero, 2, 3), 0);
}
END_TEST

// A norm obeys the triangle inequality; p = 0.5 breaks it.
START_TEST(half_is_no_norm) {
    const double x[] = {1, 0}, y[] = {0, 1}, sum[] = {1, 1};
    for (double p = 1; p <= 4; p++)
        ck_assert_double_le(norm_lp(sum, 2, p),
                            norm_lp(x, 2, p) + norm_lp(y, 2, p));
    ck_assert_double_eq_tol(norm_lp(sum, 2, 0.5), 4, 1e-14);
}
END_TEST

START_TEST(balls_have_radius_one) {
    const double p[] = {0.5, 1, 2, 4};
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 720; i++) {
            Point at = on_ball(i * 0.5, p[k]);
            double x[] = {at.x, at.y};
            ck_assert_double_eq_tol(norm_lp(x, 2, p[k]), 1, 1e-12);
        }
}
END_TEST

// No point of the border is nearer to the bowl's bottom than the touch.
START_TEST(touch_is_the_nearest_point) {
    for (int i = 0; i < 360; i += 8) {
        Point bottom = bottom_at(i + 0.5, 2.0);
        Point touch[] = {touch_l1(bottom), touch_l2(bottom)};
        for (int p = 1; p <= 2; p++) {
            Point w = touch[p - 1];
            double x[] = {w.x, w.y};
            ck_assert_double_eq_tol(norm_lp(x, 2, p), 1, 1e-12);
            double least = hypot(w.x - bottom.x, w.y - bottom.y);
            for (int k = 0; k < 900; k++) {
                Point q = on_ball(k * 0.4, p);
                ck_assert_double_ge(hypot(q.x - bottom.x, q.y - bottom.y),
                                    least - 1e-12);
            }
        }
    }
}
END_TEST

// A corner is nearest where cos a - sin a >= 1 / d for the angle a to the next
// axis, so for a <= acos(1 / (d sqrt 2)) - 45 of 45 degrees. Counting may err
// by one direction at each of the 8 limits.
START_TEST(corners_by_formula) {
    for (double d = 1.25; d <= 10; d *= 2) {
        double part = acos(1 / (d * sqrt(2))) * 4 / PI - 1;
        ck_assert_double_eq_tol(zeros(touch_l1, d), part, 8.0 / DIRECTIONS);
        ck_assert_double_eq(zeros(touch_l2, d), 0);
    }
}
END_TEST

// Panel number `panel`: its title, which ball it fills, where the bowl touches
// it, and the outermost of three circles, which goes through that point.
static void assert_panel(int panel, const char *title, const char *x,
                         const char *y, Point touch) {
    enum { CIRCLE = 121 };
    const char *figure = "out/ch05/norms_corner.fig",
               *file = "out/ch05/norms_corner.csv";
    const int circles = 1 + 2 * panel, points = circles + 1; // their tables
    double at_x[3 * CIRCLE], at_y[3 * CIRCLE];
    ck_assert_str_eq(panel_of(figure, points), title);
    assert_mark(figure, 0, "area", x, y, "");
    ck_assert_double_eq(figure_attribute(figure, "area", panel, "x"),
                        1 + 2 * panel);
    assert_column(file, points, "touch x", &touch.x, 1, 1e-5);
    assert_column(file, points, "touch y", &touch.y, 1, 1e-5);
    assert_column(file, points, "bottom x", (double[]){0.5}, 1, 0);
    assert_mark(figure, points, "points", "touch x", "touch y", "");
    ck_assert_int_eq(chart_column(file, circles, "x", at_x, 3 * CIRCLE),
                     3 * CIRCLE);
    chart_column(file, circles, "y", at_y, 3 * CIRCLE);
    double radius = hypot(0.5 - touch.x, 1.7 - touch.y);
    for (int i = 0; i < 3 * CIRCLE; i++)
        ck_assert_double_eq_tol(hypot(at_x[i] - 0.5, at_y[i] - 1.7),
                                radius * (i / CIRCLE + 1) / 3, 1e-5);
}

// Numbers of the tables, each in the column of its norm, and the balls: all of
// L1's points have |x| + |y| = 1, all of L2's x^2 + y^2 = 1. Of the two, only
// L1 is ever touched at a corner; from (0.5, 1.7) that is (0, 1).
START_TEST(shows_each_norm_by_its_name) {
    enum { POINTS = 721 };
    static double x[POINTS], y[POINTS];
    const double row[] = {2, 7, 5, 4.4979, 4}; // L0 L1 L2 L3 Linf
    Run run = run_for_charts("norms");
    for (int c = 0; c < 5; c++)
        ck_assert_double_eq_tol(table_number(run.output, "(3, -4)", c), row[c],
                                1e-4);
    for (int c = 0; c < 7; c++)
        ck_assert_double_eq_tol(
            table_number(run.output, "Lp  ", c),
            pow(pow(3, 1 << c) + pow(4, 1 << c), 1.0 / (1 << c)), 1e-4);
    const char *corners = from_line(run.output, "distance");
    ck_assert_double_gt(table_number(corners, "10 ", 0), 50);
    ck_assert_double_eq(table_number(corners, "10 ", 1), 0);

    const char *file = "out/ch05/norms_balls.csv";
    ck_assert_int_eq(chart_column(file, 0, "x_L1", x, POINTS), POINTS);
    chart_column(file, 0, "y_L1", y, POINTS);
    for (int i = 0; i < POINTS; i++)
        ck_assert_double_eq_tol(fabs(x[i]) + fabs(y[i]), 1, 1e-5);
    chart_column(file, 0, "x_L2", x, POINTS);
    chart_column(file, 0, "y_L2", y, POINTS);
    for (int i = 0; i < POINTS; i++)
        ck_assert_double_eq_tol(hypot(x[i], y[i]), 1, 1e-5);
    const char *figure = "out/ch05/norms_balls.fig";
    ck_assert_str_eq(figure_words(figure, "panel", 1), "L1");
    ck_assert_str_eq(figure_words(figure, "panel", 4), "L∞");
    ck_assert_double_eq(figure_attribute(figure, "area", 1, "x"), 3);
    ck_assert_double_eq(figure_attribute(figure, "area", 4, "y"), 10);
    const double far = hypot(0.5, 1.7);
    assert_panel(0, "L1: touched at (0, 1)", "l1_x", "l1_y", (Point){0, 1});
    assert_panel(1, "L2: touched at (0.28, 0.96)", "l2_x", "l2_y",
                 (Point){0.5 / far, 1.7 / far});
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("norms");
    ck_assert_str_eq(run.output, "result: L0=2 L1=7 L2=5 Linf=4 "
                                 "corners_L1=0.54 corners_L2=0\n");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {worked_vectors},
        {lp_falls_to_linf},
        {half_is_no_norm},
        {balls_have_radius_one},
        {corners_by_formula},
        {touch_is_the_nearest_point},
        {shows_each_norm_by_its_name},
        {prints_its_result},
    };
    return run_tests("norms", tests, sizeof tests / sizeof *tests);
}
