// test_image_digit.c - digits in photos of any kind are made to look like
// MNIST's, and what cannot be read is doubted.

#include "testing.h"

#include <math.h>

#include "data.h"
#include "digits.h"
#include "image.h"
#include "photos.h"
#include "rng.h"

// ---- 1. A digit drawn for a test --------------------------------------------

// How a 7 lies in a picture.
typedef struct {
    int width, height; // of the picture
    double x, y, size; // corner and height of the digit
    double pen;        // width of the stroke, in heights of the digit
    float paper, ink;
} Seven;

// Ink at the point (u, v) of the digit's square: a bar at the top, 0.6 wide,
// then a slanting line down from its right end.
static bool on_seven(double u, double v, double pen) {
    if (u < 0 || u > 0.6 || v < 0 || v > 1)
        return false;
    double line = 0.6 - pen - 0.4 * v;
    return v < pen || (u >= line && u <= line + pen);
}

// Each pixel is the mean of 4 x 4 points.
static Tensor draw(const Seven *s) {
    Tensor image = {0};
    tensor_resize(&image, 2, s->height, s->width);
    for (int i = 0; i < s->height * s->width; i++) {
        int hits = 0;
        for (int k = 0; k < 16; k++) {
            double x = i % s->width + (k % 4 + 0.5) / 4;
            double y = i / s->width + (k / 4 + 0.5) / 4;
            hits +=
                on_seven((x - s->x) / s->size, (y - s->y) / s->size, s->pen);
        }
        image.data[i] = s->paper + (s->ink - s->paper) * (float)hits / 16;
    }
    return image;
}

static const Seven PLAIN = {60, 80, 10, 20, 40, 0.15, 1, 0};

static Tensor to_digit(Tensor image) {
    Tensor digit = {0};
    ck_assert_int_ne(image_to_digit(&digit, &image), DOUBT_EMPTY);
    ck_assert_str_eq(tensor_shape(&digit).text, "[1, 1, 28, 28]");
    tensor_free(&image);
    return digit;
}

static double mean_difference(const Tensor *a, const Tensor *b) {
    double sum = 0;
    for (size_t i = 0; i < a->size; i++)
        sum += fabs((double)a->data[i] - (double)b->data[i]);
    return sum / (double)a->size;
}

// The digit of `seven` is that of PLAIN: on average no pixel differs by more.
static void assert_like_plain(Seven seven, double difference) {
    Tensor want = to_digit(draw(&PLAIN)), got = to_digit(draw(&seven));
    double found = mean_difference(&got, &want);
    ck_assert_msg(found <= difference,
                  "%d x %d, size %g: differs by %g, %g allowed", seven.width,
                  seven.height, seven.size, found, difference);
    tensor_free(&want);
    tensor_free(&got);
}

// First and last index of a row or column (step 1 or 28) with ink.
static void find_extent(const Tensor *digit, int along, int across, int *first,
                        int *last) {
    *first = 28, *last = -1;
    for (int i = 0; i < 28; i++)
        for (int j = 0; j < 28; j++)
            if (digit->data[i * along + j * across] > 0) {
                *first = i < *first ? i : *first;
                *last = i > *last ? i : *last;
            }
}

// ---- 2. What becomes of it --------------------------------------------------

START_TEST(a_digit_is_20_high_and_centred_by_mass) {
    Tensor digit = to_digit(draw(&PLAIN));
    int top, bottom, left, right;
    find_extent(&digit, 28, 1, &top, &bottom);
    find_extent(&digit, 1, 28, &left, &right);
    ck_assert_int_eq(bottom - top + 1, 20);
    ck_assert_int_eq(right - left + 1, 12); // 0.6 of the height
    double mass = 0, mx = 0, my = 0, largest = 0;
    for (int i = 0; i < 28 * 28; i++) {
        double m = (double)digit.data[i];
        ck_assert(m >= 0 && m <= 1);
        mass += m, mx += m * (i % 28), my += m * (i / 28);
        largest = fmax(largest, m);
    }
    ck_assert_double_eq(largest, 1);
    ck_assert_double_le(fabs(mx / mass - 14), 0.51);
    ck_assert_double_le(fabs(my / mass - 14), 0.51);
    // not mirrored or turned: the bar of the 7 is at the top
    double bar = 0, foot = 0;
    for (int j = 0; j < 28; j++) {
        bar += (double)digit.data[(top + 1) * 28 + j];
        foot += (double)digit.data[(bottom - 1) * 28 + j];
    }
    ck_assert_double_gt(bar, 3 * foot);
    tensor_free(&digit);
}
END_TEST

