"""Antipodal pairs ("digons"): how many are worth making, and at what loss.

n features of decreasing importance, m hidden dimensions, feature probability p. With k pairs the
model represents its m + k most important features, the 2k least important of them in antipodal
pairs at b = 0, the others on a dimension of their own:

    L(k) = (p²/6) Σ_paired I_i + σ² Σ_dropped I_i,    σ² = p/3 − p²/4.

A pair loses only when both its features are active: E[min(x, y)²] = 1/6 for each. A dropped
feature is set to its mean by the bias and leaves its variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from tegum.arguments import array, whole
from tegum.dims import F64
from tegum.theory._arrays import Numbers, per_feature, probability
from tegum.theory.linear import uniform_variance


@dataclass(frozen=True)
class DigonPacking:
    """The best number of antipodal pairs and what follows from it.

    Args:
        pairs: their number k.
        loss: L(k).
        represented: how many features have a direction, m + k of them if there are so many.
        dedicated: how many dimensions hold a single feature, m − k.
        losses: L(k) for k = 0 … min(n_hidden, n_features − n_hidden).

    Source: "Demonstrating Superposition: Basic Results".
    """

    pairs: int
    loss: float
    represented: int
    dedicated: int
    losses: tuple[float, ...]


def digon_losses(
    importance: Numbers, n_hidden: int, feature_probability: float
) -> Float[F64, " pairs"]:
    """L(k) for every possible number of pairs k = 0, 1, ….

    Args:
        importance: I >= 0 of the features, (feature,), in any order.
        n_hidden: m >= 1.
        feature_probability: p in [0, 1], of all features.

    Returns:
        The losses, (pairs,), from k = 0.

    Raises:
        SpecError: for n_hidden < 1, p outside [0, 1], or an importance < 0.

    Source: "Demonstrating Superposition: Basic Results".
    """
    n_hidden = whole("digon_packing", "n_hidden", n_hidden, "must be an integer >= 1", 1)
    p = probability("digon_packing", feature_probability)
    row = array("digon_packing", "importance", importance)
    n = row.size
    weight = np.sort(per_feature("digon_packing", "importance", row, n))[::-1]
    total = np.concatenate([[0.0], np.cumsum(weight)])
    pairs = np.arange(max(0, min(n_hidden, n - n_hidden)) + 1)
    represented = np.minimum(n_hidden + pairs, n)
    paired = total[represented] - total[represented - 2 * pairs]
    dropped = total[-1] - total[represented]
    return np.asarray(p * p / 6 * paired + uniform_variance(p) * dropped)


def digon_packing(importance: Numbers, n_hidden: int, feature_probability: float) -> DigonPacking:
    """The number of pairs that minimises L(k); of equal losses the fewest pairs.

    Args:
        importance: I >= 0 of the features, (feature,), in any order.
        n_hidden: m >= 1.
        feature_probability: p in [0, 1], of all features.

    Returns:
        The packing, with the losses of all the others.

    Raises:
        SpecError: as `digon_losses`.

    Source: "Demonstrating Superposition: Basic Results".
    """
    losses = digon_losses(importance, n_hidden, feature_probability)
    k = int(np.argmin(losses))
    held = min(n_hidden, np.size(importance))
    return DigonPacking(
        pairs=k,
        loss=float(losses[k]),
        represented=held + k,
        dedicated=held - k,
        losses=tuple(float(value) for value in losses),
    )
