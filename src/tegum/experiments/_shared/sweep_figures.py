"""Figures of sweeps over sparsity, from their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sweeps import MATCH
from tegum.experiments.base import Tables
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

#: Losses closer than this to the lowest are drawn at it.
_FLOOR: Final = 1e-5


def with_panels(table: pd.DataFrame, model: str = "") -> pd.DataFrame:
    """The table with a column `panel`: `model` and 1−S in words, dense first."""
    ordered = table.sort_values(DENSITY, ascending=False, kind="stable")
    return ordered.assign(panel=[f"{model}1−S = {p:g}" for p in ordered[DENSITY]])


def draw_counts(tables: Tables) -> Figure:
    """Represented and dedicated features over 1/(1−S), with the packing's as diamonds."""
    return plots.counts(tables["models"], tables["packing"])


@style.styled
def draw_seeds(tables: Tables) -> Figure:
    """The losses of all seeds over the lowest of their density, sorted; a line per density."""
    from matplotlib.figure import Figure

    models = tables["models"]
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
    axes.axhline(MATCH, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    axes.set(yscale="log", xlim=(0, 1), xlabel="part of the seeds, lowest loss first")
    axes.set_ylabel("loss above the lowest, relative")
    axes.set_ylim(_FLOOR / 1.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), borderaxespad=0.2)
    return figure
