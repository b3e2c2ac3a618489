// Walks that can be worked out by hand, and who is faster than whom.

#define main optimizers_main
#include "ch04_optimizers/optimizers.c"
#undef main

#include <stdlib.h>
#include <string.h>

#include "figures.h"
#include "tables.h"
#include "testing.h"

static Walk the_walk; // large
static Trial trial[OPTIMIZER_KINDS];

// On the bowl SGD multiplies x by 1 - lr and y by 1 - 100 lr in every step, so
// the whole path is known. 400 steps round 400 times.
START_TEST(sgd_on_the_bowl) {
    const Surface *s = surface(BOWL);
    const float start[2] = {-4.0f, 0.7f};
    const double lr = 0.0158;
    walk(&the_walk, s, start, SGD, (float)lr, 2000, 1e-4);
    int arrival = 0;
    while (0.5 * pow(4.0 * pow(1.0 - lr, arrival), 2.0) +
               50.0 * pow(0.7 * pow(1.0 - 100.0 * lr, arrival), 2.0) >=
           1e-4)
        arrival++;
    ck_assert_int_eq(the_walk.steps, arrival);
    ck_assert_int_eq(the_walk.count, arrival + STAY);
    for (int t = 0; t < the_walk.count; t++) {
        ck_assert_double_eq_tol((double)the_walk.path[t][0],
                                -4.0 * pow(1.0 - lr, t), 400 * 2.4e-7);
        ck_assert_double_eq_tol((double)the_walk.path[t][1],
                                0.7 * pow(1.0 - 100.0 * lr, t), 400 * 2.4e-7);
    }
}
END_TEST

// Above 2 / 100 the steep side is overshot by more than was left: it flies off
// and is stopped. Too few steps are no arrival either.
START_TEST(what_does_not_arrive) {
    const float start[2] = {-4.0f, 0.7f};
    walk(&the_walk, surface(BOWL), start, SGD, 0.021f, 2000, 1e-4);
    ck_assert_int_eq(the_walk.steps, 0);
    ck_assert_double_ge(the_walk.height, 1e6);
    ck_assert_int_lt(the_walk.count, 200);
    walk(&the_walk, surface(BOWL), start, SGD, 0.0158f, 5, 1e-4);
    ck_assert_int_eq(the_walk.steps, 0);
    ck_assert_int_eq(the_walk.count, 6);
}
END_TEST

// To rush through does not count: from `steps` on all points are below the
// tolerance, the one before is not, and some path has been below it earlier.
START_TEST(arrives_to_stay) {
    const float start[2] = {-4.0f, 0.7f};
    int rushed = 0;
    for (int i = 1; i <= 10; i++) {
        walk(&the_walk, surface(BOWL), start, MOMENTUM, 0.002f * (float)i, 2000,
             0.05);
        ck_assert_int_gt(the_walk.steps, 0);
        for (int t = 0; t < the_walk.count; t++) {
            bool below = height_at(surface(BOWL), the_walk.path[t]) < 0.05;
            ck_assert(below || t < the_walk.steps);
            ck_assert(!below || t != the_walk.steps - 1);
            rushed += below && t < the_walk.steps;
        }
    }
    ck_assert_int_gt(rushed, 0);
}
END_TEST

// What is there does not leave: at the lowest point nothing moves.
START_TEST(the_lowest_point_is_kept) {
    const float start[2] = {0.0f, 0.0f};
    for (int k = 0; k < OPTIMIZER_KINDS; k++) {
        walk(&the_walk, surface(BOWL), start, (OptimizerKind)k, 0.1f, 100,
             1e-4);
        ck_assert_int_eq(the_walk.count, STAY);
        ck_assert_float_eq(the_walk.path[STAY - 1][0], 0.0f);
    }
}
END_TEST

// A rate is judged by the mean over five starts: the surface's own and four on
// a ring around it, from where the way down the bent valley is longer or
// shorter. Were they one start, the mean would be what it takes from there.
START_TEST(the_mean_is_of_five_starts) {
    static Trial of_five;
    const Surface *s = surface(ROSENBROCK);
    double sum = 0;
    try_rate(&of_five, s, MOMENTUM, 0.0005f, 2000, 1e-4);
    for (int i = 0; i < 5; i++) {
        double angle = 1.57 * i + 0.4, radius = i > 0 ? 0.15 : 0.0;
        float start[2] = {(float)(s->start[0] + radius * cos(angle)),
                          (float)(s->start[1] + radius * sin(angle))};
        walk(&the_walk, s, start, MOMENTUM, 0.0005f, 2000, 1e-4);
        sum += the_walk.steps;
    }
    ck_assert_double_eq_tol(of_five.steps, sum / 5, 1e-9);
    ck_assert_int_gt(of_five.walk.steps, 0);
    ck_assert_double_gt(fabs(sum / 5 - of_five.walk.steps), 1);
}
END_TEST

