"""Loss landscapes: the surface over two weights, and the losses of rival minima along a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tegum.dims import DENSITY
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import across
from tegum.plots._panels import Panel, panel_column, split
from tegum.plots._place import Place
from tegum.plots._sources import require, require_one

if TYPE_CHECKING:
    import pandas as pd

#: Inches: panels are set in fewer columns before they are narrower.
_NARROWEST: Final = 1.2
#: Losses relative to the lowest, at which a surface has contours.
LEVELS: Final = (1.1, 1.5, *(2.0**k for k in range(1, 12)))


@style.styled
def loss_surface(
    data: pd.DataFrame,
    minima: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """The loss over two weights, relative to its lowest value in the panel, log scale.

    Lines are contours at 1.1, 1.5, 2, 4, 8, … times the lowest loss. Of the minima, the lowest of
    a panel are dots and the others rings.

    Args:
        data: columns `w1`, `w2`, `loss`, a full grid in each panel.
        minima: columns `w1`, `w2`, `loss`, and the panel column if there is one.
        by: the panel column: by default `panel`, else `feature_probability`.
        columns: panels in a row; by default at most 3.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a panel is no full grid, or a loss is not > 0.

    Source: "Comments & Replications: Tom McGrath".
    """
    owner = "loss_surface"
    canvas = Canvas(owner, place)
    require(owner, data, ["w1", "w2", "loss"])
    parts = split(owner, data, by, ["w2", "w1"])
    column = panel_column(owner, data, by)
    if minima is not None:
        require(owner, minima, ["w1", "w2", "loss", *([column] if column else [])])
    wide = across(len(parts), columns, 3)
    if canvas.width is not None:
        wide = max(1, min(wide, int((canvas.width - 1.2) / _NARROWEST)))
    deep = -(-len(parts) // wide)
    size = (2.5 * wide + 1.2, 2.65 * deep)
    if canvas.given:
        wide, deep = len(parts), 1
    grid = canvas.subplots(size, deep, wide, square=True, sharex=True, sharey=True)
    for axes in grid[len(parts) :]:
        axes.set_visible(False)
    for k, (part, axes) in enumerate(zip(parts, grid, strict=False)):
        _draw_surface(axes, part)
        if minima is not None:
            _draw_minima(axes, minima if column is None else minima[minima[column] == part.key])
        if k + wide >= len(parts):
            axes.set_xlabel("$w_1$")
            axes.tick_params(labelbottom=True)
        if k % wide == 0:
            axes.set_ylabel("$w_2$", labelpad=0)
    _relative_bar(canvas, grid)
    return canvas.figure


def _relative_bar(canvas: Canvas, grid: list[Axes]) -> None:
    """The scale of all panels, beside them."""
    surface = grid[0].collections[0]
    bar = canvas.figure.colorbar(surface, ax=grid, extend="max", aspect=30, extendfrac=0.03)
    bar.set_label("loss / lowest loss")
    bar.outline.set_linewidth(0.5)
    bar.set_ticks([1, 3, 10, 30, 100], labels=["1", "3", "10", "30", "100"])
    bar.ax.yaxis.set_minor_locator(NullLocator())


def _draw_surface(axes: Axes, part: Panel) -> None:
    """Colours, contours and title."""
    w1, w2 = (np.unique(part.rows[name].to_numpy()) for name in ("w1", "w2"))
    if len(part.rows) != w1.size * w2.size or min(w1.size, w2.size) < 2:
        rule = f"must be a full grid in the panel {part.title!r}"
        raise SpecError.of("loss_surface", "table", rule, (w1.size, w2.size, len(part.rows)))
    loss = part.rows["loss"].to_numpy(dtype=float).reshape(w2.size, w1.size)
    lowest = float(loss.min())
    if not lowest > 0:
        raise SpecError.of("loss_surface", "table", "must have losses > 0", lowest)
    axes.pcolormesh(
        w1,
        w2,
        loss / lowest,
        cmap="Greys",
        norm=LogNorm(1.0, 100.0),
        shading="nearest",
        rasterized=True,
    )
    axes.contour(w1, w2, loss / lowest, levels=LEVELS, colors=style.BLUE, linewidths=0.6)
    axes.axhline(0, color=style.GREY, lw=0.5)
    axes.axvline(0, color=style.GREY, lw=0.5)
    axes.set_aspect("equal")
    axes.set_title(part.title, pad=5)


def _draw_minima(axes: Axes, minima: pd.DataFrame) -> None:
    """Dots for the lowest of the minima and those equal to it, rings for the others."""
    if minima.empty:
        return
    best = minima["loss"] <= minima["loss"].min() * (1 + 1e-9)
    for rows, fill, size in ((minima[~best], "white", 5), (minima[best], style.VERMILION, 6)):
        axes.plot(
            rows["w1"], rows["w2"], "o", ms=size, mfc=fill, mec=style.VERMILION, mew=1.4, zorder=3
        )


@style.styled
def crossing(
    data: pd.DataFrame, *, at: str, label: str | None = None, **place: Unpack[Place]
) -> Figure:
    """Losses of several branches along a line, and below the slope of each.

    The branch that is lowest at a place is drawn strong: together these are the optimal loss,
    which is continuous, and its slope, which jumps where branches change.

    Args:
        data: columns `at`, `branch`, `loss`, `slope`; NaN where a branch does not exist.
        at: the column along the x axis.
        label: what is written at the x axis; by default the column's name, 1−S for
            `feature_probability`.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a place occurs twice in a branch.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    canvas = Canvas("crossing", place)
    require("crossing", data, [at, "branch", "loss", "slope"])
    if data.duplicated([at, "branch"]).any():
        require_one("crossing", data, [at, "branch"])
    wins = data["loss"].to_numpy() <= data.groupby(at)["loss"].transform("min").to_numpy()
    top, bottom = canvas.subplots((5.8, 4.4), 2, sharex=True)
    colours = style.cycle()
    for k, (name, rows) in enumerate(data.assign(wins=wins).groupby("branch", sort=False)):
        rows = rows.sort_values(at)
        colour = colours[k % len(colours)]
        for axes, column in ((top, "loss"), (bottom, "slope")):
            axes.plot(rows[at], rows[column], color=colour, lw=1.0, ls=(0, (4, 2)))
            shown = rows[column].where(rows["wins"])
            axes.plot(rows[at], shown, color=colour, lw=2.6, solid_capstyle="butt", label=str(name))
    words = label if label is not None else ("1−S" if at == DENSITY else at)
    top.set_ylabel("loss")
    bottom.set(ylabel="slope of the loss", xlabel=words)
    canvas.legend(top)
    return canvas.figure
