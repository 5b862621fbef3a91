"""Feature directions in space: the polytopes of models with three hidden dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from tegum.plots import _projection, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Cells, Room
from tegum.plots._colours import Paint
from tegum.plots._panels import Panel, panel_column, split
from tegum.plots._place import Place
from tegum.plots._sources import features_of, require, table_of, with_hidden

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Degrees around the third axis and above its equator.
VIEW: Final = (28.0, 16.0)
_SIDE, _GAP, _TITLE, _EDGE, _BAR, _ROW = 1.95, 0.12, 0.34, 0.08, 1.0, 0.3
_POINT = 8.0
#: Inches from the foot of the colour bar to what is below it.
_BELOW: Final = 0.16


@style.styled
def features_3d(
    data: pd.DataFrame | xr.Dataset,
    *,
    paths: pd.DataFrame | None = None,
    by: str | None = None,
    rows: str | None = None,
    columns: int | None = None,
    edges: str = "auto",
    view: tuple[float, float] = VIEW,
    **place: Unpack[Place],
) -> Figure:
    """Each feature as a point W_i in space, a panel per model; lines are inner products W_i·W_j.

    Lines run between features, red for W_i·W_j = −1 through grey for 0 to blue for +1; what is far
    away is small and pale. The circle is the unit sphere. Colours are sets where the table has
    them, with a shaded triangle for every set of three, else importance.

    Args:
        data: columns `feature`, `w0`, `w1`, `w2`, optionally `set` or `importance`; or a Dataset
            with three hidden dimensions and one model per panel.
        paths: where the features have come from: columns `feature`, `step`, `w0`, `w1`, `w2`, and
            those of `by` and `rows` that tell the panels of `data` apart.
        by: the column that tells panels apart: by default `panel`, else `feature_probability`.
        rows: a column whose values have a row of panels each, named at its left.
        columns: panels in a row, where there are no `rows`; by default at most 4.
        edges: "all" pairs of features; "near" ones, no farther apart than either is from its
            nearest, within .1 of the cosine; "none"; "auto": all of up to 8 features, else near.
        view: degrees around the third axis, and above its equator.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a panel has two rows for one feature, unknown `edges`.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    canvas = Canvas("features_3d", place)
    with_hidden("features_3d", data, 3, "features_2d, norms or gram")
    table = table_of("features_3d", data, features_of)
    require("features_3d", table, ["feature", *_projection.XYZ])
    _projection.check_edges("features_3d", edges)
    groups = _groups(table, by, rows)
    title, row_name = _TITLE * style.grown("axes.titlesize"), _ROW if rows else 0.0
    count, widest = sum(map(len, groups)), max(map(len, groups))
    paint = Paint("features_3d", table, first="set", numbers=False)
    keys = 1.5 * style.points("legend.fontsize") / 72 * len(paint.sets)
    room = Room(
        cell=(_SIDE, _SIDE),
        gap=(_GAP, title + _GAP),
        firm=rows is not None,
        rest=(
            _EDGE + row_name + _BAR * style.grown("axes.labelsize"),
            2 * _EDGE + max(0.0, keys - 0.5 * _SIDE),
        ),
    )
    cells = canvas.cells(
        count if rows is None or canvas.given else len(groups) * widest,
        widest if rows else columns,
        room,
    )
    side, left = _SIDE * cells.scale, _EDGE + row_name
    for (row, column), part in _places(groups, cells, rows is not None):
        top = _EDGE + title + row * (side + title + _GAP)
        axes = canvas.panel(left + column * (side + _GAP), top, side, side)
        canvas.title(axes, part.title, side + _GAP, pad=4)
        seen = _projection.View(*view)
        _projection.frame(axes, reach(table, paths), seen)
        colours = paint(part.rows)
        if paths is not None:
            _draw_paths(axes, paths, part, colours, seen, by, rows)
        _projection.draw(axes, part.rows, colours, seen, edges, _POINT * min(cells.scale, 1.0))
        if rows and column == 0:
            name = str(part.rows[rows].iloc[0])
            axes.text(-0.09, 0.5, name, rotation=90, ha="center", va="center",
                      transform=axes.transAxes)  # fmt: skip
    bar_left = left + cells.columns * (side + _GAP) + 0.08
    top, tall = _EDGE + title + 0.1 * side, 0.62 * side
    if paint.sets:  # the bar gives way to the names below it
        below = canvas.figure.get_figheight() - top - keys - _EDGE - _BELOW
        tall = min(tall, max(below, 0.35 * side))
        canvas.beside(paint.handles(), bar_left, top + tall + _BELOW)
    canvas.bar((bar_left, top, 0.11, tall), style.STRUTS, style.SIGNED_RANGE, "Wᵢ · Wⱼ")
    return canvas.figure


def reach(table: pd.DataFrame, paths: pd.DataFrame | None = None) -> float:
    """Half the side of a panel that holds all points."""
    frames = [table] if paths is None else [table, paths]
    longest = max(
        float(np.linalg.norm(f[_projection.XYZ].to_numpy(), axis=1).max()) for f in frames
    )
    return 1.08 * max(1.0, longest)


def _groups(table: pd.DataFrame, by: str | None, rows: str | None) -> list[list[Panel]]:
    """The panels, of each value of `rows` if that is a column."""
    if rows is None:
        return [split("features_3d", table, by, ["feature"])]
    require("features_3d", table, [rows])
    return [
        split("features_3d", table[table[rows] == name], by, ["feature"])
        for name in dict.fromkeys(table[rows].tolist())
    ]


def _places(
    groups: list[list[Panel]], cells: Cells, in_rows: bool
) -> list[tuple[tuple[int, int], Panel]]:
    """The panels with their (row, column)."""
    if not in_rows:
        return list(zip(cells.places(len(groups[0])), groups[0], strict=True))
    return [((k, column), part) for k, row in enumerate(groups) for column, part in enumerate(row)]


def _draw_paths(
    axes: object,
    paths: pd.DataFrame,
    part: Panel,
    colours: list[ColorType],
    view: _projection.View,
    by: str | None,
    rows: str | None,
) -> None:
    require("features_3d.paths", paths, ["feature", "step", *_projection.XYZ])
    own = paths
    for column, value in (
        (panel_column("features_3d", paths, by), part.key),
        (rows, part.rows[rows].iloc[0] if rows else None),
    ):
        if column is not None and column in own:
            own = own[own[column] == value]
    for feature, colour in zip(part.rows["feature"], colours, strict=True):
        path = own[own["feature"] == feature].sort_values("step")
        _projection.trail(axes, path[_projection.XYZ].to_numpy(dtype=np.float64), colour, view)  # type: ignore[arg-type]
