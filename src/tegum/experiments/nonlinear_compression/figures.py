"""Figures of nonlinear compression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.nonlinear_compression.staircase import LINEAR, PLACEMENTS
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.styled
def draw_code(tables: Tables) -> Figure:
    """t over x, and what is read back of it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.0), layout="constrained")
    panels = figure.subplots(1, 3)
    for k, (y, rows) in enumerate(tables["code"].groupby("y")):
        for axes, column in zip(panels, ("t", "x_back", "y_back"), strict=True):
            axes.plot(rows["x"], rows[column], color=style.CYCLE[k], label=f"y = {float(str(y)):g}")
    panels[1].plot([0, 1], [0, 1], color=style.FAINT, zorder=style.BEHIND)
    for axes, words in zip(panels, ("code t", "x′", "y′"), strict=True):
        axes.set(xlabel="x", ylabel=words, xlim=(0, 1), ylim=(-0.03, 1.03))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return figure


@style.styled
def draw_losses(tables: Tables) -> Figure:
    """Exact losses as lines, sampled ones as points, over the width of the steps."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.2), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    for axes, placement in zip(panels, PLACEMENTS, strict=True):
        curves, points = (
            tables[name][tables[name]["placement"] == placement] for name in ("curves", "losses")
        )
        for k, (Z, rows) in enumerate(curves.groupby("Z")):
            colour = style.CYCLE[k]
            axes.plot(rows["width"], rows["exact"], color=colour, label=f"Z = {Z}")
            own = points[points["Z"] == Z]
            axes.plot(own["width"], own["sampled"], "o", ms=3.5, color=colour)
        axes.axhline(LINEAR, color=style.INK, lw=1, ls=(0, (4, 2)), label="linear, 1/12")
        axes.set(title=f"steps {placement}", xlabel="width ε of a step, in segments")
        axes.set(xlim=(-0.01, 0.41), ylim=(0, 0.2))
    panels[0].set_ylabel("loss of x and y")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center")
    return figure


@style.styled
def draw_paying(tables: Tables) -> Figure:
    """The widths at which the loss is 1/12, over Z."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.4, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for k, (placement, rows) in enumerate(tables["paying"].groupby("placement", sort=False)):
        rows = rows[rows["width"] < 1]
        if len(rows):
            axes.plot(rows["Z"], rows["width"], "o-", ms=4, color=style.CYCLE[k],
                      label=f"steps {placement}")  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.set(xlabel="segments Z", ylabel="widest step that pays, ε", ylim=(0, 0.3))
    axes.legend(loc="lower right")
    return figure


FIGURES = (
    FigureSpec(
        "code",
        "Two numbers in one, by a network of ten ReLUs (Z = 3, ε = 0.1, steps before the "
        "integers). Left: the code t climbs a stair in x, and y shifts it within its step. Middle "
        "and right: what is read back, the level of x and y itself; where the code is on a steep "
        "segment of the stair, or of the one that reads it, both are wrong.",
        draw_code,
        ("code",),
    ),
    FigureSpec(
        "losses-over-width",
        "What is lost, over the width of the steps: exactly (lines) and by samples of the networks "
        "(points). Dashed: a linear code, one of the numbers or their average. Steep steps lose "
        "1/(12Z²). Steps that rise before the integers stop paying at a quarter of a segment, "
        "sooner where the last segment ends in one, too; steps around the integers, which are "
        "wrong by half a level at most, pay at all widths shown.",
        draw_losses,
        ("curves", "losses"),
    ),
    FigureSpec(
        "paying",
        "The width at which the staircase loses as much as a linear code. Steps around the "
        "integers are not shown: they lose less up to whole segments.",
        draw_paying,
        ("paying",),
    ),
)
