"""Rows of SPAN nodes: phases, characteristic functions of magnitudes, products.

A row holds the values at SPAN neighbouring odd harmonics k = first, first + 2, …; a complex one is
an array (2, SPAN), real and imaginary parts, so that the loops are plain vector code.
"""

from __future__ import annotations

from math import cos, factorial, sin
from typing import Final, NamedTuple

from tegum.engines.exact.numeric import EXPONENTIAL, SIGNED, inline, part

#: Nodes treated together.
SPAN: Final = 64
_STRIDE: Final = 8
_TERMS: Final = 9


class Span(NamedTuple):
    """The nodes ω = k·step of a row: k = first, first + 2 and so on."""

    step: float
    first: float


def _taylor(weight):
    return tuple((-1.0) ** t * weight(t) for t in range(_TERMS))


#: s0 = E[cos 2ηy], s1 = E[y sin 2ηy] / η, s2 = E[y² cos 2ηy] for y uniform on [−1/2, 1/2], in η².
S0 = _taylor(lambda t: 1.0 / factorial(2 * t + 1))
S1 = _taylor(lambda t: 1.0 / (factorial(2 * t + 1) * 2 * (2 * t + 3)))
S2 = _taylor(lambda t: 1.0 / (factorial(2 * t) * 4 * (2 * t + 3)))


@inline
def _horner(coefficients, y):
    value = coefficients[8]
    value = value * y + coefficients[7]
    value = value * y + coefficients[6]
    value = value * y + coefficients[5]
    value = value * y + coefficients[4]
    value = value * y + coefficients[3]
    value = value * y + coefficients[2]
    value = value * y + coefficients[1]
    return value * y + coefficients[0]


@part
def phases(angle, first, into):
    """into <- cos and sin of k·angle at the nodes, k = first, first + 2 and so on.

    Rotations from a few direct values; their error grows to about SPAN/8 roundings.
    """
    cosines, sines = into[0], into[1]
    turn_c, turn_s = cos(2.0 * angle), sin(2.0 * angle)
    c, s = cos(first * angle), sin(first * angle)
    for q in range(_STRIDE):
        cosines[q], sines[q] = c, s
        c, s = c * turn_c - s * turn_s, s * turn_c + c * turn_s
    for _ in range(3):
        turn_c, turn_s = turn_c * turn_c - turn_s * turn_s, 2.0 * turn_c * turn_s
    for start in range(_STRIDE, SPAN, _STRIDE):
        for q in range(start, start + _STRIDE):
            c, s = cosines[q - _STRIDE], sines[q - _STRIDE]
            cosines[q] = c * turn_c - s * turn_s
            sines[q] = s * turn_c + c * turn_s


@inline
def _few(angle, first):
    """How many of the nodes have |k·angle| < 1: there Taylor series, elsewhere quotients."""
    size = abs(angle)
    if not size * (first + 2.0 * SPAN) >= 1.0:  # NaN is no integer
        return SPAN
    return max(0, min(SPAN, int((1.0 / size - first) * 0.5)))


@part
def magnitude(family, a, span, inverse, turn, f, g):
    """f <- E[e^{iωax}], g <- E[x e^{iωax}] over a span; `inverse` is the row 1/k.

    turn <- cos and sin of half the phase. Each loop writes two rows: with more of them compilers no
    longer see that rows do not overlap.
    """
    step, first = span
    f_r, f_i, g_r, g_i = f[0], f[1], g[0], g[1]
    if family == EXPONENTIAL:
        for q in range(SPAN):
            theta = (first + 2.0 * q) * step * a
            r = 1.0 / (1.0 + theta * theta)
            f_r[q], f_i[q] = r, theta * r
        times(f, f, g)
        return
    angle = step * a * (1.0 if family == SIGNED else 0.5)
    phases(angle, first, turn)
    cosines, sines = turn[0], turn[1]
    few = _few(angle, first)
    for q in range(few):  # s0 and s1, the transforms of the centred variable
        eta = (first + 2.0 * q) * angle
        f_r[q], g_i[q] = _horner(S0, eta * eta), eta * _horner(S1, eta * eta)
    over = 1.0 / angle if few < SPAN else 0.0
    for q in range(few, SPAN):
        r = inverse[q] * over
        s0 = sines[q] * r
        f_r[q], g_i[q] = s0, 0.5 * r * (s0 - cosines[q])
    if family == SIGNED:
        for q in range(SPAN):
            f_i[q] = g_r[q] = 0.0
            g_i[q] *= 2.0
        return
    for q in range(SPAN):
        half, s1 = 0.5 * f_r[q], g_i[q]
        g_r[q] = cosines[q] * half - sines[q] * s1
        g_i[q] = sines[q] * half + cosines[q] * s1
    for q in range(SPAN):
        s0 = f_r[q]
        f_r[q], f_i[q] = cosines[q] * s0, sines[q] * s0


