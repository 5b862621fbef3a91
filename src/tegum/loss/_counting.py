"""Sums of independent features by how many of them are active.

Feature j is active with probability p_j. What is known of the number k of active features does
not change when all odds p/(1 − p) get one factor; here they have the geometric mean 1, so that no
number of active features is too rare for the arithmetic. A feature with p = 1 stays so, and one
with p = 0 beside others that are active now and then.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F64


class Steps(NamedTuple):
    """What one feature more does to a quantity known by the number k of active features.

    With f the quantity that the feature's activity makes of one for k − 1, the quantity for k
    becomes off[step, k] times itself plus on[step, k] times f. `chance[k]` is P(k) in the end.
    """

    off: F64  # (features, K + 1)
    on: F64  # (features, K + 1)
    chance: F64  # (K + 1,)


def tilted(probability: F64) -> F64:
    """Probabilities with the same odds up to one factor, their geometric mean being 1."""
    if not probability.any():
        return np.full_like(probability, 0.5)
    free = (probability < 1) & (probability > 0)
    log_odds = np.log(probability[free]) - np.log1p(-probability[free])
    even = probability.copy()
    if free.any():
        even[free] = 1 / (1 + np.exp(log_odds.mean() - log_odds))
    return even


def chances(probability: F64, most: int) -> F64:
    """P(k active) for k = 0 … most, shape (most + 1,)."""
    return steps(probability, most).chance


def steps(probability: F64, most: int) -> Steps:
    """The weights of adding features one after the other, up to `most` active ones."""
    off, on = np.zeros((2, len(probability), most + 1))
    chance = np.zeros(most + 1)
    chance[0] = 1.0
    for number, p in enumerate(probability):
        idle = (1 - p) * chance
        busy = np.concatenate([[0.0], p * chance[:-1]])
        chance = idle + busy
        np.divide(idle, chance, out=off[number], where=chance > 0)
        np.divide(busy, chance, out=on[number], where=chance > 0)
    return Steps(off, on, chance)


def moments(plan: Steps, mean: F64, square: F64) -> tuple[F64, F64]:
    """E[Y] and E[Y²] given k, each (K + 1,), of Y = Σ_j y_j.

    `mean` and `square`, (features,): E[y_j] and E[y_j²] when j is active.
    """
    first, second = np.zeros((2, plan.off.shape[1]))
    for off, on, one, two in zip(plan.off, plan.on, mean, square, strict=True):
        before, twice = np.roll(first, 1), np.roll(second, 1)
        second = off * second + on * (twice + 2 * one * before + two)
        first = off * first + on * (before + one)
    return first, second


def characteristic(plan: Steps, phi: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """E[e^{iωY}] given k, (K + 1, nodes); `phi` (features, nodes) when a feature is active.

    The coefficients of y^k in Π_j (1 − p_j + y p_j φ_j), each divided by P(k).
    """
    most = plan.off.shape[1] - 1
    found = np.zeros((most + 1, phi.shape[1]), np.complex128)
    found[0] = 1.0
    room = np.empty_like(found)
    for number, one in enumerate(phi):
        top = min(number + 1, most)
        grown = room[:top]
        np.multiply(found[:top], one, out=grown)
        grown *= plan.on[number, 1 : top + 1, None]
        found[1 : top + 1] *= plan.off[number, 1 : top + 1, None]
        found[1 : top + 1] += grown
        found[0] *= plan.off[number, 0]
    return found


def without_one(factors: F64) -> F64:
    """Π_{l≠j} of the factors, for each j."""
    ahead = np.concatenate([[1.0], np.cumprod(factors)])[:-1]
    behind = np.concatenate([[1.0], np.cumprod(factors[::-1])])[:-1][::-1]
    return np.asarray(ahead * behind)
