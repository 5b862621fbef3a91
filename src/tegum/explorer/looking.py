"""What there is to see in a model: dimensionalities, tegum factors, planes to draw it in."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from tegum.analysis import geometry
from tegum.analysis.tegum_factors import Factor, factors, shape_name
from tegum.dims import F64
from tegum.engines.base import State as Arrays
from tegum.runs.weights import encoder_in

#: Coordinates of a drawing.
_SPACE: Final = 3


class Look(NamedTuple):
    """The analysis of one model: its part of a frame's header, and arrays."""

    header: dict[str, Any]
    arrays: dict[str, F64]
    bases: dict[tuple[int, ...], F64]


def directions(parameters: Arrays) -> F64:
    """W (..., hidden, feature), the columns that are looked at; W_in of an untied model."""
    return np.asarray(encoder_in(parameters, "model"), np.float64)


def look(W: F64, before: dict[tuple[int, ...], F64] | None = None) -> Look:
    """The factors of W (m, n) and bases of them; `before` are the bases of the last look."""
    before = before or {}
    found = factors(W)
    everything = tuple(range(W.shape[1]))
    bases = {everything: _turned(_basis(W, _SPACE), before.get(everything))}
    for factor in found:
        own = W[:, factor.features]
        bases.setdefault(factor.features, _turned(_basis(own, 2), before.get(factor.features)))
    finite = bool(np.isfinite(W).all())
    header = {
        "represented": int(geometry.count_represented(W)) if finite else None,
        "dimensions_per_feature": float(geometry.dimensions_per_feature(W)),
        "factors": [describe(factor) for factor in found],
        "shape": shape(W),
    }
    rows = [_padded(bases[factor.features], W.shape[0]) for factor in found]
    arrays = {
        "basis": bases[everything],
        "factor_bases": np.stack(rows) if rows else np.zeros((0, _SPACE, W.shape[0])),
    }
    return Look(header, arrays, bases)


def describe(factor: Factor) -> dict[str, Any]:
    """A factor as plain data."""
    names = ("name", "rank", "tight", "closest", "distance", "low", "high")
    return {
        "features": list(factor.features),
        **{name: getattr(factor, name) for name in names},
    }


def shape(W: F64) -> str:
    """The polytopes of a model in a line; "diverged" where it is not finite."""
    return shape_name(W) if np.isfinite(W).all() else "diverged"


def dimensionality(W: F64) -> F64:
    """D_i of W (..., m, n), NaN where a model is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(geometry.dimensionality(W))


def _basis(W: F64, as_they_are: int) -> F64:
    """Orthonormal rows (min(3, m), m): the principal directions of W.

    Of up to `as_they_are` hidden dimensions these themselves.
    """
    m = W.shape[0]
    if m <= as_they_are or not np.isfinite(W).all():
        return np.eye(m)[: min(m, _SPACE)]
    left, _, _ = np.linalg.svd(W, full_matrices=True)
    return np.asarray(left[:, :_SPACE].T)


def _turned(basis: F64, before: F64 | None) -> F64:
    """The basis with its plane turned, and its third axis reflected, to where it last was."""
    if before is None or before.shape != basis.shape or len(basis) < _SPACE:
        return basis
    plane, last = basis[:2], before[:2]
    left, _, right = np.linalg.svd(last @ plane.T)
    third = basis[2:] * (1.0 if float(basis[2] @ before[2]) >= 0 else -1.0)
    return np.concatenate([left @ right @ plane, third])


def _padded(basis: F64, m: int) -> F64:
    full = np.zeros((_SPACE, m))
    full[: len(basis)] = basis
    return full
