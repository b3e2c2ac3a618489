// figure_gnuplot.c - writes a laid-out figure as a gnuplot script.
//
// The script is meant to be read and edited: a paragraph for each panel, one
// command a line, and nothing that depends on the reader's own settings.

#include <math.h>
#include <string.h>

#include "figure_parts.h"

enum { X, Y };

typedef struct {
    const Picture *p;
    const Drawing *drawing;
    FILE *gp;
    bool first; // no element of the plot command yet
} Script;

// ---- 1. Small things --------------------------------------------------------

static bool is_format(const Script *s, const char *format) {
    return strcmp(s->drawing->format, format) == 0;
}

// A string in gnuplot's single quotes: only the quote itself is doubled. LaTeX
// has letters of its own that need a backslash.
static void write_quoted(const Script *s, const char *text) {
    bool latex = is_format(s, "tikz");
    putc('\'', s->gp);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            putc('\'', s->gp);
        if (latex && strchr("%&#_{}$", *text) != NULL)
            putc('\\', s->gp);
        putc(*text, s->gp);
    }
    putc('\'', s->gp);
}

// From pixels to parts of the picture, from the bottom left corner.
static double screen_x(const Script *s, double x) {
    return x / s->p->width;
}

static double screen_y(const Script *s, double y) {
    return 1.0 - y / s->p->height;
}

// gnuplot's cairo formats count letters in points, of which 72 are 96 pixels.
static double font_size(const Script *s, double pixels) {
    bool points =
        is_format(s, "png") || is_format(s, "pdf") || is_format(s, "gif");
    return points ? 0.75 * pixels : pixels;
}

static void write_font(const Script *s, double size, const char *color) {
    if (is_format(s, "tikz"))
        fprintf(s->gp, " textcolor rgb '%s'", color);
    else if (!is_format(s, "dumb"))
        fprintf(s->gp, " font ',%.4g' textcolor rgb '%s'", font_size(s, size),
                color);
}

typedef struct {
    const char *align; // left, center, right
    bool upwards;
    double size;
    const char *color;
} Lettering;

// A line of words around a place in pixels.
static void write_words_at(const Script *s, double x, double y,
                           const char *words, Lettering how) {
    fprintf(s->gp, "set label ");
    write_quoted(s, words);
    fprintf(s->gp, " at screen %.5f,screen %.5f %s%s front", screen_x(s, x),
            screen_y(s, y), how.align, how.upwards ? " rotate by 90" : "");
    write_font(s, how.size, how.color);
    putc('\n', s->gp);
}

// ---- 2. The head of the script ----------------------------------------------

static void write_terminal(const Script *s) {
    const Theme *t = s->p->theme;
    int w = s->p->width, h = s->p->height;
    double font = font_size(s, size_words(t));
    if (is_format(s, "svg"))
        fprintf(s->gp,
                "set terminal svg size %d,%d font 'Helvetica,%.4g' noenhanced "
                "background rgb '%s'\n",
                w, h, font, t->paper);
    else if (is_format(s, "png"))
        fprintf(s->gp,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
                "    set terminal pngcairo size %d,%d font 'Sans,%.4g' "
                "noenhanced background rgb '%s'\n"
                "} else {\n"
                "    set terminal png size %d,%d noenhanced\n"
                "}\n",
                w, h, font, t->paper, w, h);
    else if (is_format(s, "pdf")) // where letters are larger, lines thinner
        fprintf(s->gp,
                "set terminal pdfcairo size %.4gin,%.4gin font 'Sans,%.4g' "
                "fontscale 0.75 linewidth 1.5 noenhanced background rgb '%s'\n",
                w / 96.0, h / 96.0, font, t->paper);
    else if (is_format(s, "gif"))
        fprintf(s->gp,
                "set terminal gif animate delay 40 loop 0 size %d,%d font "
                "'%s,%.4g' noenhanced background rgb '%s'\n",
                w, h, s->drawing->translation ? "Noto Sans CJK SC" : "Sans",
                font, t->paper);
    else if (is_format(s, "tikz"))
        fprintf(s->gp,
                "set terminal tikz standalone size %.4gin,%.4gin "
                "font '\\sffamily\\small'\n",
                w / 96.0, h / 96.0);
    else
        fprintf(s->gp, "set terminal dumb size 79,%d noenhanced\n",
                (h + 19) / 20);
    fprintf(s->gp, "set output '%s%s'\n", s->drawing->name,
            figure_extension(s->drawing->format));
}

