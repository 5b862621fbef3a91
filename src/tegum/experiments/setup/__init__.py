"""Data and model sanity: the samples that the engine draws follow the laws it states.

Item 2 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.setup.claims import claims, hierarchy
from tegum.experiments.setup.figures import FIGURES
from tegum.experiments.setup.measure import measure

EXPERIMENT = Experiment(
    name="setup",
    title="Experiment setup: data and models",
    section=claims.section,
    summary="Before anything is trained: do the samples that the training kernels draw follow the "
    "laws they are said to follow? And which quantity tells superposition from its absence?",
    measure=measure,
    figures=FIGURES,
    claims=(*claims, *hierarchy),
)
