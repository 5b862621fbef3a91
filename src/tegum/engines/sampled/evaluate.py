"""The loss on fresh samples, forward only, for every model and distribution."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.data import Odds, fill_odds, fill_tile, new_odds
from tegum.engines.sampled.lane import SKIP_BELOW
from tegum.engines.sampled.random import (
    GUIDE,
    binomial_draw,
    binomial_table,
    f32,
    f64,
    kernel,
    part,
    step_key,
    u32,
    u64,
)  # fmt: skip
from tegum.engines.sampled.shared import Static, clear, offsets, work_array
from tegum.engines.sampled.targets import Asked, fill_across
from tegum.engines.sampled.vectors import ABSOLUTE, FILLED

WIDTH = 64  # samples in a tile
CHUNK = 1024  # samples that share a step key


class EvaluateWork(NamedTuple):
    """The work arrays of one thread."""

    x: F32  # flat (feature, WIDTH)
    y: F32  # the same, of targets of their own; else x
    asked: Asked
    h: F32  # (m, WIDTH)
    z: F32  # (WIDTH,), as the next four
    losses: F32
    sizes: F32
    chosen: F32
    switch: F32
    cdf: F64  # of the number of non-zero samples in a chunk
    guide: I64
    totals: F64  # (3,)
    odds: Odds


def evaluate_work(static: Static, blocks: int, wanted: Asked, own: bool) -> EvaluateWork:
    """Work arrays for a model, a number of blocks and a target, which may need an array."""
    x = work_array(static.n * WIDTH)
    return EvaluateWork(
        x=x,
        y=work_array(static.n * WIDTH) if own else x,
        asked=wanted,
        h=work_array(static.m, WIDTH),
        z=work_array(WIDTH),
        losses=work_array(WIDTH),
        sizes=work_array(WIDTH),
        chosen=work_array(WIDTH),
        switch=work_array(WIDTH),
        cdf=work_array(CHUNK + 1, kind=np.float64),
        guide=work_array(GUIDE, kind=np.int64),
        totals=work_array(3, kind=np.float64),
        odds=new_odds(blocks),
    )


@part()
def _forward_tile(theta, importance, work, static, config):
    """work.losses, sizes <- Σ_i I_i (y_i - f(z_i))² and ‖h‖₁ of each sample of the tile x."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    absolute, hidden_code, code = len(config[3]) == ABSOLUTE, len(config[1]), len(config[2])
    x, wanted, h, z, losses, sizes = work.x, work.y, work.h, work.z, work.losses, work.sizes
    if len(config[3]) == FILLED:
        fill_across(x, n, WIDTH, WIDTH, 1, wanted, work.asked)
    clear(losses)
    clear(sizes)
    for k in range(m):
        row = h[k]
        start = theta[hidden_bias + k] if static.has_hidden_bias else f32(0)
        for l in range(WIDTH):
            row[l] = start
        for i in range(n):
            w = theta[i * m + k]
            for l in range(WIDTH):
                row[l] += w * x[u64(i * WIDTH + l)]
        for l in range(WIDTH):
            v = activate(row[l], hidden_code)[0]
            row[l] = v
            sizes[l] += abs(v)
    for i in range(n):
        for l in range(WIDTH):
            z[l] = theta[bias + i]
        for k in range(m):
            w, row = theta[decode + i * m + k], h[k]
            for l in range(WIDTH):
                z[l] += w * row[l]
        weight = importance[i]
        for l in range(WIDTH):
            y = wanted[u64(i * WIDTH + l)]
            y = abs(y) if absolute else y
            error = activate(z[l], code)[0] - y
            losses[l] += weight * error * error


@part()
def _add_chunk(theta, key, count, size, skip, importance, blocks, work, static, config):
    """work.totals += (Σ loss, Σ loss², Σ ‖h‖₁) over `size` samples, `count` of them simulated."""
    totals = work.totals
    width = work.chosen.shape[0]  # a literal would be a compilation of its own
    for done in range(0, count, width):
        present = min(width, count - done)
        fill_tile(
            work.x, width, u32(done), present, key, blocks, work.odds, skip, work.chosen,
            work.switch,
        )  # fmt: skip
        _forward_tile(theta, importance, work, static, config)
        for l in range(present):
            loss = f64(work.losses[l])
            totals[0] += loss
            totals[1] += loss * loss
            totals[2] += f64(work.sizes[l])
    if count < size:
        clear(work.x)
        _forward_tile(theta, importance, work, static, config)
        loss, rest = f64(work.losses[0]), size - count
        totals[0] += rest * loss
        totals[1] += rest * loss * loss
        totals[2] += rest * f64(work.sizes[0])


@kernel
def evaluate(
    start, stop, theta, keys, purpose, number, samples, point_of, numbers, blocks, static, config,
    out, work,
):  # fmt: skip
    """out (instance, 3) <- mean loss, its standard error, mean ‖h‖₁, for start .. stop - 1.

    Samples come in chunks addressed by (instance, purpose, number, chunk).
    """
    totals, last, skip = work.totals, -1, False
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            some = fill_odds(numbers.probability[point], *work.odds)
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(CHUNK, some, work.cdf, work.guide)
            last = point
        for t in range(3):
            totals[t] = 0.0
        for chunk in range((samples + CHUNK - 1) // CHUNK):
            size = min(CHUNK, samples - chunk * CHUNK)
            key = step_key(step_key(keys[a], purpose, number), purpose, chunk)
            skipping = skip and size == CHUNK
            count = binomial_draw(key, work.cdf, work.guide) if skipping else size
            _add_chunk(
                theta[a], key, count, size, skipping, numbers.importance[point], blocks, work,
                static, config,
            )  # fmt: skip
        mean = totals[0] / samples
        variance = max(totals[1] / samples - mean * mean, 0.0)
        out[a, 0] = mean
        out[a, 1] = np.sqrt(variance / max(samples - 1, 1))
        out[a, 2] = totals[2] / samples
