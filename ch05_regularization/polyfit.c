// polyfit.c - a polynomial that fits too well (过拟合 overfitting)
//
// Fifteen noisy points lie around a curve. A polynomial of low degree misses
// the curve (underfitting, 欠拟合); one of high degree goes through the points,
// noise and all, and is worse between them (overfitting): the error on the
// training points only falls with the degree, the error on new points turns up.
// A penalty lambda on the squares of the weights tames the high degree instead:
// with small w_3, w_4, w_5 a polynomial of degree 5 is almost a quadratic.
//
// Source: B, overfitting and what a penalty does to a polynomial
// Run: make polyfit && ./polyfit
// Ends with: result: best_degree=3 train_12=0.2247 validation_12=2.2998 ...
//
// Contents: 1 model  2 data  3 fitting  4 tables  5 charts  6 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "rng.h"
#include "run.h"

enum { DEGREE = 12, TERMS = DEGREE + 1, TRAIN = 15, VALIDATION = 200 };
static const double PI = 3.14159265358979324;

// ---- 1. Model ---------------------------------------------------------------

// w[k] is the weight of x^k; unused ones are 0.
typedef struct {
    double w[TERMS];
} Polynomial;

// By Horner's rule.
// [B polynomial] f(x) = w_0 + w_1 x + w_2 x^2 + ... + w_n x^n
static double predict(const Polynomial *p, double x) {
    double y = 0.0;
    for (int k = DEGREE; k >= 0; k--)
        y = y * x + p->w[k];
    return y;
}

// ---- 2. Data ----------------------------------------------------------------

typedef struct {
    int count;
    double x[VALIDATION], y[VALIDATION];
} Points;

static double truth(double x) {
    return sin(PI * x);
}

// Evenly spaced in [-1, 1], measured with noise of the given deviation.
static void measure(Points *p, int count, double noise, Rng *rng) {
    p->count = count;
    for (int n = 0; n < count; n++) {
        p->x[n] = 2.0 * (n + 0.5) / count - 1.0;
        p->y[n] = truth(p->x[n]) + noise * (double)rng_normal(rng);
    }
}

// Root mean square error: in the units of y, so comparable with the noise.
static double error_of(const Polynomial *p, const Points *on) {
    double sum = 0.0;
    for (int n = 0; n < on->count; n++) {
        double e = predict(p, on->x[n]) - on->y[n];
        sum += e * e;
    }
    return sqrt(sum / on->count);
}

// ---- 3. Fitting -------------------------------------------------------------

// Solves A w = b for a symmetric positive definite A, M x M, by Cholesky's
// A = L L^T. Both are overwritten, b by w.
static void solve(double A[TERMS][TERMS], double *b, int M) {
    for (int i = 0; i < M; i++) {
        for (int j = 0; j <= i; j++) {
            for (int k = 0; k < j; k++)
                A[i][j] -= A[i][k] * A[j][k];
            A[i][j] = i == j ? sqrt(A[i][i]) : A[i][j] / A[j][j];
        }
        for (int k = 0; k < i; k++)
            b[i] -= A[i][k] * b[k];
        b[i] /= A[i][i]; // L z = b
    }
    for (int i = M - 1; i >= 0; i--) { // L^T w = z
        for (int k = i + 1; k < M; k++)
            b[i] -= A[k][i] * b[k];
        b[i] /= A[i][i];
    }
}

// The minimum of a quadratic loss can be solved for: where its gradient is 0,
//     (X^T X + lambda N I) w = X^T y,   X[n][k] = x_n^k.
// w_0 is the curve's height, not its wiggling, and goes free.
// [B L2 regularization] L = (1/N) sum of (f(x_n) - y_n)^2 + lambda sum of w_k^2
static Polynomial fit(const Points *p, int degree, double lambda) {
    double A[TERMS][TERMS] = {{0}};
    Polynomial best = {{0}};
    for (int n = 0; n < p->count; n++) {
        double power[TERMS] = {1.0};
        for (int k = 1; k <= degree; k++)
            power[k] = power[k - 1] * p->x[n];
        for (int i = 0; i <= degree; i++) {
            for (int j = 0; j <= degree; j++)
                A[i][j] += power[i] * power[j];
            best.w[i] += power[i] * p->y[n];
        }
    }
    for (int k = 1; k <= degree; k++)
        A[k][k] += lambda * p->count;
    solve(A, best.w, degree + 1);
    return best;
}