static void best_of_all(SurfaceKind kind) {
    for (int k = 0; k < OPTIMIZER_KINDS; k++)
        best_rate(&trial[k], surface(kind), (OptimizerKind)k, 2000, 1e-4);
}

// What the table is there to show. Theory, for a bowl 100 times as steep
// across: SGD needs about 100 / 2 steps per factor e of the distance, momentum
// about sqrt(100) / 2 if it is tuned too.
START_TEST(momentum_beats_sgd_on_the_bowl) {
    best_of_all(BOWL);
    ck_assert_int_eq(trial[SGD].there, STARTS);
    ck_assert_int_eq(trial[MOMENTUM].there, STARTS);
    ck_assert_int_eq(trial[NESTEROV].there, STARTS);
    ck_assert_double_lt(2.0 * trial[MOMENTUM].steps, trial[SGD].steps);
    ck_assert_double_lt(trial[NESTEROV].steps, trial[MOMENTUM].steps);
    ck_assert_float_lt(trial[SGD].lr, 0.02f); // 2 / 100
}
END_TEST

// Momentum rolls through the hollows: no step of its is as long as the distance
// from a hollow to the next, hypot(pi / 2, pi / 2) = 2.2. Below 2 / 4.2, twice
// the inverse of the largest curvature, SGD never climbs and so stays in its
// hollow, whatever the rate.
START_TEST(momentum_leaves_the_hollows) {
    const Surface *s = surface(HOLLOWS);
    best_rate(&trial[MOMENTUM], s, MOMENTUM, 2000, 1e-4);
    ck_assert_int_eq(trial[MOMENTUM].there, STARTS);
    const Walk *w = &trial[MOMENTUM].walk;
    for (int t = 1; t < w->count; t++)
        ck_assert_double_lt(hypot((double)(w->path[t][0] - w->path[t - 1][0]),
                                  (double)(w->path[t][1] - w->path[t - 1][1])),
                            2.2);

    const float start[2] = {-4.0f, 3.4f};
    for (float lr = 0.01f; lr < 0.47f; lr *= 1.3f) {
        walk(&the_walk, s, start, SGD, lr, 500, 1e-4);
        ck_assert_int_eq(the_walk.steps, 0);
        for (int t = 1; t < the_walk.count; t++)
            ck_assert_double_le(height_at(s, the_walk.path[t]),
                                height_at(s, the_walk.path[t - 1]) + 1e-6);
    }
}
END_TEST

// AdaGrad's first step has the length of the rate in each direction, so that a
// rate as large as the way to the deepest hollow leaps into it: past |x| or |y|
// = pi / 4 the next ones begin.
START_TEST(adagrad_leaps_over_the_hollows) {
    best_rate(&trial[ADAGRAD], surface(HOLLOWS), ADAGRAD, 2000, 1e-4);
    ck_assert_int_eq(trial[ADAGRAD].there, STARTS);
    const Walk *w = &trial[ADAGRAD].walk;
    for (int i = 0; i < 2; i++) {
        double leap = fabs((double)(w->path[1][i] - w->path[0][i]));
        ck_assert_double_eq_tol(leap, (double)trial[ADAGRAD].lr, 1e-5);
        ck_assert_double_lt(fabs((double)w->path[1][i]), 0.785);
    }
}
END_TEST

// The best rate lies inside the range on every surface, and is the best one:
// its neighbors are no quicker. One step from the start is best the smaller the
// rate, since no step arrives and a walk counts as high as its highest point.
START_TEST(best_rates_lie_inside) {
    static Trial next;
    for (int s = 0; s < SURFACES; s++) {
        best_of_all((SurfaceKind)s);
        for (int k = 0; k < OPTIMIZER_KINDS; k++) {
            ck_assert(!trial[k].edge);
            for (int sign = -1; sign <= 1; sign += 2) {
                double lr = (double)trial[k].lr * pow(10.0, sign / 10.0);
                try_rate(&next, surface((SurfaceKind)s), (OptimizerKind)k,
                         (float)lr, 2000, 1e-4);
                ck_assert_double_ge(next.steps, trial[k].steps);
            }
        }
    }
    best_rate(&next, surface(BOWL), SGD, 1, 1e-4);
    ck_assert(next.edge);
}
END_TEST

