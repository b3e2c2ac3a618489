#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

bool text_to_whole(const char *text, long long *value) {
    // strtoll alone would take " 7" and "+7" too
    const char *digits = text + (*text == '-');
    if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
        return false;
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return errno == 0;
}

bool text_to_number(const char *text, double *value) {
    // strtod alone would take " 1", "+1", "0x1p3", "inf" and "nan" too
    if (*text == '+' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return false;
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}

static int least(int a, int b) {
    return a < b ? a : b;
}

int text_distance(const char *a, const char *b) {
    // row[j]: the distance of the first i letters of a from the first j of b.
    // Each entry comes from three neighbours: the last letter is replaced (or
    // the same), deleted or inserted.
    int row[TEXT_MAX_WORD + 1], n = (int)strlen(b);
    REQUIRE(n <= TEXT_MAX_WORD, "'%s' is too long", b);
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (int i = 0; a[i] != '\0'; i++) {
        int above_left = row[0];
        row[0] = i + 1;
        for (int j = 0; j < n; j++) {
            int replaced = above_left + (a[i] != b[j]);
            above_left = row[j + 1];
            row[j + 1] = least(replaced, 1 + least(row[j], row[j + 1]));
        }
    }
    return row[n];
}

bool text_is_one_of(const char *text, const char *words) {
    size_t length = strlen(text);
    for (;; words++) {
        size_t word = strcspn(words, "|");
        if (word == length && memcmp(words, text, length) == 0)
            return true;
        words += word;
        if (*words == '\0')
            return false;
    }
}

// How many of the bytes at text are a control character: 0, 1, or the 2 of
// U+0080 to U+009F.
static int control_length(const char *text) {
    const unsigned char *t = (const unsigned char *)text;
    if (t[0] == 0xC2 && t[1] >= 0x80 && t[1] < 0xA0)
        return 2;
    return (t[0] < ' ' && t[0] != '\0') || t[0] == 0x7F;
}

bool text_is_plain(const char *text) {
    while (*text != '\0' && control_length(text) == 0)
        text++;
    return *text == '\0';
}

void text_make_plain(char *text) {
    while (*text != '\0') {
        int n = control_length(text);
        memset(text, '?', (size_t)n);
        text += n > 0 ? n : 1;
    }
}

void text_print_wrapped(FILE *out, const char *text, int column, int indent,
                        int width) {
    for (bool first = true; *text != '\0'; first = false) {
        int word = (int)strcspn(text, " \n");
        if (!first && column + 1 + word > width) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        } else if (!first) {
            column += fprintf(out, " ");
        }
        column += fprintf(out, "%.*s", word, text);
        text += word;
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}
