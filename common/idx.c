// idx.c - reads IDX, the format of the MNIST files (LeCun, Cortes, Burges).
//
// pictures:  0x00000803, count, rows, cols   then count * rows * cols entries
// labels:    0x00000801, count               then count entries
//
// The numbers are 32-bit and big-endian. 08 says that the entries are unsigned
// bytes (0c: 32-bit integers, 0d: 32-bit floats), 03 and 01 how many sizes
// follow. QMNIST's labels are 0x00000c02: rows of eight integers, the first of
// them the class. A header may lie, so nothing is allocated on its word alone:
// memory grows with the bytes that really come.

#include "data.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "memory.h"

enum { BYTES = 0x08, INTEGERS = 0x0c, FLOATS = 0x0d };
enum {
    SIDE_MAX = 4096,      // rows and columns of one picture
    FIRST_READ = 1 << 20, // bytes; doubled as long as more keeps coming
};
static const uint64_t ENTRIES_MAX = (uint64_t)1 << 30; // in one file

// What a header says.
typedef struct {
    int type, dimensions;
    uint32_t size[3]; // 1 beyond the dimensions
} Header;

typedef struct {
    gzFile gz;
    char path[4096 + 4]; // as opened, for messages
} IdxFile;

// zlib reads a plain file as it is, so one way of reading serves both kinds.
static bool idx_open(IdxFile *file, const char *path, Error *err) {
    snprintf(file->path, sizeof file->path, "%s", path);
    if (access(path, F_OK) != 0)
        snprintf(file->path, sizeof file->path, "%s.gz", path);
    errno = 0;
    file->gz = gzopen(file->path, "rb");
    if (file->gz == NULL)
        return error_set(err,
                         "cannot open %.300s (nor with .gz at its end): %s",
                         path, errno != 0 ? strerror(errno) : "out of memory");
    gzbuffer(file->gz, 1 << 17);
    return true;
}

// Whether the last read failed, and then why. A gzip stream that ends too early
// and a checksum that does not fit show here and not in the number of bytes.
static bool idx_problem(IdxFile *file, Error *err) {
    int code;
    const char *text = gzerror(file->gz, &code);
    if (code == Z_OK)
        return false;
    if (code == Z_MEM_ERROR || (code == Z_ERRNO && errno == ENOMEM))
        error_set(err, "out of memory while reading %.300s", file->path);
    else if (code == Z_ERRNO)
        error_set(err, "cannot read %.300s: %s", file->path, strerror(errno));
    else
        error_set(err, "%.300s is damaged: %s", file->path,
                  code == Z_BUF_ERROR ? "the compressed data end too early"
                                      : text);
    return true;
}

// Reads exactly n bytes (n <= INT_MAX); what they are is for the message.
static bool idx_read(IdxFile *file, uint8_t *to, size_t n, const char *what,
                     Error *err) {
    int got = gzread(file->gz, to, (unsigned)n);
    if (got == (int)n)
        return true;
    if (idx_problem(file, err))
        return false;
    return error_set(err,
                     "%.300s is cut short: %zu bytes are missing in the %s",
                     file->path, n - (size_t)got, what);
}

