"""The figures that are returned: they show themselves, and are saved as the same bytes."""

from __future__ import annotations

import base64
import io
import warnings
from pathlib import PurePath
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

#: By the kind of file: the entry of its metadata that is the time of day.
_CLOCKS: Final = {"svg": "Date", "svgz": "Date", "pdf": "CreationDate"}
#: What the names inside an SVG are made from, where the user's settings have nothing.
_SALT: Final = "tegum"
#: Inches: panels that are less wide or high than that are squashed.
_LEAST: Final = 0.4
#: Pixels of a shown picture per pixel of the page: sharp on screens of high resolution.
_SHARP: Final = 2


class Once(ConstrainedLayoutEngine):
    """matplotlib's constrained layout, done once.

    It moves what it has placed again at every drawing, since the ticks have changed meanwhile.
    Where text leaves next to nothing to the panels it warns, in the name of `owner`. Panels that
    are `square` stand together in the middle of a figure that is wider.
    """

    def __init__(self, owner: str, *, square: bool = False) -> None:
        super().__init__(compress=square)
        self.owner, self.done = owner, False

    def execute(self, fig: Figure) -> None:
        """Lay the figure out, the first time."""
        if self.done:
            return
        with warnings.catch_warnings(record=True) as collapsed:
            warnings.simplefilter("always")  # what matplotlib says names neither cause nor way out
            super().execute(fig)
        self.done = True
        panels = [axes.get_window_extent() for axes in fig.axes if axes.get_subplotspec()]
        least = min(min(box.width, box.height) for box in panels) / fig.dpi
        if collapsed or least < _LEAST:
            said = f"{self.owner}: the text leaves no room for the panels"
            warnings.warn(f"{said}; make figsize larger or font.size smaller", stacklevel=2)


class Picture(Figure):
    """A figure of no window: notebooks show it, and the same figure is saved as the same bytes."""

    def savefig(self, fname: Any, **options: Any) -> None:
        """As matplotlib's, but without the time of day and random names in SVG and PDF."""
        self._settle()
        named = PurePath(fname).suffix[1:] if isinstance(fname, str | PurePath) else ""
        kind = str(options.get("format") or named or mpl.rcParams["savefig.format"]).lower()
        if kind in _CLOCKS:
            options["metadata"] = {_CLOCKS[kind]: None} | (options.get("metadata") or {})
        with mpl.rc_context({"svg.hashsalt": mpl.rcParams["svg.hashsalt"] or _SALT}):
            super().savefig(fname, **options)

    def _settle(self) -> None:
        """Lay out at the figure's own resolution, whatever that of the file will be."""
        engine = self.get_layout_engine()
        if isinstance(engine, Once) and not engine.done:
            self.draw_without_rendering()

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
        """What a notebook shows: one PNG, as wide on the page as the figure."""
        file = io.BytesIO()
        with mpl.rc_context({"savefig.bbox": None}):  # all of it, and not what a user saves
            self.savefig(file, format="png", dpi=_SHARP * self.dpi)
        width, height = (round(side * self.dpi) for side in self.get_size_inches())
        data = base64.b64encode(file.getvalue()).decode("ascii")
        return {"image/png": data}, {"image/png": {"width": width, "height": height}}
