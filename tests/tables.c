#define TEST_HELPER
#include "tables.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- 1. Printed tables -----------------------------------------------------

const char *from_line(const char *text, const char *line) {
    const size_t length = strlen(line);
    for (const char *at = text; *at != '\0';) {
        const char *word = at + strspn(at, " ");
        if (strncmp(word, line, length) == 0)
            return at;
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    ck_abort_msg("no line begins with \"%s\" in:\n%s", line, text);
}

double table_number(const char *text, const char *row, int column) {
    const char *at = strstr(from_line(text, row), row) + strlen(row);
    const char *end = at + strcspn(at, "\n");
    for (int found = 0; at < end;) {
        char *after;
        double x = strtod(at, &after);
        if (after == at) // a word: to the next blank
            after += strspn(at, " "), after += strcspn(after, " \n");
        else if (found++ == column)
            return x;
        at = after;
    }
    ck_abort_msg("the line of \"%s\" has no %d numbers:\n%s", row, column + 1,
                 from_line(text, row));
}

// "0", a literal, has the message give want as a number and no name.
static void check_number(double got, double want, double tolerance,
                         const char *name) {
    if (!(isnan(got) && isnan(want)))
        check_double(HERE, got, name, EQUAL, want, "0",
                     tolerance > 0 ? &tolerance : NULL);
}

void assert_row(const char *text, const char *row, const double *want, int n,
                double tolerance) {
    for (int i = 0; i < n; i++) {
        char name[128];
        snprintf(name, sizeof name, "number %d of the line of \"%s\"", i + 1,
                 row);
        check_number(table_number(text, row, i), want[i], tolerance, name);
    }
}

const char *after_text(const char *text, const char *words) {
    const char *at = strstr(text, words);
    ck_assert_msg(at != NULL, "no \"%s\" in:\n%.2000s", words, text);
    return at + strlen(words);
}

double truth_number(const char *text, int x1, int x2, int column) {
    for (const char *at = text; *at != '\0';) {
        int a, b, length = 0;
        if (sscanf(at, "%d %d%n", &a, &b, &length) == 2 && a == x1 && b == x2) {
            char row[64];
            snprintf(row, sizeof row, "%.*s", length, at);
            return table_number(at, row + strspn(row, " "), column);
        }
        at += strcspn(at, "\n");
        at += *at == '\n';
    }
    ck_abort_msg("no row of %d and %d in:\n%.2000s", x1, x2, text);
}

int numbers_below(const char *text, const char *title, double *x, int most) {
    const char *at = from_line(text, title);
    at += strcspn(at, "\n");
    at += *at == '\n';
    const char *end = at + strcspn(at, "\n");
    int count = 0;
    while (count < most) {
        char *after;
        double number = strtod(at, &after);
        if (after == at || after > end)
            break;
        x[count++] = number;
        at = after;
    }
    return count;
}

// ---- 2. Charts -------------------------------------------------------------

void hide_gnuplot(void) {
    setenv("PATH", "", 1);
}

Run run_for_charts(const char *command_line) {
    char *path = strdup(getenv("PATH"));
    hide_gnuplot();
    Run run = run_well("%s --plot svg", command_line);
    setenv("PATH", path, 1);
    free(path);
    return run;
}

// The number of the column that the header gives this name, or -1.
static int find_column(const char *header, const char *name) {
    const size_t length = strcspn(name, "+");
    int column = 0;
    for (const char *at = header;; at++, column++) {
        const size_t n = strcspn(at, ",\n");
        if (n == length && strncmp(at, name, n) == 0)
            return column + atoi(name + length);
        at += n;
        if (*at != ',')
            return -1;
    }
}

static const char *next_line(const char *at) {
    at += strcspn(at, "\n");
    return at + (*at == '\n');
}

// NaN if the line has not so many fields, or an empty one.
static double field_number(const char *line, int column) {
    for (; column > 0; column--) {
        line += strcspn(line, ",\n");
        if (*line++ != ',')
            return (double)NAN;
    }
    char *end;
    double x = strtod(line, &end);
    // strtod passes over the end of a line
    return end > line && *line != '\n' ? x : (double)NAN;
}

int chart_column(const char *file, int block, const char *name, double *x,
                 int most) {
    const char *at = text_of(file);
    int column = find_column(at, name);
    for (int i = 0; i < block; i++) {
        at = strstr(at, "\n\n\n");
        ck_assert_msg(at != NULL, "%s has no block %d", file, block);
        at += 3;
    }
    // a block may have a header of its own, or the first one's
    const bool header = find_column(at, name) >= 0;
    if (header)
        column = find_column(at, name);
    ck_assert_msg(column >= 0, "%s, block %d: no column %s in %.*s", file,
                  block, name, (int)strcspn(at, "\n"), at);
    if (header)
        at = next_line(at);

    int count = 0;
    for (; *at != '\0' && strncmp(at, "\n\n", 2) != 0; at = next_line(at))
        if (*at != '\n' && count < most) // one blank line: a gap in a curve
            x[count++] = field_number(at, column);
    return count;
}

void assert_column(const char *file, int block, const char *name,
                   const double *want, int n, double tolerance) {
    double *got = calloc((size_t)n + 1, sizeof *got);
    int count = chart_column(file, block, name, got, n + 1);
    ck_assert_msg(count == n, "%s, block %d, has %s%d rows, not %d", file,
                  block, count > n ? "more than " : "", count > n ? n : count,
                  n);
    for (int i = 0; i < n; i++) {
        char what[256];
        snprintf(what, sizeof what, "%s, block %d, row %d: %s", file, block,
                 i + 1, name);
        check_number(got[i], want[i], tolerance * fmax(1, fabs(want[i])), what);
    }
    free(got);
}
