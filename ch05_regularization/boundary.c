// boundary.c - what memorizing looks like (过拟合 overfitting)
//
// One label in twenty of the training points is wrong. A net that is large
// enough gets even these right: it bends its class boundary around single
// points. New points nearby get a wrong answer, and a sure one: the validation
// loss rises. L2 and dropout (丢弃法), from the same first weights, leave some
// training points wrong and keep the boundary smoother. L2 does more for the
// loss: small weights also keep a net from being very sure. The error rate on
// new points gains little: 17 % of them are wrong with neither, 15 % with either.
//
// Source: B, overfitting, L2 and dropout; Srivastava et al. 2014 (see dropout)
// Run: make boundary && ./boundary
// Ends with: result: none_train=0.00.. none_validation=2.72.. ...
//
// Try: --hidden 4 (too small to memorize); --lambda 0.03 or --p 0.9 (too much:
//      the moons are lost); --epochs 100 (before anything is memorized).
//
// Contents: 1 model  2 training  3 table  4 figures  5 main

#include <stdio.h>

#include "blas.h"
#include "cli.h"
#include "layers.h"
#include "loss.h"
#include "optim.h"
#include "plane.h"
#include "progress.h"
#include "run.h"

// ---- 1. Model ---------------------------------------------------------------

enum { LAST = 2 }; // the last layer of weights; a hidden layer after the others

// x [N, 2] -> linear -> ReLU -> dropout -> the same again -> linear -> logits
// [N, 1], in training. In use nothing is dropped: that is relu_net_forward.
static void net_forward(ReluNet *net, Tensor *mask, float p, const Tensor *x,
                        Rng *rng) {
    for (int l = 0; l < LAST; l++) {
        // [B dropout] h = mask * relu(x w^T + b) / (1 - p)
        Tensor *h = &net->hidden[l];
        linear_forward(h, x, &net->w[l], &net->b[l]);
        relu_forward(h, h);
        dropout_forward(h, &mask[l], h, p, rng);
        x = h;
    }
    linear_forward(&net->logits, x, &net->w[LAST], &net->b[LAST]);
}

// dlogits -> all gradients; a dropped unit passes none on.
static void net_backward(ReluNet *net, const Tensor *mask, const Tensor *x) {
    const Tensor *dy = &net->dlogits;
    for (int l = LAST; l > 0; l--) {
        Tensor *h = &net->hidden[l - 1], *dh = &net->dhidden[l - 1];
        linear_backward(dh, &net->dw[l], &net->db[l], dy, h, &net->w[l]);
        dropout_backward(dh, dh, &mask[l - 1]);
        relu_backward(dh, dh, h);
        dy = dh;
    }
    linear_backward(NULL, &net->dw[0], &net->db[0], dy, x, &net->w[0]);
}

// [B L2 regularization] L += lambda sum of w^2,  so dw += 2 lambda w
static void add_l2_gradient(ReluNet *net, float lambda) {
    for (int l = 0; l <= LAST; l++)
        saxpy((int)net->w[l].size, 2.0f * lambda, net->w[l].data,
              net->dw[l].data);
}

// ---- 2. Training ------------------------------------------------------------

enum { TRAIN = 60, VALIDATION = 1000, MAX_RUNS = 20, FRAMES = 20 };
enum { NONE, L2, DROPOUT, NETS };
static const char *const net_name[NETS] = {"neither", "L2", "dropout"};
static const char *const net_title[NETS] = {"No regularization", "L2",
                                            "Dropout"};

typedef struct {
    CommonOptions common;
    int epochs, hidden, runs;
    float lr, lambda, p;
} Options;

// What is drawn: the points that three nets learn, and the answers of each.
typedef struct {
    PlanePoints points;
    int epoch[FRAMES]; // that each frame shows
    PlaneMap map[NETS][FRAMES];
} Film;

static void train(ReluNet *net, int kind, Film *film, const Options *o,
                  Rng *rng) {
    const PlanePoints *p = &film->points;
    Tensor mask[LAST] = {0};
    Progress progress;
    Optimizer adam;
    int frame = 0;
    relu_net_init(net, 4, (int[]){2, o->hidden, o->hidden, 1}, rng);
    progress_init(&progress, o->epochs, 1, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);

        // Forward: all points at once, [N, 2] -> logits [N, 1] -> mean loss.
        net_forward(net, mask, kind == DROPOUT ? o->p : 0.0f, &p->x, rng);
        float loss = sigmoid_cross_entropy(&net->dlogits, &net->logits, &p->t);

        // Backward: through the net; L2 adds the gradient of its penalty.
        net_backward(net, mask, &p->x);
        if (kind == L2)
            add_l2_gradient(net, o->lambda);

        // Step, and a look at the whole plane if a frame shows this epoch.
        optimizer_step(&adam, &net->params.value, &net->params.grad);
        while (frame < FRAMES && film->epoch[frame] == epoch)
            plane_look(&film->map[kind][frame++], net);
        progress_batch(&progress, loss);
    }
    progress_mean_loss(&progress); // wipes the bar
    optimizer_free(&adam);
    for (int l = 0; l < LAST; l++)
        tensor_free(&mask[l]);
}

// The same points and first weights, three ways to train.
static void run(PlaneScore *s, Film *film, uint64_t seed, const Options *o) {
    PlanePoints fresh = {0};
    Rng rng;
    rng_seed(&rng, seed);
    plane_moons(&film->points, TRAIN, &rng);
    plane_moons(&fresh, VALIDATION, &rng);

    // Frames from the first epoch to the last; the early ones lie closer.
    for (int k = 0, last = FRAMES - 1; k <= last; k++)
        film->epoch[k] = 1 + (o->epochs - 1) * k * k / (last * last);

    for (int kind = 0; kind < NETS; kind++) {
        ReluNet net;
        Rng copy = rng;
        train(&net, kind, film, o, &copy);
        s[kind] = plane_score(&net, &film->points, &fresh);
        relu_net_free(&net);
    }
    plane_points_free(&fresh);
}

