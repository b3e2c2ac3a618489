#include "corpus.h"

#include <string.h>

#include "file.h"
#include "integers.h"
#include "memory.h"
#include "run.h"
#include "safetensors.h"
#include "utf8.h"

// ---- 1. Vocabulary ----------------------------------------------------------

bool vocabulary_add(Vocabulary *v, uint32_t code) {
    REQUIRE(code <= UTF8_LAST, "vocabulary: %u is no code point", code);
    // room for all there are: 9 MB, and finding one takes one step
    if (v->place == NULL) {
        v->place = mem_alloc(UTF8_LAST + 1, sizeof *v->place);
        v->codes = mem_alloc(UTF8_LAST + 1, sizeof *v->codes);
    }
    if (v->place[code] > 0)
        return false;
    v->codes[v->size++] = code;
    v->place[code] = v->size;
    return true;
}

void vocabulary_free(Vocabulary *v) {
    mem_free(v->codes);
    mem_free(v->place);
    *v = (Vocabulary){0};
}

static bool to_places(Places *to, const Vocabulary *v, const Utf8Text *text,
                      const char *what, Error *err) {
    *to = (Places){mem_alloc((size_t)text->count + 1, sizeof *to->places),
                   text->count};
    for (int i = 0; i < text->count; i++) {
        uint32_t code = text->codes[i];
        if (v->size == 0 || v->place[code] == 0) {
            mem_free(to->places);
            *to = (Places){0};
            return error_set(err,
                             "%.200s has the character '%s' (U+%04X), which "
                             "the net has never seen; use those of the text "
                             "it learned from",
                             what, utf8_encode(code).text, code);
        }
        to->places[i] = v->place[code] - 1;
    }
    return true;
}

bool vocabulary_encode(Places *to, const Vocabulary *v, const char *text,
                       const char *what, Error *err) {
    Utf8Text decoded;
    *to = (Places){0};
    if (!utf8_decode(&decoded, (const uint8_t *)text, strlen(text), what, err))
        return false;
    bool ok = to_places(to, v, &decoded, what, err);
    utf8_free(&decoded);
    return ok;
}

// ---- 2. A file of weights and vocabulary ------------------------------------

// The tensors of params once more, and one behind them. all.table[i].value and
// .grad point to views, which are released with it.
typedef struct {
    Params all;
    Tensor *views; // [2 (count + 1)]
} Extended;

static void extended_init(Extended *e, const Params *params, int V) {
    const int n = params->count + 1;
    ParamSpec *table = mem_alloc((size_t)n, sizeof *table);
    e->views = mem_alloc(2 * (size_t)n, sizeof *e->views);
    memcpy(table, params->table, (size_t)(n - 1) * sizeof *table);
    table[n - 1] = (ParamSpec){.name = "vocabulary", .shape = {V}};
    for (int i = 0; i < n; i++) {
        table[i].value = &e->views[2 * i];
        table[i].grad = &e->views[2 * i + 1];
    }
    params_init(&e->all, table, n);
    mem_free(table);
}

static void extended_free(Extended *e) {
    params_free(&e->all);
    mem_free(e->views);
}

bool vocabulary_save(const char *path, const Vocabulary *v,
                     const Params *params, Error *err) {
    Extended e;
    extended_init(&e, params, v->size);
    const size_t weights = params->value.size;
    memcpy(e.all.value.data, params->value.data, weights * sizeof(float));
    for (int i = 0; i < v->size; i++)
        e.all.value.data[weights + (size_t)i] = (float)v->codes[i];
    bool ok = safetensors_save(path, &e.all, err);
    extended_free(&e);
    return ok;
}

// False if one of the V numbers is no code point, or is there twice.
static bool from_floats(Vocabulary *v, const float *codes, int V) {
    for (int i = 0; i < V; i++) {
        bool whole = codes[i] >= 0.0f && codes[i] <= (float)UTF8_LAST &&
                     (float)(uint32_t)codes[i] == codes[i];
        if (!whole || !vocabulary_add(v, (uint32_t)codes[i]))
            return false;
    }
    return true;
}

