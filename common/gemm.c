// gemm.c - sgemm: blocks for the caches, panels for the kernel, threads.
//
// The product is cut three times (Goto & van de Geijn 2008; BLIS):
//
//     loop jc   NC columns of B and C                      (stays in L2)
//     loop pc   KC of the k terms of every sum             (one B panel in L1)
//     loop ic   MC rows of A and C, packed                 (stays in L2)
//     loop jr   nr columns: one panel of B, packed when first used
//     loop ir   up to mr rows: one tile of C, in registers (kernels_body.inc)
//
// Packing copies a block into the order in which the kernel reads it, so that
// the innermost loop steps through both operands one float after the other,
// whatever the transposes and strides were. Edges are padded with zeros.

#include "blas.h"

#include <string.h>

#include "integers.h"
#include "kernels.h"
#include "memory.h"

#ifdef USE_OPENBLAS
#include <cblas.h>
#endif

// Block sizes, for caches of 32-48 KiB (L1) and 1 MiB (L2):
//     KC x nr floats of B = 256 * 32 * 4 =  32 KiB with AVX-512
//     MC x KC floats of A = 504 * 256 * 4 = 504 KiB, and
//     KC x NC floats of B = 256 * 256 * 4 = 256 KiB, which share L2: what comes
//     from farther away is read while the kernel waits
enum { KC = 256, MC = 504, NC = 256 };

// With no more columns than this A is read too seldom for packing it to pay.
enum { DIRECT_TO = 64 };

// Fewer multiplications than this, some ten microseconds, are not worth waking
// a second thread.
enum { PARALLEL_FROM = 1024 * 1024 };

// A matrix as the driver sees it: element (i, j) is data[i * rs + j * cs].
// A transpose is the same data with the strides exchanged.
typedef struct {
    float *data;
    ptrdiff_t rs, cs;
} Matrix;

static Matrix matrix_at(Matrix x, int i, int j) {
    x.data += i * x.rs + j * x.cs;
    return x;
}

static Matrix transposed(Matrix x) {
    return (Matrix){x.data, x.cs, x.rs};
}

// Where a tile's rows of A come from: a packed panel (lda = 0), or A itself.
typedef struct {
    const float *data;
    ptrdiff_t lda;
} Rows;

static void run_tile(int rows, int vectors, float *c, ptrdiff_t ldc, bool add,
                     Rows a, const float *b, const Sum *sum) {
    if (a.lda == 0)
        kernels()->tile(rows, vectors, c, ldc, add, a.data, b, sum);
    else
        kernels()->tile_unpacked(rows, vectors, c, ldc, add, a.data, a.lda, b,
                                 sum);
}

// One tile of C, which may be stored transposed (rs = 1) or end inside a
// vector: then it goes through a scratch tile.
static void tile_to_c(Matrix c, int rows, int columns, bool add, Rows a,
                      const float *b, const Sum *sum) {
    const Kernels *kernel = kernels();
    int vectors = ceil_div(columns, kernel->lanes), width = kernel->nr;
    if (c.cs == 1 && columns % kernel->lanes == 0) {
        run_tile(rows, vectors, c.data, c.rs, add, a, b, sum);
        return;
    }
    float scratch[14 * 32], turned[(32 + 16) * 16];
    const float *from = scratch;
    run_tile(rows, vectors, scratch, width, false, a, b, sum);
    if (c.cs != 1) {
        kernel->pack(turned, 16, scratch, width, 1, rows, columns);
        from = turned;
        width = 16;
        int swap = rows;
        rows = columns;
        columns = swap;
        c = transposed(c);
    }
    kernel->untile(c.data, c.rs, from, width, rows, columns, add);
}

// The part of C that one thread computes, C (+)= A B, and its packed blocks.
typedef struct {
    Matrix a, b, c;
    int m, n, k;
    float alpha;
    bool add;
    bool a_direct, b_direct; // A, B are read where they lie
    bool b_ready;            // or was packed before, all of it: sgemm_pack
    float *a_packed;         // tiles of MC rows, a_panel floats each
    float *b_packed;         // panels of NC columns, b_panel floats each
    size_t a_panel, b_panel; // with room for what pack may write beyond k
} Job;

// Tiles one below the other in so many rows.
static int tiles_of(const Job *job, int rows) {
    const Kernels *kernel = kernels();
    return ceil_div(rows, job->a_direct ? kernel->rows_unpacked : kernel->mr);
}

// Rows ms of A, terms ks, as one panel per tile.
static void pack_rows(Job *job, Strip ms, Strip ks) {
    const Kernels *kernel = kernels();
    const int tiles = tiles_of(job, ms.rows);
    for (int t = 0; t < tiles; t++) {
        Strip s = strip_of(t, tiles, ms.rows);
        Matrix x = matrix_at(job->a, ms.first + s.first, ks.first);
        float *panel = job->a_packed + (size_t)t * job->a_panel;
        kernel->pack(panel, kernel->width, x.data, x.rs, x.cs, s.rows, ks.rows);
        if (job->alpha != 1.0f)
            sscal(kernel->width * ks.rows, job->alpha, panel);
    }
}

