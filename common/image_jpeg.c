#include <stdio.h>

#include "image_file.h"

bool is_jpeg(const Source *file) {
    return file->end - file->at >= 3 && file->at[0] == 0xff &&
           file->at[1] == 0xd8 && file->at[2] == 0xff;
}

#ifndef HAVE_JPEG

bool jpeg_read(Tensor *image, const Source *file) {
    (void)image;
    return image_refuse(file, "a JPEG (this was built without libjpeg; run "
                              "`make deps` and build again)");
}

#else

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <string.h>

#include "memory.h"

// libjpeg calls error_exit on damage and expects it not to return: we jump back
// to where the reading began, or the program would end.
typedef struct {
    struct jpeg_error_mgr base; // first: libjpeg knows only this part
    jmp_buf failed;
    char message[JMSG_LENGTH_MAX];
} JpegErrors;

static void jump_out(j_common_ptr jpeg) {
    JpegErrors *errors = (JpegErrors *)jpeg->err;
    errors->base.format_message(jpeg, errors->message);
    longjmp(errors->failed, 1);
}

// Warnings are not printed. That the file ends too early is one: libjpeg would
// paint the rest gray.
static void on_message(j_common_ptr jpeg, int level) {
    if (level < 0 && jpeg->err->msg_code == JWRN_JPEG_EOF)
        jump_out(jpeg);
}

// ---- 1. Which side is up ----------------------------------------------------

static unsigned number_at(const uint8_t *bytes, int count, bool little) {
    unsigned value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[little ? count - 1 - i : i];
    return value;
}

// The orientation, 1 to 8, in the first table of a TIFF header (Exif 2.3,
// 4.6.4): tag 0x0112 among its entries of 12 bytes; 1, upright, if it has none.
static int tiff_orientation(const uint8_t *tiff, size_t size) {
    if (size < 8 || (tiff[0] != 'I' && tiff[0] != 'M'))
        return 1;
    bool little = tiff[0] == 'I';
    size_t at = number_at(tiff + 4, 4, little);
    if (at > size || size - at < 2)
        return 1;
    unsigned entries = number_at(tiff + at, 2, little);
    for (at += 2; entries > 0 && size - at >= 12; entries--, at += 12)
        if (number_at(tiff + at, 2, little) == 0x0112) {
            unsigned value = number_at(tiff + at + 8, 2, little);
            return value >= 1 && value <= 8 ? (int)value : 1;
        }
    return 1;
}

// A phone stores what its sensor sees, and how it was held in an APP1 marker.
static int find_orientation(const struct jpeg_decompress_struct *jpeg) {
    for (jpeg_saved_marker_ptr m = jpeg->marker_list; m != NULL; m = m->next)
        if (m->marker == JPEG_APP0 + 1 && m->data_length > 6 &&
            memcmp(m->data, "Exif\0", 6) == 0)
            return tiff_orientation(m->data + 6, m->data_length - 6);
    return 1;
}

// Row y of the file goes where it belongs: from 5 on, rows are columns; 2, 3, 7
// and 8 are mirrored left to right, 3, 4, 6 and 7 upside down.
static void put_row(Tensor *image, const uint8_t *row, int y, int orientation) {
    const bool turned = orientation >= 5;
    const int W = image->shape[turned ? 0 : 1],
              H = image->shape[turned ? 1 : 0];
    const bool mirror = strchr("2378", '0' + orientation) != NULL;
    const bool flip = strchr("3467", '0' + orientation) != NULL;
    int v = flip ? H - 1 - y : y;
    for (int x = 0; x < W; x++) {
        int u = mirror ? W - 1 - x : x;
        size_t at = turned ? (size_t)u * (size_t)H + (size_t)v
                           : (size_t)v * (size_t)W + (size_t)u;
        image->data[at] = row[x] / 255.0f;
    }
}

// ---- 2. The picture ---------------------------------------------------------

// Between the setjmp of jpeg_read and its jump: everything that may fail. *row
// is the caller's to free.
static bool decompress(struct jpeg_decompress_struct *jpeg, Tensor *image,
                       uint8_t **row, const Source *file) {
    jpeg_mem_src(jpeg, file->at, (unsigned long)(file->end - file->at));
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_read_header(jpeg, TRUE);
    if (!image_check_size(file, jpeg->image_width, jpeg->image_height))
        return false;
    jpeg->out_color_space = JCS_GRAYSCALE; // by the weights of image_gray
    jpeg_start_decompress(jpeg);
    int H = (int)jpeg->output_height, W = (int)jpeg->output_width;
    int orientation = find_orientation(jpeg);
    bool turned = orientation >= 5;
    tensor_resize(image, 2, turned ? W : H, turned ? H : W);
    *row = mem_alloc((size_t)W, 1);
    for (int y = 0; y < H; y++) {
        jpeg_read_scanlines(jpeg, row, 1);
        put_row(image, *row, y, orientation);
    }
    jpeg_finish_decompress(jpeg);
    return true;
}

bool jpeg_read(Tensor *image, const Source *file) {
    struct jpeg_decompress_struct jpeg = {0};
    JpegErrors errors;
    uint8_t *row = NULL;
    uint8_t **rows = &row; // what lies behind a pointer survives the jump
    jpeg.err = jpeg_std_error(&errors.base);
    errors.base.error_exit = jump_out;
    errors.base.emit_message = on_message;
    jpeg_create_decompress(&jpeg);
    bool ok;
    if (setjmp(errors.failed) == 0)
        ok = decompress(&jpeg, image, rows, file);
    else
        ok = image_damaged(file, "JPEG", errors.message);
    jpeg_destroy_decompress(&jpeg);
    mem_free(*rows);
    return ok;
}

#endif
