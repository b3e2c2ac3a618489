#define TEST_HELPER
#include "figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

// A line of a description: kind, attributes and words, its values put in.
typedef struct {
    char kind[32], attributes[256], words[512];
} Line;

// Puts the fields, tab by tab, in place of the conversions of words.
static void put_in(char *out, size_t size, const char *words,
                   const char *fields) {
    size_t used = 0;
    while (*words != '\0' && *words != '\t' && used + 1 < size) {
        if (*words != '%' || words[1] == '%') {
            out[used++] = *words;
            words += *words == '%' ? 2 : 1;
            continue;
        }
        words += 1 + strcspn(words + 1, "dsfegi") + 1;
        size_t length = strcspn(fields, "\t");
        used += (size_t)snprintf(out + used, size - used, "%.*s", (int)length,
                                 fields);
        used = used < size ? used : size - 1;
        fields += length + (fields[length] == '\t');
    }
    out[used] = '\0';
}

static bool read_line(FILE *file, Line *line) {
    char text[4096];
    *line = (Line){{0}, {0}, {0}};
    if (fgets(text, sizeof text, file) == NULL)
        return false;
    text[strcspn(text, "\n")] = '\0';
    char *attributes = strchr(text, '\t');
    if (attributes == NULL)
        return true;
    *attributes++ = '\0';
    snprintf(line->kind, sizeof line->kind, "%.31s", text);
    char *words = strchr(attributes, '\t');
    if (words != NULL)
        *words++ = '\0';
    snprintf(line->attributes, sizeof line->attributes, "%.255s", attributes);
    if (words != NULL) {
        const char *fields = words + strcspn(words, "\t");
        put_in(line->words, sizeof line->words, words,
               fields + (*fields == '\t'));
    }
    return true;
}

static FILE *open_figure(const char *figure) {
    FILE *file = fopen(figure, "r");
    ck_assert_msg(file != NULL, "no figure %s", figure);
    return file;
}

// Line number i of that kind; false if there are fewer, their number in *count.
static bool find_line(const char *figure, const char *kind, int i, Line *line,
                      int *count) {
    FILE *file = open_figure(figure);
    *count = 0;
    bool found = false;
    while (!found && read_line(file, line))
        found = strcmp(line->kind, kind) == 0 && (*count)++ == i;
    fclose(file);
    return found;
}

int figure_count(const char *figure, const char *kind) {
    Line line;
    int count;
    find_line(figure, kind, -1, &line, &count);
    return count;
}

const char *figure_words(const char *figure, const char *kind, int i) {
    static char kept[8][512];
    static int next;
    Line line;
    int count;
    ck_assert_msg(find_line(figure, kind, i, &line, &count),
                  "%s has only %d lines of kind %s, no number %d", figure,
                  count, kind, i);
    next = (next + 1) % 8;
    return strcpy(kept[next], line.words);
}

// The number of name=..., or NaN.
static double attribute(const Line *line, const char *name) {
    size_t length = strlen(name);
    for (const char *at = line->attributes; *at != '\0';
         at += strcspn(at, " "), at += strspn(at, " "))
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return strtod(at + length + 1, NULL);
    return (double)NAN;
}

double figure_attribute(const char *figure, const char *kind, int i,
                        const char *name) {
    Line line;
    int count;
    ck_assert_msg(find_line(figure, kind, i, &line, &count),
                  "%s has only %d lines of kind %s, no number %d", figure,
                  count, kind, i);
    return attribute(&line, name);
}

// The header of table number `table` in the figure's CSV file.
static void read_header(const char *figure, int table, char *header,
                        size_t size) {
    char path[256], text[4096];
    size_t stem = strlen(figure) - strlen(".fig");
    snprintf(path, sizeof path, "%.*s.csv", (int)stem, figure);
    FILE *file = open_figure(path);
    int empty = 2, at = -1;
    header[0] = '\0';
    while (at < table && fgets(text, sizeof text, file) != NULL) {
        if (text[0] == '\n') {
            empty++;
            continue;
        }
        at += empty >= 2;
        empty = 0;
    }
    fclose(file);
    ck_assert_msg(at == table, "%s has no table %d", path, table);
    text[strcspn(text, "\n")] = '\0';
    snprintf(header, size, "%s", text);
}

// The name of column number `column`, counted from 1; "" if there is none.
static void column_name(const char *header, double column, char name[64]) {
    name[0] = '\0';
    if (!(column >= 1.0))
        return;
    for (int c = 1; c < (int)column && *header != '\0'; c++) {
        header += strcspn(header, ",");
        header += *header == ',';
    }
    snprintf(name, 64, "%.*s", (int)strcspn(header, ","), header);
}

void assert_mark(const char *figure, int table, const char *kind, const char *x,
                 const char *y, const char *words) {
    char header[4096], seen[2048] = "", names[2][64];
    Line line;
    FILE *file = open_figure(figure);
    read_header(figure, table, header, sizeof header);
    while (read_line(file, &line)) {
        if (strcmp(line.kind, kind) != 0 || attribute(&line, "table") != table)
            continue;
        column_name(header, attribute(&line, "x"), names[0]);
        column_name(header, attribute(&line, "y"), names[1]);
        if ((x == NULL || strcmp(x, names[0]) == 0) &&
            (y == NULL || strcmp(y, names[1]) == 0) &&
            strcmp(words, line.words) == 0) {
            fclose(file);
            return;
        }
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "\n  %s over %s, \"%s\"",
                 names[1], names[0], line.words);
    }
    fclose(file);
    ck_abort_msg(
        "%s draws no %s of %s over %s with the words \"%s\" from table "
        "%d; it has%s",
        figure, kind, y != NULL ? y : "rows", x != NULL ? x : "rows", words,
        table, *seen != '\0' ? seen : " none");
}

void assert_pixels(const char *csv, int table, const float *pixels, int count,
                   double tolerance) {
    double *value = malloc((size_t)count * sizeof *value);
    for (int p = 0; p < count; p++)
        value[p] = (double)pixels[p];
    assert_column(csv, table, "value", value, count, tolerance);
    free(value);
}

const char *panel_of(const char *figure, int table) {
    static char title[512];
    Line line;
    FILE *file = open_figure(figure);
    bool found = false;
    title[0] = '\0';
    while (!found && read_line(file, &line)) {
        if (strcmp(line.kind, "panel") == 0)
            strcpy(title, line.words);
        found = attribute(&line, "table") == table;
    }
    fclose(file);
    ck_assert_msg(found, "%s draws nothing from table %d", figure, table);
    return title;
}
