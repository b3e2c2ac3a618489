#include "chart.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "run.h"

extern char **environ; // POSIX has programs declare it themselves

typedef struct {
    char text[128];
} FilePath;

// "out/ch06/lenet_loss.csv" for the extension ".csv".
static FilePath path_of(const Chart *chart, const char *extension) {
    FilePath path;
    snprintf(path.text, sizeof path.text, "%s/%s%s", chart->folder, chart->name,
             extension);
    return path;
}

// ---- 1. Opening -------------------------------------------------------------

static void say_unwritable(const Chart *chart, const char *extension,
                           const char *why) {
    say("warning",
        "no chart: cannot write %s (%s); make out/ a folder with room that you "
        "may write to, or run with --plot none",
        path_of(chart, extension).text, why);
}

static bool is_format(const char *format) {
    const char *formats[] = {"svg", "png", "pdf", "dumb", "none"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i]) == 0)
            return true;
    return false;
}

// Opens the chart's file of that kind for writing; NULL after saying so if it
// cannot.
static FILE *open_file(const Chart *chart, const char *extension) {
    FILE *file = fopen(path_of(chart, extension).text, "w");
    if (file == NULL)
        say_unwritable(chart, extension, strerror(errno));
    return file;
}

bool chart_open(Chart *chart, const char *chapter, const char *name,
                const char *format) {
    REQUIRE(is_format(format), "there is no chart format '%s'", format);
    *chart = (Chart){.width = 720, .height = 480};
    if (strcmp(format, "none") == 0 || stop_requested())
        return false;
    size_t limit = sizeof chart->folder - strlen("out/");
    REQUIRE(strlen(chapter) < limit, "chapter '%s' is too long", chapter);
    REQUIRE(strlen(name) < sizeof chart->name, "name '%s' is too long", name);
    snprintf(chart->folder, sizeof chart->folder, "out/%s", chapter);
    strcpy(chart->name, name);
    strcpy(chart->format, format);
    // Folders that are there already are fine; what else goes wrong here shows
    // when the files are opened.
    mkdir("out", 0777);
    mkdir(chart->folder, 0777);
    chart->csv = open_file(chart, ".csv");
    if (chart->csv == NULL)
        return false;
    chart->gp = open_file(chart, ".gp");
    if (chart->gp == NULL) {
        fclose(chart->csv);
        return false;
    }
    chart->open = true;
    return true;
}

void chart_size(Chart *chart, int width, int height) {
    REQUIRE(chart->open && !chart->styled, "chart_size after chart_script");
    REQUIRE(width > 0 && height > 0, "size %d x %d", width, height);
    chart->width = width;
    chart->height = height;
}

// ---- 2. The data ------------------------------------------------------------

void chart_columns(Chart *chart, const char *names) {
    REQUIRE(chart->open, "the chart is not open");
    fprintf(chart->csv, "%s\n", names);
}

void chart_row(Chart *chart, int count, ...) {
    REQUIRE(chart->open, "the chart is not open");
    va_list values;
    va_start(values, count);
    for (int i = 0; i < count; i++) {
        double value = va_arg(values, double);
        if (i > 0)
            fputc(',', chart->csv);
        if (isfinite(value)) // otherwise the cell stays empty
            fprintf(chart->csv, "%.7g", value);
    }
    va_end(values);
    fputc('\n', chart->csv);
}

void chart_break(Chart *chart) {
    REQUIRE(chart->open, "the chart is not open");
    fputc('\n', chart->csv);
}

// ---- 3. The script ----------------------------------------------------------

// Eight curves to be told apart in colour (podo: the palette of Wong 2011, made
// for colour-blind readers too) and in grey: neighbours differ in lightness,
// and all in dashes or points. Yellow, hardly seen on white, comes last.
static const char line_styles[] =
    "set linetype 1 lc rgb '#0072b2' lw 2 dt solid      pt 7  # blue\n"
    "set linetype 2 lc rgb '#e69f00' lw 2 dt (12,4)     pt 5  # orange\n"
    "set linetype 3 lc rgb '#000000' lw 2 dt (3,3)      pt 9  # black\n"
    "set linetype 4 lc rgb '#009e73' lw 2 dt (12,4,3,4) pt 13 # green\n"
    "set linetype 5 lc rgb '#d55e00' lw 2 dt (20,5)     pt 11 # vermilion\n"
    "set linetype 6 lc rgb '#56b4e9' lw 2 dt solid      pt 6  # sky blue\n"
    "set linetype 7 lc rgb '#cc79a7' lw 2 dt (6,3)      pt 4  # purple\n"
    "set linetype 8 lc rgb '#f0e442' lw 2 dt (12,3,3,3) pt 8  # yellow\n"
    "set linetype cycle 8\n";

// Axes at the left and below, a faint grid behind the curves, the legend below
// the chart, where it hides nothing. Bars in groups. Heat maps in viridis,
// which in grey is still a scale from dark to bright.
static const char page_style[] =
    "set border 3 lc rgb '#404040'\n"
    "set tics nomirror out scale 0.6\n"
    "set grid back lt 1 lc rgb '#e0e0e0' lw 1\n"
    "set key outside bottom center horizontal Left reverse noenhanced\n"
    "set key height 1 width 2 samplen 3\n"
    "set key autotitle columnheader\n"
    "set style fill solid 1 noborder\n"
    "set style histogram clustered gap 1\n"
    "set boxwidth 0.9 relative\n"
    "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', \\\n"
    "    3 '#5ec962', 4 '#fde725')\n";

static bool is_dumb(const Chart *chart) {
    return strcmp(chart->format, "dumb") == 0;
}

