"""Samples of a distribution, in the three layouts the kernels read.

A distribution is a list of blocks (independent features, correlated sets, anticorrelated sets),
each switched on with a probability. `blocks` is the tuple (kind, start, size, magnitude) of int64
arrays (block,); `odds` the tuple (limit, inverse, first) of float32 arrays (block,):
a block is on when its draw u < limit, u·inverse is then uniform again, and `first` is the
cumulative probability that the first active block is this one, given that there is one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.sampled.random import (
    draw,
    f32,
    i32,
    i64,
    kernel,
    log2,
    magnitude,
    part,
    stream,
    u32,
    u64,
    unit,
)  # fmt: skip
from tegum.engines.sampled.vectors import LANES, draw_row

INDEPENDENT, CORRELATED, ANTICORRELATED = 0, 1, 2
_CHUNK = 32  # gaps drawn at a time
_LONGEST_GAP = f32(2.0**30)
_ALMOST_ONE = f32(1 - 2.0**-24)
_OFF = f32(4)  # a `chosen` value that no block answers to


Odds = tuple[F32, F32, F32]


def new_odds(blocks: int) -> Odds:
    """The arrays of `fill_odds`, padded for vectors."""
    limit, inverse, first = np.zeros((3, (blocks + LANES - 1) // LANES * LANES), np.float32)
    return limit, inverse, first


@kernel
def fill_odds(probability, limit, inverse, first):
    """Fill (limit, inverse, first) from probabilities (block,); returns P(any block is on)."""
    quiet = 0.0
    for g in range(probability.shape[0]):
        p = probability[g]
        limit[g] = f32(p) if p < 1.0 else f32(2)
        inverse[g] = f32(1.0 / p)
        quiet += np.log1p(-p) if p < 1.0 else -np.inf
        first[g] = f32(-np.expm1(quiet))
    some = -np.expm1(quiet)
    for g in range(probability.shape[0]):
        first[g] = f32(first[g] / some)
    first[probability.shape[0] - 1] = f32(2)
    return some


# Unsigned indices do not wrap around from the end: a signed `at + l` halves the speed of a loop.


@part(forceinline=True)
def _switch(out, at, width, base, low, high, limit, inverse, skip, after, until, chosen):
    """out[at:at+width] <- a uniform in (0, 1] where the block is on, else 0.

    With `skip`, sample l is known to have its first active block at chosen[l]: blocks before it
    are off, this one (after <= chosen < until) is on, later ones keep their own odds.
    """
    if skip:
        for l in range(width):
            u = unit(draw(u32(base + u32(l)), low, high))
            c = chosen[l]
            v = u * inverse if (c < after and u < limit) else f32(0)
            out[u64(at + l)] = u if (c >= after and c < until) else min(v, f32(1))
    elif limit > f32(1):  # always on
        for l in range(width):
            out[u64(at + l)] = unit(draw(u32(base + u32(l)), low, high))
    else:
        for l in range(width):
            u = unit(draw(u32(base + u32(l)), low, high))
            out[u64(at + l)] = min(u * inverse, f32(1)) if u < limit else f32(0)


@part(forceinline=True)
def _shape(out, at, width, kind):
    """Turn uniforms into magnitudes, leaving zeros alone."""
    if kind == 1:
        for l in range(width):
            u = out[u64(at + l)]
            out[u64(at + l)] = u + u - f32(1) if u > f32(0) else f32(0)
    elif kind == 2:
        for l in range(width):
            u = out[u64(at + l)]
            out[u64(at + l)] = magnitude(u, 2) if u > f32(0) else f32(0)
    elif kind == 3:
        for l in range(width):
            out[u64(at + l)] = f32(1) if out[u64(at + l)] > f32(0) else f32(0)


@part()
def _fill_set(x, at, width, base, key, number, size, kind, shape, switch):
    """The members of one set, rows of x from `at` on, given its switch (width,)."""
    low, high = u32(key), u32(key >> u64(32))
    for j in range(size):
        member = stream(low, number + j)
        start = at + j * width
        for l in range(width):
            u = unit(draw(u32(base + u32(l)), member, high))
            on = switch[l] > f32(0)
            if kind == ANTICORRELATED:
                on = on and min(i32(switch[l] * f32(size)), i32(size - 1)) == i32(j)
            x[u64(start + l)] = u if on else f32(0)
        _shape(x, start, width, shape)


@kernel
def fill_tile(x, width, base, present, key, blocks, odds, skip, chosen, switch):
    """Fill the flat tile x (feature, width) with samples base .. base + width - 1.

    Samples from `present` on are all zero. With `skip` every sample has an active block. The work
    arrays chosen and switch are (width,).
    """
    kind, start, size, shape = blocks
    limit, inverse, first = odds
    n_blocks = kind.shape[0]
    low, high = u32(key), u32(key >> u64(32))
    if skip:
        chooser = stream(low, -2)
        for l in range(width):
            u = unit(draw(u32(base + u32(l)), chooser, high))
            chosen[l] = min(u, _ALMOST_ONE) if l < present else _OFF
    for g in range(n_blocks):
        after = first[g - 1] if g > 0 else f32(-1)
        own, at = stream(low, g), start[g] * width
        single = kind[g] == INDEPENDENT
        out, place = (x, at) if single else (switch, 0)
        _switch(
            out, place, width, base, own, high, limit[g], inverse[g], skip, after, first[g], chosen
        )
        if single:
            _shape(x, at, width, shape[g])
        else:
            number = n_blocks + start[g]
            _fill_set(x, at, width, base, key, number, size[g], kind[g], shape[g], switch)
    if present < width and not skip:
        for i in range(start[n_blocks - 1] + size[n_blocks - 1]):
            for l in range(present, width):
                x[u64(i * width + l)] = f32(0)


@kernel
def fill_rows(x, rows, base, key, blocks, odds, simple, own, tile, chosen, switch):
    """Fill x (rows, padded feature) with the samples that `fill_tile` would give, transposed.

    `simple`: every block is one independent feature, in order, all of one magnitude. Work arrays:
    own (padded feature,) of int32, tile (feature · 16,), chosen and switch (16,).
    """
    limit, inverse, _ = odds
    n = tile.shape[0] // chosen.shape[0]
    low, high = u32(key), u32(key >> u64(32))
    if simple:
        always = True
        for i in range(n):
            always = always and limit[i] > f32(1)
            own[i] = i32(stream(low, i))
        for l in range(rows):
            row = x[l]
            draw_row(own, i32(base + u32(l)), i32(high), always, limit, inverse, row)
            _shape(row, i64(0), n, blocks[3][0])
        return
    width = chosen.shape[0]  # literals would be a compilation of their own
    skip = width == 0
    for l0 in range(0, rows, width):
        fill_tile(tile, width, u32(base + u32(l0)), width, key, blocks, odds, skip, chosen, switch)
        for l in range(min(width, rows - l0)):
            for i in range(n):
                x[l0 + l, i] = tile[i * width + l]


Hits = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], F32]


def new_hits(cells: int) -> Hits:
    """Work arrays of `fill_sparse`: gaps, and the position, row, column and uniform of hits."""
    position, row, column = np.zeros((3, cells), np.int32)
    return np.zeros(_CHUNK, np.int32), position, row, column, np.zeros(cells, np.float32)


@part()
def _draw_hits(cells, log_odds, low, high, gap, position, uniform):
    """List the switched-on cells of 0 .. cells-1, by geometric gaps; returns how many."""
    gap_stream, value_stream = stream(low, -3), stream(low, -4)
    at, count = i64(-1), 0
    while at < cells:
        for t in range(_CHUNK):
            counter = u32(u32(count) + u32(t))
            u = unit(draw(counter, gap_stream, high))
            gap[t] = i32(min(log2(u) * log_odds, _LONGEST_GAP)) + i32(1)
            uniform[u64(count + t)] = unit(draw(counter, value_stream, high))
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


@kernel
def fill_sparse(batch, key, blocks, odds, highest, simple, hits, index, value, pointer):
    """The non-zero samples of a batch as compressed rows; returns how many there are.

    Cells (sample, block) are switched on with the `highest` probability and thinned to each
    block's own. `hits` are work arrays; row r has its features in
    index[pointer[r]:pointer[r+1]] and their values in value.
    """
    kind, start, size, shape = blocks
    gap, position, row, column, uniform = hits
    low, high = u32(key), u32(key >> u64(32))
    n_blocks = kind.shape[0]
    log_odds = f32(np.log(2.0) / np.log1p(-highest))
    count = _draw_hits(i64(n_blocks) * batch, log_odds, low, high, gap, position, uniform)
    _split_positions(position, count, n_blocks, row, column)
    rows, last = 0, i32(-1)
    pointer[0] = 0
    even = simple  # of one probability, so that there is nothing to thin
    for g in range(n_blocks):
        even = even and odds[0][g] == odds[0][0]
    if even:
        for t in range(count):
            index[t] = column[t]
            value[t] = magnitude(uniform[t], shape[0])
            rows += 1 if row[t] != last else 0
            last = row[t]
            pointer[rows] = t + 1
        return rows
    accept, filled = stream(low, -5), 0
    for t in range(count):
        g = column[t]
        if unit(draw(u32(t), accept, high)) * f32(highest) > odds[0][g]:
            continue
        if row[t] != last:
            rows += 1
            last = row[t]
        first, members = start[g], size[g]
        if kind[g] == ANTICORRELATED:
            pick = unit(draw(u32(t), stream(low, -6), high))
            first += min(i64(pick * f32(members)), members - 1)
            members = 1
        for j in range(members):
            u = uniform[t] if j == 0 else unit(draw(u32(t), stream(low, -6 - j), high))
            index[filled] = i32(first + j)
            value[filled] = magnitude(u, shape[g])
            filled += 1
        pointer[rows] = filled
    return rows
