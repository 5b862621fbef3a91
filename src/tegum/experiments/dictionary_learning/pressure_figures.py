"""Figures of dictionaries under pressure, from the tables of the experiment."""

from __future__ import annotations

from typing import Final

from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.dictionary_learning.pressure import ACTIVE
from tegum.plots import style


@style.styled
def draw_hierarchy(tables: Tables) -> Figure:
    """Recall of parents' latents without and with a child over L0, and the gap between them."""
    rows = tables["hierarchy"]
    figure = Figure(figsize=(8.0, 3.3), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    for colour, (name, own) in zip(style.CYCLE, rows.groupby("method", sort=False), strict=False):
        means = own.groupby("order")[["l0", "alone", "together", "gap"]].mean()
        error = own.groupby("order")["gap"].sem()
        left.plot(means["l0"], means["alone"], "o-", ms=4, color=colour)
        left.plot(means["l0"], means["together"], "o--", ms=4, mfc="white", color=colour)
        right.errorbar(
            means["l0"], means["gap"], 2 * error, fmt="o-", ms=4, color=colour, label=name
        )
    left.set_ylabel("recall of parents' latents")
    right.set_ylabel("gap")
    right.axhline(0.0, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    for axes in (left, right):
        axes.axvline(rows["true_l0"].iloc[0], color=style.FAINT, lw=1, zorder=style.BEHIND)
        axes.set_xlabel("latents that fire, L0")
    right.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_varied(tables: Tables) -> Figure:
    """Mean max cosine over k: seeds as dots, the lowest loss as a line, for both kinds."""
    rows = tables["varied"]
    figure = Figure(figsize=(5.6, 3.3), layout="constrained")
    axes = figure.add_subplot()
    for colour, (name, own) in zip(style.CYCLE, rows.groupby("method", sort=False), strict=False):
        chosen = own[own["chosen"]].sort_values("k")
        axes.plot(own["k"], own["mean_max_cosine"], ".", ms=3, color=colour)
        axes.plot(chosen["k"], chosen["mean_max_cosine"], "o-", ms=4.5, color=colour, label=name)
    axes.axvline(rows["true_l0"].iloc[0], color=style.FAINT, lw=1, zorder=style.BEHIND)
    axes.set(xlabel="latents that fire, k", ylabel="mean max cosine")
    axes.legend()
    return figure


FIGURES: Final = (
    FigureSpec(
        "hierarchy",
        "Twelve features in sixteen dimensions: four parents with two children each, which are "
        "active only with their parent. Left: how often a parent's own latent fires where the "
        "parent is active, without a child (filled, solid) and with it (open, dashed), means over "
        "edges and seeds; right: the difference, with two standard errors over seeds. Each line "
        "goes from little pressure to be sparse to much; the upright line is the number of "
        "features that are active. Parents whose latents children silence are absorbed.",
        draw_hierarchy,
        ("hierarchy",),
    ),
    FigureSpec(
        "varied",
        "What a dictionary finds when the number of latents that fire is not that of the active "
        f"features, {ACTIVE} on average (the upright line): 20 random directions in 10 dimensions. "
        "Dots are seeds, lines the seed of lowest held-out loss. With too few, latents stand for "
        "several features; with too many, mixtures of them rebuild as well as they do.",
        draw_varied,
        ("varied",),
    ),
)