// Rows ms, terms ks, the nc columns from jc: panel by panel (loop jr), tile by
// tile (loop ir). The first rows to come find B unpacked.
static void multiply_rows(Job *job, Strip ms, Strip ks, int jc, int nc) {
    const Kernels *kernel = kernels();
    const int nr = kernel->nr, tiles = tiles_of(job, ms.rows);
    for (int jr = 0; jr < nc; jr += nr) {
        int columns = min_int(nr, nc - jr);
        Matrix x = matrix_at(job->b, ks.first, jc + jr);
        // a panel that no later block of rows will read again has one place,
        // in L1, for all of them
        size_t at = job->m > MC || job->b_ready ? (size_t)(jr / nr) : 0;
        float *panel = job->b_packed + at * job->b_panel;
        Sum sum = {{1, 1, ks.rows}, {0, 0, kernel->width}, {0, 0, nr}};
        if (job->a_direct)
            sum.a[2] = 1;
        if (job->b_direct && columns == nr) {
            panel = x.data;
            sum.b[2] = x.rs;
        } else if (ms.first == 0 && !job->b_ready) {
            kernel->pack(panel, nr, x.data, x.cs, x.rs, columns, ks.rows);
        }
        for (int t = 0; t < tiles; t++) {
            Strip s = strip_of(t, tiles, ms.rows);
            Rows rows = {job->a_packed + (size_t)t * job->a_panel, 0};
            if (job->a_direct)
                rows =
                    (Rows){matrix_at(job->a, ms.first + s.first, ks.first).data,
                           job->a.rs};
            tile_to_c(matrix_at(job->c, ms.first + s.first, jc + jr), s.rows,
                      columns, job->add || ks.first > 0, rows, panel, &sum);
        }
    }
}

// How many blocks a sum of k terms takes (an empty one is one block of no
// terms: it sets C to 0, or leaves it), and the columns of their panels.
static int k_blocks_of(int k) {
    return max_int(ceil_div(k, KC), 1);
}

static size_t k_room_of(int k) {
    return (size_t)(ceil_div(k, k_blocks_of(k)) + kernels()->lanes);
}

// The three loops over blocks. m and k are dealt out evenly over as few blocks
// as their limits allow.
static void gemm_blocked(Job *job) {
    const Kernels *kernel = kernels();
    const int k_blocks = k_blocks_of(job->k), m_blocks = ceil_div(job->m, MC);
    const int columns = job->b_ready ? job->n : NC; // of a block of B
    const int tiles = ceil_div(min_int(job->m, MC), kernel->mr) + 1;
    const int panels = job->m > MC || job->b_ready
                           ? ceil_div(min_int(job->n, columns), kernel->nr)
                           : 1;
    job->a_panel = (size_t)kernel->width * k_room_of(job->k);
    job->b_panel = (size_t)kernel->nr * k_room_of(job->k);
    size_t a_room = job->a_direct ? 0 : (size_t)tiles * job->a_panel;
    size_t b_block = (size_t)panels * job->b_panel;
    job->a_packed =
        mem_alloc_raw(a_room + (job->b_ready ? 0 : b_block), sizeof(float));
    if (!job->b_ready) {
        job->b_direct = job->b.cs == 1 && job->m <= 2 * kernel->mr;
        job->b_packed = job->a_packed + a_room;
    }

    for (int jc = 0; jc < job->n; jc += columns) {
        for (int pc = 0; pc < k_blocks; pc++) {
            Strip ks = strip_of(pc, k_blocks, job->k);
            for (int ic = 0; ic < m_blocks; ic++) {
                Strip ms = strip_of(ic, m_blocks, job->m);
                if (!job->a_direct)
                    pack_rows(job, ms, ks);
                multiply_rows(job, ms, ks, jc, min_int(columns, job->n - jc));
            }
            if (job->b_ready)
                job->b_packed += b_block;
        }
    }
    mem_free(job->a_packed);
}

// One thread's columns of C, or its rows.
static void multiply_part(const Job *whole, bool by_columns, Strip part) {
    Job job = *whole;
    if (by_columns) {
        job.b = matrix_at(job.b, 0, part.first);
        job.c = matrix_at(job.c, 0, part.first);
        job.n = part.rows;
    } else {
        job.a = matrix_at(job.a, part.first, 0);
        job.c = matrix_at(job.c, part.first, 0);
        job.m = part.rows;
    }
    gemm_blocked(&job);
}

