"""Feature directions in space: the polytopes of models with three hidden dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from tegum.plots import _projection, style
from tegum.plots._panels import Panel, grid_places, panel_column, split
from tegum.plots._sources import require, table_of, with_hidden
from tegum.runs.tables import feature_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Degrees around the third axis and above its equator.
VIEW: Final = (28.0, 16.0)
_SIDE, _GAP, _TITLE, _EDGE, _BAR, _ROW = 1.95, 0.12, 0.34, 0.08, 1.0, 0.3
_POINT = 8.0


@style.styled
def features_3d(
    data: pd.DataFrame | xr.Dataset,
    *,
    paths: pd.DataFrame | None = None,
    by: str | None = None,
    rows: str | None = None,
    columns: int = 4,
    edges: str = "auto",
    view: tuple[float, float] = VIEW,
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
        columns: panels in a row, where there are no `rows`.
        edges: "all" pairs of features; "near" ones, no farther apart than either is from its
            nearest, within .1 of the cosine; "none"; "auto": all of up to 8 features, else near.
        view: degrees around the third axis, and above its equator.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a panel has two rows for one feature, unknown `edges`.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    with_hidden("features_3d", data, 3, "features_2d, norms or gram")
    table = table_of("features_3d", data, feature_table)
    require("features_3d", table, ["feature", *_projection.XYZ])
    _projection.check_edges("features_3d", edges)
    grid = _grid(table, by, rows, columns)
    n_rows, n_columns = (1 + max(place[k] for place, _ in grid) for k in range(2))
    left = _EDGE + (_ROW if rows else 0)
    width = left + n_columns * (_SIDE + _GAP) + _BAR
    figure = Figure(figsize=(width, 2 * _EDGE + n_rows * (_SIDE + _TITLE + _GAP)))
    scale = importance_scale(table)
    for (row, column), part in grid:
        top = _EDGE + _TITLE + row * (_SIDE + _TITLE + _GAP)
        axes = style.place(figure, left + column * (_SIDE + _GAP), top, _SIDE, _SIDE)
        axes.set_title(part.title, pad=4)
        seen = _projection.View(*view)
        _projection.frame(axes, reach(table, paths), seen)
        colours = feature_colours(part.rows, scale)
        if paths is not None:
            _draw_paths(axes, paths, part, colours, seen, by, rows)
        _projection.draw(axes, part.rows, colours, seen, edges, _POINT)
        if rows and column == 0:
            name = str(part.rows[rows].iloc[0])
            axes.text(-0.09, 0.5, name, rotation=90, ha="center", va="center",
                      transform=axes.transAxes)  # fmt: skip
    bar_left = left + n_columns * (_SIDE + _GAP) + 0.08
    bar = style.place(figure, bar_left, _EDGE + _TITLE + 0.1 * _SIDE, 0.11, 0.62 * _SIDE)
    style.colour_bar(bar, style.STRUTS, style.SIGNED_RANGE, "Wᵢ · Wⱼ")
    _name_sets(figure, table, bar_left, _EDGE + _TITLE + 0.78 * _SIDE)
    return figure


def reach(table: pd.DataFrame, paths: pd.DataFrame | None = None) -> float:
    """Half the side of a panel that holds all points."""
    frames = [table] if paths is None else [table, paths]
    longest = max(
        float(np.linalg.norm(f[_projection.XYZ].to_numpy(), axis=1).max()) for f in frames
    )
    return 1.08 * max(1.0, longest)


def importance_scale(table: pd.DataFrame) -> Normalize | None:
    """The range of importances, or None when they are unknown or all the same."""
    if "importance" not in table.columns or "set" in table.columns:
        return None
    low, high = float(table["importance"].min()), float(table["importance"].max())
    return Normalize(low, high) if high > low else None


def feature_colours(rows: pd.DataFrame, scale: Normalize | None) -> list[ColorType]:
    """The colour of each feature: its set, its importance, or the one colour there is."""
    if "set" in rows.columns:
        return [style.CYCLE[int(k) % len(style.CYCLE)] for k in rows["set"]]
    if scale is None:
        return [style.BLUE] * len(rows)
    return [style.IMPORTANCE(scale(weight)) for weight in rows["importance"]]


def _grid(
    table: pd.DataFrame, by: str | None, rows: str | None, columns: int
) -> list[tuple[tuple[int, int], Panel]]:
    """The panels with their (row, column)."""
    if rows is None:
        parts = split("features_3d", table, by, ["feature"])
        return list(zip(grid_places(len(parts), columns), parts, strict=True))
    require("features_3d", table, [rows])
    return [
        ((row, column), part)
        for row, name in enumerate(dict.fromkeys(table[rows].tolist()))
        for column, part in enumerate(
            split("features_3d", table[table[rows] == name], by, ["feature"])
        )
    ]


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


def _name_sets(figure: Figure, table: pd.DataFrame, left: float, top: float) -> None:
    """A legend of the sets, under the colour bar."""
    if "set" not in table.columns:
        return
    marks = [
        Line2D([], [], ls="", marker="o", ms=6, mec="white", color=colour, label=f"set {k + 1}")
        for k, colour in zip(sorted(set(table["set"])), style.CYCLE, strict=False)
    ]
    width, height = figure.get_size_inches()
    place = (float(left / width), float(1 - top / height))
    figure.legend(handles=marks, loc="upper left", bbox_to_anchor=place, handletextpad=0.1,
                  borderaxespad=0, borderpad=0)  # fmt: skip
