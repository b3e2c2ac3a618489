#define TEST_HELPER
#include "messages.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- 1. Where --------------------------------------------------------------

enum { LINES = 4096 };
static Place own_place, *place = &own_place;
static int passes[LINES]; // how often the check of each line was made

void note_lines_in(Place *shared) {
    place = shared;
}

void at_line(const char *file, int line) {
    if (file == NULL)
        return;
    place->file = file;
    place->line = line;
}

void at_check(const char *file, int line) {
    at_line(file, line);
    if (file != NULL && line < LINES)
        passes[line]++;
}

noreturn void fail_here(const char *format, ...) {
    char message[4096], pass[64] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (place->line < LINES && passes[place->line] > 1)
        snprintf(pass, sizeof pass, " (pass %d through this line)",
                 passes[place->line]);
    _ck_assert_failed(place->file, place->line, "", "%s%s", message, pass);
}

// ---- 2. Guesses ------------------------------------------------------------

static bool nearly(double x, double y, double part) {
    return fabs(x - y) <= part * fabs(y);
}

// Words for got = factor * want.
static const char *factor_words(double factor) {
    static char words[96];
    if (nearly(factor, 1, 1e-3))
        return "";
    if (nearly(factor, -1, 1e-3))
        return ": the sign is wrong";
    const bool larger = fabs(factor) > 1;
    const double times = larger ? factor : 1 / factor, whole = round(times);
    if (fabs(whole) <= 100000 && nearly(times, whole, 1e-4))
        snprintf(words, sizeof words, ": %g times too %s%s", fabs(whole),
                 larger ? "large" : "small",
                 factor < 0 ? ", with the wrong sign" : "");
    else
        snprintf(words, sizeof words, ": %.6g times as much", factor);
    return words;
}

const char *guess_number(double got, double want) {
    if (isnan(got))
        return isnan(want) ? "" : ": this is no number (0/0, log of -1)";
    if (got == 0 && want != 0)
        return ": is it computed at all?";
    if (want == 0 || !isfinite(got) || !isfinite(want))
        return "";
    return factor_words(got / want);
}

// got[i] = want[at(i)] for all i, up to rounding?
static bool in_order(const float *got, const float *want, size_t n,
                     size_t (*at)(size_t i, size_t n, size_t rows),
                     size_t rows) {
    for (size_t i = 0; i < n; i++) {
        double w = (double)want[at(i, n, rows)];
        if (!(fabs((double)got[i] - w) <= 1e-4 * fabs(w) + 1e-7))
            return false;
    }
    return true;
}

static size_t transposed(size_t i, size_t n, size_t rows) {
    size_t columns = n / rows; // of want; got has them as rows
    return i % rows * columns + i / rows;
}

static size_t backwards(size_t i, size_t n, size_t rows) {
    (void)rows;
    return n - 1 - i;
}

static size_t next(size_t i, size_t n, size_t rows) {
    (void)rows;
    return (i + 1) % n;
}

static size_t previous(size_t i, size_t n, size_t rows) {
    (void)rows;
    return (i + n - 1) % n;
}

const char *guess_numbers(const float *got, const float *want, size_t n) {
    static char words[96];
    double gg = 0, gw = 0, ww = 0;
    for (size_t i = 0; i < n; i++) {
        double g = (double)got[i], w = (double)want[i];
        gg += g * g;
        gw += g * w;
        ww += w * w;
    }
    if (gg == 0 && ww > 0)
        return ": all are 0: are they computed at all?";
    if (n < 3 || !isfinite(gg) || ww == 0)
        return "";
    // one factor for all, if the two lie in one direction: cos = +-1
    if (gw * gw >= (1 - 1e-6) * gg * ww)
        return factor_words(gw / ww);
    if (in_order(got, want, n, backwards, 0))
        return ": the right numbers, in reverse order";
    if (in_order(got, want, n, next, 0) || in_order(got, want, n, previous, 0))
        return ": the right numbers, one place off";
    for (size_t rows = 2; rows < n; rows++)
        if (n % rows == 0 && in_order(got, want, n, transposed, rows)) {
            snprintf(words, sizeof words,
                     ": the right numbers, but a matrix of %zu x %zu is "
                     "transposed",
                     rows, n / rows);
            return words;
        }
    return "";
}

// ---- 3. Numbers ------------------------------------------------------------

static const char *const relation_words[] = {
    [EQUAL] = "not",       [UNEQUAL] = "but must not be",
    [BELOW] = "not below", [AT_MOST] = "more than",
    [ABOVE] = "not above", [AT_LEAST] = "less than"};

static bool holds(double x, Relation relation, double y) {
    switch (relation) {
    case EQUAL:
        return x == y;
    case UNEQUAL:
        return x != y;
    case BELOW:
        return x < y;
    case AT_MOST:
        return x <= y;
    case ABOVE:
        return x > y;
    case AT_LEAST:
        return x >= y;
    }
    return false;
}

// A number as the source has it (2.2, -1, 0x10), and no name or expression.
static bool is_literal(const char *text) {
    text += strspn(text, "-+(");
    return *text >= '0' && *text <= '9';
}

typedef struct {
    char text[48];
} Digits17;

