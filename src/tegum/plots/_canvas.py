"""What is drawn on: a figure of our own, or axes of the user's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from tegum.errors import SpecError
from tegum.plots import _words, style
from tegum.plots._cells import Cells, Room, across
from tegum.plots._picture import Once, Picture
from tegum.plots._place import Place, given_axes

#: Inches that a figure may be wide or high.
_LEAST, _MOST = 1.0, 200.0
#: Inches between two titles.
_APART: Final = 0.1
#: How far a figure of another width may be flatter than by its own proportions, or higher.
_FLAT, _HIGH = 0.75, 1.6
#: The part of a figure's width that a legend beside the axes may take.
_BESIDE: Final = 0.36

#: Where a legend stands that is to the right of its axes.
_ASIDE: Final[dict[str, Any]] = {
    "loc": "center left",
    "bbox_to_anchor": (1.01, 0.5),
    "borderaxespad": 0.2,
}


class Canvas:
    """Takes what is drawn, in inches from the left and top, or panel by panel.

    Args:
        owner: the drawing function, for the errors.
        place: its last arguments.
        composed: why its panels cannot be axes of the user's, where they cannot.
    """

    figure: Figure

    def __init__(self, owner: str, place: Place, *, composed: str = "") -> None:
        self.owner = owner
        self.given: list[Axes] = given_axes(place)
        self.width, self.height = self._size(place.get("figsize"))
        self._offset, self._next = (0.0, 0.0), 0
        if not self.given:
            return
        name = "ax" if place.get("ax") is not None else "axes"
        self._name = f"{owner}.{name}"
        if composed:
            raise SpecError.of(owner, name, f"must not be given, {composed}: see figsize", "axes")
        for axes in self.given:
            if not isinstance(axes, Axes):
                raise SpecError.of(owner, name, "must be axes of matplotlib", axes)
        if self.width is not None or (place.get("ax") is not None and len(self.given) > 1):
            raise SpecError.of(owner, name, "must be given without axes and figsize", sorted(place))
        self.figure = self.given[0].figure.canvas.figure  # of subfigures the whole

    def _size(self, size: Any) -> tuple[float | None, float | None]:
        """Width and height as given, None where they follow."""
        if size is None:
            return None, None
        try:
            sides = np.atleast_1d(np.asarray(size, dtype=float)).tolist()
        except (TypeError, ValueError):
            sides = []
        if len(sides) not in (1, 2) or not all(_LEAST <= side <= _MOST for side in sides):
            rule = f"must be a width or (width, height) in inches, {_LEAST:g} to {_MOST:g}"
            raise SpecError.of(self.owner, "figsize", rule, size)
        return sides[0], sides[1] if len(sides) == 2 else None

    def take(self, count: int) -> None:
        """Refuse another number of axes than there are panels."""
        if len(self.given) != count:
            owner, _, name = self._name.partition(".")
            rule = f"must be {count} axes, one for each panel" if count > 1 else "must be one"
            rule += ": axes=[…]" if count > 1 and name == "ax" else ""
            raise SpecError.of(owner, name, rule, len(self.given))

    @property
    def _laid_out(self) -> bool:
        """Whether matplotlib makes room for what is beside the axes."""
        return self.figure.get_layout_engine() is not None

    @property
    def sized(self) -> bool:
        """Whether the user said how large the figure is."""
        return self.width is not None

    def subplots(
        self,
        size: tuple[float, float],
        rows: int = 1,
        columns: int = 1,
        *,
        square: bool = False,
        **options: Any,
    ) -> list[Axes]:
        """Axes in a grid that matplotlib lays out, in a figure of this size unless told another.

        It is higher where text is larger than in our look.
        """
        if self.given:
            self.take(rows * columns)
            return self.given
        width, height = size[0], size[1] * max(1.0, style.grown("font.size"))
        if self.width is not None:
            growth = float(np.clip(self.width / width, _FLAT, _HIGH))
            width, height = self.width, self.height or height * growth
        self.figure = Picture(figsize=(width, height), layout=Once(self.owner, square=square))
        return list(self.figure.subplots(rows, columns, squeeze=False, **options).flat)

    def cells(self, count: int, columns: int | None, room: Room, most: int = 4) -> Cells:
        """A figure for so many panels in rows; by default at most `most`, in rows equally long."""
        wide = across(count, columns, most)
        if self.given:
            self.take(count)
            return Cells(1, count)
        cells = Cells(-(-count // wide), wide)
        if self.width is not None:
            cells = room.fill(count, wide, self.width, self.height)
            room.check(self.owner, cells, (self.width, self.height))
        self.sheet(*room.size(cells))
        return cells

    def sheet(self, width: float, height: float) -> None:
        """A figure for what is so large; in a larger one it stands in the middle."""
        full = (self.width or width, self.height or height)
        self._offset = ((full[0] - width) / 2, (full[1] - height) / 2)
        self.figure = Picture(figsize=full)
        self.figure.set_layout_engine("none")

    def panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes for the next panel: the user's, or placed in inches."""
        if self.given:
            self._next += 1
            return self.given[self._next - 1]
        return self.side(left, top, width, height)

    def side(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes beside the panels, in a figure of our own."""
        x, y = self._offset
        return style.place(self.figure, left + x, top + y, width, height)

    def bar(
        self,
        box: tuple[float, float, float, float],
        colours: Colormap,
        scale: Normalize,
        label: str,
        *,
        extend: str = "neither",
    ) -> Colorbar:
        """A slim colour bar: in this box (left, top, width, height), or beside the user's axes."""
        if not self.given:
            return style.colour_bar(self.side(*box), colours, scale, label, extend=extend)
        mappable = ScalarMappable(norm=scale, cmap=colours)
        return self.figure.colorbar(mappable, ax=self.given, label=label, extend=extend)

    def legend(self, axes: Axes, handles: Sequence[Artist] | None = None) -> None:
        """To the right of the axes, where no data can be under it; below where it is too wide.

        Axes of the user's have it in them, unless their figure is laid out and makes room for it.
        """
        if handles is None:
            handles, _ = axes.get_legend_handles_labels()
        if self.given and not self._laid_out:
            axes.legend(handles=handles)
            return
        words = [str(mark.get_label()) for mark in handles]
        wide = _words.legend_width(words, 1)
        if not self.sized or wide <= _BESIDE * self.figure.get_figwidth():
            axes.legend(handles=handles, **_ASIDE)
            return
        self.figure.legend(handles=handles, loc="outside lower center", ncols=self.fit(words, 4))

    def fit(self, words: Sequence[str], most: int, **look: float) -> int:
        """How many columns of a legend fit into the figure; `most` where it has its own size."""
        if not self.sized:
            return min(most, len(words))
        room = self.width or 0.0
        fits = (
            k
            for k in range(min(most, len(words)), 1, -1)
            if _words.legend_width(words, k, **look) <= room
        )
        return next(fits, 1)

    def below(
        self, handles: Sequence[Artist], ncols: int, middle: float | None = None, **look: Any
    ) -> None:
        """A legend at the foot of a figure of our own, or of the last of the user's axes.

        It is in those where their figure is not laid out: nothing would make room for it.
        """
        if self.given:
            last = self.given[-1]
            last.legend(handles=handles, **(_under(last) if self._laid_out else {}))
            return
        if middle is not None and not self.sized:
            look["bbox_to_anchor"] = (middle / self.figure.get_figwidth(), 0.0)
        laid_out = isinstance(self.figure.get_layout_engine(), Once)
        look["loc"] = "outside lower center" if laid_out else "lower center"
        self.figure.legend(handles=handles, ncols=ncols, **look)

    def title(self, axes: Axes, words: str, room: float, **look: Any) -> None:
        """Above a panel; in a figure of our own no wider than `room` inches."""
        shown = words if self.given else _words.shortened(words, room, "axes.titlesize")
        axes.set_title(shown, **look)

    def widest(self, titles: Sequence[str]) -> float:
        """Inches of the widest title and what keeps it from the next; 0 where titles are cut."""
        if self.sized or self.given:
            return 0.0
        return max(_words.width(words, "axes.titlesize") for words in titles) + _APART

    def tall(self, axes: Axes) -> float:
        """About how high axes are, in inches; in a figure that is laid out later, most of it."""
        if isinstance(self.figure.get_layout_engine(), Once) and not self.given:
            return self.figure.get_figheight() - 0.6
        return float(axes.get_position().height * self.figure.get_figheight())

    def inches(self, axes: Axes, beside: float = 0.9) -> float:
        """About how wide axes are; in a figure that is laid out later, all but `beside`."""
        if isinstance(self.figure.get_layout_engine(), Once) and not self.given:
            return self.figure.get_figwidth() - beside
        return float(axes.get_position().width * self.figure.get_figwidth())

    def beside(self, handles: Sequence[Artist], left: float, top: float) -> None:
        """A legend whose upper left corner is here, or one in the last of the user's axes."""
        look: dict[str, Any] = {"handletextpad": 0.1, "borderaxespad": 0, "borderpad": 0}
        if self.given:
            own = _ASIDE if self._laid_out else {}
            self.given[-1].legend(handles=handles, handletextpad=0.1, **own)
            return
        width, height = self.figure.get_size_inches()
        x, y = (left + self._offset[0]) / width, 1 - (top + self._offset[1]) / height
        self.figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(x, y), **look)

    def words(self, left: float, top: float, words: str, **look: Any) -> None:
        """A bold line whose upper left corner is here; no wider than a figure of a given size."""
        width, height = self.figure.get_size_inches()
        x, y = (left + self._offset[0]) / width, 1 - (top + self._offset[1]) / height
        shown = _words.shortened(words, 0.9 * (width - left), "font.size") if self.sized else words
        self.figure.text(x, y, shown, va="top", fontweight="bold", **look)


def _under(axes: Axes) -> dict[str, Any]:
    """Where a legend stands that is under axes, their numbers and their words."""
    points = 0.0
    if axes.axison:
        numbers = any(text.get_text() for text in axes.get_xticklabels())
        points += 8 + numbers * style.points("xtick.labelsize")
        points += bool(axes.get_xlabel()) * 1.6 * style.points("axes.labelsize")
    at = offset_copy(axes.transAxes, axes.get_figure(root=True), y=-points, units="points")
    return {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "bbox_transform": at}
