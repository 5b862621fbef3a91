"""Sparse vectors out of fewer numbers: Lemma 1 of the appendix as it is run, and l1 beside it.

y = W x has m numbers of the n of x >= 0, of which k are not 0. The lemma keeps the k largest of
what the toy model makes of y, x̃ = ReLU(Wᵀy + b), and solves W x' = y on these; l1 recovery finds
the x' >= 0 of smallest sum with W x' = y.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.arguments import number
from tegum.dims import F64, I64

#: Vectors are recovered when no entry is off by more.
EXACT: Final = 1e-6


def support(x: F64, k: int) -> I64:
    """The positions of the k largest entries of x (n,), ascending; k from 0 to n."""
    return np.sort(np.argpartition(x, -k)[len(x) - k :]) if k else np.zeros(0, np.int64)


def lemma(W: F64, b: F64, y: F64, k: int) -> F64:
    """x' (n,) of y (m,) with W (m, n) and b (n,): keep the top k, solve on their support."""
    kept = support(W.T @ y + b, k)
    out = np.zeros(W.shape[1])
    out[kept] = np.linalg.lstsq(W[:, kept], y, rcond=None)[0]
    return out


def least_sum(W: F64, y: F64) -> F64:
    """x' (n,) >= 0 with W x' = y (m,) and the smallest sum, by linear programming."""
    from scipy.optimize import linprog  # type: ignore[attr-defined]

    ones = np.ones(W.shape[1])
    found = linprog(ones, A_eq=W, b_eq=y, method="highs")  # type: ignore[no-untyped-call]
    return np.asarray(found.x if found.x is not None else np.full(W.shape[1], np.inf))


def known_curve(ratio: float) -> float:
    """k/m up to which l1 finds x >= 0, n → ∞, from Gaussian W with m/n = `ratio` in (0, 1].

    max_z [1 − τ(z)/δ] / [1 + z² − τ(z)], τ(z) = (1 + z²)Φ(−z) − z φ(z), z >= 0: the formula of
    Donoho, Maleki and Montanari (2009) for Donoho and Tanner's transition.
    """
    from scipy.special import ndtr

    ratio = number("known_curve", "ratio", ratio, "must be in (0, 1]", lambda r: 0 < r <= 1)
    z = np.linspace(0.0, 8.0, 8001)
    tail = (1 + z * z) * ndtr(-z) - z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    return float(np.max((1 - tail / ratio) / (1 + z * z - tail)))


def gaussian(random: np.random.Generator, m: int, n: int) -> F64:
    """A random matrix W (m, n) with columns of length 1."""
    W = random.standard_normal((m, n))
    return np.asarray(W / np.linalg.norm(W, axis=0))


def sparse(random: np.random.Generator, n: int, k: int, *, alike: bool) -> F64:
    """x (n,) with k entries at random places: 1, or uniform on [0, 1]."""
    x = np.zeros(n)
    x[random.choice(n, k, replace=False)] = 1.0 if alike else random.random(k)
    return x


def half_way(rho: F64, recovered: F64) -> float:
    """The k/m at which half of the vectors are recovered, between those tried; 0 below them all.

    `rho` ascends; a part that is recovered again at a larger k/m does not count.
    """
    falling = np.minimum.accumulate(np.concatenate([[1.0], recovered]))
    places = np.concatenate([[0.0], rho])
    below = np.flatnonzero(falling < 0.5)
    if not below.size:
        return float(places[-1])
    k = below[0]
    share = (falling[k - 1] - 0.5) / (falling[k - 1] - falling[k])
    return float(places[k - 1] + share * (places[k] - places[k - 1]))
