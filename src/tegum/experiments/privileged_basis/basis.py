"""Items 36 and 37: rotations of the hidden space, with and without a ReLU on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64, SEED
from tegum.experiments.base import Judgement, Lab, Tables, when
from tegum.experiments.privileged_basis.sweep import N_HIDDEN, problem, screening
from tegum.models import ReLUHidden, ReLUOutput
from tegum.runs import tables as long
from tegum.runs.select import best

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from tegum.problem import Problem

#: 1−S of both models.
AT: Final = 0.3
SEEDS: Final = (256, 32)
LINEAR, RELU = "linear hidden layer", "ReLU hidden layer"
MODELS: Final = {LINEAR: ReLUOutput(n_hidden=N_HIDDEN), RELU: ReLUHidden(n_hidden=N_HIDDEN)}
ROTATIONS, SAMPLES, SHOWN = 1000, 1024, 300

#: Outputs change by less where the basis does not matter, …
UNCHANGED: Final = 1e-6
#: … and by more, at some sample, where it does.
CHANGED: Final = 0.1
#: Weights are aligned if more concentrated than in this part of all rotations.
ALIGNED: Final = 0.99
#: A weight of a represented feature is small below this; sparse if over half of them are.
SMALL: Final = 0.1


def measure(lab: Lab) -> Tables:
    """The best models, and what random rotations and orders of their neurons do to them."""
    import pandas as pd

    weights, turned, outputs = [], [], []
    for name, model in MODELS.items():
        task = problem(model, AT)
        runs = lab.train(task, None, screening(lab), lab.pick(*SEEDS))
        chosen = best(lab.score(runs) if name == LINEAR else runs)
        weights.append(long.neuron_table(chosen).assign(panel=name))
        changes, points = _turn(task, chosen)
        near = float((chosen["loss_all"] <= 1.01 * chosen["loss"]).mean())
        turned.append(changes.assign(model=name, seeds=runs.sizes[SEED], near=near))
        outputs.append(points.assign(model=name))
    both = (pd.concat(parts, ignore_index=True) for parts in (weights, turned, outputs))
    return dict(zip(("basis_weights", "rotations", "outputs"), both, strict=True))


def concentration(W: F64) -> F64:
    """Σ_ki W_ki⁴ / Σ_i ‖W_i‖⁴ (...): 1 if every feature has one neuron, 1/m if all share alike."""
    return np.asarray((W**4).sum((-2, -1)) / (geometry.norms(W) ** 4).sum(-1))


def rotations(count: int, m: int, rng: np.random.Generator) -> F64:
    """Orthogonal matrices (count, m, m), uniformly distributed."""
    Q, R = np.linalg.qr(rng.normal(size=(count, m, m)))
    return np.asarray(Q * np.sign(np.einsum("...ii->...i", R))[:, None, :])


def _turn(task: Problem, model: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What each rotation (and order of neurons) changes; outputs before and after the first."""
    import pandas as pd

    rng = np.random.default_rng(36)
    W, b = (model[name].to_numpy().astype(np.float64) for name in ("W", "b"))
    x = task.distribution.sample(rng, SAMPLES)
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
    table = pd.DataFrame(rows).assign(trained=float(concentration(W)))
    return table.assign(**{DENSITY: AT}), points


def judge_linear(tables: Tables) -> Judgement:
    """36.a: a linear hidden layer may be rotated."""
    worst = float(_of(tables, LINEAR, "rotation")["change"].max())
    return when(
        worst < UNCHANGED,
        f"outputs change by at most {worst:.1e} in {ROTATIONS} rotations; {_known(tables, LINEAR)}",
        worst=worst,
    )


def judge_relu(tables: Tables) -> Judgement:
    """36.b: with a ReLU it may not, but its neurons have no order."""
    least = float(_of(tables, RELU, "rotation")["change"].min())
    order = float(_of(tables, RELU, "order")["change"].max())
    return when(
        least > CHANGED and order < UNCHANGED,
        f"every one of {ROTATIONS} rotations changes some output by {least:.2f} or more; another "
        f"order of neurons by {order:.1e}; {_known(tables, RELU)}",
        least=least,
        order=order,
    )


def judge_aligned(tables: Tables) -> Judgement:
    """37.a: features align with neurons only if the hidden layer has a ReLU."""
    ranks = {}
    for name in MODELS:
        turned = _of(tables, name, "rotation")
        ranks[name] = float((turned["spread"] < turned["trained"]).mean())
    trained = {name: _of(tables, name, "rotation")["trained"].iloc[0] for name in MODELS}
    return when(
        ranks[RELU] >= ALIGNED > ranks[LINEAR],
        "; ".join(
            f"{name}: concentration {trained[name]:.2f}, above {rank:.1%} of its rotations"
            for name, rank in ranks.items()
        ),
        linear=ranks[LINEAR],
        relu=ranks[RELU],
    )


def judge_sparse(tables: Tables) -> Judgement:
    """37.b: and their weights are sparse."""
    shares = {}
    for name in MODELS:
        rows = tables["basis_weights"]
        rows = rows[rows["panel"] == name]
        norm = np.sqrt((rows["weight"] ** 2).groupby(rows["feature"]).transform("sum"))
        own = rows.loc[norm > geometry.REPRESENTED, "weight"].abs()
        shares[name] = float((own < SMALL).mean())
    return when(
        shares[RELU] > 0.5 > shares[LINEAR],
        "; ".join(f"{name}: {share:.0%} of weights small" for name, share in shares.items()),
        linear=shares[LINEAR],
        relu=shares[RELU],
    )


def _of(tables: Tables, model: str, kind: str) -> pd.DataFrame:
    rows = tables["rotations"]
    found = rows[(rows["model"] == model) & (rows["kind"] == kind)]
    if found.empty:
        raise LookupError(f"no {kind} of the model with a {model}")
    return found


def _known(tables: Tables, model: str) -> str:
    row = _of(tables, model, "rotation").iloc[0]
    return f"best of N = {row['seeds']}, {row['near']:.0%} of seeds within 1 %"
