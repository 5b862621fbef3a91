"""Figures of the experiment `larger`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sweep_figures import draw_counts, draw_seeds, with_panels
from tegum.experiments._shared.sweeps import SMALL_HIDDEN, lowest
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.larger.claims import RESCALED
from tegum.experiments.larger.measure import HIDDEN
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_models(tables: Tables) -> Figure:
    """The best ReLU-output model of each density."""
    return plots.panels(with_panels(tables["features"]), with_panels(tables["pairs"]))


@style.styled
def draw_rescaled(tables: Tables) -> Figure:
    """Represented features per hidden dimension of the larger and the small model."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    for name, m, colour, marker in (
        ("models", HIDDEN, style.BLUE, "o"),
        ("small_models", SMALL_HIDDEN, style.VERMILION, "s"),
    ):
        best = lowest(tables[name])
        x, ratio = 1 / best[DENSITY], best["represented"] / m
        axes.plot(x, ratio, marker=marker, ms=5, color=colour, label=f"m = {m}")
    low, high = (1 - RESCALED) * ratio, (1 + RESCALED) * ratio
    axes.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
    density_axis(axes)
    axes.set(ylim=(0, None), ylabel="represented features per dimension")
    axes.legend(loc="upper left")
    return figure


_CHOSEN: Final = (
    "At each density the model of lowest expected loss is shown, of 8 seeds (1−S = 1), 96 "
    "(0.03) or 32 (elsewhere); fewer in a quick run."
)

FIGURES: Final = (
    FigureSpec(
        "models-shown",
        "WᵀW with the biases b to its right, and below it the norm of each feature, coloured "
        "by how much it shares its direction with others (dark: not at all). As in the small "
        "model, sparser features first share in antipodal pairs, the least important ones "
        f"first, then all are in superposition. {_CHOSEN}",
        draw_models,
        ("features", "pairs"),
    ),
    FigureSpec(
        "counts",
        "Represented features (norm above .5) and dedicated ones (that share with no other). "
        "Lines: the model of lowest loss at each density; bands: all seeds. Diamonds: what "
        "packing antipodal pairs at least loss predicts. Where features are sparse, trained "
        f"models hold far more than pairs can. {_CHOSEN}",
        draw_counts,
        ("models", "packing"),
    ),
    FigureSpec(
        "rescaled",
        "Represented features per hidden dimension, of this model and of the small one (n = "
        "20, m = 5); the band is 15 % around the small one. They agree until features are "
        f"very sparse: then more of them fit in a dimension of the larger model. {_CHOSEN}",
        draw_rescaled,
        ("models", "small_models"),
    ),
    FigureSpec(
        "seeds",
        "How far the loss of every seed lies above the lowest of its density, seeds in order "
        "of loss; dots mark the chosen models, the dashed line 1 %.",
        draw_seeds,
        ("models",),
    ),
)