// The largest distance on [-1, 1] between the curve and its quadratic part. For
// |x| <= 1 it is at most |w_3| + |w_4| + ..., so small if these are small.
// [B quadratic part] w_0 + w_1 x + ... + w_5 x^5 ~ w_0 + w_1 x + w_2 x^2
static double distance_from_quadratic(const Polynomial *p) {
    Polynomial quadratic = {{p->w[0], p->w[1], p->w[2]}};
    double largest = 0.0;
    for (int i = -100; i <= 100; i++) {
        double x = i / 100.0;
        largest = fmax(largest, fabs(predict(p, x) - predict(&quadratic, x)));
    }
    return largest;
}

// The degree of the smallest validation error.
static int best_degree(const Points *train, const Points *validation) {
    int best = 1;
    double least = HUGE_VAL;
    for (int degree = 1; degree <= DEGREE; degree++) {
        Polynomial p = fit(train, degree, 0.0);
        if (error_of(&p, validation) < least) {
            least = error_of(&p, validation);
            best = degree;
        }
    }
    return best;
}

// Sum of |w_k| for the orders k >= first.
static double high_order(const Polynomial *p, int first) {
    double sum = 0.0;
    for (int k = first; k <= DEGREE; k++)
        sum += fabs(p->w[k]);
    return sum;
}

// ---- 4. Tables --------------------------------------------------------------

static void print_degrees(const Points *train, const Points *validation) {
    printf("Root mean square error of polynomials through %d points\n\n"
           "  %-8s %12s %12s\n",
           TRAIN, "degree", "training", "validation");
    int best = best_degree(train, validation);
    for (int degree = 1; degree <= DEGREE; degree++) {
        Polynomial p = fit(train, degree, 0.0);
        printf("  %-8d %12.4f %12.4f%s\n", degree, error_of(&p, train),
               error_of(&p, validation), degree == best ? "  best" : "");
    }
}

static void print_lambdas(const Points *train, const Points *validation,
                          const double *lambda, int count) {
    printf("\nDegree %d with a penalty on the squares of its weights\n\n"
           "  %-8s %12s %12s %22s\n",
           DEGREE, "lambda", "training", "validation", "sum of |w_4..w_12|");
    for (int i = 0; i < count; i++) {
        Polynomial p = fit(train, DEGREE, lambda[i]);
        printf("  %-8g %12.4f %12.4f %22.3f\n", lambda[i], error_of(&p, train),
               error_of(&p, validation), high_order(&p, 4));
    }
    printf("\n");
}

static const double strengths[] = {0.0, 0.01, 1.0, 100.0};
enum { STRENGTHS = sizeof strengths / sizeof *strengths };

static void print_quadratic(const Points *train) {
    printf("Degree 5 and its quadratic part, w_0 + w_1 x + w_2 x^2, on [-1, 1]"
           "\n\n  %-8s %12s %22s %18s\n",
           "lambda", "training", "|w_3| + |w_4| + |w_5|", "largest distance");
    for (int i = 0; i < STRENGTHS; i++) {
        Polynomial p = fit(train, 5, strengths[i]);
        printf("  %-8g %12.4f %22.4f %18.4f\n", strengths[i],
               error_of(&p, train), high_order(&p, 3),
               distance_from_quadratic(&p));
    }
    printf(
        "\nThe smaller the high weights, the closer the curve to its "
        "quadratic part. But a\nlarge lambda makes w_1 and w_2 small as well: "
        "the training error rises.\n\n");
}

// ---- 5. Charts --------------------------------------------------------------

static void draw_errors(const Points *train, const Points *validation,
                        double noise, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "polyfit_error", format))
        return;
    figure_title(&f,
                 "The training error only falls; the validation error is "
                 "lowest at degree %d",
                 best_degree(train, validation));
    figure_caption(&f,
                   "Polynomials of each degree, fitted to %d points and "
                   "tested on %d.",
                   TRAIN, VALIDATION);
    figure_table(&f, "degree,training,validation");
    for (int degree = 1; degree <= DEGREE; degree++) {
        Polynomial p = fit(train, degree, 0.0);
        figure_row(&f, degree, error_of(&p, train), error_of(&p, validation));
    }
    figure_x(&f, "degree");
    figure_step(&f, 'x', 1.0);
    figure_y(&f, "root mean squared error");
    figure_log(&f, 'y');
    figure_linespoints(&f, 1, 2, "training");
    figure_linespoints(&f, 1, 3, "validation");
    if (noise > 0.0)
        figure_horizontal(&f, noise, "noise level");
    figure_close(&f);
}

