"""Three correlated pairs from sparse to dense: trained models, the exact optimum, its branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr

from tegum.analysis import alignment, sets
from tegum.dims import DENSITY, FEATURE, HIDDEN, SEED
from tegum.experiments._shared.sets import EXACT, TRAINED, by_engine, in_plane, plain
from tegum.experiments.base import Lab, Tables
from tegum.experiments.collapse_to_pca import branches
from tegum.experiments.collapse_to_pca.branches import LAW, PAIRS, PROBLEM
from tegum.runs.select import best
from tegum.theory import principal

if TYPE_CHECKING:
    import pandas as pd

#: The fifteen densities at which models are trained.
DENSITIES: Final = (
    *(0.02, 0.03, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2),
    *(0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
)
#: Seeds of each engine, and steps of the sampled one: (full, quick).
SEEDS: Final = {TRAINED: (64, 12), EXACT: (64, 8)}
STEPS: Final = (15_000, 3_000)
#: The densities drawn as panels.
SHOWN: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.8)


def measure(lab: Lab) -> Tables:
    """Models at fifteen densities, trained and exact, and the branches of exact minima.

    `models`, a row per model; `pairs`, `features` and `principal` of the best; `branches` and
    `transitions`.
    """
    import pandas as pd

    runs = by_engine(lab, PROBLEM, DENSITIES, STEPS, SEEDS)
    chosen = {engine: best(found) for engine, found in runs.items()}
    return {
        "models": pd.concat([_models(e, found) for e, found in runs.items()], ignore_index=True),
        "pairs": pd.concat([_pairs(e, found) for e, found in chosen.items()], ignore_index=True),
        "features": _features(chosen[EXACT]),
        "principal": principal_table(chosen[EXACT]),
        **branches.measure(lab),
    }


def _models(engine: str, runs: xr.Dataset) -> pd.DataFrame:
    """engine, density, seed, loss, loss_error, collapsed."""
    counted = {"collapsed": sets.count_collapsed(runs["W"], PAIRS)}
    found = runs[["loss", "loss_error"]].assign(counted)
    rows = found.transpose(DENSITY, SEED).to_dataframe().reset_index()
    rows.insert(0, "engine", engine)
    return rows


def _pairs(engine: str, models: xr.Dataset) -> pd.DataFrame:
    """One row per pair of each model: spread, collapsed, distance ‖W_a − W_b‖, both lengths."""
    W = models["W"].transpose(DENSITY, HIDDEN, FEATURE)
    a, b = (W.to_numpy()[..., k::2] for k in range(2))
    columns = {
        "spread": sets.spread(W, PAIRS).to_numpy(),
        "collapsed": sets.collapsed(W, PAIRS).to_numpy(),
        "distance": np.linalg.norm(a - b, axis=-2),
        "norm_a": np.linalg.norm(a, axis=-2),
        "norm_b": np.linalg.norm(b, axis=-2),
    }
    dims = {name: ((DENSITY, "pair"), values) for name, values in columns.items()}
    rows = xr.Dataset(dims, {DENSITY: W[DENSITY]}).to_dataframe().reset_index()
    rows.insert(0, "engine", engine)
    return rows


def _features(models: xr.Dataset) -> pd.DataFrame:
    """The features of the optima in the plane, each turned towards the one before it."""
    import pandas as pd

    parts, target = [], None
    for p in DENSITIES:
        W = plain(models["W"].sel({DENSITY: p}))
        if target is None:
            target = alignment.canonical(W)
        else:
            target = alignment.align_sets(W, target, PAIRS).apply(W)
        parts.append(pd.DataFrame({DENSITY: p, **in_plane(target)}))
    return pd.concat(parts, ignore_index=True)


def principal_table(models: xr.Dataset) -> pd.DataFrame:
    """The optima against principal component analysis, a row per density.

    `outside` is the share of ‖W‖² that is not in the span of the three pairs' (a + b)/√2;
    `projector_off`, how far G = WᵀW is from the projector on the part of its range inside that
    span, in the largest entry; `loss`, and `pca_loss`, what the best linear model loses.
    """
    import pandas as pd

    sums = np.kron(np.eye(3), np.full((2, 1), 0.5**0.5))  # (feature, pair)
    rows = []
    for p in DENSITIES:
        model = models.sel({DENSITY: p})
        W = plain(model["W"])
        inside = W @ sums  # (hidden, pair)
        span = np.linalg.svd(inside, full_matrices=False)[2]
        projector = sums @ span.T @ span @ sums.T
        law = LAW.with_probability(p)
        covariance = law.second_moment() - np.outer(law.mean(), law.mean())
        values = {
            "outside": 1 - (inside**2).sum() / (W**2).sum(),
            "projector_off": np.abs(W.T @ W - projector).max(),
            "loss": float(model["loss"]),
            "pca_loss": principal.least_loss(covariance, 2),
        }
        rows.append({DENSITY: p, **values, **principal.pair_spectrum(p)._asdict()})
    return pd.DataFrame(rows)