bool vocabulary_load(const char *path, Vocabulary *v, Params *params, int V,
                     Error *err) {
    Extended e;
    extended_init(&e, params, V);
    const size_t weights = params->value.size;
    bool ok = safetensors_load(path, &e.all, err);
    if (ok && !from_floats(v, e.all.value.data + weights, V)) {
        ok = error_set(err,
                       "%s is damaged: its vocabulary is not one of "
                       "characters, each there once; save the net again",
                       path);
        vocabulary_free(v);
    }
    if (ok)
        memcpy(params->value.data, e.all.value.data, weights * sizeof(float));
    extended_free(&e);
    return ok;
}

// ---- 3. Corpus --------------------------------------------------------------

static const char *const tale[] = {
#include "corpus_tale.inc"
};

enum { LARGEST_FILE = 64 << 20 }; // bytes

static void read_tale(FileBytes *file) {
    const size_t pieces = sizeof tale / sizeof *tale;
    *file = (FileBytes){0};
    for (size_t i = 0; i < pieces; i++)
        file->size += strlen(tale[i]);
    file->bytes = mem_alloc_raw(file->size, 1);
    uint8_t *to = file->bytes;
    for (size_t i = 0; i < pieces; i++) {
        size_t n = strlen(tale[i]);
        memcpy(to, tale[i], n);
        to += n;
    }
}

bool corpus_load(Corpus *c, Vocabulary *v, const char *path, int limit,
                 Error *err) {
    FileBytes file;
    Utf8Text text;
    const char *what = path != NULL ? path : "the tale";
    *c = (Corpus){0};
    if (path == NULL)
        read_tale(&file);
    else if (!file_read(&file, path, LARGEST_FILE, err))
        return false;
    bool ok = utf8_decode(&text, file.bytes, file.size, what, err);
    file_free(&file);
    if (!ok)
        return false;
    if (limit > 0)
        text.count = min_int(text.count, limit);
    ok = text.count >= CORPUS_LEAST ||
         error_set(err,
                   "%.200s has %d characters, too few to learn from: give a "
                   "text of at least %d, better of some thousand",
                   what, text.count, CORPUS_LEAST);
    const bool own = v->size == 0;
    if (ok && own)
        for (int i = 0; i < text.count; i++)
            vocabulary_add(v, text.codes[i]);
    Places places;
    ok = ok && to_places(&places, v, &text, what, err);
    if (ok) {
        c->text = places.places;
        c->held = text.count / 10;
        c->train = text.count - c->held;
    }
    utf8_free(&text);
    return ok;
}

void corpus_free(Corpus *c) {
    mem_free(c->text);
    *c = (Corpus){0};
}

// ---- 4. Streams -------------------------------------------------------------

void streams_init(Streams *s, const int *text, int count, int streams,
                  int steps, int V) {
    REQUIRE(count >= 2 && streams > 0 && steps > 0,
            "streams: %d characters, %d streams, %d steps", count, streams,
            steps);
    *s = (Streams){.text = text, .V = V};
    s->N = min_int(streams, max_int(1, (count - 1) / steps));
    s->length = (count - 1) / s->N; // the last character is a label only
    s->count = ceil_div(s->length, steps);
    s->T = s->length / s->count;
    s->labels = mem_alloc((size_t)(s->T * s->N), sizeof *s->labels);
}

void streams_free(Streams *s) {
    tensor_free(&s->x);
    mem_free(s->labels);
    *s = (Streams){0};
}

bool streams_next(Streams *s) {
    if (s->next == s->count || (s->next > 0 && stop_requested())) {
        s->next = 0;
        return false;
    }
    tensor_resize(&s->x, 3, s->T, s->N, s->V);
    tensor_fill(&s->x, 0.0f);
    for (int t = 0, row = 0; t < s->T; t++)
        for (int n = 0; n < s->N; n++, row++) {
            const int *at = s->text + n * s->length + s->next * s->T + t;
            s->x.data[(size_t)row * (size_t)s->V + (size_t)at[0]] = 1.0f;
            s->labels[row] = at[1];
        }
    s->next++;
    return true;
}

void one_hot(Tensor *x, const int *places, int count, int V) {
    tensor_resize(x, 3, count, 1, V);
    tensor_fill(x, 0.0f);
    for (int i = 0; i < count; i++)
        x->data[(size_t)i * (size_t)V + (size_t)places[i]] = 1.0f;
}
