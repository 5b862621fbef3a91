"""The loss on fresh samples, forward only, for every model and distribution."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.activations import activate
from tegum.engines.sampled.data import fill_odds, fill_tile
from tegum.engines.sampled.lane import SKIP_BELOW
from tegum.engines.sampled.random import (
    FAST,
    binomial_draw,
    binomial_table,
    f32,
    f64,
    part,
    step_key,
    u32,
    u64,
)  # fmt: skip
from tegum.engines.sampled.shared import clear, offsets

WIDTH = 64  # samples in a tile
CHUNK = 1024  # samples that share a step key


@part()
def _forward_tile(theta, x, h, losses, sizes, importance, static, config):
    """losses, sizes (WIDTH,) <- Σ_i I_i (y_i - f(z_i))² and ‖h‖₁ of each sample of the tile x."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    absolute, hidden_code, code = len(config[3]) == 2, len(config[1]), len(config[2])
    z = np.empty(WIDTH, np.float32)
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
            y = x[u64(i * WIDTH + l)]
            y = abs(y) if absolute else y
            error = activate(z[l], code)[0] - y
            losses[l] += weight * error * error


@part()
def _add_chunk(
    theta, key, count, size, skip, importance, blocks, odds, work, static, config, totals
):
    """totals += (Σ loss, Σ loss², Σ ‖h‖₁) over `size` samples, `count` of them simulated."""
    x, h, losses, sizes, chosen, switch = work
    for done in range(0, count, WIDTH):
        present = min(WIDTH, count - done)
        fill_tile(x, WIDTH, u32(done), present, key, blocks, odds, skip, chosen, switch)
        _forward_tile(theta, x, h, losses, sizes, importance, static, config)
        for l in range(present):
            loss = f64(losses[l])
            totals[0] += loss
            totals[1] += loss * loss
            totals[2] += f64(sizes[l])
    if count < size:
        clear(x)
        _forward_tile(theta, x, h, losses, sizes, importance, static, config)
        loss, rest = f64(losses[0]), size - count
        totals[0] += rest * loss
        totals[1] += rest * loss * loss
        totals[2] += rest * f64(sizes[0])


@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def evaluate(
    start,
    stop,
    theta,
    keys,
    purpose,
    number,
    samples,
    point_of,
    numbers,
    blocks,
    static,
    config,
    out,
):
    """out (instance, 3) <- mean loss, its standard error, mean ‖h‖₁, for start .. stop - 1.

    Samples come in chunks addressed by (instance, purpose, number, chunk).
    """
    n_blocks = blocks[0].shape[0]
    work = (
        np.zeros(static.n * WIDTH, np.float32), np.zeros((static.m, WIDTH), np.float32),
        np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32), np.zeros(WIDTH, np.float32),
        np.zeros(WIDTH, np.float32),
    )  # fmt: skip
    odds = (
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
    )
    cdf, guide, totals = np.zeros(CHUNK + 1), np.zeros(512, np.int64), np.zeros(3)
    last, skip = -1, False
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            some = fill_odds(numbers.probability[point], odds[0], odds[1], odds[2])
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(CHUNK, some, cdf, guide)
            last = point
        for t in range(3):
            totals[t] = 0.0
        for chunk in range((samples + CHUNK - 1) // CHUNK):
            size = min(CHUNK, samples - chunk * CHUNK)
            key = step_key(step_key(keys[a], purpose, number), purpose, chunk)
            skipping = skip and size == CHUNK
            count = binomial_draw(key, cdf, guide) if skipping else size
            _add_chunk(
                theta[a], key, count, size, skipping, numbers.importance[point], blocks, odds, work,
                static, config, totals,
            )  # fmt: skip
        mean = totals[0] / samples
        variance = max(totals[1] / samples - mean * mean, 0.0)
        out[a, 0] = mean
        out[a, 1] = np.sqrt(variance / max(samples - 1, 1))
        out[a, 2] = totals[2] / samples
