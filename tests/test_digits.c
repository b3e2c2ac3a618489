// digits.h: the same digits for the same seed, laid out as MNIST lays out its
// own, and enough like handwriting that what is learnt from them carries over.

#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/handwriting.c" // to reach its table
#include "digits.h"
#include "threads.h"

enum { SIDE = 28, AREA = SIDE * SIDE, CLASSES = 10 };

static void assert_same(const Dataset *a, const Dataset *b) {
    ck_assert_int_eq(a->count, b->count);
    ck_assert_mem_eq(a->labels, b->labels, (size_t)a->count);
    ck_assert_mem_eq(a->pixels, b->pixels, (size_t)a->count * AREA);
}

// ---- 1. The seed decides, and nothing else ----------------------------------

START_TEST(same_seed_same_digits) {
    Dataset a, b;
    digits_draw(&a, 300, 1);
    digits_draw(&b, 300, 1);
    ck_assert_int_eq(a.rows, SIDE);
    ck_assert_int_eq(a.cols, SIDE);
    ck_assert_int_eq(a.classes, CLASSES);
    assert_same(&a, &b);
    dataset_free(&a);
    dataset_free(&b);
}
END_TEST

START_TEST(other_seed_other_digits) {
    Dataset a, b;
    digits_draw(&a, 300, 1);
    digits_draw(&b, 300, 2);
    ck_assert_mem_ne(a.labels, b.labels, 300);
    for (int i = 0; i < 300; i++)
        ck_assert_mem_ne(a.pixels + i * AREA, b.pixels + i * AREA, AREA);
    dataset_free(&a);
    dataset_free(&b);
}
END_TEST

START_TEST(threads_do_not_matter) {
    Dataset one, more;
    threads_set(1);
    digits_draw(&one, 301, 3);
    for (int threads = 2; threads <= 5; threads++) {
        threads_set(threads);
        digits_draw(&more, 301, 3);
        assert_same(&one, &more);
        dataset_free(&more);
    }
    dataset_free(&one);
}
END_TEST

// FNV-1a over labels and pixels. The number was the same from gcc and clang at
// -O0, -O2 and -O3. Whoever changes the drawing on purpose puts in the new one.
START_TEST(same_digits_on_every_machine) {
    Dataset set;
    digits_draw(&set, 1000, 1);
    uint64_t hash = 0xcbf29ce484222325u;
    for (int i = 0; i < 1000; i++)
        hash = (hash ^ set.labels[i]) * 0x100000001b3u;
    for (int i = 0; i < 1000 * AREA; i++)
        hash = (hash ^ set.pixels[i]) * 0x100000001b3u;
    ck_assert_uint_eq(hash, 0x74d5eb65f483b073u);
    dataset_free(&set);
}
END_TEST

// ---- 2. Every picture ------------------------------------------------------

START_TEST(labels_are_balanced_and_mixed) {
    Dataset set;
    digits_draw(&set, 1005, 4);
    int of[CLASSES] = {0}, like_the_last = 0;
    for (int i = 0; i < set.count; i++) {
        ck_assert_uint_lt(set.labels[i], CLASSES);
        of[set.labels[i]]++;
        like_the_last += i > 0 && set.labels[i] == set.labels[i - 1];
    }
    for (int d = 0; d < CLASSES; d++)
        ck_assert_int_eq(of[d], d < 5 ? 101 : 100);
    // 1004 pairs, a tenth of them equal: 100, give or take 5 times 9.5
    ck_assert_int_ge(like_the_last, 53);
    ck_assert_int_le(like_the_last, 148);
    dataset_free(&set);
}
END_TEST

