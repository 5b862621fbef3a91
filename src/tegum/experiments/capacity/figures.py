"""Figures of the experiment on capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tegum.dims import F64
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.capacity.closed_form import allocation, boundary, feature_loss
from tegum.plots import style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@style.styled
def draw_capacities(tables: Tables) -> Figure:
    """The capacity of every feature over kurtosis: found and closed form."""
    return _capacities(tables["capacities"], "found")


@style.styled
def draw_trained(tables: Tables) -> Figure:
    """The same of trained models."""
    return _capacities(tables["trained"], "trained")


def closed_form(rows: pd.DataFrame) -> tuple[F64, F64, F64]:
    """Kurtoses between those of the rows, capacities (kurtosis, feature), and losses of all."""
    least, most = rows["kurtosis"].min() - 1, rows["kurtosis"].max() - 1
    kurtoses = 1 + np.geomspace(least, most, 400)
    first = rows[rows["kurtosis"] == rows["kurtosis"].min()].sort_values("feature")
    v, m = first["value"].to_numpy(), round(first["closed"].sum())
    shares = np.array([allocation(v, m, kurtosis) for kurtosis in kurtoses])
    losses = [feature_loss(v, C, k).sum() for C, k in zip(shares, kurtoses, strict=True)]
    return kurtoses, shares, np.array(losses)


def _capacities(rows: pd.DataFrame, column: str) -> Figure:
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 3.3), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["viridis"](np.linspace(0, 0.92, rows["feature"].nunique()))
    kurtoses, shares, _ = closed_form(rows)
    by_feature = zip(colours, shares.T, rows.groupby("feature"), strict=True)
    for colour, share, (feature, some) in by_feature:
        axes.plot(kurtoses - 1, share, "-", lw=1, color=colour)
        axes.plot(some["kurtosis"] - 1, some[column], "o", ms=4, color=colour, label=feature)
    axes.axvline(2.0, ls="--", lw=1, color=style.GREY)
    axes.set_xscale("log")
    axes.set_xlabel("kurtosis − 1")
    axes.set_ylabel("capacity D_i")
    axes.legend(title="feature", fontsize="small", ncols=2)
    return figure


@style.styled
def draw_loss(tables: Tables) -> Figure:
    """The loss over kurtosis: found and closed form."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 3.0), layout="constrained")
    axes = figure.subplots()
    rows = tables["capacities"].groupby("kurtosis").first().reset_index()
    scale = rows["kurtosis"] - 1
    kurtoses, _, losses = closed_form(tables["capacities"])
    axes.plot(kurtoses - 1, losses / (kurtoses - 1), "-", color=style.GREY, label="closed form")
    axes.plot(scale, rows["loss"] / scale, "o", ms=4, color=style.BLUE, label="lowest of descents")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("kurtosis − 1")
    axes.set_ylabel("loss over (kurtosis − 1)")
    axes.legend()
    return figure


@style.styled
def draw_pair(tables: Tables) -> Figure:
    """The capacity of the weaker of two features, and where it should begin."""
    return _pair(tables["pair"], "found", 26)


@style.styled
def draw_trained_pair(tables: Tables) -> Figure:
    """The same of trained models."""
    return _pair(tables["trained_pair"], "trained", 80)


def _pair(rows: pd.DataFrame, column: str, size: float) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.0, 3.4), layout="constrained")
    axes = figure.subplots()
    points = axes.scatter(rows["kurtosis"] - 1, rows["ratio"], c=rows[column], cmap="viridis",
                          vmin=0, vmax=0.5, s=size, marker="s")  # fmt: skip
    kurtosis = np.geomspace(3.0, rows["kurtosis"].max(), 100)
    axes.plot(kurtosis - 1, boundary(kurtosis), "-", color=style.VERMILION, label="2/(κ − 1)")
    axes.set(xscale="log", yscale="log", xlabel="kurtosis − 1", ylabel="v₂/v₁")
    for axis, ticks in ((axes.xaxis, (2, 5, 10, 20)), (axes.yaxis, (0.05, 0.1, 0.2, 0.5, 1))):
        axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.set_ticks([], minor=True)
    figure.legend(loc="outside upper center")
    figure.colorbar(points, ax=axes, label="capacity of the weaker feature")
    return figure


FIGURES = (
    FigureSpec(
        "capacities",
        "Eight features of value v_i = 0.85^i in three dimensions, y = Σ v_i x_i² from ‖Wx‖² + β. "
        "Points: dimensionalities of the lowest of several descents; lines: the closed form. "
        "Dashed: normal numbers, κ = 3, where the loss is that of principal components and the "
        "optimum is not unique in the features. To the right of it features begin to share, first "
        "the last that is kept and the first that is dropped.",
        draw_capacities,
        ("capacities",),
    ),
    FigureSpec(
        "loss",
        "The loss of the same models over κ − 1, which is that of dropping the weakest features "
        "up to κ = 3 and falls beyond it.",
        draw_loss,
        ("capacities",),
    ),
    FigureSpec(
        "pair",
        "Two features in one dimension: the capacity of the weaker in the lowest of four descents, "
        "over kurtosis and ratio of values. The line is where the closed form says that it begins.",
        draw_pair,
        ("pair",),
    ),
    FigureSpec(
        "trained-capacities",
        "The same features, in models trained by Adam on samples of y, x_i = ±√κ with probability "
        "1/κ. Points: the model of lowest loss; lines: the closed form. At κ = 3, dashed, any "
        "rotation of the optimum is as good.",
        draw_trained,
        ("trained",),
    ),
    FigureSpec(
        "trained-pair",
        "Two features in one dimension, trained on samples: the capacity of the weaker in the best "
        "of four models. The line is where the closed form says that it begins.",
        draw_trained_pair,
        ("trained_pair",),
    ),
)
