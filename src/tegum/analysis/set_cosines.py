"""How sets of features lie to each other in space: cosines within sets, across them, and opposites.

`W` is as in `tegum.analysis.geometry`: (..., hidden, feature), plain or labelled; `sets` holds one
label per feature, as in `tegum.analysis.sets`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tegum.analysis import geometry
from tegum.analysis._arrays import Array, lift
from tegum.analysis._sets import checked, members, pair_cosines, pairs_by_set
from tegum.analysis.sets import PAIR
from tegum.dims import F64, FEATURE


def within_cosines(W: Array, sets: ArrayLike) -> Array:
    """Ŵ_i·Ŵ_j of all pairs i < j of one set.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Cosines in [−1, 1], (..., pair), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    within, _ = pairs_by_set(checked(W, sets))
    return lift(lambda w: pair_cosines(w, within), W, (PAIR,))


def between_cosines(W: Array, sets: ArrayLike) -> Array:
    """Ŵ_i·Ŵ_j of all pairs i < j of different sets.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Cosines in [−1, 1], (..., pair), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    _, across = pairs_by_set(checked(W, sets))
    return lift(lambda w: pair_cosines(w, across), W, (PAIR,))


def opposites(W: Array, sets: ArrayLike) -> Array:
    """min_j Ŵ_i·Ŵ_j over the features j of other sets.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Cosines in [−1, 1], (..., feature). −1: some feature of another set is antipodal to feature
        i; 0 where there is no other set.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Superposition and Learning Dynamics".
    """
    label = checked(W, sets)
    other = label[:, None] != label[None, :]

    def least(w: F64) -> F64:
        cosines = np.where(other, np.asarray(geometry.cosines(w)), np.inf).min(-1)
        return np.where(np.isinf(cosines), 0.0, cosines)

    return lift(least, W, (FEATURE,))


def set_cosines(W: Array, sets: ArrayLike) -> Array:
    """Cosines between the mean directions Σ W_i of different sets.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Cosines in [−1, 1], (..., pair), of the kind of `W`.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Superposition and Learning Dynamics".
    """
    label = checked(W, sets)

    def between(w: F64) -> F64:
        sums = np.stack([w[..., part].sum(-1) for part in members(label)], axis=-1)
        return pair_cosines(sums, np.triu_indices(sums.shape[-1], 1))

    return lift(between, W, (PAIR,))
