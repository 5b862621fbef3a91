"""Many sparse autoencoders in one stack of PyTorch tensors: the loop that notebooks have.

Fresh activations of a toy model each step, ReLU codes with a price on their sum, fused Adam, atoms
of norm 1.
"""

from __future__ import annotations

import time
from typing import Any

import torch
import torch.nn.functional as F


class Stack:
    """`count` dictionaries of `latents` atoms on h = T x, on one thread."""

    def __init__(self, n: int, m: int, latents: int, count: int, p: float, batch: int) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.shape, self.p = (count, batch, n), p
        self.truth = F.normalize(torch.randn(n, m), dim=1)
        atoms = F.normalize(torch.randn(count, latents, m), dim=2)
        starts = (torch.randn(count, m, latents) * 0.3, torch.zeros(count, 1, latents))
        self.encoder, self.offset, self.decoder, self.bias = (
            torch.nn.Parameter(start) for start in (*starts, atoms, torch.zeros(count, 1, m))
        )
        every = [self.encoder, self.offset, self.decoder, self.bias]
        self.adam = torch.optim.Adam(every, lr=1e-3, fused=True)

    def step(self, bmm: bool) -> None:
        """One step of them all, by batched products or by einsum."""
        on = torch.rand(self.shape) <= self.p
        h = torch.where(on, torch.rand(self.shape), torch.zeros(())) @ self.truth
        if bmm:
            codes = F.relu(torch.baddbmm(self.offset, h - self.bias, self.encoder))
            rebuilt = torch.baddbmm(self.bias, codes, self.decoder)
        else:
            codes = F.relu(torch.einsum("kbm,kml->kbl", h - self.bias, self.encoder) + self.offset)
            rebuilt = torch.einsum("kbl,klm->kbm", codes, self.decoder) + self.bias
        missed = ((rebuilt - h) ** 2).sum(2).mean(1).sum()
        loss: Any = missed + 1e-2 * codes.sum(2).mean(1).sum()
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        with torch.no_grad():
            self.decoder.div_(self.decoder.norm(dim=2, keepdim=True))

    def rate(self, steps: int) -> float:
        """Dictionary-steps a CPU second, of the faster way."""
        found = []
        for bmm in (True, False):
            self.step(bmm)
            began = time.process_time()
            for _ in range(steps):
                self.step(bmm)
            found.append(self.shape[0] * steps / (time.process_time() - began))
        return max(found)
