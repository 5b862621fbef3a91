"""ReLU-output models of twenty features in five dimensions over sparsity, and the linear model."""

from __future__ import annotations

from tegum.dims import DENSITY
from tegum.experiments._shared import sweeps
from tegum.experiments.base import Lab, Tables
from tegum.models import Linear
from tegum.runs import tables as long
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.theory import linear
from tegum.training import Training


def measure(lab: Lab) -> Tables:
    """The sweep of ReLU-output models, the linear model at the same densities, the packing."""
    relu = sweeps.sweep(lab, sweeps.problem(*sweeps.SMALL), sweeps.SMALL_RECIPES)
    return {**relu, **_linear(lab), "packing": sweeps.predicted(*sweeps.SMALL)}


def _linear(lab: Lab) -> Tables:
    """All linear models with their exact losses; features and pairs of the best of each density."""
    task = sweeps.problem(*sweeps.SMALL)
    task = task.model_copy(update={"model": Linear(n_hidden=sweeps.SMALL_HIDDEN)})
    plan = Training(
        steps=lab.pick(5000, 4000),
        batch_size=256,
        learning_rate=5e-3,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the exact loss takes its place
    )
    runs = lab.score(lab.train(task, {DENSITY: sweeps.DENSITIES}, plan, lab.pick(16, 6)))
    chosen = best(runs)
    models = long.count_table(runs)
    models["optimum"] = [optimal_loss(p) for p in models[DENSITY]]
    return {
        "linear_models": models,
        "linear_features": long.feature_table(chosen),
        "linear_pairs": long.gram_table(chosen),
    }


def optimal_loss(density: float) -> float:
    """σ² Σ_{i≥m} I_i, the least loss of a linear model."""
    n, m, decay = sweeps.SMALL
    return linear.optimum(powers(decay, n), linear.uniform_variance(density), m).loss
