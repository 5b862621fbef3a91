"""One column per model: WᵀW and b, with the norms of the features below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from tegum.plots import style
from tegum.plots._panels import grid_places
from tegum.plots._sources import require, table_of
from tegum.plots.heatmaps import WIDTH, draw_gram, gram_panels, signed_bar
from tegum.plots.norm_bars import bars_height, draw_norms, norm_reach, shared_bar
from tegum.runs.tables import feature_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SIDE = 1.7
_GAP, _TITLE, _BETWEEN, _FOOT, _LEFT, _EDGE, _BAR = 0.3, 0.3, 0.36, 0.56, 0.5, 0.08, 0.95


@style.styled
def panels(
    data: pd.DataFrame | xr.Dataset,
    pairs: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int = 4,
) -> Figure:
    """The paper's view of several models: WᵀW and b on top, ‖W_i‖ bars below, column by column.

    Args:
        data: columns `feature`, `norm`, `superposition`, `b`; or a Dataset with one model per
            panel.
        pairs: columns `feature`, `feature_j`, `gram`; not needed for a Dataset.
        by: the column, of both tables, that tells the models apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: models in a row.

    Returns:
        The figure.

    Raises:
        SpecError: as `gram` and `norms`.

    Source: "Demonstrating Superposition: Basic Results".
    """
    features = table_of("panels", data, feature_table)
    require("panels", features, ["feature", "norm", "superposition", "b"])
    parts = gram_panels("panels", data, pairs, by)
    bars = bars_height(max(len(single.rows) for single, _ in parts))
    bars = min(bars, 3.2)
    reach = norm_reach(features)
    places = list(grid_places(len(parts), columns))
    n_rows, n_columns = places[-1][0] + 1, min(len(parts), columns)
    pitch = _TITLE + _SIDE + _BETWEEN + bars + _FOOT
    width = _LEFT + n_columns * (WIDTH + _GAP) + _BAR
    figure = Figure(figsize=(width, 2 * _EDGE + n_rows * pitch))
    for (single, double), (row, column) in zip(parts, places, strict=True):
        left, top = _LEFT + column * (WIDTH + _GAP), _EDGE + _TITLE + row * pitch
        draw_gram(figure, single, double, left, top, _SIDE)
        axes = style.place(figure, left, top + _SIDE + _BETWEEN, WIDTH, bars)
        draw_norms(axes, single, reach, labelled=column == 0)
    left = _LEFT + n_columns * (WIDTH + _GAP)
    signed_bar(style.place(figure, left, _EDGE + _TITLE, 0.11, _SIDE), parts)
    below = _EDGE + _TITLE + _SIDE + _BETWEEN
    shared_bar(style.place(figure, left, below, 0.11, min(bars, 2.2)))
    return figure
