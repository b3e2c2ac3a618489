// kernels_portable.c - vectors of 4 floats: SSE2, NEON, or whatever the
// compiler makes of them. Sixteen registers hold a 6 x 8 tile (12), 2 of b and
// 1 of a.

#include "kernels.h"
#include "unroll.h"

#include <math.h>
#include <string.h>

#define TABLE      kernels_portable
#define TABLE_NAME "portable"
#define LANES      4
#define MR         6
#define ROWS       6
#define VECTORS    2
#define DOT        3

typedef float Four __attribute__((vector_size(16)));

static inline Four load_first(const float *from, int n) {
    Four v = {0};
    for (int l = 0; l < n; l++)
        v[l] = from[l];
    return v;
}

static inline void store_first(float *to, Four v, int n) {
    for (int l = 0; l < n; l++)
        to[l] = v[l];
}

static inline void transpose(float *to, ptrdiff_t ldt, const float *from,
                             ptrdiff_t ldf, int rows) {
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < LANES; j++)
            to[j * ldt + i] = from[(i < rows ? i : rows - 1) * ldf + j];
}

#include "kernels_body.inc"
