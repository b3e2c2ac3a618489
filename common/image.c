#include "image.h"

#include <math.h>
#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "file.h"
#include "image_file.h"
#include "memory.h"

enum {
    SIDE_MAX = 16384,       // pixels
    PIXELS_MAX = 64 << 20,  // 8192 x 8192
    FILE_LIMIT = 256 << 20, // bytes
};

float image_gray(float r, float g, float b) {
    // the weights of television (ITU-R BT.601): the eye sees green best
    return fminf(0.299f * r + 0.587f * g + 0.114f * b, 1.0f);
}

bool image_check_size(const Source *file, uint32_t width, uint32_t height) {
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

bool image_damaged(const Source *file, const char *kind, const char *why) {
    if (strstr(why, "emory") != NULL) // a word of libpng, zlib and libjpeg
        return error_set(file->err, "out of memory while reading %s",
                         file->path);
    return error_set(file->err, "%s is a %s that is damaged or cut short: %s",
                     file->path, kind, why);
}

// ---- PNG -------------------------------------------------------------------

static bool is_png(const Source *file) {
    size_t size = (size_t)(file->end - file->at);
    return size >= 8 && memcmp(file->at, "\x89PNG\r\n\x1a\n", 8) == 0;
}

// Transparent pixels become white, half transparent ones lighter. A drawing in
// white then vanishes: where nothing is left to see, what is not transparent is
// the drawing, and becomes white on black.
static void lay_on_white(Tensor *image, const uint8_t *rgba) {
    float darkest = 1, lightest = 0;
    for (size_t i = 0; i < image->size; i++) {
        const uint8_t *p = rgba + 4 * i;
        float alpha = p[3] / 255.0f;
        float tone = image_gray(p[0] / 255.0f, p[1] / 255.0f, p[2] / 255.0f);
        image->data[i] = alpha * tone + (1.0f - alpha);
        darkest = fminf(darkest, image->data[i]);
        lightest = fmaxf(lightest, image->data[i]);
    }
    const float flat = 0.04f; // 10 of 255 levels: the eye sees no difference
    for (size_t i = 0;
         lightest - darkest < flat && lightest > 1 - flat && i < image->size;
         i++)
        image->data[i] = rgba[4 * i + 3] / 255.0f;
}

// libpng has released what it had when it reports an error.
static bool read_png(Tensor *image, const Source *file) {
    png_image png = {.version = PNG_IMAGE_VERSION};
    size_t size = (size_t)(file->end - file->at);
    if (!png_image_begin_read_from_memory(&png, file->at, size))
        return image_damaged(file, "PNG", png.message);
    if (!image_check_size(file, png.width, png.height)) {
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
    if (ok)
        lay_on_white(image, rgba);
    mem_free(rgba);
    return ok || image_damaged(file, "PNG", png.message);
}

// ---- any kind --------------------------------------------------------------

bool image_refuse(const Source *file, const char *kind) {
    return error_set(file->err,
                     "%s is %s. Convert it to PNG by typing:  "
                     "magick '%s' picture.png  (ImageMagick), or on a Mac:  "
                     "sips -s format png '%s' --out picture.png",
                     file->path, kind, file->path, file->path);
}

// What a file that we do not read is, by its first bytes.
static const char *foreign_kind(const Source *file) {
    static const struct {
        size_t offset;
        const char *magic, *kind;
    } table[] = {
        {0, "GIF8", "a GIF, which is not read"},
        {0, "BM", "a BMP, which is not read"},
        {8, "WEBP", "a WebP, which is not read"},
        {0, "II*", "a TIFF, which is not read"},
        {0, "MM", "a TIFF, which is not read"},
        {4, "ftyp", "a HEIC or AVIF, which is not read"},
        {0, "P7", "a PAM, which is not read"},
        {0, "PF", "a PFM, which is not read"},
        {0, "Pf", "a PFM, which is not read"},
        {0, "%PDF", "a PDF, which is not read"},
        {0, "<svg", "an SVG, which is not read"},
        {0, "<?xml", "an SVG, which is not read"},
    };
    size_t size = (size_t)(file->end - file->at);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length = strlen(table[i].magic), from = table[i].offset;
        if (size >= from + length &&
            memcmp(file->at + from, table[i].magic, length) == 0)
            return table[i].kind;
    }
    return "neither a PNG, JPEG, PBM, PGM nor PPM";
}

bool image_read(Tensor *image, const char *path, Error *err) {
    FileBytes bytes;
    if (!file_read(&bytes, path, FILE_LIMIT, err))
        return false;
    Source file = {path, bytes.bytes, bytes.bytes + bytes.size, err};
    bool ok;
    if (bytes.size == 0)
        ok = error_set(err, "%s is empty: it should be a picture", path);
    else if (is_png(&file))
        ok = read_png(image, &file);
    else if (is_jpeg(&file))
        ok = jpeg_read(image, &file);
    else if (is_pnm(&file))
        ok = pnm_read(image, &file);
    else
        ok = image_refuse(&file, foreign_kind(&file));
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
