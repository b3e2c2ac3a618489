// recurrent.c - the fast form: few large products instead of many small ones.
//
// Each step takes two products, of x_t and of h_{t-1} for all sequences at
// once, with weights packed before the first step, and adds both into gates
// that stay in the cache until the cell has used them. Sequences do not know of
// each other, so each thread takes some of them through all steps, and no one
// waits between steps. On the way back the weights' gradients, sums over all
// steps and sequences, are one product. recurrent_ref.c has the same without
// the haste.

#include "recurrent.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "integers.h"
#include "kernels.h"
#include "threads.h"

const char *cell_name(CellKind kind) {
    static const char *const names[] = {"RNN", "LSTM", "GRU"};
    return names[kind];
}

int cell_gates(CellKind kind) {
    static const int gates[] = {1, 4, 3};
    return gates[kind];
}

void cell_init(CellWeights *w, Rng *rng) {
    Tensor *all[] = {&w->wx, &w->wh, &w->bx, &w->bh};
    float bound = 1.0f / sqrtf((float)w->wh.shape[1]);
    for (int i = 0; i < 4; i++)
        for (size_t j = 0; j < all[i]->size; j++)
            all[i]->data[j] = bound * (2.0f * rng_uniform(rng) - 1.0f);
}

// ---- 1. Sizes ---------------------------------------------------------------

// Columns of `gates`. A GRU keeps its n in two, a_n and u_n: r scales only one.
static int width_of(const Recurrent *cell) {
    return (cell->kind == RNN ? 1 : 4) * cell->H;
}

// wh's rows in two parts: the gates where the state's part is just added to the
// input's, and the rest, the GRU's n, whose columns come last.
static int added_rows(const Recurrent *cell) {
    return (cell->kind == GRU ? 2 : cell_gates(cell->kind)) * cell->H;
}

static bool has_start(const Recurrent *cell) {
    return cell->h0.data != NULL;
}

// Sequence n at step t: of h or c [T + 1, N, H], and of gates.
static float *state_at(const Recurrent *cell, const Tensor *states, int t,
                       int n) {
    return states->data + ((ptrdiff_t)t * cell->N + n) * cell->H;
}

static float *gates_at(const Recurrent *cell, int t, int n) {
    return cell->gates.data + ((ptrdiff_t)t * cell->N + n) * width_of(cell);
}

// The state before the first step: what the caller gave, or zeros.
static void start_state(Recurrent *cell, Tensor *states, const Tensor *given) {
    tensor_resize(states, 3, cell->T + 1, cell->N, cell->H);
    size_t size = (size_t)cell->N * (size_t)cell->H;
    REQUIRE(given->data == NULL || given->size == size,
            "recurrent: the first state is %s, for %d sequences and %d units",
            tensor_shape(given).text, cell->N, cell->H);
    if (given->data != NULL)
        memcpy(states->data, given->data, size * sizeof(float));
    else
        memset(states->data, 0, size * sizeof(float));
}

static void prepare(Recurrent *cell, const Tensor *x, const CellWeights *w) {
    int rows = w->wh.shape[0], G = cell_gates(cell->kind);
    REQUIRE(x->ndim == 3 && x->shape[2] == w->wx.shape[1] &&
                rows == G * w->wh.shape[1] && w->wx.shape[0] == rows &&
                w->bx.size == (size_t)rows && w->bh.size == (size_t)rows,
            "%s: x is %s, wx is %s, wh is %s", cell_name(cell->kind),
            tensor_shape(x).text, tensor_shape(&w->wx).text,
            tensor_shape(&w->wh).text);
    cell->T = x->shape[0];
    cell->N = x->shape[1];
    cell->D = x->shape[2];
    cell->H = w->wh.shape[1];
    REQUIRE((cell->c0.data != NULL) == (cell->kind == LSTM && has_start(cell)),
            "%s: h0 is %s, c0 is %s", cell_name(cell->kind),
            tensor_shape(&cell->h0).text, tensor_shape(&cell->c0).text);
    start_state(cell, &cell->h, &cell->h0);
    if (cell->kind == LSTM)
        start_state(cell, &cell->c, &cell->c0);
    tensor_resize(&cell->gates, 3, cell->T, cell->N, width_of(cell));
}

// ---- 2. Forward -------------------------------------------------------------

// The weights as the steps need them.
static void prepare_weights(Recurrent *cell, const CellWeights *w) {
    const int H = cell->H, added = added_rows(cell), G = cell_gates(cell->kind);
    tensor_resize(&cell->bias, 1, width_of(cell));
    memcpy(cell->bias.data, w->bx.data, (size_t)(G * H) * sizeof(float));
    saxpy(added, 1.0f, w->bh.data, cell->bias.data);
    sgemm_pack(&cell->wx, 'T', G * H, cell->D, w->wx.data, cell->D);
    sgemm_pack(&cell->wh[0], 'T', added, H, w->wh.data, H);
    if (cell->kind == GRU) {
        memcpy(cell->bias.data + 3 * H, w->bh.data + added,
               (size_t)H * sizeof(float));
        sgemm_pack(&cell->wh[1], 'T', H, H, w->wh.data + added * H, H);
    }
}

