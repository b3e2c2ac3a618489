// cli.h - one options table per program: parsed, range-checked, shown by
// --help.
//
// A program puts its defaults into a struct, points a table at them, parses:
//
//     Options o = {.epochs = 3, .learning_rate = 3e-3f, .common = {.seed = 1}};
//     const Option table[] = {
//         option_int("epochs", &o.epochs, 0, 10000, "passes over the digits"),
//         option_float("lr", &o.learning_rate, 1e-9, 10, "peak learning rate"),
//         option_text("save", &o.save, "FILE", "write the weights there"),
//     };
//     cli_parse(&o.common, "lenet", "LeNet reads handwritten digits.", table,
//               sizeof table / sizeof *table, argc, argv);
//
// Flags are --name VALUE or --name=VALUE; an OPTION_BOOL takes no value. A text
// that begins with two dashes is a value only behind "=". Given twice, the last
// one counts. What is unknown, out of range or not a plain decimal number
// ("3x", "0x10", "nan") ends the program with status 2 and a message that names
// the flag, the value and what would be right.

#ifndef DL_CLI_H
#define DL_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

typedef enum {
    OPTION_INT,
    OPTION_FLOAT,
    OPTION_TEXT,
    OPTION_INPUT,  // a text: a file to read
    OPTION_OUTPUT, // a text: a file to write
    OPTION_BOOL,
    OPTION_SEED // a uint64_t; only --seed is one
} OptionKind;

typedef struct {
    const char *name; // without the dashes
    OptionKind kind;
    void *target;      // int, float, const char *, bool; holds the default
    double min, max;   // inclusive, for numbers
    const char *value; // what --help calls the value: N, X, FILE, "a|b|c"
    const char *help;  // one line, lower case, no full stop
} Option;

Option option_int(const char *name, int *target, int min, int max,
                  const char *help);
Option option_float(const char *name, float *target, double min, double max,
                    const char *help);
// value "a|b|c" (with bars) admits only those words; anything else is a hint.
Option option_text(const char *name, const char **target, const char *value,
                   const char *help);
Option option_bool(const char *name, bool *target, const char *help);
// FILEs. cli_parse tries both, so that a typo is found before a long training,
// not after it: the one must open, the other be one that can be written.
Option option_input(const char *name, const char **target, const char *help);
Option option_output(const char *name, const char **target, const char *help);

// The files of a program that trains one net, in the epochs of its --epochs:
// its weights, and the whole state of the run (checkpoint.h).
typedef struct {
    // --save FILE, --load FILE, --checkpoint FILE, --resume FILE; or NULL
    const char *save, *load, *checkpoint, *resume;
    bool trains; // written by cli_parse: no --load, or --load with --epochs
} RunFiles;

// The flags that every program has; cli_parse adds them to its table.
typedef struct {
    uint64_t seed;    // --seed N, 0 .. 2^63-1 (the default is what it holds)
    int threads;      // --threads N, 0 = one per core
    const char *plot; // --plot svg|png|pdf|dumb|none
    bool quiet;       // --quiet: only what was drawn and the result line
    RunFiles *files;  // NULL: the program has no such flags
    // written by cli_parse: "program=lenet epochs=3 lr=0.003 seed=1", every
    // number and choice that a result depends on
    char settings[512];
} CommonOptions;

// Parses argv into the targets; adds the flags of files, if there are any, and
// --seed --threads --plot --quiet --help --version. --help prints about (a
// sentence or two), then every flag with its help and its default, at most 80
// columns wide, and exits with 0. Chooses the kernels (DL_KERNEL) and sets the
// number of threads. plot and threads get their defaults ("svg", 0) if the
// struct holds zeros. A file that cannot be read or written ends the program
// with status 1, files that make no sense together with 2.
void cli_parse(CommonOptions *common, const char *program, const char *about,
               const Option *table, size_t count, int argc, char **argv);

// Ends the program with status 2, after "error: ..." and "try: PROGRAM --help".
noreturn void cli_usage_error(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// The folder the running binary lies in, without a slash at the end; "." where
// the system does not tell. Programs find data/ through it from any folder.
const char *cli_program_folder(char *buffer, size_t size);

#endif
