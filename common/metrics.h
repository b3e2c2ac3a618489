// metrics.h - how right a classifier is.

#ifndef DL_METRICS_H
#define DL_METRICS_H

#include "tensor.h"

enum { MAX_CLASSES = 62 }; // ten digits, 26 letters, 26 small ones

// count[t][p]: how often something of class t was taken for class p.
// {.classes = 10} starts one.
typedef struct {
    int classes; // <= MAX_CLASSES
    long count[MAX_CLASSES][MAX_CLASSES];
} Confusion;

// The index of the largest of n values, the first of equals.
int argmax(const float *values, int n);

// The middle one of n numbers, or the mean of the middle two; sorts them. NaN if
// one of them is NaN: it has no place in the order.
double median(double *x, int n);

// Adds a batch: logits (or probabilities) [N, classes] against N labels; one
// outside 0 .. classes-1 aborts.
void confusion_add(Confusion *c, const Tensor *logits, const int *labels);

long confusion_total(const Confusion *c);

// Right ones over all.
double confusion_accuracy(const Confusion *c);

// Of what was called class k, the part that is k; of what is k, the part that
// was found; and their harmonic mean. 0 where the denominator is 0.
double confusion_precision(const Confusion *c, int k);
double confusion_recall(const Confusion *c, int k);
double confusion_f1(const Confusion *c, int k);

// The table of counts, truth down, prediction across, with precision, recall
// and F1 per class; of more than 10 classes, which do not fit 80 columns, only
// the wrong prediction made most often. To stdout.
void confusion_print(const Confusion *c);

// The same as a figure, out/<chapter>/<name>: mistakes shaded, counts written;
// net and data are what was tested on what, "LeNet" and "mnist".
void confusion_draw(const Confusion *c, const char *chapter, const char *name,
                    const char *net, const char *data, const char *format);

#endif
