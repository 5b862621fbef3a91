"""How sets of features are arranged: angles within and across, who stands beside whom, what merged.

A set is a group of features that the data treats together, such as a correlated or an
anticorrelated set. Every function takes weights `W` as those of `geometry` do, and `sets`, one
label per feature; `labels` reads them from a problem. Measures per set come in the order in which
the sets first appear among the features, along the dimension `set`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from tegum.analysis import _sets, geometry, plane
from tegum.analysis._arrays import Array, lift
from tegum.dims import FEATURE, I64
from tegum.distributions import Distribution
from tegum.errors import SpecError
from tegum.problem import Problem

#: The dimension of measures that have one value per set, and of those with one per pair.
SET: Final = "set"
PAIR: Final = "pair"
#: A set has collapsed when its spread is below this.
COLLAPSED: Final = 0.05


class Angles(NamedTuple):
    """Angles in degrees, 0 … 180.

    Args:
        within: of pairs of one set, (..., pair).
        across: of pairs of different sets, (..., pair).

    Source: "Organization of Correlated and Anticorrelated Features".
    """

    within: Any
    across: Any


def labels(source: Problem | Distribution) -> I64:
    """The number of the block of each feature: which set of the data it belongs to.

    Independent features are blocks of their own.

    Args:
        source: a problem or a distribution.

    Returns:
        Numbers from 0, (feature,).

    Source: "Correlated and Anticorrelated Features".
    """
    distribution = source.distribution if isinstance(source, Problem) else source
    blocks = distribution.blocks()
    return np.repeat(np.arange(len(blocks)), [block.size for block in blocks])


def angles(W: Array, sets: ArrayLike) -> Angles:
    """The angle of every pair i < j of features, within a set and across sets.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Degrees, each (..., pair), of the kind of `W`; NaN where one of the two has no direction.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    within, across = _sets.pairs_by_set(_sets.checked(W, sets))
    return Angles(
        lift(lambda w: _sets.angles(w, within), W, (PAIR,)),
        lift(lambda w: _sets.angles(w, across), W, (PAIR,)),
    )


def mean_overlap(W: Array, sets: ArrayLike) -> tuple[Array, Array]:
    """Mean |cos(W_i, W_j)| over the pairs within a set, and over those across sets.

    0 within and more across: each set is a basis of its own, as good as orthogonal, while the
    model as a whole is in superposition.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Within and across, each (...), in [0, 1]; NaN where there is no such pair.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Local Almost-Orthogonal Bases".
    """
    label = _sets.checked(W, sets)
    within, across = _sets.pairs_by_set(label)
    return lift(lambda w: _sets.overlap(w, within), W, ()), lift(
        lambda w: _sets.overlap(w, across), W, ()
    )


def dimensionality_alone(W: Array, sets: ArrayLike) -> Array:
    """D_i of each feature in a model that has its set alone; see `geometry.dimensionality`.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Shares in [0, 1], (..., feature); 1: the other members are orthogonal to it.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Local Almost-Orthogonal Bases".
    """
    parts = _sets.members(_sets.checked(W, sets))
    return lift(lambda w: _sets.alone(w, parts), W, (FEATURE,))


def spread(W: Array, sets: ArrayLike) -> Array:
    """√(Σ_i ‖W_i − M‖² / k) / ‖M‖: how far the k members of a set are from their mean M.

    For a pair ‖a − b‖ / ‖a + b‖. 0: all are the same, and the set is kept as its first principal
    component, Σ_i x_i / √k.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Spreads >= 0, (..., set); infinite for M = 0; a set of one has none to differ from, and 0.

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Collapsing of Correlated Features".
    """
    parts = _sets.members(_sets.checked(W, sets))
    return lift(lambda w: _sets.spreads(w, parts), W, (SET,))


