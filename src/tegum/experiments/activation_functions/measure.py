"""The phase diagram of two features in one dimension, by the activation of the outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum.dims import DENSITY
from tegum.distributions import Independent
from tegum.experiments._shared import phase_plane as plane
from tegum.experiments._shared import phase_truth as truth
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import Lab, Tables
from tegum.models import ReLUOutput
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd

#: Those of the comment, and the leaky one, in the order of the figure.
ACTIVATIONS: Final = ("relu", "leaky", "gelu", "quadratic")
#: Cells along each side, models of each cell, and their steps: in a full and in a quick run.
CELLS: Final = (16, 6)
MODELS: Final = (10, 6)
STEPS: Final = (2000, 1500)


def measure(lab: Lab) -> Tables:
    """`cells`: one row per activation and cell."""
    import pandas as pd

    return {"cells": pd.concat([cells(lab, name) for name in ACTIVATIONS], ignore_index=True)}


def problem(activation: str) -> Problem:
    """Two features in one dimension, the second of importance r."""
    model = ReLUOutput(n_hidden=1, activation=activation)
    return Problem(Independent(n_features=2, feature_probability=1.0), model, (1.0, 1.0))


def cells(lab: Lab, activation: str) -> pd.DataFrame:
    """What becomes of the extra feature in the model of lowest loss of each cell.

    Columns: activation, norm, superposition, outcome (an index into `phase_plane.OUTCOMES`), loss
    (expected), models (of a cell) and others, the part of these whose outcome is another.
    """
    points = lab.pick(*CELLS)
    plan = Training(
        steps=lab.pick(*STEPS), batch_size=512, learning_rate=5e-3, schedule="cosine",
        curve_points=0, held_out=1024,  # the expected loss takes its place
    )  # fmt: skip
    axes, seeds = plane.axes(2, points), lab.pick(*MODELS)
    runs = lab.score(lab.train(problem(activation), axes, plan, seeds=seeds))
    runs = runs.transpose(DENSITY, RATIO, "seed", ...)
    chosen = best(runs)
    norm, shared, outcome = (a.to_numpy() for a in truth.fates(chosen["W"]))
    every = truth.fates(runs["W"])[2].to_numpy()
    r, p = plane.cells(points)
    return plane.table(
        r, p, norm=norm, superposition=shared, outcome=outcome, loss=chosen["loss"].to_numpy(),
        others=(every != outcome[..., None]).mean(-1),
    ).assign(activation=activation, models=seeds)  # fmt: skip
