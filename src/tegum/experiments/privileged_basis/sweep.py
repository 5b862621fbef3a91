"""Item 38: ReLU-hidden models over sparsity. A thousand per density, the best of them refined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry, neurons
from tegum.dims import DENSITY, F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import Model, ReLUHidden
from tegum.problem import Problem
from tegum.runs import tables as long
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

N_FEATURES, N_HIDDEN, DECAY = 10, 5, 0.75
#: 1−S of the models, and of those a quick run makes.
DENSITIES: Final = (
    *(1.0, 0.7, 0.5, 0.4, 0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.03, 0.02),
)  # fmt: skip
QUICK: Final = (0.7, 0.3, 0.15, 0.05, 0.02)
#: Models at each density, and how many of them are refined; in a full and in a quick run.
MODELS, REFINED = (1000, 96), (20, 6)
#: A model is near the best when its loss is within this part of it.
NEAR: Final = 0.01


def problem(model: Model | None = None, density: float = 1.0, n: int = N_FEATURES) -> Problem:
    """Independent features of importance .75^i; by default the ReLU-hidden model."""
    law = Independent(n_features=n, feature_probability=density)
    return Problem(law, model or ReLUHidden(n_hidden=N_HIDDEN), DECAY ** np.arange(n))


def screening(lab: Lab) -> Training:
    """Many short trainings."""
    return Training(
        steps=lab.pick(4000, 1500),
        batch_size=256,
        learning_rate=5e-3,
        schedule="cosine",
        curve_points=0,
        held_out=lab.pick(2**18, 2**14),
    )


def refinement(lab: Lab) -> Training:
    """From given weights, with little noise, and with losses to tell neighbours apart."""
    return Training(
        steps=lab.pick(4000, 400),
        batch_size=lab.pick(4096, 1024),
        learning_rate=3e-3,
        schedule="cosine",
        curve_points=0,
        held_out=lab.pick(2**24, 2**18),
    )


def measure(lab: Lab) -> Tables:
    """Every candidate of every density, the weights of the best, and how the thousand did.

    Candidates: the best of a density's own models, refined; then the best of every density,
    refined once more at all the others.
    """
    import pandas as pd

    densities = QUICK if lab.quick else DENSITIES
    axes = {DENSITY: list(densities)}
    seeds = lab.pick(*MODELS)
    screened = lab.train(problem(), axes, screening(lab), seeds)
    kept = first(screened, lab.pick(*REFINED))
    refined = lab.train(problem(), axes, refinement(lab), kept.sizes[SEED], 1, start=kept)
    winners = first(refined, 1).isel({SEED: 0}).drop_vars(SEED).rename({DENSITY: SEED})
    carried = lab.train(problem(), axes, refinement(lab), len(densities), 2, start=winners)
    candidates = pd.concat(
        [_described(refined, "own", kept["origin"]), _described(carried, "carried", densities)],
        ignore_index=True,
    )
    chosen = pd.concat([_best(refined, carried, p) for p in densities], ignore_index=True)
    return {"candidates": candidates, "weights": chosen, "screened": _screened(screened)}


def first(runs: xr.Dataset, count: int) -> xr.Dataset:
    """The `count` models of lowest loss at each density, numbered anew; `origin` is their seed."""
    import xarray as xr

    loss = runs["loss"].transpose(DENSITY, SEED).to_numpy()
    order = np.argsort(loss, axis=1, kind="stable")[:, :count]
    best = runs.isel({SEED: xr.DataArray(order, dims=(DENSITY, "rank"))}).rename({SEED: "origin"})
    return best.rename({"rank": SEED}).assign_coords({SEED: np.arange(order.shape[1])})


def _described(runs: xr.Dataset, source: str, origin: Any) -> pd.DataFrame:
    """A row per model: its loss and its structure."""
    import pandas as pd

    W, origins = runs["W"].astype(np.float64), np.asarray(origin)
    origins = np.broadcast_to(origins, runs["loss"].shape)
    low, high = neurons.threshold_range(W)
    rows = []
    for i, p in enumerate(runs[DENSITY].to_numpy()):
        for k in range(runs.sizes[SEED]):
            w = W.isel({DENSITY: i, SEED: k}).to_numpy()
            place = {DENSITY: i, SEED: k}
            rows.append(
                {
                    DENSITY: float(p),
                    "source": source,
                    "candidate": k,
                    "origin": float(origins[i, k]),
                    "loss": float(runs["loss"].isel(place)),
                    "loss_error": float(runs["loss_error"].isel(place)),
                    **_structure(w),
                    "low": float(low.isel(place)),
                    "high": float(high.isel(place)),
                }
            )
    return pd.DataFrame(rows)


def _structure(w: F64) -> dict[str, Any]:
    """Counts and names; `excites` asks which neurons a feature drives, whatever it inhibits."""
    return {
        "mono": int(neurons.count_monosemantic(w)),
        "poly": int(neurons.count_polysemantic(w)),
        "represented": int(geometry.count_represented(w)),
        "signature": neurons.signature(w),
        "pattern": neurons.pattern(w),
        "excites": neurons.pattern(np.maximum(w, 0)),
    }


def _best(refined: xr.Dataset, carried: xr.Dataset, density: float) -> pd.DataFrame:
    """The weights of the lowest loss at a density."""
    groups = [runs.sel({DENSITY: density}) for runs in (refined, carried)]
    losses = [float(runs["loss"].min()) for runs in groups]
    runs = groups[int(np.argmin(losses))]
    model = runs.isel({SEED: int(runs["loss"].argmin(SEED))})
    table = long.neuron_table(model)
    table.insert(0, DENSITY, density)
    return table.drop(columns=[SEED], errors="ignore")


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

    `rival` is the lowest candidate that excites another pattern (empty if there is none), `gap`
    its loss above the lowest, relatively, `gap_error` the standard error of that.
    """
    import pandas as pd

    rows = []
    for _, group in candidates.groupby(DENSITY):
        ranked = group.sort_values("loss", kind="stable")
        best = ranked.iloc[0].copy()
        others = ranked[ranked["excites"] != best["excites"]]
        best["rival"], best["gap"], best["gap_error"] = "", np.nan, np.nan
        if len(others):
            rival = others.iloc[0]
            best["rival"] = rival["excites"]
            best["gap"] = rival["loss"] / best["loss"] - 1
            best["gap_error"] = np.hypot(rival["loss_error"], best["loss_error"]) / best["loss"]
        own = ranked[ranked["source"] == "own"]
        best["own"] = own["loss"].iloc[0] / best["loss"] - 1
        best["own_excites"] = own["excites"].iloc[0]
        rows.append(best)
    return pd.DataFrame(rows).sort_values(DENSITY, ascending=False, ignore_index=True)
