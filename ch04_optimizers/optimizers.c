// optimizers.c - eight ways to walk downhill (优化算法)
//
// All of them know the slope where they stand, and nothing else. They differ in
// what they remember: momentum (动量法) its own speed, AdaGrad and its children
// how steep each direction has been, Adam both. Here each walks on four small
// surfaces of two weights, with the learning rate that suits it best there.
//
// Source: A Table 3.1, all but Adam; B, SGD, momentum, RMSProp and Adam; AdamW:
// Loshchilov & Hutter 2019. The updates are in common/optim.c, one function
// each; where a lecture prints another form, see printed_updates.
// Run: make optimizers && ./optimizers
// Ends with: result: bowl_sgd=.. bowl_momentum=.. bowl_nesterov=.. bowl_adam=..
//
// Contents: 1 a walk  2 the best learning rate  3 table  4 charts  5 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "optim.h"
#include "run.h"
#include "surfaces.h"

// ---- 1. A walk --------------------------------------------------------------

enum { MOST_STEPS = 3000, STARTS = 5, STAY = 10 };
static const double FLOWN_OFF = 1e6; // a walk as high as this is given up

typedef struct {
    int steps;     // until it was there, to stay; 0 if it never was
    double height; // above the lowest point: the most in the last STAY steps
    int count;     // points of the path, start and end included
    float path[MOST_STEPS + 1][2];
} Walk;

static double height_at(const Surface *s, const float w[2]) {
    return s->value((double)w[0], (double)w[1]) - s->lowest;
}

// Goes on until the height above the surface's lowest point has been below
// tolerance for STAY steps (to rush through it does not count), or the steps
// are used up, or the walk has flown off.
static void walk(Walk *walk, const Surface *s, const float start[2],
                 OptimizerKind kind, float lr, int most, double tolerance) {
    float values[2] = {start[0], start[1]}, gradients[2];
    Tensor w = tensor_view(values, 1, 2), g = tensor_view(gradients, 1, 2);
    Optimizer optimizer;
    optimizer_init(&optimizer, kind, lr);
    double height = 0.0;
    int below = 0; // steps in a row
    walk->count = 0;
    while (walk->count <= most && below < STAY && height < FLOWN_OFF) {
        walk->path[walk->count][0] = values[0];
        walk->path[walk->count++][1] = values[1];
        height = height_at(s, values);
        below = height < tolerance ? below + 1 : 0;
        double slope[2];
        optimizer_look_ahead(&optimizer, &w); // moves for Nesterov only
        s->gradient((double)values[0], (double)values[1], slope);
        gradients[0] = (float)slope[0];
        gradients[1] = (float)slope[1];
        optimizer_step(&optimizer, &w, &g);
    }
    walk->steps = below == STAY ? walk->count - STAY : 0;
    walk->height = height;
    for (int i = 1; i <= STAY && i <= walk->count; i++)
        walk->height =
            fmax(walk->height, height_at(s, walk->path[walk->count - i]));
    optimizer_free(&optimizer);
}

// ---- 2. The best learning rate ----------------------------------------------

// How one optimizer does on one surface.
typedef struct {
    float lr;
    bool edge;     // the best rate is the first or the last one tried
    int there;     // of STARTS walks, how many got there
    double steps;  // on average, those that did not counted as the most
    double height; // and where they ended
    Walk walk;     // the one from the surface's own start
} Trial;

// Walks from the surface's start and from a ring of four around it: what works
// from one start only is luck.
static void try_rate(Trial *t, const Surface *s, OptimizerKind kind, float lr,
                     int most, double tolerance) {
    Walk other;
    *t = (Trial){.lr = lr};
    for (int i = 0; i < STARTS; i++) {
        double angle = 1.57 * i + 0.4, radius = i > 0 ? 0.15 : 0.0;
        float start[2] = {(float)(s->start[0] + radius * cos(angle)),
                          (float)(s->start[1] + radius * sin(angle))};
        Walk *w = i == 0 ? &t->walk : &other;
        walk(w, s, start, kind, lr, most, tolerance);
        t->there += w->steps > 0;
        t->height += w->height / STARTS;
        t->steps += (double)(w->steps > 0 ? w->steps : most) / STARTS;
    }
}

// Quicker on average; where both are too slow, lower at the end.
static bool better(const Trial *a, const Trial *b) {
    return a->steps < b->steps ||
           (a->steps == b->steps && a->height < b->height);
}

