"""Steps of small dictionaries: tiles of samples in registers, one pass of Adam on all numbers."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F32, I64
from tegum.engines.dictionaries.adam import along_sphere, keep_unit, move
from tegum.engines.dictionaries.batchwise import limit_of
from tegum.engines.dictionaries.forward import draw_x, mix_tile
from tegum.engines.dictionaries.layout import (
    CODES,
    GIVEN,
    MIXED,
    RECTIFIED,
    VECTORS,
    Arrays,
    Shape,
    Sizes,
    row_of,
)
from tegum.engines.dictionaries.machine import add_tiles, tiles_for
from tegum.engines.dictionaries.shared import (
    BATCH,
    GATED,
    JUMP,
    RELU,
    TOPK,
    Instances,
    Work,
    ceil,
    n_parameters,
    offsets,
)
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.random import f32, part, u64
from tegum.engines.sampled.sums import fold_code, fold_lanes

#: Numbers of h up to which lanes are faster; latents that are listed in registers; sums that stay
#: in a near cache.
_MOST_HIDDEN: Final = 10
_MOST_LISTED: Final = 8
_MOST_SUMS: Final = 2**16


class LaneWork(NamedTuple):
    """The work arrays of one thread, for what is trained in lanes."""

    tiles: I64  # (point,): as of `tiles_for`; 0 where matrices are multiplied
    encoders: I64  # (point,): likewise, for codes alone; 0 where these are made on the way
    given: bool  # tiles read h, which is made before
    arrays: Arrays  # theta is row 0 of `own`
    own: F32  # (3, parameter): theta, moment and square of the instance under way, in whole vectors
    gradient: F32  # (parameter,): likewise
    folded: F32  # (row of sums,): see `Arrays.sums`
    fold: int  # what makes them of the sums


def lane_work(instances: Instances, work: Work) -> LaneWork:
    """Work arrays, and the tiles of each point."""
    static, parts = instances.static, len(instances.nested) + 1
    shapes = [_shape_of(instances, point) for point in range(len(instances.numbers.latents))]
    firsts = [
        shape._replace(architecture=CODES) if shape and shape.architecture == BATCH else None
        for shape in shapes
    ]
    tiles, encoders = (
        np.array([tiles_for(shape) if shape else 0 for shape in kind], np.int64)
        for kind in (shapes, firsts)
    )
    m, latents, width = static.m, static.latents, LANES * VECTORS
    room = latents * width if tiles.any() else 1
    own, (decode, bias, last) = work_array(3, ceil(n_parameters(static))), offsets.py_func(static)
    theta, given = own[0], not static.mixed or static.noise > 0.0
    rows = ceil(latents * row_of(m, static.architecture) + m)
    arrays = Arrays(
        encode=theta[: latents * m],
        decode=theta[decode:bias],
        bias=theta[bias:last],
        last=theta[last : last + m],
        taken=theta[last : last + m] if static.subtract else work_array(m),
        thresholds=work_array(latents),
        costs=work_array(2),
        x=work.h.reshape(-1) if given else work.tile.x,
        truth=instances.truth.reshape(-1),
        shift=instances.shift,
        weight=work.weight,
        codes=work_array(room),
        raw=_raw_of(instances, work, room),
        errors=work_array(parts * m * width),
        sums=work_array(rows * LANES),
        ends=np.append(instances.nested, latents),
    )
    gradient, folded = work_array(own.shape[1]), work_array(rows)
    return LaneWork(tiles, encoders, given, arrays, own, gradient, folded, fold_code())


def _raw_of(instances: Instances, work: Work, room: int) -> F32:
    architecture = instances.static.architecture
    if architecture == BATCH:
        return work.codes.reshape(-1)
    return work_array(room if architecture != RELU else 1)


def _shape_of(instances: Instances, point: int) -> Shape | None:
    """Of the point's own numbers alone, so that an instance has its bits in any company."""
    static, numbers = instances.static, instances.numbers
    latents, k, architecture = numbers.latents[point], numbers.k[point], static.architecture
    if static.aux_weight > 0 or (architecture == TOPK and static.ramped):
        return None
    if architecture in (TOPK, BATCH) and k >= latents:
        architecture = RELU
    k = k if architecture == TOPK else 0
    sums = int(latents) * row_of(static.m, architecture) * LANES
    if static.m > _MOST_HIDDEN or architecture == GATED:
        return None
    if k > _MOST_LISTED or sums > _MOST_SUMS:
        return None
    source = RECTIFIED if static.rectified else MIXED
    source = GIVEN if not static.mixed or static.noise > 0.0 else source
    return Shape(static.m, architecture, int(k), source)


