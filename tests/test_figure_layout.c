// test_figure_layout.c - scales, ticks and places: what keeps words apart.

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "figure_parts.h"
#include "testing.h"

// Reads, scales and lays out the figure "f" of these two files.
static Picture lay_out(const char *description, const char *numbers) {
    Picture p;
    Drawing d = {.folder = ".", .name = "f", .format = "svg"};
    write_text("f.fig", description);
    write_text("f.csv", numbers);
    ck_assert(picture_read(&p, &d));
    p.theme = drawing_theme(&d);
    picture_scale(&p);
    picture_lay_out(&p);
    return p;
}

// ---- 1. Scales --------------------------------------------------------------

START_TEST(places_along_an_axis) {
    Axis a = {.low = 2, .high = 10};
    ck_assert_double_eq(axis_place(&a, 2), 0);
    ck_assert_double_eq(axis_place(&a, 4), 0.25);
    a.turned = true;
    ck_assert_double_eq(axis_place(&a, 4), 0.75);
    a = (Axis){.low = 1, .high = 1e4, .log = true};
    ck_assert_double_eq_tol(axis_place(&a, 10), 0.25, 1e-12);
    ck_assert_double_eq_tol(axis_place(&a, 1e4), 1, 1e-12);
}
END_TEST

// What the program sets stays; the rest holds all numbers. Bars stand on 0;
// curves reach from the left edge to the right one; 0 is shown where it is near.
START_TEST(ranges_hold_the_numbers) {
    Picture p = lay_out("panel\t\tcurve\n"
                        "lines\ttable=0 x=1 y=2\tc\n"
                        "panel\t\tbars\n"
                        "bars\ttable=0 x=0 y=2 format=\tb\n"
                        "panel\t\tset\n"
                        "range\taxis=y low=9 high=-1\n"
                        "points\ttable=0 x=1 y=2\td\n"
                        "panel\t\tfar from 0\n"
                        "linespoints\ttable=0 x=1 y=3\te\n",
                        "x,y,z\n1,2,98\n3,,99\n5,7,97\n");
    const Axis *curve = p.panels[0].axis, *bars = p.panels[1].axis;
    const Axis *set = p.panels[2].axis, *far = p.panels[3].axis;
    ck_assert(curve[0].low == 1 && curve[0].high == 5);
    ck_assert(curve[1].low == 0 && curve[1].high > 7 && curve[1].high < 8);
    ck_assert(bars[0].low == -0.5 && bars[0].high == 2.5);
    ck_assert(bars[1].low == 0 && bars[1].high > 7);
    ck_assert(set[1].low == -1 && set[1].high == 9 && set[1].turned);
    ck_assert(set[0].low < 1 && set[0].high > 5);
    ck_assert(far[1].low > 90 && far[1].low < 97 && far[1].high > 99);
    picture_free(&p);
}
END_TEST

// A description may be edited by hand: a logarithm from 0, an axis of no length,
// a conversion that is cut off.
START_TEST(impossible_ranges_are_those_of_the_data) {
    Picture p = lay_out("title\t\thalf a conversion %\n"
                        "log\taxis=x\nrange\taxis=x low=0 high=10\n"
                        "range\taxis=y low=5 high=5\n"
                        "lines\ttable=0 x=1 y=2\tc\n",
                        "x,y\n1,2\n100,3\n");
    const Axis *a = p.panels[0].axis;
    ck_assert(a[0].low > 0.5 && a[0].low <= 1 && a[0].high >= 100);
    ck_assert(a[1].low <= 2 && a[1].high >= 3 && a[1].high < 5);
    picture_free(&p);
}
END_TEST

START_TEST(shared_scales_are_the_widest) {
    Picture p = lay_out("share\t\n"
                        "panel\t\ta\nlines\ttable=0 x=1 y=2\t\n"
                        "panel\t\tb\nlines\ttable=1 x=1 y=2\t\n",
                        "x,y\n0,-5\n1,5\n\n\nx,y\n-3,0\n9,1\n");
    for (int i = 0; i < 2; i++) {
        const Axis *a = p.panels[i].axis;
        ck_assert(a[0].low == -3 && a[0].high == 9);
        ck_assert(a[1].low < -5 && a[1].high > 5);
        ck_assert(a[1].shown == (i == 0) && a[0].shown);
    }
    picture_free(&p);
}
END_TEST

