"""Features in the plane that move as a number varies: many models on top of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from tegum.analysis.figure_tables import place_table
from tegum.errors import SpecError
from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Cells, Room
from tegum.plots._place import Place
from tegum.plots._sources import lowest_of, require, require_one, table_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_BIG, _SMALL, _GAP, _EDGE, _BAR, _TITLE = 3.5, 0.8, 0.12, 0.08, 1.0, 0.3
#: What is labelled in every decade of the colour bar, where there is room.
_TICKS: Final = ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
#: Features are joined in the order of their places when the shortest is longer than this.
_JOINED: Final = 0.5


@style.styled
def morph(
    data: pd.DataFrame | xr.Dataset,
    *,
    at: str,
    label: str | None = None,
    by: str | None = None,
    shown: Sequence[float] = (),
    **place: Unpack[Place],
) -> Figure:
    """All models on top of one another, an overlay for each value of `by`; some of them below.

    Each feature is a line from the origin to W_i, of the colour of its model: `at` > 0 on a
    logarithmic scale, dark for low and light for high values. Features that are all represented
    are joined in the order of their places. The circle has radius 1.

    Args:
        data: columns `at`, `by`, `place` (0 … n − 1 round the origin; 0 has a larger dot), `w0`,
            `w1`; one model for each value of `at`. Or a Dataset with two hidden dimensions: of
            several seeds the lowest loss is drawn, its first represented feature to the right.
        at: the column of the number that varies, …
        label: … and what is written at the colour bar; by default the column's name.
        by: the column that tells the overlays apart, in order of appearance; by default there is
            one.
        shown: values of `at` that have a small panel of their own, below.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, two rows have one place of one model, a value of `at` is
            not > 0, or there is no model at a value of `shown`.

    Source: "The Geometry of Superposition: Perturbing a Single Feature".
    """
    canvas = Canvas("morph", place)
    data = table_of("morph", data, lambda runs: place_table(lowest_of(runs)))
    require("morph", data, [at, *([by] if by else []), "place", "w0", "w1"])
    require_one("morph", data, [at, "place"])
    if not (data[at] > 0).all():
        raise SpecError.of("morph", "table", f"must have {at} > 0", float(data[at].min()))
    low, high = float(data[at].min()), float(data[at].max())
    colours = LogNorm(low, high if high > low else 2 * low)
    reach = 1.08 * max(1.0, float(np.hypot(data["w0"], data["w1"]).max()))
    groups = list(data.groupby(by, sort=False)) if by else [("", data)]
    small = [_model(data, at, value) for value in shown]
    title = _TITLE * style.grown("axes.titlesize")
    cells, across = _sheet(canvas, len(groups), len(small), title)
    big, top = _BIG * cells.scale, _EDGE + title
    for (name, rows), (row, column) in zip(groups, cells.places(len(groups)), strict=True):
        axes = canvas.panel(
            _EDGE + column * (big + _GAP), top + row * (big + title + _GAP), big, big
        )
        _frame(axes, reach)
        canvas.title(axes, str(name), big, pad=5)
        for value in np.unique(rows[at].to_numpy(dtype=float)):
            model = rows[rows[at] == value]
            _draw(axes, model, style.IMPORTANCE(colours(float(value))), 1.0)
    left = _EDGE + cells.columns * (big + _GAP) + 0.1
    box = (left, top + 0.1 * big, 0.12, 0.8 * big)
    words = at if label is None else label
    if canvas.sized:
        words = _words.shortened(words, 0.8 * big + 2 * _EDGE, "axes.labelsize")
    bar = canvas.bar(box, style.IMPORTANCE, colours, words)
    _label(bar.ax.yaxis, (low, high), 0.8 * big)
    top += cells.rows * (big + title + _GAP)
    for k, (value, model) in enumerate(zip(shown, small, strict=True)):
        row, column = divmod(k, across)
        corner = (_EDGE + column * (_SMALL + _GAP), top + row * (_SMALL + _GAP + title))
        axes = canvas.panel(*corner, _SMALL, _SMALL)
        _frame(axes, reach)
        axes.set_title(f"{value:.3g}", pad=3)
        _draw(axes, model, style.IMPORTANCE(colours(value)), 1.6)
    return canvas.figure


def _sheet(canvas: Canvas, overlays: int, panels: int, title: float) -> tuple[Cells, int]:
    """A figure for so many overlays; how many of the small panels are in a row below them."""
    if canvas.given:
        canvas.take(overlays + panels)
        return Cells(1, overlays, 1.0), 1
    bar = _BAR * style.grown("axes.labelsize")
    across, pitch = max(panels, 1), _SMALL + _GAP
    if canvas.width is not None:
        across = min(across, max(1, int((canvas.width - 2 * _EDGE) / pitch)))
    below = -(-panels // across) * (pitch + title)
    room = Room(
        cell=(_BIG, _BIG),
        gap=(_GAP, title + _GAP),
        least=1.4,
        rest=(2 * _EDGE + bar, 2 * _EDGE - _GAP + below),
        at_least=2 * _EDGE + across * pitch,
    )
    return canvas.cells(overlays, None, room, overlays), across


def _model(data: pd.DataFrame, at: str, value: float) -> pd.DataFrame:
    rows = data[np.isclose(data[at], value, atol=0.0)]
    if rows.empty:
        raise SpecError.of("morph", "shown", f"must be values of {at} in the table", value)
    return rows


def _label(axis: XAxis | YAxis, ends: tuple[float, float], room: float) -> None:
    """Round numbers along the colour bar; its ends where fewer than two of these are in it."""
    _words.log_ticks(axis, room, _TICKS)
    inside = [tick for tick in axis.get_majorticklocs() if ends[0] <= tick <= ends[1]]
    if len(inside) < 2:
        axis.set_ticks(ends, labels=[f"{end:.3g}" for end in ends])


def _frame(axes: Axes, reach: float) -> None:
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.axhline(0, color=style.FAINT, lw=0.6, zorder=style.BEHIND)
    axes.axvline(0, color=style.FAINT, lw=0.6, zorder=style.BEHIND)
    axes.add_patch(
        Circle((0, 0), 1, fill=False, ec=style.FAINT, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    )


def _draw(axes: Axes, model: pd.DataFrame, colour: object, width: float) -> None:
    rows = model.sort_values("place")
    x, y = rows["w0"].to_numpy(), rows["w1"].to_numpy()
    if np.hypot(x, y).min() > _JOINED:
        axes.plot([*x, x[0]], [*y, y[0]], color=colour, lw=0.5 * width, alpha=0.6)
    for k in range(len(rows)):
        axes.plot([0, x[k]], [0, y[k]], color=colour, lw=width, solid_capstyle="round")
        size = (6.5 if rows["place"].iloc[k] == 0 else 4.5) * (0.6 + 0.4 * (width < 1.5))
        axes.plot(x[k], y[k], "o", ms=size, mfc=colour, mec=style.paper(), mew=0.35, zorder=3)
