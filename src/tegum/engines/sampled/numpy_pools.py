"""Samples that numpy draws ahead of the steps that train on them, an instance at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import F32
from tegum.engines.numpy_rows import draw_rows
from tegum.engines.sampled.data import Pool, pool_in_order
from tegum.engines.sampled.evaluate import CHUNK, Occasion
from tegum.engines.sampled.random import TRAIN

if TYPE_CHECKING:
    from tegum.distributions import Distribution

#: About so many numbers are drawn at a time: a call of a kernel takes as long as some steps.
_NUMBERS: Final = 2**19


def training_pools(
    distribution: Distribution, key: np.uint64, steps: range, size: int
) -> Iterator[tuple[Pool, int, int]]:
    """The samples of steps: (pool, first, stop), of which the steps counted from the first one.

    A pool has the memory of the one before.
    """
    many = max(1, _NUMBERS // (size * distribution.n_features))
    rows = np.empty((min(many, len(steps)), size, distribution.n_features), np.float32)
    for first in range(0, len(steps), many):
        some = steps[first : first + many]
        address = [(int(key), int(TRAIN), step) for step in some]
        yield _pool(distribution, address, rows[: len(some)]), first, first + len(some)


def scoring_pool(distribution: Distribution, key: np.uint64, occasion: Occasion) -> Pool:
    """The samples of a loss."""
    purpose, number, samples = occasion
    chunks = range((samples + CHUNK - 1) // CHUNK)
    address = [(int(key), int(purpose), number, chunk) for chunk in chunks]
    rows = np.empty((len(chunks), CHUNK, distribution.n_features), np.float32)
    return _pool(distribution, address, rows)


def _pool(distribution: Distribution, address: Sequence[tuple[int, ...]], rows: F32) -> Pool:
    """rows (address, size, n) <- samples for each address."""
    draw_rows(distribution, address, rows)
    return pool_in_order(rows.reshape(-1, distribution.n_features), rows.shape[1])
