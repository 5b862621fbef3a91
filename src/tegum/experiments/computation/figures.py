"""The figures of computation in superposition, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.computation.circuits import ENOUGH, HIDDEN, MOTIF_DENSITY
from tegum.experiments.computation.claims import MIDDLE, shown, with_primary
from tegum.experiments.computation.claims_40_circuits import FREQUENT, SIZE, UNIT, share
from tegum.experiments.computation.measure import COUNTED, CURRICULUM, DECIDED, RANDOM, STAGES
from tegum.plots import style
from tegum.plots.circuits import circuit
from tegum.plots.neuron_stacks import stacks
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOURS: Final = {RANDOM: style.ORANGE, CURRICULUM: style.BLUE}
_SPARSITY: Final = "1/(1−S)"


def draw_small(tables: Tables) -> Figure:
    """The circuit without superposition."""
    return circuit(tables["small_circuit"], least=UNIT)


def draw_stacks(tables: Tables) -> Figure:
    """The model of lowest loss at each density, neuron by neuron."""
    table, parts = tables["weights"], []
    for _, row in shown(tables).iterrows():
        own = table[table[DENSITY] == row[DENSITY]]
        own = own.assign(weight=own["weight"].where(own["counted"], 0.0))
        held = f"{row['polysemantic']} polysemantic"
        parts.append(own.assign(panel=f"1−S = {row[DENSITY]:g}, {held}"))
    import pandas as pd

    return stacks(pd.concat(parts), by="panel", columns=2, threshold=COUNTED, order="primary")


@style.styled
def draw_routes(tables: Tables) -> Figure:
    """Losses, polysemantic mass and computed features over sparsity, by both routes."""
    figure = Figure(figsize=(9.6, 3.0))
    kinds = (
        ("loss", "held-out loss", True),
        ("mass", "weight beyond the largest", False),
        ("computed", "features computed", False),
    )
    for k, (column, label, log) in enumerate(kinds):
        axes = style.place(figure, 0.65 + 3.2 * k, 0.3, 2.4, 2.15)
        for route in (RANDOM, CURRICULUM):
            _route(axes, tables["models"], route, column)
        axes.set(xscale="log", xlabel=_SPARSITY, ylabel=label, yscale="log" if log else "linear")
        if not log:
            axes.set_ylim(bottom=0)
    figure.axes[0].legend(loc="lower left")
    return figure


def _route(axes: Axes, table: pd.DataFrame, route: str, column: str) -> None:
    """All seeds as points, the seeds of lowest loss as a line."""
    rows = table[(table["route"] == route) & table["loss"].notna()]
    if rows.empty:
        return
    colour = _COLOURS[route]
    axes.plot(1 / rows[DENSITY], rows[column], ".", color=colour, ms=4, alpha=0.35, mew=0)
    best = best_rows(rows, DENSITY)
    axes.plot(1 / best[DENSITY], best[column], "o-", color=colour, ms=4, label=route)


@style.styled
def draw_kinds(tables: Tables) -> Figure:
    """Importance against polysemanticity, and what activations are about, neuron by neuron."""
    figure = Figure(figsize=(9.0, 3.1))
    own = tables["neurons"]
    own = own[own[DENSITY] == MIDDLE]
    axes = style.place(figure, 0.65, 0.3, 2.9, 2.25)
    colours = np.where(own["held"] > 1, style.VERMILION, style.BLUE)
    axes.scatter(own["importance"], own["mass"], c=colours, s=18, alpha=0.8, lw=0)
    axes.set(
        xscale="log",
        xlabel="importance of the first feature",
        ylabel="weight beyond the largest",
        title=f"neurons at 1−S = {MIDDLE:g}",
    )
    axes = style.place(figure, 4.6, 0.3, 2.9, 2.25)
    rows = with_primary(tables).sort_values("share_low")
    place = np.arange(len(rows))
    axes.vlines(place, rows["share_low"], rows["share_top"], color=style.FAINT, lw=1.5)
    axes.plot(place, rows["share_top"], "o", color=style.VERMILION, ms=5, label="highest 1 %")
    axes.plot(place, rows["share_low"], "o", color=style.SKY, ms=5, label="lower half")
    axes.set(
        ylim=(-0.03, 1.05),
        xticks=[],
        xlabel="polysemantic neurons with a primary feature",
        ylabel="share of the primary feature",
        title="what activations are about",
    )
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return figure


@style.styled
def draw_motifs(tables: Tables) -> Figure:
    """How often the motif is found, by density, with renamed features, and with more neurons."""
    table, renamed = tables["motif_models"], tables["renamed"]
    bars: list[tuple[str, float, str]] = []
    for p in sorted(table[DENSITY].unique(), reverse=True):
        rows = table[(table["n_hidden"] == HIDDEN) & (table[DENSITY] == p)]
        bars.append((f"{p:g}", share(rows), style.BLUE))
    roomy = table[table["n_hidden"] == ENOUGH]
    bars.append((f"{roomy[DENSITY].iloc[0]:g}\nm = {ENOUGH}", share(roomy), style.GREEN))
    bars.append((f"{MOTIF_DENSITY:g}\nrenamed", float(renamed["proved"].mean()), style.GREY))
    figure = Figure(figsize=(1.2 + 0.75 * len(bars), 2.9))
    axes = style.place(figure, 0.7, 0.25, 0.75 * len(bars), 1.95)
    for k, (_, height, colour) in enumerate(bars):
        axes.bar(k, height, color=colour, width=0.7)
        axes.text(k, height + 0.02, f"{height:.0%}", ha="center", size=style.SMALL)
    axes.axhline(FREQUENT, color=style.GREY, lw=0.8, ls="--")
    axes.set_xticks(range(len(bars)), labels=[name for name, _, _ in bars])
    axes.set(ylim=(0, 1.1), xlabel="1−S", ylabel="models with the motif")
    return figure


def draw_motif(tables: Tables) -> Figure:
    """One instance of the motif."""
    return circuit(tables["motif_circuit"])


_CHOSEN = (
    "At each density the model of lowest held-out loss is shown, of ten seeds from random weights "
    f"(thirty at 1−S = {STAGES[0]:g}) and, at sparser densities, of the curriculum that goes on "
    f"from those thirty: with all of them to {DECIDED:g}, with the best ten below; fewer in a "
    "quick run."
)

FIGURES = (
    FigureSpec(
        "small-circuit",
        "|x| = ReLU(x) + ReLU(−x): with two neurons for each feature one reads +x, one −x, "
        "and the output adds them. Weights below .05 are left out. Neurons are rescaled so "
        "that the largest input weight is ±1. The model of lowest loss of 64 (fewer in a quick "
        "run).",
        draw_small,
        ("small_circuit",),
    ),
    FigureSpec(
        "neurons-by-sparsity",
        "Every column is one of 40 neurons, its segments the input weights of the features "
        "that count on it, rescaled so that the largest is 1; sorted by the strongest "
        "feature, at the bottom. Dense features: one feature to a neuron. The sparser they "
        "are, the more neurons (red line below) store others too, those of the least "
        "important features first. Colour: how much a feature shares its neurons with "
        f"others. {_CHOSEN}",
        draw_stacks,
        ("weights", "models"),
    ),
    FigureSpec(
        "routes",
        "Descent from random weights (orange) against a curriculum that goes from 1−S = 0.3 "
        "to sparser features, each stage from the weights of the last (blue). Points are "
        "seeds, lines the seeds of lowest loss. From random weights sparse models end at "
        "losses tens of times higher, with all neurons polysemantic and fewer features "
        "computed on both sides: what they look like is no guide to what is best.",
        draw_routes,
        ("models",),
    ),
    FigureSpec(
        "kinds-of-neurons",
        "Left: every neuron of the best model at 1−S = 0.03, by the importance of the feature "
        "it is strongest for and by how much weight other features have on it; red stores "
        "more than one. Right: for the red ones with a clear primary feature, how often that "
        "feature is what the neuron is active for, among its highest activations and the "
        "lower half of those above a twentieth of the largest.",
        draw_kinds,
        ("neurons",),
    ),
    FigureSpec(
        "motif-frequency",
        f"The part of 24 seeds (6 in a quick run) whose model {SIZE} holds a proved "
        "instance of asymmetric superposition with inhibition: by density; with two neurons "
        "for each feature (green); and with the features of every neuron renamed at random "
        f"(grey). Dashed: the {FREQUENT:.0%} that are asked for at 1−S = "
        f"{MOTIF_DENSITY:g}.",
        draw_motifs,
        ("motif_models", "renamed"),
    ),
    FigureSpec(
        "motif-circuit",
        "An instance of the motif: the neuron “shared” stores a primary feature with input "
        "weight ±1 and a secondary one with a smaller weight, and has output weights the "
        "other way round, so that the primary feature disturbs the secondary output strongly; "
        "the neuron “inhibits” sees the primary feature too and takes that away. Only the two "
        "features and the neurons that matter to them are drawn. From the model of lowest "
        f"loss {SIZE} at 1−S = {MOTIF_DENSITY:g} that has an instance.",
        draw_motif,
        ("motif_circuit",),
    ),
)
