// file.h - whole files, read into memory and replaced on the disk.

#ifndef DL_FILE_H
#define DL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct {
    uint8_t *bytes;
    size_t size;
} FileBytes;

// Reads all of path. False with a message if it cannot be read or if it is
// larger than limit bytes. The caller frees file by file_free.
bool file_read(FileBytes *file, const char *path, size_t limit, Error *err);
void file_free(FileBytes *file);

// Makes file the contents of path. It is written beside its final place, synced
// and renamed, so that at any moment, also after a power cut, path holds either
// the old bytes or the new ones whole. A symbolic link stays one, a file keeps
// its permissions. False with a message if it cannot (the folder, a full disk,
// a write-protected file, not a file), and then the old bytes stay.
bool file_replace(const char *path, const FileBytes *file, Error *err);

// Whether file_replace would find a place to write to: for a program to ask
// before it computes for hours. Leaves nothing behind.
bool file_can_replace(const char *path, Error *err);

// Whether a is b: the same name, or two names of one file. Not if either is
// NULL.
bool file_is(const char *a, const char *b);

#endif
