#include "optim.h"

#include <math.h>

#include "blas.h"
#include "error.h"
#include "kernels.h"
#include "threads.h"

// ---- 1. Names and constants -------------------------------------------------

static const struct {
    const char *name;
    float lr; // to start with
} known[OPTIMIZER_KINDS] = {
    [SGD] = {"SGD", 0.01f},           [MOMENTUM] = {"momentum", 0.01f},
    [NESTEROV] = {"Nesterov", 0.01f}, [ADAGRAD] = {"AdaGrad", 0.01f},
    [RMSPROP] = {"RMSProp", 0.001f},  [ADADELTA] = {"Adadelta", 1.0f},
    [ADAM] = {"Adam", 0.001f},        [ADAMW] = {"AdamW", 0.001f},
};

const char *optimizer_name(OptimizerKind kind) {
    return known[kind].name;
}

float optimizer_usual_lr(OptimizerKind kind) {
    return known[kind].lr;
}

void optimizer_init(Optimizer *o, OptimizerKind kind, float lr) {
    *o = (Optimizer){.kind = kind,
                     .lr = lr,
                     .momentum = 0.9f,
                     .rho = 0.9f,
                     .beta1 = 0.9f,
                     .beta2 = 0.999f,
                     .epsilon = kind == ADADELTA ? 1e-6f : 1e-8f,
                     .weight_decay = 0.01f};
}

void optimizer_free(Optimizer *o) {
    tensor_free(&o->m);
    tensor_free(&o->v);
}

// ---- 2. The updates ---------------------------------------------------------

// A running mean starts at zero when the first step tells its length.
static void ready(Tensor *mean, const Tensor *w) {
    if (mean->data == NULL) {
        tensor_resize_like(mean, w);
        tensor_fill(mean, 0.0f);
    }
}

void optimizer_reserve(Optimizer *o, const Tensor *w) {
    ready(&o->m, w);
    ready(&o->v, w);
}

// [A Table 3.1 SGD] theta_k = theta_{k-1} - alpha dL: w = w - lr g
// [B SGD] theta_t = theta_{t-1} - eta g_t
static void sgd_step(Optimizer *o, Tensor *w, const Tensor *g) {
    saxpy((int)w->size, -o->lr, g->data, w->data);
}

// A and B print it with lr inside the velocity: optim.h.
// [A Table 3.1 momentum] m = momentum m + g;  w = w - lr m
// [B momentum] the same: its step is -lr m
static void momentum_step(Optimizer *o, Tensor *w, const Tensor *g) {
    ready(&o->m, w);
    float *m = o->m.data;
    for (size_t i = 0; i < w->size; i++) {
        m[i] = o->momentum * m[i] + g->data[i];
        w->data[i] -= o->lr * m[i];
    }
}

// optimizer_look_ahead has moved w to w_t - lr momentum m_t; w_{t+1} = w_t - lr
// m_{t+1} is that minus lr g.
// [A Table 3.1 Nesterov] m = momentum m + g(w - lr momentum m);  w = w - lr m
static void nesterov_step(Optimizer *o, Tensor *w, const Tensor *g) {
    REQUIRE(o->ahead,
            "step %ld: optimizer_look_ahead comes before the "
            "gradient",
            o->step);
    o->ahead = false;
    float *m = o->m.data;
    for (size_t i = 0; i < w->size; i++) {
        m[i] = o->momentum * m[i] + g->data[i];
        w->data[i] -= o->lr * g->data[i];
    }
}

void optimizer_look_ahead(Optimizer *o, Tensor *w) {
    if (o->kind != NESTEROV || o->ahead)
        return;
    ready(&o->m, w);
    saxpy((int)w->size, -o->lr * o->momentum, o->m.data, w->data);
    o->ahead = true;
}