START_TEST(dark_on_light_is_light_on_dark) {
    Seven s = PLAIN;
    s.paper = 0, s.ink = 1;
    assert_like_plain(s, 1e-6);
    // fainter ink: the gray rim of a stroke ends a little earlier
    s.paper = 0.7f, s.ink = 0.4f; // pencil on gray paper
    assert_like_plain(s, 0.002);
    s.paper = 0.3f, s.ink = 0.45f;
    assert_like_plain(s, 0.002);
}
END_TEST

START_TEST(where_it_lies_does_not_matter) {
    Seven s = PLAIN;
    s.x = 0, s.y = 0; // in the corner, on the border
    assert_like_plain(s, 1e-6);
    s.x = 36, s.y = 40; // in the other one
    assert_like_plain(s, 1e-6);
    s.width = 300, s.height = 50, s.x = 200, s.y = 3;
    assert_like_plain(s, 1e-6);
    s.x = 200.5; // between pixels: other greys, and a quarter pixel of 28
    assert_like_plain(s, 0.05);
}
END_TEST

START_TEST(its_size_does_not_matter) {
    Seven s = PLAIN;
    for (int size = 20; size <= 640; size *= 2) {
        s.size = size;
        s.x = s.y = 0.3 * size;
        s.width = s.height = 2 * size;
        assert_like_plain(s, 0.03);
    }
}
END_TEST

START_TEST(a_photograph_of_4000_x_3000) {
    Seven s = {4000, 3000, 900, 200, 2500, 0.15, 0.9f, 0.1f};
    assert_like_plain(s, 0.01);
}
END_TEST

START_TEST(a_thin_pen_is_as_bright_as_a_thick_one) {
    Seven s = {800, 800, 200, 100, 600, 0.01, 1, 0};
    Tensor digit = to_digit(draw(&s));
    int bright = 0;
    for (size_t i = 0; i < digit.size; i++)
        bright += digit.data[i] > 0.25f;
    ck_assert_int_ge(bright, 20);
    tensor_free(&digit);
}
END_TEST

// # is ink of this tone on paper of the other one.
static Tensor from_signs(int height, int width, const char *signs, float ink) {
    Tensor image = {0};
    tensor_resize(&image, 2, height, width);
    for (int i = 0; i < height * width; i++)
        image.data[i] = signs[i] == '#' ? ink : 1 - ink;
    return image;
}

// Each pixel becomes a square of 5 x 5; a piece that is not joined stays.
START_TEST(a_picture_of_5_x_5) {
    const char *rows = "     "
                       "###  "
                       "  #  "
                       "     "
                       " #   ";
    Tensor digit = to_digit(from_signs(5, 5, rows, 1));
    int top, bottom, left, right;
    find_extent(&digit, 28, 1, &top, &bottom);
    find_extent(&digit, 1, 28, &left, &right);
    ck_assert_int_eq(bottom - top + 1, 20);
    ck_assert_int_eq(right - left + 1, 15);
    for (int i = 0; i < 20 * 15; i++) {
        int y = i / 15, x = i % 15;
        bool ink = rows[(1 + y / 5) * 5 + x / 5] == '#';
        ck_assert(digit.data[(top + y) * 28 + left + x] == (ink ? 1 : 0));
    }
    tensor_free(&digit);
}
END_TEST

// What becomes of this picture is so high and so wide.
static void assert_extent(Tensor image, int height, int width) {
    Tensor digit = to_digit(image);
    int top, bottom, left, right;
    find_extent(&digit, 28, 1, &top, &bottom);
    find_extent(&digit, 1, 28, &left, &right);
    ck_assert_int_eq(bottom - top + 1, height);
    ck_assert_int_eq(right - left + 1, width);
    tensor_free(&digit);
}

START_TEST(ink_on_nearly_half_of_the_border) {
    const char *rows = "##   "
                       "##   "
                       "##   "
                       "##   "
                       "##   ";
    assert_extent(from_signs(5, 5, rows, 0), 20, 8);
    assert_extent(from_signs(5, 5, rows, 1), 20, 8);
}
END_TEST

// Its centre of mass in the middle, half of the stick would be outside.
START_TEST(a_hammer_is_not_cut_off) {
    const char *left = "          "
                       "##        "
                       "##########"
                       "##        "
                       "          ";
    const char *right = "          "
                        "        ##"
                        "##########"
                        "        ##"
                        "          ";
    for (int i = 0; i < 2; i++) {
        Tensor image = from_signs(5, 10, i == 0 ? left : right, 0);
        for (int k = 0; k < 50; k++) // a heavy head, a light stick
            if (image.data[k] < 0.5f && (i == 0 ? k % 10 > 1 : k % 10 < 8))
                image.data[k] = 0.8f;
        assert_extent(image, 6, 20);
    }
}
END_TEST

