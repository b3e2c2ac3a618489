#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <unistd.h>
#ifdef __APPLE__
#include <mach-o/dyld.h>
#endif

#include "error.h"
#include "figure.h"
#include "file.h"
#include "kernels.h"
#include "memory.h"
#include "run.h"
#include "text.h"
#include "threads.h"

enum {
    MAX_OPTIONS = 64,
    MAX_LABEL = 24, // "--plot svg|png|..." is longer: its help starts below
    LINE_WIDTH = 80
};

// The program's own options, then the common ones.
typedef struct {
    char program[256]; // as it was called, so that "try:" can be pasted
    Option options[MAX_OPTIONS];
    size_t count;
    bool epochs_given;
} Table;

// ---- 1. Making the table ----------------------------------------------------

Option option_int(const char *name, int *target, int min, int max,
                  const char *help) {
    return (Option){name, OPTION_INT, target, min, max, "N", help};
}

Option option_float(const char *name, float *target, double min, double max,
                    const char *help) {
    return (Option){name, OPTION_FLOAT, target, min, max, "X", help};
}

Option option_text(const char *name, const char **target, const char *value,
                   const char *help) {
    // const char ** turns into void * only by a cast
    return (Option){name, OPTION_TEXT, (void *)target, 0, 0, value, help};
}

Option option_bool(const char *name, bool *target, const char *help) {
    return (Option){name, OPTION_BOOL, target, 0, 0, "", help};
}

Option option_input(const char *name, const char **target, const char *help) {
    Option o = option_text(name, target, "FILE", help);
    o.kind = OPTION_INPUT;
    return o;
}

Option option_output(const char *name, const char **target, const char *help) {
    Option o = option_text(name, target, "FILE", help);
    o.kind = OPTION_OUTPUT;
    return o;
}

static bool is_text(const Option *o) {
    return o->kind == OPTION_TEXT || o->kind == OPTION_INPUT ||
           o->kind == OPTION_OUTPUT;
}

static Option option_seed(const char *name, uint64_t *target,
                          const char *help) {
    return (Option){name, OPTION_SEED, target, 0, 0x1p63, "N", help};
}

// The option called name[0..length), or NULL.
static const Option *find(const Table *t, const char *name, size_t length) {
    for (size_t i = 0; i < t->count; i++) {
        const char *known = t->options[i].name;
        if (strlen(known) == length && memcmp(known, name, length) == 0)
            return &t->options[i];
    }
    return NULL;
}

static void add(Table *t, Option o) {
    REQUIRE(t->count < MAX_OPTIONS, "more than %d options", MAX_OPTIONS);
    REQUIRE(strlen(o.name) <= TEXT_MAX_WORD, "--%s is too long a name", o.name);
    REQUIRE(find(t, o.name, strlen(o.name)) == NULL, "--%s stands twice",
            o.name);
    t->options[t->count++] = o;
}

static void add_files(Table *t, RunFiles *files) {
    add(t, option_output("save", &files->save, "write the weights there"));
    add(t, option_input("load", &files->load,
                        "begin with these weights; train them only if --epochs "
                        "is given"));
    add(t, option_output("checkpoint", &files->checkpoint,
                         "write the state of the run there after each epoch"));
    add(t, option_input("resume", &files->resume,
                        "continue from this checkpoint"));
}

static void add_common(Table *t, CommonOptions *common) {
    add(t, option_seed("seed", &common->seed, "where random numbers start"));
    add(t, option_int("threads", &common->threads, 0, MAX_THREADS,
                      "threads to compute with; 0: one per CPU it may use"));
    add(t, option_text("plot", &common->plot, "svg|png|pdf|gif|dumb|none",
                       "format of the charts; dumb: as text"));
    add(t, option_bool("quiet", &common->quiet,
                       "say only what was drawn and the result"));
    add(t, option_bool("help", NULL, "show this page"));
    add(t, option_bool("version", NULL, "show the version"));
}

