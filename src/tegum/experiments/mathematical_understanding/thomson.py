"""Measurements for the 1-sparse loss as a packing energy: shapes, random points, sampled losses."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import sqrt
from typing import Final, NamedTuple

import numpy as np

from tegum.dims import F64
from tegum.experiments.base import Lab, Tables
from tegum.theory import thomson

REGULAR, RANDOM, DROPPED = "regular shapes", "random points", "random, some features left out"
#: (features, hidden dimensions, features left out) of the random configurations.
_SIZES: Final = ((5, 2, 0), (8, 3, 0), (20, 5, 0), (80, 20, 0), (10, 2, 5), (20, 5, 8), (60, 9, 20))
_DRAWS: Final = 3


class Points(NamedTuple):
    """Features on the unit sphere, as columns; zero columns are features left out."""

    name: str
    kind: str
    W: F64


def measure(lab: Lab) -> Tables:
    """The energy of every configuration beside its 1-sparse loss, sampled and integrated."""
    import pandas as pd

    rng = np.random.default_rng(20_22)
    count = lab.pick(50_000, 10_000)
    rows = []
    for name, kind, W in (*shapes(), *random_points(rng)):
        sampled, error = sampled_loss(W, count, rng)
        rows.append(
            {
                "name": name,
                "kind": kind,
                "n_hidden": W.shape[0],
                "n_features": W.shape[1],
                "left_out": int((W == 0).all(axis=0).sum()),
                "energy": float(thomson.energy(W)),
                "sampled": sampled,
                "error": error,
                "integrated": integrated_loss(W),
                "samples": count,
            }
        )
    return {"packings": pd.DataFrame(rows)}


def shapes() -> Iterator[Points]:
    """Regular polygons, simplices, cross-polytopes and other polyhedra, inscribed in the sphere."""
    named = {3: "triangle", 4: "square", 5: "pentagon", 6: "hexagon", 7: "heptagon", 8: "octagon"}
    for k, name in named.items():
        angle = 2 * np.pi * np.arange(k) / k
        yield Points(name, REGULAR, np.stack([np.cos(angle), np.sin(angle)]))
    golden = (1 + sqrt(5)) / 2
    rectangle = np.array([(0, a, b * golden) for a, b in product((1, -1), repeat=2)])
    twelve = np.concatenate([np.roll(rectangle, k, axis=1) for k in range(3)])
    others = {
        "digon": np.array([[1.0], [-1.0]]),
        "tetrahedron": np.eye(4) - 1 / 4,
        "4-simplex": np.eye(5) - 1 / 5,
        "octahedron": np.concatenate([np.eye(3), -np.eye(3)]),
        "cube": np.array(list(product((1.0, -1.0), repeat=3))),
        "icosahedron": twelve,
    }
    for name, rows in others.items():
        yield Points(name, REGULAR, _on_sphere(rows))


def _on_sphere(rows: F64) -> F64:
    """Points (k, d) as unit columns (rank, k), in coordinates of the space they span."""
    points = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    left, size, _ = np.linalg.svd(points, full_matrices=False)
    rank = int((size > 1e-9 * size[0]).sum())
    return np.asarray((left[:, :rank] * size[:rank]).T)


def random_points(rng: np.random.Generator) -> Iterator[Points]:
    """Directions drawn uniformly from the sphere, in some cases beside zero columns."""
    for n, m, left_out in _SIZES:
        for draw in range(_DRAWS):
            W = rng.normal(size=(m, n))
            W /= np.linalg.norm(W, axis=0)
            W[:, n - left_out :] = 0.0
            kind = DROPPED if left_out else RANDOM
            yield Points(f"({n}, {m}) without {left_out}, draw {draw + 1}", kind, W)


def sampled_loss(W: F64, count: int, rng: np.random.Generator) -> tuple[float, float]:
    """L_1 at b = 0 from `count` random inputs with one active feature, and its standard error.

    L_1 is a sum over the n places of the active feature: n times the mean over random places.
    """
    n = W.shape[1]
    active, value = rng.integers(n, size=count), rng.random(count)
    error = -np.maximum((value * W[:, active]).T @ W, 0.0)  # (count, n)
    error[np.arange(count), active] += value
    squared = (error**2).sum(axis=1)
    return n * float(squared.mean()), n * float(squared.std(ddof=1)) / sqrt(count)


def integrated_loss(W: F64) -> float:
    """L_1 at b = 0 by Gauss-Legendre quadrature of the model's squared error over x in [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(8)
    total = 0.0
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        x = node * np.eye(W.shape[1])  # one input per active feature
        total += weight * ((x - np.maximum(x @ W.T @ W, 0.0)) ** 2).sum()
    return float(total)
