// convolution.c - a small window slides over a picture (卷积)
//
// Lay a kernel (卷积核; filter, 滤波器) of a few weights on a corner of the
// picture, multiply what lies on top of each other, add up: one pixel of the
// output. Move on by the stride (步幅) until the picture is covered; zeros put
// around it first (填充, padding) keep the output as large as the input. The
// same few weights make every pixel: that is all a convolutional layer is.
//
// The kernel is not turned around here, nor on the lecture's slides, though its
// definition of convolution turns one of the two: convolution_1d.c shows both.
// conv_speed.c computes the same sums fast.
//
// Source: C, convolution operations (卷积运算), its four worked examples, and
// the size formula; D, kernel, stride and bias.
// Run: make convolution && ./convolution --explain 1,2
// Ends with: result: y00=15 bias=18 padded=7 strided=15 rows=10 cols=11
//
// Contents: 1 one window  2 worked examples  3 channels  4 chart  5 main

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "figure.h"
#include "run.h"
#include "text.h"

// ---- 1. One window ----------------------------------------------------------

enum { LARGEST = 6 };

typedef struct {
    int rows, cols;
    double at[LARGEST][LARGEST];
} Grid;

typedef struct {
    int stride, padding;
    double bias;
} Settings;

// [C output size] OH = (H + 2P - FH) / S + 1
// OW likewise. The quotient is rounded down.
static int output_size(int size, int kernel, int stride, int padding) {
    return (size + 2 * padding - kernel) / stride + 1;
}

// A pixel of the picture, or one of the zeros around it.
static double padded(const Grid *x, int row, int col) {
    bool inside = row >= 0 && row < x->rows && col >= 0 && col < x->cols;
    return inside ? x->at[row][col] : 0.0;
}

// [C convolution] y[i][j] = b + sum over u, v of k[u][v] x[iS+u-P][jS+v-P]
static double window(const Grid *x, const Grid *k, Settings s, int i, int j) {
    double sum = s.bias;
    for (int u = 0; u < k->rows; u++)
        for (int v = 0; v < k->cols; v++)
            sum += k->at[u][v] * padded(x, i * s.stride + u - s.padding,
                                        j * s.stride + v - s.padding);
    return sum;
}

static Grid slide(const Grid *x, const Grid *k, Settings s) {
    Grid y = {.rows = output_size(x->rows, k->rows, s.stride, s.padding),
              .cols = output_size(x->cols, k->cols, s.stride, s.padding)};
    for (int i = 0; i < y.rows; i++)
        for (int j = 0; j < y.cols; j++)
            y.at[i][j] = window(x, k, s, i, j);
    return y;
}

// Every product of one output pixel, a line for each row of the kernel.
static void explain(const Grid *x, const Grid *k, Settings s, int i, int j) {
    int top = i * s.stride - s.padding, left = j * s.stride - s.padding;
    printf("y[%d][%d] with stride %d and padding %d: kernel * picture, "
           "from x[%d][%d] on\n\n",
           i, j, s.stride, s.padding, top, left);
    for (int u = 0; u < k->rows; u++) {
        double sum = 0.0;
        for (int v = 0; v < k->cols; v++) {
            double pixel = padded(x, top + u, left + v);
            sum += k->at[u][v] * pixel;
            printf("%s%g * %g", v == 0 ? "    " : "  +  ", k->at[u][v], pixel);
        }
        printf("  = %6g\n", sum);
    }
    printf("    %-25s  = %6g\n    %-25s  = %6g\n\n", "bias", s.bias, "together",
           window(x, k, s, i, j));
}

// ---- 2. Worked examples -----------------------------------------------------

static const Grid picture = {
    4, 4, {{1, 2, 3, 0}, {0, 1, 2, 3}, {3, 0, 1, 2}, {2, 3, 0, 1}}};
static const Grid larger = {5,
                            5,
                            {{1, 2, 3, 0, 1},
                             {0, 1, 2, 3, 0},
                             {3, 0, 1, 2, 3},
                             {2, 3, 0, 1, 2},
                             {1, 2, 3, 0, 1}}};
static const Grid kernel = {3, 3, {{2, 0, 1}, {0, 1, 2}, {1, 0, 2}}};

enum { PLAIN, BIAS, PADDED, STRIDED, EXAMPLES };
static const struct {
    const char *title;
    const Grid *x;
    Settings settings;
} examples[EXAMPLES] = {
    [PLAIN] = {"4 x 4", &picture, {1, 0, 0}},
    [BIAS] = {"4 x 4, bias 3", &picture, {1, 0, 3}},
    [PADDED] = {"4 x 4, padding 1", &picture, {1, 1, 0}},
    [STRIDED] = {"5 x 5, stride 2", &larger, {2, 0, 0}},
};

static Grid run_example(int which) {
    return slide(examples[which].x, &kernel, examples[which].settings);
}

