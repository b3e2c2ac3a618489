// test_image.c - pictures from files, whole and damaged, and in the terminal.

#include "testing.h"

#include <math.h>
#include <png.h>
#include <stdio.h>
#ifdef HAVE_JPEG
#include <jpeglib.h>
#include <stdlib.h>
#endif
#include <string.h>
#include <zlib.h>

#include "image.h"

// ---- 1. Files made for a test -----------------------------------------------

// A PNG of two pixels side by side, bytes as libpng takes them; palette 0 is
// (255, 0, 0) and palette 1 (0, 0, 255).
static Path write_png(int color, int depth, int interlace, const char *bytes) {
    Path path = scratch_path("picture.png");
    FILE *f = fopen(path.text, "wb");
    png_structp png =
        png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const png_color palette[2] = {{255, 0, 0}, {0, 0, 255}};
    png_init_io(png, f);
    png_set_IHDR(png, info, 2, 1, depth, color, interlace,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (color == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 2);
    png_bytep row = (png_bytep)bytes;
    png_set_rows(png, info, &row);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_destroy_write_struct(&png, &info);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

static void assert_two_pixels(Path path, float first, float second) {
    Tensor image = {0};
    Error err = {""};
    ck_assert_msg(image_read(&image, path.text, &err), "%s", err.message);
    ck_assert_str_eq(tensor_shape(&image).text, "[1, 2]");
    const float want[] = {first, second};
    assert_close(image.data, want, 2, 1e-6, "pixel");
    tensor_free(&image);
}

static void assert_refused(Path path, const char *expected) {
    Tensor image = {0};
    Error err = {""};
    ck_assert(!image_read(&image, path.text, &err));
    assert_says(err.message, expected);
    assert_says(err.message, path.text);
    tensor_free(&image);
}

// ---- 2. Reading -------------------------------------------------------------

START_TEST(png_of_every_kind) {
    const float red = 0.299f, green = 0.587f, blue = 0.114f;
    assert_two_pixels(write_png(PNG_COLOR_TYPE_GRAY, 8, 0, "\x00\x33"), 0,
                      0.2f);
    assert_two_pixels(write_png(PNG_COLOR_TYPE_GRAY, 1, 0, "\x40"), 0, 1);
    assert_two_pixels(
        write_png(PNG_COLOR_TYPE_RGB, 8, 0, "\xff\x00\x00\x00\xff\x00"), red,
        green);
    assert_two_pixels(
        write_png(PNG_COLOR_TYPE_RGB, 8, 1, "\x00\x00\xff\xff\xff\xff"), blue,
        1);
    assert_two_pixels(write_png(PNG_COLOR_TYPE_PALETTE, 8, 0, "\x01\x00"), blue,
                      red);
    // nothing at all on white, then black that is 60 % there
    assert_two_pixels(write_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, 0,
                                "\x00\x00\x00\x00\x00\x00\x00\x99"),
                      1, 0.4f);
    assert_two_pixels(
        write_png(PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, "\x33\xff\x33\x00"), 0.2f,
        1);
}
END_TEST

// What would be white on white is white on black: only transparency shows it.
START_TEST(white_ink_on_a_clear_png_is_seen) {
    assert_two_pixels(
        write_png(PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, "\xff\xff\xff\x00"), 1, 0);
    assert_two_pixels(write_png(PNG_COLOR_TYPE_RGB_ALPHA, 8, 0,
                                "\x12\x34\x56\x00\xff\xff\xff\x66"),
                      0, 0.4f);
    // a gray that is not white stays on white
    assert_two_pixels(
        write_png(PNG_COLOR_TYPE_GRAY_ALPHA, 8, 0, "\xcc\xff\xcc\x00"), 0.8f,
        1);
}
END_TEST

// As the 8-bit file of the same picture: half the scale is 0.5, not the 0.73
// that linear light of half the strength would be.
START_TEST(png_of_16_bits_has_the_same_tones) {
    assert_two_pixels(write_png(PNG_COLOR_TYPE_GRAY, 16, 0, "\x33\x33\x80\x80"),
                      0.2f, 128 / 255.0f);
    assert_two_pixels(write_png(PNG_COLOR_TYPE_RGB, 16, 0,
                                "\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff"),
                      0.299f, 1);
}
END_TEST

START_TEST(pgm_and_ppm_of_every_kind) {
    assert_two_pixels(write_text("picture", "P2\n2 1\n4\n1 3\n"), 0.25f, 0.75f);
    assert_two_pixels(
        write_text("picture", "P2 # it's\n#2 2\n2#1\n\t1 65535 65535 0"), 1, 0);
    assert_two_pixels(write_text("picture", "P5 2 1 255\n3\xff"), 51 / 255.0f,
                      1);
    assert_two_pixels(
        write_text("picture", "P5\n# drawn by hand\n2 1 65535\n34\x99\x98"),
        0x3334 / 65535.0f, 0x9998 / 65535.0f);
    assert_two_pixels(write_text("picture", "P3 2 1 10  10 0 0  0 10 0"),
                      0.299f, 0.587f);
    assert_two_pixels(write_text("picture", "P6 2 1 255\n\xff\xff\xff"
                                            "333"),
                      1, 0.2f);
}
END_TEST

// In a PBM 1 is black; P4 fills each row's last byte up.
START_TEST(pbm_of_both_kinds) {
    assert_two_pixels(write_text("picture", "P1\n2 1\n1 0\n"), 0, 1);
    assert_two_pixels(write_text("picture", "P1 # it's\n2 1\n01"), 1, 0);
    assert_two_pixels(write_text("picture", "P4 2 1 \x7f"), 1, 0);
    Tensor image = {0};
    Error err = {""};
    Path path = write_bytes("bits", "P4\n9 2\n\x80\x80\x01\x7f", 11);
    ck_assert_msg(image_read(&image, path.text, &err), "%s", err.message);
    const float want[] = {0, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1};
    assert_close(image.data, want, 18, 1e-6, "pixel");
    tensor_free(&image);
    assert_refused(write_text("picture", "P1 2 1 1"), "cut short");
    assert_refused(write_text("picture", "P1 2 1 12"), "damaged");
    assert_refused(write_text("picture", "P4 9 1 \x40"), "cut short");
    assert_refused(write_text("picture", "P4 8000 8000 \x40"), "cut short");
    assert_refused(write_text("picture", "P1 0 1 1"), "no pixels");
    assert_refused(write_text("picture", "P4 2 1"), "");
}
END_TEST

START_TEST(rows_come_from_the_top) {
    Tensor image = {0};
    Error err = {""};
    Path path = write_text("picture", "P2 2 3 5  0 1 2 3 4 5");
    ck_assert(image_read(&image, path.text, &err));
    ck_assert_str_eq(tensor_shape(&image).text, "[3, 2]");
    const float want[] = {0, 0.2f, 0.4f, 0.6f, 0.8f, 1};
    assert_close(image.data, want, 6, 1e-6, "pixel");
    tensor_free(&image);
}
END_TEST

START_TEST(what_is_no_picture_is_refused) {
    assert_refused(scratch_path("nowhere.png"), "No such file");
    assert_refused(scratch_path(""), "Is a directory");
    assert_refused(write_text("picture", ""), "is empty");
    assert_refused(write_text("picture", "P"), "neither a PNG");
    assert_refused(write_bytes("digit.png", "This is a 7.\n", 13),
                   "Convert it to PNG by typing:  magick '");
    // what other programs write: its name, and the command
    const char *foreign[][2] = {{"GIF89a", "a GIF"},
                                {"BM6   ", "a BMP"},
                                {"RIFF    WEBPVP8 ", "a WebP"},
                                {"II*\x08", "a TIFF"},
                                {"MM", "a TIFF"},
                                {"123 ftypheic", "a HEIC"},
                                {"%PDF-1.4", "a PDF"}};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        assert_refused(write_text("picture", foreign[i][0]), foreign[i][1]);
        assert_refused(write_text("picture", foreign[i][0]),
                       "sips -s format png '");
    }
}
END_TEST

