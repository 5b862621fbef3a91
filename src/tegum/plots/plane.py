"""Feature directions in the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.typing import ColorType

from tegum.errors import SpecError
from tegum.plots import _colours, _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._panels import Panel, split
from tegum.plots._place import Place
from tegum.plots._sources import features_of, require, table_of, with_hidden

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SIDE, _GAP, _TITLE, _EDGE, _BAR = 1.75, 0.22, 0.34, 0.08, 1.0
#: Models of more features have no numbers at the tips, and no number stands nearer to the origin.
_NUMBERED: Final = 24
_SHORT: Final = 0.25
#: How far beyond its tip a number stands, in points, and how far panels reach to hold it.
_BEYOND, _ROOM = 9.5, 1.3


@style.styled
def features_2d(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """Each feature as a line from the origin to W_i, a panel per model.

    Colour is importance, light for the most important. Where all have the same it is the set that
    features belong to, and where there are no sets their number, which is written at the tip; one
    colour where nothing is known. The circle has radius 1.

    Args:
        data: columns `feature`, `w0`, `w1`, optionally `importance` and `set` (whole numbers); or
            a Dataset with two hidden dimensions and one model per panel.
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 5.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, there is a third dimension, or a panel has two rows for
            one feature.

    Source: "Introduction".
    """
    canvas = Canvas("features_2d", place)
    with_hidden("features_2d", data, 2, "features_3d, norms or gram")
    table = table_of("features_2d", data, features_of)
    require("features_2d", table, ["feature", "w0", "w1"])
    if "w2" in table.columns:
        rule = "must have two dimensions, w0 and w1: see features_3d"
        raise SpecError.of("features_2d", "table", rule, list(table))
    parts = split("features_2d", table, by, ["feature"])
    paint = _colours.Paint("features_2d", table)
    length = np.asarray(np.hypot(table["w0"], table["w1"]))
    longest = max(1.0, float(np.nanmax(length, initial=0.0)))
    reach = longest * (_ROOM if _is_numbered(paint, parts) else 1.06)
    title = _TITLE * style.grown("axes.titlesize")
    bar = _BAR * style.grown("axes.labelsize") if paint.beside else 0.0
    room = Room(
        cell=(_SIDE, _SIDE),
        gap=(_GAP, title + _GAP),
        rest=(2 * _EDGE - _GAP + bar, 2 * _EDGE - _GAP),
    )
    cells = canvas.cells(len(parts), columns, room, 5)
    side = _SIDE * cells.scale
    for part, (row, column) in zip(parts, cells.places(len(parts)), strict=True):
        top = _EDGE + title + row * (side + title + _GAP)
        axes = canvas.panel(_EDGE + column * (side + _GAP), top, side, side)
        _draw(axes, part, reach, paint)
        canvas.title(axes, part.title, side + _EDGE, pad=6)
        if _is_numbered(paint, parts):
            _number(axes, part, reach, paint, canvas.inches(axes))
    left = _EDGE + cells.columns * (side + _GAP)
    if paint.scale:
        box = (left, _EDGE + title + 0.15 * side, 0.11, 0.7 * side)
        canvas.bar(box, style.IMPORTANCE, paint.scale, "importance")
    elif paint.sets:
        canvas.beside(paint.handles(), left - 0.1, _EDGE + title + 0.1 * side)
    return canvas.figure


def _is_numbered(paint: _colours.Paint, parts: list[Panel]) -> bool:
    return paint.numbered and max(len(part.rows) for part in parts) <= _NUMBERED


def _draw(axes: Axes, part: Panel, reach: float, paint: _colours.Paint) -> None:
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.axhline(0, color=style.FAINT, lw=0.6, zorder=style.BEHIND)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=style.BEHIND)
    axes.add_patch(
        Circle((0, 0), 1, fill=False, ec=style.FAINT, lw=0.6, ls=(0, (4, 3)), zorder=style.BEHIND)
    )
    # The most important are drawn last, so that they lie on top.
    rows = part.rows.sort_values("importance") if paint.scale else part.rows[::-1]
    for x, y, colour in zip(rows["w0"], rows["w1"], paint(rows), strict=True):
        axes.plot([0, x], [0, y], color=colour, lw=2.0, solid_capstyle="round")
        axes.plot(x, y, "o", ms=6, mfc=colour, mec=style.paper(), mew=0.8)


def _number(axes: Axes, part: Panel, reach: float, paint: _colours.Paint, inches: float) -> None:
    """The numbers of the features beyond their tips; those that would touch stand in one place."""
    unit = 2 * reach / inches / 72  # of the axes, a point
    taken: list[tuple[np.ndarray, str, ColorType]] = []
    for (_, row), colour in zip(part.rows.iterrows(), paint(part.rows), strict=True):
        tip = row[["w0", "w1"]].to_numpy(dtype=float)
        length = float(np.hypot(*tip))
        if not length > _SHORT:
            continue
        at, number = tip * (1 + _BEYOND * unit / length), str(int(row["feature"]))
        near = [
            k for k, (there, words, _) in enumerate(taken) if _touch(at, there, words, number, unit)
        ]
        if near:
            there, words, first = taken[near[0]]
            taken[near[0]] = (there, f"{words}, {number}", first)
        else:
            taken.append((at, number, colour))
    for at, words, colour in taken:
        ink = colour if "," not in words else style.ink()
        axes.text(at[0], at[1], words, ha="center", va="center", color=ink, size=style.small())


def _touch(at: np.ndarray, there: np.ndarray, words: str, number: str, unit: float) -> bool:
    """Whether two numbers would overlap."""
    apart = np.abs(at - there) / unit
    wide = (
        72 * (_words.width(words, "legend.fontsize") + _words.width(number, "legend.fontsize")) / 2
    )
    return bool(apart[0] < wide + 2 and apart[1] < 1.25 * style.small())
