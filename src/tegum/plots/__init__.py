"""From tables to matplotlib figures, in one vocabulary of marks.

Every drawing function takes a long table (`pandas.DataFrame`; its docstring names the columns)
or, for convenience, a Dataset of `tegum.train` / `tegum.best`, and returns a
`matplotlib.figure.Figure` that belongs to no window: show it in a notebook or `savefig` it.
`tegum.plots.tables` makes the tables.
"""

from tegum.plots.bars import norms
from tegum.plots.composition import panels
from tegum.plots.curves import against_theory, counts, loss_curves
from tegum.plots.heatmaps import gram
from tegum.plots.landscapes import crossing, loss_surface
from tegum.plots.morph import morph
from tegum.plots.phase_maps import phase_map
from tegum.plots.sets import sets_2d
from tegum.plots.stacks import neuron_weights, neurons, stacks
from tegum.plots.vectors import features_2d

__all__ = [
    "against_theory",
    "counts",
    "crossing",
    "features_2d",
    "gram",
    "loss_curves",
    "loss_surface",
    "morph",
    "neuron_weights",
    "neurons",
    "norms",
    "panels",
    "phase_map",
    "sets_2d",
    "stacks",
]
