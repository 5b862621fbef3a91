"""The labels of logarithmic axes: powers of ten in plain text, as many as stand apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.ticker import Formatter

from tegum.dims import F64

_POWER: Final = re.compile(r"\$\\mathdefault\{(?:(-?[\d.]+)\\times)?(-?\d+)\^\{(-?\d+)\}\}\$")
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

#: First digits that are labelled between powers of ten: the first choice that stands apart.
_MANTISSAS: Final = (range(1, 10), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,))
#: The width of a letter in units of the size of text.
_LETTER: Final = 0.62


def apart(ticks: F64, sizes: F64, limits: tuple[float, float], room: float, gap: float) -> bool:
    """Whether labels stand apart on a logarithmic axis.

    `sizes` are theirs along the axis, `gap` is what is between two, `room` how long the axis is.
    """
    low, high = limits
    places = room * np.log(ticks / low) / np.log(high / low)
    return bool((np.diff(places) >= (sizes[1:] + sizes[:-1]) / 2 + gap).all())


class PlainPowers(Formatter):
    """The labels of a logarithmic axis with 10⁻³ in plain text.

    matplotlib writes them as formulas, and typesetting those takes longer than all else in a
    small figure. Between powers of ten it labels as many as there are; here they stand apart.

    Args:
        formulas: matplotlib's formatter.
        size: of the labels, in points.
    """

    def __init__(self, formulas: Formatter, size: float) -> None:
        self.formulas, self.size = formulas, size
        self._shown: Sequence[int] = range(1, 10)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label at x."""
        if _mantissa(x) not in self._shown:
            return ""
        return plain_power(self.formulas(x, pos))

    def set_axis(self, axis: Any) -> None:
        """Labels depend on the range of the axis …."""
        super().set_axis(axis)
        self.formulas.set_axis(axis)

    def set_locs(self, locs: Any) -> None:
        """… on all ticks there are, and on the room they have."""
        super().set_locs(locs)
        self.formulas.set_locs(locs)
        low, high = sorted(self.axis.get_view_interval())  # type: ignore[union-attr]
        if not low > 0:
            return
        powers = np.floor(np.log10(high)) - np.ceil(np.log10(low)) + 1
        choices = _MANTISSAS if powers >= 2 else _MANTISSAS[:-1]
        self._shown = next(
            (few for few in choices if self._fits(few, locs, low, high)), choices[-1]
        )

    def _fits(self, mantissas: Sequence[int], locs: Any, low: float, high: float) -> bool:
        """Whether these labels of every decade stand apart."""
        box = self.axis.axes.bbox  # type: ignore[union-attr]
        flat = self.axis.axis_name == "x"  # type: ignore[union-attr]
        room = (box.width if flat else box.height) / self.axis.axes.figure.dpi * 72  # type: ignore[union-attr]
        shown = [x for x in np.ravel(locs) if low <= x <= high and _mantissa(x) in mantissas]
        known = [(x, plain_power(self.formulas(x))) for x in shown]
        powers = 10.0 ** np.arange(np.ceil(np.log10(low)), np.floor(np.log10(high)) + 1)
        known += [(x, "10⁰") for x in powers]
        labels = sorted({x: words for x, words in known if words}.items())
        sizes = np.array([len(words) * _LETTER if flat else 1.0 for _, words in labels])
        return apart(np.array([x for x, _ in labels]), sizes, (low, high), room / self.size, 0.0)


def _mantissa(x: float) -> int:
    """The first digit of a number that is a digit times a power of ten."""
    return round(10 ** (np.log10(x) % 1)) % 10 or 1 if x > 0 else 1


def plain_power(formula: str) -> str:
    r"""A power as matplotlib writes it, such as $\mathdefault{2\times10^{-3}}$, as 2×10⁻³."""
    power = _POWER.fullmatch(formula)
    if power is None:
        return formula
    factor, base, exponent = power.groups()
    raised = base + exponent.translate(_RAISED)
    return raised if factor is None else f"{factor}×{raised}"
