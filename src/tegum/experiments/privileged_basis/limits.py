"""Item 39: the hidden ReLU does nothing for the model, which goes around it if it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY, F64, SEED
from tegum.experiments.base import Judgement, Lab, Tables, when
from tegum.experiments.privileged_basis.sweep import N_HIDDEN, problem, screening
from tegum.models import Model, ReLUHidden, ReLUOutput
from tegum.runs.select import best

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.problem import Problem

#: 1−S of the models with a hidden bias, and of those with more and more features.
DENSITIES: Final = (0.3, 0.1, 0.03)
AT: Final = 0.1
#: Features of models without a hidden bias; seeds of each, in a full and in a quick run.
SIZES, QUICK_SIZES = (10, 20, 40, 70, 100, 200), (10, 100)
SEEDS, LARGE_SEEDS = (64, 16), (16, 3)
SAMPLES: Final = 20_000
#: A neuron is linear, as far as the data go, if it is active in more than this part of samples.
LINEAR: Final = 0.95
BIASED, PLAIN, OUTPUT = "hidden bias", "no hidden bias", "linear hidden layer"


def measure(lab: Lab) -> Tables:
    """How often neurons of the best models are active: with a hidden bias, and by features."""
    import pandas as pd

    parts = []
    for p in (AT,) if lab.quick else DENSITIES:
        for name, model in (
            (BIASED, ReLUHidden(n_hidden=N_HIDDEN, hidden_bias=True)),
            (PLAIN, ReLUHidden(n_hidden=N_HIDDEN)),
            (OUTPUT, ReLUOutput(n_hidden=N_HIDDEN)),
        ):
            parts.append(_best(lab, problem(model, p), lab.pick(*SEEDS)).assign(model=name))
    for n in QUICK_SIZES if lab.quick else SIZES:
        task = problem(ReLUHidden(n_hidden=N_HIDDEN), AT, n)
        parts.append(_best(lab, task, lab.pick(*LARGE_SEEDS)).assign(model="features"))
    return {"active": pd.concat(parts, ignore_index=True)}


def _best(lab: Lab, task: Problem, seeds: int) -> pd.DataFrame:
    """A row per neuron of the model of lowest loss: how often it is active, and its bias."""
    import pandas as pd

    runs = lab.train(task, None, screening(lab), seeds)
    chosen = best(runs)
    x = task.distribution.sample(np.random.default_rng(39), SAMPLES)
    every = _active(runs, task.model, x)  # (seed, neuron)
    own = every[int(chosen[SEED])]
    bias = chosen["b_hidden"].to_numpy() if "b_hidden" in chosen else np.zeros(len(own))
    return pd.DataFrame(
        {
            DENSITY: task.distribution.blocks()[0].probability,
            "features": task.n_features,
            "neuron": np.arange(len(own)),
            "active": own,
            "hidden_bias": bias,
            "loss": float(chosen["loss"]),
            "loss_error": float(chosen["loss_error"]),
            "seeds": seeds,
            "all_linear": float((every > LINEAR).all(axis=1).mean()),
        }
    )


def _active(runs: xr.Dataset, model: Model, x: F64) -> F64:
    """The part of samples in which each neuron's pre-activation is above 0, (seed, neuron)."""
    W = runs["W"].to_numpy().astype(np.float64)
    bias = runs["b_hidden"].to_numpy() if model.has_hidden_bias else np.zeros(W.shape[:-1])
    shares = [(x @ w.T + c > 0).mean(axis=0) for w, c in zip(W, bias, strict=True)]
    return np.array(shares)


def judge_bias(tables: Tables) -> Judgement:
    """39.a: given a hidden bias, the model makes it positive, and its neurons linear."""
    rows = _rows(tables, BIASED)
    bias, active = float(rows["hidden_bias"].min()), float(rows["active"].min())
    losses = "; ".join(
        f"1−S={p:g}: loss {group['loss'].iloc[0]:.4g} (linear "
        f"{_loss(tables, OUTPUT, p):.4g}, no bias {_loss(tables, PLAIN, p):.4g})"
        for p, group in ((p, rows[rows[DENSITY] == p]) for p in rows[DENSITY].unique())
    )
    return when(
        bias > 0 and active > LINEAR,
        f"hidden biases {bias:.2f} … {rows['hidden_bias'].max():.2f}, every neuron active in ≥ "
        f"{active:.1%} of samples, so in {rows['all_linear'].min():.0%} of {rows['seeds'].max()} "
        f"seeds or more; {losses}",
        bias=bias,
        active=active,
    )


def judge_simulated(tables: Tables) -> Judgement:
    """39.b: without one, many features make up a bias."""
    rows = _rows(tables, "features")
    least = rows.groupby("features")["active"].min()
    few, many = int(least.index.min()), int(least.index.max())
    most = float(rows.loc[rows["features"] == few, "active"].max())
    return when(
        least[many] > LINEAR > most,
        f"at 1−S={AT:g} the least active neuron is active in "
        + ", ".join(f"{share:.1%} (n={n})" for n, share in least.items())
        + f" of samples; best of N = {rows['seeds'].max()}, {_linear_seeds(rows, many):.0%} of "
        f"seeds so at n={many}",
        few=most,
        many=least[many],
    )


def _linear_seeds(rows: pd.DataFrame, n: int) -> float:
    return float(rows.loc[rows["features"] == n, "all_linear"].iloc[0])


def _rows(tables: Tables, model: str) -> pd.DataFrame:
    rows = tables["active"]
    found = rows[rows["model"] == model]
    if found.empty:
        raise LookupError(f"no model {model!r}")
    return found


def _loss(tables: Tables, model: str, p: float) -> float:
    rows = _rows(tables, model)
    return float(rows.loc[rows[DENSITY] == p, "loss"].iloc[0])
