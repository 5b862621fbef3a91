"""Pairs of correlated, anticorrelated and independent features in the plane: trained and exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import xarray as xr

from tegum.analysis import alignment, sets
from tegum.analysis.minima import minima
from tegum.dims import DENSITY, F64, FEATURE, HIDDEN, SEED
from tegum.distributions import Anticorrelated, Correlated, Distribution, Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

TRAINED, EXACT = "trained", "exact"
ENGINES: Final = (TRAINED, EXACT)
#: Seeds of each engine, and steps of the sampled one: (full, quick).
SEEDS: Final = {TRAINED: (128, 24), EXACT: (128, 12)}
STEPS: Final = (10_000, 4_000)
#: The first so many trained seeds are shown beside the optimum.
SHOWN_SEEDS: Final = 5
#: The label of an engine's model of lowest loss among the models shown.
OPTIMUM: Final = "optimum"


class Case(NamedTuple):
    """A law of features in pairs, the densities it is measured at, and the one that is shown."""

    name: str
    title: str
    law: Distribution
    densities: tuple[float, ...]
    shown: float


CORRELATED: Final = Case(
    "correlated",
    "two correlated pairs",
    Correlated(n_sets=2, set_size=2, feature_probability=0.1),
    (0.05, 0.1, 0.2, 0.4),
    0.05,
)
ANTICORRELATED: Final = Case(
    "anticorrelated",
    "two anticorrelated pairs",
    Anticorrelated(n_sets=2, set_size=2, feature_probability=0.1),
    (0.05, 0.1, 0.2, 0.4),
    0.05,
)
THREE: Final = Case(
    "three",
    "three correlated pairs",
    Correlated(n_sets=3, set_size=2, feature_probability=0.1),
    (0.02, 0.05),
    0.05,
)
CONTROL: Final = Case(
    "independent",
    "six independent features",
    Independent(n_features=6, feature_probability=0.1),
    (0.02, 0.05, 0.1),
    0.05,
)
CASES: Final = (CORRELATED, ANTICORRELATED, THREE, CONTROL)


def measure(lab: Lab) -> Tables:
    """`organisation`, a row per model; `minima`, per exact minimum; `shown`, of the figure."""
    import pandas as pd

    rows, ends, shown = [], [], []
    for case in CASES:
        runs = {engine: trained(lab, case, engine) for engine in ENGINES}
        rows += [table(case, engine, found) for engine, found in runs.items()]
        shown.append(_shown(case, runs))
        if case is not ANTICORRELATED:  # losses that are nothing but rounding tell no minima apart
            ends.append(distinct(case, runs[EXACT]))
    return {
        "organisation": pd.concat(rows, ignore_index=True),
        "minima": pd.concat(ends, ignore_index=True),
        "shown": pd.concat(shown, ignore_index=True),
    }


def problem(law: Distribution, n_hidden: int = 2) -> Problem:
    """A ReLU-output model of equally important features."""
    return Problem(law, ReLUOutput(n_hidden=n_hidden))


def plan(lab: Lab, engine: str, steps: tuple[int, int] = STEPS) -> Training:
    """Adam on a cosine to zero, or descent on the expected loss."""
    if engine == EXACT:
        return Training(engine="exact", curve_points=0)
    return Training(
        steps=lab.pick(*steps),
        batch_size=1024,
        learning_rate=5e-3,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )


def trained(lab: Lab, case: Case, engine: str) -> xr.Dataset:
    """Models of one case, (density, seed), with their expected losses."""
    axes = {DENSITY: case.densities}
    runs = lab.train(problem(case.law), axes, plan(lab, engine), lab.pick(*SEEDS[engine]))
    return lab.score(runs) if engine == TRAINED else runs


def blank_loss(law: Distribution) -> float:
    """Σσ² of the features: the loss of a model that outputs their means and knows nothing else."""
    return float(np.trace(law.second_moment()) - (law.mean() ** 2).sum())


def pairs_of(law: Distribution) -> np.ndarray:
    """The pair of each feature; of independent ones, by number, so that they can be compared."""
    return np.arange(law.n_features) // 2


def table(case: Case, engine: str, runs: xr.Dataset) -> pd.DataFrame:
    """One row per model: case, engine, density, seed, loss, loss_error, and `organisation`."""
    found = sets.organisation(runs["W"], pairs_of(case.law))
    found = found.assign(loss=runs["loss"], loss_error=runs["loss_error"])
    rows = found.transpose(DENSITY, SEED).to_dataframe().reset_index()
    rows.insert(0, "case", case.name)
    rows.insert(1, "engine", engine)
    return rows


def distinct(case: Case, runs: xr.Dataset) -> pd.DataFrame:
    """The distinct minima that exact descents ended in, a row for each (see `analysis.minima`)."""
    found = minima(runs, hessian=False).table
    columns = [DENSITY, "loss", "above", "count", "share", "represented", "shape"]
    return found[columns].assign(case=case.name)


def _shown(case: Case, runs: dict[str, xr.Dataset]) -> pd.DataFrame:
    """The exact optimum and the first trained seeds at the density shown, aligned with it."""
    import pandas as pd

    at = {engine: found.sel({DENSITY: case.shown}) for engine, found in runs.items()}
    optimum = best(at[EXACT])
    target = alignment.canonical(plain(optimum["W"]))
    parts = [features(case, OPTIMUM, target, float(optimum["loss"]), target)]
    for seed in at[TRAINED][SEED].to_numpy()[:SHOWN_SEEDS]:
        model = at[TRAINED].sel({SEED: seed})
        parts.append(
            features(case, f"seed {seed}", plain(model["W"]), float(model["loss"]), target)
        )
    return pd.concat(parts, ignore_index=True)


def plain(W: xr.DataArray) -> F64:
    """W of one model as an array (hidden, feature)."""
    return np.asarray(W.transpose(HIDDEN, FEATURE).to_numpy(), dtype=np.float64)


def features(case: Case, model: str, W: F64, loss: float, target: F64) -> pd.DataFrame:
    """One row per feature: case, model, loss, feature, set, w0, w1; W aligned with the target.

    Independent features keep their numbers, and are only turned.
    """
    import pandas as pd

    pair = pairs_of(case.law)
    if isinstance(case.law, Independent):
        W = alignment.canonical(W)
    else:
        W = sets.align_sets(W, target, pair).apply(W)
    columns = {FEATURE: np.arange(W.shape[1]), "set": pair, "w0": W[0], "w1": W[1]}
    return pd.DataFrame({"case": case.name, "model": model, "loss": loss, **columns})
