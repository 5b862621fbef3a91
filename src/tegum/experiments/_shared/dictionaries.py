"""Dictionaries trained on activations whose features are known, and how much of these they find.

Which of several seeds is looked at is decided as if nothing were known of the features: by the
lowest held-out objective, what a dictionary was trained to make small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import recovery
from tegum.dims import F64, LATENT, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Toy models by the shape that they find: features, hidden dimensions, and 1−S where they do.
TOYS: Final[Mapping[str, tuple[int, int, float]]] = {
    "pentagon": (5, 2, 0.05),
    "digons": (4, 2, 0.2),
    "square antiprism": (8, 3, 0.05),
}
_TOY: Final = Training(
    steps=4000, batch_size=512, learning_rate=5e-3, schedule="cosine", curve_points=0
)
_TOY_SEEDS: Final = 16


def independent(n: int, p: float) -> Independent:
    """n features, each active with probability p."""
    return Independent(n_features=n, feature_probability=p)


def recipe() -> Training:
    """How dictionaries are trained: Adam, on a cosine to zero."""
    return Training(
        steps=3000, batch_size=512, learning_rate=3e-3, schedule="cosine", curve_points=0
    )


def toy(lab: Lab, name: str) -> F64:
    """W (hidden, feature) of the model of lowest loss of one of `TOYS`."""
    n, m, p = TOYS[name]
    problem = Problem(independent(n, p), ReLUOutput(n_hidden=m))
    runs = lab.train(problem, training=_TOY, seeds=_TOY_SEEDS)
    return np.asarray(best(runs)["W"].to_numpy(), np.float64)


def objective(runs: xr.Dataset) -> xr.DataArray:
    """What was made small: the loss and, where there is one, the price; held out of training.

    Classical dictionaries bring their own.
    """
    if "objective" in runs:
        return runs["objective"]
    found = runs["loss"] + runs["penalty"] if "penalty" in runs else runs["loss"]
    return found.rename("objective")


def score_table(runs: xr.Dataset, W: F64, *axes: str) -> pd.DataFrame:
    """One row per dictionary: objective, loss, l0, dead, explained_variance, and what it found.

    `mean_max_cosine`, `matched_cosine`, `found` (features with an atom above a cosine of 0.9) are
    of the truth W (hidden, feature); `chosen` marks the lowest objective of the seeds at each point
    of `axes`.
    """
    measured: dict[str, Callable[[F64, F64], float]] = {
        "mean_max_cosine": recovery.mean_max_cosine,
        "matched_cosine": recovery.matched_cosine,
        "found": lambda true, atoms: int(recovery.found(true, atoms).sum()),
        "uniqueness": recovery.uniqueness,
    }
    atoms, dims = runs["W_dec"], list(runs["loss"].dims)
    flat = atoms.transpose(*dims, LATENT, ...).to_numpy().reshape(-1, *atoms.shape[-2:])
    shape = [runs.sizes[dim] for dim in dims]
    columns: dict[str, Any] = {
        name: (dims, np.reshape([measure(W, own) for own in flat], shape))
        for name, measure in measured.items()
    }
    kept = runs[["loss", "l0", "dead", "explained_variance"]]
    table = kept.assign({**columns, "objective": objective(runs)}).to_dataframe().reset_index()
    return mark_chosen(table, *axes)


def mark_chosen(table: pd.DataFrame, *axes: str) -> pd.DataFrame:
    """With `chosen`: the lowest objective of the seeds at each point of the axes."""
    there = table.dropna(subset=["objective"])
    lowest = (
        there.groupby(list(axes))["objective"].idxmin() if axes else [there["objective"].idxmin()]
    )
    rows = table.assign(chosen=table.index.isin(lowest))
    return rows.sort_values([*axes, SEED], ignore_index=True)
