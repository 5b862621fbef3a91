"""G = WᵀW and the biases as heat maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.figure import Figure

from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._panels import Panel, split
from tegum.plots._place import Place
from tegum.plots._sources import made_by, require, table_of
from tegum.runs.tables import feature_table, gram_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

SIDE, _STRIP, _SLIT, _GAP, _TITLE, _FOOT, _EDGE, _BAR = 1.7, 0.12, 0.07, 0.28, 0.3, 0.24, 0.08, 0.6
#: Why no axes are taken.
COMPOSED: Final = "a panel is a map and a strip of biases"
#: Width of a heat map and its bias strip together, for figures that set other marks under it.
WIDTH = SIDE + _SLIT + _STRIP


@style.styled
def gram(
    data: pd.DataFrame | xr.Dataset,
    pairs: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """WᵀW with b beside it, a panel per model.

    Features run from first to last, top to bottom and left to right; one colour scale, −1 … 1,
    for everything, pointed at an end where values go beyond it.

    Args:
        data: columns `feature`, `b`; or a Dataset with one model per panel.
        pairs: columns `feature`, `feature_j`, `gram`; not needed for a Dataset.
        by: the column, of both tables, that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 4.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, panels differ between the tables, or a pair is doubled.

    Source: "Demonstrating Superposition: Basic Results".
    """
    canvas = Canvas("gram", place, composed=COMPOSED)
    parts = gram_panels("gram", data, pairs, by)
    title = _TITLE * style.grown("axes.titlesize")
    foot, bar = (size * style.grown("axes.labelsize") for size in (_FOOT, _BAR))
    room = Room(
        cell=(WIDTH, SIDE), gap=(_GAP, title + foot + 0.1), rest=(2 * _EDGE + bar, 2 * _EDGE - 0.1)
    )
    cells = canvas.cells(len(parts), columns, room)
    width, side = WIDTH * cells.scale, SIDE * cells.scale
    for (single, double), (row, column) in zip(parts, cells.places(len(parts)), strict=True):
        top = _EDGE + title + row * (title + side + foot + 0.1)
        draw_gram(canvas, single, double, (_EDGE + column * (width + _GAP), top), cells.scale)
    signed_bar(canvas, (_EDGE + cells.columns * (width + _GAP), _EDGE + title, 0.11, side), parts)
    return canvas.figure


def gram_panels(
    owner: str, data: pd.DataFrame | xr.Dataset, pairs: pd.DataFrame | None, by: str | None
) -> list[tuple[Panel, Panel]]:
    """Matching panels of the feature table and of the table of pairs."""
    features = table_of(owner, data, feature_table)
    if pairs is None:
        if features is data:
            rule = f"must be given with a feature table{made_by(f'{owner}.pairs')}"
            raise SpecError.of(owner, "pairs", rule, None)
        pairs = table_of(owner, data, gram_table)
    require(owner, features, ["feature", "b"])
    require(f"{owner}.pairs", pairs, ["feature", "feature_j", "gram"])
    singles = split(owner, features, by, ["feature"])
    doubles = split(f"{owner}.pairs", pairs, by, ["feature", "feature_j"])
    if [part.key for part in singles] != [part.key for part in doubles]:
        rule = f"must have the panels {[part.key for part in singles]}"
        raise SpecError.of(owner, "pairs", rule, [part.key for part in doubles])
    return list(zip(singles, doubles, strict=True))


def draw_gram(
    canvas: Canvas, single: Panel, double: Panel, corner: tuple[float, float], scale: float
) -> None:
    """One heat map and its strip of biases; the corner is in inches from the left and top."""
    n = len(single.rows)
    if len(double.rows) != n * n:
        rule = f"must have {n * n} rows in the panel {double.title!r}"
        raise SpecError.of("gram", "pairs", rule, len(double.rows))
    G = double.rows["gram"].to_numpy(dtype=float).reshape(n, n)
    b = single.rows["b"].to_numpy(dtype=float).reshape(n, 1)
    (left, top), side = corner, SIDE * scale
    beside = left + side + _SLIT * scale
    square = canvas.panel(left, top, side, side)
    strip = canvas.panel(beside, top, _STRIP * scale, side)
    for axes, values, name in ((square, G, "$W^T W$"), (strip, b, "$b$")):
        axes.imshow(
            values, cmap=style.SIGNED, norm=style.SIGNED_RANGE, interpolation="none", aspect="auto"
        )
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(name, labelpad=3)
        axes.spines[:].set(visible=True, color=style.FAINT)
    canvas.title(square, single.title, side + _EDGE, pad=5)


def signed_bar(
    canvas: Canvas, box: tuple[float, float, float, float], parts: list[tuple[Panel, Panel]]
) -> None:
    """The scale of G and b, pointed where values lie beyond −1 or 1 by more than a hundredth."""
    values = np.concatenate(
        [
            part.rows[name].to_numpy()
            for pair in parts
            for part, name in zip(pair, ("b", "gram"), strict=True)
        ]
    )
    low, high = bool((values < -1.01).any()), bool((values > 1.01).any())
    extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[low, high]
    bar = canvas.bar(box, style.SIGNED, style.SIGNED_RANGE, "", extend=extend)
    bar.set_ticks([-1, -0.5, 0, 0.5, 1], labels=["−1", "−½", "0", "½", "1"])
