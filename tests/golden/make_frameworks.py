#!/usr/bin/python3
"""make_frameworks.py - what Keras's and PyTorch's functions give.

Computes in double precision and writes frameworks.txt beside itself, which
tests/test_frameworks.c and tests/ch05/test_frameworks_*.c read: nobody needs
PyTorch or Keras to run the tests.

    /usr/bin/python3 tests/golden/make_frameworks.py   (Debian: python3-torch)

PyTorch's side is computed by PyTorch. Keras's side is its documented formula
(https://keras.io/api/, Keras 3) written out; the comment beside each names the
page. Each side has its own defaults, except where a comment says otherwise.

The test's tolerance is derived for the paths that checked() lets through:
|w| < 4, and all steps of a weight together shorter than 8.
"""

import math

import torch
import torch.nn.functional as F

from make_golden import Golden, noise

g = Golden("frameworks.txt", "make_frameworks.py")
STEPS, SIZE = 20, 6

# From gradients larger than a weight down to the size of epsilon, where its
# place in the formula shows.
scales = torch.tensor([1.0, 2.0**-10, 2.0**-27, 4.0, 2.0**-21, 1.0])
start = noise(60, SIZE)
grads = noise(61, STEPS, SIZE) * scales.double()
curvature = torch.tensor([1.0, 2.0, 5.0, 10.0, 0.25, 0.5]).double()
g.add("start", start)
g.add("grads", grads)
g.add("curvature", curvature)


def given(t, w):
    return grads[t]


def bowl(t, w):
    """Nesterov's path depends on where the gradient is taken."""
    return curvature * w


def checked(steps):
    moves = torch.diff(steps, dim=0, prepend=start[None]).abs().sum(0)
    assert steps.abs().max() < 4 and moves.max() < 8, (steps.abs().max(), moves)
    return steps


def pytorch(make, gradient=given, cut=1.0):
    """After half of the steps the rate is multiplied by cut."""
    w = start.clone().requires_grad_()
    optimizer, path = make([w]), []
    for t in range(STEPS):
        if t == STEPS // 2:
            optimizer.param_groups[0]["lr"] *= cut
        w.grad = gradient(t, w.detach()).clone()
        optimizer.step()
        path.append(w.detach().clone())
    return checked(torch.stack(path))


