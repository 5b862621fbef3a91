"""Figures of features in pairs: organisation panels, angles of all seeds, hexagons compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared.sets import EXACT, TRAINED
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.correlated_features.claims import MATCH
from tegum.experiments.correlated_features.measure import (
    ARRANGEMENTS,
    CASES,
    OPTIMUM,
    SHOWN,
    THREE,
    Case,
)
from tegum.plots import style
from tegum.plots.plane_sets import draw_sets
from tegum.runs.select import best_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A seed is drawn in colour when its loss is within `MATCH` of the exact optimum's or, where that
#: is zero, at most this part of the loss of knowing nothing.
NOTHING: Final = 1e-5
#: The angle within a set that the paper leads one to expect, or that an even hexagon has.
EXPECTED: Final = {"correlated": 90.0, "anticorrelated": 180.0, "three": 60.0}
_ANGLES: Final = ("least_within", "most_within")


def draw_organisation(tables: Tables) -> Figure:
    """The optimum and some seeds of every case, side by side."""
    table = tables["shown"]
    titles = {case.name: f"{case.title}, 1−S = {SHOWN:g}" for case in CASES}
    lowest = table[table["model"] == OPTIMUM].groupby("case")["loss"].first()
    panel = [_words(row, lowest[row["case"]]) for _, row in table.iterrows()]
    return plots.sets_2d(
        table.assign(heading=table["case"].map(titles), panel=panel), rows="heading"
    )


def _words(row: pd.Series, lowest: float) -> str:
    """What stands above a panel: the model, and its loss beside the optimum's."""
    if row["model"] == OPTIMUM:
        return f"exact optimum\nloss {abs(row['loss']):.4f}"
    if lowest < 1e-12:
        return f"{row['model']}\nloss {abs(row['loss']):.4f}"
    return f"{row['model']}\nloss +{max(0.0, row['loss'] / lowest - 1):.0%}"


