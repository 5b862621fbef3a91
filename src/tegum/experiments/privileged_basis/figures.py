"""Figures of the experiment `privileged-basis`, from its tables."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.privileged_basis.claims_38_stages import STAGES
from tegum.experiments.privileged_basis.measure import (
    ALWAYS,
    BIASED,
    BIASED_SEEDS,
    LINEAR,
    MANY,
    MANY_AT,
    MANY_SEEDS,
    PLAIN,
    RELU,
    ROTATIONS,
    TURNED_AT,
    TURNED_SEEDS,
)
from tegum.experiments.privileged_basis.sweep import AHEAD, MODELS, REFINED, lowest
from tegum.plots import style
from tegum.plots.curves import density_axis

#: Structures by the counts of monosemantic neurons and of features.
_COLOURS: Final = {
    (5, 5): style.BLUE,
    (3, 6): style.GREEN,
    (2, 7): style.ORANGE,
    (1, 7): style.PURPLE,
    (0, 8): style.VERMILION,
    (0, 9): style.SKY,
    (0, 10): style.INK,
}
_MODELS: Final = {LINEAR: style.BLUE, RELU: style.VERMILION}


def draw_neurons(tables: Tables) -> Figure:
    """W and its stacks, a panel per density."""
    return plots.neurons(tables["weights"], columns=5)


def draw_basis(tables: Tables) -> Figure:
    """W of both models."""
    return plots.neurons(tables["basis_weights"], columns=2)


@style.styled
def draw_rotations(tables: Tables) -> Figure:
    """Left: outputs before and after a rotation. Right: concentration of rotated weights."""
    figure = Figure(figsize=(7.6, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    outputs, turned = tables["outputs"], tables["rotations"]
    left.plot([0, 1], [0, 1], color=style.FAINT, lw=1, zorder=style.BEHIND)
    for name, colour in _MODELS.items():
        rows = outputs[outputs["model"] == name]
        left.plot(rows["before"], rows["after"], "o", ms=3, alpha=0.6, mew=0, color=colour)
        own = turned[(turned["model"] == name) & (turned["kind"] == "rotation")]
        bins = np.linspace(0.2, 1, 65)
        right.hist(
            own["spread"], bins, color=colour, histtype="step", lw=1.3, label=f"{name}, rotated"
        )
        trained = own["trained"].iloc[0]
        right.axvline(trained, color=colour, lw=2, label=f"{name}, as trained")
    left.set(xlabel="output before", ylabel="output after a rotation of W", aspect="equal")
    right.set(xlabel="concentration of the weights", ylabel="rotations", xlim=(0.2, 1))
    figure.legend(loc="outside lower center", ncols=2)
    return figure


@style.styled
def draw_counts(tables: Tables) -> Figure:
    """Monosemantic neurons and represented features over 1/(1−S), the paper's beside them."""
    rows = lowest(tables["candidates"])
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.add_subplot()
    looks = (
        ("represented", "represented features", style.VERMILION, "o", 2),
        ("mono", "monosemantic neurons", style.BLUE, "s", 1),
    )
    for name, label, colour, marker, column in looks:
        axes.plot(1 / rows[DENSITY], rows[name], marker=marker, ms=5, color=colour, label=label)
        stated = [(1 / p, stage[column]) for stage in STAGES for p in stage[0]]
        marks = axes.plot(*zip(*stated, strict=True), "D", label=f"{label}, paper")
        marks[0].set(mfc="none", mec=colour, ms=9, mew=1.1)
    density_axis(axes)
    axes.set(ylim=(-0.4, 10.6), ylabel="count")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_structures(tables: Tables) -> Figure:
    """The loss of each structure over the lowest, wherever it was carried."""
    table = tables["candidates"]
    figure = Figure(figsize=(6.8, 3.8), layout="constrained")
    axes = figure.add_subplot()
    least = table.groupby(DENSITY)["loss"].transform("min")
    table = table.assign(excess=table["loss"] / least - 1)
    for (mono, features), colour in _COLOURS.items():
        kind = table[(table["mono"] == mono) & (table["represented"] == features)]
        if kind.empty:
            continue
        excess = kind.groupby(DENSITY)["excess"].min()
        axes.plot(
            1 / excess.index, excess, marker="o", ms=4.5, color=colour,
            label=f"{mono} monosemantic, {features} features",
        )  # fmt: skip
    density_axis(axes)
    axes.set_yscale("symlog", linthresh=1e-3)
    axes.set(ylim=(-2e-4, 1), ylabel="loss above the lowest, relative")
    axes.set_yticks([0, 1e-3, 1e-2, 1e-1, 1], labels=["0", "0.1 %", "1 %", "10 %", "100 %"])
    axes.minorticks_off()
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_limits(tables: Tables) -> Figure:
    """Left: neurons with a hidden bias. Right: neurons without one, by the number of features."""
    figure = Figure(figsize=(7.6, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    table = tables["active"]
    for k, (name, colour) in enumerate(((PLAIN, style.VERMILION), (BIASED, style.BLUE))):
        rows = table[table["model"] == name]
        shift = 0.94 + 0.12 * k
        left.plot(shift / rows[DENSITY], 100 * rows["active"], "o", ms=5, alpha=0.7, color=colour)
        left.plot([], [], "o", ms=5, color=colour, label=name)
    density_axis(left)
    left.set_ylabel("samples in which a neuron is active, %")
    left.legend(loc="center left")
    rows = table[table["model"] == MANY]
    right.plot(rows["features"], 100 * rows["active"], "o", ms=5, alpha=0.7, color=style.VERMILION)
    right.set(xscale="log", xlabel="features n, without a hidden bias")
    ticks = sorted(rows["features"].unique())
    right.set_xticks(ticks, labels=[str(n) for n in ticks])
    right.minorticks_off()
    for axes in (left, right):
        axes.axhline(100 * ALWAYS, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND)
        axes.set_ylim(0, 103)
    return figure


_CHOSEN = (
    f"At each density {MODELS[0]} models were trained, the best {AHEAD[0]} of them to the end, the "
    f"best {REFINED[0]} of these refined, and the best of every density refined at all the others, "
    "too; that of lowest held-out loss is shown (fewer in a quick run)."
)

FIGURES = (
    FigureSpec(
        "neurons",
        "Each column is a neuron. Above: its weights, features down. Below: the same weights "
        "stacked, with the feature's number, coloured by how much the feature shares its "
        "direction (dark: not at all), negative ones hatched. Dense features have a neuron "
        "each. Sparser, two neurons code three features, then three code five. From 1−S = .12 "
        "on no neuron has a feature to itself: four features excite three neurons each (blue "
        "cells of a row) and inhibit the others (red), four excite two, one of them shared; at "
        f".04 a ninth joins. At .02 each of ten excites a pair of its own. {_CHOSEN}",
        draw_neurons,
        ("weights",),
    ),
    FigureSpec(
        "counts",
        "Monosemantic neurons (one weight above .2 in size) and represented features of the "
        f"models of lowest loss; diamonds: what the paper's models show. {_CHOSEN}",
        draw_counts,
        ("candidates",),
    ),
    FigureSpec(
        "structures",
        "The loss of a kind of model over the lowest loss of the density, for every kind that "
        "is the best somewhere and for one that is not: models are the best of a density, "
        "refined there and at all the other densities, sorted by what they became. A kind that "
        "is the best in a range of densities (at 0) loses on both sides of it: structures "
        "switch, like the phases of features. The model of one monosemantic neuron and seven "
        "features comes near at 1−S = .12 (8.3 on the axis), and is nowhere the best.",
        draw_structures,
        ("candidates",),
    ),
    FigureSpec(
        "basis",
        "W of a model with a linear and of one with a ReLU hidden layer, at 1−S = "
        f"{TURNED_AT:g}. Linear: every neuron has some of every represented feature, as in any "
        "rotation of W. ReLU: three neurons have a feature each, two code three features. Of "
        f"{TURNED_SEEDS[0]} seeds (fewer in a quick run) that of lowest loss.",
        draw_basis,
        ("basis_weights",),
    ),
    FigureSpec(
        "rotations",
        "Left: outputs before and after a random rotation of the hidden space: with a linear "
        "hidden layer they stay the same (on the diagonal), with a ReLU they change. Right: "
        "the concentration Σ W_ki⁴ / Σ ‖W_i‖⁴ (1: a neuron for each feature) of the trained "
        f"weights, lines, and of {ROTATIONS} rotations of them: with a ReLU features are "
        "aligned with neurons more than after nearly any rotation, without one they are not.",
        draw_rotations,
        ("outputs", "rotations"),
    ),
    FigureSpec(
        "limits",
        "How often each of the five neurons is active; above the dashed line (95 %) it is "
        "linear as far as the data go. Left: with a bias of the hidden layer (blue) all "
        f"neurons are, without one (vermilion) none (the best of {BIASED_SEEDS[0]} seeds; "
        f"marks a little apart to be seen). Right: without one, at 1−S = {MANY_AT:g}, many "
        f"unimportant features make up for it (the best of {MANY_SEEDS[0]}).",
        draw_limits,
        ("active",),
    ),
)
