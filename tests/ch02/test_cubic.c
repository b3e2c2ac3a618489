// The lecture's six units to the digits given, straight pieces at the rate that
// theory promises, the gradient, and errors that fall with the width.

#include "spy.h"

#define main cubic_main
#include "ch02_mlp/cubic.c"
#undef main

#include "gradcheck.h"
#include "figures.h"
#include "tables.h"
#include "testing.h"

// Half a unit of the last digit given.
START_TEST(lecture_numbers) {
    Fit narrow = measure(six_units, NULL, 1.5);
    Fit wide = measure(six_units, NULL, 2.0);
    ck_assert_double_eq_tol(narrow.rmse, 0.0872, 0.00005);
    ck_assert_double_eq_tol(wide.rmse, 0.4107, 0.00005);
    ck_assert_double_eq_tol(wide.max, 2.3, 1e-12);
    ck_assert_double_eq_tol(fabs(six_units(2.0, NULL) - cubic(2.0)), wide.max,
                            1e-12);
}
END_TEST

// f(1) = 0, f(2) = 8 + 4 - 2 - 1; at x = 1 units 3, 4, 5 are on:
// -2.2 + 1 + 0.9; at x = -2 units 1 and 2: -2.3 - 1.1.
START_TEST(by_hand) {
    ck_assert_double_eq(cubic(1.0), 0.0);
    ck_assert_double_eq(cubic(2.0), 9.0);
    ck_assert_double_eq_tol(six_units(1.0, NULL), -0.3, 1e-12);
    ck_assert_double_eq_tol(six_units(-2.0, NULL), -3.4, 1e-12);
    const double signs[UNITS] = {-1, -1, -1, 1, 1, 1};
    for (int i = 0; i < UNITS; i++)
        ck_assert_double_eq(lecture[i].sign, signs[i]);
}
END_TEST

// Between corners h apart the line is off by |f''| (x - a)(b - x) / 2 + O(h^3),
// whose mean square is f''^2 h^4 / 120. The mean of f''^2 = (6x + 2)^2 over
// [-2, 2] is 52. f'' changes by 6h within a piece, which adds terms of order
// h^2 relative: (6h)^2 / 52 is 0.5 % for 48 units and 2 % for 24.
START_TEST(straight_pieces_halve_and_quarter) {
    for (int units = 24; units <= 96; units *= 2) {
        Net net;
        net_init(&net, units);
        net_interpolate(&net);
        Fit fit = measure(net_value, &net, 2.0);
        double h = 4.0 / units, theory = h * h * sqrt(52.0 / 120.0);
        ck_assert_double_eq_tol(fit.rmse / theory, 1.0, 36.0 * h * h / 52.0);
        // the line meets the cubic at its corners; 96 float terms up to 60
        for (int i = 0; i <= units; i++) {
            double x = -2.0 + h * i;
            ck_assert_double_eq_tol(net_value(x, &net), cubic(x), 1e-3);
        }
        net_free(&net);
    }
}
END_TEST

typedef struct {
    Net *net;
    const Tensor *x, *target;
} Context;

static double loss_now(void *context) {
    Context *c = context;
    net_forward(c->net, c->x);
    return (double)mse_loss(NULL, &c->net->y, c->target);
}

// The loss is quadratic in each weight while no point crosses a corner, and the
// points below keep 0.25 away from every corner; so only rounding is left: sums
// of 8 terms below 30 in float, 8 * 30 * 6e-8 = 1.4e-5, over 2h = 2e-2 and
// relative to gradients of at least 0.5: 1.5e-3.
START_TEST(gradient) {
    float values[] = {-1.7f, -1.2f, -0.7f, -0.2f, 0.3f, 0.8f, 1.3f, 1.8f};
    float targets[8];
    for (int i = 0; i < 8; i++)
        targets[i] = (float)cubic((double)values[i]);
    Tensor x = tensor_view(values, 2, 8, 1);
    Tensor target = tensor_view(targets, 2, 8, 1);
    Rng rng;
    Net net;
    rng_seed(&rng, 3);
    net_init(&net, 6);
    params_init_he(&net.params, &rng);
    for (int i = 0; i < 6; i++) { // corners half-way between points
        float corner = -1.45f + 0.5f * (float)i;
        net.w1.data[i] = net.w1.data[i] > 0.0f ? 1.0f : -1.0f;
        net.b1.data[i] = -net.w1.data[i] * corner;
    }
    net_forward(&net, &x);
    mse_loss(&net.dy, &net.y, &target);
    net_backward(&net, &x);
    Context context = {&net, &x, &target};
    size_t n = net.params.value.size;
    GradCheck check = grad_check(loss_now, &context, net.params.value.data,
                                 net.params.grad.data, n, n, 1e-2, 0.5);
    assert_slopes("the parameters", &check, 1.5e-3, 1.0, 0);
    net_free(&net);
}
END_TEST

