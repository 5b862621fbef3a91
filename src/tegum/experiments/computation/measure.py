"""|x| of a hundred features by forty neurons, from random weights and by a curriculum; circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.analysis import geometry, neurons
from tegum.analysis.activations import primary_share
from tegum.dims import DENSITY
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.experiments.computation.circuits import (
    parameters,
    rescaled,
    with_motifs,
    without_superposition,
)
from tegum.models import TwoLayer
from tegum.problem import Problem
from tegum.runs import tables as long
from tegum.runs.select import best
from tegum.scalars import powers
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.dims import F64

FEATURES, HIDDEN, DECAY = 100, 40, 0.8
#: 1−S of the paper's figure.
DENSITIES: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
#: The stages of the curriculum: each starts from the weights that the one before ended with.
STAGES: Final = (0.3, 0.2, 0.15, 0.1, 0.06, 0.03, 0.01, 0.003, 0.001)
RANDOM, CURRICULUM = "random weights", "curriculum"
#: The curriculum goes wide to this density: what its models store together is decided on the way
#: there, so that the lowest loss of ten is 6 % above that of thirty. The best ten go on.
DECIDED: Final = 0.03
#: A feature counts on a neuron when |v| and |v w| exceed this, with the largest |v| scaled to 1.
COUNTED: Final = 0.1
#: A feature is computed when its output answers x = 1 and x = −1 by more than this.
COMPUTED: Final = 0.5
#: Activations above this part of the neuron's largest: smaller ones are of weights that do not
#: count. Of these, the lower half and the highest 1 %.
LEAST: Final = 0.05
BANDS: Final = ((0.0, 0.5), (0.99, 1.0))


def problem(p: float) -> Problem:
    """The |x| problem at one density."""
    x = Independent(n_features=FEATURES, feature_probability=p, magnitude="signed")
    return Problem(x, TwoLayer(n_hidden=HIDDEN), powers(DECAY, FEATURES), target="abs")


def measure(lab: Lab) -> Tables:
    """The sweep of (100, 40) models, and the small models."""
    return {**_sweep(lab), **without_superposition(lab), **with_motifs(lab)}


def _sweep(lab: Lab) -> Tables:
    """Both routes to all densities: a row per model, and the best models in full."""
    import pandas as pd

    runs = trained(lab)
    rows = [_models(*key, run) for key, run in runs.items()]
    chosen = [(p, best(run)) for (_, p), run in runs.items()]
    shown = {
        p: min((run for at, run in chosen if at == p), key=lambda run: float(run["loss"]))
        for p in DENSITIES
    }
    return {
        "models": pd.concat(rows, ignore_index=True),
        "weights": pd.concat([_weights(p, run) for p, run in shown.items()], ignore_index=True),
        "neurons": pd.concat([_neurons(p, run) for p, run in shown.items()], ignore_index=True),
        "tasks": _tasks(lab, shown),
        "rescaled": _moved(shown),
    }


def trained(lab: Lab) -> dict[tuple[str, float], xr.Dataset]:
    """The runs by route and density; a stage of the curriculum is trained like a run of its own."""
    training = Training(
        steps=lab.pick(6000, 1000), batch_size=512, learning_rate=1e-2, schedule="cosine",
        curve_points=2,
    )  # fmt: skip
    seeds = lab.pick(10, 2)
    count = dict.fromkeys(DENSITIES, seeds) | {STAGES[0]: lab.pick(30, 4)}
    runs = {(RANDOM, p): lab.train(problem(p), None, training, count[p]) for p in DENSITIES}
    last = runs[RANDOM, STAGES[0]]
    for p in STAGES[1:]:
        if p < DECIDED:
            last = last.isel(seed=np.sort(np.argsort(last["loss"].to_numpy())[:seeds]))
        last = lab.train(problem(p), None, training, last.sizes["seed"], start=last)
        runs[CURRICULUM, p] = last
    return runs


def _models(route: str, p: float, runs: xr.Dataset) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for seed in range(runs.sizes["seed"]):
        run = runs.isel(seed=seed)
        v, w, b = rescaled(run).values()
        held = neurons.features_per_neuron((v, w), threshold=COUNTED)
        row = {
            DENSITY: p, "route": route, "seed": seed, "loss": float(run["loss"]),
            "loss_error": float(run["loss_error"]), "monosemantic": int((held == 1).sum()),
            "polysemantic": int((held > 1).sum()), "mass": float(mass(v, w).mean()),
            "computed": int(computed(v, w, b).sum()),
        }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def _weights(p: float, run: xr.Dataset) -> pd.DataFrame:
    """A row per neuron and feature; superposition by the weights that count, rescaled."""
    own = rescaled(run)
    counted = neurons.strength((own["W_in"], own["W_out"])) > COUNTED
    shared = geometry.superposition(np.where(counted, own["W_in"], 0.0))
    table = long.neuron_table(run)
    table["superposition"] = shared[table["feature"].to_numpy()]
    table["counted"] = counted.ravel()
    table[DENSITY] = p
    return table


def mass(v: F64, w: F64) -> F64:
    """Σ|v| of the features that count on each neuron, beyond the largest."""
    size = np.where(neurons.strength((v, w)) > COUNTED, np.abs(v), 0.0)
    return np.asarray(size.sum(axis=1) - size.max(axis=1))


def computed(v: F64, w: F64, b: F64) -> Any:
    """Which outputs answer both signs of their feature."""
    quiet = np.maximum(b, 0.0)
    answers = []
    for sign in (1.0, -1.0):
        hidden = np.maximum(sign * v, 0.0)  # (neuron, feature): each feature alone
        own = np.einsum("ik,ki->i", w, hidden) + b
        answers.append(np.maximum(own, 0.0) - quiet)
    return np.minimum(*answers) > COMPUTED


def _neurons(p: float, run: xr.Dataset) -> pd.DataFrame:
    """A row per neuron of a model: its primary feature, and what its activations are about."""
    import pandas as pd

    own = rescaled(run)
    v, w = own["W_in"], own["W_out"]
    size = np.where(neurons.strength((v, w)) > COUNTED, np.abs(v), 0.0)
    primary = np.abs(v).argmax(axis=1)
    share = primary_share(problem(p), own, BANDS, least=LEAST)
    return pd.DataFrame(
        {
            DENSITY: p,
            "neuron": np.arange(len(v)),
            "primary": primary,
            "importance": DECAY**primary,
            "held": (size > 0).sum(axis=1),
            "second": np.sort(size, axis=1)[:, -2],
            "mass": mass(v, w),
            "share_low": share[:, 0],
            "share_top": share[:, 1],
        }
    )


def _tasks(lab: Lab, shown: dict[float, xr.Dataset]) -> pd.DataFrame:
    """The held-out loss of the best model of each density on the task of every density."""
    import pandas as pd

    rows = []
    axes, untrained = {DENSITY: list(DENSITIES)}, Training(steps=0, curve_points=0)
    for p, run in shown.items():
        moved = lab.train(problem(p), axes, untrained, start=run)
        for task in DENSITIES:
            cell = moved.isel(seed=0).sel({DENSITY: task})
            losses = {name: float(cell[name]) for name in ("loss", "loss_error")}
            rows.append({"trained_at": p, "task": task, **losses})
    return pd.DataFrame(rows)


def _moved(shown: dict[float, xr.Dataset]) -> pd.DataFrame:
    """By how much outputs move when every neuron is rescaled by a random factor, and back."""
    import pandas as pd

    rng, rows = np.random.default_rng(0), []
    for p, run in shown.items():
        task, own = problem(p), parameters(run)
        factor = np.exp(rng.uniform(-2, 2, HIDDEN))
        scaled = own | {"W_in": own["W_in"] * factor[:, None], "W_out": own["W_out"] / factor}
        v, w = neurons.rescale((scaled["W_in"], scaled["W_out"]))
        x = task.distribution.sample(rng, 2000)
        wanted = task.model.forward(own, x)[1]
        others = (scaled, own | {"W_in": v, "W_out": w})
        moved = max(np.abs(task.model.forward(other, x)[1] - wanted).max() for other in others)
        same = np.abs(v - rescaled(run)["W_in"]).max()
        rows.append({DENSITY: p, "moved": moved, "canonical": same})
    return pd.DataFrame(rows)