static void step_forward(Recurrent *cell, int t, Strip s, const Tensor *x) {
    const Kernels *kernel = kernels();
    const int H = cell->H, W = width_of(cell);
    float *gates = gates_at(cell, t, s.first);
    float *h = state_at(cell, &cell->h, t + 1, s.first);
    const float *before = state_at(cell, &cell->h, t, s.first);
    for (int row = 0; row < s.rows; row++)
        memcpy(gates + row * W, cell->bias.data, (size_t)W * sizeof *gates);
    sgemm_packed(s.rows, x->data + ((ptrdiff_t)t * cell->N + s.first) * cell->D,
                 cell->D, &cell->wx, 1.0f, gates, W);
    if (t > 0 || has_start(cell)) { // else before = 0
        sgemm_packed(s.rows, before, H, &cell->wh[0], 1.0f, gates, W);
        if (cell->kind == GRU)
            sgemm_packed(s.rows, before, H, &cell->wh[1], 1.0f, gates + 3 * H,
                         W);
    }
    if (cell->kind == RNN)
        kernel->tanh(h, gates, (size_t)(s.rows * H));
    else if (cell->kind == LSTM)
        kernel->lstm_forward(s.rows, H, gates,
                             state_at(cell, &cell->c, t + 1, s.first), h,
                             state_at(cell, &cell->c, t, s.first));
    else
        kernel->gru_forward(s.rows, H, gates, h, before);
}

// What the parts of both passes need: one part for each strip of sequences,
// through all steps.
typedef struct {
    Recurrent *cell;
    const Tensor *x, *dh; // forward's and backward's
    int strips;
} Pass;

static void forward_strip(void *context, int part) {
    const Pass *p = context;
    const Strip s = strip_of(part, p->strips, p->cell->N);
    for (int t = 0; t < p->cell->T; t++)
        step_forward(p->cell, t, s, p->x);
}

void recurrent_forward(Recurrent *cell, const Tensor *x, const CellWeights *w) {
    prepare(cell, x, w);
    prepare_weights(cell, w);
    const int strips = min_int(threads_count(), cell->N);
    threads_run(strips, forward_strip,
                &(Pass){.cell = cell, .x = x, .strips = strips});
}

// ---- 3. Backward ------------------------------------------------------------

// On entry cell->dh is what the step after t hands back to h_t, without its own
// gradient; on exit the same for h_{t-1}. Likewise dc.
static void step_backward(Recurrent *cell, int t, Strip s, const Tensor *dh) {
    const Kernels *kernel = kernels();
    const int H = cell->H, W = width_of(cell);
    float *gates = gates_at(cell, t, s.first);
    float *running = state_at(cell, &cell->dh, 0, s.first);
    const float *h = state_at(cell, &cell->h, t + 1, s.first);
    const float *before = state_at(cell, &cell->h, t, s.first);
    const size_t units = (size_t)(s.rows * H);
    if (dh->ndim == 3 || t == cell->T - 1) {
        int at = dh->ndim == 3 ? t : 0;
        kernel->axpy(units, 1.0f, state_at(cell, dh, at, s.first), running);
    }
    if (cell->kind == RNN)
        kernel->rnn_backward(gates, running, h, units);
    else if (cell->kind == LSTM)
        kernel->lstm_backward(s.rows, H, gates,
                              state_at(cell, &cell->dc, 0, s.first), running,
                              state_at(cell, &cell->c, t + 1, s.first),
                              state_at(cell, &cell->c, t, s.first));
    else
        kernel->gru_backward(s.rows, H, gates, running, before);
    if (t == 0 && !has_start(cell))
        return;
    sgemm_packed(s.rows, gates, W, &cell->wh[0],
                 cell->kind == GRU ? 1.0f : 0.0f, running, H);
    if (cell->kind == GRU)
        sgemm_packed(s.rows, gates + 3 * H, W, &cell->wh[1], 1.0f, running, H);
}

static void backward_strip(void *context, int part) {
    const Pass *p = context;
    const Strip s = strip_of(part, p->strips, p->cell->N);
    for (int t = p->cell->T - 1; t >= 0; t--)
        step_backward(p->cell, t, s, p->dh);
}

