// gemm.c - sgemm: blocks for the caches, panels for the kernel, threads.
//
// The product is cut three times (Goto & van de Geijn 2008; BLIS):
//
//     loop jc   NC columns of B and C                      (L2 or L3)
//     loop pc   KC of the k terms of every sum             (one B panel in L1)
//     loop ic   MC rows of A and C, packed                 (stays in L2)
//     loop jr   one panel of B, packed when first used
//     loop ir   one tile of C, in registers                (kernels_tile.inc)
//
// Packing copies a block into the order in which the kernel reads it, so that
// the innermost loop steps through both operands one float after the other,
// whatever the transposes and strides were. Edges are padded with zeros.

#include "blas.h"

#include <string.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "memory.h"
#include "threads.h"

#ifdef USE_OPENBLAS
#include <cblas.h>
#endif

// Block sizes, for caches of 32-48 KiB (L1) and 1 MiB (L2):
//     one panel of B:  KC x 48 floats = 256 * 48 * 4 = 48 KiB with AVX-512, 16
//                      with AVX2; what L1 lost of it comes back from L2 in time
//     packed A:        MC x KC floats = 504 * 256 * 4 = 504 KiB
//     packed B:        KC x NC floats = 256 * 1024 * 4 = 1 MiB: it may lie
//                      beyond L2, for a panel comes to L1 once for MC rows
enum { KC = 256, MC = 504, NC = 1024 };

// With no more columns than this A is read too seldom for packing it to pay;
// so is B, with no more rows. What spans less than IN_L2 floats, 1 MiB, stays
// in L2 as it lies, and A is not worth packing at all.
enum { DIRECT_TO = 64, IN_L2 = 256 * 1024 };

// Fewer multiplications than this, some ten microseconds, are not worth waking
// a second thread.
enum { PARALLEL_FROM = 1024 * 1024 };

// A matrix as the driver sees it: element (i, j) is data[i * rs + j * cs].
// A transpose is the same data with the strides exchanged.
typedef struct {
    const float *data;
    ptrdiff_t rs, cs;
} Matrix;

static Matrix matrix(char trans, const float *data, int ld) {
    return trans == 'T' ? (Matrix){data, 1, ld} : (Matrix){data, ld, 1};
}

static Matrix matrix_at(Matrix x, int i, int j) {
    x.data += i * x.rs + j * x.cs;
    return x;
}

// The part of C that one thread computes, C (+)= A B, and its packed blocks.
typedef struct {
    Matrix a, b;
    float *c;
    ptrdiff_t ldc;
    int m, n, k;
    float alpha;
    bool add;
    bool a_direct, b_direct; // A, B are read where they lie
    bool b_ready;            // or was packed before, all of it: sgemm_pack
    float *a_packed;         // strips of MC rows, a_panel floats each
    float *b_packed;         // panels of NC columns, b_panel floats each
    size_t a_panel, b_panel; // with room for what pack may write beyond k
} Job;

// Rows are dealt out over tiles of C; as many tiles as fit side by side into
// `width` share a packed strip of A: two of 8 rows with AVX-512.
static int tiles_of(int rows) {
    return ceil_div(rows, kernels()->rows);
}

static int tiles_in_strip(void) {
    return kernels()->width / kernels()->rows;
}

// Rows ms of A, terms ks, strip by strip.
static void pack_rows(Job *job, Strip ms, Strip ks) {
    const Kernels *kernel = kernels();
    const int tiles = tiles_of(ms.rows), step = tiles_in_strip();
    const Deal deal = deal_of(tiles, ms.rows);
    float *panel = job->a_packed;
    for (int t = 0; t < tiles; t += step, panel += job->a_panel) {
        Strip first = strip_at(deal, t);
        Strip last = strip_at(deal, min_int(t + step, tiles) - 1);
        Matrix x = matrix_at(job->a, ms.first + first.first, ks.first);
        kernel->pack(panel, kernel->width, x.data, x.rs, x.cs,
                     last.first + last.rows - first.first, ks.rows);
        if (job->alpha != 1.0f)
            sscal(kernel->width * ks.rows, job->alpha, panel);
    }
}

// Columns are dealt out over panels in whole vectors, but for the last one.
typedef struct {
    int panels, n;
    Deal vectors;
} Columns;

static int panels_of(int n) {
    return ceil_div(n, kernels()->vectors * kernels()->lanes);
}

static Columns columns_of(int n) {
    const int panels = panels_of(n), vectors = ceil_div(n, kernels()->lanes);
    return (Columns){panels, n, deal_of(panels, vectors)};
}

// The columns of panel p, and the width they are packed to.
static Strip panel_of(const Columns *of, int p, int *width) {
    const int lanes = kernels()->lanes;
    Strip s = strip_at(of->vectors, p);
    *width = s.rows * lanes;
    return (Strip){s.first * lanes, min_int(*width, of->n - s.first * lanes)};
}

