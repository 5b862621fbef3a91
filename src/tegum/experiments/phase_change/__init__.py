"""Superposition as a phase change: theory, the true optimum, and the transition itself.

Items 10 to 12 and 55 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.phase_change.claims import claims
from tegum.experiments.phase_change.claims_11_order import claims as order
from tegum.experiments.phase_change.claims_55_minima import claims as minima
from tegum.experiments.phase_change.figures import FIGURES
from tegum.experiments.phase_change.measure import measure

EXPERIMENT = Experiment(
    name="phase-change",
    title="Superposition is a phase change",
    section=claims.section,
    summary="One extra feature, two in one dimension or three in two: the theory of a few "
    "candidates, the true optimum without sampling, and what happens at the boundary.",
    measure=measure,
    figures=FIGURES,
    claims=(*claims, *order, *minima),
)
