"""Models trained over the density of one feature, and how many of them find the best minimum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.experiments.base import Lab, Tables
from tegum.experiments.perturbed_pentagon import curves as exact
from tegum.experiments.perturbed_pentagon.curves import RELATIVE, REST, TARGET
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Densities and seeds of each: (full, quick).
_DENSITIES: Final = (25, 9)
_SEEDS: Final = (96, 16)
_STEPS: Final = (10_000, 3_000)
_BATCH: Final = (1024, 256)
#: Sizes (n, m) whose seeds are compared: the same features with a dimension more, and a model of
#: three dimensions that is about as crowded.
SIZES: Final = ((5, 2), (5, 3), (8, 3))
#: A seed reaches the best minimum, or lies on a curve, when its loss is within this part of it.
MATCH: Final = 0.01
CONFIDENCE: Final = 0.95


def tables(lab: Lab, curves: pd.DataFrame) -> Tables:
    """`models`, all seeds; `best`, features of the lowest-loss ones; `reach`, by size."""
    import pandas as pd

    trained = {size: _trained(lab, *size) for size in (SIZES[:1] if lab.quick else SIZES)}
    runs = trained[SIZES[0]]
    models = _models(runs, curves)
    parts = [_reach(size, found, models) for size, found in trained.items()]
    reach = pd.concat(parts, ignore_index=True)
    return {"models": models, "best": _best(runs, models), "reach": reach}


def _trained(lab: Lab, n_features: int, n_hidden: int) -> xr.Dataset:
    plan = Training(
        steps=lab.pick(*_STEPS),
        batch_size=lab.pick(*_BATCH),
        learning_rate=3e-3,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the expected loss takes its place
    )
    relative = exact.densities(lab.pick(*_DENSITIES))
    axes = {RELATIVE: (TARGET, REST * relative)}
    runs = lab.train(exact.problem(n_features, n_hidden), axes, plan, seeds=lab.pick(*_SEEDS))
    return lab.score(runs).transpose(RELATIVE, "seed", ...)


def _models(runs: xr.Dataset, curves: pd.DataFrame) -> pd.DataFrame:
    """Every seed: `kind` and `curve`, the branch that it looks like and whether its loss is that.

    `lowest` is the lowest loss known at the density, exact curves included.
    """
    import pandas as pd

    W, loss = runs["W"].to_numpy().astype(float), runs["loss"].to_numpy()
    columns = {
        RELATIVE: np.repeat(exact.densities(len(loss)), loss.shape[1]),
        "seed": np.tile(np.arange(loss.shape[1]), len(loss)),
        "loss": loss.ravel(),
        "loss_error": runs["loss_error"].to_numpy().ravel(),
        "kind": [exact.kind(w) for row in W for w in row],
        "norm": geometry.norms(W)[..., 0].ravel(),
    }
    models = pd.DataFrame(columns)
    wide = curves.pivot(index=RELATIVE, columns="branch", values="loss")
    if not models[RELATIVE].isin(wide.index).all():
        raise LookupError("a trained density is not on the exact curves")
    own = [
        wide.loc[r].get(k, np.nan) for r, k in zip(models[RELATIVE], models["kind"], strict=True)
    ]
    models["on_curve"] = np.abs(models["loss"] / np.array(own, dtype=float) - 1) <= MATCH
    lowest = models.groupby(RELATIVE)["loss"].transform("min")
    models["lowest"] = np.fmin(lowest, wide.min(axis=1).loc[models[RELATIVE]].to_numpy())
    return models


def lowest(models: pd.DataFrame) -> pd.DataFrame:
    """The row of lowest loss at each density, sparse to dense."""
    rows = models.dropna(subset=["loss"])
    chosen = rows.loc[rows.groupby(RELATIVE)["loss"].idxmin()]
    return chosen.sort_values(RELATIVE, ignore_index=True)


def _best(runs: xr.Dataset, models: pd.DataFrame) -> pd.DataFrame:
    """`shape` of the model of lowest loss at each density, with its `kind` and `seed`."""
    import pandas as pd

    parts = []
    for k, row in lowest(models).iterrows():
        model = runs.isel({RELATIVE: int(str(k)), "seed": int(row["seed"])})
        W, b = (model[name].to_numpy().astype(float) for name in ("W", "b"))
        named = {RELATIVE: row[RELATIVE], "kind": row["kind"], "seed": row["seed"]}
        angle = (
            float(exact.neighbour_angle(W[None])[0]) if row["kind"] == exact.PENTAGON else np.nan
        )
        shape = exact.shape(W, b, float(row[RELATIVE]))
        parts.append(shape.assign(**named, angle=angle))
    return pd.concat(parts, ignore_index=True)


def _reach(size: tuple[int, int], runs: xr.Dataset, models: pd.DataFrame) -> pd.DataFrame:
    """How many seeds come within 1 % of the lowest loss known, at each density of one size."""
    import pandas as pd

    loss = runs["loss"].to_numpy()
    least = np.nanmin(loss, axis=1)
    if size == SIZES[0]:
        least = models.groupby(RELATIVE)["lowest"].first().to_numpy()
    reached = (loss <= (1 + MATCH) * least[:, None]).sum(axis=1)
    rows = {"n_features": size[0], "n_hidden": size[1], RELATIVE: exact.densities(len(loss))}
    return pd.DataFrame({**rows, "lowest": least, "reached": reached, "seeds": loss.shape[1]})


def interval(reached: int, seeds: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    from statistics import NormalDist

    share, z = reached / seeds, NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    middle = (share + z**2 / (2 * seeds)) / (1 + z**2 / seeds)
    half = z * np.sqrt(share * (1 - share) / seeds + (z / (2 * seeds)) ** 2) / (1 + z**2 / seeds)
    return float(middle - half), float(middle + half)
