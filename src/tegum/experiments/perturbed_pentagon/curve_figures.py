"""Figures of the exact minima over the density of one feature, and of the seeds that find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.experiments.base import Tables
from tegum.experiments.perturbed_pentagon.curves import (
    DENSEST,
    DIGONS,
    OTHERS,
    PENTAGON,
    RELATIVE,
    SPARSEST,
)
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = {PENTAGON: style.VERMILION, DIGONS: style.BLUE, OTHERS: style.GREEN}
NAMES: Final = {
    PENTAGON: "pentagon",
    DIGONS: "two digons, varied feature at 0",
    OTHERS: "two digons, another feature left over",
}
_TICKS: Final = (0.1, 0.3, 1, 3, 10)
#: Ticks that an axis has besides where it does not go all the way.
_BETWEEN: Final = (0.2, 0.4, 0.6)
_LABEL: Final = "density of the varied feature / density of the others"
#: What is drawn close to the crossing.
_NEAR: Final = (0.1, 1.0)
#: Pictures beside the curves: relative density, left and lower edge (parts of the axes).
_PICTURES: Final = {
    PENTAGON: (1.0, (0.49, 0.2)),
    DIGONS: (SPARSEST, (0.05, 0.4)),
    OTHERS: (3.162277660, (0.36, 0.74)),
}


def relative_axis(axes: Axes, low: float = SPARSEST, high: float = DENSEST) -> None:
    """A logarithmic axis of the relative density."""
    from matplotlib.ticker import NullLocator

    axes.set(xscale="log", xlim=(low / 1.06, high * 1.06), xlabel=_LABEL)
    every = _TICKS if high == DENSEST else (*_TICKS, *_BETWEEN)
    ticks = sorted(tick for tick in every if low <= tick <= high)
    axes.xaxis.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def mark_crossing(axes: Axes, tables: Tables) -> None:
    """A line where pentagon and digons are equally deep."""
    for at in tables["crossings"][RELATIVE]:
        axes.axvline(at, color=style.GREY, lw=0.8, zorder=style.BEHIND)


@style.styled
def draw_seeds(tables: Tables) -> Figure:
    """All seeds, and the exact curves through them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    models = tables["models"]
    spread = np.random.default_rng(0).uniform(-0.012, 0.012, len(models))  # seen apart, not moved
    models = models.assign(apart=models[RELATIVE] * np.exp(spread))
    look: dict[str, Any] = {"ms": 3.2, "mfc": "none"}
    for shape in (*NAMES, None):
        mine = models[models["kind"] == shape if shape else ~models["kind"].isin(list(NAMES))]
        axes.plot(
            mine["apart"], mine["loss"], "o", color=_COLOURS.get(str(shape), style.GREY),
            mew=0.7, alpha=0.45, zorder=2, **look,
        )  # fmt: skip
    lowest = tables["curves"].groupby(RELATIVE)["loss"].transform("min")
    rows = tables["curves"].assign(wins=tables["curves"]["loss"] <= lowest * (1 + 1e-12))
    for name in NAMES:
        _strong(axes, rows, name, "loss")
    mark_crossing(axes, tables)
    axes.plot([], [], "o", color=style.GREY, label="other seeds", **look)
    top = models["loss"].quantile(0.995)
    axes.set(yscale="log", ylabel="expected loss", ylim=(0.9 * models["loss"].min(), 1.25 * top))
    relative_axis(axes)
    axes.legend(loc="lower right")
    for name in NAMES:
        _picture(axes, tables["shapes"], name)
    return figure


