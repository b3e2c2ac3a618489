// test_cli.c - flags, their values, --help, and every way to get them wrong.

#include "cli.h"
#include "cpus.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernels.h"

#include "testing.h"
#include "threads.h"

// ---- A small program --------------------------------------------------------

typedef struct {
    CommonOptions common;
    int epochs;
    float learning_rate;
    const char *save, *optimizer;
    bool augment;
} Options;

static Options parse(int argc, char **argv) {
    Options o = {.epochs = 3, .learning_rate = 3e-3f, .optimizer = "adam"};
    o.common.seed = 1;
    const Option table[] = {
        option_int("epochs", &o.epochs, -1, 10000, "passes over the digits"),
        // with "then" the first line of this help would be 81 columns wide
        option_float(
            "lr", &o.learning_rate, 1e-9, 10,
            "peak learning rate, reached after a tenth of it all, then "
            "lowered along half a cosine"),
        option_text("save", &o.save, "FILE", "write the weights there"),
        option_text("optimizer", &o.optimizer, "sgd|adam", "how to step"),
        option_bool("augment", &o.augment, "shift and turn the digits"),
    };
    cli_parse(&o.common, "lenet",
              "LeNet reads handwritten digits: two convolutions, two poolings "
              "and two layers of plain neurons.",
              table, sizeof table / sizeof *table, argc, argv);
    return o;
}

// The command line in hand: run_function hands nothing to its function.
static char *command[16];
static int words;

// "--lr 3" becomes {"lenet", "--lr", "3"}.
static void set_command(const char *line) {
    static char copy[1024];
    snprintf(copy, sizeof copy, "%s", line);
    words = 0;
    command[words++] = "lenet";
    for (char *w = strtok(copy, " "); w != NULL; w = strtok(NULL, " "))
        command[words++] = w;
}

static void parse_command(void) {
    parse(words, command);
    printf("parsed");
}

// The same with stdout shut, so that only what went to stderr is seen.
static void parse_without_stdout(void) {
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
    parse_command();
}

static Run run(const char *line) {
    set_command(line);
    return run_function(parse_command);
}

static Options parsed(const char *line) {
    set_command(line);
    return parse(words, command);
}

// ---- What is right ----------------------------------------------------------

START_TEST(defaults_stay) {
    Options o = parsed("");
    ck_assert_int_eq(o.epochs, 3);
    ck_assert_float_eq(o.learning_rate, 3e-3f);
    ck_assert_ptr_null(o.save);
    ck_assert_str_eq(o.optimizer, "adam");
    ck_assert(!o.augment && !o.common.quiet);
    ck_assert_uint_eq(o.common.seed, 1);
    ck_assert_int_eq(o.common.threads, 0);
    ck_assert_str_eq(o.common.plot, "svg");
}
END_TEST

START_TEST(values_follow_or_are_joined) {
    Options o = parsed("--epochs 7 --lr=1e-2 --save a=b --optimizer=sgd "
                       "--augment --seed 9223372036854775807 --plot dumb "
                       "--quiet");
    ck_assert_int_eq(o.epochs, 7);
    ck_assert_float_eq(o.learning_rate, 1e-2f);
    ck_assert_str_eq(o.save, "a=b");
    ck_assert_str_eq(o.optimizer, "sgd");
    ck_assert(o.augment && o.common.quiet);
    ck_assert_uint_eq(o.common.seed, 9223372036854775807u);
    ck_assert_str_eq(o.common.plot, "dumb");
}
END_TEST

START_TEST(ends_of_a_range_are_in_it) {
    ck_assert_int_eq(parsed("--epochs -1").epochs, -1);
    ck_assert_int_eq(parsed("--epochs=10000").epochs, 10000);
    ck_assert_float_eq(parsed("--lr 1e-9").learning_rate, 1e-9f);
    ck_assert_float_eq(parsed("--lr 10.0").learning_rate, 10.0f);
    ck_assert_uint_eq(parsed("--seed 0").common.seed, 0);
}
END_TEST

