#!/usr/bin/python3
"""make_edges.py - what a convolution with mirrored borders should give.

Computes scipy.signal.convolve2d(x, k, boundary='symm', mode='same') in double
precision for the kernels of ch06_cnn/edges.c and for kernels of noise, which
are not symmetric in any way, on pictures down to a single pixel. Writes
edges.txt beside itself, which tests/ch06/test_edges.c reads: nobody needs SciPy
to run the tests.

    /usr/bin/python3 tests/golden/make_edges.py   (Debian: python3-scipy)

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
    "sobel_x": sobel,
    "sobel_y": sobel.T,
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
