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
    log2,
    part,
    splitmix,
    stream,
    u32,
    u64,
    unit,
)  # fmt: skip
from tegum.engines.sampled.shared import work_array

#: The powers of a² in sin(a)/a and in cos(a), for |a| <= π/4.
SINE_SERIES = (-1.9515296e-4, 8.3321609e-3, -1.6666655e-1, 1.0)
COSINE_SERIES = (2.4433157e-5, -1.3887316e-3, 4.1666645e-2, -0.5, 1.0)
RADIUS = -1.3862943611198906  # −2 ln 2
ANGLE = 3.657168870106e-10  # π/4 · 2⁻³¹
_NOISE = u64(0x6E6F6973655F6F66)  # a purpose of random numbers, of a step's key
_ONE, _RADIUS, _ANGLE = f32(1), f32(RADIUS), f32(ANGLE)
_S1, _S2, _S3 = (f32(value) for value in SINE_SERIES[:3])
_C1, _C2, _C3, _C4 = (f32(value) for value in COSINE_SERIES[:4])


class Streams(NamedTuple):
    """The words of a step's streams: of radii, of angles, of units that are left out."""

    radius: np.uint32
    angle: np.uint32
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
    return Streams(
        stream(low, high, i64(0)), stream(low, high, i64(1)), stream(low, high, i64(2)), high
    )


@part(forceinline=True)
def streams_where(disturbed, key, rare):
    """`noise_streams` where h is disturbed, else words that nobody reads, at no cost."""
    if rare is not None and disturbed:
        return noise_streams(key)
    return Streams(u32(0), u32(0), u32(0), u32(0))


@part(forceinline=True)
def tells_apart(static, codes):
    """Whether samples without an active feature differ from one another."""
    noisy = codes.disturbed & NOISY != 0
    return noisy or (codes.disturbed != 0 and static.has_hidden_bias)


@part(forceinline=True)
def _normals(a, b):
    """Two independent normal numbers from two hashes."""
    radius = np.sqrt(_RADIUS * log2(unit(a)))
    angle = f32(i32(b)) * _ANGLE
    z = angle * angle
    sine = (((_S1 * z + _S2) * z + _S3) * z + _ONE) * angle * radius
    cosine = ((((_C1 * z + _C2) * z + _C3) * z + _C4) * z + _ONE) * radius
    cosine = cosine if (b & u32(1)) == u32(0) else -cosine
    return (sine, cosine) if (b & u32(2)) == u32(0) else (cosine, sine)


@part()
def _fill_normals(xi, count, first, streams):
    for t in range(count):
        number = u32(first + t)
        one, other = _normals(
            draw(number, streams.radius, streams.high), draw(number, streams.angle, streams.high)
        )
        xi[0, t] = one
        xi[1, t] = other


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
    m, sigma = noise.units, noise.sigma
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
