// figure.c - writes a figure's numbers and its description; then has it drawn.

#include "figure.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "figure_draw.h"
#include "figure_parts.h"
#include "run.h"

// ---- 1. Opening and closing -------------------------------------------------

static void warn_unwritable(const Figure *f, const char *why) {
    say("warning",
        "no chart: cannot write %s (%s); make out/ a folder with room that you "
        "may write to, or run with --plot none",
        figure_path(f->folder, f->name, ".csv").text, why);
}

// What the program was called in its source, and what its binary is called.
static struct { char original[64], own[64]; } program;

void figure_call_program(const char *original, const char *own) {
    snprintf(program.original, sizeof program.original, "%s", original);
    snprintf(program.own, sizeof program.own, "%s", own);
}

// "lenet_curves" becomes "my_net_curves" in a copy called my_net.
static void choose_name(Figure *f, const char *name) {
    size_t length = strlen(program.original);
    bool ours = length > 0 && strncmp(name, program.original, length) == 0 &&
                (name[length] == '\0' || name[length] == '_');
    int size = snprintf(f->name, sizeof f->name, "%s%s",
                        ours ? program.own : name, ours ? name + length : "");
    REQUIRE(size < (int)sizeof f->name, "'%s' is too long a name", name);
}

bool figure_open(Figure *f, const char *chapter, const char *name,
                 const char *format) {
    *f = (Figure){0};
    if (strcmp(format, "none") == 0 || stop_requested())
        return false;
    REQUIRE(figure_format(format), "there is no chart format '%s'", format);
    REQUIRE(strlen(chapter) + strlen("out/") < sizeof f->folder,
            "'%s' is too long a name", chapter);
    snprintf(f->folder, sizeof f->folder, "out/%s", chapter);
    choose_name(f, name);
    strcpy(f->format, format);

    // The files come into being in a folder of this run's own, so that two runs
    // at the same time do not write into each other's.
    mkdir("out", 0777);
    mkdir(f->folder, 0777);
    if (!work_open(f->work, f->folder, f->name)) {
        warn_unwritable(f, strerror(errno));
        return false;
    }
    f->csv = fopen(figure_path(f->work, f->name, ".csv").text, "w");
    f->fig = fopen(figure_path(f->work, f->name, ".fig").text, "w");
    if (f->csv == NULL || f->fig == NULL) {
        warn_unwritable(f, strerror(errno));
        if (f->csv != NULL)
            fclose(f->csv);
        work_remove(f->work, f->name);
        return false;
    }
    f->open = true;
    return true;
}

// False if not all that was written reached the disk; that it is full often
// shows only now.
static bool close_file(FILE *file) {
    bool kept = ferror(file) == 0;
    return fclose(file) == 0 && kept; // closed in any case
}

// The same news for every figure of a run: said with the first.
static void say_no_gnuplot(const Figure *f, int problem) {
    static bool said;
    if (!said)
        printf("charts: cannot run gnuplot (%s); data and scripts are in %s. "
               "To draw later: make deps, then cd %s && gnuplot %s.gp\n",
               strerror(problem), f->folder, f->folder, f->name);
    said = true;
}

// Prints the text picture, without the form feed that gnuplot begins it with.
static void print_picture(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    for (int c = getc(file); c != EOF; c = getc(file))
        if (c != '\f')
            putchar(c);
    fclose(file);
}

void figure_close(Figure *f) {
    REQUIRE(f->open, "the figure is not open");
    REQUIRE(f->titled && f->captioned, "figure %s has no %s", f->name,
            f->titled ? "caption" : "title");
    f->open = false;
    bool kept = close_file(f->csv);
    kept = close_file(f->fig) && kept;

    const char *extension = figure_extension(f->format);
    Drawing drawing = {.folder = f->work, .name = f->name, .format = f->format};
    Drawn drawn = {.error = ENOSPC};
    if (kept)
        figure_draw(&drawing, &drawn);

    // A stop ended gnuplot, too: what was there before stays.
    if (!drawn.picture && stop_requested()) {
        work_remove(f->work, f->name);
        return;
    }

    const char *made[] = {".csv", ".fig", ".gp", extension};
    bool published =
        kept && drawn.script &&
        work_publish(f->work, f->folder, f->name, made, drawn.picture ? 4 : 3);
    work_remove(f->work, f->name);
    FilePath picture = figure_path(f->folder, f->name, extension);
    if (published && !drawn.picture)
        unlink(picture.text); // an older one would not be of these data
    if (!published)
        warn_unwritable(f, "is the disk full?");
    else if (drawn.error != 0)
        say_no_gnuplot(f, drawn.error);
    else if (!drawn.picture)
        say("warning",
            "gnuplot could not draw %s%s; to see why: cd %s && gnuplot %s.gp",
            picture.text, drawn.late ? " in time" : "", f->folder, f->name);
    else if (strcmp(f->format, "dumb") == 0)
        print_picture(picture.text);
    else
        printf("chart: %s\n", picture.text);
}

