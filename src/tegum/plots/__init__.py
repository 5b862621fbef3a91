"""From tables to matplotlib figures, in one vocabulary of marks.

Every drawing function takes a long table (`pandas.DataFrame`; its docstring names the columns)
or, for convenience, a Dataset of `tegum.train` / `tegum.best`, and returns a
`matplotlib.figure.Figure` that belongs to no window: a notebook shows it, once and without a magic
line, and `savefig` writes the same bytes however often it is called. Three need what no Dataset
has, and take tables alone: `against_theory`, `crossing` and `loss_surface`; given a Dataset they
say which call makes the table, as all do of a table that lacks a column. `tegum.runs.tables`,
`tegum.runs.sweep_tables` and `tegum.analysis.figure_tables` make the tables. What moves
(`motion_3d`) is a matplotlib `Animation`; `save_film` makes a file of it.

The paper's figures, of `runs = tegum.train(...)` and `best = tegum.best(runs)`:

    features in the plane, over sparsity          features_2d(best)
    features in space, still and moving           features_3d(best), motion_3d(one)
    WᵀW and b; with the norms of the features     gram(best); panels(best)
    represented features over sparsity            counts(runs)
    loss curves                                   loss_curves(runs)
    phase diagram of an extra feature             phase_map(runs)
    dimensions per feature, D*                    dimensions_per_feature(runs)
    dimensionality of features, by geometry       dimensionality(runs), feature_graphs(best)
    correlated and anticorrelated sets            sets_2d(best)
    a perturbed pentagon                          morph(best, at="r"), crossing(table, at="r")
    energy levels, stages of a training           level_traces(one), stage_curve(runs)
    neurons: weights and stacks                   neurons(best), stacks(best), circuit(best)

`ax=` draws into axes of yours, `axes=` into several, where a function has several panels; a
function whose panels are composed of several axes says so. `figsize=` is a width in inches, or
(width, height): panels are set in as many columns as fit, and text keeps its size.

The look is ours under yours: what you have changed of matplotlib's `rcParams`, by hand or by a
style sheet, holds, and the rest of a figure is ours. In axes of yours nothing is.
`with tegum.plots.look():` draws in our look alone, as the report does.
"""

from tegum.plots.circuits import circuit
from tegum.plots.composition import panels
from tegum.plots.curves import against_theory, counts, loss_curves
from tegum.plots.dimensions import dimensionality, dimensions_per_feature
from tegum.plots.films import save_film
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
from tegum.plots.style import look
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
    "look",
    "loss_curves",
    "loss_surface",
    "morph",
    "motion_3d",
    "neuron_weights",
    "neurons",
    "norms",
    "panels",
    "phase_map",
    "save_film",
    "sets_2d",
    "stacks",
    "stage_curve",
]
