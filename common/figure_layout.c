// figure_layout.c - where the panels and the words of a figure stand.
//
// Everything is measured here, in pixels, because gnuplot's own margins are
// guesses that differ from one format to the next.

#include <math.h>
#include <string.h>

#include "figure_parts.h"
#include "utf8.h"

enum { X, Y };

// ---- 1. Words ---------------------------------------------------------------

double size_title(const Theme *t) {
    return t->cell > 0.0 ? t->font : 1.25 * t->font;
}

double size_panel(const Theme *t) {
    return t->cell > 0.0 ? t->font : 1.08 * t->font;
}

double size_words(const Theme *t) {
    return t->font;
}

double size_ticks(const Theme *t) {
    return t->cell > 0.0 ? t->font : 0.92 * t->font;
}

double line_height(const Theme *t, double size) {
    return t->cell > 0.0 ? 20.0 : 1.3 * size;
}

// The width of a letter in hundredths of its size: those of DejaVu Sans, which
// is wider than the fonts of most screens.
static double letter_width(int32_t code) {
    static const unsigned char ascii[95] = {
        32,  40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34,
        64,  64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,
        100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,
        60,  79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,
        50,  61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61,
        63,  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84};
    if (code >= 32 && code < 127)
        return ascii[code - 32];
    return utf8_columns((uint32_t)code) == 2 ? 100.0 : 66.0;
}

// The first letter of words, and how many bytes it has.
static int32_t first_letter(const char *words, int *length) {
    int32_t code = utf8_first((const uint8_t *)words, strlen(words), length);
    if (code < 0)
        *length = 1;
    return code;
}

static double width_of(const Theme *t, int32_t code, double size) {
    if (t->cell > 0.0)
        return t->cell * (code > 0 ? utf8_columns((uint32_t)code) : 1);
    return letter_width(code) * size / 100.0;
}

double words_width(const Theme *t, const char *words, double size) {
    double width = 0.0;
    for (int length; *words != '\0'; words += length)
        width += width_of(t, first_letter(words, &length), size);
    return width;
}

int words_wrap(const Theme *t, const char *words, double size, double width,
               char lines[MAX_LINES][256]) {
    int count = 0;
    while (*words != '\0' && count < MAX_LINES) {
        double used = 0.0;
        const char *at = words, *end = NULL; // where this line may end
        for (int length; *at != '\0'; at += length) {
            int32_t code = first_letter(at, &length);
            used += width_of(t, code, size);
            bool wide = code > 0 && utf8_columns((uint32_t)code) == 2;
            if (used > width && end != NULL && code != ' ')
                break;
            if (code == ' ')
                end = at;
            else if (wide)
                end = at + length;
        }
        if (*at == '\0' || end == NULL)
            end = at;
        snprintf(lines[count++], 256, "%.*s", (int)(end - words), words);
        words = end + (*end == ' ');
    }
    return count;
}

// ---- 2. Names at the ends of curves, and the legend -------------------------

static bool is_curve(const Mark *m) {
    return mark_is(m, "lines") || mark_is(m, "linespoints") ||
           mark_is(m, "steps");
}

static bool has_key(const Mark *m) {
    return *m->words != '\0' &&
           (is_curve(m) || mark_is(m, "points") || mark_is(m, "impulses") ||
            mark_is(m, "band") || mark_is(m, "area") || mark_is(m, "bars") ||
            mark_is(m, "ranks"));
}

int picture_legend(const Picture *p, const Mark **marks, int most) {
    int count = 0;
    for (int i = 0; i < p->count; i++)
        for (int k = 0; k < p->panels[i].count; k++) {
            const Mark *m = &p->panels[i].marks[k];
            bool known = !has_key(m) || m->named;
            for (int n = 0; n < count; n++)
                known |= strcmp(marks[n]->words, m->words) == 0;
            if (!known && count < most)
                marks[count++] = m;
        }
    return count;
}

double legend_sample(const Theme *t, const Mark *m) {
    if (t->cell > 0.0)
        return 2.0 * t->cell;
    return (is_curve(m) ? 2.6 : 1.6) * t->font;
}

double legend_width(const Theme *t, const Mark *m) {
    double gap = t->cell > 0.0 ? 4.0 * t->cell : 1.6 * t->font;
    return legend_sample(t, m) + words_width(t, m->words, size_words(t)) + gap;
}

