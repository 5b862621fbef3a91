"""|x| in small models: the circuit without superposition, and the motif of asymmetric storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import circuits, neurons
from tegum.dims import DENSITY
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.models import TwoLayer
from tegum.problem import Problem
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.dims import F64

#: Without superposition: three features, two neurons for each.
SMALL, SMALL_HIDDEN, SMALL_DENSITY = 3, 6, 0.3
#: The motif: features, neurons, importance, densities 1−S in a full and in a quick run, and the
#: number of neurons that needs no superposition.
FEATURES, HIDDEN, DECAY = 10, 16, 0.8
ENOUGH, MOTIF_DENSITY = 20, 0.1
DENSITIES: Final = ((1.0, 0.5, 0.2, MOTIF_DENSITY, 0.05), (0.5, MOTIF_DENSITY))
COPIES: Final = 4
_SAMPLES: Final = 200_000


def parameters(run: xr.Dataset) -> dict[str, F64]:
    """W_in, W_out and b of one model."""
    return {name: run[name].to_numpy().astype(np.float64) for name in ("W_in", "W_out", "b")}


def rescaled(run: xr.Dataset) -> dict[str, F64]:
    """W_in, W_out and b of one model, neurons rescaled so that the largest |W_in| is 1."""
    own = parameters(run)
    v, w = neurons.rescale((own["W_in"], own["W_out"]))
    return own | {"W_in": v, "W_out": w}


def without_superposition(lab: Lab) -> Tables:
    """Models with two neurons for each feature, and the circuit of that of lowest loss."""
    import pandas as pd

    x = Independent(n_features=SMALL, feature_probability=SMALL_DENSITY, magnitude="signed")
    problem = Problem(x, TwoLayer(n_hidden=SMALL_HIDDEN), target="abs")
    training = Training(
        steps=lab.pick(4000, 1000), batch_size=256, learning_rate=1e-2, schedule="cosine",
        curve_points=2,
    )  # fmt: skip
    runs = lab.train(problem, None, training, lab.pick(64, 16))
    rows = []
    for seed in range(runs.sizes["seed"]):
        own = rescaled(runs.isel(seed=seed))
        found = facts(own["W_in"], own["W_out"])
        rows.append({"seed": seed, "loss": float(runs["loss"][seed]), **found})
    own = rescaled(best(runs))
    order = neurons.neuron_order((own["W_in"], own["W_out"]))
    edges = _edges(own["W_in"][order], own["W_out"][:, order], range(SMALL), range(SMALL_HIDDEN))
    return {"small_models": pd.DataFrame(rows), "small_circuit": edges}


def facts(v: F64, w: F64) -> dict[str, Any]:
    """Whether each feature has one neuron for x > 0 and one for x < 0, and the weights in figures.

    `other` is the largest weight beside these, `output_off` how far their output weights are
    from 1.
    """
    read = np.abs(v).argmax(axis=1)
    own = np.arange(len(v))
    sides = sorted(zip(read.tolist(), np.sign(v[own, read]).tolist(), strict=True))
    paired = sides == [(i, sign) for i in range(v.shape[1]) for sign in (-1.0, 1.0)]
    beside = np.ones(v.shape, bool)
    beside[own, read] = False
    other = max(float(np.abs(v)[beside].max()), float(np.abs(w.T)[beside].max()))
    off = float(np.abs(w[read, own] - 1).max())
    return {"paired": paired, "other": other, "output_off": off}


def _edges(v: F64, w: F64, features: Any, chosen: Any) -> pd.DataFrame:
    """The weights between some features and some neurons, as the graph is drawn from."""
    import pandas as pd

    rows = [
        {"side": side, "neuron": int(k), "feature": int(i), "weight": float(weight)}
        for k in chosen
        for i in features
        for side, weight in (("in", v[k, i]), ("out", w[i, k]))
    ]
    return pd.DataFrame(rows)


def _problem(p: float, m: int) -> Problem:
    x = Independent(n_features=FEATURES, feature_probability=p, magnitude="signed")
    return Problem(x, TwoLayer(n_hidden=m), powers(DECAY, FEATURES), target="abs")


def with_motifs(lab: Lab) -> Tables:
    """Small models, the motifs in them, and those in models with renamed features."""
    import pandas as pd

    training = Training(
        steps=lab.pick(6000, 1500), batch_size=512, learning_rate=1e-2, schedule="cosine",
        curve_points=2,
    )  # fmt: skip
    seeds = lab.pick(24, 6)
    models, found, renamed, circuit = [], [], [], None
    for m, p in [*((HIDDEN, p) for p in lab.pick(*DENSITIES)), (ENOUGH, MOTIF_DENSITY)]:
        problem = _problem(p, m)
        runs = lab.train(problem, None, training, seeds)
        table = circuits.motifs(runs)
        models.append(_row_per_seed(runs, table).assign(**{DENSITY: p, "n_hidden": m}))
        found.append(_with_rise(problem, runs, table).assign(**{DENSITY: p, "n_hidden": m}))
        if m == HIDDEN and p == MOTIF_DENSITY:
            renamed = _renamed(runs)
            circuit = _example(runs, table)
    return {
        "motif_models": pd.concat(models, ignore_index=True),
        "motifs": pd.concat([t for t in found if len(t)] or found[:1], ignore_index=True),
        "renamed": pd.DataFrame(renamed),
        "motif_circuit": pd.DataFrame(circuit),
    }


def _row_per_seed(runs: xr.Dataset, table: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    counts = table.groupby("seed").size().to_dict()
    seeds = runs["seed"].to_numpy()
    return pd.DataFrame(
        {
            "seed": seeds,
            "loss": runs["loss"].to_numpy(),
            "loss_error": runs["loss_error"].to_numpy(),
            "motifs": [int(counts.get(seed, 0)) for seed in seeds],
        }
    )


def _with_rise(problem: Problem, runs: xr.Dataset, table: pd.DataFrame) -> pd.DataFrame:
    """By how much cutting the inhibitory connection raises the loss on whole samples.

    `rise` and its standard error, of differences on the same fresh samples.
    """
    rng = np.random.default_rng(0)
    x = problem.distribution.sample(rng, _SAMPLES)
    y, importance = problem.target_of(x), problem.importance_vector()
    rises, errors = [], []
    for _, row in table.iterrows():
        own = parameters(runs.sel(seed=row["seed"]))
        hidden = np.maximum(x @ own["W_in"].T, 0.0)
        j, k = int(row["secondary"]), int(row["inhibitor"])
        whole = hidden @ own["W_out"][j] + own["b"][j]
        cut = whole - hidden[:, k] * own["W_out"][j, k]
        losses = [importance[j] * (np.maximum(z, 0.0) - y[:, j]) ** 2 for z in (whole, cut)]
        change = losses[1] - losses[0]
        rises.append(float(change.mean()))
        errors.append(float(change.std() / np.sqrt(len(change))))
    return table.assign(rise=rises, rise_error=errors)


def _renamed(runs: xr.Dataset) -> list[dict[str, Any]]:
    """The same models with the features of every neuron renamed at random, neuron by neuron.

    Neurons stay as they are, but no longer belong together.
    """
    rng, rows = np.random.default_rng(0), []
    for copy in range(COPIES):
        other = runs.copy(deep=True)
        shaped = []
        for seed in range(runs.sizes["seed"]):
            v, w = other["W_in"].values[seed], other["W_out"].values[seed]
            for k in range(len(v)):
                order = rng.permutation(FEATURES)
                v[k], w[:, k] = v[k, order], w[order, k]
            shaped.append(bool(circuits.candidates((v, w))))
        proved = set(circuits.motifs(other)["seed"])
        for seed, shape in zip(runs["seed"].to_numpy().tolist(), shaped, strict=True):
            rows.append({"copy": copy, "seed": seed, "shape": shape, "proved": seed in proved})
    return rows


def _example(runs: xr.Dataset, table: pd.DataFrame) -> pd.DataFrame | None:
    """The circuit of one instance, of the model of lowest loss that has any.

    The clearest: the inhibitor sees the primary feature strongly and cancels what it should.
    """
    if table.empty:
        return None
    seeds = table["seed"].unique()
    seed = seeds[int(np.argmin(runs["loss"].sel(seed=seeds).to_numpy()))]
    own = table[table["seed"] == seed]
    clear = own["v_inhibitor"].abs() - (own["cancelled"] - 1).abs()
    row = own.iloc[int(clear.to_numpy().argmax())]
    weights = rescaled(runs.sel(seed=seed))
    v, w = weights["W_in"], weights["W_out"]
    pair = sorted((int(row["primary"]), int(row["secondary"])))
    strong = np.asarray((np.abs(v) * np.abs(w.T) > 0.1)[:, pair].any(axis=1))
    strong[int(row["inhibitor"])] = True
    edges = _edges(v, w, pair, np.flatnonzero(strong))
    roles = {int(row["neuron"]): "shared", int(row["inhibitor"]): "inhibits"}
    return edges.assign(role=[roles.get(k, "") for k in edges["neuron"]])