def keras(update, gradient=given, cut=1.0, **state):
    """update(state, w, g, t, cut) returns the new w; t is 1 at first."""
    w, path = start.clone(), []
    state = {k: torch.full((SIZE,), v).double() for k, v in state.items()}
    for t in range(STEPS):
        w = update(state, w, gradient(t, w), t + 1,
                   cut if t >= STEPS // 2 else 1.0)
        path.append(w.clone())
    return checked(torch.stack(path))


# ---- Optimizers: https://keras.io/api/optimizers/ ----------------------------


# SGD: w = w - learning_rate * g; with momentum
#   velocity = momentum * velocity - learning_rate * g;  w = w + velocity
# with nesterov=True
#   velocity = momentum * velocity - learning_rate * g
#   w = w + momentum * velocity - learning_rate * g
def keras_sgd(s, w, g, t, cut):
    return w - 0.01 * g


def keras_momentum(s, w, g, t, cut):
    s["velocity"] = 0.9 * s["velocity"] - 0.05 * cut * g
    return w + s["velocity"]


def keras_nesterov(s, w, g, t, cut):
    s["velocity"] = 0.9 * s["velocity"] - 0.05 * g
    return w + 0.9 * s["velocity"] - 0.05 * g


# Adagrad (initial_accumulator_value=0.1, epsilon=1e-7; the rate is PyTorch's)
#   accumulator += g^2;  w -= learning_rate * g / sqrt(accumulator + epsilon)
def keras_adagrad(s, w, g, t, cut):
    s["accumulator"] += g**2
    return w - 0.01 * g / (s["accumulator"] + 1e-7).sqrt()


# RMSprop (learning_rate=0.001, rho=0.9, epsilon=1e-7)
#   velocity = rho * velocity + (1 - rho) * g^2
#   w -= learning_rate * g / sqrt(velocity + epsilon)
def keras_rmsprop(s, w, g, t, cut):
    s["velocity"] = 0.9 * s["velocity"] + 0.1 * g**2
    return w - 0.001 * g / (s["velocity"] + 1e-7).sqrt()


# Adadelta (learning_rate=0.001, rho=0.95, epsilon=1e-7)
#   accumulated_grad = rho * accumulated_grad + (1 - rho) * g^2
#   delta = -g rms(accumulated_delta) / rms(accumulated_grad)
#   with rms(x) = sqrt(x + epsilon)
#   accumulated_delta = rho * accumulated_delta + (1 - rho) * delta^2
#   w += learning_rate * delta
def keras_adadelta(s, w, g, t, cut):
    s["grad"] = 0.95 * s["grad"] + 0.05 * g**2
    delta = -g * (s["delta"] + 1e-7).sqrt() / (s["grad"] + 1e-7).sqrt()
    s["delta"] = 0.95 * s["delta"] + 0.05 * delta**2
    return w + 0.001 * delta


# Adam (learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7), epsilon
# being "epsilon hat" of Kingma & Ba, before section 2.1:
#   alpha = learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t)
#   m += (g - m) * (1 - beta_1);  v += (g^2 - v) * (1 - beta_2)
#   w -= alpha * m / (sqrt(v) + epsilon)
def keras_adam(s, w, g, t, cut):
    alpha = 0.001 * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    s["m"] += (g - s["m"]) * (1 - 0.9)
    s["v"] += (g**2 - s["v"]) * (1 - 0.999)
    return w - alpha * s["m"] / (s["v"].sqrt() + 1e-7)


# AdamW (weight_decay=0.004), and weight_decay= of every other optimizer:
#   w = w - w * weight_decay * learning_rate, then the step
def keras_adamw(s, w, g, t, cut):
    return keras_adam(s, w - w * 0.004 * 0.001, g, t, cut)


optim = torch.optim
g.add("keras.sgd", keras(keras_sgd))
g.add("torch.sgd", pytorch(lambda w: optim.SGD(w, lr=0.01)))
for name, cut in [("momentum", 1.0), ("momentum_cut", 0.125)]:
    g.add(f"keras.{name}", keras(keras_momentum, cut=cut, velocity=0.0))
    g.add(f"torch.{name}", pytorch(
        lambda w: optim.SGD(w, lr=0.05, momentum=0.9), cut=cut))
g.add("keras.nesterov", keras(keras_nesterov, bowl, velocity=0.0))
g.add("torch.nesterov", pytorch(
    lambda w: optim.SGD(w, lr=0.05, momentum=0.9, nesterov=True), bowl))
g.add("keras.adagrad", keras(keras_adagrad, accumulator=0.1))
g.add("torch.adagrad", pytorch(optim.Adagrad))
g.add("keras.rmsprop", keras(keras_rmsprop, velocity=0.0))
g.add("torch.rmsprop", pytorch(optim.RMSprop))
g.add("keras.adadelta", keras(keras_adadelta, grad=0.0, delta=0.0))
g.add("torch.adadelta", pytorch(optim.Adadelta))
g.add("keras.adam", keras(keras_adam, m=0.0, v=0.0))
g.add("torch.adam", pytorch(optim.Adam))
g.add("keras.adamw", keras(keras_adamw, m=0.0, v=0.0))
g.add("torch.adamw", pytorch(optim.AdamW))

# The same decay rate in the gradient and outside of it, large enough to see.
g.add("torch.adam_decay", pytorch(
    lambda w: optim.Adam(w, lr=0.01, weight_decay=0.5)))
g.add("torch.adamw_decay", pytorch(
    lambda w: optim.AdamW(w, lr=0.01, weight_decay=0.5)))

# ---- Schedules: https://keras.io/api/optimizers/learning_rate_schedules/ -----

RATES, LR = 150, 0.3
kinds = optim.lr_scheduler


def pytorch_rates(make, steps=RATES, key="lr", **arguments):
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR,
                          **arguments)
    schedule, values = make(optimizer), []
    for t in range(steps):
        group = optimizer.param_groups[0]
        values.append(group[key])
        optimizer.step()
        if t < steps - 1:
            schedule.step()
    return values


