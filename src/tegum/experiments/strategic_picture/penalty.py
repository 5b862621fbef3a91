"""Item 46: a penalty on hidden activity kills features below an importance, and superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.analysis import geometry
from tegum.dims import F64, SEED
from tegum.distributions import Independent
from tegum.experiments.base import Judgement, Lab, Tables, when
from tegum.models import Model, ReLUHidden, ReLUOutput, TwoLayer
from tegum.problem import Problem
from tegum.theory import activity
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: λ/I of single features, on both sides of the threshold; how near to it points are not judged.
RATIOS: Final = (0.2, 0.4, 0.55, 0.65, 0.7, 0.71, 0.74, 0.75, 0.8, 0.9, 1.0, 1.1)
MARGIN: Final = 0.02
#: Weights of survivors are within this of the theory.
WEIGHT: Final = 0.01

N_FEATURES, N_HIDDEN, DECAY, PROBABILITY = 20, 5, 0.7, 0.1
PENALTIES: Final = (0.0, 0.003, 0.01, 0.02, 0.04, 0.06, 0.08, 0.112, 0.16, 0.25, 0.4)
UNIFORM: Final = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8)
SHOWN: Final = 0.112
SEEDS: Final = (96, 24)
FALLING, EQUAL, UNTIED = "importance .7^i", "equal importance", "untied"
#: Superposition is gone when no two represented features overlap by more, |Ŵ_i·W_j|.
OVERLAP: Final = 0.05
NEAR: Final = 0.01


def measure(lab: Lab) -> Tables:
    """Single features over λ/I; models of many features over λ, the best regularised loss each."""
    import pandas as pd

    tied = ReLUOutput(n_hidden=N_HIDDEN)
    untied = TwoLayer(n_hidden=N_HIDDEN, hidden_activation="identity")
    falling: F64 = np.asarray(DECAY ** np.arange(N_FEATURES), np.float64)
    few = (0.0, 0.02, SHOWN, 0.25) if lab.quick else PENALTIES
    parts = [
        _models(lab, _problem(tied, falling), few, FALLING),
        _models(lab, _problem(tied, 1.0), UNIFORM[:: lab.pick(1, 2)], EQUAL),
        _models(lab, _problem(untied, falling), (0.0, SHOWN), UNTIED),
    ]
    return {"isolated": _isolated(lab), "penalised": pd.concat(parts, ignore_index=True)}


def _problem(model: Model, importance: float | F64) -> Problem:
    law = Independent(n_features=N_FEATURES, feature_probability=PROBABILITY)
    return Problem(law, model, importance)


def _plan(lab: Lab, steps: int) -> Training:
    return Training(
        steps=lab.pick(steps, 1500),
        batch_size=256,
        learning_rate=5e-3,
        schedule="cosine",
        curve_points=0,
        held_out=lab.pick(2**18, 2**14),
    )


def _isolated(lab: Lab) -> pd.DataFrame:
    """One feature, one neuron: the w of lowest regularised loss, and how many models have one."""
    import pandas as pd

    law = Independent(n_features=1, feature_probability=0.3)
    ratios = RATIOS[:: lab.pick(1, 2)]
    task = Problem(law, ReLUHidden(n_hidden=1, bias=False))
    runs = lab.train(task, {"l1": list(ratios)}, _plan(lab, 3000), 16)
    w = np.maximum(runs["W"].to_numpy().reshape(len(ratios), -1).astype(np.float64), 0.0)
    loss = activity.isolated_loss(w, np.array(ratios)[:, None])
    chosen = np.take_along_axis(w, loss.argmin(axis=1)[:, None], axis=1)[:, 0]
    return pd.DataFrame(
        {
            "ratio": ratios,
            "w": chosen,
            "theory": np.where(
                np.array(ratios) < activity.SURVIVES, activity.isolated_weight(ratios), 0.0
            ),
            "alive": (w > 0.1).mean(axis=1),
            "seeds": w.shape[1],
            "largest": w.max(axis=1),
        }
    )


def _models(lab: Lab, task: Problem, penalties: tuple[float, ...], name: str) -> pd.DataFrame:
    """A row per λ: the model of lowest regularised loss."""
    import pandas as pd

    seeds = lab.pick(*SEEDS)
    runs = lab.train(task, {"l1": list(penalties)}, _plan(lab, 5000), seeds)
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
    W = model["W" if "W" in model else "W_in"].to_numpy().astype(np.float64)
    if "W_out" in model:  # norms that reproduce the diagonal of W_out W_in, whatever the scales
        out = model["W_out"].to_numpy().astype(np.float64)
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


def judge_threshold(tables: Tables) -> Judgement:
    """46.a: an isolated feature survives below λ/I = .7258."""
    rows = tables["isolated"]
    clear = rows[(rows["ratio"] / activity.SURVIVES - 1).abs() > MARGIN]
    off = float((clear["w"] - clear["theory"]).abs().max())
    below, above = rows[rows["w"] > 0.5]["ratio"], rows[rows["w"] < 0.5]["ratio"]
    both = len(below) > 0 and len(above) > 0
    longest = rows[rows["alive"] > 0]["ratio"].max()
    return when(
        both and off <= WEIGHT,
        f"alive up to λ/I = {below.max():g}, dead from {above.min():g} (threshold "
        f"{activity.SURVIVES:.4f}); weights within {off:.4f} of the theory; best of "
        f"{rows['seeds'].max()}; some seeds still have it at {longest:g} (in theory a local "
        f"minimum up to {activity.METASTABLE:.3f})",
        off=off,
    )


def judge_removed(tables: Tables) -> Judgement:
    """46.b: a penalty removes superposition, at a higher loss."""
    rows = _of(tables, FALLING)
    without = rows[rows["penalty"] == 0].iloc[0]
    error = np.hypot(rows["loss_error"], without["loss_error"])
    clean = rows[
        (rows["penalty"] > 0)
        & (rows["represented"] > 0)
        & (rows["represented"] <= N_HIDDEN)
        & (rows["overlap"] < OVERLAP)
        & (rows["loss"] - without["loss"] > 2 * error)
    ]
    words = ", ".join(
        f"{row.represented:g} features at λ={row.penalty:g} (loss {row.loss:.4f}, overlap "
        f"{row.overlap:.3f})"
        for row in clean.itertuples()
    )
    return when(
        len(clean) > 0,
        f"without penalty {without['represented']} features, overlap {without['overlap']:.2f}, "
        f"loss {without['loss']:.4f}; none in superposition: {words or 'nowhere'}; best of "
        f"{rows['seeds'].max()}, {rows['near'].min():.0%} of seeds or more within 1 %",
        clean=len(clean),
    )


def judge_killed(tables: Tables) -> Judgement:
    """46.c: features below a threshold of importance are killed, the others kept."""
    rows = _of(tables, FALLING).sort_values("penalty")
    alive = rows[(rows["penalty"] > 0) & (rows["represented"] > 0)]
    ratio = (alive["penalty"] / alive["least"]).max()
    falls = bool((rows["represented"].diff().dropna() <= 0).all())
    ordered = bool(alive["prefix"].all())
    return when(
        falls and ordered and ratio < activity.SURVIVES,
        f"{' '.join(f'{k:g}' for k in rows['represented'])} features at rising λ, "
        f"{'always' if ordered else 'not always'} the most important; the least important survivor "
        f"has λ/I = {ratio:.2f}",
        ratio=ratio,
    )


def judge_uniform(tables: Tables) -> Judgement:
    """46.d: with equal importance, too. Differs: pairs along a neuron stay as long as features."""
    rows = _of(tables, EQUAL)
    alive = rows[(rows["penalty"] > 0) & (rows["represented"] > 0)]
    clean = alive[alive["overlap"] < OVERLAP]
    words = "; ".join(
        f"λ={row.penalty:g}: {row.represented} features, {row.pairs} antipodal pairs"
        for row in rows.itertuples()
    )
    return when(len(clean) > 0, f"{words}; best of {rows['seeds'].max()}", clean=len(clean))


def judge_untied(tables: Tables) -> Judgement:
    """46.e: an untied model, too. Differs: it makes its activity small and its decoder large."""
    rows, tied = _of(tables, UNTIED), _of(tables, FALLING)
    shown = rows[rows["penalty"] == SHOWN].iloc[0]
    same = tied[tied["penalty"] == SHOWN].iloc[0]
    return when(
        shown["overlap"] < OVERLAP,
        f"λ={SHOWN:g}: {shown['represented']} features, overlap {shown['overlap']:.2f}, loss "
        f"{shown['loss']:.4f}, penalty {shown['activity']:.4f}; the tied model has "
        f"{same['represented']}, {same['overlap']:.2f}, {same['loss']:.4f}, "
        f"{same['activity']:.4f}; best of {rows['seeds'].max()}",
        overlap=shown["overlap"],
    )


def _of(tables: Tables, model: str) -> pd.DataFrame:
    rows = tables["penalised"]
    found = rows[rows["model"] == model]
    if found.empty:
        raise LookupError(f"no models with {model}")
    return found
