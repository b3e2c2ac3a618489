// peak.c - the ceiling: multiply-adds a core does when it does nothing else.
//
// Twelve sums that do not wait for each other keep both multipliers busy; no
// number comes from memory. Nothing that computes can be faster.

#include "train.h"

#include "kernels.h"
#include "unroll.h"

enum { SUMS = 12, STEPS = 20000 };

#define LANES 4
#define NAME  multiply_add_4
#include "peak_body.inc"

#if defined(__x86_64__)
#define LANES 8
#define NAME  __attribute__((target("avx2,fma"))) multiply_add_8
#include "peak_body.inc"
#define LANES 16
#define NAME  __attribute__((target("avx512f"))) multiply_add_16
#include "peak_body.inc"
#else
#define multiply_add_8  multiply_add_4
#define multiply_add_16 multiply_add_4
#endif

double peak_rate(void) {
    const int lanes = kernels()->lanes;
    double start = seconds_now();
    volatile float result = lanes == 16  ? multiply_add_16()
                            : lanes == 8 ? multiply_add_8()
                                         : multiply_add_4();
    (void)result;
    return 2.0 * lanes * SUMS * STEPS / (seconds_now() - start) * 1e-9;
}