// All get off the saddle; of the bent valley plain SGD does not see the end.
START_TEST(all_leave_the_saddle) {
    best_of_all(SADDLE);
    for (int k = 0; k < OPTIMIZER_KINDS; k++)
        ck_assert_int_eq(trial[k].there, STARTS);
    best_of_all(ROSENBROCK);
    ck_assert_int_eq(trial[SGD].there, 0);
    ck_assert_int_eq(trial[MOMENTUM].there, STARTS);
    ck_assert_int_eq(trial[NESTEROV].there, STARTS);
    ck_assert_int_eq(trial[ADAM].there, STARTS);
}
END_TEST

// Each path begins at its surface's start, ends where its walk does, and stands
// below its name and rate. A walk of 20 steps is enough to see it.
START_TEST(draws_each_path_by_its_name) {
    static Trial want;
    double x[30], y[30];
    run_for_charts("optimizers --steps 20 --quiet");
    for (int s = 0; s < SURFACES; s++) {
        const Surface *on = surface((SurfaceKind)s);
        char file[64];
        snprintf(file, sizeof file, "out/ch04/optimizers_%s.csv", on->name);
        for (int k = 0; k < OPTIMIZER_KINDS; k++) {
            int last = chart_column(file, k + 1, "x", x, 30) - 1;
            chart_column(file, k + 1, "y", y, 30);
            ck_assert_double_eq_tol(x[0], on->start[0], 1e-6);
            ck_assert_double_eq_tol(y[0], on->start[1], 1e-6);
            best_rate(&want, on, (OptimizerKind)k, 20, 1e-4);
            ck_assert_int_eq(last, want.walk.count - 1);
            ck_assert_double_eq_tol(x[last], want.walk.path[last][0], 1e-4);
            ck_assert_double_eq_tol(y[last], want.walk.path[last][1], 1e-4);

            char figure[64], title[64];
            snprintf(figure, sizeof figure, "out/ch04/optimizers_%s.fig",
                     on->name);
            snprintf(title, sizeof title,
                     "%s, η = %.3g:", optimizer_name((OptimizerKind)k),
                     (double)want.lr);
            assert_says(panel_of(figure, k + 1), title);
            assert_mark(figure, k + 1, "linespoints", "x", "y", "");
        }
    }
}
END_TEST

// A cell ends in "(rate)", right below the end of its surface's name, and has
// the steps of the result line, rounded. AdaGrad's leaps are explained, with
// their rates, where it leaps; a rate at the end of the range has a star.
START_TEST(prints_its_table) {
    Run run = run_program("optimizers --plot none");
    assert_80_columns(&run);
    const char *row = from_line(run.output, optimizer_name(SGD)), *at = row,
               *heads = row - 1;
    while (heads[-1] != '\n')
        heads--;
    for (int s = 0; s < SURFACES; s++) {
        const char *name = surface((SurfaceKind)s)->name;
        at = strchr(at, ')') + 1;
        ck_assert_msg(after_text(heads, name) - heads == at - row,
                      "no cell ends below \"%s\"", name);
    }
    const struct {
        OptimizerKind kind;
        const char *result;
    } cells[] = {{SGD, "bowl_sgd"},
                 {MOMENTUM, "bowl_momentum"},
                 {NESTEROV, "bowl_nesterov"},
                 {ADAM, "bowl_adam"}};
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(
            table_number(row, optimizer_name(cells[i].kind), 0),
            result_value(&run, cells[i].result), 0.55);
    assert_never_says(run.output, "*");
    const char *remarks = after_text(run.output, "AdaGrad's");
    assert_says(remarks, "126 ");
    assert_says(remarks, " 3.98 ");
    run = run_well("optimizers --plot none --steps 1");
    assert_says(run.output, "(0.0001)*");
    assert_says(run.output, "\n* ");
    assert_never_says(run.output, "AdaGrad's");
}
END_TEST

int main(void) {
    const Test tests[] = {{sgd_on_the_bowl},
                          {what_does_not_arrive},
                          {arrives_to_stay},
                          {the_lowest_point_is_kept},
                          {the_mean_is_of_five_starts},
                          {draws_each_path_by_its_name},
                          {momentum_beats_sgd_on_the_bowl},
                          {momentum_leaves_the_hollows},
                          {adagrad_leaps_over_the_hollows},
                          {best_rates_lie_inside, .seconds = 20},
                          {all_leave_the_saddle},
                          {prints_its_table, .seconds = 20}};
    return run_tests("optimizers", tests, sizeof tests / sizeof *tests);
}
