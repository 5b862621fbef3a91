"""The figures of computation in superposition, from its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from matplotlib.figure import Figure

from tegum.dims import DENSITY
from tegum.experiments.base import Tables
from tegum.experiments.computation import claims as rules
from tegum.experiments.computation.circuits import ENOUGH, HIDDEN, MOTIF_DENSITY
from tegum.experiments.computation.sweep import COUNTED, CURRICULUM, RANDOM
from tegum.plots import style
from tegum.plots.circuits import circuit
from tegum.plots.stacks import stacks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_COLOURS: Final = {RANDOM: style.ORANGE, CURRICULUM: style.BLUE}
_SPARSITY: Final = "1/(1−S)"


def draw_small(tables: Tables) -> Figure:
    """The circuit without superposition."""
    return circuit(tables["small_circuit"], least=rules.UNIT)


def draw_stacks(tables: Tables) -> Figure:
    """The model of lowest loss at each density, neuron by neuron."""
    table, parts = tables["weights"], []
    for _, row in rules.shown(tables).iterrows():
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
    best = rows.loc[rows.groupby(DENSITY)["loss"].idxmin()].sort_values(DENSITY)
    axes.plot(1 / best[DENSITY], best[column], "o-", color=colour, ms=4, label=route)


@style.styled
def draw_kinds(tables: Tables) -> Figure:
    """Importance against polysemanticity, and what activations are about, neuron by neuron."""
    figure = Figure(figsize=(9.0, 3.1))
    own = tables["neurons"]
    own = own[own[DENSITY] == rules.MIDDLE]
    axes = style.place(figure, 0.65, 0.3, 2.9, 2.25)
    colours = np.where(own["held"] > 1, style.VERMILION, style.BLUE)
    axes.scatter(own["importance"], own["mass"], c=colours, s=18, alpha=0.8, lw=0)
    axes.set(
        xscale="log",
        xlabel="importance of the first feature",
        ylabel="weight beyond the largest",
        title=f"neurons at 1−S = {rules.MIDDLE:g}",
    )
    axes = style.place(figure, 4.6, 0.3, 2.9, 2.25)
    rows = rules.with_primary(tables).sort_values("share_low")
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
        bars.append((f"{p:g}", _share(rows), style.BLUE))
    roomy = table[table["n_hidden"] == ENOUGH]
    bars.append((f"{roomy[DENSITY].iloc[0]:g}\nm = {ENOUGH}", _share(roomy), style.GREEN))
    bars.append((f"{MOTIF_DENSITY:g}\nrenamed", float(renamed["proved"].mean()), style.GREY))
    figure = Figure(figsize=(1.2 + 0.75 * len(bars), 2.9))
    axes = style.place(figure, 0.7, 0.25, 0.75 * len(bars), 1.95)
    for k, (_, share, colour) in enumerate(bars):
        axes.bar(k, share, color=colour, width=0.7)
        axes.text(k, share + 0.02, f"{share:.0%}", ha="center", size=style.SMALL)
    axes.axhline(rules.FREQUENT, color=style.GREY, lw=0.8, ls="--")
    axes.set_xticks(range(len(bars)), labels=[name for name, _, _ in bars])
    axes.set(ylim=(0, 1.1), xlabel="1−S", ylabel="models with the motif")
    return figure


def _share(rows: Any) -> float:
    return float((rows["motifs"] > 0).mean())


def draw_motif(tables: Tables) -> Figure:
    """One instance of the motif."""
    return circuit(tables["motif_circuit"])
