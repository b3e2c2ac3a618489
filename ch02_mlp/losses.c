// losses.c - how wrong is an answer, and which way is better? (损失函数)
//
// A loss is one number for all of a net's errors; its slope is what training
// follows downhill. The mean squared error (均方误差) has a slope that fades
// towards its minimum, so gradient descent settles there; the slope of the
// absolute error (绝对值误差) jumps from -1 to 1. Cross entropy (交叉熵) looks
// at the share that the true class got: its slope is large where that is small.
//
// Source: C, mean squared error, absolute error, cross entropy; A eq. (6); D,
// binary cross entropy (in words only).
// Run: make losses && ./losses
// Ends with: result: mse=1.416667 mae=0.833333 binary=0.340550 ...
//
// Contents: 1 losses  2 worked vectors  3 the minimum  4 figure  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "run.h"

// ---- 1. Losses --------------------------------------------------------------

// Each returns the loss of n answers y for n targets t, and leaves the slope
// dL/dy in dy [n].

// [C MSE] L = (1/n) sum of (y - t)^2
// C's words say "sum of squares", its formula divides by n, and so does this.
// A's (6) is the same mean over N samples; it squares the vector f(x_k) - y_k
// like a number: read its squared length. Slope 2 (y - t) / n.
static double mse(double *dy, const double *y, const double *t, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += (y[i] - t[i]) * (y[i] - t[i]);
        dy[i] = 2.0 * (y[i] - t[i]) / n;
    }
    return sum / n;
}

// [C MAE] L = (1/n) sum of |y - t|
// C names it and draws it; the formula is ours. Slope -1/n or 1/n. At y = t,
// where there is none, any value between would do; 0 is the usual choice.
static double mae(double *dy, const double *y, const double *t, int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += fabs(y[i] - t[i]);
        dy[i] = (double)((y[i] > t[i]) - (y[i] < t[i])) / n;
    }
    return sum / n;
}

// A class of target 0 costs nothing, whatever its share: 0 log 0 = 0.
static double t_log_y(double t, double y) {
    return t == 0.0 ? 0.0 : t * log(y);
}

// And its derivative with respect to y.
static double t_over_y(double t, double y) {
    return t == 0.0 ? 0.0 : t / y;
}

// [D binary cross entropy] L = -(1/n) sum of t log y + (1 - t) log(1 - y)
// For n yes-or-no questions; y is the probability of yes. D has it in words
// only; the formula is ours. Slope ((1 - t) / (1 - y) - t / y) / n.
static double binary_cross_entropy(double *dy, const double *y, const double *t,
                                   int n) {
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum -= t_log_y(t[i], y[i]) + t_log_y(1.0 - t[i], 1.0 - y[i]);
        dy[i] = (t_over_y(1.0 - t[i], 1.0 - y[i]) - t_over_y(t[i], y[i])) / n;
    }
    return sum / n;
}

// [C cross entropy] E = - sum of t_k log y_k
// For one question with n classes: y are their shares, t is 1 for the true one.
// Slope -t/y.
static double cross_entropy(double *dy, const double *y, const double *t,
                            int n) {
    double sum = 0.0;
    for (int k = 0; k < n; k++) {
        sum -= t_log_y(t[k], y[k]);
        dy[k] = 0.0 - t_over_y(t[k], y[k]); // 0 rather than -0
    }
    return sum;
}

typedef double Loss(double *dy, const double *y, const double *t, int n);

// ---- 2. Worked vectors ------------------------------------------------------

enum { N = 3 };

typedef struct {
    const char *name;
    Loss *loss;
    double y[N], t[N];
} Example;

enum { MSE, MAE, BINARY, RIGHT, WRONG, SOFT, EXAMPLES };

// The shares are those of ./activations, the softmax of 1.2, 4.0 and 0.2.
static const Example examples[EXAMPLES] = {
    [MSE] = {"MSE", mse, {1.5, 2.0, 1.0}, {1, 2, 3}},
    [MAE] = {"MAE", mae, {1.5, 2.0, 1.0}, {1, 2, 3}},
    [BINARY] = {"binary CE", binary_cross_entropy, {0.9, 0.2, 0.5}, {1, 0, 1}},
    [RIGHT] = {"CE, right", cross_entropy, {0.0561, 0.9232, 0.0207}, {0, 1, 0}},
    [WRONG] = {"CE, wrong", cross_entropy, {0.0561, 0.9232, 0.0207}, {1, 0, 0}},
    [SOFT] = {"CE, soft",
              cross_entropy,
              {0.0561, 0.9232, 0.0207},
              {0.1, 0.8, 0.1}},
};

