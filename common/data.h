// data.h - sets of labelled pictures, and how they are dealt out in batches.
//
// Pixels stay bytes (0 = background, 255 = ink), a quarter of the memory of
// floats; a batch turns the few it needs into floats in [0, 1].

#ifndef DL_DATA_H
#define DL_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "class_names.h"
#include "error.h"
#include "rng.h"
#include "tensor.h"

typedef struct {
    uint8_t *pixels; // [count, rows, cols]
    uint8_t *labels; // [count], 0 .. classes-1
    int count, rows, cols, classes;
} Dataset;

typedef struct {
    Dataset train, test; // with the same number of classes
    bool synthetic;      // drawn by digits.c, because no files were found
    char source[1024];   // the folder, or "synthetic digits"
    char name[32];       // "mnist", "fashion", "emnist-letters", "synthetic"
    ClassNames classes;  // what they are called
} Digits;

void dataset_free(Dataset *set);

// How many bytes its pixels take.
size_t dataset_bytes(const Dataset *set);

// Reads one IDX pair (LeCun's format: big-endian magic 0x803 and sizes, then
// bytes; or floats; QMNIST's labels), each file as it is or with .gz at its
// end. False with a message if a file is missing, cut short, too long, has
// another magic, if its pictures are not side x side (0: any size), or if the
// two do not belong together (different counts). classes = largest label + 1,
// at least 2.
bool idx_load(Dataset *set, const char *images, const char *labels, int side,
              Error *err);

// The digits, or whatever pictures of 28 x 28 a set holds: from folder (see
// idx_find.h) if it is not NULL (and then an error if they are not there); else
// from $MNIST_DIR (likewise); else from data/mnist below the current folder or
// beside the binary; else, or if folder is "synthetic", 20,000 + 4,000 synthetic
// ones. limit > 0 keeps only the first limit training and limit test pictures.
// EMNIST's pictures are transposed, labels that count from 1 count from 0; there
// are 10 to MAX_CLASSES classes.
bool digits_load(Digits *digits, const char *folder, int limit, uint64_t seed,
                 Error *err);
void digits_free(Digits *digits);

// "data: 60000 training and 10000 test digits from /usr/share/mnist" or, for
// synthetic ones, how to fetch the real ones; and the names of the classes if
// they are more than numbers. Nothing if quiet.
void digits_say(const Digits *digits, bool quiet);

// What a result line and a chart title call the data: "mnist" and "fashion" by
// what the files hold, wherever they lie; else after the files or their folder.
const char *digits_name(const Digits *digits);

// True if there are ten classes; false with a message otherwise. For programs
// whose net has ten outputs.
bool digits_are_ten(const Digits *digits, Error *err);

// What class k is called: "7", "ankle boot".
const char *digits_class(const Digits *digits, int k);

// Keeps the last `count` pictures of set for validation: *held gets a view of
// them (do not free it), set shrinks.
void dataset_hold_out(Dataset *held, Dataset *set, int count);

// Deals a data set out in batches. The caller owns the struct.
typedef struct {
    const Dataset *set; // set by init
    int batch;          // pictures per batch; the last one may be smaller
    int count;          // batches in one pass
    int *order;         // [set->count], the order of this pass
    int next;           // position in order
    Tensor x;           // [n, 1, rows, cols], written by batches_next
    int *labels;        // [n]
} Batches;

void batches_init(Batches *b, const Dataset *set, int batch);
void batches_free(Batches *b);

// Starts a new pass, in random order; with rng NULL, in the set's own order.
void batches_start(Batches *b, Rng *rng);

// Fills x and labels with the next batch; false when the pass is over. A pass
// also ends, after its first batch at the earliest, when the run is to stop
// (run.h): what a program summed up in it is then no result.
bool batches_next(Batches *b);

#endif
