"""E[½ κ₂ z|z| − κ₁ x|z|] for z = t + c u + d v and x = x₀ + x₁ u, u and v uniform on [0, 1].

On either side of the kink z = 0 it is a polynomial, so Gauss-Legendre nodes between the kinks
integrate it without error: a quadratic in u, and then a cubic in v between the two values at
which the kink enters or leaves 0 <= u <= 1.
"""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from tegum.dims import F64

#: Two-point Gauss-Legendre nodes on [0, 1]: exact for cubics.
_NODES = (0.5 - 0.5 / sqrt(3.0), 0.5 + 0.5 / sqrt(3.0))


def kinked(
    t: Any, c: Any, d: Any, x: tuple[float, float], kappa: tuple[float, float]
) -> F64:  # fmt: skip
    """The expectation, elementwise over t, c and d; x = (x₀, x₁), kappa = (κ₁, κ₂)."""
    t, c, d = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in (t, c, d)))
    enter, leave = _crossing(t, d), _crossing(t + c, d)
    first, second = np.minimum(enter, leave), np.maximum(enter, leave)
    total = np.zeros(t.shape)
    for start, stop in ((0.0, first), (first, second), (second, 1.0)):
        width = np.asarray(stop - start)
        for node in _NODES:
            base = t + d * (start + width * node)
            total += 0.5 * width * _segment(base, c, x, kappa)
    return total


def _segment(base: F64, c: F64, x: tuple[float, float], kappa: tuple[float, float]) -> F64:
    """The expectation over u alone."""
    kink, total = _crossing(base, c), np.zeros(base.shape)
    for start, stop in ((0.0, kink), (kink, 1.0)):
        width = np.asarray(stop - start)
        for node in _NODES:
            u = start + width * node
            z = base + c * u
            value = 0.5 * kappa[1] * z - kappa[0] * (x[0] + x[1] * u)
            total += 0.5 * width * value * np.abs(z)
    return total


def _crossing(base: F64, slope: F64) -> F64:
    """Where base + slope·u changes sign, kept within [0, 1]; 0 without a slope."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        at = np.where(slope == 0.0, 0.0, -base / slope)
    return np.asarray(np.clip(np.nan_to_num(at, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0))