def _picture(axes: Axes, shapes: pd.DataFrame, branch: str) -> None:
    """The features of an exact minimum, the varied one with a larger dot."""
    at, place = _PICTURES[branch]
    rows = shapes[(shapes["branch"] == branch) & np.isclose(shapes[RELATIVE], at)]
    inset = axes.inset_axes((*place, 0.13, 0.2))
    inset.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xticks=[], yticks=[])
    inset.patch.set_alpha(0)
    inset.spines[:].set_visible(False)
    for x, y, number in zip(rows["w0"], rows["w1"], rows["place"], strict=True):
        inset.plot([0, x], [0, y], color=_COLOURS[branch], lw=1.4)
        inset.plot(x, y, "o", ms=5.5 if number == 0 else 3.5, color=_COLOURS[branch], mec="white")


def _strong(axes: Axes, rows: pd.DataFrame, branch: str, column: str) -> None:
    """A branch dashed where it is a minimum only, and strong where it is the lowest."""
    rows = rows[rows["branch"] == branch].sort_values(RELATIVE)
    look: dict[str, Any] = {"color": _COLOURS[branch]}
    axes.plot(rows[RELATIVE], rows[column], lw=1.0, ls=(0, (4, 2)), zorder=3, **look)
    axes.plot(rows[RELATIVE], rows[column].where(rows["wins"]), lw=2.6, label=NAMES[branch], **look)


@style.styled
def draw_crossing(tables: Tables) -> Figure:
    """Around the crossing: loss above the optimum, its slope, the varied feature's length."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 6.6), layout="constrained")
    panels = over, slope, length = figure.subplots(3, 1, sharex=True)
    rows, models = _close(tables), tables["models"]
    columns = {
        "over": "loss above the lowest, %",
        "slope": "slope of the loss ∂L/∂r",
        "norm": "length of the\nvaried feature",
    }
    for axes, (column, words) in zip(panels, columns.items(), strict=True):
        for name in (PENTAGON, DIGONS):
            _strong(axes, rows, name, column)
        mark_crossing(axes, tables)
        axes.set_ylabel(words)
    for name in (PENTAGON, DIGONS):
        part = models[models[RELATIVE].between(*_NEAR) & (models["kind"] == name)]
        look: dict[str, Any] = {"ms": 3.4, "mfc": "none", "mew": 0.7, "alpha": 0.5}
        look |= {"color": _COLOURS[name]}
        over.plot(part[RELATIVE], 100 * (part["loss"] / part["lowest"] - 1), "o", **look)
        length.plot(part[RELATIVE], part["norm"], "o", **look)
    over.set_ylim(-3, 62)
    over.legend(loc="center right", bbox_to_anchor=(1, 0.3))
    for _, met in tables["crossings"].iterrows():
        at = met[RELATIVE]
        words = f"the losses cross at {at:.4f}:\n{1 / at:.2f} times sparser"
        line = {"arrowstyle": "-", "color": style.GREY}
        over.annotate(words, (at, 0), (0.11, 42), arrowprops=line)
        for axes, name in ((slope, "slope"), (length, "norm")):  # where the optimum jumps
            ends = [met[f"{name}_one"], met[f"{name}_other"]]
            axes.plot([at, at], ends, color=style.INK, lw=2.2, ls=":", zorder=4)
    relative_axis(length, *_NEAR)
    return figure


def _close(tables: Tables) -> pd.DataFrame:
    """Both curves near the crossing, and on it, where each of them is the lowest."""
    import pandas as pd

    rows = tables["curves"]
    rows = rows[rows[RELATIVE].between(*_NEAR) & rows["branch"].isin([PENTAGON, DIGONS])]
    met = [
        {RELATIVE: row[RELATIVE], "branch": name, "loss": row["loss"],
         "slope": row[f"slope_{side}"], "norm": row[f"norm_{side}"]}
        for _, row in tables["crossings"].iterrows()
        for name, side in ((PENTAGON, "one"), (DIGONS, "other"))
    ]  # fmt: skip
    both = pd.concat([rows, pd.DataFrame(met)], ignore_index=True)
    lowest = both.groupby(RELATIVE)["loss"].transform("min")
    return both.assign(
        wins=both["loss"] <= lowest * (1 + 1e-9), over=100 * (both["loss"] / lowest - 1)
    )
