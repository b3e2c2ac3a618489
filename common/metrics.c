#include "metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "error.h"
#include "figure.h"

int argmax(const float *values, int n) {
    int best = 0;
    for (int i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

enum { MATRIX_CLASSES = 10 }; // that fit 80 columns

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(double *x, int n) {
    for (int i = 0; i < n; i++)
        if (isnan(x[i]))
            return (double)NAN;
    qsort(x, (size_t)n, sizeof *x, ascending);
    return 0.5 * (x[(n - 1) / 2] + x[n / 2]);
}

void confusion_add(Confusion *c, const Tensor *logits, const int *labels) {
    int N = logits->shape[0], classes = logits->shape[1];
    REQUIRE(classes == c->classes && classes <= MAX_CLASSES,
            "confusion: logits are %s, classes %d", tensor_shape(logits).text,
            c->classes);
    for (int n = 0; n < N; n++) {
        REQUIRE(labels[n] >= 0 && labels[n] < classes,
                "label %d of picture %d, but %d classes", labels[n], n,
                classes);
        c->count[labels[n]][argmax(logits->data + n * classes, classes)]++;
    }
}

long confusion_total(const Confusion *c) {
    long total = 0;
    for (int t = 0; t < c->classes; t++)
        for (int p = 0; p < c->classes; p++)
            total += c->count[t][p];
    return total;
}

static double ratio(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

double confusion_accuracy(const Confusion *c) {
    long right = 0;
    for (int k = 0; k < c->classes; k++)
        right += c->count[k][k];
    return ratio((double)right, (double)confusion_total(c));
}

double confusion_precision(const Confusion *c, int k) {
    long called = 0;
    for (int t = 0; t < c->classes; t++)
        called += c->count[t][k];
    return ratio((double)c->count[k][k], (double)called);
}

double confusion_recall(const Confusion *c, int k) {
    long are = 0;
    for (int p = 0; p < c->classes; p++)
        are += c->count[k][p];
    return ratio((double)c->count[k][k], (double)are);
}

double confusion_f1(const Confusion *c, int k) {
    double precision = confusion_precision(c, k),
           recall = confusion_recall(c, k);
    return ratio(2.0 * precision * recall, precision + recall);
}

static void print_matrix(const Confusion *c) {
    printf("truth ");
    for (int p = 0; p < c->classes; p++)
        printf("%5d", p);
    printf("  precision recall   F1\n");
    for (int t = 0; t < c->classes; t++) {
        printf("%5d ", t);
        for (int p = 0; p < c->classes; p++)
            printf("%5ld", c->count[t][p]);
        printf("     %.3f  %.3f %.3f\n", confusion_precision(c, t),
               confusion_recall(c, t), confusion_f1(c, t));
    }
}

// What class t was predicted as most often, of the wrong classes.
static int worst_confusion(const Confusion *c, int t) {
    int worst = t == 0 ? 1 : 0;
    for (int p = 0; p < c->classes; p++)
        if (p != t && c->count[t][p] > c->count[t][worst])
            worst = p;
    return worst;
}

// More classes than columns: for each only the wrong answer given most often.
static void print_list(const Confusion *c) {
    printf("truth  precision recall   F1   most often mistaken for\n");
    for (int t = 0; t < c->classes; t++) {
        int p = worst_confusion(c, t);
        printf("%5d      %.3f  %.3f %.3f", t, confusion_precision(c, t),
               confusion_recall(c, t), confusion_f1(c, t));
        if (c->count[t][p] > 0)
            printf("   %2d (%ld times)", p, c->count[t][p]);
        printf("\n");
    }
}

void confusion_print(const Confusion *c) {
    if (c->classes <= MATRIX_CLASSES)
        print_matrix(c);
    else
        print_list(c);
}

void confusion_draw(const Confusion *c, const char *chapter, const char *name,
                    const char *net, const char *data, const char *format) {
    Figure f;
    long most = 1;
    if (!figure_open(&f, chapter, name, format))
        return;
    figure_title(&f, "Confusion matrix of %s on %s: %.2f %% right", net, data,
                 100.0 * confusion_accuracy(c));
    figure_caption(&f, "Rows are the true classes, columns the predictions; "
                       "the more mistakes, the darker.");
    figure_table(&f, "predicted,true,count,mistakes");
    for (int t = 0; t < c->classes; t++)
        for (int p = 0; p < c->classes; p++) {
            long count = c->count[t][p];
            most = t != p && count > most ? count : most;
            figure_row(&f, p, t, count > 0 ? (double)count : (double)NAN,
                       t != p ? (double)count : 0.0);
        }
    figure_x(&f, "predicted class");
    figure_y(&f, "true class");
    figure_square(&f);
    figure_range(&f, 'x', -0.5, c->classes - 0.5);
    figure_range(&f, 'y', c->classes - 0.5, -0.5);
    for (int k = 0; k < c->classes; k++) {
        figure_tick(&f, 'x', k, "%d", k);
        figure_tick(&f, 'y', k, "%d", k);
    }
    // half of the scale is kept free, so that all numbers can be read
    figure_heat(&f, 1, 2, 4, HEAT_BLUES, 0.0, 2.0 * (double)most);
    figure_values(&f, 1, 2, 3, "%.0f", 0.0);
    figure_close(&f);
}
