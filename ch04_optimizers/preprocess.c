// preprocess.c - put the inputs on one scale (数据预处理: 归一化, 标准化, 白化)
//
// Shoe sizes vary by 2, heights by 8 cm, and tall people wear large shoes: the
// loss over two such weights is a long slanting valley, and gradient descent
// zigzags down it. Standardized, both inputs vary by 1; whitened, they vary by
// 1 in every direction, the valley is a round bowl, and one step is enough.
//
// Source: A eq. (15)-(19), whitening by name; B, size normalization by name.
// Run: make preprocess && ./preprocess
// Ends with: result: within_3=0.9972 pca_error=.. ... steps_whitened=1
//
// Contents: 1 people  2 one column at a time  3 all columns together
//           4 gradient descent  5 pictures  6 report  7 figures  8 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "digits.h"
#include "error.h"
#include "figure.h"
#include "image.h"
#include "memory.h"
#include "pca.h"
#include "rng.h"
#include "run.h"
#include "surfaces.h"

// ---- 1. People --------------------------------------------------------------

enum { N = 400, D = 2 };

// x [N, D]: shoe size, mean 41, deviation 2; height in cm, mean 172, deviation
// 8; correlation 0.8. t [N]: weight in kg.
static void draw_people(Tensor *x, Tensor *t, Rng *rng) {
    tensor_resize(x, 2, N, D);
    tensor_resize(t, 1, N);
    for (int n = 0; n < N; n++) {
        float a = rng_normal(rng), b = 0.8f * a + 0.6f * rng_normal(rng);
        float shoe = 41 + 2 * a, height = 172 + 8 * b;
        x->data[n * D] = shoe;
        x->data[n * D + 1] = height;
        t->data[n] =
            70 + 2 * (shoe - 41) + 0.6f * (height - 172) + 4 * rng_normal(rng);
    }
}

// ---- 2. One column at a time ------------------------------------------------

// [A eq.15] x' = (x - min) / (max - min)
// Then stretched from [0, 1] to [low, high]. An outlier is the new maximum, and
// squeezes all others towards low. A constant column (0 / 0 in the formula)
// becomes low, so 0 in [0, 1].
static void min_max(Tensor *x, int column, float low, float high) {
    int count = x->shape[0], width = x->shape[1];
    float min = INFINITY, max = -INFINITY;
    for (int n = 0; n < count; n++) {
        min = fminf(min, x->data[n * width + column]);
        max = fmaxf(max, x->data[n * width + column]);
    }
    for (int n = 0; n < count; n++) {
        float *v = &x->data[n * width + column];
        *v = max > min ? low + (high - low) * (*v - min) / (max - min) : low;
    }
}

// [A eq.16] mean = (1 / N) sum of x
static double mean_of(const Tensor *x, int column) {
    int count = x->shape[0], width = x->shape[1];
    double sum = 0;
    for (int n = 0; n < count; n++)
        sum += (double)x->data[n * width + column];
    return sum / count;
}

// [A eq.17] s = sqrt(1 / (N - 1) sum of (x - mean)^2)
// A prints s^2 and calls it the standard deviation: that is the root. N - 1,
// because the mean was computed from the same numbers.
static double deviation_of(const Tensor *x, int column) {
    int count = x->shape[0], width = x->shape[1];
    double mean = mean_of(x, column), sum = 0;
    for (int n = 0; n < count; n++) {
        double from_mean = (double)x->data[n * width + column] - mean;
        sum += from_mean * from_mean;
    }
    return sqrt(sum / (count - 1));
}

// [A eq.18] z = (x - mean) / s
// [A eq.19] z = x - mean
// The second is the first with s = 1. A constant column (s = 0, 0 / 0 in the
// formula) becomes 0.
static void shift_and_scale(Tensor *x, int column, double mean, double s) {
    int count = x->shape[0], width = x->shape[1];
    for (int n = 0; n < count; n++) {
        float *v = &x->data[n * width + column];
        *v = s > 0 ? (float)(((double)*v - mean) / s) : 0.0f;
    }
}

static void standardize(Tensor *x) {
    for (int d = 0; d < x->shape[1]; d++)
        shift_and_scale(x, d, mean_of(x, d), deviation_of(x, d));
}