// ---- 2. Words: a key, and the values that stand in it -----------------------

// Writes the conversion that begins at *format ("%.2f") as a field of its own,
// takes its value from args, and moves *format behind it.
static void write_value(FILE *out, const char **format, va_list *args) {
    char one[16];
    size_t length = strspn(*format + 1, "+- #0123456789.l") + 2;
    REQUIRE(length < sizeof one, "too long a conversion in '%s'", *format);
    memcpy(one, *format, length);
    one[length] = '\0';
    *format += length;

    putc('\t', out);
    char kind = one[length - 1];
    if (strchr("fge", kind) != NULL)
        fprintf(out, one, va_arg(*args, double));
    else if (kind == 's')
        fprintf(out, one, va_arg(*args, const char *));
    else if (kind == 'd' && strchr(one, 'l') == NULL)
        fprintf(out, one, va_arg(*args, int));
    else if (kind == 'd' && strstr(one, "ll") == NULL)
        fprintf(out, one, va_arg(*args, long));
    else
        REQUIRE(false, "figures have no %s in their words", one);
}

// Words are kept as they stand in the program, so that a translation can be
// found for them; their values follow, each behind a tab.
static void write_words(FILE *out, const char *words, va_list *args) {
    fprintf(out, "\t%s", words);
    for (const char *at = words; (at = strchr(at, '%')) != NULL;)
        if (at[1] == '%')
            at += 2;
        else
            write_value(out, &at, args);
    putc('\n', out);
}