// A heat map's cells reach half a cell beyond the outermost points.
START_TEST(cells_are_whole) {
    Picture p = lay_out("heat\ttable=0 x=1 y=2 v=3 heat=blues low=0 high=1\n",
                        "x,y,v\n0,0,0\n0.5,0,1\n0,2,1\n0.5,2,0\n");
    const Axis *a = p.panels[0].axis;
    ck_assert(a[0].low == -0.25 && a[0].high == 0.75);
    ck_assert(a[1].low == -1 && a[1].high == 3);
    picture_free(&p);
}
END_TEST

// Few ticks, in order, inside the axis, none written twice: whatever the range.
static void check_ticks(double low, double high, bool log) {
    char description[256];
    snprintf(description, sizeof description,
             "%srange\taxis=y low=%.9g high=%.9g\n"
             "points\ttable=0 x=1 y=1\t\n",
             log ? "log\taxis=y\n" : "", low, high);
    Picture p = lay_out(description, "x\n1\n2\n");
    const Axis *a = &p.panels[0].axis[1];
    ck_assert_msg(a->ticks >= 2 && a->ticks <= 12, "%d ticks from %g to %g",
                  a->ticks, low, high);
    for (int i = 0; i < a->ticks; i++) {
        double place = axis_place(a, a->tick[i].at);
        ck_assert_msg(place > -1e-5 && place < 1 + 1e-5,
                      "the tick %s lies outside %g to %g", a->tick[i].words,
                      low, high);
        for (int k = 0; k < i; k++)
            ck_assert_msg(strcmp(a->tick[i].words, a->tick[k].words) != 0,
                          "two ticks %s from %g to %g", a->tick[i].words, low,
                          high);
        if (!log)
            ck_assert_double_eq_tol(strtod(a->tick[i].words, NULL),
                                    a->tick[i].at,
                                    6e-3 * fmax(fabs(low), fabs(high)));
    }
    picture_free(&p);
}

START_TEST(ticks_are_few_and_true) {
    for (int power = -6; power <= 8; power++)
        for (int digit = 1; digit <= 9; digit++) {
            double high = digit * pow(10, power);
            check_ticks(0, high, false);
            check_ticks(-0.7 * high, high, false);
            check_ticks(0.93 * high, high, false);
        }
    for (int power = -30; power <= 6; power += 3)
        for (int wide = 0; wide <= 24; wide += 2)
            check_ticks(0.8 * pow(10, power), 1.2 * pow(10, power + wide),
                        true);
}
END_TEST

START_TEST(powers_are_written_as_such) {
    Picture p = lay_out("log\taxis=y\nrange\taxis=y low=1e-12 high=1000\n"
                        "points\ttable=0 x=1 y=1\t\n",
                        "x\n1\n");
    const Axis *a = &p.panels[0].axis[1];
    ck_assert_str_eq(a->tick[0].words, "10⁻¹²");
    ck_assert_double_eq_tol(a->tick[0].at, 1e-12, 1e-18);
    ck_assert_str_eq(a->tick[a->ticks - 1].words, "1000");
    picture_free(&p);
}
END_TEST

START_TEST(square_panels_are_square) {
    Picture p = lay_out("square\t\nrange\taxis=x low=0 high=4\n"
                        "range\taxis=y low=0 high=3\n"
                        "points\ttable=0 x=1 y=1\t\n",
                        "x\n1\n");
    const Box *b = &p.panels[0].box;
    ck_assert_double_eq_tol(b->height / b->width, 0.75, 0.01);
    picture_free(&p);
}
END_TEST

// ---- 2. Words ---------------------------------------------------------------