START_TEST(corners_start_inside) {
    Rng rng;
    Net net;
    rng_seed(&rng, 1);
    net_init(&net, 48);
    net_start(&net, &rng);
    double least = 9, most = -9;
    for (int i = 0; i < 48; i++) {
        double corner = (double)(-net.b1.data[i] / net.w1.data[i]);
        least = fmin(least, corner);
        most = fmax(most, corner);
    }
    // 48 uniform draws: neither tenth is empty but with probability 0.9^48
    ck_assert_double_ge(least, -2.0001);
    ck_assert_double_lt(least, -1.6);
    ck_assert_double_le(most, 2.0001);
    ck_assert_double_gt(most, 1.6);
    net_free(&net);
}
END_TEST

// Best of three starts, three seeds, an eighth of the default's steps.
START_TEST(error_falls_with_width) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Options o = {
            .common = {.quiet = true}, .epochs = 500, .starts = 3, .lr = 0.05f};
        Rng rng;
        double before = 1.0;
        rng_seed(&rng, seed);
        for (int i = 0; i < WIDTHS; i++) {
            Net net;
            net_init(&net, widths[i]);
            Result r = train_starts(&net, &o, &rng);
            ck_assert_int_eq(r.starts, 3);
            ck_assert_double_lt(r.best.rmse, before);
            for (int s = 0; s < r.starts; s++)
                ck_assert_double_le(r.best.rmse, r.rmse[s]);
            // the best weights were kept
            ck_assert_double_eq(measure(net_value, &net, 2.0).rmse,
                                r.best.rmse);
            before = r.best.rmse;
            net_free(&net);
        }
        ck_assert_double_lt(before, 0.06); // six by eye: 0.41
    }
}
END_TEST

// The second start has random weights of its own, those that the generator
// draws next, and nothing of the first.
START_TEST(starts_are_independent) {
    Options o = {
        .common = {.quiet = true}, .epochs = 5, .starts = 2, .lr = 0.05f};
    Rng rng, again;
    Net net;
    rng_seed(&rng, 1);
    again = rng;
    net_init(&net, 6);
    Result r = train_starts(&net, &o, &rng);
    for (int start = 0; start < 2; start++) {
        net_start(&net, &again);
        train(&net, &o);
        ck_assert_double_eq(r.rmse[start], measure(net_value, &net, 2.0).rmse);
    }
    net_free(&net);
}
END_TEST

// Four widths, two starts each, four steps a start.
START_TEST(each_step_has_its_rate_and_its_gradient) {
    run_spied(cubic_main, "cubic --epochs 4 --starts 2 --lr 0.1 --plot none "
                          "--quiet");
    ck_assert_int_eq(spy.steps, WIDTHS * 2 * 4);
    assert_one_cycle(4, 0.1f);
    assert_first_step_has_a_gradient();
}
END_TEST

// A row for each width: the error with corners evenly spaced, which needs no
// training, then that of the trained net, as in the result line. And each of
// the six units by eye begins or ends where w x + b is 0: to half a digit of
// the corner, times at most 5.
START_TEST(prints_a_row_for_each_width) {
    Run run = run_program("cubic --plot none --epochs 20 --starts 2");
    const char *table = from_line(run.output, "units");
    for (int i = 0; i < WIDTHS; i++) {
        char width[8], name[16];
        snprintf(width, sizeof width, "%d", widths[i]);
        snprintf(name, sizeof name, "rmse_%d", widths[i]);
        Net net;
        net_init(&net, widths[i]);
        net_interpolate(&net);
        const double evenly = measure(net_value, &net, 2.0).rmse;
        ck_assert_double_eq_tol(table_number(table, width, 0), evenly, 1e-4);
        ck_assert_double_eq(table_number(table, width, 1),
                            result_value(&run, name));
        net_free(&net);
    }
    for (int i = 0; i < UNITS; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i + 1);
        const char *row = after_text(from_line(run.output, name), "corner");
        double corner = table_number(row, "", 0);
        ck_assert_double_eq_tol(lecture[i].w * corner + lecture[i].b, 0, 3e-3);
    }
}
END_TEST

