"""Models trained over the density of one feature, and how many of them find the best minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.experiments.base import Lab, Tables
from tegum.experiments.perturbed_pentagon import curves
from tegum.experiments.perturbed_pentagon.curves import RELATIVE, REST, TARGET
from tegum.runs.select import best_rows
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Densities and seeds of each: (full, quick).
_DENSITIES: Final = (25, 9)
_SEEDS: Final = (96, 16)
_STEPS: Final = (10_000, 3_000)
_BATCH: Final = (512, 256)
#: Sizes (n, m) whose seeds are compared: the same features with a dimension more, and a model of
#: three dimensions that is about as crowded.
SIZES: Final = ((5, 2), (5, 3), (8, 3))
#: A seed reaches the best minimum, or lies on a curve, when its loss is within this part of it.
MATCH: Final = 0.01


def measure(lab: Lab) -> Tables:
    """Exact minima over the density of one feature, and models trained at some of these.

    Of the trained: `models`, all seeds; `best`, features of the lowest-loss ones; `reach`, by size.
    """
    import pandas as pd

    exact = curves.measure(lab)
    trained = {size: _trained(lab, *size) for size in lab.pick(SIZES, SIZES[:1])}
    runs = trained[SIZES[0]]
    models = _models(runs, exact["curves"])
    parts = [_reach(size, found, models) for size, found in trained.items()]
    reach = pd.concat(parts, ignore_index=True)
    return {**exact, "models": models, "best": _best(runs, models), "reach": reach}


def _trained(lab: Lab, n_features: int, n_hidden: int) -> xr.Dataset:
    plan = Training(
        steps=lab.pick(*_STEPS), batch_size=lab.pick(*_BATCH), learning_rate=3e-3,
        schedule="cosine", curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )  # fmt: skip
    relative = curves.densities(lab.pick(*_DENSITIES))
    axes = {RELATIVE: (TARGET, REST * relative)}
    runs = lab.train(curves.problem(n_features, n_hidden), axes, plan, seeds=lab.pick(*_SEEDS))
    return lab.score(runs).transpose(RELATIVE, "seed", ...)


def _models(runs: xr.Dataset, exact: pd.DataFrame) -> pd.DataFrame:
    """Every seed: `kind` and `on_curve`, the branch it looks like and whether its loss is that.

    `lowest` is the lowest loss known at the density, exact curves included.
    """
    import pandas as pd

    W, loss = runs["W"].to_numpy().astype(float), runs["loss"].to_numpy()
    columns = {
        RELATIVE: np.repeat(curves.densities(len(loss)), loss.shape[1]),
        "seed": np.tile(np.arange(loss.shape[1]), len(loss)),
        "loss": loss.ravel(),
        "loss_error": runs["loss_error"].to_numpy().ravel(),
        "kind": [curves.kind(w) for row in W for w in row],
        "norm": geometry.norms(W)[..., 0].ravel(),
    }
    models = pd.DataFrame(columns)
    wide = exact.pivot(index=RELATIVE, columns="branch", values="loss")
    if not models[RELATIVE].isin(wide.index).all():
        raise LookupError("a trained density is not on the exact curves")
    own = [
        wide.loc[r].get(k, np.nan) for r, k in zip(models[RELATIVE], models["kind"], strict=True)
    ]
    models["on_curve"] = np.abs(models["loss"] / np.array(own, dtype=float) - 1) <= MATCH
    lowest = models.groupby(RELATIVE)["loss"].transform("min")
    models["lowest"] = np.fmin(lowest, wide.min(axis=1).loc[models[RELATIVE]].to_numpy())
    return models


def _best(runs: xr.Dataset, models: pd.DataFrame) -> pd.DataFrame:
    """`shape` of the model of lowest loss at each density, with its `kind` and `seed`."""
    import pandas as pd

    parts = []
    for k, (_, row) in enumerate(best_rows(models, RELATIVE).iterrows()):
        model = runs.isel({RELATIVE: k, "seed": row["seed"]})
        W, b = (model[name].to_numpy().astype(float) for name in ("W", "b"))
        angle = curves.neighbour_angle(W) if row["kind"] == curves.PENTAGON else np.nan
        named = {name: row[name] for name in (RELATIVE, "kind", "seed")}
        parts.append(curves.shape(W, b, row[RELATIVE]).assign(**named, angle=angle))
    return pd.concat(parts, ignore_index=True)


def _reach(size: tuple[int, int], runs: xr.Dataset, models: pd.DataFrame) -> pd.DataFrame:
    """How many seeds come within 1 % of the lowest loss known, at each density of one size."""
    import pandas as pd

    loss = runs["loss"].to_numpy()
    least = np.nanmin(loss, axis=1)
    if size == SIZES[0]:
        least = models.groupby(RELATIVE)["lowest"].first().to_numpy()
    reached = (loss <= (1 + MATCH) * least[:, None]).sum(axis=1)
    rows = {"n_features": size[0], "n_hidden": size[1], RELATIVE: curves.densities(len(loss))}
    return pd.DataFrame({**rows, "lowest": least, "reached": reached, "seeds": loss.shape[1]})
