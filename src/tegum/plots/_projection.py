"""Three dimensions on paper: a parallel projection in which what is far is pale and small.

Plain axes and not matplotlib's 3-D ones: these sort whole objects by depth instead of points, and
take ten times as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Float64
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgb
from matplotlib.patches import Circle, Polygon
from matplotlib.typing import ColorType
from numpy.typing import NDArray

from tegum.errors import SpecError
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd

#: The coordinates of a feature.
XYZ: Final = ["w0", "w1", "w2"]
EDGES: Final = ("auto", "all", "near", "none")
#: Up to here "auto" draws all pairs of features; beyond, near ones.
_ALL: Final = 8
#: Pairs are near when their cosine is within this of the highest of either.
_NEAR: Final = 0.1
_FAR_MIX: Final = 0.45  # of white in what lies a unit behind the plane of the centre
_TRAIL: Final = 1.1

Points = Float64[NDArray[np.float64], "n 3"]


@dataclass(frozen=True)
class View:
    """From where space is seen: degrees around the third axis, and above its equator."""

    azimuth: float
    elevation: float

    def project(self, points: Points) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n, 2) on paper and (n,) towards the eye."""
        a, e = np.radians(self.azimuth), np.radians(self.elevation)
        right = np.array([-np.sin(a), np.cos(a), 0.0])
        up = np.array([-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)])
        towards = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        return points @ np.stack([right, up], axis=1), points @ towards


def frame(axes: Axes, reach: float, view: View) -> None:
    """Empty space: the unit sphere and its equator."""
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.add_patch(Circle((0, 0), 1, fc="#fafafa", ec=style.FAINT, lw=0.6, zorder=-3))
    turn = np.linspace(0, 2 * np.pi, 97)
    round_it = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    flat, depth = view.project(round_it)
    for side, dashes in ((depth > 0, "-"), (depth <= 0, (0, (3, 3)))):
        line = np.where(side[:, None], flat, np.nan)
        axes.plot(*line.T, color=style.FAINT, lw=0.6, ls=dashes, zorder=-2)


def draw(
    axes: Axes, rows: pd.DataFrame, colours: list[ColorType], view: View, edges: str, size: float
) -> None:
    """The features of a model, their connections by inner product, and a triangle per set of 3."""
    points = rows[XYZ].to_numpy(dtype=np.float64)
    flat, depth = view.project(points)
    for i, j in _connected(points, edges):
        product = float(points[i] @ points[j])
        strut = style.STRUTS(style.SIGNED_RANGE(product))
        near = (depth[i] + depth[j]) / 2
        width = 0.8 + 1.6 * min(abs(product), 1.0)
        ends = flat[[i, j]].T
        axes.plot(*ends, color=_paled(strut, near), lw=width, zorder=near, solid_capstyle="round")
    _triangles(axes, rows, flat, depth, colours)
    for place, near, colour in zip(flat, depth, colours, strict=True):
        axes.plot(
            *place,
            "o",
            ms=size * (1 + 0.22 * np.clip(near, -1.2, 1.2)),
            mfc=_paled(colour, near),
            mec=style.paper(),
            mew=0.7,
            zorder=near + 2.5,
        )


def trail(axes: Axes, path: Points, colour: ColorType, view: View) -> None:
    """Where a feature has come from, paler the longer ago."""
    flat, depth = view.project(path)
    pieces = np.stack([flat[:-1], flat[1:]], axis=1)
    age = np.linspace(0.25, 0.9, max(len(pieces), 1))
    shades = [(*to_rgb(colour), alpha) for alpha in age]
    lines = LineCollection(list(pieces), colors=shades, linewidths=_TRAIL, capstyle="round")
    lines.set_zorder(float(depth.mean()) + 1.2 if len(depth) else 0)
    axes.add_collection(lines)


def check_edges(owner: str, edges: str) -> None:
    """Refuse an unknown choice of connections."""
    if edges not in EDGES:
        raise SpecError.of(owner, "edges", f"must be one of {EDGES}", edges)


def _connected(points: Points, edges: str) -> list[tuple[int, int]]:
    pairs = list(combinations(range(len(points)), 2))
    if edges == "none":
        return []
    if edges == "all" or (edges == "auto" and len(points) <= _ALL):
        return pairs
    length = np.linalg.norm(points, axis=1)
    unit = points / np.where(length > 0, length, 1.0)[:, None]
    cosine = unit @ unit.T - 3 * np.eye(len(points))
    closest = cosine.max(axis=1) - _NEAR
    return [(i, j) for i, j in pairs if cosine[i, j] >= min(closest[i], closest[j])]


def _triangles(
    axes: Axes,
    rows: pd.DataFrame,
    flat: NDArray[np.float64],
    depth: NDArray[np.float64],
    colours: list[ColorType],
) -> None:
    if "set" not in rows.columns:
        return
    sets = rows["set"].to_numpy()
    for number in np.unique(sets):
        own = np.flatnonzero(sets == number)
        if len(own) == 3:
            shade = Polygon(flat[own], fc=colours[own[0]], alpha=0.16, ec="none")
            shade.set_zorder(float(depth[own].mean()) + 0.5)
            axes.add_patch(shade)


def _paled(colour: ColorType, near: float) -> tuple[float, ...]:
    """The colour mixed with white, the more the farther away."""
    mix = _FAR_MIX * float(Normalize(0.0, 1.2, clip=True)(-near))
    return tuple((1 - mix) * np.array(to_rgb(colour)) + mix)