// A patch of 20 x 5 and a tail that hangs together by corners only, in all
// four directions: single pixels would be specks.
START_TEST(pixels_that_touch_by_corners_belong_together) {
    for (int turn = 0; turn < 4; turn++) {
        Tensor image = {0};
        tensor_resize(&image, 2, 56, 56);
        tensor_fill(&image, 0);
        for (int k = 0; k < 100 + 30; k++) {
            int y = k < 100 ? 7 + k / 20 : k - 100 + 12;
            int x = k < 100 ? 2 + k % 20 : k - 100 + 22;
            y = turn & 1 ? 55 - y : y;
            x = turn & 2 ? 55 - x : x;
            image.data[y * 56 + x] = 1;
        }
        assert_extent(image, 14, 20);
    }
}
END_TEST

START_TEST(lines_of_one_pixel) {
    const int shapes[][2] = {{1, 9}, {9, 1}, {1, 2}, {2, 1}, {3, 20}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        Tensor image = {0};
        tensor_resize(&image, 2, shapes[i][0], shapes[i][1]);
        tensor_fill(&image, 1);
        image.data[image.size / 2] = 0;
        Tensor digit = to_digit(image);
        float largest = 0;
        for (size_t k = 0; k < digit.size; k++)
            largest = fmaxf(largest, digit.data[k]);
        ck_assert(largest == 1);
        tensor_free(&digit);
    }
}
END_TEST

START_TEST(noise_and_dust_are_no_ink) {
    Tensor want = to_digit(draw(&PLAIN));
    Tensor image = draw(&PLAIN);
    Rng rng;
    rng_seed(&rng, 1);
    for (size_t i = 0; i < image.size; i++)
        image.data[i] += 0.15f * rng_normal(&rng);
    image.data[4 * 60 + 2] = 0; // a fly
    image.data[75 * 60 + 57] = 0;
    Tensor got = to_digit(image);
    // the noise is blurred away, and the edges with it
    ck_assert_double_le(mean_difference(&got, &want), 0.06);
    tensor_free(&want);
    tensor_free(&got);
}
END_TEST

static DigitDoubt doubt_of(const Tensor *image) {
    Tensor digit = {0};
    DigitDoubt doubt = image_to_digit(&digit, image);
    ck_assert_str_eq(tensor_shape(&digit).text, "[1, 1, 28, 28]");
    for (size_t i = 0; i < digit.size; i++)
        ck_assert(digit.data[i] >= 0 && digit.data[i] <= 1); // no NaN
    tensor_free(&digit);
    return doubt;
}

START_TEST(an_empty_picture_is_doubted) {
    const int shapes[][2] = {{20, 30}, {300, 200}, {1, 1}, {1, 64}, {64, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int tone = 0; tone <= 2; tone++) {
            Tensor image = {0};
            tensor_resize(&image, 2, shapes[i][0], shapes[i][1]);
            tensor_fill(&image, 0.5f * (float)tone);
            image.data[image.size / 2] += 0.01f; // all but
            ck_assert_int_eq(doubt_of(&image), DOUBT_EMPTY);
            tensor_free(&image);
        }
}
END_TEST

// Shapes that nobody photographs, and noise: whatever is seen, no crash.
START_TEST(any_picture_is_survived) {
    const int shapes[][2] = {{16384, 1}, {1, 16384}, {3000, 2},  {64, 64},
                             {63, 63},   {2, 2},     {1001, 999}};
    Rng rng;
    rng_seed(&rng, 2);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int k = 1; k <= 3; k++) {
            Tensor image = {0};
            tensor_resize(&image, 2, shapes[i][0], shapes[i][1]);
            for (size_t p = 0; p < image.size; p++) // sparser each time
                image.data[p] =
                    rng_below(&rng, k * k) == 0 ? rng_uniform(&rng) : 1;
            doubt_of(&image);
            tensor_free(&image);
        }
}
END_TEST

// What MNIST's authors have made stays as it is, but for faint edges.
START_TEST(digits_of_mnist_stay_what_they_are) {
    const char *folder = mnist_dir_or_skip("digits_of_mnist_stay");
    if (folder == NULL)
        return;
    Digits digits;
    Error err;
    ck_assert(digits_load(&digits, folder, 500, 1, &err));
    Batches b;
    batches_init(&b, &digits.test, 500);
    ck_assert(batches_next(&b));
    double sum = 0;
    for (int i = 0; i < 500; i++) {
        Tensor view = tensor_view(b.x.data + i * 28 * 28, 2, 28, 28);
        Tensor image = {0};
        tensor_copy(&image, &view);
        Tensor digit = to_digit(image);
        sum += mean_difference(&digit, &view);
        tensor_free(&digit);
    }
    ck_assert_double_le(sum / 500, 0.004); // one of 255 tones
    batches_free(&b);
    digits_free(&digits);
}
END_TEST