// The height of a curve's last point, from the panel's top; where it has left
// the panel, that of the edge.
static double end_of_curve(const Picture *p, const Panel *panel,
                           const Mark *m) {
    const Table *t = mark_table(p, m);
    double y = (double)NAN;
    for (int i = 0; t != NULL && i < t->rows; i++)
        if (isfinite(mark_cell(p, m, "x", i)) &&
            isfinite(mark_cell(p, m, "y", i)))
            y = mark_cell(p, m, "y", i);
    if (isnan(y))
        return y;
    double place = axis_place(&panel->axis[Y], y);
    return panel->height * (1.0 - fmin(1.0, fmax(0.0, place)));
}

// Names that are too close push each other apart, the first not out of the panel;
// then all of them up again, if the last has left it.
static void spread(Mark **named, int count, double apart, double height) {
    for (int i = 1; i < count; i++) // in order of height
        for (int k = i; k > 0 && named[k]->word_y < named[k - 1]->word_y; k--) {
            Mark *lower = named[k - 1];
            named[k - 1] = named[k];
            named[k] = lower;
        }
    for (int pass = 0; pass < 50; pass++)
        for (int i = 1; i < count; i++) {
            double missing = apart - (named[i]->word_y - named[i - 1]->word_y);
            if (missing > 0.0) {
                named[i]->word_y += 0.5 * missing;
                named[i - 1]->word_y -= 0.5 * missing;
            }
        }
    if (count > 0)
        named[0]->word_y = fmax(named[0]->word_y, 0.0);
    for (int i = 1; i < count; i++)
        named[i]->word_y = fmax(named[i]->word_y, named[i - 1]->word_y + apart);
    double over = count > 0 ? named[count - 1]->word_y - height : 0.0;
    for (int i = 0; over > 0.0 && i < count; i++)
        named[i]->word_y -= over;
}

// Decides which curves carry their names, and at which height.
static void name_curves(const Picture *p, Panel *panel) {
    enum { MOST = 16 };
    Mark *named[MOST];
    int count = 0;
    for (int i = 0; i < panel->count; i++) {
        Mark *m = &panel->marks[i];
        if (p->legend || !is_curve(m) || *m->words == '\0' || count == MOST)
            continue;
        m->word_y = end_of_curve(p, panel, m);
        m->named = !isnan(m->word_y);
        if (m->named)
            named[count++] = m;
    }
    spread(named, count, line_height(p->theme, size_words(p->theme)),
           panel->height);
}

// ---- 3. Margins -------------------------------------------------------------

typedef struct {
    double left, right, top, bottom;
} Margins;

double panel_title_width(const Theme *t, double width) {
    return width + 1.5 * t->font;
}

static double ticks_width(const Theme *t, const Axis *a) {
    double width = 0.0;
    for (int i = 0; i < a->ticks; i++)
        width = fmax(width, words_width(t, a->tick[i].words, size_ticks(t)));
    return width;
}

static double names_width(const Theme *t, const Panel *panel) {
    double width = 0.0;
    for (int i = 0; i < panel->count; i++)
        if (panel->marks[i].named)
            width = fmax(width,
                         words_width(t, panel->marks[i].words, size_words(t)));
    return width;
}

static Margins margins_of(const Theme *t, const Panel *panel) {
    const Axis *x = &panel->axis[X], *y = &panel->axis[Y];
    double line = line_height(t, size_words(t));
    Margins m = {0.5 * t->font, 0.7 * t->font, 0.4 * t->font, 0.4 * t->font};
    if (y->shown && y->ticks > 0)
        m.left += ticks_width(t, y) + 1.1 * t->font;
    if (y->shown && *y->words != '\0' && t->cell == 0.0)
        m.left += line + 0.3 * t->font;
    if (x->shown && x->ticks > 0)
        m.bottom += (t->cell > 0.0 ? 1.0 : 1.5) * line;
    if (x->shown && *x->words != '\0')
        m.bottom += line;
    double names = names_width(t, panel);
    if (names > 0.0)
        m.right += names + 0.6 * t->font;
    if (panel->scale != NULL)
        m.right += 5.0 * t->font;

    // half of the last tick may hang over
    if (x->ticks > 0 && panel->scale == NULL && names == 0.0)
        m.right +=
            0.5 * words_width(t, x->tick[x->ticks - 1].words, size_ticks(t)) -
            0.3 * t->font;

    char lines[MAX_LINES][256];
    int count = words_wrap(t, panel->words, size_panel(t),
                           panel_title_width(t, panel->width), lines);
    m.top += count * line_height(t, size_panel(t)) + (count > 0 ? 4.0 : 0.0);

    // A terminal has whole lines. Letters do not turn there: the words of the
    // upright axis stand above it.
    if (t->cell > 0.0) {
        m.top = line * (count + (*y->words != '\0'));
        m.bottom = line * (1.0 + floor(m.bottom / line));
    }
    return m;
}

