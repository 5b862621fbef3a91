"""Figures of phase diagrams by activation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum import plots
from tegum.experiments._shared.phase_plane import OUTCOMES
from tegum.experiments.activation_functions.claims import outcomes
from tegum.experiments.activation_functions.measure import ACTIVATIONS
from tegum.experiments.base import FigureSpec, Tables
from tegum.plots import phase_maps, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_diagrams(tables: Tables) -> Figure:
    """The extra feature over its importance and density, by activation."""
    return plots.phase_map(tables["cells"], by="activation", columns=4)


@style.styled
def draw_areas(tables: Tables) -> Figure:
    """The parts of the plane with each outcome."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6, 2.6), layout="constrained")
    axes = figure.add_subplot()
    found = outcomes(tables)
    left = dict.fromkeys(ACTIVATIONS, 0.0)
    colours = (style.FAINT, phase_maps.ALONE, phase_maps.SHARES)
    for k in (2, 1, 0):
        parts = [100 * (found[name] == k).mean() for name in ACTIVATIONS]
        axes.barh(ACTIVATIONS, parts, left=list(left.values()), color=colours[k], label=OUTCOMES[k])
        left = {name: left[name] + part for name, part in zip(ACTIVATIONS, parts, strict=True)}
    axes.invert_yaxis()
    axes.set(xlabel="part of the plane, %", xlim=(0, 100))
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


FIGURES = (
    FigureSpec(
        "diagrams",
        "The extra one of two features in one dimension, by the activation of the outputs: the "
        "model of lowest expected loss of ten in each cell (of six in a quick run). White: not "
        "represented; blue: a dimension to itself; orange: in superposition. ReLU and leaky ReLU "
        "look alike; with GELU and with squares superposition takes sparser features, and with "
        "squares it fades where importances differ. Of a lone cell unlike its neighbours no start "
        "found the minimum that theirs did.",
        draw_diagrams,
        ("cells",),
    ),
    FigureSpec(
        "areas",
        "How much of the plane of the diagrams, in log importance and log density, has each of the "
        "three outcomes.",
        draw_areas,
        ("cells",),
    ),
)
