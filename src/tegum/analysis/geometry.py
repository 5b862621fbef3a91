"""How features share the hidden space: norms, overlaps, dimensionalities, pairs, angles.

Every function takes weights `W` whose columns are the feature directions W_i: a NumPy array of
shape (..., hidden, feature), or an `xarray.DataArray` with dimensions `hidden` and `feature` in
any place, whose other dimensions are kept. The answer is of the same kind. Ŵ_i is W_i divided
by its length; a zero column has no direction, and what would divide by its length is 0.

Source: paper, "Demonstrating Superposition" and "The Geometry of Superposition".
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from tegum.analysis._arrays import Array, lift, one_model
from tegum.dims import F64, FEATURE, FEATURE_J, I64, Bools
from tegum.errors import SpecError

#: A feature is represented when the length of its direction exceeds this.
REPRESENTED: Final = 0.5
#: A represented feature has a dimension to itself when its superposition is below this.
DEDICATED: Final = 0.1
#: Two features are antipodal when the cosine of their directions is at most this.
ANTIPODAL: Final = -0.98


def norms(W: Array) -> Array:
    """‖W_i‖ >= 0, shape (..., feature)."""
    return lift(_norms, W, (FEATURE,))


def gram(W: Array) -> Array:
    """G = WᵀW, shape (..., feature, feature_j); what output i receives of feature j."""
    return lift(_gram, W, (FEATURE, FEATURE_J))


def cosines(W: Array) -> Array:
    """Ŵ_i·Ŵ_j in [−1, 1], shape (..., feature, feature_j); 0 for a zero column."""
    return lift(_cosines, W, (FEATURE, FEATURE_J))


def superposition(W: Array) -> Array:
    """sup_i = Σ_{j≠i} (Ŵ_i·W_j)² >= 0, shape (..., feature).

    0: feature i is orthogonal to all others; >= 1: together the others can activate its
    direction as strongly as it does itself.
    """
    return lift(_superposition, W, (FEATURE,))


def dimensionality(W: Array) -> Array:
    """D_i = ‖W_i‖² / Σ_j (Ŵ_i·W_j)² in [0, 1], shape (..., feature); 0 for a zero column.

    The share of a dimension that feature i has: 1 alone, 1/2 in an antipodal pair, 2/k in a
    regular k-gon. Σ_i D_i is at most the rank of W.
    """
    return lift(_dimensionality, W, (FEATURE,))


def dimensions_per_feature(W: Array) -> Array:
    """D* = n_hidden / ‖W‖_F² > 0, shape (...); infinite when W is zero."""
    return lift(_dimensions_per_feature, W, ())


def represented(W: Array, threshold: float = REPRESENTED) -> Array:
    """Whether ‖W_i‖ > threshold, boolean (..., feature)."""
    return lift(lambda w: _norms(w) > threshold, W, (FEATURE,))


def count_represented(W: Array, threshold: float = REPRESENTED) -> Array:
    """The number of represented features, shape (...)."""
    return lift(lambda w: (_norms(w) > threshold).sum(-1), W, ())


def dedicated(W: Array, threshold: float = DEDICATED) -> Array:
    """Whether feature i is represented and sup_i < threshold, boolean (..., feature)."""
    return lift(lambda w: _dedicated(w, threshold), W, (FEATURE,))


def count_dedicated(W: Array, threshold: float = DEDICATED) -> Array:
    """The number of dedicated features, shape (...)."""
    return lift(lambda w: _dedicated(w, threshold).sum(-1), W, ())


def antipodal_partners(W: Array, cosine: float = ANTIPODAL) -> Array:
    """The feature opposite to each, −1 where there is none; integer (..., feature).

    i and j are partners when both are represented, their cosine is at most `cosine`, and each
    is the represented feature that points most against the other.
    """
    return lift(lambda w: _partners(w, cosine), W, (FEATURE,))


def count_antipodal_pairs(W: Array, cosine: float = ANTIPODAL) -> Array:
    """The number of antipodal pairs, shape (...)."""
    return lift(lambda w: (_partners(w, cosine) >= 0).sum(-1) // 2, W, ())


def antipodal_pairs(
    W: NDArray[Any] | xr.DataArray, cosine: float = ANTIPODAL
) -> list[tuple[int, int]]:
    """The antipodal pairs (i, j), i < j, of one model (hidden, feature), by position.

    Raises:
        SpecError: if W has further dimensions.
    """
    partners = antipodal_partners(one_model("antipodal_pairs", "W", W), cosine)
    return [(i, int(j)) for i, j in enumerate(partners) if i < j]


def interference_signs(W: Array) -> tuple[Array, Array]:
    """(Σ_{i≠j} G_ij² over G_ij > 0, the same over G_ij < 0), each (...).

    In the ReLU-output model negative interference is free as long as one feature is active.
    """
    return (
        lift(lambda w: _off_diagonal(np.maximum(_gram(w), 0.0)), W, ()),
        lift(lambda w: _off_diagonal(np.minimum(_gram(w), 0.0)), W, ()),
    )


def angles_2d(W: Array) -> Array:
    """The direction of each feature in the plane, in degrees in [0, 360), shape (..., feature).

    NaN for a zero column. Raises `SpecError` unless there are two hidden dimensions.
    """
    return lift(_angles, W, (FEATURE,))


def gaps_2d(W: Array, threshold: float = REPRESENTED) -> Array:
    """Angles between neighbouring represented features in the plane, ascending, in degrees.

    Shape (..., feature), though not one per feature: k represented features leave k gaps, which
    sum to 360; the rest is NaN. Raises `SpecError` unless there are two hidden dimensions.
    """
    return lift(lambda w: _gaps(w, threshold), W, ("gap",))


def _norms(w: F64) -> F64:
    return np.asarray(np.linalg.norm(w, axis=-2))


def _units(w: F64) -> F64:
    length = _norms(w)[..., None, :]
    return np.divide(w, length, out=np.zeros_like(w), where=length != 0)


def _gram(w: F64) -> F64:
    return np.asarray(np.swapaxes(w, -1, -2) @ w)


def _cosines(w: F64) -> F64:
    return np.asarray(np.clip(_gram(_units(w)), -1.0, 1.0))


def _projected(w: F64) -> F64:
    """Σ_j (Ŵ_i·W_j)² = Ŵ_iᵀ (W Wᵀ) Ŵ_i: needs no (feature, feature) matrix per model."""
    unit = _units(w)
    frame = w @ np.swapaxes(w, -1, -2)  # (..., hidden, hidden)
    return np.asarray((unit * (frame @ unit)).sum(-2))


def _superposition(w: F64) -> F64:
    # The difference may fall below zero by rounding.
    return np.maximum(_projected(w) - _norms(w) ** 2, 0.0)


def _dimensionality(w: F64) -> F64:
    total = _projected(w)
    share = np.divide(_norms(w) ** 2, total, out=np.zeros_like(total), where=total != 0)
    return np.minimum(share, 1.0)


def _dimensions_per_feature(w: F64) -> F64:
    squared = np.asarray((w**2).sum((-2, -1)))
    infinite = np.full_like(squared, np.inf)
    return np.asarray(np.divide(w.shape[-2], squared, out=infinite, where=squared != 0))


def _dedicated(w: F64, threshold: float) -> Bools:
    return (_norms(w) > REPRESENTED) & (_superposition(w) < threshold)


def _off_diagonal(G: F64) -> F64:
    return np.asarray((G**2 * (1 - np.eye(G.shape[-1]))).sum((-2, -1)))


def _partners(w: F64, cosine: float) -> I64:
    cos = _cosines(w)
    shown = _norms(w) > REPRESENTED
    cos = np.where(shown[..., :, None] & shown[..., None, :], cos, 1.0)
    opposite = cos.argmin(-1)
    closest = np.take_along_axis(cos, opposite[..., None], -1)[..., 0]
    mutual = np.take_along_axis(opposite, opposite, -1) == np.arange(w.shape[-1])
    return np.asarray(np.where(mutual & (closest <= cosine), opposite, -1))


def _angles(w: F64) -> F64:
    if w.shape[-2] != 2:
        raise SpecError.of("W", "shape", "must have two hidden dimensions", w.shape)
    angle = np.degrees(np.arctan2(w[..., 1, :], w[..., 0, :])) % 360.0
    angle = np.where(angle < 360.0, angle, 0.0)  # a tiny negative angle rounds up to 360
    return np.where(_norms(w) > 0, angle, np.nan)


def _gaps(w: F64, threshold: float) -> F64:
    angle = np.where(_norms(w) > threshold, _angles(w), np.nan)
    angle = np.sort(angle, axis=-1)  # NaN last
    count = np.isfinite(angle).sum(-1, keepdims=True)
    following = np.roll(angle, -1, axis=-1)
    last = np.arange(w.shape[-1]) == count - 1
    following = np.where(last, angle[..., :1] + 360.0, following)
    return np.sort(following - angle, axis=-1)
