"""Feature graphs: features are points, interferences lines between them."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Final, Unpack

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from scipy.sparse.csgraph import connected_components, shortest_path

from tegum.analysis.feature_factors import feature_factor_table
from tegum.analysis.figure_tables import link_table
from tegum.dims import F64
from tegum.plots import geometries, style
from tegum.plots._canvas import Canvas
from tegum.plots._cells import Room, across
from tegum.plots._panels import Panel, panel_column, split
from tegum.plots._place import Place
from tegum.plots._sources import is_dataset, require, require_columns, table_of
from tegum.runs.weights import encoder_in

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

_SIDE, _GAP, _TITLE, _EDGE, _KEY = 2.3, 0.25, 0.66, 0.12, 0.62
#: Characters in a line above a graph.
_WIDTH: Final = 34
#: Shapes that are counted in the words above a graph, at most.
_NAMED: Final = 3
#: How much shorter a full link is than a faint one, relatively.
_PULL: Final = 0.4
#: Room around a part, and rounds of its layout.
_ROOM, _ROUNDS = 0.22, 150
_PLURAL: Final = {"square antiprism": "antiprism", "dedicated": "alone"}


@style.styled
def feature_graphs(
    nodes: pd.DataFrame | xr.Dataset,
    links: pd.DataFrame | None = None,
    *,
    by: str | None = None,
    columns: int | None = None,
    **place: Unpack[Place],
) -> Figure:
    """The represented features of each model as a graph; its parts are tegum factors.

    Points have the colour of their geometry; lines are as strong as |W_i·W_j| is large. Every part
    is laid out by itself, features as far apart as along the links, strong ones being short.

    Args:
        nodes: columns `feature`, `factor`, `geometry`, and `by`; features whose factor is −1 are
            left out. Or a Dataset with one model per graph.
        links: columns `feature`, `feature_j`, `gram` (W_i·W_j), and `by`; may be empty; not
            needed for a Dataset.
        by: the column of both tables that tells the models apart: by default `panel`, else
            `feature_probability` from dense to sparse.
        columns: graphs in a row; by default at most 4.

    Returns:
        The figure.

    Raises:
        SpecError: a column is missing, or a graph has two rows for one feature or link.

    Source: "The Geometry of Superposition: Uniform Superposition".
    """
    canvas = Canvas("feature_graphs", place)
    if is_dataset(nodes):
        W = encoder_in(nodes, "feature_graphs")
        nodes, links = feature_factor_table(W), link_table(W)
    nodes = table_of("feature_graphs", nodes)
    require("feature_graphs", nodes, ["feature", "factor", "geometry"])
    nodes = nodes[nodes["factor"] >= 0]
    require("feature_graphs", nodes, ["factor"])  # some feature is represented
    key_column = panel_column("feature_graphs", nodes, by)
    own = [] if key_column is None else [key_column]
    links = table_of("feature_graphs.links", links)
    require_columns("feature_graphs.links", links, ["feature", "feature_j", "gram", *own])
    parts = split("feature_graphs", nodes, by, ["feature"])
    marks = geometries.handles(nodes["geometry"])
    wide = across(len(parts), columns, 4) > 2
    most = canvas.fit([str(mark.get_label()) for mark in marks], 4 if wide else 2)
    rows_below = -(-len(marks) // most)
    letter = style.grown("legend.fontsize")
    key = _KEY + 0.17 * letter * max(0, rows_below - 3)
    words = [_words_of(part, _WIDTH) for part in parts]
    title = letter * _TITLE
    if canvas.sized:  # narrower panels need more lines
        narrow = canvas.width or 0.0
        words = [_words_of(part, int(_WIDTH * min(1.0, narrow / 2 / _SIDE))) for part in parts]
        title = letter * max(_TITLE, 0.15 * max(1 + one.count("\n") for one in words) + 0.1)
    room = Room(
        cell=(_SIDE, _SIDE), gap=(_GAP, title), rest=(2 * _EDGE - _GAP, 2 * _EDGE + key), least=1.3
    )
    cells = canvas.cells(len(parts), columns, room)
    side = _SIDE * cells.scale
    for part, above, (row, column) in zip(parts, words, cells.places(len(parts)), strict=True):
        top = _EDGE + title + row * (side + title)
        axes = canvas.panel(_EDGE + column * (side + _GAP), top, side, side)
        _draw(axes, part, links if key_column is None else links[links[key_column] == part.key])
        canvas.title(axes, above, side + _GAP, pad=4, fontsize=style.small())
    canvas.below(marks, most)
    return canvas.figure


def _words_of(part: Panel, characters: int) -> str:
    """What stands above a graph: its name, and its shapes in lines of so many characters."""
    # lines break after commas alone
    whole = (
        shapes(part.rows).replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")
    )
    below = textwrap.fill(whole, characters, break_long_words=False)
    return f"{part.title}\n{below}".replace("\N{NO-BREAK SPACE}", " ")


def _draw(axes: Axes, part: Panel, links: pd.DataFrame) -> None:
    rows = part.rows
    at = layout(rows, links)
    position = dict(zip(rows["feature"], at, strict=True))
    ends = [
        (position[i], position[j])
        for i, j in zip(links["feature"], links["feature_j"], strict=True)
    ]
    strength = np.clip(np.abs(links["gram"].to_numpy(dtype=float)), 0.0, 1.0)
    colours = [to_rgba(style.ink(), float(0.15 + 0.75 * s)) for s in strength]
    axes.add_collection(LineCollection(ends, colors=colours, linewidths=0.3 + 1.1 * strength))
    colour = [geometries.COLOURS[geometries.kind(name)] for name in rows["geometry"]]
    axes.scatter(
        at[:, 0], at[:, 1], s=15, c=colour, edgecolors=style.paper(), linewidths=0.5, zorder=3
    )
    reach = 1.04 * float(np.abs(at).max(initial=1e-9))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def shapes(rows: pd.DataFrame) -> str:
    """The most frequent shapes of a model in words, e.g. "23 digons, 2 pentagons"."""
    names = rows.groupby("factor")["geometry"].first()
    known = Counter(name for name in names if name != geometries.UNNAMED)
    words = []
    for name, count in known.most_common(_NAMED):
        short = _PLURAL.get(name, name)
        ending = "" if count == 1 or short == "alone" else "s"
        plural = "tetrahedra" if short == "tetrahedron" and count > 1 else short + ending
        words.append(f"{count} {plural}")
    sizes = rows.groupby("factor").size()[names == geometries.UNNAMED]
    if len(sizes):
        most = f"{sizes.max()} features" if len(sizes) == 1 else f"up to {sizes.max()}"
        words.append(f"{len(sizes)} unnamed of {most}")
    return ", ".join(words)


def layout(nodes: pd.DataFrame, links: pd.DataFrame) -> F64:
    """Positions (node, 2) around 0, in the order of `nodes`: parts laid out, then packed."""
    count = len(nodes)
    order = {feature: k for k, feature in enumerate(nodes["feature"])}
    i, j = (np.array([order[f] for f in links[name]], int) for name in ("feature", "feature_j"))
    strength = np.clip(np.abs(links["gram"].to_numpy(dtype=np.float64)), 0.0, 1.0)
    lengths = np.zeros((count, count))  # 0: no link
    lengths[i, j] = 1.0 - _PULL * strength
    _, label = connected_components(lengths, directed=False)
    members = [np.flatnonzero(label == k) for k in np.unique(label)]
    members.sort(key=len, reverse=True)
    shaped = [spread(shortest_path(lengths[np.ix_(own, own)], directed=False)) for own in members]
    centres = _pack(np.array([np.linalg.norm(own, axis=1).max() + _ROOM for own in shaped]))
    at = np.zeros((count, 2))
    for own, points, centre in zip(members, shaped, centres, strict=True):
        at[own] = points + centre
    middle: F64 = (at.max(0) + at.min(0)) / 2
    return at - middle


def spread(distance: F64) -> F64:
    """Points (k, 2) around 0 whose distances come close to `distance` (k, k), by least squares.

    Classical scaling, then majorisation of the stress (Guttman's transform).
    """
    size = len(distance)
    centred = np.eye(size) - 1 / size
    values, vectors = np.linalg.eigh(-centred @ distance**2 @ centred / 2)
    top = np.maximum(values[-2:], 0.0)
    at = np.zeros((size, 2))
    at[:, 2 - len(top) :] = vectors[:, -2:] * np.sqrt(top)
    for _ in range(_ROUNDS if size > 2 else 0):
        now = np.linalg.norm(at[:, None] - at[None], axis=-1)
        pull = -np.divide(distance, now, out=np.zeros_like(now), where=now > 0)
        np.fill_diagonal(pull, -pull.sum(1))
        at = pull @ at / size
    return np.asarray(at - at.mean(0))


def _pack(radii: F64) -> F64:
    """Centres (part, 2) of circles that do not overlap: each as near to 0 as is free, in turn."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centres = np.zeros((len(radii), 2))
    for k in range(1, len(radii)):
        known, own = centres[:k], radii[:k]
        # the best places touch a circle that is there already
        touch = (known[:, None] + (own + radii[k])[:, None, None] * ring).reshape(-1, 2)
        apart = np.linalg.norm(touch[:, None] - known[None], axis=-1)
        free = (apart >= own + radii[k] - 1e-9).all(1)
        distance = np.where(free, np.linalg.norm(touch, axis=1), np.inf)
        centres[k] = touch[int(distance.argmin())]
    return centres
