"""Figures of the collapse to principal components: panels, counts, branches, PCA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, NullLocator

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sets import EXACT, TRAINED
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.collapse_to_pca.branches import KINDS
from tegum.experiments.collapse_to_pca.claims import CAPTION, best
from tegum.experiments.collapse_to_pca.measure import DENSITIES, SHOWN
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WORDS: Final = ("none", "one pair", "two pairs", "three pairs")
#: Minima that lose more than this above the lowest, in per cent, are not drawn.
_MOST: Final = 8.0
_BESIDE: Final[dict[str, Any]] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1.0),
    "borderaxespad": 0.2,
}
#: Of the kinds of minima, from sparse to dense.
_COLOURS: Final = (style.BLUE, style.GREEN, style.PURPLE, style.ORANGE, style.VERMILION)


def draw_panels(tables: Tables) -> Figure:
    """The exact optimum from sparse to dense, merged pairs as ringed dots."""
    table, merged = tables["features"], best(tables, EXACT)["collapsed"]
    shown = table[table[DENSITY].isin(SHOWN)]
    words = {p: f"1−S = {p:g}\n{_WORDS[merged[p]]} merged" for p in SHOWN}
    return plots.sets_2d(shown.assign(panel=shown[DENSITY].map(words)), columns=5)


@style.styled
def draw_counts(tables: Tables) -> Figure:
    """How many pairs have merged: every trained seed, the best one, the optimum, the paper."""
    from matplotlib.figure import Figure

    trained = tables["models"][tables["models"]["engine"] == TRAINED]
    figure = Figure(figsize=(7.0, 3.3), layout="constrained")
    axes = figure.add_subplot()
    for k, (low, high) in CAPTION.items():
        box = Rectangle((low, k - 0.33), high - low, 0.66, fc=style.FAINT, ec="none", alpha=0.6)
        box.set_label("ranges of the paper's caption" if k == 0 else None)
        axes.add_patch(box)
    share = trained.groupby(DENSITY)["collapsed"].value_counts(normalize=True)
    p, found = (share.index.get_level_values(level).to_numpy() for level in range(2))
    seeds: dict[str, Any] = {"s": 170 * share, "color": style.SKY, "alpha": 0.7, "lw": 0}
    axes.scatter(p, found, label="trained seeds (area: their share)", **seeds)
    for engine, label, marker, size, colour in (
        (EXACT, "exact optimum", "D", 7, style.ORANGE),
        (TRAINED, "trained, lowest loss", "o", 4, style.BLUE),
    ):
        merged = best(tables, engine)["collapsed"]
        look: dict[str, Any] = {"mfc": colour, "mec": "white", "ms": size}
        axes.plot(merged.index, merged, marker, label=label, **look)
    for at in tables["transitions"][DENSITY]:
        axes.axvline(at, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    _density(axes, (0.017, 0.95))
    axes.set(yticks=range(4), ylim=(-0.45, 3.45), ylabel="pairs merged")
    axes.legend(**_BESIDE)
    return figure


def _density(axes: Axes, limits: tuple[float, float]) -> None:
    """A logarithmic axis of 1−S, from sparse to dense."""
    axes.set(xscale="log", xlim=limits, xlabel="1−S")
    ticks = [p for p in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8) if limits[0] <= p <= limits[1]]
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


@style.styled
def draw_branches(tables: Tables) -> Figure:
    """Losses of the best minima with no, one, two, three merged pairs, over the lowest."""
    from matplotlib.figure import Figure

    table = tables["branches"]
    figure = Figure(figsize=(7.0, 4.6), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.4, 1])
    lowest = table.groupby(DENSITY)["loss"].min()
    for kind, colour in zip(KINDS, _COLOURS, strict=True):
        rows = table[(table["kind"] == kind.name) & table["loss"].notna()].sort_values(DENSITY)
        above = 100 * (rows["loss"] / rows[DENSITY].map(lowest) - 1)
        rows = rows.assign(above=above)[above < _MOST]
        axes.plot(rows[DENSITY], rows["above"], "o-", ms=2.5, color=colour, label=kind.name)
        if kind.close:
            below.plot(rows[DENSITY], rows["spread"], "o-", ms=2.5, color=colour)
    edges = tables["transitions"][DENSITY].to_list()
    for at, following in zip(edges, [*edges[1:], np.inf], strict=True):
        for part in (axes, below):
            part.axvline(at, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
        left = following < 1.3 * at  # no room between the lines
        words: dict[str, Any] = {"ha": "right" if left else "left", "va": "top"}
        place = at / 1.015 if left else at * 1.015
        axes.text(place, 0.98 * _MOST, f"{at:.4f}", fontsize=style.SMALL, **words)
    axes.set(ylim=(-0.3, _MOST), ylabel="loss above the lowest (%)")
    below.set(ylabel="‖a−b‖/‖a+b‖\n(close pairs)", ylim=(-0.005, 0.12))
    _density(below, (float(lowest.index.min()), float(lowest.index.max())))
    axes.legend(title="pairs merged", alignment="left", **_BESIDE)
    return figure


@style.styled
def draw_pca(tables: Tables) -> Figure:
    """The optimum against the best linear model: losses, and distance of the weights."""
    from matplotlib.figure import Figure

    rows = tables["principal"].sort_values(DENSITY)
    figure = Figure(figsize=(7.0, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(rows[DENSITY], rows["loss"] / rows["pca_loss"], "o-", ms=4, color=style.BLUE)
    left.axhline(1, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    left.set(ylim=(0, 1.08), ylabel="loss / loss of PCA")
    outside = rows["outside"].clip(lower=0)
    right.plot(rows[DENSITY], rows["projector_off"], "s-", ms=4, color=style.VERMILION)
    right.plot(rows[DENSITY], outside, "o-", ms=4, color=style.BLUE)
    right.set(ylim=(-0.02, 0.85), ylabel="distance from PCA")
    last = rows.iloc[0]
    note: dict[str, Any] = {"fontsize": style.SMALL, "va": "bottom"}
    right.text(0.045, last["projector_off"] + 0.015, "largest entry of WᵀW − projector", **note)
    right.text(0.021, last["outside"] + 0.03, "share of ‖W‖² outside (a+b)/√2", **note)
    for axes in (left, right):
        _density(axes, (0.9 * min(DENSITIES), 1.1 * max(DENSITIES)))
    return figure


FIGURES: Final = (
    FigureSpec(
        "panels",
        "The exact optimum from sparse to dense (lowest of 64 descents; fewer in a quick run), "
        "a colour per correlated pair, each panel turned towards the one before; the dashed "
        "circle has radius 1. A hexagon with partners side by side gives way, pair by pair, to "
        "merged partners (a dot with a ring), which share the direction of (a + b)/√2. At "
        "0.15 the second pair has not quite closed. At the densest all that is left is a plane "
        "in the space of the three first components, as PCA has it.",
        draw_panels,
        ("features", "models"),
    ),
    FigureSpec(
        "counts",
        "Merged pairs over density: the exact optimum (diamonds), the trained model of lowest "
        "loss of 64 (dots; fewer in a quick run), and all trained seeds (discs). Dashed: where "
        "the optimum changes. Grey: the ranges that the paper's caption gives; the optimum "
        "keeps the third pair apart for longer. At 1−S = 0.15 the second pair is nearly, not "
        "quite, merged. 1−S = 1 is left out: all components are then of the same variance.",
        draw_counts,
        ("models", "transitions"),
    ),
    FigureSpec(
        "branches-shown",
        "Exact losses of the lowest minima by the number of merged pairs, over the lowest at "
        "that density. Where two lines cross, at the densities written there, the optimum "
        "jumps, and the other one remains as a minimum for a while; a line ends where there is "
        "no such minimum, or none that loses less than 8 % more. Below: how far apart at most "
        "the partners are of a pair that has merged or nearly so. The second pair comes close "
        "in one jump, and merges in another, which hardly changes the loss.",
        draw_branches,
        ("branches", "transitions"),
    ),
    FigureSpec(
        "pca",
        "Left: the loss of the exact optimum over that of the best linear model, which is PCA. "
        "Right: how much of the weights is outside the first components of the pairs, and how "
        "far WᵀW is from a projector of PCA. Sparse features: superposition, at a fraction of "
        "PCA's loss. From 1−S = 0.4 the components are PCA's, but three of them share two "
        "dimensions; by 0.8 the model is PCA.",
        draw_pca,
        ("principal",),
    ),
)
