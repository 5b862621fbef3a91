"""Figures of the perturbed pentagon, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum import plots
from tegum.experiments.base import Tables
from tegum.experiments.perturbed_pentagon import seeds
from tegum.experiments.perturbed_pentagon.curves import (
    DENSEST,
    DIGONS,
    OTHERS,
    PENTAGON,
    RELATIVE,
    SPARSEST,
)
from tegum.experiments.perturbed_pentagon.lengths import bounds
from tegum.experiments.perturbed_pentagon.tables import (
    at_one,
    curve,
    exact_shapes,
    pentagons,
    varied,
)
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLOURS: Final = {PENTAGON: style.VERMILION, DIGONS: style.BLUE, OTHERS: style.GREEN}
_NAMES: Final = {
    PENTAGON: "pentagon",
    DIGONS: "two digons, varied feature at 0",
    OTHERS: "two digons, another feature left over",
}
#: The features of a pentagon by their place: k and 5 − k mirror each other.
_PLACES: Final = {
    0: ("varied", style.VERMILION),
    1: ("its neighbours", style.BLUE),
    2: ("far two", style.GREEN),
}
_TICKS: Final = (0.1, 0.3, 1, 3, 10)
_LABEL: Final = "density of the varied feature / density of the others"
#: What is drawn close to the crossing.
_NEAR: Final = (0.1, 1.0)


def draw_morph(tables: Tables) -> Figure:
    """The paper's figure: all best models on top of one another."""
    best = tables["best"].sort_values(RELATIVE, ascending=False)
    ranges = best.groupby("kind")[RELATIVE].agg(["min", "max"])
    titles = {
        kind: f"{_NAMES.get(str(kind), kind)}: {low:.3g} to {high:.3g}"
        for kind, (low, high) in zip(ranges.index, ranges.to_numpy(), strict=True)
    }
    shown = np.unique(best[RELATIVE])[:: max(1, best[RELATIVE].nunique() // 8)]
    return plots.morph(
        best.assign(panel=best["kind"].map(titles)),
        at=RELATIVE,
        label="relative density of the varied feature",
        by="panel",
        shown=shown.tolist(),
    )


@style.styled
def draw_seeds(tables: Tables) -> Figure:
    """All seeds, and the exact curves through them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 4.6), layout="constrained")
    axes = figure.add_subplot()
    models = tables["models"]
    spread = np.random.default_rng(0).uniform(-0.012, 0.012, len(models))  # seen apart, not moved
    for shape in (*_NAMES, None):
        mine = models["kind"] == shape if shape else ~models["kind"].isin(list(_NAMES))
        look: dict[str, Any] = {"mfc": "none", "mew": 0.7, "alpha": 0.45, "zorder": 2}
        axes.plot(
            models.loc[mine, RELATIVE] * np.exp(spread[mine.to_numpy()]),
            models.loc[mine, "loss"],
            "o",
            ms=3.2,
            color=_COLOURS.get(str(shape), style.GREY),
            **look,
        )
    lowest = tables["curves"].groupby(RELATIVE)["loss"].transform("min")
    rows = tables["curves"].assign(wins=tables["curves"]["loss"] <= lowest * (1 + 1e-12))
    for name, words in _NAMES.items():
        _strong(axes, rows[rows["branch"] == name], "loss", _COLOURS[name], words)
    _mark_crossing(axes, tables)
    axes.plot([], [], "o", ms=3.2, mfc="none", color=style.GREY, label="other seeds")
    top = float(models["loss"].quantile(0.995))
    axes.set(yscale="log", ylabel="expected loss", ylim=(0.9 * models["loss"].min(), 1.25 * top))
    _relative_axis(axes)
    axes.legend(loc="lower right")
    for name, (at, place) in _PICTURES.items():
        _picture(axes, tables, name, at, place)
    return figure


#: Pictures beside the curves: relative density, left and lower edge (parts of the axes).
_PICTURES: Final = {
    PENTAGON: (1.0, (0.49, 0.2)),
    DIGONS: (SPARSEST, (0.05, 0.4)),
    OTHERS: (3.162277660, (0.36, 0.74)),
}


def _picture(
    axes: Axes, tables: Tables, branch: str, at: float, place: tuple[float, float]
) -> None:
    """The features of an exact minimum, the varied one with a larger dot."""
    rows = tables["shapes"]
    rows = rows[(rows["branch"] == branch) & np.isclose(rows[RELATIVE], at)]
    inset = axes.inset_axes((*place, 0.13, 0.2))
    inset.set(xlim=(-1.25, 1.25), ylim=(-1.25, 1.25), aspect="equal", xticks=[], yticks=[])
    inset.patch.set_alpha(0)
    inset.spines[:].set_visible(False)
    for x, y, number in zip(rows["w0"], rows["w1"], rows["place"], strict=True):
        inset.plot([0, x], [0, y], color=_COLOURS[branch], lw=1.4)
        inset.plot(x, y, "o", ms=5.5 if number == 0 else 3.5, color=_COLOURS[branch], mec="white")


def _strong(axes: Axes, rows: pd.DataFrame, column: str, colour: str, words: str) -> None:
    """A branch dashed where it is a minimum only, and strong where it is the lowest."""
    rows = rows.sort_values(RELATIVE)
    axes.plot(rows[RELATIVE], rows[column], color=colour, lw=1.0, ls=(0, (4, 2)), zorder=3)
    axes.plot(rows[RELATIVE], rows[column].where(rows["wins"]), color=colour, lw=2.6, label=words)


def _relative_axis(axes: Axes, low: float = SPARSEST, high: float = DENSEST) -> None:
    from matplotlib.ticker import NullLocator

    axes.set(xscale="log", xlim=(low / 1.06, high * 1.06), xlabel=_LABEL)
    ticks = [tick for tick in (*_TICKS, 0.2, 0.4, 0.6) if low <= tick <= high]
    ticks = ticks if high < DENSEST else [tick for tick in _TICKS if low <= tick <= high]
    axes.xaxis.set_ticks(sorted(ticks), labels=[f"{tick:g}" for tick in sorted(ticks)])
    axes.xaxis.set_minor_locator(NullLocator())


def _mark_crossing(axes: Axes, tables: Tables) -> None:
    for at in tables["crossings"][RELATIVE]:
        axes.axvline(at, color=style.GREY, lw=0.8, zorder=0)


@style.styled
def draw_crossing(tables: Tables) -> Figure:
    """Around the crossing: loss above the optimum, its slope, the varied feature's length."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.6, 6.6), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    rows = _close(tables)
    columns = {
        "over": "loss above the lowest, %",
        "slope": "slope of the loss ∂L/∂r",
        "norm": "length of the\nvaried feature",
    }
    models = tables["models"]
    near = models[models[RELATIVE].between(*_NEAR) & models["kind"].isin([PENTAGON, DIGONS])]
    for axes, (column, words) in zip(panels, columns.items(), strict=True):
        for name in (PENTAGON, DIGONS):
            part = rows[rows["branch"] == name]
            _strong(axes, part, column, _COLOURS[name], _NAMES[name])
        _mark_crossing(axes, tables)
        axes.set_ylabel(words)
    for name in (PENTAGON, DIGONS):
        part = near[near["kind"] == name]
        over = 100 * (part["loss"] / part["lowest"] - 1)
        look: dict[str, Any] = {"ms": 3.4, "mfc": "none", "mew": 0.7, "alpha": 0.5}
        panels[0].plot(part[RELATIVE], over, "o", color=_COLOURS[name], **look)
        panels[2].plot(part[RELATIVE], part["norm"], "o", color=_COLOURS[name], **look)
    panels[0].set_ylim(-3, 62)
    panels[0].legend(loc="center right", bbox_to_anchor=(1, 0.3))
    for _, met in tables["crossings"].iterrows():
        at = met[RELATIVE]
        words = f"the losses cross at {at:.4f}:\n{1 / at:.2f} times sparser"
        panels[0].annotate(
            words, (at, 0), (0.11, 42), arrowprops={"arrowstyle": "-", "color": style.GREY}
        )
        _leap(panels[1], at, met["slope_one"], met["slope_other"])
        _leap(panels[2], at, met["norm_one"], met["norm_other"])
    _relative_axis(panels[2], *_NEAR)
    for axes in panels[:2]:
        axes.set_xlabel("")
    return figure


def _leap(axes: Axes, at: float, one: float, other: float) -> None:
    """Where the optimum jumps."""
    axes.plot([at, at], [one, other], color=style.INK, lw=2.2, ls=":", zorder=4)


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


@style.styled
def draw_motion(tables: Tables) -> Figure:
    """Angle of the neighbours, lengths of the features, over the density."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    exact = curve(tables, PENTAGON)
    best = varied(tables)
    left.plot(exact[RELATIVE], exact["angle"], color=style.VERMILION, lw=1.2)
    left.plot(best[RELATIVE], best["angle"], "o", ms=4.5, color=style.VERMILION)
    left.axhline(72, color=style.FAINT, lw=0.8, zorder=0)
    left.set_ylabel("angle to each neighbour, degrees")
    shapes, found = exact_shapes(tables), pentagons(tables)
    for place, (words, colour) in _PLACES.items():
        line = shapes[shapes["place"] == place].sort_values(RELATIVE)
        right.plot(line[RELATIVE], line["norm"], color=colour, lw=1.2)
        dots = found[found["place"].isin([place, 5 - place])]
        right.plot(dots[RELATIVE], dots["norm"], "o", ms=3.6, color=colour, label=words)
    right.axhline(1, color=style.FAINT, lw=0.8, zorder=0)
    right.set_ylabel("length ‖W_i‖")
    right.legend(loc="upper right")
    for axes in (left, right):
        _mark_crossing(axes, tables)
        _relative_axis(axes)
    return figure


@style.styled
def draw_lengths(tables: Tables) -> Figure:
    """Squared lengths over biases, with the formula and both bounds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.6, 4.0), layout="constrained")
    axes = figure.add_subplot()
    bias = np.linspace(-0.45, 0, 200)
    axes.fill_between(
        bias, 1 - bias, 1 / (1 + bias), color=style.FAINT, alpha=0.5, lw=0, label="bounds"
    )
    axes.plot(bias, 1 / (1 - bias) ** 2, color=style.INK, ls=(0, (4, 2)), lw=1.2)
    axes.annotate("1/(1 − b)²", (-0.2, 1 / 1.2**2), (6, -14), textcoords="offset points")
    rows = bounds(pentagons(tables))
    for place, (words, colour) in _PLACES.items():
        part = rows[rows["place"].isin([place, 5 - place])]
        axes.plot(part["b"], part["squared"], "o", ms=4, color=colour, alpha=0.7, label=words)
    even = bounds(at_one(exact_shapes(tables))).iloc[:1]
    axes.plot(even["b"], even["squared"], "*", ms=13, color=style.INK, label="regular pentagon")
    axes.set(xlabel="bias b_i", ylabel="‖W_i‖²", ylim=(0.5, 1.7))
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_reach(tables: Tables) -> Figure:
    """The share of seeds that reach the lowest loss, over the density, by size."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.add_subplot()
    for k, ((n, m), rows) in enumerate(tables["reach"].groupby(["n_features", "n_hidden"])):
        rows = rows.sort_values(RELATIVE)
        total, of = int(rows["reached"].sum()), int(rows["seeds"].sum())
        bands = np.array([seeds.interval(*pair) for pair in rows[["reached", "seeds"]].to_numpy()])
        colour = (style.VERMILION, style.BLUE, style.GREEN)[k % 3]
        axes.fill_between(rows[RELATIVE], *bands.T, color=colour, alpha=0.18, lw=0)
        words = f"n = {n}, m = {m}: {total / of:.0%} of all"
        share = rows["reached"] / rows["seeds"]
        axes.plot(rows[RELATIVE], share, "o-", ms=3.6, lw=1.2, color=colour, label=words)
    axes.set(ylim=(0, 1.03), ylabel="seeds within 1 % of the lowest loss")
    _relative_axis(axes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure
