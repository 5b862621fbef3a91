"""A tile of samples: drawn, mixed to hidden activations, encoded and decoded."""

from __future__ import annotations

import numpy as np

from tegum.engines.dictionaries.mixing import are_few, mix_few
from tegum.engines.dictionaries.select import find_limits
from tegum.engines.dictionaries.shared import GATED, JUMP, TOPK, offsets
from tegum.engines.sampled.data import SKIP_BELOW, Source, fill_chances
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.filling import fill_tile
from tegum.engines.sampled.forms import RARE
from tegum.engines.sampled.product import ANEW, FLIPPED, PLAIN, multiply
from tegum.engines.sampled.random import (
    STEP_HIGH,
    STEP_LOW,
    binomial_table,
    f32,
    i32,
    mix,
    part,
    quantile,
    splitmix,
    stream,
    u32,
    u64,
    unit,
    words,
)  # fmt: skip
from tegum.engines.sampled.vectors import bits_float

_NOISE = u64(0x6469637420786921)  # a purpose of random numbers, of a step's key
_INFINITE = i32(0x7F800000)  # the bits of a float32 beyond all finite ones
_HALVINGS = 31


@part()
def chances_at(point, size, instances, work):
    """work.chances <- those of a point; whether samples in which nothing is active are skipped.

    Then work.cdf is of how many of `size` samples are not.
    """
    work.mixing.few[0] = are_few(point, instances)
    some = fill_chances(instances.numbers.probability[point], instances.blocks, work.chances)
    skip = some < SKIP_BELOW and instances.static.noise == 0.0
    if skip:
        binomial_table(size, some, work.cdf, work.guide)
    return skip


@part()
def draw_tile(samples, key, skip, instances, work):
    """work.h <- samples first … of a batch of which `count` are drawn, one to a column.

    samples = (first, count, size): with `skip` the drawn ones have an active block, and the others,
    all zero, are one more column, whose weight is their number. Returns the columns, padded.
    """
    span = draw_x(samples, key, skip, instances, work)
    mix_tile((span, samples[0]), key, instances, work)
    return span


@part()
def draw_x(samples, key, skip, instances, work):
    """The same of x, flat in work.tile.x: (feature, columns)."""
    (first, count, size), static, width = samples, instances.static, work.weight.shape[0]
    present, missing = max(0, min(width, count - first)), size - count
    filled = present + (1 if present < width and missing > 0 else 0)
    span = (filled + LANES - 1) // LANES * LANES
    source = Source(instances.blocks, work.chances, instances.pool, static.simple)
    fill_tile(work.tile, (span, u32(first)), present, key, source, skip, RARE)
    for l in range(span):
        work.weight[l] = f32(1) if l < present else f32(0)
    if filled > present:
        work.weight[present] = f32(missing)
    return span


@part()
def mix_tile(columns, key, instances, work):
    """work.h <- f(W x + b) + σ ξ."""
    (span, first), static, h = columns, instances.static, work.h
    n, m = static.n, static.m
    x = work.tile.x[: n * span].reshape(n, span)
    if work.mixing.few[0]:
        mix_few(work.tile.x, span, h, work.mixing)
    elif static.mixed:
        multiply(PLAIN, (m, span, n), instances.truth, x, ANEW, h)
    else:
        for k in range(m):
            for l in range(span):
                h[k, l] = x[k, l]
    if static.shifted:
        for k in range(m):
            for l in range(span):
                h[k, l] += instances.shift[k]
    if static.rectified:
        for k in range(m):
            for l in range(span):
                h[k, l] = max(h[k, l], f32(0))
    if static.noise > 0.0:
        own, sigma = splitmix(key ^ _NOISE), f32(static.noise)
        low, high = u32(own), u32(own >> u64(32))
        for k in range(m):
            a, b = words(u32(first), stream(low, high, k), high)
            for l in range(span):
                h[k, l] += sigma * quantile(unit(mix(a, b)))
                a, b = u32(a + STEP_LOW), u32(b + STEP_HIGH)