// ---- 2. What is wrong, said so that it can be put right ---------------------

noreturn void cli_usage_error(const char *program, const char *format, ...) {
    va_list args;
    va_start(args, format);
    say_list("error", format, args);
    fprintf(stderr, "try: %s --help\n", program);
    va_end(args);
    exit(2);
}

// "unknown argument '--epoch'; did you mean --epochs?"
noreturn static void unknown_argument(const Table *t, const char *argument) {
    char name[64];
    const char *bare = argument + strspn(argument, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(bare, "="), bare);
    // with more than half of its letters wrong, a name is no likeness
    int nearest = (int)strlen(name) / 2 + 1;
    const char *meant = NULL;
    for (size_t i = 0; i < t->count; i++) {
        int distance = text_distance(name, t->options[i].name);
        if (distance < nearest) {
            nearest = distance;
            meant = t->options[i].name;
        }
    }
    if (meant != NULL)
        cli_usage_error(t->program, "unknown argument '%s'; did you mean --%s?",
                        argument, meant);
    cli_usage_error(t->program, "unknown argument '%s'", argument);
}

// What an option admits, in words: "a whole number from 0 to 10000".
typedef struct {
    char text[256];
} Words;

static Words admitted(const Option *o) {
    Words w = {""};
    if (o->kind == OPTION_SEED)
        snprintf(w.text, sizeof w.text, "a whole number from 0 to %" PRId64,
                 INT64_MAX);
    else if (is_text(o))
        snprintf(w.text, sizeof w.text, "%s", o->value);
    else
        snprintf(w.text, sizeof w.text, "%s from %.10g to %.10g",
                 o->kind == OPTION_INT ? "a whole number" : "a number", o->min,
                 o->max);
    return w;
}

// ---- 3. From text to values -------------------------------------------------

// A value without bars, such as FILE, is only a hint: any text will do.
static bool admits_word(const Option *o, const char *text) {
    return strchr(o->value, '|') == NULL || text_is_one_of(text, o->value);
}

// Reads text into the option's target; false, and nothing written, if the
// option does not admit it.
static bool store(const Option *o, const char *text) {
    long long whole = 0;
    double number = 0;
    bool right = is_text(o)                ? admits_word(o, text)
                 : o->kind == OPTION_FLOAT ? text_to_number(text, &number)
                                           : text_to_whole(text, &whole);
    if (o->kind == OPTION_INT || o->kind == OPTION_SEED)
        number = (double)whole;
    if (!right || number < o->min || number > o->max)
        return false;
    if (is_text(o))
        *(const char **)o->target = text;
    else if (o->kind == OPTION_FLOAT)
        *(float *)o->target = (float)number;
    else if (o->kind == OPTION_INT)
        *(int *)o->target = (int)whole;
    else
        *(uint64_t *)o->target = (uint64_t)whole;
    return true;
}

// ---- 4. --help and --version ------------------------------------------------

// The option's value as one would type it; empty if there is none to speak of.
static Words value_of(const Option *o) {
    Words w = {""};
    if (o->kind == OPTION_INT)
        snprintf(w.text, sizeof w.text, "%d", *(int *)o->target);
    else if (o->kind == OPTION_SEED)
        snprintf(w.text, sizeof w.text, "%" PRIu64, *(uint64_t *)o->target);
    else if (o->kind == OPTION_FLOAT)
        snprintf(w.text, sizeof w.text, "%.6g", (double)*(float *)o->target);
    else if (is_text(o) && *(const char **)o->target != NULL)
        snprintf(w.text, sizeof w.text, "%s", *(const char **)o->target);
    return w;
}

static Words label_of(const Option *o) {
    Words w;
    const char *blank = o->value[0] != '\0' ? " " : "";
    snprintf(w.text, sizeof w.text, "  --%s%s%s", o->name, blank, o->value);
    return w;
}

