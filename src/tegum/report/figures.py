"""Figures as SVG and PNG, films as GIF."""

from __future__ import annotations

import io
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tegum.errors import TegumError

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

    from tegum.experiments.base import FigureSpec, Tables

PNG_DPI = 150
GIF_DPI = 100
_MARGIN = 0.1  # inches around what is drawn

_VIEW_BOX = re.compile(r'viewBox="([^"]+)"')


@dataclass(frozen=True)
class Drawing:
    """A drawn figure: its name within the experiment, its caption, and its files."""

    name: str
    caption: str
    tables: tuple[str, ...]
    svg: str
    png: bytes
    gif: bytes | None = None

    @property
    def aspect(self) -> float:
        """Width over height."""
        box = _VIEW_BOX.search(self.svg)
        if box is None:
            return 1.0
        width, height = (float(number) for number in box[1].split()[2:])
        return width / height


def draw(spec: FigureSpec, tables: Tables, salt: str, remark: str = "") -> Drawing:
    """Draw `spec` from the tables it names and from nothing else.

    `salt` makes the SVG's ids the same in every run and different between figures; `remark` is
    written small below the drawing. Raises `TegumError` for a table that was not measured, and
    whatever `spec.draw` raises.
    """
    missing = [name for name in spec.tables if name not in tables]
    if missing:
        raise TegumError(f"figure {spec.name!r} needs the table {missing[0]!r}; it is not there")
    from tegum.plots import look

    own = {name: tables[name] for name in spec.tables}
    with look():  # a report looks the same whatever the settings of who makes it
        film = None if spec.animate is None else _film(spec.animate(own))
        figure = spec.draw(own)
        try:
            svg, png = _render(figure, salt, remark)
            return Drawing(spec.name, spec.caption, spec.tables, svg, png, film)
        finally:
            _close(figure)


def _film(animation: Animation) -> bytes:
    """A film as a GIF that repeats."""
    from matplotlib.animation import PillowWriter

    # The interval of a timed animation is milliseconds per frame.
    writer = PillowWriter(fps=round(1000 / getattr(animation, "_interval", 100)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.gif"
        animation.save(path, writer=writer, dpi=GIF_DPI)
        return path.read_bytes()


def _render(figure: Figure, salt: str, remark: str) -> tuple[str, bytes]:
    import matplotlib as mpl

    vector, raster = io.StringIO(), io.BytesIO()
    # Lay out once for both files: finding the places takes longer than drawing.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    box = figure.get_tightbbox()
    if remark:
        # in parts of the figure, which move with it when it is cropped, as inches do not
        x, y = np.array([box.x1, box.y0 - _MARGIN]) / figure.get_size_inches()
        figure.text(x, y, remark, fontsize=7, style="italic", ha="right", va="top")
        box = figure.get_tightbbox()
    box = box.padded(_MARGIN)
    with mpl.rc_context({"svg.hashsalt": salt, "svg.fonttype": "path"}):
        figure.savefig(vector, format="svg", bbox_inches=box, metadata={"Date": None})
        figure.savefig(raster, format="png", bbox_inches=box, dpi=PNG_DPI)
    return vector.getvalue(), raster.getvalue()


def _close(figure: Figure) -> None:
    import sys

    # A figure made through pyplot stays in its list of open figures until it is closed.
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
