#!/usr/bin/python3
"""make_optim_table.py - what optimizers and schedules should give.

Those that make_golden.py does not have: Table 3.1's others in PyTorch's form
and in the printed one, and A eq. (20)-(24) written down from the lecture.
Computes in double precision and writes optim_table.txt beside itself, which
tests/test_optim_table.c reads: nobody needs PyTorch to run the tests.

    /usr/bin/python3 tests/golden/make_optim_table.py   (Debian: python3-torch)

Nesterov's path depends on where the gradient is taken, so there it is that of a
bowl, g = curvature * w, and its path in Table 3.1's form is computed beside
PyTorch's, which is always one slide ahead.
"""

import math
import os

import torch

STEPS = 20
path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "optim_table.txt")
out = open(path, "w", newline="\n")
out.write("# Written by make_optim_table.py: do not edit.\n")


def add(name, values):
    values = torch.as_tensor(values, dtype=torch.float64).reshape(-1).tolist()
    out.write(f"{name} [{len(values)}]\n")
    for i in range(0, len(values), 6):
        out.write(" ".join(f"{v:.9g}" for v in values[i:i + 6]) + "\n")


def single(x):
    """Rounded to float32, so that C starts from the same numbers."""
    return x.float().double()


torch.manual_seed(4)
# From gradients larger than weights down to the size of epsilon: there its
# place in the formula shows. The last weight has no gradient at first.
scales = torch.tensor([1.0, 1e-3, 1e-8, 4.0, 3e-7, 1.0], dtype=torch.float64)
start = single(torch.rand(6, dtype=torch.float64) * 2 - 1)
grads = single((torch.rand(STEPS, 6, dtype=torch.float64) * 2 - 1) * scales)
grads[:5, 5] = 0
add("start", start)
add("grads", grads)


def walk(make, gradient):
    w = start.clone().requires_grad_()
    optimizer, steps = make(w), []
    for t in range(STEPS):
        w.grad = gradient(t, w.detach())
        optimizer.step()
        steps.append(w.detach().clone())
    return checked(torch.stack(steps))


def checked(steps):
    """The test's tolerance is derived for paths like these."""
    moves = torch.diff(steps, dim=0, prepend=start[None]).abs().sum(0)
    assert steps.abs().max() < 4 and moves.max() < 8, (steps.abs().max(), moves)
    return steps


def given(t, w):
    return grads[t].clone()


optim = torch.optim
add("adagrad", walk(lambda w: optim.Adagrad([w], lr=0.1, eps=1e-8), given))
add("rmsprop", walk(
    lambda w: optim.RMSprop([w], lr=0.01, alpha=0.9, eps=1e-8), given))
add("adadelta", walk(
    lambda w: optim.Adadelta([w], lr=1.0, rho=0.9, eps=1e-6), given))
add("adamw", walk(
    lambda w: optim.AdamW([w], lr=0.1, eps=1e-8, weight_decay=0.01), given))

curvature = torch.tensor([1.0, 2.0, 5.0, 10.0, 0.1, 0.5], dtype=torch.float64)
add("curvature", curvature)
add("nesterov_ahead", walk(
    lambda w: optim.SGD([w], lr=0.05, momentum=0.9, nesterov=True),
    lambda t, w: curvature * w))
w, m, steps = start.clone(), torch.zeros(6, dtype=torch.float64), []
for t in range(STEPS):
    m = 0.9 * m + curvature * (w - 0.05 * 0.9 * m)
    w = w - 0.05 * m
    steps.append(w.clone())
add("nesterov", checked(torch.stack(steps)))


# A Table 3.1, rows 2 and 6, letter by letter: the rate inside the memory, and
# epsilon inside the root above, outside below.
theta, g, steps = start.clone(), torch.zeros(6, dtype=torch.float64), []
for k in range(STEPS):
    alpha = 0.01 if k < 10 else 0.001
    g = 0.9 * g - alpha * grads[k]
    theta = theta + g
    steps.append(theta.clone())
add("momentum_printed", checked(torch.stack(steps)))
theta, steps = start.clone(), []
t, Delta = torch.zeros(2, 6, dtype=torch.float64)
for k in range(STEPS):
    t = 0.9 * t + (1 - 0.9) * grads[k] ** 2
    g = -torch.sqrt(Delta + 1e-6) / (torch.sqrt(t) + 1e-6) * grads[k]
    theta = theta + g
    Delta = 0.9 * Delta + (1 - 0.9) * g ** 2
    steps.append(theta.clone())
add("adadelta_printed", checked(torch.stack(steps)))


def rates(make, steps):
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3)
    schedule, values = make(optimizer), []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return values


kinds = optim.lr_scheduler

# A eq. (20)-(24) as the lecture prints them, one line of a case per line here.
alpha_0, beta, T_0, T, alpha_min = 0.3, 0.1, 40, 100, 0.01


def eq_20(t):
    return alpha_0 * 1 / (1 + beta * t)


def eq_21(t):
    return alpha_0 * math.exp(-beta * t)


def eq_22(t):
    return 1 / 2 * alpha_0 * (1 + math.cos(t * math.pi / T))


def eq_23(t, T_0, beta):
    decayed = alpha_0 * 1 / (1 + beta * t)
    if t <= T_0:
        return alpha_0
    if t > T_0 and decayed > alpha_min:
        return decayed
    if decayed < alpha_min:
        return alpha_min
    return alpha_min  # decayed = alpha_min: no case of the lecture's


def eq_24(t, T_0, beta):
    if t <= T_0:
        return alpha_0
    if T_0 < t <= 9 * T / 10:
        return alpha_0 * 1 / (1 + beta * t)
    return alpha_min


def repaired(t, T_0, beta):
    if t <= T_0:
        return alpha_0
    return max(alpha_min, alpha_0 * 1 / (1 + beta * (t - T_0)))


add("inverse_time", [eq_20(t) for t in range(100)])
add("exponential", [eq_21(t) for t in range(100)])
add("cosine", [eq_22(t) for t in range(100)])
add("held", [eq_23(t, T_0, beta) for t in range(100)])
add("held_floor", [eq_24(t, T_0, beta) for t in range(100)])
add("repaired", [repaired(t, T_0, beta) for t in range(100)])
# A decay fast enough to meet the floor: at beta = 1, (20) is alpha_min at t = 29
# and below it from then on.
add("held_fast", [eq_23(t, 20, 1.0) for t in range(100)])
add("held_floor_fast", [eq_24(t, 20, 1.0) for t in range(100)])
add("repaired_fast", [repaired(t, 20, 1.0) for t in range(100)])
add("step", rates(lambda o: kinds.StepLR(o, 25, 0.5), 100))
add("divided", [0.3 / 10 ** (t // 30) for t in range(100)])
add("piecewise", rates(
    lambda o: kinds.LambdaLR(
        o, lambda t: 1 if t < 50 else 1 / 6 if t < 90 else 1 / 30), 100))
add("one_cycle", [
    0.012 + (0.3 - 0.012) * (1 - math.cos(math.pi * t / 29)) / 2 if t <= 29
    else 1.2e-6 + (0.3 - 1.2e-6) * (1 + math.cos(math.pi * (t - 29) / 70)) / 2
    for t in range(100)])
