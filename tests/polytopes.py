"""Models made of known factors, shared by the tests of polytopes and of alignment."""

from __future__ import annotations

import numpy as np
from scipy.linalg import block_diag

from tegum.analysis.catalogue import polytope


def turn(rng: np.random.Generator, rank: int) -> np.ndarray:
    """A random orthogonal matrix, reflections included."""
    q, r = np.linalg.qr(rng.standard_normal((rank, rank)))
    return q * np.sign(np.diagonal(r))


def planted(
    rng: np.random.Generator, *names: str, spare: int = 0, noise: float = 0.0, uneven: float = 0.0
) -> tuple[np.ndarray, list[str]]:
    """The tegum product of named polytopes in a random position, and the name of every feature.

    `spare` more hidden dimensions; `noise` on every coordinate of the unit vectors, lengths
    1 ± `uneven`.
    """
    blocks = [polytope(name).vectors for name in names]
    w = np.concatenate([block_diag(*blocks), np.zeros((spare, sum(b.shape[1] for b in blocks)))])
    of = [name for name, block in zip(names, blocks, strict=True) for _ in block.T]
    w = turn(rng, len(w)) @ w + rng.normal(0, noise, w.shape)
    w = w * rng.normal(1, uneven, w.shape[1])
    order = rng.permutation(len(of))
    return w[:, order], [of[i] for i in order]
