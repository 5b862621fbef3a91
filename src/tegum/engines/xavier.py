"""Xavier-normal weights to start from, addressed per instance, for all engines alike."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tegum.dims import F32

if TYPE_CHECKING:
    from tegum.engines.base import Batch

#: What these random numbers are for, in the words of an instance's random streams.
INIT: Final = np.uint64(4)
_ROWS: Final = 4096  # instances at a time, to bound memory


def xavier_std(n_features: int, n_hidden: int) -> float:
    """σ = √(2 / (n + m)), of every weight."""
    return sqrt(2.0 / (n_features + n_hidden))


def fill_weights(
    theta: NDArray[np.floating[Any]], count: int, keys: NDArray[np.uint64], batch: Batch
) -> None:
    """theta[:, :count] <- W ~ N(0, σ²) of the instances with these keys.

    σ is `Training.init_std`, or √(2 / (n + m)).
    """
    xavier, point_of = (
        xavier_std(batch.problem.n_features, batch.problem.n_hidden),
        batch.point_of(),
    )
    sigma = np.array([xavier if t.init_std is None else t.init_std for t in batch.trainings])
    for start in range(0, len(theta), _ROWS):
        rows = slice(start, start + _ROWS)
        with np.errstate(over="ignore"):  # infinite weights diverge
            scale = sigma[point_of[rows], None].astype(np.float32)
            theta[rows, :count] = standard_normals(keys[rows], count) * scale


def standard_normals(keys: NDArray[np.uint64], count: int) -> F32:
    """Standard normals (instance, count), by inversion of addressed uniforms."""
    base = _splitmix(keys ^ _splitmix(np.full(1, INIT, np.uint64)))
    bits = _splitmix(base[:, None] + np.arange(count, dtype=np.uint64)[None, :])
    uniform = ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return np.asarray(ndtri(uniform), dtype=np.float32)


def _splitmix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The splitmix64 output function on arrays, whose uint64 arithmetic wraps."""
    z = value + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))
