"""Tegum factors: groups of features in orthogonal subspaces, and the polytope that each forms.

Represented features are linked when |cos(W_i, W_j)| exceeds a threshold; a factor is a connected
component of that graph. Its shape is that of the *directions* of its features, compared with the
catalogue's polytopes of the same rank and size up to rotation, reflection and order. A shape is
named when it is within `TOLERANCE` of one, and else "unnamed": D_i alone names nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from tegum.analysis import catalogue, geometry
from tegum.analysis._arrays import Array, labelled, lift, one_model
from tegum.analysis._matching import least_distance, match, symmetry
from tegum.arguments import explained, number
from tegum.dims import F64, FEATURE, I64

#: Features are linked when |cos| exceeds this.
THRESHOLD: Final = 0.15
#: A factor has a polytope's name when the cosines differ by at most this (RMS over its pairs).
TOLERANCE: Final = 0.05
#: The rank of a factor counts singular values of its unit vectors above this share of the largest.
RANK: Final = 0.2
#: A factor is a tight frame when Σ D_i falls short of its rank by at most this share of it.
TIGHT: Final = 0.01
#: A reordering is a symmetry when no cosine changes by more than this.
SYMMETRIC: Final = 0.12

#: The name of a factor that is no catalogue shape, and of a feature that is not represented.
UNNAMED: Final = "unnamed"
ABSENT: Final = "not represented"

_COLUMNS: Final = (
    *("factor", "name", "size", "rank", "lowest_D", "highest_D", "tight", "symmetry"),
    *("closest", "distance", "offset", "low", "high", "features", "dimensionality"),
)


@dataclass(frozen=True)
class Factor:
    """One connected component of the interference graph.

    Args:
        features: the positions of its features, ascending.
        rank: dimensions that their directions span.
        dimensionality: D_i of each with the factor alone in the model, in (0, 1].
        tight: whether Σ D_i is the rank, to 1 %.
        symmetry: permutations of the features that change no cosine by more than .12; None where
            counting is not feasible (over 24 features, or very many permutations).
        name: the catalogue polytope that it is, or "unnamed".
        closest: the nearest polytope of the same rank and size; None when there is none.
        distance: RMS difference of the cosines from `closest`; NaN without one.
        offset: the largest |D_i − D of the vertex that it stands for|, which also sees unequal
            lengths; NaN without `closest`.
        low: at thresholds down to this the same features are a factor …
        high: … and at thresholds below this (1 for a single feature).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """

    features: tuple[int, ...]
    rank: int
    dimensionality: tuple[float, ...]
    tight: bool
    symmetry: int | None
    name: str
    closest: str | None
    distance: float
    offset: float
    low: float
    high: float

    @property
    def size(self) -> int:
        """The number of features."""
        return len(self.features)


@explained(example="tg.factors(tg.best(runs).W)")
def factors(W: NDArray[Any] | xr.DataArray, threshold: float = THRESHOLD) -> list[Factor]:
    """The tegum factors of one model, in the order of their first features.

    A model with a value that is not finite has none.

    Args:
        W: weights (hidden, feature), plain or labelled.
        threshold: features are linked when |cos| exceeds it, in [0, 1).

    Returns:
        The factors: every represented feature is in one of them.

    Raises:
        SpecError: if W has further dimensions, or the threshold is outside [0, 1).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    w = one_model("factors", "W", W)
    return [_describe(w, *part) for part in _split(w, _checked(threshold))]


def stable_range(found: Sequence[Factor]) -> tuple[float, float]:
    """Thresholds [low, high) that split a model into these same factors.

    Args:
        found: all factors of one model.

    Returns:
        Low and high, in [0, 1]; (0, 1) for no factors.

    Source: method, the maximum spanning tree of |cos|.
    """
    return max((f.low for f in found), default=0.0), min((f.high for f in found), default=1.0)


def feature_geometry(W: Array, threshold: float = THRESHOLD) -> Array:
    """The polytope that each feature is a vertex of.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: features are linked when |cos| exceeds it, in [0, 1).

    Returns:
        Names, text (..., feature), of the kind of `W`: "dedicated" alone, "unnamed" in a factor of
        no known shape, "not represented" when the length is at most .5.

    Raises:
        SpecError: for weights without the two dimensions, or a threshold outside [0, 1).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    limit = _checked(threshold)
    return lift(lambda w: _names(w, limit), W, (FEATURE,))


def factor_table(W: NDArray[Any] | xr.DataArray, threshold: float = THRESHOLD) -> pd.DataFrame:
    """The factors of every model, one per row.

    Args:
        W: weights (..., hidden, feature), plain or labelled.
        threshold: features are linked when |cos| exceeds it, in [0, 1).

    Returns:
        The first columns say which model: one per further dimension of W, with its coordinates, or
        `instance_0`, `instance_1`, … by position for a plain array. `factor` counts within the
        model; the others are the fields of `Factor`, with `size` and the smallest and largest D_i
        as `lowest_D` and `highest_D`. `features` holds the coordinates of features if W has any.

    Raises:
        SpecError: if W has no hidden and feature dimensions, or the threshold is outside [0, 1).

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    limit = _checked(threshold)
    labels = labelled(W)
    outer = [str(dim) for dim in labels.dims[:-2]]
    values = {dim: labels[dim].to_numpy() for dim in (*outer, FEATURE)}
    plain = labels.to_numpy()
    rows = []
    for place in np.ndindex(plain.shape[:-2]):
        model = {dim: values[dim][i] for dim, i in zip(outer, place, strict=True)}
        found = factors(plain[place], limit)
        rows += [{**model, **_row(i, factor, values[FEATURE])} for i, factor in enumerate(found)]
    return pd.DataFrame(rows, columns=[*outer, *_COLUMNS])


