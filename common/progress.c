#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "run.h"

enum { BAR_WIDTH = 28, LINE_WIDTH = 79 };
static const double REDRAW_SECONDS = 0.1;

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// ---- 1. The bar -------------------------------------------------------------

// A terminal that understands "clear to the end of the line".
static bool is_terminal(void) {
    const char *kind = getenv("TERM");
    return isatty(STDERR_FILENO) && kind != NULL && strcmp(kind, "dumb") != 0;
}

// Columns that may be filled. One stays free: a full line would be broken, and
// \r goes back to the beginning of its last piece only.
static int line_width(void) {
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
        window.ws_col - 1 < LINE_WIDTH)
        return window.ws_col - 1;
    return LINE_WIDTH;
}

static void wipe(void) {
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

// The time left is that of all epochs, from the mean time per batch so far
// (which includes what lies between the epochs): "1:07", "4:20:00".
static void write_time_left(char *text, size_t size, const Progress *p,
                            double now) {
    double done = (double)(p->epoch - p->first) * p->batches + p->batch;
    double all = (p->epochs - p->first + 1.0) * p->batches;
    double left = (now - p->started) / done * (all - done);
    int seconds = (int)fmin(fmax(left, 0), 99 * 3600);
    if (seconds < 3600)
        snprintf(text, size, "%d:%02d", seconds / 60, seconds % 60);
    else
        snprintf(text, size, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60,
                 seconds % 60);
}

// "epoch 2/3 [=======>    ] 412/938  loss 0.1234  51/s  1:07 left"
// The rate is that of this epoch. The bar takes the room that is left.
static void draw(Progress *p, double now) {
    double rate = p->batch / fmax(now - p->epoch_started, 1e-9);
    char left[32], head[64], tail[128], bar[BAR_WIDTH + 1] = "";
    write_time_left(left, sizeof left, p, now);
    snprintf(head, sizeof head, "epoch %d/%d [", p->epoch, p->epochs);
    snprintf(tail, sizeof tail, "] %d/%d  loss %.4g  %.*f/s  %s left", p->batch,
             p->batches, p->loss / p->batch, rate < 10 ? 1 : 0, rate, left);
    int width = line_width(), room = width - (int)strlen(head);
    room = (int)fmin(room - (int)strlen(tail), BAR_WIDTH);
    int filled = (int)((double)p->batch / p->batches * room);
    for (int i = 0; i < room; i++)
        bar[i] = i < filled ? '=' : i == filled ? '>' : ' ';
    char line[256];
    snprintf(line, sizeof line, "%s%s%s", head, bar, tail);
    fprintf(stderr, "\r%.*s\033[K", width, line); // \033[K clears the rest
    fflush(stderr);
    p->drawn = now;
}

// ---- 2. The run -------------------------------------------------------------

void progress_init(Progress *p, int epochs, int batches, bool quiet) {
    REQUIRE(epochs >= 0 && batches > 0, "%d epochs of %d batches", epochs,
            batches);
    *p = (Progress){.epochs = epochs, .batches = batches};
    p->show = !quiet && is_terminal();
    p->started = p->epoch_started = seconds_now();
    run_catch_signals();
}

void progress_epoch(Progress *p, int epoch) {
    REQUIRE(epoch >= 1, "epochs count from 1, not %d", epoch);
    p->epoch = epoch;
    p->first = p->first == 0 ? epoch : p->first;
    double mean = p->batch > 0 ? p->loss / p->batch : 0;
    if (p->batch > 0 && (p->best == 0 || mean < p->best))
        p->best = mean;
    p->batch = 0;
    p->loss = p->late = 0;
    p->drawn = 0;
    p->epoch_started = seconds_now();
}

void progress_batch(Progress *p, float loss) {
    REQUIRE(p->epoch >= 1, "progress_epoch comes first");
    p->batch++;
    p->loss += (double)loss;
    if (p->batch > p->batches / 2)
        p->late += (double)loss;
    if (!isfinite(loss)) {
        if (p->show)
            wipe();
        run_fail("diverged",
                 "the loss became %s in epoch %d, batch %d: the steps are too "
                 "long; try a smaller --lr",
                 isnan(loss) ? "NaN" : "infinite", p->epoch, p->batch);
    }
    double now = seconds_now();
    if (p->show && now - p->drawn >= REDRAW_SECONDS)
        draw(p, now);
}

float progress_mean_loss(Progress *p) {
    if (p->show)
        wipe();
    return p->batch > 0 ? (float)(p->loss / p->batch) : NAN;
}
