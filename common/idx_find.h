// idx_find.h - the four files of a set of pictures, under the names people have
// them.
//
//     train-images-idx3-ubyte                    as LeCun named them, or .gz
//     train-images.idx3-ubyte                    as some programs unpack them
//     train-images-idx3-ubyte/train-images-...   in folders, as from Kaggle
//     MNIST/raw/train-images-idx3-ubyte          as torchvision keeps them
//     emnist-letters-test-images-idx3-ubyte      EMNIST: several sets a folder
//     qmnist-train-labels-idx2-int               QMNIST

#ifndef DL_IDX_FIND_H
#define DL_IDX_FIND_H

#include <stdbool.h>

#include "error.h"

typedef enum {
    TRAIN_IMAGES,
    TRAIN_LABELS,
    TEST_IMAGES,
    TEST_LABELS,
    IDX_FILES
} IdxRole;

typedef struct {
    char path[IDX_FILES][4096];
    char name[32]; // of the set: "emnist-letters", or what its folder is called
} IdxSet;

// Finds the set in folder `where` or in folders below it, three deep; or, where
// the end of `where` is no folder, the set whose files begin with that:
// "emnist/emnist-letters". False with a message that names what was seen, if
// there is no complete set or more than one.
bool idx_find(IdxSet *set, const char *where, Error *err);

// True if any of the four files of a set is there: then the folder is meant to
// be used, and what is wrong with it is told rather than passed over.
bool idx_is_there(const char *where);

#endif
