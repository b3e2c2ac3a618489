// char_lstm.c - an LSTM learns to write, character by character (语言建模
// language modeling)
//
// The net reads a text and predicts after every character which one comes next.
// To do that well it has to learn what words and sentences are. Then it writes:
// it draws a character from its own prediction, reads it as if it had stood in
// the text, and goes on. A text of a few pages is soon memorized, so its last
// tenth is held out to show from when on the net overfits.
//
//     layer   output shape      weights
//     input   [T, N, V]         one of V characters: a 1 among zeros
//     lstm    [T, N, 128]       4 * 128 * (V + 128 + 1 + 1)
//     fc      [T N, V]          V * (128 + 1)
//
// N streams begin at N places of the text and are read side by side, T steps at
// a time. The state goes on from one piece to the next, the gradient does not:
// truncated backpropagation through time (Williams & Peng 1990).
//
// Source: C names language modeling as a task of RNNs, no more; perplexity:
// Jelinek et al. 1977; temperature: Ackley, Hinton & Sejnowski 1985; all of it
// together: Graves 2013.
// Run: make char_lstm && ./char_lstm     ./char_lstm --data my_text.txt
// Ends with: result: validation_perplexity=4.173 best_epoch=20 ...
//
// Contents: 1 perplexity  2 training  3 writing  4 files  5 figure  6 main

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "checkpoint.h"
#include "cli.h"
#include "corpus.h"
#include "diagnosis.h"
#include "figure.h"
#include "integers.h"
#include "loss.h"
#include "memory.h"
#include "optim.h"
#include "progress.h"
#include "recurrent_net.h"
#include "run.h"
#include "safetensors.h"
#include "utf8.h"

enum { MOST_HIDDEN = 2048 };

// ---- 1. Perplexity ----------------------------------------------------------

// Perplexity (困惑度): the number of equally likely characters that leave as
// much doubt as the net has. A net that knows nothing has V, one that is always
// sure and right has 1.
// [Jelinek 1977] perplexity = exp(-mean over t of log P(x_{t+1} | x_1 .. x_t))
static double perplexity(RecurrentNet *net, const Corpus *corpus, int steps) {
    Streams s;
    double loss = 0;
    const int *held = corpus->text + corpus->train; // the held-out part
    streams_init(&s, held, corpus->held, 1, steps, net->fc_b.shape[0]);
    recurrent_forget(&net->cell);
    while (streams_next(&s)) {
        recurrent_net_forward(net, &s.x, EVERY_STATE);
        recurrent_carry(&net->cell);
        loss += (double)softmax_cross_entropy(NULL, &net->logits, s.labels);
    }
    loss /= s.count;
    streams_free(&s);
    return finished(exp(loss));
}

// ---- 2. Training ------------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs, batch, steps, hidden, limit, generate;
    float lr, clip;
    const char *data, *prompt;
} Options;

// What is known after each epoch, and the weights of the best one.
typedef struct {
    int epochs, best;           // so far; its number, from 1, 0: none yet
    double *train, *validation; // [epochs], perplexities
    Tensor weights;
} Curves;

static void curves_add(Curves *c, double train, double validation,
                       const Tensor *weights) {
    c->train[c->epochs] = train;
    c->validation[c->epochs] = validation;
    c->epochs++;
    if (c->best > 0 && validation >= c->validation[c->best - 1])
        return;
    c->best = c->epochs;
    tensor_copy(&c->weights, weights);
}

static void curves_checkpoint(Curves *c, Checkpoint *checkpoint, int epochs) {
    size_t bytes = (size_t)epochs * sizeof(double);
    checkpoint_item(checkpoint, "epochs", &c->epochs, sizeof c->epochs);
    checkpoint_item(checkpoint, "best", &c->best, sizeof c->best);
    checkpoint_item(checkpoint, "train", c->train, bytes);
    checkpoint_item(checkpoint, "validation", c->validation, bytes);
    checkpoint_item(checkpoint, "best.weights", c->weights.data,
                    c->weights.size * sizeof(float));
}

