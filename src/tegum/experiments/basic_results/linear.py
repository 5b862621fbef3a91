"""The linear model over sparsity: what it learns, and that sparsity does not matter to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments._shared import sweeps
from tegum.experiments.base import FigureSpec, Judgement, Lab, Tables, when
from tegum.models import Linear
from tegum.plots import style
from tegum.plots.curves import density_axis
from tegum.runs import tables as long
from tegum.runs.select import best
from tegum.theory import linear
from tegum.training import Training

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: G is diag(1, …, 1, 0, …, 0) when no entry is further off than this.
ENTRY: Final = 0.05
#: A loss is the optimum when it is at most this times it.
LOSS_RATIO: Final = 1.02
#: A represented feature shares its direction with no other below this.
ALONE: Final = 0.05

_IMPORTANCE: Final = sweeps.SMALL_DECAY ** np.arange(sweeps.SMALL_FEATURES)


def measure(lab: Lab) -> Tables:
    """All linear models with their exact losses; features and pairs of the best of each density."""
    task = sweeps.problem(sweeps.SMALL_FEATURES, sweeps.SMALL_HIDDEN, sweeps.SMALL_DECAY)
    task = task.model_copy(update={"model": Linear(n_hidden=sweeps.SMALL_HIDDEN)})
    plan = Training(
        steps=lab.pick(5000, 4000),
        batch_size=256,
        learning_rate=5e-3,
        schedule="cosine",
        curve_points=0,
        held_out=1024,  # the exact loss takes its place
    )
    runs = lab.train(task, {DENSITY: sweeps.DENSITIES}, plan, lab.pick(16, 6))
    runs = lab.score(runs)
    chosen = best(runs)
    models = long.count_table(runs)
    models["optimum"] = [optimal_loss(p) for p in models[DENSITY]]
    return {
        "linear_models": models,
        "linear_features": long.feature_table(chosen),
        "linear_pairs": long.gram_table(chosen),
    }


def optimal_loss(density: float) -> float:
    """σ² Σ_{i≥m} I_i, the least loss of a linear model."""
    variance = linear.uniform_variance(density)
    return linear.optimum(_IMPORTANCE, variance, sweeps.SMALL_HIDDEN).loss


def judge_projector(tables: Tables) -> Judgement:
    """3.a: G of the best linear model is the projector on the m most important features."""
    pairs = tables["linear_pairs"]
    found = {p: projector_error(sweeps.at(pairs, p)) for p in pairs[DENSITY].unique()}
    worst = max(found, key=lambda p: found[p])
    return when(
        max(found.values()) <= ENTRY,
        f"largest |G − diag(1×{sweeps.SMALL_HIDDEN}, 0)| {found[worst]:.4f} (at 1−S={worst:g}) "
        f"over {len(found)} densities, {known(tables)}",
        largest_entry_off=found[worst],
    )


def projector_error(pairs: pd.DataFrame) -> float:
    """The largest |G_ij − [i = j < m]| of one model."""
    G = sweeps.square(pairs)
    target = np.diag((np.arange(len(G)) < sweeps.SMALL_HIDDEN).astype(float))
    return float(np.abs(G - target).max())


def judge_loss(tables: Tables) -> Judgement:
    """5.a: the loss is the closed-form optimum at every density."""
    models = tables["linear_models"].dropna(subset=["loss"])
    ratio = models["loss"] / models["optimum"]
    lowest = ratio.groupby(models[DENSITY]).min()
    complete = set(lowest.index) == set(tables["linear_models"][DENSITY])
    return when(
        complete and float(lowest.max()) <= LOSS_RATIO,
        f"loss / optimum at most {lowest.max():.6f} over {len(lowest)} densities "
        f"({ratio.max():.6f} in any seed), {known(tables)}",
        largest_ratio=lowest.max(),
        largest_ratio_of_any_seed=ratio.max(),
    )


def judge_alone(tables: Tables) -> Judgement:
    """5.b: exactly m features are represented, none of them in superposition."""
    features = tables["linear_features"]
    shown = features[features["norm"] > 0.5]
    kept = shown.groupby(DENSITY)["feature"].agg(tuple)
    same = set(kept) == {tuple(range(sweeps.SMALL_HIDDEN))}
    everywhere = len(kept) == features[DENSITY].nunique()
    worst = float(shown["superposition"].max()) if len(shown) else float("nan")
    return when(
        same and everywhere and worst < ALONE,
        f"features 0–{sweeps.SMALL_HIDDEN - 1} and no others represented at "
        f"{sum(k == tuple(range(sweeps.SMALL_HIDDEN)) for k in kept)} of "
        f"{features[DENSITY].nunique()} densities; largest superposition of a represented "
        f"feature {worst:.2g}, {known(tables)}",
        largest_superposition=worst,
    )


def known(tables: Tables) -> str:
    """N, and how many seeds match the best."""
    models = tables["linear_models"]
    least = models.groupby(DENSITY)["loss"].transform("min")
    matching = float((models["loss"] <= (1 + sweeps.MATCH) * least).mean())
    return f"best of {models['seed'].nunique()}, {matching:.1%} of seeds within 1%"


@style.styled
def draw_loss(tables: Tables) -> Figure:
    """Left: the loss over 1/(1−S), trained and by theory. Right: their ratio, every seed."""
    from matplotlib.figure import Figure

    models = tables["linear_models"].sort_values(DENSITY)
    figure = Figure(figsize=(7.4, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    sparsity = 1 / models[DENSITY]
    label = "least possible, $\\sigma^2 \\sum_{i\\geq m} I_i$"
    left.plot(sparsity, models["optimum"], color=style.GREY, lw=1, label=label)
    left.plot(sparsity, models["loss"], "o", ms=5, color=style.BLUE, label="trained")
    left.set(yscale="log", ylabel="loss")
    left.legend(loc="lower left")
    right.plot(sparsity, models["loss"] / models["optimum"], "o", ms=4, color=style.BLUE, alpha=0.5)
    right.axhline(1, color=style.GREY, lw=1, zorder=0)
    right.axhline(LOSS_RATIO, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    right.set_ylabel("loss / least possible")
    for axes in (left, right):
        density_axis(axes)
    return figure


FIGURE: Final = FigureSpec(
    "linear-loss",
    "Left: the expected loss of every trained linear model (16 seeds at each density, 6 in a quick "
    "run; exact, from the weights) and the least that a linear model can reach. Sparsity changes "
    "it by the variance σ² of a feature alone. Right: their ratio; the dashed line is what the "
    "best seed may have.",
    draw_loss,
    ("linear_models",),
)
