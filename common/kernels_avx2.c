// kernels_avx2.c - vectors of 8 floats with fused multiply-add (Intel since
// 2013, AMD since 2015). Sixteen registers hold a 6 x 16 tile (12), 2 of b, 1
// of a. The Makefile compiles this file, and no other, with -mavx2 -mfma.

#include "kernels.h"
#include "unroll.h"

#ifdef __AVX2__

#include <immintrin.h>
#include <math.h>
#include <string.h>

#define TABLE      kernels_avx2
#define TABLE_NAME "avx2"
#define LANES      8
#define MR         6
#define DOT        3

// Eklundh's transposition: in round s = 1, 2, 4 rows i and i + s exchange the
// s x s blocks that lie off the diagonal.
static inline void transpose(float *to, ptrdiff_t ldt, const float *from,
                             ptrdiff_t ldf, int rows) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        row[i] = _mm256_loadu_ps(from + (i < rows ? i : rows - 1) * ldf);
    UNROLL
    for (int s = 1; s < LANES; s *= 2) {
        __m256i step = _mm256_set1_epi32(s);
        __m256i swap = _mm256_xor_si256(lane, step);
        // all bits set in the lanes whose number has bit s
        __m256 odd = _mm256_castsi256_ps(
            _mm256_cmpeq_epi32(_mm256_and_si256(lane, step), step));
        UNROLL
        for (int i = 0; i < LANES; i++) {
            if (i & s)
                continue;
            __m256 a = row[i], b = row[i + s];
            row[i] =
                _mm256_blendv_ps(a, _mm256_permutevar8x32_ps(b, swap), odd);
            row[i + s] =
                _mm256_blendv_ps(_mm256_permutevar8x32_ps(a, swap), b, odd);
        }
    }
    UNROLL
    for (int j = 0; j < LANES; j++)
        _mm256_storeu_ps(to + j * ldt, row[j]);
}

#include "kernels_body.inc"

#endif
