// The pictures of augment_batch against what each kind of change must keep:
// a shift keeps slopes, a turn keeps distances from the centre, all keep ink.

#include "testing.h"

#include <math.h>
#include <string.h>

#include "common/augment.c" // to reach warp and its Map
#include "threads.h"

enum { SIDE = 28 };

// n pictures, every pixel random.
static Tensor noise(int n, uint64_t seed) {
    Tensor x = {0};
    Rng rng;
    rng_seed(&rng, seed);
    tensor_resize(&x, 4, n, 1, SIDE, SIDE);
    for (size_t i = 0; i < x.size; i++)
        x.data[i] = rng_uniform(&rng);
    return x;
}

// n pictures, each a soft round blob of ink, (x, y) away from the centre.
static Tensor blobs(int n, float x, float y) {
    Tensor t = {0};
    tensor_resize(&t, 4, n, 1, SIDE, SIDE);
    for (size_t i = 0; i < t.size; i++) {
        float dx = (float)(i % SIDE) - 13.5f - x;
        float dy = (float)(i / SIDE % SIDE) - 13.5f - y;
        t.data[i] = expf(-(dx * dx + dy * dy) / 8.0f);
    }
    return t;
}

// A picture's ink and the ink's centre, seen from the middle.
typedef struct {
    float ink, x, y;
} Blob;

static Blob measure(const Tensor *t, int picture) {
    const float *p = t->data + picture * SIDE * SIDE;
    double ink = 0, x = 0, y = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        ink += (double)p[i];
        x += (double)p[i] * (i % SIDE - 13.5);
        y += (double)p[i] * (i / SIDE - 13.5);
    }
    return (Blob){(float)ink, (float)(x / ink), (float)(y / ink)};
}

static void augment(Tensor *x, Augment by, uint64_t seed) {
    Rng rng;
    rng_seed(&rng, seed);
    augment_batch(x, &by, &rng);
}

// One picture [h, w] seen through a map.
static void warp_once(float *picture, int h, int w, Map map) {
    float *padded =
        mem_alloc((size_t)((h + PADDING) * (w + PADDING)), sizeof *padded);
    pad(padded, picture, h, w);
    warp(picture, padded, h, w, &map);
    mem_free(padded);
}

// ---- 1. Exact cases --------------------------------------------------------

START_TEST(no_ranges_change_nothing) {
    Tensor x = noise(3, 1), y = {0};
    tensor_copy(&y, &x);
    augment(&y, (Augment){0}, 2);
    ck_assert_mem_eq(y.data, x.data, x.size * sizeof *x.data);
    tensor_free(&x);
    tensor_free(&y);
}
END_TEST

START_TEST(whole_pixels_move_exactly) {
    Tensor x = noise(1, 1), y = {0};
    tensor_copy(&y, &x);
    // to the right by 3 and up by 2
    warp_once(y.data, SIDE, SIDE,
              (Map){.xx = 1.0f, .dx = -3.0f, .yy = 1.0f, .dy = 2.0f});
    for (int i = 0; i < SIDE * SIDE; i++) {
        int fx = i % SIDE - 3, fy = i / SIDE + 2;
        bool in = fx >= 0 && fy < SIDE;
        ck_assert_float_eq(y.data[i], in ? x.data[fy * SIDE + fx] : 0.0f);
    }
    tensor_free(&x);
    tensor_free(&y);
}
END_TEST

