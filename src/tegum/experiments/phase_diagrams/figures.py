"""Figures of the diagrams of trained models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.phase_figures import two_maps
from tegum.experiments._shared.phase_plane import RATIO
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.phase_diagrams.measure import FOUND, MODELS

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw_two(tables: Tables) -> Figure:
    """Two features in one dimension."""
    return _draw(tables["two"], tables["boundaries"], 2)


def draw_three(tables: Tables) -> Figure:
    """Three features in two dimensions."""
    return _draw(tables["three"], tables["boundaries_three"], 3)


def _draw(cells: pd.DataFrame, lines: pd.DataFrame, n: int) -> Figure:
    import pandas as pd

    rules = {f"lowest loss of {MODELS[n]}": "", "average without the worst": "_mean"}
    panels = []
    for title, end in {**rules, "optimum": "_truth"}.items():
        columns = {name: cells[f"{name}{end}"] for name in ("norm", "superposition")}
        panels.append(cells[[RATIO, DENSITY]].assign(**columns, panel=title))
    return plots.phase_map(pd.concat(panels), lines)


def draw_found(tables: Tables) -> Figure:
    """The part of the models that come near the optimum, cell by cell."""
    two, three = (
        tables[name].assign(found=100 * tables[name]["found"]) for name in ("two", "three")
    )
    words = f"models within {FOUND:.0%} of the optimum, %"
    return two_maps(two, three, "found", label=words, most=100)


_LINES = "Lines: where the candidates of the theory lose alike."

FIGURES = (
    FigureSpec(
        "two",
        "The extra one of two features in one dimension, in trained models. White: not "
        "represented; blue: a dimension to itself; orange: in superposition. Left: the model "
        "of lowest loss; middle: lengths and superposition averaged over all models but that "
        f"of highest loss, the paper's rule; right: the optimum. {_LINES}",
        draw_two,
        ("two", "boundaries"),
    ),
    FigureSpec(
        "three",
        f"The same for the extra one of three features in two dimensions. {_LINES}",
        draw_three,
        ("three", "boundaries_three"),
    ),
    FigureSpec(
        "found",
        "The part of the trained models whose loss is within 5 % of the optimum: nearly all "
        "where features are dense; in superposition half, and fewer, near equal importance, "
        "and where three features leave a choice of pairs.",
        draw_found,
        ("two", "three"),
    ),
)