// As few digits as tell the two apart.
static Digits17 show(double x, double other) {
    Digits17 a, b;
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(a.text, sizeof a.text, "%.*g", digits, x);
        snprintf(b.text, sizeof b.text, "%.*g", digits, other);
        if (strcmp(a.text, b.text) != 0 || x == other)
            break;
    }
    return a;
}

// "not" for a number of the source; else what is wanted has a name: "b[2] is".
typedef struct {
    char text[256];
} Words;

static Words words_for(Relation relation, const char *want_text) {
    Words w;
    snprintf(w.text, sizeof w.text, "%s", relation_words[relation]);
    if (!is_literal(want_text) && relation == EQUAL)
        snprintf(w.text, sizeof w.text, "but %s is", want_text);
    else if (!is_literal(want_text))
        snprintf(w.text, sizeof w.text, "%s %s,", relation_words[relation],
                 want_text);
    return w;
}

void check_double(const char *file, int line, double got, const char *got_text,
                  Relation relation, double want, const char *want_text,
                  const double *tolerance) {
    at_check(file, line);
    if (tolerance != NULL ? fabs(want - got) < *tolerance
                          : holds(got, relation, want))
        return;
    if (relation == EQUAL && is_literal(got_text) && !is_literal(want_text)) {
        check_double(file, line, want, want_text, EQUAL, got, got_text,
                     tolerance);
        return;
    }
    char apart[96] = "";
    if (tolerance != NULL && !isnan(got - want))
        snprintf(apart, sizeof apart, " (%.3g apart, %.3g allowed)",
                 fabs(got - want), *tolerance);
    fail_here("%s is %s, %s %s%s%s", got_text, show(got, want).text,
              words_for(relation, want_text).text, show(want, got).text, apart,
              relation == EQUAL ? guess_number(got, want) : "");
}

void check_int(const char *file, int line, intmax_t got, const char *got_text,
               Relation relation, intmax_t want, const char *want_text) {
    at_check(file, line);
    if (holds((got > want) - (got < want), relation, 0))
        return;
    if (relation == EQUAL && is_literal(got_text) && !is_literal(want_text)) {
        check_int(file, line, want, want_text, EQUAL, got, got_text);
        return;
    }
    fail_here("%s is %jd, %s %jd", got_text, got,
              words_for(relation, want_text).text, want);
}

void check_uint(const char *file, int line, uintmax_t got, const char *got_text,
                Relation relation, uintmax_t want, const char *want_text) {
    at_check(file, line);
    if (holds((got > want) - (got < want), relation, 0))
        return;
    fail_here("%s is %ju, %s %ju", got_text, got,
              words_for(relation, want_text).text, want);
}

// ---- 4. Texts --------------------------------------------------------------

// The first line in which they differ; all of both if they are short.
void check_text(const char *file, int line, const char *got,
                const char *got_text, const char *want) {
    at_check(file, line);
    if (got != NULL && want != NULL && strcmp(got, want) == 0)
        return;
    if (got == NULL || want == NULL)
        fail_here("%s is %s%s%s, not %s", got_text, got ? "\"" : "",
                  got ? got : "NULL", got ? "\"" : "", want ? want : "NULL");
    int number = 1;
    const char *g = got, *w = want;
    for (;;) {
        size_t n = strcspn(g, "\n");
        if (strncmp(g, w, n + 1) != 0 || g[n] == '\0')
            break;
        g += n + 1, w += n + 1, number++;
    }
    fail_here("%s, line %d, is \"%.*s\", not \"%.*s\"", got_text, number,
              (int)strcspn(g, "\n"), g, (int)strcspn(w, "\n"), w);
}

// Where text agrees with the most first letters of these words.
static const char *nearest(const char *text, const char *words) {
    const char *best = text;
    size_t most = 0;
    for (; *text != '\0'; text++) {
        size_t n = 0;
        while (words[n] != '\0' && text[n] == words[n])
            n++;
        if (n > most) {
            best = text;
            most = n;
        }
    }
    return best;
}

void check_words(const char *file, int line, const char *got,
                 const char *got_text, bool there, const char *words) {
    at_check(file, line);
    const char *at = strstr(got, words);
    if ((at != NULL) == there)
        return;
    if (!there)
        fail_here("%s must not say \"%s\": %.200s", got_text, words, at);
    at = nearest(got, words);
    while (at > got && at[-1] != '\n')
        at--;
    fail_here(
        "%s does not say \"%s\"; what comes nearest is \"%.*s\", in:\n%.2000s",
        got_text, words, (int)strcspn(at, "\n"), at, got);
}

// ---- 5. Gradients ----------------------------------------------------------

void assert_slopes(const char *what, const GradCheck *g, double off,
                   double least, size_t kinks) {
    if (!(g->largest > least))
        fail_here("%s: no gradient is larger than %g, one should be above %g: "
                  "are they computed at all?",
                  what, g->largest, least);
    if (!(g->worst < off))
        fail_here("%s[%zu]: the backward pass says %g, the slope of the loss "
                  "is %g (%.3g %% off, %g %% allowed)%s",
                  what, g->where, g->analytic, g->numeric,
                  100 * fabs(g->analytic - g->numeric) / fabs(g->numeric),
                  100 * off, guess_number(g->analytic, g->numeric));
    if (g->skipped > kinks)
        fail_here("%s: %zu elements lie at a kink, %zu may", what, g->skipped,
                  kinks);
}
