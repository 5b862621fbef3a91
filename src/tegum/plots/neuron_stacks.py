"""Neurons as columns: their weights as a heat map, and stacked as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tegum.analysis import neurons as analysis
from tegum.plots import style
from tegum.plots._neurons import MONO, POLY, STACK, Colour, Model, draw_map, draw_stack, read_models
from tegum.plots._panels import grid_places
from tegum.plots._sources import table_of
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
    columns: int = 4,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
) -> Figure:
    """Every neuron as a stack of its weights, a panel per model.

    A column is a neuron, the height of a segment |weight|, the largest at the bottom; hatched
    segments are negative weights; the number is the feature, where there is room. The line under a
    column is blue for a monosemantic neuron (one weight above `threshold`), red for a polysemantic
    one, grey for a silent one.
    Neurons are in the order of `tegum.analysis.neurons.neuron_order`.

    Args:
        data: columns `neuron`, `feature`, `weight`, for an untied model `weight_out` (weights
            are then drawn rescaled, the largest of a neuron at 1), and the column `colour` names
            (`tegum.runs.tables.neuron_table`); or a Dataset with one model per panel.
        colour: "superposition", Σ_{j≠i}(Ŵ_i·W_j)² of the feature, or "importance".
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a panel has two rows for one neuron and feature, or none.

    Source: "Superposition in a Privileged Basis".
    """
    models = read_models(
        "stacks", table_of("stacks", data, neuron_table), colour, by, threshold, order
    )
    return _figure(models, columns, colour, ("stack",))


@style.styled
def neuron_weights(
    data: pd.DataFrame | xr.Dataset,
    *,
    by: str | None = None,
    columns: int = 4,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
) -> Figure:
    """The weights of every neuron as a heat map, a panel per model: features down, neurons across.

    Red −1, white 0, blue 1; of an untied model the rescaled input weights are shown.

    Args:
        data: as of `stacks`, without the column of colours; or a Dataset.
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: as `stacks`.

    Source: "Superposition in a Privileged Basis".
    """
    table = table_of("neuron_weights", data, neuron_table)
    models = read_models("neuron_weights", table, None, by, threshold, order)
    return _figure(models, columns, None, ("map",))


@style.styled
def neurons(
    data: pd.DataFrame | xr.Dataset,
    *,
    colour: Colour = "superposition",
    by: str | None = None,
    columns: int = 4,
    threshold: float = analysis.STORED,
    order: analysis.Order = "kind",
) -> Figure:
    """`neuron_weights` with `stacks` under it, column by column: the paper's view of W.

    Args:
        data: as of `stacks`; or a Dataset with one model per panel.
        colour: "superposition", Σ_{j≠i}(Ŵ_i·W_j)² of the feature, or "importance".
        by: the column that tells the panels apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: panels in a row.
        threshold: a neuron stores features whose strength on it exceeds this.
        order: "kind", monosemantic neurons first, or "primary", by the strongest feature.

    Returns:
        The figure.

    Raises:
        SpecError: as `stacks`.

    Source: "Superposition in a Privileged Basis".
    """
    models = read_models(
        "neurons", table_of("neurons", data, neuron_table), colour, by, threshold, order
    )
    return _figure(models, columns, colour, ("map", "stack"))


def _figure(
    models: list[Model], columns: int, colour: Colour | None, kinds: tuple[str, ...]
) -> Figure:
    most = max(len(model.W) for model in models)
    n = max(model.W.shape[1] for model in models)
    width = most * float(np.clip(_MOST / most, _NARROWEST, _WIDEST))
    heights = [_map_height(n) if kind == "map" else STACK for kind in kinds]
    places = list(grid_places(len(models), columns))
    n_rows, n_columns = places[-1][0] + 1, min(len(models), columns)
    pitch = _TITLE + sum(heights) + _BETWEEN * (len(kinds) - 1) + _FOOT
    key = _KEY if "stack" in kinds else 0.0
    size = (_LEFT + n_columns * (width + _GAP) + _BAR, 2 * _EDGE + n_rows * pitch + key)
    figure = Figure(figsize=size)
    if key:
        _key(figure, models)
    reach = 1.04 * max(float(np.nansum(np.abs(m.W), axis=1).max(initial=1.0)) for m in models)
    scale = _scale(colour, models)
    for model, (row, column) in zip(models, places, strict=True):
        left, top = _LEFT + column * (width + _GAP), _EDGE + _TITLE + row * pitch
        own = width * len(model.W) / most
        for kind, height in zip(kinds, heights, strict=True):
            axes = style.place(figure, left, top, own, height)
            if kind == "map":
                draw_map(axes, model, labelled=column == 0)
            else:
                draw_stack(axes, model, reach, scale, labelled=column == 0)
            if kind == kinds[0]:
                axes.set_title(model.title, pad=5)
            if kind == kinds[-1]:
                axes.set_xlabel("neuron", labelpad=3)
            top += height + _BETWEEN
    _bars(figure, models, scale, kinds, heights, _LEFT + n_columns * (width + _GAP))
    return figure


def _scale(colour: Colour | None, models: list[Model]) -> tuple[Colormap, Normalize]:
    if colour != "importance":
        return style.SHARED, style.SHARED_RANGE
    shades = np.concatenate([model.shade for model in models])
    return style.IMPORTANCE, Normalize(float(shades.min()), float(shades.max()))


def _map_height(n_features: int) -> float:
    return float(np.clip(0.15 * n_features, 0.6, 3.0))


def _key(figure: Figure, models: list[Model]) -> None:
    """What the line and the hatching mean, of the kinds that are there, at the bottom."""
    held, weights = (np.concatenate([a.ravel() for a in arrays]) for arrays in (
        [model.held for model in models], [model.W for model in models]
    ))  # fmt: skip
    known = (
        ("monosemantic", MONO, "", (held == 1).any()),
        ("polysemantic", POLY, "", (held > 1).any()),
        ("silent", style.FAINT, "", (held == 0).any()),
        ("negative weight", style.GREY, "////", (weights < 0).any()),
    )
    marks = [
        Rectangle((0, 0), 1, 1, fc=colour, ec="white", lw=0, hatch=hatch, label=words)
        for words, colour, hatch, there in known
        if there
    ]
    middle = (
        _LEFT + 0.5 * (figure.get_size_inches()[0] - _LEFT - _BAR)
    ) / figure.get_size_inches()[0]
    figure.legend(
        handles=marks,
        loc="lower center",
        bbox_to_anchor=(middle, 0.0),
        ncols=len(marks) if figure.get_size_inches()[0] > 4.5 else 2,
        handlelength=1.4,
        handleheight=0.8,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def _bars(
    figure: Figure,
    models: list[Model],
    scale: tuple[Colormap, Normalize],
    kinds: tuple[str, ...],
    heights: list[float],
    left: float,
) -> None:
    """The scales of what is shown, to the right of the first row."""
    top = _EDGE + _TITLE
    for kind, height in zip(kinds, heights, strict=True):
        axes = style.place(figure, left, top, 0.11, min(height, 1.6))
        if kind == "map":
            values = np.concatenate([model.W.ravel() for model in models])
            low, high = bool((values < -1.01).any()), bool((values > 1.01).any())
            extend = {(0, 0): "neither", (1, 0): "min", (0, 1): "max", (1, 1): "both"}[low, high]
            bar = style.colour_bar(axes, style.SIGNED, style.SIGNED_RANGE, "weight", extend=extend)
            bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
        elif scale[0] is style.SHARED:
            bar = style.colour_bar(axes, *scale, "superposition", extend="max")
            bar.set_ticks([0, 0.5, 1], labels=["0", "½", "1"])
        elif scale[1].vmin == scale[1].vmax:
            axes.remove()
        else:
            style.colour_bar(axes, *scale, "importance")
        top += height + _BETWEEN