START_TEST(numbers_may_look_like_this) {
    ck_assert_int_eq(parsed("--epochs 007").epochs, 7);
    ck_assert_float_eq(parsed("--lr .5").learning_rate, 0.5f);
    ck_assert_float_eq(parsed("--lr 5.").learning_rate, 5.0f);
    ck_assert_float_eq(parsed("--lr 1E+0").learning_rate, 1.0f);
}
END_TEST

START_TEST(the_last_one_counts) {
    ck_assert_int_eq(parsed("--epochs 1 --epochs 2").epochs, 2);
}
END_TEST

START_TEST(dashes_are_a_value_behind_the_sign) {
    ck_assert_str_eq(parsed("--save=--odd").save, "--odd");
    ck_assert_str_eq(parsed("--save -odd").save, "-odd");
}
END_TEST

START_TEST(threads_are_set) {
    Options o = parsed("--threads 3");
    ck_assert_int_eq(o.common.threads, 3);
    ck_assert_int_eq(threads_count(), 3);
    parsed("--threads 256"); // more than there are cores
    ck_assert_int_eq(threads_count(), 256);
}
END_TEST

START_TEST(no_threads_means_one_per_core) {
    threads_set(77);
    parsed("");
    ck_assert_int_eq(threads_count(), cpus_allowed(""));
    threads_set(77);
    parsed("--threads 0");
    ck_assert_int_eq(threads_count(), cpus_allowed(""));
}
END_TEST

START_TEST(kernels_are_chosen_by_name) {
    setenv("DL_KERNEL", "portable", 1);
    parsed("");
    ck_assert_str_eq(kernels()->name, "portable");
}
END_TEST

// A locale that writes a half as 0,5 must not change what "0.5" means.
START_TEST(locale_is_ignored) {
    const char *names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    size_t i = 0;
    while (i < 4 && setlocale(LC_ALL, names[i]) == NULL)
        i++;
    if (i == 4)
        skip_test("locale_is_ignored", "no German or French locale here");
    ck_assert_float_eq(parsed("--lr 0.5").learning_rate, 0.5f);
    char text[8];
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_str_eq(text, "0.5");
}
END_TEST

// ---- Files, and what is known of a run -------------------------------------

static void parse_files(void) {
    RunFiles files = {0};
    CommonOptions common = {.plot = "none", .files = &files};
    int epochs = 3;
    const Option table[] = {option_int("epochs", &epochs, 1, 9, "passes")};
    cli_parse(&common, "lenet", "about", table, 1, words, command);
    printf("trains %d, %s", files.trains, common.settings);
}

typedef struct {
    const char *line;
    int status;
    const char *says;
} Line;

// In a folder with one file, "here".
static void check_lines(const Line *lines, size_t count) {
    fclose(fopen("here", "w"));
    for (size_t i = 0; i < count; i++) {
        set_command(lines[i].line);
        Run got = run_function(parse_files);
        ck_assert_msg(got.status == lines[i].status &&
                          strstr(got.output, lines[i].says) != NULL,
                      "%s: %d, %s", lines[i].line, got.status, got.output);
    }
}

START_TEST(files_are_tried_at_once) {
    const Line lines[] = {
        {"--load here --save there", 0, "trains 0"},
        {"--load none", 1, "error: cannot open none: No such file"},
        {"--save none/there", 1, "error: cannot write none/there: No such"},
        {"--save .", 1, "error: cannot write .: it is not a file"},
        {"--save a\033b", 1, "control characters is refused: a?b"},
        {"--load a\033b", 1, "control characters is refused: a?b"},
        {"--save there --load none", 1, "cannot open none"},
    };
    check_lines(lines, sizeof lines / sizeof *lines);
    ck_assert_int_ne(access("there", F_OK), 0);
}
END_TEST

// --load alone tests the weights; --epochs trains them, also if it says no more
// than the default.
START_TEST(a_run_trains_or_tests) {
    const Line lines[] = {
        {"", 0, "trains 1, program=lenet epochs=3 seed=0"},
        {"--epochs 3", 0, "trains 1, program=lenet epochs=3 seed=0"},
        {"--load here", 0, "trains 0, "},
        {"--load here --epochs=3", 0, "trains 1, "},
        {"--resume here", 0, "trains 1, "},
        {"--checkpoint new --resume here --save there", 0, "trains 1, "},
        {"--load here --epochs 3 --checkpoint new", 0, "trains 1, "},
        {"--load here --checkpoint new", 2, "give --epochs, or leave it out"},
        {"--load here --resume here", 2, "--load and --resume both bring"},
        {"--save new --checkpoint new", 2, "are both new; give them two names"},
        {"--save ./here --resume here", 2, "are both ./here; give them two"},
    };
    check_lines(lines, sizeof lines / sizeof *lines);
}
END_TEST

