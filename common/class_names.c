#include "class_names.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

enum { LINE_SIZE = 256 };

// Without a byte order mark, and with nothing that a terminal would obey.
static void clean(char *line) {
    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0)
        memmove(line, line + 3, strlen(line + 3) + 1);
    for (; *line != '\0'; line++)
        if ((unsigned char)*line < ' ' || *line == 127)
            *line = ' ';
}

// As much of line as fits, whole characters of UTF-8.
static void copy_name(char name[24], const char *line) {
    size_t n = strlen(line) < 24 ? strlen(line) : 23;
    while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80)
        n--;
    memcpy(name, line, n);
    name[n] = '\0';
    text_make_plain(name);
}

// The next line that is not empty and no remark, without blanks at its ends.
static bool next_line(char line[LINE_SIZE], FILE *file) {
    while (fgets(line, LINE_SIZE, file) != NULL) {
        clean(line);
        size_t start = strspn(line, " "), n = strlen(line);
        while (n > start && line[n - 1] == ' ')
            n--;
        line[n] = '\0';
        memmove(line, line + start, n - start + 1);
        if (line[0] != '\0' && line[0] != '#')
            return true;
    }
    return false;
}

// "1 65 97" -> "A"; codes that are no letter or figure keep their number.
static bool read_mapping(char name[24], const char *line) {
    int label, code;
    if (sscanf(line, "%d %d", &label, &code) != 2)
        return false;
    snprintf(name, 24, code > ' ' && code < 127 ? "%c" : "%d", code);
    return true;
}

static bool read_names(ClassNames *names, FILE *file, const char *path,
                       bool mapping, int classes, Error *err) {
    char line[LINE_SIZE];
    int count = 0;
    for (; next_line(line, file); count++) {
        if (count >= classes)
            continue; // counted, for the message
        if (mapping && !read_mapping(names->name[count], line))
            return error_set(err, "%.300s: \"%.40s\" is not a label and a code",
                             path, line);
        if (!mapping)
            copy_name(names->name[count], line);
    }
    names->from_file = true;
    return count == classes ||
           error_set(err, "%.300s has %d names for %d classes: one a line",
                     path, count, classes);
}

// NULL if there is none. A pipe of that name would never end.
static FILE *open_file(const char *path) {
    struct stat info;
    bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode);
    return there ? fopen(path, "r") : NULL;
}

bool class_names_load(ClassNames *names, const char *folder, const char *set,
                      int classes, Error *err) {
    *names = (ClassNames){.from_file = false};
    for (int k = 0; k < classes; k++)
        snprintf(names->name[k], sizeof names->name[0], "%d", k);
    for (int mapping = 0; mapping < 2; mapping++) {
        char path[4200];
        if (mapping)
            snprintf(path, sizeof path, "%s/%s-mapping.txt", folder, set);
        else
            snprintf(path, sizeof path, "%s/classes.txt", folder);
        FILE *file = open_file(path);
        if (file == NULL)
            continue;
        bool ok = read_names(names, file, path, mapping == 1, classes, err);
        fclose(file);
        return ok;
    }
    return true;
}
