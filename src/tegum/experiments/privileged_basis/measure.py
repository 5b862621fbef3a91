"""What is measured: models by density, two models under rotations, neurons that turn linear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64, SEED
from tegum.experiments.base import Lab, Tables
from tegum.experiments.privileged_basis.sweep import N_HIDDEN, by_density, problem, screening
from tegum.models import Model, ReLUHidden, ReLUOutput
from tegum.runs import tables as long
from tegum.runs.select import best

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.problem import Problem

#: The models under rotations, their 1−S, and seeds in a full and in a quick run.
LINEAR, RELU = "linear hidden layer", "ReLU hidden layer"
TURNED: Final = {LINEAR: ReLUOutput(n_hidden=N_HIDDEN), RELU: ReLUHidden(n_hidden=N_HIDDEN)}
TURNED_AT: Final = 0.3
TURNED_SEEDS: Final = (256, 96)
#: Rotations, samples whose outputs are compared, and how many outputs are shown.
ROTATIONS, COMPARED, SHOWN = 1000, 1024, 300
#: Rotations among which a model's concentration is ranked: to .03 % near 99 %.
RANKED: Final = 100_000

#: How often neurons are active: 1−S with and without a hidden bias, and seeds of each model.
BIASED, PLAIN = "hidden bias", "no hidden bias"
BIASED_AT: Final = ((0.3, 0.1, 0.03), (0.1,))
BIASED_SEEDS: Final = (64, 16)
#: Models without a hidden bias of more and more features: 1−S, features and seeds.
MANY, MANY_AT = "features", 0.1
SIZES: Final = ((10, 20, 40, 70, 100, 200), (10, 100))
MANY_SEEDS: Final = (16, 3)
SAMPLES: Final = 20_000
#: A neuron is linear, as far as the data go, if it is active in more than this part of samples.
ALWAYS: Final = 0.95


def measure(lab: Lab) -> Tables:
    """The best model of each density, two models under rotations, and neurons that turn linear."""
    return {**by_density(lab), **turned(lab), "active": active(lab)}


def turned(lab: Lab) -> Tables:
    """The best models, and what random rotations and orders of their neurons do to them."""
    import pandas as pd

    weights, changed, outputs = [], [], []
    for name, model in TURNED.items():
        task = problem(model, TURNED_AT)
        runs = lab.train(task, None, screening(lab), lab.pick(*TURNED_SEEDS))
        chosen = best(lab.score(runs) if name == LINEAR else runs)
        weights.append(long.neuron_table(chosen).assign(panel=name))
        changes, points = _turn(task, chosen)
        near = float((chosen["loss_all"] <= 1.01 * chosen["loss"]).mean())
        changed.append(changes.assign(model=name, seeds=runs.sizes[SEED], near=near))
        outputs.append(points.assign(model=name))
    both = (pd.concat(parts, ignore_index=True) for parts in (weights, changed, outputs))
    return dict(zip(("basis_weights", "rotations", "outputs"), both, strict=True))


def concentration(W: F64) -> F64:
    """Σ_ki W_ki⁴ / Σ_i ‖W_i‖⁴ (...): 1 if every feature has one neuron, 1/m if all share alike."""
    return np.asarray((W**4).sum((-2, -1)) / (geometry.norms(W) ** 4).sum(-1))


def rotations(count: int, m: int, rng: np.random.Generator) -> F64:
    """Orthogonal matrices (count, m, m), uniformly distributed."""
    Q, R = np.linalg.qr(rng.normal(size=(count, m, m)))
    return np.asarray(Q * np.sign(np.einsum("...ii->...i", R))[:, None, :])


def rank(W: F64, rng: np.random.Generator) -> float:
    """The part of RANKED rotations of W that are less concentrated than W."""
    chunks = (rotations(RANKED // 20, len(W), rng) for _ in range(20))
    return float(np.mean([(concentration(O @ W) < concentration(W)).mean() for O in chunks]))


def _turn(task: Problem, model: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each rotation (and order of neurons) changes; outputs before and after rotation 0."""
    import pandas as pd

    rng = np.random.default_rng(36)
    W, b = (model[name].to_numpy().astype(np.float64) for name in ("W", "b"))
    x = task.distribution.sample(rng, COMPARED)
    before = task.model.forward({"W": W, "b": b}, x)[1]
    rows, points = [], pd.DataFrame()
    orders = np.eye(N_HIDDEN)[np.array([rng.permutation(N_HIDDEN) for _ in range(20)])]
    for kind, matrices in (("rotation", rotations(ROTATIONS, N_HIDDEN, rng)), ("order", orders)):
        for number, O in enumerate(matrices):
            after = task.model.forward({"W": O @ W, "b": b}, x)[1]
            change = float(np.abs(after - before).max())
            spread = float(concentration(O @ W))
            rows.append({"kind": kind, "number": number, "change": change, "spread": spread})
            if kind == "rotation" and number == 0:
                some = rng.choice(before.size, SHOWN, replace=False)
                points = pd.DataFrame({"before": before.flat[some], "after": after.flat[some]})
    ranked = rank(W, np.random.default_rng(37))
    table = pd.DataFrame(rows).assign(trained=float(concentration(W)), ranked=ranked)
    return table.assign(**{DENSITY: TURNED_AT}), points


def active(lab: Lab) -> pd.DataFrame:
    """How often neurons of the best models are active: with a hidden bias, and by features."""
    import pandas as pd

    parts = []
    for p in lab.pick(*BIASED_AT):
        for name, model in (
            (BIASED, ReLUHidden(n_hidden=N_HIDDEN, hidden_bias=True)),
            (PLAIN, TURNED[RELU]),
            (LINEAR, TURNED[LINEAR]),
        ):
            parts.append(_best(lab, problem(model, p), lab.pick(*BIASED_SEEDS)).assign(model=name))
    for n in lab.pick(*SIZES):
        task = problem(TURNED[RELU], MANY_AT, n)
        parts.append(_best(lab, task, lab.pick(*MANY_SEEDS)).assign(model=MANY))
    return pd.concat(parts, ignore_index=True)


def _best(lab: Lab, task: Problem, seeds: int) -> pd.DataFrame:
    """A row per neuron of the model of lowest loss: how often it is active, and its bias."""
    import pandas as pd

    runs = lab.train(task, None, screening(lab), seeds)
    chosen = best(runs)
    x = task.distribution.sample(np.random.default_rng(39), SAMPLES)
    every = _active(runs, task.model, x)  # (seed, neuron)
    own = every[int(chosen[SEED])]
    return pd.DataFrame(
        {
            DENSITY: task.distribution.blocks()[0].probability,
            "features": task.n_features,
            "neuron": np.arange(len(own)),
            "active": own,
            "hidden_bias": chosen["b_hidden"].to_numpy() if "b_hidden" in chosen else 0.0,
            "loss": float(chosen["loss"]),
            "loss_error": float(chosen["loss_error"]),
            "seeds": seeds,
            "all_linear": float((every > ALWAYS).all(axis=1).mean()),
        }
    )


def _active(runs: xr.Dataset, model: Model, x: F64) -> F64:
    """The part of samples in which each neuron's pre-activation is above 0, (seed, neuron)."""
    W = runs["W"].to_numpy().astype(np.float64)
    bias = runs["b_hidden"].to_numpy() if model.has_hidden_bias else np.zeros(W.shape[:-1])
    return np.array([(x @ w.T + c > 0).mean(axis=0) for w, c in zip(W, bias, strict=True)])