static void write_head(const Script *s) {
    const Theme *t = s->p->theme;
    fprintf(s->gp,
            "# Draws %s.csv. To change the picture, edit this file and run\n"
            "#     gnuplot %s.gp\n"
            "# in its folder.\n"
            "set encoding utf8\n",
            s->drawing->name, s->drawing->name);
    write_terminal(s);
    fprintf(s->gp,
            "DATA = '%s.csv'\n"
            "set datafile separator comma\n"
            "set key autotitle columnheader\n"
            "unset key\n"
            "unset colorbox\n"
            "set style fill solid 1 noborder\n"
            "set palette gamma 1\n"
            "set clip two\n", // lines that only pass through
            s->drawing->name);
    if (is_format(s, "dumb"))
        fprintf(s->gp, "set border 3\nset tics nomirror\n");
    else
        fprintf(s->gp,
                "set border 3 lc rgb '%s'\n"
                "set grid back lt 1 lc rgb '%s' lw 1\n",
                t->soft, t->grid);
}

// ---- 3. Pens ----------------------------------------------------------------

static double pen_width(const Script *s, const Mark *m) {
    return s->p->theme->line * mark_number(m, "width", 2.0);
}

// By color, so that curves can be told apart in grey as well.
static const char *dashes(const Mark *m) {
    static const char *const by_color[] = {
        "solid", "solid", "(12,4)",     "(3,3)", "(12,4,3,4)", "(20,5)",
        "solid", "(6,3)", "(12,3,3,3)", "solid", "solid"};
    return mark_number(m, "solid", 0.0) > 0.0 ? "solid" : by_color[m->color];
}

static int point_type(const Mark *m) {
    static const int by_color[] = {7, 7, 5, 9, 13, 11, 6, 4, 8, 7, 7};
    static const struct {
        const char *name;
        int type;
    } named[] = {{"dot", 7},      {"ring", 6},     {"square", 5},
                 {"triangle", 9}, {"diamond", 13}, {"cross", 2}};
    char word[32];
    mark_word(m, "point", word);
    for (int i = 0; i < 6; i++)
        if (strcmp(word, named[i].name) == 0)
            return named[i].type;
    return by_color[m->color];
}

static void write_line_pen(const Script *s, const Mark *m) {
    if (is_format(s, "dumb"))
        fprintf(s->gp, " lt %d", m->color);
    else
        fprintf(s->gp, " lc rgb '%s' lw %.3g dt %s",
                s->p->theme->curve[m->color], pen_width(s, m), dashes(m));
}

static void write_point(const Script *s, const Mark *m, double largest) {
    double size = fmin(largest, mark_number(m, "size", 1.0));
    fprintf(s->gp, " pt %d ps %.3g", point_type(m),
            size * s->p->theme->font / 13.0);
}

static void write_point_pen(const Script *s, const Mark *m) {
    write_point(s, m, HUGE_VAL);
}

// ---- 4. Marks that are elements of the plot command -------------------------

// Begins the next element: its table, and two or more `using` columns follow.
static void begin_element(Script *s, const Mark *m) {
    fprintf(s->gp, "%s DATA index %d %susing ",
            s->first ? "plot" : ", \\\n    ", (int)mark_number(m, "table", 0.0),
            mark_number(m, "first", 0.0) > 0.0 ? "every ::0::0 " : "");
    s->first = false;
}

// The column for gnuplot: its number, or what leaves out the rows that the pen
// does not take.
static void write_column(Script *s, const Mark *m, const char *name) {
    int column = (int)mark_number(m, name, 0.0);
    int only = (int)mark_number(m, "column", 0.0);
    if (only > 0)
        fprintf(s->gp, "($%d == %g ? $%d : NaN)", only,
                mark_number(m, "value", 0.0), column);
    else
        fprintf(s->gp, "%d", column);
}

static void write_xy(Script *s, const Mark *m) {
    begin_element(s, m);
    fprintf(s->gp, "%d:", (int)mark_number(m, "x", 0.0));
    write_column(s, m, "y");
}

// What a distance in pixels is along an axis, to the right or up; for a
// logarithmic one, the factor.
static double along(const Panel *panel, int k, double pixels) {
    const Axis *a = &panel->axis[k];
    double part = pixels / (k == X ? panel->box.width : panel->box.height);
    part *= a->turned ? -1.0 : 1.0;
    return a->log ? pow(a->high / a->low, part) : part * (a->high - a->low);
}

// "($3+0.5)", or "($3*1.2)" on a logarithmic axis.
static void write_shifted(Script *s, const Panel *panel, int k,
                          const char *value, double pixels) {
    fprintf(s->gp, "(%s%s%.6g)", value, panel->axis[k].log ? "*" : "+",
            along(panel, k, pixels));
}

static void write_numbers(Script *s, const Mark *m, int column,
                          const char *color) {
    char format[32];
    fprintf(s->gp, ":(sprintf('%s', $%d)) with labels",
            mark_word(m, "format", format), column);
    write_font(s, size_ticks(s->p->theme), color);
}

static void write_values(Script *s, const Panel *panel, const Mark *m) {
    char y[16];
    begin_element(s, m);
    fprintf(s->gp, "%d:", (int)mark_number(m, "x", 0.0));
    snprintf(y, sizeof y, "$%d", (int)mark_number(m, "y", 0.0));
    write_shifted(s, panel, Y, y, mark_number(m, "dy", 0.0));
    const Theme *t = s->p->theme;
    write_numbers(s, m, (int)mark_number(m, "v", 0.0),
                  m->color > 0 ? t->word[m->color] : t->ink);
}

// Bars next to each other: the group's place is the row's number.
static void write_bars(Script *s, const Panel *panel, const Mark *m) {
    char format[32], y[16];
    int column = (int)mark_number(m, "y", 0.0);
    double width = (m->groups > 1 ? 0.8 : 0.6) / m->groups;
    double shift = width * (m->group - 0.5 * (m->groups - 1));
    begin_element(s, m);
    fprintf(s->gp, "($0%+.4g):%d:(%.4g) with boxes lc rgb '%s'", shift, column,
            0.9 * width, s->p->theme->curve[m->color]);
    if (*mark_word(m, "format", format) == '\0')
        return;
    begin_element(s, m);
    fprintf(s->gp, "($0%+.4g):", shift);
    snprintf(y, sizeof y, "$%d", column);
    write_shifted(s, panel, Y, y, 0.7 * s->p->theme->font);
    write_numbers(s, m, column, s->p->theme->ink);
}

// Bars from left to right.
static void write_ranks(Script *s, const Panel *panel, const Mark *m) {
    char format[32], x[16];
    int column = (int)mark_number(m, "x", 0.0);
    double from = panel->axis[X].log ? panel->axis[X].low : 0.0;
    double width = 0.72 / m->groups;
    double shift = width * (m->group - 0.5 * (m->groups - 1));
    begin_element(s, m);
    fprintf(s->gp,
            "(%.9g):($0%+.4g):(%.9g):%d:($0%+.4g):($0%+.4g) with boxxyerror "
            "lc rgb '%s'",
            from, shift, from, column, shift - 0.45 * width,
            shift + 0.45 * width, s->p->theme->curve[m->color]);
    if (*mark_word(m, "format", format) == '\0')
        return;
    begin_element(s, m);
    snprintf(x, sizeof x, "$%d", column);
    write_shifted(s, panel, X, x, 0.5 * s->p->theme->font);
    fprintf(s->gp, ":($0%+.4g)", shift);
    write_numbers(s, m, column, s->p->theme->ink);
    fprintf(s->gp, " left");
}

