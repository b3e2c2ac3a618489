// corpus.h - a text to learn from: its vocabulary, and how it is dealt out.
//
// What data.h is for pictures. A net reads numbers: the vocabulary gives each
// character that comes up its place, 0 .. V-1, and the text becomes a sequence
// of places. Streams cuts it into N pieces that are read side by side, T steps
// at a time, so that the state after one batch is the state before the next:
//
//     Corpus corpus;
//     Vocabulary vocabulary = {0};
//     if (!corpus_load(&corpus, &vocabulary, path, limit, &err))
//         die("%s", err.message);
//     streams_init(&batches, corpus.text, corpus.train, 16, 32, V);
//     while (streams_next(&batches)) ... batches.x, batches.labels

#ifndef DL_CORPUS_H
#define DL_CORPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "params.h"
#include "tensor.h"

// ---- Vocabulary -------------------------------------------------------------

// The characters that a net knows, in the order in which they first came up.
// Empty, {0}, it is ready for use.
typedef struct {
    int size;        // V
    uint32_t *codes; // [V], code points
    int *place;      // of every code point, from 1; 0: it is not there
} Vocabulary;

void vocabulary_free(Vocabulary *v);

// Adds a code point (at most UTF8_LAST); false if it is there already.
bool vocabulary_add(Vocabulary *v, uint32_t code);

// Text as a net reads it; places is released by mem_free.
typedef struct {
    int *places; // [count + 1], from 0; the one too many is 0
    int count;
} Places;

// text, a string in UTF-8, as places. False with a message if it is not UTF-8
// or if a character of it is not in the vocabulary. what: how messages call it,
// "--prompt".
bool vocabulary_encode(Places *to, const Vocabulary *v, const char *text,
                       const char *what, Error *err);

// The vocabulary travels with the weights: a safetensors file with the tensors
// of params and one more, "vocabulary" [V], the code points. A float holds
// every whole number below 2^24 exactly, and so each of them. load expects an
// empty vocabulary, and params of a model for the V of the file
// (safetensors_shape); both stay as they are unless the whole file is right.
bool vocabulary_save(const char *path, const Vocabulary *v,
                     const Params *params, Error *err);
bool vocabulary_load(const char *path, Vocabulary *v, Params *params, int V,
                     Error *err);

// ---- Corpus -----------------------------------------------------------------

enum { CORPUS_LEAST = 20 }; // characters

// A text; its last tenth is kept apart for validation.
typedef struct {
    int *text;       // [train + held], places
    int train, held; // characters to learn from; and behind them, to validate
} Corpus;

// Reads path, a file in UTF-8, or with NULL a tale of 7,000 characters written
// for this book; limit > 0 keeps only the first limit characters. An empty
// vocabulary is filled, also with what comes up only in the part kept apart
// (real systems reserve a place for the unknown, or read bytes); another one
// must have every character. False with a message, also if there are fewer than
// CORPUS_LEAST characters.
bool corpus_load(Corpus *c, Vocabulary *v, const char *path, int limit,
                 Error *err);
void corpus_free(Corpus *c);

// ---- Streams ----------------------------------------------------------------

// What does not fill a last piece, fewer than N characters, and in each stream
// fewer than `count`, is not read.
typedef struct {
    // set by init
    const int *text;
    int N, T;   // streams, steps
    int V;      // size of the vocabulary
    int length; // of each stream
    int count;  // pieces in one pass
    // written by streams_next
    int next;    // piece
    Tensor x;    // [T, N, V], a 1 at each character's place among zeros
    int *labels; // [T N], the places of the characters that come next
} Streams;

// text [count], count >= 2, which stays the caller's, in at most `streams`
// streams and `steps` steps; in fewer if it is too short for so many.
void streams_init(Streams *s, const int *text, int count, int streams,
                  int steps, int V);
void streams_free(Streams *s);

// Fills x and labels with the next piece; false when the pass is over, after
// which the next one begins. As with batches_next, a stop ends a pass.
bool streams_next(Streams *s);

// x [count, 1, V]: places as a net reads them, one stream.
void one_hot(Tensor *x, const int *places, int count, int V);

#endif
