// figure.h - a figure is described in a few lines, and drawn from its files.
//
// A program says what is to be seen, not how to draw it:
//
//     Figure f;
//     if (!figure_open(&f, "ch05", "early_stopping", options.plot))
//         return;
//     figure_title(&f, "The validation loss is lowest at epoch %d", best);
//     figure_caption(&f, "From then on the net learns the training set only.");
//     figure_table(&f, "epoch,training,validation");
//     for (int e = 0; e < epochs; e++)
//         figure_row(&f, e + 1, training[e], validation[e]);
//     figure_x(&f, "epoch");
//     figure_y(&f, "cross entropy");
//     figure_lines(&f, 1, 2, "training");
//     figure_lines(&f, 1, 3, "validation");
//     figure_vertical(&f, best, "stop here");
//     figure_close(&f);
//
// This leaves four files in out/ch05, each whole or not there at all:
// early_stopping.csv (the numbers), .fig (these lines; figure_draw.h reads it),
// .gp (a gnuplot script to edit and rerun) and the picture, .svg (or png, pdf;
// dumb prints it as text). Without gnuplot the program says how to draw later,
// and goes on. A figure never fails a run, and a run that was stopped draws none.
//
// Scales, ticks, margins, line breaks, colors and the place of each word follow
// from the data: a curve's name stands at its end, in its color. Words are
// printf-style, and what they say has to be true of the numbers drawn.

#ifndef DL_FIGURE_H
#define DL_FIGURE_H

#include <math.h> // NAN, for "as far as the data go"
#include <stdbool.h>
#include <stdio.h>

typedef enum {
    PEN_NEXT, // the next of the eight colors after it, curve by curve
    PEN_BLUE,
    PEN_ORANGE,
    PEN_BLACK,
    PEN_GREEN,
    PEN_VERMILION,
    PEN_SKY,
    PEN_PURPLE,
    PEN_YELLOW,
    PEN_GRAY,
    PEN_WHITE
} PenColor;

typedef enum {
    POINT_NEXT, // the one that belongs to the color
    POINT_DOT,
    POINT_RING,
    POINT_SQUARE,
    POINT_TRIANGLE,
    POINT_DIAMOND,
    POINT_CROSS
} PenPoint;

// How a mark is drawn, where that has a meaning. What is 0 follows the rules.
typedef struct {
    PenColor color;
    PenPoint point;
    double width; // of lines, in pixels; 2 without
    double size;  // of points; 1 without
    bool solid;   // no dashes, whatever the color
    bool first;   // only the table's first row
    // only rows whose column number `column` holds `value`; 0: all rows
    int column;
    double value;
} Pen;

// How numbers become colors.
typedef enum {
    HEAT_BLUES,     // from white to dark blue: more is darker
    HEAT_BANDS,     // the same in 14 steps, whose edges are lines of one height
    HEAT_DIVERGING, // blue below 0, white at 0, vermilion above
    HEAT_INK,       // from white to black
    HEAT_GRAY,      // from black to white, as screens show pictures
    HEAT_CLASSES    // blue for 0, orange for 1, paler towards the step between
} Heat;

typedef struct {
    bool open;
    char folder[32]; // "out/ch05"
    char name[64];   // "early_stopping"
    char format[8];  // svg, png, pdf, dumb
    char work[160];  // the hidden folder in which the files come into being
    FILE *csv, *fig;
    bool titled, captioned;
    int tables; // begun so far
    int table;  // that marks take their columns from; 0 is the first
    Pen pen;    // of the next mark
} Figure;

// ---- The figure -------------------------------------------------------------

// False, and nothing to be done, if format is "none", after a stop, or if the
// folder cannot be written (which is said on stderr, with what to do).
bool figure_open(Figure *f, const char *chapter, const char *name,
                 const char *format);

// From now on the program is called `own`: figures whose names begin with its
// original name, "lenet" or "lenet_", begin with its own. (cli_parse does this
// for a copy such as my_net.)
void figure_call_program(const char *original, const char *own);

// Draws it; says "chart: out/ch05/early_stopping.svg".
void figure_close(Figure *f);

// The message, and a sentence on what is seen; each once, and never left out.
void figure_title(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));
void figure_caption(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

// Begins a panel, a chart of its own with its own axes. Panels stand in rows of
// `columns`. Without a call there is one panel, and it has no title.
void figure_panel(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));
void figure_grid(Figure *f, int columns);

// All panels have the same scales, written once, at the left and below.
void figure_share(Figure *f);

// The names of curves stand once, above all panels, not at each curve's end.
void figure_legend(Figure *f);

