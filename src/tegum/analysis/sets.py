"""How sets of features are arranged: angles within and across, who stands beside whom, what merged.

A set is a group of features that the data treats together, such as a correlated or an
anticorrelated set. Every function takes weights `W` as those of `geometry` do, and `sets`, one
label per feature; `labels` reads them from a problem. Measures per set come in the order in which
the sets first appear among the features, along the dimension `set`.

Source: paper, "Correlated and Anticorrelated Features".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Any, Final, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from tegum.analysis import geometry
from tegum.analysis._arrays import Array, labelled, lift
from tegum.analysis.alignment import Alignment, align
from tegum.dims import F64, FEATURE, I64, Bools
from tegum.distributions import Distribution
from tegum.errors import SpecError
from tegum.problem import Problem

#: The dimension of measures that have one value per set, and of those with one per pair.
SET: Final = "set"
PAIR: Final = "pair"
#: A set has collapsed when its spread is below this.
COLLAPSED: Final = 0.05
#: `align_sets` tries all orders of the sets, 720 at most.
_MOST_SETS: Final = 6


class Angles(NamedTuple):
    """Angles in degrees, 0 … 180: pairs of one set, (..., pair), and of different sets."""

    within: Any
    across: Any


def labels(source: Problem | Distribution) -> I64:
    """The number of the block of each feature, (feature,): which set of the data it belongs to.

    Independent features are blocks of their own.
    """
    distribution = source.distribution if isinstance(source, Problem) else source
    blocks = distribution.blocks()
    return np.repeat(np.arange(len(blocks)), [block.size for block in blocks])


def angles(W: Array, sets: ArrayLike) -> Angles:
    """The angle of every pair i < j, within a set and across sets, each (..., pair).

    NaN where one of the two has no direction.
    """
    within, across = pairs_by_set(checked_sets(W, sets))
    return Angles(
        lift(lambda w: _angles(w, within), W, (PAIR,)),
        lift(lambda w: _angles(w, across), W, (PAIR,)),
    )


def mean_overlap(W: Array, sets: ArrayLike) -> tuple[Array, Array]:
    """Mean |cos(W_i, W_j)| over the pairs within a set, and over those across sets, each (...).

    0 within and more across: each set is a basis of its own, as good as orthogonal, while the
    model as a whole is in superposition. NaN where there is no such pair.
    """
    label = checked_sets(W, sets)
    within, across = pairs_by_set(label)
    return lift(lambda w: _overlap(w, within), W, ()), lift(lambda w: _overlap(w, across), W, ())


def dimensionality_alone(W: Array, sets: ArrayLike) -> Array:
    """D_i of each feature in a model that has its set alone, in [0, 1], shape (..., feature).

    1: the other members are orthogonal to it. See `geometry.dimensionality`.
    """
    parts = members(checked_sets(W, sets))
    return lift(lambda w: _alone(w, parts), W, (FEATURE,))


def spread(W: Array, sets: ArrayLike) -> Array:
    """How far the members of a set are from their mean, over its length: >= 0, (..., set).

    √(Σ_i ‖W_i − M‖² / k) / ‖M‖ with M the mean of the k members; for a pair ‖a − b‖ / ‖a + b‖. 0:
    all are the same, and the set is kept as its first principal component, Σ_i x_i / √k. Infinite
    for M = 0; a set of one has none to differ from, and 0.
    """
    parts = members(checked_sets(W, sets))
    return lift(lambda w: _spreads(w, parts), W, (SET,))


def collapsed(W: Array, sets: ArrayLike, threshold: float = COLLAPSED) -> Array:
    """Whether a set of two or more has merged into one direction, boolean (..., set).

    Its spread is below `threshold` and its component represented, ‖Σ_i W_i‖ / √k > .5.
    """
    parts = members(checked_sets(W, sets))
    return lift(lambda w: _collapsed(w, parts, threshold), W, (SET,))


def count_collapsed(W: Array, sets: ArrayLike, threshold: float = COLLAPSED) -> Array:
    """The number of collapsed sets, shape (...)."""
    parts = members(checked_sets(W, sets))
    return lift(lambda w: _collapsed(w, parts, threshold).sum(-1), W, ())


def cyclic_order(W: Array) -> Array:
    """Represented features in the order of their directions in the plane, integer (..., place).

    Counter-clockwise, from the first represented feature on; −1 fills up. Raises `SpecError`
    unless there are two hidden dimensions.
    """
    return lift(_cyclic, W, ("place",))


def side_by_side(W: Array, sets: ArrayLike) -> Array:
    """Whether each set is together around the circle, with no other between, boolean (...).

    True if all features are represented and neighbours by direction change the set exactly once
    per set. With nearly equal gaps on both sides this is the question to ask, not who is nearest.
    Raises `SpecError` unless there are two hidden dimensions.
    """
    label = checked_sets(W, sets)
    return lift(lambda w: _together(w, label), W, ())


def organisation(W: xr.DataArray, sets: ArrayLike) -> xr.Dataset:
    """All that can be said of a whole model in numbers, one variable each with W's other dims.

    `least_within`, `most_within`, `least_across` and `most_across` angles; `overlap_within` and
    `overlap_across`; antipodal pairs `opposite_within` and `opposite_across`; `collapsed` sets;
    `represented` features; in the plane also `together`
    (`side_by_side`) and `gap_off`, how far the gaps between all features are from equal, in
    degrees (NaN unless all are represented). Angles and overlaps are NaN where there is no pair.
    Raises `SpecError` unless W is labelled, with dimensions `hidden` and `feature`.
    """
    if not isinstance(W, xr.DataArray):
        raise SpecError.of("organisation", "W", "must be a DataArray", type(W))
    label = checked_sets(W, sets)
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
        "opposite_within": lift(lambda w: _opposite(w, label, True), W, ()),
        "opposite_across": lift(lambda w: _opposite(w, label, False), W, ()),
        "collapsed": count_collapsed(W, sets),
        "represented": geometry.count_represented(W),
    }
    if W.sizes["hidden"] == 2:
        even = 360 / W.sizes[FEATURE]
        columns["together"] = side_by_side(W, sets)
        columns["gap_off"] = abs(geometry.gaps_2d(W) - even).max("gap", skipna=False)
    return xr.Dataset(columns)


def align_sets(
    W: NDArray[Any] | xr.DataArray, target: NDArray[Any] | xr.DataArray, sets: ArrayLike
) -> Alignment:
    """The rotation, and the order of sets and of their members, that bring W closest to the target.

    A set can stand only for a set of its size, and its members for members of that; see
    `alignment.align`, which leaves sets where they are. Raises `SpecError` as that does, and for
    more than six sets.
    """
    label = checked_sets(W, sets)
    w = np.asarray(W, dtype=np.float64)
    groups: list[int] = label.tolist()
    found = []
    for order in _orders(label):
        alignment = align(w[..., order], target, groups=groups)
        found.append(replace(alignment, order=order[alignment.order]))
    return min(found, key=lambda alignment: alignment.error)


def checked_sets(W: NDArray[Any] | xr.DataArray, sets: ArrayLike) -> I64:
    """Sets numbered from 0 in order of appearance, (feature,). Raises `SpecError`."""
    n = labelled(W).sizes[FEATURE]
    try:
        given = np.asarray(sets)
    except ValueError:  # rows of different lengths
        raise SpecError.of("sets", "labels", f"must be one per feature, ({n},)", sets) from None
    if given.shape != (n,):
        raise SpecError.of("sets", "labels", f"must be one per feature, ({n},)", given.shape)
    number = {label: k for k, label in enumerate(dict.fromkeys(given.tolist()))}
    return np.array([number[label] for label in given.tolist()], dtype=np.int64)


def members(label: I64) -> list[I64]:
    """The features of each set, sets in their order."""
    return [np.flatnonzero(label == k) for k in range(int(label.max(initial=-1)) + 1)]


def pairs_by_set(label: I64) -> tuple[tuple[I64, I64], tuple[I64, I64]]:
    """The pairs i < j of one set, and those of two."""
    i, j = np.triu_indices(len(label), 1)
    same = label[i] == label[j]
    return (i[same], j[same]), (i[~same], j[~same])


def pair_cosines(w: F64, at: tuple[I64, ...]) -> F64:
    """Ŵ_i·Ŵ_j of the pairs (i, j) of plain weights, (..., pair); 0 where one has no direction."""
    return np.asarray(geometry.cosines(w)[..., at[0], at[1]])


def _angles(w: F64, at: tuple[I64, I64]) -> F64:
    length = geometry.norms(w)
    directed = (length[..., at[0]] > 0) & (length[..., at[1]] > 0)
    cosine = np.where(directed, pair_cosines(w, at), np.nan)
    return np.asarray(np.degrees(np.arccos(cosine)))


def _end(angle: xr.DataArray, end: str) -> xr.DataArray:
    """The least or the most of angles (..., pair); NaN where there are no pairs."""
    known = angle if angle.sizes[PAIR] else angle.pad({PAIR: (0, 1)})
    return known.min(PAIR) if end == "least" else known.max(PAIR)


def _overlap(w: F64, at: tuple[I64, I64]) -> F64:
    if not at[0].size:
        return np.full(w.shape[:-2], np.nan)
    return np.asarray(np.abs(pair_cosines(w, at)).mean(-1))


def _opposite(w: F64, label: I64, same: bool) -> I64:
    partner = geometry.antipodal_partners(w)
    return np.asarray(((partner >= 0) & ((label[partner] == label) == same)).sum(-1) // 2)


def _alone(w: F64, parts: Sequence[I64]) -> F64:
    found = np.empty((*w.shape[:-2], w.shape[-1]))
    for part in parts:
        found[..., part] = geometry.dimensionality(w[..., part])
    return found


def _spreads(w: F64, parts: Sequence[I64]) -> F64:
    found = np.empty((*w.shape[:-2], len(parts)))
    for k, part in enumerate(parts):
        mean = w[..., part].mean(-1, keepdims=True)
        off = np.sqrt(((w[..., part] - mean) ** 2).sum((-2, -1)) / len(part))
        length = np.sqrt((mean**2).sum((-2, -1)))
        infinite = np.where(off > 0, np.inf, 0.0)
        found[..., k] = np.divide(off, length, out=infinite, where=length > 0)
    return found


def _collapsed(w: F64, parts: Sequence[I64], threshold: float) -> Bools:
    component = [
        geometry.norms(w[..., part].sum(-1, keepdims=True))[..., 0] / np.sqrt(len(part))
        for part in parts
    ]
    several = np.array([len(part) > 1 for part in parts], dtype=np.bool_)
    shown = np.stack(component, -1) > geometry.REPRESENTED
    return np.asarray((_spreads(w, parts) < threshold) & shown & several)


def _cyclic(w: F64) -> I64:
    angle = np.where(geometry.represented(w), geometry.angles_2d(w), np.nan)
    shown = np.isfinite(angle)
    first = np.take_along_axis(angle, shown.argmax(-1)[..., None], -1)
    order = np.argsort((angle - first) % 360.0, axis=-1, kind="stable")  # NaN last
    place = np.arange(w.shape[-1])
    return np.asarray(np.where(place < shown.sum(-1, keepdims=True), order, -1))


def _together(w: F64, label: I64) -> Bools:
    order = _cyclic(w)
    around = label[order]
    changes = (around != np.roll(around, 1, -1)).sum(-1)
    amount = int(label.max(initial=-1)) + 1
    return np.asarray((order >= 0).all(-1) & (changes == (amount if amount > 1 else 0)))


def _orders(label: I64) -> Iterator[I64]:
    """Every order of features that moves sets as a whole onto sets of their size."""
    parts = members(label)
    if len(parts) > _MOST_SETS:
        raise SpecError.of("align_sets", "sets", f"must be at most {_MOST_SETS}", len(parts))
    for moved in permutations(range(len(parts))):
        if all(len(parts[a]) == len(parts[b]) for a, b in enumerate(moved)):
            order = np.empty(len(label), dtype=np.int64)
            for to, source in enumerate(moved):
                order[parts[to]] = parts[source]
            yield order