// Leaves the last weights in net.
static void train(RecurrentNet *net, Curves *curves, const Corpus *corpus,
                  const Options *o, Checkpoint *checkpoint, Rng *rng) {
    Streams batches;
    Progress progress;
    Optimizer adam;
    streams_init(&batches, corpus->text, corpus->train, o->batch, o->steps,
                 net->fc_b.shape[0]);
    progress_init(&progress, o->epochs, batches.count, o->common.quiet);
    optimizer_init(&adam, ADAM, o->lr);
    curves->train = mem_alloc((size_t)o->epochs, sizeof(double));
    curves->validation = mem_alloc((size_t)o->epochs, sizeof(double));
    tensor_copy(&curves->weights, &net->params.value);
    checkpoint_model(checkpoint, &net->params, &adam, rng);
    curves_checkpoint(curves, checkpoint, o->epochs);
    checkpoint_start(checkpoint);

    for (int epoch = curves->epochs + 1;
         epoch <= o->epochs && !stop_requested(); epoch++) {
        progress_epoch(&progress, epoch);
        recurrent_forget(&net->cell);
        while (streams_next(&batches)) {
            recurrent_net_forward(net, &batches.x, EVERY_STATE);
            float loss = softmax_cross_entropy(&net->dlogits, &net->logits,
                                               batches.labels);
            recurrent_net_backward(net, &batches.x);
            recurrent_carry(&net->cell); // the state goes on, no gradient back
            params_clip_grad_norm(&net->params, o->clip);
            optimizer_step(&adam, &net->params.value, &net->params.grad);
            progress_batch(&progress, loss);
        }
        double loss = (double)progress_mean_loss(&progress);
        double validation = perplexity(net, corpus, o->steps);
        if (stop_requested())
            break; // in the middle of this epoch
        curves_add(curves, exp(loss), validation, &net->params.value);
        checkpoint_save(checkpoint);
        if (!o->common.quiet && epoch % max_int(1, o->epochs / 10) == 0)
            printf("epoch %d/%d  training perplexity %.2f  validation "
                   "perplexity %.2f\n",
                   epoch, o->epochs, curves->train[epoch - 1],
                   curves->validation[epoch - 1]);
    }
    if (!o->common.quiet && !stop_requested() && curves->best < curves->epochs)
        printf("Best on text it has not seen: epoch %d, perplexity %.2f. After "
               "that it overfits:\nit memorizes the text.\n",
               curves->best, curves->validation[curves->best - 1]);
    diagnose(&progress, net->fc_b.shape[0], NULL, o->lr);
    optimizer_free(&adam);
    streams_free(&batches);
}

// ---- 3. Writing -------------------------------------------------------------

// P(j) = exp(logit_j / temperature) / sum over k. Below a temperature of 1 the
// likely becomes likelier, above it all become more alike.
static void temper(Tensor *p, const Tensor *logits, float temperature) {
    tensor_copy(p, logits);
    sscal((int)p->size, 1.0f / temperature, p->data);
    softmax_forward(p, p);
}

// A place drawn by its probability.
static int draw(const Tensor *p, Rng *rng) {
    float u = rng_uniform(rng), sum = 0.0f;
    int last = 0; // where rounding makes the sum less than u, the last possible
    for (int j = 0; j < (int)p->size; j++) {
        last = p->data[j] > 0.0f ? j : last;
        sum += p->data[j];
        if (u < sum)
            return j;
    }
    return last;
}

// Reads on from where the net is; p gets what may come after the last one.
static void read_on(Tensor *p, RecurrentNet *net, const int *places, int count,
                    float temperature) {
    const int V = net->fc_b.shape[0];
    Tensor x = {0};
    one_hot(&x, places, count, V);
    recurrent_net_forward(net, &x, EVERY_STATE);
    recurrent_carry(&net->cell);
    Tensor last = tensor_view(net->logits.data + (count - 1) * V, 2, 1, V);
    temper(p, &last, temperature);
    tensor_free(&x);
}

