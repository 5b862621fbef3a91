"""Figures of the experiment `strategic-picture`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.strategic_picture.claims import reductions
from tegum.experiments.strategic_picture.measure import (
    BEST,
    DEDICATED,
    EQUAL,
    FALLING,
    N_HIDDEN,
    PAIR,
    SEEDS,
    SIZE,
)
from tegum.experiments.strategic_picture.slopes import slopes
from tegum.plots import style
from tegum.plots.curves import density_axis
from tegum.theory import activity

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@style.styled
def draw_isolated(tables: Tables) -> Figure:
    """The weight of a single feature over λ/I: the theory as a line, trained models as dots."""
    rows = tables["isolated"]
    figure = Figure(figsize=(5.6, 3.3), layout="constrained")
    axes = figure.add_subplot()
    ratio = np.linspace(0, activity.SURVIVES, 200)
    longer = np.linspace(activity.SURVIVES, activity.METASTABLE, 200)
    axes.plot(ratio, activity.isolated_weight(ratio), color=style.BLUE, label="optimum, theory")
    axes.plot([activity.SURVIVES, 1.2], [0, 0], color=style.BLUE)
    axes.plot(
        longer, activity.isolated_weight(longer), color=style.BLUE, lw=1, ls=(0, (4, 3)),
        label="local minimum, theory",
    )  # fmt: skip
    axes.axvline(activity.SURVIVES, color=style.FAINT, lw=1, zorder=style.BEHIND)
    alive = rows[rows["alive"] > 0]
    rings = axes.plot(alive["ratio"], alive["largest"], "o", label="a seed that kept it")
    rings[0].set(ms=8, mfc="none", mec=style.GREY)
    axes.plot(rows["ratio"], rows["w"], "o", ms=4.5, color=style.VERMILION, label="lowest loss")
    axes.set(xlabel="penalty over importance, λ/I", ylabel="weight w", ylim=(-0.04, 1.04))
    axes.set_xlim(0, 1.2)
    axes.text(activity.SURVIVES - 0.015, 0.25, ".7258", ha="right", color=style.GREY)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_penalised(tables: Tables) -> Figure:
    """Features, overlap and loss over λ, at falling and at equal importance."""
    figure = Figure(figsize=(8.0, 5.0), layout="constrained")
    grid = figure.subplots(3, 2, sharex="col")
    names = (FALLING, EQUAL)
    for name, column in zip(names, grid.T, strict=True):
        rows = tables["penalised"]
        rows = rows[rows["model"] == name].sort_values("penalty")
        least = rows.loc[rows["penalty"] > 0, "penalty"].min()
        place = rows["penalty"].where(rows["penalty"] > 0, least / 3)
        for axes, (key, colour) in zip(column, _COLUMNS.items(), strict=True):
            axes.plot(place, rows[key], "o-", ms=4.5, color=colour, clip_on=False, zorder=3)
            axes.set(xscale="log", ylim=(0, 1.1 * rows[key].max()))
            axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
            if name == names[0]:
                axes.set_ylabel(_WORDS[key])
        column[0].axhline(N_HIDDEN, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
        column[0].set_title(name)
        column[-1].set_xlabel("penalty λ")
        _zero(column[-1], least)
    figure.align_ylabels()
    return figure


_COLUMNS = {"represented": style.VERMILION, "overlap": style.BLUE, "loss": style.INK}
_WORDS = {
    "represented": "features\nrepresented",
    "overlap": "largest overlap",
    "loss": "loss without\nthe penalty",
}


def _zero(axes: Axes, least: float) -> None:
    """The leftmost point stands for λ = 0."""
    powers = [t for t in (0.003, 0.01, 0.03, 0.1, 0.3, 1.0) if least <= t <= axes.get_xlim()[1]]
    axes.set_xticks([least / 3, *powers], labels=["0", *(f"{t:g}" for t in powers)])
    axes.minorticks_off()


@style.styled
def draw_slopes(tables: Tables) -> Figure:
    """Fall of superposition and rise of the loss over λ, on logarithmic axes."""
    table = tables["slopes"]
    found = slopes(table).set_index("case")
    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes, column, total, words in (
        (left, "fall", "superposition", "fall of superposition, relative"),
        (right, "rise", "loss", "rise of the loss, relative"),
    ):
        for k, name in enumerate(table["case"].unique()):
            rows = table[table["case"] == name]
            label = f"{name}: slope {found.loc[name, column]:.2f}"
            axes.plot(
                rows["penalty"], rows[column] / rows[total], "o-", ms=4, color=style.CYCLE[k],
                label=label,
            )  # fmt: skip
        axes.set(xscale="log", yscale="log", xlabel="penalty λ", ylabel=words)
        axes.legend(loc="upper left")
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
    return figure


@style.styled
def draw_experts(tables: Tables) -> Figure:
    """Loss reduction per activation of dedicated neurons and of pairs, and the deficit."""
    table = tables["experts"]
    figure = Figure(figsize=(7.8, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    p = np.geomspace(table[DENSITY].min(), 1, 200)
    lines = {
        DEDICATED: (activity.dedicated_reduction(p), style.BLUE, "o"),
        PAIR: (activity.antipodal_reduction(p), style.VERMILION, "s"),
        BEST: (None, style.ORANGE, "D"),
    }
    for name, (curve, colour, marker) in lines.items():
        rows = table[table["neuron"] == name]
        if curve is not None:
            left.plot(1 / p, curve, color=colour)
        place = 1 / rows[DENSITY]
        left.plot(place, rows["reduction"], marker, ms=5, color=colour, label=name)
    wide = reductions(tables)
    right.plot(1 / p, activity.antipodal_deficit(p), color=style.VERMILION, label="p²/(4(2 − p))")
    for name in (PAIR, BEST):
        _, colour, marker = lines[name]
        deficit = wide[DEDICATED] - wide[name]
        right.plot(1 / wide.index.to_numpy(), deficit, marker, ms=5, color=colour, label=name)
    right.set(yscale="log")
    for axes, words in ((left, "loss reduction per activation"), (right, "less than dedicated")):
        density_axis(axes)
        axes.set_ylabel(words)
        axes.legend(loc="lower right" if axes is left else "lower left")
    left.set_ylim(0, 0.36)
    return figure


_CHOSEN = (
    f"The model of lowest regularised loss of {SEEDS[0]} (fewer in a quick run), on held-out "
    "samples"
)

FIGURES = (
    FigureSpec(
        "isolated",
        "One feature on one ReLU neuron, tied, without biases: its weight under a penalty "
        "λ‖h‖₁. The theory: the feature survives below λ/I = (8/9)√(2/3) (line), and jumps to "
        "0 there; up to 16/(9√3) a model that has it may keep it (dashed). Dots: the trained "
        "model of lowest loss with the penalty, of 16; rings: the largest weight of all 16 "
        "(off the curve it is still falling).",
        draw_isolated,
        ("isolated",),
    ),
    FigureSpec(
        "penalised",
        f"Models of {SIZE} under the penalty. Left, at importances .7^i: from the least "
        "important on features die, and as soon as no more than five are left (dashed) none "
        "overlap; the loss rises. Right, at equal importance: features get into antipodal "
        "pairs, each along a neuron, and stay in superposition as long as there are any. "
        f"{_CHOSEN}.",
        draw_penalised,
        ("penalised",),
    ),
    FigureSpec(
        "slopes",
        "Small penalties, by exact descent on the expected loss: superposition Σ_i sup_i falls "
        "in proportion to λ (slope 1), the loss rises with λ² (slope 2); both as parts of what "
        "they are without a penalty.",
        draw_slopes,
        ("slopes",),
    ),
    FigureSpec(
        "experts",
        "If only active neurons cost, what counts is the loss reduction per activation. A "
        "neuron for one feature has more of it than one for an antipodal pair, also with the "
        "best weights and biases of a pair (diamonds), except at 1−S = 1; the difference "
        "(right, where it is positive) vanishes as features become sparse. Lines: closed "
        "forms; marks: expected losses.",
        draw_experts,
        ("experts",),
    ),
)
