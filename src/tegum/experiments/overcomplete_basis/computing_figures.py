"""The figure of dictionaries on neurons that compute, from the table of the experiment."""

from __future__ import annotations

from typing import Final

from matplotlib.figure import Figure

from tegum.dims import DENSITY
from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.overcomplete_basis.claims import RECOVERED
from tegum.experiments.overcomplete_basis.computing import FEATURES, NEURONS
from tegum.plots import style
from tegum.plots.curves import density_axis

_DASHED: Final = (0, (4, 3))


@style.styled
def draw_computing(tables: Tables) -> Figure:
    """Mean max cosine over 1/(1−S): all seeds, the chosen one, and single neurons."""
    rows = tables["computing"].sort_values(DENSITY)
    chosen = rows[rows["chosen"]]
    figure = Figure(figsize=(4.2, 2.8), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(1 / rows[DENSITY], rows["mean_max_cosine"], ".", color=style.GREY, label="seeds")
    for name, colour, label in (
        ("mean_max_cosine", style.BLUE, "lowest objective"),
        ("neurons", style.ORANGE, "single neurons"),
    ):
        axes.plot(1 / chosen[DENSITY], chosen[name], "o-", ms=4.5, color=colour, label=label)
    axes.axhline(RECOVERED, color=style.GREY, lw=0.8, ls=_DASHED, zorder=style.BEHIND)
    density_axis(axes)
    axes.set_ylabel("mean max cosine")
    axes.legend(loc="center right")
    return figure


FIGURES: Final = (
    FigureSpec(
        "computing",
        f"{NEURONS} neurons compute |x| of {FEATURES} features. Along which directions they answer "
        "one feature alone, positive or negative, atoms of a dictionary of their activations find "
        f"(dots: seeds; blue: the lowest objective; dashed: {RECOVERED:g}), single neurons less "
        "so.",
        draw_computing,
        ("computing",),
    ),
)
