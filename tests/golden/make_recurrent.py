#!/usr/bin/python3
"""make_recurrent.py - what RNN, LSTM and GRU should give.

Runs PyTorch's nn.RNN, nn.LSTM and nn.GRU in double precision over a few short
sequences and writes inputs, weights, every state and every gradient, rounded to
float32, to recurrent.safetensors beside itself. tests/test_recurrent.c reads
it, so nobody needs PyTorch to run the tests.

    /usr/bin/python3 tests/golden/make_recurrent.py   (Debian: python3-torch)

The loss is the sum of dh * h_t over all steps, for a given dh.
"""

import json
import pathlib
import struct

import torch

T, N, D, H = 6, 2, 3, 17
WEIGHTS = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]


def noise(*shape):
    """Even in [-1, 1), exact in float32."""
    return torch.randint(-(2**20), 2**20, shape).double() / 2**20


def run(kind, module):
    cell = module(D, H).double()
    x, h0, c0 = noise(T, N, D), noise(1, N, H), noise(1, N, H)
    weights = [getattr(cell, name) for name in WEIGHTS]
    for w in weights:
        w.data = noise(*w.shape) / 2
    for leaf in (x, h0, c0):
        leaf.requires_grad_()
    start = (h0, c0) if kind == "lstm" else h0
    h, last = cell(x, start)
    dh = noise(T, N, H)
    h.backward(dh)
    yield "x", x
    yield "h0", h0[0]
    yield "dh", dh
    yield "h", h
    yield "dx", x.grad
    yield "dh0", h0.grad[0]
    for name, w in zip(WEIGHTS, weights):
        yield name, w
        yield "d" + name, w.grad
    if kind == "lstm":
        yield "c0", c0[0]
        yield "c_last", last[1][0]
        yield "dc0", c0.grad[0]


def main():
    torch.manual_seed(7)
    torch.set_num_threads(1)
    header, data = {}, b""
    for kind, module in [("rnn", torch.nn.RNN), ("lstm", torch.nn.LSTM),
                         ("gru", torch.nn.GRU)]:
        for name, tensor in run(kind, module):
            values = tensor.detach().reshape(-1).tolist()
            packed = struct.pack(f"<{len(values)}f", *values)
            header[f"{kind}.{name}"] = {
                "dtype": "F32",
                "shape": list(tensor.shape),
                "data_offsets": [len(data), len(data) + len(packed)],
            }
            data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(__file__).parent / "recurrent.safetensors"
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


main()
