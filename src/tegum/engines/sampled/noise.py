"""Noise on h and units that are left out, in rows of samples: the dense and the sparse kernel's.

What the decoder reads is h∘k/(1 − d) + σ ξ. Random numbers are addressed by sample and unit, like
those of x, in streams of their own; ξ comes in pairs, of a unit of the first half and one of
the second, by the method of Box and Muller.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32
from tegum.engines.sampled.forms import NOISY, THINNED
from tegum.engines.sampled.random import (
    draw,
    f32,
    i32,
    i64,
    mix_two,
    part,
    splitmix,
    stream,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip
from tegum.engines.sampled.shared import work_array
from tegum.engines.sampled.vectors import bits_float, float_bits

#: −log₂(1 + m)/m for |m| <= 1/3 by powers of m, within 7e-6 of itself; sin(πt/2)/t and cos(πt/2)
#: by those of t² for |t| <= 1, within 6e-7 and 7e-6: minimax polynomials.
RADIUS_SERIES = (0.27915904, -0.32672071, 0.35850528, -0.47925174, 0.72137666, -1.4427054)
SINE_SERIES = (-0.0043331767, 0.079434499, -0.64589292, 1.570791)
COSINE_SERIES = (-0.019095736, 0.25258023, -1.2334845, 0.99999332)
UNIT = 1.1774100225154747  # √(2 ln 2), in which radii are roots of −log₂ u
EXPONENT = 31 << 23  # of 2³¹, as a float32 has it
LEAST = 0x3F2AAAAB  # the bits of 2/3
_NOISE = u64(0x6E6F6973655F6F66)  # a purpose of random numbers, of a step's key
_ONE, _UNIT = f32(1), f32(UNIT)
_R1, _R2, _R3, _R4, _R5, _R6 = (f32(value) for value in RADIUS_SERIES)
_S1, _S2, _S3, _S4 = (f32(value) for value in SINE_SERIES)
_C1, _C2, _C3, _C4 = (f32(value) for value in COSINE_SERIES)


class Streams(NamedTuple):
    """The words of a step's streams: of noise, and of units that are left out."""

    noise: np.uint32
    left_out: np.uint32
    high: np.uint32


class Disturbed(NamedTuple):
    """What the decoder reads of a block of samples; where nothing is disturbed, h itself."""

    seen: F32  # (rows, M)
    kept: F32  # flat (rows, m): k/(1 − d)
    xi: F32  # (2, flat (rows, m/2)): ξ of the units of the first half, and of the second


class Noise(NamedTuple):
    """How h is disturbed."""

    units: int  # m
    sigma: np.float32
    left_out: np.float32  # d


def disturbed_work(h: F32, disturbed: int) -> Disturbed:
    """Work arrays beside those of h."""
    seen = work_array(*h.shape) if disturbed else h
    thinned, noisy = (h.size if disturbed & what else 1 for what in (THINNED, NOISY))
    return Disturbed(seen, work_array(thinned), work_array(2, noisy))


@part(forceinline=True)
def noise_streams(key):
    """The streams of a step with this key."""
    own = splitmix(key ^ _NOISE)
    low, high = u32(own), u32(own >> u64(32))
    return Streams(stream(low, high, i64(0)), stream(low, high, i64(2)), high)


@part(forceinline=True)
def streams_where(disturbed, key, rare):
    """`noise_streams` where h is disturbed, else words that nobody reads, at no cost."""
    if rare is not None and disturbed:
        return noise_streams(key)
    return Streams(u32(0), u32(0), u32(0))


@part(forceinline=True)
def tells_apart(static, codes):
    """Whether samples without an active feature differ from one another."""
    noisy = codes.disturbed & NOISY != 0
    return noisy or (codes.disturbed != 0 and static.has_hidden_bias)


@part(forceinline=True)
def _signed_unit(word):
    """The bits of a number in [−1, 1] that is not 0, from a hash."""
    return i32(float_bits(f32(i32(word | u32(1)))) - i32(EXPONENT))


@part(forceinline=True)
def _normals(a, b):
    """Two independent normal numbers from two hashes, in units of √(2 ln 2).

    By the first a radius with a sign; of angles the other has one half of the circle.
    """
    v = _signed_unit(a)
    bits = i32(v & i32(0x7FFFFFFF))
    exponent = i32(bits - i32(LEAST)) >> i32(23)
    m = bits_float(i32(bits - i32(exponent << i32(23)))) - _ONE
    p = ((((_R1 * m + _R2) * m + _R3) * m + _R4) * m + _R5) * m + _R6
    radius = float_bits(np.sqrt(p * m - f32(exponent)))
    radius = bits_float(i32(radius | i32(v & i32(-(2**31)))))
    t = bits_float(_signed_unit(b))
    z = t * t
    sine = ((_S1 * z + _S2) * z + _S3) * z + _S4
    cosine = ((_C1 * z + _C2) * z + _C3) * z + _C4
    return cosine * radius, sine * t * radius


@part()
def _fill_normals(xi, count, first, streams):
    for t in range(count):
        a, b = words(u32(first + t), streams.noise, streams.high)
        one, other = mix_two(a, b)
        xi[0, t], xi[1, t] = _normals(one, other)


@part()
def _fill_kept(kept, count, first, share, streams):
    scale = _ONE / (_ONE - share)
    for t in range(count):
        word = draw(u32(first + t), streams.left_out, streams.high)
        kept[t] = scale if unit(word) > share else f32(0)


@part()
def disturb_rows(h, rows, first, key, noise, work, codes):
    """work.seen, kept <- of the samples from number `first` on."""
    streams, seen, kept, xi = noise_streams(key), work.seen, work.kept, work.xi
    m, sigma = noise.units, noise.sigma * _UNIT
    pairs = (m + 1) // 2
    for l in range(rows):
        for k in range(m):
            seen[l, k] = h[l, k]
    if codes.disturbed & THINNED:
        _fill_kept(kept, rows * m, first * m, noise.left_out, streams)
        for l in range(rows):
            for k in range(m):
                seen[l, k] *= kept[l * m + k]
    if codes.disturbed & NOISY:
        _fill_normals(xi, rows * pairs, first * pairs, streams)
        for l in range(rows):
            for j in range(pairs):
                seen[l, j] += sigma * xi[0, l * pairs + j]
            for j in range(m - pairs):
                seen[l, pairs + j] += sigma * xi[1, l * pairs + j]


@part()
def thin_rows(dh, rows, units, work, codes):
    """dh <- dh k/(1 − d), the gradient by h of what is seen of it."""
    if codes.disturbed & THINNED:
        for l in range(rows):
            for k in range(units):
                dh[l, k] *= work.kept[l * units + k]
