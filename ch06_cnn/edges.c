// edges.c - kernels that a person chose (加强边沿)
//
// Before nets learned their kernels, people thought them up. A difference of
// neighbors is large where brightness changes, at an edge (Sobel), or where it
// bends (Laplacian); a mean of neighbors blurs (模糊); the picture minus its
// Laplacian is sharper (锐化). Beyond the border the picture goes on as its own
// mirror image: the output is as large as the input and has no false border.
//
// --kernel runs the lecture's own case (图像卷积运算) to the last digit:
//     signal.convolve2d(face, flt, boundary='symm', mode='same')
//     .astype("int32"), on gray levels from 0 to 255.
//
// Source: C, effects of convolution; case 2. C prints the two Sobel kernels;
// blur and sharpening it only names.
// Run: make edges && ./edges --picture my_photo.png --kernel sobel_x
// Ends with: result: rows=160 cols=160 blur=0.5462 sharpen=0.5549 ...
//
// Contents: 1 kernels  2 convolution  3 the picture  4 table  5 chart
//           6 the lecture's case  7 main

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "error.h"
#include "figure.h"
#include "image.h"
#include "memory.h"
#include "run.h"
#include "text.h"

// ---- 1. Kernels -------------------------------------------------------------

enum { LARGEST = 5 };

typedef struct {
    const char *name, *does;
    int size;                          // size x size, odd
    double divisor;                    // of all weights
    double weights[LARGEST * LARGEST]; // row by row
} Kernel;

enum { BLUR, SHARPEN, G_X, G_Y, LAPLACIAN, KERNELS };

// Written to be turned around by a convolution: the positive left column of
// G_x meets the pixels on the right.
static const Kernel kernels[KERNELS] = {
    // [C blur] the weighted mean of 25 neighbors, 1 4 6 4 1 across and down
    [BLUR] = {"blur", "mean of 5 x 5 neighbors", 5, 256, {1, 4,  6,  4,  1,
                                                          4, 16, 24, 16, 4,
                                                          6, 24, 36, 24, 6,
                                                          4, 16, 24, 16, 4,
                                                          1, 4,  6,  4,  1}},
    // [C sharpen] the picture minus its Laplacian
    [SHARPEN] = {"sharpen",
                 "picture minus Laplacian",
                 3,
                 1,
                 {0, -1, 0, -1, 5, -1, 0, -1, 0}},
    // [C Sobel x] G_x = [+1 0 -1; +2 0 -2; +1 0 -1] * A: right minus left
    [G_X] = {"G_x",
             "> 0: brighter rightward",
             3,
             1,
             {1, 0, -1, 2, 0, -2, 1, 0, -1}},
    // [C Sobel y] G_y = [+1 +2 +1; 0 0 0; -1 -2 -1] * A: below minus above
    [G_Y] =
        {"G_y", "> 0: brighter downward", 3, 1, {1, 2, 1, 0, 0, 0, -1, -2, -1}},
    // [Gonzalez 2018 Laplacian] the four neighbors minus four times the middle
    [LAPLACIAN] = {"laplacian",
                   "> 0: darker than around it",
                   3,
                   1,
                   {0, 1, 0, 1, -4, 1, 0, 1, 0}},
};

// ---- 2. Convolution ---------------------------------------------------------

// c b a | a b c d | d c b: where pixel i of n is found, i anywhere.
static int mirrored(int i, int n) {
    while (i < 0 || i >= n)
        i = i < 0 ? -1 - i : 2 * n - 1 - i;
    return i;
}

// One pixel, with r = (size - 1) / 2 pixels around the middle. Of gray levels
// and whole weights the sum is exact.
// [C convolve2d] y[i][j] = sum over u, v of k[u][v] x[i+r-u][j+r-v]
static double convolved(const Tensor *x, const Kernel *k, int i, int j) {
    int H = x->shape[0], W = x->shape[1], r = k->size / 2;
    double sum = 0.0;
    for (int u = 0; u < k->size; u++) {
        const float *row = x->data + (ptrdiff_t)mirrored(i + r - u, H) * W;
        for (int v = 0; v < k->size; v++)
            sum += k->weights[u * k->size + v] *
                   (double)row[mirrored(j + r - v, W)];
    }
    return sum / k->divisor;
}