START_TEST(quarter_turn_moves_exactly) {
    float picture[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    const float turned[9] = {7, 4, 1, 8, 5, 2, 9, 6, 3};
    // clockwise: the new top right corner (1, -1) was the top left (-1, -1)
    warp_once(picture, 3, 3, (Map){.xy = 1.0f, .yx = -1.0f});
    ck_assert_mem_eq(picture, turned, sizeof turned);
}
END_TEST

START_TEST(half_a_pixel_is_the_mean) {
    float picture[6] = {0, 2, 6, 1, 3, 7}; // [2, 3]
    const float shifted[6] = {1, 4, 3, 2, 5, 3.5f};
    warp_once(picture, 2, 3, (Map){.xx = 1.0f, .dx = 0.5f, .yy = 1.0f});
    ck_assert_mem_eq(picture, shifted, sizeof shifted);
}
END_TEST

// However far away the map looks, and if it is no number at all.
START_TEST(outside_is_zero) {
    const float far[] = {1e3f, -1e3f, 1e30f, -1e30f, INFINITY, NAN};
    for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
        float picture[6] = {1, 2, 3, 4, 5, 6};
        const float zero[6] = {0};
        warp_once(picture, 2, 3, (Map){.xx = 1, .dx = far[i], .yy = 1});
        ck_assert_mem_eq(picture, zero, sizeof zero);
    }
}
END_TEST

// ---- 2. What each change keeps ---------------------------------------------

// Bilinear sampling is exact on a slope: each picture x + 100 y becomes itself
// plus one constant, which tells the shift.
START_TEST(shift_keeps_slopes) {
    enum { N = 50 };
    Tensor t = {0};
    tensor_resize(&t, 4, N, 1, SIDE, SIDE);
    for (size_t i = 0; i < t.size; i++)
        t.data[i] = (float)(i % SIDE + 100 * (i / SIDE % SIDE));
    augment(&t, (Augment){.shift = 2.5f}, 3);
    float farthest = 0.0f;
    for (int i = 0; i < N; i++) {
        const float *p = t.data + i * SIDE * SIDE;
        float moved = p[10 * SIDE + 10] - 1010.0f;
        float dy = roundf(moved / 100.0f); // whole part only
        farthest = fmaxf(farthest, fabsf(dy));
        for (int y = 3; y < SIDE - 3; y++)
            for (int x = 3; x < SIDE - 3; x++)
                ck_assert_float_eq_tol(p[y * SIDE + x] - moved,
                                       (float)(x + 100 * y), 2e-3f);
    }
    ck_assert_float_eq(farthest, 2.0f); // 2.5 at the most, and near it
    tensor_free(&t);
}
END_TEST

START_TEST(turn_keeps_the_distance) {
    enum { N = 200 };
    Tensor t = blobs(N, 6.0f, 0.0f);
    float ink = measure(&t, 0).ink, least = 0.0f, most = 0.0f;
    augment(&t, (Augment){.rotate = 30.0f}, 4);
    for (int i = 0; i < N; i++) {
        Blob b = measure(&t, i);
        float degrees = atan2f(b.y, b.x) * 57.29578f;
        ck_assert_float_eq_tol(hypotf(b.x, b.y), 6.0f, 0.02f);
        ck_assert_float_eq_tol(b.ink, ink, 0.01f * ink);
        least = fminf(least, degrees);
        most = fmaxf(most, degrees);
    }
    // of 200 uniform draws the chance that none is in the last tenth is 4e-5
    ck_assert(least > -30.1f && least < -24.0f);
    ck_assert(most < 30.1f && most > 24.0f);
    tensor_free(&t);
}
END_TEST

START_TEST(zoom_scales_distance_and_ink) {
    enum { N = 200 };
    Tensor t = blobs(N, 6.0f, 3.0f);
    float ink = measure(&t, 0).ink, least = 1.0f, most = 1.0f;
    augment(&t, (Augment){.zoom = 0.25f}, 5);
    for (int i = 0; i < N; i++) {
        Blob b = measure(&t, i);
        float zoom = b.x / 6.0f;
        ck_assert_float_eq_tol(b.y / 3.0f, zoom, 0.01f);
        ck_assert_float_eq_tol(b.ink / ink, zoom * zoom, 0.03f);
        least = fminf(least, zoom);
        most = fmaxf(most, zoom);
    }
    ck_assert(least > 1.0f / 1.26f && least < 1.0f / 1.2f);
    ck_assert(most < 1.26f && most > 1.2f);
    tensor_free(&t);
}
END_TEST

