// numbers.h - what the tests of the numeric library share: numbers to compute
// with, blocks that notice a wrong access, and the loops over kernels and
// threads.

#ifndef DL_NUMBERS_H
#define DL_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"
#include "tensor.h"

// Number i of sequence `seed`, evenly in [-1, 1), 24 bits: exact in a float.
// golden/make_golden.py has the same function, so that inputs too large for a
// golden file need not be stored.
float noise(uint32_t seed, size_t i);
void fill_noise(float *x, size_t n, uint32_t seed);

// Whole numbers from -most to most instead: sums of their products are exact in
// float32 (below 2^24), so any order of summation gives the same bits.
void fill_whole(float *x, size_t n, int most, uint32_t seed);

// n floats, the last of which ends where a page without access begins: reading
// or writing beyond it is a SIGSEGV, in every build. A test is a process of its
// own, so only one that takes thousands needs to give them back.
float *guarded(size_t n);
void guarded_free(float *x, size_t n);

// A guarded tensor of noise; unused dimensions are 0, as in params.h.
Tensor noise_tensor(uint32_t seed, int d0, int d1, int d2, int d3);

// tensor_free for each of a list that ends with NULL. Views are left alone.
void release(Tensor *first, ...) __attribute__((sentinel));

// for (int i = 0; use_kernel(i); i++) ...: with each of kernels_available.
bool use_kernel(int i);

// |got - want| <= allowed[i], for all i; the message names the kernel in use
// and the shape `what`. NaN fails.
void assert_within(const float *got, const float *want, const float *allowed,
                   size_t n, const char *what);

#define assert_within(...) FROM_HERE(assert_within(__VA_ARGS__))

#endif
