"""One column per model: WᵀW and b, with the norms of the features below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from matplotlib.figure import Figure

from tegum.plots import style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._place import Place
from tegum.plots._sources import require, table_of
from tegum.plots.heatmaps import SIDE, WIDTH, draw_gram, gram_panels, signed_bar
from tegum.plots.norm_bars import bars_height, draw_norms, norm_reach, shared_bar
from tegum.runs.tables import feature_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_GAP, _TITLE, _BETWEEN, _FOOT, _LEFT, _EDGE, _BAR = 0.3, 0.3, 0.36, 0.56, 0.5, 0.08, 0.95


@style.styled
def panels(
    data: pd.DataFrame | xr.Dataset,
    pairs: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """The paper's view of several models: WᵀW and b on top, ‖W_i‖ bars below, column by column.

    Args:
        data: columns `feature`, `norm`, `superposition`, `b`; or a Dataset with one model per
            panel.
        pairs: columns `feature`, `feature_j`, `gram`; not needed for a Dataset.
        by: the column, of both tables, that tells the models apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: models in a row; by default at most 4.

    Returns:
        The figure.

    Raises:
        SpecError: as `gram` and `norms`.

    Source: "Demonstrating Superposition: Basic Results".
    """
    canvas = Canvas("panels", place, composed="a panel is three axes")
    features = table_of("panels", data, feature_table)
    require("panels", features, ["feature", "norm", "superposition", "b"])
    parts = gram_panels("panels", data, pairs, by)
    bars = min(bars_height(max(len(single.rows) for single, _ in parts)), 3.2)
    reach = norm_reach(features)
    title = _TITLE * style.grown("axes.titlesize")
    between, foot, ticks, bar = (
        size * style.grown("axes.labelsize") for size in (_BETWEEN, _FOOT, _LEFT, _BAR)
    )
    room = Room(
        cell=(WIDTH, SIDE), gap=(_GAP, title + between + bars + foot), rest=(ticks + bar, 2 * _EDGE)
    )
    cells = canvas.cells(len(parts), columns, room)
    width, side = WIDTH * cells.scale, SIDE * cells.scale
    pitch = title + side + between + bars + foot
    for (single, double), (row, column) in zip(parts, cells.places(len(parts)), strict=True):
        left, top = ticks + column * (width + _GAP), _EDGE + title + row * pitch
        draw_gram(canvas, single, double, (left, top), cells.scale)
        axes = canvas.panel(left, top + side + between, width, bars)
        draw_norms(axes, single, reach, labelled=column == 0)
    left = ticks + cells.columns * (width + _GAP)
    signed_bar(canvas, (left, _EDGE + title, 0.11, side), parts)
    space = min(bars, 2.2) + 2 * (between - style.small() / 72)  # the bar above has numbers
    shared_bar(canvas, (left, _EDGE + title + side + between, 0.11, min(bars, 2.2)), space)
    return canvas.figure
