"""Figures of local almost-orthogonal bases: WᵀW by bundle, and what the size of a bundle does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum.dims import DENSITY, FEATURE
from tegum.experiments._shared.sets import TRAINED
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.correlated_features.local_bases import (
    BUNDLES,
    HIDDEN_DIMENSIONS,
    INDEPENDENT,
    SHOWN,
    SIZE,
)
from tegum.plots import style
from tegum.plots.plane_sets import COLOURS
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIDE: Final = 2.7
_TITLES: Final = {
    BUNDLES: "two correlated bundles of ten",
    INDEPENDENT: "twenty independent features",
}


@style.styled
def draw_bases(tables: Tables) -> Figure:
    """G = WᵀW of the two models, features by bundle, with D_i alone and overall below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.3, 4.75))
    for k, law in enumerate((BUNDLES, INDEPENDENT)):
        single, double = (tables[t][tables[t]["law"] == law] for t in ("bases", "basis_pairs"))
        left = 0.55 + k * (_SIDE + 0.3)
        _draw_gram(style.place(figure, left, 0.45, _SIDE, _SIDE), double, _TITLES[law])
        _draw_shares(style.place(figure, left, 0.75 + _SIDE, _SIDE, 0.85), single, first=k == 0)
    bar = style.place(figure, 0.55 + 2 * (_SIDE + 0.3) - 0.1, 0.45, 0.11, _SIDE)
    style.colour_bar(bar, style.SIGNED, style.SIGNED_RANGE, "WᵀW").set_ticks([-1, -0.5, 0, 0.5, 1])
    handles, words = figure.axes[1].get_legend_handles_labels()
    figure.legend(handles, words, loc="lower center", ncols=2, borderaxespad=0.2)
    return figure


def _draw_gram(axes: Axes, pairs: pd.DataFrame, title: str) -> None:
    n = 2 * SIZE
    G = pairs.sort_values([FEATURE, "feature_j"])["gram"].to_numpy(dtype=float).reshape(n, n)
    axes.imshow(G, cmap=style.SIGNED, norm=style.SIGNED_RANGE, interpolation="nearest")
    axes.axhline(SIZE - 0.5, color=style.INK, lw=0.8)
    axes.axvline(SIZE - 0.5, color=style.INK, lw=0.8)
    axes.spines[:].set_visible(True)
    axes.set_title(title, pad=14)
    for half in range(2):
        place: dict[str, Any] = {"color": COLOURS[half], "lw": 4, "clip_on": False}
        at = [half * SIZE - 0.4, (half + 1) * SIZE - 0.6]
        axes.plot(at, [-1.3, -1.3], **place)
        axes.plot([-1.3, -1.3], at, **place)
    axes.set(xlim=(-0.5, n - 0.5), ylim=(n - 0.5, -0.5), xticks=[], yticks=[])


def _draw_shares(axes: Axes, rows: pd.DataFrame, *, first: bool) -> None:
    """D_i of each feature: with its bundle alone, and in the whole model."""
    where = rows[FEATURE]
    axes.bar(where, rows["alone"], 0.8, color=style.SKY, label="$D_i$ with its bundle alone")
    axes.bar(where, rows["dimensionality"], 0.8, color=style.BLUE, label="$D_i$ in the model")
    axes.set(xlim=(-0.5, 2 * SIZE - 0.5), ylim=(0, 1.05), xticks=[], xlabel="feature")
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"] if first else ["", "", ""])
    if first:
        axes.set_ylabel("$D_i$")


@style.styled
def draw_sizes(tables: Tables) -> Figure:
    """Mean |cos| and D of the best models, over the number of features in a bundle."""
    from matplotlib.figure import Figure

    rows = tables["bundles"]
    rows = rows[(rows["law"] == BUNDLES) & (rows["engine"] == TRAINED)]
    rows = rows[np.isclose(rows[DENSITY], SHOWN)]
    best = best_rows(rows, "size")
    figure = Figure(figsize=(7.0, 3.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(best["size"], best["across"], "s-", color=style.VERMILION, label="across bundles")
    left.plot(best["size"], best["within"], "o-", color=style.BLUE, label="within a bundle")
    for line in left.lines:
        line.set(clip_on=False, zorder=3)  # a mark at 0 is seen whole
    left.set(ylabel="mean |cos|", ylim=(0, None))
    right.plot(best["size"], best["alone"], "o-", color=style.SKY, label="bundle alone")
    right.plot(best["size"], best["overall"], "s-", color=style.BLUE, label="whole model")
    size = np.linspace(best["size"].min(), best["size"].max(), 200)
    bound = np.minimum(1, HIDDEN_DIMENSIONS / size)
    right.plot(size, bound, color=style.GREY, lw=0.9, ls=(0, (4, 3)), label="most there can be")
    right.set(ylabel="mean $D_i$", ylim=(0, 1.05))
    for axes in (left, right):
        axes.axvline(HIDDEN_DIMENSIONS, color=style.FAINT, lw=1, zorder=style.BEHIND)
        axes.set_xlabel(f"features in a bundle (m = {HIDDEN_DIMENSIONS})")
        axes.legend(loc="best")
    return figure


FIGURES: Final = (
    FigureSpec(
        "bases-shown",
        "Above: WᵀW of the model of lowest loss of 32 at 1−S = 0.05 (fewer in a quick run), "
        "n = 20, m = 10, with the second half of the features in the order of their counterparts "
        "in the first. Left: two correlated bundles, each as good as orthogonal within; all "
        "interference is across, with one counterpart or with all alike. Right: independent "
        "features, whose antipodal pairs fall anywhere. Below: the dimensionality of each feature "
        "with its half alone, and in the whole model.",
        draw_bases,
        ("bases", "basis_pairs"),
    ),
    FigureSpec(
        "sizes",
        "Two bundles of correlated features in ten dimensions at 1−S = 0.05, for different sizes "
        "of the bundles: mean |cos| (left) and mean dimensionality (right) of the models of lowest "
        "loss of 32 (fewer in a quick run). As long as a bundle fits (up to the vertical line), it "
        "is almost orthogonal; one of k > m features cannot be, and each of them has nearly m/k of "
        "a dimension, the most there can be (dashed).",
        draw_sizes,
        ("bundles",),
    ),
)
