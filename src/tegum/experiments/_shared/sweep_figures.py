"""Figures of sweeps over sparsity, from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sweeps import MATCH, lowest
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def with_panels(table: pd.DataFrame, model: str = "") -> pd.DataFrame:
    """The table with a column `panel`: `model` and 1−S in words, dense first."""
    ordered = table.sort_values(DENSITY, ascending=False, kind="stable")
    return ordered.assign(panel=[f"{model}1−S = {p:g}" for p in ordered[DENSITY]])


def composition(features: pd.DataFrame, pairs: pd.DataFrame) -> Figure:
    """G and b with norm bars below, a column per model, four in a row."""
    return plots.panels(features, pairs, by="panel", columns=4)


def counts(models: pd.DataFrame, theory: pd.DataFrame) -> Figure:
    """Represented and dedicated features over 1/(1−S), with the packing's as diamonds."""
    return plots.counts(models, theory)


@style.styled
def seeds(models: pd.DataFrame) -> Figure:
    """The losses of all seeds over the lowest of their density, sorted; a line per density."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    densities = sorted(models[DENSITY].unique(), reverse=True)
    for k, p in enumerate(densities):
        loss = np.sort(models.loc[models[DENSITY] == p, "loss"].dropna().to_numpy())
        part = (np.arange(len(loss)) + 1) / len(loss)
        colour = style.IMPORTANCE(1 - k / max(1, len(densities) - 1))
        excess = np.maximum(loss / loss[0] - 1, _FLOOR)
        label = f"1−S = {p:g}  (N = {len(loss)})"
        axes.plot(part, excess, color=colour, label=label)
        axes.plot(part[0], excess[0], "o", ms=6, color=colour, mec="white", clip_on=False)
    axes.axhline(MATCH, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set(yscale="log", xlim=(0, 1), xlabel="part of the seeds, lowest loss first")
    axes.set_ylabel("loss above the lowest, relative")
    axes.set_ylim(_FLOOR / 1.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderaxespad=0.2)
    return figure


@style.styled
def rescaled(models: pd.DataFrame, small: pd.DataFrame, hidden: tuple[int, int]) -> Figure:
    """Represented features per hidden dimension of the larger and the small model."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.4), layout="constrained")
    axes = figure.add_subplot()
    shown = ((models, hidden[0], style.BLUE, "o"), (small, hidden[1], style.VERMILION, "s"))
    for table, m, colour, marker in shown:
        best = lowest(table)
        ratio = best["represented"] / m
        axes.plot(1 / best[DENSITY], ratio, marker=marker, ms=5, color=colour, label=f"m = {m}")
        if table is small:
            low, high = (1 - RESCALED) * ratio, (1 + RESCALED) * ratio
            axes.fill_between(1 / best[DENSITY], low, high, color=colour, alpha=0.15, lw=0)
    density_axis(axes)
    axes.set(ylim=(0, None), ylabel="represented features per dimension")
    axes.legend(loc="upper left")
    return figure


#: Losses closer than this to the lowest are drawn at it.
_FLOOR = 1e-5
#: Represented features per dimension agree when they are this close, relatively.
RESCALED = 0.15
