"""Figures of the experiment `mathematical-understanding`, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.mathematical_understanding.claims import (
    RANGE,
    SIGN_RATIO,
    truncations,
    with_overlaps,
)
from tegum.experiments.mathematical_understanding.measure import DROPPED, RANDOM, REGULAR
from tegum.plots import style
from tegum.plots.curves import density_axis
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def _new(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@style.styled
def draw_truncation(tables: Tables) -> Figure:
    """Top: the sums over k <= K and the loss; bottom: their part of the whole sum."""
    sums, losses = truncations(tables["orders"]), tables["losses"]
    figure = _new(6.4, 5.2)
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2]})
    x = 1 / sums.index.to_numpy()
    last = int(sums.columns.max())
    for k in map(int, sums.columns):
        colour = style.IMPORTANCE(0.95 * (1 - k / last))
        label = "k = 0 (none active)" if k == 0 else f"k ≤ {k}"
        shown = sums[k].where(sums[k] > 1e-9)
        top.plot(x, shown, marker="o", ms=3, lw=1.2, color=colour, label=label)
        bottom.plot(x, sums[k] / sums[last], marker="o", ms=3, lw=1.2, color=colour)
    look: dict[str, Any] = {"ls": "none", "marker": "D", "ms": 8, "mfc": "none", "mew": 1.2}
    p, loss = losses[DENSITY], losses["loss"]
    top.plot(1 / p, loss, color=style.VERMILION, label="loss on new samples", **look)
    top.set(yscale="log", ylabel="loss")
    top.set_ylim(bottom=0.3 * float(loss.min()))
    bottom.axhline(1, color=style.GREY, lw=0.8, zorder=style.BEHIND)
    bottom.set(ylim=(0, 1.08), ylabel="part of the loss")
    density_axis(top)
    density_axis(bottom)
    top.set_xlabel("")
    top.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    top.set_title(f"n = 5, m = 2, best of {int(losses['best_of'].iloc[0])} at each p", loc="left")
    return figure


def draw_orders_check(tables: Tables) -> Figure:
    """Closed forms of L_0, L_1, L_2 against Monte Carlo."""
    table = tables["orders"].dropna(subset=["closed_form"])
    table = table[table["closed_form"] > 1e-9]
    data = {
        "theory": table["closed_form"],
        "measured": table["sampled"],
        "error": table["error"],
        "label": "L" + table["k"].map("₀₁₂".__getitem__),
    }
    return plots.against_theory(table.assign(**data), quantity="$L_k$")


@style.styled
def draw_thomson(tables: Tables) -> Figure:
    """The 1-sparse loss without its constant against the energy, log-log."""
    table = tables["packings"]
    some = table[table["energy"] > 1e-9]
    figure = _new(5.4, 4.6)
    axes = figure.subplots()
    marks = {
        REGULAR: ("o", style.BLUE),
        RANDOM: ("s", style.GREEN),
        DROPPED: ("D", style.VERMILION),
    }
    for kind, (marker, colour) in marks.items():
        rows = some[some["kind"] == kind]
        loss = rows["sampled"] - rows["left_out"] / 3
        look: dict[str, Any] = {"marker": marker, "ms": 5, "mfc": "none", "color": colour}
        look["zorder"] = 3 if kind == REGULAR else 2
        axes.plot(rows["energy"], loss, ls="none", label=kind, **look)
    for row in some[some["kind"] == REGULAR].itertuples():
        # the cube and the hexagon are close to one another: one name on each side
        place = {"xytext": (-7, 3), "ha": "right"} if row.name == "cube" else {"xytext": (7, -3)}
        vertical = "bottom" if row.name == "cube" else "top"
        axes.annotate(
            str(row.name), (row.energy, row.sampled), textcoords="offset points",
            fontsize=style.SMALL, va=vertical, **place,
        )  # fmt: skip
    span = np.array([0.6 * some["energy"].min(), 1.7 * some["energy"].max()])
    axes.plot(
        span, span / 3, color=style.GREY, lw=0.8, zorder=style.BEHIND, label="a third of the energy"
    )
    axes.set(xscale="log", yscale="log", xlabel=r"$\sum_{i\neq j}\mathrm{ReLU}(W_i\cdot W_j)^2$")
    axes.set_ylabel(r"$L_1$ without the features left out, sampled")
    none = ", ".join(table.loc[table["energy"] <= 1e-9, "name"])
    axes.set_title(f"energy 0 and loss 0: {none}", loc="left", fontsize=style.SMALL)
    axes.legend(loc="upper left")
    return figure


@style.styled
def draw_interference(tables: Tables) -> Figure:
    """Σ G_ij² of each sign over 1/(1−S): lines for the best model, dots for every seed."""
    table = tables["interference"].dropna(subset=["loss"])
    chosen = best_rows(table, DENSITY)
    figure = _new(5.8, 3.6)
    axes = figure.subplots()
    floor = 1e-8
    for name, colour, marker in (("negative", style.VERMILION, "s"), ("positive", style.BLUE, "o")):
        every = np.maximum(table[name], floor)
        axes.plot(1 / table[DENSITY], every, marker, ms=3.5, color=colour, alpha=0.3, mew=0)
        axes.plot(
            1 / chosen[DENSITY], np.maximum(chosen[name], floor), marker=marker,
            ms=6, color=colour, label=f"{name} overlaps, lowest loss",
        )  # fmt: skip
    bound = SIGN_RATIO * chosen["negative"]
    axes.plot(
        1 / chosen[DENSITY], bound, color=style.GREY, lw=1, ls=(0, (4, 3)),
        label="a tenth of the negative ones",
    )  # fmt: skip
    axes.axvspan(
        1 / RANGE[1], 1 / RANGE[0], color=style.FAINT, alpha=0.25, lw=0, zorder=style.BEHIND
    )
    axes.set(yscale="log", ylabel=r"$\sum_{i\neq j} G_{ij}^2$ by the sign of $G_{ij}$")
    density_axis(axes)
    seeds = table.groupby(DENSITY)["seed"].nunique()
    axes.set_title(f"n = 20, m = 5, {seeds.min()} to {seeds.max()} seeds", loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_bias(tables: Tables) -> Figure:
    """The 1-sparse cost of positive overlaps over 1/(1−S), with and without the trained biases."""
    shown = with_overlaps(tables["bias_effect"])
    figure = _new(5.6, 3.0)
    axes = figure.subplots()
    x = 1 / shown[DENSITY]
    axes.plot(x, shown["cost_without_bias"], "o-", color=style.BLUE, ms=5, label="at b = 0")
    axes.plot(x, shown["cost"], "s-", color=style.VERMILION, ms=5, label="with the trained b")
    axes.set(yscale="log", ylabel="cost of positive overlaps", ylim=(0.003, 2))
    density_axis(axes)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


FIGURES = (
    FigureSpec(
        "truncation",
        "How many simultaneous features the loss needs to be told of. Each model was trained at "
        "its own sparsity (importance 0.9^i). Circles: p^k S^(n−k) L_k summed over k ≤ K; "
        "diamonds: the loss on samples that no model has seen, whose errors are below the marks. "
        "The sparser the data, the fewer orders are needed.",
        draw_truncation,
        ("orders", "losses"),
    ),
    FigureSpec(
        "orders-check",
        "L_0, L_1 and L_2 of the trained models: closed forms against the mean over 30,000 or "
        "more random inputs with k active features. On the line they are equal; errors are below "
        "the marks. L_0 is 0, and not shown, where no bias is positive.",
        draw_orders_check,
        ("orders",),
    ),
    FigureSpec(
        "thomson",
        "The loss with one active feature is a packing energy: features as points on the unit "
        "sphere, no bias, equal importance. Marks are means over 10,000 or more random inputs with "
        "one active feature, less 1/3 for each feature left out, whose errors are below the marks; "
        "the line is the prediction.",
        draw_thomson,
        ("packings",),
    ),
    FigureSpec(
        "interference",
        "Squared overlaps of different features in trained models (importance 0.7^i), by sign. "
        "Lines: the model of lowest loss; faint marks: every seed; grey: the range of 8.a. "
        "Positive overlaps are smaller by orders of magnitude, up to where more features are held "
        "than fit into antipodal pairs: from 1/(1−S) of about 30 on they rise.",
        draw_interference,
        ("interference",),
    ),
    FigureSpec(
        "bias",
        "What positive overlaps cost when one feature is active, Σ I_j ∫ReLU(G_ji x + b_j)² dx, in "
        "the models trained with n = 5, m = 2 that have positive overlaps and negative biases "
        "only: these take away nearly all of it.",
        draw_bias,
        ("bias_effect",),
    ),
)
