"""Sets of features in the plane, a colour per set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from tegum.analysis.figure_tables import set_table
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room, across
from tegum.plots._panels import Panel, split
from tegum.plots._place import Place
from tegum.plots._sources import require, table_of, with_hidden

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Colours of the sets, in order of their numbers.
COLOURS: Final = (style.VERMILION, style.BLUE, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)
#: Features closer than this are one dot with a ring around it.
SAME: Final = 0.04

_SIDE, _GAP, _TITLE, _EDGE, _HEAD = 1.45, 0.14, 0.2, 0.08, 0.26
#: Inches: panels are set in fewer columns before they are narrower.
_LEAST: Final = 0.8


@style.styled
def sets_2d(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    rows: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """Each feature as a line from the origin to W_i in the colour of its set, a panel per model.

    The circle has radius 1. A set whose features all point to one place is a dot with a ring, as
    in the paper.

    Args:
        data: columns `feature`, `set` (whole numbers), `w0`, `w1`; or a Dataset with two hidden
            dimensions and one model per panel, whose sets are the blocks of its problem.
        by: the column that tells the panels apart: by default `panel`, the words above it, which
            may stand on two lines, else `feature_probability` from dense to sparse.
        rows: the column whose values head the groups of panels; one group without.
        columns: panels in a row; by default at most 6.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a panel has two rows for one feature, or a set is no whole
            number >= 0.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    canvas = Canvas("sets_2d", place)
    with_hidden("sets_2d", data, 2, "features_3d, norms or gram")
    data = table_of("sets_2d", data, set_table)
    require("sets_2d", data, ["feature", "set", "w0", "w1", *([rows] if rows else [])])
    groups = _groups(data, by, rows)
    reach = 1.08 * max(1.0, float(np.nanmax(np.hypot(data["w0"], data["w1"]), initial=0.0)))
    lines = 1 + max(part.title.count("\n") for _, parts in groups for part in parts)
    title = (_TITLE + 0.15 * (lines - 1)) * style.grown("legend.fontsize")
    head = _HEAD * style.grown("font.size") if rows else 0.0
    side, across = _shape(canvas, [len(parts) for _, parts in groups], columns, title, head)
    top = _EDGE
    for heading, parts in groups:
        if heading and not canvas.given:
            canvas.words(_EDGE, top + 0.06, heading, size=style.points("font.size") + 1)
        places = [divmod(k, across) for k in range(len(parts))]
        for part, (row, column) in zip(parts, places, strict=True):
            down = top + head + title + row * (side + title + _GAP)
            axes = canvas.panel(_EDGE + column * (side + _GAP), down, side, side)
            draw_sets(axes, part.rows, reach)
            look = {"pad": 1, "fontsize": style.small(), "linespacing": 1.25}
            canvas.title(axes, part.title, side + _GAP, **look)
        top += head + (1 + places[-1][0]) * (side + title + _GAP)
    return canvas.figure


def _shape(
    canvas: Canvas, counts: list[int], columns: int | None, title: float, head: float
) -> tuple[float, int]:
    """The figure for groups of so many panels: the side of a panel, and how many are in a row."""
    if len(counts) == 1:
        gap, rest = (_GAP, title + _GAP), (2 * _EDGE - _GAP, 2 * _EDGE + head - _GAP)
        room = Room(cell=(_SIDE, _SIDE), gap=gap, rest=rest)
        cells = canvas.cells(counts[0], columns, room, 6)
        return _SIDE * cells.scale, cells.columns
    wide = across(max(counts), columns, 6)
    if canvas.given:
        canvas.take(sum(counts))
        return _SIDE, wide
    free = (canvas.width or np.inf) - 2 * _EDGE + _GAP
    while wide > 1 and free / wide - _GAP < _LEAST:
        wide -= 1
    deep = sum(-(-count // wide) for count in counts)
    side = min(_SIDE if canvas.width is None else 2 * _SIDE, free / wide - _GAP)
    if canvas.height is not None:
        high = canvas.height - 2 * _EDGE - head * len(counts)
        side = max(_LEAST / 3, min(side, (high + _GAP) / deep - title - _GAP))
    width = 2 * _EDGE - _GAP + wide * (side + _GAP)
    canvas.sheet(width, 2 * _EDGE - _GAP + deep * (side + title + _GAP) + head * len(counts))
    return side, wide


def _groups(data: pd.DataFrame, by: str | None, rows: str | None) -> list[tuple[str, list[Panel]]]:
    """Headings with their panels, in order of appearance."""
    if rows is None:
        return [("", split("sets_2d", data, by, ["feature"]))]
    return [
        (str(heading), split("sets_2d", part, by, ["feature"]))
        for heading, part in data.groupby(rows, sort=False)
    ]


def draw_sets(axes: Axes, rows: pd.DataFrame, reach: float, size: float = 6.5) -> None:
    """One model into its axes: columns `set`, `w0`, `w1`."""
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    faint: dict[str, Any] = {"color": style.FAINT, "lw": 0.6, "zorder": 0}
    axes.axhline(0, **faint)
    axes.axvline(0, **faint)
    axes.add_patch(
        Circle((0, 0), 1, fill=False, ec=style.FAINT, lw=0.6, ls=(0, (4, 3)), zorder=style.BEHIND)
    )
    for number in rows["set"].unique().tolist():
        if not (isinstance(number, int | float) and number >= 0 and number % 1 == 0):
            raise SpecError.of("sets_2d", "table", "must have whole numbers >= 0 as set", number)
    for number in np.unique(rows["set"].to_numpy()).tolist():
        part, colour = rows[rows["set"] == number], COLOURS[int(number) % len(COLOURS)]
        points = part[["w0", "w1"]].to_numpy(dtype=float)
        for x, y in points:
            axes.plot([0, x], [0, y], color=colour, lw=1.8, solid_capstyle="round")
        for x, y in points:
            axes.plot(x, y, "o", ms=size, mfc=colour, mec=style.paper(), mew=0.7, zorder=3)
        apart = np.linalg.norm(points[:, None] - points, axis=-1)
        if len(points) > 1 and apart.max() < SAME:
            x, y = points.mean(0)
            ring: dict[str, Any] = {"ms": 1.8 * size, "mfc": "none", "mec": colour, "mew": 1.4}
            axes.plot(x, y, "o", zorder=2, clip_on=False, **ring)
