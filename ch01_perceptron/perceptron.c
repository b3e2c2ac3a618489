// perceptron.c - a neuron that learns from its mistakes (分类器/回归器)
//
// Rosenblatt's rule changes the weights only when the answer is wrong, towards
// the input if it should have fired and away from it if not. If any line
// separates the classes, the rule finds one after finitely many mistakes, at
// most (R / gamma)^2 of them. If none does, as for XOR, it never stops, and its
// weights run in a circle.
//
// Source: C, the perceptron as classifier and regressor; how it learns is in no
// lecture: Rosenblatt 1958 (rule), Novikoff 1962 (bound), Widrow & Hoff 1960
// (delta rule).
// Run: make perceptron && ./perceptron
// Ends with: result: and_mistakes=10 or_mistakes=4 nand_mistakes=11 ...
//
// Contents: 1 the rule  2 learning a gate  3 Novikoff's bound
//           4 the same neuron as a regressor  5 figures  6 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "figure.h"
#include "rng.h"
#include "run.h"

// ---- 1. The rule ------------------------------------------------------------

// The threshold is learned like a weight: b = -theta belongs to an input that
// is always 1.
enum { W1, W2, BIAS, WEIGHTS };

typedef struct {
    double x[WEIGHTS]; // x1, x2, 1
    double target;
} Sample;

static double dot(const double *w, const double *x) {
    return w[W1] * x[W1] + w[W2] * x[W2] + w[BIAS] * x[BIAS];
}

// [Rosenblatt 1958] w <- w + (t - y) x
// Nothing changes if the answer is right; +x or -x is added if it is wrong.
// Returns whether it was wrong. (A learning rate would scale all weights alike,
// and no answer would change: it is 1.)
static bool learn(double *w, const Sample *s) {
    double y = dot(w, s->x) > 0.0 ? 1.0 : 0.0;
    for (int i = 0; i < WEIGHTS; i++)
        w[i] += (s->target - y) * s->x[i];
    return y != s->target;
}

// ---- 2. Learning a gate -----------------------------------------------------

enum { MAX_EPOCHS = 40 };

typedef struct {
    const char *name;
    Sample samples[4];
    double w[MAX_EPOCHS + 1][WEIGHTS]; // w[e]: after e epochs; w[0] = 0
    int epochs;                        // passes until one without a mistake
    int mistakes;
    int cycle; // epochs until the weights came back; 0 if they never did
} Gate;

// outputs: the truth table's column for 00, 01, 10, 11.
static void gate_init(Gate *g, const char *name, const char *outputs) {
    *g = (Gate){.name = name};
    for (int i = 0; i < 4; i++)
        g->samples[i] = (Sample){{i / 2, i % 2, 1}, outputs[i] - '0'};
}

// Rounds without a mistake end it, and so do weights that were there before:
// from there on everything repeats.
static void gate_train(Gate *g) {
    bool wrong = true;
    while (wrong && g->cycle == 0 && g->epochs < MAX_EPOCHS) {
        double *w = g->w[g->epochs + 1];
        memcpy(w, g->w[g->epochs], sizeof g->w[0]);
        wrong = false;
        for (int i = 0; i < 4; i++)
            if (learn(w, &g->samples[i])) {
                wrong = true;
                g->mistakes++;
            }
        g->epochs++;
        for (int e = 0; wrong && e < g->epochs; e++)
            if (memcmp(w, g->w[e], sizeof g->w[0]) == 0)
                g->cycle = g->epochs - e;
    }
}

// ---- 3. Novikoff's bound ----------------------------------------------------

// How far inside its side the worst sample lies, for weights of length 1 that
// point along two angles; negative if one lies outside.
static double margin(const Gate *g, double angle, double height) {
    double w[WEIGHTS] = {cos(angle) * cos(height), sin(angle) * cos(height),
                         sin(height)};
    double worst = (double)INFINITY;
    for (int i = 0; i < 4; i++) {
        double sign = g->samples[i].target > 0.5 ? 1.0 : -1.0;
        worst = fmin(worst, sign * dot(w, g->samples[i].x));
    }
    return worst;
}

// [Novikoff 1962] mistakes <= (R / gamma)^2
// R is the longest input, gamma the margin of the best separator: a search over
// all directions, made finer ten times around the best so far. Infinite if no
// direction separates.
static double novikoff(const Gate *g) {
    enum { STEPS = 60 };
    double angle = 0.0, height = 0.0, span = 3.15, gamma = -(double)INFINITY,
           R2 = 0.0;
    for (int i = 0; i < 4; i++)
        R2 = fmax(R2, dot(g->samples[i].x, g->samples[i].x));
    for (int round = 0; round < 10; round++, span *= 0.2) {
        double a0 = angle, h0 = height;
        for (int i = -STEPS; i <= STEPS; i++)
            for (int j = -STEPS; j <= STEPS; j++) {
                double a = a0 + span * i / STEPS, h = h0 + span * j / STEPS;
                double m = margin(g, a, h);
                if (m > gamma)
                    gamma = m, angle = a, height = h;
            }
    }
    return gamma > 1e-9 ? R2 / (gamma * gamma) : (double)INFINITY;
}

