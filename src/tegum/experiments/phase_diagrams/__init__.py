"""The phase diagrams of trained models, by two rules, beside the optimum and the theory.

Items 9 and 12 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.phase_diagrams.claims import claims
from tegum.experiments.phase_diagrams.figures import FIGURES
from tegum.experiments.phase_diagrams.measure import measure

EXPERIMENT = Experiment(
    name="phase-diagrams",
    title="Trained models show the phase diagram",
    section=claims.section,
    summary="Ten or twenty models in every cell, by the lowest loss and by the paper's average, "
    "beside the optimum and the theory.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
