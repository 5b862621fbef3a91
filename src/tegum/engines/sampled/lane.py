"""The lane kernel: small models (n·m up to about 500, m <= 10), a tile of samples at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.data import Odds, fill_odds, fill_tile, new_odds
from tegum.engines.sampled.random import (
    GUIDE,
    TRAIN,
    binomial_draw,
    binomial_table,
    f32,
    kernel,
    part,
    step_key,
    u32,
    u64,
)  # fmt: skip
from tegum.engines.sampled.shared import (
    Static,
    add_zero_samples,
    copy,
    descend,
    freeze_absent,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import Asked, fill_across
from tegum.engines.sampled.tile import gradient_tile, registers_per_row
from tegum.engines.sampled.vectors import FILLED, LANES

_CACHED = 4096  # numbers of x drawn at a time: half of a small first-level cache
SKIP_BELOW = 0.85  # draw only non-zero samples when fewer than this fraction are


class LaneWork(NamedTuple):
    """The work arrays of one thread; `span` is how many samples are drawn at a time."""

    x: F32  # flat (feature, span)
    y: F32  # the same, of targets of their own; else x
    asked: Asked
    into_decode: F32  # flat accumulators (feature, m + 1, lane)
    into_encode: F32  # the same array for tied weights
    into_hidden: F32  # (m + 1, lane)
    chosen: F32  # (span,)
    switch: F32  # (span,)
    theta: F32  # (1, parameters) of the instance under way, and its moments: in the batch the
    first: F32  # rows of neighbours share cache lines, and threads would fight for them
    second: F32
    gradient: F32
    hidden: F32  # (2, m)
    cdf: F64  # of the number of non-zero samples
    guide: I64
    odds: Odds


def lane_work(static: Static, blocks: int, wanted: Asked, own: bool) -> LaneWork:
    """Work arrays for a model, a number of blocks and a target, which may need an array."""
    n, m = static.n, static.m
    width = LANES * registers_per_row(m)
    span = width * max(1, min(512 // width, _CACHED // (n * width)))
    sums, x = work_array(n * (m + 1) * LANES), work_array(n * span)
    return LaneWork(
        x=x,
        y=work_array(n * span) if own else x,
        asked=wanted,
        into_decode=sums,
        into_encode=sums if static.tied else work_array(len(sums)),
        into_hidden=work_array((m + 1) * LANES),
        chosen=work_array(span),
        switch=work_array(span),
        theta=work_array(1, n_parameters(static)),
        first=work_array(1, n_parameters(static)),
        second=work_array(1, n_parameters(static)),
        gradient=work_array(n_parameters(static)),
        hidden=work_array(2, m),
        cdf=work_array(static.batch + 1, kind=np.float64),
        guide=work_array(GUIDE, kind=np.int64),
        odds=new_odds(blocks),
    )


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
def _lane_gradient(theta, key, count, skip, importance, half_l1, blocks, work, static, config):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    `count` of its samples are non-zero when `skip`; otherwise count is the batch size.
    """
    decode, bias, hidden_bias = offsets(static)
    n, x, y = static.n, work.x, work.y
    width, span = LANES * len(config[5]), work.chosen.shape[0]
    done = 0
    while done < count:
        present = min(span, count - done)
        filled = _padded(present, width)
        fill_tile(
            x, filled, u32(done), present, key, blocks, work.odds, skip, work.chosen, work.switch
        )
        if len(config[3]) == FILLED:
            fill_across(x, n, filled, filled, 1, y, work.asked)
        wide = filled // width * width
        for offset in range(0, wide, width):
            gradient_tile(
                config, config[5], theta, decode, bias, hidden_bias, importance, x, y, filled,
                offset, n, half_l1, work.into_decode, work.into_encode, work.into_hidden,
            )  # fmt: skip
        for offset in range(wide, filled, LANES):
            gradient_tile(
                config, (0,), theta, decode, bias, hidden_bias, importance, x, y, filled,
                offset, n, half_l1, work.into_decode, work.into_encode, work.into_hidden,
            )  # fmt: skip
        done += filled
    gradient = work.gradient
    _reduce(gradient, work.into_decode, work.into_encode, work.into_hidden, static)
    # The last tile is padded with zero samples: what is missing, or too many, is known exactly.
    missing = static.batch - done
    if missing != 0:
        add_zero_samples(
            theta, gradient, missing, importance, half_l1[0], work.hidden, static, config
        )
    freeze_absent(gradient, static)


@part(forceinline=True)
def _padded(count, width):
    """A number of samples as whole tiles, except that half a tile or less is done by the vector."""
    whole, rest = count // width * width, count % width
    return whole + (width if 2 * rest > width else (rest + LANES - 1) // LANES * LANES)


@kernel
def train_lane(
    start, stop, state, keys, point_of, numbers, blocks, rates, step0, static, config, work
):  # fmt: skip
    """Train instances start .. stop - 1 from step0 on, in place.

    state = (theta, first, second, memory); rates (step, 3): see `optimiser.schedule`.
    """
    batch, last, skip = static.batch, -1, False
    own = (work.theta, work.first, work.second, state[3])
    for a in range(start, stop):
        copy(state[0][a], own[0][0])
        copy(state[1][a], own[1][0])
        copy(state[2][a], own[2][0])
        point = point_of[a]
        if point != last:
            some = fill_odds(numbers.probability[point], *work.odds)
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(batch, some, work.cdf, work.guide)
            last = point
        for s in range(rates.shape[0]):
            key = step_key(keys[a], TRAIN, step0 + s)
            count = binomial_draw(key, work.cdf, work.guide) if skip else batch
            _lane_gradient(
                own[0][0], key, count, skip, numbers.importance[point], numbers.half_l1[point],
                blocks, work, static, config,
            )  # fmt: skip
            descend(own, 0, work.gradient, rates[s], numbers, point, static)
        copy(own[0][0], state[0][a])
        copy(own[1][0], state[1][a])
        copy(own[2][0], state[2][a])
