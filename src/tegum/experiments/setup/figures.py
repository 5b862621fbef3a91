"""Figures of the experiment `setup`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tegum.analysis import geometry
from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.setup.claims import Z_BOUND
from tegum.plots import style
from tegum.plots.curves import density_axis
from tegum.theory.linear import uniform_variance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOOK: dict[str, dict[str, Any]] = {
    "small model": {"color": style.BLUE, "marker": "o", "ms": 4.5},
    "large model": {"color": style.VERMILION, "marker": "D", "mfc": "none", "ms": 8, "mew": 1.2},
}


def _new(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@style.styled
def draw_paper_law(tables: Tables) -> Figure:
    """Mean and variance of x over 1/(1−S): lines stated, marks measured; below, the z-scores."""
    law = tables["law"]
    figure = _new(7.4, 4.4)
    rows = figure.subplots(2, 2, sharex=True, gridspec_kw={"height_ratios": [2, 1]})
    p = np.geomspace(law[DENSITY].min(), 1, 100)
    variance = [uniform_variance(q) for q in p]
    stated = (("mean", "E[x]", p / 2), ("variance", "Var[x]", variance))
    for column, (name, label, curve) in enumerate(stated):
        top, bottom = rows[0, column], rows[1, column]
        top.plot(1 / p, curve, color=style.GREY, lw=1, label="stated")
        for offset, (model, look) in zip((0.94, 1.06), _LOOK.items(), strict=True):
            own = law[law["model"] == model]
            pooled = own.groupby(DENSITY)[name].mean()
            words = f"drawn, {model}"
            top.plot(1 / pooled.index.to_numpy(), pooled, ls="none", label=words, **look)
            small = {**look, "ms": 3, "mew": 0.7}
            place = offset / own[DENSITY]
            bottom.plot(place, own[f"z_{name}"], ls="none", alpha=0.6, **small)
        top.set(yscale="log", ylabel=label)
        density_axis(top)
        top.set_xlabel("")
        _z_axis(bottom)
        density_axis(bottom)
    rows[0, 1].legend(loc="upper right")
    return figure


def _z_axis(axes: Axes) -> None:
    axes.axhline(0, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    for bound in (-Z_BOUND, Z_BOUND):
        axes.axhline(bound, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
    axes.set(ylim=(-6, 6), yticks=[-5, 0, 5], ylabel="z, by feature")


@style.styled
def draw_moments(tables: Tables) -> Figure:
    """Left: drawn against stated moments. Right: z-scores and the normal density."""
    table = tables["moments"]
    figure = _new(7.4, 3.4)
    left, right = figure.subplots(1, 2)
    shown = table[table["stated"] > 0]
    kind = shown["law"].str.split(",").str[0]
    for colour, marker, name in zip(style.CYCLE, ("o", "s", "D", "^"), kind.unique(), strict=False):
        rows = shown[kind == name]
        look: dict[str, Any] = {"color": colour, "marker": marker, "ms": 3, "alpha": 0.6}
        left.plot(rows["stated"], rows["measured"], ls="none", mew=0, label=name, **look)
    span = [shown["stated"].min() / 2, shown["stated"].max() * 2]
    left.plot(span, span, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    left.set(xscale="log", yscale="log", xlabel="moment, stated", ylabel="moment, drawn")
    left.legend(loc="upper left")
    z = table.loc[table["error"] > 0, "z"].to_numpy()
    edges = np.linspace(-6, 6, 49)
    right.hist(np.clip(z, -6, 6), edges, density=True, color=style.SKY, label=f"{len(z):,} moments")
    grid = np.linspace(-6, 6, 241)
    normal = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    right.plot(grid, normal, color=style.INK, lw=1, label="standard normal")
    for bound in (-Z_BOUND, Z_BOUND):
        right.axvline(bound, 0, 0.7, color=style.GREY, lw=0.8, ls=(0, (4, 3)))
    right.set(xlabel="z = (drawn − stated) / standard error", ylabel="density", xlim=(-6, 6))
    right.set_ylim(0, 0.62)
    right.legend(loc="upper right")
    return figure


@style.styled
def draw_invertibility(tables: Tables) -> Figure:
    """Left: the eigenvalues of WᵀW; right: D_i of the represented features, a mark per model."""
    table = tables["models"]
    figure = _new(7.4, 3.1)
    left, right = figure.subplots(1, 2)
    marks = ("o", "s", "D")
    for (name, rows), mark, colour in zip(
        table.groupby("panel", sort=False), marks, style.CYCLE, strict=False
    ):
        look: dict[str, Any] = {"marker": mark, "ms": 5, "color": colour, "mfc": "none"}
        left.plot(rows["feature"] + 1, rows["eigenvalue"], lw=0.7, label=name, **look)
        shown = rows[rows["norm"] > geometry.REPRESENTED]
        right.plot(shown["feature"], shown["dimensionality"], ls="none", label=name, **look)
    left.set(xlabel="eigenvalue of WᵀW, largest first", ylabel="size", xticks=[1, 5, 10, 15, 20])
    left.legend(loc="upper right")
    right.set(xlabel="feature", ylabel="dimensionality $D_i$", xticks=[0, 5, 10, 15, 19])
    right.set(xlim=(-0.9, 19.9), ylim=(0, 1.08))
    left.set_title(f"best of {int(table['best_of'].iloc[0])} seeds each", loc="left")
    right.set_title("represented features", loc="left")
    return figure


FIGURES = (
    FigureSpec(
        "paper-law",
        "Mean and variance of a feature over 1/(1−S): grey lines are p/2 and p/3 − p²/4, marks the "
        "average over 20 features of what the training kernels drew (small and large models have "
        "different kernels; 65,536 samples or more per mark). Below, each feature's deviation in "
        "standard errors; dashed lines: the bound of the rule.",
        draw_paper_law,
        ("law",),
    ),
    FigureSpec(
        "moments",
        "All first and second moments of independent, correlated, anticorrelated and grouped "
        "features with four laws of magnitude and two probabilities, drawn by the training "
        "kernels (65,536 samples or more per law). Left: against the stated ones, but for those "
        "stated to be 0. Right: the deviations of all that vary, in standard errors, which follow "
        "the normal curve if the laws are right; dashed lines: the bound of the rule.",
        draw_moments,
        ("moments",),
    ),
    FigureSpec(
        "invertibility",
        "Three trained models with n = 20, m = 5, importance 0.7^i. In each of them 15 of the 20 "
        "eigenvalues of WᵀW are 0, so none is invertible; but only the sparse one has "
        "superposition: in the others each represented feature has a dimension of its own, D = 1.",
        draw_invertibility,
        ("models",),
    ),
)
