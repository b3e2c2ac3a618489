#include "rng.h"

#include <math.h>

#include "error.h"

static uint64_t splitmix64(uint64_t *x) {
    uint64_t z = (*x += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void rng_seed(Rng *rng, uint64_t seed) {
    for (int i = 0; i < 4; i++)
        rng->state[i] = splitmix64(&seed);
}

static uint64_t rotate_left(uint64_t x, int bits) {
    return (x << bits) | (x >> (64 - bits));
}

uint64_t rng_next(Rng *rng) {
    uint64_t *s = rng->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

float rng_uniform(Rng *rng) {
    return (float)(rng_next(rng) >> 40) * 0x1p-24f;
}

int rng_below(Rng *rng, int n) {
    REQUIRE(n > 0, "n is %d", n);
    // 2^64 is seldom a multiple of n: draw again in the uneven rest at the top
    uint64_t bound = (uint64_t)n, rest = -bound % bound, r;
    do
        r = rng_next(rng);
    while (r < rest);
    return (int)(r % bound);
}

float rng_normal(Rng *rng) {
    // sqrt(-2 ln u) cos(2 pi v), u in (0, 1] so that the logarithm is finite
    float u = 1.0f - rng_uniform(rng), v = rng_uniform(rng);
    return sqrtf(-2.0f * logf(u)) * cosf(6.28318531f * v);
}

void rng_shuffle(Rng *rng, int *items, int n) {
    for (int i = n - 1; i > 0; i--) {
        int j = rng_below(rng, i + 1);
        int swap = items[i];
        items[i] = items[j];
        items[j] = swap;
    }
}
