"""Samples that numpy draws ahead of the steps that train on them, an instance at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.engines.sampled.data import Pool
from tegum.engines.sampled.evaluate import CHUNK, Occasion
from tegum.engines.sampled.random import TRAIN

if TYPE_CHECKING:
    from tegum.distributions import Distribution

#: About so many numbers are drawn at a time.
_NUMBERS: Final = 2**19


def training_pools(
    distribution: Distribution, key: np.uint64, steps: range, size: int
) -> Iterator[tuple[Pool, int, int]]:
    """The samples of steps: (pool, first, stop), of which the steps counted from the first one."""
    many = max(1, _NUMBERS // (size * distribution.n_features))
    for first in range(0, len(steps), many):
        some = steps[first : first + many]
        address = [(int(key), int(TRAIN), step) for step in some]
        yield _pool(distribution, address, size), first, first + len(some)


def scoring_pool(distribution: Distribution, key: np.uint64, occasion: Occasion) -> Pool:
    """The samples of a loss."""
    purpose, number, samples = occasion
    chunks = range((samples + CHUNK - 1) // CHUNK)
    address = [(int(key), int(purpose), number, chunk) for chunk in chunks]
    return _pool(distribution, address, CHUNK)


def _pool(distribution: Distribution, address: Sequence[tuple[int, ...]], size: int) -> Pool:
    """`size` samples for each address, by random numbers of its own."""
    rows = np.empty((len(address), size, distribution.n_features), np.float32)
    for into, own in zip(rows, address, strict=True):
        into[...] = distribution.sample(np.random.default_rng(own), size)
    return Pool(rows.reshape(-1, distribution.n_features), np.zeros(0), size)
