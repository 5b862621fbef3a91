"""Figures of features in pairs: organisation panels, angles of all seeds, hexagons compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tegum import plots
from tegum.dims import DENSITY
from tegum.experiments._shared import sets as models
from tegum.experiments._shared.sets import (
    CASES,
    EXACT,
    OPTIMUM,
    TRAINED,
    Case,
    blank_loss,
)
from tegum.experiments.correlated_features.arrangements import ARRANGEMENTS
from tegum.experiments.correlated_features.claims import MATCH
from tegum.plots import style
from tegum.plots.sets import draw_sets

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tegum.experiments.base import Tables

#: A seed is drawn in colour when its loss is within `MATCH` of the exact optimum's or, where that
#: is zero, at most this part of the loss of knowing nothing.
NOTHING: Final = 1e-5
#: The angle within a set that the paper leads one to expect, or that an even hexagon has.
EXPECTED: Final = {"correlated": 90.0, "anticorrelated": 180.0, "three": 60.0, "independent": None}


def organisation(tables: Tables) -> Figure:
    """The optimum and some seeds of every case, side by side."""
    table = tables["shown"]
    titles = {case.name: f"{case.title}, 1−S = {case.shown:g}" for case in CASES}
    heading = table["case"].map(titles)
    panel = [_words(table, row) for _, row in table.iterrows()]
    return plots.sets_2d(table.assign(heading=heading, panel=panel), rows="heading")


def _words(table: pd.DataFrame, row: pd.Series) -> str:
    """What stands above a panel: the model, and its loss beside the optimum's."""
    if row["model"] == OPTIMUM:
        return f"exact optimum\nloss {abs(row['loss']):.4f}"
    same = (table["case"] == row["case"]) & (table["model"] == OPTIMUM)
    lowest = float(table.loc[same, "loss"].iloc[0])
    if lowest < 1e-12:
        return f"{row['model']}\nloss {abs(row['loss']):.4f}"
    return f"{row['model']}\nloss +{max(0.0, row['loss'] / lowest - 1):.0%}"


@style.styled
def angles(tables: Tables) -> Figure:
    """The angles between the members of a pair, of every trained seed and of the optimum."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 3.3), layout="constrained")
    grid = figure.subplots(1, len(CASES), sharey=True, width_ratios=[4, 4, 2.4, 3.2])
    for axes, case in zip(grid, CASES, strict=True):
        _draw_angles(axes, tables["organisation"], case)
    grid[0].set_ylabel("angle within a pair")
    handles, words = grid[0].get_legend_handles_labels()
    figure.legend(handles, words, loc="outside lower center", ncols=3, handletextpad=0.2)
    return figure


def _draw_angles(axes: Axes, table: pd.DataFrame, case: Case) -> None:
    rows = table[table["case"] == case.name]
    expected = EXPECTED[case.name]
    if expected is not None:
        axes.axhline(expected, color=style.GREY, lw=0.8, ls=(0, (4, 3)), zorder=0)
    for place, p in enumerate(case.densities):
        at = rows[np.isclose(rows[DENSITY], p)]
        optimum = at[at["engine"] == EXACT].sort_values("loss").iloc[0]
        seeds = at[at["engine"] == TRAINED]
        scatter = place + 0.5 * (np.linspace(0, 1, len(seeds)) - 0.5)
        near = matching(seeds, float(optimum["loss"]), case, p)
        for shown, colour, alpha in ((~near, style.GREY, 0.35), (near, style.BLUE, 0.6)):
            label = (
                None if place else ("within 1 % of the optimum" if alpha > 0.5 else "other seeds")
            )
            for name in ("least_within", "most_within"):
                look: dict[str, Any] = {"ms": 2.6, "mew": 0, "alpha": alpha, "color": colour}
                axes.plot(scatter[shown], seeds[name][shown], "o", label=label, **look)
                label = None
        for name in ("least_within", "most_within"):
            label = "exact optimum" if place == 0 and name == "least_within" else None
            mark: dict[str, Any] = {"mfc": style.ORANGE, "mec": "white", "ms": 7, "zorder": 4}
            axes.plot(place, optimum[name], "D", label=label, **mark)
    axes.set_xticks(range(len(case.densities)), [f"{p:g}" for p in case.densities])
    axes.set(xlim=(-0.5, len(case.densities) - 0.5), ylim=(-8, 188), yticks=range(0, 181, 30))
    axes.set_yticks(range(0, 181, 30), [f"{angle}°" for angle in range(0, 181, 30)])
    axes.set(xlabel="1−S")
    axes.set_title(case.title, fontsize=style.SMALL + 0.5)


def matching(seeds: pd.DataFrame, lowest: float, case: Case, p: float) -> np.ndarray:
    """Which models lose no more than 1 % over the optimum, or next to nothing where it is zero."""
    nothing = NOTHING * blank_loss(case.law.with_probability(p))
    limit = max((1 + MATCH) * lowest, nothing)
    return np.asarray(seeds["loss"] <= limit)


@style.styled
def arrangements(tables: Tables) -> Figure:
    """The loss of every arrangement of three pairs on a hexagon, with a picture of each."""
    import pandas as pd
    from matplotlib.figure import Figure

    table = tables["arrangements"]
    figure = Figure(figsize=(7.2, 3.3))
    axes = style.place(figure, 0.62, 0.12, 6.4, 2.0)
    shown = models.THREE.densities
    for k, p in enumerate(shown):
        rows = table[np.isclose(table[DENSITY], p)].set_index("arrangement").loc[[*ARRANGEMENTS]]
        where = np.arange(len(rows)) + 0.36 * (k - (len(shown) - 1) / 2)
        colour = (style.BLUE, style.SKY)[k % 2]
        axes.bar(where, rows["loss"], 0.34, color=colour, label=f"1−S = {p:g}")
        for x, loss in zip(where, rows["loss"], strict=True):
            axes.text(x, loss, f"{loss:.3f}", ha="center", va="bottom", fontsize=style.SMALL)
    axes.set(xticks=[], xlim=(-0.5, 4.5), ylabel="least loss")
    axes.legend(loc="upper left")
    for k, places in enumerate(ARRANGEMENTS.values()):
        icon = style.place(figure, 0.62 + 6.4 * (k + 0.5) / 5 - 0.4, 2.2, 0.8, 0.8)
        angle = np.pi / 3 * np.array(places) + np.pi / 2
        w = pd.DataFrame({"w0": np.cos(angle), "w1": np.sin(angle), "set": np.arange(6) // 2})
        draw_sets(icon, w, 1.25, 4.5)
        icon.set_xlabel([*ARRANGEMENTS][k].replace(", ", ",\n"), fontsize=style.SMALL, labelpad=0)
    return figure
