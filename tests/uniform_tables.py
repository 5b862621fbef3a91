"""Hand-made tables of uniform superposition: every model is an ideal tegum product."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from polytopes import planted

from tegum.dims import F64
from tegum.experiments.base import Tables
from tegum.experiments.uniform_geometry.measure import products, tables_of

N, M = 200, 12
#: 1/(1−S) below which a model is made of these; every one of them fills twelve dimensions.
IDEAL = (
    (1.6, ("tetrahedron",) * 4),
    (2.1, ("triangle",) * 5 + ("digon",) * 2),
    (4.1, ("digon",) * 12),
    (4.6, ("pentagon",) * 4 + ("digon",) * 4),
    (5.5, ("square antiprism",) * 4),
)
#: Pentagons (2/5) and antiprisms (3/8) lie beside one another's lines: either needs factors enough,
#: in a balance, that chance explains neither. Nine and six models have them, of four factors each.
LONG = (1.5, 1.65, 2.02, *np.linspace(4.12, 4.56, 8), 4.7, 4.8, 4.9, 5.1, 5.3)
LEVELS = tuple(10 ** (k / 20) for k in range(21))


def subspace(rng: np.random.Generator, n: int, m: int) -> F64:
    """An orthonormal basis (m, n) of a random subspace: Σ D_i = m, D* = 1."""
    return np.linalg.qr(rng.standard_normal((n, m)))[0].T


def ideal(level: float, seed: int) -> F64:
    """(M, N): an arbitrary subspace, then polytopes, then a tight frame of ever more features."""
    rng = np.random.default_rng((round(1000 * level), seed))
    if level < 1.4:
        return subspace(rng, N, M)
    W = np.zeros((M, N))
    for below, names in IDEAL:
        if level < below:
            shape = planted(rng, *names)[0]
            W[:, : shape.shape[1]] = shape
            return W
    kept = round(M * level / 2.1)
    W[:, :kept] = subspace(rng, kept, M) * np.sqrt(kept / M)
    return W


def dataset(levels: tuple[float, ...]) -> xr.Dataset:
    """Two seeds of each level; the second has the lower loss."""
    W = np.array([[ideal(level, seed) for seed in range(2)] for level in levels])
    loss = np.array([[1.1, 1.0]] * len(levels))
    names = ("feature_probability", "seed")
    return xr.Dataset(
        {
            "W": ((*names, "hidden", "feature"), W),
            "loss": (names, loss),
            "loss_error": (names, 0.01 * loss),
        },
        {"feature_probability": 1 / np.array(levels), "seed": [0, 1]},
    )


def tables() -> Tables:
    made = tables_of(dataset(LEVELS), dataset(LONG))
    return {**made, "doubled": doubled(), "products": products()}


def doubled() -> pd.DataFrame:
    """‖W‖² = 2m, whatever n."""
    rows = []
    for n, m, seeds in ((400, 30, 2), (400, 60, 1), (800, 30, 1)):
        for level in (2.0, 3.0, 5.0):
            for seed in range(seeds):
                size = {"level": level, "seed": seed, "n_features": n, "n_hidden": m}
                # the seed that is not chosen is off by half
                size |= {"frobenius": 2.0 * m * (1.5 if seed else 1), "chosen": seed == 0}
                rows.append(size)
    return pd.DataFrame(rows)
