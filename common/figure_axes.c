// figure_axes.c - chooses a panel's scales, ticks and colors from its numbers.

#include <math.h>
#include <string.h>

#include "figure_parts.h"

enum { X, Y };

static const char *const column_of[2] = {"x", "y"};

// ---- 1. How far the numbers go ----------------------------------------------

typedef struct {
    double low, high;
} Range;

// Whether an axis can reach that far; what has overflowed is not drawn.
static bool can_show(double value, bool log) {
    return fabs(value) < 1e150 && (!log || value > 1e-150);
}

static void extend(Range *r, double value, bool log) {
    if (!can_show(value, log))
        return;
    r->low = fmin(r->low, value);
    r->high = fmax(r->high, value);
}

static bool is_one_of(const Mark *m, const char *kinds) {
    char padded[48];
    snprintf(padded, sizeof padded, " %s ", m->kind);
    return strstr(kinds, padded) != NULL;
}

// Half the distance of a heat map's cells along an axis.
static double half_a_cell(const Picture *p, const Mark *m, int k) {
    const Table *t = mark_table(p, m);
    double first = mark_cell(p, m, column_of[k], 0);
    for (int i = 1; t != NULL && i < t->rows; i++) {
        double other = mark_cell(p, m, column_of[k], i);
        if (isfinite(other) && other != first)
            return 0.5 * fabs(other - first);
    }
    return 0.5;
}

// Marks that stand on 0.
static bool stands_on_zero(const Mark *m, int k) {
    return k == Y ? is_one_of(m, " bars impulses ") : mark_is(m, "ranks");
}

static void extend_by_mark(const Picture *p, const Mark *m, int k, Range *r,
                           bool log) {
    const Table *t = mark_table(p, m);
    const int rows = t != NULL ? t->rows : 0;
    double wider = mark_is(m, "heat") ? half_a_cell(p, m, k) : 0.0;
    if (is_one_of(m, " circles boxes "))
        wider = mark_number(m, "radius", 0.0);

    for (int i = 0; i < rows; i++) {
        double value = mark_cell(p, m, column_of[k], i);
        extend(r, value - wider, log);
        extend(r, value + wider, log);
        if (mark_is(m, "band") && k == Y)
            extend(r, mark_cell(p, m, "high", i), log);
        if (mark_is(m, "arrows"))
            extend(r, value + mark_cell(p, m, k == X ? "dx" : "dy", i), log);
    }

    bool row_axis =
        (mark_is(m, "bars") && k == X) || (mark_is(m, "ranks") && k == Y);
    if (row_axis && rows > 0) {
        extend(r, -0.5, log);
        extend(r, rows - 0.5, log);
    }
    if (stands_on_zero(m, k))
        extend(r, 0.0, log);
    if (mark_is(m, k == X ? "vertical" : "horizontal"))
        extend(r, mark_number(m, "at", (double)NAN), log);
}

static Range data_range(const Picture *p, const Panel *panel, int k) {
    Range r = {HUGE_VAL, -HUGE_VAL};
    for (int i = 0; i < panel->count; i++)
        extend_by_mark(p, &panel->marks[i], k, &r, panel->axis[k].log);
    if (r.low > r.high)
        r = (Range){panel->axis[k].log ? 0.1 : 0.0, 1.0};
    return r;
}

// ---- 2. From there to an axis -----------------------------------------------

// Whether the axis ends where the data end: curves fill the panel from left to
// right, cells and bars fill it in any case.
static bool ends_with_data(const Panel *panel, int k) {
    bool tight = false;
    for (int i = 0; i < panel->count; i++) {
        const Mark *m = &panel->marks[i];
        if (is_one_of(m, " heat bars ranks "))
            return true;
        if (is_one_of(m, " points linespoints impulses colored digits "))
            return false;
        tight |= k == X && is_one_of(m, " lines steps band ");
    }
    return tight;
}

static bool any_on_zero(const Panel *panel, int k) {
    for (int i = 0; i < panel->count; i++)
        if (stands_on_zero(&panel->marks[i], k))
            return true;
    return false;
}

static bool has_values(const Panel *panel) {
    for (int i = 0; i < panel->count; i++)
        if (mark_is(&panel->marks[i], "values"))
            return true;
    return false;
}