// y [H, W] from x [H, W]
static void convolve(Tensor *y, const Tensor *x, const Kernel *k) {
    int H = x->shape[0], W = x->shape[1];
    tensor_resize(y, 2, H, W);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++)
            y->data[(ptrdiff_t)i * W + j] = (float)convolved(x, k, i, j);
}

// ---- 3. The picture ---------------------------------------------------------

enum { SCENE = 160, FINE = 4 };

// How bright the built-in scene is at (x, y), both from 0 to 1: sky, sun,
// ground, a fence, and a house with roof, door and window.
static float scene(float x, float y) {
    float sky = 0.45f + 0.4f * y;
    float brightness = y > 0.75f + 0.03f * sinf(9.0f * x) ? 0.35f : sky;
    if (hypotf(x - 0.78f, y - 0.2f) < 0.1f)
        brightness = 1.0f;
    if (x > 0.66f && y > 0.6f && y < 0.85f && fmodf(x, 0.06f) < 0.025f)
        brightness = 0.95f;
    if (fabsf(x - 0.36f) < 0.22f && y > 0.45f && y < 0.85f)
        brightness = 0.8f;
    if (fabsf(x - 0.36f) < 1.2f * (y - 0.2f) && y < 0.45f)
        brightness = 0.15f;
    if (fabsf(x - 0.27f) < 0.06f && y > 0.6f && y < 0.85f)
        brightness = 0.25f;
    if (hypotf(x - 0.46f, y - 0.62f) < 0.07f)
        brightness = fabsf(x - 0.46f) < 0.01f ? 0.8f : 0.3f;
    return brightness;
}

// Each pixel is the mean of FINE x FINE points, as a camera's is of its area.
static void draw_scene(Tensor *x) {
    tensor_resize(x, 2, SCENE, SCENE);
    const float step = 1.0f / (SCENE * FINE);
    for (int p = 0; p < SCENE * SCENE; p++) {
        float sum = 0.0f;
        for (int s = 0; s < FINE * FINE; s++)
            sum += scene(((float)(p % SCENE * FINE + s % FINE) + 0.5f) * step,
                         ((float)(p / SCENE * FINE + s / FINE) + 0.5f) * step);
        x->data[p] = sum / (FINE * FINE);
    }
}

// Makes a picture of more than `most` pixels a side smaller, by the mean of
// whole blocks; what does not fill a block is cut off.
static void shrink(Tensor *x, int most) {
    int H = x->shape[0], W = x->shape[1];
    int block = ((H > W ? H : W) + most - 1) / most;
    int rows = H < block ? 1 : H / block, cols = W < block ? 1 : W / block;
    int high = H < block ? H : block, wide = W < block ? W : block;
    Tensor small = {0};
    tensor_resize(&small, 2, rows, cols);
    for (int p = 0; p < rows * cols; p++) {
        double sum = 0.0;
        for (int i = 0; i < high; i++)
            for (int j = 0; j < wide; j++)
                sum += (double)x->data[(ptrdiff_t)(p / cols * block + i) * W +
                                       p % cols * block + j];
        small.data[p] = (float)(sum / (high * wide));
    }
    tensor_free(x);
    *x = small;
}

static void take_picture(Tensor *x, const char *path, int most, bool quiet) {
    Error err;
    if (path == NULL)
        draw_scene(x);
    else if (!image_read(x, path, &err))
        die("%s", err.message);
    int H = x->shape[0], W = x->shape[1];
    shrink(x, most);
    if (quiet)
        return;
    printf("picture: %s, %d x %d", path != NULL ? path : "a house, built in", H,
           W);
    if (x->shape[0] != H || x->shape[1] != W)
        printf(", made smaller to %d x %d (--size)", x->shape[0], x->shape[1]);
    printf("\n\n");
}

// ---- 4. Table ---------------------------------------------------------------

static double mean_size(const Tensor *y) {
    double sum = 0.0;
    for (size_t p = 0; p < y->size; p++)
        sum += fabs((double)y->data[p]);
    return sum / (double)y->size;
}

