"""Checks and shapes shared by the closed forms: W (..., hidden, feature), b (..., feature)."""

from __future__ import annotations

from numbers import Real

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tegum.dims import F64
from tegum.errors import SpecError

#: A number or anything NumPy makes an array of (said in full for the run-time check).
Numbers = float | int | ArrayLike
Weights = Float[F64, "... hidden feature"]
Biases = Float[F64, "... feature"]
PerFeature = Float[F64, " feature"]
Scalars = Float[F64, "..."]


def weights(owner: str, W: Numbers) -> Weights:
    """`W` as float64 with at least two axes, the last two being (hidden, feature)."""
    array = np.asarray(W, dtype=np.float64)
    if array.ndim < 2 or array.shape[-1] == 0:
        raise SpecError.of(owner, "W", "must have shape (..., hidden, feature)", array.shape)
    return array


def biases(owner: str, b: Numbers | None, n_features: int) -> Biases:
    """`b` as float64 (..., feature); None means zero."""
    array = np.zeros(n_features) if b is None else np.asarray(b, dtype=np.float64)
    if array.ndim < 1 or array.shape[-1] != n_features:
        raise SpecError.of(owner, "b", f"must have {n_features} features last", array.shape)
    return array


def per_feature(owner: str, field: str, value: Numbers, n_features: int) -> PerFeature:
    """A number or one number per feature, finite and >= 0, as float64 (feature,)."""
    array = np.asarray(value, dtype=np.float64)
    if array.shape not in ((), (n_features,)):
        raise SpecError.of(owner, field, f"must be a number or {n_features} numbers", array.shape)
    if not (np.isfinite(array).all() and (array >= 0).all()):
        raise SpecError.of(owner, field, "must be finite and >= 0", value)
    return np.broadcast_to(array, (n_features,))


def probability(owner: str, value: float) -> float:
    """A feature probability in [0, 1]."""
    if not isinstance(value, Real) or not 0.0 <= float(value) <= 1.0:
        raise SpecError.of(owner, "feature_probability", "must be in [0, 1]", value)
    return float(value)


def gram(W: Weights) -> Float[F64, "... feature feature"]:
    """G = WᵀW."""
    return np.swapaxes(W, -1, -2) @ W