@part()
def _bisected(codes, latents, k, span, limit, counts):
    """limit <- the k-th largest code of each sample, by halving the bits that it may have."""
    low, high, found = counts[0], counts[1], counts[2]
    for l in range(span):
        low[l] = i32(0)
        high[l] = _INFINITE
    for _ in range(_HALVINGS):
        for l in range(span):
            limit[l] = bits_float(i32(low[l] + ((high[l] - low[l]) >> i32(1))))
            found[l] = i32(0)
        for j in range(latents):
            row = codes[j]
            for l in range(span):
                found[l] = i32(found[l] + (i32(1) if row[l] >= limit[l] else i32(0)))
        for l in range(span):
            middle = i32(low[l] + ((high[l] - low[l]) >> i32(1)))
            enough = found[l] >= i32(k)
            low[l] = middle if enough else low[l]
            high[l] = high[l] if enough else middle
    for l in range(span):
        limit[l] = bits_float(low[l])


@part()
def _keep_largest(codes, point, span, instances, work):
    """Zero all codes of each sample but the k largest; those that tie with the last stay."""
    latents, k = instances.numbers.latents[point], work.most[0]
    limit, selection = work.limit, work.selection[point]
    if k >= latents:
        return
    if selection != 0 and k == instances.numbers.k[point]:
        find_limits(selection, codes.reshape(-1), limit, (latents, codes.shape[1], span))
    else:
        _bisected(codes, latents, k, span, limit, work.counts)
    for j in range(latents):
        row = codes[j]
        for l in range(span):
            row[l] = row[l] if row[l] >= limit[l] else f32(0)


@part()
def _jump(codes, raw, thresholds, span):
    """raw <- codes; those at most as large as their latent's threshold are 0."""
    for j in range(thresholds.shape[0]):
        row, kept, threshold = codes[j], raw[j], np.exp(thresholds[j])
        for l in range(span):
            kept[l] = row[l]
            row[l] = row[l] if row[l] > threshold else f32(0)


@part()
def _open(codes, theta, point, span, instances, work):
    """raw <- codes; codes <- ReLU(exp(r) (raw − b_enc) + b_mag) where raw is above 0."""
    static = instances.static
    _, bias, last = offsets(static)
    first = last + static.m
    for j in range(instances.numbers.latents[point]):
        row, kept, scale = codes[j], work.raw[j], np.exp(theta[first + j])
        shift = theta[first + static.latents + j] - scale * theta[bias + j]
        for l in range(span):
            kept[l] = row[l]
            row[l] = max(scale * row[l] + shift, f32(0)) if row[l] > f32(0) else f32(0)


@part()
def encode_tile(theta, point, span, instances, work):
    """work.centred and codes <- those of the tile's h."""
    static, numbers, h = instances.static, instances.numbers, work.h
    _, bias, last = offsets(static)
    m, latents, codes = static.m, numbers.latents[point], work.codes
    for k in range(m):
        taken = theta[last + k] if static.subtract else f32(0)
        for l in range(span):
            work.centred[k, l] = h[k, l] - taken
    encoder = theta[: latents * m].reshape(latents, m)
    multiply(PLAIN, (latents, span, m), encoder, work.centred, ANEW, codes)
    rectified = static.architecture != JUMP and static.architecture != GATED
    lowest = f32(0) if rectified else f32(-np.inf)
    for j in range(latents):
        row, own = codes[j], theta[bias + j]
        for l in range(span):
            row[l] = max(row[l] + own, lowest)
    if static.architecture == TOPK:
        _keep_largest(codes, point, span, instances, work)
    if static.architecture == JUMP:
        first = last + m
        _jump(codes, work.raw, theta[first : first + latents], span)
    if static.architecture == GATED:
        _open(codes, theta, point, span, instances, work)


@part()
def decode_tile(theta, point, span, instances, work):
    """work.error <- h' − h of the tile's codes, not yet weighted."""
    static, h, error = instances.static, work.h, work.error
    (decode, _, last), m, latents = offsets(static), static.m, instances.numbers.latents[point]
    decoder = theta[decode : decode + latents * m].reshape(latents, m)
    multiply(FLIPPED, (m, span, latents), decoder, work.codes, ANEW, error)
    for k in range(m):
        for l in range(span):
            error[k, l] += theta[last + k] - h[k, l]