// Where the helps begin: two blanks behind the longest label that is not too
// long.
static int help_column(const Table *t) {
    int column = 0;
    for (size_t i = 0; i < t->count; i++) {
        int width = (int)strlen(label_of(&t->options[i]).text);
        if (width <= MAX_LABEL && width + 2 > column)
            column = width + 2;
    }
    return column;
}

static void print_help(const Table *t, const char *program, const char *about) {
    text_print_wrapped(stdout, about, printf("%s: ", program), 0, LINE_WIDTH);
    printf("\nusage: %s [--flag VALUE | --flag=VALUE] ...\n\n", t->program);
    int indent = help_column(t);
    for (size_t i = 0; i < t->count; i++) {
        const Option *o = &t->options[i];
        if (printf("%-*s", indent - 2, label_of(o).text) <= indent - 2)
            printf("  ");
        else
            printf("\n%*s", indent, "");
        char text[1024];
        Words value = value_of(o);
        snprintf(text, sizeof text,
                 value.text[0] != '\0' ? "%s (default %s)" : "%s", o->help,
                 value.text);
        text_print_wrapped(stdout, text, indent, indent, LINE_WIDTH);
    }
}

// --help and --version go before everything else, wherever they stand. No
// other flag can mean them: a value never begins with two dashes.
static void answer_questions(const Table *t, const char *program,
                             const char *about, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help(t, program, about);
            exit(0);
        }
        if (strcmp(argv[i], "--version") == 0) {
            printf("%s 1.0\n", program);
            exit(0);
        }
    }
}

// ---- 5. Parsing -------------------------------------------------------------

static void parse(Table *t, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        const Option *o = strncmp(argv[i], "--", 2) == 0
                              ? find(t, argv[i] + 2, length - 2)
                              : NULL;
        if (o == NULL)
            unknown_argument(t, argv[i]);
        const char *value =
            argv[i][length] == '=' ? argv[i] + length + 1 : NULL;
        if (strcmp(o->name, "epochs") == 0)
            t->epochs_given = true;
        if (o->kind == OPTION_BOOL) {
            if (value != NULL)
                cli_usage_error(t->program, "--%s takes no value", o->name);
            *(bool *)o->target = true;
            continue;
        }
        if (value == NULL && i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0)
            value = argv[++i];
        if (value == NULL || *value == '\0')
            cli_usage_error(t->program, "--%s needs a value: %s", o->name,
                            admitted(o).text);
        if (!store(o, value))
            cli_usage_error(t->program, "--%s takes %s, not '%s'", o->name,
                            admitted(o).text, value);
    }
}

// The program, its own numbers and choices, and the seed. Where something is read
// from or written to, and how much is said, changes no result.
static void write_settings(char *text, size_t size, const Table *t,
                           const char *program, const CommonOptions *common) {
    size_t n = (size_t)snprintf(text, size, "program=%s", program);
    for (size_t i = 0; i < t->count && n < size; i++) {
        const Option *o = &t->options[i];
        if (o->target == &common->threads || o->target == &common->plot ||
            o->target == &common->quiet || o->target == NULL ||
            (is_text(o) && strchr(o->value, '|') == NULL))
            continue;
        Words value = value_of(o);
        if (o->kind == OPTION_BOOL)
            strcpy(value.text, *(bool *)o->target ? "1" : "0");
        n +=
            (size_t)snprintf(text + n, size - n, " %s=%s", o->name, value.text);
    }
    REQUIRE(n < size, "the settings are longer than %zu characters", size - 1);
}

static void try_file(const Option *o, const char *path) {
    Error err;
    if ((o->kind == OPTION_INPUT || o->kind == OPTION_OUTPUT) &&
        !text_is_plain(path))
        die("--%s: a file name with control characters is refused: %s", o->name,
            path);
    if (o->kind == OPTION_OUTPUT && !file_can_replace(path, &err))
        die("%s", err.message);
    if (o->kind == OPTION_INPUT && access(path, R_OK) != 0)
        die("cannot open %s: %s; look for the file --%s names", path,
            strerror(errno), o->name);
}