// A little room around the data where the program has set no end.
static void choose_range(Axis *a, Range r, const Panel *panel, int k) {
    if (r.low == r.high) {
        double room = fmax(0.5, 0.1 * fabs(r.low));
        r.low -= a->log ? 0.5 * r.low : room;
        r.high += a->log ? r.high : room;
    }
    if (a->log) {
        double room = pow(r.high / r.low, 0.04);
        r = (Range){r.low / room, r.high * room};
    } else if (any_on_zero(panel, k)) {
        r.high += 0.1 * (r.high - r.low); // for the numbers above
        r.low -= r.low < 0.0 ? 0.1 * (r.high - r.low) : 0.0;
    } else if (!ends_with_data(panel, k)) {
        double room = 0.05 * (r.high - r.low);
        bool from_zero = k == Y && r.low >= 0.0 && r.low < 0.4 * r.high;
        r = (Range){from_zero ? 0.0 : r.low - room, r.high + room};
    }
    if (!isfinite(a->low))
        a->low = r.low;
    if (!isfinite(a->high)) {
        a->high = r.high;
        if (k == Y && !a->log && !ends_with_data(panel, k) &&
            has_values(panel)) // numbers stand above the points
            a->high += 0.08 * (a->high - a->low);
    }
    // Ends between which nothing can be drawn are as good as none.
    if (!(a->low < a->high) || !can_show(a->low, a->log) ||
        !can_show(a->high, a->log)) {
        a->low = r.low;
        a->high = r.high;
    }
    for (int i = 0; k == Y && i < panel->count; i++)
        a->turned |= mark_is(&panel->marks[i], "ranks"); // from above
}

// All panels get the widest range of any.
static void share_ranges(Picture *p) {
    for (int k = 0; k < 2; k++) {
        Range r = {HUGE_VAL, -HUGE_VAL};
        for (int i = 0; i < p->count; i++) {
            r.low = fmin(r.low, p->panels[i].axis[k].low);
            r.high = fmax(r.high, p->panels[i].axis[k].high);
        }
        for (int i = 0; i < p->count; i++) {
            p->panels[i].axis[k].low = r.low;
            p->panels[i].axis[k].high = r.high;
        }
    }
}

// ---- 3. Ticks ---------------------------------------------------------------

double axis_place(const Axis *a, double value) {
    double place =
        a->log ? log(fmax(value, 1e-300) / a->low) / log(a->high / a->low)
               : (value - a->low) / (a->high - a->low);
    return a->turned ? 1.0 - place : place;
}

static void add_tick(Picture *p, Axis *a, double at, const char *words) {
    double place = axis_place(a, at);
    if (a->ticks < MAX_TICKS && place > -1e-6 && place < 1.0 + 1e-6)
        a->tick[a->ticks++] = (Tick){at, picture_keep(p, words)};
}

// 1, 2 or 5 times a power of ten, so that there are about `wanted` steps.
static double nice_step(double range, double wanted) {
    double raw = range / wanted, power = pow(10.0, floor(log10(raw)));
    double digits = raw / power;
    return power * (digits < 1.5   ? 1.0
                    : digits < 3.5 ? 2.0
                    : digits < 7.5 ? 5.0
                                   : 10.0);
}

static void linear_ticks(Picture *p, Axis *a, double wanted) {
    double step = nice_step(a->high - a->low, wanted);
    if (a->step > 0.0 && (a->high - a->low) / a->step < MAX_TICKS)
        step = a->step;
    int decimals = (int)fmax(0.0, -floor(log10(step) + 1e-9));
    for (double n = ceil(a->low / step - 1e-6);
         n * step <= a->high + 1e-6 * step; n++) {
        char text[32];
        double at = n * step;
        if (fabs(at) >= 1e5 || decimals > 5)
            snprintf(text, sizeof text, "%.3g", at);
        else
            snprintf(text, sizeof text, "%.*f", decimals, n == 0.0 ? 0.0 : at);
        add_tick(p, a, at, text);
    }
}

// "10⁻⁵", and "1", "10" and "0.1" as they are.
static void power_text(char text[40], int power) {
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴",
                                         "⁵", "⁶", "⁷", "⁸", "⁹"};
    if (power >= -1 && power <= 3) {
        snprintf(text, 40, "%g", pow(10.0, power));
        return;
    }
    int size = power < 0 ? -power : power;
    snprintf(text, 40, "10%s%s%s", power < 0 ? "⁻" : "",
             size >= 10 ? digits[size / 10 % 10] : "", digits[size % 10]);
}

