"""Checks and shapes shared by the closed forms: W (..., hidden, feature), b (..., feature)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from tegum.arguments import array, number
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
    plain = array(owner, "W", W)
    if plain.ndim < 2 or plain.shape[-1] == 0:
        raise SpecError.of(owner, "W", "must have shape (..., hidden, feature)", plain.shape)
    return plain


def biases(owner: str, b: Numbers | None, n_features: int) -> Biases:
    """`b` as float64 (..., feature); None means zero."""
    plain = np.zeros(n_features) if b is None else array(owner, "b", b)
    if plain.ndim < 1 or plain.shape[-1] != n_features:
        raise SpecError.of(owner, "b", f"must have {n_features} features last", plain.shape)
    return plain


def per_feature(owner: str, field: str, value: Numbers, n_features: int) -> PerFeature:
    """A number or one number per feature, finite and >= 0, as float64 (feature,)."""
    plain = array(owner, field, value)
    if plain.shape not in ((), (n_features,)):
        raise SpecError.of(owner, field, f"must be a number or {n_features} numbers", plain.shape)
    if not (np.isfinite(plain).all() and (plain >= 0).all()):
        raise SpecError.of(owner, field, "must be finite and >= 0", value)
    return np.broadcast_to(plain, (n_features,))


def probability(owner: str, value: float) -> float:
    """A feature probability in [0, 1]."""
    return number(owner, "feature_probability", value, "must be in [0, 1]", lambda p: 0 <= p <= 1)


def checked(
    owner: str, relative_importance: Numbers, feature_probability: Numbers
) -> tuple[Scalars, Scalars]:
    """r and p as float64 of one shape; SpecError unless r >= 0 is finite and p in [0, 1]."""
    r = array(owner, "relative_importance", relative_importance)
    p = array(owner, "feature_probability", feature_probability)
    if not (np.isfinite(r).all() and (r >= 0).all()):
        rule = "must be finite and >= 0"
        raise SpecError.of(owner, "relative_importance", rule, relative_importance)
    if not ((p >= 0) & (p <= 1)).all():
        rule = "must be in [0, 1]"
        raise SpecError.of(owner, "feature_probability", rule, feature_probability)
    try:
        shape = np.broadcast_shapes(r.shape, p.shape)
    except ValueError:
        rule = f"must broadcast with relative_importance of shape {r.shape}"
        raise SpecError.of(owner, "feature_probability", rule, p.shape) from None
    return np.broadcast_to(r, shape), np.broadcast_to(p, shape)


def gram(W: Weights) -> Float[F64, "... feature feature"]:
    """G = WᵀW."""
    return np.swapaxes(W, -1, -2) @ W