// Terms ks, panel p of the columns from jc: where it lies, and in *step, how
// far apart its rows are. The first rows of A to come find B unpacked. A panel
// that no later block of rows will read again has one place, in L1, for all.
static const float *panel_of_b(Job *job, Strip ks, int jc, Strip js, int width,
                               int p, bool first_rows, ptrdiff_t *step) {
    *step = width;
    if (job->b_ready)
        return job->b_packed + (size_t)p * job->b_panel;
    Matrix x = matrix_at(job->b, ks.first, jc + js.first);
    if (job->b_direct && js.rows == width) {
        *step = x.rs;
        return x.data;
    }
    float *panel = job->b_packed + (job->m > MC ? (size_t)p : 0) * job->b_panel;
    if (first_rows)
        kernels()->pack(panel, width, x.data, x.cs, x.rs, js.rows, ks.rows);
    return panel;
}

// Loop ir: rows ms against one panel of B, tile by tile down the columns of C
// that start at c.
static void multiply_panel(const Job *job, Strip ms, Strip ks, float *c,
                           int columns, bool add, const float *b,
                           ptrdiff_t b_step) {
    const Kernels *kernel = kernels();
    const int tiles = tiles_of(ms.rows), in_strip = tiles_in_strip();
    const Deal deal = deal_of(tiles, ms.rows);
    const Matrix block = matrix_at(job->a, ms.first, ks.first);
    const float *a = job->a_direct ? block.data : job->a_packed;
    const ptrdiff_t a_row = job->a_direct ? block.rs : 1;
    const Sum sum = {{1, 1, ks.rows},
                     {0, 0, job->a_direct ? 1 : kernel->width},
                     {0, 0, b_step}};
    for (int t = 0; t < tiles; t++) {
        const int rows = deal.even + (t < deal.longer);
        kernel->tile(rows, columns, c, job->ldc, add, a, a_row, b, &sum);
        c += rows * job->ldc;
        a += rows * a_row;
        if (!job->a_direct && (t + 1) % in_strip == 0)
            a = job->a_packed + (size_t)((t + 1) / in_strip) * job->a_panel;
    }
}

