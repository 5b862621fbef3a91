"""Neurons as columns: their weights as a heat map, and stacked as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tegum.analysis import neurons as analysis
from tegum.plots import _words, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._neurons import KINDS, STACK, Colour, Model, draw_map, draw_stack, read_models
from tegum.plots._place import Place
from tegum.plots._sources import hidden_word, table_of
from tegum.runs.tables import neuron_table

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


_TITLE, _FOOT, _LEFT, _EDGE, _GAP, _BAR, _BETWEEN = 0.34, 0.32, 0.5, 0.08, 0.3, 0.95, 0.12
#: The columns of a neuron: inches wide for a few neurons, narrower for many.
_WIDEST, _NARROWEST, _MOST = 0.36, 0.14, 4.5
#: Inches for the key at the bottom of figures with stacks.
_KEY = 0.3


@style.styled
def stacks(
    data: pd.DataFrame | xr.Dataset,
    *,
    colour: Colour = "superposition",
    by: str | None = None,
    columns: int | None = None,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
    **place: Unpack[Place],
) -> Figure:
    """Every neuron as a stack of its weights, a panel per model.

    A column is a neuron, the height of a segment |weight|, the largest at the bottom; hatched
    segments are negative weights; the number is the feature, where there is room. The line under a
    column is blue for a monosemantic neuron (it stores one feature), red for a polysemantic one,
    light grey for a silent one, none of whose weights exceeds `threshold`, and dark grey for one
    that has such weights but hands nothing on: the products of its input and output weights do not
    exceed it.
    Neurons are in the order of `tegum.analysis.neurons.neuron_order`. Of a Dataset whose hidden
    layer is linear the columns are called dimensions: its basis is any, and so is what one stores.

    Args:
        data: columns `neuron`, `feature`, `weight`, for an untied model `weight_out` (weights
            are then drawn rescaled, the largest of a neuron at 1), and the column `colour` names
            (`tegum.runs.tables.neuron_table`); or a Dataset with one model per panel.
        colour: "superposition", Σ_{j≠i}(Ŵ_i·W_j)² of the feature, or "importance".
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 4.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a panel has two rows for one neuron and feature, or none.

    Source: "Superposition in a Privileged Basis".
    """
    canvas = Canvas("stacks", place)
    models = read_models(
        "stacks", table_of("stacks", data, neuron_table), colour, by, threshold, order
    )
    return _figure(canvas, models, columns, colour, ("stack",), hidden_word(data))


@style.styled
def neuron_weights(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    columns: int | None = None,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
    **place: Unpack[Place],
) -> Figure:
    """The weights of every neuron as a heat map, a panel per model: features down, neurons across.

    Red −1, white 0, blue 1; of an untied model the rescaled input weights are shown.

    Args:
        data: as of `stacks`, without the column of colours; or a Dataset.
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 4.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: as `stacks`.

    Source: "Superposition in a Privileged Basis".
    """
    canvas = Canvas("neuron_weights", place)
    table = table_of("neuron_weights", data, neuron_table)
    models = read_models("neuron_weights", table, None, by, threshold, order)
    return _figure(canvas, models, columns, None, ("map",), hidden_word(data))


@style.styled
def neurons(
    data: pd.DataFrame | xr.Dataset,
    *,
    colour: Colour = "superposition",
    by: str | None = None,
    columns: int | None = None,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
    **place: Unpack[Place],
) -> Figure:
    """`neuron_weights` with `stacks` under it, column by column: the paper's view of W.

    Args:
        data: as of `stacks`; or a Dataset with one model per panel.
        colour: "superposition", Σ_{j≠i}(Ŵ_i·W_j)² of the feature, or "importance".
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row; by default at most 4.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: as `stacks`.

    Source: "Superposition in a Privileged Basis".
    """
    canvas = Canvas("neurons", place, composed="a panel is a map over a stack")
    models = read_models(
        "neurons", table_of("neurons", data, neuron_table), colour, by, threshold, order
    )
    return _figure(canvas, models, columns, colour, ("map", "stack"), hidden_word(data))


def _figure(
    canvas: Canvas,
    models: list[Model],
    columns: int | None,
    colour: Colour | None,
    kinds: tuple[str, ...],
    word: str,
) -> Figure:
    most = max(len(model.W) for model in models)
    n = max(model.W.shape[1] for model in models)
    width = most * float(np.clip(_MOST / most, _NARROWEST, _WIDEST))
    width = max(width, canvas.widest([model.title for model in models]) - _GAP)
    heights = [_map_height(n) if kind == "map" else STACK for kind in kinds]
    title = _TITLE * style.grown("axes.titlesize")
    foot, ticks, bar = (size * style.grown("axes.labelsize") for size in (_FOOT, _LEFT, _BAR))
    tall = sum(heights) + _BETWEEN * (len(kinds) - 1)
    marks = _marks(models) if "stack" in kinds else []
    words = [str(mark.get_label()) for mark in marks]
    across = canvas.fit(words, len(words) or 1, handle=1.4)
    key = _KEY + 0.17 * (-(-len(marks) // across) - 1) * canvas.sized if marks else 0.0
    legend = _words.legend_width(words, across, handle=1.4) + 0.1 if marks else 0.0
    room = Room(
        cell=(width, tall),
        gap=(_GAP, title + foot),
        rest=(ticks + bar, 2 * _EDGE + key),
        least=1.1,
        free=True,
        at_least=0.0 if canvas.sized else legend,
    )
    cells = canvas.cells(len(models), columns, room)
    if not canvas.sized and canvas.figure.get_figwidth() <= 4.5:
        across = 2
    width, squeeze = width * cells.scale, cells.tall
    heights = [height * squeeze for height in heights]
    pitch = title + tall * squeeze + foot
    reach = 1.04 * max(float(np.nansum(np.abs(m.W), axis=1).max(initial=1.0)) for m in models)
    scale = _scale(colour, models)
    for model, (row, column) in zip(models, cells.places(len(models)), strict=True):
        left, top = ticks + column * (width + _GAP), _EDGE + title + row * pitch
        own = width * len(model.W) / most
        for kind, height in zip(kinds, heights, strict=True):
            axes = canvas.panel(left, top, own, height)
            labelled = column == 0 or bool(canvas.given)
            if kind == "map":
                draw_map(axes, model, labelled=labelled)
            else:
                draw_stack(axes, model, reach, scale, labelled=labelled)
            if kind == kinds[0]:
                canvas.title(axes, model.title, max(own, 0.6 * width) + _GAP, pad=5)
            if kind == kinds[-1]:
                axes.set_xlabel(word, labelpad=3)
            top += height + _BETWEEN
    left = ticks + cells.columns * (width + _GAP)
    _bars(canvas, models, scale, kinds, heights, (left, _EDGE + title))
    if marks:
        whole = canvas.figure.get_figwidth()
        middle = float(np.clip(0.5 * (ticks + whole - bar), 0.5 * legend, whole - 0.5 * legend))
        look = {
            "handlelength": 1.4,
            "handleheight": 0.8,
            "columnspacing": 1.2,
            "borderaxespad": 0.2,
        }
        canvas.below(marks, across, middle, **look)
    return canvas.figure


def _scale(colour: Colour | None, models: list[Model]) -> tuple[Colormap, Normalize]:
    if colour != "importance":
        return style.SHARED, style.SHARED_RANGE
    shades = np.concatenate([model.shade for model in models])
    return style.IMPORTANCE, Normalize(float(shades.min()), float(shades.max()))


def _map_height(n_features: int) -> float:
    return float(np.clip(0.15 * n_features, 0.6, 3.0))


def _marks(models: list[Model]) -> list[Rectangle]:
    """What the line and the hatching mean, of the kinds that are there."""
    kinds, weights = (np.concatenate([a.ravel() for a in arrays]) for arrays in (
        [model.kinds for model in models], [model.W for model in models]
    ))  # fmt: skip
    known = [(words, colour, "", (kinds == kind).any()) for kind, words, colour in KINDS]
    known.append(("negative weight", style.GREY, "////", (weights < 0).any()))
    return [
        Rectangle((0, 0), 1, 1, fc=colour, ec=style.paper(), lw=0, hatch=hatch, label=words)
        for words, colour, hatch, there in known
        if there
    ]


def _bars(
    canvas: Canvas,
    models: list[Model],
    scale: tuple[Colormap, Normalize],
    kinds: tuple[str, ...],
    heights: list[float],
    corner: tuple[float, float],
) -> None:
    """The scales of what is shown, to the right of the first row."""
    left, top = corner
    for kind, height in zip(kinds, heights, strict=True):
        box = (left, top, 0.11, min(height, 1.6))
        if kind == "map":
            values = np.concatenate([model.W.ravel() for model in models])
            low, high = bool((values < -1.01).any()), bool((values > 1.01).any())
            extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[low, high]
            bar = canvas.bar(box, style.SIGNED, style.SIGNED_RANGE, "weight", extend=extend)
            bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
        elif scale[0] is style.SHARED:
            bar = canvas.bar(box, *scale, "superposition", extend="max")
            bar.set_ticks([0, 0.5, 1], labels=["0", "½", "1"])
        elif scale[1].vmin != scale[1].vmax:
            canvas.bar(box, *scale, "importance")
        top += height + _BETWEEN
