// figure_read.c - reads a figure's numbers and its description.

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "figure_parts.h"
#include "file.h"
#include "memory.h"

// An array of `count` elements gets room for one more: twice as much each time
// that it is full.
static void *grown(void *array, int count, size_t size) {
    if (count > 0 && (count & (count - 1)) != 0)
        return array;
    void *larger = mem_alloc(count > 0 ? 2 * (size_t)count : 1, size);
    if (count > 0)
        memcpy(larger, array, (size_t)count * size);
    mem_free(array);
    return larger;
}

const char *picture_keep(Picture *p, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size, 1);
    memcpy(copy, text, size);
    p->kept = grown(p->kept, p->kept_count, sizeof *p->kept);
    return p->kept[p->kept_count++] = copy;
}

// The file as one string; NULL if it cannot be read. The caller frees it.
static char *read_text(const char *path) {
    Error err;
    FileBytes file;
    if (!file_read(&file, path, (size_t)1 << 28, &err))
        return NULL;
    char *text = mem_alloc(file.size + 1, 1);
    memcpy(text, file.bytes, file.size);
    file_free(&file);
    return text;
}

// Cuts the next line off *text; NULL at its end.
static char *next_line(char **text) {
    char *line = *text;
    if (*line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    *text = end != NULL ? end + 1 : line + strlen(line);
    if (end != NULL)
        *end = '\0';
    return line;
}

// ---- 1. Numbers -------------------------------------------------------------

static int count_columns(const char *header) {
    int columns = 1;
    for (; *header != '\0'; header++)
        columns += *header == ',';
    return columns;
}

// A row of the table, all NaN for an empty line (a gap).
static void read_row(Table *t, int *room, char *line) {
    if (t->rows == *room) {
        *room = *room > 0 ? 2 * *room : 64;
        double *larger =
            mem_alloc((size_t)*room * (size_t)t->columns, sizeof(double));
        if (t->rows > 0)
            memcpy(larger, t->cells,
                   (size_t)t->rows * (size_t)t->columns * sizeof(double));
        mem_free(t->cells);
        t->cells = larger;
    }
    double *row = t->cells + (size_t)t->rows++ * (size_t)t->columns;
    for (int c = 0; c < t->columns; c++) {
        char *end = line;
        double value = strtod(line, &end);
        row[c] = end != line ? value : (double)NAN;
        line = end + (*end == ',');
    }
}

// Tables are two empty lines apart; each begins with its columns' names.
static void read_tables(Picture *p, char *text) {
    int room = 0, empty = 2;
    for (char *line; (line = next_line(&text)) != NULL;) {
        if (*line == '\0') {
            empty++;
            continue;
        }
        if (empty >= 2) {
            p->tables = grown(p->tables, p->table_count, sizeof *p->tables);
            p->tables[p->table_count++] =
                (Table){.columns = count_columns(line)};
            room = 0;
        } else {
            Table *t = &p->tables[p->table_count - 1];
            char nothing[] = "";
            if (empty == 1)
                read_row(t, &room, nothing);
            read_row(t, &room, line);
        }
        empty = 0;
    }
}

// ---- 2. Words ---------------------------------------------------------------

enum { MAX_VALUES = 12 };

const char *picture_words(Picture *p, const char *words,
                          const char *const *values, int count) {
    char out[1024];
    size_t used = 0;
    int next = 0;
    for (const char *at = words; *at != '\0' && used < sizeof out - 1;) {
        if (*at != '%' || at[1] == '%') {
            out[used++] = *at;
            at += *at == '%' ? 2 : 1;
            continue;
        }
        char *end;
        long number = strtol(at + 1, &end, 10);
        int which = *end == '$' ? (int)number - 1 : next++;
        const char *value = which >= 0 && which < count ? values[which] : "?";
        used += (size_t)snprintf(out + used, sizeof out - used, "%s", value);
        used = used < sizeof out ? used : sizeof out - 1;
        at += 1 + strspn(at + 1, "+- #0123456789.lz$");
        at += *at != '\0'; // its letter
    }
    out[used] = '\0';
    return picture_keep(p, out);
}

struct Translation {
    char *text;
    char **english; // [count]
    char **other;
    int count;
};

Translation *translation_load(const char *path) {
    char *text = read_text(path);
    if (text == NULL)
        return NULL;
    Translation *t = mem_alloc(1, sizeof *t);
    t->text = text;
    for (char *line; (line = next_line(&text)) != NULL;) {
        char *tab = strchr(line, '\t');
        if (line[0] == '#' || tab == NULL)
            continue;
        *tab = '\0';
        t->english = grown(t->english, t->count, sizeof *t->english);
        t->other = grown(t->other, t->count, sizeof *t->other);
        t->english[t->count] = line;
        t->other[t->count++] = tab + 1;
    }
    return t;
}

void translation_free(Translation *t) {
    if (t == NULL)
        return;
    mem_free(t->english);
    mem_free(t->other);
    mem_free(t->text);
    mem_free(t);
}

const char *translated(const Translation *t, const char *english) {
    for (int i = 0; t != NULL && i < t->count; i++)
        if (strcmp(t->english[i], english) == 0)
            return t->other[i];
    return english;
}

// The fields of a line: kind, attributes, words and their values.
static int split(char *line, const char **fields, int most) {
    int count = 0;
    while (count < most) {
        fields[count++] = line;
        line = strchr(line, '\t');
        if (line == NULL)
            break;
        *line++ = '\0';
    }
    return count;
}

// ---- 3. The description -----------------------------------------------------

static Panel *new_panel(Picture *p, const char *words) {
    p->panels = grown(p->panels, p->count, sizeof *p->panels);
    Panel *panel = &p->panels[p->count++];
    *panel = (Panel){.words = words};
    for (int k = 0; k < 2; k++)
        panel->axis[k] =
            (Axis){.words = "", .low = (double)NAN, .high = (double)NAN};
    return panel;
}

// What an axis is told.
static void read_axis(Panel *panel, const Mark *m) {
    char which[32];
    Axis *a = &panel->axis[mark_word(m, "axis", which)[0] == 'y'];
    if (mark_is(m, "label")) {
        a->words = m->words;
    } else if (mark_is(m, "log")) {
        a->log = true;
    } else if (mark_is(m, "step")) {
        a->step = mark_number(m, "size", 0.0);
    } else if (mark_is(m, "range")) {
        a->low = mark_number(m, "low", (double)NAN);
        a->high = mark_number(m, "high", (double)NAN);
        a->turned = a->low > a->high;
        if (a->turned) {
            double low = a->low;
            a->low = a->high;
            a->high = low;
        }
    } else {
        a->named = true;
        if (a->ticks < MAX_TICKS && *m->words != '\0')
            a->tick[a->ticks++] = (Tick){mark_number(m, "at", 0.0), m->words};
    }
}

static void add_mark(Panel *panel, const Mark *m) {
    panel->marks = grown(panel->marks, panel->count, sizeof *panel->marks);
    panel->marks[panel->count++] = *m;
}

// A line that is said of the current panel.
static void read_panel_line(Panel *panel, const Mark *m) {
    if (mark_is(m, "square")) {
        panel->square = true;
    } else if (mark_is(m, "bare")) {
        panel->bare = true;
    } else if (mark_is(m, "scale")) {
        panel->scale = m->words;
    } else if (mark_is(m, "size")) {
        panel->width = (int)mark_number(m, "width", 0.0);
        panel->height = (int)mark_number(m, "height", 0.0);
    } else if (mark_is(m, "label") || mark_is(m, "log") ||
               mark_is(m, "range") || mark_is(m, "step") ||
               mark_is(m, "tick")) {
        read_axis(panel, m);
    } else {
        add_mark(panel, m);
    }
}

// A line of the description. What is said before the first panel goes for one
// without a title.
static void read_line(Picture *p, const Mark *m) {
    if (mark_is(m, "title"))
        p->title = m->words;
    else if (mark_is(m, "caption"))
        p->caption = m->words;
    else if (mark_is(m, "grid"))
        p->columns = (int)fmax(0.0, mark_number(m, "columns", 0.0));
    else if (mark_is(m, "share"))
        p->share = true;
    else if (mark_is(m, "legend"))
        p->legend = true;
    else if (mark_is(m, "film"))
        p->stills = (int)mark_number(m, "stills", 1.0);
    else if (mark_is(m, "panel"))
        new_panel(p, m->words);
    else
        read_panel_line(
            p->count > 0 ? &p->panels[p->count - 1] : new_panel(p, ""), m);
}

static void read_description(Picture *p, char *text, const Translation *t) {
    for (char *line; (line = next_line(&text)) != NULL;) {
        const char *fields[3 + MAX_VALUES];
        int count = split(line, fields, 3 + MAX_VALUES);
        Mark m = {
            .kind = picture_keep(p, fields[0]), .attributes = "", .words = ""};
        if (count > 1)
            m.attributes = picture_keep(p, fields[1]);
        for (int k = 3; k < count; k++) // a name within a sentence
            fields[k] = translated(t, fields[k]);
        if (count > 2)
            m.words = picture_words(p, translated(t, fields[2]), fields + 3,
                                    count - 3);
        read_line(p, &m);
    }
}

// Whether there is something to translate: two letters in a row that are no
// number's ("1e-05") and no conversion's ("%s").
static bool has_words(const char *text) {
    char *end;
    strtod(text, &end);
    if (*end == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text == '%')
            text += strcspn(text, "dsfegi");
        if (*text == '\0')
            break;
        if (isalpha((unsigned char)text[0]) && isalpha((unsigned char)text[1]))
            return true;
    }
    return false;
}

