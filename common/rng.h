// rng.h - seeded random numbers: the same seed gives the same run everywhere.
//
// The generator is xoshiro256** (Blackman & Vigna 2018), its 256 bits filled
// from the seed by splitmix64. Each Rng is a plain value: copy it to replay a
// sequence, declare several for independent streams. No global state.

#ifndef DL_RNG_H
#define DL_RNG_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t state[4];
} Rng;

// Any seed is good, 0 too.
void rng_seed(Rng *rng, uint64_t seed);

// 64 random bits.
uint64_t rng_next(Rng *rng);

// Uniform in [0, 1): 24 random bits times 2^-24, each value exact in a float.
float rng_uniform(Rng *rng);

// Uniform integer in 0 .. n-1, without bias. n > 0.
int rng_below(Rng *rng, int n);

// Standard normal, mean 0 and variance 1 (Box & Muller 1958).
float rng_normal(Rng *rng);

// Puts items[0..n-1] in random order (Fisher-Yates): all n! equally likely.
void rng_shuffle(Rng *rng, int *items, int n);

#endif
