"""A two-layer model as a graph: features, neurons, outputs, and the weights between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tegum.analysis.figure_tables import edge_table
from tegum.errors import SpecError
from tegum.plots import style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room
from tegum.plots._panels import split
from tegum.plots._place import Place
from tegum.plots._sources import require, table_of

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Inches: between two nodes of a column, between columns, around a panel, for the key.
_PITCH, _ACROSS, _EDGE, _TITLE, _KEY = 0.62, 1.75, 0.35, 0.3, 0.3
_SIDES: Final = ("in", "out")
_POSITIVE, _NEGATIVE = style.BLUE, style.VERMILION
_KEYS: Final = ((_POSITIVE, "positive weight"), (_NEGATIVE, "negative weight"))
#: Points of line for a weight of 1, and at most.
_WIDTH, _THICKEST = 2.2, 6.0
#: Where along an edge its number may stand, and inches that numbers need.
_PLACES: Final = (0.35, 0.25, 0.45, 0.55, 0.65, 0.17)
_NUMBER: Final = (0.42, 0.15)
#: More edges than that cross one another's numbers.
_COUNTABLE: Final = 60
#: Inches from the middle of a node to that of a number beside it.
_BESIDE: Final = 0.32


@style.styled
def circuit(
    data: pd.DataFrame | xr.Dataset,
    *,
    least: float = 0.1,
    numbered: bool = True,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
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
        numbered: write the weights beside their edges, where there is room: of 60 edges at most.
        by: the column that tells the panels apart: by default `panel` or `feature_probability`.
        columns: panels in a row; by default at most 3.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, a side has another name, or a weight is there twice.

    Source: "The Asymmetric Superposition Motif".
    """
    canvas = Canvas("circuit", place)
    table = table_of("circuit", data, edge_table)
    require("circuit", table, ["side", "neuron", "feature", "weight"])
    strange = sorted(set(table["side"]) - set(_SIDES))
    if strange:
        raise SpecError.of("circuit", "table", "must have sides 'in' and 'out'", strange)
    panels = split("circuit", table, by, ["side", "neuron", "feature"])
    most = max(max(p.rows["neuron"].nunique(), p.rows["feature"].nunique()) for p in panels)
    title = _TITLE * style.grown("axes.titlesize")
    across_key = canvas.fit([words for _, words in _KEYS], 2)
    foot = _KEY * style.grown("legend.fontsize") * (1.0 if across_key == 2 else 1.7)
    width, height = 2 * _ACROSS + 2 * _EDGE - 0.1, _PITCH * most
    room = Room(cell=(width, height), gap=(0.1, title + 0.15), rest=(0.0, foot), least=2.2)
    cells = canvas.cells(len(panels), columns, room, 3)
    across, tall = width * cells.scale, height * cells.scale
    for panel, (row, column) in zip(panels, cells.places(len(panels)), strict=True):
        top = title + row * (tall + title + 0.15)
        axes = canvas.panel(column * (across + 0.1) + 0.05, top, across, tall)
        unit = (canvas.inches(axes) / width * _ACROSS, canvas.tall(axes) / most)
        numbers = _Numbers(unit, canvas.sized or bool(canvas.given)) if numbered else None
        _panel(axes, panel.rows, most, least, numbers)
        canvas.title(axes, panel.title, across, pad=4)
    lines = [Line2D([], [], color=colour, lw=2.5, label=words) for colour, words in _KEYS]
    canvas.below(lines, across_key, borderaxespad=0.2)
    return canvas.figure


