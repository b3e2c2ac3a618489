// kernels_avx512.c - vectors of 16 floats (Intel servers since 2017, AMD since
// 2022). Thirty-two registers hold a 14 x 32 tile (28), 2 of b and 1 of a.
// The Makefile compiles this file, and no other, with -mavx512f and its kin.

#include "kernels.h"
#include "unroll.h"

#ifdef __AVX512F__

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define TABLE      kernels_avx512
#define TABLE_NAME "avx512"
#define LANES      16
#define MR         14
#define DOT        5

// Eklundh's transposition: in round s = 1, 2, 4, 8 rows i and i + s exchange
// the s x s blocks that lie off the diagonal. permutex2var picks lanes from two
// registers: numbers 0-15 mean the first, 16-31 the second.
static inline void transpose(float *to, ptrdiff_t ldt, const float *from,
                             ptrdiff_t ldf, int rows) {
    const __m512i lane =
        _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i second = _mm512_set1_epi32(LANES);
    __m512 row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        row[i] = _mm512_loadu_ps(from + (i < rows ? i : rows - 1) * ldf);
    UNROLL
    for (int s = 1; s < LANES; s *= 2) {
        __m512i step = _mm512_set1_epi32(s);
        __mmask16 odd = _mm512_test_epi32_mask(lane, step);
        __m512i upper = _mm512_mask_add_epi32(
            lane, odd, _mm512_sub_epi32(lane, step), second);
        __m512i lower = _mm512_mask_add_epi32(_mm512_add_epi32(lane, step), odd,
                                              lane, second);
        UNROLL
        for (int i = 0; i < LANES; i++) {
            if (i & s)
                continue;
            __m512 a = row[i], b = row[i + s];
            row[i] = _mm512_permutex2var_ps(a, upper, b);
            row[i + s] = _mm512_permutex2var_ps(a, lower, b);
        }
    }
    UNROLL
    for (int j = 0; j < LANES; j++)
        _mm512_storeu_ps(to + j * ldt, row[j]);
}

#include "kernels_body.inc"

#endif
