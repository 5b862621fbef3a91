"""Expectations of one ReLU with at most two active features, in closed form.

z = t + c x + d v with x and v independent magnitudes. On its positive side z is linear, so that
every moment is a polynomial over a polygon: Gauss-Legendre nodes between the kinks integrate it
without error, and, all summands being of one sign where it matters, without cancellation.

An active feature is x = β + α u with u uniform on [0, 1] (uniform: α = 1, β = 0; signed: α = 2,
β = −1), or exponential.
"""

from __future__ import annotations

from math import exp, sqrt

from tegum.engines.exact.numeric import (
    EXPONENTIAL,
    R1,
    R2,
    SIGNED,
    VR,
    X1,
    XR,
    XV,
    XX,
    inline,
    part,
)  # fmt: skip

#: Two-point Gauss-Legendre nodes on [0, 1]: exact for cubics.
_LOW, _HIGH = 0.5 - 0.5 / sqrt(3.0), 0.5 + 0.5 / sqrt(3.0)


@inline
def scale_of(family):
    """α of x = β + α u."""
    return 2.0 if family == SIGNED else 1.0


@inline
def shift_of(family):
    """β of x = β + α u."""
    return -1.0 if family == SIGNED else 0.0


@inline
def clear(out):
    """All moments 0."""
    for k in range(out.shape[0]):
        out[k] = 0.0


@inline
def _positive(base, slope):
    """The part (from, to) of [0, 1] on which base + slope·u > 0; empty when to <= from."""
    if slope == 0.0:
        return 0.0, (1.0 if base > 0.0 else 0.0)
    kink = -base / slope
    if slope > 0.0:
        return min(max(kink, 0.0), 1.0), 1.0
    return 0.0, min(max(kink, 0.0), 1.0)


@inline
def _add_nodes(start, stop, base, slope, alpha, beta, v, weight, out):
    """Add `weight` times the integrals over u from start to stop, the other feature being v."""
    length = stop - start
    if length <= 0.0:
        return
    half = 0.5 * weight * length
    for g in range(2):
        u = start + length * (_LOW if g == 0 else _HIGH)
        z = base + slope * u
        x = beta + alpha * u
        out[R2] += half * z * z
        out[R1] += half * z
        out[XR] += half * x * z
        out[X1] += half * x
        out[XX] += half * x * x
        out[VR] += half * v * z
        out[XV] += half * x * v


@part
def none_active(t, out):
    """z = t: out <- the moments, x = v = 0."""
    clear(out)
    if t > 0.0:
        out[R2] = t * t
        out[R1] = t


@part
def own_active(t, c, family, out):
    """z = t + c x: out <- the moments, v = 0."""
    clear(out)
    if family == EXPONENTIAL:
        _exponential(t, c, out)
        return
    alpha, beta = scale_of(family), shift_of(family)
    base, slope = t + c * beta, c * alpha
    start, stop = _positive(base, slope)
    _add_nodes(start, stop, base, slope, alpha, beta, 0.0, 1.0, out)


@part
def other_active(t, d, family, out):
    """z = t + d v: out <- the moments, x = 0."""
    own_active(t, d, family, out)
    out[VR] = out[XR]
    out[XR] = out[X1] = out[XX] = out[XV] = 0.0


@part
def both_active(t, c, family, d, family_v, out):
    """z = t + c x + d v, neither of them exponential: out <- the moments.

    The integrals over u are cubics in v between the two values at which the kink enters or leaves
    0 <= u <= 1.
    """
    clear(out)
    alpha, beta = scale_of(family), shift_of(family)
    alpha_v, beta_v = scale_of(family_v), shift_of(family_v)
    base, slope, across = t + c * beta + d * beta_v, c * alpha, d * alpha_v
    first, second = 0.0, 1.0
    if across != 0.0:
        enter = min(max(-base / across, 0.0), 1.0)
        leave = min(max(-(base + slope) / across, 0.0), 1.0)
        first, second = min(enter, leave), max(enter, leave)
    start = 0.0
    for piece in range(3):
        stop = first if piece == 0 else (second if piece == 1 else 1.0)
        length = stop - start
        if length > 0.0:
            for g in range(2):
                w = start + length * (_LOW if g == 0 else _HIGH)
                row = base + across * w
                low, high = _positive(row, slope)
                v = beta_v + alpha_v * w
                _add_nodes(low, high, row, slope, alpha, beta, v, 0.5 * length, out)
        start = stop


@inline
def _exponential(t, c, out):
    """z = t + c x with x ~ Exp(1); the tail beyond a kink is an exponential again."""
    if c == 0.0 or (t >= 0.0 and c > 0.0):
        if t > 0.0 or c > 0.0:
            _add_tail(t, c, 0.0, 1.0, out)
        return
    kink = -t / c
    if c > 0.0:
        _add_tail(0.0, c, kink, exp(-kink), out)
    elif t > 0.0:
        _add_tail(t, c, 0.0, 1.0, out)
        _add_tail(0.0, c, kink, -exp(-kink), out)


@inline
def _add_tail(z0, c, k, weight, out):
    """Add `weight` times the moments of x = k + e, z = z0 + c e with e ~ Exp(1)."""
    if weight == 0.0:  # k may be infinite
        return
    out[R2] += weight * (z0 * z0 + 2.0 * c * z0 + 2.0 * c * c)
    out[R1] += weight * (z0 + c)
    out[XR] += weight * (k * (z0 + c) + z0 + 2.0 * c)
    out[X1] += weight * (k + 1.0)
    out[XX] += weight * (k * k + 2.0 * k + 2.0)