// A block for the six by eye, one for the net given, here one whose bias is
// f(-2) = -3: x, the cubic, the sum of the units.
START_TEST(draws_sums_of_units) {
    enum { SHOWN = 401 };
    const char *file = "out/ch02/cubic.csv";
    double x[SHOWN], f[SHOWN], sum[SHOWN];
    Net net;
    net_init(&net, UNITS);
    net_interpolate(&net);
    hide_gnuplot();
    draw_units(&net, &(Fit){0.41, 2.3}, &(Fit){0.09, 0.4}, "svg");
    for (int block = 0; block < 2; block++) {
        for (int i = 0; i < SHOWN; i++) {
            x[i] = (i - 200) / 100.0;
            f[i] = cubic(x[i]);
            sum[i] = block == 0 ? six_units(x[i], NULL) : net_value(x[i], &net);
        }
        assert_column(file, block, "x", x, SHOWN, 1e-9);
        assert_column(file, block, "cubic", f, SHOWN, 1e-5);
        assert_column(file, block, "sum", sum, SHOWN, 1e-4);

        const char *figure = "out/ch02/cubic.fig";
        assert_mark(figure, block, "lines", "x", "sum", "sum");
        assert_mark(figure, block, "lines", "x", "cubic", "cubic");
        assert_mark(figure, block, "lines", "x", "n1", "n₁");
        assert_mark(figure, block, "lines", "x", "n6", "n₆");
        assert_says(panel_of(figure, block), block == 0 ? "eye" : "Trained");
        assert_says(figure_words(figure, "title", 0), "0.41 by eye, 0.09");
    }
    net_free(&net);
}
END_TEST

START_TEST(draws_errors_by_width) {
    const Fit wide = {0.4107, 2.3};
    const char *file = "out/ch02/cubic_error.csv";
    Result result[WIDTHS];
    for (int i = 0; i < WIDTHS; i++)
        result[i] = (Result){.interpolated = {.rmse = 1 + i},
                             .best = {.rmse = 11 + i},
                             .starts = 1,
                             .rmse = {21 + i}};
    hide_gnuplot();
    draw_errors(result, &wide, "svg");
    assert_column(file, 0, "each start", (double[]){21, 22, 23, 24}, 4, 0);
    assert_column(file, 1, "evenly spaced", (double[]){1, 2, 3, 4}, 4, 0);
    assert_column(file, 1, "best trained", (double[]){11, 12, 13, 14}, 4, 0);
    assert_column(file, 2, "by eye", &wide.rmse, 1, 0);

    const char *figure = "out/ch02/cubic_error.fig";
    assert_mark(figure, 0, "points", "units", "each start",
                "trained, each start");
    assert_mark(figure, 1, "linespoints", "units", "evenly spaced",
                "evenly spaced");
    assert_mark(figure, 1, "linespoints", "units", "best trained",
                "best trained");
    assert_mark(figure, 2, "points", "units", "by eye", "six by eye");
}
END_TEST

START_TEST(prints_its_result) {
    Run run = run_for_result("cubic --epochs 20 --starts 1");
    assert_says(run.output, "result: rmse_1.5=0.0872 rmse_2=0.4107 "
                            "max_error=2.3 rmse_6=");
    ck_assert_double_gt(result_value(&run, "rmse_48"), 0.0);
    run_for_result("cubic --epochs 1 --starts 1");
}
END_TEST

int main(void) {
    const Test tests[] = {{lecture_numbers},
                          {by_hand},
                          {straight_pieces_halve_and_quarter},
                          {gradient},
                          {corners_start_inside},
                          {error_falls_with_width},
                          {starts_are_independent},
                          {each_step_has_its_rate_and_its_gradient},
                          {prints_a_row_for_each_width},
                          {draws_sums_of_units},
                          {draws_errors_by_width},
                          {prints_its_result}};
    return run_tests("cubic", tests, sizeof tests / sizeof *tests);
}
