#!/usr/bin/python3
"""make_golden.py - what the layers, losses and optimizers should give.

Computes everything with PyTorch in double precision and writes layers.txt,
loss.txt, optim.txt and lenet.txt beside itself. The files are committed; tests
read them through tests/golden.h, so nobody needs PyTorch to run the tests.

    /usr/bin/python3 tests/golden/make_golden.py      (Debian: python3-torch)

The run is deterministic: inputs come from noise(), the same hash of a counter
as in tests/numbers.c, exact in float32. A file is a list of tensors, each a
line "name [shape]" and its numbers, row-major.

lenet.txt also says how far each number may be off in float32: six standard
deviations, where rounding errors are taken as independent with mean 0 and at
most u = 2^-24 of what is rounded (the model of Higham & Mary 2019). Adding up k
products of random signs rounds partial sums no larger than sqrt(k) times their
root mean square, k times, so its variance is at most
    k u^2 sum a^2 b^2;
errors that come in with a and b add (their variance) * (other factor)^2. ReLU
and maxima do not enlarge errors. The script checks that no ReLU and no maximum
is decided by less than its error, so that the gradient takes the same way in
float32 as in double.
"""

import math
import os

import numpy as np
import torch
import torch.nn.functional as F

FOLDER = os.path.dirname(os.path.abspath(__file__))


def noise(seed, *shape):
    """Number i of sequence `seed`, evenly in [-1, 1): see tests/numbers.c."""
    count = int(np.prod(shape))
    h = np.arange(count, dtype=np.uint32)
    h += np.uint32(seed * 0x9E3779B9 & 0xFFFFFFFF)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85EBCA6B)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xC2B2AE35)
    h ^= h >> np.uint32(16)
    x = ((h >> np.uint32(8)).astype(np.int64) - (1 << 23)) * 2.0**-23
    return torch.from_numpy(x.reshape(shape))


class Golden:
    """One file of named tensors."""

    def __init__(self, name, script="make_golden.py"):
        self.file = open(os.path.join(FOLDER, name), "w", newline="\n")
        self.file.write(f"# Written by {script}: do not edit.\n")

    def add(self, name, values):
        values = torch.as_tensor(values, dtype=torch.float64).detach()
        shape = list(values.shape) or [1]
        self.file.write(f"{name} {shape}\n")
        flat = [f"{v:.9g}" for v in values.reshape(-1).tolist()]
        for i in range(0, len(flat), 6):
            self.file.write(" ".join(flat[i : i + 6]) + "\n")

    def add_layer(self, name, inputs, y):
        """inputs: name -> leaf tensor. Writes them, y, dy and all gradients."""
        dy = noise(len(name) + 77, *y.shape)
        y.backward(dy)
        for key, value in inputs.items():
            self.add(f"{name}.{key}", value)
        self.add(f"{name}.y", y)
        self.add(f"{name}.dy", dy)
        for key, value in inputs.items():
            self.add(f"{name}.d{key}", value.grad)


def leaf(seed, *shape):
    return noise(seed, *shape).requires_grad_()


