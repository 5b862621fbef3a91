"""Output activations inside kernels: value and slope, by code; and powers of errors."""

from __future__ import annotations

from tegum.engines.sampled.forms import FOURTH, IDENTITY, LEAKY, QUADRATIC, RELU, SQUARE
from tegum.engines.sampled.random import f32, i32, log2, part
from tegum.engines.sampled.vectors import bits_float
from tegum.models.activations import LEAKY_SLOPE

_ZERO, _ONE, _HALF, _LEAK = f32(0), f32(1), f32(0.5), f32(LEAKY_SLOPE)
_UP = f32(126.5)
_LOG2_E = f32(1.4426950408889634)
_ROOT_HALF, _ROOT_2PI = f32(0.7071067811865476), f32(0.3989422804014327)


@part(forceinline=True)
def _exp_negative(x):
    """exp(x) for x <= 0, relative error 2e-7: 2^k times a polynomial, vectorisable."""
    y = max(x * _LOG2_E, f32(-126))
    return _power_of_2(y, i32(y - _HALF))


@part(forceinline=True)
def _power_of_2(y, k):
    """2^y, with k the integer next to y in [-126, 127]."""
    r = y - f32(k)
    p = f32(1.5353362e-4) * r + f32(1.3398874e-3)
    p = p * r + f32(9.6184373e-3)
    p = p * r + f32(5.5503324e-2)
    p = p * r + f32(2.4022648e-1)
    p = p * r + f32(6.9314720e-1)
    return (p * r + _ONE) * bits_float(i32((k + i32(127)) << i32(23)))


@part(forceinline=True)
def raised(error, power, beyond):
    """sign(e) |e|^(q - 1) for the power of this code, beyond = q - 2: the slope of |e|^q / q.

    What is no number stays that, and 0 is 0.
    """
    if power == SQUARE:
        return error
    if power == FOURTH:
        return error * error * error
    y = min(max(beyond * log2(abs(error)), f32(-126)), f32(127))
    return error * _power_of_2(y, i32(y + _UP) - i32(126))


@part(forceinline=True)
def _normal(z):
    """The standard normal cdf and density at z (Abramowitz & Stegun 7.1.26: within 2e-7)."""
    e = _exp_negative(-_HALF * z * z)
    t = _ONE / (_ONE + f32(0.3275911) * abs(z) * _ROOT_HALF)
    p = f32(1.061405429) * t - f32(1.453152027)
    p = p * t + f32(1.421413741)
    p = p * t - f32(0.284496736)
    p = (p * t + f32(0.254829592)) * t
    tail = _HALF * p * e
    return (_ONE - tail if z > _ZERO else tail), _ROOT_2PI * e


@part(forceinline=True)
def activate(z, code):
    """f(z) and f'(z) for the activation with this code."""
    if code == RELU:
        return (z, _ONE) if z > _ZERO else (_ZERO, _ZERO)
    if code == IDENTITY:
        return z, _ONE
    if code == LEAKY:
        return (z, _ONE) if z > _ZERO else (_LEAK * z, _LEAK)
    if code == QUADRATIC:
        return z * z, z + z
    cdf, density = _normal(z)
    return z * cdf, cdf + z * density
