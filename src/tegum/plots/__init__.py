"""From tables to matplotlib figures, in one vocabulary of marks.

Every drawing function takes a long table (`pandas.DataFrame`; its docstring names the columns)
or, for convenience, a Dataset of `tegum.train` / `tegum.best`, and returns a
`matplotlib.figure.Figure` that belongs to no window: show it in a notebook or `savefig` it. Three
need what no Dataset has, and take tables alone: `against_theory`, `crossing` and `loss_surface`;
given a Dataset they say which call makes the table, as all do of a table that lacks a column.
`tegum.runs.tables`, `tegum.runs.sweep_tables` and `tegum.analysis.figure_tables` make the tables.
"""

from tegum.plots.circuits import circuit
from tegum.plots.composition import panels
from tegum.plots.curves import against_theory, counts, loss_curves
from tegum.plots.dimensions import dimensionality, dimensions_per_feature
from tegum.plots.graphs import feature_graphs
from tegum.plots.heatmaps import gram
from tegum.plots.landscapes import crossing, loss_surface
from tegum.plots.morphing import morph
from tegum.plots.motion import motion_3d
from tegum.plots.neuron_stacks import neuron_weights, neurons, stacks
from tegum.plots.norm_bars import norms
from tegum.plots.phase_maps import phase_map
from tegum.plots.plane import features_2d
from tegum.plots.plane_sets import sets_2d
from tegum.plots.space import features_3d
from tegum.plots.training import excess_curves, level_traces, stage_curve

__all__ = [
    "against_theory",
    "circuit",
    "counts",
    "crossing",
    "dimensionality",
    "dimensions_per_feature",
    "excess_curves",
    "feature_graphs",
    "features_2d",
    "features_3d",
    "gram",
    "level_traces",
    "loss_curves",
    "loss_surface",
    "morph",
    "motion_3d",
    "neuron_weights",
    "neurons",
    "norms",
    "panels",
    "phase_map",
    "sets_2d",
    "stacks",
    "stage_curve",
]
