// chart.h - a chart is data first, then a script, then a picture.
//
// Each chart leaves three files in out/<chapter>/ below the current folder:
// NAME.csv (a header row, then numbers), NAME.gp (a gnuplot script to edit and
// rerun: cd out/ch06 && gnuplot NAME.gp) and the picture NAME.svg (or png, pdf;
// dumb makes NAME.txt and prints it). Data and script are complete before
// gnuplot is started; if there is no gnuplot the program says how to draw
// later, once, and goes on. A chart never fails a training run.
//
//     Chart chart;
//     if (chart_open(&chart, "ch06", "lenet_loss", options.plot)) {
//         chart_columns(&chart, "epoch,train,test");
//         for (...)
//             chart_row(&chart, 3, (double)e, train[e], test[e]);
//         chart_script(&chart, "set title 'LeNet on MNIST'\n"
//                              "set xlabel 'epoch'\n"
//                              "set ylabel 'error (%%)'\n"
//                              "plot DATA using 1:2 with lines, "
//                              "DATA using 1:3 with lines\n");
//         chart_close(&chart);
//     }
//
// In the script DATA stands for the CSV file. The preamble that chart.c writes
// has set terminal and output, commas as separator, column names as titles,
// podo's colours (for colour-blind readers too) with dashes and points that
// tell curves apart in grey, a light grid, the legend below the chart, bars in
// groups, and viridis for heat maps. A script may override any of it and use
// `set multiplot`; `unset key` if there is only one curve.

#ifndef DL_CHART_H
#define DL_CHART_H

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    bool open;
    char folder[32]; // "out/ch06"
    char name[64];   // "lenet_loss"
    char format[8];  // svg, png, pdf, dumb
    FILE *csv;
    FILE *gp;
    bool styled;       // the script's preamble is written
    int width, height; // of the picture in pixels; 720 x 480 by chart_open
} Chart;

// Starts a chart. False, and nothing to be done, if format is "none" or if the
// folder cannot be written (said on stderr, with what to do).
bool chart_open(Chart *chart, const char *chapter, const char *name,
                const char *format);

// The picture's size in pixels; before chart_script. Default 720 x 480.
void chart_size(Chart *chart, int width, int height);

// The CSV's header row: names separated by commas.
void chart_columns(Chart *chart, const char *names);

// A row of count numbers, written with %.7g. Each must be a double: cast what
// is an int, (double)epoch, for the compiler cannot. NAN and infinity leave a
// cell empty, and gnuplot draws a line across it.
void chart_row(Chart *chart, int count, ...);

// A blank line: one interrupts a curve, two begin a new block, which gnuplot
// calls `index 1`. Each block has a header row of its own: chart_columns again.
void chart_break(Chart *chart);

// The gnuplot commands, printf-style (so a per cent sign is written %%).
void chart_script(Chart *chart, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// A contact sheet: `count` grey pictures [count, H, W], `columns` in a row,
// with captions[i] (a letter or a few, or NULL for none at all) above each.
// Every picture is stretched to its own range from black to white. Writes data
// and script; the title is set before, by chart_script.
void chart_pictures(Chart *chart, const float *pictures, int count, int H,
                    int W, int columns, const char *const *captions);

// A scatter: `count` points at (x[i * step], y[i * step]), each written as the
// number of its class, labels[i], and coloured by it (ten colours). Writes the
// CSV's block number `block` (0 for the first) and the plot command; title and
// ranges are set before, by chart_script.
void chart_classes(Chart *chart, const float *x, const float *y, int step,
                   const int *labels, int count, int block);

// Finishes the files, runs gnuplot and checks that it succeeded. Says on stdout
// "chart: out/ch06/lenet_loss.svg", or prints the chart if the format is dumb.
void chart_close(Chart *chart);

#endif