// ---- 3. Table ---------------------------------------------------------------

static void print_table(const PlaneScore s[NETS], int runs) {
    printf("%d training points, one label in %d wrong; medians of %d runs\n\n"
           "                    training             validation    boundary\n"
           "               loss    error          loss    error      length\n",
           TRAIN, PLANE_WRONG, runs);
    for (int kind = 0; kind < NETS; kind++)
        printf("  %-8s %8.3f %6.1f %% %13.3f %6.1f %% %11.1f\n", net_name[kind],
               s[kind].train_loss, s[kind].train_error, s[kind].loss,
               s[kind].error, s[kind].length);
    printf(
        "\nWith neither, the training error is %.1f %%; %.1f %% of the labels "
        "are wrong.\n",
        s[NONE].train_error, 100.0 / PLANE_WRONG);
    for (int kind = L2; kind < NETS; kind++)
        printf("%s %s the validation loss and the length of the boundary.\n",
               kind == L2 ? "L2" : "Dropout",
               plane_smoother(&s[kind], s) ? "lowers" : "does not lower both");
    printf("\n");
}

// ---- 4. Figures -------------------------------------------------------------

// Words and tables of both; the title claims only what the drawn run shows.
static void tell(Figure *f, const Film *film, int first, const PlaneScore *s) {
    if (s[NONE].train_error < 100.0 / PLANE_WRONG &&
        plane_smoother(&s[L2], s) && plane_smoother(&s[DROPOUT], s))
        figure_title(f, "Memorizing bends the boundary around single points; "
                        "L2 and dropout smooth it");
    else
        figure_title(f, "The class boundaries of three nets");
    figure_caption(f,
                   "%d training points, 1 label in %d wrong, over the classes "
                   "that each net predicts.",
                   TRAIN, PLANE_WRONG);
    for (int kind = 0; kind < NETS; kind++)
        plane_tables(f, &film->map[kind][first], &film->epoch[first],
                     FRAMES - first, &film->points, PLANE_APART * kind);
}

// A panel for each net, at the end of its training.
static void draw(Film *film, const PlaneScore *s, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "boundary", format))
        return;
    tell(&f, film, FRAMES - 1, s);
    figure_grid(&f, NETS);
    for (int kind = 0; kind < NETS; kind++) {
        figure_panel(&f, "%s: validation error %.1f %%", net_title[kind],
                     s[kind].error);
        plane_show(&f, 2 * kind, 0);
    }
    figure_close(&f);
}

// A panel for each frame, the nets side by side in it.
static void draw_film(Film *film, const PlaneScore *s, const char *format) {
    Figure f;
    if (!figure_open(&f, "ch05", "boundary_film", format))
        return;
    tell(&f, film, 0, s);
    figure_film(&f, 4);
    figure_grid(&f, 1);
    for (int k = 0; k < FRAMES; k++) {
        figure_panel(&f, "Epoch %d", film->epoch[k]);
        figure_panel_size(&f, 690, 190);
        figure_range(&f, 'y', NAN, 2.5); // the names stand above the maps
        for (int kind = 0; kind < NETS; kind++) {
            plane_show(&f, 2 * kind, k);
            figure_note(&f, PLANE_APART * kind, 2.1, 'c', "%s",
                        net_title[kind]);
        }
    }
    figure_close(&f);
}

// ---- 5. Main ----------------------------------------------------------------

int main(int argc, char **argv) {
    // one thread: the nets are too small for a second one to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 1000,
                 .hidden = 32,
                 .runs = 5,
                 .lr = 0.005f,
                 .lambda = 0.003f,
                 .p = 0.5f};
    const Option table[] = {
        option_int("epochs", &o.epochs, 1, 100000, "passes over the points"),
        option_float("lr", &o.lr, 1e-9, 10.0, "Adam's learning rate"),
        option_int("hidden", &o.hidden, 1, 256, "units of each hidden layer"),
        option_float("lambda", &o.lambda, 0.0, 10.0, "strength of L2"),
        option_float("p", &o.p, 0.0, 0.95, "probability of dropping a unit"),
        option_int("runs", &o.runs, 1, MAX_RUNS, "runs to take the median of"),
    };
    cli_parse(&o.common, "boundary",
              "Three nets memorize points of the plane, or not: with neither "
              "L2 nor dropout, with L2, with dropout.",
              table, sizeof table / sizeof *table, argc, argv);

    static Film film; // 300 kB
    PlaneScore runs[MAX_RUNS][NETS], s[NETS];
    for (int i = o.runs - 1; i >= 0; i--) // the first seed last: it is drawn
        run(runs[i], &film, o.common.seed + (uint64_t)i, &o);
    for (int kind = 0; kind < NETS; kind++)
        s[kind] = plane_median(&runs[0][kind], o.runs, NETS);

    if (!o.common.quiet && !stop_requested())
        print_table(s, o.runs);
    draw(&film, runs[0], o.common.plot);
    draw_film(&film, runs[0], o.common.plot);
    run_result("none_train=%.3f none_validation=%.3f l2_validation=%.3f "
               "dropout_validation=%.3f seed=%llu",
               s[NONE].train_loss, s[NONE].loss, s[L2].loss, s[DROPOUT].loss,
               (unsigned long long)o.common.seed);
    plane_points_free(&film.points);
    return run_end();
}
