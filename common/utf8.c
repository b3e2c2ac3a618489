#include "utf8.h"

#include <limits.h>
#include <stdio.h>

#include "memory.h"

// ---- 1. Bytes to characters -------------------------------------------------

// How many bytes the first one announces, 0 if it cannot be a first one.
static int announced(uint8_t first) {
    if (first < 0x80)
        return 1;
    if ((first & 0xE0) == 0xC0)
        return 2;
    if ((first & 0xF0) == 0xE0)
        return 3;
    return (first & 0xF8) == 0xF0 ? 4 : 0;
}

int32_t utf8_first(const uint8_t *bytes, size_t size, int *length) {
    // the smallest code point that needs so many bytes
    static const int32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = announced(bytes[0]);
    if (n == 0 || (size_t)n > size)
        return -1;
    int32_t code = n == 1 ? bytes[0] : bytes[0] & (0x7F >> n);
    for (int i = 1; i < n; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return -1;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    *length = n;
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < smallest[n] || code > UTF8_LAST || surrogate ? -1 : code;
}

bool utf8_decode(Utf8Text *text, const uint8_t *bytes, size_t size,
                 const char *what, Error *err) {
    *text = (Utf8Text){0};
    if (size > INT_MAX)
        return error_set(err, "%s is too long: %zu bytes", what, size);
    text->codes = mem_alloc_raw(size + 1, sizeof *text->codes); // at most
    size_t at = 0;
    while (at < size) {
        int length;
        int32_t code = utf8_first(bytes + at, size - at, &length);
        if (code < 0) {
            utf8_free(text);
            return error_set(err,
                             "%s is not UTF-8 text: byte %zu, 0x%02X, begins "
                             "no character; convert it first (iconv -t UTF-8)",
                             what, at + 1, bytes[at]);
        }
        if (at > 0 || code != 0xFEFF) // the byte order mark
            text->codes[text->count++] = (uint32_t)code;
        at += (size_t)length;
    }
    return true;
}

void utf8_free(Utf8Text *text) {
    mem_free(text->codes);
    *text = (Utf8Text){0};
}

// ---- 2. Characters to bytes -------------------------------------------------

// Would move the cursor or change colours: C0, DEL and C1.
static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

Utf8 utf8_encode(uint32_t code) {
    Utf8 to = {""};
    if (is_control(code))
        code = ' ';
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t head[] = {0, 0xC0, 0xE0, 0xF0};
    to.text[0] = (char)(head[more] | code >> (6 * more));
    for (int i = 1; i <= more; i++)
        to.text[i] = (char)(0x80 | (code >> (6 * (more - i)) & 0x3F));
    return to;
}

// ---- 3. Lines ---------------------------------------------------------------

// The blocks that Unicode's EastAsianWidth.txt calls wide, in coarse ranges.
int utf8_columns(uint32_t code) {
    static const uint32_t wide[][2] = {
        {0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
    };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (code >= wide[i][0] && code <= wide[i][1])
            return 2;
    return 1;
}

// How many of the characters go into a line of so many columns: up to a
// newline, or all, or up to the last place where a line may be broken.
static int fitting(const uint32_t *codes, int count, int columns) {
    int broken = 0, i = 0;
    for (; i < count && codes[i] != '\n'; i++) {
        columns -= utf8_columns(codes[i]);
        if (codes[i] == ' ')
            broken = i;
        else if (i > 0 && utf8_columns(codes[i - 1]) == 2)
            broken = i;
        if (columns < 0)
            return broken > 0 ? broken : i > 0 ? i : 1;
    }
    return i;
}

void utf8_print_wrapped(const uint32_t *codes, int count, int indent,
                        int width) {
    for (int at = 0; at < count;) {
        int n = fitting(codes + at, count - at, width - indent);
        int end = n; // blanks at the end of a line are not seen
        while (end > 0 && codes[at + end - 1] == ' ')
            end--;
        if (end > 0)
            printf("%*s", indent, "");
        for (int i = 0; i < end; i++)
            fputs(utf8_encode(codes[at + i]).text, stdout);
        putchar('\n');
        at += n;
        if (at < count && (codes[at] == ' ' || codes[at] == '\n'))
            at++; // the break stands for it
    }
    if (count == 0)
        putchar('\n');
}
