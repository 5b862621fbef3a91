"""Samples of a distribution, in the three layouts the kernels read.

A distribution is a list of blocks (independent features, correlated sets, anticorrelated sets),
each switched on with a probability.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32, I64
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.random import (
    EXPONENTIAL,
    ONE,
    SIGNED,
    STEP_HIGH,
    STEP_LOW,
    f32,
    i32,
    i64,
    magnitude,
    mix,
    part,
    stream,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip
from tegum.engines.sampled.vectors import draw_row

INDEPENDENT, CORRELATED, ANTICORRELATED = 0, 1, 2
_CHOOSER = i64(-2)  # the random stream of the first active block; blocks have theirs from 0 on
_ALMOST_ONE = f32(1 - 2.0**-24)
_OFF = f32(4)  # a `chosen` value that no block answers to


class Blocks(NamedTuple):
    """Blocks of features."""

    kind: I64  # (block,)
    start: I64  # (block,): its first feature
    size: I64  # (block,)
    magnitude: I64  # (block,)


class Chances(NamedTuple):
    """When blocks are on; arrays (block,) are padded for vectors."""

    limit: F32  # (block,): it is on when its draw u is below
    inverse: F32  # (block,): u·inverse is then uniform again
    cumulative: F32  # (block,): that the first active block is this or an earlier one, if there is


class Source(NamedTuple):
    """What samples are drawn from."""

    blocks: Blocks
    chances: Chances
    simple: bool  # every block is one independent feature, in order, all of one magnitude


class Tile(NamedTuple):
    """A tile of samples, and arrays to draw it with."""

    x: F32  # flat (feature, width)
    chosen: F32  # (width,)
    switch: F32  # (width,)


def new_chances(blocks: int) -> Chances:
    """The arrays of `fill_chances`."""
    return Chances(*np.zeros((3, (blocks + LANES - 1) // LANES * LANES), np.float32))


@part()
def fill_chances(probability, chances):
    """Fill the chances of blocks from probabilities (block,); returns P(any block is on)."""
    limit, inverse, cumulative = chances
    quiet = 0.0
    for g in range(probability.shape[0]):
        p = probability[g]
        limit[g] = f32(p) if p < 1.0 else f32(2)
        inverse[g] = f32(1.0 / p)
        quiet += np.log1p(-p) if p < 1.0 else -np.inf
        cumulative[g] = f32(-np.expm1(quiet))
    some = -np.expm1(quiet)
    for g in range(probability.shape[0]):
        cumulative[g] = f32(cumulative[g] / some)
    cumulative[probability.shape[0] - 1] = f32(2)
    return some


# Unsigned indices do not wrap around from the end: a signed `at + l` halves the speed of a loop.


@part(forceinline=True)
def _switch(out, at, samples, key, g, chances, skip, chosen):
    """out[at:at+width] <- a uniform in (0, 1] where block g is on, else 0.

    With `skip`, sample l is known to have its first active block at chosen[l]: blocks before it
    are off, this one is on, later ones keep their own odds.
    """
    width, base = samples
    a, b = words(base, key[0], key[1])
    limit, inverse = chances.limit[g], chances.inverse[g]
    if skip:
        after, until = chances.cumulative[g - 1] if g > 0 else f32(-1), chances.cumulative[g]
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
def _scale(out, at, width, kind):
    """Turn uniforms into magnitudes, leaving zeros alone: a loop for each kind, free of tests."""
    if kind == SIGNED:
        _each(out, at, width, SIGNED)
    elif kind == EXPONENTIAL:
        _each(out, at, width, EXPONENTIAL)
    elif kind == ONE:
        _each(out, at, width, ONE)


@part()
def _fill_set(tile, samples, key, g, blocks):
    """The members of set g, whose switch is drawn."""
    (width, base), switch, x = samples, tile.switch, tile.x
    low, high = u32(key), u32(key >> u64(32))
    start, size, kind = blocks.start[g], blocks.size[g], blocks.kind[g]
    number = blocks.kind.shape[0] + start
    for j in range(size):
        a, b = words(base, stream(low, high, number + j), high)
        at = (start + j) * width
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            on = switch[l] > f32(0)
            if kind == ANTICORRELATED:
                on = on and min(i32(switch[l] * f32(size)), i32(size - 1)) == i32(j)
            x[u64(at + l)] = u if on else f32(0)
        _scale(x, at, width, blocks.magnitude[g])


@part(forceinline=True)
def fill_tile(tile, samples, present, key, source, skip):
    """Fill tile.x with samples base .. base + width - 1, samples = (width, base).

    Samples from `present` on are all zero. With `skip` every sample has an active block.
    """
    (width, base), (x, chosen, switch), (blocks, chances, _) = samples, tile, source
    n_blocks = blocks.kind.shape[0]
    low, high = u32(key), u32(key >> u64(32))
    if skip:
        a, b = words(base, stream(low, high, _CHOOSER), high)
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            chosen[l] = min(u, _ALMOST_ONE) if l < present else _OFF
    for g in range(n_blocks):
        at, single = blocks.start[g] * width, blocks.kind[g] == INDEPENDENT
        out, place = (x, at) if single else (switch, 0)
        _switch(out, place, samples, (stream(low, high, g), high), g, chances, skip, chosen)
        if single:
            _scale(x, at, width, blocks.magnitude[g])
        else:
            _fill_set(tile, samples, key, g, blocks)
    if present < width and not skip:
        for i in range(blocks.start[n_blocks - 1] + blocks.size[n_blocks - 1]):
            for l in range(present, width):
                x[u64(i * width + l)] = f32(0)


@part()
def fill_rows(x, rows, base, key, source, own, tile):
    """Fill x (rows, padded feature) with the samples that `fill_tile` would give, transposed.

    Work arrays: own (padded feature,) of int32, a tile of 16 samples.
    """
    blocks, chances, simple = source
    width = tile.chosen.shape[0]  # literals would be a compilation of their own
    n = tile.x.shape[0] // width
    low, high = u32(key), u32(key >> u64(32))
    if simple:
        always = True
        for i in range(n):
            always = always and chances.limit[i] > f32(1)
            own[i] = i32(stream(low, high, i))
        for l in range(rows):
            row = x[l]
            a, b = words(u32(base + u32(l)), u32(0), high)
            draw_row(own, i32(a), i32(b), always, chances, row)
            _scale(row, i64(0), n, blocks.magnitude[0])
        return
    skip = width == 0
    for l0 in range(0, rows, width):
        fill_tile(tile, (width, u32(base + u32(l0))), width, key, source, skip)
        for l in range(min(width, rows - l0)):
            for i in range(n):
                x[l0 + l, i] = tile.x[i * width + l]