// A band between two curves. gnuplot would fill beyond the panel where they leave
// it, so they stay at its edge.
static void write_band(Script *s, const Panel *panel, const Mark *m) {
    const Axis *y = &panel->axis[Y];
    const char *const names[] = {"y", "high"};
    const int only = (int)mark_number(m, "column", 0.0);
    begin_element(s, m);
    fprintf(s->gp, "%d", (int)mark_number(m, "x", 0.0));
    for (int i = 0; i < 2; i++) {
        int column = (int)mark_number(m, names[i], 0.0);
        fprintf(s->gp, ":(");
        if (only > 0)
            fprintf(s->gp, "$%d != %g ? NaN : ", only,
                    mark_number(m, "value", 0.0));
        fprintf(s->gp, "$%d < %.9g ? %.9g : $%d > %.9g ? %.9g : $%d)", column,
                y->low, y->low, column, y->high, y->high, column);
    }
    fprintf(s->gp,
            " with filledcurves lc rgb '%s' fillstyle transparent solid 0.2 "
            "noborder",
            s->p->theme->curve[m->color]);
}

// Each point as the digit that it is, in one of ten colors of about the same
// darkness: as letters, all can be read.
static void write_digits(Script *s, const Mark *m) {
    static const char on_white[] = "29362 12351232 0 40563 13983232 3829413 "
                                   "12343447 9200640 8355711 6175897";
    static const char on_black[] =
        "5682409 15113984 15263976 3129231 16747100 "
        "8364000 14257347 13152330 11053224 11901928";
    bool dark = strcmp(s->p->theme->name, "dark") == 0;
    int v = (int)mark_number(m, "v", 0.0);
    write_xy(s, m);
    fprintf(s->gp,
            ":(sprintf('%%d', $%d)):(int(word('%s', int($%d) %% 10 + 1))) "
            "with labels textcolor rgb variable font ',%.4g'",
            v, dark ? on_black : on_white, v,
            font_size(s, 0.75 * s->p->theme->font));
}

// Circles or squares: pale, so that numbers can stand in them.
static void write_shapes(Script *s, const Mark *m) {
    const Theme *t = s->p->theme;
    double radius = mark_number(m, "radius", 0.0);
    write_xy(s, m);
    if (mark_is(m, "circles"))
        fprintf(s->gp, ":(%.6g) with circles", radius);
    else
        fprintf(s->gp, ":(%.6g):(%.6g) with boxxyerror", radius, radius);
    if (m->color > 0)
        fprintf(s->gp, " fc rgb '%s' fillstyle transparent solid 0.3",
                t->curve[m->color]);
    else
        fprintf(s->gp, " fc rgb '%s' fillstyle solid 1", t->paper);
    fprintf(s->gp, " border lc rgb '%s'", t->soft);
}

static void write_element(Script *s, const Panel *panel, const Mark *m) {
    const Theme *t = s->p->theme;
    if (mark_is(m, "bars")) {
        write_bars(s, panel, m);
    } else if (mark_is(m, "ranks")) {
        write_ranks(s, panel, m);
    } else if (mark_is(m, "values")) {
        write_values(s, panel, m);
    } else if (mark_is(m, "heat")) {
        write_xy(s, m);
        fprintf(s->gp, ":%d with image", (int)mark_number(m, "v", 0.0));
    } else if (mark_is(m, "colored")) {
        write_xy(s, m);
        fprintf(s->gp, ":%d with points lc palette",
                (int)mark_number(m, "v", 0.0));
        write_point_pen(s, m);
    } else if (mark_is(m, "digits")) {
        write_digits(s, m);
    } else if (mark_is(m, "area")) {
        write_xy(s, m);
        fprintf(s->gp,
                " with filledcurves closed lc rgb '%s' fillstyle transparent "
                "solid 0.25 noborder",
                t->curve[m->color]);
    } else if (mark_is(m, "band")) {
        write_band(s, panel, m);
    } else if (mark_is(m, "arrows")) {
        write_xy(s, m);
        fprintf(s->gp,
                ":%d:%d with vectors filled size screen %.5f,20 lw %.3g lc rgb "
                "'%s'",
                (int)mark_number(m, "dx", 0.0), (int)mark_number(m, "dy", 0.0),
                10.0 / s->p->width, 0.75 * pen_width(s, m),
                m->color > 0 ? t->curve[m->color] : t->soft);
    } else if (mark_is(m, "circles") || mark_is(m, "boxes")) {
        write_shapes(s, m);
    } else {
        write_xy(s, m);
        fprintf(s->gp, " with %s", m->kind);
        write_line_pen(s, m);
        if (mark_is(m, "points") || mark_is(m, "linespoints"))
            write_point_pen(s, m);
    }
}

