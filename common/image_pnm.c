#include <stddef.h>
#include <string.h>

#include "image_file.h"

// ---- PBM, PGM and PPM -------------------------------------------------------
//
// "P5 width height maxval", then the samples: P2 and P3 as decimal numbers, P5
// and P6 as bytes (two, the high one first, if maxval > 255). P3 and P6 have
// three samples a pixel. P1 and P4 have no maxval: 1 is black, in P4 a bit, and
// each row begins with a new byte. # begins a comment that runs to the end of
// the line.

typedef struct {
    bool decimal;
    int channels;
    uint32_t maxval;
} PnmKind;

bool is_pnm(const Source *file) {
    return file->end - file->at >= 2 && file->at[0] == 'P' &&
           file->at[1] != '\0' && strchr("123456", file->at[1]) != NULL;
}

static bool is_space(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_space(Source *file) {
    bool comment = false;
    while (file->at < file->end &&
           (comment || is_space(*file->at) || *file->at == '#')) {
        if (*file->at == '#')
            comment = true;
        else if (*file->at == '\n' || *file->at == '\r')
            comment = false;
        file->at++;
    }
}

static bool pnm_broken(const Source *file) {
    if (file->at >= file->end)
        return error_set(file->err, "%s is cut short", file->path);
    return error_set(file->err,
                     "%s is damaged: a number is missing or wrong %td "
                     "bytes before its end",
                     file->path, file->end - file->at);
}

// A decimal number of at most 65535, the largest that the format admits.
static bool read_decimal(Source *file, uint32_t *number) {
    skip_space(file);
    const uint8_t *first = file->at;
    *number = 0;
    while (file->at < file->end && *file->at >= '0' && *file->at <= '9' &&
           *number <= 65535)
        *number = 10 * *number + (uint32_t)(*file->at++ - '0');
    return (file->at > first && *number <= 65535) || pnm_broken(file);
}

// One sample, as a float in [0, 1].
static bool read_sample(Source *file, const PnmKind *kind, float *value) {
    uint32_t sample;
    if (kind->decimal) {
        if (!read_decimal(file, &sample))
            return false;
    } else {
        sample = *file->at++;
        if (kind->maxval > 255)
            sample = sample << 8 | *file->at++;
    }
    *value = (float)sample / (float)kind->maxval;
    if (sample > kind->maxval)
        return error_set(file->err,
                         "%s is damaged: the sample %u is larger than %u, the "
                         "largest by its header",
                         file->path, sample, kind->maxval);
    return true;
}

// The smallest number of bytes that can hold n samples: a decimal one has a
// digit and a space, which the last may lack.
static size_t least_bytes(const PnmKind *kind, size_t n) {
    if (kind->decimal)
        return 2 * n - 1;
    return kind->maxval > 255 ? 2 * n : n;
}

static bool read_pixels(Tensor *image, Source *file, const PnmKind *kind) {
    for (size_t i = 0; i < image->size; i++) {
        float rgb[3];
        for (int c = 0; c < kind->channels; c++)
            if (!read_sample(file, kind, &rgb[c]))
                return false;
        image->data[i] =
            kind->channels == 3 ? image_gray(rgb[0], rgb[1], rgb[2]) : rgb[0];
    }
    return true;
}

// P1: a 0 or a 1 a pixel, with or without spaces between.
static bool read_digits(Tensor *image, Source *file) {
    for (size_t i = 0; i < image->size; i++) {
        skip_space(file);
        if (file->at == file->end || (*file->at != '0' && *file->at != '1'))
            return pnm_broken(file);
        image->data[i] = *file->at++ == '1' ? 0.0f : 1.0f;
    }
    return true;
}

// P4: eight pixels a byte, the leftmost in the highest bit.
static bool read_bits(Tensor *image, const Source *file) {
    int H = image->shape[0], W = image->shape[1], row = (W + 7) / 8;
    if (file->end - file->at < (ptrdiff_t)H * row)
        return error_set(file->err, "%s is cut short", file->path);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            int byte = file->at[(ptrdiff_t)y * row + x / 8];
            bool black = byte >> (7 - x % 8) & 1;
            image->data[(size_t)y * (size_t)W + (size_t)x] = black ? 0 : 1;
        }
    return true;
}

// The rest of a PBM after its size.
static bool read_pbm(Tensor *image, Source *file, bool decimal, uint32_t width,
                     uint32_t height) {
    if (file->at == file->end || !is_space(*file->at))
        return pnm_broken(file);
    file->at++;
    // there is a bit a pixel at least: no memory for a header that lies
    if ((uint64_t)(file->end - file->at) * 8 < (uint64_t)width * height)
        return error_set(file->err, "%s is cut short", file->path);
    tensor_resize(image, 2, (int)height, (int)width);
    return decimal ? read_digits(image, file) : read_bits(image, file);
}

bool pnm_read(Tensor *image, Source *file) {
    char type = (char)file->at[1];
    PnmKind kind = {.decimal = type == '2' || type == '3',
                    .channels = type == '3' || type == '6' ? 3 : 1};
    uint32_t width, height;
    file->at += 2;
    if (!read_decimal(file, &width) || !read_decimal(file, &height) ||
        !image_check_size(file, width, height))
        return false;
    if (type == '1' || type == '4')
        return read_pbm(image, file, type == '1', width, height);
    if (!read_decimal(file, &kind.maxval))
        return false;
    if (kind.maxval == 0 || file->at == file->end || !is_space(*file->at))
        return pnm_broken(file);
    file->at++; // one space; in P5 and P6 the next byte is a sample already
    size_t samples = (size_t)width * height * (size_t)kind.channels;
    if ((size_t)(file->end - file->at) < least_bytes(&kind, samples))
        return error_set(file->err, "%s is cut short", file->path);
    tensor_resize(image, 2, (int)height, (int)width);
    return read_pixels(image, file, &kind);
}