START_TEST(the_programs_name_is_plain) {
    static char name[] = "\033[31mX";
    set_command("--nosuch");
    command[0] = name;
    Run got = run_function(parse_files);
    assert_says(got.output, "try: ?[31mX --help\n");
}
END_TEST

START_TEST(settings_are_what_results_depend_on) {
    Options o = parsed("--lr 0.25 --save x --optimizer sgd --augment --seed 7 "
                       "--threads 2 --quiet --plot none");
    ck_assert_str_eq(o.common.settings,
                     "program=lenet epochs=3 lr=0.25 optimizer=sgd augment=1 "
                     "seed=7");
}
END_TEST

// Charts are no reason to lose a run: out/ is tried, and then done without.
static void parse_without_out(void) {
    CommonOptions common = {.plot = "svg"};
    cli_parse(&common, "lenet", "about", NULL, 0, 1, command);
    printf("plot %s", common.plot);
}

START_TEST(charts_are_given_up_at_once) {
    fclose(fopen("out", "w")); // a file where the folder should be
    set_command("");
    Run got = run_function(parse_without_out);
    ck_assert_int_eq(got.status, 0);
    assert_says(got.output, "warning: no charts: cannot "
                            "write into out/ (Not a dir");
    assert_says(got.output, "plot none");
}
END_TEST

// ---- What is wrong ----------------------------------------------------------

#define EPOCHS "--epochs takes a whole number from -1 to 10000, not "
#define RATE   "--lr takes a number from 1e-09 to 10, not "
#define SEED   "--seed takes a whole number from 0 to 9223372036854775807, not "
#define NEEDS  " needs a value: "

static const struct {
    const char *line, *message;
} wrong[] = {
    // unknown flags, with a guess where there is a likeness
    {"--epoch 3", "unknown argument '--epoch'; did you mean --epochs?"},
    {"--epohcs=3", "unknown argument '--epohcs=3'; did you mean --epochs?"},
    {"--l 3", "unknown argument '--l'"},
    {"--ls 3", "unknown argument '--ls'; did you mean --lr?"},
    {"--treads 3", "unknown argument '--treads'; did you mean --threads?"},
    {"-epochs 3", "unknown argument '-epochs'; did you mean --epochs?"},
    {"--convolutions", "unknown argument '--convolutions'"},
    {"--", "unknown argument '--'"},
    {"-", "unknown argument '-'"},
    {"--=3", "unknown argument '--=3'"},
    {"7", "unknown argument '7'"},
    // no value
    {"--epochs", "--epochs" NEEDS "a whole number from -1 to 10000"},
    {"--epochs=", "--epochs" NEEDS "a whole number from -1 to 10000"},
    {"--lr --quiet", "--lr" NEEDS "a number from 1e-09 to 10"},
    {"--save", "--save" NEEDS "FILE"},
    {"--save=", "--save" NEEDS "FILE"},
    {"--plot", "--plot" NEEDS "svg|png|pdf|gif|dumb|none"},
    {"--quiet=1", "--quiet takes no value"},
    {"--augment=", "--augment takes no value"},
    {"--help=1", "--help takes no value"},
    {"--quiet 1", "unknown argument '1'"},
    // not a number
    {"--epochs 3x", EPOCHS "'3x'"},
    {"--epochs three", EPOCHS "'three'"},
    {"--epochs 3.0", EPOCHS "'3.0'"},
    {"--epochs 1e3", EPOCHS "'1e3'"},
    {"--epochs 0x10", EPOCHS "'0x10'"},
    {"--epochs +3", EPOCHS "'+3'"},
    {"--epochs -", EPOCHS "'-'"},
    {"--lr 0.1.2", RATE "'0.1.2'"},
    {"--lr 3x", RATE "'3x'"},
    {"--lr 1e", RATE "'1e'"},
    {"--lr 0,5", RATE "'0,5'"},
    {"--lr 0x1p-3", RATE "'0x1p-3'"},
    {"--lr +1", RATE "'+1'"},
    {"--lr nan", RATE "'nan'"},
    {"--lr inf", RATE "'inf'"},
    {"--lr -inf", RATE "'-inf'"},
    {"--lr .", RATE "'.'"},
    // out of range
    {"--epochs -2", EPOCHS "'-2'"},
    {"--epochs 10001", EPOCHS "'10001'"},
    {"--epochs 4294967297", EPOCHS "'4294967297'"},
    {"--epochs 99999999999999999999", EPOCHS "'99999999999999999999'"},
    {"--lr 0", RATE "'0'"},
    {"--lr -1", RATE "'-1'"},
    {"--lr 10.001", RATE "'10.001'"},
    {"--lr 1e999", RATE "'1e999'"},
    {"--seed -1", SEED "'-1'"},
    {"--seed 9223372036854775808", SEED "'9223372036854775808'"},
    {"--threads 257",
     "--threads takes a whole number from 0 to 256, not '257'"},
    {"--threads -1", "--threads takes a whole number from 0 to 256, not '-1'"},
    // not one of the words
    {"--plot jpg", "--plot takes svg|png|pdf|gif|dumb|none, not 'jpg'"},
    {"--plot SVG", "--plot takes svg|png|pdf|gif|dumb|none, not 'SVG'"},
    {"--plot sv", "--plot takes svg|png|pdf|gif|dumb|none, not 'sv'"},
    {"--plot svg|png", "--plot takes svg|png|pdf|gif|dumb|none, not 'svg|png'"},
    {"--optimizer sgdx", "--optimizer takes sgd|adam, not 'sgdx'"},
};

