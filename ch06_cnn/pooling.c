// pooling.c - keep that a feature is there, not exactly where (池化)
//
// A pooling layer (池化层, 下采样层) slides a window and keeps one number each
// time: the largest, or the mean. It has no weights, keeps channels separate
// and makes the picture smaller. What it buys is robustness (鲁棒性): a shift
// by one pixel changes less of the pooled picture than of the picture, and the
// less the larger the window. C says that nothing changes, D that a feature's
// position is kept. Neither holds: only the window that it lies in is kept.
//
// Source: C, pooling layers; D, the same.
// Run: make pooling && ./pooling
// Ends with: result: max=2,3,4,2 average=1,1.5,2.25,1 overlapping=3,3,4,4 ...
//
// Contents: 1 pooling  2 worked example  3 a shift  4 charts  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "data.h"
#include "figure.h"
#include "memory.h"
#include "run.h"

// ---- 1. Pooling -------------------------------------------------------------

typedef enum { MAXIMUM, AVERAGE } PoolKind;

// [C pooling] OH = (H - size) / stride + 1
static int pooled_size(int H, int size, int stride) {
    return (H - size) / stride + 1;
}

// x [C, H, W] -> y [C, OH, OW], each channel separately.
// [C max pooling] y[c][i][j] = max of x[c][iS+u][jS+v] over u, v < size
// [C average pooling] y[c][i][j] = mean of x[c][iS+u][jS+v] over u, v < size
static void pool(float *y, const float *x, PoolKind kind, int size, int stride,
                 int C, int H, int W) {
    int OH = pooled_size(H, size, stride), OW = pooled_size(W, size, stride);
    for (int c = 0; c < C; c++)
        for (int i = 0; i < OH; i++)
            for (int j = 0; j < OW; j++) {
                const float *window = x + (c * H + i * stride) * W + j * stride;
                float most = window[0], sum = 0.0f;
                for (int u = 0; u < size; u++)
                    for (int v = 0; v < size; v++) {
                        most = fmaxf(most, window[u * W + v]);
                        sum += window[u * W + v];
                    }
                y[(c * OH + i) * OW + j] =
                    kind == MAXIMUM ? most : sum / (float)(size * size);
            }
}

// ---- 2. The worked example --------------------------------------------------

static const float example[4][4] = {
    {1, 2, 1, 0}, {0, 1, 2, 3}, {3, 0, 1, 2}, {2, 4, 0, 1}};

static void print_example(const char *what, const float y[4]) {
    printf("  %-34s%5g %5g\n  %-34s%5g %5g\n", what, (double)y[0], (double)y[1],
           "", (double)y[2], (double)y[3]);
}

// ---- 3. A shift by one pixel ------------------------------------------------

enum { SIDE = 28, PIXELS = SIDE * SIDE, WINDOWS = 5 };
static const int windows[WINDOWS] = {1, 2, 4, 7, 14};

static void read_digit(float x[PIXELS], const Dataset *set, int index) {
    for (int p = 0; p < PIXELS; p++)
        x[p] = (float)set->pixels[index * PIXELS + p] / 255.0f;
}

// One pixel to the right; on the left comes background.
static void shift(float y[PIXELS], const float x[PIXELS]) {
    for (int p = 0; p < PIXELS; p++)
        y[p] = p % SIDE > 0 ? x[p - 1] : 0.0f;
}

// |a - b| / |a|: 0 if nothing changed. 1 would be as much as the picture
// itself.
static double change(const float *a, const float *b, int n) {
    double difference = 0, size = 0;
    for (int i = 0; i < n; i++) {
        difference += pow((double)(a[i] - b[i]), 2);
        size += pow((double)a[i], 2);
    }
    return size > 0 ? sqrt(difference / size) : 0;
}

// The mean change of `count` pooled digits when each is shifted.
static double change_by_shift(const Dataset *set, int count, PoolKind kind,
                              int size) {
    float x[PIXELS], moved[PIXELS], y[PIXELS], y_moved[PIXELS];
    double sum = 0;
    int side = pooled_size(SIDE, size, size);
    for (int n = 0; n < count; n++) {
        read_digit(x, set, n);
        shift(moved, x);
        pool(y, x, kind, size, size, 1, SIDE, SIDE);
        pool(y_moved, moved, kind, size, size, 1, SIDE, SIDE);
        sum += change(y, y_moved, side * side);
    }
    return sum / count;
}

typedef struct {
    double maximum[WINDOWS], average[WINDOWS];
} Changes;

static Changes measure(const Dataset *set, int count) {
    Changes c;
    for (int w = 0; w < WINDOWS; w++) {
        c.maximum[w] = change_by_shift(set, count, MAXIMUM, windows[w]);
        c.average[w] = change_by_shift(set, count, AVERAGE, windows[w]);
    }
    return c;
}

static void print_changes(const Changes *c, int count) {
    printf("\nHow much of a digit changes when it moves by one pixel (mean of "
           "%d digits):\n\n  window   output    maximum   average\n",
           count);
    for (int w = 0; w < WINDOWS; w++) {
        int side = pooled_size(SIDE, windows[w], windows[w]);
        printf("  %2d x %-2d  %2d x %-2d %8.0f %% %7.0f %%%s\n", windows[w],
               windows[w], side, side, 100 * c->maximum[w], 100 * c->average[w],
               w == 0 ? "   (no pooling)" : "");
    }
    printf("\nThe lecture says that the output stays the same. That of a 2 x 2 "
           "maximum changes\nby %.0f %%; the larger the window, the less.\n\n",
           100 * c->maximum[1]);
}

