"""Samples that are rows of a pool: drawn with replacement, or taken in order."""

from __future__ import annotations

from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.random import draw, f64, i64, part, stream, u32, u64
from tegum.engines.sampled.vectors import turn_block

#: The random stream of a sample's row, or of its part of a mixture.
PART = i64(-1)


@part(forceinline=True)
def row_of(sample, key, pool, start):
    """The row of the pool for a sample: the next one, or drawn by its chance, with replacement."""
    if pool.stride >= 0:
        return start + i64(sample)
    low, high, count = u32(key), u32(key >> u64(32)), pool.rows.shape[0]
    u = draw(sample, stream(low, high, PART), high)
    if pool.cumulative.shape[0] == 0:
        return i64((u64(u) * u64(count)) >> u64(32))
    at, left = (f64(u) + 0.5) * 2.0**-32, i64(0)
    right = i64(count - 1)
    while left < right:
        middle = (left + right) >> 1
        if pool.cumulative[middle] > at:
            right = middle
        else:
            left = middle + 1
    return left


@part()
def fill_from_pool(x, samples, present, key, pool, start, at):
    """x flat (feature, width) <- rows of the pool: drawn, or in order from row `start` on."""
    (width, base), n, rows = samples, pool.rows.shape[1], pool.rows.reshape(-1)
    for begin in range(0, present, at.shape[0]):  # these rows stay in the first-level cache
        count = min(present - begin, at.shape[0])
        for l in range(count):
            at[l] = n * row_of(u32(base + u32(begin + l)), key, pool, start)
        if count == LANES and n >= LANES:
            for i in range(0, n, LANES):  # the last block is of the last features
                turn_block(rows, at, min(i, n - LANES), x, (width, begin))
            continue
        for i in range(n):
            for l in range(count):
                x[u64(i * width + begin + l)] = rows[u64(at[l] + i)]


@part()
def copy_from_pool(x, samples, key, pool, start):
    """The same for x (row, padded feature); samples = (rows, base)."""
    rows, base = samples
    for l in range(rows):
        row = pool.rows[row_of(u32(base + u32(l)), key, pool, start)]
        for i in range(row.shape[0]):
            x[l, i] = row[i]