static void report(const Gate *g) {
    const double *w = g->w[g->epochs];
    printf("  %-5s %7d %9d ", g->name, g->epochs, g->mistakes);
    if (g->cycle > 0)
        printf("%9s   never: the weights repeat every %d samples\n", "none",
               4 * g->cycle);
    else
        printf("%9.0f   %+.0f x1 %+.0f x2 %+.0f > 0\n", novikoff(g), w[W1],
               w[W2], w[BIAS]);
}

// ---- 4. The same neuron as a regressor --------------------------------------

// Without the step the neuron's output is the sum itself, and the rule becomes
// the delta rule of Widrow & Hoff, gradient descent on (t - y)^2 / 2, one
// sample at a time.
// [Widrow 1960] w <- w + lr (t - w x) x
static void regress(double *w, bool quiet, Rng *rng) {
    const double truth[WEIGHTS] = {2.0, -1.0, 0.5}, lr = 0.1;
    memset(w, 0, WEIGHTS * sizeof *w);
    if (!quiet)
        printf("\nThe same neuron without its step learns t = 2 x1 - x2 + 0.5 "
               "+ noise:\n\n   samples      w1      w2       b\n");
    for (int n = 1; n <= 1000; n++) {
        double x[WEIGHTS] = {(double)rng_uniform(rng), (double)rng_uniform(rng),
                             1.0};
        double t = dot(truth, x) + 0.05 * (double)rng_normal(rng);
        double error = t - dot(w, x);
        for (int i = 0; i < WEIGHTS; i++)
            w[i] += lr * error * x[i];
        if (!quiet && (n == 1 || n == 10 || n == 100 || n == 1000))
            printf("  %8d  %6.3f  %6.3f  %6.3f\n", n, w[W1], w[W2], w[BIAS]);
    }
}

// ---- 5. Figures -------------------------------------------------------------

enum { LEFT, RIGHT, ACROSS = 80 };         // a line has points 0 .. ACROSS
static const double edge[2] = {-0.5, 1.5}; // of a panel, both ways

// x2 where w1 x1 + w2 x2 + b = 0. An upright line is drawn as a very steep one.
static double height(const double *w, double x1) {
    return (-w[BIAS] - w[W1] * x1) / (w[W2] != 0.0 ? w[W2] : 1e-6);
}

// The plane of the inputs, from edge to edge.
static void plane(Figure *f) {
    figure_x(f, "x₁");
    figure_y(f, "x₂");
    figure_square(f);
    for (const char *axis = "xy"; *axis != '\0'; axis++) {
        figure_range(f, *axis, edge[LEFT], edge[RIGHT]);
        figure_step(f, *axis, 1.0);
    }
}

// A panel: the line after each epoch, pale; the last one strong, and the side
// of it that fires shaded.
static void draw_gate(Figure *f, const Gate *g) {
    const double *last = g->w[g->epochs];
    const double end = edge[last[W2] >= 0.0 ? RIGHT : LEFT]; // fires up to here
    figure_panel(f, "%s: %d mistakes", g->name, g->mistakes);
    plane(f);

    figure_table(f, "x1,line,epoch,fires up to");
    for (int e = 1; e <= g->epochs; e++) {
        for (int i = 0; i <= ACROSS; i++) {
            double x1 = edge[LEFT] + (edge[RIGHT] - edge[LEFT]) * i / ACROSS;
            figure_row(f, x1, height(g->w[e], x1), e, end);
        }
        if (e < g->epochs)
            figure_gap(f);
    }
    figure_pen(f, (Pen){.column = 3, .value = g->epochs});
    figure_band(f, 1, 2, 4, "");
    figure_pen(f, (Pen){.color = PEN_GRAY, .width = 1.0});
    figure_lines(f, 1, 2, "");
    figure_pen(f, (Pen){.width = 3.0, .column = 3, .value = g->epochs});
    figure_lines(f, 1, 2, "");

    figure_table(f, "x1,x2,y");
    for (int i = 0; i < 4; i++) {
        const Sample *s = &g->samples[i];
        figure_row(f, s->x[W1], s->x[W2], s->target);
        if (dot(last, s->x) == 0.0)
            figure_note(f, s->x[W1] - 0.09, s->x[W2], 'r', "sum = 0");
    }
    figure_answers(f, 1, 2, 3);
}

