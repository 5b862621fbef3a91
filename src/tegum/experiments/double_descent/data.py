"""Rows of sparse features of length 1: few of them to train on, others to test."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64
from tegum.distributions import Independent

#: Active features of a row, on average; those of the paper, n = 10,000 at 1−S = 0.001.
ACTIVE: Final = 10.0
_RUN: Final = 61


class Rows(NamedTuple):
    """Training rows, of which the first T are taken, and rows to test on: (rows, n) each."""

    train: F64
    test: F64


def rows(n: int, train: int, test: int, more: int = 0) -> Rows:
    """Independent features, uniform when active, scaled to length 1; no row is all zero.

    `more` training rows follow the others, which are the same without them.
    """
    law = Independent(n_features=n, feature_probability=ACTIVE / n)
    rng = np.random.default_rng(_RUN)
    found = Rows(_unit(law, rng, train), _unit(law, rng, test))
    if not more:
        return found
    return found._replace(train=np.concatenate([found.train, _unit(law, rng, more)]))


def _unit(law: Independent, rng: np.random.Generator, count: int) -> F64:
    x = np.asarray(law.sample(rng, count), dtype=np.float64)
    empty = np.flatnonzero(~x.any(axis=1))
    while empty.size:
        x[empty] = law.sample(rng, empty.size)
        empty = empty[~x[empty].any(axis=1)]
    return np.asarray(x / np.linalg.norm(x, axis=1, keepdims=True))


def loss_of(W: F64, b: F64, x: F64) -> float:
    """The mean over rows of Σ_i (x_i − x'_i)², a few rows at a time, which stay in the cache."""
    total = 0.0
    for part in np.array_split(x, -(-len(x) // 128)):
        total += float(np.square(part - np.maximum(part @ W.T @ W + b, 0.0)).sum())
    return total / len(x)


def data_dimensionality(W: F64, x: F64) -> F64:
    """D_X = ‖h‖² / Σ_j (ĥ·h_j)² of every row, (T,); 0 for a row whose h is 0."""
    h = x @ W.T
    length = np.linalg.norm(h, axis=1)
    unit = h / np.where(length > 0, length, 1.0)[:, None]
    # Σ_j (ĥ·h_j)² = ĥᵀ (Σ_j h_j h_jᵀ) ĥ
    shared = np.einsum("ti,ij,tj->t", unit, h.T @ h, unit)
    return np.asarray(np.divide(length**2, shared, out=np.zeros_like(shared), where=shared > 0))