static double loss_of(const Example *e) {
    double dy[N];
    return e->loss(dy, e->y, e->t, N);
}

static void print_examples(void) {
    printf("Answers y, targets t, the loss L and its slopes\n\n"
           "  %-10s %20s %14s %8s %22s\n",
           "", "y", "t", "L", "dL/dy");
    for (int i = 0; i < EXAMPLES; i++) {
        const Example *e = &examples[i];
        double dy[N], L = e->loss(dy, e->y, e->t, N);
        printf("  %-10s %6g %6g %6g  %3g %4g %4g %8.4f %7.2f %6.2f %6.2f\n",
               e->name, e->y[0], e->y[1], e->y[2], e->t[0], e->t[1], e->t[2], L,
               dy[0], dy[1], dy[2]);
    }
    printf("\nMSE divides the sum of squares by n: (0.25 + 0 + 4) / 3 = %.4f. "
           "C calls it the\nsum, and divides in its formula.\n",
           loss_of(&examples[MSE]));
    printf("Only the true class's share counts: -log 0.9232 = %.4f, "
           "-log 0.0561 = %.4f.\n",
           -log(0.9232), -log(0.0561));
    double dy[2], two[2] = {0.9, 1.0 - 0.9}, yes[2] = {1, 0};
    printf("Binary cross entropy is the same for two classes: %.4f = %.4f.\n",
           binary_cross_entropy(dy, two, yes, 1),
           cross_entropy(dy, two, yes, 2));
}

// A share too small for the computer is 0, and its logarithm infinite. The
// library goes from the scores to the loss without computing shares:
// -log softmax(x)_k = log(sum of exp(x_j - max)) - (x_k - max).
static void print_extremes(void) {
    float scores[2] = {0.0f, 1000.0f};
    int label = 0;
    Tensor logits = tensor_view(scores, 2, 1, 2);
    double share = exp(0.0 - 1000.0), dy[1], truth = 1.0;
    printf("\nScores 0 and 1000, the first is true: its share is %g, and the "
           "loss is\n  %-8g -log y\n  %-8.4g -log(y + 1e-7), a usual way "
           "out\n  %-8g from the scores, as common/loss.c does it\n\n",
           share, cross_entropy(dy, &share, &truth, 1), -log(share + 1e-7),
           (double)softmax_cross_entropy(NULL, &logits, &label));
}

// ---- 3. The minimum ---------------------------------------------------------

// The error e = y - t after `steps` steps y -= rate * dL/dy from e.
static double descend(Loss *loss, double e, double rate, int steps) {
    double t = 0.0, dy;
    for (int i = 0; i < steps; i++) {
        loss(&dy, &e, &t, 1);
        e -= rate * dy;
    }
    return e;
}

// The one number between 0 and 100 (in halves) that has the smallest loss
// against all of t [5].
static double best_constant(Loss *loss, const double *t) {
    double best = 0.0, least = (double)INFINITY, dy[5];
    for (int i = 0; i <= 200; i++) {
        double c = i / 2.0, L = loss(dy, (double[]){c, c, c, c, c}, t, 5);
        if (L < least) {
            least = L;
            best = c;
        }
    }
    return best;
}

enum { STEPS = 40 };

static void print_minimum(void) {
    static const double t[5] = {1, 2, 3, 4, 100};
    printf("Gradient descent from an error of 0.95 with rate 0.1\n\n"
           "  steps      9      10      11      12  ...     %d\n",
           STEPS);
    Loss *const losses[] = {mse, mae};
    for (int l = 0; l < 2; l++) {
        printf("  %s ", l == 0 ? "MSE" : "MAE");
        for (int steps = 9; steps <= 12; steps++)
            printf(" %7.4f", descend(losses[l], 0.95, 0.1, steps));
        printf("  ... %7.4f\n", descend(losses[l], 0.95, 0.1, STEPS));
    }
    printf(
        "\nThe slope of the squared error fades with the error, and the steps "
        "with it. The\nslope of the absolute error does not fade: y jumps "
        "back and forth across the\nminimum. But MAE is less sensitive to "
        "outliers: the best constant for\n1 2 3 4 100 is %g by MSE (the mean), "
        "%g by MAE (the median).\n\n",
        best_constant(mse, t), best_constant(mae, t));
}

