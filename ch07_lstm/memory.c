// memory.c - how long can a net remember? (远期依赖 long-range dependence; in D
// 长期依赖)
//
// A sequence begins with one of four symbols, noise follows, and after the last
// step the net has to name the first symbol. In a plain RNN each step backward
// multiplies the gradient by the same weights and by slopes: it vanishes as in
// chapter 3's deep nets, and what was a few dozen steps ago is never learned. A
// gate that stays open lets state and gradient through nearly unchanged.
//
// Will it stay open, though? Drawn around 0, a gate is half open, and half to
// the power of a hundred is nothing. So the bias of the gate that keeps the
// state begins at --keep: sigmoid(5) = 0.993. Each cell is tried with it and
// without.
//
// The lectures: C says that an RNN is bad at long-range dependence, D that it
// captures it; both say that an LSTM solves the vanishing gradient. The last
// lines before the result say what this program measures.
//
// Source: C, D, long-range dependence; Hochreiter & Schmidhuber 1997; Gers et
// al. 2000 and Tallec & Ollivier 2018 (the bias).
// Run: make memory && ./memory
// Ends with: result: rnn=10 lstm=300 gru=300 lstm_bias_0=10 gru_bias_0=20 ...
//
// Contents: 1 task  2 net  3 training  4 gradients  5 table  6 figures  7 main

#include <math.h>
#include <stdio.h>

#include "cli.h"
#include "figure.h"
#include "loss.h"
#include "metrics.h"
#include "optim.h"
#include "progress.h"
#include "recurrent_net.h"
#include "run.h"

// ---- 1. The task ------------------------------------------------------------

enum { SYMBOLS = 4, D = 8 }; // to remember; with the four of the noise

// N sequences of T steps, one-hot, x [T, N, D]: the first step of each is one
// of the first four symbols, its label, and all others are of the other four.
static void draw_sequences(Tensor *x, int *labels, int T, int N, Rng *rng) {
    tensor_resize(x, 3, T, N, D);
    tensor_fill(x, 0.0f);
    for (int row = 0; row < T * N; row++) { // row = t N + n
        int symbol = rng_below(rng, SYMBOLS);
        if (row < N)
            labels[row] = symbol;
        else
            symbol += SYMBOLS;
        x->data[row * D + symbol] = 1.0f;
    }
}

// ---- 2. The net -------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, hidden, longest;
    float lr, keep, clip;
} Options;

typedef struct {
    const char *name;
    CellKind kind;
    bool keeps; // begins with the bias --keep
} Variant;

enum { PLAIN_RNN, OPEN_LSTM, OPEN_GRU, PLAIN_LSTM, PLAIN_GRU, VARIANTS };
static const Variant variants[VARIANTS] = {{"RNN", RNN, false},
                                           {"LSTM", LSTM, true},
                                           {"GRU", GRU, true},
                                           {"LSTM (bias 0)", LSTM, false},
                                           {"GRU (bias 0)", GRU, false}};

// [Tallec 2018] f = z = sigmoid(keep), i = 1 - f, at the start
// So c_t = f c_{t-1} + i g and h_t = (1 - z) n + z h_{t-1} lose little, and let
// little in.
static void net_init(RecurrentNet *net, const Variant *v, const Options *o,
                     Rng *rng) {
    const int H = o->hidden;
    recurrent_net_init(net, v->kind, D, H, SYMBOLS, rng);
    for (int j = 0; j < H && v->keeps; j++) {
        net->cell_w.bx.data[H + j] += o->keep; // f of i f g o, z of r z n
        if (v->kind == LSTM)
            net->cell_w.bx.data[j] -= o->keep; // i; a GRU's is 1 - z anyway
    }
}

// ---- 3. Training ------------------------------------------------------------

enum { BATCH = 32, BATCHES = 100, TESTED = 500, LENGTHS = 5 };
static const int lengths[LENGTHS] = {10, 20, 30, 100, 300};

