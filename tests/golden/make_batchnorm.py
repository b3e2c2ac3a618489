#!/usr/bin/python3
"""make_batchnorm.py - what batch normalization should give.

Computes in double precision and writes batchnorm.txt beside itself, which
tests/test_batchnorm.c reads: nobody needs PyTorch to run the tests.

    /usr/bin/python3 tests/golden/make_batchnorm.py   (Debian: python3-torch)

Each line is a name and its numbers: two training batches of [5, 3], the
gradients of the second for a loss sum(y * weight), then the same batch in use.
"""

import os

import torch

torch.manual_seed(5)
path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "batchnorm.txt")
out = open(path, "w", newline="\n")


def add(name, values):
    values = values.detach().double().reshape(-1).tolist()
    out.write(name + " " + " ".join(f"{v:.9g}" for v in values) + "\n")


def single(*shape):
    """Rounded to float32, so that C starts from the same numbers."""
    return torch.randn(*shape, dtype=torch.float32).double()


bn = torch.nn.BatchNorm1d(3).double()
bn.weight.data = single(3)
bn.bias.data = single(3)
first = single(5, 3)
x = (2 * single(5, 3) + 3).float().double().requires_grad_()
weight = single(5, 3)
add("gamma", bn.weight)
add("beta", bn.bias)
add("first", first)
add("x", x)
add("weight", weight)
bn(first)
y = bn(x)
(y * weight).sum().backward()
add("y", y)
add("dx", x.grad)
add("dgamma", bn.weight.grad)
add("dbeta", bn.bias.grad)
add("running_mean", bn.running_mean)
add("running_var", bn.running_var)
bn.eval()
add("used", bn(x))
out.close()
