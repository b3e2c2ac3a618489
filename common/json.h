// json.h - a cursor over JSON text, for the header of a safetensors file.
//
// Each function reads one thing where the cursor stands, moves behind it and
// returns true; or returns false if something else stands there. None reads
// beyond the end, whatever the text is, and nothing is allocated: words are
// parts of the text.

#ifndef DL_JSON_H
#define DL_JSON_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *at, *end;
} Json;

typedef struct {
    const char *text; // not terminated: print it with "%.*s", length, text
    int length;
} Word;

// True if word and text are the same.
bool word_is(Word word, const char *text);

// The sign c: one of { } [ ] : and comma, with white space around it.
bool json_sign(Json *json, char c);

// "text". Escapes stay as they are: a name with \u0041 is not one with A.
bool json_word(Json *json, Word *word);

// [10, 784], whole numbers only: list gets the first max of them, *count how
// many there are.
bool json_list(Json *json, uint64_t *list, int max, int *count);

// {"format": "pt"}: an object of words. *value gets the one that belongs to key,
// or no text, NULL, if there is none.
bool json_words(Json *json, const char *key, Word *value);

#endif
