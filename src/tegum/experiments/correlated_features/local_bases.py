"""Bundles of correlated features in a model that is in superposition: local orthogonal bases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment  # type: ignore[attr-defined]

from tegum.analysis import geometry, sets
from tegum.dims import DENSITY, F64, FEATURE, I64, SEED
from tegum.distributions import Correlated, Independent
from tegum.experiments._shared.sets import EXACT, TRAINED, plain, sampled_training
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best

if TYPE_CHECKING:
    import pandas as pd

#: Two bundles of ten features in ten dimensions, and the densities they are measured at.
HIDDEN_DIMENSIONS: Final = 10
SIZE: Final = 10
DENSITIES: Final = (0.02, 0.05)
#: Sizes of the bundles in the same ten dimensions, at the density that is shown; in a quick run.
SIZES: Final = (4, 6, 8, 10, 11, 12, 14, 16)
_QUICK_SIZES: Final = (6, 10, 12, 16)
SHOWN: Final = 0.05
#: Models of each law: (full, quick); steps likewise.
SEEDS: Final = (32, 4)
STEPS: Final = (10_000, 2_500)
#: How many of the best are moved to the minimum of the expected loss: (full, quick).
POLISHED: Final = (8, 1)
BUNDLES, INDEPENDENT = "two bundles", "independent"


def measure(lab: Lab) -> Tables:
    """`bundles`, a row per model; `bases` and `basis_pairs`, the two models shown."""
    import pandas as pd

    models = [(SIZE, p, law) for law in (BUNDLES, INDEPENDENT) for p in DENSITIES]
    sizes = lab.pick(SIZES, _QUICK_SIZES)
    models += [(size, SHOWN, BUNDLES) for size in sizes if size != SIZE]
    runs = {model: _trained(lab, *model) for model in models}
    rows = [_table(*model, found) for model, found in runs.items()]
    shown = [_shown(runs[SIZE, SHOWN, law], law) for law in (BUNDLES, INDEPENDENT)]
    singles, doubles = zip(*shown, strict=True)
    return {
        "bundles": pd.concat([*rows, *_optima(lab, runs)], ignore_index=True),
        "bases": pd.concat(singles, ignore_index=True),
        "basis_pairs": pd.concat(doubles, ignore_index=True),
    }


def _trained(lab: Lab, size: int, p: float, law: str) -> xr.Dataset:
    features = (
        Correlated(n_sets=2, set_size=size, feature_probability=p)
        if law == BUNDLES
        else Independent(n_features=2 * size, feature_probability=p)
    )
    problem = Problem(features, ReLUOutput(n_hidden=HIDDEN_DIMENSIONS))
    training = sampled_training(lab, STEPS).replace(batch_size=256)
    return lab.score(lab.train(problem, training=training, seeds=lab.pick(*SEEDS)))


def _optima(lab: Lab, runs: dict[tuple[int, float, str], xr.Dataset]) -> list[pd.DataFrame]:
    """The best models of two bundles of ten, at the exact minima next to them."""
    from tegum.loss import polish

    found = []
    for p in DENSITIES:
        own = runs[SIZE, p, BUNDLES]
        lowest = np.argsort(own["loss"].to_numpy())[: lab.pick(*POLISHED)]
        polished = polish(own.isel({SEED: lowest}))
        found.append(_table(SIZE, p, BUNDLES, polished).assign(engine=EXACT))
    return found


def _table(size: int, p: float, law: str, runs: xr.Dataset) -> pd.DataFrame:
    """One row per model: law, size, density, engine, seed, loss and measures of its bundles.

    `within` and `across` are mean |cos|; `alone` and `overall` the mean D_i of a feature with its
    bundle alone, and with all features.
    """
    label = np.arange(2 * size) // size
    W = runs["W"]
    within, across = sets.mean_overlap(W, label)
    columns = {
        "loss": runs["loss"],
        "loss_error": runs["loss_error"],
        "within": within,
        "across": across,
        "alone": sets.dimensionality_alone(W, label).mean(FEATURE),
        "overall": geometry.dimensionality(W).mean(FEATURE),
        "represented": geometry.count_represented(W),
    }
    rows = xr.Dataset(columns).to_dataframe().reset_index()
    return rows.assign(law=law, size=size, engine=TRAINED, **{DENSITY: p})


def _shown(runs: xr.Dataset, law: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The model of lowest loss, its second half in the order of its partners in the first."""
    import pandas as pd

    chosen = best(runs)
    W = plain(chosen["W"])
    order = partnered(W)
    W, b = W[:, order], chosen["b"].to_numpy()[order]
    i, j = np.indices((len(order), len(order)))
    single = {FEATURE: np.arange(len(order)), "norm": geometry.norms(W), "b": b}
    single |= {"alone": sets.dimensionality_alone(W, np.arange(len(order)) // SIZE)}
    single |= {"dimensionality": geometry.dimensionality(W)}
    double = {FEATURE: i.ravel(), "feature_j": j.ravel(), "gram": geometry.gram(W).ravel()}
    return tuple(  # type: ignore[return-value]
        pd.DataFrame({"law": law, "seed": int(chosen[SEED]), **columns})
        for columns in (single, double)
    )


def partnered(W: F64) -> I64:
    """Features of W (hidden, 2k), the second half reordered: place k + i faces place i.

    Of all orders of the second half, the one with the least Σ_i cos(W_i, W_{k + i}).
    """
    half = W.shape[1] // 2
    facing = linear_sum_assignment(geometry.cosines(W)[:half, half:])[1]
    return np.concatenate([np.arange(half), half + facing])