// Grids side by side, a title above each, 20 columns wide.
static void print_grids(int count, const char *const *titles, const Grid *g) {
    int rows = 0;
    for (int n = 0; n < count; n++) {
        printf("  %-*s", n < count - 1 ? 18 : 0, titles[n]);
        rows = g[n].rows > rows ? g[n].rows : rows;
    }
    printf("\n");
    for (int i = 0; i < rows; i++) {
        int column = 0; // blanks are printed only before a number
        for (int n = 0; n < count; n++)
            for (int j = 0; j < g[n].cols && i < g[n].rows; j++)
                column +=
                    printf("%*g", 20 * n + 4 * (j + 1) - column, g[n].at[i][j]);
        printf("\n");
    }
    printf("\n");
}

static void print_examples(void) {
    Grid y[EXAMPLES];
    const char *titles[EXAMPLES];
    for (int n = 0; n < EXAMPLES; n++) {
        y[n] = run_example(n);
        titles[n] = examples[n].title;
    }
    print_grids(3, (const char *const[]){"picture", "larger", "kernel"},
                (const Grid[]){picture, larger, kernel});
    print_grids(EXAMPLES, titles, y);
    printf(
        "Size: (H + 2P - FH) / S + 1. A picture of 28 x 31 with P = 2, S = 3,"
        "\nFH = 5 gives %d x %d.\n\n",
        output_size(28, 5, 3, 2), output_size(31, 5, 3, 2));
}

// ---- 3. Channels ------------------------------------------------------------

enum { C = 2, O = 2 }; // channels in, and out

static const Grid checkers = {
    4, 4, {{0, 1, 0, 1}, {1, 0, 1, 0}, {0, 1, 0, 1}, {1, 0, 1, 0}}};
static const Grid ones = {3, 3, {{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}};
static const Grid plus = {3, 3, {[1] = {0, 1, 0}}};
static const Grid minus = {3, 3, {[1] = {0, -1, 0}}};

// A kernel has one slice per channel (通道); the results of its slices add up
// to one channel of the output. So the output has one channel per kernel.
// [C channels] y[o] = b[o] + sum over c of w[o][c] * x[c]
static Grid slide_channels(const Grid *const x[C], const Grid *const w[C],
                           double b) {
    Grid y = slide(x[0], w[0], (Settings){1, 0, b});
    for (int c = 1; c < C; c++) {
        Grid part = slide(x[c], w[c], (Settings){1, 0, 0});
        for (int i = 0; i < y.rows; i++)
            for (int j = 0; j < y.cols; j++)
                y.at[i][j] += part.at[i][j];
    }
    return y;
}

static void two_kernels(Grid y[O]) {
    const Grid *const x[C] = {&picture, &checkers};
    const Grid *const w[O][C] = {{&kernel, &ones}, {&plus, &minus}};
    const double b[O] = {0, 10};
    for (int o = 0; o < O; o++)
        y[o] = slide_channels(x, w[o], b[o]);
}

static void print_channels(void) {
    Grid g[2 + O] = {slide(&picture, &kernel, (Settings){1, 0, 0}),
                     slide(&checkers, &ones, (Settings){1, 0, 0})};
    two_kernels(g + 2);
    printf("Two channels, the picture and a checkerboard, and two kernels of "
           "two slices:\n\n");
    print_grids(4,
                (const char *const[]){"kernel 0: slice 0", "+ slice 1",
                                      "= channel 0 of y", "channel 1 of y"},
                g);
}

// ---- 4. Chart ---------------------------------------------------------------

// The cells of one grid; rows and cols from `from` on for `size` are marked.
static void draw_grid(Figure *f, const Grid *x, int padding, int left, int row,
                      int col, int size) {
    for (int i = -padding; i < x->rows + padding; i++)
        for (int j = -padding; j < x->cols + padding; j++) {
            bool chosen =
                i >= row && i < row + size && j >= col && j < col + size;
            bool zero = i < 0 || i >= x->rows || j < 0 || j >= x->cols;
            figure_row(f, left + j + padding, -(i + padding), padded(x, i, j),
                       chosen ? 2 : zero);
        }
}

// Picture, kernel and output y, the window of y[i][j] marked.
static void draw_window(Figure *f, Settings s, const Grid *y, int i, int j) {
    int width = picture.cols + 2 * s.padding, P = s.padding;
    int last = width + 5 + y->cols, rows = width > y->rows ? width : y->rows;
    figure_table(f, "x,y,value,kind (0 cell 1 padding 2 chosen)");
    draw_grid(f, &picture, P, 0, i * s.stride - P, j * s.stride - P, 3);
    draw_grid(f, &kernel, 0, width + 1, 0, 0, 3);
    draw_grid(f, y, 0, width + 5, i, j, 1);

    figure_bare(f);
    figure_square(f);
    figure_panel_size(f, 42 * (last + 1), 42 * (rows + 1));
    figure_range(f, 'x', -0.6, last - 0.4);
    figure_range(f, 'y', 0.4 - rows, 1.3);
    const PenColor colors[] = {PEN_NEXT, PEN_GRAY, PEN_ORANGE};
    for (int kind = 0; kind < 3; kind++) {
        figure_pen(f, (Pen){.color = colors[kind], .column = 4, .value = kind});
        figure_boxes(f, 1, 2, 0.5);
    }
    figure_values(f, 1, 2, 3, "%g", 0.0);
    figure_note(f, (width - 1) / 2.0, 0.9, 'c', "picture");
    figure_note(f, width, -1.0, 'c', "×");
    figure_note(f, width + 2, 0.9, 'c', "kernel");
    figure_note(f, width + 4, -1.0, 'c', "=");
    figure_note(f, width + 4 + (y->cols + 1) / 2.0, 0.9, 'c', "output");
}

static void draw(Settings s, int i, int j, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "convolution_window", format))
        return;
    Grid y = slide(&picture, &kernel, s);
    figure_title(&f,
                 "One window, multiplied by the kernel and added up: "
                 "y[%d][%d] = %g",
                 i, j, y.at[i][j]);
    figure_caption(&f,
                   "Orange cells take part, gray ones are padding; the bias, "
                   "%g, is added to the sum.",
                   s.bias);
    draw_window(&f, s, &y, i, j);
    figure_close(&f);
}

