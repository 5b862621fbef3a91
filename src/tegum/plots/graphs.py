"""Feature graphs: features are points, interferences lines between them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from tegum.dims import F64
from tegum.plots import geometries, style
from tegum.plots._panels import PANEL, Panel, grid_places, require, split

if TYPE_CHECKING:
    import pandas as pd

_SIDE, _GAP, _TITLE, _EDGE, _KEY = 2.3, 0.25, 0.62, 0.12, 0.62
#: Shapes that are counted in the words above a graph, at most.
_NAMED: Final = 3
_PLURAL: Final = {"square antiprism": "antiprism", "dedicated": "alone"}


@style.styled
def feature_graphs(
    nodes: pd.DataFrame, links: pd.DataFrame, *, by: str = PANEL, columns: int = 4
) -> Figure:
    """The represented features of each model as a graph; its parts are tegum factors.

    Points have the colour of their geometry; lines are as strong as |W_i·W_j| is large. Every part
    is laid out by itself (Kamada and Kawai's springs, stronger links shorter), the largest first.

    Args:
        nodes: columns `feature`, `factor`, `geometry`, and `by`.
        links: columns `feature`, `feature_j`, `gram` (W_i·W_j), and `by`.
        by: the column of both tables that tells the models apart.
        columns: graphs in a row.

    Raises:
        SpecError: a column is missing, or a graph has two rows for one feature or link.
    """
    require("feature_graphs", nodes, ["feature", "factor", "geometry"])
    require("feature_graphs", links, ["feature", "feature_j", "gram", by])
    parts = split("feature_graphs", nodes, by, ["feature"])
    places = list(grid_places(len(parts), columns))
    n_rows, n_columns = places[-1][0] + 1, min(len(parts), columns)
    width = 2 * _EDGE + n_columns * _SIDE + (n_columns - 1) * _GAP
    figure = Figure(figsize=(width, 2 * _EDGE + n_rows * (_SIDE + _TITLE) + _KEY))
    for part, (row, column) in zip(parts, places, strict=True):
        top = _EDGE + _TITLE + row * (_SIDE + _TITLE)
        axes = style.place(figure, _EDGE + column * (_SIDE + _GAP), top, _SIDE, _SIDE)
        _draw(axes, part, links[links[by] == part.key])
    marks = geometries.handles(nodes["geometry"])
    figure.legend(
        handles=marks, loc="lower center", ncols=min(4 if n_columns > 2 else 2, len(marks))
    )
    return figure


def _draw(axes: Axes, part: Panel, links: pd.DataFrame) -> None:
    rows = part.rows
    at = layout(rows, links)
    position = dict(zip(rows["feature"], at, strict=True))
    ends = [
        (position[i], position[j])
        for i, j in zip(links["feature"], links["feature_j"], strict=True)
    ]
    strength = np.clip(np.abs(links["gram"].to_numpy(dtype=float)), 0.0, 1.0)
    colours = [to_rgba(style.INK, float(0.15 + 0.75 * s)) for s in strength]
    axes.add_collection(LineCollection(ends, colors=colours, linewidths=0.3 + 1.1 * strength))
    colour = [geometries.COLOURS[geometries.kind(name)] for name in rows["geometry"]]
    axes.scatter(at[:, 0], at[:, 1], s=15, c=colour, edgecolors="white", linewidths=0.5, zorder=3)
    reach = 1.04 * float(np.abs(at).max(initial=1e-9))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(f"{part.title}\n{shapes(rows)}", pad=4, fontsize=style.SMALL)


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
        words.append(f"{len(sizes)} unnamed of ≤ {sizes.max()}")
    return ", ".join(words)


def layout(nodes: pd.DataFrame, links: pd.DataFrame) -> F64:
    """Positions (node, 2) around 0, in the order of `nodes`: parts laid out, then packed."""
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(nodes["feature"])
    for i, j, value in zip(links["feature"], links["feature_j"], links["gram"], strict=True):
        # a spring between features that interfere fully is half as long as one between others
        graph.add_edge(i, j, length=1.0 - 0.5 * min(1.0, abs(float(value))))
    order = {feature: k for k, feature in enumerate(nodes["feature"])}
    members = [sorted(part) for part in nx.connected_components(graph)]
    members.sort(key=lambda part: (-len(part), order[part[0]]))
    shaped = [_part(nx, graph.subgraph(part)) for part in members]
    centres = _pack(np.array([float(np.abs(own).max(initial=0.0)) + 0.42 for own in shaped]))
    at = np.empty((len(order), 2))
    for part, own, centre in zip(members, shaped, centres, strict=True):
        at[[order[feature] for feature in part]] = own + centre
    middle = (at.max(0) + at.min(0)) / 2 if len(at) else np.zeros(2)
    return at - middle


def _part(nx: object, graph: object) -> F64:
    """One part, centred, in units in which links are about 1 long."""
    size = len(graph)  # type: ignore[arg-type]
    if size == 1:
        return np.zeros((1, 2))
    if size == 2:
        return np.array([[-0.42, 0.0], [0.42, 0.0]])
    placed = nx.kamada_kawai_layout(graph, weight="length")  # type: ignore[attr-defined]
    at = np.array([placed[feature] for feature in sorted(placed)])
    at = at - at.mean(0)
    radius = float(np.linalg.norm(at, axis=1).max())
    return np.asarray(at / radius * 0.42 * np.sqrt(size))


def _pack(radii: F64) -> F64:
    """Centres (part, 2) of circles that do not overlap: each as near to 0 as is free, in turn."""
    angle = np.linspace(0, 2 * np.pi, 36, endpoint=False)
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
