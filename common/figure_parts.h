// figure_parts.h - a figure while it is drawn: read, laid out, written down.
//
// Only the files figure_*.c include this. They work one after the other:
//
//     figure_read.c      NAME.csv and NAME.fig   -> tables, panels, marks
//     figure_axes.c      the marks' numbers      -> scales and ticks
//     figure_layout.c    words, scales, theme    -> where everything stands
//     figure_gnuplot.c   all of it               -> NAME.gp
//     figure_alt.c       the marks' numbers      -> the picture in words

#ifndef DL_FIGURE_PARTS_H
#define DL_FIGURE_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "figure_draw.h"

// A block of the CSV file; NaN where a cell is empty.
typedef struct {
    double *cells; // [rows, columns]
    int rows, columns;
} Table;

// A line of the description that draws something.
typedef struct {
    const char *kind;       // "lines"
    const char *attributes; // "table=0 x=1 y=2 color=blue"
    const char *words;      // "training", or ""
    int color;              // of the theme's, chosen by figure_axes.c
    int group, groups;      // of bars: which of how many
    double word_y;          // of a curve's name: in pixels, by figure_layout.c
    bool named;             // it stands at the curve's end
} Mark;

typedef struct {
    double at;
    const char *words;
} Tick;

enum { MAX_TICKS = 64 };

typedef struct {
    const char *words; // what the axis is, or ""
    double low, high;  // NaN: as far as the data go
    bool turned;       // from high to low
    bool log;
    double step; // from tick to tick; 0: not said
    bool named;  // the ticks are the program's
    Tick tick[MAX_TICKS];
    int ticks;
    bool shown; // whether this panel writes ticks and words
} Axis;

// In pixels from the top left corner.
typedef struct {
    double left, top, width, height;
} Box;

typedef struct {
    const char *words;
    Axis axis[2];
    bool square, bare;
    int width, height; // asked for, or 0
    const char *scale; // the color scale's words, or NULL: there is none
    Mark *marks;       // [count]
    int count;
    Box box; // of the axes
} Panel;

// The names of PenColor in a description, "blue"; the first has none.
enum { PEN_COLORS = 11 };
extern const char *const pen_colors[PEN_COLORS];

// The sizes of letters in pixels are fractions of the theme's `font`.
typedef struct {
    const char *name;
    const char *paper, *ink, *soft, *grid; // colors "#rrggbb"
    const char *curve[PEN_COLORS];         // by PenColor; 0 is unused
    const char *word[PEN_COLORS];          // the same, dark enough for words
    double font;                           // pixels
    double line;                           // times the pen's width
    double cell; // > 0: every letter is so wide, as in a terminal
} Theme;

typedef struct {
    const Theme *theme;
    const char *title, *caption;
    int columns; // panels in a row; 0: not said
    bool share, legend;
    int stills;    // > 0: the panels are the frames of a film
    bool film;     // and they are drawn one after the other
    Table *tables; // [table_count]
    int table_count;
    Panel *panels; // [count]
    int count;
    int width, height; // of the whole, in pixels, by figure_layout.c
    double title_size, legend_top;
    char **kept; // every string above that was made, [kept_count]
    int kept_count;
} Picture;

// ---- figure_read.c ----------------------------------------------------------

// False if one of the files cannot be read.
bool picture_read(Picture *p, const Drawing *drawing);
void picture_free(Picture *p);

// Leaves only the stills of a film.
void picture_choose_stills(Picture *p);

// In which place among the panels number i stands: frames of a film all stand in
// the first.
int panel_slot(const Picture *p, int i);

// The attribute name=..., a number (or otherwise) or a word (or "").
double mark_number(const Mark *m, const char *name, double otherwise);
const char *mark_word(const Mark *m, const char *name, char word[32]);
bool mark_is(const Mark *m, const char *kind);

// Copies text for as long as the picture lives.
const char *picture_keep(Picture *p, const char *text);

// A sentence with its values put in place of "%d", "%.2f", or "%2$s" for the
// second; kept for as long as the picture lives.
const char *picture_words(Picture *p, const char *sentence,
                          const char *const *values, int count);

// The table that a mark draws from, and a cell of it: column is an attribute's
// name. NaN where there is none, or where the pen leaves the row out.
const Table *mark_table(const Picture *p, const Mark *m);
double mark_cell(const Picture *p, const Mark *m, const char *column, int row);

// Adds the translation of an English text, or the text itself.
const char *translated(const Translation *t, const char *english);

// ---- figure_axes.c ----------------------------------------------------------

// Chooses ranges, ticks and colors of every panel.
void picture_scale(Picture *p);

// Where a number stands along an axis: 0 at its beginning, 1 at its end.
double axis_place(const Axis *a, double value);

// ---- figure_layout.c --------------------------------------------------------

void picture_lay_out(Picture *p);

// How wide a text is, in pixels, written in letters of `size` pixels; a bit
// more than in most fonts.
double words_width(const Theme *t, const char *words, double size);

// Breaks words into lines of at most `width` pixels. Returns how many.
enum { MAX_LINES = 6 };
int words_wrap(const Theme *t, const char *words, double size, double width,
               char lines[MAX_LINES][256]);

// The sizes of letters: of the title, a panel's title, words, ticks; and from
// line to line.
double size_title(const Theme *t);
double size_panel(const Theme *t);
double size_words(const Theme *t);
double size_ticks(const Theme *t);
double line_height(const Theme *t, double size);

// How wide the title of a panel may be whose axes are so wide.
double panel_title_width(const Theme *t, double width);

// The names that stand in a legend; each mark's once. Returns how many.
int picture_legend(const Picture *p, const Mark **marks, int most);
double legend_width(const Theme *t, const Mark *m);
double legend_sample(const Theme *t,
                     const Mark *m); // the part before the words
double legend_line(const Theme *t);  // from row to row

// ---- figure_draw.c ----------------------------------------------------------

// The theme of that name; a terminal has one of its own. NULL if there is none.
const Theme *drawing_theme(const Drawing *d);

// ---- figure_files.c ---------------------------------------------------------

typedef struct {
    char text[512];
} FilePath;

// "out/ch05/early_stopping.csv" for the extension ".csv".
FilePath figure_path(const char *folder, const char *name,
                     const char *extension);

// Makes a hidden folder in `folder`, in which the figure's files come into
// being; moves those of these extensions to their place; removes it and what is
// in it.
enum { WORK_PATH = 160 };
bool work_open(char work[WORK_PATH], const char *folder, const char *name);
bool work_publish(const char *work, const char *folder, const char *name,
                  const char *const *extensions, int count);
void work_remove(const char *work, const char *name);

// ---- figure_gnuplot.c, figure_alt.c -----------------------------------------

void picture_write_script(const Picture *p, const Drawing *drawing, FILE *gp);

// The picture in words, for those who cannot see it: what its curves do.
void picture_write_alt(Picture *p, const Translation *t, FILE *out);

#endif