// Eight curves that end in one point: their names stand apart, each in order,
// all of them beside the panel.
START_TEST(names_stand_apart) {
    char description[1024] = "", numbers[256] = "x,a\n0,1\n1,1\n";
    for (int i = 0; i < 8; i++) {
        char line[64];
        snprintf(line, sizeof line, "lines\ttable=0 x=1 y=2\tcurve %d\n", i);
        strcat(description, line);
    }
    for (int at = 0; at < 3; at++) { // at the bottom, in the middle, at the top
        char all[1200];
        snprintf(all, sizeof all, "range\taxis=y low=0 high=2\n%s",
                 description);
        snprintf(numbers, sizeof numbers, "x,a\n0,%d\n1,%d\n", at == 0, at);
        Picture p = lay_out(all, numbers);
        const Panel *panel = &p.panels[0];
        double line = line_height(p.theme, size_words(p.theme));
        for (int i = 0; i < 8; i++) {
            const Mark *m = &panel->marks[i];
            ck_assert(m->named && m->word_y >= 0.0 &&
                      m->word_y <= panel->height + 1e-6);
            for (int k = 0; k < i; k++)
                ck_assert_msg(fabs(m->word_y - panel->marks[k].word_y) >
                                  line - 1e-6,
                              "names %d and %d are %g pixels apart", k, i,
                              fabs(m->word_y - panel->marks[k].word_y));
        }
        ck_assert(panel->box.left + panel->box.width + p.theme->font * 0.6 +
                      words_width(p.theme, "curve 0", size_words(p.theme)) <
                  p.width);
        picture_free(&p);
    }
}
END_TEST

// A curve's name stands at the height where it ends, and has its color.
START_TEST(a_name_stands_at_the_end_of_its_curve) {
    Picture p = lay_out("range\taxis=y low=0 high=10\n"
                        "lines\ttable=0 x=1 y=2\tup\n"
                        "lines\ttable=0 x=1 y=3\tdown\n",
                        "x,a,b\n0,5,5\n1,8,2\n2,,1\n");
    const Panel *panel = &p.panels[0];
    ck_assert_double_eq_tol(panel->marks[0].word_y, 0.2 * panel->height, 1e-6);
    ck_assert_double_eq_tol(panel->marks[1].word_y, 0.9 * panel->height, 1e-6);
    ck_assert_int_eq(panel->marks[0].color, PEN_BLUE);
    ck_assert_int_eq(panel->marks[1].color, PEN_ORANGE);
    picture_free(&p);
}
END_TEST

// With figure_legend, or for points, which have no end, names stand above.
START_TEST(the_legend_has_each_name_once) {
    const char *marks = "panel\t\ta\nlines\ttable=0 x=1 y=1\tcurve\n"
                        "points\ttable=0 x=1 y=1\tpoint\n"
                        "panel\t\tb\nlines\ttable=0 x=1 y=1\tcurve\n"
                        "points\ttable=0 x=1 y=1\tpoint\n";
    const Mark *found[8];
    Picture p = lay_out(marks, "x\n1\n2\n");
    ck_assert_int_eq(picture_legend(&p, found, 8), 1);
    ck_assert_str_eq(found[0]->words, "point");
    picture_free(&p);
    char with_legend[512];
    snprintf(with_legend, sizeof with_legend, "legend\t\n%s", marks);
    p = lay_out(with_legend, "x\n1\n2\n");
    ck_assert_int_eq(picture_legend(&p, found, 8), 2);
    picture_free(&p);
}
END_TEST

START_TEST(words_are_wrapped_between_them) {
    Drawing d = {.format = "svg"};
    const Theme *t = drawing_theme(&d);
    const char *words = "a title that is so long that it needs three lines";
    char lines[MAX_LINES][256], joined[512] = "";
    double width = words_width(t, words, 13.0) / 2.4;
    int count = words_wrap(t, words, 13.0, width, lines);
    ck_assert_int_eq(count, 3);
    for (int i = 0; i < count; i++) {
        ck_assert_double_le(words_width(t, lines[i], 13.0), width);
        strcat(joined, lines[i]);
        strcat(joined, i + 1 < count ? " " : "");
    }
    ck_assert_str_eq(joined, words);

    // Chinese may be broken between any two characters.
    ck_assert_int_eq(words_wrap(t, "验证集上的损失最小", 10.0, 50.0, lines), 2);
    ck_assert_str_eq(lines[0], "验证集上的");
    ck_assert_str_eq(lines[1], "损失最小");
    ck_assert_int_eq(words_wrap(t, "", 10.0, 50.0, lines), 0);
}
END_TEST

