"""The diagrams of trained models: each cell by the best of N, and by the paper's average."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared import phase_truth as truth
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Lab, Tables
from tegum.runs.select import best, drop_worst
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Models of each cell by number of features: the paper's ten, and twice as many of the larger.
MODELS: Final = {2: 10, 3: 20}
#: Cells along each side: in a full run, a quick one, a fine one.
CELLS: Final = (*truth.CELLS_THREE, 100)
#: How the models are trained, in a full and in a quick run.
STEPS: Final = (3000, 2000)
#: A model has found the optimum of its cell when its loss is within this part of it.
FOUND: Final = 0.05


def measure(lab: Lab) -> Tables:
    """Trained models of both sizes, and the lines of the theory."""
    return {
        "two": cells_table(lab, 2),
        "three": cells_table(lab, 3),
        "boundaries": plane.boundaries(2),
        "boundaries_three": plane.boundaries(3),
    }


def cells_table(lab: Lab, n_features: int) -> pd.DataFrame:
    """One row per cell: what trained models, optimum and candidates make of the extra feature.

    Columns: norm, superposition, outcome and loss of the model of lowest expected loss; norm_mean,
    superposition_mean and outcome_mean of the average without the worst model; found, the part of
    the models that are within 5 % of the optimum; outcome_truth, loss_truth and gap (see
    `phase_truth.compared`); norm_truth, superposition_truth; outcome_theory and margin.
    """
    points = lab.pick(*CELLS)
    theory = plane.candidate_map(n_features, points)
    true = truth.compared(truth.map_table(truth.diagram(lab, n_features, points)), theory)
    rows = by_rule(_trained(lab, n_features, points), true)
    names = ["outcome", "loss", "norm", "superposition"]
    both = {f"{name}_truth": true[name].to_numpy() for name in names}
    both |= {name: true[name].to_numpy() for name in ("gap", "outcome_theory", "margin")}
    return rows.assign(**both)


def _trained(lab: Lab, n_features: int, points: int) -> xr.Dataset:
    """All models, scored without sampling."""
    plan = Training(
        steps=lab.pick(*STEPS), batch_size=256, learning_rate=5e-3, schedule="cosine",
        curve_points=0, held_out=1024,  # the expected loss takes its place
    )  # fmt: skip
    axes = plane.axes(n_features, points)
    return lab.score(lab.train(plane.problem(n_features), axes, plan, seeds=MODELS[n_features]))


def by_rule(runs: xr.Dataset, true: pd.DataFrame) -> pd.DataFrame:
    """The cells by both rules: the lowest loss of all models, and the average but the worst."""
    runs = runs.transpose(DENSITY, RATIO, "seed", ...)
    chosen = best(runs)
    norm, shared, outcome = (a.to_numpy() for a in truth.fates(chosen["W"]))
    kept = truth.fates(drop_worst(runs)["W"])[:2]
    norm_mean, shared_mean = (a.mean("candidate").to_numpy() for a in kept)
    r, p = np.meshgrid(runs[RATIO].to_numpy(), runs[DENSITY].to_numpy())
    bound = (1 + FOUND) * true["loss"].to_numpy().reshape(r.shape)
    return plane.table(
        r, p,
        norm=norm, superposition=shared, outcome=outcome, loss=chosen["loss"].to_numpy(),
        norm_mean=norm_mean, superposition_mean=shared_mean,
        outcome_mean=plane.outcome(norm_mean, shared_mean),
        found=(runs["loss"].to_numpy() <= bound[..., None]).mean(-1),
    )  # fmt: skip