void figure_untranslated(const Drawing *d, FILE *out) {
    char *text = read_text(figure_path(d->folder, d->name, ".fig").text),
         *rest = text;
    if (text == NULL)
        return;
    for (char *line; (line = next_line(&rest)) != NULL;) {
        const char *fields[3 + MAX_VALUES];
        int count = split(line, fields, 3 + MAX_VALUES);
        for (int i = 2; i < count; i++)
            if (has_words(fields[i]) &&
                translated(d->translation, fields[i]) == fields[i])
                fprintf(out, "%s\n", fields[i]);
    }
    mem_free(text);
}

bool picture_read(Picture *p, const Drawing *drawing) {
    *p = (Picture){.title = "", .caption = ""};
    char *csv =
        read_text(figure_path(drawing->folder, drawing->name, ".csv").text);
    char *fig =
        read_text(figure_path(drawing->folder, drawing->name, ".fig").text);
    bool read = csv != NULL && fig != NULL;
    if (read) {
        read_tables(p, csv);
        read_description(p, fig, drawing->translation);
        if (p->count == 0)
            new_panel(p, "");
    }
    mem_free(csv);
    mem_free(fig);
    if (!read)
        picture_free(p);
    return read;
}

int panel_slot(const Picture *p, int i) {
    return p->film ? 0 : i;
}

