#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

enum { FIRST_READ = 1 << 16 }; // bytes; doubled as long as more keeps coming

// ---- reading ----------------------------------------------------------------

// Doubles the room for what has been read, up to one byte more than limit: that
// one tells a file of just the right size from one that is too long.
static size_t grow(FileBytes *file, size_t room, size_t limit) {
    size_t larger = room == 0 ? FIRST_READ : 2 * room;
    larger = larger < limit + 1 ? larger : limit + 1;
    uint8_t *grown = mem_alloc_raw(larger, 1);
    if (file->size > 0)
        memcpy(grown, file->bytes, file->size);
    mem_free(file->bytes);
    file->bytes = grown;
    return larger;
}

bool file_read(FileBytes *file, const char *path, size_t limit, Error *err) {
    *file = (FileBytes){0};
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return error_set(err, "cannot open %s: %s", path, strerror(errno));
    size_t room = 0;
    do {
        if (file->size == room)
            room = grow(file, room, limit);
        file->size += fread(file->bytes + file->size, 1, room - file->size, f);
    } while (!feof(f) && !ferror(f) && file->size <= limit);
    bool ok = true;
    if (ferror(f))
        ok = error_set(err, "cannot read %s: %s", path, strerror(errno));
    else if (file->size > limit)
        ok = error_set(err, "%s is larger than %zu MiB", path, limit >> 20);
    fclose(f);
    if (!ok)
        file_free(file);
    return ok;
}

void file_free(FileBytes *file) {
    mem_free(file->bytes);
    *file = (FileBytes){0};
}

// ---- replacing --------------------------------------------------------------

// write() may take only a part, and a signal may interrupt it.
static bool write_all(int fd, const FileBytes *file) {
    for (size_t done = 0; done < file->size;) {
        ssize_t n = write(fd, file->bytes + done, file->size - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

// What is to be replaced, and the file beside it that will take its place.
typedef struct {
    char target[PATH_MAX]; // where path leads, behind symbolic links
    char temporary[PATH_MAX];
    mode_t mode; // of the old file; 0: there is none
} Place;

static bool cannot_write(const char *path, Error *err) {
    return error_set(err,
                     "cannot write %.400s: %s; choose a folder that exists and "
                     "has room",
                     path, strerror(errno));
}

// To rename a file over a folder or over /dev/null would be a surprise, and so
// would be to replace what its owner has protected.
static bool find_place(Place *place, const char *path, Error *err) {
    struct stat old;
    place->mode = 0;
    if (stat(path, &old) == 0) {
        if (!S_ISREG(old.st_mode))
            return error_set(err, "cannot write %.400s: it is not a file",
                             path);
        if (access(path, W_OK) != 0 || (old.st_mode & S_IWUSR) == 0)
            return error_set(err,
                             "cannot write %.400s: it is write-protected; "
                             "choose another name",
                             path);
        place->mode = old.st_mode & 0777;
    }
    if (place->mode == 0 || realpath(path, place->target) == NULL)
        snprintf(place->target, PATH_MAX, "%s", path);
    // The number of the process: two runs do not write into the same file.
    int length = snprintf(place->temporary, PATH_MAX, "%s.tmp-%ld",
                          place->target, (long)getpid());
    if (length >= PATH_MAX)
        return error_set(err, "cannot write %.80s...: the name is too long",
                         path);
    return true;
}

// Opens the temporary file, which must be new: one that is there was left by a
// run that was killed, or is a link that leads elsewhere.
static int open_temporary(const Place *place) {
    unlink(place->temporary);
    return open(place->temporary,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

// A run that was killed while it wrote left its temporary file. Its name ends
// with a process number; if there is no such process, no process writes to it.
static void remove_orphans(const Place *place) {
    char folder[PATH_MAX], path[PATH_MAX + 256];
    snprintf(folder, sizeof folder, "%s", place->target);
    char *slash = strrchr(folder, '/');
    const char *name =
        slash != NULL ? place->target + (slash + 1 - folder) : place->target;
    strcpy(slash != NULL ? slash + 1 : folder, slash != NULL ? "" : "./");
    DIR *entries = opendir(folder);
    for (struct dirent *e; entries && (e = readdir(entries)) != NULL;) {
        size_t n = strlen(name);
        if (strncmp(e->d_name, name, n) != 0 ||
            strncmp(e->d_name + n, ".tmp-", 5) != 0)
            continue;
        long process = strtol(e->d_name + n + 5, NULL, 10);
        snprintf(path, sizeof path, "%s%s", folder, e->d_name);
        if (process > 0 && kill((pid_t)process, 0) != 0 && errno == ESRCH)
            unlink(path);
    }
    if (entries != NULL)
        closedir(entries);
}

// Writes these bytes and waits until the disk has them.
static bool write_synced(const Place *place, const FileBytes *file) {
    int fd = open_temporary(place);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, file) && fsync(fd) == 0 &&
              (place->mode == 0 || fchmod(fd, place->mode) == 0);
    int cause = errno;
    if (close(fd) != 0)
        return false;
    errno = cause; // close() may have changed it
    return ok;
}

// Puts the new name on the disk too. Some file systems cannot sync a folder;
// then the name follows a little later, but still points at a whole file.
static void sync_folder_of(const char *path) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[1] = '\0';
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

bool file_replace(const char *path, const FileBytes *file, Error *err) {
    Place place;
    if (!find_place(&place, path, err))
        return false;
    if (!write_synced(&place, file) ||
        rename(place.temporary, place.target) != 0) {
        cannot_write(path, err);
        unlink(place.temporary);
        return false;
    }
    sync_folder_of(place.target);
    remove_orphans(&place);
    return true;
}

bool file_can_replace(const char *path, Error *err) {
    Place place;
    if (!find_place(&place, path, err))
        return false;
    int fd = open_temporary(&place);
    if (fd < 0)
        return cannot_write(path, err);
    close(fd);
    unlink(place.temporary);
    return true;
}

// ---- names ------------------------------------------------------------------

bool file_is(const char *a, const char *b) {
    struct stat x, y;
    if (a == NULL || b == NULL)
        return false;
    return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 &&
                                 x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}
