"""Polytopes and low-rank matrices: what a model leaves out, and whether that is (1, …, 1).

Item 19 of the list of claims.
"""

from __future__ import annotations

from tegum.experiments.base import Experiment
from tegum.experiments.low_rank.claims import claims
from tegum.experiments.low_rank.figures import FIGURES
from tegum.experiments.low_rank.measure import measure

EXPERIMENT = Experiment(
    name="low-rank",
    title="Polytopes and low-rank matrices",
    section=claims.section,
    summary="n equal features in n − 1 dimensions: the direction that is left out, in theory and "
    "in the best model there is, from dense to sparse.",
    measure=measure,
    figures=FIGURES,
    claims=tuple(claims),
)