// Tries 10 rates per power of ten, from 0.0001 to 1000.
enum { RATES = 71 };
static void best_rate(Trial *best, const Surface *s, OptimizerKind kind,
                      int most, double tolerance) {
    static Trial trial; // too large for some stacks
    for (int i = 0; i < RATES; i++) {
        float lr = (float)(1e-4 * pow(10.0, i / 10.0));
        try_rate(&trial, s, kind, lr, most, tolerance);
        trial.edge = i == 0 || i == RATES - 1;
        if (i == 0 || better(&trial, best))
            *best = trial;
    }
}

// ---- 3. The table -----------------------------------------------------------

static void print_cell(const Trial *t) {
    char cell[32];
    const char *mark = t->edge ? "*" : "";
    if (t->there == STARTS)
        snprintf(cell, sizeof cell, "%.0f (%.3g)%s", t->steps, (double)t->lr,
                 mark);
    else
        snprintf(cell, sizeof cell, "%d/%d (%.3g)%s", t->there, STARTS,
                 (double)t->lr, mark);
    printf("%17s", cell);
}

// A best rate is worth nothing at the end of the range, and little where it is
// as long as the whole way.
static void print_remarks(Trial trials[SURFACES][OPTIMIZER_KINDS]) {
    int edges = 0;
    for (int s = 0; s < SURFACES; s++)
        for (int k = 0; k < OPTIMIZER_KINDS; k++)
            edges += trials[s][k].edge;
    if (edges > 0)
        printf("* The best rate is the first or the last one tried: one "
               "outside the range\nmay be better.\n\n");

    const Trial *bowl = &trials[BOWL][ADAGRAD];
    if (bowl->there == STARTS && bowl->lr > 10.0f)
        printf("AdaGrad's first step is as long as its rate, whatever the "
               "slope. On the bowl\n%.3g is no rate to copy: the first step "
               "leads so far out that the gradient is\nabout %.3g times the "
               "curvature; divided by that, every later step is nearly\n"
               "Newton's. At larger rates the loss exceeds %g, and the walk is "
               "given up.\nRMSProp leaps likewise; AdamW's weight decay pulls "
               "to (0, 0), here the minimum.\n\n",
               (double)bowl->lr, (double)bowl->lr, FLOWN_OFF);

    const Trial *hollows = &trials[HOLLOWS][ADAGRAD];
    if (hollows->there == STARTS && hollows->lr > 2.0f &&
        trials[HOLLOWS][MOMENTUM].there == STARTS)
        printf("Among the hollows %.3g is about the distance to the deepest "
               "one: AdaGrad leaps\nover the others, momentum rolls through "
               "them.\n\n",
               (double)hollows->lr);
}

static void print_table(Trial trials[SURFACES][OPTIMIZER_KINDS],
                        double tolerance) {
    printf("Steps until the loss stays within %g of the least: the mean of %d "
           "starts, at\nthe best of %d learning rates from 0.0001 to 1000 (in "
           "brackets). 2/5: two starts\narrived, the others ended in another "
           "hollow or were too slow.\n\n  %-9s",
           tolerance, STARTS, RATES, "");
    for (int s = 0; s < SURFACES; s++)
        printf("%17s", surface((SurfaceKind)s)->name);
    printf("\n");
    for (int k = 0; k < OPTIMIZER_KINDS; k++) {
        printf("  %-9s", optimizer_name((OptimizerKind)k));
        for (int s = 0; s < SURFACES; s++)
            print_cell(&trials[s][k]);
        printf("\n");
    }
    printf("\n");
    print_remarks(trials);
}

// ---- 4. Charts --------------------------------------------------------------

