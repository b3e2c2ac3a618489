// utf8.h - text as characters, not bytes: reading, writing, printing UTF-8.
//
// A character is a Unicode code point, a number from 0 to 0x10FFFF (U+10FFFF).
// UTF-8 writes it in one to four bytes; the first byte tells how many:
//
//     0xxxxxxx                               U+0000 .. U+007F    ASCII
//     110xxxxx 10xxxxxx                      U+0080 .. U+07FF
//     1110xxxx 10xxxxxx 10xxxxxx             U+0800 .. U+FFFF    Chinese
//     11110xxx 10xxxxxx 10xxxxxx 10xxxxxx    U+10000 .. U+10FFFF
//
// Source: RFC 3629.

#ifndef DL_UTF8_H
#define DL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct {
    uint32_t *codes; // [count]
    int count;
} Utf8Text;

enum { UTF8_LAST = 0x10FFFF }; // the largest code point

// The code point that begins at bytes[0], of size > 0 bytes in all; *length
// gets its number of bytes. -1 if that is no character: a byte that cannot come
// first or is missing behind it, a longer form than needed (overlong), half of
// a UTF-16 pair (U+D800 .. U+DFFF), or more than U+10FFFF.
int32_t utf8_first(const uint8_t *bytes, size_t size, int *length);

// All of bytes. A byte order mark at the beginning is left out; the line ends of
// Windows (\r\n) and of old Macs (\r) become newlines. False with a message
// that names `what` ("poem.txt"), the first byte that is wrong, the encoding
// that the bytes are likely in (UTF-16, GB18030, WINDOWS-1252) and the command
// that converts them. The caller frees by utf8_free.
bool utf8_decode(Utf8Text *text, const uint8_t *bytes, size_t size,
                 const char *what, Error *err);
void utf8_free(Utf8Text *text);

// One character as a string of at most four bytes, for printf("%s", ...). What
// a terminal would obey rather than show becomes a blank; newlines too.
typedef struct {
    char text[5];
} Utf8;
Utf8 utf8_encode(uint32_t code);

// Columns in a terminal: 2 for Chinese, Japanese, Korean and emoji, else 1.
int utf8_columns(uint32_t code);

// Prints characters to stdout in lines that begin in column `indent` and end
// before column `width`, broken at blanks, at newlines, and between two wide
// characters; a word longer than a line is cut. Ends with a newline.
void utf8_print_wrapped(const uint32_t *codes, int count, int indent,
                        int width);

#endif
