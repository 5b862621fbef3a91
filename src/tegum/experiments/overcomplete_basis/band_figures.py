"""The figure of prices and sizes, from the table of the experiment."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.overcomplete_basis.band import ACTIVE, DIMENSIONS, FEATURES
from tegum.experiments.overcomplete_basis.band_claims import FOUND
from tegum.plots import style


@style.styled
def draw_band(tables: Tables) -> Figure:
    """Mean max cosine over α and the size of dictionaries; white dots above the threshold."""
    rows = tables["band"]
    value = rows.pivot(index="ratio", columns="alpha", values="mean_max_cosine").sort_index()
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.add_subplot()
    mesh = axes.imshow(
        value.to_numpy(float),
        origin="lower",
        cmap=style.IMPORTANCE,
        vmin=0.4,
        vmax=1,
        aspect="auto",
    )
    for i, j in np.argwhere(value.to_numpy(float) > FOUND):
        axes.plot(j, i, ".", ms=4, color="white")
    alphas, ratios = value.columns.to_numpy(float), value.index.to_numpy(float)
    step = max(1, (len(alphas) - 1) // 4)
    axes.set_xticks(range(0, len(alphas), step), [f"{alpha:.3g}" for alpha in alphas[::step]])
    axes.set_yticks(range(len(ratios)), [f"{ratio:g}" for ratio in ratios])
    axes.set(xlabel="penalty α", ylabel="latents over features")
    bar = figure.colorbar(mesh, ax=axes, aspect=25)
    bar.set_label("mean max cosine")
    bar.outline.set_linewidth(0.5)
    return figure


FIGURES: Final = (
    FigureSpec(
        "band",
        f"How much of {FEATURES} features in {DIMENSIONS} dimensions a dictionary finds, by its "
        f"size and the penalty α on its codes. Features are correlated, {ACTIVE:g} active on "
        "average, and fall in frequency as in Sharkey, Braun and Millidge (2022), who have 512 in "
        f"256. White dots: mean max cosine above {FOUND:g}. One seed.",
        draw_band,
        ("band",),
    ),
)
