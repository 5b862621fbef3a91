"""Figures of the experiment on questions asked in public."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.public_questions.claims import LEVELS, READ
from tegum.experiments.public_questions.compressed import NAIVE
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@style.styled
def draw_polygons(tables: Tables) -> Figure:
    """The directions at the losses of the three polygons, and how many descents ended there."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 2.7), layout="constrained")
    shapes, losses = tables["shapes"], tables["minima"]["loss"].to_numpy()
    for axes, (name, level) in zip(figure.subplots(1, 3), LEVELS.items(), strict=True):
        nearest = shapes["loss"].to_numpy()[np.abs(shapes["loss"] - level).argmin()]
        one = shapes[shapes["loss"] == nearest]
        for x, y in zip(one["x"], one["y"], strict=True):
            axes.plot([0, x], [0, y], "o-", ms=5, color=style.BLUE)
        ends = int((np.abs(losses - nearest) < 1e-6).sum())
        axes.set_title(f"{name}\n{nearest:.9f}, {ends} of {len(losses)} descents")
        axes.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xticks=[], yticks=[])
        axes.set_aspect("equal")
    return figure


@style.styled
def draw_idle(tables: Tables) -> Figure:
    """The length of the sixth feature against the loss over the lowest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 2.9), layout="constrained")
    rows = tables["idle"]
    for axes, setting in zip(
        figure.subplots(1, 2, sharey=True), ("never active", "no importance"), strict=True
    ):
        some = rows[rows["setting"] == setting]
        axes.plot(some["loss"] / some["loss"].min(), some["sixth"], "o", ms=4, color=style.BLUE)
        axes.set_title(f"sixth feature: {setting}")
        axes.set_xlabel("loss over the lowest")
    figure.axes[0].set_ylabel("its length ‖W_6‖")
    figure.axes[0].set_ylim(bottom=-0.05)
    return figure


@style.styled
def draw_compressed(tables: Tables) -> Figure:
    """Losses of 100 ReLUs on 50 neurons over the spread of the mixing matrix."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.1), layout="constrained")
    axes = figure.subplots()
    rows = tables["mixed"]
    floor = rows.groupby("spread")["floor"].first()
    axes.axhline(NAIVE, ls="--", lw=1, color=style.GREY, label="naive, 1/12")
    axes.plot(floor.index, floor, ":", color=style.GREY, label="bound: rank of 1 + M")
    axes.plot(rows["spread"], rows["loss"], "o", ms=4, color=style.BLUE,
              label="exact descent, one feature active")  # fmt: skip
    seeds = tables["trained"]["loss"]
    axes.plot(np.zeros(len(seeds)), seeds, "s", ms=4, color=style.VERMILION,
              label="trained on samples, 1−S = 0.01")  # fmt: skip
    axes.set_xlabel("standard deviation σ of the entries of M")
    axes.set_ylabel("loss per active feature")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower left")
    return figure


@style.styled
def draw_and(tables: Tables) -> Figure:
    """The worst error of any AND over neurons per pair."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.0), layout="constrained")
    axes = figure.subplots()
    least = tables["and"].groupby(["inputs", "part"])["error"].min()
    colours = (style.SKY, style.BLUE, style.VERMILION)
    for (inputs, errors), colour in zip(least.groupby("inputs"), colours, strict=False):
        part = errors.index.get_level_values("part")
        axes.plot(part, errors.where(np.isfinite(errors)), "o-", ms=4, color=colour,
                  label=f"{inputs} inputs")  # fmt: skip
    axes.axhline(READ, ls="--", lw=1, color=style.GREY)
    axes.set_xscale("log")
    ticks = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("neurons per pair")
    axes.set_ylabel("largest error of an AND")
    axes.legend()
    return figure


FIGURES = (
    FigureSpec(
        "polygons",
        "Six features of which exactly one is active, in two dimensions: minima of the exact loss, "
        "and how many descents from random weights end there.",
        draw_polygons,
        ("minima", "shapes"),
    ),
    FigureSpec(
        "idle",
        "Five features and a sixth that is never active (left) or does not count in the loss "
        "(right), m = 2, 1−S = 0.05: ends of exact descents. One that is never active may keep any "
        "length without a cost.",
        draw_idle,
        ("idle",),
    ),
    FigureSpec(
        "compressed",
        "ReLU(x) + Mx of 100 features on 50 neurons, with M random. Circles: ends of exact descent "
        "where one feature is active. Dashed: half of the features by a neuron each, the others "
        "dropped. Dotted: what the rank of the output alone asks for. Squares: models trained on "
        "samples without M.",
        draw_compressed,
        ("mixed", "trained"),
    ),
    FigureSpec(
        "and",
        "A layer of random neurons ReLU(Σ x − 1), each of some of the inputs, from which the AND "
        "of every pair is read as the mean of the neurons that read both. The largest error of any "
        "AND over all inputs of at most two ones, with the better of two shares of inputs per "
        "neuron; points are missing where a pair shares no neuron. Below one half a threshold "
        "reads all ANDs.",
        draw_and,
        ("and",),
    ),
)