// ---- 4. The whole -----------------------------------------------------------

enum { MOST_PANELS = 64 };

double legend_line(const Theme *t) {
    double line = line_height(t, size_words(t));
    return t->cell > 0.0 ? line : 1.15 * line;
}

// The height of the legend's rows, at the width that there is.
static double legend_height(const Picture *p, double width) {
    const Mark *marks[32];
    int count = picture_legend(p, marks, 32), rows = count > 0;
    double used = 0.0;
    for (int i = 0; i < count; i++) {
        double next = legend_width(p->theme, marks[i]);
        if (used > 0.0 && used + next > width) {
            rows++;
            used = 0.0;
        }
        used += next;
    }
    return rows * legend_line(p->theme);
}

// The largest margins of each column and row of panels, so that axes stand in
// line.
static void align(const Picture *p, Margins *column, Margins *row,
                  double *widths, double *heights) {
    for (int i = 0; i < p->count; i++) {
        const Margins own = margins_of(p->theme, &p->panels[i]);
        int slot = panel_slot(p, i);
        int c = slot % p->columns, r = slot / p->columns;
        column[c].left = fmax(column[c].left, own.left);
        column[c].right = fmax(column[c].right, own.right);
        row[r].top = fmax(row[r].top, own.top);
        row[r].bottom = fmax(row[r].bottom, own.bottom);
        widths[c] = fmax(widths[c], p->panels[i].width);
        heights[r] = fmax(heights[r], p->panels[i].height);
    }
}

// Axes as wide as 79 letters leave room for.
static void fit_terminal(Picture *p, const Margins *column, double *widths,
                         int columns) {
    double left = 79.0 * p->theme->cell - 1.4 * p->theme->font;
    for (int c = 0; c < columns; c++)
        left -= column[c].left + column[c].right;
    for (int c = 0; c < columns; c++)
        widths[c] = fmax(8.0 * p->theme->cell, left / columns);
    for (int i = 0; i < p->count; i++)
        p->panels[i].width = (int)widths[i % p->columns];
}

void picture_lay_out(Picture *p) {
    const Theme *t = p->theme;
    const double edge = t->font;
    Margins column[MOST_PANELS] = {{0}}, row[MOST_PANELS] = {{0}};
    double widths[MOST_PANELS] = {0}, heights[MOST_PANELS] = {0};
    if (!p->film && p->count > MOST_PANELS)
        p->count = MOST_PANELS;
    for (int i = 0; i < p->count; i++)
        name_curves(p, &p->panels[i]);
    align(p, column, row, widths, heights);

    // From left to right. A terminal's width is given.
    int slots = p->film ? 1 : p->count;
    int columns = p->columns < slots ? p->columns : slots;
    double x = edge, left[MOST_PANELS], top[MOST_PANELS];
    if (t->cell > 0.0) {
        fit_terminal(p, column, widths, columns);
        memset(row, 0, sizeof row); // titles may have more lines now
        align(p, column, row, widths, heights);
    }
    for (int c = 0; c < columns; c++) {
        left[c] = x + column[c].left;
        x = left[c] + widths[c] + column[c].right;
    }
    p->width = (int)ceil(x + 0.3 * edge);

    // From above: title, legend, rows of panels.
    char lines[MAX_LINES][256];
    double inside = p->width - 2.0 * edge;
    int count = words_wrap(t, p->title, size_title(t), inside, lines);
    p->legend_top = edge + count * line_height(t, size_title(t));
    double y = p->legend_top + legend_height(p, inside);
    for (int r = 0; r * p->columns < slots; r++) {
        top[r] = y + row[r].top;
        y = top[r] + heights[r] + row[r].bottom;
    }
    p->height = (int)ceil(y + 0.4 * edge);

    for (int i = 0; i < p->count; i++) {
        Panel *panel = &p->panels[i];
        int slot = panel_slot(p, i);
        panel->box = (Box){left[slot % p->columns], top[slot / p->columns],
                           panel->width, panel->height};
    }
}
