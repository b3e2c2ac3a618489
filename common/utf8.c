#include "utf8.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

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

// ---- What else a text may be ------------------------------------------------

// The bytes at even (0) or odd (1) places that are 0: half of all in UTF-16.
static size_t zeros_at(const uint8_t *bytes, size_t size, size_t first) {
    size_t count = 0;
    for (size_t i = first; i < size; i += 2)
        count += bytes[i] == 0;
    return count;
}

// Chinese in GB 18030: bytes above 127 come in pairs, the first from 0x81 and
// the second from 0x40 on. In other encodings some soon break the rule.
static bool looks_like_gb18030(const uint8_t *bytes, size_t size) {
    size_t pairs = 0;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] < 0x80)
            continue;
        if (bytes[i] == 0x80 || bytes[i] == 0xFF || i + 1 == size ||
            bytes[i + 1] < 0x40 || bytes[i + 1] == 0x7F)
            return false;
        pairs++;
        i++;
    }
    return pairs >= 2;
}

// iconv's name of the encoding that the bytes are likely in.
static const char *guess_encoding(const uint8_t *bytes, size_t size) {
    if (size >= 2 && ((bytes[0] == 0xFF && bytes[1] == 0xFE) ||
                      (bytes[0] == 0xFE && bytes[1] == 0xFF)))
        return "UTF-16";
    if (zeros_at(bytes, size, 1) > size / 8)
        return "UTF-16LE";
    if (zeros_at(bytes, size, 0) > size / 8)
        return "UTF-16BE";
    return looks_like_gb18030(bytes, size) ? "GB18030" : "WINDOWS-1252";
}

// Whether the text ends in the middle of the character at `at`. One byte above
// 127 at the end may be Latin-1; so other characters must come before it.
static bool is_cut_off(const uint8_t *bytes, size_t size, size_t at) {
    bool others = false;
    for (size_t i = 0; i < at && !others; i++)
        others = bytes[i] >= 0x80;
    bool cut = others && size - at < (size_t)announced(bytes[at]);
    for (size_t i = at + 1; cut && i < size; i++)
        cut = (bytes[i] & 0xC0) == 0x80;
    return cut;
}

// bytes[at] begins no character. The message has the whole command to type.
static bool not_utf8(const uint8_t *bytes, size_t size, size_t at,
                     const char *what, Error *err) {
    if (what[0] == '-') // an option's value, not a file
        return error_set(
            err,
            "%.100s is not UTF-8 text: byte %zu, 0x%02X, begins no "
            "character; type it in a terminal that uses UTF-8",
            what, at + 1, bytes[at]);
    if (is_cut_off(bytes, size, at))
        return error_set(err,
                         "%.200s is not UTF-8 text: its last character is cut "
                         "off; shorten it: head -c %zu '%.200s' > utf8.txt",
                         what, at, what);
    return error_set(err,
                     "%.150s is not UTF-8 text: byte %zu, 0x%02X, begins no "
                     "character; it may be %s: iconv -f %s -t UTF-8 '%.150s' "
                     "> utf8.txt",
                     what, at + 1, bytes[at], guess_encoding(bytes, size),
                     guess_encoding(bytes, size), what);
}

// Lines end with a newline: \r\n, as Windows writes it, and \r alone become one.
static int line_end(const uint8_t *bytes, size_t size, size_t at) {
    return at + 1 < size && bytes[at + 1] == '\n' ? 2 : 1;
}

bool utf8_decode(Utf8Text *text, const uint8_t *bytes, size_t size,
                 const char *what, Error *err) {
    *text = (Utf8Text){0};
    if (size > INT_MAX)
        return error_set(err, "%s is too long: %zu bytes", what, size);
    text->codes = mem_alloc_raw(size + 1, sizeof *text->codes); // at most
    size_t at = 0;
    bool utf16 = strncmp(guess_encoding(bytes, size), "UTF-16", 6) == 0;
    while (at < size) {
        int length;
        int32_t code = utf8_first(bytes + at, size - at, &length);
        if (code < 0 || utf16) {
            utf8_free(text);
            return not_utf8(bytes, size, at, what, err);
        }
        if (code == '\r') {
            code = '\n';
            length = line_end(bytes, size, at);
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
