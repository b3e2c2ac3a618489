// history.h - the learning curves of a training run, kept and drawn.

#ifndef DL_HISTORY_H
#define DL_HISTORY_H

#include "checkpoint.h"

enum { HISTORY_POINTS = 20 }; // of the training loss, per epoch, at most

// The training loss, averaged over each twentieth of an epoch (where an epoch
// has fewer batches, over each batch), and the test (or validation) error after
// each epoch.
typedef struct {
    // set by init, per epoch
    int batches, parts;
    // so far
    int points, epochs;
    float *loss;  // [points]
    float *error; // [epochs], in per cent
    // of the part in hand
    long batch; // batches seen in all
    float loss_sum;
    int loss_count;
} History;

// Room for `epochs` epochs of `batches` batches; released by history_free.
void history_init(History *h, int epochs, int batches);
void history_free(History *h);

// After each batch, and after each epoch (error in per cent).
void history_batch(History *h, float loss);
void history_epoch(History *h, float error);

// Makes the curves part of a checkpoint. At the end of an epoch every part of it
// is complete, so these are all there is to keep. epochs: as given to init.
void history_checkpoint(History *h, Checkpoint *c, int epochs);

// Both curves side by side: the loss on a log axis, the error from zero. Writes
// out/<chapter>/<name>; nothing if there is nothing yet. net and data are what
// was trained on what, "LeNet" and "mnist"; error: "test error".
void history_draw(const History *h, const char *chapter, const char *name,
                  const char *net, const char *data, const char *error,
                  const char *format);

#endif