START_TEST(shear_slides_rows) {
    enum { N = 200 };
    Tensor t = blobs(N, 0.0f, 6.0f);
    float ink = measure(&t, 0).ink, least = 0.0f, most = 0.0f;
    augment(&t, (Augment){.shear = 20.0f}, 6);
    for (int i = 0; i < N; i++) {
        Blob b = measure(&t, i);
        float degrees = atan2f(b.x, b.y) * 57.29578f;
        ck_assert_float_eq_tol(b.y, 6.0f, 0.02f);
        ck_assert_float_eq_tol(b.ink, ink, 0.01f * ink);
        least = fminf(least, degrees);
        most = fmaxf(most, degrees);
    }
    ck_assert(least > -20.1f && least < -16.0f);
    ck_assert(most < 20.1f && most > 16.0f);
    tensor_free(&t);
}
END_TEST

// Neither changes areas, so together they do not either.
START_TEST(turn_with_shear_keeps_ink) {
    enum { N = 200 };
    Tensor t = blobs(N, 3.0f, 0.0f);
    float ink = measure(&t, 0).ink;
    augment(&t, (Augment){.rotate = 40.0f, .shear = 30.0f}, 7);
    for (int i = 0; i < N; i++)
        ck_assert_float_eq_tol(measure(&t, i).ink, ink, 0.01f * ink);
    tensor_free(&t);
}
END_TEST

// Half of the pictures come out mirrored, to the bit, columns or rows, the
// others as they were: of 200 draws 100, give or take five standard deviations
// of 7. Both ways together are half a turn.
START_TEST(flips_mirror_half) {
    enum { N = 200, P = SIDE * SIDE };
    const Augment flips[] = {{.flip = 0.5f}, {.flip_vertical = 0.5f}};
    Tensor x = noise(N, 10), y = {0};
    for (int vertical = 0; vertical < 2; vertical++) {
        int mirrored = 0;
        tensor_copy(&y, &x);
        augment(&y, flips[vertical], 11);
        for (int i = 0; i < N; i++) {
            const float *from = x.data + i * P, *to = y.data + i * P;
            bool mirror = to[0] != from[0];
            mirrored += mirror;
            for (int p = 0; p < P; p++) {
                int row = p / SIDE, column = p % SIDE;
                if (mirror && vertical)
                    row = SIDE - 1 - row;
                else if (mirror)
                    column = SIDE - 1 - column;
                ck_assert_float_eq(to[p], from[row * SIDE + column]);
            }
        }
        ck_assert_int_gt(mirrored, 65);
        ck_assert_int_lt(mirrored, 135);
    }
    tensor_copy(&y, &x);
    augment(&y, (Augment){.flip = 1.0f, .flip_vertical = 1.0f}, 12);
    for (int p = 0; p < P; p++)
        ck_assert_float_eq(y.data[p], x.data[P - 1 - p]);
    tensor_free(&x);
    tensor_free(&y);
}
END_TEST

