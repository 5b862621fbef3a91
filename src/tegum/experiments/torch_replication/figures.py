"""Figures of the replication by PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.dims import DENSITY, SEED
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.torch_replication.claims import late_jumps
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def _blank(figure: Figure, rows: pd.DataFrame) -> bool:
    """Whether there is nothing to draw, which the figure then says."""
    if not len(rows):
        words = "nothing was trained: that needs PyTorch and a full run"
        figure.text(0.5, 0.5, words, ha="center", va="center", color=style.GREY)
    return not len(rows)


@style.styled
def draw_counts(tables: Tables) -> Figure:
    """Represented and dedicated features over 1/(1−S)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.0), layout="constrained")
    rows = tables["basic"]
    if _blank(figure, rows):
        return figure
    axes = figure.add_subplot()
    chosen = rows[rows["chosen"].astype(bool)].sort_values(DENSITY)
    for column, colour in (("represented", style.BLUE), ("dedicated", style.VERMILION)):
        axes.plot(1 / rows[DENSITY], rows[column], "o", ms=4, color=colour, alpha=0.25, mew=0)
        axes.plot(1 / chosen[DENSITY], chosen[column], "o-", ms=5, color=colour, label=column)
    density_axis(axes)
    axes.set(ylabel="features", ylim=(0, None))
    axes.legend(loc="upper left")
    return figure


@style.styled
def draw_polytopes(tables: Tables) -> Figure:
    """How many features are in factors of each shape."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    rows = tables["geometry"]
    if _blank(figure, rows):
        return figure
    panels = figure.subplots(1, 2)
    for axes, (level, own) in zip(panels, rows.groupby("level"), strict=True):
        size = own.groupby("shape")["size"].sum().sort_values()
        axes.barh(size.index, size.to_numpy(), color=style.BLUE)
        axes.set(title=f"1/(1−S) = {float(str(level)):g}", xlabel="features")
    return figure


@style.styled
def draw_traces(tables: Tables) -> Figure:
    """D_i over the steps of one seed: of the latest jump, or the first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.0), layout="constrained")
    rows = tables["levels"]
    if _blank(figure, rows):
        return figure
    late = late_jumps(tables)
    seed = late.sort_values("start")[SEED].iloc[-1] if len(late) else rows[SEED].min()
    axes = figure.add_subplot()
    wide = rows[rows[SEED] == seed].pivot(
        index="step", columns="feature", values="dimensionality"
    )  # fmt: skip
    axes.plot(wide.index, wide.to_numpy(float), color=style.BLUE, lw=0.8, alpha=0.6)
    for step in np.unique(late.loc[late[SEED] == seed, ["start", "end"]].to_numpy(float)):
        axes.axvline(step, color=style.VERMILION, lw=0.8, zorder=style.BEHIND)
    axes.set_xscale("log")
    axes.set(xlabel="step", ylabel="dimensionality D", ylim=(0, 1), title=f"seed {seed}")
    return figure


FIGURES = (
    FigureSpec(
        "counts",
        "Item 3 by the torch engine: represented features and those with a dimension to "
        "themselves, n = 20, m = 5; strong, the model of lowest expected loss of twelve.",
        draw_counts,
        ("basic",),
    ),
    FigureSpec(
        "polytopes",
        "Item 15 by the torch engine: features of the models of lowest loss (n = 60, m = 10, three "
        "seeds) by the shape of their tegum factor, on the plateau of digons and beyond it.",
        draw_polytopes,
        ("geometry",),
    ),
    FigureSpec(
        "traces",
        "Item 30 by the torch engine: the dimensionalities of 60 features in four dimensions over "
        "training, in the seed with the latest jump of eight. Upright lines: where a late jump "
        "begins and ends.",
        draw_traces,
        ("levels", "jumps"),
    ),
)