// Sums over all steps and sequences. The first state's row is left out where it
// is zero.
static void weight_gradients(Recurrent *cell, CellWeights *dw,
                             const Tensor *x) {
    const int H = cell->H, D = cell->D, W = width_of(cell);
    const int added = added_rows(cell), G = cell_gates(cell->kind);
    const int rows = cell->T * cell->N, from = has_start(cell) ? 0 : cell->N;
    const float *gates = cell->gates.data, *late = gates_at(cell, 0, from);
    const float *h = state_at(cell, &cell->h, 0, from);
    sgemm('T', 'N', G * H, D, rows, 1.0f, gates, W, x->data, D, 0.0f,
          dw->wx.data, D);
    sgemm('T', 'N', added, H, rows - from, 1.0f, late, W, h, H, 0.0f,
          dw->wh.data, H);
    if (cell->kind == GRU)
        sgemm('T', 'N', H, H, rows - from, 1.0f, late + 3 * H, W, h, H, 0.0f,
              dw->wh.data + added * H, H);

    column_sums(rows, G * H, gates, W, dw->bx.data);
    memcpy(dw->bh.data, dw->bx.data, dw->bx.size * sizeof(float));
    if (cell->kind == GRU)
        column_sums(rows, H, gates + 3 * H, W, dw->bh.data + added);
}

void recurrent_backward(Recurrent *cell, Tensor *dx, CellWeights *dw,
                        const Tensor *dh, const Tensor *x,
                        const CellWeights *w) {
    const int H = cell->H, D = cell->D, W = width_of(cell);
    const int added = added_rows(cell), rows = cell->T * cell->N;
    const size_t last = (size_t)cell->N * (size_t)H;
    REQUIRE(dh->size == (dh->ndim == 3 ? (size_t)cell->T : 1) * last,
            "%s: dh is %s, h is %s", cell_name(cell->kind),
            tensor_shape(dh).text, tensor_shape(&cell->h).text);
    tensor_resize(&cell->dh, 2, cell->N, H);
    tensor_fill(&cell->dh, 0.0f);
    if (cell->kind == LSTM) {
        tensor_resize(&cell->dc, 2, cell->N, H);
        tensor_fill(&cell->dc, 0.0f);
    }
    sgemm_pack(&cell->wh[0], 'N', H, added, w->wh.data, H);
    if (cell->kind == GRU)
        sgemm_pack(&cell->wh[1], 'N', H, H, w->wh.data + added * H, H);
    const int strips = min_int(threads_count(), cell->N);
    threads_run(strips, backward_strip,
                &(Pass){.cell = cell, .dh = dh, .strips = strips});

    weight_gradients(cell, dw, x);
    if (dx != NULL) {
        tensor_resize_like(dx, x);
        sgemm('N', 'N', rows, D, cell_gates(cell->kind) * H, 1.0f,
              cell->gates.data, W, w->wx.data, D, 0.0f, dx->data, D);
    }
}

// ---- 4. States --------------------------------------------------------------

Tensor recurrent_state(const Recurrent *cell, int t) {
    REQUIRE(t >= 0 && t <= cell->T, "recurrent: state %d of %d", t, cell->T);
    return tensor_view(state_at(cell, &cell->h, t, 0), 2, cell->N, cell->H);
}

Tensor recurrent_states(const Recurrent *cell) {
    return tensor_view(state_at(cell, &cell->h, 1, 0), 3, cell->T, cell->N,
                       cell->H);
}

void recurrent_carry(Recurrent *cell) {
    Tensor h = recurrent_state(cell, cell->T), c = h;
    tensor_copy(&cell->h0, &h);
    if (cell->kind == LSTM) {
        c.data = state_at(cell, &cell->c, cell->T, 0);
        tensor_copy(&cell->c0, &c);
    }
}

void recurrent_forget(Recurrent *cell) {
    tensor_free(&cell->h0);
    tensor_free(&cell->c0);
}

void recurrent_free(Recurrent *cell) {
    Tensor *all[] = {&cell->h0,    &cell->c0, &cell->h,  &cell->c,
                     &cell->gates, &cell->dh, &cell->dc, &cell->bias};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tensor_free(all[i]);
    packed_free(&cell->wx);
    packed_free(&cell->wh[0]);
    packed_free(&cell->wh[1]);
}

void steps_first(Tensor *to, const Tensor *from) {
    int pictures = from->ndim == 4;
    REQUIRE(from->ndim == 3 || (pictures && from->shape[1] == 1),
            "steps_first: %s", tensor_shape(from).text);
    int N = from->shape[0], T = from->shape[1 + pictures];
    int D = from->shape[2 + pictures];
    tensor_resize(to, 3, T, N, D);
    for (int t = 0; t < T; t++)
        for (int n = 0; n < N; n++)
            memcpy(to->data + ((ptrdiff_t)t * N + n) * D,
                   from->data + ((ptrdiff_t)n * T + t) * D,
                   (size_t)D * sizeof(float));
}
