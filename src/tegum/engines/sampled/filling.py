"""Samples of a distribution, in two of the three layouts the kernels read: tiles, and rows."""

from __future__ import annotations

from tegum.engines.sampled.data import ANTICORRELATED, CHILD, EXCLUSIVE, INDEPENDENT
from tegum.engines.sampled.forms import RARE
from tegum.engines.sampled.pool import PART, copy_from_pool, fill_from_pool
from tegum.engines.sampled.random import (
    STEP_HIGH,
    STEP_LOW,
    f32,
    i32,
    i64,
    mix,
    part,
    stream,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip
from tegum.engines.sampled.switches import scale, switch_on
from tegum.engines.sampled.together import fill_copula, fill_groups
from tegum.engines.sampled.vectors import draw_row

#: The random stream of a sample's first active block, beside that of its part; blocks have theirs
#: from 0 on, and after them the members of sets and exclusive children.
_CHOOSER = i64(-2)
_NOWHERE = i64(0)
_ALMOST_ONE = f32(1 - 2.0**-24)
_OFF = f32(4)  # a `chosen` value that no block answers to


@part(forceinline=True)
def _fill_set(tile, samples, place, key, g, blocks):
    """The members of set g, whose switch is drawn; place = (samples in a row of x, the first)."""
    (width, base), (stride, begin), switch, x = samples, place, tile.switch, tile.x
    low, high = u32(key), u32(key >> u64(32))
    start, size, kind = blocks.start[g], blocks.size[g], blocks.kind[g]
    number = blocks.kind.shape[0] + start
    for j in range(size):
        a, b = words(base, stream(low, high, number + j), high)
        at = (start + j) * stride + begin
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            on = switch[l] > f32(0)
            if kind == ANTICORRELATED:
                on = on and min(i32(switch[l] * f32(size)), i32(size - 1)) == i32(j)
            x[u64(at + l)] = u if on else f32(0)
        scale(x, at, width, blocks.magnitude[g], blocks.laws)


@part(forceinline=True)
def _fill_child(x, samples, place, key, g, blocks, chances):
    """Feature g, which can be other than 0 only where its parent is, which is drawn."""
    (width, base), (stride, begin) = samples, place
    low, high = u32(key), u32(key >> u64(32))
    number = blocks.kind.shape[0] + blocks.parent[g] if blocks.kind[g] == EXCLUSIVE else i64(g)
    a, b = words(base, stream(low, high, number), high)
    at, above = blocks.start[g] * stride + begin, blocks.parent[g] * stride + begin
    below, limit, inverse = chances.below[g], chances.limit[g], chances.inverse[g]
    for l in range(width):
        u = unit(mix(a, b))
        a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
        on = u > below and u <= limit and x[u64(above + l)] != f32(0)
        x[u64(at + l)] = min((u - below) * inverse, f32(1)) if on else f32(0)
    scale(x, at, width, blocks.magnitude[g], blocks.laws)


@part(forceinline=True)
def _fill_whole(tile, samples, present, key, source, skip):
    """Fill the tile where that does not go by blocks alone; returns whether it is so."""
    blocks, chances, pool, _ = source
    if pool.rows.shape[0] > 0:
        fill_from_pool(tile.x, samples, present, key, pool, tile.row[0], tile.row[1:])
        return True
    if blocks.weight.shape[0] > 1:
        _fill_mixed(tile, samples, present, key, source, skip)
        return True
    if chances.patterns.any_on.shape[0] > 0:
        fill_groups(tile, samples, key, source, skip)
    elif blocks.mixing.shape[0] > 0:
        fill_copula(tile.x, samples, key, blocks, chances)
    else:
        return False
    return True


@part()
def _fill_mixed(tile, samples, present, key, source, skip):
    """`fill_tile` of a mixture: the samples of the first part come first, and so on."""
    (width, base), (x, chosen, switch, _, _), (blocks, chances, _, _) = samples, tile, source
    low, high = u32(key), u32(key >> u64(32))
    parts, begin = blocks.weight.shape[0], i64(0)
    share = chances.some if skip else chances.share
    for part_of in range(parts):
        stop = i64(0)
        a, b = words(base, stream(low, high, PART), high)
        for _ in range(present):
            stop += 1 if unit(mix(a, b)) <= share[part_of] else 0
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
        stop = present if part_of == parts - 1 else stop
        if stop == begin:
            continue
        own, place = (stop - begin, u32(base + u32(begin))), (width, begin)
        first, after = blocks.first[part_of], chosen[begin:]
        for g in range(first, blocks.first[part_of + 1]):
            if blocks.kind[g] >= CHILD:
                _fill_child(x, own, place, key, g, blocks, chances)
                continue
            at, single = blocks.start[g] * width + begin, blocks.kind[g] == INDEPENDENT
            out, where = (x, at) if single else (switch, 0)
            own_key = (stream(low, high, g), high)
            switch_on(out, where, own, own_key, g, first, chances, skip, after)
            if single:
                scale(x, at, own[0], blocks.magnitude[g], blocks.laws)
            else:
                _fill_set(tile, own, place, key, g, blocks)
        begin = stop


@part(forceinline=True)
def fill_tile(tile, samples, present, key, source, skip, rare):
    """Fill tile.x with samples base .. base + width - 1, samples = (width, base).

    Samples from `present` on are all zero. With `skip` every sample has an active block.
    """
    (width, base), (x, chosen, switch, _, _) = samples, tile
    blocks, chances, _, _ = source
    n_blocks = blocks.kind.shape[0]
    low, high = u32(key), u32(key >> u64(32))
    if skip:
        a, b = words(base, stream(low, high, _CHOOSER), high)
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            chosen[l] = min(u, _ALMOST_ONE) if l < present else _OFF
    several = False
    if rare is not None:
        several = blocks.weight.shape[0] > 1
        if _fill_whole(tile, samples, present, key, source, skip):
            n_blocks = 0
    for g in range(n_blocks):
        if rare is not None and blocks.kind[g] >= CHILD:
            _fill_child(x, samples, (width, _NOWHERE), key, g, blocks, chances)
            continue
        at, single = blocks.start[g] * width, blocks.kind[g] == INDEPENDENT
        out, place = (x, at) if single else (switch, 0)
        own_key = (stream(low, high, g), high)
        switch_on(out, place, samples, own_key, g, _NOWHERE, chances, skip, chosen)
        if single:
            scale(x, at, width, blocks.magnitude[g], blocks.laws)
        else:
            _fill_set(tile, samples, (width, _NOWHERE), key, g, blocks)
    if present < width and (several or not skip):
        for i in range(x.shape[0] // chosen.shape[0]):
            for l in range(present, width):
                x[u64(i * width + l)] = f32(0)


@part()
def fill_rows(x, rows, base, key, source, own, tile):
    """Fill x (rows, padded feature) with the samples that `fill_tile` would give, transposed.

    Work arrays: own (padded feature,) of int32, a tile of 16 samples.
    """
    blocks, chances, pool, simple = source
    width = tile.chosen.shape[0]  # literals would be a compilation of their own
    n = tile.x.shape[0] // width
    low, high = u32(key), u32(key >> u64(32))
    if pool.rows.shape[0] > 0:
        copy_from_pool(x, (rows, base), key, pool, tile.row[0])
        return
    if simple:
        always = True
        for i in range(n):
            always = always and chances.limit[i] > f32(1)
            own[i] = i32(stream(low, high, i))
        for l in range(rows):
            row = x[l]
            a, b = words(u32(base + u32(l)), u32(0), high)
            draw_row(own, i32(a), i32(b), always, chances, row)
            scale(row, i64(0), n, blocks.magnitude[0], blocks.laws)
        return
    skip = width == 0
    for l0 in range(0, rows, width):
        fill_tile(tile, (width, u32(base + u32(l0))), width, key, source, skip, RARE)
        for l in range(min(width, rows - l0)):
            for i in range(n):
                x[l0 + l, i] = tile.x[i * width + l]
