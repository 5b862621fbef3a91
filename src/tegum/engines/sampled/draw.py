"""The very samples that a model of the sampled engine is trained on, to look at and to test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32
from numba import njit

from tegum.engines.base import Batch
from tegum.engines.sampled.cache import keep
from tegum.engines.sampled.data import fill_odds, fill_rows, fill_sparse, fill_tile
from tegum.engines.sampled.lane import SKIP_BELOW
from tegum.engines.sampled.lowering import lower
from tegum.engines.sampled.random import FAST, TRAIN, binomial_draw, binomial_table, step_key, u32

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training

_WIDTH = 16


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
    size, n, kernel = low.static.batch, low.static.n, low.plans[0].kernel
    probability = low.numbers.probability[0]
    odds = tuple(np.zeros(len(probability), np.float32) for _ in range(3))
    some = fill_odds(probability, *odds)
    x = np.zeros((steps, size, n), np.float32)
    keys = np.array([step_key(low.keys[0], TRAIN, step) for step in range(steps)], np.uint64)
    if kernel == "sparse":
        _sparse(x, keys, low.blocks, odds, probability.max(), low.static.simple, *low.room)
    elif kernel == "dense":
        _dense(x, keys, low.blocks, odds, low.static.simple)
    else:
        cdf, guide = np.zeros(size + 1), np.zeros(512, np.int64)
        skip = bool(some < SKIP_BELOW)
        if skip:
            binomial_table(size, some, cdf, guide)
        _lane(x, keys, low.blocks, odds, skip, cdf, guide)
    return x


@keep
@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def _lane(x, keys, blocks, odds, skip, cdf, guide):  # type: ignore[no-untyped-def]
    size, n = x.shape[1], x.shape[2]
    tile, work = np.zeros(n * _WIDTH, np.float32), np.zeros((2, _WIDTH), np.float32)
    for s in range(keys.shape[0]):
        count = binomial_draw(keys[s], cdf, guide) if skip else size
        for done in range(0, count, _WIDTH):
            present = min(_WIDTH, count - done)
            fill_tile(
                tile, _WIDTH, u32(done), present, keys[s], blocks, odds, skip, work[0], work[1]
            )
            for r in range(present):
                for i in range(n):
                    x[s, done + r, i] = tile[i * _WIDTH + r]


@keep
@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def _dense(x, keys, blocks, odds, simple):  # type: ignore[no-untyped-def]
    size, n = x.shape[1], x.shape[2]
    tile, work = np.zeros(n * _WIDTH, np.float32), np.zeros((2, _WIDTH), np.float32)
    for s in range(keys.shape[0]):
        fill_rows(x[s], size, u32(0), keys[s], blocks, odds, simple, tile, work[0], work[1])


@keep
@njit(nogil=True, fastmath=FAST, boundscheck=False, error_model="numpy")
def _sparse(x, keys, blocks, odds, highest, simple, cells, entries):  # type: ignore[no-untyped-def]
    hits = (
        np.zeros(cells, np.int32), np.zeros(cells, np.int32), np.zeros(cells, np.int32),
        np.zeros(cells, np.float32),
    )  # fmt: skip
    index, value = np.zeros(entries, np.int32), np.zeros(entries, np.float32)
    pointer = np.zeros(x.shape[1] + 1, np.int64)
    for s in range(keys.shape[0]):
        rows = fill_sparse(
            x.shape[1], keys[s], blocks, odds, highest, simple, hits, index, value, pointer
        )
        for r in range(rows):
            for t in range(pointer[r], pointer[r + 1]):
                x[s, r, index[t]] = value[t]
