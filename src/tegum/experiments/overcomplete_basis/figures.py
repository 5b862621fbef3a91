"""Figures of the experiment `overcomplete-basis`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.overcomplete_basis.claims import RECOVERED
from tegum.experiments.overcomplete_basis.measure import PRICE, SHAPES
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_DASHED: Final = (0, (4, 3))
#: Sizes at the axes, in units of the number of features.
_TICKS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)


@style.styled
def draw_recovered(tables: Tables) -> Figure:
    """Mean max cosine over 1/(1−S), a panel per toy model: all seeds, and the chosen one."""
    rows = tables["recovered"]
    names = list(dict.fromkeys(rows["shape"]))
    figure = Figure(figsize=(8.0, 2.8), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(names), sharey=True))
    for axes, name in zip(panels, names, strict=True):
        own = rows[rows["shape"] == name]
        chosen = own[own["chosen"]].sort_values(DENSITY)
        axes.plot(1 / own[DENSITY], own["mean_max_cosine"], ".", color=style.GREY, label="seeds")
        axes.plot(
            1 / chosen[DENSITY], chosen["mean_max_cosine"], "o-", ms=4.5, color=style.BLUE,
            label="lowest objective",
        )  # fmt: skip
        axes.axhline(RECOVERED, color=style.GREY, lw=0.8, ls=_DASHED, zorder=style.BEHIND)
        density_axis(axes)
        axes.set_title(name)
    panels[0].set_ylabel("mean max cosine")
    panels[-1].legend(loc="lower right")
    return figure


@style.styled
def draw_directions(tables: Tables) -> Figure:
    """Columns of W of the pentagon as lines, and atoms as dots, a panel per density."""
    rows = tables["atoms"]
    true = rows[rows["what"] == "feature"]
    atoms = rows[rows["what"] == "atom"]
    densities = sorted(atoms[DENSITY].unique(), reverse=True)
    figure = Figure(figsize=(1.7 * len(densities), 2.0), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(densities)))
    for axes, p in zip(panels, densities, strict=True):
        for w in true.itertuples():
            axes.plot([0, w.w0], [0, w.w1], color=style.BLUE, lw=2, solid_capstyle="round")
        own = atoms[atoms[DENSITY] == p]
        axes.plot(own["w0"], own["w1"], "o", ms=5, color=style.VERMILION, zorder=3)
        axes.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xticks=[], yticks=[], aspect="equal")
        axes.set_title(f"1−S = {p:g}")
    return figure


@style.styled
def draw_sizes(tables: Tables) -> Figure:
    """Over the size of dictionaries: objective, atoms, and those found again; a column a shape."""
    figure = Figure(figsize=(7.4, 6.0), layout="constrained")
    grid = figure.subplots(3, len(SHAPES), sharex="col")
    for name, column in zip(SHAPES, grid.T, strict=True):
        rows = tables["sizes"]
        rows = rows[rows["shape"] == name]
        again = tables["agreement"]
        again = again[again["shape"] == name].dropna(subset=["again"])
        _column(column, rows.sort_values("n_latents"), again)
        column[0].set_title(name)
        column[-1].set_xlabel("latents")
    for axes, label in zip(grid[:, 0], ("objective", "atoms", "found again, part"), strict=True):
        axes.set_ylabel(label)
    figure.align_ylabels()
    return figure


def _column(column: NDArray[Any], rows: pd.DataFrame, again: pd.DataFrame) -> None:
    chosen = rows[rows["chosen"]]
    column[0].plot(rows["n_latents"], rows["objective"], ".", color=style.GREY, label="seeds")
    column[0].plot(
        chosen["n_latents"], chosen["objective"], "o-", ms=4, color=style.BLUE, label="lowest"
    )
    medians = rows.groupby("n_latents")[["living", "distinct"]].median()
    column[1].plot(medians.index, medians["living"], "o-", ms=4, color=style.ORANGE, label="living")
    column[1].plot(
        medians.index, medians["distinct"], "o-", ms=4, color=style.GREEN, label="different"
    )
    ticks = rows["features"].iloc[0] * np.array(_TICKS)
    column[1].set_yscale("log")
    column[1].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    column[2].plot(
        again["n_latents"], again["again"] / again["n_latents"], "o-", ms=4, color=style.PURPLE
    )
    column[2].set_ylim(0, 1.05)
    for axes in column:
        axes.axvline(rows["features"].iloc[0], color=style.FAINT, lw=1, zorder=style.BEHIND)
        axes.set_xscale("log")
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
    column[0].legend()
    column[1].legend()


FIGURES: Final = (
    FigureSpec(
        "recovered",
        "How near atoms come to the features of three toy models: the mean over features of the "
        "largest cosine with an atom, over the sparsity of the features behind the activations. "
        f"Sparse autoencoders with as many atoms as features, ReLU and the price λ = {PRICE:g}. "
        "Dots are seeds, the line the seed of lowest held-out objective, chosen without the truth; "
        f"dashed: {RECOVERED:g}. Many seeds end elsewhere, and their objectives tell.",
        draw_recovered,
        ("recovered",),
    ),
    FigureSpec(
        "directions",
        "The pentagon, and what was found of it from activations alone. Lines are the columns of "
        "W of a trained model with two hidden dimensions, dots the five atoms, of length 1, of the "
        "dictionary of lowest objective at each sparsity.",
        draw_directions,
        ("atoms",),
    ),
    FigureSpec(
        "sizes",
        "Dictionaries of many sizes on the same activations: the square antiprism of 8 features, "
        "and 20 random directions in 10 dimensions. The upright line is the number of features. "
        "Top: the held-out objective, seeds and the lowest: it falls up to that number. Middle, "
        "medians over seeds: atoms that fire on held-out samples, and how many of all atoms are "
        "different (no two with a cosine above 0.9). Bottom: the part of the atoms that is found "
        "again in every larger dictionary, one to one, with a cosine above 0.9.",
        draw_sizes,
        ("sizes", "agreement"),
    ),
)
