"""Models under attack: how vulnerable they are by density, and what training on attacks does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.analysis.robustness import vulnerability
from tegum.dims import DENSITY, F64
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best, best_rows
from tegum.scalars import geometric
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


#: The attacked models: n features in m dimensions, all of importance 1.
N, M = 100, 30
#: 1/(1−S) of the figure's range, and beyond it, where gradients vanish.
RANGE: Final = 10.0
_WITHIN: Final = (16, 6)
_BEYOND: Final = ((20.0, 50.0, 200.0, 1000.0), (100.0, 1000.0))
_SEEDS: Final = (2, 1)
_STEPS: Final = (4000, 1200)
_SAMPLES: Final = (2048, 512)
#: A length of attacks that reaches past the biases of sparse models, at any density.
LONG: Final = 0.5
_KINDS: Final = ("per_example", "per_model", "one_step", "iterated")

#: Adversarial training: its models, and the lengths of attacks in units of E‖x‖.
TRAINED_N, TRAINED_M, TRAINED_P = 60, 12, 0.05
SIZES: Final = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9, 1.0)
_QUICK_SIZES: Final = (0.0, 0.1, 0.4, 0.8, 1.0)
_TRAINED_SEEDS: Final = (4, 2)
_TRAINED_STEPS: Final = (6000, 1500)


def measure(lab: Lab) -> Tables:
    """Models at all densities under attack; models trained on attacks."""
    return {**attacked(lab), "hardened": hardened(lab)}


def densities(lab: Lab) -> F64:
    """From dense to sparse."""
    within = geometric(1.0, RANGE, lab.pick(*_WITHIN))
    return 1.0 / np.concatenate([within, lab.pick(*_BEYOND)])


def attacked(lab: Lab) -> Tables:
    """`attacked`: one row per density and seed: loss, D*, what attacks do in units of λ².

    Columns: loss, features_per_dimension (1/D*), size (λ), clean, masked, unseen, and for each
    kind of attack its rise of the loss over λ² with standard error; chosen marks the lowest loss.
    `long`: the same for attacks of length 1/2 on the models of lowest loss.
    """
    problem = Problem(Independent(n_features=N, feature_probability=0.1), ReLUOutput(n_hidden=M))
    training = Training(
        steps=lab.pick(*_STEPS), batch_size=512, learning_rate=3e-3, schedule="cosine",
        final_fraction=0.01, curve_points=0, held_out=16_384,
    )  # fmt: skip
    runs = lab.train(problem, {DENSITY: densities(lab)}, training, seeds=lab.pick(*_SEEDS))
    tables: Tables = {}
    for name, models, size in (("attacked", runs, None), ("long", best(runs), LONG)):
        found = _per_square(vulnerability(models, size=size, samples=lab.pick(*_SAMPLES)))
        found["loss"] = models["loss"]
        found["features_per_dimension"] = 1.0 / geometry.dimensions_per_feature(models["W"])
        tables[name] = _chosen(found.to_dataframe().reset_index(), DENSITY)
    return tables


def _per_square(found: xr.Dataset) -> xr.Dataset:
    """Rises of the loss in units of λ²."""
    names = [*_KINDS, *(f"{name}_error" for name in _KINDS), "unseen"]
    return found.assign({name: found[name] / found["size"] ** 2 for name in names})


def mean_length() -> float:
    """E‖x‖ of the data of adversarial training, from 200,000 samples: within 0.2 %."""
    x = Independent(n_features=TRAINED_N, feature_probability=TRAINED_P).sample(
        np.random.default_rng(0), 200_000
    )
    return float(np.linalg.norm(x, axis=1).mean())


def hardened(lab: Lab) -> pd.DataFrame:
    """One row per length of attacks in training and seed.

    Columns: relative (length over E‖x‖), seed, loss (of samples that nobody attacked),
    features_per_dimension, represented, superposition (mean over represented features), and
    per_example, the rise of the loss by attacks of 0.1 E‖x‖, over λ².
    """
    length = mean_length()
    sizes = np.array(lab.pick(SIZES, _QUICK_SIZES))
    problem = Problem(
        Independent(n_features=TRAINED_N, feature_probability=TRAINED_P),
        ReLUOutput(n_hidden=TRAINED_M),
    )
    training = Training(
        steps=lab.pick(*_TRAINED_STEPS), batch_size=512, learning_rate=3e-3, schedule="cosine",
        final_fraction=0.01, curve_points=0, held_out=65_536,
    )  # fmt: skip
    runs = lab.train(problem, {"attack": sizes * length}, training, seeds=lab.pick(*_TRAINED_SEEDS))
    found = vulnerability(runs, samples=lab.pick(*_SAMPLES))
    table = _shape(runs).assign(per_example=found["per_example"] / found["size"] ** 2)
    rows = table.to_dataframe().reset_index()
    return rows.assign(relative=(rows["attack"] / length).round(6)).drop(columns="attack")


def _shape(runs: xr.Dataset) -> xr.Dataset:
    W = runs["W"]
    shown = geometry.represented(W)
    shared = geometry.superposition(W).where(shown).mean("feature")
    return runs[["loss"]].assign(
        features_per_dimension=1.0 / geometry.dimensions_per_feature(W),
        represented=shown.sum("feature"),
        superposition=shared.fillna(0.0),
    )


def _chosen(rows: pd.DataFrame, axis: str) -> pd.DataFrame:
    """With `chosen`: the seed of lowest loss at each value of the axis."""
    lowest = best_rows(rows, axis).index
    return rows.assign(chosen=rows.index.isin(lowest)).sort_values(
        [axis, "seed"], ascending=[False, True], ignore_index=True
    )
