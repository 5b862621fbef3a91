"""The non-zero samples of a sparse batch, as rows of their active features."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, I64
from tegum.engines.sampled.data import ANTICORRELATED
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.pool import row_of
from tegum.engines.sampled.random import (
    OTHER,
    STEP_HIGH,
    STEP_LOW,
    draw,
    f32,
    i32,
    i64,
    log2,
    magnitude,
    mix,
    other_magnitude,
    part,
    stream,
    u32,
    u64,
    unit,
    words,
)
from tegum.engines.sampled.vectors import copy_lanes

#: Random streams of a step beside those of `data`: gaps between active cells, their values, which
#: are kept, and the member of a set that is active (and from there downwards the values of others).
_GAPS, _VALUES, _KEPT, _MEMBER = (i64(number) for number in range(-3, -7, -1))
_CHUNK = 32  # gaps drawn at a time
_LONGEST_GAP = f32(2.0**30)


class Hits(NamedTuple):
    """Work arrays of `fill_sparse`: gaps, and the place and uniform of active cells."""

    gap: NDArray[np.int32]
    position: NDArray[np.int32]
    row: NDArray[np.int32]
    column: NDArray[np.int32]
    uniform: F32


class Compressed(NamedTuple):
    """Samples as rows of their active features: row r has pointer[r] .. pointer[r + 1] - 1."""

    feature: NDArray[np.int32]
    value: F32
    pointer: I64


def new_hits(cells: int) -> Hits:
    """Work arrays for so many active cells."""
    places = np.zeros((3, cells), np.int32)
    return Hits(np.zeros(_CHUNK, np.int32), *places, np.zeros(cells, np.float32))


@part()
def _draw_hits(cells, log_odds, low, high, hits):
    """List the switched-on cells of 0 .. cells-1, by geometric gaps; returns how many."""
    gap, position, uniform = hits.gap, hits.position, hits.uniform
    gap_a, b = words(u32(0), stream(low, high, _GAPS), high)
    value_a, _ = words(u32(0), stream(low, high, _VALUES), high)
    at, count = i64(-1), 0
    while at < cells:
        for t in range(_CHUNK):
            u = unit(mix(gap_a, b))
            gap[t] = i32(min(log2(u) * log_odds, _LONGEST_GAP)) + i32(1)
            uniform[u64(count + t)] = unit(mix(value_a, b))
            gap_a, value_a = u32(gap_a + STEP_LOW), u32(value_a + STEP_LOW)
            b = u32(b + STEP_HIGH)
        for t in range(_CHUNK):
            at = min(at + i64(gap[t]), cells)
            position[count + t] = at
        count += _CHUNK
    while count > 0 and position[count - 1] >= cells:
        count -= 1
    return count


@part()
def _split_positions(position, count, width, row, column):
    """row, column = divmod(position, width), vectorised: a float quotient, put right by one."""
    reciprocal = f32(1) / f32(width)
    for t in range(count):
        p = position[t]
        q = i32(f32(p) * reciprocal)
        r = i32(p - q * i32(width))
        if r < 0:
            r = i32(r + i32(width))
            q = i32(q - 1)
        if r >= width:
            r = i32(r - i32(width))
            q = i32(q + 1)
        row[t] = q
        column[t] = r


@part(forceinline=True)
def _value(u, code, laws):
    return other_magnitude(u, code - OTHER, laws) if code >= OTHER else magnitude(u, code)


@part()
def _list_rows(batch, key, pool, start, into):
    """`fill_sparse` of rows of a pool."""
    feature, value, pointer = into
    rows = filled = 0
    pointer[0] = 0
    for l in range(batch):
        row = row_of(u32(l), key, pool, start)
        first, stop = pool.pointer[row], pool.pointer[row + 1]
        for t in range(first, stop, LANES):  # what is beyond is written over, or not read
            copy_lanes((pool.feature, pool.value), t, (feature, value), filled + (t - first))
        filled += stop - first
        if filled > pointer[rows]:
            rows += 1
            pointer[rows] = filled
    return rows


@part()
def fill_sparse(batch, key, source, highest, hits, into, start):
    """`into` <- the non-zero samples of a batch; returns how many there are.

    Cells (sample, block) are switched on with the `highest` probability and thinned to each
    block's own. Of a pool that is read in order, `start` is the first row.
    """
    blocks, chances, pool, simple = source
    if pool.pointer.shape[0] > 0:
        return _list_rows(batch, key, pool, start, into)
    row, column, uniform = hits.row, hits.column, hits.uniform
    feature, value, pointer = into
    low, high = u32(key), u32(key >> u64(32))
    n_blocks, limit = blocks.kind.shape[0], chances.limit
    pointer[0] = 0
    if highest <= 0.0:
        return 0
    log_odds = f32(np.log(2.0) / np.log1p(-highest))
    count = _draw_hits(i64(n_blocks) * batch, log_odds, low, high, hits)
    _split_positions(hits.position, count, n_blocks, row, column)
    rows, last = 0, i32(-1)
    even = simple  # of one probability, so that there is nothing to thin
    for g in range(n_blocks):
        even = even and limit[g] == limit[0]
    if even:
        for t in range(count):
            feature[t] = column[t]
            value[t] = magnitude(uniform[t], blocks.magnitude[0])
            rows += 1 if row[t] != last else 0
            last = row[t]
            pointer[rows] = t + 1
        return rows
    accept, filled = stream(low, high, _KEPT), 0
    for t in range(count):
        g = column[t]
        if unit(draw(u32(t), accept, high)) * f32(highest) > limit[g]:
            continue
        if row[t] != last:
            rows += 1
            last = row[t]
        first, members = blocks.start[g], blocks.size[g]
        if blocks.kind[g] == ANTICORRELATED:
            pick = unit(draw(u32(t), stream(low, high, _MEMBER), high))
            first += min(i64(pick * f32(members)), members - 1)
            members = 1
        for j in range(members):
            u = uniform[t]
            if j > 0:
                u = unit(draw(u32(t), stream(low, high, _MEMBER - j), high))
            feature[filled] = i32(first + j)
            value[filled] = _value(u, blocks.magnitude[g], blocks.laws)
            filled += 1
        pointer[rows] = filled
    return rows
