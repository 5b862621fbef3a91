"""Arrays of sets and pairs, behind `sets` and `set_cosines`: weights are (..., hidden, feature)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from tegum.analysis import geometry, plane
from tegum.analysis._arrays import labelled
from tegum.dims import F64, FEATURE, I64, Bools
from tegum.errors import SpecError

#: All orders of so many sets are tried, 720 at most.
_MOST: Final = 6


def checked(W: NDArray[Any] | xr.DataArray, sets: ArrayLike) -> I64:
    """Sets numbered from 0 in order of appearance, (feature,); SpecError unless one per feature."""
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


def angles(w: F64, at: tuple[I64, I64]) -> F64:
    """Degrees of the pairs, (..., pair); NaN where one has no direction."""
    length = geometry.norms(w)
    directed = (length[..., at[0]] > 0) & (length[..., at[1]] > 0)
    cosine = np.where(directed, pair_cosines(w, at), np.nan)
    return np.asarray(np.degrees(np.arccos(cosine)))


def overlap(w: F64, at: tuple[I64, I64]) -> F64:
    """Mean |cos| of the pairs, (...); NaN without any."""
    if not at[0].size:
        return np.full(w.shape[:-2], np.nan)
    return np.asarray(np.abs(pair_cosines(w, at)).mean(-1))


def opposite(w: F64, label: I64, same: bool) -> I64:
    """How many antipodal pairs are of one set, or of two, (...)."""
    partner = geometry.antipodal_partners(w)
    return np.asarray(((partner >= 0) & ((label[partner] == label) == same)).sum(-1) // 2)


def alone(w: F64, parts: Sequence[I64]) -> F64:
    """D_i with the set of feature i alone, (..., feature)."""
    found = np.empty((*w.shape[:-2], w.shape[-1]))
    for part in parts:
        found[..., part] = geometry.dimensionality(w[..., part])
    return found


def spreads(w: F64, parts: Sequence[I64]) -> F64:
    """How far the members of each set are from their mean, over its length, (..., set)."""
    found = np.empty((*w.shape[:-2], len(parts)))
    for k, part in enumerate(parts):
        mean = w[..., part].mean(-1, keepdims=True)
        off = np.sqrt(((w[..., part] - mean) ** 2).sum((-2, -1)) / len(part))
        length = np.sqrt((mean**2).sum((-2, -1)))
        infinite = np.where(off > 0, np.inf, 0.0)
        found[..., k] = np.divide(off, length, out=infinite, where=length > 0)
    return found


def collapsed(w: F64, parts: Sequence[I64], threshold: float) -> Bools:
    """Whether each set has merged into one direction that is represented, (..., set)."""
    component = [
        geometry.norms(w[..., part].sum(-1, keepdims=True))[..., 0] / np.sqrt(len(part))
        for part in parts
    ]
    several = np.array([len(part) > 1 for part in parts], dtype=np.bool_)
    shown = np.stack(component, -1) > geometry.REPRESENTED
    return np.asarray((spreads(w, parts) < threshold) & shown & several)


def cyclic(w: F64) -> I64:
    """Represented features round the plane, then −1, (..., place)."""
    angle = np.where(geometry.represented(w), plane.angles_2d(w), np.nan)
    shown = np.isfinite(angle)
    first = np.take_along_axis(angle, shown.argmax(-1)[..., None], -1)
    order = np.argsort((angle - first) % 360.0, axis=-1, kind="stable")  # NaN last
    place = np.arange(w.shape[-1])
    return np.asarray(np.where(place < shown.sum(-1, keepdims=True), order, -1))


def together(w: F64, label: I64) -> Bools:
    """Whether each set is together around the circle, (...)."""
    order = cyclic(w)
    around = label[order]
    changes = (around != np.roll(around, 1, -1)).sum(-1)
    amount = int(label.max(initial=-1)) + 1
    return np.asarray((order >= 0).all(-1) & (changes == (amount if amount > 1 else 0)))


def orders(label: I64) -> Iterator[I64]:
    """Every order of features that moves sets as a whole onto sets of their size."""
    parts = members(label)
    if len(parts) > _MOST:
        raise SpecError.of("align_sets", "sets", f"must be at most {_MOST}", len(parts))
    for moved in permutations(range(len(parts))):
        if all(len(parts[a]) == len(parts[b]) for a, b in enumerate(moved)):
            order = np.empty(len(label), dtype=np.int64)
            for to, source in enumerate(moved):
                order[parts[to]] = parts[source]
            yield order