static const char *picture_extension(const Chart *chart) {
    static const char *const extensions[] = {".svg", ".png", ".pdf"};
    for (int i = 0; i < 3; i++)
        if (strcmp(chart->format, extensions[i] + 1) == 0)
            return extensions[i];
    return ".txt"; // dumb
}

// Which drawing engine, how large, where to. Pixels become inches at 100 dpi.
static void write_terminal(const Chart *chart) {
    int w = chart->width, h = chart->height;
    if (strcmp(chart->format, "svg") == 0)
        fprintf(chart->gp,
                "set terminal svg size %d,%d font 'Helvetica,15' enhanced "
                "background rgb 'white'\n",
                w, h);
    else if (strcmp(chart->format, "png") == 0)
        fprintf(chart->gp,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
                "    set terminal pngcairo size %d,%d font 'Sans,11' enhanced\n"
                "} else {\n"
                "    set terminal png size %d,%d enhanced\n"
                "}\n",
                w, h, w, h);
    else if (strcmp(chart->format, "pdf") == 0)
        fprintf(chart->gp,
                "set terminal pdfcairo size %gin,%gin font 'Sans,11' "
                "enhanced\n",
                w / 100.0, h / 100.0);
    else
        fprintf(chart->gp, "set terminal dumb size 79,24\n");
    fprintf(chart->gp, "set output '%s%s'\n", chart->name,
            picture_extension(chart));
}

static void write_preamble(Chart *chart) {
    FILE *gp = chart->gp;
    fprintf(gp, "# Draws %s.csv. To change the chart, edit this file and run\n",
            chart->name);
    fprintf(gp, "#     cd %s && gnuplot %s.gp\n", chart->folder, chart->name);
    fprintf(gp, "set encoding utf8\n");
    write_terminal(chart);
    fprintf(gp, "DATA = '%s.csv'\nset datafile separator comma\n", chart->name);
    fprintf(gp, "%s%s", line_styles, page_style);
    if (is_dumb(chart)) // too coarse for a grid
        fprintf(gp, "unset grid\n");
    fprintf(gp, "\n");
    chart->styled = true;
}

void chart_script(Chart *chart, const char *format, ...) {
    REQUIRE(chart->open, "the chart is not open");
    if (!chart->styled)
        write_preamble(chart);
    va_list args;
    va_start(args, format);
    vfprintf(chart->gp, format, args);
    va_end(args);
}

// ---- 4. The picture ---------------------------------------------------------

// Labels are in UTF-8, and numbers have a decimal point.
#ifdef __APPLE__
static const char utf8_locale[] = "en_US.UTF-8";
#else
static const char utf8_locale[] = "C.UTF-8";
#endif

// Runs gnuplot in the chart's folder and waits for it. Returns 0, or the error
// number that kept it from starting; *succeeded tells how it ended.
static int run_gnuplot(const Chart *chart, bool *succeeded) {
    char cd[64], script[80];
    snprintf(cd, sizeof cd, "cd '%s'", chart->folder);
    snprintf(script, sizeof script, "%s.gp", chart->name);
    // no shell in between; -d leaves the reader's own ~/.gnuplot out
    char *argv[] = {"gnuplot", "-d", "-e", cd, script, NULL};
    setenv("LC_ALL", utf8_locale, 1);
    unsetenv("GNUTERM"); // the reader's screen, which may not be here
    fflush(stdout);      // what was said stands before what gnuplot says
    pid_t child;
    int problem = posix_spawnp(&child, "gnuplot", NULL, NULL, argv, environ);
    if (problem != 0)
        return problem;
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue; // Ctrl-C while waiting
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return ENOENT; // how a child may say that there is no such program
    *succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return 0;
}

// The same news for every chart of a run: told with the first.
static void say_no_gnuplot(const Chart *chart, int problem) {
    static bool said;
    if (!said)
        printf("charts: cannot run gnuplot (%s); data and scripts are in %s. "
               "To draw later: make deps, then cd %s && gnuplot %s.gp\n",
               strerror(problem), chart->folder, chart->folder, chart->name);
    said = true;
}

// False, after saying so, if not all that was written reached the disk; that
// it is full often shows only now.
static bool close_file(const Chart *chart, FILE *file, const char *extension) {
    bool lost = ferror(file) != 0;
    lost |= fclose(file) != 0; // not ||: the file is closed in any case
    if (lost)
        say_unwritable(chart, extension, "is the disk full?");
    return !lost;
}

// Prints the text picture, without the form feed that gnuplot begins it with.
static void print_picture(const char *path) {
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return;
    for (int c = getc(file); c != EOF; c = getc(file))
        if (c != '\f')
            putchar(c);
    fclose(file);
}

// Draws the picture from the files that are on disk now.
static void draw(const Chart *chart) {
    FilePath picture = path_of(chart, picture_extension(chart));
    unlink(picture.text); // an older one would not be of these data
    bool succeeded = false;
    int problem = run_gnuplot(chart, &succeeded);
    struct stat file;
    bool drawn =
        succeeded && stat(picture.text, &file) == 0 && file.st_size > 0;
    if (problem != 0)
        say_no_gnuplot(chart, problem);
    else if (!drawn)
        say("warning",
            "gnuplot could not draw %s; to see why: cd %s && "
            "gnuplot %s.gp",
            picture.text, chart->folder, chart->name);
    else if (is_dumb(chart))
        print_picture(picture.text);
    else
        printf("chart: %s\n", picture.text);
}

void chart_close(Chart *chart) {
    REQUIRE(chart->open, "the chart is not open");
    chart->open = false;
    bool data_kept = close_file(chart, chart->csv, ".csv");
    bool script_kept = close_file(chart, chart->gp, ".gp");
    if (data_kept && script_kept)
        draw(chart);
}
