"""Expected losses and gradients of ReLU outputs in rational arithmetic: slow, and without error.

For u uniform on the unit box and coefficients c that are not 0, summing over its corners v,

    E[(t + c·u)₊^p] = p! / ((p + k)! Π c) Σ_v (−1)^{k − |v|} (t + c·v)₊^{p + k},

and powers of u are integrated by parts. In floating point small c would cancel all digits.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import factorial, prod
from typing import Any, NamedTuple

import numpy as np

import tegum as tg

Numbers = tuple[Fraction, ...]


class Exact(NamedTuple):
    """Loss, and its derivatives by A = W_out W_in and by b."""

    loss: float
    by_A: np.ndarray[Any, Any]
    by_b: np.ndarray[Any, Any]


def moment(c: Numbers, r: tuple[int, ...], t: Fraction, p: int) -> Fraction:
    """E[Π u^r (t + c·u)₊^p]; for p = 0 of the indicator of t + c·u > 0."""
    for q, (slope, power) in enumerate(zip(c, r, strict=True)):
        others = c[:q] + c[q + 1 :], r[:q] + r[q + 1 :]
        if slope == 0:
            return moment(*others, t, p) / (power + 1)
        if power > 0:
            lower = moment(c, (*r[:q], power - 1, *r[q + 1 :]), t, p + 1)
            return (moment(*others, t + slope, p + 1) - power * lower) / ((p + 1) * slope)
    k, total = len(c), Fraction(0)
    for corner in product((0, 1), repeat=k):
        z = t + sum((s for s, v in zip(c, corner, strict=True) if v), Fraction(0))
        if z > 0:
            total += (-1) ** (k - sum(corner)) * z ** (p + k)
    return total * factorial(p) / (factorial(p + k) * prod(c, start=Fraction(1)))


def exact(problem: tg.Problem, A: Any, b: Any) -> Exact:
    """The loss of x' = ReLU(A x + b) for independent features, uniform on [0, 1] where active."""
    n = problem.n_features
    p = [Fraction(block.probability) for block in problem.distribution.blocks()]
    loss, by_A, by_b = Fraction(0), np.zeros((n, n)), np.zeros(n)
    for i in range(n):
        a, t = [Fraction(float(value)) for value in A[i]], Fraction(float(b[i]))
        weight = Fraction(float(problem.importance_vector()[i]))
        slope, slopes = Fraction(0), [Fraction(0)] * n
        for pattern in product((0, 1), repeat=n):
            chance = prod((q if on else 1 - q for q, on in zip(p, pattern, strict=True)))
            if chance == 0:
                continue
            active = [j for j in range(n) if pattern[j]]
            value, by_t, by_c = _pattern(i, active, tuple(a[j] for j in active), t)
            loss += weight * chance * value
            slope += weight * chance * by_t
            for j, derivative in zip(active, by_c, strict=True):
                slopes[j] += weight * chance * derivative
        by_b[i], by_A[i] = float(slope), [float(value) for value in slopes]
    return Exact(float(loss), by_A, by_b)


def _pattern(
    i: int, active: list[int], c: Numbers, t: Fraction
) -> tuple[Fraction, Fraction, list[Fraction]]:
    """E[(x_i − R)²] with these features active, and its derivatives by t and by c."""

    def mean(*features: int, p: int) -> Fraction:
        return moment(c, tuple(features.count(j) for j in active), t, p)

    own = i in active
    value = mean(p=2)
    if own:
        value += Fraction(1, 3) - 2 * mean(i, p=1)
    by_t = 2 * (mean(p=1) - (mean(i, p=0) if own else 0))
    by_c = [2 * (mean(j, p=1) - (mean(i, j, p=0) if own else 0)) for j in active]
    return value, by_t, by_c


def pull_back(W: Any, by_A: Any) -> Any:
    """dL/dW of A = WᵀW."""
    return np.asarray(W) @ (by_A + by_A.T)