// Whether gnuplot would find anything to draw.
static bool has_numbers(const Picture *p, const Mark *m) {
    const Table *t = mark_table(p, m);
    bool rows = mark_is(m, "bars") || mark_is(m, "ranks");
    bool third = mark_number(m, "v", 0.0) > 0.0; // a number is shown at (x, y)
    for (int i = 0; t != NULL && i < t->rows; i++)
        if (rows || (isfinite(mark_cell(p, m, "x", i)) &&
                     isfinite(mark_cell(p, m, "y", i)) &&
                     (!third || isfinite(mark_cell(p, m, "v", i)))))
            return true;
    return false;
}

// ---- 5. Marks that stand beside it ------------------------------------------

static double pixel_x(const Panel *panel, double x) {
    return panel->box.left + panel->box.width * axis_place(&panel->axis[X], x);
}

static double pixel_y(const Panel *panel, double y) {
    return panel->box.top +
           panel->box.height * (1.0 - axis_place(&panel->axis[Y], y));
}

static bool has_heat(const Panel *panel) {
    for (int i = 0; i < panel->count; i++)
        if (mark_is(&panel->marks[i], "heat"))
            return true;
    return false;
}

// A thin line across the panel; its words stand where there is more room. Cells
// would cover it, curves cover it.
static void write_across(const Script *s, const Panel *panel, const Mark *m) {
    const Theme *t = s->p->theme;
    const Box *b = &panel->box;
    bool upright = mark_is(m, "vertical");
    double at = mark_number(m, "at", 0.0);
    double px = pixel_x(panel, at), py = pixel_y(panel, at);
    double line = line_height(t, size_words(t));
    if (upright)
        fprintf(s->gp, "set arrow from %.9g,graph 0 to %.9g,graph 1", at, at);
    else
        fprintf(s->gp,
                "set arrow from graph 0,first %.9g to graph 1,first "
                "%.9g",
                at, at);
    fprintf(s->gp, " nohead %slc rgb '%s' lw 1 dt (8,6)\n",
            has_heat(panel) ? "front " : "", t->soft);

    Lettering how = {"left", false, size_words(t), t->ink};
    if (upright) {
        bool right = px > b->left + 0.6 * b->width;
        how.align = right ? "right" : "left";
        write_words_at(s, px + (right ? -0.5 : 0.5) * t->font,
                       b->top + 0.6 * line, m->words, how);
    } else {
        bool high = py < b->top + 1.2 * line;
        write_words_at(s, b->left + 0.5 * t->font,
                       py + (high ? 0.6 : -0.6) * line, m->words, how);
    }
}

static void write_note(const Script *s, const Panel *panel, const Mark *m) {
    char align[32];
    mark_word(m, "align", align);
    const Theme *t = s->p->theme;
    double size = size_words(t) * mark_number(m, "size", 1.0);
    Lettering how = {align[0] == 'l'   ? "left"
                     : align[0] == 'r' ? "right"
                                       : "center",
                     false, size, m->color > 0 ? t->word[m->color] : t->ink};
    write_words_at(s, pixel_x(panel, mark_number(m, "x", 0.0)),
                   pixel_y(panel, mark_number(m, "y", 0.0)), m->words, how);
}

static void write_name(const Script *s, const Panel *panel, const Mark *m) {
    const Theme *t = s->p->theme;
    write_words_at(
        s, panel->box.left + panel->box.width + 0.6 * t->font,
        panel->box.top + m->word_y, m->words,
        (Lettering){"left", false, size_words(t), t->word[m->color]});
}

// ---- 6. Panels --------------------------------------------------------------

