"""Figures of the experiment `dictionary-learning`, from its tables."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from tegum.experiments.base import FigureSpec, Tables
from tegum.experiments.dictionary_learning.claims import bests
from tegum.experiments.dictionary_learning.kinds import M, N
from tegum.plots import style

#: Cells darker than this have white text.
_DARK: Final = 0.85


@style.styled
def draw_board(tables: Tables) -> Figure:
    """The best mean max cosine of each method on each problem, with the worst seed below it."""
    rows = bests(tables)
    names, methods = (list(dict.fromkeys(tables["board"][key])) for key in ("problem", "method"))
    value = rows.pivot(index="method", columns="problem", values="mean_max_cosine")
    lowest = rows.pivot(index="method", columns="problem", values="lowest")
    cosines, worst = (
        part.reindex(index=methods, columns=names).to_numpy(float) for part in (value, lowest)
    )
    figure = Figure(figsize=(1.9 + 0.95 * len(names), 1.2 + 0.45 * len(methods)))
    figure.set_layout_engine("constrained")
    axes = figure.add_subplot()
    mesh = axes.imshow(cosines, cmap=style.IMPORTANCE, vmin=0.4, vmax=1, aspect="auto")
    for (i, j), cosine in np.ndenumerate(cosines):
        if np.isfinite(cosine):
            text = f"{cosine:.3f}\n({worst[i, j]:.3f})"
            colour = style.INK if cosine > _DARK else "white"
            axes.text(j, i, text, ha="center", va="center", size=style.SMALL, color=colour)
    titles = [name.replace(", ", "\n").replace(" frequency", "\nfrequency") for name in names]
    axes.set_xticks(range(len(names)), titles)
    axes.set_yticks(range(len(methods)), methods)
    axes.tick_params(length=0, labeltop=True, labelbottom=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(mesh, ax=axes, aspect=25)
    bar.set_label("mean max cosine")
    bar.outline.set_linewidth(0.5)
    return figure


FIGURES: Final = (
    FigureSpec(
        "board",
        "How much of the features each kind of dictionary finds: the mean over features of the "
        "largest cosine with an atom, as many atoms as features. Of the seeds that of lowest "
        "held-out objective, at the setting (price or number of latents that fire) that does best; "
        "in brackets the worst seed there. Trained models: a pentagon and a square antiprism, "
        f"1−S = 0.05. The others are {N} random directions in {M} dimensions: one feature active "
        "at a time on average, three, one with sets of five that are often on together, with "
        "frequencies that fall by 15 % from feature to feature, and with normal noise of .05 on "
        "every hidden dimension. Below: classical methods, where scikit-learn is installed, with "
        "three seeds (one in a quick run) on samples drawn once: dictionary learning with "
        "non-negative codes, K-SVD with one atom for each sample, non-negative least squares, and "
        "FastICA, which has no more atoms than dimensions. A quick run has three of the problems.",
        draw_board,
        ("board",),
    ),
)
