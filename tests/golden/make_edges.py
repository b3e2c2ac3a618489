#!/usr/bin/python3
"""make_edges.py - what a convolution with mirrored borders should give.

Computes scipy.signal.convolve2d(x, k, boundary='symm', mode='same') in double
precision for the kernels of ch06_cnn/edges.c and for kernels of noise, which
are not symmetric in any way, on pictures down to a single pixel. Writes
edges.txt beside itself, which tests/ch06/test_edges.c reads: nobody needs SciPy
to run the tests.

    /usr/bin/python3 tests/golden/make_edges.py   (Debian: python3-scipy)

Then the lecture's own case, convolve2d(face, flt, ...).astype("int32") with
both flt of its code, exact to the last digit: on `face`, a color picture of
6 x 7, and on the picture that edges.c draws, of which only the rows' and the
columns' sums, the least, the most and the upper left corner are kept.

.allowed is how far a float32 sum of n products may be off: (n + 2) eps times
the sum of their sizes, which is the same convolution without signs.
"""

import os

import numpy as np
from scipy.signal import convolve2d

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "edges.txt")
out = open(path, "w", newline="\n")
out.write("# Written by make_edges.py: do not edit.\n")


def add(name, values):
    out.write(f"{name} {list(values.shape)}\n")
    values = values.reshape(-1).tolist()
    for i in range(0, len(values), 6):
        out.write(" ".join(f"{v:.9g}" for v in values[i:i + 6]) + "\n")


def single(x):
    """Rounded to float32, so that C starts from the same numbers."""
    return x.astype(np.float32).astype(np.float64)


def symm(x, k):
    return convolve2d(x, k, boundary="symm", mode="same")


binomial = np.array([1.0, 4, 6, 4, 1])
sobel = np.array([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
random = np.random.RandomState(6)
kernels = {
    "blur": np.outer(binomial, binomial) / 256,
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "G_x": sobel,
    "G_y": sobel.T,
    "laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "noise3": single(random.uniform(-1, 1, (3, 3))),
    "noise5": single(random.uniform(-1, 1, (5, 5))),
}
add("noise3", kernels["noise3"])
add("noise5", kernels["noise5"])
for shape in [(1, 1), (1, 4), (3, 1), (2, 3), (7, 9), (12, 5)]:
    size = f"{shape[0]}x{shape[1]}"
    x = single(random.uniform(0, 1, shape))
    add(size, x)
    for name, k in kernels.items():
        y = symm(x, k)
        assert y.shape == x.shape
        add(f"{size}.{name}", y)
        add(f"{size}.{name}.allowed",
            (k.size + 2) * 2.0 ** -23 * symm(np.abs(x), np.abs(k)))


# ---- The lecture's case ------------------------------------------------------

FLTS = {
    "sobel_x": np.array([[-1, 0, 1],
                         [-2, 0, 2],
                         [-1, 0, 1]]),
    "sobel_y": np.array([[1, 2, 1],
                         [0, 0, 0],
                         [-1, -2, -1]]),
    "typed": np.array([[0.5, -3, 0.25], [2, 1, -1.5], [0, 4, -0.75]]),
}


def flatten(rgb):
    """What misc.imread(flatten=True) makes of whole R, G, B: mode "F"."""
    gray = rgb.astype(np.int64) @ np.array([299, 587, 114])
    return gray.astype(np.float32) / np.float32(1000)


def case(face, flt):
    return convolve2d(face, flt, boundary="symm", mode="same").astype("int32")


def imshow(grad):
    """Which of the 256 grays imshow(grad, cmap="gray") gives each value."""
    part = (grad - grad.min()) / (grad.max() - grad.min())
    return np.minimum(np.floor(256 * part), 255)


def scene():
    """edges.c's picture, step by step in single precision."""
    f = np.float32
    at = (np.arange(640, dtype=f) + f(0.5)) * f(1 / 640)
    x, y = np.meshgrid(at, at)
    b = f(0.45) + f(0.4) * y
    b[y > f(0.75) + f(0.03) * np.sin(f(9) * x)] = 0.35
    b[np.hypot(x - f(0.78), y - f(0.2)) < f(0.1)] = 1
    b[(x > f(0.66)) & (y > f(0.6)) & (y < f(0.85)) &
      (np.fmod(x, f(0.06)) < f(0.025))] = 0.95
    b[(np.abs(x - f(0.36)) < f(0.22)) & (y > f(0.45)) & (y < f(0.85))] = 0.8
    b[(np.abs(x - f(0.36)) < f(1.2) * (y - f(0.2))) & (y < f(0.45))] = 0.15
    b[(np.abs(x - f(0.27)) < f(0.06)) & (y > f(0.6)) & (y < f(0.85))] = 0.25
    window = np.hypot(x - f(0.46), y - f(0.62)) < f(0.07)
    bar = np.abs(x - f(0.46)) < f(0.01)
    b[window & bar] = 0.8
    b[window & ~bar] = 0.3
    total = np.zeros((160, 160), dtype=f)
    for i in range(4):
        for j in range(4):
            total += b[i::4, j::4]
    gray = np.rint(255000 * (total / f(16)).astype(np.float64))
    return gray.astype(f) / f(1000)


rgb = random.randint(0, 256, (6, 7, 3))
add("face", rgb.reshape(6, 21))
for name, flt in FLTS.items():
    grad = case(flatten(rgb), flt)
    add(f"face.{name}", grad)
    add(f"face.{name}.imshow", imshow(grad))
for name in ["sobel_x", "sobel_y"]:
    grad = case(scene(), FLTS[name])
    add(f"scene.{name}.range", np.array([grad.min(), grad.max()]))
    add(f"scene.{name}.corner", grad[:5, :5])
    add(f"scene.{name}.rows", grad.sum(axis=1))
    add(f"scene.{name}.columns", grad.sum(axis=0))