START_TEST(damaged_pgm_is_refused) {
    assert_refused(write_text("picture", "P2 2 1 4 1 5"),
                   "the sample 5 is larger than 4");
    assert_refused(write_text("picture", "P5 2 1 4\n\x01\x05"),
                   "the sample 5 is larger");
    assert_refused(write_text("picture", "P2 2 1 4 1 x"), "damaged");
    assert_refused(write_text("picture", "P2 2 1 4 1 -1"), "damaged");
    assert_refused(write_text("picture", "P2 2 1 70000 1 1"), "damaged");
    assert_refused(write_text("picture", "P2 2 1 0 0 0 "), "damaged");
    assert_refused(write_text("picture", "P2 0 1 4 1 1"), "no pixels");
    assert_refused(write_text("picture", "P2 2 99999999999999999999 4 1 1"),
                   "damaged");
    assert_refused(write_text("picture", "P5 16385 1 255\n"), "scale it down");
    assert_refused(write_text("picture", "P5 16384 16384 255\n"),
                   "scale it down");
    assert_refused(write_text("picture", "P6 8000 8000 255\n123"), "cut short");
}
END_TEST

START_TEST(pgm_cut_short_anywhere_is_refused) {
    const char *whole[] = {"P5 2 1 255\n\x33\xff", "P6 2 1 65535\n123456abcdef",
                           "P2 2 1 255 100 7", "P3 2 1 9 1 2 3 4 5 6"};
    for (int i = 0; i < 4; i++)
        for (size_t n = 2; n < strlen(whole[i]); n++) {
            Path path = write_bytes("picture", whole[i], n);
            // a decimal number may lose digits and still be one
            if (i != 2 || n < strlen(whole[i]) - 2)
                assert_refused(path, "");
        }
}
END_TEST

