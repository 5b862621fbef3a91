"""Figures of fractional dimensions and leverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.fractional_dimensions.claims import means
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.styled
def draw_on_lines(tables: Tables) -> Figure:
    """The part of the features on lines, by competing features and by length of training."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, by, words in (
        (panels[0], "pressure", "n_features", "features that compete, n"),
        (panels[1], "lengths", "steps", "steps of training"),
    ):
        found = means(tables[name], by)
        densities = sorted(found.index.unique(0), reverse=True)
        for k, p in enumerate(densities):
            own = found.loc[p]
            axes.errorbar(own.index, 100 * own["mean"], 100 * own["error"], marker="o", ms=4,
                          capsize=2, color=style.CYCLE[k], label=f"1−S = {p:g}")  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_xticks(found.index.unique(1), [f"{x:g}" for x in found.index.unique(1)])
        axes.minorticks_off()
        axes.set_xlabel(words)
    panels[0].set_ylim(0, 102)
    panels[0].set_ylabel("features on a fraction, %")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return figure


@style.styled
def draw_leverage(tables: Tables) -> Figure:
    """D_i over τ_i of represented features."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.8, 3.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=style.FAINT, zorder=style.BEHIND)
    for k, (p, rows) in enumerate(tables["shares"].groupby(DENSITY, sort=False)):
        axes.scatter(rows["tau"], rows["D"], s=9, alpha=0.6, lw=0, color=style.CYCLE[k],
                     label=f"1−S = {float(str(p)):g}")  # fmt: skip
    both = tables["shares"][["tau", "D"]].to_numpy()
    axes.set(xlabel="leverage τ", ylabel="dimensionality D")
    axes.set(
        xlim=(both.min() - 0.02, both.max() + 0.02), ylim=(both.min() - 0.02, both.max() + 0.02)
    )
    axes.legend(loc="upper left")
    return figure


FIGURES = (
    FigureSpec(
        "on-lines",
        "How many represented features have a dimensionality within 0.01 of that of a polytope "
        "(3/4, 2/3, 1/2, 2/5 or 3/8), m = 8: by the number of features that compete (left) and, "
        "of 96, by the length of training (right). Means over six seeds (two in a quick run) with "
        "standard errors.",
        draw_on_lines,
        ("pressure", "lengths"),
    ),
    FigureSpec(
        "leverage-and-dimensionality",
        "Represented features of the models of lowest loss, all numbers of features together: "
        "dimensionality is at most leverage, and nearly equal to it.",
        draw_leverage,
        ("shares",),
    ),
)