// ---- 4. The figure ----------------------------------------------------------

// Three tables, each two losses and their slopes: over the error y - t, over the
// share y of the truth, and over the score z of a sigmoid that should say 1.
static void write_curves(Figure *f) {
    double L, dy, zero = 0.0, one = 1.0;
    figure_table(f, "error,squared,slope,absolute,slope");
    for (int i = -200; i <= 200; i++) {
        double e = i / 100.0, d2, L2 = mse(&d2, &e, &zero, 1);
        L = mae(&dy, &e, &zero, 1);
        figure_row(f, e, L2, d2, L, dy);
    }
    figure_table(f, "y,t = 1,slope,t = 0,slope");
    for (int i = 1; i < 200; i++) {
        double y = i / 200.0, d1, L1 = binary_cross_entropy(&d1, &y, &one, 1);
        L = binary_cross_entropy(&dy, &y, &zero, 1);
        figure_row(f, y, L1, d1, L, dy);
    }
    figure_table(f, "z,cross entropy,slope,squared,slope");
    for (int i = -600; i <= 600; i++) {
        double z = i / 100.0, y = 1.0 / (1.0 + exp(-z)), dydz = y * (1.0 - y);
        double d1, L1 = binary_cross_entropy(&d1, &y, &one, 1);
        L = mse(&dy, &y, &one, 1);
        figure_row(f, z, L1, d1 * dydz, L, dy * dydz);
    }
}

static void draw(const char *format) {
    static const struct {
        const char *title[2], *curve[2], *x;
        double left, right, low, high; // the last two: of the slopes
    } column[] = {
        {{"Squared and absolute error", "Slopes: one fades, one jumps"},
         {"squared", "absolute"},
         "error y − t",
         .left = -2.0,
         .right = 2.0,
         .low = -4.0,
         .high = 4.0},
        {{"Cross entropy of a probability y", "Slopes: steep where most wrong"},
         {"t = 1", "t = 0"},
         "y",
         .left = 0.0,
         .right = 1.0,
         .low = -10.0,
         .high = 10.0},
        {{"A sigmoid of z, t = 1", "Slopes: one vanishes far left"},
         {"cross entropy", "squared"},
         "score z",
         .left = -6.0,
         .right = 6.0,
         .low = -1.05,
         .high = 0.2}};
    Figure f;
    if (!figure_open(&f, "ch02", "losses", format))
        return;
    figure_title(&f, "Where a sigmoid is most wrong, only cross entropy keeps "
                     "its slope");
    figure_caption(&f, "Losses above, and below them their slopes, which "
                       "training follows downhill.");
    figure_grid(&f, 3);
    write_curves(&f);
    for (int i = 0; i < 6; i++) {
        int c = i % 3, slopes = i / 3;
        figure_panel(&f, "%s", column[c].title[slopes]);
        figure_x(&f, "%s", column[c].x);
        figure_y(&f, slopes ? "slope" : "loss");
        figure_range(&f, 'x', column[c].left, column[c].right);
        figure_range(&f, 'y', slopes ? column[c].low : 0.0,
                     slopes ? column[c].high : 4.0);
        figure_use(&f, c);
        figure_lines(&f, 1, 2 + slopes, "%s", column[c].curve[0]);
        figure_lines(&f, 1, 4 + slopes, "%s", column[c].curve[1]);
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    cli_parse(&o, "losses",
              "Squared and absolute error, binary and categorical cross "
              "entropy: worked vectors, slopes, and what happens at the "
              "minimum.",
              NULL, 0, argc, argv);
    if (!o.quiet) {
        print_examples();
        print_extremes();
        print_minimum();
    }
    draw(o.plot);
    run_result("mse=%.6f mae=%.6f binary=%.6f cross_entropy=%.6f "
               "descent_mse=%.4f descent_mae=%.4f",
               loss_of(&examples[MSE]), loss_of(&examples[MAE]),
               loss_of(&examples[BINARY]), loss_of(&examples[RIGHT]),
               fabs(descend(mse, 0.95, 0.1, STEPS)),
               fabs(descend(mae, 0.95, 0.1, STEPS)));
    return run_end();
}