// Loop jr: rows ms, terms ks, the nc columns from jc, panel by panel.
static void multiply_rows(Job *job, Strip ms, Strip ks, int jc, int nc) {
    const Columns columns = columns_of(nc);
    for (int p = 0; p < columns.panels; p++) {
        int width;
        const Strip js = panel_of(&columns, p, &width);
        ptrdiff_t b_step;
        const float *b =
            panel_of_b(job, ks, jc, js, width, p, ms.first == 0, &b_step);
        multiply_panel(job, ms, ks,
                       job->c + ms.first * job->ldc + jc + js.first, js.rows,
                       job->add || ks.first > 0, b, b_step);
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

// Floats of one panel of B.
static size_t b_panel_of(int k) {
    return (size_t)(kernels()->vectors * kernels()->lanes) * k_room_of(k);
}

// The three loops over blocks. m and k are dealt out evenly over as few blocks
// as their limits allow.
static void gemm_blocked(Job *job) {
    const Kernels *kernel = kernels();
    const int k_blocks = k_blocks_of(job->k), m_blocks = ceil_div(job->m, MC);
    const int columns = job->b_ready ? job->n : NC; // of a block of B
    const int strips =
        ceil_div(tiles_of(min_int(job->m, MC)), tiles_in_strip());
    const int panels =
        job->m > MC || job->b_ready ? panels_of(min_int(job->n, columns)) : 1;
    job->a_panel = (size_t)kernel->width * k_room_of(job->k);
    job->b_panel = b_panel_of(job->k);
    if (!job->b_ready)
        job->b_direct = job->b.cs == 1 && job->m <= DIRECT_TO &&
                        ceil_div(job->k, k_blocks) * job->b.rs <= IN_L2;
    const bool needs_b =
        !job->b_ready && !(job->b_direct && job->n % kernel->lanes == 0);
    size_t a_room = job->a_direct ? 0 : (size_t)strips * job->a_panel;
    size_t b_block = (size_t)panels * job->b_panel;
    float *room = NULL;
    if (a_room > 0 || needs_b)
        room = mem_alloc_raw(a_room + (needs_b ? b_block : 0), sizeof *room);
    job->a_packed = room;
    if (needs_b)
        job->b_packed = room + a_room;

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
    mem_free(room);
}

// A product cut along the longer side of C, in units of whole tiles: nobody
// shares a sum.
typedef struct {
    const Job *whole;
    bool by_columns;
    int unit, parts;
} Cut;

// One part's columns of C, or its rows.
static void multiply_part(void *context, int part) {
    const Cut *cut = context;
    Job job = *cut->whole;
    const int length = cut->by_columns ? job.n : job.m;
    const Strip s = strip_of(part, cut->parts, ceil_div(length, cut->unit));
    const int first = s.first * cut->unit;
    const int rows = min_int(s.rows * cut->unit, length - first);
    if (cut->by_columns) {
        job.b = matrix_at(job.b, 0, first);
        job.c += first;
        job.n = rows;
    } else {
        job.a = matrix_at(job.a, first, 0);
        job.c += first * job.ldc;
        job.m = rows;
    }
    gemm_blocked(&job);
}

// C = beta C; if beta is 0, whatever C held.
static void scale_rows(float beta, float *c, int ldc, int m, int n) {
    for (int i = 0; i < m; i++) {
        float *row = c + (ptrdiff_t)i * ldc;
        if (beta == 0.0f)
            memset(row, 0, (size_t)n * sizeof *row);
        else
            sscal(n, beta, row);
    }
}

// Before a product is added to C or overwrites it.
static void prepare_rows(float beta, float *c, int ldc, int m, int n) {
    if (beta != 0.0f && beta != 1.0f)
        scale_rows(beta, c, ldc, m, n);
}

// Whether packing A, [m, k] in rows of lda floats, would not pay.
static bool reads_in_place(int m, int n, int lda) {
    return n <= DIRECT_TO || (double)m * lda <= IN_L2;
}

// What a caller must keep about op(X), rows x columns, stored in rows of ld
// floats; name is X.
static void check_operand(char name, char trans, int rows, int columns,
                          int ld) {
    REQUIRE(trans == 'N' || trans == 'T', "trans of %c is '%c'", name, trans);
    REQUIRE(rows >= 0 && columns >= 0, "%c is %d x %d", name, rows, columns);
    const int width = trans == 'T' ? rows : columns;
    REQUIRE(ld >= width, "ld of %c is %d, but its rows have %d floats", name,
            ld, width);
}

void sgemm(char transa, char transb, int m, int n, int k, float alpha,
           const float *a, int lda, const float *b, int ldb, float beta,
           float *c, int ldc) {
    check_operand('A', transa, m, k, lda);
    check_operand('B', transb, k, n, ldb);
    check_operand('C', 'N', m, n, ldc);
#ifdef USE_OPENBLAS
    cblas_sgemm(CblasRowMajor, transa == 'T' ? CblasTrans : CblasNoTrans,
                transb == 'T' ? CblasTrans : CblasNoTrans, m, n, k, alpha, a,
                lda, b, ldb, beta, c, ldc);
    return;
#endif
    if (alpha == 0.0f || k == 0) { // A and B are not read
        scale_rows(beta, c, ldc, m, n);
        return;
    }
    prepare_rows(beta, c, ldc, m, n);
    Job job = {.a = matrix(transa, a, lda), .b = matrix(transb, b, ldb)};
    job.c = c, job.ldc = ldc;
    job.m = m, job.n = n, job.k = k;
    job.alpha = alpha;
    job.add = beta != 0.0f;
    job.a_direct = transa != 'T' && alpha == 1.0f && reads_in_place(m, n, lda);
    Cut cut = {.whole = &job, .by_columns = n > m, .parts = 1};
    cut.unit = cut.by_columns ? kernels()->lanes : kernels()->rows;
    if ((double)m * n * k >= PARALLEL_FROM)
        cut.parts = min_int(threads_count(), ceil_div(max_int(m, n), cut.unit));
    threads_run(cut.parts, multiply_part, &cut);
}

// ---- B packed once for many products ----------------------------------------

void sgemm_pack(PackedMatrix *to, char transb, int n, int k, const float *b,
                int ldb) {
    check_operand('B', transb, k, n, ldb);
    REQUIRE(n > 0, "B has no columns");
    const Kernels *kernel = kernels();
    const Columns columns = columns_of(n);
    const int k_blocks = k_blocks_of(k);
    const size_t panel = b_panel_of(k);
    *to =
        (PackedMatrix){.panels = to->panels, .transb = transb, .n = n, .k = k};
    to->b = b;
    to->ldb = ldb;
    tensor_resize(&to->panels, 3, k_blocks, columns.panels, (int)panel);
    const Matrix from = matrix(transb, b, ldb);
    float *at = to->panels.data;
    for (int pc = 0; pc < k_blocks; pc++) {
        Strip ks = strip_of(pc, k_blocks, k);
        for (int p = 0; p < columns.panels; p++, at += panel) {
            int width;
            Strip js = panel_of(&columns, p, &width);
            Matrix x = matrix_at(from, ks.first, js.first);
            kernel->pack(at, width, x.data, x.cs, x.rs, js.rows, ks.rows);
        }
    }
}

void sgemm_packed(int m, const float *a, int lda, const PackedMatrix *b,
                  float beta, float *c, int ldc) {
    check_operand('A', 'N', m, b->k, lda);
    check_operand('C', 'N', m, b->n, ldc);
#ifdef USE_OPENBLAS
    sgemm('N', b->transb, m, b->n, b->k, 1.0f, a, lda, b->b, b->ldb, beta, c,
          ldc);
    return;
#endif
    prepare_rows(beta, c, ldc, m, b->n);
    Job job = {.a = matrix('N', a, lda), .c = c, .ldc = ldc, .b_ready = true};
    job.m = m, job.n = b->n, job.k = b->k;
    job.alpha = 1.0f;
    job.add = beta != 0.0f;
    job.b_packed = b->panels.data;
    job.a_direct = reads_in_place(m, b->n, lda);
    gemm_blocked(&job);
}

void packed_free(PackedMatrix *packed) {
    tensor_free(&packed->panels);
    *packed = (PackedMatrix){0};
}