static double evaluate(RecurrentNet *net, int T, Rng *rng) {
    Confusion confusion = {.classes = SYMBOLS};
    Tensor x = {0};
    int labels[TESTED];
    draw_sequences(&x, labels, T, TESTED, rng);
    recurrent_net_forward(net, &x, LAST_STATE);
    confusion_add(&confusion, &net->logits, labels);
    tensor_free(&x);
    return finished(confusion_accuracy(&confusion));
}

// Trains on sequences of T steps, each batch fresh; returns the accuracy.
static double train(const Variant *v, int T, const Options *o) {
    Rng rng;
    RecurrentNet net;
    Tensor x = {0};
    int labels[BATCH];
    Progress progress;
    Optimizer adam;
    rng_seed(&rng, o->common.seed);
    net_init(&net, v, o, &rng);
    progress_init(&progress, o->epochs, BATCHES, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);

    for (int epoch = 1; epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        for (int i = 0; i < BATCHES && !stop_requested(); i++) {
            draw_sequences(&x, labels, T, BATCH, &rng);
            recurrent_net_forward(&net, &x, LAST_STATE);
            float loss =
                softmax_cross_entropy(&net.dlogits, &net.logits, labels);
            recurrent_net_backward(&net, &x);
            params_clip_grad_norm(&net.params, o->clip);
            optimizer_step(&adam, &net.params.value, &net.params.grad);
            progress_batch(&progress, loss);
        }
    }
    progress_mean_loss(&progress);
    double accuracy = evaluate(&net, T, &rng);
    optimizer_free(&adam);
    tensor_free(&x);
    recurrent_net_free(&net);
    return accuracy;
}

// ---- 4. Gradients -----------------------------------------------------------

enum { BACK = 100 }; // steps through which the gradient is followed

// Lengths of dL/dh_t and dL/dc_t (of an LSTM), t = 0 ... BACK, of a net that
// has not been trained.
typedef struct {
    double dh[BACK + 1], dc[BACK + 1];
} Norms;

// [C long-range dependence] dL/dh_t = dL/dh_T dh_T/dh_{T-1} ... dh_{t+1}/dh_t
// C has the claim (远期依赖), not the formula. recurrent_backward leaves the
// gradient of the first state, so the steps after t are run once more for each
// t, beginning with the state at t.
static void measure(Norms *norms, const Variant *v, const Options *o) {
    Rng rng;
    RecurrentNet net;
    Tensor x = {0}, h = {0}, c = {0};
    int labels[BATCH], size = BATCH * o->hidden;
    rng_seed(&rng, o->common.seed);
    net_init(&net, v, o, &rng);
    draw_sequences(&x, labels, BACK, BATCH, &rng);
    recurrent_net_forward(&net, &x, LAST_STATE);
    tensor_copy(&h, &net.cell.h); // [BACK + 1, BATCH, H]
    if (v->kind == LSTM)
        tensor_copy(&c, &net.cell.c);
    for (int t = BACK - 1; t >= 0; t--) {
        Tensor rest =
            tensor_view(x.data + t * BATCH * D, 3, BACK - t, BATCH, D);
        net.cell.h0 = tensor_view(h.data + t * size, 2, BATCH, o->hidden);
        if (v->kind == LSTM)
            net.cell.c0 = tensor_view(c.data + t * size, 2, BATCH, o->hidden);
        recurrent_net_forward(&net, &rest, LAST_STATE);
        softmax_cross_entropy(&net.dlogits, &net.logits, labels);
        recurrent_net_backward(&net, &rest);
        norms->dh[t] = tensor_norm(&net.cell.dh);
        norms->dc[t] =
            v->kind == LSTM ? tensor_norm(&net.cell.dc) : (double)NAN;
    }
    norms->dh[BACK] = tensor_norm(&net.dstates);
    norms->dc[BACK] = (double)NAN;
    tensor_free(&x);
    tensor_free(&h);
    tensor_free(&c);
    recurrent_net_free(&net);
}

// ---- 5. The table -----------------------------------------------------------

typedef struct {
    double accuracy[LENGTHS]; // 0 where it was not tried
    double recalled;          // the longest sequence, in steps
    Norms norms;
} Outcome;

