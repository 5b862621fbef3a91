"""Models under a penalty on activity, and the loss reduction per activation of a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY, F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Lab, Tables
from tegum.experiments.strategic_picture.slopes import small_penalties
from tegum.loss.expected import expected_loss
from tegum.models import Model, ReLUHidden, ReLUOutput, TwoLayer
from tegum.problem import Problem
from tegum.runs.weights import split, weights_in
from tegum.scalars import powers
from tegum.theory import activity
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: λ/I of single features, on both sides of the threshold.
RATIOS: Final = (0.2, 0.4, 0.55, 0.65, 0.7, 0.71, 0.74, 0.75, 0.8, 0.9, 1.0, 1.1)

#: Models of many features, λ of falling (in a full and in a quick run) and of equal importance.
N_FEATURES, N_HIDDEN, DECAY, PROBABILITY = 20, 5, 0.7, 0.1
SIZE: Final = f"n = {N_FEATURES}, m = {N_HIDDEN}, 1−S = {PROBABILITY:g}"
SHOWN: Final = 0.112
PENALTIES: Final = (
    (0.0, 0.003, 0.01, 0.02, 0.04, 0.06, 0.08, SHOWN, 0.16, 0.25, 0.4),
    (0.0, 0.02, SHOWN, 0.25),
)
UNIFORM: Final = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8)
SEEDS: Final = (96, 24)
FALLING, EQUAL, UNTIED = "importance .7^i", "equal importance", "untied"
#: A seed is near the best when its regularised loss is within this part of it.
NEAR: Final = 0.01

#: Neurons of a mixture of experts: 1−S, and what each is for.
DENSITIES: Final = (1.0, 0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01)
DEDICATED, PAIR, BEST = "dedicated", "antipodal pair", "best pair"


def measure(lab: Lab) -> Tables:
    """Models with a penalty on activity, small penalties exactly, reductions per activation."""
    return {
        "isolated": isolated(lab),
        "penalised": penalised(lab),
        "slopes": small_penalties(lab),
        "experts": experts(lab),
    }


def penalised(lab: Lab) -> pd.DataFrame:
    """Models of many features over λ, the best regularised loss each."""
    import pandas as pd

    tied = ReLUOutput(n_hidden=N_HIDDEN)
    untied = TwoLayer(n_hidden=N_HIDDEN, hidden_activation="identity")
    falling: F64 = powers(DECAY, N_FEATURES)
    parts = [
        _models(lab, _problem(tied, falling), lab.pick(*PENALTIES), FALLING),
        _models(lab, _problem(tied, 1.0), UNIFORM[:: lab.pick(1, 2)], EQUAL),
        _models(lab, _problem(untied, falling), (0.0, SHOWN), UNTIED),
    ]
    return pd.concat(parts, ignore_index=True)


def _problem(model: Model, importance: float | F64) -> Problem:
    x = Independent(n_features=N_FEATURES, feature_probability=PROBABILITY)
    return Problem(x, model, importance)


def _training(lab: Lab, steps: int) -> Training:
    return Training(
        steps=lab.pick(steps, 1500), batch_size=256, learning_rate=5e-3, schedule="cosine",
        curve_points=0, held_out=lab.pick(2**18, 2**14),
    )  # fmt: skip


def isolated(lab: Lab) -> pd.DataFrame:
    """One feature, one neuron: the w of lowest regularised loss, and how many models have one."""
    import pandas as pd

    ratios = np.array(RATIOS[:: lab.pick(1, 2)])
    x = Independent(n_features=1, feature_probability=0.3)
    task = Problem(x, ReLUHidden(n_hidden=1, bias=False))
    runs = lab.train(task, {"l1": ratios.tolist()}, _training(lab, 3000), 16)
    w = np.maximum(runs["W"].to_numpy().reshape(len(ratios), -1).astype(np.float64), 0.0)
    best = activity.isolated_loss(w, ratios[:, None]).argmin(axis=1)
    return pd.DataFrame(
        {
            "ratio": ratios,
            "w": w[np.arange(len(w)), best],
            "theory": np.where(ratios < activity.SURVIVES, activity.isolated_weight(ratios), 0.0),
            "alive": (w > 0.1).mean(axis=1),
            "seeds": w.shape[1],
            "largest": w.max(axis=1),
        }
    )


def _models(lab: Lab, task: Problem, penalties: tuple[float, ...], name: str) -> pd.DataFrame:
    """A row per λ: the model of lowest regularised loss."""
    import pandas as pd

    seeds = lab.pick(*SEEDS)
    runs = lab.train(task, {"l1": list(penalties)}, _training(lab, 5000), seeds)
    total = (runs["loss"] + runs["penalty"]).transpose("l1", SEED)
    rows = []
    for k, penalty in enumerate(penalties):
        values = total[k].to_numpy()
        best = int(np.nanargmin(values))
        near = float((values <= (1 + NEAR) * values[best]).mean())
        model = runs.isel({"l1": k, SEED: best})
        rows.append({"model": name, "penalty": penalty, "near": near, **_facts(model, task)})
    return pd.DataFrame(rows).assign(seeds=seeds)


def _facts(model: xr.Dataset, task: Problem) -> dict[str, float]:
    """The losses of a model, and how far its represented features share directions."""
    encoder, decoder = split(weights_in(model, "facts"))
    W = encoder.to_numpy().astype(np.float64)
    if decoder is not None:  # norms that reproduce the diagonal of W_out W_in, whatever the scales
        out = decoder.to_numpy().astype(np.float64)
        gain = np.sqrt(np.maximum(np.einsum("ik,ki->i", out, W), 0.0))
        W = W / np.maximum(np.linalg.norm(W, axis=0), 1e-12) * gain
    held = geometry.represented(W)
    overlap = np.abs(geometry.cosines(W) * geometry.norms(W))[np.ix_(held, held)]
    overlap = overlap - np.diag(np.diag(overlap))
    importance = task.importance_vector()
    return {
        "loss": float(model["loss"]),
        "loss_error": float(model["loss_error"]),
        "activity": float(model["penalty"]),
        "represented": int(held.sum()),
        "prefix": bool(held[: held.sum()].all()),
        "least": float(importance[held].min()) if held.any() else np.nan,
        "overlap": float(overlap.max(initial=0.0)),
        "shared": float(geometry.superposition(W)[held].sum()),
        "pairs": int(geometry.count_antipodal_pairs(W)),
    }


def experts(lab: Lab) -> pd.DataFrame:
    """A row per neuron and density: its loss reduction over the frequency of its activation."""
    import pandas as pd

    pairs = Problem(Independent(n_features=2, feature_probability=0.5), ReLUOutput(n_hidden=1))
    exact = Training(engine="exact", curve_points=0)
    found = lab.train(pairs, {DENSITY: list(DENSITIES)}, exact, lab.pick(16, 6))
    rows = []
    for p in DENSITIES:
        alone, pair = _loss(1, p, [[1.0]], [0.0]), _loss(2, p, [[1.0, -1.0]], [0.0, 0.0])
        none = _loss(1, p, [[0.0]], [p / 2])
        losses = found["loss"].sel(feature_probability=p).to_numpy()
        both, never = 1 - (1 - p) ** 2, 2 * none
        shared = _both(found["W"].sel(feature_probability=p).to_numpy())
        trained = float(np.nanmin(np.where(shared, losses, np.nan))) if shared.any() else np.nan
        for name, value, theory in (
            (DEDICATED, (none - alone) / p, activity.dedicated_reduction(p)),
            (PAIR, (never - pair) / both, activity.antipodal_reduction(p)),
            (BEST, (never - trained) / both, np.nan),
        ):
            rows.append({"neuron": name, "p": p, "reduction": value, "theory": float(theory)})
    return pd.DataFrame(rows).rename(columns={"p": DENSITY})


def _both(W: np.ndarray) -> np.ndarray:
    """Which of the models (seed, 1, 2) use the neuron for both features."""
    return np.asarray((np.abs(W[:, 0]) > 0.1).all(axis=1))


def _loss(n: int, p: float, W: list[list[float]], b: list[float]) -> float:
    problem = Problem(Independent(n_features=n, feature_probability=p), ReLUOutput(n_hidden=1))
    return float(expected_loss(problem, np.array(W), np.array(b), jobs=1).loss)