void sgemm(char transa, char transb, int m, int n, int k, float alpha,
           const float *a, int lda, const float *b, int ldb, float beta,
           float *c, int ldc) {
#ifdef USE_OPENBLAS
    cblas_sgemm(CblasRowMajor, transa == 'T' ? CblasTrans : CblasNoTrans,
                transb == 'T' ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
                lda, b, ldb, beta, c, ldc);
    return;
#endif
    if (beta != 0.0f && beta != 1.0f)
        for (int i = 0; i < m; i++)
            sscal(n, beta, c + (ptrdiff_t)i * ldc);
    // The casts drop a const: one Matrix type serves what is read and written.
    Matrix ma = {(float *)a, lda, 1}, mb = {(float *)b, ldb, 1};
    Matrix mc = {c, ldc, 1};
    if (transa == 'T')
        ma = (Matrix){ma.data, 1, lda};
    if (transb == 'T')
        mb = (Matrix){mb.data, 1, ldb};

    // Few columns leave much of the last vector empty: C^T = op(B)^T op(A)^T
    // then has them as rows, which a tile takes in any number.
    // Where A's rows can be read as they lie, a few times only, that is
    // cheaper.
    const int mr = kernels()->mr, nr = kernels()->nr, lanes = kernels()->lanes;
    const bool a_direct = ma.cs == 1 && alpha == 1.0f && n <= DIRECT_TO;
    if (!a_direct && ceil_div(n, lanes) * lanes - n > n / 8 && m > 2 * nr) {
        Matrix was_a = ma;
        ma = transposed(mb);
        mb = transposed(was_a);
        mc = transposed(mc);
        int swap = m;
        m = n;
        n = swap;
    }

    // Threads share out the longer side of C; nobody shares a sum.
    const bool by_columns = n > m;
    int unit = by_columns ? nr : mr, length = by_columns ? n : m;
    int pieces = ceil_div(length, unit);
    int threads = min_int(blas_threads(), pieces);
    if ((double)m * n * k < PARALLEL_FROM)
        threads = 1;
    Job job = {.a = ma, .b = mb, .c = mc, .m = m, .n = n, .k = k};
    job.alpha = alpha;
    job.add = beta != 0.0f;
    job.a_direct = a_direct;
    if (threads == 1) { // without a team: small products are over in 1 us
        multiply_part(&job, by_columns, (Strip){0, length});
        return;
    }
#pragma omp parallel for num_threads(threads)
    for (int t = 0; t < threads; t++) {
        Strip s = strip_of(t, threads, pieces);
        int first = s.first * unit;
        multiply_part(&job, by_columns,
                      (Strip){first, min_int(s.rows * unit, length - first)});
    }
}

// ---- B packed once for many products ----------------------------------------

void sgemm_pack(PackedMatrix *to, char transb, int n, int k, const float *b,
                int ldb) {
    const Kernels *kernel = kernels();
    const int panels = ceil_div(n, kernel->nr), k_blocks = k_blocks_of(k);
    const size_t panel = (size_t)kernel->nr * k_room_of(k);
    *to =
        (PackedMatrix){.panels = to->panels, .transb = transb, .n = n, .k = k};
    to->b = b;
    to->ldb = ldb;
    tensor_resize(&to->panels, 3, k_blocks, panels, (int)panel);
    Matrix from = {(float *)b, ldb, 1};
    if (transb == 'T')
        from = (Matrix){from.data, 1, ldb};
    float *at = to->panels.data;
    for (int pc = 0; pc < k_blocks; pc++) {
        Strip ks = strip_of(pc, k_blocks, k);
        for (int jr = 0; jr < n; jr += kernel->nr, at += panel) {
            Matrix x = matrix_at(from, ks.first, jr);
            kernel->pack(at, kernel->nr, x.data, x.cs, x.rs,
                         min_int(kernel->nr, n - jr), ks.rows);
        }
    }
}

void sgemm_packed(int m, const float *a, int lda, const PackedMatrix *b,
                  float beta, float *c, int ldc) {
#ifdef USE_OPENBLAS
    sgemm('N', b->transb, m, b->n, b->k, 1.0f, a, lda, b->b, b->ldb, beta, c,
          ldc);
    return;
#endif
    if (beta != 0.0f && beta != 1.0f)
        for (int i = 0; i < m; i++)
            sscal(b->n, beta, c + (ptrdiff_t)i * ldc);
    Job job = {.a = {(float *)a, lda, 1}, .c = {c, ldc, 1}, .b_ready = true};
    job.m = m;
    job.n = b->n;
    job.k = b->k;
    job.alpha = 1.0f;
    job.add = beta != 0.0f;
    job.b_packed = b->panels.data;
    gemm_blocked(&job);
}

void packed_free(PackedMatrix *packed) {
    tensor_free(&packed->panels);
    *packed = (PackedMatrix){0};
}
