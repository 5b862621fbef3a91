"""How much room words take, and what to do where there is less."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from matplotlib.axis import XAxis, YAxis
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from tegum.plots import style
from tegum.plots._powers import apart

#: Inches between two labels of an axis.
_APART = 0.06


def width(words: str, setting: str) -> float:
    """Inches that one line takes at the size that a setting of matplotlib names."""
    font = FontProperties(size=style.points(setting))
    shown, formula = words, words.count("$") >= 2 and words.count("$") % 2 == 0
    return float(text_to_path.get_text_width_height_descent(shown, font, formula)[0]) / 72


def shortened(words: str, room: float, setting: str) -> str:
    """The words, with … in place of what does not fit into `room` inches, line by line.

    Of "name = value" the value stays: it tells panels apart.
    """
    return "\n".join(_cut(line, room, setting) for line in words.split("\n"))


def _cut(line: str, room: float, setting: str) -> str:
    if width(line, setting) <= room:
        return line
    if "$" in line:  # half a formula is none
        return "…"
    name, equals, value = line.partition(" = ")
    fits = [f"{name[:k].rstrip()}…{equals}{value}" for k in range(len(name) - 1, 0, -1)]
    fits += [value] if equals else []
    return next((short for short in fits if width(short, setting) <= room), "…")


def first_fitting(choices: Sequence[str], room: float, setting: str) -> str:
    """The first of these words that fits into `room` inches, else the last."""
    return next((one for one in choices if width(one, setting) <= room), choices[-1])


def legend_width(words: Sequence[str], columns: int, *, handle: float = 2.0) -> float:
    """Inches that a legend takes: the widest of each column, with its mark and what is between."""
    letter = style.points("legend.fontsize") / 72
    parts = np.array_split(np.array([width(one, "legend.fontsize") for one in words]), columns)
    return sum(float(part.max()) for part in parts) + letter * (
        columns * (handle + 0.8 + 2.0) + 0.8
    )


def log_ticks(axis: XAxis | YAxis, room: float, choices: Sequence[Sequence[float]]) -> None:
    """Plain numbers on a logarithmic axis `room` inches long: the first choice that fits.

    A choice lists what is labelled in every decade; the limits of the axis are known.
    """
    low, high = sorted(axis.get_view_interval())
    setting = f"{axis.axis_name}tick.labelsize"
    lines = lambda _: style.points(setting) / 72  # noqa: E731
    length = partial(width, setting=setting) if axis.axis_name == "x" else lines
    subs = next((c for c in choices if _fits(c, low, high, room, length)), choices[-1])
    axis.set_major_locator(LogLocator(subs=tuple(subs)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def _fits(
    subs: Sequence[float], low: float, high: float, room: float, length: Callable[[str], float]
) -> bool:
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    ticks = np.sort(np.multiply.outer(decades, np.asarray(subs)).ravel())
    ticks = ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
    sizes = np.array([length(f"{tick:g}") for tick in ticks])
    return apart(ticks, sizes, (low, high), room, _APART)
