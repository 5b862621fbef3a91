"""From trained weights to numbers: arrays or labelled arrays in, the same kind out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tegum.faces import lazy

if TYPE_CHECKING:
    from tegum.analysis import activations as activations
    from tegum.analysis import alignment as alignment
    from tegum.analysis import atom_counts as atom_counts
    from tegum.analysis import baselines as baselines
    from tegum.analysis import branches as branches
    from tegum.analysis import catalogue as catalogue
    from tegum.analysis import circuits as circuits
    from tegum.analysis import curvature as curvature
    from tegum.analysis import dynamics as dynamics
    from tegum.analysis import feature_factors as feature_factors
    from tegum.analysis import figure_tables as figure_tables
    from tegum.analysis import firing as firing
    from tegum.analysis import geometry as geometry
    from tegum.analysis import jump_share as jump_share
    from tegum.analysis import local_minima as local_minima
    from tegum.analysis import loss_stages as loss_stages
    from tegum.analysis import low_rank as low_rank
    from tegum.analysis import neuron_groups as neuron_groups
    from tegum.analysis import neurons as neurons
    from tegum.analysis import plane as plane
    from tegum.analysis import recovery as recovery
    from tegum.analysis import robustness as robustness
    from tegum.analysis import set_cosines as set_cosines
    from tegum.analysis import sets as sets
    from tegum.analysis import stickiness as stickiness
    from tegum.analysis import tegum_factors as tegum_factors

__all__, __getattr__, __dir__ = lazy(__name__)
