"""Item 38: ReLU-hidden models over sparsity. A thousand per density, the best of them refined.

They race: after a quarter of the steps, on a cosine of its own, the fifth of lowest loss goes on.
At 1−S = 0.3, 0.12, 0.05 and 0.03 the lowest loss of these is 0.999, 1.004, 0.998 and 0.992 times
that of a thousand that are all trained to the end, for four tenths of the time. After an eighth of
the steps it is up to 1.02 times: too early.
"""

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
#: Models at each density, how many of them are trained to the end, and how many are refined; in a
#: full and in a quick run.
MODELS, AHEAD, REFINED = (1000, 96), (200, 32), (20, 6)
#: The candidates of lowest loss at each density, which are refined further and measured best.
FINISHED: Final = (8, 6)
#: What is kept of those.
SHOWN: Final = ("W", "b", "loss", "loss_error")
#: A model is near the best when its loss is within this part of it.
NEAR: Final = 0.01


def problem(model: Model | None = None, density: float = 1.0, n: int = N_FEATURES) -> Problem:
    """Independent features of importance .75^i; by default the ReLU-hidden model."""
    x = Independent(n_features=n, feature_probability=density)
    return Problem(x, model or ReLUHidden(n_hidden=N_HIDDEN), powers(DECAY, n))


def opening(lab: Lab) -> Training:
    """The first lap of all models."""
    return screening(lab).replace(steps=lab.pick(1000, 500), held_out=2**15)


def screening(lab: Lab) -> Training:
    """Many short trainings."""
    return Training(
        steps=lab.pick(4000, 1500), batch_size=256, learning_rate=5e-3, schedule="cosine",
        curve_points=0, held_out=lab.pick(2**18, 2**14),
    )  # fmt: skip


def refinement(lab: Lab) -> Training:
    """From given weights, with less noise."""
    return Training(
        steps=lab.pick(2000, 400), batch_size=lab.pick(4096, 1024), learning_rate=3e-3,
        schedule="cosine", curve_points=0, held_out=lab.pick(2**21, 2**16),
    )  # fmt: skip


def finish(lab: Lab) -> Training:
    """With hardly any noise, and losses to tell neighbours apart."""
    return Training(
        steps=lab.pick(1500, 100), batch_size=lab.pick(2**14, 2**12), learning_rate=1e-3,
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
    ahead = leading(lab.train(problem(), axes, opening(lab), lab.pick(*MODELS)), lab.pick(*AHEAD))
    screened = lab.train(problem(), axes, screening(lab), ahead.sizes[SEED], 3, start=ahead)
    screened = screened.assign_coords(origin=ahead["origin"])
    kept = leading(screened, lab.pick(*REFINED))
    refined = lab.train(problem(), axes, refinement(lab), kept.sizes[SEED], 1, start=kept)
    winners = best(refined).drop_vars(SEED).rename({DENSITY: SEED})
    carried = lab.train(problem(), axes, refinement(lab), len(densities), 2, start=winners)
    both = finished(lab, xr.concat([refined, carried], SEED))
    own, others = (slice(refined.sizes[SEED]), slice(refined.sizes[SEED], None))
    candidates = pd.concat(
        [
            _described(both.isel({SEED: own}), "own", kept["origin"]),
            _described(both.isel({SEED: others}), "carried", densities),
        ],
        ignore_index=True,
    )
    return {
        "candidates": candidates,
        "weights": long.neuron_table(best(both).drop_vars(SEED)),
        "screened": _screened(screened).assign(models=lab.pick(*MODELS)),
    }


def leading(runs: xr.Dataset, count: int) -> xr.Dataset:
    """The `count` models of lowest loss at each density, numbered anew.

    `origin` is the seed that each of them had in the first of such choices.
    """
    kept = drop_worst(runs, runs.sizes[SEED] - count)
    kept = kept.drop_vars(SEED) if "origin" in kept.coords else kept.rename({SEED: "origin"})
    return kept.rename({CANDIDATE: SEED})


def finished(lab: Lab, runs: xr.Dataset) -> xr.Dataset:
    """The same models, numbered anew, those of lowest loss at each density trained by `finish`."""
    import xarray as xr

    runs = runs.assign_coords({SEED: np.arange(runs.sizes[SEED])})
    near = leading(runs, min(lab.pick(*FINISHED), runs.sizes[SEED]))
    axes = {DENSITY: runs[DENSITY].to_numpy().tolist()}
    ended = lab.train(problem(), axes, finish(lab), near.sizes[SEED], 4, start=near)
    ended = ended.assign_coords(origin=near["origin"])
    rows = []
    for k in range(ended.sizes[DENSITY]):
        one = ended.isel({DENSITY: k}).swap_dims({SEED: "origin"}).drop_vars(SEED)
        there = one.rename(origin=SEED).reindex({SEED: runs[SEED]})
        before = runs.isel({DENSITY: k})
        rows.append(before.assign({name: there[name].fillna(before[name]) for name in SHOWN}))
    return xr.concat(rows, DENSITY)


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
    """Losses of those trained to the end: how many, the lowest, the median, the part near it."""
    import pandas as pd

    loss = runs["loss"]
    least = loss.min(SEED)
    return pd.DataFrame(
        {
            DENSITY: runs[DENSITY].to_numpy(),
            "ended": loss.sizes[SEED],
            "lowest": least.to_numpy(),
            "median": loss.median(SEED).to_numpy(),
            "near": (loss <= (1 + NEAR) * least).mean(SEED).to_numpy(),
        }
    )


def lowest(candidates: pd.DataFrame) -> pd.DataFrame:
    """The candidate of lowest loss at each density, dense first, and its nearest rival.

    `gap` is the loss of the lowest candidate that excites another pattern above the lowest,
    relatively (NaN if there is none), `gap_error` the standard error of that, `rival_mono` and
    `rival_represented` its counts, and `own` the `gap` of the density's own models.
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
        rival_mono=rival["mono"],
        rival_represented=rival["represented"],
        own=own["loss"] / chosen["loss"] - 1,
    )
    return found.sort_index(ascending=False).reset_index()
