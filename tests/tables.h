// tables.h - what a reader sees: the numbers in a printed table and in the file
// of a chart.

#ifndef DL_TABLES_H
#define DL_TABLES_H

#include "testing.h"

// The number in a column (the first is 0) of the first line of text that begins
// with row: 2.2 for ("apple price", 1) in
//
//       arrow             value   d(total)/d(value)
//       apple price          10        2.2
//
// A word that is no number ("of") is passed over. The test fails if there is no
// such row or column; from_line(text, "2 apples") leaves out what stands above.
double table_number(const char *text, const char *row, int column);

// The first n numbers of that line are these, each off by less than
// `tolerance`; with 0, exactly. NaN must be NaN.
void assert_row(const char *text, const char *row, const double *want, int n,
                double tolerance);

// The numbers of the line below the first one that begins with title, at most
// `most`; returns how many there are.
int numbers_below(const char *text, const char *title, double *x, int most);

// The rest of text from the first line that begins with `line` on.
const char *from_line(const char *text, const char *line);

// The rest of text after the first place where these words stand; the test
// fails if they stand nowhere.
const char *after_text(const char *text, const char *words);

// The number in a column of a truth table, whose rows begin with x1 and x2: the
// first column after these is 0.
double truth_number(const char *text, int x1, int x2, int column);

// Runs a program where it finds no gnuplot: what its charts would be drawn
// from, out/ch03/apple_tax.csv and .gp, is all it writes.
Run run_for_charts(const char *command_line);

// The same for a test that calls a program's own functions, say with made-up
// results: from now on there is no gnuplot.
void hide_gnuplot(void);

// One column of a chart's file, named as in its header; "sigmoid+1" is the one
// to its right. Blocks are what gnuplot calls them (index 0, 1, ...): two blank
// lines stand between them. Returns how many numbers there are, at most `most`.
int chart_column(const char *file, int block, const char *name, double *x,
                 int most);

// That column holds these n numbers and no more, each off by less than
// tolerance * max(1, |want|); with 0, exactly. A chart's file has seven digits:
// 1e-6. An empty place is NaN.
void assert_column(const char *file, int block, const char *name,
                   const double *want, int n, double tolerance);

#define table_number(...)   FROM_HERE(table_number(__VA_ARGS__))
#define assert_row(...)     FROM_HERE(assert_row(__VA_ARGS__))
#define from_line(...)      FROM_HERE(from_line(__VA_ARGS__))
#define after_text(...)     FROM_HERE(after_text(__VA_ARGS__))
#define truth_number(...)   FROM_HERE(truth_number(__VA_ARGS__))
#define run_for_charts(...) FROM_HERE(run_for_charts(__VA_ARGS__))
#define chart_column(...)   FROM_HERE(chart_column(__VA_ARGS__))
#define assert_column(...)  FROM_HERE(assert_column(__VA_ARGS__))
#define numbers_below(...)  FROM_HERE(numbers_below(__VA_ARGS__))

#endif