static void write_axis(const Script *s, const Panel *panel, int k) {
    const Axis *a = &panel->axis[k];
    const char name = k == X ? 'x' : 'y';
    fprintf(s->gp, "%s logscale %c\n", a->log ? "set" : "unset", name);
    fprintf(s->gp, "set %crange [%.9g:%.9g]\n", name,
            a->turned ? a->high : a->low, a->turned ? a->low : a->high);
    if (a->ticks == 0) {
        fprintf(s->gp, "unset %ctics\n", name);
        return;
    }
    fprintf(s->gp, "set %ctics (", name);
    for (int i = 0; i < a->ticks; i++) {
        fprintf(s->gp, "%s", i > 0 ? ", " : "");
        write_quoted(s, a->shown ? a->tick[i].words : "");
        fprintf(s->gp, " %.9g", a->tick[i].at);
    }
    fprintf(s->gp, ") nomirror out scale %g",
            panel->bare || a->named ? 0.0 : 0.5);
    if (k == X && is_format(s, "svg")) // gnuplot leaves more room there
        fprintf(s->gp, " offset 0,0.4");
    write_font(s, size_ticks(s->p->theme), s->p->theme->ink);
    putc('\n', s->gp);
}

static void write_axis_words(const Script *s, const Panel *panel) {
    const Theme *t = s->p->theme;
    const Box *b = &panel->box;
    const Axis *x = &panel->axis[X], *y = &panel->axis[Y];
    double line = line_height(t, size_words(t));
    Lettering how = {"center", false, size_words(t), t->ink};
    if (x->shown && *x->words != '\0')
        write_words_at(s, b->left + 0.5 * b->width,
                       b->top + b->height + (x->ticks > 0 ? 2.05 : 0.7) * line,
                       x->words, how);
    if (t->cell > 0.0 && y->shown) {
        how.align = "left";
        write_words_at(s, b->left, b->top - 0.5 * line, y->words, how);
        return;
    }
    how.upwards = true;
    if (y->shown && *y->words != '\0') {
        double ticks = 0.0;
        for (int i = 0; i < y->ticks; i++)
            ticks =
                fmax(ticks, words_width(t, y->tick[i].words, size_ticks(t)));
        write_words_at(s, b->left - ticks - 1.1 * t->font - 0.55 * line,
                       b->top + 0.5 * b->height, y->words, how);
    }
}

// Lines of words from `top` down, from `left` on.
static void write_lines(const Script *s, const char *words, double left,
                        double top, double width, Lettering how) {
    char lines[MAX_LINES][256];
    const Theme *t = s->p->theme;
    double line = line_height(t, how.size);
    int count = words_wrap(t, words, how.size, width, lines);
    for (int i = 0; i < count; i++)
        write_words_at(s, left, top + (i + 0.5) * line, lines[i], how);
}

static void write_panel_title(const Script *s, const Panel *panel) {
    const Theme *t = s->p->theme;
    char lines[MAX_LINES][256];
    const Box *b = &panel->box;
    double width = panel_title_width(t, b->width);
    int count = words_wrap(t, panel->words, size_panel(t), width, lines);
    write_lines(s, panel->words, b->left,
                b->top - 4.0 - count * line_height(t, size_panel(t)) -
                    (t->cell > 0.0 && *panel->axis[Y].words != '\0'
                         ? line_height(t, size_words(t))
                         : 0.0),
                width, (Lettering){"left", false, size_panel(t), t->ink});
}

