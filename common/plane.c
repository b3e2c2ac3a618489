#include "plane.h"

#include <math.h>
#include <stdio.h>

#include "error.h"
#include "loss.h"
#include "metrics.h"
#include "run.h"

// ---- 1. Points --------------------------------------------------------------

void plane_moons(PlanePoints *p, int N, Rng *rng) {
    const float pi = 3.14159265f, noise = 0.25f;
    tensor_resize(&p->x, 2, N, 2);
    tensor_resize(&p->t, 2, N, 1);
    for (int n = 0; n < N; n++) {
        float *x = p->x.data + 2 * n, angle = pi * rng_uniform(rng);
        float sign = n % 2 ? -1.0f : 1.0f;
        x[0] = sign * (cosf(angle) - 0.5f) + noise * rng_normal(rng);
        x[1] = sign * (sinf(angle) - 0.25f) + noise * rng_normal(rng);

        // An even n and an odd one in turns: points of both classes.
        bool wrong = n % PLANE_WRONG == n / PLANE_WRONG % PLANE_WRONG;
        p->t.data[n] = (float)((n % 2 == 1) != wrong);
    }
}

void plane_points_free(PlanePoints *p) {
    tensor_free(&p->x);
    tensor_free(&p->t);
}

// ---- 2. The net's answers ---------------------------------------------------

static double cell_x(int i) {
    return PLANE_CELL * (i % PLANE_COLUMNS - PLANE_COLUMNS / 2);
}

static double cell_y(int i) {
    return PLANE_CELL * (i / PLANE_COLUMNS - PLANE_ROWS / 2);
}

void plane_look(PlaneMap *map, ReluNet *net) {
    float cells[2 * PLANE_CELLS];
    Tensor x = tensor_view(cells, 2, PLANE_CELLS, 2);
    for (int i = 0; i < PLANE_CELLS; i++) {
        cells[2 * i] = (float)cell_x(i);
        cells[2 * i + 1] = (float)cell_y(i);
    }
    relu_net_forward(net, &x);
    REQUIRE(net->logits.size == PLANE_CELLS, "a net of %d outputs, not 1",
            net->logits.shape[1]);
    for (int i = 0; i < PLANE_CELLS; i++)
        map->p[i] = 1.0f / (1.0f + expf(-net->logits.data[i]));
}

double plane_boundary(const PlaneMap *map) {
    int sides = 0; // between two cells of different classes
    for (int i = 0; i < PLANE_CELLS; i++) {
        bool one = map->p[i] > 0.5f;
        if (i % PLANE_COLUMNS + 1 < PLANE_COLUMNS)
            sides += one != (map->p[i + 1] > 0.5f);
        if (i / PLANE_COLUMNS + 1 < PLANE_ROWS)
            sides += one != (map->p[i + PLANE_COLUMNS] > 0.5f);
    }
    return PLANE_CELL * sides;
}

// ---- 3. Its score -----------------------------------------------------------

static void score_on(double *loss, double *error, ReluNet *net,
                     const PlanePoints *p) {
    int N = p->x.shape[0], wrong = 0;
    relu_net_forward(net, &p->x);
    float mean = sigmoid_cross_entropy(NULL, &net->logits, &p->t);
    for (int n = 0; n < N; n++)
        wrong += (net->logits.data[n] > 0.0f) != (p->t.data[n] > 0.5f);
    *loss = finished((double)mean);
    *error = finished(100.0 * wrong / N);
}

PlaneScore plane_score(ReluNet *net, const PlanePoints *train,
                       const PlanePoints *validation) {
    PlaneScore s;
    PlaneMap map;
    score_on(&s.train_loss, &s.train_error, net, train);
    score_on(&s.loss, &s.error, net, validation);
    plane_look(&map, net);
    s.length = finished(plane_boundary(&map));
    return s;
}

bool plane_smoother(const PlaneScore *s, const PlaneScore *than) {
    return s->loss < than->loss && s->length < than->length;
}

PlaneScore plane_median(const PlaneScore *scores, int count, int apart) {
    enum { MOST = 100 };
    double x[5][MOST];
    REQUIRE(count > 0 && count <= MOST, "the median of %d scores", count);
    for (int i = 0; i < count; i++) {
        const PlaneScore *s = &scores[i * apart];
        x[0][i] = s->train_loss;
        x[1][i] = s->train_error;
        x[2][i] = s->loss;
        x[3][i] = s->error;
        x[4][i] = s->length;
    }
    return (PlaneScore){median(x[0], count), median(x[1], count),
                        median(x[2], count), median(x[3], count),
                        median(x[4], count)};
}

// ---- 4. Figures -------------------------------------------------------------

void plane_tables(Figure *f, const PlaneMap *maps, const int *epochs, int count,
                  const PlanePoints *p, double right) {
    enum { MOST = 64 };
    char columns[MOST * 20] = "x,y";
    double row[2 + MOST];
    REQUIRE(count > 0 && count <= MOST, "%d maps in a table", count);

    size_t length = 3;
    for (int k = 0; k < count; k++)
        length += (size_t)snprintf(columns + length, sizeof columns - length,
                                   ",epoch %d", epochs[k]);
    figure_table(f, columns);
    for (int i = 0; i < PLANE_CELLS; i++) {
        row[0] = cell_x(i) + right;
        row[1] = cell_y(i);
        for (int k = 0; k < count; k++)
            row[2 + k] = rint(1000.0 * (double)maps[k].p[i]) / 1000.0;
        figure_numbers(f, row, 2 + count);
    }

    figure_table(f, "x,y,label");
    for (int n = 0; n < p->x.shape[0]; n++)
        figure_row(f, (double)p->x.data[2 * n] + right,
                   (double)p->x.data[2 * n + 1], (double)p->t.data[n]);
}

void plane_show(Figure *f, int table, int map) {
    static const Pen pens[2] = {
        {.color = PEN_BLUE, .point = POINT_DOT, .size = 0.8},
        {.color = PEN_VERMILION, .point = POINT_TRIANGLE, .size = 0.8}};
    figure_bare(f);
    figure_square(f);
    figure_use(f, table);
    figure_heat(f, 1, 2, 3 + map, HEAT_CLASSES, 0.0, 1.0);
    figure_use(f, table + 1);
    for (int class = 0; class < 2; class ++) {
        Pen pen = pens[class], rim = pens[class];
        pen.column = rim.column = 3; // the label
        pen.value = rim.value = class;

        // White below, so that a point is seen on its own class's color, too.
        rim.color = PEN_WHITE;
        rim.size = 1.1;
        figure_pen(f, rim);
        figure_points(f, 1, 2, "");
        figure_pen(f, pen);
        figure_points(f, 1, 2, "");
    }
}