// As MNIST does it: the ink fits 20 x 20 pixels and fills them one way, its
// centre of mass lies within half a pixel of (14, 14), strokes are white.
START_TEST(ink_lies_where_mnist_puts_it) {
    Dataset set;
    digits_draw(&set, 2000, 5);
    for (int i = 0; i < set.count; i++) {
        const uint8_t *p = set.pixels + i * AREA;
        int left = SIDE, right = 0, top = SIDE, bottom = 0, brightest = 0;
        double mass = 0, mx = 0, my = 0;
        for (int k = 0; k < AREA; k++) {
            if (p[k] == 0)
                continue;
            int x = k % SIDE, y = k / SIDE;
            left = x < left ? x : left;
            right = x > right ? x : right;
            top = y < top ? y : top;
            bottom = y > bottom ? y : bottom;
            brightest = p[k] > brightest ? p[k] : brightest;
            mass += p[k];
            mx += p[k] * x;
            my += p[k] * y;
        }
        int width = right - left + 1, height = bottom - top + 1;
        int larger = width > height ? width : height;
        ck_assert_int_ge(brightest, 200); // thin pens are greyer
        ck_assert_int_le(larger, 20);
        ck_assert_int_ge(larger, 19);
        ck_assert_double_eq_tol(mx / mass, 14.0, 0.501);
        ck_assert_double_eq_tol(my / mass, 14.0, 0.501);
    }
    dataset_free(&set);
}
END_TEST

static int compare_pictures(const void *a, const void *b) {
    return memcmp(a, b, AREA);
}

START_TEST(no_two_are_alike) {
    Dataset set;
    digits_draw(&set, 5000, 6);
    qsort(set.pixels, 5000, AREA, compare_pictures); // twins become neighbours
    for (int i = 1; i < set.count; i++)
        ck_assert_mem_ne(set.pixels + i * AREA, set.pixels + (i - 1) * AREA,
                         AREA);
    dataset_free(&set);
}
END_TEST

START_TEST(none_is_not_a_number) {
    Dataset set;
    digits_draw(&set, 0, 1);
}
END_TEST

// ---- 3. The table of handwritings ------------------------------------------

// Each is a digit, a colon, and words of four figures, some with a ^ before
// them, in strokes of two points at the least; and its curve fits into a Curve.
START_TEST(table_is_well_formed) {
    int ways[CLASSES] = {0};
    for (int i = 0; i < HANDWRITINGS; i++) {
        const char *text = handwritings[i];
        int digit = text[0] - '0', points = 0;
        ck_assert(digit >= 0 && digit <= 9 && text[1] == ':');
        ck_assert(i == 0 || text[0] >= handwritings[i - 1][0]);
        ways[digit]++;
        for (text += 2; *text != '\0';) {
            ck_assert_msg(*text++ == ' ', "%s", handwritings[i]);
            if (*text == '|') {
                ck_assert_msg(points >= 2, "%s", handwritings[i]);
                points = 0;
                text++;
                continue;
            }
            text += *text == '^';
            ck_assert_msg(strspn(text, "0123456789") == 4, "%s",
                          handwritings[i]);
            text += 4;
            points++;
        }
        ck_assert_msg(points >= 2, "%s", handwritings[i]);
        Curve path, curve;
        Rng rng;
        rng_seed(&rng, 1);
        read_points(&path, handwritings[i] + 2, &rng);
        join_points(&curve, &path);
        ck_assert_int_gt(curve.count, path.count);
    }
    for (int d = 0; d < CLASSES; d++)
        ck_assert_int_ge(ways[d], 4);
}
END_TEST

// Each way of a digit is taken about equally often: 5 standard deviations of
// a binomial are allowed.
START_TEST(every_handwriting_is_used) {
    enum { N = 10000 };
    Rng rng;
    rng_seed(&rng, 7);
    for (int digit = 0; digit < CLASSES; digit++) {
        int used[HANDWRITINGS] = {0}, ways = 0;
        for (int n = 0; n < N; n++) {
            const char *text = choose(digit, &rng);
            for (int i = 0; i < HANDWRITINGS; i++)
                used[i] += text == handwritings[i] + 2;
        }
        for (int i = 0; i < HANDWRITINGS; i++)
            ways += handwritings[i][0] - '0' == digit;
        double p = 1.0 / ways, slack = 5.0 * sqrt(N * p * (1.0 - p));
        for (int i = 0; i < HANDWRITINGS; i++)
            if (handwritings[i][0] - '0' == digit)
                ck_assert_double_eq_tol(used[i], N * p, slack);
    }
}
END_TEST

