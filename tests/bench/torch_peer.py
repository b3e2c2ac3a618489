"""The same LeNet in PyTorch, on random pictures: training samples per second.

usage: torch_peer.py THREADS      prints "samples/s N", the median of 5 rounds.
"""

import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

BATCH, STEPS, ROUNDS = 64, 15, 5


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5, padding=2)
        self.conv2 = nn.Conv2d(20, 50, 5)
        self.fc1 = nn.Linear(1250, 500)
        self.fc2 = nn.Linear(500, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.manual_seed(1)
    net = LeNet()
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
