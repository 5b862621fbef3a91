"""Feature norms as bars, coloured by superposition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._panels import Panel, split
from tegum.plots._place import Place
from tegum.plots._sources import require, table_of
from tegum.runs.tables import feature_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_WIDTH, _GAP, _TITLE, _FOOT, _LEFT, _EDGE, _BAR = 1.35, 0.2, 0.3, 0.42, 0.5, 0.08, 0.95
BAR_LABEL = r"superposition  $\sum_{j\neq i}(\hat{W}_i\cdot W_j)^2$"


@style.styled
def norms(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """‖W_i‖ for every feature, first on top, coloured by superposition, a panel per model.

    Dark blue: the feature is orthogonal to all others; yellow: the others activate its direction
    as strongly as it does itself.

    Args:
        data: columns `feature`, `norm`, `superposition`; or a Dataset with one model per panel.
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 8.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a panel has two rows for one feature.

    Source: "Demonstrating Superposition: Basic Results".
    """
    canvas = Canvas("norms", place)
    table = table_of("norms", data, feature_table)
    require("norms", table, ["feature", "norm", "superposition"])
    parts = split("norms", table, by, ["feature"])
    height = bars_height(max(len(part.rows) for part in parts))
    reach = norm_reach(table)
    title = _TITLE * style.grown("axes.titlesize")
    foot, ticks, bar = (size * style.grown("axes.labelsize") for size in (_FOOT, _LEFT, _BAR))
    wide = max(_WIDTH, canvas.widest([part.title for part in parts]) - _GAP)
    room = Room(
        cell=(wide, height), gap=(_GAP, title + foot), rest=(ticks + bar, 2 * _EDGE), free=True
    )
    cells = canvas.cells(len(parts), columns, room, 8)
    width, tall = wide * cells.scale, height * cells.tall
    for part, (row, column) in zip(parts, cells.places(len(parts)), strict=True):
        left, top = ticks + column * (width + _GAP), _EDGE + title + row * (title + tall + foot)
        axes = canvas.panel(left, top, width, tall)
        draw_norms(axes, part, reach, labelled=column == 0 or bool(canvas.given))
        canvas.title(axes, part.title, width + _GAP, pad=5)
    left = ticks + cells.columns * (width + _GAP)
    bar_height = min(tall, 2.2)
    shared_bar(canvas, (left, _EDGE + title, 0.11, bar_height), bar_height + 2 * (_EDGE + title))
    return canvas.figure


def bars_height(n_features: int) -> float:
    """Inches for the bars of n features: room for each, up to a limit."""
    return float(np.clip(0.11 * n_features, 1.2, 4.4))


def norm_reach(table: pd.DataFrame) -> float:
    """The common end of the norm axes: a little beyond the longest feature, and beyond 1."""
    return 1.05 * max(1.1, float(np.nanmax(table["norm"].to_numpy(), initial=0.0)))


def draw_norms(axes: Axes, part: Panel, reach: float, *, labelled: bool) -> None:
    """The bars of one model; `labelled` says whether the feature axis has numbers."""
    feature = part.rows["feature"].to_numpy()
    norm = part.rows["norm"].to_numpy(dtype=float)
    shared = part.rows["superposition"].to_numpy(dtype=float)
    thickness = 0.82  # the gaps keep neighbours of one colour apart
    axes.axvline(1, color=style.FAINT, lw=0.6, zorder=style.BEHIND)
    colours = style.SHARED(style.SHARED_RANGE(shared))
    axes.barh(feature, norm, thickness, color=colours, lw=0, snap=False)
    axes.set(xlim=(0, reach), ylim=(feature.max() + 0.6, feature.min() - 0.6))
    axes.set_xticks([0, 0.5, 1], labels=["0", "½", "1"])
    axes.set_xlabel(r"$\|W_i\|$", labelpad=2)
    if labelled:
        locator = MaxNLocator(nbins=5, integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        ticks = locator.tick_values(feature.min(), feature.max())
        axes.set_yticks([t for t in ticks if feature.min() <= t <= feature.max()])
        axes.set_ylabel("feature", labelpad=3)
    else:
        axes.set_yticks([])


def shared_bar(canvas: Canvas, box: tuple[float, float, float, float], room: float) -> None:
    """The scale of superposition, pointed at 1: more is drawn the same.

    Its words have `room` inches about its middle.
    """
    words = _words.first_fitting((BAR_LABEL, "superposition"), room, "axes.labelsize")
    bar = canvas.bar(box, style.SHARED, style.SHARED_RANGE, words, extend="max")
    bar.set_ticks([0, 0.5, 1], labels=["0", "½", "1"])