// The middle of a picture that is not square: 2 x 5 pixels, mirrored.
START_TEST(flip_mirrors_an_oblong) {
    float pixels[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const float want[] = {5, 4, 3, 2, 1, 10, 9, 8, 7, 6};
    Tensor x = tensor_view(pixels, 4, 1, 1, 2, 5);
    augment(&x, (Augment){.flip = 1.0f}, 11);
    for (int i = 0; i < 10; i++)
        ck_assert_float_eq(pixels[i], want[i]);
}
END_TEST

// The picture is mirrored first and moved by the same shift then: a blob at
// (3, 6) comes out 6 further left, or 12 further up, than without a flip.
START_TEST(flips_come_before_the_shift) {
    const Augment by[] = {{.shift = 2.0f},
                          {.shift = 2.0f, .flip = 1.0f},
                          {.shift = 2.0f, .flip_vertical = 1.0f}};
    Blob b[3];
    for (int i = 0; i < 3; i++) {
        Tensor t = blobs(1, 3.0f, 6.0f);
        augment(&t, by[i], 13);
        b[i] = measure(&t, 0);
        tensor_free(&t);
    }
    ck_assert_float_gt(fabsf(b[0].x - 3.0f), 0.1f); // shifted at all
    ck_assert_float_gt(fabsf(b[0].y - 6.0f), 0.1f);
    ck_assert_float_eq_tol(b[1].x, b[0].x - 6.0f, 0.02f);
    ck_assert_float_eq_tol(b[1].y, b[0].y, 0.02f);
    ck_assert_float_eq_tol(b[2].x, b[0].x, 0.02f);
    ck_assert_float_eq_tol(b[2].y, b[0].y - 12.0f, 0.02f);
}
END_TEST

// 156,800 normal numbers: mean within 5 / sqrt(n), deviation within 5 /
// sqrt(2n)
START_TEST(noise_has_its_deviation) {
    Tensor x = {0};
    tensor_resize(&x, 4, 200, 1, SIDE, SIDE);
    tensor_fill(&x, 0.0f);
    augment(&x, (Augment){.noise = 0.2f}, 12);
    double sum = 0, squares = 0, n = (double)x.size;
    for (size_t i = 0; i < x.size; i++) {
        sum += (double)x.data[i];
        squares += (double)x.data[i] * (double)x.data[i];
    }
    ck_assert_double_eq_tol(sum / n, 0, 0.2 * 5 / sqrt(n));
    ck_assert_double_eq_tol(sqrt(squares / n), 0.2, 0.2 * 5 / sqrt(2 * n));
    tensor_free(&x);
}
END_TEST

// ---- 3. Streams, threads, shapes -------------------------------------------

static const Augment all = {.shift = 2.0f,
                            .rotate = 15.0f,
                            .zoom = 0.1f,
                            .shear = 10.0f,
                            .flip = 0.5f,
                            .flip_vertical = 0.5f,
                            .noise = 0.1f};

static Tensor augmented(uint64_t seed, int threads) {
    Tensor x = noise(37, 7);
    threads_set(threads);
    augment(&x, all, seed);
    return x;
}

START_TEST(threads_do_not_matter) {
    Tensor one = augmented(8, 1);
    for (int threads = 2; threads <= 5; threads++) {
        Tensor more = augmented(8, threads);
        ck_assert_mem_eq(one.data, more.data, one.size * sizeof *one.data);
        tensor_free(&more);
    }
    tensor_free(&one);
}
END_TEST

// Equal pictures come out different, and different again in the next batch.
START_TEST(every_picture_draws_anew) {
    enum { N = 20 };
    Tensor t = blobs(2 * N, 3.0f, 3.0f);
    Tensor first = tensor_view(t.data, 4, N, 1, SIDE, SIDE);
    Tensor second = tensor_view(t.data + first.size, 4, N, 1, SIDE, SIDE);
    Rng rng;
    rng_seed(&rng, 9);
    augment_batch(&first, &all, &rng);
    augment_batch(&second, &all, &rng);
    size_t bytes = SIDE * SIDE * sizeof *t.data;
    for (int i = 0; i < 2 * N; i++)
        for (int j = 0; j < i; j++)
            ck_assert_mem_ne(t.data + i * SIDE * SIDE, t.data + j * SIDE * SIDE,
                             bytes);
    tensor_free(&t);
}
END_TEST

START_TEST(pictures_must_be_grey) {
    Tensor x = {0};
    tensor_resize(&x, 4, 2, 3, SIDE, SIDE);
    augment(&x, all, 1);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {no_ranges_change_nothing},
        {whole_pixels_move_exactly},
        {quarter_turn_moves_exactly},
        {half_a_pixel_is_the_mean},
        {outside_is_zero},
        {shift_keeps_slopes},
        {turn_keeps_the_distance},
        {zoom_scales_distance_and_ink},
        {shear_slides_rows},
        {turn_with_shear_keeps_ink},
        {flips_mirror_half},
        {flip_mirrors_an_oblong},
        {flips_come_before_the_shift},
        {noise_has_its_deviation},
        {threads_do_not_matter},
        {every_picture_draws_anew},
        {pictures_must_be_grey, .signal = SIGABRT},
    };
    return run_tests("augment", tests, sizeof tests / sizeof *tests);
}
