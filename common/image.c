#include "image.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "memory.h"

enum {
    SIDE_MAX = 16384,       // pixels
    PIXELS_MAX = 64 << 20,  // 8192 x 8192
    FILE_LIMIT = 256 << 20, // bytes
};

// A file that is being read.
typedef struct {
    const char *path;        // for messages
    const uint8_t *at, *end; // what is still to be read
    Error *err;
} Source;

static float grey(float r, float g, float b) {
    // the weights of television (ITU-R BT.601): the eye sees green best
    return fminf(0.299f * r + 0.587f * g + 0.114f * b, 1.0f);
}

// Refuses what nobody draws, before there is memory for it.
static bool check_size(const Source *file, uint32_t width, uint32_t height) {
    if (width == 0 || height == 0)
        return error_set(file->err, "%s has no pixels: it is %u x %u",
                         file->path, width, height);
    if (width > SIDE_MAX || height > SIDE_MAX ||
        (uint64_t)width * height > PIXELS_MAX)
        return error_set(file->err,
                         "%s is %u x %u pixels: at most %d a side and %d "
                         "million in all are read; scale it down first",
                         file->path, width, height, SIDE_MAX,
                         PIXELS_MAX / 1000000);
    return true;
}

// ---- PNG -------------------------------------------------------------------

static bool is_png(const Source *file) {
    size_t size = (size_t)(file->end - file->at);
    return size >= 8 && memcmp(file->at, "\x89PNG\r\n\x1a\n", 8) == 0;
}

// libpng has released what it had when it reports an error.
static bool png_failed(const png_image *png, const Source *file) {
    return error_set(file->err, "%s is a PNG that is damaged or cut short: %s",
                     file->path, png->message);
}

static bool read_png(Tensor *image, const Source *file) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    size_t size = (size_t)(file->end - file->at);
    if (!png_image_begin_read_from_memory(&png, file->at, size))
        return png_failed(&png, file);
    if (!check_size(file, png.width, png.height)) {
        png_image_free(&png);
        return false;
    }
    // Of every kind of PNG libpng makes four bytes a pixel. It takes 16-bit
    // samples for linear light unless told that they are like all others.
    png.format = PNG_FORMAT_RGBA;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    tensor_resize(image, 2, (int)png.height, (int)png.width);
    uint8_t *rgba = mem_alloc_raw(image->size, 4);
    bool ok = png_image_finish_read(&png, NULL, rgba, 0, NULL) != 0;
    for (size_t i = 0; ok && i < image->size; i++) {
        const uint8_t *p = rgba + 4 * i;
        float alpha = p[3] / 255.0f;
        float tone = grey(p[0] / 255.0f, p[1] / 255.0f, p[2] / 255.0f);
        image->data[i] = alpha * tone + (1.0f - alpha); // on white
    }
    mem_free(rgba);
    return ok || png_failed(&png, file);
}

// ---- PGM and PPM -----------------------------------------------------------
//
// "P5 width height maxval", then the samples: P2 and P3 as decimal numbers, P5
// and P6 as bytes (two, the high one first, if maxval > 255). P3 and P6 have
// three samples a pixel. # begins a comment that runs to the end of the line.

typedef struct {
    bool decimal;
    int channels;
    uint32_t maxval;
} PnmKind;

static bool is_pnm(const Source *file) {
    return file->end - file->at >= 2 && file->at[0] == 'P' &&
           file->at[1] != '\0' && strchr("2356", file->at[1]) != NULL;
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
            kind->channels == 3 ? grey(rgb[0], rgb[1], rgb[2]) : rgb[0];
    }
    return true;
}

static bool read_pnm(Tensor *image, Source *file) {
    char type = (char)file->at[1];
    PnmKind kind = {.decimal = type == '2' || type == '3',
                    .channels = type == '3' || type == '6' ? 3 : 1};
    uint32_t width, height;
    file->at += 2;
    if (!read_decimal(file, &width) || !read_decimal(file, &height) ||
        !check_size(file, width, height) || !read_decimal(file, &kind.maxval))
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

// ---- any kind --------------------------------------------------------------

bool image_read(Tensor *image, const char *path, Error *err) {
    FileBytes bytes;
    if (!file_read(&bytes, path, FILE_LIMIT, err))
        return false;
    Source file = {path, bytes.bytes, bytes.bytes + bytes.size, err};
    bool ok;
    if (bytes.size == 0)
        ok =
            error_set(err, "%s is empty: it should be a PNG, PGM or PPM", path);
    else if (is_png(&file))
        ok = read_png(image, &file);
    else if (is_pnm(&file))
        ok = read_pnm(image, &file);
    else
        ok = error_set(err,
                       "%s is neither a PNG nor a PGM or PPM (P2 P3 P5 P6): "
                       "convert it to PNG first",
                       path);
    file_free(&bytes);
    return ok;
}

// ---- writing ---------------------------------------------------------------

bool image_write(const char *path, const uint8_t *levels, int H, int W,
                 Error *err) {
    REQUIRE(H > 0 && W > 0, "a picture of %d x %d has no pixels", H, W);
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)W,
                     .height = (png_uint_32)H,
                     .format = PNG_FORMAT_GRAY};
    // An upper bound of the size, then the file in memory, then on the disk.
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    FileBytes file = {.bytes = mem_alloc_raw(size, 1)};
    bool ok = png_image_write_to_memory(&png, file.bytes, &size, 0, levels, 0,
                                        NULL) != 0;
    file.size = size;
    ok = ok ? file_replace(path, &file, err)
            : error_set(err, "cannot write %s: %s", path, png.message);
    mem_free(file.bytes);
    return ok;
}

// ---- in the terminal -------------------------------------------------------

void image_print(const Tensor *image) {
    static const char ramp[] = " .:-=+*#%@";
    enum { TONES = sizeof ramp - 1, COLUMNS = 40 };
    REQUIRE(image->ndim >= 2 && (size_t)image->shape[image->ndim - 1] *
                                        (size_t)image->shape[image->ndim - 2] ==
                                    image->size,
            "the image is %s, not [H, W] or [1, 1, H, W]",
            tensor_shape(image).text);
    int height = image->shape[image->ndim - 2];
    int width = image->shape[image->ndim - 1];
    int step = (width - 1) / COLUMNS + 1; // a wide picture loses detail
    for (int y = 0; y < height; y += step) {
        for (int x = 0; x < width; x += step) {
            float tone = image->data[(size_t)y * (size_t)width + (size_t)x];
            // fmaxf takes the number where the other one is NaN
            float level = fminf(fmaxf(tone * TONES, 0.0f), TONES - 1);
            char c = ramp[(int)level];
            putchar(c), putchar(c);
        }
        putchar('\n');
    }
}
