"""A two-layer model as a graph: features, neurons, outputs, and the weights between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tegum.analysis.figure_tables import edge_table
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._panels import grid_places, split
from tegum.plots._sources import require, table_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Inches: between two nodes of a column, between columns, around a panel, for the key.
_PITCH, _ACROSS, _EDGE, _TITLE, _KEY = 0.62, 1.75, 0.35, 0.3, 0.3
_SIDES: Final = ("in", "out")
_POSITIVE, _NEGATIVE = style.BLUE, style.VERMILION
#: Points of line for a weight of 1, and at most.
_WIDTH, _THICKEST = 2.2, 6.0
#: Where along an edge its number may stand, and inches that numbers need.
_PLACES: Final = (0.35, 0.25, 0.45, 0.55, 0.65, 0.17)
_NUMBER: Final = (0.42, 0.15)


@style.styled
def circuit(
    data: pd.DataFrame | xr.Dataset,
    *,
    least: float = 0.1,
    numbered: bool = True,
    by: str | None = None,
    columns: int = 3,
) -> Figure:
    """Features on the left, neurons in the middle, outputs on the right, weights as edges.

    An edge is as thick as its weight is large, blue where positive, red where negative; neurons
    come from top to bottom in the order of the column `neuron` and features in that of `feature`.

    Args:
        data: a row per weight: `side` ("in", from feature to neuron, or "out", from neuron to
            output), `neuron`, `feature`, `weight`; optionally `panel`, and `role`, a word that is
            written beside the neuron. Rescale untied models first (`tegum.analysis.neurons`). Or a
            Dataset with one model per panel, which is rescaled here.
        least: smaller weights, in absolute value, are left out.
        numbered: write the weights beside their edges.
        by: the column that tells the panels apart: by default `panel` or `feature_probability`.
        columns: panels in a row.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a side has another name, or a weight is there twice.

    Source: "The Asymmetric Superposition Motif".
    """
    table = table_of("circuit", data, edge_table)
    require("circuit", table, ["side", "neuron", "feature", "weight"])
    strange = sorted(set(table["side"]) - set(_SIDES))
    if strange:
        raise SpecError.of("circuit", "table", "must have sides 'in' and 'out'", strange)
    panels = split("circuit", table, by, ["side", "neuron", "feature"])
    most = max(max(p.rows["neuron"].nunique(), p.rows["feature"].nunique()) for p in panels)
    places = list(grid_places(len(panels), columns))
    width, height = 2 * _ACROSS + 2 * _EDGE, _PITCH * most
    rows, across = places[-1][0] + 1, min(len(panels), columns)
    figure = Figure(figsize=(across * width, rows * (height + _TITLE + 0.15) + _KEY))
    for panel, (row, column) in zip(panels, places, strict=True):
        top = _TITLE + row * (height + _TITLE + 0.15)
        axes = style.place(figure, column * width + 0.05, top, width - 0.1, height)
        _panel(axes, panel.rows, most, least, numbered)
        axes.set_title(panel.title, pad=4)
    lines = [
        Line2D([], [], color=colour, lw=2.5, label=words)
        for colour, words in ((_POSITIVE, "positive weight"), (_NEGATIVE, "negative weight"))
    ]
    figure.legend(handles=lines, loc="lower center", ncols=2, borderaxespad=0.2)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, most: int, least: float, numbered: bool) -> None:
    names = {name: sorted(rows[name].unique().tolist()) for name in ("feature", "neuron")}
    heights = {
        name: dict(zip(found, _spread(len(found), most), strict=True))
        for name, found in names.items()
    }
    shown = rows[rows["weight"].abs() >= least]
    shown = shown.reindex(shown["weight"].abs().sort_values(ascending=False).index)
    taken: list[tuple[float, float]] = []
    for _, row in shown.iterrows():
        feature, neuron = heights["feature"][row["feature"]], heights["neuron"][row["neuron"]]
        inward = row["side"] == "in"
        ends = (0.0, feature, 1.0, neuron) if inward else (2.0, feature, 1.0, neuron)
        _edge(axes, ends, float(row["weight"]), taken if numbered else None)
    for feature, height in heights["feature"].items():
        _node(axes, 0.0, height, f"$x_{{{feature}}}$")
        _node(axes, 2.0, height, f"$y_{{{feature}}}$")
    roles = dict(zip(rows["neuron"], rows["role"], strict=True)) if "role" in rows else {}
    for neuron, height in heights["neuron"].items():
        _node(axes, 1.0, height, f"{neuron}", neuron=True)
        word = roles.get(neuron)
        if isinstance(word, str) and word:  # missing in a table that was read from a file
            look = {"boxstyle": "square,pad=0.05", "fc": "white", "lw": 0, "alpha": 0.8}
            axes.text(
                *(1.0, height - 0.27, word), ha="center", va="bottom", size=style.SMALL, bbox=look
            )
    axes.set(xlim=(-0.2, 2.2), ylim=(most - 0.5, -0.5))
    axes.axis("off")


def _spread(count: int, most: int) -> list[float]:
    """Heights of a column's nodes, from the top, centred."""
    step = most / count
    return [step * (k + 0.5) - 0.5 for k in range(count)]


def _node(axes: Axes, x: float, y: float, label: str, *, neuron: bool = False) -> None:
    look = {"boxstyle": "circle,pad=0.28", "fc": "white", "ec": style.INK, "lw": 1.0}
    if not neuron:
        look |= {"boxstyle": "round,pad=0.25", "ec": style.GREY}
    axes.text(x, y, label, ha="center", va="center", bbox=look, zorder=4)


def _edge(
    axes: Axes,
    ends: tuple[float, float, float, float],
    weight: float,
    taken: list[tuple[float, float]] | None,
) -> None:
    """From a feature or output to a neuron; numbers keep away from those that are `taken`."""
    x0, y0, x1, y1 = ends
    colour = _POSITIVE if weight > 0 else _NEGATIVE
    width = float(np.clip(_WIDTH * abs(weight), 0.6, _THICKEST))
    axes.plot([x0, x1], [y0, y1], color=colour, lw=width, alpha=0.75, solid_capstyle="butt")
    if taken is None:
        return
    places = [(x0 + at * (x1 - x0), y0 + at * (y1 - y0)) for at in _PLACES]
    free = [_room(place, taken) for place in places]
    best = next((k for k, room in enumerate(free) if room >= 1), int(np.argmax(free)))
    taken.append(places[best])
    axes.text(
        *places[best],
        f"{weight:+.2f}".replace("-", "−"),
        ha="center",
        va="center",
        size=style.SMALL - 1,
        color=colour,
        zorder=3,
        bbox={"boxstyle": "square,pad=0.08", "fc": "white", "lw": 0, "alpha": 0.9},
    )


def _room(place: tuple[float, float], taken: list[tuple[float, float]]) -> float:
    """How far the nearest number is, in units of what two numbers need."""
    gaps = [
        max(abs(place[0] - x) * _ACROSS / _NUMBER[0], abs(place[1] - y) * _PITCH / _NUMBER[1])
        for x, y in taken
    ]
    return min(gaps, default=np.inf)