@style.styled
def draw_angles(tables: Tables) -> Figure:
    """The angles between the members of a pair, of every trained seed and of the optimum."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.3), layout="constrained")
    grid = figure.subplots(1, len(CASES), sharey=True, width_ratios=[4, 4, 2.4, 3.2])
    for axes, case in zip(grid, CASES, strict=True):
        _draw_case(axes, tables["organisation"], case)
    grid[0].set_ylabel("angle within a pair")
    handles, words = grid[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=3, handletextpad=0.2)
    return figure


def _draw_case(axes: Axes, table: pd.DataFrame, case: Case) -> None:
    rows = table[table["case"] == case.name]
    if case.name in EXPECTED:
        axes.axhline(
            EXPECTED[case.name], color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=style.BEHIND
        )
    for place, p in enumerate(case.densities):
        _draw_density(axes, rows[np.isclose(rows[DENSITY], p)], case, place)
    axes.set_xticks(range(len(case.densities)), [f"{p:g}" for p in case.densities])
    axes.set(xlim=(-0.5, len(case.densities) - 0.5), ylim=(-8, 188), xlabel="1−S")
    axes.set_yticks(range(0, 181, 30), [f"{angle}°" for angle in range(0, 181, 30)])
    axes.set_title(case.title, fontsize=style.SMALL + 0.5)


def _draw_density(axes: Axes, rows: pd.DataFrame, case: Case, place: int) -> None:
    optimum = best_rows(rows[rows["engine"] == EXACT], DENSITY).iloc[0]
    seeds = rows[rows["engine"] == TRAINED]
    # what loses no more than 1 % over the optimum, or next to nothing where that is zero
    nothing = NOTHING * case.blank_loss(case.densities[place])
    near = seeds["loss"] <= max((1 + MATCH) * optimum["loss"], nothing)
    scatter = place + 0.5 * (np.linspace(0, 1, len(seeds)) - 0.5)
    kinds = (
        (~near, "other seeds", style.GREY, 0.35),
        (near, "within 1 % of the optimum", style.BLUE, 0.6),
    )
    labelled = place == 0
    for shown, words, colour, alpha in kinds:
        look: dict[str, Any] = {"ms": 2.6, "mew": 0, "alpha": alpha, "color": colour}
        for name in _ANGLES:
            label = words if labelled and name == _ANGLES[0] else None
            axes.plot(scatter[shown], seeds[name][shown], "o", label=label, **look)
    mark: dict[str, Any] = {"mfc": style.ORANGE, "mec": "white", "ms": 7, "zorder": 4}
    for name in _ANGLES:
        label = "exact optimum" if labelled and name == _ANGLES[0] else None
        axes.plot(place, optimum[name], "D", label=label, **mark)


@style.styled
def draw_arrangements(tables: Tables) -> Figure:
    """The loss of every arrangement of three pairs on a hexagon, with a picture of each."""
    import pandas as pd
    from matplotlib.figure import Figure

    table = tables["arrangements"]
    figure = Figure(figsize=(7.2, 3.3))
    axes = style.place(figure, 0.62, 0.12, 6.4, 2.0)
    for k, p in enumerate(THREE.densities):
        rows = table[np.isclose(table[DENSITY], p)].set_index("arrangement").loc[[*ARRANGEMENTS]]
        where = np.arange(len(rows)) + 0.36 * (k - (len(THREE.densities) - 1) / 2)
        colour = (style.BLUE, style.SKY)[k % 2]
        axes.bar(where, rows["loss"], 0.34, color=colour, label=f"1−S = {p:g}")
        for x, loss in zip(where, rows["loss"], strict=True):
            axes.text(x, loss, f"{loss:.3f}", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set(xticks=[], xlim=(-0.5, 4.5), ylabel="least loss")
    axes.legend(loc="upper left")
    for k, (name, places) in enumerate(ARRANGEMENTS.items()):
        icon = style.place(figure, 0.62 + 6.4 * (k + 0.5) / 5 - 0.4, 2.2, 0.8, 0.8)
        angle = np.pi / 3 * np.array(places) + np.pi / 2
        w = pd.DataFrame({"w0": np.cos(angle), "w1": np.sin(angle), "set": np.arange(6) // 2})
        draw_sets(icon, w, 1.25, 4.5)
        icon.set_xlabel(name.replace(", ", ",\n"), fontsize=style.SMALL, labelpad=0)
    return figure


FIGURES: Final = (
    FigureSpec(
        "organisation-shown",
        "Features in the plane, a colour per pair; the dashed circle has radius 1. In the first "
        "column the exact optimum, then the first five trained seeds, whatever they lose (+: loss "
        "above the optimum): rotated, reflected, and with exchangeable pairs and partners in the "
        "order that brings them closest to the optimum. Correlated partners are orthogonal, and "
        "opposite to a feature of the other pair; anticorrelated ones are opposite to each other, "
        "at no loss, unless a seed stops at the local minimum that has them orthogonal; three "
        "correlated pairs form a hexagon with partners side by side, where they find it. The six "
        "independent features have no pairs: colours go by their numbers, two by two, and they are "
        "rotated only. Features of one pair that coincide are a dot with a ring. The optimum is "
        "the lowest of 128 exact descents (fewer in a quick run).",
        draw_organisation,
        ("shown",),
    ),
    FigureSpec(
        "angles",
        "The smallest and the largest angle within a pair of every trained seed (128 at each "
        "density; fewer in a quick run), blue if its loss is within 1 % of the exact optimum, "
        "whose angles are the diamonds. The dashed lines are 90°, 180°, and the 60° of an even "
        "hexagon. Seeds that do well agree on the angle; independent features, paired by "
        "their numbers, do not.",
        draw_angles,
        ("organisation",),
    ),
    FigureSpec(
        "arrangements",
        "The five ways to place three correlated pairs on a regular hexagon, and the exact "
        "loss of each with the best radius and bias. Partners side by side lose least by far; "
        "partners opposite to each other lose most.",
        draw_arrangements,
        ("arrangements",),
    ),
)