// Colors from low to high. Those that begin with white begin with the color of
// the paper, which in the dark is black.
static void write_palette(const Script *s, const Mark *m) {
    const Theme *t = s->p->theme;
    bool dark = strcmp(t->name, "dark") == 0;
    char heat[32];
    mark_word(m, "heat", heat);
    fprintf(s->gp, "set palette defined (");
    if (strcmp(heat, "blues") == 0 && dark)
        fprintf(s->gp, "0 '%s', 1 '#1f4364', 2 '#2f6a9d', 3 '#5aa0d4'",
                t->paper);
    else if (strcmp(heat, "blues") == 0 || strcmp(heat, "bands") == 0)
        fprintf(s->gp, "0 '#ffffff', 1 '#dbe9f6', 2 '#a6cbe3', 3 '#5b9bc8', "
                       "4 '#24659f'");
    else if (strcmp(heat, "diverging") == 0 && dark)
        fprintf(s->gp,
                "-1 '#7db8f0', -0.5 '#3c6a94', 0 '%s', 0.5 '#9a5a38', "
                "1 '#f2a47c'",
                t->paper);
    else if (strcmp(heat, "diverging") == 0)
        fprintf(s->gp, "-1 '#0b5394', -0.5 '#7fb3d9', 0 '#ffffff', "
                       "0.5 '#f2a47c', 1 '#b8410b'");
    else if (strcmp(heat, "ink") == 0)
        fprintf(s->gp, "0 '%s', 1 '%s'", t->paper, t->ink);
    else if (strcmp(heat, "gray") == 0)
        fprintf(s->gp, "0 '#000000', 1 '#ffffff'");
    else // classes
        fprintf(s->gp, "0 '#7fb8d8', 0.499 '#e5f1f8', 0.501 '#fdf1d9', "
                       "1 '#f2cf80'");
    fprintf(s->gp, ") maxcolors %d\nset cbrange [%.9g:%.9g]\n",
            strcmp(heat, "bands") == 0 ? 14 : 0, mark_number(m, "low", 0.0),
            mark_number(m, "high", 1.0));
}

// The color scale at the panel's right: a bar, three numbers, words upwards.
static void write_scale(const Script *s, const Panel *panel, const Mark *heat) {
    const Theme *t = s->p->theme;
    const Box *b = &panel->box;
    double left = b->left + b->width + 0.8 * t->font, width = 0.8 * t->font;
    double low = mark_number(heat, "low", 0.0);
    double high = mark_number(heat, "high", 1.0);
    fprintf(s->gp,
            "set colorbox user origin screen %.5f,screen %.5f size screen "
            "%.5f,screen %.5f noborder\n"
            "set cbtics (%.9g, %.9g, %.9g) format '%%.3g' scale 0",
            screen_x(s, left), screen_y(s, b->top + b->height),
            width / s->p->width, b->height / s->p->height, low,
            0.5 * (low + high), high);
    write_font(s, size_ticks(t), t->ink);
    putc('\n', s->gp);
    write_words_at(
        s, left + 4.2 * t->font, b->top + 0.5 * b->height, panel->scale,
        (Lettering){"center", t->cell == 0.0, size_words(t), t->ink});
}

static bool has_palette(const Mark *m) {
    return mark_is(m, "heat") || mark_is(m, "colored");
}

static void write_beside(const Script *s, const Panel *panel) {
    const Mark *scaled = NULL; // the mark whose colors the scale explains
    for (int i = 0; i < panel->count; i++) {
        const Mark *m = &panel->marks[i];
        if (mark_is(m, "vertical") || mark_is(m, "horizontal"))
            write_across(s, panel, m);
        else if (mark_is(m, "note"))
            write_note(s, panel, m);
        else if (has_palette(m))
            write_palette(s, m);
        if (has_palette(m) && scaled == NULL)
            scaled = m;
        if (m->named)
            write_name(s, panel, m);
    }
    if (scaled != NULL && panel->scale != NULL)
        write_scale(s, panel, scaled);
}

static void write_panel(Script *s, const Panel *panel) {
    const Box *b = &panel->box;
    fprintf(s->gp,
            "set lmargin at screen %.5f; set rmargin at screen %.5f\n"
            "set tmargin at screen %.5f; set bmargin at screen %.5f\n",
            screen_x(s, b->left), screen_x(s, b->left + b->width),
            screen_y(s, b->top), screen_y(s, b->top + b->height));
    bool grid = !panel->bare && !is_format(s, "dumb") && !has_heat(panel);
    fprintf(s->gp, "set border %d; %s grid\n", panel->bare ? 0 : 3,
            grid ? "set" : "unset");
    for (int k = 0; k < 2; k++)
        write_axis(s, panel, k);
    if (!panel->bare)
        write_axis_words(s, panel);
    write_panel_title(s, panel);
    write_beside(s, panel);

    s->first = true;
    for (int i = 0; i < panel->count; i++) {
        const Mark *m = &panel->marks[i];
        bool beside = mark_is(m, "vertical") || mark_is(m, "horizontal") ||
                      mark_is(m, "note");
        if (!beside && has_numbers(s->p, m))
            write_element(s, panel, m);
    }
    if (s->first) // nothing: gnuplot is given what lies outside
        fprintf(s->gp, "plot %.9g",
                panel->axis[Y].low - 2.0 * fabs(panel->axis[Y].high));
    putc('\n', s->gp);
    fprintf(s->gp, "unset label; unset arrow; unset object; unset colorbox\n");
}

