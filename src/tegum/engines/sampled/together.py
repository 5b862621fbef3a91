"""Features that are on where normal numbers are low which hang together."""

from __future__ import annotations

from tegum.engines.sampled.factors import fill_pattern
from tegum.engines.sampled.random import (
    STEP_HIGH,
    STEP_LOW,
    f32,
    i32,
    i64,
    mix,
    part,
    quantile,
    stream,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip
from tegum.engines.sampled.switches import scale, switch_on

_NOWHERE = i64(0)


@part()
def fill_groups(tile, samples, key, source, skip):
    """Features of which small groups hang together: patterns of what is on in them."""
    (width, base), x, pattern, (blocks, chances, _, _) = samples, tile.x, tile.pattern, source
    low, high, factors = u32(key), u32(key >> u64(32)), blocks.factors
    groups = factors.first.shape[0] - 1
    for group in range(groups):
        own_key = (stream(low, high, group), high)
        switch_on(tile.switch, 0, samples, own_key, group, _NOWHERE, chances, skip, tile.chosen)
        fill_pattern(pattern, tile.switch, width, group, factors, chances.patterns)
        first = factors.first[group]
        for j in range(first, factors.first[group + 1]):
            g, bit = factors.member[j], i32(1 << (j - first))
            a, b = words(base, stream(low, high, groups + g), high)
            for l in range(width):
                u = unit(mix(a, b))
                a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
                x[u64(g * width + l)] = u if pattern[l] & bit != i32(0) else f32(0)
            scale(x, g * width, width, blocks.magnitude[g], blocks.laws)


@part()
def fill_copula(x, samples, key, blocks, chances):
    """Features that are on where normal numbers, which hang together, are below their limits."""
    (width, base), mixing, n = samples, blocks.mixing, blocks.mixing.shape[0]
    low, high = u32(key), u32(key >> u64(32))
    for g in range(n):
        a, b = words(base, stream(low, high, n + g), high)
        for l in range(width):
            x[u64(g * width + l)] = quantile(unit(mix(a, b)))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
    for g in range(n - 1, -1, -1):  # in place: what is read further up is not yet mixed
        own = mixing[g, g]
        for l in range(width):
            x[u64(g * width + l)] *= own
        for j in range(g):
            w = mixing[g, j]
            for l in range(width):
                x[u64(g * width + l)] += w * x[u64(j * width + l)]
        a, b = words(base, stream(low, high, g), high)
        limit = chances.limit[g]
        for l in range(width):
            u = unit(mix(a, b))
            a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)
            x[u64(g * width + l)] = u if x[u64(g * width + l)] <= limit else f32(0)
        scale(x, g * width, width, blocks.magnitude[g], blocks.laws)
