"""Figures of the collapse to principal components: panels, counts, branches, PCA."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, NullLocator

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sets import EXACT, TRAINED
from tegum.experiments.collapse_to_pca.branches import KINDS
from tegum.experiments.collapse_to_pca.claims import CAPTION
from tegum.experiments.collapse_to_pca.models import DENSITIES, SHOWN
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tegum.experiments.base import Tables

WORDS: Final = ("none", "one pair", "two pairs", "three pairs")
#: Minima that lose more than this above the lowest, in per cent, are not drawn.
_MOST: Final = 8.0
_BESIDE: Final[dict[str, Any]] = {
    "loc": "upper left",
    "bbox_to_anchor": (1.01, 1.0),
    "borderaxespad": 0.2,
}
#: Of the kinds of minima, from sparse to dense.
_COLOURS: Final = (style.BLUE, style.GREEN, style.PURPLE, style.ORANGE, style.VERMILION)


def panels(tables: Tables) -> Figure:
    """The exact optimum from sparse to dense, merged pairs as ringed dots."""
    table, models = tables["features"], tables["models"]
    exact = models[models["engine"] == EXACT].sort_values("loss")
    shown, words = table[_among(table, SHOWN)], {}
    for p in SHOWN:
        k = int(exact.loc[np.isclose(exact[DENSITY], p), "collapsed"].iloc[0])
        words[p] = f"1−S = {p:g}\n{WORDS[k]} merged"
    panel = [words[min(SHOWN, key=lambda p: abs(p - q))] for q in shown[DENSITY]]
    return plots.sets_2d(shown.assign(panel=panel), columns=5)


def _among(table: pd.DataFrame, densities: tuple[float, ...]) -> np.ndarray:
    found = np.isclose(table[DENSITY].to_numpy()[:, None], np.array(densities), rtol=1e-9)
    return np.asarray(found.any(1))


@style.styled
def counts(tables: Tables) -> Figure:
    """How many pairs have merged: every trained seed, the best one, the optimum, the paper."""
    from matplotlib.figure import Figure

    models = tables["models"]
    figure = Figure(figsize=(7.0, 3.3), layout="constrained")
    axes = figure.add_subplot()
    for k, (low, high) in CAPTION.items():
        box = Rectangle((low, k - 0.33), high - low, 0.66, fc=style.FAINT, ec="none", alpha=0.6)
        box.set_label("ranges of the paper's caption" if k == 0 else None)
        axes.add_patch(box)
    trained = models[models["engine"] == TRAINED]
    share = trained.groupby(DENSITY)["collapsed"].value_counts(normalize=True)
    p, found = (share.index.get_level_values(level).to_numpy() for level in range(2))
    seeds: dict[str, Any] = {"s": 170 * share, "color": style.SKY, "alpha": 0.7, "lw": 0}
    axes.scatter(p, found, label="trained seeds (area: their share)", **seeds)
    for engine, marker, size, colour in (
        (EXACT, "D", 7, style.ORANGE),
        (TRAINED, "o", 4, style.BLUE),
    ):
        best = models[models["engine"] == engine].sort_values("loss").groupby(DENSITY).first()
        label = "exact optimum" if engine == EXACT else "trained, lowest loss"
        look: dict[str, Any] = {"mfc": colour, "mec": "white", "ms": size}
        axes.plot(best.index, best["collapsed"], marker, label=label, **look)
    for at in tables["transitions"][DENSITY]:
        axes.axvline(at, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
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
def branches(tables: Tables) -> Figure:
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
            part.axvline(at, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
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
def pca(tables: Tables) -> Figure:
    """The optimum against the best linear model: losses, and distance of the weights."""
    from matplotlib.figure import Figure

    rows = tables["principal"].sort_values(DENSITY)
    figure = Figure(figsize=(7.0, 2.9), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(rows[DENSITY], rows["loss"] / rows["pca_loss"], "o-", ms=4, color=style.BLUE)
    left.axhline(1, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
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
