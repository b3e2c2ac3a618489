#include "characters.h"

#include <math.h>

#include "digits.h"
#include "memory.h"

enum { SIDE = CHARACTER_SIDE, PIXELS = CHARACTER_PIXELS, DIGIT_SIDE = 28 };
static const float NOISE = 0.12f; // standard deviation, of white = 1

// window = the digit's middle 20 x 20 pixels, each 2 x 2 averaged to one.
static void see_character(float *window, const uint8_t *digit) {
    const int margin = (DIGIT_SIDE - 2 * SIDE) / 2;
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            const uint8_t *p =
                digit + (margin + 2 * i) * DIGIT_SIDE + margin + 2 * j;
            int sum = p[0] + p[1] + p[DIGIT_SIDE] + p[DIGIT_SIDE + 1];
            window[i * SIDE + j] = (float)sum / (4.0f * 255.0f);
        }
}

// window = some 10 x 10 pixels of the digit, at full size.
static void see_piece(float *window, const uint8_t *digit, Rng *rng) {
    int top = 3 + rng_below(rng, DIGIT_SIDE - SIDE - 5);
    int left = 3 + rng_below(rng, DIGIT_SIDE - SIDE - 5);
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            window[i * SIDE + j] =
                (float)digit[(top + i) * DIGIT_SIDE + left + j] / 255.0f;
}

// pixels = contrast * window + light + noise, in bytes.
static void photograph(uint8_t *pixels, const float *window, Rng *rng) {
    float contrast = 0.4f + 0.4f * rng_uniform(rng);
    float light = 0.1f + 0.2f * rng_uniform(rng);
    for (int i = 0; i < PIXELS; i++) {
        float grey = contrast * window[i] + light + NOISE * rng_normal(rng);
        pixels[i] = (uint8_t)(255.0f * fminf(fmaxf(grey, 0.0f), 1.0f));
    }
}

// Each window is cut from a digit of its own.
static void cut(Dataset *set, const uint8_t *digits, int count, Rng *rng) {
    *set = (Dataset){.count = count, .rows = SIDE, .cols = SIDE, .classes = 2};
    set->pixels = mem_alloc((size_t)count, PIXELS);
    set->labels = mem_alloc((size_t)count, 1);
    int *order = mem_alloc((size_t)count, sizeof *order);
    for (int i = 0; i < count; i++)
        order[i] = i;
    rng_shuffle(rng, order, count);
    for (int i = 0; i < count; i++) {
        float window[PIXELS];
        const uint8_t *digit = digits + i * DIGIT_SIDE * DIGIT_SIDE;
        bool character = order[i] % 2 == 1;
        if (character)
            see_character(window, digit);
        else
            see_piece(window, digit, rng);
        photograph(set->pixels + i * PIXELS, window, rng);
        bool wrong = rng_below(rng, CHARACTER_WRONG) == 0;
        set->labels[i] = character != wrong;
    }
    mem_free(order);
}

void characters_draw(Dataset *train, Dataset *validation, int train_count,
                     int validation_count, uint64_t seed) {
    REQUIRE(train_count > 0 && validation_count > 0, "%d and %d windows",
            train_count, validation_count);
    Dataset digits;
    Rng rng;
    digits_draw(&digits, train_count + validation_count, seed);
    rng_seed(&rng, seed);
    cut(train, digits.pixels, train_count, &rng);
    cut(validation, digits.pixels + train_count * DIGIT_SIDE * DIGIT_SIDE,
        validation_count, &rng);
    dataset_free(&digits);
}
