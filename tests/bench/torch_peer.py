"""The same nets in PyTorch, on random pictures: training samples per second.

usage: torch_peer.py mlp|lenet|simple|lstm|gru|rnn THREADS
prints "samples/s N", the median of 5 rounds.
"""

import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH, STEPS, ROUNDS = 64, 15, 5


class Mlp(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(),
                         nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))


class LeNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 20, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(1250, 500), nn.ReLU(), nn.Linear(500, 10))


class Simple(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 30, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(4320, 100), nn.ReLU(), nn.Linear(100, 10))


class Recurrent(nn.Module):
    def __init__(self, cell):
        super().__init__()
        self.cell = cell(28, 128, batch_first=True)
        self.fc = nn.Linear(128, 10)

    def forward(self, x):
        return self.fc(self.cell(x[:, 0])[0][:, -1])


NETS = {"mlp": Mlp, "lenet": LeNet, "simple": Simple,
        "lstm": lambda: Recurrent(nn.LSTM),
        "gru": lambda: Recurrent(nn.GRU),
        "rnn": lambda: Recurrent(nn.RNN)}


def main():
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(1)
    net = NETS[sys.argv[1]]()
    adam = torch.optim.Adam(net.parameters(), 1e-3)
    x = torch.rand(BATCH, 1, 28, 28)
    labels = torch.randint(0, 10, (BATCH,))
    rates = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        for _ in range(STEPS):
            adam.zero_grad()
            F.cross_entropy(net(x), labels).backward()
            adam.step()
        rates.append(BATCH * STEPS / (time.perf_counter() - start))
    print(f"samples/s {sorted(rates[1:])[ROUNDS // 2]:.0f}")


main()