static size_t read_file(const char *path, uint8_t *bytes, size_t size) {
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    size_t n = fread(bytes, 1, size, f);
    fclose(f);
    return n;
}

START_TEST(png_cut_short_anywhere_is_refused) {
    uint8_t bytes[1024];
    Path path = write_png(PNG_COLOR_TYPE_RGB, 8, 0, "abcdef");
    size_t size = read_file(path.text, bytes, sizeof bytes);
    for (size_t n = 0; n < 8; n++)
        assert_refused(write_bytes("cut.png", bytes, n), "");
    // the last chunk, 12 bytes, holds nothing: libpng can do without it
    for (size_t n = 8; n < size - 12; n++)
        assert_refused(write_bytes("cut.png", bytes, n), "cut short");
}
END_TEST

// Whatever libpng makes of it: no crash, and a message if it is refused.
START_TEST(png_with_any_flipped_bit_is_survived) {
    uint8_t bytes[1024];
    Path path = write_png(PNG_COLOR_TYPE_PALETTE, 8, 0, "\x01");
    size_t size = read_file(path.text, bytes, sizeof bytes);
    Tensor image = {0};
    int refused = 0;
    for (size_t i = 0; i < 8 * size; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        Error err = {""};
        path = write_bytes("flipped.png", bytes, size);
        if (!image_read(&image, path.text, &err)) {
            ck_assert_str_ne(err.message, "");
            refused++;
        }
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    ck_assert_int_gt(refused, 100);
    tensor_free(&image);
}
END_TEST

// A header that claims 60000 x 60000 pixels, with a right checksum.
static void try_to_read(void) {
    Tensor image = {0};
    Error err = {"it was read"};
    image_read(&image, scratch_path("picture.png").text, &err);
    puts(err.message);
}

START_TEST(no_memory_is_no_damage) {
    write_png(PNG_COLOR_TYPE_RGB, 8, 0, "\xff\x00\x00\x00\xff\x00");
    assert_blames_memory(try_to_read, 128, 2);
}
END_TEST

START_TEST(png_of_monstrous_size_is_refused) {
    uint8_t bytes[1024];
    Path path = write_png(PNG_COLOR_TYPE_GRAY, 8, 0, "ab");
    size_t size = read_file(path.text, bytes, sizeof bytes);
    memcpy(bytes + 16, "\0\0\xea\x60\0\0\xea\x60", 8);
    unsigned long sum = crc32(0, bytes + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    assert_refused(write_bytes("large.png", bytes, size),
                   "60000 x 60000 pixels");
}
END_TEST

// ---- 3. JPEG ----------------------------------------------------------------

#ifdef HAVE_JPEG

enum { JPEG_W = 24, JPEG_H = 16 };

// A gray JPEG, dark but for its left half's upper half; with an Exif marker
// if orientation > 0. Returns its size.
static size_t make_jpeg(uint8_t **bytes, int orientation) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned long size = 0;
    *bytes = NULL;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, bytes, &size);
    jpeg.image_width = JPEG_W, jpeg.image_height = JPEG_H;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    uint8_t exif[] =
        "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0?\0";
    exif[25] = (uint8_t)orientation;
    if (orientation > 0)
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, exif, sizeof exif);
    for (int y = 0; y < JPEG_H; y++) {
        uint8_t row[JPEG_W];
        for (int x = 0; x < JPEG_W; x++)
            row[x] = x < JPEG_W / 2 && y < JPEG_H / 2 ? 255 : 0;
        JSAMPROW rows[] = {row};
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return size;
}

