// figure_draw.c - from a figure's files to its picture: reads, scales, lays out,
// writes the script, runs gnuplot, and finishes what gnuplot leaves undone.

#include "figure_draw.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "figure_parts.h"
#include "file.h"

extern char **environ; // POSIX has programs declare it themselves

// ---- 1. Formats and themes --------------------------------------------------

static const struct {
    const char *format, *extension;
} formats[] = {{"svg", ".svg"},  {"png", ".png"}, {"pdf", ".pdf"},
               {"tikz", ".tex"}, {"gif", ".gif"}, {"dumb", ".txt"}};

enum { FORMATS = sizeof formats / sizeof *formats };

bool figure_format(const char *format) {
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(format, formats[i].format) == 0)
            return true;
    return false;
}

const char *figure_extension(const char *format) {
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(format, formats[i].format) == 0)
            return formats[i].extension;
    return ".txt";
}

// Eight colors to be told apart (the palette in Wong 2011, made for
// color-blind readers too), gray and white; the same as words, darker where the
// color would be pale on white.
#define ON_WHITE                                                               \
    {                                                                          \
        "", "#0072b2", "#e69f00", "#000000", "#009e73", "#d55e00", "#56b4e9",  \
            "#cc79a7", "#f0e442", "#808080", "#ffffff"                         \
    }
#define WORDS_ON_WHITE                                                         \
    {                                                                          \
        "", "#0072b2", "#8f6300", "#000000", "#00795a", "#b34f00", "#1a75a8",  \
            "#a1487a", "#7a7200", "#5f5f5f", "#ffffff"                         \
    }
#define ON_BLACK                                                               \
    {                                                                          \
        "", "#4aa8e0", "#f0b429", "#f2f2f2", "#2fc79a", "#f07f3c", "#8fd0f5",  \
            "#e39bc4", "#f0e442", "#a0a0a0", "#ffffff"                         \
    }

static const Theme themes[] = {
    {"paper", "#ffffff", "#202020", "#606060", "#e4e4e4", ON_WHITE,
     WORDS_ON_WHITE, 13.0, 1.0, 0.0},
    {"slide", "#ffffff", "#101010", "#505050", "#e4e4e4", ON_WHITE,
     WORDS_ON_WHITE, 18.0, 1.6, 0.0},
    {"dark", "#16181d", "#e8e8e8", "#a8a8a8", "#3a3d45", ON_BLACK, ON_BLACK,
     13.0, 1.0, 0.0},
    {"text", "#ffffff", "#000000", "#000000", "#000000", ON_WHITE, ON_WHITE,
     13.0, 1.0, 8.0},
};

const Theme *drawing_theme(const Drawing *d) {
    const char *name = d->theme != NULL ? d->theme : "paper";
    if (strcmp(d->format, "dumb") == 0)
        name = "text";
    for (size_t i = 0; i < sizeof themes / sizeof *themes; i++)
        if (strcmp(themes[i].name, name) == 0)
            return &themes[i];
    return NULL;
}

// ---- 2. gnuplot -------------------------------------------------------------

// Labels are in UTF-8, and numbers have a decimal point.
#ifdef __APPLE__
static const char utf8_locale[] = "en_US.UTF-8";
#else
static const char utf8_locale[] = "C.UTF-8";
#endif

// Waits for the child; kills it when its time is over. Returns its status.
static int wait_for(pid_t child, int seconds, bool *late) {
    const struct timespec moment = {.tv_nsec = 2000000};
    time_t start = time(NULL);
    int status;
    for (;;) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended == child)
            return status;
        if (ended < 0 && errno != EINTR)
            return -1;
        if (!*late && time(NULL) - start >= seconds) {
            *late = true;
            kill(child, SIGKILL);
        }
        nanosleep(&moment, NULL);
    }
}

