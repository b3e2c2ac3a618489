// figure_draw.h - a picture from a figure's files: its numbers, its description.
//
// Any figure can be drawn again from NAME.csv and NAME.fig, in another format,
// for another purpose, in another language, without what computed it.

#ifndef DL_FIGURE_DRAW_H
#define DL_FIGURE_DRAW_H

#include <stdbool.h>
#include <stdio.h>

// Words in another language. A file of lines, each an English text as it stands
// in a program (with its %d, %s), a tab, and the same in the other language; the
// values may be taken in another order, as %2$s. Empty without a file.
typedef struct Translation Translation;
Translation *translation_load(const char *path); // NULL if it cannot be read
void translation_free(Translation *t);

typedef struct {
    const char *folder; // with NAME.csv and NAME.fig, written to as well
    const char *name;
    const char *format;             // svg, png, pdf, tikz, gif, dumb (as text)
    const char *theme;              // paper (or NULL), slide, dark
    const Translation *translation; // or NULL: English
    int seconds;                    // that gnuplot may take; 0: a minute
} Drawing;

typedef struct {
    bool script;  // NAME.gp was written
    bool picture; // and drawn
    bool late;    // gnuplot was stopped, its time being over
    int error;    // why gnuplot could not be started; 0: it could
} Drawn;

// Writes the words of the figure that the translation does not have, a line
// each; numbers, and words without two letters, need none.
void figure_untranslated(const Drawing *drawing, FILE *out);

// Writes NAME.gp and runs gnuplot on it in the folder.
void figure_draw(const Drawing *drawing, Drawn *drawn);

// Does it anew: as above, but NAME.gp and the picture take the places of the old
// ones only when they are complete.
void figure_redraw(const Drawing *drawing, Drawn *drawn);

// Whether there is such a format, and how its files are called (".svg").
bool figure_format(const char *format);
const char *figure_extension(const char *format);

#endif