// The window slides, row by row, and the output fills.
static void draw_film(Settings s, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "convolution_film", format))
        return;
    Grid y = slide(&picture, &kernel, s), so_far = y;
    figure_title(&f, "The same kernel at every place: %d windows, %d outputs",
                 y.rows * y.cols, y.rows * y.cols);
    figure_caption(&f,
                   "The window moves by a stride of %d; each place gives "
                   "one pixel of the output.",
                   s.stride);
    figure_film(&f, 4);
    for (int n = 0; n < y.rows * y.cols; n++)
        so_far.at[n / y.cols][n % y.cols] = (double)NAN;
    for (int n = 0; n < y.rows * y.cols; n++) {
        int i = n / y.cols, j = n % y.cols;
        so_far.at[i][j] = y.at[i][j];
        figure_panel(&f, "y[%d][%d] = %g", i, j, y.at[i][j]);
        draw_window(&f, s, &so_far, i, j);
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int stride, padding;
    float bias;
    const char *explain;
} Options;

// "1,2" as a place in y; anything else is a usage error.
static void place(const char *text, const Grid *y, int *row, int *col,
                  const char *program) {
    char first[8];
    size_t length = strcspn(text, ",");
    long long i = -1, j = -1;
    snprintf(first, sizeof first, "%.*s", (int)length, text);
    bool right = length < sizeof first && text[length] == ',' &&
                 text_to_whole(first, &i) &&
                 text_to_whole(text + length + 1, &j);
    if (!right || i < 0 || i >= y->rows || j < 0 || j >= y->cols) {
        cli_usage_error(program,
                        "--explain takes ROW,COL of the output, from 0,0 to "
                        "%d,%d, not '%s'",
                        y->rows - 1, y->cols - 1, text);
    }
    *row = (int)i;
    *col = (int)j;
}

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_text("explain", &o->explain, "ROW,COL",
                    "show every product of this output pixel"),
        option_int("stride", &o->stride, 1, 4, "pixels between two windows"),
        option_int("padding", &o->padding, 0, 2, "zeros around the picture"),
        option_float("bias", &o->bias, -1000, 1000, "added to every pixel"),
    };
    cli_parse(&o->common, "convolution",
              "Convolution by hand on pictures of 4 x 4 and 5 x 5: bias, "
              "padding, stride, channels, and every product of a pixel.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    Options o = {.common = {.seed = 1}, .stride = 1, .padding = 1};
    parse(&o, argc, argv);
    Settings s = {o.stride, o.padding, (double)o.bias};
    Grid y = slide(&picture, &kernel, s);
    int i = y.rows > 1, j = y.cols > 2 ? 2 : y.cols - 1;
    if (o.explain != NULL)
        place(o.explain, &y, &i, &j, argv[0]);
    if (!o.common.quiet) {
        print_examples();
        print_channels();
    }
    if (o.explain != NULL)
        explain(&picture, &kernel, s, i, j);
    draw(s, i, j, o.common.plot);
    draw_film(s, o.common.plot);
    run_result("y00=%g bias=%g padded=%g strided=%g rows=%d cols=%d",
               run_example(PLAIN).at[0][0], run_example(BIAS).at[0][0],
               run_example(PADDED).at[0][0], run_example(STRIDED).at[0][0],
               output_size(28, 5, 3, 2), output_size(31, 5, 3, 2));
    return run_end();
}
