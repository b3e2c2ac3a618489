// figures.h - what a figure says: the marks of its description and their words.
//
// A figure's description, out/ch05/early_stopping.fig, has a line for each mark
// (see figure.h). These find the lines, put the values into their words and
// name the columns, so that a test can say "validation is drawn from the column
// validation", and swapped columns or names are found.

#ifndef DL_FIGURES_H
#define DL_FIGURES_H

#include "testing.h"

// The words of line number i (0 is the first) of that kind: "title", "caption",
// "panel", "note", "label", "tick", "vertical" ... The next call but seven
// overwrites them. The test fails if there are not so many.
const char *figure_words(const char *figure, const char *kind, int i);

// How many lines there are of that kind.
int figure_count(const char *figure, const char *kind);

// The attribute of line number i of that kind: "at" of vertical, "log" ...; NaN
// if the line has none.
double figure_attribute(const char *figure, const char *kind, int i,
                        const char *name);

// There is a mark of this kind ("lines") drawn from table number `table` (0 is
// the first), from the columns that the CSV file calls x and y, and it has these
// words. x or y NULL: the kind has none (bars, ranks).
void assert_mark(const char *figure, int table, const char *kind, const char *x,
                 const char *y, const char *words);

// Table number `table` of a sheet's CSV file holds the pixels of this picture,
// row by row, each to less than the tolerance.
void assert_pixels(const char *csv, int table, const float *pixels, int count,
                   double tolerance);

// The title of the panel in which this table is drawn first; "" without one.
const char *panel_of(const char *figure, int table);

#define figure_words(...)     FROM_HERE(figure_words(__VA_ARGS__))
#define figure_attribute(...) FROM_HERE(figure_attribute(__VA_ARGS__))
#define assert_mark(...)      FROM_HERE(assert_mark(__VA_ARGS__))
#define assert_pixels(...)    FROM_HERE(assert_pixels(__VA_ARGS__))
#define panel_of(...)         FROM_HERE(panel_of(__VA_ARGS__))

#endif