// places [length + count]: the prompt, and after it what the net writes.
static void generate(int *places, int length, int count, RecurrentNet *net,
                     float temperature, uint64_t seed) {
    Rng rng;
    Tensor p = {0};
    rng_seed(&rng, seed);
    recurrent_forget(&net->cell);
    read_on(&p, net, places, length, temperature);
    for (int *next = places + length; next < places + length + count; next++) {
        *next = draw(&p, &rng);
        read_on(&p, net, next, 1, temperature);
    }
    tensor_free(&p);
}

// What net writes at the first `count` temperatures; nothing if quiet, or after
// a stop.
static void show_samples(RecurrentNet *net, const Vocabulary *v,
                         const Places *prompt, const char *heading, int count,
                         const Options *o) {
    const float temperatures[] = {0.5f, 0.8f, 1.1f};
    int length = prompt->count, all = length + o->generate;
    int *places = mem_alloc((size_t)all, sizeof *places);
    uint32_t *codes = mem_alloc((size_t)all, sizeof *codes);
    memcpy(places, prompt->places, (size_t)length * sizeof *places);
    bool silent = o->common.quiet || stop_requested();
    if (!silent)
        printf("\n%s\n", heading);
    for (int i = 0; i < count && !silent; i++) {
        generate(places, length, o->generate, net, temperatures[i],
                 o->common.seed);
        for (int j = 0; j < all; j++)
            codes[j] = v->codes[places[j]];
        printf("temperature %.1f\n", (double)temperatures[i]);
        utf8_print_wrapped(codes, all, 4, 80);
    }
    mem_free(codes);
    mem_free(places);
}

// ---- 4. Files ---------------------------------------------------------------

// The net and its vocabulary, as large as the file says.
static void load_net(RecurrentNet *net, Vocabulary *v, const char *path,
                     Rng *rng) {
    Error err;
    int shape[TENSOR_MAX_DIMS]; // of wx: [4 H, V]
    if (!safetensors_shape(path, "cell.weight_ih_l0", shape, &err))
        die("%s", err.message);
    int H = shape[0] / 4, V = shape[1];
    if (H < 1 || H > MOST_HIDDEN || V < 1 || V > UTF8_LAST)
        die("%s holds no net of this program; --save one first", path);
    recurrent_net_init(net, LSTM, V, H, V, rng);
    if (!vocabulary_load(path, v, &net->params, V, &err))
        die("%s", err.message);
}

// ---- 5. The figure ----------------------------------------------------------

static void draw_curves(const Curves *c, const char *format) {
    Figure f;
    if (c->epochs == 0 || !figure_open(&f, "ch07", "char_lstm", format))
        return;
    figure_title(
        &f, "Held-out text is predicted best after epoch %d: perplexity %.2f",
        c->best, c->validation[c->best - 1]);
    figure_caption(
        &f, "A perplexity of 1 means always certain and right; where it rises "
            "on held-out text, the net memorizes the text it trains on.");
    figure_table(&f, "epoch,training,validation");
    for (int e = 0; e < c->epochs; e++)
        figure_row(&f, e + 1, c->train[e], c->validation[e]);
    figure_x(&f, "epoch");
    figure_y(&f, "perplexity (characters)");
    figure_log(&f, 'y');
    figure_range(&f, 'y', 1.0, (double)NAN);
    figure_lines(&f, 1, 2, "training");
    figure_lines(&f, 1, 3, "held out");
    figure_vertical(&f, c->best, "best");
    figure_close(&f);
}

// ---- 6. Main ----------------------------------------------------------------