@part
def square_magnitude(family, a, span, turn, f, h):
    """h <- E[x² e^{iωax}], after `magnitude` has filled turn and f of the feature."""
    step, first = span
    cosines, sines, h_r, h_i = turn[0], turn[1], h[0], h[1]
    if family == EXPONENTIAL:
        f_r, f_i = f[0], f[1]
        for q in range(SPAN):
            c, s = f_r[q], f_i[q]
            d, t = c * c - s * s, 2.0 * c * s
            h_r[q], h_i[q] = 2.0 * (d * c - t * s), 2.0 * (d * s + t * c)
        return
    angle = step * a * (1.0 if family == SIGNED else 0.5)
    few = _few(angle, first)
    for q in range(SPAN):
        eta = (first + 2.0 * q) * angle
        if q < few:
            y = eta * eta
            s0, s1, s2 = _horner(S0, y), eta * _horner(S1, y), _horner(S2, y)
        else:
            r = 1.0 / eta
            s0 = sines[q] * r
            s1 = 0.5 * r * (s0 - cosines[q])
            s2 = 0.25 * (s0 + 2.0 * r * r * (cosines[q] - s0))
        if family == SIGNED:
            h_r[q], h_i[q] = 4.0 * s2, 0.0
        else:
            c, s, real = cosines[q], sines[q], 0.25 * s0 + s2
            h_r[q], h_i[q] = c * real - s * s1, s * real + c * s1


@inline
def times(a, b, into):
    """into <- a·b; may be one of them."""
    for q in range(SPAN):
        real = a[0, q] * b[0, q] - a[1, q] * b[1, q]
        into[1, q] = a[0, q] * b[1, q] + a[1, q] * b[0, q]
        into[0, q] = real


@inline
def add_scaled(factor, a, into):
    """into += factor·a."""
    for q in range(SPAN):
        into[0, q] += factor * a[0, q]
        into[1, q] += factor * a[1, q]


@inline
def fill(value, into):
    """into <- a real number."""
    for q in range(SPAN):
        into[0, q] = value
        into[1, q] = 0.0


@inline
def copy(a, into):
    """into <- a."""
    for q in range(SPAN):
        into[0, q] = a[0, q]
        into[1, q] = a[1, q]


@part
def fold(row):
    """Σ of a row, which it spoils: by halves, vector code with its additions in a fixed order."""
    for q in range(32):
        row[q] += row[q + 32]
    for q in range(16):
        row[q] += row[q + 16]
    for q in range(8):
        row[q] += row[q + 8]
    return ((row[0] + row[1]) + (row[2] + row[3])) + ((row[4] + row[5]) + (row[6] + row[7]))


@inline
def real_sum(weights, a, b, spare):
    """Σ weights Re(a·b); `spare` is a row to work in."""
    for q in range(SPAN):
        spare[q] = weights[q] * (a[0, q] * b[0, q] - a[1, q] * b[1, q])
    return fold(spare)


@inline
def imaginary_sum(weights, a, b, spare):
    """Σ weights Im(a·b)."""
    for q in range(SPAN):
        spare[q] = weights[q] * (a[0, q] * b[1, q] + a[1, q] * b[0, q])
    return fold(spare)