void picture_choose_stills(Picture *p) {
    int count = p->stills < p->count ? p->stills : p->count;
    for (int i = 0, next = 0; i < p->count; i++) {
        int wanted = count > 1 ? next * (p->count - 1) / (count - 1) : 0;
        if (next < count && i == wanted)
            p->panels[next++] = p->panels[i];
        else
            mem_free(p->panels[i].marks);
    }
    p->count = count;
}

void picture_free(Picture *p) {
    for (int i = 0; i < p->table_count; i++)
        mem_free(p->tables[i].cells);
    for (int i = 0; i < p->count; i++)
        mem_free(p->panels[i].marks);
    for (int i = 0; i < p->kept_count; i++)
        mem_free(p->kept[i]);
    mem_free(p->tables);
    mem_free(p->panels);
    mem_free(p->kept);
    *p = (Picture){0};
}

// ---- 4. A mark's attributes and cells ---------------------------------------

const char *const pen_colors[PEN_COLORS] = {
    "",    "blue",   "orange", "black", "green", "vermilion",
    "sky", "purple", "yellow", "gray",  "white"};

bool mark_is(const Mark *m, const char *kind) {
    return strcmp(m->kind, kind) == 0;
}

// Where the value of name=value begins; NULL if there is none.
static const char *attribute(const Mark *m, const char *name) {
    size_t length = strlen(name);
    for (const char *at = m->attributes; *at != '\0';) {
        if (strncmp(at, name, length) == 0 && at[length] == '=')
            return at + length + 1;
        at += strcspn(at, " ");
        at += strspn(at, " ");
    }
    return NULL;
}

double mark_number(const Mark *m, const char *name, double otherwise) {
    const char *value = attribute(m, name);
    return value != NULL ? strtod(value, NULL) : otherwise;
}

const char *mark_word(const Mark *m, const char *name, char word[32]) {
    const char *value = attribute(m, name);
    if (value == NULL)
        value = "";
    snprintf(word, 32, "%.*s", (int)strcspn(value, " "), value);
    return word;
}

const Table *mark_table(const Picture *p, const Mark *m) {
    int table = (int)mark_number(m, "table", -1.0);
    return table >= 0 && table < p->table_count ? &p->tables[table] : NULL;
}

// Column number `column`, counted from 1; NaN if there is none.
static double cell(const Table *t, int column, int row) {
    if (column < 1 || column > t->columns || row >= t->rows)
        return (double)NAN;
    return t->cells[row * t->columns + column - 1];
}

double mark_cell(const Picture *p, const Mark *m, const char *column, int row) {
    const Table *t = mark_table(p, m);
    if (t == NULL)
        return (double)NAN;
    int only = (int)mark_number(m, "column", 0.0);
    if (only > 0 && cell(t, only, row) != mark_number(m, "value", 0.0))
        return (double)NAN;
    return cell(t, (int)mark_number(m, column, 0.0), row);
}