// Each wrong line exits with 2, says just this on stderr, and nothing else.
START_TEST(mistakes_are_explained) {
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        set_command(wrong[i].line);
        Run got = run_function(parse_without_stdout);
        char want[512];
        snprintf(want, sizeof want, "error: %s\ntry: lenet --help\n",
                 wrong[i].message);
        ck_assert_msg(got.status == 2, "lenet %s: exit %d, not 2: %s",
                      wrong[i].line, got.status, got.output);
        ck_assert_msg(strcmp(got.output, want) == 0,
                      "lenet %s said:\n%swanted:\n%s", wrong[i].line,
                      got.output, want);
    }
}
END_TEST

START_TEST(an_empty_word_is_no_value) {
    const char *flags[] = {"--epochs", "--lr", "--save", "--plot"};
    for (int i = 0; i < 4; i++) {
        set_command(flags[i]);
        command[words++] = "";
        Run got = run_function(parse_without_stdout);
        ck_assert_int_eq(got.status, 2);
        assert_says(got.output, " needs a value: ");
    }
}
END_TEST

START_TEST(blanks_make_no_number) {
    char *values[] = {" 3", "3 ", "\t3", " "};
    for (int i = 0; i < 4; i++) {
        set_command(i % 2 == 0 ? "--epochs" : "--lr");
        command[words++] = values[i];
        Run got = run_function(parse_without_stdout);
        ck_assert_int_eq(got.status, 2);
        assert_says(got.output, "number from");
    }
}
END_TEST

START_TEST(unknown_kernel_is_explained) {
    setenv("DL_KERNEL", "sse9", 1);
    set_command("");
    Run got = run_function(parse_without_stdout);
    ck_assert_int_eq(got.status, 2);
    assert_says(got.output, "DL_KERNEL=sse9");
    assert_says(got.output, "portable");
}
END_TEST

static void parse_table_with(Option extra) {
    CommonOptions common = {0};
    char *argv[] = {"lenet", NULL};
    cli_parse(&common, "lenet", "about", &extra, 1, 1, argv);
}

START_TEST(a_name_may_stand_only_once) {
    bool target;
    parse_table_with(option_bool("quiet", &target, "already there"));
}
END_TEST