def keras_rates(rate):
    return [rate(t) for t in range(RATES)]


# InverseTimeDecay(0.3, decay_steps=10, decay_rate=0.5):
#   initial_learning_rate / (1 + decay_rate * step / decay_steps)
g.add("keras.inverse_time", keras_rates(lambda t: LR / (1 + 0.5 * t / 10)))
g.add("torch.inverse_time", pytorch_rates(
    lambda o: kinds.LambdaLR(o, lambda t: 1 / (1 + 0.05 * t))))
# ExponentialDecay(0.3, decay_steps=10, decay_rate=0.5):
#   initial_learning_rate * decay_rate ^ (step / decay_steps)
# staircase=True: step / decay_steps is rounded down
g.add("keras.exponential", keras_rates(lambda t: LR * 0.5 ** (t / 10)))
g.add("torch.exponential", pytorch_rates(
    lambda o: kinds.ExponentialLR(o, 0.5**0.1)))
g.add("keras.step", keras_rates(lambda t: LR * 0.1 ** (t // 30)))
g.add("torch.step", pytorch_rates(lambda o: kinds.StepLR(o, 30)))
# CosineDecay(0.3, decay_steps=100), alpha=0.0: step = min(step, decay_steps)
#   initial_learning_rate * 0.5 * (1 + cos(pi * step / decay_steps))
g.add("keras.cosine", keras_rates(
    lambda t: LR * 0.5 * (1 + math.cos(math.pi * min(t, 100) / 100))))
g.add("torch.cosine", pytorch_rates(lambda o: kinds.CosineAnnealingLR(o, 100)))
# PiecewiseConstantDecay([50, 90], [0.3, 0.03, 0.003]): values[0] while step <=
# boundaries[0], values[1] while step <= boundaries[1], then values[2]
g.add("keras.piecewise", keras_rates(
    lambda t: LR if t <= 50 else LR / 10 if t <= 90 else LR / 100))
g.add("torch.piecewise", pytorch_rates(
    lambda o: kinds.MultiStepLR(o, [50, 90])))
# Keras has no one cycle. PyTorch's moves the momentum against the rate.
for key in ["lr", "momentum"]:
    g.add(f"torch.one_cycle_{key}", pytorch_rates(
        lambda o: kinds.OneCycleLR(o, LR, RATES), key=key, momentum=0.9))

# ---- Initializers: https://keras.io/api/layers/initializers/ -----------------

# Variance and largest |w| of PyTorch's 250 x 400 draws; Keras's formulas are in
# the test.
OUT, IN = 250, 400
torch.manual_seed(6)


def drawn(w):
    w = w.detach().double()
    return [float((w**2).mean()), float(w.abs().max())]


empty = lambda: torch.empty(OUT, IN, dtype=torch.float64)
init = torch.nn.init
g.add("torch.normal", drawn(init.normal_(empty(), std=0.05)))
g.add("torch.uniform", drawn(init.uniform_(empty(), -0.05, 0.05)))
g.add("torch.trunc_normal", drawn(init.trunc_normal_(empty())))
g.add("torch.trunc_normal_002", drawn(init.trunc_normal_(empty(), std=0.02)))
g.add("torch.xavier_uniform", drawn(init.xavier_uniform_(empty())))
g.add("torch.kaiming_normal", drawn(init.kaiming_normal_(empty())))
g.add("torch.linear_weight", drawn(torch.nn.Linear(IN, OUT).weight))
g.add("torch.linear_bias", drawn(torch.nn.Linear(IN, 100000).bias))

# ---- Regularizers: https://keras.io/api/layers/regularizers/ -----------------

# L1(0.01): 0.01 * sum(abs(w));  L2(0.01): 0.01 * sum(square(w)). The gradients
# are PyTorch's of these losses; w has a 0.
w = noise(62, SIZE)
w[2] = 0
g.add("penalized", w)
for name, penalty in [("l1", torch.abs), ("l2", torch.square)]:
    x = w.clone().requires_grad_()
    (0.01 * penalty(x).sum()).backward()
    g.add(f"keras.{name}", x.grad)
# What weight_decay=0.01 of PyTorch's SGD adds to the gradient: with lr=1 and a
# gradient of 0 the step is the decay.
x = w.clone().requires_grad_()
x.grad = torch.zeros_like(x)
optim.SGD([x], lr=1.0, weight_decay=0.01).step()
g.add("torch.weight_decay", w - x.detach())

# BatchNormalization(momentum=0.99, epsilon=1e-3):
#   gamma * (x - mean(x)) / sqrt(var(x) + epsilon) + beta
#   moving_mean = moving_mean * momentum + mean(x) * (1 - momentum)
#   moving_var = moving_var * momentum + var(x) * (1 - momentum)
# with the variance of ops.moments, divided by N.
N, D = 5, 3
x, gamma, beta = noise(63, N, D), noise(64, D), noise(65, D)
mean, var = x.mean(0), x.var(0, unbiased=False)
g.add("bn.x", x)
g.add("bn.gamma", gamma)
g.add("bn.beta", beta)
g.add("keras.bn.y", gamma * (x - mean) / (var + 1e-3).sqrt() + beta)
g.add("keras.bn.mean", 0.01 * mean)
g.add("keras.bn.var", 0.99 + 0.01 * var)
bn = torch.nn.BatchNorm1d(D).double()
bn.weight.data, bn.bias.data = gamma, beta
g.add("torch.bn.y", bn(x))
g.add("torch.bn.mean", bn.running_mean)
g.add("torch.bn.var", bn.running_var)

# nn.Dropout(): p=0.5. The two values that ones become, at p = 0.5 and 0.2.
for name, layer in [("", torch.nn.Dropout()), ("_02", torch.nn.Dropout(0.2))]:
    values = layer(torch.ones(1000, dtype=torch.float64)).unique()
    assert len(values) == 2
    g.add(f"torch.dropout{name}", values)



# EarlyStopping(monitor="val_loss", min_delta=0, patience=0): at the end of an
# epoch wait grows by 1; a smaller loss than the best sets it to 0; otherwise
# training stops if wait >= patience, though not in the first epoch.
def keras_stop(losses, patience):
    best, wait = math.inf, 0
    for epoch, loss in enumerate(losses):
        wait += 1
        if loss < best:
            best, wait = loss, 0
        elif wait >= patience and epoch > 0:
            return epoch + 1  # epochs done
    return len(losses)


losses = [9, 7, 7, 5, 6, 4, 4, 5, 3, 4, 4, 4, 4, 4, 2]
g.add("losses", losses)
g.add("keras.stop", [keras_stop(losses, p) for p in range(7)])

# ---- Losses: https://keras.io/api/losses/probabilistic_losses/ ---------------

# SparseCategoricalCrossentropy(from_logits=False): y_pred is a distribution,
#   -log(y_pred[y_true]), the mean over the batch
logits, labels = 4 * noise(66, 4, 5), torch.tensor([3, 0, 4, 3])
p = F.softmax(logits, 1)
loss = torch.nn.CrossEntropyLoss()
g.add("logits", logits)
g.add("keras.cross_entropy", -p[range(4), labels].log().mean())
g.add("torch.cross_entropy", loss(logits, labels))
g.add("torch.cross_entropy_of_p", loss(p, labels))
