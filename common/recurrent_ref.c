// recurrent_ref.c - recurrent cells as they are defined, one unit at a time.
//
// Forward goes from the first step to the last, backward from the last to the
// first, undoing each line of forward by the chain rule. Both are only loops
// over steps t, sequences n and units j around the formulas of recurrent.h.

#include <math.h>

#include "error.h"
#include "recurrent.h"

static float sigmoid(float x) {
    return 1.0f / (1.0f + expf(-x));
}

// Row `row` of a matrix with as many columns as t's last dimension.
static float *row_of(const Tensor *t, ptrdiff_t row) {
    return t->data + row * t->shape[t->ndim - 1];
}

// The column of `gates` that row r of wh belongs to, and so does row r of wx;
// but for the GRU's n they are kept apart, u_n behind a_n.
static int state_column(const Recurrent *cell, int r) {
    return cell->kind == GRU && r >= 2 * cell->H ? r + cell->H : r;
}

static void start_state(Recurrent *cell, Tensor *states, const Tensor *given) {
    tensor_resize(states, 3, cell->T + 1, cell->N, cell->H);
    tensor_fill(states, 0.0f);
    for (size_t i = 0; given->data != NULL && i < given->size; i++)
        states->data[i] = given->data[i];
}

// ---- 1. Forward -------------------------------------------------------------

// gates = a + u, with a = wx x + bx and u = wh h + bh, row by row.
static void sum_up(const Recurrent *cell, float *gates, const float *x,
                   const float *h, const CellWeights *w) {
    int D = cell->D, H = cell->H, rows = cell_gates(cell->kind) * H;
    for (int r = 0; r < rows; r++) {
        float a = w->bx.data[r], u = w->bh.data[r];
        for (int d = 0; d < D; d++)
            a += row_of(&w->wx, r)[d] * x[d];
        for (int j = 0; j < H; j++)
            u += row_of(&w->wh, r)[j] * h[j];
        int column = state_column(cell, r);
        gates[r] = column == r ? a + u : a;
        if (column != r)
            gates[column] = u;
    }
}

// Unit j of an LSTM: gates[j] is i, then f, g and o follow, H apart.
static void lstm_unit(float *gates, int H, float *c, float *h, float c_before) {
    float i = sigmoid(gates[0]), f = sigmoid(gates[H]);
    float g = tanhf(gates[2 * H]), o = sigmoid(gates[3 * H]);
    *c = f * c_before + i * g;
    *h = o * tanhf(*c);
    gates[0] = i, gates[H] = f, gates[2 * H] = g, gates[3 * H] = o;
}

// Unit j of a GRU: gates[j] is r, then z, a_n and u_n.
static void gru_unit(float *gates, int H, float *h, float h_before) {
    float r = sigmoid(gates[0]), z = sigmoid(gates[H]);
    float n = tanhf(gates[2 * H] + r * gates[3 * H]);
    *h = (1.0f - z) * n + z * h_before;
    gates[0] = r, gates[H] = z, gates[2 * H] = n;
}

void recurrent_ref_forward(Recurrent *cell, const Tensor *x,
                           const CellWeights *w) {
    int T = x->shape[0], N = x->shape[1], H = w->wh.shape[1];
    cell->T = T, cell->N = N, cell->D = x->shape[2], cell->H = H;
    start_state(cell, &cell->h, &cell->h0);
    if (cell->kind == LSTM)
        start_state(cell, &cell->c, &cell->c0);
    tensor_resize(&cell->gates, 3, T, N, (cell->kind == RNN ? 1 : 4) * H);
    for (int row = 0; row < T * N; row++) { // t = row / N, n = row % N
        float *gates = row_of(&cell->gates, row);
        const float *before = row_of(&cell->h, row);
        float *h = row_of(&cell->h, row + N);
        sum_up(cell, gates, row_of(x, row), before, w);
        for (int j = 0; j < H; j++) {
            if (cell->kind == RNN)
                h[j] = tanhf(gates[j]);
            else if (cell->kind == LSTM)
                lstm_unit(gates + j, H, row_of(&cell->c, row + N) + j, h + j,
                          row_of(&cell->c, row)[j]);
            else
                gru_unit(gates + j, H, h + j, before[j]);
        }
    }
}

// ---- 2. Backward ------------------------------------------------------------