def collapsed(W: Array, sets: ArrayLike, threshold: float = COLLAPSED) -> Array:
    """Whether a set of two or more has merged into one direction.

    Its spread is below `threshold` and its component represented, ‖Σ_i W_i‖ / √k > .5.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).
        threshold: of `spread`, > 0.

    Returns:
        Boolean (..., set).

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Collapsing of Correlated Features".
    """
    parts = _sets.members(_sets.checked(W, sets))
    return lift(lambda w: _sets.collapsed(w, parts, threshold), W, (SET,))


def count_collapsed(W: Array, sets: ArrayLike, threshold: float = COLLAPSED) -> Array:
    """The number of collapsed sets.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        sets: a label per feature, (feature,).
        threshold: of `spread`, > 0.

    Returns:
        Integers, (...).

    Raises:
        SpecError: for weights without the two dimensions, and another number of labels.

    Source: "Collapsing of Correlated Features".
    """
    parts = _sets.members(_sets.checked(W, sets))
    return lift(lambda w: _sets.collapsed(w, parts, threshold).sum(-1), W, ())


def cyclic_order(W: Array) -> Array:
    """Represented features in the order of their directions in the plane.

    Args:
        W: weights (..., 2, feature), plain or labelled.

    Returns:
        Positions, integer (..., place), counter-clockwise, from the first represented feature on;
        −1 fills up.

    Raises:
        SpecError: unless there are two hidden dimensions.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    return lift(_sets.cyclic, W, ("place",))


def side_by_side(W: Array, sets: ArrayLike) -> Array:
    """Whether each set is together around the circle, with no other between.

    True if all features are represented and neighbours by direction change the set exactly once
    per set. With nearly equal gaps on both sides this is the question to ask, not who is nearest.

    Args:
        W: weights (..., 2, feature), plain or labelled.
        sets: a label per feature, (feature,).

    Returns:
        Boolean (...).

    Raises:
        SpecError: unless there are two hidden dimensions, and as many labels as features.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    label = _sets.checked(W, sets)
    return lift(lambda w: _sets.together(w, label), W, ())


def organisation(W: xr.DataArray, sets: ArrayLike) -> xr.Dataset:
    """All that can be said of a whole model in numbers.

    Args:
        W: labelled weights (..., hidden, feature).
        sets: a label per feature, (feature,).

    Returns:
        One variable each with W's other dimensions: `least_within`, `most_within`, `least_across`
        and `most_across` angles; `overlap_within` and `overlap_across`; antipodal pairs
        `opposite_within` and `opposite_across`; `collapsed` sets; `represented` features; in the
        plane also `together` (`side_by_side`) and `gap_off`, how far the gaps between all features
        are from equal, in degrees (NaN unless all are represented). Angles and overlaps are NaN
        where there is no pair.

    Raises:
        SpecError: unless W is labelled, with dimensions `hidden` and `feature`.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    if not isinstance(W, xr.DataArray):
        raise SpecError.of("organisation", "W", "must be a DataArray", type(W))
    label = _sets.checked(W, sets)
    found = angles(W, sets)
    within, across = mean_overlap(W, sets)
    columns = {
        **{
            f"{end}_{where}": _end(angle, end)
            for where, angle in found._asdict().items()
            for end in ("least", "most")
        },
        "overlap_within": within,
        "overlap_across": across,
        "opposite_within": lift(lambda w: _sets.opposite(w, label, True), W, ()),
        "opposite_across": lift(lambda w: _sets.opposite(w, label, False), W, ()),
        "collapsed": count_collapsed(W, sets),
        "represented": geometry.count_represented(W),
    }
    if W.sizes["hidden"] == 2:
        even = 360 / W.sizes[FEATURE]
        columns["together"] = side_by_side(W, sets)
        columns["gap_off"] = abs(plane.gaps_2d(W) - even).max("gap", skipna=False)
    return xr.Dataset(columns)


def _end(angle: xr.DataArray, end: str) -> xr.DataArray:
    """The least or the most of angles (..., pair); NaN where there are no pairs."""
    known = angle if angle.sizes[PAIR] else angle.pad({PAIR: (0, 1)})
    return known.min(PAIR) if end == "least" else known.max(PAIR)