// The light quarter, at the upper left of the file, comes to lie where the
// camera was held so that it should: right and below for each orientation.
START_TEST(jpeg_is_read_and_turned) {
    const bool right[] = {0, 0, 1, 1, 0, 0, 1, 1, 0};
    const bool below[] = {0, 0, 0, 1, 1, 0, 0, 1, 1};
    for (int k = 0; k <= 8; k++) {
        uint8_t *bytes;
        size_t size = make_jpeg(&bytes, k);
        Path path = write_bytes("photo.jpg", bytes, size);
        Tensor image = {0};
        Error err = {""};
        ck_assert_msg(image_read(&image, path.text, &err), "%s", err.message);
        ck_assert_str_eq(tensor_shape(&image).text,
                         k < 5 ? "[16, 24]" : "[24, 16]");
        int H = image.shape[0], W = image.shape[1];
        for (int q = 0; q < 4; q++) {
            int y = H / 4 + q / 2 * (H / 2), x = W / 4 + q % 2 * (W / 2);
            bool light = q / 2 == below[k] && q % 2 == right[k];
            ck_assert_msg(fabsf(image.data[y * W + x] - (float)light) < 0.05f,
                          "orientation %d, quarter %d", k, q);
        }
        tensor_free(&image);
        free(bytes);
    }
}
END_TEST

START_TEST(jpeg_cut_short_or_damaged_is_survived) {
    uint8_t *bytes;
    size_t size = make_jpeg(&bytes, 6);
    for (size_t n = 3; n < size - 2; n++)
        assert_refused(write_bytes("cut.jpg", bytes, n), "cut short");
    Tensor image = {0};
    for (size_t i = 0; i < 8 * size; i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        Error err = {""};
        Path path = write_bytes("flipped.jpg", bytes, size);
        if (!image_read(&image, path.text, &err))
            ck_assert_str_ne(err.message, "");
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    tensor_free(&image);
    free(bytes);
}
END_TEST

#else

START_TEST(jpeg_is_refused_with_what_to_type) {
    Path path = write_bytes("photo.jpg", "\xff\xd8\xff\xe0JFIF", 8);
    assert_refused(path, "make deps");
    assert_refused(path, "magick");
}
END_TEST

#endif

// ---- 4. Writing -------------------------------------------------------------

START_TEST(what_is_written_is_read_again) {
    const uint8_t levels[6] = {0, 1, 127, 128, 254, 255};
    Path path = scratch_path("written.png");
    Tensor image = {0};
    Error err = {""};
    ck_assert(image_write(path.text, levels, 2, 3, &err));
    ck_assert(image_read(&image, path.text, &err));
    ck_assert_str_eq(tensor_shape(&image).text, "[2, 3]");
    for (int p = 0; p < 6; p++)
        ck_assert_float_eq_tol(image.data[p], levels[p] / 255.0f, 1e-6f);
    tensor_free(&image);
    ck_assert(
        !image_write(scratch_path("no/where.png").text, levels, 2, 3, &err));
    assert_says(err.message, "no/where.png");
}
END_TEST

// ---- 5. In the terminal -----------------------------------------------------

static void print_pictures(void) {
    float tones[12];
    for (int i = 0; i < 12; i++)
        tones[i] = (float)(i - 1) / 9.5f; // from below 0 to above 1
    Tensor image = tensor_view(tones, 4, 1, 1, 2, 6);
    image_print(&image);
    Tensor wide = {0};
    tensor_resize(&wide, 2, 3, 100);
    tensor_fill(&wide, 1);
    image_print(&wide);
    tensor_free(&wide);
}

START_TEST(tones_become_signs) {
    Run run = run_function(print_pictures);
    const char *want = "    ..::--==\n"
                       "++**##%%@@@@\n"
                       "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@"
                       "@@@@@@@@@@@@@@\n";
    ck_assert_str_eq(run.output, want);
}
END_TEST

START_TEST(a_batch_cannot_be_printed) {
    Tensor image = {0};
    tensor_resize(&image, 4, 2, 1, 28, 28);
    image_print(&image);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {png_of_every_kind},
        {white_ink_on_a_clear_png_is_seen},
        {png_of_16_bits_has_the_same_tones},
        {pgm_and_ppm_of_every_kind},
        {pbm_of_both_kinds},
        {rows_come_from_the_top},
#ifdef HAVE_JPEG
        {jpeg_is_read_and_turned},
        {jpeg_cut_short_or_damaged_is_survived, .seconds = 200},
#else
        {jpeg_is_refused_with_what_to_type},
#endif
        {what_is_no_picture_is_refused},
        {damaged_pgm_is_refused},
        {pgm_cut_short_anywhere_is_refused},
        {png_cut_short_anywhere_is_refused},
        {png_with_any_flipped_bit_is_survived, .seconds = 40},
        {no_memory_is_no_damage},
        {png_of_monstrous_size_is_refused},
        {what_is_written_is_read_again},
        {tones_become_signs},
        {a_batch_cannot_be_printed, .signal = SIGABRT},
    };
    return run_tests("image", tests, sizeof tests / sizeof *tests);
}
