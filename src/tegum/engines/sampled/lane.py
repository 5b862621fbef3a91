"""The lane kernel: small models (n·m up to about 500, m <= 10), a tile of samples at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.data import fill_odds, fill_tile
from tegum.engines.sampled.optimiser import update
from tegum.engines.sampled.random import (
    FAST,
    TRAIN,
    binomial_draw,
    binomial_table,
    f32,
    part,
    step_key,
    u32,
    u64,
)  # fmt: skip
from tegum.engines.sampled.shared import add_zero_samples, freeze_absent, offsets
from tegum.engines.sampled.tile import gradient_tile
from tegum.engines.sampled.vectors import LANES

_CACHED = 4096  # numbers of x drawn at a time: half of a small first-level cache
SKIP_BELOW = 0.85  # draw only non-zero samples when fewer than this fraction are


@part(forceinline=True)
def _sum_lanes(sums, at):
    """Σ of the LANES entries of the flat accumulator from `at` on, which are cleared."""
    total = f32(0)
    for l in range(LANES):
        total += sums[u64(at + l)]
        sums[u64(at + l)] = f32(0)
    return total


@part(forceinline=True)
def _reduce(gradient, sums_d, sums_e, sums_h, static):
    """Add the lanes of the accumulators up into the flat gradient, and clear them."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        row = i * (m + 1) * LANES
        for k in range(m):
            gradient[decode + i * m + k] = _sum_lanes(sums_d, row + k * LANES)
        gradient[bias + i] = _sum_lanes(sums_d, row + m * LANES)
    if not static.tied:
        for i in range(n):
            for k in range(m):
                gradient[i * m + k] = _sum_lanes(sums_e, (i * (m + 1) + k) * LANES)
    for k in range(m):
        gradient[hidden_bias + k] = _sum_lanes(sums_h, k * LANES)


@part(forceinline=True)
def lane_gradient(
    theta, gradient, key, count, skip, importance, half_l1, blocks, odds, work, static, config
):
    """The summed gradient (without the factor 2) over one batch.

    `count` of its samples are non-zero when `skip`; otherwise count is the batch size.
    """
    x, sums_d, sums_e, sums_h, chosen, switch = work
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    width, span = LANES * registers(m), chosen.shape[0]
    done = 0
    while done < count:
        present = min(span, count - done)
        filled = (present + width - 1) // width * width
        fill_tile(x, filled, u32(done), present, key, blocks, odds, skip, chosen, switch)
        for offset in range(0, filled, width):
            gradient_tile(
                config, theta, decode, bias, hidden_bias, importance, x, filled, offset, n,
                half_l1, sums_d, sums_e, sums_h,
            )  # fmt: skip
        done += filled
    _reduce(gradient, sums_d, sums_e, sums_h, static)
    # The last tile is padded with zero samples: what is missing, or too many, is known exactly.
    missing = static.batch - done
    if missing != 0:
        add_zero_samples(theta, gradient, missing, importance, half_l1[0], static, config)
    freeze_absent(gradient, static)


@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def train_lane(
    start,
    stop,
    theta,
    first,
    second,
    memory,
    keys,
    point_of,
    numbers,
    blocks,
    rates,
    step0,
    static,
    config,
):
    """Train instances start .. stop - 1 from step0 on, in place.

    rates (step, 3): see `optimiser.schedule`."""
    n, m, batch = static.n, static.m, static.batch
    width = LANES * registers(m)
    span = width * max(1, min(512 // width, _CACHED // (n * width)))
    n_blocks = blocks[0].shape[0]
    sums = np.zeros(n * (m + 1) * LANES, np.float32)
    others = sums if static.tied else np.zeros_like(sums)
    work = (
        np.zeros(n * span, np.float32), sums, others, np.zeros((m + 1) * LANES, np.float32),
        np.zeros(span, np.float32), np.zeros(span, np.float32),
    )  # fmt: skip
    odds = (
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
        np.zeros(n_blocks, np.float32),
    )
    gradient = np.zeros(theta.shape[1], np.float32)
    cdf, guide = np.zeros(batch + 1), np.zeros(512, np.int64)
    scale, last, skip = f32(2.0 / batch), -1, False
    for a in range(start, stop):
        point = point_of[a]
        if point != last:
            some = fill_odds(numbers.probability[point], odds[0], odds[1], odds[2])
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(batch, some, cdf, guide)
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            count = binomial_draw(key, cdf, guide) if skip else batch
            lane_gradient(
                theta[a], gradient, key, count, skip, numbers.importance[point],
                numbers.half_l1[point], blocks, odds, work, static, config,
            )  # fmt: skip
            update(
                theta[a], gradient, first[a], second[a], scale,
                rates[s], numbers.rate[point], numbers.decay[point], static.optimiser,
                numbers.momentum[point],
            )  # fmt: skip


@njit(forceinline=True)
def registers(m):
    """`registers_per_row`, inside kernels."""
    if m <= 3:
        return 4
    return 2 if m <= 8 else 1
