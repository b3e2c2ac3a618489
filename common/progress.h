// progress.h - what a training run says while it runs.
//
// On a terminal: a bar on stderr with loss, rate and time left, redrawn a few
// times a second. Elsewhere: nothing between the lines the program prints per
// epoch.

#ifndef DL_PROGRESS_H
#define DL_PROGRESS_H

#include <stdbool.h>

typedef struct {
    bool show; // stderr is a terminal and not --quiet
    int epoch; // the current one, from 1
    int first; // the one this run began with: later than 1 after --resume
    int epochs;
    int batch;      // batches done in it
    int batches;    // batches per epoch
    double loss;    // sum of the batches' losses in this epoch
    double late;    // of those in its second half
    double best;    // the least mean loss of an earlier epoch; 0: none yet
    double started; // seconds, at progress_init
    double epoch_started;
    double drawn; // when the bar was last drawn
} Progress;

// Monotonic clock in seconds.
double seconds_now(void);

// Starts the clock; from here on a signal only asks the run to end (run.h). A
// program that trains several times calls it for each.
void progress_init(Progress *p, int epochs, int batches, bool quiet);

// Begins epoch number `epoch` (from 1).
void progress_epoch(Progress *p, int epoch);

// One batch done. A loss that is NaN or infinite ends the program by run_fail,
// saying in which epoch and batch and what to try (a smaller --lr).
void progress_batch(Progress *p, float loss);

// Mean loss of the epoch so far (NaN before its first batch); wipes the bar so
// that a line can be printed.
float progress_mean_loss(Progress *p);

#endif
