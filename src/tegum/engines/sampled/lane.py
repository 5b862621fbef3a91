"""The lane kernel: small models (n·m up to about 500, m <= 10), a tile of samples at a time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.data import (
    SKIP_BELOW,
    Chances,
    Source,
    Tile,
    fill_chances,
    new_chances,
    new_tile,
)  # fmt: skip
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.filling import fill_tile
from tegum.engines.sampled.forms import FILLED, Codes
from tegum.engines.sampled.noise import streams_where, tells_apart
from tegum.engines.sampled.optimiser import descend
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
    Descent,
    Instances,
    add_zero_samples,
    copy,
    costs_at,
    freeze_absent,
    n_parameters,
    offsets,
    work_array,
)  # fmt: skip
from tegum.engines.sampled.targets import fill_across
from tegum.engines.sampled.tile import (
    BARE,
    EMPTY,
    WHOLE,
    Model,
    Samples,
    Sums,
    add_tiles,
    registers_per_row,
    tiles_for,
)  # fmt: skip

_CACHED = 4096  # numbers of x drawn at a time: half of a small first-level cache


class LaneWork(NamedTuple):
    """The work arrays of one thread; `span` is how many samples are drawn at a time."""

    tile: Tile  # of `span` samples
    y: F32  # flat (feature, span): targets of their own; else tile.x
    sums: Sums
    # of the instance under way: in the batch rows of neighbours share cache lines, and threads
    # would fight for them
    own: Descent
    gradient: F32
    hidden: F32  # (2, m)
    cdf: F64  # of the number of non-zero samples
    guide: I64
    chances: Chances
    tiles: int  # as of `tiles_for`
    empty: int  # the same for samples without an active feature, where noise tells them apart
    width: int  # samples in a tile, a power of two


def lane_work(instances: Instances, codes: Codes) -> LaneWork:
    """Work arrays, and the tiles of the model."""
    static, own = instances.static, codes.target == FILLED
    n, m, size = static.n, static.m, n_parameters(static)
    width = LANES * registers_per_row(m)
    span = width * max(1, min(512 // width, _CACHED // (n * width)))
    sums, x = work_array(n * (m + 1) * LANES), work_array(n * span)
    return LaneWork(
        tile=new_tile(x, span),
        y=work_array(n * span) if own else x,
        sums=Sums(
            decode=sums,
            encode=sums if static.tied else work_array(len(sums)),
            hidden=work_array((m + 1) * LANES),
        ),
        own=Descent(*(work_array(1, size) for _ in range(3)), work_array(1)),
        gradient=work_array(size),
        hidden=work_array(2, m),
        cdf=work_array(static.batch + 1, kind=np.float64),
        guide=work_array(GUIDE, kind=np.int64),
        chances=new_chances(instances.blocks),
        tiles=tiles_for(m, codes, WHOLE),
        empty=tiles_for(m, codes, BARE if static.has_hidden_bias else EMPTY)
        if codes.disturbed
        else 0,
        width=width,
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
def _reduce(gradient, sums, static):
    """Add the lanes of the accumulators up into the flat gradient, and clear them."""
    decode, bias, hidden_bias = offsets(static)
    n, m = static.n, static.m
    for i in range(n):
        row = i * (m + 1) * LANES
        for k in range(m):
            gradient[decode + i * m + k] = _sum_lanes(sums.decode, row + k * LANES)
        gradient[bias + i] = _sum_lanes(sums.decode, row + m * LANES)
    if not static.tied:
        for i in range(n):
            for k in range(m):
                gradient[i * m + k] = _sum_lanes(sums.encode, (i * (m + 1) + k) * LANES)
    for k in range(m):
        gradient[hidden_bias + k] = _sum_lanes(sums.hidden, k * LANES)


@part(forceinline=True)
def _lane_gradient(theta, key, count, skip, point, instances, work, codes, rare):
    """work.gradient <- the summed gradient (without the factor 2) over one batch.

    `count` of its samples are non-zero when `skip`; otherwise count is the batch size.
    """
    static, numbers = instances.static, instances.numbers
    decode, bias, hidden_bias = offsets(static)
    costs = costs_at(point, numbers, numbers.pull[point])
    model = Model(theta, decode, bias, hidden_bias, costs)
    source = Source(instances.blocks, work.chances, instances.pool, static.simple)
    n, x, y = static.n, work.tile.x, work.y
    width, span = work.width, work.tile.chosen.shape[0]
    done, streams = 0, streams_where(codes.disturbed, key, rare)
    while done < count:
        present = min(span, count - done)
        filled = _padded(present, width)
        fill_tile(work.tile, (filled, u32(done)), present, key, source, skip, rare)
        if rare is not None and codes.target == FILLED:
            fill_across(x, n, filled, filled, 1, y, instances.asked)
        samples = _samples_of(x, y, (n, filled, done), static.batch, streams)
        add_tiles(work.tiles, model, samples, work.sums)
        done += filled
    if rare is not None and tells_apart(static, codes):
        done += _add_empty(done, x, streams, model, instances, work)
    gradient = work.gradient
    _reduce(gradient, work.sums, static)
    # The last tile is padded with zero samples: what is missing, or too many, is known exactly.
    missing = static.batch - done
    if missing != 0:
        add_zero_samples(theta, gradient, missing, costs, work.hidden, static, codes, rare)
    freeze_absent(gradient, static)


@part(forceinline=True)
def _samples_of(x, y, sizes, stop, words):
    """sizes: how many features, how many samples, and the number of the first."""
    features, size, first = sizes
    return Samples(x, y, features, size, first, stop, words.noise, words.left_out, words.high)


@part()
def _add_empty(done, x, streams, model, instances, work):
    """Samples without an active feature, from number `done` on to the last; returns how many."""
    static = instances.static
    left = max(0, static.batch - done)
    filled = (left + LANES - 1) // LANES * LANES
    if filled > 0:
        samples = _samples_of(x, x, (static.n, filled, done), static.batch, streams)
        add_tiles(work.empty, model, samples, work.sums)
    return filled


@part(forceinline=True)
def _padded(count, width):
    """A number of samples as whole tiles, except that half a tile or less is done by the vector."""
    whole = count // LANES * LANES & -width
    rest = count - whole
    return whole + (width if 2 * rest > width else (rest + LANES - 1) // LANES * LANES)


@kernel
def train_lane(which, descent, instances, step0, timing, work, codes, rare):
    """Train instances which[0] .. which[1] - 1 from step0 on, in place; `timing_of` says timing."""
    static, numbers = instances.static, instances.numbers
    batch, last, skip, own = static.batch, -1, False, work.own
    for a in range(which[0], which[1]):
        copy(descent.theta[a], own.theta[0])
        copy(descent.moment[a], own.moment[0])
        copy(descent.square[a], own.square[0])
        point = instances.point_of[a]
        if point != last:
            some = fill_chances(numbers.probability[point], instances.blocks, work.chances)
            skip = some < SKIP_BELOW
            if skip:
                binomial_table(batch, some, work.cdf, work.guide)
            last = point
        for s in range(timing.shape[0]):
            key = step_key(instances.keys[a], TRAIN, step0 + s)
            count = binomial_draw(key, work.cdf, work.guide) if skip else batch
            if rare is not None:
                work.tile.row[0] = s * instances.pool.stride
            _lane_gradient(own.theta[0], key, count, skip, point, instances, work, codes, rare)
            descend(own, 0, work.gradient, timing[s], point, instances, rare)
        copy(own.theta[0], descent.theta[a])
        copy(own.moment[0], descent.moment[a])
        copy(own.square[0], descent.square[a])
