"""Sets of features in the plane, a colour per set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from tegum.analysis.figure_tables import set_table
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._panels import Panel, grid_places, split
from tegum.plots._sources import require, table_of, with_hidden

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Colours of the sets, in order of their numbers.
COLOURS: Final = (style.VERMILION, style.BLUE, style.GREEN, style.ORANGE, style.PURPLE, style.SKY)
#: Features closer than this are one dot with a ring around it.
SAME: Final = 0.04

_SIDE, _GAP, _TITLE, _EDGE, _HEAD = 1.45, 0.14, 0.2, 0.08, 0.26


@style.styled
def sets_2d(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    rows: str | None = None,
    columns: int = 6,
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
        columns: panels in a row.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a panel has two rows for one feature, or a set is no whole
            number >= 0.

    Source: "Organization of Correlated and Anticorrelated Features".
    """
    with_hidden("sets_2d", data, 2, "features_3d, norms or gram")
    data = table_of("sets_2d", data, set_table)
    require("sets_2d", data, ["feature", "set", "w0", "w1", *([rows] if rows else [])])
    groups = _groups(data, by, rows)
    reach = 1.08 * max(1.0, float(np.nanmax(np.hypot(data["w0"], data["w1"]), initial=0.0)))
    lines = 1 + max(part.title.count("\n") for _, parts in groups for part in parts)
    title = _TITLE + 0.15 * (lines - 1)
    heights, widest = [], 1
    for heading, parts in groups:
        deep = 1 + list(grid_places(len(parts), columns))[-1][0]
        widest = max(widest, min(columns, len(parts)))
        heights.append((_HEAD if heading else 0.0) + deep * (_SIDE + title) + (deep - 1) * _GAP)
    width = 2 * _EDGE + widest * _SIDE + (widest - 1) * _GAP
    figure = Figure(figsize=(width, 2 * _EDGE + sum(heights) + _GAP * (len(heights) - 1)))
    top = _EDGE
    for (heading, parts), height in zip(groups, heights, strict=True):
        below = top + (_HEAD if heading else 0.0)
        if heading:
            full = figure.get_figheight()
            words: dict[str, Any] = {"fontsize": style.TEXT + 1, "fontweight": "bold"}
            figure.text(_EDGE / width, 1 - (top + 0.06) / full, heading, va="top", **words)
        for part, (row, column) in zip(parts, grid_places(len(parts), columns), strict=True):
            down = below + title + row * (_SIDE + title + _GAP)
            axes = style.place(figure, _EDGE + column * (_SIDE + _GAP), down, _SIDE, _SIDE)
            draw_sets(axes, part.rows, reach)
            axes.set_title(part.title, pad=1, fontsize=style.SMALL, linespacing=1.25)
        top += height + _GAP
    return figure


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
    axes.add_patch(Circle((0, 0), 1, fill=False, ec=style.FAINT, lw=0.6, ls=(0, (4, 3)), zorder=0))
    for number in rows["set"].unique().tolist():
        if not (isinstance(number, int | float) and number >= 0 and number % 1 == 0):
            raise SpecError.of("sets_2d", "table", "must have whole numbers >= 0 as set", number)
    for number in np.unique(rows["set"].to_numpy()).tolist():
        part, colour = rows[rows["set"] == number], COLOURS[int(number) % len(COLOURS)]
        points = part[["w0", "w1"]].to_numpy(dtype=float)
        for x, y in points:
            axes.plot([0, x], [0, y], color=colour, lw=1.8, solid_capstyle="round")
        for x, y in points:
            axes.plot(x, y, "o", ms=size, mfc=colour, mec="white", mew=0.7, zorder=3)
        apart = np.linalg.norm(points[:, None] - points, axis=-1)
        if len(points) > 1 and apart.max() < SAME:
            x, y = points.mean(0)
            ring: dict[str, Any] = {"ms": 1.8 * size, "mfc": "none", "mec": colour, "mew": 1.4}
            axes.plot(x, y, "o", zorder=2, clip_on=False, **ring)
