"""Arrays behind `geometry`: of plain weights w (..., hidden, feature), without checks."""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.dims import F64, I64, Bools
from tegum.errors import SpecError

#: A feature is represented when the length of its direction exceeds this.
REPRESENTED: Final = 0.5


def scaled(w: F64, axis: int | tuple[int, ...]) -> tuple[F64, I64]:
    """w·2^−e and e, of the shape of w but 1 along `axis`: the largest entry there is in [½, 1).

    Powers of two cost no digit, and no square of what is left overflows or is lost.
    """
    most = np.abs(w).max(axis, keepdims=True, initial=0.0)
    exponent = np.where(np.isfinite(most), np.frexp(most)[1], 0)
    return np.asarray(np.ldexp(w, -exponent)), exponent


def norms(w: F64) -> F64:
    """‖W_i‖, (..., feature)."""
    small, exponent = scaled(w, -2)
    return np.asarray(np.ldexp(np.linalg.norm(small, axis=-2), exponent[..., 0, :]))


def units(w: F64) -> F64:
    """Ŵ_i, 0 for a zero column, (..., hidden, feature)."""
    small, _ = scaled(w, -2)
    length = np.linalg.norm(small, axis=-2, keepdims=True)
    return np.asarray(np.divide(small, length, out=np.zeros_like(w), where=length != 0))


def gram(w: F64) -> F64:
    """WᵀW, (..., feature, feature)."""
    return np.asarray(np.swapaxes(w, -1, -2) @ w)


def cosines(w: F64) -> F64:
    """Ŵ_i·Ŵ_j, (..., feature, feature)."""
    return np.asarray(np.clip(gram(units(w)), -1.0, 1.0))


def projected(w: F64) -> F64:
    """Σ_j (Ŵ_i·W_j)² = Ŵ_iᵀ (W Wᵀ) Ŵ_i: needs no (feature, feature) matrix per model."""
    unit = units(w)
    frame = w @ np.swapaxes(w, -1, -2)  # (..., hidden, hidden)
    return np.asarray((unit * (frame @ unit)).sum(-2))


def superposition(w: F64) -> F64:
    """Σ_{j≠i} (Ŵ_i·W_j)², (..., feature)."""
    # The difference may fall below zero by rounding.
    return np.maximum(projected(w) - norms(w) ** 2, 0.0)


def dimensionality(w: F64) -> F64:
    """‖W_i‖² / Σ_j (Ŵ_i·W_j)², (..., feature)."""
    w, _ = scaled(w, (-2, -1))  # the answer has no scale
    total = projected(w)
    share = np.divide(norms(w) ** 2, total, out=np.zeros_like(total), where=total != 0)
    return np.minimum(share, 1.0)


def dimensions_per_feature(w: F64) -> F64:
    """m / ‖W‖_F², (...)."""
    small, exponent = scaled(w, (-2, -1))
    squared = np.asarray((small**2).sum((-2, -1)))
    infinite = np.full_like(squared, np.inf)
    found = np.divide(w.shape[-2], squared, out=infinite, where=squared != 0)
    return np.asarray(np.ldexp(found, -2 * exponent[..., 0, 0]))


def dedicated(w: F64, threshold: float) -> Bools:
    """Whether a feature has a dimension to itself, (..., feature)."""
    return (norms(w) > REPRESENTED) & (superposition(w) < threshold)


def off_diagonal(G: F64) -> F64:
    """Σ_{i≠j} G_ij², (...)."""
    return np.asarray((G**2 * (1 - np.eye(G.shape[-1]))).sum((-2, -1)))


def partners(w: F64, cosine: float) -> I64:
    """The feature opposite to each, or −1, (..., feature)."""
    cos = cosines(w)
    shown = norms(w) > REPRESENTED
    cos = np.where(shown[..., :, None] & shown[..., None, :], cos, 1.0)
    opposite = cos.argmin(-1)
    closest = np.take_along_axis(cos, opposite[..., None], -1)[..., 0]
    mutual = np.take_along_axis(opposite, opposite, -1) == np.arange(w.shape[-1])
    return np.asarray(np.where(mutual & (closest <= cosine), opposite, -1))


def angles(w: F64) -> F64:
    """Degrees in [0, 360), NaN for a zero column, (..., feature)."""
    if w.shape[-2] != 2:
        raise SpecError.of("W", "shape", "must have two hidden dimensions", w.shape)
    angle = np.degrees(np.arctan2(w[..., 1, :], w[..., 0, :])) % 360.0
    angle = np.where(angle < 360.0, angle, 0.0)  # a tiny negative angle rounds up to 360
    return np.where(norms(w) > 0, angle, np.nan)


def gaps(w: F64, threshold: float) -> F64:
    """Degrees between neighbours, ascending, then NaN, (..., feature)."""
    angle = np.where(norms(w) > threshold, angles(w), np.nan)
    angle = np.sort(angle, axis=-1)  # NaN last
    count = np.isfinite(angle).sum(-1, keepdims=True)
    following = np.roll(angle, -1, axis=-1)
    last = np.arange(w.shape[-1]) == count - 1
    following = np.where(last, angle[..., :1] + 360.0, following)
    return np.sort(following - angle, axis=-1)
