"""The lane kernel: small models (n·m up to about 500, m <= 10), a tile of samples at a time."""

from __future__ import annotations

import numpy as np
from numba import njit

from tegum.engines.sampled.data import fill_odds, fill_tile
from tegum.engines.sampled.optimiser import update
from tegum.engines.sampled.random import (
    FAST, TRAIN, binomial_draw, binomial_table, f32, step_key, u32,
)  # fmt: skip
from tegum.engines.sampled.shared import add_zero_samples, clear, freeze_absent, offsets
from tegum.engines.sampled.vectors import LANES, gradient_tile, registers_per_row

SKIP_BELOW = 0.85  # draw only non-zero samples when fewer than this fraction are


def tile_width(n_hidden: int) -> int:
    """Samples in a tile."""
    return LANES * registers_per_row(n_hidden)


@njit(fastmath=FAST, boundscheck=False, error_model="numpy")
def _reduce(gradient, sums_d, sums_e, sums_h, static):  # type: ignore[no-untyped-def]
    """Add the lanes of the accumulators up into the flat gradient."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        for k in range(m + 1):
            total, other = f32(0), f32(0)
            for l in range(LANES):
                total += sums_d[i, k, l]
                other += sums_e[i, k, l]
            if k == m:
                gradient[bias + i] = total
            else:
                gradient[i * m + k] = other
                gradient[decode + i * m + k] = total
    for k in range(m):
        total = f32(0)
        for l in range(LANES):
            total += sums_h[k, l]
        gradient[hidden_bias + k] = total


@njit(fastmath=FAST, boundscheck=False, error_model="numpy")
def lane_gradient(theta, gradient, key, count, skip, importance, half_l1, blocks, odds, work, static, config):  # type: ignore[no-untyped-def]  # noqa: E501
    """The summed gradient (without the factor 2) over one batch.

    `count` of its samples are non-zero when `skip`; otherwise count is the batch size.
    """
    x, sums_d, sums_e, sums_h, chosen, switch = work
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    width = chosen.shape[0]
    encoder = theta[: n * m]
    decoder = theta[decode : decode + n * m]
    clear(sums_d.reshape(-1))
    clear(sums_e.reshape(-1))
    clear(sums_h.reshape(-1))
    done = 0
    while done < count:
        present = min(width, count - done)
        fill_tile(x, width, u32(done), present, key, blocks, odds, skip, chosen, switch)
        gradient_tile(
            config, encoder, decoder, theta[bias:], theta[hidden_bias:], importance, x, n,
            half_l1, sums_d, sums_d if static.tied else sums_e, sums_h,
        )  # fmt: skip
        done += width
    _reduce(gradient, sums_d, sums_d if static.tied else sums_e, sums_h, static)
    # The last tile is padded with zero samples: what is missing or too many is known in closed form.
    missing = static.batch - done
    if missing != 0:
        add_zero_samples(theta, gradient, missing, importance, half_l1[0], static, config)
    freeze_absent(gradient, static)


@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def train_lane(start, stop, theta, first, second, memory, keys, point_of, numbers, blocks, rates, step0, static, config):  # type: ignore[no-untyped-def]  # noqa: E501
    """Train instances start .. stop - 1 for len(rates) steps from step0, in place."""
    n, m, batch = static.n, static.m, static.batch
    width = LANES * registers(m)
    n_blocks = blocks[0].shape[0]
    sums = np.zeros((n, m + 1, LANES), np.float32)
    others = sums if static.tied else np.zeros((n, m + 1, LANES), np.float32)
    work = (
        np.zeros(n * width, np.float32), sums, others, np.zeros((m + 1, LANES), np.float32),
        np.zeros(width, np.float32), np.zeros(width, np.float32),
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
                theta[a], gradient, first[a], second[a], scale, step0 + s + 1,
                rates[s] * numbers.rate[point], numbers.decay[point], static.optimiser,
                static.momentum,
            )  # fmt: skip


@njit(forceinline=True)
def registers(m):  # type: ignore[no-untyped-def]
    """`registers_per_row`, inside kernels."""
    if m <= 3:
        return 4
    return 2 if m <= 8 else 1