START_TEST(digit_ten_does_not_exist) {
    Curve path;
    Rng rng;
    rng_seed(&rng, 1);
    handwriting_write(&path, 10, &rng);
}
END_TEST

// ---- 4. They can be learnt, and look like real ones ------------------------

typedef struct {
    double of[CLASSES][AREA];
} Means;

static Means class_means(const Dataset *set) {
    Means m = {0};
    int count[CLASSES] = {0};
    for (int i = 0; i < set->count; i++) {
        count[set->labels[i]]++;
        for (int k = 0; k < AREA; k++)
            m.of[set->labels[i]][k] += set->pixels[i * AREA + k];
    }
    for (int d = 0; d < CLASSES; d++)
        for (int k = 0; k < AREA; k++)
            m.of[d][k] /= count[d];
    return m;
}

// The share of pictures whose nearest class mean is that of their own class.
static double nearest_mean_accuracy(const Means *m, const Dataset *set) {
    int right = 0;
    for (int i = 0; i < set->count; i++) {
        double least = 1e300;
        int nearest = -1;
        for (int d = 0; d < CLASSES; d++) {
            double distance = 0;
            for (int k = 0; k < AREA; k++) {
                double e = set->pixels[i * AREA + k] - m->of[d][k];
                distance += e * e;
            }
            if (distance < least) {
                least = distance;
                nearest = d;
            }
        }
        right += nearest == set->labels[i];
    }
    return (double)right / set->count;
}

// Real MNIST's class means tell 82 % of its test digits apart. Ours are drawn
// to vary more, so less is asked: six times chance, but no easier than MNIST.
START_TEST(as_hard_as_real_digits) {
    Dataset train, test;
    digits_draw(&train, 5000, 8);
    digits_draw(&test, 2000, 9);
    Means means = class_means(&train);
    double accuracy = nearest_mean_accuracy(&means, &test);
    ck_assert_double_ge(accuracy, 0.60);
    ck_assert_double_le(accuracy, 0.82);
    dataset_free(&train);
    dataset_free(&test);
}
END_TEST

// The same means, of drawn digits only, read real handwriting better than they
// read drawn digits: those are harder, and that is what they are for.
START_TEST(means_read_real_digits) {
    const char *folder = mnist_dir_or_skip("means_read_real_digits");
    if (folder == NULL)
        return;
    char images[1024], labels[1024];
    snprintf(images, sizeof images, "%s/t10k-images-idx3-ubyte", folder);
    snprintf(labels, sizeof labels, "%s/t10k-labels-idx1-ubyte", folder);
    Dataset drawn, real;
    Error err;
    ck_assert_msg(idx_load(&real, images, labels, 0, &err), "%s", err.message);
    digits_draw(&drawn, 5000, 8);
    Means means = class_means(&drawn);
    ck_assert_double_ge(nearest_mean_accuracy(&means, &real), 0.65);
    dataset_free(&drawn);
    dataset_free(&real);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {same_seed_same_digits},
        {other_seed_other_digits},
        {threads_do_not_matter},
        {same_digits_on_every_machine},
        {labels_are_balanced_and_mixed},
        {ink_lies_where_mnist_puts_it},
        {no_two_are_alike},
        {none_is_not_a_number, .signal = SIGABRT},
        {table_is_well_formed},
        {every_handwriting_is_used},
        {digit_ten_does_not_exist, .signal = SIGABRT},
        {as_hard_as_real_digits},
        {means_read_real_digits},
    };
    return run_tests("digits", tests, sizeof tests / sizeof *tests);
}
