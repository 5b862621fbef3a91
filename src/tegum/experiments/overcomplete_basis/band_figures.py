"""The figure of prices and sizes, from the table of the experiment."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.overcomplete_basis.band import FEATURES, SHARE
from tegum.experiments.overcomplete_basis.claims_49_band import FOUND, means
from tegum.plots import style


@style.styled
def draw_band(tables: Tables) -> Figure:
    """Mean max cosine over α and the size of dictionaries; white dots above the threshold."""
    rows = means(tables)
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
        "How much of the features in half as many dimensions a dictionary finds, by its size and "
        f"the penalty α on its codes: of {FEATURES[0]} features ({FEATURES[1]} in a quick run). "
        f"They are correlated, {SHARE:.1%} of them active on average, and fall in frequency as in "
        f"Sharkey, Braun and Millidge (2022), who have {FEATURES[2]}, as a fine run has. White "
        f"dots: mean max cosine above {FOUND:g}. Means of two seeds up to four times as many "
        "latents, else one seed (one in a quick run).",
        draw_band,
        ("band",),
    ),
)
