"""Pairs of correlated, anticorrelated and independent features in the plane: trained and exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import xarray as xr
from scipy.optimize import minimize

from tegum.analysis import alignment, sets
from tegum.analysis.local_minima import minima
from tegum.dims import DENSITY, F64, I64, SEED
from tegum.distributions import Anticorrelated, Correlated, Distribution, Independent
from tegum.experiments._shared.sets import EXACT, TRAINED, by_engine, in_plane, plain
from tegum.experiments.base import Lab, Tables
from tegum.experiments.correlated_features import local_bases
from tegum.loss.expected import expected_loss
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best

if TYPE_CHECKING:
    import pandas as pd

#: Seeds of each engine, and steps of the sampled one: (full, quick).
SEEDS: Final = {TRAINED: (128, 24), EXACT: (128, 12)}
STEPS: Final = (10_000, 4_000)
#: The density of the models shown; beside the optimum the first so many trained seeds are.
SHOWN: Final = 0.05
_SHOWN_SEEDS: Final = 5
#: The label of the exact model of lowest loss among the models shown.
OPTIMUM: Final = "optimum"


class Case(NamedTuple):
    """A law of features in pairs, and the densities it is measured at."""

    name: str
    title: str
    law: Distribution
    densities: tuple[float, ...]

    @property
    def pairs(self) -> I64:
        """The pair of each feature; of independent ones by number, so that they can be compared."""
        return np.arange(self.law.n_features) // 2

    @property
    def problem(self) -> Problem:
        """A ReLU-output model of equally important features in the plane."""
        return Problem(self.law, ReLUOutput(n_hidden=2))

    def blank_loss(self, density: float) -> float:
        """Σσ² of the features: what a model loses that outputs their means and knows no more."""
        law = self.law.with_probability(density)
        return float(np.trace(law.second_moment()) - (law.mean() ** 2).sum())


CORRELATED: Final = Case(
    "correlated",
    "two correlated pairs",
    Correlated(n_sets=2, set_size=2, feature_probability=0.1),
    (0.05, 0.1, 0.2, 0.4),
)
ANTICORRELATED: Final = Case(
    "anticorrelated",
    "two anticorrelated pairs",
    Anticorrelated(n_sets=2, set_size=2, feature_probability=0.1),
    (0.05, 0.1, 0.2, 0.4),
)
THREE: Final = Case(
    "three",
    "three correlated pairs",
    Correlated(n_sets=3, set_size=2, feature_probability=0.1),
    (0.02, 0.05),
)
CONTROL: Final = Case(
    "independent",
    "six independent features",
    Independent(n_features=6, feature_probability=0.1),
    (0.02, 0.05, 0.1),
)
CASES: Final = (CORRELATED, ANTICORRELATED, THREE, CONTROL)

#: The places 0 … 5 around the hexagon of features 0 … 5; features 2k and 2k + 1 are partners. Up
#: to symmetry there are these five pairings of the places, of 15.
ADJACENT: Final = "all adjacent"
ARRANGEMENTS: Final = {
    ADJACENT: (0, 1, 2, 3, 4, 5),
    "two adjacent, one opposite": (0, 1, 3, 4, 2, 5),
    "one adjacent, two apart": (0, 1, 2, 4, 3, 5),
    "one opposite, two apart": (0, 3, 1, 5, 2, 4),
    "all opposite": (0, 3, 1, 4, 2, 5),
}
#: How many of the 15 pairings have all partners adjacent: what chance would do.
BY_CHANCE: Final = 2 / 15


def measure(lab: Lab) -> Tables:
    """Pairs in the plane, the hexagons they could form, and bundles in ten dimensions.

    `organisation`, a row per model; `minima`, per exact minimum; `shown`, of the figure;
    `arrangements`, per hexagon; those of `local_bases`.
    """
    import pandas as pd

    rows, ends, shown = [], [], []
    for case in CASES:
        runs = by_engine(lab, case.problem, case.densities, STEPS, SEEDS)
        rows += [table(case, engine, found) for engine, found in runs.items()]
        shown.append(_shown(case, runs))
        if case is not ANTICORRELATED:  # losses that are nothing but rounding tell no minima apart
            ends.append(_distinct(case, runs[EXACT]))
    return {
        "organisation": pd.concat(rows, ignore_index=True),
        "minima": pd.concat(ends, ignore_index=True),
        "shown": pd.concat(shown, ignore_index=True),
        "arrangements": arrangements(),
        **local_bases.measure(lab),
    }


def table(case: Case, engine: str, runs: xr.Dataset) -> pd.DataFrame:
    """One row per model: case, engine, density, seed, loss, loss_error, and `organisation`."""
    found = sets.organisation(runs["W"], case.pairs)
    found = found.assign(loss=runs["loss"], loss_error=runs["loss_error"])
    rows = found.transpose(DENSITY, SEED).to_dataframe().reset_index()
    rows.insert(0, "case", case.name)
    rows.insert(1, "engine", engine)
    return rows


def _distinct(case: Case, runs: xr.Dataset) -> pd.DataFrame:
    """The distinct minima that exact descents ended in, a row for each (see `analysis.minima`)."""
    found = minima(runs, hessian=False).table
    columns = [DENSITY, "loss", "above", "count", "share", "represented", "shape"]
    return found[columns].assign(case=case.name)


def _shown(case: Case, runs: dict[str, xr.Dataset]) -> pd.DataFrame:
    """The exact optimum and the first trained seeds at the density shown, aligned with it.

    One row per feature: case, model, loss, feature, set, w0, w1. Independent features keep their
    numbers, and are only turned.
    """
    import pandas as pd

    optimum = best(runs[EXACT].sel({DENSITY: SHOWN}))
    trained = runs[TRAINED].sel({DENSITY: SHOWN}).isel({SEED: slice(_SHOWN_SEEDS)})
    target = alignment.canonical(plain(optimum["W"]))
    models = [(OPTIMUM, target, optimum["loss"])]
    for seed in trained[SEED].to_numpy():
        model = trained.sel({SEED: seed})
        models.append((f"seed {seed}", plain(model["W"]), model["loss"]))
    parts = []
    for name, W, loss in models:
        if isinstance(case.law, Independent):
            W = alignment.canonical(W)
        else:
            W = alignment.align_sets(W, target, case.pairs).apply(W)
        columns = {"case": case.name, "model": name, "loss": float(loss), **in_plane(W)}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def arrangements() -> pd.DataFrame:
    """The least exact loss of a regular hexagon of each arrangement: radius, bias, loss."""
    import pandas as pd

    rows = []
    for p in THREE.densities:
        problem = THREE.problem.replace(distribution=THREE.law.with_probability(p))
        for name, places in ARRANGEMENTS.items():
            radius, bias, loss = _best_hexagon(problem, places)
            sizes = {"radius": radius, "b": bias, "loss": loss}
            rows.append({DENSITY: p, "arrangement": name, **sizes})
    return pd.DataFrame(rows)


def _best_hexagon(problem: Problem, places: tuple[int, ...]) -> tuple[float, float, float]:
    """Radius, common bias and loss of the best regular hexagon with features at these places."""
    angle = np.pi / 3 * np.array(places)
    unit = np.array([np.cos(angle), np.sin(angle)])

    def value(at: F64) -> tuple[float, F64]:
        found = expected_loss(problem, at[0] * unit, np.full(len(places), at[1]), gradient=True)
        assert found.gradient is not None
        slope = [(found.gradient["W"] * unit).sum(), found.gradient["b"].sum()]
        return float(found.loss), np.array(slope)

    solve: Any = minimize
    found = solve(value, np.array([1.0, -0.2]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1]), float(found.fun)