static void log_ticks(Picture *p, Axis *a, double wanted) {
    char text[40];
    double decades = log10(a->high / a->low);
    bool between = decades < 2.2; // then 2 and 5, too
    int step = (int)fmax(1.0, ceil(decades / wanted));
    int first = (int)floor(log10(a->low)), last = (int)ceil(log10(a->high));
    first -= ((first % step) + step) % step; // 0 is among them
    for (int power = first; power <= last; power += step)
        for (int m = 1; m <= (between ? 5 : 1); m += m == 1 ? 1 : 3) {
            double at = m * pow(10.0, power);
            if (between)
                snprintf(text, sizeof text, "%g", at);
            else
                power_text(text, power);
            add_tick(p, a, at, text);
        }
}

static void choose_ticks(Picture *p, Panel *panel, int k) {
    Axis *a = &panel->axis[k];
    if (a->named || panel->bare)
        return;
    double size = k == X ? panel->width : panel->height;
    double larger = p->theme->cell > 0.0 ? 1.6 : p->theme->font / 13.0;
    double wanted = fmax(2.0, size / larger / (k == X ? 75.0 : 58.0));
    if (a->log)
        log_ticks(p, a, wanted);
    if (a->ticks < 2) { // also where a logarithmic axis is short
        a->ticks = 0;
        linear_ticks(p, a, wanted);
    }
}

// ---- 4. Colors --------------------------------------------------------------

// The color that a pen names, or 0.
static int named_color(const Mark *m) {
    char word[32];
    mark_word(m, "color", word);
    for (int i = 1; i < PEN_COLORS; i++)
        if (strcmp(word, pen_colors[i]) == 0)
            return i;
    return 0;
}

// Curve by curve the next of eight; a band has its curve's. Bars learn which of
// their group they are.
static void choose_colors(Panel *panel) {
    int next = 1, groups = 0;
    for (int i = 0; i < panel->count; i++) {
        Mark *m = &panel->marks[i];
        m->color = named_color(m);
        bool curve = is_one_of(m, " lines linespoints steps points impulses "
                                  "bars ranks ");
        if (m->color == 0 && is_one_of(m, " band area "))
            m->color = (next - 1) % 8 + 1;
        if (m->color == 0 && curve)
            m->color = (next++ - 1) % 8 + 1;
        if (is_one_of(m, " bars ranks "))
            m->group = groups++;
    }
    for (int i = 0; i < panel->count; i++)
        panel->marks[i].groups = groups;
}

// ---- 5. All panels ----------------------------------------------------------

// The size of a panel's axes, if the program has not said one: the more stand in
// a row, the smaller.
static void choose_size(Panel *panel, int columns, double times) {
    static const int width[] = {0, 560, 380, 290, 225};
    static const int height[] = {0, 340, 260, 220, 180};
    int c = columns < 4 ? columns : 4;
    if (panel->width == 0)
        panel->width = width[c];
    if (panel->height == 0)
        panel->height = height[c];
    panel->width = (int)(panel->width * times);
    panel->height = (int)(panel->height * times);
    if (times < 1.0) // a terminal's lines
        panel->height -= panel->height % 20;
}

// A square panel's units are as long upwards as to the right; then one side
// gives way.
static void make_square(Panel *panel) {
    const Axis *x = &panel->axis[X], *y = &panel->axis[Y];
    double shape = (y->high - y->low) / (x->high - x->low);
    double height = panel->width * shape;
    if (height > 1.5 * panel->width) {
        panel->width = (int)(1.5 * panel->width / shape);
        height = panel->width * shape;
    }
    panel->height = (int)height;
}

void picture_scale(Picture *p) {
    const bool terminal = p->theme->cell > 0.0;
    if (p->film)
        p->columns = 1;
    if (p->columns == 0) {
        static const int usual[] = {1, 1, 2, 3, 2, 3, 3, 4, 4};
        p->columns = p->count <= 8 ? usual[p->count] : 4;
    }
    if (terminal && p->columns > 2)
        p->columns = 2;
    for (int i = 0; i < p->count; i++) {
        Panel *panel = &p->panels[i];
        choose_size(panel, p->columns, terminal ? 0.8 : 1.0);
        choose_colors(panel);
        for (int k = 0; k < 2; k++)
            choose_range(&panel->axis[k], data_range(p, panel, k), panel, k);
    }
    if (p->share || p->stills > 0)
        share_ranges(p);
    for (int i = 0; i < p->count; i++) {
        Panel *panel = &p->panels[i];
        if (panel->square)
            make_square(panel);
        for (int k = 0; k < 2; k++) {
            choose_ticks(p, panel, k);
            bool edge = k == Y ? i % p->columns == 0
                               : p->film || i + p->columns >= p->count;
            panel->axis[k].shown = !p->share || edge;
        }
    }
}
