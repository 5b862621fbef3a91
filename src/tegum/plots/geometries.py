"""One colour per polytope, and the order in which legends name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from matplotlib.lines import Line2D

from tegum.plots import style

UNNAMED: Final = "unnamed"
ABSENT: Final = "not represented"
OTHER: Final = "another polytope"

#: From whole dimensions to small shares of one.
COLOURS: Final = {
    "dedicated": style.SKY,
    "tetrahedron": style.PURPLE,
    "triangle": style.ORANGE,
    "digon": style.BLUE,
    "pentagon": style.GREEN,
    "square antiprism": style.VERMILION,
    OTHER: style.INK,
    UNNAMED: "#9a9a9a",
    ABSENT: style.FAINT,
}


def kind(geometry: str) -> str:
    """The entry of the legend that a polytope has: its own, or that of all others."""
    return geometry if geometry in COLOURS else OTHER


def present(geometries: Iterable[str]) -> list[str]:
    """The entries of the legend for these geometries, in its order."""
    found = {kind(name) for name in geometries}
    return [name for name in COLOURS if name in found]


def handles(geometries: Iterable[str], marker: str = "o") -> list[Line2D]:
    """Marks for a legend of these geometries."""
    look = {"ls": "", "marker": marker, "ms": 6, "mec": style.paper(), "mew": 0.5}
    return [
        Line2D([], [], color=COLOURS[name], label=name, **look)  # type: ignore[arg-type]
        for name in present(geometries)
    ]
