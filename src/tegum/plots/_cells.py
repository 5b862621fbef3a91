"""How many panels are in a row, and at which scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from tegum.errors import SpecError

#: Panels grow at most so much, and none is narrower than this many inches.
GROWTH: Final = 2.2
NARROWEST: Final = 0.35

Pair = tuple[float, float]


@dataclass(frozen=True)
class Cells:
    """Panels of one size in rows: how many there are, and the scales of widths and heights."""

    rows: int
    columns: int
    scale: float = 1.0
    tall: float = 1.0

    def places(self, count: int) -> Iterator[tuple[int, int]]:
        """(row, column) of each panel, filled row by row."""
        return (divmod(k, self.columns) for k in range(count))


@dataclass(frozen=True)
class Room:
    """What panels take: columns · (cell + gap) + rest inches in width, and so in height.

    Args:
        cell: width and height of a panel, which a given size scales, …
        gap: … and of what is between them, which it does not.
        rest: what is left and right of all of them, above and below.
        least: inches; panels are set in fewer columns before they are narrower.
        firm: the number of columns stays.
        free: the height of panels does not go with their width: it is as given, or fills a height
            that is given.
        at_least: inches that the figure is wide, whatever the panels need.
    """

    cell: Pair
    gap: Pair
    rest: Pair
    least: float = 0.9
    firm: bool = False
    free: bool = False
    at_least: float = 0.0

    def size(self, cells: Cells) -> Pair:
        """Inches that the panels take, with all that is around them."""
        shape, scales = (cells.columns, cells.rows), (cells.scale, cells.tall)
        width, height = (
            self.rest[k] + shape[k] * (self.cell[k] * scales[k] + self.gap[k]) for k in range(2)
        )
        return max(width, self.at_least), height

    def fill(self, count: int, across: int, width: float, height: float | None) -> Cells:
        """So many panels in a figure of this size, at most `across` in a row."""
        tried = [across] if self.firm else range(across, 0, -1)
        scales = {c: self._scales(-(-count // c), c, width, height) for c in tried}
        bound = height is not None and not self.free
        both = {c: min(pair) if bound else pair[0] for c, pair in scales.items()}
        fit = [c for c in both if both[c] * self.cell[0] >= min(self.least, self.cell[0])]
        across = fit[0] if fit and not bound else max(both, key=both.__getitem__)
        scale = min(both[across], GROWTH)
        tall = scale
        if self.free:
            tall = 1.0 if height is None else scales[across][1]
        return Cells(-(-count // across), across, scale, tall)

    def _scales(self, rows: int, columns: int, width: float, height: float | None) -> Pair:
        """The scales at which so many panels fill the width, and the height if it is given."""
        scale = ((width - self.rest[0]) / columns - self.gap[0]) / self.cell[0]
        if height is None:
            return scale, np.inf
        return scale, ((height - self.rest[1]) / rows - self.gap[1]) / self.cell[1]

    def check(self, owner: str, cells: Cells, size: tuple[float, float | None]) -> None:
        """Refuse a size that leaves no room for panels."""
        if min(cells.scale * self.cell[0], cells.tall * self.cell[1]) < NARROWEST:
            rule = f"must be at least {self.rest[0] + self.gap[0] + NARROWEST:.1f} inches wide"
            rule += "" if size[1] is None else ", and higher"
            raise SpecError.of(owner, "figsize", rule, size)


def across(count: int, columns: int | None, most: int) -> int:
    """Panels in a row before the width counts: `columns`, or at most `most` in equal rows."""
    if columns is None:
        return -(-count // -(-count // min(count, most)))
    if columns < 1:
        raise SpecError.of("plots", "columns", "must be >= 1", columns)
    return min(count, columns)