class _Numbers:
    """Where numbers stand: each keeps away from those before it.

    Args:
        unit: inches between two columns, and between two nodes of a column.
        strict: leave out what finds no room, instead of taking the best place there is.
    """

    def __init__(self, unit: tuple[float, float], strict: bool) -> None:
        self.unit, self.strict = unit, strict
        self.taken: list[tuple[float, float]] = []

    def place(self, places: list[tuple[float, float]]) -> tuple[float, float] | None:
        """The first of the places with room, or the one with most."""
        free = [self._room(place) for place in places]
        best = next((k for k, room in enumerate(free) if room >= 1), int(np.argmax(free)))
        if self.strict and free[best] < 1:
            return None
        self.taken.append(places[best])
        return places[best]

    def _room(self, place: tuple[float, float]) -> float:
        """How far the nearest number is, in units of what two numbers need."""
        size = style.grown("legend.fontsize")
        across, _ = self.unit
        if self.strict and min(place[0] % 1, -place[0] % 1) * across < size * _BESIDE:
            return 0.0  # a node is there
        gaps = [
            max(
                abs(a - b) * inches / (need * size)
                for a, b, inches, need in zip(place, other, self.unit, _NUMBER, strict=True)
            )
            for other in self.taken
        ]
        return min(gaps, default=np.inf)


def _panel(
    axes: Axes, rows: pd.DataFrame, most: int, least: float, numbers: _Numbers | None
) -> None:
    names = {name: sorted(rows[name].unique().tolist()) for name in ("feature", "neuron")}
    heights = {
        name: dict(zip(found, _spread(len(found), most), strict=True))
        for name, found in names.items()
    }
    shown = rows[rows["weight"].abs() >= least]
    shown = shown.reindex(shown["weight"].abs().sort_values(ascending=False).index)
    numbers = numbers if len(shown) <= _COUNTABLE else None
    for _, row in shown.iterrows():
        feature, neuron = heights["feature"][row["feature"]], heights["neuron"][row["neuron"]]
        inward = row["side"] == "in"
        ends = (0.0, feature, 1.0, neuron) if inward else (2.0, feature, 1.0, neuron)
        _edge(axes, ends, float(row["weight"]), numbers)
    for feature, height in heights["feature"].items():
        _node(axes, 0.0, height, f"$x_{{{feature}}}$")
        _node(axes, 2.0, height, f"$y_{{{feature}}}$")
    roles = dict(zip(rows["neuron"], rows["role"], strict=True)) if "role" in rows else {}
    for neuron, height in heights["neuron"].items():
        _node(axes, 1.0, height, f"{neuron}", neuron=True)
        word = roles.get(neuron)
        if isinstance(word, str) and word:  # missing in a table that was read from a file
            look = {"boxstyle": "square,pad=0.05", "fc": style.paper(), "lw": 0, "alpha": 0.8}
            axes.text(
                *(1.0, height - 0.27, word), ha="center", va="bottom", size=style.small(), bbox=look
            )
    axes.set(xlim=(-0.2, 2.2), ylim=(most - 0.5, -0.5))
    axes.axis("off")


def _spread(count: int, most: int) -> list[float]:
    """Heights of a column's nodes, from the top, centred."""
    step = most / count
    return [step * (k + 0.5) - 0.5 for k in range(count)]


def _node(axes: Axes, x: float, y: float, label: str, *, neuron: bool = False) -> None:
    look = {"boxstyle": "circle,pad=0.28", "fc": style.paper(), "ec": style.ink(), "lw": 1.0}
    if not neuron:
        look |= {"boxstyle": "round,pad=0.25", "ec": style.GREY}
    axes.text(x, y, label, ha="center", va="center", bbox=look, zorder=4)


def _edge(
    axes: Axes,
    ends: tuple[float, float, float, float],
    weight: float,
    numbers: _Numbers | None,
) -> None:
    """From a feature or output to a neuron; its number stands where there is room."""
    x0, y0, x1, y1 = ends
    colour = _POSITIVE if weight > 0 else _NEGATIVE
    width = float(np.clip(_WIDTH * abs(weight), 0.6, _THICKEST))
    axes.plot([x0, x1], [y0, y1], color=colour, lw=width, alpha=0.75, solid_capstyle="butt")
    places = [(x0 + at * (x1 - x0), y0 + at * (y1 - y0)) for at in _PLACES]
    at = None if numbers is None else numbers.place(places)
    if at is None:
        return
    axes.text(
        *at,
        f"{weight:+.2f}".replace("-", "−"),
        ha="center",
        va="center",
        size=style.small() - 1,
        color=colour,
        zorder=3,
        bbox={"boxstyle": "square,pad=0.08", "fc": style.paper(), "lw": 0, "alpha": 0.9},
    )