// A frame of the film: the line now, and the sample that moved it.
static void draw_frame(Figure *f, const Gate *g, const double *w,
                       const Sample *wrong) {
    plane(f);
    figure_table(f, "x1,line,fires up to");
    for (int i = 0; i <= ACROSS; i++) {
        double x1 = edge[LEFT] + (edge[RIGHT] - edge[LEFT]) * i / ACROSS;
        figure_row(f, x1, height(w, x1), edge[w[W2] >= 0.0 ? RIGHT : LEFT]);
    }
    figure_band(f, 1, 2, 3, "");
    figure_pen(f, (Pen){.color = PEN_BLUE, .width = 3.0});
    figure_lines(f, 1, 2, "");

    figure_table(f, "x1,x2,y");
    for (int i = 0; i < 4; i++)
        figure_row(f, g->samples[i].x[W1], g->samples[i].x[W2],
                   g->samples[i].target);
    figure_answers(f, 1, 2, 3);
    figure_table(f, "x1,x2");
    figure_row(f, wrong->x[W1], wrong->x[W2]);
    figure_pen(f, (Pen){.color = PEN_VERMILION,
                        .point = POINT_RING,
                        .size = 2.6,
                        .width = 3.0});
    figure_points(f, 1, 2, "");
}

// Learning once more from the start, a frame for each mistake.
static void draw_film(const Gate *g, const char *format) {
    double w[WEIGHTS] = {0};
    int mistakes = 0;
    Figure f;
    if (!figure_open(&f, "ch01", "perceptron_film", format))
        return;
    figure_title(&f, "%s in %d mistakes: each one moves the line", g->name,
                 g->mistakes);
    figure_caption(&f, "The line just after the ringed input was "
                       "misclassified; the shaded side gives 1.");
    figure_film(&f, 6);
    for (int n = 0; n < 4 * g->epochs; n++) {
        const Sample *s = &g->samples[n % 4];
        if (learn(w, s)) {
            figure_panel(&f, "Mistake %d", ++mistakes);
            draw_frame(&f, g, w, s);
        }
    }
    figure_close(&f);
}

static void draw_gates(const Gate *gates, int count, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch01", "perceptron_lines", format))
        return;
    figure_title(&f, "Each mistake moves the line, until all four points are "
                     "right");
    figure_caption(&f, "The line after each epoch, the last one thick; inputs "
                       "beyond it, on the shaded side, give 1, and a point on "
                       "the line itself gives 0.");
    figure_grid(&f, count);
    figure_share(&f);
    for (int i = 0; i < count; i++)
        draw_gate(&f, &gates[i]);
    figure_close(&f);
}

// XOR's weights, sample by sample, for six cycles.
static void draw_cycle(const Gate *g, const char *format) {
    static const char *const names[] = {"w₁", "w₂", "b"};
    Figure f;
    double w[WEIGHTS] = {0};
    if (!figure_open(&f, "ch01", "perceptron_xor", format))
        return;
    figure_title(&f,
                 "XOR: every %d samples the weights are back where they "
                 "were",
                 4 * g->cycle);
    figure_caption(&f, "The three weights after each sample; each tick below "
                       "is the end of an epoch.");
    figure_grid(&f, 1);
    figure_share(&f);
    figure_table(&f, "step,w1,w2,b");
    for (int step = 0; step <= 24 * g->cycle; step++) {
        figure_row(&f, step, w[W1], w[W2], w[BIAS]);
        learn(w, &g->samples[step % 4]);
    }
    for (int i = 0; i < WEIGHTS; i++) {
        figure_panel(&f, "%s", names[i]);
        figure_panel_size(&f, 560, 90);
        figure_x(&f, "samples seen");
        figure_step(&f, 'x', 4);
        figure_range(&f, 'y', -2.2, 2.2);
        figure_pen(&f, (Pen){.color = PEN_BLUE});
        figure_steps(&f, 1, 2 + i, "");
    }
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    CommonOptions o = {.seed = 1};
    cli_parse(&o, "perceptron",
              "Rosenblatt's learning rule on AND, OR, NAND and XOR, with the "
              "number of mistakes beside Novikoff's bound.",
              NULL, 0, argc, argv);
    Gate gates[4];
    gate_init(&gates[0], "AND", "0001");
    gate_init(&gates[1], "OR", "0111");
    gate_init(&gates[2], "NAND", "1110");
    gate_init(&gates[3], "XOR", "0110");
    for (int i = 0; i < 4; i++)
        gate_train(&gates[i]);
    if (!o.quiet) {
        printf("  gate   epochs  mistakes    bound   learned\n");
        for (int i = 0; i < 4; i++)
            report(&gates[i]);
        printf("\nThe bound is Novikoff's, (R / gamma)^2: no run makes more "
               "mistakes.\n");
    }
    double w[WEIGHTS];
    Rng rng;
    rng_seed(&rng, o.seed);
    regress(w, o.quiet, &rng);
    draw_gates(gates, 3, o.plot); // XOR never gets its line
    draw_film(&gates[2], o.plot);
    draw_cycle(&gates[3], o.plot);
    run_result("and_mistakes=%d or_mistakes=%d nand_mistakes=%d "
               "xor_cycle=%d w1=%.2f w2=%.2f b=%.2f",
               gates[0].mistakes, gates[1].mistakes, gates[2].mistakes,
               gates[3].cycle, w[W1], w[W2], w[BIAS]);
    return run_end();
}
