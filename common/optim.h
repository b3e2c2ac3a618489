// optim.h - how a gradient g changes a parameter w, and how fast.
//
// Each optimizer is one loop over two flat arrays (params.h): w the values, g
// the gradients, and up to two arrays of its own of the same length. lr is the
// learning rate eta; a program may change it before every step, which is all
// that a schedule does.
//
// Sources: A Table 3.1, B. Textbooks and papers do not agree on where epsilon
// stands. Here it stands outside the root, sqrt(v) + eps, as in the paper of
// Adam and in PyTorch; only Adadelta has it inside, sqrt(v + eps), where its
// job is another: it is the seed from which the first steps grow.

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
             // w -= lr g / (sqrt(v) + eps)           (Hinton 2012, unpublished)
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

// A eq. 21, exponential: lr beta^t, 0 < beta < 1.
float exponential_decay(long t, float lr, float beta);

// A eq. 22, cosine: lr (1 + cos(pi t / steps)) / 2.
float cosine_decay(long t, long steps, float lr);

// A eq. 23 and 24, the last two with a hold and a floor: lr until step hold,
// then the decay, as if it began there, but not below the floor. The lecture
// leaves the step t = hold itself to neither case; it makes no difference, the
// decay begins with lr.
//     max(floor, lr beta^(t - hold))
//     floor + (lr - floor) (1 + cos(pi (t - hold) / (steps - hold))) / 2
float held_exponential_decay(long t, long hold, float lr, float floor,
                             float beta);
float held_cosine_decay(long t, long hold, long steps, float lr, float floor);

// Step decay: lr factor^n, n = t / every, rounded down. And D's way to say it:
// lr divided by tau after every so many steps.
float step_decay(long t, long every, float lr, float factor);
float divided_decay(long t, long every, float lr, float tau);

// B's table: rates[i] as long as t < until[i], the last one for ever after.
float piecewise_rate(long t, int count, const long *until, const float *rates);

// One cycle (Smith & Topin 2018), PyTorch's cosine form: from peak / 25 up to
// peak over the first 30 % of the steps, then down to peak / 250,000.
float one_cycle(long t, long steps, float peak);

#endif
