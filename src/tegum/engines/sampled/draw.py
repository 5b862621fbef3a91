"""The very samples that a model of the sampled engine is trained on, to look at and to test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32
from numpy.typing import NDArray

from tegum.dims import F32, F64, I64
from tegum.engines.base import Batch
from tegum.engines.cache import keep
from tegum.engines.sampled.data import (
    SKIP_BELOW,
    Source,
    Tile,
    fill_chances,
    new_chances,
    new_tile,
    pool_in_order,
)  # fmt: skip
from tegum.engines.sampled.emitter import LANES
from tegum.engines.sampled.filling import fill_rows, fill_tile
from tegum.engines.sampled.forms import RARE
from tegum.engines.sampled.hits import Compressed, fill_sparse, new_hits
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.numpy_pools import training_pools
from tegum.engines.sampled.random import (
    GUIDE,
    TRAIN,
    binomial_draw,
    binomial_table,
    kernel,
    step_key,
    u32,
)  # fmt: skip
from tegum.engines.sampled.shared import Instances

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training

#: Where the number of non-zero samples is drawn from: its cdf, and a guide into that.
Table = tuple[F64, I64]


def samples(
    problem: Problem, training: Training, *, seed: int = 0, run_seed: int = 0, steps: int = 1
) -> Float32[np.ndarray, "{steps} batch n"]:
    """x as instance `seed` of `train(problem, training=training, seed=run_seed)` sees it.

    The training steps 0 .. steps - 1, each with `training.batch_size` samples (0 where inactive),
    from the kernel that trains this problem. Where that kernel does not simulate all-zero
    samples they come last; else samples are in no particular order.
    Raises SpecError for what this engine cannot train.
    """
    low = lower(Batch(problem, (problem,), (training,), (seed,), run_seed))
    size, n, how = low.instances.static.batch, low.instances.static.n, low.forms[0].kernel
    instances = low.instances
    if low.ahead:
        pools = training_pools(problem.distribution, instances.keys[0], range(steps), size)
        every = np.concatenate([pool.rows.copy() for pool, _, _ in pools])
        instances = instances._replace(pool=pool_in_order(every, size))
    source, some, table = source_of(instances)
    keys = np.zeros(steps, np.uint64)
    _step_keys(low.instances.keys[0], keys)
    if how == "dense":
        return by_rows(keys, (size, n), source)
    if how == "lane":
        return by_tiles(keys, (size, n), source, table if some < SKIP_BELOW else None)
    cells, entries = low.room
    x, pointer = np.zeros((steps, size, n), np.float32), np.zeros(size + 1, np.int64)
    rows = Compressed(np.zeros(entries, np.int32), np.zeros(entries, np.float32), pointer)
    highest = float(low.instances.numbers.probability[0].max())
    _sparse(x, keys, source, highest, new_hits(cells), rows)
    return x


def source_of(instances: Instances) -> tuple[Source, float, Table]:
    """What the first point draws from, P(any block is on), and how many samples are not zero."""
    probability, static = instances.numbers.probability[0], instances.static
    chances = new_chances(instances.blocks)
    table = np.zeros(static.batch + 1), np.zeros(GUIDE, np.int64)
    some = _prepare(probability, instances.blocks, chances, *table)
    return Source(instances.blocks, chances, instances.pool, static.simple), some, table


def by_tiles(
    keys: NDArray[np.uint64], shape: tuple[int, int], source: Source, table: Table | None
) -> F32:
    """x (key, *shape) as the lane kernel draws it: with a binomial table, non-zero samples only."""
    x, n = np.zeros((len(keys), *shape), np.float32), shape[1]
    _lane(
        x, keys, source, table is not None, table or (np.zeros(1), np.zeros(1, np.int64)), _tile(n)
    )
    return x


def by_rows(keys: NDArray[np.uint64], shape: tuple[int, int], source: Source) -> F32:
    """x (key, *shape) as the dense kernel draws it."""
    n = shape[1]
    x = np.zeros((len(keys), shape[0], (n + LANES - 1) // LANES * LANES), np.float32)
    _dense(x, keys, source, np.zeros(x.shape[2], np.int32), _tile(n))
    return np.asarray(x[:, :, :n])


def _tile(n: int) -> Tile:
    return new_tile(np.zeros(n * LANES, np.float32), LANES)


@keep
@kernel
def _step_keys(instance, keys):  # type: ignore[no-untyped-def]
    for step in range(keys.shape[0]):
        keys[step] = step_key(instance, TRAIN, step)


@keep
@kernel
def _prepare(probability, blocks, chances, cdf, guide):  # type: ignore[no-untyped-def]
    some = fill_chances(probability, blocks, chances)
    if some < SKIP_BELOW:
        binomial_table(cdf.shape[0] - 1, some, cdf, guide)
    return some


@keep
@kernel
def _lane(x, keys, source, skip, table, tile):  # type: ignore[no-untyped-def]
    size, n, (cdf, guide) = x.shape[1], x.shape[2], table
    width = tile.chosen.shape[0]  # a literal would be a compilation of its own
    for s in range(keys.shape[0]):
        count = binomial_draw(keys[s], cdf, guide) if skip else size
        tile.row[0] = s * source.pool.stride
        for done in range(0, count, width):
            present = min(width, count - done)
            fill_tile(tile, (width, u32(done)), present, keys[s], source, skip, RARE)
            for r in range(present):
                for i in range(n):
                    x[s, done + r, i] = tile.x[i * width + r]


@keep
@kernel
def _dense(x, keys, source, streams, tile):  # type: ignore[no-untyped-def]
    for s in range(keys.shape[0]):
        tile.row[0] = s * source.pool.stride
        fill_rows(x[s], x.shape[1], u32(0), keys[s], source, streams, tile)


@keep
@kernel
def _sparse(x, keys, source, highest, hits, rows):  # type: ignore[no-untyped-def]
    for s in range(keys.shape[0]):
        start = s * source.pool.stride
        count = fill_sparse(x.shape[1], keys[s], source, highest, hits, rows, start)
        for r in range(count):
            for t in range(rows.pointer[r], rows.pointer[r + 1]):
                x[s, r, rows.feature[t]] = rows.value[t]
