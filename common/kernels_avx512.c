// kernels_avx512.c - vectors of 16 floats (Intel servers since 2017, AMD since
// 2022). Thirty-two registers hold an 8 x 48 tile (24), 3 of b and 1 of a, or
// 14 x 32 (28), 2 and 1: the first loads less for each multiplication, the
// second fits 64 pictures, two groups of 32, without waste.
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
#define ROWS       8
#define VECTORS    3
#define DOT        5

static inline __m512 load_first(const float *from, int n) {
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), from);
}

static inline void store_first(float *to, __m512 v, int n) {
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << n) - 1), v);
}

// 16 x 16, four columns at a time. Loading puts rows j, j + 4, j + 8 and j + 12
// side by side; then only the 4 x 4 squares inside the quarters of a register
// are left to transpose, which the cheap shuffles can do.
static inline void transpose(float *to, ptrdiff_t ldt, const float *from,
                             ptrdiff_t ldf, int rows) {
    const float *row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        row[i] = from + (i < rows ? i : rows - 1) * ldf;
    UNROLL
    for (int p = 0; p < LANES; p += 4) {
        __m512 v[4];
        UNROLL
        for (int j = 0; j < 4; j++) {
            v[j] = _mm512_castps128_ps512(_mm_loadu_ps(row[j] + p));
            v[j] = _mm512_insertf32x4(v[j], _mm_loadu_ps(row[j + 4] + p), 1);
            v[j] = _mm512_insertf32x4(v[j], _mm_loadu_ps(row[j + 8] + p), 2);
            v[j] = _mm512_insertf32x4(v[j], _mm_loadu_ps(row[j + 12] + p), 3);
        }
        __m512 low01 = _mm512_unpacklo_ps(v[0], v[1]);
        __m512 low23 = _mm512_unpacklo_ps(v[2], v[3]);
        __m512 high01 = _mm512_unpackhi_ps(v[0], v[1]);
        __m512 high23 = _mm512_unpackhi_ps(v[2], v[3]);
        float *column = to + p * ldt;
        _mm512_storeu_ps(column, _mm512_shuffle_ps(low01, low23, 0x44));
        _mm512_storeu_ps(column + ldt, _mm512_shuffle_ps(low01, low23, 0xee));
        _mm512_storeu_ps(column + 2 * ldt,
                         _mm512_shuffle_ps(high01, high23, 0x44));
        _mm512_storeu_ps(column + 3 * ldt,
                         _mm512_shuffle_ps(high01, high23, 0xee));
    }
}

#include "kernels_body.inc"

#endif
