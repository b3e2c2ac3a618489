#!/usr/bin/python3
"""make_channels.py - what the layers of the classic nets should give.

Computes in double precision and writes channels.txt beside itself, which
tests/test_channels.c and tests/test_batchnorm.c read: nobody needs PyTorch to
run the tests.

    /usr/bin/python3 tests/golden/make_channels.py   (Debian: python3-torch)
"""

import torch
import torch.nn.functional as F

from make_golden import Golden, leaf, noise

g = Golden("channels.txt", "make_channels.py")

# PyTorch divides alpha by the size, the paper and channels.h do not
for name, channels, size, k, alpha, beta in [
    ("lrn5", 7, 5, 2.0, 1e-4, 0.75),
    ("lrn3", 4, 3, 1.0, 0.5, 0.75),
    ("lrn9", 3, 9, 1.0, 2.0, 0.5),
]:
    x = leaf(40, 2, channels, 2, 3)
    g.add_layer(name, {"x": x},
                F.local_response_norm(x, size, alpha * size, beta, k))

a, b, c = leaf(41, 2, 2, 2, 3), leaf(42, 2, 1, 2, 3), leaf(43, 2, 3, 2, 3)
g.add_layer("concat", {"a": a, "b": b, "c": c}, torch.cat([a, b, c], 1))

x = leaf(44, 3, 4, 3, 5)
g.add_layer("average", {"x": x}, x.mean((2, 3)))

for size in [3, 5]:
    x = leaf(45, 2, 2, 4, 6)
    g.add_layer(f"maxpool_same{size}", {"x": x},
                F.max_pool2d(x, size, 1, size // 2))

# two training batches, then the second one in use
bn = torch.nn.BatchNorm2d(3).double()
bn.weight.data, bn.bias.data = noise(46, 3), noise(47, 3)
g.add("bn.gamma", bn.weight)
g.add("bn.beta", bn.bias)
first = noise(48, 2, 3, 4, 5)
x = (2 * noise(49, 2, 3, 4, 5) + 3).requires_grad_()
g.add("bn.first", first)
bn(first)
g.add_layer("bn", {"x": x}, bn(x))
g.add("bn.dgamma", bn.weight.grad)
g.add("bn.dbeta", bn.bias.grad)
g.add("bn.running_mean", bn.running_mean)
g.add("bn.running_var", bn.running_var)
bn.eval()
g.add("bn.used", bn(x))
