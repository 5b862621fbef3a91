"""What samples are drawn from, as the kernels read it.

A distribution is a list of blocks (independent features, correlated sets, anticorrelated sets,
children of features), each switched on with a probability; a mixture has a list for each of its
parts; and rows that are there already are read from a pool.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32, F64, I64
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.factors import Factors, Patterns, fill_patterns, new_patterns
from tegum.engines.sampled.random import f32, f64, normal_quantile, part

INDEPENDENT, CORRELATED, ANTICORRELATED, CHILD, EXCLUSIVE = range(5)
SKIP_BELOW = 0.85  # draw only non-zero samples when fewer than this fraction are


class Laws(NamedTuple):
    """Magnitudes with numbers of their own, of which `random` has the kinds."""

    kind: I64  # (law,)
    shift: F32  # (law,)
    scale: F32  # (law,)
    first: I64  # (law + 1,): the first value of each, and the end
    value: F32
    below: F32  # by value: that it is this or an earlier one


class Blocks(NamedTuple):
    """Blocks of features, part after part; those of children after that of their parent."""

    kind: I64  # (block,)
    start: I64  # (block,): its first feature
    size: I64  # (block,)
    magnitude: I64  # (block,): a code of `random`, or OTHER and the place among the laws
    parent: I64  # (block,): the feature that a child hangs on
    first: I64  # (part + 1,): the first block of each part of a mixture, and the end
    weight: F64  # (part,): its chance
    laws: Laws
    mixing: F32  # (block, block), lower triangular: of features that hang together; else empty
    factors: Factors  # of such features, where small groups have one each


class Pool(NamedTuple):
    """Rows that samples are, in place of blocks; none where there are blocks."""

    rows: F32  # (row, feature)
    cumulative: F64  # (row,): chances of rows up to each; empty where they are equal
    stride: int  # rows from a step to the next one's, in order; -1: they are drawn
    feature: NDArray[np.int32]  # of what is not 0, row by row; empty where few rows are sparse
    value: F32
    pointer: I64  # (row + 1,): where rows begin in these, and the end; empty likewise


def pool_in_order(rows: F32, stride: int) -> Pool:
    """A pool of rows of which each step takes the next ones."""
    none = np.zeros(0, np.int64)
    return Pool(rows, np.zeros(0), stride, none.astype(np.int32), np.zeros(0, np.float32), none)


class Chances(NamedTuple):
    """When blocks are on; arrays (block,) are padded for vectors."""

    limit: F32  # (block,): it is on when its draw u, or a normal one, is below
    inverse: F32  # (block,): u·inverse is then uniform again
    cumulative: F32  # (block,): that the first active block is this or an earlier one, if there is
    below: F32  # (block,): an exclusive child is on when the draw of them all is above this, too
    share: F32  # (block,): by part: that a sample is of this or an earlier one
    some: F32  # (block,): the same of samples with an active block
    patterns: Patterns  # of groups, of which the first arrays are then


class Source(NamedTuple):
    """What samples are drawn from."""

    blocks: Blocks
    chances: Chances
    pool: Pool
    simple: bool  # every block is one independent feature, in order, all of one magnitude


class Tile(NamedTuple):
    """A tile of samples, and arrays to draw it with."""

    x: F32  # flat (feature, width)
    chosen: F32  # (width,)
    switch: F32  # (width,)
    pattern: NDArray[np.int32]  # (width,)
    row: I64  # the first row of a step in a pool that is read in order; room for places there


def work_array(*shape: int, kind: Any = np.float32) -> NDArray[Any]:
    """Zeros on a cache line of their own, for aligned vectors and threads that do not meet."""
    size = math.prod(shape) * np.dtype(kind).itemsize
    raw = np.zeros((size + 63) // 64 * 64 + 64, np.uint8)
    start = -raw.__array_interface__["data"][0] % 64
    array: NDArray[Any] = raw[start : start + size].view(kind).reshape(shape)
    return array


def new_tile(x: F32, width: int) -> Tile:
    """A tile in the flat x (feature · width,)."""
    chosen, switch, pattern = work_array(width), work_array(width), work_array(width, kind=np.int32)
    return Tile(x, chosen, switch, pattern, work_array(1 + LANES, kind=np.int64))


def new_chances(blocks: Blocks) -> Chances:
    """The arrays of `fill_chances`."""
    rows = np.zeros((6, (len(blocks.kind) + LANES - 1) // LANES * LANES), np.float32)
    return Chances(*rows, new_patterns(blocks.factors))


@part()
def fill_chances(probability, blocks, chances):
    """Fill the chances of blocks from probabilities (block,); returns P(any block is on)."""
    if chances.patterns.any_on.shape[0] > 0:
        fill_patterns(probability, blocks.factors, chances.patterns)
        return _fill_group_chances(chances)
    if blocks.mixing.shape[0] > 0:
        for g in range(blocks.mixing.shape[0]):
            chances.limit[g] = f32(normal_quantile(probability[g]))
        return 1.0  # so that no sample is left out
    total, parts = 0.0, blocks.weight.shape[0]
    for part_of in range(parts):
        first, stop = blocks.first[part_of], blocks.first[part_of + 1]
        some = _fill_part_chances(probability, blocks, first, stop, chances)
        total += blocks.weight[part_of] * some
        chances.some[part_of] = f32(some)
    below = below_some = 0.0
    for part_of in range(parts):
        below += blocks.weight[part_of]
        below_some += blocks.weight[part_of] * f64(chances.some[part_of])
        chances.share[part_of] = f32(below)
        chances.some[part_of] = f32(below_some / total) if total > 0.0 else f32(1)
    return total


@part()
def _fill_group_chances(chances):
    """Of groups of features with a factor each; P(any of them is on)."""
    any_on = chances.patterns.any_on
    quiet, final, groups = 0.0, 0, any_on.shape[0]
    for g in range(groups):
        p = any_on[g]
        chances.limit[g] = f32(p) if p < 1.0 else f32(2)
        chances.inverse[g] = f32(1.0 / p) if p > 0.0 else f32(0)
        final = g if p > 0.0 else final
        quiet += np.log1p(-p) if p < 1.0 else -np.inf
        chances.cumulative[g] = f32(-np.expm1(quiet))
    some = -np.expm1(quiet)
    for g in range(groups):
        chances.cumulative[g] = f32(chances.cumulative[g] / some) if g < final else f32(2)
    return some


@part()
def _fill_part_chances(probability, blocks, first, stop, chances):
    """Of one part of a mixture; P(any of its blocks is on)."""
    limit, inverse, cumulative, below, _, _, _ = chances
    quiet, final = 0.0, first
    for g in range(first, stop):
        p = probability[g]
        limit[g] = f32(p) if p < 1.0 else f32(2)
        inverse[g] = f32(1.0 / p) if p > 0.0 else f32(0)
        if blocks.kind[g] >= CHILD:
            below[g] = f32(0)
            shared = blocks.kind[g] == EXCLUSIVE and blocks.kind[g - 1] == EXCLUSIVE
            if shared and blocks.parent[g] == blocks.parent[g - 1]:
                below[g] = min(limit[g - 1], f32(1))
            limit[g] = below[g] + limit[g]
            continue
        final = g if p > 0.0 else final
        quiet += np.log1p(-p) if p < 1.0 else -np.inf
        cumulative[g] = f32(-np.expm1(quiet))
    some = -np.expm1(quiet)
    for g in range(first, stop):  # a block that is never on is not the last that may be
        cumulative[g] = f32(cumulative[g] / some) if g < final else f32(2)
    return some