// The longest sequence whose first symbol is recalled nine times of ten; 0 if
// not even the shortest is.
static int longest(const Outcome *r) {
    int best = 0;
    for (int l = 0; l < LENGTHS; l++)
        best = r->accuracy[l] >= 0.9 ? lengths[l] : best;
    return best;
}

// The longest sequence that --longest lets through.
static int tried(const Options *o) {
    int most = 0;
    for (int l = 0; l < LENGTHS && lengths[l] <= o->longest; l++)
        most = lengths[l];
    return most;
}

// How much of the gradient at step BACK is left at step 0.
static double shrinkage(const Outcome *r) {
    return r->norms.dh[0] / r->norms.dh[BACK];
}

// A whole row at once: the progress bar is drawn on the line of the cursor.
static void print_row(const Outcome *r, const Variant *v, const Options *o) {
    printf("  %-13s", v->name);
    for (int l = 0; l < LENGTHS && lengths[l] <= o->longest; l++)
        printf(" %7.1f", 100.0 * r->accuracy[l]);
    printf("   %8.0e\n", shrinkage(r));
}

static void run(Outcome *r, const Variant *v, const Options *o) {
    *r = (Outcome){0};
    measure(&r->norms, v, o);
    for (int l = 0; l < LENGTHS && lengths[l] <= o->longest; l++)
        r->accuracy[l] = train(v, lengths[l], o);
    r->recalled = finished(longest(r));
    if (!o->common.quiet && !stop_requested())
        print_row(r, v, o);
}

static void print_head(const Options *o) {
    printf("Recall of the first symbol (%%; guessing: 25) after T steps; %d "
           "batches of %d\n\n  %-13s",
           o->epochs * BATCHES, BATCH, "T =");
    for (int l = 0; l < LENGTHS && lengths[l] <= o->longest; l++)
        printf(" %7d", lengths[l]);
    printf("   gradient\n");
}

// The lectures' claims beside what was measured.
static void print_claims(const Outcome outcomes[VARIANTS], const Options *o) {
    const Outcome *rnn = &outcomes[PLAIN_RNN], *open = &outcomes[OPEN_LSTM];
    const Outcome *plain = &outcomes[PLAIN_LSTM];
    printf("\ngradient: |dL/dh_0| / |dL/dh_%d| before the training\n\n", BACK);
    printf("D: an RNN captures long-range dependence. C: an RNN is bad at it.\n"
           "  Measured: the RNN recalls %d steps; up to %d were tried.\n",
           longest(rnn), tried(o));
    printf(
        "C, D: an LSTM solves the vanishing gradient.\n"
        "  Measured: with biases around 0 it recalls %d steps, and %.0e of "
        "its gradient\n  is left (RNN: %.0e). With the biases of --keep %g it "
        "recalls %d steps,\n  and %.0e is left.\n\n",
        longest(plain), shrinkage(plain), shrinkage(rnn), (double)o->keep,
        longest(open), shrinkage(open));
}

// ---- 6. Figures -------------------------------------------------------------

// A row for each cell, a column for each length.
static void draw_accuracy(const Outcome outcomes[VARIANTS], const Options *o) {
    Figure f;
    if (!figure_open(&f, "ch07", "memory_accuracy", o->common.plot))
        return;
    figure_title(&f,
                 "RNN recalls %d steps, LSTM %d and GRU %d if their gates "
                 "start open",
                 longest(&outcomes[PLAIN_RNN]), longest(&outcomes[OPEN_LSTM]),
                 longest(&outcomes[OPEN_GRU]));
    figure_caption(&f,
                   "Accuracy in %% after training on sequences of that length; "
                   "guessing gives 25, and 90 %% or more counts as recalled.");
    figure_table(&f, "length,cell,right (%),shade");
    for (int l = 0; l < LENGTHS; l++) {
        figure_tick(&f, 'x', l, "%d", lengths[l]);
        for (int i = 0; i < VARIANTS; i++) {
            double right = lengths[l] <= o->longest // else it was not tried
                               ? 100.0 * outcomes[i].accuracy[l]
                               : (double)NAN;
            figure_row(&f, l, i, right, fmax(25.0, right)); // not of NAN
        }
    }
    for (int i = 0; i < VARIANTS; i++)
        figure_tick(&f, 'y', i, "%s", variants[i].name);
    figure_x(&f, "length of the sequence (steps)");
    figure_range(&f, 'y', VARIANTS - 0.5, -0.5);
    // half of the scale is kept free, so that all numbers can be read
    figure_heat(&f, 1, 2, 4, HEAT_BLUES, 25.0, 175.0);
    figure_values(&f, 1, 2, 3, "%.0f", 0.0);
    figure_close(&f);
}

