// image_file.h - what the readers of picture files share (image.c, image_pnm.c,
// image_jpeg.c).

#ifndef DL_IMAGE_FILE_H
#define DL_IMAGE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "tensor.h"

// A file that is being read.
typedef struct {
    const char *path;        // for messages
    const uint8_t *at, *end; // what is still to be read
    Error *err;
} Source;

// The gray of a color, in [0, 1].
float image_gray(float r, float g, float b);

// Refuses what nobody draws, before there is memory for it.
bool image_check_size(const Source *file, uint32_t width, uint32_t height);

bool is_pnm(const Source *file);
bool is_jpeg(const Source *file);

// False with a message if the file is damaged. Built without libjpeg, the
// second one always fails, and says so.
bool pnm_read(Tensor *image, Source *file);
bool jpeg_read(Tensor *image, const Source *file);

// "... is a PNG that is damaged or cut short: ...", in the words of the library
// that found it, or that there was no memory to read it in. Returns false.
bool image_damaged(const Source *file, const char *kind, const char *why);

// "... is a JPEG, which is not read: type  magick ...". Returns false.
bool image_refuse(const Source *file, const char *kind);

#endif
