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
    Odds,
    fill_odds,
    fill_rows,
    fill_sparse,
    fill_tile,
    new_hits,
    new_odds,
)  # fmt: skip
from tegum.engines.sampled.lane import SKIP_BELOW
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.random import (
    GUIDE,
    TRAIN,
    binomial_draw,
    binomial_table,
    kernel,
    step_key,
    u32,
)  # fmt: skip
from tegum.engines.sampled.vectors import LANES

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training


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
    size, n, how = low.static.batch, low.static.n, low.plans[0].kernel
    probability = low.numbers.probability[0]
    odds = new_odds(len(probability))
    some = fill_odds(probability, *odds)
    keys = np.array([step_key(low.keys[0], TRAIN, step) for step in range(steps)], np.uint64)
    if how == "dense":
        return by_rows(keys, (size, n), low.blocks, odds, low.static.simple)
    if how == "lane":
        table = None
        if some < SKIP_BELOW:
            table = np.zeros(size + 1), np.zeros(GUIDE, np.int64)
            binomial_table(size, some, *table)
        return by_tiles(keys, (size, n), low.blocks, odds, table)
    cells, entries = low.room
    rows = np.zeros(entries, np.int32), np.zeros(entries, np.float32), np.zeros(size + 1, np.int64)
    x = np.zeros((steps, size, n), np.float32)
    highest = float(probability.max())
    _sparse(x, keys, low.blocks, odds, highest, low.static.simple, new_hits(cells), rows)
    return x


def by_tiles(
    keys: NDArray[np.uint64],
    shape: tuple[int, int],
    blocks: tuple[I64, I64, I64, I64],
    odds: Odds,
    table: tuple[F64, I64] | None,
) -> F32:
    """x (key, *shape) as the lane kernel draws it: with a binomial table, non-zero samples only."""
    x, n = np.zeros((len(keys), *shape), np.float32), shape[1]
    cdf, guide = table or (np.zeros(1), np.zeros(1, np.int64))
    tile = np.zeros(n * LANES, np.float32), *np.zeros((2, LANES), np.float32)
    _lane(x, keys, blocks, odds, table is not None, cdf, guide, tile)
    return x


def by_rows(
    keys: NDArray[np.uint64],
    shape: tuple[int, int],
    blocks: tuple[I64, I64, I64, I64],
    odds: Odds,
    simple: bool,
) -> F32:
    """x (key, *shape) as the dense kernel draws it."""
    n = shape[1]
    x = np.zeros((len(keys), shape[0], (n + LANES - 1) // LANES * LANES), np.float32)
    own = np.zeros(x.shape[2], np.int32)
    tile = np.zeros(n * LANES, np.float32), *np.zeros((2, LANES), np.float32)
    _dense(x, keys, blocks, odds, simple, own, tile)
    return np.asarray(x[:, :, :n])


@keep
@kernel
def _lane(x, keys, blocks, odds, skip, cdf, guide, tile):  # type: ignore[no-untyped-def]
    size, n = x.shape[1], x.shape[2]
    cells, chosen, switch = tile
    width = chosen.shape[0]  # a literal would be a compilation of its own
    for s in range(keys.shape[0]):
        count = binomial_draw(keys[s], cdf, guide) if skip else size
        for done in range(0, count, width):
            present = min(width, count - done)
            fill_tile(cells, width, u32(done), present, keys[s], blocks, odds, skip, chosen, switch)
            for r in range(present):
                for i in range(n):
                    x[s, done + r, i] = cells[i * width + r]


@keep
@kernel
def _dense(x, keys, blocks, odds, simple, own, tile):  # type: ignore[no-untyped-def]
    for s in range(keys.shape[0]):
        fill_rows(x[s], x.shape[1], u32(0), keys[s], blocks, odds, simple, own, *tile)


@keep
@kernel
def _sparse(x, keys, blocks, odds, highest, simple, hits, rows):  # type: ignore[no-untyped-def]
    index, value, pointer = rows
    for s in range(keys.shape[0]):
        count = fill_sparse(
            x.shape[1], keys[s], blocks, odds, highest, simple, hits, index, value, pointer
        )
        for r in range(count):
            for t in range(pointer[r], pointer[r + 1]):
                x[s, r, index[t]] = value[t]
