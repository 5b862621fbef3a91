"""A decoder of embedded features as one has it in a notebook of PyTorch.

Features and their chances as whole matrices, two linear layers, autograd, fused Adam: as published,
but for LAMB, which PyTorch has not.
"""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import nn


class Loop:
    """n features in m fixed random dimensions, decoded by k neurons, on one thread."""

    def __init__(self, n: int, m: int, k: int, p: float, batch: int, bias: float) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.shape, self.p = (batch, n), p
        columns = torch.linalg.svd(torch.randn(n, m), full_matrices=False)[0]
        self.embedder = columns / columns.norm(dim=1, keepdim=True)
        first = nn.Linear(m, k)
        with torch.no_grad():
            first.bias += bias
        self.model = nn.Sequential(first, nn.ReLU(), nn.Linear(k, n, bias=False))
        self.adam = torch.optim.Adam(self.model.parameters(), lr=3e-3, fused=True)

    def step(self) -> None:
        """One step on fresh samples."""
        on = torch.bernoulli(torch.full(self.shape, self.p))
        x = torch.rand(self.shape) * on
        loss: Any = ((self.model(x @ self.embedder) - x) ** 2).sum() / len(x)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()

    def rate(self, steps: int) -> float:
        """Steps a CPU second."""
        self.step()
        began = time.process_time()
        for _ in range(steps):
            self.step()
        return steps / (time.process_time() - began)