// A panel for each optimizer: its path on the surface, of at most `shown` steps.
static void draw(const Trial trials[OPTIMIZER_KINDS], const Surface *s,
                 const char *format) {
    enum { SHOWN = 300 };
    Figure f;
    char name[64];
    snprintf(name, sizeof name, "optimizers_%s", s->name);
    if (!figure_open(&f, "ch04", name, format))
        return;
    figure_title(&f, "Eight optimizers on %s, each at its best learning rate",
                 s->text);
    figure_caption(&f,
                   "Darker is higher. A path that does not reach the "
                   "minimum is shown for its first %d steps.",
                   SHOWN);
    figure_grid(&f, 4);
    figure_share(&f);
    SurfaceMap map = surface_map(&f, surface_height, s, s->range);
    for (int k = 0; k < OPTIMIZER_KINDS; k++) {
        const Walk *w = &trials[k].walk;
        const char *optimizer = optimizer_name((OptimizerKind)k);
        double lr = (double)trials[k].lr;
        if (w->steps > 0)
            figure_panel(&f, "%s, η = %.3g: %d steps", optimizer, lr, w->steps);
        else
            figure_panel(&f, "%s, η = %.3g: not reached", optimizer, lr);
        figure_x(&f, "x");
        figure_y(&f, "y");
        surface_show(&f, &map);
        figure_table(&f, "x,y");
        for (int i = 0; i < w->count && (w->steps > 0 || i < SHOWN); i++)
            figure_row(&f, w->path[i][0], w->path[i][1]);
        surface_path(&f, 0.3);
    }
    figure_close(&f);
}

// Four of them on one surface: a frame of the film for every fourth step.
static void draw_film(const Trial trials[OPTIMIZER_KINDS], const Surface *s,
                      const char *format) {
    enum { FRAMES = 31, APART = 4 };
    static const OptimizerKind shown[] = {SGD, MOMENTUM, NESTEROV, ADAM};
    Figure f;
    if (!figure_open(&f, "ch04", "optimizers_film", format))
        return;
    figure_title(&f, "From one start on %s: momentum overshoots, SGD creeps",
                 s->text);
    figure_caption(&f, "Each optimizer at its best learning rate; the dot is "
                       "its position after that step.");
    figure_film(&f, 6);
    SurfaceMap map = surface_map(&f, surface_height, s, s->range);
    for (int frame = 0; frame < FRAMES; frame++) {
        figure_panel(&f, "Step %d", frame * APART);
        figure_x(&f, "x");
        figure_y(&f, "y");
        surface_show(&f, &map);
        for (int k = 0; k < 4; k++) {
            const Walk *w = &trials[shown[k]].walk;
            int last =
                w->count - 1 < frame * APART ? w->count - 1 : frame * APART;

            // from where it stands back to the start
            figure_table(&f, "x,y");
            for (int i = last; i >= 0; i--)
                figure_row(&f, w->path[i][0], w->path[i][1]);
            Pen pen = {.color = (PenColor)(k + PEN_BLUE), .solid = true};
            figure_pen(&f, (Pen){.color = PEN_WHITE, .width = 3.5});
            figure_lines(&f, 1, 2, "");
            figure_pen(&f, pen);
            figure_lines(&f, 1, 2, "%s", optimizer_name(shown[k]));
            pen.first = true;
            pen.point = POINT_DOT;
            figure_pen(&f, pen);
            figure_points(&f, 1, 2, "");
        }
    }
    figure_legend(&f);
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {0};
    int most = 2000;
    float tolerance = 1e-4f;
    const Option table[] = {
        option_int("steps", &most, 1, MOST_STEPS, "the most steps of a walk"),
        option_float("tolerance", &tolerance, 1e-7, 1.0,
                     "how near to the lowest point is there"),
    };
    cli_parse(
        &o, "optimizers",
        "Eight optimizers walk over a bowl, a bent valley, a saddle and a "
        "valley with hollows: how many steps, and by which way?",
        table, sizeof table / sizeof *table, argc, argv);
    static Trial trials[SURFACES][OPTIMIZER_KINDS]; // a megabyte
    for (int s = 0; s < SURFACES; s++)
        for (int k = 0; k < OPTIMIZER_KINDS; k++)
            best_rate(&trials[s][k], surface((SurfaceKind)s), (OptimizerKind)k,
                      most, (double)tolerance);
    if (!o.quiet)
        print_table(trials, (double)tolerance);
    for (int s = 0; s < SURFACES; s++)
        draw(trials[s], surface((SurfaceKind)s), o.plot);
    draw_film(trials[BOWL], surface(BOWL), o.plot);
    run_result("bowl_sgd=%.1f bowl_momentum=%.1f bowl_nesterov=%.1f "
               "bowl_adam=%.1f",
               trials[BOWL][SGD].steps, trials[BOWL][MOMENTUM].steps,
               trials[BOWL][NESTEROV].steps, trials[BOWL][ADAM].steps);
    return run_end();
}
