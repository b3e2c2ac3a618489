// figure_alt.c - a figure in words, for readers who cannot see it.
//
// The sentences are made from the numbers that are drawn, so they are true of
// this run, whatever it found.

#include <math.h>

#include "figure_parts.h"

// A curve's first, last, lowest and highest point.
typedef struct {
    double first, last, low, high, low_x, high_x;
    int points;
} Course;

static Course course_of(const Picture *p, const Mark *m) {
    Course c = {.low = HUGE_VAL, .high = -HUGE_VAL};
    const Table *t = mark_table(p, m);
    for (int i = 0; t != NULL && i < t->rows; i++) {
        double x = mark_cell(p, m, "x", i), y = mark_cell(p, m, "y", i);
        if (!isfinite(x) || !isfinite(y))
            continue;
        if (c.points++ == 0)
            c.first = y;
        c.last = y;
        if (y < c.low)
            c.low = y, c.low_x = x;
        if (y > c.high)
            c.high = y, c.high_x = x;
    }
    return c;
}

// Writes a sentence, translated, with the curve's name and then its numbers.
static void tell(Picture *p, const Translation *t, FILE *out,
                 const char *sentence, const Mark *m, int count,
                 const double numbers[]) {
    char text[4][32];
    const char *values[5] = {m->words};
    for (int i = 0; i < count; i++) {
        snprintf(text[i], sizeof text[i], "%.3g", numbers[i]);
        values[i + 1] = text[i];
    }
    fprintf(out, "%s ",
            picture_words(p, translated(t, sentence), values, count + 1));
}

// What the curve does, in the fewest words that are true: a turn counts if it
// is a twentieth of the whole way up and down.
static void tell_course(Picture *p, const Mark *m, const Course *c,
                        const Translation *t, FILE *out) {
    double turn = 0.05 * (c->high - c->low);
    bool dips = c->low < fmin(c->first, c->last) - turn;
    bool peaks = c->high > fmax(c->first, c->last) + turn;
    if (dips && peaks)
        tell(p, t, out, "%s goes up and down between %.3g and %.3g.", m, 2,
             (double[]){c->low, c->high});
    else if (dips)
        tell(p, t, out, "%s falls from %.3g to %.3g at %.3g and ends at %.3g.",
             m, 4, (double[]){c->first, c->low, c->low_x, c->last});
    else if (peaks)
        tell(p, t, out, "%s rises from %.3g to %.3g at %.3g and ends at %.3g.",
             m, 4, (double[]){c->first, c->high, c->high_x, c->last});
    else if (c->last < c->first)
        tell(p, t, out, "%s falls from %.3g to %.3g.", m, 2,
             (double[]){c->first, c->last});
    else if (c->last > c->first)
        tell(p, t, out, "%s rises from %.3g to %.3g.", m, 2,
             (double[]){c->first, c->last});
    else
        tell(p, t, out, "%s stays at %.3g.", m, 1, (double[]){c->first});
}

// "Training loss: 0.12 for p = 0, 0.3 for p = 0.5."
static void write_bars(const Picture *p, const Panel *panel, const Mark *m,
                       FILE *out) {
    const Table *t = mark_table(p, m);
    bool ranks = mark_is(m, "ranks");
    const Axis *names = &panel->axis[!ranks ? 0 : 1];
    const char *separator = ": ";
    fprintf(out, "%s", m->words);
    for (int i = 0; t != NULL && i < t->rows; i++) {
        double value = mark_cell(p, m, ranks ? "x" : "y", i);
        if (isnan(value) || i >= names->ticks)
            continue;
        fprintf(out, "%s%s %.3g", separator, names->tick[i].words, value);
        separator = ", ";
    }
    fprintf(out, ". ");
}

static bool is_curve(const Mark *m) {
    return *m->words != '\0' &&
           (mark_is(m, "lines") || mark_is(m, "linespoints") ||
            mark_is(m, "steps"));
}

static bool is_bars(const Mark *m) {
    return mark_is(m, "bars") || mark_is(m, "ranks");
}

// A panel's title, and what its curves and bars say.
static void write_panel(Picture *p, const Panel *panel, const Translation *t,
                        FILE *out) {
    bool told = false;
    for (int i = 0; i < panel->count; i++)
        told |= is_curve(&panel->marks[i]) || is_bars(&panel->marks[i]);
    if (*panel->words != '\0')
        fprintf(out, "%s%s ", panel->words, told ? ":" : ".");

    for (int i = 0; i < panel->count; i++) {
        const Mark *m = &panel->marks[i];
        Course c = course_of(p, m);
        if (is_curve(m) && c.points > 0)
            tell_course(p, m, &c, t, out);
        else if (is_bars(m))
            write_bars(p, panel, m, out);
    }
}

void picture_write_alt(Picture *p, const Translation *t, FILE *out) {
    fprintf(out, "%s\n", p->caption);
    int first = p->stills > 0 ? p->count - 1 : 0; // of a film the last frame
    for (int i = first; i < p->count; i++)
        write_panel(p, &p->panels[i], t, out);
}