static void center(Tensor *x) {
    for (int d = 0; d < x->shape[1]; d++)
        shift_and_scale(x, d, mean_of(x, d), 1);
}

// The fraction of `count` normal numbers that lie within three deviations.
static double within_three(int count, Rng *rng) {
    int inside = 0;
    for (int n = 0; n < count; n++)
        inside += fabsf(rng_normal(rng)) <= 3;
    return (double)inside / count;
}

// ---- 3. All columns together ------------------------------------------------

// C [D, D] = (1 / (N - 1)) (x - mean)^T (x - mean)
static void covariance(double C[D][D], const Tensor *x) {
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) {
            double mi = mean_of(x, i), mj = mean_of(x, j), sum = 0;
            for (int n = 0; n < x->shape[0]; n++)
                sum += ((double)x->data[n * D + i] - mi) *
                       ((double)x->data[n * D + j] - mj);
            C[i][j] = sum / (x->shape[0] - 1);
        }
}

// How far the covariance is from I, in its worst element.
static double whiteness_error(const Tensor *x) {
    double C[D][D], worst = 0;
    covariance(C, x);
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++)
            worst = fmax(worst, fabs(C[i][j] - (i == j)));
    return worst;
}

// [A PCA whitening] z = L^-1/2 W (x - mean), with C = W^T L W
// Turned onto the axes of the cloud, then each axis made as long as the others.
static void pca_whiten(Tensor *x) {
    Pca pca = {.mean = {0}};
    Tensor z = {0};
    pca_fit(&pca, x);
    pca_project(&z, &pca, x, D);
    for (int n = 0; n < x->shape[0]; n++)
        for (int d = 0; d < D; d++)
            x->data[n * D + d] =
                z.data[n * D + d] / sqrtf(pca.variance.data[d]);
    tensor_free(&z);
    pca_free(&pca);
}

// C = L L^T with L lower triangular (Cholesky), row by row.
static void cholesky(double L[D][D], double C[D][D]) {
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++) {
            double sum = C[i][j];
            for (int k = 0; k < j; k++)
                sum -= L[i][k] * L[j][k];
            L[i][j] = j < i ? sum / L[j][j] : j == i ? sqrt(sum) : 0;
        }
}

// [A Cholesky whitening] z = L^-1 (x - mean), with C = L L^T
// Solved from the first row down: z_0 is column 0 standardized, z_1 is the part
// of column 1 that column 0 does not explain, standardized.
static void cholesky_whiten(Tensor *x) {
    double C[D][D], L[D][D];
    covariance(C, x);
    cholesky(L, C);
    center(x);
    for (int n = 0; n < x->shape[0]; n++)
        for (int i = 0; i < D; i++) {
            double sum = (double)x->data[n * D + i];
            for (int k = 0; k < i; k++)
                sum -= L[i][k] * (double)x->data[n * D + k];
            x->data[n * D + i] = (float)(sum / L[i][i]);
        }
}

// ---- 4. Gradient descent ----------------------------------------------------

typedef enum { CENTERED, STANDARD, PCA_WHITE, CHOLESKY_WHITE, SCALES } Scale;
static const char *const scale_name[SCALES] = {
    "centered only", "standardized", "PCA-whitened", "Cholesky-whitened"};

static void rescale(Tensor *x, Scale scale) {
    if (scale == CENTERED)
        center(x);
    else if (scale == STANDARD)
        standardize(x);
    else if (scale == PCA_WHITE)
        pca_whiten(x);
    else
        cholesky_whiten(x);
}

// The loss of w is a parabola in two dimensions: (w - best) . C (w - best) / 2
// above its lowest, C being the covariance of the inputs.
enum { KEPT = 400 };
typedef struct {
    double C[D][D], best[D];
    double eigen[2]; // of C, larger first
    int steps;
    double path[KEPT + 1][D];
} Descent;

static double loss_above(const void *context, double x, double y) {
    const Descent *d = context;
    double a = x - d->best[0], b = y - d->best[1];
    return (d->C[0][0] * a * a + 2 * d->C[0][1] * a * b + d->C[1][1] * b * b) /
           2;
}

