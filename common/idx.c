// idx.c - reads IDX, the format of the MNIST files (LeCun, Cortes, Burges).
//
// pictures:  0x00000803, count, rows, cols   then count * rows * cols bytes
// labels:    0x00000801, count               then count bytes
//
// The numbers are 32-bit and big-endian. 08 says that the entries are unsigned
// bytes, 03 and 01 how many sizes follow. A header may lie, so nothing is
// allocated on its word alone: memory grows with the bytes that really come.

#include "data.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "memory.h"

enum {
    LABELS_MAGIC = 0x801,
    PICTURES_MAGIC = 0x803,
    SIDE_MAX = 4096,      // rows and columns of one picture
    FIRST_READ = 1 << 20, // bytes; doubled as long as more keeps coming
};
static const uint64_t BYTES_MAX = (uint64_t)4 << 30; // of one file

typedef struct {
    gzFile gz;
    char path[1024]; // as opened, for messages
} IdxFile;

// zlib reads a plain file as it is, so one way of reading serves both kinds.
static bool idx_open(IdxFile *file, const char *path, Error *err) {
    snprintf(file->path, sizeof file->path, "%s", path);
    if (access(path, F_OK) != 0)
        snprintf(file->path, sizeof file->path, "%s.gz", path);
    errno = 0;
    file->gz = gzopen(file->path, "rb");
    if (file->gz == NULL)
        return error_set(err, "cannot open %s (nor with .gz at its end): %s",
                         path, errno != 0 ? strerror(errno) : "out of memory");
    gzbuffer(file->gz, 1 << 17);
    return true;
}

// What zlib says about the last read. A gzip stream that ends too early and a
// checksum that does not fit show here and not in the number of bytes.
static const char *idx_problem(IdxFile *file) {
    int code;
    const char *text = gzerror(file->gz, &code);
    if (code == Z_ERRNO)
        return strerror(errno);
    if (code == Z_BUF_ERROR)
        return "the compressed data end too early";
    return code == Z_OK ? NULL : text;
}

// Reads exactly n bytes (n <= INT_MAX); what they are is for the message.
static bool idx_read(IdxFile *file, uint8_t *to, size_t n, const char *what,
                     Error *err) {
    int got = gzread(file->gz, to, (unsigned)n);
    if (got == (int)n)
        return true;
    const char *problem = idx_problem(file);
    if (problem != NULL)
        return error_set(err, "%s is damaged: %s", file->path, problem);
    return error_set(err, "%s is cut short: %zu bytes are missing in the %s",
                     file->path, n - (size_t)got, what);
}

// One number of the header.
static bool idx_number(IdxFile *file, uint32_t *number, Error *err) {
    uint8_t b[4];
    if (!idx_read(file, b, sizeof b, "header", err))
        return false;
    *number = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
              (uint32_t)b[2] << 8 | b[3];
    return true;
}

// Reads and checks the header; sizes gets the numbers after the magic one.
static bool idx_header(IdxFile *file, uint32_t magic, uint32_t sizes[3],
                       Error *err) {
    const char *kind = magic == PICTURES_MAGIC ? "pictures" : "labels";
    uint32_t found;
    if (!idx_number(file, &found, err))
        return false;
    if (found != magic)
        return error_set(err,
                         "%s is not a file of IDX %s: it begins with 0x%08x "
                         "instead of 0x%08x",
                         file->path, kind, found, magic);
    sizes[1] = sizes[2] = 1;
    for (uint32_t i = 0; i < (magic & 0xff); i++)
        if (!idx_number(file, &sizes[i], err))
            return false;
    if (sizes[0] == 0 || sizes[1] == 0 || sizes[2] == 0)
        return error_set(err,
                         "%s is empty: its header says %u %s of %u x %u bytes",
                         file->path, sizes[0], kind, sizes[1], sizes[2]);
    if (sizes[0] > INT_MAX || sizes[1] > SIDE_MAX || sizes[2] > SIDE_MAX ||
        (uint64_t)sizes[0] * sizes[1] * sizes[2] > BYTES_MAX)
        return error_set(err,
                         "%s is damaged or too large: its header says %u %s "
                         "of %u x %u bytes, and the limit is 4 GiB",
                         file->path, sizes[0], kind, sizes[1], sizes[2]);
    return true;
}

// Reads the n bytes after the header. *bytes is the caller's, also on failure.
static bool idx_body(IdxFile *file, uint8_t **bytes, size_t n, Error *err) {
    size_t done = 0, room = 0;
    while (done < n) {
        size_t larger = room == 0 ? FIRST_READ : 2 * room;
        room = larger < n ? larger : n;
        uint8_t *grown = mem_alloc_raw(room, 1);
        if (done > 0)
            memcpy(grown, *bytes, done);
        mem_free(*bytes);
        *bytes = grown;
        for (size_t part; done < room; done += part) {
            part = room - done < FIRST_READ ? room - done : FIRST_READ;
            if (!idx_read(file, grown + done, part, "data", err))
                return false;
        }
    }
    return true;
}

// Nothing may follow. To see the end zlib also compares the checksum.
static bool idx_end(IdxFile *file, Error *err) {
    uint8_t extra;
    int got = gzread(file->gz, &extra, 1);
    const char *problem = idx_problem(file);
    if (problem != NULL)
        return error_set(err, "%s is damaged: %s", file->path, problem);
    if (got != 0)
        return error_set(err, "%s is longer than its header says", file->path);
    return true;
}

// Reads a whole file of either kind into *bytes, which the caller frees, also
// on failure.
static bool idx_file(const char *path, uint32_t magic, uint8_t **bytes,
                     uint32_t sizes[3], Error *err) {
    IdxFile file;
    if (!idx_open(&file, path, err))
        return false;
    bool ok = idx_header(&file, magic, sizes, err);
    size_t n = ok ? (size_t)sizes[0] * sizes[1] * sizes[2] : 0;
    ok = ok && idx_body(&file, bytes, n, err) && idx_end(&file, err);
    gzclose(file.gz);
    return ok;
}

static int count_classes(const uint8_t *labels, int count) {
    int largest = 1;
    for (int i = 0; i < count; i++)
        largest = labels[i] > largest ? labels[i] : largest;
    return largest + 1;
}

bool idx_load(Dataset *set, const char *images, const char *labels,
              Error *err) {
    *set = (Dataset){0};
    uint32_t size[3] = {0}, label_size[3] = {0};
    bool ok = idx_file(images, PICTURES_MAGIC, &set->pixels, size, err) &&
              idx_file(labels, LABELS_MAGIC, &set->labels, label_size, err);
    if (ok && size[0] != label_size[0])
        ok = error_set(err,
                       "%s holds %u pictures but %s holds %u labels: they do "
                       "not belong together",
                       images, size[0], labels, label_size[0]);
    if (!ok) {
        dataset_free(set);
        return false;
    }
    set->count = (int)size[0];
    set->rows = (int)size[1];
    set->cols = (int)size[2];
    set->classes = count_classes(set->labels, set->count);
    return true;
}