static uint32_t big_endian(const uint8_t *b) {
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

// One number of the header.
static bool idx_number(IdxFile *file, uint32_t *number, Error *err) {
    uint8_t b[4];
    if (!idx_read(file, b, sizeof b, "header", err))
        return false;
    *number = big_endian(b);
    return true;
}

// What a file is that begins so, and how to make IDX of it.
static bool not_idx(const IdxFile *file, uint32_t found, const char *kind,
                    Error *err) {
    static const struct {
        uint32_t mask, value;
        const char *what;
    } known[] = {
        {0xff000000, 0x3c000000,
         "a web page: the download failed; fetch it "
         "again"},
        {0xffff0000, 0x1f8b0000, "gzipped twice; unpack it once: gunzip it"},
        {0xffff0000, 0x504b0000, "a ZIP archive; unpack it: unzip it"},
        {0xffffffff, 0x6c616265,
         "CSV; README.md, Data, says how to make IDX "
         "of it"}, // "labe"
        {0xfdffffff, 0x01080000, "little-endian; write its numbers big-endian"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if ((found & known[i].mask) == known[i].value)
            return error_set(err, "%.300s holds no IDX %s: it is %s",
                             file->path, kind, known[i].what);
    return error_set(err,
                     "%.300s is not a file of IDX %s: it begins with 0x%08x "
                     "instead of 0x%08x",
                     file->path, kind, found,
                     strcmp(kind, "labels") == 0 ? 0x801u : 0x803u);
}

static bool accepts(const Header *h, bool pictures) {
    if (pictures)
        return h->dimensions == 3 && (h->type == BYTES || h->type == FLOATS);
    return (h->dimensions == 1 && (h->type == BYTES || h->type == INTEGERS)) ||
           (h->dimensions == 2 && h->type == INTEGERS);
}

// Reads and checks the header.
static bool idx_header(IdxFile *file, bool pictures, Header *h, Error *err) {
    const char *kind = pictures ? "pictures" : "labels";
    uint32_t magic;
    if (!idx_number(file, &magic, err))
        return false;
    *h = (Header){(int)(magic >> 8), (int)(magic & 0xff), {1, 1, 1}};
    if (!accepts(h, pictures))
        return not_idx(file, magic, kind, err);
    for (int i = 0; i < h->dimensions; i++)
        if (!idx_number(file, &h->size[i], err))
            return false;
    const uint32_t *size = h->size;
    if (size[0] == 0 || size[1] == 0 || size[2] == 0)
        return error_set(
            err, "%.300s is empty: its header says %u %s of %u x %u bytes",
            file->path, size[0], kind, size[1], size[2]);
    if (size[0] > INT_MAX || size[1] > SIDE_MAX || size[2] > SIDE_MAX ||
        (uint64_t)size[0] * size[1] * size[2] > ENTRIES_MAX)
        return error_set(
            err,
            "%.300s is damaged or too large: its header says %u %s "
            "of %u x %u bytes, and the limit is 1 GiB",
            file->path, size[0], kind, size[1], size[2]);
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
    if (idx_problem(file, err))
        return false;
    if (got != 0)
        return error_set(err, "%.300s is longer than its header says",
                         file->path);
    return true;
}

// Reads a whole file of either kind into *bytes, which the caller frees, also
// on failure. Pictures that are not side x side are refused before they are
// read.
static bool idx_file(const char *path, bool pictures, uint32_t side,
                     uint8_t **bytes, Header *h, Error *err) {
    IdxFile file;
    if (!idx_open(&file, path, err))
        return false;
    bool ok = idx_header(&file, pictures, h, err);
    if (ok && pictures && side > 0 &&
        (h->size[1] != side || h->size[2] != side))
        ok = error_set(err, "%.300s holds pictures of %u x %u, not %u x %u",
                       file.path, h->size[1], h->size[2], side, side);
    size_t n = ok ? (size_t)h->size[0] * h->size[1] * h->size[2] : 0;
    n *= h->type == BYTES ? 1 : 4;
    ok = ok && idx_body(&file, bytes, n, err) && idx_end(&file, err);
    gzclose(file.gz);
    return ok;
}

// Integers become bytes in place: the first of each row.
static bool narrow_labels(uint8_t *bytes, const Header *h, const char *path,
                          Error *err) {
    for (size_t i = 0; h->type == INTEGERS && i < h->size[0]; i++) {
        uint32_t label = big_endian(bytes + 4 * i * h->size[1]);
        if (label > UINT8_MAX)
            return error_set(err, "%.300s has the label %d", path, (int)label);
        bytes[i] = (uint8_t)label;
    }
    return true;
}

// Floats become bytes in place: 0 to 1, or, where one is larger, 0 to 255.
static void narrow_pixels(uint8_t *bytes, const Header *h) {
    size_t n = (size_t)h->size[0] * h->size[1] * h->size[2];
    float largest = 0.0f;
    for (int pass = 0; pass < 2 && h->type == FLOATS; pass++)
        for (size_t i = 0; i < n; i++) {
            uint32_t bits = big_endian(bytes + 4 * i);
            float value;
            memcpy(&value, &bits, sizeof value);
            if (pass == 0) {
                largest = value > largest ? value : largest;
                continue;
            }
            value *= largest <= 1.0f ? 255.0f : 1.0f;
            // written so that NaN becomes 0
            bytes[i] =
                (uint8_t)(value > 0.0f ? fminf(value, 255.0f) + 0.5f : 0);
        }
}

static int count_classes(const uint8_t *labels, int count) {
    int largest = 1;
    for (int i = 0; i < count; i++)
        largest = labels[i] > largest ? labels[i] : largest;
    return largest + 1;
}

bool idx_load(Dataset *set, const char *images, const char *labels, int side,
              Error *err) {
    *set = (Dataset){0};
    Header picture = {0}, label = {0};
    bool ok =
        idx_file(images, true, (uint32_t)side, &set->pixels, &picture, err) &&
        idx_file(labels, false, 0, &set->labels, &label, err) &&
        narrow_labels(set->labels, &label, labels, err);
    if (ok && picture.size[0] != label.size[0])
        ok = error_set(
            err,
            "%.300s holds %u pictures but %s holds %u labels: they do "
            "not belong together",
            images, picture.size[0], labels, label.size[0]);
    if (!ok) {
        dataset_free(set);
        return false;
    }
    narrow_pixels(set->pixels, &picture);
    set->count = (int)picture.size[0];
    set->rows = (int)picture.size[1];
    set->cols = (int)picture.size[2];
    set->classes = count_classes(set->labels, set->count);
    return true;
}