// [A Table 3.1 AdaGrad] v = v + g^2;  w = w - lr g / (sqrt(v) + eps)
static void adagrad_step(Optimizer *o, Tensor *w, const Tensor *g) {
    ready(&o->v, w);
    float *v = o->v.data;
    for (size_t i = 0; i < w->size; i++) {
        float gi = g->data[i];
        v[i] += gi * gi;
        w->data[i] -= o->lr * gi / (sqrtf(v[i]) + o->epsilon);
    }
}

// [A Table 3.1 RMSProp] v = rho v + (1 - rho) g^2, w = w - lr g/(sqrt(v) + eps)
// [B RMSProp] the same without eps, which is 0 / 0 while the gradient of a
// weight has always been 0, as a dead ReLU's is
static void rmsprop_step(Optimizer *o, Tensor *w, const Tensor *g) {
    ready(&o->v, w);
    float *v = o->v.data;
    for (size_t i = 0; i < w->size; i++) {
        float gi = g->data[i];
        v[i] = o->rho * v[i] + (1.0f - o->rho) * gi * gi;
        w->data[i] -= o->lr * gi / (sqrtf(v[i]) + o->epsilon);
    }
}

// The step has the unit of w, whatever the unit of the loss, so it needs no
// learning rate: lr is 1.
// [Zeiler 2012] d = g sqrt(m + eps) / sqrt(v + eps);  w = w - lr d
// [A Table 3.1 Adadelta] the same, but with sqrt(v) + eps in the denominator
static void adadelta_step(Optimizer *o, Tensor *w, const Tensor *g) {
    ready(&o->m, w);
    ready(&o->v, w);
    float *m = o->m.data, *v = o->v.data;
    for (size_t i = 0; i < w->size; i++) {
        float gi = g->data[i];
        v[i] = o->rho * v[i] + (1.0f - o->rho) * gi * gi;
        float d = gi * sqrtf(m[i] + o->epsilon) / sqrtf(v[i] + o->epsilon);
        m[i] = o->rho * m[i] + (1.0f - o->rho) * d * d;
        w->data[i] -= o->lr * d;
    }
}

// What the parts of an Adam step need: one part for each slice of the weights.
typedef struct {
    const Optimizer *o;
    Tensor *w;
    const Tensor *g;
    float step_size, root_scale, shrink;
} Adam;

enum { SLICE = 16384 };

static void adam_slice(void *context, int part) {
    const Adam *a = context;
    const Optimizer *o = a->o;
    const size_t at = (size_t)part * SLICE, left = a->w->size - at;
    kernels()->adam(a->w->data + at, o->m.data + at, o->v.data + at,
                    a->g->data + at, left < SLICE ? left : SLICE, a->step_size,
                    o->beta1, o->beta2, a->root_scale, o->epsilon, a->shrink);
}

// m and v start at 0 and are too small at first: of a constant g, m is
// (1 - beta1^t) g. Dividing by 1 - beta^t corrects that. AdamW shrinks w first.
// [B Adam] m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t),
// w = w - lr m^ / (sqrt(v^) + eps)
// The loop is in kernels_body.inc.
static void adam_step(Optimizer *o, Tensor *w, const Tensor *g, float shrink) {
    ready(&o->m, w);
    ready(&o->v, w);
    double correct1 = 1.0 - pow((double)o->beta1, (double)o->step);
    double correct2 = 1.0 - pow((double)o->beta2, (double)o->step);
    Adam adam = {.o = o, .w = w, .g = g, .shrink = shrink};
    adam.step_size = (float)((double)o->lr / correct1);
    adam.root_scale = (float)(1.0 / sqrt(correct2));
    threads_run((int)((w->size + SLICE - 1) / SLICE), adam_slice, &adam);
}