static void print_kernels(void) {
    for (int n = SHARPEN; n < KERNELS; n++)
        printf("  %-*s", n < LAPLACIAN ? 16 : 0, kernels[n].name);
    printf("\n");
    for (int u = 0; u < 3; u++, printf("\n"))
        for (int n = SHARPEN; n < KERNELS; n++) {
            const double *row = kernels[n].weights + u * 3;
            printf("%4g%4g%4g%*s", row[0], row[1], row[2],
                   n < LAPLACIAN ? 6 : 0, "");
        }
    printf("\nA convolution turns them around before it lays them on. G_x and "
           "G_y are the\n"
           "lecture's; the flt of its code is -G_x (--kernel sobel_x).\n\n"
           "  %-10s %7s %8s %8s %10s   %s\n",
           "kernel", "sum", "least", "most", "mean size", "what it shows");
}

static void print_output(const Kernel *k, const Tensor *y) {
    double sum = 0.0;
    float least = y->data[0], most = y->data[0];
    for (int i = 0; i < k->size * k->size; i++)
        sum += k->weights[i];
    for (size_t p = 0; p < y->size; p++) {
        least = fminf(least, y->data[p]);
        most = fmaxf(most, y->data[p]);
    }
    printf("  %-10s %7g %8.3f %8.3f %10.4f   %s\n", k->name, sum / k->divisor,
           (double)least, (double)most, mean_size(y), k->does);
}

// ---- 5. Chart ---------------------------------------------------------------

// A panel of three pictures, the sheet's colors given.
static void draw_three(Figure *f, const Tensor *const three[3],
                       const char *const captions[3], Sheet sheet) {
    const size_t size = three[0]->size;
    float *pixels = mem_alloc(3 * size, sizeof(float));
    for (size_t n = 0; n < 3; n++)
        memcpy(pixels + n * size, three[n]->data, size * sizeof(float));
    sheet.pixels = pixels;
    sheet.count = sheet.columns = 3;
    sheet.H = three[0]->shape[0];
    sheet.W = three[0]->shape[1];
    sheet.captions = captions;
    figure_panel_size(f, 620, 240);
    figure_pictures(f, &sheet);
    mem_free(pixels);
}

static void draw(const Tensor *x, const Tensor y[KERNELS], const char *format) {
    Figure f;
    if (x->shape[0] < 2 || x->shape[1] < 2) // gnuplot wants an area
        return;
    if (!figure_open(&f, "ch06", "edges", format))
        return;
    figure_title(&f, "Five kernels chosen by hand: two keep the picture, three "
                     "keep its edges");
    figure_caption(&f, "Above, black is 0 and white 1; below, white is no "
                       "difference, blue a negative and red a positive one.");
    figure_grid(&f, 1);
    figure_panel(&f, "Brightness");
    draw_three(&f, (const Tensor *const[]){x, &y[BLUR], &y[SHARPEN]},
               (const char *const[]){"original", "blur", "sharpen"},
               (Sheet){.heat = HEAT_GRAY, .high = 1.0});
    figure_panel(&f, "Differences of neighbors");
    draw_three(&f, (const Tensor *const[]){&y[G_X], &y[G_Y], &y[LAPLACIAN]},
               (const char *const[]){"Sobel x", "Sobel y", "Laplacian"},
               (Sheet){.heat = HEAT_DIVERGING, .low = -1.0, .high = 1.0});
    figure_scale(&f, "difference");
    figure_close(&f);
}

// ---- 6. The lecture's case --------------------------------------------------

enum { FLTS = 2, FULL_SIZE = 16384, CORNER = 5 };

// The two flt of the code, the second one commented out there.
// [C kernel 1 of case 2] [-1 0 1; -2 0 2; -1 0 1]
// [C kernel 2 of case 2] [1 2 1; 0 0 0; -1 -2 -1]
static const Kernel flts[FLTS] = {
    {"sobel_x",
     "grad is < 0 where the picture gets brighter rightward.\nflt is minus the "
     "lecture's G_x, so its results have the opposite signs.\n\n",
     3,
     1,
     {-1, 0, 1, -2, 0, 2, -1, 0, 1}},
    {"sobel_y",
     "grad is > 0 where the picture gets brighter downward.\nflt is the "
     "lecture's G_y.\n\n",
     3,
     1,
     {1, 2, 1, 0, 0, 0, -1, -2, -1}},
};

