"""Figures of compressed sensing and toy models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.compressed_sensing.claims import CONSTANT
from tegum.experiments.compressed_sensing.recovery import known_curve
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WAYS = (
    ("l1", "l1, Gaussian W"),
    ("lemma", "top k of Wᵀy, Gaussian W"),
    ("trained", "top k of the toy model, trained W"),
)


@style.styled
def draw_transition(tables: Tables) -> Figure:
    """What is recovered over m/n and k/m, in three ways."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 3.3), layout="constrained")
    panels = figure.subplots(1, 3, sharey=True)
    ratios = np.linspace(0.02, 1.0, 99)
    curve = [known_curve(ratio) for ratio in ratios]
    rows = tables["transitions"]
    for axes, (way, words) in zip(panels, _WAYS, strict=True):
        own = rows[rows["way"] == way]
        dots = axes.scatter(
            own["ratio"], own["rho"], c=own["recovered"], s=46, vmin=0, vmax=1, cmap=style.SHARED
        )
        axes.plot(ratios, curve, color=style.INK, lw=1, label="known for l1, n → ∞")
        axes.set(title=words, xlabel="m/n", xlim=(0, 1), ylim=(0, 1.03))
    panels[0].set_ylabel("k/m")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center")
    bar = figure.colorbar(dots, ax=panels, aspect=25)
    bar.set_label("part of the vectors recovered")
    bar.outline.set_linewidth(0.5)
    return figure


@style.styled
def draw_by_error(tables: Tables) -> Figure:
    """The part recovered, over the error in units of the smallest active feature."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 3.2), layout="constrained")
    axes = figure.add_subplot()
    rows = tables["condition"].assign(relative=lambda t: t["error"] / t["least"])
    edges = np.geomspace(0.05, 50, 25)
    for k, (m, own) in enumerate(rows.groupby("m")):
        bins = np.digitize(own["relative"], edges)
        part = own.groupby(bins)["recovered"].agg(["mean", "size"]).query("size >= 5")
        inner = part[(part.index > 0) & (part.index < edges.size)]
        middle = np.sqrt(edges[inner.index - 1] * edges[inner.index])
        colour = style.CYCLE[k % len(style.CYCLE)]
        axes.plot(middle, 100 * inner["mean"], "o-", ms=3.5, color=colour, label=f"m = {m}")
    axes.axvline(np.sqrt(0.5), color=style.INK, lw=1, ls=(0, (4, 2)))
    axes.set_xscale("log")
    axes.set(xlabel="‖T(x) − x‖ over the smallest active feature", ylabel="recovered, %")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_features(tables: Tables) -> Figure:
    """Features per dimension over 1/(1−S) with the bound, and the constant."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.2, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = tables["bound"]
    p = np.geomspace(rows[DENSITY].min(), rows[DENSITY].max(), 99)
    for axes, column in ((left, "per_dimension"), (right, "constant")):
        for k, (m, own) in enumerate(rows.groupby("m")):
            axes.plot(1 / own[DENSITY], own[column], "o", ms=4, color=style.CYCLE[k],
                      label=f"m = {m}")  # fmt: skip
        density_axis(axes)
    left.plot(1 / p, CONSTANT / (p * np.log(1 / p)), color=style.INK, lw=1,
              label=f"{CONSTANT:g}/(p ln 1/p)")  # fmt: skip
    left.set_yscale("log")
    left.set_yticks([2, 4, 8, 16, 32], ["2", "4", "8", "16", "32"])
    left.minorticks_off()
    left.set_ylabel("‖W‖²/m, features per dimension")
    left.legend(loc="upper left")
    right.axhline(CONSTANT, color=style.INK, lw=1)
    right.set_ylabel("‖W‖²/m · p ln(1/p)")
    right.set_ylim(bottom=0)
    return figure


FIGURES = (
    FigureSpec(
        "phase-transition",
        "Vectors of n = 100 (50 in a quick run) entries of which k are 1, out of m numbers: the "
        "part recovered exactly. Left: l1 with x ≥ 0, which changes from nearly always to nearly "
        "never where it is known to for n → ∞ (the line in all three). Middle: Lemma 1 with the "
        "same matrices, the k largest of Wᵀy and what solves W x = y on them. Right: the lemma "
        "with W and bias of a toy model trained on features of density 0.05. Sizes far above the "
        "line are not tried by l1.",
        draw_transition,
        ("transitions",),
    ),
    FigureSpec(
        "recovered-by-error",
        "Samples of one to five features, uniform on [0, 1], in trained toy models: how many are "
        "recovered by Lemma 1, over how far the model's output is from the sample, in units of its "
        "smallest active feature. Below 1/√2 (dashed) all are.",
        draw_by_error,
        ("condition",),
    ),
    FigureSpec(
        "features-by-dimension",
        "Left: features per dimension of trained models of many features of equal importance, and "
        "the bound of compressed sensing with a constant of 1.55. Right: the constant itself, "
        "which rises with the number of dimensions where features are sparser than in pairs. "
        "Points are two seeds (one of 128 dimensions, and in a quick run).",
        draw_features,
        ("bound",),
    ),
)
