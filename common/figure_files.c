// figure_files.c - where a figure's files come into being, and how they get to
// their place: each at once, and whole.

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "figure_parts.h"

FilePath figure_path(const char *folder, const char *name,
                     const char *extension) {
    FilePath path;
    snprintf(path.text, sizeof path.text, "%s/%s%s", folder, name, extension);
    return path;
}

bool work_open(char work[WORK_PATH], const char *folder, const char *name) {
    snprintf(work, WORK_PATH, "%s/.%s.XXXXXX", folder, name);
    return mkdtemp(work) != NULL && chmod(work, 0755) == 0;
}

bool work_publish(const char *work, const char *folder, const char *name,
                  const char *const *extensions, int count) {
    for (int i = 0; i < count; i++)
        if (rename(figure_path(work, name, extensions[i]).text,
                   figure_path(folder, name, extensions[i]).text) != 0)
            return false;
    return true;
}

void work_remove(const char *work, const char *name) {
    static const char *const extensions[] = {
        ".csv", ".fig", ".gp", ".svg", ".png", ".pdf", ".tex", ".gif", ".txt"};
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        unlink(figure_path(work, name, extensions[i]).text);
    rmdir(work);
}