static void draw_gradients(const Outcome outcomes[VARIANTS],
                           const char *format) {
    Figure f;
    if (!figure_open(&f, "ch07", "memory_gradient", format))
        return;
    figure_title(&f,
                 "%d steps back an untrained RNN keeps %.0e of the gradient, "
                 "an open GRU %.2g",
                 BACK, shrinkage(&outcomes[PLAIN_RNN]),
                 shrinkage(&outcomes[OPEN_GRU]));
    figure_caption(&f, "The norm of dL/dh relative to the last step's, before "
                       "any training; an LSTM has a second path, its cell c.");
    figure_table(&f, "steps back,RNN,LSTM,GRU,LSTM (bias 0),GRU (bias 0),"
                     "LSTM: dL/dc");
    for (int t = BACK; t >= 0; t--) {
        double row[VARIANTS + 2] = {BACK - t};
        for (int i = 0; i < VARIANTS; i++)
            row[1 + i] = outcomes[i].norms.dh[t] / outcomes[i].norms.dh[BACK];
        row[VARIANTS + 1] = outcomes[OPEN_LSTM].norms.dc[t] /
                            outcomes[OPEN_LSTM].norms.dh[BACK];
        figure_numbers(&f, row, VARIANTS + 2);
    }
    figure_x(&f, "steps back");
    figure_y(&f, "norm of dL/dh, relative");
    figure_log(&f, 'y');
    for (int i = 0; i < VARIANTS; i++)
        figure_lines(&f, 1, 2 + i, "%s", variants[i].name);
    figure_lines(&f, 1, VARIANTS + 2, "LSTM: dL/dc");
    figure_close(&f);
}

// ---- 7. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 10000,
                   "hundreds of batches of fresh sequences"),
        option_int("hidden", &o->hidden, 1, 512, "units of each cell"),
        option_int("longest", &o->longest, 10, 300,
                   "leave out sequences of more steps"),
        option_float("lr", &o->lr, 1e-9, 10.0, "learning rate"),
        option_float("keep", &o->keep, -20.0, 20.0,
                     "bias with which the gates that keep begin"),
        option_float("clip", &o->clip, 1e-6, 1e9,
                     "longest gradient that is left as it is"),
    };
    cli_parse(&o->common, "memory",
              "RNN, LSTM and GRU recall the first symbol of longer and longer "
              "sequences; measures how the gradient vanishes in the backward "
              "pass.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    // one thread: too small a net for a second thread to pay off
    Options o = {.common = {.seed = 1, .threads = 1},
                 .epochs = 4,
                 .hidden = 32,
                 .longest = 300,
                 .lr = 3e-3f,
                 .keep = 5.0f,
                 .clip = 1.0f};
    parse(&o, argc, argv);
    Outcome outcomes[VARIANTS];
    if (!o.common.quiet)
        print_head(&o);
    for (int i = 0; i < VARIANTS; i++)
        run(&outcomes[i], &variants[i], &o);
    if (!o.common.quiet && !stop_requested())
        print_claims(outcomes, &o);
    draw_accuracy(outcomes, &o);
    draw_gradients(outcomes, o.common.plot);
    run_result("rnn=%.0f lstm=%.0f gru=%.0f lstm_bias_0=%.0f gru_bias_0=%.0f "
               "rnn_gradient=%.0e gru_gradient=%.0e seed=%llu",
               outcomes[0].recalled, outcomes[1].recalled, outcomes[2].recalled,
               outcomes[3].recalled, outcomes[4].recalled,
               shrinkage(&outcomes[0]), shrinkage(&outcomes[2]),
               (unsigned long long)o.common.seed);
    return run_end();
}
