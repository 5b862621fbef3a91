"""Targets y = t(x) on tensors (N, n, batch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch import Tensor

from tegum.targets import Elementwise, LinearMap, Pairs

if TYPE_CHECKING:
    from tegum.problem import Problem

#: By the names of `targets.NAMED`.
NAMED: Final[dict[str, Callable[[Tensor], Tensor]]] = {
    "x": lambda x: x,
    "abs": torch.abs,
    "relu": torch.relu,
    "square": torch.square,
    "cube": lambda x: x * x * x,
    "sign": torch.sign,
    "step": lambda x: (x > 0).to(x.dtype),
}

#: By the names of `targets.pairs.OPERATIONS`.
_PAIRS: Final[dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "product": torch.mul,
    "min": torch.minimum,
    "max": torch.maximum,
    "distance": lambda u, v: (u - v).abs_(),
}


def target_of(problem: Problem, device: torch.device) -> Callable[[Tensor], Tensor]:
    """The function t; one that is only known in numpy is asked there."""
    target = problem.target
    if isinstance(target, str):
        return NAMED[target]
    if isinstance(target, Elementwise):
        return _table(target, device)
    if isinstance(target, Pairs):
        return _pairs(target, problem.n_features)
    if isinstance(target, LinearMap):
        return _map(target, problem.n_features, device)
    return lambda x: _by_numpy(problem, x)


def _table(target: Elementwise, device: torch.device) -> Callable[[Tensor], Tensor]:
    last = len(target.table) - 1
    across = last / (target.high - target.low)

    def values(x: Tensor) -> Tensor:
        table = torch.tensor(target.table, device=device, dtype=x.dtype)
        at = (x - target.low) * across
        knot = at.floor().clamp_(0, last - 1)
        low = knot.long()
        return table[low] + (at - knot) * (table[low + 1] - table[low])

    return values


def _pairs(target: Pairs, n: int) -> Callable[[Tensor], Tensor]:
    first, second = (list(column) for column in zip(*target.pairs_of(n), strict=True))
    operation = _PAIRS[target.operation]

    def values(x: Tensor) -> Tensor:
        y = torch.zeros_like(x)
        y[:, : len(first)] = operation(x[:, first], x[:, second])
        return y

    return values


def _map(target: LinearMap, n: int, device: torch.device) -> Callable[[Tensor], Tensor]:
    square = torch.zeros(n, n, device=device, dtype=torch.float64)
    square[: len(target.matrix)] = torch.tensor(target.matrix, dtype=torch.float64)
    return lambda x: square.to(x.dtype).expand(len(x), n, n) @ x


def _by_numpy(problem: Problem, x: Tensor) -> Tensor:
    samples = x.transpose(1, 2).reshape(-1, x.shape[1]).cpu().numpy()
    y = problem.target_of(samples).reshape(x.shape[0], x.shape[2], -1)
    return torch.from_numpy(np.ascontiguousarray(y)).to(x.device, x.dtype).transpose(1, 2)
