"""h = W x of samples in which few features are active: the columns of these alone are added up."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tegum.dims import F32
from tegum.engines.dictionaries.nonzero import list_nonzero
from tegum.engines.sampled.data import work_array
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.random import f32, part
from tegum.engines.sampled.sums import Sums, scatter_row, sums_for

#: From how many numbers of h and features on, and up to what part of these active on average, that
#: is faster than a product.
_LEAST_HIDDEN: Final = 16
_LEAST_FEATURES: Final = 32
_FEW: Final = 0.25


class Mixing(NamedTuple):
    """Work arrays of one thread, and whether they are for the point under way."""

    few: NDArray[np.bool_]  # (1,)
    sums: Sums
    columns: F32  # (feature, M): those of W, in rows padded for vectors
    sample: NDArray[np.int32]  # (width + LANES,): in which a feature is active
    value: F32
    h: F32  # (width, M)


def new_mixing(truth: F32, width: int) -> Mixing:
    """Those for tiles of so many samples; truth (m, n)."""
    m, n = truth.shape
    wide = (m + LANES - 1) // LANES * LANES
    columns = work_array(n, wide)
    columns[:, :m] = truth.T
    return Mixing(
        few=np.zeros(1, np.bool_),
        sums=sums_for(wide),
        columns=columns,
        sample=work_array(width + LANES, kind=np.int32),
        value=work_array(width + LANES),
        h=work_array(width, wide),
    )


@part()
def are_few(point, instances):
    """Whether so few features are active that columns are added up; by the point's own numbers."""
    static, size, chances = instances.static, instances.blocks.size, instances.numbers.probability
    active = 0.0
    for b in range(size.shape[0]):
        active += chances[point, b] * size[b]
    known = instances.pool.rows.shape[0] == 0 and static.mixed
    enough = static.m >= _LEAST_HIDDEN and static.n >= _LEAST_FEATURES
    return known and enough and active <= _FEW * static.n


@part()
def mix_few(x, span, h, mixing):
    """h (m, width) <- W x of the tile's samples; x flat (feature, span)."""
    rows, stride = mixing.h, mixing.h.shape[1]
    for l in range(span):
        row = rows[l]
        for k in range(stride):
            row[k] = f32(0)
    for i in range(mixing.columns.shape[0]):
        found = list_nonzero(x, i * span, span, mixing.sample, mixing.value)
        if found > 0:
            entries = mixing.sample, mixing.value, 0, found
            scatter_row(mixing.sums.scatter, mixing.columns[i], entries, rows, stride)
    for l in range(span):
        row = rows[l]
        for k in range(h.shape[0]):
            h[k, l] = row[k]
