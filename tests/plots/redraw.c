// redraw.c - draws figures again from their files, without what computed them.
//
//     redraw FORMAT THEME WORDS FILE.fig...     (`make plots FORMAT=png` runs it)
//
// FORMAT is svg, png, pdf or tikz; THEME paper, slide or dark; WORDS a file of
// translations, or - for English. Says "chart: FILE.svg" for each. With the
// FORMAT "untranslated" it draws nothing and lists the words that WORDS lacks.

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "figure_draw.h"

// "out/ch05/loss.fig" becomes the folder and the name. False if it is no .fig.
static bool split(const char *file, char folder[256], char name[128]) {
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL ? slash + 1 : file;
    size_t length = strlen(base);
    if (length < 5 || strcmp(base + length - 4, ".fig") != 0)
        return false;
    snprintf(folder, 256, "%.*s", slash != NULL ? (int)(slash - file) : 1,
             slash != NULL ? file : ".");
    snprintf(name, 128, "%.*s", (int)(length - 4), base);
    return true;
}

int main(int argc, char **argv) {
    if (argc < 5)
        die("usage: redraw FORMAT THEME WORDS|- FILE.fig...");
    Drawing d = {.format = argv[1], .theme = argv[2]};
    const bool lists = strcmp(d.format, "untranslated") == 0;
    if (!lists && !figure_format(d.format))
        die("there is no format %s: svg, png, pdf or tikz", d.format);
    Translation *words = NULL;
    if (strcmp(argv[3], "-") != 0 &&
        (words = translation_load(argv[3])) == NULL)
        die("cannot read %s", argv[3]);
    d.translation = words;

    int failed = 0;
    for (int i = 4; i < argc; i++) {
        char folder[256], name[128];
        Drawn drawn = {0};
        d.folder = folder;
        d.name = name;
        bool named = split(argv[i], folder, name);
        if (named && lists) {
            figure_untranslated(&d, stdout);
            continue;
        }
        if (named)
            figure_redraw(&d, &drawn);
        if (drawn.picture)
            printf("chart: %s/%s%s\n", folder, name,
                   figure_extension(d.format));
        else
            say("error", "%s could not be drawn", argv[i]);
        failed += !drawn.picture;
    }
    translation_free(words);
    return failed > 0;
}
