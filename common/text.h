// text.h - plain text: strict numbers, likeness of words, lines that fit.

#ifndef DL_TEXT_H
#define DL_TEXT_H

#include <stdbool.h>
#include <stdio.h>

// Each reads the whole of text as a number, or returns false: no blanks, no
// '+', no hex, nothing left behind ("3x"), nothing too large for the type.
bool text_to_whole(const char *text, long long *value); // "-12"
bool text_to_number(const char *text, double *value);   // "-1.5e-3", finite

// How many letters to insert, delete or replace until a is b (Levenshtein
// 1966). b has at most TEXT_MAX_WORD letters.
enum { TEXT_MAX_WORD = 31 };
int text_distance(const char *a, const char *b);

// True if text is one of the words between the bars of "svg|png|pdf".
bool text_is_one_of(const char *text, const char *words);

// Whether nothing in text is a control character, which a terminal would obey
// rather than show: none below U+0020, nor U+007F to U+009F as UTF-8.
bool text_is_plain(const char *text);

// Makes it so: each byte of a control character becomes '?'.
void text_make_plain(char *text);

// Prints text word by word, from column `column` on, where the cursor stands,
// and a newline. Lines end before column `width`; those that follow the first
// begin in column `indent`.
void text_print_wrapped(FILE *out, const char *text, int column, int indent,
                        int width);

#endif
