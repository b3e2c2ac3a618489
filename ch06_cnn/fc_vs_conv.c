// fc_vs_conv.c - what sharing weights saves (权值共享)
//
// A fully connected layer (全连接层) has a weight for every pixel and every
// unit. On a picture of 800 x 800 one layer of 1024 units needs 655 million of
// them. Two ideas make that affordable: a unit looks only at its surroundings
// (局部连接), and all units of a channel share one kernel (权值共享), because a
// stroke is a stroke wherever it lies. Then the number of weights no longer
// depends on the picture.
//
// Source: C, limits of fully connected nets (655,362,048 weights); A, the three
// features of convolutional nets, of which pooling.c has the third.
// Run: make fc_vs_conv && ./fc_vs_conv
// Ends with: result: fully_connected=655362048 local=316808000 shared=500 ...
//
// Contents: 1 three ways to connect  2 table  3 chart  4 main

#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "netcount.h"
#include "run.h"

// ---- 1. Three ways to connect -----------------------------------------------

enum { SIDE = 800, UNITS = 1024, CLASSES = 2, KERNEL = 5, KERNELS = 20 };

// [C fully connected] side² · units + units · classes weights
// As C counts, without biases.
static double fully_connected(int side, int units, int classes) {
    return (double)side * side * units + (double)units * classes;
}

// [A local connectivity] (side - size + 1)² · size² · kernels weights
// Units that see size x size pixels each, `kernels` of them at every place, no
// two alike.
static double locally_connected(int side, int size, int kernels) {
    double places = side - size + 1;
    return places * places * size * size * kernels;
}

// [A weight sharing] size² · kernels weights
// The same with one kernel for all places.
static double shared(int size, int kernels) {
    return (double)size * size * kernels;
}

// ---- 2. The table -----------------------------------------------------------

static void print_row(const char *name, double weights) {
    printf("  %-46s %13.0f  %8.1f MiB\n", name, weights,
           weights * sizeof(float) / (1 << 20));
}

// LeNet's layers, and the fully connected layer that would make the same maps
// from the same picture.
static void print_lenet(const NetCount *net) {
    int inputs = 28 * 28;
    printf("\nLeNet on 28 x 28 pixels         weights    fully connected\n");
    for (int i = 0; i < net->count; i++) {
        const LayerCount *l = &net->layers[i];
        int outputs = l->out.C * l->out.H * l->out.W;
        if (l->weights > 0)
            printf("  %-6s %5d -> %5d values %10ld %18.0f\n", l->name, inputs,
                   outputs, l->weights, (double)outputs * (inputs + 1.0));
        inputs = outputs;
    }
    printf("  %-28s %10ld\n", "together", net->weights);
}

static void print_table(const NetCount *lenet) {
    printf("A picture of %d x %d pixels               weights, of 4 bytes\n",
           SIDE, SIDE);
    print_row("fully connected to 1024 units, then to 2",
              fully_connected(SIDE, UNITS, CLASSES));
    print_row("20 units of 5 x 5 pixels at every place",
              locally_connected(SIDE, KERNEL, KERNELS));
    print_row("20 shared kernels of 5 x 5", shared(KERNEL, KERNELS));
    print_row("1024 shared kernels of 5 x 5", shared(KERNEL, UNITS));
    print_lenet(lenet);
}

// ---- 3. The chart -----------------------------------------------------------

static void draw(const char *format) {
    Figure f;
    if (!figure_open(&f, "ch06", "fc_vs_conv", format))
        return;
    figure_title(&f, "Shared weights do not grow with the picture: always %.0f",
                 shared(KERNEL, KERNELS));
    figure_caption(&f, "Weights of one layer that sees a picture of side × "
                       "side pixels; both axes are logarithmic.");
    figure_table(&f, "side,1024 fully connected units,20 units of 5 x 5 at "
                     "every place,20 shared kernels of 5 x 5");
    for (int side = 8; side <= 1024; side *= 2) {
        figure_row(&f, side, fully_connected(side, UNITS, CLASSES),
                   locally_connected(side, KERNEL, KERNELS),
                   shared(KERNEL, KERNELS));
        figure_tick(&f, 'x', side, "%d", side);
    }
    figure_x(&f, "side of the picture (pixels)");
    figure_log(&f, 'x');
    figure_y(&f, "number of weights");
    figure_log(&f, 'y');
    figure_linespoints(&f, 1, 2, "fully connected");
    figure_linespoints(&f, 1, 3, "5 × 5, not shared");
    figure_linespoints(&f, 1, 4, "5 × 5, shared");
    figure_close(&f);
}

// ---- 4. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions common = {0};
    cli_parse(&common, "fc_vs_conv",
              "Counts the weights of fully connected, locally connected and "
              "shared units on a large picture, and of LeNet.",
              NULL, 0, argc, argv);
    NetCount lenet;
    netcount_lenet(&lenet);
    if (!common.quiet)
        print_table(&lenet);
    draw(common.plot);
    run_result("fully_connected=%.0f local=%.0f shared=%.0f lenet=%ld",
               fully_connected(SIDE, UNITS, CLASSES),
               locally_connected(SIDE, KERNEL, KERNELS),
               shared(KERNEL, KERNELS), lenet.weights);
    netcount_free(&lenet);
    return run_end();
}