// dh, dc: on entry the gradients of h_t and (by the step after) c_t; on exit
// dc is that of c_{t-1}. The gates become the gradients of their a + u.
static void lstm_unit_back(float *gates, int H, float *dc, float dh, float c,
                           float c_before) {
    float i = gates[0], f = gates[H], g = gates[2 * H], o = gates[3 * H];
    float shown = tanhf(c);
    float dgo = dh * shown;                  // h = o tanh(c)
    *dc += dh * o * (1.0f - shown * shown);  //
    float df = *dc * c_before, di = *dc * g; // c = f c_before + i g
    float dg = *dc * i;                      //
    *dc *= f;                                //
    gates[0] = di * i * (1.0f - i);          // i = sigmoid(...)
    gates[H] = df * f * (1.0f - f);          // f
    gates[2 * H] = dg * (1.0f - g * g);      // g = tanh(...)
    gates[3 * H] = dgo * o * (1.0f - o);     // o
}

// dh: on entry the gradient of h_t, on exit what goes straight to h_{t-1}.
static void gru_unit_back(float *gates, int H, float *dh, float h_before) {
    float r = gates[0], z = gates[H], n = gates[2 * H], u = gates[3 * H];
    float dn = *dh * (1.0f - z), dz = *dh * (h_before - n);
    *dh *= z;                           // h = (1 - z) n + z h_before
    float da = dn * (1.0f - n * n);     // n = tanh(a_n + r u_n)
    gates[0] = da * u * r * (1.0f - r); // r = sigmoid(...)
    gates[H] = dz * z * (1.0f - z);     // z
    gates[2 * H] = da;
    gates[3 * H] = da * r;
}

// a = wx x + bx and u = wh h + bh hand their gradients on to both factors.
static void hand_back(const Recurrent *cell, CellWeights *dw, float *dx,
                      float *dh, const float *gates, const float *x,
                      const float *h, const CellWeights *w) {
    int D = cell->D, H = cell->H, rows = cell_gates(cell->kind) * H;
    for (int r = 0; r < rows; r++) {
        float da = gates[r], du = gates[state_column(cell, r)];
        dw->bx.data[r] += da;
        dw->bh.data[r] += du;
        for (int d = 0; d < D; d++) {
            row_of(&dw->wx, r)[d] += da * x[d];
            dx[d] += da * row_of(&w->wx, r)[d];
        }
        for (int j = 0; j < H; j++) {
            row_of(&dw->wh, r)[j] += du * h[j];
            dh[j] += du * row_of(&w->wh, r)[j];
        }
    }
}

// One sequence n at step t; cell->dh and dc as in lstm_unit_back.
static void step_back(Recurrent *cell, CellWeights *dw, Tensor *dx, int t,
                      int n, const Tensor *x, const CellWeights *w) {
    int N = cell->N, H = cell->H, row = t * N + n;
    float *gates = row_of(&cell->gates, row), *dh = row_of(&cell->dh, n);
    const float *h = row_of(&cell->h, row + N);
    const float *before = row_of(&cell->h, row);
    for (int j = 0; j < H; j++) {
        if (cell->kind == RNN)
            gates[j] = dh[j] * (1.0f - h[j] * h[j]);
        else if (cell->kind == LSTM)
            lstm_unit_back(gates + j, H, row_of(&cell->dc, n) + j, dh[j],
                           row_of(&cell->c, row + N)[j],
                           row_of(&cell->c, row)[j]);
        else
            gru_unit_back(gates + j, H, dh + j, before[j]);
        if (cell->kind != GRU)
            dh[j] = 0.0f; // only through the gates
    }
    hand_back(cell, dw, row_of(dx, row), dh, gates, row_of(x, row), before, w);
}

void recurrent_ref_backward(Recurrent *cell, Tensor *dx, CellWeights *dw,
                            const Tensor *dh, const Tensor *x,
                            const CellWeights *w) {
    int T = cell->T, N = cell->N, H = cell->H;
    Tensor *sums[] = {&dw->wx, &dw->wh,   &dw->bx,  &dw->bh,
                      dx,      &cell->dh, &cell->dc};
    tensor_resize_like(dx, x);
    tensor_resize(&cell->dh, 2, N, H);
    tensor_resize(&cell->dc, 2, N, H);
    for (int i = 0; i < 7; i++)
        tensor_fill(sums[i], 0.0f);
    for (int t = T - 1; t >= 0; t--)
        for (int n = 0; n < N; n++) {
            for (int j = 0; j < H; j++) // what is handed in at this step
                if (dh->ndim == 3)
                    row_of(&cell->dh, n)[j] += row_of(dh, t * N + n)[j];
                else if (t == T - 1)
                    row_of(&cell->dh, n)[j] = row_of(dh, n)[j];
            step_back(cell, dw, dx, t, n, x, w);
        }
}
