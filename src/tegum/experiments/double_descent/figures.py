"""Figures of the experiment on memorization."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.double_descent.claims import means
from tegum.plots import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Test losses beyond these have the colour of the end.
_LOW, _HIGH = 0.9, 1.1


@style.styled
def draw_descent(tables: Tables) -> Figure:
    """Training and test loss, and dimensionalities of data and features, over T."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    rows = tables["line"]
    mean = rows.groupby("T").mean(numeric_only=True)
    for column, colour, label in (
        ("loss", style.BLUE, "training"), ("test", style.VERMILION, "test"),
    ):  # fmt: skip
        left.plot(rows["T"], np.maximum(rows[column], 1e-3), ".", ms=4, color=style.FAINT)
        left.plot(mean.index, np.maximum(mean[column], 1e-3), "-", color=colour, label=label)
    left.set_yscale("log")
    left.set_ylim(bottom=0.1)
    left.set_ylabel("loss")
    best = rows[rows["chosen"]].sort_values("T")
    right.plot(best["T"], best["data"], "o-", ms=4, color=style.BLUE, label="data (median)")
    T = np.geomspace(best["T"].min(), best["T"].max(), 200)
    right.plot(T, 2 / T, "--", lw=1, color=style.GREY, label="2/T")
    right.plot(
        best["T"], best["features"], "s-", ms=4, color=style.VERMILION,
        label="five longest features (mean)",
    )  # fmt: skip
    right.set_ylim(0, 1.05)
    right.set_ylabel("dimensionality")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("training data T")
        axes.legend()
    return figure


@style.styled
def draw_arrangement(tables: Tables) -> Figure:
    """Hidden vectors of data above, features below, at five numbers of data."""
    from matplotlib.figure import Figure

    points = tables["arrangement"]
    sizes = np.sort(points["T"].unique())
    chosen = np.unique(np.linspace(1, len(sizes) - 1, 5).round().astype(int))
    figure = Figure(figsize=(1.9 * len(chosen), 3.9), layout="constrained")
    panels = figure.subplots(2, len(chosen), squeeze=False)
    for column, count in enumerate(sizes[chosen]):
        for row, (kind, colour) in enumerate((("data", style.BLUE), ("feature", style.VERMILION))):
            axes = panels[row, column]
            some = points[(points["T"] == count) & (points["kind"] == kind)]
            for x, y in zip(some["x"], some["y"], strict=True):
                axes.plot([0, x], [0, y], "-", lw=0.7, color=style.FAINT, zorder=style.BEHIND)
            axes.plot(some["x"], some["y"], ".", ms=5, color=colour)
            reach = 1.15 * max(float(np.hypot(some["x"], some["y"]).max()), 1e-6)
            axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[])
            axes.set_aspect("equal")
        panels[0, column].set_title(f"T = {count}")
    panels[0, 0].set_ylabel("hidden vectors of data")
    panels[1, 0].set_ylabel("features")
    return figure


@style.styled
def draw_map(tables: Tables) -> Figure:
    """The mean test loss over T and m."""
    from matplotlib.figure import Figure

    table = means(tables)
    figure = Figure(figsize=(7.6, 3.0), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(
        table.to_numpy(), origin="lower", aspect="auto", cmap="RdBu_r", vmin=_LOW, vmax=_HIGH
    )
    axes.set_xticks(range(len(table.columns)), [str(t) for t in table.columns], rotation=60)
    axes.set_yticks(range(len(table)), [str(m) for m in table.index])
    axes.set_xlabel("training data T")
    axes.set_ylabel("hidden dimensions m")
    figure.colorbar(image, ax=axes, label="test loss", extend="both")
    return figure


@style.styled
def draw_exact(tables: Tables) -> Figure:
    """Training and test losses at local minima, from AdamW's models and from a pentagon."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.6, 3.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    looks = {"adamw": ("AdamW's model", style.BLUE, "o"), "pentagon": ("a pentagon",
             style.VERMILION, "s")}  # fmt: skip
    for start, (label, colour, marker) in looks.items():
        rows = tables["exact"]
        rows = rows[rows["start"] == start].sort_values("T")
        for axes, column in ((left, "loss"), (right, "test")):
            axes.plot(rows["T"], rows[column], marker=marker, ms=4, color=colour,
                      label=f"from {label}")  # fmt: skip
    mean = tables["line"].groupby("T")["test"].mean()
    right.plot(mean.index, mean, "--", lw=1, color=style.GREY, label="AdamW, mean of seeds")
    right.set_yscale("log")
    left.set_ylabel("training loss after exact descent")
    right.set_ylabel("test loss")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("training data T")
        axes.legend()
    return figure


_SETTING = (
    "n = 1000 features, about ten active in a datum, data of length 1, AdamW with weight decay 0.01"
)

FIGURES = (
    FigureSpec(
        "descent",
        f"Two hidden dimensions and more and more data ({_SETTING}). Left: the loss on the data "
        "trained on, and on data never seen; points are seeds, lines their mean, and what is below "
        "0.1 is cut off. Right, for the lowest training loss: the dimensionality that a datum "
        "gets, beside 2/T, and that of the five longest features. Up to 1200 data a step takes all "
        "of them, beyond that minibatches of 512, at a tenth of the learning rate.",
        draw_descent,
        ("line",),
    ),
    FigureSpec(
        "arrangement",
        "What is stored, from few to many data (m = 2; lowest training loss). Above: the hidden "
        "vectors of the first 200 data, or of all. Below: the columns of W, the 200 longest of "
        "them. Each panel has a scale of its own.",
        draw_arrangement,
        ("arrangement",),
    ),
    FigureSpec(
        "map",
        "The test loss over numbers of data and hidden dimensions, the mean of five seeds (two in "
        f"a quick run; {_SETTING}). Colours end at {_LOW:g} and {_HIGH:g}; a model that gives 0 "
        "has a loss of 1. Trainings are shorter than those of the line.",
        draw_map,
        ("map",),
    ),
    FigureSpec(
        "exact",
        "Exact descent (150 iterations of L-BFGS on the loss of all data, 60 in a quick run; no "
        "weight decay) from the best model of AdamW and from five features as a "
        "pentagon. Left: where it ends. Right: the test loss there, beside that of AdamW's models.",
        draw_exact,
        ("exact", "line"),
    ),
)
