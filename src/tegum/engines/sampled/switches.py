"""Loops over a row of samples: what is on, and how large it is."""

from __future__ import annotations

from tegum.engines.sampled.random import (
    EXPONENTIAL,
    ONE,
    OTHER,
    SIGNED,
    STEP_HIGH,
    STEP_LOW,
    f32,
    magnitude,
    mix,
    other_magnitude,
    part,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip

# Unsigned indices do not wrap around from the end: a signed `at + l` halves the speed of a loop.
# A call takes along every number of every array in its tuples, as much work as dozens of samples.


@part(forceinline=True)
def switch_on(out, at, samples, key, g, first, chances, skip, chosen):
    """out[at:at+width] <- a uniform in (0, 1] where block g is on, else 0.

    With `skip`, sample l is known to have its first active block at chosen[l]: blocks before it
    are off, this one is on, later ones keep their own odds; `first` is the first of all blocks.
    """
    width, base = samples
    a, b = words(base, key[0], key[1])
    limit, inverse = chances.limit[g], chances.inverse[g]
    if skip:
        after, until = chances.cumulative[g - 1] if g > first else f32(-1), chances.cumulative[g]
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            c = chosen[l]
            v = u * inverse if (c < after and u < limit) else f32(0)
            out[u64(at + l)] = u if (c >= after and c < until) else min(v, f32(1))
    elif limit > f32(1):  # always on
        for l in range(width):
            out[u64(at + l)] = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
    else:
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            out[u64(at + l)] = min(u * inverse, f32(1)) if u < limit else f32(0)


@part(forceinline=True)
def _each(out, at, width, kind):
    for l in range(width):
        u = out[u64(at + l)]
        out[u64(at + l)] = magnitude(u, kind) if u > f32(0) else f32(0)


@part(forceinline=True)
def scale(out, at, width, kind, laws):
    """Turn uniforms into magnitudes, leaving zeros alone: a loop for each kind, free of tests."""
    if kind == SIGNED:
        _each(out, at, width, SIGNED)
    elif kind == EXPONENTIAL:
        _each(out, at, width, EXPONENTIAL)
    elif kind == ONE:
        _each(out, at, width, ONE)
    elif kind >= OTHER:
        _each_other(out, at, width, kind - OTHER, laws)


@part()
def _each_other(out, at, width, k, laws):
    for l in range(width):
        u = out[u64(at + l)]
        out[u64(at + l)] = other_magnitude(u, k, laws) if u > f32(0) else f32(0)
