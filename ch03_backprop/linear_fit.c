// linear_fit.c - gradient descent by hand, with one weight (梯度下降)
//
// A line through the origin, prediction = w x, is to pass close to some points.
// How far it misses them is the loss (损失函数); as a function of w it is a
// bowl. The slope of the bowl says which way is down and how steep it is, so
// each step moves w against it, by the learning rate (学习率) times the slope.
//
// Source: C, case 2, the linear model, and its loop of gradient descent. There
// the weight is omega in three lines and w in one, and the rate is alpha; the
// five points are ours.
// Run: make linear_fit && ./linear_fit
// Ends with: result: w=2.007672 best_w=2.010909 loss=0.0357 epochs=20 lr=0.05
//
// Contents: 1 model  2 data  3 training  4 table  5 figure  6 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "error.h"
#include "figure.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

// [C linear model] y^ = omega x
static double predict(double x, double w) {
    return w * x;
}

// [C squared loss] loss = (y^ - y)^2 = (x w - y)^2
static double loss_at(double x, double y, double w) {
    double error = predict(x, w) - y;
    return error * error;
}

// By the chain rule: the square gives 2 (xw - y), the product with x gives x.
// [C loss gradient] dloss_n/domega = 2 x_n (x_n omega - y_n)
static double dloss_at(double x, double y, double w) {
    return 2.0 * x * (predict(x, w) - y);
}

// ---- 2. Data ----------------------------------------------------------------

enum { N = 5 };

typedef struct {
    double x[N], y[N];
} Points;

// Five measurements of something that grows about twice as fast as x.
static Points measured(void) {
    return (Points){
        .x = {0.5, 1.0, 1.5, 2.0, 2.5},
        .y = {1.2, 1.8, 3.3, 3.9, 5.0},
    };
}

// The loss of all points is the mean of their losses (均方误差), and so is its
// gradient: the derivative of a sum is the sum of the derivatives.
// [C MSE] MSE = sum over n of (y_n - y^_n)^2 / N
static double mean_loss(const Points *p, double w) {
    double sum = 0.0;
    for (int n = 0; n < N; n++)
        sum += loss_at(p->x[n], p->y[n], w);
    return sum / N;
}

static double mean_dloss(const Points *p, double w) {
    double sum = 0.0;
    for (int n = 0; n < N; n++)
        sum += dloss_at(p->x[n], p->y[n], w);
    return sum / N;
}

static double mean_square(const Points *p) {
    double sum = 0.0;
    for (int n = 0; n < N; n++)
        sum += p->x[n] * p->x[n];
    return sum / N;
}

// Where the gradient is 0: sum of 2x(xw - y) = 0. With one weight this can be
// solved; with a million, and a net in between, only the steps are left.
static double best_weight(const Points *p) {
    double xy = 0.0;
    for (int n = 0; n < N; n++)
        xy += p->x[n] * p->y[n];
    return xy / N / mean_square(p);
}

// ---- 3. Training ------------------------------------------------------------

enum { MAX_EPOCHS = 1000 };

// The weight and its loss at every step; step[0] is the start.
typedef struct {
    int epochs;
    struct {
        double w, loss, dloss;
    } step[MAX_EPOCHS + 1];
} Descent;

static void look(Descent *path, int step, const Points *p, double w) {
    path->epochs = step;
    path->step[step].w = w;
    path->step[step].loss = mean_loss(p, w);
    path->step[step].dloss = mean_dloss(p, w);
    if (!isfinite(path->step[step].loss))
        die("the loss overflowed in step %d; try a smaller --lr (below %.3g "
            "every step of this problem goes down)",
            step, 1.0 / mean_square(p));
}

// [C update of the weight] omega = omega - alpha dloss/domega
// [C gradient descent] w_i <- w_i + dw_i, dw_i = -eta dE/dw_i
static void train(Descent *path, const Points *p, double w, double lr,
                  int epochs) {
    look(path, 0, p, w);
    for (int epoch = 1; epoch <= epochs; epoch++) {
        double dw = mean_dloss(p, w);
        w -= lr * dw;
        look(path, epoch, p, w);
    }
}

// ---- 4. The table -----------------------------------------------------------