def _row(number: int, factor: Factor, features: NDArray[Any]) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(factor, name, None) for name in _COLUMNS}
    values["factor"] = number
    values["symmetry"] = math.nan if factor.symmetry is None else float(factor.symmetry)
    values["lowest_D"] = min(factor.dimensionality)
    values["highest_D"] = max(factor.dimensionality)
    values["features"] = tuple(features[list(factor.features)].tolist())
    return values


def _checked(threshold: float) -> float:
    return number("factors", "threshold", threshold, "must be in [0, 1)", lambda x: 0 <= x < 1)


def _names(W: F64, threshold: float) -> NDArray[Any]:
    """As `feature_geometry`, for plain weights."""
    longest = max(len(name) for name in (*catalogue.catalogue(), UNNAMED, ABSENT))
    names = np.full((*W.shape[:-2], W.shape[-1]), ABSENT, dtype=f"<U{longest}")
    for place in np.ndindex(W.shape[:-2]):
        for features, _, _ in _split(W[place], threshold):
            names[(*place, features)] = _shape(geometry.cosines(W[place][:, features])).name
    return names


def _split(w: F64, threshold: float) -> list[tuple[I64, float, float]]:
    """Every component (features, low, high), in the order of their first features.

    The strongest link across any cut is in a maximum spanning tree of |cos|. So its links that
    are too weak to count include the strongest from each component to the rest, and the weakest
    of the others within a component is where it would first break.
    """
    shown = np.flatnonzero(geometry.represented(w))
    if not shown.size or not np.isfinite(w).all():
        return []
    strength = np.abs(geometry.cosines(w[:, shown]))
    amount, label = connected_components(strength > threshold, directed=False)
    tree = minimum_spanning_tree(2.0 - strength).tocoo()  # an entry of 0 would mean no edge
    link = strength[tree.row, tree.col]
    within = link > threshold
    low, high = np.zeros(amount), np.ones(amount)
    for end in (label[tree.row], label[tree.col]):
        np.maximum.at(low, end[~within], link[~within])
        np.minimum.at(high, end[within], link[within])
    parts = [(shown[label == i], float(low[i]), float(high[i])) for i in range(amount)]
    return sorted(parts, key=lambda part: int(part[0][0]))


@dataclass(frozen=True, eq=False)
class _Shape:
    """The nearest polytope of a factor; `order[i]` is the factor's vertex i of the polytope."""

    rank: int
    closest: catalogue.Polytope | None
    order: I64
    distance: float

    @property
    def name(self) -> str:
        if self.closest is None or self.distance > TOLERANCE:
            return UNNAMED
        return self.closest.name


def _shape(cosines: F64) -> _Shape:
    """Compare the cosines (size, size) of a factor's features with the catalogue."""
    # The eigenvalues of the Gram matrix are the squared singular values of the unit vectors.
    spectrum = np.linalg.eigvalsh(cosines)
    rank = int((spectrum > RANK**2 * spectrum[-1]).sum())
    best = _Shape(rank, None, np.arange(len(cosines)), math.inf)
    candidates = catalogue.of_shape(rank, len(cosines))
    bounds = [least_distance(cosines, entry.gram) for entry in candidates]
    for bound, entry in sorted(zip(bounds, candidates, strict=True), key=lambda pair: pair[0]):
        if bound >= best.distance:
            break
        order, distance = match(cosines, entry.gram, rank, enough=TOLERANCE)
        if distance < best.distance:
            best = _Shape(rank, entry, order, distance)
    return best


def _describe(w: F64, features: I64, low: float, high: float) -> Factor:
    own = w[:, features]
    cosines = geometry.cosines(own)
    shape = _shape(cosines)
    share = geometry.dimensionality(own)
    offset = math.nan
    if shape.closest is not None:
        offset = float(np.abs(share[shape.order] - shape.closest.dimensionality).max())
    return Factor(
        features=tuple(features.tolist()),
        rank=shape.rank,
        dimensionality=tuple(share.tolist()),
        tight=bool(shape.rank - share.sum() <= TIGHT * shape.rank),
        symmetry=symmetry(cosines, SYMMETRIC),
        name=shape.name,
        closest=None if shape.closest is None else shape.closest.name,
        distance=shape.distance if shape.closest is not None else math.nan,
        offset=offset,
        low=low,
        high=high,
    )


def shape_name(W: F64) -> str:
    """The polytopes of a model, e.g. "2 x digon + pentagon".

    Args:
        W: weights (hidden, feature).

    Returns:
        The names of its factors; "nothing" without any.

    Raises:
        SpecError: if W has further dimensions.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    names = Counter(factor.name for factor in factors(W))
    parts = [name if count == 1 else f"{count} x {name}" for name, count in sorted(names.items())]
    return " + ".join(parts) or "nothing"
