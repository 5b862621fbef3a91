"""Figures of uniform superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum import plots
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.uniform_geometry.claims import HALF
from tegum.experiments.uniform_geometry.claims_15_scatter import best_long
from tegum.experiments.uniform_geometry.training import DENSE, PAIRED
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_curve(tables: Tables) -> Figure:
    """D* over sparsity."""
    return plots.dimensions_per_feature(tables["models"], tolerance=HALF)


def draw_scatter(tables: Tables) -> Figure:
    """D_i of every feature, with D*: the sweep, then the long runs."""
    import pandas as pd

    features, curves = [], []
    for name, models, own in (
        ("sweep", tables["models"], tables["features"]),
        ("long runs", tables["long_models"], best_long(tables)),
    ):
        size = models[["n_features", "n_hidden"]].iloc[0]
        panel = f"{name}: n = {size['n_features']}, m = {size['n_hidden']}"
        features.append(own.assign(panel=panel))
        curves.append(best_rows(models, "level").assign(panel=panel))
    return plots.dimensionality(pd.concat(features), pd.concat(curves))


def draw_graphs(tables: Tables) -> Figure:
    """Feature graphs, dense to sparse."""
    return plots.feature_graphs(tables["nodes"].sort_values("level"), tables["links"])


_CHOSEN = (
    "Shown is the model of lowest loss of 2 at each level, of 4 in the long runs; fewer, and "
    "smaller ones, in a quick run."
)
_TRAINED = (
    f"Models of 1/(1−S) from {DENSE:g} to {PAIRED:g} are led from pairs: each is "
    "trained on from the next sparser one. All others are trained from scratch."
)
_SETTLED = (
    "Long runs are trained from scratch; the best of them is then moved to the nearest minimum of "
    "the expected loss, but in a quick run."
)

FIGURES = (
    FigureSpec(
        "dimensions-per-feature",
        "D* = m/‖W‖², the dimensions per feature, over sparsity. Orange: levels in a row that "
        "stick to 1 (no superposition, an arbitrary subspace) and to 1/2 (antipodal pairs). "
        f"Large dots and line: the model of lowest loss; small dots: all seeds. {_TRAINED} "
        f"{_CHOSEN}",
        draw_curve,
        ("models",),
    ),
    FigureSpec(
        "dimensionality",
        "The dimensionality D_i of every feature, and D* (line). The features of a model "
        "stand side by side, by falling D_i, in the colour of the polytope that they are "
        "a vertex of, by the shape of their tegum factor and not by D_i. Dashed: the D of "
        "regular polytopes. Black: of none of the named polytopes; grey: of no known polytope; "
        "light blue: linked to no other represented feature. Dense features have tiny shares "
        "each; then come tetrahedra and triangles, best seen "
        f"in the long runs, digons, pentagons and square antiprisms. {_TRAINED} {_SETTLED} "
        f"{_CHOSEN}",
        draw_scatter,
        ("features", "models", "long_features", "long_models"),
    ),
    FigureSpec(
        "feature-graphs",
        "Represented features as points, W_i·W_j as lines (the stronger, the darker) within "
        "tegum factors: features whose |cos| exceeds 0.15, and those they reach by such links. "
        "Where factors are orthogonal to one another, a model is the tegum product of its "
        f"parts. {_SETTLED} {_CHOSEN}",
        draw_graphs,
        ("nodes", "links"),
    ),
)
