// test_batches.c - pictures dealt out in batches, and some held out.

#include "testing.h"

#include "data.h"
#include "memory.h"

// count pictures of 3 x 3; pixel p of picture i is i + p, its label i mod 10.
static Dataset make_set(int count) {
    Dataset set = {.count = count, .rows = 3, .cols = 3, .classes = 10};
    set.pixels = mem_alloc((size_t)count * 9, 1);
    set.labels = mem_alloc((size_t)count, 1);
    for (int i = 0; i < count; i++) {
        set.labels[i] = (uint8_t)(i % 10);
        for (int p = 0; p < 9; p++)
            set.pixels[i * 9 + p] = (uint8_t)(i + p);
    }
    return set;
}

// Runs one pass; order gets the number of each picture as it comes.
static int run_pass(Batches *b, int *order) {
    int seen = 0;
    while (batches_next(b)) {
        int n = b->x.shape[0];
        ck_assert_int_eq(b->x.shape[1], 1);
        ck_assert_int_eq(b->x.shape[3], 3);
        ck_assert_int_eq(n, seen + 20 <= 70 ? 20 : 10);
        for (int i = 0; i < n; i++, seen++) {
            const float *x = b->x.data + 9 * i;
            int picture = (int)(x[0] * 255.0f + 0.5f);
            for (int p = 0; p < 9; p++) // exactly, not nearly
                ck_assert(x[p] == (float)(picture + p) / 255.0f);
            ck_assert_int_eq(b->labels[i], picture % 10);
            order[seen] = picture;
        }
    }
    return seen;
}

START_TEST(a_pass_deals_each_picture_once) {
    Dataset set = make_set(70);
    Batches b;
    batches_init(&b, &set, 20);
    ck_assert_int_eq(b.count, 4);
    Rng rng;
    rng_seed(&rng, 1);
    for (int pass = 0; pass < 3; pass++) {
        int order[70], times[70] = {0}, moved = 0;
        batches_start(&b, &rng);
        ck_assert_int_eq(run_pass(&b, order), 70);
        for (int i = 0; i < 70; i++) {
            times[order[i]]++;
            moved += order[i] != i;
        }
        for (int i = 0; i < 70; i++)
            ck_assert_int_eq(times[i], 1);
        ck_assert_int_gt(moved, 50);
        ck_assert(!batches_next(&b)); // over, and still over
    }
    batches_free(&b);
    dataset_free(&set);
}
END_TEST

START_TEST(without_rng_the_order_is_the_sets) {
    Dataset set = make_set(70);
    Batches b;
    batches_init(&b, &set, 20);
    int order[70];
    Rng rng;
    rng_seed(&rng, 1);
    ck_assert_int_eq(run_pass(&b, order), 70); // init has started a pass
    batches_start(&b, &rng);
    batches_start(&b, NULL);
    ck_assert_int_eq(run_pass(&b, order), 70);
    for (int i = 0; i < 70; i++)
        ck_assert_int_eq(order[i], i);
    batches_free(&b);
    dataset_free(&set);
}
END_TEST

START_TEST(a_pass_depends_on_the_rng_alone) {
    Dataset set = make_set(70);
    Batches b;
    batches_init(&b, &set, 20);
    int first[70], again[70], other[70];
    Rng rng;
    rng_seed(&rng, 1);
    batches_start(&b, &rng);
    run_pass(&b, first);
    batches_start(&b, &rng);
    run_pass(&b, other);
    ck_assert_mem_ne(first, other, sizeof first);
    rng_seed(&rng, 1);
    batches_start(&b, &rng);
    run_pass(&b, again);
    ck_assert_mem_eq(first, again, sizeof first);
    batches_free(&b);
    dataset_free(&set);
}
END_TEST

START_TEST(a_batch_larger_than_the_set) {
    Dataset set = make_set(10);
    Batches b;
    batches_init(&b, &set, 1000);
    ck_assert_int_eq(b.count, 1);
    ck_assert(batches_next(&b));
    ck_assert_int_eq(b.x.shape[0], 10);
    ck_assert(!batches_next(&b));
    batches_free(&b);
    dataset_free(&set);
}
END_TEST

START_TEST(no_batches_of_nothing) {
    Dataset set = {.rows = 28, .cols = 28};
    Batches b;
    batches_init(&b, &set, 20);
}
END_TEST

START_TEST(held_out_pictures_are_the_last_ones) {
    Dataset set = make_set(70), held;
    dataset_hold_out(&held, &set, 15);
    ck_assert_int_eq(set.count, 55);
    ck_assert_int_eq(held.count, 15);
    ck_assert_int_eq(held.classes, 10);
    // 55 and 15 differ by a multiple of ten, as labels do: so count in sevens
    for (int i = 0; i < 70; i++)
        set.labels[i] = (uint8_t)(i % 7);
    for (int i = 0; i < 15; i++) {
        ck_assert_int_eq(held.pixels[9 * i], 55 + i);
        ck_assert_int_eq(held.labels[i], (55 + i) % 7);
    }
    dataset_free(&set); // and not held
}
END_TEST

START_TEST(not_all_can_be_held_out) {
    Dataset set = make_set(70), held;
    dataset_hold_out(&held, &set, 70);
}
END_TEST

int main(void) {
    const Test tests[] = {
        {a_pass_deals_each_picture_once},
        {without_rng_the_order_is_the_sets},
        {a_pass_depends_on_the_rng_alone},
        {a_batch_larger_than_the_set},
        {no_batches_of_nothing, .signal = SIGABRT},
        {held_out_pictures_are_the_last_ones},
        {not_all_can_be_held_out, .signal = SIGABRT},
    };
    return run_tests("batches", tests, sizeof tests / sizeof *tests);
}
