"""Feature directions in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._panels import Panel, grid_places, split
from tegum.plots._sources import require, table_of, with_hidden
from tegum.runs.tables import feature_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SIDE, _GAP, _TITLE, _EDGE, _BAR = 1.75, 0.22, 0.34, 0.08, 1.0


@style.styled
def features_2d(
    data: pd.DataFrame | xr.Dataset, *, by: str | None = None, columns: int = 5
) -> Figure:
    """Each feature as a line from the origin to W_i, a panel per model.

    Colour is importance, light for the most important; the circle has radius 1.

    Args:
        data: columns `feature`, `w0`, `w1`, optionally `importance`; or a Dataset with two
            hidden dimensions and one model per panel.
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, there is a third dimension, or a panel has two rows for
            one feature.

    Source: "Introduction".
    """
    with_hidden("features_2d", data, 2, "features_3d, norms or gram")
    table = table_of("features_2d", data, feature_table)
    require("features_2d", table, ["feature", "w0", "w1"])
    if "w2" in table.columns:
        rule = "must have two dimensions, w0 and w1: see features_3d"
        raise SpecError.of("features_2d", "table", rule, list(table))
    parts = split("features_2d", table, by, ["feature"])
    length = np.asarray(np.hypot(table["w0"], table["w1"]))
    reach = 1.06 * max(1.0, float(np.nanmax(length, initial=0.0)))
    scale = _importance_scale(table)
    places = list(grid_places(len(parts), columns))
    n_rows, n_columns = places[-1][0] + 1, min(len(parts), columns)
    width = 2 * _EDGE + n_columns * _SIDE + (n_columns - 1) * _GAP + (_BAR if scale else 0)
    height = 2 * _EDGE + n_rows * (_SIDE + _TITLE) + (n_rows - 1) * _GAP
    figure = Figure(figsize=(width, height))
    for part, (row, column) in zip(parts, places, strict=True):
        top = _EDGE + _TITLE + row * (_SIDE + _TITLE + _GAP)
        axes = style.place(figure, _EDGE + column * (_SIDE + _GAP), top, _SIDE, _SIDE)
        _draw(axes, part, reach, scale)
    if scale:
        left = _EDGE + n_columns * (_SIDE + _GAP)
        bar = style.place(figure, left, _EDGE + _TITLE + 0.15 * _SIDE, 0.11, 0.7 * _SIDE)
        style.colour_bar(bar, style.IMPORTANCE, scale, "importance")
    return figure


def _importance_scale(table: pd.DataFrame) -> Normalize | None:
    """The range of importances, or None when they are unknown or all the same."""
    if "importance" not in table.columns:
        return None
    low, high = float(table["importance"].min()), float(table["importance"].max())
    return Normalize(low, high) if high > low else None


def _draw(axes: Axes, part: Panel, reach: float, scale: Normalize | None) -> None:
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.set_title(part.title, pad=6)
    axes.spines[:].set_visible(False)
    axes.axhline(0, color=style.FAINT, lw=0.6, zorder=0)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=0)
    axes.add_patch(Circle((0, 0), 1, fill=False, ec=style.FAINT, lw=0.6, ls=(0, (4, 3)), zorder=0))
    # The most important are drawn last, so that they lie on top.
    rows = part.rows.sort_values("importance") if scale else part.rows[::-1]
    importance = rows["importance"] if scale else np.zeros(len(rows))
    for x, y, weight in zip(rows["w0"], rows["w1"], importance, strict=True):
        colour = style.IMPORTANCE(scale(weight)) if scale else style.BLUE
        axes.plot([0, x], [0, y], color=colour, lw=2.0, solid_capstyle="round")
        axes.plot(x, y, "o", ms=6, mfc=colour, mec="white", mew=0.8)
