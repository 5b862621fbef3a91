"""The very activations that a dictionary is trained on, to look at and to test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from tegum.dims import F32
from tegum.engines.base import Batch
from tegum.engines.cache import keep
from tegum.engines.dictionaries.forward import chances_at, draw_tile
from tegum.engines.dictionaries.lowering import lower
from tegum.engines.dictionaries.shared import Instances, new_work
from tegum.engines.sampled.random import TRAIN, binomial_draw, kernel, step_key

if TYPE_CHECKING:
    from tegum.problem import Problem
    from tegum.training import Training


def samples(
    problem: Problem, training: Training, *, seed: int = 0, run_seed: int = 0, steps: int = 1
) -> Float32[np.ndarray, "{steps} batch m"]:
    """h as instance `seed` of `train(problem, training=training, seed=run_seed)` sees it.

    The training steps 0 .. steps - 1, each with `training.batch_size` samples; those that are drawn
    come first, then the ones in which nothing is active. Not for what numpy draws ahead.
    """
    low = lower(Batch(problem, (problem,), (training,), (seed,), run_seed))
    static = low.instances.static
    out = np.zeros((steps, static.batch, static.m), np.float32)
    _fill(out, low.instances)
    return out


def _fill(out: F32, instances: Instances) -> None:
    _samples(out, instances, new_work(instances, out.shape[1]))


@keep
@kernel
def _samples(out, instances, work):  # type: ignore[no-untyped-def]
    static, width = instances.static, work.weight.shape[0]
    skip = chances_at(0, static.batch, instances, work)
    for s in range(out.shape[0]):
        key = step_key(instances.keys[0], TRAIN, s)
        count = binomial_draw(key, work.cdf, work.guide) if skip else static.batch
        work.tile.row[0] = s * instances.pool.stride
        for first in range(0, count + (1 if count < static.batch else 0), width):
            draw_tile((first, count, static.batch), key, skip, instances, work)
            stop = static.batch if first + width > count else first + width
            for r in range(first, stop):
                for k in range(static.m):
                    out[s, r, k] = work.h[k, min(r, count) - first]