// C, and the weights with the least squared error, best = C^-1 c, where c is
// the covariance of inputs and target.
static void set_up(Descent *d, const Tensor *x, const Tensor *t) {
    double c[D] = {0}, target = 0;
    covariance(d->C, x);
    for (int n = 0; n < N; n++)
        target += (double)t->data[n] / N;
    for (int n = 0; n < N; n++)
        for (int i = 0; i < D; i++)
            c[i] += (double)x->data[n * D + i] * ((double)t->data[n] - target) /
                    (N - 1);
    double(*C)[D] = d->C, det = C[0][0] * C[1][1] - C[0][1] * C[1][0];
    d->best[0] = (C[1][1] * c[0] - C[0][1] * c[1]) / det;
    d->best[1] = (C[0][0] * c[1] - C[1][0] * c[0]) / det;
    double middle = (C[0][0] + C[1][1]) / 2;
    double half = sqrt(fmax(0, middle * middle - det));
    d->eigen[0] = middle + half;
    d->eigen[1] = middle - half;
}

// From w = 0 with the best fixed learning rate there is, 2 / (the sum of the
// eigenvalues), until the loss above its lowest is a millionth of the first.
static Descent descend(const Tensor *x, const Tensor *t) {
    Descent d = {.steps = 0};
    set_up(&d, x, t);
    double w[D] = {0, 0}, lr = 2 / (d.eigen[0] + d.eigen[1]);
    double first = loss_above(&d, 0, 0);
    while (loss_above(&d, w[0], w[1]) > 1e-6 * first && d.steps < KEPT) {
        double a = w[0] - d.best[0], b = w[1] - d.best[1];
        w[0] -= lr * (d.C[0][0] * a + d.C[0][1] * b);
        w[1] -= lr * (d.C[1][0] * a + d.C[1][1] * b);
        memcpy(d.path[++d.steps], w, sizeof w);
    }
    return d;
}

// ---- 5. Pictures ------------------------------------------------------------

enum { SHEET = 8, CANVAS = 56, PIXELS = CANVAS * CANVAS, SIDE = 28 };

// A digit of any size anywhere on a canvas [56, 56].
static void put_on_canvas(float *canvas, const uint8_t *digit, Rng *rng) {
    float zoom = 0.6f + 1.2f * rng_uniform(rng);
    int size = (int)(zoom * SIDE);
    int top = rng_below(rng, CANVAS - size),
        left = rng_below(rng, CANVAS - size);
    for (int i = 0; i < size; i++)
        for (int j = 0; j < size; j++)
            canvas[(top + i) * CANVAS + left + j] =
                digit[i * SIDE / size * SIDE + j * SIDE / size] / 255.0f;
}

// [B size normalization] the ink's box to 20 x 20, its center to 14, 14
// The center is that of mass, the middle of 28 x 28, as in MNIST.
// pictures [2 SHEET, 56, 56]: a row before, a row after at twice the size.
static void normalize_pictures(float *pictures, Rng *rng) {
    Dataset set;
    Tensor digit = {0};
    digits_draw(&set, SHEET, rng_next(rng));
    for (int k = 0; k < SHEET; k++) {
        float *before = pictures + k * PIXELS;
        float *after = pictures + (SHEET + k) * PIXELS;
        put_on_canvas(before, set.pixels + k * SIDE * SIDE, rng);
        Tensor image = tensor_view(before, 2, CANVAS, CANVAS);
        REQUIRE(image_to_digit(&digit, &image) != DOUBT_EMPTY,
                "no digit is found on canvas %d", k);
        for (int p = 0; p < PIXELS; p++)
            after[p] = digit.data[p / CANVAS / 2 * SIDE + p % CANVAS / 2];
    }
    tensor_free(&digit);
    dataset_free(&set);
}

// ---- 6. Report --------------------------------------------------------------

static const float OUTLIER = 1720; // cm, a digit too many

