"""How sets of features lie to each other: cosines within sets, across them, and opposites.

`W` is as in `tegum.analysis.geometry`: (..., hidden, feature), plain or labelled. `sets` (feature,)
gives the number of the set that each feature belongs to. Source: paper, "Correlated and
Anticorrelated Features" and "Learning as Geometric Transformations".
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from tegum.analysis import geometry
from tegum.analysis._arrays import Array, lift
from tegum.dims import F64, FEATURE, I64, Bools
from tegum.errors import SpecError

#: The dimension of pairs of features.
PAIR: Final = "pair"


def within_cosines(W: Array, sets: ArrayLike) -> Array:
    """Ŵ_i·Ŵ_j of all pairs i < j of one set, (..., pair), in [−1, 1]."""
    return lift(lambda w: _pairs(w, sets, same=True), W, (PAIR,))


def between_cosines(W: Array, sets: ArrayLike) -> Array:
    """Ŵ_i·Ŵ_j of all pairs i < j of different sets, (..., pair), in [−1, 1]."""
    return lift(lambda w: _pairs(w, sets, same=False), W, (PAIR,))


def opposites(W: Array, sets: ArrayLike) -> Array:
    """min_j Ŵ_i·Ŵ_j over the features j of other sets, (..., feature).

    −1: some feature of another set is antipodal to feature i; 0 where there is no other set.
    """

    def least(w: F64) -> F64:
        known = _checked(w, sets)
        other = known[:, None] != known[None, :]
        cosines = np.where(other, np.asarray(geometry.cosines(w)), np.inf).min(-1)
        return np.where(np.isinf(cosines), 0.0, cosines)

    return lift(least, W, (FEATURE,))


def set_cosines(W: Array, sets: ArrayLike) -> Array:
    """Cosines between the mean directions Σ W_i of different sets, (..., pair) in [−1, 1]."""

    def between(w: F64) -> F64:
        known = _checked(w, sets)
        means = np.stack([w[..., known == k].sum(-1) for k in np.unique(known)], axis=-1)
        i, j = np.triu_indices(means.shape[-1], 1)
        return np.asarray(geometry.cosines(means))[..., i, j]

    return lift(between, W, (PAIR,))


def _pairs(w: F64, sets: ArrayLike, *, same: bool) -> F64:
    known = _checked(w, sets)
    i, j = np.triu_indices(len(known), 1)
    chosen: Bools = (known[i] == known[j]) == same
    return np.asarray(geometry.cosines(w))[..., i[chosen], j[chosen]]


def _checked(w: F64, sets: ArrayLike) -> I64:
    known = np.asarray(sets)
    if known.shape != w.shape[-1:]:
        raise SpecError.of("sets", "shape", f"must be ({w.shape[-1]},)", known.shape)
    return known