// The panels are the frames of a film, one after the other at the same place and
// on the same scales: `--plot gif`, and what `make plots` makes besides. Other
// pictures show `stills` of them side by side, the first and the last included.
void figure_film(Figure *f, int stills);

// The width and height of a panel's axes in pixels, where the usual do not do.
void figure_panel_size(Figure *f, int width, int height);

// ---- Data: tables of numbers ------------------------------------------------

// Begins the next table; names of its columns separated by commas.
void figure_table(Figure *f, const char *columns);

// A row of numbers of any type. NAN and infinity leave a cell empty.
#define figure_row(f, ...)                                                     \
    figure_numbers(                                                            \
        f, (const double[]){__VA_ARGS__},                                      \
        (int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)))
void figure_numbers(Figure *f, const double *numbers, int count);

// Interrupts a curve.
void figure_gap(Figure *f);

// Marks from here on take their columns from table number `table` (0 is the
// first) and not from the last.
void figure_use(Figure *f, int table);

// ---- Axes of the current panel ----------------------------------------------

void figure_x(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));
void figure_y(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

// From where to where; NAN: as far as the data go. axis: 'x' or 'y'. low > high
// turns the axis round.
void figure_range(Figure *f, char axis, double low, double high);

// A logarithmic axis.
void figure_log(Figure *f, char axis);

// A tick at each multiple of `step`, where the usual do not do.
void figure_step(Figure *f, char axis, double step);

// Words in place of the numbers along an axis, one call for each; "" for none.
void figure_tick(Figure *f, char axis, double at, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// One unit is as long to the right as upwards.
void figure_square(Figure *f);

// No axes at all: a drawing.
void figure_bare(Figure *f);

// ---- Marks: what is drawn, in this order, with columns numbered from 1 -------

// The pen of the next mark.
void figure_pen(Figure *f, Pen pen);

// A curve through (x, y): bare, with a point at each row, as steps.
void figure_lines(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));
void figure_linespoints(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));
void figure_steps(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// Points alone; lines up to each from 0.
void figure_points(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));
void figure_impulses(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// Points that are filled where the column `answer` is 1 and open where it is 0.
void figure_answers(Figure *f, int x, int y, int answer);

// What lies between two columns, pale; what a closed curve surrounds.
void figure_band(Figure *f, int x, int low, int high, const char *words, ...)
    __attribute__((format(printf, 5, 6)));

void figure_area(Figure *f, int x, int y, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// Upright bars, a group for each row of the table, and in it a bar for each
// call; format ("%.2f") writes the number above it, "" does not. The group's
// name is the tick at 0, 1, 2 ...
void figure_bars(Figure *f, int y, const char *format, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// Bars from left to right, a row each from above; else the same.
void figure_ranks(Figure *f, int x, const char *format, const char *words, ...)
    __attribute__((format(printf, 4, 5)));

// Cells of a regular grid around (x, y), colored by v from low to high; at least
// two by two, and each with a number.
void figure_heat(Figure *f, int x, int y, int v, Heat heat, double low,
                 double high);

// Points colored in the same way; points written as their class's digit.
void figure_colored(Figure *f, int x, int y, int v, Heat heat, double low,
                    double high);
void figure_digits(Figure *f, int x, int y, int digit);

// The scale of the colors at the panel's right.
void figure_scale(Figure *f, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

// The number in column v, written around (x, y) or `dy` pixels above it.
void figure_values(Figure *f, int x, int y, int v, const char *format,
                   double dy);

// Arrows from (x, y) to (x + dx, y + dy); pale circles and squares around
// (x, y), `radius` being half a side, in units of the axes.
void figure_arrows(Figure *f, int x, int y, int dx, int dy);
void figure_circles(Figure *f, int x, int y, double radius);
void figure_boxes(Figure *f, int x, int y, double radius);

// A thin line across the panel, and what it stands for.
void figure_vertical(Figure *f, double x, const char *words, ...)
    __attribute__((format(printf, 3, 4)));
void figure_horizontal(Figure *f, double y, const char *words, ...)
    __attribute__((format(printf, 3, 4)));

// Words at a place: 'l' begin there, 'r' end there, 'c' are centered on it.
void figure_note(Figure *f, double x, double y, char align, const char *words,
                 ...) __attribute__((format(printf, 5, 6)));

// ---- Pictures ---------------------------------------------------------------

// A sheet of `count` pictures [count, H, W], `columns` in a row, in a bare panel
// of their own; all on one scale from low to high. rows and captions, or NULL:
// a name at the left of each row, words above each picture.
typedef struct {
    const float *pixels; // [count, H, W]
    int count, H, W, columns;
    double low, high;
    Heat heat;
    const char *const *rows;
    const char *const *captions;
} Sheet;
void figure_pictures(Figure *f, const Sheet *sheet);

#endif