// From the smallest to the largest height of all but the first person, whose
// height may be mistyped: how much of the scale is left to the others?
static double width_of_others(const Tensor *x, bool wrong, bool standard) {
    Tensor y = {0};
    tensor_copy(&y, x);
    if (wrong)
        y.data[1] = OUTLIER;
    if (standard)
        standardize(&y);
    else
        min_max(&y, 1, 0, 1);
    float low = INFINITY, high = -INFINITY;
    for (int n = 1; n < N; n++) {
        low = fminf(low, y.data[n * D + 1]);
        high = fmaxf(high, y.data[n * D + 1]);
    }
    tensor_free(&y);
    return (double)(high - low);
}

static void report_columns(const Tensor *x) {
    printf("%d people: shoe size %.2f ± %.2f, height %.1f ± %.1f cm\n\n", N,
           mean_of(x, 0), deviation_of(x, 0), mean_of(x, 1),
           deviation_of(x, 1));
    Tensor y = {0};
    tensor_copy(&y, x);
    min_max(&y, 1, 0, 1);
    double zero_one = mean_of(&y, 1);
    min_max(&y, 1, -1, 1);
    printf(
        "Scaled to [0, 1] the mean height is %.3f, to [-1, 1] %.3f. With one "
        "outlier,\na height typed as %.0f, the others fill %.3f of [0, 1] "
        "instead of %.3f.\nStandardized, they span %.2f deviations instead of "
        "%.2f: squeezed, too. Look\nfor outliers first.\n\n",
        zero_one, mean_of(&y, 1), (double)OUTLIER,
        width_of_others(x, true, false), width_of_others(x, false, false),
        width_of_others(x, true, true), width_of_others(x, false, true));
    tensor_free(&y);
    printf("A constant column would be 0 / 0 in both formulas. Here it becomes "
           "0: 67 of\nMNIST's 784 pixels are 0 in all 60,000 training "
           "digits.\n\n");
}

static void report(const Tensor *x, const Descent descents[SCALES],
                   double within) {
    report_columns(x);
    printf("Of a million normal numbers %.2f %% lie within ±3 deviations "
           "(exactly: %.2f %%;\nthe lecture: about 99 %%).\n\n",
           100 * within, 100 * erf(3 / sqrt(2)));
    printf("Gradient descent for weight in kg, best fixed rate, to a millionth "
           "of the loss:\n\n  %-18s %24s %10s %6s\n",
           "inputs", "covariance matrix", "condition", "steps");
    for (int k = 0; k < SCALES; k++) {
        const Descent *d = &descents[k];
        printf("  %-18s  [%6.3f %6.3f; %6.3f] %10.2f %6d\n", scale_name[k],
               d->C[0][0], round(1000 * d->C[0][1]) / 1000 + 0.0, d->C[1][1],
               d->eigen[0] / d->eigen[1], d->steps);
    }
    printf("\n");
}

// ---- 7. Figures -------------------------------------------------------------

static void draw_clouds(const Tensor *x, const char *format) {
    static const char *const axes[SCALES][2] = {
        {"shoe size", "height (cm)"},
        {"shoe size", "height"},
        {"first component", "second component"},
        {"shoe size", "residual height"}};
    Figure f;
    if (!figure_open(&f, "ch04", "preprocess_clouds", format))
        return;
    figure_title(&f, "Standardized, the cloud still slants; whitened, it is "
                     "round");
    figure_caption(&f,
                   "The same %d people, first in shoe sizes and centimeters, "
                   "then in standard deviations.",
                   N);
    for (int k = 0; k < SCALES; k++) {
        Tensor y = {0};
        tensor_copy(&y, x);
        rescale(&y, (Scale)k);
        figure_panel(&f, "%s", scale_name[k]);
        figure_x(&f, "%s", axes[k][0]);
        figure_y(&f, "%s", axes[k][1]);
        figure_panel_size(&f, 300, 300);
        for (const char *axis = "xy"; *axis != '\0'; axis++)
            figure_range(&f, *axis, k == CENTERED ? -25 : -4.5,
                         k == CENTERED ? 25 : 4.5);
        figure_table(&f, "a,b");
        for (int n = 0; n < N; n++)
            figure_row(&f, y.data[n * D], y.data[n * D + 1]);
        figure_pen(&f, (Pen){.point = POINT_DOT, .size = 0.4});
        figure_points(&f, 1, 2, "");
        tensor_free(&y);
    }
    figure_close(&f);
}