// ---- 3. The whole -----------------------------------------------------------

// The place that a panel takes with its title, ticks and words.
static Box outer(const Picture *p, const Panel *panel) {
    const Theme *t = p->theme;
    Box b = panel->box;
    double left = 2.0 * t->font, below = 2.5 * t->font, above = 1.4 * t->font;
    return (Box){b.left - left, b.top - above, b.width + left,
                 b.height + above + below};
}

START_TEST(panels_stand_apart) {
    char description[2048] = "title\t\tA title that takes a line\n";
    for (int i = 0; i < 7; i++) {
        char panel[256];
        snprintf(panel, sizeof panel,
                 "panel\t\tpanel %d\nlabel\taxis=x\tx\nlabel\taxis=y\ty\n"
                 "lines\ttable=0 x=1 y=2\tname %d\n",
                 i, i);
        strcat(description, panel);
    }
    Picture p = lay_out(description, "x,y\n0,1000\n100,2000\n");
    ck_assert_int_eq(p.columns, 4);
    for (int i = 0; i < p.count; i++) {
        Box a = outer(&p, &p.panels[i]);
        ck_assert(a.left >= 0 && a.left + a.width <= p.width);
        ck_assert(a.top >= p.legend_top && a.top + a.height <= p.height);
        for (int k = 0; k < i; k++) {
            Box b = outer(&p, &p.panels[k]);
            ck_assert_msg(
                a.left >= b.left + b.width || b.left >= a.left + a.width ||
                    a.top >= b.top + b.height || b.top >= a.top + a.height,
                "panels %d and %d overlap", k, i);
        }
        // those of a column stand under each other
        if (i >= 4)
            ck_assert_double_eq(p.panels[i].box.left, p.panels[i - 4].box.left);
    }
    picture_free(&p);
}
END_TEST

// Empty cells are no numbers, an empty line is a gap, two begin a table.
START_TEST(reads_tables) {
    Picture p;
    Drawing d = {.folder = ".", .name = "f", .format = "svg"};
    write_text("f.fig", "lines\ttable=1 x=1 y=3 column=2 value=4\twords\n");
    write_text("f.csv", "a,b\n1,\n,2\n\n3,4\n\n\nx,y,z\n7,4,9\n8,5,1\n");
    ck_assert(picture_read(&p, &d));
    ck_assert_int_eq(p.table_count, 2);
    ck_assert(p.tables[0].rows == 4 && p.tables[0].columns == 2);
    const double want[] = {1, NAN, NAN, 2, NAN, NAN, 3, 4};
    for (int i = 0; i < 8; i++)
        ck_assert(isnan(want[i]) ? isnan(p.tables[0].cells[i])
                                 : p.tables[0].cells[i] == want[i]);
    const Mark *m = &p.panels[0].marks[0];
    ck_assert_double_eq(mark_cell(&p, m, "y", 0), 9);
    ck_assert_double_nan(mark_cell(&p, m, "y", 1)); // its y is not 4
    ck_assert_double_nan(mark_cell(&p, m, "high", 0));
    picture_free(&p);
    ck_assert_int_eq(remove("f.csv"), 0);
    ck_assert(!picture_read(&p, &d));
}
END_TEST

int main(void) {
    const Test tests[] = {{places_along_an_axis},
                          {ranges_hold_the_numbers},
                          {impossible_ranges_are_those_of_the_data},
                          {shared_scales_are_the_widest},
                          {cells_are_whole},
                          {ticks_are_few_and_true},
                          {powers_are_written_as_such},
                          {square_panels_are_square},
                          {names_stand_apart},
                          {a_name_stands_at_the_end_of_its_curve},
                          {the_legend_has_each_name_once},
                          {words_are_wrapped_between_them},
                          {panels_stand_apart},
                          {reads_tables}};
    return run_tests("figure_layout", tests, sizeof tests / sizeof *tests);
}