// Runs gnuplot in the figure's folder. Returns whether it succeeded.
static bool run_gnuplot(const Drawing *d, Drawn *drawn) {
    char cd[512], script[80];
    snprintf(cd, sizeof cd, "cd '%s'", d->folder);
    snprintf(script, sizeof script, "%s.gp", d->name);
    // no shell in between; -d leaves the reader's own ~/.gnuplot out
    char *argv[] = {"gnuplot", "-d", "-e", cd, script, NULL};
    setenv("LC_ALL", utf8_locale, 1);
    unsetenv("GNUTERM"); // the reader's screen, which may not be here
    fflush(stdout);      // what was said stands before what gnuplot says

    // it counts the frames of a film on stderr
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    if (strcmp(d->format, "gif") == 0)
        posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null",
                                         O_WRONLY, 0);
    pid_t child;
    drawn->error = posix_spawnp(&child, "gnuplot", &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (drawn->error != 0)
        return false;
    int status =
        wait_for(child, d->seconds > 0 ? d->seconds : 60, &drawn->late);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        drawn->error = ENOENT; // how a child may say that there is no gnuplot
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// ---- 3. What gnuplot leaves undone in an SVG --------------------------------

// Writes text as XML.
static void write_escaped(FILE *out, const char *text) {
    for (; *text != '\0'; text++)
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else
            putc(*text, out);
}

// Title and description, which gnuplot fills with its own name.
static void write_description(Picture *p, const Translation *t, FILE *out) {
    char *words;
    size_t size;
    FILE *memory = open_memstream(&words, &size);
    if (memory == NULL)
        return;
    picture_write_alt(p, t, memory);
    fclose(memory);
    fputs("<title>", out);
    write_escaped(out, p->title);
    fputs("</title>\n<desc>", out);
    write_escaped(out, words);
    fputs("</desc>\n", out);
    free(words);
}

// A line without gnuplot's names of its curves, which a browser would show where
// the mouse rests.
static void write_nameless(const char *line, size_t length, FILE *out) {
    static const char from[] = "<title>gnuplot_plot", to[] = "</title>";
    const char *after = line + length;
    const char *name = memmem(line, length, from, strlen(from));
    const char *end =
        name == NULL ? NULL
                     : memmem(name, (size_t)(after - name), to, strlen(to));
    if (end != NULL) {
        fwrite(line, 1, (size_t)(name - line), out);
        line = end + strlen(to);
    }
    fwrite(line, 1, (size_t)(after - line), out);
}

// Copies the picture: with the figure's own title and description, and with
// pixels that stay squares when a browser enlarges them.
static bool finish_svg(Picture *p, const Drawing *d, const char *path) {
    FileBytes file;
    Error err;
    if (!file_read(&file, path, (size_t)1 << 28, &err))
        return false;
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        file_free(&file);
        return false;
    }
    const char *at = (const char *)file.bytes, *end = at + file.size;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop + 1 : end;
        if (strncmp(at, "<title>", 7) == 0) {
            write_description(p, d->translation, out);
        } else if (strncmp(at, "<image ", 7) == 0) {
            fputs("<image image-rendering='pixelated' ", out);
            fwrite(at + 7, 1, (size_t)(stop - at - 7), out);
        } else if (strncmp(at, "<desc>", 6) != 0) {
            write_nameless(at, (size_t)(stop - at), out);
        }
        at = stop;
    }
    file_free(&file);
    bool whole = ferror(out) == 0;
    return fclose(out) == 0 && whole;
}

// ---- 4. All of it -----------------------------------------------------------

static bool write_script(const Picture *p, const Drawing *d) {
    FILE *gp = fopen(figure_path(d->folder, d->name, ".gp").text, "w");
    if (gp == NULL)
        return false;
    picture_write_script(p, d, gp);
    bool whole = ferror(gp) == 0;
    return fclose(gp) == 0 && whole;
}

void figure_draw(const Drawing *d, Drawn *drawn) {
    *drawn = (Drawn){0};
    Picture p;
    const Theme *theme = drawing_theme(d);
    if (theme == NULL || !figure_format(d->format) || !picture_read(&p, d))
        return;
    p.theme = theme;
    p.film = p.stills > 0 && strcmp(d->format, "gif") == 0;
    if (p.stills > 0 && !p.film)
        picture_choose_stills(&p);
    picture_scale(&p);
    picture_lay_out(&p);
    drawn->script = write_script(&p, d);

    FilePath path =
        figure_path(d->folder, d->name, figure_extension(d->format));
    struct stat file;
    if (drawn->script && run_gnuplot(d, drawn))
        drawn->picture = stat(path.text, &file) == 0 && file.st_size > 0;
    if (drawn->picture && strcmp(d->format, "svg") == 0)
        drawn->picture = finish_svg(&p, d, path.text);
    picture_free(&p);
}

// The figure's numbers and description get a second name in the work folder.
static bool link_files(const Drawing *d, const char *work) {
    const char *extensions[] = {".csv", ".fig"};
    for (int i = 0; i < 2; i++)
        if (link(figure_path(d->folder, d->name, extensions[i]).text,
                 figure_path(work, d->name, extensions[i]).text) != 0)
            return false;
    return true;
}

void figure_redraw(const Drawing *d, Drawn *drawn) {
    char work[WORK_PATH];
    *drawn = (Drawn){0};
    if (!work_open(work, d->folder, d->name))
        return;
    Drawing inside = *d;
    inside.folder = work;
    if (link_files(d, work))
        figure_draw(&inside, drawn);
    const char *made[] = {".gp", figure_extension(d->format)};
    if (drawn->picture)
        drawn->picture = work_publish(work, d->folder, d->name, made, 2);
    work_remove(work, d->name);
}