// Bands of equal ratio make the shape of the valley visible down to its end.
static double log_loss(const void *context, double x, double y) {
    return log10(loss_above(context, x, y) + 0.01);
}

static void draw_paths(const Descent descents[SCALES], const char *format) {
    Figure f;
    if (!figure_open(&f, "ch04", "preprocess_paths", format))
        return;
    figure_title(&f,
                 "The rounder the bowl, the fewer steps: %d centered, %d "
                 "standardized, %d whitened",
                 descents[CENTERED].steps, descents[STANDARD].steps,
                 descents[PCA_WHITE].steps);
    figure_caption(&f, "Gradient descent on the same data, from zero weights "
                       "(black) until the loss above its minimum has fallen to "
                       "a millionth; darker is higher.");
    for (int k = CENTERED; k <= PCA_WHITE; k++) {
        const Descent *d = &descents[k];
        double reach = 1.3 * hypot(d->best[0], d->best[1]);
        const double range[2][2] = {{d->best[0] - reach, d->best[0] + reach},
                                    {d->best[1] - reach, d->best[1] + reach}};
        figure_panel(&f, "%s", scale_name[k]);
        figure_x(&f, "first weight");
        figure_y(&f, "second weight");
        figure_square(&f);
        SurfaceMap map = surface_map(&f, log_loss, d, range);
        surface_show(&f, &map);
        figure_table(&f, "w1,w2");
        for (int n = 0; n <= d->steps; n++)
            figure_row(&f, d->path[n][0], d->path[n][1]);
        surface_path(&f, 0.5);
    }
    figure_close(&f);
}

static void draw_pictures(const float *pictures, const char *format) {
    static const char *const rows[] = {"before", "after"};
    Figure f;
    if (!figure_open(&f, "ch04", "preprocess_pictures", format))
        return;
    figure_title(&f, "Size normalization: any size, anywhere, becomes one size "
                     "in the middle");
    figure_caption(&f,
                   "Above, digits on canvases of %d × %d pixels; below, "
                   "what a net is given, %d × %d.",
                   CANVAS, CANVAS, SIDE, SIDE);
    figure_panel_size(&f, 720, 200);
    figure_pictures(&f, &(Sheet){.pixels = pictures,
                                 .count = 2 * SHEET,
                                 .H = CANVAS,
                                 .W = CANVAS,
                                 .columns = SHEET,
                                 .high = 1.0,
                                 .heat = HEAT_GRAY,
                                 .rows = rows});
    figure_close(&f);
}

// ---- 8. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    cli_parse(
        &o, "preprocess",
        "Min-max scaling, standardizing and whitening of inputs, and what "
        "they do for gradient descent.",
        NULL, 0, argc, argv);
    Rng rng;
    Tensor x = {0}, t = {0}, y = {0};
    rng_seed(&rng, o.seed);
    draw_people(&x, &t, &rng);
    double within = within_three(1000000, &rng), error[SCALES];
    static Descent descents[SCALES]; // too large for the stack
    for (int k = 0; k < SCALES; k++) {
        tensor_copy(&y, &x);
        rescale(&y, (Scale)k);
        error[k] = whiteness_error(&y);
        descents[k] = descend(&y, &t);
    }
    float *pictures = mem_alloc(2 * SHEET * PIXELS, sizeof *pictures);
    normalize_pictures(pictures, &rng);
    if (!o.quiet)
        report(&x, descents, within);
    draw_clouds(&x, o.plot);
    draw_paths(descents, o.plot);
    draw_pictures(pictures, o.plot);
    run_result("within_3=%.4f pca_error=%.1e cholesky_error=%.1e "
               "steps_centered=%d steps_standardized=%d steps_whitened=%d",
               within, error[PCA_WHITE], error[CHOLESKY_WHITE],
               descents[CENTERED].steps, descents[STANDARD].steps,
               descents[PCA_WHITE].steps);
    mem_free(pictures);
    tensor_free(&x);
    tensor_free(&t);
    tensor_free(&y);
    return run_end();
}
