#include "metrics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "chart.h"
#include "error.h"

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
                    const char *title, const char *format) {
    Chart chart;
    if (!chart_open(&chart, chapter, name, format))
        return;
    chart_size(&chart, 640, 600);
    chart_columns(&chart, "predicted,true,count");
    for (int t = 0; t < c->classes; t++)
        for (int p = 0; p < c->classes; p++)
            chart_row(&chart, 3, (double)p, (double)t, (double)c->count[t][p]);
    double edge = c->classes - 0.5;
    chart_script(&chart,
                 "set title '%s: what each class was taken for'\n"
                 "set xlabel 'predicted class'; set ylabel 'true class'\n"
                 "set xrange [-0.5:%g]; set yrange [%g:-0.5]; unset key\n"
                 "set xtics 1 scale 0; set ytics 1 scale 0; unset grid\n"
                 "set size ratio 1; set cblabel 'mistakes'\n"
                 "set palette defined (0 'white', 1 '#d55e00')\n"
                 "off(t, p, n) = t == p ? 0 : n\n"
                 "plot DATA using 1:2:(off($2, $1, $3)) with image, \\\n"
                 "  '' using 1:2:($3 > 0 ? sprintf('%%d', $3) : '') "
                 "with labels\n",
                 title, edge, edge);
    chart_close(&chart);
}