static void draw_curves(const Points *train, double lambda,
                        const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "polyfit_curves", format))
        return;
    Polynomial p[] = {fit(train, 1, 0.0), fit(train, 3, 0.0),
                      fit(train, DEGREE, 0.0), fit(train, DEGREE, lambda)};
    figure_title(
        &f,
        "Degree 1 underfits, degree %d overfits, a penalty smooths the curve",
        DEGREE);
    figure_caption(&f, "Polynomials through the same %d points.", train->count);
    figure_table(&f, "x,y");
    for (int n = 0; n < train->count; n++)
        figure_row(&f, train->x[n], train->y[n]);
    figure_table(&f, "x,truth,p1,p3,p12,penalty");
    for (int i = -100; i <= 100; i++) {
        double x = i / 100.0;
        figure_row(&f, x, truth(x), predict(&p[0], x), predict(&p[1], x),
                   predict(&p[2], x), predict(&p[3], x));
    }
    figure_share(&f);
    figure_legend(&f);
    for (int i = 0; i < 4; i++) {
        const int degrees[] = {1, 3, DEGREE};
        if (i < 3)
            figure_panel(&f, "Degree %d", degrees[i]);
        else
            figure_panel(&f, "Degree %d, λ = %g", DEGREE, lambda);
        figure_x(&f, "x");
        figure_range(&f, 'y', -2.0, 2.0);
        figure_use(&f, 1);
        figure_pen(&f, (Pen){.color = PEN_GRAY});
        figure_lines(&f, 1, 2, "true curve");
        figure_pen(&f, (Pen){.color = PEN_BLUE});
        figure_lines(&f, 1, 3 + i, "fitted curve");
        figure_use(&f, 0);
        figure_pen(&f, (Pen){.color = PEN_BLACK, .point = POINT_DOT});
        figure_points(&f, 1, 2, "training points");
    }
    figure_close(&f);
}

static void draw_weights(const Points *train, const double *lambda, int count,
                         const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "polyfit_weights", format))
        return;
    Polynomial free = fit(train, DEGREE, lambda[0]);
    Polynomial tame = fit(train, DEGREE, lambda[count - 1]);
    figure_title(&f, "λ = %g shrinks |w₄| + … + |w₁₂| from %.0f to %.2f",
                 lambda[count - 1], high_order(&free, 4), high_order(&tame, 4));
    figure_caption(&f,
                   "Each weight of the polynomial of degree %d, with four "
                   "strengths of the penalty; the y axis is logarithmic.",
                   DEGREE);
    figure_x(&f, "power k");
    figure_step(&f, 'x', 1.0);
    figure_y(&f, "|wₖ|");
    figure_log(&f, 'y');
    for (int i = 0; i < count; i++) {
        Polynomial p = fit(train, DEGREE, lambda[i]);
        figure_table(&f, "order,lambda,weight");
        for (int k = 1; k <= DEGREE; k++)
            figure_row(&f, k, lambda[i], fabs(p.w[k]));
        figure_linespoints(&f, 1, 3, "λ = %g", lambda[i]);
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    float noise = 0.3f, lambda = 1e-3f;
    const Option table[] = {
        option_float("noise", &noise, 0.0, 10.0,
                     "standard deviation of the measurements"),
        option_float("lambda", &lambda, 1e-9, 1e3,
                     "the penalty of the last curve"),
    };
    cli_parse(&o, "polyfit",
              "Polynomials of degree 1 to 12 through noisy points: training "
              "error against validation error, and what a penalty does.",
              table, sizeof table / sizeof *table, argc, argv);
    const double lambdas[] = {0.0, 1e-5, (double)lambda, 0.1};
    const int count = sizeof lambdas / sizeof *lambdas;
    Rng rng;
    Points train, validation;
    rng_seed(&rng, o.seed);
    measure(&train, TRAIN, (double)noise, &rng);
    measure(&validation, VALIDATION, (double)noise, &rng);
    if (!o.quiet) {
        print_degrees(&train, &validation);
        print_lambdas(&train, &validation, lambdas, count);
        print_quadratic(&train);
    }
    draw_errors(&train, &validation, (double)noise, o.plot);
    draw_curves(&train, (double)lambda, o.plot);
    draw_weights(&train, lambdas, count, o.plot);

    Polynomial high = fit(&train, DEGREE, 0.0);
    Polynomial tame = fit(&train, DEGREE, (double)lambda);
    run_result("best_degree=%d train_12=%.4f validation_12=%.4f "
               "lambda=%g validation_12_lambda=%.4f",
               best_degree(&train, &validation), error_of(&high, &train),
               error_of(&high, &validation), (double)lambda,
               error_of(&tame, &validation));
    return run_end();
}