def write_layers():
    g = Golden("layers.txt")
    x, w, b = leaf(1, 3, 4), leaf(2, 5, 4), leaf(3, 5)
    g.add_layer("linear", {"x": x, "w": w, "b": b}, F.linear(x, w, b))
    x = leaf(4, 2, 9)
    g.add_layer("relu", {"x": x}, F.relu(x))

    # name, x, w, stride, padding
    for name, xs, ws, stride, padding in [
        ("conv3x3", (2, 2, 5, 6), (3, 2, 3, 3), 1, 0),
        ("conv3x3_stride2", (2, 2, 6, 5), (2, 2, 3, 3), 2, 1),
        ("conv5x5", (1, 2, 7, 6), (2, 2, 5, 5), 1, 2),
        ("conv1x1", (2, 4, 3, 4), (3, 4, 1, 1), 1, 0),
        ("conv2x4_stride3", (2, 3, 7, 9), (2, 3, 2, 4), 3, 3),
    ]:
        x, w, b = leaf(5, *xs), leaf(6, *ws), leaf(7, ws[0])
        y = F.conv2d(x, w, b, stride=stride, padding=padding)
        g.add_layer(name, {"x": x, "w": w, "b": b}, y)

    x, w, b = leaf(8, 2, 2, 7, 8), leaf(9, 3, 2, 3, 3), leaf(10, 3)
    y = F.max_pool2d(F.relu(F.conv2d(x, w, b, padding=1)), 2)
    g.add_layer("conv_relu_pool", {"x": x, "w": w, "b": b}, y)

    for name, pool, size, stride in [
        ("maxpool2", F.max_pool2d, 2, 2),
        ("maxpool3_stride2", F.max_pool2d, 3, 2),
        ("avgpool2", F.avg_pool2d, 2, 2),
        ("avgpool3_stride1", F.avg_pool2d, 3, 1),
    ]:
        x = leaf(11, 2, 2, 5, 7)
        g.add_layer(name, {"x": x}, pool(x, size, stride))


def write_loss():
    g = Golden("loss.txt")
    logits = (8 * noise(20, 4, 5)).requires_grad_()
    labels = torch.tensor([3, 0, 4, 3])
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    g.add("logits", logits)
    g.add("labels", labels)
    g.add("softmax", F.softmax(logits, 1))
    g.add("cross_entropy", loss)
    g.add("dlogits", logits.grad)

    y, target = leaf(21, 3, 4), noise(22, 3, 4)
    loss = F.mse_loss(y, target)
    loss.backward()
    g.add("y", y)
    g.add("target", target)
    g.add("mse", loss)
    g.add("dy", y.grad)


def write_optim():
    """20 steps on given gradients of very different sizes: the smallest are of
    the size of epsilon, so that its place in the formula shows."""
    g = Golden("optim.txt")
    steps = 20
    start = noise(30, 6)
    scales = torch.tensor([1.0, 2.0**-10, 2.0**-27, 128.0, 1.0, 2.0**-24])
    grads = noise(31, steps, 6) * scales
    g.add("start", start)
    g.add("grads", grads)
    for name, make in [
        ("sgd", lambda w: torch.optim.SGD([w], lr=0.1)),
        ("momentum", lambda w: torch.optim.SGD([w], lr=0.01, momentum=0.9)),
        ("adam", lambda w: torch.optim.Adam([w], lr=0.01)),
    ]:
        w = start.clone().requires_grad_()
        optimizer = make(w)
        path = []
        for t in range(steps):
            w.grad = grads[t].clone()
            optimizer.step()
            path.append(w.detach().clone())
        g.add(name, torch.stack(path))

    for steps in [5, 10, 37, 100]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.003, total_steps=steps)
        rates = []
        for t in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if t < steps - 1:
                cycle.step()
        g.add(f"one_cycle_{steps}", rates)


# ---- LeNet ------------------------------------------------------------------

U = 2.0**-24

LENET = [  # name, shape, scale: about the deviation of He initialisation
    ("conv1.weight", (20, 1, 5, 5), 0.5),
    ("conv1.bias", (20,), 0.0625),
    ("conv2.weight", (50, 20, 5, 5), 0.125),
    ("conv2.bias", (50,), 0.0625),
    ("fc1.weight", (500, 1250), 0.0625),
    ("fc1.bias", (500,), 0.0625),
    ("fc2.weight", (10, 500), 0.125),
    ("fc2.bias", (10,), 0.0625),
]


class Rounded:
    """A tensor and the variance of its error in float32."""

    def __init__(self, value, variance=None):
        exact = variance is None
        self.value = value
        self.variance = torch.zeros_like(value) if exact else variance

    def reshape(self, *shape):
        return Rounded(self.value.reshape(*shape),
                       self.variance.reshape(*shape))

    def allowed(self):
        return 6 * self.variance.sqrt()