// ---- 3. Photos --------------------------------------------------------------

enum { DIGITS = 2 }; // of each kind of photo; tests/ch06 lets a net read more

// How alike two pictures are: the correlation of their pixels.
static double correlation(const Tensor *a, const Tensor *b) {
    double n = (double)a->size, ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < a->size; i++) {
        ma += (double)a->data[i] / n;
        mb += (double)b->data[i] / n;
    }
    for (size_t i = 0; i < a->size; i++) {
        double x = (double)a->data[i] - ma, y = (double)b->data[i] - mb;
        ab += x * y, aa += x * x, bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void draw_digits(Dataset *set) {
    digits_draw(set, DIGITS, 6);
}

// The photo shows the digit `want`, of which it has been drawn.
static void assert_shows(const Tensor *want, const Tensor *photo,
                         PhotoKind kind) {
    Tensor got = {0};
    DigitDoubt doubt = image_to_digit(&got, photo);
    ck_assert_msg(doubt == DOUBT_NONE, "%s: %s", photo_name(kind),
                  digit_doubt(doubt));
    // a thin and a thick pen make other pictures
    bool other_pen = kind == PHOTO_THIN || kind == PHOTO_THICK;
    double found = correlation(&got, want);
    ck_assert_msg(found >= (other_pen ? 0.6 : 0.93), "%s: %g", photo_name(kind),
                  found);
    tensor_free(&got);
}

// Where the pen is the same, the digit is that of plain paper.
START_TEST(a_photo_shows_the_digit_of_plain_paper) {
    Dataset set;
    Rng rng;
    rng_seed(&rng, 3);
    draw_digits(&set);
    for (int i = 0; i < DIGITS; i++) {
        const uint8_t *pixels = set.pixels + i * 28 * 28;
        Tensor photo = {0}, want = {0};
        photo_draw(&photo, pixels, PHOTO_PLAIN, &rng);
        ck_assert_int_eq(image_to_digit(&want, &photo), DOUBT_NONE);
        for (int kind = 1; kind < PHOTO_KINDS_READ; kind++) {
            photo_draw(&photo, pixels, (PhotoKind)kind, &rng);
            assert_shows(&want, &photo, (PhotoKind)kind);
        }
        tensor_free(&photo);
        tensor_free(&want);
    }
    dataset_free(&set);
}
END_TEST

START_TEST(what_cannot_be_read_is_doubted) {
    Dataset set;
    Rng rng;
    rng_seed(&rng, 4);
    draw_digits(&set);
    for (int i = 0; i < DIGITS; i++)
        for (int kind = PHOTO_KINDS_READ; kind < PHOTO_KINDS; kind++) {
            Tensor photo = {0};
            photo_draw(&photo, set.pixels + i * 28 * 28, (PhotoKind)kind, &rng);
            DigitDoubt doubt = doubt_of(&photo);
            ck_assert_msg(doubt != DOUBT_NONE, "%s %d",
                          photo_name((PhotoKind)kind), i);
            assert_says(digit_doubt(doubt), "crop");
            if (kind == PHOTO_TWO)
                ck_assert_int_eq(doubt, DOUBT_SEVERAL);
            if (kind == PHOTO_EMPTY)
                ck_assert_int_eq(doubt, DOUBT_EMPTY);
            if (kind == PHOTO_CUT)
                ck_assert_int_eq(doubt, DOUBT_CUT);
            tensor_free(&photo);
        }
    dataset_free(&set);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {a_digit_is_20_high_and_centred_by_mass},
        {dark_on_light_is_light_on_dark},
        {where_it_lies_does_not_matter},
        {its_size_does_not_matter, .seconds = 20},
        {a_photograph_of_4000_x_3000, .seconds = 20},
        {a_thin_pen_is_as_bright_as_a_thick_one},
        {a_picture_of_5_x_5},
        {ink_on_nearly_half_of_the_border},
        {a_hammer_is_not_cut_off},
        {pixels_that_touch_by_corners_belong_together},
        {lines_of_one_pixel},
        {noise_and_dust_are_no_ink},
        {an_empty_picture_is_doubted},
        {any_picture_is_survived, .seconds = 60},
        {digits_of_mnist_stay_what_they_are},
        {a_photo_shows_the_digit_of_plain_paper, .seconds = 100},
        {what_cannot_be_read_is_doubted, .seconds = 40},
    };
    return run_tests("image_digit", tests, sizeof tests / sizeof *tests);
}
