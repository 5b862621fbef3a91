"""Figures of the experiment `basic-results`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sweep_figures import draw_counts, draw_seeds, with_panels
from tegum.experiments._shared.sweeps import at
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.basic_results.claims_3_linear import LOSS_RATIO
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_models(tables: Tables) -> Figure:
    """The linear model, then the best ReLU-output model of each density."""
    import pandas as pd

    features, pairs = (
        pd.concat(
            [
                at(tables[f"linear_{name}"], 1.0).assign(panel="linear, 1−S = 1"),
                with_panels(tables[name], "ReLU, "),
            ]
        )
        for name in ("features", "pairs")
    )
    return plots.panels(features, pairs)


@style.styled
def draw_linear(tables: Tables) -> Figure:
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
    right.axhline(1, color=style.GREY, lw=1, zorder=style.BEHIND)
    right.axhline(LOSS_RATIO, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    right.set_ylabel("loss / least possible")
    for axes in (left, right):
        density_axis(axes)
    return figure


_CHOSEN: Final = (
    "At each density the model of lowest expected loss is shown, of 32 seeds (1−S = 1) to 768 "
    "(sparsest); fewer in a quick run."
)

FIGURES: Final = (
    FigureSpec(
        "models-shown",
        "WᵀW with the biases b to its right, and below it the norm of each feature, coloured "
        "by how much it shares its direction with others (dark: not at all). The linear model "
        "and the ReLU model on dense features keep the five most important features and "
        "nothing else. The sparser the features, the more are kept: first the less important "
        "ones in antipodal pairs (dark red off the diagonal), at last all in superposition, "
        f"with positive overlaps and negative biases. {_CHOSEN}",
        draw_models,
        ("features", "pairs", "linear_features", "linear_pairs"),
    ),
    FigureSpec(
        "counts",
        "Represented features (norm above .5) and dedicated ones (that share with no other). "
        "Lines: the model of lowest loss at each density; bands: all seeds. Diamonds: what "
        "packing antipodal pairs at least loss predicts; from 1−S = 0.03 on the trained "
        f"models do better than pairs. {_CHOSEN}",
        draw_counts,
        ("models", "packing"),
    ),
    FigureSpec(
        "seeds",
        "How far the loss of every seed lies above the lowest of its density, seeds in order "
        "of loss; dots mark the chosen models, the dashed line 1 %. All dense models are "
        "alike; of the sparsest very few come within 1 % of the best.",
        draw_seeds,
        ("models",),
    ),
    FigureSpec(
        "linear-loss",
        "Left: the expected loss of every trained linear model (16 seeds at each density, 6 in a "
        "quick run; exact, from the weights) and the least that a linear model can reach. Sparsity "
        "changes it by the variance σ² of a feature alone. Right: their ratio; the dashed line is "
        "what the best seed may have.",
        draw_linear,
        ("linear_models",),
    ),
)
