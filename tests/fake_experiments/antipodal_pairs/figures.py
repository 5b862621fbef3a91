"""A curve, and a heat map beside bars."""

from __future__ import annotations

from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec, Tables


def draw_norms(tables: Tables) -> Figure:
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.semilogx(1 / tables["sweep"]["feature_probability"], tables["sweep"]["norm"], "o-")
    axes.set(xlabel="1/(1−S)", ylabel="‖W_i‖", title="A longer vector when sparse")
    return figure


def draw_grid(tables: Tables) -> Figure:
    figure = Figure(figsize=(9, 3.4))
    axes = figure.subplots(1, 2)
    image = axes[0].imshow(tables["grid"].to_numpy(), cmap="RdBu_r", vmin=-1, vmax=1)
    figure.colorbar(image, ax=axes[0])
    axes[1].bar(range(len(tables["grid"])), tables["grid"].to_numpy().max(axis=1))
    return figure


FIGURES = (
    FigureSpec("norms", 'Norm "‖W_i‖" over 1/(1−S); <b>bold</b>.', draw_norms, ("sweep",)),
    FigureSpec("grid", "A heat map and bars.", draw_grid, ("grid",)),
)
