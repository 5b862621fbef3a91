"""Figures of polytopes and low-rank matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def draw_features(tables: Tables) -> Figure:
    """Three features in the plane."""
    return plots.features_2d(tables["features"], columns=3)


@style.styled
def draw_crossing(tables: Tables) -> Figure:
    """Both arrangements of three features: loss over (1−S)², and the slope of the loss."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True)
    rows = tables["curves"]
    wins = rows["loss"] <= rows.groupby(DENSITY)["loss"].transform("min")
    switches = tables["switches"].query("n_features == 3")[DENSITY]
    rows = _with_switches(rows.assign(wins=wins), switches.tolist())
    rows = rows.assign(scaled=rows["loss"] / rows[DENSITY] ** 2)
    for k, (name, part) in enumerate(rows.groupby("branch", sort=False)):
        colour = style.CYCLE[k]
        for axes, column in zip(panels, ("scaled", "slope"), strict=True):
            axes.plot(part[DENSITY], part[column], color=colour, lw=1.0, ls=(0, (4, 2)))
            shown = part[column].where(part["wins"])
            axes.plot(part[DENSITY], shown, color=colour, lw=2.6, label=str(name))
    for at in switches:
        for axes in panels:
            axes.axvline(at, color=style.GREY, lw=0.8, zorder=style.BEHIND)
        words = f"losses cross at 1−S = {at:.3f}"
        panels[0].annotate(words, (at, 0.97), (6, 0), xycoords=("data", "axes fraction"),
                           textcoords="offset points", va="top", fontsize=style.SMALL)  # fmt: skip
    panels[0].set_ylabel("loss / (1−S)²")
    panels[1].set(ylabel="∂ loss / ∂(1−S)", xlabel="1−S   (three equal features, m = 2)")
    panels[0].legend(loc="lower left")
    return figure


def _with_switches(rows: pd.DataFrame, switches: list[float]) -> pd.DataFrame:
    """Both curves also where they cross, between two densities, and each the lowest there."""
    import pandas as pd

    parts = []
    for name, part in rows.dropna(subset=["loss"]).groupby("branch", sort=False):
        between = {c: np.interp(switches, part[DENSITY], part[c]) for c in ("loss", "slope")}
        met = pd.DataFrame({DENSITY: switches, **between}).assign(branch=name, wins=True)
        parts.append(pd.concat([part, met]).sort_values(DENSITY))
    return pd.concat(parts, ignore_index=True)


@style.styled
def draw_left_out(tables: Tables) -> Figure:
    """What the best models leave out, over the density."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.5), layout="constrained")
    axes = figure.add_subplot()
    for k, (n, rows) in enumerate(tables["fits"].groupby("n_features")):
        colour, pair = style.CYCLE[k % len(style.CYCLE)], np.sqrt(2 / float(str(n)))
        axes.plot(rows[DENSITY], rows["along"], "o", ms=5, color=colour, label=f"n = {n}")
        for at in tables["switches"].loc[tables["switches"]["n_features"] == n, DENSITY]:
            axes.plot([0, at, at, 1], [pair, pair, 1, 1], color=colour, lw=1.0, zorder=style.BEHIND)
    axes.set(xlim=(0, 1), ylim=(0.5, 1.04), xlabel="1−S")
    axes.set_ylabel("|cos| of what is left out\nwith (1, …, 1)")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


_CHOSEN = "the lowest of 32 to 256 exact minima from random starts (fewer sizes in a quick run)"

FIGURES = (
    FigureSpec(
        "features",
        "Three features in two dimensions. The basis vectors projected orthogonally to (1, 1, 1) "
        "make a triangle; so does the best model of dense features, somewhat longer. The best "
        "model of sparse ones does not: it leaves out (1, 1, 0), an antipodal pair and a feature "
        f"alone. The dashed circle has radius 1. Models: {_CHOSEN}.",
        draw_features,
        ("features",),
    ),
    FigureSpec(
        "crossing",
        "Above: exact losses of both arrangements of three features, followed over the density, "
        "in units of (1−S)². Which one is the lower (strong; the other is dashed) changes where "
        "they cross: sparser features are better off in a pair with one alone, which remains a "
        "minimum only a little beyond. Below: the slope of the loss itself, which jumps there.",
        draw_crossing,
        ("curves", "switches"),
    ),
    FigureSpec(
        "left-out",
        "How far the one direction that n features leave out of n − 1 dimensions is along "
        "(1, …, 1). Dense: it is that direction, and the features form a simplex. Sparse: two "
        "features share a dimension, √(2/n). Lines: one or the other, with the change where the "
        f"exact losses cross. Dots, one on another where they are equal: {_CHOSEN}.",
        draw_left_out,
        ("fits", "switches"),
    ),
)
