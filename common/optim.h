// optim.h - how a gradient g changes a parameter w, and how fast.
//
// Each optimizer is one loop over two flat arrays (params.h): w the values, g
// the gradients, and up to two arrays of its own of the same length. lr is the
// learning rate eta; a program may change it before every step, which is all
// that a schedule does.
//
// Sources: A Table 3.1 (all but Adam), B (SGD, momentum, RMSProp, Adam), the
// papers named below. The forms are PyTorch's. Where a lecture prints another
// one, ch04's printed_updates has it beside ours:
//
// - Momentum, Nesterov: A and B keep the rate inside the velocity,
//       g_k = beta g_{k-1} - alpha dL,  theta_k = theta_{k-1} + g_k.
//   Here m has no rate in it: g_k = -lr m. The paths are the same while lr is
//   constant; once lr is cut, ours slows down at once, the printed form glides
//   on.
// - B's sum, -eta (rho^(t-1) g_1 + ... + g_t), is the same step at a constant
//   eta only.
// - RMSProp: B prints g / sqrt(h), no epsilon: 0 / 0 while a gradient is 0.
// - Adadelta: A prints sqrt(Delta + eps) / (sqrt(t) + eps), epsilon inside the
//   root of the numerator, outside that of the denominator. Zeiler has it
//   inside both, as here. The two differ unless |g| is far above sqrt(eps).
//
// Elsewhere epsilon stands outside the root, sqrt(v) + eps, as in A, in B's
// Adam and in PyTorch. In Adadelta it has another job: it is the seed from
// which the first steps grow.

#ifndef DL_OPTIM_H
#define DL_OPTIM_H

#include "tensor.h"

typedef enum {
    SGD,      // w -= lr g
    MOMENTUM, // m = momentum m + g;  w -= lr m                 (Polyak 1964)
    NESTEROV, // the same, with g taken where momentum alone would lead: at
              // w - lr momentum m                            (Nesterov 1983)
    ADAGRAD,  // v = v + g^2;  w -= lr g / (sqrt(v) + eps)  (Duchi et al. 2011)
    RMSPROP,  // v = rho v + (1 - rho) g^2
              // w -= lr g / (sqrt(v) + eps)   (Hinton 2012, unpublished)
    ADADELTA, // v = rho v + (1 - rho) g^2
              // d = g sqrt(m + eps) / sqrt(v + eps)
              // m = rho m + (1 - rho) d^2;  w -= lr d          (Zeiler 2012)
    ADAM,     // m = beta1 m + (1 - beta1) g
              // v = beta2 v + (1 - beta2) g^2
              // w -= lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
              //                                         (Kingma & Ba 2015)
    ADAMW,    // w = (1 - lr weight_decay) w, then Adam
              //                                  (Loshchilov & Hutter 2019)
    OPTIMIZER_KINDS
} OptimizerKind;

typedef struct {
    // set by optimizer_init; a program may change them
    OptimizerKind kind;
    float lr;
    float momentum;     // 0.9
    float rho;          // 0.9
    float beta1, beta2; // 0.9, 0.999
    float epsilon;      // 1e-8; for Adadelta 1e-6
    float weight_decay; // 0.01
    // written by optimizer_step
    long step;   // t, 1 at the first step
    bool ahead;  // w is where momentum alone would lead
    Tensor m, v; // running means, as long as the parameters
} Optimizer;

// The textbook's constants for this kind, all running means zero.
void optimizer_init(Optimizer *optimizer, OptimizerKind kind, float lr);
void optimizer_free(Optimizer *optimizer);

// Allocates the running means now, all zero, for parameters of w's shape; the
// first step would. A checkpoint is restored into them.
void optimizer_reserve(Optimizer *optimizer, const Tensor *w);

// "SGD", "momentum", ... as charts and tables call it.
const char *optimizer_name(OptimizerKind kind);

// The learning rate that its paper or PyTorch starts with: 0.001 for Adam.
float optimizer_usual_lr(OptimizerKind kind);

// One update of w from its gradient g, of the same size.
void optimizer_step(Optimizer *optimizer, Tensor *w, const Tensor *g);

// Before the forward pass of a program that may be told to use NESTEROV: moves
// w to the point at which the gradient is to be taken; optimizer_step starts
// from there. For all other kinds it does nothing. Set lr before it.
//
// PyTorch saves the call: its w is always the point ahead, so that one step
// does both, m = momentum m + g, w -= lr (g + momentum m). Its gradients are
// the same, but what it evaluates and saves is lr momentum m away from Table
// 3.1's w.
void optimizer_look_ahead(Optimizer *optimizer, Tensor *w);

// ---- Schedules: the learning rate of step t, 0 <= t < steps -----------------
//
// t may count epochs instead of steps, if the other arguments do too. The rate
// of t = 0 is lr; only one_cycle has to climb to it.

// A eq. 20, inverse time: lr / (1 + beta t).
float inverse_time_decay(long t, float lr, float beta);

// A eq. 21, exponential: lr e^(-beta t). beta is a rate, as in (20): a tenth
// per step is beta = 0.105, not a factor of 0.9.
float exponential_decay(long t, float lr, float beta);

// A eq. 22, cosine: lr (1 + cos(pi t / steps)) / 2.
float cosine_decay(long t, long steps, float lr);

// A eq. 23 as printed: a hold of T0 steps, then (20), then a floor.
//     lr                   t <= T0
//     lr / (1 + beta t)    t > T0, while that is above the floor
//     floor                once it is below
// Printed like this, (23) jumps at T0 by the factor 1 / (1 + beta T0), because
// the decay counts t from 0 and not from T0. Its cases overlap where (20) sinks
// below the floor before T0 (here the hold wins), and the step at which (20)
// equals the floor belongs to none of them (here it gets the floor, which is
// the same number).
float held_decay(long t, long hold, float lr, float floor, float beta);

// A eq. 24 as printed: the same hold and decay, and the floor for the last 10 %
// of the steps.
//     lr                   t <= T0
//     lr / (1 + beta t)    T0 < t <= 0.9 steps
//     floor                t > 0.9 steps
// It jumps at T0 as (23) does, and again at 0.9 steps: down to the floor, or up
// to it where (20) has sunk below it already.
float held_decay_then_floor(long t, long hold, long steps, float lr,
                            float floor, float beta);

// (23) repaired: the decay starts at T0. No jump, and one case for every t.
//     lr until T0, then max(floor, lr / (1 + beta (t - T0)))
float held_decay_repaired(long t, long hold, float lr, float floor, float beta);

// Step decay: lr factor^n, n = t / every, rounded down. D halves the rate every
// few epochs, factor 0.5; its formula divides lr by tau each time.
float step_decay(long t, long every, float lr, float factor);
float divided_decay(long t, long every, float lr, float tau);

// B's schedule is a table: rates[i] while t < until[i]; the last rate from then
// on.
float piecewise_rate(long t, int count, const long *until, const float *rates);

// One cycle (Smith & Topin 2018), PyTorch's cosine form: from peak / 25 up to
// peak over the first 30 % of the steps, then down to peak / 250,000.
float one_cycle(long t, long steps, float peak);

#endif