// Nine numbers, row by row, between blanks or commas.
static bool read_weights(Kernel *flt, const char *text) {
    int count = 0;
    for (text += strspn(text, " ,"); *text != '\0';
         text += strspn(text, " ,")) {
        char number[32];
        size_t length = strcspn(text, " ,");
        if (count == 9 || length >= sizeof number)
            return false;
        snprintf(number, sizeof number, "%.*s", (int)length, text);
        double *weight = &flt->weights[count++];
        if (!text_to_number(number, weight) || fabs(*weight) > 1000.0)
            return false;
        text += length;
    }
    return count == 9;
}

// "sobel_x" or "1", "sobel_y" or "2", or nine numbers.
static bool find_flt(Kernel *flt, const char *text) {
    for (int n = 0; n < FLTS; n++)
        if (strcmp(text, flts[n].name) == 0 ||
            (text[0] == '1' + n && text[1] == '\0')) {
            *flt = flts[n];
            return true;
        }
    *flt = (Kernel){.name = "flt", .does = "", .size = 3, .divisor = 1};
    return read_weights(flt, text);
}

// As misc.imread(flatten=True) reads a file: levels from 0 to 255, which of a
// color picture are (299 R + 587 G + 114 B) / 1000, in single precision.
static void gray_levels(Tensor *face, const Tensor *x) {
    tensor_resize_like(face, x);
    for (size_t p = 0; p < x->size; p++)
        face->data[p] = (float)round(255000.0 * (double)x->data[p]) / 1000.0f;
}

typedef struct {
    int32_t *at; // [H, W]
    int32_t least, most;
    int row, col; // of most; ties go to the lowest index
} Grad;

// What the lecture's code computes; astype("int32") cuts toward zero.
static Grad convolve2d(const Tensor *face, const Kernel *flt) {
    int W = face->shape[1];
    Grad grad = {.least = INT32_MAX, .most = INT32_MIN};
    grad.at = mem_alloc(face->size, sizeof *grad.at);
    for (size_t p = 0; p < face->size; p++) {
        int i = (int)(p / (size_t)W), j = (int)(p % (size_t)W);
        int32_t value = (int32_t)convolved(face, flt, i, j);
        grad.at[p] = value;
        grad.least = value < grad.least ? value : grad.least;
        if (value > grad.most) {
            grad.most = value;
            grad.row = i;
            grad.col = j;
        }
    }
    return grad;
}

// As imshow(grad, cmap='gray') shows it: the least value black, the largest
// white, 256 equal steps between; one tone is all black.
static void stretch(uint8_t *levels, const Grad *grad, size_t size) {
    double range = (double)grad->most - grad->least;
    for (size_t p = 0; p < size; p++) {
        double part = range > 0 ? (grad->at[p] - grad->least) / range : 0.0;
        levels[p] = (uint8_t)fmin(256.0 * part, 255.0);
    }
}

// The CORNER x CORNER numbers from grad[top][left] on, fewer at the border.
static void print_corner(const Grad *grad, int H, int W, int top, int left) {
    printf("\ngrad[%d:%d, %d:%d]\n", top, top + CORNER, left, left + CORNER);
    for (int i = top; i < H && i < top + CORNER; i++) {
        for (int j = left; j < W && j < left + CORNER; j++)
            printf("%8d", grad->at[(ptrdiff_t)i * W + j]);
        printf("\n");
    }
}