static void parse(Options *o, int argc, char **argv) {
    const Option table[] = {
        option_int("epochs", &o->epochs, 1, 100000, "passes over the text"),
        option_int("batch", &o->batch, 1, 4096, "streams read side by side"),
        option_int("steps", &o->steps, 1, 4096,
                   "characters that a gradient goes back"),
        option_int("hidden", &o->hidden, 1, MOST_HIDDEN, "units of the LSTM"),
        option_float("lr", &o->lr, 1e-9, 10.0, "Adam's learning rate"),
        option_float("clip", &o->clip, 1e-6, 1e9,
                     "longest gradient that is left as it is"),
        option_input("data", &o->data,
                     "a text in UTF-8 (default: a built-in tale)"),
        option_int("limit", &o->limit, 0, 1 << 30,
                   "characters of the text to use (0: all)"),
        option_int("generate", &o->generate, 0, 1000000,
                   "characters to write at each temperature"),
        option_text("prompt", &o->prompt, "TEXT",
                    "what to go on from (default: the first character)"),
    };
    cli_parse(&o->common, "char_lstm",
              "An LSTM learns from a text which character comes next, and "
              "then writes one of its own.",
              table, sizeof table / sizeof *table, argc, argv);
}

int main(int argc, char **argv) {
    RunFiles files = {0};
    // one thread: too small a net for a second thread to pay off
    Options o = {.common = {.seed = 1, .threads = 1, .files = &files},
                 .epochs = 100,
                 .batch = 8,
                 .steps = 32,
                 .hidden = 128,
                 .generate = 240,
                 .lr = 3e-3f,
                 .clip = 1.0f};
    parse(&o, argc, argv);

    Error err;
    Rng rng;
    RecurrentNet net;
    Vocabulary vocabulary = {0};
    Corpus corpus = {0};
    Places prompt;
    rng_seed(&rng, o.common.seed);
    if (files.load != NULL)
        load_net(&net, &vocabulary, files.load, &rng);
    bool has_text = files.trains || o.data != NULL;
    if (has_text && !corpus_load(&corpus, &vocabulary, o.data, o.limit, &err))
        die("%s", err.message);
    if (files.load == NULL)
        recurrent_net_init(&net, LSTM, vocabulary.size, o.hidden,
                           vocabulary.size, &rng);
    if (!vocabulary_encode(&prompt, &vocabulary, o.prompt ? o.prompt : "",
                           "--prompt", &err))
        die("%s", err.message);
    prompt.count = max_int(1, prompt.count); // none: the text's first character
    if (!o.common.quiet && has_text)
        printf("text: %d characters to learn from, %d held out; %d different "
               "ones\n",
               corpus.train, corpus.held, vocabulary.size);

    Checkpoint checkpoint;
    if (!checkpoint_init(&checkpoint, files.checkpoint, files.resume,
                         o.common.settings, corpus.text,
                         (size_t)corpus.train * sizeof(int), &err))
        die("%s", err.message);
    double start = seconds_now(), seconds = 0;
    Curves curves = {0};
    if (files.trains) {
        train(&net, &curves, &corpus, &o, &checkpoint, &rng);
        seconds = seconds_now() - start;
        show_samples(&net, &vocabulary, &prompt, "After the last epoch:", 1,
                     &o);
        if (curves.best > 0)
            tensor_copy(&net.params.value, &curves.weights);
    }
    show_samples(&net, &vocabulary, &prompt, "By the best weights:", 3, &o);
    if (files.save != NULL &&
        !vocabulary_save(files.save, &vocabulary, &net.params, &err))
        run_error("%s", err.message);
    draw_curves(&curves, o.common.plot);

    if (has_text)
        run_result("validation_perplexity=%.5g",
                   curves.best > 0 ? curves.validation[curves.best - 1]
                                   : perplexity(&net, &corpus, o.steps));
    if (curves.epochs > 0)
        run_result("best_epoch=%d last_train=%.3g last_validation=%.3g",
                   curves.best, curves.train[curves.epochs - 1],
                   curves.validation[curves.epochs - 1]);
    run_result("epochs=%d seconds=%.1f vocabulary=%d seed=%llu", curves.epochs,
               seconds, vocabulary.size, (unsigned long long)o.common.seed);
    checkpoint_free(&checkpoint);
    mem_free(prompt.places);
    mem_free(curves.train);
    mem_free(curves.validation);
    tensor_free(&curves.weights);
    corpus_free(&corpus);
    vocabulary_free(&vocabulary);
    recurrent_net_free(&net);
    return run_end();
}
