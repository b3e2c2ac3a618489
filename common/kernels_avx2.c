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
#define ROWS       6
#define VECTORS    2
#define DOT        3

static inline __m256i first(int n) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), index);
}

static inline __m256 load_first(const float *from, int n) {
    return _mm256_maskload_ps(from, first(n));
}

static inline void store_first(float *to, __m256 v, int n) {
    _mm256_maskstore_ps(to, first(n), v);
}

// 8 x 8, four columns at a time. Loading puts rows j and j + 4 side by side;
// then only the 4 x 4 squares inside the halves of a register are left to
// transpose, which the cheap shuffles can do.
static inline void transpose(float *to, ptrdiff_t ldt, const float *from,
                             ptrdiff_t ldf, int rows) {
    const float *row[LANES];
    UNROLL
    for (int i = 0; i < LANES; i++)
        row[i] = from + (i < rows ? i : rows - 1) * ldf;
    UNROLL
    for (int p = 0; p < LANES; p += 4) {
        __m256 v[4];
        UNROLL
        for (int j = 0; j < 4; j++) {
            v[j] = _mm256_castps128_ps256(_mm_loadu_ps(row[j] + p));
            v[j] = _mm256_insertf128_ps(v[j], _mm_loadu_ps(row[j + 4] + p), 1);
        }
        __m256 low01 = _mm256_unpacklo_ps(v[0], v[1]);
        __m256 low23 = _mm256_unpacklo_ps(v[2], v[3]);
        __m256 high01 = _mm256_unpackhi_ps(v[0], v[1]);
        __m256 high23 = _mm256_unpackhi_ps(v[2], v[3]);
        float *column = to + p * ldt;
        _mm256_storeu_ps(column, _mm256_shuffle_ps(low01, low23, 0x44));
        _mm256_storeu_ps(column + ldt, _mm256_shuffle_ps(low01, low23, 0xee));
        _mm256_storeu_ps(column + 2 * ldt,
                         _mm256_shuffle_ps(high01, high23, 0x44));
        _mm256_storeu_ps(column + 3 * ldt,
                         _mm256_shuffle_ps(high01, high23, 0xee));
    }
}

#include "kernels_body.inc"

#endif