// ---- 4. Charts --------------------------------------------------------------

static void draw_changes(const Changes *c, const char *data,
                         const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "pooling_shift", format))
        return;
    figure_title(&f,
                 "A one-pixel shift changes %.0f %% of a digit, %.0f %% after "
                 "2 × 2 max pooling",
                 100 * c->maximum[0], 100 * c->maximum[1]);
    figure_caption(&f,
                   "The larger the window, the less of the output changes; "
                   "means over digits of %s.",
                   data);
    figure_table(&f, "window,maximum,average");
    for (int w = 0; w < WINDOWS; w++) {
        figure_row(&f, windows[w], 100 * c->maximum[w], 100 * c->average[w]);
        figure_tick(&f, 'x', w, "%d × %d", windows[w], windows[w]);
    }
    figure_x(&f, "window (1 × 1: no pooling)");
    figure_y(&f, "change of the output (%%)");
    figure_bars(&f, 2, "%.0f", "maximum");
    figure_bars(&f, 3, "%.0f", "average");
    figure_close(&f);
}

enum { VIEWS = 6 };
typedef struct {
    const char *name;
    PoolKind kind;
    int size, stride;
} View;

static const View views[VIEWS] = {
    {"digit", MAXIMUM, 1, 1},
    {"max 2×2", MAXIMUM, 2, 2},
    {"max 3×3, stride 2", MAXIMUM, 3, 2},
    {"max 4×4", MAXIMUM, 4, 4},
    {"mean 2×2", AVERAGE, 2, 2},
    {"mean 4×4", AVERAGE, 4, 4},
};

// A pooled picture stretched back to SIDE x SIDE, so that all have one size.
static void stretch(float to[PIXELS], const float *from, int side) {
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            to[i * SIDE + j] = from[i * side / SIDE * side + j * side / SIDE];
}

static void draw_pictures(const Dataset *set, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "pooling_pictures", format))
        return;
    float x[2][PIXELS], y[PIXELS];
    float *pictures = mem_alloc(2 * VIEWS * PIXELS, sizeof *pictures);
    const char *captions[2 * VIEWS] = {NULL};
    read_digit(x[0], set, 0);
    shift(x[1], x[0]);
    for (int k = 0; k < 2 * VIEWS; k++) {
        const View *v = &views[k % VIEWS];
        pool(y, x[k / VIEWS], v->kind, v->size, v->stride, 1, SIDE, SIDE);
        stretch(pictures + k * PIXELS, y,
                pooled_size(SIDE, v->size, v->stride));
        captions[k] = k < VIEWS ? v->name : NULL;
    }
    figure_title(
        &f, "The larger the window, the less of a stroke's position is left");
    figure_caption(&f, "A digit pooled in five ways, and below it the same "
                       "digit moved by one pixel to the right.");
    figure_panel_size(&f, 720, 300);
    figure_pictures(
        &f, &(Sheet){.pixels = pictures,
                     .count = 2 * VIEWS,
                     .H = SIDE,
                     .W = SIDE,
                     .columns = VIEWS,
                     .high = 1.0,
                     .heat = HEAT_GRAY,
                     .rows = (const char *const[]){"not moved", "moved"},
                     .captions = captions});
    figure_close(&f);
    mem_free(pictures);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    const char *data = NULL;
    int limit = 1000;
    const Option table[] = {
        option_text("data", &data, "DIR",
                    "folder of the IDX files, or: synthetic"),
        option_int("limit", &limit, 1, 10000, "digits to shift"),
    };
    cli_parse(&o, "pooling",
              "Maximum and average pooling on a worked example, and what they "
              "make of a digit that moves by one pixel.",
              table, sizeof table / sizeof *table, argc, argv);
    Error err;
    Digits digits;
    if (!digits_load(&digits, data, limit, o.seed, &err))
        die("%s", err.message);
    digits_say(&digits, o.quiet);
    const int count = digits.test.count;

    float most[4], mean[4], overlapping[4];
    pool(most, example[0], MAXIMUM, 2, 2, 1, 4, 4);
    pool(mean, example[0], AVERAGE, 2, 2, 1, 4, 4);
    pool(overlapping, example[0], MAXIMUM, 3, 1, 1, 4, 4);
    Changes changes = measure(&digits.test, count);
    if (!o.quiet) {
        printf("\n  x =  1  2  1  0\n       0  1  2  3\n       3  0  1  2\n"
               "       2  4  0  1\n\n");
        print_example("maximum, 2 x 2, stride 2", most);
        print_example("average, 2 x 2, stride 2", mean);
        print_example("maximum, 3 x 3, stride 1 (overlap)", overlapping);
        print_changes(&changes, count);
    }
    draw_changes(&changes, digits_name(&digits), o.plot);
    draw_pictures(&digits.test, o.plot);
    run_result("max=%g,%g,%g,%g average=%g,%g,%g,%g "
               "overlapping=%g,%g,%g,%g unpooled_change=%.3f max2_change=%.3f "
               "max4_change=%.3f data=%s",
               (double)most[0], (double)most[1], (double)most[2],
               (double)most[3], (double)mean[0], (double)mean[1],
               (double)mean[2], (double)mean[3], (double)overlapping[0],
               (double)overlapping[1], (double)overlapping[2],
               (double)overlapping[3], changes.maximum[0], changes.maximum[1],
               changes.maximum[2], digits_name(&digits));
    digits_free(&digits);
    return run_end();
}