void optimizer_step(Optimizer *o, Tensor *w, const Tensor *g) {
    REQUIRE(w->size == g->size, "optimizer: w is %s, g is %s",
            tensor_shape(w).text, tensor_shape(g).text);
    o->step++;
    switch (o->kind) {
    case SGD:
        sgd_step(o, w, g);
        break;
    case MOMENTUM:
        momentum_step(o, w, g);
        break;
    case NESTEROV:
        nesterov_step(o, w, g);
        break;
    case ADAGRAD:
        adagrad_step(o, w, g);
        break;
    case RMSPROP:
        rmsprop_step(o, w, g);
        break;
    case ADADELTA:
        adadelta_step(o, w, g);
        break;
    case ADAM:
        adam_step(o, w, g, 1.0f);
        break;
    case ADAMW: // [Loshchilov 2019] w = (1 - lr weight_decay) w, then Adam
        adam_step(o, w, g, 1.0f - o->lr * o->weight_decay);
        break;
    case OPTIMIZER_KINDS:
        REQUIRE(false, "there is no optimizer %d", o->kind);
    }
}

// ---- 3. Schedules -----------------------------------------------------------

// From start to end along half a cosine, as part goes from 0 to 1.
static float cosine(float start, float end, float part) {
    return end + (start - end) * 0.5f * (1.0f + cosf(3.14159265f * part));
}

// [A eq.20] lr_t = lr_0 / (1 + beta t)
float inverse_time_decay(long t, float lr, float beta) {
    return lr / (1.0f + beta * (float)t);
}

// [A eq.21] lr_t = lr_0 e^(-beta t)
float exponential_decay(long t, float lr, float beta) {
    return lr * expf(-beta * (float)t);
}

// [A eq.22] lr_t = lr_0 (1 + cos(pi t / T)) / 2
float cosine_decay(long t, long steps, float lr) {
    return cosine(lr, 0.0f, (float)t / (float)steps);
}

// [A eq.23] lr_t = lr_0, t <= T0; lr_0 / (1 + beta t) while > lr_min; lr_min
float held_decay(long t, long hold, float lr, float floor, float beta) {
    float decayed = inverse_time_decay(t, lr, beta);
    if (t <= hold)
        return lr;
    return decayed > floor ? decayed : floor;
}

// [A eq.24] lr_t = lr_0, t <= T0; lr_0 / (1 + beta t), t <= 0.9 T; then lr_min
float held_decay_then_floor(long t, long hold, long steps, float lr,
                            float floor, float beta) {
    if (t <= hold)
        return lr;
    // 10 t against 9 T: 0.9 is no float, and t = 0.9 T must be exact.
    return 10 * t <= 9 * steps ? inverse_time_decay(t, lr, beta) : floor;
}

float held_decay_repaired(long t, long hold, float lr, float floor,
                          float beta) {
    if (t <= hold)
        return lr;
    return fmaxf(floor, inverse_time_decay(t - hold, lr, beta));
}

// [D halving] lr_t = lr_0 factor^floor(t / every), factor = 1/2
float step_decay(long t, long every, float lr, float factor) {
    return lr * powf(factor, (float)(t / every));
}

// [D division by tau] lr_new = lr / tau, after every so many steps
float divided_decay(long t, long every, float lr, float tau) {
    return lr / powf(tau, (float)(t / every));
}

// [B schedule] 0.3 in epochs 1-500, 0.05 in 501-900, 0.01 in 901-1000
float piecewise_rate(long t, int count, const long *until, const float *rates) {
    int i = 0;
    while (i < count - 1 && t >= until[i])
        i++;
    return rates[i];
}

// [Smith 2018 one cycle] peak/25 to peak in 30 % of T, then to peak/250000
float one_cycle(long t, long steps, float peak) {
    float start = peak / 25.0f, end = start / 1e4f;
    float last = (float)(steps > 1 ? steps - 1 : 1);
    float turn = 0.3f * (float)steps - 1.0f; // PyTorch's turning point
    if ((float)t <= turn)
        return cosine(start, peak, (float)t / turn);
    return cosine(peak, end, ((float)t - turn) / (last - turn));
}
