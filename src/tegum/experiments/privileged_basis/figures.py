"""Figures of the experiment `privileged-basis`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments.base import Tables
from tegum.experiments.privileged_basis import basis, limits
from tegum.experiments.privileged_basis import claims as rules
from tegum.experiments.privileged_basis.sweep import lowest
from tegum.plots import style
from tegum.plots.curves import density_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
_MODELS: Final = {basis.LINEAR: style.BLUE, basis.RELU: style.VERMILION}


def draw_neurons(tables: Tables) -> Figure:
    """W and its stacks, a panel per density."""
    return plots.neurons(tables["weights"], columns=5)


def draw_basis(tables: Tables) -> Figure:
    """W of both models."""
    return plots.neurons(tables["basis_weights"], columns=2)


@style.styled
def draw_rotations(tables: Tables) -> Figure:
    """Left: outputs before and after a rotation. Right: concentration of rotated weights."""
    figure = _new(7.6, 3.8)
    left, right = figure.subplots(1, 2)
    outputs, turned = tables["outputs"], tables["rotations"]
    left.plot([0, 1], [0, 1], color=style.FAINT, lw=1, zorder=0)
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
    figure = _new(6.4, 3.6)
    axes = figure.add_subplot()
    looks = (
        ("represented", "represented features", style.VERMILION, "o", 2),
        ("mono", "monosemantic neurons", style.BLUE, "s", 1),
    )
    for name, label, colour, marker, column in looks:
        axes.plot(1 / rows[DENSITY], rows[name], marker=marker, ms=5, color=colour, label=label)
        stated = [(1 / p, stage[column]) for stage in rules.STAGES for p in stage[0]]
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
    figure = _new(6.8, 3.8)
    axes = figure.add_subplot()
    least = table.groupby(DENSITY)["loss"].transform("min")
    table = table.assign(excess=table["loss"] / least - 1)
    for key, colour in _COLOURS.items():
        kind = table[(table["mono"] == key[0]) & (table["represented"] == key[1])]
        if kind.empty:
            continue
        rows = kind.groupby(DENSITY)["excess"].min().reset_index()
        axes.plot(
            1 / rows[DENSITY],
            rows["excess"],
            marker="o",
            ms=4.5,
            color=colour,
            label=f"{key[0]} monosemantic, {key[1]} features",
        )
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
    figure = _new(7.6, 3.2)
    left, right = figure.subplots(1, 2, sharey=True)
    table = tables["active"]
    for k, (name, colour) in enumerate(
        ((limits.PLAIN, style.VERMILION), (limits.BIASED, style.BLUE))
    ):
        rows = table[table["model"] == name]
        shift = 0.94 + 0.12 * k
        left.plot(shift / rows[DENSITY], 100 * rows["active"], "o", ms=5, alpha=0.7, color=colour)
        left.plot([], [], "o", ms=5, color=colour, label=name)
    density_axis(left)
    left.set_ylabel("samples in which a neuron is active, %")
    left.legend(loc="center left")
    rows = table[table["model"] == "features"]
    right.plot(rows["features"], 100 * rows["active"], "o", ms=5, alpha=0.7, color=style.VERMILION)
    right.set(xscale="log", xlabel="features n, without a hidden bias")
    ticks = sorted(rows["features"].unique())
    right.set_xticks(ticks, labels=[str(n) for n in ticks])
    right.minorticks_off()
    for axes in (left, right):
        _linear(axes)
    return figure


def _linear(axes: Axes) -> None:
    axes.axhline(100 * limits.LINEAR, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    axes.set_ylim(0, 103)


def _new(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
