"""Losses, sparsity and what latents fire, on fresh samples."""

from __future__ import annotations

from typing import Final

import numpy as np

from tegum.engines.dictionaries.batchwise import largest_below, limit_of, silence
from tegum.engines.dictionaries.forward import chances_at, decode_tile, draw_tile, encode_tile
from tegum.engines.dictionaries.shared import BATCH, GATED, offsets
from tegum.engines.sampled.random import (
    PROBE,
    binomial_draw,
    f32,
    f64,
    kernel,
    part,
    step_key,
    u64,
)

#: What is measured: the loss and its standard error, Σ f (of gates Σ ReLU(π)), l0, dead latents,
#: explained variance.
MEASURES = 6
#: A purpose of random numbers: samples on which the threshold of batch top-k codes is found.
CALIBRATION: Final = u64(6)
_ROUNDING = 1e-12


@part()
def _add_columns(span, point, instances, work):
    """Add what the tile's samples are to the totals."""
    weight, totals = work.weight, work.totals
    gated = instances.static.architecture == GATED
    losses, sizes, active = work.losses[0], work.losses[1], work.losses[2]
    for l in range(span):
        losses[l] = f32(0)
        sizes[l] = f32(0)
        active[l] = f32(0)
    for k in range(instances.static.m):
        error, h, mean, size = work.error[k], work.h[k], 0.0, 0.0
        for l in range(span):
            losses[l] += error[l] * error[l]
            mean += f64(weight[l] * h[l])
            size += f64(weight[l]) * f64(h[l]) * f64(h[l])
        totals[5 + k] += mean
        totals[4] += size
    for j in range(instances.numbers.latents[point]):
        codes, fired = work.codes[j], f32(0)
        paid = work.raw[j] if gated else codes
        for l in range(span):
            on = f32(1) if codes[l] > f32(0) else f32(0)
            sizes[l] += max(paid[l], f32(0))
            active[l] += on
            fired += on * weight[l]
        work.fired[j] += f64(fired)
    for l in range(span):
        loss, many = f64(losses[l]), f64(weight[l])
        if many > 0.0:
            totals[0] += many * loss
            totals[1] += many * loss * loss
            totals[2] += many * f64(sizes[l])
            totals[3] += many * f64(active[l])


@part()
def _write(out, samples, point, instances, work):
    """The measures of an instance, from its totals."""
    totals, dead = work.totals, 0.0
    mean = totals[0] / samples
    out[0] = mean
    out[1] = np.sqrt(max(totals[1] / samples - mean * mean, 0.0) / max(samples - 1, 1))
    out[2] = totals[2] / samples
    out[3] = totals[3] / samples
    for j in range(instances.numbers.latents[point]):
        dead += 1.0 if work.fired[j] == 0.0 else 0.0
    out[4] = dead
    variance = totals[4] / samples
    for k in range(instances.static.m):
        variance -= (totals[5 + k] / samples) * (totals[5 + k] / samples)
    # what rounding may leave of a variance of 0
    varied = variance > _ROUNDING * (totals[4] / samples)
    out[5] = 1.0 - mean / variance if varied else np.nan


@part()
def _threshold(count, size, point, instances, work):
    """What the k·size largest codes of `size` samples are above: the next smaller one, or 0."""
    numbers, codes = instances.numbers, work.codes.reshape(-1)
    sizes, missing = (numbers.latents[point], work.codes.shape[1], count), size - count
    limit = limit_of(codes, sizes, missing, numbers.k[point] * size, f32(0))
    return largest_below(codes, sizes, missing, limit)


@kernel
def measure_dictionaries(which, theta, instances, occasion, out, work):
    """out (instance, MEASURES) of instances which[0] .. which[1] - 1; of CALIBRATION the threshold.

    Samples come in chunks addressed by (instance, purpose, number, chunk), as large as `work` is
    made for. On a PROBE batch top-k codes are those of a batch in training.
    """
    (purpose, number, samples), width = occasion, work.weight.shape[0]
    at = offsets(instances.static)[2] + instances.static.m  # of a threshold
    last, skip, most = -1, False, work.cdf.shape[0] - 1
    for a in range(which[0], which[1]):
        point = instances.point_of[a]
        if point != last:
            skip, last = chances_at(point, most, instances, work), point
        for t in range(work.totals.shape[0]):
            work.totals[t] = 0.0
        for j in range(work.fired.shape[0]):
            work.fired[j] = 0.0
        work.most[0] = instances.numbers.k[point]
        for chunk in range((samples + most - 1) // most):
            size = min(most, samples - chunk * most)
            key = step_key(step_key(instances.keys[a], purpose, number), purpose, chunk)
            skipping = skip and size == most
            work.tile.row[0] = chunk * most
            count = binomial_draw(key, work.cdf, work.guide) if skipping else size
            for first in range(0, count + (1 if count < size else 0), width):
                span = draw_tile((first, count, size), key, skipping, instances, work)
                encode_tile(theta[a], point, span, instances, work)
                if purpose == CALIBRATION:
                    out[a, 0] = _threshold(count, size, point, instances, work)
                    continue
                if instances.static.architecture == BATCH:
                    limit = theta[a, at]
                    if purpose == PROBE:
                        limit = _threshold(count, size, point, instances, work)
                    silence(work.codes, instances.numbers.latents[point], span, limit)
                decode_tile(theta[a], point, span, instances, work)
                _add_columns(span, point, instances, work)
        if purpose != CALIBRATION:
            _write(out[a], samples, point, instances, work)
