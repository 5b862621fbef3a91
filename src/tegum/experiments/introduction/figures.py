"""Figures of the experiment `introduction`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sweep_figures import draw_seeds
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.introduction.claims import DENSE, MIDDLE, SPARSE
from tegum.experiments.introduction.measure import RECIPES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_features(tables: Tables) -> Figure:
    """The three panels of the paper."""
    shown = tables["features"]
    return plots.features_2d(shown[shown[DENSITY].isin((DENSE, MIDDLE, SPARSE))], columns=3)


def draw_stages(tables: Tables) -> Figure:
    """All densities."""
    return plots.features_2d(tables["features"], columns=len(RECIPES))


_CHOSEN: Final = (
    "At each density the model of lowest expected loss is shown, of 32 seeds for 1−S = 1 and of "
    "64 for the others (fewer in a quick run)."
)

FIGURES: Final = (
    FigureSpec(
        "features",
        "Each line is the direction of a feature in the plane of the two hidden dimensions; "
        "the dashed circle has radius 1. Dense features: the two most important ones at right "
        f"angles. Sparser: four in two antipodal pairs, then all five in a pentagon. {_CHOSEN}",
        draw_features,
        ("features",),
    ),
    FigureSpec(
        "stages",
        "The same at all densities that were measured: pairs already at 1−S = 0.3, and the "
        f"pentagon still at 0.03. {_CHOSEN}",
        draw_stages,
        ("features",),
    ),
    FigureSpec(
        "seeds",
        "How far the loss of every seed lies above the lowest of its density, seeds in order "
        "of loss; dots mark the chosen models (drawn at the bottom: nothing above the lowest), "
        "the dashed line 1 %. Under it a seed has found the best model, or its mirror image.",
        draw_seeds,
        ("models",),
    ),
)
