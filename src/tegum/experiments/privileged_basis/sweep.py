"""Item 38: ReLU-hidden models over sparsity. A thousand per density, the best of them refined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry, neuron_groups, neurons
from tegum.dims import CANDIDATE, DENSITY, F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import Model, ReLUHidden
from tegum.problem import Problem
from tegum.runs import tables as long
from tegum.runs.select import best, best_rows, drop_worst
from tegum.scalars import powers
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

N_FEATURES, N_HIDDEN, DECAY = 10, 5, 0.75
#: 1−S of the models, and of those a quick run makes.
DENSITIES: Final = (
    (1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02),
    (0.7, 0.3, 0.15, 0.05, 0.02),
)
#: Models at each density, and how many of them are refined; in a full and in a quick run.
MODELS, REFINED = (1000, 96), (20, 6)
#: A model is near the best when its loss is within this part of it.
NEAR: Final = 0.01


def problem(model: Model | None = None, density: float = 1.0, n: int = N_FEATURES) -> Problem:
    """Independent features of importance .75^i; by default the ReLU-hidden model."""
    x = Independent(n_features=n, feature_probability=density)
    return Problem(x, model or ReLUHidden(n_hidden=N_HIDDEN), powers(DECAY, n))


def screening(lab: Lab) -> Training:
    """Many short trainings."""
    return Training(
        steps=lab.pick(4000, 1500), batch_size=256, learning_rate=5e-3, schedule="cosine",
        curve_points=0, held_out=lab.pick(2**18, 2**14),
    )  # fmt: skip


def refinement(lab: Lab) -> Training:
    """From given weights, with little noise, and with losses to tell neighbours apart."""
    return Training(
        steps=lab.pick(4000, 400), batch_size=lab.pick(4096, 1024), learning_rate=3e-3,
        schedule="cosine", curve_points=0, held_out=lab.pick(2**24, 2**18),
    )  # fmt: skip


def by_density(lab: Lab) -> Tables:
    """Every candidate of every density, the weights of the best, and how the thousand did.

    Candidates: the best of a density's own models, refined; then the best of every density,
    refined once more at all the others.
    """
    import pandas as pd
    import xarray as xr

    densities = lab.pick(*DENSITIES)
    axes = {DENSITY: list(densities)}
    screened = lab.train(problem(), axes, screening(lab), lab.pick(*MODELS))
    kept = leading(screened, lab.pick(*REFINED))
    refined = lab.train(problem(), axes, refinement(lab), kept.sizes[SEED], 1, start=kept)
    winners = best(refined).drop_vars(SEED).rename({DENSITY: SEED})
    carried = lab.train(problem(), axes, refinement(lab), len(densities), 2, start=winners)
    candidates = pd.concat(
        [_described(refined, "own", kept["origin"]), _described(carried, "carried", densities)],
        ignore_index=True,
    )
    chosen = best(xr.concat([refined, carried], SEED)).drop_vars(SEED)
    return {
        "candidates": candidates,
        "weights": long.neuron_table(chosen),
        "screened": _screened(screened),
    }


def leading(runs: xr.Dataset, count: int) -> xr.Dataset:
    """The `count` models of lowest loss at each density, numbered anew; `origin` is their seed."""
    kept = drop_worst(runs, runs.sizes[SEED] - count)
    return kept.rename({SEED: "origin", CANDIDATE: SEED})


def _described(runs: xr.Dataset, source: str, origin: Any) -> pd.DataFrame:
    """A row per model: its loss and its structure."""
    import pandas as pd

    runs = runs.assign(W=runs["W"].astype(np.float64))
    origins = np.broadcast_to(np.asarray(origin), runs["loss"].shape)
    low, high = neurons.threshold_range(runs["W"])
    runs = runs.assign(low=low, high=high)
    rows = []
    for i, k in np.ndindex(*runs["loss"].shape):
        model = runs.isel({DENSITY: i, SEED: k})
        row = {
            DENSITY: float(model[DENSITY]), "source": source, "candidate": k,
            "origin": float(origins[i, k]), "loss": float(model["loss"]),
            "loss_error": float(model["loss_error"]), **structure(model["W"].to_numpy()),
            "low": float(model["low"]), "high": float(model["high"]),
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def structure(w: F64) -> dict[str, Any]:
    """Counts and names; `excites` asks which neurons a feature drives, whatever it inhibits."""
    return {
        "mono": int(neurons.count_monosemantic(w)),
        "poly": int(neurons.count_polysemantic(w)),
        "represented": int(geometry.count_represented(w)),
        "signature": neuron_groups.signature(w),
        "pattern": neuron_groups.pattern(w),
        "excites": neuron_groups.pattern(np.maximum(w, 0)),
    }


def _screened(runs: xr.Dataset) -> pd.DataFrame:
    """Losses of all screened models, as quantiles: the lowest, the median, the part near it."""
    import pandas as pd

    loss = runs["loss"]
    least = loss.min(SEED)
    return pd.DataFrame(
        {
            DENSITY: runs[DENSITY].to_numpy(),
            "models": loss.sizes[SEED],
            "lowest": least.to_numpy(),
            "median": loss.median(SEED).to_numpy(),
            "near": (loss <= (1 + NEAR) * least).mean(SEED).to_numpy(),
        }
    )


def lowest(candidates: pd.DataFrame) -> pd.DataFrame:
    """The candidate of lowest loss at each density, dense first, and its nearest rival.

    `gap` is the loss of the lowest candidate that excites another pattern above the lowest,
    relatively (NaN if there is none), `gap_error` the standard error of that, and `own` the same
    of the density's own models.
    """
    chosen, own = (
        best_rows(rows, DENSITY).set_index(DENSITY)
        for rows in (candidates, candidates[candidates["source"] == "own"])
    )
    others = candidates["excites"] != candidates[DENSITY].map(chosen["excites"])
    rival = best_rows(candidates[others], DENSITY).set_index(DENSITY).reindex(chosen.index)
    error = np.hypot(rival["loss_error"], chosen["loss_error"])
    found = chosen.assign(
        gap=rival["loss"] / chosen["loss"] - 1,
        gap_error=error / chosen["loss"],
        own=own["loss"] / chosen["loss"] - 1,
    )
    return found.sort_index(ascending=False).reset_index()
