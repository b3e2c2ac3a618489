// edges.c - kernels that a person chose (边缘检测)
//
// Before nets learned their kernels, people thought them up. A difference of
// neighbours is large where brightness changes, at an edge (Sobel), or where it
// bends (Laplacian); a mean of neighbours blurs; the picture minus its
// Laplacian is sharper. Beyond the border the picture goes on as its own mirror
// image: so the output is as large as the input and shows no false edge around
// it.
//
// Source: C, scipy.signal.convolve2d(x, k, boundary='symm', mode='same'); this
// computes the same, kernel turned around and all.
// Run: make edges && ./edges --picture my_photo.png
// Ends with: result: rows=160 cols=160 blur=0.5462 sharpen=0.5549 ...
//
// Contents: 1 kernels  2 convolution  3 the picture  4 table  5 chart  6 main

#include <math.h>
#include <stdio.h>

#include "chart.h"
#include "cli.h"
#include "error.h"
#include "image.h"
#include "memory.h"

// ---- 1. Kernels -------------------------------------------------------------

enum { LARGEST = 5 };

typedef struct {
    const char *name, *does;
    int size;                         // size x size, odd
    float divisor;                    // of all weights
    float weights[LARGEST * LARGEST]; // row by row
} Kernel;

enum { BLUR, SHARPEN, SOBEL_X, SOBEL_Y, LAPLACIAN, KERNELS };

// Written to be turned around by a convolution: the positive left column of
// Sobel x meets the pixels on the right.
static const Kernel kernels[KERNELS] = {
    // [C blur] the weighted mean of 25 neighbours, 1 4 6 4 1 across and down
    [BLUR] = {"blur", "mean of 5 x 5 neighbours", 5, 256, {1, 4,  6,  4,  1,
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
    // [C Sobel x] right minus left, over three rows
    [SOBEL_X] = {"sobel_x",
                 "> 0: brighter rightwards",
                 3,
                 1,
                 {1, 0, -1, 2, 0, -2, 1, 0, -1}},
    // [C Sobel y] below minus above, over three columns
    [SOBEL_Y] = {"sobel_y",
                 "> 0: brighter downwards",
                 3,
                 1,
                 {1, 2, 1, 0, 0, 0, -1, -2, -1}},
    // [Gonzalez 2018 Laplacian] the four neighbours minus four times the middle
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

// y [H, W] from x [H, W], with r = (size - 1) / 2 pixels around the middle.
// [C convolve2d] y[i][j] = sum over u, v of k[u][v] x[i + r - u][j + r - v]
static void convolve(Tensor *y, const Tensor *x, const Kernel *k) {
    int H = x->shape[0], W = x->shape[1], r = k->size / 2;
    tensor_resize(y, 2, H, W);
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++) {
            float sum = 0.0f;
            for (int u = 0; u < k->size; u++) {
                const float *row =
                    x->data + (ptrdiff_t)mirrored(i + r - u, H) * W;
                for (int v = 0; v < k->size; v++)
                    sum += k->weights[u * k->size + v] *
                           row[mirrored(j + r - v, W)];
            }
            y->data[(ptrdiff_t)i * W + j] = sum / k->divisor;
        }
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
        printf("  %-16s", kernels[n].name);
    printf("\n");
    for (int u = 0; u < 3; u++, printf("\n"))
        for (int n = SHARPEN; n < KERNELS; n++) {
            const float *row = kernels[n].weights + u * 3;
            printf("%4g%4g%4g%*s", (double)row[0], (double)row[1],
                   (double)row[2], n < LAPLACIAN ? 6 : 0, "");
        }
    printf("\nA convolution turns them around before it lays them on.\n\n"
           "  %-10s %7s %8s %8s %10s   %s\n",
           "kernel", "sum", "least", "most", "mean size", "what it shows");
}

static void print_output(const Kernel *k, const Tensor *y) {
    float sum = 0.0f, least = y->data[0], most = y->data[0];
    for (int i = 0; i < k->size * k->size; i++)
        sum += k->weights[i];
    for (size_t p = 0; p < y->size; p++) {
        least = fminf(least, y->data[p]);
        most = fmaxf(most, y->data[p]);
    }
    printf("  %-10s %7g %8.3f %8.3f %10.4f   %s\n", k->name,
           (double)(sum / k->divisor), (double)least, (double)most,
           mean_size(y), k->does);
}

// ---- 5. Chart ---------------------------------------------------------------

// As a screen shows it. Blurred or sharpened: from black 0 to white 1, the rest
// cut off. A difference: 0 in the middle of the greys, so as far into black as
// into white.
static void display(float *to, const Tensor *y, bool difference) {
    float low = 0.0f, high = 1.0f;
    if (difference) {
        float least = 0.0f, most = 0.0f;
        for (size_t p = 0; p < y->size; p++) {
            least = fminf(least, y->data[p]);
            most = fmaxf(most, y->data[p]);
        }
        high = fminf(most, -least);
        low = -high;
    }
    for (size_t p = 0; p < y->size; p++)
        to[p] = fminf(fmaxf(y->data[p], low), high);
}

static void draw(const Tensor *x, const Tensor y[KERNELS], const char *format) {
    int H = x->shape[0], W = x->shape[1];
    Chart chart;
    if (H < 2 || W < 2) // gnuplot wants an area
        return;
    if (!chart_open(&chart, "ch06", "edges", format))
        return;
    const char *captions[1 + KERNELS] = {"before",  "blur",    "sharpen",
                                         "Sobel x", "Sobel y", "Laplacian"};
    float *pictures = mem_alloc((1 + KERNELS) * x->size, sizeof(float));
    display(pictures, x, false);
    for (int n = 0; n < KERNELS; n++)
        display(pictures + (size_t)(n + 1) * x->size, &y[n], n >= SOBEL_X);
    chart_size(&chart, 800, 90 + (int)(720 * fmin(2.0, (double)H / W)));
    chart_script(&chart, "set title 'Five kernels chosen by hand: grey is no "
                         "change, white and black are edges'\n");
    chart_pictures(&chart, pictures, 1 + KERNELS, H, W, 3, captions);
    chart_close(&chart);
    mem_free(pictures);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    const char *path = NULL;
    int most = 256;
    const Option table[] = {
        option_text("picture", &path, "FILE", "PNG or PGM to look at"),
        option_int("size", &most, 1, 16384,
                   "pixels a side at most; larger ones are made smaller"),
    };
    cli_parse(&o, "edges",
              "Edges, blur and sharpening by small kernels on a picture of "
              "yours or a built-in one.",
              table, sizeof table / sizeof *table, argc, argv);
    Tensor x = {0}, y[KERNELS] = {{0}};
    take_picture(&x, path, most, o.quiet);
    if (!o.quiet)
        print_kernels();
    for (int n = 0; n < KERNELS; n++) {
        convolve(&y[n], &x, &kernels[n]);
        if (!o.quiet)
            print_output(&kernels[n], &y[n]);
    }
    if (!o.quiet)
        printf("\n");
    draw(&x, y, o.plot);
    printf("result: rows=%d cols=%d", x.shape[0], x.shape[1]);
    for (int n = 0; n < KERNELS; n++) {
        printf(" %s=%.4f", kernels[n].name, mean_size(&y[n]));
        tensor_free(&y[n]);
    }
    printf("\n");
    tensor_free(&x);
    return 0;
}