@part()
def open_lanes(descent, a, point, instances, lanes):
    """Make an instance the one under way."""
    numbers, arrays, own = instances.numbers, lanes.arrays, lanes.own
    arrays.costs[1] = numbers.bandwidth[point] * f32(0.5)
    arrays.ends[instances.nested.shape[0]] = numbers.latents[point]
    for q in range(descent.theta.shape[1]):
        own[0, q] = descent.theta[a, q]
        own[1, q] = descent.moment[a, q]
        own[2, q] = descent.square[a, q]


@part()
def close_lanes(descent, a, lanes):
    """Give it back."""
    own = lanes.own
    for q in range(descent.theta.shape[1]):
        descent.theta[a, q] = own[0, q]
        descent.moment[a, q] = own[1, q]
        descent.square[a, q] = own[2, q]


@part()
def _reduce(point, instances, lanes):
    """lanes.gradient <- the sums, which are cleared."""
    static, sums, into = instances.static, lanes.folded, lanes.gradient
    (decode, bias, last), m, at = offsets(static), static.m, 0
    own, latents, jumps = (
        lanes.own[0],
        instances.numbers.latents[point],
        static.architecture == JUMP,
    )
    rows = latents * (2 * m + (2 if jumps else 1)) + m  # as of `row_of`
    fold_lanes(lanes.fold, lanes.arrays.sums, (rows + LANES - 1) // LANES * LANES, sums)
    for j in range(latents):
        for k in range(m):
            into[u64(j * m + k)] = sums[u64(at + k)]
        at += m
        for k in range(m):
            more = into[u64(j * m + k)] if static.tied else f32(0)
            into[u64(decode + j * m + k)] = more + sums[u64(at + k)]
        at += m
        into[u64(bias + j)] = sums[u64(at)]
        at += 1
        if jumps:
            by = lanes.arrays.thresholds[j] / instances.numbers.bandwidth[point]
            into[last + m + j] = -by * sums[u64(at)]
            at += 1
    for k in range(m):
        total = sums[u64(at + k)]
        if static.subtract:
            for j in range(latents):
                total -= own[u64(j * m + k)] * into[u64(bias + j)]
        into[u64(last + k)] = total


@part()
def lane_step(batch, point, timing, instances, work, lanes):
    """One step of the instance under way; batch = its key, how many samples are drawn, `skip`."""
    key, count, skip = batch
    static, numbers, own, gradient = instances.static, instances.numbers, lanes.own, lanes.gradient
    (decode, _, last), m, latents = offsets(static), static.m, numbers.latents[point]
    width, theta = work.weight.shape[0], own[0]
    lanes.arrays.costs[0] = work.price[0]
    if static.architecture == JUMP:
        for j in range(latents):
            lanes.arrays.thresholds[j] = np.exp(theta[last + m + j])
    for first in range(0, count + (1 if count < static.batch else 0), width):
        span = draw_x((first, count, static.batch), key, skip, instances, work)
        stride = span
        if lanes.given:
            mix_tile((span, first), key, instances, work)
            stride = width
        sizes = Sizes(static.n, instances.nested.shape[0] + 1, latents, stride, span)
        if lanes.encoders[point] != 0:
            add_tiles(lanes.encoders[point], lanes.arrays, sizes)
            whole = latents, stride, count
            codes, missing = lanes.arrays.raw, static.batch - count
            work.guess[0] = limit_of(codes, whole, missing, work.most[0], work.guess[0])
            lanes.arrays.thresholds[0] = work.guess[0]
        add_tiles(lanes.tiles[point], lanes.arrays, sizes)
    _reduce(point, instances, lanes)
    if static.unit_norm:
        for j in range(latents):
            at = decode + j * m
            along_sphere(gradient, at, theta, at, m)
    lr, correction = f32(numbers.rate[point] * timing[0] * timing[1]), f32(timing[2])
    scale = f32(2.0 / static.batch)
    move((theta, own[1], own[2]), gradient, scale, lr, correction, 0, gradient.shape[0])
    if static.unit_norm:
        for j in range(latents):
            keep_unit(theta, decode + j * m, m)