START_TEST(a_name_may_not_be_too_long) {
    bool target;
    parse_table_with(option_bool("one-name-that-has-more-than-31-letters",
                                 &target, "cannot be compared"));
}
END_TEST

// ---- --help and --version ---------------------------------------------------

START_TEST(help_shows_the_table) {
    Run got = run("--help");
    ck_assert_int_eq(got.status, 0);
    const char *want[] = {
        "lenet: LeNet reads handwritten digits: two convolutions",
        "\nusage: lenet ",
        "\n  --epochs N ",
        "  passes over the digits (default 3)\n",
        "\n  --lr X ",
        "(default 0.003)\n",
        "\n  --save FILE ",
        "  write the weights there\n", // no default to speak of
        "\n  --optimizer sgd|adam  how to step (default adam)\n",
        "\n  --augment ",
        "\n  --seed N ",
        "(default 1)\n",
        "\n  --threads N ",
        "(default 0)\n",
        "\n  --plot svg|png|pdf|gif|dumb|none\n",
        "(default svg)\n",
        "\n  --quiet ",
        "\n  --help ",
        "\n  --version ",
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_says(got.output, want[i]);
}
END_TEST

START_TEST(help_is_aligned_and_fits) {
    Run got = run("--help");
    const char *table = strstr(got.output, "\n  --");
    size_t column = strlen("  --optimizer sgd|adam  "), widest = 0;
    for (char *line = strtok(got.output, "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        ck_assert_msg(strlen(line) <= 80, "too wide: %s", line);
        ck_assert_msg(line[strlen(line) - 1] != ' ', "blank at the end");
        widest = strlen(line) > widest ? strlen(line) : widest;
        if (line > table && strchr(line, '|') == NULL)
            ck_assert_msg(line[column - 1] == ' ' && line[column] != ' ',
                          "not aligned: %s", line);
    }
    ck_assert_uint_gt(widest, 70); // or else nothing was wrapped
}
END_TEST

START_TEST(help_goes_first) {
    Run got = run("--epochs 9 --bogus --lr nan --help");
    ck_assert_int_eq(got.status, 0);
    assert_says(got.output, "the digits (default 3)");
}
END_TEST

START_TEST(version_is_one_line) {
    Run got = run("--version");
    ck_assert_int_eq(got.status, 0);
    ck_assert_str_eq(got.output, "lenet 1.0\n");
}
END_TEST

// ---- The rest ---------------------------------------------------------------

START_TEST(program_folder_holds_the_program) {
    char buffer[4096], path[4200];
    const char *folder = cli_program_folder(buffer, sizeof buffer);
    snprintf(path, sizeof path, "%s/test_cli", folder);
    ck_assert_msg(access(path, X_OK) == 0, "no %s", path);
}
END_TEST

START_TEST(program_folder_fits_or_is_a_dot) {
    char buffer[5] = "";
    ck_assert_str_eq(cli_program_folder(buffer, sizeof buffer), ".");
}
END_TEST

int main(void) {
    const Test tests[] = {
        {defaults_stay},
        {values_follow_or_are_joined},
        {ends_of_a_range_are_in_it},
        {numbers_may_look_like_this},
        {the_last_one_counts},
        {dashes_are_a_value_behind_the_sign},
        {threads_are_set},
        {no_threads_means_one_per_core},
        {kernels_are_chosen_by_name},
        {locale_is_ignored},
        {files_are_tried_at_once},
        {a_run_trains_or_tests},
        {the_programs_name_is_plain},
        {settings_are_what_results_depend_on},
        {charts_are_given_up_at_once},
        {mistakes_are_explained},
        {an_empty_word_is_no_value},
        {blanks_make_no_number},
        {unknown_kernel_is_explained},
        {a_name_may_stand_only_once, .signal = SIGABRT},
        {a_name_may_not_be_too_long, .signal = SIGABRT},
        {help_shows_the_table},
        {help_is_aligned_and_fits},
        {help_goes_first},
        {version_is_one_line},
        {program_folder_holds_the_program},
        {program_folder_fits_or_is_a_dot},
    };
    return run_tests("cli", tests, sizeof tests / sizeof *tests);
}