// Charts go into out/, which is made when the first one is drawn. A run is worth
// having without them: then it says so and goes on.
static void try_charts(CommonOptions *common) {
    const char *place = access("out", F_OK) == 0 ? "out/." : ".";
    if (strcmp(common->plot, "none") == 0 || access(place, W_OK | X_OK) == 0)
        return;
    say("warning",
        "no charts: cannot write into out/ (%s); make it a folder that you may "
        "write to, or run with --plot none",
        strerror(errno));
    common->plot = "none";
}

static void try_places(const Table *t, CommonOptions *common) {
    for (size_t i = 0; i < t->count; i++)
        if (is_text(&t->options[i]) && value_of(&t->options[i]).text[0] != '\0')
            try_file(&t->options[i], *(const char **)t->options[i].target);
    try_charts(common);
}

// What the files cannot mean together.
static void check_files(const Table *t, RunFiles *f) {
    f->trains = f->load == NULL || t->epochs_given;
    if (f->load != NULL && f->resume != NULL)
        cli_usage_error(t->program, "--load and --resume both bring weights; "
                                    "give one of them");
    if (file_is(f->save, f->checkpoint) || file_is(f->save, f->resume))
        cli_usage_error(t->program,
                        "--save and the checkpoint are both %s; give them two "
                        "names",
                        f->save);
    if (f->checkpoint != NULL && !f->trains)
        cli_usage_error(t->program, "--checkpoint is written while training; "
                                    "give --epochs, or leave it out");
}

static void advise_on_memory(const Table *t) {
    if (find(t, "limit", 5) != NULL)
        mem_advise("use less data: a smaller --limit");
    if (find(t, "batch", 5) != NULL)
        mem_advise("try a smaller --batch");
}

void cli_parse(CommonOptions *common, const char *program, const char *about,
               const Option *table, size_t count, int argc, char **argv) {
    run_begin();
    setlocale(LC_NUMERIC, "C"); // 0.5 is a half in every language
    if (common->plot == NULL)
        common->plot = "svg";
    Table t = {.count = 0};
    snprintf(t.program, sizeof t.program, "%s", argc > 0 ? argv[0] : program);
    text_make_plain(t.program);
    const char *slash = strrchr(t.program, '/');
    figure_call_program(program, slash != NULL ? slash + 1 : t.program);
    for (size_t i = 0; i < count; i++)
        add(&t, table[i]);
    if (common->files != NULL)
        add_files(&t, common->files);
    add_common(&t, common);
    answer_questions(&t, program, about, argc, argv);
    parse(&t, argc, argv);
    if (common->files != NULL)
        check_files(&t, common->files);
    threads_set(common->threads);
    Error err;
    if (!kernels_choose(getenv("DL_KERNEL"), &err))
        cli_usage_error(t.program, "%s", err.message);
    write_settings(common->settings, sizeof common->settings, &t, program,
                   common);
    try_places(&t, common);
    advise_on_memory(&t);
}

// ---- 6. Where the program lies ----------------------------------------------

// The running binary's path; false where the system does not tell.
static bool program_path(char *buffer, size_t size) {
#if defined(__APPLE__)
    uint32_t capacity = (uint32_t)size;
    return _NSGetExecutablePath(buffer, &capacity) == 0;
#else
    ssize_t length = readlink("/proc/self/exe", buffer, size);
    if (length < 0 || (size_t)length >= size) // readlink cuts without a word
        return false;
    buffer[length] = '\0';
    return true;
#endif
}

const char *cli_program_folder(char *buffer, size_t size) {
    char *slash = program_path(buffer, size) ? strrchr(buffer, '/') : NULL;
    if (slash == NULL)
        return ".";
    slash[slash == buffer] = '\0'; // keeps the slash of "/lenet": "/"
    return buffer;
}