// ---- 7. Title and legend ----------------------------------------------------

// A sample of the mark in the legend, `from` and as wide as `width` pixels.
static void write_sample(const Script *s, const Mark *m, double from, double y,
                         double width) {
    const char *color = s->p->theme->curve[m->color];
    bool box = mark_is(m, "bars") || mark_is(m, "ranks") ||
               mark_is(m, "band") || mark_is(m, "area");
    bool point = mark_is(m, "points") || mark_is(m, "linespoints");
    if (box) {
        double half = 0.35 * s->p->theme->font;
        fprintf(s->gp,
                "set object rectangle from screen %.5f,screen %.5f to screen "
                "%.5f,screen %.5f fc rgb '%s' fillstyle %s noborder front\n",
                screen_x(s, from), screen_y(s, y + half),
                screen_x(s, from + width), screen_y(s, y - half), color,
                mark_is(m, "bars") || mark_is(m, "ranks")
                    ? "solid 1"
                    : "transparent solid 0.25");
        return;
    }
    if (!mark_is(m, "points")) {
        fprintf(s->gp,
                "set arrow from screen %.5f,screen %.5f to screen %.5f,screen "
                "%.5f nohead front",
                screen_x(s, from), screen_y(s, y), screen_x(s, from + width),
                screen_y(s, y));
        write_line_pen(s, m);
        putc('\n', s->gp);
    }
    if (point) {
        fprintf(s->gp, "set label '' at screen %.5f,screen %.5f front point",
                screen_x(s, from + 0.5 * width), screen_y(s, y));
        write_point(s, m, 1.3);
        if (!is_format(s, "dumb"))
            fprintf(s->gp, " lc rgb '%s' lw %.3g", color, pen_width(s, m));
        putc('\n', s->gp);
    }
}

static void write_legend(const Script *s) {
    const Theme *t = s->p->theme;
    const Mark *marks[32];
    int count = picture_legend(s->p, marks, 32);
    double line = legend_line(t), gap = t->cell > 0.0 ? t->cell : 0.5 * t->font;
    double x = t->font, y = s->p->legend_top + 0.5 * line;
    for (int i = 0; i < count; i++) {
        double width = legend_width(t, marks[i]);
        if (x > t->font && x + width > s->p->width - t->font) {
            x = t->font;
            y += line;
        }
        double sample = legend_sample(t, marks[i]);
        write_sample(s, marks[i], x, y, sample);
        write_words_at(s, x + sample + gap, y, marks[i]->words,
                       (Lettering){"left", false, size_words(t), t->ink});
        x += width;
    }
}

// The picture's title and legend, and some of its panels.
static void write_sheet(Script *s, int first, int count) {
    const Picture *p = s->p;
    const Theme *t = p->theme;
    fprintf(s->gp, "set multiplot\n\n# title and names\n");
    write_lines(s, p->title, t->font, t->font, p->width - 2.0 * t->font,
                (Lettering){"left", false, size_title(t), t->ink});
    write_legend(s);
    for (int i = first; i < first + count; i++) {
        fprintf(s->gp, "\n# panel %d: %s\n", i + 1, p->panels[i].words);
        write_panel(s, &p->panels[i]);
    }
    fprintf(s->gp, "\nunset multiplot\n");
}

void picture_write_script(const Picture *p, const Drawing *drawing, FILE *gp) {
    enum { REST = 4 }; // for so long the last frame of a film is seen
    Script s = {p, drawing, gp, true};
    write_head(&s);
    if (!p->film) {
        write_sheet(&s, 0, p->count);
        return;
    }
    for (int i = 0; i < p->count + REST; i++)
        write_sheet(&s, i < p->count ? i : p->count - 1, 1);
}
