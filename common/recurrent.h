// recurrent.h - nets with a memory: RNN, LSTM and GRU over whole sequences.
//
// x is [T, N, D]: T time steps, N sequences side by side, D inputs each. A cell
// has H units; every step computes its new state h_t [N, H] from x_t and from
// the state h_{t-1} before it. With a = x_t wx^T + bx, u = h_{t-1} wh^T + bh,
// and * element by element:
//
//     RNN     h_t = tanh(a + u)
//     LSTM    i = sigmoid(a_i + u_i)      (what to let in)
//             f = sigmoid(a_f + u_f)      (what to keep)
//             g = tanh(a_g + u_g)         (what is new)
//             o = sigmoid(a_o + u_o)      (what to show)
//             c_t = f * c_{t-1} + i * g
//             h_t = o * tanh(c_t)
//     GRU     r = sigmoid(a_r + u_r)      (how much of the past n may see)
//             z = sigmoid(a_z + u_z)      (what to keep)
//             n = tanh(a_n + r * u_n)     (what is new)
//             h_t = (1 - z) * n + z * h_{t-1}
//
// The gates' weights lie one below the other in this order, i f g o and r z n,
// as in PyTorch, and like there each cell has two biases, though only the GRU's
// n can tell them apart: so weights of PyTorch's nn.RNN, nn.LSTM and nn.GRU
// (weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0) fit as they are.
// The recurrent_ref_* functions are these formulas in plain loops: read them
// first. The others give the same up to rounding, and the same bits for any
// number of threads. Source: Elman 1990, Hochreiter & Schmidhuber 1997, Gers et
// al. 2000 (the gate f), Cho et al. 2014.

#ifndef DL_RECURRENT_H
#define DL_RECURRENT_H

#include "blas.h"
#include "rng.h"
#include "tensor.h"

typedef enum { RNN, LSTM, GRU } CellKind;

// "RNN", "LSTM", "GRU"; and how many gates each has: 1, 4, 3 = G.
const char *cell_name(CellKind kind);
int cell_gates(CellKind kind);

// The weights of a cell, or their gradients: slices of a model's Params.
typedef struct {
    Tensor wx; // [G H, D]
    Tensor wh; // [G H, H]
    Tensor bx; // [G H]
    Tensor bh; // [G H]
} CellWeights;

// All four uniform in +-1 / sqrt(H), as PyTorch does.
void cell_init(CellWeights *w, Rng *rng);

// One layer: declare it with its kind, Recurrent cell = {.kind = LSTM}.
typedef struct {
    CellKind kind;
    // the state before the first step [N, H]; zeros while these are empty
    Tensor h0, c0;
    // sizes of the last forward pass
    int T, N, D, H;
    // written by forward, read by backward
    Tensor h;     // [T + 1, N, H], h[0] the state before the first step
    Tensor c;     // the same of c; only LSTM
    Tensor gates; // [T, N, gates]: i f g o, or r z n u_n, or nothing yet; then,
                  // by backward, the gradients of what is inside them
    Tensor bias;  // [gates]: bx, and bh where it is just added to it
    PackedMatrix wx, wh[2]; // as sgemm_packed reads them
    // written by backward: gradients of h0 and c0, if these were given
    Tensor dh, dc;
} Recurrent;

// Runs through all T steps: h and c get every state, gates what the gates did.
void recurrent_forward(Recurrent *cell, const Tensor *x, const CellWeights *w);

// Backpropagation through time, once after each forward pass. dh is the
// gradient of h_1 .. h_T [T, N, H], or of h_T alone [N, H] where nothing else
// was used. dx [T, N, D] may be NULL; dw is overwritten.
void recurrent_backward(Recurrent *cell, Tensor *dx, CellWeights *dw,
                        const Tensor *dh, const Tensor *x,
                        const CellWeights *w);

void recurrent_free(Recurrent *cell);

// Views of the states: h_t [N, H] for t = 0 .. T, and h_1 .. h_T [T, N, H].
Tensor recurrent_state(const Recurrent *cell, int t);
Tensor recurrent_states(const Recurrent *cell);

// The next forward pass goes on from the last state of this one (no gradient
// flows back across the border); or starts from zeros again.
void recurrent_carry(Recurrent *cell);
void recurrent_forget(Recurrent *cell);

// to [T, N, D] = from [N, T, D], or a picture [N, 1, T, D]: row t is step t.
void steps_first(Tensor *to, const Tensor *from);

// The definition, in plain loops; both fill in all that their namesakes do.
void recurrent_ref_forward(Recurrent *cell, const Tensor *x,
                           const CellWeights *w);
void recurrent_ref_backward(Recurrent *cell, Tensor *dx, CellWeights *dw,
                            const Tensor *dh, const Tensor *x,
                            const CellWeights *w);

#endif
