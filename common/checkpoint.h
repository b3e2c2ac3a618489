// checkpoint.h - a training run that may be killed at any time and goes on.
//
// The state of a run is a list of blocks of memory: weights, the optimizer's
// running means, the generator, the epoch. After every epoch they are written
// to a file, whole or not at all; a run that resumes reads them back and ends
// with the same bits as one that was never stopped (on a machine that chooses
// the same kernels).
//
//     int epoch = 0; // complete ones
//     checkpoint_model(c, &net->params, &adam, rng);
//     checkpoint_item(c, "epoch", &epoch, sizeof epoch);
//     checkpoint_start(c);
//     while (epoch < epochs && !stop_requested()) {
//         ... one epoch ...
//         epoch++;
//         checkpoint_save(c);
//     }
//
// File: a line of magic, a line of settings, then for each block a line with
// its name and size in bytes and the bytes; last a line with the CRC-32 of all
// that. Bytes lie as in memory: a file is for the machine that wrote it.

#ifndef DL_CHECKPOINT_H
#define DL_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "file.h"
#include "optim.h"
#include "params.h"
#include "rng.h"

enum { MAX_CHECKPOINT_ITEMS = 16 };

typedef struct {
    // set by init
    const char *path;   // written after each epoch; NULL: never
    const char *source; // the file that is resumed; NULL: none
    char settings[640]; // what a run must share with the one it continues
    FileBytes old;      // the bytes of source
    // set by item
    int count;
    struct {
        const char *name;
        void *data;
        size_t size;
    } item[MAX_CHECKPOINT_ITEMS];
} Checkpoint;

// path and resume are the values of --checkpoint and --resume, or NULL. A run
// that resumes goes on writing to the same file, unless path names another.
// settings are those of cli_parse; the data [size bytes] are what is trained on
// and count by their CRC-32, wherever they lie. False with a message if the
// file is damaged or is of another run (the message names what differs), or if
// path holds a checkpoint that is not resumed: no fresh run overwrites it.
bool checkpoint_init(Checkpoint *c, const char *path, const char *resume,
                     const char *settings, const void *data, size_t size,
                     Error *err);
void checkpoint_free(Checkpoint *c);

// Makes size bytes at data part of the state. The same name again replaces the
// earlier block. name must be a word.
void checkpoint_item(Checkpoint *c, const char *name, void *data, size_t size);

// The weights, the optimizer's step and running means (which it allocates), and
// the generator.
void checkpoint_model(Checkpoint *c, Params *params, Optimizer *optimizer,
                      Rng *rng);

// Fills every item from the file that is resumed. Where there is none, writes
// the first checkpoint, so that a run killed in its first epoch can be resumed
// too. For programs: a file without one of the items, or with one of another
// size, ends the program by die().
void checkpoint_start(Checkpoint *c);

// Writes the state; does nothing without a path. If it cannot, it says so on
// stderr and the run goes on: the last checkpoint is still whole.
void checkpoint_save(const Checkpoint *c);

#endif