def product(op, k, a, b):
    """op(a, b), a sum of k products; op is linear in both."""
    a2, b2 = a.value**2, b.value**2
    variance = op(a.variance, b2) + op(a2, b.variance) + k * U**2 * op(a2, b2)
    return Rounded(op(a.value, b.value), variance)


def plus_bias(a, b):
    value = a.value + b
    return Rounded(value, a.variance + U**2 * value**2)


def relu_pool(z, pool):
    """max(0, z), the maximum over 2 x 2; and how many squares are in doubt."""
    N, C, H, W = z.value.shape
    squares = F.unfold(z.value.reshape(N * C, 1, H, W), 2, stride=2)
    errors = F.unfold(z.allowed().reshape(N * C, 1, H, W), 2, stride=2)
    best, where = squares.max(1, keepdim=True)
    rest = squares.scatter(1, where, -math.inf).max(1, keepdim=True).values
    most = errors.max(1, keepdim=True).values
    doubt = (best.abs() <= most) | ((best > 0) & (best - rest <= 2 * most))
    pool.where = torch.zeros_like(squares).scatter(1, where, 1.0) * (best > 0)
    y = best.clamp(min=0).reshape(N, C, H // 2, W // 2)
    return Rounded(y, (most / 6).reshape(y.shape) ** 2), int(doubt.sum())


class Pool:
    """Remembers which pixel of each square won, to hand the gradient back."""

    def back(self, dy):
        def spread(d):
            N, C, H, W = d.shape
            columns = self.where * d.reshape(N * C, 1, H * W)
            return F.fold(columns, (2 * H, 2 * W), 2, stride=2).reshape(
                N, C, 2 * H, 2 * W)
        return Rounded(spread(dy.value), spread(dy.variance))


def rows_sum(d):
    """The gradient of a bias: the sum over all but the channels."""
    axes = [i for i in range(d.value.dim()) if i != 1]
    k = d.value.numel() // d.value.shape[1]
    variance = d.variance + k * U**2 * d.value**2
    return Rounded(d.value.sum(axes), variance.sum(axes))


def softmax_cross_entropy(logits, labels):
    """The loss and the gradient of the logits. p = softmax changes with the
    logits by the matrix diag(p) - p p^T; the functions add 4 roundings."""
    N, classes = logits.value.shape
    p = F.softmax(logits.value, 1)
    d = (p - F.one_hot(labels, classes)) / N
    jacobian = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    through = (jacobian**2 @ logits.variance[:, :, None])[:, :, 0] / N**2
    loss = F.cross_entropy(logits.value, labels)
    most = logits.value.abs().max() + loss
    loss_variance = (d**2 * logits.variance).sum() + (4 * U * most) ** 2
    return (Rounded(loss, loss_variance),
            Rounded(d, through + (4 * U * p / N) ** 2))


def lenet(seed):
    """Logits, loss and gradients, and how many decisions are in doubt."""
    p = {name: scale * noise(seed + i, *shape)
         for i, (name, shape, scale) in enumerate(LENET)}
    w = {name: Rounded(value) for name, value in p.items()}
    x = Rounded((noise(seed + 8, 3, 1, 28, 28) + 1) / 2)
    labels = torch.tensor([7, 0, 3])
    pool1, pool2 = Pool(), Pool()

    def conv(padding):
        return lambda a, b: F.conv2d(a, b, padding=padding)

    def conv_dw(shape, padding):
        return lambda a, d: torch.nn.grad.conv2d_weight(
            a, shape, d, padding=padding)

    def conv_dx(shape):
        return lambda d, b: torch.nn.grad.conv2d_input(shape, b, d)

    def outer(a, b):
        return a.t() @ b

    # forward
    z1 = plus_bias(product(conv(2), 25, x, w["conv1.weight"]),
                   p["conv1.bias"].reshape(1, -1, 1, 1))
    y1, doubt1 = relu_pool(z1, pool1)
    z2 = plus_bias(product(conv(0), 500, y1, w["conv2.weight"]),
                   p["conv2.bias"].reshape(1, -1, 1, 1))
    y2, doubt2 = relu_pool(z2, pool2)
    flat = y2.reshape(3, -1)
    z3 = plus_bias(product(F.linear, 1250, flat, w["fc1.weight"]),
                   p["fc1.bias"])
    doubt3 = int((z3.value.abs() <= z3.allowed()).sum())
    on = (z3.value > 0).double()
    h = Rounded(z3.value * on, z3.variance * on)
    logits = plus_bias(product(F.linear, 500, h, w["fc2.weight"]),
                       p["fc2.bias"])
    loss, d = softmax_cross_entropy(logits, labels)

    # backward
    grads = {}
    grads["fc2.weight"] = product(outer, 3, d, h)
    grads["fc2.bias"] = rows_sum(d)
    d = product(torch.matmul, 10, d, w["fc2.weight"])
    d = Rounded(d.value * on, d.variance * on)
    grads["fc1.weight"] = product(outer, 3, d, flat)
    grads["fc1.bias"] = rows_sum(d)
    d = product(torch.matmul, 500, d, w["fc1.weight"])
    d = pool2.back(d.reshape(y2.value.shape))
    grads["conv2.weight"] = product(
        conv_dw((50, 20, 5, 5), 0), 3 * 10 * 10, y1, d)
    grads["conv2.bias"] = rows_sum(d)
    d = product(conv_dx((3, 20, 14, 14)), 50 * 25, d, w["conv2.weight"])
    d = pool1.back(d)
    grads["conv1.weight"] = product(
        conv_dw((20, 1, 5, 5), 2), 3 * 28 * 28, x, d)
    grads["conv1.bias"] = rows_sum(d)
    check_by_autograd(p, x.value, labels, loss.value, grads)
    return logits, loss, grads, doubt1 + doubt2 + doubt3


def check_by_autograd(p, x, labels, loss, grads):
    """The variances needed a backward pass by hand: is it right?"""
    p = {name: value.clone().requires_grad_() for name, value in p.items()}
    y = F.max_pool2d(F.relu(F.conv2d(
        x, p["conv1.weight"], p["conv1.bias"], padding=2)), 2)
    y = F.max_pool2d(F.relu(F.conv2d(
        y, p["conv2.weight"], p["conv2.bias"])), 2)
    y = F.relu(F.linear(y.flatten(1), p["fc1.weight"], p["fc1.bias"]))
    y = F.linear(y, p["fc2.weight"], p["fc2.bias"])
    own = F.cross_entropy(y, labels)
    own.backward()
    assert abs(own - loss) < 1e-12
    for name, value in p.items():
        assert (value.grad - grads[name].value).abs().max() < 1e-12, name


def write_lenet():
    for seed in range(100, 2000, 100):  # the first with no decision in doubt
        logits, loss, grads, doubt = lenet(seed)
        if doubt == 0:
            break
    assert doubt == 0
    g = Golden("lenet.txt")
    g.add("seed", seed)
    g.add("logits", logits.value)
    g.add("logits.allowed", logits.allowed())
    g.add("loss", loss.value)
    g.add("loss.allowed", loss.allowed())
    for name, d in grads.items():
        value, allowed = d.value.reshape(-1), d.allowed().reshape(-1)
        index = torch.linspace(0, value.numel() - 1, 8).long().tolist()
        index += value.abs().topk(4).indices.tolist()
        g.add(f"{name}.index", index)
        g.add(f"{name}.value", value[index])
        g.add(f"{name}.allowed", allowed[index])
        # the sum of all elements, of their absolute values, and the bound of
        # either
        g.add(f"{name}.sums", [value.sum(), value.abs().sum(), allowed.sum()])


if __name__ == "__main__":
    torch.set_num_threads(1)
    write_layers()
    write_loss()
    write_optim()
    write_lenet()