static void print_steps(const Descent *path, const Points *p, double lr) {
    printf("w in prediction = w x, fitted to %d points, learning rate %g\n\n"
           "  %-5s %12s %12s %12s\n",
           N, lr, "step", "w", "loss", "dloss/dw");
    for (int i = 0; i <= path->epochs; i++)
        if (i <= 5 || i % 5 == 0 || i == path->epochs)
            printf("  %-5d %12.6f %12.6f %12.4g\n", i, path->step[i].w,
                   path->step[i].loss, path->step[i].dloss);
    printf("  %-5s %12.6f %12.6f %12.4g\n\n", "best", best_weight(p),
           mean_loss(p, best_weight(p)), mean_dloss(p, best_weight(p)));
    // w - lr * 2 mean(x^2) (w - best): a step multiplies the distance
    printf("Each step multiplies the distance to the best w by\n"
           "1 - 2 lr mean(x^2) = %.4g. The loss falls for lr < 1 / mean(x^2) = "
           "%.3g.\n\n"
           "The lecture's letters: w is omega, lr is alpha, a point's loss is "
           "loss_n with\ndloss_n/domega = 2 x_n (x_n omega - y_n).\n\n",
           1.0 - 2.0 * lr * mean_square(p), 1.0 / mean_square(p));
}

// ---- 5. The figure ----------------------------------------------------------

// The line after some of the steps, and the points.
static void draw_lines(Figure *f, const Descent *path, const Points *p) {
    const int shown[] = {0, 1, 2, 4, path->epochs};
    for (int i = 0; i < 5; i++)
        if (shown[i] < path->epochs || i == 4) {
            figure_table(f, "x,prediction");
            figure_row(f, 0.0, predict(0.0, path->step[shown[i]].w));
            figure_row(f, 2.8, predict(2.8, path->step[shown[i]].w));
            figure_lines(f, 1, 2, "step %d", shown[i]);
        }
    figure_table(f, "x,y");
    for (int n = 0; n < N; n++)
        figure_row(f, p->x[n], p->y[n]);
    figure_pen(f, (Pen){.color = PEN_BLACK, .point = POINT_DOT, .size = 1.4});
    figure_points(f, 1, 2, "");
}

// The loss around its lowest point, as far as any step went, and the steps.
static void draw_bowl(Figure *f, const Descent *path, const Points *p) {
    double best = best_weight(p), reach = 0.1;
    for (int i = 0; i <= path->epochs; i++)
        reach = fmax(reach, fabs(path->step[i].w - best));
    figure_table(f, "w,loss");
    for (int i = -50; i <= 50; i++) {
        double w = best + 1.1 * reach * i / 50.0;
        figure_row(f, w, mean_loss(p, w));
    }
    figure_lines(f, 1, 2, "");
    figure_table(f, "w,loss");
    for (int i = 0; i <= path->epochs; i++)
        figure_row(f, path->step[i].w, path->step[i].loss);
    figure_pen(
        f, (Pen){.color = PEN_VERMILION, .point = POINT_DOT, .solid = true});
    figure_linespoints(f, 1, 2, "");
}

static void draw(const Descent *path, const Points *p, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch03", "linear_fit", format))
        return;
    figure_title(&f,
                 "From w = %.4g, step %d reaches w = %.4g; w = %.4g is best",
                 path->step[0].w, path->epochs, path->step[path->epochs].w,
                 best_weight(p));
    figure_caption(&f, "Left, the line turns towards the five points; right, "
                       "each step goes against the slope of the loss.");
    figure_panel(&f, "The line prediction = w x");
    figure_x(&f, "x");
    figure_y(&f, "y");
    draw_lines(&f, path, p);
    figure_panel(&f, "The bowl and the steps down");
    figure_x(&f, "weight w");
    figure_y(&f, "mean loss");
    draw_bowl(&f, path, p);
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    int epochs = 20;
    float lr = 0.05f, start = 0.0f;
    const Option table[] = {
        option_int("epochs", &epochs, 1, MAX_EPOCHS, "steps to take"),
        option_float("lr", &lr, 1e-9, 10.0, "learning rate"),
        option_float("start", &start, -1000.0, 1000.0, "the first weight"),
    };
    cli_parse(&o, "linear_fit",
              "Gradient descent with one weight: a line through the origin is "
              "fitted to five points.",
              table, sizeof table / sizeof *table, argc, argv);
    Points points = measured();
    Descent path;
    train(&path, &points, (double)start, (double)lr, epochs);
    if (!o.quiet)
        print_steps(&path, &points, (double)lr);
    draw(&path, &points, o.plot);
    if (path.step[path.epochs].loss > path.step[0].loss)
        run_trouble(
            "exploded",
            "the loss rose from %.3g to %.3g: try a smaller --lr; below "
            "%.3g every step of this problem goes down",
            path.step[0].loss, path.step[path.epochs].loss,
            1.0 / mean_square(&points));
    run_result("w=%.6f best_w=%.6f loss=%.4f epochs=%d lr=%g",
               path.step[path.epochs].w, best_weight(&points),
               path.step[path.epochs].loss, path.epochs, (double)lr);
    return run_end();
}
