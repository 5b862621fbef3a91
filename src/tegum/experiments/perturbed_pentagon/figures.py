"""Figures of the perturbed pentagon: its shape over the density, and how many seeds find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum import plots
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.perturbed_pentagon.curve_figures import (
    NAMES,
    draw_crossing,
    draw_seeds,
    mark_crossing,
    relative_axis,
)
from tegum.experiments.perturbed_pentagon.curves import PENTAGON, RELATIVE
from tegum.experiments.perturbed_pentagon.tables import (
    at_one,
    bounds,
    curve,
    exact_shapes,
    interval,
    pentagons,
    varied,
)
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The features of a pentagon by their place: k and 5 − k mirror each other.
_PLACES: Final = {
    0: ("varied", style.VERMILION),
    1: ("its neighbours", style.BLUE),
    2: ("far two", style.GREEN),
}


def draw_morph(tables: Tables) -> Figure:
    """The paper's figure: all best models on top of one another."""
    best = tables["best"].sort_values(RELATIVE, ascending=False)
    titles = {
        kind: f"{NAMES.get(str(kind), kind)}: {at.min():.3g} to {at.max():.3g}"
        for kind, at in best.groupby("kind")[RELATIVE]
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
def draw_motion(tables: Tables) -> Figure:
    """Angle of the neighbours, lengths of the features, over the density."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    exact, best = curve(tables, PENTAGON), varied(tables)
    left.plot(exact[RELATIVE], exact["angle"], color=style.VERMILION, lw=1.2)
    left.plot(best[RELATIVE], best["angle"], "o", ms=4.5, color=style.VERMILION)
    left.axhline(72, color=style.FAINT, lw=0.8, zorder=style.BEHIND)
    left.set_ylabel("angle to each neighbour, degrees")
    shapes, found = exact_shapes(tables), pentagons(tables)
    for place, (words, colour) in _PLACES.items():
        line = shapes[shapes["place"] == place].sort_values(RELATIVE)
        right.plot(line[RELATIVE], line["norm"], color=colour, lw=1.2)
        dots = found[found["place"].isin([place, 5 - place])]
        right.plot(dots[RELATIVE], dots["norm"], "o", ms=3.6, color=colour, label=words)
    right.axhline(1, color=style.FAINT, lw=0.8, zorder=style.BEHIND)
    right.set_ylabel("length ‖W_i‖")
    right.legend(loc="upper right")
    for axes in (left, right):
        mark_crossing(axes, tables)
        relative_axis(axes)
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
        counted = rows[["reached", "seeds"]]
        reached, of = counted.sum()
        bands = np.array([interval(*pair) for pair in counted.to_numpy()])
        colour = (style.VERMILION, style.BLUE, style.GREEN)[k % 3]
        axes.fill_between(rows[RELATIVE], *bands.T, color=colour, alpha=0.18, lw=0)
        words = f"n = {n}, m = {m}: {reached / of:.0%} of all"
        share = rows["reached"] / rows["seeds"]
        axes.plot(rows[RELATIVE], share, "o-", ms=3.6, lw=1.2, color=colour, label=words)
    axes.set(ylim=(0, 1.03), ylabel="seeds within 1 % of the lowest loss")
    relative_axis(axes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


_CHOSEN = (
    "At each density the model of lowest expected loss of 96 seeds is shown (fewer in a quick run)"
)

FIGURES: Final = (
    FigureSpec(
        "pentagon",
        "Five features in two dimensions; the density of one of them, on the right with the larger "
        "dot, is a tenth to ten times that of the others (colour: blue sparser, yellow denser). "
        "Denser, it pushes its neighbours away; sparser, they close in and it grows; sparser "
        "still, it is given up, and the four others form two digons. Each line is a feature's "
        f"direction, thin ones join neighbours; the dashed circle has radius 1. {_CHOSEN}, turned "
        "and reflected into one position. Below: some of them alone, by relative density.",
        draw_morph,
        ("best",),
    ),
    FigureSpec(
        "seeds",
        "Expected losses of all seeds (rings, coloured by the shape of the model; a little apart "
        "to be seen) and of the exact minima, each followed over the density (lines; strong where "
        "it is the lowest). Seeds that miss the best minimum end in another one: nearly all lie on "
        "a curve. Pentagon and digons cross at the vertical line; pictures: the models of the "
        "curves, the varied feature with a larger dot. Rings a little above the curve of the "
        "digons are models whose output for the lost feature is dead (b < 0 instead of its mean). "
        "The highest half per cent of the losses is not shown.",
        draw_seeds,
        ("models", "curves", "shapes", "crossings"),
    ),
    FigureSpec(
        "crossing",
        "Why the collapse is of first order. Two minima exist on both sides; each changes "
        "smoothly with the density (dashed where it is not the lowest), and at the vertical line "
        "they are equally deep. There the optimum (strong) changes over: its loss is continuous, "
        "the slope of the loss over the relative density r jumps, and so does the varied feature, "
        "from its full length to 0 (dotted). At the far left the pentagon is a minimum no more (a "
        "seed beyond its end is still on its way out). Lines: exact; rings: seeds.",
        draw_crossing,
        ("models", "curves", "crossings"),
    ),
    FigureSpec(
        "motion",
        "How the pentagon moves: the angle of the varied feature to its two neighbours, and the "
        "lengths of all features. Lines: the exact minimum, also where it is not the lowest (left "
        f"of the vertical line, where the digons are lower). Dots: trained models. {_CHOSEN}, "
        "where it is a pentagon.",
        draw_motion,
        ("best", "curves", "shapes", "crossings"),
    ),
    FigureSpec(
        "lengths",
        "Squared lengths of the features over their biases. Grey: between 1 + |b| and 1/(1 − |b|). "
        "The regular pentagon (star) lies inside; the formula of the paper (dashed) falls with the "
        f"size of a negative bias, while lengths grow. The sparser the varied feature, the more "
        f"negative is its bias. {_CHOSEN}, where it is a pentagon.",
        draw_lengths,
        ("best", "shapes"),
    ),
    FigureSpec(
        "reach",
        "The part of the 96 seeds at each density (fewer in a quick run) that come within 1 % of "
        "the lowest loss known, with 95 % intervals (Wilson), when one feature is sparser or "
        "denser than the others. A dip is near a change of the optimum, or where another minimum "
        "draws most starts. A quick run has two dimensions only.",
        draw_reach,
        ("reach",),
    ),
)