static void print_case(const Kernel *flt, const Grad *grad, int H, int W) {
    printf("grad = signal.convolve2d(face, flt, boundary='symm', mode='same')\n"
           "           .astype(\"int32\")\n\n%8s%38s\n",
           "flt", "turned around, as it is laid on");
    for (int u = 0; u < 3; u++) {
        const double *row = flt->weights + 3 * u,
                     *end = flt->weights + 8 - 3 * u;
        printf("%8g%8g%8g%14g%8g%8g\n", row[0], row[1], row[2], end[0], end[-1],
               end[-2]);
    }
    printf("\n%sgrad is %d x %d, from %d to %d.\nIts first corner, and the "
           "neighborhood of its maximum:\n",
           flt->does, H, W, grad->least, grad->most);
    print_corner(grad, H, W, 0, 0);

    // Around the largest value, as far inside as the picture allows.
    int top = grad->row - CORNER / 2, left = grad->col - CORNER / 2;
    print_corner(grad, H, W, top > 0 ? top : 0, left > 0 ? left : 0);
    printf("\n");
}

static void save(const char *path, const Grad *grad, int H, int W, bool quiet) {
    Error err;
    uint8_t *levels = mem_alloc((size_t)H * (size_t)W, 1);
    stretch(levels, grad, (size_t)H * (size_t)W);
    if (!image_write(path, levels, H, W, &err))
        die("%s", err.message);
    mem_free(levels);
    if (!quiet)
        printf("picture: %s, %d is black, %d white\n", path, grad->least,
               grad->most);
}

static void run_case(const Tensor *x, const Kernel *flt, const char *output,
                     bool quiet) {
    int H = x->shape[0], W = x->shape[1];
    Tensor face = {0};
    gray_levels(&face, x);
    Grad grad = convolve2d(&face, flt);
    if (!quiet)
        print_case(flt, &grad, H, W);
    if (output != NULL)
        save(output, &grad, H, W, quiet);
    run_result("rows=%d cols=%d kernel=%s min=%d max=%d", H, W, flt->name,
               grad.least, grad.most);
    mem_free(grad.at);
    tensor_free(&face);
}

// ---- 7. Main ----------------------------------------------------------------

static void run_kernels(const Tensor *x, const CommonOptions *o) {
    Tensor y[KERNELS] = {{0}};
    if (!o->quiet)
        print_kernels();
    for (int n = 0; n < KERNELS; n++) {
        convolve(&y[n], x, &kernels[n]);
        if (!o->quiet)
            print_output(&kernels[n], &y[n]);
    }
    if (!o->quiet)
        printf("\n");
    draw(x, y, o->plot);
    run_result("rows=%d cols=%d", x->shape[0], x->shape[1]);
    for (int n = 0; n < KERNELS; n++) {
        run_result("%s=%.4f", kernels[n].name, mean_size(&y[n]));
        tensor_free(&y[n]);
    }
}

int main(int argc, char **argv) {
    CommonOptions o = {0};
    const char *path = NULL, *kernel = NULL, *output = NULL;
    int most = 256;
    const Option table[] = {
        option_input("picture", &path, "PNG or PGM to look at"),
        option_int("size", &most, 1, FULL_SIZE,
                   "pixels a side at most; larger ones are made smaller"),
        option_text("kernel", &kernel, "K",
                    "instead of table and chart: the lecture's case 2 at full "
                    "size, with sobel_x (or 1), sobel_y (or 2) or nine "
                    "numbers"),
        option_output("output", &output,
                      "with --kernel: write its result as a gray PNG"),
    };
    cli_parse(&o, "edges",
              "Edges, blur and sharpening by small kernels on a picture of "
              "yours or a built-in one.",
              table, sizeof table / sizeof *table, argc, argv);
    Kernel flt;
    if (kernel != NULL && !find_flt(&flt, kernel))
        cli_usage_error(argv[0],
                        "--kernel takes sobel_x, sobel_y, 1, 2 or nine numbers "
                        "from -1000 to 1000: \"-1 0 1 -2 0 2 -1 0 1\"");
    if (output != NULL && kernel == NULL)
        cli_usage_error(argv[0], "--output goes with --kernel");

    Tensor x = {0};
    take_picture(&x, path, kernel != NULL ? FULL_SIZE : most, o.quiet);
    if (kernel != NULL)
        run_case(&x, &flt, output, o.quiet);
    else
        run_kernels(&x, &o);
    tensor_free(&x);
    return run_end();
}
