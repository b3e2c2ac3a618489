// threads.h - a small pool of threads that share out loops.
//
// A parallel loop is a function for one part, its task, and a struct with what
// all parts need, its context:
//
//     typedef struct {
//         float *y;
//         const float *x;
//     } Squares;
//
//     static void square_one(void *context, int i) {
//         const Squares *s = context;
//         s->y[i] = s->x[i] * s->x[i];
//     }
//
//     threads_run(n, square_one, &(Squares){y, x});
//
// Each part writes what no other part reads or writes, so neither their order
// nor the number of threads can change a bit of the result; sums over parts are
// added by the caller, in order, after the run. A part should take longer than
// a microsecond, which is what claiming one may cost.
//
// The threads claim the parts one by one. One that the system has put to sleep,
// on a busy machine, claims few, and no thread waits for one that claimed none.

#ifndef DL_THREADS_H
#define DL_THREADS_H

enum { MAX_THREADS = 256 };

// Calls task(context, part) once for each part 0 ... parts - 1, on up to
// threads_count() threads, the calling one among them, and returns when all are
// done. The task may call threads_run, which then works in that thread alone,
// as for any caller that finds a run going on. A task must not fork.
void threads_run(int parts, void (*task)(void *context, int part),
                 void *context);

// How many threads to use from now on, at most MAX_THREADS; 0: as many as there
// are CPUs for this process (cpus.h), which is also the default.
void threads_set(int threads);

// How many threads a run may use now: 1 while another run is going on, as in a
// task.
int threads_count(void);

#endif