// A line of the description: its kind, "name=value" attributes, and words.
static void describe(Figure *f, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void describe(Figure *f, const char *kind, const char *format, ...) {
    REQUIRE(f->open, "the figure is not open");
    va_list args;
    va_start(args, format);
    fprintf(f->fig, "%s\t", kind);
    vfprintf(f->fig, format, args);
    va_end(args);
}

// Ends the line with the caller's words.
#define END_WITH_WORDS(f, words)                                               \
    do {                                                                       \
        va_list args;                                                          \
        va_start(args, words);                                                 \
        write_words((f)->fig, words, &args);                                   \
        va_end(args);                                                          \
    } while (false)

static void end_line(Figure *f) {
    putc('\n', f->fig);
}

// ---- 3. The figure and its axes ---------------------------------------------

void figure_title(Figure *f, const char *words, ...) {
    f->titled = true;
    describe(f, "title", "%s", "");
    END_WITH_WORDS(f, words);
}

void figure_caption(Figure *f, const char *words, ...) {
    f->captioned = true;
    describe(f, "caption", "%s", "");
    END_WITH_WORDS(f, words);
}

void figure_panel(Figure *f, const char *words, ...) {
    describe(f, "panel", "%s", "");
    END_WITH_WORDS(f, words);
}

void figure_grid(Figure *f, int columns) {
    REQUIRE(columns > 0, "%d panels in a row", columns);
    describe(f, "grid", "columns=%d", columns);
    end_line(f);
}

void figure_share(Figure *f) {
    describe(f, "share", "%s", "");
    end_line(f);
}

void figure_legend(Figure *f) {
    describe(f, "legend", "%s", "");
    end_line(f);
}

void figure_film(Figure *f, int stills) {
    REQUIRE(stills > 0, "%d stills", stills);
    describe(f, "film", "stills=%d", stills);
    end_line(f);
}

void figure_panel_size(Figure *f, int width, int height) {
    REQUIRE(width > 0 && height > 0, "size %d x %d", width, height);
    describe(f, "size", "width=%d height=%d", width, height);
    end_line(f);
}

void figure_x(Figure *f, const char *words, ...) {
    describe(f, "label", "axis=x");
    END_WITH_WORDS(f, words);
}

void figure_y(Figure *f, const char *words, ...) {
    describe(f, "label", "axis=y");
    END_WITH_WORDS(f, words);
}

static void require_axis(char axis) {
    REQUIRE(axis == 'x' || axis == 'y', "there is no axis '%c'", axis);
}

void figure_range(Figure *f, char axis, double low, double high) {
    require_axis(axis);
    describe(f, "range", "axis=%c", axis);
    if (isfinite(low))
        fprintf(f->fig, " low=%.9g", low);
    if (isfinite(high))
        fprintf(f->fig, " high=%.9g", high);
    end_line(f);
}

void figure_log(Figure *f, char axis) {
    require_axis(axis);
    describe(f, "log", "axis=%c", axis);
    end_line(f);
}

void figure_step(Figure *f, char axis, double step) {
    require_axis(axis);
    REQUIRE(step > 0.0, "a step of %g", step);
    describe(f, "step", "axis=%c size=%.9g", axis, step);
    end_line(f);
}

void figure_tick(Figure *f, char axis, double at, const char *words, ...) {
    require_axis(axis);
    describe(f, "tick", "axis=%c at=%.9g", axis, at);
    END_WITH_WORDS(f, words);
}

void figure_square(Figure *f) {
    describe(f, "square", "%s", "");
    end_line(f);
}

void figure_bare(Figure *f) {
    describe(f, "bare", "%s", "");
    end_line(f);
}

// ---- 4. Data ----------------------------------------------------------------

void figure_table(Figure *f, const char *columns) {
    REQUIRE(f->open, "the figure is not open");
    if (f->tables > 0)
        fputs("\n\n", f->csv); // gnuplot then calls what follows `index 1`
    f->table = f->tables++;
    fprintf(f->csv, "%s\n", columns);
}

void figure_numbers(Figure *f, const double *numbers, int count) {
    REQUIRE(f->open && f->tables > 0, "a row without a table");
    for (int i = 0; i < count; i++) {
        if (i > 0)
            putc(',', f->csv);
        if (isfinite(numbers[i]))
            fprintf(f->csv, "%.7g", numbers[i]);
    }
    putc('\n', f->csv);
}

void figure_gap(Figure *f) {
    putc('\n', f->csv);
}

void figure_use(Figure *f, int table) {
    REQUIRE(table >= 0 && table < f->tables, "there is no table %d", table);
    f->table = table;
}

// ---- 5. Marks ---------------------------------------------------------------

void figure_pen(Figure *f, Pen pen) {
    f->pen = pen;
}

// What of the pen is not left to the rules; the next mark has a new one.
static void write_pen(Figure *f) {
    static const char *const points[] = {
        "", "dot", "ring", "square", "triangle", "diamond", "cross"};
    const Pen *pen = &f->pen;
    if (pen->color != PEN_NEXT)
        fprintf(f->fig, " color=%s", pen_colors[pen->color]);
    if (pen->point != POINT_NEXT)
        fprintf(f->fig, " point=%s", points[pen->point]);
    if (pen->width > 0.0)
        fprintf(f->fig, " width=%g", pen->width);
    if (pen->size > 0.0)
        fprintf(f->fig, " size=%g", pen->size);
    if (pen->solid)
        fprintf(f->fig, " solid=1");
    if (pen->first)
        fprintf(f->fig, " first=1");
    if (pen->column > 0)
        fprintf(f->fig, " column=%d value=%g", pen->column, pen->value);
    f->pen = (Pen){0};
}

// A mark of the columns x and y of the table in use; more may follow.
static void begin_mark(Figure *f, const char *kind, int x, int y) {
    REQUIRE(f->tables > 0, "%s without a table", kind);
    describe(f, kind, "table=%d x=%d y=%d", f->table, x, y);
}

void figure_lines(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "lines", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_linespoints(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "linespoints", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_steps(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "steps", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_points(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "points", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_answers(Figure *f, int x, int y, int answer) {
    f->pen = (Pen){.color = PEN_BLUE,
                   .point = POINT_DOT,
                   .size = 1.6,
                   .column = answer,
                   .value = 1.0};
    figure_points(f, x, y, "");
    f->pen = (Pen){.color = PEN_BLACK,
                   .point = POINT_RING,
                   .size = 1.6,
                   .column = answer,
                   .value = 0.0};
    figure_points(f, x, y, "");
}

void figure_impulses(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "impulses", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_band(Figure *f, int x, int low, int high, const char *words, ...) {
    begin_mark(f, "band", x, low);
    fprintf(f->fig, " high=%d", high);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_area(Figure *f, int x, int y, const char *words, ...) {
    begin_mark(f, "area", x, y);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_bars(Figure *f, int y, const char *format, const char *words, ...) {
    begin_mark(f, "bars", 0, y);
    fprintf(f->fig, " format=%s", format);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

void figure_ranks(Figure *f, int x, const char *format, const char *words,
                  ...) {
    begin_mark(f, "ranks", x, 0);
    fprintf(f->fig, " format=%s", format);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

// Numbers in column v become colors.
static void write_heat(Figure *f, int v, Heat heat, double low, double high) {
    static const char *const names[] = {"blues", "bands", "diverging",
                                        "ink",   "gray",  "classes"};
    fprintf(f->fig, " v=%d heat=%s low=%.9g high=%.9g", v, names[heat], low,
            high);
    write_pen(f);
    end_line(f);
}

void figure_heat(Figure *f, int x, int y, int v, Heat heat, double low,
                 double high) {
    begin_mark(f, "heat", x, y);
    write_heat(f, v, heat, low, high);
}

void figure_colored(Figure *f, int x, int y, int v, Heat heat, double low,
                    double high) {
    begin_mark(f, "colored", x, y);
    write_heat(f, v, heat, low, high);
}

void figure_digits(Figure *f, int x, int y, int digit) {
    begin_mark(f, "digits", x, y);
    fprintf(f->fig, " v=%d", digit);
    write_pen(f);
    end_line(f);
}

void figure_scale(Figure *f, const char *words, ...) {
    describe(f, "scale", "%s", "");
    END_WITH_WORDS(f, words);
}

void figure_values(Figure *f, int x, int y, int v, const char *format,
                   double dy) {
    begin_mark(f, "values", x, y);
    fprintf(f->fig, " v=%d format=%s dy=%g", v, format, dy);
    write_pen(f);
    end_line(f);
}

void figure_arrows(Figure *f, int x, int y, int dx, int dy) {
    begin_mark(f, "arrows", x, y);
    fprintf(f->fig, " dx=%d dy=%d", dx, dy);
    write_pen(f);
    end_line(f);
}

void figure_circles(Figure *f, int x, int y, double radius) {
    begin_mark(f, "circles", x, y);
    fprintf(f->fig, " radius=%g", radius);
    write_pen(f);
    end_line(f);
}

void figure_boxes(Figure *f, int x, int y, double radius) {
    begin_mark(f, "boxes", x, y);
    fprintf(f->fig, " radius=%g", radius);
    write_pen(f);
    end_line(f);
}

void figure_vertical(Figure *f, double x, const char *words, ...) {
    describe(f, "vertical", "at=%.9g", x);
    END_WITH_WORDS(f, words);
}

void figure_horizontal(Figure *f, double y, const char *words, ...) {
    describe(f, "horizontal", "at=%.9g", y);
    END_WITH_WORDS(f, words);
}

void figure_note(Figure *f, double x, double y, char align, const char *words,
                 ...) {
    describe(f, "note", "x=%.9g y=%.9g align=%c", x, y, align);
    write_pen(f);
    END_WITH_WORDS(f, words);
}

// ---- 6. Pictures ------------------------------------------------------------

// One row per pixel: x to the right, y downwards (so -y).
static void write_picture(Figure *f, const float *pixels, int H, int W,
                          int left, int top) {
    figure_table(f, "x,y,value");
    for (int i = 0; i < H; i++)
        for (int j = 0; j < W; j++)
            figure_row(f, left + j, -(top + i), pixels[i * W + j]);
}

// Whether words stand above any picture of this row.
static bool has_captions(const Sheet *s, int row) {
    const int end = (row + 1) * s->columns;
    for (int p = row * s->columns; p < end && p < s->count; p++)
        if (s->captions != NULL && s->captions[p] != NULL)
            return true;
    return false;
}

void figure_pictures(Figure *f, const Sheet *s) {
    REQUIRE(s->count > 0 && s->columns > 0 && s->H > 1 && s->W > 1,
            "%d pictures of %d x %d in %d columns", s->count, s->H, s->W,
            s->columns);

    // Room between pictures; above a row with captions as much as a line of
    // letters takes where the sheet is as wide as a panel is by default.
    const int apart = s->W + (s->W + 9) / 10, gap = (s->H + 9) / 10;
    const int line = (int)ceil(26.0 * s->columns * apart / 560.0);
    int top = 0;
    figure_bare(f);
    figure_square(f);
    figure_range(f, 'x', -0.5, s->columns * apart - (apart - s->W) - 0.5);

    for (int p = 0; p < s->count; p++) {
        int left = p % s->columns * apart;
        bool captions = has_captions(s, p / s->columns);
        if (left == 0)
            top += (p > 0 ? s->H : 0) + (captions ? line : gap);
        write_picture(f, s->pixels + (size_t)p * (size_t)(s->H * s->W), s->H,
                      s->W, left, top);
        figure_heat(f, 1, 2, 3, s->heat, s->low, s->high);
        if (s->captions != NULL && s->captions[p] != NULL)
            figure_note(f, left + (s->W - 1) / 2.0, 0.5 * line - top, 'c', "%s",
                        s->captions[p]);
        if (s->rows != NULL && left == 0)
            figure_tick(f, 'y', -(top + (s->H - 1) / 2.0), "%s",
                        s->rows[p / s->columns]);
    }
    figure_range(f, 'y', 0.5 - (top + s->H), 0.5);
}
